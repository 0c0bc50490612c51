//! The actions of the year and what became of each. Invented.
//!
//! Invariant: the plans are a table in `plans.rs`, and this file says each turn of them the way a tracker would: the
//! deadline that is moved is the one in force, and evidence is attached before it is named.

mod plans;
mod progress;

use jiff::civil::Date;

use super::super::cast::{AUDIT, PEOPLE, TRACKER};
use super::super::pen::{Year, date, document, event, feedback_id, texts};
use crate::grpc::wire::{
    ActionCancelled, ActionCompleted, ActionPlanned, ActionReopened, ActionStarted, ActionVerified,
    DeadlineRevised, Event, EvidenceAttached, Origin, event::Payload,
};
use plans::{PLANS, Plan, Turn};

pub(super) fn write(year: &mut Year) {
    for plan in &PLANS {
        Tracked { plan, due: plan.due, evidence: Vec::new() }.write(year);
    }
    progress::write(year);
}

/// An action on its way through the year.
struct Tracked<'a> {
    plan: &'a Plan,
    /// The deadline in force.
    due: Date,
    /// Evidence attached so far.
    evidence: Vec<String>,
}

impl Tracked<'_> {
    fn write(&mut self, year: &mut Year) {
        let planned = ActionPlanned {
            title: self.plan.title.into(),
            commitments: texts(self.plan.commitments),
            owner_post: self.plan.owner.into(),
            first_due: Some(date(self.due)),
            origin: match self.plan.feedback {
                [] => self.plan.origin.into(),
                _ => Origin::Feedback.into(),
            },
            feedback: self.plan.feedback.iter().map(|item| feedback_id(item)).collect(),
            replaces: self.plan.replaces.into(),
        };
        let payload = Payload::ActionPlanned(planned);
        year.post(self.plan.planned, TRACKER, vec![self.about(self.plan.planned, payload)]);
        for turn in self.plan.turns {
            self.turn(year, turn);
        }
    }

    fn turn(&mut self, year: &mut Year, turn: &Turn) {
        match *turn {
            Turn::Started(on) => self.started(year, on, on),
            Turn::StartedLate { on, recorded } => self.started(year, on, recorded),
            Turn::Moved(on, to, reason) => self.moved(year, on, on, to, reason),
            Turn::MovedLate { on, recorded, to, reason } => self.moved(year, on, recorded, to, reason),
            Turn::Done(on, kinds) => self.done(year, on, on, kinds),
            Turn::DoneLate { on, recorded, kinds } => self.done(year, on, recorded, kinds),
            Turn::Verified(on) => self.verified(year, on, AUDIT, "internal-auditor"),
            Turn::VerifiedBy(on, post) => self.verified(year, on, source_of(post), post),
            Turn::VerifiedByTracker(on, post) => self.verified(year, on, TRACKER, post),
            Turn::Reopened(on, reason) => {
                let payload = Payload::ActionReopened(ActionReopened { reason: reason.into() });
                year.post(on, TRACKER, vec![self.about(on, payload)]);
            }
            Turn::Cancelled(on, reason) => {
                let payload = Payload::ActionCancelled(ActionCancelled { reason: reason.into() });
                year.post(on, TRACKER, vec![self.about(on, payload)]);
            }
        }
    }

    fn started(&self, year: &mut Year, on: Date, recorded: Date) {
        year.post(recorded, TRACKER, vec![self.about(on, Payload::ActionStarted(ActionStarted {}))]);
    }

    fn moved(&mut self, year: &mut Year, on: Date, recorded: Date, to: Date, reason: &str) {
        let revised = DeadlineRevised {
            old_due: Some(date(self.due)),
            new_due: Some(date(to)),
            approver_post: "chief-executive".into(),
            reason: reason.into(),
        };
        year.post(recorded, TRACKER, vec![self.about(on, Payload::DeadlineRevised(revised))]);
        self.due = to;
    }

    fn done(&mut self, year: &mut Year, on: Date, recorded: Date, kinds: &[&str]) {
        let mut events: Vec<_> =
            kinds.iter().map(|kind| self.attach(recorded, self.plan.owner, kind)).collect();
        let completed = ActionCompleted { evidence: self.evidence.clone() };
        events.push(self.about(on, Payload::ActionCompleted(completed)));
        year.post(recorded, TRACKER, events);
    }

    /// The verifier adds what it saw for itself.
    fn verified(&mut self, year: &mut Year, on: Date, source: &'static str, by: &str) {
        let note = self.attach(on, by, "audit-note");
        let verified = ActionVerified { verifier_post: by.into(), evidence: self.evidence.clone() };
        let subject = self.subject();
        year.post(on, source, vec![note, event(on, &subject, by, Payload::ActionVerified(verified))]);
    }

    fn attach(&mut self, on: Date, by: &str, kind: &str) -> Event {
        let id = format!("{}-{}", self.plan.id, self.evidence.len() + 1);
        let attached = EvidenceAttached {
            about: self.subject(),
            sha256: document(&id),
            size_bytes: 24_000 + 731 * id.len() as u64,
            media_type: if kind == "photographs" { "image/jpeg" } else { "application/pdf" }.into(),
            kind: kind.into(),
            uri: String::new(),
        };
        let subject = format!("evidence/{id}");
        self.evidence.push(id);
        event(on, &subject, by, Payload::EvidenceAttached(attached))
    }

    fn about(&self, on: Date, payload: Payload) -> Event {
        event(on, &self.subject(), self.plan.owner, payload)
    }

    fn subject(&self) -> String {
        format!("action/{}", self.plan.id)
    }
}

/// The people team looks after its own.
fn source_of(post: &str) -> &'static str {
    if post == "people-adviser" { PEOPLE } else { TRACKER }
}

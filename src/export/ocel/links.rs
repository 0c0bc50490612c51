//! Which subjects an event names besides its own, and as what.
//!
//! Invariant: every subject that an event of any type names is here; a test asks for it when a type is added. A code that
//! names no subject (an audience, a theme, a reason) is none. A correction names what the event names that it says anew.
//! Must not know how a log is written.

use uuid::Uuid;

use crate::domain::event::{Event, Payload};
use crate::domain::id::{Code, Kind, Subject};

/// What an event names, each with what it names it as.
pub(super) fn links(event: &Event) -> Vec<(&'static str, Subject)> {
    let mut found = Found(Vec::new());
    found.one("acting post", Kind::Post, event.actor_post.as_ref());
    found.payload(&event.payload);
    found.0
}

struct Found(Vec<(&'static str, Subject)>);

impl Found {
    fn all<'a>(&mut self, qualifier: &'static str, kind: Kind, ids: impl IntoIterator<Item = &'a Code>) {
        self.0.extend(ids.into_iter().map(|id| (qualifier, kind.subject(id))));
    }

    fn one(&mut self, qualifier: &'static str, kind: Kind, id: Option<&Code>) {
        self.all(qualifier, kind, id);
    }

    fn feedback(&mut self, items: &[Uuid]) {
        let subject = |id: &Uuid| Some(Kind::Feedback.subject(&Code::parse(&id.to_string()).ok()?));
        self.0.extend(items.iter().filter_map(subject).map(|subject| ("feedback", subject)));
    }

    fn payload(&mut self, payload: &Payload) {
        // What several types have.
        if let Payload::MeasureAgreed(agreed) = payload {
            self.all("measures", Kind::Commitment, [&agreed.commitment]);
        } else {
            self.all("serves", Kind::Commitment, payload.commitments());
        }
        self.feedback(payload.feedback());
        self.all("evidence", Kind::Evidence, payload.evidence());
        self.governance(payload);
    }

    /// Posts, pledges, commitments, measures, actions; the rest goes on to [`Self::evidence`].
    fn governance(&mut self, payload: &Payload) {
        match payload {
            Payload::PostRegistered(p) => self.all("held with", Kind::Post, &p.held_with),
            Payload::UnitRegistered(p) => self.one("part of", Kind::Unit, p.part_of.as_ref()),
            Payload::ReportSettingsAdopted(p) => self.all("calendar", Kind::Calendar, [&p.calendar]),
            Payload::PledgePublished(p) => {
                self.all("disposes of", Kind::Commitment, p.dispositions.iter().map(|it| &it.commitment));
            }
            Payload::CommitmentMade(p) => {
                self.all("of pledge", Kind::Pledge, [&p.pledge]);
                self.all("owner", Kind::Post, [&p.owner_post]);
                self.all("delivers", Kind::Commitment, p.delivers.iter().map(|it| &it.commitment));
            }
            Payload::OwnerReassigned(p) => {
                self.all("from owner", Kind::Post, [&p.from_post]);
                self.all("to owner", Kind::Post, [&p.to_post]);
            }
            Payload::MeasureAgreed(p) => self.all("owner", Kind::Post, [&p.owner_post]),
            Payload::MeasureRevised(p) => self.all("approver", Kind::Post, [&p.approver_post]),
            Payload::CommitmentReviewed(p) => self.all("assessor", Kind::Post, [&p.assessor_post]),
            Payload::CommitmentMerged(p) => self.all("into", Kind::Commitment, [&p.into]),
            Payload::CommitmentSuperseded(p) => self.all("superseded by", Kind::Commitment, [&p.by]),
            Payload::ActionPlanned(p) => {
                self.all("owner", Kind::Post, [&p.owner_post]);
                self.one("replaces", Kind::Action, p.replaces.as_ref());
            }
            Payload::DeadlineRevised(p) => self.all("approver", Kind::Post, [&p.approver_post]),
            Payload::ActionVerified(p) => self.all("verifier", Kind::Post, [&p.verifier_post]),
            other => self.evidence(other),
        }
    }

    /// Evidence, feedback, policies, surveys; the rest goes on to [`Self::operation`].
    fn evidence(&mut self, payload: &Payload) {
        match payload {
            Payload::EvidenceAttached(p) => self.0.push(("supports", p.about.clone())),
            Payload::EvidenceChallenged(p) => self.all("by post", Kind::Post, [&p.by_post]),
            Payload::EvidenceUpheld(p) => self.all("by post", Kind::Post, [&p.by_post]),
            Payload::EvidenceRejected(p) => self.all("by post", Kind::Post, [&p.by_post]),
            Payload::FeedbackReceived(p) => {
                self.one("in round", Kind::Round, p.round.as_ref());
                self.all("about policy", Kind::Policy, &p.policies);
            }
            Payload::FeedbackLinked(p) => self.0.push(("linked to", p.to.clone())),
            Payload::FeedbackUnlinked(p) => self.0.push(("unlinked from", p.from.clone())),
            Payload::PolicyRegistered(p) => self.all("owner", Kind::Post, [&p.owner_post]),
            Payload::PolicyChangeProposed(p) => self.all("of policy", Kind::Policy, [&p.policy]),
            Payload::PolicyChangeApproved(p) => self.all("by post", Kind::Post, [&p.by_post]),
            Payload::PolicyChangeDeclined(p) => self.all("by post", Kind::Post, [&p.by_post]),
            Payload::PolicyChangeAbandoned(p) => self.all("by post", Kind::Post, [&p.by_post]),
            Payload::PolicyChangeReversed(p) => self.all("by post", Kind::Post, [&p.by_post]),
            Payload::PolicyChanged(p) => self.all("of policy", Kind::Policy, [&p.policy]),
            Payload::PolicyReviewed(p) => self.one("proposes", Kind::PolicyChange, p.change.as_ref()),
            Payload::SurveyResultRecorded(p) => {
                self.one("of unit", Kind::Unit, p.unit.as_ref());
                self.one("in round", Kind::Round, p.round.as_ref());
            }
            other => self.operation(other),
        }
    }

    /// The ledger's own matters.
    fn operation(&mut self, payload: &Payload) {
        match payload {
            Payload::EventVoided(p) => self.all("approver", Kind::Post, [&p.approver_post]),
            Payload::CorrectionMade(p) => {
                self.one("approver", Kind::Post, p.approver_post.as_ref());
                self.one("acting post", Kind::Post, p.corrected.actor_post.as_ref());
                // A correction is not corrected whole, so this ends.
                self.payload(&p.corrected.payload);
            }
            Payload::SourceSucceeded(p) => self.0.push(("successor", p.to.subject())),
            Payload::ContentErased(p) => self.all("attested by", Kind::Post, [&p.attested_by]),
            Payload::ReportIssued(p) => {
                self.one("release point", Kind::ReleasePoint, p.release_point.as_ref());
            }
            // The others name nothing, or what was said in `payload`.
            _ => {}
        }
    }
}

//! The register of policies: what was in force, what was proposed and why, what changed. Invented.
//!
//! Invariant: a change that the register says came from feedback names that feedback. One change came into force
//! unapproved, one is editorial, one takes effect after the year, one still waits: reports must tell them apart.

mod ends;

use jiff::civil::Date;

use super::super::cast::POLICIES;
use super::super::pen::{Year, after, date, day, document, event, feedback_id, texts};
use crate::grpc::wire::{
    ChangeNature, Event, Origin, PolicyChangeApproved, PolicyChangeProposed, PolicyChanged, PolicyRegistered,
    event::Payload,
};

/// The policies in force on the first day: id, title, owner, when each is to be looked at again.
const REGISTER: [(&str, &str, &str, Date); 8] = [
    ("flexible-working", "Flexible working", "head-of-people", day(11, 28)),
    ("absence", "Managing absence", "head-of-people", day(2, 27)),
    ("recruitment", "Recruitment and selection", "head-of-people", day(3, 27)),
    ("workspace", "Offices and workspace", "workplace-lead", day(12, 19)),
    ("supervision", "Supervision and reflective practice", "head-of-learning", day(1, 30)),
    ("induction", "Induction", "head-of-learning", after(6, 30)),
    ("dignity-at-work", "Dignity at work", "head-of-people", day(10, 31)),
    ("expenses", "Travel and expenses", "governance-lead", day(9, 30)),
];

/// A change, from proposal to force.
struct Change {
    id: &'static str,
    title: &'static str,
    policy: &'static str,
    origin: Origin,
    feedback: &'static [&'static str],
    commitments: &'static [&'static str],
    nature: ChangeNature,
    proposed: Date,
    approved: Option<Date>,
    /// Recorded on, in force from, version, what changed.
    changed: Option<(Date, Date, &'static str, &'static str)>,
}

const CHANGES: [Change; 9] = [
    Change {
        id: "core-hours",
        title: "No core hours on Mondays and Fridays",
        policy: "flexible-working",
        origin: Origin::Feedback,
        feedback: &["f01", "f02", "a1"],
        commitments: &["C10", "C14"],
        nature: ChangeNature::Substantive,
        proposed: day(6, 18),
        approved: Some(day(7, 16)),
        changed: Some((
            day(7, 28),
            day(8, 1),
            "2.0",
            "Core hours apply from Tuesday to Thursday only; a request is answered within ten working days.",
        )),
    },
    Change {
        id: "mileage-rates",
        title: "Mileage rates follow the national rate",
        policy: "expenses",
        origin: Origin::Audit,
        feedback: &[],
        commitments: &[],
        nature: ChangeNature::Substantive,
        proposed: day(8, 25),
        // It came into force without approval: the ledger takes it and marks it.
        approved: None,
        changed: Some((day(9, 15), day(9, 15), "1.1", "Mileage is paid at the national rate.")),
    },
    Change {
        id: "duty-to-prevent",
        title: "The legal duty to prevent harassment",
        policy: "dignity-at-work",
        origin: Origin::Law,
        feedback: &[],
        commitments: &["C10"],
        nature: ChangeNature::Substantive,
        proposed: day(7, 7),
        approved: Some(day(8, 28)),
        changed: Some((
            day(9, 24),
            day(10, 1),
            "3.0",
            "Leaders take reasonable steps beforehand, and each office has a named route for concerns.",
        )),
    },
    Change {
        id: "return-conversation",
        title: "A return conversation with a choice of whom to talk to",
        policy: "absence",
        origin: Origin::Feedback,
        feedback: &["f03", "a2", "a3"],
        commitments: &["C10", "C11", "C14"],
        nature: ChangeNature::Substantive,
        proposed: day(8, 27),
        approved: Some(day(10, 14)),
        changed: Some((
            day(10, 30),
            day(11, 3),
            "2.0",
            "Whoever returns chooses whom to talk to, and may bring somebody; the form asks for less.",
        )),
    },
    Change {
        id: "absence-wording",
        title: "Plainer wording of the absence policy",
        policy: "absence",
        origin: Origin::Feedback,
        feedback: &["f11"],
        commitments: &["C10"],
        nature: ChangeNature::Editorial,
        proposed: day(11, 18),
        approved: Some(day(12, 4)),
        changed: Some((
            day(12, 15),
            day(12, 15),
            "2.1",
            "Wording only: shorter sentences, no abbreviations.",
        )),
    },
    Change {
        id: "questions-ahead",
        title: "Interview questions are sent beforehand",
        policy: "recruitment",
        origin: Origin::Feedback,
        feedback: &["f05"],
        commitments: &["C10", "C14"],
        nature: ChangeNature::Substantive,
        proposed: day(10, 8),
        approved: Some(day(11, 26)),
        changed: Some((
            day(1, 8),
            day(1, 12),
            "2.0",
            "Every candidate has the questions three working days before the interview.",
        )),
    },
    Change {
        id: "reflective-time",
        title: "An hour of reflective time every month",
        policy: "supervision",
        origin: Origin::Feedback,
        feedback: &["f08", "f10"],
        commitments: &["C8", "C9", "C14"],
        nature: ChangeNature::Substantive,
        proposed: day(12, 8),
        approved: Some(day(2, 11)),
        changed: Some((
            day(2, 26),
            day(3, 2),
            "2.0",
            "Everybody whose work brings them close to hard material has an hour of reflective time every month.",
        )),
    },
    Change {
        id: "first-week",
        title: "Support is introduced in the first week",
        policy: "induction",
        origin: Origin::Review,
        feedback: &[],
        commitments: &["C16"],
        nature: ChangeNature::Substantive,
        proposed: day(1, 26),
        approved: Some(day(3, 11)),
        changed: Some((day(3, 20), after(4, 13), "2.0", "The support page is part of the first week.")),
    },
    Change {
        id: "quiet-room-booking",
        title: "Quiet rooms cannot be booked for meetings",
        policy: "workspace",
        origin: Origin::Feedback,
        feedback: &["f13", "b1", "b2"],
        commitments: &["C9", "C14"],
        nature: ChangeNature::Substantive,
        proposed: day(2, 23),
        approved: None,
        changed: None,
    },
];

pub(super) fn write(year: &mut Year) {
    year.post(day(4, 2), POLICIES, REGISTER.iter().map(registered).collect());
    for change in CHANGES.iter().chain(&ends::CHANGES) {
        change.write(year);
    }
    ends::write(year);
}

fn registered(&(id, title, owner, review_due): &(&str, &str, &str, Date)) -> Event {
    let policy = PolicyRegistered {
        title: title.into(),
        owner_post: owner.into(),
        version: "1.0".into(),
        document_sha256: document(&format!("{id} 1.0")),
        review_due: Some(date(review_due)),
    };
    event(day(4, 2), &format!("policy/{id}"), "governance-lead", Payload::PolicyRegistered(policy))
}

impl Change {
    fn write(&self, year: &mut Year) {
        let subject = format!("policy-change/{}", self.id);
        let mut post = |on: Date, by: &str, payload: Payload| {
            year.post(on, POLICIES, vec![event(on, &subject, by, payload)]);
        };
        let proposed = PolicyChangeProposed {
            title: self.title.into(),
            policy: self.policy.into(),
            origin: self.origin.into(),
            feedback: self.feedback.iter().map(|item| feedback_id(item)).collect(),
            commitments: texts(self.commitments),
            nature: self.nature.into(),
        };
        post(self.proposed, "governance-lead", Payload::PolicyChangeProposed(proposed));
        if let Some(on) = self.approved {
            let by_post = "chief-executive".to_owned();
            post(on, "chief-executive", Payload::PolicyChangeApproved(PolicyChangeApproved { by_post }));
        }
        if let Some((on, effective, version, what)) = self.changed {
            let changed = PolicyChanged {
                policy: self.policy.into(),
                version: version.into(),
                effective_on: Some(date(effective)),
                document_sha256: document(&format!("{} {version}", self.policy)),
                what_changed: what.into(),
            };
            post(on, "governance-lead", Payload::PolicyChanged(changed));
        }
    }
}

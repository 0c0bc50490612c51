//! Changes of policies that came to nothing or were taken back, and policies that were looked at again. Invented.
//!
//! Invariant: a change that was declined or abandoned never was in force; one that was reversed was. Reasons speak of
//! decisions, never of people.

use jiff::civil::Date;

use super::super::super::cast::POLICIES;
use super::super::super::pen::{Year, date, day, event};
use super::Change;
use crate::grpc::wire::{
    ChangeNature, Origin, PolicyChangeAbandoned, PolicyChangeDeclined, PolicyChangeReversed,
    PolicyReviewOutcome, PolicyReviewed, event::Payload,
};

pub(super) const CHANGES: [Change; 3] = [
    Change {
        id: "fixed-desks",
        title: "Fixed desks in both offices",
        policy: "workspace",
        origin: Origin::Feedback,
        feedback: &["a6"],
        commitments: &["C10", "C14"],
        nature: ChangeNature::Substantive,
        proposed: day(6, 11),
        approved: None,
        changed: None,
    },
    Change {
        id: "online-induction",
        title: "Induction is held online",
        policy: "induction",
        origin: Origin::Other,
        feedback: &[],
        commitments: &[],
        nature: ChangeNature::Substantive,
        proposed: day(6, 24),
        approved: Some(day(7, 22)),
        changed: Some((
            day(8, 18),
            day(8, 18),
            "1.1",
            "The first day is held online for every new colleague.",
        )),
    },
    Change {
        id: "phased-return",
        title: "A phased return without a doctor's letter",
        policy: "absence",
        origin: Origin::Review,
        feedback: &[],
        commitments: &["C10"],
        nature: ChangeNature::Substantive,
        proposed: day(1, 14),
        approved: Some(day(2, 18)),
        changed: None,
    },
];

/// Policies that were looked at again: which, on, the change that was proposed if any, when next.
const REVIEWED: [(&str, Date, &str, Date); 4] = [
    // Three weeks after it was due.
    ("expenses", day(10, 22), "", Date::constant(2026, 9, 30)),
    ("flexible-working", day(11, 26), "", Date::constant(2026, 11, 27)),
    ("supervision", day(1, 28), "reflective-time", Date::constant(2027, 1, 29)),
    // Two months after it was due; and of dignity at work nobody said anything.
    ("workspace", day(2, 24), "quiet-room-booking", Date::constant(2026, 12, 18)),
];

pub(super) fn write(year: &mut Year) {
    let by_post = || "chief-executive".to_owned();
    let declined = PolicyChangeDeclined {
        by_post: by_post(),
        reason: "There are fewer desks than colleagues, and the lease ends next year.".into(),
    };
    end(year, day(7, 10), "fixed-desks", Payload::PolicyChangeDeclined(declined));
    let reversed = PolicyChangeReversed {
        by_post: by_post(),
        reason: "New colleagues met nobody in their first week; the first day is in the office again.".into(),
    };
    end(year, day(11, 12), "online-induction", Payload::PolicyChangeReversed(reversed));
    let abandoned = PolicyChangeAbandoned {
        by_post: by_post(),
        reason: "The national agreement that is being negotiated will settle it.".into(),
    };
    end(year, day(3, 4), "phased-return", Payload::PolicyChangeAbandoned(abandoned));
    for &(id, on, change, next) in &REVIEWED {
        let outcome = match change {
            "" => PolicyReviewOutcome::NoChange,
            _ => PolicyReviewOutcome::ChangeProposed,
        };
        let next_due = Some(date(next));
        let reviewed = PolicyReviewed { outcome: outcome.into(), change: change.into(), next_due };
        let payload = Payload::PolicyReviewed(reviewed);
        year.post(on, POLICIES, vec![event(on, &format!("policy/{id}"), "governance-lead", payload)]);
    }
}

fn end(year: &mut Year, on: Date, id: &str, payload: Payload) {
    year.post(on, POLICIES, vec![event(on, &format!("policy-change/{id}"), "chief-executive", payload)]);
}

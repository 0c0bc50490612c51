//! The words about commitments after they were made: owners, measures, reviews, ends, progress, challenges.
//!
//! Invariant: what these say on their own is acceptable on the ground with [`milestone`], [`measure`] or
//! [`super::says::planned`] before them; each test bends one thing.

use super::says::*;
use crate::domain::event::*;
use crate::domain::value::Decimal;

pub(crate) fn reassigned(when: &str, subject: &str, from: &str, to: &str) -> Said {
    on(when, subject, OwnerReassigned { from_post: code(from), to_post: code(to) })
}

pub(crate) fn measure_agreed() -> MeasureAgreed {
    MeasureAgreed {
        commitment: code("C1"),
        title: label("Staff with rest breaks"),
        definition: words(),
        unit: label("people"),
        numerator: label("Staff who had every break"),
        denominator: Some(label("Staff asked")),
        target: Some(Decimal::parse("80").unwrap()),
        direction: Direction::Up,
        due: Some(day("2026-03-31")),
        owner_post: code("head"),
    }
}

pub(crate) fn measure(when: &str) -> Said {
    on(when, "measure/m", measure_agreed())
}

pub(crate) fn measure_revised() -> MeasureRevised {
    MeasureRevised {
        title: label("Staff with rest breaks"),
        definition: words(),
        unit: label("people"),
        numerator: label("Staff who had every break"),
        denominator: None,
        target: None,
        direction: Direction::Up,
        due: None,
        approver_post: code("assessor"),
        reason: words(),
    }
}

/// From now on the measure has no denominator.
pub(crate) fn remeasured(when: &str) -> Said {
    on(when, "measure/m", measure_revised())
}

pub(crate) fn reported(when: &str, from: &str, to: &str, denominator: Option<u32>) -> Said {
    let payload = MeasureReported { period_from: day(from), period_to: day(to), numerator: 30, denominator };
    on(when, "measure/m", payload)
}

/// C3 can be complete.
pub(crate) fn milestone() -> Said {
    let mut payload = commitment_made();
    payload.kind = CommitmentKind::Milestone;
    on("2025-02-01", "commitment/C3", payload)
}

pub(crate) fn commitment_reviewed(outcome: ReviewOutcome, evidence: &[&str]) -> CommitmentReviewed {
    CommitmentReviewed {
        period_from: day("2025-04-01"),
        period_to: day("2025-06-30"),
        outcome,
        rubric_version: code("rubric-1"),
        assessor_post: code("assessor"),
        evidence: codes(evidence),
    }
}

/// A review of the second quarter.
pub(crate) fn reviewed(when: &str, id: &str, outcome: ReviewOutcome, evidence: &[&str]) -> Said {
    on(when, &format!("commitment/{id}"), commitment_reviewed(outcome, evidence))
}

pub(crate) fn fulfilled(when: &str, id: &str, evidence: &[&str]) -> Said {
    on(when, &format!("commitment/{id}"), CommitmentFulfilled { evidence: codes(evidence) })
}

pub(crate) fn merged(when: &str, id: &str, into: &str) -> Said {
    on(when, &format!("commitment/{id}"), CommitmentMerged { into: code(into), reason: words() })
}

pub(crate) fn superseded(when: &str, id: &str, by: &str) -> Said {
    on(when, &format!("commitment/{id}"), CommitmentSuperseded { by: code(by), reason: words() })
}

pub(crate) fn given_up(when: &str, id: &str) -> Said {
    on(when, &format!("commitment/{id}"), CommitmentWithdrawn { reason: words() })
}

pub(crate) fn progressed(when: &str, percent: u32) -> Said {
    on(when, "action/a", ActionProgressReported { progress: code("on-track"), percent })
}

pub(crate) fn challenged(when: &str, id: &str) -> Said {
    let payload = EvidenceChallenged { by_post: code("deputy"), reason: words() };
    on(when, &format!("evidence/{id}"), payload)
}

pub(crate) fn upheld(when: &str, id: &str, by: &str) -> Said {
    on(when, &format!("evidence/{id}"), EvidenceUpheld { by_post: code(by), reason: words() })
}

pub(crate) fn rejected(when: &str, id: &str) -> Said {
    let payload = EvidenceRejected { by_post: code("assessor"), reason: words() };
    on(when, &format!("evidence/{id}"), payload)
}

pub(crate) fn evidence_withdrawn(when: &str, id: &str) -> Said {
    on(when, &format!("evidence/{id}"), EvidenceWithdrawn { reason: words() })
}

//! Every quarter somebody looks at every line of the pledge, or should. Invented.
//!
//! Invariant: what is found kept rests on a note about that commitment. The first quarter has one review by its owner;
//! the third was late and left out most lines; of C3 nobody ever found anything.

use jiff::civil::Date;

use super::super::cast::GOVERNANCE;
use super::super::pen::{Year, after, date, day, event};
use super::evidence::attached;
use crate::grpc::wire::{CommitmentReviewed, ReviewOutcome, event::Payload};

/// A quarter: its name, its days, when it was looked at, and for C1 to C16 what was found: K kept, P partly, N not kept,
/// E no evidence, - not looked at.
type Quarter = (&'static str, (Date, Date), Date, &'static str);

const QUARTERS: [Quarter; 4] = [
    ("2025-q1", (day(4, 1), day(6, 30)), day(7, 8), "KPEPPPPKPPPEEKEK"),
    ("2025-q2", (day(7, 1), day(9, 30)), day(10, 14), "KPEPPPNKPP-EEP-K"),
    ("2025-q3", (day(10, 1), day(12, 31)), day(1, 20), "K-EP-P--P----K--"),
    ("2025-q4", (day(1, 1), day(3, 31)), after(4, 9), "KKEPPKPPPKPPPKPK"),
];

pub(super) fn write(year: &mut Year) {
    for quarter in &QUARTERS {
        for (number, found) in quarter.3.chars().enumerate() {
            if let Some(outcome) = outcome(found) {
                review(year, quarter, &format!("C{}", number + 1), outcome);
            }
        }
    }
}

fn outcome(found: char) -> Option<ReviewOutcome> {
    Some(match found {
        'K' => ReviewOutcome::Kept,
        'P' => ReviewOutcome::Partly,
        'N' => ReviewOutcome::NotKept,
        'E' => ReviewOutcome::NoEvidence,
        _ => return None,
    })
}

fn review(year: &mut Year, &(name, (from, to), on, _): &Quarter, id: &str, outcome: ReviewOutcome) {
    let subject = format!("commitment/{id}");
    let assessor = match (id, name) {
        // Whoever owns it looked at it; from the second quarter on somebody else does.
        ("C14", "2025-q1") => "governance-lead",
        ("C14", _) => "internal-auditor",
        // Another post than the owner's, held by the same person.
        ("C16", "2025-q2") => "people-adviser",
        _ => "governance-lead",
    };
    let note = format!("review-{}-{name}", id.to_lowercase());
    let mut evidence = Vec::new();
    let mut events = Vec::new();
    if outcome == ReviewOutcome::Kept {
        events.push(attached(on, &note, &subject, "minutes", assessor));
        evidence.push(note);
    }
    let reviewed = CommitmentReviewed {
        period_from: Some(date(from)),
        period_to: Some(date(to)),
        outcome: outcome.into(),
        rubric_version: "2025.1".into(),
        assessor_post: assessor.into(),
        evidence,
    };
    events.push(event(on, &subject, assessor, Payload::CommitmentReviewed(reviewed)));
    year.post(on, GOVERNANCE, events);
}

//! Evidence that was doubted, and what was decided. Invented.
//!
//! Invariant: whoever decides is, but for one case that the ledger marks, not whoever attached it. Reasons speak of
//! documents, never of people.

use jiff::civil::Date;

use super::super::cast::{AUDIT, DIARY, GOVERNANCE, PEOPLE};
use super::super::pen::{Year, day, event};
use crate::grpc::wire::{
    EvidenceChallenged, EvidenceRejected, EvidenceUpheld, EvidenceWithdrawn, event::Payload,
};

pub(super) fn write(year: &mut Year) {
    let attendance = "The sheet counts registrations, not attendances.";
    challenged(year, day(7, 3), "learning-lunch", attendance);
    let on = day(7, 9);
    let rejected =
        EvidenceRejected { by_post: "governance-lead".into(), reason: "No other record was found.".into() };
    post(year, on, GOVERNANCE, "learning-lunch", ("governance-lead", Payload::EvidenceRejected(rejected)));
    challenged(year, day(11, 24), "webinar-2", attendance);
    upheld(year, day(12, 3), GOVERNANCE, "webinar-2", "governance-lead", "The platform's own log agrees.");
    // Decided by whoever had attached it: the ledger takes it and marks it.
    challenged(year, day(1, 23), "pulse-summary", "The summary leaves out one of the offices.");
    upheld(year, day(1, 26), PEOPLE, "pulse-summary", "head-of-people", "That office had no answers.");
    let on = day(2, 12);
    let withdrawn = EvidenceWithdrawn { reason: "It belongs to the programme of last year.".into() };
    let payload = Payload::EvidenceWithdrawn(withdrawn);
    post(year, on, DIARY, "leaders-breakfast", ("head-of-learning", payload));
}

fn challenged(year: &mut Year, on: Date, id: &str, reason: &str) {
    let by = "internal-auditor";
    let challenged = EvidenceChallenged { by_post: by.into(), reason: reason.into() };
    post(year, on, AUDIT, id, (by, Payload::EvidenceChallenged(challenged)));
}

fn upheld(year: &mut Year, on: Date, source: &'static str, id: &str, by: &str, reason: &str) {
    let upheld = EvidenceUpheld { by_post: by.into(), reason: reason.into() };
    post(year, on, source, id, (by, Payload::EvidenceUpheld(upheld)));
}

fn post(year: &mut Year, on: Date, source: &'static str, id: &str, (by, payload): (&str, Payload)) {
    year.post(on, source, vec![event(on, &format!("evidence/{id}"), by, payload)]);
}

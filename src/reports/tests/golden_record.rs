//! What the golden sample says of itself: statements, marks, witnesses, an opinion, release points, a report that was issued
//! and what was recorded after it.

use crate::domain::event::{Anonymity, OpinionResult, Respondents, WithdrawalScope};
use crate::domain::irregularity::Irregularity;
use crate::projections::chronicle::Chronicle;

/// After everything else in the sample.
pub(super) fn write(ledger: &mut Chronicle) {
    let (staff, partners) = (Respondents::Staff, Respondents::Partners);
    ledger.at("2026-03-03T10:00:00Z").by("operator").grant("lms", "2025-04-01", &["learning.*"]);
    ledger.by("survey");
    ledger.seek("spring", "2025-04-28", staff, (("2025-05-01", "2025-05-31"), Some(74), Anonymity::ALL));
    ledger.seek("board", "2025-09-28", partners, (("2025-10-01", "2025-10-17"), Some(8), Anonymity::ALL));
    let said = &[Anonymity::Confidential, Anonymity::Named];
    ledger.seek("drop-in", "2026-01-10", staff, (("2026-01-19", "2026-02-06"), Some(77), said));
    let items = ledger.hear("2025-05", staff, (Anonymity::Anonymous, Some("spring")), 14);
    ledger.hear("2026-01-22", staff, (Anonymity::Named, Some("drop-in")), 6);
    ledger.take_back(items[3], "2026-02-20", WithdrawalScope::Whole);
    ledger.ask_to_erase("e1", "2026-02-20");
    ledger.at("2026-03-04T10:00:00Z").by("register");
    ledger.release_at("q4", "2026-03-04", ledger.facts.len() as u64);
    ledger.issue("february", "2026-03-04", "2026-02-28", ledger.facts.len() as u64);
    ledger.state("register", ("2026-01-01", "2026-01-31"), true);
    ledger.state("register", ("2026-02-01", "2026-02-28"), false);
    ledger.at("2026-03-05T10:00:00Z").by("operator").rotate();
    let half = ledger.facts.len() as u64;
    ledger.by("audit").opinion("half-year", (0, half / 2), OpinionResult::Unqualified);
    ledger.opinion("full-year", (half / 2, half), OpinionResult::Qualified);
    ledger.by("operator").cosign("Acme Improvement", "acme.example/witness", half, "2026-03-05T11:00:00Z");
    ledger.cosign("Northmoor Council", "northmoor.example/w1", half - 6, "2026-03-05T09:00:00Z");
    // What became known later of days before that report.
    ledger.at("2026-03-20T10:00:00Z").by("register");
    ledger.complete("quiet-hours", "2026-02-25");
    let plan = ledger.facts.iter().position(|fact| fact.event.subject.to_string() == "action/signposting");
    let planned = ledger.facts[plan.unwrap_or_default()].event.payload.clone();
    ledger.say_marked("action/help-line", "2026-02-10", planned, &[Irregularity::LateRecorded]);
    let completed =
        ledger.facts.iter().rposition(|fact| fact.event.subject.to_string() == "action/signposting");
    let completed = completed.unwrap_or_default();
    let payload = ledger.facts[completed].event.payload.clone();
    ledger.correct(completed as u64, "2025-12-22", payload);
}

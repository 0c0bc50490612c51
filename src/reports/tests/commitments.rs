//! R1, by hand.

use super::{ask, ask_known, cell, figure, share, subjects};
use crate::domain::event::{ChangeNature, Disposition, Origin};
use crate::projections::chronicle::Chronicle;
use crate::reports::{FigureStatus, Report, ReportName};

fn r1(ledger: &Chronicle, as_at: &str) -> Report {
    ask(ReportName::Commitments, ledger, as_at)
}

fn ledger() -> Chronicle {
    let mut ledger = Chronicle::opened(false);
    ledger.post("people", "Head of People");
    ledger.pledge(1, "2025-03-01", &[]);
    ledger.commitment("C10", "Safe and valued", "our staff feel safe, supported and valued", &["C2"]);
    ledger.commitment("C2", "Awareness", "raise awareness", &[]);
    ledger
}

fn last(report: &Report, commitment: &str) -> String {
    cell(report, &format!("commitment/{commitment}"), "last_evidence")
}

#[test]
fn lines_stand_in_the_order_in_which_people_read() {
    let report = r1(&ledger(), "2025-06-01");
    assert_eq!(subjects(&report, "r1.commitments"), ["commitment/C2", "commitment/C10"]);
    let of = |column: &str| cell(&report, "commitment/C10", column);
    assert_eq!(of("quote"), "\u{201c}our staff feel safe, supported and valued\u{201d}");
    assert_eq!(of("owner"), "Head of People");
    assert_eq!(of("kind"), "Continuing: kept or not kept in a period");
    assert_eq!(of("measure"), "[x] None agreed");
    assert_eq!(of("review"), "[x] Not yet reviewed");
    assert_eq!(of("open"), "[x] No action");
    assert_eq!(of("lineage"), "Version 1 of pledge, characters 10–20; delivers C2 (the pledge says so)");
    assert_eq!(
        cell(&report, "commitment/C2", "lineage"),
        "Version 1 of pledge, characters 10–20; delivered by C10"
    );
}

#[test]
fn silence_is_counted_as_silence() {
    let mut ledger = ledger();
    ledger.plan("a", "2025-03-20", "2025-06-01", &["C2"]);
    let report = r1(&ledger, "2025-06-01");
    assert_eq!(last(&report, "C10"), "[x] Nothing recorded");
    // C2 was named on 20 March, which is in the year before: silent in the period, not altogether.
    assert_eq!((share(&report, "r1.silent"), share(&report, "r1.silent_in_period")), ((1, 2), (2, 2)));
    assert_eq!(
        figure(&report, "r1.silent").text,
        "1 of 2 commitments has no evidence of any activity on record."
    );
    assert_eq!(figure(&report, "r1.reviewed").status, FigureStatus::NotAvailable);
}

#[test]
fn the_last_evidence_is_the_latest_day_that_has_come() {
    let mut ledger = ledger();
    // A plan, a round, a proposed change, evidence about the commitment, evidence about an action that serves it.
    ledger.plan("a", "2025-04-01", "2025-06-01", &["C10"]);
    assert_eq!(last(&r1(&ledger, "2025-12-31"), "C10"), "1 Apr 2025 (274 days before)");
    ledger.round("spring", "2025-05-01", &["C10"]);
    assert_eq!(last(&r1(&ledger, "2025-05-31"), "C10"), "1 May 2025 (30 days before)");
    let direct = ledger.evidence("minutes", "2025-06-01", "commitment/C10");
    let through = ledger.evidence("photo", "2025-07-01", "action/a");
    assert_eq!(last(&r1(&ledger, "2025-07-01"), "C10"), "1 Jul 2025 (the as-at day)");
    // As at an earlier day, and as known earlier.
    assert_eq!(last(&r1(&ledger, "2025-06-30"), "C10"), "1 Jun 2025 (29 days before)");
    let known = ask_known(ReportName::Commitments, &ledger, "2025-07-01", direct);
    assert_eq!(last(&known, "C10"), "1 May 2025 (61 days before)");
    // Taken back.
    ledger.void(through, "2025-07-02");
    assert_eq!(last(&r1(&ledger, "2025-07-01"), "C10"), "1 Jun 2025 (30 days before)");
    // Completing an action does not name a commitment.
    ledger.complete("a", "2025-06-20");
    assert_eq!(last(&r1(&ledger, "2025-07-01"), "C10"), "1 Jun 2025 (30 days before)");
    assert_eq!(last(&r1(&ledger, "2025-07-01"), "C2"), "[x] Nothing recorded");
}

#[test]
fn a_proposed_change_is_activity() {
    let mut ledger = Chronicle::opened(false);
    ledger.commitment("C1", "Listen", "we will listen", &[]);
    ledger.propose("x", "2025-05-01", "leave", (Origin::Law, ChangeNature::Substantive), &[]);
    assert_eq!(last(&r1(&ledger, "2025-05-02"), "C1"), "1 May 2025 (1 day before)");
}

#[test]
fn evidence_through_a_voided_plan_does_not_count() {
    let mut ledger = ledger();
    let plan = ledger.plan("a", "2025-04-01", "2025-06-01", &["C10"]);
    ledger.evidence("photo", "2025-05-01", "action/a");
    ledger.void(plan, "2025-05-02");
    let report = r1(&ledger, "2025-06-01");
    assert_eq!(last(&report, "C10"), "[x] Nothing recorded");
    assert_eq!(cell(&report, "commitment/C10", "open"), "[x] No action");
}

#[test]
fn actions_are_counted_by_where_they_stand() {
    let mut ledger = ledger();
    for id in ["open", "claimed", "verified", "cancelled"] {
        ledger.plan(id, "2025-04-01", "2025-06-01", &["C2", "C10"]);
    }
    ledger.complete("claimed", "2025-05-01");
    ledger.complete("verified", "2025-05-01");
    ledger.verify("verified", "2025-05-10");
    ledger.cancel("cancelled", "2025-05-01");
    let counts = |as_at: &str| {
        let report = r1(&ledger, as_at);
        ["open", "claimed", "verified"].map(|column| cell(&report, "commitment/C2", column))
    };
    assert_eq!(counts("2025-04-30"), ["4", "0", "0"]);
    assert_eq!(counts("2025-05-09"), ["1", "2", "0"]);
    assert_eq!(counts("2025-05-10"), ["1", "1", "1"]);
}

#[test]
fn what_a_later_version_gave_up_stays_listed_and_is_not_counted() {
    let mut ledger = ledger();
    ledger.pledge(2, "2025-09-01", &[("C2", Disposition::Withdrawn), ("C10", Disposition::Kept)]);
    let before = r1(&ledger, "2025-08-31");
    assert_eq!(share(&before, "r1.silent"), (2, 2));
    let after = r1(&ledger, "2025-09-01");
    assert_eq!(share(&after, "r1.silent"), (1, 1));
    assert!(cell(&after, "commitment/C2", "lineage").ends_with("delivered by C10; withdrawn in version 2"));
    assert!(cell(&after, "commitment/C10", "lineage").ends_with("; kept in version 2"));
}

#[test]
fn a_commitment_that_was_taken_back_stays_listed() {
    let mut ledger = ledger();
    ledger.void(3, "2025-04-01");
    let report = r1(&ledger, "2025-06-01");
    assert!(cell(&report, "commitment/C10", "lineage").contains("taken back: recorded in error"));
    assert_eq!(share(&report, "r1.silent"), (1, 1));
    assert_eq!(cell(&report, "commitment/C2", "lineage"), "Version 1 of pledge, characters 10–20");
}

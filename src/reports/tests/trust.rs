//! By hand: R11.

use super::{ask, ask_known, cell, figure, number, share, subjects};
use crate::domain::event::{Anonymity, OpinionResult, Respondents};
use crate::domain::irregularity::Irregularity;
use crate::projections::chronicle::Chronicle;
use crate::reports::{Report, ReportName};

fn r11(ledger: &Chronicle, as_at: &str) -> Report {
    ask(ReportName::Trust, ledger, as_at)
}

#[test]
fn given_nobody_outside_when_asked_then_that_is_the_headline() {
    let mut ledger = Chronicle::opened(false);
    ledger.plan("a", "2025-04-07", "2025-06-01", &["C1"]);
    let headline = |ledger: &Chronicle| r11(ledger, "2025-12-31").figures[0].printed();
    let nobody = "[x] Nobody outside is known to hold a checkpoint of this ledger. A chain that is kept only by its owner \
                  proves nothing against its owner.";
    assert_eq!(headline(&ledger), nobody);
    // The organisation's own witness is nobody outside, however its name is written.
    ledger.cosign("ACME Improvement", "acme.example/witness", 2, "2025-12-01T09:00:00Z");
    assert_eq!(headline(&ledger), format!("{nobody} The only witnesses are the organisation's own."));
    assert_eq!(figure(&r11(&ledger, "2025-12-31"), "r11.outside_age").status.mark(), "[x]");
}

#[test]
fn given_witnesses_when_asked_then_they_are_counted_by_who_controls_them() {
    let mut ledger = Chronicle::opened(false);
    ledger.plan("a", "2025-04-07", "2025-06-01", &["C1"]);
    ledger.cosign("Fernhill", "fernhill.example/one", 2, "2025-12-01T09:00:00Z");
    ledger.cosign("Fernhill", "fernhill.example/two", 1, "2025-12-02T09:00:00Z");
    let last = ledger.cosign("Northmoor", "northmoor.example/w", 4, "2025-12-20T23:30:00Z");
    ledger.cosign("Northmoor", "northmoor.example/w", 3, "2025-12-24T09:00:00Z");
    let report = r11(&ledger, "2025-12-31");
    // Two organisations; the furthest counts 4 of 6, and was signed on 20 December, 11 days before. The checkpoint that
    // Northmoor signed later reaches less far.
    assert_eq!((number(&report, "r11.outside"), number(&report, "r11.outside_age")), (2, 11));
    assert_eq!(figure(&report, "r11.outside_age").events, [last]);
    let text = &report.figures[0].text;
    assert!(text.ends_with("counts 4 of 6 records, and the last 2 only the owner holds."), "{text}");
    assert_eq!(subjects(&report, "r11.outside"), ["organisation/Northmoor", "organisation/Fernhill"]);
    let witnesses = cell(&report, "organisation/Fernhill", "witnesses");
    assert_eq!(witnesses, "fernhill.example/one, fernhill.example/two");
    // As known before Northmoor signed.
    assert_eq!(number(&ask_known(ReportName::Trust, &ledger, "2025-12-31", last), "r11.outside"), 1);
}

#[test]
fn given_opinions_when_they_overlap_then_the_last_speaks() {
    let mut ledger = Chronicle::opened(false);
    for id in ["a", "b", "c", "d", "e"] {
        ledger.plan(id, "2025-04-07", "2025-06-01", &["C1"]);
    }
    ledger.opinion("first", (0, 4), OpinionResult::Unqualified);
    ledger.opinion("second", (2, 5), OpinionResult::Qualified);
    let report = r11(&ledger, "2025-12-31");
    // Records 0 and 1 unqualified, 2 to 4 qualified, 5 to 7 by none.
    assert_eq!(share(&report, "r11.audited"), (5, 8));
    let text = "5 of 8 records are covered by an auditor's opinion (2 unqualified, 3 qualified). 3 are covered by none.";
    assert_eq!(figure(&report, "r11.audited").text, text);
    assert_eq!(cell(&report, "audit-opinion/second", "range"), "2 to 4");
}

#[test]
fn given_statements_when_months_are_over_then_each_matches_or_does_not_or_is_missing() {
    let mut ledger = Chronicle::opened(false);
    for (at, id) in [("2025-04-07", "a"), ("2025-05-07", "b"), ("2025-06-09", "c")] {
        ledger.at(&format!("{at}T09:00:00Z")).by("tracker").plan(id, at, "2025-12-01", &["C1"]);
    }
    ledger.at("2025-06-10T09:00:00Z").by("operator");
    ledger.state("tracker", ("2025-04-01", "2025-04-30"), true);
    ledger.state("tracker", ("2025-05-01", "2025-05-31"), false);
    let again = ledger.state("tracker", ("2025-05-01", "2025-05-31"), true);
    // By 10 August: April matches, May matches since it was stated again, June has events and no statement, July neither.
    // August is not over.
    let report = r11(&ledger, "2025-08-10");
    assert_eq!(share(&report, "r11.statements_matching"), (2, 4));
    assert_eq!(share(&report, "r11.statements_not_matching"), (0, 4));
    assert_eq!(share(&report, "r11.statements_missing"), (1, 4));
    assert_eq!(share(&report, "r11.statements_silent"), (1, 4));
    assert_eq!(cell(&report, "source/tracker", "missing"), "1: Jun 2025");
    assert_eq!(cell(&report, "source/tracker", "silent"), "1: Jul 2025");
    // On its last day a month is not over; the day after it is.
    assert_eq!(share(&r11(&ledger, "2025-07-31"), "r11.statements_silent"), (0, 3));
    assert_eq!(share(&r11(&ledger, "2025-08-01"), "r11.statements_silent"), (1, 4));
    // Before May was stated again.
    let then = ask_known(ReportName::Trust, &ledger, "2025-08-10", again);
    assert_eq!(cell(&then, "source/tracker", "not_matching"), "1: May 2025");
    // A statement that was taken back: the one before stands again.
    ledger.void(again, "2025-06-11");
    assert_eq!(cell(&r11(&ledger, "2025-08-10"), "source/tracker", "not_matching"), "1: May 2025");
}

#[test]
fn given_marks_when_asked_then_they_are_named_but_for_those_of_feedback() {
    let mut ledger = Chronicle::opened(false);
    ledger.plan("a", "2025-04-07", "2025-06-01", &["C1"]);
    let plan = ledger.facts[1].event.payload.clone();
    let late = [Irregularity::LateRecorded, Irregularity::SameHolder];
    let marked = ledger.at("2025-05-08T09:00:00Z").say_marked("action/b", "2025-04-08", plan, &late);
    let corrected = ledger.correct(1, "2025-04-09", ledger.facts[1].event.payload.clone());
    let twice = ledger.correct(1, "2025-04-10", ledger.facts[1].event.payload.clone());
    ledger.void(twice, "2025-05-08");
    let items = ledger.hear("2025-05-01", Respondents::Staff, (Anonymity::Named, None), 6);
    for item in &items {
        let subject = format!("feedback/{item}");
        let again = ledger.facts.last().unwrap().event.payload.clone();
        ledger.say_marked(&subject, "2025-04-30", again, &[Irregularity::LateRecorded]);
    }
    let report = r11(&ledger, "2025-12-31");
    // One event with two marks. 8 April to 8 May: 30 days.
    assert_eq!((number(&report, "r11.irregular"), number(&report, "r11.late")), (1, 1));
    assert_eq!(number(&report, "r11.longest_lag"), 30);
    assert_eq!((number(&report, "r11.corrected"), number(&report, "r11.voided")), (2, 1));
    assert_eq!(figure(&report, "r11.corrected").events, [corrected, twice]);
    assert_eq!(cell(&report, "LATE_RECORDED", "which"), format!("action/b (record {marked})"));
    // Of feedback six, and only at a release point.
    assert_eq!(figure(&report, "r11.feedback").status.mark(), "[x]");
    let size = ledger.facts.len() as u64;
    ledger.release_at("before", "2025-05-31", size - 2);
    assert_eq!(figure(&r11(&ledger, "2025-12-31"), "r11.feedback").status.mark(), "[c]");
    ledger.release_at("after", "2025-06-30", size);
    // Nobody has seen the four: six may be shown.
    assert_eq!(number(&r11(&ledger, "2025-12-31"), "r11.feedback"), 6);
}

#[test]
fn given_what_leaves_no_record_when_asked_then_that_is_said() {
    let mut ledger = Chronicle::opened(false);
    ledger.rotate();
    ledger.restore(3);
    ledger.set_clock(-3);
    let report = r11(&ledger, "2025-12-31");
    assert_eq!(figure(&report, "r11.refusals").status.mark(), "[x]");
    assert!(figure(&report, "r11.breaks").text.contains("`pledgebook verify`"));
    assert_eq!(["r11.keys", "r11.restores", "r11.clock"].map(|id| number(&report, id)), [1, 1, 1]);
    assert!(cell(&report, "record/2", "means").ends_with("without 3 records that had been recorded"));
    assert_eq!(cell(&report, "record/3", "means"), "The ledger's clock had been 3 seconds behind");
}

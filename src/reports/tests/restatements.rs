//! By hand: R10.

use super::{ask, cell, figure, number, parameters, stand, subjects};
use crate::domain::event::{ActionCompleted, Respondents};
use crate::projections::chronicle::Chronicle;
use crate::reports::{Parameters, Report, ReportName, report};

fn r10(ledger: &Chronicle, as_at: &str) -> Report {
    ask(ReportName::Restatements, ledger, as_at)
}

fn counts(report: &Report) -> [i64; 4] {
    ["r10.restated", "r10.late", "r10.corrected", "r10.voided"].map(|id| number(report, id))
}

/// One action that is due in March; the report of March is issued in April.
fn ledger() -> Chronicle {
    let mut ledger = Chronicle::opened(false);
    ledger.at("2026-01-05T10:00:00Z").plan("a", "2026-01-05", "2026-03-15", &["C1"]);
    ledger.at("2026-04-02T10:00:00Z").issue("march", "2026-04-02", "2026-03-31", 2);
    ledger
}

#[test]
fn given_a_completion_in_march_when_it_is_posted_in_april_then_the_report_of_march_is_restated() {
    let mut ledger = ledger();
    let done = ledger.at("2026-04-09T10:00:00Z").complete("a", "2026-03-10");
    // What happened in April changes nothing of March; feedback is left out.
    ledger.plan("b", "2026-04-08", "2026-05-01", &["C1"]);
    ledger.feedback("2026-03-01", Respondents::Staff, 2);
    let report = r10(&ledger, "2026-04-30");
    assert_eq!(subjects(&report, "r10.late"), ["action/a"]);
    assert_eq!(
        cell(&report, "r2.late_against_first_due", "old"),
        "1 of 1 action is late against the first date we gave."
    );
    assert_eq!(
        cell(&report, "r2.late_against_first_due", "new"),
        "0 of 1 action are late against the first date we gave."
    );
    // 15 to 31 March is 16 days.
    assert_eq!(cell(&report, "r2.actions action/a late_first", "old"), "Late by 16 days");
    assert_eq!(cell(&report, "r2.actions action/a late_first", "new"), "On time");
    let why = format!("Recorded late (record {done}): Action completed: action/a");
    assert_eq!(cell(&report, "r2.actions action/a late_first", "why"), why);
    let table = report.tables.iter().find(|it| it.id == "r10.late").unwrap();
    let printed: Vec<_> = table.rows[0].cells.iter().map(crate::reports::Figure::printed).collect();
    // 10 March to 9 April: 30 days.
    assert_eq!(printed, ["Action completed: action/a", "10 Mar 2026", "9 Apr 2026", "30", &done.to_string()]);
    // Headlines: late against both dates, open and late, open, claimed. Cells: state, both latenesses, the lag.
    assert_eq!(counts(&report), [9, 1, 0, 0]);
    let all = subjects(&report, "r10.restated");
    assert!(all.iter().all(|it| it.starts_with("r2.")), "{all:?}");
}

#[test]
fn given_corrections_of_corrections_when_one_is_taken_back_then_the_one_before_counts() {
    let mut ledger = Chronicle::opened(false);
    ledger.at("2025-04-01T10:00:00Z").plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    let done = ledger.at("2025-06-10T10:00:00Z").complete("a", "2025-06-10");
    ledger.at("2025-07-02T10:00:00Z").issue("june", "2025-07-02", "2025-06-30", 3);
    let first =
        ledger.at("2025-08-01T10:00:00Z").correct(done, "2025-06-05", ActionCompleted { evidence: vec![] });
    let second = ledger.correct(done, "2025-06-03", ActionCompleted { evidence: vec![] });
    let void = ledger.void(second, "2025-08-01");
    let report = r10(&ledger, "2025-12-31");
    // Done on 10 June was 9 days late; then on 5 June, 4 days; the correction to 3 June was taken back.
    let late = |id: &str| cell(&report, "r2.actions action/a late_first", id);
    assert_eq!((late("old"), late("new")), ("Late by 9 days".to_owned(), "Late by 4 days".to_owned()));
    let why = format!(
        "Said anew (record {first}): Action completed: action/a; Said anew (record {second}): Action completed: action/a; \
         Taken back (record {void}): Action completed: action/a"
    );
    assert_eq!(late("why"), why);
    assert_eq!(counts(&report)[1..], [0, 2, 1]);
    let on = report.tables.iter().find(|it| it.id == "r10.corrected").unwrap().rows[0].cells[1].printed();
    assert_eq!(on, "5 Jun 2025, said to be 10 Jun 2025 before");
}

#[test]
fn given_only_time_when_it_goes_on_then_nothing_is_restated() {
    let mut ledger = ledger();
    // As at 31 December the action was late by 291 days; at the report it was 16. That is no restatement.
    assert_eq!(counts(&r10(&ledger, "2026-12-31")), [0; 4]);
    // What is recorded out of order after the report, about days before, is.
    ledger.at("2026-04-09T10:00:00Z").moved("a", "2026-02-01", "2026-03-15", "2026-05-01", true);
    ledger.start("a", "2026-01-10");
    let report = r10(&ledger, "2026-12-31");
    assert_eq!(counts(&report)[1..], [2, 0, 0]);
    assert_eq!(cell(&report, "r2.actions action/a state", "new"), "In progress");
}

#[test]
fn given_a_plan_when_it_is_taken_back_then_it_reads_otherwise() {
    let mut ledger = ledger();
    let void = ledger.at("2026-04-09T10:00:00Z").void(1, "2026-04-09");
    let report = r10(&ledger, "2026-04-30");
    assert_eq!(counts(&report)[1..], [0, 0, 1]);
    assert_eq!(figure(&report, "r10.voided").events, [void]);
    assert_eq!(
        cell(&report, "r2.voided", "why"),
        format!("Taken back (record {void}): Action planned: action/a")
    );
}

#[test]
fn given_a_late_plan_when_it_is_recorded_then_its_row_has_come() {
    let mut ledger = ledger();
    ledger.at("2026-04-09T10:00:00Z").plan("b", "2026-03-01", "2026-06-01", &["C1"]);
    let report = r10(&ledger, "2026-04-30");
    let said = |id: &str| cell(&report, "r2.actions action/b", id);
    assert_eq!((said("old").as_str(), said("new").as_str()), ("[z] Not listed", "Listed: Action b"));
}

#[test]
fn given_no_issued_report_when_asked_then_it_says_what_to_do() {
    let mut ledger = Chronicle::opened(false);
    ledger.at("2026-01-05T10:00:00Z").plan("a", "2026-01-05", "2026-03-15", &["C1"]);
    let report = r10(&ledger, "2026-04-30");
    assert_eq!(report.figures[0].status.mark(), "[x]");
    assert!(report.figures[0].text.contains("`--since`"));
    // From a position: as at the day of its newest event.
    ledger.at("2026-01-20T10:00:00Z").complete("a", "2026-01-05");
    let since = |since| {
        let asked = Parameters { since: Some(since), ..parameters("2026-04-30", 3, "2025-26") };
        self::report(ReportName::Restatements, &ledger.views(), &asked, &stand()).unwrap()
    };
    assert_eq!(counts(&since(2))[1..], [1, 0, 0]);
    assert!(since(2).notes[0].contains("as at 5 January 2026"));
    assert!(since(4).figures[0].text.ends_with("from 1 to 3."));
    assert_eq!(since(0).figures[0].status.mark(), "[x]");
}

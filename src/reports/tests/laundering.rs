//! R2, by hand: what somebody might do to make lateness disappear, and that it does not.

use super::{ask, ask_known, cell, figure, number, share, subjects};
use crate::projections::chronicle::Chronicle;
use crate::reports::{FigureStatus, Report, ReportName};

const FIRST: &str = "r2.late_against_first_due";
const CURRENT: &str = "r2.late_against_current_due";
const OPEN: &str = "r2.open_and_late";
const MOVED: &str = "r2.moved";

fn r2(ledger: &Chronicle, as_at: &str) -> Report {
    ask(ReportName::Lateness, ledger, as_at)
}

fn ledger() -> Chronicle {
    let mut ledger = Chronicle::opened(false);
    ledger.post("people", "Head of People");
    ledger
}

fn late(report: &Report, action: &str) -> (String, String) {
    let subject = format!("action/{action}");
    (cell(report, &subject, "late_first"), cell(report, &subject, "late_current"))
}

fn state(report: &Report, action: &str) -> String {
    cell(report, &format!("action/{action}"), "state")
}

#[test]
fn given_a_replacement_when_it_is_cancelled_then_the_first_action_is_counted_again() {
    let mut ledger = ledger();
    ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    ledger.plan_replacing("b", "2025-05-01", "2025-10-01", &["C1"], Some("a"));
    ledger.cancel("b", "2025-05-10");
    // Before and after the cancellation: one piece of work, not due yet.
    assert_eq!(share(&r2(&ledger, "2025-05-09"), FIRST), (0, 1));
    assert_eq!(share(&r2(&ledger, "2025-05-10"), FIRST), (0, 1));
    let report = r2(&ledger, "2025-07-01");
    // The first action is still owed, and 1 June to 1 July is 30 days. The replacement was cancelled before.
    assert_eq!(late(&report, "a"), ("Late by 30 days".into(), "Late by 30 days".into()));
    assert_eq!(late(&report, "b").0, "[z] Cancelled before it was due");
    assert_eq!(
        (share(&report, FIRST), share(&report, OPEN), share(&report, CURRENT)),
        ((1, 1), (1, 1), (1, 1))
    );
    assert_eq!(state(&report, "a"), "Not started; replaced by b, which was cancelled");
    assert_eq!(state(&report, "b"), "Cancelled 10 May 2025; replaces a");
}

#[test]
fn given_a_late_replacement_when_it_is_cancelled_then_no_rate_improves() {
    let mut ledger = ledger();
    ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    ledger.cancel("a", "2025-05-05");
    ledger.plan_replacing("b", "2025-05-06", "2025-10-01", &["C1"], Some("a"));
    // The replacement inherits 1 June: 30 days on 1 July.
    assert_eq!(share(&r2(&ledger, "2025-07-01"), FIRST), (1, 1));
    ledger.cancel("b", "2025-07-01");
    let report = r2(&ledger, "2025-07-01");
    // The first action alone was cancelled in time; the work was not.
    assert_eq!((share(&report, FIRST), share(&report, OPEN)), ((1, 1), (0, 1)));
    assert_eq!(late(&report, "a").0, "[z] Cancelled before it was due");
    assert_eq!(late(&report, "b").0, "Late by 30 days when cancelled");
}

#[test]
fn given_a_chain_when_the_one_between_is_cancelled_then_the_last_stands_for_all() {
    let mut ledger = ledger();
    ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    ledger.plan_replacing("b", "2025-05-01", "2025-08-01", &["C1"], Some("a"));
    ledger.cancel("b", "2025-05-20");
    ledger.plan_replacing("c", "2025-05-20", "2025-10-01", &["C1"], Some("b"));
    let report = r2(&ledger, "2025-07-01");
    assert_eq!((share(&report, FIRST), share(&report, OPEN)), ((1, 1), (1, 1)));
    assert_eq!(late(&report, "c"), ("Late by 30 days".into(), "[z] Not due yet".into()));
    assert_eq!(
        (state(&report, "a"), state(&report, "b")),
        (
            "Not started; replaced by b".to_owned(),
            "Cancelled 20 May 2025; replaced by c; replaces a".to_owned()
        )
    );
    // When the last is cancelled, too, all three are one piece of work, and the first of them is still owed.
    ledger.cancel("c", "2025-05-25");
    let report = r2(&ledger, "2025-07-01");
    assert_eq!((share(&report, FIRST), share(&report, OPEN)), ((1, 1), (1, 1)));
    // Once the first is done, the work is done: 40 days late on 11 July, and nothing is open.
    ledger.complete("a", "2025-07-11");
    let report = r2(&ledger, "2025-08-01");
    assert_eq!((late(&report, "a").0, share(&report, OPEN)), ("Late by 40 days".into(), (0, 1)));
}

#[test]
fn given_two_replacements_when_one_is_cancelled_then_the_other_stands_for_the_first() {
    let mut ledger = ledger();
    ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    ledger.plan_replacing("b", "2025-05-01", "2025-08-01", &["C1"], Some("a"));
    ledger.plan_replacing("c", "2025-05-01", "2025-08-01", &["C1"], Some("a"));
    ledger.cancel("b", "2025-05-02");
    let report = r2(&ledger, "2025-07-01");
    // b was cancelled before the date that it inherited; c is late against it; a is counted as c.
    assert_eq!(share(&report, FIRST), (1, 2));
    assert_eq!(state(&report, "a"), "Not started; replaced by c");
}

#[test]
fn given_a_cancelled_replacement_of_an_earlier_year_when_it_is_not_listed_then_the_first_action_is_counted() {
    let mut ledger = ledger();
    ledger.plan("a", "2025-03-01", "2025-06-01", &["C1"]);
    ledger.plan_replacing("b", "2025-03-05", "2025-10-01", &["C1"], Some("a"));
    ledger.cancel("b", "2025-03-20");
    let report = r2(&ledger, "2025-07-01");
    assert_eq!(subjects(&report, "r2.actions"), ["action/a"]);
    assert_eq!(share(&report, FIRST), (1, 1));
}

#[test]
fn given_a_deadline_that_was_brought_forward_when_the_move_is_taken_back_then_it_was_given_all_the_same() {
    let mut ledger = ledger();
    ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    let moved = ledger.moved("a", "2025-04-10", "2025-06-01", "2025-05-01", false);
    let void = ledger.void(moved, "2025-04-20");
    let report = r2(&ledger, "2025-06-03");
    // 1 May to 3 June is 33 days; 1 to 3 June is 2.
    assert_eq!(late(&report, "a"), ("Late by 33 days".into(), "Late by 2 days".into()));
    assert_eq!(cell(&report, "action/a", "first_due"), "1 May 2025");
    assert!(figure(&report, FIRST).events.contains(&moved), "the event that gave the date is named");
    // It is no move any more, before and after the void.
    assert_eq!((cell(&report, "action/a", "moved"), share(&report, MOVED)), ("Never".into(), (0, 1)));
    let before = ask_known(ReportName::Lateness, &ledger, "2025-06-03", void);
    assert_eq!((late(&before, "a").0, share(&before, MOVED)), ("Late by 33 days".into(), (1, 1)));
}

#[test]
fn given_a_completion_when_it_is_corrected_then_it_was_recorded_when_it_was_first_said() {
    let mut ledger = ledger();
    ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    let done = ledger.at("2025-06-05T09:00:00Z").complete("a", "2025-06-04");
    let lag = |ledger: &Chronicle| cell(&r2(ledger, "2025-12-31"), "action/a", "lag");
    assert_eq!(lag(&ledger), "1 day");
    let said = crate::domain::event::ActionCompleted { evidence: vec![] };
    ledger.at("2025-09-01T09:00:00Z").correct(done, "2025-05-30", said);
    // 30 May to 5 June, and not to 1 September.
    assert_eq!((lag(&ledger), late(&r2(&ledger, "2025-12-31"), "a").0), ("6 days".into(), "On time".into()));
}

#[test]
fn given_a_late_action_when_it_is_cancelled_as_of_an_earlier_day_then_it_stays_late() {
    let mut ledger = ledger();
    ledger.plan("a", "2025-03-10", "2025-06-01", &["C1"]);
    let cancelled = ledger.at("2025-07-01T09:00:00Z").cancel("a", "2025-05-30");
    let before = ask_known(ReportName::Lateness, &ledger, "2025-07-01", cancelled);
    assert_eq!((share(&before, FIRST), late(&before, "a").0), ((1, 1), "Late by 30 days".into()));
    let report = r2(&ledger, "2025-07-01");
    assert_eq!(
        (share(&report, FIRST), late(&report, "a").0),
        ((1, 1), "Late by 30 days when cancelled".into())
    );
    assert_eq!(state(&report, "a"), "Cancelled 30 May 2025 (recorded 1 Jul 2025)");
    // Looking back to 11 June, when it stood open: 10 days.
    assert_eq!(late(&r2(&ledger, "2025-06-11"), "a").0, "Late by 10 days when cancelled");
    assert_eq!(late(&r2(&ledger, "2025-05-31"), "a").0, "[z] Cancelled before it was due");
    // The clock has stopped when it was recorded.
    assert_eq!(late(&r2(&ledger, "2026-01-01"), "a").0, "Late by 30 days when cancelled");
}

#[test]
fn given_a_late_action_when_it_is_cancelled_as_of_last_year_then_it_is_still_listed() {
    let mut ledger = ledger();
    ledger.plan("a", "2025-03-01", "2025-03-10", &["C1"]);
    ledger.at("2025-07-01T09:00:00Z").cancel("a", "2025-03-31");
    let report = r2(&ledger, "2025-07-31");
    // 10 March to 1 July: 21 + 30 + 31 + 30 + 1.
    assert_eq!(late(&report, "a").0, "Late by 113 days when cancelled");
    assert_eq!((share(&report, FIRST), number(&report, "r2.cancelled")), ((1, 1), 1));
}

#[test]
fn given_history_that_is_taken_in_at_once_when_it_was_cancelled_in_time_then_it_was() {
    let mut ledger = ledger();
    ledger.at("2025-07-01T09:00:00Z").plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    ledger.cancel("a", "2025-05-01");
    let report = r2(&ledger, "2025-07-31");
    assert_eq!(
        (share(&report, FIRST), late(&report, "a").0),
        ((0, 1), "[z] Cancelled before it was due".into())
    );
    assert_eq!(state(&report, "a"), "Cancelled 1 May 2025");
}

#[test]
fn given_a_late_action_when_its_plan_is_taken_back_then_the_table_says_how_late_it_was() {
    let mut ledger = ledger();
    ledger.plan("kept", "2025-04-01", "2025-12-01", &["C1"]);
    let plan = ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    ledger.at("2025-06-10T09:00:00Z").void(plan, "2025-06-10");
    let report = r2(&ledger, "2025-07-01");
    assert_eq!(late(&report, "a").0, "Late by 9 days when taken back");
    // It was recorded in error: listed, said, and not counted.
    assert_eq!((share(&report, FIRST), number(&report, "r2.voided")), ((0, 1), 1));
    assert_eq!(figure(&report, "r2.voided").status, FigureStatus::Given);
}

#[test]
fn given_an_action_whose_deadline_moved_when_it_is_replaced_then_the_moves_are_inherited() {
    let mut ledger = ledger();
    ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    ledger.moved("a", "2025-05-01", "2025-06-01", "2025-07-01", false);
    ledger.moved("a", "2025-06-01", "2025-07-01", "2025-08-01", false);
    ledger.plan_replacing("b", "2025-07-20", "2025-10-01", &["C1"], Some("a"));
    let report = r2(&ledger, "2025-08-01");
    assert_eq!((share(&report, MOVED), share(&report, FIRST)), ((1, 1), (1, 1)));
    assert_eq!(cell(&report, "action/b", "moved"), "2 (2 of them of what it replaces)");
    ledger.moved("b", "2025-08-02", "2025-10-01", "2025-12-01", false);
    assert_eq!(cell(&r2(&ledger, "2025-08-02"), "action/b", "moved"), "3 (2 of them of what it replaces)");
}

#[test]
fn given_a_reopened_action_when_its_deadline_had_moved_then_the_clock_resumes_from_the_first_date() {
    let mut ledger = ledger();
    ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    ledger.moved("a", "2025-05-20", "2025-06-01", "2025-09-01", false);
    ledger.complete("a", "2025-08-15");
    ledger.verify("a", "2025-08-20");
    ledger.reopen("a", "2025-10-01");
    // 1 June to 11 October: 29 + 31 + 31 + 30 + 11; 1 September to 11 October: 29 + 11.
    let report = r2(&ledger, "2025-10-11");
    assert_eq!(late(&report, "a"), ("Late by 132 days".into(), "Late by 40 days".into()));
    assert_eq!(share(&report, OPEN), (1, 1));
    // Done again on 15 October, the first completion counts for nothing.
    ledger.complete("a", "2025-10-15");
    let report = r2(&ledger, "2025-12-31");
    assert_eq!(late(&report, "a"), ("Late by 136 days".into(), "Late by 44 days".into()));
    assert_eq!((share(&report, OPEN), number(&report, "r2.claimed")), ((0, 1), 1));
}

#[test]
fn given_a_commitment_when_it_is_merged_or_superseded_then_its_late_action_stays_late() {
    let mut ledger = ledger();
    for id in ["C1", "C2", "C3"] {
        ledger.commitment(id, "A line", "a line of the pledge", &[]);
    }
    ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    ledger.plan("b", "2025-04-01", "2025-06-01", &["C2"]);
    ledger.merge("C1", "2025-06-05", "C3");
    ledger.supersede("C2", "2025-06-05", "C3");
    let report = r2(&ledger, "2025-06-11");
    assert_eq!(
        (late(&report, "a").0, late(&report, "b").0),
        ("Late by 10 days".into(), "Late by 10 days".into())
    );
    assert_eq!((share(&report, FIRST), share(&report, OPEN)), ((2, 2), (2, 2)));
    // Both lines are still told, with the action that was theirs.
    let lines = ask(ReportName::Commitments, &ledger, "2025-06-11");
    assert_eq!(cell(&lines, "commitment/C1", "state"), "Merged into C3 5 Jun 2025");
    assert_eq!(
        (cell(&lines, "commitment/C1", "open"), cell(&lines, "commitment/C2", "open")),
        ("1".into(), "1".into())
    );
}

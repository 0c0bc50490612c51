//! R2, by hand.

use super::{ask, ask_known, cell, figure, number, share, subjects};
use crate::projections::chronicle::Chronicle;
use crate::reports::{FigureStatus, Report, ReportName};

const FIRST: &str = "r2.late_against_first_due";
const CURRENT: &str = "r2.late_against_current_due";

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

fn both(text: &str) -> (String, String) {
    (text.to_owned(), text.to_owned())
}

#[test]
fn an_open_action_is_late_from_the_day_after_it_was_due() {
    let mut ledger = ledger();
    ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    assert_eq!(late(&r2(&ledger, "2025-06-01"), "a"), both("[z] Not due yet"));
    assert_eq!(late(&r2(&ledger, "2025-06-02"), "a"), both("Late by 1 day"));
    // 1 June to 1 July is 30 days.
    let report = r2(&ledger, "2025-07-01");
    assert_eq!(late(&report, "a"), both("Late by 30 days"));
    assert_eq!(cell(&report, "action/a", "owner"), "Head of People");
    assert_eq!(cell(&report, "action/a", "state"), "Not started");
    assert_eq!(cell(&report, "action/a", "first_due"), "1 Jun 2025");
    assert_eq!((share(&report, FIRST), share(&report, CURRENT)), ((1, 1), (1, 1)));
    assert_eq!(figure(&report, FIRST).text, "1 of 1 action is late against the first date we gave.");
    assert_eq!(figure(&report, FIRST).events, [2]);
}

#[test]
fn as_at_before_the_plan_there_is_no_action() {
    let mut ledger = ledger();
    ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    let report = r2(&ledger, "2025-03-31");
    assert_eq!(figure(&report, FIRST).status, FigureStatus::NotAvailable);
}

#[test]
fn a_completion_on_the_night_of_31_march_is_a_completion_of_1_april() {
    let mut ledger = ledger();
    ledger.plan("a", "2025-04-01", "2026-03-31", &["C1"]);
    // London is on summer time from 29 Mar 2026: 23:30 UTC is 00:30 on 1 April.
    ledger.at("2026-03-31T23:40:00Z").complete("a", "2026-03-31T23:30:00Z");
    assert_eq!(late(&r2(&ledger, "2026-03-31"), "a"), both("[z] Not due yet"));
    let report = r2(&ledger, "2026-04-01");
    assert_eq!(late(&report, "a"), both("Late by 1 day"));
    assert_eq!(cell(&report, "action/a", "lag"), "Same day");
}

#[test]
fn what_was_done_in_march_and_posted_in_april_is_open_until_it_is_known() {
    let mut ledger = ledger();
    ledger.plan("a", "2025-04-01", "2026-03-01", &["C1"]);
    let done = ledger.at("2026-04-09T09:00:00Z").complete("a", "2026-03-20");
    // 1 to 31 March is 30 days; 1 to 20 March is 19.
    let before = ask_known(ReportName::Lateness, &ledger, "2026-03-31", done);
    assert_eq!(late(&before, "a"), both("Late by 30 days"));
    assert_eq!((number(&before, "r2.open"), number(&before, "r2.claimed")), (1, 0));
    let after = r2(&ledger, "2026-03-31");
    assert_eq!(late(&after, "a"), both("Late by 19 days"));
    assert_eq!((number(&after, "r2.open"), number(&after, "r2.claimed")), (0, 1));
    // 20 March to 9 April.
    assert_eq!(cell(&after, "action/a", "lag"), "20 days");
}

#[test]
fn a_voided_completion_leaves_the_action_open() {
    let mut ledger = ledger();
    ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    let done = ledger.complete("a", "2025-05-20");
    let void = ledger.void(done, "2025-07-01");
    let before = ask_known(ReportName::Lateness, &ledger, "2025-06-11", void);
    assert_eq!(late(&before, "a"), both("On time"));
    assert_eq!(late(&r2(&ledger, "2025-06-11"), "a"), both("Late by 10 days"));
}

#[test]
fn moving_a_deadline_does_not_clear_late() {
    let mut ledger = ledger();
    ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    ledger.moved("a", "2025-05-25", "2025-06-01", "2025-09-01", false);
    let report = r2(&ledger, "2025-06-11");
    assert_eq!(late(&report, "a"), ("Late by 10 days".into(), "[z] Not due yet".into()));
    assert_eq!(
        (share(&report, FIRST), share(&report, CURRENT), share(&report, "r2.moved")),
        ((1, 1), (0, 1), (1, 1))
    );
    assert_eq!(cell(&report, "action/a", "moved"), "1");
    assert_eq!(cell(&report, "action/a", "current_due"), "1 Sep 2025");
    // In the middle of the year, before the move, nothing had moved.
    let before = r2(&ledger, "2025-05-24");
    assert_eq!((cell(&before, "action/a", "moved"), share(&before, "r2.moved")), ("Never".into(), (0, 1)));
}

#[test]
fn moved_and_moved_back_has_moved_twice() {
    let mut ledger = ledger();
    ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    ledger.moved("a", "2025-04-10", "2025-06-01", "2025-09-01", false);
    ledger.moved("a", "2025-04-20", "2025-09-01", "2025-06-01", false);
    let report = r2(&ledger, "2025-06-03");
    assert_eq!(late(&report, "a"), both("Late by 2 days"));
    assert_eq!(cell(&report, "action/a", "moved"), "2");
}

#[test]
fn a_deadline_moved_forward_is_the_earliest_ever_recorded() {
    let mut ledger = ledger();
    ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    ledger.moved("a", "2025-04-10", "2025-06-01", "2025-05-01", false);
    ledger.moved("a", "2025-04-20", "2025-05-01", "2025-07-01", false);
    let report = r2(&ledger, "2025-06-03");
    // 1 May to 3 June is 33 days.
    assert_eq!(late(&report, "a"), ("Late by 33 days".into(), "[z] Not due yet".into()));
    assert_eq!(cell(&report, "action/a", "first_due"), "1 May 2025");
}

#[test]
fn a_backdated_move_is_ignored() {
    let mut ledger = ledger();
    ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    ledger.moved("a", "2025-05-25", "2025-06-01", "2025-09-01", true);
    let report = r2(&ledger, "2025-06-11");
    assert_eq!(late(&report, "a"), both("Late by 10 days"));
    assert_eq!(cell(&report, "action/a", "moved"), "0, and 1 backdated (ignored)");
    assert_eq!(share(&report, "r2.moved"), (0, 1));
}

#[test]
fn a_voided_move_never_happened() {
    let mut ledger = ledger();
    ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    let moved = ledger.moved("a", "2025-05-25", "2025-06-01", "2025-09-01", false);
    ledger.void(moved, "2025-05-26");
    assert_eq!(late(&r2(&ledger, "2025-06-11"), "a"), both("Late by 10 days"));
}

#[test]
fn a_replacement_inherits_the_first_date_and_is_counted_once() {
    let mut ledger = ledger();
    ledger.plan("old", "2025-04-01", "2025-06-01", &["C1"]);
    ledger.cancel("old", "2025-06-05");
    ledger.plan_replacing("new", "2025-06-06", "2025-10-01", &["C1"], Some("old"));
    ledger.plan_replacing("newest", "2025-06-20", "2025-12-01", &["C1"], Some("new"));
    ledger.cancel("new", "2025-06-20");
    let report = r2(&ledger, "2025-07-01");
    // 1 June to 1 July is 30 days; the old one was cancelled 4 days after it was due.
    assert_eq!(late(&report, "newest"), ("Late by 30 days".into(), "[z] Not due yet".into()));
    assert_eq!(late(&report, "old").0, "Late by 4 days when cancelled");
    // The one between was cancelled on 20 June: 19 days after the inherited date, before its own.
    assert_eq!(
        late(&report, "new"),
        ("Late by 19 days when cancelled".into(), "[z] Cancelled before it was due".into())
    );
    assert_eq!(share(&report, FIRST), (1, 1));
    // Behind an inherited date stand the events of those from whom it is inherited: all but genesis and post.
    assert_eq!(figure(&report, FIRST).events, [2, 3, 4, 5, 6]);
    assert_eq!(number(&report, "r2.cancelled"), 2);
    assert_eq!(cell(&report, "action/old", "state"), "Cancelled 5 Jun 2025; replaced by new");
    assert_eq!(
        cell(&report, "action/new", "state"),
        "Cancelled 20 Jun 2025; replaced by newest; replaces old"
    );
    assert_eq!(subjects(&report, "r2.actions"), ["action/newest", "action/new", "action/old"]);
}

#[test]
fn a_voided_replacement_gives_the_lateness_back() {
    let mut ledger = ledger();
    ledger.plan("old", "2025-04-01", "2025-06-01", &["C1"]);
    ledger.cancel("old", "2025-06-05");
    let new = ledger.plan_replacing("new", "2025-06-06", "2025-10-01", &["C1"], Some("old"));
    ledger.at("2025-06-10T09:00:00Z").void(new, "2025-06-10");
    let report = r2(&ledger, "2025-07-01");
    assert_eq!(share(&report, FIRST), (1, 1));
    assert_eq!(cell(&report, "action/old", "state"), "Cancelled 5 Jun 2025");
    assert_eq!(cell(&report, "action/new", "state"), "Taken back 10 Jun 2025; replaces old");
    // 1 to 10 June: it had been late, and that is not taken back.
    let taken_back = ("Late by 9 days when taken back".into(), "[z] Taken back before it was late".into());
    assert_eq!(late(&report, "new"), taken_back);
}

#[test]
fn a_replacement_of_a_voided_action_inherits_from_it() {
    let mut ledger = ledger();
    let old = ledger.plan("old", "2025-04-01", "2025-06-01", &["C1"]);
    ledger.plan_replacing("new", "2025-06-06", "2025-10-01", &["C1"], Some("old"));
    ledger.void(old, "2025-06-10");
    assert_eq!(late(&r2(&ledger, "2025-06-11"), "new").0, "Late by 10 days");
}

#[test]
fn a_plan_taken_back_and_made_again_keeps_its_first_date() {
    let mut ledger = ledger();
    let plan = ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    ledger.void(plan, "2025-06-02");
    ledger.plan("a", "2025-06-02", "2025-12-01", &["C1"]);
    assert_eq!(late(&r2(&ledger, "2025-06-11"), "a"), ("Late by 10 days".into(), "[z] Not due yet".into()));
}

#[test]
fn after_reopening_the_clock_resumes_from_the_original_date() {
    let mut ledger = ledger();
    ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    ledger.complete("a", "2025-05-30");
    ledger.verify("a", "2025-06-05");
    ledger.reopen("a", "2025-08-01");
    assert_eq!(late(&r2(&ledger, "2025-07-31"), "a"), both("On time"));
    let report = r2(&ledger, "2025-08-01");
    // 1 June to 1 August is 61 days, the days on which it passed for done included.
    assert_eq!(late(&report, "a"), both("Late by 61 days"));
    assert_eq!(cell(&report, "action/a", "state"), "Reopened");
    assert_eq!(number(&report, "r2.open"), 1);
}

#[test]
fn cancelling_a_late_action_does_not_improve_the_rate() {
    let mut ledger = ledger();
    ledger.plan("late", "2025-04-01", "2025-06-01", &["C1"]);
    ledger.plan("fine", "2025-04-01", "2025-12-01", &["C1"]);
    assert_eq!(share(&r2(&ledger, "2025-07-01"), FIRST), (1, 2));
    ledger.cancel("late", "2025-07-02");
    assert_eq!(share(&r2(&ledger, "2025-07-03"), FIRST), (1, 2));
    // 1 June to 2 July; the clock has stopped.
    assert_eq!(late(&r2(&ledger, "2026-01-01"), "late"), both("Late by 31 days when cancelled"));
}

#[test]
fn closed_items_stay_for_the_year_and_claims_until_they_are_verified() {
    let mut ledger = Chronicle::opened(false);
    for (id, done) in [("past", "2025-03-31"), ("present", "2025-04-01"), ("claimed", "2025-03-10")] {
        ledger.plan(id, "2025-03-01", "2025-12-01", &["C1"]);
        ledger.complete(id, done);
        if id != "claimed" {
            ledger.verify(id, done);
        }
    }
    let report = r2(&ledger, "2026-03-31");
    assert_eq!(subjects(&report, "r2.actions"), ["action/claimed", "action/present"]);
    assert_eq!((number(&report, "r2.claimed"), number(&report, "r2.verified")), (1, 1));
    assert_eq!(cell(&report, "action/claimed", "state"), "Claimed done 10 Mar 2025, not verified");
}

#[test]
fn replacements_in_a_circle_come_to_an_end() {
    let mut ledger = Chronicle::opened(false);
    ledger.plan_replacing("a", "2025-04-01", "2025-06-01", &["C1"], Some("b"));
    ledger.plan_replacing("b", "2025-04-01", "2025-05-01", &["C1"], Some("a"));
    let report = r2(&ledger, "2025-06-11");
    assert_eq!(late(&report, "a").0, "Late by 41 days");
    assert_eq!(subjects(&report, "r2.actions").len(), 2);
    // The one that was planned last goes on.
    assert_eq!(share(&report, FIRST), (1, 1));
    assert_eq!(cell(&report, "action/a", "state"), "Not started; replaced by b; replaces b");
    assert_eq!(cell(&report, "action/b", "state"), "Not started; replaces a");
}

#[test]
fn given_more_actions_than_anybody_reads_when_they_are_reported_then_the_latest_are_listed_and_all_are_counted()
 {
    let mut ledger = Chronicle::opened(false);
    for number in 0..1_003 {
        let due = if number < 3 { "2025-05-01" } else { "2025-12-01" };
        ledger.plan(&format!("a{number}"), "2025-04-01", due, &["C1"]);
    }
    let report = r2(&ledger, "2025-06-01");
    assert_eq!((share(&report, FIRST), number(&report, "r2.open")), ((3, 1_003), 1_003));
    assert_eq!(figure(&report, "r2.open").events.len(), 1_003);
    // Those that are late first, then in the order in which people read: a1000 to a1002 would come last.
    let listed = subjects(&report, "r2.actions");
    assert_eq!((listed.len(), listed[0], listed[2]), (1_000, "action/a0", "action/a2"));
    assert_eq!((listed[3], listed[999]), ("action/a3", "action/a999"));
    assert_eq!(report.tables[0].title, "The 1000 actions that are late the longest, of 1003");
    assert!(
        report
            .notes
            .iter()
            .any(|note| note.starts_with("Of 1003 actions the 1000 that are late the longest"))
    );
}

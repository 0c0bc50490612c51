//! R4, by hand. The threshold is 5; 2 May 2025 is a Friday and 5 May a holiday.

use uuid::Uuid;

use super::{ask, cell, figure};
use crate::domain::event::*;
use crate::projections::chronicle::Chronicle;
use crate::reports::{Events, FigureStatus, Report, ReportName};

fn ledger() -> Chronicle {
    let mut ledger = Chronicle::opened(false);
    ledger.targets("2025-03-01", [5, 5, 60], 5);
    ledger.calendar("2025-03-01", ("2025-04-01", "2026-03-31"), &["2025-05-05", "2025-05-26"]);
    ledger
}

fn r4(ledger: &Chronicle) -> Report {
    ask(ReportName::ResponseTimes, ledger, "2026-03-31")
}

fn staff(ledger: &mut Chronicle, count: usize, anonymity: Anonymity) -> Vec<Uuid> {
    let day = if anonymity == Anonymity::Anonymous { "2025-05" } else { "2025-05-02" };
    (0..count).map(|_| ledger.voice(day, Respondents::Staff, anonymity).0).collect()
}

fn times(report: &Report, step: &str) -> [String; 3] {
    ["median", "ninetieth", "within"].map(|column| cell(report, &format!("staff/{step}"), column))
}

/// Two items a day are answered from 6 May on: after 1, 1, 2, 2, … 7, 7 working days.
fn answer_fourteen(ledger: &mut Chronicle, items: &[Uuid]) {
    let days =
        ["2025-05-06", "2025-05-07", "2025-05-08", "2025-05-09", "2025-05-12", "2025-05-13", "2025-05-14"];
    for (number, item) in items.iter().take(14).enumerate() {
        ledger.respond(*item, days[number / 2], ResponseOutcome::ChangeConsidered);
    }
}

#[test]
fn given_answers_when_they_are_timed_then_open_items_stand_behind_all_others() {
    let mut ledger = ledger();
    let items = staff(&mut ledger, 20, Anonymity::Named);
    for item in &items {
        ledger.acknowledge(*item, "2025-05-06");
    }
    answer_fourteen(&mut ledger, &items);
    let point = ledger.release("summer", "2025-06-30");
    let report = r4(&ledger);
    // Of 20 the 10th needed 5 days, from Friday over the holiday on Monday; the 18th is not answered. 10 of 20 within 5.
    assert_eq!(times(&report, "answered"), ["5 working days", "[x] Not reached", "50 %"]);
    // All on the first working day: 20 of 20, of fewer than 100.
    assert_eq!(times(&report, "acknowledged"), ["1 working day", "1 working day", "more than 95 %"]);
    assert_eq!(times(&report, "changed"), ["[x] Not reached", "[x] Not reached", "less than 5 %"]);
    let answered = figure(&report, "r4.staff_answered");
    assert_eq!(
        answered.text,
        "Half of staff feedback received in 2025-26 was answered within 5 working days, and 9 in 10 items not yet; 50 % \
         within the target of 5."
    );
    assert_eq!(
        (answered.number, answered.numerator, &answered.events),
        (Some(5.0), None, &Events::of([point]))
    );
    assert_eq!(cell(&report, "partners/answered", "median"), "[x] None received");
}

#[test]
fn given_an_answer_without_acknowledgement_when_it_is_timed_then_it_is_one() {
    let mut ledger = ledger();
    let items = staff(&mut ledger, 10, Anonymity::Named);
    for item in &items[..5] {
        ledger.respond(*item, "2025-05-07", ResponseOutcome::NoChange);
    }
    for item in &items[5..] {
        // Considered on the third day, recorded after the acknowledgement of the fourth.
        ledger.acknowledge(*item, "2025-05-09");
        ledger.consider(*item, "2025-05-08");
    }
    ledger.release("summer", "2025-06-30");
    // 2, 2, 2, 2, 2, 3, 3, 3, 3, 3: the 5th is 2, the 9th is 3.
    assert_eq!(times(&r4(&ledger), "acknowledged")[..2], ["2 working days", "3 working days"]);
}

#[test]
fn given_a_change_when_it_is_timed_then_the_last_of_all_counts() {
    let mut ledger = ledger();
    let items = staff(&mut ledger, 10, Anonymity::Confidential);
    ledger.policy("leave", "2025-03-01", "2026-03-31");
    let heard = (Origin::Feedback, ChangeNature::Substantive);
    for (change, from) in [("x", "2025-05-06"), ("y", "2025-05-13")] {
        ledger.propose(change, "2025-05-03", "leave", heard, &items);
        ledger.approve(change, "2025-05-04");
        ledger.change(change, "2025-05-05", "leave", from, true);
    }
    ledger.plan_for("quiet-room", "2025-05-03", &items[..5]);
    ledger.complete("quiet-room", "2025-05-07");
    ledger.verify("quiet-room", "2025-05-27");
    ledger.release("summer", "2025-06-30");
    // Five had their last change on 13 May (6 days), five with the verification on 27 May: 6 + 3 (14–16) + 5 (19–23) + 1,
    // 26 May being a holiday: 15.
    assert_eq!(times(&r4(&ledger), "changed")[..2], ["6 working days", "15 working days"]);
}

#[test]
fn given_anonymous_and_withdrawn_items_when_times_are_told_then_they_are_listed_apart() {
    let mut ledger = ledger();
    let items = staff(&mut ledger, 26, Anonymity::Named);
    staff(&mut ledger, 6, Anonymity::Anonymous);
    answer_fourteen(&mut ledger, &items);
    for item in &items[20..] {
        ledger.acknowledge(*item, "2025-05-06");
        ledger.take_back(*item, "2025-05-07", WithdrawalScope::Whole);
    }
    ledger.release("summer", "2025-06-30");
    let report = r4(&ledger);
    let apart = ["anonymous", "before_acknowledged", "before_answered", "before_changed"];
    assert_eq!(apart.map(|column| cell(&report, "staff", column)), ["6", "0", "6", "6"]);
    // As without them: 20 items, the 10th after 5 days.
    assert_eq!(times(&report, "answered")[0], "5 working days");
    // Acknowledged: 14 by their answers after 1, 1, 2, 2 … 7, 7 days, six after 1 day before they were withdrawn, and
    // six not. Of 26 the 13th: eight ones, then 2, 2, 3, 3, 4: 4 days.
    assert_eq!(times(&report, "acknowledged")[0], "4 working days");
}

#[test]
fn given_days_in_no_calendar_when_they_are_counted_then_it_is_said() {
    let mut ledger = ledger();
    ledger.calendar("2025-03-02", ("2025-04-01", "2026-03-31"), &["2025-05-05"]);
    let items = staff(&mut ledger, 20, Anonymity::Named);
    answer_fourteen(&mut ledger, &items);
    ledger.release("summer", "2025-06-30");
    assert_eq!(cell(&r4(&ledger), "staff/answered", "way"), "Staff feedback: answered");
    let mut ledger = Chronicle::opened(false);
    ledger.targets("2025-03-01", [5, 5, 60], 5);
    ledger.calendar("2025-03-01", ("2025-04-01", "2025-06-20"), &["2025-05-05"]);
    let items = staff(&mut ledger, 20, Anonymity::Named);
    answer_fourteen(&mut ledger, &items);
    ledger.release("summer", "2025-06-30");
    let report = r4(&ledger);
    assert_eq!(cell(&report, "staff/answered", "way"), "Staff feedback: answered (some days in no calendar)");
    assert!(figure(&report, "r4.staff_answered").text.ends_with("5. Some of these days are in no calendar."));
}

#[test]
fn given_fewer_than_the_threshold_joined_when_times_are_told_then_they_keep_their_value() {
    let mut ledger = ledger();
    let items = staff(&mut ledger, 20, Anonymity::Named);
    answer_fourteen(&mut ledger, &items);
    ledger.release("p1", "2025-06-01");
    let first = times(&r4(&ledger), "answered");
    // Four more are answered, after 20 days, and closed: the 18th of 20 would be one of them.
    for item in &items[14..18] {
        ledger.respond(*item, "2025-06-03", ResponseOutcome::NoChange);
        ledger.close(*item, "2025-06-04", "law");
    }
    ledger.release("p2", "2025-07-01");
    assert_eq!(times(&r4(&ledger), "answered"), first);
    // With the fifth R3 moves, and the times with it: 6 May … 3 June are 20 working days.
    ledger.respond(items[18], "2025-06-03", ResponseOutcome::NoChange);
    ledger.close(items[18], "2025-06-04", "law");
    ledger.release("p3", "2025-08-01");
    assert_eq!(times(&r4(&ledger), "answered")[..2], ["5 working days", "20 working days"]);
}

#[test]
fn given_answers_that_are_told_nowhere_when_one_more_comes_then_the_times_do_not_tell_it() {
    // Of 20 items, all open in R3, six are answered late at first; then four more are, or five: half of them in either case.
    let told = |more: usize| {
        let mut ledger = ledger();
        let items = staff(&mut ledger, 20, Anonymity::Named);
        for item in &items[..6] {
            ledger.respond(*item, "2025-05-27", ResponseOutcome::ChangeConsidered);
        }
        ledger.release("p1", "2025-05-27");
        for item in &items[6..6 + more] {
            ledger.respond(*item, "2025-05-28", ResponseOutcome::ChangeConsidered);
        }
        ledger.release("p2", "2025-07-01");
        let unseen = times(&r4(&ledger), "answered");
        for item in &items[..6] {
            ledger.close(*item, "2025-07-02", "law");
        }
        ledger.release("p3", "2025-08-01");
        [unseen, times(&r4(&ledger), "answered")]
    };
    assert_eq!(told(4), told(5));
    // 28 May is the 16th working day: R3 moved, and the times with it.
    let unseen = ["[x] Not reached", "[x] Not reached", "less than 5 %"];
    assert_eq!(told(5), [unseen, ["16 working days", "[x] Not reached", "less than 5 %"]]);
}

#[test]
fn given_answers_within_the_target_when_the_share_is_seen_to_move_then_the_times_move_with_it() {
    let mut ledger = ledger();
    let items = staff(&mut ledger, 20, Anonymity::Named);
    ledger.release("p1", "2025-05-03");
    assert_eq!(times(&r4(&ledger), "answered"), ["[x] Not reached", "[x] Not reached", "less than 5 %"]);
    answer_fourteen(&mut ledger, &items);
    ledger.release("p2", "2025-07-01");
    assert_eq!(times(&r4(&ledger), "answered"), ["5 working days", "[x] Not reached", "50 %"]);
}

#[test]
fn given_few_items_or_no_settings_when_times_are_asked_for_then_they_are_not_told() {
    let mut ledger = Chronicle::opened(false);
    let items = staff(&mut ledger, 4, Anonymity::Named);
    staff(&mut ledger, 8, Anonymity::Anonymous);
    answer_fourteen(&mut ledger, &items);
    ledger.release("summer", "2025-06-30");
    let report = r4(&ledger);
    // Four have a clock; and nobody ever set a target.
    assert_eq!(times(&report, "answered"), ["[c]", "[c]", "[x] No target"]);
    assert_eq!(figure(&report, "r4.staff_answered").status, FigureStatus::Suppressed);
    staff(&mut ledger, 3, Anonymity::Named);
    ledger.release("autumn", "2025-09-30");
    assert_eq!(times(&r4(&ledger), "answered")[0], "[c]");
}

#[test]
fn given_parts_of_r3_that_are_hidden_when_a_share_would_tell_of_one_then_it_is_held_back() {
    let mut ledger = ledger();
    ledger.policy("leave", "2025-03-01", "2026-03-31");
    let items = staff(&mut ledger, 53, Anonymity::Named);
    let heard = (Origin::Feedback, ChangeNature::Substantive);
    for (change, from, items) in [("x", "2025-05-12", &items[..30]), ("y", "2025-09-01", &items[30..50])] {
        ledger.propose(change, "2025-05-06", "leave", heard, items);
        ledger.approve(change, "2025-05-07");
        ledger.change(change, "2025-05-08", "leave", from, true);
    }
    answer_fourteen(&mut ledger, &items);
    for item in &items[50..] {
        ledger.close(*item, "2025-05-20", "law");
    }
    ledger.release("autumn", "2025-09-30");
    let report = r4(&ledger);
    // R3: 50 led to a change and 3 to none, so both are hidden. 30 of 53 within 60 days, 57 %, would tell of the 50.
    assert_eq!(times(&report, "changed")[2], "[c]");
    // Who was answered is in no part of R3: 10 of 53 within 5 days.
    assert_eq!(times(&report, "answered")[2], "19 %");
}

#[test]
fn given_a_new_target_when_a_share_is_told_then_it_begins_anew() {
    let mut ledger = ledger();
    let items = staff(&mut ledger, 20, Anonymity::Named);
    answer_fourteen(&mut ledger, &items);
    ledger.release("p1", "2025-06-01");
    ledger.targets("2025-06-10", [5, 7, 60], 5);
    assert_eq!(times(&r4(&ledger), "answered")[2], "50 %");
    ledger.release("p2", "2025-07-01");
    let report = r4(&ledger);
    // 14 of 20 within 7 days.
    assert_eq!(
        (times(&report, "answered")[2].as_str(), cell(&report, "staff/answered", "target").as_str()),
        ("70 %", "7 working days")
    );
}

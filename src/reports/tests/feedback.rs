//! R3, by hand. The threshold is 5: fewer than 10 items of a sort are held back whole, and of fewer than 100 three numbers
//! are told apart.

use uuid::Uuid;

use super::{ask, ask_known, cell, figure, number, parameters, share, stand};
use crate::domain::event::*;
use crate::projections::chronicle::Chronicle;
use crate::reports::{FigureStatus, Report, ReportName, report};

const HEARD: (Origin, ChangeNature) = (Origin::Feedback, ChangeNature::Substantive);
const WORDING: (Origin, ChangeNature) = (Origin::Feedback, ChangeNature::Editorial);

fn r3(ledger: &Chronicle) -> Report {
    ask(ReportName::Feedback, ledger, "2026-03-31")
}

fn ledger() -> Chronicle {
    let mut ledger = Chronicle::opened(false);
    ledger.targets("2025-03-01", [5, 20, 60], 5);
    ledger.reasons("2025-03-01", &[("cost", "Too costly"), ("law", "The law does not allow it")]);
    ledger.policy("leave", "2025-03-01", "2026-03-31");
    ledger
}

fn staff(ledger: &mut Chronicle, occurred: &str, count: usize) -> Vec<Uuid> {
    let one = |_| ledger.voice(occurred, Respondents::Staff, Anonymity::Confidential).0;
    (0..count).map(one).collect()
}

fn answer_and_tell(ledger: &mut Chronicle, items: &[Uuid], outcome: ResponseOutcome) {
    for item in items {
        ledger.respond(*item, "2025-08-01", outcome);
        ledger.tell(*item, "2025-08-02");
    }
}

/// A substantive change of these items, in force on 1 July 2025; nobody was answered.
fn in_force(ledger: &mut Chronicle, change: &str, items: &[Uuid]) {
    ledger.propose(change, "2025-06-01", "leave", HEARD, items);
    ledger.approve(change, "2025-06-02");
    ledger.change(change, "2025-06-03", "leave", "2025-07-01", true);
}

fn closed(ledger: &mut Chronicle, items: &[Uuid], reason: &str) {
    for item in items {
        ledger.close(*item, "2025-07-20", reason);
    }
    answer_and_tell(ledger, items, ResponseOutcome::NoChange);
}

/// A row of the table: staff, partners.
fn row(report: &Report, outcome: &str) -> [String; 2] {
    ["staff", "partners"].map(|who| cell(report, &format!("outcome/{outcome}"), who))
}

/// None at a later release point is held back: a few in each of its parts would be told in the same way.
fn assert_held_back(report: &Report, id: &str) {
    let figure = figure(report, id);
    assert_eq!((figure.status.mark(), figure.number, figure.numerator), ("[c]", None, None));
}

#[test]
fn given_a_year_when_it_is_released_then_each_item_is_told_once_and_whole() {
    let mut ledger = ledger();
    let items = staff(&mut ledger, "2025-05-06", 100);
    let partners = ledger.feedback("2025-05-06", Respondents::Partners, 3);
    let (policy, rest) = items.split_at(6);
    let (practice, rest) = rest.split_at(5);
    let (costly, rest) = rest.split_at(5);
    let (untold, rest) = rest.split_at(8);
    let (open, waiting) = rest.split_at(7);
    in_force(&mut ledger, "x", policy);
    answer_and_tell(&mut ledger, policy, ResponseOutcome::ChangeAgreed);
    ledger.plan_for("quiet-room", "2025-05-20", practice);
    ledger.complete("quiet-room", "2025-07-10");
    ledger.verify("quiet-room", "2025-07-15");
    answer_and_tell(&mut ledger, practice, ResponseOutcome::ChangeAgreed);
    closed(&mut ledger, costly, "cost");
    for item in untold {
        ledger.respond(*item, "2025-07-01", ResponseOutcome::NoChange);
        ledger.close(*item, "2025-07-02", "law");
    }
    for item in open {
        ledger.respond(*item, "2025-07-01", ResponseOutcome::ChangeConsidered);
    }
    let point = ledger.release("autumn", "2025-09-30");
    let report = r3(&ledger);
    // 6 policy + 5 practice = 11; 5 cost + 8 law, not told = 13; 7 answered and open + 69 waiting = 76. 100 in all.
    let answer = figure(&report, "r3.staff_changed");
    assert_eq!(
        answer.text,
        "Of 100 items of staff feedback received in 2025-26, 11 led to a change, 13 led to none and a reason is given, \
         and 76 are open."
    );
    assert_eq!(answer.events, [point]);
    let shares = ["changed", "no_change", "open", "answered", "loop_closed"];
    let shares = shares.map(|it| share(&report, &format!("r3.staff_{it}")));
    // Answered: all but the 69 that wait. Loop closed: 6 + 5 + 5.
    assert_eq!(shares, [(11, 100), (13, 100), (76, 100), (31, 100), (16, 100)]);
    assert_eq!(number(&report, "r3.staff_withdrawn"), 0);
    assert_eq!(row(&report, "policy_changed"), ["6", "[c]"]);
    assert_eq!(row(&report, "practice_changed"), ["5", "[c]"]);
    assert_eq!(
        (row(&report, "no_change.cost"), row(&report, "no_change.law")),
        (["5", "[c]"].map(String::from), ["0", "[c]"].map(String::from))
    );
    assert_eq!(
        (row(&report, "closed_not_told")[0].as_str(), row(&report, "answered_open")[0].as_str()),
        ("8", "7")
    );
    // 6 May to 30 September is 147 days.
    assert_eq!((waiting.len(), row(&report, "waiting.91_to_180")[0].as_str()), (69, "69"));
    assert_eq!(cell(&report, "outcome/no_change.cost", "outcome"), "No change, and told why: Too costly");
    assert_eq!(partners.len(), 3);
    assert_eq!(figure(&report, "r3.partners_changed").status, FigureStatus::Suppressed);
}

#[test]
fn given_small_parts_when_they_are_released_then_nothing_follows_by_subtraction() {
    let mut ledger = ledger();
    let items = staff(&mut ledger, "2025-05-06", 110);
    closed(&mut ledger, &items[..3], "cost");
    closed(&mut ledger, &items[3..10], "law");
    ledger.release("autumn", "2025-09-30");
    let report = r3(&ledger);
    // 3 are too few; 7 go with them, and 3 + 7 = 10 may be told together.
    assert_eq!(
        (row(&report, "no_change.cost")[0].as_str(), row(&report, "no_change.law")[0].as_str()),
        ("[c]", "[c]")
    );
    assert_eq!(share(&report, "r3.staff_no_change"), (10, 110));
    assert_eq!(share(&report, "r3.staff_changed"), (0, 110));
    // The other way round: 3 that led to a change, 7 that wait, 100 that were answered. What is hidden is on either side.
    let mut ledger = self::ledger();
    let items = staff(&mut ledger, "2025-05-06", 110);
    in_force(&mut ledger, "x", &items[..3]);
    answer_and_tell(&mut ledger, &items[..3], ResponseOutcome::ChangeAgreed);
    for item in &items[10..] {
        ledger.respond(*item, "2025-07-01", ResponseOutcome::ChangeConsidered);
    }
    ledger.release("autumn", "2025-09-30");
    let report = r3(&ledger);
    for id in ["changed", "open", "answered", "loop_closed"] {
        let figure = figure(&report, &format!("r3.staff_{id}"));
        assert_eq!(
            (figure.status, figure.number, figure.numerator),
            (FigureStatus::Suppressed, None, None),
            "{id}"
        );
    }
    assert_eq!(row(&report, "answered_open")[0], "100");
    assert_eq!(
        figure(&report, "r3.staff_changed").text,
        "Of 110 items of staff feedback received in 2025-26, how many led to a change is held back."
    );
}

#[test]
fn given_fewer_than_a_hundred_when_they_are_first_released_then_three_numbers_are_told_apart_for_ever() {
    let mut ledger = ledger();
    let items = staff(&mut ledger, "2025-05-06", 60);
    in_force(&mut ledger, "x", &items[..27]);
    // 4 + 14 = 18 closed; neither reason is told. 15 wait.
    closed(&mut ledger, &items[27..31], "cost");
    closed(&mut ledger, &items[31..45], "law");
    let partners = ledger.feedback("2025-05-06", Respondents::Partners, 100);
    closed(&mut ledger, &partners[..40], "law");
    ledger.release("autumn", "2025-09-30");
    let report = r3(&ledger);
    assert_eq!(
        figure(&report, "r3.staff_changed").text,
        "Of 60 items of staff feedback received in 2025-26, 27 led to a change, 18 led to none and a reason is given, \
         and 15 are open."
    );
    assert_eq!(
        ["changed", "no_change", "open"].map(|it| row(&report, it)),
        [["27", "0"], ["18", "40"], ["15", "60"]].map(|row| row.map(String::from))
    );
    // Of the hundred partners everything is told, and beside them nothing more of the sixty.
    assert_eq!(row(&report, "no_change.law"), ["[c] not told apart", "40"]);
    assert_eq!(share(&report, "r3.partners_loop_closed"), (40, 100));
    for id in ["r3.staff_answered", "r3.staff_loop_closed"] {
        assert_held_back(&report, id);
        assert!(figure(&report, id).text.ends_with("not told apart for fewer than 100 items."));
    }
    // Sixty more staff make 120, of whom 75 wait: the grain stays.
    staff(&mut ledger, "2025-05-07", 60);
    ledger.release("winter", "2025-11-30");
    let report = r3(&ledger);
    assert_eq!(share(&report, "r3.staff_open"), (75, 120));
    assert_eq!(row(&report, "waiting.over_180"), ["[c] not told apart", "60"]);
    assert_held_back(&report, "r3.staff_answered");
}

#[test]
fn given_a_hundred_that_come_to_be_few_when_they_are_released_again_then_the_grain_stays() {
    let mut ledger = ledger();
    let items = staff(&mut ledger, "2025-05-06", 100);
    ledger.release("autumn", "2025-09-30");
    assert_eq!(row(&r3(&ledger), "waiting.91_to_180")[0], "100");
    for item in &items[..40] {
        ledger.take_back(*item, "2025-10-02", WithdrawalScope::Whole);
    }
    for item in &items[40..50] {
        ledger.respond(*item, "2025-10-03", ResponseOutcome::ChangeConsidered);
    }
    ledger.release("winter", "2025-11-03");
    let report = r3(&ledger);
    // 60 are left: 10 answered, 50 wait for 181 days.
    assert_eq!(
        (row(&report, "answered_open")[0].as_str(), row(&report, "waiting.over_180")[0].as_str()),
        ("10", "50")
    );
}

#[test]
fn given_a_small_part_of_three_when_it_is_released_then_what_is_open_goes_with_it() {
    let mut ledger = ledger();
    let items = staff(&mut ledger, "2025-05-06", 60);
    in_force(&mut ledger, "x", &items[..3]);
    closed(&mut ledger, &items[3..43], "law");
    ledger.release("autumn", "2025-09-30");
    let report = r3(&ledger);
    // 3 and 17 are hidden, 20 together; 40 of 60 may be told.
    assert_eq!(["changed", "no_change", "open"].map(|it| row(&report, it)[0].clone()), ["[c]", "40", "[c]"]);
    assert_eq!(share(&report, "r3.staff_no_change"), (40, 60));
    assert_eq!(
        figure(&report, "r3.staff_changed").text,
        "Of 60 items of staff feedback received in 2025-26, how many led to a change is held back."
    );
}

#[test]
fn given_no_release_point_or_a_quarter_when_it_is_asked_for_then_it_is_said_why_there_is_none() {
    let mut ledger = ledger();
    staff(&mut ledger, "2025-05-06", 20);
    let none = r3(&ledger);
    assert!(none.figures.iter().all(|it| it.status == FigureStatus::NotAvailable && it.number.is_none()));
    assert!(figure(&none, "r3.staff_changed").text.ends_with("declare a release point."));
    assert_eq!(
        figure(&none, "r3.partners_open").text,
        "Partner feedback, open: not without a release point."
    );
    let point = ledger.release("autumn", "2025-09-30");
    assert_eq!(share(&r3(&ledger), "r3.staff_open"), (20, 20));
    // Not known yet, and not past yet.
    assert_eq!(
        figure(&ask_known(ReportName::Feedback, &ledger, "2026-03-31", point), "r3.staff_open").number,
        None
    );
    assert_eq!(figure(&ask(ReportName::Feedback, &ledger, "2025-09-29"), "r3.staff_open").number, None);
    let quarter = parameters("2026-03-31", ledger.facts.len() as u64, "2025-26 Q1");
    let quarter = report(ReportName::Feedback, &ledger.views(), &quarter, &stand()).unwrap();
    assert!(figure(&quarter, "r3.staff_changed").text.ends_with("ask for the financial year."));
}

#[test]
fn given_a_denominator_that_drifts_when_it_is_released_then_it_moves_by_the_threshold_or_not() {
    let mut ledger = ledger();
    let items = staff(&mut ledger, "2025-05-06", 20);
    ledger.release("p1", "2025-12-01");
    staff(&mut ledger, "2025-05-07", 4);
    let between = r3(&ledger);
    ledger.release("p2", "2026-01-05");
    // 24 waited: 4 more are too few to be told.
    assert_eq!(
        (share(&between, "r3.staff_open"), share(&r3(&ledger), "r3.staff_open")),
        ((20, 20), (20, 20))
    );
    staff(&mut ledger, "2025-05-08", 1);
    ledger.release("p3", "2026-02-05");
    assert_eq!(share(&r3(&ledger), "r3.staff_open"), (25, 25));
    // Six are taken back: 19 are left.
    for item in &items[..6] {
        let received =
            ledger.facts.iter().position(|it| it.event.subject.to_string() == format!("feedback/{item}"));
        ledger.void(received.unwrap() as u64, "2025-08-01");
    }
    ledger.release("p4", "2026-03-10");
    assert_eq!(share(&r3(&ledger), "r3.staff_open"), (19, 19));
}

#[test]
fn given_feedback_that_is_voided_or_withdrawn_when_a_change_cites_it_then_the_change_stands_without_it() {
    let mut ledger = ledger();
    let items = staff(&mut ledger, "2025-05-06", 20);
    in_force(&mut ledger, "x", &items);
    let first =
        ledger.facts.iter().position(|it| it.event.subject.to_string() == format!("feedback/{}", items[0]));
    ledger.void(first.unwrap() as u64, "2025-07-02");
    for item in &items[1..7] {
        ledger.take_back(*item, "2025-07-02", WithdrawalScope::Whole);
    }
    ledger.take_back(items[7], "2025-07-02", WithdrawalScope::Contact);
    ledger.release("autumn", "2025-09-30");
    let report = r3(&ledger);
    // 20 − 1 voided − 6 withdrawn = 13, of whom one took back the contact only.
    assert_eq!((share(&report, "r3.staff_changed"), number(&report, "r3.staff_withdrawn")), ((13, 13), 6));
    assert_eq!(row(&report, "changed")[0], "13");
    let r5 = ask(ReportName::PolicyChanges, &ledger, "2026-03-31");
    assert_eq!(share(&r5, "r5.provenance_share"), (1, 1));
}

#[test]
fn given_one_item_with_two_changes_and_nine_with_one_when_counted_then_they_are_ten_items() {
    let mut ledger = ledger();
    let items = staff(&mut ledger, "2025-05-06", 10);
    in_force(&mut ledger, "x", &items);
    in_force(&mut ledger, "y", &items[..1]);
    ledger.release("autumn", "2025-09-30");
    assert_eq!(share(&r3(&ledger), "r3.staff_changed"), (10, 10));
}

#[test]
fn given_wording_a_review_without_change_or_a_reversal_when_counted_then_nothing_changed() {
    let mut ledger = ledger();
    let items = staff(&mut ledger, "2025-05-06", 24);
    // 8 with an editorial change, 8 with one that was reversed, 8 with a claim that nobody verified.
    ledger.propose("typo", "2025-06-01", "leave", WORDING, &items[..8]);
    ledger.change("typo", "2025-06-03", "leave", "2025-07-01", true);
    in_force(&mut ledger, "x", &items[8..16]);
    ledger.plan_for("quiet-room", "2025-05-20", &items[16..]);
    ledger.complete("quiet-room", "2025-07-10");
    ledger.review_policy("leave", "2025-07-11", "2026-07-11");
    ledger.release("before", "2025-07-31");
    assert_eq!(share(&r3(&ledger), "r3.staff_changed"), (8, 24));
    ledger.reverse("x", "2025-08-15");
    ledger.release("after", "2025-09-30");
    assert_held_back(&r3(&ledger), "r3.staff_changed");
}

#[test]
fn given_a_link_of_the_items_own_when_it_is_taken_back_then_it_does_not_count() {
    let mut ledger = ledger();
    let items = staff(&mut ledger, "2025-05-06", 15);
    ledger.plan("quiet-room", "2025-05-20", "2025-12-31", &["C14"]);
    ledger.complete("quiet-room", "2025-07-10");
    ledger.verify("quiet-room", "2025-07-15");
    in_force(&mut ledger, "x", &items[..5]);
    for item in &items {
        ledger.link(*item, "2025-08-01", "action/quiet-room");
    }
    // The proposal named it, and the item's own event takes that back, too.
    for item in &items[..5] {
        ledger.unlink(*item, "2025-08-02", "action/quiet-room");
        ledger.unlink(*item, "2025-08-02", "policy-change/x");
    }
    ledger.release("autumn", "2025-09-30");
    assert_eq!(share(&r3(&ledger), "r3.staff_changed"), (10, 15));
    // Reopened, the action is not verified any more.
    ledger.reopen("quiet-room", "2025-10-01");
    ledger.release("winter", "2025-11-30");
    assert_held_back(&r3(&ledger), "r3.staff_changed");
}

#[test]
fn given_what_was_there_before_anybody_spoke_when_it_is_linked_then_it_did_not_come_of_it() {
    let mut ledger = ledger();
    let items = staff(&mut ledger, "2025-07-02", 10);
    in_force(&mut ledger, "x", &items);
    ledger.release("autumn", "2025-09-30");
    assert_eq!(share(&r3(&ledger), "r3.staff_changed"), (0, 10));
    let mut ledger = self::ledger();
    let items = staff(&mut ledger, "2025-07-01", 10);
    in_force(&mut ledger, "x", &items);
    ledger.release("autumn", "2025-09-30");
    assert_eq!(share(&r3(&ledger), "r3.staff_changed"), (10, 10));
}

#[test]
fn given_the_last_night_of_march_when_london_is_ahead_then_the_day_is_londons() {
    let mut ledger = ledger();
    // Summer time from 29 March 2026 on: 22:59 UTC is 23:59, still 31 March; 23:30 UTC is 00:30 on 1 April.
    staff(&mut ledger, "2026-03-31T22:59:59Z", 10);
    staff(&mut ledger, "2026-03-31T23:30:00Z", 11);
    ledger.release("spring", "2026-04-20");
    let year = |year| {
        let asked = parameters("2026-04-30", ledger.facts.len() as u64, year);
        share(&report(ReportName::Feedback, &ledger.views(), &asked, &stand()).unwrap(), "r3.staff_open")
    };
    assert_eq!((year("2025-26"), year("2026-27")), ((10, 10), (11, 11)));
}

#[test]
fn given_events_out_of_order_when_they_are_recorded_then_their_days_count() {
    let mut ledger = ledger();
    let items = staff(&mut ledger, "2025-05-06", 100);
    for item in &items {
        // Recorded backwards: told, then reopened before that, then closed before that, then answered.
        ledger.tell(*item, "2025-08-04");
        ledger.close(*item, "2025-08-03", "law");
        ledger.open_again(*item, "2025-08-02");
        ledger.close(*item, "2025-08-01", "cost");
        ledger.respond(*item, "2025-07-01", ResponseOutcome::NoChange);
    }
    ledger.release("autumn", "2025-09-30");
    let report = r3(&ledger);
    assert_eq!(
        (row(&report, "no_change.law")[0].as_str(), share(&report, "r3.staff_loop_closed")),
        ("100", (100, 100))
    );
    // Reopened again: neither closed nor told.
    for item in &items {
        ledger.open_again(*item, "2025-10-01");
    }
    ledger.release("winter", "2025-11-30");
    let report = r3(&ledger);
    assert_eq!(row(&report, "answered_open")[0], "100");
    assert_held_back(&report, "r3.staff_loop_closed");
}

#[test]
fn given_corrections_of_corrections_when_they_are_known_then_the_last_that_stands_counts() {
    let mut ledger = ledger();
    let items = staff(&mut ledger, "2025-05-06", 20);
    let received = |ledger: &Chronicle, item: &Uuid| {
        let of =
            ledger.facts.iter().position(|it| it.event.subject.to_string() == format!("feedback/{item}"));
        (of.unwrap() as u64, ledger.facts[of.unwrap()].event.payload.clone())
    };
    ledger.release("p1", "2025-06-10");
    // Ten were received in March, the year before …
    for item in &items[..10] {
        let (target, said) = received(&ledger, item);
        ledger.correct(target, "2025-03-20", said);
    }
    ledger.release("p2", "2025-07-10");
    // … no, in April after all …
    let mut again = Vec::new();
    for item in &items[..10] {
        let (target, said) = received(&ledger, item);
        again.push(ledger.correct(target, "2025-04-02", said));
    }
    ledger.release("p3", "2025-08-10");
    // … no: that correction was a mistake, and the one before it stands.
    for correction in again {
        ledger.void(correction, "2025-08-20");
    }
    ledger.release("p4", "2025-09-10");
    let size = ledger.facts.len() as u64;
    let open = |day| share(&ask_known(ReportName::Feedback, &ledger, day, size), "r3.staff_open").1;
    assert_eq!(["2025-06-30", "2025-07-31", "2025-08-31", "2025-09-30"].map(open), [20, 10, 20, 10]);
}

#[test]
fn given_silence_when_it_is_reported_then_it_is_not_none() {
    let mut ledger = ledger();
    staff(&mut ledger, "2025-05-06", 10);
    ledger.release("autumn", "2025-09-30");
    let report = r3(&ledger);
    let partners = figure(&report, "r3.partners_changed");
    assert_eq!(
        (partners.printed().as_str(), partners.number),
        ("[x] No partner feedback is recorded as received in 2025-26.", None)
    );
    assert_eq!(row(&report, "changed"), ["0", "[x] None received"]);
}

#[test]
fn given_any_figure_when_its_events_are_looked_at_then_none_is_about_an_item() {
    let mut ledger = ledger();
    let items = staff(&mut ledger, "2025-05-06", 20);
    in_force(&mut ledger, "x", &items);
    ledger.release("autumn", "2025-09-30");
    for name in [ReportName::Feedback, ReportName::ResponseTimes] {
        let report = ask(name, &ledger, "2026-03-31");
        let cells = report.tables.iter().flat_map(|table| &table.rows).flat_map(|row| &row.cells);
        for event in cells.chain(&report.figures).flat_map(|figure| &figure.events) {
            let kind = ledger.facts[*event as usize].event.subject.kind();
            assert_eq!(kind, crate::domain::id::Kind::ReleasePoint);
        }
    }
}

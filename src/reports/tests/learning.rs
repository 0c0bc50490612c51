//! R6, by hand.

use super::{ask, cell_of, figure, number, parameters, share, stand, subjects};
use crate::domain::event::Level;
use crate::projections::chronicle::Chronicle;
use crate::reports::{FigureStatus, Report, ReportName, report};

fn r6(ledger: &Chronicle, as_at: &str) -> Report {
    ask(ReportName::Learning, ledger, as_at)
}

/// One unit, `whole`, with that coverage, released at the end of June.
fn released(staff: [u32; 5], leaders: [u32; 5]) -> Chronicle {
    let mut ledger = Chronicle::opened(false);
    ledger.unit("whole", None, None);
    ledger.learned("whole", "2025-06-30", staff, leaders);
    ledger.release("june", "2025-06-30");
    ledger
}

fn staff(report: &Report, level: &str) -> String {
    cell_of(report, "r6.coverage_staff", "unit/whole", level)
}

fn leaders(report: &Report, level: &str) -> String {
    cell_of(report, "r6.coverage_leaders", "unit/whole", level)
}

#[test]
fn given_no_release_point_when_it_is_asked_then_nothing_about_people_is_said_and_what_to_do() {
    let mut ledger = Chronicle::opened(false);
    ledger.unit("whole", None, None);
    ledger.learned("whole", "2025-06-30", [77, 68, 52, 30, 20], [0; 5]);
    let none = r6(&ledger, "2026-03-31");
    let answer = figure(&none, "r6.coverage_staff_informed");
    assert_eq!((answer.status, answer.number), (FigureStatus::NotAvailable, None));
    assert!(answer.text.contains("declare one"), "{}", answer.text);
    ledger.release("june", "2025-06-30");
    // As at the day before the point's, it is not past yet.
    assert_eq!(
        figure(&r6(&ledger, "2025-06-29"), "r6.coverage_staff_informed").status,
        FigureStatus::NotAvailable
    );
    // 68 of 77 is 88.3 %.
    let report = r6(&ledger, "2025-06-30");
    assert_eq!(share(&report, "r6.coverage_staff_informed"), (68, 77));
    assert_eq!(
        figure(&report, "r6.coverage_staff_informed").text,
        "68 of 77 staff (88 %) have learned at least at the informed level, as of 30 June 2025."
    );
    assert!(report.notes[0].starts_with("As of the release point of 30 June 2025"));
}

#[test]
fn given_cumulative_levels_when_one_is_small_then_the_sums_that_would_give_it_away_are_held_back() {
    // Exclusive: 9 none, 16 informed only, 43 skilled only, 8 enhanced only, 1 specialist. 1 is hidden, and with it 8 (9:
    // less than ten) and 43. Informed 68 and skilled 52 hold all that is hidden or nothing of it; enhanced would be 9 and
    // specialist 1.
    let report = r6(&released([77, 68, 52, 9, 1], [0; 5]), "2025-06-30");
    let shown = ["informed", "skilled", "enhanced", "specialist"].map(|level| staff(&report, level));
    assert_eq!(shown, ["88 % (68 of 77)", "68 % (52 of 77)", "[c] held back", "[c] held back"]);
    assert_eq!(staff(&report, "people"), "77");
    assert_eq!(figure(&report, "r6.coverage_staff_enhanced").status, FigureStatus::Suppressed);
    assert_eq!(figure(&report, "r6.coverage_staff_enhanced").number, None);
    // Each level holds the next: 60 of 80 are informed, and the 20 skilled are among them.
    let report = r6(&released([80, 60, 20, 10, 5], [0; 5]), "2025-06-30");
    let shown = ["informed", "skilled", "enhanced", "specialist"].map(|level| staff(&report, level));
    assert_eq!(shown, ["75 % (60 of 80)", "25 % (20 of 80)", "13 % (10 of 80)", "6 % (5 of 80)"]);
    assert_eq!(leaders(&report, "informed"), "[z] No leaders");
}

#[test]
fn given_leaders_who_are_staff_too_when_they_are_shown_then_nothing_is_added_and_the_others_stay_hidden() {
    // Leaders: 5 none, 5 informed only, 10 skilled: none is small. Staff: 10, 18, 12. So the others are 5, 13 and 2: two
    // people are skilled and no leaders, and with both numbers at the skilled level they would be known.
    let report = r6(&released([40, 30, 12, 0, 0], [20, 15, 10, 0, 0]), "2025-06-30");
    assert_eq!(
        (staff(&report, "informed"), staff(&report, "skilled")),
        ("75 % (30 of 40)".into(), "30 % (12 of 40)".into())
    );
    assert_eq!(
        (leaders(&report, "informed"), leaders(&report, "skilled")),
        ("75 % (15 of 20)".into(), "[c] held back".into())
    );
    // The 20 leaders are among the 40 staff: nothing anywhere says 60.
    assert_eq!((staff(&report, "people"), leaders(&report, "people")), ("40".into(), "20".into()));
    assert_eq!(
        (share(&report, "r6.coverage_staff_informed"), share(&report, "r6.coverage_leaders_informed")),
        ((30, 40), (15, 20))
    );
}

#[test]
fn given_nearly_all_of_few_when_they_are_shown_then_it_is_more_than_95_percent() {
    // All ten leaders are informed, of the others 58 of 67.
    let report = r6(&released([77, 68, 52, 9, 1], [10, 10, 7, 2, 0]), "2025-06-30");
    assert_eq!(leaders(&report, "informed"), "more than 95 % of 10");
    assert_eq!(leaders(&report, "skilled"), "[c] held back");
    let answer = figure(&report, "r6.coverage_leaders_informed");
    assert_eq!((answer.number, answer.numerator), (None, None));
    assert_eq!(
        answer.text,
        "More than 95 % of 10 leaders have learned at least at the informed level, as of 30 June 2025."
    );
}

#[test]
fn given_a_small_move_when_it_is_released_then_the_number_stays() {
    let mut ledger = released([80, 60, 20, 10, 5], [0; 5]);
    ledger.learned("whole", "2025-09-30", [80, 62, 20, 10, 5], [0; 5]);
    assert_eq!(share(&r6(&ledger, "2025-12-31"), "r6.coverage_staff_informed"), (60, 80));
    // 2 more: 40 are informed only instead of 42, and 20 have reached none instead of 18. Nothing moves by five.
    ledger.release("september", "2025-09-30");
    assert_eq!(share(&r6(&ledger, "2025-12-31"), "r6.coverage_staff_informed"), (60, 80));
    // 10 more than at first: 30 and 10 without any level.
    ledger.learned("whole", "2025-12-31", [80, 70, 20, 10, 5], [0; 5]);
    ledger.release("december", "2025-12-31");
    assert_eq!(share(&r6(&ledger, "2025-12-31"), "r6.coverage_staff_informed"), (70, 80));
    // The September report again, from what was known by then.
    assert_eq!(share(&r6(&ledger, "2025-12-30"), "r6.coverage_staff_informed"), (60, 80));
}

#[test]
fn given_denominators_that_drift_when_they_are_shown_then_it_is_said() {
    let mut ledger = Chronicle::opened(false);
    ledger.unit("whole", None, None);
    ledger.learned("whole", "2025-06-30", [75, 50, 20, 10, 5], [10, 10, 0, 0, 0]);
    ledger.release("june", "2025-06-30");
    assert_eq!(staff(&r6(&ledger, "2025-06-30"), "baseline"), "[x] None recorded");
    ledger.baseline("whole", "2025-07-01", 75, 9);
    ledger.release("august", "2025-08-01");
    let august = r6(&ledger, "2025-08-01");
    // 75 of 75; and nine leaders work there, ten were counted: of one it is not told whether there is a difference.
    assert_eq!(staff(&august, "baseline"), "Fewer than 5 apart, on 1 Jul 2025");
    assert_eq!(leaders(&august, "baseline"), "Fewer than 5 apart, on 1 Jul 2025");
    assert_eq!(share(&august, "r6.denominators"), (0, 1));
    ledger.baseline("whole", "2025-09-01", 90, 9);
    ledger.release("october", "2025-10-01");
    let october = r6(&ledger, "2025-10-01");
    assert_eq!(
        (staff(&october, "baseline"), staff(&october, "people")),
        ("DIFFERS: 90, on 1 Sep 2025".into(), "75".into())
    );
    assert_eq!(share(&october, "r6.denominators"), (1, 1));
    // The share is of those who were counted: 50 of 75, not of 90.
    assert_eq!(share(&october, "r6.coverage_staff_informed"), (50, 75));
}

#[test]
fn given_a_unit_and_its_part_when_both_are_counted_then_one_is_shown() {
    let mut ledger = Chronicle::opened(false);
    ledger.unit("whole", None, None);
    ledger.unit("a", Some("whole"), None);
    ledger.unit("a1", Some("a"), None);
    ledger.unit("b", Some("whole"), None);
    ledger.unit("c", None, Some("2025-06-29"));
    for unit in ["a1", "c"] {
        ledger.learned(unit, "2025-06-01", [30, 20, 10, 0, 0], [0; 5]);
    }
    ledger.release("june", "2025-06-30");
    // The part alone was counted; the unit that ended the day before the point is no unit any more.
    let june = r6(&ledger, "2025-06-30");
    assert_eq!(subjects(&june, "r6.coverage_staff"), ["unit/a1"]);
    assert_eq!(subjects(&june, "r6.not_shown"), ["unit/a", "unit/b", "unit/whole"]);
    ledger.learned("whole", "2025-07-01", [100, 60, 40, 20, 10], [0; 5]);
    ledger.learned("b", "2025-07-01", [40, 20, 10, 0, 0], [0; 5]);
    ledger.release("july", "2025-07-31");
    // What was shown stays; the whole would tell of the rest. b is no part of a1: 20 of 30 and 20 of 40 are 40 of 70.
    let july = r6(&ledger, "2025-07-31");
    assert_eq!(subjects(&july, "r6.coverage_staff"), ["unit/a1", "unit/b"]);
    let why = cell_of(&july, "r6.not_shown", "unit/whole", "why");
    assert_eq!(why, "Unit a1, which is a part of it, is shown, and was before");
    assert_eq!(share(&july, "r6.coverage_staff_informed"), (40, 70));
    // Counted at one point for the first time, the whole goes before its parts.
    let mut ledger = Chronicle::opened(false);
    ledger.unit("whole", None, None);
    ledger.unit("a", Some("whole"), None);
    ledger.learned("a", "2025-06-01", [30, 20, 10, 0, 0], [0; 5]);
    ledger.learned("whole", "2025-06-01", [100, 60, 40, 20, 10], [0; 5]);
    ledger.release("june", "2025-06-30");
    let june = r6(&ledger, "2025-06-30");
    assert_eq!(subjects(&june, "r6.coverage_staff"), ["unit/whole"]);
    assert_eq!(cell_of(&june, "r6.not_shown", "unit/a", "why"), "A part of Unit whole, which is shown");
}

#[test]
fn given_attendances_when_they_are_counted_then_they_are_no_people() {
    let mut ledger = released([30, 20, 10, 0, 0], [0; 5]);
    // Informed in the first quarter: 28 and 34, and once nobody counted. Skilled: 14 in the first, 3 (too few) and 16 in
    // the second; one was cancelled in the second. One in June nobody spoke of again; one is still to come.
    for (id, level, held, attendances) in [
        ("i1", Level::Informed, "2025-05-15", Some(28)),
        ("i2", Level::Informed, "2025-06-30", Some(34)),
        ("i3", Level::Informed, "2025-06-05", None),
        ("s1", Level::Skilled, "2025-06-24", Some(14)),
        ("s2", Level::Skilled, "2025-07-01", Some(3)),
        ("s3", Level::Skilled, "2025-09-09", Some(16)),
    ] {
        ledger.offer(id, "2025-04-24", level, held);
        ledger.deliver(id, held, attendances);
    }
    ledger.offer("s4", "2025-04-24", Level::Skilled, "2025-10-07");
    ledger.call_off("s4", "2025-09-30");
    ledger.offer("e1", "2025-04-24", Level::Enhanced, "2025-06-20");
    ledger.offer("e2", "2025-04-24", Level::Enhanced, "2025-12-20");
    ledger.release("september", "2025-09-30");
    let report = r6(&ledger, "2025-12-31");
    // 28 + 34 + 14 + 16 = 92, at 4 of the 6 sessions; three times as many as there are people, and no number of people.
    assert_eq!((number(&report, "r6.sessions"), number(&report, "r6.attendances")), (6, 92));
    assert_eq!(
        figure(&report, "r6.attendances").text,
        "92 attendances, which are not people, were counted at 4 of 6 sessions; 1 not counted; 1 with very few, held back \
         and not in the sum."
    );
    assert_eq!(
        (number(&report, "r6.not_counted"), number(&report, "r6.cancelled"), number(&report, "r6.unsaid")),
        (1, 1, 1)
    );
    assert_eq!(subjects(&report, "r6.unsaid"), ["session/e1"]);
    assert_eq!(share(&report, "r6.coverage_staff_informed"), (20, 30));
    let row = |subject: &str| {
        ["held", "attendances", "not_counted", "cancelled"]
            .map(|it| cell_of(&report, "r6.sessions", subject, it))
    };
    assert_eq!(row("2025-26 Q1/INFORMED"), ["3", "62", "1", "0"]);
    assert_eq!(row("2025-26 Q1/SKILLED"), ["1", "14", "0", "0"]);
    assert_eq!(row("2025-26 Q2/SKILLED"), ["2", "16, and 1 held back", "0", "1"]);
    assert_eq!(subjects(&report, "r6.sessions").len(), 3);
    // Of the second quarter alone: 16, at one of two.
    let asked = parameters("2025-12-31", ledger.facts.len() as u64, "2025-26 Q2");
    let second = report_of(&ledger, &asked);
    assert_eq!((number(&second, "r6.sessions"), number(&second, "r6.attendances")), (2, 16));
    // Of a period that begins after the point nothing is known.
    let next = report_of(&ledger, &parameters("2025-12-31", ledger.facts.len() as u64, "2025-26 Q3"));
    assert_eq!(figure(&next, "r6.sessions").status, FigureStatus::NotAvailable);
}

fn report_of(ledger: &Chronicle, asked: &crate::reports::Parameters) -> Report {
    report(ReportName::Learning, &ledger.views(), asked, &stand()).unwrap()
}

#[test]
fn given_a_session_said_anew_or_taken_back_when_it_is_counted_then_once_and_as_it_stands() {
    let mut ledger = Chronicle::opened(false);
    ledger.offer("s1", "2025-04-24", Level::Skilled, "2025-05-20");
    let delivered = ledger.deliver("s1", "2025-05-20", Some(31));
    ledger.release("may", "2025-05-31");
    let anew = crate::domain::event::LearningDelivered { minutes: 90, attendances: Some(13) };
    ledger.correct(delivered, "2025-05-20", anew);
    ledger.release("june", "2025-06-30");
    ledger.void(delivered, "2025-07-01");
    ledger.release("july", "2025-07-31");
    let attendances = |as_at: &str| figure(&r6(&ledger, as_at), "r6.attendances").number;
    assert_eq!(
        (attendances("2025-05-31"), attendances("2025-06-30"), attendances("2025-07-31")),
        (Some(31.0), Some(13.0), None)
    );
    // Then nobody has said what became of it.
    assert_eq!(number(&r6(&ledger, "2025-07-31"), "r6.unsaid"), 1);
}

#[test]
fn given_practice_support_when_it_is_shown_then_by_kind() {
    let mut ledger = Chronicle::opened(false);
    ledger.list("support-kind", "2025-03-01", &[("coaching", "Coaching", (None, None), &[])]);
    ledger.support("a", "2025-05-01", "coaching", 5);
    ledger.support("b", "2025-06-01", "coaching", 2);
    ledger.support("c", "2025-06-01", "circle", 1);
    ledger.support("d", "2024-06-01", "coaching", 9);
    ledger.release("june", "2025-06-30");
    let report = r6(&ledger, "2025-06-30");
    // 5 + 2 + 1 on three occasions; the 9 were another year's.
    assert_eq!(
        figure(&report, "r6.support").text,
        "8 sessions of practice support in 2025-26, recorded on 3 occasions."
    );
    let row =
        |subject: &str| ["kind", "sessions", "times"].map(|it| cell_of(&report, "r6.support", subject, it));
    assert_eq!(row("support-kind/coaching"), ["Coaching", "7", "2"]);
    assert_eq!(row("support-kind/circle"), ["circle", "1", "1"]);
}

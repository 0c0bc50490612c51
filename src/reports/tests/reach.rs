//! R7, by hand.

use proptest::prelude::*;

use super::{ask, ask_known, cell_of, figure, number, share, subjects};
use crate::domain::event::Purpose::{Benefits, EverybodysBusiness, Impact};
use crate::projections::chronicle::people::Entry;
use crate::projections::chronicle::{Chronicle, on};
use crate::reports::{FigureStatus, Report, ReportName};

const ALWAYS: (Option<&str>, Option<&str>) = (None, None);

fn r7(ledger: &Chronicle, as_at: &str) -> Report {
    ask(ReportName::Reach, ledger, as_at)
}

fn three() -> Chronicle {
    let mut ledger = Chronicle::opened(false);
    let entries: [Entry<'_>; 3] = [
        ("FIF", "Fife", ALWAYS, &[("S15", None, None)]),
        ("NLK", "North Lanarkshire", ALWAYS, &[("S44", None, None)]),
        ("ANS", "Angus", ALWAYS, &[("S41", None, None)]),
    ];
    ledger.list("council", "2025-03-01", &entries);
    ledger
}

#[test]
fn given_a_council_that_came_often_when_it_is_counted_then_once() {
    let mut ledger = three();
    ledger.hold("a", "2025-05-21", Benefits, (&["FIF", "NLK"], &["health-board"]), Some(84));
    ledger.hold("b", "2025-06-12", Benefits, (&["FIF"], &["health-board", "police"]), Some(67));
    ledger.hold("c", "2025-10-09", Impact, (&[], &[]), None);
    ledger.hold("before", "2025-03-31", Benefits, (&["ANS"], &[]), Some(50));
    let report = r7(&ledger, "2026-03-31");
    // Fife twice, North Lanarkshire once: 2 of 3. Angus came the day before the year began.
    assert_eq!(share(&report, "r7.councils_reached"), (2, 3));
    assert_eq!(figure(&report, "r7.councils_reached").text, "2 of 3 councils were reached in 2025-26.");
    assert_eq!(subjects(&report, "r7.not_reached"), ["council/ANS"]);
    assert_eq!(cell_of(&report, "r7.councils", "council/FIF", "activities"), "2");
    assert_eq!(cell_of(&report, "r7.councils", "council/FIF", "last"), "12 Jun 2025");
    assert_eq!((number(&report, "r7.activities"), number(&report, "r7.partners")), (3, 2));
    assert_eq!((number(&report, "r7.purpose.benefits"), number(&report, "r7.purpose.impact")), (2, 1));
    assert_eq!(number(&report, "r7.purpose.outcomes"), 0);
    // 84 + 67 attendances: fewer or more people, nobody knows.
    assert_eq!(
        figure(&report, "r7.attendances").text,
        "151 attendances, which are not people, were counted at 2 of 3 activities; 1 not counted."
    );
    assert_eq!(cell_of(&report, "r7.activities", "awareness/c", "attendances"), "[x] Not counted");
    // By June, and as known before the second.
    assert_eq!(number(&r7(&ledger, "2025-05-31"), "r7.activities"), 1);
    assert_eq!(number(&ask_known(ReportName::Reach, &ledger, "2026-03-31", 3), "r7.activities"), 1);
}

#[test]
fn given_a_council_recoded_in_the_middle_of_a_year_when_it_is_counted_then_it_is_one() {
    let mut ledger = three();
    ledger.hold("spring", "2025-06-11", Benefits, (&["FIF"], &[]), Some(20));
    // From October on the national register calls Fife S47. The key stays.
    let entries: [Entry<'_>; 3] = [
        ("FIF", "Fife", ALWAYS, &[("S15", None, Some("2025-09-30")), ("S47", Some("2025-10-01"), None)]),
        ("NLK", "North Lanarkshire", ALWAYS, &[("S44", None, None)]),
        ("ANS", "Angus", ALWAYS, &[("S41", None, None)]),
    ];
    ledger.list("council", "2025-10-01", &entries);
    ledger.hold("autumn", "2025-11-12", Benefits, (&["FIF"], &[]), Some(20));
    let report = r7(&ledger, "2026-03-31");
    assert_eq!(share(&report, "r7.councils_reached"), (1, 3));
    assert_eq!(cell_of(&report, "r7.councils", "council/FIF", "activities"), "2");
}

#[test]
fn given_a_list_keyed_by_the_codes_that_change_when_one_changes_then_it_is_one_council() {
    // Here the key itself is the national code: S15 until September, S47 from October on, and the new entry says that S15
    // was its name. S99 was another council's name before 2020, and is no name of S47 in 2025.
    let mut ledger = Chronicle::opened(false);
    let before: [Entry<'_>; 3] =
        [("S15", "Fife", ALWAYS, &[]), ("S41", "Angus", ALWAYS, &[]), ("S99", "Moray", ALWAYS, &[])];
    ledger.list("council", "2025-03-01", &before);
    ledger.hold("spring", "2025-06-11", Benefits, (&["S15", "S99"], &[]), Some(20));
    let until = Some("2025-09-30");
    let after: [Entry<'_>; 4] = [
        ("S15", "Fife", (None, until), &[]),
        (
            "S47",
            "Fife",
            (Some("2025-10-01"), None),
            &[("S15", None, until), ("S99", None, Some("2019-12-31"))],
        ),
        ("S41", "Angus", ALWAYS, &[]),
        ("S99", "Moray", ALWAYS, &[]),
    ];
    ledger.list("council", "2025-10-01", &after);
    ledger.hold("autumn", "2025-11-12", Benefits, (&["S47"], &[]), Some(20));
    // In September S15 and S99 of three; after it S47, once, and S99, of three.
    assert_eq!(share(&r7(&ledger, "2025-09-30"), "r7.councils_reached"), (2, 3));
    let report = r7(&ledger, "2026-03-31");
    assert_eq!(share(&report, "r7.councils_reached"), (2, 3));
    assert_eq!(subjects(&report, "r7.councils"), ["council/S47", "council/S99"]);
    assert_eq!(cell_of(&report, "r7.councils", "council/S47", "activities"), "2");
    assert_eq!(subjects(&report, "r7.not_reached"), ["council/S41"]);
    assert_eq!(number(&report, "r7.councils_ceased"), 0);
}

#[test]
fn given_a_council_that_ceased_to_be_when_it_was_reached_then_it_is_listed_apart() {
    let mut ledger = three();
    ledger.hold("spring", "2025-06-11", Benefits, (&["FIF", "ANS"], &[]), Some(20));
    let entries: [Entry<'_>; 3] = [
        ("FIF", "Fife", ALWAYS, &[]),
        ("NLK", "North Lanarkshire", ALWAYS, &[]),
        ("ANS", "Angus", (None, Some("2025-09-30")), &[]),
    ];
    ledger.list("council", "2025-10-01", &entries);
    let report = r7(&ledger, "2026-03-31");
    assert_eq!((share(&report, "r7.councils_reached"), number(&report, "r7.councils_ceased")), ((1, 2), 1));
    assert_eq!(subjects(&report, "r7.councils_ceased"), ["council/ANS"]);
    // On its last day it is one of three.
    assert_eq!(share(&r7(&ledger, "2025-09-30"), "r7.councils_reached"), (2, 3));
}

#[test]
fn given_few_attendances_when_they_are_shown_then_no_sum_gives_them_away() {
    let mut ledger = three();
    ledger.hold("a", "2025-05-21", EverybodysBusiness, (&[], &[]), Some(19));
    ledger.hold("b", "2025-05-22", EverybodysBusiness, (&[], &[]), Some(4));
    ledger.hold("c", "2025-05-23", Impact, (&[], &[]), Some(4));
    ledger.hold("d", "2025-05-24", Benefits, (&[], &[]), Some(0));
    let report = r7(&ledger, "2026-03-31");
    assert_eq!(number(&report, "r7.attendances"), 19);
    assert_eq!(
        figure(&report, "r7.attendances").text,
        "19 attendances, which are not people, were counted at 2 of 4 activities; 2 with very few, held back and not in the \
         sum."
    );
    let purpose =
        |purpose: &str| cell_of(&report, "r7.purposes", &format!("purpose/{purpose}"), "attendances");
    assert_eq!(purpose("EVERYBODYS_BUSINESS"), "19, and 1 held back");
    assert_eq!((purpose("IMPACT"), purpose("BENEFITS")), ("[c] few".into(), "0".into()));
    assert_eq!(cell_of(&report, "r7.activities", "awareness/b", "attendances"), "[c] few");
    // With a higher threshold 19 is few, too.
    ledger.settings(20);
    assert_eq!(figure(&r7(&ledger, "2026-03-31"), "r7.attendances").number, Some(0.0));
}

#[test]
fn given_signposting_when_it_is_shown_then_by_route() {
    let mut ledger = Chronicle::opened(false);
    ledger.list("support-route", "2025-03-01", &[("helpline", "Helpline", ALWAYS, &[])]);
    ledger.signpost("a", "2025-05-01", "helpline", Some(80));
    ledger.signpost("b", "2025-06-01", "helpline", None);
    let wrong = ledger.signpost("c", "2025-07-01", "counselling", Some(3));
    let report = r7(&ledger, "2026-03-31");
    assert_eq!(
        figure(&report, "r7.signposting").text,
        "People were told 3 times in 2025-26 where to find help, by 2 routes."
    );
    let row = |subject: &str| {
        ["route", "times", "reach", "not_counted"].map(|it| cell_of(&report, "r7.signposting", subject, it))
    };
    assert_eq!(row("support-route/helpline"), ["Helpline", "2", "80", "1"]);
    assert_eq!(row("support-route/counselling"), ["counselling", "1", "[c] few", "0"]);
    // No activity was ever recorded: silence, and no zero.
    assert_eq!(figure(&report, "r7.activities").status, FigureStatus::NotAvailable);
    ledger.void(wrong, "2025-08-01");
    assert_eq!(subjects(&r7(&ledger, "2026-03-31"), "r7.signposting"), ["support-route/helpline"]);
}

#[test]
fn given_no_list_of_councils_when_councils_are_asked_then_nobody_can_say() {
    let mut ledger = Chronicle::opened(false);
    ledger.hold("a", "2025-05-21", Benefits, (&[], &[]), Some(19));
    let report = r7(&ledger, "2026-03-31");
    let reached = figure(&report, "r7.councils_reached");
    assert_eq!((reached.status, reached.number), (FigureStatus::NotAvailable, None));
    assert_eq!(number(&report, "r7.activities"), 1);
}

proptest! {
    /// Whatever is passed by for its days must not have counted: the naive walk looks at every fact.
    #[test]
    fn given_random_activities_when_they_are_counted_then_a_naive_walk_counts_as_many(
        said in prop::collection::vec((0usize..5, 0i64..700, 0u8..6), 1..24),
        known in 0usize..26,
    ) {
        let mut ledger = Chronicle::opened(false);
        let day = |days: i64| on("2024-10-01").checked_add(jiff::Span::new().days(days)).unwrap().to_string();
        // By its first event: the activity, and whether that was taken back and on which day it counts, as known.
        let mut naive: Vec<(usize, u64, bool, jiff::civil::Date)> = Vec::new();
        let as_known = (known as u64).clamp(1, said.len() as u64 + 1);
        for (which, days, what) in said {
            let today = day(days);
            let last = naive.iter().rposition(|it| it.0 == which && !it.2);
            let sequence = match (what, last) {
                (0, Some(last)) => ledger.void(naive[last].1, &today),
                (1 | 2, Some(last)) => {
                    let held = ledger.facts[naive[last].1 as usize].event.payload.clone();
                    ledger.correct(naive[last].1, &today, held)
                }
                (_, Some(_)) => ledger.signpost(&format!("other-{days}"), &today, "helpline", None),
                (_, None) => ledger.hold(&format!("a{which}"), &today, Benefits, (&[], &[]), None),
            };
            if sequence >= as_known {
                break;
            }
            match (what, last) {
                (0, Some(last)) => naive[last].2 = true,
                (1 | 2, Some(last)) => naive[last].3 = on(&today),
                (_, Some(_)) => {}
                (_, None) => naive.push((which, sequence, false, on(&today))),
            }
        }
        let as_known = as_known.min(ledger.facts.len() as u64);
        let as_at = on("2026-03-31");
        let counted = naive.iter().filter(|it| !it.2 && on("2025-04-01") <= it.3 && it.3 <= as_at).count() as u64;
        let report = ask_known(ReportName::Reach, &ledger, "2026-03-31", as_known);
        let figure = figure(&report, "r7.activities");
        let any = naive.iter().any(|it| !it.2 && it.3 <= as_at);
        prop_assert_eq!(figure.number, any.then_some(counted as f64));
    }
}

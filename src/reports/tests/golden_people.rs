//! The part of the golden sample's year that is about people: units, learning, awareness, surveys, release points.
//!
//! Invariant: it says something of every kind that R6 to R8 can show, and something of what they hold back. Invented.

use crate::domain::event::Purpose::{Benefits, EverybodysBusiness, Impact};
use crate::domain::event::{Anonymity, Level, Respondents};
use crate::projections::chronicle::Chronicle;
use crate::projections::chronicle::people::{Answers, Entry};

const ALWAYS: (Option<&str>, Option<&str>) = (None, None);

pub(super) fn write(ledger: &mut Chronicle) {
    ledger.at("2026-03-02T11:00:00Z");
    lists(ledger);
    learning(ledger);
    awareness(ledger);
    surveys(ledger);
    ledger.at("2026-03-03T10:00:00Z").release("march", "2026-03-02");
}

fn lists(ledger: &mut Chronicle) {
    let councils: [Entry<'_>; 5] = [
        ("ANS", "Angus", ALWAYS, &[("S12000041", None, None)]),
        (
            "FIF",
            "Fife",
            ALWAYS,
            &[("S12000015", None, Some("2025-09-30")), ("S12000047", Some("2025-10-01"), None)],
        ),
        ("MRY", "Moray", ALWAYS, &[("S12000020", None, None)]),
        ("NLK", "North Lanarkshire", ALWAYS, &[("S12000050", None, None)]),
        ("OLD", "Oldshire", (None, Some("2025-12-31")), &[]),
    ];
    ledger.list("council", "2025-04-01", &councils);
    ledger.list("partner", "2025-04-01", &[("health-board", "Health board", ALWAYS, &[])]);
    let kinds: [Entry<'_>; 2] =
        [("coaching", "Coaching", ALWAYS, &[]), ("practice-circle", "Practice circle", ALWAYS, &[])];
    ledger.list("support-kind", "2025-04-01", &kinds);
    ledger.list("support-route", "2025-04-01", &[("helpline", "Staff helpline", ALWAYS, &[])]);
}

fn learning(ledger: &mut Chronicle) {
    ledger.unit("whole", None, None);
    ledger.unit("digital", Some("whole"), None);
    ledger.unit("corporate", Some("whole"), None);
    ledger.baseline("whole", "2025-09-30", 76, 9);
    ledger.learned("whole", "2025-09-30", [76, 58, 31, 4, 1], [9, 8, 4, 1, 0]);
    ledger.learned("digital", "2025-09-30", [25, 17, 8, 1, 0], [3, 2, 1, 0, 0]);
    ledger.release("september", "2025-09-30");
    ledger.baseline("whole", "2026-02-28", 84, 10);
    ledger.learned("whole", "2026-02-28", [77, 68, 52, 9, 1], [10, 10, 7, 2, 0]);
    for (id, level, offered, held) in [
        ("essentials-may", Level::Informed, "2025-04-24", "2025-05-15"),
        ("essentials-june", Level::Informed, "2025-05-08", "2025-06-05"),
        ("open-talk", Level::Informed, "2025-09-18", "2025-10-09"),
        ("skilled-june", Level::Skilled, "2025-05-13", "2025-06-24"),
        ("skilled-october", Level::Skilled, "2025-08-28", "2025-10-07"),
        ("skilled-december", Level::Skilled, "2025-11-04", "2025-12-09"),
        ("enhanced-january", Level::Enhanced, "2025-11-06", "2026-01-22"),
    ] {
        ledger.offer(id, offered, level, held);
    }
    ledger.deliver("essentials-may", "2025-05-15", Some(28));
    ledger.deliver("essentials-june", "2025-06-05", Some(34));
    ledger.deliver("open-talk", "2025-10-09", None);
    ledger.deliver("skilled-june", "2025-06-24", Some(14));
    ledger.call_off("skilled-october", "2025-09-30");
    ledger.deliver("enhanced-january", "2026-01-22", Some(3));
    ledger.support("circles-autumn", "2025-11-27", "practice-circle", 2);
    ledger.support("coaching-summer", "2025-08-29", "coaching", 5);
}

fn awareness(ledger: &mut Chronicle) {
    let board = ["health-board"];
    ledger.hold("webinar-1", "2025-05-21", Benefits, (&["FIF", "NLK", "OLD"], &board), Some(84));
    ledger.hold("webinar-2", "2025-10-22", Benefits, (&["FIF"], &[]), Some(38));
    ledger.hold("lunch", "2025-06-26", EverybodysBusiness, (&[], &[]), Some(4));
    ledger.hold("mental-health-day", "2025-10-09", Impact, (&[], &board), None);
    ledger.signpost("intranet-spring", "2025-04-14", "helpline", Some(76));
    ledger.signpost("posters-autumn", "2025-10-06", "helpline", None);
}

fn surveys(ledger: &mut Chronicle) {
    ledger.commitment_on("C11", &["choice", "safety", "trust"]);
    let routes = [Anonymity::Anonymous, Anonymity::Confidential];
    let (spring, winter) = (("2025-05-12", "2025-05-30"), ("2026-01-19", "2026-02-06"));
    ledger.ask("spring", "2025-05-12", Respondents::Staff, spring, Some(80), &routes);
    ledger.close_round("spring", "2025-05-30", 57);
    ledger.answer_round("spring", "2025-07-01");
    ledger.ask("winter", "2026-01-19", Respondents::Staff, winter, Some(77), &routes);
    ledger.ask("partners", "2025-09-01", Respondents::Partners, ("2025-09-01", "2025-09-26"), None, &routes);
    for (item, commitments, in_spring, in_winter) in [
        ("feel-safe", &["C10"], [38, 14, 5], [43, 16, 0]),
        ("feel-valued", &["C10"], [31, 23, 3], [34, 19, 6]),
        ("choice", &["C11"], [24, 27, 6], [33, 20, 6]),
        ("trust", &["C11"], [29, 22, 6], [35, 18, 6]),
    ] {
        let wave = |round, asked, counts| Answers {
            item,
            round: Some(round),
            asked,
            population: if round == "spring" { 74 } else { 77 },
            counts: Ok(counts),
            commitments,
            ..Answers::default()
        };
        ledger.answered(&format!("spring-{item}"), "2025-06-12", &wave("spring", spring, in_spring));
        ledger.answered(&format!("winter-{item}"), "2026-02-19", &wave("winter", winter, in_winter));
    }
    let of = |unit, population, counts| Answers {
        item: "feel-safe",
        unit: Some(unit),
        round: Some("winter"),
        asked: winter,
        population,
        counts,
        commitments: &["C10"],
        ..Answers::default()
    };
    ledger.answered("winter-digital", "2026-02-19", &of("digital", 52, Ok([24, 4, 12])));
    ledger.answered("winter-corporate", "2026-02-19", &of("corporate", 19, Err(8)));
    let partners = Answers {
        instrument: "partner-survey",
        item: "trust",
        round: Some("partners"),
        asked: ("2025-09-01", "2025-09-26"),
        population: 118,
        counts: Ok([86, 28, 7]),
        commitments: &["C11"],
        ..Answers::default()
    };
    ledger.answered("partners-trust", "2025-10-09", &partners);
}

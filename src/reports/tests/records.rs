//! Properties over random histories of what the record says of itself: R9, R11, R12 and the lists of R10 agree with their
//! twins, and nothing there names an event of feedback. The histories are wilder than any that the ledger would accept.

use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

use super::twins::{Headlines, Twin};
use super::{as_many, parameters, stand};
use crate::domain::event::{
    Anonymity, ChangeNature, OpinionResult, Origin, Payload, Respondents, WithdrawalScope,
};
use crate::domain::id::Kind;
use crate::domain::irregularity::Irregularity;
use crate::projections::chronicle::{Chronicle, on};
use crate::reports::{Parameters, Report, ReportName, report};

#[derive(Clone, Debug)]
struct Step {
    what: u8,
    which: usize,
    day: i32,
    spice: u32,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0u8..34, 0usize..3, 0i32..500, any::<u32>());
    let step = step.prop_map(|(what, which, day, spice)| Step { what, which, day, spice });
    prop::collection::vec(step, 0..60)
}

const COMMITMENTS: [&str; 3] = ["C1", "C2", "C10"];
const NAMES: [&str; 3] = ["one", "two", "three"];
const SOURCES: [&str; 4] = ["register", "tracker", "survey", "operator"];
const ORGANISATIONS: [&str; 3] = ["Acme Improvement", "Fernhill Assurance", "Northmoor Council"];

fn day(offset: i32) -> String {
    on("2025-03-01").checked_add(jiff::Span::new().days(offset)).unwrap().to_string()
}

fn write(steps: &[Step]) -> Chronicle {
    let mut ledger = Chronicle::opened(false);
    let mut heard = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        ledger.at(&format!("{}T09:00:00Z", day(i32::from(number as u8) * 9)));
        ledger.by(SOURCES[step.spice as usize / 11 % 4]);
        if step.what < 17 {
            about_work(&mut ledger, &mut heard, step);
        } else {
            about_the_record(&mut ledger, step, number);
        }
    }
    ledger
}

fn about_work(ledger: &mut Chronicle, heard: &mut Vec<Uuid>, step: &Step) {
    let (spice, today, name) = (step.spice as usize, day(step.day), NAMES[step.which]);
    let later = day(step.day + i32::from(step.spice as u8));
    let when = if spice.is_multiple_of(5) { format!("{today}T23:30:00Z") } else { today.clone() };
    let late = &[Irregularity::LateRecorded, Irregularity::SameHolder][..spice % 3 % 3];
    match step.what {
        0 | 1 => ledger.commitment(COMMITMENTS[step.which], "A line", "a line of the pledge", &[]),
        2 | 3 => ledger.plan(name, &when, &later, &[COMMITMENTS[spice % 3]]),
        4 => ledger.complete(name, &when),
        5 => {
            let event = ledger.facts[spice % ledger.facts.len()].event.clone();
            if matches!(
                event.payload,
                Payload::LedgerOpened(_) | Payload::EventVoided(_) | Payload::CorrectionMade(_)
            ) {
                0
            } else {
                // The same once more, by another event, with marks.
                ledger.say_marked(&event.subject.to_string(), &when, event.payload.clone(), late)
            }
        }
        6 => {
            let options = [Anonymity::ALL, &[Anonymity::Confidential]][spice / 3 % 2];
            let invited = [None, Some(4), Some(9), Some(80)][spice / 7 % 4];
            let who = Respondents::ALL[spice % 2];
            ledger.seek(name, &day(step.day - 20), who, ((&today, &later), invited, options))
        }
        7..=10 => {
            let round = Some(name).filter(|_| spice.is_multiple_of(3));
            let how = (Anonymity::ALL[spice / 5 % 3], round);
            heard.extend(ledger.hear(&today, Respondents::ALL[spice % 2], how, 1 + spice / 13 % 9));
            0
        }
        11 if !heard.is_empty() => {
            ledger.take_back(heard[spice % heard.len()], &when, WithdrawalScope::ALL[spice / 3 % 2])
        }
        12 | 13 => {
            let target = spice as u64 % ledger.facts.len() as u64;
            let is_void = matches!(ledger.facts[target as usize].event.payload, Payload::EventVoided(_));
            if is_void || target == 0 { 0 } else { ledger.void(target, &when) }
        }
        14 | 15 => say_anew(ledger, step),
        _ => {
            ledger.policy(name, &today, &later);
            ledger.propose(name, &when, name, (Origin::Review, ChangeNature::Substantive), &[])
        }
    };
}

fn say_anew(ledger: &mut Chronicle, step: &Step) -> u64 {
    let spice = step.spice as usize;
    let target = spice % ledger.facts.len();
    let event = ledger.facts[target].event.clone();
    let mut anew = event.payload.clone();
    match &mut anew {
        Payload::LedgerOpened(_) | Payload::EventVoided(_) | Payload::CorrectionMade(_) => return 0,
        Payload::ActionPlanned(it) => it.first_due = on(&day(step.day + 30)),
        Payload::FeedbackSought(it) => it.invited = Some(8),
        Payload::FeedbackReceived(it) => it.anonymity = Anonymity::Named,
        Payload::SourceStatement(it) => it.period_to = on("2025-09-30"),
        _ => {}
    }
    let occurred = if spice.is_multiple_of(2) { event.occurred.to_string() } else { day(step.day) };
    ledger.correct(target as u64, &occurred, anew)
}

fn about_the_record(ledger: &mut Chronicle, step: &Step, number: usize) {
    let (spice, today, name) = (step.spice as usize, day(step.day), NAMES[step.which]);
    let size = ledger.facts.len() as u64;
    let source = SOURCES[spice / 3 % 4];
    match step.what {
        17..=20 => {
            let first = on(&today).first_of_month();
            let months = [0, 0, 2][spice % 3];
            let last = first.checked_add(jiff::Span::new().months(months)).unwrap().last_of_month();
            let from = if spice.is_multiple_of(17) { on(&today) } else { first };
            let span = (from.to_string(), last.to_string());
            ledger.state(source, (&span.0, &span.1), !spice.is_multiple_of(4))
        }
        21 => ledger.grant(["diary", source][spice % 2], &today, [&["*"][..], &[]][spice / 5 % 2]),
        22 => ledger.succeed(source, &today, "newer"),
        23 | 24 => ledger.ask_to_erase(&format!("{name}{}", spice % 5), &today),
        25 => ledger.erase(&format!("{name}{}", spice % 5), &today),
        26 => ledger.refuse_to_erase(&format!("{name}{}", spice % 5), &today),
        27 => {
            let range = (spice as u64 % size, size - spice as u64 / 7 % 2);
            let result = OpinionResult::ALL[spice / 5 % 4];
            ledger.opinion(name, range, result)
        }
        28 | 29 => {
            let signed = format!("{today}T23:30:00Z");
            ledger.cosign(ORGANISATIONS[spice % 3], name, 1 + spice as u64 % size, &signed)
        }
        30 => match spice % 3 {
            0 => ledger.rotate(),
            1 => ledger.restore(spice as u64 / 3 % 2),
            _ => ledger.set_clock(-3),
        },
        31 | 32 => {
            if spice.is_multiple_of(6) {
                ledger.settings(3 + step.spice % 5);
            }
            ledger.release_at(&format!("p{number}"), &day(i32::from(number as u8) * 9), size)
        }
        _ => ledger.issue(
            &format!("i{number}"),
            &day(i32::from(number as u8) * 9),
            &today,
            1 + spice as u64 % size,
        ),
    };
}

fn headlines(report: &Report) -> Headlines {
    let given = report.figures.iter().filter_map(|it| {
        let number = it.numerator.or(it.number.map(|number| (number as i64).unsigned_abs()))?;
        Some((it.id.to_string(), (number, it.denominator)))
    });
    given.collect()
}

/// Every event behind a report.
fn events(report: &Report) -> impl Iterator<Item = u64> {
    let cells = report.tables.iter().flat_map(|table| &table.rows).flat_map(|row| &row.cells);
    cells.chain(&report.figures).flat_map(|figure| figure.events.iter().copied())
}

/// `One` → the rows of a table by subject: a column as it is printed.
fn column<'r>(report: &'r Report, table: &str, id: &'r str) -> impl Iterator<Item = (&'r str, String)> {
    let rows = report.tables.iter().filter(move |it| it.id == table).flat_map(|table| &table.rows);
    rows.map(move |row| {
        let cell = row.cells.iter().find(|cell| cell.id == id).unwrap();
        (row.subject.as_str(), cell.printed())
    })
}

fn silences_agree(twin: &Twin<'_>, r12: &Report, least: u32) -> Result<(), TestCaseError> {
    let (said, silences) = twin.r12(i64::from(least));
    prop_assert_eq!(headlines(r12), said);
    let mut listed = 0;
    for table in ["r12.commitments", "r12.sources"] {
        let mut before = i64::MAX;
        for ((subject, silent), (_, last)) in column(r12, table, "silent").zip(column(r12, table, "last")) {
            let (days, ever) = silences[subject];
            let words = if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
            prop_assert_eq!((silent, last.starts_with("[x] Never any")), (words, !ever), "{}", subject);
            prop_assert!(days <= before && days >= i64::from(least));
            (before, listed) = (days, listed + 1);
        }
    }
    prop_assert_eq!(listed, silences.values().filter(|(days, _)| *days >= i64::from(least)).count());
    Ok(())
}

fn months_agree(twin: &Twin<'_>, r11: &Report) -> Result<(), TestCaseError> {
    let months = twin.months();
    for (id, how) in [("not_matching", "not_matching"), ("missing", "missing"), ("silent", "silent")] {
        for (subject, said) in column(r11, "r11.statements", id) {
            let name = subject.strip_prefix("source/").unwrap();
            let mine = months
                .iter()
                .filter(|(_, it)| **it == how)
                .filter_map(|(month, _)| month.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned));
            let mine: Vec<_> =
                mine.map(|month| on(&format!("{month}-01")).strftime("%b %Y").to_string()).collect();
            let words = if mine.is_empty() {
                "None".to_owned()
            } else {
                format!("{}: {}", mine.len(), mine.join(", "))
            };
            prop_assert_eq!(said, words, "{} {}", subject, id);
        }
    }
    Ok(())
}

fn lists_agree(ledger: &Chronicle, asked: &Parameters, r10: &Report) -> Result<(), TestCaseError> {
    // The last report that was issued, or the position.
    let known = &ledger.facts[..asked.as_known as usize];
    let issued = known.iter().rev().find_map(|fact| match &fact.event.payload {
        Payload::ReportIssued(it) if asked.since.is_none_or(|since| since == it.as_known) => {
            Some((it.as_known, it.as_at))
        }
        _ => None,
    });
    let position = asked.since.filter(|since| (1..=asked.as_known).contains(since)).map(|since| {
        let newest = ledger.facts[since as usize - 1].recorded_at;
        (since, ledger.views().local_day(newest))
    });
    let Some((since, as_at)) = issued.or(position) else {
        prop_assert!(r10.figures.iter().all(|figure| figure.status.mark() == "[x]"));
        return Ok(());
    };
    let twin = Twin {
        facts: &ledger.facts,
        as_at: as_at.min(asked.as_at),
        as_known: asked.as_known,
        first_day: asked.period.first_day(),
        last_day: asked.period.last_day(),
    };
    let mut listed = std::collections::BTreeSet::new();
    for how in ["late", "corrected", "voided"] {
        let table = r10.tables.iter().find(|it| it.id == format!("r10.{how}")).unwrap();
        for row in &table.rows {
            let events = &row.cells[0].events;
            let record: u64 = row.cells[4].text.parse().unwrap();
            let target = events.iter().copied().find(|it| *it != record).unwrap_or(record);
            listed.insert((how, record, target));
        }
    }
    prop_assert_eq!(listed, twin.changed(since.min(asked.as_known)));
    Ok(())
}

proptest! {
    #![proptest_config(as_many(300))]

    #[test]
    fn the_twins_of_the_record_agree(
        steps in steps(),
        as_at in 0i32..560,
        cut in 0u64..60,
        least in select(vec![0u32, 30, 90]),
        since in prop::option::of(0u64..50),
        period in select(vec!["2024-25", "2025-26", "2025-26 Q2", "2026-27"]),
    ) {
        let ledger = write(&steps);
        let size = ledger.facts.len() as u64;
        let as_known = size.saturating_sub(cut.saturating_sub(40)).max(1);
        let asked = Parameters { since, days: Some(least), ..parameters(&day(as_at), as_known, period) };
        let twin = Twin {
            facts: &ledger.facts,
            as_at: asked.as_at,
            as_known,
            first_day: asked.period.first_day(),
            last_day: asked.period.last_day(),
        };
        let views = ledger.views();
        let names = [ReportName::Choice, ReportName::Restatements, ReportName::Trust, ReportName::Silence];
        let [r9, r10, r11, r12] = names.map(|name| report(name, &views, &asked, &stand()).unwrap());
        let mut choice = headlines(&r9);
        // That one is about the other reports.
        choice.remove("r9.held_back");
        prop_assert_eq!(choice, twin.r9(!period.contains('Q')));
        prop_assert_eq!(headlines(&r11), twin.r11());
        months_agree(&twin, &r11)?;
        silences_agree(&twin, &r12, least)?;
        lists_agree(&ledger, &asked, &r10)?;
        for event in [&r9, &r10, &r11, &r12].into_iter().flat_map(events) {
            let kind = ledger.facts[event as usize].event.subject.kind();
            prop_assert!(!matches!(kind, Kind::Feedback | Kind::Erasure), "{}", event);
        }
    }
}

//! The attack on everything that a reader is given: not on the rules of release alone (`release::attack`), but on whole
//! outputs, all reports together, from every place, in every form.
//!
//! - *Twins*: of a random ledger another that differs only in what must stay hidden looks the same to the byte.
//! - *Subtraction*: with every number that is printed a reader solves for what is held back, and for small moves.
//!
//! `PLEDGEBOOK_LEDGERS=1000 cargo test --release --lib reports::tests::attack -- --nocapture` tries a thousand ledgers, and
//! tells every leak when it is found. With `PLEDGEBOOK_LEDGER_FROM=86 PLEDGEBOOK_LEDGERS=1` it is ledger 86 alone.

mod ledgers;
mod reader;
mod subtraction;
mod twins;

use std::collections::{BTreeMap, BTreeSet};

use self::ledgers::{ACTIONS, CHANGES, Draw, Drawn, drawn};
use self::reader::{Seen, Stood, ask, behind, places, points, year};
use self::subtraction::{System, choices, coverage, outcomes, surveys};
use self::twins::{Kind, Known, twin};
use crate::domain::id::Subject;
use crate::projections::Views;
use crate::reports::ReportName;
use crate::reports::explain::{Eyes, is_of_people};
use crate::reports::rules::{Rule, without};
use crate::reports::trace::trace;

/// Which ledgers are tried.
fn seeds(otherwise: u64) -> std::ops::Range<u64> {
    let said = |name, otherwise| std::env::var(name).map_or(otherwise, |it| it.parse().unwrap());
    let from = said("PLEDGEBOOK_LEDGER_FROM", 0);
    from..from + said("PLEDGEBOOK_LEDGERS", otherwise)
}

/// Ledgers of which a twin was once told apart: by times of R4 that moved with what nobody sees, by what R8 held back because of
/// another unit's hidden answers; and by what a reader may know, and twins did not.
const ONCE_TOLD: [u64; 6] = [86, 100, 198, 199, 211, 229];

/// How many facts of a ledger are tried for a twin.
const TRIES: u64 = 24;

#[test]
fn given_a_twin_that_differs_in_what_is_hidden_when_a_reader_looks_then_nothing_tells_them_apart() {
    let mut twins: BTreeMap<Kind, u64> = BTreeMap::new();
    let mut leaks = Vec::new();
    let all = seeds(3);
    let again = ONCE_TOLD.into_iter().filter(|seed| all.start == 0 && !all.contains(seed));
    for seed in all.clone().chain(again) {
        let drawn = drawn(seed);
        let (views, places) = (drawn.ledger.views(), places(&drawn));
        let (known, seen) = (Known::of(&views, &places), Seen::of(&views, &places));
        let mut draw = Draw::new(seed ^ 0xffff);
        for _ in 0..TRIES {
            let Some((kind, other, what)) = twin(&mut draw, &drawn, &known) else { continue };
            *twins.entry(kind).or_default() += 1;
            if let Some(told) = seen.difference(&other, &places) {
                let leak = format!("ledger {seed}, {kind:?}, {what}\n{told}");
                println!("leak: {leak}");
                leaks.push(leak);
            }
        }
    }
    println!("twins: {twins:?}");
    assert!(
        leaks.is_empty(),
        "{} leaks; the first: {}",
        leaks.len(),
        leaks[0..leaks.len().min(6)].join("\n")
    );
    assert!(twins.values().sum::<u64>() > 0);
}

/// The counts of 1 to 4 that a reader can work out from one release point at a time.
fn subtracted(drawn: &Drawn, views: &Views) -> Vec<String> {
    let mut found = Vec::new();
    let mut units = BTreeSet::new();
    let mut spoken = BTreeSet::new();
    for at in points(drawn) {
        let names = [
            ReportName::Feedback,
            ReportName::ResponseTimes,
            ReportName::Learning,
            ReportName::Surveys,
            ReportName::Choice,
        ];
        let [r3, r4, r6, r8, r9] = names.map(|name| ask(name, views, &year(at)));
        let mut system = System::default();
        for whom in ["staff", "partners"] {
            outcomes(&mut system, &r3, whom);
            let said = r9.tables.iter().flat_map(|table| &table.rows);
            let is_new = said.clone().any(|row| row.subject.ends_with(whom)) && spoken.insert(whom);
            choices(&mut system, &r9, &r4, whom, is_new);
        }
        coverage(&mut system, &r6, |unit| !units.contains(unit));
        let shown = r6.tables.iter().filter(|table| table.id == "r6.coverage_staff");
        units.extend(shown.flat_map(|table| &table.rows).map(|row| row.subject.clone()));
        surveys(&mut system, &r8);
        found.extend(system.recovered().into_iter().map(|(name, n)| format!("{at:?}: {name} is {n}")));
    }
    found
}

/// The moves by 1 to 4 that a reader sees from one place to the next, in whatever counts people's items.
fn moves(drawn: &Drawn, views: &Views) -> Vec<String> {
    let mut seen: BTreeMap<String, Vec<(Stood, u64)>> = BTreeMap::new();
    let mut places = places(drawn);
    places.truncate(3 * drawn.points.len() + 1);
    let parts = ["staff", "partners", "anonymous", "confidential", "named", "items"];
    let names =
        [ReportName::Feedback, ReportName::ResponseTimes, ReportName::Choice, ReportName::PolicyChanges];
    for at in places {
        for report in names.map(|name| ask(name, views, &year(at))) {
            for table in &report.tables {
                for (row, cell) in table.rows.iter().flat_map(|row| row.cells.iter().map(move |it| (row, it)))
                {
                    let counts = parts.contains(&cell.id.as_str()) && cell.unit != "%";
                    if let (true, Some(n)) = (counts, cell.number) {
                        let name = format!("{} {} {}", table.id, row.subject, cell.id);
                        seen.entry(name).or_default().push((at, (n as i64).cast_unsigned()));
                    }
                }
            }
        }
        for work in CHANGES.iter().chain(&ACTIONS) {
            let traced = trace(views, &year(at), &Subject::parse(work).unwrap(), Eyes::Reader);
            for told in traced.iter().flat_map(|it| &it.works[0].voice.told) {
                if let Some(n) = told.items {
                    seen.entry(format!("{work} {}", told.how)).or_default().push((at, n));
                }
            }
        }
    }
    let small = |(name, course): (String, Vec<(Stood, u64)>)| {
        let step = course.windows(2).find(|pair| (1..5).contains(&pair[0].1.abs_diff(pair[1].1)))?;
        Some(format!("{name}: {step:?}"))
    };
    seen.into_iter().filter_map(small).collect()
}

/// The events about people to which a reader is led.
fn led(drawn: &Drawn, views: &Views) -> usize {
    let at = *places(drawn).last().unwrap();
    let of_people = |sequence: &u64| is_of_people(&drawn.ledger.facts[*sequence as usize].event.subject);
    let figures = ReportName::ALL.into_iter().flat_map(|name| {
        behind(name, &ask(name, views, &year(at)), views, &year(at))
            .into_iter()
            .flat_map(|(events, _)| events)
    });
    let works = CHANGES.iter().chain(&ACTIONS);
    let traced =
        works.filter_map(|it| trace(views, &year(at), &Subject::parse(it).unwrap(), Eyes::Reader).ok());
    figures.filter(of_people).count() + traced.map(|it| it.items.len()).sum::<usize>()
}

#[test]
fn given_every_number_that_is_printed_when_a_reader_subtracts_then_no_small_count_and_no_small_move_is_told()
{
    for seed in seeds(12) {
        let drawn = drawn(seed);
        let views = drawn.ledger.views();
        assert_eq!(subtracted(&drawn, &views), Vec::<String>::new(), "ledger {seed}");
        assert_eq!(moves(&drawn, &views), Vec::<String>::new(), "ledger {seed}");
        assert_eq!(led(&drawn, &views), 0, "ledger {seed}");
    }
}

#[test]
fn given_one_rule_less_when_the_same_reader_tries_then_it_succeeds() {
    let all: Vec<_> = (0..12).map(drawn).map(|drawn| (drawn.ledger.views(), drawn)).collect();
    let told = |rule, attack: &dyn Fn(&Drawn, &Views) -> usize| -> usize {
        all.iter().filter(|(views, drawn)| without(rule, || attack(drawn, views)) > 0).count()
    };
    let by_subtraction = |drawn: &Drawn, views: &Views| subtracted(drawn, views).len();
    let found = [
        told(Rule::Threshold, &by_subtraction),
        told(Rule::Complements, &by_subtraction),
        told(Rule::SmallMoves, &|drawn, views| moves(drawn, views).len()),
        told(Rule::DrillDown, &led),
    ];
    println!("of {} ledgers told without a rule: {found:?}", all.len());
    assert!(found.iter().all(|found| *found > 0), "{found:?}");
}

#[test]
fn given_no_threshold_when_a_reader_looks_at_twins_then_they_are_told_apart() {
    let (mut twins, mut apart) = (0, 0);
    for seed in 0..1 {
        let drawn = drawn(seed);
        let (views, places) = (drawn.ledger.views(), places(&drawn));
        let known = Known::of(&views, &places);
        let mut draw = Draw::new(seed ^ 0xffff);
        for (_, other, _) in (0..TRIES).filter_map(|_| twin(&mut draw, &drawn, &known)) {
            twins += 1;
            let told = || Seen::of(&views, &places).difference(&other, &places).is_some();
            apart += usize::from(without(Rule::Threshold, told));
        }
    }
    assert!(apart > 0, "of {twins} twins none was told apart");
}

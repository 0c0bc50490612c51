//! Properties of R6, R7 and R8 over random small histories: the twins agree in every cell; what is held back leaves no
//! number behind; batches do not matter. The histories are wilder than any that the ledger would accept.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;

use super::twins::released::Cells;
use super::twins::{Headlines, Twin};
use super::{as_many, parameters, stand};
use crate::domain::event::{Anonymity, Level, Payload, Purpose, Respondents};
use crate::projections::chronicle::people::{Answers, Entry};
use crate::projections::chronicle::{Chronicle, code, codes, on};
use crate::reports::{Figure, FigureStatus, Report, ReportName, report};

/// One thing to write: what, about which subject, on which day, and some spice.
#[derive(Clone, Debug)]
struct Step {
    what: u8,
    which: usize,
    day: i32,
    spice: u32,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0u8..40, 0usize..4, 0i32..560, any::<u32>());
    let step = step.prop_map(|(what, which, day, spice)| Step { what, which, day, spice });
    prop::collection::vec(step, 0..72)
}

const UNITS: [&str; 4] = ["whole", "a", "a1", "b"];
const SESSIONS: [&str; 4] = ["s1", "s2", "s3", "s4"];
const COUNCILS: [&str; 4] = ["FIF", "NLK", "S15", "S47"];
const ITEMS: [&str; 4] = ["safe", "valued", "choice", "trust"];

fn day(offset: i32) -> String {
    let first = on("2025-03-01");
    first.checked_add(jiff::Span::new().days(offset)).unwrap().to_string()
}

/// Numbers that are small as often as not, one for each call.
struct Dice(u32);

impl Dice {
    fn below(&mut self, most: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) % most
    }

    fn count(&mut self) -> u32 {
        let most = [2, 6, 12, 40][self.below(4) as usize];
        self.below(most)
    }

    /// All, and at least each level.
    fn levels(&mut self) -> [u32; 5] {
        let mut levels = [0; 5];
        let mut all = 0;
        for level in (0..5).rev() {
            all += self.count();
            levels[level] = all;
        }
        levels
    }

    /// No more than those.
    fn among(&mut self, whole: [u32; 5]) -> [u32; 5] {
        let mut least = u32::MAX;
        whole.map(|all| {
            least = least.min(self.below(all + 1));
            least
        })
    }

    fn maybe(&mut self) -> Option<u32> {
        let count = self.count();
        Some(count).filter(|_| self.below(4) > 0)
    }
}

fn write(steps: &[Step]) -> Chronicle {
    let mut ledger = Chronicle::opened(false);
    ledger.commitment_on("C10", &["Choice", "Trust"]);
    ledger.unit("whole", None, None);
    ledger.unit("b", None, None);
    for (number, step) in steps.iter().enumerate() {
        let mut dice = Dice(step.spice);
        let (today, which, spice) = (day(step.day), step.which, step.spice as usize);
        let later = day(step.day + i32::from(step.spice as u8 % 200) - 60);
        ledger.at(&format!("{}T09:00:00Z", day(i32::try_from(number).unwrap() * 9)));
        match step.what {
            0..=3 => {
                let whole = [None, Some("whole"), Some("a"), Some("whole")][which];
                let whole = if spice.is_multiple_of(7) { Some(UNITS[spice / 7 % 4]) } else { whole };
                let until = Some(later.as_str()).filter(|_| spice.is_multiple_of(5));
                // A whole stands before its parts: no ledger takes a circle.
                ledger.unit(UNITS[which], whole.filter(|it| UNITS[..which].contains(it)), until)
            }
            4 | 5 => {
                let all = dice.count() + dice.count();
                ledger.baseline(UNITS[which], &today, all, dice.below(all + 1))
            }
            6..=10 => {
                let staff = dice.levels();
                let leaders = dice.among(staff);
                ledger.learned(UNITS[which], &today, staff, leaders)
            }
            11 | 12 => ledger.offer(SESSIONS[which], &today, Level::ALL[spice % 4], &later),
            13 | 14 => ledger.deliver(SESSIONS[which], &today, dice.maybe()),
            15 => ledger.call_off(SESSIONS[which], &today),
            16 => {
                let id = format!("p{}", number % 5);
                ledger.support(&id, &today, ["coaching", "circle"][spice % 2], 1 + dice.below(6))
            }
            17..=19 => {
                let councils: Vec<&str> = COUNCILS.into_iter().filter(|_| dice.below(3) == 0).collect();
                let partners: Vec<&str> =
                    ["police", "health"].into_iter().filter(|_| dice.below(2) == 0).collect();
                let purpose = Purpose::ALL[which];
                ledger.hold(
                    &format!("h{}", number % 7),
                    &today,
                    purpose,
                    (&councils, &partners),
                    dice.maybe(),
                )
            }
            20 => ledger.signpost(
                &format!("g{}", number % 4),
                &today,
                ["helpline", "line"][spice % 2],
                dice.maybe(),
            ),
            21 => councils(&mut ledger, &today, spice),
            22..=27 => answers(&mut ledger, step, number, &mut dice),
            28 => {
                let who = Respondents::ALL[spice % 2];
                let invited = Some(90 + dice.below(20)).filter(|_| dice.below(3) > 0);
                ledger.ask(
                    ["r1", "r2"][which % 2],
                    &today,
                    who,
                    (&today, &later),
                    invited,
                    &[Anonymity::Anonymous],
                )
            }
            29 => ledger.settings(4 + dice.below(4)),
            30 => ledger.survey_minimum(9 + dice.below(5)),
            31 | 32 => {
                let target = spice as u64 % ledger.facts.len() as u64;
                let fact = &ledger.facts[target as usize].event.payload;
                if target == 0 || matches!(fact, Payload::EventVoided(_) | Payload::ReleasePointDeclared(_)) {
                    0
                } else {
                    ledger.void(target, &today)
                }
            }
            33..=35 => say_anew(&mut ledger, step, &mut dice),
            _ => ledger.release(&format!("x{number}"), &today),
        };
    }
    ledger
}

fn councils(ledger: &mut Chronicle, today: &str, spice: usize) -> u64 {
    let ends = Some("2025-12-31").filter(|_| spice.is_multiple_of(2));
    let begins = ends.map(|_| "2026-01-01");
    let names = [("S15", None, ends)];
    let all: [Entry<'_>; 4] = [
        ("FIF", "Fife", (None, None), &[]),
        ("NLK", "North Lanarkshire", (None, Some("2025-10-31").filter(|_| spice.is_multiple_of(3))), &[]),
        ("S15", "Moray", (None, ends), &[]),
        ("S47", "Moray", (begins, None), if spice.is_multiple_of(5) { &[] } else { &names }),
    ];
    ledger.list("council", today, &all[..spice / 7 % 5])
}

fn answers(ledger: &mut Chronicle, step: &Step, number: usize, dice: &mut Dice) -> u64 {
    let spice = step.spice as usize;
    let counts = [dice.count() + dice.count(), dice.count() + dice.count(), dice.count()];
    let factor = if dice.below(3) == 0 { 2 } else { 1 };
    let wave = [
        ("2025-05-01", "2025-05-31"),
        ("2025-05-20", "2025-06-10"),
        ("2025-11-01", "2025-11-20"),
        ("2024-05-01", "2024-05-31"),
    ];
    let result = Answers {
        instrument: "survey",
        version: ["1", "2"][usize::from(spice.is_multiple_of(5))],
        item: ITEMS[step.which / 2 * 2],
        unit: Some(UNITS[spice / 3 % 4]).filter(|_| spice.is_multiple_of(2)),
        round: Some(["r1", "r2"][step.which % 2]).filter(|_| dice.below(3) == 0),
        asked: wave[spice / 11 % 4],
        population: 60 + dice.below(60),
        counts: if dice.below(10) == 0 { Err(dice.below(20)) } else { Ok(counts.map(|it| it * factor)) },
        commitments: if spice.is_multiple_of(3) { &["C10"] } else { &[] },
    };
    ledger.answered(&format!("q{}", number % 12), &day(step.day), &result)
}

/// Says an earlier event anew: on another day, with other numbers.
fn say_anew(ledger: &mut Chronicle, step: &Step, dice: &mut Dice) -> u64 {
    let target = u64::from(step.spice) % ledger.facts.len() as u64;
    let event = ledger.facts[target as usize].event.clone();
    let mut anew = event.payload.clone();
    match &mut anew {
        Payload::LedgerOpened(_)
        | Payload::EventVoided(_)
        | Payload::CorrectionMade(_)
        | Payload::ReleasePointDeclared(_) => return 0,
        Payload::LearningDelivered(it) => it.attendances = dice.maybe(),
        Payload::LearningCoverageRecorded(it) => {
            it.staff.people += dice.count();
            it.staff.informed += dice.below(3);
        }
        Payload::AwarenessActivityHeld(it) => {
            it.attendances = dice.maybe();
            it.councils = codes(&COUNCILS[..step.which]);
        }
        Payload::SurveyResultRecorded(it) => {
            it.options.iter_mut().for_each(|option| option.count += dice.count());
            it.unit = it.unit.take().map(|_| code(UNITS[step.which]));
        }
        Payload::PracticeSupportProvided(it) => it.sessions += 1,
        Payload::SupportSignposted(it) => it.reach = dice.maybe(),
        Payload::WorkforceBaselineRecorded(it) => it.headcount += dice.count(),
        _ => {}
    }
    let occurred = if step.spice.is_multiple_of(2) { event.occurred.to_string() } else { day(step.day) };
    ledger.correct(target, &occurred, anew)
}

/// The headlines that have a number; of those that name an extreme, the percentage.
fn headlines(report: &Report) -> Headlines {
    let extremes = ["r8.highest", "r8.lowest", "r8.response"];
    let given = report.figures.iter().filter(|it| !extremes.contains(&it.id.as_str())).filter_map(|it| {
        let number = it.numerator.or(it.number.map(|number| (number as i64).unsigned_abs()))?;
        Some((it.id.to_string(), (number, it.denominator)))
    });
    given.collect()
}

fn cells(report: &Report) -> Cells {
    let mut cells = Cells::new();
    for table in &report.tables {
        for row in &table.rows {
            for cell in &row.cells {
                let name = format!("{}|{}|{}", table.id, row.subject, cell.id);
                assert!(cells.insert(name.clone(), cell.printed()).is_none(), "twice: {name}");
            }
        }
    }
    cells
}

fn hides(figure: &Figure) -> bool {
    figure.status == FigureStatus::Given
        || (figure.number.is_none() && figure.numerator.is_none() && figure.denominator.is_none())
}

/// From where a report is asked: a day, how many of the last facts are not known yet, a period.
fn from() -> impl Strategy<Value = (i32, u64, &'static str)> {
    let unknown = prop_oneof![3 => Just(0u64), 1 => 0u64..20];
    (200i32..620, unknown, select(vec!["2025-26", "2025-26", "2025-26 Q1", "2024-25"]))
}

fn agrees(
    name: ReportName,
    steps: &[Step],
    (as_at, unknown, period): (i32, u64, &str),
) -> Result<(), TestCaseError> {
    let ledger = write(steps);
    let as_known = (ledger.facts.len() as u64).saturating_sub(unknown).max(1);
    let asked = parameters(&day(as_at), as_known, period);
    let twin = Twin {
        facts: &ledger.facts,
        as_at: asked.as_at,
        as_known,
        first_day: asked.period.first_day(),
        last_day: asked.period.last_day(),
    };
    let (twins_headlines, twins_cells) = match name {
        ReportName::Learning => twin.r6(),
        ReportName::Reach => twin.r7(),
        _ => twin.r8(),
    };
    let report = report(name, &ledger.views(), &asked, &stand()).unwrap();
    prop_assert_eq!(headlines(&report), twins_headlines);
    prop_assert_eq!(cells(&report), twins_cells);
    let all = report.tables.iter().flat_map(|table| &table.rows).flat_map(|row| &row.cells);
    prop_assert!(all.chain(&report.figures).all(hides));
    Ok(())
}

proptest! {
    #![proptest_config(as_many(1000))]

    #[test]
    fn the_twin_of_r6_agrees_in_every_cell(steps in steps(), from in from()) {
        agrees(ReportName::Learning, &steps, from)?;
    }

    #[test]
    fn the_twin_of_r7_agrees_in_every_cell(steps in steps(), from in from()) {
        agrees(ReportName::Reach, &steps, from)?;
    }

    #[test]
    fn the_twin_of_r8_agrees_in_every_cell(steps in steps(), from in from()) {
        agrees(ReportName::Surveys, &steps, from)?;
    }
}

/// The histories are of use: every table has rows, and what may be held back is so now and then, and now and then not.
#[test]
fn given_random_histories_when_they_are_reported_then_every_table_says_something() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen: std::collections::BTreeMap<String, [u64; 2]> = std::collections::BTreeMap::new();
    for _ in 0..300 {
        let ledger = write(&steps().new_tree(&mut runner).unwrap().current());
        let asked = parameters("2026-09-30", ledger.facts.len() as u64, "2025-26");
        for name in [ReportName::Learning, ReportName::Reach, ReportName::Surveys] {
            let report = report(name, &ledger.views(), &asked, &stand()).unwrap();
            for table in &report.tables {
                for cell in table.rows.iter().flat_map(|row| &row.cells) {
                    let is_hidden = usize::from(cell.status == FigureStatus::Suppressed);
                    seen.entry(format!("{} {}", table.id, cell.id)).or_default()[is_hidden] += 1;
                }
            }
        }
    }
    let people =
        ["r6.coverage_staff skilled", "r6.coverage_leaders skilled", "r8.whole agree", "r8.units agree"];
    let all =
        ["r6.not_shown why", "r6.sessions held", "r6.unsaid on", "r6.support times", "r7.councils last"];
    let more =
        ["r7.councils_ceased last", "r7.not_reached code", "r7.signposting reach", "r8.principles since"];
    for cell in people.iter().chain(&all).chain(&more) {
        let [given, held_back] = seen.get(*cell).copied().unwrap_or_default();
        let enough = given >= 20 && (held_back >= 20 || !people.contains(cell));
        assert!(enough, "{cell}: {given} given, {held_back} held back\n{seen:#?}");
    }
}

//! R3 and R4 against their naive twin, cell by cell, on random ledgers that are full of feedback. They are wilder than any
//! that the ledger would accept, so that no report leans on the rules.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use uuid::Uuid;

use super::twins::{Cells, Twin};
use super::{as_many, parameters, stand};
use crate::domain::event::*;
use crate::domain::id::Subject;
use crate::projections::chronicle::{Chronicle, code, on};
use crate::reports::{Figure, FigureStatus, Report, ReportName, report};

/// One thing to write: what, about which subjects, on which day, and some spice.
#[derive(Clone, Debug)]
pub(super) struct Step {
    what: u8,
    from: usize,
    many: usize,
    day: i32,
    spice: u16,
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0u8..37, 0usize..260, 1usize..40, 0i32..420, 0u16..1000);
    let step = step.prop_map(|(what, from, many, day, spice)| Step { what, from, many, day, spice });
    prop::collection::vec(step, 1..40)
}

pub(super) fn day(offset: i32) -> String {
    on("2025-03-25").checked_add(jiff::Span::new().days(offset)).unwrap().to_string()
}

const CHANGES: [&str; 3] = ["x1", "x2", "x3"];
const ACTIONS: [&str; 3] = ["a1", "a2", "a3"];
const REASONS: [&str; 3] = ["cost", "law", "other"];

/// So many items on one day, of one sort; a few at the last instant of it.
fn hear(ledger: &mut Chronicle, heard: &mut Vec<Uuid>, step: &Step, who: Respondents) {
    for number in 0..step.many {
        let anonymity = Anonymity::ALL[usize::from(step.spice) / (number + 1) % 3];
        let when = match anonymity {
            Anonymity::Anonymous => day(step.day)[..7].to_owned(),
            _ if number % 4 == 3 => format!("{}T23:30:00Z", day(step.day)),
            _ => day(step.day),
        };
        heard.push(ledger.voice(&when, who, anonymity).0);
    }
}

pub(super) fn write(steps: &[Step]) -> Chronicle {
    let mut ledger = Chronicle::opened(false);
    let mut heard = Vec::new();
    // A third of the ledgers begins with many staff, a third with many partners: either grain, and both beside each other.
    let many = |who: u16| if steps.first().is_some_and(|step| step.spice % 3 == who) { 110 } else { 30 };
    for (many, day, who) in [(many(0), 40, Respondents::Staff), (many(1), 70, Respondents::Partners)] {
        hear(&mut ledger, &mut heard, &Step { what: 0, from: 0, many, day, spice: 31 * many as u16 }, who);
    }
    for step in steps {
        let (today, spice) = (day(step.day), usize::from(step.spice));
        let (change, action) = (CHANGES[spice % 3], ACTIONS[spice / 3 % 3]);
        let end = heard.len().min(step.from % heard.len() + step.many);
        let some = heard[step.from % heard.len()..end].to_vec();
        let later = day(step.day + i32::from(step.spice) % 60);
        match step.what {
            0 => hear(&mut ledger, &mut heard, step, Respondents::Staff),
            1 | 2 => hear(&mut ledger, &mut heard, step, Respondents::Partners),
            3 => drop(ledger.propose(change, &today, "leave", (Origin::Feedback, nature(spice)), &some)),
            4..=6 => drop(ledger.change(change, &today, "leave", &later, true)),
            7 if spice.is_multiple_of(3) => drop(ledger.decline(change, &today)),
            7 => drop(ledger.reverse(change, &later)),
            8 | 9 | 16 => drop(ledger.plan_for(action, &today, &some)),
            10 | 11 | 17 => drop(ledger.verify(action, &today)),
            12 if spice.is_multiple_of(2) => drop(ledger.reopen(action, &today)),
            12 => drop(ledger.complete(action, &today)),
            13..=15 => drop(ledger.release(&format!("r{}", ledger.facts.len()), &today)),
            18 => {
                let targets = [5, 20, 60].map(|target| target + spice as u32 % 2 * 10);
                ledger.targets(&today, targets, 5 + (spice as u32 / 100) % 2);
            }
            19 => {
                let off = [day(step.day + 1), day(step.day + 9), day(step.day + 40)];
                let until = day(step.day + 50 + i32::from(step.spice));
                ledger.calendar(&today, (&today, &until), &off.each_ref().map(String::as_str));
            }
            20 => drop(ledger.reasons(&today, &[(REASONS[spice % 3], "A reason")])),
            21 => drop(void_or_correct(&mut ledger, step)),
            _ => some.iter().for_each(|item| go_on(&mut ledger, *item, step)),
        }
    }
    let last = 330 + steps.first().map_or(0, |step| i32::from(step.spice) % 80);
    ledger.release("last", &day(last));
    ledger
}

const fn nature(spice: usize) -> ChangeNature {
    if spice.is_multiple_of(4) { ChangeNature::Editorial } else { ChangeNature::Substantive }
}

/// What happens to one item.
fn go_on(ledger: &mut Chronicle, item: Uuid, step: &Step) {
    let (today, spice) = (day(step.day), usize::from(step.spice));
    let change = format!("policy-change/{}", CHANGES[spice % 3]);
    let action = format!("action/{}", ACTIONS[spice / 3 % 3]);
    match step.what {
        34 | 35 => {
            ledger.respond(item, &today, ResponseOutcome::NoChange);
            ledger.close(item, &today, REASONS[spice % 3]);
            ledger.tell(item, &today)
        }
        36 => {
            ledger.respond(item, &today, ResponseOutcome::ChangeAgreed);
            ledger.tell(item, &day(step.day + 30))
        }
        22 => ledger.acknowledge(item, &today),
        23 if spice.is_multiple_of(2) => ledger.consider(item, &today),
        23..=25 => ledger.respond(item, &today, ResponseOutcome::ChangeConsidered),
        26 | 27 => ledger.close(item, &today, REASONS[spice % 3]),
        28 | 29 => ledger.tell(item, &today),
        30 => ledger.open_again(item, &today),
        31 => ledger.link(item, &today, if spice.is_multiple_of(2) { &change } else { &action }),
        32 => ledger.unlink(item, &today, if spice.is_multiple_of(2) { &change } else { &action }),
        _ => ledger.take_back(item, &today, WithdrawalScope::ALL[spice % 2]),
    };
}

/// Takes an event back, or says it anew on another day and otherwise.
fn void_or_correct(ledger: &mut Chronicle, step: &Step) -> u64 {
    let target = (usize::from(step.spice) * 7 + step.from) % ledger.facts.len();
    let event = ledger.facts[target].event.clone();
    let mut anew = event.payload.clone();
    match &mut anew {
        Payload::LedgerOpened(_) | Payload::EventVoided(_) => return 0,
        Payload::CorrectionMade(_) => return ledger.void(target as u64, "2025-09-01"),
        _ if step.spice.is_multiple_of(3) => return ledger.void(target as u64, "2025-09-01"),
        Payload::FeedbackReceived(it) => it.respondents = Respondents::ALL[step.many % 2],
        Payload::FeedbackClosedWithoutChange(it) => it.reason_code = code("other"),
        Payload::FeedbackLinked(it) => it.to = Subject::parse("action/a1").unwrap(),
        Payload::PolicyChanged(it) => it.effective_on = on(&day(step.day)),
        Payload::PolicyChangeProposed(it) => it.nature = nature(step.many),
        Payload::ActionPlanned(it) => drop(it.feedback.pop()),
        _ => {}
    }
    let occurred = if step.many.is_multiple_of(2) { event.occurred.to_string() } else { day(step.day) };
    ledger.correct(target as u64, &occurred, anew)
}

/// Every figure and cell that is no name, and the words that tell of days in no calendar.
fn cells(report: &Report) -> Cells {
    let mut cells = Cells::new();
    for figure in &report.figures {
        cells.insert(figure.id.to_string(), brief(figure));
    }
    for row in report.tables.iter().flat_map(|table| &table.rows) {
        let named = |cell: &&Figure| !["outcome", "who"].contains(&cell.id.as_str());
        for cell in row.cells.iter().filter(named) {
            cells.insert(format!("{}|{}", row.subject, cell.id), brief(cell));
        }
    }
    cells
}

fn brief(figure: &Figure) -> String {
    match (figure.status, figure.number, figure.denominator) {
        (FigureStatus::Given, Some(number), Some(of)) => format!("{number}/{of}"),
        (FigureStatus::Given, Some(number), None) => number.to_string(),
        (FigureStatus::Given, None, _) => figure.text.to_string(),
        (status, ..) => status.mark().to_owned(),
    }
}

proptest! {
    #![proptest_config(as_many(250))]

    #[test]
    fn given_any_feedback_when_it_is_reported_then_the_twin_has_every_cell(
        steps in steps(),
        as_at in 200i32..420,
        less in 0usize..40,
        period in select(vec!["2024-25", "2025-26", "2025-26", "2025-26", "2025-26 Q2", "2026-27"]),
    ) {
        let ledger = write(&steps);
        let size = ledger.facts.len();
        let as_known = size.saturating_sub(less.saturating_sub(20)).max(1) as u64;
        let asked = parameters(&day(as_at), as_known, period);
        let twin = Twin {
            facts: &ledger.facts,
            as_at: asked.as_at,
            as_known,
            first_day: asked.period.first_day(),
            last_day: asked.period.last_day(),
        };
        let views = ledger.views();
        let reports = [ReportName::Feedback, ReportName::ResponseTimes];
        let [r3, r4] = reports.map(|name| report(name, &views, &asked, &stand()).unwrap());
        let told = [cells(&r3), cells(&r4)];
        if let Some(twin) = twin.of_voices(!period.contains('Q')) {
            prop_assert_eq!(told, twin);
        } else {
            let all: Vec<String> = told.into_iter().flat_map(Cells::into_values).collect();
            prop_assert_eq!(all, vec!["[x]"; 18]);
        }
    }
}

/// The random ledgers bring every row of both reports to a number, and every way in which a cell is not given: what the
/// twin agrees on is something.
#[test]
fn given_many_random_ledgers_when_they_are_reported_then_every_cell_has_been_a_number() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut numbers, mut marks) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
    let mut keys = std::collections::BTreeSet::new();
    for _ in 0..400 {
        let ledger = write(&steps().new_tree(&mut runner).unwrap().current());
        let asked = parameters(&day(420), ledger.facts.len() as u64, "2025-26");
        let views = ledger.views();
        for name in [ReportName::Feedback, ReportName::ResponseTimes] {
            for (key, said) in cells(&report(name, &views, &asked, &stand()).unwrap()) {
                keys.insert(key.clone());
                marks.extend(said.starts_with('[').then(|| said.clone()));
                let number = said.split('/').next().and_then(|it| it.parse::<u64>().ok());
                numbers.extend(number.filter(|number| *number > 0).map(|_| key));
            }
        }
    }
    keys.retain(|key| !key.ends_with("|way"));
    let never: Vec<_> = keys.difference(&numbers).collect();
    assert!(never.is_empty(), "{never:?}");
    assert!(["[c]", "[x]"].iter().all(|mark| marks.contains(*mark)), "{marks:?}");
}

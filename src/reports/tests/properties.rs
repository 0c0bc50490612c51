//! Properties over random small histories: the twins agree; batches and clones do not matter; nothing gives feedback
//! away. The histories are wilder than any that the ledger would accept, so that no report leans on the rules.

use proptest::prelude::*;
use proptest::sample::select;

use super::twins::{Headlines, Twin};
use super::{ask_known, parameters, stand};
use crate::domain::event::{ChangeNature, Disposition, Origin, Payload, Respondents};
use crate::projections::Views;
use crate::projections::chronicle::{Chronicle, on};
use crate::reports::{Format, Report, ReportName, render, report};

/// One thing to write: what, about which subject, on which day, and some spice.
#[derive(Clone, Debug)]
struct Step {
    what: u8,
    which: usize,
    day: i32,
    spice: u32,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0u8..22, 0usize..4, 0i32..560, any::<u32>()).prop_map(|(what, which, day, spice)| Step {
        what,
        which,
        day,
        spice,
    });
    prop::collection::vec(step, 0..40)
}

const ACTIONS: [&str; 4] = ["a1", "a2", "a3", "a4"];
const COMMITMENTS: [&str; 4] = ["C1", "C2", "C3", "C10"];
const CHANGES: [&str; 4] = ["x1", "x2", "x3", "x4"];
const POLICIES: [&str; 4] = ["p1", "p2", "p3", "p4"];

fn day(offset: i32) -> String {
    let first = on("2025-03-01");
    first.checked_add(jiff::Span::new().days(offset)).unwrap().to_string()
}

fn write(steps: &[Step]) -> Chronicle {
    let mut ledger = Chronicle::opened(false);
    let mut heard = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        let (spice, today) = (step.spice as usize, day(step.day));
        let other = |names: [&'static str; 4]| names[spice / 7 % 4];
        let later = day(step.day + i32::from(step.spice as u8 % 200) - 40);
        // Some things happen at an instant, close to midnight.
        let when = if spice.is_multiple_of(5) { format!("{today}T23:30:00Z") } else { today.clone() };
        let (action, change) = (ACTIONS[step.which], CHANGES[step.which]);
        ledger.at(&format!("{}T09:00:00Z", day(i32::from(number as u8) * 14)));
        match step.what {
            0 | 1 => ledger.plan(action, &when, &later, &[other(COMMITMENTS)]),
            2 => {
                let replaced = Some(other(ACTIONS)).filter(|it| *it != action);
                ledger.plan_replacing(action, &when, &later, &[other(COMMITMENTS)], replaced)
            }
            3 => ledger.start(action, &when),
            4 | 5 => ledger.moved(action, &when, &today, &later, spice.is_multiple_of(3)),
            6 | 7 => ledger.complete(action, &when),
            8 => ledger.verify(action, &when),
            9 => ledger.reopen(action, &when),
            10 => ledger.cancel(action, &when),
            11 => ledger.commitment(COMMITMENTS[step.which], "A line", "a line of the pledge", &[]),
            12 => {
                let fate = Disposition::ALL[spice % 3];
                ledger.pledge(2 + spice as u32 % 2, &when, &[(COMMITMENTS[step.which], fate)])
            }
            13 => {
                let about = if spice.is_multiple_of(2) {
                    format!("action/{action}")
                } else {
                    "commitment/C2".to_owned()
                };
                ledger.evidence(&format!("e{number}"), &when, &about)
            }
            14 => ledger.round(&format!("r{number}"), &when, &[other(COMMITMENTS)]),
            15 => ledger.policy(POLICIES[step.which], &when, &later),
            16 => {
                let nature = ChangeNature::ALL[usize::from(!spice.is_multiple_of(3))];
                let linked = if spice.is_multiple_of(2) { &heard[..] } else { &[] };
                ledger.propose(change, &when, other(POLICIES), (Origin::ALL[spice % 5], nature), linked)
            }
            17 => ledger.approve(change, &when),
            18 | 19 => ledger.change(change, &when, other(POLICIES), &later, !spice.is_multiple_of(3)),
            20 => {
                let who = Respondents::ALL[spice % 2];
                heard.extend(ledger.feedback(&today, who, 1 + spice as u64 % 3));
                0
            }
            _ => {
                let target = spice as u64 % ledger.facts.len() as u64;
                if matches!(ledger.facts[target as usize].event.payload, Payload::EventVoided(_))
                    || target == 0
                {
                    0
                } else {
                    ledger.void(target, &when)
                }
            }
        };
    }
    ledger
}

fn headlines(report: &Report) -> Headlines {
    let given = report.figures.iter().filter_map(|it| {
        let number = it.numerator.or(it.number.map(|number| (number as i64).unsigned_abs()))?;
        Some((it.id.clone(), (number, it.denominator)))
    });
    given.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_twins_agree(steps in steps(), as_at in 0i32..560, cut in 0usize..40, quarter in select(vec!["2024-25", "2025-26", "2025-26 Q2", "2026-27"])) {
        let ledger = write(&steps);
        let size = ledger.facts.len() as u64;
        let as_known = size.saturating_sub(if cut > 25 { cut as u64 - 25 } else { 0 }).max(1);
        let asked = parameters(&day(as_at), as_known, quarter);
        let twin = Twin {
            facts: &ledger.facts,
            as_at: asked.as_at,
            as_known,
            first_day: asked.period.first_day(),
            last_day: asked.period.last_day(),
        };
        let views = ledger.views();
        let ours = |name| headlines(&report(name, &views, &asked, &stand()).unwrap());
        prop_assert_eq!(ours(ReportName::Commitments), twin.r1());
        prop_assert_eq!(ours(ReportName::Lateness), twin.r2());
        prop_assert_eq!(ours(ReportName::PolicyChanges), twin.r5());
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn batches_clones_and_prefixes_give_the_same_bytes(steps in steps(), stops in prop::collection::vec(0usize..60, 0..6), width in 40u16..160) {
        let ledger = write(&steps);
        let size = ledger.facts.len();
        let mut views = Views::new();
        let mut published = Vec::new();
        for (number, fact) in ledger.facts.iter().enumerate() {
            if stops.contains(&number) {
                published.push(views.clone());
            }
            views.apply(fact);
        }
        for name in ReportName::ALL {
            let asked = parameters("2026-03-31", size as u64, "2025-26");
            let once = report(name, &views, &asked, &stand()).unwrap();
            let again = report(name, &ledger.views(), &asked, &stand()).unwrap();
            prop_assert_eq!(&once, &again);
            // What was published at a position, and the newest views as known at that position, are one.
            for then in published.iter().filter(|then| then.size() > 0) {
                let asked = parameters("2026-03-31", then.size(), "2025-26");
                let past = report(name, then, &asked, &stand()).unwrap();
                let now = report(name, &views, &asked, &stand()).unwrap();
                for format in Format::ALL {
                    prop_assert_eq!(render(&past, format, width), render(&now, format, width));
                }
            }
            let text = render(&once, Format::Text, width);
            prop_assert!(text.lines().all(|line| line.chars().count() <= usize::from(width)));
            let json: Report = serde_json::from_str(&render(&once, Format::Json, width)).unwrap();
            prop_assert_eq!(json, once);
        }
    }

    #[test]
    fn nothing_gives_feedback_away(steps in steps()) {
        let ledger = write(&steps);
        let report = ask_known(ReportName::PolicyChanges, &ledger, "2026-09-30", ledger.facts.len() as u64);
        let cells = report.tables.iter().flat_map(|table| &table.rows).flat_map(|row| &row.cells);
        for figure in cells.chain(&report.figures) {
            for event in &figure.events {
                let payload = &ledger.facts[*event as usize].event.payload;
                prop_assert!(!matches!(payload, Payload::FeedbackReceived(_)));
            }
            if figure.id == "items" {
                prop_assert!(figure.number.is_none_or(|items| items >= 5.0));
            }
        }
    }
}

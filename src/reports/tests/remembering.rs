//! What is remembered is what would be worked out, from whatever position and as at whatever day it is asked for: on random
//! ledgers, with one memory for all of it. And what is passed over because nothing changed is counted anew here.

use proptest::prelude::*;
use proptest::sample::select;

use super::{loop_twin, parameters, properties, stand};
use crate::domain::id::{Kind, Subject};
use crate::projections::Views;
use crate::projections::chronicle::Chronicle;
use crate::reports::{Memory, ReportName, remembered, report, trace};

/// Asks for reports at some positions as at some days, each twice, and from afar in between.
fn agree(
    views: &Views,
    names: &[ReportName],
    days: &[String],
    step: usize,
    year: &str,
) -> Result<(), TestCaseError> {
    let memory = Memory::default();
    for as_known in (1..=views.size()).rev().step_by(step) {
        for as_at in days {
            let asked = parameters(as_at, as_known, year);
            for name in names {
                let worked_out = report(*name, views, &asked, &stand()).unwrap();
                let told = remembered(&memory, *name, views, &asked, &stand()).unwrap();
                prop_assert_eq!(told, worked_out, "{:?} as at {} as known {}", name, as_at, as_known);
            }
        }
    }
    Ok(())
}

/// How many items were told how, at each point, each point counted by itself.
fn told_agrees(ledger: &Chronicle, views: &Views) -> Result<(), TestCaseError> {
    let everything = parameters("2030-01-01", ledger.facts.len() as u64, "2025-26").horizon();
    let points = views.releases.points(everything);
    let changes = views.policies.changes.iter().map(|(id, _)| Kind::PolicyChange.subject(id));
    let actions = views.actions.facts.iter().map(|(id, _)| Kind::Action.subject(id));
    for work in changes.chain(actions) {
        let each: Vec<_> = points.iter().map(|point| trace::told(views, point.horizon(), &work)).collect();
        prop_assert_eq!(trace::told_at(views, &points, &work), each, "{}", work);
    }
    let unknown = Subject::parse("policy-change/unknown").unwrap();
    prop_assert_eq!(trace::told_at(views, &points, &unknown), vec![[0; 4]; points.len()]);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn given_any_feedback_when_reports_are_remembered_then_they_are_what_would_be_worked_out(
        steps in loop_twin::steps(),
        days in prop::collection::vec(100i32..460, 2),
        year in select(vec!["2024-25", "2025-26", "2025-26"]),
    ) {
        let ledger = loop_twin::write(&steps);
        let views = ledger.views();
        let days: Vec<String> = days.into_iter().map(loop_twin::day).collect();
        let step = 1 + ledger.facts.len() / 9;
        agree(&views, &ReportName::ALL, &days, step, year)?;
    }

    #[test]
    fn given_any_work_when_reports_are_remembered_then_they_are_what_would_be_worked_out(
        steps in properties::steps(),
        days in prop::collection::vec(0i32..560, 3),
        year in select(vec!["2025-26", "2025-26 Q2", "2026-27"]),
    ) {
        let views = properties::write(&steps).views();
        let days: Vec<String> = days.into_iter().map(properties::day).collect();
        agree(&views, &ReportName::ALL, &days, 2, year)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn given_any_feedback_when_it_is_counted_at_each_point_then_what_is_passed_over_had_not_changed(
        steps in loop_twin::steps(),
    ) {
        let ledger = loop_twin::write(&steps);
        told_agrees(&ledger, &ledger.views())?;
    }
}

//! The replay of the loop's life cycles: growing fact by fact agrees with folding everything and with a naive twin,
//! and a judgement is what the naive replay finds.

use proptest::prelude::*;

use super::replay::{naive, recorded, zone};
use super::says::*;
use super::says_loop::*;
use crate::domain::event::*;
use crate::domain::id::Subject;
use crate::domain::rules::WRONG_KIND;
use crate::domain::subject::Life;

/// What is said on a day, or which earlier event is taken back on it.
fn steps() -> impl Strategy<Value = Vec<(Option<u8>, u8, u8)>> {
    let step = (prop::option::weighted(0.9, 0..16_u8), any::<u8>(), 1..29_u8);
    prop::collection::vec(step, 1..25)
}

/// What a step says about one of four subjects, each of another life cycle.
fn said(family: u8, (what, target, on): (Option<u8>, u8, u8), before: &[Said]) -> Option<Said> {
    let on = format!("2025-04-{on:02}");
    let Some(what) = what else {
        return before.get(target as usize % before.len().max(1)).map(|target| void(&on, target));
    };
    Some(match family {
        0 => round(what, &on),
        1 => feedback(what, &on),
        2 => change(what, &on),
        _ => match what {
            0..4 => policy().with(|event| event.occurred = crate::domain::value::Occurred::Day(day(&on))),
            _ => reviewed(&on, |review| review.next_due = day("2026-01-01").saturating_add(span(what))),
        },
    })
}

fn span(days: u8) -> jiff::Span {
    jiff::Span::new().days(i64::from(days))
}

fn round(what: u8, on: &str) -> Said {
    match what {
        0..6 => sought(|round| round.opens = day("2025-04-05"))
            .with(|event| event.occurred = crate::domain::value::Occurred::Day(day(on))),
        6..11 => round_closed(on, u32::from(what)),
        _ => published(on),
    }
}

fn feedback(what: u8, on: &str) -> Said {
    use ResponseMode::{Direct, Public};
    match what {
        0..4 => received(on, 1),
        4 => acknowledged(on, Public),
        5 => considered(on, Direct),
        6 | 7 => answered(on, ResponseOutcome::ChangeAgreed),
        8 => closed(on, 1),
        9 | 10 => told(on, Direct),
        11 => heard_again(on),
        12 => linked(on, "action/a"),
        13 => unlinked(on, "action/a"),
        14 => withdrawn(on, WithdrawalScope::Contact),
        _ => withdrawn(on, WithdrawalScope::Whole),
    }
}

fn change(what: u8, on: &str) -> Said {
    match what {
        0..5 => proposed(on),
        5 | 6 => approved(on),
        7..10 => changed(on, "second"),
        10 | 11 => declined(on),
        12 => abandoned(on),
        _ => reversed(on),
    }
}

fn subject_of(family: u8) -> Subject {
    let own = item(1);
    Subject::parse(["round/spring", &own, "policy-change/p", "policy/flex"][family as usize]).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Facts are taken as they come, fitting or not: a damaged ledger is folded, too.
    #[test]
    fn the_loop_grows_as_it_folds(family in 0..4_u8, steps in steps()) {
        let subject = subject_of(family);
        let (mut life, mut all) = (Life::empty(subject.clone()), Vec::new());
        for step in steps {
            let Some(said) = said(family, step, &all) else { continue };
            let fact = recorded(all.len() as u64, &said);
            all.push(said);
            life = life.with(fact, &zone());
            prop_assert_eq!(&life, &Life::from_facts(subject.clone(), life.facts().to_vec(), &zone()));
            prop_assert_eq!(life.state(), &naive(life.facts()).0);
        }
    }

    /// A fact is accepted exactly when the naive replay with it finds nothing that cannot be true.
    #[test]
    fn the_loop_is_judged_as_it_is_replayed(family in 0..4_u8, steps in steps()) {
        let mut life = Life::empty(subject_of(family));
        let mut all = Vec::new();
        for step in steps {
            let Some(said) = said(family, step, &all) else { continue };
            let fact = recorded(all.len() as u64, &said);
            let mut then = life.facts().to_vec();
            then.push(fact.clone());
            let (state, unfit) = naive(&then);
            let judged = life.judge(&fact, &zone());
            prop_assert_eq!(judged.is_ok(), unfit.is_empty());
            if let Ok(place) = judged {
                all.push(said);
                life = life.with(fact, &zone());
                prop_assert_eq!(&place.after, &state);
                prop_assert_eq!(life.state(), &state);
            }
        }
    }
}

#[test]
fn wrong_kind_of_the_loop() {
    // No judged ledger holds this; a damaged one may, and it must not stop the fold.
    let subject = Subject::parse("action/a").unwrap();
    let mut life = Life::empty(subject).with(recorded(0, &planned("2025-04-01")), &zone());
    let on = "2025-06-01";
    let every = [
        round_closed(on, 1),
        published(on),
        acknowledged(on, ResponseMode::Public),
        considered(on, ResponseMode::Public),
        told(on, ResponseMode::Public),
        linked(on, "action/a"),
        unlinked(on, "action/a"),
        heard_again(on),
        withdrawn(on, WithdrawalScope::Whole),
        declined(on),
        abandoned(on),
        reversed(on),
        reviewed(on, |_| ()),
    ];
    for (place, said) in every.iter().enumerate() {
        let fact = recorded(1 + place as u64, said);
        let breach = life.state().after(&fact, day(on)).unwrap_err();
        assert_eq!(breach.rule, &WRONG_KIND);
        life = life.followed_by(fact, &zone());
    }
    assert_eq!((life.state_name(), life.version()), ("PLANNED", 14));
}

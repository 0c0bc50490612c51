//! The replay: growing fact by fact agrees with folding everything, and with a naive twin; the order of recording does
//! not matter where days differ.

use jiff::tz::TimeZone;
use proptest::prelude::*;
use std::sync::Arc;

use super::says::*;
use crate::domain::command::Recorded;
use crate::domain::event::*;
use crate::domain::id::Subject;
use crate::domain::rules::WRONG_KIND;
use crate::domain::subject::{Life, State};
use crate::domain::value::Occurred;

const SUBJECT: &str = "action/a";

pub(super) fn zone() -> TimeZone {
    TimeZone::get("Europe/London").unwrap()
}

pub(super) fn recorded(sequence: u64, said: &Said) -> Arc<Recorded> {
    Arc::new(Recorded {
        sequence,
        recorded_at: "2026-06-15T12:00:00Z".parse().unwrap(),
        source: said.source.clone(),
        irregularities: Vec::new(),
        event: Arc::new(said.event.clone()),
    })
}

/// Sorts what stands and folds it, every time anew.
pub(super) fn naive(facts: &[Arc<Recorded>]) -> (State, Vec<u64>) {
    let mut gone: Vec<u64> = Vec::new();
    let mut unfit: Vec<u64> = Vec::new();
    for (index, fact) in facts.iter().enumerate() {
        if let Payload::EventVoided(void) = &fact.event.payload {
            let target = facts[..index].iter().find(|one| one.event.id == void.target_event_id);
            match target {
                Some(target) if !gone.contains(&target.sequence) && !is_void(target) => {
                    gone.push(target.sequence);
                }
                _ => unfit.push(fact.sequence),
            }
        }
        if let Payload::CorrectionMade(made) = &fact.event.payload {
            let target = facts[..index].iter().find(|one| one.event.id == made.target_event_id);
            let good = target.is_some_and(|target| {
                let said_once =
                    !matches!(target.event.payload, Payload::CorrectionMade(_)) && !is_void(target);
                said_once && !gone.contains(&target.sequence)
            });
            if !good {
                unfit.push(fact.sequence);
            }
        }
    }
    let mut standing: Vec<_> = facts
        .iter()
        .filter(|fact| !is_amendment(fact) && !gone.contains(&fact.sequence))
        .map(|fact| {
            let mut event = (*fact.event).clone();
            for other in facts {
                if let Payload::CorrectionMade(made) = &other.event.payload
                    && made.target_event_id == event.id
                    && !gone.contains(&other.sequence)
                    && !unfit.contains(&other.sequence)
                {
                    event.occurred = made.corrected.occurred;
                    event.payload = (*made.corrected.payload).clone();
                }
            }
            let fact = Arc::new(Recorded { event: Arc::new(event), ..(**fact).clone() });
            (fact.event.occurred.effective(&zone()), fact.sequence, fact)
        })
        .collect();
    standing.sort_by_key(|(day, sequence, _)| (*day, *sequence));
    let mut state = State::None;
    for (day, sequence, fact) in standing {
        match state.after(&fact, day) {
            Ok(next) => state = next,
            Err(_) => unfit.push(sequence),
        }
    }
    unfit.sort_unstable();
    (state, unfit)
}

fn is_void(fact: &Recorded) -> bool {
    matches!(fact.event.payload, Payload::EventVoided(_))
}

fn is_amendment(fact: &Recorded) -> bool {
    is_void(fact) || matches!(fact.event.payload, Payload::CorrectionMade(_))
}

#[derive(Clone, Debug)]
enum Step {
    Say(u8, u8),
    Void(u8, u8),
    /// Which, what it is said to be, and when.
    Correct(u8, u8, u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => (0..9_u8, 1..29_u8).prop_map(|(what, day)| Step::Say(what, day)),
        1 => (any::<u8>(), 1..29_u8).prop_map(|(target, day)| Step::Void(target, day)),
        1 => (any::<u8>(), 0..9_u8, 1..29_u8).prop_map(|(target, what, day)| Step::Correct(target, what, day)),
    ];
    prop::collection::vec(step, 1..25)
}

/// What a step says about one of four subjects, each of another life cycle.
fn said(family: u8, step: &Step, before: &[Said]) -> Option<Said> {
    let (what, day) = match step {
        Step::Say(what, day) => (*what, format!("2025-04-{day:02}")),
        Step::Void(target, day) => {
            let target = before.get(*target as usize % before.len().max(1))?;
            return Some(void(&format!("2025-04-{day:02}"), target));
        }
        Step::Correct(target, what, day) => {
            let target = before.get(*target as usize % before.len().max(1))?;
            let anew = said(family, &Step::Say(*what, *day), before)?;
            return Some(correction("2025-04-29", target, anew.event));
        }
    };
    Some(match family {
        0 => action(what, &day),
        1 => match what {
            0..3 => received(&day, 1),
            3 => responded(&day, 1, ResponseOutcome::ChangeAgreed),
            4..7 => responded(&day, 1, ResponseOutcome::NoChange),
            _ => closed(&day, 1),
        },
        2 => match what {
            0..3 => proposed(&day),
            3..6 => approved(&day),
            _ => changed(&day, "second"),
        },
        _ => settings(&day, 5 + u32::from(what / 4), 10 + u32::from(what % 3), 28),
    })
}

/// Whatever the types are: that they agree is no matter of the replay.
fn correction(when: &str, target: &Said, anew: Event) -> Said {
    let made = CorrectionMade {
        target_event_id: target.event.id,
        target_source: Some(target.source.clone()),
        corrected: Corrected {
            subject: anew.subject,
            occurred: anew.occurred,
            actor_post: None,
            payload: Box::new(anew.payload),
        },
        approver_post: None,
        reason: words(),
    };
    on(when, &target.event.subject.to_string(), made)
}

fn action(what: u8, day: &str) -> Said {
    match what {
        0 => planned(day),
        1 | 2 => started(day),
        3 | 4 => completed(day, &[]),
        5 => verified(day, "assessor", &["e"]),
        6 => reopened(day),
        7 => revised(day, "2025-06-30", "2025-07-31"),
        _ => cancelled(day),
    }
}

fn subject_of(family: u8) -> Subject {
    let id = item(1);
    Subject::parse(["action/a", &id, "policy-change/p", "settings/reports"][family as usize]).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Facts are taken as they come, fitting or not: a damaged ledger is folded, too.
    #[test]
    fn growing_is_folding(family in 0..4_u8, steps in steps()) {
        let subject = subject_of(family);
        let (mut life, mut all) = (Life::empty(subject.clone()), Vec::new());
        for step in &steps {
            let Some(said) = said(family, step, &all) else { continue };
            let fact = recorded(all.len() as u64, &said);
            all.push(said);
            life = life.with(fact, &zone());
            prop_assert_eq!(&life, &Life::from_facts(subject.clone(), life.facts().to_vec(), &zone()));
            prop_assert_eq!(life.state(), &naive(life.facts()).0);
        }
    }

    /// A fact is accepted exactly when the naive replay with it finds nothing that cannot be true, and the state that
    /// the judgement promised is the state that stands afterwards.
    #[test]
    fn judging_is_replaying(family in 0..4_u8, steps in steps()) {
        let mut life = Life::empty(subject_of(family));
        let mut all = Vec::new();
        for step in &steps {
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

    /// Where no two facts share a day, what was recorded first makes no difference.
    #[test]
    fn recording_order_does_not_matter(order in Just((0..6_usize).collect::<Vec<_>>()).prop_shuffle()) {
        let told = [
            planned("2025-04-01"),
            started("2025-04-02"),
            revised("2025-04-03", "2025-06-30", "2025-07-31"),
            completed("2025-04-04", &[]),
            reopened("2025-04-05"),
            completed("2025-04-06", &[]),
        ];
        let facts = order.iter().enumerate().map(|(place, &index)| recorded(place as u64, &told[index])).collect();
        let life = Life::from_facts(Subject::parse(SUBJECT).unwrap(), facts, &zone());
        let State::Action(action) = life.state() else { return Err(TestCaseError::fail("no action")) };
        prop_assert_eq!(life.state_name(), "CLAIMED_COMPLETE");
        prop_assert_eq!((action.planned_on, action.due), (day("2025-04-01"), day("2025-07-31")));
        prop_assert_eq!((action.first_due, action.times_moved), (day("2025-06-30"), 1));
    }
}

#[test]
fn on_one_day_the_sequence_decides() {
    let told = [planned("2025-04-01"), started("2025-04-01"), completed("2025-04-01", &[])];
    let fold = |order: [usize; 3]| {
        let facts =
            order.iter().enumerate().map(|(place, &index)| recorded(place as u64, &told[index])).collect();
        Life::from_facts(Subject::parse(SUBJECT).unwrap(), facts, &zone()).state_name()
    };
    assert_eq!(fold([0, 1, 2]), "CLAIMED_COMPLETE");
    assert_eq!(fold([0, 2, 1]), "CLAIMED_COMPLETE");
    assert_eq!(fold([1, 2, 0]), "PLANNED");
}

#[test]
fn wrong_kind() {
    // No judged ledger holds this; a damaged one may, and it must not stop the fold.
    let mut life =
        Life::empty(Subject::parse(SUBJECT).unwrap()).with(recorded(0, &planned("2025-04-01")), &zone());
    let every = [
        opened(),
        grant("x", &[], &[], &[]),
        post("x", "2025-01-01", None, &[]),
        list("x", &[]),
        calendar("2025-01-01", "2025-12-31", &[]),
        settings("2025-06-01", 5, 10, 28),
        pledge("2025-06-01", 1, &[]),
        commitment("x"),
        on("2025-06-01", "round/x", feedback_sought()),
        received("2025-06-01", 1),
        responded("2025-06-01", 1, ResponseOutcome::NoChange),
        closed("2025-06-01", 1),
        policy(),
        proposed("2025-06-01"),
        approved("2025-06-01"),
        changed("2025-06-01", "x"),
        evidence("x", "action/a", "x"),
    ];
    for (place, said) in every.iter().enumerate() {
        let said = said.clone().with(|event| event.occurred = Occurred::Day(day("2025-06-01")));
        let fact = recorded(1 + place as u64, &said);
        let breach = life.state().after(&fact, day("2025-06-01")).unwrap_err();
        assert_eq!(breach.rule, &WRONG_KIND);
        life = life.followed_by(fact, &zone());
    }
    assert_eq!((life.state_name(), life.version()), ("PLANNED", 18));
}

#[test]
fn a_voided_fact_is_told_with_its_void() {
    let plan = planned("2025-04-01");
    let facts = vec![recorded(4, &plan), recorded(9, &void("2025-04-02", &plan))];
    let life = Life::from_facts(Subject::parse(SUBJECT).unwrap(), facts, &zone());
    assert!(life.is_voided(4) && !life.is_voided(9) && !life.stands());
    assert_eq!((life.voided_by(4), life.version()), (Some(9), 2));
}

//! Tests of the folds: positions, times, voids, and the shared map against the standard one.

mod people;

use jiff::civil::date;
use proptest::prelude::*;
use std::collections::BTreeMap;

use super::Views;
use super::chronicle::{Chronicle, code, on};
use super::feedback::FeedbackFact;
use super::history::Horizon;
use super::shared::SharedMap;
use crate::domain::event::{ActionCompleted, ActionPlanned, Payload, Respondents};
use crate::projections::actions::ActionState;

const LATER: Horizon = Horizon { as_at: date(2026, 3, 31), as_known: u64::MAX };

fn states(views: &Views, horizon: Horizon) -> Vec<ActionState> {
    views.actions.standings(views, horizon).map(|standing| standing.state).collect()
}

#[test]
fn views_of_nothing_know_nothing() {
    let views = Views::new();
    assert_eq!((views.size(), views.known_until(), views.opened().is_none()), (0, None, true));
}

#[test]
fn only_the_next_fact_is_taken() {
    let mut ledger = Chronicle::opened(true);
    ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    ledger.complete("a", "2025-05-01");
    let mut views = Views::new();
    views.apply(&ledger.facts[0]);
    views.apply(&ledger.facts[0]);
    views.apply(&ledger.facts[2]);
    assert_eq!((views.size(), states(&views, LATER)), (1, vec![]));
    views.apply(&ledger.facts[1]);
    views.apply(&ledger.facts[2]);
    assert_eq!((views.size(), states(&views, LATER)), (3, vec![ActionState::Claimed]));
}

#[test]
fn recorded_times_are_known_at_every_position() {
    let mut ledger = Chronicle::opened(false);
    ledger.at("2025-04-01T10:00:00Z").plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    ledger.start("a", "2025-04-01");
    ledger.at("2025-04-02T10:00:00Z").complete("a", "2025-04-02");
    let views = ledger.views();
    let times: Vec<_> = (0..=4).map(|n| views.known_until_at(n).map(|time| time.to_string())).collect();
    let first = Some("2025-03-01T09:00:00Z".to_owned());
    let second = Some("2025-04-01T10:00:00Z".to_owned());
    let third = Some("2025-04-02T10:00:00Z".to_owned());
    assert_eq!(times, [None, first, second.clone(), second, third]);
}

#[test]
fn days_are_counted_where_the_ledger_is() {
    let mut ledger = Chronicle::opened(false);
    // London keeps summer time from 30 March 2025 on: 23:30 UTC on 31 March is 00:30 on 1 April.
    ledger.plan("night", "2025-03-31T23:30:00Z", "2025-06-01", &["C1"]);
    // And winter time until then.
    ledger.plan("winter", "2025-03-29T23:30:00Z", "2025-06-01", &["C1"]);
    let views = ledger.views();
    let planned: Vec<_> =
        views.actions.standings(&views, LATER).map(|standing| standing.planned_on).collect();
    assert_eq!(planned, [date(2025, 4, 1), date(2025, 3, 29)]);
    let on_the_eve = Horizon { as_at: date(2025, 3, 31), ..LATER };
    assert_eq!(views.actions.standings(&views, on_the_eve).count(), 1);
}

#[test]
fn a_void_counts_once_it_is_known_and_only_for_its_source() {
    let mut ledger = Chronicle::opened(false);
    ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    let done = ledger.complete("a", "2025-05-01");
    // Another source has used the same id for something else: its void takes back nothing here.
    ledger.by("stranger");
    ledger.facts.push(ledger.facts[2].clone());
    let copy = ledger.facts.last_mut().unwrap();
    copy.sequence = 3;
    copy.source = crate::domain::id::SourceName::parse("stranger").unwrap();
    ledger.void(3, "2025-06-01");
    let void = ledger.by("register").void(done, "2025-06-01");
    let views = ledger.views();
    assert_eq!(views.void_of(done, u64::MAX).map(|it| it.sequence), Some(void));
    assert_eq!(views.void_of(3, u64::MAX).map(|it| it.sequence), Some(4));
    assert_eq!(states(&views, Horizon { as_known: void, ..LATER }), [ActionState::Claimed]);
    assert_eq!(states(&views, LATER), [ActionState::Planned]);
    // What is known does not depend on the day one looks back to.
    assert_eq!(states(&views, Horizon { as_at: date(2025, 5, 2), ..LATER }), [ActionState::Planned]);
}

#[test]
fn a_correction_counts_once_it_is_known_in_the_place_of_what_it_corrects() {
    let mut ledger = Chronicle::opened(false);
    ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    let done = ledger.complete("a", "2025-06-10");
    let first = ledger.correct(done, "2025-05-30", ActionCompleted { evidence: Vec::new() });
    let second = ledger.correct(done, "2025-05-31", ActionCompleted { evidence: Vec::new() });
    let void = ledger.void(second, "2025-09-02");
    let views = ledger.views();
    let done_on = |as_known| {
        let horizon = Horizon { as_known, ..LATER };
        let standing = views.actions.standings(&views, horizon).next().unwrap();
        standing.completion.map(|completion| completion.on.to_string())
    };
    let known = [done + 1, first + 1, second + 1, void + 1].map(done_on);
    let expected = ["2025-06-10", "2025-05-30", "2025-05-31", "2025-05-30"];
    assert_eq!(known, expected.map(|day| Some(day.to_owned())));
    // With the event, its corrections fall.
    ledger.void(done, "2025-09-03");
    assert_eq!(states(&ledger.views(), LATER), [ActionState::Planned]);
}

#[test]
fn a_corrected_deadline_stays_the_first_that_was_given() {
    let mut ledger = Chronicle::opened(false);
    let plan = ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    let Payload::ActionPlanned(said) = &ledger.facts[plan as usize].event.payload else { panic!("no plan") };
    let later = ActionPlanned { first_due: on("2025-12-31"), ..said.clone() };
    ledger.correct(plan, "2025-04-01", later);
    let views = ledger.views();
    let standing = views.actions.standings(&views, LATER).next().unwrap();
    assert_eq!((standing.earliest_due, standing.current_due), ((on("2025-06-01"), plan), on("2025-12-31")));
    assert_eq!((standing.planned, standing.planned_on, standing.moved), (plan + 1, on("2025-04-01"), 0));
}

#[test]
fn a_backdated_event_takes_its_place_by_its_day() {
    let mut ledger = Chronicle::opened(false);
    ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    ledger.complete("a", "2025-06-10");
    // Recorded after the completion, effective before it: the action is still claimed, not in progress.
    ledger.start("a", "2025-05-01");
    assert_eq!(states(&ledger.views(), LATER), [ActionState::Claimed]);
}

#[test]
fn a_clone_does_not_move() {
    let mut ledger = Chronicle::opened(false);
    ledger.post("people", "Head of People");
    ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    let mut views = ledger.views();
    let published = views.clone();
    let done = ledger.complete("a", "2025-05-01");
    views.apply(&ledger.facts[done as usize]);
    assert_eq!(states(&published, LATER), [ActionState::Planned]);
    assert_eq!(states(&views, LATER), [ActionState::Claimed]);
    assert_eq!((published.size(), views.size()), (3, 4));
}

#[test]
fn a_post_is_called_what_it_was_called_then() {
    let mut ledger = Chronicle::opened(false);
    let views_before = ledger.views();
    assert_eq!(views_before.post_title(&code("people"), LATER), "people");
    ledger.post("people", "Head of People");
    assert_eq!(ledger.views().post_title(&code("people"), LATER), "Head of People");
    let before = Horizon { as_at: on("2025-02-28"), ..LATER };
    assert_eq!(ledger.views().post_title(&code("people"), before), "people");
}

#[test]
fn of_feedback_only_who_spoke_is_kept() {
    let mut ledger = Chronicle::opened(false);
    let ids = ledger.feedback("2025-05", Respondents::Partners, 2);
    let views = ledger.views();
    let kept = views.feedback.items.get(&ids[1]).unwrap();
    let [only] = kept.all() else { panic!("one fact") };
    let FeedbackFact::Received(received) = &only.fact else { panic!("received") };
    assert_eq!((received.respondents, &received.round), (Respondents::Partners, &None));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_shared_map_is_a_map(steps in prop::collection::vec((0u16..600, any::<u32>(), prop::bool::weighted(0.02)), 0..1500)) {
        let mut shared = SharedMap::default();
        let mut naive = BTreeMap::new();
        let mut snapshots = Vec::new();
        for (key, value, snapshot) in steps {
            if snapshot {
                snapshots.push((shared.clone(), naive.clone()));
            }
            if value.is_multiple_of(4) {
                shared.remove(&key);
                naive.remove(&key);
            } else {
                shared.set(&key, value);
                naive.insert(key, value);
            }
        }
        snapshots.push((shared, naive));
        for (shared, naive) in snapshots {
            prop_assert_eq!(shared.len(), naive.len());
            prop_assert_eq!(shared.is_empty(), naive.is_empty());
            prop_assert!(shared.iter().eq(naive.iter()));
            for key in (0..600).step_by(97) {
                prop_assert!(shared.from(&key).eq(naive.range(key..)));
                prop_assert!(shared.back_from(&key).eq(naive.range(..=key).rev()));
            }
            for key in 0..600 {
                prop_assert_eq!(shared.get(&key), naive.get(&key));
                prop_assert_eq!(shared.at_or_before(&key), naive.range(..=key).next_back());
            }
        }
    }
}

#[test]
fn growing_keys_fill_their_leaves() {
    let mut shared = SharedMap::default();
    (0..10_000u64).for_each(|key| shared.set(&key, key));
    assert!(shared.iter().map(|(key, _)| *key).eq(0..10_000));
    assert_eq!(shared.leaves(), 10_000_usize.div_ceil(64));
}

#[test]
fn what_is_kept_of_a_fact_is_no_larger_than_48_bytes_beside_what_it_said() {
    assert_eq!(size_of::<crate::projections::history::Dated<()>>(), 48);
}

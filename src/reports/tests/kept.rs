//! What views keep beside the facts, so that a reader need not go through them, is what the facts say: at every position,
//! as at any day, and after a start from a snapshot.

use proptest::prelude::*;

use super::as_many;
use super::properties::{day, steps, write};
use crate::domain::id::Kind;
use crate::projections::Views;
use crate::projections::chronicle::{code, on};
use crate::projections::commitments::{CommitmentsView, Support};
use crate::projections::feedback::{FeedbackFact, FeedbackView, Made};
use crate::projections::history::Horizon;
use crate::projections::snapshot::Snapshot;

/// What is told of every action that is known from there: by the index, and by a replay of each.
fn actions_agree(views: &Views, horizon: Horizon) -> Result<(), TestCaseError> {
    let awake = views.actions.awake(views, horizon, jiff::civil::Date::MIN);
    let mut told: Vec<_> = awake.map(|(standing, _)| standing).collect();
    told.sort_by_key(|standing| standing.id);
    let replayed: Vec<_> = views.actions.standings(views, horizon).collect();
    prop_assert_eq!(told.len(), replayed.len());
    for (told, replayed) in told.iter().zip(&replayed) {
        prop_assert_eq!(told.told(), replayed.told(), "{:?}", horizon);
    }
    Ok(())
}

/// What is told of every item and every piece of work: by the work, and by the item's own history.
fn links_agree(views: &Views, horizon: Horizon, made: Made, some: usize) -> Result<(), TestCaseError> {
    let items: Vec<_> = views.feedback.items.iter().map(|(item, _)| *item).collect();
    let named = items.get(..some.min(items.len())).unwrap_or_default();
    let works = ["x1", "x2", "x3", "x4"].map(|id| (Kind::PolicyChange, code(id)));
    for (kind, id) in works.iter().chain(&[(Kind::Action, code("a1"))]) {
        let told = views.feedback.links_of(views, horizon, (*kind, id), Some((made, named)));
        let found: Vec<_> = items
            .iter()
            .filter_map(|item| {
                let said = named.contains(item).then_some(made);
                let history = views.feedback.items.get(item);
                Some((*item, FeedbackView::link_in(views, horizon, history, (*kind, id), said)?))
            })
            .collect();
        prop_assert_eq!(told, found, "{:?} {}", horizon, id);
    }
    for (item, history) in views.feedback.items.iter() {
        let withdrawn =
            history.all().iter().any(|it| it.fact == FeedbackFact::Withdrawn && views.sees(it, horizon));
        let received = |fact: &FeedbackFact| matches!(fact, FeedbackFact::Received(_));
        let receipt = views.last_or_voided(history, horizon, received);
        let gone = withdrawn || receipt.is_some_and(|(_, void)| void.is_some());
        prop_assert_eq!(views.feedback.is_gone(views, horizon, item), gone, "{:?} {}", horizon, item);
    }
    Ok(())
}

/// Whether each piece of evidence has fallen: by the short list, and by its own history.
fn evidence_agrees(views: &Views, horizon: Horizon) -> Result<(), TestCaseError> {
    for (id, history) in views.commitments.evidence.iter() {
        let fallen = CommitmentsView::support(views, history, horizon) == Some(Support::Fallen);
        let told = views.commitments.fallen(views, std::slice::from_ref(id), horizon);
        prop_assert_eq!(told, u64::from(fallen), "{:?} {}", horizon, id);
    }
    Ok(())
}

proptest! {
    #![proptest_config(as_many(200))]

    #[test]
    fn given_any_work_when_it_is_looked_at_from_anywhere_then_what_is_kept_is_what_its_facts_say(
        steps in steps(),
        days in prop::collection::vec(0i32..560, 3),
        names in 0usize..4,
        resumed in 0usize..60,
    ) {
        let ledger = write(&steps);
        let mut views = Views::new();
        for (number, fact) in ledger.facts.iter().enumerate() {
            if number == resumed {
                let bytes = views.snapshot(&[7; 32]).unwrap();
                views = Snapshot::open(&bytes).unwrap().views().unwrap();
            }
            views.apply(fact);
        }
        let size = ledger.facts.len() as u64;
        let made = Made { effective: on(&day(days[0])), place: size / 2, sequence: size / 2 };
        for as_known in 0..=size {
            let days = days.iter().map(|it| on(&day(*it))).chain([jiff::civil::Date::MAX]);
            for as_at in days {
                actions_agree(&views, Horizon { as_at, as_known })?;
                evidence_agrees(&views, Horizon { as_at, as_known })?;
                links_agree(&views, Horizon { as_at, as_known }, made, names)?;
            }
        }
    }
}

#[test]
fn given_what_is_kept_when_nothing_was_said_since_then_it_is_what_is_told() {
    // So that the test above does not compare replays with replays.
    let mut ledger = crate::projections::chronicle::Chronicle::opened(false);
    ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    ledger.start("a", "2025-04-02");
    let views = ledger.views();
    let of = |as_known| {
        let horizon = Horizon { as_at: on("2025-05-01"), as_known };
        let all: Vec<_> = views.actions.awake(&views, horizon, on("2025-04-01")).collect();
        all.iter().map(|(standing, _)| standing.is_kept()).collect::<Vec<_>>()
    };
    let size = ledger.facts.len() as u64;
    assert_eq!([of(size - 2), of(size - 1), of(size)], [vec![], vec![false], vec![true]]);
}

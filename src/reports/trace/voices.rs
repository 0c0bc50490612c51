//! What may be said of the feedback behind many pieces of work at the same release points, each worked out once.
//!
//! Invariant: a voice rests on the release points and on the work alone, so it is kept for as long as these are the last
//! points. A point at which nothing more was known of the work and its feedback than at the one before counts the same, and
//! is not counted again. Must not know which words are chosen.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

use super::{HOW, Voice, told};
use crate::domain::id::{Code, Kind, Subject};
use crate::projections::Views;
use crate::projections::actions::ActionFact;
use crate::projections::feedback::FeedbackFact;
use crate::projections::history::{Dated, History};
use crate::projections::policies::ChangeFact;
use crate::projections::releases::Point;

/// What was said of the feedback behind each piece of work, at certain release points.
#[derive(Default)]
pub(in crate::reports) struct Voices(Mutex<BTreeMap<Subject, Voice>>);

impl Voices {
    /// What is said of one; said before, or found out now.
    pub(in crate::reports) fn of(&self, work: &Subject, voice: impl FnOnce() -> Voice) -> Voice {
        let said = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(said) = said().get(work) {
            return said.clone();
        }
        let voice = voice();
        said().insert(work.clone(), voice.clone());
        voice
    }
}

/// The day and the sequence of each fact that the counts of a piece of work are made of; none if one of them was ever taken
/// back or said anew, so that more than these decides what counts.
fn facts_behind(views: &Views, work: &Subject) -> Option<Vec<(jiff::civil::Date, u64)>> {
    let mut facts = Vec::new();
    let mut items: BTreeSet<Uuid> = BTreeSet::new();
    if let Some(history) = views.actions.facts.get(work.id()).filter(|_| work.kind() == Kind::Action) {
        note(views, history, &mut facts)?;
        items.extend(history.all().iter().flat_map(|fact| match &fact.fact {
            ActionFact::Planned(it) => it.feedback.as_slice(),
            _ => &[],
        }));
    }
    let changes = &views.policies.changes;
    if let Some(history) = changes.get(work.id()).filter(|_| work.kind() == Kind::PolicyChange) {
        note(views, history, &mut facts)?;
        items.extend(history.all().iter().flat_map(|fact| match &fact.fact {
            ChangeFact::Proposed(it) => it.feedback.as_slice(),
            _ => &[],
        }));
    }
    let index =
        if work.kind() == Kind::Action { &views.feedback.linked_actions } else { &views.feedback.linked };
    items.extend(index.get(work.id()).into_iter().flatten().map(|tie| tie.item));
    let mut rounds: BTreeSet<&Code> = BTreeSet::new();
    for history in items.iter().filter_map(|item| views.feedback.items.get(item)) {
        note(views, history, &mut facts)?;
        rounds.extend(history.all().iter().filter_map(|fact| match &fact.fact {
            FeedbackFact::Received(it) => it.round.as_ref(),
            _ => None,
        }));
    }
    // The response to its round tells whoever gave an item, too.
    for history in rounds.into_iter().filter_map(|round| views.surveys.rounds.get(round)) {
        note(views, history, &mut facts)?;
    }
    Some(facts)
}

fn note<F>(views: &Views, history: &History<F>, facts: &mut Vec<(jiff::civil::Date, u64)>) -> Option<()> {
    let steady = |fact: &Dated<F>| fact.place == fact.sequence && !views.is_disturbed(fact.sequence);
    for fact in history.all() {
        if !steady(fact) {
            return None;
        }
        facts.push((fact.effective, fact.sequence));
    }
    Some(())
}

/// How many items were told in each way, at each of the points.
pub(in crate::reports) fn told_at(
    views: &Views,
    points: &[Point<'_>],
    work: &Subject,
) -> Vec<[u64; HOW.len()]> {
    let facts = facts_behind(views, work);
    let mut counts: Vec<[u64; HOW.len()]> = Vec::with_capacity(points.len());
    let mut before: Option<(&Point<'_>, usize)> = None;
    for point in points {
        let horizon = point.horizon();
        let seen = facts.as_ref().map(|facts| {
            facts.iter().filter(|(on, sequence)| *on <= point.on && *sequence < point.position).count()
        });
        // Where a point looks at least as far as the one before, what it sees holds what that one saw.
        let same = before.zip(seen).is_some_and(|((earlier, count), seen)| {
            earlier.on <= point.on && earlier.position <= point.position && count == seen
        });
        let last = counts.last().copied().filter(|_| same);
        let now = match (last, seen) {
            (Some(last), _) => last,
            (None, Some(0)) => [0; HOW.len()],
            _ => told(views, horizon, work),
        };
        counts.push(now);
        before = seen.map(|seen| (point, seen));
    }
    counts
}

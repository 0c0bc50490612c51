//! Every result of a survey that there ever was, and which of them stand at a release point, by question.
//!
//! Invariant: a result has one number, in the order of ids, for as long as a report is worked out. Must not know what of a
//! result may be shown.

use jiff::civil::Date;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Asked, At};
use crate::domain::event::UnitRegistered;
use crate::domain::id::Code;
use crate::projections::Views;
use crate::projections::history::{Dated, History, Horizon};
use crate::projections::learning::holds;
use crate::projections::releases::Point;
use crate::projections::surveys::Answered;
use crate::reports::disclosure::survey_minimum;

/// Every result that there ever was, with the number that stands for it.
pub(super) struct Ever<'v> {
    results: Vec<Said<'v>>,
    /// The number of each question in one version of a questionnaire.
    questions: BTreeMap<Question<'v>, usize>,
}

/// A result, all that was ever said of it, and that, if it is one thing.
type Said<'v> = (&'v Code, &'v History<Arc<Answered>>, Option<Only<'v>>);

/// Questionnaire, version, question.
type Question<'v> = (&'v Code, &'v Code, &'v Code);

/// The only thing that was ever said of a result, and its question: nearly every one is said once.
#[derive(Clone, Copy)]
struct Only<'v> {
    fact: &'v Dated<Arc<Answered>>,
    question: usize,
}

fn question(answered: &Answered) -> Question<'_> {
    (&answered.instrument, &answered.version, &answered.item)
}

impl<'v> Ever<'v> {
    /// How many results there ever were.
    pub(super) const fn count(&self) -> usize {
        self.results.len()
    }

    pub(super) fn of(views: &'v Views) -> Self {
        let facts = views.surveys.results.iter().flat_map(|(_, history)| history.all());
        let mut questions: BTreeMap<Question<'v>, usize> = BTreeMap::new();
        for fact in facts {
            questions.entry(question(&fact.fact)).or_default();
        }
        for (number, of) in questions.values_mut().enumerate() {
            *of = number;
        }
        let results = views.surveys.results.iter().map(|(id, history)| {
            let only = match history.all() {
                [fact] if !views.is_disturbed(fact.sequence) => Some(fact),
                _ => None,
            };
            let number = |fact: &Dated<Arc<Answered>>| questions.get(&question(&fact.fact)).copied();
            (id, history, only.and_then(|fact| Some(Only { fact, question: number(fact)? })))
        });
        Self { results: results.collect(), questions }
    }

    /// What stands at a point, by question.
    pub(super) fn at(&self, views: &'v Views, point: &Point<'_>) -> Vec<At<'v>> {
        let (horizon, minimum) = (point.horizon(), survey_minimum(views, point.sequence));
        let mut at: Vec<At<'v>> = Vec::new();
        at.resize_with(self.questions.len(), At::default);
        for (number, (id, history, only)) in self.results.iter().enumerate() {
            let found = match only {
                Some(only) => Views::within(only.fact, horizon).then_some((only.fact, only.question)),
                None => views
                    .latest(history, horizon)
                    .and_then(|fact| Some((fact, *self.questions.get(&question(&fact.fact))?))),
            };
            if let Some((fact, question)) = found
                && let Some(at) = at.get_mut(question)
            {
                let asked = Asked { id, number, sequence: fact.sequence, answered: &fact.fact };
                at.asked.push(asked);
            }
        }
        let terms = Terms::of(views, horizon);
        for at in &mut at {
            at.judge(minimum, &terms);
        }
        at
    }
}

/// Of which unit each is a part, at a point.
pub(super) struct Terms<'v>(Vec<(&'v Code, Vec<&'v UnitRegistered>)>);

impl<'v> Terms<'v> {
    fn of(views: &'v Views, horizon: Horizon) -> Self {
        let terms = views.learning.registrations(views, horizon);
        // Where nothing was ever a part of anything, nobody need ask.
        let any = terms.iter().any(|(_, terms)| terms.iter().any(|term| term.part_of.is_some()));
        Self(if any { terms } else { Vec::new() })
    }

    /// Whether nothing was ever a part of anything.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Everything that a unit was a part of on a day.
    pub(super) fn above(&self, unit: &Code, day: Date) -> Vec<&'v Code> {
        let (mut above, mut next) = (Vec::new(), self.part_of(unit, day));
        while let Some(whole) = next.filter(|whole| !above.contains(whole)) {
            above.push(whole);
            next = self.part_of(whole, day);
        }
        above
    }

    fn part_of(&self, unit: &Code, day: Date) -> Option<&'v Code> {
        let at = self.0.binary_search_by(|(id, _)| (*id).cmp(unit)).ok()?;
        let (_, terms) = self.0.get(at)?;
        terms.iter().rev().find(|term| holds(term, day))?.part_of.as_ref()
    }
}

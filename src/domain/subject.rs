//! The life of one subject: its facts in sequence order, and the state that replaying them gives.
//!
//! Invariant: the state is what [`State::after`] gives when the standing facts are applied by (effective day,
//! sequence): a life that grew fact by fact and one folded from all its facts are equal. Facts are never lost: one
//! that no longer fits is kept, and leaves the state alone. This file knows nothing of other subjects, of grants or
//! of who asks.

use jiff::{civil::Date, tz::TimeZone};
use std::collections::BTreeMap;
use std::sync::Arc;

use super::command::Recorded;
use super::event::Payload;
use super::id::Subject;
use super::rules::Breach;

pub mod action;
mod amendments;
pub mod commitment;
pub mod entry;
pub mod evidence;
pub mod feedback;
pub mod governance;
pub mod learning;
pub mod measure;
pub mod operation;
mod owner;
pub mod pledge;
pub mod policy;
pub mod source;
mod state;
pub mod unit;

pub use state::State;

use amendments::{Amendments, is_amendment};

/// One subject's facts and the state that they give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    subject: Subject,
    facts: Vec<Arc<Recorded>>,
    state: State,
    /// What was taken back, and what was said anew.
    amended: Amendments,
    /// Facts that cannot be true where they stand, and why. Empty for every ledger judged by these rules.
    unfit: BTreeMap<u64, Breach>,
    /// The latest day among the facts that the state was made from.
    replayed_to: Option<Date>,
    /// The latest day among all facts that stand, amendments included: what is earlier is backdated.
    latest: Option<Date>,
}

/// Where a new fact would stand in a life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The state just before it on its own day.
    pub(super) before: State,
    /// The state of the subject once it is recorded.
    pub(super) after: State,
    /// It is effective before the latest event of the subject.
    pub(super) late: bool,
}

impl Life {
    /// The life of a subject of which nothing is known.
    pub fn empty(subject: Subject) -> Self {
        Self {
            subject,
            facts: Vec::new(),
            state: State::None,
            amended: Amendments::default(),
            unfit: BTreeMap::new(),
            replayed_to: None,
            latest: None,
        }
    }

    /// Folds facts that a ledger already holds, in sequence order. Facts that do not fit are kept and change nothing.
    pub fn from_facts(subject: Subject, facts: Vec<Arc<Recorded>>, zone: &TimeZone) -> Self {
        let mut life = Self { facts, ..Self::empty(subject) };
        life.replay(zone);
        life
    }

    /// This life with one more fact.
    #[must_use]
    pub fn with(&self, fact: Arc<Recorded>, zone: &TimeZone) -> Self {
        self.clone().followed_by(fact, zone)
    }

    /// The same without a copy, for a caller that gives its life away.
    #[must_use]
    pub fn followed_by(mut self, fact: Arc<Recorded>, zone: &TimeZone) -> Self {
        let day = fact.event.occurred.effective(zone);
        let at_the_end = self.replayed_to.is_none_or(|latest| latest <= day);
        if at_the_end && !is_amendment(&fact) {
            match self.state.after(&fact, day) {
                Ok(state) => self.state = state,
                Err(breach) => {
                    self.unfit.insert(fact.sequence, breach);
                }
            }
            self.replayed_to = Some(day);
            self.latest = self.latest.max(Some(day));
            self.facts.push(fact);
        } else {
            self.facts.push(fact);
            self.replay(zone);
        }
        self
    }

    /// What it is the life of.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// How many facts there are; voided ones and voids count, they were recorded.
    pub fn version(&self) -> u64 {
        self.facts.len() as u64
    }

    /// How many voids and corrections there are.
    pub(super) fn amendments(&self) -> usize {
        self.facts.iter().filter(|fact| is_amendment(fact)).count()
    }

    /// Every fact, by sequence.
    pub fn facts(&self) -> &[Arc<Recorded>] {
        &self.facts
    }

    /// Whether the fact at that sequence was taken back.
    pub fn is_voided(&self, sequence: u64) -> bool {
        self.amended.voided.contains_key(&sequence)
    }

    /// The void that took back the fact at that sequence.
    pub fn voided_by(&self, sequence: u64) -> Option<u64> {
        self.amended.voided.get(&sequence).copied()
    }

    /// The correction by which the fact at that sequence counts now.
    pub fn corrected_by(&self, sequence: u64) -> Option<u64> {
        self.amended.corrected.get(&sequence).map(|correction| correction.sequence)
    }

    /// The fact at that sequence as it counts now: as its last standing correction says it. None if it was taken back,
    /// is an amendment itself, or is not of this life.
    pub fn as_it_stands(&self, sequence: u64) -> Option<&Arc<Recorded>> {
        let fact = self.facts.iter().find(|fact| fact.sequence == sequence)?;
        self.amended.standing(fact)
    }

    /// The fact that an amendment of this life is about: found by its id and source among the facts before it.
    pub(super) fn target(&self, amendment: &Recorded) -> Option<&Arc<Recorded>> {
        amendments::target(&self.facts, amendment)
    }

    /// The state's name, such as `CLAIMED_COMPLETE`; `NONE` when nothing stands.
    pub fn state_name(&self) -> &'static str {
        self.state.name()
    }

    /// The state.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Whether the facts leave anything standing: false for an unknown subject and for one that was voided away.
    pub fn stands(&self) -> bool {
        self.state != State::None
    }

    /// The fact that a correction is about, as the correction says it, in the place that it has.
    pub(super) fn said_anew(&self, correction: &Recorded) -> Option<Arc<Recorded>> {
        let Payload::CorrectionMade(made) = &correction.event.payload else { return None };
        self.target(correction).map(|target| Arc::new(amendments::anew(target, made)))
    }

    /// Judges a fact that is not recorded yet (its sequence must be above every other): where it would stand, or what
    /// could then not be true.
    pub(super) fn judge(&self, fact: &Arc<Recorded>, zone: &TimeZone) -> Result<Place, Breach> {
        let day = fact.event.occurred.effective(zone);
        let late = self.latest.is_some_and(|latest| day < latest);
        if !is_amendment(fact) && self.replayed_to.is_none_or(|latest| latest <= day) {
            let after = self.state.after(fact, day)?;
            return Ok(Place { before: self.state.clone(), after, late });
        }
        let then = self.with(fact.clone(), zone);
        if let Some(breach) = then.unfit.get(&fact.sequence) {
            // Nothing stood before it on its day; what stands in the way is then the beginning, which comes later.
            let beginning = self.order(zone).first().map(|(_, first)| first.sequence);
            return Err(Breach { standing: breach.standing.or(beginning), ..*breach });
        }
        let broken = then.unfit.iter().find(|(sequence, _)| !self.unfit.contains_key(sequence));
        if let Some((&sequence, breach)) = broken {
            // A correction that breaks the very event that it corrects is itself what cannot be true.
            let own = then.amended.corrects(fact.sequence) == Some(sequence);
            let breach = Breach { rule: breach.rule, standing: Some(sequence), standing_breaks: true };
            return Err(if own { then.unfit[&sequence] } else { breach });
        }
        let stands_as = then.amended.corrects(fact.sequence).unwrap_or(fact.sequence);
        let before = then.state_before(stands_as, zone).unwrap_or_else(|| self.state.clone());
        Ok(Place { before, after: then.state, late })
    }

    /// The state just before the fact at that sequence; none if it does not stand.
    fn state_before(&self, sequence: u64, zone: &TimeZone) -> Option<State> {
        let mut state = State::None;
        for (on, fact) in self.order(zone) {
            if fact.sequence == sequence {
                return Some(state);
            }
            state = state.after(fact, on).unwrap_or(state);
        }
        None
    }

    /// The facts that stand, as they stand, amendments left out, in the order in which they count.
    fn order(&self, zone: &TimeZone) -> Vec<(Date, &Arc<Recorded>)> {
        let mut standing: Vec<_> = self
            .facts
            .iter()
            .filter_map(|fact| self.amended.standing(fact))
            .map(|fact| (fact.event.occurred.effective(zone), fact))
            .collect();
        standing.sort_by_key(|(day, fact)| (*day, fact.sequence));
        standing
    }

    /// Makes everything again from the facts.
    fn replay(&mut self, zone: &TimeZone) {
        let (amended, mut unfit) = Amendments::of(&self.facts);
        self.amended = amended;
        let mut state = State::None;
        let order = self.order(zone);
        for (day, fact) in &order {
            match state.after(fact, *day) {
                Ok(next) => state = next,
                Err(breach) => {
                    unfit.insert(fact.sequence, breach);
                }
            }
        }
        self.replayed_to = order.last().map(|(day, _)| *day);
        let amendments = self.facts.iter().filter(|fact| is_amendment(fact));
        self.latest = amendments.map(|fact| fact.event.occurred.effective(zone)).max().max(self.replayed_to);
        self.state = state;
        self.unfit = unfit;
    }
}

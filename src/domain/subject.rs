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
use super::event::{EventVoided, Payload};
use super::id::Subject;
use super::rules::{self, Breach};

pub mod action;
pub mod entry;
pub mod feedback;
pub mod governance;
pub mod learning;
pub mod operation;
pub mod pledge;
pub mod policy;
pub mod source;
mod state;
pub mod unit;

pub use state::State;

/// One subject's facts and the state that they give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    subject: Subject,
    facts: Vec<Arc<Recorded>>,
    state: State,
    /// Sequence of each fact that was taken back → sequence of the void.
    voided: BTreeMap<u64, u64>,
    /// Facts that cannot be true where they stand, and why. Empty for every ledger judged by these rules.
    unfit: BTreeMap<u64, Breach>,
    /// The latest day among the facts that the state was made from.
    replayed_to: Option<Date>,
    /// The latest day among all facts that stand, voids included: what is earlier is backdated.
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
            voided: BTreeMap::new(),
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
        if at_the_end && !is_void(&fact) {
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

    /// Every fact, by sequence.
    pub fn facts(&self) -> &[Arc<Recorded>] {
        &self.facts
    }

    /// Whether the fact at that sequence was taken back.
    pub fn is_voided(&self, sequence: u64) -> bool {
        self.voided.contains_key(&sequence)
    }

    /// The void that took back the fact at that sequence.
    pub fn voided_by(&self, sequence: u64) -> Option<u64> {
        self.voided.get(&sequence).copied()
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

    /// Judges a fact that is not recorded yet (its sequence must be above every other): where it would stand, or what
    /// could then not be true.
    pub(super) fn judge(&self, fact: &Arc<Recorded>, zone: &TimeZone) -> Result<Place, Breach> {
        let day = fact.event.occurred.effective(zone);
        let late = self.latest.is_some_and(|latest| day < latest);
        if !is_void(fact) && self.replayed_to.is_none_or(|latest| latest <= day) {
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
            return Err(Breach { rule: breach.rule, standing: Some(sequence), standing_breaks: true });
        }
        let before = if is_void(fact) { self.state.clone() } else { self.state_before(day, zone) };
        Ok(Place { before, after: then.state, late })
    }

    /// The state at the end of that day, from the facts held now.
    fn state_before(&self, day: Date, zone: &TimeZone) -> State {
        let mut state = State::None;
        for (on, fact) in self.order(zone).into_iter().take_while(|(on, _)| *on <= day) {
            state = state.after(fact, on).unwrap_or(state);
        }
        state
    }

    /// The facts that stand, voids left out, in the order in which they count.
    fn order(&self, zone: &TimeZone) -> Vec<(Date, &Arc<Recorded>)> {
        let mut standing: Vec<_> = self
            .facts
            .iter()
            .filter(|fact| !is_void(fact) && !self.voided.contains_key(&fact.sequence))
            .map(|fact| (fact.event.occurred.effective(zone), fact))
            .collect();
        standing.sort_by_key(|(day, fact)| (*day, fact.sequence));
        standing
    }

    /// Makes everything again from the facts.
    fn replay(&mut self, zone: &TimeZone) {
        let (voided, mut unfit) = voids(&self.facts);
        self.voided = voided;
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
        let voids = self.facts.iter().filter(|fact| is_void(fact));
        self.latest = voids.map(|fact| fact.event.occurred.effective(zone)).max().max(self.replayed_to);
        self.state = state;
        self.unfit = unfit;
    }
}

fn is_void(fact: &Recorded) -> bool {
    matches!(fact.event.payload, Payload::EventVoided(_))
}

/// Which facts were taken back by which voids, and the voids that take back nothing.
fn voids(facts: &[Arc<Recorded>]) -> (BTreeMap<u64, u64>, BTreeMap<u64, Breach>) {
    let (mut voided, mut unfit) = (BTreeMap::new(), BTreeMap::new());
    for (index, fact) in facts.iter().enumerate() {
        let Payload::EventVoided(void) = &fact.event.payload else { continue };
        match void_target(&facts[..index], void, fact, &voided) {
            Ok(target) => drop(voided.insert(target, fact.sequence)),
            Err(breach) => drop(unfit.insert(fact.sequence, breach)),
        }
    }
    (voided, unfit)
}

fn void_target(
    earlier: &[Arc<Recorded>],
    void: &EventVoided,
    fact: &Recorded,
    voided: &BTreeMap<u64, u64>,
) -> Result<u64, Breach> {
    let source = void.target_source.as_ref().unwrap_or(&fact.source);
    let target = earlier
        .iter()
        .rev()
        .find(|one| one.event.id == void.target_event_id && one.source == *source)
        .ok_or(Breach::of(&rules::VOID_TARGET_UNKNOWN, None))?;
    match target.event.payload {
        Payload::EventVoided(_) => Err(Breach::of(&rules::VOID_OF_VOID, Some(target.sequence))),
        // What others have acted on outside the ledger (erased, published, signed, set right) is not undone by a void.
        Payload::LedgerOpened(_)
        | Payload::GrantChanged(_)
        | Payload::ContentErased(_)
        | Payload::ReleasePointDeclared(_)
        | Payload::AuditOpinionRecorded(_)
        | Payload::ClockCorrected(_) => Err(Breach::of(&rules::VOID_OF_OPERATION, Some(target.sequence))),
        _ => match voided.get(&target.sequence) {
            Some(&by) => Err(Breach::of(&rules::ALREADY_VOIDED, Some(by))),
            None => Ok(target.sequence),
        },
    }
}

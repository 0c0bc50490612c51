//! Every view of one ledger at one position: folds over its facts. PURE: no clock, no I/O, no async, no randomness.
//!
//! Invariant: views keep *dated facts with their sequence*, and no conclusion but with the positions and days from which on
//! it is one. *As known N* (facts with a sequence below N) and *as at D* (facts effective on or before D) are filters at
//! reading time, so one set of views answers for every earlier position, too. Folding the same facts gives the same views,
//! in whatever batches they come. Must not know where facts come from, nor what reports make of them.

pub mod actions;
pub mod awareness;
pub mod commitments;
pub mod erasures;
pub mod feedback;
mod fold;
pub mod history;
pub mod irregularities;
pub mod learning;
pub mod ledger;
mod lists;
pub mod measures;
mod naming;
pub mod outside;
pub mod owner;
pub mod policies;
pub mod releases;
pub mod resting;
pub mod sequences;
pub mod shared;
pub mod since;
pub mod snapshot;
pub mod sources;
pub mod standing;
pub mod surveys;
pub mod working_days;

#[cfg(test)]
pub(crate) mod chronicle;
#[cfg(test)]
mod tests;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use self::actions::ActionsView;
use self::awareness::AwarenessView;
use self::commitments::CommitmentsView;
use self::erasures::ErasuresView;
use self::feedback::FeedbackView;
use self::history::{Dated, History, Horizon, Void};
use self::irregularities::IrregularitiesView;
use self::learning::LearningView;
use self::ledger::{LedgerView, Opened};
use self::measures::MeasuresView;
use self::naming::NamingIndex;
use self::outside::OutsideView;
use self::policies::PoliciesView;
use self::releases::ReleasesView;
use self::shared::SharedMap;
use self::sources::SourcesView;
use self::surveys::SurveysView;
use crate::domain::command::Recorded;
use crate::domain::event::{LedgerOpened, Payload};
use crate::domain::id::{Code, SourceName};

/// Every view of one ledger at one position.
///
/// Cost of a clone: some twenty reference counts, whatever the ledger's size. The first [`Views::apply`] after a clone
/// copies, of each map that it writes to, one key and pointer for every 32 to 64 subjects, and one leaf of 64 keys and
/// pointers, and the facts of the one subject; see [`SharedMap`]. So publishing a clone every 20 ms costs well under a millisecond of
/// copying in a ledger with a million subjects.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Views {
    /// Posts, code lists, calendars, settings, pledges.
    pub ledger: LedgerView,
    /// Commitments, evidence, and what was done for them.
    pub commitments: CommitmentsView,
    /// How commitments are measured.
    pub measures: MeasuresView,
    /// Actions.
    pub actions: ActionsView,
    /// Rounds and feedback.
    pub feedback: FeedbackView,
    /// Policies and their changes.
    pub policies: PoliciesView,
    /// Units, learning, support.
    pub learning: LearningView,
    /// Awareness and signposting.
    pub awareness: AwarenessView,
    /// Rounds of asking, and results of surveys.
    pub surveys: SurveysView,
    /// Release points and issued reports.
    pub releases: ReleasesView,
    /// Requests to erase.
    pub erasures: ErasuresView,
    /// The posting systems.
    pub posters: SourcesView,
    /// What was marked, taken back or said anew.
    pub irregularities: IrregularitiesView,
    /// Opinions, witnesses, keys, restores.
    pub outside: OutsideView,
    naming: NamingIndex,
    opened: Option<Arc<Opened>>,
    size: u64,
    /// The number that stands for each source in the facts.
    sources: SharedMap<SourceName, u32>,
    /// The void of each voided event, by sequence.
    voids: SharedMap<u64, Void>,
    /// The corrections of each corrected event, by its sequence; ascending.
    corrections: SharedMap<u64, Vec<u64>>,
    /// Which events were ever voided or corrected: a bit each. Nearly none is, and that is said without a search.
    disturbed: Arc<Vec<u64>>,
    /// Of what is about an earlier day than that of its recording, that day; of what counts whatever day is asked about, the
    /// first of all days.
    dated_back: SharedMap<u64, Date>,
    /// When events were recorded: the first sequence of each run with one time.
    recorded: SharedMap<u64, Timestamp>,
    /// The first sequence that was recorded on each local day.
    days: SharedMap<u64, Date>,
}

impl Views {
    /// The views of an empty ledger.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in the next fact. A fact that is not the next one (its sequence is not [`Views::size`]) is left alone: a
    /// repeat changes nothing, and after a gap the size shows that the views stand still.
    pub fn apply(&mut self, fact: &Recorded) {
        if fact.sequence != self.size {
            return;
        }
        self.size += 1;
        let opens = if let Payload::LedgerOpened(opened) = &fact.event.payload {
            self.open(opened);
            true
        } else {
            false
        };
        if opens || self.known_until() != Some(fact.recorded_at) {
            self.recorded.set(&fact.sequence, fact.recorded_at);
            let today = self.local_day(fact.recorded_at);
            if self.days.at_or_before(&fact.sequence).is_none_or(|(_, day)| *day != today) {
                self.days.set(&fact.sequence, today);
            }
        }
        self.fold(fact);
    }

    /// How many events the views hold: the sequence that they expect next.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// What the first record says.
    pub fn opened(&self) -> Option<&Opened> {
        self.opened.as_deref()
    }

    /// When the newest event was recorded.
    pub fn known_until(&self) -> Option<Timestamp> {
        self.known_until_at(self.size)
    }

    /// When the newest of the first `as_known` events was recorded.
    pub fn known_until_at(&self, as_known: u64) -> Option<Timestamp> {
        self.recorded.at_or_before(&as_known.checked_sub(1)?).map(|(_, time)| *time)
    }

    /// The local day on which an event was recorded.
    pub fn recorded_on(&self, sequence: u64) -> Date {
        self.days.at_or_before(&sequence).map_or(Date::MIN, |(_, day)| *day)
    }

    /// The local day of an instant: the ledger's zone, UTC before it was opened.
    pub fn local_day(&self, instant: Timestamp) -> Date {
        self.zone().to_datetime(instant).date()
    }

    /// The void of an event, if it is known among the first `as_known` events.
    pub fn void_of(&self, sequence: u64, as_known: u64) -> Option<Void> {
        if !self.is_disturbed(sequence) {
            return None;
        }
        self.voids.get(&sequence).copied().filter(|void| void.sequence < as_known)
    }

    /// Whether an event was ever taken back or said anew.
    pub(crate) fn is_disturbed(&self, sequence: u64) -> bool {
        let word = self.disturbed.get((sequence / 64) as usize);
        word.is_some_and(|word| word >> (sequence % 64) & 1 == 1)
    }

    fn disturb(&mut self, sequence: u64) {
        let (word, words) = ((sequence / 64) as usize, Arc::make_mut(&mut self.disturbed));
        if words.len() <= word {
            words.resize(word + 1, 0);
        }
        if let Some(word) = words.get_mut(word) {
            *word |= 1 << (sequence % 64);
        }
    }

    /// The correction by which a fact was said anew, if it is known among the first `as_known` events and stands.
    pub fn correction_of<F>(&self, fact: &Dated<F>, as_known: u64) -> Option<u64> {
        self.corrected(fact.sequence, fact.place, as_known)
    }

    fn corrected(&self, sequence: u64, place: u64, as_known: u64) -> Option<u64> {
        if !self.is_disturbed(place) {
            return None;
        }
        let corrections = self.corrections.get(&place)?.iter().rev().copied();
        let mut later = corrections.filter(|by| (sequence + 1..as_known).contains(by));
        later.find(|by| self.void_of(*by, as_known).is_none())
    }

    /// Whether what the event of that sequence said in that place is not known to be taken back or said anew.
    fn holds(&self, sequence: u64, place: u64, known: u64) -> bool {
        self.void_of(sequence, known).is_none()
            && (place == sequence || self.void_of(place, known).is_none())
            && self.corrected(sequence, place, known).is_none()
    }

    /// Whether a fact counts from the horizon: known, effective, and not known to be taken back or said anew. A
    /// correction falls with the event that it corrects.
    pub fn sees<F>(&self, fact: &Dated<F>, horizon: Horizon) -> bool {
        Self::within(fact, horizon) && self.holds(fact.sequence, fact.place, horizon.as_known)
    }

    /// The facts of a history that count from the horizon, by effective day, then sequence.
    pub fn seen<'v, F>(&self, history: &'v History<F>, horizon: Horizon) -> Vec<&'v Dated<F>> {
        let mut facts: Vec<_> = history.all().iter().filter(|fact| self.sees(fact, horizon)).collect();
        facts.sort_by_key(|fact| (fact.effective, fact.place));
        facts
    }

    /// Goes through the same facts in the same order. Most histories are in it already.
    pub(super) fn step_through<'v, F>(
        &self,
        history: &'v History<F>,
        horizon: Horizon,
        mut step: impl FnMut(&'v Dated<F>),
    ) {
        if history.all().is_sorted_by_key(|fact| (fact.effective, fact.place)) {
            history.all().iter().filter(|fact| self.sees(fact, horizon)).for_each(step);
        } else {
            self.seen(history, horizon).into_iter().for_each(&mut step);
        }
    }

    /// The last fact of a history that counts from the horizon.
    pub fn latest<'v, F>(&self, history: &'v History<F>, horizon: Horizon) -> Option<&'v Dated<F>> {
        let facts = history.all().iter().filter(|fact| self.sees(fact, horizon));
        facts.max_by_key(|fact| (fact.effective, fact.place))
    }

    /// The fact of a history that counts for that sort of fact: the last that counts from the horizon; if none does,
    /// the last by which it is known that there was one and that it was taken back.
    pub(crate) fn last_or_voided<'v, F>(
        &self,
        history: &'v History<F>,
        horizon: Horizon,
        sort: impl Fn(&F) -> bool,
    ) -> Option<(&'v Dated<F>, Option<Void>)> {
        let of_sort = || history.all().iter().filter(|fact| sort(&fact.fact));
        let live = of_sort().filter(|fact| self.sees(fact, horizon));
        if let Some(fact) = live.max_by_key(|fact| (fact.effective, fact.place)) {
            return Some((fact, None));
        }
        let mut known = of_sort().rev().filter(|fact| Self::within(fact, horizon));
        known.find_map(|fact| Some((fact, Some(self.void_of(fact.place, horizon.as_known)?))))
    }

    /// The position from which the same is seen as from the horizon, and no earlier one: behind the last event that may
    /// count there. Whatever came behind it is about later days.
    pub fn told_until(&self, horizon: Horizon) -> u64 {
        let Some(last) = horizon.as_known.min(self.size).checked_sub(1) else { return 0 };
        // Recorded by the end of that day; where clocks are put back at midnight, a local day can come twice.
        let mut by_then = horizon.as_known;
        for (first, day) in self.days.back_from(&last) {
            if *day <= horizon.as_at {
                break;
            }
            by_then = *first;
        }
        let mut back = self.dated_back.back_from(&last).take_while(|(sequence, _)| **sequence >= by_then);
        back.find(|(_, day)| **day <= horizon.as_at).map_or(by_then, |(sequence, _)| sequence + 1)
    }

    /// What a post is called from the horizon: its title, or its code if no registration is known.
    pub fn post_title(&self, post: &Code, horizon: Horizon) -> String {
        let term = self.ledger.term(self, post, horizon);
        term.map_or_else(|| post.to_string(), |term| term.title.to_string())
    }

    /// The last of the first `as_known` events that says something of the ledger's surroundings (posts, lists, calendars,
    /// settings, pledges), or takes such an event back.
    pub fn surroundings_known(&self, as_known: u64) -> Option<u64> {
        let last = |facts: &mut dyn Iterator<Item = u64>| -> Option<u64> {
            let voids =
                |sequence: u64| self.void_of(sequence, as_known).map_or(sequence, |void| void.sequence);
            facts.filter(|sequence| *sequence < as_known).map(voids).max()
        };
        let view = &self.ledger;
        [
            last(&mut sequences(&view.posts)),
            last(&mut sequences(&view.code_lists)),
            last(&mut sequences(&view.calendars)),
            last(&mut sequences(&view.settings)),
            last(&mut sequences(&view.pledges)),
        ]
        .into_iter()
        .flatten()
        .max()
    }

    /// Behind the last event that says what counts of a history: its own facts, what took one of them back, and what said one
    /// anew.
    fn known_of<F>(&self, history: &History<F>) -> u64 {
        let mut last = history.span().1;
        for fact in history.all() {
            for sequence in [fact.sequence, fact.place] {
                if self.is_disturbed(sequence) {
                    let void = self.voids.get(&sequence).map(|void| void.sequence);
                    let by = self.corrections.get(&sequence).and_then(|by| by.last().copied());
                    last = last.max(void.unwrap_or(0)).max(by.unwrap_or(0));
                }
            }
        }
        last + 1
    }

    /// Known and effective, voided or not.
    pub(crate) fn within<F>(fact: &Dated<F>, horizon: Horizon) -> bool {
        fact.sequence < horizon.as_known && fact.effective <= horizon.as_at
    }

    fn zone(&self) -> TimeZone {
        self.opened.as_ref().map_or(TimeZone::UTC, |opened| opened.zone.clone())
    }

    fn open(&mut self, opened: &LedgerOpened) {
        self.opened = Some(Arc::new(Opened {
            organisation: opened.organisation.clone(),
            origin: opened.origin.clone(),
            zone: TimeZone::get(&opened.time_zone).unwrap_or(TimeZone::UTC),
            example_data: opened.example_data,
            simulated_clock: opened.simulated_clock,
        }));
    }
}

/// The sequences of every fact in a view.
fn sequences<K: Ord, F>(facts: &SharedMap<K, History<F>>) -> impl Iterator<Item = u64> {
    facts.iter().flat_map(|(_, history)| history.all().iter().map(|fact| fact.sequence))
}

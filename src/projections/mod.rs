//! Every view of one ledger at one position: folds over its facts. PURE: no clock, no I/O, no async, no randomness.
//!
//! Invariant: views keep *dated facts with their sequence*, and never a conclusion. *As known N* (facts with a sequence
//! below N) and *as at D* (facts effective on or before D) are filters at reading time, so one set of views answers for
//! every earlier position, too. Folding the same facts gives the same views, in whatever batches they come. Must not
//! know where facts come from, nor what reports make of them.

pub mod actions;
pub mod commitments;
pub mod feedback;
pub mod history;
pub mod ledger;
pub mod policies;
pub mod shared;

#[cfg(test)]
pub(crate) mod chronicle;
#[cfg(test)]
mod tests;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use std::sync::Arc;
use uuid::Uuid;

use self::actions::{ActionFact, ActionsView};
use self::commitments::CommitmentsView;
use self::feedback::FeedbackView;
use self::history::{Dated, History, Horizon, Void};
use self::ledger::{LedgerView, Opened, PledgeVersion};
use self::policies::{ChangeFact, PoliciesView};
use self::shared::SharedMap;
use crate::domain::command::Recorded;
use crate::domain::event::{CorrectionMade, EventVoided, LedgerOpened, Payload};
use crate::domain::id::{Code, Kind, SourceName, Subject};
use crate::domain::irregularity::Irregularity;
use crate::domain::value::Occurred;

/// Every view of one ledger at one position.
///
/// Cost of a clone: some twenty reference counts, whatever the ledger's size. The first [`Views::apply`] after a clone
/// copies, of each map that it writes to, one pointer for every 32 to 64 subjects, and one leaf of 64 pointers, and the
/// facts of the one subject; see [`SharedMap`]. So publishing a clone every 20 ms costs well under a millisecond of
/// copying in a ledger with a million subjects.
#[derive(Clone, Debug, Default)]
pub struct Views {
    /// Posts, code lists, calendars, settings, pledges.
    pub ledger: LedgerView,
    /// Commitments, and evidence.
    pub commitments: CommitmentsView,
    /// Actions.
    pub actions: ActionsView,
    /// Rounds and feedback.
    pub feedback: FeedbackView,
    /// Policies and their changes.
    pub policies: PoliciesView,
    opened: Option<Arc<Opened>>,
    size: u64,
    /// The number that stands for each source in the facts.
    sources: SharedMap<SourceName, u32>,
    /// The void of each voided event, by sequence.
    voids: SharedMap<u64, Void>,
    /// The corrections of each corrected event, by its sequence; ascending.
    corrections: SharedMap<u64, Vec<u64>>,
    /// When events were recorded: the first sequence of each run with one time.
    recorded: SharedMap<u64, Timestamp>,
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
        if self.known_until() != Some(fact.recorded_at) {
            self.recorded.set(&fact.sequence, fact.recorded_at);
        }
        if let Payload::LedgerOpened(opened) = &fact.event.payload {
            self.open(opened);
        }
        let source = self.source_number(&fact.source);
        match &fact.event.payload {
            Payload::EventVoided(void) => self.void(fact, void, source),
            Payload::CorrectionMade(made) => self.correct(fact, made, source),
            payload => self.keep(payload, self.stamp(fact, fact.event.occurred, fact.sequence, source)),
        }
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

    /// The local day of an instant: the ledger's zone, UTC before it was opened.
    pub fn local_day(&self, instant: Timestamp) -> Date {
        self.zone().to_datetime(instant).date()
    }

    /// The void of an event, if it is known among the first `as_known` events.
    pub fn void_of(&self, sequence: u64, as_known: u64) -> Option<Void> {
        self.voids.get(&sequence).copied().filter(|void| void.sequence < as_known)
    }

    /// The correction by which a fact was said anew, if it is known among the first `as_known` events and stands.
    pub fn correction_of<F>(&self, fact: &Dated<F>, as_known: u64) -> Option<u64> {
        let corrections = self.corrections.get(&fact.place)?.iter().rev().copied();
        let mut later = corrections.filter(|by| (fact.sequence + 1..as_known).contains(by));
        later.find(|by| self.void_of(*by, as_known).is_none())
    }

    /// Whether a fact counts from the horizon: known, effective, and not known to be taken back or said anew. A
    /// correction falls with the event that it corrects.
    pub fn sees<F>(&self, fact: &Dated<F>, horizon: Horizon) -> bool {
        let known = horizon.as_known;
        Self::within(fact, horizon)
            && self.void_of(fact.sequence, known).is_none()
            && (fact.place == fact.sequence || self.void_of(fact.place, known).is_none())
            && self.correction_of(fact, known).is_none()
    }

    /// The facts of a history that count from the horizon, by effective day, then sequence.
    pub fn seen<'v, F>(&self, history: &'v History<F>, horizon: Horizon) -> Vec<&'v Dated<F>> {
        let mut facts: Vec<_> = history.all().iter().filter(|fact| self.sees(fact, horizon)).collect();
        facts.sort_by_key(|fact| (fact.effective, fact.place));
        facts
    }

    /// The last fact of a history that counts from the horizon.
    pub fn latest<'v, F>(&self, history: &'v History<F>, horizon: Horizon) -> Option<&'v Dated<F>> {
        let facts = history.all().iter().filter(|fact| self.sees(fact, horizon));
        facts.max_by_key(|fact| (fact.effective, fact.place))
    }

    /// What a post is called from the horizon: its title, or its code if no registration is known.
    pub fn post_title(&self, post: &Code, horizon: Horizon) -> String {
        let title = self.ledger.posts.get(post).and_then(|history| self.latest(history, horizon));
        title.map_or_else(|| post.to_string(), |fact| fact.fact.title.to_string())
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

    fn source_number(&mut self, source: &SourceName) -> u32 {
        if let Some(number) = self.sources.get(source) {
            return *number;
        }
        let number = self.sources.len() as u32;
        self.sources.set(source, number);
        number
    }

    fn void(&mut self, fact: &Recorded, void: &EventVoided, poster: u32) {
        let source = match &void.target_source {
            None => Some(poster),
            Some(name) => self.sources.get(name).copied(),
        };
        let target = source.and_then(|source| self.find(&fact.event.subject, void.target_event_id, source));
        // The first void stands; a target that the views keep nothing of has nothing to take back.
        if let Some(target) = target.filter(|target| self.voids.get(target).is_none()) {
            let void = Void { sequence: fact.sequence, recorded_on: self.local_day(fact.recorded_at) };
            self.voids.set(&target, void);
        }
    }

    /// A correction is kept as one more fact, in the place of the event that it says anew.
    fn correct(&mut self, fact: &Recorded, made: &CorrectionMade, poster: u32) {
        let source = match &made.target_source {
            None => Some(poster),
            Some(name) => self.sources.get(name).copied(),
        };
        let target = source.and_then(|source| self.find(&fact.event.subject, made.target_event_id, source));
        let Some(place) = target else { return };
        self.keep(&made.corrected.payload, self.stamp(fact, made.corrected.occurred, place, poster));
        self.corrections.change(&place, Vec::new, |by| by.push(fact.sequence));
    }

    fn stamp<'f>(&self, fact: &'f Recorded, occurred: Occurred, place: u64, source: u32) -> Stamp<'f> {
        Stamp { fact, effective: occurred.effective(&self.zone()), place, source }
    }

    /// The sequence of the subject's event with that id.
    fn find(&self, subject: &Subject, id: Uuid, source: u32) -> Option<u64> {
        let code = subject.id();
        match subject.kind() {
            Kind::Post => self.ledger.posts.get(code)?.find(id, source),
            Kind::CodeList => self.ledger.code_lists.get(code)?.find(id, source),
            Kind::Calendar => self.ledger.calendars.get(code)?.find(id, source),
            Kind::Settings => self.ledger.settings.get(code)?.find(id, source),
            Kind::Pledge => self.ledger.pledges.get(code)?.find(id, source),
            Kind::Commitment => self.commitments.made.get(code)?.find(id, source),
            Kind::Evidence => self.commitments.evidence.get(code)?.find(id, source),
            Kind::Action => self.actions.facts.get(code)?.find(id, source),
            Kind::Round => self.feedback.rounds.get(code)?.find(id, source),
            Kind::Feedback => {
                self.feedback.received.get(&Uuid::try_parse(code.as_str()).ok()?)?.find(id, source)
            }
            Kind::Policy => self.policies.registered.get(code)?.find(id, source),
            Kind::PolicyChange => self.policies.changes.get(code)?.find(id, source),
            // No view keeps anything of these yet.
            Kind::Ledger
            | Kind::Source
            | Kind::Unit
            | Kind::Measure
            | Kind::Session
            | Kind::PracticeSupport
            | Kind::Awareness
            | Kind::Signposting
            | Kind::SurveyResult
            | Kind::Erasure
            | Kind::ReleasePoint
            | Kind::IssuedReport
            | Kind::AuditOpinion => None,
        }
    }

    fn keep(&mut self, payload: &Payload, stamp: Stamp<'_>) {
        let fact = stamp.fact;
        let code = fact.event.subject.id();
        match payload {
            Payload::PostRegistered(it) => stamp.add(&mut self.ledger.posts, code, Arc::new(it.clone())),
            Payload::CodeListAdopted(it) => {
                stamp.add(&mut self.ledger.code_lists, code, Arc::new(it.clone()));
            }
            Payload::CalendarAdopted(it) => stamp.add(&mut self.ledger.calendars, code, Arc::new(it.clone())),
            Payload::ReportSettingsAdopted(it) => stamp.add(&mut self.ledger.settings, code, it.clone()),
            Payload::PledgePublished(it) => {
                stamp.add(&mut self.ledger.pledges, code, Arc::new(PledgeVersion::from(it)));
            }
            Payload::CommitmentMade(it) => stamp.add(&mut self.commitments.made, code, Arc::new(it.clone())),
            Payload::EvidenceAttached(it) => {
                stamp.add(&mut self.commitments.evidence, code, it.about.clone());
            }
            Payload::FeedbackSought(it) => {
                stamp.add(&mut self.feedback.rounds, code, it.commitments.as_slice().into());
            }
            Payload::FeedbackReceived(it) => {
                if let Ok(id) = Uuid::try_parse(code.as_str()) {
                    stamp.add(&mut self.feedback.received, &id, it.respondents);
                }
            }
            Payload::PolicyRegistered(it) => {
                stamp.add(&mut self.policies.registered, code, Arc::new(it.clone()));
            }
            payload => {
                if let Some(kept) = self.action_fact(fact, payload) {
                    stamp.add(&mut self.actions.facts, code, kept);
                } else if let Some(kept) = change_fact(fact, payload) {
                    stamp.add(&mut self.policies.changes, code, kept);
                }
            }
        }
    }

    fn action_fact(&self, fact: &Recorded, payload: &Payload) -> Option<ActionFact> {
        Some(match payload {
            Payload::ActionPlanned(it) => ActionFact::Planned(Arc::new(it.clone())),
            Payload::ActionStarted(_) => ActionFact::Started,
            Payload::DeadlineRevised(it) => ActionFact::Revised {
                new_due: it.new_due,
                backdated: fact.irregularities.contains(&Irregularity::BackdatedDeadline),
            },
            Payload::ActionCompleted(_) => {
                ActionFact::Completed { recorded_on: self.local_day(fact.recorded_at) }
            }
            Payload::ActionVerified(_) => ActionFact::Verified,
            Payload::ActionReopened(_) => ActionFact::Reopened,
            Payload::ActionCancelled(_) => ActionFact::Cancelled,
            _ => return None,
        })
    }
}

fn change_fact(fact: &Recorded, payload: &Payload) -> Option<ChangeFact> {
    Some(match payload {
        Payload::PolicyChangeProposed(it) => ChangeFact::Proposed(Arc::new(it.clone())),
        Payload::PolicyChangeApproved(it) => ChangeFact::Approved(it.by_post.clone()),
        Payload::PolicyChanged(it) => ChangeFact::Changed {
            policy: it.policy.clone(),
            version: it.version.clone(),
            effective_on: it.effective_on,
            unapproved: fact.irregularities.contains(&Irregularity::Unapproved),
        },
        _ => return None,
    })
}

/// What every kept fact carries from its record.
#[derive(Clone, Copy)]
struct Stamp<'f> {
    fact: &'f Recorded,
    effective: Date,
    place: u64,
    source: u32,
}

impl Stamp<'_> {
    fn add<K: Ord + Clone, F: Clone>(self, map: &mut SharedMap<K, History<F>>, key: &K, fact: F) {
        let dated = Dated {
            sequence: self.fact.sequence,
            place: self.place,
            effective: self.effective,
            id: self.fact.event.id,
            source: self.source,
            late: self.fact.irregularities.contains(&Irregularity::LateRecorded),
            fact,
        };
        map.change(key, History::default, |history| history.push(dated));
    }
}

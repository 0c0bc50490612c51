//! The fold: what each view keeps of each event, and how a void or a correction finds its event again.
//!
//! Invariant: every event of which a view keeps something is found by id and source, so that taking it back or saying it
//! anew counts; of an event that no report asks about nothing is kept, and there is nothing to take back. Nothing is
//! allocated that is not kept. Must not know what is read from the views.

use jiff::civil::Date;
use uuid::Uuid;

use super::Views;
use super::actions::ActionFact;
use super::awareness::{Activity, Signposted};
use super::commitments::{CommitmentFact, EvidenceFact};
use super::erasures::ErasureFact;
use super::feedback::{self, FeedbackFact, Tie};
use super::history::{Dated, History, Void};
use super::learning::{SessionFact, Support, UnitFact};
use super::ledger::{LedgerView, PostFact};
use super::measures::MeasureFact;
use super::policies::{ChangeFact, PolicyFact};
use super::releases::ReleasesView;
use super::shared::SharedMap;
use super::sources::SourceFact;
use super::surveys::{Answered, RoundFact};
use crate::domain::command::Recorded;
use crate::domain::event::{CorrectionMade, EventVoided, Payload};
use crate::domain::id::{Kind, SourceName, Subject};
use crate::domain::irregularity::Irregularity;
use crate::domain::value::Occurred;

impl Views {
    pub(super) fn fold(&mut self, fact: &Recorded) {
        let source = self.source_number(&fact.source);
        self.keep_record(fact, source);
        self.date_back(fact);
        match &fact.event.payload {
            Payload::EventVoided(void) => self.void(fact, void, source),
            Payload::CorrectionMade(made) => self.correct(fact, made, source),
            payload => {
                self.keep(payload, self.stamp(fact, fact.event.occurred, fact.sequence, source));
            }
        }
        match fact.event.subject.kind() {
            Kind::Action => self.rest_action(fact),
            Kind::PolicyChange => self.rest_change(fact),
            _ => {}
        }
    }

    /// Notes what may count for days before that of its recording.
    fn date_back(&mut self, fact: &Recorded) {
        let whatever_day = matches!(
            fact.event.payload,
            // Thresholds hold as soon as they are known.
            Payload::EventVoided(_) | Payload::CorrectionMade(_) | Payload::ReportSettingsAdopted(_)
        );
        let effective = if whatever_day { Date::MIN } else { fact.event.occurred.effective(&self.zone()) };
        if effective < self.recorded_on(fact.sequence) {
            self.dated_back.set(&fact.sequence, effective);
        }
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
        let source = self.meant(void.target_source.as_ref(), poster);
        let target = source.and_then(|source| self.find(&fact.event.subject, void.target_event_id, source));
        // The first void stands; a target that the views keep nothing of has nothing to take back.
        if let Some(target) = target.filter(|target| self.voids.get(target).is_none()) {
            let void = Void { sequence: fact.sequence, recorded_on: self.local_day(fact.recorded_at) };
            self.voids.set(&target, void);
            self.disturb(target);
            let id = fact.event.subject.id();
            match fact.event.subject.kind() {
                Kind::Evidence => self.commitments.doubted.set(id, ()),
                Kind::Feedback => {
                    if let Ok(item) = Uuid::try_parse(id.as_str()) {
                        self.feedback.disturbed.set(&item, ());
                    }
                }
                _ => {}
            }
        }
    }

    /// A correction is kept as one more fact, in the place of the event that it says anew.
    fn correct(&mut self, fact: &Recorded, made: &CorrectionMade, poster: u32) {
        let source = self.meant(made.target_source.as_ref(), poster);
        let target = source.and_then(|source| self.find(&fact.event.subject, made.target_event_id, source));
        let Some(place) = target else { return };
        self.keep(&made.corrected.payload, self.stamp(fact, made.corrected.occurred, place, poster));
        self.corrections.change(&place, Vec::new, |by| by.push(fact.sequence));
        self.disturb(place);
    }

    /// The source whose event is meant: the poster's own, or, when a system goes on where another ended, that other one.
    fn meant(&self, named: Option<&SourceName>, poster: u32) -> Option<u32> {
        named.map_or(Some(poster), |name| self.sources.get(name).copied())
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
            Kind::Commitment => self.commitments.facts.get(code)?.find(id, source),
            Kind::Evidence => self.commitments.evidence.get(code)?.find(id, source),
            Kind::Measure => self.measures.facts.get(code)?.find(id, source),
            Kind::Action => self.actions.facts.get(code)?.find(id, source),
            Kind::Source => self.posters.facts.get(code)?.find(id, source),
            Kind::Erasure => self.erasures.facts.get(code)?.find(id, source),
            Kind::Unit => self.learning.units.get(code)?.find(id, source),
            Kind::Session => self.learning.sessions.get(code)?.find(id, source),
            Kind::PracticeSupport => self.learning.support.get(code)?.find(id, source),
            Kind::Awareness => self.awareness.activities.get(code)?.find(id, source),
            Kind::Signposting => self.awareness.signposting.get(code)?.find(id, source),
            Kind::Round => self.surveys.rounds.get(code)?.find(id, source),
            Kind::SurveyResult => self.surveys.results.get(code)?.find(id, source),
            Kind::Feedback => {
                self.feedback.items.get(&Uuid::try_parse(code.as_str()).ok()?)?.find(id, source)
            }
            Kind::Policy => self.policies.facts.get(code)?.find(id, source),
            Kind::PolicyChange => self.policies.changes.get(code)?.find(id, source),
            Kind::ReleasePoint => self.releases.points.get(code)?.find(id, source),
            Kind::IssuedReport => self.releases.issued.get(code)?.find(id, source),
            // What is said of the ledger, and signed from outside, is never taken back.
            Kind::Ledger | Kind::AuditOpinion | Kind::Cosignature => None,
        }
    }

    fn keep(&mut self, payload: &Payload, stamp: Stamp<'_>) {
        let (fact, subject) = (stamp.fact, &stamp.fact.event.subject);
        let code = subject.id();
        self.naming.names(subject, payload.commitments(), stamp.effective, fact.sequence);
        for item in feedback::named(payload) {
            self.feedback.named.change(item, Vec::new, |works| works.push(subject.clone()));
        }
        match subject.kind() {
            Kind::Post | Kind::CodeList | Kind::Calendar | Kind::Settings | Kind::Pledge => {
                keep_surroundings(&mut self.ledger, payload, stamp);
            }
            Kind::Commitment => {
                stamp.add(&mut self.commitments.facts, code, CommitmentFact::of(fact, payload));
            }
            Kind::Evidence => {
                if let Payload::EvidenceAttached(it) = payload {
                    self.attached(code, &it.about, stamp.effective, fact.sequence);
                }
                let kept = EvidenceFact::of(payload);
                if matches!(kept, Some(EvidenceFact::Rejected | EvidenceFact::Withdrawn)) {
                    self.commitments.doubted.set(code, ());
                }
                stamp.add(&mut self.commitments.evidence, code, kept);
            }
            Kind::Measure => stamp.add(&mut self.measures.facts, code, MeasureFact::of(payload)),
            Kind::Action => {
                // What is said anew was first heard of when it was first said.
                let recorded_on = if stamp.place == fact.sequence {
                    self.local_day(fact.recorded_at)
                } else {
                    self.recorded_on(stamp.place)
                };
                let kept = ActionFact::of(fact, payload, recorded_on);
                if let Some(ActionFact::Planned(plan)) = &kept
                    && let Some(other) = &plan.replaces
                {
                    self.actions.replacements.change(other, Vec::new, |by| by.push(code.clone()));
                    self.actions.resting.bind(code);
                    self.actions.resting.bind(other);
                }
                stamp.add(&mut self.actions.facts, code, kept);
            }
            Kind::Round
            | Kind::Session
            | Kind::PracticeSupport
            | Kind::Awareness
            | Kind::Signposting
            | Kind::SurveyResult => {
                stamp.add(&mut self.commitments.activity, subject, activity(payload));
                self.keep_done(payload, stamp);
            }
            Kind::Unit => stamp.add(&mut self.learning.units, code, UnitFact::of(payload)),
            Kind::Feedback => self.keep_feedback(payload, stamp),
            Kind::Policy => stamp.add(&mut self.policies.facts, code, PolicyFact::of(payload)),
            Kind::PolicyChange => {
                stamp.add(&mut self.policies.changes, code, ChangeFact::of(fact, payload));
            }
            Kind::ReleasePoint => {
                stamp.add(&mut self.releases.points, code, ReleasesView::position(payload));
            }
            Kind::IssuedReport => stamp.add(&mut self.releases.issued, code, ReleasesView::report(payload)),
            Kind::Source => stamp.add(&mut self.posters.facts, code, SourceFact::of(fact, payload)),
            Kind::Erasure => stamp.add(&mut self.erasures.facts, code, ErasureFact::of(payload)),
            Kind::Ledger | Kind::AuditOpinion | Kind::Cosignature => self.outside.learn(fact),
        }
    }

    /// What was done once, or asked, beside the commitments that it names: of every fact that the view of activity keeps
    /// of a subject, one of these keeps one, too, and finds it again.
    fn keep_done(&mut self, payload: &Payload, stamp: Stamp<'_>) {
        let code = stamp.fact.event.subject.id();
        stamp.add(&mut self.learning.sessions, code, SessionFact::of(payload));
        stamp.add(&mut self.learning.support, code, Support::of(payload));
        stamp.add(&mut self.awareness.activities, code, Activity::of(payload));
        stamp.add(&mut self.awareness.signposting, code, Signposted::of(payload));
        stamp.add(&mut self.surveys.rounds, code, RoundFact::of(payload));
        stamp.add(&mut self.surveys.results, code, Answered::of(payload));
    }

    fn keep_feedback(&mut self, payload: &Payload, stamp: Stamp<'_>) {
        let kept = FeedbackFact::of(payload);
        if kept.is_none() {
            return;
        }
        let Ok(id) = Uuid::try_parse(stamp.fact.event.subject.id().as_str()) else { return };
        if let Some(FeedbackFact::Linked(to) | FeedbackFact::Unlinked(to)) = &kept {
            let linked = match to.kind() {
                Kind::PolicyChange => &mut self.feedback.linked,
                _ => &mut self.feedback.linked_actions,
            };
            let stands = (stamp.effective, stamp.place, stamp.fact.sequence);
            let tie = Tie::of(id, stands, matches!(kept, Some(FeedbackFact::Linked(_))));
            linked.change(to.id(), Vec::new, |ties| ties.push(tie));
        }
        if matches!(kept, Some(FeedbackFact::Withdrawn)) {
            self.feedback.disturbed.set(&id, ());
        }
        if let Some(FeedbackFact::ClosedWithoutChange(reason)) = &kept
            && self.feedback.reasons.get(reason).is_none()
        {
            self.feedback.reasons.set(reason, stamp.fact.sequence);
        }
        if let Some(mode) = feedback::mode(payload) {
            self.feedback.modes.set(&stamp.fact.sequence, mode);
        }
        stamp.add(&mut self.feedback.items, &id, kept);
    }
}

/// The commitments that an activity names. An event that names none is kept, too: a correction may name some.
fn activity(payload: &Payload) -> Option<super::commitments::Named> {
    matches!(
        payload,
        Payload::FeedbackSought(_)
            | Payload::LearningOffered(_)
            | Payload::PracticeSupportProvided(_)
            | Payload::AwarenessActivityHeld(_)
            | Payload::SupportSignposted(_)
            | Payload::SurveyResultRecorded(_)
    )
    .then(|| super::commitments::Named::of(payload.commitments()))
}

fn keep_surroundings(view: &mut LedgerView, payload: &Payload, stamp: Stamp<'_>) {
    let code = stamp.fact.event.subject.id();
    match payload {
        Payload::PostRegistered(_) | Payload::PostRetired(_) => {
            stamp.add(&mut view.posts, code, PostFact::of(payload));
        }
        Payload::CodeListAdopted(it) => stamp.add(&mut view.code_lists, code, Some(it.clone().into())),
        Payload::CalendarAdopted(it) => stamp.add(&mut view.calendars, code, Some(it.clone().into())),
        Payload::ReportSettingsAdopted(it) => stamp.add(&mut view.settings, code, Some(it.clone())),
        Payload::PledgePublished(it) => {
            stamp.add(&mut view.pledges, code, Some(super::ledger::PledgeVersion::from(it).into()));
        }
        _ => {}
    }
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
    /// Keeps a fact, if there is something to keep.
    fn add<K: Ord + Clone, F: Clone>(self, map: &mut SharedMap<K, History<F>>, key: &K, fact: Option<F>) {
        let Some(fact) = fact else { return };
        let dated = Dated {
            sequence: self.fact.sequence,
            place: self.place,
            effective: self.effective,
            id: self.fact.event.id,
            source: self.source,
            late: self.fact.irregularities.contains(&Irregularity::LateRecorded),
            event_type: match &self.fact.event.payload {
                Payload::CorrectionMade(made) => made.corrected.payload.event_type(),
                payload => payload.event_type(),
            },
            fact,
        };
        map.change(key, History::default, |history| history.push(dated));
    }
}

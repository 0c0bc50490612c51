//! The state of a subject, typed by its kind, and the one step from a state to the next.
//!
//! Invariant: [`State::after`] is the only place where a fact changes a state, and it reads that state and that fact
//! alone. It must not know other subjects, the present, or who asks.

use jiff::civil::Date;
use std::sync::Arc;

use super::action::Action;
use super::commitment::Commitment;
use super::entry::Entry;
use super::evidence::Evidence;
use super::feedback::{Feedback, Round};
use super::governance::{Calendar, CodeList, Opening, Post, Settings};
use super::learning::Session;
use super::measure::Measure;
use super::operation::{Erasure, ReleasePoint};
use super::owner;
use super::pledge::Pledge;
use super::policy::{Change, Policy};
use super::source::Source;
use super::unit::Unit;
use crate::domain::command::Recorded;
use crate::domain::event::Payload;
use crate::domain::rules::{self, Breach, Rule};

/// What the facts of one subject add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing stands.
    None,
    /// A ledger that was opened.
    Ledger(Opening),
    /// A posting system.
    Source(Source),
    /// A post.
    Post(Post),
    /// A list of codes.
    CodeList(CodeList),
    /// A calendar.
    Calendar(Calendar),
    /// What steers the reports.
    Settings(Settings),
    /// A pledge.
    Pledge(Pledge),
    /// A commitment.
    Commitment(Commitment),
    /// An action.
    Action(Action),
    /// A round of asking.
    Round(Round),
    /// An item of feedback.
    Feedback(Feedback),
    /// A policy.
    Policy(Policy),
    /// A change of a policy.
    Change(Change),
    /// A document that supports something.
    Evidence(Evidence),
    /// How a commitment is measured.
    Measure(Measure),
    /// A part of the organisation.
    Unit(Unit),
    /// A session of learning.
    Session(Session),
    /// Something that is recorded once.
    Entry(Entry),
    /// A request to erase.
    Erasure(Erasure),
    /// A position at which figures about people are taken.
    ReleasePoint(ReleasePoint),
}

impl State {
    /// Its name, as readers see it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Ledger(_) => "OPENED",
            Self::Source(source) => source.name(),
            Self::Post(post) => post.name(),
            Self::Policy(_) | Self::Unit(_) => "REGISTERED",
            Self::CodeList(_) | Self::Calendar(_) | Self::Settings(_) => "ADOPTED",
            Self::Pledge(_) => "PUBLISHED",
            Self::Commitment(commitment) => commitment.stage_name(),
            Self::Action(action) => action.stage.as_str(),
            Self::Round(round) => round.stage_name(),
            Self::Feedback(feedback) => feedback.stage_name(),
            Self::Change(change) => change.stage_name(),
            Self::Evidence(evidence) => evidence.stage.as_str(),
            Self::Measure(_) => "AGREED",
            Self::Session(session) => session.stage.as_str(),
            Self::Entry(_) => "RECORDED",
            Self::Erasure(erasure) => erasure.stage.as_str(),
            Self::ReleasePoint(_) => "DECLARED",
        }
    }

    /// The state after one more fact that counts on that day; or why the fact cannot be true there.
    pub(crate) fn after(&self, fact: &Arc<Recorded>, day: Date) -> Result<Self, Breach> {
        let at = fact.sequence;
        match &fact.event.payload {
            Payload::LedgerOpened(opened) => Opening::after(self, opened, at).map(Self::Ledger),
            Payload::GrantChanged(grant) => Source::granted(self, grant, at).map(Self::Source),
            Payload::PostRegistered(post) => Post::after(self, post, at).map(Self::Post),
            Payload::CodeListAdopted(list) => CodeList::after(self, list, at).map(Self::CodeList),
            Payload::CalendarAdopted(_) => Calendar::after(self, fact).map(Self::Calendar),
            Payload::ReportSettingsAdopted(settings) => {
                Settings::after(self, settings, at).map(Self::Settings)
            }
            Payload::PledgePublished(pledge) => Pledge::after(self, pledge, fact, day).map(Self::Pledge),
            Payload::CommitmentMade(made) => Commitment::made(self, made, at, day).map(Self::Commitment),
            Payload::ActionPlanned(planned) => Action::planned(self, planned, at, day).map(Self::Action),
            Payload::ActionStarted(_)
            | Payload::ActionProgressReported(_)
            | Payload::DeadlineRevised(_)
            | Payload::ActionCompleted(_)
            | Payload::ActionVerified(_)
            | Payload::ActionReopened(_)
            | Payload::ActionCancelled(_) => Action::after(self, fact).map(Self::Action),
            Payload::FeedbackSought(sought) => Round::after(self, sought, at).map(Self::Round),
            Payload::FeedbackReceived(received) => {
                Feedback::received(self, received, at, day).map(Self::Feedback)
            }
            Payload::PolicyRegistered(policy) => Policy::after(self, policy, at).map(Self::Policy),
            Payload::EvidenceAttached(attached) => {
                Evidence::attached(self, attached, fact).map(Self::Evidence)
            }
            Payload::EvidenceChallenged(_)
            | Payload::EvidenceUpheld(_)
            | Payload::EvidenceRejected(_)
            | Payload::EvidenceWithdrawn(_) => Evidence::after(self, fact).map(Self::Evidence),
            Payload::CommitmentReviewed(review) => Commitment::reviewed(self, review).map(Self::Commitment),
            Payload::CommitmentFulfilled(_)
            | Payload::CommitmentMerged(_)
            | Payload::CommitmentSuperseded(_)
            | Payload::CommitmentWithdrawn(_) => Commitment::ended(self, fact, day).map(Self::Commitment),
            Payload::OwnerReassigned(change) => owner::reassigned(self, change, at),
            Payload::MeasureAgreed(agreed) => Measure::agreed(self, agreed, at, day).map(Self::Measure),
            Payload::MeasureRevised(revised) => Measure::revised(self, revised, at).map(Self::Measure),
            Payload::MeasureReported(reported) => Measure::reported(self, reported, at).map(Self::Measure),
            Payload::PostRetired(retired) => Post::retired(self, retired, at).map(Self::Post),
            Payload::UnitRegistered(unit) => Unit::registered(self, unit, at).map(Self::Unit),
            Payload::WorkforceBaselineRecorded(_) => Unit::counted(self, at, day).map(Self::Unit),
            Payload::LearningCoverageRecorded(_) => Unit::covered(self, at, day).map(Self::Unit),
            Payload::LearningOffered(offered) => Session::offered(self, offered, at).map(Self::Session),
            Payload::LearningDelivered(_) | Payload::LearningCancelled(_) => {
                Session::ended(self, &fact.event.payload, at).map(Self::Session)
            }
            Payload::PracticeSupportProvided(_)
            | Payload::AwarenessActivityHeld(_)
            | Payload::SupportSignposted(_)
            | Payload::SurveyResultRecorded(_)
            | Payload::ReportIssued(_)
            | Payload::AuditOpinionRecorded(_)
            | Payload::CosignatureRecorded(_) => {
                Entry::after(self, at, recorded_already(&fact.event.payload)).map(Self::Entry)
            }
            Payload::FeedbackRoundClosed(closed) => Round::closed(self, closed, at, day).map(Self::Round),
            Payload::RoundResponsePublished(_) => Round::published(self, at).map(Self::Round),
            Payload::FeedbackResponded(_)
            | Payload::FeedbackClosedWithoutChange(_)
            | Payload::FeedbackAcknowledged(_)
            | Payload::FeedbackConsidered(_)
            | Payload::FeedbackTold(_)
            | Payload::FeedbackLinked(_)
            | Payload::FeedbackUnlinked(_)
            | Payload::FeedbackReopened(_)
            | Payload::FeedbackWithdrawn(_) => Feedback::after(self, fact).map(Self::Feedback),
            Payload::PolicyChangeProposed(_)
            | Payload::PolicyChangeApproved(_)
            | Payload::PolicyChanged(_)
            | Payload::PolicyChangeDeclined(_)
            | Payload::PolicyChangeAbandoned(_)
            | Payload::PolicyChangeReversed(_) => Change::after(self, fact, day).map(Self::Change),
            Payload::PolicyReviewed(reviewed) => Policy::reviewed(self, reviewed).map(Self::Policy),
            Payload::SourceStatement(statement) => Source::stated(self, statement, at).map(Self::Source),
            Payload::SourceSucceeded(succeeded) => {
                Source::succeeded(self, succeeded, at, day).map(Self::Source)
            }
            Payload::ErasureRequested(_) => Erasure::requested(self, at, day).map(Self::Erasure),
            Payload::ErasureRefused(_) | Payload::ContentErased(_) => {
                Erasure::decided(self, &fact.event.payload, at).map(Self::Erasure)
            }
            Payload::ReleasePointDeclared(declared) => {
                ReleasePoint::after(self, declared, at, day).map(Self::ReleasePoint)
            }
            Payload::ClockCorrected(_) | Payload::KeyRotated(_) | Payload::LedgerRestored(_) => {
                Opening::unchanged(self)
            }
            // Voids and corrections act on what is replayed, before any state: none ever comes here.
            Payload::EventVoided(_) | Payload::CorrectionMade(_) => Err(Breach::of(&rules::WRONG_KIND, None)),
        }
    }
}

/// The rule by which what is recorded once is not recorded again.
const fn recorded_already(payload: &Payload) -> &'static Rule {
    match payload {
        Payload::ReportIssued(_) => &rules::REPORT_ALREADY_ISSUED,
        Payload::AuditOpinionRecorded(_) => &rules::OPINION_ALREADY_RECORDED,
        Payload::CosignatureRecorded(_) => &rules::COSIGNATURE_ALREADY_RECORDED,
        _ => &rules::ALREADY_RECORDED,
    }
}

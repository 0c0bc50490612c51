//! The only translator between the wire and the domain, one file a family of events.
//!
//! Invariant: what comes in has been parsed into values that passed their rules, or is refused with the path of the
//! field; wire messages go no further inward than this. It must not know what is legal: only what is well formed.

mod action;
mod closed;
mod commitments;
mod correction;
mod envelope;
mod evidence;
mod feedback;
#[path = "loop.rs"]
mod feedback_loop;
pub(super) mod field;
mod filter;
#[cfg(fuzzing)]
pub mod fuzzing;
mod ledger;
mod operation;
mod people;
mod pledge;
mod policy;
mod report;
#[cfg(test)]
mod tests;
mod trace;

use uuid::Uuid;

use crate::domain::{
    event::{GrantChanged, LedgerOpened, Payload},
    id::{SourceName, Subject},
    rejection::Rejection,
};
use crate::grpc::wire::{self, event::Payload as Message};
use field::{Held, Path, Texts};

pub(super) use envelope::{command, judgement, receipt, recorded};
pub(super) use filter::Filter;
pub(super) use report::{as_at, definition, figure, report, report_name, report_names, term};
pub(super) use trace::{event, issue, point, trace};

/// A payload, here and on the wire.
trait Wire: Sized {
    /// Its message.
    type Message;
    /// Parses the message that stands at a path.
    fn parse(at: &Path<'_>, message: Self::Message, texts: &mut Texts) -> Result<Self, Rejection>;
    /// The message, with its words as far as they are held.
    fn print(&self, held: &Held<'_>) -> Self::Message;
}

macro_rules! payloads {
    ($($name:ident = $field:literal),+ $(,)?) => {
        /// Parses the payload of the event that stands at a path; at none, of the request's own event.
        fn parse(
            above: Option<&Path<'_>>,
            message: Message,
            texts: &mut Texts,
        ) -> Result<Payload, Rejection> {
            let at = |field| above.map_or(Path::root(field), |above| above.field(field));
            Ok(match message {
                $(Message::$name(message) => Payload::$name(Wire::parse(&at($field), message, texts)?)),+
            })
        }

        fn print(payload: &Payload, held: &Held<'_>) -> Message {
            match payload { $(Payload::$name(payload) => Message::$name(payload.print(held))),+ }
        }
    };
}

payloads! {
    LedgerOpened = "ledger_opened",
    GrantChanged = "grant_changed",
    PostRegistered = "post_registered",
    CodeListAdopted = "code_list_adopted",
    CalendarAdopted = "calendar_adopted",
    ReportSettingsAdopted = "report_settings_adopted",
    PledgePublished = "pledge_published",
    CommitmentMade = "commitment_made",
    ActionPlanned = "action_planned",
    ActionStarted = "action_started",
    DeadlineRevised = "deadline_revised",
    ActionCompleted = "action_completed",
    ActionVerified = "action_verified",
    ActionReopened = "action_reopened",
    ActionCancelled = "action_cancelled",
    FeedbackSought = "feedback_sought",
    FeedbackReceived = "feedback_received",
    FeedbackResponded = "feedback_responded",
    FeedbackClosedWithoutChange = "feedback_closed_without_change",
    PolicyRegistered = "policy_registered",
    PolicyChangeProposed = "policy_change_proposed",
    PolicyChangeApproved = "policy_change_approved",
    PolicyChanged = "policy_changed",
    EvidenceAttached = "evidence_attached",
    EventVoided = "event_voided",
    PostRetired = "post_retired",
    UnitRegistered = "unit_registered",
    OwnerReassigned = "owner_reassigned",
    MeasureAgreed = "measure_agreed",
    MeasureRevised = "measure_revised",
    MeasureReported = "measure_reported",
    CommitmentReviewed = "commitment_reviewed",
    CommitmentFulfilled = "commitment_fulfilled",
    CommitmentMerged = "commitment_merged",
    CommitmentSuperseded = "commitment_superseded",
    CommitmentWithdrawn = "commitment_withdrawn",
    ActionProgressReported = "action_progress_reported",
    EvidenceChallenged = "evidence_challenged",
    EvidenceUpheld = "evidence_upheld",
    EvidenceRejected = "evidence_rejected",
    EvidenceWithdrawn = "evidence_withdrawn",
    WorkforceBaselineRecorded = "workforce_baseline_recorded",
    LearningOffered = "learning_offered",
    LearningDelivered = "learning_delivered",
    LearningCancelled = "learning_cancelled",
    LearningCoverageRecorded = "learning_coverage_recorded",
    PracticeSupportProvided = "practice_support_provided",
    AwarenessActivityHeld = "awareness_activity_held",
    SupportSignposted = "support_signposted",
    SurveyResultRecorded = "survey_result_recorded",
    FeedbackRoundClosed = "feedback_round_closed",
    RoundResponsePublished = "round_response_published",
    FeedbackAcknowledged = "feedback_acknowledged",
    FeedbackConsidered = "feedback_considered",
    FeedbackTold = "feedback_told",
    FeedbackLinked = "feedback_linked",
    FeedbackUnlinked = "feedback_unlinked",
    FeedbackReopened = "feedback_reopened",
    FeedbackWithdrawn = "feedback_withdrawn",
    PolicyChangeDeclined = "policy_change_declined",
    PolicyChangeAbandoned = "policy_change_abandoned",
    PolicyChangeReversed = "policy_change_reversed",
    PolicyReviewed = "policy_reviewed",
    SourceStatement = "source_statement",
    SourceSucceeded = "source_succeeded",
    ErasureRequested = "erasure_requested",
    ErasureRefused = "erasure_refused",
    ContentErased = "content_erased",
    ReleasePointDeclared = "release_point_declared",
    ReportIssued = "report_issued",
    AuditOpinionRecorded = "audit_opinion_recorded",
    ClockCorrected = "clock_corrected",
    CorrectionMade = "correction_made",
    CosignatureRecorded = "cosignature_recorded",
    KeyRotated = "key_rotated",
    LedgerRestored = "ledger_restored",
}

/// A ledger's genesis, as an operator asks for it in the request's field `opened`.
pub(super) fn opened(message: Option<wire::LedgerOpened>) -> Result<LedgerOpened, Rejection> {
    let at = Path::root("opened");
    let message = message.ok_or_else(|| at.missing("say whose ledger it is"))?;
    LedgerOpened::parse(&at, message, &mut Texts::default())
}

/// A ledger's genesis, as it is shown.
pub(super) fn opened_message(opened: &LedgerOpened) -> wire::LedgerOpened {
    opened.print(&Held::new(&[]))
}

/// The grant of the request's field `grants[index]`, and whose it is.
pub(super) fn grant(index: usize, wire: wire::SourceGrant) -> Result<(SourceName, GrantChanged), Rejection> {
    let at = Path::root("grants").item(index);
    let source = SourceName::parse(&wire.source).map_err(|why| at.field("source").invalid(&why))?;
    let grant = at.field("grant");
    let message = wire.grant.ok_or_else(|| grant.missing("say what the source may post"))?;
    Ok((source, GrantChanged::parse(&grant, message, &mut Texts::default())?))
}

/// By what an event is found: its source, if it is named, and its id.
pub(super) fn key(source: &str, event_id: &str) -> Result<(Option<SourceName>, Uuid), Rejection> {
    let source = field::optional_source(&Path::root("source"), source)?;
    Ok((source, field::uuid(&Path::root("event_id"), event_id)?))
}

/// The subject of the request's field `subject`.
pub(super) fn subject(text: &str) -> Result<Subject, Rejection> {
    field::subject(&Path::root("subject"), text)
}

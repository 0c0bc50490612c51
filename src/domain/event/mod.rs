//! What a poster says happened: the envelope's own part here, one struct a type in `payload`, the closed lists in
//! `codes`. Pure data; the rules are in [`super::decide`].
//!
//! Invariant: names and forms here are stored. A field is added, never renamed or re-read; `versions` says how.

mod codes;
mod correction;
mod payload;
mod versions;

use jiff::Timestamp;
use uuid::Uuid;

use super::id::{Code, Kind, Subject};
use super::value::{Occurred, Words};

pub use codes::*;
pub use correction::{Corrected, CorrectionMade, nested};
pub use payload::*;
pub use versions::{InOrder, Stored};

/// The poster's part of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Chosen by the poster, unique per source.
    pub id: Uuid,
    /// What it is about.
    pub subject: Subject,
    /// When it happened.
    pub occurred: Occurred,
    /// The poster's own counter.
    pub source_sequence: Option<u64>,
    /// When the poster wrote it down.
    pub producer_recorded_at: Option<Timestamp>,
    /// The post that acted.
    pub actor_post: Option<Code>,
    /// What it belongs to.
    pub correlation_id: Option<Uuid>,
    /// What caused it.
    pub causation_id: Option<Uuid>,
    /// What happened.
    pub payload: Payload,
}

macro_rules! payloads {
    ($($variant:ident = $name:literal on $kind:ident),+ $(,)?) => {
        /// What happened, typed.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each variant is named after its payload, which is documented")]
        pub enum Payload { $($variant($variant)),+ }

        /// An event's type, without its content.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "each variant is named after its payload, which is documented")]
        pub enum EventType { $($variant),+ }

        impl EventType {
            /// Every type there is, in the catalogue's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stored name, such as `action.completed`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The type of that name.
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }

            /// The kind of subject that it is about. A void is about the subject of the event that it takes back.
            pub const fn kind(self) -> Option<Kind> {
                match self { $(Self::$variant => payloads!(@kind $kind)),+ }
            }
        }

        impl Payload {
            /// Its type.
            pub const fn event_type(&self) -> EventType {
                match self { $(Self::$variant(_) => EventType::$variant),+ }
            }
        }

        $(impl From<$variant> for Payload { fn from(payload: $variant) -> Self { Self::$variant(payload) } })+

        /// Runs `$body` with the payload's content as `$content`, whatever its type.
        macro_rules! with_payload {
            ($payload:expr, $content:ident => $body:expr) => {
                match $payload { $($crate::domain::event::Payload::$variant($content) => $body),+ }
            };
        }

        /// Runs `$body` with the payload's Rust type as `$content`, for the type given.
        macro_rules! with_payload_type {
            ($event_type:expr, $content:ident => $body:expr) => {
                match $event_type {
                    $($crate::domain::event::EventType::$variant => {
                        type $content = $crate::domain::event::$variant;
                        $body
                    }),+
                }
            };
        }
    };
    (@kind Any) => { None };
    (@kind $kind:ident) => { Some(Kind::$kind) };
}

payloads! {
    LedgerOpened = "ledger.opened" on Ledger,
    GrantChanged = "grant.changed" on Source,
    PostRegistered = "post.registered" on Post,
    CodeListAdopted = "code_list.adopted" on CodeList,
    CalendarAdopted = "calendar.adopted" on Calendar,
    ReportSettingsAdopted = "report_settings.adopted" on Settings,
    PledgePublished = "pledge.published" on Pledge,
    CommitmentMade = "commitment.made" on Commitment,
    ActionPlanned = "action.planned" on Action,
    ActionStarted = "action.started" on Action,
    DeadlineRevised = "action.deadline_revised" on Action,
    ActionCompleted = "action.completed" on Action,
    ActionVerified = "action.verified" on Action,
    ActionReopened = "action.reopened" on Action,
    ActionCancelled = "action.cancelled" on Action,
    FeedbackSought = "feedback.sought" on Round,
    FeedbackReceived = "feedback.received" on Feedback,
    FeedbackResponded = "feedback.responded" on Feedback,
    FeedbackClosedWithoutChange = "feedback.closed_without_change" on Feedback,
    PolicyRegistered = "policy.registered" on Policy,
    PolicyChangeProposed = "policy_change.proposed" on PolicyChange,
    PolicyChangeApproved = "policy_change.approved" on PolicyChange,
    PolicyChanged = "policy_change.changed" on PolicyChange,
    EvidenceAttached = "evidence.attached" on Evidence,
    EventVoided = "event.voided" on Any,
    PostRetired = "post.retired" on Post,
    UnitRegistered = "unit.registered" on Unit,
    OwnerReassigned = "owner.reassigned" on Any,
    MeasureAgreed = "measure.agreed" on Measure,
    MeasureRevised = "measure.revised" on Measure,
    MeasureReported = "measure.reported" on Measure,
    CommitmentReviewed = "commitment.reviewed" on Commitment,
    CommitmentFulfilled = "commitment.fulfilled" on Commitment,
    CommitmentMerged = "commitment.merged" on Commitment,
    CommitmentSuperseded = "commitment.superseded" on Commitment,
    CommitmentWithdrawn = "commitment.withdrawn" on Commitment,
    ActionProgressReported = "action.progress_reported" on Action,
    EvidenceChallenged = "evidence.challenged" on Evidence,
    EvidenceUpheld = "evidence.upheld" on Evidence,
    EvidenceRejected = "evidence.rejected" on Evidence,
    EvidenceWithdrawn = "evidence.withdrawn" on Evidence,
    WorkforceBaselineRecorded = "workforce.baseline_recorded" on Unit,
    LearningOffered = "learning.offered" on Session,
    LearningDelivered = "learning.delivered" on Session,
    LearningCancelled = "learning.cancelled" on Session,
    LearningCoverageRecorded = "learning.coverage_recorded" on Unit,
    PracticeSupportProvided = "practice_support.provided" on PracticeSupport,
    AwarenessActivityHeld = "awareness.activity_held" on Awareness,
    SupportSignposted = "support.signposted" on Signposting,
    SurveyResultRecorded = "survey.result_recorded" on SurveyResult,
    FeedbackRoundClosed = "feedback.round_closed" on Round,
    RoundResponsePublished = "feedback.round_response_published" on Round,
    FeedbackAcknowledged = "feedback.acknowledged" on Feedback,
    FeedbackConsidered = "feedback.considered" on Feedback,
    FeedbackTold = "feedback.told" on Feedback,
    FeedbackLinked = "feedback.linked" on Feedback,
    FeedbackUnlinked = "feedback.unlinked" on Feedback,
    FeedbackReopened = "feedback.reopened" on Feedback,
    FeedbackWithdrawn = "feedback.withdrawn" on Feedback,
    PolicyChangeDeclined = "policy_change.declined" on PolicyChange,
    PolicyChangeAbandoned = "policy_change.abandoned" on PolicyChange,
    PolicyChangeReversed = "policy_change.reversed" on PolicyChange,
    PolicyReviewed = "policy.reviewed" on Policy,
    SourceStatement = "source.stated" on Source,
    SourceSucceeded = "source.succeeded" on Source,
    ErasureRequested = "erasure.requested" on Erasure,
    ErasureRefused = "erasure.refused" on Erasure,
    ContentErased = "erasure.content_erased" on Erasure,
    ReleasePointDeclared = "release_point.declared" on ReleasePoint,
    ReportIssued = "report.issued" on IssuedReport,
    AuditOpinionRecorded = "audit_opinion.recorded" on AuditOpinion,
    ClockCorrected = "clock.corrected" on Ledger,
    CorrectionMade = "correction.made" on Any,
    CosignatureRecorded = "cosignature.recorded" on Cosignature,
    KeyRotated = "key.rotated" on Ledger,
    LedgerRestored = "ledger.restored" on Ledger,
}

pub(crate) use {with_payload, with_payload_type};

impl Payload {
    /// The commitments that it says it serves, or tells about.
    pub fn commitments(&self) -> &[Code] {
        match self {
            Self::ActionPlanned(p) => &p.commitments,
            Self::FeedbackSought(p) => &p.commitments,
            Self::PolicyChangeProposed(p) => &p.commitments,
            Self::LearningOffered(p) => &p.commitments,
            Self::PracticeSupportProvided(p) => &p.commitments,
            Self::AwarenessActivityHeld(p) => &p.commitments,
            Self::SupportSignposted(p) => &p.commitments,
            Self::SurveyResultRecorded(p) => &p.commitments,
            Self::MeasureAgreed(p) => std::slice::from_ref(&p.commitment),
            _ => &[],
        }
    }

    /// The feedback that it says led to it.
    pub fn feedback(&self) -> &[Uuid] {
        match self {
            Self::ActionPlanned(p) => &p.feedback,
            Self::PolicyChangeProposed(p) => &p.feedback,
            _ => &[],
        }
    }

    /// The evidence on which it says it rests.
    pub fn evidence(&self) -> &[Code] {
        match self {
            Self::ActionCompleted(p) => &p.evidence,
            Self::ActionVerified(p) => &p.evidence,
            Self::CommitmentReviewed(p) => &p.evidence,
            Self::CommitmentFulfilled(p) => &p.evidence,
            _ => &[],
        }
    }

    /// The fields whose words stand beside the record, with their commitments.
    pub fn words(&self) -> Vec<(&'static str, Words)> {
        match self {
            Self::DeadlineRevised(p) => p.reason.map(|w| ("reason", w)).into_iter().collect(),
            Self::PolicyChanged(p) => vec![("what_changed", p.what_changed)],
            Self::MeasureAgreed(p) => vec![("definition", p.definition)],
            Self::MeasureRevised(p) => vec![("definition", p.definition), ("reason", p.reason)],
            Self::CorrectionMade(p) => {
                let nested = p.corrected.payload.words();
                let corrected = nested.into_iter().map(|(field, w)| (correction::nested(field), w));
                corrected.chain([("reason", p.reason)]).collect()
            }
            Self::ActionReopened(ActionReopened { reason, .. })
            | Self::ActionCancelled(ActionCancelled { reason, .. })
            | Self::FeedbackClosedWithoutChange(FeedbackClosedWithoutChange { reason, .. })
            | Self::CommitmentMerged(CommitmentMerged { reason, .. })
            | Self::CommitmentSuperseded(CommitmentSuperseded { reason, .. })
            | Self::CommitmentWithdrawn(CommitmentWithdrawn { reason, .. })
            | Self::EvidenceChallenged(EvidenceChallenged { reason, .. })
            | Self::EvidenceUpheld(EvidenceUpheld { reason, .. })
            | Self::EvidenceRejected(EvidenceRejected { reason, .. })
            | Self::EvidenceWithdrawn(EvidenceWithdrawn { reason, .. })
            | Self::PolicyChangeDeclined(PolicyChangeDeclined { reason, .. })
            | Self::PolicyChangeAbandoned(PolicyChangeAbandoned { reason, .. })
            | Self::PolicyChangeReversed(PolicyChangeReversed { reason, .. })
            | Self::LedgerRestored(LedgerRestored { reason, .. }) => vec![("reason", *reason)],
            _ => Vec::new(),
        }
    }

    /// The same, to be replaced.
    pub fn words_mut(&mut self) -> Vec<(&'static str, &mut Words)> {
        match self {
            Self::DeadlineRevised(p) => p.reason.as_mut().map(|w| ("reason", w)).into_iter().collect(),
            Self::PolicyChanged(p) => vec![("what_changed", &mut p.what_changed)],
            Self::MeasureAgreed(p) => vec![("definition", &mut p.definition)],
            Self::MeasureRevised(p) => vec![("definition", &mut p.definition), ("reason", &mut p.reason)],
            Self::CorrectionMade(p) => {
                let nested = p.corrected.payload.words_mut();
                let corrected = nested.into_iter().map(|(field, w)| (correction::nested(field), w));
                corrected.chain([("reason", &mut p.reason)]).collect()
            }
            Self::ActionReopened(ActionReopened { reason, .. })
            | Self::ActionCancelled(ActionCancelled { reason, .. })
            | Self::FeedbackClosedWithoutChange(FeedbackClosedWithoutChange { reason, .. })
            | Self::CommitmentMerged(CommitmentMerged { reason, .. })
            | Self::CommitmentSuperseded(CommitmentSuperseded { reason, .. })
            | Self::CommitmentWithdrawn(CommitmentWithdrawn { reason, .. })
            | Self::EvidenceChallenged(EvidenceChallenged { reason, .. })
            | Self::EvidenceUpheld(EvidenceUpheld { reason, .. })
            | Self::EvidenceRejected(EvidenceRejected { reason, .. })
            | Self::EvidenceWithdrawn(EvidenceWithdrawn { reason, .. })
            | Self::PolicyChangeDeclined(PolicyChangeDeclined { reason, .. })
            | Self::PolicyChangeAbandoned(PolicyChangeAbandoned { reason, .. })
            | Self::PolicyChangeReversed(PolicyChangeReversed { reason, .. })
            | Self::LedgerRestored(LedgerRestored { reason, .. }) => vec![("reason", reason)],
            _ => Vec::new(),
        }
    }
}

//! What a poster says happened: the envelope's own part, and one payload a type. Pure data; the rules are in
//! [`super::decide`].
//!
//! Invariant: names and forms here are stored. A field is added, never renamed or re-read; `SCHEMA` says which form
//! a record has.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::id::{Code, Kind, SourceName, Subject};
use super::value::{Label, Occurred, Sha256, Url, Words};

/// The version of the stored form of every payload below.
pub const SCHEMA: u16 = 1;

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
}

pub(crate) use {with_payload, with_payload_type};

impl Payload {
    /// The fields whose words stand beside the record, with their commitments.
    pub fn words(&self) -> Vec<(&'static str, Words)> {
        match self {
            Self::DeadlineRevised(p) => p.reason.map(|w| ("reason", w)).into_iter().collect(),
            Self::ActionReopened(p) => vec![("reason", p.reason)],
            Self::ActionCancelled(p) => vec![("reason", p.reason)],
            Self::FeedbackClosedWithoutChange(p) => vec![("reason", p.reason)],
            Self::PolicyChanged(p) => vec![("what_changed", p.what_changed)],
            _ => Vec::new(),
        }
    }

    /// The same, to be replaced.
    pub fn words_mut(&mut self) -> Vec<(&'static str, &mut Words)> {
        match self {
            Self::DeadlineRevised(p) => p.reason.as_mut().map(|w| ("reason", w)).into_iter().collect(),
            Self::ActionReopened(p) => vec![("reason", &mut p.reason)],
            Self::ActionCancelled(p) => vec![("reason", &mut p.reason)],
            Self::FeedbackClosedWithoutChange(p) => vec![("reason", &mut p.reason)],
            Self::PolicyChanged(p) => vec![("what_changed", &mut p.what_changed)],
            _ => Vec::new(),
        }
    }
}

macro_rules! closed {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            /// Every value there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stored name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

closed! {
    /// Who may post to a ledger without a grant.
    Access {
        /// A source without a grant may post anything; a source with one is held to it.
        Open = "OPEN",
        /// A source posts what it was granted, and nothing else.
        Granted = "GRANTED",
    }
}
closed! {
    /// What sort of holiday.
    HolidayKind {
        /// Everywhere in the calendar's area.
        Public = "PUBLIC",
        /// In the organisation's own place.
        Local = "LOCAL",
    }
}
closed! {
    /// What becomes of an old commitment under a new version of its pledge.
    Disposition {
        /// It stands.
        Kept = "KEPT",
        /// Another takes its place.
        Superseded = "SUPERSEDED",
        /// It is given up.
        Withdrawn = "WITHDRAWN",
    }
}
closed! {
    /// Whether a commitment can ever be complete.
    CommitmentKind {
        /// Kept or not kept in a period; never completed.
        Continuing = "CONTINUING",
        /// Done once.
        Milestone = "MILESTONE",
    }
}
closed! {
    /// Who says that one commitment delivers another.
    DeliveryBasis {
        /// The pledge.
        Stated = "STATED",
        /// Whoever recorded it.
        Interpreted = "INTERPRETED",
    }
}
closed! {
    /// What led to an action or a change.
    Origin {
        /// Somebody's feedback.
        Feedback = "FEEDBACK",
        /// An audit.
        Audit = "AUDIT",
        /// A review.
        Review = "REVIEW",
        /// The law.
        Law = "LAW",
        /// Something else.
        Other = "OTHER",
    }
}
closed! {
    /// Who was asked, or who spoke.
    Respondents {
        /// The organisation's own staff.
        Staff = "STAFF",
        /// Its partners.
        Partners = "PARTNERS",
    }
}
closed! {
    /// How far a respondent can be known.
    Anonymity {
        /// Nobody can know.
        Anonymous = "ANONYMOUS",
        /// A few know, and keep it.
        Confidential = "CONFIDENTIAL",
        /// The respondent gave a name (which never comes here).
        Named = "NAMED",
    }
}
closed! {
    /// Whether, and how, the respondent can be answered.
    Contact {
        /// Not at all.
        None = "NONE",
        /// Through a token that names nobody.
        ReplyToken = "REPLY_TOKEN",
        /// In person.
        Direct = "DIRECT",
    }
}
closed! {
    /// What the answer to feedback was.
    ResponseOutcome {
        /// Something will change.
        ChangeAgreed = "CHANGE_AGREED",
        /// A change is being considered.
        ChangeConsidered = "CHANGE_CONSIDERED",
        /// Nothing will change.
        NoChange = "NO_CHANGE",
    }
}
closed! {
    /// How the answer was given.
    ResponseMode {
        /// To the respondent.
        Direct = "DIRECT",
        /// In public.
        Public = "PUBLIC",
    }
}
closed! {
    /// Whether a change of a policy counts as one.
    ChangeNature {
        /// Wording only; it does not count.
        Editorial = "EDITORIAL",
        /// It counts.
        Substantive = "SUBSTANTIVE",
    }
}
closed! {
    /// Why an event is taken back.
    VoidGround {
        /// Recorded twice.
        Duplicate = "DUPLICATE",
        /// Recorded about the wrong subject.
        WrongSubject = "WRONG_SUBJECT",
        /// It was a test.
        Test = "TEST",
    }
}

macro_rules! payload {
    ($(#[$doc:meta])* $name:ident { $($(#[$fmeta:meta])* $field:ident : $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($(#[$fmeta])* pub $field: $type),* }
    };
}

payload! {
    /// The first record of every ledger.
    LedgerOpened {
        /// Whose ledger it is.
        organisation: Label,
        /// Names the log for ever; record 0 chains to its hash.
        origin: String,
        /// IANA name of the time zone in which days are counted.
        time_zone: String,
        /// Everything in it is invented.
        example_data: bool,
        /// Recorded times were not read from a real clock.
        simulated_clock: bool,
        /// Who may post without a grant.
        access: Access,
    }
}
payload! {
    /// What a source may post from this record on.
    GrantChanged {
        /// Event types, families (`action.*`) or `*`.
        types: Vec<String>,
        /// Subjects, kinds (`action/*`) or `*`.
        subjects: Vec<String>,
        /// Posts it may speak for, or `*`.
        posts: Vec<String>,
    }
}
payload! {
    /// A post (role) exists.
    PostRegistered {
        /// What it is called.
        title: Label,
        /// First day.
        valid_from: Date,
        /// Last day.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        valid_to: Option<Date>,
        /// Other posts that the same person holds.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        held_with: Vec<Code>,
    }
}
payload! {
    /// One code of a list.
    CodeListEntry {
        /// The stable key.
        code: Code,
        /// What it is called.
        title: Label,
        /// First day on which it may be used.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        valid_from: Option<Date>,
        /// Last day on which it may be used.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        valid_to: Option<Date>,
        /// What somebody else's register calls it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        alias: Option<Code>,
    }
}
payload! {
    /// A list of codes, whole.
    CodeListAdopted {
        /// Its codes.
        entries: Vec<CodeListEntry>,
    }
}
payload! {
    /// A day that is not a working day.
    Holiday {
        /// The day.
        on: Date,
        /// What it is called.
        title: Label,
        /// What sort.
        kind: HolidayKind,
    }
}
payload! {
    /// The days that are not working days, for a span of time.
    CalendarAdopted {
        /// First day of the span.
        covers_from: Date,
        /// Last day of the span.
        covers_to: Date,
        /// The days off; Saturdays and Sundays are understood.
        holidays: Vec<Holiday>,
    }
}
payload! {
    /// What steers the reports.
    ReportSettingsAdopted {
        /// The calendar's name.
        calendar: Code,
        /// Target in working days.
        acknowledge_within: u32,
        /// Target in working days.
        respond_within: u32,
        /// Target in working days.
        change_within: u32,
        /// Counts of people below this are not shown.
        suppress_below: u32,
        /// Survey cells with fewer answers are not shown.
        survey_minimum: u32,
        /// Days between release points.
        release_interval: u32,
    }
}
payload! {
    /// What becomes of one old commitment.
    CommitmentDisposition {
        /// The commitment's id.
        commitment: Code,
        /// What becomes of it.
        disposition: Disposition,
    }
}
payload! {
    /// A pledge was published.
    PledgePublished {
        /// What it is called.
        title: Label,
        /// 1, 2, 3 …
        version: u32,
        /// The whole text. It is public, and quoted by span: so it stands in the record, and is never erased.
        text: String,
        /// SHA-256 of the text in UTF-8.
        sha256: Sha256,
        /// The principles that it names.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        principles: Vec<Label>,
        /// The values that it names.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        values: Vec<Label>,
        /// What becomes of the commitments of the version before.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        dispositions: Vec<CommitmentDisposition>,
    }
}
payload! {
    /// "We will do this by …"
    Delivery {
        /// The commitment that is delivered.
        commitment: Code,
        /// Who says so.
        basis: DeliveryBasis,
    }
}
payload! {
    /// One promise of a pledge.
    CommitmentMade {
        /// What it is called, in short.
        title: Label,
        /// The pledge's id.
        pledge: Code,
        /// The pledge's version.
        pledge_version: u32,
        /// The pledge's words at the span.
        quote: String,
        /// First code point.
        span_start: u32,
        /// One past the last code point.
        span_end: u32,
        /// Whether it can be complete.
        kind: CommitmentKind,
        /// Who answers for it.
        owner_post: Code,
        /// Codes of the list `audience`.
        audience: Vec<Code>,
        /// Principles as the pledge names them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        principles: Vec<Label>,
        /// What it delivers.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        delivers: Vec<Delivery>,
    }
}
payload! {
    /// Something will be done.
    ActionPlanned {
        /// What, in short.
        title: Label,
        /// What it serves.
        commitments: Vec<Code>,
        /// Who answers for it.
        owner_post: Code,
        /// The first day we gave.
        first_due: Date,
        /// What led to it.
        origin: Origin,
        /// The feedback that led to it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        feedback: Vec<Uuid>,
        /// The action that it replaces.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replaces: Option<Code>,
    }
}
payload! {
    /// Work began.
    ActionStarted {}
}
payload! {
    /// The deadline moved.
    DeadlineRevised {
        /// The deadline until now.
        old_due: Date,
        /// The deadline from now on.
        new_due: Date,
        /// Who agreed.
        approver_post: Code,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Words>,
    }
}
payload! {
    /// Somebody says that it is done.
    ActionCompleted {
        /// Evidence ids.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        evidence: Vec<Code>,
    }
}
payload! {
    /// Somebody else looked, and it is done.
    ActionVerified {
        /// Who looked.
        verifier_post: Code,
        /// Evidence ids.
        evidence: Vec<Code>,
    }
}
payload! {
    /// It was not done after all.
    ActionReopened {
        /// Why.
        reason: Words,
    }
}
payload! {
    /// It will not be done.
    ActionCancelled {
        /// Why.
        reason: Words,
    }
}
payload! {
    /// People were asked.
    FeedbackSought {
        /// What the round is called.
        title: Label,
        /// Who was asked.
        respondents: Respondents,
        /// First day.
        opens: Date,
        /// Last day.
        closes: Date,
        /// How many were asked; none: not counted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        invited: Option<u32>,
        /// Codes of the list `channel`.
        channels: Vec<Code>,
        /// The choices that people had.
        anonymity_options: Vec<Anonymity>,
        /// Where somebody who was hurt finds help.
        support_url: Url,
        /// What it serves.
        commitments: Vec<Code>,
    }
}
payload! {
    /// Somebody spoke up.
    FeedbackReceived {
        /// The round; none: nobody had asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        round: Option<Code>,
        /// Staff or partners.
        respondents: Respondents,
        /// Codes of the list `theme`: policy issues, never experiences.
        themes: Vec<Code>,
        /// Policies that it speaks of.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        policies: Vec<Code>,
        /// A code of the list `channel`.
        channel: Code,
        /// How far the respondent can be known.
        anonymity: Anonymity,
        /// How the respondent can be answered.
        contact: Contact,
        /// SHA-256(nonce ‖ content) of what is held in the vault.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content_commitment: Option<Sha256>,
        /// SHA-256 of the receipt code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        receipt_code_hash: Option<Sha256>,
    }
}
payload! {
    /// It was answered.
    FeedbackResponded {
        /// What the answer was.
        outcome: ResponseOutcome,
        /// How it was given.
        mode: ResponseMode,
        /// Where it stands.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        response_url: Option<Url>,
    }
}
payload! {
    /// Nothing will change, and why.
    FeedbackClosedWithoutChange {
        /// A code of the list `no-change-reason`.
        reason_code: Code,
        /// Why, in words about the decision.
        reason: Words,
    }
}
payload! {
    /// A policy is in the register.
    PolicyRegistered {
        /// What it is called.
        title: Label,
        /// Who answers for it.
        owner_post: Code,
        /// The version in force.
        version: Code,
        /// SHA-256 of its document.
        document_sha256: Sha256,
        /// When it is to be looked at again.
        review_due: Date,
    }
}
payload! {
    /// Somebody proposes to change a policy.
    PolicyChangeProposed {
        /// What, in short.
        title: Label,
        /// The policy's id.
        policy: Code,
        /// What led to it.
        origin: Origin,
        /// The feedback that led to it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        feedback: Vec<Uuid>,
        /// What it serves.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        commitments: Vec<Code>,
        /// Whether it counts.
        nature: ChangeNature,
    }
}
payload! {
    /// The change was approved.
    PolicyChangeApproved {
        /// Who approved.
        by_post: Code,
    }
}
payload! {
    /// The change is in the register.
    PolicyChanged {
        /// The policy's id, as proposed.
        policy: Code,
        /// The new version.
        version: Code,
        /// First day in force.
        effective_on: Date,
        /// SHA-256 of the new document.
        document_sha256: Sha256,
        /// What changed.
        what_changed: Words,
    }
}
payload! {
    /// A document supports something.
    EvidenceAttached {
        /// What it supports.
        about: Subject,
        /// SHA-256 of the document.
        sha256: Sha256,
        /// Its size in bytes.
        size_bytes: u64,
        /// Such as `application/pdf`.
        media_type: String,
        /// A code of the list `evidence-kind`.
        kind: Code,
        /// Where it is kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        uri: Option<Url>,
    }
}
payload! {
    /// An event is taken back. It stays, and stays visible.
    EventVoided {
        /// The event's id.
        target_event_id: Uuid,
        /// Who posted it; none: the same source.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target_source: Option<SourceName>,
        /// Why.
        ground: VoidGround,
        /// Who agreed.
        approver_post: Code,
    }
}

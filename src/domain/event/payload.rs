//! What each type of event says: one struct a type, its fields named and formed as they are stored.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::codes::{
    Access, Anonymity, ChangeNature, CommitmentKind, Contact, DeliveryBasis, Disposition, HolidayKind,
    Origin, Respondents, ResponseMode, ResponseOutcome, VoidGround,
};
use crate::domain::id::{Code, SourceName, Subject};
use crate::domain::value::{Label, Sha256, Url, Words};

macro_rules! payload {
    ($(#[$doc:meta])* $name:ident { $($(#[$fmeta:meta])* $field:ident : $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($(#[$fmeta])* pub $field: $type),* }
    };
}

mod commitments;
#[path = "payload/loop.rs"]
mod feedback_loop;
mod operation;
mod people;

pub use commitments::*;
pub use feedback_loop::*;
pub use operation::*;
pub use people::*;

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
    /// What somebody else's register calls the thing that a code names, and when.
    Alias {
        /// Their code, such as a GSS code.
        code: Code,
        /// First day on which they call it so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        valid_from: Option<Date>,
        /// Last day.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        valid_to: Option<Date>,
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
        /// What somebody else's register calls it; more than one where theirs changed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        aliases: Vec<Alias>,
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

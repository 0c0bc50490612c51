//! Why an event is refused: named for what the poster does next. Never holds words, content or a token.

use super::command::Expected;
use super::id::{SourceName, Subject};

/// A refusal of one event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The event itself is wrong: correct the field.
    #[error("{field}: {rule}; {remedy}")]
    Malformed {
        /// Path of the field inside the event, such as `commitment_made.quote`.
        field: String,
        /// The rule that it breaks.
        rule: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// The same source has recorded another event under this id: choose a new id, or repeat the old content.
    #[error("this source has already recorded another event under this id, at sequence {sequence}")]
    IdTaken {
        /// Where.
        sequence: u64,
    },
    /// Not granted: ask an operator.
    #[error("source {source_name} is not granted {what}")]
    NotGranted {
        /// Who.
        source_name: SourceName,
        /// What, such as `type action.completed`.
        what: String,
    },
    /// Something else happened first: read the subject again and decide anew.
    #[error("{subject}: expected {expected}, but it stands at version {actual}; read it again, then decide")]
    Conflict {
        /// About what.
        subject: Subject,
        /// What the poster believed.
        expected: Expected,
        /// How many events it has.
        actual: u64,
    },
    /// It has not happened yet: post it when it has.
    #[error("occurred: lies in the future of the ledger's clock; post it when it has happened")]
    InFuture,
    /// It cannot be true on its own date.
    #[error("{rule}: {explanation}")]
    Impossible {
        /// The rule's name, such as `ACTION_ALREADY_CLOSED`.
        rule: &'static str,
        /// In a sentence, with what to do.
        explanation: &'static str,
        /// The event that stands in the way.
        standing: Option<u64>,
    },
    /// It speaks of something that the ledger does not hold: record that first.
    #[error("{field}: the ledger holds no {reference}")]
    Unknown {
        /// Path of the field.
        field: String,
        /// What is missing, such as `commitment/C17` or `version 2 of pledge/main`.
        reference: String,
    },
}

impl Rejection {
    /// A malformed field.
    pub fn malformed(field: impl Into<String>, rule: &'static str, remedy: &'static str) -> Self {
        Self::Malformed { field: field.into(), rule, remedy }
    }

    /// Something that cannot be true.
    pub const fn impossible(rule: &'static str, explanation: &'static str, standing: Option<u64>) -> Self {
        Self::Impossible { rule, explanation, standing }
    }

    /// A reference to something that is not there.
    pub fn unknown(field: impl Into<String>, reference: impl std::fmt::Display) -> Self {
        Self::Unknown { field: field.into(), reference: reference.to_string() }
    }

    /// The reason, for programs: `google.rpc.ErrorInfo.reason`.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "MALFORMED",
            Self::IdTaken { .. } => "ID_TAKEN",
            Self::NotGranted { .. } => "NOT_GRANTED",
            Self::Conflict { .. } => "EXPECTATION_FAILED",
            Self::InFuture => "IN_FUTURE",
            Self::Impossible { rule, .. } => rule,
            Self::Unknown { .. } => "UNKNOWN_REFERENCE",
        }
    }
}

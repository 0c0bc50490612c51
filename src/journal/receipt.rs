//! What goes into the journal's queue, and what comes out of it.

use jiff::Timestamp;
use std::sync::Arc;
use storage::Digest;
use uuid::Uuid;

use crate::domain::{
    command::{Command, Expected},
    event::{Event, Payload},
    id::{SourceName, Subject},
    irregularity::Irregularity,
    rejection::Rejection,
    value::{Occurred, Sha256},
};

/// Words that belong to an event: they are held beside its record, which has `SHA-256(nonce ‖ text)` in their place.
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    /// The payload's field.
    pub field: &'static str,
    /// 32 random bytes.
    pub nonce: [u8; 32],
    /// The words. Never logged.
    pub text: String,
}

impl Text {
    /// What stands in the record in place of the words.
    pub fn commitment(&self) -> Sha256 {
        commitment(&self.nonce, &self.text)
    }
}

// Words never reach a log, not even through `{:?}`.
impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Text").field("field", &self.field).finish_non_exhaustive()
    }
}

/// `SHA-256(nonce ‖ text)`: binds a record to words without holding them.
pub fn commitment(nonce: &[u8; 32], text: &str) -> Sha256 {
    use sha2::Digest as _;
    let mut hash = sha2::Sha256::new();
    hash.update(nonce);
    hash.update(text.as_bytes());
    Sha256(hash.finalize().into())
}

/// One event to be recorded, with its words.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The event and who posts it.
    pub command: Command,
    /// Its words.
    pub texts: Vec<Text>,
}

impl Proposal {
    /// An operator's own event about that subject, at that moment. Nobody has to choose an id for it: to say it twice is
    /// to say the same twice.
    pub fn of_operator(
        subject: Subject,
        at: Timestamp,
        payload: impl Into<Payload>,
    ) -> Result<Self, Rejection> {
        let source = SourceName::parse(SourceName::OPERATOR)
            .map_err(|why| Rejection::malformed("source", why.rule, why.remedy))?;
        let event = Event {
            id: Uuid::new_v4(),
            subject,
            occurred: Occurred::Instant(at),
            source_sequence: None,
            producer_recorded_at: None,
            actor_post: None,
            correlation_id: None,
            causation_id: None,
            payload: payload.into(),
        };
        let command = Command { source, expected: Expected::Any, event: Arc::new(event) };
        Ok(Self { command, texts: Vec::new() })
    }
}

/// Says where an event stands; the same for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Who posted it.
    pub source: SourceName,
    /// Under which id.
    pub event_id: Uuid,
    /// Its place.
    pub sequence: u64,
    /// When the ledger took it.
    pub recorded_at: Timestamp,
    /// Its leaf hash, which is its place in the chain.
    pub hash: Digest,
    /// How many events its subject had then, this one included.
    pub subject_version: u64,
    /// What the ledger noticed.
    pub irregularities: Vec<Irregularity>,
}

/// The answer for one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Where it stands.
    pub receipt: Receipt,
    /// It had been recorded before.
    pub repeated: bool,
}

/// What an append would have made of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It would be recorded.
    Recordable {
        /// How many events its subject would have had, this one included.
        subject_version: u64,
        /// What the ledger would notice.
        irregularities: Vec<Irregularity>,
    },
    /// It had been recorded before, and would be answered with this.
    Repeat(Receipt),
}

/// Why a request was not recorded. Nothing of it was.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refused {
    /// An event was judged and refused.
    #[error("event {index}: {rejection}")]
    Rejected {
        /// Which of the request's events.
        index: usize,
        /// Why.
        rejection: Rejection,
    },
    /// Too much is waiting: try again later.
    #[error("the ledger's queue is full; try again in a moment")]
    QueueFull,
    /// The disk is full: nothing is lost, and appends go on when there is room.
    #[error("the ledger has no room on its disk; free some space, then try again")]
    DiskFull,
    /// Something kept the group from being written: nothing was recorded, and the next try may succeed.
    #[error("the ledger could not write just now; nothing was recorded; try again in a moment")]
    NotWritten,
    /// The server is going.
    #[error("the server is stopping; connect again in a moment")]
    Stopping,
    /// The caller's deadline had passed before the request was judged.
    #[error("the deadline had passed before the ledger came to this request")]
    DeadlinePassed,
    /// The ledger takes no appends.
    #[error("the ledger is read-only: {0}")]
    ReadOnly(String),
    /// The outcome is not known: repeat the request with the same event ids.
    #[error("the outcome is not known; send the same events with the same ids again")]
    Unknown,
    /// The record would be too large.
    #[error("event {index}: its record would be larger than 65,535 bytes; shorten it")]
    TooLarge {
        /// Which of the request's events.
        index: usize,
    },
    /// The request would be too large for one group.
    #[error("the request takes {bytes} bytes in the ledger, {most} are the most: send it in parts")]
    RequestTooLarge {
        /// What it takes.
        bytes: usize,
        /// What one request may take.
        most: usize,
    },
    /// The ledger's own files could not be read.
    #[error("the ledger could not be read: {0}")]
    Unreadable(String),
}

//! What a poster asks the ledger to record, and what the ledger then holds.

use jiff::Timestamp;
use std::{fmt, sync::Arc};

use super::event::Event;
use super::id::SourceName;
use super::irregularity::Irregularity;

/// What the poster believes about the subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Expected {
    /// Nothing.
    #[default]
    Any,
    /// It has no event yet.
    NoSubject,
    /// It has at least one event.
    SubjectExists,
    /// It has exactly so many events (voided ones and voids count: they were recorded).
    Version(u64),
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("anything"),
            Self::NoSubject => f.write_str("no event"),
            Self::SubjectExists => f.write_str("at least one event"),
            Self::Version(version) => write!(f, "version {version}"),
        }
    }
}

/// One event that a poster wants recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Who posts: the authenticated identity, never from the body.
    pub source: SourceName,
    /// What it believes.
    pub expected: Expected,
    /// What it says.
    pub event: Arc<Event>,
}

/// An event in its place in the ledger: a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// 0, 1, 2 … without gaps, per ledger.
    pub sequence: u64,
    /// When the ledger took it.
    pub recorded_at: Timestamp,
    /// Who posted it.
    pub source: SourceName,
    /// What the ledger noticed.
    pub irregularities: Vec<Irregularity>,
    /// What the poster said.
    pub event: Arc<Event>,
}

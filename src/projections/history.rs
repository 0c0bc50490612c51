//! Dated facts with their place in the ledger, and the two filters by which everything is read.
//!
//! Invariant: a history is in the order of the ledger (ascending sequence); nothing is ever removed from it. What is
//! voided stays: the void is one more fact, kept beside it. Knows nothing of reports.

use jiff::civil::Date;
use uuid::Uuid;

use crate::domain::event::EventType;

/// From where a reader looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Horizon {
    /// *As at*: facts effective on or before this day (the ledger's local time) count.
    pub as_at: Date,
    /// *As known*: facts with a sequence below this count.
    pub as_known: u64,
}

/// One fact: what an event said about one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dated<F> {
    /// The event's sequence: from there on it is known.
    pub sequence: u64,
    /// The sequence of the event whose place it has: its own, or, of a correction, that of the event that it corrects.
    pub place: u64,
    /// The local day on which it counts.
    pub effective: Date,
    /// The event's id, by which a void names it …
    pub id: Uuid,
    /// … together with the number of the source that posted it.
    pub source: u32,
    /// The ledger marked it as recorded late.
    pub late: bool,
    /// The type of the event that said it, or that is said anew.
    pub event_type: EventType,
    /// What it said.
    pub fact: F,
}

/// That an event was taken back. A void is about the record and not about the world: it counts as soon as it is known,
/// whatever day it speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Void {
    /// The sequence of the void.
    pub sequence: u64,
    /// The local day on which it was recorded.
    pub recorded_on: Date,
}

/// The facts of one subject, in the order of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History<F>(Vec<Dated<F>>);

impl<F> Default for History<F> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<F> History<F> {
    /// Every fact, whoever looks.
    pub fn all(&self) -> &[Dated<F>] {
        &self.0
    }

    pub(super) fn push(&mut self, fact: Dated<F>) {
        self.0.push(fact);
    }

    /// The sequence of the event with that id from that source.
    pub(super) fn find(&self, id: Uuid, source: u32) -> Option<u64> {
        self.0.iter().find(|fact| fact.id == id && fact.source == source).map(|fact| fact.sequence)
    }
}

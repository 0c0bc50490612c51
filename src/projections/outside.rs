//! What holds the ledger from outside, and what its keeper did to it: auditors' opinions, witnesses' cosignatures, keys,
//! restores, the clock.
//!
//! Invariant: none of these is ever taken back or said anew (others have acted on it), so each counts from its record on.
//! Of a witness only the checkpoint that reaches furthest is kept, anew only when it reaches further or was signed later;
//! one entry for each such step. That a signature is right was judged when it was recorded.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::shared::SharedMap;
use crate::domain::command::Recorded;
use crate::domain::event::{CosignatureRecorded, OpinionResult, Payload};
use crate::domain::id::Subject;
use crate::domain::value::{KeyName, Label};

/// An auditor's opinion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opinion {
    /// What it is called.
    pub subject: Subject,
    /// First record looked at.
    pub first: u64,
    /// One past the last.
    pub end: u64,
    /// What was found.
    pub result: OpinionResult,
    /// Who looked.
    pub auditor: Label,
}

/// A checkpoint that a witness signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Held {
    /// How many records it counts.
    pub size: u64,
    /// When it was signed, in seconds since 1970 (UTC).
    pub time: u64,
    /// The event that says so.
    pub sequence: u64,
}

/// What the ledger's keeper did to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operation {
    /// It signs with another key from then on.
    KeyRotated,
    /// It goes on from a copy, without so many records that were known.
    Restored {
        /// How many are known to be lost.
        lost: u64,
    },
    /// The clock was set right; it was ahead by so many seconds (behind: negative).
    ClockCorrected {
        /// By how much.
        drift_seconds: i64,
    },
}

/// A witness, and the organisation that controls it.
type Witness = (Label, KeyName);

/// The view. Entries are shared on cloning; see [`SharedMap`] for the cost.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct OutsideView {
    opinions: SharedMap<u64, Arc<Opinion>>,
    operations: SharedMap<u64, Operation>,
    /// The number that stands for each witness.
    witnesses: SharedMap<Witness, u32>,
    /// What each witness holds, by its number, from that sequence on.
    held: SharedMap<(u32, u64), Held>,
}

impl OutsideView {
    pub(super) fn learn(&mut self, fact: &Recorded) {
        let at = fact.sequence;
        match &fact.event.payload {
            Payload::AuditOpinionRecorded(it) => {
                let opinion = Opinion {
                    subject: fact.event.subject.clone(),
                    first: it.first,
                    end: it.end,
                    result: it.result,
                    auditor: it.auditor.clone(),
                };
                self.opinions.set(&at, Arc::new(opinion));
            }
            Payload::CosignatureRecorded(it) => self.cosigned(it, at),
            Payload::KeyRotated(_) => self.operations.set(&at, Operation::KeyRotated),
            Payload::LedgerRestored(it) => {
                self.operations.set(&at, Operation::Restored { lost: it.lost() });
            }
            Payload::ClockCorrected(it) => {
                let drift_seconds = it.drift_seconds;
                self.operations.set(&at, Operation::ClockCorrected { drift_seconds });
            }
            _ => {}
        }
    }

    fn cosigned(&mut self, it: &CosignatureRecorded, sequence: u64) {
        let witness = (it.organisation.clone(), it.witness.clone());
        let number = self.witnesses.get(&witness).copied().unwrap_or_else(|| {
            let number = self.witnesses.len() as u32;
            self.witnesses.set(&witness, number);
            number
        });
        let held = Held { size: it.size, time: it.time, sequence };
        let furthest = self.of_witness(number, sequence);
        if furthest.is_none_or(|furthest| (furthest.size, furthest.time) < (held.size, held.time)) {
            self.held.set(&(number, sequence), held);
        }
    }

    fn of_witness(&self, number: u32, as_known: u64) -> Option<Held> {
        let ((of, _), held) = self.held.at_or_before(&(number, as_known.checked_sub(1)?))?;
        (*of == number).then_some(*held)
    }

    /// The auditors' opinions among the first `as_known` events, in the order in which they were recorded.
    pub fn opinions(&self, as_known: u64) -> impl Iterator<Item = (u64, &Opinion)> {
        let known = self.opinions.iter().filter(move |(sequence, _)| **sequence < as_known);
        known.map(|(sequence, opinion)| (*sequence, opinion.as_ref()))
    }

    /// What the keeper did, among the first `as_known` events.
    pub fn operations(&self, as_known: u64) -> impl Iterator<Item = (u64, Operation)> {
        let known = self.operations.iter().filter(move |(sequence, _)| **sequence < as_known);
        known.map(|(sequence, operation)| (*sequence, *operation))
    }

    /// The checkpoint that reaches furthest of each witness that is known among the first `as_known` events, with the
    /// organisation that controls the witness; by organisation.
    pub fn witnesses(&self, as_known: u64) -> impl Iterator<Item = (&Label, &KeyName, Held)> {
        self.witnesses.iter().filter_map(move |((organisation, witness), number)| {
            Some((organisation, witness, self.of_witness(*number, as_known)?))
        })
    }
}

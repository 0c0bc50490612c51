//! The life cycle of a pledge.
//!
//! Invariant: what becomes of a commitment under a new version of its pledge is the pledge's fact, so it is held
//! here, in the pledge's state; a commitment's own events do not know of it.

use jiff::civil::Date;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::State;
use crate::domain::command::Recorded;
use crate::domain::event::{Disposition, Event, Payload, PledgePublished};
use crate::domain::id::Code;
use crate::domain::rules::{self, Breach};

/// One version of a pledge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edition {
    /// Sequence of the publication.
    pub sequence: u64,
    /// When it was published.
    pub published_on: Date,
    event: Arc<Event>,
}

impl Edition {
    /// What was published.
    pub fn publication(&self) -> Option<&PledgePublished> {
        match &self.event.payload {
            Payload::PledgePublished(published) => Some(published),
            _ => None,
        }
    }
}

/// How a commitment ended under a new version of its pledge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closing {
    /// Superseded or withdrawn.
    pub disposition: Disposition,
    /// Sequence of the version that said so.
    pub sequence: u64,
    /// When that version was published: the first day on which the commitment is closed.
    pub on: Date,
}

/// A pledge, in all its versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pledge {
    /// Version 1 first.
    pub editions: Vec<Edition>,
    /// The commitments that a later version superseded or withdrew.
    pub closed: BTreeMap<Code, Closing>,
}

impl Pledge {
    pub(super) fn after(
        state: &State,
        published: &PledgePublished,
        fact: &Arc<Recorded>,
        day: Date,
    ) -> Result<Self, Breach> {
        let mut next = match state {
            State::None => Self { editions: Vec::new(), closed: BTreeMap::new() },
            State::Pledge(pledge) => pledge.clone(),
            _ => return Err(Breach::of(&rules::WRONG_KIND, None)),
        };
        if published.version as usize != next.editions.len() + 1 {
            let last = next.editions.last().map(|edition| edition.sequence);
            return Err(Breach::of(&rules::PLEDGE_VERSION_OUT_OF_STEP, last));
        }
        for one in &published.dispositions {
            if let Some(closing) = next.closed.get(&one.commitment) {
                return Err(Breach::of(&rules::COMMITMENT_ALREADY_CLOSED, Some(closing.sequence)));
            }
            if one.disposition != Disposition::Kept {
                let closing = Closing { disposition: one.disposition, sequence: fact.sequence, on: day };
                next.closed.insert(one.commitment.clone(), closing);
            }
        }
        next.editions.push(Edition { sequence: fact.sequence, published_on: day, event: fact.event.clone() });
        Ok(next)
    }

    /// The version of that number.
    pub fn edition(&self, version: u32) -> Option<&Edition> {
        self.editions.get((version as usize).checked_sub(1)?)
    }
}

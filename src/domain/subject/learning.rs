//! The life cycle of a session of learning: offered → delivered or cancelled, both final.
//!
//! Invariant: a session is delivered at most once, so attendances are counted once. Who attended is known nowhere.

use super::State;
use crate::domain::event::{LearningOffered, Payload};
use crate::domain::rules::{self, Breach};

/// How far a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It can be booked.
    Offered,
    /// It was held.
    Delivered,
    /// It is not held.
    Cancelled,
}

impl Stage {
    /// Its name, as readers see it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offered => "OFFERED",
            Self::Delivered => "DELIVERED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// A session of learning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// How far it is.
    pub stage: Stage,
    /// Sequence of the event that brought it there.
    pub since: u64,
    /// Seats. None: no limit.
    pub capacity: Option<u32>,
}

impl Session {
    pub(super) const fn offered(state: &State, offered: &LearningOffered, at: u64) -> Result<Self, Breach> {
        match state {
            State::None => Ok(Self { stage: Stage::Offered, since: at, capacity: offered.capacity }),
            State::Session(session) => Err(Breach::of(&rules::SESSION_ALREADY_OFFERED, Some(session.since))),
            _ => Err(Breach::of(&rules::WRONG_KIND, None)),
        }
    }

    /// The end of a session: by a delivery, or else by a cancellation.
    pub(super) const fn ended(state: &State, payload: &Payload, at: u64) -> Result<Self, Breach> {
        let session = match state {
            State::Session(session) => *session,
            State::None => return Err(Breach::of(&rules::SESSION_NOT_OFFERED, None)),
            _ => return Err(Breach::of(&rules::WRONG_KIND, None)),
        };
        match (session.stage, payload) {
            (Stage::Delivered, _) => Err(Breach::of(&rules::SESSION_ALREADY_DELIVERED, Some(session.since))),
            (Stage::Cancelled, _) => Err(Breach::of(&rules::SESSION_ALREADY_CANCELLED, Some(session.since))),
            (Stage::Offered, Payload::LearningDelivered(_)) => {
                Ok(Self { stage: Stage::Delivered, since: at, ..session })
            }
            (Stage::Offered, _) => Ok(Self { stage: Stage::Cancelled, since: at, ..session }),
        }
    }
}

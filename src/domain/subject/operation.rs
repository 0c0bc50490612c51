//! The life cycles of a request to erase (requested → refused or erased, both final) and of a release point.
//!
//! Invariant: what was erased stays erased: nothing follows it. Whether two release points lie far enough apart is
//! judged across subjects, elsewhere.

use jiff::civil::Date;

use super::State;
use crate::domain::event::{Payload, ReleasePointDeclared};
use crate::domain::rules::{self, Breach};

/// How far a request to erase is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nobody has decided.
    Requested,
    /// It is not erased.
    Refused,
    /// It is erased.
    Erased,
}

impl Stage {
    /// Its name, as readers see it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "REQUESTED",
            Self::Refused => "REFUSED",
            Self::Erased => "ERASED",
        }
    }
}

/// A request to erase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// How far it is.
    pub stage: Stage,
    /// Sequence of the event that brought it there.
    pub since: u64,
    /// When it was asked for.
    pub requested_on: Date,
}

impl Erasure {
    pub(super) const fn requested(state: &State, at: u64, day: Date) -> Result<Self, Breach> {
        match state {
            State::None => Ok(Self { stage: Stage::Requested, since: at, requested_on: day }),
            State::Erasure(erasure) => {
                Err(Breach::of(&rules::ERASURE_ALREADY_REQUESTED, Some(erasure.since)))
            }
            _ => Err(Breach::of(&rules::WRONG_KIND, None)),
        }
    }

    /// The end of a request: by a refusal, or else by the erasure.
    pub(super) const fn decided(state: &State, payload: &Payload, at: u64) -> Result<Self, Breach> {
        let erasure = match state {
            State::Erasure(erasure) => *erasure,
            State::None => return Err(Breach::of(&rules::ERASURE_NOT_REQUESTED, None)),
            _ => return Err(Breach::of(&rules::WRONG_KIND, None)),
        };
        match (erasure.stage, payload) {
            (Stage::Requested, Payload::ErasureRefused(_)) => {
                Ok(Self { stage: Stage::Refused, since: at, ..erasure })
            }
            (Stage::Requested, _) => Ok(Self { stage: Stage::Erased, since: at, ..erasure }),
            _ => Err(Breach::of(&rules::ERASURE_ALREADY_DECIDED, Some(erasure.since))),
        }
    }
}

/// A position at which figures about people are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReleasePoint {
    /// Sequence of its declaration.
    pub sequence: u64,
    /// The day for which it was declared.
    pub on: Date,
    /// How many records the figures count.
    pub position: u64,
}

impl ReleasePoint {
    pub(super) const fn after(
        state: &State,
        declared: &ReleasePointDeclared,
        at: u64,
        day: Date,
    ) -> Result<Self, Breach> {
        match state {
            State::None => Ok(Self { sequence: at, on: day, position: declared.position }),
            State::ReleasePoint(point) => {
                Err(Breach::of(&rules::RELEASE_POINT_ALREADY_DECLARED, Some(point.sequence)))
            }
            _ => Err(Breach::of(&rules::WRONG_KIND, None)),
        }
    }
}

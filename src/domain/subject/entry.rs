//! What is recorded once, whole, and has no life after that: help that was given, an activity that was held, a result,
//! a report that went out, an opinion.
//!
//! Invariant: a subject of these kinds holds one standing event; what was wrong in it is corrected, never added to.

use super::State;
use crate::domain::rules::{self, Breach, Rule};

/// Something that was recorded once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Sequence of its event.
    pub sequence: u64,
}

impl Entry {
    /// The rule says what to do instead of recording it again.
    pub(super) const fn after(state: &State, at: u64, once: &'static Rule) -> Result<Self, Breach> {
        match state {
            State::None => Ok(Self { sequence: at }),
            State::Entry(entry) => Err(Breach::of(once, Some(entry.sequence))),
            _ => Err(Breach::of(&rules::WRONG_KIND, None)),
        }
    }
}

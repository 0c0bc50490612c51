//! A story that the demo plays: a ledger of somebody, the systems that post to it, and every step.
//!
//! Invariant: pure, and the same every time. Everything but the first story's pledge is invented.

use super::cast::{self, Part};
use super::pen::Step;
use super::script;

/// A ledger, who posts to it, and what.
pub(super) struct Story {
    /// Its name, without `ledgers/`.
    pub(super) ledger: &'static str,
    pub(super) organisation: &'static str,
    pub(super) origin: &'static str,
    /// What of it is real.
    pub(super) about: &'static str,
    pub(super) sources: &'static [Part],
    pub(super) steps: Vec<Step>,
}

impl Story {
    /// The ledger's name on the wire.
    pub(super) fn name(&self) -> String {
        format!("ledgers/{}", self.ledger)
    }
}

/// The stories, in the order in which they are played.
pub(super) fn all() -> [Story; 2] {
    [
        Story {
            ledger: super::LEDGER,
            organisation: "Improvement Service",
            origin: "pledgebook.example/improvement-service",
            about: "The pledge is real: the Improvement Service's own text, word for word. Everything that was done \
                    about it in this ledger is invented, and posts are named, never persons.",
            sources: &cast::SOURCES,
            steps: script::year(),
        },
        Story {
            ledger: super::SECOND,
            organisation: "Northmoor Council",
            origin: "pledgebook.example/northmoor-council",
            about: "The place, its pledge and all that was done are invented. It shows what the first pledge does \
                    not bring: promises that are completed, merged, superseded or withdrawn, a second version of the \
                    pledge, a posting system that is replaced, and a clock that went wrong.",
            sources: &script::second::SOURCES,
            steps: script::second::year(),
        },
    ]
}

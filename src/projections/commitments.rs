//! The promises: who made which, in what words; and the documents that support anything.
//!
//! Invariant: a commitment is never dropped; what became of it is told by the pledge's later versions. Must not know
//! whether a commitment is kept: nothing here says so.

use std::sync::Arc;

use super::history::History;
use super::shared::SharedMap;
use crate::domain::event::CommitmentMade;
use crate::domain::id::{Code, Subject};

/// The view. Entries are shared on cloning; see [`SharedMap`] for the cost.
#[derive(Clone, Debug, Default)]
pub struct CommitmentsView {
    /// Commitments by id.
    pub made: SharedMap<Code, History<Arc<CommitmentMade>>>,
    /// What each piece of evidence is about, by evidence id.
    pub evidence: SharedMap<Code, History<Subject>>,
}

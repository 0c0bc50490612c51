//! Policies in the register, and their changes from proposal to force.
//!
//! Invariant: a change's link to feedback is the one that its proposal stated; it is never added to. Must not know how
//! changes are counted.

use jiff::civil::Date;
use std::sync::Arc;

use super::history::History;
use super::shared::SharedMap;
use crate::domain::event::{PolicyChangeProposed, PolicyRegistered};
use crate::domain::id::Code;

/// One thing that happened to a policy change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeFact {
    /// Somebody proposed it.
    Proposed(Arc<PolicyChangeProposed>),
    /// It was approved, by this post.
    Approved(Code),
    /// It was put into the register.
    Changed {
        /// The policy.
        policy: Code,
        /// The new version.
        version: Code,
        /// The first day in force.
        effective_on: Date,
        /// The ledger marked it: no approval was recorded by then.
        unapproved: bool,
    },
}

/// The view. Entries are shared on cloning; see [`SharedMap`] for the cost.
#[derive(Clone, Debug, Default)]
pub struct PoliciesView {
    /// Policies by id.
    pub registered: SharedMap<Code, History<Arc<PolicyRegistered>>>,
    /// Changes by id.
    pub changes: SharedMap<Code, History<ChangeFact>>,
}

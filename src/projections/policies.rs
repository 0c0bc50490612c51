//! Policies in the register, and their changes from proposal to force, and to their end.
//!
//! Invariant: what a proposal says of feedback is one side of a link; the other is said by the feedback's own events,
//! and stands in the view of feedback. Must not know how changes are counted.

use jiff::civil::Date;
use std::sync::Arc;

use super::history::History;
use super::shared::SharedMap;
use crate::domain::command::Recorded;
use crate::domain::event::{Payload, PolicyChangeProposed, PolicyRegistered};
use crate::domain::id::Code;
use crate::domain::irregularity::Irregularity;

/// One thing that happened to a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyFact {
    /// It was entered in the register.
    Registered(Arc<PolicyRegistered>),
    /// It was looked at again, and is to be looked at again by that day.
    Reviewed {
        /// That day.
        next_due: Date,
    },
    /// That post answers for it from now on.
    Reassigned(Code),
}

impl PolicyFact {
    pub(super) fn of(payload: &Payload) -> Option<Self> {
        Some(match payload {
            Payload::PolicyRegistered(it) => Self::Registered(Arc::new(it.clone())),
            Payload::PolicyReviewed(it) => Self::Reviewed { next_due: it.next_due },
            Payload::OwnerReassigned(it) => Self::Reassigned(it.to_post.clone()),
            _ => return None,
        })
    }
}

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
    /// The proposal was turned down.
    Declined,
    /// The proposal was given up.
    Abandoned,
    /// It was taken out of force.
    Reversed,
}

impl ChangeFact {
    pub(super) fn of(fact: &Recorded, payload: &Payload) -> Option<Self> {
        Some(match payload {
            Payload::PolicyChangeProposed(it) => Self::Proposed(Arc::new(it.clone())),
            Payload::PolicyChangeApproved(it) => Self::Approved(it.by_post.clone()),
            Payload::PolicyChanged(it) => Self::Changed {
                policy: it.policy.clone(),
                version: it.version.clone(),
                effective_on: it.effective_on,
                unapproved: fact.irregularities.contains(&Irregularity::Unapproved),
            },
            Payload::PolicyChangeDeclined(_) => Self::Declined,
            Payload::PolicyChangeAbandoned(_) => Self::Abandoned,
            Payload::PolicyChangeReversed(_) => Self::Reversed,
            _ => return None,
        })
    }
}

/// The view. Entries are shared on cloning; see [`SharedMap`] for the cost.
#[derive(Clone, Debug, Default)]
pub struct PoliciesView {
    /// Policies by id.
    pub facts: SharedMap<Code, History<PolicyFact>>,
    /// Changes by id.
    pub changes: SharedMap<Code, History<ChangeFact>>,
}

//! Policies in the register, and their changes from proposal to force, and to their end.
//!
//! Invariant: what a proposal says of feedback is one side of a link; the other is said by the feedback's own events,
//! and stands in the view of feedback. Must not know how changes are counted.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::Views;
use super::history::{History, Horizon};
use super::resting::Resting;
use super::shared::SharedMap;
use crate::domain::command::Recorded;
use crate::domain::event::{Payload, PolicyChangeProposed, PolicyRegistered};
use crate::domain::id::Code;
use crate::domain::irregularity::Irregularity;

/// One thing that happened to a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PoliciesView {
    /// Policies by id.
    pub facts: SharedMap<Code, History<PolicyFact>>,
    /// Changes by id.
    pub changes: SharedMap<Code, History<ChangeFact>>,
    /// Which changes may be passed over.
    pub(super) resting: Resting<()>,
}

impl Views {
    /// The changes that were not in force, or given up, for good before that day; and perhaps some others. In no order
    /// that means anything.
    pub fn awake_changes(&self, horizon: Horizon, day: Date) -> Vec<(&Code, &History<ChangeFact>)> {
        let since = self.awake_since(horizon, day);
        let awake = self.policies.resting.awake(&since);
        awake.filter_map(|(id, ..)| self.policies.changes.get_entry(id)).collect()
    }

    /// Notes whether a change rests now that an event about it was recorded.
    pub(super) fn rest_change(&mut self, fact: &Recorded) {
        let id = fact.event.subject.id();
        let ends = matches!(
            fact.event.payload,
            Payload::PolicyChanged(_)
                | Payload::PolicyChangeDeclined(_)
                | Payload::PolicyChangeAbandoned(_)
                | Payload::PolicyChangeReversed(_)
                | Payload::EventVoided(_)
                | Payload::CorrectionMade(_)
        );
        let since = if ends { self.change_rests(id, self.local_day(fact.recorded_at)) } else { None };
        if self.policies.changes.get(id).is_some() {
            self.policies.resting.set(id, since);
        }
    }

    /// The day from which on a change rests: in force or given up, and past whatever is said of it.
    fn change_rests(&self, id: &Code, recorded_on: Date) -> Option<Date> {
        let everything = Horizon { as_at: Date::MAX, as_known: u64::MAX };
        let history = self.policies.changes.get(id)?;
        let over = |fact: &ChangeFact| {
            matches!(fact, ChangeFact::Changed { .. } | ChangeFact::Declined | ChangeFact::Abandoned)
        };
        history.all().iter().find(|fact| over(&fact.fact) && self.sees(fact, everything))?;
        let days = history.all().iter().map(|fact| match fact.fact {
            ChangeFact::Changed { effective_on, .. } => fact.effective.max(effective_on),
            _ => fact.effective,
        });
        days.chain([recorded_on]).max()
    }
}

//! The life cycles of a policy's register entry and of one change of it.
//!
//! Invariant: a change is in force at most once, and remembers whether approval stood on the day from which it is in
//! force. Which document that day replaces is judged across subjects, elsewhere.

use jiff::civil::Date;

use super::State;
use crate::domain::event::{ChangeNature, Origin, PolicyChangeProposed, PolicyChanged, PolicyRegistered};
use crate::domain::id::Code;
use crate::domain::rules::{self, Breach};
use crate::domain::value::Sha256;

/// A policy in the register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Sequence of the registration.
    pub sequence: u64,
    /// Who answers for it.
    pub owner_post: Code,
    /// Sequence of the event since which that post answers for it.
    pub owner_since: u64,
    /// SHA-256 of the first document.
    pub document_sha256: Sha256,
    /// When it is to be looked at again.
    pub review_due: Date,
}

impl Policy {
    pub(super) fn after(state: &State, policy: &PolicyRegistered, at: u64) -> Result<Self, Breach> {
        match state {
            State::None => Ok(Self {
                sequence: at,
                owner_post: policy.owner_post.clone(),
                owner_since: at,
                document_sha256: policy.document_sha256,
                review_due: policy.review_due,
            }),
            State::Policy(old) => Err(Breach::of(&rules::POLICY_ALREADY_REGISTERED, Some(old.sequence))),
            _ => Err(Breach::of(&rules::WRONG_KIND, None)),
        }
    }
}

/// An approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Its sequence.
    pub sequence: u64,
    /// When it was given.
    pub on: Date,
}

/// A change in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Force {
    /// Sequence of the entry in the register.
    pub sequence: u64,
    /// First day in force.
    pub effective_on: Date,
    /// SHA-256 of the new document.
    pub document_sha256: Sha256,
}

/// One change of a policy, from proposal to force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Sequence of the proposal.
    pub proposed: u64,
    /// The policy.
    pub policy: Code,
    /// What led to it.
    pub origin: Origin,
    /// Whether it counts.
    pub nature: ChangeNature,
    /// Its approval.
    pub approval: Option<Approval>,
    /// Its entry in the register.
    pub force: Option<Force>,
}

impl Change {
    pub(super) fn proposed(state: &State, proposed: &PolicyChangeProposed, at: u64) -> Result<Self, Breach> {
        match state {
            State::None => Ok(Self {
                proposed: at,
                policy: proposed.policy.clone(),
                origin: proposed.origin,
                nature: proposed.nature,
                approval: None,
                force: None,
            }),
            State::Change(old) => Err(Breach::of(&rules::CHANGE_ALREADY_PROPOSED, Some(old.proposed))),
            _ => Err(Breach::of(&rules::WRONG_KIND, None)),
        }
    }

    pub(super) fn approved(state: &State, at: u64, day: Date) -> Result<Self, Breach> {
        let change = Self::not_in_force(state)?;
        match change.approval {
            Some(approval) => Err(Breach::of(&rules::CHANGE_ALREADY_APPROVED, Some(approval.sequence))),
            None => Ok(Self { approval: Some(Approval { sequence: at, on: day }), ..change.clone() }),
        }
    }

    pub(super) fn changed(state: &State, changed: &PolicyChanged, at: u64) -> Result<Self, Breach> {
        let change = Self::not_in_force(state)?;
        let force = Force {
            sequence: at,
            effective_on: changed.effective_on,
            document_sha256: changed.document_sha256,
        };
        Ok(Self { force: Some(force), ..change.clone() })
    }

    fn not_in_force(state: &State) -> Result<&Self, Breach> {
        match state {
            State::Change(Self { force: Some(force), .. }) => {
                Err(Breach::of(&rules::CHANGE_ALREADY_IN_FORCE, Some(force.sequence)))
            }
            State::Change(change) => Ok(change),
            State::None => Err(Breach::of(&rules::CHANGE_NOT_PROPOSED, None)),
            _ => Err(Breach::of(&rules::WRONG_KIND, None)),
        }
    }

    /// Whether approval stood on that day.
    pub fn is_approved_by(&self, day: Date) -> bool {
        self.approval.is_some_and(|approval| approval.on <= day)
    }

    /// The stage's name, as readers see it.
    pub const fn stage_name(&self) -> &'static str {
        match (&self.force, &self.approval) {
            (Some(_), _) => "IN_FORCE",
            (None, Some(_)) => "APPROVED",
            (None, None) => "PROPOSED",
        }
    }
}

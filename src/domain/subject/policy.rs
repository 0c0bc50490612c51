//! The life cycles of a policy's register entry and of one change of it.
//!
//! Invariant: a change is in force at most once, ends at most once, and remembers whether approval stood on the day from
//! which it is in force. Which document that day replaces, and whether a later change superseded this one, is judged
//! across subjects, elsewhere.

use jiff::civil::Date;
use uuid::Uuid;

use super::State;
use crate::domain::command::Recorded;
use crate::domain::event::{
    ChangeNature, Origin, Payload, PolicyChangeProposed, PolicyChanged, PolicyRegistered, PolicyReviewed,
};
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
    /// When it is to be looked at again: by its registration, or by its last review.
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

    pub(super) fn reviewed(state: &State, reviewed: &PolicyReviewed) -> Result<Self, Breach> {
        match state {
            State::Policy(policy) => Ok(Self { review_due: reviewed.next_due, ..policy.clone() }),
            State::None => Err(Breach::of(&rules::POLICY_NOT_REGISTERED, None)),
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

/// How a change ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The proposal was turned down.
    Declined,
    /// The proposal was given up.
    Abandoned,
    /// It was in force, and was taken out of force.
    Reversed,
}

/// The end of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Its sequence.
    pub sequence: u64,
    /// How it ended.
    pub how: Ending,
    /// The first day on which it is no longer.
    pub on: Date,
}

/// One change of a policy, from proposal to force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Sequence of the proposal.
    pub proposed: u64,
    /// When it was proposed.
    pub proposed_on: Date,
    /// The policy.
    pub policy: Code,
    /// What led to it.
    pub origin: Origin,
    /// The feedback that its proposal names.
    pub feedback: Vec<Uuid>,
    /// Whether it counts.
    pub nature: ChangeNature,
    /// Its approval.
    pub approval: Option<Approval>,
    /// Its entry in the register; it stays when the change is reversed.
    pub force: Option<Force>,
    /// Its end, if it was declined, abandoned or reversed.
    pub end: Option<End>,
}

impl Change {
    pub(super) fn after(state: &State, fact: &Recorded, day: Date) -> Result<Self, Breach> {
        let at = fact.sequence;
        match &fact.event.payload {
            Payload::PolicyChangeProposed(proposed) => Self::proposed(state, proposed, at, day),
            Payload::PolicyChangeApproved(_) => Self::approved(state, at, day),
            Payload::PolicyChanged(changed) => Self::changed(state, changed, at),
            Payload::PolicyChangeDeclined(_) => Self::given_up(state, Ending::Declined, at, day),
            Payload::PolicyChangeAbandoned(_) => Self::given_up(state, Ending::Abandoned, at, day),
            Payload::PolicyChangeReversed(_) => Self::reversed(state, at, day),
            _ => Err(Breach::of(&rules::WRONG_KIND, None)),
        }
    }

    fn proposed(state: &State, proposed: &PolicyChangeProposed, at: u64, day: Date) -> Result<Self, Breach> {
        match state {
            State::None => Ok(Self {
                proposed: at,
                proposed_on: day,
                policy: proposed.policy.clone(),
                origin: proposed.origin,
                feedback: proposed.feedback.clone(),
                nature: proposed.nature,
                approval: None,
                force: None,
                end: None,
            }),
            State::Change(old) => Err(Breach::of(&rules::CHANGE_ALREADY_PROPOSED, Some(old.proposed))),
            _ => Err(Breach::of(&rules::WRONG_KIND, None)),
        }
    }

    fn approved(state: &State, at: u64, day: Date) -> Result<Self, Breach> {
        let change = Self::not_in_force(state)?;
        match change.approval {
            Some(approval) => Err(Breach::of(&rules::CHANGE_ALREADY_APPROVED, Some(approval.sequence))),
            None => Ok(Self { approval: Some(Approval { sequence: at, on: day }), ..change.clone() }),
        }
    }

    fn changed(state: &State, changed: &PolicyChanged, at: u64) -> Result<Self, Breach> {
        let change = Self::not_in_force(state)?;
        let force = Force {
            sequence: at,
            effective_on: changed.effective_on,
            document_sha256: changed.document_sha256,
        };
        Ok(Self { force: Some(force), ..change.clone() })
    }

    /// Declined or abandoned, before it is in the register.
    fn given_up(state: &State, how: Ending, at: u64, day: Date) -> Result<Self, Breach> {
        let change = Self::not_in_force(state)?;
        Ok(Self { end: Some(End { sequence: at, how, on: day }), ..change.clone() })
    }

    fn reversed(state: &State, at: u64, day: Date) -> Result<Self, Breach> {
        let change = Self::not_ended(state)?;
        match change.force {
            Some(force) if force.effective_on <= day => {
                let end = End { sequence: at, how: Ending::Reversed, on: day };
                Ok(Self { end: Some(end), ..change.clone() })
            }
            force => {
                let standing = force.map_or(change.proposed, |force| force.sequence);
                Err(Breach::of(&rules::CHANGE_NOT_IN_FORCE, Some(standing)))
            }
        }
    }

    fn not_in_force(state: &State) -> Result<&Self, Breach> {
        let change = Self::not_ended(state)?;
        match change.force {
            Some(force) => Err(Breach::of(&rules::CHANGE_ALREADY_IN_FORCE, Some(force.sequence))),
            None => Ok(change),
        }
    }

    fn not_ended(state: &State) -> Result<&Self, Breach> {
        match state {
            State::Change(Self { end: Some(end), .. }) => {
                Err(Breach::of(&rules::CHANGE_ALREADY_ENDED, Some(end.sequence)))
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

    /// The document that it puts in force on that day, as far as its own events tell: one that a later change replaced
    /// is among the answers.
    pub fn in_force_on(&self, day: Date) -> Option<Force> {
        let force = self.force.filter(|force| force.effective_on <= day)?;
        self.end.is_none_or(|end| day < end.on).then_some(force)
    }

    /// The stage's name, as readers see it. That a later change superseded it is told across subjects, in reports.
    pub const fn stage_name(&self) -> &'static str {
        match (&self.end, &self.force, &self.approval) {
            (Some(End { how: Ending::Declined, .. }), ..) => "DECLINED",
            (Some(End { how: Ending::Abandoned, .. }), ..) => "ABANDONED",
            (Some(End { how: Ending::Reversed, .. }), ..) => "REVERSED",
            (None, Some(_), _) => "IN_FORCE",
            (None, None, Some(_)) => "APPROVED",
            (None, None, None) => "PROPOSED",
        }
    }
}

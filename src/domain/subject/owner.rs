//! Who answers for what: the one step by which a commitment, an action, a policy or a measure changes hands.
//!
//! Invariant: whoever hands over is whoever answered for it on that day, so the owners of every day are an unbroken
//! chain. Whether the new owner is a post is judged across subjects, elsewhere.

use super::State;
use crate::domain::event::OwnerReassigned;
use crate::domain::rules::{self, Breach};

pub(super) fn reassigned(state: &State, change: &OwnerReassigned, at: u64) -> Result<State, Breach> {
    let mut next = state.clone();
    let (owner, since) = match &mut next {
        State::Commitment(commitment) => (&mut commitment.owner_post, &mut commitment.owner_since),
        State::Action(action) => (&mut action.owner_post, &mut action.owner_since),
        State::Policy(policy) => (&mut policy.owner_post, &mut policy.owner_since),
        State::Measure(measure) => (&mut measure.owner_post, &mut measure.owner_since),
        State::None => return Err(Breach::of(&rules::NOTHING_TO_OWN, None)),
        _ => return Err(Breach::of(&rules::WRONG_KIND, None)),
    };
    if *owner != change.from_post {
        return Err(Breach::of(&rules::OWNER_NOT_CURRENT, Some(*since)));
    }
    owner.clone_from(&change.to_post);
    *since = at;
    Ok(next)
}

//! Rules of policies and their changes, beyond their life cycle.
//!
//! Invariant: a change puts another document in force than the one it replaces on the day from which it is in force.

use jiff::civil::Date;

use super::{Case, Judged, Mention, World};
use crate::domain::event::{Origin, PolicyChangeProposed, PolicyChanged};
use crate::domain::id::Kind;
use crate::domain::irregularity::Irregularity;
use crate::domain::rules;
use crate::domain::subject::State;
use crate::domain::value::Sha256;

pub(super) fn proposed<W: World>(case: &mut Case<'_, W>, proposed: &PolicyChangeProposed) -> Judged<(), W> {
    if proposed.origin == Origin::Feedback && proposed.feedback.is_empty() {
        return Err(rules::ORIGIN_WITHOUT_FEEDBACK.at("policy_change_proposed.feedback").into());
    }
    case.known(&Kind::Policy.subject(&proposed.policy), "policy_change_proposed.policy")?;
    case.feedback(&proposed.feedback, "policy_change_proposed.feedback")?;
    case.open_commitments(&proposed.commitments, "policy_change_proposed.commitments")
}

pub(super) fn changed<W: World>(case: &mut Case<'_, W>, changed: &PolicyChanged) -> Judged<(), W> {
    let State::Change(change) = &case.place.before else { return Ok(()) };
    if changed.policy != change.policy {
        return Err(rules::OTHER_POLICY.at("policy_changed.policy").into());
    }
    // Approval that came after the day from which it is in force came too late: on that day nobody had approved.
    let approved = change.is_approved_by(changed.effective_on);
    if let Some((document, standing)) = document_in_force(case, changed)?
        && document == changed.document_sha256
    {
        return Err(rules::DOCUMENT_UNCHANGED.refusal(Some(standing)).into());
    }
    if !approved {
        case.marks.push(Irregularity::Unapproved);
    }
    Ok(())
}

/// The document that the change replaces on its first day, and the event that put it in force.
fn document_in_force<W: World>(
    case: &mut Case<'_, W>,
    changed: &PolicyChanged,
) -> Judged<Option<(Sha256, u64)>, W> {
    let policy = Kind::Policy.subject(&changed.policy);
    let life = case.known(&policy, "policy_changed.policy")?;
    let mut in_force: Option<(Date, u64, Sha256)> = match life.state() {
        State::Policy(policy) => Some((Date::MIN, policy.sequence, policy.document_sha256)),
        _ => None,
    };
    for fact in case.mentioned_by(&Mention::Subject(policy))? {
        if let State::Change(other) = case.life(&fact.event.subject)?.state()
            && other.policy == changed.policy
            && let Some(force) = other.force
            && force.effective_on <= changed.effective_on
        {
            in_force = in_force.max(Some((force.effective_on, force.sequence, force.document_sha256)));
        }
    }
    Ok(in_force.map(|(_, sequence, document)| (document, sequence)))
}

//! Rules of policies and their changes, beyond their life cycle.
//!
//! Invariant: a change puts another document in force than the one it replaces on the day from which it is in force.

use jiff::civil::Date;

use super::{Case, Judged, Mention, World};
use crate::domain::event::{
    Origin, PolicyChangeProposed, PolicyChanged, PolicyReviewOutcome, PolicyReviewed,
};
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
            // A correction of this very change does not replace what it said first.
            && fact.event.subject != *case.subject()
            && let Some(force) = other.in_force_on(changed.effective_on)
        {
            in_force = in_force.max(Some((force.effective_on, force.sequence, force.document_sha256)));
        }
    }
    Ok(in_force.map(|(_, sequence, document)| (document, sequence)))
}

pub(super) fn reviewed<W: World>(case: &mut Case<'_, W>, reviewed: &PolicyReviewed) -> Judged<(), W> {
    if reviewed.next_due <= case.day {
        return Err(rules::REVIEW_DUE_NOT_AHEAD.at("policy_reviewed.next_due").into());
    }
    let field = "policy_reviewed.change";
    let change = match (reviewed.outcome, &reviewed.change) {
        (PolicyReviewOutcome::NoChange, None) => return Ok(()),
        (PolicyReviewOutcome::NoChange, Some(_)) => return Err(rules::REVIEW_NAMES_CHANGE.at(field).into()),
        (PolicyReviewOutcome::ChangeProposed, None) => {
            return Err(rules::REVIEW_WITHOUT_CHANGE.at(field).into());
        }
        (PolicyReviewOutcome::ChangeProposed, Some(change)) => Kind::PolicyChange.subject(change),
    };
    let life = case.known(&change, field)?;
    let State::Change(change) = life.state() else { return Ok(()) };
    if change.policy != *case.subject().id() {
        return Err(rules::OTHER_POLICY.at(field).into());
    }
    match change.end {
        Some(end) => Err(rules::CHANGE_ALREADY_ENDED.refusal(Some(end.sequence)).into()),
        None => Ok(()),
    }
}

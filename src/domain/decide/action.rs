//! Rules of actions, beyond their life cycle.
//!
//! Invariant: lateness is inherited along `replaces` and that chain ends; who verifies is compared with who owns and
//! with who claimed, and what is noticed is marked, never refused.

use std::collections::BTreeSet;

use super::mention::list;
use super::{Case, Judged, World, evidence, holder};
use crate::domain::event::{
    ActionCompleted, ActionPlanned, ActionProgressReported, ActionVerified, DeadlineRevised, Origin, Payload,
};
use crate::domain::id::{Code, Kind};
use crate::domain::irregularity::Irregularity;
use crate::domain::rules;
use crate::domain::subject::{State, action::Stage};

pub(super) fn planned<W: World>(case: &mut Case<'_, W>, planned: &ActionPlanned) -> Judged<(), W> {
    if planned.commitments.is_empty() {
        return Err(rules::COMMITMENT_MISSING.at("action_planned.commitments").into());
    }
    if planned.origin == Origin::Feedback && planned.feedback.is_empty() {
        return Err(rules::ORIGIN_WITHOUT_FEEDBACK.at("action_planned.feedback").into());
    }
    if planned.first_due < case.day {
        return Err(rules::DUE_BEFORE_PLANNED.at("action_planned.first_due").into());
    }
    case.open_commitments(&planned.commitments, "action_planned.commitments")?;
    case.post(&planned.owner_post, "action_planned.owner_post")?;
    case.feedback(&planned.feedback, "action_planned.feedback")?;
    let said_before = case.standing.as_ref().is_some_and(
        |fact| matches!(&fact.event.payload, Payload::ActionPlanned(old) if old.replaces == planned.replaces),
    );
    match &planned.replaces {
        Some(other) if !said_before => replaces(case, other),
        _ => Ok(()),
    }
}

/// The replaced action may be open or cancelled: trackers cancel the old one before or after they plan the new one.
/// What is claimed or verified is done: replacing it would lend its lateness to other work, or hide that it was not.
fn replaces<W: World>(case: &mut Case<'_, W>, other: &Code) -> Judged<(), W> {
    let own = case.subject().id().clone();
    if *other == own {
        return Err(rules::REPLACES_ITSELF.at("action_planned.replaces").into());
    }
    let life = case.known(&Kind::Action.subject(other), "action_planned.replaces")?;
    let State::Action(replaced) = life.state() else { return Ok(()) };
    if matches!(replaced.stage, Stage::ClaimedComplete | Stage::Verified) {
        return Err(rules::REPLACES_DONE_ACTION.refusal(Some(replaced.since)).into());
    }
    // A plan can be voided and made again, so a chain can lead back here; reports walk it, so it must end.
    let (mut seen, mut next) = (BTreeSet::new(), replaced.replaces.clone());
    while let Some(id) = next.take().filter(|id| seen.insert(id.clone())) {
        if id == own {
            return Err(rules::REPLACEMENT_CIRCLE
                .refusal(life.facts().first().map(|fact| fact.sequence))
                .into());
        }
        if let State::Action(action) = case.life(&Kind::Action.subject(&id))?.state() {
            next.clone_from(&action.replaces);
        }
    }
    Ok(())
}

pub(super) fn deadline_revised<W: World>(case: &mut Case<'_, W>, revised: &DeadlineRevised) -> Judged<(), W> {
    if revised.new_due == revised.old_due {
        return Err(rules::DEADLINE_UNMOVED.at("deadline_revised.new_due").into());
    }
    if revised.reason.is_none() {
        return Err(rules::REASON_MISSING.at("deadline_revised.reason").into());
    }
    if let State::Action(action) = &case.place.before
        && revised.new_due < action.planned_on
    {
        return Err(rules::DUE_BEFORE_PLANNED.at("deadline_revised.new_due").into());
    }
    case.post(&revised.approver_post, "deadline_revised.approver_post")?;
    // A correction keeps the mark that the move got, or did not get, when it was recorded.
    if case.standing.is_none() && case.day < case.world.zone().to_datetime(case.world.now()).date() {
        case.marks.push(Irregularity::BackdatedDeadline);
    }
    Ok(())
}

pub(super) fn progress<W: World>(case: &mut Case<'_, W>, progress: &ActionProgressReported) -> Judged<(), W> {
    if progress.percent > 100 {
        return Err(rules::PERCENT_FORM.at("action_progress_reported.percent").into());
    }
    case.code(list::PROGRESS, &progress.progress, "action_progress_reported.progress")
}

pub(super) fn completed<W: World>(case: &mut Case<'_, W>, completed: &ActionCompleted) -> Judged<(), W> {
    if completed.evidence.is_empty() {
        case.marks.push(Irregularity::NoEvidence);
    }
    evidence::named(case, &completed.evidence, "action_completed.evidence")
}

pub(super) fn verified<W: World>(case: &mut Case<'_, W>, verified: &ActionVerified) -> Judged<(), W> {
    if verified.evidence.is_empty() {
        return Err(rules::EVIDENCE_MISSING.at("action_verified.evidence").into());
    }
    case.post(&verified.verifier_post, "action_verified.verifier_post")?;
    evidence::named(case, &verified.evidence, "action_verified.evidence")?;
    let State::Action(action) = &case.place.before else { return Ok(()) };
    holder::mark(case, &verified.verifier_post, &action.owner_post, Irregularity::SelfVerified)?;
    if let Some(claim) = &action.claim {
        // A system that took another's place is still the system that said so.
        let (one, other) = (case.fact.source.clone(), claim.source.clone());
        if case.is_or_succeeds(&one, &other)? || case.is_or_succeeds(&other, &one)? {
            case.marks.push(Irregularity::SameSource);
        }
    }
    Ok(())
}

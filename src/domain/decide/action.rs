//! Rules of actions, beyond their life cycle.
//!
//! Invariant: lateness is inherited along `replaces` and that chain ends; who verifies is compared with who owns and
//! with who claimed, and what is noticed is marked, never refused.

use std::collections::BTreeSet;

use super::{Case, Judged, Mention, World};
use crate::domain::event::{ActionCompleted, ActionPlanned, ActionVerified, DeadlineRevised, Origin};
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
    case.all_known(Kind::Commitment, &planned.commitments, "action_planned.commitments")?;
    case.post(&planned.owner_post, "action_planned.owner_post")?;
    case.feedback(&planned.feedback, "action_planned.feedback")?;
    match &planned.replaces {
        Some(other) => replaces(case, other),
        None => Ok(()),
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
    if case.day < case.world.zone().to_datetime(case.world.now()).date() {
        case.marks.push(Irregularity::BackdatedDeadline);
    }
    Ok(())
}

pub(super) fn completed<W: World>(case: &mut Case<'_, W>, completed: &ActionCompleted) -> Judged<(), W> {
    if completed.evidence.is_empty() {
        case.marks.push(Irregularity::NoEvidence);
    }
    evidence(case, &completed.evidence, "action_completed.evidence")
}

pub(super) fn verified<W: World>(case: &mut Case<'_, W>, verified: &ActionVerified) -> Judged<(), W> {
    if verified.evidence.is_empty() {
        return Err(rules::EVIDENCE_MISSING.at("action_verified.evidence").into());
    }
    case.post(&verified.verifier_post, "action_verified.verifier_post")?;
    evidence(case, &verified.evidence, "action_verified.evidence")?;
    let State::Action(action) = &case.place.before else { return Ok(()) };
    if verified.verifier_post == action.owner_post {
        case.marks.push(Irregularity::SelfVerified);
    } else if held_by_one_person(case, &verified.verifier_post, &action.owner_post)? {
        case.marks.push(Irregularity::SameHolder);
    }
    if action.claim.as_ref().is_some_and(|claim| claim.source == case.fact.source) {
        case.marks.push(Irregularity::SameSource);
    }
    Ok(())
}

fn evidence<W: World>(case: &mut Case<'_, W>, ids: &[Code], field: &str) -> Judged<(), W> {
    case.all_known(Kind::Evidence, ids, field)?;
    for id in ids {
        if let State::Evidence(evidence) = case.life(&Kind::Evidence.subject(id))?.state()
            && evidence.about != *case.subject()
        {
            return Err(rules::EVIDENCE_ABOUT_OTHER.refusal(Some(evidence.sequence)).into());
        }
    }
    Ok(())
}

/// Whether one person holds both posts on the event's day: said by either post, or through a third.
fn held_by_one_person<W: World>(case: &mut Case<'_, W>, one: &Code, other: &Code) -> Judged<bool, W> {
    let (mut seen, mut open) = (BTreeSet::new(), vec![one.clone()]);
    while let Some(post) = open.pop() {
        if post == *other {
            return Ok(true);
        }
        if seen.insert(post.clone()) {
            open.extend(held_with(case, &post)?);
        }
    }
    Ok(false)
}

/// The posts that are held with this one on the event's day, whichever of the two says so.
fn held_with<W: World>(case: &mut Case<'_, W>, post: &Code) -> Judged<Vec<Code>, W> {
    let subject = Kind::Post.subject(post);
    let mut found = match case.life(&subject)?.state() {
        State::Post(registered) => match registered.on(case.day) {
            Some(term) => term.held_with.clone(),
            None => return Ok(Vec::new()),
        },
        _ => return Ok(Vec::new()),
    };
    for fact in case.mentioned_by(&Mention::Subject(subject))? {
        if let State::Post(other) = case.life(&fact.event.subject)?.state()
            && other.on(case.day).is_some_and(|term| term.held_with.contains(post))
        {
            found.push(fact.event.subject.id().clone());
        }
    }
    Ok(found)
}

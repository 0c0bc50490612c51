//! Rules of corrections: who may say an event anew, and what the event must be when it is.
//!
//! Invariant: the corrected event passes every rule that it would pass if it were recorded now in the place that it
//! has. A deadline, a target or a day of completion moves only if somebody independent agreed: otherwise a correction
//! would be the way to hide lateness.

use std::sync::Arc;

use super::{Case, Judged, Stop, World, envelope, payload};
use crate::domain::command::Recorded;
use crate::domain::event::{Corrected, CorrectionMade, EventType, Payload};
use crate::domain::id::Code;
use crate::domain::irregularity::Irregularity;
use crate::domain::rejection::Rejection;
use crate::domain::rules;
use crate::domain::subject::State;

pub(super) fn made<W: World>(case: &mut Case<'_, W>, made: &CorrectionMade) -> Judged<(), W> {
    // The replay has found both: a correction without a target, or of something that is gone, does not come here.
    let (Some(target), Some(anew)) = (case.life.target(case.fact).cloned(), case.life.said_anew(case.fact))
    else {
        return Ok(());
    };
    identity(case, made, &target)?;
    let standing = case.life.as_it_stands(target.sequence).unwrap_or(&target).clone();
    difference(&standing, &made.corrected)?;
    if let Some(post) = &made.approver_post {
        case.post(post, "correction_made.approver_post")?;
    }
    if is_guarded(&standing, &made.corrected) {
        independent(case, made, &target)?;
    }
    let marks = as_if_new(case, &anew, standing).map_err(inside)?;
    case.marks.extend(marks);
    Ok(())
}

/// It stays the event that it is: same subject, same type, from the system that posted it or its successor.
fn identity<W: World>(case: &mut Case<'_, W>, made: &CorrectionMade, target: &Recorded) -> Judged<(), W> {
    if made.corrected.subject != *case.subject() {
        return Err(rules::CORRECTION_CHANGES_SUBJECT.at("correction_made.corrected.subject").into());
    }
    let event_type = target.event.payload.event_type();
    if is_steering(event_type) {
        return Err(rules::CORRECTION_OF_OPERATION.refusal(Some(target.sequence)).into());
    }
    if made.corrected.payload.event_type() != event_type {
        return Err(rules::CORRECTION_CHANGES_TYPE.refusal(Some(target.sequence)).into());
    }
    let poster = case.fact.source.clone();
    if !case.is_or_succeeds(&poster, &target.source)? {
        return Err(rules::CORRECTION_BY_OTHER.refusal(Some(target.sequence)).into());
    }
    Ok(())
}

/// What is adopted, published, granted or stated is said again, not corrected: the last one stands. What others have
/// acted on outside the ledger (erased, released, issued, signed) stays as it was said.
const fn is_steering(event_type: EventType) -> bool {
    matches!(
        event_type,
        EventType::LedgerOpened
            | EventType::GrantChanged
            | EventType::CodeListAdopted
            | EventType::CalendarAdopted
            | EventType::ReportSettingsAdopted
            | EventType::PledgePublished
            | EventType::SourceStatement
            | EventType::SourceSucceeded
            | EventType::ClockCorrected
            | EventType::ContentErased
            | EventType::ReleasePointDeclared
            | EventType::ReportIssued
            | EventType::AuditOpinionRecorded
    )
}

/// Words differ by their nonce alone, so an event with words is taken to say something else.
fn difference(standing: &Recorded, corrected: &Corrected) -> Result<(), Rejection> {
    let event = &standing.event;
    let same = event.occurred == corrected.occurred
        && event.actor_post == corrected.actor_post
        && event.payload == *corrected.payload;
    if same { Err(rules::CORRECTION_CHANGES_NOTHING.at("correction_made.corrected")) } else { Ok(()) }
}

/// Whether a deadline, a target or a day of completion would be another.
fn is_guarded(standing: &Recorded, corrected: &Corrected) -> bool {
    let moved = standing.event.occurred != corrected.occurred;
    match (&standing.event.payload, &*corrected.payload) {
        (Payload::ActionPlanned(old), Payload::ActionPlanned(new)) => old.first_due != new.first_due,
        (Payload::DeadlineRevised(old), Payload::DeadlineRevised(new)) => {
            moved || (old.old_due, old.new_due) != (new.old_due, new.new_due)
        }
        (Payload::MeasureAgreed(old), Payload::MeasureAgreed(new)) => {
            (&old.target, old.direction, old.due) != (&new.target, new.direction, new.due)
        }
        (Payload::MeasureRevised(old), Payload::MeasureRevised(new)) => {
            (&old.target, old.direction, old.due) != (&new.target, new.direction, new.due)
        }
        (Payload::PolicyRegistered(old), Payload::PolicyRegistered(new)) => old.review_due != new.review_due,
        (Payload::PolicyReviewed(old), Payload::PolicyReviewed(new)) => old.next_due != new.next_due,
        (Payload::ActionCompleted(_) | Payload::ActionVerified(_) | Payload::CommitmentFulfilled(_), _) => {
            moved
        }
        _ => false,
    }
}

/// Somebody agreed who neither acted, then or now, nor owns what it is about.
fn independent<W: World>(case: &mut Case<'_, W>, made: &CorrectionMade, target: &Recorded) -> Judged<(), W> {
    let Some(approver) = &made.approver_post else {
        return Err(rules::APPROVER_MISSING.at("correction_made.approver_post").into());
    };
    let mut involved: Vec<Code> = Vec::new();
    involved.extend(case.fact.event.actor_post.clone());
    involved.extend(target.event.actor_post.clone());
    involved.extend(made.corrected.actor_post.clone());
    involved.extend(owner(&case.place.before).or_else(|| owner(&case.place.after)).cloned());
    for post in involved {
        if post == *approver || super::holder::held_by_one_person(case, approver, &post)? {
            return Err(rules::APPROVER_NOT_INDEPENDENT.refusal(Some(target.sequence)).into());
        }
    }
    Ok(())
}

fn owner(state: &State) -> Option<&Code> {
    match state {
        State::Action(action) => Some(&action.owner_post),
        State::Commitment(commitment) => Some(&commitment.owner_post),
        State::Policy(policy) => Some(&policy.owner_post),
        State::Measure(measure) => Some(&measure.owner_post),
        _ => None,
    }
}

/// Judges the corrected event by the rules of its own envelope and type; its marks.
fn as_if_new<W: World>(
    case: &mut Case<'_, W>,
    anew: &Arc<Recorded>,
    standing: Arc<Recorded>,
) -> Judged<Vec<Irregularity>, W> {
    let day = envelope::judge(case.world, &anew.event)?;
    let mut inner = Case {
        world: &mut *case.world,
        life: case.life,
        fact: anew,
        day,
        place: case.place,
        standing: Some(standing),
        marks: Vec::new(),
    };
    payload(&mut inner)?;
    Ok(inner.marks)
}

/// A refusal of the corrected event names its fields where they stand in the request.
fn inside<E>(stop: Stop<E>) -> Stop<E> {
    let prefixed = |field: String| format!("correction_made.corrected.{field}");
    match stop {
        Stop::Refused(Rejection::Malformed { field, rule, remedy }) => {
            Stop::Refused(Rejection::Malformed { field: prefixed(field), rule, remedy })
        }
        Stop::Refused(Rejection::Unknown { field, reference }) => {
            Stop::Refused(Rejection::Unknown { field: prefixed(field), reference })
        }
        other => other,
    }
}

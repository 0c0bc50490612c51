//! Rules of corrections: who may say an event anew, and what the event must be when it is.
//!
//! Invariant: the corrected event passes every rule that it would pass if it were recorded now in the place that it
//! has. A deadline, a target or a day of completion moves only if somebody independent agreed: otherwise a correction
//! would be the way to hide lateness.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Case, Judged, Stop, World, envelope, holder, payload};
use crate::domain::command::Recorded;
use crate::domain::event::{Anonymity, Corrected, CorrectionMade, EventType, EventVoided, Payload};
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
    given_by_people(case, made, &target)?;
    let standing = case.life.as_it_stands(target.sequence).unwrap_or(&target).clone();
    difference(&standing, &made.corrected)?;
    if let Some(post) = &made.approver_post {
        case.post(post, "correction_made.approver_post")?;
    }
    if is_guarded(&standing, &made.corrected) {
        let Some(approver) = &made.approver_post else {
            return Err(rules::APPROVER_MISSING.at("correction_made.approver_post").into());
        };
        independent(case, approver, &target, Some(&made.corrected))?;
    }
    let marks = as_if_new(case, &anew, standing).map_err(inside)?;
    // What was noticed when it was said stays noticed: a later approval, or another day, does not undo it.
    case.marks.extend(target.irregularities.iter().copied().filter(|mark| is_lasting(*mark)));
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
    if changes_belonging(&target.event.payload, &made.corrected.payload) {
        return Err(rules::CORRECTION_CHANGES_BELONGING.refusal(Some(target.sequence)).into());
    }
    let poster = case.fact.source.clone();
    if !case.is_or_succeeds(&poster, &target.source)? {
        return Err(rules::CORRECTION_BY_OTHER.refusal(Some(target.sequence)).into());
    }
    Ok(())
}

/// What it belongs to has been built on by other events, which would be left behind; and a link that was forgotten is
/// made with an event of its own, on its own day: added to a proposal, it would seem to have led to it.
fn changes_belonging(old: &Payload, new: &Payload) -> bool {
    match (old, new) {
        (Payload::CommitmentMade(old), Payload::CommitmentMade(new)) => {
            (&old.pledge, old.pledge_version, old.kind) != (&new.pledge, new.pledge_version, new.kind)
        }
        (Payload::PolicyChangeProposed(old), Payload::PolicyChangeProposed(new)) => {
            old.policy != new.policy || new.feedback.iter().any(|item| !old.feedback.contains(item))
        }
        (Payload::PolicyChanged(old), Payload::PolicyChanged(new)) => old.policy != new.policy,
        (Payload::MeasureAgreed(old), Payload::MeasureAgreed(new)) => old.commitment != new.commitment,
        (Payload::ActionPlanned(old), Payload::ActionPlanned(new)) => {
            new.feedback.iter().any(|item| !old.feedback.contains(item))
        }
        _ => false,
    }
}

/// What somebody gave is not re-said by others so that they could be known, could no longer follow it, or would stand
/// where they took it back.
fn given_by_people<W: World>(
    case: &Case<'_, W>,
    made: &CorrectionMade,
    target: &Recorded,
) -> Result<(), Rejection> {
    if let State::Feedback(item) = case.life.state()
        && let Some(by) = item.withdrawn
    {
        return Err(rules::FEEDBACK_WITHDRAWN.refusal(Some(by)));
    }
    let (Payload::FeedbackReceived(old), Payload::FeedbackReceived(new)) =
        (&target.event.payload, &*made.corrected.payload)
    else {
        return match target.event.payload {
            Payload::FeedbackWithdrawn(_) => {
                Err(rules::CORRECTION_OF_WITHDRAWAL.refusal(Some(target.sequence)))
            }
            _ => Ok(()),
        };
    };
    let anonymous = old.anonymity == Anonymity::Anonymous;
    let kept = old.anonymity == new.anonymity
        && old.receipt_code_hash == new.receipt_code_hash
        && old.content_commitment == new.content_commitment
        && (!anonymous || target.event.occurred == made.corrected.occurred);
    if !kept {
        return Err(rules::CORRECTION_OF_WHAT_WAS_GIVEN.refusal(None));
    }
    if anonymous { envelope::no_trace(&case.fact.event) } else { Ok(()) }
}

/// Marks of how something came about, which saying it better does not change.
const fn is_lasting(mark: Irregularity) -> bool {
    matches!(
        mark,
        Irregularity::LateRecorded
            | Irregularity::Unapproved
            | Irregularity::SameSource
            | Irregularity::SelfVerified
            | Irregularity::SelfAssessed
            | Irregularity::SelfUpheld
            | Irregularity::SameHolder
            | Irregularity::BackdatedDeadline
    )
}

/// What is adopted, published, granted or stated is said again, not corrected: the last one stands. What others have
/// acted on outside the ledger (erased, released, issued, signed, restored) stays as it was said.
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
            | EventType::ErasureRequested
            | EventType::ContentErased
            | EventType::ReleasePointDeclared
            | EventType::ReportIssued
            | EventType::AuditOpinionRecorded
            | EventType::CosignatureRecorded
            | EventType::KeyRotated
            | EventType::LedgerRestored
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

/// Whether a deadline, a target, a day by which somebody is judged, or what counts as kept in time would be another.
fn is_guarded(standing: &Recorded, corrected: &Corrected) -> bool {
    let moved = standing.event.occurred != corrected.occurred;
    match (&standing.event.payload, &*corrected.payload) {
        (Payload::ActionPlanned(old), Payload::ActionPlanned(new)) => {
            (old.first_due, &old.replaces) != (new.first_due, &new.replaces)
        }
        (Payload::DeadlineRevised(old), Payload::DeadlineRevised(new)) => {
            moved || (old.old_due, old.new_due) != (new.old_due, new.new_due)
        }
        (Payload::MeasureAgreed(old), Payload::MeasureAgreed(new)) => {
            (&old.target, old.direction, old.due) != (&new.target, new.direction, new.due)
                || (&old.unit, &old.numerator, &old.denominator)
                    != (&new.unit, &new.numerator, &new.denominator)
        }
        (Payload::MeasureRevised(old), Payload::MeasureRevised(new)) => {
            moved
                || (&old.target, old.direction, old.due) != (&new.target, new.direction, new.due)
                || (&old.unit, &old.numerator, &old.denominator)
                    != (&new.unit, &new.numerator, &new.denominator)
        }
        (Payload::PolicyRegistered(old), Payload::PolicyRegistered(new)) => old.review_due != new.review_due,
        (Payload::PolicyReviewed(old), Payload::PolicyReviewed(new)) => moved || old.next_due != new.next_due,
        (Payload::PolicyChangeProposed(old), Payload::PolicyChangeProposed(new)) => {
            (old.nature, old.origin) != (new.nature, new.origin)
        }
        (Payload::PolicyChanged(old), Payload::PolicyChanged(new)) => old.effective_on != new.effective_on,
        (payload, _) => moved && is_timed(payload),
    }
}

/// Events from whose day somebody's lateness, or the length of somebody's wait, is counted.
const fn is_timed(payload: &Payload) -> bool {
    matches!(
        payload,
        Payload::ActionCompleted(_)
            | Payload::ActionVerified(_)
            | Payload::ActionCancelled(_)
            | Payload::CommitmentFulfilled(_)
            | Payload::PolicyChangeApproved(_)
            | Payload::FeedbackReceived(_)
            | Payload::FeedbackAcknowledged(_)
            | Payload::FeedbackConsidered(_)
            | Payload::FeedbackResponded(_)
            | Payload::FeedbackTold(_)
            | Payload::FeedbackClosedWithoutChange(_)
    )
}

/// Whether taking the event back would take away a deadline, a target, or a day by which somebody is judged.
fn is_guarded_from_voids(payload: &Payload) -> bool {
    is_timed(payload)
        || matches!(
            payload,
            Payload::DeadlineRevised(_)
                | Payload::ActionReopened(_)
                | Payload::MeasureAgreed(_)
                | Payload::MeasureRevised(_)
                | Payload::MeasureReported(_)
                | Payload::CommitmentReviewed(_)
        )
}

/// The rules of a void beyond the replay's: who agrees is independent where a void could hide lateness, and nobody but
/// whoever recorded it takes back that somebody withdrew what they gave.
pub(super) fn voided<W: World>(case: &mut Case<'_, W>, void: &EventVoided) -> Judged<(), W> {
    case.post(&void.approver_post, "event_voided.approver_post")?;
    let Some(target) = case.life.target(case.fact).cloned() else { return Ok(()) };
    if matches!(target.event.payload, Payload::FeedbackWithdrawn(_)) {
        let poster = case.fact.source.clone();
        if !case.is_or_succeeds(&poster, &target.source)? {
            return Err(rules::VOID_OF_WITHDRAWAL.refusal(Some(target.sequence)).into());
        }
    }
    let of_correction = matches!(target.event.payload, Payload::CorrectionMade(_));
    if of_correction || is_guarded_from_voids(&target.event.payload) {
        independent(case, &void.approver_post, &target, None)?;
    }
    Ok(())
}

/// Somebody agreed who neither acted, then or now, nor owned or owns what it is about. Posts that one person holds on
/// the day that the event names, or today, are one: the day is the poster's to choose.
fn independent<W: World>(
    case: &mut Case<'_, W>,
    approver: &Code,
    target: &Recorded,
    corrected: Option<&Corrected>,
) -> Judged<(), W> {
    let mut involved: BTreeSet<Code> = BTreeSet::new();
    involved.extend(case.fact.event.actor_post.clone());
    involved.extend(target.event.actor_post.clone());
    involved.extend(case.life.as_it_stands(target.sequence).and_then(|fact| fact.event.actor_post.clone()));
    involved.extend(corrected.and_then(|corrected| corrected.actor_post.clone()));
    let states = [&case.place.before, &case.place.after, case.life.state()];
    involved.extend(states.into_iter().filter_map(owner).cloned());
    let (named, today) = (case.day, case.world.zone().to_datetime(case.world.now()).date());
    for post in involved {
        let mut one = post == *approver;
        for day in [named, today] {
            case.day = day;
            one = one || holder::held_by_one_person(case, approver, &post)?;
        }
        case.day = named;
        if one {
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

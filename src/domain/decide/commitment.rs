//! Rules of commitments after they were made, and of those who answer for them, beyond their life cycle.
//!
//! Invariant: a promise that ends by going on in another goes on in one that is open that day, and following where it
//! went always comes to an end.

use std::collections::BTreeSet;

use super::links::period;
use super::{Case, Judged, World, evidence, holder};
use crate::domain::event::{
    CommitmentFulfilled, CommitmentReviewed, Event, OwnerReassigned, Payload, ReviewOutcome,
};
use crate::domain::id::{Code, Kind};
use crate::domain::irregularity::Irregularity;
use crate::domain::rejection::Rejection;
use crate::domain::rules;
use crate::domain::subject::State;

/// An owner answers for what is promised, done, ruled or measured; nothing else has one. The type alone does not say
/// so, since it is about subjects of several kinds.
pub(super) fn can_be_owned(event: &Event) -> Result<(), Rejection> {
    let owned = [Kind::Commitment, Kind::Action, Kind::Policy, Kind::Measure];
    match &event.payload {
        Payload::OwnerReassigned(_) if !owned.contains(&event.subject.kind()) => {
            Err(rules::SUBJECT_KIND.at("subject"))
        }
        _ => Ok(()),
    }
}

pub(super) fn owner_reassigned<W: World>(
    case: &mut Case<'_, W>,
    reassigned: &OwnerReassigned,
) -> Judged<(), W> {
    if reassigned.to_post == reassigned.from_post {
        return Err(rules::OWNER_UNCHANGED.at("owner_reassigned.to_post").into());
    }
    // The post that hands over need not be registered any more: that it ended may be why.
    case.post(&reassigned.to_post, "owner_reassigned.to_post")
}

pub(super) fn reviewed<W: World>(case: &mut Case<'_, W>, reviewed: &CommitmentReviewed) -> Judged<(), W> {
    period(reviewed.period_from, reviewed.period_to, case.day, "commitment_reviewed.period_to")?;
    let claims = matches!(reviewed.outcome, ReviewOutcome::Kept | ReviewOutcome::Complete);
    if claims && reviewed.evidence.is_empty() {
        return Err(rules::EVIDENCE_MISSING.at("commitment_reviewed.evidence").into());
    }
    let own = case.subject().id().clone();
    case.open_on(&own, reviewed.period_from)?;
    case.post(&reviewed.assessor_post, "commitment_reviewed.assessor_post")?;
    evidence::named(case, &reviewed.evidence, "commitment_reviewed.evidence")?;
    match &case.place.before {
        State::Commitment(commitment) => {
            holder::mark(case, &reviewed.assessor_post, &commitment.owner_post, Irregularity::SelfAssessed)
        }
        _ => Ok(()),
    }
}

pub(super) fn fulfilled<W: World>(case: &mut Case<'_, W>, fulfilled: &CommitmentFulfilled) -> Judged<(), W> {
    not_closed_yet(case)?;
    if fulfilled.evidence.is_empty() {
        case.marks.push(Irregularity::NoEvidence);
    }
    evidence::named(case, &fulfilled.evidence, "commitment_fulfilled.evidence")
}

/// It goes on in another commitment: inside it, or with it in its place.
pub(super) fn goes_on_in<W: World>(case: &mut Case<'_, W>, other: &Code, field: &str) -> Judged<(), W> {
    not_closed_yet(case)?;
    let own = case.subject().id().clone();
    if *other == own {
        return Err(rules::GOES_ON_IN_ITSELF.at(field).into());
    }
    case.known(&Kind::Commitment.subject(other), field)?;
    // One may have ended later than this day, so that it is open on it and leads back here all the same.
    let (mut seen, mut next) = (BTreeSet::new(), Some(other.clone()));
    while let Some(id) = next.take().filter(|id| seen.insert(id.clone())) {
        let life = case.life(&Kind::Commitment.subject(&id))?;
        let State::Commitment(commitment) = life.state() else { break };
        let Some(end) = &commitment.end else { break };
        next = end.ending.successor().cloned();
        if next.as_ref() == Some(&own) {
            return Err(rules::SUCCESSION_CIRCLE.refusal(Some(end.sequence)).into());
        }
    }
    case.commitment_of_the_day(other, field)
}

/// Judges that no version of the pledge has disposed of the event's own subject. Whether an event of its own has closed
/// it is judged by the replay; and as there, a promise does not end before an end that stands.
pub(super) fn not_closed_yet<W: World>(case: &mut Case<'_, W>) -> Judged<(), W> {
    let own = case.subject().id().clone();
    // The end that a correction says anew does not stand in its own way.
    let said_anew = case.standing.as_ref().map(|fact| fact.sequence);
    match case.closing(&own)? {
        Some((_, sequence)) if Some(sequence) != said_anew => {
            Err(rules::COMMITMENT_CLOSED.refusal(Some(sequence)).into())
        }
        _ => Ok(()),
    }
}

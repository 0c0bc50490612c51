//! The rules of the envelope: what every event must show before its type is looked at.
//!
//! Invariant: what these rules let through about an anonymous respondent is a month, and nothing that orders or dates
//! it more finely.

use jiff::SignedDuration;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use uuid::Uuid;

use super::links::post_on;
use super::{Judged, World};
use crate::domain::command::Recorded;
use crate::domain::event::{Anonymity, Event, Payload};
use crate::domain::id::Kind;
use crate::domain::rejection::Rejection;
use crate::domain::rules::{self, Breach};
use crate::domain::value::Occurred;

/// How far clocks may differ: what lies further ahead has not happened yet.
pub(super) const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// Judges the envelope; the day on which the event counts.
pub(super) fn judge<W: World>(world: &mut W, event: &Event) -> Judged<Date, W> {
    subject(event)?;
    if event.subject.kind() == Kind::Feedback {
        feedback(event)?;
    }
    precision(event)?;
    if is_in_future(event.occurred, world.now(), world.zone()) {
        return Err(Rejection::InFuture.into());
    }
    let day = event.occurred.effective(world.zone());
    if let Some(post) = &event.actor_post {
        post_on(world, post, day, "actor_post")?;
    }
    Ok(day)
}

/// What a broken life cycle is called to the poster.
pub(super) fn refusal(fact: &Recorded, breach: &Breach) -> Rejection {
    match &fact.event.payload {
        Payload::EventVoided(void) if breach.rule.name == rules::VOID_TARGET_UNKNOWN.name => {
            let source = void.target_source.as_ref().unwrap_or(&fact.source);
            Rejection::unknown(
                "event_voided.target_event_id",
                format_args!("event {} from {source} about {}", void.target_event_id, fact.event.subject),
            )
        }
        Payload::CorrectionMade(made) if breach.rule.name == rules::CORRECTION_TARGET_UNKNOWN.name => {
            let source = made.target_source.as_ref().unwrap_or(&fact.source);
            Rejection::unknown(
                "correction_made.corrected.event_id",
                format_args!("event {} from {source} about {}", made.target_event_id, fact.event.subject),
            )
        }
        _ => breach.refusal(),
    }
}

fn subject(event: &Event) -> Result<(), Rejection> {
    let kind = event.subject.kind();
    if event.payload.event_type().kind().is_some_and(|fitting| fitting != kind) {
        return Err(rules::SUBJECT_KIND.at("subject"));
    }
    if kind == Kind::Settings && event.subject.id().as_str() != "reports" {
        return Err(rules::SETTINGS_SUBJECT.at("subject"));
    }
    Ok(())
}

/// Feedback leads to nobody: its ids are random, and nothing ties it to anything else that somebody did.
fn feedback(event: &Event) -> Result<(), Rejection> {
    let id = event.subject.id().as_str();
    let is_random = |uuid: &Uuid| uuid.get_version_num() == 4;
    if !Uuid::parse_str(id).is_ok_and(|uuid| is_random(&uuid) && uuid.to_string() == id) {
        return Err(rules::FEEDBACK_ID.at("subject"));
    }
    if !is_random(&event.id) {
        return Err(rules::FEEDBACK_EVENT_ID.at("event_id"));
    }
    if event.correlation_id.is_some() {
        return Err(rules::FEEDBACK_CORRELATION.at("correlation_id"));
    }
    if event.causation_id.is_some() {
        return Err(rules::FEEDBACK_CORRELATION.at("causation_id"));
    }
    Ok(())
}

fn precision(event: &Event) -> Result<(), Rejection> {
    let anonymity = match &event.payload {
        Payload::FeedbackReceived(received) => Some(received.anonymity),
        _ => None,
    };
    match (anonymity, event.occurred) {
        (Some(Anonymity::Anonymous), Occurred::Month(..)) => no_trace(event),
        (Some(Anonymity::Anonymous), _) => Err(rules::ANONYMOUS_MONTH.at("occurred")),
        (_, Occurred::Month(..)) => Err(rules::MONTH_ONLY_FOR_ANONYMOUS.at("occurred")),
        (Some(_), occurred) => own_act(event, occurred),
        (None, occurred) if matches!(event.payload, Payload::FeedbackWithdrawn(_)) => {
            own_act(event, occurred)
        }
        _ => Ok(()),
    }
}

/// What a respondent does is told by the day, and never by a post: a post is often one person.
fn own_act(event: &Event, occurred: Occurred) -> Result<(), Rejection> {
    if matches!(occurred, Occurred::Instant(_)) {
        return Err(rules::FEEDBACK_DAY.at("occurred"));
    }
    if event.actor_post.is_some() {
        return Err(rules::FEEDBACK_ACTOR.at("actor_post"));
    }
    Ok(())
}

/// A poster's own clock and counter would give back what the month and the order by random ids hide; and a post is held
/// by few people, or by one.
pub(super) fn no_trace(event: &Event) -> Result<(), Rejection> {
    if event.producer_recorded_at.is_some() {
        return Err(rules::ANONYMOUS_TRACE.at("producer_recorded_at"));
    }
    if event.source_sequence.is_some() {
        return Err(rules::ANONYMOUS_TRACE.at("source_sequence"));
    }
    if event.actor_post.is_some() {
        return Err(rules::ANONYMOUS_TRACE.at("actor_post"));
    }
    Ok(())
}

/// Whether something begins more than the tolerance after now; a day or a month begins with its first moment in the
/// ledger's zone.
fn is_in_future(occurred: Occurred, now: Timestamp, zone: &TimeZone) -> bool {
    let latest = now.checked_add(CLOCK_TOLERANCE).unwrap_or(Timestamp::MAX);
    match occurred {
        Occurred::Instant(instant) => instant > latest,
        Occurred::Day(_) | Occurred::Month(..) => occurred.effective(zone) > zone.to_datetime(latest).date(),
    }
}

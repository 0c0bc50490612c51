//! The envelope of an event: what stands around its payload, in and out.

use std::sync::Arc;

use super::field::{
    self, Held, Path, Texts, all, instant, optional_code, optional_uuid, shown, shown_or_empty, subject, uuid,
};
use crate::domain::{
    command::{Command, Expected},
    event::{Event, Payload},
    id::{LedgerName, SourceName},
    rejection::Rejection,
    value::Occurred,
};
use crate::grpc::wire::{self, expected::Condition, judgement::Verdict, occurred::Precision};
use crate::journal::{
    Judgement, Proposal, Receipt,
    read::{Entry, WordsStatus, WordsView},
};

/// What a poster wants recorded, ready for the journal. `source` is who it was found to be.
pub(in crate::grpc) fn command(wire: wire::Event, source: &SourceName) -> Result<Proposal, Rejection> {
    let message = wire.payload.ok_or_else(|| Path::root("payload").missing("say what happened"))?;
    let mut texts = Texts::default();
    let event = Event {
        id: uuid(&Path::root("event_id"), &wire.event_id)?,
        subject: subject(&Path::root("subject"), &wire.subject)?,
        occurred: occurred(&Path::root("occurred"), wire.occurred)?,
        source_sequence: wire.source_sequence,
        producer_recorded_at: wire
            .producer_recorded_at
            .map(|at| field::timestamp(&Path::root("producer_recorded_at"), at))
            .transpose()?,
        actor_post: optional_code(&Path::root("actor_post"), &wire.actor_post)?,
        correlation_id: optional_uuid(&Path::root("correlation_id"), &wire.correlation_id)?,
        causation_id: optional_uuid(&Path::root("causation_id"), &wire.causation_id)?,
        payload: super::parse(None, message, &mut texts)?,
    };
    let expected = expected(wire.expected)?;
    Ok(Proposal {
        command: Command { source: source.clone(), expected, event: Arc::new(event) },
        texts: texts.0,
    })
}

/// When it happened, as it stands at a path.
pub(super) fn occurred(at: &Path<'_>, wire: Option<wire::Occurred>) -> Result<Occurred, Rejection> {
    let precision = wire
        .and_then(|occurred| occurred.precision)
        .ok_or_else(|| at.missing("say when it happened: an instant, a day or a month"))?;
    match precision {
        Precision::Instant(instant) => field::timestamp(&at.field("instant"), instant).map(Occurred::Instant),
        Precision::Day(day) => field::date(&at.field("day"), Some(day)).map(Occurred::Day),
        Precision::Month(month) => {
            let at = at.field("month");
            Ok(Occurred::Month(field::year(&at, month.year)?, field::month(&at, month.month)?))
        }
    }
}

fn expected(wire: Option<wire::Expected>) -> Result<Expected, Rejection> {
    let at = Path::root("expected");
    let untrue =
        |name| at.field(name).refuse("a condition that is false", "set it to true, or leave `expected` out");
    match wire.and_then(|expected| expected.condition) {
        None | Some(Condition::Any(true)) => Ok(Expected::Any),
        Some(Condition::Version(version)) => Ok(Expected::Version(version)),
        Some(Condition::NoSubject(true)) => Ok(Expected::NoSubject),
        Some(Condition::SubjectExists(true)) => Ok(Expected::SubjectExists),
        Some(Condition::NoSubject(false)) => Err(untrue("no_subject")),
        Some(Condition::SubjectExists(false)) => Err(untrue("subject_exists")),
        Some(Condition::Any(false)) => Err(untrue("any")),
    }
}

/// An event in its place, with its words as far as they are held.
pub(in crate::grpc) fn recorded(entry: &Entry) -> wire::RecordedEvent {
    let fact = &entry.recorded;
    wire::RecordedEvent {
        sequence: fact.sequence,
        recorded_at: Some(instant(fact.recorded_at)),
        hash: entry.hash.0.to_vec(),
        source: shown(&fact.source),
        irregularities: all(&fact.irregularities),
        event: Some(event(&fact.event, &entry.words)),
        words: entry.words.iter().map(words).collect(),
    }
}

/// When it happened, on its way out.
pub(super) fn occurred_message(occurred: Occurred) -> wire::Occurred {
    let precision = match occurred {
        Occurred::Month(year, month) => {
            Precision::Month(wire::Month { year: year.into(), month: month.into() })
        }
        Occurred::Day(day) => Precision::Day(field::day(day)),
        Occurred::Instant(at) => Precision::Instant(instant(at)),
    };
    wire::Occurred { precision: Some(precision) }
}

fn event(event: &Event, words: &[WordsView]) -> wire::Event {
    wire::Event {
        event_id: shown(&event.id),
        subject: shown(&event.subject),
        occurred: Some(occurred_message(event.occurred)),
        source_sequence: event.source_sequence,
        producer_recorded_at: event.producer_recorded_at.map(instant),
        actor_post: shown_or_empty(event.actor_post.as_ref()),
        correlation_id: shown_or_empty(event.correlation_id.as_ref()),
        causation_id: shown_or_empty(event.causation_id.as_ref()),
        expected: None,
        payload: Some(payload(&event.payload, words)),
    }
}

fn payload(payload: &Payload, words: &[WordsView]) -> wire::event::Payload {
    super::print(payload, &Held::new(words))
}

fn words(view: &WordsView) -> wire::WordsState {
    let status = match view.status {
        WordsStatus::Held => wire::WordsStatus::Held,
        WordsStatus::Missing => wire::WordsStatus::Missing,
        WordsStatus::Altered => wire::WordsStatus::Altered,
        WordsStatus::Erased => wire::WordsStatus::Erased,
    };
    wire::WordsState {
        field: view.field.to_owned(),
        status: status.into(),
        commitment: view.commitment.0.to_vec(),
    }
}

/// A receipt of that ledger.
pub(in crate::grpc) fn receipt(ledger: &LedgerName, receipt: &Receipt) -> wire::Receipt {
    wire::Receipt {
        ledger: shown(ledger),
        source: shown(&receipt.source),
        event_id: shown(&receipt.event_id),
        sequence: receipt.sequence,
        recorded_at: Some(instant(receipt.recorded_at)),
        hash: receipt.hash.0.to_vec(),
        subject_version: receipt.subject_version,
        irregularities: all(&receipt.irregularities),
    }
}

/// What an append to that ledger would have made of an event.
pub(in crate::grpc) fn judgement(ledger: &LedgerName, judgement: &Judgement) -> wire::Judgement {
    let verdict = match judgement {
        Judgement::Recordable { subject_version, irregularities } => Verdict::Recordable(wire::Recordable {
            subject_version: *subject_version,
            irregularities: all(irregularities),
        }),
        Judgement::Repeat(first) => Verdict::Repeat(receipt(ledger, first)),
    };
    wire::Judgement { verdict: Some(verdict) }
}

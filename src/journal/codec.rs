//! The poster's part of a record, as MessagePack. The one file in which stored events are opened: a schema that the
//! ledger once wrote is read here for ever.
//!
//! Invariant: `encode` is deterministic, and `decode(encode(e)) == e`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::IgnoredAny};
use std::sync::Arc;
use storage::Record;
use uuid::Uuid;

use crate::domain::{
    command::Recorded,
    event::{Event, EventType, Payload, SCHEMA, with_payload, with_payload_type},
    id::{Code, SourceName, Subject},
    irregularity::Irregularity,
    value::Occurred,
};

/// A stored record that this version cannot open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("record {sequence} cannot be opened: {why}")]
pub struct Unreadable {
    /// Which record.
    pub sequence: u64,
    /// What is wrong with it. Never its content.
    pub why: String,
}

/// The stored map: named keys in this order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored<'a, P> {
    id: Uuid,
    r#type: &'a str,
    schema: u16,
    subject: Subject,
    occurred: Occurred,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source_sequence: Option<u64>,
    /// Microseconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    producer_recorded_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    actor_post: Option<Code>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    correlation_id: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    causation_id: Option<Uuid>,
    payload: P,
}

/// Appends the event's stored form to `out`.
pub fn encode_into(event: &Event, out: &mut Vec<u8>) -> Result<(), rmp_serde::encode::Error> {
    with_payload!(&event.payload, content => {
        let stored = Stored {
            id: event.id,
            r#type: event.payload.event_type().as_str(),
            schema: SCHEMA,
            subject: event.subject.clone(),
            occurred: event.occurred,
            source_sequence: event.source_sequence,
            producer_recorded_at: event.producer_recorded_at.map(Timestamp::as_microsecond),
            actor_post: event.actor_post.clone(),
            correlation_id: event.correlation_id,
            causation_id: event.causation_id,
            payload: content,
        };
        let mut to = rmp_serde::Serializer::new(out).with_struct_map();
        stored.serialize(&mut to)
    })
}

/// Opens the poster's part of a record.
pub fn decode(bytes: &[u8]) -> Result<Event, rmp_serde::decode::Error> {
    use serde::de::Error as _;
    let head: Stored<'_, IgnoredAny> = open(bytes)?;
    let name = head.r#type;
    let unknown = || rmp_serde::decode::Error::custom(format!("unknown event type {name:?}"));
    let event_type = EventType::parse(name).ok_or_else(unknown)?;
    if head.schema != SCHEMA {
        return Err(rmp_serde::decode::Error::custom(format!("unknown schema version {}", head.schema)));
    }
    let payload: Payload = with_payload_type!(event_type, Content => {
        let stored: Stored<'_, Content> = open(bytes)?;
        stored.payload.into()
    });
    let instant = |micros: i64| Timestamp::from_microsecond(micros).map_err(rmp_serde::decode::Error::custom);
    Ok(Event {
        id: head.id,
        subject: head.subject,
        occurred: head.occurred,
        source_sequence: head.source_sequence,
        producer_recorded_at: head.producer_recorded_at.map(instant).transpose()?,
        actor_post: head.actor_post,
        correlation_id: head.correlation_id,
        causation_id: head.causation_id,
        payload,
    })
}

/// Opens a whole record as a fact.
pub fn recorded(record: &Record<'_>) -> Result<Recorded, Unreadable> {
    let unreadable = |why: String| Unreadable { sequence: record.sequence, why };
    let event = decode(record.event).map_err(|e| unreadable(e.to_string()))?;
    let irregularities = record
        .flags()
        .map(|flag| Irregularity::parse(flag).ok_or_else(|| unreadable(format!("unknown mark {flag:?}"))))
        .collect::<Result<_, _>>()?;
    Ok(Recorded {
        sequence: record.sequence,
        recorded_at: Timestamp::from_microsecond(record.recorded_at)
            .map_err(|e| unreadable(e.to_string()))?,
        source: SourceName::parse(record.source).map_err(|e| unreadable(e.to_string()))?,
        irregularities,
        event: Arc::new(event),
    })
}

/// Decodes with a bounded depth: a payload is at most a list of maps inside a map inside the envelope.
fn open<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, rmp_serde::decode::Error> {
    const DEPTH: usize = 16;
    let mut from = rmp_serde::Deserializer::from_read_ref(bytes);
    from.set_max_depth(DEPTH);
    T::deserialize(&mut from)
}

//! The poster's part of a record, as MessagePack. The one file in which stored events are opened: a schema that the
//! ledger once wrote is read here for ever.
//!
//! Invariant: `encode` is deterministic, and `decode(encode(e)) == e`.

mod msgpack;

use jiff::Timestamp;
use serde::{
    Deserializer as _, Serialize,
    de::{Error as _, MapAccess, Visitor},
};
use std::{fmt, sync::Arc};
use storage::Record;
use uuid::Uuid;

use crate::domain::{
    command::Recorded,
    event::{self, Event, EventType, InOrder, with_payload},
    id::{Code, SourceName, Subject},
    irregularity::Irregularity,
    value::Occurred,
};

pub use msgpack::Defect;
use msgpack::Reader;

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
#[derive(Serialize)]
struct Stored<'a, P> {
    id: Uuid,
    r#type: &'a str,
    schema: u16,
    subject: Subject,
    occurred: Occurred,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_sequence: Option<u64>,
    /// Microseconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    producer_recorded_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor_post: Option<Code>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    causation_id: Option<Uuid>,
    payload: P,
}

/// Appends the event's stored form to `out`.
pub fn encode_into(event: &Event, out: &mut Vec<u8>) -> Result<(), rmp_serde::encode::Error> {
    with_payload!(&event.payload, content => {
        let stored = Stored {
            id: event.id,
            r#type: event.payload.event_type().as_str(),
            schema: event.payload.event_type().schema(),
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

/// A payload is at most a list of maps inside an event inside a correction inside the envelope.
const DEPTH: u16 = 16;

/// Opens the poster's part of a record, of whatever version. What is taken is exactly one well-formed map, every text of
/// it in UTF-8: verification need not look through what was opened here.
pub fn decode(bytes: &[u8]) -> Result<Event, Defect> {
    boxed(bytes).map(|event| *event)
}

/// The same in a place of its own: an event is large, and is handed on several times before somebody takes it apart.
fn boxed(bytes: &[u8]) -> Result<Box<Event>, Defect> {
    let mut from = Reader::new(bytes, DEPTH);
    let event = from.deserialize_map(Envelope)?;
    from.end().map(|()| event)
}

/// The name of an event's type, where the event begins as we write it; else nothing, and it must be opened to be known.
/// What stands behind it is not looked at.
pub fn type_of(event: &[u8]) -> Option<&str> {
    // A short map, whose first two entries are the id, as 16 bytes, and the type, as a text. It is asked of every
    // record, so what is compared is of a length that is known here.
    const ID: [u8; 5] = *b"\xa2id\xc4\x10";
    const TYPE: [u8; 5] = *b"\xa4type";
    let (&[map], behind) = event.split_first_chunk()?;
    let (id, behind) = behind.split_first_chunk()?;
    let (_, behind) = behind.split_first_chunk::<16>()?;
    let (name, behind) = behind.split_first_chunk()?;
    let (&[head], behind) = behind.split_first_chunk()?;
    let (length, behind) = match head {
        0xa0..=0xbf => (head & 0x1f, behind),
        0xd9 => behind.split_first_chunk().map(|(&[length], behind)| (length, behind))?,
        _ => return None,
    };
    let is_ours = matches!(map, 0x80..=0x8f) && *id == ID && *name == TYPE;
    let text = behind.get(..usize::from(length)).filter(|_| is_ours)?;
    std::str::from_utf8(text).ok()
}

/// As [`decode`], by the deserializer of the crate that writes events, of what is exactly one well-formed map: what is
/// opened, and what is refused, is the same.
#[cfg(any(test, fuzzing))]
pub fn decode_by_the_writers_crate(bytes: &[u8]) -> Result<Event, rmp_serde::decode::Error> {
    // What the frame of a record says, which looks through the event by itself.
    let frame: [&[u8]; 8] = [
        b"\x88\xa1v\x01\xa6source\xa1s\xa4salt\xc4\x10",
        &[0; 16],
        b"\xa5event",
        bytes,
        b"\xa5flags\x90\xa8sequence\xcf\0\0\0\0\0\0\0\0\xabrecorded_at\xd3\0\0\0\0\0\0\0\0",
        b"\xa4prev\xc4",
        b"\x20",
        &[0; 32],
    ];
    if !Record::parse(&frame.concat()).is_ok_and(|record| record.event == bytes) {
        return Err(serde::de::Error::custom("not one well-formed map"));
    }
    let mut from = rmp_serde::Deserializer::from_read_ref(bytes);
    from.set_max_depth(usize::from(DEPTH));
    from.deserialize_map(Envelope).map(|event| *event)
}

/// Opens the map that [`Stored`] writes, in one pass.
struct Envelope;

impl<'de> Visitor<'de> for Envelope {
    type Value = Box<Event>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event: id, type, schema, subject, occurred, …, payload")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Box<Event>, A::Error> {
        let mut map = InOrder::of(map)?;
        let id = map.required("id")?;
        let name: &'de str = map.required("type")?;
        let event_type = EventType::parse(name).ok_or_else(|| A::Error::custom("unknown event type"))?;
        let schema = map.required("schema")?;
        let subject = map.required("subject")?;
        let occurred = map.required("occurred")?;
        let source_sequence = map.optional("source_sequence")?;
        let recorded: Option<i64> = map.optional("producer_recorded_at")?;
        let instant = |micros| Timestamp::from_microsecond(micros).map_err(A::Error::custom);
        Ok(Box::new(Event {
            id,
            subject,
            occurred,
            source_sequence,
            producer_recorded_at: recorded.map(instant).transpose()?,
            actor_post: map.optional("actor_post")?,
            correlation_id: map.optional("correlation_id")?,
            causation_id: map.optional("causation_id")?,
            payload: map.last("payload", event::Stored { event_type, schema })?,
        }))
    }
}

/// Opens a whole record as a fact.
pub fn recorded(record: &Record<'_>) -> Result<Recorded, Unreadable> {
    let Opened { recorded_at, source, irregularities, event } = opened(record)?;
    Ok(Recorded { sequence: record.sequence, recorded_at, source, irregularities, event: Arc::from(event) })
}

/// What stands in a record, opened, for whoever takes it apart at once.
pub struct Opened {
    /// When the ledger took it.
    pub recorded_at: Timestamp,
    /// Who posted it.
    pub source: SourceName,
    /// What the ledger noticed.
    pub irregularities: Vec<Irregularity>,
    /// What the poster said.
    pub event: Box<Event>,
}

/// Opens a whole record.
pub fn opened(record: &Record<'_>) -> Result<Opened, Unreadable> {
    let unreadable = |why: String| Unreadable { sequence: record.sequence, why };
    let event = boxed(record.event).map_err(|e| unreadable(e.to_string()))?;
    let irregularities = record
        .flags()
        .map(|flag| Irregularity::parse(flag).ok_or_else(|| unreadable(format!("unknown mark {flag:?}"))))
        .collect::<Result<_, _>>()?;
    Ok(Opened {
        recorded_at: Timestamp::from_microsecond(record.recorded_at)
            .map_err(|e| unreadable(e.to_string()))?,
        source: SourceName::parse(record.source).map_err(|e| unreadable(e.to_string()))?,
        irregularities,
        event,
    })
}

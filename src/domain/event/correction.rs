//! Saying an event anew, whole: what a correction holds, and how the event inside it is stored.
//!
//! Invariant: the stored form names the type and its schema before the content, so one pass opens it; a correction
//! never holds a correction or a void.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::fmt;
use uuid::Uuid;

use super::{EventType, Payload, SCHEMA, with_payload, with_payload_type};
use crate::domain::id::{Code, SourceName, Subject};
use crate::domain::value::{Occurred, Words};

/// An earlier event, as it should have been said. From this record on it counts so; the earlier one stays visible.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorrectionMade {
    /// The event's id.
    pub target_event_id: Uuid,
    /// Who posted it; none: the same source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_source: Option<SourceName>,
    /// How it should have been said.
    pub corrected: Corrected,
    /// Who agreed; required where a deadline, a target or a day of completion changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approver_post: Option<Code>,
    /// Why.
    pub reason: Words,
}

/// What an event says, without what the ledger knows it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corrected {
    /// What it is about.
    pub subject: Subject,
    /// When it happened.
    pub occurred: Occurred,
    /// The post that acted.
    pub actor_post: Option<Code>,
    /// What happened, whole.
    pub payload: Box<Payload>,
}

/// The name that a field of words of the corrected event has in the correction.
pub fn nested(field: &'static str) -> &'static str {
    match field {
        "definition" => "corrected.definition",
        "what_changed" => "corrected.what_changed",
        _ => "corrected.reason",
    }
}

impl Serialize for Corrected {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(5 + usize::from(self.actor_post.is_some())))?;
        map.serialize_entry("type", self.payload.event_type().as_str())?;
        map.serialize_entry("schema", &SCHEMA)?;
        map.serialize_entry("subject", &self.subject)?;
        map.serialize_entry("occurred", &self.occurred)?;
        if let Some(post) = &self.actor_post {
            map.serialize_entry("actor_post", post)?;
        }
        with_payload!(&*self.payload, content => map.serialize_entry("payload", content))?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for Corrected {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Corrected;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a corrected event: type, schema, subject, occurred, actor_post, payload")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Corrected, A::Error> {
                let name: String = entry(&mut map, "type")?;
                let event_type = EventType::parse(&name)
                    .filter(|one| !matches!(one, EventType::CorrectionMade | EventType::EventVoided))
                    .ok_or_else(|| A::Error::custom("not a type of event that can be corrected"))?;
                if entry::<u16, A>(&mut map, "schema")? != SCHEMA {
                    return Err(A::Error::custom("unknown schema version"));
                }
                let subject = entry(&mut map, "subject")?;
                let occurred = entry(&mut map, "occurred")?;
                let mut actor_post = None;
                let mut key: Option<String> = map.next_key()?;
                if key.as_deref() == Some("actor_post") {
                    actor_post = Some(map.next_value()?);
                    key = map.next_key()?;
                }
                if key.as_deref() != Some("payload") {
                    return Err(A::Error::missing_field("payload"));
                }
                let payload: Payload =
                    with_payload_type!(event_type, Content => map.next_value::<Content>()?.into());
                match map.next_key::<String>()? {
                    None => Ok(Corrected { subject, occurred, actor_post, payload: Box::new(payload) }),
                    Some(_) => Err(A::Error::custom("a field after the payload")),
                }
            }
        }
        from.deserialize_map(Fields)
    }
}

/// The value of the next entry, which must have that key.
fn entry<'de, T: Deserialize<'de>, A: MapAccess<'de>>(map: &mut A, key: &'static str) -> Result<T, A::Error> {
    match map.next_key::<String>()? {
        Some(found) if found == key => map.next_value(),
        _ => Err(A::Error::missing_field(key)),
    }
}

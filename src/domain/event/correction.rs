//! Saying an event anew, whole: what a correction holds, and how the event inside it is stored.
//!
//! Invariant: the stored form names the type and its schema before the content, so one pass opens it; a correction
//! never holds a correction or a void.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::fmt;
use uuid::Uuid;

use super::{EventType, InOrder, Payload, Stored, with_payload};
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
        map.serialize_entry("schema", &self.payload.event_type().schema())?;
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

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Corrected, A::Error> {
                let mut map = InOrder::of(map)?;
                let name: &'de str = map.required("type")?;
                let event_type = EventType::parse(name)
                    .filter(|one| !matches!(one, EventType::CorrectionMade | EventType::EventVoided))
                    .ok_or_else(|| A::Error::custom("not a type of event that can be corrected"))?;
                let schema = map.required("schema")?;
                let subject = map.required("subject")?;
                let occurred = map.required("occurred")?;
                let actor_post = map.optional("actor_post")?;
                let payload = map.last("payload", Stored { event_type, schema })?;
                Ok(Corrected { subject, occurred, actor_post, payload: Box::new(payload) })
            }
        }
        from.deserialize_map(Fields)
    }
}

//! A ledger as an object-centric event log (OCEL 2.0, JSON), for process-mining tools: subjects are objects, records are
//! events, and what an event names are its relationships.
//!
//! | File | Is |
//! |---|---|
//! | [`links`] | which subjects an event names, and as what |
//!
//! Invariant: facts only: no words, no titles, no counts, no content. Every relationship leads to an object that is there.
//! The same records give the same bytes. Events are handed on as they come; what is held in memory is the names of the
//! subjects. Must not know where records come from, nor where the file goes.

mod links;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

use crate::domain::command::Recorded;
use crate::domain::event::{EventType, Payload};
use crate::domain::id::{Kind, Subject};

/// What an event relates to its own subject as.
const ABOUT: &str = "about";

/// A log that is being written: [`Ocel::begin`], [`Ocel::event`] for each record in order, [`Ocel::end`].
#[derive(Default)]
pub struct Ocel {
    objects: BTreeSet<Subject>,
    types: BTreeSet<EventType>,
    events: u64,
    relationships: u64,
}

/// How much there is in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contents {
    /// Records.
    pub events: u64,
    /// Subjects that have an event, or that one names.
    pub objects: u64,
    /// Of events to objects.
    pub relationships: u64,
}

impl Ocel {
    /// What stands before the first event.
    pub const fn begin(&self) -> &'static str {
        "{\n\"events\": [\n"
    }

    /// One record, as it stands in the log.
    pub fn event(&mut self, fact: &Recorded) -> String {
        let event = &fact.event;
        let event_type = event.payload.event_type();
        let mut related: BTreeSet<(Subject, &'static str)> =
            links::links(event).into_iter().map(|(qualifier, subject)| (subject, qualifier)).collect();
        related.insert((event.subject.clone(), ABOUT));
        let relationships: Vec<Value> = related
            .iter()
            .map(|(subject, qualifier)| json!({"objectId": subject.to_string(), "qualifier": qualifier}))
            .collect();
        let comma = if self.events == 0 { "" } else { ",\n" };
        self.events += 1;
        self.relationships += relationships.len() as u64;
        self.types.insert(event_type);
        self.objects.extend(related.into_iter().map(|(subject, _)| subject));
        let line = json!({
            "id": fact.sequence.to_string(),
            "type": event_type.as_str(),
            "time": fact.recorded_at.to_string(),
            "attributes": attributes(fact),
            "relationships": relationships,
        });
        format!("{comma}{line}")
    }

    /// What stands behind the last event: the objects, and the types of both.
    pub fn end(self) -> (String, Contents) {
        let contents = Contents {
            events: self.events,
            objects: self.objects.len() as u64,
            relationships: self.relationships,
        };
        let kinds: BTreeSet<Kind> = self.objects.iter().map(Subject::kind).collect();
        let kinds = kinds.iter().map(|kind| json!({"name": kind.as_str(), "attributes": []}));
        let types = self.types.iter().map(|it| json!({"name": it.as_str(), "attributes": declared()}));
        let objects = self.objects.iter().map(|subject| {
            json!({"id": subject.to_string(), "type": subject.kind().as_str(), "attributes": [],
                "relationships": []})
        });
        let mut out = "\n]".to_owned();
        for (name, lines) in [
            ("objects", objects.map(|it| it.to_string()).collect::<Vec<_>>()),
            ("objectTypes", kinds.map(|it| it.to_string()).collect()),
            ("eventTypes", types.map(|it| it.to_string()).collect()),
        ] {
            out += &[",\n\"", name, "\": [\n", &lines.join(",\n"), "\n]"].concat();
        }
        (out + "\n}\n", contents)
    }
}

/// The attributes that an event of any type may have, and their types.
const ATTRIBUTES: [(&str, &str); 7] = [
    ("sequence", "integer"),
    ("source", "string"),
    ("occurred", "string"),
    ("event_id", "string"),
    ("irregularities", "string"),
    ("target_event_id", "string"),
    ("corrected_type", "string"),
];

fn declared() -> Vec<Value> {
    ATTRIBUTES.map(|(name, of)| json!({"name": name, "type": of})).to_vec()
}

fn attributes(fact: &Recorded) -> Vec<Value> {
    let event = &fact.event;
    let mut known: BTreeMap<&str, Value> = BTreeMap::from([
        ("sequence", json!(fact.sequence)),
        ("source", json!(fact.source.as_str())),
        // As it was said: a month, a day or an instant.
        ("occurred", json!(event.occurred.to_string())),
        ("event_id", json!(event.id.to_string())),
    ]);
    if !fact.irregularities.is_empty() {
        let marks: Vec<&str> = fact.irregularities.iter().map(|it| it.as_str()).collect();
        known.insert("irregularities", json!(marks.join(" ")));
    }
    match &event.payload {
        Payload::EventVoided(voided) => {
            known.insert("target_event_id", json!(voided.target_event_id.to_string()));
        }
        Payload::CorrectionMade(made) => {
            known.insert("target_event_id", json!(made.target_event_id.to_string()));
            known.insert("corrected_type", json!(made.corrected.payload.event_type().as_str()));
        }
        _ => {}
    }
    let in_order = ATTRIBUTES.iter().filter_map(|(name, _)| Some((*name, known.remove(name)?)));
    in_order.map(|(name, value)| json!({"name": name, "value": value})).collect()
}

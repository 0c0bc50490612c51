//! Events as proto3 JSON, one a line, each way. Pure.
//!
//! Invariant: an unknown field is an error, not a silence; an error names the line and never repeats what stood there
//! but a field's name.

use anyhow::{Context as _, anyhow};
use prost_reflect::{DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor};

use crate::grpc::wire::{DESCRIPTOR, Event};

/// A line that is no event.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    /// 1, 2, 3 …
    pub(super) line: usize,
    /// Why.
    pub(super) why: String,
}

/// Reads events.
pub(super) struct Parser {
    event: MessageDescriptor,
    options: DeserializeOptions,
}

impl Parser {
    /// A parser of this version's schema.
    pub(super) fn new() -> anyhow::Result<Self> {
        let pool = DescriptorPool::decode(DESCRIPTOR).context("the built-in schema cannot be read")?;
        let name = "pledgebook.v1.Event";
        let event =
            pool.get_message_by_name(name).ok_or_else(|| anyhow!("the built-in schema has no {name}"))?;
        Ok(Self { event, options: DeserializeOptions::new().deny_unknown_fields(true) })
    }

    /// The events of a text, each with the number of its line; empty lines are passed over.
    pub(super) fn events(&self, text: &str) -> Vec<Result<(usize, Event), Unreadable>> {
        let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
        lines
            .map(|(text, line)| self.event(text).map(|it| (line, it)).map_err(|why| Unreadable { line, why }))
            .collect()
    }

    /// The schema's own description of an event.
    pub(super) const fn descriptor(&self) -> &MessageDescriptor {
        &self.event
    }

    /// The event of one line, or why it is none.
    pub(super) fn event(&self, line: &str) -> Result<Event, String> {
        let mut json = serde_json::Deserializer::from_str(line);
        // serde_json counts from the line's own beginning; the place in the file is known above.
        let brief = |error: &serde_json::Error| {
            format!("not an event in proto3 JSON: {} (column {})", what(error), error.column())
        };
        let event = DynamicMessage::deserialize_with_options(self.event.clone(), &mut json, &self.options)
            .map_err(|error| brief(&error))?;
        json.end().map_err(|error| brief(&error))?;
        event.transcode_to().map_err(|_| "not an event of this version".to_owned())
    }
}

/// What is wrong, in words that are known to be ours: the parsers' own messages quote what stood there, and that may be
/// what somebody said about somebody.
fn what(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if error.classify() != serde_json::error::Category::Data {
        // Of the grammar, which quotes nothing.
        return rest_before(&text, " at line ").to_owned();
    }
    let name = |rest: &str| {
        let name = rest.split('\'').next().unwrap_or_default();
        let plain = name.chars().all(|it| it.is_ascii_alphanumeric() || it == '_') && name.len() <= 40;
        if plain { format!(" '{name}'") } else { String::new() }
    };
    if let Some(rest) = text.strip_prefix("unrecognized field name '") {
        return format!("unrecognized field name{}", name(rest));
    }
    if text.starts_with("unrecognized enum value") {
        return "unrecognized enum value".to_owned();
    }
    if text.starts_with("invalid type: ") || text.starts_with("invalid value: ") {
        // The last one: what stood there may hold the same words, what is expected does not.
        if let Some((_, expected)) = text.rsplit_once(", expected ") {
            return format!("expected {}", rest_before(expected, " at line "));
        }
    }
    "a value is not of the form that its field has".to_owned()
}

fn rest_before<'a>(text: &'a str, mark: &str) -> &'a str {
    text.split(mark).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grpc::wire::event::Payload;

    const GOOD: &str = r#"{"eventId":"7b0c6f0e-58a5-4b5f-a9a6-0d1c3b9f2f11","subject":"action/rest-spaces",
        "occurred":{"day":{"year":2025,"month":6,"day":9}},"actorPost":"workplace-lead","actionStarted":{}}"#;

    #[test]
    fn an_event_is_read_in_either_spelling_of_its_fields() {
        let parser = Parser::new().unwrap();
        let snake = GOOD.replace("eventId", "event_id").replace("actionStarted", "action_started");
        for line in [GOOD.replace('\n', " "), snake.replace('\n', " ")] {
            let read = parser.events(&line);
            let (number, event) = read[0].as_ref().unwrap();
            assert_eq!((*number, event.subject.as_str()), (1, "action/rest-spaces"));
            assert!(matches!(event.payload, Some(Payload::ActionStarted(_))));
        }
    }

    #[test]
    fn a_line_that_is_no_event_is_named_by_its_number() {
        let parser = Parser::new().unwrap();
        let text = format!("{}\n\n{{\"subjet\":\"x\"}}\nnot json\n{{}} {{}}\n", GOOD.replace('\n', " "));
        let read = parser.events(&text);
        assert!(read[0].is_ok());
        let bad: Vec<_> = read[1..].iter().map(|line| line.as_ref().unwrap_err()).collect();
        assert_eq!(bad.iter().map(|it| it.line).collect::<Vec<_>>(), [3, 4, 5]);
        assert!(bad[0].why.contains("subjet"), "{}", bad[0].why);
    }
    #[test]
    fn an_error_never_repeats_what_stood_there() {
        let parser = Parser::new().unwrap();
        let said = "Jo said, expected so, it was 'unfair'";
        let quoted = serde_json::Value::from(said).to_string();
        for field in [
            format!("\"occurred\":{quoted}"),
            format!("\"occurred\":{{\"day\":{quoted}}}"),
            format!("\"occurred\":{{\"day\":{{\"year\":{quoted}}}}}"),
            format!("\"occurred\":{{\"instant\":{quoted}}}"),
            format!("\"producerRecordedAt\":{quoted}"),
            format!("\"sourceSequence\":{quoted}"),
            format!("\"feedbackReceived\":{{\"anonymity\":{quoted}}}"),
            format!("\"feedbackReceived\":{quoted}"),
            format!("{quoted}:1"),
            format!("\"subject\":[{quoted}]"),
            format!("\"subject\":{{{quoted}:{quoted}}}"),
            quoted.clone(),
        ] {
            let read = parser.events(&format!("{{{field}}}"));
            let bad = read[0].as_ref().unwrap_err();
            for word in ["Jo", "said", "so,", "unfair"] {
                assert!(!bad.why.contains(word), "{field}: {}", bad.why);
            }
            assert!(bad.why.contains("column"), "{}", bad.why);
        }
    }
}

//! The form of words in an export: one JSON object a line, in the order of the records, and in a record in the order
//! of its fields.
//!
//! ```text
//! {"sequence":7,"field":"reason","state":"held","nonce":"<64 hexadecimal digits>","text":"…"}
//! {"sequence":9,"field":"reason","state":"erased"}        which event says so stands in the records
//! {"sequence":9,"field":"reason","state":"erased_later"}  that event stands behind the export's checkpoint
//! {"sequence":9,"field":"reason","state":"missing"}       it should be there, and is not
//! {"sequence":9,"field":"reason","state":"damaged"}       it has not its checksum any more
//! ```
//!
//! Invariant: a line has one form, the one in which it is written here, and nothing else is read. Text of erased words
//! has no place in it. It must not know whether words are right.

use serde::{Deserialize, Serialize};
use storage::{FoundWord, WordState};

/// Longest line, in bytes: the longest text with every character escaped, and the rest.
pub const MAX_LINE: usize = 6 * storage::limits::MAX_TEXT + 6 * storage::limits::MAX_FIELD + 256;

/// One field of words beside one record.
#[derive(Clone, PartialEq, Eq)]
pub struct Line {
    /// The record.
    pub sequence: u64,
    /// The field that its commitment stands in.
    pub field: String,
    /// What became of it.
    pub state: State,
}

/// What became of words.
#[derive(Clone, PartialEq, Eq)]
pub enum State {
    /// They are here.
    Held {
        /// The nonce of the commitment.
        nonce: [u8; 32],
        /// The text.
        text: String,
    },
    /// They are erased.
    Erased,
    /// They are erased, and the event that says so is not in the export.
    ErasedLater,
    /// They should be there, and are not.
    Missing,
    /// They have not their checksum any more.
    Damaged,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    sequence: u64,
    field: String,
    state: Name,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Name {
    Held,
    Erased,
    ErasedLater,
    Missing,
    Damaged,
}

impl State {
    /// What was found of that field.
    pub fn of(found: &[FoundWord], field: &str) -> Self {
        match found.iter().find(|word| word.field == field).map(|word| &word.state) {
            Some(WordState::Held { nonce, text }) => Self::Held { nonce: *nonce, text: text.clone() },
            Some(WordState::Erased) => Self::Erased,
            Some(WordState::Damaged) => Self::Damaged,
            None => Self::Missing,
        }
    }
}

impl Line {
    /// The line, with its line feed.
    pub fn to_text(&self) -> String {
        let Self { sequence, field, state } = self;
        let form = |state| Form { sequence: *sequence, field: field.clone(), state, nonce: None, text: None };
        let form = match state {
            State::Held { nonce, text } => {
                Form { nonce: Some(const_hex::encode(nonce)), text: Some(text.clone()), ..form(Name::Held) }
            }
            State::Erased => form(Name::Erased),
            State::ErasedLater => form(Name::ErasedLater),
            State::Missing => form(Name::Missing),
            State::Damaged => form(Name::Damaged),
        };
        // Numbers and texts alone: there is nothing that JSON could not say.
        let text = serde_json::to_string(&form).unwrap_or_default();
        text + "\n"
    }

    /// The line that `text` is, with its line feed; none unless it has just the form.
    pub fn parse(text: &str) -> Option<Self> {
        let form: Form = serde_json::from_str(text).ok()?;
        let state = match (form.state, form.nonce, form.text) {
            (Name::Held, Some(nonce), Some(text)) => {
                State::Held { nonce: const_hex::decode_to_array(nonce).ok()?, text }
            }
            (Name::Erased, None, None) => State::Erased,
            (Name::ErasedLater, None, None) => State::ErasedLater,
            (Name::Missing, None, None) => State::Missing,
            (Name::Damaged, None, None) => State::Damaged,
            _ => return None,
        };
        let line = Self { sequence: form.sequence, field: form.field, state };
        (line.to_text() == text).then_some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_words_of_every_state_when_they_are_written_and_read_then_they_are_the_same() {
        let held = |text: &str| State::Held { nonce: [0xa5; 32], text: text.to_owned() };
        let states = [
            held("The room is needed."),
            held("\"quoted\"\n\u{1}\u{7f}\u{2028} ü 🌍 \\"),
            held(""),
            State::Erased,
            State::ErasedLater,
            State::Missing,
            State::Damaged,
        ];
        for state in states {
            let line = Line { sequence: u64::MAX, field: "reason".into(), state };
            assert!(Line::parse(&line.to_text()) == Some(line.clone()), "{}", line.to_text());
        }
        let line = Line { sequence: 7, field: "reason".into(), state: State::ErasedLater };
        let text = "{\"sequence\":7,\"field\":\"reason\",\"state\":\"erased_later\"}\n";
        assert_eq!(line.to_text(), text);
    }

    #[test]
    fn given_any_other_form_when_it_is_read_then_it_is_none() {
        for text in [
            "",
            "\n",
            "{}\n",
            "{\"sequence\":7,\"field\":\"reason\",\"state\":\"missing\"}",
            " {\"sequence\":7,\"field\":\"reason\",\"state\":\"missing\"}\n",
            "{\"sequence\": 7,\"field\":\"reason\",\"state\":\"missing\"}\n",
            "{\"field\":\"reason\",\"sequence\":7,\"state\":\"missing\"}\n",
            "{\"sequence\":7,\"field\":\"reason\",\"state\":\"Missing\"}\n",
            "{\"sequence\":7,\"field\":\"reason\",\"state\":\"lost\"}\n",
            "{\"sequence\":7,\"field\":\"reason\",\"state\":\"missing\",\"nonce\":\"\"}\n",
            "{\"sequence\":7,\"field\":\"reason\",\"state\":\"missing\",\"text\":null}\n",
            "{\"sequence\":7,\"field\":\"reason\",\"state\":\"erased\",\"text\":\"x\"}\n",
            "{\"sequence\":7,\"field\":\"reason\",\"state\":\"held\",\"nonce\":\"00\",\"text\":\"x\"}\n",
            "{\"sequence\":7,\"field\":\"reason\",\"state\":\"held\",\"text\":\"x\"}\n",
            "{\"sequence\":7,\"field\":\"re\\u0061son\",\"state\":\"missing\"}\n",
            "{\"sequence\":7,\"field\":\"reason\",\"state\":\"missing\",\"more\":1}\n",
            "{\"sequence\":7,\"field\":\"reason\",\"state\":\"missing\"}\n\n",
        ] {
            assert!(Line::parse(text).is_none(), "{text:?}");
        }
        let upper = format!(
            "{{\"sequence\":7,\"field\":\"r\",\"state\":\"held\",\"nonce\":\"{}\",\"text\":\"\"}}\n",
            "AB".repeat(32)
        );
        assert!(Line::parse(&upper).is_none());
    }
}

//! The words of a report. Most are short, or always the same: these need no place of their own in memory.
//!
//! Invariant: a text is what was put in, whatever form it has; two texts are the same if they read the same. Must not know
//! what it says.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};
use std::ops::Deref;

/// The longest text that stands where it is used, in bytes. With it, its length and its form a text takes 24 bytes.
const ROOM: usize = 22;

/// Some words.
#[derive(Clone)]
pub struct Text(Form);

#[derive(Clone)]
enum Form {
    /// Words of the program.
    Said(&'static str),
    /// Up to so many bytes.
    Here(u8, [u8; ROOM]),
    /// Longer.
    Apart(Box<str>),
}

impl Text {
    /// Words of the program.
    pub const fn said(words: &'static str) -> Self {
        Self(Form::Said(words))
    }

    /// The words.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Form::Said(words) => words,
            Form::Here(len, bytes) => {
                bytes.get(..usize::from(*len)).and_then(|it| std::str::from_utf8(it).ok()).unwrap_or_default()
            }
            Form::Apart(words) => words,
        }
    }

    /// The words, if they are short.
    fn here(words: &str) -> Option<Self> {
        let mut bytes = [0; ROOM];
        bytes.get_mut(..words.len())?.copy_from_slice(words.as_bytes());
        Some(Self(Form::Here(words.len() as u8, bytes)))
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::said("")
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl From<&str> for Text {
    fn from(words: &str) -> Self {
        Self::here(words).unwrap_or_else(|| Self(Form::Apart(words.into())))
    }
}

impl From<String> for Text {
    fn from(words: String) -> Self {
        Self::here(&words).unwrap_or_else(|| Self(Form::Apart(words.into())))
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        match text.0 {
            Form::Apart(words) => words.into(),
            _ => text.as_str().to_owned(),
        }
    }
}

/// As they are written, piece by piece.
impl From<fmt::Arguments<'_>> for Text {
    fn from(words: fmt::Arguments<'_>) -> Self {
        if let Some(words) = words.as_str() {
            return words.into();
        }
        let mut written = Written { text: Self(Form::Here(0, [0; ROOM])), long: String::new() };
        // Nothing that is written here ever refuses.
        let _ = written.write_fmt(words);
        if written.long.is_empty() { written.text } else { written.long.into() }
    }
}

/// A text that is being written.
struct Written {
    /// All of it, as long as it is short.
    text: Text,
    /// All of it, once it is not.
    long: String,
}

impl fmt::Write for Written {
    fn write_str(&mut self, words: &str) -> fmt::Result {
        if self.long.is_empty() {
            if let Form::Here(len, bytes) = &mut self.text.0 {
                let from = usize::from(*len);
                if let Some(room) = bytes.get_mut(from..from + words.len()) {
                    room.copy_from_slice(words.as_bytes());
                    *len += words.len() as u8;
                    return Ok(());
                }
            }
            self.long.reserve(2 * ROOM + words.len());
            self.long.push_str(&self.text);
        }
        self.long.push_str(words);
        Ok(())
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Text {}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// In the same order, and with the same digest.
impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<String> for Text {
    fn eq(&self, other: &String) -> bool {
        self.as_str() == other.as_str()
    }
}

impl PartialEq<Text> for &str {
    fn eq(&self, other: &Text) -> bool {
        *self == other.as_str()
    }
}

impl PartialEq<Text> for String {
    fn eq(&self, other: &Text) -> bool {
        self.as_str() == other.as_str()
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn given_a_text_when_it_is_kept_then_it_takes_three_words() {
        assert_eq!(size_of::<Text>(), 24);
    }

    proptest! {
        #[test]
        fn given_any_words_when_they_are_put_in_then_they_come_out(
            one in "[a-zé ]{0,30}",
            other in "[a-zé ]{0,30}",
            number in any::<u64>(),
        ) {
            let another = Text::from(other.as_str());
            for text in [Text::from(one.as_str()), Text::from(one.clone()), Text::from(format_args!("{one}"))] {
                prop_assert_eq!(text.as_str(), one.as_str());
                prop_assert_eq!(String::from(text.clone()), one.clone());
                prop_assert_eq!(text == another, one == other);
                prop_assert_eq!(serde_json::to_string(&text).unwrap(), serde_json::to_string(&one).unwrap());
                prop_assert_eq!(format!("{text:>40}|{text:?}"), format!("{one:>40}|{one:?}"));
            }
            let written = Text::from(format_args!("{one}{number} {other}"));
            prop_assert_eq!(written.as_str(), format!("{one}{number} {other}"));
        }
    }
}

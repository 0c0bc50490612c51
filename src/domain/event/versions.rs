//! Stored payloads of every version that there ever was, each opened as what it means now. The one file in which older
//! forms live.
//!
//! How a payload gains a field: it is optional, or has a value that means what its absence meant; the type's number
//! here goes up by one; if the old form is not simply the new one without the field, its struct moves here with a
//! `From`. Pinned bytes of every version stay in the tests for ever, and fail if a form changes without its number.
//!
//! Invariant: what an old record means now is what its poster would post now to say the same. Repeats are recognised by
//! that: a poster may send again what an earlier version took.

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use std::fmt;

use super::{EventType, Payload, with_payload_type};

impl EventType {
    /// The version of the form in which it is stored now. Records of every version before are read for ever.
    pub const fn schema(self) -> u16 {
        match self {
            Self::CodeListAdopted => 2,
            _ => 1,
        }
    }
}

/// A payload of that type, stored in that version.
#[derive(Clone, Copy, Debug)]
pub struct Stored {
    /// Its type.
    pub event_type: EventType,
    /// The version of its form.
    pub schema: u16,
}

impl<'de> DeserializeSeed<'de> for Stored {
    type Value = Payload;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Payload, D::Error> {
        let Self { event_type, schema } = self;
        if schema == event_type.schema() {
            return with_payload_type!(event_type, Content => Content::deserialize(from).map(Payload::from));
        }
        match (event_type, schema) {
            (EventType::CodeListAdopted, 1) => v1::CodeListAdopted::deserialize(from).map(Payload::from),
            _ => Err(D::Error::custom(format!("unknown schema version {schema}"))),
        }
    }
}

/// The first forms of payloads that have another form by now.
mod v1 {
    use jiff::civil::Date;
    use serde::Deserialize;

    use crate::domain::event::{self, Payload};
    use crate::domain::id::Code;
    use crate::domain::value::Label;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct CodeListAdopted {
        entries: Vec<CodeListEntry>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct CodeListEntry {
        code: Code,
        title: Label,
        #[serde(default)]
        valid_from: Option<Date>,
        #[serde(default)]
        valid_to: Option<Date>,
        #[serde(default)]
        alias: Option<Code>,
    }

    /// Somebody else's code for the same thing was one, for all days.
    impl From<CodeListEntry> for event::CodeListEntry {
        fn from(old: CodeListEntry) -> Self {
            let CodeListEntry { code, title, valid_from, valid_to, alias } = old;
            let aliases = alias.map(|code| event::Alias { code, valid_from: None, valid_to: None });
            Self { code, title, valid_from, valid_to, aliases: aliases.into_iter().collect() }
        }
    }

    impl From<CodeListAdopted> for Payload {
        fn from(old: CodeListAdopted) -> Self {
            event::CodeListAdopted { entries: old.entries.into_iter().map(Into::into).collect() }.into()
        }
    }
}

/// The entries of a stored map, taken in the one order in which they are written: so the type is known before the
/// payload comes, and two forms of one event cannot exist.
pub struct InOrder<'de, A> {
    map: A,
    key: Option<Key<'de>>,
}

/// A key as it stands there: it is compared with ours and with nothing else.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Key<'de>(&'de [u8]);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Name;
        impl<'de> Visitor<'de> for Name {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a field")
            }
            fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(name.as_bytes()))
            }
            fn visit_borrowed_bytes<E: Error>(self, name: &'de [u8]) -> Result<Key<'de>, E> {
                Ok(Key(name))
            }
        }
        from.deserialize_identifier(Name)
    }
}

impl<'de, A: MapAccess<'de>> InOrder<'de, A> {
    /// The entries of that map.
    pub fn of(mut map: A) -> Result<Self, A::Error> {
        let key = map.next_key()?;
        Ok(Self { map, key })
    }

    /// Whether the next key is this one. Where it is called its length is known, and so it is compared as a number.
    #[allow(
        clippy::inline_always,
        reason = "it is asked some twenty times a record of every record that is opened"
    )]
    #[inline(always)]
    fn is_next(&self, key: &'static str) -> bool {
        self.key.is_some_and(|next| next.0.len() == key.len() && next.0 == key.as_bytes())
    }

    /// The value under the next key, which must be this one.
    #[allow(clippy::inline_always, reason = "so that the key is known where it is compared")]
    #[inline(always)]
    pub fn required<T: Deserialize<'de>>(&mut self, key: &'static str) -> Result<T, A::Error> {
        if self.is_next(key) { self.value() } else { Err(A::Error::missing_field(key)) }
    }

    /// The value under the next key if it is this one.
    #[allow(clippy::inline_always, reason = "so that the key is known where it is compared")]
    #[inline(always)]
    pub fn optional<T: Deserialize<'de>>(&mut self, key: &'static str) -> Result<Option<T>, A::Error> {
        if self.is_next(key) { self.value().map(Some) } else { Ok(None) }
    }

    #[inline]
    fn value<T: Deserialize<'de>>(&mut self) -> Result<T, A::Error> {
        let value = self.map.next_value()?;
        self.key = self.map.next_key()?;
        Ok(value)
    }

    /// The last value, opened by that seed; nothing may follow it.
    pub fn last<T: DeserializeSeed<'de>>(mut self, key: &'static str, seed: T) -> Result<T::Value, A::Error> {
        if !self.is_next(key) {
            return Err(A::Error::missing_field(key));
        }
        let value = self.map.next_value_seed(seed)?;
        match self.map.next_key::<&'de str>()? {
            None => Ok(value),
            Some(_) => Err(A::Error::custom("a field after the last one")),
        }
    }
}

//! Values that events are made of: times, hashes, labels, words.
//!
//! Invariant: a value of a type here has passed its rule. Nothing here reads a clock or makes anything random.

mod looks;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

use looks::Looks;

/// Why a text is not a value: the rule that it broke, and what to do instead. Never the text itself: it may hold
/// somebody's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{rule}: {remedy}")]
pub struct Invalid {
    /// The rule, such as `not a subject`.
    pub rule: &'static str,
    /// What to do instead.
    pub remedy: &'static str,
}

impl Invalid {
    /// A broken rule and its remedy.
    pub const fn new(rule: &'static str, remedy: &'static str) -> Self {
        Self { rule, remedy }
    }
}

/// Opens a value that is stored as a text: parsed where it stands, without a copy of it.
pub(super) fn parsed<'de, D: Deserializer<'de>, T>(
    from: D,
    parse: fn(&str) -> Result<T, Invalid>,
) -> Result<T, D::Error> {
    struct Text<T>(fn(&str) -> Result<T, Invalid>);
    impl<T> serde::de::Visitor<'_> for Text<T> {
        type Value = T;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text")
        }
        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
            (self.0)(text).map_err(E::custom)
        }
    }
    from.deserialize_str(Text(parse))
}

/// 32 bytes of SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sha256(pub [u8; 32]);

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&const_hex::encode(self.0))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Sha256 {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Sha256 {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl serde::de::Visitor<'_> for Bytes {
            type Value = Sha256;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("32 bytes")
            }
            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Sha256, E> {
                bytes.try_into().map(Sha256).map_err(|_| E::invalid_length(bytes.len(), &self))
            }
        }
        from.deserialize_bytes(Bytes)
    }
}

/// What stands in a record in place of words: `SHA-256(nonce ‖ text)`, nonce 32 random bytes. The words stand beside
/// the ledger and can be erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Words(pub Sha256);

/// When something happened in the world, with its precision. In a record it is a text whose form says how exact it is:
/// `2025-04`, `2025-04-01`, `2025-04-01T09:30:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Occurred {
    /// A month: year and month.
    Month(i16, i8),
    /// A day in the ledger's time zone.
    Day(Date),
    /// An instant, in microseconds.
    Instant(Timestamp),
}

impl Occurred {
    /// The day on which it counts, in the ledger's time zone: a month counts from its first day.
    pub fn effective(&self, zone: &TimeZone) -> Date {
        match *self {
            Self::Month(year, month) => Date::constant(year, month, 1),
            Self::Day(day) => day,
            Self::Instant(instant) => zone.to_datetime(instant).date(),
        }
    }

    /// Parses the stored form.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let bad = Invalid::new("not a time", "write 2025-04, 2025-04-01 or 2025-04-01T09:30:00Z");
        match text.len() {
            7 => {
                let first: Date = format!("{text}-01").parse().map_err(|_| bad)?;
                Ok(Self::Month(first.year(), first.month()))
            }
            10 => day(text).map_or_else(|| text.parse().map_err(|_| bad), Ok).map(Self::Day),
            _ => text.parse().map(Self::Instant).map_err(|_| bad),
        }
    }
}

/// A day as nearly every event says it, `2025-04-01`; what is no such day is left to the general form.
fn day(text: &str) -> Option<Date> {
    let bytes: &[u8; 10] = text.as_bytes().try_into().ok()?;
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *bytes else { return None };
    let number = |digits: &[u8]| {
        digits
            .iter()
            .try_fold(0_i16, |sum, digit| digit.is_ascii_digit().then(|| 10 * sum + i16::from(digit - b'0')))
    };
    let (month, day) = (number(&[m1, m2])?, number(&[d1, d2])?);
    Date::new(number(&[y1, y2, y3, y4])?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

impl fmt::Display for Occurred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Month(year, month) => write!(f, "{year:04}-{month:02}"),
            Self::Day(day) => write!(f, "{day}"),
            Self::Instant(instant) => write!(f, "{instant}"),
        }
    }
}

impl Serialize for Occurred {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Occurred {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        parsed(from, Self::parse)
    }
}

/// The longest label, in characters.
pub const MAX_LABEL: usize = 120;
/// The longest words, in characters.
pub const MAX_WORDS: usize = 500;

/// A name for a thing (a title): 1–120 characters, one line, no e-mail address, no telephone number. It names; it does
/// not tell. It stands in the record and cannot be erased.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Label(Box<str>);

impl Label {
    /// Parses a label.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let looks = Looks::of(text);
        let (trimmed, length) = if looks.ascii {
            let space = |end: Option<&u8>| end.is_some_and(u8::is_ascii_whitespace);
            (!space(text.as_bytes().first()) && !space(text.as_bytes().last()), text.len())
        } else {
            (text.trim() == text, text.chars().count())
        };
        if text.is_empty() || !trimmed || length > MAX_LABEL {
            return Err(Invalid::new("not a label", "write 1 to 120 characters without spaces around them"));
        }
        if looks.control || (!looks.ascii && text.chars().any(char::is_control)) {
            return Err(Invalid::new("a label is one line", "remove line breaks and control characters"));
        }
        looks.check_no_contact(text)?;
        Ok(Self(text.into()))
    }

    /// The label's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        parsed(from, Self::parse)
    }
}

/// Judges words before they are held: 1–500 characters about a decision, without an e-mail address or a telephone
/// number in them.
pub fn check_words(text: &str) -> Result<(), Invalid> {
    if text.trim().is_empty() {
        return Err(Invalid::new("blank words", "say in a sentence what was decided and why"));
    }
    if text.chars().count() > MAX_WORDS {
        return Err(Invalid::new("too many words", "write at most 500 characters"));
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(Invalid::new("control characters in words", "remove them"));
    }
    Looks::of(text).check_no_contact(text)
}

/// A link that a reader may follow: `https://…`, at most 500 ASCII characters, no spaces, no user name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Url(Box<str>);

impl Url {
    /// Parses a link.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let host = text.strip_prefix("https://").unwrap_or_default().split('/').next().unwrap_or_default();
        let good = host.contains('.')
            && !host.contains('@')
            && text.len() <= 500
            && text.bytes().all(|b| b.is_ascii_graphic());
        if good {
            Ok(Self(text.into()))
        } else {
            Err(Invalid::new("not a link", "write https://host/path, at most 500 characters, without spaces"))
        }
    }

    /// The link's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Url {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        parsed(from, Self::parse)
    }
}

/// The longest name of a key in a signed note, in bytes.
pub const MAX_KEY_NAME: usize = 255;

/// The name of a key in a signed note (C2SP `signed-note`): 1–255 bytes, without white space, control characters or `+`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct KeyName(Box<str>);

impl KeyName {
    /// Parses a key's name.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let bad = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        if text.is_empty() || text.len() > MAX_KEY_NAME || text.chars().any(bad) {
            return Err(Invalid::new(
                "not the name of a key",
                "write the name in the witness's verifier key: 1 to 255 bytes without white space or '+'",
            ));
        }
        Ok(Self(text.into()))
    }

    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for KeyName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        parsed(from, Self::parse)
    }
}

/// A decimal number, exact: an optional `-`, up to 12 digits, and up to 6 more after a point. `85`, `0.5`, `-3.25`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Decimal(Box<str>);

impl Decimal {
    /// Parses a decimal number.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let digits =
            |part: &str, most| (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        let magnitude = text.strip_prefix('-').unwrap_or(text);
        let good = match magnitude.split_once('.') {
            Some((whole, part)) => digits(whole, 12) && digits(part, 6),
            None => digits(magnitude, 12),
        };
        if good {
            Ok(Self(text.into()))
        } else {
            Err(Invalid::new(
                "not a decimal number",
                "write digits with at most one point, such as 85 or 0.5",
            ))
        }
    }

    /// The number's text, as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        parsed(from, Self::parse)
    }
}

macro_rules! fixed_bytes {
    ($(#[$doc:meta])* $name:ident, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $name(pub [u8; $length]);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_bytes(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                struct Bytes;
                impl serde::de::Visitor<'_> for Bytes {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str(concat!($length, " bytes"))
                    }
                    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<$name, E> {
                        bytes.try_into().map($name).map_err(|_| E::invalid_length(bytes.len(), &self))
                    }
                }
                from.deserialize_bytes(Bytes)
            }
        }
    };
}

fixed_bytes! {
    /// An Ed25519 public key (RFC 8032).
    PublicKey, 32
}
fixed_bytes! {
    /// An Ed25519 signature (RFC 8032).
    Signature, 64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn both(text: &str) {
        let general = text.parse::<Date>().ok().map(Occurred::Day);
        assert_eq!(Occurred::parse(text).ok(), general, "{text}");
    }

    #[test]
    fn given_any_year_month_and_day_when_it_is_read_then_it_is_what_the_general_form_says() {
        for year in [0, 1, 4, 100, 1582, 1900, 1970, 2000, 2023, 2024, 2100, 9996, 9999] {
            for month in 0..=13 {
                for day in 0..=32 {
                    both(&format!("{year:04}-{month:02}-{day:02}"));
                }
            }
        }
    }

    proptest! {
        #[test]
        fn given_any_ten_characters_when_they_are_read_then_it_is_what_the_general_form_says(
            text in prop_oneof!["[0-9:+ -]{10}", "[0-9]{4}[-/:]?[0-9]{2}[-/:]?[0-9]{2}[0-9TZ-]{0,2}", "\\PC{3,10}"]
        ) {
            if text.len() == 10 {
                both(&text);
            }
        }
    }
}

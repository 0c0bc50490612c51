//! Fields of the wire, both ways: each function turns what stands at one path into a value of the domain, or says what
//! is wrong there, by which rule, and what to write instead.
//!
//! Invariant: a refusal names the path, never the text that stood there: it may be somebody's words.

use jiff::{Timestamp, civil};
use std::fmt;
use uuid::Uuid;

use crate::domain::{
    event::nested,
    id::{Code, SourceName, Subject},
    rejection::Rejection,
    value::{Decimal, Invalid, KeyName, Label, PublicKey, Sha256, Signature, Url, Words, check_words},
};
use crate::grpc::wire;
use crate::journal::{Text, read::WordsView};
use crate::limits::MAX_LINKS;

/// Where a field stands in the event, such as `code_list_adopted.entries[3].valid_from`.
#[derive(Clone, Copy)]
pub(super) struct Path<'a> {
    above: Option<&'a Path<'a>>,
    name: &'static str,
    index: Option<usize>,
}

impl<'a> Path<'a> {
    /// A field of the event itself.
    pub(super) const fn root(name: &'static str) -> Self {
        Self { above: None, name, index: None }
    }

    /// A field of the message that stands here.
    pub(super) const fn field(&'a self, name: &'static str) -> Self {
        Self { above: Some(self), name, index: None }
    }

    /// An item of the list that stands here.
    pub(super) const fn item(self, index: usize) -> Self {
        Self { index: Some(index), ..self }
    }

    /// What stands here breaks a rule.
    pub(super) fn refuse(&self, rule: &'static str, remedy: &'static str) -> Rejection {
        Rejection::malformed(self.to_string(), rule, remedy)
    }

    /// What must stand here is missing.
    pub(super) fn missing(&self, remedy: &'static str) -> Rejection {
        self.refuse("missing", remedy)
    }

    /// What stands here is not the value that it should be.
    pub(super) fn invalid(&self, why: &Invalid) -> Rejection {
        self.refuse(why.rule, why.remedy)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(above) = self.above {
            write!(f, "{above}.")?;
        }
        f.write_str(self.name)?;
        self.index.map_or(Ok(()), |index| write!(f, "[{index}]"))
    }
}

/// A closed list of values, here and on the wire.
pub(super) trait Closed: Copy {
    /// The wire's list.
    type Wire: TryFrom<i32> + Into<i32>;
    /// Nothing for the unspecified value.
    fn of(wire: Self::Wire) -> Option<Self>;
    /// The wire's value.
    fn wire(self) -> Self::Wire;
}

/// A value of a closed list.
pub(super) fn closed<T: Closed>(at: &Path<'_>, number: i32) -> Result<T, Rejection> {
    let known = T::Wire::try_from(number)
        .map_err(|_| at.refuse("unknown value", "use a value that this version of the schema names"))?;
    T::of(known).ok_or_else(|| at.refuse("unspecified", "choose one of the named values"))
}

/// The wire's number for a value of a closed list.
pub(super) fn number<T: Closed>(value: T) -> i32 {
    value.wire().into()
}

/// A list of at most `most` items.
pub(super) fn list<W, T>(
    at: &Path<'_>,
    most: usize,
    items: impl IntoIterator<Item = W, IntoIter: ExactSizeIterator>,
    mut parse: impl FnMut(&Path<'_>, W) -> Result<T, Rejection>,
) -> Result<Vec<T>, Rejection> {
    let items = items.into_iter();
    if items.len() > most {
        return Err(at.refuse("too many items", "say it in several events, or with fewer items"));
    }
    items.enumerate().map(|(index, item)| parse(&at.item(index), item)).collect()
}

/// An identifier.
pub(super) fn code(at: &Path<'_>, text: &str) -> Result<Code, Rejection> {
    Code::parse(text).map_err(|why| at.invalid(&why))
}

/// An identifier, or nothing.
pub(super) fn optional_code(at: &Path<'_>, text: &str) -> Result<Option<Code>, Rejection> {
    present(text).map(|text| code(at, text)).transpose()
}

/// A list of identifiers.
pub(super) fn codes(at: &Path<'_>, texts: &[String]) -> Result<Vec<Code>, Rejection> {
    list(at, MAX_LINKS, texts, |at, text| code(at, text))
}

/// A label.
pub(super) fn label(at: &Path<'_>, text: &str) -> Result<Label, Rejection> {
    Label::parse(text).map_err(|why| at.invalid(&why))
}

/// A label, or nothing.
pub(super) fn optional_label(at: &Path<'_>, text: &str) -> Result<Option<Label>, Rejection> {
    present(text).map(|text| label(at, text)).transpose()
}

/// A decimal number, or nothing.
pub(super) fn optional_decimal(at: &Path<'_>, text: &str) -> Result<Option<Decimal>, Rejection> {
    present(text).map(|text| Decimal::parse(text).map_err(|why| at.invalid(&why))).transpose()
}

/// An Ed25519 public key.
pub(super) fn public_key(at: &Path<'_>, bytes: &[u8]) -> Result<PublicKey, Rejection> {
    bytes.try_into().map(PublicKey).map_err(|_| at.refuse("not an Ed25519 public key", "give its 32 bytes"))
}

/// An Ed25519 signature.
pub(super) fn signature(at: &Path<'_>, bytes: &[u8]) -> Result<Signature, Rejection> {
    bytes.try_into().map(Signature).map_err(|_| at.refuse("not an Ed25519 signature", "give its 64 bytes"))
}

/// The name of a key in a signed note.
pub(super) fn key_name(at: &Path<'_>, text: &str) -> Result<KeyName, Rejection> {
    KeyName::parse(text).map_err(|why| at.invalid(&why))
}

/// A source's name.
pub(super) fn source(at: &Path<'_>, text: &str) -> Result<SourceName, Rejection> {
    SourceName::parse(text).map_err(|why| at.invalid(&why))
}

/// A list of labels.
pub(super) fn labels(at: &Path<'_>, texts: &[String]) -> Result<Vec<Label>, Rejection> {
    list(at, MAX_LINKS, texts, |at, text| label(at, text))
}

/// A subject.
pub(super) fn subject(at: &Path<'_>, text: &str) -> Result<Subject, Rejection> {
    Subject::parse(text).map_err(|why| at.invalid(&why))
}

/// A source's name, or nothing.
pub(super) fn optional_source(at: &Path<'_>, text: &str) -> Result<Option<SourceName>, Rejection> {
    present(text).map(|text| SourceName::parse(text).map_err(|why| at.invalid(&why))).transpose()
}

/// A UUID in its usual form of 36 characters, other than the nil one: every poster's library writes this form, and
/// two forms of one id would look like two ids to a reader.
pub(super) fn uuid(at: &Path<'_>, text: &str) -> Result<Uuid, Rejection> {
    let usual = (text.len() == 36).then(|| Uuid::try_parse(text).ok()).flatten();
    usual.filter(|id| !id.is_nil()).ok_or_else(|| {
        at.refuse("not a UUID", "write a UUID such as 0b9e1f4c-6f0e-4a53-9f5e-2f6f6c1f8a10, not all zeros")
    })
}

/// A UUID, or nothing.
pub(super) fn optional_uuid(at: &Path<'_>, text: &str) -> Result<Option<Uuid>, Rejection> {
    present(text).map(|text| uuid(at, text)).transpose()
}

/// A list of UUIDs.
pub(super) fn uuids(at: &Path<'_>, texts: &[String]) -> Result<Vec<Uuid>, Rejection> {
    list(at, MAX_LINKS, texts, |at, text| uuid(at, text))
}

/// A year, as the calendar has it.
pub(super) fn year(at: &Path<'_>, year: i32) -> Result<i16, Rejection> {
    i16::try_from(year)
        .ok()
        .filter(|year| (1..=9999).contains(year))
        .ok_or_else(|| at.field("year").refuse("not a year", "write 1 to 9999"))
}

/// A month, as the calendar has it.
pub(super) fn month(at: &Path<'_>, month: i32) -> Result<i8, Rejection> {
    i8::try_from(month)
        .ok()
        .filter(|month| (1..=12).contains(month))
        .ok_or_else(|| at.field("month").refuse("not a month", "write 1 to 12"))
}

/// A day.
pub(super) fn date(at: &Path<'_>, wire: Option<wire::Date>) -> Result<civil::Date, Rejection> {
    optional_date(at, wire)?.ok_or_else(|| at.missing("give the day"))
}

/// A day, or nothing.
pub(super) fn optional_date(
    at: &Path<'_>,
    wire: Option<wire::Date>,
) -> Result<Option<civil::Date>, Rejection> {
    let Some(wire) = wire else { return Ok(None) };
    let (year, month) = (year(at, wire.year)?, month(at, wire.month)?);
    let day = i8::try_from(wire.day).ok().and_then(|day| civil::Date::new(year, month, day).ok());
    day.map(Some).ok_or_else(|| at.field("day").refuse("not a day of that month", "write a day that exists"))
}

/// An instant, cut to the microseconds that a record keeps.
pub(super) fn timestamp(at: &Path<'_>, wire: prost_types::Timestamp) -> Result<Timestamp, Rejection> {
    /// The years 1 to 9999, in seconds since the epoch.
    const SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_207_200;
    let refuse =
        || at.refuse("not an instant", "write an instant of the years 1 to 9999, nanos 0 to 999,999,999");
    if !SECONDS.contains(&wire.seconds) || !(0..1_000_000_000).contains(&wire.nanos) {
        return Err(refuse());
    }
    Timestamp::from_microsecond(wire.seconds * 1_000_000 + i64::from(wire.nanos / 1_000))
        .map_err(|_| refuse())
}

/// A SHA-256.
pub(super) fn sha256(at: &Path<'_>, bytes: &[u8]) -> Result<Sha256, Rejection> {
    bytes.try_into().map(Sha256).map_err(|_| at.refuse("not a SHA-256", "give its 32 bytes"))
}

/// A SHA-256, or nothing.
pub(super) fn optional_sha256(at: &Path<'_>, bytes: &[u8]) -> Result<Option<Sha256>, Rejection> {
    (!bytes.is_empty()).then(|| sha256(at, bytes)).transpose()
}

/// A link.
pub(super) fn url(at: &Path<'_>, text: &str) -> Result<Url, Rejection> {
    Url::parse(text).map_err(|why| at.invalid(&why))
}

/// A link, or nothing.
pub(super) fn optional_url(at: &Path<'_>, text: &str) -> Result<Option<Url>, Rejection> {
    present(text).map(|text| url(at, text)).transpose()
}

/// Text that stands in the record as it is: not empty, and at most `most` bytes.
pub(super) fn text(at: &Path<'_>, text: String, most: usize) -> Result<String, Rejection> {
    if text.is_empty() {
        return Err(at.missing("give the text"));
    }
    if text.len() > most {
        return Err(at.refuse("too long", "shorten it: a record holds at most 65,535 bytes"));
    }
    Ok(text)
}

/// What came in a field of the wire that has no presence of its own: empty is nothing.
pub(super) fn present(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// The words of one event on their way in: each is parted into what the record holds and what stands beside it.
#[derive(Default)]
pub(super) struct Texts(pub(super) Vec<Text>);

impl Texts {
    /// Takes the words of the payload's field `field`.
    pub(super) fn words(
        &mut self,
        at: &Path<'_>,
        field: &'static str,
        text: String,
    ) -> Result<Words, Rejection> {
        check_words(&text).map_err(|why| at.field(field).invalid(&why))?;
        let text = Text { field, nonce: rand::random(), text };
        let words = Words(text.commitment());
        self.0.push(text);
        Ok(words)
    }

    /// Takes in the words of the event inside a correction.
    pub(super) fn nest(&mut self, inside: Self) {
        self.0.extend(inside.0.into_iter().map(|text| Text { field: nested(text.field), ..text }));
    }

    /// The same, where there may be none.
    pub(super) fn optional_words(
        &mut self,
        at: &Path<'_>,
        field: &'static str,
        text: String,
    ) -> Result<Option<Words>, Rejection> {
        if text.is_empty() { Ok(None) } else { self.words(at, field, text).map(Some) }
    }
}

/// The words of one event on their way out.
pub(super) struct Held<'a> {
    views: &'a [WordsView],
    /// The words of the event inside a correction are asked for.
    inside: bool,
}

impl<'a> Held<'a> {
    /// The words of an event.
    pub(super) const fn new(views: &'a [WordsView]) -> Self {
        Self { views, inside: false }
    }

    /// Those of the event inside a correction.
    pub(super) const fn nested(&self) -> Self {
        Self { views: self.views, inside: true }
    }

    /// The words of the payload's field, or nothing where they are not held.
    pub(super) fn text(&self, field: &'static str) -> String {
        let field = if self.inside { nested(field) } else { field };
        let view = self.views.iter().find(|view| view.field == field);
        view.and_then(|view| view.text.clone()).unwrap_or_default()
    }
}

/// A day, on its way out.
pub(in crate::grpc) fn day(date: civil::Date) -> wire::Date {
    wire::Date { year: date.year().into(), month: date.month().into(), day: date.day().into() }
}

/// An instant, on its way out.
pub(crate) fn instant(instant: Timestamp) -> prost_types::Timestamp {
    let micros = instant.as_microsecond();
    prost_types::Timestamp {
        seconds: micros.div_euclid(1_000_000),
        nanos: (micros.rem_euclid(1_000_000) * 1_000) as i32,
    }
}

/// Anything with a text, on its way out.
pub(super) fn shown(value: &impl ToString) -> String {
    value.to_string()
}

/// Anything with a text, or the empty text, on its way out.
pub(super) fn shown_or_empty(value: Option<&impl ToString>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

/// A list of anything with a text, on its way out.
pub(super) fn all<T: ToString>(values: &[T]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

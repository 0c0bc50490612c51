//! Dated facts with their place in the ledger, and the two filters by which everything is read.
//!
//! Invariant: a history is in the order of the ledger (ascending sequence); nothing is ever removed from it. What is
//! voided stays: the void is one more fact, kept beside it. Knows nothing of reports.

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::sync::Arc;
use uuid::Uuid;

use crate::domain::event::EventType;

/// From where a reader looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Horizon {
    /// *As at*: facts effective on or before this day (the ledger's local time) count.
    pub as_at: Date,
    /// *As known*: facts with a sequence below this count.
    pub as_known: u64,
}

/// One fact: what an event said about one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dated<F> {
    /// The event's sequence: from there on it is known.
    pub sequence: u64,
    /// The sequence of the event whose place it has: its own, or, of a correction, that of the event that it corrects.
    pub place: u64,
    /// The local day on which it counts.
    pub effective: Date,
    /// The event's id, by which a void names it …
    pub id: Uuid,
    /// … together with the number of the source that posted it.
    pub source: u32,
    /// The ledger marked it as recorded late.
    pub late: bool,
    /// The type of the event that said it, or that is said anew.
    pub event_type: EventType,
    /// What it said.
    pub fact: F,
}

/// That an event was taken back. A void is about the record and not about the world: it counts as soon as it is known,
/// whatever day it speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Void {
    /// The sequence of the void.
    pub sequence: u64,
    /// The local day on which it was recorded.
    pub recorded_on: Date,
}

/// The facts of one subject, in the order of the ledger. A clone shares them.
#[derive(Debug, PartialEq, Eq)]
pub struct History<F> {
    /// The sequences of the first and the last: whoever asks for what is new passes most histories by, and need not go
    /// where their facts are.
    span: (u64, u64),
    /// The first and the last day on which one of them counts; so does whoever asks about a year.
    days: (Date, Date),
    facts: Arc<Vec<Dated<F>>>,
}

impl<F> Clone for History<F> {
    fn clone(&self) -> Self {
        Self { span: self.span, days: self.days, facts: Arc::clone(&self.facts) }
    }
}

impl<F> Default for History<F> {
    fn default() -> Self {
        Self { span: (u64::MAX, 0), days: (Date::MAX, Date::MIN), facts: Arc::default() }
    }
}

impl<F> History<F> {
    /// Every fact, whoever looks.
    pub fn all(&self) -> &[Dated<F>] {
        &self.facts
    }

    /// The sequences of the first and the last fact; of none, the last is less than the first.
    pub(super) const fn span(&self) -> (u64, u64) {
        self.span
    }

    /// The first and the last day on which a fact counts; of none, the last is less than the first.
    pub(super) const fn days(&self) -> (Date, Date) {
        self.days
    }

    /// Whether any fact is among the first so many events.
    pub const fn is_known_at(&self, as_known: u64) -> bool {
        self.span.0 < as_known
    }

    /// Whether a fact may count from a day up to another one, whoever looks. If not, none does, nor ever did.
    pub fn may_tell_of(&self, first: Date, last: Date) -> bool {
        self.days.0 <= last && first <= self.days.1
    }

    pub(super) fn push(&mut self, fact: Dated<F>)
    where
        F: Clone,
    {
        self.note(&fact);
        Arc::make_mut(&mut self.facts).push(fact);
    }

    fn note(&mut self, fact: &Dated<F>) {
        self.span = (self.span.0.min(fact.sequence), fact.sequence);
        self.days = (self.days.0.min(fact.effective), self.days.1.max(fact.effective));
    }

    /// The sequence of the event with that id from that source.
    pub(super) fn find(&self, id: Uuid, source: u32) -> Option<u64> {
        self.facts.iter().find(|fact| fact.id == id && fact.source == source).map(|fact| fact.sequence)
    }
}

/// The facts alone.
impl<F: Serialize> Serialize for History<F> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.facts.serialize(to)
    }
}

impl<'de, F: Deserialize<'de>> Deserialize<'de> for History<F> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let facts: Vec<Dated<F>> = Deserialize::deserialize(from)?;
        let mut history = Self::default();
        for fact in &facts {
            history.note(fact);
        }
        Ok(Self { facts: Arc::new(facts), ..history })
    }
}

/// A list, without names: there is one for nearly every event.
impl<F: Serialize> Serialize for Dated<F> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { sequence, place, effective, id, source, late, event_type, fact } = self;
        (sequence, place, day_number(*effective), id, source, late, *event_type as u16, fact).serialize(to)
    }
}

impl<'de, F: Deserialize<'de>> Deserialize<'de> for Dated<F> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (sequence, place, effective, id, source, late, number, fact) = Deserialize::deserialize(from)?;
        let number: u16 = number;
        let event_type = EventType::ALL.get(usize::from(number)).copied();
        let event_type = event_type.ok_or_else(|| D::Error::custom("not a type"))?;
        let effective = day_of(effective).ok_or_else(|| D::Error::custom("not a day"))?;
        Ok(Self { sequence, place, effective, id, source, late, event_type, fact })
    }
}

/// A day in a form that is read fast: year, month and day beside each other. In the order of the days.
pub(super) fn day_number(day: Date) -> i32 {
    (i32::from(day.year()) << 9) | (i32::from(day.month()) << 5) | i32::from(day.day())
}

/// The day of a number.
pub(super) fn day_of(number: i32) -> Option<Date> {
    let year = i16::try_from(number >> 9).ok()?;
    Date::new(year, ((number >> 5) & 0xf) as i8, (number & 0x1f) as i8).ok()
}

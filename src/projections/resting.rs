//! Which subjects a reader may pass over, because nothing has happened to them for long and nothing is open.
//!
//! Invariant: this is an index and never an answer. A subject *rests* from a day on which lies after (or is) every day on
//! which its facts count, and every local day on which an event about it, a void or a correction was recorded; and by
//! then it is closed. What may still move rests never. Whoever looks from there, at a time after that day, sees it closed
//! as it is; whoever looks from before it must look at the facts. How a subject stands may be noted beside its day, by whoever
//! knows for whom that holds. Must not know what a reader asks.

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::Arc;

use super::Views;
use super::history::Horizon;
use super::shared::SharedMap;
use crate::domain::id::Code;

/// The day from which on each subject of one kind rests; and how it stands, where somebody worked that out.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Resting<T> {
    /// With that day, whether the subject was ever bound to others of its kind.
    days: SharedMap<Code, (Date, bool)>,
    by_day: SharedMap<(Date, Code), Noted<T>>,
}

/// What is noted of a subject beside its day.
#[derive(Debug)]
struct Noted<T> {
    bound: bool,
    /// How it stands. It says nothing that the facts do not say, so it is not written down.
    stands: Option<Arc<T>>,
}

impl<T> Clone for Noted<T> {
    fn clone(&self) -> Self {
        Self { bound: self.bound, stands: self.stands.clone() }
    }
}

impl<T> Serialize for Noted<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bool(self.bound)
    }
}

impl<'de, T> Deserialize<'de> for Noted<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        bool::deserialize(from).map(|bound| Self { bound, stands: None })
    }
}

impl<T> Default for Resting<T> {
    fn default() -> Self {
        Self { days: SharedMap::default(), by_day: SharedMap::default() }
    }
}

impl<T: Clone> Resting<T> {
    /// From that day on the subject rests. None: it may still move.
    pub(super) fn set(&mut self, id: &Code, since: Option<Date>) {
        let bound = self.days.get(id).is_some_and(|(_, bound)| *bound);
        self.change(id, since.unwrap_or(Date::MAX), bound);
    }

    /// The same, with how it stands now.
    pub(super) fn settle(&mut self, id: &Code, since: Option<Date>, stands: Option<T>) {
        self.set(id, since);
        self.note(id, stands);
    }

    /// Notes how a subject stands of which a day is known.
    pub(super) fn note(&mut self, id: &Code, stands: Option<T>) {
        let Some((since, bound)) = self.days.get(id).copied() else { return };
        self.by_day.set(&(since, id.clone()), Noted { bound, stands: stands.map(Arc::new) });
    }

    /// The subject is bound to others: what is said of them changes what is said of it.
    pub(super) fn bind(&mut self, id: &Code) {
        let since = self.days.get(id).map_or(Date::MAX, |(since, _)| *since);
        self.change(id, since, true);
    }

    fn change(&mut self, id: &Code, since: Date, bound: bool) {
        let mut stands = None;
        match self.days.get(id) {
            Some(before) if *before == (since, bound) => return,
            Some((before, _)) => {
                let key = (*before, id.clone());
                stands = self.by_day.get(&key).and_then(|noted| noted.stands.clone());
                self.by_day.remove(&key);
            }
            None => {}
        }
        self.days.set(id, (since, bound));
        self.by_day.set(&(since, id.clone()), Noted { bound, stands });
    }

    /// Every subject that may have moved on that day or later, or may still move; whether it is bound to others, and how it
    /// stands.
    pub fn awake<'v>(
        &'v self,
        since: &(Date, Code),
    ) -> impl Iterator<Item = (&'v Code, bool, Option<&'v T>)> + use<'v, T> {
        self.by_day.from(since).map(|((_, id), noted)| (id, noted.bound, noted.stands.as_deref()))
    }
}

impl Views {
    /// The place in an index of what rests from which on a reader must look: one who looks from that horizon and asks
    /// about that day and later ones.
    pub fn awake_since(&self, horizon: Horizon, day: Date) -> (Date, Code) {
        let known = horizon.as_known.min(self.size());
        // A day is taken off: where clocks are put back at midnight, a local day can come twice.
        let known_on = known.checked_sub(1).and_then(|last| self.recorded_on(last).yesterday().ok());
        let since = day.min(horizon.as_at).min(known_on.unwrap_or(Date::MIN));
        (since, Code::first())
    }
}

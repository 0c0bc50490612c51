//! What was worked out of one ledger before, kept for whoever asks again: so that what stands still between two release
//! points is worked out once a point, however fast the ledger grows, and what one report needs of another is not worked out
//! twice.
//!
//! Invariant: what is remembered is what would be worked out now: it is kept under everything that it rests on ([`Basis`]),
//! and a memory is of one ledger only. There is never more of it than so much. Must not know how anything is worked out.

use jiff::civil::Date;
use std::sync::{Arc, Mutex, PoisonError};

use super::basis::{Basis, Points, basis};
use super::cohort::{Released, Withheld};
use super::restatements::Found;
use super::trace::Voices;
use super::{Body, Parameters, Period, ReportName, work_out};
use crate::projections::Views;

/// The most bodies that rest on release points: the four reports about people for six years. A long one takes a few
/// megabytes.
const STANDING: usize = 24;
/// The most bodies of other reports: each of the eight for a year and a quarter.
const PASSING: usize = 16;
/// The most bodies of an earlier position, with which R10 compares: its four reports, for two days and years.
const EARLIER: usize = 8;
/// The most cohorts of a year.
const COHORTS: usize = 8;
/// At how many lists of release points what is said of the feedback behind changes is kept.
const VOICES: usize = 2;

/// What changed between so many pairs of positions.
const FOUND: usize = 4;

/// The last things that were worked out, the newest last.
struct Last<K, V> {
    most: usize,
    kept: Mutex<Vec<(K, V)>>,
}

impl<K: PartialEq, V: Clone> Last<K, V> {
    const fn new(most: usize) -> Self {
        Self { most, kept: Mutex::new(Vec::new()) }
    }

    /// What is kept under a key; or else what is made now, and kept. It is made with nothing locked: of two who ask at once
    /// both may make it.
    fn get_or(&self, key: K, make: impl FnOnce() -> V) -> V {
        if let Some(found) = self.recall(&key) {
            return found;
        }
        let value = make();
        self.keep(key, value.clone());
        value
    }

    fn keep(&self, key: K, value: V) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(other, _)| *other != key);
        if kept.len() >= self.most {
            kept.remove(0);
        }
        kept.push((key, value));
    }

    fn recall(&self, key: &K) -> Option<V> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(other, _)| other == key)?;
        let found = kept.remove(at);
        let value = found.1.clone();
        kept.push(found);
        Some(value)
    }
}

/// What is released of the feedback of a year, or why nothing is.
type OfYear = Arc<Result<Released, Withheld>>;

/// Between which positions, as at which day and for which period something changed.
type Between = (u64, Date, Period, u64);

/// What was worked out of one ledger before.
pub struct Memory {
    standing: Last<Basis, Arc<Body>>,
    /// Of a report that was asked for once, that it was.
    passing: Last<Basis, Option<Arc<Body>>>,
    earlier: Last<Basis, Arc<Body>>,
    cohorts: Last<(Points, Period), OfYear>,
    voices: Last<Points, Arc<Voices>>,
    found: Last<Between, Arc<Found>>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            standing: Last::new(STANDING),
            passing: Last::new(PASSING),
            earlier: Last::new(EARLIER),
            cohorts: Last::new(COHORTS),
            voices: Last::new(VOICES),
            found: Last::new(FOUND),
        }
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}

impl Memory {
    /// What a report says.
    pub(super) fn body(&self, name: ReportName, views: &Views, parameters: &Parameters) -> Arc<Body> {
        let basis = basis(name, views, parameters);
        let make = || Arc::new(work_out(name, views, parameters, self));
        if basis.stands_still() {
            return self.standing.get_or(basis, make);
        }
        // At a position in passing nobody else may ever ask: to keep a copy for them costs as much as the report. So the
        // second who asks leaves one.
        match self.passing.recall(&basis) {
            Some(Some(body)) => body,
            asked => {
                let body = make();
                self.passing.keep(basis, asked.map(|_| body.clone()));
                body
            }
        }
    }

    /// What a report said at an earlier position, of which many will ask.
    pub(super) fn earlier(&self, name: ReportName, views: &Views, parameters: &Parameters) -> Arc<Body> {
        let make = || Arc::new(work_out(name, views, parameters, self));
        self.earlier.get_or(basis(name, views, parameters), make)
    }

    /// What is released of the feedback of a year at these points.
    pub(super) fn cohort(
        &self,
        points: Points,
        year: Period,
        make: impl FnOnce() -> Result<Released, Withheld>,
    ) -> OfYear {
        self.cohorts.get_or((points, year), || Arc::new(make()))
    }

    /// What is said at these points of the feedback behind changes.
    pub(super) fn voices(&self, points: Points) -> Arc<Voices> {
        self.voices.get_or(points, Arc::default)
    }

    /// What changed between two positions.
    pub(super) fn found(&self, between: Between, make: impl FnOnce() -> Found) -> Arc<Found> {
        self.found.get_or(between, || Arc::new(make()))
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        let of = |room: &Last<Basis, Arc<Body>>| room.kept.lock().unwrap().len();
        of(&self.standing) + of(&self.earlier) + self.passing.kept.lock().unwrap().len()
    }
}

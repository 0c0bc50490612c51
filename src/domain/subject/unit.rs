//! A part of the organisation: the days for which it exists, and what was counted in it.
//!
//! Invariant: no two of its terms meet, and one baseline and one coverage stand for a day. Counts may come before the
//! registration in the life, which orders by days of recording in the world; whether a term holds on their days is
//! asked of the whole life, elsewhere, whenever either changes.

use jiff::civil::Date;
use std::collections::BTreeMap;

use super::State;
use super::governance::Span;
use crate::domain::event::UnitRegistered;
use crate::domain::id::Code;
use crate::domain::rules::{self, Breach};

/// One registration of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Sequence of the registration.
    pub sequence: u64,
    /// The days for which it holds.
    pub span: Span,
    /// The unit that it is a part of on those days.
    pub part_of: Option<Code>,
}

/// A unit, in all its terms.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Unit {
    /// Its terms; no two meet.
    pub terms: Vec<Term>,
    /// Day → sequence of the workforce baseline of that day.
    pub baselines: BTreeMap<Date, u64>,
    /// Day → sequence of the coverage of learning of that day.
    pub coverages: BTreeMap<Date, u64>,
}

impl Unit {
    pub(super) fn registered(state: &State, unit: &UnitRegistered, at: u64) -> Result<Self, Breach> {
        let mut next = Self::known(state)?;
        let span = Span { from: Some(unit.valid_from), to: unit.valid_to };
        if let Some(term) = next.terms.iter().find(|term| term.span.common(&span).is_some()) {
            return Err(Breach::of(&rules::UNIT_OVERLAP, Some(term.sequence)));
        }
        next.terms.push(Term { sequence: at, span, part_of: unit.part_of.clone() });
        Ok(next)
    }

    pub(super) fn counted(state: &State, at: u64, day: Date) -> Result<Self, Breach> {
        let mut next = Self::known(state)?;
        match next.baselines.insert(day, at) {
            Some(standing) => Err(Breach::of(&rules::BASELINE_ALREADY_RECORDED, Some(standing))),
            None => Ok(next),
        }
    }

    pub(super) fn covered(state: &State, at: u64, day: Date) -> Result<Self, Breach> {
        let mut next = Self::known(state)?;
        match next.coverages.insert(day, at) {
            Some(standing) => Err(Breach::of(&rules::COVERAGE_ALREADY_RECORDED, Some(standing))),
            None => Ok(next),
        }
    }

    /// The term that holds on that day.
    pub fn on(&self, day: Date) -> Option<&Term> {
        self.terms.iter().find(|term| term.span.contains(day))
    }

    /// The first baseline or coverage of a day on which no term holds.
    pub fn count_outside(&self) -> Option<u64> {
        let mut counts = self.baselines.iter().chain(&self.coverages);
        counts.find(|(day, _)| self.on(**day).is_none()).map(|(_, sequence)| *sequence)
    }

    fn known(state: &State) -> Result<Self, Breach> {
        match state {
            State::None => Ok(Self::default()),
            State::Unit(unit) => Ok(unit.clone()),
            _ => Err(Breach::of(&rules::WRONG_KIND, None)),
        }
    }
}

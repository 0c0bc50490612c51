//! The life cycle of a measure: agreed once, revised any number of times, and reported once for each period.
//!
//! Invariant: a report fits the measure in force on its own day: it has a denominator exactly when that one has. What
//! the values say is the reports' business.

use jiff::civil::Date;
use std::collections::BTreeMap;

use super::State;
use crate::domain::event::{MeasureAgreed, MeasureReported, MeasureRevised};
use crate::domain::id::Code;
use crate::domain::rules::{self, Breach};

/// How a commitment is measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measure {
    /// Sequence of the agreement.
    pub sequence: u64,
    /// When it was agreed.
    pub agreed_on: Date,
    /// The commitment that it measures.
    pub commitment: Code,
    /// Who answers for it.
    pub owner_post: Code,
    /// Sequence of the event since which that post answers for it.
    pub owner_since: u64,
    /// Whether the measure in force counts something of something.
    pub has_denominator: bool,
    /// Sequence of the event that put the measure in force.
    pub since: u64,
    /// The periods for which a value stands, by first and last day, with the sequence of the report.
    pub reported: BTreeMap<(Date, Date), u64>,
}

impl Measure {
    pub(super) fn agreed(state: &State, agreed: &MeasureAgreed, at: u64, day: Date) -> Result<Self, Breach> {
        match state {
            State::None => Ok(Self {
                sequence: at,
                agreed_on: day,
                commitment: agreed.commitment.clone(),
                owner_post: agreed.owner_post.clone(),
                owner_since: at,
                has_denominator: agreed.denominator.is_some(),
                since: at,
                reported: BTreeMap::new(),
            }),
            State::Measure(old) => Err(Breach::of(&rules::MEASURE_ALREADY_AGREED, Some(old.sequence))),
            _ => Err(Breach::of(&rules::WRONG_KIND, None)),
        }
    }

    pub(super) fn revised(state: &State, revised: &MeasureRevised, at: u64) -> Result<Self, Breach> {
        let measure = Self::standing(state)?;
        Ok(Self { has_denominator: revised.denominator.is_some(), since: at, ..measure.clone() })
    }

    pub(super) fn reported(state: &State, reported: &MeasureReported, at: u64) -> Result<Self, Breach> {
        let measure = Self::standing(state)?;
        if reported.denominator.is_some() != measure.has_denominator {
            return Err(Breach::of(&rules::DENOMINATOR_NOT_AGREED, Some(measure.since)));
        }
        let mut next = measure.clone();
        // Periods may overlap: months and the quarter that they make are different facts.
        match next.reported.insert((reported.period_from, reported.period_to), at) {
            Some(standing) => Err(Breach::of(&rules::PERIOD_ALREADY_REPORTED, Some(standing))),
            None => Ok(next),
        }
    }

    fn standing(state: &State) -> Result<&Self, Breach> {
        match state {
            State::Measure(measure) => Ok(measure),
            State::None => Err(Breach::of(&rules::MEASURE_NOT_AGREED, None)),
            _ => Err(Breach::of(&rules::WRONG_KIND, None)),
        }
    }
}

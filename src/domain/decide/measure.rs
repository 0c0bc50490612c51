//! Rules of measures, beyond their life cycle.
//!
//! Invariant: a measure is agreed and revised for a promise that is open, and a value is told of a period that is over
//! and that began while the promise was open.

use jiff::civil::Date;

use super::links::period;
use super::{Case, Judged, World};
use crate::domain::event::{MeasureAgreed, MeasureReported, MeasureRevised};
use crate::domain::rejection::Rejection;
use crate::domain::rules;
use crate::domain::subject::State;

pub(super) fn agreed<W: World>(case: &mut Case<'_, W>, agreed: &MeasureAgreed) -> Judged<(), W> {
    due(agreed.due, case.day, "measure_agreed.due")?;
    case.commitment_of_the_day(&agreed.commitment, "measure_agreed.commitment")?;
    case.post(&agreed.owner_post, "measure_agreed.owner_post")
}

pub(super) fn revised<W: World>(case: &mut Case<'_, W>, revised: &MeasureRevised) -> Judged<(), W> {
    if let State::Measure(measure) = &case.place.before {
        due(revised.due, measure.agreed_on, "measure_revised.due")?;
        let commitment = measure.commitment.clone();
        case.open_on(&commitment, case.day)?;
    }
    case.post(&revised.approver_post, "measure_revised.approver_post")
}

pub(super) fn reported<W: World>(case: &mut Case<'_, W>, reported: &MeasureReported) -> Judged<(), W> {
    period(reported.period_from, reported.period_to, case.day, "measure_reported.period_to")?;
    if reported.denominator == Some(0) {
        return Err(rules::DENOMINATOR_ZERO.at("measure_reported.denominator").into());
    }
    match &case.place.before {
        State::Measure(measure) => {
            let commitment = measure.commitment.clone();
            case.open_on(&commitment, reported.period_from)
        }
        _ => Ok(()),
    }
}

fn due(due: Option<Date>, agreed_on: Date, field: &str) -> Result<(), Rejection> {
    match due {
        Some(due) if due < agreed_on => Err(rules::DUE_BEFORE_AGREED.at(field)),
        _ => Ok(()),
    }
}

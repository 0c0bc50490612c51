//! What reports say of figures about people that are not there: before the first release point, for part of a year, or
//! because they are held back.
//!
//! Invariant: the sentence says what to do, or that nothing can be done. Must not know any report.

use super::Parameters;
use super::period::Period;
use super::phrases::day;
use super::report::{Figure, FigureStatus};
use super::text::Text;
use crate::projections::Views;
use crate::projections::releases::Point;

/// What stands in the place of a count that is held back.
pub(super) const HELD_BACK: &str = "held back: fewer than 5, or next to such a number";

const NO_POINT: &str = "Figures about people are worked out at release points only, and none is declared yet: declare a \
                        release point to have them.";

const WHOLE_YEARS: &str = "Figures about people are for whole financial years, so that nothing can be worked out by \
                           subtraction: ask for the year.";

/// The release points of a report, at least one, in the order in which they were declared; or why there is no figure.
pub(super) fn points<'v>(
    views: &'v Views,
    parameters: &Parameters,
    of_a_year: bool,
) -> Result<Vec<Point<'v>>, &'static str> {
    let period = parameters.period;
    if of_a_year && Period::financial_year_of(period.first_day()) != period {
        return Err(WHOLE_YEARS);
    }
    let points = views.releases.points(parameters.horizon());
    if points.is_empty() { Err(NO_POINT) } else { Ok(points) }
}

/// `At the release point of 30 June 2025`: at the beginning of a sentence.
pub(super) fn at(points: &[Point<'_>]) -> String {
    points.last().map_or_else(String::new, |point| format!("At the release point of {}", day(point.on)))
}

/// A number that is not shown.
pub(super) fn held_back(text: impl Into<Text>) -> Figure {
    Figure::with_status(FigureStatus::Suppressed, text)
}

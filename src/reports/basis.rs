//! On what a report rests: everything that its figures depend on, and no more.
//!
//! Invariant: two reports of the same ledger with the same basis have the same figures, tables and notes. Figures about
//! people stand still between release points; so what rests on nothing else rests on the last release point, and on what
//! the ledger says of its surroundings (lists, settings, calendars, posts), however many events came since. Must not know
//! how any report is worked out.

use jiff::civil::Date;

use super::{Parameters, Period, ReportName};
use crate::projections::Views;

/// On what a report rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Basis {
    definition: &'static str,
    as_at: Date,
    period: Period,
    since: Option<u64>,
    days: Option<u32>,
    known: Known,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// The first so many events.
    Events(u64),
    /// What was known at a release point, by the sequence of the event that declared it; and the last event that says
    /// something of the ledger's surroundings.
    Release { point: Option<u64>, surroundings: Option<u64> },
}

/// On what a report rests.
pub fn basis(name: ReportName, views: &Views, parameters: &Parameters) -> Basis {
    let known = match name {
        // Not R9, which tells of the rounds of asking up to now, too.
        ReportName::Feedback | ReportName::ResponseTimes | ReportName::Learning | ReportName::Surveys => {
            Known::Release {
                point: views.releases.points(parameters.horizon()).last().map(|point| point.sequence),
                surroundings: views.surroundings_known(parameters.as_known),
            }
        }
        _ => Known::Events(parameters.as_known),
    };
    let Parameters { as_at, period, since, days, .. } = *parameters;
    Basis { definition: name.definition_version(), as_at, period, since, days, known }
}

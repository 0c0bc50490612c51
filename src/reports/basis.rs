//! On what a report rests: everything that its figures depend on, and no more.
//!
//! Invariant: two reports of the same ledger with the same basis have the same figures, tables and notes. Figures about
//! people stand still between release points, and say what was known and had happened at each of them; so what rests on
//! nothing else rests on the release points that are known and past, however many events and days came since. Must not
//! know how any report is worked out.

use jiff::civil::Date;
use std::sync::Arc;

use super::{Parameters, Period, ReportName};
use crate::projections::Views;
use crate::projections::history::Horizon;

/// The release points that are known and past from somewhere, by the sequences of the events that declared them.
pub(super) type Points = Arc<[u64]>;

/// On what a report rests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    definition: &'static str,
    period: Period,
    since: Option<u64>,
    days: Option<u32>,
    known: Known,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Known {
    /// The first so many events, as at a day. What is recorded behind them is about later days.
    Events(u64, Date),
    /// What was known at release points.
    Released(Points),
}

impl Basis {
    /// Whether it stays the same until there is another release point.
    pub(super) const fn stands_still(&self) -> bool {
        matches!(self.known, Known::Released(_))
    }
}

/// The release points that are known and past from the horizon.
pub(super) fn points(views: &Views, horizon: Horizon) -> Points {
    views.releases.points(horizon).iter().map(|point| point.sequence).collect()
}

/// On what a report rests.
pub fn basis(name: ReportName, views: &Views, parameters: &Parameters) -> Basis {
    let known = match name {
        // Not R9, which tells of the rounds of asking up to now, too.
        ReportName::Feedback | ReportName::ResponseTimes | ReportName::Learning | ReportName::Surveys => {
            Known::Released(points(views, parameters.horizon()))
        }
        // Nothing in these is about later days than the one as at.
        ReportName::Commitments | ReportName::Lateness | ReportName::PolicyChanges | ReportName::Reach => {
            Known::Events(views.told_until(parameters.horizon()), parameters.as_at)
        }
        _ => Known::Events(parameters.as_known, parameters.as_at),
    };
    let Parameters { period, since, days, .. } = *parameters;
    Basis { definition: name.definition_version(), period, since, days, known }
}

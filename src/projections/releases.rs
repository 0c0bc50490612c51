//! Release points, from which figures about people are worked out, and the reports that were issued.
//!
//! Invariant: what was released was released: a point that is voided or said anew later still counts as it was declared,
//! because whoever read its figures has read them. Must not know what is worked out at a point.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::Views;
use super::history::{History, Horizon};
use super::shared::SharedMap;
use crate::domain::event::{Payload, ReportIssued};
use crate::domain::id::Code;

/// A release point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point<'v> {
    /// Its id.
    pub id: &'v Code,
    /// The day as at which figures are worked out.
    pub on: Date,
    /// What was known: the ledger's first so many events.
    pub position: u64,
    /// The event that declared it.
    pub sequence: u64,
}

impl Point<'_> {
    /// From where figures about people are worked out.
    pub const fn horizon(&self) -> Horizon {
        Horizon { as_at: self.on, as_known: self.position }
    }
}

/// The view. Entries are shared on cloning; see [`SharedMap`] for the cost.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ReleasesView {
    /// The position of each release point, by its id.
    pub points: SharedMap<Code, History<u64>>,
    /// Reports that were issued, by the id.
    pub issued: SharedMap<Code, History<Arc<ReportIssued>>>,
}

impl ReleasesView {
    pub(super) const fn position(payload: &Payload) -> Option<u64> {
        match payload {
            Payload::ReleasePointDeclared(it) => Some(it.position),
            _ => None,
        }
    }

    pub(super) fn report(payload: &Payload) -> Option<Arc<ReportIssued>> {
        match payload {
            Payload::ReportIssued(it) => Some(Arc::new(it.clone())),
            _ => None,
        }
    }

    /// The release points that are known and past from the horizon, in the order in which they were declared. A handful
    /// a year.
    pub fn points(&self, horizon: Horizon) -> Vec<Point<'_>> {
        let mut points: Vec<_> = self
            .points
            .iter()
            .filter_map(|(id, history)| {
                let first = history.all().first().filter(|fact| Views::within(fact, horizon))?;
                Some(Point { id, on: first.effective, position: first.fact, sequence: first.sequence })
            })
            .collect();
        points.sort_by_key(|point| point.sequence);
        points
    }
}

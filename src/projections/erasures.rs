//! Requests to erase, and what became of each.
//!
//! Invariant: of a request only its days and its end are here, and not what it was about: how many requests there are is a
//! number of people. Must not know reports.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Views;
use super::history::{History, Horizon};
use super::shared::SharedMap;
use crate::domain::event::Payload;
use crate::domain::id::Code;

/// One thing that happened to a request to erase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ErasureFact {
    /// It was made.
    Requested,
    /// It was not followed.
    Refused,
    /// It was followed.
    Erased,
}

impl ErasureFact {
    pub(super) const fn of(payload: &Payload) -> Option<Self> {
        Some(match payload {
            Payload::ErasureRequested(_) => Self::Requested,
            Payload::ErasureRefused(_) => Self::Refused,
            Payload::ContentErased(_) => Self::Erased,
            _ => return None,
        })
    }
}

/// The view. Entries are shared on cloning; see [`SharedMap`] for the cost.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ErasuresView {
    /// Requests by id.
    pub facts: SharedMap<Code, History<ErasureFact>>,
}

/// How a request stands from a horizon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// The day on which it was made.
    pub on: Date,
    /// Its end, refused or erased, and the day of it. None: nobody has decided.
    pub end: Option<(ErasureFact, Date)>,
}

impl ErasuresView {
    /// Every request that stands from the horizon, in the order of their ids.
    pub fn standings<'v>(&'v self, views: &'v Views, horizon: Horizon) -> impl Iterator<Item = Request> + 'v {
        self.facts.iter().filter_map(move |(_, history)| {
            let mut request: Option<Request> = None;
            for fact in views.seen(history, horizon) {
                match (fact.fact, &mut request) {
                    (ErasureFact::Requested, None) => {
                        request = Some(Request { on: fact.effective, end: None });
                    }
                    (ErasureFact::Refused | ErasureFact::Erased, Some(it)) => {
                        it.end = it.end.or(Some((fact.fact, fact.effective)));
                    }
                    _ => {}
                }
            }
            request
        })
    }
}

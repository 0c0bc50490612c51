//! What was done in the period so that people learn: sessions, attendances, practice support: the flow of R6.
//!
//! Invariant: what nobody counted is not none, and what nobody spoke of again is not forgotten. Must not know who came.

use crate::projections::Views;
use crate::projections::learning::{Came, Session, Support};
use crate::projections::releases::Point;
use crate::reports::attendances::Tally;
use crate::reports::disclosure::threshold;
use crate::reports::period::Period;

/// What was done in the period, as of a release point.
pub(super) struct Flow<'v> {
    /// Whether any session is recorded, in whatever period.
    pub(super) any_session: bool,
    /// Whether any practice support is.
    pub(super) any_support: bool,
    pub(super) held: Vec<Session<'v>>,
    pub(super) cancelled: Vec<Session<'v>>,
    /// They were to be held before the day of the point, and nobody said what became of them.
    pub(super) unsaid: Vec<Session<'v>>,
    /// Each with its event.
    pub(super) support: Vec<(u64, &'v Support)>,
    threshold: u64,
}

impl<'v> Flow<'v> {
    pub(super) fn of(views: &'v Views, period: Period, point: &Point<'v>) -> Self {
        let horizon = point.horizon();
        let mut flow = Self {
            any_session: false,
            any_support: false,
            held: Vec::new(),
            cancelled: Vec::new(),
            unsaid: Vec::new(),
            support: Vec::new(),
            threshold: threshold(views, point.sequence),
        };
        for session in views.learning.sessions(views, horizon) {
            flow.any_session = true;
            if !period.contains(session.on) {
                continue;
            }
            match session.came {
                Came::Delivered(_) => flow.held.push(session),
                Came::Cancelled => flow.cancelled.push(session),
                Came::Unsaid if session.on < point.on => flow.unsaid.push(session),
                Came::Unsaid => {}
            }
        }
        for (_, history) in views.learning.support.iter() {
            let Some(fact) = views.latest(history, horizon) else { continue };
            flow.any_support = true;
            if period.contains(fact.effective) {
                flow.support.push((fact.sequence, &fact.fact));
            }
        }
        flow
    }

    pub(super) fn tally<'s>(&self, held: impl Iterator<Item = &'s Session<'v>>) -> Tally
    where
        'v: 's,
    {
        Tally::of(held.map(attendances), self.threshold)
    }

    pub(super) fn events<'s>(sessions: impl IntoIterator<Item = &'s Session<'v>>) -> Vec<u64>
    where
        'v: 's,
    {
        sessions.into_iter().flat_map(|session| session.events.iter().copied()).collect()
    }
}

/// How many were counted at a session. None: nobody counted.
pub(super) const fn attendances(session: &Session<'_>) -> Option<u32> {
    match session.came {
        Came::Delivered(attendances) => attendances,
        Came::Cancelled | Came::Unsaid => None,
    }
}

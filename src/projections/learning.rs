//! Units and how many work and have learned there; sessions of learning and what became of each; help to model good
//! practice.
//!
//! Invariant: what counts people (coverage, baselines) and what counts attendances (sessions) stand apart, and nothing
//! here adds them. Numbers are kept as they were recorded. Must not know which of them may be shown.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::Views;
use super::history::{Dated, History, Horizon};
use super::shared::SharedMap;
use crate::domain::event::{LearningCoverageRecorded, LearningOffered, Level, Payload, UnitRegistered};
use crate::domain::id::Code;

/// One thing that was said about a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UnitFact {
    /// It exists for a time.
    Registered(Arc<UnitRegistered>),
    /// How many people work there.
    Baseline(Baseline),
    /// How many of them have learned, at which level.
    Coverage(Arc<LearningCoverageRecorded>),
}

/// How many people work in a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// All of them, leaders included.
    pub people: u32,
    /// The leaders among them.
    pub leaders: u32,
}

impl UnitFact {
    pub(super) fn of(payload: &Payload) -> Option<Self> {
        Some(match payload {
            Payload::UnitRegistered(it) => Self::Registered(Arc::new(it.clone())),
            Payload::WorkforceBaselineRecorded(it) => {
                Self::Baseline(Baseline { people: it.headcount, leaders: it.leaders })
            }
            Payload::LearningCoverageRecorded(it) => Self::Coverage(Arc::new(it.clone())),
            _ => return None,
        })
    }
}

/// One thing that happened to a session of learning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionFact {
    /// It was offered.
    Offered(Arc<LearningOffered>),
    /// It was held, with so many attendances. None: nobody counted.
    Delivered(Option<u32>),
    /// It is not held.
    Cancelled,
}

impl SessionFact {
    pub(super) fn of(payload: &Payload) -> Option<Self> {
        Some(match payload {
            Payload::LearningOffered(it) => Self::Offered(Arc::new(it.clone())),
            Payload::LearningDelivered(it) => Self::Delivered(it.attendances),
            Payload::LearningCancelled(_) => Self::Cancelled,
            _ => return None,
        })
    }
}

/// Help to model good practice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Support {
    /// A code of the list `support-kind`.
    pub kind: Code,
    /// How many sessions.
    pub sessions: u32,
}

impl Support {
    pub(super) fn of(payload: &Payload) -> Option<Self> {
        match payload {
            Payload::PracticeSupportProvided(it) => {
                Some(Self { kind: it.kind.clone(), sessions: it.sessions })
            }
            _ => None,
        }
    }
}

/// The view. Entries are shared on cloning; see [`SharedMap`] for the cost.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LearningView {
    /// Units by id.
    pub units: SharedMap<Code, History<UnitFact>>,
    /// Sessions by id.
    pub sessions: SharedMap<Code, History<SessionFact>>,
    /// Practice support by id.
    pub support: SharedMap<Code, History<Support>>,
}

/// A unit that exists on the day of a horizon.
#[derive(Clone, Debug)]
pub struct Unit<'v> {
    /// Its id.
    pub id: &'v Code,
    /// What it is called.
    pub title: &'v str,
    /// The unit that it is a part of.
    pub part_of: Option<&'v Code>,
    /// The registration that says so.
    pub registered: u64,
    /// The latest count of who works there: the day, the event, the numbers.
    pub baseline: Option<(Date, u64, Baseline)>,
    /// The latest count of who has learned: the day, the event, the numbers.
    pub coverage: Option<(Date, u64, &'v LearningCoverageRecorded)>,
}

/// How a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// It is offered, and nobody has said what became of it.
    Unsaid,
    /// It was held, with so many attendances. None: nobody counted.
    Delivered(Option<u32>),
    /// It was not held.
    Cancelled,
}

/// A session from a horizon.
#[derive(Clone, Debug)]
pub struct Session<'v> {
    /// Its id.
    pub id: &'v Code,
    /// What it is called. None: as of its level.
    pub title: Option<&'v str>,
    /// How deep it goes. None: its offer was taken back, or never made.
    pub level: Option<Level>,
    /// What became of it.
    pub came: Came,
    /// The day on which it was held or cancelled; or else the day on which it was to be held.
    pub on: Date,
    /// The event that says what became of it, and the one that offered it.
    pub events: Vec<u64>,
}

impl LearningView {
    /// The units that exist on the day of the horizon, in the order of their ids.
    pub fn units<'v>(&'v self, views: &'v Views, horizon: Horizon) -> Vec<Unit<'v>> {
        self.units.iter().filter_map(|(id, history)| unit(views, id, history, horizon)).collect()
    }

    /// The registrations of each unit that count from the horizon, in their order; the units in the order of their ids.
    pub fn registrations<'v>(
        &'v self,
        views: &Views,
        horizon: Horizon,
    ) -> Vec<(&'v Code, Vec<&'v UnitRegistered>)> {
        let of = |history: &'v History<UnitFact>| {
            let registered = history.all().iter().filter_map(|fact| match &fact.fact {
                UnitFact::Registered(it) if views.sees(fact, horizon) => Some((fact, it.as_ref())),
                _ => None,
            });
            let mut registered: Vec<_> = registered.collect();
            registered.sort_by_key(|(fact, _)| (fact.effective, fact.place));
            registered.into_iter().map(|(_, it)| it).collect()
        };
        self.units.iter().map(|(id, history)| (id, of(history))).collect()
    }

    /// The sessions that are known from the horizon, in the order of their ids.
    pub fn sessions<'v>(&'v self, views: &'v Views, horizon: Horizon) -> impl Iterator<Item = Session<'v>> {
        self.sessions.iter().filter_map(move |(id, history)| session(views, id, history, horizon))
    }
}

/// Whether a registration holds on a day.
pub fn holds(term: &UnitRegistered, day: Date) -> bool {
    term.valid_from <= day && term.valid_to.is_none_or(|last| day <= last)
}

fn unit<'v>(
    views: &Views,
    id: &'v Code,
    history: &'v History<UnitFact>,
    horizon: Horizon,
) -> Option<Unit<'v>> {
    let day = horizon.as_at;
    let (mut unit, mut baseline, mut coverage) = (None, None, None);
    for fact in views.seen(history, horizon) {
        match &fact.fact {
            // No two terms meet: the rules see to it.
            UnitFact::Registered(it) => {
                if holds(it, day) {
                    unit = Some((fact.sequence, it));
                }
            }
            UnitFact::Baseline(it) => baseline = Some((fact.effective, fact.sequence, *it)),
            UnitFact::Coverage(it) => coverage = Some((fact.effective, fact.sequence, it.as_ref())),
        }
    }
    let (registered, it) = unit?;
    let (title, part_of) = (it.title.as_str(), it.part_of.as_ref());
    Some(Unit { id, title, part_of, registered, baseline, coverage })
}

fn session<'v>(
    views: &Views,
    id: &'v Code,
    history: &'v History<SessionFact>,
    horizon: Horizon,
) -> Option<Session<'v>> {
    let seen = views.seen(history, horizon);
    let offer = seen.iter().rev().find_map(|fact| match &fact.fact {
        SessionFact::Offered(it) => Some((fact.sequence, it)),
        _ => None,
    });
    let end = seen.iter().rev().find_map(|fact: &&Dated<SessionFact>| match fact.fact {
        SessionFact::Offered(_) => None,
        SessionFact::Delivered(attendances) => Some((*fact, Came::Delivered(attendances))),
        SessionFact::Cancelled => Some((*fact, Came::Cancelled)),
    });
    let (on, came) = match (end, offer) {
        (Some((fact, came)), _) => (fact.effective, came),
        (None, Some((_, offer))) => (offer.held_on, Came::Unsaid),
        (None, None) => return None,
    };
    let events = end.map(|(fact, _)| fact.sequence).into_iter().chain(offer.map(|(sequence, _)| sequence));
    Some(Session {
        id,
        title: offer.map(|(_, offer)| offer.title.as_str()),
        level: offer.map(|(_, offer)| offer.level),
        came,
        on,
        events: events.collect(),
    })
}

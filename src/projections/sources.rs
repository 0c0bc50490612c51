//! The posting systems: on which days each had something recorded, what it was granted, what it stated of itself, and
//! which system goes on where it ended.
//!
//! Invariant: one entry for a source and a day, however many events it posted, so the view grows with days and not with
//! records. A day is that of the recording: what a source says of itself, and its silence, is about the record and not
//! about the world. How many events a source posted is not kept: of a survey tool that would be a number of people.
//! The service's own events (of the operator, and the opening of the ledger) are no source's.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

use super::Views;
use super::history::{Dated, History, Horizon};
use super::shared::SharedMap;
use crate::domain::command::Recorded;
use crate::domain::event::Payload;
use crate::domain::id::{Code, SourceName};
use crate::domain::irregularity::Irregularity;

/// One thing that was said of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SourceFact {
    /// It was granted something; or, if `nothing`, all was taken from it.
    Granted {
        /// It may post no type of event any more.
        nothing: bool,
    },
    /// It stated what it posted.
    Stated(Stated),
    /// Another system goes on.
    Succeeded(Arc<SourceName>),
}

/// A statement of what a source posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stated {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// The ledger held just that when it took the statement, and did not mark it.
    pub matches: bool,
}

impl SourceFact {
    pub(super) fn of(fact: &Recorded, payload: &Payload) -> Option<Self> {
        Some(match payload {
            Payload::GrantChanged(it) => Self::Granted { nothing: it.types.is_empty() },
            Payload::SourceStatement(it) => Self::Stated(Stated {
                from: it.period_from,
                to: it.period_to,
                matches: !fact.irregularities.contains(&Irregularity::StatementMismatch),
            }),
            Payload::SourceSucceeded(it) => Self::Succeeded(Arc::new(it.to.clone())),
            _ => return None,
        })
    }
}

/// The view. Entries are shared on cloning; see [`SharedMap`] for the cost.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SourcesView {
    /// The first event of each source on each day on which it had one recorded. A source is known by its number.
    days: SharedMap<(u32, Date), u64>,
    /// What was said of each source, by its name.
    pub(super) facts: SharedMap<Code, History<SourceFact>>,
}

/// A day on which a source had something recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The day.
    pub on: Date,
    /// The first of its events on that day.
    pub first: u64,
}

/// One source, as it is known.
#[derive(Clone, Debug, Default)]
pub struct Source<'v> {
    /// The days on which it had something recorded, ascending.
    pub days: Vec<Posted>,
    /// When it was first granted anything, and by which event.
    pub granted: Option<Posted>,
    /// The grant that stands, if it allows nothing: from that day on it may not post.
    pub closed: Option<Posted>,
    /// The system that goes on where it ended; from that day on; the event that says so.
    pub successor: Option<(&'v SourceName, Posted)>,
    /// What it stated: the statement of each period that stands, with its event.
    pub statements: BTreeMap<(Date, Date), (Stated, u64)>,
}

impl SourcesView {
    pub(super) fn posted(&mut self, fact: &Recorded, source: u32, day: Date) {
        let key = (source, day);
        let own = fact.source.as_str() == SourceName::OPERATOR;
        if !own && !matches!(fact.event.payload, Payload::LedgerOpened(_)) && self.days.get(&key).is_none() {
            self.days.set(&key, fact.sequence);
        }
    }

    /// Every source of which something is known among the first `as_known` events, by name; the operator is none.
    pub fn standings<'v>(&'v self, views: &'v Views, as_known: u64) -> BTreeMap<&'v str, Source<'v>> {
        let names: BTreeMap<u32, &str> =
            views.sources.iter().map(|(name, number)| (*number, name.as_str())).collect();
        let mut all: BTreeMap<&'v str, Source<'v>> = BTreeMap::new();
        for ((number, on), first) in self.days.iter().filter(|(_, first)| **first < as_known) {
            if let Some(name) = names.get(number) {
                all.entry(name).or_default().days.push(Posted { on: *on, first: *first });
            }
        }
        let known = Horizon { as_at: Date::MAX, as_known };
        for (name, history) in self.facts.iter().filter(|(name, _)| name.as_str() != SourceName::OPERATOR) {
            // What was said last stands, whatever day it names: a statement or a grant counts from its record on.
            let mut facts = views.seen(history, known);
            facts.sort_by_key(|fact| fact.sequence);
            if !facts.is_empty() {
                let source = all.entry(name.as_str()).or_default();
                for fact in facts {
                    source.learn(views, fact);
                }
            }
        }
        all
    }
}

impl<'v> Source<'v> {
    fn learn(&mut self, views: &Views, fact: &'v Dated<SourceFact>) {
        let recorded = Posted { on: views.recorded_on(fact.sequence), first: fact.sequence };
        match &fact.fact {
            SourceFact::Granted { nothing } => {
                self.granted = self.granted.or(Some(recorded).filter(|_| !nothing));
                self.closed = Some(recorded).filter(|_| *nothing);
            }
            SourceFact::Stated(stated) => {
                self.statements.insert((stated.from, stated.to), (*stated, fact.sequence));
            }
            SourceFact::Succeeded(to) => {
                let since = Posted { on: fact.effective, first: fact.sequence };
                self.successor = self.successor.or(Some((to.as_ref(), since)));
            }
        }
    }

    /// The first day on which the ledger knew of it: by its first event, or by a grant.
    pub fn begins(&self) -> Option<Posted> {
        self.days.first().copied().into_iter().chain(self.granted).min_by_key(|it| (it.on, it.first))
    }

    /// The last day on which it had something recorded, of those up to a day.
    pub fn last(&self, until: Date) -> Option<Posted> {
        self.days.iter().rev().find(|posted| posted.on <= until).copied()
    }

    /// Whether it had something recorded on one of these days, both ends in it.
    pub fn posted_within(&self, from: Date, to: Date) -> bool {
        self.days.iter().any(|posted| from <= posted.on && posted.on <= to)
    }
}

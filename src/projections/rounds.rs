//! Rounds of asking for feedback: when people could speak, and with which choices.
//!
//! Invariant: a round of fewer than [`LEAST_ANONYMOUS`] people has no anonymous way, whatever it says: among so few nobody
//! is unknown. Must not know who answered.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::Views;
use super::history::{History, Horizon};
use super::shared::SharedMap;
use crate::domain::event::{Anonymity, FeedbackSought, Payload, Respondents};
use crate::domain::id::Code;
use crate::domain::value::Label;

/// Among fewer than this nobody is anonymous (DOMAIN §5).
pub const LEAST_ANONYMOUS: u32 = 10;

/// A round, as it was announced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sought {
    /// What it is called.
    pub title: Label,
    /// Who was asked.
    pub respondents: Respondents,
    /// First day.
    pub opens: Date,
    /// Last day.
    pub closes: Date,
    /// How many were asked; none: not counted.
    pub invited: Option<u32>,
    /// The choices that people had.
    pub options: Vec<Anonymity>,
}

impl Sought {
    /// Whether there was a way to answer without being known.
    pub fn has_anonymous_route(&self) -> bool {
        self.options.contains(&Anonymity::Anonymous) && !self.is_too_small()
    }

    /// Whether so few were asked that nobody among them can be unknown.
    pub fn is_too_small(&self) -> bool {
        self.invited.is_some_and(|invited| invited < LEAST_ANONYMOUS)
    }
}

impl From<&FeedbackSought> for Sought {
    fn from(it: &FeedbackSought) -> Self {
        Self {
            title: it.title.clone(),
            respondents: it.respondents,
            opens: it.opens,
            closes: it.closes,
            invited: it.invited,
            options: it.anonymity_options.clone(),
        }
    }
}

/// The view. Entries are shared on cloning; see [`SharedMap`] for the cost.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RoundsView {
    /// Rounds by id.
    pub facts: SharedMap<Code, History<Arc<Sought>>>,
}

/// A round that stands.
#[derive(Clone, Copy, Debug)]
pub struct Round<'v> {
    /// Its id.
    pub id: &'v Code,
    /// As it was announced.
    pub sought: &'v Sought,
    /// The event that announced it.
    pub sequence: u64,
}

impl RoundsView {
    pub(super) fn fact(payload: &Payload) -> Option<Arc<Sought>> {
        match payload {
            Payload::FeedbackSought(it) => Some(Arc::new(Sought::from(it))),
            _ => None,
        }
    }

    /// The rounds that stand from the horizon and had opened by its day, in the order in which they opened.
    pub fn standings<'v>(&'v self, views: &Views, horizon: Horizon) -> Vec<Round<'v>> {
        let latest = |(id, history): (&'v Code, &'v History<Arc<Sought>>)| {
            let fact = views.latest(history, horizon)?;
            Some(Round { id, sought: &fact.fact, sequence: fact.sequence })
        };
        let mut rounds: Vec<_> = self.facts.iter().filter_map(latest).collect();
        rounds.retain(|round| round.sought.opens <= horizon.as_at);
        rounds.sort_by_key(|round| (round.sought.opens, round.sought.closes, round.id));
        rounds
    }
}

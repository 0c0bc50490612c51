//! What the ledger says about itself and its surroundings: genesis, posts, code lists, calendars, settings, pledges.
//!
//! Invariant: nothing is overwritten; each adoption is one more dated fact. Must not know what reports do with it.

use jiff::{civil::Date, tz::TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::sync::Arc;

use super::Views;
use super::history::{History, Horizon};
use super::shared::SharedMap;
use crate::domain::event::{
    CalendarAdopted, CodeListAdopted, CommitmentDisposition, Payload, PledgePublished, PostRegistered,
    ReportSettingsAdopted,
};
use crate::domain::id::Code;
use crate::domain::value::Label;

/// What the first record of the ledger says.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Whose ledger it is.
    pub organisation: Label,
    /// The log's name for ever.
    pub origin: String,
    /// The zone in which days are counted. A name that this build's time-zone database does not have counts as UTC.
    pub zone: TimeZone,
    /// Everything in the ledger is invented.
    pub example_data: bool,
    /// Recorded times were not read from a real clock.
    pub simulated_clock: bool,
}

impl Serialize for Opened {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { organisation, origin, zone, example_data, simulated_clock } = self;
        (organisation, origin, zone.iana_name().unwrap_or("UTC"), example_data, simulated_clock).serialize(to)
    }
}

impl<'de> Deserialize<'de> for Opened {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (organisation, origin, zone, example_data, simulated_clock) = Deserialize::deserialize(from)?;
        let zone: String = zone;
        let zone = TimeZone::get(&zone).map_err(D::Error::custom)?;
        Ok(Self { organisation, origin, zone, example_data, simulated_clock })
    }
}

/// One version of a pledge, without its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PledgeVersion {
    /// What the pledge is called.
    pub title: Label,
    /// 1, 2, 3 …
    pub version: u32,
    /// What became of the commitments of the version before.
    pub dispositions: Vec<CommitmentDisposition>,
}

impl From<&PledgePublished> for PledgeVersion {
    fn from(pledge: &PledgePublished) -> Self {
        Self {
            title: pledge.title.clone(),
            version: pledge.version,
            dispositions: pledge.dispositions.clone(),
        }
    }
}

/// One thing that happened to a post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PostFact {
    /// It was registered for a time.
    Registered(Arc<PostRegistered>),
    /// It ended.
    Retired {
        /// The last day on which it was valid.
        last_day: Date,
    },
}

impl PostFact {
    pub(super) fn of(payload: &Payload) -> Option<Self> {
        Some(match payload {
            Payload::PostRegistered(it) => Self::Registered(Arc::new(it.clone())),
            Payload::PostRetired(it) => Self::Retired { last_day: it.last_day },
            _ => return None,
        })
    }
}

/// A time for which a post is registered.
#[derive(Clone, Copy, Debug)]
pub struct Term<'v> {
    /// What the post is called in it.
    pub title: &'v Label,
    /// First day.
    pub from: Date,
    /// Last day. None: open-ended.
    pub to: Option<Date>,
}

impl LedgerView {
    /// The term of a post that holds on the day of the horizon; or else the last one that had begun by then, or the
    /// first of all.
    pub fn term<'v>(&'v self, views: &Views, post: &Code, horizon: Horizon) -> Option<Term<'v>> {
        let mut terms: Vec<Term<'v>> = Vec::new();
        for fact in views.seen(self.posts.get(post)?, horizon) {
            match &fact.fact {
                PostFact::Registered(it) => {
                    terms.push(Term { title: &it.title, from: it.valid_from, to: it.valid_to });
                    terms.sort_by_key(|term| term.from);
                }
                PostFact::Retired { last_day } => {
                    if let Some(term) = terms.iter_mut().rfind(|term| term.from <= *last_day) {
                        term.to = Some(*last_day);
                    }
                }
            }
        }
        let begun = terms.iter().rfind(|term| term.from <= horizon.as_at);
        begun.or(terms.first()).copied()
    }
}

/// The view. Entries are shared on cloning; see [`SharedMap`] for the cost.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LedgerView {
    /// Posts by code.
    pub posts: SharedMap<Code, History<PostFact>>,
    /// Code lists by name.
    pub code_lists: SharedMap<Code, History<Arc<CodeListAdopted>>>,
    /// Calendars by name.
    pub calendars: SharedMap<Code, History<Arc<CalendarAdopted>>>,
    /// Settings by name; there is one, `reports`.
    pub settings: SharedMap<Code, History<ReportSettingsAdopted>>,
    /// Pledges by id.
    pub pledges: SharedMap<Code, History<Arc<PledgeVersion>>>,
}

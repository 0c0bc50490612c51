//! What the ledger says about itself and its surroundings: genesis, posts, code lists, calendars, settings, pledges.
//!
//! Invariant: nothing is overwritten; each adoption is one more dated fact. Must not know what reports do with it.

use jiff::tz::TimeZone;
use std::sync::Arc;

use super::history::History;
use super::shared::SharedMap;
use crate::domain::event::{
    CalendarAdopted, CodeListAdopted, CommitmentDisposition, PledgePublished, PostRegistered,
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

/// One version of a pledge, without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// The view. Entries are shared on cloning; see [`SharedMap`] for the cost.
#[derive(Clone, Debug, Default)]
pub struct LedgerView {
    /// Posts by code.
    pub posts: SharedMap<Code, History<Arc<PostRegistered>>>,
    /// Code lists by name.
    pub code_lists: SharedMap<Code, History<Arc<CodeListAdopted>>>,
    /// Calendars by name.
    pub calendars: SharedMap<Code, History<Arc<CalendarAdopted>>>,
    /// Settings by name; there is one, `reports`.
    pub settings: SharedMap<Code, History<ReportSettingsAdopted>>,
    /// Pledges by id.
    pub pledges: SharedMap<Code, History<Arc<PledgeVersion>>>,
}

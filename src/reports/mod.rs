//! Reports: questions about a ledger, and their answers. PURE: (views, parameters, stand) → report → bytes.
//!
//! Invariant: the same prefix of the ledger, definition version and parameters give the same bytes, always. Nothing
//! that could change without the ledger (a clock, an environment, an iteration order) comes in. Must not know where
//! views come from or who reads the report.

pub mod compare;
pub mod difference;
pub mod explain;
pub mod period;
pub mod render;
pub mod report;
pub mod trace;

mod attendances;
mod basis;
mod choice;
mod cohort;
mod commitments;
mod definition;
mod disclosure;
mod events;
mod feedback;
mod lateness;
mod learning;
mod memory;
mod name;
mod people;
mod people_points;
mod phrases;
mod policy_changes;
mod reach;
mod release;
mod response_times;
mod restatements;
mod rules;
mod shares;
mod silence;
mod surveys;
#[cfg(test)]
mod tests;
mod text;
mod trust;

use jiff::civil::Date;
use std::sync::Arc;

pub use self::basis::{Basis, basis};
pub use self::compare::{Comparison, compare};
pub use self::definition::Definition;
pub use self::events::Events;
pub use self::memory::Memory;
pub use self::name::{ReportName, number_of};
pub use self::period::Period;
pub use self::render::{Content, Format, canonical, print, render, workbook};
pub use self::report::{Column, Figure, FigureStatus, Report, Row, Table};
#[cfg(test)]
pub(crate) use self::tests::sample;
pub use self::text::Text;
use crate::domain::value::Sha256;
use crate::projections::Views;
use crate::projections::history::Horizon;
use crate::projections::ledger::Opened;

/// From where, and about when, a report is worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// What had happened by the end of this local day.
    pub as_at: Date,
    /// What the ledger held: its first so many events.
    pub as_known: u64,
    /// What it is about.
    pub period: Period,
    /// R10 alone: what had been known at the report before, as the ledger's first so many events. None: at the last
    /// report that was issued.
    pub since: Option<u64>,
    /// R12 alone: after how many days without an event somebody is called silent. None: [`DAYS_OF_SILENCE`].
    pub days: Option<u32>,
}

/// After how many days without an event R12 speaks of silence, unless it is told otherwise: a quarter.
pub const DAYS_OF_SILENCE: u32 = 90;

impl Parameters {
    /// What is asked of every report.
    pub const fn new(as_at: Date, as_known: u64, period: Period) -> Self {
        Self { as_at, as_known, period, since: None, days: None }
    }

    /// The two filters of it.
    pub const fn horizon(&self) -> Horizon {
        Horizon { as_at: self.as_at, as_known: self.as_known }
    }
}

/// What the ledger is called, and what stood in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stand {
    /// `ledgers/<name>`.
    pub ledger: String,
    /// The Merkle root of the first `as_known` records.
    pub root: Sha256,
}

/// Why there is no report.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReportable {
    /// More events are asked for than the views hold.
    #[error(
        "as known {as_known} is beyond the head: the ledger's views hold {size} events; ask for at most {size}"
    )]
    BeyondHead {
        /// What was asked.
        as_known: u64,
        /// What is held.
        size: u64,
    },
    /// The first record is not among the events asked for, so nobody can say whose ledger it is.
    #[error("nothing is known about this ledger at that position; ask for at least 1 event")]
    NotOpened,
}

/// Works out one report.
pub fn report(
    name: ReportName,
    views: &Views,
    parameters: &Parameters,
    stand: &Stand,
) -> Result<Report, NotReportable> {
    let opened = opened(views, parameters)?;
    let memory = Memory::default();
    let body = memory.body(name, views, parameters);
    drop(memory);
    Ok(written(name, (views, opened), parameters, stand, Arc::unwrap_or_clone(body)))
}

/// The same report, of which anything may have been worked out before.
pub fn remembered(
    memory: &Memory,
    name: ReportName,
    views: &Views,
    parameters: &Parameters,
    stand: &Stand,
) -> Result<Report, NotReportable> {
    let opened = opened(views, parameters)?;
    let body = memory.body(name, views, parameters);
    Ok(written(name, (views, opened), parameters, stand, Arc::unwrap_or_clone(body)))
}

fn opened<'v>(views: &'v Views, parameters: &Parameters) -> Result<&'v Opened, NotReportable> {
    if parameters.as_known > views.size() {
        return Err(NotReportable::BeyondHead { as_known: parameters.as_known, size: views.size() });
    }
    views.opened().filter(|_| parameters.as_known > 0).ok_or(NotReportable::NotOpened)
}

/// A body with everything that says whose it is and where it stands.
fn written(
    name: ReportName,
    (views, opened): (&Views, &Opened),
    parameters: &Parameters,
    stand: &Stand,
    Body { figures, tables, mut notes }: Body,
) -> Report {
    if opened.simulated_clock {
        notes.push("The times in this ledger were not read from a real clock.".to_owned());
    }
    Report {
        ledger: stand.ledger.clone(),
        organisation: opened.organisation.to_string(),
        example_data: opened.example_data,
        code: name.code().to_owned(),
        title: name.title().to_owned(),
        definition_version: name.definition_version().to_owned(),
        as_at: parameters.as_at,
        as_known: parameters.as_known,
        root_hash: stand.root,
        period: parameters.period.to_string(),
        figures,
        tables,
        notes,
        known_until: views.known_until_at(parameters.as_known),
        since: parameters.since,
        days: parameters.days,
    }
}

/// Works out the part of a report that is its own.
fn work_out(name: ReportName, views: &Views, parameters: &Parameters, memory: &Memory) -> Body {
    match name {
        ReportName::Commitments => commitments::body(views, parameters),
        ReportName::Lateness => lateness::body(views, parameters),
        ReportName::Feedback => feedback::body(views, parameters, memory),
        ReportName::ResponseTimes => response_times::body(views, parameters, memory),
        ReportName::PolicyChanges => policy_changes::body(views, parameters, memory),
        ReportName::Learning => learning::body(views, parameters),
        ReportName::Reach => reach::body(views, parameters),
        ReportName::Surveys => surveys::body(views, parameters),
        ReportName::Choice => choice::body(views, parameters, memory),
        ReportName::Restatements => restatements::body(views, parameters, memory),
        ReportName::Trust => trust::body(views, parameters),
        ReportName::Silence => silence::body(views, parameters),
    }
}

/// What each report works out by itself.
#[derive(Clone, Default)]
struct Body {
    figures: Vec<Figure>,
    tables: Vec<Table>,
    notes: Vec<String>,
}

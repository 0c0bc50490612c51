//! Reports: questions about a ledger, and their answers. PURE: (views, parameters, stand) → report → bytes.
//!
//! Invariant: the same prefix of the ledger, definition version and parameters give the same bytes, always. Nothing
//! that could change without the ledger (a clock, an environment, an iteration order) comes in. Must not know where
//! views come from or who reads the report.

pub mod period;
pub mod render;
pub mod report;

mod commitments;
mod disclosure;
mod lateness;
mod people;
mod phrases;
mod policy_changes;
#[cfg(test)]
mod tests;

use jiff::civil::Date;

pub use self::commitments::DEFINITION_VERSION as COMMITMENTS_DEFINITION;
pub use self::lateness::DEFINITION_VERSION as LATENESS_DEFINITION;
pub use self::period::Period;
pub use self::policy_changes::DEFINITION_VERSION as POLICY_CHANGES_DEFINITION;
pub use self::render::{Format, render};
pub use self::report::{Column, Figure, FigureStatus, Report, Row, Table};
use crate::domain::value::{Invalid, Sha256};
use crate::projections::Views;
use crate::projections::history::Horizon;

/// The reports there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReportName {
    /// R1: are we keeping each line of the pledge?
    Commitments,
    /// R2: what is late, against the first date we gave?
    Lateness,
    /// R5: which policies changed, and because of what?
    PolicyChanges,
}

impl ReportName {
    /// Every report, in the order of the codes.
    pub const ALL: [Self; 3] = [Self::Commitments, Self::Lateness, Self::PolicyChanges];

    /// Parses a code or a name, in small or capital letters: `r2`, `R2`, `lateness`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let asked = text.to_ascii_lowercase();
        let mut all = Self::ALL.into_iter();
        all.find(|name| name.slug() == asked || name.code().to_ascii_lowercase() == asked).ok_or(
            Invalid::new("not a report", "ask for r1 (commitments), r2 (lateness) or r5 (policy-changes)"),
        )
    }

    /// Its code: `R1`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Commitments => "R1",
            Self::Lateness => "R2",
            Self::PolicyChanges => "R5",
        }
    }

    /// Its name in addresses and on the command line: `commitments`.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Commitments => "commitments",
            Self::Lateness => "lateness",
            Self::PolicyChanges => "policy-changes",
        }
    }

    /// The question that it answers.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Commitments => "Are we keeping each line of the pledge?",
            Self::Lateness => "What is late, against the first date we gave?",
            Self::PolicyChanges => "Which policies changed, and because of what?",
        }
    }

    /// The newest version of the definitions of the report of that code; none if this version has no such report.
    pub fn newest_definition(code: &str) -> Option<u32> {
        let version = Self::parse(code).ok()?.definition_version();
        version.rsplit('/').next()?.parse().ok()
    }

    /// Which definitions it is worked out by. It changes whenever the same facts would give another output.
    pub const fn definition_version(self) -> &'static str {
        match self {
            Self::Commitments => COMMITMENTS_DEFINITION,
            Self::Lateness => LATENESS_DEFINITION,
            Self::PolicyChanges => POLICY_CHANGES_DEFINITION,
        }
    }
}

/// From where, and about when, a report is worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// What had happened by the end of this local day.
    pub as_at: Date,
    /// What the ledger held: its first so many events.
    pub as_known: u64,
    /// What it is about.
    pub period: Period,
}

impl Parameters {
    const fn horizon(&self) -> Horizon {
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
    if parameters.as_known > views.size() {
        return Err(NotReportable::BeyondHead { as_known: parameters.as_known, size: views.size() });
    }
    let opened = views.opened().filter(|_| parameters.as_known > 0).ok_or(NotReportable::NotOpened)?;
    let body = match name {
        ReportName::Commitments => commitments::body(views, parameters),
        ReportName::Lateness => lateness::body(views, parameters),
        ReportName::PolicyChanges => policy_changes::body(views, parameters),
    };
    let mut notes = body.notes;
    if opened.simulated_clock {
        notes.push("The times in this ledger were not read from a real clock.".to_owned());
    }
    Ok(Report {
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
        figures: body.figures,
        tables: body.tables,
        notes,
        known_until: views.known_until_at(parameters.as_known),
    })
}

/// What each report works out by itself.
struct Body {
    figures: Vec<Figure>,
    tables: Vec<Table>,
    notes: Vec<String>,
}

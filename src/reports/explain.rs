//! What stands behind a figure: its definition, the release point if it is about people, and its events. PURE.
//!
//! Invariant: a reader is never led to an event about people ([`is_of_people`]), and is told nothing of how many such
//! events there are: a figure about people is *held for auditors*, be there one event behind it or a hundred. Must not
//! know how events are read, nor who is asking.

use std::fmt;

use super::period::Period;
use super::report::{Figure, FigureStatus, Report};
use super::rules::{Rule, holds};
use super::{Parameters, ReportName};
use crate::domain::id::{Kind, Subject};
use crate::projections::Views;
use crate::projections::feedback::FeedbackFact;
use crate::projections::history::History;
use crate::projections::releases::Point;

/// For whom something is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Eyes {
    /// A reader of reports: nothing that leads to a person.
    Reader,
    /// An auditor: every record.
    Auditor,
}

/// Whether events about this subject are for auditors alone: items of feedback, and requests to erase.
pub const fn is_of_people(subject: &Subject) -> bool {
    matches!(subject.kind(), Kind::Feedback | Kind::Erasure)
}

/// Which figure is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A headline, by its id.
    Headline(String),
    /// A cell of a table.
    Cell {
        /// The table's id.
        table: String,
        /// The row's subject; or `#3`, the third row.
        row: String,
        /// The column's id.
        column: String,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Headline(id) => f.write_str(id),
            Self::Cell { table, row, column } => write!(f, "{table} {row} {column}"),
        }
    }
}

/// The release point from which figures about people are worked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Released {
    /// Its id.
    pub id: String,
    /// As at the end of that day.
    pub on: jiff::civil::Date,
    /// As known: the ledger's first so many events.
    pub position: u64,
    /// The event that declared it.
    pub sequence: u64,
}

impl From<&Point<'_>> for Released {
    fn from(point: &Point<'_>) -> Self {
        Self { id: point.id.to_string(), on: point.on, position: point.position, sequence: point.sequence }
    }
}

/// What stands behind a figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The figure, as the report has it.
    pub figure: Figure,
    /// What its words mean; of a figure whose words are explained together with others, all that the report explains.
    pub terms: Vec<(&'static str, &'static str)>,
    /// Of a report about people: the release point.
    pub point: Option<Released>,
    /// Something is behind it that only auditors may see.
    pub held_for_auditors: bool,
    /// The events behind it, ascending. Whoever opens them leaves out those of people for a reader, who is told then that
    /// something is held.
    pub events: Vec<u64>,
}

/// Why there is no explanation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotExplained {
    /// There is no such headline.
    #[error("{report} has no figure {asked}; it has {known}")]
    NoFigure {
        /// The report's code.
        report: String,
        /// What was asked.
        asked: String,
        /// What there is.
        known: String,
    },
    /// There is no such table.
    #[error("{report} has no table {asked}; it has {known}")]
    NoTable {
        /// The report's code.
        report: String,
        /// What was asked.
        asked: String,
        /// What there is.
        known: String,
    },
    /// The table has no such column.
    #[error("{table} has no column {asked}; it has {known}")]
    NoColumn {
        /// The table's id.
        table: String,
        /// What was asked.
        asked: String,
        /// What there is.
        known: String,
    },
    /// The table has no such row.
    #[error(
        "{table} has no row {asked}; give a row's subject as the report prints it, or #1 for the first row"
    )]
    NoRow {
        /// The table's id.
        table: String,
        /// What was asked.
        asked: String,
    },
}

/// Explains a figure of a report that was worked out from these views and parameters.
pub fn explain(
    (name, report): (ReportName, &Report),
    views: &Views,
    parameters: &Parameters,
    (place, eyes): (&Place, Eyes),
) -> Result<Explanation, NotExplained> {
    let figure = find(report, place)?.clone();
    let points =
        if name.is_about_people() { views.releases.points(parameters.horizon()) } else { Vec::new() };
    let point = points.last();
    let of_people = (name.is_about_people() && figure.events.is_empty() && point.is_some())
        || figure.status == FigureStatus::Suppressed;
    let eyes = if holds(Rule::DrillDown) { eyes } else { Eyes::Auditor };
    let mut events = figure.events.clone();
    match (eyes, point) {
        (Eyes::Reader, _) if of_people => events.clear(),
        (Eyes::Auditor, Some(point)) if of_people => events.extend(of_cohort(views, name, parameters, point)),
        _ => {}
    }
    events.sort_unstable();
    events.dedup();
    Ok(Explanation {
        terms: terms(name, &figure),
        point: point.map(Released::from),
        held_for_auditors: of_people && eyes == Eyes::Reader,
        figure,
        events,
    })
}

fn find<'r>(report: &'r Report, place: &Place) -> Result<&'r Figure, NotExplained> {
    let code = || report.code.clone();
    match place {
        Place::Headline(id) => {
            report.figures.iter().find(|figure| figure.id == *id).ok_or_else(|| NotExplained::NoFigure {
                report: code(),
                asked: id.clone(),
                known: list(report.figures.iter().map(|figure| figure.id.as_str())),
            })
        }
        Place::Cell { table: asked, row: wanted, column } => {
            let table = report.tables.iter().find(|table| table.id == *asked).ok_or_else(|| {
                let known = list(report.tables.iter().map(|table| table.id.as_str()));
                NotExplained::NoTable { report: code(), asked: asked.clone(), known }
            })?;
            let at = table.columns.iter().position(|it| it.id == *column).ok_or_else(|| {
                let known = list(table.columns.iter().map(|column| column.id.as_str()));
                NotExplained::NoColumn { table: asked.clone(), asked: column.clone(), known }
            })?;
            let number = wanted.strip_prefix('#').and_then(|number| number.parse::<usize>().ok());
            let row = match number {
                Some(number) => number.checked_sub(1).and_then(|index| table.rows.get(index)),
                None => table.rows.iter().find(|row| row.subject == *wanted),
            };
            row.and_then(|row| row.cells.get(at))
                .ok_or_else(|| NotExplained::NoRow { table: asked.clone(), asked: wanted.clone() })
        }
    }
}

fn list<'a>(ids: impl Iterator<Item = &'a str>) -> String {
    let ids: Vec<_> = ids.collect();
    if ids.is_empty() { "none".to_owned() } else { ids.join(", ") }
}

/// The terms that are called what the figure is called; if none is, all of the report's.
fn terms(name: ReportName, figure: &Figure) -> Vec<(&'static str, &'static str)> {
    let all = name.definition().terms;
    let own = |word: &str| word.eq_ignore_ascii_case(&figure.label);
    let own: Vec<_> = all.iter().copied().filter(|(word, _)| own(word)).collect();
    if own.is_empty() { all.to_vec() } else { own }
}

/// Every event of the feedback from which the counts of a report are made: that received in the financial year, as it
/// was known at the release point. Which of them is behind one part, its neighbours tell; so they are given together.
fn of_cohort(views: &Views, name: ReportName, parameters: &Parameters, point: &Point<'_>) -> Vec<u64> {
    if !matches!(name, ReportName::Feedback | ReportName::ResponseTimes | ReportName::Choice) {
        return Vec::new();
    }
    let year = Period::financial_year_of(parameters.period.first_day());
    let horizon = point.horizon();
    let received = |fact: &FeedbackFact| matches!(fact, FeedbackFact::Received(_));
    let cohort = views.feedback.items.iter().map(|(_, history)| history).filter(|history| {
        let receipt = views.last_or_voided(history, horizon, received);
        receipt.is_some_and(|(fact, _)| year.contains(fact.effective))
    });
    let facts = cohort.flat_map(History::all);
    facts.filter(|fact| Views::within(fact, horizon)).map(|fact| fact.sequence).collect()
}

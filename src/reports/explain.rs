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
use crate::domain::event::Respondents;
use crate::domain::id::{Kind, Subject};
use crate::projections::Views;
use crate::projections::erasures::ErasureFact;
use crate::projections::feedback::{FeedbackFact, FeedbackView};
use crate::projections::history::{History, Horizon};
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
    let behind = point.map(|point| Behind::of(name, place, &figure, point)).unwrap_or_default();
    let of_people = behind != Behind::Named || figure.status == FigureStatus::Suppressed;
    let eyes = if holds(Rule::DrillDown) { eyes } else { Eyes::Auditor };
    let mut events = figure.events.to_vec();
    match (eyes, point) {
        (Eyes::Reader, _) if of_people => events.clear(),
        (Eyes::Auditor, Some(point)) => events.extend(behind.events(views, parameters, point)),
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

/// What of people is behind a figure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Behind {
    /// Nothing but the events that the figure itself names.
    #[default]
    Named,
    /// The items of feedback of one group, or of everybody. A released number rests on all of them, whatever part it
    /// counts: which parts are shown, and which keep an old value, is decided over the whole group.
    Items(Option<Respondents>),
    /// The requests to erase.
    Erasures,
}

impl Behind {
    fn of(name: ReportName, place: &Place, figure: &Figure, point: &Point<'_>) -> Self {
        let own = figure.events.iter().any(|event| *event != point.sequence);
        if own || !matches!(name, ReportName::Feedback | ReportName::ResponseTimes | ReportName::Choice) {
            return Self::Named;
        }
        let said = place.to_string();
        let mut words = said.split(|c: char| !c.is_ascii_alphanumeric());
        let is_of_items = |said: &str| said.starts_with("r9.choices") || said == "r9.withdrawn";
        match said.as_str() {
            "r9.days_to_erase" => Self::Erasures,
            // About rounds, or about the reports themselves.
            said if name == ReportName::Choice && !is_of_items(said) => Self::Named,
            // Ids, rows or columns name the group; a number about both names neither.
            _ => Self::Items(words.find_map(|word| match word {
                "staff" => Some(Respondents::Staff),
                "partners" => Some(Respondents::Partners),
                _ => None,
            })),
        }
    }

    /// Their events: of those received, or asked for, in the financial year, as they were known at the release point.
    fn events(self, views: &Views, parameters: &Parameters, point: &Point<'_>) -> Vec<u64> {
        let year = Period::financial_year_of(parameters.period.first_day());
        let horizon = point.horizon();
        match self {
            Self::Named => Vec::new(),
            Self::Items(who) => {
                let received = |fact: &FeedbackFact| matches!(fact, FeedbackFact::Received(_));
                let items = views.feedback.items.iter().map(|(_, history)| history).filter(|history| {
                    let receipt = views.last_or_voided(history, horizon, received);
                    let whose = || FeedbackView::respondents_in(views, horizon, history);
                    receipt.is_some_and(|(fact, _)| year.contains(fact.effective))
                        && who.is_none_or(|who| whose() == Some(who))
                });
                seen(items, horizon)
            }
            Self::Erasures => {
                let requested = |fact: &ErasureFact| *fact == ErasureFact::Requested;
                let requests = views.erasures.facts.iter().map(|(_, history)| history).filter(|history| {
                    let request = views.last_or_voided(history, horizon, requested);
                    request.is_some_and(|(fact, _)| year.contains(fact.effective))
                });
                seen(requests, horizon)
            }
        }
    }
}

/// The events of these histories that are seen from a horizon.
fn seen<'v, F: 'v>(histories: impl Iterator<Item = &'v History<F>>, horizon: Horizon) -> Vec<u64> {
    let facts = histories.flat_map(History::all);
    facts.filter(|fact| Views::within(fact, horizon)).map(|fact| fact.sequence).collect()
}

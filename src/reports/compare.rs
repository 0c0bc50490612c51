//! One report's headlines side by side: several periods of one ledger, or several ledgers at stated positions. PURE.
//!
//! Invariant: a column says what its report says and nothing more. Nothing is ranked, added up, subtracted or turned into
//! another share: what a report holds back stays held back, and no small difference between counts of people is worked out.
//! Columns stand in the order in which they were asked for. Must not know where reports come from.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::phrases::{count, short_day};
use super::report::{Column, Figure, FigureStatus, Report, Table};
use super::text::Text;
use crate::domain::value::Sha256;

/// A comparison, as it is rendered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Of which report: `R2`.
    pub code: String,
    /// The question that it answers.
    pub title: String,
    /// Which definitions every column was worked out by.
    pub definition_version: String,
    /// The activity in one of the ledgers at least is invented.
    pub example_data: bool,
    /// Where each column stands, in the order asked for.
    pub columns: Vec<Stood>,
    /// The headlines, one row each; and what is compared.
    pub tables: Vec<Table>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Where one column stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stood {
    /// What stands above it: the period, or the ledger.
    pub label: String,
    /// `ledgers/…`.
    pub ledger: String,
    /// Whose ledger.
    pub organisation: String,
    /// The activity in that ledger is invented.
    pub example_data: bool,
    /// Such as `2025-26`.
    pub period: String,
    /// What had happened by the end of this local day.
    pub as_at: Date,
    /// What that ledger held: its first so many events.
    pub as_known: u64,
    /// The Merkle root of those events.
    #[serde(serialize_with = "super::report::to_hex", deserialize_with = "super::report::from_hex")]
    pub root_hash: Sha256,
    /// When the newest of those events was recorded.
    pub known_until: Option<Timestamp>,
}

/// Why reports cannot stand side by side.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotComparable {
    /// There is nothing to compare.
    #[error("there is {0} to compare; name two at least")]
    TooFew(usize),
    /// They answer different questions, or mean different things by the same words.
    #[error("{0} and {1} are other definitions: figures of the same name may mean different things")]
    OtherDefinition(String, String),
    /// One of them stands there twice.
    #[error("{0} stands there twice; name each once")]
    Twice(String),
}

/// Sets reports side by side, each under its label.
pub fn compare(reports: &[(String, Report)]) -> Result<Comparison, NotComparable> {
    let [(_, first), rest @ ..] = reports else { return Err(NotComparable::TooFew(0)) };
    if rest.is_empty() {
        return Err(NotComparable::TooFew(1));
    }
    for (index, (label, report)) in reports.iter().enumerate() {
        if report.definition_version != first.definition_version {
            let (one, other) = (first.definition_version.clone(), report.definition_version.clone());
            return Err(NotComparable::OtherDefinition(one, other));
        }
        if reports.iter().take(index).any(|(other, _)| other == label) {
            return Err(NotComparable::Twice(label.clone()));
        }
    }
    Ok(Comparison {
        code: first.code.clone(),
        title: first.title.clone(),
        definition_version: first.definition_version.clone(),
        example_data: reports.iter().any(|(_, report)| report.example_data),
        columns: reports.iter().map(|(label, report)| stood(label, report)).collect(),
        tables: vec![headlines(reports), compared(reports)],
        notes: notes(reports),
    })
}

fn stood(label: &str, report: &Report) -> Stood {
    Stood {
        label: label.to_owned(),
        ledger: report.ledger.clone(),
        organisation: report.organisation.clone(),
        example_data: report.example_data,
        period: report.period.clone(),
        as_at: report.as_at,
        as_known: report.as_known,
        root_hash: report.root_hash,
        known_until: report.known_until,
    }
}

/// One row a headline, in the order of the reports; what only some have stands behind what comes before it there.
fn headlines<'r>(reports: &'r [(String, Report)]) -> Table {
    let code = reports.first().map_or_else(String::new, |(_, report)| report.code.to_lowercase());
    let mut table =
        Table::new(&format!("{code}.compared"), "Side by side", "The report has no headline figure.", &[]);
    table.columns.push(Column { id: Text::said("figure"), label: Text::said("Figure") });
    for (index, (label, _)) in reports.iter().enumerate() {
        table
            .columns
            .push(Column { id: format!("column_{}", index + 1).into(), label: label.as_str().into() });
    }
    for (id, label) in rows(reports) {
        let found = |report: &'r Report| report.figures.iter().find(|figure| figure.id == id);
        let figures: Vec<Option<&Figure>> = reports.iter().map(|(_, report)| found(report)).collect();
        let mut units: Vec<&str> = figures.iter().flatten().map(|it| it.unit.as_str()).collect();
        units.retain(|unit| !unit.is_empty());
        units.sort_unstable();
        units.dedup();
        // A unit that is the same for all is said once, beside the label.
        let (label, said) = match units.as_slice() {
            [unit] => (format!("{label} ({unit})"), true),
            _ => (label.to_owned(), false),
        };
        let none = || Figure::not_applicable("Not a figure of this report");
        let mut cells = vec![Figure::words(label)];
        cells.extend(figures.into_iter().map(|it| it.map_or_else(none, |it| cell(it, said))));
        table.push(id.to_owned(), cells);
    }
    table
}

fn rows(reports: &[(String, Report)]) -> Vec<(&str, &str)> {
    let mut rows: Vec<(&str, &str)> = Vec::new();
    for (_, report) in reports {
        let mut at = 0;
        for figure in &report.figures {
            if let Some(found) = rows.iter().position(|(id, _)| *id == figure.id) {
                at = found + 1;
            } else {
                rows.insert(at, (&figure.id, &figure.label));
                at += 1;
            }
        }
    }
    rows
}

/// A headline without its sentence, and without its unit if that is said already: the row says what it is about. Nothing is
/// derived that the report does not say.
fn cell(figure: &Figure, unit_is_said: bool) -> Figure {
    let unit = match figure.unit.as_str() {
        "" => String::new(),
        _ if unit_is_said => String::new(),
        unit => format!(" {unit}"),
    };
    let text = match (figure.status, figure.number, figure.numerator, figure.denominator) {
        (FigureStatus::Given, Some(number), Some(part), Some(whole)) if is(number, part) => {
            format!("{part} of {whole}{unit}").into()
        }
        (FigureStatus::Given, Some(number), Some(part), Some(whole)) => {
            format!("{number}{unit} ({part} of {whole})").into()
        }
        (FigureStatus::Given, Some(number), ..) => format!("{number}{unit}").into(),
        _ => figure.text.clone(),
    };
    Figure { text, ..figure.clone() }
}

fn is(number: f64, part: u64) -> bool {
    (number - part as f64).abs() < f64::EPSILON
}

/// Whose columns they are, and where they stand.
fn compared(reports: &[(String, Report)]) -> Table {
    let mut table = Table::new(
        "compared",
        "What is compared",
        "Nothing is compared.",
        &[
            ("column", "Column"),
            ("organisation", "Organisation"),
            ("period", "Period"),
            ("as_at", "As at"),
            ("as_known", "As known"),
            ("ledger", "Ledger"),
            ("root_hash", "Root hash"),
        ],
    );
    for (label, report) in reports {
        let example = if report.example_data { " (example data)" } else { "" };
        let cells = vec![
            Figure::words(label.as_str()),
            Figure::words(format!("{}{example}", report.organisation)),
            Figure::words(report.period.as_str()),
            Figure::words(short_day(report.as_at)),
            Figure::number(report.as_known, "events", count(report.as_known, "event", "events")),
            Figure::words(report.ledger.as_str()),
            Figure::words(report.root_hash.to_string()),
        ];
        table.push(report.ledger.clone(), cells);
    }
    table
}

fn notes(reports: &[(String, Report)]) -> Vec<String> {
    let mut notes = vec![
        "Each column is a report of its own and says no more than that report. The columns stand in the order in which \
         they were asked for: nothing is ranked."
            .to_owned(),
        "Nothing is added up or subtracted across columns, so that no count of people that is held back can be worked \
         out, and no small difference is made much of."
            .to_owned(),
    ];
    let ledgers =
        reports.iter().any(|(_, report)| reports.first().is_some_and(|(_, it)| it.ledger != report.ledger));
    if ledgers {
        notes.push(
            "Organisations differ in size, in pledge and in how much they record. More that is late may be more that is \
             told."
                .to_owned(),
        );
    }
    for (_, report) in reports {
        for note in &report.notes {
            if !notes.contains(note) {
                notes.push(note.clone());
            }
        }
    }
    notes
}

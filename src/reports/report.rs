//! What a report is: figures, tables and notes, mirrored field by field from `report.proto`.
//!
//! Invariant: a value that is not given says why (`[c]`, `[x]`, `[z]`); there is no blank and no zero in its place. A
//! figure's text stands alone: at the top of a report it is a sentence, in a table a few words. Must not know how it
//! will look.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt::Display;

use super::events::Events;
use super::text::Text;
use crate::domain::value::Sha256;

/// Whether there is a value, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FigureStatus {
    /// There is one.
    Given,
    /// `[c]`: held back to protect people.
    Suppressed,
    /// `[x]`: not available.
    NotAvailable,
    /// `[z]`: not applicable.
    NotApplicable,
}

impl FigureStatus {
    /// What stands in front of the text in print. Nothing if the value is given.
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Given => "",
            Self::Suppressed => "[c]",
            Self::NotAvailable => "[x]",
            Self::NotApplicable => "[z]",
        }
    }
}

/// One figure: a headline, or a cell of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Stable, such as `r2.late_against_first_due`; in a table, the column's id.
    pub id: Text,
    /// What it is called.
    pub label: Text,
    /// Whether there is a value.
    pub status: FigureStatus,
    /// As it is printed, after the status's mark.
    pub text: Text,
    /// The value, in `unit`s.
    pub number: Option<f64>,
    /// The number's unit, such as `days`. Empty without a number.
    pub unit: Text,
    /// Of a share: how many …
    pub numerator: Option<u64>,
    /// … of how many.
    pub denominator: Option<u64>,
    /// The sequences of the events behind it, ascending.
    pub events: Events,
}

impl Figure {
    /// A value in words alone.
    pub fn words(text: impl Into<Text>) -> Self {
        Self::with_status(FigureStatus::Given, text)
    }

    /// A number and how it is said.
    pub fn number(number: u64, unit: impl Into<Text>, text: impl Into<Text>) -> Self {
        Self { number: Some(number as f64), unit: unit.into(), ..Self::words(text) }
    }

    /// How many of how many, and how it is said. The number is the numerator.
    pub fn share(numerator: u64, denominator: u64, unit: impl Into<Text>, text: impl Into<Text>) -> Self {
        Self {
            numerator: Some(numerator),
            denominator: Some(denominator),
            ..Self::number(numerator, unit, text)
        }
    }

    /// No value, and why.
    pub fn with_status(status: FigureStatus, text: impl Into<Text>) -> Self {
        Self {
            id: Text::default(),
            label: Text::default(),
            status,
            text: text.into(),
            number: None,
            unit: Text::default(),
            numerator: None,
            denominator: None,
            events: Events::NONE,
        }
    }

    /// Not available: `[x]`.
    pub fn not_available(text: impl Into<Text>) -> Self {
        Self::with_status(FigureStatus::NotAvailable, text)
    }

    /// Not applicable: `[z]`.
    pub fn not_applicable(text: impl Into<Text>) -> Self {
        Self::with_status(FigureStatus::NotApplicable, text)
    }

    /// The same, named.
    #[must_use]
    pub fn named(mut self, id: &str, label: &str) -> Self {
        (self.id, self.label) = (id.into(), label.into());
        self
    }

    /// The same, with the events behind it.
    #[must_use]
    pub fn from_events(mut self, events: impl IntoIterator<Item = u64>) -> Self {
        self.events = Events::of(events);
        self
    }

    /// The same, with the same events behind it as behind another.
    #[must_use]
    pub fn sharing(mut self, events: &Events) -> Self {
        self.events = events.clone();
        self
    }

    /// As it is printed: the status's mark, if there is one, and the text.
    pub fn printed(&self) -> String {
        match (self.status.mark(), self.text.as_str()) {
            ("", text) => text.to_owned(),
            (mark, "") => mark.to_owned(),
            (mark, text) => format!("{mark} {text}"),
        }
    }
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Stable, such as `first_due`.
    pub id: Text,
    /// What stands above it.
    pub label: Text,
}

/// A row of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What it is about, such as `action/rest-spaces`.
    pub subject: Text,
    /// One for each column.
    pub cells: Vec<Figure>,
}

/// A table. Columns stand in the order of their weight, so that a narrow rendering may leave out the last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Stable, such as `r2.actions`.
    pub id: String,
    /// What stands above it.
    pub title: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows.
    pub rows: Vec<Row>,
    /// What it means that there is no row, in a sentence.
    pub when_empty: String,
}

impl Table {
    /// An empty table.
    pub fn new(id: &str, title: &str, when_empty: &str, columns: &[(&'static str, &'static str)]) -> Self {
        let column = |&(id, label): &(&'static str, &'static str)| Column {
            id: Text::said(id),
            label: Text::said(label),
        };
        Self {
            id: id.to_owned(),
            title: title.to_owned(),
            columns: columns.iter().map(column).collect(),
            rows: Vec::new(),
            when_empty: when_empty.to_owned(),
        }
    }

    /// Adds a row of which all cells have the same events behind them.
    pub fn push_behind(&mut self, subject: impl Display, events: &Events, mut cells: Vec<Figure>) {
        for cell in &mut cells {
            cell.events = events.clone();
        }
        self.push(subject, cells);
    }

    /// Adds a row; each cell takes its column's id and label.
    pub fn push(&mut self, subject: impl Display, mut cells: Vec<Figure>) {
        debug_assert_eq!(cells.len(), self.columns.len(), "one cell for each column");
        cells.truncate(self.columns.len());
        for (column, cell) in self.columns.iter().zip(&mut cells) {
            (cell.id, cell.label) = (column.id.clone(), column.label.clone());
        }
        self.rows.push(Row { subject: Text::from(format_args!("{subject}")), cells });
    }
}

/// A report: a pure function of a prefix of the ledger, the definition version and the parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The ledger's name, `ledgers/…`.
    pub ledger: String,
    /// Whose ledger it is.
    pub organisation: String,
    /// The activity in it is invented; every output says so.
    pub example_data: bool,
    /// `R2`.
    pub code: String,
    /// The question that it answers.
    pub title: String,
    /// Which definitions it was worked out by, such as `r2/1`.
    pub definition_version: String,
    /// What had happened by the end of this local day.
    pub as_at: Date,
    /// What the ledger held: its first so many events.
    pub as_known: u64,
    /// The Merkle root of those events.
    #[serde(serialize_with = "to_hex", deserialize_with = "from_hex")]
    pub root_hash: Sha256,
    /// Such as `2025-26` or `2025-26 Q3`.
    pub period: String,
    /// The headlines; the first is the answer.
    pub figures: Vec<Figure>,
    /// What they are made of.
    pub tables: Vec<Table>,
    /// What a reader must know to read the figures rightly.
    pub notes: Vec<String>,
    /// When the newest of those events was recorded.
    pub known_until: Option<Timestamp>,
    /// R10: against which position it was asked to compare. None: it found one itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
    /// R12: after how many days of silence it was asked to speak. None: as many as usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
}

impl Report {
    /// How many figures and cells are held back to protect people.
    pub fn suppressed(&self) -> usize {
        let cells = self.tables.iter().flat_map(|table| &table.rows).flat_map(|row| &row.cells);
        let held = cells.chain(&self.figures).filter(|figure| figure.status == FigureStatus::Suppressed);
        held.count()
    }
}

pub(super) fn to_hex<S: Serializer>(hash: &Sha256, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(hash)
}

pub(super) fn from_hex<'de, D: Deserializer<'de>>(from: D) -> Result<Sha256, D::Error> {
    let text = String::deserialize(from)?;
    let mut bytes = [0; 32];
    const_hex::decode_to_slice(text, &mut bytes).map_err(serde::de::Error::custom)?;
    Ok(Sha256(bytes))
}

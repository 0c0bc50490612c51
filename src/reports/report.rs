//! What a report is: figures, tables and notes, mirrored field by field from `report.proto`.
//!
//! Invariant: a value that is not given says why (`[c]`, `[x]`, `[z]`); there is no blank and no zero in its place. A
//! figure's text stands alone: at the top of a report it is a sentence, in a table a few words. Must not know how it
//! will look.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

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
    pub id: String,
    /// What it is called.
    pub label: String,
    /// Whether there is a value.
    pub status: FigureStatus,
    /// As it is printed, after the status's mark.
    pub text: String,
    /// The value, in `unit`s.
    pub number: Option<f64>,
    /// The number's unit, such as `days`. Empty without a number.
    pub unit: String,
    /// Of a share: how many …
    pub numerator: Option<u64>,
    /// … of how many.
    pub denominator: Option<u64>,
    /// The sequences of the events behind it, ascending.
    pub events: Vec<u64>,
}

impl Figure {
    /// A value in words alone.
    pub fn words(text: impl Into<String>) -> Self {
        Self::with_status(FigureStatus::Given, text)
    }

    /// A number and how it is said.
    pub fn number(number: u64, unit: &str, text: impl Into<String>) -> Self {
        Self { number: Some(number as f64), unit: unit.to_owned(), ..Self::words(text) }
    }

    /// How many of how many, and how it is said. The number is the numerator.
    pub fn share(numerator: u64, denominator: u64, unit: &str, text: impl Into<String>) -> Self {
        Self {
            numerator: Some(numerator),
            denominator: Some(denominator),
            ..Self::number(numerator, unit, text)
        }
    }

    /// No value, and why.
    pub fn with_status(status: FigureStatus, text: impl Into<String>) -> Self {
        Self {
            id: String::new(),
            label: String::new(),
            status,
            text: text.into(),
            number: None,
            unit: String::new(),
            numerator: None,
            denominator: None,
            events: Vec::new(),
        }
    }

    /// Not available: `[x]`.
    pub fn not_available(text: impl Into<String>) -> Self {
        Self::with_status(FigureStatus::NotAvailable, text)
    }

    /// Not applicable: `[z]`.
    pub fn not_applicable(text: impl Into<String>) -> Self {
        Self::with_status(FigureStatus::NotApplicable, text)
    }

    /// The same, named.
    #[must_use]
    pub fn named(mut self, id: &str, label: &str) -> Self {
        id.clone_into(&mut self.id);
        label.clone_into(&mut self.label);
        self
    }

    /// The same, with the events behind it.
    #[must_use]
    pub fn from_events(mut self, events: impl IntoIterator<Item = u64>) -> Self {
        self.events = in_order(events.into_iter().collect());
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

/// The same numbers, ascending, each once.
fn in_order(mut numbers: Vec<u64>) -> Vec<u64> {
    // Behind a figure that counts a year's work stand tens of thousands of events: a bit for each event of the span is
    // set and read faster than they are sorted.
    const MANY: usize = 512;
    let least = numbers.iter().min().copied().unwrap_or(0);
    let span = numbers.iter().max().map_or(0, |most| most - least);
    if numbers.len() < MANY || span / 64 > numbers.len() as u64 {
        numbers.sort_unstable();
        numbers.dedup();
        return numbers;
    }
    let mut bits = vec![0_u64; (span / 64 + 1) as usize];
    for number in &numbers {
        if let Some(word) = bits.get_mut(((number - least) / 64) as usize) {
            *word |= 1 << ((number - least) % 64);
        }
    }
    numbers.clear();
    for (at, word) in bits.into_iter().enumerate() {
        let mut left = word;
        while left != 0 {
            numbers.push(least + at as u64 * 64 + u64::from(left.trailing_zeros()));
            left &= left - 1;
        }
    }
    numbers
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Stable, such as `first_due`.
    pub id: String,
    /// What stands above it.
    pub label: String,
}

/// A row of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What it is about, such as `action/rest-spaces`.
    pub subject: String,
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
    pub fn new(id: &str, title: &str, when_empty: &str, columns: &[(&str, &str)]) -> Self {
        let column = |&(id, label): &(&str, &str)| Column { id: id.to_owned(), label: label.to_owned() };
        Self {
            id: id.to_owned(),
            title: title.to_owned(),
            columns: columns.iter().map(column).collect(),
            rows: Vec::new(),
            when_empty: when_empty.to_owned(),
        }
    }

    /// Adds a row; each cell takes its column's id and label.
    pub fn push(&mut self, subject: String, cells: Vec<Figure>) {
        debug_assert_eq!(cells.len(), self.columns.len(), "one cell for each column");
        let named =
            self.columns.iter().zip(cells).map(|(column, cell)| cell.named(&column.id, &column.label));
        self.rows.push(Row { subject, cells: named.collect() });
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

#[cfg(test)]
mod tests {
    use super::in_order;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn numbers_are_put_in_order_in_either_way(numbers in prop::collection::vec(prop_oneof![0u64..9_000, any::<u64>()], 0..1_200), few in any::<bool>()) {
            let numbers: Vec<u64> = if few { numbers } else { numbers.into_iter().filter(|it| *it < 9_000).collect() };
            let naive: Vec<u64> = numbers.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
            prop_assert_eq!(in_order(numbers), naive);
        }
    }
}

//! Reports in forms that somebody can read, print, or compute with. PURE: report → bytes.
//!
//! Invariant: every form says whose ledger it is, as at, as known, the root, the period and the definition version, and
//! EXAMPLE DATA first of all if the activity is invented. The same content gives the same bytes. Must not know how figures
//! were worked out.

mod csv;
mod grid;
mod html;
mod json;
mod statement;
#[cfg(test)]
mod tests;
mod text;
mod xlsx;

use self::statement::Statement;
use super::compare::Comparison;
use super::report::Report;
use crate::domain::value::{Invalid, Sha256};

/// What every output of an invented ledger says first.
pub const EXAMPLE_DATA: &str = "EXAMPLE DATA: the activity in this ledger is invented.";

/// The forms there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// For a terminal.
    Text,
    /// For programs: the report, field by field.
    Json,
    /// For spreadsheets: UTF-8, RFC 4180, no cell that a spreadsheet would take for a formula.
    Csv,
    /// For browsers and for paper: one file, no script, nothing fetched.
    Html,
}

impl Format {
    /// Every form.
    pub const ALL: [Self; 4] = [Self::Text, Self::Json, Self::Csv, Self::Html];

    /// Parses `text`, `json`, `csv` or `html`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let mut all = Self::ALL.into_iter();
        all.find(|format| format.as_str() == text)
            .ok_or(Invalid::new("not a format", "write text, json, csv or html"))
    }

    /// Its name, which is also a file's extension, `txt` for text apart.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Html => "html",
        }
    }

    /// Its media type, as it is sent.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; charset=utf-8",
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8; header=absent",
            Self::Html => "text/html; charset=utf-8",
        }
    }
}

/// What is printed.
#[derive(Clone, Copy, Debug)]
pub enum Content<'r> {
    /// One report.
    Report(&'r Report),
    /// Several reports of one ledger at one position, as one document.
    Reports(&'r [Report]),
    /// One report, side by side.
    Comparison(&'r Comparison),
}

impl<'r> Content<'r> {
    /// What there is to print of each.
    fn statements(self) -> Vec<Statement<'r>> {
        match self {
            Self::Report(report) => vec![Statement::of(report)],
            Self::Reports(reports) => reports.iter().map(Statement::of).collect(),
            Self::Comparison(comparison) => vec![Statement::of_comparison(comparison)],
        }
    }
}

/// The form in which a report is issued, and its SHA-256, which stands in the record of the issue: JSON
/// ([`Format::Json`]), UTF-8, the fields of [`Report`] in their order, indented by two spaces, ended by one line feed.
pub fn canonical(report: &Report) -> (String, Sha256) {
    let text = json::render(Content::Report(report));
    let hash = fingerprint(text.as_bytes());
    (text, hash)
}

/// The SHA-256 of a report's canonical form.
pub fn fingerprint(text: &[u8]) -> Sha256 {
    use sha2::Digest as _;
    Sha256(sha2::Sha256::digest(text).into())
}

/// Writes a report. The width, in terminal columns, matters to text only; less than 40 counts as 40.
pub fn render(report: &Report, format: Format, width: u16) -> String {
    print(Content::Report(report), format, width)
}

/// Writes whatever there is to print. The width, in terminal columns, matters to text only; less than 40 counts as 40.
pub fn print(content: Content<'_>, format: Format, width: u16) -> String {
    let statements = content.statements();
    match format {
        Format::Text => text::render(&statements, usize::from(width.max(40))),
        Format::Json => json::render(content),
        Format::Csv => csv::render(&statements),
        Format::Html => html::render(&statements),
    }
}

/// Writes a workbook for spreadsheets (Office Open XML, `.xlsx`): cover, contents, a sheet a report, notes, definitions.
pub fn workbook(content: Content<'_>) -> Result<Vec<u8>, NotWritten> {
    xlsx::render(&content.statements()).map_err(|error| NotWritten(error.to_string()))
}

/// Why there is no workbook: something is larger than a spreadsheet can hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a spreadsheet cannot hold this report: {0}; ask for json or csv instead")]
pub struct NotWritten(String);

/// Sequences in few words: `3, 7, 12–18`.
fn ranges(events: &[u64]) -> String {
    let mut said: Vec<String> = Vec::new();
    let mut rest = events.iter().copied().peekable();
    while let Some(first) = rest.next() {
        let mut last = first;
        while let Some(next) = rest.next_if(|next| next.checked_sub(1) == Some(last)) {
            last = next;
        }
        said.push(match last - first {
            0 => first.to_string(),
            1 => format!("{first}, {last}"),
            _ => format!("{first}–{last}"),
        });
    }
    said.join(", ")
}

/// What the marks mean; printed wherever one of them may stand.
const MARKS: &str = "[c] held back to protect people · [x] not available · [z] not applicable";

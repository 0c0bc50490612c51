//! A report in a form that somebody can read, print, or compute with. PURE: report → text.
//!
//! Invariant: every form says whose ledger it is, as at, as known, the root, the period and the definition version, and
//! EXAMPLE DATA first of all if the activity is invented. Must not know how figures were worked out.

mod csv;
mod html;
mod json;
#[cfg(test)]
mod tests;
mod text;

use super::period::Period;
use super::phrases::{count, day};
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

/// Writes a report. The width, in terminal columns, matters to text only; less than 40 counts as 40.
pub fn render(report: &Report, format: Format, width: u16) -> String {
    match format {
        Format::Text => text::render(report, usize::from(width.max(40))),
        Format::Json => json::render(report),
        Format::Csv => csv::render(report),
        Format::Html => html::render(report),
    }
}

/// The form in which a report is issued, and its SHA-256, which stands in the record of the issue: JSON
/// ([`Format::Json`]), UTF-8, the fields of [`Report`] in their order, indented by two spaces, ended by one line feed.
pub fn canonical(report: &Report) -> (String, Sha256) {
    let text = json::render(report);
    let hash = fingerprint(text.as_bytes());
    (text, hash)
}

/// The SHA-256 of a report's canonical form.
pub fn fingerprint(text: &[u8]) -> Sha256 {
    use sha2::Digest as _;
    Sha256(sha2::Sha256::digest(text).into())
}

/// What every form prints about where the report stands: label and value.
fn provenance(report: &Report) -> Vec<(&'static str, String)> {
    let span = Period::parse(&report.period).map_or_else(
        |_| report.period.clone(),
        |period| format!("{} ({} to {})", period, day(period.first_day()), day(period.last_day())),
    );
    let newest = report.known_until.map_or_else(String::new, |time| {
        format!(", the newest recorded {}", time.strftime("%Y-%m-%d %H:%M:%S UTC"))
    });
    vec![
        ("Organisation", report.organisation.clone()),
        ("Ledger", report.ledger.clone()),
        ("Period", span),
        ("As at", format!("the end of {}", day(report.as_at))),
        ("As known", format!("{}{newest}", count(report.as_known, "event", "events"))),
        ("Root hash", report.root_hash.to_string()),
        ("Definition", report.definition_version.clone()),
    ]
}

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

//! What every form prints of a report or of a comparison: headings, where it stands, figures, tables, notes, definitions.
//!
//! Invariant: nothing is said here that is not in the report, but for what is the same for all: what its words mean, and
//! how it is checked. Must not know how it will look.

use jiff::Timestamp;

use crate::reports::ReportName;
use crate::reports::compare::{Comparison, Stood};
use crate::reports::period::Period;
use crate::reports::phrases::{count, day};
use crate::reports::report::{Figure, Report, Table};

/// What there is to print.
pub(super) struct Statement<'r> {
    /// `R2`; of a comparison `R2 compared`.
    pub(super) code: String,
    /// The question.
    pub(super) title: &'r str,
    /// A word for it: `lateness`. Of a comparison none.
    pub(super) word: &'static str,
    /// Whose ledger, which period, which day.
    pub(super) about: String,
    /// Whose ledger.
    pub(super) organisation: &'r str,
    /// The activity is invented.
    pub(super) example: bool,
    /// Where it stands: label and value.
    pub(super) stand: Vec<(&'static str, String)>,
    /// The headlines; the first is the answer.
    pub(super) figures: &'r [Figure],
    /// What they are made of.
    pub(super) tables: &'r [Table],
    /// What a reader must know.
    pub(super) notes: &'r [String],
    /// What its words and numbers mean. Empty if this version does not know those definitions.
    pub(super) terms: &'static [(&'static str, &'static str)],
    /// How anybody who has the ledger's files gets the same figures.
    pub(super) check: String,
    /// When the newest event that is in it was recorded.
    pub(super) known_until: Option<Timestamp>,
}

impl<'r> Statement<'r> {
    /// Of a report.
    pub(super) fn of(report: &'r Report) -> Self {
        Self {
            code: report.code.clone(),
            title: &report.title,
            word: ReportName::parse(&report.code).map_or("report", ReportName::slug),
            about: format!("{}, {}, as at {}", report.organisation, report.period, day(report.as_at)),
            organisation: &report.organisation,
            example: report.example_data,
            stand: stand(report),
            figures: &report.figures,
            tables: &report.tables,
            notes: &report.notes,
            terms: terms(&report.code, &report.definition_version),
            check: check(report),
            known_until: report.known_until,
        }
    }

    /// Of a comparison.
    pub(super) fn of_comparison(comparison: &'r Comparison) -> Self {
        let labels: Vec<&str> = comparison.columns.iter().map(|column| column.label.as_str()).collect();
        let definition = ("Definition", comparison.definition_version.clone());
        Self {
            code: format!("{} compared", comparison.code),
            title: &comparison.title,
            word: "",
            about: labels.join(", "),
            organisation: comparison.columns.first().map_or("", |column| &column.organisation),
            example: comparison.example_data,
            stand: comparison.columns.iter().map(|it| ("Column", column(it))).chain([definition]).collect(),
            figures: &[],
            tables: &comparison.tables,
            notes: &comparison.notes,
            terms: terms(&comparison.code, &comparison.definition_version),
            check: "Each column is a report of its own. `pledgebook report` with the ledger, the period, the day and the \
                    position of a column gives its figures again, and `pledgebook verify` checks the ledger's files \
                    against the column's root hash."
                .to_owned(),
            known_until: comparison.columns.iter().filter_map(|column| column.known_until).max(),
        }
    }
}

/// Where a column of a comparison stands.
fn column(it: &Stood) -> String {
    let events = count(it.as_known, "event", "events");
    format!(
        "{}: {}, {}, as at the end of {}, {events} of {}, root hash {}",
        it.label,
        it.organisation,
        it.period,
        day(it.as_at),
        it.ledger,
        it.root_hash
    )
}

/// What the words of these definitions mean. Nothing if this version of the program has others.
fn terms(code: &str, version: &str) -> &'static [(&'static str, &'static str)] {
    ReportName::parse(code)
        .ok()
        .filter(|name| name.definition_version() == version)
        .map_or(&[], |name| name.definition().terms)
}

fn stand(report: &Report) -> Vec<(&'static str, String)> {
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

/// How the figures of these reports are had again.
pub(super) fn checks(statements: &[Statement<'_>]) -> String {
    match statements {
        [] => String::new(),
        [only] => only.check.clone(),
        [first, ..] => {
            // All of them stand on the same records, and differ in their names alone.
            let name = format!("report {} ", first.code.to_lowercase());
            first.check.replacen(&name, "report all ", 1)
        }
    }
}

fn check(report: &Report) -> String {
    let ledger = report.ledger.strip_prefix("ledgers/").unwrap_or(&report.ledger);
    format!(
        "The same figures are worked out from the ledger's files by `pledgebook report {} --data DIR --ledger {ledger} \
         --as-at {} --as-known {} --period '{}'`. `pledgebook verify DIR` checks every byte of those files; the root hash \
         stands for the first {} of them, and whoever holds a checkpoint of the ledger can hold it against that.",
        report.code.to_lowercase(),
        report.as_at,
        report.as_known,
        report.period,
        count(report.as_known, "event", "events"),
    )
}

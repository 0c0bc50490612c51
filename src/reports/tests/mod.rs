//! Tests of the reports: figures worked out by hand, naive twins, properties, and golden outputs.

mod attack;
mod choice;
mod commitments;
mod compare;
mod definitions;
mod difference;
mod explain;
mod feedback;
mod golden;
mod golden_people;
mod golden_record;
mod kept;
mod lateness;
mod laundering;
mod learning;
mod links;
mod loop_twin;
mod measures;
mod owners;
mod people;
mod policy_changes;
mod properties;
mod reach;
mod records;
mod remembering;
mod response_times;
mod restatements;
mod silence;
mod surveys;
mod trace;
mod trust;
mod twins;

pub(crate) use golden::sample;

use proptest::test_runner::Config as ProptestConfig;

use crate::domain::value::Sha256;
use crate::projections::Views;
use crate::projections::chronicle::{Chronicle, on};
use crate::reports::{Figure, NotReportable, Parameters, Period, Report, ReportName, Stand, report};

/// So many random ledgers for a property; or as many as `PLEDGEBOOK_LEDGERS` says.
fn as_many(usual: u32) -> ProptestConfig {
    let asked = std::env::var("PLEDGEBOOK_LEDGERS").ok().map(|it| it.parse().unwrap());
    ProptestConfig::with_cases(asked.unwrap_or(usual))
}

pub(super) fn stand() -> Stand {
    Stand { ledger: "ledgers/acme".into(), root: Sha256([0xab; 32]) }
}

pub(super) fn parameters(as_at: &str, as_known: u64, period: &str) -> Parameters {
    Parameters::new(on(as_at), as_known, Period::parse(period).unwrap())
}

/// A report on everything that is known, as at a day, about 2025-26.
pub(super) fn ask(name: ReportName, ledger: &Chronicle, as_at: &str) -> Report {
    ask_known(name, ledger, as_at, ledger.facts.len() as u64)
}

pub(super) fn ask_known(name: ReportName, ledger: &Chronicle, as_at: &str, as_known: u64) -> Report {
    report(name, &ledger.views(), &parameters(as_at, as_known, "2025-26"), &stand()).unwrap()
}

/// A headline figure.
pub(super) fn figure<'r>(report: &'r Report, id: &str) -> &'r Figure {
    report.figures.iter().find(|figure| figure.id == id).unwrap_or_else(|| panic!("no figure {id}"))
}

/// A headline's numerator and denominator.
pub(super) fn share(report: &Report, id: &str) -> (u64, u64) {
    let figure = figure(report, id);
    (figure.numerator.unwrap(), figure.denominator.unwrap())
}

/// A headline's number. Every one is whole.
pub(super) fn number(report: &Report, id: &str) -> i64 {
    figure(report, id).number.unwrap() as i64
}

/// A cell of a table, as printed.
pub(super) fn cell(report: &Report, subject: &str, column: &str) -> String {
    let mut rows = report.tables.iter().flat_map(|table| &table.rows);
    let row = rows.find(|row| row.subject == subject).unwrap_or_else(|| panic!("no row {subject}"));
    row.cells.iter().find(|cell| cell.id == column).unwrap().printed()
}

/// A cell of one table, as printed.
pub(super) fn cell_of(report: &Report, table: &str, subject: &str, column: &str) -> String {
    let table = report.tables.iter().find(|it| it.id == table).unwrap();
    let row =
        table.rows.iter().find(|row| row.subject == subject).unwrap_or_else(|| panic!("no row {subject}"));
    row.cells.iter().find(|cell| cell.id == column).unwrap().printed()
}

/// The subjects of a table's rows, in order.
pub(super) fn subjects<'r>(report: &'r Report, table: &str) -> Vec<&'r str> {
    let table = report.tables.iter().find(|it| it.id == table).unwrap();
    table.rows.iter().map(|row| row.subject.as_str()).collect()
}

#[test]
fn names_are_parsed_by_code_and_by_word() {
    for name in ReportName::ALL {
        assert_eq!(ReportName::parse(name.code()), Ok(name));
        assert_eq!(ReportName::parse(&name.code().to_lowercase()), Ok(name));
        assert_eq!(ReportName::parse(name.slug()), Ok(name));
        assert!(name.definition_version().starts_with(&format!("{}/", name.code().to_lowercase())));
    }
    assert!(ReportName::parse("r13").is_err());
}

#[test]
fn nothing_is_reported_about_nothing() {
    let ledger = Chronicle::opened(false);
    for name in ReportName::ALL {
        let none = report(name, &ledger.views(), &parameters("2026-03-31", 0, "2025-26"), &stand());
        assert_eq!(none, Err(NotReportable::NotOpened));
        let empty = report(name, &Views::new(), &parameters("2026-03-31", 0, "2025-26"), &stand());
        assert_eq!(empty, Err(NotReportable::NotOpened));
        let beyond = report(name, &ledger.views(), &parameters("2026-03-31", 2, "2025-26"), &stand());
        assert_eq!(beyond, Err(NotReportable::BeyondHead { as_known: 2, size: 1 }));
    }
}

#[test]
fn an_empty_ledger_is_silent_and_silence_is_no_zero() {
    let ledger = Chronicle::opened(false);
    for name in ReportName::ALL {
        let report = ask(name, &ledger, "2026-03-31");
        for figure in &report.figures {
            assert_eq!((figure.number, figure.status.mark()), (None, "[x]"), "{}", figure.id);
            assert!(!figure.text.is_empty());
        }
        assert!(report.tables.iter().all(|table| table.rows.is_empty() && !table.when_empty.is_empty()));
    }
}

#[test]
fn a_report_says_where_it_stands() {
    let mut ledger = Chronicle::opened(true);
    ledger.at("2025-05-01T10:00:00Z").plan("a", "2025-05-01", "2025-06-01", &["C1"]);
    let report = ask_known(ReportName::Lateness, &ledger, "2025-12-31", 1);
    assert_eq!((report.ledger.as_str(), report.organisation.as_str()), ("ledgers/acme", "Acme Improvement"));
    assert_eq!((report.as_known, report.period.as_str()), (1, "2025-26"));
    assert_eq!((report.code.as_str(), report.definition_version.as_str()), ("R2", "r2/3"));
    assert!(report.example_data);
    // The newest of the events that it knows, not of those that there are.
    assert_eq!(report.known_until.unwrap().to_string(), "2025-03-01T09:00:00Z");
}

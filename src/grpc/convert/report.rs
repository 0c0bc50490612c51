//! Reports, on their way out; and what is asked of them, on its way in.

use jiff::civil;
use std::collections::BTreeSet;

use super::field::{self, Path, day, instant};
use crate::domain::rejection::Rejection;
use crate::grpc::wire;
use crate::reports::{Column, Figure, FigureStatus, Report, ReportName, Row, Table};

/// Which report.
pub(in crate::grpc) fn report_name(number: i32) -> Result<ReportName, Rejection> {
    let at = Path::root("report");
    if number == 0 {
        return Err(at.refuse("unspecified", "choose one of the named values"));
    }
    ReportName::of_number(number)
        .ok_or_else(|| at.refuse("unknown value", "use a value that this version of the schema names"))
}

/// Which reports' definitions: each once, in the order of the codes; of none, all.
pub(in crate::grpc) fn report_names(numbers: &[i32]) -> Result<BTreeSet<ReportName>, Rejection> {
    if numbers.is_empty() {
        return Ok(ReportName::ALL.into());
    }
    let named = |(index, number): (usize, &i32)| {
        let at = Path::root("reports").item(index);
        ReportName::of_number(*number)
            .ok_or_else(|| at.refuse("unknown value", "use a value that this version of the schema names"))
    };
    numbers.iter().enumerate().map(named).collect()
}

/// What one word or number means.
pub(in crate::grpc) fn term((term, meaning): &(&str, &str)) -> wire::Term {
    wire::Term { term: (*term).to_owned(), meaning: (*meaning).to_owned() }
}

/// What the words and numbers of a report mean.
pub(in crate::grpc) fn definition(name: ReportName) -> wire::Definition {
    wire::Definition {
        report: name.number(),
        code: name.code().to_owned(),
        title: name.title().to_owned(),
        version: name.definition_version().to_owned(),
        terms: name.definition().terms.iter().map(term).collect(),
    }
}

/// The day of the request's field `as_at`, if there is one.
pub(in crate::grpc) fn as_at(date: Option<wire::Date>) -> Result<Option<civil::Date>, Rejection> {
    field::optional_date(&Path::root("as_at"), date)
}

/// A report.
pub(in crate::grpc) fn report(report: Report) -> wire::Report {
    wire::Report {
        ledger: report.ledger,
        organisation: report.organisation,
        example_data: report.example_data,
        code: report.code,
        title: report.title,
        definition_version: report.definition_version,
        as_at: Some(day(report.as_at)),
        as_known: report.as_known,
        root_hash: report.root_hash.0.to_vec(),
        period: report.period,
        figures: report.figures.into_iter().map(figure).collect(),
        tables: report.tables.into_iter().map(table).collect(),
        notes: report.notes,
        known_until: report.known_until.map(instant),
        since: report.since,
        days: report.days,
    }
}

fn table(table: Table) -> wire::Table {
    let column = |column: Column| wire::Column { id: column.id.into(), label: column.label.into() };
    let row = |row: Row| wire::Row {
        subject: row.subject.into(),
        cells: row.cells.into_iter().map(figure).collect(),
    };
    wire::Table {
        id: table.id,
        title: table.title,
        columns: table.columns.into_iter().map(column).collect(),
        rows: table.rows.into_iter().map(row).collect(),
        when_empty: table.when_empty,
    }
}

pub(in crate::grpc) fn figure(figure: Figure) -> wire::Figure {
    let status = match figure.status {
        FigureStatus::Given => wire::FigureStatus::Given,
        FigureStatus::Suppressed => wire::FigureStatus::Suppressed,
        FigureStatus::NotAvailable => wire::FigureStatus::NotAvailable,
        FigureStatus::NotApplicable => wire::FigureStatus::NotApplicable,
    };
    wire::Figure {
        id: figure.id.into(),
        label: figure.label.into(),
        status: status.into(),
        text: figure.text.into(),
        number: figure.number,
        unit: figure.unit.into(),
        numerator: figure.numerator,
        denominator: figure.denominator,
        events: figure.events.to_vec(),
    }
}

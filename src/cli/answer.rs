//! A report as it came over the wire, turned into the one that is rendered here. The counterpart of the service's own
//! translation, field by field.

use anyhow::anyhow;
use jiff::{Timestamp, civil::Date};

use crate::domain::value::Sha256;
use crate::grpc::wire;
use crate::reports::{Column, Events, Figure, FigureStatus, Report, Row, Table};

/// The report of an answer.
pub(super) fn report(answer: wire::GetReportResponse) -> anyhow::Result<Report> {
    let report = answer.report.ok_or_else(|| anyhow!("the server answered without a report"))?;
    let unreadable = |what: &str| anyhow!("the server's report has no readable {what}");
    let as_at = report.as_at.and_then(|day| {
        Date::new(day.year.try_into().ok()?, day.month.try_into().ok()?, day.day.try_into().ok()?).ok()
    });
    let root = <[u8; 32]>::try_from(report.root_hash).map_err(|_| unreadable("root hash"))?;
    Ok(Report {
        ledger: report.ledger,
        organisation: report.organisation,
        example_data: report.example_data,
        code: report.code,
        title: report.title,
        definition_version: report.definition_version,
        as_at: as_at.ok_or_else(|| unreadable("as_at"))?,
        as_known: report.as_known,
        root_hash: Sha256(root),
        period: report.period,
        figures: report.figures.into_iter().map(figure).collect(),
        tables: report.tables.into_iter().map(table).collect(),
        notes: report.notes,
        known_until: report.known_until.and_then(|it| Timestamp::new(it.seconds, it.nanos).ok()),
        since: report.since,
        days: report.days,
    })
}

fn table(table: wire::Table) -> Table {
    let column = |it: wire::Column| Column { id: it.id.into(), label: it.label.into() };
    let row =
        |it: wire::Row| Row { subject: it.subject.into(), cells: it.cells.into_iter().map(figure).collect() };
    Table {
        id: table.id,
        title: table.title,
        columns: table.columns.into_iter().map(column).collect(),
        rows: table.rows.into_iter().map(row).collect(),
        when_empty: table.when_empty,
    }
}

pub(super) fn figure(figure: wire::Figure) -> Figure {
    let status = match figure.status() {
        wire::FigureStatus::Given => FigureStatus::Given,
        wire::FigureStatus::Suppressed => FigureStatus::Suppressed,
        wire::FigureStatus::NotApplicable => FigureStatus::NotApplicable,
        // A status of a later version: there is no value that this version could show.
        wire::FigureStatus::NotAvailable | wire::FigureStatus::Unspecified => FigureStatus::NotAvailable,
    };
    Figure {
        id: figure.id.into(),
        label: figure.label.into(),
        status,
        text: figure.text.into(),
        number: figure.number,
        unit: figure.unit.into(),
        numerator: figure.numerator,
        denominator: figure.denominator,
        events: Events::said(figure.events),
    }
}

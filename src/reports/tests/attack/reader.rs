//! Everything that a reader gets of a ledger: the twelve reports from every position and for every period, what stands behind
//! each figure, traces, comparisons, every printed form.
//!
//! Invariant: nothing is asked for with an auditor's eyes. Must not know what is hidden.

use jiff::civil::Date;

use super::ledgers::{ACTIONS, CHANGES, Drawn};
use crate::domain::id::Subject;
use crate::projections::Views;
use crate::reports::explain::{Eyes, Place, explain};
use crate::reports::render::workbook;
use crate::reports::tests::stand;
use crate::reports::trace::{NotTraceable, Trace, trace};
use crate::reports::{Content, Format, Parameters, Period, Report, ReportName, compare, print, report};

/// From where somebody looks: as at, as known.
pub(super) type Stood = (Date, u64);

/// Where a reader looks from: at, before and after each release point, and at the end.
pub(super) fn places(drawn: &Drawn) -> Vec<Stood> {
    let mut places = Vec::new();
    let mut last = 20_u64;
    for (on, sequence) in &drawn.points {
        places.extend([(*on, last.midpoint(*sequence)), (*on, *sequence), (*on, *sequence + 1)]);
        last = *sequence;
    }
    let size = drawn.ledger.facts.len() as u64;
    let end = "2026-03-31".parse().unwrap();
    places.extend([(end, size), (drawn.points[0].0, size)]);
    places
}

/// At each release point, and nowhere else.
pub(super) fn points(drawn: &Drawn) -> Vec<Stood> {
    drawn.points.iter().map(|(on, sequence)| (*on, sequence + 1)).collect()
}

pub(super) fn year((as_at, as_known): Stood) -> Parameters {
    Parameters::new(as_at, as_known, Period::parse("2025-26").unwrap())
}

pub(super) fn ask(name: ReportName, views: &Views, parameters: &Parameters) -> Report {
    report(name, views, parameters, &stand()).unwrap()
}

/// Every question that a reader puts from a place.
fn questions(at: Stood) -> Vec<Parameters> {
    let (as_at, as_known) = at;
    let quarter = Parameters { period: Period::quarter_of(as_at), ..year(at) };
    let since = Parameters { since: Some(as_known.midpoint(1)), ..year(at) };
    vec![year(at), quarter, since]
}

/// What a reader gets from one place.
struct Looked {
    reports: Vec<(ReportName, Parameters, Report, Vec<Behind>)>,
    traces: Vec<Result<Trace, NotTraceable>>,
}

/// Everything that a reader gets.
pub(super) struct Seen {
    places: Vec<Looked>,
    printed: Vec<(String, Vec<u8>)>,
}

impl Seen {
    pub(super) fn of(views: &Views, places: &[Stood]) -> Self {
        Self { places: places.iter().map(|at| looked(views, *at)).collect(), printed: printed(views, places) }
    }

    /// The first difference from what a reader gets of another ledger from the same places.
    pub(super) fn difference(&self, other: &Views, places: &[Stood]) -> Option<String> {
        for (at, here) in places.iter().zip(&self.places) {
            let there = looked(other, *at);
            for (first, second) in here.reports.iter().zip(&there.reports) {
                if first.2 != second.2 {
                    return Some(told(&first.2, &second.2, &first.1));
                }
                if first.3 != second.3 {
                    return Some(format!("{:?}: what stands behind a figure differs, {at:?}", first.0));
                }
            }
            if here.traces != there.traces {
                return Some(format!("traces from {at:?}: {:?} and {:?}", here.traces, there.traces));
            }
        }
        let forms = self.printed.iter().zip(printed(other, places));
        forms.into_iter().find(|(one, other)| one.1 != other.1).map(|(one, _)| one.0.clone())
    }
}

fn looked(views: &Views, at: Stood) -> Looked {
    let mut reports = Vec::new();
    for parameters in questions(at) {
        // Since when is asked of R10 alone.
        let all = parameters.since.is_none();
        for name in ReportName::ALL.into_iter().filter(|name| all || *name == ReportName::Restatements) {
            let report = ask(name, views, &parameters);
            let behind = if all { behind(name, &report, views, &parameters) } else { Vec::new() };
            reports.push((name, parameters, report, behind));
        }
    }
    let works = CHANGES.iter().chain(&ACTIONS);
    let traced = works.map(|work| trace(views, &year(at), &Subject::parse(work).unwrap(), Eyes::Reader));
    Looked { reports, traces: traced.collect() }
}

/// Where two reports differ.
fn told(one: &Report, other: &Report, parameters: &Parameters) -> String {
    let cells = |report: &Report| -> Vec<String> {
        let cells = report.tables.iter().flat_map(|table| {
            let cell = |row: &crate::reports::Row| {
                let cells: Vec<_> =
                    row.cells.iter().map(|cell| format!("{} {:?}", cell.printed(), cell.events)).collect();
                format!("{} {}: {}", table.id, row.subject, cells.join(" | "))
            };
            table.rows.iter().map(cell).collect::<Vec<_>>()
        });
        let figures = report.figures.iter().map(|it| format!("{}: {} {:?}", it.id, it.printed(), it.events));
        figures.chain(cells).chain(report.notes.iter().cloned()).collect()
    };
    let (one_cells, others) = (cells(one), cells(other));
    let only = |these: &[String], those: &[String]| -> Vec<String> {
        these.iter().filter(|it| !those.contains(it)).take(4).cloned().collect()
    };
    format!(
        "{} {} as at {} as known {}:\n  {:#?}\n  {:#?}",
        one.code,
        one.period,
        parameters.as_at,
        parameters.as_known,
        only(&one_cells, &others),
        only(&others, &one_cells)
    )
}

/// The events behind a figure, and whether something is held for auditors.
pub(super) type Behind = (Vec<u64>, bool);

/// Every place of a figure in a report.
fn figures(report: &Report) -> Vec<Place> {
    let mut places: Vec<Place> = report.figures.iter().map(|it| Place::Headline(it.id.to_string())).collect();
    for table in &report.tables {
        for (number, row) in table.rows.iter().enumerate() {
            let cell = |column: &str| Place::Cell {
                table: table.id.clone(),
                row: format!("#{}", number + 1),
                column: column.to_owned(),
            };
            places.extend(row.cells.iter().map(|it| cell(&it.id)));
        }
    }
    places
}

/// What a reader is told to stand behind each figure: the events, and whether something is held.
pub(super) fn behind(
    name: ReportName,
    report: &Report,
    views: &Views,
    parameters: &Parameters,
) -> Vec<Behind> {
    let explained = |place: &Place| {
        let it = explain((name, report), views, parameters, (place, Eyes::Reader)).unwrap();
        (it.events, it.held_for_auditors)
    };
    figures(report).iter().map(explained).collect()
}

/// Every printed form, from the last place: each report, all in one, two periods side by side.
fn printed(views: &Views, places: &[Stood]) -> Vec<(String, Vec<u8>)> {
    let Some(at) = places.last() else { return Vec::new() };
    let reports: Vec<_> = ReportName::ALL.iter().map(|name| ask(*name, views, &year(*at))).collect();
    let before = Parameters { period: Period::parse("2024-25").unwrap(), ..year(*at) };
    let mut forms = Vec::new();
    for format in Format::ALL {
        forms.push((format!("{format:?}"), print(Content::Reports(&reports), format, 100).into_bytes()));
    }
    forms.push(("workbook".to_owned(), workbook(Content::Reports(&reports)).unwrap()));
    for (name, report) in ReportName::ALL.into_iter().zip(&reports) {
        let columns = [("now".to_owned(), report.clone()), ("before".to_owned(), ask(name, views, &before))];
        let compared = compare(&columns).unwrap();
        forms.push((
            format!("{name:?} compared"),
            print(Content::Comparison(&compared), Format::Csv, 100).into_bytes(),
        ));
    }
    forms
}

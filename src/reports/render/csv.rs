//! A report for spreadsheets: UTF-8, RFC 4180 quoting, CRLF. Blocks stand below each other: rows that begin with `#`
//! say what the report is; then the figures; then each table under a `#` row with its title.
//!
//! Invariant: no cell begins with a character that makes a spreadsheet compute it (`=`, `+`, `-`, `@`, tab, carriage
//! return, and their full-width forms); such a cell gets an apostrophe in front. A column that holds numbers is followed
//! by one that holds them bare, so that nobody has to pick them out of words. Must not know what the columns mean.

use super::{EXAMPLE_DATA, MARKS, provenance, ranges};
use crate::reports::report::{Report, Table};

pub(super) fn render(report: &Report) -> String {
    let mut sheet = Sheet::default();
    if report.example_data {
        sheet.row(&[format!("# {EXAMPLE_DATA}")]);
    }
    sheet.row(&[format!("# {} {}", report.code, report.title)]);
    for (label, value) in provenance(report) {
        sheet.row(&[format!("# {label}"), value]);
    }
    sheet.row(&[format!("# {MARKS}")]);
    figures(&mut sheet, report);
    for table in &report.tables {
        self::table(&mut sheet, table);
    }
    sheet.row(&[]);
    for note in &report.notes {
        sheet.row(&["# Note".to_owned(), note.clone()]);
    }
    sheet.0
}

fn figures(sheet: &mut Sheet, report: &Report) {
    sheet.row(&[]);
    sheet.row(&["# Figures".to_owned()]);
    let head = ["figure", "label", "status", "text", "number", "unit", "numerator", "denominator", "events"];
    sheet.row(&head.map(str::to_owned));
    for figure in &report.figures {
        sheet.row(&[
            figure.id.clone(),
            figure.label.clone(),
            figure.status.mark().to_owned(),
            figure.text.clone(),
            figure.number.map_or_else(String::new, |number| number.to_string()),
            figure.unit.clone(),
            figure.numerator.map_or_else(String::new, |number| number.to_string()),
            figure.denominator.map_or_else(String::new, |number| number.to_string()),
            ranges(&figure.events),
        ]);
    }
}

fn table(sheet: &mut Sheet, table: &Table) {
    sheet.row(&[]);
    sheet.row(&[format!("# {}", table.title), table.id.clone()]);
    if table.rows.is_empty() {
        sheet.row(&["# No rows".to_owned(), table.when_empty.clone()]);
        return;
    }
    let units: Vec<Option<String>> = (0..table.columns.len()).map(|column| unit_of(table, column)).collect();
    let mut head = vec!["subject".to_owned()];
    for (column, unit) in table.columns.iter().zip(&units) {
        head.push(column.label.clone());
        head.extend(unit.as_ref().map(|unit| format!("{} ({unit})", column.label)));
    }
    head.push("events".to_owned());
    sheet.row(&head);
    for row in &table.rows {
        let mut line = vec![row.subject.clone()];
        for (cell, unit) in row.cells.iter().zip(&units) {
            line.push(cell.printed());
            // Where there is no number, the mark says why: an empty cell would be read as 0.
            let bare =
                || cell.number.map_or_else(|| cell.status.mark().to_owned(), |number| number.to_string());
            line.extend(unit.is_some().then(bare));
        }
        let mut events: Vec<u64> = row.cells.iter().flat_map(|cell| cell.events.iter().copied()).collect();
        events.sort_unstable();
        events.dedup();
        line.push(ranges(&events));
        sheet.row(&line);
    }
}

/// The unit of a column's numbers, if it has any.
fn unit_of(table: &Table, column: usize) -> Option<String> {
    let mut cells = table.rows.iter().filter_map(|row| row.cells.get(column));
    cells.find(|cell| cell.number.is_some()).map(|cell| cell.unit.clone())
}

#[derive(Default)]
struct Sheet(String);

impl Sheet {
    fn row(&mut self, cells: &[String]) {
        let cells: Vec<String> = cells.iter().map(|cell| quoted(&safe(cell))).collect();
        self.0.push_str(&cells.join(","));
        self.0.push_str("\r\n");
    }
}

/// Disarms what a spreadsheet would compute.
pub(super) fn safe(cell: &str) -> String {
    let armed = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if armed { format!("'{cell}") } else { cell.to_owned() }
}

fn quoted(cell: &str) -> String {
    if cell.contains(['"', ',', ';', '\r', '\n', '\t']) || cell.starts_with(' ') || cell.ends_with(' ') {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

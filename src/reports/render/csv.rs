//! Reports for spreadsheets: UTF-8, RFC 4180 quoting, CRLF. Rows that begin with `#` say what the report is. Of one report
//! the blocks stand below each other: the figures, then each table under a `#` row with its title. Several reports are one
//! long table, one row a figure, with the report's code in front.
//!
//! Invariant: no text begins with what makes a spreadsheet compute it (`=`, `+`, `-`, `@`, tab, carriage return, line feed,
//! and their full-width forms, behind spaces or invisible characters, too); such a text gets an apostrophe in front. A bare
//! number is written as one, a negative one, too. Must not know what the columns mean.

use super::grid::{Cell, grid};
use super::statement::Statement;
use super::{EXAMPLE_DATA, MARKS, ranges};
use crate::reports::report::{Figure, Table};

pub(super) fn render(statements: &[Statement<'_>]) -> String {
    let mut sheet = Sheet::default();
    if statements.iter().any(|statement| statement.example) {
        sheet.words(&[&format!("# {EXAMPLE_DATA}")]);
    }
    match statements {
        [only] => {
            sheet.words(&[&format!("# {} {}", only.code, only.title)]);
            sheet.stand(only, "");
            sheet.words(&[&format!("# {MARKS}")]);
            blocks(&mut sheet, only);
        }
        several => long(&mut sheet, several),
    }
    sheet.out
}

fn blocks(sheet: &mut Sheet, statement: &Statement<'_>) {
    if !statement.figures.is_empty() {
        sheet.words(&[]);
        sheet.words(&["# Figures"]);
        sheet.words(&FIGURE);
        for figure in statement.figures {
            sheet.row(&self::figure(figure));
        }
    }
    for table in statement.tables {
        self::table(sheet, table);
    }
    sheet.words(&[]);
    for note in statement.notes {
        sheet.words(&["# Note", note]);
    }
}

/// What is said of a figure.
const FIGURE: [&str; 9] =
    ["figure", "label", "status", "text", "number", "unit", "numerator", "denominator", "events"];

fn figure(figure: &Figure) -> Vec<Cell> {
    let text = |text: &str| Cell::Text(text.to_owned());
    let number = |number: Option<f64>| number.map_or_else(|| Cell::Text(String::new()), Cell::Number);
    vec![
        text(&figure.id),
        text(&figure.label),
        text(figure.status.mark()),
        text(&figure.text),
        number(figure.number),
        text(&figure.unit),
        number(figure.numerator.map(|it| it as f64)),
        number(figure.denominator.map(|it| it as f64)),
        Cell::Text(ranges(&figure.events)),
    ]
}

fn table(sheet: &mut Sheet, table: &Table) {
    sheet.words(&[]);
    sheet.words(&[&format!("# {}", table.title), &table.id]);
    if table.rows.is_empty() {
        sheet.words(&["# No rows", &table.when_empty]);
        return;
    }
    let columns = grid(table);
    let head: Vec<_> = columns.iter().map(|column| column.header.as_str()).collect();
    sheet.words(&head);
    for row in 0..table.rows.len() {
        let cells: Vec<Cell> = columns.iter().filter_map(|column| column.cells.get(row).cloned()).collect();
        sheet.row(&cells);
    }
}

/// Several reports: one row a figure, a headline's `table` and `row` empty.
fn long(sheet: &mut Sheet, statements: &[Statement<'_>]) {
    for statement in statements {
        sheet.words(&[&format!("# {}", statement.code), statement.title]);
        sheet.stand(statement, &format!("{} ", statement.code));
    }
    for statement in statements {
        for note in statement.notes {
            sheet.words(&[&format!("# {} Note", statement.code), note]);
        }
    }
    sheet.words(&[&format!("# {MARKS}")]);
    sheet.words(&[]);
    sheet.words(&[&["report", "table", "row"], FIGURE.as_slice()].concat());
    for statement in statements {
        let mut line = |table: &str, row: &str, it: &Figure| {
            let mut cells = [&statement.code, table, row].map(|text| Cell::Text(text.to_owned())).to_vec();
            cells.extend(figure(it));
            sheet.row(&cells);
        };
        statement.figures.iter().for_each(|figure| line("", "", figure));
        for table in statement.tables {
            for row in &table.rows {
                row.cells.iter().for_each(|cell| line(&table.id, &row.subject, cell));
            }
        }
    }
}

#[derive(Default)]
struct Sheet {
    out: String,
}

impl Sheet {
    /// Where a report stands, each label behind a prefix.
    fn stand(&mut self, statement: &Statement<'_>, prefix: &str) {
        for (label, value) in &statement.stand {
            self.words(&[&format!("# {prefix}{label}"), value]);
        }
    }

    fn words(&mut self, cells: &[&str]) {
        self.line(cells.iter().map(|cell| quoted(&safe(cell))));
    }

    fn row(&mut self, cells: &[Cell]) {
        self.line(cells.iter().map(|cell| match cell {
            Cell::Text(text) => quoted(&safe(text)),
            Cell::Number(number) => number.to_string(),
        }));
    }

    fn line(&mut self, cells: impl Iterator<Item = String>) {
        let cells: Vec<String> = cells.collect();
        self.out.push_str(&cells.join(","));
        self.out.push_str("\r\n");
    }
}

/// Disarms what a spreadsheet would compute.
pub(super) fn safe(cell: &str) -> String {
    // A spreadsheet may pass over these before it looks.
    let hidden = |c: char| matches!(c, ' ' | '\u{a0}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    let armed = cell
        .trim_start_matches(hidden)
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if armed { format!("'{cell}") } else { cell.to_owned() }
}

fn quoted(cell: &str) -> String {
    if cell.contains(['"', ',', ';', '\r', '\n', '\t']) || cell.starts_with(' ') || cell.ends_with(' ') {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

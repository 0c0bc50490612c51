//! A table as spreadsheets need it: words and bare numbers in columns of their own, so that nobody has to pick a number out
//! of words.
//!
//! Invariant: no cell is blank where a figure stands: where there is no number, the mark or the words say why (a spreadsheet
//! reads a blank as 0). Must not know how a cell is written.

use super::ranges;
use crate::reports::report::{Figure, FigureStatus, Row, Table};

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    /// Words, a mark, a code.
    Text(String),
    /// A bare number, in its column's unit.
    Number(f64),
}

/// One column.
pub(super) struct GridColumn {
    /// What stands above it.
    pub(super) header: String,
    /// One for each row.
    pub(super) cells: Vec<Cell>,
    /// The next column says the same, as bare numbers.
    pub(super) said_by_next: bool,
}

impl GridColumn {
    fn of(header: &str, cells: Vec<Cell>) -> Self {
        Self { header: header.to_owned(), cells, said_by_next: false }
    }
}

/// The columns of a table: what each row is about, each column (and its numbers, and their units if they have several),
/// and the events behind the row.
pub(super) fn grid(table: &Table) -> Vec<GridColumn> {
    let all = |cell: &dyn Fn(&Row) -> String| {
        table.rows.iter().map(|row| Cell::Text(cell(row))).collect::<Vec<_>>()
    };
    let mut columns = vec![GridColumn::of("subject", all(&|row| row.subject.to_string()))];
    for (index, column) in table.columns.iter().enumerate() {
        let cells: Vec<&Figure> = table.rows.iter().filter_map(|row| row.cells.get(index)).collect();
        let words = cells.iter().map(|cell| Cell::Text(cell.printed())).collect();
        let words = GridColumn::of(&column.label, words);
        let mut units: Vec<&str> =
            cells.iter().filter(|cell| cell.number.is_some()).map(|cell| cell.unit.as_str()).collect();
        units.sort_unstable();
        units.dedup();
        let Some(unit) = units.first() else {
            columns.push(words);
            continue;
        };
        let said_by_next = cells.iter().all(|cell| cell.number.is_none_or(|it| it.to_string() == cell.text));
        columns.push(GridColumn { said_by_next, ..words });
        let several = units.len() > 1;
        let unit = if several { "number" } else { unit };
        let header = format!("{} ({unit})", column.label);
        let why = |cell: &&Figure| if said_by_next { cell.printed() } else { mark(cell) };
        let bare = cells.iter().map(|cell| cell.number.map_or_else(|| Cell::Text(why(cell)), Cell::Number));
        columns.push(GridColumn::of(&header, bare.collect()));
        if several {
            let units = cells.iter().map(|cell| match cell.number {
                Some(_) => Cell::Text(cell.unit.to_string()),
                None => Cell::Text(mark(cell)),
            });
            columns.push(GridColumn::of(&format!("{} (unit)", column.label), units.collect()));
        }
    }
    columns.push(GridColumn::of("events", all(&events)));
    columns
}

/// Why there is no number: the mark, or what is said in words.
fn mark(cell: &Figure) -> String {
    match cell.status {
        FigureStatus::Given => cell.text.to_string(),
        status => status.mark().to_owned(),
    }
}

fn events(row: &Row) -> String {
    let mut events: Vec<u64> = row.cells.iter().flat_map(|cell| cell.events.iter().copied()).collect();
    events.sort_unstable();
    events.dedup();
    ranges(&events)
}

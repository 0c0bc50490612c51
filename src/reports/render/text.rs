//! A report for a terminal or an e-mail: the answer first, then the tables, then the notes.
//!
//! Invariant: no line is wider than asked. A table whose columns do not all fit leaves out the last and says which; one
//! with long quotations is written as a list. Must not know what a report is about.

use super::statement::Statement;
use super::{EXAMPLE_DATA, MARKS};
use crate::reports::report::{Figure, FigureStatus, Row, Table};

/// The fewest characters in which a column of words can be read.
const LEAST_COLUMN: usize = 11;
/// A longer word does not make its column wider.
const LONGEST_WORD: usize = 14;
/// What stands between two columns.
const GAP: &str = "  ";
/// A cell with more characters than this is a quotation; a table with one is a list.
const QUOTATION: usize = 90;

pub(super) fn render(statements: &[Statement<'_>], width: usize) -> String {
    let mut page = Page { out: String::new(), width };
    if statements.iter().any(|statement| statement.example) {
        page.block("", EXAMPLE_DATA);
        page.line("");
    }
    match statements {
        [only] => {
            page.statement(only);
            page.stand("Where this report stands", &only.stand);
        }
        several => page.paper(several),
    }
    page.out
}

fn is_marked(figure: &Figure) -> bool {
    figure.status != FigureStatus::Given
}

fn marked(row: &Row) -> bool {
    row.cells.iter().any(is_marked)
}

struct Page {
    out: String,
    width: usize,
}

impl Page {
    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    fn rule(&mut self, with: char) {
        let last = self.out.lines().last().map_or(0, |line| line.chars().count());
        self.line(&with.to_string().repeat(last.min(self.width)));
    }

    /// A paragraph: the first line begins with `lead`, the others are indented by as much.
    fn block(&mut self, lead: &str, text: &str) {
        let indent = " ".repeat(lead.chars().count());
        for (number, line) in wrap(text, self.width - indent.len()).iter().enumerate() {
            let start = if number == 0 { lead } else { &indent };
            self.line(&format!("{start}{line}"));
        }
    }

    /// Several reports: what they are, what they answer, and where they all stand; then one after the other.
    fn paper(&mut self, statements: &[Statement<'_>]) {
        let Some(first) = statements.first() else { return };
        self.block("", &format!("Reports: {}", first.about));
        self.rule('=');
        for statement in statements {
            self.block(&format!("{:<5}", statement.code), statement.title);
            for answer in statement.figures.iter().take(1) {
                self.block("     ", &answer.printed());
            }
        }
        // Each has a version of its own.
        let shared: Vec<_> =
            first.stand.iter().filter(|(label, _)| *label != "Definition").cloned().collect();
        self.stand("Where these reports stand", &shared);
        for statement in statements {
            self.line("");
            self.line("");
            self.statement(statement);
            for (label, version) in statement.stand.iter().filter(|(label, _)| *label == "Definition") {
                self.block(&format!("  - {label}: "), version);
            }
        }
    }

    fn statement(&mut self, statement: &Statement<'_>) {
        self.block("", &format!("{}: {}", statement.code, statement.title));
        self.rule('=');
        self.block("", &statement.about);
        if !statement.figures.is_empty() {
            self.line("");
        }
        for figure in statement.figures {
            self.block("  * ", &figure.printed());
        }
        for table in statement.tables {
            self.line("");
            self.block("", &table.title);
            self.rule('-');
            self.table(table);
        }
        self.line("");
        self.block("", "Notes");
        self.rule('-');
        for note in statement.notes {
            self.block("  - ", note);
        }
        let rows = statement.tables.iter().flat_map(|table| &table.rows);
        if rows.into_iter().any(marked) || statement.figures.iter().any(is_marked) {
            self.block("  - ", MARKS);
        }
    }

    fn stand(&mut self, heading: &str, stand: &[(&'static str, String)]) {
        self.line("");
        self.block("", heading);
        self.rule('-');
        for (label, value) in stand {
            self.block(&format!("{label:<14}"), value);
        }
    }

    fn table(&mut self, table: &Table) {
        let quotes =
            table.rows.iter().flat_map(|row| &row.cells).any(|cell| cell.text.chars().count() > QUOTATION);
        if table.rows.is_empty() {
            self.block("", &table.when_empty);
        } else if quotes {
            self.list(table);
        } else {
            self.grid(table);
        }
    }

    /// One paragraph a row: its first cell as a heading, then the others by name.
    fn list(&mut self, table: &Table) {
        let label =
            table.columns.iter().skip(1).map(|column| column.label.chars().count()).max().unwrap_or(0);
        for (number, row) in table.rows.iter().enumerate() {
            if number > 0 {
                self.line("");
            }
            if let Some(heading) = row.cells.first() {
                self.block("", &heading.printed());
            }
            for cell in row.cells.iter().skip(1) {
                self.block(&format!("  {:<label$}  ", cell.label), &cell.printed());
            }
        }
    }

    fn grid(&mut self, table: &Table) {
        let mut lines: Vec<Vec<String>> =
            vec![table.columns.iter().map(|column| column.label.to_string()).collect()];
        lines.extend(table.rows.iter().map(|row| row.cells.iter().map(Figure::printed).collect()));
        let widths = widths(&lines, self.width);
        let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        for (number, line) in lines.iter().enumerate() {
            self.row(line, &widths);
            if number == 0 {
                self.line(&rule.join(GAP));
            } else if number + 1 < lines.len() {
                self.line("");
            }
        }
        let left_out: Vec<_> =
            table.columns.iter().skip(widths.len()).map(|column| column.label.as_str()).collect();
        if !left_out.is_empty() {
            self.line("");
            let left_out = left_out.join(", ");
            self.block(
                "",
                &format!("Left out at this width: {left_out}. Wider terminals show more, other formats all."),
            );
        }
    }

    /// One row of a grid, as many lines high as its highest cell.
    fn row(&mut self, cells: &[String], widths: &[usize]) {
        let cells: Vec<_> = cells.iter().zip(widths).map(|(cell, width)| wrap(cell, *width)).collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        for number in 0..height {
            let line: Vec<String> = cells
                .iter()
                .zip(widths)
                .map(|(cell, &width)| {
                    format!("{:<width$}", cell.get(number).map(String::as_str).unwrap_or_default())
                })
                .collect();
            self.line(&line.join(GAP));
        }
    }
}

/// How wide each column is; only as many columns, from the left, as can be read side by side.
fn widths(lines: &[Vec<String>], width: usize) -> Vec<usize> {
    let columns = lines.first().map_or(0, Vec::len);
    let cells = |column: usize| lines.iter().filter_map(move |line| line.get(column));
    let (mut widths, mut used) = (Vec::new(), 0);
    for column in 0..columns {
        let words = cells(column).flat_map(|cell| cell.split_whitespace()).map(|word| word.chars().count());
        let least = words.max().unwrap_or(0).clamp(LEAST_COLUMN, LONGEST_WORD);
        let needed = used + least + if column == 0 { 0 } else { GAP.len() };
        if needed > width && column > 0 {
            break;
        }
        widths.push(least.min(width));
        used = needed;
    }
    // What is left goes, one character after the other, to the column with the highest cell.
    for _ in used..width {
        let heights = widths.iter().enumerate().map(|(column, &width)| {
            let lines = cells(column).map(|cell| wrap(cell, width).len()).max().unwrap_or(0);
            (lines, std::cmp::Reverse(column))
        });
        let Some((2.., std::cmp::Reverse(highest))) = heights.max() else { break };
        if let Some(width) = widths.get_mut(highest) {
            *width += 1;
        }
    }
    widths
}

/// Breaks a text between words; a word that is too long by itself is broken after a hyphen, or anywhere. A percent sign
/// stays with its number.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = vec![String::new()];
    let mut used = 0;
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        // A control character in a quotation would speak to the terminal.
        let mut word: Vec<char> = word.chars().filter(|c| !c.is_control()).collect();
        if let Some(sign) = words.next_if(|next| next.starts_with('%')) {
            word.push(' ');
            word.extend(sign.chars().filter(|c| !c.is_control()));
        }
        if used > 0 && used + 1 + word.len() > width {
            lines.push(String::new());
            used = 0;
        }
        while word.len() > width {
            // After a hyphen if there is one: `flexible-` is easier to read than `flexible-w`.
            let hyphen = word.iter().take(width).rposition(|c| *c == '-').filter(|at| *at > 0);
            let rest = word.split_off(hyphen.map_or(width, |at| at + 1));
            if let Some(line) = lines.last_mut() {
                line.extend(word);
            }
            lines.push(String::new());
            word = rest;
        }
        if let Some(line) = lines.last_mut() {
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            used += word.len();
            line.extend(word);
        }
    }
    lines
}

//! One report's sheet: the answer, the figures, then each table; the first column and the title stay in sight.
//!
//! Invariant: where a figure stands, a cell is a number, a date, words or a mark, never blank. Must not know what the columns
//! mean.

use rust_xlsxwriter::{
    ExcelDateTime, Format, Table as Framed, TableColumn, TableStyle, Worksheet, XlsxError,
};
use std::collections::BTreeMap;

use super::Styles;
use crate::reports::phrases::parse_short_day;
use crate::reports::render::grid::{Cell, GridColumn, grid};
use crate::reports::render::statement::Statement;
use crate::reports::render::{EXAMPLE_DATA, MARKS, ranges};
use crate::reports::report::{Figure, FigureStatus, Table};

/// A spreadsheet's cell holds 32,767 characters; the rest is said to be missing.
const LONGEST_TEXT: usize = 32_000;
/// A spreadsheet's sheet has a name of 31 characters at most.
const LONGEST_NAME: usize = 31;
/// Widths of columns, in characters: of the first, and of the others.
const FIRST: (usize, usize) = (26, 40);
const OTHERS: (usize, usize) = (8, 22);
/// A page across has room for about so many characters; sheets with little in them are not made larger.
const PAGE: f64 = 130.0;
/// The last columns of every table: what the row is about, as a code, and the events behind it. They are not printed.
const NOT_PRINTED: usize = 2;
/// How high a line is, in points.
const LINE: f64 = 13.5;
/// A spreadsheet's row is 409 points high at most, which are so many lines.
const MOST_LINES: usize = 30;
/// A4 in the numbers of spreadsheets …
const A4: u8 = 9;
/// … and A3, for what is wider than so many characters: on A4 nobody could read it.
const A3: u8 = 8;
const WIDE: f64 = 240.0;

/// What the sheet of a report is called: `R2 lateness`.
pub(super) fn sheet_name(statement: &Statement<'_>) -> String {
    let name = format!("{} {}", statement.code, statement.word);
    name.trim().chars().filter(|c| !r"[]:*?/\'".contains(*c)).take(LONGEST_NAME).collect()
}

/// A sheet that is being written, from the top.
pub(super) struct Sheet<'a> {
    to: &'a mut Worksheet,
    styles: &'a Styles,
    row: u32,
    /// How wide each column must be, in characters.
    widths: Vec<usize>,
    /// How many characters each cell of a table has: row, column, characters.
    cells: Vec<(u32, usize, usize)>,
    /// How many columns are printed.
    printed: usize,
}

impl Sheet<'_> {
    /// Writes a report's sheet.
    pub(super) fn write(
        sheet: &mut Worksheet,
        styles: &Styles,
        statement: &Statement<'_>,
    ) -> Result<(), XlsxError> {
        let mut it = Sheet { to: sheet, styles, row: 0, widths: Vec::new(), cells: Vec::new(), printed: 0 };
        let head = it.head(statement)?;
        it.figures(statement)?;
        for table in statement.tables {
            it.table(table)?;
        }
        it.line(MARKS, &styles.plain)?;
        let last = it.row.saturating_sub(1);
        let (columns, across) = it.layout()?;
        if statement.example {
            for column in 1..=columns {
                it.to.write_blank(0, column, &styles.example)?;
            }
        }
        it.to.set_freeze_panes(head, 1)?;
        it.to.set_repeat_rows(0, head.saturating_sub(1))?;
        let title = format!("{} · {}", sheet_name(statement), statement.about);
        paper(it.to, &title, statement.example, last, columns)?;
        if across > WIDE {
            it.to.set_paper_size(A3);
        }
        Ok(())
    }

    /// Gives columns their widths, and rows their heights: not every spreadsheet does that by itself. Returns the last
    /// column that is printed, and how many characters wide what is printed is.
    fn layout(&mut self) -> Result<(u16, f64), XlsxError> {
        let mut across = 0.0;
        let mut widths = Vec::with_capacity(self.widths.len());
        for (index, &width) in self.widths.iter().enumerate() {
            let (least, most) = if index == 0 { FIRST } else { OTHERS };
            // A little more than the characters need: the font's are not all of one width.
            let width = width.clamp(least, most) as f64 + 1.5;
            self.to.set_column_width(index as u16, width)?;
            across += if index < self.printed { width } else { 0.0 };
            widths.push(width);
        }
        let mut lines: BTreeMap<u32, usize> = BTreeMap::new();
        for &(row, column, characters) in &self.cells {
            let width = widths.get(column).copied().unwrap_or(PAGE);
            let it = lines.entry(row).or_default();
            *it = lines_of(characters, width).max(*it);
        }
        for (row, lines) in lines {
            self.to.set_row_height(row, height(lines))?;
        }
        let mut columns = self.printed.max(1);
        // A column that holds nothing is some nine characters wide.
        while across < PAGE {
            across += widths.get(columns).copied().unwrap_or(9.0);
            columns += 1;
        }
        Ok((columns as u16 - 1, across))
    }

    /// What stays in sight. Returns how many rows it has.
    fn head(&mut self, statement: &Statement<'_>) -> Result<u32, XlsxError> {
        if statement.example {
            self.line(EXAMPLE_DATA, &self.styles.example)?;
        }
        self.to.set_row_height(self.row, 2.0 * LINE)?;
        self.line(&format!("{} {}", statement.code, statement.title), &self.styles.title)?;
        self.line(&statement.about, &self.styles.plain)?;
        let head = self.row;
        self.to.write_url_with_options(
            self.row,
            0,
            "internal:'Contents'!A1",
            "Back to the contents",
            "",
            Some(&self.styles.link),
        )?;
        self.row += 2;
        if let Some(answer) = statement.figures.first() {
            self.line(&answer.printed(), &self.styles.answer)?;
            self.row += 1;
        }
        Ok(head)
    }

    /// A line of its own, which may run over the columns beside it.
    fn line(&mut self, text: &str, style: &Format) -> Result<(), XlsxError> {
        self.to.write_string_with_format(self.row, 0, fitting(text), style)?;
        self.row += 1;
        Ok(())
    }

    fn figures(&mut self, statement: &Statement<'_>) -> Result<(), XlsxError> {
        if statement.figures.is_empty() {
            return Ok(());
        }
        self.line("Figures", &self.styles.heading)?;
        let text = |of: &dyn Fn(&Figure) -> String| {
            statement.figures.iter().map(|figure| Cell::Text(of(figure))).collect::<Vec<_>>()
        };
        let number = |of: &dyn Fn(&Figure) -> Option<f64>| {
            let cell = |it: &Figure| of(it).map_or_else(|| Cell::Text(absent(it)), Cell::Number);
            statement.figures.iter().map(cell).collect::<Vec<_>>()
        };
        let unit = |it: &Figure| if it.unit.is_empty() { absent(it) } else { it.unit.to_string() };
        let status = |it: &Figure| match it.status {
            FigureStatus::Given => "given".to_owned(),
            status => status.mark().to_owned(),
        };
        let events = |it: &Figure| match ranges(&it.events) {
            none if none.is_empty() => absent(it),
            events => events,
        };
        let column =
            |header: &str, cells| GridColumn { header: header.to_owned(), cells, said_by_next: false };
        let columns = [
            column("In words", text(&Figure::printed)),
            column("Number", number(&|it| it.number)),
            column("Unit", text(&unit)),
            column("Part", number(&|it| it.numerator.map(|it| it as f64))),
            column("Whole", number(&|it| it.denominator.map(|it| it as f64))),
            column("Status", text(&status)),
            column("Figure", text(&|it| it.label.to_string())),
            // The events last, as in every table: with nothing behind them, a long list is not cut off within a number.
            column("Id", text(&|it| it.id.to_string())),
            column("Events", text(&events)),
        ];
        self.framed(&columns, "figures", statement.figures.len())
    }

    fn table(&mut self, table: &Table) -> Result<(), XlsxError> {
        self.line(&table.title, &self.styles.heading)?;
        if table.rows.is_empty() {
            self.line(&table.when_empty, &self.styles.plain)?;
            self.row += 1;
            return Ok(());
        }
        let mut columns: Vec<_> = grid(table).into_iter().filter(|column| !column.said_by_next).collect();
        // What a person reads comes first, and stays in sight; what the row is about, as a code, stands before the events.
        if columns.len() > 2 {
            let subject = columns.remove(0);
            columns.insert(columns.len() - 1, subject);
        }
        self.framed(&columns, &table.title, table.rows.len())
    }

    /// Columns as a table that a spreadsheet knows as one.
    fn framed(&mut self, columns: &[GridColumn], title: &str, rows: usize) -> Result<(), XlsxError> {
        let mut headers: Vec<String> = Vec::with_capacity(columns.len());
        for column in columns {
            // A spreadsheet wants the headers of a table to differ.
            let same = |it: &&String| it.to_lowercase() == column.header.to_lowercase();
            let before = headers.iter().filter(same).count();
            headers.push(match before {
                0 => column.header.clone(),
                more => format!("{} {}", column.header, more + 1),
            });
        }
        let (first, last) = (self.row, self.row + rows as u32);
        let header = |it: &String| TableColumn::new().set_header(it).set_header_format(&self.styles.header);
        let frame = Framed::new()
            .set_columns(&headers.iter().map(header).collect::<Vec<_>>())
            .set_style(TableStyle::None)
            .set_autofilter(false)
            .set_alt_text_title(title);
        self.printed = self.printed.max(columns.len().saturating_sub(NOT_PRINTED));
        self.to.add_table(first, 0, last, columns.len() as u16 - 1, &frame)?;
        for (index, (column, header)) in columns.iter().zip(&headers).enumerate() {
            let printed = index + NOT_PRINTED < columns.len();
            self.column(index, header, &column.cells, printed)?;
        }
        self.row = last + 2;
        Ok(())
    }

    fn column(&mut self, index: usize, header: &str, cells: &[Cell], printed: bool) -> Result<(), XlsxError> {
        let longest_word = header.split(' ').map(|word| word.chars().count()).max().unwrap_or(0);
        let header = header.chars().count();
        let mut width = longest_word.max(header / 2);
        self.cells.push((self.row, index, header));
        for (row, cell) in (self.row + 1..).zip(cells) {
            let characters = self.cell(row, index as u16, cell, printed)?;
            width = width.max(characters);
            if printed {
                self.cells.push((row, index, characters));
            }
        }
        if self.widths.len() <= index {
            self.widths.resize(index + 1, 0);
        }
        if let Some(it) = self.widths.get_mut(index) {
            *it = width.max(*it);
        }
        Ok(())
    }

    /// Writes one cell; one that is not printed is not broken into lines. Returns how many characters it has.
    fn cell(&mut self, row: u32, column: u16, cell: &Cell, printed: bool) -> Result<usize, XlsxError> {
        let styles = self.styles;
        match cell {
            Cell::Number(number) => {
                let style = if number.fract() == 0.0 { &styles.whole } else { &styles.broken };
                self.to.write_number_with_format(row, column, *number, style)?;
                Ok(number.to_string().len())
            }
            Cell::Text(text) => {
                if let Some(day) = date(text) {
                    self.to.write_datetime_with_format(row, column, &day, &styles.date)?;
                } else {
                    let style = match (column, printed) {
                        (0, _) => &styles.label,
                        (_, true) => &styles.text,
                        (_, false) => &styles.code,
                    };
                    self.to.write_string_with_format(row, column, fitting(text), style)?;
                }
                Ok(text.chars().count())
            }
        }
    }
}

/// How many lines so many characters take in a column of that width, broken between words. A column holds some more than
/// its number of characters, which counts digits; of a narrow one more is lost at the ends of lines.
pub(super) fn lines_of(characters: usize, width: f64) -> usize {
    let lost = if width > 2.0 * OTHERS.1 as f64 { 0.9 } else { 1.05 };
    let needed = lost * characters as f64;
    (1..MOST_LINES).find(|lines| *lines as f64 * width >= needed).unwrap_or(MOST_LINES)
}

/// How high a row of so many lines is, in points.
pub(super) fn height(lines: usize) -> f64 {
    LINE * lines.min(MOST_LINES) as f64 + 2.0
}

/// What stands where a figure has no such number.
fn absent(figure: &Figure) -> String {
    let status =
        if figure.status == FigureStatus::Given { FigureStatus::NotApplicable } else { figure.status };
    status.mark().to_owned()
}

/// A day as a spreadsheet counts it, if the text is one and nothing else, and not before spreadsheets begin to count.
fn date(text: &str) -> Option<ExcelDateTime> {
    let day = parse_short_day(text)?;
    let year = u16::try_from(day.year()).ok().filter(|year| *year > 1900)?;
    ExcelDateTime::from_ymd(year, day.month().unsigned_abs(), day.day().unsigned_abs()).ok()
}

/// A text as long as a cell may be.
pub(super) fn fitting(text: &str) -> String {
    match text.char_indices().nth(LONGEST_TEXT) {
        None => text.to_owned(),
        Some((end, _)) => {
            format!("{} … (cut: a cell holds no more; the json form has all of it)", &text[..end])
        }
    }
}

/// How a sheet is printed: A4 across unless it says otherwise, as wide as the page, the head of every page saying what it is.
pub(super) fn paper(
    sheet: &mut Worksheet,
    about: &str,
    example: bool,
    last_row: u32,
    last_column: u16,
) -> Result<(), XlsxError> {
    // `&` begins a command there; a head holds 255 characters.
    let about: String = about.chars().take(120).collect::<String>().replace('&', "&&");
    let example = if example { format!("&R&B{EXAMPLE_DATA}") } else { String::new() };
    sheet
        .set_landscape()
        .set_paper_size(A4)
        .set_print_fit_to_pages(1, 0)
        .set_header(format!("&L{about}{example}"))
        .set_footer("&RPage &P of &N")
        .set_print_area(0, 0, last_row, last_column)?;
    Ok(())
}

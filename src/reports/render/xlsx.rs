//! Reports as a workbook for spreadsheets (Office Open XML): a cover, contents with links, a sheet a report, notes, and what
//! the words mean.
//!
//! Invariant: texts are written as texts, whatever they begin with, so nothing from a ledger is ever computed; numbers are
//! numbers, days are dates, and where there is neither the mark stands, never a blank. The same report gives the same bytes:
//! the workbook's own date is that of the newest event in it. If the activity is invented, every sheet and every printed
//! page says so. Must not know what a report is about.

mod sheet;

use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};

use self::sheet::{Sheet, fitting, height, lines_of, sheet_name};
use super::statement::{Statement, checks};
use super::{EXAMPLE_DATA, MARKS};
use crate::reports::report::Figure;

/// The dark blue and the purple of the printed paper.
const BLUE: Color = Color::RGB(0x0000_2d54);
const PURPLE: Color = Color::RGB(0x006a_2063);
/// Columns of the sheets that hold sentences, in characters.
const LABEL: f64 = 24.0;
const SENTENCE: f64 = 100.0;

/// How cells look.
struct Styles {
    example: Format,
    title: Format,
    answer: Format,
    heading: Format,
    header: Format,
    label: Format,
    plain: Format,
    text: Format,
    /// Of codes and sequences: not broken into lines.
    code: Format,
    whole: Format,
    broken: Format,
    date: Format,
    link: Format,
}

impl Styles {
    fn new() -> Self {
        let base = || Format::new().set_font_name("Arial").set_font_size(10.0);
        let cell = || {
            base()
                .set_align(FormatAlign::Top)
                .set_border_bottom(FormatBorder::Thin)
                .set_border_color(Color::Gray)
        };
        // A little room between a number and the words that stand behind it.
        let number = |form: &str| cell().set_num_format(form).set_align(FormatAlign::Right).set_indent(1);
        let large = |size: f64| base().set_font_size(size).set_bold().set_font_color(BLUE);
        Self {
            example: base().set_bold().set_font_color(Color::White).set_background_color(PURPLE),
            title: large(16.0),
            answer: large(12.0),
            heading: large(12.0),
            header: base()
                .set_bold()
                .set_font_color(Color::White)
                .set_background_color(BLUE)
                .set_align(FormatAlign::Top)
                .set_text_wrap(),
            label: cell().set_bold().set_text_wrap(),
            plain: base(),
            text: cell().set_text_wrap(),
            code: cell(),
            whole: number("#,##0"),
            broken: number("#,##0.0##"),
            date: cell().set_num_format("d mmm yyyy").set_align(FormatAlign::Left),
            link: base()
                .set_align(FormatAlign::Top)
                .set_font_color(BLUE)
                .set_underline(rust_xlsxwriter::FormatUnderline::Single),
        }
    }
}

pub(super) fn render(statements: &[Statement<'_>]) -> Result<Vec<u8>, XlsxError> {
    let styles = Styles::new();
    let example = statements.iter().any(|statement| statement.example);
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties(statements, example)?);
    let book = Book { styles: &styles, statements, example };
    book.cover(workbook.add_worksheet())?;
    book.contents(workbook.add_worksheet())?;
    for statement in statements {
        let name = sheet_name(statement);
        Sheet::write(workbook.add_worksheet().set_name(name)?, &styles, statement)?;
    }
    book.notes(workbook.add_worksheet())?;
    book.definitions(workbook.add_worksheet())?;
    workbook.save_to_buffer()
}

fn properties(statements: &[Statement<'_>], example: bool) -> Result<DocProperties, XlsxError> {
    let newest = statements.iter().filter_map(|statement| statement.known_until).max();
    // A ledger has no event before spreadsheets begin to count, in 1900; without any event this is their beginning.
    let newest = newest.and_then(|time| ExcelDateTime::from_timestamp(time.as_second()).ok());
    let created = newest.map_or_else(|| ExcelDateTime::from_ymd(1900, 1, 1), Ok)?;
    // It begins with the machine's clock, which must not come in.
    let properties = DocProperties::new().set_title(title(statements)).set_creation_datetime(&created);
    let Some(first) = statements.first() else { return Ok(properties) };
    Ok(properties
        .set_subject(&first.about)
        .set_author(first.organisation)
        .set_company(first.organisation)
        .set_comment(if example { EXAMPLE_DATA } else { "" }))
}

/// What the workbook is called.
fn title(statements: &[Statement<'_>]) -> String {
    match statements {
        [] => String::new(),
        [only] => format!("{} {}", only.code, only.title),
        [first, .., last] => format!("Reports {} to {}", first.code, last.code),
    }
}

struct Book<'a> {
    styles: &'a Styles,
    statements: &'a [Statement<'a>],
    example: bool,
}

impl Book<'_> {
    fn cover(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        let styles = self.styles;
        let mut row = self.begin(sheet, "Cover", &title(self.statements), 2)?;
        let Some(first) = self.statements.first() else { return Ok(()) };
        sheet.write_string_with_format(row, 0, &first.about, &styles.plain)?;
        row += 2;
        let versions: Vec<_> = self.statements.iter().flat_map(|it| definition(it)).collect();
        let shared = first.stand.iter().filter(|(label, _)| *label != "Definition");
        let mut lines: Vec<(&str, String)> = shared.cloned().collect();
        lines.push(("Definitions", versions.join(", ")));
        lines.push(("How to check", checks(self.statements).replace('`', "")));
        lines.push(("Marks", MARKS.to_owned()));
        for (label, value) in lines {
            sheet.write_string_with_format(row, 0, label, &styles.label)?;
            self.sentence(sheet, row, &value)?;
            row += 1;
        }
        self.end(sheet, row, 2)
    }

    fn contents(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        let styles = self.styles;
        let mut row = self.begin(sheet, "Contents", "Contents", 3)?;
        self.header(sheet, row, &["Sheet", "What it answers", "The answer"])?;
        sheet.set_column_width(2, SENTENCE)?;
        row += 1;
        let answer =
            |it: &Statement<'_>| it.figures.first().map_or_else(|| it.about.clone(), Figure::printed);
        let mut lines: Vec<(String, String, String)> =
            self.statements.iter().map(|it| (sheet_name(it), it.title.to_owned(), answer(it))).collect();
        for (name, what) in [("Notes", "What a reader must know"), ("Definitions", "What the words mean")] {
            lines.push((name.to_owned(), what.to_owned(), "Not a report".to_owned()));
        }
        for (name, what, answer) in lines {
            sheet.write_url_with_options(
                row,
                0,
                format!("internal:'{name}'!A1").as_str(),
                &name,
                "",
                Some(&styles.link),
            )?;
            sheet.write_string_with_format(row, 1, what, &styles.text)?;
            sheet.set_row_height(row, height(lines_of(answer.chars().count(), SENTENCE)))?;
            sheet.write_string_with_format(row, 2, fitting(&answer), &styles.text)?;
            row += 1;
        }
        sheet.set_column_width(1, 50)?;
        self.end(sheet, row, 3)
    }

    fn notes(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        let mut row = self.begin(sheet, "Notes", "Notes: what a reader must know", 2)?;
        self.header(sheet, row, &["Report", "Note"])?;
        row += 1;
        for statement in self.statements {
            for note in statement.notes {
                sheet.write_string_with_format(row, 0, &statement.code, &self.styles.label)?;
                self.sentence(sheet, row, note)?;
                row += 1;
            }
        }
        sheet.write_string_with_format(row, 0, "All", &self.styles.label)?;
        sheet.write_string_with_format(row, 1, MARKS, &self.styles.text)?;
        self.end(sheet, row + 1, 2)
    }

    fn definitions(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        let styles = self.styles;
        let mut row = self.begin(sheet, "Definitions", "Definitions: what the words mean", 3)?;
        self.header(sheet, row, &["Word or number", "What it means", "Definition"])?;
        sheet.set_column_width(0, 46)?;
        sheet.set_column_width(2, 12)?;
        row += 1;
        for statement in self.statements {
            let version = definition(statement).next().unwrap_or_default();
            for (term, meaning) in statement.terms {
                sheet.write_string_with_format(row, 0, *term, &styles.label)?;
                self.sentence(sheet, row, meaning)?;
                sheet.write_string_with_format(row, 2, &version, &styles.text)?;
                row += 1;
            }
        }
        self.end(sheet, row, 3)
    }

    /// The head of a sheet of sentences. Returns the row after it.
    fn begin(&self, sheet: &mut Worksheet, name: &str, title: &str, columns: u16) -> Result<u32, XlsxError> {
        sheet.set_name(name)?;
        sheet.set_column_width(0, LABEL)?;
        sheet.set_column_width(1, SENTENCE)?;
        let mut row = 0;
        if self.example {
            sheet.write_string_with_format(row, 0, EXAMPLE_DATA, &self.styles.example)?;
            for column in 1..columns {
                sheet.write_blank(row, column, &self.styles.example)?;
            }
            row += 1;
        }
        sheet.set_row_height(row, height(2))?;
        sheet.write_string_with_format(row, 0, title, &self.styles.title)?;
        Ok(row + 1)
    }

    /// A sentence in the second column, and a row as high as it needs.
    fn sentence(&self, sheet: &mut Worksheet, row: u32, text: &str) -> Result<(), XlsxError> {
        sheet.set_row_height(row, height(lines_of(text.chars().count(), SENTENCE)))?;
        sheet.write_string_with_format(row, 1, fitting(text), &self.styles.text)?;
        Ok(())
    }

    fn header(&self, sheet: &mut Worksheet, row: u32, labels: &[&str]) -> Result<(), XlsxError> {
        for (column, label) in (0..).zip(labels) {
            sheet.write_string_with_format(row, column, *label, &self.styles.header)?;
        }
        sheet.set_repeat_rows(0, row)?;
        sheet.set_freeze_panes(row + 1, 0)?;
        Ok(())
    }

    /// How a sheet of sentences is printed, up to that row, with so many columns.
    fn end(&self, sheet: &mut Worksheet, row: u32, columns: u16) -> Result<(), XlsxError> {
        let about = self.statements.first().map_or("", |statement| &statement.about);
        sheet::paper(sheet, about, self.example, row.saturating_sub(1), columns - 1)
    }
}

/// The version of a statement's definitions.
fn definition<'s>(statement: &'s Statement<'_>) -> impl Iterator<Item = String> + 's {
    statement.stand.iter().filter(|(label, _)| *label == "Definition").map(|(_, version)| version.clone())
}

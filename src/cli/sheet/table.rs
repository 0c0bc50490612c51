//! A sheet as it was exported: text to rows of cells, each with the number that the spreadsheet shows. Pure.
//!
//! Invariant: row numbers are the spreadsheet's own, whatever stands in quotes and wherever rows are blank; an error
//! never repeats what stands in a cell below the header. It must not know what the cells mean.

use anyhow::{anyhow, bail};

/// Delimiters that are looked for in the header, the likeliest first.
const DELIMITERS: [char; 3] = [',', ';', '\t'];

/// How to save what this can read.
const SAVE_AS: &str = "in Excel choose Save As, \"CSV UTF-8 (Comma delimited)\"; in LibreOffice tick \"Edit filter \
                       settings\" and choose the character set UTF-8";

/// A sheet.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Table {
    /// The header's cells.
    pub(super) columns: Vec<String>,
    /// What stands below it; blank rows are passed over.
    pub(super) rows: Vec<Row>,
    /// Rows that have cells beyond the header's last column.
    pub(super) too_wide: Vec<usize>,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// As the spreadsheet shows it.
    pub(super) number: usize,
    /// Without the spaces around them; as many as the header has.
    pub(super) cells: Vec<String>,
}

/// The text of a sheet, if it is text.
pub(super) fn text(bytes: Vec<u8>) -> anyhow::Result<String> {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        bail!("this is a workbook, not a CSV file; {SAVE_AS}");
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        bail!("the text is encoded in UTF-16 (\"Unicode Text\"); {SAVE_AS}");
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.split(|byte| *byte == b'\n').count();
        anyhow!(
            "line {line} of the file is not UTF-8 text; it is probably encoded in Windows-1252; {SAVE_AS}"
        )
    })?;
    Ok(text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned))
}

impl Table {
    /// Reads a sheet whose header stands in row `header` (the first is 1). Without a delimiter, the header shows which
    /// it is.
    pub(super) fn read(text: &str, delimiter: Option<char>, header: usize) -> anyhow::Result<Self> {
        if text.contains('\0') {
            bail!("the file holds zero bytes, so it is not a CSV file; {SAVE_AS}");
        }
        let delimiter = delimiter.unwrap_or_else(|| sniff(text, header));
        let filled = fill_blank_lines(text, delimiter)?;
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter as u8)
            .has_headers(false)
            .flexible(true)
            .from_reader(filled.as_bytes());
        let mut columns: Option<Vec<String>> = None;
        let (mut rows, mut too_wide) = (Vec::new(), Vec::new());
        for (number, record) in (1..).zip(reader.records()) {
            let record = record.map_err(|_| anyhow!("row {number}: cannot be read as CSV; {SAVE_AS}"))?;
            if number < header {
                continue;
            }
            let Some(columns) = &columns else {
                columns = Some(record.iter().map(spaced).collect());
                continue;
            };
            let mut cells: Vec<String> = record.iter().map(|cell| cell.trim().to_owned()).collect();
            if cells.iter().all(String::is_empty) {
                continue;
            }
            if cells.iter().skip(columns.len()).any(|cell| !cell.is_empty()) {
                too_wide.push(number);
                continue;
            }
            cells.resize(columns.len(), String::new());
            rows.push(Row { number, cells });
        }
        let columns = columns.filter(|columns| columns.iter().any(|column| !column.is_empty()));
        let columns =
            columns.ok_or_else(|| anyhow!("row {header} is to hold the columns' names, and is blank"))?;
        Ok(Self { columns, rows, too_wide })
    }
}

/// A column's name with single spaces, however it was wrapped in its cell.
pub(super) fn spaced(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The delimiter that stands most often in the header, outside quotes.
fn sniff(text: &str, header: usize) -> char {
    let line = text.lines().nth(header.saturating_sub(1)).unwrap_or_default();
    let count = |delimiter: char| {
        let mut quoted = false;
        let outside = line.chars().filter(|it| {
            quoted ^= *it == '"';
            !quoted && *it == delimiter
        });
        outside.count()
    };
    // The first of the greatest: the likelier one.
    DELIMITERS.into_iter().rev().max_by_key(|it| count(*it)).unwrap_or(',')
}

/// Gives every line that has nothing in it a delimiter: the reader would pass over it, and every row below would have
/// another number than the spreadsheet shows.
fn fill_blank_lines(text: &str, delimiter: char) -> anyhow::Result<String> {
    let mut filled = String::with_capacity(text.len() + 16);
    let (mut row, mut opened) = (1_usize, 1_usize);
    // Inside quotes, and at the beginning of a cell and of a row.
    let (mut quoted, mut fresh_cell, mut fresh_row) = (false, true, true);
    let mut chars = text.chars().peekable();
    while let Some(it) = chars.next() {
        match it {
            '"' if quoted && chars.peek() == Some(&'"') => {
                filled.push('"');
                chars.next();
            }
            '"' if quoted => quoted = false,
            '"' if fresh_cell => (quoted, opened) = (true, row),
            '\r' if !quoted && chars.peek() == Some(&'\n') => continue,
            '\n' | '\r' if !quoted => {
                if fresh_row {
                    filled.push(delimiter);
                }
                filled.push('\n');
                row += 1;
                (fresh_cell, fresh_row) = (true, true);
                continue;
            }
            _ => {}
        }
        filled.push(it);
        fresh_cell = !quoted && it == delimiter;
        fresh_row = false;
    }
    if quoted {
        bail!("row {opened}: a quotation mark opens a cell and none closes it; add the closing one");
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Table {
        Table::read(text, None, 1).unwrap()
    }

    fn cells(table: &Table) -> Vec<(usize, Vec<&str>)> {
        table.rows.iter().map(|row| (row.number, row.cells.iter().map(String::as_str).collect())).collect()
    }

    #[test]
    fn given_an_export_of_excel_when_it_is_read_then_marks_line_ends_and_empty_lines_do_not_matter() {
        let bytes = "\u{feff}Ref,Title\r\nA1,\"Rest, and\r\nquiet\"\r\n\r\n,\r\nA2,\"the \"\"old\"\" one\"\r\n,\r\n\r\n\r\n";
        let table = read(&text(bytes.as_bytes().to_vec()).unwrap());
        assert_eq!(table.columns, ["Ref", "Title"]);
        let rows = vec![(2, vec!["A1", "Rest, and\r\nquiet"]), (5, vec!["A2", "the \"old\" one"])];
        assert_eq!(cells(&table), rows);
    }

    #[test]
    fn given_a_header_when_no_delimiter_is_said_then_it_is_found() {
        for (sheet, second) in [
            ("Ref;Due, or not;Owner\nA1;x;y\n", "x"),
            ("Ref\tDue\nA1\tx, y; z\n", "x, y; z"),
            ("\"Ref;a;b\",Due\nA1,x\n", "x"),
        ] {
            assert_eq!(read(sheet).rows[0].cells[1], second, "{sheet}");
        }
        assert_eq!(read("Ref\nA1\n").rows[0].cells, ["A1"]);
        assert_eq!(Table::read("a;b,c\n1;2,3\n", Some(','), 1).unwrap().rows[0].cells, ["1;2", "3"]);
    }

    #[test]
    fn given_rows_above_the_header_when_it_is_said_where_the_header_is_then_numbers_are_still_the_sheets_own()
    {
        let table = Table::read("Action tracker,,\n,,\nRef,Due\n\nA1,x\n", None, 3).unwrap();
        assert_eq!((table.columns[0].as_str(), table.rows[0].number), ("Ref", 5));
    }

    #[test]
    fn given_short_and_wide_rows_when_they_are_read_then_what_is_missing_is_empty_and_what_is_over_is_told() {
        let table = read("Ref,Title,Due\nA1\nA2,b,c,d\nA3,b,c,,\n");
        assert_eq!(cells(&table), [(2, vec!["A1", "", ""]), (4, vec!["A3", "b", "c"])]);
        assert_eq!(table.too_wide, [3]);
    }

    #[test]
    fn given_another_encoding_when_it_is_read_then_it_is_refused_with_what_to_do() {
        for (bytes, says) in [
            (&b"Ref,Title\nA1,Caf\xe9\n"[..], "Windows-1252"),
            (b"\xff\xfeR\0e\0f\0", "UTF-16"),
            (b"PK\x03\x04xl/workbook.xml", "workbook"),
        ] {
            let why = text(bytes.to_vec()).unwrap_err().to_string();
            assert!(why.contains(says) && why.contains("CSV UTF-8") && !why.contains("Caf"), "{why}");
        }
        assert!(text(b"Ref\nA1,Caf\xe9\n".to_vec()).unwrap_err().to_string().contains("line 2"));
    }

    #[test]
    fn given_a_quotation_mark_that_nothing_closes_when_it_is_read_then_its_row_is_named() {
        let why = Table::read("Ref,Title\nA1,\"x\ny\"\nA2,\"z\nA3,w\n", None, 1).unwrap_err().to_string();
        assert!(why.contains("row 3"), "{why}");
        // Inside a cell it is a mark like any other.
        assert_eq!(read("Ref,Title\nA1,a 5\" screen\n\nA2,x\n").rows[1].number, 4);
    }

    proptest::proptest! {
        /// Whatever stands in the cells and however many lines are blank between the rows: every row has the number that
        /// it was written with, and its cells.
        #[test]
        fn given_any_rows_when_they_are_written_and_read_then_numbers_and_cells_are_the_same(
            rows in proptest::collection::vec((0_usize..3, proptest::array::uniform3("[a-z\",;\r\n ]{0,6}")), 0..12),
            delimiter in proptest::sample::select(&[',', ';', '\t'][..]),
            end in proptest::sample::select(&["\n", "\r\n"][..]),
        ) {
            let quoted = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
            let mut text = ["A", "B", "C"].join(&delimiter.to_string()) + end;
            let (mut number, mut expected) = (1, Vec::new());
            for (blanks, cells) in &rows {
                text += &end.repeat(*blanks);
                number += blanks + 1;
                text += &cells.clone().map(|cell| quoted(&cell)).join(&delimiter.to_string());
                text += end;
                let cells: Vec<String> = cells.iter().map(|cell| cell.trim().to_owned()).collect();
                if cells.iter().any(|cell| !cell.is_empty()) {
                    expected.push(Row { number, cells });
                }
            }
            proptest::prop_assert_eq!(read(&text).rows, expected);
        }
    }
}

//! What people see: paragraphs, headings, tables. Aligned, wrapped, calm.
//!
//! Invariant: colour only on a terminal and only if `NO_COLOR` is unset; a reader that goes away (`| head`) changes
//! nothing of what the command does and answers; any other page that was not written is complained of, and the command
//! does not end as if it had been. It must not know what it prints.

use std::{
    io::{self, IsTerminal as _, Write},
    sync::atomic::{AtomicBool, Ordering},
};

/// Whether a page was lost.
pub(super) use crate::audit::{count, thousands};

static LOST: AtomicBool = AtomicBool::new(false);

/// The narrowest page.
const NARROWEST: usize = 60;
/// The widest page: longer lines are hard to read.
const WIDEST: usize = 100;
/// The page of whoever has no terminal.
const USUAL: usize = 80;

/// Prints to stdout, as it is. What goes wrong is told by [`lost`].
pub(super) fn print(text: &str) {
    match write(&mut io::stdout().lock(), text) {
        Ok(()) => {}
        // Whoever was reading has seen enough: the command's own status still says what it found.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        Err(error) => {
            // Once is enough, however many pages there are.
            if !LOST.swap(true, Ordering::Relaxed) {
                complain(&format!("pledgebook: stdout: {error}; what stands there is not the whole answer"));
            }
        }
    }
}

/// Prints to stdout what cannot be had again; whether anybody is there to read it.
pub(super) fn hand_over(text: &str) -> io::Result<()> {
    write(&mut io::stdout().lock(), text)
}

/// Whether something that should have been printed was not, for another reason than that nobody reads it.
pub(super) fn lost() -> bool {
    LOST.load(Ordering::Relaxed)
}

fn write(to: &mut impl Write, text: &str) -> io::Result<()> {
    to.write_all(text.as_bytes()).and_then(|()| to.flush())
}

/// Prints a line to stderr.
pub(super) fn complain(text: &str) {
    // Nobody is left to be told that stderr is closed.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Columns of the page: of the terminal; where there is none, what `COLUMNS` says.
pub(super) fn width() -> usize {
    let told = || std::env::var("COLUMNS").ok()?.parse().ok();
    let columns = comfy_table::Table::new().width().map(usize::from).or_else(told);
    columns.map_or(USUAL, |width| width.clamp(NARROWEST, WIDEST))
}

/// Whether somebody watches stderr: then a bar may move there.
pub(super) fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// A heading with a rule under it.
pub(super) fn heading(text: &str) -> String {
    let rule = "-".repeat(text.chars().count());
    format!("\n{}\n{rule}\n", strong(text))
}

/// Text that stands out, where that can be shown.
pub(super) fn strong(text: &str) -> String {
    let plain = !io::stdout().is_terminal() || std::env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty());
    if plain { text.to_owned() } else { format!("\u{1b}[1m{text}\u{1b}[0m") }
}

/// A paragraph: its first line begins with `lead`, the others are indented by as much.
pub(super) fn paragraph(lead: &str, text: &str, width: usize) -> String {
    // A lead may begin with an empty line.
    let indent = lead.rsplit('\n').next().unwrap_or_default().chars().count();
    let mut page = String::new();
    for (number, line) in wrap(text, width.saturating_sub(indent).max(20)).iter().enumerate() {
        let start = if number == 0 { lead } else { &" ".repeat(indent) };
        page.push_str(format!("{start}{line}").trim_end());
        page.push('\n');
    }
    page
}

/// Lines of at most `width` characters; a longer word gets a line of its own.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last().map_or(0, |line| line.chars().count());
        match lines.last_mut() {
            Some(last) if line == 0 => last.push_str(word),
            Some(last) if line + 1 + word.chars().count() <= width => {
                last.push(' ');
                last.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// How the cells of a column stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// A table without lines: a heading, a rule, rows. The last column is wrapped to the page.
pub(super) fn table(columns: &[(&str, Align)], rows: &[Vec<String>], width: usize) -> String {
    let mut lines = vec![columns.iter().map(|(label, _)| (*label).to_owned()).collect::<Vec<_>>()];
    lines.extend(rows.iter().cloned());
    let mut widths: Vec<usize> = (0..columns.len())
        .map(|column| lines.iter().filter_map(|line| line.get(column)).map(|c| c.chars().count()).max())
        .map(Option::unwrap_or_default)
        .collect();
    let before: usize = widths.iter().rev().skip(1).map(|width| width + 2).sum();
    if let Some(last) = widths.last_mut() {
        *last = (*last).min(width.saturating_sub(before).max(20));
    }
    lines.insert(1, widths.iter().map(|width| "-".repeat(*width)).collect());
    lines.iter().map(|line| row(line, columns, &widths)).collect()
}

fn row(cells: &[String], columns: &[(&str, Align)], widths: &[usize]) -> String {
    let mut page = String::new();
    let last =
        cells.last().map(|cell| wrap(cell, widths.last().copied().unwrap_or(USUAL))).unwrap_or_default();
    for (number, end) in last.iter().enumerate() {
        let mut line = String::new();
        for (index, (_, align)) in columns.iter().enumerate() {
            let (width, ending) = (widths[index], index + 1 == columns.len());
            let cell = match (ending, number) {
                (true, _) => end.as_str(),
                (false, 0) => cells.get(index).map_or("", String::as_str),
                (false, _) => "",
            };
            let gap = if ending { "" } else { "  " };
            line.push_str(&match align {
                Align::Left => format!("{cell:<width$}{gap}"),
                Align::Right => format!("{cell:>width$}{gap}"),
            });
        }
        page.push_str(line.trim_end());
        page.push('\n');
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_does_not_fit_is_an_error() {
        let mut full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let error = write(&mut full, "INTACT\n").unwrap_err();
        assert_ne!(error.kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn lines_are_wrapped_at_words_and_a_long_word_keeps_its_own_line() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("a verylongword b", 5), ["a", "verylongword", "b"]);
        assert_eq!(wrap("", 5), [""]);
    }

    #[test]
    fn a_table_is_aligned_and_wraps_its_last_column() {
        let rows = [vec!["a".to_owned(), "7".to_owned(), "one two three four five six".to_owned()]];
        let columns = [("Name", Align::Left), ("No", Align::Right), ("Why", Align::Left)];
        let page = table(&columns, &rows, 30);
        assert_eq!(page.lines().next(), Some("Name  No  Why"));
        assert_eq!(page.lines().nth(2), Some("a      7  one two three four"));
        assert_eq!(page.lines().nth(3), Some("          five six"));
        assert!(page.lines().all(|line| line.chars().count() <= 30));
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(count(1, "event", "events"), "1 event");
    }
}

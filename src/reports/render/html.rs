//! A report as one page for browsers and for paper: no script, nothing fetched, its style within.
//!
//! Invariant: every text from the ledger is escaped; a page reads the same without its style (headings, captions, row
//! and column headers say what colours only repeat), after WCAG 2.2 AA. If the activity is invented, every table says so
//! in its caption, too, so that a printed page that goes astray still does. Must not know what a report is about.

use super::{EXAMPLE_DATA, MARKS, provenance, ranges};
use crate::reports::phrases::day;
use crate::reports::report::{Figure, FigureStatus, Report, Table};

/// The page's own style sheet. Text colours have a contrast of 4.5 to 1 at least on their grounds.
const STYLE: &str = include_str!("style.css");
/// A cell with more characters than this gets a wide column.
const QUOTATION: usize = 90;

pub(super) fn render(report: &Report) -> String {
    let mut page = Page { out: String::new(), example: report.example_data };
    page.head(report);
    page.add("<main id=\"main\">\n");
    page.element("h1", &format!("<span>{}</span> {}", escape(&report.code), escape(&report.title)));
    let about = format!("{}, {}, as at {}", report.organisation, report.period, day(report.as_at));
    page.element("p", &escape(&about));
    page.figures(report);
    page.add("<h2 id=\"stand\">Where this report stands</h2>\n<dl class=\"stand\">\n");
    for (label, value) in provenance(report) {
        page.add(&format!("<dt>{}</dt><dd>{}</dd>\n", escape(label), escape(&value)));
    }
    page.add("</dl>\n");
    for table in &report.tables {
        page.table(table);
    }
    page.notes(report);
    page.sources(report);
    page.add("</main>\n</body>\n</html>\n");
    page.out
}

struct Page {
    out: String,
    example: bool,
}

impl Page {
    fn add(&mut self, html: &str) {
        self.out.push_str(html);
    }

    fn element(&mut self, name: &str, inner: &str) {
        self.add(&format!("<{name}>{inner}</{name}>\n"));
    }

    fn head(&mut self, report: &Report) {
        let example = if self.example { "EXAMPLE DATA: " } else { "" };
        let title = format!("{example}{} {} {}", report.code, report.title, report.organisation);
        self.add("<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n");
        self.add("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        self.element("title", &escape(&title));
        self.add(&format!("<style>\n{STYLE}</style>\n</head>\n<body>\n"));
        self.add("<a class=\"skip\" href=\"#main\">Skip to the report</a>\n");
        if self.example {
            self.add(&format!("<p class=\"example\" role=\"note\">{}</p>\n", escape(EXAMPLE_DATA)));
        }
    }

    fn figures(&mut self, report: &Report) {
        let mut figures = report.figures.iter();
        if let Some(answer) = figures.next() {
            self.add(&format!("<p class=\"answer\">{}</p>\n", printed(answer)));
        }
        self.add("<ul class=\"figures\">\n");
        for figure in figures {
            self.element("li", &printed(figure));
        }
        self.add("</ul>\n");
    }

    fn table(&mut self, table: &Table) {
        if table.rows.is_empty() {
            self.element("h2", &escape(&table.title));
            self.element("p", &escape(&table.when_empty));
            return;
        }
        let (id, title) = (escape(&table.id), escape(&table.title));
        let example = if self.example { " (example data)" } else { "" };
        // A region that can be scrolled must be reachable by keyboard, and needs a name.
        self.add(&format!("<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-labelledby=\"{id}\">\n"));
        self.add(&format!("<table>\n<caption id=\"{id}\">{title}{example}</caption>\n<thead>\n<tr>"));
        for column in &table.columns {
            self.add(&format!("<th scope=\"col\">{}</th>", escape(&column.label)));
        }
        self.add("</tr>\n</thead>\n<tbody>\n");
        for row in &table.rows {
            self.add("<tr>");
            for (number, cell) in row.cells.iter().enumerate() {
                let inner = printed(cell);
                if number == 0 {
                    let subject = escape(&row.subject);
                    self.add(&format!(
                        "<th scope=\"row\">{inner} <span class=\"subject\">{subject}</span></th>"
                    ));
                } else if cell.text.chars().count() > QUOTATION {
                    self.add(&format!("<td class=\"quotation\">{inner}</td>"));
                } else {
                    self.add(&format!("<td>{inner}</td>"));
                }
            }
            self.add("</tr>\n");
        }
        self.add("</tbody>\n</table>\n</div>\n");
    }

    fn notes(&mut self, report: &Report) {
        self.add("<h2>Notes</h2>\n<ul>\n");
        for note in report.notes.iter().map(String::as_str).chain([MARKS]) {
            self.element("li", &escape(note));
        }
        self.add("</ul>\n");
    }

    /// The events behind the headline figures, so that anybody entitled to can look them up.
    fn sources(&mut self, report: &Report) {
        self.add("<footer>\n<h2>Events behind the figures</h2>\n<dl class=\"stand\">\n");
        for figure in report.figures.iter().filter(|figure| !figure.events.is_empty()) {
            let (label, events) = (escape(&figure.label), ranges(&figure.events));
            self.add(&format!("<dt>{label}</dt><dd>{events}</dd>\n"));
        }
        self.add("</dl>\n</footer>\n");
    }
}

/// The mark, with its meaning for those who cannot see the note, and the text.
fn printed(figure: &Figure) -> String {
    let meaning = match figure.status {
        FigureStatus::Given => return escape(&figure.text),
        FigureStatus::Suppressed => "held back to protect people",
        FigureStatus::NotAvailable => "not available",
        FigureStatus::NotApplicable => "not applicable",
    };
    let mark = figure.status.mark();
    let mark = format!("<abbr class=\"mark\" title=\"{meaning}\">{mark}</abbr>");
    if figure.text.is_empty() { mark } else { format!("{mark} {}", escape(&figure.text)) }
}

pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

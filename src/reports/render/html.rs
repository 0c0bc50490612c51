//! Reports as a committee paper, for browsers and for paper: one page, no script, nothing fetched, its style within.
//!
//! Invariant: every text from the ledger is escaped; a page reads the same without its style (headings, captions, row
//! and column headers say what colours only repeat), after WCAG 2.2 AA. If the activity is invented, every table says so
//! in its caption and every printed sheet in its margin, so that a sheet that goes astray still does. Must not know what a
//! report is about.

use super::statement::{Statement, checks};
use super::{EXAMPLE_DATA, MARKS, ranges};
use crate::reports::report::{Figure, FigureStatus, Table};

/// The page's own style sheet. Text colours have a contrast of 4.5 to 1 at least on their grounds.
const STYLE: &str = include_str!("style.css");
/// A cell with more characters than this gets a wide column.
const QUOTATION: usize = 90;

pub(super) fn render(statements: &[Statement<'_>]) -> String {
    let example = statements.iter().any(|statement| statement.example);
    let mut page = Page { out: String::new(), example };
    match statements {
        [only] => page.single(only),
        several => page.paper(several),
    }
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

    /// A heading of that level, with an id if it is one to lead to.
    fn heading(&mut self, level: usize, id: &str, text: &str) {
        let id = if id.is_empty() { String::new() } else { format!(" id=\"{}\"", escape(id)) };
        self.add(&format!("<h{level}{id}>{}</h{level}>\n", escape(text)));
    }

    fn head(&mut self, title: &str, about: &str) {
        let example = if self.example { "EXAMPLE DATA: " } else { "" };
        self.add("<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n");
        self.add("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        self.element("title", &escape(&format!("{example}{title}. {about}")));
        self.add(&format!("<style>\n{STYLE}{}</style>\n</head>\n<body>\n", self.margins(about)));
        self.add("<a class=\"skip\" href=\"#main\">Skip to the report</a>\n");
        if self.example {
            self.add(&format!("<header class=\"example\"><p>{}</p></header>\n", escape(EXAMPLE_DATA)));
        }
        self.add("<main id=\"main\">\n");
    }

    /// What stands in the margins of every printed sheet: whose report it is, that it is invented, the page's number.
    fn margins(&self, about: &str) -> String {
        let example = if self.example { quoted(EXAMPLE_DATA) } else { "\"\"".to_owned() };
        format!(
            "@page{{@top-left{{content:{}}}@top-right{{content:{example};font-weight:700}}\
             @bottom-right{{content:\"Page \" counter(page) \" of \" counter(pages)}}}}\n",
            quoted(about)
        )
    }

    fn single(&mut self, statement: &Statement<'_>) {
        let title = format!("{} {}", statement.code, statement.title);
        self.head(&title, &statement.about);
        self.element("h1", &titled(statement));
        self.element("p", &escape(&statement.about));
        self.figures(statement);
        self.stand("Where this report stands", &statement.stand);
        self.tables(statement, 2);
        self.notes(statement, 2);
        self.terms(statement, 2);
        self.add("<footer>\n");
        self.sources(statement, 2);
        self.heading(2, "", "How to check this");
        self.element("p", &checked(&statement.check));
        self.add("</footer>\n");
    }

    /// Several reports: contents with each answer, where they all stand, then one after the other.
    fn paper(&mut self, statements: &[Statement<'_>]) {
        let Some(first) = statements.first() else { return };
        let codes = [first, statements.last().unwrap_or(first)].map(|statement| statement.code.as_str());
        let title = format!("Reports {} to {}", codes[0], codes[1]);
        self.head(&title, &first.about);
        self.element("h1", &escape(&title));
        self.element("p", &escape(&first.about));
        self.add("<nav aria-labelledby=\"contents\">\n");
        self.heading(2, "contents", "Contents");
        self.add("<ol class=\"contents\">\n");
        for statement in statements {
            let link = format!(
                "<a href=\"#{}\">{} {}</a>",
                anchor(statement),
                escape(&statement.code),
                escape(statement.title)
            );
            let answer = statement.figures.first().map(printed).unwrap_or_default();
            self.element("li", &format!("{link} <span>{answer}</span>"));
        }
        self.add("</ol>\n</nav>\n");
        // Each has a version of its own.
        let shared: Vec<_> =
            first.stand.iter().filter(|(label, _)| *label != "Definition").cloned().collect();
        self.stand("Where these reports stand", &shared);
        self.heading(2, "", "How to check this paper");
        self.element("p", &checked(&checks(statements)));
        for statement in statements {
            self.add(&format!("<section aria-labelledby=\"{}\">\n", anchor(statement)));
            self.add(&format!("<h2 id=\"{}\">{}</h2>\n", anchor(statement), titled(statement)));
            for (label, version) in statement.stand.iter().filter(|(label, _)| *label == "Definition") {
                self.element("p", &format!("{} {}", escape(label), escape(version)));
            }
            self.figures(statement);
            self.tables(statement, 3);
            self.notes(statement, 3);
            self.terms(statement, 3);
            self.sources(statement, 3);
            self.add("</section>\n");
        }
    }

    fn figures(&mut self, statement: &Statement<'_>) {
        let [answer, others @ ..] = statement.figures else { return };
        self.add(&format!("<p class=\"answer\">{}</p>\n", printed(answer)));
        if others.is_empty() {
            return;
        }
        self.add("<ul class=\"figures\">\n");
        for figure in others {
            self.element("li", &printed(figure));
        }
        self.add("</ul>\n");
    }

    fn stand(&mut self, heading: &str, stand: &[(&'static str, String)]) {
        self.heading(2, "", heading);
        self.add("<dl class=\"stand\">\n");
        for (label, value) in stand {
            self.add(&format!("<dt>{}</dt><dd>{}</dd>\n", escape(label), escape(value)));
        }
        self.add("</dl>\n");
    }

    fn tables(&mut self, statement: &Statement<'_>, level: usize) {
        for table in statement.tables {
            self.table(table, level);
        }
    }

    fn table(&mut self, table: &Table, level: usize) {
        if table.rows.is_empty() {
            self.heading(level, "", &table.title);
            self.element("p", &escape(&table.when_empty));
            return;
        }
        let (id, title) = (escape(&table.id), escape(&table.title));
        let example = if self.example { " (example data)" } else { "" };
        // A region that can be scrolled must be reachable by keyboard, and needs a name.
        self.add(&format!("<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-labelledby=\"{id}\">\n"));
        // The heading stands in the caption, so that whoever goes from heading to heading finds the tables.
        self.add(&format!(
            "<table>\n<caption><h{level} id=\"{id}\">{title}{example}</h{level}></caption>\n<thead>\n<tr>"
        ));
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

    fn notes(&mut self, statement: &Statement<'_>, level: usize) {
        self.heading(level, "", "Notes");
        self.add("<ul class=\"notes\">\n");
        for note in statement.notes.iter().map(String::as_str).chain([MARKS]) {
            self.element("li", &checked(note));
        }
        self.add("</ul>\n");
    }

    fn terms(&mut self, statement: &Statement<'_>, level: usize) {
        if statement.terms.is_empty() {
            return;
        }
        self.heading(level, "", "What the words mean");
        self.add("<dl class=\"terms\">\n");
        for (term, meaning) in statement.terms {
            self.add(&format!("<div><dt>{}</dt><dd>{}</dd></div>\n", escape(term), checked(meaning)));
        }
        self.add("</dl>\n");
    }

    /// The events behind the headline figures, so that anybody entitled to can look them up.
    fn sources(&mut self, statement: &Statement<'_>, level: usize) {
        let mut figures = statement.figures.iter().filter(|figure| !figure.events.is_empty()).peekable();
        if figures.peek().is_none() {
            return;
        }
        self.heading(level, "", "Events behind the figures");
        self.add("<dl class=\"events\">\n");
        for figure in figures {
            let (label, events) = (escape(&figure.label), ranges(&figure.events));
            self.add(&format!("<dt>{label}</dt><dd>{events}</dd>\n"));
        }
        self.add("</dl>\n");
    }
}

fn titled(statement: &Statement<'_>) -> String {
    format!("<span>{}</span> {}", escape(&statement.code), escape(statement.title))
}

fn anchor(statement: &Statement<'_>) -> String {
    escape(&statement.code.to_lowercase().replace(' ', "-"))
}

/// A text with commands between backticks.
fn checked(text: &str) -> String {
    let mut html = String::new();
    if text.matches('`').count() % 2 == 1 {
        return escape(text);
    }
    for (number, part) in text.split('`').enumerate() {
        let part = escape(part);
        let (begin, end) = if number % 2 == 1 { ("<code>", "</code>") } else { ("", "") };
        html += &[begin, &part, end].concat();
    }
    html
}

/// A CSS string of any text: what is not plain is written as its code point, so that nothing ends the string or the style.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | ',' | '.' | ':' | '-');
    let inner: String = text
        .chars()
        .map(|c| if plain(c) { c.to_string() } else { format!("\\{:x} ", u32::from(c)) })
        .collect();
    format!("\"{inner}\"")
}

/// The mark, with its meaning for those who cannot see the note, and the text.
fn printed(figure: &Figure) -> String {
    let meaning = match figure.status {
        FigureStatus::Given => return checked(&figure.text),
        FigureStatus::Suppressed => "held back to protect people",
        FigureStatus::NotAvailable => "not available",
        FigureStatus::NotApplicable => "not applicable",
    };
    let mark = figure.status.mark();
    let mark = format!("<abbr class=\"mark\" title=\"{meaning}\">{mark}</abbr>");
    if figure.text.is_empty() { mark } else { format!("{mark} {}", checked(&figure.text)) }
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

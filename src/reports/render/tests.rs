//! Tests of the forms: widths, wrapping, escaping, disarming, and what every form must say.

use jiff::civil::date;

use super::text::wrap;
use super::{EXAMPLE_DATA, Format, csv, html, ranges, render};
use crate::domain::value::Sha256;
use crate::reports::report::{Figure, FigureStatus, Report, Table};

fn small() -> Report {
    let columns = [("action", "Action"), ("late", "Against the first date"), ("owner", "Owner")];
    let mut table = Table::new("r2.actions", "Actions", "There is none.", &columns);
    table.push(
        "action/a".into(),
        vec![
            Figure::words("=1+1 <b>bold</b> \"quoted\", & more"),
            Figure::number(12, "days", "Late by 12 days").from_events([9, 3, 4, 5]),
            Figure::with_status(FigureStatus::Suppressed, ""),
        ],
    );
    Report {
        ledger: "ledgers/acme".into(),
        organisation: "Acme".into(),
        example_data: true,
        code: "R2".into(),
        title: "What is late?".into(),
        definition_version: "r2/1".into(),
        as_at: date(2026, 3, 31),
        as_known: 10,
        root_hash: Sha256([0xcd; 32]),
        period: "2025-26".into(),
        figures: vec![Figure::share(1, 3, "actions", "1 of 3 actions is late.").named("r2.late", "Late")],
        tables: vec![table],
        notes: vec!["A note.".into()],
        known_until: "2026-03-31T09:00:00Z".parse().ok(),
        since: None,
        days: None,
    }
}

#[test]
fn formats_are_parsed_by_their_names() {
    for format in Format::ALL {
        assert_eq!(Format::parse(format.as_str()), Ok(format));
        assert!(format.media_type().contains('/'));
    }
    assert!(Format::parse("pdf").is_err());
}

#[test]
fn every_form_says_where_the_report_stands() {
    for format in Format::ALL {
        let said = render(&small(), format, 80);
        let root = "cd".repeat(32);
        for part in ["ledgers/acme", "Acme", "r2/1", "2025-26", "1 of 3 actions is late.", "A note.", &root] {
            assert!(said.contains(part), "{format:?}: {part}\n{said}");
        }
        let as_at = if format == Format::Json { "\"as_at\": \"2026-03-31\"" } else { "31 March 2026" };
        let as_known = if format == Format::Json { "\"as_known\": 10" } else { "10 events" };
        assert!(said.contains(as_at) && said.contains(as_known), "{format:?}\n{said}");
    }
}

#[test]
fn an_invented_ledger_says_so_first_and_no_other_does() {
    let invented = small();
    let real = Report { example_data: false, ..small() };
    for format in Format::ALL {
        let said = render(&invented, format, 80);
        let before = said.find("EXAMPLE DATA").unwrap();
        let first = if format == Format::Html { 250 } else { 20 };
        assert!(before < first, "{format:?}: {before}");
        assert!(said.contains(EXAMPLE_DATA));
        assert!(!render(&real, format, 80).to_uppercase().contains("EXAMPLE DATA"));
    }
    // On paper, each table says so for itself.
    assert!(render(&invented, Format::Html, 80).contains("Actions (example data)</caption>"));
}

#[test]
fn text_keeps_to_the_width() {
    for width in [0, 40, 41, 60, 80, 120, u16::MAX] {
        let text = render(&small(), Format::Text, width);
        assert!(text.lines().all(|line| line.chars().count() <= usize::from(width.max(64))), "{text}");
        assert!(text.lines().all(|line| line == line.trim_end()));
    }
    let narrow = render(&small(), Format::Text, 40);
    assert!(narrow.lines().all(|line| line.chars().count() <= 40), "{narrow}");
}

#[test]
fn columns_that_do_not_fit_are_named() {
    let mut report = small();
    let columns: Vec<_> = ["one", "two", "three", "four", "five", "six"].map(|name| (name, name)).into();
    let mut table = Table::new("t", "Wide", "", &columns);
    table.push("action/a".into(), (0..6).map(|n| Figure::words(format!("cell {n}"))).collect());
    report.tables = vec![table];
    let text = render(&report, Format::Text, 40);
    assert!(text.contains("Left out at this width: four, five, six."), "{text}");
    assert!(!render(&report, Format::Text, 80).contains("Left out"));
}

#[test]
fn words_wrap_between_words_and_long_ones_anywhere() {
    assert_eq!(wrap("one two three", 7), ["one two", "three"]);
    assert_eq!(wrap("one two three", 80), ["one two three"]);
    assert_eq!(wrap("  spaced \n out ", 80), ["spaced out"]);
    assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
    assert_eq!(wrap("a bcdefgh", 3), ["a", "bcd", "efg", "h"]);
    assert_eq!(wrap("", 10), [""]);
    assert_eq!(wrap("flexible-working", 10), ["flexible-", "working"]);
    assert_eq!(wrap("-------", 3), ["---", "---", "-"]);
    assert_eq!(wrap("\u{1b}[31mred\u{7}", 80), ["[31mred"]);
    assert_eq!(wrap("éééé", 2), ["éé", "éé"]);
}

#[test]
fn a_spreadsheet_computes_nothing() {
    for armed in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x"] {
        assert_eq!(csv::safe(armed), format!("'{armed}"));
    }
    assert_eq!(csv::safe("1+1=2"), "1+1=2");
    let said = render(&small(), Format::Csv, 80);
    let row = said.lines().find(|line| line.starts_with("action/a")).unwrap();
    assert_eq!(
        row,
        "action/a,\"'=1+1 <b>bold</b> \"\"quoted\"\", & more\",Late by 12 days,12,[c],\"3–5, 9\""
    );
    assert!(said.lines().any(
        |line| line == "subject,Action,Against the first date,Against the first date (days),Owner,events"
    ));
    // RFC 4180: every line ends with CRLF.
    assert_eq!(said.matches('\n').count(), said.matches("\r\n").count());
}

#[test]
fn a_page_shows_texts_and_runs_nothing() {
    assert_eq!(
        html::escape("<a href=\"x\">'&'</a>"),
        "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;"
    );
    let page = render(&small(), Format::Html, 80);
    assert!(page.contains("=1+1 &lt;b&gt;bold&lt;/b&gt; &quot;quoted&quot;, &amp; more"));
    for forbidden in ["<script", "<b>", "http:", "https:", "src=", "@import", "url("] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    for needed in [
        "<html lang=\"en-GB\">",
        "<title>",
        "<h1>",
        "<caption",
        "<th scope=\"col\">",
        "<th scope=\"row\">",
        "@media print",
        "Skip to the report",
        "tabindex=\"0\"",
    ] {
        assert!(page.contains(needed), "{needed}");
    }
}

#[test]
fn every_element_is_closed_and_every_id_is_one() {
    let page = render(&small(), Format::Html, 80);
    for name in
        ["html", "head", "body", "main", "h1", "h2", "table", "tr", "th", "td", "dl", "ul", "div", "footer"]
    {
        let opened = page.matches(&format!("<{name}>")).count() + page.matches(&format!("<{name} ")).count();
        assert_eq!(opened, page.matches(&format!("</{name}>")).count(), "{name}");
    }
    let ids: Vec<_> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(ids.len(), distinct.len());
}

#[test]
fn an_empty_table_says_what_that_means() {
    let mut report = small();
    report.tables[0].rows.clear();
    for format in Format::ALL {
        assert!(render(&report, format, 80).contains("There is none."), "{format:?}");
    }
}

/// WCAG 2.2, 1.4.3: the contrast of every pair of text and ground in the style sheet is 4.5 to 1 at least.
#[test]
fn colours_have_contrast() {
    let luminance = |hex: u32| {
        let channel = |shift: u32| {
            let value = f64::from((hex >> shift) & 0xff) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0)
    };
    let pairs = [
        (0x001a_1a1a, 0x00ff_ffff),
        (0x0000_2d54, 0x00ff_ffff),
        (0x001a_1a1a, 0x00f3_f5f8),
        (0x00ff_ffff, 0x006a_2063),
        (0x004d_4d4d, 0x00ff_ffff),
    ];
    for (text, ground) in pairs {
        let (one, other) = (luminance(text), luminance(ground));
        let contrast = (one.max(other) + 0.05) / (one.min(other) + 0.05);
        assert!(contrast >= 4.5, "{text:06x} on {ground:06x}: {contrast}");
    }
}

#[test]
fn sequences_are_said_in_few_words() {
    assert_eq!(ranges(&[]), "");
    assert_eq!(ranges(&[3, 7, 12, 13, 14, 18, 19]), "3, 7, 12–14, 18, 19");
    assert_eq!(ranges(&[u64::MAX - 1, u64::MAX]), format!("{}, {}", u64::MAX - 1, u64::MAX));
}

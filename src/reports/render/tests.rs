//! Tests of the forms: widths, wrapping, escaping, disarming, and what every form must say.

use jiff::civil::date;

use super::text::wrap;
use super::{Content, EXAMPLE_DATA, Format, csv, html, print, ranges, render, workbook};
use crate::domain::value::Sha256;
use crate::reports::report::{Figure, FigureStatus, Report, Table};

fn small() -> Report {
    let columns = [("action", "Action"), ("late", "Against the first date"), ("owner", "Owner")];
    let mut table = Table::new("r2.actions", "Actions", "There is none.", &columns);
    table.push(
        "action/a",
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
    assert!(render(&invented, Format::Html, 80).contains("Actions (example data)</h2></caption>"));
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
    table.push("action/a", (0..6).map(|n| Figure::words(format!("cell {n}"))).collect());
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
    for armed in [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "＝1",
        "＋1",
        "－1",
        "＠x",
        " =1",
        "\u{feff}=1",
        "\u{a0}\u{200b}＝1",
    ] {
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
    let reports = several();
    for page in [render(&small(), Format::Html, 80), print(Content::Reports(&reports), Format::Html, 80)] {
        for name in [
            "html", "head", "body", "main", "h1", "h2", "h3", "section", "nav", "table", "caption", "tr",
            "th", "td", "dl", "ul", "ol", "li", "div", "p", "code", "header", "footer",
        ] {
            let opened =
                page.matches(&format!("<{name}>")).count() + page.matches(&format!("<{name} ")).count();
            assert_eq!(opened, page.matches(&format!("</{name}>")).count(), "{name}");
        }
        let ids: Vec<_> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
        assert_eq!(ids.len(), distinct.len());
        // Every link leads somewhere, and every name that an element takes from another is there.
        for mark in ["href=\"#", "aria-labelledby=\""] {
            for to in page.split(mark).skip(1).filter_map(|rest| rest.split('"').next()) {
                assert!(distinct.contains(&to), "{mark}{to}");
            }
        }
    }
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

fn several() -> Vec<Report> {
    let mut other = Report { code: "R1".into(), title: "Are we keeping it?".into(), ..small() };
    other.tables[0].id = "r1.commitments".into();
    vec![small(), other]
}

#[test]
fn given_a_negative_number_when_it_is_written_for_spreadsheets_then_it_is_one_and_words_like_it_are_not() {
    let mut report = small();
    report.figures[0].number = Some(-4.5);
    report.tables[0].rows[0].cells[1].number = Some(-3.0);
    report.tables[0].rows[0].cells[2] = Figure::words("-3");
    let said = render(&report, Format::Csv, 80);
    assert!(said.contains(",-4.5,actions,") && said.contains("Late by 12 days,-3,'-3,"), "{said}");
}

#[test]
fn given_numbers_of_several_units_in_a_column_when_they_are_written_for_spreadsheets_then_each_has_its_own() {
    let mut report = small();
    let row = |number: Figure| vec![Figure::words("b"), number, Figure::words("Chief Executive")];
    report.tables[0].push("action/b", row(Figure::number(3, "weeks", "Late by 3 weeks")));
    report.tables[0].push("action/c", row(Figure::words("more than 95 %")));
    let said = render(&report, Format::Csv, 80);
    for line in [
        "subject,Action,Against the first date,Against the first date (number),Against the first date (unit),Owner,events",
        "action/b,b,Late by 3 weeks,3,weeks,Chief Executive,",
        "action/c,b,more than 95 %,more than 95 %,more than 95 %,Chief Executive,",
    ] {
        assert!(said.lines().any(|it| it == line), "{line}\n{said}");
    }
}

#[test]
fn given_several_reports_when_they_are_printed_then_each_is_there_and_its_place_is_said() {
    let reports = several();
    for format in Format::ALL {
        let said = print(Content::Reports(&reports), format, 80);
        for part in
            ["What is late?", "Are we keeping it?", "ledgers/acme", &"cd".repeat(32), "r2/1", "A note."]
        {
            assert!(said.contains(part), "{format:?}: {part}\n{said}");
        }
        assert!(said.find("EXAMPLE DATA").is_some_and(|at| at < 250), "{format:?}");
    }
    // One table for all: each figure with its report in front, and armed words disarmed.
    let long = print(Content::Reports(&reports), Format::Csv, 80);
    for line in [
        "report,table,row,figure,label,status,text,number,unit,numerator,denominator,events",
        "R2,,,r2.late,Late,,1 of 3 actions is late.,1,actions,1,3,",
        "R1,r1.commitments,action/a,late,Against the first date,,Late by 12 days,12,days,,,\"3–5, 9\"",
        "R1,r1.commitments,action/a,owner,Owner,[c],,,,,,",
    ] {
        assert!(long.lines().any(|it| it == line), "{line}\n{long}");
    }
    assert!(long.contains("\"'=1+1 <b>"), "{long}");
    let read: serde_json::Value =
        serde_json::from_str(&print(Content::Reports(&reports), Format::Json, 80)).unwrap();
    assert_eq!((read["reports"].as_array().unwrap().len(), read["notice"].as_str()), (2, Some(EXAMPLE_DATA)));
}

#[test]
fn given_an_organisation_with_any_name_when_it_stands_in_the_margin_of_a_page_then_it_ends_no_style() {
    let report = Report { organisation: "\"}</style><b>\\22 x".into(), ..small() };
    let page = render(&report, Format::Html, 80);
    assert_eq!((page.matches("</style>").count(), page.matches("<b>").count()), (1, 0));
    assert!(page.contains("@top-left{content:\"\\22 \\7d \\3c \\2f style"), "{page}");
    assert!(page.contains("@top-right{content:\"EXAMPLE DATA: the activity"), "{page}");
    let real = render(&Report { example_data: false, ..small() }, Format::Html, 80);
    assert!(real.contains("@top-right{content:\"\""));
}

/// What a workbook holds is read by somebody else's reader in `tests/clients`; here, that it is always the same one.
#[test]
fn given_the_same_reports_when_a_workbook_is_written_twice_then_it_is_the_same_to_the_byte() {
    let reports = several();
    let first = workbook(Content::Reports(&reports)).unwrap();
    assert!(first.starts_with(b"PK\x03\x04"));
    std::thread::sleep(std::time::Duration::from_millis(2_100));
    assert_eq!(workbook(Content::Reports(&reports)).unwrap(), first);
    let later = Report { known_until: "2026-03-31T09:00:01Z".parse().ok(), ..small() };
    assert_ne!(workbook(Content::Report(&later)), workbook(Content::Report(&small())));
}

#[test]
fn given_more_than_a_cell_holds_when_a_workbook_is_written_then_it_says_that_something_is_missing() {
    let mut report = small();
    report.notes = vec!["é".repeat(40_000)];
    report.tables[0].rows[0].cells[0] = Figure::words("x".repeat(40_000));
    assert!(workbook(Content::Report(&report)).is_ok());
}

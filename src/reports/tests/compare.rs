//! Reports side by side: what a column says, what stays held back, what is refused.

use super::{ask, parameters, stand};
use crate::projections::chronicle::Chronicle;
use crate::reports::compare::NotComparable;
use crate::reports::{
    Comparison, Content, Figure, FigureStatus, Format, Report, ReportName, Stand, compare, print, report,
};

/// One action, due 30 June 2024, done 10 July 2024 and verified then; another, due 30 June 2025 and never done.
fn two_years() -> Chronicle {
    let mut ledger = Chronicle::opened(false);
    ledger.post("people", "Head of People");
    ledger.at("2024-04-02T10:00:00Z").plan("first", "2024-04-02", "2024-06-30", &["C9"]);
    ledger.at("2024-07-10T10:00:00Z").complete("first", "2024-07-10");
    ledger.evidence("photo", "2024-07-10", "action/first");
    ledger.verify("first", "2024-07-10");
    ledger.at("2025-04-02T10:00:00Z").plan("second", "2025-04-02", "2025-06-30", &["C9"]);
    ledger
}

fn by_period(ledger: &Chronicle, name: ReportName) -> Vec<(String, Report)> {
    let known = ledger.facts.len() as u64;
    [("2024-25", "2025-03-31"), ("2025-26", "2025-12-31")]
        .map(|(period, as_at)| {
            let report = report(name, &ledger.views(), &parameters(as_at, known, period), &stand()).unwrap();
            (period.to_owned(), report)
        })
        .to_vec()
}

fn row<'c>(comparison: &'c Comparison, id: &str) -> &'c [Figure] {
    &comparison.tables[0].rows.iter().find(|row| row.subject == id).unwrap().cells
}

fn printed(comparison: &Comparison, id: &str) -> Vec<String> {
    row(comparison, id).iter().map(Figure::printed).collect()
}

/// In 2024-25, as at 31 March 2025: one action is listed (verified in the year), and it was 10 days late: 1 of 1. The second
/// is planned in April 2025: as at March nobody knew of it. In 2025-26, as at 31 December 2025: the first was closed before
/// the year; the second is listed, open, and 184 days late (30 June to 31 December): 1 of 1; open 1; verified none.
#[test]
fn given_two_years_of_a_ledger_when_they_are_compared_then_each_column_is_its_own_report() {
    let columns = by_period(&two_years(), ReportName::Lateness);
    let comparison = compare(&columns).unwrap();
    assert_eq!(
        printed(&comparison, "r2.late_against_first_due"),
        ["Late against the first date we gave (actions)", "1 of 1", "1 of 1"]
    );
    assert_eq!(printed(&comparison, "r2.open"), ["Open (actions)", "0", "1"]);
    assert_eq!(printed(&comparison, "r2.verified"), ["Verified (actions)", "1", "0"]);
    // The numbers are the reports' own.
    for (index, (_, report)) in columns.iter().enumerate() {
        for figure in &report.figures {
            let cell = &row(&comparison, &figure.id)[index + 1];
            assert_eq!(
                (cell.number, cell.numerator, cell.denominator, &cell.events, cell.status),
                (figure.number, figure.numerator, figure.denominator, &figure.events, figure.status)
            );
        }
    }
    let labels: Vec<_> = comparison.tables[0].columns.iter().map(|it| it.label.as_str()).collect();
    assert_eq!(labels, ["Figure", "2024-25", "2025-26"]);
}

/// Whatever a report holds back, or says it does not know, is said so in its column, without a number; and a figure that one
/// report alone has is not taken for a nought of the other.
#[test]
fn given_a_figure_that_is_held_back_when_it_is_compared_then_it_stays_held_back() {
    let figure = |it: Figure, id: &str| it.named(id, id);
    let base = ask(ReportName::Lateness, &two_years(), "2025-12-31");
    let one = Report {
        figures: vec![
            figure(Figure::with_status(FigureStatus::Suppressed, "held back: fewer than 5"), "a"),
            figure(Figure::share(20, 40, "people", "20 of 40 people."), "b"),
            figure(Figure::number(7, "days", "It took 7 days."), "only"),
        ],
        ..base.clone()
    };
    let other = Report {
        ledger: "ledgers/other".into(),
        organisation: "Other".into(),
        figures: vec![
            figure(Figure::share(6, 40, "people", "6 of 40 people."), "a"),
            figure(Figure::not_available("No release point."), "b"),
        ],
        ..base
    };
    let comparison = compare(&[("acme".into(), one), ("other@9".into(), other)]).unwrap();
    assert_eq!(printed(&comparison, "a"), ["a (people)", "[c] held back: fewer than 5", "6 of 40"]);
    assert_eq!(printed(&comparison, "b"), ["b (people)", "20 of 40", "[x] No release point."]);
    assert_eq!(printed(&comparison, "only"), ["only (days)", "7", "[z] Not a figure of this report"]);
    let held = &row(&comparison, "a")[1];
    assert_eq!((held.number, held.numerator, held.denominator), (None, None, None));
    // Columns and nothing else: no difference, no sum, no rank in any form.
    assert!(comparison.tables[0].rows.iter().all(|row| row.cells.len() == 3));
    assert!(comparison.notes.iter().any(|note| note.contains("nothing is ranked")));
    for format in Format::ALL {
        let said = print(Content::Comparison(&comparison), format, 80);
        assert!(said.contains("other@9") && said.contains("6 of 40"), "{format:?}");
        // 40 − 6, 20 − 6, 20 + 6.
        assert!([" 34 ", " 14 ", " 26 "].iter().all(|derived| !said.contains(derived)), "{format:?}");
    }
}

#[test]
fn given_columns_that_cannot_be_compared_when_they_are_then_it_is_said_why() {
    let ledger = two_years();
    let late = ask(ReportName::Lateness, &ledger, "2025-12-31");
    let other = Report { definition_version: "r2/1".into(), ..late.clone() };
    let (a, b) = (("a".to_owned(), late.clone()), ("b".to_owned(), other));
    assert_eq!(compare(&[]), Err(NotComparable::TooFew(0)));
    assert_eq!(compare(std::slice::from_ref(&a)), Err(NotComparable::TooFew(1)));
    assert_eq!(compare(&[a.clone(), b]), Err(NotComparable::OtherDefinition("r2/3".into(), "r2/1".into())));
    assert_eq!(compare(&[a.clone(), a]), Err(NotComparable::Twice("a".into())));
}

#[test]
fn given_an_invented_ledger_among_others_when_they_are_compared_then_every_form_says_so_first() {
    let mut invented = Chronicle::opened(true);
    invented.at("2025-05-01T10:00:00Z").plan("a", "2025-05-01", "2025-06-01", &["C1"]);
    let known = invented.facts.len() as u64;
    let at = Stand { ledger: "ledgers/invented".into(), ..stand() };
    let name = ReportName::Lateness;
    let example = report(name, &invented.views(), &parameters("2025-12-31", known, "2025-26"), &at).unwrap();
    let real = ask(name, &two_years(), "2025-12-31");
    let comparison = compare(&[("real".into(), real), ("invented".into(), example)]).unwrap();
    for format in Format::ALL {
        let said = print(Content::Comparison(&comparison), format, 80);
        let first = if format == Format::Html { 250 } else { 20 };
        assert!(said.find("EXAMPLE DATA").is_some_and(|at| at < first), "{format:?}\n{said}");
    }
    let back: Comparison =
        serde_json::from_str(&print(Content::Comparison(&comparison), Format::Json, 80)).unwrap();
    assert_eq!(back, comparison);
}

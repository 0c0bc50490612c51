//! R1, by hand: how commitments are measured.

use super::{ask, cell, figure, share, subjects};
use crate::domain::event::{MeasureAgreed, MeasureReported, Payload};
use crate::domain::value::Decimal;
use crate::projections::chronicle::{Chronicle, on};
use crate::reports::{Figure, FigureStatus, Report, ReportName};

const Q1: (&str, &str) = ("2025-04-01", "2025-06-30");
const Q2: (&str, &str) = ("2025-07-01", "2025-09-30");

fn r1(ledger: &Chronicle, as_at: &str) -> Report {
    ask(ReportName::Commitments, ledger, as_at)
}

/// A measure in percent with the target 80, agreed on 1 April.
fn measured() -> (Chronicle, u64) {
    let mut ledger = Chronicle::opened(false);
    ledger.commitment("C1", "A line", "a line of the pledge", &[]);
    ledger.commitment("C2", "Another", "another line of the pledge", &[]);
    let agreed = ledger.measure("m", "2025-04-01", "C1", ("%", Some("staff")), Some("80"));
    (ledger, agreed)
}

fn of(report: &Report, column: &str) -> String {
    cell(report, "commitment/C1", column)
}

fn value(report: &Report) -> &Figure {
    let row = report.tables[0].rows.iter().find(|row| row.subject == "commitment/C1").unwrap();
    row.cells.iter().find(|it| it.id == "value").unwrap()
}

#[test]
fn given_no_measure_when_it_is_reported_then_that_is_said() {
    let (ledger, _) = measured();
    let before = r1(&ledger, "2025-03-31");
    assert_eq!(
        (of(&before, "measure"), of(&before, "value")),
        ("[x] None agreed".into(), "[z] No measure".into())
    );
    assert_eq!(figure(&before, "r1.measured").text, "No measure is agreed for any commitment.");
    let after = r1(&ledger, "2025-04-01");
    assert_eq!(of(&after, "measure"), "Measure m: at least 80 % by 31 Mar 2027 (as first agreed)");
    assert_eq!(of(&after, "value"), "[x] No value reported");
    assert_eq!(share(&after, "r1.measured"), (1, 2));
    assert_eq!(figure(&after, "r1.measured").text, "1 of 2 commitments has an agreed measure.");
    assert_eq!(subjects(&after, "r1.measures"), ["measure/m"]);
}

#[test]
fn given_a_target_when_it_is_revised_then_the_first_one_stays_beside_it() {
    let (mut ledger, _) = measured();
    let revised = ledger.revise("m", "2025-07-01", "days", Some("5"));
    assert!(of(&r1(&ledger, "2025-06-30"), "measure").ends_with("(as first agreed)"));
    let report = r1(&ledger, "2025-07-01");
    assert_eq!(of(&report, "measure"), "Measure m: at least 5 days by 31 Mar 2028 (first at least 80 %)");
    let row = |column: &str| cell(&report, "measure/m", column);
    assert_eq!((row("target"), row("first_target")), ("at least 5 days".into(), "at least 80 %".into()));
    assert_eq!((row("due"), row("commitment")), ("31 Mar 2028".into(), "C1".into()));
    // Without any target.
    ledger.revise("m", "2025-08-01", "days", None);
    assert_eq!(
        of(&r1(&ledger, "2025-08-01"), "measure"),
        "Measure m: no target by 31 Mar 2028 (first at least 80 %)"
    );
    ledger.void(revised + 1, "2025-08-02");
    assert!(of(&r1(&ledger, "2025-08-01"), "measure").starts_with("Measure m: at least 5 days"));
}

#[test]
fn given_a_target_when_it_is_corrected_then_the_first_one_was_given_all_the_same() {
    let (mut ledger, agreed) = measured();
    let Payload::MeasureAgreed(said) = ledger.facts[agreed as usize].event.payload.clone() else {
        panic!("no measure")
    };
    let lower = MeasureAgreed { target: Some(Decimal::parse("60").unwrap()), ..said };
    ledger.correct(agreed, "2025-04-01", lower);
    let report = r1(&ledger, "2025-07-01");
    assert_eq!(of(&report, "measure"), "Measure m: at least 60 % by 31 Mar 2027 (first at least 80 %)");
    // Taken back, there is no measure.
    ledger.void(agreed, "2025-07-02");
    assert_eq!(of(&r1(&ledger, "2025-07-02"), "measure"), "[x] None agreed");
}

#[test]
fn given_values_when_several_are_reported_then_that_of_the_latest_time_counts() {
    let (mut ledger, _) = measured();
    let second = ledger.value("m", "2025-10-05", Q2, 124, Some(200));
    // Of the first quarter it was told later.
    ledger.value("m", "2025-10-20", Q1, 100, Some(200));
    let report = r1(&ledger, "2025-12-31");
    // 124 ÷ 200 = 62 %.
    assert_eq!(value(&report).text, "62 % (124 of 200) for 1 Jul 2025 to 30 Sep 2025");
    assert_eq!(
        (value(&report).number, value(&report).numerator, value(&report).denominator),
        (Some(62.0), Some(124), Some(200))
    );
    assert_eq!(value(&report).events, [second]);
    // Said anew: 133 ÷ 200 = 66.5 %; and of 300, 133 ÷ 300 = 44.33… %.
    for (whole, text) in [(200, "66.5 % (133 of 200)"), (300, "44.3 % (133 of 300)")] {
        let anew = MeasureReported {
            period_from: on(Q2.0),
            period_to: on(Q2.1),
            numerator: 133,
            denominator: Some(whole),
        };
        ledger.correct(second, "2025-10-05", anew);
        assert_eq!(value(&r1(&ledger, "2025-12-31")).text, format!("{text} for 1 Jul 2025 to 30 Sep 2025"));
    }
    // As at a day before it was told, there is none; and taken back, the first quarter's is the latest.
    assert_eq!(value(&r1(&ledger, "2025-10-04")).status, FigureStatus::NotAvailable);
    ledger.void(second, "2025-11-01");
    assert_eq!(value(&r1(&ledger, "2025-12-31")).text, "50 % (100 of 200) for 1 Apr 2025 to 30 Jun 2025");
}

#[test]
fn given_a_value_that_could_point_at_a_few_people_when_it_is_reported_then_it_leaves_no_number() {
    // Of 50: 4, and 46 (which leaves 4), are held back; 5 is not; none and all are said without a number.
    for (part, text) in [
        (4, "[c] for 1 Apr 2025 to 30 Jun 2025"),
        (46, "[c] for 1 Apr 2025 to 30 Jun 2025"),
        (5, "10 % (5 of 50) for 1 Apr 2025 to 30 Jun 2025"),
        (0, "less than 5 % for 1 Apr 2025 to 30 Jun 2025"),
        (50, "more than 95 % for 1 Apr 2025 to 30 Jun 2025"),
    ] {
        let (mut ledger, _) = measured();
        ledger.value("m", "2025-07-05", Q1, part, Some(50));
        let report = r1(&ledger, "2025-12-31");
        assert_eq!(value(&report).printed(), text, "{part}");
        assert_eq!(value(&report).numerator.is_some(), part == 5);
        assert_eq!(value(&report).number.is_some(), part == 5);
        // A ledger that asks for more gets more.
        ledger.settings(6);
        assert_eq!(value(&r1(&ledger, "2025-12-31")).numerator, None);
    }
}

#[test]
fn given_two_measures_when_they_are_reported_then_both_are_told() {
    let (mut ledger, _) = measured();
    ledger.measure("n", "2025-05-01", "C1", ("days", None), None);
    ledger.value("n", "2025-07-05", Q1, 12, None);
    let report = r1(&ledger, "2025-12-31");
    assert_eq!(
        of(&report, "measure"),
        "Measure m: at least 80 % by 31 Mar 2027 (as first agreed); Measure n: no target agreed"
    );
    assert_eq!(
        of(&report, "value"),
        "Measure m: [x] No value reported; Measure n: 12 days for 1 Apr 2025 to 30 Jun 2025"
    );
    assert_eq!(subjects(&report, "r1.measures"), ["measure/m", "measure/n"]);
    assert_eq!(cell(&report, "measure/n", "value"), "12 days");
    assert_eq!(cell(&report, "measure/n", "period"), "1 Apr 2025 to 30 Jun 2025");
}

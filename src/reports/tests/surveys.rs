//! R8, by hand.

use super::{ask, cell_of, figure, number, share, subjects};
use crate::domain::event::{Anonymity, Respondents};
use crate::projections::chronicle::Chronicle;
use crate::projections::chronicle::people::Answers;
use crate::reports::{FigureStatus, Report, ReportName};

fn r8(ledger: &Chronicle, as_at: &str) -> Report {
    ask(ReportName::Surveys, ledger, as_at)
}

/// What is recorded on 12 June, and released at its end.
fn released(results: &[(&str, Answers<'_>)]) -> Report {
    let mut ledger = Chronicle::opened(false);
    for (id, answers) in results {
        ledger.answered(id, "2025-06-12", answers);
    }
    ledger.release("june", "2025-06-30");
    r8(&ledger, "2025-06-30")
}

fn unit(unit: &str, counts: [u32; 3]) -> Answers<'_> {
    Answers { unit: Some(unit), population: 80, counts: Ok(counts), ..Answers::default() }
}

fn whole(counts: [u32; 3]) -> Answers<'static> {
    Answers { counts: Ok(counts), ..Answers::default() }
}

fn said(report: &Report, result: &str) -> [String; 4] {
    let is_unit = subjects(report, "r8.units").contains(&format!("survey-result/{result}").as_str());
    let table = if is_unit { "r8.units" } else { "r8.whole" };
    ["agree", "agree_known", "answers", "response"]
        .map(|column| cell_of(report, table, &format!("survey-result/{result}"), column))
}

const FEW: [&str; 4] = ["[c] fewer than 10, or recorded without counts", "[c]", "[c]", "[c]"];
const BESIDE: [&str; 4] = ["[c] next to few", "[c]", "[c]", "[c]"];

#[test]
fn given_answers_when_they_are_shown_then_with_and_without_those_who_did_not_know() {
    let report = released(&[("w", whole([40, 20, 10]))]);
    // 40 of 70 is 57.1 %, 40 of 60 is 66.7 %; 70 of the 100 who were asked answered.
    assert_eq!(said(&report, "w"), ["57 % (40 of 70)", "67 % (40 of 60)", "70", "70 % (70 of 100)"]);
    assert_eq!(figure(&report, "r8.agreement").text, "Of staff who answered, 57 % agree, in 1 question.");
    assert_eq!(
        figure(&report, "r8.response").text,
        "70 of 100 who were asked answered (70 %), to \u{201c}Feel safe\u{201d}: the fewest of any question."
    );
    assert_eq!((share(&report, "r8.highest"), share(&report, "r8.lowest")), ((40, 70), (40, 70)));
}

#[test]
fn given_few_who_did_not_know_when_the_others_are_shown_then_not_so_that_they_are_known() {
    // Three did not know: with 40 of 63 and 40 of 60 that would be said.
    let report = released(&[("w", whole([40, 20, 3]))]);
    assert_eq!(said(&report, "w"), ["63 % (40 of 63)", "[c] held back", "63", "63 % (63 of 100)"]);
    // Four do not agree, and nobody did not know: agreement itself would say so.
    let report = released(&[("w", whole([60, 4, 0]))]);
    assert_eq!(said(&report, "w"), ["[c] held back", "[c] held back", "64", "64 % (64 of 100)"]);
    // Nearly all of few.
    let report = released(&[("w", whole([60, 0, 0]))]);
    assert_eq!(said(&report, "w")[0], "more than 95 % of 60");
}

#[test]
fn given_fewer_answers_than_the_minimum_when_they_are_shown_then_nothing_of_them_is() {
    let few = Answers { counts: Err(8), ..Answers::default() };
    let report = released(&[
        ("nine", whole([9, 0, 0])),
        ("withheld", few),
        ("ten", Answers { item: "b", ..whole([10, 0, 0]) }),
    ]);
    for result in ["nine", "withheld"] {
        assert_eq!(said(&report, result), FEW);
        assert_eq!(cell_of(&report, "r8.whole", &format!("survey-result/{result}"), "since"), "[c]");
    }
    assert_eq!(said(&report, "ten")[2], "10");
    assert_eq!(share(&report, "r8.held_back"), (2, 3));
    // A raised minimum holds back what was shown.
    let mut ledger = Chronicle::opened(false);
    ledger.answered("w", "2025-06-12", &whole([10, 5, 0]));
    ledger.release("june", "2025-06-30");
    ledger.survey_minimum(20);
    assert_eq!(said(&r8(&ledger, "2025-06-30"), "w")[2], "15");
    ledger.release("july", "2025-07-31");
    assert_eq!(said(&r8(&ledger, "2025-07-31"), "w")[0], "[c] fewer than 20, or recorded without counts");
}

#[test]
fn given_a_unit_when_few_are_left_of_the_whole_then_it_is_held_back() {
    // 62 of 70: the other eight would be known.
    let report = released(&[("w", whole([40, 20, 10])), ("a", unit("a", [36, 18, 8]))]);
    assert_eq!(said(&report, "a"), BESIDE);
    // 40 of 70: 30 are left, 20 who agree, 8 who do not, 2 who did not know. So agreement may be shown, 20 of 40, and how
    // many knew may not.
    let report = released(&[("w", whole([40, 20, 10])), ("b", unit("b", [20, 12, 8]))]);
    assert_eq!(said(&report, "b"), ["50 % (20 of 40)", "[c] held back", "40", "50 % (40 of 80)"]);
    // 40 and 24: six are left, so the smaller is held back.
    let results = [("w", whole([40, 20, 10])), ("b", unit("b", [20, 15, 5])), ("c", unit("c", [14, 5, 5]))];
    let report = released(&results);
    assert_eq!(said(&report, "c"), BESIDE);
    assert_eq!(said(&report, "b")[0], "50 % (20 of 40)");
    // Asked at another time, or another question, the whole tells nothing of them.
    let later = Answers { asked: ("2025-06-01", "2025-06-10"), ..unit("a", [36, 18, 8]) };
    let report = released(&[("w", whole([40, 20, 10])), ("a", later)]);
    assert_eq!(said(&report, "a")[2], "62");
    // In the same round it does, whatever the days.
    let of_round = |it: Answers<'static>| Answers { round: Some("spring"), ..it };
    let later = Answers { asked: ("2025-06-01", "2025-06-10"), ..unit("a", [36, 18, 8]) };
    let report = released(&[("w", of_round(whole([40, 20, 10]))), ("a", of_round(later))]);
    assert_eq!(said(&report, "a"), BESIDE);
}

#[test]
fn given_a_unit_that_is_hidden_when_its_answers_differ_then_nothing_of_another_unit_tells_so() {
    // West hides every number but how many answered. Whoever is left beside both, 5 or 4 who did not know, follows from nothing
    // that is shown; whoever is left beside east alone does, and is enough: 9 who did not know.
    let told = |west| {
        let results =
            [("w", whole([60, 30, 15])), ("east", unit("east", [30, 6, 6])), ("west", unit("west", west))];
        let report = released(&results);
        assert_eq!(said(&report, "west")[..3], ["[c] held back", "[c] held back", "16"]);
        said(&report, "east")
    };
    assert_eq!(told([10, 2, 4]), told([9, 2, 5]));
    assert_eq!(told([9, 2, 5])[..3], ["71 % (30 of 42)", "83 % (30 of 36)", "42"]);
    // What west shows makes whoever is left known: of 4 who did not know neither may say how many knew.
    let results =
        [("w", whole([60, 30, 15])), ("east", unit("east", [30, 6, 6])), ("west", unit("west", [9, 6, 5]))];
    let report = released(&results);
    assert_eq!([said(&report, "east")[1].as_str(), &said(&report, "west")[1]], ["[c] held back"; 2]);
    assert_eq!(said(&report, "west")[0], "45 % (9 of 20)");
}

#[test]
fn given_a_unit_whose_others_are_few_when_it_is_not_told_how_many_knew_then_nor_in_which_parts_they_are() {
    // Nine do not agree, or eight do not and one did not know, which hides how many knew, and agreement with it. In the first that is
    // held back because of whoever is left, three who do not agree; and then agreement is, too.
    let told = |east| {
        let report = released(&[("w", whole([60, 12, 10])), ("east", unit("east", east))]);
        said(&report, "east")
    };
    assert_eq!(told([27, 9, 0]), told([27, 8, 1]));
    assert_eq!(told([27, 9, 0])[..3], ["[c] held back", "[c] held back", "36"]);
    assert_eq!(told([27, 10, 0])[..3], ["73 % (27 of 37)", "[c] held back", "37"]);
}

#[test]
fn given_a_unit_and_its_part_when_both_answered_then_the_part_is_held_back() {
    let mut ledger = Chronicle::opened(false);
    ledger.unit("a", None, None);
    ledger.unit("a1", Some("a"), None);
    ledger.answered("w", "2025-06-12", &whole([50, 30, 20]));
    ledger.answered("a", "2025-06-12", &unit("a", [25, 15, 10]));
    ledger.answered("a1", "2025-06-12", &unit("a1", [15, 10, 5]));
    ledger.release("june", "2025-06-30");
    let report = r8(&ledger, "2025-06-30");
    assert_eq!(
        (said(&report, "a")[0].as_str(), said(&report, "a1")[0].as_str()),
        ("50 % (25 of 50)", "[c] next to few")
    );
}

#[test]
fn given_an_earlier_survey_when_it_had_the_same_version_then_it_is_compared_and_otherwise_not() {
    let mut ledger = Chronicle::opened(false);
    let asked = |year: &'static str| match year {
        "2023" => ("2023-05-01", "2023-05-31"),
        "2024" => ("2024-05-01", "2024-05-31"),
        _ => ("2025-05-01", "2025-05-31"),
    };
    let result = |year, version, item, counts| Answers { version, item, asked: asked(year), ..whole(counts) };
    // feel-safe: 50 % in 2023, 60 % in 2024, 57 % in 2025. new: only now. other: version 1 in 2024, 2 in 2025.
    ledger.answered("s23", "2024-01-01", &result("2023", "1", "feel-safe", [30, 30, 0]));
    ledger.answered("s24", "2024-06-01", &result("2024", "1", "feel-safe", [36, 24, 0]));
    ledger.answered("s25", "2025-06-01", &result("2025", "1", "feel-safe", [40, 20, 10]));
    ledger.answered("new", "2025-06-01", &result("2025", "1", "new", [40, 20, 10]));
    ledger.answered("o24", "2024-06-01", &result("2024", "1", "other", [36, 24, 0]));
    ledger.answered("o25", "2025-06-01", &result("2025", "2", "other", [40, 20, 10]));
    // Partners were asked the same in 2024: they are other people.
    ledger.ask("partners", "2024-05-01", Respondents::Partners, asked("2024"), None, &[]);
    let partners = Answers { round: Some("partners"), ..result("2024", "1", "new", [36, 24, 0]) };
    ledger.answered("p24", "2024-06-01", &partners);
    // hidden: four did not agree in 2024.
    ledger.answered("h24", "2024-06-01", &result("2024", "1", "hidden", [56, 4, 0]));
    ledger.answered("h25", "2025-06-01", &result("2025", "1", "hidden", [40, 20, 10]));
    ledger.release("june", "2025-06-30");
    let report = r8(&ledger, "2025-06-30");
    let since = |result: &str| cell_of(&report, "r8.whole", &format!("survey-result/{result}"), "since");
    assert_eq!(since("s25"), "3 points less (60 % before)");
    assert_eq!(since("new"), "[z] Asked for the first time");
    assert_eq!(since("o25"), "[z] Not comparable: version 1 was asked before");
    assert_eq!(since("h25"), "[c] held back");
    // Only those of the year are listed; of the four, one can be compared, and it fell.
    assert_eq!(subjects(&report, "r8.whole").len(), 4);
    assert_eq!((share(&report, "r8.risen"), share(&report, "r8.fallen")), ((0, 1), (1, 1)));
    assert_eq!(
        figure(&report, "r8.fallen").text,
        "Agreement has fallen in 1 of 1 question that can be compared with the time before."
    );
}

#[test]
fn given_principles_when_a_result_names_commitments_then_they_say_which() {
    let mut ledger = Chronicle::opened(false);
    ledger.commitment_on("C11", &["Choice", "Trust"]);
    ledger.commitment_on("C10", &[]);
    let named = |item, commitments| Answers { item, commitments, ..whole([40, 20, 10]) };
    ledger.answered("choice", "2025-06-12", &named("choice", &["C11"]));
    ledger.answered("respect", "2025-06-12", &named("respect", &["C10", "C11"]));
    ledger.answered("safe", "2025-06-12", &named("feel-safe", &["C10"]));
    ledger.release("june", "2025-06-30");
    // The question that has a principle's name tells of that one; the other of both; the third of none.
    let rows = [
        "principle/Choice/survey-result/choice",
        "principle/Choice/survey-result/respect",
        "principle/Trust/survey-result/respect",
    ];
    let report = r8(&ledger, "2025-06-30");
    assert_eq!(subjects(&report, "r8.principles"), rows);
    assert_eq!(cell_of(&report, "r8.principles", rows[0], "agree"), "57 % (40 of 70)");
}

#[test]
fn given_a_round_when_its_result_is_shown_then_with_whom_it_asked_and_how_many() {
    let mut ledger = Chronicle::opened(false);
    let span = ("2025-05-01", "2025-05-31");
    let routes = [Anonymity::Anonymous];
    ledger.ask("staff", "2025-05-01", Respondents::Staff, span, Some(120), &routes);
    ledger.ask("partners", "2025-05-01", Respondents::Partners, span, Some(102), &routes);
    let of = |round, item, counts| Answers { round: Some(round), item, ..whole(counts) };
    ledger.answered("s", "2025-06-12", &of("staff", "trust", [40, 20, 10]));
    ledger.answered("p", "2025-06-12", &of("partners", "trust", [90, 20, 10]));
    ledger.answered("q", "2025-06-12", &of("partners", "choice", [45, 20, 10]));
    ledger.release("june", "2025-06-30");
    let report = r8(&ledger, "2025-06-30");
    assert_eq!(said(&report, "s")[3], "70 % (70 of 100); 120 invited");
    // More answers than were asked: the link was passed on. That two more were invited is not said of few.
    assert_eq!(
        said(&report, "p")[3],
        "120 % (120 of 100), IRREGULAR: more answered than were asked; another number invited"
    );
    assert_eq!(cell_of(&report, "r8.whole", "survey-result/p", "asked"), "Partners");
    // The answer is about staff: 57 %, not 60 or 75.
    assert_eq!(figure(&report, "r8.agreement").text, "Of staff who answered, 57 % agree, in 1 question.");
    assert_eq!(number(&report, "r8.results"), 3);
}

#[test]
fn given_nothing_or_no_release_point_when_surveys_are_asked_then_that_is_said() {
    let mut ledger = Chronicle::opened(false);
    ledger.answered("w", "2025-06-12", &whole([40, 20, 10]));
    let none = r8(&ledger, "2025-06-30");
    assert!(figure(&none, "r8.agreement").text.contains("declare one"));
    assert!(subjects(&none, "r8.whole").is_empty());
    let mut ledger = Chronicle::opened(false);
    let wrong = ledger.answered(
        "w",
        "2024-06-12",
        &Answers { asked: ("2024-05-01", "2024-05-31"), ..whole([40, 20, 10]) },
    );
    ledger.release("june", "2025-06-30");
    let other_year = figure(&r8(&ledger, "2025-06-30"), "r8.agreement").text.clone();
    assert_eq!(other_year, "No result of a survey in 2025-26 is recorded.");
    ledger.void(wrong, "2025-07-01");
    ledger.release("july", "2025-07-31");
    let gone = figure(&r8(&ledger, "2025-07-31"), "r8.agreement").clone();
    assert_eq!(gone.status, FigureStatus::NotAvailable);
    assert!(gone.text.starts_with("No result of a survey is recorded"));
}

//! What people answered to a question.

use super::Outcome;
use super::says::*;
use super::says_people::*;
use crate::domain::event::*;
use crate::domain::irregularity::Irregularity::*;
use crate::domain::rules::*;

fn with(change: impl FnOnce(&mut SurveyResultRecorded)) -> Said {
    let mut result = survey_result();
    change(&mut result);
    answered(result)
}

fn when(change: impl FnOnce(&mut SurveyResultRecorded)) -> Outcome {
    given_people([]).when(with(change))
}

/// So many answers, withheld.
fn withhold(result: &mut SurveyResultRecorded, answers: u32) {
    result.answers = answers;
    result.withheld = true;
    result.options.clear();
    result.agree_options.clear();
    result.dont_know_options.clear();
}

#[test]
fn too_few_answers() {
    let nine = |result: &mut SurveyResultRecorded| {
        result.answers = 9;
        result.options = options(&[("yes", 7), ("dont-know", 2)]);
    };
    when(nine).then_malformed(&TOO_FEW_ANSWERS, "survey_result_recorded.withheld");
    when(|result| withhold(result, 9)).then_accepted();
    when(|result| withhold(result, 0)).then_accepted();
    let ten = |result: &mut SurveyResultRecorded| {
        result.answers = 10;
        result.options = options(&[("yes", 8), ("dont-know", 2)]);
    };
    when(ten).then_accepted();
    // Nobody has to show what may be shown.
    when(|result| withhold(result, 12)).then_accepted();
}

#[test]
fn given_a_higher_minimum_in_the_settings_when_fewer_answered_then_counts_are_refused() {
    let was = || given_people([settings("2025-03-01", 5, 13, 28)]);
    was().when(answered(survey_result())).then_malformed(&TOO_FEW_ANSWERS, "survey_result_recorded.withheld");
    was().when(with(|result| withhold(result, 12))).then_accepted();
    given_people([settings("2025-03-01", 5, 12, 28)]).when(answered(survey_result())).then_accepted();
}

#[test]
fn withheld_with_counts() {
    when(|result| result.withheld = true)
        .then_malformed(&WITHHELD_WITH_COUNTS, "survey_result_recorded.options");
    when(|result| {
        result.withheld = true;
        result.answers = 9;
        result.options = options(&[("yes", 0)]);
    })
    .then_malformed(&WITHHELD_WITH_COUNTS, "survey_result_recorded.options");
}

#[test]
fn options_do_not_sum() {
    for answers in [11, 13] {
        when(|result| result.answers = answers)
            .then_malformed(&OPTIONS_DO_NOT_SUM, "survey_result_recorded.options");
    }
    when(|result| {
        result.options.clear();
        result.agree_options.clear();
        result.dont_know_options.clear();
    })
    .then_malformed(&OPTIONS_DO_NOT_SUM, "survey_result_recorded.options");
    // Sums are not cut off where a count would be.
    when(|result| result.options = options(&[("yes", u32::MAX), ("no", 13), ("dont-know", 0)]))
        .then_malformed(&OPTIONS_DO_NOT_SUM, "survey_result_recorded.options");
}

#[test]
fn option_not_given() {
    when(|result| result.agree_options = codes(&["yes", "very"]))
        .then_malformed(&OPTION_NOT_GIVEN, "survey_result_recorded.agree_options[1]");
    when(|result| result.dont_know_options = codes(&["other"]))
        .then_malformed(&OPTION_NOT_GIVEN, "survey_result_recorded.dont_know_options[0]");
    when(|result| {
        withhold(result, 9);
        result.agree_options = codes(&["yes"]);
    })
    .then_malformed(&OPTION_NOT_GIVEN, "survey_result_recorded.agree_options[0]");
    when(|result| result.agree_options.clear()).then_accepted();
}

#[test]
fn option_in_both() {
    when(|result| result.dont_know_options = codes(&["dont-know", "yes"]))
        .then_malformed(&OPTION_IN_BOTH, "survey_result_recorded.dont_know_options[1]");
}

#[test]
fn given_options_when_one_stands_twice_then_it_is_named_twice() {
    when(|result| result.options = options(&[("yes", 7), ("yes", 5)]))
        .then_malformed(&NAMED_TWICE, "survey_result_recorded.options[1]");
    when(|result| result.agree_options = codes(&["yes", "yes"]))
        .then_malformed(&NAMED_TWICE, "survey_result_recorded.agree_options[1]");
    when(|result| result.dont_know_options = codes(&["no", "no"]))
        .then_malformed(&NAMED_TWICE, "survey_result_recorded.dont_know_options[1]");
}

#[test]
fn given_more_answers_than_were_asked_when_recorded_then_it_is_marked() {
    when(|result| result.population = 11).then_flagged(&[MoreResponsesThanInvited]);
    when(|result| result.population = 12).then_accepted();
}

#[test]
fn given_a_period_when_it_is_backwards_or_not_over_then_it_is_refused() {
    when(|result| result.period_to = day("2025-03-31"))
        .then_malformed(&TERM_BACKWARDS, "survey_result_recorded.period_to");
    when(|result| result.period_to = day("2025-05-02")).then_refused(&STATED_PERIOD_NOT_OVER);
    when(|result| result.period_to = day("2025-05-01")).then_accepted();
}

#[test]
fn given_a_unit_when_it_did_not_exist_in_the_period_then_it_is_not_valid() {
    let asked = |from: &str, to: Option<&str>| {
        given_people([unit("u", from, to, None)]).when(with(|result| result.unit = Some(code("u"))))
    };
    asked("2025-05-01", None).then_refused(&UNIT_NOT_VALID).because_of(0);
    asked("2025-01-01", Some("2025-03-31")).then_refused(&UNIT_NOT_VALID).because_of(0);
    asked("2025-04-30", None).then_accepted();
    asked("2025-01-01", Some("2025-04-01")).then_accepted();
    when(|result| result.unit = Some(code("u"))).then_unknown("survey_result_recorded.unit", "unit/u");
    when(|result| result.unit = None).then_accepted();
}

#[test]
fn given_a_result_when_it_names_a_round_or_commitments_then_they_are_known() {
    when(|result| result.round = Some(code("r"))).then_unknown("survey_result_recorded.round", "round/r");
    given_people([on("2025-04-01", "round/r", feedback_sought())])
        .when(with(|result| result.round = Some(code("r"))))
        .then_accepted();
    when(|result| result.commitments = codes(&["C1", "C9"]))
        .then_unknown("survey_result_recorded.commitments[1]", "commitment/C9");
    when(|result| result.commitments.clear()).then_accepted();
}

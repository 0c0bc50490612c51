//! Rules of what people answered to a question.
//!
//! Invariant: no record tells how few people answered what: below the survey's minimum there are no counts. What is
//! counted adds up.

use super::links::unique;
use super::people::{counts, unit_between};
use super::{Case, Judged, World};
use crate::domain::event::SurveyResultRecorded;
use crate::domain::id::{Code, Kind};
use crate::domain::irregularity::Irregularity;
use crate::domain::rejection::Rejection;
use crate::domain::rules;

pub(super) fn result<W: World>(case: &mut Case<'_, W>, result: &SurveyResultRecorded) -> Judged<(), W> {
    let (from, to) = (result.period_from, result.period_to);
    if to < from {
        return Err(rules::TERM_BACKWARDS.at("survey_result_recorded.period_to").into());
    }
    if to > case.day {
        return Err(rules::STATED_PERIOD_NOT_OVER.refusal(None).into());
    }
    counts(result.population, "survey_result_recorded.population")?;
    let [_, minimum, _] = case.thresholds()?;
    options(result, minimum)?;
    if let Some(unit) = &result.unit {
        unit_between(case, unit, from, to, "survey_result_recorded.unit")?;
    }
    if let Some(round) = &result.round {
        case.known(&Kind::Round.subject(round), "survey_result_recorded.round")?;
    }
    case.all_known(Kind::Commitment, &result.commitments, "survey_result_recorded.commitments")?;
    if result.answers > result.population {
        case.marks.push(Irregularity::MoreResponsesThanInvited);
    }
    Ok(())
}

fn options(result: &SurveyResultRecorded, minimum: u32) -> Result<(), Rejection> {
    if result.answers < minimum && !result.withheld {
        return Err(rules::TOO_FEW_ANSWERS.at("survey_result_recorded.withheld"));
    }
    if result.withheld && !result.options.is_empty() {
        return Err(rules::WITHHELD_WITH_COUNTS.at("survey_result_recorded.options"));
    }
    let given: Vec<_> = result.options.iter().map(|one| &one.option).collect();
    unique(&given, "survey_result_recorded.options")?;
    let sum: u64 = result.options.iter().map(|one| u64::from(one.count)).sum();
    if !result.withheld && sum != u64::from(result.answers) {
        return Err(rules::OPTIONS_DO_NOT_SUM.at("survey_result_recorded.options"));
    }
    let groups = [("agree_options", &result.agree_options), ("dont_know_options", &result.dont_know_options)];
    for (name, group) in groups {
        let field = format!("survey_result_recorded.{name}");
        unique(group, &field)?;
        if let Some(index) = group.iter().position(|option| !given.contains(&option)) {
            return Err(rules::OPTION_NOT_GIVEN.at(format!("{field}[{index}]")));
        }
    }
    let is_agreement = |option: &Code| result.agree_options.contains(option);
    match result.dont_know_options.iter().position(is_agreement) {
        Some(index) => {
            Err(rules::OPTION_IN_BOTH.at(format!("survey_result_recorded.dont_know_options[{index}]")))
        }
        None => Ok(()),
    }
}

//! R8: do staff feel safe, supported, valued; and the five principles?
//!
//! Invariant: which question is about which principle is said by the commitments that a result names, and by nothing here.
//! Different versions of a questionnaire are never compared. Everything is as of one release point. Must not know who
//! answered.

mod released;
mod tables;

use self::released::{Asked, Result, Results, newest};
use super::definition::Definition;
use super::disclosure::{survey_minimum, threshold};
use super::phrases::count;
use super::report::{Figure, FigureStatus};
use super::shares::{NO_POINT, Part, as_of};
use super::{Body, Parameters};
use crate::domain::event::Respondents;
use crate::domain::id::Code;
use crate::projections::Views;
use crate::projections::history::Horizon;
use crate::projections::releases::Point;
use std::collections::BTreeMap;

/// What its words and numbers mean.
pub(super) const DEFINITION: Definition = Definition {
    version: "r8/2",
    terms: &[
        (
            "As of the release point",
            "Everything in this report is worked out as of the last release point that is known and past: what had happened \
             by its day, and was recorded by its position.",
        ),
        ("Results of the period", "Answers to one question, if the last day of asking lies in the period."),
        ("Agree", "Those who chose an option that the result names as agreement, of all answers."),
        (
            "Agree, of those who knew",
            "The same, of the answers without those that the result names as saying neither (don't know).",
        ),
        (
            "Response",
            "Answers to the question, of those who were asked, by the result. If the round invited another number, that is \
             said beside it.",
        ),
        (
            "Since last time",
            "The share that agrees, less the share at the last earlier asking of the same question of the same people in \
             the same version of the questionnaire, in percentage points as printed. Another version is another \
             questionnaire and is not compared.",
        ),
        (
            "Held back",
            "Results with fewer answers than the survey minimum (10 at least), or that whoever recorded them gave without \
             counts; a unit's result if the rest of the whole would have fewer, alone or with the other units that are \
             shown, or if the unit is a part of one that is shown; and each number from which one of fewer than five people \
             (or the ledger's threshold) could be worked out, also by taking what is shown of units from what is shown of the \
             whole. Where it is not told how many in a unit knew, nor how many agree if fewer than twice the threshold do not.",
        ),
        (
            "Principles",
            "A question tells about the principles of the commitments that its result names. If its own name is that of one \
             of them, it tells about that one alone.",
        ),
        (
            "Staff",
            "Those who were asked, by the round that the result names. A result that names none, or whose round is not \
             known, counts as one of staff.",
        ),
    ],
};

/// What the figures are read from.
struct Surveys<'a, 'v> {
    views: &'v Views,
    parameters: &'a Parameters,
    /// As of the last release point. None: there is none.
    horizon: Option<Horizon>,
    threshold: u64,
    minimum: u64,
    /// Those of the period.
    results: Vec<Result<'v>>,
    /// All of them.
    ever: Results<'v>,
    /// What each unit is called.
    units: BTreeMap<&'v Code, String>,
}

/// How a result stands to the one before.
enum Since {
    /// So many percentage points more (or less), from so many.
    Points(i64, u64),
    HeldBack,
    /// It was asked before in this version only.
    OtherVersion(String),
    FirstTime,
}

pub(super) fn body(views: &Views, parameters: &Parameters) -> Body {
    let points = views.releases.points(parameters.horizon());
    let last = points.last();
    let ever = Results::of(views, &points);
    let surveys = Surveys {
        views,
        parameters,
        horizon: last.map(Point::horizon),
        threshold: last.map_or(0, |point| threshold(views, point.sequence)),
        minimum: last.map_or(0, |point| survey_minimum(views, point.sequence)),
        results: ever.that(|day| parameters.period.contains(day)),
        units: last.map(|point| tables::titles(views, point.horizon())).unwrap_or_default(),
        ever,
    };
    let mut notes: Vec<String> = last.map(as_of).into_iter().collect();
    notes.extend(surveys.notes());
    Body { figures: surveys.figures(), tables: surveys.tables(), notes }
}

impl<'v> Surveys<'_, 'v> {
    /// Who was asked, if the result's round is known.
    fn respondents(&self, asked: &Asked<'v>) -> Option<Respondents> {
        let answered: &'v crate::projections::surveys::Answered = asked.answered;
        let round = self.views.surveys.round(self.views, answered.round.as_ref()?, self.horizon?)?;
        Some(round.sought.respondents)
    }

    fn is_of_partners(&self, asked: &Asked<'v>) -> bool {
        self.respondents(asked) == Some(Respondents::Partners)
    }

    fn agree(&self, result: &Result<'v>) -> Part {
        Part::of(result.agree(), result.answers(), self.threshold)
    }

    fn agree_of_those_who_knew(&self, result: &Result<'v>) -> Part {
        Part::of(result.agree(), result.knew(), self.threshold)
    }

    fn response(&self, result: &Result<'v>) -> Part {
        Part::of(result.answers(), Some(u64::from(result.asked.answered.population)), self.threshold)
    }

    fn since(&self, result: &Result<'v>) -> (Since, Option<u64>) {
        let of_partners = self.is_of_partners(&result.asked);
        let of_the_same = |other: &Asked<'v>| self.is_of_partners(other) == of_partners;
        let version = &result.asked.answered.version;
        let same = |other: &Asked<'v>| other.answered.version == *version && of_the_same(other);
        let Some(last) = self.ever.last_before(&result.asked, same) else {
            let other = self.ever.last_before(&result.asked, of_the_same);
            let other = other.map(|it| Since::OtherVersion(it.asked.answered.version.to_string()));
            return (other.unwrap_or(Since::FirstTime), None);
        };
        let since = match (self.agree(result).percent(), self.agree(&last).percent()) {
            (Some(now), Some(then)) => Since::Points(now.cast_signed() - then.cast_signed(), then),
            _ => Since::HeldBack,
        };
        (since, Some(last.asked.sequence))
    }

    /// The principles that a question tells about.
    fn principles(&self, result: &Result<'v>) -> Vec<(String, u64)> {
        let mut principles: Vec<(String, u64)> = Vec::new();
        for commitment in result.asked.answered.named.commitments() {
            for (principle, made) in self.principles_of(commitment) {
                if !principles.iter().any(|(known, _)| *known == principle) {
                    principles.push((principle, made));
                }
            }
        }
        let item = result.asked.answered.item.as_str();
        if principles.iter().any(|(principle, _)| principle.eq_ignore_ascii_case(item)) {
            principles.retain(|(principle, _)| principle.eq_ignore_ascii_case(item));
        }
        principles
    }

    fn principles_of(&self, commitment: &Code) -> Vec<(String, u64)> {
        use crate::projections::commitments::CommitmentFact;
        let (Some(history), Some(horizon)) = (self.views.commitments.facts.get(commitment), self.horizon)
        else {
            return Vec::new();
        };
        let made = self.views.seen(history, horizon).into_iter().rev().find_map(|fact| match &fact.fact {
            CommitmentFact::Made(made) => Some((fact.sequence, made)),
            _ => None,
        });
        let Some((sequence, made)) = made else { return Vec::new() };
        made.principles.iter().map(|principle| (principle.to_string(), sequence)).collect()
    }

    fn figures(&self) -> Vec<Figure> {
        let labels = [
            ("r8.agreement", "Agreement among staff"),
            ("r8.highest", "Most agreement"),
            ("r8.lowest", "Least agreement"),
            ("r8.risen", "Agreement has risen"),
            ("r8.fallen", "Agreement has fallen"),
            ("r8.response", "Lowest response"),
            ("r8.results", "Results"),
            ("r8.held_back", "Results held back"),
        ];
        let period = self.parameters.period;
        let figures = match self.horizon {
            None => labels.map(|_| Figure::not_available(NO_POINT)),
            Some(_) if self.ever.is_empty() => labels.map(|_| Figure::not_available(SILENCE)),
            Some(_) if self.results.is_empty() => labels
                .map(|_| Figure::not_available(format!("No result of a survey in {period} is recorded."))),
            Some(_) => self.headlines(),
        };
        figures.into_iter().zip(labels).map(|(figure, (id, label))| figure.named(id, label)).collect()
    }

    fn headlines(&self) -> [Figure; 8] {
        let of_staff = |it: &Result<'v>| it.asked.answered.unit.is_none() && !self.is_of_partners(&it.asked);
        let asked = newest(&self.results, of_staff);
        let [highest, lowest] = self.extremes(&asked);
        let [risen, fallen] = self.moves(&asked);
        let in_period: Vec<_> = self.results.iter().collect();
        let units = in_period.iter().filter(|it| it.asked.answered.unit.is_some()).count() as u64;
        let all = in_period.len() as u64;
        let held_back = in_period.iter().filter(|it| it.answers().is_none()).count() as u64;
        let events = |of: &[&Result<'v>]| of.iter().map(|it| it.asked.sequence).collect::<Vec<_>>();
        let results = format!(
            "{} in {}, {units} of them of single units.",
            count(all, "result", "results"),
            self.parameters.period
        );
        let held = format!(
            "{held_back} of {} {} held back to protect people.",
            count(all, "result", "results"),
            if held_back == 1 { "is" } else { "are" }
        );
        [
            self.agreement(&asked).from_events(events(&asked)),
            highest,
            lowest,
            risen,
            fallen,
            self.lowest_response(&asked),
            Figure::number(all, "results", results).from_events(events(&in_period)),
            Figure::share(held_back, all, "results", held).from_events(events(&in_period)),
        ]
    }

    /// The answer, in a sentence.
    fn agreement(&self, asked: &[&Result<'v>]) -> Figure {
        if asked.is_empty() {
            return Figure::not_available(format!(
                "Staff were asked nothing in {}, as far as is recorded.",
                self.parameters.period
            ));
        }
        let questions = count(asked.len() as u64, "question", "questions");
        let mut shares: Vec<_> = asked.iter().filter_map(|it| self.agree(it).percent()).collect();
        shares.sort_unstable();
        match (shares.first(), shares.last()) {
            (Some(least), Some(most)) if least == most => {
                Figure::words(format!("Of staff who answered, {least} % agree, in {questions}."))
            }
            (Some(least), Some(most)) => Figure::words(format!(
                "Of staff who answered, between {least} % and {most} % agree, in {questions} put to the whole organisation."
            )),
            _ => Figure::with_status(
                FigureStatus::Suppressed,
                format!("What staff answered to {questions} is held back to protect people."),
            ),
        }
    }

    /// The questions with which most and least agree. Of several with one share the first.
    fn extremes(&self, asked: &[&Result<'v>]) -> [Figure; 2] {
        let shares: Vec<_> = asked.iter().filter_map(|it| Some((self.agree(it).percent()?, *it))).collect();
        let most = shares.iter().rev().max_by_key(|(share, _)| *share);
        let least = shares.iter().min_by_key(|(share, _)| *share);
        [("Most agree", most), ("Fewest agree", least)].map(|(what, found)| match found {
            None if asked.is_empty() => Figure::not_available("Staff were asked nothing in the period."),
            None => Figure::with_status(FigureStatus::Suppressed, "Held back to protect people."),
            Some((_, it)) => {
                let part = self.agree(it);
                let words = part.words("answers").unwrap_or_default();
                let item = tables::plain(&it.asked.answered.item);
                part.figure(format!("{what} with \u{201c}{item}\u{201d}: {words}."))
                    .from_events([it.asked.sequence])
            }
        })
    }

    fn moves(&self, asked: &[&Result<'v>]) -> [Figure; 2] {
        let mut compared: Vec<(i64, [u64; 2])> = Vec::new();
        for it in asked {
            if let (Since::Points(points, _), Some(before)) = self.since(it) {
                compared.push((points, [it.asked.sequence, before]));
            }
        }
        let all = compared.len() as u64;
        [("risen", 1), ("fallen", -1)].map(|(what, sign)| {
            if compared.is_empty() {
                return Figure::not_applicable(
                    "No question can be compared with an earlier asking of the same version.",
                );
            }
            let of: Vec<_> = compared.iter().filter(|(points, _)| points.signum() == sign).collect();
            let n = of.len() as u64;
            let questions = count(all, "question", "questions");
            let text = format!(
                "Agreement has {what} in {n} of {questions} that can be compared with the time before."
            );
            Figure::share(n, all, "questions", text).from_events(of.iter().flat_map(|(_, events)| *events))
        })
    }

    fn lowest_response(&self, asked: &[&Result<'v>]) -> Figure {
        let shares = asked.iter().filter_map(|it| Some((self.response(it).percent()?, *it)));
        match shares.min_by_key(|(share, _)| *share) {
            None if asked.is_empty() => Figure::not_available("Staff were asked nothing in the period."),
            None => Figure::with_status(FigureStatus::Suppressed, "How many answered is held back."),
            Some((_, it)) => {
                let part = self.response(it);
                let words = part.words("who were asked answered").unwrap_or_default();
                let item = tables::plain(&it.asked.answered.item);
                part.figure(format!("{words}, to \u{201c}{item}\u{201d}: the fewest of any question."))
                    .from_events([it.asked.sequence])
            }
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = vec![
            "Shares are given of all answers, and of the answers of those who knew. Questions of different versions of a \
             questionnaire are not compared."
                .to_owned(),
            "Which question tells about which principle is said by the commitments that its result names.".to_owned(),
            "A difference since last time is between the shares as they are printed. Whether it could be chance is not tested; \
             of few answers a few points often are."
                .to_owned(),
            "A unit is held back if what is left of the whole would tell of few.".to_owned(),
        ];
        if self.horizon.is_some() {
            notes.push(format!(
                "Results of fewer than {} answers are held back, and so is every number from which one of fewer than {} people \
                 could be worked out.",
                self.minimum, self.threshold
            ));
        }
        notes
    }
}

const SILENCE: &str = "No result of a survey is recorded by the release point, so nothing can be said.";

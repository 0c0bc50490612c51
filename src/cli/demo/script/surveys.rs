//! What two waves of the staff survey and one of partners answered, counted. Invented.
//!
//! Invariant: the same questionnaire in the same version, so that the waves can be compared. A unit from which fewer
//! than ten answered is withheld, and a second one with it: with all units but one, the last is what is missing from the
//! whole. No count of either is anywhere, here or in the ledger.

use jiff::civil::Date;

use super::super::cast::SURVEY;
use super::super::pen::{Year, date, day, event, named, occurred, texts};
use crate::grpc::wire::{Event, OptionCount, SurveyResultRecorded, event::Payload};

/// The options, from most to least agreement, and the one that says neither.
const OPTIONS: [&str; 6] =
    ["strongly-agree", "agree", "neither", "disagree", "strongly-disagree", "dont-know"];

/// A wave: its name, round, days of asking, when it was recorded, how many were asked.
struct Wave {
    name: &'static str,
    round: &'static str,
    asked: (Date, Date),
    recorded: Date,
    population: u32,
}

const SPRING: Wave = Wave {
    name: "spring",
    round: "spring-2025",
    asked: (day(5, 12), day(5, 30)),
    recorded: day(6, 12),
    population: 74,
};
const WINTER: Wave = Wave {
    name: "winter",
    round: "winter-2026",
    asked: (day(1, 19), day(2, 6)),
    recorded: day(2, 19),
    population: 77,
};
/// The link was passed on, so more answered than were asked: the ledger takes it and marks it.
const PARTNERS: Wave = Wave {
    name: "partners",
    round: "partners-2025",
    asked: (day(9, 1), day(9, 26)),
    recorded: day(10, 9),
    population: 118,
};

/// How many chose which option; withheld: how many answered.
type Counts = Result<[u32; 6], u32>;

/// A question, its commitment, and how many chose which option in spring and in winter.
type Question = (&'static str, &'static str, [u32; 6], [u32; 6]);

const QUESTIONS: [Question; 9] = [
    ("feel-safe", "C10", [14, 24, 8, 5, 2, 4], [16, 27, 7, 4, 2, 3]),
    ("feel-supported", "C10", [11, 22, 11, 7, 3, 3], [14, 25, 9, 6, 2, 3]),
    ("feel-valued", "C10", [10, 21, 12, 8, 3, 3], [11, 23, 12, 7, 3, 3]),
    ("collaboration", "C11", [13, 27, 9, 4, 1, 3], [14, 28, 9, 4, 1, 3]),
    ("choice", "C11", [7, 17, 15, 11, 4, 3], [10, 23, 13, 7, 3, 3]),
    ("empowerment", "C11", [8, 19, 15, 8, 4, 3], [8, 20, 16, 9, 3, 3]),
    ("safety", "C11", [13, 25, 9, 5, 2, 3], [15, 26, 9, 4, 2, 3]),
    ("trust", "C11", [9, 20, 13, 8, 4, 3], [11, 24, 12, 6, 3, 3]),
    ("wellbeing-priority", "C9", [8, 18, 13, 10, 5, 3], [10, 22, 13, 8, 3, 3]),
];

/// One question by unit, in winter: how many were asked, and what they chose. None: withheld, with so many answers.
const BY_UNIT: [(&str, u32, Counts); 3] = [
    ("change-improvement", 32, Ok([8, 13, 4, 2, 1, 1])),
    ("digital-data", 26, Err(22)),
    ("corporate", 19, Err(8)),
];

pub(super) fn write(year: &mut Year) {
    let wave = |wave: &Wave, of: fn(&Question) -> [u32; 6]| {
        QUESTIONS.iter().map(|question| wave.result(question.0, question.1, Ok(of(question)))).collect()
    };
    year.post(SPRING.recorded, SURVEY, wave(&SPRING, |question| question.2));
    let mut winter: Vec<Event> = wave(&WINTER, |question| question.3);
    for &(unit, population, counts) in &BY_UNIT {
        winter.push(Wave { population, ..WINTER }.cell("feel-supported", "C10", unit, counts));
    }
    year.post(WINTER.recorded, SURVEY, winter);
    let partners = [("trust", [31, 55, 18, 7, 3, 7]), ("collaboration", [38, 57, 13, 5, 2, 6])];
    let partners = partners.iter().map(|&(item, counts)| PARTNERS.result(item, "C12", Ok(counts)));
    year.post(PARTNERS.recorded, SURVEY, partners.collect());
}

/// A unit from which few answered, counted all the same: what the ledger refuses.
pub(super) fn too_few(on: Date) -> Event {
    let mut event = WINTER.cell("feel-safe", "C10", "corporate", Ok([2, 3, 1, 1, 0, 1]));
    event.occurred = Some(occurred(on));
    named(event)
}

impl Wave {
    fn result(&self, item: &str, commitment: &str, counts: Counts) -> Event {
        self.cell(item, commitment, "", counts)
    }

    fn cell(&self, item: &str, commitment: &str, unit: &str, counts: Counts) -> Event {
        let given = counts.unwrap_or_default();
        let option = |(option, &count): (&&str, &u32)| OptionCount { option: (*option).into(), count };
        let withheld = counts.is_err();
        let result = SurveyResultRecorded {
            instrument: if self.round == PARTNERS.round { "partner-survey" } else { "people-survey" }.into(),
            instrument_version: "2".into(),
            item: item.into(),
            unit: unit.into(),
            round: self.round.into(),
            period_from: Some(date(self.asked.0)),
            period_to: Some(date(self.asked.1)),
            population: self.population,
            answers: counts.map_or_else(|answers| answers, |counts| counts.iter().sum()),
            withheld,
            options: if withheld { Vec::new() } else { OPTIONS.iter().zip(&given).map(option).collect() },
            agree_options: if withheld { Vec::new() } else { texts(&OPTIONS[..2]) },
            dont_know_options: if withheld { Vec::new() } else { texts(&OPTIONS[5..]) },
            commitments: texts(&[commitment]),
        };
        let of_unit = if unit.is_empty() { String::new() } else { format!("-{unit}") };
        let subject = format!("survey-result/{}-{item}{of_unit}", self.name);
        event(self.recorded, &subject, "people-adviser", Payload::SurveyResultRecorded(result))
    }
}

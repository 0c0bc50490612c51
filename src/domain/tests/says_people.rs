//! The words for what is counted about people: units, learning, awareness, support, surveys.
//!
//! Invariant: what these say on their own is acceptable on the ground with the lists of [`given_people`]; each test
//! bends one thing.

use super::says::*;
use super::{Given, given};
use crate::domain::event::*;

/// The ground, with the lists that these events draw from, a unit that exists since 2024, and what happened.
pub(super) fn given_people(events: impl IntoIterator<Item = Said>) -> Given {
    let mut given = given([
        list_of(
            "2025-01-01",
            "council",
            vec![entry("ABE", None, None), entry("OLD", None, Some("2025-03-31"))],
        ),
        list("partner", &["police"]),
        list("support-kind", &["coaching"]),
        list("support-route", &["helpline"]),
        unit("care", "2024-01-01", None, None),
    ]);
    given.first = given.ledger.facts.len() as u64;
    given.and(events)
}

pub(super) fn retired(when: &str, id: &str, last_day: &str) -> Said {
    on(when, &format!("post/{id}"), PostRetired { last_day: day(last_day) })
}

pub(super) fn unit(id: &str, from: &str, to: Option<&str>, part_of: Option<&str>) -> Said {
    let payload = UnitRegistered {
        title: label("A unit"),
        valid_from: day(from),
        valid_to: to.map(day),
        part_of: part_of.map(code),
    };
    on("2025-02-01", &format!("unit/{id}"), payload)
}

pub(super) fn baseline(when: &str, id: &str, headcount: u32, leaders: u32) -> Said {
    on(when, &format!("unit/{id}"), WorkforceBaselineRecorded { headcount, leaders })
}

/// People, and at least informed, skilled, enhanced, specialist.
pub(super) fn levels(counts: [u32; 5]) -> Coverage {
    let [people, informed, skilled, enhanced, specialist] = counts;
    Coverage { people, informed, skilled, enhanced, specialist }
}

pub(super) fn coverage(when: &str, id: &str, staff: [u32; 5], leaders: [u32; 5]) -> Said {
    let payload = LearningCoverageRecorded { staff: levels(staff), leaders: levels(leaders) };
    on(when, &format!("unit/{id}"), payload)
}

pub(super) fn learning_offered() -> LearningOffered {
    LearningOffered {
        title: label("An introduction"),
        level: Level::Informed,
        audience: codes(&["staff"]),
        commitments: codes(&["C1"]),
        held_on: day("2025-05-10"),
        minutes: 90,
        capacity: Some(20),
    }
}

pub(super) fn offered(when: &str) -> Said {
    on(when, "session/s", learning_offered())
}

pub(super) fn delivered(when: &str, attendances: Option<u32>) -> Said {
    on(when, "session/s", LearningDelivered { minutes: 85, attendances })
}

pub(super) fn not_held(when: &str) -> Said {
    on(when, "session/s", LearningCancelled {})
}

pub(super) fn practice_support_provided() -> PracticeSupportProvided {
    PracticeSupportProvided {
        kind: code("coaching"),
        sessions: 3,
        audience: codes(&["staff"]),
        commitments: codes(&["C1"]),
    }
}

pub(super) fn supported(payload: PracticeSupportProvided) -> Said {
    on("2025-05-01", "practice-support/p", payload)
}

pub(super) fn awareness_held() -> AwarenessActivityHeld {
    AwarenessActivityHeld {
        title: label("A morning"),
        purpose: Purpose::Outcomes,
        audience: codes(&["staff"]),
        commitments: codes(&["C1", "C2"]),
        councils: codes(&["ABE"]),
        partners: codes(&["police"]),
        attendances: None,
    }
}

pub(super) fn held(when: &str, payload: AwarenessActivityHeld) -> Said {
    on(when, "awareness/a", payload)
}

pub(super) fn support_signposted() -> SupportSignposted {
    SupportSignposted {
        route: code("helpline"),
        channel: code("box"),
        reach: Some(120),
        commitments: codes(&["C2"]),
    }
}

pub(super) fn signposted(payload: SupportSignposted) -> Said {
    on("2025-05-01", "signposting/s", payload)
}

pub(super) fn options(counts: &[(&str, u32)]) -> Vec<OptionCount> {
    counts.iter().map(|(option, count)| OptionCount { option: code(option), count: *count }).collect()
}

/// Twelve of thirty answered.
pub(super) fn survey_result() -> SurveyResultRecorded {
    SurveyResultRecorded {
        instrument: code("pulse"),
        instrument_version: code("2025.1"),
        item: code("safe"),
        unit: Some(code("care")),
        round: None,
        period_from: day("2025-04-01"),
        period_to: day("2025-04-30"),
        population: 30,
        answers: 12,
        withheld: false,
        options: options(&[("yes", 7), ("no", 3), ("dont-know", 2)]),
        agree_options: codes(&["yes"]),
        dont_know_options: codes(&["dont-know"]),
        commitments: codes(&["C1"]),
    }
}

pub(super) fn answered(payload: SurveyResultRecorded) -> Said {
    on("2025-05-01", "survey-result/r", payload)
}

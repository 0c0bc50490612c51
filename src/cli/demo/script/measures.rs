//! Measures: what was agreed to be counted, for the few commitments that have any, and what was reported. Invented.
//!
//! Invariant: eleven of sixteen commitments have no measure, and one measure that was agreed was never reported: both
//! must show. A target that was moved keeps its first value beside it.

use jiff::civil::Date;

use super::super::cast::GOVERNANCE;
use super::super::pen::{Year, after, date, day, event};
use crate::grpc::wire::{Direction, MeasureAgreed, MeasureReported, MeasureRevised, event::Payload};

/// A value: recorded on, of which period, how many, of how many.
type Value = (Date, (Date, Date), u32, Option<u32>);

struct Measure {
    id: &'static str,
    commitment: &'static str,
    title: &'static str,
    definition: &'static str,
    /// Unit, what is counted, and of how many if of anything.
    counted: (&'static str, &'static str, &'static str),
    direction: Direction,
    agreed: Date,
    target: &'static str,
    due: Option<Date>,
    owner: &'static str,
    /// Revised on, to target, due, why.
    revised: Option<(Date, &'static str, Date, &'static str)>,
    reported: &'static [Value],
}

const Q1: (Date, Date) = (day(4, 1), day(6, 30));
const Q2: (Date, Date) = (day(7, 1), day(9, 30));
const Q3: (Date, Date) = (day(10, 1), day(12, 31));
const Q4: (Date, Date) = (day(1, 1), day(3, 31));

const MEASURES: [Measure; 5] = [
    Measure {
        id: "staff-skilled",
        commitment: "C6",
        title: "Staff at skilled level or above",
        definition: "People in post on the last day of the period who have reached at least the skilled level.",
        counted: ("people", "staff at skilled level or above", "staff in post"),
        direction: Direction::Up,
        agreed: day(5, 14),
        target: "80",
        due: Some(day(3, 31)),
        owner: "head-of-learning",
        revised: Some((
            day(11, 25),
            "70",
            after(6, 30),
            "One cohort was cancelled; the chief executive agreed to a lower target and a later day.",
        )),
        reported: &[
            (day(7, 9), Q1, 22, Some(75)),
            (day(10, 8), Q2, 31, Some(76)),
            (day(1, 15), Q3, 45, Some(76)),
            (after(4, 7), Q4, 52, Some(77)),
        ],
    },
    Measure {
        id: "leaders-skilled",
        commitment: "C7",
        title: "Leaders at skilled level or above",
        definition: "Leaders in post on the last day of the period who have reached at least the skilled level.",
        counted: ("people", "leaders at skilled level or above", "leaders in post"),
        direction: Direction::Up,
        agreed: day(5, 14),
        target: "100",
        due: Some(day(3, 31)),
        owner: "head-of-learning",
        revised: None,
        // Nothing was said of the third quarter.
        reported: &[
            (day(7, 9), Q1, 2, Some(9)),
            (day(10, 8), Q2, 4, Some(9)),
            (after(4, 7), Q4, 7, Some(10)),
        ],
    },
    Measure {
        id: "staff-supported",
        commitment: "C10",
        title: "Staff who feel supported by policies and practice",
        definition: "Answers that agree or strongly agree, of all answers to that question in the staff survey.",
        counted: ("answers", "answers that agree", "answers"),
        direction: Direction::Up,
        agreed: day(6, 17),
        target: "75",
        due: Some(day(2, 27)),
        owner: "head-of-people",
        revised: None,
        reported: &[
            (day(6, 18), (day(5, 12), day(5, 30)), 33, Some(57)),
            (day(2, 24), (day(1, 19), day(2, 6)), 39, Some(59)),
        ],
    },
    Measure {
        id: "days-to-answer",
        commitment: "C14",
        title: "Working days until feedback is answered, median",
        definition: "Nearest rank over the items received in the period; anonymous items are left out.",
        counted: ("working days", "working days", ""),
        direction: Direction::Down,
        agreed: day(5, 14),
        target: "20",
        due: None,
        owner: "governance-lead",
        revised: None,
        reported: &[(day(7, 9), Q1, 19, None), (day(1, 15), Q3, 18, None)],
    },
    // Agreed, and nothing was ever said of it.
    Measure {
        id: "reflective-hours",
        commitment: "C9",
        title: "Staff who had their hour of reflective time",
        definition: "People who could take the hour in at least two of the three months of the quarter.",
        counted: ("people", "people who had the hour", "people entitled to it"),
        direction: Direction::Up,
        agreed: day(9, 17),
        target: "90",
        due: Some(day(3, 31)),
        owner: "head-of-people",
        revised: None,
        reported: &[],
    },
];

pub(super) fn write(year: &mut Year) {
    for measure in &MEASURES {
        measure.write(year);
    }
}

impl Measure {
    fn write(&self, year: &mut Year) {
        let subject = format!("measure/{}", self.id);
        let mut post = |on: Date, by: &str, payload| {
            year.post(on, GOVERNANCE, vec![event(on, &subject, by, payload)]);
        };
        let (unit, numerator, denominator) = self.counted;
        let agreed = MeasureAgreed {
            commitment: self.commitment.into(),
            title: self.title.into(),
            definition: self.definition.into(),
            unit: unit.into(),
            numerator: numerator.into(),
            denominator: denominator.into(),
            target: self.target.into(),
            direction: self.direction.into(),
            due: self.due.map(date),
            owner_post: self.owner.into(),
        };
        post(self.agreed, "governance-lead", Payload::MeasureAgreed(agreed));
        if let Some((on, target, due, reason)) = self.revised {
            let revised = MeasureRevised {
                title: self.title.into(),
                definition: self.definition.into(),
                unit: unit.into(),
                numerator: numerator.into(),
                denominator: denominator.into(),
                target: target.into(),
                direction: self.direction.into(),
                due: Some(date(due)),
                approver_post: "chief-executive".into(),
                reason: reason.into(),
            };
            post(on, "governance-lead", Payload::MeasureRevised(revised));
        }
        for &(on, (from, to), numerator, denominator) in self.reported {
            let (period_from, period_to) = (Some(date(from)), Some(date(to)));
            let reported = MeasureReported { period_from, period_to, numerator, denominator };
            post(on, "governance-lead", Payload::MeasureReported(reported));
        }
    }
}

//! R4: how long does it take?
//!
//! Invariant: no number of items stands beside a share, so that a share can be taken apart with R3; no event of a figure
//! names an item.

use super::cohort::{Clock, Group, Heard, Released, Share, Step, Time, released};
use super::definition::Definition;
use super::phrases::{capital, count, day};
use super::report::{Figure, FigureStatus, Table};
use super::text::Text;
use super::{Body, Memory, Parameters};
use crate::domain::event::Respondents;
use crate::projections::Views;

/// What its words and numbers mean.
pub(super) const DEFINITION: Definition = Definition {
    version: "r4/3",
    terms: &[
        (
            "Received in the year",
            "Every item of feedback that counts as received on a day from 1 April to 31 March, local time, but those whose \
             receipt was taken back.",
        ),
        (
            "As of the release point",
            "Times and shares about people are worked out at declared release points only, from what was known there. A share \
             moves when the number of those within the target, or of the others, moved by the threshold of items or more; a new \
             target makes a new one. A time is worked out anew when the share beside it moves for the same target, or a number of \
             R3 about the same people, which does so by as many items; otherwise it keeps its value, even if more were answered \
             since.",
        ),
        (
            "Working days",
            "Monday to Friday without the public and local holidays of the calendar in force at the release point. The day \
             of receipt is day 0: from Friday to Monday is 1. A figure says so if some of the days are in no calendar; these \
             are counted Monday to Friday.",
        ),
        (
            "Acknowledged",
            "Whichever came first: an acknowledgement, that it is being considered, or an answer.",
        ),
        ("Answered", "The first answer. A holding reply is an acknowledgement and not an answer."),
        (
            "Changed",
            "The first day in force of the last substantive policy change to which the item is linked, or the day on which \
             the last action was verified to which it is linked, whichever is later; as in R3.",
        ),
        (
            "Median, 9 in 10",
            "Nearest rank: the time that half, or 9 in 10, of the items did not need more than. Items that have not come to \
             the step take for ever; \"not reached\" is what the figure is if it falls on one of them. Held back for fewer \
             items than the threshold, and 9 in 10 for fewer than twice as many, where it would be the time of one item.",
        ),
        (
            "Within the target",
            "The share of the same items that came to the step within the target of the ledger's settings. Items that have \
             not come to it are not within it, even where the target is not over yet. Shown as \"more than 95 %\" or \"less \
             than 5 %\" near the ends, and not at all where few items are on one side, or where it would tell of numbers that R3 \
             holds back. Where R3 tells only three numbers apart, of fewer than 100 items, none of these is about answers.",
        ),
        (
            "Left out of the clocks",
            "Anonymous items, of which only the month is known, and items that were withdrawn before they came to the step.",
        ),
    ],
};

pub(super) fn body(views: &Views, parameters: &Parameters, memory: &Memory) -> Body {
    match &*released(views, parameters, memory) {
        Ok(released) => About { parameters, released }.body(),
        Err(why) => {
            let figures = ROWS.iter().enumerate().map(|(number, way)| {
                let text = match number {
                    0 => why.sentence().to_owned(),
                    _ => format!("{}, {}: {}.", capital(way.sentence.0), way.sentence.1, why.words()),
                };
                Figure::not_available(text).named(way.id, way.label)
            });
            let tables = vec![times_table(why.sentence()), apart_table(why.sentence())];
            Body { figures: figures.collect(), tables, notes: Vec::new() }
        }
    }
}

/// One way of one sort of feedback.
struct Way {
    respondents: Respondents,
    step: Step,
    id: &'static str,
    label: &'static str,
    /// What it is about, stable.
    subject: &'static str,
    /// In the middle of a sentence, and what happened to it.
    sentence: (&'static str, &'static str),
}

const ROWS: [Way; 6] = [
    Way {
        respondents: Respondents::Staff,
        step: Step::Answered,
        id: "r4.staff_answered",
        label: "Staff: answered",
        subject: "staff/answered",
        sentence: ("staff feedback", "answered"),
    },
    Way {
        respondents: Respondents::Staff,
        step: Step::Acknowledged,
        id: "r4.staff_acknowledged",
        label: "Staff: acknowledged",
        subject: "staff/acknowledged",
        sentence: ("staff feedback", "acknowledged"),
    },
    Way {
        respondents: Respondents::Staff,
        step: Step::Changed,
        id: "r4.staff_changed",
        label: "Staff: changed",
        subject: "staff/changed",
        sentence: ("staff feedback", "followed by a change"),
    },
    Way {
        respondents: Respondents::Partners,
        step: Step::Answered,
        id: "r4.partners_answered",
        label: "Partners: answered",
        subject: "partners/answered",
        sentence: ("partner feedback", "answered"),
    },
    Way {
        respondents: Respondents::Partners,
        step: Step::Acknowledged,
        id: "r4.partners_acknowledged",
        label: "Partners: acknowledged",
        subject: "partners/acknowledged",
        sentence: ("partner feedback", "acknowledged"),
    },
    Way {
        respondents: Respondents::Partners,
        step: Step::Changed,
        id: "r4.partners_changed",
        label: "Partners: changed",
        subject: "partners/changed",
        sentence: ("partner feedback", "followed by a change"),
    },
];

fn times_table(when_empty: &str) -> Table {
    Table::new(
        "r4.times",
        "Working days from receipt",
        when_empty,
        &[
            ("way", "What, and until when"),
            ("median", "Half within"),
            ("ninetieth", "9 in 10 within"),
            ("within", "Within the target"),
            ("target", "Target"),
        ],
    )
}

fn apart_table(when_empty: &str) -> Table {
    Table::new(
        "r4.apart",
        "Left out of the clocks",
        when_empty,
        &[
            ("who", "Whose feedback"),
            ("anonymous", "Anonymous"),
            ("before_acknowledged", "Withdrawn before it was acknowledged"),
            ("before_answered", "Withdrawn before it was answered"),
            ("before_changed", "Withdrawn before a change"),
        ],
    )
}

/// What the report is written from.
struct About<'a> {
    parameters: &'a Parameters,
    released: &'a Released,
}

impl About<'_> {
    fn body(&self) -> Body {
        let none = "Nothing that was said in the year can be shown.";
        let (mut times, mut apart) = (times_table(none), apart_table(none));
        let any = ROWS.iter().any(|way| matches!(self.released.of(way.respondents), Heard::Released(_)));
        for way in ROWS.iter().filter(|_| any) {
            times.push(way.subject.to_owned(), self.times(way));
        }
        let who = [(Respondents::Staff, "staff", "Staff"), (Respondents::Partners, "partners", "Partners")];
        for (respondents, subject, words) in who.into_iter().filter(|_| any) {
            let cells = self.apart(respondents);
            apart.push(subject.to_owned(), std::iter::once(Figure::words(words)).chain(cells).collect());
        }
        let figures = ROWS.iter().map(|way| {
            self.headline(way).named(way.id, way.label).from_events([self.released.point.sequence])
        });
        Body { figures: figures.collect(), tables: vec![times, apart], notes: self.notes() }
    }

    fn headline(&self, way: &Way) -> Figure {
        let ((what, done), year) = (way.sentence, self.parameters.period);
        let group = match self.released.of(way.respondents) {
            Heard::Released(group) => group,
            Heard::Silent => {
                let text = format!("{}, {done}: none is recorded as received in {year}.", capital(what));
                return Figure::not_available(text);
            }
            Heard::HeldBack => {
                let text =
                    format!("{}, {done}: held back, too few items were received in {year}.", capital(what));
                return held_back(text);
            }
        };
        let clock = group.clock(way.step);
        let mark = if clock.is_covered { "" } else { " Some of these days are in no calendar." };
        let within = self.within_words(group, way.step);
        let nine = match clock.ninetieth {
            Time::Days(days) => format!(", and 9 in 10 items within {days}"),
            Time::NotReached => ", and 9 in 10 items not yet".to_owned(),
            Time::HeldBack => String::new(),
        };
        match clock.median {
            Time::HeldBack => held_back(format!("Held back: too few items of {what} have a clock.")),
            Time::NotReached => {
                let text =
                    format!("Less than half of {what} received in {year} was {done} so far{within}.{mark}");
                Figure::not_available(text)
            }
            Time::Days(days) => {
                let took = count(days, "working day", "working days");
                let text = format!(
                    "Half of {what} received in {year} was {done} within {took}{nine}{within}.{mark}"
                );
                Figure::number(days, "working days", text)
            }
        }
    }

    /// `; 84 % within the target of 20`.
    fn within_words(&self, group: &Group, step: Step) -> String {
        let share = match self.released.share(group, step) {
            Share::NoTarget | Share::HeldBack => return String::new(),
            share => share_words(share),
        };
        let target = group.clock(step).target().unwrap_or(0);
        format!("; {share} within the target of {target}")
    }

    fn times(&self, way: &Way) -> Vec<Figure> {
        let mut words = format!("{}: {}", capital(way.sentence.0), way.sentence.1);
        let cells = match self.released.of(way.respondents) {
            Heard::Silent => [(); 4].map(|()| Figure::not_available("None received")),
            Heard::HeldBack => [(); 4].map(|()| held_back("")),
            Heard::Released(group) => {
                let clock = group.clock(way.step);
                if !clock.is_covered {
                    words = format!("{words} (some days in no calendar)");
                }
                [
                    time_cell(clock.median),
                    time_cell(clock.ninetieth),
                    self.within(group, way.step),
                    target(clock),
                ]
            }
        };
        let point = self.released.point.sequence;
        let cells = cells.map(|cell| cell.from_events([point]));
        std::iter::once(Figure::words(words)).chain(cells).collect()
    }

    fn within(&self, group: &Group, step: Step) -> Figure {
        match self.released.share(group, step) {
            Share::NoTarget => Figure::not_available("No target"),
            Share::HeldBack => held_back(""),
            Share::Percent(share) => Figure::number(share, "%", format!("{share} %")),
            share => Figure::words(share_words(share)),
        }
    }

    fn apart(&self, respondents: Respondents) -> Vec<Figure> {
        let known = |items: Option<u64>| match items {
            Some(items) => Figure::number(items, "items", format_args!("{items}")),
            None => held_back(""),
        };
        let cells = match self.released.of(respondents) {
            Heard::Silent => [(); 4].map(|()| Figure::not_available("None received")),
            Heard::HeldBack => [(); 4].map(|()| held_back("")),
            Heard::Released(group) => {
                let [acknowledged, answered, changed] = Step::ALL.map(|step| group.withdrawn_before(step));
                [group.anonymous(), acknowledged, answered, changed].map(|items| known(group.told(items)))
            }
        };
        cells.into_iter().map(|cell| cell.from_events([self.released.point.sequence])).collect()
    }

    fn notes(&self) -> Vec<String> {
        let (on, threshold) = (day(self.released.point.on), self.released.threshold);
        vec![
            format!(
                "As of the release point of {on}. Figures about people are worked out at release points only, from what was \
                 known there, and stand still until the next one."
            ),
            "Days are working days by the ledger's calendar; the day of receipt is day 0, so from Friday to Monday is 1. \
             Where days are in no calendar, Monday to Friday were counted, and the figure says so."
                .to_owned(),
            "Items that are still open count as longer than any other. Nothing is left out because it is slow; anonymous \
             items have no day of receipt and are left out, and so are items that were withdrawn before the step."
                .to_owned(),
            format!(
                "Times of fewer than {threshold} items, and 9 in 10 of fewer than {}, are held back. How many items a share is \
                 of is not printed beside it; R3 says how many were received.",
                2 * threshold
            ),
        ]
    }
}

fn held_back(text: impl Into<Text>) -> Figure {
    Figure::with_status(FigureStatus::Suppressed, text)
}

fn time_cell(time: Time) -> Figure {
    match time {
        Time::HeldBack => held_back(""),
        Time::NotReached => Figure::not_available("Not reached"),
        Time::Days(days) => Figure::number(days, "working days", count(days, "working day", "working days")),
    }
}

fn target(clock: &Clock) -> Figure {
    match clock.target().map(u64::from) {
        None => Figure::not_available("No target"),
        Some(days) => Figure::number(days, "working days", count(days, "working day", "working days")),
    }
}

fn share_words(share: Share) -> String {
    match share {
        Share::NearlyAll => "more than 95 %".to_owned(),
        Share::NearlyNone => "less than 5 %".to_owned(),
        Share::Percent(share) => format!("{share} %"),
        Share::NoTarget | Share::HeldBack => String::new(),
    }
}

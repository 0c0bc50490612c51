//! R6: how many of us have learned, at what level?
//!
//! Invariant: people (coverage) and attendances (sessions) are never added together, nor staff and leaders, nor a unit and
//! one that is a part of it. Everything is as of one release point. Must not know who learned.

mod coverage;
mod flow;
mod tables;

use self::coverage::{Coverage, LEVELS, Who, coverage};
use self::flow::Flow;
use super::definition::Definition;
use super::disclosure::threshold;
use super::phrases::{count, count_or_no, day};
use super::report::{Figure, FigureStatus};
use super::shares::{NO_POINT, Part, as_of};
use super::text::Text;
use super::{Body, Parameters};
use crate::projections::Views;
use crate::projections::releases::Point;

/// What its words and numbers mean.
pub(super) const DEFINITION: Definition = Definition {
    version: "r6/3",
    terms: &[
        (
            "As of the release point",
            "Everything in this report is worked out as of the last release point that is known and past: what had happened \
             by its day, and was recorded by its position. Between release points nothing in it moves.",
        ),
        (
            "Informed, skilled, enhanced, specialist",
            "The four levels of learning, the deeper ones holding those before: a skilled person is counted as informed, \
             too. So the numbers of the levels are never added together.",
        ),
        ("Staff", "Everybody of a unit, leaders included, by the unit's latest count of who has learned."),
        (
            "Leaders",
            "The leaders among the staff. They are counted in both tables, so the two are never added together.",
        ),
        (
            "Coverage",
            "How many of those who were counted have reached at least a level. The whole is the count's own: how many people \
             it was taken of. At each release point the number at each level moves only if it moves by five (or the ledger's \
             threshold) or more, and the whole is the sum of these numbers as they were released: so it can differ by some \
             from what was counted, and is right again once they have moved. Where not even the whole is told, all of it begins \
             anew at the next release point.",
        ),
        (
            "Workforce baseline",
            "How many work in the unit by its latest baseline. Where it is, as released, five (or the ledger's threshold) or \
             more away from the number that the coverage was taken of, that is said; a smaller difference is not told from none.",
        ),
        (
            "Units",
            "Those that exist on the day of the release point. A unit is not shown beside one that it is a part of: what \
             one has more than the other would tell of few people. The whole is shown, unless its part was shown before.",
        ),
        (
            "Held back",
            "Fewer than five people (or the ledger's threshold), or a number from which such a number could be worked out, \
             by itself or together with others, also for the staff who are not leaders.",
        ),
        (
            "Sessions, attendances",
            "Sessions that were held on a day of the period, and how many were counted at them. Attendances are not people: \
             who comes twice is counted twice. Numbers of attendances below the threshold are held back, and are in no sum.",
        ),
        (
            "Nobody said",
            "Sessions that were to be held on a day of the period, before the release point, of which nobody has said \
             whether they were.",
        ),
        (
            "Practice support",
            "Help to model good practice that was given on a day of the period, in sessions; by kind.",
        ),
    ],
};

pub(super) fn body(views: &Views, parameters: &Parameters) -> Body {
    let points = views.releases.points(parameters.horizon());
    let coverage = coverage(views, &points);
    let flow = points.last().map(|point| Flow::of(views, parameters.period, point));
    let learned = Learned {
        views,
        parameters,
        point: points.last(),
        threshold: points.last().map_or(0, |point| threshold(views, point.sequence)),
        coverage,
        flow,
    };
    let mut notes: Vec<String> = points.last().map(as_of).into_iter().collect();
    notes.extend(NOTES.iter().map(|note| (*note).to_owned()));
    Body { figures: learned.figures(), tables: learned.tables(), notes }
}

/// What the figures are counted from.
struct Learned<'a, 'v> {
    views: &'v Views,
    parameters: &'a Parameters,
    /// None: no release point is known and past.
    point: Option<&'a Point<'v>>,
    threshold: u64,
    coverage: Coverage<'v>,
    flow: Option<Flow<'v>>,
}

impl Learned<'_, '_> {
    fn figures(&self) -> Vec<Figure> {
        let mut figures = Vec::new();
        for who in [Who::Staff, Who::Leaders] {
            for (level, id) in LEVELS.iter().enumerate() {
                let figure = self.covered(who, level + 1, id);
                let label = format!("{}, {id} or above", who.word());
                figures
                    .push(figure.named(&format!("r6.coverage_{}_{id}", who.word().to_lowercase()), &label));
            }
        }
        figures.push(self.denominators().named("r6.denominators", "Counted otherwise than the workforce"));
        figures.extend(self.sessions());
        figures
    }

    /// How many have reached at least a level, in all units that are shown.
    fn covered(&self, who: Who, level: usize, name: &str) -> Figure {
        let Some(point) = self.point else { return Figure::not_available(NO_POINT) };
        if self.coverage.shown.is_empty() {
            return Figure::not_available(NO_COVERAGE);
        }
        let part = Part::of(self.coverage.all(who, level), self.coverage.all(who, 0), self.threshold);
        let whom = who.word().to_lowercase();
        let as_of = day(point.on);
        let figure = match part.words(&whom) {
            Some(words) => {
                let have = if matches!(part, Part::Exactly(1, _)) { "has" } else { "have" };
                part.figure(format!("{words} {have} learned at least at the {name} level, as of {as_of}."))
            }
            None if part == Part::Nobody => {
                Figure::not_applicable(format!("No {whom} are counted, as of {as_of}."))
            }
            None => Figure::with_status(
                FigureStatus::Suppressed,
                format!("{} at the {name} level or above: held back.", who.word()),
            ),
        };
        figure.from_events(self.coverage.events().chain([point.sequence]))
    }

    /// In how many units the coverage was taken of another number of people than work there, both as they were released.
    fn denominators(&self) -> Figure {
        let Some(point) = self.point else { return Figure::not_available(NO_POINT) };
        if self.coverage.shown.is_empty() {
            return Figure::not_available(NO_COVERAGE);
        }
        let threshold = self.threshold;
        let told = self.coverage.shown.iter().filter_map(|it| {
            let ((_, by, _), (_, counted_by, _)) = (it.unit.baseline?, it.unit.coverage?);
            let apart = |(counted, works): (u64, u64)| works.abs_diff(counted) >= threshold;
            let staff = apart(it.beside_baseline(Who::Staff)?);
            Some((staff || it.beside_baseline(Who::Leaders).is_some_and(apart), [by, counted_by]))
        });
        let told: Vec<_> = told.collect();
        if told.is_empty() {
            return Figure::not_available(
                "No workforce baseline that could be told of is recorded for a unit that is shown.",
            );
        }
        let (all, differ) = (told.len() as u64, told.iter().filter(|(apart, _)| *apart).count() as u64);
        let units = count(all, "unit", "units");
        let text = match differ {
            0 => format!(
                "In {units} as many people were counted as the workforce baseline has, give or take fewer than \
                 {threshold}."
            ),
            _ => format!(
                "In {differ} of {units} another number of people was counted than the workforce baseline has, by \
                 {threshold} or more."
            ),
        };
        let events = told.iter().flat_map(|(_, events)| *events);
        Figure::share(differ, all, "units", text).from_events(events.chain([point.sequence]))
    }

    fn sessions(&self) -> Vec<Figure> {
        let period = self.parameters.period;
        let ids = [
            ("r6.sessions", "Sessions held"),
            ("r6.attendances", "Attendances"),
            ("r6.not_counted", "Sessions not counted"),
            ("r6.cancelled", "Sessions cancelled"),
            ("r6.unsaid", "Nobody said what became of them"),
            ("r6.support", "Practice support"),
        ];
        let all =
            |text: &str| ids.iter().map(|(id, label)| Figure::not_available(text).named(id, label)).collect();
        let (Some(flow), Some(point)) = (&self.flow, self.point) else { return all(NO_POINT) };
        if point.on < period.first_day() {
            let on = day(point.on);
            return all(&format!("The last release point, of {on}, is before {period} began."));
        }
        let known = |known: bool, figure: Figure, silence: &str| {
            if known { figure } else { Figure::not_available(silence) }
        };
        let sessions = |n: u64, events: Vec<u64>, text: String| {
            known(flow.any_session, Figure::number(n, "sessions", text).from_events(events), NO_SESSION)
        };
        let (held, tally) = (flow.held.len() as u64, flow.tally(flow.held.iter()));
        let not_counted = tally.not_counted;
        let (cancelled, unsaid) = (flow.cancelled.len() as u64, flow.unsaid.len() as u64);
        let support = flow.support.iter().map(|it| u64::from(it.1.sessions)).sum();
        let times = count(flow.support.len() as u64, "occasion", "occasions");
        let support = Figure::number(
            support,
            "sessions",
            format!(
                "{} of practice support in {period}, recorded on {times}.",
                count_or_no(support, "session", "sessions")
            ),
        )
        .from_events(flow.support.iter().map(|it| it.0));
        let figures = [
            sessions(
                held,
                Flow::events(&flow.held),
                format!(
                    "{} of learning {} held in {period}.",
                    count_or_no(held, "session", "sessions"),
                    was(held)
                ),
            ),
            known(flow.any_session, self.attendances(flow), NO_SESSION),
            sessions(
                not_counted,
                Flow::events(flow.held.iter().filter(|it| flow::attendances(it).is_none())),
                format!(
                    "At {} nobody counted: that is not none.",
                    if not_counted == 0 {
                        Text::said("no session")
                    } else {
                        count(not_counted, "session", "sessions")
                    }
                ),
            ),
            sessions(
                cancelled,
                Flow::events(&flow.cancelled),
                format!(
                    "{} {} cancelled in {period}.",
                    count_or_no(cancelled, "session", "sessions"),
                    was(cancelled)
                ),
            ),
            sessions(
                unsaid,
                Flow::events(&flow.unsaid),
                format!(
                    "Nobody has said what became of {} that {} to be held in {period}.",
                    if unsaid == 0 { Text::said("no session") } else { count(unsaid, "session", "sessions") },
                    was(unsaid)
                ),
            ),
            known(
                flow.any_support,
                support,
                "No practice support is recorded, so nothing can be said about it.",
            ),
        ];
        figures.into_iter().zip(ids).map(|(figure, (id, label))| figure.named(id, label)).collect()
    }

    fn attendances(&self, flow: &Flow<'_>) -> Figure {
        let tally = flow.tally(flow.held.iter());
        let held = count(flow.held.len() as u64, "session", "sessions");
        let figure = match (tally.counted, tally.held_back) {
            _ if flow.held.is_empty() => {
                Figure::not_applicable(format!("No session was held in {}.", self.parameters.period))
            }
            (0, 0) => Figure::not_available(format!("Attendances at {held} were not counted.")),
            (0, _) => {
                Figure::with_status(FigureStatus::Suppressed, "The numbers of attendances are held back.")
            }
            (counted, _) => {
                let text = format!(
                    "{} attendances, which are not people, were counted at {counted} of {held}{}.",
                    tally.sum,
                    tally.left_out()
                );
                Figure::number(tally.sum, "attendances", text)
            }
        };
        figure.from_events(Flow::events(&flow.held))
    }
}

const fn was(number: u64) -> &'static str {
    if number == 1 { "was" } else { "were" }
}

const NO_COVERAGE: &str =
    "Nobody has recorded how many have learned, in any unit that exists, by the release point.";
const NO_SESSION: &str = "No session of learning is recorded by the release point, so nothing can be said.";

const NOTES: [&str; 5] = [
    "Attendances are not people, and are never added to the numbers of people: who comes twice is counted twice, and a person \
     may have learned elsewhere.",
    "The levels hold each other: a skilled person is counted as informed, too. Leaders are staff, too. None of these numbers \
     is to be added to another.",
    "A unit is not shown beside one that it is a part of.",
    "Numbers of people move between release points only by five or more at a level, so that nobody can be picked out. A sum of \
     them, such as the number of people counted, can therefore differ by some from the count itself.",
    "The number of people that a coverage was taken of is its own; where the workforce baseline differs from the count by five or more, that is said.",
];

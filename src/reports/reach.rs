//! R7: whom have we reached?
//!
//! Invariant: councils and partners are counted once, however often they came, under whatever name; attendances are never
//! called people. Must not know who came.

mod councils;
mod tables;

use jiff::civil::Date;
use std::collections::BTreeSet;

use self::councils::Councils;
use super::attendances::Tally;
use super::definition::Definition;
use super::disclosure::threshold;
use super::phrases::{count, count_or_no, natural};
use super::report::{Figure, FigureStatus};
use super::{Body, Parameters};
use crate::domain::event::Purpose;
use crate::domain::id::Code;
use crate::projections::Views;
use crate::projections::awareness::{Activity, Signposted};

/// What its words and numbers mean.
pub(super) const DEFINITION: Definition = Definition {
    version: "r7/1",
    terms: &[
        (
            "Activity",
            "Something that was held so that people know, on a day of the period and not after as at. It has one purpose: \
             the benefits of a trauma-informed approach, why it is vital for outcomes, that it is everybody's business, or \
             what trauma does.",
        ),
        (
            "Councils reached",
            "Different councils that an activity of the period names, of the councils that the list holds valid on the day \
             as at. A council that came five times is one council. Under a code that the list gives as an earlier name of \
             another code, on a day when it was one, it is that other's council: a council that was recoded in the middle \
             of a year is one council.",
        ),
        (
            "Ceased to be",
            "Councils that were reached and are not valid any more on the day as at. They are listed apart and not \
             counted.",
        ),
        (
            "Attendances",
            "How many were counted at an activity. Who comes twice is counted twice: attendances are not people, and are \
             not added to any number of people.",
        ),
        (
            "Held back",
            "A number of attendances, or of those that something was sent to, below the ledger's threshold (5 at least) \
             and not 0. It is in no sum, so that no sum gives it away.",
        ),
        ("Not counted", "Whoever recorded the activity said that nobody counted, which is not none."),
        (
            "Signposting",
            "Each time that people were told by some route where to find help. How many it was sent to is not how many \
             found it.",
        ),
    ],
};

/// An activity of the period.
struct Held<'v> {
    id: &'v Code,
    on: Date,
    sequence: u64,
    activity: &'v Activity,
}

/// Signposting in the period.
struct Told<'v> {
    sequence: u64,
    said: &'v Signposted,
}

/// What the figures are counted from.
struct Reach<'a, 'v> {
    views: &'v Views,
    parameters: &'a Parameters,
    /// From how many on attendances have a number.
    threshold: u64,
    /// Whether any activity is recorded, in whatever period; and any signposting.
    anything: [bool; 2],
    /// By day, then id.
    held: Vec<Held<'v>>,
    told: Vec<Told<'v>>,
    /// None: no list of councils is adopted.
    councils: Option<Councils<'v>>,
}

pub(super) fn body(views: &Views, parameters: &Parameters) -> Body {
    let reach = Reach::of(views, parameters);
    Body { figures: reach.figures(), tables: reach.tables(), notes: notes(reach.threshold) }
}

impl<'a, 'v> Reach<'a, 'v> {
    fn of(views: &'v Views, parameters: &'a Parameters) -> Self {
        let (horizon, period) = (parameters.horizon(), parameters.period);
        let (mut held, mut told, mut anything) = (Vec::new(), Vec::new(), [false; 2]);
        // Once it is known that there is something, whatever never had a day in the period is passed by.
        let (first, last) = (period.first_day(), period.last_day());
        for (id, history) in views.awareness.activities.iter() {
            if anything[0] && !history.may_tell_of(first, last) {
                continue;
            }
            let Some(fact) = views.latest(history, horizon) else { continue };
            anything[0] = true;
            if period.contains(fact.effective) {
                held.push(Held { id, on: fact.effective, sequence: fact.sequence, activity: &fact.fact });
            }
        }
        for (_, history) in views.awareness.signposting.iter() {
            if anything[1] && !history.may_tell_of(first, last) {
                continue;
            }
            let Some(fact) = views.latest(history, horizon) else { continue };
            anything[1] = true;
            if period.contains(fact.effective) {
                told.push(Told { sequence: fact.sequence, said: &fact.fact });
            }
        }
        held.sort_by_cached_key(|it| (it.on, natural(it.id)));
        let visits =
            held.iter().flat_map(|it| it.activity.councils.iter().map(|code| (code, it.on, it.sequence)));
        let councils = Councils::of(views, horizon, visits);
        let threshold = threshold(views, parameters.as_known);
        Self { views, parameters, threshold, anything, held, told, councils }
    }

    fn tally<'h>(&'h self, held: impl IntoIterator<Item = &'h Held<'v>>) -> Tally {
        Tally::of(held.into_iter().map(|it| it.activity.attendances), self.threshold)
    }

    fn partners(&self) -> BTreeSet<&'v Code> {
        self.held.iter().flat_map(|it| &it.activity.partners).collect()
    }

    fn known(&self, figure: Figure) -> Figure {
        if self.anything[0] {
            figure.from_events(self.held.iter().map(|it| it.sequence))
        } else {
            Figure::not_available(SILENCE)
        }
    }

    fn figures(&self) -> Vec<Figure> {
        let (period, all) = (self.parameters.period, self.held.len() as u64);
        let activities = format!("{} held in {period}.", were(all, "activity", "activities"));
        let mut figures = vec![
            self.councils_reached().named("r7.councils_reached", "Councils reached"),
            self.known(Figure::number(all, "activities", activities)).named("r7.activities", "Activities"),
        ];
        figures.extend(Purpose::ALL.iter().map(|purpose| self.by_purpose(*purpose)));
        let partners = self.partners().len() as u64;
        let took_part =
            format!("{} took part in activities.", count_or_no(partners, "partner body", "partner bodies"));
        figures.extend([
            self.attendances().named("r7.attendances", "Attendances"),
            self.known(Figure::number(partners, "partner bodies", took_part))
                .named("r7.partners", "Partner bodies"),
            self.ceased().named("r7.councils_ceased", "Reached, and ceased to be since"),
            self.signposting().named("r7.signposting", "Signposting"),
        ]);
        figures
    }

    fn councils_reached(&self) -> Figure {
        let Some(councils) = &self.councils else {
            let text = if self.anything[0] { NO_LIST } else { SILENCE };
            return Figure::not_available(text);
        };
        let (reached, all) = (councils.reached(), councils.valid.len() as u64);
        let period = self.parameters.period;
        let text = match all {
            0 => "The list of councils has none that is valid on the day as at.".to_owned(),
            _ if reached == all => format!("All {all} councils were reached in {period}."),
            _ => format!("{reached} of {all} councils {} reached in {period}.", was(reached)),
        };
        let figure = match all {
            0 => Figure::not_applicable(text),
            _ => Figure::share(reached, all, "councils", text),
        };
        if self.anything[0] { figure.from_events(councils.events()) } else { Figure::not_available(SILENCE) }
    }

    fn by_purpose(&self, purpose: Purpose) -> Figure {
        let of: Vec<_> = self.held.iter().filter(|it| it.activity.purpose == purpose).collect();
        let (n, all) = (of.len() as u64, self.held.len());
        let text = format!("{n} of {all} {} about {}.", was(n), about(purpose).to_lowercase());
        let figure = match (self.anything[0], all) {
            (false, _) => Figure::not_available(SILENCE),
            (true, 0) => Figure::not_applicable("No activity was held in the period."),
            _ => Figure::number(n, "activities", text).from_events(of.iter().map(|it| it.sequence)),
        };
        figure.named(&format!("r7.purpose.{}", purpose.as_str().to_lowercase()), about(purpose))
    }

    fn attendances(&self) -> Figure {
        let tally = self.tally(&self.held);
        let (sum, counted) = (tally.sum, tally.counted);
        let activities = count(self.held.len() as u64, "activity", "activities");
        let figure = match tally {
            _ if self.held.is_empty() => {
                Figure::not_applicable("No activity was held in the period, so nobody could attend one.")
            }
            Tally { counted: 0, held_back: 0, .. } => {
                Figure::not_available(format!("Attendances at {activities} were not counted."))
            }
            Tally { counted: 0, .. } => {
                Figure::with_status(FigureStatus::Suppressed, "The numbers of attendances are held back.")
            }
            _ => {
                let left_out = tally.left_out();
                let text = format!(
                    "{sum} attendances, which are not people, were counted at {counted} of {activities}{left_out}."
                );
                Figure::number(sum, "attendances", text)
            }
        };
        self.known(figure)
    }

    fn ceased(&self) -> Figure {
        let Some(councils) = &self.councils else {
            return Figure::not_available(if self.anything[0] { NO_LIST } else { SILENCE });
        };
        let n = councils.ceased.len() as u64;
        let text = match n {
            0 => "No council that was reached has ceased to be since.".to_owned(),
            1 => "1 council that was reached has ceased to be since, and is not counted above.".to_owned(),
            _ => {
                format!("{n} councils that were reached have ceased to be since, and are not counted above.")
            }
        };
        self.known(Figure::number(n, "councils", text))
    }

    fn signposting(&self) -> Figure {
        if !self.anything[1] {
            return Figure::not_available("No signposting is recorded, so nothing can be said about it.");
        }
        let (times, period) = (self.told.len() as u64, self.parameters.period);
        let routes: BTreeSet<_> = self.told.iter().map(|it| &it.said.route).collect();
        let text = match times {
            0 => format!("Nobody was told where to find help in {period}, as far as is recorded."),
            _ => format!(
                "People were told {} in {period} where to find help, by {}.",
                count(times, "time", "times"),
                count(routes.len() as u64, "route", "routes")
            ),
        };
        Figure::number(times, "times", text).from_events(self.told.iter().map(|it| it.sequence))
    }
}

/// What an activity of that purpose is about.
const fn about(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Benefits => "The benefits",
        Purpose::Outcomes => "Outcomes for communities",
        Purpose::EverybodysBusiness => "Everybody's business",
        Purpose::Impact => "The impact of trauma",
    }
}

const fn was(number: u64) -> &'static str {
    if number == 1 { "was" } else { "were" }
}

fn were(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count_or_no(number, one, many), was(number))
}

const SILENCE: &str = "No awareness activity is recorded, so nothing can be said.";
const NO_LIST: &str = "No list of councils is adopted, so nobody can say which there are.";

fn notes(threshold: u64) -> Vec<String> {
    vec![
        "A council is counted once, however often it came and whatever its code was. Councils are those that the list \
         holds valid on the day as at."
            .to_owned(),
        "Attendances are not people: who comes twice is counted twice.".to_owned(),
        format!(
            "Attendances from 1 to {} are held back, and are in no sum. An activity that nobody counted is not an activity \
             without attendances.",
            threshold - 1
        ),
        "How many something was sent to is not how many found help.".to_owned(),
    ]
}

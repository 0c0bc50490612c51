//! What people chose, withdrew, and asked to erase: counts about people, as they are released.
//!
//! Invariant: what is said of how many items there are comes from the one released cohort of R3 and R4, so that no second
//! division of the same people stands beside it; requests to erase leave through a `Cut` of their own. No figure has an
//! event behind it.

use jiff::civil::Date;

use super::super::cohort::{Heard, Released, released};
use super::super::disclosure::{Shown, share, threshold};
use super::super::people_points::{HELD_BACK, at, held_back, points};
use super::super::phrases::{count, days_after, percent};
use super::super::release::Cut;
use super::super::report::{Figure, Table};
use super::super::{Memory, Parameters};
use crate::domain::event::Respondents;
use crate::projections::Views;
use crate::projections::erasures::ErasureFact;
use crate::projections::releases::Point;

const WHO: [(Respondents, &str, &str); 2] =
    [(Respondents::Staff, "staff", "Staff"), (Respondents::Partners, "partners", "Partners")];

/// The columns of the choices, in the order of the parts.
const CHOICES: [&str; 3] = ["anonymously", "confidentially", "with a name"];

pub(super) fn part(views: &Views, parameters: &Parameters, memory: &Memory) -> (Vec<Figure>, Table) {
    let mut table = Table::new(
        "r9.choices",
        "How feedback received in the year was given",
        "No figure about what people chose is released for this period.",
        &[
            ("whom", "From"),
            ("anonymous", "Anonymously"),
            ("confidential", "Confidentially"),
            ("named", "With a name"),
        ],
    );
    let released = released(views, parameters, memory);
    let released = released.as_ref().as_ref().map_err(|why| why.sentence());
    let figures = match points(views, parameters, true).and_then(|points| Ok((points, released?))) {
        Err(why) => std::array::from_fn(|_| Figure::not_available(why)),
        Ok((points, released)) => {
            let threshold = threshold(views, parameters.as_known);
            for (who, subject, whom) in WHO {
                let cells = match released.of(who) {
                    Heard::Silent => continue,
                    Heard::HeldBack => [(); 3].map(|()| held_back(HELD_BACK)),
                    Heard::Released(group) => {
                        let (parts, whole) = group.given();
                        parts.map(|part| cell(part, whole, threshold))
                    }
                };
                let cells = std::iter::once(Figure::words(whom)).chain(cells).collect();
                table.push(format_args!("respondents/{subject}"), cells);
            }
            let at = at(&points);
            [
                chose(&released.of(Respondents::Staff), "staff", parameters, &at, threshold),
                chose(&released.of(Respondents::Partners), "partners", parameters, &at, threshold),
                withdrawn(released, parameters, &at),
                erased(views, parameters, &points, threshold),
            ]
        }
    };
    let names = [
        ("r9.choices_staff", "What staff chose"),
        ("r9.choices_partners", "What partners chose"),
        ("r9.withdrawn", "Withdrawn"),
        ("r9.days_to_erase", "Days to erase"),
    ];
    (figures.into_iter().zip(names).map(|(figure, (id, label))| figure.named(id, label)).collect(), table)
}

/// What was released as none may be a few by now, and must not be said to be none.
const VERY_FEW: &str = "very few";

/// A part of a cut, as its share may be shown. No number of items stands beside it: R3 has its own, which moves with other
/// parts, and the difference of the two could tell of a few.
fn cell(part: Option<u64>, whole: Option<u64>, threshold: u64) -> Figure {
    let (Some(n), Some(whole)) = (part, whole) else { return held_back(HELD_BACK) };
    if n == 0 {
        return held_back(VERY_FEW);
    }
    match share(n, whole, threshold) {
        Shown::Exactly => {
            let share = percent(n, whole.max(1));
            Figure::number(share, "%", format!("{share} %"))
        }
        Shown::NearlyAll => Figure::words("More than 95 %"),
        Shown::NearlyNone => Figure::words("Less than 5 %"),
        Shown::HeldBack => held_back(HELD_BACK),
    }
}

fn chose(heard: &Heard<'_>, whom: &str, parameters: &Parameters, at: &str, threshold: u64) -> Figure {
    let period = parameters.period;
    let (parts, whole) = match heard {
        Heard::Silent => {
            return Figure::not_available(format!("{at} no feedback from {whom} in {period} was known."));
        }
        Heard::HeldBack => {
            return held_back(format!(
                "How feedback from {whom} in {period} was given is held back: too few items were received."
            ));
        }
        Heard::Released(group) => group.given(),
    };
    if whole.is_none() {
        return held_back(format!("How feedback from {whom} in {period} was given is {HELD_BACK}."));
    }
    let cells = parts.map(|part| cell(part, whole, threshold));
    let said = CHOICES.iter().zip(parts.iter().zip(&cells)).map(|(way, (part, cell))| {
        let words = match part {
            _ if cell.status.mark().is_empty() => cell.text.to_lowercase(),
            Some(0) => VERY_FEW.to_owned(),
            _ => "a share that is held back".to_owned(),
        };
        format!("{words} {way}")
    });
    let text = format!("{at}, of feedback from {whom} in {period}: {}.", said.collect::<Vec<_>>().join(", "));
    let [anonymous, ..] = cells;
    Figure { text: text.into(), ..anonymous }
}

/// What R3 says of staff and of partners, together.
fn withdrawn(released: &Released, parameters: &Parameters, at: &str) -> Figure {
    let period = parameters.period;
    let (mut sum, mut is_silent) = (Some(0), true);
    for (who, ..) in WHO {
        let items = match released.of(who) {
            Heard::Silent => continue,
            Heard::HeldBack => None,
            Heard::Released(group) => group.told(group.withdrawn()),
        };
        is_silent = false;
        sum = sum.zip(items).map(|(sum, items)| sum + items);
    }
    match sum {
        _ if is_silent => Figure::not_available(format!("{at} no feedback of {period} was known.")),
        None => held_back(format!("How many items of {period} were withdrawn is {HELD_BACK}.")),
        Some(0) => Figure::number(0, "items", format!("{at}, no item of {period} was withdrawn.")),
        Some(n) => {
            let verb = if n == 1 { "was" } else { "were" };
            let text = format!("{at}, {} of {period} {verb} withdrawn.", count(n, "item", "items"));
            Figure::number(n, "items", text)
        }
    }
}

/// Requests to erase at one point: how many were followed, refused, are open; and the days of those that were followed.
fn requests(views: &Views, parameters: &Parameters, point: &Point<'_>) -> ([u64; 3], Vec<u64>) {
    let (mut counts, mut days) = ([0; 3], Vec::new());
    let of_year = |on: Date| parameters.period.contains(on);
    for request in views.erasures.standings(views, point.horizon()).filter(|it| of_year(it.on)) {
        match request.end {
            Some((ErasureFact::Erased, on)) => {
                counts[0] += 1;
                days.push(days_after(request.on, on));
            }
            Some(_) => counts[1] += 1,
            None => counts[2] += 1,
        }
    }
    (counts, days)
}

/// The median by nearest rank, open ones counted as infinite. None: it falls on one of these.
fn median(mut days: Vec<u64>, open: u64) -> Option<u64> {
    days.sort_unstable();
    let whole = days.len() + open as usize;
    days.get(whole.div_ceil(2).checked_sub(1)?).copied()
}

fn erased(views: &Views, parameters: &Parameters, points: &[Point<'_>], shown_from: u64) -> Figure {
    let (mut cut, mut value) = (None::<Cut>, None);
    for point in points {
        let (counts, days) = requests(views, parameters, point);
        if cut.is_none() && counts == [0; 3] {
            continue;
        }
        let least = super::super::disclosure::threshold(views, point.position);
        let was = cut.as_ref().map(|cut| cut.sum([0, 2]));
        match &mut cut {
            Some(cut) => cut.next(&counts, least),
            None => cut = Some(Cut::first(&counts, least)),
        }
        if cut.as_ref().map(|cut| cut.sum([0, 2])) != was {
            value = median(days, counts[2]);
        }
    }
    let (period, at) = (parameters.period, at(points));
    let Some(cut) = cut else {
        return Figure::not_available(format!("{at} no request to erase of {period} was known."));
    };
    match cut.sum([0, 2]) {
        None => held_back(format!("How long erasing took in {period} is {HELD_BACK}.")),
        Some(0) => {
            let few = format!("fewer than {shown_from}");
            held_back(format!(
                "{at}, {few} requests of {period} were followed or open: too few to say how long it took."
            ))
        }
        Some(whole) => {
            let of = count(whole, "request", "requests");
            let beside = match cut.part(1) {
                Some(0) | None => String::new(),
                Some(refused) => format!("; {refused} refused"),
            };
            let about = format!("({of} followed or open{beside})");
            match value {
                Some(days) => {
                    let text = format!(
                        "{at}, half of what was asked to be erased in {period} was erased within {} {about}.",
                        count(days, "day", "days")
                    );
                    Figure::number(days, "days", text)
                }
                None => Figure::words(format!(
                    "{at}, half of what was asked to be erased in {period} was not reached: still open {about}."
                )),
            }
        }
    }
}

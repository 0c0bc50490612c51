//! What people chose, withdrew, and asked to erase: counts about people, as they are released.
//!
//! Invariant: nothing here leaves but through a `Cut`, and no figure has an event behind it.

use jiff::civil::Date;
use std::collections::BTreeMap;

use super::super::Parameters;
use super::super::disclosure::{Shown, share, threshold};
use super::super::people_points::{HELD_BACK, at, held_back, points};
use super::super::phrases::{count, days_after, percent};
use super::super::release::{Cut, released};
use super::super::report::{Figure, Table};
use crate::domain::event::{Anonymity, Respondents};
use crate::projections::Views;
use crate::projections::erasures::ErasureFact;
use crate::projections::feedback::FeedbackFact;
use crate::projections::history::{History, Horizon};
use crate::projections::releases::Point;

/// The cuts of the items that were received in the year.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Staff,
    Partners,
    Withdrawn,
}

/// The columns of the choices, in the order of the parts.
const CHOICES: [&str; 3] = ["anonymously", "confidentially", "with a name"];

pub(super) fn part(views: &Views, parameters: &Parameters) -> (Vec<Figure>, Table) {
    let mut table = Table::new(
        "r9.choices",
        "How feedback received in the year was given",
        "No figure about what people chose is released for this period.",
        &[
            ("whom", "From"),
            ("anonymous", "Anonymously"),
            ("confidential", "Confidentially"),
            ("named", "With a name"),
            ("all", "Items"),
        ],
    );
    let figures = match points(views, parameters, true) {
        Err(why) => std::array::from_fn(|_| Figure::not_available(why)),
        Ok(points) => {
            // Most items are of other years; those of this one are looked at again at each point.
            let is_of_year = |history: &&History<FeedbackFact>| {
                history.all().iter().any(|fact| parameters.period.contains(fact.effective))
            };
            let cohort: Vec<_> =
                views.feedback.items.iter().map(|(_, history)| history).filter(is_of_year).collect();
            let counts = |point: &Point<'_>| counts(views, parameters, point, &cohort);
            let cuts = released(&points, |point| threshold(views, point.position), counts);
            let threshold = threshold(views, parameters.as_known);
            for (name, subject, whom) in
                [(Name::Staff, "staff", "Staff"), (Name::Partners, "partners", "Partners")]
            {
                if let Some(cut) = cuts.get(&name) {
                    let mut cells = vec![Figure::words(whom)];
                    cells.extend((0..3).map(|part| cell(cut, part, threshold)));
                    cells.push(number(cut.total(), "items"));
                    table.push(format!("respondents/{subject}"), cells);
                }
            }
            let at = at(&points);
            [
                chose(cuts.get(&Name::Staff), "staff", parameters, &at, threshold),
                chose(cuts.get(&Name::Partners), "partners", parameters, &at, threshold),
                withdrawn(cuts.get(&Name::Withdrawn), parameters, &at, threshold),
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

/// The parts of each cut at a point; a cut without any item is not there.
fn counts(
    views: &Views,
    parameters: &Parameters,
    point: &Point<'_>,
    cohort: &[&History<FeedbackFact>],
) -> BTreeMap<Name, Vec<u64>> {
    let mut counts: BTreeMap<Name, Vec<u64>> = BTreeMap::new();
    // Nothing of the year can be seen from a day before it.
    if point.on < parameters.period.first_day() {
        return counts;
    }
    let mut count = |name: Name, part: usize| {
        if let Some(it) = counts.entry(name).or_insert_with(|| vec![0; 3]).get_mut(part) {
            *it += 1;
        }
    };
    for history in cohort {
        let Some(item) = item(views, history, point.horizon(), parameters) else { continue };
        let whom = if item.0 == Respondents::Staff { Name::Staff } else { Name::Partners };
        count(whom, item.1);
        count(Name::Withdrawn, item.2);
    }
    counts
}

/// Who spoke; which choice; and whether it was withdrawn: 0 wholly, 1 the way to be answered, 2 not. None: it was not
/// received in the year, as far as is known from there.
fn item(
    views: &Views,
    history: &History<FeedbackFact>,
    horizon: Horizon,
    parameters: &Parameters,
) -> Option<(Respondents, usize, usize)> {
    let facts = views.seen(history, horizon);
    let (day, received) = facts.iter().rev().find_map(|fact| match &fact.fact {
        FeedbackFact::Received(received) => Some((fact.effective, received)),
        _ => None,
    })?;
    if !parameters.period.contains(day) {
        return None;
    }
    let small = received
        .round
        .as_ref()
        .is_some_and(|round| views.surveys.round(views, round, horizon).is_some_and(|it| it.is_too_small()));
    let choice = match received.anonymity {
        Anonymity::Anonymous if !small => 0,
        Anonymity::Anonymous | Anonymity::Confidential => 1,
        Anonymity::Named => 2,
    };
    let has = |sort: &FeedbackFact| facts.iter().any(|fact| fact.fact == *sort);
    let withdrawn = match () {
        () if has(&FeedbackFact::Withdrawn) => 0,
        () if has(&FeedbackFact::ContactWithdrawn) => 1,
        () => 2,
    };
    Some((received.respondents, choice, withdrawn))
}

fn number(number: Option<u64>, unit: &str) -> Figure {
    number.map_or_else(|| held_back(HELD_BACK), |n| Figure::number(n, unit, n.to_string()))
}

fn fewer(threshold: u64) -> String {
    format!("fewer than {threshold}")
}

/// A part of a cut, as its share may be shown.
fn cell(cut: &Cut, part: usize, threshold: u64) -> Figure {
    let (Some(n), Some(whole)) = (cut.part(part), cut.total()) else { return held_back(HELD_BACK) };
    // What was released as none may be a few by now, and must not be said to be none.
    if n == 0 {
        return held_back(fewer(threshold));
    }
    match share(n, whole, threshold) {
        Shown::Exactly => Figure::share(n, whole, "items", format!("{n} ({} %)", percent(n, whole.max(1)))),
        Shown::NearlyAll => Figure::words("More than 95 %"),
        Shown::NearlyNone => Figure::words("Less than 5 %"),
        Shown::HeldBack => held_back(HELD_BACK),
    }
}

fn chose(cut: Option<&Cut>, whom: &str, parameters: &Parameters, at: &str, threshold: u64) -> Figure {
    let period = parameters.period;
    let Some(cut) = cut else {
        return Figure::not_available(format!("{at} no feedback from {whom} in {period} was known."));
    };
    let Some(whole) = cut.total() else {
        return held_back(format!("How feedback from {whom} in {period} was given is {HELD_BACK}."));
    };
    let said = |part: usize| match cell(cut, part, threshold) {
        it if it.number.is_some() => it.text,
        it if it.status.mark().is_empty() => it.text.to_lowercase(),
        _ if cut.part(part) == Some(0) => fewer(threshold),
        _ => "a number that is held back".to_owned(),
    };
    let parts: Vec<_> =
        CHOICES.iter().enumerate().map(|(part, way)| format!("{} {way}", said(part))).collect();
    let text = format!(
        "{at}, of {} from {whom} in {period}: {}.",
        count(whole, "item of feedback", "items of feedback"),
        parts.join(", ")
    );
    let anonymous = cell(cut, 0, threshold);
    Figure { text, ..anonymous }
}

fn withdrawn(cut: Option<&Cut>, parameters: &Parameters, at: &str, threshold: u64) -> Figure {
    let period = parameters.period;
    let Some(cut) = cut else {
        return Figure::not_available(format!("{at} no feedback of {period} was known."));
    };
    let (Some(n), Some(whole)) = (cut.part(0), cut.total()) else {
        return held_back(format!("How many items of {period} were withdrawn is {HELD_BACK}."));
    };
    if n == 0 {
        let few = fewer(threshold);
        return held_back(format!(
            "{at}, {few} of {} of {period} were withdrawn.",
            count(whole, "item", "items")
        ));
    }
    let contact = match cut.part(1) {
        Some(0) | None => String::new(),
        Some(contact) => format!("; of {contact} only the way to be answered was"),
    };
    let verb = if n == 1 { "was" } else { "were" };
    let text =
        format!("{at}, {n} of {} of {period} {verb} withdrawn{contact}.", count(whole, "item", "items"));
    Figure::share(n, whole, "items", text)
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
            let few = fewer(shown_from);
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

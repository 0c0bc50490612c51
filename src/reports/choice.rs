//! R9: did people have a choice?
//!
//! Invariant: rounds are announced in public and are counted as they are; whatever counts people or their items exists at
//! release points only and comes out of a `Cut`. No figure about people names an event.

mod continually;
mod people;

use jiff::civil::Date;

use super::definition::Definition;
use super::disclosure::threshold;
use super::people_points::{HELD_BACK, held_back};
use super::phrases::{count, short_day};
use super::report::{Figure, FigureStatus, Table};
use super::{Body, Memory, Parameters, ReportName};
use crate::domain::event::{Anonymity, Respondents};
use crate::domain::id::Kind;
use crate::domain::subject::feedback::ANONYMOUS_AMONG;
use crate::projections::Views;
use crate::projections::history::Horizon;
use crate::projections::surveys::Round;

/// What its words and numbers mean.
pub(super) const DEFINITION: Definition = Definition {
    version: "r9/3",
    terms: &[
        (
            "Round (of a period)",
            "People were asked, and could answer on at least one day of the period that is not after the as-at date. The days \
             are those that were announced, both ends included.",
        ),
        (
            "Anonymous way",
            "The round offered to answer so that nobody can know who did, and at least 10 people were asked, or it is not \
             said how many. Among fewer nobody is unknown: what such a round calls anonymous is called confidential, and so \
             are the items that were given in it.",
        ),
        (
            "What came of it",
            "The day on which the response to the round was published, by the as-at date. A round that is over and has none \
             has told nobody in public.",
        ),
        (
            "Open",
            "A day on which at least one round could be answered, of the days of the period up to the as-at date. Feedback \
             that nobody had asked for may come at any time; it opens no day.",
        ),
        (
            "Gap",
            "Days between two rounds on which nobody was being asked: from the day after the last day of one to the day before \
             the first day of the next, or to the as-at date if there is no next. The longest is that of the gaps of which at \
             least one day lies in the period; it is counted whole, also where it began before.",
        ),
        (
            "Given anonymously, confidentially, with a name",
            "Items of feedback that were received in the financial year, asked for or not, by how far whoever gave them can be \
             known: shares of the items that R3 counts, released as they are, and without their numbers; withdrawn ones are not among them, and staff or partners \
             with fewer than twice the threshold of items are held back whole.",
        ),
        (
            "Withdrawn",
            "Items received in the financial year that were taken back since as a whole: what R3 says of staff and of \
             partners, together.",
        ),
        (
            "Days to erase",
            "From the day on which erasure was asked for to the day on which it was done: the median by nearest rank over the \
             requests of the financial year that were followed or are still open. An open one counts as infinite: if the \
             median falls on one, it is \"not reached\". Refused ones are counted beside. It is worked out anew only when the \
             released number of these requests moves, and is held back below the threshold.",
        ),
        (
            "Held back (cells)",
            "The figures and cells of R3, R4, R6 and R8 with the same parameters that are marked [c].",
        ),
        (
            "Share of a choice",
            "Where it is more than 95 % or less than 5 % of fewer than 100 items, only that is said.",
        ),
    ],
};

/// The other reports about people.
const ABOUT_PEOPLE: [ReportName; 4] =
    [ReportName::Feedback, ReportName::ResponseTimes, ReportName::Learning, ReportName::Surveys];

pub(super) fn body(views: &Views, parameters: &Parameters, memory: &Memory) -> Body {
    let rounds = opened(views, parameters.horizon());
    let end = parameters.as_at.min(parameters.period.last_day());
    let begins = parameters.period.first_day();
    let asked: Vec<_> =
        rounds.iter().filter(|it| it.sought.opens <= end && begins <= it.sought.closes).copied().collect();
    let mut figures = vec![
        anonymous(&rounds, &asked, parameters).named("r9.anonymous_route", "Rounds with an anonymous way"),
        too_small(&rounds, &asked, parameters).named("r9.confidential", "Rounds of fewer than 10 people"),
        continually::open_days(&rounds, parameters)
            .named("r9.open_days", "Days on which people could answer"),
        continually::longest_gap(&rounds, parameters).named("r9.longest_gap", "Longest gap between rounds"),
    ];
    let (people, choices) = people::part(views, parameters, memory);
    figures.extend(people);
    figures.push(
        suppressed(views, parameters, memory).named("r9.held_back", "Cells held back in the other reports"),
    );
    Body { figures, tables: vec![rounds_table(views, parameters, &asked), choices], notes: notes() }
}

/// The rounds that stand and had opened by the horizon's day, in the order in which they opened.
fn opened(views: &Views, horizon: Horizon) -> Vec<Round<'_>> {
    let mut rounds: Vec<_> = views.surveys.standings(views, horizon).collect();
    rounds.retain(|round| round.sought.opens <= horizon.as_at);
    rounds.sort_by_key(|round| (round.sought.opens, round.sought.closes, round.id));
    rounds
}

/// A figure about the rounds of the period; or why there is none.
fn of_rounds(
    rounds: &[Round<'_>],
    asked: &[Round<'_>],
    parameters: &Parameters,
    figure: impl FnOnce(u64) -> Figure,
) -> Figure {
    match (rounds.len(), asked.len() as u64) {
        (0, _) => Figure::not_available(NO_ROUND),
        (_, 0) => Figure::not_applicable(format!("Nobody was asked in {}.", parameters.period)),
        (_, whole) => figure(whole),
    }
}

const NO_ROUND: &str = "No round of asking for feedback is recorded, so nothing can be said about choice.";

fn anonymous(rounds: &[Round<'_>], asked: &[Round<'_>], parameters: &Parameters) -> Figure {
    of_rounds(rounds, asked, parameters, |whole| {
        let n = asked.iter().filter(|it| it.is_anonymous()).count() as u64;
        let of = count(whole, "round", "rounds");
        let period = parameters.period;
        let text = format!("{n} of {of} of asking in {period} had an anonymous way to answer.");
        Figure::share(n, whole, "rounds", text).from_events(asked.iter().map(|round| round.announced))
    })
}

fn too_small(rounds: &[Round<'_>], asked: &[Round<'_>], parameters: &Parameters) -> Figure {
    of_rounds(rounds, asked, parameters, |whole| {
        let small: Vec<_> = asked.iter().filter(|it| it.is_too_small()).collect();
        let (n, of) = (small.len() as u64, count(whole, "round", "rounds"));
        let text = match n {
            0 => format!(
                "Of {of} none is known to have asked fewer than {ANONYMOUS_AMONG} people, among whom nobody is unknown."
            ),
            _ => format!(
                "{n} of {of} asked fewer than {ANONYMOUS_AMONG} people, among whom nobody is unknown: these answers are called \
             confidential."
            ),
        };
        Figure::share(n, whole, "rounds", text).from_events(small.iter().map(|round| round.announced))
    })
}

/// How much the other reports about people hold back now. None of them: nothing is released yet.
fn suppressed(views: &Views, parameters: &Parameters, memory: &Memory) -> Figure {
    if let Err(why) = super::people_points::points(views, parameters, true) {
        return Figure::not_available(why);
    }
    let (mut held, mut any) = (0, false);
    for name in ABOUT_PEOPLE {
        let body = memory.body(name, views, parameters);
        let cells = body.tables.iter().flat_map(|table| &table.rows).flat_map(|row| &row.cells);
        for figure in body.figures.iter().chain(cells) {
            held += u64::from(figure.status == FigureStatus::Suppressed);
            any |= matches!(figure.status, FigureStatus::Suppressed | FigureStatus::Given);
        }
    }
    if !any {
        return Figure::not_available("No other report about people has a figure yet, so none is held back.");
    }
    let text = format!(
        "{} held back in the other reports about people (R3, R4, R6, R8), so that nobody can be known.",
        match held {
            0 => "No cell is".to_owned(),
            1 => "1 cell is".to_owned(),
            held => format!("{held} cells are"),
        }
    );
    Figure::number(held, "cells", text)
}

fn rounds_table(views: &Views, parameters: &Parameters, asked: &[Round<'_>]) -> Table {
    let mut table = Table::new(
        "r9.rounds",
        "Rounds of asking in the period",
        "No round of asking was open in the period.",
        &[
            ("round", "Round"),
            ("whom", "Who was asked"),
            ("when", "When"),
            ("choices", "Ways to answer"),
            ("anonymous", "Anonymous way"),
            ("invited", "Invited"),
            ("response", "What came of it"),
        ],
    );
    let threshold = threshold(views, parameters.as_known);
    for round in asked {
        let cells = [
            Figure::words(round.sought.title.as_str()),
            Figure::words(whom(round.sought.respondents)),
            Figure::words(when(round.sought.opens, round.sought.closes)),
            Figure::words(choices(round)),
            Figure::words(anonymous_words(round)),
            invited(round.sought.invited, threshold),
        ];
        let mut cells: Vec<_> = cells.into_iter().map(|cell| cell.from_events([round.announced])).collect();
        cells.push(response(round, parameters.as_at));
        table.push(Kind::Round.subject(round.id), cells);
    }
    table
}

/// Whether those who were asked can read what came of it.
fn response(round: &Round<'_>, as_at: Date) -> Figure {
    let said = match round.response {
        Some((on, _)) => Figure::words(format!("Published {}", short_day(on))),
        None if as_at <= round.last_day() => Figure::not_applicable("Still open"),
        None => Figure::not_available("Nothing published"),
    };
    said.from_events(
        [Some(round.announced), round.response.map(|(_, published)| published)].into_iter().flatten(),
    )
}

fn when(opens: Date, closes: Date) -> String {
    format!("{} to {}", short_day(opens), short_day(closes))
}

const fn whom(respondents: Respondents) -> &'static str {
    match respondents {
        Respondents::Staff => "Staff",
        Respondents::Partners => "Partners",
    }
}

fn choices(round: &Round<'_>) -> String {
    let has = |option| round.offers(option);
    // Of a round of a few, what is called anonymous is confidential.
    let small = round.is_too_small() && has(Anonymity::Anonymous);
    let ways = [
        (has(Anonymity::Anonymous) && !small, "anonymous"),
        (has(Anonymity::Confidential) || small, "confidential"),
        (has(Anonymity::Named), "named"),
    ];
    let ways: Vec<_> = ways.into_iter().filter(|(has, _)| *has).map(|(_, way)| way).collect();
    let mut words = if ways.is_empty() { "not said".to_owned() } else { ways.join(", ") };
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

fn anonymous_words(round: &Round<'_>) -> &'static str {
    match () {
        () if round.is_anonymous() => "Yes",
        () if round.offers(Anonymity::Anonymous) => "No: fewer than 10 were asked",
        () => "No",
    }
}

fn invited(invited: Option<u32>, threshold: u64) -> Figure {
    match invited.map(u64::from) {
        None => Figure::not_available("Not counted"),
        Some(n) if (1..threshold).contains(&n) => held_back(HELD_BACK),
        Some(n) => Figure::number(n, "people", format_args!("{n}")),
    }
}

fn notes() -> Vec<String> {
    [
        "A round has an anonymous way to answer if it offered one and asked at least 10 people: among fewer nobody is \
         unknown, and what is called anonymous there is called confidential here.",
        "Rounds are counted as they were announced. Feedback that nobody had asked for may come on any day; it does not \
         make a day one on which people were asked.",
        "Figures about what people chose are worked out at release points only and do not move between them. They are about \
         items received in the financial year; whoever gave several is counted with each.",
        "A number that moved by fewer than 5 (or the ledger's threshold) since it was released is shown as it was released. \
         What was released as none is called very few.",
        "Nobody has to say why something is withdrawn, and nobody can.",
    ]
    .map(str::to_owned)
    .to_vec()
}

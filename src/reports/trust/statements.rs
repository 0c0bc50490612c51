//! What the posting systems stated of themselves, month by month, beside what the ledger holds.
//!
//! Invariant: of several statements of one period the last counts; what is not due is not missing. No number of events is
//! printed.

use jiff::{ToSpan as _, civil::Date};

use super::super::Parameters;
use super::super::phrases::count;
use super::super::report::{Figure, Table};
use super::known;
use crate::projections::Views;
use crate::projections::sources::Source;

/// How a month of a source stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Month {
    Matching,
    NotMatching,
    Missing,
    Silent,
}

/// The months of one source.
struct Months<'v> {
    name: &'v str,
    /// The first day of each, how it stands, and the statements that touch it.
    all: Vec<(Date, Month, Vec<u64>)>,
    ended: Option<Date>,
}

impl Months<'_> {
    fn of(&self, sort: Month) -> impl Iterator<Item = &(Date, Month, Vec<u64>)> {
        self.all.iter().filter(move |(_, month, _)| *month == sort)
    }
}

fn months<'v>(name: &'v str, source: &Source<'v>, as_at: Date) -> Option<Months<'v>> {
    let begins = source.begins()?;
    // What a system that was succeeded posted last is its end.
    let ended =
        source.successor.map(|(_, since)| source.days.last().map_or(since.on, |last| last.on.max(since.on)));
    let mut all = Vec::new();
    let mut first = begins.on.first_of_month();
    while first <= as_at && ended.is_none_or(|end| first <= end) {
        let from = first.max(begins.on);
        let to = ended.map_or(first.last_of_month(), |end| end.min(first.last_of_month()));
        let (month, statements) = month(source, from, to);
        let is_due = first.last_of_month() < as_at;
        if is_due || matches!(month, Month::Matching | Month::NotMatching) {
            all.push((first, month, statements));
        }
        first = first.checked_add(1.month()).ok()?;
    }
    Some(Months { name, all, ended })
}

/// How the days of a month stand, both ends in it.
fn month(source: &Source<'_>, from: Date, to: Date) -> (Month, Vec<u64>) {
    let touching = source.statements.values().filter(|(it, _)| it.from <= to && from <= it.to);
    let touching: Vec<_> = touching.collect();
    let mut next = Some(from);
    // They are sorted by their first days.
    for (it, _) in &touching {
        if next.is_some_and(|day| it.from <= day && day <= it.to) {
            next = it.to.tomorrow().ok();
        }
    }
    let covered = next.is_none_or(|day| day > to);
    let month = match () {
        () if touching.iter().any(|(it, _)| !it.matches) => Month::NotMatching,
        () if covered => Month::Matching,
        () if source.posted_within(from, to) => Month::Missing,
        () => Month::Silent,
    };
    (month, touching.iter().map(|(_, sequence)| *sequence).collect())
}

pub(super) fn part(views: &Views, parameters: &Parameters) -> (Vec<Figure>, Table) {
    let sources = views.posters.standings(views, parameters.as_known);
    let all: Vec<_> =
        sources.iter().filter_map(|(name, source)| months(name, source, parameters.as_at)).collect();
    let mut table = Table::new(
        "r11.statements",
        "What the posting systems stated, month by month",
        "No posting system is known.",
        &[
            ("source", "Source"),
            ("matching", "Months matching"),
            ("not_matching", "Not matching"),
            ("missing", "Missing"),
            ("silent", "Nothing posted, nothing stated"),
        ],
    );
    for months in &all {
        table.push(format_args!("source/{}", months.name), row(months));
    }
    (figures(&all, parameters), table)
}

fn figures(all: &[Months<'_>], parameters: &Parameters) -> Vec<Figure> {
    let whole = all.iter().map(|months| months.all.len() as u64).sum::<u64>();
    let of = |sort: Month, one: &str, many: &str| {
        known(parameters.as_known, || match (all.is_empty(), whole) {
            (true, _) => Figure::not_available("No posting system is known, so no statement is due."),
            (_, 0) => Figure::not_applicable("No statement of any source is due yet."),
            _ => {
                let hit: Vec<_> = all.iter().flat_map(|months| months.of(sort)).collect();
                let n = hit.len() as u64;
                let due = count(whole, "statement", "statements");
                let was = if whole == 1 { "was" } else { "were" };
                let said = if n == 1 { one } else { many };
                let text = format!("Of {due} that {was} due, one a source and month, {n} {said}.");
                Figure::share(n, whole, "months", text)
                    .from_events(hit.iter().flat_map(|(_, _, statements)| statements.iter().copied()))
            }
        })
    };
    let (matching, not) = ("just what the ledger holds", "otherwise than the ledger holds it");
    vec![
        of(Month::Matching, &format!("says {matching}"), &format!("say {matching}"))
            .named("r11.statements_matching", "Statements that match"),
        of(Month::NotMatching, &format!("says it {not}"), &format!("say it {not}"))
            .named("r11.statements_not_matching", "Statements that do not match"),
        of(
            Month::Missing,
            "is missing, though the source posted in that month",
            "are missing, though the source posted in that month",
        )
        .named("r11.statements_missing", "Statements missing"),
        of(
            Month::Silent,
            "is missing where nothing was posted, either: nobody said that there was nothing",
            "are missing where nothing was posted, either: nobody said that there was nothing",
        )
        .named("r11.statements_silent", "Neither events nor statements"),
    ]
}

fn row(months: &Months<'_>) -> Vec<Figure> {
    let named = |sort: Month| {
        let hit: Vec<_> = months.of(sort).collect();
        let names: Vec<_> = hit.iter().map(|(first, _, _)| name(*first)).collect();
        let n = hit.len() as u64;
        let text = if n == 0 { "None".to_owned() } else { format!("{n}: {}", names.join(", ")) };
        Figure::number(n, "months", text)
            .from_events(hit.iter().flat_map(|(_, _, statements)| statements.iter().copied()))
    };
    let matching = months.of(Month::Matching).count() as u64;
    let events = months.of(Month::Matching).flat_map(|(_, _, statements)| statements.iter().copied());
    let whole = months.all.len() as u64;
    let of = match whole {
        0 => Figure::not_applicable("None due yet"),
        _ => Figure::share(matching, whole, "months", format!("{matching} of {whole}")),
    };
    let ended = months.ended.map_or_else(String::new, |on| format!(" (ended in {})", name(on)));
    vec![
        Figure::words(format!("{}{ended}", months.name)),
        of.from_events(events),
        named(Month::NotMatching),
        named(Month::Missing),
        named(Month::Silent),
    ]
}

/// `Aug 2025`.
fn name(first: Date) -> String {
    first.strftime("%b %Y").to_string()
}

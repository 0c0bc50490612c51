//! R10: what changed since the last report?
//!
//! Invariant: both positions are compared as at one day, so that a figure that moved only because time went on is not
//! called restated. What is about people is left out: between release points nothing of it moves, and at one everything
//! may.

mod compare;

use jiff::civil::Date;

use self::compare::{Restated, restated};
use super::definition::Definition;
use super::period::Period;
use super::phrases::{count, count_or_no, day, days_after, short_day};
use super::report::{Figure, Table};
use super::text::Text;
use super::{Body, Memory, Parameters};
use crate::projections::Views;
use crate::projections::history::Horizon;
use crate::projections::since::{Change, How};

/// What its words and numbers mean.
pub(super) const DEFINITION: Definition = Definition {
    version: "r10/2",
    terms: &[
        (
            "The earlier report",
            "The last report that is known to have been issued, whichever it was; or the position that is asked for. What was \
             known then are the ledger's first so many events.",
        ),
        (
            "The day of comparison",
            "The as-at date of the earlier report (of a position: the day on which its newest event was recorded), and never \
             later than the as-at date of this one. Both positions are looked at from that day, so that nothing changes only \
             because time went on.",
        ),
        (
            "Recorded late",
            "Became known after the earlier report, and is about a day up to the day of comparison.",
        ),
        (
            "Corrected, taken back",
            "An event was said anew, or taken back, after the earlier report; and it is, or was before, about a day up to the \
             day of comparison.",
        ),
        (
            "Restated",
            "A headline figure or a cell of R1, R2, R5 or R7 that reads otherwise now than it did at the earlier position, as at \
             the day of comparison and for the same period. A row that came or went is one restatement. Why: the events of \
             the three lists that are behind the figure, then or now, or that are about what the row is about; where rows are \
             counted, also those by which a row came or went.",
        ),
        (
            "Period",
            "The period that is asked for; the financial year of the day of comparison, if that period began later.",
        ),
        (
            "Left out",
            "R3, R4, R6, R8 and R9, because figures about people move at release points only; how many items of feedback led \
             to a change; cells that are held back at either position; and events about feedback.",
        ),
    ],
};

/// From where to where is compared.
struct Span {
    since: u64,
    as_at: Date,
    period: Period,
    /// What the earlier position is, in words: `the report R2 of 17 October 2025`.
    earlier: String,
    /// The event of the earlier report, if it is one.
    issued: Option<u64>,
}

impl Span {
    fn then(&self) -> Parameters {
        Parameters::new(self.as_at, self.since, self.period)
    }

    fn now(&self, parameters: &Parameters) -> Parameters {
        Parameters::new(self.as_at, parameters.as_known, self.period)
    }
}

pub(super) fn body(views: &Views, parameters: &Parameters, memory: &Memory) -> Body {
    let span = match span(views, parameters) {
        Ok(span) => span,
        Err(why) => return nothing(&why),
    };
    let horizon = Horizon { as_at: span.as_at, as_known: parameters.as_known };
    let told = views.told_until(horizon);
    let found = memory.found((span.since, span.as_at, span.period, told), || {
        let changes = views.changed_since(span.since, horizon);
        let restated = restated(views, [&span.then(), &span.now(parameters)], &changes, memory);
        Found { changes, restated }
    });
    let Found { changes, restated } = &*found;
    let mut tables = vec![restated_table(restated)];
    tables.extend(LISTS.iter().map(|list| list.table(views, changes)));
    Body { figures: figures(&span, parameters, changes, restated), tables, notes: notes(&span) }
}

/// What changed between two positions, and what reads otherwise because of it. It rests on the earlier position, the day and
/// period of comparison, and the last event that may count by that day.
pub(super) struct Found {
    changes: Vec<Change>,
    restated: Vec<Restated>,
}

/// The last issued report that is known, or the position that is asked for; or why there is none.
fn span(views: &Views, parameters: &Parameters) -> Result<Span, String> {
    let issued = views.releases.issued.iter().flat_map(|(_, history)| history.all());
    let known = issued.filter(|fact| fact.sequence < parameters.as_known && fact.place == fact.sequence);
    let asked = |as_known: u64| parameters.since.is_none_or(|since| since == as_known);
    let last = known.filter(|fact| asked(fact.fact.as_known)).max_by_key(|fact| fact.sequence);
    let (since, as_at, earlier, issued) = match (last, parameters.since) {
        (Some(fact), _) => {
            let it = &fact.fact;
            let earlier = format!("the report {} issued on {}", it.report, day(fact.effective));
            (it.as_known, it.as_at, earlier, Some(fact.sequence))
        }
        (None, Some(since)) if (1..=parameters.as_known).contains(&since) => {
            let on = views.recorded_on(since - 1);
            (since, on, format!("the position of {}", count(since, "event", "events")), None)
        }
        (None, Some(_)) => return Err(format!("{OTHER} {}.", parameters.as_known)),
        (None, None) => return Err(NONE.to_owned()),
    };
    let as_at = as_at.min(parameters.as_at);
    let begun = Some(parameters.period).filter(|period| period.first_day() <= as_at);
    let period = begun.unwrap_or_else(|| Period::financial_year_of(as_at));
    Ok(Span { since: since.min(parameters.as_known), as_at, period, earlier, issued })
}

const NONE: &str = "No report is known to have been issued, so there is nothing to compare with: issue one, or ask for an \
                    earlier position (`--since`).";

const OTHER: &str = "There is nothing to compare with: ask for an earlier position from 1 to";

/// The figures by id: label, and how something changed that each counts.
const LISTS: [List; 3] = [
    List {
        how: How::Late,
        id: "late",
        title: "Recorded since then, about days before",
        empty: "Nothing was recorded since then about a day before.",
        one: "event about that day or an earlier one was recorded since then",
        many: "events about that day or earlier ones were recorded since then",
    },
    List {
        how: How::Corrected,
        id: "corrected",
        title: "Said anew since then",
        empty: "Nothing was said anew since then.",
        one: "event was said anew since then",
        many: "events were said anew since then",
    },
    List {
        how: How::Voided,
        id: "voided",
        title: "Taken back since then",
        empty: "Nothing was taken back since then.",
        one: "event was taken back since then",
        many: "events were taken back since then",
    },
];

const LABELS: [&str; 3] = ["Recorded late", "Corrected", "Taken back"];

/// One way in which something changed.
struct List {
    how: How,
    id: &'static str,
    title: &'static str,
    empty: &'static str,
    one: &'static str,
    many: &'static str,
}

impl List {
    fn of<'c>(&self, changes: &'c [Change]) -> Vec<&'c Change> {
        changes.iter().filter(|change| change.how == self.how).collect()
    }

    fn figure(&self, changes: &[Change]) -> Figure {
        let all = self.of(changes);
        let n = all.len() as u64;
        let text = format!("{}.", count_or_no(n, self.one, self.many));
        Figure::number(n, "events", text).from_events(all.iter().map(|change| change.sequence))
    }

    fn table(&self, views: &Views, changes: &[Change]) -> Table {
        let columns = [
            ("event", "Event"),
            ("on", "About"),
            ("recorded", "Recorded on"),
            ("after", "Days after"),
            ("record", "Record"),
        ];
        let mut table = Table::new(&format!("r10.{}", self.id), self.title, self.empty, &columns);
        for change in self.of(changes) {
            let recorded = views.recorded_on(change.sequence);
            let on = match change.is_on.filter(|is_on| *is_on != change.was_on) {
                Some(is_on) => {
                    let (is, was) = (short_day(is_on), short_day(change.was_on));
                    Text::from(format_args!("{is}, said to be {was} before"))
                }
                None => short_day(change.was_on),
            };
            let lag = days_after(change.is_on.unwrap_or(change.was_on), recorded);
            let cells = [
                Figure::words(words(change)),
                Figure::words(on),
                Figure::words(short_day(recorded)),
                Figure::number(lag, "days", format_args!("{lag}")),
                Figure::words(change.sequence.to_string()),
            ];
            let events = [change.sequence, change.target];
            let cells = cells.into_iter().map(|cell| cell.from_events(events));
            table.push(change.subject.to_string(), cells.collect());
        }
        table
    }
}

/// `Action completed: action/rest-spaces`.
pub(super) fn words(change: &Change) -> String {
    let mut words = change.event_type.as_str().replace(['.', '_'], " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    format!("{words}: {}", change.subject)
}

fn restated_table(restated: &[Restated]) -> Table {
    let mut table = Table::new(
        "r10.restated",
        "Figures that read otherwise now",
        "No figure that was given then reads otherwise now.",
        &[("figure", "Figure"), ("old", "Then"), ("new", "Now"), ("why", "Why")],
    );
    for it in restated {
        let cells = vec![
            Figure::words(it.label.as_str()),
            it.old.clone(),
            it.new.clone(),
            Figure::words(it.why.as_str()).from_events(it.events.iter().copied()),
        ];
        table.push(it.subject.clone(), cells);
    }
    table
}

fn figures(span: &Span, parameters: &Parameters, changes: &[Change], restated: &[Restated]) -> Vec<Figure> {
    let n = restated.len() as u64;
    let since = format!(
        "Since {} ({} of {} known), seen from {}",
        span.earlier,
        count(span.since, "event", "events"),
        parameters.as_known,
        day(span.as_at)
    );
    let text = match n {
        0 => format!("{since}, no figure reads otherwise now."),
        1 => format!("{since}, 1 figure reads otherwise now."),
        n => format!("{since}, {n} figures read otherwise now."),
    };
    let events = restated.iter().flat_map(|it| it.events.iter().copied()).chain(span.issued);
    let mut figures =
        vec![Figure::number(n, "figures", text).from_events(events).named("r10.restated", "Restated")];
    for (list, label) in LISTS.iter().zip(LABELS) {
        figures.push(list.figure(changes).named(&format!("r10.{}", list.id), label));
    }
    figures
}

/// The report when there is nothing to compare with.
fn nothing(why: &str) -> Body {
    let ids = [("r10.restated", "Restated"), ("r10.late", "Recorded late"), ("r10.corrected", "Corrected")];
    let ids = ids.into_iter().chain([("r10.voided", "Taken back")]);
    let figures = ids.map(|(id, label)| Figure::not_available(why).named(id, label));
    Body { figures: figures.collect(), tables: vec![restated_table(&[])], notes: general() }
}

fn notes(span: &Span) -> Vec<String> {
    let compared = format!(
        "Compared are R1, R2, R5 and R7 for {}, as at {}: as known then, and as known now. What moved only because time went \
         on is not restated.",
        span.period,
        day(span.as_at)
    );
    let mut notes = vec![compared];
    notes.extend(general());
    notes
}

fn general() -> Vec<String> {
    [
        "Figures about people (R3, R4, R6, R8, R9) are left out: they are worked out at release points only, and what moves \
         between two of these could tell of somebody. So are events about feedback.",
        "An event is recorded late here if it became known after the earlier report, and is about a day before. R11 says how \
         late.",
    ]
    .map(str::to_owned)
    .to_vec()
}

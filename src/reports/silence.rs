//! R12: where is there silence?
//!
//! Invariant: silence is an age and never a zero; what never had an event is told apart from what fell silent, and what
//! has ended is not called silent.

use jiff::civil::Date;

use super::commitments::last_evidence;
use super::definition::Definition;
use super::phrases::{count, days_after, short_day};
use super::report::{Figure, Table};
use super::{Body, DAYS_OF_SILENCE, Parameters};
use crate::domain::id::Code;
use crate::projections::Views;

/// What its words and numbers mean.
pub(super) const DEFINITION: Definition = Definition {
    version: "r12/1",
    terms: &[
        (
            "Silent",
            "Nothing was heard for at least so many days (90, or as asked), counted from the last event up to the as-at \
             date. Silence is not failure: nobody said what happened, or that nothing did.",
        ),
        (
            "Last event (of a commitment)",
            "The latest day of an event that shows activity for it, exactly as \"last evidence\" in R1: an action planned, a \
             measure agreed, feedback sought, a policy change proposed, learning, practice support, an awareness activity, \
             signposting, a survey result, or evidence attached. Reviews and changes of owner are not activity.",
        ),
        (
            "Last event recorded (of a source)",
            "The last day on which the ledger took anything from that posting system, whatever the event was about; a \
             statement that nothing happened is an event, too.",
        ),
        (
            "Never any",
            "There was never an event. Days are counted from the making of the commitment, or from the day on which the \
             source was first allowed to post.",
        ),
        (
            "Not counted",
            "A commitment that was fulfilled, merged, superseded, withdrawn or taken back; a source that another one took \
             over from, or that may post nothing any more. Policies are not listed here: R5 says which of them are overdue \
             for review.",
        ),
    ],
};

/// A commitment or a source that has not ended.
struct Heard {
    subject: String,
    title: String,
    owner: Option<Figure>,
    /// When it began, and the event that says so.
    began: (Date, Option<u64>),
    /// When it was last heard of. What a source said last may be about somebody's feedback: its event is not named.
    last: Option<(Date, Option<u64>)>,
}

impl Heard {
    /// The day from which the silence is counted.
    fn since(&self) -> (Date, Option<u64>) {
        self.last.unwrap_or(self.began)
    }

    fn days(&self, as_at: Date) -> u64 {
        days_after(self.since().0, as_at)
    }
}

/// Commitments, or sources: those that can be silent, and whether there are others.
struct All {
    heard: Vec<Heard>,
    ended: u64,
}

/// The words for one sort.
struct Sort {
    one: &'static str,
    many: &'static str,
    event: &'static str,
    none: &'static str,
}

const COMMITMENTS: Sort = Sort {
    one: "commitment",
    many: "commitments",
    event: "event",
    none: "No commitment is recorded, so nothing can be said about silence.",
};

const SOURCES: Sort = Sort {
    one: "source",
    many: "sources",
    event: "recorded event",
    none: "No posting system is known, so nothing can be said about the silence of any.",
};

pub(super) fn body(views: &Views, parameters: &Parameters) -> Body {
    let days = u64::from(parameters.days.unwrap_or(DAYS_OF_SILENCE));
    let as_at = parameters.as_at;
    let (commitments, sources) = (commitments(views, parameters), sources(views, parameters));
    let mut figures = Vec::new();
    for (all, sort, id) in [(&commitments, &COMMITMENTS, "commitments"), (&sources, &SOURCES, "sources")] {
        figures.push(silent(all, sort, days, as_at).named(&format!("r12.silent_{id}"), label(id)));
        figures.push(never(all, sort).named(&format!("r12.never_{id}"), label_of_never(id)));
    }
    figures.push(longest(&commitments, as_at).named("r12.longest", "Longest silence of a commitment"));
    let mut of_commitments = Table::new(
        "r12.commitments",
        &format!("Commitments without an event for {} or more", count(days, "day", "days")),
        "No commitment has been silent for so long.",
        &[("commitment", "Commitment"), ("silent", "Silent for"), ("last", "Last event"), ("owner", "Owner")],
    );
    let mut of_sources = Table::new(
        "r12.sources",
        &format!("Sources without a recorded event for {} or more", count(days, "day", "days")),
        "No source has been silent for so long.",
        &[("source", "Source"), ("silent", "Silent for"), ("last", "Last event recorded")],
    );
    for (all, table) in [(&commitments, &mut of_commitments), (&sources, &mut of_sources)] {
        for it in all.heard.iter().filter(|it| it.days(as_at) >= days) {
            table.push(it.subject.clone(), row(it, as_at));
        }
    }
    Body { figures, tables: vec![of_commitments, of_sources], notes: notes() }
}

fn label(id: &str) -> &'static str {
    if id == "sources" { "Silent sources" } else { "Silent commitments" }
}

fn label_of_never(id: &str) -> &'static str {
    if id == "sources" { "Sources never heard of" } else { "Commitments without any event" }
}

/// Those that can be silent, the longest silence first.
fn in_order(mut heard: Vec<Heard>, ended: u64) -> All {
    heard.sort_by_cached_key(|it| {
        let name = Code::parse(it.subject.rsplit('/').next().unwrap_or_default());
        let owned = |(stem, number, text): (&str, u64, &str)| (stem.to_owned(), number, text.to_owned());
        (it.since().0, name.map(|code| owned(super::phrases::natural(&code))).ok())
    });
    All { heard, ended }
}

fn commitments(views: &Views, parameters: &Parameters) -> All {
    let (standing, ended): (Vec<_>, Vec<_>) =
        last_evidence(views, parameters.horizon()).into_iter().partition(|it| it.stands);
    let heard = standing.into_iter().map(|it| Heard {
        title: format!("{} {}", it.subject.id(), it.title),
        subject: it.subject.to_string(),
        owner: Some(it.owner),
        began: (it.made.0, Some(it.made.1)),
        last: it.last.map(|(on, event)| (on, Some(event))),
    });
    in_order(heard.collect(), ended.len() as u64)
}

fn sources(views: &Views, parameters: &Parameters) -> All {
    let (mut heard, mut ended) = (Vec::new(), 0);
    let past = |on: Date| on <= parameters.as_at;
    for (name, source) in views.posters.standings(views, parameters.as_known) {
        let Some(began) = source.begins().filter(|it| past(it.on)) else { continue };
        let is_over = source.closed.is_some_and(|it| past(it.on))
            || source.successor.is_some_and(|(_, since)| past(since.on));
        if is_over {
            ended += 1;
            continue;
        }
        heard.push(Heard {
            subject: format!("source/{name}"),
            title: name.to_owned(),
            owner: None,
            began: (began.on, source.granted.map(|it| it.first)),
            last: source.last(parameters.as_at).map(|it| (it.on, None)),
        });
    }
    in_order(heard, ended)
}

impl All {
    /// A figure about those that can be silent; or why there is none.
    fn known(&self, sort: &Sort, figure: impl FnOnce(u64) -> Figure) -> Figure {
        match (self.heard.len() as u64, self.ended) {
            (0, 0) => Figure::not_available(sort.none),
            (0, _) => Figure::not_applicable(format!("No {} stands any more.", sort.one)),
            (whole, _) => figure(whole),
        }
    }
}

fn silent(all: &All, sort: &Sort, days: u64, as_at: Date) -> Figure {
    all.known(sort, |whole| {
        let silent: Vec<_> = all.heard.iter().filter(|it| it.days(as_at) >= days).collect();
        let never = silent.iter().filter(|it| it.last.is_none()).count() as u64;
        let (n, of) = (silent.len() as u64, count(whole, sort.one, sort.many));
        let long = count(days, "day", "days");
        let apart = match never {
            0 => String::new(),
            never if never == n && n == 1 => ", and never had any".to_owned(),
            never => format!("; {never} of these never had any"),
        };
        let text = match n {
            0 => format!("None of {of} has been without an event for {long} or more."),
            1 => format!("1 of {of} has had no {} for {long} or more{apart}.", sort.event),
            n => format!("{n} of {of} have had no {} for {long} or more{apart}.", sort.event),
        };
        Figure::share(n, whole, sort.many, text).from_events(silent.iter().filter_map(|it| it.since().1))
    })
}

fn never(all: &All, sort: &Sort) -> Figure {
    all.known(sort, |whole| {
        let never: Vec<_> = all.heard.iter().filter(|it| it.last.is_none()).collect();
        let (n, of) = (never.len() as u64, count(whole, sort.one, sort.many));
        let text = match n {
            0 => format!("Each of {of} has had an event at some time."),
            1 => format!("1 of {of} never had an event at all."),
            n => format!("{n} of {of} never had an event at all."),
        };
        Figure::share(n, whole, sort.many, text).from_events(never.iter().filter_map(|it| it.began.1))
    })
}

fn longest(all: &All, as_at: Date) -> Figure {
    all.known(&COMMITMENTS, |_| {
        let Some(first) = all.heard.first() else { return Figure::not_available(COMMITMENTS.none) };
        let days = first.days(as_at);
        let text = match first.last {
            Some((on, _)) => {
                format!("The longest silence is that of {}: nothing since {}.", first.title, short_day(on))
            }
            None => format!(
                "The longest silence is that of {}: nothing ever, since it was made on {}.",
                first.title,
                short_day(first.began.0)
            ),
        };
        Figure::number(days, "days", text).from_events(first.since().1)
    })
}

fn row(it: &Heard, as_at: Date) -> Vec<Figure> {
    let days = it.days(as_at);
    let (since, event) = it.since();
    let last = match it.last {
        Some((on, _)) => Figure::words(short_day(on)),
        None if it.owner.is_some() => {
            Figure::not_available(format!("Never any, since it was made on {}", short_day(since)))
        }
        None => Figure::not_available(format!("Never any, since it was allowed to on {}", short_day(since))),
    };
    let mut cells = vec![
        Figure::words(it.title.as_str()).from_events(it.began.1),
        Figure::number(days, "days", count(days, "day", "days")).from_events(event),
        last.from_events(event),
    ];
    cells.extend(it.owner.clone());
    cells
}

fn notes() -> Vec<String> {
    [
        "Silence is not failure, and not success: nothing was recorded, and that is all that is known.",
        "Of a commitment the last event is the last evidence of activity, as in R1; reviewing it or handing it to another \
         owner is none.",
        "Of a source it is the last day on which the ledger took anything from it. What a source recorded late about an \
         earlier day ends its silence on the day of recording.",
        "What has ended (a commitment that was fulfilled, merged, superseded or withdrawn; a source that another one took \
         over from, or that may post nothing any more) is not called silent.",
    ]
    .map(str::to_owned)
    .to_vec()
}

//! *Continually*: on how many days people could answer, and how long nobody was being asked.
//!
//! Invariant: only days up to the as-at date, and only rounds that had opened by then. Must not know who answered.

use jiff::civil::Date;

use super::super::Parameters;
use super::super::phrases::{count, days_after, percent, short_day};
use super::super::report::Figure;
use super::NO_ROUND;
use crate::projections::surveys::Round;

/// Days in a row, both ends in it.
type Span = (Date, Date);

/// How many days there are.
fn length((from, to): Span) -> u64 {
    days_after(from, to) + 1
}

/// The days on which at least one round was open, as spans that do not touch. Rounds stand in the order of opening.
fn open_spans(rounds: &[Round<'_>]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for it in rounds.iter().map(|round| round.sought).filter(|it| it.opens <= it.closes) {
        match spans.last_mut() {
            Some((_, last)) if it.opens <= last.tomorrow().unwrap_or(*last) => *last = it.closes.max(*last),
            _ => spans.push((it.opens, it.closes)),
        }
    }
    spans
}

/// The days that two spans share.
fn shared(one: Span, other: Span) -> Option<Span> {
    let span = (one.0.max(other.0), one.1.min(other.1));
    (span.0 <= span.1).then_some(span)
}

/// The days of the period that have passed. None: it has not begun.
fn passed(parameters: &Parameters) -> Option<Span> {
    let span = (parameters.period.first_day(), parameters.period.last_day().min(parameters.as_at));
    (span.0 <= span.1).then_some(span)
}

fn not_begun(parameters: &Parameters) -> Figure {
    Figure::not_applicable(format!("{} had not begun by the as-at date.", parameters.period))
}

pub(super) fn open_days(rounds: &[Round<'_>], parameters: &Parameters) -> Figure {
    if rounds.is_empty() {
        return Figure::not_available(NO_ROUND);
    }
    let Some(passed) = passed(parameters) else { return not_begun(parameters) };
    let open: u64 = open_spans(rounds).into_iter().filter_map(|span| shared(span, passed)).map(length).sum();
    let whole = length(passed);
    let text = format!(
        "People could answer a round on {open} of {} ({} %) of {}{}.",
        count(whole, "day", "days"),
        percent(open, whole),
        parameters.period,
        if passed.1 < parameters.period.last_day() { " so far" } else { "" }
    );
    let of = rounds.iter().filter(|it| shared((it.sought.opens, it.sought.closes), passed).is_some());
    Figure::share(open, whole, "days", text).from_events(of.map(|round| round.announced))
}

pub(super) fn longest_gap(rounds: &[Round<'_>], parameters: &Parameters) -> Figure {
    if rounds.is_empty() {
        return Figure::not_available(NO_ROUND);
    }
    let Some(passed) = passed(parameters) else { return not_begun(parameters) };
    let spans = open_spans(rounds);
    let Some((first, _)) = spans.first().filter(|(first, _)| *first <= passed.1) else {
        return Figure::not_applicable(format!("No round had opened by the end of {}.", parameters.period));
    };
    let ends = spans.iter().map(|(_, last)| *last);
    let begins = spans.iter().skip(1).map(|(first, _)| first.yesterday().unwrap_or(*first));
    let gaps = ends.zip(begins.chain([parameters.as_at])).filter_map(|(last, until)| {
        let from = last.tomorrow().ok()?;
        (from <= until).then_some((from, until))
    });
    let gaps: Vec<Span> = gaps.filter(|gap| shared(*gap, passed).is_some()).collect();
    // Of several that are as long the first.
    let longest = gaps.into_iter().max_by_key(|gap| (length(*gap), std::cmp::Reverse(gap.0)));
    let Some((from, until)) = longest else {
        let text =
            format!("Since {} there was no day without a round in {}.", short_day(*first), parameters.period);
        return Figure::number(0, "days", text).from_events(rounds.iter().map(|round| round.announced));
    };
    let days = length((from, until));
    let end = if until == parameters.as_at {
        ", and it had not ended by the as-at date".to_owned()
    } else {
        format!(" to {}", short_day(until))
    };
    let text = format!(
        "The longest gap between rounds was {}: from {}{end}.",
        count(days, "day", "days"),
        short_day(from)
    );
    let beside = rounds.iter().filter(|it| {
        it.sought.closes.tomorrow().is_ok_and(|day| day == from)
            || it.sought.opens.yesterday().is_ok_and(|day| day == until)
    });
    Figure::number(days, "days", text).from_events(beside.map(|round| round.announced))
}

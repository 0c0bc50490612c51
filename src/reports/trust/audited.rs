//! Which records an auditor's opinion covers, and what it says.
//!
//! Invariant: of a record that several opinions cover, the one that was recorded last speaks.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Parameters;
use super::super::phrases::short_day;
use super::super::report::{Figure, Table};
use crate::domain::event::OpinionResult;
use crate::projections::Views;
use crate::projections::outside::Opinion;

const NONE: &str = "No auditor's opinion is recorded, so no record is covered by one.";

/// How many records each result covers.
fn covered(opinions: &[(u64, &Opinion)], as_known: u64) -> BTreeMap<OpinionResult, u64> {
    let ends = opinions.iter().flat_map(|(_, it)| [it.first.min(as_known), it.end.min(as_known)]);
    let ends: BTreeSet<u64> = ends.collect();
    let mut covered = BTreeMap::new();
    for (from, to) in ends.iter().zip(ends.iter().skip(1)) {
        let last = opinions.iter().rev().find(|(_, it)| it.first <= *from && *to <= it.end);
        if let Some((_, opinion)) = last {
            *covered.entry(opinion.result).or_default() += to - from;
        }
    }
    covered
}

pub(super) fn figure(views: &Views, parameters: &Parameters) -> Figure {
    let as_known = parameters.as_known;
    let opinions: Vec<_> = views.outside.opinions(as_known).collect();
    if opinions.is_empty() {
        return Figure::not_available(NONE);
    }
    let covered = covered(&opinions, as_known);
    let whole: u64 = covered.values().sum();
    let results: Vec<_> = covered.iter().map(|(result, n)| format!("{n} {}", word(*result))).collect();
    let left = match as_known - whole {
        0 => String::new(),
        1 => " 1 is covered by none.".to_owned(),
        left => format!(" {left} are covered by none."),
    };
    let results = if results.is_empty() { String::new() } else { format!(" ({})", results.join(", ")) };
    let text = format!("{whole} of {as_known} records are covered by an auditor's opinion{results}.{left}");
    Figure::share(whole, as_known, "records", text)
        .from_events(opinions.iter().map(|(sequence, _)| *sequence))
}

pub(super) fn latest(views: &Views, parameters: &Parameters) -> Figure {
    let Some((sequence, opinion)) = views.outside.opinions(parameters.as_known).last() else {
        return Figure::not_available(NONE);
    };
    let on = short_day(views.recorded_on(sequence));
    let text = format!(
        "The latest opinion, of {}, recorded on {on}, is {}: {}.",
        opinion.auditor.as_str(),
        word(opinion.result),
        meaning(opinion.result)
    );
    Figure::words(text).from_events([sequence])
}

pub(super) fn table(views: &Views, parameters: &Parameters) -> Table {
    let mut table = Table::new(
        "r11.opinions",
        "Auditors' opinions",
        "No auditor's opinion is recorded.",
        &[("auditor", "Auditor"), ("range", "Records"), ("result", "Result"), ("on", "Recorded on")],
    );
    for (sequence, opinion) in views.outside.opinions(parameters.as_known) {
        let cells = vec![
            Figure::words(opinion.auditor.as_str()),
            Figure::words(format!("{} to {}", opinion.first, opinion.end.saturating_sub(1))),
            Figure::words(format!("{}: {}", capital(word(opinion.result)), meaning(opinion.result))),
            Figure::words(short_day(views.recorded_on(sequence))),
        ];
        let cells = cells.into_iter().map(|cell| cell.from_events([sequence]));
        table.push(opinion.subject.to_string(), cells.collect());
    }
    table
}

const fn word(result: OpinionResult) -> &'static str {
    match result {
        OpinionResult::Unqualified => "unqualified",
        OpinionResult::Qualified => "qualified",
        OpinionResult::Adverse => "adverse",
        OpinionResult::Disclaimer => "a disclaimer",
    }
}

const fn meaning(result: OpinionResult) -> &'static str {
    match result {
        OpinionResult::Unqualified => "nothing wrong was found",
        OpinionResult::Qualified => "right but for what is named",
        OpinionResult::Adverse => "wrong",
        OpinionResult::Disclaimer => "it could not be established",
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

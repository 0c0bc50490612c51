//! R11: can this be trusted?
//!
//! Invariant: the first figure is who outside holds the ledger to its history; where nobody does, that is the headline.
//! What this report cannot know (refusals, breaks in the chain) it says that it cannot. It is about the record: whatever
//! is known counts, and the as-at date decides only what is due, and how old something is.

mod audited;
mod irregular;
mod outside;
mod statements;

use super::definition::Definition;
use super::phrases::{count, short_day};
use super::report::{Figure, Table};
use super::{Body, Parameters};
use crate::projections::Views;
use crate::projections::outside::Operation;

/// What its words and numbers mean.
pub(super) const DEFINITION: Definition = Definition {
    version: "r11/2",
    terms: &[
        (
            "What is counted",
            "Every record that is known (as known), whatever day it is about: this report is about the record, not about \
             the world. The as-at date decides only which months are over, and how old a checkpoint is.",
        ),
        (
            "Held outside",
            "A witness of another organisation signed a checkpoint (how many records there are, and one number that follows \
             from all of them). From then on that history cannot be changed without the witness's checkpoint showing it. \
             Witnesses are grouped by the organisation that controls them; witnesses of the ledger's own organisation are \
             listed and not counted. The ledger knows an organisation by its name alone, so one that is named otherwise than the \
             ledger's own counts as outside: who is behind a name is for the reader of the list to judge. That a signature is right was checked when it was recorded, and can be checked again.",
        ),
        (
            "Covered by an opinion",
            "The record lies in the range of an auditor's signed opinion. Where ranges overlap, the opinion that was recorded \
             last says the result. Unqualified: nothing wrong was found. Qualified: right but for what is named. Adverse: \
             wrong. Disclaimer: it could not be established.",
        ),
        (
            "Irregular",
            "The ledger took the event and marked it: it happened, and it should not have happened so. A mark stays whatever \
             becomes of the event. One event may have several marks.",
        ),
        (
            "Recorded late",
            "An event that is about an earlier day than the latest event about the same thing. The lag is counted from the \
             day that it is about to the day on which it was recorded.",
        ),
        (
            "Statement",
            "What a posting system says that it posted in a period. It matches if the ledger held just these events when it \
             took the statement. Of several statements of one period the last counts.",
        ),
        (
            "Month of a source",
            "Each month from the source's first grant or event to the month of the as-at date, or to its end if another \
             source took over. Matching: statements cover all of it, and every one that touches it matches. Not matching: one \
             that touches it does not. Missing: the source posted in it, and some day of it is in no statement. Silent: it \
             posted nothing, and did not state that, either. A month that is not over by the as-at date is not due: it counts \
             only if it is stated already.",
        ),
        (
            "Events about feedback",
            "Marks, corrections and voids of events about somebody's feedback, and about requests to erase, are counted \
             apart, at release points only, and never below the ledger's threshold.",
        ),
        (
            "Refusals and breaks",
            "What the ledger refused leaves no record, so no report can count it. Whether the chain is whole cannot be said by \
             who keeps it: run `pledgebook verify` on an export or on the data directory.",
        ),
    ],
};

/// What is said of everything while only the opening is known.
const NOTHING: &str =
    "Nothing but the opening of this ledger is known, so there is nothing to trust or to doubt yet.";

pub(super) fn body(views: &Views, parameters: &Parameters) -> Body {
    let mut figures = vec![
        outside::figure(views, parameters).named("r11.outside", "Held outside by"),
        outside::age(views, parameters).named("r11.outside_age", "Age of the checkpoint held outside"),
        audited::figure(views, parameters).named("r11.audited", "Covered by an auditor's opinion"),
        audited::latest(views, parameters).named("r11.latest_opinion", "Latest opinion"),
    ];
    let (statements, of_sources) = statements::part(views, parameters);
    figures.extend(statements);
    let (irregular, of_marks) = irregular::part(views, parameters);
    figures.extend(irregular);
    let (operations, of_operations) = operations(views, parameters.as_known);
    figures.extend(operations);
    figures.push(
        Figure::not_available(
            "Refusals leave no record, so nothing can be said here about what was refused: only the posting systems were \
             told.",
        )
        .named("r11.refusals", "Refusals"),
    );
    figures.push(
        Figure::not_available(
            "Whether the chain is whole only verification can say, run by somebody who does not keep the ledger: \
             `pledgebook verify`.",
        )
        .named("r11.breaks", "Breaks"),
    );
    let outside = outside::table(views, parameters);
    let opinions = audited::table(views, parameters);
    Body { figures, tables: vec![outside, opinions, of_sources, of_marks, of_operations], notes: notes() }
}

/// A figure that needs more than the opening to be known.
fn known(as_known: u64, figure: impl FnOnce() -> Figure) -> Figure {
    if as_known > 1 { figure() } else { Figure::not_available(NOTHING) }
}

/// Keys, restores, the clock: what the keeper did to the ledger itself.
fn operations(views: &Views, as_known: u64) -> (Vec<Figure>, Table) {
    let mut table = Table::new(
        "r11.operations",
        "What the keeper did to the ledger itself",
        "No change of keys, no restore and no correction of the clock is recorded.",
        &[("what", "What"), ("on", "Recorded on"), ("means", "What it means")],
    );
    let all: Vec<_> = views.outside.operations(as_known).collect();
    for (sequence, operation) in &all {
        let (what, means) = match operation {
            Operation::KeyRotated => (
                "Key changed",
                "From this record on the ledger signs with another key, which the old one vouches for"
                    .to_owned(),
            ),
            Operation::Restored { lost: 0 } => {
                ("Restored", "The ledger goes on from a copy; no record is known to be lost".to_owned())
            }
            Operation::Restored { lost } => (
                "Restored",
                format!(
                    "The ledger goes on from a copy without {} that had been recorded",
                    count(*lost, "record", "records")
                ),
            ),
            Operation::ClockCorrected { drift_seconds } => {
                let seconds = count(drift_seconds.unsigned_abs(), "second", "seconds");
                let way = if *drift_seconds < 0 { "behind" } else { "ahead" };
                ("Clock set right", format!("The ledger's clock had been {seconds} {way}"))
            }
        };
        let cells = vec![
            Figure::words(what),
            Figure::words(short_day(views.recorded_on(*sequence))),
            Figure::words(means),
        ];
        let cells = cells.into_iter().map(|cell| cell.from_events([*sequence]));
        table.push(format_args!("record/{sequence}"), cells.collect());
    }
    let of = |test: fn(&Operation) -> bool, [was, what]: [&str; 2], many: &str| {
        let events: Vec<u64> =
            all.iter().filter(|(_, operation)| test(operation)).map(|(sequence, _)| *sequence).collect();
        known(as_known, || {
            let n = events.len() as u64;
            let text = match n {
                0 => format!("The ledger {was}never {what}."),
                1 => format!("The ledger {was}{what} once."),
                n => format!("The ledger {was}{what} {n} times."),
            };
            Figure::number(n, many, text).from_events(events)
        })
    };
    let restored = |it: &Operation| matches!(it, Operation::Restored { .. });
    let corrected = |it: &Operation| matches!(it, Operation::ClockCorrected { .. });
    let figures = vec![
        of(restored, ["was ", "restored from a copy"], "restores").named("r11.restores", "Restores"),
        of(|it| *it == Operation::KeyRotated, ["", "changed its key"], "changes")
            .named("r11.keys", "Changes of key"),
        of(corrected, ["", "had its clock set right"], "corrections")
            .named("r11.clock", "Corrections of the clock"),
    ];
    (figures, table)
}

fn notes() -> Vec<String> {
    [
        "This report is about the record: it counts every record that is known, whatever day it is about. The as-at date \
         decides only which months are over, and how old a checkpoint is.",
        "A chain that is kept only by its owner proves nothing against its owner. What proves something is a checkpoint in \
         the hands of another organisation.",
        "An irregular event is one that happened and should not have happened so: the ledger takes it and marks it, because \
         a ledger that refuses what is inconvenient gets silence.",
        "How many events a source posted is not shown: of a survey tool that would be a number of people.",
        "Events about somebody's feedback are counted apart, at release points only.",
    ]
    .map(str::to_owned)
    .to_vec()
}

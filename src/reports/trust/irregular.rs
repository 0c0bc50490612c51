//! What the ledger marked, what was said anew and what was taken back: how many, and which.
//!
//! Invariant: no event about somebody's feedback is named or counted among the others; those are counted apart, as they
//! are released.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Parameters;
use super::super::disclosure::threshold;
use super::super::people_points::{HELD_BACK, at, held_back, points};
use super::super::phrases::{count, count_or_no, days_after};
use super::super::release::released;
use super::super::report::{Figure, Table};
use super::known;
use crate::domain::irregularity::Irregularity;
use crate::projections::Views;
use crate::projections::irregularities::{Notice, Noticed};

/// How many events are named in a cell; the rest are numbers behind it.
const NAMED: usize = 6;

/// What was noticed, but of feedback: by what it was, then by sequence.
type All<'v> = BTreeMap<Notice, Vec<(u64, &'v Noticed)>>;

pub(super) fn part(views: &Views, parameters: &Parameters) -> (Vec<Figure>, Table) {
    let mut all = All::new();
    for (notice, sequence, noticed) in views.irregularities.known(parameters.as_known) {
        if noticed.about.is_some() {
            all.entry(notice).or_default().push((sequence, noticed));
        }
    }
    let mut figures = vec![irregular(&all, parameters).named("r11.irregular", "Irregular events")];
    figures.extend(late(&all, parameters));
    let amended = |notice: Notice, what: &str| {
        let events: Vec<u64> =
            all.get(&notice).into_iter().flatten().map(|(sequence, _)| *sequence).collect();
        known(parameters.as_known, || {
            let n = events.len() as u64;
            let text = format!("{} {what}.", count_or_no(n, "event was", "events were"));
            Figure::number(n, "events", text).from_events(events)
        })
    };
    figures
        .push(amended(Notice::Corrects, "said anew by a correction").named("r11.corrected", "Corrections"));
    figures.push(amended(Notice::Voids, "taken back as recorded in error").named("r11.voided", "Voids"));
    figures.push(
        about_feedback(views, parameters).named("r11.feedback", "Irregular, corrected or voided: feedback"),
    );
    (figures, table(&all))
}

fn irregular(all: &All<'_>, parameters: &Parameters) -> Figure {
    known(parameters.as_known, || {
        let marked = all.iter().filter(|(notice, _)| matches!(notice, Notice::Marked(_)));
        let events: BTreeSet<u64> =
            marked.flat_map(|(_, it)| it.iter().map(|(sequence, _)| *sequence)).collect();
        let n = events.len() as u64;
        let marked = count_or_no(n, "event is", "events are");
        let why = match n {
            0 => "",
            1 => ": it happened, and should not have happened so",
            _ => ": they happened, and should not have happened so",
        };
        let text = format!("{marked} marked as irregular{why}.");
        Figure::number(n, "events", text).from_events(events)
    })
}

fn late(all: &All<'_>, parameters: &Parameters) -> [Figure; 2] {
    let late = all.get(&Notice::Marked(Irregularity::LateRecorded)).map(Vec::as_slice).unwrap_or_default();
    let lag = |noticed: &Noticed| days_after(noticed.effective, noticed.recorded_on);
    let n = late.len() as u64;
    let number = known(parameters.as_known, || {
        let text = format!("{} recorded late.", count_or_no(n, "event was", "events were"));
        Figure::number(n, "events", text).from_events(late.iter().map(|(sequence, _)| *sequence))
    });
    // Of several with the same lag the first.
    let longest = late.iter().max_by_key(|(sequence, it)| (lag(it), std::cmp::Reverse(*sequence)));
    let longest = known(parameters.as_known, || match longest {
        None => Figure::not_applicable("No event was recorded late."),
        Some((sequence, it)) => {
            let days = lag(it);
            let about = it.about.as_ref().map(|about| format!(" ({about})")).unwrap_or_default();
            let text = format!(
                "The longest lag is {}: from the day that an event is about to the day on which it was recorded{about}.",
                count(days, "day", "days")
            );
            Figure::number(days, "days", text).from_events([*sequence])
        }
    });
    [number.named("r11.late", "Recorded late"), longest.named("r11.longest_lag", "Longest lag")]
}

/// Events about feedback and requests to erase, all sorts together, as released.
fn about_feedback(views: &Views, parameters: &Parameters) -> Figure {
    let points = match points(views, parameters, false) {
        Ok(points) => points,
        Err(why) => return Figure::not_available(why),
    };
    let counts = |point: &crate::projections::releases::Point<'_>| {
        let within = views
            .irregularities
            .known(point.position)
            .filter(|(_, _, noticed)| noticed.about.is_none() && noticed.effective <= point.on);
        let events: BTreeSet<u64> = within.map(|(_, sequence, _)| sequence).collect();
        let n = events.len() as u64;
        if n == 0 { BTreeMap::new() } else { BTreeMap::from([((), vec![n])]) }
    };
    let cuts = released(&points, |point| threshold(views, point.position), counts);
    let at = at(&points);
    let what = "about feedback or requests to erase had been marked, corrected or taken back";
    match cuts.get(&()).map(super::super::release::Cut::total) {
        None => Figure::number(0, "events", format!("{at} no event {what}.")),
        Some(Some(n @ 1..)) => {
            Figure::number(n, "events", format!("{at} {} {what}.", count(n, "event", "events")))
        }
        // What was released as none was more once, and may be a few.
        Some(None | Some(0)) => held_back(format!("How many events {what} is {HELD_BACK}.")),
    }
}

fn table(all: &All<'_>) -> Table {
    let mut table = Table::new(
        "r11.irregularities",
        "Irregular events, corrections and voids",
        "No event is marked as irregular, and none was corrected or taken back.",
        &[("what", "What"), ("events", "Events"), ("which", "Which")],
    );
    for (notice, events) in all {
        let (code, what) = match notice {
            Notice::Marked(mark) => (mark.as_str(), words(*mark)),
            Notice::Corrects => ("CORRECTED", "Said anew by a correction"),
            Notice::Voids => ("VOIDED", "Taken back as recorded in error"),
        };
        let sequences = || events.iter().map(|(sequence, _)| *sequence);
        let cells = vec![
            Figure::words(what),
            Figure::number(events.len() as u64, "events", format_args!("{}", events.len()))
                .from_events(sequences()),
            Figure::words(which(events)).from_events(sequences()),
        ];
        table.push(code.to_owned(), cells);
    }
    table
}

fn which(events: &[(u64, &Noticed)]) -> String {
    let name = |(sequence, noticed): &(u64, &Noticed)| {
        let about = noticed.about.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("{about} (record {sequence})")
    };
    let mut names: Vec<_> = events.iter().take(NAMED).map(name).collect();
    if events.len() > NAMED {
        names.push(format!("and {} more", events.len() - NAMED));
    }
    names.join(", ")
}

const fn words(mark: Irregularity) -> &'static str {
    match mark {
        Irregularity::LateRecorded => {
            "Recorded late: about an earlier day than the latest event of the same thing"
        }
        Irregularity::Unapproved => "A policy came into force without approval",
        Irregularity::NoAnonymousRoute => "People were asked without an anonymous way to answer",
        Irregularity::SelfVerified => "Verified by the post that answers for it",
        Irregularity::SameHolder => "Two posts that should be held apart are held by one person",
        Irregularity::SameSource => "Verified by the same system that said it was done",
        Irregularity::NoEvidence => "Claimed without evidence",
        Irregularity::BackdatedDeadline => {
            "A deadline was moved with effect before the move was recorded (it does not count against lateness)"
        }
        Irregularity::ClockBehind => "The ledger's clock read an earlier time than the record before has",
        Irregularity::OverCapacity => "More attendances than seats",
        Irregularity::SelfAssessed => "Reviewed by the post that answers for it",
        Irregularity::MoreResponsesThanInvited => "More answered than were asked",
        Irregularity::SelfUpheld => "Evidence upheld by the post that attached it",
        Irregularity::StatementMismatch => "A source stated something else than the ledger holds",
    }
}

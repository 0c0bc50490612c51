//! R1: are we keeping each line of the pledge?
//!
//! Definitions (DOMAIN §7; version `r1/1`):
//! - *Evidence of activity* for a commitment is every event that lists it among its commitments (an action planned, a
//!   round of feedback sought, a policy change proposed), and every piece of evidence attached to it or to an action that
//!   lists it. Voided events, and evidence through a voided plan, do not count. *Last evidence* is the latest day on
//!   which one of them occurred; its age is counted in days up to as at.
//! - *Actions* are those that list it, by their standing as at: open, claimed, verified.
//! - A commitment *stands* unless it was taken back, or a later version of its pledge superseded or withdrew it. One that
//!   does not stand any more stays listed and is not counted.
//!
//! Invariant: there is no score, and no word here says that a commitment is kept: only a review may say that.

use jiff::civil::Date;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::phrases::{count, days_after, natural, short_day};
use super::report::{Figure, Table};
use super::{Body, Parameters};
use crate::domain::event::{CommitmentKind, CommitmentMade, DeliveryBasis, Disposition};
use crate::domain::id::{Code, Kind, Subject};
use crate::projections::Views;
use crate::projections::actions::{ActionState, Standing};
use crate::projections::history::{Dated, Horizon};
use crate::projections::policies::ChangeFact;

/// Which definitions this report is worked out by.
pub const DEFINITION_VERSION: &str = "r1/1";

/// One event that shows activity.
#[derive(Clone, Copy)]
struct Trace {
    on: Date,
    sequence: u64,
}

/// One commitment as the report sees it.
struct Line<'v> {
    id: &'v Code,
    made: &'v Dated<Arc<CommitmentMade>>,
    /// What became of it, if it does not stand as it was made, and the event that says so.
    fate: Option<(Fate, u64)>,
    traces: Vec<Trace>,
    actions: Vec<&'v Standing<'v>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    TakenBack,
    /// A later version of the pledge said so.
    Disposed(Disposition, u32),
}

impl Line<'_> {
    fn stands(&self) -> bool {
        matches!(self.fate, None | Some((Fate::Disposed(Disposition::Kept, _), _)))
    }
}

pub(super) fn body(views: &Views, parameters: &Parameters) -> Body {
    let horizon = parameters.horizon();
    let standings: Vec<Standing<'_>> = views.actions.standings(views, horizon).collect();
    let lines = lines(views, horizon, &standings);
    let mut table = Table::new(
        "r1.commitments",
        "The pledge, line by line",
        "No commitment is recorded.",
        &[
            ("commitment", "Commitment"),
            ("quote", "What we pledged"),
            ("last_evidence", "Last evidence"),
            ("review", "Latest review"),
            ("measure", "Measure"),
            ("owner", "Owner"),
            ("open", "Actions open"),
            ("claimed", "Actions claimed done"),
            ("verified", "Actions verified"),
            ("kind", "Kind"),
            ("lineage", "Lineage"),
        ],
    );
    for line in &lines {
        let subject = Kind::Commitment.subject(line.id).to_string();
        table.push(subject, row(views, parameters, &lines, line));
    }
    Body { figures: figures(parameters, &lines), tables: vec![table], notes: notes() }
}

fn lines<'v>(views: &'v Views, horizon: Horizon, standings: &'v [Standing<'v>]) -> Vec<Line<'v>> {
    let mut traces = traces(views, horizon, standings);
    let mut lines: Vec<Line<'v>> = Vec::new();
    for (id, history) in views.commitments.made.iter() {
        let live = views.latest(history, horizon);
        let taken_back = || history.all().iter().rev().find(|fact| Views::within(fact, horizon));
        let Some(made) = live.or_else(taken_back) else { continue };
        let fate = if live.is_none() {
            views.void_of(made.place, horizon.as_known).map(|void| (Fate::TakenBack, void.sequence))
        } else {
            disposition(views, horizon, id, &made.fact)
        };
        let actions = standings.iter().filter(|standing| standing.plan.commitments.contains(id)).collect();
        lines.push(Line { id, made, fate, traces: traces.remove(id).unwrap_or_default(), actions });
    }
    lines.sort_by_cached_key(|line| natural(line.id));
    lines
}

/// What the latest later version of the pledge says about a commitment.
fn disposition(views: &Views, horizon: Horizon, id: &Code, made: &CommitmentMade) -> Option<(Fate, u64)> {
    let versions = views.seen(views.ledger.pledges.get(&made.pledge)?, horizon);
    versions.iter().rev().filter(|fact| fact.fact.version > made.pledge_version).find_map(|fact| {
        let said = fact.fact.dispositions.iter().find(|said| said.commitment == *id)?;
        Some((Fate::Disposed(said.disposition, fact.fact.version), fact.sequence))
    })
}

/// Every event that shows activity, by commitment: see *Evidence of activity*.
fn traces<'v>(
    views: &'v Views,
    horizon: Horizon,
    standings: &'v [Standing<'v>],
) -> BTreeMap<&'v Code, Vec<Trace>> {
    let mut traces: BTreeMap<&Code, Vec<Trace>> = BTreeMap::new();
    let mut note = |commitments: &'v [Code], on: Date, sequence: u64| {
        for commitment in commitments {
            traces.entry(commitment).or_default().push(Trace { on, sequence });
        }
    };
    let mut served: BTreeMap<&Code, &'v [Code]> = BTreeMap::new();
    for standing in standings.iter().filter(|standing| standing.state != ActionState::Voided) {
        served.insert(standing.id, &standing.plan.commitments);
        note(&standing.plan.commitments, standing.planned_on, standing.planned);
    }
    for (_, round) in views.feedback.rounds.iter() {
        for fact in views.seen(round, horizon) {
            note(&fact.fact, fact.effective, fact.sequence);
        }
    }
    for (_, change) in views.policies.changes.iter() {
        for fact in views.seen(change, horizon) {
            if let ChangeFact::Proposed(proposed) = &fact.fact {
                note(&proposed.commitments, fact.effective, fact.sequence);
            }
        }
    }
    for (_, evidence) in views.commitments.evidence.iter() {
        for fact in views.seen(evidence, horizon) {
            let about: &'v Subject = &fact.fact;
            match about.kind() {
                Kind::Commitment => note(std::slice::from_ref(about.id()), fact.effective, fact.sequence),
                Kind::Action => {
                    note(served.get(about.id()).copied().unwrap_or(&[]), fact.effective, fact.sequence);
                }
                _ => {}
            }
        }
    }
    traces
}

fn row(views: &Views, parameters: &Parameters, lines: &[Line<'_>], line: &Line<'_>) -> Vec<Figure> {
    let made = &line.made.fact;
    let says = [line.made.sequence];
    let kind = match made.kind {
        CommitmentKind::Continuing => "Continuing: kept or not kept in a period",
        CommitmentKind::Milestone => "Milestone: done once",
    };
    vec![
        Figure::words(format!("{} {}", line.id, made.title)).from_events(says),
        Figure::words(format!("\u{201c}{}\u{201d}", made.quote.trim())).from_events(says),
        last_evidence(line, parameters.as_at),
        Figure::not_available("Not yet reviewed"),
        Figure::not_available("None agreed"),
        Figure::words(views.post_title(&made.owner_post, parameters.horizon())).from_events(says),
        actions(line, &|state| state.is_open()),
        actions(line, &|state| state == ActionState::Claimed),
        actions(line, &|state| state == ActionState::Verified),
        Figure::words(kind).from_events(says),
        lineage(lines, line),
    ]
}

fn last_evidence(line: &Line<'_>, as_at: Date) -> Figure {
    let Some(last) = line.traces.iter().map(|trace| trace.on).max() else {
        return Figure::not_available("Nothing recorded");
    };
    let days = days_after(last, as_at);
    let text = match days {
        0 => format!("{} (the as-at day)", short_day(last)),
        _ => format!("{} ({} before)", short_day(last), count(days, "day", "days")),
    };
    let latest = line.traces.iter().filter(|trace| trace.on == last).map(|trace| trace.sequence);
    Figure::number(days, "days", text).from_events(latest)
}

fn actions(line: &Line<'_>, test: &dyn Fn(ActionState) -> bool) -> Figure {
    if line.actions.iter().all(|standing| standing.state == ActionState::Voided) {
        return Figure::not_available("No action");
    }
    let counted: Vec<_> = line.actions.iter().filter(|standing| test(standing.state)).collect();
    Figure::number(counted.len() as u64, "actions", counted.len().to_string())
        .from_events(counted.iter().flat_map(|standing| standing.events.iter().copied()))
}

fn lineage(lines: &[Line<'_>], line: &Line<'_>) -> Figure {
    let made = &line.made.fact;
    let mut events = vec![line.made.sequence];
    let mut words = vec![format!(
        "Version {} of {}, characters {}\u{2013}{}",
        made.pledge_version, made.pledge, made.span_start, made.span_end
    )];
    for basis in [DeliveryBasis::Stated, DeliveryBasis::Interpreted] {
        let delivered: Vec<_> = made.delivers.iter().filter(|delivery| delivery.basis == basis).collect();
        let ids: Vec<_> = delivered.iter().map(|delivery| delivery.commitment.as_str()).collect();
        if !ids.is_empty() {
            words.push(format!("delivers {} ({})", ids.join(", "), basis_words(basis)));
        }
    }
    let delivers_it = |other: &&Line<'_>| {
        other.stands() && other.made.fact.delivers.iter().any(|delivery| delivery.commitment == *line.id)
    };
    let by: Vec<_> = lines.iter().filter(delivers_it).collect();
    if !by.is_empty() {
        let ids: Vec<_> = by.iter().map(|other| other.id.as_str()).collect();
        words.push(format!("delivered by {}", ids.join(", ")));
        events.extend(by.iter().map(|other| other.made.sequence));
    }
    if let Some((fate, sequence)) = line.fate {
        events.push(sequence);
        words.push(match fate {
            Fate::TakenBack => "taken back: recorded in error".to_owned(),
            Fate::Disposed(Disposition::Kept, version) => format!("kept in version {version}"),
            Fate::Disposed(Disposition::Superseded, version) => format!("superseded by version {version}"),
            Fate::Disposed(Disposition::Withdrawn, version) => format!("withdrawn in version {version}"),
        });
    }
    Figure::words(words.join("; ")).from_events(events)
}

const fn basis_words(basis: DeliveryBasis) -> &'static str {
    match basis {
        DeliveryBasis::Stated => "the pledge says so",
        DeliveryBasis::Interpreted => "an interpretation",
    }
}

fn figures(parameters: &Parameters, lines: &[Line<'_>]) -> Vec<Figure> {
    let standing: Vec<_> = lines.iter().filter(|line| line.stands()).collect();
    let whole = standing.len() as u64;
    let share = |id: &str, label: &str, said: &dyn Fn(u64) -> String, test: &dyn Fn(&Line<'_>) -> bool| {
        let part: Vec<_> = standing.iter().filter(|line| test(line)).collect();
        let n = part.len() as u64;
        let figure = if whole == 0 {
            Figure::not_available(SILENCE)
        } else {
            // What the silence is about; there is no event behind silence itself.
            Figure::share(n, whole, "commitments", said(n))
                .from_events(part.iter().map(|line| line.made.sequence))
        };
        figure.named(id, label)
    };
    let of = count(whole, "commitment", "commitments");
    let unheard = |n: u64| format!("{n} of {of} {} no evidence of any activity on record.", has(n));
    let in_period = parameters.period;
    let unheard_in_period =
        |n: u64| format!("{n} of {of} {} no evidence of activity in {in_period}.", has(n));
    let stand = if whole == 0 {
        Figure::not_available(SILENCE)
    } else {
        Figure::number(whole, "commitments", format!("{of} {}.", if whole == 1 { "stands" } else { "stand" }))
            .from_events(standing.iter().map(|line| line.made.sequence))
    };
    let later = |text: &str| Figure::not_available(if whole == 0 { SILENCE } else { text });
    vec![
        later("No commitment has been reviewed yet, so none can be called kept.")
            .named("r1.reviewed", "Reviewed"),
        stand.named("r1.commitments", "Commitments"),
        share("r1.silent_in_period", "No evidence in the period", &unheard_in_period, &|line| {
            !line.traces.iter().any(|trace| in_period.contains(trace.on))
        }),
        share("r1.silent", "No evidence at all", &unheard, &|line| line.traces.is_empty()),
        later("No measure is agreed for any commitment.").named("r1.measured", "With an agreed measure"),
    ]
}

const fn has(number: u64) -> &'static str {
    if number == 1 { "has" } else { "have" }
}

const SILENCE: &str = "No commitment is recorded, so nothing can be said about any.";

fn notes() -> Vec<String> {
    [
        "There is no single score. Whether a line of the pledge is kept is for a review to say, and activity is not \
         evidence of results.",
        "Evidence of activity is an action planned, a round of feedback or a policy change proposed for the commitment, \
         or evidence attached to it or to an action that serves it. Events that were taken back do not count.",
        "Days since the last evidence are counted up to the as-at date.",
        "Actions are counted by where they stood at the as-at date, in whatever year they were planned. One action may \
         serve several commitments: the counts of different lines must not be added up.",
        "\"Delivers\" says that one commitment is a way of keeping another; work on the first is evidence of effort for \
         the second, not of its result.",
    ]
    .map(str::to_owned)
    .to_vec()
}

//! From a change back to the feedback that it answers, and forward to what was told to whom. PURE.
//!
//! Two pairs of eyes:
//! - *A reader* sees the work (a policy change, or an action: practice) with its days and events, and of the feedback a
//!   word ("Staff feedback"). Everything about feedback is as released ([`super::release`]): worked out at the last release
//!   point, so that asking at one position after another dates nothing; and how many items there are, and how many of
//!   them were told, is said from the ledger's threshold on, if a small number next to it does not hold it back.
//! - *An auditor* sees the same, and each item with its steps.
//!
//! Invariant: of a single item a reader learns nothing, neither from an answer nor from a refusal: whoever asks for an
//! item without an auditor's eyes is refused before it is looked for. Must not know how a trace is shown.

mod items;
mod voices;

use jiff::civil::Date;
use std::collections::BTreeMap;
use uuid::Uuid;

pub use self::items::{Item, Linked};
pub(super) use self::voices::Voices;
#[cfg(test)]
pub(super) use self::voices::told_at;
use super::Parameters;
use super::disclosure::threshold;
use super::explain::{Eyes, Released};
use super::phrases::short_day;
use super::policy_changes::origin_words;
use super::release::{Cut, released};
use super::rules::{Rule, holds};
use crate::domain::event::{Origin, Respondents, ResponseMode};
use crate::domain::id::{Kind, Subject};
use crate::projections::Views;
use crate::projections::actions::ActionFact;
use crate::projections::feedback::{FeedbackFact, Link, Made};
use crate::projections::history::{Dated, Horizon};
use crate::projections::policies::ChangeFact;
use crate::projections::releases::Point;

/// A trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// From where.
    pub from: Subject,
    /// The policy change or action; from an item of feedback: all that it led to.
    pub works: Vec<Work>,
    /// For auditors: the items of feedback, by id.
    pub items: Vec<Item>,
}

/// A policy change or an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// Which.
    pub subject: Subject,
    /// What it is called.
    pub title: String,
    /// Because of what it was proposed or planned, as the proposal or plan says.
    pub because: &'static str,
    /// What happened to it, in the order of the days.
    pub steps: Vec<Step>,
    /// Whose feedback it answers.
    pub voice: Voice,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// In a few words.
    pub what: String,
    /// On which day.
    pub on: Date,
    /// The event that says so.
    pub sequence: u64,
}

/// What may be said of the feedback behind a piece of work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice {
    /// Whose: "Staff feedback", "Feedback"; or that there is none, or that nothing is released yet.
    pub words: String,
    /// The release point as of which it is said. None: there is none yet.
    pub point: Option<Released>,
    /// How many items. None: held back, or not to be said.
    pub items: Option<u64>,
    /// How many of them were told, and how; empty as long as it is not said how many there are.
    pub told: Vec<Told>,
}

/// What became of some items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// Told directly, told in public, not told yet.
    pub how: &'static str,
    /// How many. None: held back.
    pub items: Option<u64>,
}

/// Why there is no trace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTraceable {
    /// More is asked for than the views hold.
    #[error("the ledger's views hold {size} events; ask for at most {size}")]
    BeyondHead {
        /// What is held.
        size: u64,
    },
    /// An item of feedback was asked for without an auditor's eyes.
    #[error("single items of feedback are for auditors; ask as one")]
    ForAuditors,
    /// Nothing is known of it.
    #[error("nothing is known of {0} at that position")]
    Unknown(Subject),
    /// It is something else.
    #[error(
        "{0} is neither a policy change nor an action; give such as policy-change/core-hours or action/rest-spaces"
    )]
    NotTraced(Subject),
}

/// Traces a policy change, an action, or (with an auditor's eyes) an item of feedback.
pub fn trace(
    views: &Views,
    parameters: &Parameters,
    from: &Subject,
    eyes: Eyes,
) -> Result<Trace, NotTraceable> {
    let eyes = if holds(Rule::DrillDown) { eyes } else { Eyes::Auditor };
    let horizon = parameters.horizon();
    if horizon.as_known > views.size() {
        return Err(NotTraceable::BeyondHead { size: views.size() });
    }
    let unknown = || NotTraceable::Unknown(from.clone());
    match (from.kind(), eyes) {
        (Kind::PolicyChange | Kind::Action, _) => {
            let work = work(views, horizon, from).ok_or_else(unknown)?;
            let ids = match eyes {
                Eyes::Reader => Vec::new(),
                Eyes::Auditor => links(views, horizon, from).into_keys().collect(),
            };
            let items = ids.iter().filter_map(|id| items::item(views, horizon, id)).collect();
            Ok(Trace { from: from.clone(), works: vec![work], items })
        }
        (Kind::Feedback, Eyes::Reader) => Err(NotTraceable::ForAuditors),
        (Kind::Feedback, Eyes::Auditor) => {
            let id = Uuid::try_parse(from.id().as_str()).map_err(|_| unknown())?;
            let item = items::item(views, horizon, &id).ok_or_else(unknown)?;
            let works = item.links.iter().filter_map(|linked| work(views, horizon, &linked.to)).collect();
            Ok(Trace { from: from.clone(), works, items: vec![item] })
        }
        _ => Err(NotTraceable::NotTraced(from.clone())),
    }
}

/// A piece of work as it stands.
fn work(views: &Views, horizon: Horizon, subject: &Subject) -> Option<Work> {
    let named = |origin: Origin| match origin {
        Origin::Feedback => "Feedback",
        other => origin_words(other),
    };
    let voice = || voice(views, &Points::of(views, horizon), subject);
    if subject.kind() == Kind::Action {
        let facts = views.seen(views.actions.facts.get(subject.id())?, horizon);
        let plan = facts.iter().rev().find_map(|fact| match &fact.fact {
            ActionFact::Planned(plan) => Some(plan),
            _ => None,
        })?;
        let steps = facts.iter().map(|fact| step(fact, action_words(views, horizon, &fact.fact)));
        let (title, because) = (plan.title.to_string(), named(plan.origin));
        return Some(Work {
            subject: subject.clone(),
            title,
            because,
            steps: steps.collect(),
            voice: voice(),
        });
    }
    let facts = views.seen(views.policies.changes.get(subject.id())?, horizon);
    let proposed = facts.iter().rev().find_map(|fact| match &fact.fact {
        ChangeFact::Proposed(proposed) => Some(proposed),
        _ => None,
    });
    if facts.is_empty() {
        return None;
    }
    let steps = facts.iter().map(|fact| step(fact, change_words(views, horizon, &fact.fact))).collect();
    let title = proposed.map_or_else(|| subject.id().to_string(), |it| it.title.to_string());
    let because = proposed.map_or("Not stated", |it| named(it.origin));
    Some(Work { subject: subject.clone(), title, because, steps, voice: voice() })
}

pub(super) fn step<F>(fact: &Dated<F>, what: String) -> Step {
    Step { what, on: fact.effective, sequence: fact.sequence }
}

fn change_words(views: &Views, horizon: Horizon, fact: &ChangeFact) -> String {
    match fact {
        ChangeFact::Proposed(it) => {
            format!("Proposed, because of: {}", origin_words(it.origin).to_lowercase())
        }
        ChangeFact::Approved(by) => format!("Approved by {}", views.post_title(by, horizon)),
        ChangeFact::Changed { policy, version, effective_on, unapproved } => {
            let irregular = if *unapproved { "; no approval was recorded by then" } else { "" };
            format!(
                "Put into the register as version {version} of {policy}, in force from {}{irregular}",
                short_day(*effective_on)
            )
        }
        ChangeFact::Declined => "Turned down".to_owned(),
        ChangeFact::Abandoned => "Given up".to_owned(),
        ChangeFact::Reversed => "Taken out of force".to_owned(),
    }
}

fn action_words(views: &Views, horizon: Horizon, fact: &ActionFact) -> String {
    match fact {
        ActionFact::Planned(it) => {
            let origin = origin_words(it.origin).to_lowercase();
            format!("Planned for {}, because of: {origin}", short_day(it.first_due))
        }
        ActionFact::Started => "Begun".to_owned(),
        ActionFact::Revised { new_due, .. } => format!("Deadline moved to {}", short_day(*new_due)),
        ActionFact::Completed { .. } => "Said to be done".to_owned(),
        ActionFact::Verified(_) => "Verified: practice changed".to_owned(),
        ActionFact::Reopened => "Open again".to_owned(),
        ActionFact::Cancelled { .. } => "Cancelled".to_owned(),
        ActionFact::Reassigned(to) => format!("Handed over to {}", views.post_title(to, horizon)),
    }
}

/// The items that are linked to a piece of work from a horizon, and since when.
pub(super) fn links(views: &Views, horizon: Horizon, work: &Subject) -> BTreeMap<Uuid, Made> {
    let named = match work.kind() {
        Kind::Action => planned(views, horizon, work),
        _ => proposed(views, horizon, work),
    };
    let links = views.feedback.links_of(views, horizon, (work.kind(), work.id()), named);
    let linked = links.into_iter().filter_map(|(item, link)| match link {
        Link::Linked(made) => Some((item, made)),
        Link::Unlinked(_) => None,
    });
    linked.collect()
}

/// When the proposal that counts was made, and the items that it names.
fn proposed<'v>(views: &'v Views, horizon: Horizon, work: &Subject) -> Option<(Made, &'v [Uuid])> {
    let facts = views.seen(views.policies.changes.get(work.id())?, horizon);
    facts.into_iter().rev().find_map(|fact| match &fact.fact {
        ChangeFact::Proposed(it) => Some((Made::by(fact), it.feedback.as_slice())),
        _ => None,
    })
}

/// The same of a plan.
fn planned<'v>(views: &'v Views, horizon: Horizon, work: &Subject) -> Option<(Made, &'v [Uuid])> {
    let facts = views.seen(views.actions.facts.get(work.id())?, horizon);
    facts.into_iter().rev().find_map(|fact| match &fact.fact {
        ActionFact::Planned(it) => Some((Made::by(fact), it.feedback.as_slice())),
        _ => None,
    })
}

/// How items were told, in the order of the cut's parts. An item that was told by itself counts there, whatever became of
/// its round.
const HOW: [&str; 4] = ["Told directly", "Told in public", "In the response to their round", "Not told yet"];

/// What is said where nothing is linked.
pub const NO_FEEDBACK: &str = "No feedback is linked to it";

/// The release points as of which feedback is told of, each with the threshold that held there.
pub(super) struct Points<'v>(Vec<(Point<'v>, u64)>);

impl<'v> Points<'v> {
    /// Those that are known and past from the horizon.
    pub(super) fn of(views: &'v Views, horizon: Horizon) -> Self {
        let points = views.releases.points(horizon).into_iter();
        Self(points.map(|point| (point, threshold(views, point.position))).collect())
    }
}

/// What may be said of the feedback behind a piece of work, as of the last release point.
pub(super) fn voice(views: &Views, points: &Points<'_>, work: &Subject) -> Voice {
    let Some((newest, least)) = points.0.last().copied() else {
        let words =
            "Not said yet: what feedback led to is said as of a release point, and none has been declared";
        return Voice { words: words.to_owned(), point: None, items: None, told: Vec::new() };
    };
    let (all, thresholds): (Vec<Point<'_>>, Vec<u64>) = points.0.iter().copied().unzip();
    let mut counts = voices::told_at(views, &all, work).into_iter();
    let mut thresholds = thresholds.into_iter();
    let cuts = released(
        &all,
        |_| thresholds.next().unwrap_or(least),
        |_| BTreeMap::from([((), counts.next().unwrap_or_default().to_vec())]),
    );
    let linked = links(views, newest.horizon(), work);
    let cut = cuts.get(&());
    // A released 0 that is not true any more says no more than that nothing is released yet.
    let items = cut.and_then(Cut::total).filter(|items| *items >= least || linked.is_empty());
    let told = |cut: &Cut| {
        let part = |(index, how): (usize, &&'static str)| Told { how, items: cut.part(index) };
        HOW.iter().enumerate().map(part).collect()
    };
    let shown = items.filter(|items| *items >= least);
    let words = match (linked.is_empty(), shown) {
        (true, None) => NO_FEEDBACK.to_owned(),
        (true, Some(_)) => "Feedback".to_owned(),
        (false, _) => whose(views, newest.horizon(), linked.keys(), least).to_owned(),
    };
    Voice {
        words,
        point: Some(Released::from(&newest)),
        items: shown,
        told: shown.and(cut).map(told).unwrap_or_default(),
    }
}

/// How many of the linked items were told in each way.
pub(super) fn told(views: &Views, horizon: Horizon, work: &Subject) -> [u64; HOW.len()] {
    let mut counts = [0; HOW.len()];
    for id in links(views, horizon, work).keys() {
        let part = match told_how(views, horizon, id) {
            Some(ResponseMode::Direct) => 0,
            Some(ResponseMode::Public) => 1,
            None if items::round_response(views, horizon, id).is_some() => 2,
            None => 3,
        };
        if let Some(count) = counts.get_mut(part) {
            *count += 1;
        }
    }
    counts
}

/// How whoever gave an item was told what came of it, if they were.
fn told_how(views: &Views, horizon: Horizon, id: &Uuid) -> Option<ResponseMode> {
    let facts = views.feedback.items.get(id)?.all().iter();
    let told = facts.filter(|fact| fact.fact == FeedbackFact::Told && views.sees(fact, horizon));
    let told = told.max_by_key(|fact| (fact.effective, fact.place))?;
    views.feedback.modes.get(&told.sequence).copied()
}

/// Who may be said to have spoken, if it may be said.
pub(super) const WHOSE: [&str; 3] = ["Staff feedback", "Partner feedback", "Staff and partner feedback"];

/// Who spoke, as far as it may be said: a group that is smaller than the threshold is not told apart in a mixture.
fn whose<'u>(
    views: &Views,
    horizon: Horizon,
    items: impl Iterator<Item = &'u Uuid>,
    least: u64,
) -> &'static str {
    let (mut staff, mut partners) = (0, 0);
    for item in items {
        match views.feedback.respondents(views, horizon, item) {
            Some(Respondents::Staff) => staff += 1,
            Some(Respondents::Partners) => partners += 1,
            None => {}
        }
    }
    match (staff, partners) {
        (1.., 0) => "Staff feedback",
        (0, 1..) => "Partner feedback",
        _ if staff.min(partners) >= least => "Staff and partner feedback",
        _ => "Feedback",
    }
}

//! Single items of feedback, for auditors: what happened to each, and what it led to.
//!
//! Invariant: nothing here is called but with an auditor's eyes. Of what somebody wrote nothing is known here at all.

use jiff::civil::Date;
use std::collections::BTreeSet;
use uuid::Uuid;

use super::{Step, links, step};
use crate::domain::event::{Anonymity, Respondents, ResponseMode, ResponseOutcome};
use crate::domain::id::{Code, Kind, Subject};
use crate::projections::Views;
use crate::projections::actions::ActionFact;
use crate::projections::feedback::FeedbackFact;
use crate::projections::history::{Dated, History, Horizon};
use crate::projections::policies::ChangeFact;

/// One item of feedback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// `feedback/<id>`.
    pub subject: Subject,
    /// Who was speaking: "Staff", "Partners".
    pub whom: &'static str,
    /// It was withdrawn whole, or its receipt was taken back.
    pub gone: bool,
    /// What happened to it, in the order of the days.
    pub steps: Vec<Step>,
    /// What it led to.
    pub links: Vec<Linked>,
}

/// That an item led to something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    /// The policy change or action.
    pub to: Subject,
    /// Since which day.
    pub since: Date,
    /// The event that says so.
    pub sequence: u64,
}

/// An item, if anything is known of it.
pub(super) fn item(views: &Views, horizon: Horizon, id: &Uuid) -> Option<Item> {
    let history = views.feedback.items.get(id)?;
    let received = |fact: &FeedbackFact| matches!(fact, FeedbackFact::Received(_));
    let (first, _) = views.last_or_voided(history, horizon, received)?;
    let mut facts = views.seen(history, horizon);
    if facts.iter().all(|fact| fact.sequence != first.sequence) {
        facts.insert(0, first);
    }
    let subject = subject(id)?;
    let linked = works(views, history, id).into_iter().filter_map(|to| {
        let made = links(views, horizon, &to).remove(id)?;
        Some(Linked { to, since: made.effective, sequence: made.sequence })
    });
    let mut steps: Vec<Step> = facts.into_iter().map(|fact| step(fact, words(views, fact))).collect();
    if let Some(published) = round_response(views, horizon, id) {
        // After what happened to the item itself on that day.
        let at = steps.partition_point(|step| step.on <= published.on);
        steps.insert(at, published);
    }
    Some(Item {
        whom: match views.feedback.respondents(views, horizon, id) {
            Some(Respondents::Staff) => "Staff",
            Some(Respondents::Partners) => "Partners",
            None => "Not known",
        },
        gone: views.feedback.is_gone(views, horizon, id),
        steps,
        links: linked.collect(),
        subject,
    })
}

/// That the response to the round in which an item was given was published, if it was received by then: whoever gave it
/// can have read there what came of the round.
pub(super) fn round_response(views: &Views, horizon: Horizon, id: &Uuid) -> Option<Step> {
    let facts = views.seen(views.feedback.items.get(id)?, horizon);
    let (received, round) = facts.into_iter().rev().find_map(|fact| match &fact.fact {
        FeedbackFact::Received(it) => Some((fact.effective, it.round.as_ref()?)),
        _ => None,
    })?;
    let (on, sequence) = views.surveys.round(views, round, horizon)?.response?;
    let what = format!("What came of its round was published: round/{round}");
    (received <= on).then_some(Step { what, on, sequence })
}

fn subject(id: &Uuid) -> Option<Subject> {
    Some(Kind::Feedback.subject(&Code::parse(&id.to_string()).ok()?))
}

/// Everything that was ever said to be linked to an item, by its own events, a proposal or a plan. Looks at every
/// proposal and plan.
fn works(views: &Views, history: &History<FeedbackFact>, id: &Uuid) -> BTreeSet<Subject> {
    let own = history.all().iter().filter_map(|fact| match &fact.fact {
        FeedbackFact::Linked(to) => Some(to.clone()),
        _ => None,
    });
    let names = |fact: &Dated<ChangeFact>| match &fact.fact {
        ChangeFact::Proposed(it) => it.feedback.contains(id),
        _ => false,
    };
    let plans = |fact: &Dated<ActionFact>| match &fact.fact {
        ActionFact::Planned(it) => it.feedback.contains(id),
        _ => false,
    };
    let changes = views.policies.changes.iter().filter(|(_, history)| history.all().iter().any(names));
    let actions = views.actions.facts.iter().filter(|(_, history)| history.all().iter().any(plans));
    own.chain(changes.map(|(code, _)| Kind::PolicyChange.subject(code)))
        .chain(actions.map(|(code, _)| Kind::Action.subject(code)))
        .collect()
}

fn words(views: &Views, fact: &Dated<FeedbackFact>) -> String {
    let how = match views.feedback.modes.get(&fact.sequence) {
        Some(ResponseMode::Direct) => ", directly",
        Some(ResponseMode::Public) => ", in public",
        None => "",
    };
    let what = match &fact.fact {
        FeedbackFact::Received(it) if it.anonymity == Anonymity::Anonymous => {
            "Received without a name, in that month"
        }
        FeedbackFact::Received(_) => "Received",
        FeedbackFact::Acknowledged => "Acknowledged",
        FeedbackFact::Considered => "Considered",
        FeedbackFact::Responded(ResponseOutcome::ChangeAgreed) => "Answered: something will change",
        FeedbackFact::Responded(ResponseOutcome::ChangeConsidered) => "Answered: a change is considered",
        FeedbackFact::Responded(ResponseOutcome::NoChange) => "Answered: nothing will change",
        FeedbackFact::ClosedWithoutChange(_) => "Closed without a change",
        FeedbackFact::Reopened => "Open again",
        FeedbackFact::Told => "Told what came of it",
        FeedbackFact::Linked(to) => return format!("Led to {to}"),
        FeedbackFact::Unlinked(from) => return format!("Did not lead to {from} after all"),
        FeedbackFact::Withdrawn => "Withdrawn",
        FeedbackFact::ContactWithdrawn => "The way to answer was taken back",
    };
    format!("{what}{how}")
}

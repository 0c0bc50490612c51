//! Which feedback there is, and what it led to: as much as the reports need, and no more.
//!
//! Invariant: of an item of feedback this view keeps its id, its place, who was speaking (staff or partners) and how far
//! they can be known, in which round, the steps that it took, what it was linked to, and whether it was withdrawn. No
//! theme, channel, contact, content or address of an answer is here, so that no report can give one away.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use uuid::Uuid;

use super::Views;
use super::history::{Dated, History, Horizon};
use super::shared::SharedMap;
use crate::domain::event::{Anonymity, Payload, Respondents, ResponseMode, ResponseOutcome, WithdrawalScope};
use crate::domain::id::{Code, Kind, Subject};

/// How an item came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// Who was speaking.
    pub respondents: Respondents,
    /// How far they can be known.
    pub anonymity: Anonymity,
    /// The round in which it was given. None: nobody had asked.
    pub round: Option<Code>,
}

/// One thing that happened to an item of feedback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FeedbackFact {
    /// It was received.
    Received(Arc<Received>),
    /// Whoever spoke heard that it is here: a first reply, or that it is looked at.
    Acknowledged,
    /// It is being considered.
    Considered,
    /// It was answered.
    Responded(ResponseOutcome),
    /// Nothing will change, for a reason of the code list.
    ClosedWithoutChange(Code),
    /// It is open again.
    Reopened,
    /// Whoever spoke was told what came of it.
    Told,
    /// It led to that policy change or action.
    Linked(Subject),
    /// It did not lead to that after all.
    Unlinked(Subject),
    /// Whoever spoke took back all of it.
    Withdrawn,
    /// Whoever spoke took back the way to be answered; the item stays.
    ContactWithdrawn,
}

impl FeedbackFact {
    pub(super) fn of(payload: &Payload) -> Option<Self> {
        Some(match payload {
            Payload::FeedbackReceived(it) => Self::Received(Arc::new(Received {
                respondents: it.respondents,
                anonymity: it.anonymity,
                round: it.round.clone(),
            })),
            Payload::FeedbackAcknowledged(_) => Self::Acknowledged,
            Payload::FeedbackConsidered(_) => Self::Considered,
            Payload::FeedbackResponded(it) => Self::Responded(it.outcome),
            Payload::FeedbackClosedWithoutChange(it) => Self::ClosedWithoutChange(it.reason_code.clone()),
            Payload::FeedbackReopened(_) => Self::Reopened,
            Payload::FeedbackTold(_) => Self::Told,
            Payload::FeedbackLinked(it) => Self::Linked(it.to.clone()),
            Payload::FeedbackUnlinked(it) => Self::Unlinked(it.from.clone()),
            Payload::FeedbackWithdrawn(it) => match it.scope {
                WithdrawalScope::Whole => Self::Withdrawn,
                // Kept because a correction may widen it.
                WithdrawalScope::Contact => Self::ContactWithdrawn,
            },
            _ => return None,
        })
    }
}

/// The view. Entries are shared on cloning; see [`SharedMap`] for the cost.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FeedbackView {
    /// Items by id.
    pub items: SharedMap<Uuid, History<FeedbackFact>>,
    /// The items of which an event ever said that they are linked to a policy change, by the change's id; with repeats.
    /// Whether such a link counts, their own facts tell.
    pub linked: SharedMap<Code, Vec<Uuid>>,
    /// The same of actions.
    pub linked_actions: SharedMap<Code, Vec<Uuid>>,
    /// The works that a proposal or a plan ever said an item is behind, by the item; with repeats. Whether that counts, the
    /// proposal and the plan tell.
    pub named: SharedMap<Uuid, Vec<Subject>>,
    /// The first event that ever closed an item with each reason.
    pub(super) reasons: SharedMap<Code, u64>,
    /// Whether whoever spoke was answered or told, or everybody: by the sequence of the event that says so.
    pub modes: SharedMap<u64, ResponseMode>,
}

/// Whether an event speaks to whoever spoke, or to everybody; none if it speaks to nobody.
pub(super) const fn mode(payload: &Payload) -> Option<ResponseMode> {
    match payload {
        Payload::FeedbackAcknowledged(it) => Some(it.mode),
        Payload::FeedbackConsidered(it) => Some(it.mode),
        Payload::FeedbackResponded(it) => Some(it.mode),
        Payload::FeedbackTold(it) => Some(it.mode),
        _ => None,
    }
}

/// When a link was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// The day.
    pub effective: Date,
    /// Its place among the events of that day.
    pub place: u64,
    /// The event that says so, or says it anew.
    pub sequence: u64,
}

impl Made {
    /// By that fact.
    pub const fn by<F>(fact: &Dated<F>) -> Self {
        Self { effective: fact.effective, place: fact.place, sequence: fact.sequence }
    }
}

/// What there is to say about one item and one piece of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// It is linked since then.
    Linked(Made),
    /// It was linked since then, and the link was taken back.
    Unlinked(Made),
}

/// The items that a proposal or a plan names.
pub(super) const fn named(payload: &Payload) -> &[Uuid] {
    match payload {
        Payload::PolicyChangeProposed(it) => it.feedback.as_slice(),
        Payload::ActionPlanned(it) => it.feedback.as_slice(),
        _ => &[],
    }
}

impl FeedbackView {
    /// Every reason that an item was ever closed with among the first so many events, taken back since or not.
    pub fn reasons(&self, as_known: u64) -> impl Iterator<Item = &Code> {
        self.reasons.iter().filter(move |(_, first)| **first < as_known).map(|(reason, _)| reason)
    }

    /// Whether an item is linked to a policy change from the horizon: see [`FeedbackView::link_to`].
    pub fn link(
        &self,
        views: &Views,
        horizon: Horizon,
        item: &Uuid,
        change: &Code,
        named: Option<Made>,
    ) -> Option<Link> {
        self.link_to(views, horizon, item, (Kind::PolicyChange, change), named)
    }

    /// Whether an item is linked to a piece of work, a policy change or an action, from the horizon. `named` is when a
    /// proposal or a plan that counts there named it. What the item's own events said last counts, and takes back what
    /// the proposal or the plan names, too; where they said nothing, that counts. A link that was never taken back is as
    /// old as the first that made it.
    pub fn link_to(
        &self,
        views: &Views,
        horizon: Horizon,
        item: &Uuid,
        work: (Kind, &Code),
        named: Option<Made>,
    ) -> Option<Link> {
        Self::link_in(views, horizon, self.items.get(item), work, named)
    }

    /// The same of an item whose history is at hand.
    pub fn link_in(
        views: &Views,
        horizon: Horizon,
        history: Option<&History<FeedbackFact>>,
        (kind, id): (Kind, &Code),
        named: Option<Made>,
    ) -> Option<Link> {
        let is_work = |work: &Subject| work.kind() == kind && work.id() == id;
        let (mut since, mut gone) = (named, None);
        let step = |fact: &Dated<FeedbackFact>| match &fact.fact {
            FeedbackFact::Linked(to) if is_work(to) => {
                let first =
                    since.filter(|since| (since.effective, since.place) <= (fact.effective, fact.place));
                since = first.or(Some(Made::by(fact)));
                gone = None;
            }
            FeedbackFact::Unlinked(from) if is_work(from) => {
                gone = since.or(gone);
                since = None;
            }
            _ => {}
        };
        if let Some(history) = history {
            views.step_through(history, horizon, step);
        }
        since.map(Link::Linked).or(gone.map(Link::Unlinked))
    }

    /// Who spoke, as it stands or as it was said before it was taken back.
    pub fn respondents(&self, views: &Views, horizon: Horizon, item: &Uuid) -> Option<Respondents> {
        Self::respondents_in(views, horizon, self.items.get(item)?)
    }

    /// The same of an item whose history is at hand.
    pub fn respondents_in(
        views: &Views,
        horizon: Horizon,
        history: &History<FeedbackFact>,
    ) -> Option<Respondents> {
        let everything = Horizon { as_at: Date::MAX, ..horizon };
        let received = |fact: &FeedbackFact| matches!(fact, FeedbackFact::Received(_));
        match &views.last_or_voided(history, everything, received)?.0.fact {
            FeedbackFact::Received(how) => Some(how.respondents),
            _ => None,
        }
    }

    /// Whether an item is not live any more: withdrawn whole, or its receipt taken back.
    pub fn is_gone(&self, views: &Views, horizon: Horizon, item: &Uuid) -> bool {
        self.items.get(item).is_some_and(|history| Self::is_gone_in(views, horizon, history))
    }

    /// The same of an item whose history is at hand.
    pub fn is_gone_in(views: &Views, horizon: Horizon, history: &History<FeedbackFact>) -> bool {
        let mut facts = history.all().iter();
        let withdrawn = facts.any(|fact| fact.fact == FeedbackFact::Withdrawn && views.sees(fact, horizon));
        let received = |fact: &FeedbackFact| matches!(fact, FeedbackFact::Received(_));
        withdrawn || views.last_or_voided(history, horizon, received).is_some_and(|(_, void)| void.is_some())
    }
}

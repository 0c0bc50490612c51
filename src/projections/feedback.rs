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
    /// What items' own events ever said of being linked to a policy change, by the change's id; in the order of the ledger.
    pub linked: SharedMap<Code, Vec<Tie>>,
    /// The same of actions.
    pub linked_actions: SharedMap<Code, Vec<Tie>>,
    /// The items of which all, or an event, was ever taken back. No other is gone.
    pub(super) disturbed: SharedMap<Uuid, ()>,
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

/// That an item's own event says that it is linked to a piece of work, or is not after all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tie {
    /// The item.
    pub item: Uuid,
    effective: Date,
    place: u64,
    sequence: u64,
    linked: bool,
}

impl Tie {
    pub(super) const fn of(item: Uuid, (effective, place, sequence): (Date, u64, u64), linked: bool) -> Self {
        Self { item, effective, place, sequence, linked }
    }

    const fn made(&self) -> Made {
        Made { effective: self.effective, place: self.place, sequence: self.sequence }
    }

    fn is_seen(&self, views: &Views, horizon: Horizon) -> bool {
        self.sequence < horizon.as_known
            && self.effective <= horizon.as_at
            && views.holds(self.sequence, self.place, horizon.as_known)
    }
}

/// What is said of an item and a piece of work, fact by fact, in their order.
#[derive(Clone, Copy)]
struct Said {
    since: Option<Made>,
    gone: Option<Made>,
}

impl Said {
    const fn named(named: Option<Made>) -> Self {
        Self { since: named, gone: None }
    }

    fn link(&mut self, made: Made) {
        let first = self.since.filter(|since| (since.effective, since.place) <= (made.effective, made.place));
        self.since = first.or(Some(made));
        self.gone = None;
    }

    fn unlink(&mut self) {
        self.gone = self.since.or(self.gone);
        self.since = None;
    }

    fn told(self) -> Option<Link> {
        self.since.map(Link::Linked).or(self.gone.map(Link::Unlinked))
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

    /// The items of which there is something to say about a piece of work, a policy change or an action, from the horizon; by
    /// their ids. `named` is when a proposal or a plan that counts there named some, and which. What the item's own events
    /// said last counts, and takes back what the proposal or the plan names, too; where they said nothing, that counts. A
    /// link that was never taken back is as old as the first that made it.
    pub fn links_of(
        &self,
        views: &Views,
        horizon: Horizon,
        (kind, id): (Kind, &Code),
        named: Option<(Made, &[Uuid])>,
    ) -> Vec<(Uuid, Link)> {
        let index = if kind == Kind::Action { &self.linked_actions } else { &self.linked };
        let said = index.get(id).map(Vec::as_slice).unwrap_or_default();
        let mut ties: Vec<&Tie> = said.iter().filter(|tie| tie.is_seen(views, horizon)).collect();
        ties.sort_by_key(|tie| (tie.item, tie.effective, tie.place));
        let mut by_name: Vec<Uuid> = named.map(|(_, items)| items.to_vec()).unwrap_or_default();
        by_name.sort_unstable();
        let mut items: Vec<Uuid> = ties.iter().map(|tie| tie.item).chain(by_name.iter().copied()).collect();
        items.sort_unstable();
        items.dedup();
        let mut ties = ties.into_iter().peekable();
        let link = |item: Uuid| {
            let is_named = by_name.binary_search(&item).is_ok();
            let mut said = Said::named(named.map(|(made, _)| made).filter(|_| is_named));
            while let Some(tie) = ties.next_if(|tie| tie.item == item) {
                if tie.linked { said.link(tie.made()) } else { said.unlink() }
            }
            Some((item, said.told()?))
        };
        items.into_iter().filter_map(link).collect()
    }

    /// The same of one item whose history is at hand, found in that.
    pub fn link_in(
        views: &Views,
        horizon: Horizon,
        history: Option<&History<FeedbackFact>>,
        (kind, id): (Kind, &Code),
        named: Option<Made>,
    ) -> Option<Link> {
        let is_work = |work: &Subject| work.kind() == kind && work.id() == id;
        let mut said = Said::named(named);
        let step = |fact: &Dated<FeedbackFact>| match &fact.fact {
            FeedbackFact::Linked(to) if is_work(to) => said.link(Made::by(fact)),
            FeedbackFact::Unlinked(from) if is_work(from) => said.unlink(),
            _ => {}
        };
        if let Some(history) = history {
            views.step_through(history, horizon, step);
        }
        said.told()
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
        if self.disturbed.get(item).is_none() {
            return false;
        }
        let Some(history) = self.items.get(item) else { return false };
        let mut facts = history.all().iter();
        let withdrawn = facts.any(|fact| fact.fact == FeedbackFact::Withdrawn && views.sees(fact, horizon));
        let received = |fact: &FeedbackFact| matches!(fact, FeedbackFact::Received(_));
        withdrawn || views.last_or_voided(history, horizon, received).is_some_and(|(_, void)| void.is_some())
    }
}

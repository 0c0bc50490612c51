//! How one action stands: what its facts come to from a horizon.
//!
//! Invariant: standing is always a replay of the action's facts by effective day, then sequence. What a replay of all of
//! them came to is kept ([`Settled`]) and is true for whoever looks from behind the last of these events and days; whoever
//! looks from before replays. Must not know reports.

use jiff::civil::Date;
use std::ops::Deref;
use std::sync::Arc;

use super::Views;
use super::actions::{ActionFact, is_plan};
use super::history::{Dated, History, Horizon};
use super::owner::{Answers, Owner};
use super::sequences::Sequences;
use crate::domain::event::ActionPlanned;
use crate::domain::id::Code;

/// How far an action has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionState {
    /// Not begun.
    Planned,
    /// Begun.
    InProgress,
    /// Said to be done; nobody has verified it.
    Claimed,
    /// Done, and verified.
    Verified,
    /// It will not be done.
    Cancelled,
    /// Its plan was taken back: it should never have been recorded.
    Voided,
}

impl ActionState {
    /// Whether somebody still has to do it.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Planned | Self::InProgress)
    }
}

/// A completion that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The day on which it was done.
    pub on: Date,
    /// The local day on which the ledger learned of it.
    pub recorded_on: Date,
    /// The event.
    pub sequence: u64,
}

/// How one action stands from a horizon; what there is to say without naming anything stands in its [`Outcome`].
#[derive(Clone, Debug)]
pub struct Standing<'v> {
    /// The action's id.
    pub id: &'v Code,
    /// Its plan.
    pub plan: &'v ActionPlanned,
    from: From<'v>,
}

#[derive(Clone, Debug)]
enum From<'v> {
    Settled(&'v Settled),
    Replayed(Box<Replayed<'v>>),
}

/// What the facts of an action come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The sequence of the plan.
    pub planned: u64,
    /// The day on which it was planned.
    pub planned_on: Date,
    /// How far it has come.
    pub state: ActionState,
    /// The day on which it was verified or cancelled; for a void, on which that was recorded.
    pub closed_on: Option<Date>,
    /// Of a cancellation that was dated back: the local day on which it was recorded. Until then the action stood open in
    /// the ledger. None if plan and cancellation were recorded on one day: then it never stood open there.
    pub cancelled_late: Option<Date>,
    /// The completion that stands, if it is claimed or verified.
    pub completion: Option<Completion>,
    /// The earliest due date ever recorded for it: of its plans and of its moves, taken back or said anew since or not. A
    /// backdated move counts for nothing. With the event that gave it.
    pub earliest_due: (Date, u64),
    /// The due date now.
    pub current_due: Date,
    /// How often the deadline was moved in a way that counts.
    pub moved: u32,
    /// How often a move was backdated, and so ignored.
    pub ignored_moves: u32,
    /// Whether it was ever reopened.
    pub reopened: bool,
    /// The sequences of the events that say so, ascending.
    pub events: Sequences,
}

impl Deref for Standing<'_> {
    type Target = Outcome;

    fn deref(&self) -> &Outcome {
        match &self.from {
            From::Settled(settled) => &settled.outcome,
            From::Replayed(replayed) => &replayed.outcome,
        }
    }
}

impl<'v> Standing<'v> {
    /// A replay of what counts from the horizon.
    pub(super) fn replayed(
        views: &'v Views,
        id: &'v Code,
        history: &'v History<ActionFact>,
        horizon: Horizon,
    ) -> Option<Self> {
        let replayed = replay(views, history, horizon)?;
        Some(Self { id, plan: replayed.plan, from: From::Replayed(Box::new(replayed)) })
    }

    /// The actions that any of its plans ever said it replaces, taken back or said anew since or not.
    pub fn replaces(&self) -> Vec<&'v Code> {
        match &self.from {
            From::Settled(settled) => settled.replaces.iter().collect(),
            From::Replayed(replayed) => replayed.replaces.clone(),
        }
    }

    /// Who answers for it.
    pub fn owner(&self) -> Owner<'v> {
        match &self.from {
            From::Settled(settled) => settled.owner.owner(),
            From::Replayed(replayed) => replayed.owner.clone(),
        }
    }

    /// On what its verification rests, if it is verified.
    pub fn evidence(&self) -> &'v [Code] {
        match &self.from {
            From::Settled(settled) => settled.evidence.as_deref().unwrap_or_default(),
            From::Replayed(replayed) => replayed.evidence.map(|it| &**it).unwrap_or_default(),
        }
    }

    #[cfg(test)]
    pub(crate) const fn is_kept(&self) -> bool {
        matches!(self.from, From::Settled(_))
    }

    /// Everything that is said of it.
    #[cfg(test)]
    pub(crate) fn told(
        &self,
    ) -> (&'v Code, &'v ActionPlanned, Vec<&'v Code>, Owner<'v>, &'v [Code], Outcome) {
        (self.id, self.plan, self.replaces(), self.owner(), self.evidence(), Outcome::clone(self))
    }
}

/// How an action stands for whoever looks from behind everything that was ever said of it.
#[derive(Clone, Debug)]
pub(super) struct Settled {
    /// The first event about it; whoever knows less knows nothing of it.
    first: u64,
    /// Behind the last event about it.
    known: u64,
    /// The last day on which one of its facts counts.
    day: Date,
    outcome: Outcome,
    plan: Arc<ActionPlanned>,
    owner: Answers,
    evidence: Option<Arc<[Code]>>,
    replaces: Box<[Code]>,
}

/// What somebody sees of what is settled.
pub(super) enum Seen {
    /// What is settled.
    AsItIs,
    /// Perhaps less than that.
    AsItWas,
    /// It is not known there.
    Nothing,
}

impl Settled {
    /// What all the facts of an action come to. None: it has no plan.
    pub(super) fn of(views: &Views, history: &History<ActionFact>) -> Option<Self> {
        let everything = Horizon { as_at: Date::MAX, as_known: u64::MAX };
        let it = replay(views, history, everything)?;
        Some(Self {
            first: history.span().0,
            known: views.known_of(history),
            day: history.days().1,
            outcome: it.outcome,
            plan: Arc::clone(it.plan),
            owner: it.owner.apart(),
            evidence: it.evidence.cloned(),
            replaces: it.replaces.into_iter().cloned().collect(),
        })
    }

    /// What somebody sees of it from there.
    pub(super) fn seen_from(&self, horizon: Horizon) -> Seen {
        if horizon.as_known <= self.first {
            Seen::Nothing
        } else if horizon.as_known >= self.known && horizon.as_at >= self.day {
            Seen::AsItIs
        } else {
            Seen::AsItWas
        }
    }

    pub(super) fn standing<'v>(&'v self, id: &'v Code) -> Standing<'v> {
        Standing { id, plan: &self.plan, from: From::Settled(self) }
    }

    /// The day from which on the action rests, if it does; about which something was recorded last on that day.
    pub(super) fn rests(&self, history: &History<ActionFact>, recorded_on: Date) -> Option<Date> {
        let closed = self.outcome.closed_on?.max(self.outcome.cancelled_late.unwrap_or(recorded_on));
        Some(closed.max(history.days().1).max(recorded_on))
    }
}

/// A replay.
#[derive(Clone, Debug)]
struct Replayed<'v> {
    plan: &'v Arc<ActionPlanned>,
    replaces: Vec<&'v Code>,
    owner: Owner<'v>,
    evidence: Option<&'v Arc<[Code]>>,
    outcome: Outcome,
}

fn replay<'v>(views: &Views, history: &'v History<ActionFact>, horizon: Horizon) -> Option<Replayed<'v>> {
    // A plan that was taken back stays listed: a void must not make a promise disappear.
    let (planned, void) = views.last_or_voided(history, horizon, is_plan)?;
    let ActionFact::Planned(plan) = &planned.fact else { return None };
    let outcome = Outcome {
        planned: planned.sequence,
        planned_on: planned.effective,
        state: ActionState::Planned,
        closed_on: None,
        cancelled_late: None,
        completion: None,
        earliest_due: earliest_due(history, horizon).unwrap_or((plan.first_due, planned.sequence)),
        current_due: plan.first_due,
        moved: 0,
        ignored_moves: 0,
        reopened: false,
        events: Sequences::of(planned.sequence),
    };
    let mut it = Replayed {
        plan,
        replaces: replaces(history, horizon),
        owner: Owner::named(planned, &plan.owner_post),
        evidence: None,
        outcome,
    };
    views.step_through(history, horizon, |fact| it.step(fact));
    let outcome = &mut it.outcome;
    if let Some(void) = void {
        outcome.state = ActionState::Voided;
        outcome.closed_on = Some(void.recorded_on);
        outcome.cancelled_late = None;
        outcome.completion = None;
        outcome.events.push(void.sequence);
    }
    if outcome.cancelled_late.is_some() && outcome.cancelled_late == planned_on_record(views, history) {
        outcome.cancelled_late = None;
    }
    outcome.events.sort();
    Some(it)
}

/// A plan may be taken back and made again; the first date that was given stays the first. So does every other date that
/// was ever given, of a plan or of a move, whatever became of the event that gave it: people counted on it.
fn earliest_due(history: &History<ActionFact>, horizon: Horizon) -> Option<(Date, u64)> {
    let within = history.all().iter().filter(|fact| Views::within(fact, horizon));
    let given = within.filter_map(|fact| match &fact.fact {
        ActionFact::Planned(plan) => Some((plan.first_due, fact.sequence)),
        ActionFact::Revised { new_due, backdated: false } => Some((*new_due, fact.sequence)),
        _ => None,
    });
    given.min()
}

/// The local day on which the ledger first heard of the action's plan.
fn planned_on_record(views: &Views, history: &History<ActionFact>) -> Option<Date> {
    let mut plans = history.all().iter().filter(|fact| matches!(fact.fact, ActionFact::Planned(_)));
    Some(views.recorded_on(plans.next()?.sequence))
}

/// What was said to be replaced stays so, too: lateness that was inherited is not cleared by saying the plan anew.
fn replaces<'v>(history: &'v History<ActionFact>, horizon: Horizon) -> Vec<&'v Code> {
    let mut replaced: Vec<&'v Code> = Vec::new();
    for fact in history.all().iter().filter(|fact| Views::within(fact, horizon)) {
        if let ActionFact::Planned(plan) = &fact.fact
            && let Some(other) = &plan.replaces
            && !replaced.contains(&other)
        {
            replaced.push(other);
        }
    }
    replaced
}

impl<'v> Replayed<'v> {
    fn step(&mut self, fact: &'v Dated<ActionFact>) {
        let outcome = &mut self.outcome;
        match &fact.fact {
            ActionFact::Planned(plan) => {
                self.owner = Owner::named(fact, &plan.owner_post);
                return;
            }
            ActionFact::Reassigned(to) => self.owner.hand_over(fact, to),
            ActionFact::Started => {
                outcome.state = ActionState::InProgress;
                outcome.completion = None;
                outcome.closed_on = None;
                outcome.cancelled_late = None;
            }
            ActionFact::Revised { backdated: true, .. } => outcome.ignored_moves += 1,
            ActionFact::Revised { new_due, backdated: false } => {
                outcome.moved += 1;
                outcome.current_due = *new_due;
            }
            ActionFact::Completed { recorded_on } => {
                outcome.state = ActionState::Claimed;
                outcome.closed_on = None;
                outcome.cancelled_late = None;
                outcome.completion = Some(Completion {
                    on: fact.effective,
                    recorded_on: *recorded_on,
                    sequence: fact.sequence,
                });
            }
            ActionFact::Verified(evidence) => {
                outcome.state = ActionState::Verified;
                self.evidence = Some(evidence);
                outcome.closed_on = Some(fact.effective);
                outcome.cancelled_late = None;
            }
            // The clock resumes from the dates that were given; nothing about them changes here.
            ActionFact::Reopened => {
                outcome.state = ActionState::InProgress;
                outcome.reopened = true;
                outcome.completion = None;
                outcome.closed_on = None;
                outcome.cancelled_late = None;
            }
            ActionFact::Cancelled { recorded_on } => {
                outcome.state = ActionState::Cancelled;
                outcome.closed_on = Some(fact.effective);
                outcome.cancelled_late = Some(*recorded_on).filter(|recorded| *recorded > fact.effective);
                outcome.completion = None;
            }
        }
        outcome.events.push(fact.sequence);
    }
}

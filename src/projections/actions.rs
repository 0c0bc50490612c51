//! Actions: what was promised for when, and how each one stands from a given horizon.
//!
//! Invariant: standing is always a replay of the action's facts by effective day, then sequence, the order in which the
//! ledger itself judges them. Lateness is no state; it is worked out by whoever asks. Must not know reports.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::Views;
use super::history::{Dated, History, Horizon};
use super::owner::Owner;
use super::resting::Resting;
use super::sequences::Sequences;
use super::shared::SharedMap;
use crate::domain::command::Recorded;
use crate::domain::event::{ActionPlanned, Payload};
use crate::domain::id::Code;
use crate::domain::irregularity::Irregularity;

/// One thing that happened to an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ActionFact {
    /// It was planned.
    Planned(Arc<ActionPlanned>),
    /// Work began.
    Started,
    /// Its deadline moved.
    Revised {
        /// The deadline from then on.
        new_due: Date,
        /// The move was meant to count before it was recorded: it does not count against lateness.
        backdated: bool,
    },
    /// Somebody says that it is done.
    Completed {
        /// The local day on which that was recorded; of a correction, on which what it corrects was.
        recorded_on: Date,
    },
    /// Somebody else looked, and it is done. On that evidence it rests.
    Verified(Arc<[Code]>),
    /// It was not done after all.
    Reopened,
    /// It will not be done.
    Cancelled {
        /// The local day on which that was recorded; of a correction, on which what it corrects was.
        recorded_on: Date,
    },
    /// That post answers for it from now on.
    Reassigned(Code),
}

impl ActionFact {
    /// What is kept of an event; it, or what it corrects, was recorded on that local day. How far the work is said to be steers nothing.
    pub(super) fn of(fact: &Recorded, payload: &Payload, recorded_on: Date) -> Option<Self> {
        Some(match payload {
            Payload::ActionPlanned(it) => Self::Planned(Arc::new(it.clone())),
            Payload::ActionStarted(_) => Self::Started,
            Payload::DeadlineRevised(it) => Self::Revised {
                new_due: it.new_due,
                backdated: fact.irregularities.contains(&Irregularity::BackdatedDeadline),
            },
            Payload::ActionCompleted(_) => Self::Completed { recorded_on },
            Payload::ActionVerified(it) => Self::Verified(it.evidence.as_slice().into()),
            Payload::ActionReopened(_) => Self::Reopened,
            Payload::ActionCancelled(_) => Self::Cancelled { recorded_on },
            Payload::OwnerReassigned(it) => Self::Reassigned(it.to_post.clone()),
            _ => return None,
        })
    }
}

/// The view. Entries are shared on cloning; see [`SharedMap`] for the cost.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ActionsView {
    /// Actions by id.
    pub facts: SharedMap<Code, History<ActionFact>>,
    /// Which of them may be passed over.
    pub(super) resting: Resting,
    /// The actions of which a plan ever said that they replace an action, by the id of that one.
    pub(super) replacements: SharedMap<Code, Vec<Code>>,
}

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

/// How one action stands from a horizon.
#[derive(Clone, Debug)]
pub struct Standing<'views> {
    /// The action's id.
    pub id: &'views Code,
    /// Its plan.
    pub plan: &'views ActionPlanned,
    /// The sequence of the plan.
    pub planned: u64,
    /// The day on which it was planned.
    pub planned_on: Date,
    /// The actions that any of its plans ever said it replaces, taken back or said anew since or not.
    pub replaces: Vec<&'views Code>,
    /// Who answers for it.
    pub owner: Owner<'views>,
    /// How far it has come.
    pub state: ActionState,
    /// On what its verification rests, if it is verified.
    pub evidence: &'views [Code],
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

impl ActionsView {
    /// The actions that are known from the horizon and were not closed for good before that day; and perhaps some others.
    /// Each with whether a plan ever bound it to another action. In no order that means anything.
    pub fn awake<'v>(
        &'v self,
        views: &'v Views,
        horizon: Horizon,
        day: Date,
    ) -> impl Iterator<Item = (Standing<'v>, bool)> + use<'v> {
        let awake = self.resting.awake(&views.awake_since(horizon, day));
        awake.filter_map(move |(id, bound)| Some((self.standing(views, id, horizon)?, bound)))
    }

    /// How one action stands from the horizon, if it is known.
    pub fn standing<'v>(&'v self, views: &'v Views, id: &Code, horizon: Horizon) -> Option<Standing<'v>> {
        let (id, history) = self.facts.get_entry(id)?;
        standing(views, id, history, horizon)
    }

    /// The actions of which a plan ever said that they replace this one.
    pub fn replacements(&self, id: &Code) -> &[Code] {
        self.replacements.get(id).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether any action is known from the horizon.
    pub fn any(&self, views: &Views, horizon: Horizon) -> bool {
        self.facts.iter().any(|(_, history)| views.last_or_voided(history, horizon, is_plan).is_some())
    }

    /// Every action that is known from the horizon, the voided ones too, in the order of their ids.
    pub fn standings<'v>(&'v self, views: &'v Views, horizon: Horizon) -> impl Iterator<Item = Standing<'v>> {
        self.facts.iter().filter_map(move |(id, history)| standing(views, id, history, horizon))
    }
}

const fn is_plan(fact: &ActionFact) -> bool {
    matches!(fact, ActionFact::Planned(_))
}

impl Views {
    /// The plan of an action that counts from the horizon, unless it was taken back; and its event.
    pub(super) fn standing_plan(&self, id: &Code, horizon: Horizon) -> Option<(u64, &ActionPlanned)> {
        let (planned, void) = self.last_or_voided(self.actions.facts.get(id)?, horizon, is_plan)?;
        match &planned.fact {
            ActionFact::Planned(plan) if void.is_none() => Some((planned.sequence, plan)),
            _ => None,
        }
    }

    /// Notes whether an action rests now that an event about it was recorded. The facts are looked at where the work may
    /// have ended, and not at each step on the way.
    pub(super) fn rest_action(&mut self, fact: &Recorded) {
        let id = fact.event.subject.id();
        let ends = matches!(
            fact.event.payload,
            Payload::ActionVerified(_)
                | Payload::ActionCancelled(_)
                | Payload::EventVoided(_)
                | Payload::CorrectionMade(_)
        );
        let since = if ends { self.action_rests(id, self.local_day(fact.recorded_at)) } else { None };
        if self.actions.facts.get(id).is_some() {
            self.actions.resting.set(id, since);
        }
    }

    /// The day from which on an action rests, if it does; about which something was recorded last on that day.
    fn action_rests(&self, id: &Code, recorded_on: Date) -> Option<Date> {
        let everything = Horizon { as_at: Date::MAX, as_known: u64::MAX };
        let standing = self.actions.standing(self, id, everything)?;
        let closed = standing.closed_on?.max(standing.cancelled_late.unwrap_or(recorded_on));
        let last = self.actions.facts.get(id)?.all().iter().map(|fact| fact.effective).max()?;
        Some(closed.max(last).max(recorded_on))
    }
}

fn standing<'v>(
    views: &'v Views,
    id: &'v Code,
    history: &'v History<ActionFact>,
    horizon: Horizon,
) -> Option<Standing<'v>> {
    // A plan that was taken back stays listed: a void must not make a promise disappear.
    let (planned, void) = views.last_or_voided(history, horizon, is_plan)?;
    let ActionFact::Planned(plan) = &planned.fact else { return None };
    let mut standing = Standing {
        id,
        plan,
        planned: planned.sequence,
        planned_on: planned.effective,
        replaces: replaces(history, horizon),
        owner: Owner::named(planned, &plan.owner_post),
        state: ActionState::Planned,
        evidence: &[],
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
    views.step_through(history, horizon, |fact| standing.step(fact));
    if let Some(void) = void {
        standing.state = ActionState::Voided;
        standing.closed_on = Some(void.recorded_on);
        standing.cancelled_late = None;
        standing.completion = None;
        standing.events.push(void.sequence);
    }
    if standing.cancelled_late.is_some() && standing.cancelled_late == planned_on_record(views, history) {
        standing.cancelled_late = None;
    }
    standing.events.sort();
    Some(standing)
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

impl<'v> Standing<'v> {
    fn step(&mut self, fact: &'v Dated<ActionFact>) {
        match &fact.fact {
            ActionFact::Planned(plan) => {
                self.owner = Owner::named(fact, &plan.owner_post);
                return;
            }
            ActionFact::Reassigned(to) => self.owner.hand_over(fact, to),
            ActionFact::Started => {
                self.state = ActionState::InProgress;
                self.completion = None;
                self.closed_on = None;
                self.cancelled_late = None;
            }
            ActionFact::Revised { backdated: true, .. } => self.ignored_moves += 1,
            ActionFact::Revised { new_due, backdated: false } => {
                self.moved += 1;
                self.current_due = *new_due;
            }
            ActionFact::Completed { recorded_on } => {
                self.state = ActionState::Claimed;
                self.closed_on = None;
                self.cancelled_late = None;
                self.completion = Some(Completion {
                    on: fact.effective,
                    recorded_on: *recorded_on,
                    sequence: fact.sequence,
                });
            }
            ActionFact::Verified(evidence) => {
                self.state = ActionState::Verified;
                self.evidence = evidence;
                self.closed_on = Some(fact.effective);
                self.cancelled_late = None;
            }
            // The clock resumes from the dates that were given; nothing about them changes here.
            ActionFact::Reopened => {
                self.state = ActionState::InProgress;
                self.reopened = true;
                self.completion = None;
                self.closed_on = None;
                self.cancelled_late = None;
            }
            ActionFact::Cancelled { recorded_on } => {
                self.state = ActionState::Cancelled;
                self.closed_on = Some(fact.effective);
                self.cancelled_late = Some(*recorded_on).filter(|recorded| *recorded > fact.effective);
                self.completion = None;
            }
        }
        self.events.push(fact.sequence);
    }
}

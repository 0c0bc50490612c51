//! Actions: what was promised for when, and how each one stands from a given horizon.
//!
//! Invariant: standing is always a replay of the action's facts by effective day, then sequence, the order in which the
//! ledger itself judges them. Lateness is no state; it is worked out by whoever asks. Must not know reports.

use jiff::civil::Date;
use std::sync::Arc;

use super::Views;
use super::history::{Dated, History, Horizon};
use super::owner::Owner;
use super::shared::SharedMap;
use crate::domain::command::Recorded;
use crate::domain::event::{ActionPlanned, Payload};
use crate::domain::id::Code;
use crate::domain::irregularity::Irregularity;

/// One thing that happened to an action.
#[derive(Clone, Debug, PartialEq, Eq)]
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
        /// The local day on which that was recorded.
        recorded_on: Date,
    },
    /// Somebody else looked, and it is done. On that evidence it rests.
    Verified(Arc<[Code]>),
    /// It was not done after all.
    Reopened,
    /// It will not be done.
    Cancelled,
    /// That post answers for it from now on.
    Reassigned(Code),
}

impl ActionFact {
    /// What is kept of an event that was recorded on that local day. How far the work is said to be steers nothing.
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
            Payload::ActionCancelled(_) => Self::Cancelled,
            Payload::OwnerReassigned(it) => Self::Reassigned(it.to_post.clone()),
            _ => return None,
        })
    }
}

/// The view. Entries are shared on cloning; see [`SharedMap`] for the cost.
#[derive(Clone, Debug, Default)]
pub struct ActionsView {
    /// Actions by id.
    pub facts: SharedMap<Code, History<ActionFact>>,
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
    /// The completion that stands, if it is claimed or verified.
    pub completion: Option<Completion>,
    /// The earliest due date ever recorded for it: of its plans, voided ones too, and of its moves that count.
    pub earliest_due: Date,
    /// The due date now.
    pub current_due: Date,
    /// How often the deadline was moved in a way that counts.
    pub moved: u32,
    /// How often a move was backdated, and so ignored.
    pub ignored_moves: u32,
    /// Whether it was ever reopened.
    pub reopened: bool,
    /// The sequences of the events that say so, ascending.
    pub events: Vec<u64>,
}

impl ActionsView {
    /// Every action that is known from the horizon, the voided ones too, in the order of their ids.
    pub fn standings<'v>(&'v self, views: &'v Views, horizon: Horizon) -> impl Iterator<Item = Standing<'v>> {
        self.facts.iter().filter_map(move |(id, history)| standing(views, id, history, horizon))
    }
}

fn standing<'v>(
    views: &'v Views,
    id: &'v Code,
    history: &'v History<ActionFact>,
    horizon: Horizon,
) -> Option<Standing<'v>> {
    // A plan that was taken back stays listed: a void must not make a promise disappear.
    let is_plan = |fact: &ActionFact| matches!(fact, ActionFact::Planned(_));
    let (planned, void) = views.last_or_voided(history, horizon, is_plan)?;
    let ActionFact::Planned(plan) = &planned.fact else { return None };
    let facts = views.seen(history, horizon);
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
        completion: None,
        earliest_due: earliest_due(views, history, horizon).unwrap_or(plan.first_due),
        current_due: plan.first_due,
        moved: 0,
        ignored_moves: 0,
        reopened: false,
        events: vec![planned.sequence],
    };
    for fact in facts {
        standing.step(fact);
    }
    if let Some(void) = void {
        standing.state = ActionState::Voided;
        standing.closed_on = Some(void.recorded_on);
        standing.completion = None;
        standing.events.push(void.sequence);
    }
    standing.events.sort_unstable();
    standing.events.dedup();
    Some(standing)
}

/// A plan may be taken back and made again; the first date that was given stays the first. So does a date that was
/// corrected away, of a plan or of a move: it was given, and people counted on it.
fn earliest_due(views: &Views, history: &History<ActionFact>, horizon: Horizon) -> Option<Date> {
    let given = history.all().iter().filter(|fact| Views::within(fact, horizon)).filter_map(|fact| {
        let known = horizon.as_known;
        let taken_back = [fact.sequence, fact.place].iter().any(|it| views.void_of(*it, known).is_some());
        let said_anew = !taken_back && views.correction_of(fact, known).is_some();
        match &fact.fact {
            ActionFact::Planned(plan) => Some(plan.first_due),
            ActionFact::Revised { new_due, backdated: false } if said_anew => Some(*new_due),
            _ => None,
        }
    });
    given.min()
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
            }
            ActionFact::Revised { backdated: true, .. } => self.ignored_moves += 1,
            ActionFact::Revised { new_due, backdated: false } => {
                self.moved += 1;
                self.current_due = *new_due;
                self.earliest_due = self.earliest_due.min(*new_due);
            }
            ActionFact::Completed { recorded_on } => {
                self.state = ActionState::Claimed;
                self.closed_on = None;
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
            }
            // The clock resumes from the dates that were given; nothing about them changes here.
            ActionFact::Reopened => {
                self.state = ActionState::InProgress;
                self.reopened = true;
                self.completion = None;
                self.closed_on = None;
            }
            ActionFact::Cancelled => {
                self.state = ActionState::Cancelled;
                self.closed_on = Some(fact.effective);
                self.completion = None;
            }
        }
        self.events.push(fact.sequence);
    }
}

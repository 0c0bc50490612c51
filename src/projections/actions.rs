//! Actions: what was promised for when, and how each one stands from a given horizon.
//!
//! Invariant: standing is always a replay of the action's facts by effective day, then sequence, the order in which the
//! ledger itself judges them. Lateness is no state; it is worked out by whoever asks. Must not know reports.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::Views;
use super::history::{History, Horizon};
use super::resting::Resting;
use super::shared::SharedMap;
pub use super::standing::{ActionState, Completion, Outcome, Standing};
use super::standing::{Seen, Settled};
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
    pub(super) resting: Resting<Settled>,
    /// The actions of which a plan ever said that they replace an action, by the id of that one.
    pub(super) replacements: SharedMap<Code, Vec<Code>>,
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
        awake.filter_map(move |(id, bound, settled)| match settled.map(|it| (it, it.seen_from(horizon))) {
            Some((settled, Seen::AsItIs)) => Some((settled.standing(id), bound)),
            Some((_, Seen::Nothing)) => None,
            Some((_, Seen::AsItWas)) | None => Some((self.standing(views, id, horizon)?, bound)),
        })
    }

    /// How one action stands from the horizon, if it is known.
    pub fn standing<'v>(&'v self, views: &'v Views, id: &Code, horizon: Horizon) -> Option<Standing<'v>> {
        let (id, history) = self.facts.get_entry(id)?;
        Standing::replayed(views, id, history, horizon)
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
        self.facts.iter().filter_map(move |(id, history)| Standing::replayed(views, id, history, horizon))
    }
}

pub(super) const fn is_plan(fact: &ActionFact) -> bool {
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

    /// Notes how an action stands now that an event about it was recorded, and whether it rests. Whether the work has ended
    /// is looked at where it may have, and not at each step on the way.
    pub(super) fn rest_action(&mut self, fact: &Recorded) {
        let id = fact.event.subject.id();
        let Some(history) = self.actions.facts.get(id) else { return };
        let undoes = matches!(fact.event.payload, Payload::EventVoided(_) | Payload::CorrectionMade(_));
        let ends =
            undoes || matches!(fact.event.payload, Payload::ActionVerified(_) | Payload::ActionCancelled(_));
        // Of an event of which nothing is kept it stands as it did.
        if !undoes && history.span().1 != fact.sequence {
            self.actions.resting.set(id, None);
            return;
        }
        let settled = Settled::of(self, history);
        let recorded_on = self.local_day(fact.recorded_at);
        let since = settled.as_ref().filter(|_| ends).and_then(|it| it.rests(history, recorded_on));
        self.actions.resting.settle(id, since, settled);
    }

    /// How each action stands, where that was not taken along.
    pub(super) fn settle_actions(&mut self) {
        let facts = self.actions.facts.clone();
        for (id, history) in facts.iter() {
            let settled = Settled::of(self, history);
            self.actions.resting.note(id, settled);
        }
    }
}

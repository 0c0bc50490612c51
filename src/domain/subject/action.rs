//! The life cycle of an action: planned → in progress → claimed complete → verified; reopened from the last two;
//! cancelled while open, for good.
//!
//! Invariant: a deadline is moved only while the action is open, and the first one is never forgotten. *Overdue* is
//! derived elsewhere: nothing here knows the present day.

use jiff::civil::Date;
use std::sync::Arc;
use uuid::Uuid;

use super::State;
use crate::domain::command::Recorded;
use crate::domain::event::{ActionPlanned, DeadlineRevised, Payload};
use crate::domain::id::{Code, SourceName};
use crate::domain::rules::{self, Breach};

/// How far an action is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Planned, not started.
    Planned,
    /// Being worked on.
    InProgress,
    /// Somebody says that it is done.
    ClaimedComplete,
    /// Somebody else looked, and it is done.
    Verified,
    /// It was not done after all.
    Reopened,
    /// It will not be done.
    Cancelled,
}

impl Stage {
    /// Its name, as readers see it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "PLANNED",
            Self::InProgress => "IN_PROGRESS",
            Self::ClaimedComplete => "CLAIMED_COMPLETE",
            Self::Verified => "VERIFIED",
            Self::Reopened => "REOPENED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// Whether work is still owed.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Planned | Self::InProgress | Self::Reopened)
    }
}

/// Somebody's word that it is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Sequence of the completion.
    pub sequence: u64,
    /// The system that said so.
    pub source: SourceName,
}

/// An action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// How far it is.
    pub stage: Stage,
    /// Sequence of the event that brought it there.
    pub since: u64,
    /// When it was planned.
    pub planned_on: Date,
    /// The feedback that its plan names.
    pub feedback: Vec<Uuid>,
    /// Who answers for it.
    pub owner_post: Code,
    /// Sequence of the event since which that post answers for it.
    pub owner_since: u64,
    /// The first deadline.
    pub first_due: Date,
    /// The deadline now.
    pub due: Date,
    /// Sequence of the event that set the deadline.
    pub due_since: u64,
    /// How often the deadline moved.
    pub times_moved: u32,
    /// The action that it replaces.
    pub replaces: Option<Code>,
    /// The claim that stands, if it is claimed or verified.
    pub claim: Option<Claim>,
}

impl Action {
    pub(super) fn planned(
        state: &State,
        planned: &ActionPlanned,
        at: u64,
        day: Date,
    ) -> Result<Self, Breach> {
        match state {
            State::None => Ok(Self {
                stage: Stage::Planned,
                since: at,
                planned_on: day,
                feedback: planned.feedback.clone(),
                owner_post: planned.owner_post.clone(),
                owner_since: at,
                first_due: planned.first_due,
                due: planned.first_due,
                due_since: at,
                times_moved: 0,
                replaces: planned.replaces.clone(),
                claim: None,
            }),
            State::Action(action) => Err(Breach::of(&rules::ACTION_ALREADY_PLANNED, Some(action.since))),
            _ => Err(Breach::of(&rules::WRONG_KIND, None)),
        }
    }

    pub(super) fn after(state: &State, fact: &Arc<Recorded>) -> Result<Self, Breach> {
        let action = match state {
            State::Action(action) => action,
            State::None => return Err(Breach::of(&rules::ACTION_NOT_PLANNED, None)),
            _ => return Err(Breach::of(&rules::WRONG_KIND, None)),
        };
        let step = action.step(&fact.event.payload)?;
        let mut next = Self { stage: step.unwrap_or(action.stage), ..action.clone() };
        if step.is_some() {
            next.since = fact.sequence;
        }
        match &fact.event.payload {
            Payload::DeadlineRevised(revised) => {
                next.due = revised.new_due;
                next.due_since = fact.sequence;
                next.times_moved += 1;
            }
            Payload::ActionCompleted(_) => {
                next.claim = Some(Claim { sequence: fact.sequence, source: fact.source.clone() });
            }
            Payload::ActionReopened(_) => next.claim = None,
            _ => {}
        }
        Ok(next)
    }

    /// The stage to which an event leads, if it leads to one.
    fn step(&self, payload: &Payload) -> Result<Option<Stage>, Breach> {
        let stands = |rule| Err(Breach::of(rule, Some(self.since)));
        let open = self.stage.is_open();
        match payload {
            Payload::ActionStarted(_) if self.stage == Stage::InProgress => {
                stands(&rules::ACTION_ALREADY_STARTED)
            }
            Payload::ActionStarted(_) if open => Ok(Some(Stage::InProgress)),
            // Small actions are done without anybody saying that they began.
            Payload::ActionCompleted(_) if open => Ok(Some(Stage::ClaimedComplete)),
            Payload::ActionCancelled(_) if open => Ok(Some(Stage::Cancelled)),
            // How far the work is said to be never says what it is.
            Payload::ActionProgressReported(_) if open => Ok(None),
            // A deadline that is moved after the end would only tidy up the past.
            Payload::DeadlineRevised(revised) if open => self.deadline(revised).map(|()| None),
            Payload::ActionVerified(_) if self.stage == Stage::ClaimedComplete => Ok(Some(Stage::Verified)),
            Payload::ActionVerified(_) => stands(&rules::ACTION_NOT_CLAIMED),
            Payload::ActionReopened(_) if matches!(self.stage, Stage::ClaimedComplete | Stage::Verified) => {
                Ok(Some(Stage::Reopened))
            }
            Payload::ActionReopened(_) => stands(&rules::ACTION_NOT_DONE),
            _ => stands(&rules::ACTION_ALREADY_CLOSED),
        }
    }

    fn deadline(&self, revised: &DeadlineRevised) -> Result<(), Breach> {
        if revised.old_due == self.due {
            Ok(())
        } else {
            Err(Breach::of(&rules::DEADLINE_NOT_CURRENT, Some(self.due_since)))
        }
    }
}

//! The life cycles of a round of asking and of an item of feedback, as far as their own events tell.
//!
//! Invariant: no state here holds a word that somebody said, nor when exactly an anonymous person said it. Whether a
//! linked change came into force is another subject's matter.

use jiff::civil::Date;

use super::State;
use crate::domain::event::{
    Anonymity, Contact, FeedbackReceived, FeedbackResponded, FeedbackSought, ResponseMode, ResponseOutcome,
};
use crate::domain::rules::{self, Breach};

/// A round of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// Sequence of its announcement.
    pub sequence: u64,
    /// First day.
    pub opens: Date,
    /// Last day.
    pub closes: Date,
    /// How many were asked.
    pub invited: Option<u32>,
}

impl Round {
    pub(super) fn after(state: &State, sought: &FeedbackSought, at: u64) -> Result<Self, Breach> {
        match state {
            State::None => {
                Ok(Self { sequence: at, opens: sought.opens, closes: sought.closes, invited: sought.invited })
            }
            State::Round(round) => Err(Breach::of(&rules::ROUND_ALREADY_SOUGHT, Some(round.sequence))),
            _ => Err(Breach::of(&rules::WRONG_KIND, None)),
        }
    }
}

/// How far an item of feedback is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nobody has answered.
    Received,
    /// Answered that nothing will change; not yet closed with a reason.
    Acknowledged,
    /// Answered that a change is being considered.
    Considering,
    /// Answered that something will change.
    ChangeAgreed,
    /// Nothing will change, and why.
    ClosedWithoutChange,
}

impl Stage {
    /// Its name, as readers see it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "RECEIVED",
            Self::Acknowledged => "ACKNOWLEDGED",
            Self::Considering => "CONSIDERING",
            Self::ChangeAgreed => "CHANGE_AGREED",
            Self::ClosedWithoutChange => "CLOSED_WITHOUT_CHANGE",
        }
    }
}

/// An item of feedback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feedback {
    /// How far it is.
    pub stage: Stage,
    /// Sequence of the event that brought it there.
    pub since: u64,
    /// Sequence of its receipt.
    pub received: u64,
    /// The day from which it counts as received; of an anonymous item, the first of its month.
    pub received_on: Date,
    /// How far the respondent can be known.
    pub anonymity: Anonymity,
    /// How the respondent can be answered.
    pub contact: Contact,
    /// Sequence of the first answer.
    pub answered: Option<u64>,
}

impl Feedback {
    pub(super) fn received(
        state: &State,
        received: &FeedbackReceived,
        at: u64,
        day: Date,
    ) -> Result<Self, Breach> {
        match state {
            State::None => Ok(Self {
                stage: Stage::Received,
                since: at,
                received: at,
                received_on: day,
                anonymity: received.anonymity,
                contact: received.contact,
                answered: None,
            }),
            State::Feedback(feedback) => {
                Err(Breach::of(&rules::FEEDBACK_ALREADY_RECEIVED, Some(feedback.received)))
            }
            _ => Err(Breach::of(&rules::WRONG_KIND, None)),
        }
    }

    pub(super) fn responded(state: &State, answer: &FeedbackResponded, at: u64) -> Result<Self, Breach> {
        let feedback = Self::standing(state)?;
        if answer.mode == ResponseMode::Direct && feedback.contact == Contact::None {
            return Err(Breach::of(&rules::FEEDBACK_NOT_CONTACTABLE, Some(feedback.received)));
        }
        let next = match (feedback.stage, answer.outcome) {
            // First the decision, then the answer that tells it: that order is common, and the item stays closed.
            (Stage::ClosedWithoutChange, ResponseOutcome::NoChange) => Stage::ClosedWithoutChange,
            (Stage::ClosedWithoutChange, _) => {
                return Err(Breach::of(&rules::FEEDBACK_ALREADY_CLOSED, Some(feedback.since)));
            }
            (_, ResponseOutcome::ChangeAgreed) => Stage::ChangeAgreed,
            (_, ResponseOutcome::ChangeConsidered) => Stage::Considering,
            (_, ResponseOutcome::NoChange) => Stage::Acknowledged,
        };
        let since = if next == feedback.stage { feedback.since } else { at };
        Ok(Self { stage: next, since, answered: feedback.answered.or(Some(at)), ..feedback.clone() })
    }

    pub(super) fn closed(state: &State, at: u64) -> Result<Self, Breach> {
        let feedback = Self::standing(state)?;
        if feedback.stage == Stage::ClosedWithoutChange {
            return Err(Breach::of(&rules::FEEDBACK_ALREADY_CLOSED, Some(feedback.since)));
        }
        Ok(Self { stage: Stage::ClosedWithoutChange, since: at, ..feedback.clone() })
    }

    fn standing(state: &State) -> Result<&Self, Breach> {
        match state {
            State::Feedback(feedback) => Ok(feedback),
            State::None => Err(Breach::of(&rules::FEEDBACK_NOT_RECEIVED, None)),
            _ => Err(Breach::of(&rules::WRONG_KIND, None)),
        }
    }
}

//! The life cycle of a commitment: made, reviewed any number of times, and ended once: fulfilled (a milestone alone),
//! merged, superseded or withdrawn.
//!
//! Invariant: what is ended stays ended, and what it goes on as is never forgotten. What becomes of it under a new
//! version of its pledge is the pledge's fact, and stands there.

use jiff::civil::Date;
use std::sync::Arc;

use super::State;
use crate::domain::command::Recorded;
use crate::domain::event::{CommitmentKind, CommitmentMade, CommitmentReviewed, Payload, ReviewOutcome};
use crate::domain::id::Code;
use crate::domain::rules::{self, Breach};

/// How a commitment ended by an event of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The milestone was reached.
    Fulfilled,
    /// It goes on inside that commitment.
    Merged(Code),
    /// That commitment took its place.
    Superseded(Code),
    /// It was given up.
    Withdrawn,
}

impl Ending {
    /// Its name, as readers see it.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Fulfilled => "FULFILLED",
            Self::Merged(_) => "MERGED",
            Self::Superseded(_) => "SUPERSEDED",
            Self::Withdrawn => "WITHDRAWN",
        }
    }

    /// The commitment that goes on in its stead.
    pub const fn successor(&self) -> Option<&Code> {
        match self {
            Self::Merged(other) | Self::Superseded(other) => Some(other),
            Self::Fulfilled | Self::Withdrawn => None,
        }
    }
}

/// The end of a commitment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// How it ended.
    pub ending: Ending,
    /// Sequence of the event that ended it.
    pub sequence: u64,
    /// The first day on which it is closed.
    pub on: Date,
}

/// One promise of a pledge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commitment {
    /// Sequence of its making.
    pub sequence: u64,
    /// When it was made.
    pub made_on: Date,
    /// Of which pledge.
    pub pledge: Code,
    /// In which version.
    pub pledge_version: u32,
    /// Whether it can ever be complete.
    pub kind: CommitmentKind,
    /// Who answers for it.
    pub owner_post: Code,
    /// Sequence of the event since which that post answers for it.
    pub owner_since: u64,
    /// The commitments that it delivers.
    pub delivers: Arc<[Code]>,
    /// How it ended by an event of its own.
    pub end: Option<End>,
}

impl Commitment {
    pub(super) fn made(state: &State, made: &CommitmentMade, at: u64, day: Date) -> Result<Self, Breach> {
        match state {
            State::None => Ok(Self {
                sequence: at,
                made_on: day,
                pledge: made.pledge.clone(),
                pledge_version: made.pledge_version,
                kind: made.kind,
                owner_post: made.owner_post.clone(),
                owner_since: at,
                delivers: made.delivers.iter().map(|delivery| delivery.commitment.clone()).collect(),
                end: None,
            }),
            State::Commitment(old) => Err(Breach::of(&rules::COMMITMENT_ALREADY_MADE, Some(old.sequence))),
            _ => Err(Breach::of(&rules::WRONG_KIND, None)),
        }
    }

    /// A review leaves a promise as it is; but what it found must be something that can be found of such a promise.
    pub(super) fn reviewed(state: &State, reviewed: &CommitmentReviewed) -> Result<Self, Breach> {
        let commitment = Self::standing(state)?;
        if !fits(reviewed.outcome, commitment.kind) {
            return Err(Breach::of(&rules::OUTCOME_OF_OTHER_KIND, Some(commitment.sequence)));
        }
        match &commitment.end {
            // What was kept until it ended can still be looked at.
            Some(end) if end.on <= reviewed.period_from => {
                Err(Breach::of(&rules::COMMITMENT_CLOSED, Some(end.sequence)))
            }
            _ => Ok(commitment.clone()),
        }
    }

    pub(super) fn ended(state: &State, fact: &Arc<Recorded>, on: Date) -> Result<Self, Breach> {
        let commitment = Self::standing(state)?;
        let ending = match &fact.event.payload {
            // What is kept or not kept in a period is never complete.
            Payload::CommitmentFulfilled(_) if commitment.kind != CommitmentKind::Milestone => {
                return Err(Breach::of(&rules::COMMITMENT_NOT_MILESTONE, Some(commitment.sequence)));
            }
            Payload::CommitmentFulfilled(_) => Ending::Fulfilled,
            Payload::CommitmentMerged(merged) => Ending::Merged(merged.into.clone()),
            Payload::CommitmentSuperseded(superseded) => Ending::Superseded(superseded.by.clone()),
            Payload::CommitmentWithdrawn(_) => Ending::Withdrawn,
            _ => return Err(Breach::of(&rules::WRONG_KIND, None)),
        };
        if let Some(end) = &commitment.end {
            return Err(Breach::of(&rules::COMMITMENT_CLOSED, Some(end.sequence)));
        }
        let end = End { ending, sequence: fact.sequence, on };
        Ok(Self { end: Some(end), ..commitment.clone() })
    }

    fn standing(state: &State) -> Result<&Self, Breach> {
        match state {
            State::Commitment(commitment) => Ok(commitment),
            State::None => Err(Breach::of(&rules::COMMITMENT_NOT_MADE, None)),
            _ => Err(Breach::of(&rules::WRONG_KIND, None)),
        }
    }

    /// The stage's name, as readers see it. A review changes nothing about a promise: it stays active.
    pub const fn stage_name(&self) -> &'static str {
        match &self.end {
            Some(end) => end.ending.as_str(),
            None => "ACTIVE",
        }
    }
}

/// Whether such a promise can be found so: one is kept in a period, the other is done in the end, and of either it may
/// be that nothing tells.
const fn fits(outcome: ReviewOutcome, kind: CommitmentKind) -> bool {
    use ReviewOutcome::{Complete, Kept, Limited, NoEvidence, NotKept, NotStarted, Partly, Substantial};
    match outcome {
        Kept | Partly | NotKept => matches!(kind, CommitmentKind::Continuing),
        NotStarted | Limited | Substantial | Complete => matches!(kind, CommitmentKind::Milestone),
        NoEvidence => true,
    }
}

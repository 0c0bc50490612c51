//! The life cycle of a piece of evidence: attached → challenged → upheld or rejected; upheld evidence may be challenged
//! again; withdrawn while it stands.
//!
//! Invariant: what was rejected or withdrawn never stands again, and who attached it is never forgotten. Who may rest
//! on it is judged across subjects, elsewhere.

use std::sync::Arc;

use super::State;
use crate::domain::command::Recorded;
use crate::domain::event::{EvidenceAttached, Payload};
use crate::domain::id::{Code, Subject};
use crate::domain::rules::{self, Breach};
use crate::domain::value::Sha256;

/// How far a piece of evidence is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nobody has doubted it.
    Attached,
    /// Somebody doubts it.
    Challenged,
    /// It was doubted, and stands.
    Upheld,
    /// It was doubted, and falls.
    Rejected,
    /// It was taken back.
    Withdrawn,
}

impl Stage {
    /// Its name, as readers see it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Attached => "ATTACHED",
            Self::Challenged => "CHALLENGED",
            Self::Upheld => "UPHELD",
            Self::Rejected => "REJECTED",
            Self::Withdrawn => "WITHDRAWN",
        }
    }
}

/// A document that supports something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Sequence of the attachment.
    pub sequence: u64,
    /// What it supports.
    pub about: Subject,
    /// The document's hash.
    pub sha256: Sha256,
    /// The post that attached it, if it said so.
    pub attached_by: Option<Code>,
    /// How far it is believed.
    pub stage: Stage,
    /// Sequence of the event that brought it there.
    pub since: u64,
}

impl Evidence {
    pub(super) fn attached(
        state: &State,
        attached: &EvidenceAttached,
        fact: &Arc<Recorded>,
    ) -> Result<Self, Breach> {
        match state {
            State::None => Ok(Self {
                sequence: fact.sequence,
                about: attached.about.clone(),
                sha256: attached.sha256,
                attached_by: fact.event.actor_post.clone(),
                stage: Stage::Attached,
                since: fact.sequence,
            }),
            State::Evidence(old) => Err(Breach::of(&rules::EVIDENCE_ALREADY_ATTACHED, Some(old.sequence))),
            _ => Err(Breach::of(&rules::WRONG_KIND, None)),
        }
    }

    pub(super) fn after(state: &State, fact: &Arc<Recorded>) -> Result<Self, Breach> {
        let evidence = match state {
            State::Evidence(evidence) => evidence,
            State::None => return Err(Breach::of(&rules::EVIDENCE_NOT_ATTACHED, None)),
            _ => return Err(Breach::of(&rules::WRONG_KIND, None)),
        };
        let next = evidence.step(&fact.event.payload)?;
        Ok(Self { stage: next, since: fact.sequence, ..evidence.clone() })
    }

    /// The stage to which an event leads.
    fn step(&self, payload: &Payload) -> Result<Stage, Breach> {
        let stands = |rule| Err(Breach::of(rule, Some(self.since)));
        if self.has_fallen() {
            return stands(&rules::EVIDENCE_FALLEN);
        }
        let challenged = self.stage == Stage::Challenged;
        match payload {
            Payload::EvidenceChallenged(_) if challenged => stands(&rules::EVIDENCE_ALREADY_CHALLENGED),
            Payload::EvidenceChallenged(_) => Ok(Stage::Challenged),
            Payload::EvidenceUpheld(_) if challenged => Ok(Stage::Upheld),
            Payload::EvidenceRejected(_) if challenged => Ok(Stage::Rejected),
            Payload::EvidenceUpheld(_) | Payload::EvidenceRejected(_) => {
                stands(&rules::EVIDENCE_NOT_CHALLENGED)
            }
            Payload::EvidenceWithdrawn(_) => Ok(Stage::Withdrawn),
            _ => Err(Breach::of(&rules::WRONG_KIND, None)),
        }
    }

    /// Whether it was rejected or withdrawn: nothing can rest on it any more.
    pub const fn has_fallen(&self) -> bool {
        matches!(self.stage, Stage::Rejected | Stage::Withdrawn)
    }
}

//! The promises: who made which, in what words, and what became of it; what was done that names them; and the documents
//! that support anything.
//!
//! Invariant: a commitment is never dropped; it ends by an event of its own or by a later version of its pledge, and
//! both are told. Must not know whether a commitment is kept: a review says so, and nothing else.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::Views;
use super::history::{History, Horizon};
use super::shared::SharedMap;
use crate::domain::command::Recorded;
use crate::domain::event::{CommitmentMade, Payload, ReviewOutcome};
use crate::domain::id::{Code, Subject};
use crate::domain::irregularity::Irregularity;

/// One thing that happened to a commitment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommitmentFact {
    /// It was made.
    Made(Arc<CommitmentMade>),
    /// That post answers for it from now on.
    Reassigned(Code),
    /// Somebody looked whether it was kept.
    Reviewed(Arc<Review>),
    /// A milestone was reached. On that evidence it rests.
    Fulfilled(Arc<[Code]>),
    /// It goes on inside that one.
    Merged(Code),
    /// That one took its place.
    Superseded(Code),
    /// It was given up.
    Withdrawn,
}

/// What a review found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// First day of the time that it tells of.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// What was found.
    pub outcome: ReviewOutcome,
    /// Who looked.
    pub assessor: Code,
    /// On what it rests.
    pub evidence: Vec<Code>,
    /// The ledger marked it: who looked is who answers for it.
    pub self_assessed: bool,
    /// The ledger marked it: one person holds both posts.
    pub same_holder: bool,
}

impl CommitmentFact {
    pub(super) fn of(fact: &Recorded, payload: &Payload) -> Option<Self> {
        Some(match payload {
            Payload::CommitmentMade(it) => Self::Made(Arc::new(it.clone())),
            Payload::OwnerReassigned(it) => Self::Reassigned(it.to_post.clone()),
            Payload::CommitmentReviewed(it) => Self::Reviewed(Arc::new(Review {
                from: it.period_from,
                to: it.period_to,
                outcome: it.outcome,
                assessor: it.assessor_post.clone(),
                evidence: it.evidence.clone(),
                self_assessed: fact.irregularities.contains(&Irregularity::SelfAssessed),
                same_holder: fact.irregularities.contains(&Irregularity::SameHolder),
            })),
            Payload::CommitmentFulfilled(it) => Self::Fulfilled(it.evidence.as_slice().into()),
            Payload::CommitmentMerged(it) => Self::Merged(it.into.clone()),
            Payload::CommitmentSuperseded(it) => Self::Superseded(it.by.clone()),
            Payload::CommitmentWithdrawn(_) => Self::Withdrawn,
            _ => return None,
        })
    }
}

/// The commitments that an activity names. Naming none costs nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named(Option<Arc<[Code]>>);

impl Named {
    pub(super) fn of(commitments: &[Code]) -> Self {
        Self((!commitments.is_empty()).then(|| commitments.into()))
    }

    /// The commitments.
    pub fn commitments(&self) -> &[Code] {
        self.0.as_deref().unwrap_or(&[])
    }
}

/// One thing that happened to a piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EvidenceFact {
    /// It was attached to that.
    Attached(Subject),
    /// Somebody doubts it.
    Challenged,
    /// It was doubted, and stands.
    Upheld,
    /// It was doubted, and falls.
    Rejected,
    /// It was taken back.
    Withdrawn,
}

impl EvidenceFact {
    pub(super) fn of(payload: &Payload) -> Option<Self> {
        Some(match payload {
            Payload::EvidenceAttached(it) => Self::Attached(it.about.clone()),
            Payload::EvidenceChallenged(_) => Self::Challenged,
            Payload::EvidenceUpheld(_) => Self::Upheld,
            Payload::EvidenceRejected(_) => Self::Rejected,
            Payload::EvidenceWithdrawn(_) => Self::Withdrawn,
            _ => return None,
        })
    }
}

/// The view. Entries are shared on cloning; see [`SharedMap`] for the cost.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CommitmentsView {
    /// Commitments by id.
    pub facts: SharedMap<Code, History<CommitmentFact>>,
    /// Evidence by id.
    pub evidence: SharedMap<Code, History<EvidenceFact>>,
    /// The evidence that was ever rejected or withdrawn, or of which an event was ever taken back. No other has fallen.
    pub(super) doubted: SharedMap<Code, ()>,
    /// What was done once and names commitments: rounds, sessions, support, awareness, signposting, survey results.
    pub activity: SharedMap<Subject, History<Named>>,
}

/// What can rest on a piece of evidence from a horizon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support<'v> {
    /// It supports that; attached on that day, by the event of that sequence.
    Stands(&'v Subject, Date, u64),
    /// It was rejected, withdrawn or taken back.
    Fallen,
}

impl CommitmentsView {
    /// How a piece of evidence stands; none: nothing is known of it.
    pub fn support<'v>(
        views: &Views,
        history: &'v History<EvidenceFact>,
        horizon: Horizon,
    ) -> Option<Support<'v>> {
        let attachment = |fact: &EvidenceFact| matches!(fact, EvidenceFact::Attached(_));
        let (attached, void) = views.last_or_voided(history, horizon, attachment)?;
        let EvidenceFact::Attached(about) = &attached.fact else { return None };
        let fell = history.all().iter().any(|fact| {
            matches!(fact.fact, EvidenceFact::Rejected | EvidenceFact::Withdrawn)
                && (fact.effective, fact.place) > (attached.effective, attached.place)
                && views.sees(fact, horizon)
        });
        if fell || void.is_some() {
            return Some(Support::Fallen);
        }
        Some(Support::Stands(about, attached.effective, attached.sequence))
    }

    /// How many of these pieces of evidence have fallen.
    pub fn fallen(&self, views: &Views, ids: &[Code], horizon: Horizon) -> u64 {
        let fallen = ids.iter().filter(|id| self.doubted.get(id).is_some()).filter(|id| {
            let history = self.evidence.get(id);
            history.and_then(|it| Self::support(views, it, horizon)) == Some(Support::Fallen)
        });
        fallen.count() as u64
    }
}

//! Amendments: which facts of a life were taken back, and which were said anew, by which later fact.
//!
//! Invariant: an amendment is about a fact that is recorded before it and was not taken back by then; of several
//! corrections of one fact the last by sequence that was not itself taken back stands. What a corrected fact keeps is
//! its place: sequence, source, id.

use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

use crate::domain::command::Recorded;
use crate::domain::event::{CorrectionMade, Event, Payload};
use crate::domain::id::SourceName;
use crate::domain::rules::{self, Breach};

/// How a fact stands by its correction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Correction {
    /// Sequence of the correction.
    pub(super) sequence: u64,
    /// The fact as it is said anew.
    pub(super) fact: Arc<Recorded>,
}

/// What became of the facts of a life.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Amendments {
    /// Sequence of each fact that was taken back → sequence of the void.
    pub(super) voided: BTreeMap<u64, u64>,
    /// Sequence of each fact that stands by a correction → that correction.
    pub(super) corrected: BTreeMap<u64, Correction>,
}

/// Whether a fact only says something about another one.
pub(super) fn is_amendment(fact: &Recorded) -> bool {
    matches!(fact.event.payload, Payload::EventVoided(_) | Payload::CorrectionMade(_))
}

/// The fact that an amendment is about, among the facts recorded before it.
pub(super) fn target<'f>(facts: &'f [Arc<Recorded>], amendment: &Recorded) -> Option<&'f Arc<Recorded>> {
    let (id, source) = named(amendment)?;
    let source = source.unwrap_or(&amendment.source);
    let earlier = facts.iter().rev().filter(|one| one.sequence < amendment.sequence);
    earlier.into_iter().find(|one| one.event.id == id && one.source == *source)
}

fn named(amendment: &Recorded) -> Option<(Uuid, Option<&SourceName>)> {
    match &amendment.event.payload {
        Payload::EventVoided(void) => Some((void.target_event_id, void.target_source.as_ref())),
        Payload::CorrectionMade(made) => Some((made.target_event_id, made.target_source.as_ref())),
        _ => None,
    }
}

impl Amendments {
    /// The amendments among these facts, and those that amend nothing.
    pub(super) fn of(facts: &[Arc<Recorded>]) -> (Self, BTreeMap<u64, Breach>) {
        let (mut found, mut unfit) = (Self::default(), BTreeMap::new());
        let mut corrections = Vec::new();
        for fact in facts {
            let judged = match &fact.event.payload {
                Payload::EventVoided(_) => found.void(facts, fact).map(|target| {
                    found.voided.insert(target, fact.sequence);
                }),
                Payload::CorrectionMade(made) => found
                    .correction(facts, fact)
                    .map(|target| corrections.push((target, fact.sequence, made))),
                _ => Ok(()),
            };
            if let Err(breach) = judged {
                unfit.insert(fact.sequence, breach);
            }
        }
        for (target, sequence, made) in corrections {
            let gone = |at| found.voided.contains_key(&at);
            if !gone(sequence) && !gone(target.sequence) {
                let fact = Arc::new(anew(target, made));
                found.corrected.insert(target.sequence, Correction { sequence, fact });
            }
        }
        (found, unfit)
    }

    /// A fact as it counts; none if it was taken back or only amends another.
    pub(super) fn standing<'a>(&'a self, fact: &'a Arc<Recorded>) -> Option<&'a Arc<Recorded>> {
        if is_amendment(fact) || self.voided.contains_key(&fact.sequence) {
            return None;
        }
        Some(self.corrected.get(&fact.sequence).map_or(fact, |correction| &correction.fact))
    }

    /// The sequence of the fact that stands by that correction.
    pub(super) fn corrects(&self, correction: u64) -> Option<u64> {
        self.corrected.iter().find(|(_, by)| by.sequence == correction).map(|(target, _)| *target)
    }

    fn void(&self, facts: &[Arc<Recorded>], fact: &Recorded) -> Result<u64, Breach> {
        let target = target(facts, fact).ok_or(Breach::of(&rules::VOID_TARGET_UNKNOWN, None))?;
        match target.event.payload {
            Payload::EventVoided(_) => Err(Breach::of(&rules::VOID_OF_VOID, Some(target.sequence))),
            // What others have acted on outside the ledger (erased, published, signed, set right) is not undone by a
            // void.
            Payload::LedgerOpened(_)
            | Payload::GrantChanged(_)
            | Payload::ContentErased(_)
            | Payload::ReleasePointDeclared(_)
            | Payload::ReportIssued(_)
            | Payload::AuditOpinionRecorded(_)
            | Payload::CosignatureRecorded(_)
            | Payload::KeyRotated(_)
            | Payload::LedgerRestored(_)
            | Payload::ClockCorrected(_) => Err(Breach::of(&rules::VOID_OF_OPERATION, Some(target.sequence))),
            _ => self.not_voided(target, &rules::ALREADY_VOIDED).map(|()| target.sequence),
        }
    }

    fn correction<'f>(
        &self,
        facts: &'f [Arc<Recorded>],
        fact: &Recorded,
    ) -> Result<&'f Arc<Recorded>, Breach> {
        let target = target(facts, fact).ok_or(Breach::of(&rules::CORRECTION_TARGET_UNKNOWN, None))?;
        if is_amendment(target) {
            return Err(Breach::of(&rules::CORRECTION_OF_AMENDMENT, Some(target.sequence)));
        }
        self.not_voided(target, &rules::CORRECTION_OF_VOIDED).map(|()| target)
    }

    fn not_voided(&self, target: &Recorded, rule: &'static rules::Rule) -> Result<(), Breach> {
        match self.voided.get(&target.sequence) {
            Some(&by) => Err(Breach::of(rule, Some(by))),
            None => Ok(()),
        }
    }
}

/// The fact as its correction says it, in the place that it has.
pub(super) fn anew(target: &Recorded, made: &CorrectionMade) -> Recorded {
    let event = Event {
        occurred: made.corrected.occurred,
        actor_post: made.corrected.actor_post.clone(),
        payload: (*made.corrected.payload).clone(),
        ..(*target.event).clone()
    };
    Recorded { event: Arc::new(event), ..target.clone() }
}

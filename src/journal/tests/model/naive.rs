//! The naive ledger: one vector of what was recorded, every question answered by reading all of it from the beginning.
//!
//! Invariant: it shares the rules of single events (`decide`, `mentions`, the fold of a life) with the domain, and
//! nothing with the journal: no index, no cache, no layers, no groups, no order of batches, no comparison of retries.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use std::{convert::Infallible, sync::Arc};
use uuid::Uuid;

use crate::domain::{
    command::Recorded,
    decide::{Mention, World, decide, mentions},
    event::{Access, Anonymity, Payload},
    id::{SourceName, Subject},
    irregularity::Irregularity,
    rejection::Rejection,
    rules,
    subject::Life,
    value::{Sha256, Words},
};
use crate::journal::{Proposal, Text};

/// An event that was recorded, with the words that it was posted with.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) fact: Arc<Recorded>,
    pub(super) texts: Vec<Text>,
    pub(super) version: u64,
    /// The fields of those words that are not held any more.
    pub(super) gone: Vec<&'static str>,
}

/// What the poster of one event is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) source: SourceName,
    pub(super) id: Uuid,
    pub(super) sequence: u64,
    pub(super) recorded_at: Timestamp,
    pub(super) version: u64,
    pub(super) marks: Vec<Irregularity>,
    pub(super) repeated: bool,
}

#[derive(Clone)]
pub(super) struct Naive {
    pub(super) kept: Vec<Kept>,
    pub(super) now: Timestamp,
    pub(super) access: Access,
    pub(super) zone: TimeZone,
    /// The engine's roots over the first 1, 2, … records: they rest on stored bytes, of which nothing is known here.
    pub(super) roots: Vec<Sha256>,
}

impl Naive {
    pub(super) fn new(now: Timestamp, access: Access) -> Self {
        let zone = TimeZone::get("Europe/London").unwrap();
        Self { kept: Vec::new(), now, access, zone, roots: Vec::new() }
    }

    pub(super) fn facts(&self) -> Vec<Arc<Recorded>> {
        self.kept.iter().map(|kept| kept.fact.clone()).collect()
    }

    pub(super) fn about(&self, subject: &Subject) -> Vec<Arc<Recorded>> {
        self.kept
            .iter()
            .map(|kept| &kept.fact)
            .filter(|fact| fact.event.subject == *subject)
            .cloned()
            .collect()
    }

    /// One request, whole or not at all.
    pub(super) fn post(&mut self, request: &[Proposal]) -> Result<Vec<Told>, (usize, Rejection)> {
        let mut told: Vec<Option<Told>> = Vec::new();
        for (index, proposal) in request.iter().enumerate() {
            let event = &proposal.command.event;
            let mut found = None;
            for kept in &self.kept {
                if kept.fact.source == proposal.command.source && kept.fact.event.id == event.id {
                    if !says_the_same(proposal, kept) {
                        return Err((index, Rejection::IdTaken { sequence: kept.fact.sequence }));
                    }
                    found = Some(tell(kept, true));
                }
            }
            told.push(found);
        }
        let new: Vec<usize> = (0..request.len()).filter(|index| told[*index].is_none()).collect();
        for (place, index) in new.iter().enumerate() {
            for earlier in &new[..place] {
                let (one, other) = (&request[*earlier].command, &request[*index].command);
                if one.source == other.source && one.event.id == other.event.id {
                    return Err((*index, rules::ID_TWICE_IN_REQUEST.at("event_id")));
                }
            }
        }
        let mut anonymous: Vec<usize> =
            new.iter().copied().filter(|index| is_anonymous(&request[*index])).collect();
        if (1..5).contains(&anonymous.len()) {
            return Err((anonymous[0], rules::ANONYMOUS_RELEASE_TOO_SMALL.refusal(None)));
        }
        anonymous.sort_by_key(|index| {
            let event = &request[*index].command.event;
            (event.subject.to_string(), event.id)
        });
        let mut after = self.clone();
        let mut next_anonymous = anonymous.into_iter();
        for place in new {
            let index = if is_anonymous(&request[place]) { next_anonymous.next().unwrap() } else { place };
            after.record(&request[index]).map_err(|rejection| (index, rejection))?;
            told[index] = after.kept.last().map(|kept| tell(kept, false));
        }
        *self = after;
        Ok(told.into_iter().map(Option::unwrap).collect())
    }

    /// A group has ended: words are gone of which it says that they are erased. Until then they are held.
    pub(super) fn end_group(&mut self) {
        for (sequence, field) in super::whole::erased(self) {
            let Some(kept) = usize::try_from(sequence).ok().and_then(|at| self.kept.get_mut(at)) else {
                continue;
            };
            let named = |text: &&Text| field.as_ref().is_none_or(|field| field.as_str() == text.field);
            kept.gone.extend(kept.texts.iter().filter(named).map(|text| text.field));
        }
    }

    fn record(&mut self, proposal: &Proposal) -> Result<(), Rejection> {
        let command = &proposal.command;
        let Ok(judged) = decide(self, command);
        let mut irregularities = judged?.irregularities;
        let last = self.kept.last().map_or(Timestamp::MIN, |kept| kept.fact.recorded_at);
        if self.now < last {
            irregularities.push(Irregularity::ClockBehind);
        }
        let fact = Recorded {
            sequence: self.kept.len() as u64,
            recorded_at: if self.now < last { last } else { self.now },
            source: command.source.clone(),
            irregularities,
            event: command.event.clone(),
        };
        let version = 1 + self.about(&command.event.subject).len() as u64;
        self.kept.push(Kept {
            fact: Arc::new(fact),
            texts: proposal.texts.clone(),
            version,
            gone: Vec::new(),
        });
        Ok(())
    }
}

fn tell(kept: &Kept, repeated: bool) -> Told {
    Told {
        source: kept.fact.source.clone(),
        id: kept.fact.event.id,
        sequence: kept.fact.sequence,
        recorded_at: kept.fact.recorded_at,
        version: kept.version,
        marks: kept.fact.irregularities.clone(),
        repeated,
    }
}

fn is_anonymous(proposal: &Proposal) -> bool {
    matches!(&proposal.command.event.payload,
        Payload::FeedbackReceived(item) if item.anonymity == Anonymity::Anonymous)
}

/// The words themselves are compared, those apart that are not held any more, and everything else but their nonces.
fn says_the_same(proposal: &Proposal, kept: &Kept) -> bool {
    let bare = |event: &crate::domain::event::Event| {
        let mut event = event.clone();
        for (_, words) in event.payload.words_mut() {
            *words = Words(Sha256([0; 32]));
        }
        event
    };
    let held = |t: &Text| if kept.gone.contains(&t.field) { String::new() } else { t.text.clone() };
    let said = |texts: &[Text]| texts.iter().map(|t| (t.field, held(t))).collect::<Vec<_>>();
    bare(&proposal.command.event) == bare(&kept.fact.event) && said(&proposal.texts) == said(&kept.texts)
}

impl World for Naive {
    type Error = Infallible;

    /// The time that the next record gets: it never goes back.
    fn now(&self) -> Timestamp {
        self.kept.last().map_or(self.now, |kept| self.now.max(kept.fact.recorded_at))
    }

    fn zone(&self) -> &TimeZone {
        &self.zone
    }

    fn access(&self) -> Access {
        self.access
    }

    fn life(&mut self, subject: &Subject) -> Result<Arc<Life>, Infallible> {
        Ok(Arc::new(Life::from_facts(subject.clone(), self.about(subject), &self.zone)))
    }

    fn mentioned_by(&mut self, mention: &Mention) -> Result<Vec<Arc<Recorded>>, Infallible> {
        let facts = self.facts().into_iter();
        Ok(facts.filter(|fact| mentions(&fact.event).contains(mention)).collect())
    }

    fn is_mentioned(&mut self, mention: &Mention) -> Result<bool, Infallible> {
        Ok(!self.mentioned_by(mention)?.is_empty())
    }

    fn fact(&mut self, sequence: u64) -> Result<Option<Arc<Recorded>>, Infallible> {
        Ok(self.kept.iter().map(|kept| &kept.fact).find(|fact| fact.sequence == sequence).cloned())
    }

    fn posted(&mut self, source: &SourceName, from: Date, to: Date) -> Result<Vec<Uuid>, Infallible> {
        let mut ids = Vec::new();
        for Kept { fact, .. } in &self.kept {
            let day = self.zone.to_datetime(fact.recorded_at).date();
            if fact.source == *source && from <= day && day <= to {
                ids.push(fact.event.id);
            }
        }
        Ok(ids)
    }

    fn root(&mut self, size: u64) -> Result<Option<Sha256>, Infallible> {
        Ok(size.checked_sub(1).and_then(|last| self.roots.get(last as usize)).copied())
    }

    fn size(&self) -> Option<u64> {
        Some(self.kept.len() as u64)
    }
}

//! What became known since an earlier position about days that were over by then: recorded late, said anew, taken back.
//!
//! Invariant: only events of which a report about the organisation's work counts something; nothing of anybody's feedback,
//! nor of requests to erase. Histories that did not grow are passed by. Must not know which figures follow.

use jiff::civil::Date;
use std::sync::Arc;

use super::Views;
use super::history::{Dated, History, Horizon};
use super::shared::SharedMap;
use crate::domain::event::EventType;
use crate::domain::id::{Code, Kind, Subject};

/// How something changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// It was recorded.
    Late,
    /// It was said anew.
    Corrected,
    /// It was taken back.
    Voided,
}

/// One thing that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// How.
    pub how: How,
    /// The event by which it did.
    pub sequence: u64,
    /// The event that was recorded late (then the same one), said anew, or taken back.
    pub target: u64,
    /// What that is about.
    pub subject: Subject,
    /// Its type.
    pub event_type: EventType,
    /// The day on which it counted; of a late one, on which it counts.
    pub was_on: Date,
    /// The day on which it counts now. None: it was taken back.
    pub is_on: Option<Date>,
    /// Every event about the same subject of which something is kept, ascending.
    pub beside: Arc<[u64]>,
}

/// What is asked for.
struct Asked {
    since: u64,
    horizon: Horizon,
    /// The sequences of what was taken back since, ascending.
    voided: Vec<u64>,
}

impl Asked {
    fn is_new(&self, sequence: u64) -> bool {
        (self.since..self.horizon.as_known).contains(&sequence)
    }

    /// Whether a history can hold anything new.
    fn touches<F>(&self, history: &History<F>) -> bool {
        let (first, last) = history.span();
        let next = self.voided.partition_point(|target| *target < first);
        last >= self.since || self.voided.get(next).is_some_and(|target| *target <= last)
    }
}

impl Views {
    /// What changed by the events from `since` on, as far as the horizon knows them, about days up to its own; by
    /// sequence.
    pub fn changed_since(&self, since: u64, horizon: Horizon) -> Vec<Change> {
        let new = |sequence: u64| (since..horizon.as_known).contains(&sequence);
        let voided = self.voids.iter().filter(|(_, void)| new(void.sequence)).map(|(target, _)| *target);
        let asked = Asked { since, horizon, voided: voided.collect() };
        let mut found = Vec::new();
        let surroundings = &self.ledger;
        self.gather(&surroundings.posts, of(Kind::Post), &asked, &mut found);
        self.gather(&surroundings.code_lists, of(Kind::CodeList), &asked, &mut found);
        self.gather(&surroundings.calendars, of(Kind::Calendar), &asked, &mut found);
        self.gather(&surroundings.settings, of(Kind::Settings), &asked, &mut found);
        self.gather(&surroundings.pledges, of(Kind::Pledge), &asked, &mut found);
        self.gather(&self.commitments.facts, of(Kind::Commitment), &asked, &mut found);
        self.gather(&self.commitments.evidence, of(Kind::Evidence), &asked, &mut found);
        self.gather(&self.commitments.activity, Subject::clone, &asked, &mut found);
        self.gather(&self.measures.facts, of(Kind::Measure), &asked, &mut found);
        self.gather(&self.actions.facts, of(Kind::Action), &asked, &mut found);
        self.gather(&self.policies.facts, of(Kind::Policy), &asked, &mut found);
        self.gather(&self.policies.changes, of(Kind::PolicyChange), &asked, &mut found);
        found.sort_by_key(|change| change.sequence);
        found
    }

    fn gather<K: Ord, F>(
        &self,
        map: &SharedMap<K, History<F>>,
        subject: impl Fn(&K) -> Subject,
        asked: &Asked,
        found: &mut Vec<Change>,
    ) {
        for (key, history) in map.iter().filter(|(_, history)| asked.touches(history)) {
            let changes = history.all().iter().flat_map(|fact| {
                [said(history, fact, asked), self.taken_back(history, fact, asked)]
                    .map(|parts| Some((fact.event_type, parts?)))
            });
            let changes: Vec<_> = changes.flatten().collect();
            if changes.is_empty() {
                continue;
            }
            let beside: Arc<[u64]> = history.all().iter().map(|fact| fact.sequence).collect();
            for (event_type, (how, sequence, target, was_on, is_on)) in changes {
                let (subject, beside) = (subject(key), Arc::clone(&beside));
                found.push(Change { how, sequence, target, subject, event_type, was_on, is_on, beside });
            }
        }
    }

    fn taken_back<F>(&self, history: &History<F>, fact: &Dated<F>, asked: &Asked) -> Option<Parts> {
        let void = self.void_of(fact.sequence, asked.horizon.as_known)?;
        // With an event its corrections fall, and they may have moved it.
        let mut fell =
            history.all().iter().filter(|it| it.sequence == fact.sequence || it.place == fact.sequence);
        let counted = fell.any(|it| it.effective <= asked.horizon.as_at);
        (asked.is_new(void.sequence) && counted).then_some((
            How::Voided,
            void.sequence,
            fact.sequence,
            fact.effective,
            None,
        ))
    }
}

/// How, by which event, of which event, the day before and the day now.
type Parts = (How, u64, u64, Date, Option<Date>);

fn said<F>(history: &History<F>, fact: &Dated<F>, asked: &Asked) -> Option<Parts> {
    let (on, until) = (fact.effective, asked.horizon.as_at);
    if !asked.is_new(fact.sequence) {
        return None;
    }
    if fact.place == fact.sequence {
        return (on <= until).then_some((How::Late, fact.sequence, fact.sequence, on, Some(on)));
    }
    let was_on = history.all().iter().find(|it| it.sequence == fact.place).map_or(on, |it| it.effective);
    (on <= until || was_on <= until).then_some((How::Corrected, fact.sequence, fact.place, was_on, Some(on)))
}

fn of(kind: Kind) -> impl Fn(&Code) -> Subject {
    move |code| kind.subject(code)
}

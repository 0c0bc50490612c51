//! Naive twins: each report's headline figures, worked out by plain loops over the whole list of facts. They share no
//! code with views or reports, keep nothing between questions, and are slow on purpose.

mod r1;
mod r2;
mod r5;
mod r6;
mod r7;
mod r8;
mod r9;
pub(super) mod released;
mod trust;
mod voices;

use jiff::{civil::Date, tz::TimeZone};
use std::collections::{BTreeMap, BTreeSet};

use crate::domain::command::Recorded;
use crate::domain::event::Payload;
use crate::domain::id::{Kind, Subject};
use crate::domain::irregularity::Irregularity;

pub(super) use self::voices::Cells;

/// Figure id → (number or numerator, denominator). A figure without a value is not there.
pub(super) type Headlines = BTreeMap<String, (u64, Option<u64>)>;

/// The list of all facts, and from where it is looked at.
pub(super) struct Twin<'f> {
    pub(super) facts: &'f [Recorded],
    pub(super) as_at: Date,
    pub(super) as_known: u64,
    pub(super) first_day: Date,
    pub(super) last_day: Date,
}

/// One way in which an event was said: at first, or by a correction.
#[derive(Clone, Copy)]
struct Said<'f> {
    /// The event that was said first; its sequence orders the events of one day.
    root: &'f Recorded,
    /// The sequence of the event that says it so.
    by: u64,
    day: Date,
    payload: &'f Payload,
    marks: &'f [Irregularity],
    /// Neither the event nor this way of saying it was taken back, and no standing correction came after it.
    stands: bool,
}

impl<'f> Said<'f> {
    fn subject(&self) -> &'f Subject {
        &self.root.event.subject
    }

    fn order(&self) -> (Date, u64) {
        (self.day, self.root.sequence)
    }
}

fn london() -> TimeZone {
    TimeZone::get("Europe/London").unwrap()
}

fn days(from: Date, to: Date) -> i64 {
    i64::from((to - from).get_days())
}

impl<'f> Twin<'f> {
    fn known(&self) -> impl Iterator<Item = &'f Recorded> {
        self.facts.iter().filter(|fact| fact.sequence < self.as_known)
    }

    fn void_of(&self, fact: &Recorded) -> Option<&'f Recorded> {
        self.known().find(|other| match &other.event.payload {
            Payload::EventVoided(void) => {
                void.target_event_id == fact.event.id
                    && *void.target_source.as_ref().unwrap_or(&other.source) == fact.source
                    && other.event.subject == fact.event.subject
                    && fact.sequence < other.sequence
            }
            _ => false,
        })
    }

    /// Every way in which every known event was said, in the order in which they were said.
    fn all(&self) -> Vec<Said<'f>> {
        let mut all = Vec::new();
        for root in self.known() {
            if matches!(root.event.payload, Payload::EventVoided(_) | Payload::CorrectionMade(_)) {
                continue;
            }
            let gone = self.void_of(root).is_some();
            let mut ways = vec![(root, root.event.occurred, &root.event.payload)];
            for other in self.known().filter(|other| other.event.subject == root.event.subject) {
                if let Payload::CorrectionMade(made) = &other.event.payload
                    && made.target_event_id == root.event.id
                    && *made.target_source.as_ref().unwrap_or(&other.source) == root.source
                {
                    ways.push((other, made.corrected.occurred, &*made.corrected.payload));
                }
            }
            let fell: Vec<bool> = ways.iter().map(|way| gone || self.void_of(way.0).is_some()).collect();
            let last = fell.iter().rposition(|fell| !fell);
            for (number, (by, occurred, payload)) in ways.into_iter().enumerate() {
                all.push(Said {
                    root,
                    by: by.sequence,
                    day: occurred.effective(&london()),
                    payload,
                    marks: &by.irregularities,
                    stands: last == Some(number),
                });
            }
        }
        all
    }

    /// Every way of saying that is effective, whether or not it stands.
    fn ever(&self, subject: &str) -> Vec<Said<'f>> {
        let mut all = self.all();
        all.retain(|said| said.day <= self.as_at && said.subject().to_string() == subject);
        all
    }

    /// What counts, in the order in which it counts.
    fn visible(&self) -> Vec<Said<'f>> {
        let mut all = self.all();
        all.retain(|said| said.stands && said.day <= self.as_at);
        all.sort_by_key(Said::order);
        all
    }

    fn about(&self, subject: &str) -> Vec<Said<'f>> {
        let mut visible = self.visible();
        visible.retain(|said| said.subject().to_string() == subject);
        visible
    }

    fn ids(&self, kind: Kind) -> BTreeSet<String> {
        let of_kind = self.known().filter(|fact| fact.event.subject.kind() == kind);
        of_kind.map(|fact| fact.event.subject.id().to_string()).collect()
    }

    fn in_period(&self, day: Date) -> bool {
        self.first_day <= day && day <= self.last_day
    }

    /// Who answers for something, and since when if it changed hands: as the last that says so says.
    pub(super) fn owner(&self, subject: &str) -> Option<(String, Option<Date>)> {
        let mut owner = None;
        for said in self.about(subject) {
            owner = match said.payload {
                Payload::CommitmentMade(it) => Some((it.owner_post.to_string(), None)),
                Payload::ActionPlanned(it) => Some((it.owner_post.to_string(), None)),
                Payload::PolicyRegistered(it) => Some((it.owner_post.to_string(), None)),
                Payload::MeasureAgreed(it) => Some((it.owner_post.to_string(), None)),
                Payload::OwnerReassigned(it) => Some((it.to_post.to_string(), Some(said.day))),
                _ => owner,
            };
        }
        owner
    }
}

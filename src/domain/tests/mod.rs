//! The domain, told as given / when / then. Every rule and every mark has a test that carries its name; `coverage`
//! fails for one that has none.

mod actions;
mod batches;
mod commitments;
mod corrections;
mod coverage;
mod envelopes;
mod evidence;
mod feedback;
mod governance;
mod grants;
mod learning;
mod links;
mod loop_ends;
mod loop_feedback;
mod loop_replay;
mod loop_rounds;
mod measures;
mod operation;
mod owners;
mod people;
mod pledges;
mod policies;
mod release_points;
mod replay;
mod rows;
mod says;
mod says_commitments;
mod says_loop;
mod says_operation;
mod says_people;
mod says_trust;
mod sources;
mod surveys;
mod trust;
mod voids;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use std::convert::Infallible;
use std::sync::Arc;
use uuid::Uuid;

use super::command::{Command, Recorded};
use super::decide::{Decision, Mention, World, decide, mentions};
use super::event::Access;
use super::id::{SourceName, Subject};
use super::irregularity::Irregularity;
use super::rejection::Rejection;
use super::rules::{Form, Rule};
use super::subject::Life;
use super::value::Sha256;
use says::{Said, ground};

/// A ledger in memory: facts in a vector, every question answered by reading all of them.
#[derive(Clone)]
pub(super) struct Ledger {
    pub(super) facts: Vec<Arc<Recorded>>,
    pub(super) now: Timestamp,
    pub(super) access: Access,
    zone: TimeZone,
}

impl Ledger {
    pub(super) fn new() -> Self {
        Self {
            facts: Vec::new(),
            now: "2026-06-15T12:00:00Z".parse().unwrap(),
            access: Access::Open,
            zone: TimeZone::get("Europe/London").unwrap(),
        }
    }

    fn record(&mut self, command: &Command, decision: Decision) {
        self.facts.push(Arc::new(Recorded {
            sequence: self.facts.len() as u64,
            recorded_at: self.now,
            source: command.source.clone(),
            irregularities: decision.irregularities,
            event: command.event.clone(),
        }));
    }

    pub(super) fn life_of(&self, subject: &str) -> Life {
        let subject = Subject::parse(subject).unwrap();
        let facts = self.facts.iter().filter(|fact| fact.event.subject == subject).cloned().collect();
        Life::from_facts(subject, facts, &self.zone)
    }
}

impl World for Ledger {
    type Error = Infallible;

    fn now(&self) -> Timestamp {
        self.now
    }

    fn zone(&self) -> &TimeZone {
        &self.zone
    }

    fn access(&self) -> Access {
        self.access
    }

    fn life(&mut self, subject: &Subject) -> Result<Arc<Life>, Infallible> {
        Ok(Arc::new(self.life_of(&subject.to_string())))
    }

    fn mentioned_by(&mut self, mention: &Mention) -> Result<Vec<Arc<Recorded>>, Infallible> {
        Ok(self.facts.iter().filter(|fact| mentions(&fact.event).contains(mention)).cloned().collect())
    }

    fn is_mentioned(&mut self, mention: &Mention) -> Result<bool, Infallible> {
        Ok(!self.mentioned_by(mention)?.is_empty())
    }

    fn fact(&mut self, sequence: u64) -> Result<Option<Arc<Recorded>>, Infallible> {
        Ok(self.facts.get(sequence as usize).cloned())
    }

    fn posted(&mut self, source: &SourceName, from: Date, to: Date) -> Result<Vec<Uuid>, Infallible> {
        let day = |fact: &Recorded| self.zone.to_datetime(fact.recorded_at).date();
        let posted =
            self.facts.iter().filter(|fact| fact.source == *source && (from..=to).contains(&day(fact)));
        Ok(posted.map(|fact| fact.event.id).collect())
    }

    fn root(&mut self, size: u64) -> Result<Option<Sha256>, Infallible> {
        Ok((size <= self.facts.len() as u64).then(|| root_at(size)))
    }

    fn size(&self) -> Option<u64> {
        Some(self.facts.len() as u64)
    }
}

/// The root over that many records. These facts have no stored bytes, so it is made up: another one for each size, and
/// for 3 records the one in the worked example of the transparency log.
pub(super) fn root_at(size: u64) -> Sha256 {
    const WORKED: &str = "db2effe64d36352bcd4c260bde0e1138310c9f77b89d4c57578652f9b185b630";
    if size == 3 {
        Sha256(const_hex::decode_to_array(WORKED).unwrap())
    } else {
        says::hash(&format!("root of {size}"))
    }
}

/// A ledger with its ground, and what happened on it. What is given must itself be acceptable.
pub(super) struct Given {
    ledger: Ledger,
    /// The sequence of the first event that was given.
    first: u64,
}

pub(super) fn given(events: impl IntoIterator<Item = Said>) -> Given {
    let mut given = given_nothing().and(ground());
    given.first = given.ledger.facts.len() as u64;
    given.and(events)
}

pub(super) fn given_nothing() -> Given {
    Given { ledger: Ledger::new(), first: 0 }
}

impl Given {
    pub(super) fn and(mut self, events: impl IntoIterator<Item = Said>) -> Self {
        for said in events {
            let command = said.command();
            match decide(&mut self.ledger, &command) {
                Ok(Ok(decision)) => self.ledger.record(&command, decision),
                Ok(Err(refused)) => panic!("given {command:?}, which is refused: {refused}"),
            }
        }
        self
    }

    pub(super) fn at(mut self, now: &str) -> Self {
        self.ledger.now = now.parse().unwrap();
        self
    }

    /// How many records the ledger holds: the sequence of the next one.
    pub(super) fn size(&self) -> u64 {
        self.ledger.facts.len() as u64
    }

    pub(super) fn granted_only(mut self) -> Self {
        self.ledger.access = Access::Granted;
        self
    }

    pub(super) fn when(mut self, said: Said) -> Outcome {
        let command = said.command();
        let Ok(judged) = decide(&mut self.ledger, &command);
        Outcome { given: self, command, judged }
    }
}

/// What a judgement came to.
pub(super) struct Outcome {
    given: Given,
    command: Command,
    judged: Result<Decision, Rejection>,
}

impl Outcome {
    /// What a test shows stands in the table of rules.
    #[track_caller]
    fn row(&self, outcome: &str) {
        rows::show(self.command.event.payload.event_type(), outcome);
    }

    #[track_caller]
    pub(super) fn then_accepted(self) -> Self {
        self.then_flagged(&[])
    }

    /// Accepted with exactly these marks.
    #[track_caller]
    pub(super) fn then_flagged(mut self, marks: &[Irregularity]) -> Self {
        self.row("accepted");
        for mark in marks {
            self.row(&format!("flagged {mark}"));
        }
        match &self.judged {
            Ok(decision) => assert_eq!(decision.irregularities, marks),
            Err(refused) => panic!("refused: {refused:?}"),
        }
        let decision = self.judged.clone().unwrap_or_default();
        self.given.ledger.record(&self.command, decision);
        self
    }

    /// Refused by a rule about truth.
    #[track_caller]
    pub(super) fn then_refused(self, rule: &Rule) -> Self {
        self.row(&format!("refused {}", rule.name));
        match &self.judged {
            Err(Rejection::Impossible { rule: broken, .. }) => assert_eq!(*broken, rule.name),
            other => panic!("{} expected, not {other:?}", rule.name),
        }
        self
    }

    /// … because of the event that was given at this place, counted from 0.
    #[track_caller]
    pub(super) fn because_of(self, index: u64) -> Self {
        match &self.judged {
            Err(Rejection::Impossible { standing, .. }) => {
                assert_eq!(*standing, Some(self.given.first + index));
            }
            other => panic!("not refused for a standing event: {other:?}"),
        }
        self
    }

    /// … because of no event: nothing that is recorded stands in the way.
    #[track_caller]
    pub(super) fn because_of_nothing(self) -> Self {
        assert!(
            matches!(&self.judged, Err(Rejection::Impossible { standing: None, .. })),
            "{:?}",
            self.judged
        );
        self
    }

    /// Refused by a rule about form, at this field.
    #[track_caller]
    pub(super) fn then_malformed(self, form: &Form, at: &str) -> Self {
        self.row(&format!("malformed {}", form.name));
        match &self.judged {
            Err(Rejection::Malformed { field, rule, .. }) => {
                assert_eq!((*rule, field.as_str()), (form.rule, at));
            }
            other => panic!("{} expected, not {other:?}", form.name),
        }
        self
    }

    /// Refused because it refers to something that is not there.
    #[track_caller]
    pub(super) fn then_unknown(self, at: &str, what: &str) -> Self {
        self.row("refused UNKNOWN_REFERENCE");
        match &self.judged {
            Err(Rejection::Unknown { field, reference }) => {
                assert_eq!((field.as_str(), reference.as_str()), (at, what));
            }
            other => panic!("unknown {what} expected, not {other:?}"),
        }
        self
    }

    #[track_caller]
    pub(super) fn then_in_future(self) {
        self.row("refused IN_FUTURE");
        assert_eq!(self.judged, Err(Rejection::InFuture));
    }

    #[track_caller]
    pub(super) fn then_not_granted(self, denied: &str) {
        self.row("refused NOT_GRANTED");
        match &self.judged {
            Err(Rejection::NotGranted { what, .. }) => assert_eq!(what, denied),
            other => panic!("{denied} denied expected, not {other:?}"),
        }
    }

    #[track_caller]
    pub(super) fn then_conflict(self, has: u64) {
        self.row("refused EXPECTATION_FAILED");
        assert!(matches!(&self.judged, Err(Rejection::Conflict { actual, .. }) if *actual == has));
    }

    #[track_caller]
    pub(super) fn and_state(self, subject: &str, name: &str) -> Self {
        assert_eq!(self.given.ledger.life_of(subject).state_name(), name);
        self
    }
}

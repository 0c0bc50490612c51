//! Which words an event says are erased: they are in no export, be they overwritten already or not.
//!
//! Invariant: every event up to the head at which [`Erasures::catch_up`] looked last is known. Words that are found
//! erased without a known reason have it look again: a ledger goes on while it is exported. It must not read words.

use std::collections::{BTreeMap, HashMap};
use std::{ops::ControlFlow, sync::Arc};
use storage::Reader;

use super::{NotExported, words::State};
use crate::domain::{
    command::Recorded,
    event::Payload,
    id::{Kind, Subject},
};
use crate::journal::{codec, erasure};

/// What is known of erasures.
#[derive(Default)]
pub(super) struct Erasures {
    /// All that is recorded about each request to erase.
    facts: BTreeMap<Subject, Vec<Arc<Recorded>>>,
    /// The event that says so, by record and field; without a field, all of the record's.
    by: HashMap<(u64, Option<String>), u64>,
    /// Records that were looked at.
    upto: u64,
}

impl Erasures {
    /// The next record.
    pub(super) fn learn(&mut self, fact: &Recorded) {
        self.upto = fact.sequence + 1;
        if fact.event.subject.kind() != Kind::Erasure {
            return;
        }
        let before = self.facts.entry(fact.event.subject.clone()).or_default();
        if matches!(fact.event.payload, Payload::ContentErased(_)) {
            for named in erasure::named(&fact.event.subject, before.clone()) {
                self.by.entry((named.sequence, named.field)).or_insert(fact.sequence);
            }
        }
        before.push(Arc::new(fact.clone()));
    }

    /// Looks at what was recorded since.
    pub(super) fn catch_up(&mut self, reader: &Reader) -> Result<(), NotExported> {
        let mut failed = None;
        reader.scan(self.upto, u64::MAX, &mut |record| match codec::recorded(&record) {
            Ok(fact) => {
                self.learn(&fact);
                ControlFlow::Continue(())
            }
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        })?;
        Ok(failed.map_or(Ok(()), Err)?)
    }

    /// What an export up to `size` says of words that were found so.
    pub(super) fn apply(
        &mut self,
        (reader, size): (&Reader, u64),
        (sequence, field): (u64, &str),
        found: State,
    ) -> Result<State, NotExported> {
        let mut by = self.named(sequence, field);
        if by.is_none() && found == State::Erased {
            self.catch_up(reader)?;
            by = self.named(sequence, field);
        }
        Ok(match (by, found) {
            // What is held is to be erased, and will be: by the process that runs, or by the next start.
            (Some(by), State::Held { .. } | State::Erased) if by < size => State::Erased,
            (Some(_), State::Held { .. } | State::Erased) => State::ErasedLater,
            (_, found) => found,
        })
    }

    fn named(&self, sequence: u64, field: &str) -> Option<u64> {
        let whole = self.by.get(&(sequence, None));
        whole.or_else(|| self.by.get(&(sequence, Some(field.to_owned())))).copied()
    }
}

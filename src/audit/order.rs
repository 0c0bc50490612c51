//! Records in order, out of no order: they are read on all cores, and a fold needs one after the other.
//!
//! Invariant: the fold sees facts by sequence, each once, whatever the order in which they are given, as long as none
//! is missing; behind one that is missing (a damaged ledger) it sees the rest, in order, at the end. What waits is what
//! was read ahead of the first record that is not read yet: the cores read segments in order, so that is about a
//! segment for each of them, however long the ledger is. It must not know what is folded.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::fact::Fact;

/// How many facts go to the fold together: few enough to wait for, many enough that locks cost nothing.
const BATCH: u64 = 1024;
/// Facts are gathered behind so many locks, so that cores in different segments do not wait for each other.
const GATES: usize = 16;

/// What is folded.
pub(super) trait Fold {
    /// The next fact.
    fn record(&mut self, fact: Fact);
}

/// The place where facts wait for those before them.
pub(super) struct Line<F> {
    /// Batches that are not complete, by number.
    gates: [Mutex<HashMap<u64, Vec<Fact>>>; GATES],
    turn: Mutex<Turn<F>>,
}

struct Turn<F> {
    /// The batch whose turn it is.
    next: u64,
    /// Complete batches that wait for it.
    waiting: BTreeMap<u64, Vec<Fact>>,
    fold: F,
}

impl<F: Fold> Line<F> {
    /// Nothing was given yet.
    pub(super) fn new(fold: F) -> Self {
        let gates = std::array::from_fn(|_| Mutex::default());
        Self { gates, turn: Mutex::new(Turn { next: 0, waiting: BTreeMap::new(), fold }) }
    }

    /// Takes a fact to its place.
    pub(super) fn give(&self, fact: Fact) {
        let number = fact.sequence / BATCH;
        let gate = &self.gates[(number % GATES as u64) as usize];
        let mut batches = lock(gate);
        let batch = batches.entry(number).or_insert_with(|| Vec::with_capacity(BATCH as usize));
        batch.push(fact);
        if batch.len() as u64 != BATCH {
            return;
        }
        let Some(complete) = batches.remove(&number) else { return };
        drop(batches);
        let mut turn = lock(&self.turn);
        turn.waiting.insert(number, complete);
        turn.advance();
    }

    /// Folds what is left, and hands the fold out; `anew` takes its place.
    pub(super) fn settle(&self, anew: F) -> F {
        let mut turn = lock(&self.turn);
        let mut left: Vec<Fact> = std::mem::take(&mut turn.waiting).into_values().flatten().collect();
        for gate in &self.gates {
            left.extend(lock(gate).drain().flat_map(|(_, batch)| batch));
        }
        turn.fold(left);
        turn.next = 0;
        std::mem::replace(&mut turn.fold, anew)
    }
}

impl<F: Fold> Turn<F> {
    fn advance(&mut self) {
        while let Some(batch) = self.waiting.remove(&self.next) {
            self.fold(batch);
            self.next += 1;
        }
    }

    fn fold(&mut self, mut facts: Vec<Fact>) {
        facts.sort_by_key(|fact| fact.sequence);
        for fact in facts {
            self.fold.record(fact);
        }
    }
}

/// A fold that was interrupted by a panic has seen what it has seen: the thread that panicked ends the audit.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{command::Recorded, event::Payload};
    use crate::journal::tests::{noon, opened, source};
    use std::sync::Arc;

    /// Remembers what it saw.
    #[derive(Default)]
    struct Seen(Vec<u64>);

    impl Fold for Seen {
        fn record(&mut self, fact: Fact) {
            self.0.push(fact.sequence);
        }
    }

    fn fact(sequence: u64) -> Fact {
        let event = opened();
        assert!(matches!(event.payload, Payload::LedgerOpened(_)));
        let (source, event) = (source("tracker"), Arc::new(event));
        Fact::of(Recorded { sequence, recorded_at: noon(), source, irregularities: Vec::new(), event })
    }

    #[test]
    fn given_facts_in_no_order_on_several_threads_when_they_are_folded_then_it_is_by_sequence() {
        let (line, most) = (Line::new(Seen::default()), 10 * BATCH + 7);
        // Two halves at once, each backwards by turns.
        std::thread::scope(|scope| {
            for half in 0..2 {
                let line = &line;
                scope.spawn(move || {
                    let own = (0..most).filter(|it| it % 2 == half);
                    own.map(|it| it ^ 0b1000).filter(|it| *it < most).for_each(|it| line.give(fact(it)));
                });
            }
        });
        let left: Vec<u64> = (0..most).filter(|it| it ^ 0b1000 >= most).collect();
        for it in left {
            line.give(fact(it));
        }
        let Seen(seen) = line.settle(Seen::default());
        assert_eq!(seen, (0..most).collect::<Vec<_>>());
    }

    #[test]
    fn given_a_fact_that_is_missing_when_all_is_settled_then_the_others_are_seen_in_order() {
        let line = Line::new(Seen::default());
        let given: Vec<u64> = (0..3 * BATCH).filter(|it| *it != 5).collect();
        given.iter().rev().for_each(|it| line.give(fact(*it)));
        assert!(lock(&line.turn).fold.0.is_empty());
        assert_eq!(line.settle(Seen::default()).0, given);
    }
}

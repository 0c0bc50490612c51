//! Records in order, out of no order: they are read on all cores, and a fold needs one after the other.
//!
//! Invariant: the fold sees facts by sequence, each once, whatever the order in which they are given, as long as none
//! is missing; behind one that is missing (a damaged ledger) it sees the rest, in order, at the end. What waits is what
//! was read ahead of the first record that is not read yet: the cores read segments in order, so that is about a
//! segment for each of them, however long the ledger is. It must not know what is folded.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

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

/// So many complete batches may wait while somebody folds; whoever brings more waits with them. Else cores that read
/// faster than one can fold would fill the memory.
const PATIENCE: usize = 512;

/// A batch that is not complete, and its number.
type Open = (u64, Vec<Fact>);

/// The place where facts wait for those before them.
pub(super) struct Line<F> {
    /// Batches that are not complete: at each gate those that are being read, mostly one.
    gates: [Mutex<Vec<Open>>; GATES],
    /// Complete batches that wait for their turn.
    waiting: Mutex<BTreeMap<u64, Vec<Fact>>>,
    turn: Mutex<Turn<F>>,
}

struct Turn<F> {
    /// The batch whose turn it is.
    next: u64,
    fold: F,
}

impl<F: Fold> Line<F> {
    /// Nothing was given yet.
    pub(super) fn new(fold: F) -> Self {
        let gates = std::array::from_fn(|_| Mutex::default());
        Self { gates, waiting: Mutex::default(), turn: Mutex::new(Turn { next: 0, fold }) }
    }

    /// Takes facts to their places: those that follow each other at once.
    pub(super) fn give(&self, mut facts: Vec<Fact>) {
        while let Some(number) = facts.first().map(|fact| fact.sequence / BATCH) {
            let mut gate = lock(&self.gates[(number % GATES as u64) as usize]);
            let place = gate.iter().position(|(open, _)| *open == number).unwrap_or_else(|| {
                gate.push((number, Vec::with_capacity(BATCH as usize)));
                gate.len() - 1
            });
            let batch = &mut gate[place].1;
            match facts.iter().position(|fact| fact.sequence / BATCH != number) {
                Some(others) => batch.extend(facts.drain(..others)),
                // Nearly always; and then they are moved at once.
                None => batch.append(&mut facts),
            }
            if batch.len() as u64 >= BATCH {
                let (_, complete) = gate.swap_remove(place);
                drop(gate);
                self.complete(number, complete);
            }
        }
    }

    /// A batch is complete. If somebody is folding already, it is left to them, or to whoever comes next.
    fn complete(&self, number: u64, batch: Vec<Fact>) {
        let mut waiting = lock(&self.waiting);
        waiting.insert(number, batch);
        let many = waiting.len() > PATIENCE;
        drop(waiting);
        let mut turn = match self.turn.try_lock() {
            Ok(turn) => turn,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) if many => lock(&self.turn),
            Err(TryLockError::WouldBlock) => return,
        };
        // The lock on what waits is not held over a fold.
        let next = |turn: &Turn<F>| lock(&self.waiting).remove(&turn.next);
        while let Some(batch) = next(&turn) {
            turn.fold(batch);
            turn.next += 1;
        }
    }

    /// Folds what is left, and hands the fold out; `anew` takes its place.
    pub(super) fn settle(&self, anew: F) -> F {
        let mut turn = lock(&self.turn);
        let mut left: Vec<Fact> = std::mem::take(&mut *lock(&self.waiting)).into_values().flatten().collect();
        for gate in &self.gates {
            left.extend(lock(gate).drain(..).flat_map(|(_, batch)| batch));
        }
        turn.fold(left);
        turn.next = 0;
        std::mem::replace(&mut turn.fold, anew)
    }
}

impl<F: Fold> Turn<F> {
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
    use crate::domain::event::Payload;
    use crate::journal::codec::Opened;
    use crate::journal::tests::{noon, opened, source};

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
        let source = source("tracker");
        Fact::of(
            sequence,
            Opened { recorded_at: noon(), source, irregularities: Vec::new(), event: Box::new(event) },
        )
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
                    own.map(|it| it ^ 0b1000)
                        .filter(|it| *it < most)
                        .for_each(|it| line.give(vec![fact(it)]));
                });
            }
        });
        let left: Vec<u64> = (0..most).filter(|it| it ^ 0b1000 >= most).collect();
        for it in left {
            line.give(vec![fact(it)]);
        }
        let Seen(seen) = line.settle(Seen::default());
        assert_eq!(seen, (0..most).collect::<Vec<_>>());
    }

    #[test]
    fn given_a_fact_that_is_missing_when_all_is_settled_then_the_others_are_seen_in_order() {
        let line = Line::new(Seen::default());
        let given: Vec<u64> = (0..3 * BATCH).filter(|it| *it != 5).collect();
        given.iter().rev().for_each(|it| line.give(vec![fact(*it)]));
        assert!(lock(&line.turn).fold.0.is_empty());
        assert_eq!(line.settle(Seen::default()).0, given);
    }
}

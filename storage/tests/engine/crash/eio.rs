//! An error at every occurrence of every act: refused or poisoned, and nothing lost either way.
//!
//! The disk is the simulated one, where a sync that failed has lost its writes and the next
//! one says yes. So whoever tries again, or believes what only the cache still holds, is
//! found out when the power goes at the end.

use std::io::ErrorKind;
use std::sync::Arc;

use storage::backend::{Act, Fault, Keep};
use storage::{Backend, CommitError, Error, Log, SimulatedDisk};

use super::judge::Judge;
use super::script::{LIFE, Step, next_group, open_or_create};
use super::states::{Image, subset, subsets};
use crate::ledger::{is_a, served};

/// Outcomes that were seen.
#[derive(Default, Debug)]
struct Seen {
    struck: u64,
    /// Groups refused with the log given back.
    refused: u64,
    /// Groups after which the handle was gone.
    poisoned: u64,
    /// Opens and closes that said no.
    failed: u64,
    /// Faults that no caller heard of: what they struck is derived, and made again.
    silent: u64,
}

/// A ledger on a disk on which one act fails, and what was acknowledged in it.
struct Life<'a> {
    disk: SimulatedDisk,
    backend: Arc<dyn Backend>,
    judge: &'a mut Judge,
    acknowledged: u64,
    fault: Fault,
    seen: Seen,
}

/// The truth: what stands in segments and words files.
fn truth(mut files: Image) -> Image {
    files.retain(|path, bytes| is_a(path, "seg") || (is_a(path, "words") && !bytes.is_empty()));
    files
}

impl Life<'_> {
    /// The process starts, again if it must; the fault strikes once.
    fn start(&mut self) -> Log {
        for _ in 0..3 {
            match open_or_create(&self.backend) {
                Ok(log) => {
                    let size = log.head().size;
                    assert!(
                        size >= self.acknowledged,
                        "{} were acknowledged, {size} shown",
                        self.acknowledged
                    );
                    // What was shown must not go away either.
                    self.acknowledged = size;
                    return log;
                }
                Err(error) => self.failed(&error),
            }
        }
        panic!("it does not start although nothing fails any more")
    }

    /// An open or a close said no: for the fault, and with the right word.
    fn failed(&mut self, error: &Error) {
        self.seen.failed += 1;
        assert!(self.disk.struck(), "nothing has failed, and yet: {error}");
        match error {
            Error::Full { .. } => assert_ne!(self.fault, Fault::Error(ErrorKind::Other), "{error}"),
            Error::Io { .. } => {}
            other => panic!("a failing disk is not {other}"),
        }
    }

    /// The power goes now: whatever is kept, what was acknowledged is there.
    fn lose_power(&mut self, what: &str) {
        for kept in subsets(&self.disk, 4) {
            self.judge.visited.subsets += 1;
            self.judge.judge(
                &subset(&self.disk, kept),
                self.acknowledged,
                &format!("{what}, changes {kept:#b} kept"),
            );
        }
    }

    /// Commits the next group, on whatever handle there is until it is in.
    fn commit(&mut self, mut log: Log, what: &str) -> Log {
        loop {
            let before = truth(self.disk.cached());
            let reader = log.reader();
            let head = reader.head();
            match next_group(log, &self.judge.reference) {
                Ok(next) => {
                    self.acknowledged = next.head().size;
                    return next;
                }
                Err(CommitError::Full { log: back, error }) => {
                    self.seen.refused += 1;
                    self.failed_group(&error);
                    assert_eq!(
                        truth(self.disk.cached()),
                        before,
                        "{what}: refused, and yet something is there"
                    );
                    self.lose_power(what);
                    log = *back;
                }
                Err(CommitError::Poisoned(error)) => {
                    self.seen.poisoned += 1;
                    assert!(matches!(error, Error::Io { .. }), "{what}: {error}");
                    assert_eq!(reader.head(), head, "{what}: readers see what was committed");
                    assert!(head.size == 0 || reader.read(head.size - 1).is_ok(), "{what}: and can read it");
                    self.lose_power(what);
                    log = self.start();
                    if log.head().size > head.size {
                        return log;
                    }
                }
            }
        }
    }

    fn failed_group(&self, error: &Error) {
        assert!(self.disk.struck(), "nothing has failed, and yet: {error}");
        let no_room = self.fault != Fault::Error(ErrorKind::Other);
        assert!(
            matches!((error, no_room), (Error::Full { .. }, true) | (Error::Io { .. }, _)),
            "{error} is not what the disk said"
        );
    }

    fn live(&mut self, what: &str) {
        let mut log = self.start();
        let mut at = 0;
        for step in LIFE {
            match step {
                Step::Group(count) => {
                    at += *count as u64;
                    if log.head().size < at {
                        log = self.commit(log, what);
                    }
                    // A handle that lives on has no bytes of the truth that a sync has lost.
                    let (cached, kept) = (self.disk.cached(), self.disk.crash(|_| Keep::All));
                    assert!(truth(cached) == truth(kept), "{what}: the disk lost what the log goes on upon");
                }
                Step::Close => {
                    if let Err(error) = log.close() {
                        self.failed(&error);
                        self.lose_power(what);
                    }
                    log = self.start();
                }
                Step::Kill => {
                    drop(log);
                    log = self.start();
                }
            }
        }
        let all = served(&log).unwrap();
        assert_eq!(all.records[..], self.judge.reference.records[..all.records.len()], "{what}");
        drop(log);
        self.lose_power(what);
    }
}

fn every_occurrence(acts: &[Act], fault: Fault) -> Seen {
    let mut judge = Judge::new();
    let mut seen = Seen::default();
    for act in acts {
        for nth in 1.. {
            let disk = SimulatedDisk::new(u64::MAX);
            disk.fail(*act, nth, fault);
            let backend: Arc<dyn Backend> = Arc::new(disk.clone());
            let mut life =
                Life { disk, backend, judge: &mut judge, acknowledged: 0, fault, seen: Seen::default() };
            life.live(&format!("{act:?} {nth}, {fault:?}"));
            if !life.disk.struck() {
                break;
            }
            let heard = life.seen.refused + life.seen.poisoned + life.seen.failed;
            seen.struck += 1;
            seen.refused += life.seen.refused;
            seen.poisoned += life.seen.poisoned;
            seen.failed += life.seen.failed;
            seen.silent += u64::from(heard == 0);
        }
    }
    println!("{acts:?} {fault:?}: {seen:?}");
    judge.report();
    seen
}

#[test]
fn given_an_io_error_at_any_sync_when_restarted_then_what_was_acknowledged_is_there() {
    let seen = every_occurrence(&[Act::Sync, Act::SyncDir], Fault::Error(ErrorKind::Other));
    assert!(seen.struck > 60 && seen.poisoned > 10 && seen.refused > 1 && seen.failed > 10, "{seen:?}");
}

#[test]
fn given_no_room_at_any_sync_when_restarted_then_what_was_acknowledged_is_there() {
    // Of what a short one should have kept, the disk has the first half.
    for fault in [Fault::Error(ErrorKind::StorageFull), Fault::Short] {
        let seen = every_occurrence(&[Act::Sync, Act::SyncDir], fault);
        assert!(seen.struck > 60 && seen.poisoned > 10 && seen.refused > 1 && seen.failed > 10, "{seen:?}");
    }
}

#[test]
fn given_an_io_error_at_any_write_when_it_goes_on_then_nothing_is_half_written() {
    let seen = every_occurrence(&[Act::Write], Fault::Error(ErrorKind::Other));
    assert!(seen.struck > 40 && seen.poisoned > 10 && seen.refused > 1, "{seen:?}");
}

#[test]
fn given_no_room_at_any_write_when_it_goes_on_then_nothing_is_half_written() {
    let none = every_occurrence(&[Act::Write], Fault::Error(ErrorKind::StorageFull));
    let short = every_occurrence(&[Act::Write], Fault::Short);
    for seen in [none, short] {
        assert!(seen.struck > 40 && seen.poisoned > 10 && seen.refused > 3, "{seen:?}");
    }
}

#[test]
fn given_an_error_at_any_other_act_when_it_goes_on_then_nothing_is_lost() {
    let rest = [Act::Create, Act::Rename, Act::Remove, Act::Length, Act::Reserve, Act::Evict];
    for fault in [ErrorKind::Other, ErrorKind::StorageFull] {
        let seen = every_occurrence(&rest, Fault::Error(fault));
        assert!(seen.struck > 20 && seen.refused > 1 && seen.failed > 5, "{seen:?}");
    }
}

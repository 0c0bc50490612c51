//! Power lost at every operation of an erasure, in every state that it may leave.
//!
//! Claimed of each: it opens, every word is held as it was or erased, and asking again erases
//! the rest for good; what was acknowledged as erased is not held; nobody takes it for damage.

use std::collections::{BTreeMap, HashSet};
use std::io::ErrorKind;
use std::sync::Arc;

use storage::backend::{Act, Fault, Keep};
use storage::integrity::{self, Content};
use storage::{Backend, Erasure, FoundWord, Log, MemoryBackend, Record, SimulatedDisk, WordState};

use super::judge::fingerprint;
use super::states::{Image, WINDOW, prefixes, subset, subsets, tears, torn};
use crate::erase::of;
use crate::ledger::{append, create, keyer, open, verify, worded};

const RECORDS: u64 = 40;

/// A ledger of several segments that was not closed, and what is to be erased in it: whole
/// records and single fields, in a sealed segment and in the open one.
struct Erasing {
    image: Image,
    held: BTreeMap<u64, Vec<FoundWord>>,
    wanted: Vec<Erasure>,
}

impl Erasing {
    fn new() -> Self {
        let memory = MemoryBackend::new();
        let backend: Arc<dyn Backend> = Arc::new(memory.clone());
        let mut log = create(&backend).unwrap();
        for _ in 0..RECORDS / 4 {
            log = append(log, 4, 230).unwrap();
        }
        let reader = log.reader();
        let held = (0..RECORDS).filter(|n| worded(*n)).map(|n| (n, reader.words(n).unwrap())).collect();
        drop(log);
        let wanted = vec![of(3, None), of(8, Some("summary")), of(38, None)];
        Self { image: memory.dump(), held, wanted }
    }

    /// Opens the ledger and erases, as far as the power lasts; whether it was acknowledged.
    fn run(&self, backend: &Arc<dyn Backend>) -> bool {
        open(backend).is_ok_and(|(log, _)| log.erase(&self.wanted).is_ok())
    }

    fn cut_short(&self, image: &Image, power: u64) -> (SimulatedDisk, bool) {
        let disk = SimulatedDisk::holding(image, power);
        let backend: Arc<dyn Backend> = Arc::new(disk.clone());
        let acknowledged = self.run(&backend);
        (disk, acknowledged)
    }

    fn operations(&self, image: &Image) -> u64 {
        let (disk, acknowledged) = self.cut_short(image, u64::MAX);
        assert!(acknowledged);
        disk.operations()
    }

    fn is_wanted(&self, sequence: u64, field: &str) -> bool {
        let named =
            |it: &Erasure| it.sequence == sequence && it.field.as_deref().is_none_or(|it| it == field);
        self.wanted.iter().any(named)
    }

    /// What is not asked for is held; what is, is held or erased, and erased if it must be.
    /// A checksum torn within its four bytes can be seen before the start finishes it.
    fn look(&self, log: &Log, finished: bool, what: &str) {
        for (sequence, before) in &self.held {
            let now = log.reader().words(*sequence).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(now.len(), before.len(), "{what}");
            for (now, before) in now.iter().zip(before) {
                let wanted = self.is_wanted(*sequence, &now.field);
                let fine = match &now.state {
                    WordState::Held { .. } => now == before && !(finished && wanted),
                    WordState::Erased => wanted,
                    WordState::Damaged => wanted && !finished,
                };
                assert!(fine, "{what}: {sequence} {now:?}");
            }
        }
    }

    fn judge(&self, image: &Image, acknowledged: bool, what: &str) {
        let memory = MemoryBackend::restore(image);
        // Before anybody starts it: the words are no finding, and what is half erased is told.
        let word = |entry: &integrity::Entry<'_>| {
            let wanted = self.is_wanted(entry.sequence, entry.field);
            let whole = matches!(entry.content, Content::Kept { .. });
            assert!(whole || (wanted && entry.content != Content::Damaged), "{what}: {entry:?}");
        };
        let keyer = keyer();
        let keys = |records: &[Record<'_>]| records.iter().map(|record| keyer(record)).collect();
        let report = integrity::verify_words(&memory, &keys, &word, &|_| {}).unwrap();
        assert!(report.findings.iter().all(|it| !it.rule.starts_with("words.")), "{what}: {report:?}");
        assert!(!acknowledged || report.half_erased == 0, "{what}: {report:?}");
        let backend: Arc<dyn Backend> = Arc::new(memory.clone());
        let (log, _) = open(&backend).unwrap_or_else(|error| panic!("{what}: {error}"));
        self.look(&log, acknowledged, what);
        let log = log.erase(&self.wanted).unwrap_or_else(|error| panic!("{what}: {error}"));
        self.look(&log, true, what);
        let log = append(log, 2, 230).unwrap();
        log.close().unwrap();
        let report = verify(&memory);
        assert!(report.intact() && report.half_erased == 0, "{what}: {report:?}");
    }

    /// Every state in which a disk may be found, each once.
    fn states(disk: &SimulatedDisk, seen: &mut HashSet<storage::Digest>) -> Vec<(String, Image)> {
        assert!(disk.unsynced().len() <= WINDOW);
        let kept = prefixes(disk).into_iter().chain(subsets(disk, WINDOW));
        let whole = kept.map(|kept| (format!("changes {kept:#b} kept"), subset(disk, kept)));
        let torn = tears(disk).into_iter().flat_map(|tear| {
            [Keep::All, Keep::Nothing]
                .map(|others| (format!("{tear:?}, others {others:?}"), torn(disk, tear, others)))
        });
        whole.chain(torn).filter(|(_, image)| seen.insert(fingerprint(image))).collect()
    }
}

#[test]
fn given_power_lost_at_any_operation_of_an_erasure_when_it_is_asked_again_then_it_is_finished() {
    let it = Erasing::new();
    let (mut seen, mut visited, mut acknowledgements) = (HashSet::new(), 0, 0);
    for power in 0..=it.operations(&it.image) {
        let (disk, acknowledged) = it.cut_short(&it.image, power);
        acknowledgements += u64::from(acknowledged);
        // An image that is seen before its erasure was acknowledged may come again after it.
        if acknowledged {
            seen.clear();
        }
        for (state, image) in Erasing::states(&disk, &mut seen) {
            it.judge(&image, acknowledged, &format!("power {power}, {state}"));
            visited += 1;
        }
    }
    println!("crash states of an erasure visited: {visited}");
    assert!(acknowledgements == 1 && visited > 200, "{acknowledgements} {visited}");
}

#[test]
fn given_an_erasure_torn_at_every_byte_when_it_is_asked_again_then_it_is_finished() {
    let it = Erasing::new();
    let mut visited = 0;
    for power in 0..=it.operations(&it.image) {
        let (disk, _) = it.cut_short(&it.image, power);
        let Some((index, write)) = disk.unsynced().into_iter().enumerate().next_back() else { continue };
        if !crate::ledger::is_a(&write.path, "words") {
            continue;
        }
        for cut in 1..write.length {
            for keep in [Keep::Front(cut), Keep::Back(cut)] {
                for others in [Keep::All, Keep::Nothing] {
                    let image = torn(&disk, super::states::Tear { index, keep }, others);
                    it.judge(&image, false, &format!("power {power}, {keep:?}, others {others:?}"));
                    visited += 1;
                }
            }
        }
    }
    println!("torn states of an erasure visited: {visited}");
    assert!(visited > 500, "{visited}");
}

#[test]
fn given_a_crash_in_the_repetition_of_an_erasure_when_it_is_asked_again_then_it_is_finished() {
    let it = Erasing::new();
    let (mut outer, mut inner) = (HashSet::new(), HashSet::new());
    for power in 0..=it.operations(&it.image) {
        let (disk, _) = it.cut_short(&it.image, power);
        for (at, (state, image)) in Erasing::states(&disk, &mut outer).into_iter().enumerate() {
            // Of many tears of one write, one in five.
            if at % 5 != 0 {
                continue;
            }
            for again in 0..=it.operations(&image) {
                let (disk, acknowledged) = it.cut_short(&image, again);
                for kept in subsets(&disk, 3) {
                    let image = subset(&disk, kept);
                    if acknowledged || inner.insert(fingerprint(&image)) {
                        let what = format!("power {power}, {state}, then {again}, {kept:#b} kept");
                        it.judge(&image, acknowledged, &what);
                    }
                }
            }
        }
    }
    println!("crash states of a repetition visited: {}", inner.len());
    assert!(inner.len() > 300, "{}", inner.len());
}

#[test]
fn given_a_killed_process_or_a_failed_sync_when_the_next_one_says_erased_then_the_disk_has_zeros() {
    let it = Erasing::new();
    let mut visited = 0;
    // Killed: the cache lives on, unsynced as it is.
    for power in 0..=it.operations(&it.image) {
        let (disk, _) = it.cut_short(&it.image, power);
        disk.repower(u64::MAX);
        let backend: Arc<dyn Backend> = Arc::new(disk.clone());
        assert!(it.run(&backend), "{power}");
        it.judge(&disk.crash(|_| Keep::Nothing), true, &format!("killed at {power}"));
        visited += 1;
    }
    // The pages are clean and not on the disk: the cache shows zeros.
    for fault in [Fault::Error(ErrorKind::Other), Fault::Short] {
        for act in [Act::Sync, Act::Write] {
            for nth in 1.. {
                let disk = SimulatedDisk::holding(&it.image, u64::MAX);
                let backend: Arc<dyn Backend> = Arc::new(disk.clone());
                disk.fail(act, nth, fault);
                let acknowledged = it.run(&backend);
                if !disk.struck() {
                    break;
                }
                if !acknowledged {
                    it.judge(&disk.crash(|_| Keep::Nothing), false, &format!("{act:?} {nth} {fault:?}"));
                    assert!(it.run(&backend), "{act:?} {nth} {fault:?}");
                }
                it.judge(&disk.crash(|_| Keep::Nothing), true, &format!("{act:?} {nth} {fault:?}, again"));
                visited += 1;
            }
        }
    }
    println!("kills and faults of an erasure visited: {visited}");
    assert!(visited > 60, "{visited}");
}

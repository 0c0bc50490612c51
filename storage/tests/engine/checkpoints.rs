//! Kept checkpoints: kept once and for ever, through crashes at every operation, full disks
//! and failed syncs; and what is wrong with them is told.

use std::collections::HashSet;
use std::io::ErrorKind;
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use storage::backend::{Act, Fault, Keep};
use storage::note::{Checkpoint, Note, Signer};
use storage::{Backend, Checkpoints, Digest, Error, Log, MemoryBackend, SimulatedDisk};

use crate::crash::{WINDOW, fingerprint, prefixes, subset, subsets, tears, torn};
use crate::ledger::{append, create, identity, open, verify};

fn signer() -> Signer {
    Signer::new(&identity().origin, SigningKey::from_bytes(&[1; 32])).unwrap()
}

fn note(size: u64, root: Digest) -> Vec<u8> {
    let text = Checkpoint { origin: identity().origin, size, root }.text();
    let signatures = vec![signer().sign(&text)];
    Note { text, signatures }.to_text().into_bytes()
}

fn of(log: &Log) -> Vec<u8> {
    let head = log.head();
    note(head.size, head.root)
}

/// Opens log and checkpoints.
fn reopen(backend: &Arc<dyn Backend>) -> Result<(Log, Checkpoints), Error> {
    let (log, recovery) = open(backend)?;
    let checkpoints = Checkpoints::open(&log, recovery.clean)?;
    Ok((log, checkpoints))
}

fn memory() -> (MemoryBackend, Arc<dyn Backend>) {
    let memory = MemoryBackend::new();
    (memory.clone(), Arc::new(memory))
}

/// A ledger of 12 records with checkpoints of 3, 7 and 12, not closed.
fn kept_three() -> MemoryBackend {
    let (memory, backend) = memory();
    let mut log = create(&backend).unwrap();
    let mut checkpoints = Checkpoints::open(&log, true).unwrap();
    for count in [3, 4, 5] {
        log = append(log, count, 30).unwrap();
        checkpoints.keep(&of(&log)).unwrap();
    }
    memory
}

#[test]
fn given_kept_checkpoints_when_a_record_asks_then_it_gets_the_smallest_that_covers_it_for_ever() {
    let memory = kept_three();
    let backend: Arc<dyn Backend> = Arc::new(memory.clone());
    for _ in 0..3 {
        let (log, checkpoints) = reopen(&backend).unwrap();
        let kept = checkpoints.kept();
        assert_eq!(kept.sizes(), [3, 7, 12]);
        for (sequence, size) in [(0, 3), (2, 3), (3, 7), (6, 7), (7, 12), (11, 12)] {
            let found = kept.covering(sequence).unwrap().unwrap();
            assert_eq!(found.size, size, "{sequence}");
            assert_eq!(found.note, note(size, log.reader().root(size).unwrap()), "as it was handed in");
        }
        assert!(kept.covering(12).unwrap().is_none() && !kept.covers(12) && kept.covers(11));
        assert!(
            kept.at(7).unwrap().is_some() && kept.at(8).unwrap().is_none() && kept.at(0).unwrap().is_none()
        );
        assert_eq!(kept.newest().unwrap().unwrap().size, 12);
        log.close().unwrap();
    }
    let report = verify(&memory);
    assert!(report.intact() && report.checkpoints.len() == 3, "{report:?}");
}

#[test]
fn given_a_note_that_is_not_of_this_log_when_it_is_to_be_kept_then_it_is_refused_and_nothing_changes() {
    let (memory, backend) = memory();
    let log = append(create(&backend).unwrap(), 5, 30).unwrap();
    let mut checkpoints = Checkpoints::open(&log, true).unwrap();
    checkpoints.keep(&of(&log)).unwrap();
    let before = memory.dump();
    let log = append(log, 1, 30).unwrap();
    let head = log.head();
    let text = Checkpoint { origin: "ledger.example/other".into(), size: 6, root: head.root }.text();
    let other = Note { signatures: vec![signer().sign(&text)], text }.to_text();
    for (bad, why) in [
        (note(5, log.reader().root(5).unwrap()), "kept"),
        (note(6, Digest([7; 32])), "root"),
        (other.into_bytes(), "another ledger"),
        (b"no note".to_vec(), ""),
        (note(7, head.root), "not in the log"),
    ] {
        let error = checkpoints.keep(&bad).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    assert_eq!(memory.dump()["log/checkpoints"], before["log/checkpoints"]);
    checkpoints.keep(&of(&log)).unwrap();
}

#[test]
fn given_a_log_behind_its_own_checkpoint_when_it_is_opened_then_it_is_refused() {
    let whole = kept_three().dump();
    let (memory, backend) = memory();
    let log = append(create(&backend).unwrap(), 3, 30).unwrap();
    log.close().unwrap();
    // Somebody put the log back to an older copy, and left the checkpoints.
    memory.put("log/checkpoints", whole["log/checkpoints"].clone());
    let error = reopen(&backend).unwrap_err().to_string();
    assert!(error.contains("fewer records than a kept checkpoint"), "{error}");
    let report = verify(&memory);
    let rules: HashSet<_> = report.findings.iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, HashSet::from(["checkpoint.size"]), "{report:?}");
    // Another log of as many records.
    let (memory, backend) = crate::checkpoints::memory();
    let log = append(create(&backend).unwrap(), 12, 31).unwrap();
    log.close().unwrap();
    memory.put("log/checkpoints", whole["log/checkpoints"].clone());
    let error = reopen(&backend).unwrap_err().to_string();
    assert!(error.contains("another root"), "{error}");
    assert!(verify(&memory).findings.iter().all(|finding| finding.rule == "checkpoint.root"));
}

#[test]
fn given_any_byte_of_the_file_changed_when_it_was_closed_then_it_is_told() {
    let memory = kept_three();
    let backend: Arc<dyn Backend> = Arc::new(memory.clone());
    reopen(&backend).unwrap().0.close().unwrap();
    let whole = memory.dump();
    let end = whole["log/checkpoints"].iter().rposition(|byte| *byte != 0).unwrap() + 200;
    for at in 0..end {
        let mut bytes = whole["log/checkpoints"].clone();
        bytes[at] ^= 0x10;
        memory.put("log/checkpoints", bytes);
        let report = verify(&memory);
        assert!(report.findings.iter().any(|finding| finding.file == "log/checkpoints"), "byte {at}");
        assert!(matches!(reopen(&backend), Err(Error::Damaged { .. })), "byte {at}");
        for (path, bytes) in &whole {
            memory.put(path, bytes.clone());
        }
    }
}

/// Keeps what is not kept yet of the sizes 3, 7 and 12, as far as the power lasts; the sizes
/// that were acknowledged.
fn keep_on(backend: &Arc<dyn Backend>) -> Vec<u64> {
    let Ok((log, mut checkpoints)) = reopen(backend) else { return Vec::new() };
    let reader = log.reader();
    for size in [3, 7, 12] {
        let due = !checkpoints.kept().covers(size - 1);
        if due && checkpoints.keep(&note(size, reader.root(size).unwrap())).is_err() {
            break;
        }
    }
    checkpoints.kept().sizes()
}

fn unkept() -> crate::crash::Image {
    let (memory, backend) = memory();
    drop(append(create(&backend).unwrap(), 12, 30).unwrap());
    memory.dump()
}

#[test]
fn given_power_lost_at_any_operation_when_it_is_opened_again_then_what_was_acknowledged_is_kept() {
    let image = unkept();
    let run = |image: &crate::crash::Image, power: u64| {
        let disk = SimulatedDisk::holding(image, power);
        let backend: Arc<dyn Backend> = Arc::new(disk.clone());
        let kept = keep_on(&backend);
        (disk, kept)
    };
    let operations = run(&image, u64::MAX).0.operations();
    let (mut visited, mut seen) = (0, HashSet::new());
    for power in 0..=operations {
        let (disk, acknowledged) = run(&image, power);
        let whole = prefixes(&disk).into_iter().chain(subsets(&disk, WINDOW)).map(|kept| subset(&disk, kept));
        let both = [Keep::All, Keep::Nothing];
        let tears = tears(&disk).into_iter().flat_map(|tear| both.map(|others| torn(&disk, tear, others)));
        for state in whole.chain(tears) {
            if !seen.insert((fingerprint(&state), acknowledged.clone())) {
                continue;
            }
            visited += 1;
            let memory = MemoryBackend::restore(&state);
            let backend: Arc<dyn Backend> = Arc::new(memory.clone());
            let (log, checkpoints) =
                reopen(&backend).unwrap_or_else(|error| panic!("power {power}: {error}"));
            let found = checkpoints.kept().sizes();
            assert!(found.starts_with(&acknowledged) && [3, 7, 12].starts_with(&found), "{power}: {found:?}");
            drop((log, checkpoints));
            assert_eq!(keep_on(&backend), [3, 7, 12], "power {power}");
            reopen(&backend).unwrap().0.close().unwrap();
            assert!(verify(&memory).intact(), "power {power}");
            // Nested: the power goes again while what is left is mended and kept.
            for again in (0..12).filter(|_| visited % 5 == 0) {
                let (disk, kept) = run(&state, again);
                let left = MemoryBackend::restore(&disk.crash(|_| Keep::Nothing));
                let backend: Arc<dyn Backend> = Arc::new(left);
                let found = reopen(&backend).unwrap().1.kept().sizes();
                assert!(found.starts_with(&kept) && found.starts_with(&acknowledged), "{power} {again}");
            }
        }
    }
    println!("crash states of keeping checkpoints visited: {visited}");
    assert!(visited > 150, "{visited}");
}

#[test]
fn given_a_write_or_sync_that_fails_when_it_is_kept_then_nobody_hears_that_it_is() {
    let mut struck = 0;
    for (act, kind) in
        [(Act::Write, ErrorKind::Other), (Act::Write, ErrorKind::StorageFull), (Act::Sync, ErrorKind::Other)]
    {
        for nth in 1.. {
            let disk = SimulatedDisk::holding(&unkept(), u64::MAX);
            let backend: Arc<dyn Backend> = Arc::new(disk.clone());
            let (log, mut checkpoints) = reopen(&backend).unwrap();
            disk.fail(act, nth, Fault::Error(kind));
            let first = checkpoints.keep(&of(&log));
            if !disk.struck() {
                assert!(first.is_ok());
                break;
            }
            struck += 1;
            let error = first.unwrap_err();
            assert!(checkpoints.kept().sizes().is_empty(), "{act:?} {nth}");
            let again = checkpoints.keep(&of(&log));
            // Want of room passes; after anything else, only a restart knows what is there.
            assert_eq!(again.is_ok(), matches!(error, Error::Full { .. }), "{act:?} {nth} {kind:?}: {error}");
            drop((log, checkpoints));
            let left = MemoryBackend::restore(&disk.crash(|_| Keep::Nothing));
            let left: Arc<dyn Backend> = Arc::new(left);
            let (log, mut checkpoints) = reopen(&left).unwrap();
            if checkpoints.kept().sizes().is_empty() {
                checkpoints.keep(&of(&log)).unwrap();
            }
            assert_eq!(checkpoints.kept().sizes(), [12]);
        }
    }
    assert!(struck >= 5, "{struck}");
}

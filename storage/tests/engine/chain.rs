//! Groups that have their checksums and yet are not what must stand there.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use storage::{Backend, Error, MemoryBackend};

use crate::ledger::{append, create, open, served};

const SEGMENT: &str = "log/00000000.seg";

type Files = BTreeMap<String, Vec<u8>>;

fn u32_at(bytes: &[u8], at: usize) -> usize {
    u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}

/// Start and end of every group.
fn groups(segment: &[u8]) -> Vec<(usize, usize)> {
    let mut groups = Vec::new();
    let mut at = 4096;
    while segment[at..].starts_with(b"PBg1") {
        let end = at + 40 + u32_at(segment, at + 4);
        groups.push((at, end));
        at = end;
    }
    groups
}

/// Makes both checksums of a group fit again.
fn reseal(segment: &mut [u8], (at, end): (usize, usize)) {
    let body = crc32fast::hash(&segment[at + 40..end]);
    segment[at + 32..at + 36].copy_from_slice(&body.to_be_bytes());
    let header = crc32fast::hash(&segment[at..at + 36]);
    segment[at + 36..at + 40].copy_from_slice(&header.to_be_bytes());
}

/// A ledger that was killed; its watermark, and its levels, are as they were after the first
/// group: later writes of them were lost.
fn stale(counts: &[usize]) -> Files {
    let memory = MemoryBackend::new();
    let backend: Arc<dyn Backend> = Arc::new(memory.clone());
    let mut log = append(create(&backend).unwrap(), counts[0], 20).unwrap();
    let before = memory.dump();
    for count in &counts[1..] {
        log = append(log, *count, 20).unwrap();
    }
    drop(log);
    let mut files = memory.dump();
    for path in ["log/watermark", "public/tile/0"] {
        files.insert(path.to_owned(), before[path].clone());
    }
    files
}

fn outcome(files: &Files) -> Result<u64, Error> {
    let backend: Arc<dyn Backend> = Arc::new(MemoryBackend::restore(files));
    let (log, _) = open(&backend)?;
    Ok(served(&log)?.head.size)
}

/// Refused by the open itself: a reader that finds it later would be too late.
fn refused(files: &Files, rule: &str) {
    let backend: Arc<dyn Backend> = Arc::new(MemoryBackend::restore(files));
    match open(&backend) {
        Err(Error::Damaged { rule: found, .. }) => assert!(found.contains(rule), "{rule}: {found}"),
        other => panic!("{rule}: {other:?}"),
    }
}

#[test]
fn a_group_with_checksums_and_a_broken_chain_is_refused() {
    let files = stale(&[4, 3]);
    assert_eq!(outcome(&files).unwrap(), 7, "a whole group above the watermark is taken in");
    let (at, end) = groups(&files[SEGMENT])[1];
    let first_end =
        at + 42 + usize::from(u16::from_be_bytes([files[SEGMENT][at + 40], files[SEGMENT][at + 41]]));
    let change = |rule: &str, place: std::ops::Range<usize>, to: &[u8]| {
        let mut changed = files.clone();
        let segment = changed.get_mut(SEGMENT).unwrap();
        segment[place].copy_from_slice(to);
        assert_ne!(*segment, files[SEGMENT], "{rule}");
        reseal(segment, (at, end));
        refused(&changed, rule);
    };
    for end in [first_end, end] {
        change("prev", end - 32..end, &[1; 32]);
        change("sequence", end - 68..end - 60, &9_u64.to_be_bytes());
        change("recorded_at", end - 47..end - 39, &7_i64.to_be_bytes());
    }
    change("does not follow", at + 16..at + 24, &5_u64.to_be_bytes());
    change("does not follow", at + 12..at + 16, &[0; 4]);
    change("not the records", at + 8..at + 12, &4_u32.to_be_bytes());
}

#[test]
fn damage_before_a_later_group_is_refused_whatever_the_watermark_says() {
    let files = stale(&[2, 3, 4]);
    assert_eq!(outcome(&files).unwrap(), 9);
    let places = groups(&files[SEGMENT]);
    let (at, end) = places[1];
    let flipped = |place: usize| {
        let mut damaged = files.clone();
        damaged.get_mut(SEGMENT).unwrap()[place] ^= 4;
        damaged
    };
    for place in (at..end).step_by(7) {
        refused(&flipped(place), "later group");
    }
    assert_eq!(outcome(&flipped(places[2].0 + 60)).unwrap(), 5, "the last group may be torn");
    // Without the later group, the second may be torn too.
    let mut torn = flipped(at + 60);
    torn.get_mut(SEGMENT).unwrap()[end..].fill(0);
    assert_eq!(outcome(&torn).unwrap(), 2);
}

#[test]
fn an_index_that_leads_to_another_group_is_not_followed() {
    let memory = MemoryBackend::new();
    let backend: Arc<dyn Backend> = Arc::new(memory.clone());
    let mut log = create(&backend).unwrap();
    for _ in 0..14 {
        log = append(log, 1, 300).unwrap();
    }
    log.close().unwrap();
    let mut files = memory.dump();
    let index = files.get_mut("log/00000000.idx").unwrap();
    let [filter, ids, subjects] = [88, 92, 96].map(|at| u32_at(index, at));
    let page = 1 + filter + ids.div_ceil(204) + subjects.div_ceil(341);
    let places = page * 4096;
    // Records 0, 1, 2: groups of one. The places of the first two lead to the third.
    let third: [u8; 4] = index[places + 8..places + 12].try_into().unwrap();
    for posting in [0, 1] {
        index[places + 4 * posting..][..4].copy_from_slice(&third);
    }
    let mut covered = (page as u32).to_be_bytes().to_vec();
    covered.extend_from_slice(&index[places..places + 4092]);
    index[places + 4092..places + 4096].copy_from_slice(&crc32fast::hash(&covered).to_be_bytes());
    let backend: Arc<dyn Backend> = Arc::new(MemoryBackend::restore(&files));
    let (log, _) = open(&backend).unwrap();
    let reader = log.reader();
    for from in [0, 1] {
        let scanned = reader.scan(from, 9, &mut |_| ControlFlow::Continue(()));
        assert!(matches!(scanned, Err(Error::Damaged { .. })), "{scanned:?}");
        assert!(matches!(reader.read(from), Err(Error::Damaged { .. })), "record {from}");
    }
    assert!(reader.scan(2, 9, &mut |_| ControlFlow::Continue(())).is_ok());
}

/// Found by the fuzz target `segment`: the level knew better, and was not asked twice.
#[test]
fn given_a_sealed_record_rewritten_with_its_checksums_when_it_is_read_then_its_successor_tells() {
    let memory = MemoryBackend::new();
    let backend: Arc<dyn Backend> = Arc::new(memory.clone());
    let mut log = create(&backend).unwrap();
    for _ in 0..14 {
        log = append(log, 1, 300).unwrap();
    }
    log.close().unwrap();
    let files = memory.dump();
    let sealed = groups(&files[SEGMENT]);
    let rewritten = [(0, sealed[0]), (sealed.len() as u64 - 1, sealed[sealed.len() - 1])];
    for (sequence, (at, end)) in rewritten {
        let mut changed = files.clone();
        let segment = changed.get_mut(SEGMENT).unwrap();
        // The salt: any other would have done as well.
        let salt = at + segment[at..end].windows(5).position(|part| part == b"salt\xc4").unwrap() + 6;
        segment[salt] ^= 1;
        reseal(segment, (at, end));
        let backend: Arc<dyn Backend> = Arc::new(MemoryBackend::restore(&changed));
        let (log, _) = open(&backend).unwrap();
        let reader = log.reader();
        assert!(matches!(reader.read(sequence), Err(Error::Damaged { .. })), "record {sequence}");
        let mut handed = 0;
        let scanned = reader.scan(0, 14, &mut |_| {
            handed += 1;
            ControlFlow::Continue(())
        });
        // Across the end of the segment, too.
        assert!(matches!(scanned, Err(Error::Damaged { .. })), "record {sequence}: {scanned:?}");
        assert_eq!(handed, sequence + 1);
    }
}

/// Found by the fuzz target `segment`: the place in the levels was computed without a bound.
#[test]
fn given_a_header_or_a_group_far_up_in_sequence_when_verified_then_it_is_a_finding_and_no_panic() {
    let files = stale(&[2, 3, 4]);
    let (at, end) = groups(&files[SEGMENT])[0];
    for first in [1_u64 << 59, 1 << 60, 1 << 63, u64::MAX - 4] {
        let mut far = files.clone();
        let segment = far.get_mut(SEGMENT).unwrap();
        segment[at + 16..at + 24].copy_from_slice(&first.to_be_bytes());
        reseal(segment, (at, end));
        assert!(!crate::ledger::verify(&MemoryBackend::restore(&far)).intact(), "group at {first}");
        refused(&far, "does not follow");
        // More records than its header says, and than there are numbers left.
        let segment = far.get_mut(SEGMENT).unwrap();
        segment[at + 8..at + 12].copy_from_slice(&1_u32.to_be_bytes());
        segment[at + 16..at + 24].copy_from_slice(&(u64::MAX - 1).to_be_bytes());
        reseal(segment, (at, end));
        assert!(!crate::ledger::verify(&MemoryBackend::restore(&far)).intact());
        let mut far = files.clone();
        let segment = far.get_mut(SEGMENT).unwrap();
        segment[32..40].copy_from_slice(&first.to_be_bytes());
        let checksum = crc32fast::hash(&segment[..4092]);
        segment[4092..4096].copy_from_slice(&checksum.to_be_bytes());
        assert!(!crate::ledger::verify(&MemoryBackend::restore(&far)).intact(), "segment at {first}");
        refused(&far, "another place");
    }
}

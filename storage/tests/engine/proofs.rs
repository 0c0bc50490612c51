//! Proofs and tiles as a reader gives them: they hold, and what is damaged is never among them.

use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use storage::backend::{File, Mode};
use storage::limits::MAX_UNWRITTEN;
use storage::merkle::tile::{Level, Tile, tiles};
use storage::merkle::verify;
use storage::{Backend, Digest, Draft, Error, Log, MemoryBackend, Options, Reader};

use crate::ledger::{append, create, identity, is_a, keyer, keys_of, open};
use crate::picky::{Act, Picky};

/// A ledger in memory of `size` records in groups of up to 37, and so of several segments.
fn ledger(size: usize) -> (MemoryBackend, Log) {
    let memory = MemoryBackend::new();
    let backend: Arc<dyn Backend> = Arc::new(memory.clone());
    (memory, grow(create(&backend).unwrap(), size))
}

fn grow(mut log: Log, size: usize) -> Log {
    while (log.head().size as usize) < size {
        let count = 37.min(size - log.head().size as usize);
        log = append(log, count, 0).unwrap();
    }
    log
}

const fn hashes(level: u8, index: u64, width: u16) -> Tile {
    Tile { level: Level::Hashes(level), index, width }
}

const fn entries(index: u64, width: u16) -> Tile {
    Tile { level: Level::Entries, index, width }
}

/// What a reader is asked in these tests.
#[derive(Clone, Copy, Debug)]
enum Question {
    Inclusion(u64, u64),
    Consistency(u64, u64),
    Tile(Tile),
}

impl Question {
    /// The answer in bytes. There is one to each of these questions, or an error.
    fn ask(self, reader: &Reader) -> Result<Vec<u8>, Error> {
        let bytes = |hashes: Vec<Digest>| hashes.iter().flat_map(|hash| hash.0).collect();
        match self {
            Self::Inclusion(index, size) => reader.prove_inclusion(index, size).map(bytes),
            Self::Consistency(old, new) => reader.prove_consistency(old, new).map(bytes),
            Self::Tile(tile) => reader.tile(tile).map(Option::unwrap),
        }
    }
}

/// Some of everything that can be asked of a log of `records`, 40 or more.
fn questions(records: u64) -> Vec<Question> {
    let mut questions = vec![];
    let sizes = [1, 2, 3, 7, 32, 64, 255, 256, 257, records - 1, records];
    for size in sizes.into_iter().filter(|size| *size <= records) {
        questions.extend([0, size / 2, size - 1].map(|index| Question::Inclusion(index, size)));
        questions.extend([1, size / 3 + 1, size].map(|old| Question::Consistency(old, size)));
    }
    for level in [Level::Entries, Level::Hashes(0), Level::Hashes(1)] {
        questions.extend(tiles(records, level).map(Question::Tile));
    }
    questions.extend([hashes(0, 0, 1), hashes(0, 0, 39), entries(0, 3)].map(Question::Tile));
    questions
}

#[test]
fn given_a_growing_log_when_anything_is_proved_at_any_size_then_it_holds() {
    let (_, log) = ledger(300);
    let reader = log.reader();
    let leaves: Vec<Digest> = (0..300).map(|n| reader.leaf(n).unwrap()).collect();
    let roots: Vec<Digest> = (0..=300).map(|size| reader.root(size).unwrap()).collect();
    for size in (1..=33).chain([127, 128, 129, 255, 256, 257, 299, 300]) {
        let root = &roots[size as usize];
        for index in 0..size {
            let proof = reader.prove_inclusion(index, size).unwrap();
            let held = verify::inclusion(&leaves[index as usize], index, size, &proof, root);
            assert_eq!(held, Ok(()), "{index} of {size}");
        }
        for old in 1..=size {
            let proof = reader.prove_consistency(old, size).unwrap();
            let held = verify::consistency(old, size, &proof, &roots[old as usize], root);
            assert_eq!(held, Ok(()), "{old} to {size}");
        }
    }
}

#[test]
fn given_questions_that_have_no_answer_when_they_are_asked_then_that_is_said() {
    let (_, log) = ledger(300);
    let reader = log.reader();
    for (index, size) in [(0, 301), (300, 301), (300, u64::MAX)] {
        let found = reader.prove_inclusion(index, size);
        assert!(matches!(found, Err(Error::Beyond { size: 300, .. })), "{found:?}");
        let found = reader.prove_consistency(index.max(1), size);
        assert!(matches!(found, Err(Error::Beyond { size: 300, .. })), "{found:?}");
    }
    for (index, size) in [(0, 0), (1, 1), (300, 300), (u64::MAX, 300)] {
        let found = reader.prove_inclusion(index, size);
        assert!(matches!(found, Err(Error::Refused(_))), "{found:?}");
    }
    for (old, new) in [(0, 0), (0, 300), (2, 1), (301, 300), (u64::MAX, 300)] {
        let found = reader.prove_consistency(old, new);
        assert!(matches!(found, Err(Error::Refused(_))), "{found:?}");
    }
    for tile in [
        hashes(0, 1, 45),
        hashes(0, 1, 256),
        hashes(0, 2, 1),
        hashes(0, 0, 0),
        hashes(0, 0, 257),
        hashes(1, 0, 2),
        hashes(1, 1, 1),
        hashes(2, 0, 1),
        hashes(63, 0, 1),
        hashes(0, u64::MAX, 256),
        entries(1, 45),
        entries(2, 1),
        entries(0, 0),
        entries(u64::MAX, 1),
    ] {
        assert_eq!(reader.tile(tile).unwrap(), None, "{tile:?}");
    }
    let empty = ledger(0).1.reader();
    assert!(matches!(empty.prove_inclusion(0, 0), Err(Error::Refused(_))));
    assert!(matches!(empty.prove_inclusion(0, 1), Err(Error::Beyond { .. })));
    assert_eq!(empty.tile(hashes(0, 0, 1)).unwrap(), None);
}

#[test]
fn given_a_log_when_its_tiles_are_asked_for_then_they_are_its_records_and_their_hashes() {
    let (_, log) = ledger(300);
    let reader = log.reader();
    for tile in [entries(0, 256), entries(1, 44), entries(0, 1), entries(1, 43)] {
        let (first, end) = tile.leaves().unwrap();
        let mut wanted = Vec::new();
        for n in first..end {
            let record = reader.read(n).unwrap();
            wanted.extend(u16::try_from(record.len()).unwrap().to_be_bytes());
            wanted.extend(record);
        }
        assert_eq!(reader.tile(tile).unwrap(), Some(wanted), "{tile:?}");
    }
    let leaves: Vec<u8> = (0..300).flat_map(|n| reader.leaf(n).unwrap().0).collect();
    for width in 1..=256 {
        let found = reader.tile(hashes(0, 0, width)).unwrap();
        assert_eq!(found.as_deref(), Some(&leaves[..32 * usize::from(width)]));
    }
    assert_eq!(reader.tile(hashes(0, 1, 44)).unwrap().as_deref(), Some(&leaves[32 * 256..]));
    assert_eq!(reader.tile(hashes(1, 0, 1)).unwrap(), Some(reader.root(256).unwrap().0.to_vec()));
}

/// The level files are damaged under the log's feet, at every `step`th byte.
fn flip(records: u64, step: usize) {
    let (memory, log) = ledger(records as usize);
    let reader = log.reader();
    let asked: Vec<_> = questions(records).into_iter().map(|it| (it, it.ask(&reader).unwrap())).collect();
    for level in 0..=u8::from(records >= 256) {
        let file = memory.open(&format!("public/tile/{level}"), Mode::Write).unwrap();
        let count = records >> (8 * level);
        assert_eq!(file.length().unwrap(), 32 * count);
        for at in (0..32 * count).step_by(step) {
            let mut byte = [0];
            file.read_at(&mut byte, at).unwrap();
            file.write_at(&[byte[0] ^ 1 << (at % 8)], at).unwrap();
            // Not every question at every byte, but each at every 7th, in changing order.
            for (question, answer) in asked.iter().skip(at as usize % 7).step_by(7) {
                match question.ask(&reader) {
                    Ok(found) => assert_eq!(found, *answer, "{question:?}, level {level} byte {at}"),
                    Err(Error::Damaged { file, .. }) => assert!(file.starts_with("public/tile/"), "{file}"),
                    Err(error) => panic!("{question:?}, level {level} byte {at}: {error}"),
                }
            }
            // Full or partial: a tile with the byte in it is always refused, and so is the
            // proof of the record beside it.
            let index = at / 32;
            let (tile, place) = (index / 256, index % 256);
            let beside = if level == 1 { records - 1 } else { index ^ 1 };
            for question in [
                Question::Tile(hashes(level, tile, place as u16 + 1)),
                Question::Tile(hashes(level, tile, (count - 256 * tile).min(256) as u16)),
                Question::Inclusion(beside, records),
            ] {
                let found = question.ask(&reader);
                assert!(matches!(found, Err(Error::Damaged { .. })), "{question:?}, byte {at}: {found:?}");
            }
            file.write_at(&byte, at).unwrap();
        }
    }
    for (question, answer) in asked {
        assert_eq!(question.ask(&reader).unwrap(), answer, "{question:?}");
    }
}

#[test]
fn given_a_flip_in_any_byte_of_a_level_when_anything_is_asked_then_the_answer_is_right_or_refused() {
    flip(40, 1);
}

/// Two tiles and one above them: bytes at changing places in every hash.
#[test]
fn given_a_flip_in_any_hash_of_two_levels_when_anything_is_asked_then_the_answer_is_right_or_refused() {
    flip(300, 13);
}

/// A tile and the one above it, changed so that they fit each other: comparing with the
/// parent would be content.
#[test]
fn given_a_tile_forged_together_with_its_parent_when_it_is_asked_for_then_it_is_refused() {
    let (memory, log) = ledger(300);
    let level = |level: u8| memory.open(&format!("public/tile/{level}"), Mode::Write).unwrap();
    level(0).write_at(&[7; 32], 32 * 5).unwrap();
    let mut tile = vec![0; 32 * 256];
    level(0).read_at(&mut tile, 0).unwrap();
    let forged = tile.as_chunks::<32>().0.iter().copied().map(Digest).collect();
    level(1).write_at(&storage::merkle::range::fold(forged).0, 0).unwrap();
    for tile in [hashes(0, 0, 256), hashes(1, 0, 1), hashes(0, 0, 6)] {
        let found = log.reader().tile(tile);
        assert!(matches!(found, Err(Error::Damaged { .. })), "{tile:?}: {found:?}");
    }
}

/// Where the record stands: the file of its segment, and the offset of its first byte.
fn place(memory: &MemoryBackend, record: &[u8]) -> (Arc<dyn File>, u64) {
    let found = memory.dump().into_iter().filter(|(name, _)| is_a(name, "seg")).find_map(|(name, bytes)| {
        bytes.windows(record.len()).position(|window| window == record).map(|at| (name, at as u64))
    });
    let (name, at) = found.unwrap();
    (memory.open(&name, Mode::Write).unwrap(), at)
}

#[test]
fn given_a_damaged_record_when_its_bundle_or_proof_is_asked_for_then_it_is_refused() {
    let (memory, log) = ledger(300);
    let reader = log.reader();
    let bundle = reader.tile(entries(0, 100)).unwrap().unwrap();
    let record = reader.read(99).unwrap();
    let (file, at) = place(&memory, &record);
    file.write_at(&[record[50] ^ 1], at + 50).unwrap();
    for question in
        [Question::Tile(entries(0, 100)), Question::Tile(entries(0, 256)), Question::Inclusion(99, 300)]
    {
        let found = question.ask(&reader);
        assert!(matches!(found, Err(Error::Damaged { .. })), "{question:?}: {found:?}");
    }
    for beside in [98, 100, 200] {
        assert!(Question::Inclusion(beside, 300).ask(&reader).is_ok(), "{beside} is whole");
    }
    file.write_at(&record[50..51], at + 50).unwrap();
    assert_eq!(reader.tile(entries(0, 100)).unwrap(), Some(bundle));
}

/// The last record of a bundle: no link within the bundle covers it, and its group's
/// checksums are made to fit.
#[test]
fn given_a_forged_record_with_its_checksums_when_its_bundle_is_asked_for_then_it_is_refused() {
    let (memory, log) = ledger(300);
    let reader = log.reader();
    let record = reader.read(99).unwrap();
    let (file, at) = place(&memory, &record);
    let mut bytes = vec![0; usize::try_from(file.length().unwrap()).unwrap()];
    file.read_at(&mut bytes, 0).unwrap();
    let group = bytes[..at as usize].windows(4).rposition(|window| window == b"PBg1").unwrap();
    let length = u32::from_be_bytes(bytes[group + 4..group + 8].try_into().unwrap()) as usize;
    let event = record.windows(2).position(|window| window == [0xa1, b'x']).unwrap();
    bytes[at as usize + event + 1] = b'y';
    let body = crc32fast::hash(&bytes[group + 40..group + 40 + length]);
    bytes[group + 32..group + 36].copy_from_slice(&body.to_be_bytes());
    let header = crc32fast::hash(&bytes[group..group + 36]);
    bytes[group + 36..group + 40].copy_from_slice(&header.to_be_bytes());
    file.write_at(&bytes, 0).unwrap();
    let mut forged = Vec::new();
    let scanned = reader.scan(99, 100, &mut |record| {
        forged = record.bytes.to_vec();
        ControlFlow::Continue(())
    });
    assert!(scanned.is_ok() && forged != record, "the group alone does not tell");
    for question in [Question::Tile(entries(0, 100)), Question::Inclusion(99, 300)] {
        let found = question.ask(&reader);
        assert!(matches!(found, Err(Error::Damaged { .. })), "{question:?}: {found:?}");
    }
}

#[test]
fn given_levels_that_cannot_be_written_when_anything_is_asked_then_the_records_answer() {
    let twin = ledger(300).1;
    for begun in [0, 5, 255, 256, 290] {
        let memory = MemoryBackend::new();
        let inner: Arc<dyn Backend> = Arc::new(memory.clone());
        let armed = Arc::new(AtomicBool::new(false));
        let full = Arc::clone(&armed);
        let backend: Arc<dyn Backend> = Arc::new(Picky::new(&inner, move |act, path| {
            let strikes = matches!(act, Act::Create | Act::Write) && path.starts_with("public/tile");
            let strikes = strikes && full.load(Ordering::SeqCst);
            if strikes { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        }));
        let log = grow(create(&backend).unwrap(), begun);
        armed.store(true, Ordering::SeqCst);
        let log = grow(log, 300);
        let written = memory.dump().get("public/tile/0").map_or(0, Vec::len);
        assert!(written < 32 * 300, "the levels are behind: {written}");
        for question in questions(300) {
            let (found, wanted) = (question.ask(&log.reader()), question.ask(&twin.reader()));
            assert_eq!(found.unwrap(), wanted.unwrap(), "{question:?} behind {begun}");
        }
        armed.store(false, Ordering::SeqCst);
        let log = append(log, 1, 0).unwrap();
        assert_eq!(memory.dump()["public/tile/0"].len(), 32 * 301, "and then they have caught up");
        assert!(Question::Inclusion(299, 301).ask(&log.reader()).is_ok());
    }
}

#[test]
fn given_a_level_cut_off_at_any_hash_when_anything_is_asked_then_the_records_answer() {
    let (memory, log) = ledger(300);
    let reader = log.reader();
    let asked: Vec<_> = questions(300).into_iter().map(|it| (it, it.ask(&reader).unwrap())).collect();
    for level in [1, 0] {
        let file = memory.open(&format!("public/tile/{level}"), Mode::Write).unwrap();
        for cut in [file.length().unwrap() - 1, 32 * 257, 32 * 256, 32 * 255, 33, 1, 0] {
            if cut < file.length().unwrap() {
                file.set_length(cut).unwrap();
            }
            for (question, answer) in &asked {
                assert_eq!(question.ask(&reader).unwrap(), *answer, "{question:?}, level {level} at {cut}");
            }
        }
    }
}

/// A proof must not be a way to have the whole log read.
#[test]
fn given_a_level_that_lacks_more_than_a_failure_leaves_when_it_is_asked_then_that_is_an_error() {
    let memory = MemoryBackend::new();
    let backend: Arc<dyn Backend> = Arc::new(memory.clone());
    let options = Options { segment_bytes: 64 << 20, background: false };
    let mut log = Log::create(Arc::clone(&backend), identity(), options.clone(), keyer()).unwrap();
    while log.head().size <= MAX_UNWRITTEN {
        let mut group = log.group();
        for _ in 0..4_096 {
            let n = group.next_sequence();
            let event = crate::ledger::event(n, 0);
            let draft = Draft { source: "", salt: [0; 16], event: &event, flags: &[], recorded_at: 0 };
            group.push(&draft, &[], keys_of(n)).unwrap();
        }
        log = log.commit(group).unwrap();
    }
    let (reader, size) = (log.reader(), log.head().size);
    let wanted = reader.prove_inclusion(size - 1, size).unwrap();
    let file = memory.open("public/tile/0", Mode::Write).unwrap();
    file.set_length(32 * (size - MAX_UNWRITTEN)).unwrap();
    assert_eq!(reader.prove_inclusion(size - 1, size).unwrap(), wanted);
    file.set_length(32 * (size - MAX_UNWRITTEN - 1)).unwrap();
    let found = reader.prove_inclusion(size - 1, size);
    assert!(matches!(found, Err(Error::Damaged { .. })), "{found:?}");
    drop(log);
    let (log, _) = Log::open(backend, options, keyer()).unwrap();
    assert_eq!(log.reader().prove_inclusion(size - 1, size).unwrap(), wanted, "an open restores it");
}

/// Levels are derived: the records alone give the same bytes again.
#[test]
fn given_a_ledger_without_its_levels_when_it_is_opened_then_they_are_there_again_byte_for_byte() {
    type Files = BTreeMap<String, Vec<u8>>;
    let levels = |memory: &MemoryBackend| -> Files {
        memory.dump().into_iter().filter(|(name, _)| name.starts_with("public/tile/")).collect()
    };
    for size in [0, 1, 255, 256, 300, 513] {
        for close in [true, false] {
            let (memory, log) = ledger(size);
            if close {
                log.close().unwrap();
            } else {
                drop(log);
            }
            let wanted = levels(&memory);
            assert_eq!(wanted.len(), if size == 0 { 0 } else { 1 + usize::from(size >= 256) });
            for lost in [&["0", "1"][..], &["0"], &["1"]] {
                let mut files = memory.dump();
                files.retain(|name, _| !lost.iter().any(|level| *name == format!("public/tile/{level}")));
                let restored = MemoryBackend::restore(&files);
                let backend: Arc<dyn Backend> = Arc::new(restored.clone());
                let (log, _) = open(&backend).unwrap();
                assert_eq!(levels(&restored), wanted, "{size} records, closed {close}, without {lost:?}");
                assert_eq!(log.head().size, size as u64);
            }
        }
    }
}

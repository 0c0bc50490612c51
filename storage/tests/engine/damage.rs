//! Damage that no crash leaves: flipped bits, and segments that are not where they belong.

use std::collections::BTreeMap;
use std::sync::Arc;

use storage::integrity::{self, Report, verify_passing};
use storage::{Backend, Error, Identity, Keyer, Log, MemoryBackend};

use crate::ledger::{SMALL, Served, append, create, identity, keyer, open, served, verify};

type Files = BTreeMap<String, Vec<u8>>;

/// A ledger of two segments, closed or just dropped.
fn ledger(close: bool, identity: Identity) -> (Files, Served) {
    let memory = MemoryBackend::new();
    let backend: Arc<dyn Backend> = Arc::new(memory.clone());
    let mut log = Log::create(backend, identity, SMALL, keyer()).unwrap();
    // The filler of record 0 is zeros: it fills the first segment, and takes few flips.
    for (count, filler) in [(1, 2600), (3, 10), (1, 0), (3, 10), (1, 5)] {
        log = append(log, count, filler).unwrap();
    }
    let all = served(&log).unwrap();
    if close {
        log.close().unwrap();
    } else {
        drop(log);
    }
    assert!(verify(&memory).intact());
    (memory.dump(), all)
}

/// Whether to flip truly every bit, which takes minutes in a release build.
fn every_bit() -> bool {
    std::env::var_os("PLEDGEBOOK_EVERY_BIT").is_some()
}

/// The bits to flip: two of every byte that means something, and one of every 16th zero,
/// at changing places; or all there are.
fn bits(bytes: &[u8]) -> impl Iterator<Item = (usize, u8)> {
    let every = every_bit();
    let chosen = move |byte: u8, at: usize, bit: usize| match byte {
        _ if every => true,
        0 => at.is_multiple_of(16) && bit == at / 16 % 8,
        _ => (bit + at).is_multiple_of(4),
    };
    let all = bytes.iter().enumerate().flat_map(|(at, byte)| (0..8).map(move |bit| (*byte, at, bit)));
    all.filter(move |(byte, at, bit)| chosen(*byte, *at, *bit)).map(|(_, at, bit)| (at, 1 << bit))
}

/// Opens what was damaged: it is refused, or serves exactly what there was.
fn judge(files: &Files, all: &Served, what: &str) -> Option<String> {
    let backend: Arc<dyn Backend> = Arc::new(MemoryBackend::restore(files));
    let log = match open(&backend) {
        Ok((log, _)) => log,
        Err(Error::Damaged { file, .. }) => return Some(file),
        Err(error) => panic!("{what}: {error}"),
    };
    match served(&log) {
        Ok(found) => assert_eq!(found, *all, "{what}"),
        Err(Error::Damaged { file, .. }) => return Some(file),
        Err(error) => panic!("{what}: {error}"),
    }
    for size in [0, 1, 5, all.head.size] {
        if let Ok(root) = log.reader().root(size) {
            assert_eq!(root, crate::ledger::naive_root(&all.leaves[..size as usize]), "{what}");
        }
    }
    None
}

/// What is found where no event is opened.
fn unopened(files: &Files) -> Report {
    verify_passing(&MemoryBackend::restore(files), &|_| Ok(()), &|_| {}).unwrap()
}

/// Flips one bit and holds what then happens against what there was; whether it is refused.
fn flip(close: bool, files: &mut Files, all: &Served, path: &str, (at, mask): (usize, u8)) -> bool {
    let bytes = files.get_mut(path).unwrap();
    // The zeros behind the last group of a ledger that was not closed may be a write that
    // never finished: FORMAT.md names them.
    let residue = !close && path.ends_with("00000001.seg") && bytes[at..].iter().all(|byte| *byte == 0);
    bytes[at] ^= mask;
    let what = format!("{path} byte {at} mask {mask} closed {close}");
    let report = verify(&MemoryBackend::restore(files));
    // A checksum byte that became zero may be an erasure cut short: so does it name this.
    let residue = residue || (!close && report.half_erased == 1);
    assert!(!report.intact() || residue, "{what}: the verification finds it");
    assert_eq!(unopened(files).intact(), report.intact(), "{what}: found without opening an event, too");
    assert!(residue || report.findings.iter().any(|finding| finding.file == *path), "{what}: {report:?}");
    let refused = judge(files, all, &what);
    assert!(refused.is_none() || !crate::ledger::is_a(path, "idx"), "{what}: an index can be made again");
    files.get_mut(path).unwrap()[at] ^= mask;
    refused.is_some()
}

fn flip_every_bit(close: bool) {
    let start = std::time::Instant::now();
    let (files, all) = ledger(close, identity());
    assert!(["idx", "words", "seg"].iter().all(|kind| files.keys().any(|it| crate::ledger::is_a(it, kind))));
    let places: Vec<(&String, (usize, u8))> = files
        .iter()
        .filter(|(path, _)| !path.ends_with("spare"))
        .flat_map(|(path, bytes)| bits(bytes).map(move |bit| (path, bit)))
        .collect();
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let refused = std::thread::scope(|scope| {
        let (places, files, all) = (&places, &files, &all);
        let work = |worker: usize| {
            move || {
                let mut files = files.clone();
                let own = places.iter().skip(worker).step_by(workers);
                own.filter(|(path, bit)| flip(close, &mut files, all, path, *bit)).count()
            }
        };
        let workers: Vec<_> = (0..workers).map(|worker| scope.spawn(work(worker))).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum::<usize>()
    });
    let (flipped, served) = (places.len(), places.len() - refused);
    println!("closed {close}: {flipped} flipped, {refused} refused, {served} served, {:?}", start.elapsed());
    assert!(flipped > 6_000 && refused > 3_000 && served > 1_500, "{flipped} {refused} {served}");
    if every_bit() {
        assert_eq!(flipped, 8 * files.values().map(Vec::len).sum::<usize>());
    }
}

#[test]
fn every_bit_flipped_after_a_close_is_found() {
    flip_every_bit(true);
}

#[test]
fn every_bit_flipped_after_a_kill_is_found() {
    flip_every_bit(false);
}

#[test]
fn given_an_index_of_other_keys_when_no_event_is_opened_then_it_is_not_seen_and_else_it_is() {
    let (files, all) = ledger(true, identity());
    let own = keyer();
    let others: Keyer = Arc::new(move |record| {
        own(record).map(|mut keys| {
            keys.id ^= 1;
            keys
        })
    });
    let with_keys = integrity::verify(&MemoryBackend::restore(&files), others, &|_| {}).unwrap();
    assert!(!with_keys.intact());
    assert!(with_keys.findings.iter().all(|it| it.rule == "index.bytes"), "{with_keys:?}");
    let alone = unopened(&files);
    assert!(alone.intact(), "{alone:?}");
    assert_eq!((alone.records, alone.root), (all.head.size, all.head.root));
}

#[test]
fn the_last_group_torn_at_every_byte_is_cut_only_above_the_watermark() {
    let memory = MemoryBackend::new();
    let backend: Arc<dyn Backend> = Arc::new(memory.clone());
    let mut log = create(&backend).unwrap();
    log = append(log, 2, 20).unwrap();
    let before = (memory.dump(), served(&log).unwrap());
    log = append(log, 4, 20).unwrap();
    let after = (memory.dump(), served(&log).unwrap());
    drop(log);
    let segment = "log/00000000.seg";
    let changed: Vec<usize> =
        (0..8192).filter(|at| before.0[segment][*at] != after.0[segment][*at]).collect();
    let (start, end) = (changed[0], changed[changed.len() - 1] + 1);
    assert!(end - start > 500, "{start} to {end}");
    for cut in start..end {
        for front in [true, false] {
            let mut torn = after.0.clone();
            let lost = if front { cut..end } else { start..cut + 1 };
            torn.get_mut(segment).unwrap()[lost].fill(0);
            let acknowledged = judge(&torn, &after.1, "the watermark covers the group");
            assert!(acknowledged.is_some() || torn == after.0, "torn at {cut}");
            // The same, but the crash came before the watermark was raised.
            for path in ["log/watermark", "public/tile/0", "log/words/00000000.words"] {
                if let Some(bytes) = before.0.get(path) {
                    torn.insert(path.to_owned(), bytes.clone());
                }
            }
            if before.0.contains_key("log/words/00000000.words") || torn == after.0 {
                continue;
            }
            torn.remove("log/words/00000000.words");
            assert_eq!(judge(&torn, &before.1, "the group was never acknowledged"), None, "torn at {cut}");
        }
    }
}

#[test]
fn segments_that_are_not_where_they_belong_are_refused() {
    let memory = MemoryBackend::new();
    let backend: Arc<dyn Backend> = Arc::new(memory.clone());
    let mut log = create(&backend).unwrap();
    for _ in 0..40 {
        log = append(log, 2, 400).unwrap();
    }
    let all = served(&log).unwrap();
    log.close().unwrap();
    let files = memory.dump();
    let names: Vec<&String> = files.keys().filter(|name| crate::ledger::is_a(name, "seg")).collect();
    assert!(names.len() > 4, "{names:?}");
    let other = Identity { ledger: *b"another ledger!!", ..identity() };
    let (foreign, _) = ledger(true, other);
    let mut tried = 0;
    let mut refuse = |damaged: &Files, what: &str| {
        assert!(judge(damaged, &all, what).is_some(), "{what}");
        assert!(!verify(&MemoryBackend::restore(damaged)).intact(), "{what}");
        tried += 1;
    };
    for one in &names {
        let mut missing = files.clone();
        missing.remove(*one);
        refuse(&missing, &format!("{one} missing"));
        for length in [0, 1, 4095, 4096, 4100, 6000, 8191] {
            let mut short = files.clone();
            short.get_mut(*one).unwrap().truncate(length);
            refuse(&short, &format!("{one} cut to {length}"));
        }
        let mut replaced = files.clone();
        replaced.insert((*one).clone(), foreign["log/00000000.seg"].clone());
        refuse(&replaced, &format!("{one} from another ledger"));
        for two in names.iter().filter(|two| two != &one) {
            let mut copied = files.clone();
            copied.insert((*one).clone(), files[*two].clone());
            refuse(&copied, &format!("{two} twice, for {one}"));
            let mut swapped = copied.clone();
            swapped.insert((*two).clone(), files[*one].clone());
            refuse(&swapped, &format!("{one} and {two} swapped"));
        }
    }
    assert!(tried > 50, "{tried}");
}

#[test]
fn what_is_derived_is_made_again_byte_for_byte() {
    let memory = MemoryBackend::new();
    let backend: Arc<dyn Backend> = Arc::new(memory.clone());
    let mut log = create(&backend).unwrap();
    for _ in 0..100 {
        log = append(log, 3, 100).unwrap();
    }
    let all = served(&log).unwrap();
    log.close().unwrap();
    let files = memory.dump();
    let derived = |path: &&String| crate::ledger::is_a(path, "idx") || path.starts_with("public/");
    for path in files.keys().filter(derived) {
        for damage in 0..3 {
            let mut damaged = files.clone();
            let bytes = damaged.get_mut(path).unwrap();
            match damage {
                0 => drop(damaged.remove(path)),
                1 => bytes.truncate(bytes.len() / 2),
                _ => bytes[..32].fill(7),
            }
            let memory = MemoryBackend::restore(&damaged);
            let backend: Arc<dyn Backend> = Arc::new(memory.clone());
            let (log, _) = open(&backend).unwrap_or_else(|error| panic!("{path} {damage}: {error}"));
            assert_eq!(served(&log).unwrap(), all);
            log.close().unwrap();
            if !(path.starts_with("public/") && damage == 2) {
                assert!(memory.dump()[path] == files[path], "{path} {damage}");
            }
        }
    }
}

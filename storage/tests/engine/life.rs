//! The life of a ledger without faults: made, appended to, closed, opened, read.

use std::sync::Arc;

use storage::{Backend, CommitError, Error, FileBackend, Log, MemoryBackend, Options};

use crate::ledger::{self, SMALL, append, create, identity, keyer, naive_root, open, served};

fn memory() -> Arc<dyn Backend> {
    Arc::new(MemoryBackend::new())
}

#[test]
fn what_is_appended_is_served_before_and_after_a_reopen() {
    let directory = tempfile::tempdir().unwrap();
    let backends: [Arc<dyn Backend>; 2] =
        [memory(), Arc::new(FileBackend::new(directory.path().join("deep/ledger")))];
    for backend in backends {
        let mut log = create(&backend).unwrap();
        for count in [1, 2, 30, 1, 9, 100, 3] {
            log = append(log, count, 40).unwrap();
        }
        let before = served(&log).unwrap();
        assert_eq!(before.head.size, 146);
        assert_eq!(before.head.root, naive_root(&before.leaves));
        log.close().unwrap();
        let (log, recovery) = open(&backend).unwrap();
        assert!(recovery.clean && recovery.rebuilt.is_empty() && recovery.cut_bytes == 0, "{recovery:?}");
        assert!(recovery.replayed < 146, "sealed segments are not walked again");
        assert_eq!(served(&log).unwrap(), before);
        drop(log);
        let (log, recovery) = open(&backend).unwrap();
        assert!(!recovery.clean && recovery.rebuilt.is_empty(), "{recovery:?}");
        assert_eq!(served(&log).unwrap(), before);
        let log = append(log, 5, 10).unwrap();
        assert_eq!(served(&log).unwrap().records[..146], before.records);
    }
}

#[test]
fn every_historic_root_is_the_rfcs_at_every_size_to_600() {
    let backend = memory();
    let options = Options { segment_bytes: 64 << 10, background: true };
    let mut log = Log::create(Arc::clone(&backend), identity(), options, keyer()).unwrap();
    let mut leaves = Vec::new();
    for size in 0..=600_u64 {
        let head = log.head();
        assert_eq!((head.size, head.root), (size, naive_root(&leaves)));
        let mut group = log.group();
        leaves.push(ledger::push(&mut group, 3).unwrap().hash);
        log = log.commit(group).unwrap();
    }
    let reader = log.reader();
    for size in 0..=600 {
        assert_eq!(reader.root(size as u64).unwrap(), naive_root(&leaves[..size]), "at size {size}");
    }
    let MemoryDump { level0, level1 } = MemoryDump::of(&backend);
    assert_eq!(level0, leaves.iter().flat_map(|leaf| leaf.0).collect::<Vec<_>>());
    let tiles = leaves.chunks_exact(256).flat_map(|tile| naive_root(tile).0);
    assert_eq!(level1, tiles.collect::<Vec<_>>());
}

struct MemoryDump {
    level0: Vec<u8>,
    level1: Vec<u8>,
}

impl MemoryDump {
    fn of(backend: &Arc<dyn Backend>) -> Self {
        let whole = |path: &str| {
            let file = backend.open(path, storage::backend::Mode::Read).unwrap();
            let mut bytes = vec![0; file.length().unwrap() as usize];
            assert_eq!(file.read_at(&mut bytes, 0).unwrap(), bytes.len());
            bytes
        };
        Self { level0: whole("public/tile/0"), level1: whole("public/tile/1") }
    }
}

#[test]
fn a_second_holder_is_told_who_has_it() {
    let directory = tempfile::tempdir().unwrap();
    let backend: Arc<dyn Backend> = Arc::new(FileBackend::new(directory.path()));
    let log = create(&backend).unwrap();
    match open(&backend) {
        Err(Error::Locked { pid }) => assert_eq!(pid, std::process::id()),
        other => panic!("{other:?}"),
    }
    drop(log);
    assert!(matches!(create(&backend), Err(Error::Exists { .. })));
    open(&backend).unwrap();
    assert!(matches!(open(&memory()), Err(Error::Absent { .. })));
}

#[test]
fn a_group_on_another_head_is_refused_and_the_log_lives() {
    let log = create(&memory()).unwrap();
    let (mut one, mut two) = (log.group(), log.group());
    ledger::push(&mut one, 1).unwrap();
    ledger::push(&mut two, 2).unwrap();
    let log = log.commit(one).unwrap();
    let Err(CommitError::Full { log, error: Error::Refused(_) }) = log.commit(two) else { panic!() };
    assert_eq!(append(*log, 1, 1).unwrap().head().size, 2);
}

#[test]
fn readers_see_committed_records_only() {
    let log = create(&memory()).unwrap();
    let reader = log.reader();
    let mut group = log.group();
    ledger::push(&mut group, 1).unwrap();
    assert_eq!(reader.head().size, 0);
    assert!(matches!(reader.read(0), Err(Error::Beyond { sequence: 0, size: 0 })));
    let log = log.commit(group).unwrap();
    assert_eq!(reader.head(), log.head());
    log.close().unwrap();
    assert_eq!(reader.read(0).unwrap().len(), reader.read(0).unwrap().len());
}

#[test]
fn a_large_ledger_is_opened_without_walking_it() {
    let backend = memory();
    let mut log = create(&backend).unwrap();
    for _ in 0..200 {
        log = append(log, 3, 900).unwrap();
    }
    drop(log);
    let (log, recovery) = open(&backend).unwrap();
    assert!(recovery.replayed < 12, "{recovery:?}");
    assert_eq!(log.head().size, 600);
    assert_eq!(SMALL.segment_bytes, 8192);
}

#[test]
fn a_verification_beside_a_server_sees_what_is_committed() {
    let directory = tempfile::tempdir().unwrap();
    let backend: Arc<dyn Backend> = Arc::new(FileBackend::new(directory.path()));
    let options = Options { segment_bytes: 64 << 10, background: true };
    let log = Log::create(Arc::clone(&backend), identity(), options, keyer()).unwrap();
    let ended = std::sync::atomic::AtomicBool::new(false);
    let (log, verified) = std::thread::scope(|scope| {
        let mut log = log;
        let verifier = scope.spawn(|| {
            let mut sizes = Vec::new();
            while !ended.load(std::sync::atomic::Ordering::SeqCst) {
                let report = ledger::verify(&*backend);
                assert!(report.intact(), "{report:?}");
                sizes.push(report.records);
            }
            sizes
        });
        let reader = log.reader();
        for count in 0..600 {
            log = append(log, 1 + count % 9, 60).unwrap();
            assert_eq!(reader.by_id(ledger::id_of(log.head().size - 1)).unwrap(), [log.head().size - 1]);
        }
        ended.store(true, std::sync::atomic::Ordering::SeqCst);
        (log, verifier.join().unwrap())
    });
    assert!(verified.len() > 3 && verified.windows(2).all(|pair| pair[0] <= pair[1]), "{verified:?}");
    let all = served(&log).unwrap();
    log.close().unwrap();
    let report = ledger::verify(&*backend);
    assert!(report.intact(), "{report:?}");
    assert_eq!((report.records, report.hash, report.root), (all.head.size, all.head.hash, all.head.root));
}

#[test]
fn old_records_are_found_while_segments_turn() {
    let backend = memory();
    let options = Options { background: true, ..SMALL };
    let log = Log::create(backend, identity(), options, ledger::keyer()).unwrap();
    let reader = log.reader();
    let ended = std::sync::atomic::AtomicBool::new(false);
    let (log, lookups) = std::thread::scope(|scope| {
        let mut log = log;
        let asker = scope.spawn(|| {
            let mut lookups = 0_u64;
            while lookups < 1_000 || !ended.load(std::sync::atomic::Ordering::SeqCst) {
                let size = reader.head().size;
                if size == 0 {
                    continue;
                }
                // Old and new ones in turn: the newest five, and any.
                let n = if lookups.is_multiple_of(2) {
                    size - 1 - lookups % size.min(5)
                } else {
                    lookups * 7919 % size
                };
                assert_eq!(reader.by_id(ledger::id_of(n)).unwrap(), [n], "of {size}");
                let wanted: Vec<u64> = (0..size).filter(|it| it % 7 == n % 7).collect();
                let found = reader.by_subject(n % 7).unwrap();
                assert!(found.starts_with(&wanted), "{n} of {size}: {found:?}");
                let record = reader.read(n).unwrap();
                assert_eq!(storage::Record::parse(&record).unwrap().sequence, n);
                assert_eq!(reader.words(n).unwrap().len(), if ledger::worded(n) { 2 } else { 0 });
                lookups += 1;
            }
            lookups
        });
        for _ in 0..250 {
            log = append(log, 2, 400).unwrap();
        }
        ended.store(true, std::sync::atomic::Ordering::SeqCst);
        (log, asker.join().unwrap())
    });
    assert!(lookups >= 1_000, "{lookups}");
    served(&log).unwrap();
    log.close().unwrap();
}

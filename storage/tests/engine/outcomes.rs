//! What a commit says when a certain step of it fails, and what is then on the disk.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use storage::{Backend, CommitError, Draft, Error, Log, MemoryBackend, Word};

use crate::ledger::{append, create, is_a, keys_of, nonce, open, served, verify};
use crate::picky::{Act, Picky};

/// The truth: segments and words.
fn truth(memory: &MemoryBackend) -> BTreeMap<String, Vec<u8>> {
    let mut files = memory.dump();
    files.retain(|path, bytes| is_a(path, "seg") || (is_a(path, "words") && !bytes.is_empty()));
    files
}

struct Rig {
    memory: MemoryBackend,
    armed: Arc<AtomicBool>,
    backend: Arc<dyn Backend>,
}

fn rig(strike: (Act, &'static str), kind: ErrorKind) -> Rig {
    let memory = MemoryBackend::new();
    let armed = Arc::new(AtomicBool::new(false));
    let inner: Arc<dyn Backend> = Arc::new(memory.clone());
    let backend = Picky::once(&inner, &armed, strike, kind);
    Rig { memory, armed, backend }
}

/// Appends until the armed fault strikes; the size before, the truth before, and the outcome.
fn strike(rig: &Rig, mut log: Log) -> (u64, BTreeMap<String, Vec<u8>>, CommitError) {
    rig.armed.store(true, Ordering::SeqCst);
    for _ in 0..100 {
        let (size, before) = (log.head().size, truth(&rig.memory));
        match append(log, 2, 300) {
            Ok(next) => log = next,
            Err(error) => return (size, before, error),
        }
        assert!(rig.armed.load(Ordering::SeqCst), "a commit says yes although a step of it failed");
    }
    panic!("it never struck");
}

/// Nothing was written, the handle is back, and the next commit is as any other.
fn goes_on(rig: &Rig, log: Log, before: &BTreeMap<String, Vec<u8>>) {
    assert_eq!(truth(&rig.memory), *before, "nothing was written");
    let mut log = log;
    for _ in 0..9 {
        log = append(log, 2, 300).unwrap();
    }
    let all = served(&log).unwrap();
    log.close().unwrap();
    assert!(verify(&rig.memory).intact());
    assert_eq!(served(&open(&rig.backend).unwrap().0).unwrap(), all);
}

#[test]
fn what_fails_before_anything_is_written_gives_the_log_back_and_says_why() {
    let steps = [
        (Act::Create, "log/spare"),
        (Act::Write, "log/spare"),
        (Act::Rename, "1.seg"),
        (Act::Create, ".words"),
    ];
    for (step, kind) in
        steps.into_iter().flat_map(|step| [(step, ErrorKind::Other), (step, ErrorKind::StorageFull)])
    {
        let rig = rig(step, kind);
        let log = create(&rig.backend).unwrap();
        let (_, before, error) = strike(&rig, log);
        match (kind, error) {
            (ErrorKind::Other, CommitError::Full { log, error: Error::Io { .. } })
            | (ErrorKind::StorageFull, CommitError::Full { log, error: Error::Full { .. } }) => {
                goes_on(&rig, *log, &before);
            }
            (_, other) => panic!("{step:?} {kind:?}: {other:?}"),
        }
    }
}

#[test]
fn a_name_that_may_not_last_takes_the_handle() {
    let rig = rig((Act::SyncDir, "log"), ErrorKind::Other);
    let log = create(&rig.backend).unwrap();
    let (size, before, error) = strike(&rig, log);
    assert!(
        matches!(&error, CommitError::Poisoned(Error::Io { file, .. }) if is_a(file, "seg")),
        "{error:?}"
    );
    assert_eq!(before.keys().filter(|path| is_a(path, "seg")).count(), 1);
    let (log, _) = open(&rig.backend).unwrap();
    assert_eq!(served(&log).unwrap().head.size, size);
}

#[test]
fn no_group_is_written_whose_words_were_not_synced() {
    for skipped in [0, 6] {
        let rig = rig((Act::Sync, ".words"), ErrorKind::Other);
        let log = append(create(&rig.backend).unwrap(), 1 + skipped, 10).unwrap();
        let (size, before, error) = strike(&rig, log);
        let words = matches!(&error, CommitError::Poisoned(Error::Io { file, .. }) if is_a(file, "words"));
        assert!(words, "{error:?}");
        let segments = |files: BTreeMap<String, Vec<u8>>| -> BTreeMap<_, _> {
            files.into_iter().filter(|(path, _)| is_a(path, "seg")).collect()
        };
        assert_eq!(segments(truth(&rig.memory)), segments(before), "the group was not written");
        let (log, _) = open(&rig.backend).unwrap();
        assert_eq!(served(&log).unwrap().head.size, size);
    }
}

#[test]
fn words_without_room_leave_nothing_behind() {
    for before in [3, 8] {
        let rig = rig((Act::Write, ".words"), ErrorKind::StorageFull);
        let log = append(create(&rig.backend).unwrap(), before, 10).unwrap();
        let truth_before = truth(&rig.memory);
        let mut group = log.group();
        let n = group.next_sequence();
        let event = crate::ledger::event(n, 10);
        let draft = Draft {
            source: "tests",
            salt: [1; 16],
            event: &event,
            flags: &[],
            recorded_at: log.head().recorded_at + 1,
        };
        let text = "long ".repeat(1000);
        group
            .push(&draft, &[Word { field: "summary", nonce: nonce(n, 0), text: &text }], keys_of(n))
            .unwrap();
        rig.armed.store(true, Ordering::SeqCst);
        match log.commit(group) {
            Err(CommitError::Full { log, error: Error::Full { file, .. } }) => {
                assert!(is_a(&file, "words"), "{file}");
                goes_on(&rig, *log, &truth_before);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn after_a_failed_sync_of_the_levels_nothing_is_sealed_before_the_next_open() {
    let rig = rig((Act::Sync, "public/tile/0"), ErrorKind::Other);
    let mut log = create(&rig.backend).unwrap();
    let indexes = || rig.memory.dump().keys().filter(|path| is_a(path, "idx")).count();
    while indexes() < 2 {
        log = append(log, 4, 300).unwrap();
    }
    rig.armed.store(true, Ordering::SeqCst);
    for _ in 0..20 {
        log = append(log, 4, 300).unwrap();
    }
    assert!(!rig.armed.load(Ordering::SeqCst), "it struck");
    assert_eq!(indexes(), 2, "a later sync may say yes to what is lost");
    let all = served(&log).unwrap();
    assert!(matches!(log.close(), Err(Error::Io { .. })), "not a clean end");
    let (log, recovery) = open(&rig.backend).unwrap();
    assert!(!recovery.clean && recovery.replayed > 20, "{recovery:?}");
    assert_eq!(served(&log).unwrap(), all);
    assert!(indexes() > 5);
    log.close().unwrap();
    assert!(verify(&rig.memory).intact());
}

#[test]
fn given_a_full_disk_when_groups_come_again_and_again_then_no_zeros_are_written_until_there_is_room() {
    let memory: Arc<dyn Backend> = Arc::new(MemoryBackend::new());
    let full = Arc::new(AtomicBool::new(false));
    let zeros = Arc::new(AtomicU64::new(0));
    let (is_full, written) = (Arc::clone(&full), Arc::clone(&zeros));
    let backend: Arc<dyn Backend> = Arc::new(Picky::new(&memory, move |act, path| {
        if act == Act::Write && path == "log/spare" {
            written.fetch_add(1, Ordering::SeqCst);
        }
        let refused = act == Act::Reserve && is_full.load(Ordering::SeqCst);
        if refused { Err(ErrorKind::StorageFull.into()) } else { Ok(()) }
    }));
    let mut log = create(&backend).unwrap();
    full.store(true, Ordering::SeqCst);
    let before = zeros.load(Ordering::SeqCst);
    let mut refused = 0;
    while refused < 20 {
        log = match append(log, 2, 300) {
            Ok(log) => log,
            Err(CommitError::Full { log, error: Error::Full { .. } }) => {
                refused += 1;
                *log
            }
            Err(other) => panic!("{other:?}"),
        };
    }
    assert_eq!(zeros.load(Ordering::SeqCst), before, "a full disk was written to");
    assert!(
        memory.open("log/spare", storage::backend::Mode::Read).is_err(),
        "and what little there was is kept"
    );
    let size = log.head().size;
    full.store(false, Ordering::SeqCst);
    let log = append(log, 2, 300).unwrap();
    assert!(zeros.load(Ordering::SeqCst) > before);
    assert_eq!(served(&log).unwrap().head.size, size + 2);
}

#[test]
fn a_thread_that_panics_is_not_waited_for() {
    let inner: Arc<dyn Backend> = Arc::new(MemoryBackend::new());
    let backend: Arc<dyn Backend> = Arc::new(Picky::new(&inner, |act, path| {
        let there = std::thread::current().name() == Some("storage-tidy");
        assert!(!(there && act == Act::Create && path == "log/spare"), "on purpose");
        Ok(())
    }));
    let (sender, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let options = storage::Options { background: true, ..crate::ledger::SMALL };
        let identity = crate::ledger::identity();
        let mut log = Log::create(backend, identity, options, crate::ledger::keyer()).unwrap();
        for _ in 0..30 {
            log = append(log, 2, 400).unwrap();
        }
        let size = served(&log).unwrap().head.size;
        log.close().unwrap();
        sender.send(size).unwrap();
    });
    assert_eq!(ended.recv_timeout(std::time::Duration::from_secs(30)), Ok(60), "somebody waits for ever");
}

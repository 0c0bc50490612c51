//! Words that are erased: gone from the files, the records and their proofs as they were.

use std::collections::BTreeMap;
use std::sync::Arc;

use storage::backend::{Act, Fault};
use storage::{Backend, Erasure, Error, FaultBackend, Log, MemoryBackend, WordState};

use crate::ledger::{append, create, is_a, open, served, verify, worded};

pub(crate) fn of(sequence: u64, field: Option<&str>) -> Erasure {
    Erasure { sequence, field: field.map(str::to_owned) }
}

/// Three segments and more; records 3, 8, 13 … have the words `summary` and `reason`.
fn filled(backend: &Arc<dyn Backend>) -> Log {
    let mut log = create(backend).unwrap();
    for _ in 0..10 {
        log = append(log, 4, 230).unwrap();
    }
    log
}

fn states(log: &Log, sequence: u64) -> Vec<(String, bool)> {
    let words = log.reader().words(sequence).unwrap();
    words.into_iter().map(|word| (word.field, word.state == WordState::Erased)).collect()
}

/// Whether the bytes of a word stand in any file.
fn stands<P>(files: &BTreeMap<P, Vec<u8>>, text: &str) -> bool {
    files.values().any(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
}

#[test]
fn given_words_in_sealed_and_open_segments_when_erased_then_they_are_gone_and_nothing_else_is() {
    for background in [false, true] {
        let memory = MemoryBackend::new();
        let backend: Arc<dyn Backend> = Arc::new(memory.clone());
        let mut log = filled(&backend);
        if background {
            log.close().unwrap();
            log = open(&backend).unwrap().0;
        }
        let before = (served(&log).unwrap(), memory.dump());
        assert!(before.1.keys().filter(|path| is_a(path, "seg")).count() >= 3);
        let log = log.erase(&[of(3, None), of(38, Some("summary")), of(13, Some("other"))]).unwrap();
        assert_eq!(states(&log, 3), [("summary".to_owned(), true), ("reason".to_owned(), true)]);
        assert_eq!(states(&log, 38), [("summary".to_owned(), true), ("reason".to_owned(), false)]);
        let after = served(&log).unwrap();
        assert_eq!(
            (&after.records, &after.leaves, after.head),
            (&before.0.records, &before.0.leaves, before.0.head)
        );
        for n in (0..40).filter(|n| worded(*n) && ![3, 38].contains(n)) {
            assert_eq!(after.words[n as usize], before.0.words[n as usize], "{n}");
        }
        for (path, bytes) in memory.dump() {
            assert_eq!(bytes.len(), before.1[&path].len(), "{path}");
            assert!(bytes == before.1[&path] || is_a(&path, "words"), "{path}");
        }
        // The words of 33 begin like those of 3, and stand in another segment.
        let first = |files: &BTreeMap<String, Vec<u8>>| {
            BTreeMap::from([(0, files["log/words/00000000.words"].clone())])
        };
        assert!(
            stands(&first(&before.1), "the words of 3") && !stands(&first(&memory.dump()), "the words of 3")
        );
        assert!(stands(&before.1, "the words of 38") && !stands(&memory.dump(), "the words of 38"));
        // Once more, after a restart, and the whole record of which a part is erased already.
        log.close().unwrap();
        let erased = memory.dump();
        assert!(verify(&memory).intact());
        let (log, recovery) = open(&backend).unwrap();
        assert!(recovery.rebuilt.is_empty(), "{recovery:?}");
        let log = log.erase(&[of(3, None), of(3, Some("reason")), of(38, Some("summary"))]).unwrap();
        assert!(memory.dump()["log/words/00000000.words"] == erased["log/words/00000000.words"]);
        let log = log.erase(&[of(38, None)]).unwrap();
        assert_eq!(states(&log, 38), [("summary".to_owned(), true), ("reason".to_owned(), true)]);
        // The log goes on.
        let log = append(log, 4, 230).unwrap();
        log.close().unwrap();
        assert!(verify(&memory).intact());
    }
}

#[test]
fn given_erased_words_when_they_are_all_that_changed_then_they_are_zeros_behind_their_heads() {
    let memory = MemoryBackend::new();
    let backend: Arc<dyn Backend> = Arc::new(memory.clone());
    let log = append(create(&backend).unwrap(), 4, 10).unwrap();
    let path = "log/words/00000000.words";
    let before = memory.dump()[path].clone();
    // Head 18, "summary" 7, checksum 4; nonce 32, text 14, checksum 4.
    let (body, end) = (29, 29 + 32 + 14 + 4);
    let log = log.erase(&[of(3, Some("summary"))]).unwrap();
    let mut wanted = before.clone();
    wanted[body..end].fill(0);
    assert_eq!(memory.dump()[path], wanted);
    // "reason" has no text: 18 + 6 + 4, then 32 + 0 + 4.
    drop(log.erase(&[of(3, None)]).unwrap());
    wanted[end + 28..].fill(0);
    assert_eq!(memory.dump()[path], wanted);
}

#[test]
fn given_a_record_without_words_or_beyond_the_head_when_erased_then_nothing_happens_or_it_is_refused() {
    let memory = MemoryBackend::new();
    let backend: Arc<dyn Backend> = Arc::new(memory.clone());
    let log = append(create(&backend).unwrap(), 4, 10).unwrap();
    let before = memory.dump();
    let log = log.erase(&[of(0, None), of(2, Some("summary"))]).unwrap().erase(&[]).unwrap();
    assert!(memory.dump() == before);
    assert!(matches!(log.erase(&[of(3, None), of(4, None)]), Err(Error::Beyond { sequence: 4, size: 4 })));
    assert!(memory.dump() == before, "the handle is gone, and nothing was written");
}

#[test]
fn given_words_that_are_damaged_when_erased_then_they_are_gone_too() {
    let path = "log/words/00000000.words";
    let memory = MemoryBackend::new();
    let backend: Arc<dyn Backend> = Arc::new(memory.clone());
    let mut log = create(&backend).unwrap();
    for _ in 0..10 {
        log = append(log, 4, 5).unwrap();
    }
    log.close().unwrap();
    let whole = memory.dump();
    assert!(whole.contains_key("log/00000000.idx"));
    let at = |text: &str| whole[path].windows(text.len()).position(|it| it == text.as_bytes()).unwrap();
    // A bit of the text of 3; then of the head of its entry, and of the next of the record.
    let text = at("the words of 3");
    for damaged in [text, text - 32 - 4 - 3, text + 14 + 4 + 1] {
        let mut files = whole.clone();
        files.get_mut(path).unwrap()[damaged] ^= 4;
        let memory = MemoryBackend::restore(&files);
        let backend: Arc<dyn Backend> = Arc::new(memory.clone());
        let (log, _) = open(&backend).unwrap();
        let found = log.reader().words(3);
        if damaged == text {
            assert_eq!(found.unwrap()[0].state, WordState::Damaged);
        } else {
            assert!(matches!(found, Err(Error::Damaged { sequence: 3, .. })), "{found:?}");
        }
        let log = log.erase(&[of(3, None)]).unwrap();
        let dump = memory.dump();
        assert!(dump[path][text..text + 14].iter().all(|byte| *byte == 0), "{damaged}");
        assert_eq!(dump[path][at("the words of 8")..], whole[path][at("the words of 8")..], "{damaged}");
        assert_eq!(log.reader().words(8).unwrap().len(), 2, "{damaged}");
    }
}

#[test]
fn given_an_act_that_fails_when_words_are_erased_then_the_handle_is_gone_and_a_restart_finishes() {
    let memory = MemoryBackend::new();
    let backend: Arc<dyn Backend> = Arc::new(memory.clone());
    filled(&backend).close().unwrap();
    let whole = memory.dump();
    let wanted = [of(3, None), of(38, None)];
    let mut struck = 0;
    for act in [Act::Write, Act::Sync, Act::Evict] {
        for nth in 1.. {
            let memory = MemoryBackend::restore(&whole);
            let inner: Arc<dyn Backend> = Arc::new(memory.clone());
            let (log, _) = open(&inner).unwrap();
            drop(log);
            let failing =
                FaultBackend::new(inner.clone(), act, nth, Fault::Error(std::io::ErrorKind::Other), true);
            let backend: Arc<dyn Backend> = Arc::new(failing.clone());
            let Ok((log, _)) = open(&backend) else { continue };
            let began = failing.struck();
            let reader = log.reader();
            match log.erase(&wanted) {
                Ok(_) => {
                    assert!(!failing.struck());
                    break;
                }
                Err(error) => assert!(matches!(error, Error::Io { .. }), "{error}"),
            }
            assert!(failing.struck() && !began, "{act:?} {nth}");
            assert!(reader.words(3).is_ok() && reader.words(38).is_ok(), "readers go on");
            struck += 1;
            let (log, _) = open(&inner).unwrap();
            let log = log.erase(&wanted).unwrap();
            assert!(states(&log, 3).iter().chain(&states(&log, 38)).all(|(_, erased)| *erased));
            log.close().unwrap();
            assert!(verify(&memory).intact(), "{act:?} {nth}");
        }
    }
    // Two files: four checksums, four bodies; three syncs and one look at the disk each.
    assert_eq!(struck, 8 + 6 + 2);
}

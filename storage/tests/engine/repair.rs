//! What is derived, or can be had again, is made again: directories, and indexes that turn
//! out to be damaged while they are asked.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use storage::backend::Mode;
use storage::{Backend, FileBackend, MemoryBackend};

use crate::ledger::{append, create, id_of, is_a, open, served, verify};

const INDEX: &str = "log/00000000.idx";

#[test]
fn names_are_synced_through_directories_that_are_open_since_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let (root, away) = (directory.path().join("ledger"), directory.path().join("away"));
    for reopened in [false, true] {
        let files = FileBackend::new(&root);
        let backend: Arc<dyn Backend> = Arc::new(files.clone());
        let log = if reopened { open(&backend).unwrap().0 } else { create(&backend).unwrap() };
        // Whoever opens a directory by its name finds none now, as with no descriptor left.
        fs::rename(&root, &away).unwrap();
        for name in ["", "log", "log/words", "public", "public/tile"] {
            files.clone().sync_dir(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        fs::rename(&away, &root).unwrap();
        log.close().unwrap();
    }
}

fn spill(files: &BTreeMap<String, Vec<u8>>, root: &Path) {
    for directory in ["log/words", "public/tile"] {
        fs::create_dir_all(root.join(directory)).unwrap();
    }
    for (path, bytes) in files {
        fs::write(root.join(path), bytes).unwrap();
    }
}

#[test]
fn a_copy_without_derived_files_or_directories_is_made_whole() {
    let memory = MemoryBackend::new();
    let backend: Arc<dyn Backend> = Arc::new(memory.clone());
    let mut log = create(&backend).unwrap();
    for _ in 0..30 {
        log = append(log, 3, 200).unwrap();
    }
    let all = served(&log).unwrap();
    log.close().unwrap();
    let files = memory.dump();
    let derived = files.keys().filter(|path| is_a(path, "idx") || path.starts_with("public/"));
    for lost in derived.map(String::as_str).chain(["public/tile", "public"]) {
        let directory = tempfile::tempdir().unwrap();
        spill(&files, directory.path());
        let path = directory.path().join(lost);
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
        let backend: Arc<dyn Backend> = Arc::new(FileBackend::new(directory.path()));
        let (log, _) = open(&backend).unwrap_or_else(|error| panic!("{lost}: {error}"));
        assert_eq!(served(&log).unwrap(), all, "{lost}");
        log.close().unwrap();
        for (path, bytes) in files.iter().filter(|(path, _)| *path != "log/watermark") {
            assert!(fs::read(directory.path().join(path)).unwrap() == *bytes, "{lost}: {path}");
        }
        assert!(verify(&*backend).intact(), "{lost}");
    }
}

#[test]
fn words_find_their_directory_whenever_it_went() {
    // Record 3 is the first with words.
    for running in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let backend: Arc<dyn Backend> = Arc::new(FileBackend::new(directory.path()));
        let mut log = append(create(&backend).unwrap(), 2, 10).unwrap();
        let words = directory.path().join("log/words");
        if running {
            fs::remove_dir(words).unwrap();
            log = append(log, 1, 10).unwrap();
        } else {
            log.close().unwrap();
            fs::remove_dir_all(directory.path().join("public")).unwrap();
            fs::remove_dir(&words).unwrap();
            log = open(&backend).unwrap().0;
            assert!(words.is_dir());
        }
        let log = append(log, 5, 10).unwrap();
        let all = served(&log).unwrap();
        log.close().unwrap();
        assert!(verify(&*backend).intact());
        assert_eq!(served(&open(&backend).unwrap().0).unwrap(), all);
    }
}

/// Flips a bit of `path` where it stands.
fn flip(backend: &dyn Backend, path: &str, at: u64) {
    let file = backend.open(path, Mode::Write).unwrap();
    let mut byte = [0];
    assert_eq!(file.read_at(&mut byte, at).unwrap(), 1);
    file.write_at(&[byte[0] ^ 4], at).unwrap();
}

#[test]
fn an_index_damaged_on_any_page_is_made_again_and_sealed_again() {
    let memory = MemoryBackend::new();
    let backend: Arc<dyn Backend> = Arc::new(memory.clone());
    let mut log = create(&backend).unwrap();
    for _ in 0..8 {
        log = append(log, 3, 200).unwrap();
    }
    let all = served(&log).unwrap();
    log.close().unwrap();
    let files = memory.dump();
    let pages = files[INDEX].len() / 4096;
    assert_eq!(pages, 6, "summary, filter, ids, subjects, places, words");
    for page in 0..pages as u64 {
        let memory = MemoryBackend::restore(&files);
        let backend: Arc<dyn Backend> = Arc::new(memory.clone());
        flip(&*backend, INDEX, 4096 * page + 40);
        let (log, _) = open(&backend).unwrap();
        assert_eq!(served(&log).unwrap(), all, "page {page}");
        log.close().unwrap();
        assert!(memory.dump()[INDEX] == files[INDEX], "page {page} is as it was");
        assert!(verify(&memory).intact());
        let (log, recovery) = open(&backend).unwrap();
        assert!(recovery.clean && recovery.rebuilt.is_empty(), "{recovery:?}");
        // The same beneath a log that is open: the next commit seals it again. The first two
        // pages are held in memory.
        flip(&*backend, INDEX, 4096 * page + 40);
        let reader = log.reader();
        assert_eq!(served(&log).unwrap(), all, "page {page}");
        assert!(memory.dump()[INDEX] != files[INDEX], "a reader does not write");
        let log = append(log, 1, 0).unwrap();
        assert_eq!(memory.dump()[INDEX] == files[INDEX], page >= 2, "page {page}");
        // And when only readers are left, they are served, and write nothing.
        drop(log);
        let broken = if page >= 2 { 4096 * page + 40 } else { 4096 * 2 + 40 };
        flip(&*backend, INDEX, broken);
        let before = memory.dump();
        for n in 0..all.head.size {
            assert_eq!(reader.by_id(id_of(n)).unwrap(), [n]);
            assert_eq!(reader.read(n).unwrap(), all.records[n as usize]);
        }
        assert_eq!(memory.dump(), before);
    }
}

#[test]
fn an_index_of_an_earlier_form_is_made_again() {
    let memory = MemoryBackend::new();
    let backend: Arc<dyn Backend> = Arc::new(memory.clone());
    let mut log = create(&backend).unwrap();
    for _ in 0..8 {
        log = append(log, 3, 200).unwrap();
    }
    let all = served(&log).unwrap();
    log.close().unwrap();
    let files = memory.dump();
    // Whole in itself, checksum and all: only its name says that its filter is another.
    let mut page = files[INDEX][..4096].to_vec();
    assert_eq!(page[..8], *b"PBINDEX2");
    page[7] = b'1';
    let checksum = crc32fast::hash(&[&0_u32.to_be_bytes()[..], &page[..4092]].concat());
    page[4092..].copy_from_slice(&checksum.to_be_bytes());
    backend.open(INDEX, Mode::Write).unwrap().write_at(&page, 0).unwrap();
    let (log, _) = open(&backend).unwrap();
    assert_eq!(served(&log).unwrap(), all);
    log.close().unwrap();
    assert!(memory.dump()[INDEX] == files[INDEX]);
    assert!(verify(&memory).intact());
}

#[test]
fn an_open_that_meets_a_damaged_index_makes_it_again() {
    let memory = MemoryBackend::new();
    let backend: Arc<dyn Backend> = Arc::new(memory.clone());
    let mut log = create(&backend).unwrap();
    let mut watermark = Vec::new();
    while !memory.dump().contains_key(INDEX) {
        watermark = memory.dump()["log/watermark"].clone();
        log = append(log, 3, 200).unwrap();
    }
    let all = served(&log).unwrap();
    drop(log);
    let mut files = memory.dump();
    // The last record that this watermark tells of stands in the sealed segment.
    files.insert("log/watermark".to_owned(), watermark);
    for page in 0..files[INDEX].len() as u64 / 4096 {
        let memory = MemoryBackend::restore(&files);
        let backend: Arc<dyn Backend> = Arc::new(memory.clone());
        flip(&*backend, INDEX, 4096 * page + 40);
        let (log, recovery) = open(&backend).unwrap_or_else(|error| panic!("page {page}: {error}"));
        // Summary and filter are always read, places for the record; the others when asked.
        if [0, 1, 4].contains(&page) {
            assert_eq!(recovery.rebuilt, [INDEX], "page {page}");
            assert!(memory.dump()[INDEX] == files[INDEX], "page {page} is as it was");
        }
        assert_eq!(served(&log).unwrap(), all, "page {page}");
    }
}

//! Recovery of a whole ledger whose segment, words, watermark and index were edited: it is refused, or what is served
//! has a chain that verifies, is the same when it is opened again, and can be appended to.
//!
//! The input is a list of edits, eight bytes each, on a ledger of three segments that was closed or killed. Checksums
//! of groups, and of the watermark, are made to fit if the edit says so.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use storage::{Backend, Draft, Group, Identity, Keyer, Keys, Log, MemoryBackend, Options, Record, Word};

type Files = BTreeMap<String, Vec<u8>>;

const OPTIONS: Options = Options { segment_bytes: 8192, background: false };
const HEADER: usize = 40;

static LEDGERS: LazyLock<[Files; 2]> = LazyLock::new(|| [ledger(true), ledger(false)]);

fn keyer() -> Keyer {
    Arc::new(|record: &Record<'_>| {
        Ok(Keys { id: u128::from(record.sequence) << 64, subjects: vec![record.sequence % 3] })
    })
}

fn push(group: &mut Group) {
    let n = group.next_sequence();
    let mut event = b"\x81\xa1x\xc5\x01\x40".to_vec();
    event.resize(6 + 320, n as u8);
    let draft = Draft {
        source: "fuzz",
        salt: [n as u8; 16],
        event: &event,
        flags: &["late"],
        recorded_at: 7 + n as i64,
    };
    let words = [Word { field: "why", nonce: [9; 32], text: "because" }];
    let words = if n % 3 == 0 { &words[..] } else { &[] };
    let keys = Keys { id: u128::from(n) << 64, subjects: vec![n % 3] };
    assert!(group.push(&draft, words, keys).is_ok());
}

fn append(log: Log, count: usize) -> Option<Log> {
    let mut group = log.group();
    (0..count).for_each(|_| push(&mut group));
    log.commit(group).ok()
}

fn ledger(closed: bool) -> Files {
    let memory = MemoryBackend::new();
    let backend: Arc<dyn Backend> = Arc::new(memory.clone());
    let identity = Identity { ledger: [3; 16], origin: "ledger.example/fuzz".to_owned() };
    let log = Log::create(backend, identity, OPTIONS, keyer()).ok();
    let log = [2, 3, 4, 1, 5, 2, 3, 1].into_iter().fold(log, |log, count| append(log?, count));
    let Some(log) = log else { unreachable!("memory takes everything") };
    if closed {
        assert!(log.close().is_ok());
    }
    memory.dump()
}

fn u32_at(bytes: &[u8], at: usize) -> usize {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]) as usize
}

/// Makes the checksums of the groups of a segment fit, as far as groups follow one another.
fn fit(segment: &mut [u8]) {
    let mut at = 4096;
    while at + HEADER <= segment.len() && segment[at..].starts_with(b"PBg1") {
        let end = at + HEADER + u32_at(segment, at + 4);
        if end > segment.len() {
            return;
        }
        let body = crc32fast::hash(&segment[at + HEADER..end]);
        segment[at + 32..at + 36].copy_from_slice(&body.to_be_bytes());
        let header = crc32fast::hash(&segment[at..at + 36]);
        segment[at + 36..at + HEADER].copy_from_slice(&header.to_be_bytes());
        at = end;
    }
}

fn edit(files: &mut Files, edit: &[u8]) {
    let place = usize::from(edit[1]) % files.len();
    let Some(path) = files.keys().nth(place).cloned() else { return };
    let Some(bytes) = files.get_mut(&path) else { return };
    if bytes.is_empty() {
        return;
    }
    let at = u32_at(&[edit[2], edit[3], edit[4], edit[5]], 0) % bytes.len();
    let end = bytes.len().min(at + 1 + usize::from(edit[6]));
    match edit[0] % 8 {
        0 => bytes[at] = edit[7],
        1 => bytes[at] ^= 1 << (edit[7] % 8),
        2 => bytes[at..end].fill(edit[7]),
        3 => bytes[at..].fill(0),
        4 => bytes.truncate(at),
        5 => bytes.copy_within(at..end, usize::from(edit[7]) * 16 % (at + 1)),
        6 => drop(files.remove(&path)),
        _ => bytes.extend_from_slice(&edit[2..8]),
    }
    if edit[0] & 0x80 != 0
        && path.ends_with(".seg")
        && let Some(bytes) = files.get_mut(&path)
    {
        fit(bytes);
    }
    if edit[0] & 0x80 != 0
        && path.ends_with("watermark")
        && let Some(bytes) = files.get_mut(&path)
    {
        for slot in bytes.chunks_exact_mut(512) {
            let checksum = crc32fast::hash(&slot[..508]);
            slot[508..].copy_from_slice(&checksum.to_be_bytes());
        }
    }
}

/// What a ledger serves, if it opens and serves all of it.
fn serve(backend: &Arc<dyn Backend>) -> Option<(Log, Vec<Vec<u8>>)> {
    let (log, _) = Log::open(Arc::clone(backend), OPTIONS, keyer()).ok()?;
    let reader = log.reader();
    let records: Option<Vec<_>> = (0..reader.head().size).map(|n| reader.read(n).ok()).collect();
    records.map(|records| (log, records))
}

fuzz_target!(|bytes: &[u8]| {
    let Some((how, bytes)) = bytes.split_first() else { return };
    let mut files = LEDGERS[usize::from(how & 1)].clone();
    for each in bytes.chunks_exact(8).take(12) {
        if files.is_empty() {
            return;
        }
        edit(&mut files, each);
    }
    let memory = MemoryBackend::restore(&files);
    let backend: Arc<dyn Backend> = Arc::new(memory.clone());
    // What is sealed is not read again by an open: a reader may find damage there, and says so.
    let Some((log, records)) = serve(&backend) else { return };
    let head = log.head();
    assert_eq!(head.size, records.len() as u64);
    let mut range = storage::merkle::Range::new();
    let mut prev = log.identity().hash();
    for (sequence, bytes) in (0..).zip(&records) {
        let Ok(record) = Record::parse(bytes) else { panic!("what is served is no record") };
        assert!(record.sequence == sequence && record.prev == prev, "the chain is broken at {sequence}");
        prev = record.hash();
        range.push(prev, |_, _| ());
    }
    assert!(prev == head.hash && range.root() == head.root, "the head is not that of the records");
    // An open leaves what is sealed to its readers; a verification finds more than they do.
    let Ok(report) = storage::integrity::verify(&memory, keyer(), &|_| {}) else {
        panic!("what is served cannot be verified")
    };
    if report.intact() {
        assert_eq!(
            (report.records, report.hash, report.root),
            (head.size, head.hash, head.root),
            "another ledger"
        );
    }
    drop(log);
    let Some((log, again)) = serve(&backend) else { panic!("it opened once, and not again") };
    assert!(log.head() == head && again == records, "a second open serves something else");
    let log = append(log, 2);
    assert_eq!(log.map(|log| log.head().size), Some(head.size + 2), "it cannot be appended to");
});

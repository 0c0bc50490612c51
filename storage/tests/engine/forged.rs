//! Records that somebody rewrote, with checksums that hold: whoever can write the files can make those.

use std::sync::Arc;

use proptest::prelude::*;
use storage::integrity::{self, Report};
use storage::{Backend, Identity, Keyer, Log, Malformed, MemoryBackend, Options, Record, leaf_hash};

use crate::ledger::{append, identity, keyer};

const SEGMENT: &str = "log/00000000.seg";
const PAGE: usize = 4_096;
const GROUP_HEADER: usize = 40;
/// From the end of a record: where its number, its time and its link begin (FORMAT.md).
const SEQUENCE: usize = 68;
const RECORDED_AT: usize = 47;
const PREV: usize = 32;

/// What somebody does to a record.
#[derive(Clone, Copy, Debug)]
enum Forgery {
    Number,
    Earlier,
    Link,
    /// It is linked to what stands before it now.
    Relink,
    Form,
    /// Its event is one that nobody knows.
    Event,
    /// Its event is no map, or ends elsewhere.
    Mangled,
    /// Its event is a map in which a text is not UTF-8.
    Latin,
}

fn forgery() -> impl Strategy<Value = Forgery> {
    use Forgery::{Earlier, Event, Form, Latin, Link, Mangled, Number, Relink};
    prop::sample::select(vec![Number, Earlier, Link, Relink, Form, Event, Mangled, Latin])
}

/// The groups of one segment: each header's place, and of each record where it begins and ends.
fn groups(bytes: &[u8]) -> Vec<(usize, Vec<(usize, usize)>)> {
    let mut groups = Vec::new();
    let mut at = PAGE;
    while bytes[at..].starts_with(b"PBg1") {
        let length = u32::from_be_bytes(bytes[at + 4..at + 8].try_into().unwrap()) as usize;
        let (mut records, mut from) = (Vec::new(), at + GROUP_HEADER);
        let end = from + length;
        while from < end {
            let length = usize::from(u16::from_be_bytes(bytes[from..from + 2].try_into().unwrap()));
            records.push((from + 2, from + 2 + length));
            from += 2 + length;
        }
        groups.push((at, records));
        at = end;
    }
    groups
}

fn forge(bytes: &mut [u8], records: &[(usize, usize)], number: usize, forgery: Forgery) {
    let (from, end) = records[number];
    match forgery {
        Forgery::Number => bytes[end - SEQUENCE + 7] ^= 0x40,
        Forgery::Earlier => bytes[end - RECORDED_AT + 5] ^= 0x01,
        Forgery::Link => bytes[end - 1] ^= 1,
        Forgery::Relink => {
            if let Some((from, before)) = number.checked_sub(1).map(|before| records[before]) {
                let link = leaf_hash(&bytes[from..before]);
                bytes[end - PREV..end].copy_from_slice(&link.0);
            }
        }
        Forgery::Form => bytes[from] = 0x87,
        Forgery::Event | Forgery::Mangled | Forgery::Latin => {
            // A map of two: `n`, which is a number, and `x`.
            let event = from + 6 + bytes[from..end].windows(6).position(|it| it == b"\xa5event").unwrap();
            match forgery {
                Forgery::Mangled => bytes[event] = 0x81,
                Forgery::Latin => bytes[event + 3..event + 12].copy_from_slice(b"\xa8caf\xe9 bar"),
                _ => bytes[event + 4..event + 12].fill(0xff),
            }
        }
    }
}

/// The checksums of a group, anew.
fn seal(bytes: &mut [u8], at: usize, end: usize) {
    let body = crc32fast::hash(&bytes[at + GROUP_HEADER..end]);
    bytes[at + 32..at + 36].copy_from_slice(&body.to_be_bytes());
    let head = crc32fast::hash(&bytes[at..at + 36]);
    bytes[at + 36..at + 40].copy_from_slice(&head.to_be_bytes());
}

/// What must be found, record by record: each is held against what stands before it, and against nothing else.
fn naive(bytes: &[u8], records: &[(usize, usize)]) -> Vec<(u64, &'static str)> {
    let mut found = Vec::new();
    let Identity { origin, .. } = identity();
    let (mut prev, mut latest) = (storage::Digest::of(format!("{origin}\n").as_bytes()), i64::MIN);
    for (number, (from, end)) in records.iter().enumerate() {
        let (number, record) = (number as u64, &bytes[*from..*end]);
        if let Ok(record) = Record::parse(record) {
            if record.sequence != number {
                found.push((number, "record.sequence"));
            }
            if record.prev != prev {
                found.push((number, "record.link"));
            }
            if record.recorded_at < latest {
                found.push((number, "record.time"));
            }
            latest = latest.max(record.recorded_at);
        } else {
            found.push((number, "record.form"));
        }
        prev = leaf_hash(record);
    }
    found
}

fn found(report: &Report) -> Vec<(u64, &'static str)> {
    let mut found: Vec<_> = report
        .findings
        .iter()
        .filter(|finding| finding.rule.starts_with("record."))
        .map(|finding| (finding.sequence.unwrap(), finding.rule))
        .collect();
    found.sort_unstable();
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn given_forged_records_in_groups_of_any_size_when_they_are_verified_then_each_is_found_as_one_by_one(
        sizes in prop::collection::vec(prop_oneof![1_usize..4, 1_usize..90], 1..9),
        forgeries in prop::collection::vec((any::<prop::sample::Index>(), forgery()), 0..6),
    ) {
        let memory = MemoryBackend::new();
        let backend: Arc<dyn Backend> = Arc::new(memory.clone());
        let options = Options { segment_bytes: 1 << 20, background: false };
        let mut log = Log::create(backend, identity(), options, keyer()).unwrap();
        for (number, size) in sizes.iter().enumerate() {
            log = append(log, *size, number).unwrap();
        }
        log.close().unwrap();
        let mut files = memory.dump();
        let bytes = files.get_mut(SEGMENT).unwrap();
        let groups = groups(bytes);
        let records: Vec<(usize, usize)> = groups.iter().flat_map(|(_, records)| records.clone()).collect();
        prop_assert_eq!(records.len(), sizes.iter().sum::<usize>());
        for (which, forgery) in &forgeries {
            forge(bytes, &records, which.index(records.len()), *forgery);
        }
        for (at, records) in &groups {
            seal(bytes, *at, records.last().unwrap().1);
        }
        let unknown: Keyer = Arc::new(|record| {
            if record.event[4..12] == [0xff; 8] { Err(Malformed::new("unknown")) } else { keyer()(record) }
        });
        let backend = MemoryBackend::restore(&files);
        let bytes = &files[SEGMENT];
        let sorted = |mut it: Vec<_>| { it.sort_unstable(); it };
        let mut wanted = naive(bytes, &records);
        let passed = integrity::verify_passing(&backend, &|_| Ok(()), &|_| {}).unwrap();
        prop_assert_eq!(found(&passed), sorted(wanted.clone()));
        for (number, (from, end)) in records.iter().enumerate() {
            if Record::parse(&bytes[*from..*end]).is_ok_and(|record| unknown(&record).is_err()) {
                wanted.push((number as u64, "record.keys"));
            }
        }
        let keyed = integrity::verify(&backend, unknown.clone(), &|_| {}).unwrap();
        prop_assert_eq!(found(&keyed), sorted(wanted.clone()));
        // Whoever opens events refuses those that are none, and need not be told of them.
        let opened = |record: &Record<'_>| Record::parse(record.bytes).and_then(|record| unknown(&record));
        let opened = |records: &[Record<'_>]| records.iter().map(opened).collect();
        let opened = integrity::verify_words(&backend, &opened, &|_| {}, &|_| {}).unwrap();
        prop_assert_eq!(opened, keyed);
    }
}

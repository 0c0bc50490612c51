//! The bytes of every stored form, pinned: a change of the format must fail here first.
//!
//! Invariant: the worked forms below are those of `FORMAT.md`, and the test holds the two
//! together. Decoders are held to accept what encoders make and nothing else.

use std::fmt::Write as _;

use proptest::prelude::*;

use crate::format::digest::Digest;
use crate::format::record::{Draft, Record, encode};
use crate::log::checkpoints::KeptCheckpoint;
use crate::log::{Identity, Mark};
use crate::merkle::Range;
use crate::segment::header::{GROUP_HEADER, GroupHeader, Records, SegmentHeader};
use crate::segment::index::{self, IndexFault, Sealed, Summary};
use crate::segment::live::{GROUP_START, Sorted};
use crate::words::{self, Content, Word};

const FORMAT: &str = include_str!("../FORMAT.md");

fn identity() -> Identity {
    Identity { ledger: *b"0123456789abcdef", origin: "ledger.example/acme".to_owned() }
}

/// The worked record: the event `{"type": "kept"}` as record 0.
fn record() -> Vec<u8> {
    let mut bytes = Vec::new();
    let draft = Draft {
        source: "is",
        salt: *b"salt-of-16-bytes",
        event: b"\x81\xa4type\xa4kept",
        flags: &["late"],
        recorded_at: 1_700_000_000_000_000,
    };
    encode(&mut bytes, &draft, 0, &identity().hash()).unwrap();
    bytes
}

fn group() -> Vec<u8> {
    let record = record();
    let mut body = (record.len() as u16).to_be_bytes().to_vec();
    body.extend_from_slice(&record);
    let checksum = crc32fast::hash(&body);
    let length = body.len() as u32;
    let header = GroupHeader { length, count: 1, words_end: 0, first: 0, durable: 0, checksum };
    [header.encode().to_vec(), body].concat()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn forms() -> Vec<(&'static str, Vec<u8>)> {
    let leaf = crate::leaf_hash(&record());
    let prev = identity().hash();
    let header = SegmentHeader { number: 0, identity: identity(), first: 0, prev, capacity: 1 << 20 };
    let mark = Mark { clean: true, ledger: identity().ledger, counter: 3, size: 1, hash: leaf, root: leaf };
    let range = Range::from_nodes(1, vec![leaf]).unwrap();
    let end = 4096 + group().len() as u32;
    let summary = Summary {
        ledger: identity().ledger,
        number: 0,
        first: 0,
        hash: leaf,
        recorded_at: 1_700_000_000_000_000,
        end,
        words_end: 0,
        range,
    };
    let offsets = vec![(4096 + GROUP_HEADER as u32 + 2) | GROUP_START];
    let sorted = Sorted { ids: vec![(7, 0)], subjects: vec![(1, 0), (2, 0)], offsets, words: vec![] };
    let mut entry = Vec::new();
    words::encode(&mut entry, 0, &Word { field: "why", nonce: [5; 32], text: "because" }).unwrap();
    // The worked checkpoint stands whole in FORMAT.md.
    let begins = "ledger.example/acme\n3\n";
    let note = FORMAT.split_once(begins).unwrap().1.split("```").next().unwrap();
    let note = format!("{begins}{note}").into_bytes();
    let kept = KeptCheckpoint { size: 3, note }.encode();
    let mut erased = entry.clone();
    erased[4 + 8 + 2 + 4 + 3 + 4..].fill(0);
    vec![
        ("record", record()),
        ("group", group()),
        ("segment header", header.encode()),
        ("watermark slot", mark.encode()),
        ("sealed index", index::encode(&summary, &sorted)),
        ("words entry", entry),
        ("erased words entry", erased),
        ("kept checkpoint", kept),
    ]
}

#[test]
fn every_form_is_what_format_md_says() {
    let mut missing = Vec::new();
    for (name, bytes) in forms() {
        let line = format!("| {name} | {} | `{}` |", bytes.len(), Digest::of(&bytes));
        if !FORMAT.contains(&line) {
            missing.push(line);
        }
    }
    let flat: String = FORMAT.chars().filter(|character| !character.is_whitespace()).collect();
    for (name, bytes) in
        forms().into_iter().filter(|(name, _)| ["record", "words entry", "erased words entry"].contains(name))
    {
        if !flat.contains(&hex(&bytes)) {
            missing.push(format!("{name}: {}", hex(&bytes)));
        }
    }
    for hash in [crate::leaf_hash(&record()), identity().hash()] {
        if !FORMAT.contains(&hash.to_string()) {
            missing.push(hash.to_string());
        }
    }
    assert!(missing.is_empty(), "FORMAT.md lacks:\n{}", missing.join("\n"));
}

#[test]
fn every_flip_in_a_header_shows() {
    let header = &forms()[2].1;
    assert_eq!(SegmentHeader::decode(header).unwrap().identity, identity());
    let group = &group()[..GROUP_HEADER];
    assert!(GroupHeader::decode(group).is_some());
    for bit in 0..8 * header.len() {
        let mut flipped = header.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(SegmentHeader::decode(&flipped).is_err(), "bit {bit}");
        if let Some(byte) = group.get(bit / 8) {
            let mut flipped = group.to_vec();
            flipped[bit / 8] = byte ^ 1 << (bit % 8);
            assert!(GroupHeader::decode(&flipped).is_none(), "bit {bit}");
        }
    }
}

#[test]
fn an_erased_word_can_still_be_walked_over() {
    let mut entry = forms()[5].1.clone();
    let content = entry.len() - 4 - 7 - 32;
    let (kept, length) = words::decode(&entry).unwrap();
    assert!(matches!(kept.content, Content::Kept { text: "because", .. }));
    assert_eq!((kept.field, length), ("why", entry.len()));
    entry[content] ^= 1;
    assert!(matches!(words::decode(&entry).unwrap().0.content, Content::Damaged));
    entry[content..].fill(0);
    assert!(matches!(words::decode(&entry).unwrap().0.content, Content::Erased));
}

/// What stands where the words stood, at every byte of an erasure.
#[test]
fn given_an_erasure_cut_short_at_any_byte_when_it_is_looked_at_then_it_is_told_from_damage() {
    let (kept, erased) = (&forms()[5].1, &forms()[6].1);
    let (body, end) = (25, kept.len());
    let checksum = end - words::CHECKSUM;
    for part in 1_u8..15 {
        let mut torn = kept.clone();
        (0..4).filter(|byte| part >> byte & 1 == 1).for_each(|byte| torn[checksum + byte] = 0);
        assert_eq!(words::decode(&torn).unwrap().0.content, Content::Torn, "{part:04b}");
        torn[body] ^= 1;
        assert_eq!(words::decode(&torn).unwrap().0.content, Content::Damaged, "{part:04b} and a flip");
    }
    for cut in body + 1..checksum {
        for front in [true, false] {
            let mut torn = kept.clone();
            torn[checksum..].fill(0);
            if front {
                torn[body..cut].fill(0);
            } else {
                torn[cut..].fill(0);
            }
            assert_eq!(words::decode(&torn).unwrap().0.content, Content::Erasing, "{cut} {front}");
        }
    }
    assert_eq!(words::decode(erased).unwrap().0.content, Content::Erased);
    // The other way round it would have been damage.
    let mut unmarked = kept.clone();
    unmarked[body..body + 32].fill(0);
    assert_eq!(words::decode(&unmarked).unwrap().0.content, Content::Damaged);
}

#[test]
fn given_a_header_with_its_checksum_when_anything_stands_behind_its_fields_then_it_does_not_hold() {
    let mut header = forms()[2].1.clone();
    header[4000] = 1;
    let checksum = crc32fast::hash(&header[..4092]);
    header[4092..].copy_from_slice(&checksum.to_be_bytes());
    assert!(SegmentHeader::decode(&header).is_err());
}

/// Found by the fuzz target `words`: it would have been served, and could never be written.
#[test]
fn given_words_with_their_checksum_when_the_nonce_is_all_zero_then_they_are_damaged() {
    let mut entry = forms()[5].1.clone();
    let content = entry.len() - 4 - 7 - 32;
    let end = entry.len() - 4;
    entry[content..content + 32].fill(0);
    let checksum = crc32fast::hash(&entry[content..end]);
    entry[end..].copy_from_slice(&checksum.to_be_bytes());
    assert!(matches!(words::decode(&entry).unwrap().0.content, Content::Damaged));
}

/// The first question divided by the number of its bits.
#[test]
fn given_an_index_with_its_checksums_when_its_filter_has_no_page_then_it_is_damaged() {
    let mut index = forms()[4].1.clone();
    index[88..92].fill(0);
    index.drain(4096..8192);
    for (number, page) in (0_u32..).zip(index.chunks_exact_mut(4096)) {
        let checksum = crc32fast::hash(&[&number.to_be_bytes(), &page[..4092]].concat());
        page[4092..].copy_from_slice(&checksum.to_be_bytes());
    }
    let files = std::collections::BTreeMap::from([(crate::segment::index_path(0), index)]);
    let backend = crate::MemoryBackend::restore(&files);
    assert!(matches!(Sealed::open(&backend, 0), Err(IndexFault::Damaged(0))));
}

#[test]
fn only_the_canonical_record_is_accepted() {
    let good = record();
    assert_eq!(Record::parse(&good).unwrap().flags().collect::<Vec<_>>(), ["late"]);
    for (defect, from, to) in [
        ("a longer string head", &b"\xa2is"[..], &b"\xd9\x02is"[..]),
        ("a longer array head", b"\x91\xa4late", b"\xdc\x00\x01\xa4late"),
        ("an array for an event", b"\x81\xa4type", b"\x91\xa4type"),
        ("a missing event", b"\x81\xa4type\xa4kept", b""),
        ("an event that is not UTF-8", b"kept", b"kep\xff"),
        ("a reserved head in the event", b"\xa4kept", b"\xc1"),
        ("another version", b"\xa1v\x01", b"\xa1v\x02"),
        ("a narrow sequence", b"\xcf\0\0\0\0\0\0\0\0", b"\x00"),
        ("an unsigned time", b"\xabrecorded_at\xd3", b"\xabrecorded_at\xcf"),
    ] {
        let at = good.windows(from.len()).position(|window| window == from).unwrap();
        let bad = [&good[..at], to, &good[at + from.len()..]].concat();
        assert!(Record::parse(&bad).is_err(), "{defect}");
    }
    let trailing = [&good[..], b"\0"].concat();
    assert!(Record::parse(&trailing).is_err());
    let deep = |depth: usize| [&b"\x81\xa1x".repeat(depth)[..], b"\x80"].concat();
    for (depth, fine) in [(31, true), (32, true), (33, false), (60_000 / 3, false)] {
        let event = deep(depth);
        let draft = Draft { source: "", salt: [0; 16], event: &event, flags: &[], recorded_at: 0 };
        assert_eq!(encode(&mut Vec::new(), &draft, 0, &identity().hash()).is_ok(), fine, "{depth}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_draft_comes_back(
        source in ".{0,60}",
        salt: [u8; 16],
        text in "\\PC{0,300}",
        flags in proptest::collection::vec("[a-z]{0,40}", 0..20),
        recorded_at: i64,
        sequence: u64,
        prev: [u8; 32],
    ) {
        let mut event = b"\x81\xa1x\xda".to_vec();
        event.extend_from_slice(&(text.len() as u16).to_be_bytes());
        event.extend_from_slice(text.as_bytes());
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let draft = Draft { source: &source, salt, event: &event, flags: &flags, recorded_at };
        let mut bytes = Vec::new();
        encode(&mut bytes, &draft, sequence, &Digest(prev)).unwrap();
        let record = Record::parse(&bytes).unwrap();
        prop_assert_eq!(
            (record.source, record.salt, record.event, record.sequence, record.recorded_at, record.prev),
            (&*source, salt, &event[..], sequence, recorded_at, Digest(prev))
        );
        prop_assert_eq!(record.flags().collect::<Vec<_>>(), flags);
    }

    /// Whatever is done to a record: what is accepted encodes to the same bytes again.
    #[test]
    fn what_is_accepted_is_canonical(edits in proptest::collection::vec((0..200_usize, any::<u8>()), 1..4), cut in 0..220_usize) {
        let mut bytes = record();
        for (at, byte) in edits {
            let length = bytes.len();
            bytes[at % length] = byte;
        }
        bytes.truncate(bytes.len().min(cut.max(1)));
        if let Ok(record) = Record::parse(&bytes) {
            let flags: Vec<&str> = record.flags().collect();
            let Record { source, salt, event, recorded_at, .. } = record;
            let draft = Draft { source, salt, event, flags: &flags, recorded_at };
            let mut again = Vec::new();
            encode(&mut again, &draft, record.sequence, &record.prev).unwrap();
            prop_assert_eq!(again, bytes);
        }
    }

    #[test]
    fn no_bytes_make_a_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = Record::parse(&bytes);
        let _ = GroupHeader::decode(&bytes);
        let _ = SegmentHeader::decode(&bytes);
        let _ = Mark::decode(&bytes);
        let _ = words::decode(&bytes);
        prop_assert!(Records::new(&bytes).count() <= 300);
        prop_assert!(words::entries(&bytes).count() <= 12);
        let walked = [b"\x88\xa1v\x01\xa6source\xa0\xa4salt\xc4\x10".as_slice(), &[0; 16], b"\xa5event", &bytes].concat();
        let _ = Record::parse(&walked);
    }
}

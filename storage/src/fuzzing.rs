//! The engine's decoders, for the fuzz targets in `fuzz/` alone: compiled under `--cfg fuzzing`.
//!
//! Invariant: nothing is decoded or encoded here; each function hands on to what the engine
//! itself uses, and gives back what a target can hold against its input. It must not be
//! used by anything that ships.

use std::collections::BTreeMap;

use crate::Keys;
use crate::backend::MemoryBackend;
use crate::format::digest::Digest;
use crate::format::record::{self, Draft, Record};
use crate::log::{Mark, SLOT};
use crate::merkle::{Range, reference};
use crate::segment::header::{self, GroupHeader, Records, SegmentHeader};
use crate::segment::index::{self, IndexFault, Sealed, Summary};
use crate::segment::index_path;
use crate::segment::live::{GROUP_START, Live};
use crate::words::{self, Content, Word};

/// Length of a group header, in bytes.
pub const GROUP_HEADER: usize = header::GROUP_HEADER;
/// Length of a watermark's slot, in bytes.
pub const WATERMARK_SLOT: usize = SLOT;

/// The encoding of the record that `bytes` are, if they are one.
#[must_use]
pub fn record(bytes: &[u8]) -> Option<Vec<u8>> {
    let record = Record::parse(bytes).ok()?;
    let flags: Vec<&str> = record.flags().collect();
    let Record { source, salt, event, recorded_at, .. } = record;
    let draft = Draft { source, salt, event, flags: &flags, recorded_at };
    let mut again = Vec::new();
    record::encode(&mut again, &draft, record.sequence, &record.prev).ok().map(|()| again)
}

/// Whether `bytes`, if they are a record, are the same one to whoever leaves its event to others.
#[must_use]
pub fn is_split_alike(bytes: &[u8]) -> bool {
    let around = Record::around_event(bytes);
    Record::parse(bytes).map_or(true, |record| around.is_none_or(|around| around == record))
}

/// The encoding of the group header in front of `bytes`, if there is one.
#[must_use]
pub fn group_header(bytes: &[u8]) -> Option<Vec<u8>> {
    GroupHeader::decode(bytes).map(|header| header.encode().to_vec())
}

/// The records of a group's body, each behind its length; `None` when the body breaks off.
#[must_use]
pub fn group_body(body: &[u8]) -> Option<Vec<u8>> {
    let mut again = Vec::new();
    for record in Records::new(body) {
        let (at, bytes) = record.ok()?;
        if at != again.len() + 2 {
            return None;
        }
        again.extend_from_slice(&(bytes.len() as u16).to_be_bytes());
        again.extend_from_slice(bytes);
    }
    Some(again)
}

/// The encoding of the segment header that `page` is, if it is one.
#[must_use]
pub fn segment_header(page: &[u8]) -> Option<Vec<u8>> {
    SegmentHeader::decode(page).ok().map(|header| header.encode())
}

/// The encoding of the watermark's slot that `slot` is, if it is one.
#[must_use]
pub fn watermark(slot: &[u8]) -> Option<Vec<u8>> {
    Mark::decode(slot).map(|mark| mark.encode())
}

/// A tree by RFC 6962's own definition, slowly: what a proof's verdict is compared with.
pub struct Twin(Vec<Digest>);

impl Twin {
    /// The tree of `size` leaves.
    #[must_use]
    pub fn new(size: usize) -> Self {
        Self((0..size as u64).map(|n| crate::leaf_hash(&n.to_be_bytes())).collect())
    }

    /// Its leaves.
    #[must_use]
    pub fn leaves(&self) -> &[Digest] {
        &self.0
    }

    /// The root of its first `size` leaves.
    #[must_use]
    pub fn root(&self, size: usize) -> Digest {
        reference::root(&self.0[..size])
    }

    /// The inclusion proof of one of its leaves.
    #[must_use]
    pub fn path(&self, index: usize) -> Vec<Digest> {
        reference::path(index, &self.0)
    }

    /// The consistency proof from its first `old` leaves.
    #[must_use]
    pub fn proof(&self, old: usize) -> Vec<Digest> {
        reference::proof(old, &self.0)
    }
}

/// The root to which an inclusion proof leads, by the definition; `None` if it is none of
/// leaf `index` of `size`.
#[must_use]
pub fn root_of_path(index: u64, size: u64, leaf: Digest, path: &[Digest]) -> Option<Digest> {
    if index < size { reference::root_of_path(index, size, leaf, path) } else { None }
}

/// The old root and the new to which a consistency proof leads, by the definition; `None` if
/// it is none from `old` leaves to `new`.
#[must_use]
pub fn roots_of_proof(old: u64, new: u64, old_root: Digest, proof: &[Digest]) -> Option<(Digest, Digest)> {
    let fits = 0 < old && old <= new;
    if fits { reference::roots_of_proof(old, new, Some(old_root), proof) } else { None }
}

/// The bytes that `text` is in base64, as signed notes have it.
#[must_use]
pub fn base64(text: &str) -> Option<Vec<u8>> {
    crate::note::unbase64(text).ok()
}

/// What was found of the words in some bytes.
#[derive(Debug, Default)]
pub struct FoundWords {
    /// The encodings of the entries, one behind the other; the content of those that do not
    /// hold as it was found.
    pub again: Vec<u8>,
    /// Entries that hold their words.
    pub kept: usize,
    /// Entries that were erased.
    pub erased: usize,
    /// Where the walk gave up, if it did.
    pub broken_at: Option<usize>,
}

/// Walks the words entries in `bytes`, and encodes them again.
#[must_use]
pub fn words(bytes: &[u8]) -> FoundWords {
    let mut found = FoundWords::default();
    for entry in words::entries(bytes) {
        let Ok((at, entry)) = entry else {
            found.broken_at = entry.err();
            break;
        };
        let length = words::length(&bytes[at..]).unwrap_or(0);
        match entry.content {
            Content::Kept { nonce, text } => {
                found.kept += 1;
                let word = Word { field: entry.field, nonce, text };
                // What cannot be encoded is not there again, and the target sees that.
                let _ = words::encode(&mut found.again, entry.sequence, &word);
            }
            Content::Erased => {
                found.erased += 1;
                found.again.extend_from_slice(&bytes[at..at + length]);
            }
            Content::Erasing | Content::Torn | Content::Damaged => {
                found.again.extend_from_slice(&bytes[at..at + length])
            }
        }
    }
    found
}

/// What a segment's index is asked for.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    /// Keys of each record, in order.
    pub keys: Vec<Keys>,
    /// Which of them have words.
    pub worded: Vec<u32>,
}

fn live(entries: &Entries) -> Live {
    let live = Live::new();
    for (posting, keys) in (0..).zip(&entries.keys) {
        live.insert(posting, keys);
    }
    let places =
        (0..entries.keys.len() as u32).map(|n| (4138 + 100 * n) | if n % 3 == 0 { GROUP_START } else { 0 });
    live.place(places);
    live.word(entries.worded.iter().map(|posting| (*posting, 50 * posting)), 1 << 20);
    live
}

/// The sealed index of a segment that holds these entries, as number 0.
#[must_use]
pub fn index(entries: &Entries) -> Vec<u8> {
    let mut range = Range::new();
    for n in 0..entries.keys.len() as u64 {
        range.push(crate::leaf_hash(&n.to_be_bytes()), |_, _| ());
    }
    let summary = Summary {
        ledger: [7; 16],
        number: 0,
        first: 0,
        hash: crate::leaf_hash(b"last"),
        recorded_at: 9,
        end: 4096 + 100 * entries.keys.len() as u32,
        words_end: 1 << 20,
        range,
    };
    index::encode(&summary, &live(entries).sorted())
}

/// What an index says to every question about some entries: spread over all, so that every
/// page is asked, but not so many that one input takes long.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Answers {
    /// For a record's id, the postings.
    pub ids: Vec<Vec<u32>>,
    /// For a record's subjects, the postings of each.
    pub subjects: Vec<Vec<Vec<u32>>>,
    /// For a record, its place, the place of its group, and where its words are.
    pub places: Vec<(Option<u32>, Option<u32>, Option<u32>)>,
}

impl Entries {
    /// The records that are asked for.
    pub fn asked(&self) -> impl Iterator<Item = (u32, &Keys)> {
        (0..).zip(&self.keys).step_by(self.keys.len() / 16 + 1)
    }
}

/// Asks the index that was never written to a file.
#[must_use]
pub fn ask_live(entries: &Entries) -> Answers {
    let live = live(entries);
    let mut answers = Answers::default();
    for (posting, keys) in entries.asked() {
        answers.ids.push(live.ids(keys.id));
        answers.subjects.push(keys.subjects.iter().map(|subject| live.subjects(*subject)).collect());
        let words = live.words(posting).map(|(start, _)| start);
        answers.places.push((live.offset(posting), live.group_start(posting), words));
    }
    answers
}

/// Opens `bytes` as the sealed index of segment 0 and asks it; `None` where it does not hold.
#[must_use]
pub fn ask_sealed(bytes: &[u8], entries: &Entries) -> Option<Answers> {
    let files = BTreeMap::from([(index_path(0), bytes.to_vec())]);
    let ask = || -> Result<Answers, IndexFault> {
        let sealed = Sealed::open(&MemoryBackend::restore(&files), 0)?;
        let mut answers = Answers::default();
        for (posting, keys) in entries.asked() {
            answers.ids.push(sealed.ids(keys.id)?);
            let subjects = keys.subjects.iter().map(|subject| sealed.subjects(*subject));
            answers.subjects.push(subjects.collect::<Result<_, _>>()?);
            let words = sealed.words(posting)?.map(|(start, _)| start);
            answers.places.push((sealed.offset(posting)?, sealed.group_start(posting)?, words));
        }
        Ok(answers)
    };
    ask().ok()
}

//! The sealed index of a segment: one immutable file, derivable from the log.
//!
//! Invariant: the same records give the same bytes, and every page carries a checksum over
//! its number and content, so a page that was damaged or moved is never believed. It must
//! not know how keys are made.
//!
//! ```text
//! page n, 4,096 bytes:  payload 4,092 │ CRC-32 of (n as u32 ‖ payload)
//!
//! page 0                              sections, each starting on a page of its own
//!   0  8  magic "PBINDEX2"              filter    bits, 7 a key
//!   8 16  ledger id                     ids       [id u128 │ posting u32], 204 a page
//!  24  4  number of the segment         subjects  [key u64 │ posting u32], 341 a page
//!  28  4  number of records             places    [offset u32], 1,023 a page
//!  32  8  first sequence                words     [posting u32 │ offset u32], 511 a page
//!  40 32  leaf hash of the last record
//!  72  8  recorded_at of the last       A posting is a sequence less the first of the
//!  80  4  end of the last group         segment. The highest bit of a place marks the
//!  84  4  end of the words file         first record of a group.
//!  88 16  pages of the filter, number of ids, of subjects, of words (u32 each)
//! 104  4  number of nodes n
//! 108 32n compact range at the segment's end, the largest subtree first
//! ```

use std::io;
use std::sync::Arc;

use super::live::{GROUP_START, Sorted};
use crate::backend::{Backend, File, Mode};
use crate::format::digest::Digest;
use crate::format::{Cursor, put};
use crate::limits::PAGE;
use crate::merkle::Range;

const MAGIC: &[u8; 8] = b"PBINDEX2";
const PAYLOAD: usize = PAGE - 4;
const ID: usize = 20;
const SUBJECT: usize = 12;
const PLACE: usize = 4;
const WORD: usize = 8;
const FILTER_BITS_PER_KEY: usize = 10;
const FILTER_PROBES: u32 = 7;
/// All bits of a key stand in so many bytes, which a machine reads at once.
const FILTER_BLOCK: usize = 64;
/// Where the nodes of the compact range stand in page 0.
const NODES: usize = 108;

/// What is known of a segment at its end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Summary {
    pub(crate) ledger: [u8; 16],
    pub(crate) number: u32,
    pub(crate) first: u64,
    pub(crate) hash: Digest,
    pub(crate) recorded_at: i64,
    /// End of the last group in the segment.
    pub(crate) end: u32,
    /// End of the words that belong to it.
    pub(crate) words_end: u32,
    pub(crate) range: Range,
}

impl Summary {
    /// Records in the segment.
    pub(crate) fn count(&self) -> u32 {
        (self.range.size() - self.first) as u32
    }
}

/// Why an index file is not believed.
#[derive(Debug)]
pub(crate) enum IndexFault {
    /// A page that does not hold; its offset.
    Damaged(u64),
    Io(io::Error),
}

impl From<io::Error> for IndexFault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The bytes of the sealed index.
pub(crate) fn encode(summary: &Summary, sorted: &Sorted) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_into(summary, sorted, &mut bytes);
    bytes
}

/// The same, in `bytes` and nothing else in it: whoever makes many of them needs room once.
pub(crate) fn encode_into(summary: &Summary, sorted: &Sorted, bytes: &mut Vec<u8>) {
    // They are in order: so what is there again follows itself.
    let subjects = || sorted.subjects.chunk_by(|(one, _), (next, _)| one == next).map(|it| it[0].0);
    let keys = sorted.ids.len() + subjects().count();
    let filter_pages = (keys * FILTER_BITS_PER_KEY).div_ceil(8 * PAYLOAD).max(1);
    let mut filter = vec![0; filter_pages * PAYLOAD];
    for (id, _) in &sorted.ids {
        mark(&mut filter, id_seed(*id));
    }
    for subject in subjects() {
        mark(&mut filter, subject_seed(subject));
    }
    let mut pages =
        Pages::within(std::mem::take(bytes), [filter_pages, sorted.ids.len(), sorted.subjects.len()], sorted);
    pages.head(summary, [filter_pages, sorted.ids.len(), sorted.subjects.len(), sorted.words.len()]);
    pages.section(PAYLOAD, filter_pages, |out, index| {
        out.extend_from_slice(&filter[index * PAYLOAD..(index + 1) * PAYLOAD]);
    });
    pages.section(ID, sorted.ids.len(), |out, index| {
        let (id, posting) = sorted.ids[index];
        out.extend_from_slice(&id.to_be_bytes());
        put::u32(out, posting);
    });
    pages.section(SUBJECT, sorted.subjects.len(), |out, index| {
        let (subject, posting) = sorted.subjects[index];
        put::u64(out, subject);
        put::u32(out, posting);
    });
    pages.places_and_words(sorted);
    *bytes = pages.out;
}

/// The bytes of a sealed index but for the pages of filter, ids and subjects, in `bytes` and nothing else in it: the first
/// page, and those behind the keys. How many pages are between them is told by `head`, the first page that is stored of an
/// index of at most so many pages, and given back; the keys in `sorted` are not looked at.
pub(crate) fn encode_around(
    summary: &Summary,
    sorted: &Sorted,
    head: &[u8],
    most: usize,
    bytes: &mut Vec<u8>,
) -> usize {
    let head = head.get(..PAYLOAD).and_then(take_summary);
    let [filter_pages, ids, subjects, _] = head.map_or([0; 4], |(_, counts)| counts);
    let keys = filter_pages + pages_for(ids, ID) + pages_for(subjects, SUBJECT);
    let keys = keys.min(most.saturating_sub(1));
    let mut pages = Pages::within(std::mem::take(bytes), [0; 3], sorted);
    pages.head(summary, [filter_pages, ids, subjects, sorted.words.len()]);
    pages.number += keys;
    pages.places_and_words(sorted);
    *bytes = pages.out;
    keys
}

/// Whether a page has its checksum.
pub(crate) fn is_sealed(number: usize, page: &[u8]) -> bool {
    page.split_at_checked(PAYLOAD)
        .is_some_and(|(payload, stored)| stored == checksum(number as u32, payload).to_be_bytes())
}

/// Pages that so many entries of that width take.
const fn pages_for(count: usize, width: usize) -> usize {
    count.div_ceil(PAYLOAD / width)
}

fn put_summary(out: &mut Vec<u8>, summary: &Summary) {
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&summary.ledger);
    put::u32(out, summary.number);
    put::u32(out, summary.count());
    put::u64(out, summary.first);
    put::digest(out, &summary.hash);
    out.extend_from_slice(&summary.recorded_at.to_be_bytes());
    put::u32(out, summary.end);
    put::u32(out, summary.words_end);
}

/// Collects fixed-width entries into pages that no entry straddles.
struct Pages {
    out: Vec<u8>,
    page: Vec<u8>,
    /// Of the next page.
    number: usize,
}

impl Pages {
    /// None yet; with room in `out` for an index of so many pages of filter, ids and subjects.
    fn within(mut out: Vec<u8>, [filter_pages, ids, subjects]: [usize; 3], sorted: &Sorted) -> Self {
        let keys = filter_pages + pages_for(ids, ID) + pages_for(subjects, SUBJECT);
        let rest = pages_for(sorted.offsets.len(), PLACE) + pages_for(sorted.words.len(), WORD);
        out.clear();
        out.reserve((1 + keys + rest) * PAGE);
        Self { out, page: Vec::with_capacity(PAYLOAD), number: 0 }
    }

    /// The first page.
    fn head(&mut self, summary: &Summary, counts: [usize; 4]) {
        self.section(PAYLOAD, 1, |out, _| {
            put_summary(out, summary);
            for count in counts {
                put::u32(out, count as u32);
            }
            put::u32(out, summary.range.nodes().len() as u32);
            summary.range.nodes().iter().for_each(|node| put::digest(out, node));
            out.resize(PAYLOAD, 0);
        });
    }

    /// The last two sections.
    fn places_and_words(&mut self, sorted: &Sorted) {
        self.section(PLACE, sorted.offsets.len(), |out, index| put::u32(out, sorted.offsets[index]));
        self.section(WORD, sorted.words.len(), |out, index| {
            let (posting, offset) = sorted.words[index];
            put::u32(out, posting);
            put::u32(out, offset);
        });
    }

    fn section(&mut self, width: usize, count: usize, mut entry: impl FnMut(&mut Vec<u8>, usize)) {
        for index in 0..count {
            entry(&mut self.page, index);
            if self.page.len() + width > PAYLOAD {
                self.seal();
            }
        }
        if !self.page.is_empty() {
            self.seal();
        }
    }

    fn seal(&mut self) {
        self.page.resize(PAYLOAD, 0);
        let checksum = checksum(self.number as u32, &self.page);
        self.number += 1;
        self.out.extend_from_slice(&self.page);
        put::u32(&mut self.out, checksum);
        self.page.clear();
    }
}

fn checksum(number: u32, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&number.to_be_bytes());
    hasher.update(payload);
    hasher.finalize()
}

fn id_seed(id: u128) -> u64 {
    mix(id as u64 ^ mix((id >> 64) as u64))
}

fn subject_seed(subject: u64) -> u64 {
    // A different stream than the ids', whatever their values.
    mix(subject ^ 0x5355_424a_4543_5453)
}

/// The finaliser of the `SplitMix64` generator (Steele, Lea and Flood, 2014).
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// The bits of a key: all within one block, so that they cost one look into memory (Putze, Sanders and Singler, 2009).
fn probes(bytes: usize, seed: u64) -> impl Iterator<Item = (usize, u8)> {
    let blocks = (bytes / FILTER_BLOCK) as u128;
    let block = ((u128::from(seed) * blocks) >> 64) as usize * FILTER_BLOCK;
    let bits = mix(seed);
    (0..FILTER_PROBES).map(move |probe| {
        let bit = (bits >> (9 * probe)) as usize % (8 * FILTER_BLOCK);
        (block + bit / 8, 1 << (bit % 8))
    })
}

fn mark(filter: &mut [u8], seed: u64) {
    for (byte, bit) in probes(filter.len(), seed) {
        filter[byte] |= bit;
    }
}

/// A sealed index, open to be asked: its filter in memory, the rest in its file.
pub(crate) struct Sealed {
    file: Arc<dyn File>,
    pub(crate) summary: Summary,
    filter: Vec<u8>,
    ids: Section,
    subjects: Section,
    places: Section,
    words: Section,
}

/// A run of fixed-width entries.
#[derive(Clone, Copy)]
struct Section {
    page: usize,
    count: usize,
    width: usize,
}

impl Section {
    fn pages(self) -> usize {
        pages_for(self.count, self.width)
    }

    /// How many entries stand on its page `page`.
    fn entries(self, page: usize) -> usize {
        let per_page = PAYLOAD / self.width;
        per_page.min(self.count - page * per_page)
    }
}

impl Sealed {
    /// Opens the index of segment `number`, checking its first page, its filter, and that
    /// its length is what the first page says.
    pub(crate) fn open(backend: &dyn Backend, number: u32) -> Result<Self, IndexFault> {
        let file = backend.open(&super::index_path(number), Mode::Read)?;
        let page = read_page(&*file, 0)?;
        let (summary, counts) = take_summary(&page).ok_or(IndexFault::Damaged(0))?;
        let [filter_pages, ids, subjects, words] = counts;
        let mut page = 1 + filter_pages;
        let mut section = |count: usize, width: usize| {
            let section = Section { page, count, width };
            page += section.pages();
            section
        };
        let ids = section(ids, ID);
        let subjects = section(subjects, SUBJECT);
        let places = section(summary.count() as usize, PLACE);
        let words = section(words, WORD);
        // Without a page the filter has no bit that a question could fall on.
        let none = filter_pages == 0;
        if none || summary.number != number || file.length()? != (page * PAGE) as u64 {
            return Err(IndexFault::Damaged(0));
        }
        let mut filter = Vec::with_capacity(filter_pages * PAYLOAD);
        for page in 1..=filter_pages {
            filter.extend_from_slice(&read_page(&*file, page)?);
        }
        Ok(Self { file, summary, filter, ids, subjects, places, words })
    }

    fn may_hold(&self, seed: u64) -> bool {
        let mut probes = probes(self.filter.len(), seed);
        probes.all(|(byte, bit)| self.filter[byte] & bit != 0)
    }

    pub(crate) fn ids(&self, id: u128) -> Result<Vec<u32>, IndexFault> {
        if !self.may_hold(id_seed(id)) {
            return Ok(Vec::new());
        }
        self.postings(self.ids, &id.to_be_bytes())
    }

    pub(crate) fn subjects(&self, subject: u64) -> Result<Vec<u32>, IndexFault> {
        if !self.may_hold(subject_seed(subject)) {
            return Ok(Vec::new());
        }
        self.postings(self.subjects, &subject.to_be_bytes())
    }

    pub(crate) fn offset(&self, posting: u32) -> Result<Option<u32>, IndexFault> {
        let places = PAYLOAD / PLACE;
        if posting as usize >= self.places.count {
            return Ok(None);
        }
        let page = read_page(&*self.file, self.places.page + posting as usize / places)?;
        let mut entry = Cursor::new(&page[posting as usize % places * PLACE..]);
        Ok(entry.u32())
    }

    /// The place of the first record of the group that `posting` is in.
    pub(crate) fn group_start(&self, posting: u32) -> Result<Option<u32>, IndexFault> {
        let places = PAYLOAD / PLACE;
        let mut last = (posting as usize).checked_sub(self.places.count).map_or(posting as usize, |_| 0);
        loop {
            let page = read_page(&*self.file, self.places.page + last / places)?;
            let before = page[..(last % places + 1) * PLACE].as_chunks::<PLACE>().0;
            let starts = before.iter().rev().map(|place| u32::from_be_bytes(*place));
            if let Some(start) = starts.into_iter().find(|place| place & GROUP_START != 0) {
                return Ok(Some(start));
            }
            match (last / places * places).checked_sub(1) {
                Some(before) => last = before,
                None => return Ok(None),
            }
        }
    }

    /// Where the words of a record begin, and an end that they do not reach past.
    pub(crate) fn words(&self, posting: u32) -> Result<Option<(u32, u32)>, IndexFault> {
        let found = self.postings(self.words, &posting.to_be_bytes())?;
        Ok(found.first().map(|start| (*start, self.summary.words_end)))
    }

    /// Where the words of the record after `posting` that has words begin; else where all end.
    pub(crate) fn words_after(&self, posting: u32) -> Result<u32, IndexFault> {
        let (section, end) = (self.words, self.summary.words_end);
        let Some(next) = posting.checked_add(1).map(u32::to_be_bytes) else { return Ok(end) };
        let page = self.first_page(section, &next)?;
        if page == section.pages() {
            return Ok(end);
        }
        let content = read_page(&*self.file, section.page + page)?;
        let entries = content.chunks_exact(section.width).take(section.entries(page));
        let after = entries.map(|entry| entry.split_at(next.len())).find(|(key, _)| *key >= &next[..]);
        Ok(after.and_then(|(_, start)| Cursor::new(start).u32()).unwrap_or(end))
    }

    /// The first page of a section whose last entry is not before `key`.
    fn first_page(&self, section: Section, key: &[u8]) -> Result<usize, IndexFault> {
        let (mut low, mut high) = (0, section.pages());
        while low < high {
            let middle = low.midpoint(high);
            let page = read_page(&*self.file, section.page + middle)?;
            let last = &page[(section.entries(middle) - 1) * section.width..];
            if &last[..key.len()] < key { low = middle + 1 } else { high = middle }
        }
        Ok(low)
    }

    /// The last four bytes of every entry that begins with `key`, in order.
    fn postings(&self, section: Section, key: &[u8]) -> Result<Vec<u32>, IndexFault> {
        let low = self.first_page(section, key)?;
        let mut found = Vec::new();
        for page in low..section.pages() {
            let content = read_page(&*self.file, section.page + page)?;
            for entry in content.chunks_exact(section.width).take(section.entries(page)) {
                let (entry_key, rest) = entry.split_at(key.len());
                if entry_key > key {
                    return Ok(found);
                }
                if entry_key == key {
                    found.extend(Cursor::new(rest).u32());
                }
            }
        }
        Ok(found)
    }
}

fn take_summary(page: &[u8]) -> Option<(Summary, [usize; 4])> {
    let mut fields = Cursor::new(page);
    if fields.take(8)? != MAGIC {
        return None;
    }
    let ledger = fields.array()?;
    let number = fields.u32()?;
    let count = fields.u32()?;
    let first = fields.u64()?;
    let hash = fields.digest()?;
    let recorded_at = fields.i64()?;
    let end = fields.u32()?;
    let words_end = fields.u32()?;
    let mut counts = [0; 4];
    for count in &mut counts {
        *count = fields.u32()? as usize;
    }
    let nodes = (0..fields.u32()?.min(64)).map(|_| fields.digest()).collect::<Option<_>>()?;
    let range = Range::from_nodes(first.checked_add(u64::from(count))?, nodes)?;
    let summary = Summary { ledger, number, first, hash, recorded_at, end, words_end, range };
    Some((summary, counts))
}

fn read_page(file: &dyn File, number: usize) -> Result<Vec<u8>, IndexFault> {
    let at = (number * PAGE) as u64;
    let mut page = vec![0; PAGE];
    if file.read_at(&mut page, at)? != PAGE {
        return Err(IndexFault::Damaged(at));
    }
    if !is_sealed(number, &page) {
        return Err(IndexFault::Damaged(at));
    }
    page.truncate(PAYLOAD);
    Ok(page)
}

/// Puts the nodes of `range` into the first page of an index, and its checksum anew.
pub(crate) fn set_nodes(page: &mut [u8], range: &Range) {
    for (place, node) in page[NODES..PAYLOAD].chunks_exact_mut(32).zip(range.nodes()) {
        place.copy_from_slice(&node.0);
    }
    let checksum = checksum(0, &page[..PAYLOAD]);
    page[PAYLOAD..].copy_from_slice(&checksum.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn given_any_key_when_it_is_marked_then_its_bits_stand_in_one_block_of_the_filter(
            seed in prop_oneof![any::<u64>(), 0..9_u64, (u64::MAX - 9)..=u64::MAX],
            bytes in prop_oneof![FILTER_BLOCK..100_000_000, Just(PAYLOAD)],
        ) {
            let block = u128::from(seed) * (bytes / 64) as u128 / (1 << 64);
            for (byte, bit) in probes(bytes, seed) {
                prop_assert_eq!((byte / 64) as u128, block);
                prop_assert!(byte < bytes && bit.is_power_of_two());
            }
        }
    }

    #[test]
    fn given_as_many_keys_as_a_filter_is_made_for_when_others_are_asked_for_then_few_may_be_there() {
        let mut filter = vec![0; PAYLOAD];
        let keys = (8 * PAYLOAD / FILTER_BITS_PER_KEY) as u64;
        (0..keys).for_each(|key| mark(&mut filter, subject_seed(key)));
        let may_hold =
            |key: u64| probes(PAYLOAD, subject_seed(key)).all(|(byte, bit)| filter[byte] & bit != 0);
        assert!((0..keys).all(may_hold));
        let others = (keys..keys + 100_000).filter(|key| may_hold(*key)).count();
        // 0.8 % with bits anywhere; a little more in blocks, as some hold more keys than others.
        assert!(others < 2_000, "{others} of 100,000");
    }
}

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

mod encode;
mod sealed;

pub(crate) use encode::{encode, encode_around, encode_into};
pub(crate) use sealed::{IndexFault, Sealed};

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

/// A run of fixed-width entries.
#[derive(Clone, Copy)]
struct Section {
    /// Its first page.
    page: usize,
    /// How many entries it has.
    count: usize,
    /// Of an entry, in bytes.
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

/// Ids, subjects, places and words of an index whose first page says so.
fn sections(summary: &Summary, counts: [usize; 4]) -> [Section; 4] {
    let [filter_pages, ids, subjects, words] = counts;
    let mut page = 1 + filter_pages;
    let entries = [(ids, ID), (subjects, SUBJECT), (summary.count() as usize, PLACE), (words, WORD)];
    entries.map(|(count, width)| {
        let section = Section { page, count, width };
        page += section.pages();
        section
    })
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

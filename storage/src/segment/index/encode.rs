//! Makes the bytes of a sealed index.
//!
//! Invariant: they follow from what is put in, and from nothing else. It must not know files.

use super::{
    FILTER_BITS_PER_KEY, ID, PAYLOAD, PLACE, SUBJECT, Summary, WORD, checksum, id_seed, mark, pages_for,
    put_summary, subject_seed, take_summary,
};
use crate::format::put;
use crate::limits::PAGE;
use crate::segment::live::Sorted;

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

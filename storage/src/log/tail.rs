//! The end of the log: where the next group goes, and what follows from the last one.
//!
//! Invariant: it has taken in exactly the groups that are on stable storage, in order;
//! recovery and commit both go through [`Tail::take_in`]. It must not know how a group got
//! to where it is.

use std::sync::Arc;

use super::levels::Levels;
use super::segments::{Segment, Shared};
use super::tidy::{Seal, Tidy};
use super::watermark::Watermark;
use super::{Head, Keys, TILES};
use crate::error::Error;
use crate::format::digest::Digest;
use crate::merkle::Range;
use crate::segment::index::Summary;
use crate::segment::live::{GROUP_START, Live};

/// A group in its place.
pub(super) struct Landed<'a> {
    /// Offset of its header in the segment.
    pub(super) at: u64,
    /// Header and body, in bytes.
    pub(super) span: u64,
    /// Offsets of its records from `at`.
    pub(super) offsets: &'a [u32],
    pub(super) hashes: &'a [Digest],
    pub(super) keys: &'a [Keys],
    /// Records with words: index in the group, offset of the first in the words file.
    pub(super) words: &'a [(u32, u32)],
    pub(super) words_end: u32,
    pub(super) recorded_at: i64,
}

impl Landed<'_> {
    /// Puts its records into the index of their segment, the first as `posting`.
    pub(super) fn index(&self, live: &Live, posting: u32) {
        for (index, keys) in self.keys.iter().enumerate() {
            live.insert(posting + index as u32, keys);
        }
        let start = self.at as u32;
        let marks = std::iter::once(GROUP_START).chain(std::iter::repeat(0));
        live.place(self.offsets.iter().zip(marks).map(|(offset, mark)| (start + offset) | mark));
        if !self.words.is_empty() {
            live.word(self.words.iter().map(|(index, at)| (posting + index, *at)), self.words_end);
        }
    }
}

/// The end of the log.
pub(super) struct Tail {
    pub(super) segment: Arc<Segment>,
    pub(super) live: Arc<Live>,
    /// Where the next group goes in the segment.
    pub(super) at: u64,
    /// Where the next words go in the segment's words file.
    pub(super) words_end: u32,
    pub(super) range: Range,
    pub(super) levels: Levels,
    pub(super) watermark: Watermark,
    /// Of what was taken in; the root is brought up to date by [`Tail::root`].
    pub(super) head: Head,
    /// Segments that are complete, but whose level hashes are not all written.
    unsealed: Vec<Seal>,
}

impl Tail {
    pub(super) fn new(
        (segment, live): (Arc<Segment>, Arc<Live>),
        range: Range,
        levels: Levels,
        watermark: Watermark,
        head: Head,
    ) -> Self {
        let at = crate::limits::PAGE as u64;
        Self { segment, live, at, words_end: 0, range, levels, watermark, head, unsealed: Vec::new() }
    }

    /// Accounts for a group that is on stable storage.
    pub(super) fn take_in(&mut self, group: &Landed<'_>) {
        group.index(&self.live, (self.head.size - self.segment.first) as u32);
        for hash in group.hashes {
            self.range.push(*hash, |level, hash| self.levels.form(level, hash));
            self.head.hash = *hash;
        }
        self.head.size += group.hashes.len() as u64;
        self.head.recorded_at = group.recorded_at;
        self.at = group.at + group.span;
        self.words_end = group.words_end;
    }

    /// Brings the head's root up to date.
    pub(super) fn root(&mut self) {
        self.head.root = self.range.root();
    }

    /// What the segment's sealed index says of its end.
    pub(super) fn summary(&self, shared: &Shared) -> Summary {
        Summary {
            ledger: shared.identity.ledger,
            number: self.segment.number,
            first: self.segment.first,
            hash: self.head.hash,
            recorded_at: self.head.recorded_at,
            end: self.at as u32,
            words_end: self.words_end,
            range: self.range.clone(),
        }
    }

    /// Goes on in a new segment; the old one is left to be sealed.
    pub(super) fn turn(&mut self, shared: &Shared, segment: Arc<Segment>, live: Arc<Live>) {
        let summary = self.summary(shared);
        let old = std::mem::replace(&mut self.segment, segment);
        let old_live = std::mem::replace(&mut self.live, live);
        self.unsealed.push(Seal { segment: old, live: old_live, summary });
        self.at = crate::limits::PAGE as u64;
        self.words_end = 0;
    }

    /// Hands over what can be sealed: an index must not exist before the level files hold
    /// everything up to its end, because the next open takes them from there.
    pub(super) fn hand_over(&mut self, tidy: &mut Tidy) {
        if self.levels.flush().is_ok() && self.levels.settled() {
            self.unsealed.drain(..).for_each(|seal| tidy.seal(seal));
        }
    }

    /// Writes what is unwritten of the levels and hands over all that is to be sealed.
    pub(super) fn settle(&mut self, tidy: &mut Tidy) -> Result<(), Error> {
        self.levels.flush().map_err(|error| Error::room(TILES, 0, error))?;
        self.hand_over(tidy);
        Ok(())
    }
}

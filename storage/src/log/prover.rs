//! Proofs and tiles of what is committed.
//!
//! Invariant: nothing is given out that was not just checked against the root of the head,
//! which comes from the records: a damaged level file makes an error, never a proof that
//! does not hold. It must not write, sign, or know who asks.
//!
//! # Where the hashes come from
//!
//! From the level files. They may lack their last hashes for a while: [`levels`] keeps what
//! it cannot write, for want of room say, and does not hold up the commit. What is missing is
//! then made of the level below, at the lowest of the records: a receipt's proof must not
//! depend on files that are only derived, and what is made is checked like what is read. Not
//! without end: past [`MAX_UNWRITTEN`] records this is an error, since a file that much too
//! short was cut off, and each question would read the whole log. The next open restores it.
//!
//! # What a tile's check costs
//!
//! The tree is put together from what stands before the tile, the tile's own hashes, and what
//! stands behind it, and must have the head's root: one or two reads and some 30 hashes for
//! every doubling of the log, together 0.1 ms at a million records (`examples/measure.rs`).
//! To compare a full tile with the one hash above it would cost one read, but say nothing of a
//! partial tile, nor of files in which both were changed.

use std::ops::ControlFlow;

use super::levels;
use super::reader::Reader;
use crate::error::{Error, Malformed};
use crate::format::digest::Digest;
use crate::limits::MAX_UNWRITTEN;
use crate::merkle::proof::{self, Span};
use crate::merkle::range::{self, Range, TILE_HEIGHT, TILE_WIDTH};
use crate::merkle::tile::{Level, Tile};
use crate::merkle::verify;

impl Reader {
    /// The inclusion proof of the record `index` in the tree of the first `size` records,
    /// from the leaf to the root (RFC 9162 §2.1.3). It leads from the record's own bytes to
    /// [`Reader::root`].
    ///
    /// # Errors
    ///
    /// `Beyond` for a size larger than the log, `Refused` for an index that is not below it,
    /// `Damaged` and `Io` of the record, of a level file, or of what is read in its place.
    pub fn prove_inclusion(&self, index: u64, size: u64) -> Result<Vec<Digest>, Error> {
        let root = self.root(size)?;
        let rule = "index: a record has a proof in a tree larger than its sequence; ask for a larger size";
        let spans = proof::inclusion(index, size).ok_or(Malformed::new(rule))?;
        let hashes = self.fetch(&spans)?;
        let held = verify::inclusion(&self.leaf(index)?, index, size, &hashes, &root);
        held.map_err(|_| damaged(0, index, "the levels do not lead from the record to the root"))?;
        Ok(hashes)
    }

    /// The consistency proof from the first `old` records to the first `new` (RFC 9162
    /// §2.1.4). It leads from the one [`Reader::root`] to the other.
    ///
    /// # Errors
    ///
    /// `Beyond` for a size larger than the log, `Refused` when `old` is 0 or larger than
    /// `new`, `Damaged` and `Io` as for [`Reader::root`].
    pub fn prove_consistency(&self, old: u64, new: u64) -> Result<Vec<Digest>, Error> {
        let new_root = self.root(new)?;
        let rule = "old: a proof begins at a tree of 1 to new records; ask for such a one";
        let spans = proof::consistency(old, new).ok_or(Malformed::new(rule))?;
        let hashes = self.fetch(&spans)?;
        let held = verify::consistency(old, new, &hashes, &self.root(old)?, &new_root);
        held.map_err(|_| damaged(0, old, "the levels do not lead from the old root to the new one"))?;
        Ok(hashes)
    }

    /// The bytes of a tile: 32 for each hash, or an entry bundle (`u16 length ‖ record`, up
    /// to 16 MiB); `None` when the log does not reach to its end, or there can be no such
    /// tile. Any width that the log has is served, also of a tile that is full by now.
    ///
    /// What is served leads to the root of the head: the hashes as they are, the records by
    /// their leaf hashes.
    ///
    /// # Errors
    ///
    /// `Damaged` and `Io` of what was read.
    pub fn tile(&self, tile: Tile) -> Result<Option<Vec<u8>>, Error> {
        let head = self.head();
        let Some((first, end)) = tile.leaves().filter(|(_, end)| *end <= head.size) else {
            return Ok(None);
        };
        let (level, bytes, hashes) = match tile.level {
            Level::Entries => {
                let (bytes, hashes) = self.bundle(first, end)?;
                (0, bytes, hashes)
            }
            Level::Hashes(level) => {
                let level = usize::from(level);
                let hashes = self.hashes(level, tile.index * TILE_WIDTH, usize::from(tile.width))?;
                (level, hashes.iter().flat_map(|hash| hash.0).collect(), hashes)
            }
        };
        let mut range = Range::new();
        self.extend(&mut range, first)?;
        for hash in hashes {
            range.push_subtree(tile.level.height(), hash, |_, _| {});
        }
        self.extend(&mut range, head.size)?;
        if range.root() != head.root {
            let rule = "the tile and the levels around it do not lead to the root of the records";
            return Err(damaged(level, first, rule));
        }
        Ok(Some(bytes))
    }

    /// The records `first..end`, each behind its length, and their hashes.
    fn bundle(&self, first: u64, end: u64) -> Result<(Vec<u8>, Vec<Digest>), Error> {
        let (mut bundle, mut hashes) = (Vec::new(), Vec::new());
        self.scan(first, end, &mut |record| {
            // A record has at most 65,535 bytes.
            bundle.extend_from_slice(&(record.bytes.len() as u16).to_be_bytes());
            bundle.extend_from_slice(record.bytes);
            hashes.push(record.hash());
            ControlFlow::Continue(())
        })?;
        Ok((bundle, hashes))
    }

    fn fetch(&self, spans: &[Span]) -> Result<Vec<Digest>, Error> {
        proof::fetch(spans, |first, height| self.node(first, height))
    }

    /// The root of the perfect subtree of 2^`height` committed records from `first` on.
    pub(super) fn node(&self, first: u64, height: u32) -> Result<Digest, Error> {
        let level = height / TILE_HEIGHT;
        let count = 1 << (height % TILE_HEIGHT);
        self.hashes(level as usize, first >> (TILE_HEIGHT * level), count).map(range::fold)
    }

    /// `count` hashes of `level` from `index` on, all of committed records.
    fn hashes(&self, level: usize, index: u64, count: usize) -> Result<Vec<Digest>, Error> {
        let read = self.shared.levels.hashes(level, index, count);
        let mut hashes = read.map_err(|error| Error::io(&levels::path(level), 0, error))?;
        if hashes.len() < count {
            self.complete(level, index, count, &mut hashes)?;
        }
        Ok(hashes)
    }

    /// Makes what the level's file does not have yet of the level below.
    fn complete(
        &self,
        level: usize,
        index: u64,
        count: usize,
        hashes: &mut Vec<Digest>,
    ) -> Result<(), Error> {
        let (from, to) = (index + hashes.len() as u64, index + count as u64);
        let rule = "the level is shorter than the log; the next open restores it";
        if self.unwritten(level)? > MAX_UNWRITTEN.div_ceil(1 << (TILE_HEIGHT * level as u32)) {
            return Err(damaged(level, from, rule));
        }
        let Some(below) = level.checked_sub(1) else {
            self.scan(from, to, &mut |record| {
                hashes.push(record.hash());
                ControlFlow::Continue(())
            })?;
            return if hashes.len() == count { Ok(()) } else { Err(damaged(level, from, rule)) };
        };
        for hash in from..to {
            hashes.push(range::fold(self.hashes(below, hash * TILE_WIDTH, TILE_WIDTH as usize)?));
        }
        Ok(())
    }

    /// Hashes that the file of `level` should have, and has not.
    fn unwritten(&self, level: usize) -> Result<u64, Error> {
        let length = self.shared.levels.file(level).map_or(Ok(0), |file| file.length());
        let length = length.map_err(|error| Error::io(&levels::path(level), 0, error))?;
        let written = length / size_of::<Digest>() as u64;
        Ok((self.head().size >> (TILE_HEIGHT * level as u32)).saturating_sub(written))
    }
}

fn damaged(level: usize, sequence: u64, rule: &'static str) -> Error {
    Error::Damaged { file: levels::path(level), offset: 0, sequence, rule }
}

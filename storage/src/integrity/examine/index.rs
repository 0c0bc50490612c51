//! The index of a segment that was read: it must be what the records give, or, where records are only passed by, whole
//! in itself.
//!
//! Invariant: nothing that stands in the index is believed without being compared or recomputed. It must not write.

use super::super::Eye;
use super::Pass;
use crate::backend::Mode;
use crate::error::Error;
use crate::format::digest::Digest;
use crate::limits::PAGE;
use crate::merkle::Range;
use crate::segment::index::{self, Summary};
use crate::segment::index_path;

/// An index is at most so many times as long as its segment: its keys are 255 subjects of 12 bytes
/// for a record of some 130. What is longer is none, and is not read.
const MOST_INDEX: u64 = 32;

/// Of an index, so much is read and compared at once: a whole number of pages.
const PIECE: usize = 64 * PAGE;

impl Pass<'_> {
    /// Compares all of the index but its first page, which it returns as far as it can.
    pub(super) fn index(&mut self, end: u64) -> Result<Option<Vec<u8>>, Error> {
        let (Some(header), Some(hash), Some(next)) = (&self.planned.header, self.prev, self.next) else {
            return Ok(None);
        };
        self.order.sort(&mut self.sorted);
        self.sorted.subjects.dedup();
        let nodes = vec![Digest([0; 32]); next.count_ones() as usize];
        let Some(range) = Range::from_nodes(next, nodes) else { return Ok(None) };
        let summary = Summary {
            ledger: header.identity.ledger,
            number: self.planned.number,
            first: header.first,
            hash,
            recorded_at: self.recorded_at,
            end: end as u32,
            words_end: self.words_end,
            range,
        };
        let name = index_path(self.planned.number);
        let io = |error| Error::io(&name, 0, error);
        let file = self.on.backend.open(&name, Mode::Read).map_err(io)?;
        let length = file.length().map_err(io)?;
        let keys = if matches!(self.on.eye, Eye::Passing(_)) {
            let most = length.min(MOST_INDEX * self.planned.length) as usize / PAGE;
            let mut head = vec![0; PAGE];
            file.read_at(&mut head, 0).map_err(io)?;
            index::encode_around(&summary, &self.sorted, &head, most, &mut self.pages)
        } else {
            index::encode_into(&summary, &self.sorted, &mut self.pages);
            0
        };
        // In pieces: what is compared is still near when it was just read, and takes no memory to speak of.
        let (all, mut count) = (self.pages.len() + keys * PAGE, 0);
        for from in (0..all).step_by(PIECE) {
            self.stored.clear();
            self.stored.resize(PIECE.min(all - from), 0);
            count += file.read_at(&mut self.stored, from as u64).map_err(io)?;
            self.compare(&name, from / PAGE, keys);
        }
        if count < all || length != all as u64 {
            let expected = format!("{all} bytes");
            self.findings.note(name, length, "index.bytes", &expected, &format!("{length} bytes"));
        }
        Ok(Some(self.pages[..PAGE.min(self.pages.len())].to_vec()))
    }

    /// Compares what is stored of an index from a page on with what must stand there, but for its first page. So many
    /// pages behind that one are of keys that nobody told: these are held against their checksums.
    fn compare(&mut self, name: &str, from: usize, keys: usize) {
        for (number, stored) in (from..).zip(self.stored.chunks(PAGE)).filter(|(number, _)| *number > 0) {
            let holds = if number <= keys {
                index::is_sealed(number, stored)
            } else {
                self.pages.chunks(PAGE).nth(number - keys) == Some(stored)
            };
            if !holds {
                let (expected, found) = ("what the records give", "another page");
                let at = (number * PAGE) as u64;
                self.findings.note(name.to_owned(), at, "index.bytes", expected, found);
            }
        }
    }
}

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
        self.sorted.ids.sort_unstable();
        self.sorted.subjects.sort_unstable();
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
        let mut count = 0;
        if matches!(self.on.eye, Eye::Keying(_)) {
            index::encode_into(&summary, &self.sorted, &mut self.pages);
            // In pieces: what is compared is still near when it was just read, and takes no memory to speak of.
            for from in (0..self.pages.len()).step_by(PIECE) {
                self.stored.clear();
                self.stored.resize(PIECE.min(self.pages.len() - from), 0);
                count += file.read_at(&mut self.stored, from as u64).map_err(io)?;
                self.compare(&name, from);
            }
        } else {
            let most = length.min(MOST_INDEX * self.planned.length) as usize;
            self.stored.resize(most, 0);
            count = file.read_at(&mut self.stored, 0).map_err(io)?;
            self.pages = index::encode_around(&summary, &self.sorted, &self.stored[..count]);
            self.stored.truncate(count);
            self.stored.resize(self.pages.len(), 0);
            self.compare(&name, 0);
        }
        if count < self.pages.len() || length != self.pages.len() as u64 {
            let expected = format!("{} bytes", self.pages.len());
            self.findings.note(name, length, "index.bytes", &expected, &format!("{length} bytes"));
        }
        Ok(Some(self.pages[..PAGE.min(self.pages.len())].to_vec()))
    }

    /// Compares what is stored of an index from a byte on with what must stand there, but for its first page.
    fn compare(&mut self, name: &str, from: usize) {
        let wanted = self.pages.get(from..).unwrap_or_default();
        let wanted = &wanted[..wanted.len().min(self.stored.len())];
        if wanted == self.stored {
            return;
        }
        for (number, (page, stored)) in wanted.chunks(PAGE).zip(self.stored.chunks(PAGE)).enumerate() {
            let at = (from + number * PAGE) as u64;
            if at > 0 && page != stored {
                let (expected, found) = ("what the records give", "another page");
                self.findings.note(name.to_owned(), at, "index.bytes", expected, found);
            }
        }
    }
}

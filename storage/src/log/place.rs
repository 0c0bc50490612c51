//! Where the words of one record stand, and the walk over them.
//!
//! Invariant: an entry is handed out only if its head has its checksum and it is the
//! record's. It must not write.

use std::sync::Arc;

use super::segments::{Index, Segment, Shared};
use crate::backend::File;
use crate::error::Error;
use crate::segment::words_path;
use crate::words::{self, Entry};

/// Where the words of a record stand in the words file of its segment.
pub(super) struct Place {
    number: u32,
    sequence: u64,
    /// Where the first entry begins.
    pub(super) start: u32,
    /// An end that the entries do not reach past.
    end: u32,
}

impl Place {
    /// The place of the words of a record that `segment` holds; `None` when it has none.
    pub(super) fn of(shared: &Shared, segment: &Arc<Segment>, sequence: u64) -> Result<Option<Self>, Error> {
        let posting = (sequence - segment.first) as u32;
        let place = shared.ask(segment, |index| match index {
            Index::Live(live) => Ok(live.words(posting)),
            Index::Sealed(sealed) => sealed.words(posting),
        })?;
        let number = segment.number;
        Ok(place.map(|(start, end)| Self { number, sequence, start, end }))
    }

    /// Calls `f` with each entry and its offset in `file`, in order. Returns where the walk
    /// broke off, if an entry's head did not hold.
    pub(super) fn walk(
        &self,
        file: &dyn File,
        f: &mut dyn FnMut(u64, &Entry<'_>),
    ) -> Result<Option<u64>, Error> {
        let mut at = u64::from(self.start);
        let mut window = vec![0; 4096];
        while at < u64::from(self.end) {
            let io = |error| Error::io(&words_path(self.number), at, error);
            let count = file.read_at(&mut window, at).map_err(io)?;
            let length = words::length(&window[..count]).unwrap_or(0);
            if length > window.len() {
                window.resize(length, 0);
                continue;
            }
            let Some((entry, length)) = words::decode(&window[..count]) else { return Ok(Some(at)) };
            if entry.sequence != self.sequence {
                break;
            }
            f(at, &entry);
            at += length as u64;
        }
        Ok(None)
    }
}

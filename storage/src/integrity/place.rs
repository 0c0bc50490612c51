//! Where records stand: for whoever found something out about a record and has to show it.
//!
//! Invariant: a place is told only of a record in a whole group; nothing is judged. It must not
//! trust the index.

use std::collections::{BTreeMap, BTreeSet};

use crate::backend::{Backend, Mode};
use crate::error::Error;
use crate::limits::PAGE;
use crate::segment::header::{GROUP_HEADER, Records, SegmentHeader};
use crate::segment::reader::{Step, Walk};
use crate::segment::{self, path};

/// The file and the byte at which each of these records begins, as far as they are found.
///
/// # Errors
///
/// `Io` when a segment cannot be read.
pub fn places(
    backend: &dyn Backend,
    sequences: &BTreeSet<u64>,
) -> Result<BTreeMap<u64, (String, u64)>, Error> {
    let mut places = BTreeMap::new();
    if sequences.is_empty() {
        return Ok(places);
    }
    let names = backend.list("log").map_err(|error| Error::io("log", 0, error))?;
    for number in names.iter().filter_map(|name| segment::number(name, ".seg")) {
        let io = |error| Error::io(&path(number), 0, error);
        let file = backend.open(&path(number), Mode::Read).map_err(io)?;
        let mut page = vec![0; PAGE];
        let count = file.read_at(&mut page, 0).map_err(io)?;
        let Ok(header) = SegmentHeader::decode(&page[..count]) else { continue };
        let wanted = sequences.range(header.first..).next_back().copied();
        let mut walk = Walk::whole(&*file, header.capacity.min(file.length().map_err(io)?));
        while let Step::Group { at, header, body } = walk.step().map_err(io)? {
            if wanted.is_none_or(|last| last < header.first) {
                break;
            }
            if sequences.range(header.first..header.end()).next().is_none() {
                continue;
            }
            for (sequence, record) in (header.first..).zip(Records::new(body)) {
                if let Ok((offset, _)) = record
                    && sequences.contains(&sequence)
                {
                    places.insert(sequence, (path(number), at + (GROUP_HEADER + offset) as u64));
                }
            }
        }
    }
    Ok(places)
}

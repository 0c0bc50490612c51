//! A group that is walked again: everything that it must be is looked at before it is taken in.
//!
//! Invariant: of a group that has its checksums every record and word must hold; what does not is refused, with its place.
//! It must not write.

use super::refuse;
use crate::backend::File;
use crate::error::Error;
use crate::format::digest::Digest;
use crate::format::record::Record;
use crate::limits::MAX_GROUP_WORDS;
use crate::log::tail::Landed;
use crate::log::{Head, Keyer, Keys};
use crate::segment::header::{GROUP_HEADER, GroupHeader, Records};
use crate::segment::{path, words_path};
use crate::words::{self, Content};

/// Where a group is expected.
pub(super) struct Place<'a> {
    /// Number of the segment.
    pub(super) number: u32,
    /// The end of the log before the group.
    pub(super) head: &'a Head,
    /// End of the words before it, in the segment's words file.
    pub(super) words_end: u32,
}

/// What is gathered of a group before it is taken in.
#[derive(Default)]
pub(super) struct Landing {
    offsets: Vec<u32>,
    pub(super) hashes: Vec<Digest>,
    keys: Vec<Keys>,
    words: Vec<(u32, u32)>,
    pub(super) recorded_at: i64,
}

impl Landing {
    pub(super) fn landed(&self, at: u64, header: &GroupHeader) -> Landed<'_> {
        Landed {
            at,
            span: header.span(),
            offsets: &self.offsets,
            hashes: &self.hashes,
            keys: &self.keys,
            words: &self.words,
            words_end: header.words_end,
            recorded_at: self.recorded_at,
        }
    }

    /// Every record of a group that has its checksums must hold: no crash undoes that.
    pub(super) fn read(
        &mut self,
        keyer: &Keyer,
        place: &Place<'_>,
        (at, header, body): (u64, &GroupHeader, &[u8]),
    ) -> Result<(), Error> {
        let Head { size, mut hash, mut recorded_at, .. } = *place.head;
        let damaged = |at: u64, sequence, rule| refuse(path(place.number), at, sequence, rule);
        if header.first != size || header.words_end < place.words_end {
            return Err(damaged(at, size, "the group does not follow the one before"));
        }
        self.offsets.clear();
        self.hashes.clear();
        self.keys.clear();
        for record in Records::new(body) {
            let sequence = size + self.hashes.len() as u64;
            let fault = |at: u64, rule| damaged(at, sequence, rule);
            let body_at = at + GROUP_HEADER as u64;
            let (place, bytes) = record.map_err(|error| fault(body_at + error.at as u64, error.rule))?;
            let place = body_at + place as u64;
            let record = Record::parse(bytes).map_err(|error| fault(place + error.at as u64, error.rule))?;
            if record.sequence != sequence {
                return Err(fault(place, "the record has another sequence"));
            }
            if record.prev != hash {
                return Err(fault(place, "prev is not the hash of the record before"));
            }
            if record.recorded_at < recorded_at {
                return Err(fault(place, "recorded_at is before the record before"));
            }
            self.keys.push(keyer(&record).map_err(|error| fault(place, error.rule))?);
            (hash, recorded_at) = (record.hash(), record.recorded_at);
            self.offsets.push((place - at) as u32);
            self.hashes.push(hash);
        }
        self.recorded_at = recorded_at;
        if self.hashes.len() != header.count as usize {
            return Err(damaged(at, size, "the group has not the records its header says"));
        }
        Ok(())
    }

    /// The words of a group were synced before it: they must be there, and whole.
    pub(super) fn words(
        &mut self,
        place: &Place<'_>,
        file: Option<&dyn File>,
        header: &GroupHeader,
    ) -> Result<(), Error> {
        self.words.clear();
        let (start, end) = (place.words_end, header.words_end);
        let length = (end - start) as usize;
        if length == 0 {
            return Ok(());
        }
        let name = words_path(place.number);
        let damaged =
            |at: usize, rule| refuse(name.clone(), u64::from(start) + at as u64, header.first, rule);
        let file =
            file.filter(|_| length <= MAX_GROUP_WORDS).ok_or_else(|| damaged(0, "words are missing"))?;
        let mut bytes = vec![0; length];
        let count = file
            .read_at(&mut bytes, u64::from(start))
            .map_err(|error| Error::io(&name, u64::from(start), error))?;
        if count < length {
            return Err(damaged(count, "words are missing"));
        }
        for entry in words::entries(&bytes) {
            let (at, entry) = entry.map_err(|at| damaged(at, "an entry's head does not hold"))?;
            // One that an erasure was at when the power went is for its owner to finish.
            if entry.content == Content::Damaged {
                return Err(damaged(at, "a word does not have its checksum"));
            }
            let index =
                entry.sequence.checked_sub(header.first).filter(|index| *index < u64::from(header.count));
            let index = index.ok_or_else(|| damaged(at, "an entry of a record outside its group"))? as u32;
            match self.words.last() {
                Some((last, _)) if *last == index => {}
                Some((last, _)) if *last > index => return Err(damaged(at, "entries are out of order")),
                _ => self.words.push((index, start + at as u32)),
            }
        }
        Ok(())
    }
}

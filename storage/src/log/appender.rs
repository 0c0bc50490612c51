//! Groups of records, and the commit that puts one on stable storage.
//!
//! Invariant: a group is kept whole or not at all, and is built on exactly one head; after
//! a failed write or sync of records the handle is gone. It must not know who waits for
//! the outcome.

use std::fmt;
use std::io;
use std::sync::{Arc, PoisonError};

use super::segments::{Index, Segment};
use super::tail::Landed;
use super::watermark::WATERMARK;
use super::{Head, Keys, Log};
use crate::backend::{File, Mode};
use crate::error::{CommitError, Error, Malformed};
use crate::format::digest::Digest;
use crate::format::record::{self, Draft};
use crate::limits::{MAX_GROUP, MAX_GROUP_WORDS, MAX_RECORD, MAX_SUBJECTS, PAGE};
use crate::segment::header::{GROUP_HEADER, GroupHeader, SegmentHeader};
use crate::segment::live::Live;
use crate::segment::writer::{self, Unplaced};
use crate::segment::{WORDS, path, words_path};
use crate::words::{self, Word};

/// Records to be committed together, whole or not at all.
#[derive(Default)]
pub struct Group {
    first: u64,
    base: Option<Digest>,
    prev: Option<Digest>,
    recorded_at: i64,
    /// Room for the header, then each record behind its length.
    buffer: Vec<u8>,
    offsets: Vec<u32>,
    hashes: Vec<Digest>,
    keys: Vec<Keys>,
    words: Vec<u8>,
    /// Records with words: index in the group, offset in `words`.
    worded: Vec<(u32, u32)>,
}

/// Where a record was put.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Placed {
    /// Its sequence, once the group is committed.
    pub sequence: u64,
    /// Its leaf hash.
    pub hash: Digest,
}

impl Group {
    /// Empties it, on top of `head`.
    pub(super) fn begin(&mut self, head: &Head) {
        self.first = head.size;
        self.base = Some(head.hash);
        self.prev = Some(head.hash);
        self.recorded_at = head.recorded_at;
        self.buffer.clear();
        self.buffer.resize(GROUP_HEADER, 0);
        self.offsets.clear();
        self.hashes.clear();
        self.keys.clear();
        self.words.clear();
        self.worded.clear();
    }

    /// Adds a record with its erasable words.
    ///
    /// # Errors
    ///
    /// `Refused` when the draft breaks a rule of the format, `recorded_at` goes back, or it
    /// would be too long; `GroupFull` when it must wait for the next group. The group is
    /// then as it was.
    pub fn push(&mut self, draft: &Draft<'_>, words: &[Word<'_>], keys: Keys) -> Result<Placed, Error> {
        let Some(prev) = self.prev else {
            return Err(Malformed::new("the group was not begun by a log").into());
        };
        if draft.recorded_at < self.recorded_at {
            return Err(Malformed::new("recorded_at is before the last record's").into());
        }
        if keys.subjects.len() > MAX_SUBJECTS {
            return Err(Malformed::new("the record has more than 255 subjects").into());
        }
        let (start, words_start) = (self.buffer.len(), self.words.len());
        let written = self.write(draft, words, &prev);
        if let Err(error) = written {
            self.buffer.truncate(start);
            self.words.truncate(words_start);
            return Err(error);
        }
        let hash = self.hash_last(start);
        let placed = Placed { sequence: self.next_sequence(), hash };
        if self.words.len() > words_start {
            self.worded.push((self.hashes.len() as u32, words_start as u32));
        }
        self.offsets.push(start as u32 + 2);
        self.hashes.push(hash);
        self.keys.push(keys);
        self.prev = Some(hash);
        self.recorded_at = draft.recorded_at;
        Ok(placed)
    }

    fn write(&mut self, draft: &Draft<'_>, words: &[Word<'_>], prev: &Digest) -> Result<(), Error> {
        let sequence = self.next_sequence();
        self.buffer.extend_from_slice(&[0, 0]);
        record::encode(&mut self.buffer, draft, sequence, prev)?;
        for word in words {
            words::encode(&mut self.words, sequence, word)?;
        }
        if self.words.len() > MAX_GROUP_WORDS && self.is_empty() {
            return Err(Malformed::new("the words of one record are longer than a group's may be").into());
        }
        if self.buffer.len() > MAX_GROUP || self.words.len() > MAX_GROUP_WORDS {
            return Err(Error::GroupFull { bytes: self.bytes() });
        }
        Ok(())
    }

    /// Hashes the record behind the two bytes at `start`, then writes its length there. The
    /// byte before the record is 0 until then: so prefix and record are one slice to hash.
    fn hash_last(&mut self, start: usize) -> Digest {
        let hash = Digest::of(&self.buffer[start + 1..]);
        let length = (self.buffer.len() - start - 2) as u16;
        self.buffer[start..start + 2].copy_from_slice(&length.to_be_bytes());
        hash
    }

    /// Number of records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether there is no record in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Length in bytes, words included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.buffer.len() + self.words.len()
    }

    /// The sequence that the next record pushed gets.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.first + self.hashes.len() as u64
    }

    /// Writes the header into its room.
    fn finish(&mut self, words_end: u32) {
        let (room, body) = self.buffer.split_at_mut(GROUP_HEADER);
        let header = GroupHeader {
            length: body.len() as u32,
            count: self.hashes.len() as u32,
            words_end,
            first: self.first,
            // One group is written at a time: all before it has been synced.
            durable: self.first,
            checksum: crc32fast::hash(body),
        };
        room.copy_from_slice(&header.encode());
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group").field("first", &self.first).field("len", &self.len()).finish_non_exhaustive()
    }
}

/// How a step of a commit failed.
enum Failure {
    /// Nothing was written that counts.
    Before(Error),
    /// It is not known what was kept.
    Unknown(Error),
}

impl Log {
    /// Puts `group` on stable storage: one write and one sync (and, before it, one of the
    /// words when there are any). An empty group costs nothing.
    ///
    /// # Errors
    ///
    /// `Full` gives the log back: nothing was written; its `error` says whether there was no
    /// room, the group was built on another head, or the system refused. `Poisoned` does
    /// not: the group may or may not be there after the next open.
    pub fn commit(mut self, mut group: Group) -> Result<Self, CommitError> {
        match self.put(&mut group) {
            Ok(()) => {
                *self.recycled.get_mut().unwrap_or_else(PoisonError::into_inner) = Some(group);
                Ok(self)
            }
            Err(Failure::Before(error)) => Err(CommitError::Full { log: Box::new(self), error }),
            Err(Failure::Unknown(error)) => Err(CommitError::Poisoned(error)),
        }
    }

    fn put(&mut self, group: &mut Group) -> Result<(), Failure> {
        if group.is_empty() {
            return Ok(());
        }
        if group.base != Some(self.tail.head.hash) || group.first != self.tail.head.size {
            let stale = Malformed::new("the group was built on another head");
            return Err(Failure::Before(stale.into()));
        }
        self.make_room(group)?;
        let words_at = self.tail.words_end;
        let words_end = words_at + group.words.len() as u32;
        self.put_words(group)?;
        group.finish(words_end);
        let segment = &self.tail.segment;
        let failed = |error| Failure::Unknown(Error::io(&path(segment.number), self.tail.at, error));
        segment.file.write_at(&group.buffer, self.tail.at).map_err(failed)?;
        segment.file.sync().map_err(failed)?;
        for (_, at) in &mut group.worded {
            *at += words_at;
        }
        self.tail.take_in(&Landed {
            at: self.tail.at,
            span: group.buffer.len() as u64,
            offsets: &group.offsets,
            hashes: &group.hashes,
            keys: &group.keys,
            words: &group.worded,
            words_end,
            recorded_at: group.recorded_at,
        });
        self.tail.root();
        // What cannot be written of the levels now is written with the next group: the
        // records are safe, and the levels can be had from them.
        let _ = self.tail.levels.flush();
        let raised = self.tail.watermark.raise(&self.tail.head);
        raised.map_err(|error| Failure::Unknown(Error::io(WATERMARK, 0, error)))?;
        self.shared.publish(self.tail.head);
        self.seal_healed();
        Ok(())
    }

    /// Sees to it that `group` fits into the open segment, opening the next one if not.
    fn make_room(&mut self, group: &Group) -> Result<(), Failure> {
        let span = group.buffer.len() as u64;
        let words_fit = u32::try_from(u64::from(self.tail.words_end) + group.words.len() as u64).is_ok();
        if words_fit && self.tail.at + span <= self.tail.segment.capacity {
            return Ok(());
        }
        let number = self.tail.segment.number + 1;
        let full = |error| Failure::Before(Error::room(&path(number), 0, error));
        let needed = self.options.capacity(number).max((PAGE as u64 + span).next_multiple_of(PAGE as u64));
        let capacity = self.tidy.spare(needed).map_err(full)?;
        let Head { size: first, hash: prev, .. } = self.tail.head;
        let identity = self.shared.identity.clone();
        let header = SegmentHeader { number, identity, first, prev, capacity };
        let file = writer::place(&*self.shared.backend, &header).map_err(|unplaced| match unplaced {
            Unplaced::Before(error) => full(error),
            // The name may come back after a crash, so the old segment must not go on.
            Unplaced::After(error) => Failure::Unknown(Error::io(&path(number), 0, error)),
        })?;
        let synced = self.tail.watermark.sync();
        synced.map_err(|error| Failure::Unknown(Error::io(WATERMARK, 0, error)))?;
        let live = Arc::new(Live::new());
        let index = Index::Live(Arc::clone(&live));
        let segment = Arc::new(Segment::new(number, first, capacity, file, index));
        self.shared.add(Arc::clone(&segment));
        self.tail.turn(&self.shared, segment, live);
        self.tail.hand_over(&mut self.tidy);
        self.tidy.prepare(self.options.capacity(number + 1));
        Ok(())
    }

    /// Puts the words of `group` on stable storage: before the group, so that no record is
    /// ever committed whose words are lost.
    fn put_words(&self, group: &Group) -> Result<(), Failure> {
        if group.words.is_empty() {
            return Ok(());
        }
        let segment = &self.tail.segment;
        let name = words_path(segment.number);
        let at = u64::from(self.tail.words_end);
        let mode = if at == 0 { Mode::Create } else { Mode::Write };
        let backend = &*self.shared.backend;
        let unknown = |error| Failure::Unknown(Error::io(&name, at, error));
        let missing = || unknown(io::ErrorKind::NotFound.into());
        let mut file = segment.words(backend, mode).map_err(Failure::Before)?;
        if file.is_none() && mode == Mode::Create {
            // Somebody tidied the empty directory away: that is no reason to refuse records.
            let there = backend.make_dir(WORDS).and_then(|()| backend.sync_dir("log"));
            there.map_err(|error| Failure::Before(Error::room(WORDS, 0, error)))?;
            file = segment.words(backend, mode).map_err(Failure::Before)?;
        }
        let file = file.ok_or_else(missing)?;
        match file.write_at(&group.words, at) {
            Ok(()) => {}
            Err(error) if Error::is_room(&error) && undo(&*file, at).is_ok() => {
                return Err(Failure::Before(Error::room(&name, at, error)));
            }
            Err(error) => return Err(unknown(error)),
        }
        file.sync().map_err(unknown)?;
        if mode == Mode::Create {
            backend.sync_dir("log/words").map_err(unknown)?;
        }
        Ok(())
    }
}

/// Takes back what was written behind `at`.
fn undo(file: &dyn File, at: u64) -> io::Result<()> {
    file.set_length(at)?;
    file.sync()
}

const _: () = assert!(MAX_GROUP > GROUP_HEADER + 2 + MAX_RECORD);

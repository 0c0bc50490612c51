//! Reads what is committed: records by sequence, id and subject, hashes and words.
//!
//! Invariant: nothing is served that is not on stable storage, and no byte that was not
//! checked: a record by its leaf hash, a group by its checksum, an index page by its own.
//! An index that does not hold is made again in memory. It must not write.

use std::fmt;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use super::place::Place;
use super::segments::{Index, Segment, Shared};
use super::{Head, Identity, levels};
use crate::backend::Mode;
use crate::error::Error;
use crate::format::digest::{Digest, leaf_hash};
use crate::format::record::Record;
use crate::limits::MAX_RECORD;
use crate::merkle::range;
use crate::segment::header::{GROUP_HEADER, Records};
use crate::segment::live::GROUP_START;
use crate::segment::reader::{Step, Walk};
use crate::segment::{path, words_path};
use crate::words::FoundWord;

/// Reads the committed records of a log. Cheap to clone, and usable from many threads; it
/// outlives the [`Log`](super::Log) that it came from.
#[derive(Clone)]
pub struct Reader {
    pub(super) shared: Arc<Shared>,
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("head", &self.head()).finish_non_exhaustive()
    }
}

impl Reader {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Where the committed log ends.
    #[must_use]
    pub fn head(&self) -> Head {
        self.shared.head()
    }

    /// Who the ledger is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.shared.identity
    }

    /// The bytes of the record `sequence`, checked by its leaf hash.
    ///
    /// # Errors
    ///
    /// `Beyond` when it is not committed, `Damaged` when the bytes are not those that were.
    pub fn read(&self, sequence: u64) -> Result<Vec<u8>, Error> {
        Ok(self.record(sequence)?.0)
    }

    /// The leaf hash of the record `sequence`, computed from its bytes.
    ///
    /// # Errors
    ///
    /// As for [`Reader::read`].
    pub fn leaf(&self, sequence: u64) -> Result<Digest, Error> {
        Ok(self.record(sequence)?.1)
    }

    fn record(&self, sequence: u64) -> Result<(Vec<u8>, Digest), Error> {
        let segment = self.segment(sequence)?;
        let offset = u64::from(offset_of(&self.shared, &segment, sequence)? & !GROUP_START);
        // The length stands before the record; most records come with the first read.
        let mut bytes = vec![0; 1024];
        let io = |error| Error::io(&path(segment.number), offset, error);
        let mut count = segment.file.read_at(&mut bytes, offset - 2).map_err(io)?;
        let length = usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
        if length + 2 > bytes.len() {
            bytes.resize(2 + MAX_RECORD.min(length), 0);
            count = segment.file.read_at(&mut bytes, offset - 2).map_err(io)?;
        }
        if count >= length + 2 {
            bytes.truncate(length + 2);
            bytes.drain(..2);
            let hash = leaf_hash(&bytes);
            if self.shared.levels.hashes(0, sequence, 1).is_ok_and(|leaves| leaves == [hash]) {
                return Ok((bytes, hash));
            }
        }
        // Record and level do not agree, or the level is behind: the group's own checksum
        // says whether the record is whole, and what follows it whether it is what was
        // written.
        let (bytes, hash) = in_group(&self.shared, &segment, sequence)?;
        if hash == self.link(sequence)? {
            return Ok((bytes, hash));
        }
        Err(damaged(&segment, offset, sequence, "the next record has another hash for this one"))
    }

    /// The hash that whatever follows the record `sequence` has for it.
    fn link(&self, sequence: u64) -> Result<Digest, Error> {
        let head = self.head();
        if sequence + 1 == head.size {
            return Ok(head.hash);
        }
        let segment = self.segment(sequence + 1)?;
        let (bytes, _) = in_group(&self.shared, &segment, sequence + 1)?;
        Ok(Record::parse(&bytes)?.prev)
    }

    /// Calls `f` with each record from `from` to `to` (exclusive, and cut off at the head)
    /// in order, until it breaks. Reads in large pieces and holds no lock meanwhile. Every
    /// `prev` is compared with the hash of the record before.
    ///
    /// # Errors
    ///
    /// `Damaged` and `Io`, after the records before the damage were handed out.
    pub fn scan(
        &self,
        from: u64,
        to: u64,
        f: &mut dyn FnMut(Record<'_>) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let to = to.min(self.head().size);
        let segments = self.shared.segments();
        let ends = segments.iter().skip(1).map(|segment| segment.first).chain([u64::MAX]);
        let mut prev = None;
        for (segment, end) in segments.iter().zip(ends) {
            let (from, to) = (from.max(segment.first), to.min(end));
            if from < to && scan_segment(&self.shared, segment, from..to, &mut prev, f)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The segment of a committed record.
    fn segment(&self, sequence: u64) -> Result<Arc<Segment>, Error> {
        let size = self.head().size;
        let segment = self.shared.segment(sequence).filter(|_| sequence < size);
        segment.ok_or(Error::Beyond { sequence, size })
    }

    /// Sequences of the records with this id, ascending. The fingerprint may be shared: the
    /// caller confirms what it finds.
    ///
    /// # Errors
    ///
    /// `Io` of an index, `Damaged` of the log when it is needed in place of an index.
    pub fn by_id(&self, id: u128) -> Result<Vec<u64>, Error> {
        self.find(&|index| match index {
            Index::Live(live) => Ok(live.ids(id)),
            Index::Sealed(sealed) => sealed.ids(id),
        })
    }

    /// Sequences of the records about this subject, ascending. The fingerprint may be
    /// shared: the caller confirms what it finds.
    ///
    /// # Errors
    ///
    /// `Io` of an index, `Damaged` of the log when it is needed in place of an index.
    pub fn by_subject(&self, subject: u64) -> Result<Vec<u64>, Error> {
        self.find(&|index| match index {
            Index::Live(live) => Ok(live.subjects(subject)),
            Index::Sealed(sealed) => sealed.subjects(subject),
        })
    }

    fn find(&self, ask: &Ask<'_>) -> Result<Vec<u64>, Error> {
        let size = self.head().size;
        let mut found = Vec::new();
        for segment in self.shared.segments() {
            let postings = self.shared.ask(&segment, ask)?;
            let sequences = postings.iter().map(|posting| segment.first + u64::from(*posting));
            // The open segment's index runs ahead of the head for a moment.
            found.extend(sequences.filter(|sequence| *sequence < size));
        }
        Ok(found)
    }

    /// The Merkle root of the first `size` records, from the level files. What they give is
    /// carried on to the head and compared with the head's root, which comes from the
    /// records themselves: so a damaged level file is found out, and never believed.
    ///
    /// # Errors
    ///
    /// `Beyond` for a size larger than the log, `Damaged` and `Io` of a level file, or of a
    /// record that is read in its place.
    pub fn root(&self, size: u64) -> Result<Digest, Error> {
        let head = self.head();
        if size > head.size {
            return Err(Error::Beyond { sequence: size, size: head.size });
        }
        if size == head.size {
            return Ok(head.root);
        }
        let mut range = range::Range::new();
        self.extend(&mut range, size)?;
        let root = range.root();
        self.extend(&mut range, head.size)?;
        if range.root() != head.root {
            let rule = "the levels do not lead to the root of the records";
            return Err(Error::Damaged { file: levels::path(0), offset: 0, sequence: size, rule });
        }
        Ok(root)
    }

    /// Carries `range` on to the first `size` records.
    pub(super) fn extend(&self, range: &mut range::Range, size: u64) -> Result<(), Error> {
        for (first, height) in range::subtrees(range.size(), size) {
            range.push_subtree(height, self.node(first, height)?, |_, _| {});
        }
        Ok(())
    }

    /// The words of the record `sequence`, each with what became of it; one that is not there
    /// is missing.
    ///
    /// # Errors
    ///
    /// `Beyond`, `Io`, and `Damaged` when it cannot be told which words are there. Words that
    /// are damaged themselves are no error.
    pub fn words(&self, sequence: u64) -> Result<Vec<FoundWord>, Error> {
        let segment = self.segment(sequence)?;
        let Some(place) = Place::of(&self.shared, &segment, sequence)? else { return Ok(Vec::new()) };
        let name = words_path(segment.number);
        let damaged = |offset: u64, rule| Error::Damaged { file: name.clone(), offset, sequence, rule };
        let missing = || damaged(0, "the words file is missing");
        let file = segment.words(&*self.shared.backend, Mode::Read)?.ok_or_else(missing)?;
        let mut found = Vec::new();
        match place.walk(&*file, &mut |_, entry| found.push(entry.found()))? {
            Some(at) => Err(damaged(at, "an entry's head does not have its checksum")),
            None if found.is_empty() => Err(damaged(u64::from(place.start), "an entry of another record")),
            None => Ok(found),
        }
    }
}

type Ask<'a> = dyn Fn(&Index) -> Result<Vec<u32>, crate::segment::index::IndexFault> + 'a;

fn in_group(shared: &Shared, segment: &Arc<Segment>, sequence: u64) -> Result<(Vec<u8>, Digest), Error> {
    let mut found = None;
    let mut keep = |record: Record<'_>| {
        found = Some((record.bytes.to_vec(), record.hash()));
        ControlFlow::Break(())
    };
    // A single record: whether it broke off or came to the end is the same.
    let _ = scan_segment(shared, segment, sequence..sequence + 1, &mut None, &mut keep)?;
    found.ok_or_else(|| damaged(segment, 0, sequence, "the record is not in its group"))
}

/// Scans a range that lies in `segment`. `prev` is the hash of the record before it, where
/// that is known, and then that of its last.
fn scan_segment(
    shared: &Shared,
    segment: &Arc<Segment>,
    Range { start: from, end: to }: Range<u64>,
    prev: &mut Option<Digest>,
    f: &mut dyn FnMut(Record<'_>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, Error> {
    let at = group_of(shared, segment, from)?;
    let mut walk = Walk::new(&*segment.file, at, segment.capacity);
    let mut next = None;
    loop {
        let place = walk.at();
        let step = walk.step().map_err(|error| Error::io(&path(segment.number), place, error))?;
        let expected = next.unwrap_or(from);
        let Step::Group { at, header, body } = step else {
            return Err(damaged(segment, place, expected, "a group does not have its checksum"));
        };
        // Only the first is where the index says, and it might say wrong.
        if next.is_none() && !(header.first..header.end()).contains(&from) {
            return Err(damaged(segment, at, from, "the index leads to another group"));
        }
        let mut sequence = next.unwrap_or(header.first);
        for record in Records::new(body) {
            let parsed = record.and_then(|(place, bytes)| Record::parse(bytes).map(|it| (place, it)));
            let (place, record) = parsed.map_err(|fault| {
                damaged(segment, at + GROUP_HEADER as u64 + fault.at as u64, sequence, fault.rule)
            })?;
            let place = at + (GROUP_HEADER + place) as u64;
            if record.sequence != sequence {
                return Err(damaged(segment, place, sequence, "a record has another sequence"));
            }
            if prev.is_some_and(|prev| prev != record.prev) {
                return Err(damaged(segment, place, sequence, "prev is not the hash of the record before"));
            }
            if sequence >= from && f(record).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            *prev = Some(record.hash());
            sequence += 1;
            if sequence >= to {
                return Ok(ControlFlow::Continue(()));
            }
        }
        next = Some(sequence);
    }
}

/// The offset of the group that holds `sequence`.
fn group_of(shared: &Shared, segment: &Arc<Segment>, sequence: u64) -> Result<u64, Error> {
    let posting = (sequence - segment.first) as u32;
    let start = shared.ask(segment, |index| match index {
        Index::Live(live) => Ok(live.group_start(posting)),
        Index::Sealed(sealed) => sealed.group_start(posting),
    })?;
    let start = start.map(|place| u64::from(place & !GROUP_START));
    let at = start.and_then(|place| place.checked_sub(2 + GROUP_HEADER as u64));
    at.ok_or_else(|| damaged(segment, 0, sequence, "the index has no group for this record"))
}

/// Where the record `sequence` stands in its segment, with the mark of a group's first.
fn offset_of(shared: &Shared, segment: &Arc<Segment>, sequence: u64) -> Result<u32, Error> {
    let posting = (sequence - segment.first) as u32;
    let offset = shared.ask(segment, |index| match index {
        Index::Live(live) => Ok(live.offset(posting)),
        Index::Sealed(sealed) => sealed.offset(posting),
    })?;
    offset
        .filter(|offset| (offset & !GROUP_START) as usize >= GROUP_HEADER + 2)
        .ok_or_else(|| damaged(segment, 0, sequence, "the index has no place for this record"))
}

fn damaged(segment: &Segment, offset: u64, sequence: u64, rule: &'static str) -> Error {
    Error::Damaged { file: path(segment.number), offset, sequence, rule }
}

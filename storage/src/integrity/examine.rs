//! One segment, read whole: its groups, records and words, its part of level 0 and its
//! index.
//!
//! Invariant: everything that can be judged within a segment is judged here, in parallel;
//! what needs the segments before it is left to `merge`. It must not write.

mod index;

use std::fmt::Display;
use std::sync::Arc;

use super::{Eye, Finding, Findings, Meter, Plan, Planned};
use crate::backend::{Backend, File, Mode};
use crate::error::{Error, Malformed};
use crate::format::digest::{Digest, leaf_hashes};
use crate::format::record::Record;
use crate::limits::MAX_GROUP_WORDS;
use crate::log::{Keys, LevelFiles};
use crate::merkle::range::{TILE_HEIGHT, TILE_WIDTH, fold};
use crate::segment::header::{GROUP_HEADER, GroupHeader, Records};
use crate::segment::live::{GROUP_START, Sorted};
use crate::segment::reader::{Step, Walk, next_group, tail};
use crate::segment::{path, words_path};
use crate::words::{self, Content};

/// What all examinations share.
pub(super) struct Examination<'a> {
    pub(super) backend: &'a dyn Backend,
    pub(super) eye: Eye<'a>,
    pub(super) word: &'a (dyn Fn(&words::Entry<'_>) + Sync),
    pub(super) plan: &'a Plan,
    pub(super) levels: &'a LevelFiles,
    pub(super) meter: &'a Meter<'a>,
}

/// Room that the next segment uses again: else one part in fourteen of a verification's time goes
/// into pages that are made zero to be filled once.
#[derive(Default)]
pub(super) struct Scratch {
    leaves: Vec<Digest>,
    level: Vec<u8>,
    sorted: Sorted,
    pages: Vec<u8>,
    stored: Vec<u8>,
}

/// What a segment turned out to be.
pub(super) struct Examined {
    pub(super) number: u32,
    /// First sequence and `prev` of its first record; `None` when it has none.
    pub(super) begins: Option<(u64, Digest, i64)>,
    /// Sequence after its last record.
    pub(super) next: u64,
    pub(super) hash: Option<Digest>,
    pub(super) recorded_at: i64,
    /// Whether every record from first to next was there.
    pub(super) whole: bool,
    /// Subtrees of its leaves in order, as (height, root): leaves, and whole tiles.
    pub(super) subtrees: Vec<(u32, Digest)>,
    pub(super) bytes: u64,
    /// First page of its index without the compact range, if it should have one.
    pub(super) index: Option<Vec<u8>>,
    pub(super) half_erased: u64,
    pub(super) findings: Findings,
}

impl Examination<'_> {
    pub(super) fn segment(&self, planned: &Planned, scratch: &mut Scratch) -> Result<Examined, Error> {
        let io = |error| Error::io(&path(planned.number), 0, error);
        let file = self.backend.open(&path(planned.number), Mode::Read).map_err(io)?;
        // What is hashed now, and what is read meanwhile, need not wait for each other.
        file.about_to_be_read();
        let words = self.backend.open(&words_path(planned.number), Mode::Read);
        let words = match words {
            Ok(words) => Some(words),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(Error::io(&words_path(planned.number), 0, error)),
        };
        let header = planned.header.as_ref();
        let mut pass = Pass {
            on: self,
            planned,
            words,
            words_end: 0,
            next: header.map(|header| header.first),
            prev: header.map(|header| header.prev),
            begins: None,
            recorded_at: i64::MIN,
            whole: true,
            leaves: std::mem::take(&mut scratch.leaves),
            leaves_from: 0,
            level: std::mem::take(&mut scratch.level),
            subtrees: Vec::new(),
            sorted: std::mem::take(&mut scratch.sorted),
            pages: std::mem::take(&mut scratch.pages),
            stored: std::mem::take(&mut scratch.stored),
            half_erased: 0,
            findings: Findings::default(),
        };
        let end = pass.groups(&*file)?;
        pass.behind(&*file, end)?;
        pass.settle_leaves(true)?;
        pass.words_length()?;
        let index = if planned.index && pass.whole { pass.index(end)? } else { None };
        *scratch = Scratch {
            leaves: pass.leaves,
            level: pass.level,
            sorted: pass.sorted.emptied(),
            pages: pass.pages,
            stored: pass.stored,
        };
        Ok(Examined {
            number: planned.number,
            begins: pass.begins,
            next: pass.next.unwrap_or(0),
            hash: pass.prev.filter(|_| pass.begins.is_some()),
            recorded_at: pass.recorded_at,
            whole: pass.whole,
            subtrees: pass.subtrees,
            bytes: planned.length,
            index,
            half_erased: pass.half_erased,
            findings: pass.findings,
        })
    }
}

/// One walk over a segment.
struct Pass<'a> {
    on: &'a Examination<'a>,
    planned: &'a Planned,
    words: Option<Arc<dyn File>>,
    words_end: u32,
    /// Sequence and `prev` of the next record, where they are known.
    next: Option<u64>,
    prev: Option<Digest>,
    begins: Option<(u64, Digest, i64)>,
    recorded_at: i64,
    whole: bool,
    /// Leaves that are not yet compared with level 0, and the sequence of the first.
    leaves: Vec<Digest>,
    leaves_from: u64,
    /// What level 0 holds of them.
    level: Vec<u8>,
    subtrees: Vec<(u32, Digest)>,
    sorted: Sorted,
    /// What the index must be, and a piece of what it is.
    pages: Vec<u8>,
    stored: Vec<u8>,
    half_erased: u64,
    findings: Findings,
}

const LEAVES_AT_ONCE: usize = 1 << 12;

/// So many records are hashed, and their keys asked for, together: several times what a machine hashes at once.
const TOGETHER: usize = 64;

impl Pass<'_> {
    fn find(&mut self, offset: u64, rule: &'static str, expected: impl Display, found: impl Display) {
        let (expected, found) = (expected.to_string(), found.to_string());
        let file = path(self.planned.number);
        self.findings.add(Finding { file, offset, sequence: self.next, rule, expected, found });
    }

    /// Walks all groups that should be there; returns where they end.
    fn groups(&mut self, file: &dyn File) -> Result<u64, Error> {
        let io = |error| Error::io(&path(self.planned.number), 0, error);
        let end = self.planned.header.as_ref().map_or(self.planned.length, |header| header.capacity);
        let end = end.min(self.planned.length);
        let mut walk = Walk::whole(file, end);
        let mut metered = 0;
        while self.next.is_none_or(|next| next < self.on.plan.committed()) {
            let step = walk.step().map_err(io)?;
            let (skip, rule) = match step {
                Step::Group { at, header, body } => {
                    self.group(at, &header, body)?;
                    self.on.meter.add(at - metered);
                    metered = at;
                    continue;
                }
                Step::End => (end, "group.header"),
                Step::TornBody { at, header } => (at + header.span(), "group.body"),
                Step::NoHeader { at } => (at + 1, "group.header"),
            };
            let at = walk.at();
            let rest = next_group(file, skip, end).map_err(io)?;
            if rest.is_none() && !self.expected_more(file, at, end).map_err(io)? {
                break;
            }
            self.find(at, rule, "a group with its checksums", "another");
            self.whole = false;
            self.settle_leaves(true)?;
            (self.next, self.prev) = (None, None);
            let Some(next) = rest else { break };
            walk.seek(next);
        }
        self.on.meter.add(self.planned.length - metered);
        Ok(walk.at())
    }

    /// Whether the watermark, or anything written behind `at`, says that records follow.
    fn expected_more(&self, file: &dyn File, at: u64, end: u64) -> std::io::Result<bool> {
        if self.planned.last {
            let promised = self.on.plan.mark.map(|mark| mark.size);
            if let (Some(size), Some(next)) = (promised, self.next) {
                return Ok(next < size);
            }
        }
        Ok(tail(file, at, end, end)?.used.is_some())
    }

    fn group(&mut self, at: u64, header: &GroupHeader, body: &[u8]) -> Result<(), Error> {
        if self.next.is_some_and(|next| next != header.first) || header.words_end < self.words_end {
            self.find(at, "group.order", format!("sequence {:?}", self.next), header.first);
            self.whole = false;
            self.settle_leaves(true)?;
            self.prev = None;
        }
        if self.next != Some(header.first) {
            self.leaves_from = header.first;
        }
        if self.begins.is_none() && self.leaves.is_empty() {
            self.leaves_from = header.first;
        }
        self.next = Some(header.first);
        let first = self.sorted.offsets.len();
        let body_at = at + GROUP_HEADER as u64;
        let mut together = Vec::with_capacity(TOGETHER.min(header.count as usize));
        for record in Records::new(body) {
            match record {
                Ok((place, bytes)) => together.push((body_at + place as u64, bytes)),
                Err(fault) => {
                    self.records(&mut together);
                    self.find(body_at + fault.at as u64, "group.body", "whole records", fault.rule);
                    self.whole = false;
                }
            }
            if together.len() == TOGETHER {
                self.records(&mut together);
            }
        }
        self.records(&mut together);
        if self.next != Some(header.end()) {
            self.find(at, "group.body", format!("{} records", header.count), "another number");
            self.whole = false;
            self.settle_leaves(true)?;
            (self.next, self.prev) = (Some(header.end()), None);
            self.leaves_from = header.end();
        }
        if let Some(mark) = self.sorted.offsets.get_mut(first) {
            *mark |= GROUP_START;
        }
        self.group_words(header)?;
        self.settle_leaves(false)
    }

    /// Judges records that follow each other, by where they stand; none is left.
    fn records(&mut self, together: &mut Vec<(u64, &[u8])>) {
        let hashes = leaf_hashes(together.iter().map(|(_, bytes)| *bytes));
        let parsed: Vec<_> = together.iter().map(|(_, bytes)| Record::parse(bytes)).collect();
        let whole: Vec<Record<'_>> = parsed.iter().filter_map(|it| it.as_ref().ok()).copied().collect();
        let mut seen = self.on.eye.look(&whole).into_iter();
        for (((at, _), hash), parsed) in together.drain(..).zip(hashes).zip(parsed) {
            match parsed {
                Ok(record) => {
                    let seen = seen.next().unwrap_or_else(|| Err(Malformed::new("nobody told its keys")));
                    self.record(at, &record, seen);
                }
                Err(fault) => self.no_record(at, fault),
            }
            if self.planned.index {
                self.sorted.offsets.push(at as u32);
            }
            self.leaves.push(hash);
            self.prev = Some(hash);
            // What a damaged header says may be near the end of all numbers: it is found out anyway.
            self.next = Some(self.next.unwrap_or(0).saturating_add(1));
        }
    }

    /// A record, and what was seen in it.
    fn record(&mut self, at: u64, record: &Record<'_>, seen: Result<Option<Keys>, Malformed>) {
        let sequence = self.next.unwrap_or(0);
        if record.sequence != sequence {
            self.find(at, "record.sequence", sequence, record.sequence);
        }
        if let Some(prev) = self.prev.filter(|prev| *prev != record.prev) {
            self.find(at, "record.link", prev, record.prev);
        }
        if record.recorded_at < self.recorded_at {
            let expected = format!("{} or later", self.recorded_at);
            self.find(at, "record.time", expected, record.recorded_at);
        }
        self.begins.get_or_insert((sequence, record.prev, record.recorded_at));
        self.recorded_at = self.recorded_at.max(record.recorded_at);
        match seen {
            Ok(Some(keys)) if self.planned.index => self.keys(keys),
            Ok(_) => {}
            Err(fault) => self.find(at, "record.keys", "keys", fault),
        }
    }

    /// What is no record stands in the place of one.
    fn no_record(&mut self, at: u64, fault: Malformed) {
        self.find(at + fault.at as u64, "record.form", "the canonical form", fault.rule);
        let prev = self.prev.unwrap_or(Digest([0; 32]));
        self.begins.get_or_insert((self.next.unwrap_or(0), prev, self.recorded_at));
    }

    fn keys(&mut self, keys: Keys) {
        let posting = self.sorted.offsets.len() as u32;
        self.sorted.ids.push((keys.id, posting));
        self.sorted.subjects.extend(keys.subjects.into_iter().map(|subject| (subject, posting)));
    }

    /// Compares the leaves gathered with level 0, and makes subtrees of them.
    fn settle_leaves(&mut self, all: bool) -> Result<(), Error> {
        if self.leaves.is_empty() || (!all && self.leaves.len() < LEAVES_AT_ONCE) {
            return Ok(());
        }
        let mut take = self.leaves.len();
        if !all {
            // Whole tiles only: the rest waits for its tile to be complete.
            take -= (self.leaves_from.saturating_add(take as u64) % TILE_WIDTH).min(take as u64) as usize;
        }
        let leaves = &self.leaves[..take];
        let from = self.leaves_from;
        self.leaves_from = from.saturating_add(take as u64);
        self.on
            .levels
            .read(0, from, take, &mut self.level)
            .map_err(|error| Error::io("public/tile/0", 0, error))?;
        let (level, _) = self.level.as_chunks::<32>();
        for (index, leaf) in leaves.iter().enumerate() {
            let stored = level.get(index);
            if stored != Some(&leaf.0) {
                let sequence = from.saturating_add(index as u64);
                let found = stored.map_or("the end of the file".to_owned(), |it| Digest(*it).to_string());
                self.findings.add(Finding {
                    file: "public/tile/0".to_owned(),
                    offset: sequence.saturating_mul(32),
                    sequence: Some(sequence),
                    rule: "level.hash",
                    expected: leaf.to_string(),
                    found,
                });
            }
        }
        let mut rest = leaves;
        let mut at = from;
        while !rest.is_empty() {
            let whole = at.is_multiple_of(TILE_WIDTH) && rest.len() as u64 >= TILE_WIDTH;
            let (tile, behind) = rest.split_at(if whole { TILE_WIDTH as usize } else { 1 });
            let height = if whole { TILE_HEIGHT } else { 0 };
            self.subtrees.push((height, fold(tile.to_vec())));
            at = at.saturating_add(tile.len() as u64);
            rest = behind;
        }
        self.leaves.drain(..take);
        Ok(())
    }

    fn find_words(&mut self, offset: u64, rule: &'static str, expected: &str, found: &str) {
        self.findings.note(words_path(self.planned.number), offset, rule, expected, found);
    }

    fn group_words(&mut self, header: &GroupHeader) -> Result<(), Error> {
        let start = self.words_end;
        let length = header.words_end.saturating_sub(start) as usize;
        self.words_end = self.words_end.max(header.words_end);
        if length == 0 {
            return Ok(());
        }
        let name = words_path(self.planned.number);
        let mut bytes = vec![0; length.min(MAX_GROUP_WORDS)];
        let read = self.words.as_ref().map(|file| file.read_at(&mut bytes, u64::from(start)));
        let count = read.transpose().map_err(|error| Error::io(&name, u64::from(start), error))?.unwrap_or(0);
        if count < length {
            self.find_words(
                u64::from(start) + count as u64,
                "words.missing",
                "words of a group",
                "the end of the file",
            );
        }
        let mut last = None;
        for entry in words::entries(&bytes[..count]) {
            match entry {
                Ok((at, entry)) => {
                    let offset = u64::from(start) + at as u64;
                    if !(header.first..header.end()).contains(&entry.sequence) || last > Some(entry.sequence)
                    {
                        self.find_words(offset, "words.entry", "a record of its group, in order", "another");
                    }
                    // What is closed in order has finished what it had to erase.
                    let half = entry.content.is_half_erased();
                    self.half_erased += u64::from(half);
                    if entry.content == Content::Damaged || (half && self.on.plan.clean()) {
                        self.find_words(offset, "words.entry", "a word with its checksum", "another");
                    }
                    (self.on.word)(&entry);
                    if self.planned.index && last != Some(entry.sequence) {
                        let first = self.planned.header.as_ref().map_or(0, |header| header.first);
                        let posting = entry.sequence.saturating_sub(first) as u32;
                        self.sorted.words.push((posting, start + at as u32));
                    }
                    last = Some(entry.sequence);
                }
                Err(at) => {
                    self.find_words(
                        u64::from(start) + at as u64,
                        "words.entry",
                        "an entry with its checksum",
                        "another",
                    );
                }
            }
        }
        Ok(())
    }

    /// A words file ends with its segment's last group, unless a crash or a server added.
    fn words_length(&mut self) -> Result<(), Error> {
        if self.planned.last && !self.on.plan.clean() {
            return Ok(());
        }
        let name = words_path(self.planned.number);
        let length = self.words.as_ref().map(|file| file.length()).transpose();
        let length = length.map_err(|error| Error::io(&name, 0, error))?.unwrap_or(0);
        let end = u64::from(self.words_end);
        if length > end && self.whole {
            self.find_words(end, "words.length", &format!("{end} bytes"), &format!("{length} bytes"));
        }
        Ok(())
    }

    /// Behind the groups there are zeros: in a segment that is complete, or closed.
    fn behind(&mut self, file: &dyn File, at: u64) -> Result<(), Error> {
        if (self.planned.last && !self.on.plan.clean()) || !self.whole {
            return Ok(());
        }
        let io = |error| Error::io(&path(self.planned.number), at, error);
        if let Some(used) = tail(file, at, self.planned.length, self.planned.length).map_err(io)?.used {
            self.find(at, "segment.slack", "zeros", format!("other bytes, up to {used}"));
        }
        Ok(())
    }
}

//! One segment, in order: its groups, records and words, its part of level 0 and its index.
//!
//! Invariant: everything that can be judged within a segment is judged here, or in its pieces; what needs the
//! segments before it is left to `merge`. It must not write.

mod index;
mod piece;

use std::fmt::Display;
use std::io::ErrorKind;
use std::sync::Arc;

use self::piece::{Judged, JudgedGroup, Pieces, Run, Told};
use super::{Eye, Finding, Findings, Meter, Plan, Planned};
use crate::backend::{Backend, File, Mode};
use crate::error::{Error, Malformed};
use crate::format::digest::Digest;
use crate::log::{LevelFiles, TILES};
use crate::merkle::range::{TILE_HEIGHT, TILE_WIDTH, fold};
use crate::segment::live::{GROUP_START, Sorted};
use crate::segment::order::Room;
use crate::segment::reader::{Window, tail};
use crate::segment::{path, words_path};
use crate::words;

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
    order: Room,
    pages: Vec<u8>,
    stored: Vec<u8>,
    window: Window,
    judged: Judged,
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
    /// A segment is about to be read. What keeps it from being opened is told when it is.
    pub(super) fn read_ahead(&self, index: usize) {
        if let Ok(file) = self.backend.open(&path(self.plan.segments[index].number), Mode::Read) {
            file.about_to_be_read();
        }
    }

    pub(super) fn segment(&self, planned: &Planned, scratch: &mut Scratch) -> Result<Examined, Error> {
        let open = |name: String| {
            let file = self.backend.open(&name, Mode::Read);
            file.map_err(|error| (error.kind(), Error::io(&name, 0, error)))
        };
        let file = open(path(planned.number)).map_err(|(_, error)| error)?;
        file.read_in_order();
        let words = match open(words_path(planned.number)) {
            Ok(words) => Some(words),
            Err((ErrorKind::NotFound, _)) => None,
            Err((_, error)) => return Err(error),
        };
        // Of its own: what is read ahead of a file that several read at several places is read ahead of none of them.
        let levels =
            LevelFiles::open(self.backend, Mode::Read).map_err(|error| Error::io(TILES, 0, error))?;
        let (window, mut judged) = (std::mem::take(&mut scratch.window), std::mem::take(&mut scratch.judged));
        let mut pieces = Pieces::new(self, planned, file.clone(), window);
        let mut pass = Pass::new(self, planned, file, words.clone(), levels, std::mem::take(scratch));
        while let Some(piece) = pieces.next()? {
            piece.judge(self, planned, words.as_deref(), &mut judged)?;
            pass.piece(&mut judged)?;
        }
        let (end, window) = pieces.end();
        let (examined, rest) = pass.end(end)?;
        *scratch = Scratch { window, judged, ..rest };
        Ok(examined)
    }
}

/// One walk over a segment, in order: what was judged of its pieces becomes what its levels and its index are held
/// against.
struct Pass<'a> {
    on: &'a Examination<'a>,
    planned: &'a Planned,
    file: Arc<dyn File>,
    words: Option<Arc<dyn File>>,
    levels: LevelFiles,
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
    order: Room,
    /// What the index must be, and a piece of what it is.
    pages: Vec<u8>,
    stored: Vec<u8>,
    half_erased: u64,
    findings: Findings,
}

const LEAVES_AT_ONCE: usize = 1 << 12;

impl<'a> Pass<'a> {
    /// Nothing was judged yet of the segment in these files.
    fn new(
        on: &'a Examination<'a>,
        planned: &'a Planned,
        file: Arc<dyn File>,
        words: Option<Arc<dyn File>>,
        levels: LevelFiles,
        mut scratch: Scratch,
    ) -> Self {
        let header = planned.header.as_ref();
        let most = on.plan.most_records();
        scratch.sorted.offsets.reserve(most);
        if !matches!(on.eye, Eye::Passing(_)) {
            scratch.sorted.ids.reserve(most);
        }
        Self {
            on,
            planned,
            file,
            words,
            levels,
            words_end: 0,
            next: header.map(|header| header.first),
            prev: header.map(|header| header.prev),
            begins: None,
            recorded_at: i64::MIN,
            whole: true,
            leaves: scratch.leaves,
            leaves_from: 0,
            level: scratch.level,
            subtrees: Vec::new(),
            sorted: scratch.sorted,
            order: scratch.order,
            pages: scratch.pages,
            stored: scratch.stored,
            half_erased: 0,
            findings: Findings::default(),
        }
    }

    /// The next piece.
    fn piece(&mut self, piece: &mut Judged) -> Result<(), Error> {
        let before = self.sorted.offsets.len();
        if self.planned.index {
            let posting = |place: u32| before as u32 + place;
            self.sorted.offsets.extend_from_slice(&piece.offsets);
            self.sorted.ids.extend(piece.ids.iter().map(|(id, place)| (*id, posting(*place))));
            self.sorted.subjects.extend(piece.subjects.iter().map(|(key, place)| (*key, posting(*place))));
        }
        let (mut runs, mut at) = (piece.runs.iter(), 0);
        for group in piece.groups.drain(..) {
            if let Some(mark) = self.sorted.offsets.get_mut(before + at).filter(|_| group.runs > 0) {
                *mark |= GROUP_START;
            }
            at += self.group(group, &mut runs, &piece.hashes[at..])?;
        }
        let Some((at, rule)) = piece.damage else { return Ok(()) };
        self.find(at, rule, "a group with its checksums", "another");
        self.whole = false;
        self.settle_leaves(true)?;
        (self.next, self.prev) = (None, None);
        Ok(())
    }

    /// There is no further piece: the groups end there.
    fn end(mut self, end: u64) -> Result<(Examined, Scratch), Error> {
        self.behind(end)?;
        self.settle_leaves(true)?;
        self.words_length()?;
        let index = if self.planned.index && self.whole { self.index(end)? } else { None };
        let examined = Examined {
            number: self.planned.number,
            begins: self.begins,
            next: self.next.unwrap_or(0),
            hash: self.prev.filter(|_| self.begins.is_some()),
            recorded_at: self.recorded_at,
            whole: self.whole,
            subtrees: self.subtrees,
            bytes: self.planned.length,
            index,
            half_erased: self.half_erased,
            findings: self.findings,
        };
        let (leaves, level, sorted) = (self.leaves, self.level, self.sorted.emptied());
        let (order, pages, stored) = (self.order, self.pages, self.stored);
        Ok((examined, Scratch { leaves, level, sorted, order, pages, stored, ..Scratch::default() }))
    }

    fn find(&mut self, offset: u64, rule: &'static str, expected: impl Display, found: impl Display) {
        let (expected, found) = (expected.to_string(), found.to_string());
        let file = path(self.planned.number);
        self.findings.add(Finding { file, offset, sequence: self.next, rule, expected, found });
    }

    /// The next group, whose records' hashes come first among these; gives back how many.
    fn group<'r>(
        &mut self,
        group: JudgedGroup,
        runs: &mut impl Iterator<Item = &'r Run>,
        hashes: &[Digest],
    ) -> Result<usize, Error> {
        let JudgedGroup { at, header, runs: count, fault, words } = group;
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
        let mut taken = 0;
        for run in runs.take(count) {
            let own = &hashes[taken..taken + run.count];
            self.run(run, own);
            taken += own.len();
        }
        if let Some((at, rule)) = fault {
            self.find(at, "group.body", "whole records", rule);
            self.whole = false;
        }
        if self.next != Some(header.end()) {
            self.find(at, "group.body", format!("{} records", header.count), "another number");
            self.whole = false;
            self.settle_leaves(true)?;
            (self.next, self.prev) = (Some(header.end()), None);
            self.leaves_from = header.end();
        }
        self.words_end = self.words_end.max(header.words_end);
        if let Some(words) = words {
            self.half_erased += words.half_erased;
            self.findings.append(words.findings);
            self.sorted.words.extend(words.places);
        }
        self.settle_leaves(false)?;
        Ok(taken)
    }

    /// The next records, and their hashes.
    fn run(&mut self, run: &Run, hashes: &[Digest]) {
        match run.first {
            Ok(told) => self.told(run.at, &told, run.keyless),
            Err(fault) => self.no_record(run.at, fault),
        }
        self.recorded_at = self.recorded_at.max(run.recorded_at);
        self.leaves.extend_from_slice(hashes);
        self.prev = hashes.last().copied();
        // What a damaged header says may be near the end of all numbers: it is found out anyway.
        self.next = Some(self.next.unwrap_or(0).saturating_add(hashes.len() as u64));
    }

    /// A record, and why it has no keys.
    fn told(&mut self, at: u64, record: &Told, keyless: Option<Malformed>) {
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
        if let Some(fault) = keyless {
            self.find(at, "record.keys", "keys", fault);
        }
    }

    /// What is no record stands in the place of one.
    fn no_record(&mut self, at: u64, fault: Malformed) {
        self.find(at + fault.at as u64, "record.form", "the canonical form", fault.rule);
        let prev = self.prev.unwrap_or(Digest([0; 32]));
        self.begins.get_or_insert((self.next.unwrap_or(0), prev, self.recorded_at));
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
        self.levels
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
    fn behind(&mut self, at: u64) -> Result<(), Error> {
        if (self.planned.last && !self.on.plan.clean()) || !self.whole {
            return Ok(());
        }
        let io = |error| Error::io(&path(self.planned.number), at, error);
        if let Some(used) = tail(&*self.file, at, self.planned.length, self.planned.length).map_err(io)?.used
        {
            self.find(at, "segment.slack", "zeros", format!("other bytes, up to {used}"));
        }
        Ok(())
    }
}

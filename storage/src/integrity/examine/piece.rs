//! Pieces of a segment: whole groups that were read together, and what can be judged of them by themselves.
//!
//! Invariant: a piece is judged without what stands before it: numbers, links and times at its beginning are left to the
//! pass over the segment. Records are judged together across groups, as many at once as pay: most ledgers have small
//! groups. It must not write.

use std::sync::Arc;

use super::super::{Eye, Findings, Planned};
use super::Examination;
use crate::backend::File;
use crate::error::{Error, Malformed};
use crate::format::digest::{Digest, leaf_hashes};
use crate::format::record::Record;
use crate::limits::MAX_GROUP_WORDS;
use crate::log::Keys;
use crate::segment::header::{GROUP_HEADER, GroupHeader, Records};
use crate::segment::reader::{Step, Walk, Window, next_group, tail};
use crate::segment::{path, words_path};
use crate::words::{self, Content};

/// Walks over a segment, piece by piece.
pub(super) struct Pieces<'a> {
    on: &'a Examination<'a>,
    planned: &'a Planned,
    file: Arc<dyn File>,
    walk: Walk<Arc<dyn File>>,
    /// No group reaches past it.
    end: u64,
    /// The next record, where it is known.
    next: Option<u64>,
    words_end: u32,
    metered: u64,
    /// Nothing follows that could be a group.
    over: bool,
}

/// Groups that were read together.
pub(super) struct Piece<'w> {
    window: &'w Window,
    groups: Vec<Group>,
    damage: Option<(u64, &'static str)>,
}

struct Group {
    at: u64,
    header: GroupHeader,
    /// Where the words of the groups before it end.
    words_from: u32,
}

/// What was judged of a piece. Of each record there is a hash and an offset, in order; and, where they were asked for, there
/// are keys, each with the place of its record among these.
#[derive(Default)]
pub(super) struct Judged {
    pub(super) groups: Vec<JudgedGroup>,
    pub(super) runs: Vec<Run>,
    pub(super) hashes: Vec<Digest>,
    pub(super) offsets: Vec<u32>,
    pub(super) ids: Vec<(u128, u32)>,
    pub(super) subjects: Vec<(u64, u32)>,
    /// Behind the groups stands what is no group, there, by that rule.
    pub(super) damage: Option<(u64, &'static str)>,
}

pub(super) struct JudgedGroup {
    pub(super) at: u64,
    pub(super) header: GroupHeader,
    /// How many runs its records make.
    pub(super) runs: usize,
    /// What stands behind them, where that is no record.
    pub(super) fault: Option<(u64, &'static str)>,
    pub(super) words: Option<JudgedWords>,
}

/// Records of a group, of which each but the first has the number of its place, follows the one before by its link, is no
/// earlier than any before it in the piece, and has keys: so only the first is to be held against what stands before.
pub(super) struct Run {
    /// Where the first stands.
    pub(super) at: u64,
    /// What the first says; or why it is no record, and then it is alone.
    pub(super) first: Result<Told, Malformed>,
    pub(super) count: usize,
    /// When the last was recorded.
    pub(super) recorded_at: i64,
    /// Why the first has no keys; then it is alone.
    pub(super) keyless: Option<Malformed>,
}

/// What a record says of its place.
#[derive(Clone, Copy)]
pub(super) struct Told {
    pub(super) sequence: u64,
    pub(super) prev: Digest,
    pub(super) recorded_at: i64,
}

#[derive(Default)]
pub(super) struct JudgedWords {
    pub(super) half_erased: u64,
    pub(super) findings: Findings,
    /// Where the words of each record begin, as in the index.
    pub(super) places: Vec<(u32, u32)>,
}

/// So many records are hashed, and their keys asked for, together: several times what a machine hashes at once.
const TOGETHER: usize = 64;

impl<'a> Pieces<'a> {
    pub(super) fn new(
        on: &'a Examination<'a>,
        planned: &'a Planned,
        file: Arc<dyn File>,
        room: Window,
    ) -> Self {
        let header = planned.header.as_ref();
        let end = header.map_or(planned.length, |header| header.capacity).min(planned.length);
        let walk = Walk::whole(file.clone(), end).within(room);
        let next = header.map(|header| header.first);
        Self { on, planned, file, walk, end, next, words_end: 0, metered: 0, over: false }
    }

    /// The groups that are read next; none when all that should be there were.
    pub(super) fn next(&mut self) -> Result<Option<Piece<'_>>, Error> {
        let io = |error| Error::io(&path(self.planned.number), 0, error);
        let (mut groups, mut damage) = (Vec::new(), None);
        while !self.over
            && damage.is_none()
            && self.next.is_none_or(|next| next < self.on.plan.committed())
            && (groups.is_empty() || self.walk.holds_next())
        {
            let (skip, rule) = match self.walk.step().map_err(io)? {
                Step::Group { at, header, .. } => {
                    self.next = Some(header.end());
                    groups.push(Group { at, header, words_from: self.words_end });
                    self.words_end = self.words_end.max(header.words_end);
                    continue;
                }
                Step::End => (self.end, "group.header"),
                Step::TornBody { at, header } => (at + header.span(), "group.body"),
                Step::NoHeader { at } => (at + 1, "group.header"),
            };
            let at = self.walk.at();
            let rest = next_group(&*self.file, skip, self.end).map_err(io)?;
            if let Some(next) = rest {
                self.walk.seek(next);
            }
            self.over = rest.is_none();
            if rest.is_some() || self.expected_more(at).map_err(io)? {
                damage = Some((at, rule));
                self.next = None;
            }
        }
        self.meter(self.walk.at());
        let some = !groups.is_empty() || damage.is_some();
        Ok(some.then(|| Piece { window: self.walk.window(), groups, damage }))
    }

    /// Where the groups end, when there is no further piece; and the room that was left.
    pub(super) fn end(mut self) -> (u64, Window) {
        self.meter(self.planned.length);
        (self.walk.at(), self.walk.into_window())
    }

    fn meter(&mut self, at: u64) {
        self.on.meter.add(at.saturating_sub(self.metered));
        self.metered = self.metered.max(at);
    }

    /// Whether the watermark, or anything written behind `at`, says that records follow.
    fn expected_more(&self, at: u64) -> std::io::Result<bool> {
        if self.planned.last {
            let promised = self.on.plan.mark.map(|mark| mark.size);
            if let (Some(size), Some(next)) = (promised, self.next) {
                return Ok(next < size);
            }
        }
        Ok(tail(&*self.file, at, self.end, self.end)?.used.is_some())
    }
}

impl Piece<'_> {
    /// Hashes and opens all records, and reads the words beside them.
    pub(super) fn judge(
        &self,
        on: &Examination<'_>,
        planned: &Planned,
        words: Option<&dyn File>,
        judged: &mut Judged,
    ) -> Result<(), Error> {
        judged.clear();
        judged.damage = self.damage;
        let mut together = Vec::with_capacity(TOGETHER);
        let mut latest = i64::MIN;
        for (number, Group { at, header, .. }) in self.groups.iter().enumerate() {
            let body_at = at + GROUP_HEADER as u64;
            judged.groups.push(JudgedGroup { at: *at, header: *header, runs: 0, fault: None, words: None });
            for (index, record) in Records::new(self.body(body_at, header)).enumerate() {
                match record {
                    Ok((place, bytes)) => {
                        // There may be more records than the header says.
                        let sequence = header.first.saturating_add(index as u64);
                        let at = body_at + place as u64;
                        together.push(Placed { group: number, sequence, at, bytes });
                    }
                    Err(fault) => {
                        judged.groups[number].fault = Some((body_at + fault.at as u64, fault.rule));
                    }
                }
                if together.len() == TOGETHER {
                    judged.records(on, planned.index, &mut together, &mut latest);
                }
            }
        }
        judged.records(on, planned.index, &mut together, &mut latest);
        for (group, judged) in self.groups.iter().zip(&mut judged.groups) {
            if group.header.words_end > group.words_from {
                judged.words = Some(judge_words(on, planned, words, group)?);
            }
        }
        Ok(())
    }

    fn body(&self, at: u64, header: &GroupHeader) -> &[u8] {
        self.window.bytes(at, header.length as usize)
    }
}

/// A record that was read.
struct Placed<'a> {
    /// Of its piece.
    group: usize,
    /// What its group gives it by its place.
    sequence: u64,
    at: u64,
    bytes: &'a [u8],
}

impl Judged {
    /// Nothing, and the room that it took.
    fn clear(&mut self) {
        self.groups.clear();
        self.runs.clear();
        self.hashes.clear();
        self.offsets.clear();
        self.ids.clear();
        self.subjects.clear();
        self.damage = None;
    }

    /// Judges records that follow each other; none is left. The latest time so far in the piece is known.
    fn records(
        &mut self,
        on: &Examination<'_>,
        indexed: bool,
        together: &mut Vec<Placed<'_>>,
        latest: &mut i64,
    ) {
        let hashes = leaf_hashes(together.iter().map(|placed| placed.bytes));
        let (whole, faults) = open(on.eye, together);
        let mut seen = whole.into_iter();
        let mut faults = faults.into_iter().peekable();
        for (index, (placed, hash)) in together.drain(..).zip(hashes).enumerate() {
            let (first, keyless) = match faults.next_if(|(at, _)| *at == index) {
                Some((_, fault)) => (Err(fault), None),
                None => match seen.next() {
                    Some((Record { sequence, prev, recorded_at, .. }, keys)) => {
                        let keyless = keys.map(|keys| self.keys(keys.filter(|_| indexed))).err();
                        (Ok(Told { sequence, prev, recorded_at }), keyless)
                    }
                    // Each of them was put with one or the other.
                    None => continue,
                },
            };
            self.place(&placed, first, keyless, *latest);
            *latest = first.map_or(*latest, |told| told.recorded_at.max(*latest));
            self.hashes.push(hash);
            // A segment is far shorter than what fits.
            self.offsets.push(placed.at as u32);
        }
    }

    /// Keys of the next record.
    fn keys(&mut self, keys: Option<Keys>) {
        let Some(keys) = keys else { return };
        let place = self.hashes.len() as u32;
        self.ids.push((keys.id, place));
        self.subjects.extend(keys.subjects.into_iter().map(|subject| (subject, place)));
    }

    /// Puts the next record into the run before it, or into a new one.
    fn place(
        &mut self,
        placed: &Placed<'_>,
        first: Result<Told, Malformed>,
        keyless: Option<Malformed>,
        latest: i64,
    ) {
        let group = &mut self.groups[placed.group];
        let run = self
            .runs
            .last_mut()
            .filter(|run| group.runs > 0 && run.keyless.is_none() && run.first.is_ok() && keyless.is_none());
        match (run, first) {
            (Some(run), Ok(told))
                if told.sequence == placed.sequence
                    && Some(&told.prev) == self.hashes.last()
                    && told.recorded_at >= latest =>
            {
                run.count += 1;
                run.recorded_at = told.recorded_at;
            }
            _ => {
                let recorded_at = first.map_or(latest, |told| told.recorded_at);
                group.runs += 1;
                self.runs.push(Run { at: placed.at, first, count: 1, recorded_at, keyless });
            }
        }
    }
}

/// What are records among these, and what was seen of each; and what are none, each with its place and the reason.
fn open<'a>(eye: Eye<'_>, stored: &[Placed<'a>]) -> (Vec<Seen<'a>>, Vec<(usize, Malformed)>) {
    let (mut records, mut faults) = (Vec::with_capacity(stored.len()), Vec::new());
    for (place, placed) in stored.iter().enumerate() {
        match eye.parse(placed.bytes) {
            Ok(record) => records.push(record),
            Err(fault) => faults.push((place, fault)),
        }
    }
    let unseen = std::iter::repeat_with(|| Err(Malformed::new("nobody told its keys")));
    let keys = eye.look(&records).into_iter().chain(unseen);
    let mut seen: Vec<Seen<'_>> = records.into_iter().zip(keys).collect();
    if matches!(eye, Eye::Opening(_)) && seen.iter().any(|(_, keys)| keys.is_err()) {
        seen = look_through(seen, &mut faults);
    }
    (seen, faults)
}

/// A record, and its keys where it was asked for them; or why it is not taken.
type Seen<'a> = (Record<'a>, Result<Option<Keys>, Malformed>);

/// What was not taken is perhaps no record: then that is what is told of it.
fn look_through<'a>(seen: Vec<Seen<'a>>, faults: &mut Vec<(usize, Malformed)>) -> Vec<Seen<'a>> {
    let known = std::mem::take(faults);
    let mut places = (0..).filter(|place| known.iter().all(|(at, _)| at != place));
    let mut whole = Vec::with_capacity(seen.len());
    for ((record, keys), place) in seen.into_iter().zip(&mut places) {
        match keys.is_err().then(|| Record::parse(record.bytes)) {
            Some(Err(fault)) => faults.push((place, fault)),
            _ => whole.push((record, keys)),
        }
    }
    faults.extend(known);
    faults.sort_unstable_by_key(|(place, _)| *place);
    whole
}

/// The words of one group.
fn judge_words(
    on: &Examination<'_>,
    planned: &Planned,
    file: Option<&dyn File>,
    group: &Group,
) -> Result<JudgedWords, Error> {
    let Group { header, words_from: start, .. } = group;
    let length = header.words_end.saturating_sub(*start) as usize;
    let name = words_path(planned.number);
    let mut judged = JudgedWords::default();
    let mut bytes = vec![0; length.min(MAX_GROUP_WORDS)];
    let read = file.map(|file| file.read_at(&mut bytes, u64::from(*start)));
    let count = read.transpose().map_err(|error| Error::io(&name, u64::from(*start), error))?.unwrap_or(0);
    let mut find = |at: usize, rule, expected, found| {
        judged.findings.note(name.clone(), u64::from(*start) + at as u64, rule, expected, found);
    };
    if count < length {
        find(count, "words.missing", "words of a group", "the end of the file");
    }
    let mut last = None;
    for entry in words::entries(&bytes[..count]) {
        let (at, entry) = match entry {
            Ok(entry) => entry,
            Err(at) => {
                find(at, "words.entry", "an entry with its checksum", "another");
                continue;
            }
        };
        if !(header.first..header.end()).contains(&entry.sequence) || last > Some(entry.sequence) {
            find(at, "words.entry", "a record of its group, in order", "another");
        }
        // What is closed in order has finished what it had to erase.
        let half = entry.content.is_half_erased();
        judged.half_erased += u64::from(half);
        if entry.content == Content::Damaged || (half && on.plan.clean()) {
            find(at, "words.entry", "a word with its checksum", "another");
        }
        (on.word)(&entry);
        if planned.index && last != Some(entry.sequence) {
            let first = planned.header.as_ref().map_or(0, |header| header.first);
            judged.places.push((entry.sequence.saturating_sub(first) as u32, start + at as u32));
        }
        last = Some(entry.sequence);
    }
    Ok(judged)
}

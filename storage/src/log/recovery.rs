//! Opening a ledger: what is trusted, what is walked again, what a crash may have torn.
//!
//! Invariant: the only bytes of the log ever changed here are those of a tail that cannot
//! have been acknowledged; everything else that does not hold is refused. Doing it twice,
//! or being stopped half way, is as good as doing it once. It must not judge by time or by
//! names of machines.
//!
//! The order is what makes it right: sync, drop the cache, read; refuse; only then cut,
//! and raise the watermark last.

mod landing;

use std::io::ErrorKind;
use std::sync::{Arc, Mutex};

use self::landing::{Landing, Place};
use super::levels::{LevelFiles, Levels};
use super::segments::{Index, Segment, Shared};
use super::tail::Tail;
use super::tidy::Tidy;
use super::watermark::{Mark, WATERMARK, Watermark, read_slots};
use super::{Head, Keyer, Log, Options, TILES, open_or_create};
use crate::backend::{Backend, File, Mode};
use crate::error::Error;
use crate::limits::PAGE;
use crate::merkle::Range;
use crate::segment::header::{HeaderFault, SegmentHeader};
use crate::segment::index::{IndexFault, Sealed, Summary};
use crate::segment::live::Live;
use crate::segment::reader::{Step, Walk, tail};
use crate::segment::{self, WORDS, index_path, path, words_path};

/// What an open had to do: for a line in the caller's log.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Recovery {
    /// Whether the last run ended with a close.
    pub clean: bool,
    /// Records walked again, because no sealed index covers them.
    pub replayed: u64,
    /// Bytes of a torn tail that were cut off; none of them was ever acknowledged.
    pub cut_bytes: u64,
    /// Files that were missing or did not hold, and were made again from the log.
    pub rebuilt: Vec<String>,
}

/// A segment as found.
struct Found {
    header: SegmentHeader,
    file: Arc<dyn File>,
}

pub(super) fn open(
    backend: Arc<dyn Backend>,
    lock: Box<dyn Send + Sync>,
    options: Options,
    keyer: Keyer,
) -> Result<(Log, Recovery), Error> {
    directories(&*backend)?;
    let found = find(&*backend)?;
    let identity = found[0].header.identity.clone();
    let (mark_file, slots) = slots(&*backend, identity.ledger)?;
    let mark = slots.iter().flatten().max_by_key(|mark| mark.counter).copied();
    let mut recovery = Recovery { clean: mark.is_some_and(|mark| mark.clean), ..Recovery::default() };
    if slots.iter().any(Option::is_none) {
        recovery.rebuilt.push(WATERMARK.to_owned());
    }
    let mut trusted = trusted(&*backend, &found, &mut recovery)?;
    let levels = LevelFiles::open(&*backend, Mode::Write).map_err(|error| Error::io(TILES, 0, error))?;
    if !recovery.clean {
        // They are believed where they agree with the indexes, so the disk must have them.
        levels.settle().map_err(|error| Error::io(TILES, 0, error))?;
    }
    let range = trusted.last().map(|sealed| sealed.summary.range.clone()).unwrap_or_default();
    if !levels.agree(&range).map_err(|error| Error::io(TILES, 0, error))? {
        recovery.rebuilt.push(TILES.to_owned());
        trusted.clear();
    }
    let shared = Arc::new(Shared::new(backend, identity, keyer, levels));
    let mut tidy = Tidy::new(Arc::clone(&shared.backend));
    let watermark = Watermark::new(mark_file, shared.identity.ledger, &slots);
    let mut log = replay(&shared, &found, trusted, watermark, &mut tidy, &mut recovery)?;
    finish(&shared, &mut log, mark, &mut recovery)?;
    // An index that was found damaged on the way; a thread is not there yet to seal it.
    for seal in shared.take_healed() {
        recovery.rebuilt.push(index_path(seal.summary.number));
        tidy.seal(seal);
    }
    tidy.start(options.background);
    tidy.prepare(options.capacity(log.segment.number + 1));
    let recycled = Mutex::new(None);
    Ok((Log { tail: log, tidy, shared, options, recycled, _lock: lock }, recovery))
}

/// Makes the directories that are missing: a copy may come without those that were empty or
/// held nothing but what is derived. They are synced in any case, so that a backend holds
/// them open before the first name depends on it.
pub(super) fn directories(backend: &dyn Backend) -> Result<(), Error> {
    for directory in [WORDS, TILES] {
        backend.make_dir(directory).map_err(|error| Error::room(directory, 0, error))?;
    }
    for directory in ["", "log", "public"] {
        backend.sync_dir(directory).map_err(|error| Error::io(directory, 0, error))?;
    }
    Ok(())
}

fn refuse(file: String, offset: u64, sequence: u64, rule: &'static str) -> Error {
    Error::Damaged { file, offset, sequence, rule }
}

/// All segments, checked to follow one another.
fn find(backend: &dyn Backend) -> Result<Vec<Found>, Error> {
    let names = backend.list("log").map_err(|error| Error::io("log", 0, error))?;
    let mut found: Vec<Found> = Vec::new();
    for name in names {
        if name.ends_with(".idx.new") {
            // Left by a crash while sealing; it is made again.
            let path = format!("log/{name}");
            backend.remove(&path).map_err(|error| Error::io(&path, 0, error))?;
        }
        let Some(number) = segment::number(&name, ".seg") else { continue };
        let sequence = found.last().map_or(0, |before| before.header.first);
        if number as usize != found.len() {
            return Err(refuse(path(found.len() as u32), 0, sequence, "the segment is missing"));
        }
        let next = read_header(backend, number)?;
        let wrong = match found.last() {
            None => next.header.first != 0 || next.header.prev != next.header.identity.hash(),
            Some(before) => {
                next.header.identity != before.header.identity || next.header.first < before.header.first
            }
        };
        if wrong {
            let rule = "the segment belongs to another place or ledger";
            return Err(refuse(path(number), 0, sequence, rule));
        }
        found.push(next);
    }
    match found.len() {
        0 => Err(Error::Absent { file: path(0) }),
        _ => Ok(found),
    }
}

fn read_header(backend: &dyn Backend, number: u32) -> Result<Found, Error> {
    let name = path(number);
    let io = |error| Error::io(&name, 0, error);
    let file = backend.open(&name, Mode::Write).map_err(io)?;
    let mut page = vec![0; PAGE];
    let count = file.read_at(&mut page, 0).map_err(io)?;
    let header = SegmentHeader::decode(&page[..count]).map_err(|fault| match fault {
        HeaderFault::Damaged => refuse(name.clone(), 0, 0, "the segment's header does not hold"),
        HeaderFault::Version(version) => Error::Unsupported { file: name.clone(), version },
    })?;
    if header.number != number {
        return Err(refuse(name, 0, header.first, "the segment has another number than its name"));
    }
    if file.length().map_err(io)? != header.capacity {
        return Err(refuse(
            name,
            header.capacity,
            header.first,
            "the segment has not the length it was made with",
        ));
    }
    Ok(Found { header, file })
}

type Slots = [Option<Mark>; 2];

fn slots(backend: &dyn Backend, ledger: [u8; 16]) -> Result<(Arc<dyn File>, Slots), Error> {
    let io = |error| Error::io(WATERMARK, 0, error);
    let file = open_or_create(backend, WATERMARK).map_err(io)?;
    // It was written without a sync, or with one that failed: what is read must be what the
    // disk has.
    file.sync().map_err(io)?;
    file.evict().map_err(io)?;
    let slots = read_slots(&*file).map_err(io)?;
    if slots.iter().flatten().any(|mark| mark.ledger != ledger) {
        return Err(refuse(WATERMARK.to_owned(), 0, 0, "the watermark is another ledger's"));
    }
    Ok((file, slots))
}

/// The sealed indexes that hold, from the first segment on. What they cover is not walked
/// again, so that a start does not depend on the length of the ledger.
fn trusted(backend: &dyn Backend, found: &[Found], recovery: &mut Recovery) -> Result<Vec<Sealed>, Error> {
    let mut trusted = Vec::new();
    for pair in found.windows(2) {
        let (header, next) = (&pair[0].header, &pair[1].header);
        let sealed = match Sealed::open(backend, header.number) {
            Ok(sealed) => Some(sealed),
            Err(IndexFault::Damaged(_)) => None,
            Err(IndexFault::Io(error)) if error.kind() == ErrorKind::NotFound => None,
            Err(IndexFault::Io(error)) => return Err(Error::io(&index_path(header.number), 0, error)),
        };
        let fits = sealed.filter(|sealed| {
            let summary = &sealed.summary;
            summary.ledger == header.identity.ledger
                && summary.first == header.first
                && u64::from(summary.end) <= header.capacity
                && summary.range.size() == next.first
                && summary.hash == next.prev
        });
        let Some(sealed) = fits else {
            recovery.rebuilt.push(index_path(header.number));
            break;
        };
        trusted.push(sealed);
    }
    // A segment is sealed only once the next one is kept.
    let last = &found[found.len() - 1].header;
    match backend.open(&index_path(last.number), Mode::Read) {
        Ok(_) => {
            Err(refuse(path(last.number + 1), 0, last.first, "the segment after a sealed one is missing"))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(trusted),
        Err(error) => Err(Error::io(&index_path(last.number), 0, error)),
    }
}

/// Walks every segment that no trusted index covers, through the live path.
fn replay(
    shared: &Arc<Shared>,
    found: &[Found],
    trusted: Vec<Sealed>,
    watermark: Watermark,
    tidy: &mut Tidy,
    recovery: &mut Recovery,
) -> Result<Tail, Error> {
    let start = trusted.len();
    let mut head = Head::empty(&shared.identity);
    let mut range = Range::new();
    for (sealed, found) in trusted.into_iter().zip(found) {
        let summary = &sealed.summary;
        range.clone_from(&summary.range);
        let (size, hash, recorded_at) = (range.size(), summary.hash, summary.recorded_at);
        head = Head { size, hash, recorded_at, root: range.root() };
        shared.add(segment_of(found, Index::Sealed(Arc::new(sealed))));
    }
    let from = head.size;
    let levels = Levels::new(Arc::clone(&shared.backend), Arc::clone(&shared.levels), head.size);
    let first = add_live(shared, &found[start]);
    let mut tail = Tail::new(first, range, levels, watermark, head);
    for (index, found) in found.iter().enumerate().skip(start) {
        if index > start {
            if tail.head.size != found.header.first || tail.head.hash != found.header.prev {
                let rule = "the records end before the next segment begins";
                return Err(refuse(path(tail.segment.number), tail.at, tail.head.size, rule));
            }
            let (segment, live) = add_live(shared, found);
            tail.turn(shared, segment, live);
            tail.hand_over(tidy);
        }
        if tail.head.size != found.header.first || tail.head.hash != found.header.prev {
            let rule = "the segment does not follow the one before";
            return Err(refuse(path(found.header.number), 0, tail.head.size, rule));
        }
        walk(shared, &mut tail, recovery.clean)?;
    }
    tail.root();
    recovery.replayed = tail.head.size - from;
    Ok(tail)
}

fn segment_of(found: &Found, index: Index) -> Arc<Segment> {
    let header = &found.header;
    Arc::new(Segment::new(header.number, header.first, header.capacity, Arc::clone(&found.file), index))
}

fn add_live(shared: &Shared, found: &Found) -> (Arc<Segment>, Arc<Live>) {
    let live = Arc::new(Live::new());
    let segment = segment_of(found, Index::Live(Arc::clone(&live)));
    shared.add(Arc::clone(&segment));
    (segment, live)
}

/// Takes in the groups of the tail's segment, up to the first that is none.
fn walk(shared: &Shared, tail: &mut Tail, clean: bool) -> Result<(), Error> {
    let segment = Arc::clone(&tail.segment);
    let name = path(segment.number);
    let io = |error| Error::io(&name, 0, error);
    let words = segment.words(&*shared.backend, Mode::Write)?;
    if !clean {
        for file in std::iter::once(&segment.file).chain(&words) {
            // The page cache may hold what the disk never got: after a failed sync as clean
            // pages, after a kill as dirty ones. What is read now must be what is kept.
            file.sync().map_err(io)?;
            file.evict().map_err(io)?;
        }
    }
    let mut groups = Walk::whole(&*segment.file, segment.capacity);
    let mut landing = Landing::default();
    while let Step::Group { at, header, body } =
        groups.step().map_err(|error| Error::io(&name, tail.at, error))?
    {
        let place = Place { number: segment.number, head: &tail.head, words_end: tail.words_end };
        landing.read(&shared.keyer, &place, (at, &header, body))?;
        landing.words(&place, words.as_deref(), &header)?;
        tail.take_in(&landing.landed(at, &header));
    }
    Ok(())
}

/// The index of a segment that is complete, made again from its groups. They must be those
/// that the sealed index, whose first page holds, was made from.
pub(super) fn reindex(shared: &Shared, segment: &Segment, summary: &Summary) -> Result<Live, Error> {
    let name = path(segment.number);
    let Found { header, .. } = read_header(&*shared.backend, segment.number)?;
    let words = segment.words(&*shared.backend, Mode::Read)?;
    let live = Live::new();
    let mut head = Head { size: segment.first, hash: header.prev, ..Head::empty(&shared.identity) };
    let mut words_end = 0;
    let mut landing = Landing::default();
    let mut groups = Walk::whole(&*segment.file, u64::from(summary.end));
    let mut end = groups.at();
    while let Step::Group { at, header, body } =
        groups.step().map_err(|error| Error::io(&name, end, error))?
    {
        let place = Place { number: segment.number, head: &head, words_end };
        landing.read(&shared.keyer, &place, (at, &header, body))?;
        landing.words(&place, words.as_deref(), &header)?;
        landing.landed(at, &header).index(&live, (head.size - segment.first) as u32);
        head.size = header.end();
        head.hash = landing.hashes.last().copied().unwrap_or(head.hash);
        head.recorded_at = landing.recorded_at;
        words_end = header.words_end;
        end = at + header.span();
    }
    let whole = end == u64::from(summary.end) && words_end == summary.words_end;
    if !whole || head.size != summary.range.size() || head.hash != summary.hash {
        return Err(refuse(name, end, head.size, "the groups are not those that were indexed"));
    }
    Ok(live)
}

/// Judges what stands behind the last group, cuts a torn tail, and opens the watermark.
fn finish(
    shared: &Arc<Shared>,
    tail: &mut Tail,
    mark: Option<Mark>,
    recovery: &mut Recovery,
) -> Result<(), Error> {
    let cut = judge(tail, mark)?;
    shared.publish(tail.head);
    if let Some(mark) = mark {
        hold_to(shared, tail, &mark)?;
    }
    if let Some(end) = cut {
        recovery.cut_bytes = end - tail.at;
        erase(&*tail.segment.file, tail.at, end)
            .map_err(|error| Error::io(&path(tail.segment.number), tail.at, error))?;
    }
    if let Some(file) = tail.segment.words(&*shared.backend, Mode::Write)? {
        let name = words_path(tail.segment.number);
        let io = |error| Error::io(&name, u64::from(tail.words_end), error);
        // Words of records that were never committed.
        if file.length().map_err(io)? > u64::from(tail.words_end) {
            file.set_length(u64::from(tail.words_end)).map_err(io)?;
            file.sync().map_err(io)?;
        }
    }
    let tiles = |error| Error::room(TILES, 0, error);
    tail.levels.flush().map_err(tiles)?;
    tail.levels.trim().map_err(tiles)?;
    tail.watermark.open(&tail.head).map_err(|error| Error::io(WATERMARK, 0, error))
}

/// How far a torn tail reaches, if there is one; refuses whatever a crash cannot have left.
fn judge(tail: &Tail, mark: Option<Mark>) -> Result<Option<u64>, Error> {
    let segment = &tail.segment;
    let name = path(segment.number);
    let size = tail.head.size;
    let damaged = |rule| Err(refuse(name.clone(), tail.at, size, rule));
    let io = |error| Error::io(&name, tail.at, error);
    let mut search = tail.at + 1;
    let mut promised = 0;
    match Walk::new(&*segment.file, tail.at, segment.capacity).step().map_err(io)? {
        // Its own body may hold anything, even what looks like a header.
        Step::TornBody { header, .. } if header.first == size => {
            search = tail.at + header.span();
            promised = header.durable;
        }
        Step::TornBody { .. } => return damaged("a group's header has another sequence"),
        Step::Group { .. } | Step::NoHeader { .. } | Step::End => {}
    }
    let rest = self::tail(&*segment.file, tail.at, search, segment.capacity).map_err(io)?;
    if mark.is_some_and(|mark| mark.size > size) {
        return damaged("records that were acknowledged are missing");
    }
    if mark.is_some_and(|mark| mark.clean && (mark.size != size || rest.used.is_some())) {
        return damaged("the log does not end where it was closed");
    }
    if promised.max(rest.durable) > size {
        return damaged("a later group says that this one was kept");
    }
    Ok(rest.used)
}

/// The log must have been what the watermark says when it was written.
fn hold_to(shared: &Arc<Shared>, tail: &Tail, mark: &Mark) -> Result<(), Error> {
    let reader = super::Reader::new(Arc::clone(shared));
    let hash = match mark.size.checked_sub(1) {
        Some(last) => reader.leaf(last)?,
        None => shared.identity.hash(),
    };
    if hash != mark.hash || (mark.size == tail.head.size && mark.root != tail.head.root) {
        return Err(refuse(WATERMARK.to_owned(), 0, mark.size, "the watermark tells of another log"));
    }
    Ok(())
}

/// Zeros `from..to`, so that nothing of a torn group can pass for a later one.
fn erase(file: &dyn File, from: u64, to: u64) -> std::io::Result<()> {
    let zeros = vec![0; 1 << 20];
    let mut at = from;
    while at < to {
        let length = (zeros.len() as u64).min(to - at);
        file.write_at(&zeros[..length as usize], at)?;
        at += length;
    }
    file.sync()
}

//! Reads every byte of a ledger and says what does not hold; repairs nothing.
//!
//! Invariant: it takes no lock and writes nothing, so it may run beside a server; then it
//! verifies what the watermark says is committed. It trusts no index, no level and no
//! header: each is compared with what the records give; but where records are only passed by, the
//! keys in an index only with their checksums. It must not know who asks.
//!
//! | Rule | Holds when |
//! |---|---|
//! | `segment.missing` | segments are numbered without a gap, and there is one |
//! | `segment.header` | a segment's first page has its checksum and follows the one before |
//! | `segment.length` | a segment is as long as its header says |
//! | `segment.slack` | behind the last group there are zeros |
//! | `group.header`, `group.body` | a group has its checksums and its records |
//! | `group.order` | a group follows the one before |
//! | `record.form` | a record is the one canonical encoding |
//! | `record.sequence`, `record.link`, `record.time` | it follows the record before |
//! | `record.keys` | the caller's keyer, or glance, accepts it |
//! | `level.hash`, `level.length` | the level files are what the records give |
//! | `index.missing`, `index.bytes` | so are the sealed indexes |
//! | `words.missing`, `words.entry`, `words.length` | words are whole, or erased; half erased only before a clean close |
//! | `watermark.slot`, `watermark.ledger` | both slots hold, and are this ledger's |
//! | `checkpoint.entry`, `checkpoint.form` | the kept checkpoints are whole, and in order |
//! | `checkpoint.origin`, `checkpoint.size`, `checkpoint.root` | they are of this log |
//! | `tile.*`, `entry.*`, `file.*` | see [`tiled`], for a log that was published |
//! | `watermark.size`, `watermark.hash`, `watermark.root` | it tells of this log |

mod examine;
mod kept;
mod merge;
mod place;
pub mod tiled;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};

use crate::backend::{Backend, Mode};
use crate::error::{Error, Malformed};
use crate::format::digest::Digest;
use crate::format::record::Record;
use crate::limits::{MAX_FINDINGS, PAGE};
use crate::log::{Keyer, Keys, LevelFiles, Mark, SLOT, TILES, WATERMARK, read_slots};
use crate::merkle::Range;
use crate::merkle::range::subtrees;
use crate::segment::header::SegmentHeader;
use crate::segment::{self, index_path, path};
pub use crate::words::{Content, Entry};
pub use kept::hold as hold_kept;
pub use place::places;

/// Something that does not hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// Path within the ledger's directory.
    pub file: String,
    /// Byte offset in it.
    pub offset: u64,
    /// Sequence of the record concerned, where there is one.
    pub sequence: Option<u64>,
    /// Name of the rule, see the [module](self).
    pub rule: &'static str,
    /// What should be there.
    pub expected: String,
    /// What is there.
    pub found: String,
}

/// A checkpoint that was kept, and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptAt {
    /// Path within the ledger's directory, or the export's.
    pub file: String,
    /// Byte offset in it.
    pub offset: u64,
    /// How many records it is of, by its place.
    pub size: u64,
    /// The signed note, as it stands there.
    pub note: Vec<u8>,
}

/// What was verified, and what was found wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// Records verified.
    pub records: u64,
    /// Bytes of segments read.
    pub bytes: u64,
    /// Leaf hash of the last record verified; of none, the hash of the origin line.
    pub hash: Digest,
    /// Merkle root over the records verified; meaningless when records are missing.
    pub root: Digest,
    /// The first findings, at most 1,000, by file and offset.
    pub findings: Vec<Finding>,
    /// How many there are in all.
    pub found: u64,
    /// The kept checkpoints that are whole, by size. Their signatures are not verified here.
    pub checkpoints: Vec<KeptAt>,
    /// Words that an erasure is at, or was at when it was cut short: whoever has the ledger
    /// finishes that at its next start.
    pub half_erased: u64,
}

impl Report {
    /// Whether nothing was found wrong.
    #[must_use]
    pub fn intact(&self) -> bool {
        self.found == 0
    }
}

/// How far a verification is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// Bytes of segments read so far.
    pub bytes: u64,
    /// Bytes of segments in all.
    pub total: u64,
}

/// Verifies the ledger in `backend` on all cores. Findings are no errors: they are what it
/// is for.
///
/// # Errors
///
/// `Absent` when there is no ledger, `Io` when something cannot be read.
#[allow(clippy::needless_pass_by_value, reason = "a keyer is handed over alike to create, open and verify")]
pub fn verify(
    backend: &dyn Backend,
    keyer: Keyer,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Report, Error> {
    let keyer = |records: &[Record<'_>]| records.iter().map(|record| keyer(record)).collect();
    examine(backend, Eye::Keying(&keyer), &|_| {}, progress)
}

/// The keys of some records that follow each other, or why they have none: one for each.
pub type KeyerOfMany<'a> = dyn Fn(&[Record<'_>]) -> Vec<Result<Keys, Malformed>> + Sync + 'a;

/// As [`verify`], with a keyer that is asked for several records at once, and calls `word` with
/// each entry of words whose head holds, after the keyer has seen the records of its group. Groups
/// are walked on all cores, in no order.
///
/// The keyer opens events, and has no keys for one that is not exactly one well-formed map (texts
/// in UTF-8, nothing behind it): most events are not looked through before it sees them. Of what it
/// refuses it is told apart then whether it was a record at all (`record.form` or `record.keys`).
///
/// # Errors
///
/// As for [`verify`].
pub fn verify_words(
    backend: &dyn Backend,
    keyer: &KeyerOfMany<'_>,
    word: &(dyn Fn(&Entry<'_>) + Sync),
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Report, Error> {
    examine(backend, Eye::Opening(keyer), word, progress)
}

/// As [`verify`], but nobody is asked for the keys of records: each is shown to `glance`, which may
/// look into it or not; what it does not take is `record.keys`. So the ids and subjects in the
/// sealed indexes are only held against their own checksums (`index.bytes`).
///
/// # Errors
///
/// As for [`verify`].
pub fn verify_passing(
    backend: &dyn Backend,
    glance: &(dyn Fn(&Record<'_>) -> Result<(), Malformed> + Sync),
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Report, Error> {
    examine(backend, Eye::Passing(glance), &|_| {}, progress)
}

/// How records are looked at, beside their bytes.
#[derive(Clone, Copy)]
enum Eye<'a> {
    /// Each is asked for the keys that an index must find it by.
    Keying(&'a KeyerOfMany<'a>),
    /// The same, and whoever is asked refuses what is no event.
    Opening(&'a KeyerOfMany<'a>),
    /// Each is shown, and of an index the keys are taken as they stand there.
    Passing(&'a (dyn Fn(&Record<'_>) -> Result<(), Malformed> + Sync)),
}

impl Eye<'_> {
    /// A stored record, as it is shown.
    fn parse(self, bytes: &[u8]) -> Result<Record<'_>, Malformed> {
        let opening = matches!(self, Self::Opening(_));
        opening.then(|| Record::around_event(bytes)).flatten().map_or_else(|| Record::parse(bytes), Ok)
    }

    /// Looks at records: the keys of each, where it was asked for them, or why it is not taken.
    fn look(self, records: &[Record<'_>]) -> Vec<Result<Option<Keys>, Malformed>> {
        match self {
            Self::Keying(keyer) | Self::Opening(keyer) => {
                keyer(records).into_iter().map(|keys| keys.map(Some)).collect()
            }
            Self::Passing(glance) => records.iter().map(|it| glance(it).map(|()| None)).collect(),
        }
    }
}

fn examine(
    backend: &dyn Backend,
    eye: Eye<'_>,
    word: &(dyn Fn(&Entry<'_>) + Sync),
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Report, Error> {
    let mut findings = Findings::default();
    let kept = kept::read(backend)?;
    let mark = read_mark(backend, &mut findings)?;
    let plan = plan(backend, mark, &mut findings)?;
    let levels = LevelFiles::open(backend, Mode::Read).map_err(|error| Error::io(TILES, 0, error))?;
    let total = plan.segments.iter().map(|segment| segment.length).sum();
    let meter = Meter { bytes: AtomicU64::new(0), total, report: progress };
    let examination =
        examine::Examination { backend, eye, word, plan: &plan, levels: &levels, meter: &meter };
    let mut order: Vec<usize> = (0..plan.segments.len()).collect();
    if matches!(eye, Eye::Passing(_)) {
        // The large ones first, so that no core is left with one while the others have no work. Whoever
        // looks into events puts them in order, and holds those that come too early.
        order.sort_by_key(|index| std::cmp::Reverse(plan.segments[*index].length));
    }
    let ahead = |index: usize| examination.read_ahead(index);
    let one = |index: usize, scratch: &mut _| examination.segment(&plan.segments[index], scratch);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = match eye {
        // Whoever passes records by is as fast as many a disk: more than there are cores, so that
        // none is idle while a thread waits.
        Eye::Passing(_) => cores + cores.div_ceil(2),
        Eye::Keying(_) | Eye::Opening(_) => cores,
    };
    let examined = in_parallel(threads, &order, ahead, one)?;
    let mut report = merge::merge(&examination, examined, findings)?;
    let origin = plan.segments.iter().find_map(|segment| Some(&*segment.header.as_ref()?.identity.origin));
    kept.check(plan.clean(), origin, &levels, &mut report)?;
    Ok(report)
}

/// The Merkle root of the first `size` records, as the level files give it: of a ledger that
/// was found intact, what the records give. `None` where there are not so many.
///
/// # Errors
///
/// `Io` when a level file cannot be read.
pub fn root(backend: &dyn Backend, size: u64) -> Result<Option<Digest>, Error> {
    let io = |error| Error::io(TILES, 0, error);
    let levels = LevelFiles::open(backend, Mode::Read).map_err(io)?;
    let mut nodes = Vec::new();
    for (first, height) in subtrees(0, size) {
        match levels.subtree(first, height).map_err(io)? {
            Some(node) => nodes.push(node),
            None => return Ok(None),
        }
    }
    Ok(Range::from_nodes(size, nodes).map(|range| range.root()))
}

/// So many are asked for ahead of what is worked on: few enough to still be there when they are needed.
const AHEAD: usize = 2;

/// Runs `work` for each of `order`, which are 0 to some count, on so many threads, on each with a scratch
/// of its own; the results are by number. `ahead` is told of each a little before, by the thread that waits for the others.
fn in_parallel<T: Send, S: Default>(
    threads: usize,
    order: &[usize],
    ahead: impl Fn(usize) + Sync,
    work: impl Fn(usize, &mut S) -> Result<T, Error> + Sync,
) -> Result<Vec<T>, Error> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let (begun, begins) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..threads.min(order.len()) {
            let begun = begun.clone();
            let (next, done, work) = (&next, &done, &work);
            scope.spawn(move || {
                let mut scratch = S::default();
                while let Some(&index) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // Nobody listens once everything was asked for.
                    let _ = begun.send(());
                    let result = work(index, &mut scratch);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((index, result));
                }
            });
        }
        drop(begun);
        // So the beginning of a segment is there when somebody comes to it. Behind that the system reads ahead by itself.
        let at_once = std::iter::repeat_n((), AHEAD);
        for (index, ()) in order.iter().zip(at_once.chain(begins)) {
            ahead(*index);
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Findings, bounded.
#[derive(Default)]
struct Findings {
    kept: Vec<Finding>,
    count: u64,
}

impl Findings {
    fn add(&mut self, finding: Finding) {
        self.count += 1;
        if self.kept.len() < MAX_FINDINGS {
            self.kept.push(finding);
        }
    }

    /// A finding about a place as a whole.
    fn note(&mut self, file: String, offset: u64, rule: &'static str, expected: &str, found: &str) {
        let (expected, found) = (expected.to_owned(), found.to_owned());
        self.add(Finding { file, offset, sequence: None, rule, expected, found });
    }

    fn append(&mut self, other: Self) {
        let hidden = other.count - other.kept.len() as u64;
        other.kept.into_iter().for_each(|finding| self.add(finding));
        self.count += hidden;
    }
}

struct Meter<'a> {
    bytes: AtomicU64,
    total: u64,
    report: &'a (dyn Fn(Progress) + Sync),
}

impl Meter<'_> {
    fn add(&self, bytes: u64) {
        let bytes = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        (self.report)(Progress { bytes: bytes.min(self.total), total: self.total });
    }
}

/// No record is shorter, in bytes: that is what its fixed part takes.
const LEAST_RECORD: u64 = 128;

/// A segment to be examined.
struct Planned {
    number: u32,
    header: Option<SegmentHeader>,
    length: u64,
    last: bool,
    index: bool,
}

struct Plan {
    mark: Option<Mark>,
    segments: Vec<Planned>,
}

impl Plan {
    fn clean(&self) -> bool {
        self.mark.is_some_and(|mark| mark.clean)
    }

    /// How many records a segment has, by what its header and the next one's say, and at most as many as fit.
    fn records(&self, index: usize) -> Option<u64> {
        let segment = self.segments.get(index)?;
        let next = match self.segments.get(index + 1) {
            Some(next) => next.header.as_ref()?.first,
            None => self.mark?.size,
        };
        Some(next.saturating_sub(segment.header.as_ref()?.first).min(segment.length / LEAST_RECORD))
    }

    /// How many records a segment has, at most.
    fn most_records(&self) -> usize {
        let counts = (0..self.segments.len()).filter_map(|index| self.records(index));
        counts.max().unwrap_or(0) as usize
    }

    /// Records that must be there; without a watermark, whatever there is.
    fn committed(&self) -> u64 {
        self.mark.map_or(u64::MAX, |mark| mark.size)
    }
}

/// The newer slot. A server may be writing one at this moment: then it is read again.
fn read_mark(backend: &dyn Backend, findings: &mut Findings) -> Result<Option<Mark>, Error> {
    let file = match backend.open(WATERMARK, Mode::Read) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            findings.note(WATERMARK.to_owned(), 0, "watermark.slot", "a watermark", "no file");
            return Ok(None);
        }
        Err(error) => return Err(Error::io(WATERMARK, 0, error)),
    };
    let mut slots = [None, None];
    for _ in 0..5 {
        slots = read_slots(&*file).map_err(|error| Error::io(WATERMARK, 0, error))?;
        if slots.iter().all(Option::is_some) {
            break;
        }
        std::thread::yield_now();
    }
    for (index, _) in slots.iter().enumerate().filter(|(_, slot)| slot.is_none()) {
        let offset = (index * SLOT) as u64;
        findings.note(WATERMARK.to_owned(), offset, "watermark.slot", "a slot with its checksum", "another");
    }
    Ok(slots.into_iter().flatten().max_by_key(|mark| mark.counter))
}

fn plan(backend: &dyn Backend, mark: Option<Mark>, findings: &mut Findings) -> Result<Plan, Error> {
    let names = backend.list("log").map_err(|error| Error::io("log", 0, error))?;
    let mut segments: Vec<Planned> = Vec::new();
    for number in names.iter().filter_map(|name| segment::number(name, ".seg")) {
        let expected = segments.last().map_or(0, |before| before.number + 1);
        if number != expected {
            findings.note(path(expected), 0, "segment.missing", "a segment", "no file");
        }
        let (header, length) = read_header(backend, number, findings)?;
        let committed = mark.map_or(u64::MAX, |mark| mark.size);
        // A segment that a server has begun meanwhile.
        let begun = header.as_ref().is_some_and(|header| header.first >= committed && header.first > 0);
        if begun && mark.is_some_and(|mark| !mark.clean) && segments.last().is_some() {
            continue;
        }
        let index = names.contains(&index_path(number)["log/".len()..].to_owned());
        segments.push(Planned { number, header, length, last: false, index });
    }
    if segments.is_empty() {
        return Err(Error::Absent { file: path(0) });
    }
    let ends_whole = segments.last().is_some_and(|last| last.index);
    let count = segments.len();
    segments[count - 1].last = !ends_whole;
    let clean = mark.is_none_or(|mark| mark.clean);
    if ends_whole && clean {
        // The last segment has an index: so there was another behind it.
        let number = segments[count - 1].number + 1;
        findings.note(path(number), 0, "segment.missing", "a segment after a sealed one", "no file");
    }
    for (index, segment) in segments.iter().enumerate().take(count - 1) {
        let later = segments[index + 1..].iter().any(|segment| segment.index);
        if !segment.index && (clean || later) {
            findings.note(index_path(segment.number), 0, "index.missing", "a sealed index", "no file");
        }
    }
    Ok(Plan { mark, segments })
}

fn read_header(
    backend: &dyn Backend,
    number: u32,
    findings: &mut Findings,
) -> Result<(Option<SegmentHeader>, u64), Error> {
    let io = |error| Error::io(&path(number), 0, error);
    let file = backend.open(&path(number), Mode::Read).map_err(io)?;
    let length = file.length().map_err(io)?;
    let mut page = vec![0; PAGE];
    let count = file.read_at(&mut page, 0).map_err(io)?;
    let header = SegmentHeader::decode(&page[..count]).ok().filter(|header| header.number == number);
    match &header {
        None => {
            let expected = format!("a header of version 1 for segment {number}");
            findings.note(path(number), 0, "segment.header", &expected, "another");
        }
        Some(header) if header.capacity != length => {
            let expected = format!("{} bytes", header.capacity);
            findings.note(path(number), length, "segment.length", &expected, &format!("{length} bytes"));
        }
        Some(_) => {}
    }
    Ok((header, length))
}

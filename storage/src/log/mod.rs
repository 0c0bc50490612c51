//! Segments in order: the log of one ledger, and the handle that appends to it.
//!
//! Invariant: a handle exists only while nothing it wrote has failed; what readers see is
//! on stable storage. It must not know events, clocks, or where the directory lies.
//!
//! The way of a group: [`appender`] builds it and puts it into the open segment, `tail`
//! accounts for it in index, tree and watermark, [`reader`] serves it, and `prover` proves
//! it; [`recovery`] walks the open segment through the same `tail`. [`eraser`] overwrites
//! words, and nothing else.

pub mod appender;
pub mod eraser;
mod levels;
mod place;
mod prover;
pub mod reader;
pub mod recovery;
mod segments;
mod tail;
mod tidy;
mod watermark;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::backend::{Backend, LockError, Mode};
use crate::error::{Error, Malformed};
use crate::format::digest::Digest;
use crate::format::record::Record;
use crate::limits::{FIRST_SEGMENT, MAX_ORIGIN, MAX_SEGMENT, MIN_SEGMENT, PAGE};
use crate::segment::header::SegmentHeader;
use crate::segment::{self, writer};

use appender::Group;
use reader::Reader;
use recovery::Recovery;
use segments::Shared;
use tail::Tail;
use tidy::Tidy;

pub(crate) use levels::{LevelFiles, TILES};
pub(crate) use watermark::{Mark, SLOT, WATERMARK, read_slots};

const LOCK: &str = "log/lock";

/// Who a ledger is: fixed when it is created, repeated in the header of every segment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// Chosen at random when the ledger is created.
    pub ledger: [u8; 16],
    /// Its origin line without the newline; 1 to 255 bytes, no control characters.
    pub origin: String,
}

impl Identity {
    /// What record 0 has as its `prev`: `SHA-256(origin ‖ "\n")`.
    #[must_use]
    pub fn hash(&self) -> Digest {
        Digest::of(format!("{}\n", self.origin).as_bytes())
    }
}

/// How a log is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// Length of a segment, in bytes; between 8 KiB and 1 GiB. A new ledger starts with
    /// 1 MiB and doubles until it is there.
    pub segment_bytes: u64,
    /// Whether a thread prepares the next segment and seals the last one. Without it both
    /// happen within the commit that needs them: for tests, and for many small ledgers.
    pub background: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { segment_bytes: 64 << 20, background: true }
    }
}

impl Options {
    /// Length of the segment `number`, in bytes: whole pages.
    fn capacity(&self, number: u32) -> u64 {
        let most = self.segment_bytes.clamp(MIN_SEGMENT, MAX_SEGMENT);
        let doubled = FIRST_SEGMENT.checked_shl(number).filter(|_| number < 20);
        most.min(doubled.unwrap_or(MAX_SEGMENT)).next_multiple_of(PAGE as u64)
    }
}

/// What a record is found by. Computed by the caller when it appends, and recomputed from
/// the record through the [`Keyer`] at recovery and rebuild.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Keys {
    /// Fingerprint of its id: well distributed, such as the front of a hash.
    pub id: u128,
    /// Fingerprints of what it is about; at most 255.
    pub subjects: Vec<u64>,
}

/// Computes the [`Keys`] of a record. It must be a function of the record's bytes alone.
pub type Keyer = Arc<dyn Fn(&Record<'_>) -> Result<Keys, Malformed> + Send + Sync>;

/// The end of the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// Number of records.
    pub size: u64,
    /// Leaf hash of the last record; of an empty log, the hash of the origin line.
    pub hash: Digest,
    /// Root of the Merkle tree over all records.
    pub root: Digest,
    /// `recorded_at` of the last record, in microseconds since the Unix epoch; of an empty
    /// log, `i64::MIN`.
    pub recorded_at: i64,
}

impl Head {
    fn empty(identity: &Identity) -> Self {
        Self { size: 0, hash: identity.hash(), root: Digest::of(b""), recorded_at: i64::MIN }
    }
}

/// The log of one ledger, open for appending. There is one at a time; dropping it without
/// [`Log::close`] is what a crash does, and safe.
pub struct Log {
    tail: Tail,
    tidy: Tidy,
    shared: Arc<Shared>,
    options: Options,
    /// The buffers of the last group, for the next one.
    recycled: Mutex<Option<Group>>,
    // Last, so that it is released after the thread of `tidy` has ended.
    _lock: Box<dyn Send + Sync>,
}

impl Log {
    /// Makes a new, empty ledger.
    ///
    /// # Errors
    ///
    /// `Exists` when there is one, `Locked` when somebody is at it, `Refused` for an origin
    /// that is none, `Full` and `Io` as the system says.
    pub fn create(
        backend: Arc<dyn Backend>,
        identity: Identity,
        options: Options,
        keyer: Keyer,
    ) -> Result<Self, Error> {
        check(&identity)?;
        backend.make_dir("").map_err(|error| Error::io("", 0, error))?;
        recovery::directories(&*backend)?;
        let lock = lock(&*backend)?;
        let names = backend.list("log").map_err(|error| Error::io("log", 0, error))?;
        if let Some(name) = names.iter().find(|name| segment::number(name, ".seg").is_some()) {
            return Err(Error::Exists { file: format!("log/{name}") });
        }
        // The segment comes last: a ledger exists from the moment its name is kept.
        watermark::create(&*backend, &identity, &Head::empty(&identity))
            .map_err(|error| Error::room(WATERMARK, 0, error))?;
        let capacity = options.capacity(0);
        writer::prepare(&*backend, capacity).map_err(|error| Error::room(writer::SPARE, 0, error))?;
        let prev = identity.hash();
        let header = SegmentHeader { number: 0, identity, first: 0, prev, capacity };
        writer::place(&*backend, &header).map_err(|unplaced| {
            let (writer::Unplaced::Before(error) | writer::Unplaced::After(error)) = unplaced;
            Error::room(&segment::path(0), 0, error)
        })?;
        recovery::open(backend, lock, options, keyer).map(|(log, _)| log)
    }

    /// Opens the ledger that is there, repairing what a crash may leave behind.
    ///
    /// # Errors
    ///
    /// `Absent` when there is none, `Locked` when somebody has it, `Damaged` when something
    /// is wrong that no crash leaves behind; then nothing was changed.
    pub fn open(
        backend: Arc<dyn Backend>,
        options: Options,
        keyer: Keyer,
    ) -> Result<(Self, Recovery), Error> {
        let names = backend.list("log").map_err(|error| Error::io("log", 0, error))?;
        if !names.iter().any(|name| segment::number(name, ".seg").is_some()) {
            return Err(Error::Absent { file: segment::path(0) });
        }
        let lock = lock(&*backend)?;
        recovery::open(backend, lock, options, keyer)
    }

    /// Who this ledger is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.shared.identity
    }

    /// Where the log ends.
    #[must_use]
    pub fn head(&self) -> Head {
        self.tail.head
    }

    /// An empty group on top of the head.
    #[must_use]
    pub fn group(&self) -> Group {
        let mut recycled = self.recycled.lock().unwrap_or_else(PoisonError::into_inner);
        let mut group = recycled.take().unwrap_or_default();
        group.begin(&self.tail.head);
        group
    }

    /// A reader of what is committed. It outlives this handle.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader::new(Arc::clone(&self.shared))
    }

    /// Hands over the indexes that readers found damaged and made again.
    fn seal_healed(&mut self) {
        for seal in self.shared.take_healed() {
            self.tidy.seal(seal);
        }
    }

    /// Ends it in order: seals what is to be sealed and says in the watermark that the log
    /// ends here, so that the next open knows of anything that is missing.
    ///
    /// # Errors
    ///
    /// `Io` or `Full`; every committed record is safe nevertheless.
    pub fn close(mut self) -> Result<(), Error> {
        self.seal_healed();
        self.tail.settle(&mut self.tidy)?;
        self.tidy.finish(&self.shared)?;
        self.tail.levels.sync().map_err(|error| Error::io(TILES, 0, error))?;
        self.tail.watermark.close(&self.tail.head).map_err(|error| Error::io(WATERMARK, 0, error))
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").field("head", &self.tail.head).finish_non_exhaustive()
    }
}

fn check(identity: &Identity) -> Result<(), Malformed> {
    let origin = &identity.origin;
    if origin.is_empty() || origin.len() > MAX_ORIGIN {
        return Err(Malformed::new("an origin has 1 to 255 bytes"));
    }
    if origin.chars().any(char::is_control) {
        return Err(Malformed::new("an origin has no control characters"));
    }
    Ok(())
}

fn lock(backend: &dyn Backend) -> Result<Box<dyn Send + Sync>, Error> {
    backend.lock(LOCK).map_err(|error| match error {
        LockError::Held { pid } => Error::Locked { pid },
        LockError::Io(error) => Error::io(LOCK, 0, error),
    })
}

/// Opens `path` to write, making it if it is not there.
fn open_or_create(backend: &dyn Backend, path: &str) -> std::io::Result<Arc<dyn crate::backend::File>> {
    match backend.open(path, Mode::Write) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => backend.open(path, Mode::Create),
        opened => opened,
    }
}

//! Kept checkpoints: the signed notes that receipts rest on, in `log/checkpoints`.
//!
//! Invariant: they are truth, not index. Each is synced before anybody has seen what rests
//! on it, their sizes only grow, and none tells of more records than the log has. So the
//! smallest one that covers a record is the same for ever. It must not know keys: whoever
//! hands in a note has signed it, and whoever reads one checks it.
//!
//! ```text
//! entry, one behind another from 0, zeros behind the last
//!   0  4  magic "PBc1"            14  n  the signed note
//!   4  8  size in records       14+n  4  CRC-32 of everything before
//!  12  2  length n of the note
//! ```

use std::fmt;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use super::{Log, Reader};
use crate::backend::{Backend, File, Mode};
use crate::error::{Error, Malformed};
use crate::format::{Cursor, put};
use crate::note::SignedCheckpoint;

/// Path of the kept checkpoints.
pub(crate) const CHECKPOINTS: &str = "log/checkpoints";
/// The file grows by this many zeros at a time: a sync of what is written over them writes
/// no metadata.
const STEP: u64 = 64 << 10;
const MAGIC: &[u8; 4] = b"PBc1";
const HEAD: usize = 14;
/// Longest note that is kept: an origin, some signatures.
const MAX_KEPT: usize = 16 << 10;

/// A checkpoint as it was kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptCheckpoint {
    /// How many records it is of.
    pub size: u64,
    /// The signed note, as it was handed in.
    pub note: Vec<u8>,
}

impl KeptCheckpoint {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut entry = Vec::with_capacity(HEAD + self.note.len() + 4);
        entry.extend_from_slice(MAGIC);
        put::u64(&mut entry, self.size);
        entry.extend_from_slice(&(self.note.len() as u16).to_be_bytes());
        entry.extend_from_slice(&self.note);
        let checksum = crc32fast::hash(&entry);
        put::u32(&mut entry, checksum);
        entry
    }

    /// The entry at the front of `bytes`, and its length; `None` when it does not hold.
    pub(crate) fn decode(bytes: &[u8]) -> Option<(Self, usize)> {
        let mut fields = Cursor::new(bytes);
        if fields.take(4)? != MAGIC {
            return None;
        }
        let size = fields.u64()?;
        let length = usize::from(u16::from_be_bytes(fields.array()?));
        let note = fields.take(length)?.to_vec();
        let end = HEAD + length;
        let holds = length <= MAX_KEPT && fields.u32()? == crc32fast::hash(&bytes[..end]);
        holds.then_some((Self { size, note }, end + 4))
    }
}

/// Where an entry stands.
#[derive(Clone, Copy)]
struct Place {
    size: u64,
    at: u64,
    length: u32,
}

/// The kept checkpoints, to be read. Cheap to clone, usable from many threads.
#[derive(Clone)]
pub struct Kept {
    places: Arc<RwLock<Vec<Place>>>,
    file: Arc<RwLock<Option<Arc<dyn File>>>>,
}

impl Kept {
    /// The smallest checkpoint that covers the record `sequence`; none if none does yet.
    ///
    /// # Errors
    ///
    /// `Io` and `Damaged`.
    pub fn covering(&self, sequence: u64) -> Result<Option<KeptCheckpoint>, Error> {
        let place = {
            let places = self.places.read().unwrap_or_else(PoisonError::into_inner);
            let index = places.partition_point(|place| place.size <= sequence);
            places.get(index).copied()
        };
        place.map(|place| self.read(place)).transpose()
    }

    /// Whether one of them covers the record `sequence`.
    #[must_use]
    pub fn covers(&self, sequence: u64) -> bool {
        self.last_size() > sequence
    }

    /// The checkpoint of exactly `size` records.
    ///
    /// # Errors
    ///
    /// `Io` and `Damaged`.
    pub fn at(&self, size: u64) -> Result<Option<KeptCheckpoint>, Error> {
        let Some(sequence) = size.checked_sub(1) else { return Ok(None) };
        Ok(self.covering(sequence)?.filter(|kept| kept.size == size))
    }

    /// The largest of them.
    ///
    /// # Errors
    ///
    /// `Io` and `Damaged`.
    pub fn newest(&self) -> Result<Option<KeptCheckpoint>, Error> {
        let place = self.places.read().unwrap_or_else(PoisonError::into_inner).last().copied();
        place.map(|place| self.read(place)).transpose()
    }

    /// Their sizes, ascending.
    #[must_use]
    pub fn sizes(&self) -> Vec<u64> {
        let places = self.places.read().unwrap_or_else(PoisonError::into_inner);
        places.iter().map(|place| place.size).collect()
    }

    fn read(&self, place: Place) -> Result<KeptCheckpoint, Error> {
        let file = self.file.read().unwrap_or_else(PoisonError::into_inner).clone();
        let damaged = || damaged(place.at, place.size, "a kept checkpoint does not hold any more");
        let mut bytes = vec![0; place.length as usize];
        let file = file.ok_or_else(damaged)?;
        let read = file.read_at(&mut bytes, place.at);
        let count = read.map_err(|error| Error::io(CHECKPOINTS, place.at, error))?;
        let entry = KeptCheckpoint::decode(&bytes[..count]).ok_or_else(damaged)?;
        Ok(entry.0).and_then(|entry| if entry.size == place.size { Ok(entry) } else { Err(damaged()) })
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = self.places.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("Kept").field("count", &places.len()).finish_non_exhaustive()
    }
}

/// The kept checkpoints, to be added to. There is one, beside the open [`Log`].
pub struct Checkpoints {
    backend: Arc<dyn Backend>,
    reader: Reader,
    kept: Kept,
    /// Where the next entry goes.
    end: u64,
    /// Length of the file: zeros up to there.
    room: u64,
    /// A write or sync failed: what the disk has is known after the next open only.
    poisoned: bool,
}

impl Checkpoints {
    /// Opens what is kept for `log`. `clean` says that the last run ended with a close; if it
    /// did not, an entry at the very end that does not hold is one whose keeping was cut
    /// short, which nobody has seen: it is cut off.
    ///
    /// # Errors
    ///
    /// `Damaged` when something does not hold that no crash leaves behind, or when a
    /// checkpoint tells of records that the log does not have, or has otherwise: then the log
    /// was rolled back or rewritten. `Io` as the system says.
    pub fn open(log: &Log, clean: bool) -> Result<Self, Error> {
        let backend = Arc::clone(&log.shared.backend);
        let reader = log.reader();
        let io = |error| Error::io(CHECKPOINTS, 0, error);
        let file = match backend.open(CHECKPOINTS, Mode::Write) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(io(error)),
        };
        let mut places = Vec::new();
        let (mut end, mut room) = (0, 0);
        if let Some(file) = &file {
            if !clean {
                // The cache may hold what the disk never got.
                file.sync().and_then(|()| file.evict()).map_err(io)?;
            }
            let bytes = whole(&**file).map_err(io)?;
            room = bytes.len() as u64;
            let scanned = scan(&bytes);
            if let Some(fault) = scanned.fault.as_ref().filter(|fault| clean || !fault.torn) {
                return Err(damaged(fault.at, scanned.size(), fault.rule));
            }
            end = scanned.end;
            if bytes[end as usize..].iter().any(|byte| *byte != 0) {
                let zeros = vec![0; bytes.len() - end as usize];
                file.write_at(&zeros, end).and_then(|()| file.sync()).map_err(io)?;
            }
            places = scanned.places;
            hold_to(&reader, scanned.newest.as_ref(), end)?;
        }
        let kept = Kept { places: Arc::new(RwLock::new(places)), file: Arc::new(RwLock::new(file)) };
        Ok(Self { backend, reader, kept, end, room, poisoned: false })
    }

    /// What is kept, for readers.
    #[must_use]
    pub fn kept(&self) -> Kept {
        self.kept.clone()
    }

    /// Keeps a signed checkpoint: when this returns `Ok`, no power loss takes it away.
    ///
    /// # Errors
    ///
    /// `Refused` when the note is none of this ledger at its committed size, or not larger
    /// than the last; `Full` when there is no room (nothing was kept, and it may be tried
    /// again); `Io` when it is not known whether it is kept: from then on nothing is kept any
    /// more until the next open.
    pub fn keep(&mut self, note: &[u8]) -> Result<KeptCheckpoint, Error> {
        if self.poisoned {
            let gone = io::Error::other("an earlier write of a checkpoint failed; a restart recovers it");
            return Err(Error::io(CHECKPOINTS, self.end, gone));
        }
        let entry = self.check(note)?;
        let bytes = entry.encode();
        let file = self.make_room(bytes.len() as u64)?;
        let written = file.write_at(&bytes, self.end).and_then(|()| file.sync());
        if let Err(error) = written {
            self.poisoned = true;
            return Err(Error::io(CHECKPOINTS, self.end, error));
        }
        let place = Place { size: entry.size, at: self.end, length: bytes.len() as u32 };
        self.kept.places.write().unwrap_or_else(PoisonError::into_inner).push(place);
        self.end += bytes.len() as u64;
        Ok(entry)
    }

    fn check(&self, note: &[u8]) -> Result<KeptCheckpoint, Error> {
        if note.len() > MAX_KEPT {
            return Err(Malformed::new("the checkpoint is longer than 16 KiB").into());
        }
        let checkpoint = SignedCheckpoint::parse(note)?.checkpoint;
        if checkpoint.origin != self.reader.identity().origin {
            return Err(Malformed::new("the checkpoint is another ledger's").into());
        }
        if self.kept.last_size() >= checkpoint.size {
            return Err(Malformed::new("a checkpoint of this size or a larger one is kept").into());
        }
        if self.reader.root(checkpoint.size)? != checkpoint.root {
            return Err(Malformed::new("the checkpoint has another root than the log").into());
        }
        Ok(KeptCheckpoint { size: checkpoint.size, note: note.to_vec() })
    }

    /// The file, with room for `length` bytes more.
    fn make_room(&mut self, length: u64) -> Result<Arc<dyn File>, Error> {
        let there = self.kept.file.read().unwrap_or_else(PoisonError::into_inner).clone();
        let file = match there {
            Some(file) => file,
            None => self.create().map_err(|error| Error::room(CHECKPOINTS, 0, error))?,
        };
        if self.end + length > self.room {
            let more = (self.end + length - self.room).next_multiple_of(STEP);
            let zeros = vec![0; more as usize];
            let grown = file.write_at(&zeros, self.room).and_then(|()| file.sync());
            if let Err(error) = grown {
                // Nothing of what is kept is touched: the zeros stand behind it.
                let undone = file.set_length(self.room).and_then(|()| file.sync());
                self.poisoned = undone.is_err() || !Error::is_room(&error);
                return Err(Error::room(CHECKPOINTS, self.room, error));
            }
            self.room += more;
        }
        Ok(file)
    }

    fn create(&self) -> io::Result<Arc<dyn File>> {
        let file = self.backend.open(CHECKPOINTS, Mode::Create)?;
        self.backend.sync_dir("log")?;
        *self.kept.file.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&file));
        Ok(file)
    }
}

impl Kept {
    fn last_size(&self) -> u64 {
        let places = self.places.read().unwrap_or_else(PoisonError::into_inner);
        places.last().map_or(0, |place| place.size)
    }
}

impl fmt::Debug for Checkpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checkpoints").field("kept", &self.kept).finish_non_exhaustive()
    }
}

/// What does not hold, and whether a crash may have left it.
pub(crate) struct Fault {
    pub(crate) at: u64,
    pub(crate) rule: &'static str,
    pub(crate) torn: bool,
}

/// A file of kept checkpoints, as found.
pub(crate) struct Scanned {
    places: Vec<Place>,
    pub(crate) newest: Option<KeptCheckpoint>,
    /// Where the entries that hold end.
    pub(crate) end: u64,
    pub(crate) fault: Option<Fault>,
}

impl Scanned {
    fn size(&self) -> u64 {
        self.newest.as_ref().map_or(0, |kept| kept.size)
    }

    /// Every entry that holds.
    pub(crate) fn entries<'a>(&'a self, bytes: &'a [u8]) -> impl Iterator<Item = (u64, KeptCheckpoint)> + 'a {
        self.places.iter().filter_map(|place| {
            let bytes = bytes.get(place.at as usize..)?;
            KeptCheckpoint::decode(bytes).map(|(entry, _)| (place.at, entry))
        })
    }
}

/// Walks the entries of a file.
pub(crate) fn scan(bytes: &[u8]) -> Scanned {
    let mut scanned = Scanned { places: Vec::new(), newest: None, end: 0, fault: None };
    let mut at = 0;
    while let Some((entry, length)) = KeptCheckpoint::decode(&bytes[at..]) {
        if entry.size <= scanned.size() {
            let rule = "a kept checkpoint is not larger than the one before";
            scanned.fault = Some(Fault { at: at as u64, rule, torn: false });
            return scanned;
        }
        scanned.places.push(Place { size: entry.size, at: at as u64, length: length as u32 });
        scanned.newest = Some(entry);
        at += length;
        scanned.end = at as u64;
    }
    let rest = &bytes[at..];
    if rest.iter().any(|byte| *byte != 0) {
        // One entry is kept at a time: behind one that was torn there is none.
        let later = rest.windows(4).enumerate().skip(1);
        let mut later = later.filter(|(_, four)| four == MAGIC);
        let follows = later.any(|(place, _)| KeptCheckpoint::decode(&rest[place..]).is_some());
        let rule = "a kept checkpoint does not hold";
        scanned.fault = Some(Fault { at: at as u64, rule, torn: !follows });
    }
    scanned
}

/// The whole file.
pub(crate) fn whole(file: &dyn File) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(file.length()?).map_err(io::Error::other)?];
    let count = file.read_at(&mut bytes, 0)?;
    bytes.truncate(count);
    Ok(bytes)
}

/// The log must still be the one that the newest kept checkpoint was signed over.
fn hold_to(reader: &Reader, newest: Option<&KeptCheckpoint>, end: u64) -> Result<(), Error> {
    let Some(newest) = newest else { return Ok(()) };
    let checkpoint = SignedCheckpoint::parse(&newest.note)?.checkpoint;
    if checkpoint.size != newest.size || checkpoint.origin != reader.identity().origin {
        return Err(damaged(end, newest.size, "a kept checkpoint is another ledger's"));
    }
    if newest.size > reader.head().size {
        return Err(damaged(end, newest.size, "the log has fewer records than a kept checkpoint tells of"));
    }
    if reader.root(newest.size)? != checkpoint.root {
        return Err(damaged(end, newest.size, "the log has another root than a kept checkpoint"));
    }
    Ok(())
}

fn damaged(offset: u64, sequence: u64, rule: &'static str) -> Error {
    Error::Damaged { file: CHECKPOINTS.to_owned(), offset, sequence, rule }
}

//! The files of the Merkle tree's levels: hash i of level L at byte 32·i of
//! `public/tile/<L>`, so that a tile is a range of bytes.
//!
//! Invariant: they are derived; nothing is recorded here that the log does not say, and
//! whoever reads them checks what follows against a root that is known otherwise. They must
//! not hold up a commit: what cannot be written is kept for the next time.

use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use crate::backend::{Backend, File, Mode};
use crate::format::digest::Digest;
use crate::merkle::range::{self, Range, TILE_HEIGHT};

/// Directory of the level files.
pub(crate) const TILES: &str = "public/tile";
const HASH: usize = 32;

/// Path of one level's file.
pub(crate) fn path(level: usize) -> String {
    format!("{TILES}/{level}")
}

/// The level files, open to read.
#[derive(Default)]
pub(crate) struct LevelFiles(RwLock<Vec<Arc<dyn File>>>);

impl LevelFiles {
    /// Opens those that are there, lowest first.
    pub(crate) fn open(backend: &dyn Backend, mode: Mode) -> io::Result<Self> {
        let mut files = Vec::new();
        loop {
            match backend.open(&path(files.len()), mode) {
                Ok(file) => files.push(file),
                Err(error) if error.kind() == io::ErrorKind::NotFound => break,
                Err(error) => return Err(error),
            }
        }
        Ok(Self(RwLock::new(files)))
    }

    /// Puts them on stable storage, and drops what only memory holds of them: after a sync
    /// that failed the system may have clean pages that the disk never got.
    pub(super) fn settle(&self) -> io::Result<()> {
        let files = self.0.read().unwrap_or_else(PoisonError::into_inner);
        files.iter().try_for_each(|file| file.sync().and_then(|()| file.evict()))
    }

    pub(crate) fn file(&self, level: usize) -> Option<Arc<dyn File>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(level).cloned()
    }

    /// `count` hashes of `level` from `index` on; fewer where the file ends.
    pub(crate) fn hashes(&self, level: usize, index: u64, count: usize) -> io::Result<Vec<Digest>> {
        let mut bytes = Vec::new();
        self.read(level, index, count, &mut bytes)?;
        let (hashes, _) = bytes.as_chunks::<HASH>();
        Ok(hashes.iter().copied().map(Digest).collect())
    }

    /// As [`Self::hashes`], and puts their bytes into `into` in place of what it held.
    pub(crate) fn read(&self, level: usize, index: u64, count: usize, into: &mut Vec<u8>) -> io::Result<()> {
        into.resize(count * HASH, 0);
        // Whoever asks may have the index from a damaged segment: no file reaches that far.
        let read = match self.file(level).zip(index.checked_mul(HASH as u64)) {
            Some((file, at)) => file.read_at(into, at)?,
            None => 0,
        };
        into.truncate(read);
        Ok(())
    }

    /// The root of the perfect subtree of 2^`height` leaves from `first` on; `None` where a
    /// file is too short.
    pub(crate) fn subtree(&self, first: u64, height: u32) -> io::Result<Option<Digest>> {
        let level = height / TILE_HEIGHT;
        let count = 1 << (height % TILE_HEIGHT);
        let hashes = self.hashes(level as usize, first >> (TILE_HEIGHT * level), count)?;
        Ok((hashes.len() == count).then(|| range::fold(hashes)))
    }

    /// Whether the files give the nodes of `range`.
    pub(crate) fn agree(&self, range: &Range) -> io::Result<bool> {
        for ((first, height), node) in range::subtrees(0, range.size()).zip(range.nodes()) {
            if self.subtree(first, height)? != Some(*node) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The level files, open to be extended.
pub(super) struct Levels {
    backend: Arc<dyn Backend>,
    files: Arc<LevelFiles>,
    /// Per level: where the next hash goes, and what is not written yet.
    ends: Vec<(u64, Vec<u8>)>,
}

impl Levels {
    /// Goes on after the first `size` leaves.
    pub(super) fn new(backend: Arc<dyn Backend>, files: Arc<LevelFiles>, size: u64) -> Self {
        let complete = (0..8).map(|level| size >> (TILE_HEIGHT * level));
        let ends = complete.take_while(|count| *count > 0).map(|count| (count * HASH as u64, Vec::new()));
        Self { backend, files, ends: ends.collect() }
    }

    /// A hash of a level is complete.
    pub(super) fn form(&mut self, level: u32, hash: Digest) {
        let level = level as usize;
        if level == self.ends.len() {
            self.ends.push((0, Vec::new()));
        }
        self.ends[level].1.extend_from_slice(&hash.0);
    }

    /// Writes what is not written yet, unsynced.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        for (level, (at, pending)) in self.ends.iter_mut().enumerate() {
            if pending.is_empty() {
                continue;
            }
            let file = match self.files.file(level) {
                Some(file) => file,
                None => add(&*self.backend, &self.files, level)?,
            };
            file.write_at(pending, *at)?;
            *at += pending.len() as u64;
            pending.clear();
        }
        Ok(())
    }

    /// Whether everything is written.
    pub(super) fn settled(&self) -> bool {
        self.ends.iter().all(|(_, pending)| pending.is_empty())
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        sync(&*self.backend)
    }

    /// Cuts off what an earlier run wrote for records that were never committed.
    pub(super) fn trim(&self) -> io::Result<()> {
        for name in self.backend.list(TILES)? {
            let path = format!("{TILES}/{name}");
            let level = name.parse::<usize>().ok().and_then(|level| self.ends.get(level));
            match level {
                None => self.backend.remove(&path)?,
                Some((length, _)) => {
                    let file = self.backend.open(&path, Mode::Write)?;
                    if file.length()? > *length {
                        file.set_length(*length)?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn add(backend: &dyn Backend, files: &LevelFiles, level: usize) -> io::Result<Arc<dyn File>> {
    let file = super::open_or_create(backend, &path(level))?;
    let mut files = files.0.write().unwrap_or_else(PoisonError::into_inner);
    files.push(Arc::clone(&file));
    Ok(file)
}

/// Puts all level files on stable storage.
fn sync(backend: &dyn Backend) -> io::Result<()> {
    sync_all(backend, &all(backend)?)
}

/// All level files, open to be synced.
pub(super) fn all(backend: &dyn Backend) -> io::Result<Vec<Arc<dyn File>>> {
    let names = backend.list(TILES)?;
    names.iter().map(|name| backend.open(&format!("{TILES}/{name}"), Mode::Write)).collect()
}

/// Puts `files` and their names on stable storage. Once this has failed, it must not be
/// tried again before the levels were written anew.
pub(super) fn sync_all(backend: &dyn Backend, files: &[Arc<dyn File>]) -> io::Result<()> {
    files.iter().try_for_each(|file| file.sync())?;
    backend.sync_dir(TILES)
}

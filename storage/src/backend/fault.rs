//! Faults on purpose: a backend that fails where it is told to.
//!
//! Invariant: but for the one act that fails it keeps the contract of what it stands before.
//! It must not know what the files mean.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Backend, File, LockError, Mode};

/// What a script can make fail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// [`File::write_at`].
    Write,
    /// [`File::sync`].
    Sync,
    /// [`Backend::sync_dir`].
    SyncDir,
    /// [`Backend::open`] with [`Mode::Create`].
    Create,
    /// [`Backend::rename`].
    Rename,
    /// [`Backend::remove`].
    Remove,
    /// [`File::set_length`].
    Length,
    /// [`File::reserve`].
    Reserve,
    /// [`File::evict`].
    Evict,
}

impl Act {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Write,
        Self::Sync,
        Self::SyncDir,
        Self::Create,
        Self::Rename,
        Self::Remove,
        Self::Length,
        Self::Reserve,
        Self::Evict,
    ];
}

/// How it fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// With this kind of error, and without effect.
    Error(io::ErrorKind),
    /// A write that does the first half, and then finds no room; of other acts, no room.
    Short,
}

/// Which act fails, and how.
#[derive(Debug)]
pub(super) struct Script {
    act: Act,
    pub(super) fault: Fault,
    /// The occurrence, from 1, that fails; later ones succeed again unless `lasting`.
    nth: u64,
    lasting: bool,
    seen: AtomicU64,
}

impl Script {
    pub(super) const fn new(act: Act, nth: u64, fault: Fault, lasting: bool) -> Self {
        Self { act, fault, nth, lasting, seen: AtomicU64::new(0) }
    }

    pub(super) fn struck(&self) -> bool {
        self.seen.load(Ordering::SeqCst) >= self.nth
    }

    /// Lets one act through, or fails it.
    pub(super) fn check(&self, act: Act) -> io::Result<()> {
        match self.strikes(act) {
            None => Ok(()),
            Some(Fault::Error(kind)) => Err(kind.into()),
            Some(Fault::Short) => Err(io::ErrorKind::StorageFull.into()),
        }
    }

    fn strikes(&self, act: Act) -> Option<Fault> {
        if act != self.act {
            return None;
        }
        let seen = self.seen.fetch_add(1, Ordering::SeqCst) + 1;
        (seen == self.nth || (self.lasting && seen > self.nth)).then_some(self.fault)
    }
}

/// Another backend, with one act that fails.
#[derive(Clone)]
pub struct FaultBackend {
    inner: Arc<dyn Backend>,
    script: Arc<Script>,
}

impl FaultBackend {
    /// Lets the `nth` (from 1) `act` on `inner` fail with `fault`; all after it too, if
    /// `lasting`.
    #[must_use]
    pub fn new(inner: Arc<dyn Backend>, act: Act, nth: u64, fault: Fault, lasting: bool) -> Self {
        Self { inner, script: Arc::new(Script::new(act, nth, fault, lasting)) }
    }

    /// Whether the fault has struck.
    #[must_use]
    pub fn struck(&self) -> bool {
        self.script.struck()
    }
}

impl Backend for FaultBackend {
    fn open(&self, path: &str, mode: Mode) -> io::Result<Arc<dyn File>> {
        if mode == Mode::Create {
            self.script.check(Act::Create)?;
        }
        let inner = self.inner.open(path, mode)?;
        Ok(Arc::new(FaultFile { inner, script: Arc::clone(&self.script) }))
    }

    fn list(&self, path: &str) -> io::Result<Vec<String>> {
        self.inner.list(path)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.script.check(Act::Rename)?;
        self.inner.rename(from, to)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.script.check(Act::Remove)?;
        self.inner.remove(path)
    }

    fn make_dir(&self, path: &str) -> io::Result<()> {
        self.inner.make_dir(path)
    }

    fn sync_dir(&self, path: &str) -> io::Result<()> {
        self.script.check(Act::SyncDir)?;
        self.inner.sync_dir(path)
    }

    fn lock(&self, path: &str) -> Result<Box<dyn Send + Sync>, LockError> {
        self.inner.lock(path)
    }
}

struct FaultFile {
    inner: Arc<dyn File>,
    script: Arc<Script>,
}

impl File for FaultFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.inner.read_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let struck = self.script.check(Act::Write);
        if struck.is_err() && self.script.fault == Fault::Short {
            self.inner.write_at(&bytes[..bytes.len() / 2], offset)?;
        }
        struck?;
        self.inner.write_at(bytes, offset)
    }

    fn length(&self) -> io::Result<u64> {
        self.inner.length()
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.script.check(Act::Length)?;
        self.inner.set_length(length)
    }

    fn reserve(&self, length: u64) -> io::Result<()> {
        self.script.check(Act::Reserve)?;
        self.inner.reserve(length)
    }

    fn sync(&self) -> io::Result<()> {
        self.script.check(Act::Sync)?;
        self.inner.sync()
    }

    fn evict(&self) -> io::Result<()> {
        self.script.check(Act::Evict)?;
        self.inner.evict()
    }
}

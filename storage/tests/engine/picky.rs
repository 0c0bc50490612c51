//! A backend that asks a rule before it does anything, so that one act on one file can fail.

use std::io;
use std::sync::Arc;

use storage::Backend;
use storage::backend::{File, LockError, Mode};

/// What is about to be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Act {
    Create,
    Write,
    Sync,
    SyncDir,
    Rename,
    Reserve,
}

type Rule = dyn Fn(Act, &str) -> io::Result<()> + Send + Sync;

/// Another backend behind a rule. A write that fails has done its first half.
#[derive(Clone)]
pub(crate) struct Picky {
    inner: Arc<dyn Backend>,
    rule: Arc<Rule>,
}

impl Picky {
    pub(crate) fn new(
        inner: &Arc<dyn Backend>,
        rule: impl Fn(Act, &str) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self { inner: Arc::clone(inner), rule: Arc::new(rule) }
    }

    /// Fails, with this kind, the first time that `act` is done to a path ending in `suffix`
    /// while `armed`.
    pub(crate) fn once(
        inner: &Arc<dyn Backend>,
        armed: &Arc<std::sync::atomic::AtomicBool>,
        (act, suffix): (Act, &'static str),
        kind: io::ErrorKind,
    ) -> Arc<dyn Backend> {
        let armed = Arc::clone(armed);
        Arc::new(Self::new(inner, move |done, path| {
            let strikes = done == act && path.ends_with(suffix);
            let strikes = strikes && armed.swap(false, std::sync::atomic::Ordering::SeqCst);
            if strikes { Err(kind.into()) } else { Ok(()) }
        }))
    }
}

struct PickyFile {
    inner: Arc<dyn File>,
    rule: Arc<Rule>,
    path: String,
}

impl File for PickyFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.inner.read_at(buffer, offset)
    }
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let allowed = (self.rule)(Act::Write, &self.path);
        if allowed.is_err() {
            self.inner.write_at(&bytes[..bytes.len() / 2], offset)?;
        }
        allowed?;
        self.inner.write_at(bytes, offset)
    }
    fn length(&self) -> io::Result<u64> {
        self.inner.length()
    }
    fn set_length(&self, length: u64) -> io::Result<()> {
        self.inner.set_length(length)
    }
    fn reserve(&self, length: u64) -> io::Result<()> {
        (self.rule)(Act::Reserve, &self.path)?;
        self.inner.reserve(length)
    }
    fn sync(&self) -> io::Result<()> {
        (self.rule)(Act::Sync, &self.path)?;
        self.inner.sync()
    }
    fn evict(&self) -> io::Result<()> {
        self.inner.evict()
    }
}

impl Backend for Picky {
    fn open(&self, path: &str, mode: Mode) -> io::Result<Arc<dyn File>> {
        if mode == Mode::Create {
            (self.rule)(Act::Create, path)?;
        }
        let inner = self.inner.open(path, mode)?;
        Ok(Arc::new(PickyFile { inner, rule: Arc::clone(&self.rule), path: path.to_owned() }))
    }
    fn list(&self, path: &str) -> io::Result<Vec<String>> {
        self.inner.list(path)
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        (self.rule)(Act::Rename, to)?;
        self.inner.rename(from, to)
    }
    fn remove(&self, path: &str) -> io::Result<()> {
        self.inner.remove(path)
    }
    fn make_dir(&self, path: &str) -> io::Result<()> {
        self.inner.make_dir(path)
    }
    fn sync_dir(&self, path: &str) -> io::Result<()> {
        (self.rule)(Act::SyncDir, path)?;
        self.inner.sync_dir(path)
    }
    fn lock(&self, path: &str) -> Result<Box<dyn Send + Sync>, LockError> {
        self.inner.lock(path)
    }
}

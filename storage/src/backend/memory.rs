//! Files in memory, for tests and examples.
//!
//! Invariant: it keeps the contract, but nothing outlives the process. It must not know
//! what the files mean.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::{Backend, File, LockError, Mode};

/// Files in memory. Clones share the same files.
#[derive(Clone, Debug, Default)]
pub struct MemoryBackend {
    files: Arc<Mutex<BTreeMap<String, MemoryFile>>>,
    locks: Arc<Mutex<BTreeSet<String>>>,
}

impl MemoryBackend {
    /// No files yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Every file with its bytes.
    #[must_use]
    pub fn dump(&self) -> BTreeMap<String, Vec<u8>> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.iter().map(|(path, file)| (path.clone(), file.snapshot())).collect()
    }

    /// Files with the bytes given, as [`MemoryBackend::dump`] returns them.
    #[must_use]
    pub fn restore(dump: &BTreeMap<String, Vec<u8>>) -> Self {
        let backend = Self::new();
        for (path, bytes) in dump {
            backend.put(path, bytes.clone());
        }
        backend
    }

    /// Gives the file `path` the bytes given, making it if it is not there.
    pub fn put(&self, path: &str, bytes: Vec<u8>) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.insert(path.to_owned(), MemoryFile(Arc::new(RwLock::new(bytes))));
    }
}

fn missing(path: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("{path} is not there"))
}

impl Backend for MemoryBackend {
    fn open(&self, path: &str, mode: Mode) -> io::Result<Arc<dyn File>> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match files.get(path) {
            Some(file) => file.clone(),
            None if mode == Mode::Create => files.entry(path.to_owned()).or_default().clone(),
            None => return Err(missing(path)),
        };
        if mode == Mode::Create {
            file.set_length(0)?;
        }
        Ok(Arc::new(file))
    }

    fn list(&self, path: &str) -> io::Result<Vec<String>> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let below = if path.is_empty() { String::new() } else { format!("{path}/") };
        let names: BTreeSet<&str> = files
            .keys()
            .filter_map(|name| name.strip_prefix(&below))
            .map(|rest| rest.split_once('/').map_or(rest, |(directory, _)| directory))
            .collect();
        Ok(names.into_iter().map(str::to_owned).collect())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let file = files.remove(from).ok_or_else(|| missing(from))?;
        files.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.remove(path).map(|_| ()).ok_or_else(|| missing(path))
    }

    fn make_dir(&self, _path: &str) -> io::Result<()> {
        Ok(())
    }

    fn sync_dir(&self, _path: &str) -> io::Result<()> {
        Ok(())
    }

    fn lock(&self, path: &str) -> Result<Box<dyn Send + Sync>, LockError> {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        if !locks.insert(path.to_owned()) {
            return Err(LockError::Held { pid: std::process::id() });
        }
        Ok(Box::new(MemoryLock { path: path.to_owned(), locks: Arc::clone(&self.locks) }))
    }
}

struct MemoryLock {
    path: String,
    locks: Arc<Mutex<BTreeSet<String>>>,
}

impl Drop for MemoryLock {
    fn drop(&mut self) {
        self.locks.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.path);
    }
}

#[derive(Clone, Debug, Default)]
struct MemoryFile(Arc<RwLock<Vec<u8>>>);

impl MemoryFile {
    fn snapshot(&self) -> Vec<u8> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl File for MemoryFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let bytes = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Ok(read_slice(&bytes, buffer, offset))
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut content = self.0.write().unwrap_or_else(PoisonError::into_inner);
        write_vec(&mut content, bytes, offset);
        Ok(())
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.0.read().unwrap_or_else(PoisonError::into_inner).len() as u64)
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        let mut content = self.0.write().unwrap_or_else(PoisonError::into_inner);
        content.resize(index(length), 0);
        Ok(())
    }

    fn reserve(&self, _length: u64) -> io::Result<()> {
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn evict(&self) -> io::Result<()> {
        Ok(())
    }
}

fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

/// Copies what `content` has at `offset` into `buffer`.
pub(super) fn read_slice(content: &[u8], buffer: &mut [u8], offset: u64) -> usize {
    let rest = content.get(index(offset)..).unwrap_or_default();
    let count = rest.len().min(buffer.len());
    buffer[..count].copy_from_slice(&rest[..count]);
    count
}

/// Writes `bytes` into `content` at `offset`, extending it with zeros where needed.
pub(super) fn write_vec(content: &mut Vec<u8>, bytes: &[u8], offset: u64) {
    let start = index(offset);
    let end = start + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[start..end].copy_from_slice(bytes);
}

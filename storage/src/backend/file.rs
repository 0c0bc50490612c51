//! Files in a directory of the operating system.
//!
//! Invariant: one call here is one call there; nothing is buffered in between. A directory
//! that was made or synced stays open: a name that was given must not go unsynced because
//! descriptors have run out since. It must not know what the files mean.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::{Backend, File, LockError, Mode};

/// How often a lock file is read for its holder's pid, and the pause between: a second in all, which a process needs
/// for two system calls on the busiest of machines.
const LOOKS: usize = 100;
const LOOK: Duration = Duration::from_millis(10);

/// Files below one directory. Clones share the directories they hold open.
#[derive(Clone, Debug)]
pub struct FileBackend {
    root: PathBuf,
    directories: Arc<Mutex<BTreeMap<String, Arc<fs::File>>>>,
}

impl FileBackend {
    /// The files below `root`, which need not exist yet.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), directories: Arc::default() }
    }

    fn path(&self, path: &str) -> PathBuf {
        if path.is_empty() { self.root.clone() } else { self.root.join(path) }
    }

    fn held(&self, path: &str) -> Option<Arc<fs::File>> {
        self.directories.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }

    fn hold(&self, path: &str) -> io::Result<Arc<fs::File>> {
        let directory = Arc::new(fs::File::open(self.path(path))?);
        let mut directories = self.directories.lock().unwrap_or_else(PoisonError::into_inner);
        directories.insert(path.to_owned(), Arc::clone(&directory));
        Ok(directory)
    }
}

impl Backend for FileBackend {
    fn open(&self, path: &str, mode: Mode) -> io::Result<Arc<dyn File>> {
        let file = OpenOptions::new()
            .read(true)
            .write(mode != Mode::Read)
            .create(mode == Mode::Create)
            .truncate(mode == Mode::Create)
            .open(self.path(path))?;
        Ok(Arc::new(SystemFile(file)))
    }

    fn list(&self, path: &str) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(self.path(path)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut names = Vec::new();
        for entry in entries {
            // A name that is not UTF-8 is none of ours.
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        fs::remove_file(self.path(path))
    }

    fn make_dir(&self, path: &str) -> io::Result<()> {
        let made = self.path(path);
        fs::create_dir_all(&made)?;
        // The name of the ledger's own directory stands in one that nobody else syncs.
        if made == self.root {
            let parent = made.parent().filter(|parent| !parent.as_os_str().is_empty());
            fs::File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
        }
        // Anew, even if it is held: what is held may be one that was removed meanwhile.
        self.hold(path)?;
        Ok(())
    }

    fn sync_dir(&self, path: &str) -> io::Result<()> {
        let directory = match self.held(path) {
            Some(directory) => directory,
            None => self.hold(path)?,
        };
        directory.sync_all()
    }

    fn lock(&self, path: &str) -> Result<Box<dyn Send + Sync>, LockError> {
        let path = self.path(path);
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LockError::Held { pid: holder(&mut file)? }),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        // The pid is for people; the lock itself is the kernel's and dies with its holder.
        file.set_len(0)?;
        file.write_all(format!("{}\n", std::process::id()).as_bytes())?;
        Ok(Box::new(file))
    }
}

/// Who holds a lock file. Its holder has the lock a moment before it has written its pid over that of the one before,
/// who may be long dead: a pid that nobody has is looked at again, until the holder must have written its own.
fn holder(file: &mut fs::File) -> io::Result<u32> {
    let mut pid = 0;
    for _ in 0..LOOKS {
        let mut text = String::new();
        file.rewind()?;
        file.read_to_string(&mut text)?;
        pid = text.trim().parse().unwrap_or(0);
        if pid != 0 && Path::new("/proc").join(pid.to_string()).exists() {
            break;
        }
        std::thread::sleep(LOOK);
    }
    Ok(pid)
}

struct SystemFile(fs::File);

impl File for SystemFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.0.read_at(&mut buffer[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    // Both are advice: a system that does not take it reads as it always does.
    fn about_to_be_read(&self) {
        // Linux takes of it as much as it reads ahead at once, some megabytes. To ask for the rest piece by piece does not
        // pay: it then comes in single pages, which doubles the system's time for reading.
        let _ = rustix::fs::fadvise(&self.0, 0, None, rustix::fs::Advice::WillNeed);
    }

    fn read_in_order(&self) {
        // Linux reads twice as far ahead.
        let _ = rustix::fs::fadvise(&self.0, 0, None, rustix::fs::Advice::Sequential);
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn reserve(&self, length: u64) -> io::Result<()> {
        use rustix::fs::{FallocateFlags, fallocate};
        use rustix::io::{Errno, retry_on_intr};
        if length == 0 {
            return Ok(());
        }
        match retry_on_intr(|| fallocate(&self.0, FallocateFlags::KEEP_SIZE, 0, length)) {
            // Network and older file systems cannot: the write itself will tell.
            Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn evict(&self) -> io::Result<()> {
        Ok(rustix::fs::fadvise(&self.0, 0, None, rustix::fs::Advice::DontNeed)?)
    }
}

//! A ledger's files at one moment: what a server may still write is in memory, what is sealed stays where it is.
//!
//! Invariant: the disk is only read. The names are those of that moment; a file that is opened to be written is copied
//! first, and the copy is written. Words that are erased meanwhile are erased here, too: an erasure is not undone by a
//! copy. It must not know what stands in a file but whether it is sealed.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};
use storage::{
    Backend, FileBackend, MemoryBackend,
    backend::{File, LockError, Mode},
};

/// What speaks of records is read before them: so there are never fewer than it says.
const FIRST: [&str; 2] = ["log/watermark", "log/checkpoints"];

/// A ledger's files at one moment.
pub(super) struct Still {
    files: FileBackend,
    copies: MemoryBackend,
    /// Names that are read from the disk.
    sealed: Mutex<BTreeSet<String>>,
}

impl Still {
    /// The files of the ledger in `directory`.
    pub(super) fn of(directory: &Path) -> io::Result<Self> {
        let mut names = Vec::new();
        for folder in ["log", "public"] {
            collect(directory, Path::new(folder), &mut names)?;
        }
        // A segment that has its index is never written again.
        let sealed = |name: &str| {
            let stem = Path::new(name).file_stem().and_then(|it| it.to_str()).unwrap_or_default();
            names.iter().any(|other| *other == format!("log/{stem}.idx"))
        };
        let (sealed, mut open): (Vec<&String>, Vec<&String>) = names.iter().partition(|it| sealed(it));
        open.sort_by_key(|name| (FIRST.iter().position(|it| it == *name).unwrap_or(FIRST.len()), *name));
        let still = Self {
            files: FileBackend::new(directory),
            copies: MemoryBackend::new(),
            sealed: Mutex::new(sealed.into_iter().cloned().collect()),
        };
        for name in open {
            match fs::read(directory.join(name)) {
                Ok(bytes) => still.copies.put(name, bytes),
                // A server may rename a file between the two looks; what it holds then has another name or is new.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(still)
    }

    fn take(&self, name: &str) -> bool {
        self.sealed.lock().unwrap_or_else(PoisonError::into_inner).remove(name)
    }

    fn has(&self, name: &str) -> bool {
        self.sealed.lock().unwrap_or_else(PoisonError::into_inner).contains(name)
    }

    /// From now on it is a copy.
    fn copy(&self, name: &str) -> io::Result<()> {
        if self.take(name) {
            let file = self.files.open(name, Mode::Read)?;
            let mut bytes = vec![0; usize::try_from(file.length()?).map_err(io::Error::other)?];
            let count = file.read_at(&mut bytes, 0)?;
            bytes.truncate(count);
            self.copies.put(name, bytes);
        }
        Ok(())
    }
}

impl Backend for Still {
    fn open(&self, path: &str, mode: Mode) -> io::Result<Arc<dyn File>> {
        match mode {
            Mode::Read if self.has(path) => return self.files.open(path, mode),
            Mode::Read => {}
            Mode::Write => self.copy(path)?,
            Mode::Create => drop(self.take(path)),
        }
        self.copies.open(path, mode)
    }

    fn list(&self, path: &str) -> io::Result<Vec<String>> {
        let mut names: BTreeSet<String> = self.copies.list(path)?.into_iter().collect();
        let below = if path.is_empty() { String::new() } else { format!("{path}/") };
        let sealed = self.sealed.lock().unwrap_or_else(PoisonError::into_inner);
        let inside = sealed.iter().filter_map(|name| name.strip_prefix(&below));
        names.extend(inside.map(|rest| rest.split_once('/').map_or(rest, |(folder, _)| folder).to_owned()));
        Ok(names.into_iter().collect())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.copy(from)?;
        self.copies.rename(from, to)?;
        self.take(to);
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        if self.take(path) { Ok(()) } else { self.copies.remove(path) }
    }

    fn make_dir(&self, path: &str) -> io::Result<()> {
        self.copies.make_dir(path)
    }

    fn sync_dir(&self, path: &str) -> io::Result<()> {
        self.copies.sync_dir(path)
    }

    fn lock(&self, path: &str) -> Result<Box<dyn Send + Sync>, LockError> {
        self.copies.lock(path)
    }
}

fn collect(root: &Path, folder: &Path, names: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let inner: PathBuf = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            collect(root, &inner, names)?;
        } else if entry.file_name() != "lock"
            // A name that is not UTF-8 is none of ours.
            && let Some(name) = inner.to_str()
        {
            names.push(name.to_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_what_every_backend_must_keep_when_it_begins_with_nothing_then_it_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        for folder in ["log", "public"] {
            fs::create_dir(directory.path().join(folder)).unwrap();
        }
        storage::backend::contract::hold(&Still::of(directory.path()).unwrap()).unwrap();
    }

    #[test]
    fn given_files_when_they_are_written_renamed_and_removed_here_then_the_disk_is_as_it_was() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::create_dir_all(at("log/words")).unwrap();
        fs::create_dir(at("public")).unwrap();
        let names = ["log/00000000.seg", "log/00000000.idx", "log/words/00000000.words", "log/00000001.seg"];
        for name in names {
            fs::write(at(name), name.as_bytes()).unwrap();
        }
        let still = Still::of(directory.path()).unwrap();
        fs::write(at("log/00000002.seg"), b"later").unwrap();
        let read = |name: &str| {
            let mut bytes = vec![0; 64];
            let count = still.open(name, Mode::Read).unwrap().read_at(&mut bytes, 0).unwrap();
            bytes.truncate(count);
            bytes
        };
        // Only what may still be written takes up memory.
        assert_eq!(still.copies.dump().into_keys().collect::<Vec<_>>(), ["log/00000001.seg"]);
        assert_eq!(still.list("log").unwrap(), ["00000000.idx", "00000000.seg", "00000001.seg", "words"]);
        still.open(names[0], Mode::Write).unwrap().write_at(b"X", 0).unwrap();
        assert_eq!(read(names[0]), b"Xog/00000000.seg");
        still.rename(names[1], "log/x").unwrap();
        still.remove(names[2]).unwrap();
        assert!(still.open(names[2], Mode::Read).is_err() && still.open(names[1], Mode::Read).is_err());
        assert_eq!(read("log/x"), names[1].as_bytes());
        // Words that are sealed are read where they stand.
        for name in names {
            assert_eq!(fs::read(at(name)).unwrap(), name.as_bytes());
        }
    }
}

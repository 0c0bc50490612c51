//! Faults on purpose: a backend that fails where it is told to, and a disk that loses power.
//!
//! Invariant: until the fault both keep the contract; after it [`SimulatedDisk`] keeps only
//! what the contract promises, and the caller chooses the worst of the rest. It must not
//! know what the files mean.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::memory::{read_slice, write_vec};
use super::{Backend, File, LockError, MemoryBackend, Mode};

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
}

/// How it fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// With this kind of error, and without effect.
    Error(io::ErrorKind),
    /// A write that does the first half, and then finds no room.
    Short,
}

#[derive(Debug)]
struct Script {
    act: Act,
    fault: Fault,
    /// The occurrence, from 1, that fails; later ones succeed again unless `lasting`.
    nth: u64,
    lasting: bool,
    seen: AtomicU64,
}

impl Script {
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
        let script = Script { act, fault, nth, lasting, seen: AtomicU64::new(0) };
        Self { inner, script: Arc::new(script) }
    }

    /// Whether the fault has struck.
    #[must_use]
    pub fn struck(&self) -> bool {
        self.script.seen.load(Ordering::SeqCst) >= self.script.nth
    }

    fn check(&self, act: Act) -> io::Result<()> {
        strike(&self.script, act)
    }
}

fn strike(script: &Script, act: Act) -> io::Result<()> {
    match script.strikes(act) {
        None => Ok(()),
        Some(Fault::Error(kind)) => Err(kind.into()),
        Some(Fault::Short) => Err(io::ErrorKind::StorageFull.into()),
    }
}

impl Backend for FaultBackend {
    fn open(&self, path: &str, mode: Mode) -> io::Result<Arc<dyn File>> {
        if mode == Mode::Create {
            self.check(Act::Create)?;
        }
        let inner = self.inner.open(path, mode)?;
        Ok(Arc::new(FaultFile { inner, script: Arc::clone(&self.script) }))
    }

    fn list(&self, path: &str) -> io::Result<Vec<String>> {
        self.inner.list(path)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.check(Act::Rename)?;
        self.inner.rename(from, to)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.inner.remove(path)
    }

    fn make_dir(&self, path: &str) -> io::Result<()> {
        self.inner.make_dir(path)
    }

    fn sync_dir(&self, path: &str) -> io::Result<()> {
        self.check(Act::SyncDir)?;
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
        let struck = strike(&self.script, Act::Write);
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
        self.inner.set_length(length)
    }

    fn sync(&self) -> io::Result<()> {
        strike(&self.script, Act::Sync)?;
        self.inner.sync()
    }

    fn evict(&self) -> io::Result<()> {
        self.inner.evict()
    }
}

/// What a crash keeps of a write that was not synced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keep {
    /// All of it.
    All,
    /// Nothing.
    Nothing,
    /// This many bytes from its start.
    Front(usize),
    /// All but this many bytes from its start.
    Back(usize),
}

#[derive(Clone, Debug)]
enum Change {
    Write(u64, Vec<u8>),
    Length(u64),
}

/// A file apart from its name.
#[derive(Clone, Debug, Default)]
struct Inode {
    now: Vec<u8>,
    synced: Vec<u8>,
    pending: Vec<Change>,
}

#[derive(Clone, Debug)]
enum NameChange {
    Put(String, usize),
    Rename(String, String),
    Remove(String),
}

#[derive(Debug, Default)]
struct Disk {
    inodes: Vec<Inode>,
    now: BTreeMap<String, usize>,
    synced: BTreeMap<String, usize>,
    pending: Vec<NameChange>,
    locks: BTreeSet<String>,
    /// Changing operations so far, and how many the power lasts for.
    operations: u64,
    power: u64,
}

impl Disk {
    /// Counts an operation that changes something, or fails it for want of power.
    fn operate(&mut self) -> io::Result<()> {
        self.operations += 1;
        if self.operations > self.power {
            return Err(io::Error::other("the power is off"));
        }
        Ok(())
    }
}

/// A disk whose unsynced writes and names a crash may keep, lose or tear, in any subset.
#[derive(Clone, Debug, Default)]
pub struct SimulatedDisk(Arc<Mutex<Disk>>);

impl SimulatedDisk {
    /// An empty disk, whose power lasts for `power` changing operations.
    #[must_use]
    pub fn new(power: u64) -> Self {
        Self(Arc::new(Mutex::new(Disk { power, ..Disk::default() })))
    }

    /// A disk that holds `files`, all of them on stable storage.
    #[must_use]
    pub fn holding(files: &BTreeMap<String, Vec<u8>>, power: u64) -> Self {
        let disk = Self::new(power);
        let mut inner = disk.disk();
        for (path, bytes) in files {
            let inode = Inode { now: bytes.clone(), synced: bytes.clone(), pending: Vec::new() };
            inner.inodes.push(inode);
            let number = inner.inodes.len() - 1;
            inner.now.insert(path.clone(), number);
            inner.synced.insert(path.clone(), number);
        }
        drop(inner);
        disk
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changing operations so far.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.disk().operations
    }

    /// Unsynced writes and names at this moment: how often `keep` is asked by a crash.
    #[must_use]
    pub fn pending(&self) -> usize {
        let disk = self.disk();
        disk.pending.len() + disk.inodes.iter().map(|inode| inode.pending.len()).sum::<usize>()
    }

    /// What is on the disk after a crash at this moment. `keep` decides for every unsynced
    /// write, given its length, and for every unsynced name, with length 0; the latter
    /// is lost only for [`Keep::Nothing`].
    #[must_use]
    pub fn crash(&self, mut keep: impl FnMut(usize) -> Keep) -> BTreeMap<String, Vec<u8>> {
        let disk = self.disk();
        let mut names = disk.synced.clone();
        for change in &disk.pending {
            if keep(0) == Keep::Nothing {
                continue;
            }
            match change {
                NameChange::Put(path, inode) => {
                    names.insert(path.clone(), *inode);
                }
                NameChange::Rename(from, to) => {
                    if let Some(inode) = names.remove(from) {
                        names.insert(to.clone(), inode);
                    }
                }
                NameChange::Remove(path) => {
                    names.remove(path);
                }
            }
        }
        let contents: Vec<Vec<u8>> = disk.inodes.iter().map(|inode| survive(inode, &mut keep)).collect();
        names.into_iter().map(|(path, inode)| (path, contents[inode].clone())).collect()
    }

    /// [`SimulatedDisk::crash`], as files to open.
    #[must_use]
    pub fn crashed(&self, keep: impl FnMut(usize) -> Keep) -> MemoryBackend {
        MemoryBackend::restore(&self.crash(keep))
    }
}

fn survive(inode: &Inode, keep: &mut impl FnMut(usize) -> Keep) -> Vec<u8> {
    let mut content = inode.synced.clone();
    for change in &inode.pending {
        match change {
            Change::Write(offset, bytes) => {
                let (from, to) = match keep(bytes.len()) {
                    Keep::All => (0, bytes.len()),
                    Keep::Nothing => continue,
                    Keep::Front(count) => (0, count.min(bytes.len())),
                    Keep::Back(count) => (count.min(bytes.len()), bytes.len()),
                };
                write_vec(&mut content, &bytes[from..to], offset + from as u64);
            }
            Change::Length(length) => {
                if keep(0) != Keep::Nothing {
                    content.resize(*length as usize, 0);
                }
            }
        }
    }
    content
}

fn missing(path: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("{path} is not there"))
}

impl Backend for SimulatedDisk {
    fn open(&self, path: &str, mode: Mode) -> io::Result<Arc<dyn File>> {
        let mut disk = self.disk();
        let found = disk.now.get(path).copied();
        let inode = match found {
            Some(inode) => inode,
            None if mode == Mode::Create => {
                disk.operate()?;
                disk.inodes.push(Inode::default());
                let inode = disk.inodes.len() - 1;
                disk.now.insert(path.to_owned(), inode);
                disk.pending.push(NameChange::Put(path.to_owned(), inode));
                inode
            }
            None => return Err(missing(path)),
        };
        drop(disk);
        let file = SimulatedFile { disk: self.clone(), inode };
        if mode == Mode::Create && found.is_some() {
            file.set_length(0)?;
        }
        Ok(Arc::new(file))
    }

    fn list(&self, path: &str) -> io::Result<Vec<String>> {
        let disk = self.disk();
        let below = if path.is_empty() { String::new() } else { format!("{path}/") };
        let rest = disk.now.keys().filter_map(|name| name.strip_prefix(&below));
        let names: BTreeSet<&str> = rest.map(|rest| rest.split('/').next().unwrap_or(rest)).collect();
        Ok(names.into_iter().map(str::to_owned).collect())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut disk = self.disk();
        disk.operate()?;
        let inode = disk.now.remove(from).ok_or_else(|| missing(from))?;
        disk.now.insert(to.to_owned(), inode);
        disk.pending.push(NameChange::Rename(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let mut disk = self.disk();
        disk.operate()?;
        disk.now.remove(path).ok_or_else(|| missing(path))?;
        disk.pending.push(NameChange::Remove(path.to_owned()));
        Ok(())
    }

    fn make_dir(&self, _path: &str) -> io::Result<()> {
        Ok(())
    }

    fn sync_dir(&self, path: &str) -> io::Result<()> {
        let mut disk = self.disk();
        disk.operate()?;
        let inside = |name: &str| name.rsplit_once('/').map_or("", |(directory, _)| directory) == path;
        let changes = std::mem::take(&mut disk.pending);
        for change in changes {
            let (NameChange::Put(name, _) | NameChange::Rename(name, _) | NameChange::Remove(name)) = &change;
            if !inside(name) {
                disk.pending.push(change);
                continue;
            }
            match change {
                NameChange::Put(name, inode) => {
                    disk.synced.insert(name, inode);
                }
                NameChange::Rename(from, to) => {
                    if let Some(inode) = disk.synced.remove(&from) {
                        disk.synced.insert(to, inode);
                    }
                }
                NameChange::Remove(name) => {
                    disk.synced.remove(&name);
                }
            }
        }
        Ok(())
    }

    fn lock(&self, path: &str) -> Result<Box<dyn Send + Sync>, LockError> {
        if !self.disk().locks.insert(path.to_owned()) {
            return Err(LockError::Held { pid: std::process::id() });
        }
        Ok(Box::new(SimulatedLock { disk: self.clone(), path: path.to_owned() }))
    }
}

struct SimulatedLock {
    disk: SimulatedDisk,
    path: String,
}

impl Drop for SimulatedLock {
    fn drop(&mut self) {
        self.disk.disk().locks.remove(&self.path);
    }
}

struct SimulatedFile {
    disk: SimulatedDisk,
    inode: usize,
}

impl SimulatedFile {
    fn change(&self, change: Change) -> io::Result<()> {
        let mut disk = self.disk.disk();
        disk.operate()?;
        let inode = &mut disk.inodes[self.inode];
        match &change {
            Change::Write(offset, bytes) => write_vec(&mut inode.now, bytes, *offset),
            Change::Length(length) => inode.now.resize(*length as usize, 0),
        }
        inode.pending.push(change);
        Ok(())
    }
}

impl File for SimulatedFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        Ok(read_slice(&self.disk.disk().inodes[self.inode].now, buffer, offset))
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.change(Change::Write(offset, bytes.to_vec()))
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.disk.disk().inodes[self.inode].now.len() as u64)
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.change(Change::Length(length))
    }

    fn sync(&self) -> io::Result<()> {
        let mut disk = self.disk.disk();
        disk.operate()?;
        let inode = &mut disk.inodes[self.inode];
        inode.synced = inode.now.clone();
        inode.pending.clear();
        Ok(())
    }

    fn evict(&self) -> io::Result<()> {
        Ok(())
    }
}

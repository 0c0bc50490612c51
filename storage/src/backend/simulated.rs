//! A disk that loses power, and a page cache that loses what a failed sync left in it.
//!
//! Invariant: as long as nothing fails it keeps the contract; of what the contract does not
//! promise, a crash keeps what the caller says: any write, part of a write, name or
//! directory that was not synced, in any combination. A sync that failed leaves its writes in
//! the cache, clean and not on the disk, as Linux does. It must not know what the files mean.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::fault::Script;
use super::memory::{read_slice, write_vec};
use super::{Act, Backend, Fault, File, LockError, MemoryBackend, Mode};

/// What disks write whole, in bytes.
const SECTOR: u64 = 512;

/// What a crash keeps of a change that was not synced.
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
    /// Those of the sectors of 512 bytes that it touches whose bit is set, the first lowest.
    Sectors(u64),
}

/// A change that was not synced.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unsynced {
    /// The file or directory, as it is called now; empty when it has no name any more.
    pub path: String,
    /// Where a write begins.
    pub offset: u64,
    /// How long it is; 0 for a name, a directory, and a change of length.
    pub length: usize,
}

#[derive(Clone, Debug)]
enum Change {
    Write(u64, Vec<u8>),
    Length(u64),
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>, keep: Keep) {
        match (self, keep) {
            (_, Keep::Nothing) => {}
            (Self::Length(length), _) => content.resize(*length as usize, 0),
            (Self::Write(offset, bytes), Keep::All) => write_vec(content, bytes, *offset),
            (Self::Write(offset, bytes), Keep::Front(count)) => {
                write_vec(content, &bytes[..count.min(bytes.len())], *offset);
            }
            (Self::Write(offset, bytes), Keep::Back(count)) => {
                let from = count.min(bytes.len());
                write_vec(content, &bytes[from..], offset + from as u64);
            }
            (Self::Write(offset, bytes), Keep::Sectors(kept)) => {
                let end = offset + bytes.len() as u64;
                let first = offset / SECTOR;
                for sector in (first..end.div_ceil(SECTOR)).filter(|sector| kept >> (sector - first) & 1 == 1)
                {
                    let (from, to) = ((sector * SECTOR).max(*offset), ((sector + 1) * SECTOR).min(end));
                    write_vec(content, &bytes[(from - offset) as usize..(to - offset) as usize], from);
                }
            }
        }
    }
}

/// A file apart from its name. Changes are numbered by the operation that made them.
#[derive(Clone, Debug, Default)]
struct Inode {
    now: Vec<u8>,
    synced: Vec<u8>,
    pending: Vec<(u64, Change)>,
}

#[derive(Clone, Debug)]
enum NameChange {
    Put(String, usize),
    Rename(String, String),
    Remove(String),
    Directory(String),
}

impl NameChange {
    fn path(&self) -> &str {
        match self {
            Self::Put(path, _) | Self::Rename(_, path) | Self::Remove(path) | Self::Directory(path) => path,
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Names {
    files: BTreeMap<String, usize>,
    directories: BTreeSet<String>,
}

impl Names {
    fn apply(&mut self, change: &NameChange) {
        match change {
            NameChange::Put(path, inode) => {
                self.files.insert(path.clone(), *inode);
            }
            NameChange::Rename(from, to) => {
                if let Some(inode) = self.files.remove(from) {
                    self.files.insert(to.clone(), inode);
                }
            }
            NameChange::Remove(path) => {
                self.files.remove(path);
            }
            NameChange::Directory(path) => {
                self.directories.insert(path.clone());
            }
        }
    }

    /// Whether every directory above `path` is there.
    fn reach(&self, path: &str) -> bool {
        above(path).all(|directory| self.directories.contains(directory))
    }
}

/// The directories that `path` stands in, but for the root.
fn above(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at])
}

/// The directory that `path` stands in.
fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

#[derive(Debug, Default)]
struct Disk {
    inodes: Vec<Inode>,
    now: Names,
    synced: Names,
    pending: Vec<(u64, NameChange)>,
    locks: BTreeSet<String>,
    /// Changing operations so far, and how many the power lasts for.
    operations: u64,
    power: u64,
    script: Option<Script>,
}

impl Disk {
    /// Counts an operation that changes something, or fails it for want of power.
    fn operate(&mut self) -> io::Result<u64> {
        self.operations += 1;
        if self.operations > self.power {
            return Err(io::Error::other("the power is off"));
        }
        Ok(self.operations)
    }

    fn check(&self, act: Act) -> io::Result<()> {
        self.script.as_ref().map_or(Ok(()), |script| script.check(act))
    }

    fn short(&self) -> bool {
        self.script.as_ref().is_some_and(|script| script.fault == Fault::Short)
    }

    fn name(&mut self, change: NameChange) -> io::Result<()> {
        let operation = self.operate()?;
        self.now.apply(&change);
        self.pending.push((operation, change));
        Ok(())
    }

    fn change(&mut self, inode: usize, change: Change) -> io::Result<()> {
        let operation = self.operate()?;
        let inode = &mut self.inodes[inode];
        change.apply(&mut inode.now, Keep::All);
        inode.pending.push((operation, change));
        Ok(())
    }

    /// Everything unsynced, by the operation that made it.
    fn unsynced(&self) -> BTreeMap<u64, Unsynced> {
        let names = self.pending.iter().map(|(operation, change)| {
            (*operation, Unsynced { path: change.path().to_owned(), offset: 0, length: 0 })
        });
        let mut all: BTreeMap<u64, Unsynced> = names.collect();
        for (number, inode) in self.inodes.iter().enumerate() {
            let found = self.now.files.iter().find(|(_, inode)| **inode == number);
            let path = found.map(|(path, _)| path.clone()).unwrap_or_default();
            for (operation, change) in &inode.pending {
                let (offset, length) = match change {
                    Change::Write(offset, bytes) => (*offset, bytes.len()),
                    Change::Length(_) => (0, 0),
                };
                all.insert(*operation, Unsynced { path: path.clone(), offset, length });
            }
        }
        all
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
        let mut disk = Disk { power, ..Disk::default() };
        for (number, (path, bytes)) in files.iter().enumerate() {
            let inode = Inode { now: bytes.clone(), synced: bytes.clone(), pending: Vec::new() };
            disk.inodes.push(inode);
            disk.synced.files.insert(path.clone(), number);
            disk.synced.directories.extend(above(path).map(str::to_owned));
        }
        disk.now = disk.synced.clone();
        Self(Arc::new(Mutex::new(disk)))
    }

    /// Lets the `nth` (from 1) `act` from now on fail with `fault`. A sync that fails loses
    /// what it should have kept (but for the first half of each write, if it is
    /// [`Fault::Short`]), and says so this once.
    pub fn fail(&self, act: Act, nth: u64, fault: Fault) {
        self.disk().script = Some(Script::new(act, nth, fault, false));
    }

    /// Whether the fault has struck.
    #[must_use]
    pub fn struck(&self) -> bool {
        self.disk().script.as_ref().is_some_and(Script::struck)
    }

    /// Lets the power last for `power` changing operations from now on. After it has gone
    /// that is what a killed process leaves: the cache lives on, unsynced as it is.
    pub fn repower(&self, power: u64) {
        let mut disk = self.disk();
        disk.power = disk.operations.saturating_add(power);
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changing operations so far.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.disk().operations
    }

    /// What every reader sees at this moment: the disk through its cache.
    #[must_use]
    pub fn cached(&self) -> BTreeMap<String, Vec<u8>> {
        let disk = self.disk();
        disk.now.files.iter().map(|(path, inode)| (path.clone(), disk.inodes[*inode].now.clone())).collect()
    }

    /// What is unsynced at this moment, in the order in which it was done: what `keep` is
    /// asked for by a crash.
    #[must_use]
    pub fn unsynced(&self) -> Vec<Unsynced> {
        self.disk().unsynced().into_values().collect()
    }

    /// What is on the disk after a crash at this moment. `keep` decides for everything in
    /// [`SimulatedDisk::unsynced`], in that order and given its length; what has length 0 is
    /// lost only for [`Keep::Nothing`].
    #[must_use]
    pub fn crash(&self, mut keep: impl FnMut(usize) -> Keep) -> BTreeMap<String, Vec<u8>> {
        let disk = self.disk();
        let unsynced = disk.unsynced();
        let kept: BTreeMap<u64, Keep> =
            unsynced.iter().map(|(operation, change)| (*operation, keep(change.length))).collect();
        let mut names = disk.synced.clone();
        for (operation, change) in &disk.pending {
            if kept[operation] != Keep::Nothing {
                names.apply(change);
            }
        }
        let content = |inode: &Inode| {
            let mut content = inode.synced.clone();
            inode.pending.iter().for_each(|(operation, change)| change.apply(&mut content, kept[operation]));
            content
        };
        let files = names.files.iter().filter(|(path, _)| names.reach(path));
        files.map(|(path, inode)| (path.clone(), content(&disk.inodes[*inode]))).collect()
    }

    /// [`SimulatedDisk::crash`], as files to open.
    #[must_use]
    pub fn crashed(&self, keep: impl FnMut(usize) -> Keep) -> MemoryBackend {
        MemoryBackend::restore(&self.crash(keep))
    }
}

fn missing(path: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("{path} is not there"))
}

impl Backend for SimulatedDisk {
    fn open(&self, path: &str, mode: Mode) -> io::Result<Arc<dyn File>> {
        let mut disk = self.disk();
        if mode == Mode::Create {
            disk.check(Act::Create)?;
        }
        let found = disk.now.files.get(path).copied();
        let inode = match found {
            Some(inode) => {
                if mode == Mode::Create {
                    disk.change(inode, Change::Length(0))?;
                }
                inode
            }
            None if mode == Mode::Create && disk.now.reach(path) => {
                disk.inodes.push(Inode::default());
                let inode = disk.inodes.len() - 1;
                disk.name(NameChange::Put(path.to_owned(), inode))?;
                inode
            }
            None => return Err(missing(path)),
        };
        drop(disk);
        Ok(Arc::new(SimulatedFile { disk: self.clone(), inode }))
    }

    fn list(&self, path: &str) -> io::Result<Vec<String>> {
        let disk = self.disk();
        let below = if path.is_empty() { String::new() } else { format!("{path}/") };
        let all = disk.now.files.keys().chain(&disk.now.directories);
        let rest = all.filter_map(|name| name.strip_prefix(&below));
        let names: BTreeSet<&str> = rest.map(|rest| rest.split('/').next().unwrap_or(rest)).collect();
        Ok(names.into_iter().map(str::to_owned).collect())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut disk = self.disk();
        disk.check(Act::Rename)?;
        if !disk.now.files.contains_key(from) {
            return Err(missing(from));
        }
        disk.name(NameChange::Rename(from.to_owned(), to.to_owned()))
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let mut disk = self.disk();
        disk.check(Act::Remove)?;
        if !disk.now.files.contains_key(path) {
            return Err(missing(path));
        }
        disk.name(NameChange::Remove(path.to_owned()))
    }

    fn make_dir(&self, path: &str) -> io::Result<()> {
        let mut disk = self.disk();
        for directory in above(path).chain((!path.is_empty()).then_some(path)) {
            if !disk.now.directories.contains(directory) {
                disk.name(NameChange::Directory(directory.to_owned()))?;
            }
        }
        Ok(())
    }

    fn sync_dir(&self, path: &str) -> io::Result<()> {
        let mut disk = self.disk();
        disk.check(Act::SyncDir)?;
        disk.operate()?;
        for (operation, change) in std::mem::take(&mut disk.pending) {
            if parent(change.path()) == path {
                disk.synced.apply(&change);
            } else {
                disk.pending.push((operation, change));
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

impl File for SimulatedFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        Ok(read_slice(&self.disk.disk().inodes[self.inode].now, buffer, offset))
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut disk = self.disk.disk();
        let struck = disk.check(Act::Write);
        if struck.is_err() && disk.short() {
            disk.change(self.inode, Change::Write(offset, bytes[..bytes.len() / 2].to_vec()))?;
        }
        struck?;
        disk.change(self.inode, Change::Write(offset, bytes.to_vec()))
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.disk.disk().inodes[self.inode].now.len() as u64)
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        let mut disk = self.disk.disk();
        disk.check(Act::Length)?;
        disk.change(self.inode, Change::Length(length))
    }

    fn reserve(&self, _length: u64) -> io::Result<()> {
        self.disk.disk().check(Act::Reserve)
    }

    fn sync(&self) -> io::Result<()> {
        let mut disk = self.disk.disk();
        let struck = disk.check(Act::Sync);
        let short = disk.short();
        if struck.is_ok() {
            disk.operate()?;
        }
        let inode = &mut disk.inodes[self.inode];
        // After an error the pages are clean as well: the next sync has nothing to do.
        for (_, change) in std::mem::take(&mut inode.pending) {
            let kept = match (&struck, &change) {
                (Ok(()), _) => Keep::All,
                (Err(_), Change::Write(_, bytes)) if short => Keep::Front(bytes.len() / 2),
                (Err(_), _) => Keep::Nothing,
            };
            change.apply(&mut inode.synced, kept);
        }
        struck
    }

    fn evict(&self) -> io::Result<()> {
        let mut disk = self.disk.disk();
        disk.check(Act::Evict)?;
        let inode = &mut disk.inodes[self.inode];
        inode.now = inode.synced.clone();
        inode.pending.iter().for_each(|(_, change)| change.apply(&mut inode.now, Keep::All));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_unsynced_changes_when_power_goes_then_each_is_kept_lost_or_torn_as_asked() {
        let disk = SimulatedDisk::new(u64::MAX);
        assert!(disk.open("d/f", Mode::Create).is_err(), "there is no such directory");
        disk.make_dir("d").unwrap();
        let file = disk.open("d/f", Mode::Create).unwrap();
        file.write_at(&[1; 1500], 400).unwrap();
        let unsynced = disk.unsynced();
        let shown: Vec<_> = unsynced.iter().map(|it| (it.path.as_str(), it.offset, it.length)).collect();
        assert_eq!(shown, [("d", 0, 0), ("d/f", 0, 0), ("d/f", 400, 1500)]);
        let torn = |keep| disk.crash(|length| if length > 0 { keep } else { Keep::All })["d/f"].clone();
        assert_eq!(torn(Keep::Front(3)).len(), 403);
        let sectors = torn(Keep::Sectors(0b101));
        let ones: Vec<usize> = (0..sectors.len()).filter(|at| sectors[*at] == 1).collect();
        assert_eq!(ones, (400..512).chain(1024..1536).collect::<Vec<_>>());
        // A file on stable storage under a name that is, in a directory that is not.
        file.sync().unwrap();
        disk.sync_dir("d").unwrap();
        assert!(disk.crash(|_| Keep::Nothing).is_empty());
        disk.sync_dir("").unwrap();
        assert_eq!(disk.crash(|_| Keep::Nothing)["d/f"].len(), 1900);
    }

    #[test]
    fn given_a_sync_that_failed_when_it_is_tried_again_then_it_says_yes_and_the_bytes_are_lost() {
        let disk = SimulatedDisk::new(u64::MAX);
        let file = disk.open("f", Mode::Create).unwrap();
        disk.sync_dir("").unwrap();
        disk.fail(Act::Sync, 1, Fault::Error(io::ErrorKind::Other));
        file.write_at(b"lost", 0).unwrap();
        assert!(file.sync().is_err() && disk.struck());
        file.sync().unwrap();
        let mut buffer = [0; 4];
        assert_eq!(file.read_at(&mut buffer, 0).unwrap(), 4, "the cache still has them");
        assert_eq!(disk.crash(|_| Keep::All)["f"], b"");
        file.evict().unwrap();
        assert_eq!(file.read_at(&mut buffer, 0).unwrap(), 0, "the disk never had them");
    }
}

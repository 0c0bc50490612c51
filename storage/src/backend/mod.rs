//! The only I/O: a directory of files, behind two small traits.
//!
//! Invariant: everything the engine knows of a disk is the contract written here, and
//! `contract.rs` holds every implementation to it. It must not know what the files mean.
//!
//! # Contract
//!
//! Paths are relative, parts joined by `/`, `""` is the directory itself.
//!
//! - **Bytes.** What [`File::write_at`] wrote is read by every handle of that file at once.
//!   It is on stable storage after the next [`File::sync`] of *any* handle of that file
//!   returns `Ok`; before that, a crash keeps or loses any part of it.
//! - **A failed sync** leaves it unknown what was kept. It is not tried again: the system
//!   may have dropped the dirty pages and would report success.
//! - **Names.** [`Backend::open`] with [`Mode::Create`], [`Backend::rename`],
//!   [`Backend::remove`] and [`Backend::make_dir`] take effect for every reader at once, and
//!   survive a crash only after [`Backend::sync_dir`] of the directory holding the name.
//!   A rename is atomic: a crash leaves the old or the new.
//! - **Handles** outlive a rename or removal of their name.
//! - **Errors** are `std::io::Error`; a missing file is `NotFound`, and an error means that
//!   nothing is promised about the operation except that names are unchanged.

pub mod contract;
mod fault;
mod file;
mod memory;
mod simulated;

use std::io;
use std::sync::Arc;

pub use fault::{Act, Fault, FaultBackend};
pub use file::FileBackend;
pub use memory::MemoryBackend;
pub use simulated::{Keep, SimulatedDisk, Unsynced};

/// How a file is opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// To read; it must exist.
    Read,
    /// To read and write; it must exist.
    Write,
    /// To read and write; made if it is not there, emptied if it is.
    Create,
}

/// A directory with files in it, see the [contract](self).
pub trait Backend: Send + Sync {
    /// Opens the file `path`.
    ///
    /// # Errors
    ///
    /// `NotFound` when it must exist and does not; otherwise what the system says.
    fn open(&self, path: &str, mode: Mode) -> io::Result<Arc<dyn File>>;

    /// Names in the directory `path`, sorted; empty when there is no such directory.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn list(&self, path: &str) -> io::Result<Vec<String>>;

    /// Gives the file `from` the name `to`, replacing a file of that name.
    ///
    /// # Errors
    ///
    /// What the system says; both names are then as they were.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes the file `path`.
    ///
    /// # Errors
    ///
    /// `NotFound` when there is none; otherwise what the system says.
    fn remove(&self, path: &str) -> io::Result<()>;

    /// Makes the directory `path`, and those above it, unless they are there.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn make_dir(&self, path: &str) -> io::Result<()>;

    /// Puts the names in the directory `path` on stable storage.
    ///
    /// # Errors
    ///
    /// What the system says; it is then unknown which names are kept.
    fn sync_dir(&self, path: &str) -> io::Result<()>;

    /// Takes the lock file `path` for as long as the returned value lives.
    ///
    /// # Errors
    ///
    /// [`LockError::Held`] when somebody has it: without waiting for them, at most for their pid.
    fn lock(&self, path: &str) -> Result<Box<dyn Send + Sync>, LockError>;
}

/// An open file, see the [contract](self).
pub trait File: Send + Sync {
    /// Reads at `offset` until `buffer` is full or the file ends; returns how many bytes.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// All of the file is about to be read: whoever can fetch it ahead may begin. Nothing rests
    /// on it, and nothing is told of it.
    fn about_to_be_read(&self) {}

    /// All of the file is read through this handle from its beginning to its end: whoever can may
    /// fetch more of it ahead at a time. As with [`File::about_to_be_read`], nothing rests on it.
    fn read_in_order(&self) {}

    /// Writes all of `bytes` at `offset`, extending the file where needed (with zeros
    /// between its end and `offset`).
    ///
    /// # Errors
    ///
    /// What the system says; any part of `bytes` may have been written.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Length in bytes.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn length(&self) -> io::Result<u64>;

    /// Cuts the file off at `length`, or extends it with zeros.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn set_length(&self, length: u64) -> io::Result<()>;

    /// Sets room aside for the first `length` bytes, where the system can do so without
    /// writing them; content and length stay as they are. So want of room shows before
    /// anything is written.
    ///
    /// # Errors
    ///
    /// What the system says; `Ok` from a system that cannot set room aside.
    fn reserve(&self, length: u64) -> io::Result<()>;

    /// Puts content and length on stable storage (`fdatasync`).
    ///
    /// # Errors
    ///
    /// What the system says; see the contract on failed syncs.
    fn sync(&self) -> io::Result<()>;

    /// Drops what the system holds of the file in memory, so that the next read comes from
    /// the disk. Written but unsynced bytes are not dropped.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn evict(&self) -> io::Result<()>;
}

/// Why a lock was not given.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody has it.
    #[error("held by process {pid}")]
    Held {
        /// Their process id; 0 when they have not written it yet.
        pid: u32,
    },
    /// The system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
}

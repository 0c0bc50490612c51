//! What can go wrong, named for what the caller does next.
//!
//! Invariant: an error names the file, the offset and the sequence wherever there is one.
//! It must not know the text of a record: errors end up in log lines.

use std::io;

use crate::log::Log;

/// Why an operation of the engine failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another process (or another handle in this one) has the ledger open: stop it, or
    /// talk to it. The pid is 0 when the holder has not written it yet.
    #[error("the ledger is held by process {pid}")]
    Locked {
        /// Process id of the holder.
        pid: u32,
    },
    /// There is no ledger here: create one, or look elsewhere.
    #[error("there is no ledger here ({file} is missing)")]
    Absent {
        /// The file whose absence says so.
        file: String,
    },
    /// There is a ledger here already: open it.
    #[error("there is a ledger here already ({file})")]
    Exists {
        /// The file whose presence says so.
        file: String,
    },
    /// No room: free some, then try again; nothing was lost and nothing was recorded.
    #[error("no room for {file}: {source}")]
    Full {
        /// The file that could not be made or extended.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused to read, write or sync: look at the disk, then open again.
    #[error("{file} at {offset}: {source}")]
    Io {
        /// The file.
        file: String,
        /// Byte offset of the operation; 0 for one on the whole file.
        offset: u64,
        /// What the system said.
        source: io::Error,
    },
    /// Bytes that must be there are not, or not these: restore a copy; nothing was changed.
    #[error("{file} is damaged at {offset} (sequence {sequence}): {rule}")]
    Damaged {
        /// The file.
        file: String,
        /// Byte offset of the first thing found wrong.
        offset: u64,
        /// The sequence expected there.
        sequence: u64,
        /// The rule that does not hold.
        rule: &'static str,
    },
    /// Written by a later version of this software: use that.
    #[error("{file} has format version {version}, which this software does not know")]
    Unsupported {
        /// The file.
        file: String,
        /// The version found.
        version: u32,
    },
    /// What was handed in breaks a rule of the format: correct it.
    #[error("refused: {0}")]
    Refused(#[from] Malformed),
    /// The group is as large as a group may be: commit it and begin another.
    #[error("the group is full at {bytes} bytes")]
    GroupFull {
        /// Bytes in the group so far.
        bytes: usize,
    },
    /// Not (yet) in the log: wait for it, or correct the sequence.
    #[error("sequence {sequence} is not in the log, which has {size} records")]
    Beyond {
        /// What was asked for.
        sequence: u64,
        /// Size of the log.
        size: u64,
    },
}

impl Error {
    pub(crate) fn io(file: &str, offset: u64, source: io::Error) -> Self {
        Self::Io { file: file.to_owned(), offset, source }
    }

    /// As [`Error::io`], but `Full` where the system says that there is no room.
    pub(crate) fn room(file: &str, offset: u64, source: io::Error) -> Self {
        if Self::is_room(&source) {
            Self::Full { file: file.to_owned(), source }
        } else {
            Self::io(file, offset, source)
        }
    }

    pub(crate) fn is_room(error: &io::Error) -> bool {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        matches!(error.kind(), StorageFull | FileTooLarge | QuotaExceeded)
    }
}

/// A rule of the format that does not hold, and where in the bytes at hand.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{rule} (byte {at})")]
pub struct Malformed {
    /// Byte offset in what was parsed; 0 where there is none.
    pub at: usize,
    /// The rule.
    pub rule: &'static str,
}

impl Malformed {
    /// The rule `rule` does not hold, nowhere in particular.
    #[must_use]
    pub const fn new(rule: &'static str) -> Self {
        Self { at: 0, rule }
    }

    /// The rule `rule` does not hold at byte `at`.
    #[must_use]
    pub const fn at(at: usize, rule: &'static str) -> Self {
        Self { at, rule }
    }
}

/// Why a group was not committed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Nothing was recorded and the log lives on: begin another group on it. What else to
    /// do depends on `error`, and only [`Error::Full`] says that the disk is full.
    #[error("not recorded: {error}")]
    Full {
        /// The log, to go on with.
        log: Box<Log>,
        /// What stood in the way. `Full`: there was no room, free some. `Refused`: the group
        /// was not built on this head. `Io`: the system refused before anything was written
        /// (no descriptor left, say); trying again may well succeed.
        error: Error,
    },
    /// A write or sync failed: whether the group was recorded is known after the next open
    /// only. The handle is gone; readers still serve what was committed before.
    #[error("the log is closed after a failure: {0}")]
    Poisoned(Error),
}

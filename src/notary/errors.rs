//! Why a notary does not do what it was asked for.
//!
//! Invariant: each says whether anything was recorded or signed, and what to do. It never holds a key.

use std::{io, path::PathBuf};

use super::outside::Contradiction;
use crate::journal::Refused;
use crate::keyfile::KeyError;

/// Why there is no attested proof. Whatever was recorded stays recorded.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Unattested {
    /// Too many wait.
    #[error("too many wait for a signed checkpoint; ask again in a moment")]
    Busy,
    /// The server is going.
    #[error("the server is stopping; connect again in a moment")]
    Stopping,
    /// The disk is full.
    #[error("there is no room on the disk to keep a checkpoint; free some space, then ask again")]
    DiskFull,
    /// The ledger was restored from a copy, and is not yet longer than it was known to be.
    #[error(
        "the ledger was restored from a copy that lacked records: it signs again when it holds more than the {known} that \
         were known"
    )]
    Restored {
        /// The highest size that was known.
        known: u64,
    },
    /// A checkpoint could not be kept, or must not be signed.
    #[error("the ledger signs nothing any more: {0}")]
    Broken(String),
    /// The ledger's own files could not be read.
    #[error("the ledger could not be read: {0}")]
    Unreadable(String),
}

/// Why a key was not rotated.
#[derive(Debug, thiserror::Error)]
pub enum NotRotated {
    /// The rotation was not recorded; the old key signs on.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The checkpoint that both keys sign could not be kept: a restart finishes it.
    #[error(transparent)]
    Unattested(#[from] Unattested),
    /// The new key's file could not be written; the old key signs on.
    #[error("{0}")]
    Key(String),
}

/// Why the thread could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The key could not be had.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There are signatures of a key that is not there.
    #[error(
        "{path}: the signing key is missing, but checkpoints are signed with it; put it back from where its copy is kept. \
         If it is lost, this ledger's origin has ended: open another ledger, and record there what this one held",
        path = path.display()
    )]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// Another key is in force.
    #[error(
        "{path}: this is not the key that is in force: the newest kept checkpoint, or the last recorded rotation, names \
         another; put that one back",
        path = path.display()
    )]
    OtherKey {
        /// The key's file.
        path: PathBuf,
    },
    /// The ledger's own files could not be read, or written.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// Its records could not be read.
    #[error(transparent)]
    Unreadable(#[from] Refused),
    /// The system refused a file or a thread.
    #[error("{path}: {error}", path = path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
    /// Somebody outside holds what is not here.
    #[error(transparent)]
    Contradicted(#[from] Contradiction),
    /// A known checkpoint that nobody here signed.
    #[error(
        "known_checkpoints: {path}: {why}. If the ledger's key was rotated after this copy of it was made, restore a newer \
         one; if the file is not this ledger's, take it out",
        path = path.display()
    )]
    Unknown {
        /// Which file.
        path: PathBuf,
        /// Why it is not trusted.
        why: String,
    },
    /// Nothing could be signed.
    #[error(transparent)]
    Unattested(#[from] Unattested),
}

/// Why a cosignature that was handed in was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// It is no line of a signed note.
    #[error("it is not a signature's line: {0}")]
    Malformed(&'static str),
    /// No configured witness has that key.
    #[error("it is of no witness that this server's operator relies on")]
    Stranger,
    /// There is no such checkpoint.
    #[error("there is no signed checkpoint of that size")]
    NoCheckpoint,
    /// It is not over that checkpoint.
    #[error("it is not good over the checkpoint of that size: {0}")]
    Bad(&'static str),
    /// The ledger did not take it.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The checkpoint could not be read.
    #[error(transparent)]
    Unattested(#[from] Unattested),
}

//! What whoever asks trusts, and what they have from elsewhere.
//!
//! Invariant: none of it comes from the ledger, but what stands [`Beside`] its records, which is trusted in nothing. It
//! must not know how any of it was got.

use jiff::Timestamp;
use storage::{
    Digest,
    note::{SignedCheckpoint, Verifier},
};

/// What is pinned, and what is held against the ledger.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Keys of ledgers, at most one for each origin: of those, the one of this ledger's origin counts.
    pub keys: Vec<Verifier>,
    /// Keys of witnesses.
    pub witnesses: Vec<Verifier>,
    /// Checkpoints that were kept elsewhere; those of other origins are passed over.
    pub elsewhere: Vec<Elsewhere>,
    /// What stands beside the records.
    pub beside: Beside,
}

/// What stands beside the records, and is believed in nothing.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// The newest checkpoint.
    pub published: Option<Sheet>,
    /// The list of keys that an export has.
    pub keys: Option<Sheet>,
    /// How the records are shown.
    pub shown: Shown,
}

/// A file as it was read.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// Its path within the ledger's directory, or the export's.
    pub file: String,
    /// What stands in it.
    pub bytes: Vec<u8>,
}

/// How records are shown.
#[derive(Clone, Debug, Default)]
pub enum Shown {
    /// By the ledger's own files: what they are of stands in the first record.
    #[default]
    ByFiles,
    /// By the published checkpoint: they give its root, or are nothing.
    ByCheckpoint {
        /// Whose checkpoint it is.
        origin: String,
        /// Whether kept checkpoints were to be had.
        kept: bool,
    },
}

impl Shown {
    /// Whether they are what the published checkpoint says.
    pub(super) const fn by_checkpoint(&self) -> bool {
        matches!(self, Self::ByCheckpoint { .. })
    }

    /// Whether kept checkpoints were to be had.
    pub(super) const fn with_kept(&self) -> bool {
        !matches!(self, Self::ByCheckpoint { kept: false, .. })
    }
}

/// A checkpoint that somebody kept elsewhere. Nothing of it is verified yet.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    /// Who holds it, such as the file's name.
    pub by: String,
    /// The note.
    pub signed: SignedCheckpoint,
}

impl Trust {
    /// The pinned key of the ledger of that origin.
    pub(super) fn key(&self, origin: &str) -> Option<&Verifier> {
        self.keys.iter().find(|key| key.name() == origin)
    }

    /// Whose records these are, when the first says that they are of `opened`.
    pub(super) fn origin<'a>(&'a self, opened: Option<&'a str>) -> Option<&'a str> {
        match &self.beside.shown {
            Shown::ByFiles => opened,
            Shown::ByCheckpoint { origin, .. } => Some(origin),
        }
    }
}

/// What became of a checkpoint that was kept elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Who holds it.
    pub by: String,
    /// How many records it counts.
    pub size: u64,
    /// Its root.
    pub root: Digest,
    /// Why it is not this ledger's word, if it is not: then it shows nothing.
    pub untrusted: Option<String>,
    /// Whether the ledger has that root at that size; nothing where that was not looked at.
    pub same: Option<bool>,
    /// The pinned witnesses that cosigned it, each with its time in seconds since 1970.
    pub cosigned: Vec<(String, u64)>,
    /// The record by which the ledger said before that it lost what this tells of.
    pub explained_by: Option<u64>,
}

/// What signatures show of the ledger itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The pinned key.
    pub pinned: String,
    /// The smallest size that it could sign: 0 for the first key, else its own handover's.
    pub from: u64,
    /// How many keys the walk went through, the pinned one included.
    pub keys: u64,
    /// How many kept checkpoints were found signed as they must be.
    pub kept: u64,
    /// The largest size with a good signature of the key in force; 0: none.
    pub to: u64,
    /// The size of the published checkpoint, if it is signed by the key in force.
    pub published: Option<u64>,
}

/// Somebody outside who holds the ledger to its history, and the newest that they hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    /// Who.
    pub holder: Holder,
    /// How many records stand under what they hold.
    pub size: u64,
    /// When they signed it, or when its last record was recorded.
    pub at: Timestamp,
    /// The record that says so.
    pub sequence: Option<u64>,
}

/// Who holds something outside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// Whoever kept a bare root.
    Root,
    /// Whoever holds this checkpoint, by its file.
    File(String),
    /// A witness.
    Witness {
        /// The name of its key.
        name: String,
        /// Who controls it, as the ledger says.
        organisation: Option<String>,
        /// Whether its key was pinned.
        pinned: bool,
    },
    /// An auditor, as the ledger says.
    Auditor(String),
}

/// A restore, as the ledger recorded it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restore {
    /// The record.
    pub sequence: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// Which restore it is, counted from 1.
    pub incarnation: u32,
    /// How many records the copy held.
    pub restored_size: u64,
    /// How many were known; 0: nobody's checkpoint was known.
    pub known_size: u64,
}

impl Restore {
    /// How many records are known to be lost.
    pub const fn lost(&self) -> u64 {
        self.known_size.saturating_sub(self.restored_size)
    }

    /// Whether it says of a checkpoint of that size that what it tells of is lost.
    pub(super) const fn explains(&self, size: u64) -> bool {
        self.restored_size < size && size <= self.known_size
    }
}

//! Checkpoints (C2SP `tlog-checkpoint`): what a log says about itself at one size.
//!
//! Invariant: whose checkpoint it should be, and by which keys, is said by whoever opens it
//! and never read from it. It must not know logs, files, or which checkpoint is the newest.

use std::fmt;

use super::{Note, Verifier, text};
use crate::error::Malformed;
use crate::format::digest::Digest;
use crate::limits::{MAX_NOTE, MAX_ORIGIN};
use crate::merkle::verify::Defect;

/// A log, a size of it, and the root of the tree of that size.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    /// The log's origin, without its newline; 1 to 255 bytes.
    pub origin: String,
    /// How many records it had.
    pub size: u64,
    /// The RFC 6962 root over the hashes of those records.
    pub root: Digest,
}

impl Checkpoint {
    /// The text that is signed: three lines, each with its newline.
    #[must_use]
    pub fn text(&self) -> String {
        self.to_string()
    }

    /// The checkpoint that the text of a note is. Extension lines, which must not be empty,
    /// are accepted and left out: no checkpoint of ours has them.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        if text.len() > MAX_NOTE {
            return Err(Malformed::at(MAX_NOTE, "a note has at most 64 KiB"));
        }
        let mut lines = text::Lines::new(text::printable(text.as_bytes())?, 0);
        let (at, origin) = lines.required("a checkpoint's first line is its origin")?;
        if origin.is_empty() || origin.len() > MAX_ORIGIN {
            return Err(Malformed::at(at, "an origin has 1 to 255 bytes"));
        }
        let (at, size) = lines.required("a checkpoint's second line is its size")?;
        let size = text::decimal(size, at)?;
        let (at, root) = lines.required("a checkpoint's third line is its root")?;
        let root = text::digest(root, at)?;
        while let Some((at, extension)) = lines.next()? {
            if extension.is_empty() {
                return Err(Malformed::at(at, "a checkpoint has no empty lines"));
            }
        }
        Ok(Self { origin: origin.to_owned(), size, root })
    }
}

/// The text that is signed.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.origin, self.size, text::base64(&self.root.0))
    }
}

/// A checkpoint with the note that it stands in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedCheckpoint {
    /// What the note's text says.
    pub checkpoint: Checkpoint,
    /// The note as it came, with all its signatures.
    pub note: Note,
}

impl SignedCheckpoint {
    /// The checkpoint that `bytes` are, whoever signed it: nothing is verified.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let note = Note::parse(bytes)?;
        Ok(Self { checkpoint: Checkpoint::parse(&note.text)?, note })
    }

    /// The checkpoint that `bytes` are, if it is one of the log `origin` by `keys`: at least
    /// one of them signed it, and no signature that says that it is by one of them is bad.
    ///
    /// `keys` are the log's own. Which witnesses signed besides is asked of the note with
    /// their keys: a log's checkpoint without the log's signature is nobody's word.
    pub fn open(bytes: &[u8], origin: &str, keys: &[Verifier]) -> Result<Self, Untrusted> {
        let signed = Self::parse(bytes)?;
        signed.trust(origin, keys)?;
        Ok(signed)
    }

    /// Whether this is a checkpoint of the log `origin` by `keys`: see [`SignedCheckpoint::open`].
    pub fn trust(&self, origin: &str, keys: &[Verifier]) -> Result<(), Untrusted> {
        if self.checkpoint.origin != origin {
            return Err(Untrusted::Origin { expected: origin.to_owned() });
        }
        let mut signed = false;
        for key in keys {
            let bad = |rule| Untrusted::Signature { key: key.name().to_owned(), rule };
            signed |= key.verify(&self.note).map_err(bad)?.is_some();
        }
        if signed { Ok(()) } else { Err(Untrusted::Unsigned { keys: keys.len() }) }
    }
}

/// Why nobody should believe what was handed in.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Untrusted {
    /// It has not the form: ask for it again.
    #[error("not of the form: {0}")]
    Malformed(#[from] Malformed),
    /// It is another log's: whoever gave it out has taken one for another, or lies.
    #[error("the checkpoint's origin is not {expected}: ask for that log's")]
    Origin {
        /// The origin that was expected.
        expected: String,
    },
    /// It says that it is by a key that we know, and is not.
    #[error("a signature in the name of {key} is bad: {rule}; whoever gave it out has changed it")]
    Signature {
        /// Name of the key.
        key: String,
        /// What does not hold, and where.
        rule: Malformed,
    },
    /// Nobody that we know has signed it: look for a newer key of the log, pinned elsewhere.
    #[error("none of the {keys} keys given for the log has signed the checkpoint")]
    Unsigned {
        /// How many keys were looked for.
        keys: usize,
    },
    /// Signed it is, but the path does not lead from the record to its root.
    #[error("the record is not shown to be in the log: {0}")]
    Proof(#[from] Defect),
}

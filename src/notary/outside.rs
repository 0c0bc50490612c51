//! What is held of a ledger outside its own files, and when that says that the ledger went back.
//!
//! Invariant: a checkpoint that somebody keeps elsewhere is of what the ledger holds, or the ledger is not opened. It
//! must not know how the checkpoint came here.

use std::{path::PathBuf, time::Duration};
use storage::{
    Reader,
    note::{SignedCheckpoint, Verifier},
};

use super::StartError;
use crate::domain::value::Label;

/// Who and what holds the ledgers of this server to their history.
#[derive(Clone, Debug, Default)]
pub struct Outside {
    /// Whom they are shown to.
    pub witnesses: Vec<Trusted>,
    /// The least time between two checkpoints that one witness is sent of one ledger.
    pub every: Duration,
    /// Checkpoints that were kept elsewhere, of any ledger.
    pub known: Vec<Known>,
}

/// A witness that an operator relies on.
#[derive(Clone, Debug)]
pub struct Trusted {
    /// Where it takes checkpoints: what stands before `/add-checkpoint`.
    pub url: String,
    /// Its key (C2SP `tlog-cosignature` v1).
    pub key: Verifier,
    /// The organisation that controls it.
    pub organisation: Label,
}

/// A checkpoint that was kept elsewhere.
#[derive(Clone, Debug)]
pub struct Known {
    /// The file.
    pub file: PathBuf,
    /// What it holds; nothing is verified yet.
    pub signed: SignedCheckpoint,
}

/// How somebody outside contradicts the ledger.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// There were more records.
    #[error(
        "{who} holds a checkpoint of {theirs} records of this ledger, and here there are {ours}: records that were \
         signed are missing, as after going back to an old copy. {REMEDY}"
    )]
    Shrunk {
        /// Who holds it.
        who: String,
        /// How many records it is of.
        theirs: u64,
        /// How many there are here.
        ours: u64,
    },
    /// There were other records.
    #[error(
        "{who} holds another root of the first {theirs} records of this ledger than the {ours} records here give: this is \
         another history than the one that was signed. {REMEDY}"
    )]
    OtherHistory {
        /// Who holds it.
        who: String,
        /// At which size.
        theirs: u64,
        /// How many records there are here.
        ours: u64,
    },
}

/// What restores of the ledger say is lost: for each, how many records its copy held, and how many were known.
#[derive(Clone, Debug, Default)]
pub(super) struct Lost(pub(super) Vec<(u64, u64)>);

impl Lost {
    /// The highest size that was known at any restore: nothing is signed up to it.
    pub(super) fn floor(&self) -> u64 {
        self.0.iter().map(|(_, known)| *known).max().unwrap_or(0)
    }

    /// Whether a checkpoint of that size was signed before a restore that says that its records are lost. Nobody who
    /// holds it can be told that this is the same history; but that it is not, the ledger itself says.
    pub(super) fn explain(&self, size: u64) -> bool {
        self.0.iter().any(|(restored, known)| (restored + 1..=*known).contains(&size))
    }
}

const REMEDY: &str = "Restore the newest copy of the ledger's directory, and append nothing before that. If what is \
    missing is lost, this ledger's origin has ended: open another ledger, and record there what this one held";

/// Holds the ledger against what is known of it.
pub(super) fn check(
    reader: &Reader,
    keys: &[Verifier],
    known: &[Known],
    lost: &Lost,
) -> Result<(), StartError> {
    let (origin, ours) = (&reader.identity().origin, reader.head().size);
    for Known { file, signed } in known.iter().filter(|known| known.signed.checkpoint.origin == *origin) {
        signed
            .trust(origin, keys)
            .map_err(|why| StartError::Unknown { path: file.clone(), why: why.to_string() })?;
        let (who, theirs) = (file.display().to_string(), signed.checkpoint.size);
        if lost.explain(theirs) {
            tracing::warn!(
                file = who,
                size = theirs,
                "a known checkpoint is of records that a restore says are lost"
            );
            continue;
        }
        if theirs > ours {
            return Err(Contradiction::Shrunk { who, theirs, ours }.into());
        }
        if reader.root(theirs)? != signed.checkpoint.root {
            return Err(Contradiction::OtherHistory { who, theirs, ours }.into());
        }
    }
    Ok(())
}

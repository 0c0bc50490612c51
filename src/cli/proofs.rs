//! Proofs as files: one `.tlog-proof` a record, in the place that the caller names.
//!
//! Invariant: a file that stands there is whole: it is written beside its place and put there by its name. A proof is the
//! same for ever, so writing it again changes nothing.

use anyhow::{Context as _, anyhow};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use uuid::Uuid;

use crate::grpc::wire::{AppendResponse, AppendResult};

/// How the file of a proof ends.
pub(super) const ENDING: &str = "tlog-proof";

/// Puts a proof at a path, whole.
pub(super) fn put(path: &Path, proof: &str) -> io::Result<()> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".new");
    fs::write(&unfinished, proof)?;
    fs::rename(&unfinished, path)
}

/// A directory that proofs are put into, by the ids of their events.
pub(super) struct Proofs {
    directory: PathBuf,
    written: u64,
    failed: Option<anyhow::Error>,
}

impl Proofs {
    /// Opens a directory, or makes it. What it holds stays.
    pub(super) fn open(directory: &Path) -> anyhow::Result<Self> {
        let made = fs::create_dir_all(directory);
        made.with_context(|| format!("--proofs {}: cannot be made", directory.display()))?;
        Ok(Self { directory: directory.to_owned(), written: 0, failed: None })
    }

    /// Keeps the proofs of an answer.
    pub(super) fn keep(&mut self, answer: &AppendResponse) {
        for result in &answer.results {
            if self.failed.is_none() {
                self.failed = self.keep_one(result).err();
            }
        }
    }

    fn keep_one(&mut self, result: &AppendResult) -> anyhow::Result<()> {
        let receipt = result.receipt.as_ref().context("an answer without a receipt")?;
        // It becomes the name of a file: what is no id could be the path of another one.
        let id =
            Uuid::parse_str(&receipt.event_id).map_err(|_| anyhow!("an answer without an event's id"))?;
        if result.tlog_proof.is_empty() {
            return Err(anyhow!("the server gave no proof of event {id}; it may be older than this command"));
        }
        let path = self.directory.join(format!("{id}.{ENDING}"));
        put(&path, &result.tlog_proof).with_context(|| format!("{}: cannot be written", path.display()))?;
        self.written += 1;
        Ok(())
    }

    /// Every proof is in its file; or why not.
    pub(super) fn close(self) -> anyhow::Result<()> {
        let Some(why) = self.failed else { return Ok(()) };
        let directory = self.directory.display();
        let proofs = if self.written == 1 { "proof" } else { "proofs" };
        Err(why.context(format!(
            "--proofs {directory}: only {} {proofs} could be kept; the events are recorded: run the same command again",
            self.written
        )))
    }
}

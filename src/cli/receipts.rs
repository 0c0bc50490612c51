//! Receipts as a posting system keeps them: one JSON object a line, each once, in a file to which later runs add.
//!
//! Invariant: a receipt that was given stands in the file, or the command fails; posting again, which gets the first
//! receipts again, completes the file and doubles nothing. Nothing of an event stands there but its id.

use anyhow::Context as _;
use jiff::Timestamp;
use std::{
    collections::HashSet,
    fs::{File, OpenOptions},
    io::{self, BufWriter, Read as _, Write as _},
    path::{Path, PathBuf},
};

use crate::grpc::wire::{AppendResponse, Receipt};

/// A file of receipts that is open.
pub(super) struct Receipts {
    path: PathBuf,
    file: BufWriter<File>,
    held: HashSet<String>,
    failed: Option<io::Error>,
}

impl Receipts {
    /// Opens a file of receipts, or makes it. What it holds stays.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let open = || {
            let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
            let mut text = String::new();
            file.read_to_string(&mut text)?;
            // A line that an interrupted run did not finish goes: its receipt comes again.
            let whole = text.rfind('\n').map_or(0, |end| end + 1);
            file.set_len(whole as u64)?;
            let held = text[..whole].lines().map(str::to_owned).collect();
            io::Result::Ok(Self { path: path.to_owned(), file: BufWriter::new(file), held, failed: None })
        };
        open().with_context(|| format!("--receipts {}: cannot be written", path.display()))
    }

    /// Keeps the receipts of an answer.
    pub(super) fn keep(&mut self, answer: &AppendResponse) {
        for receipt in answer.results.iter().filter_map(|result| result.receipt.as_ref()) {
            let line = line(receipt);
            if self.failed.is_none() && !self.held.contains(&line) {
                self.failed = writeln!(self.file, "{line}").err();
                self.held.insert(line);
            }
        }
    }

    /// Everything is in the file; or why it is not.
    pub(super) fn close(mut self) -> anyhow::Result<()> {
        let done = self.failed.take().map_or_else(|| self.file.flush(), Err);
        done.with_context(|| {
            format!(
                "--receipts {}: cannot be written; the events are recorded: make room and run the same command again",
                self.path.display()
            )
        })
    }
}

/// In the names and forms of proto3 JSON; the hash in hexadecimal, as `verify` prints it.
fn line(receipt: &Receipt) -> String {
    let at = receipt.recorded_at.unwrap_or_default();
    let at = Timestamp::new(at.seconds, at.nanos).unwrap_or(Timestamp::UNIX_EPOCH);
    serde_json::json!({
        "ledger": receipt.ledger, "source": receipt.source, "eventId": receipt.event_id,
        "sequence": receipt.sequence, "recordedAt": format!("{at:.6}"), "hash": const_hex::encode(&receipt.hash),
    })
    .to_string()
}

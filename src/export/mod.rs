//! An export: a ledger up to one signed checkpoint as plain files, in the layout of C2SP `tlog-tiles`, so that whoever
//! has it verifies it without us. `docs/export.md` is its description.
//!
//! | File | Is |
//! |---|---|
//! | [`layout`] | which files there are, and what they are called |
//! | [`words`] | the form of words beside the records |
//! | [`erasures`] | which words are not in it, because an event says that they are erased |
//! | [`ocel`] | the same records as an object-centric event log, for process-mining tools |
//!
//! Invariant: nothing is in it that was not checked against the root of the log, and no words that an event which is
//! durable says are erased, be they overwritten already or not. What is held in memory is bounded by one entry bundle,
//! however long the ledger is. It must not know where the files go, nor judge what it exports.

mod erasures;
pub mod layout;
pub mod ocel;
pub mod words;

use std::ops::ControlFlow;
use storage::{
    Kept, Reader, Record,
    merkle::{Tile, tile},
    note::{SignedCheckpoint, Verifier},
};

use crate::domain::{command::Recorded, event::Payload};
use crate::journal::codec::{self, Unreadable};
use erasures::Erasures;

/// Bytes of words after which they are handed on.
const PIECE: usize = 1 << 20;

/// Why there is no export, or no whole one.
#[derive(Debug, thiserror::Error)]
pub enum NotExported {
    /// The ledger's own files do not hold: `pledgebook verify` says what.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// A record could not be opened.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The checkpoint is not of this ledger.
    #[error("the signed checkpoint is not of this ledger: {0}; verify the ledger before anything else")]
    Checkpoint(&'static str),
    /// The key before the first rotation stands in no record, and was not given.
    #[error("the key that signs is not known: no record names it; say it with --key VKEY")]
    NoKey,
    /// Whoever took the files wants no more.
    #[error("stopped before its end")]
    Stopped,
}

/// A ledger up to one of its checkpoints.
pub struct Export {
    reader: Reader,
    checkpoint: SignedCheckpoint,
    /// The kept checkpoints up to that one.
    sizes: Vec<u64>,
    kept: Kept,
    /// The key in force, for a ledger whose key was never rotated.
    key: Option<Verifier>,
}

/// Takes a file piece by piece: its path and the next bytes of it. A file without bytes comes as one empty piece.
pub type Put<'a> = &'a mut dyn FnMut(&str, &[u8]) -> ControlFlow<()>;

impl Export {
    /// An export up to `checkpoint`, which must be of this log. `key` is what it signs with now, where that is known.
    pub fn new(
        reader: Reader,
        kept: Kept,
        checkpoint: SignedCheckpoint,
        key: Option<Verifier>,
    ) -> Result<Self, NotExported> {
        let said = &checkpoint.checkpoint;
        if said.origin != reader.identity().origin {
            return Err(NotExported::Checkpoint("it has another origin"));
        }
        if said.size > reader.head().size {
            return Err(NotExported::Checkpoint("it is of more records than there are"));
        }
        if reader.root(said.size)? != said.root {
            return Err(NotExported::Checkpoint("the records have another root"));
        }
        let sizes = kept.sizes().into_iter().filter(|size| *size <= said.size).collect();
        Ok(Self { reader, checkpoint, sizes, kept, key })
    }

    /// How many records are in it.
    pub fn size(&self) -> u64 {
        self.checkpoint.checkpoint.size
    }

    /// How many records stand behind it now.
    pub fn left_out(&self) -> u64 {
        self.reader.head().size.saturating_sub(self.size())
    }

    /// How many files there are in all.
    pub fn files(&self) -> u64 {
        let size = self.size();
        let tiles = layout::levels(size).map(|level| layout::count(size, level)).sum::<u64>();
        let bundles = layout::count(size, tile::Level::Entries);
        let words = size.div_ceil(layout::SPAN);
        // README, keys and the checkpoint.
        3 + self.sizes.len() as u64 + bundles + words + tiles
    }

    /// Hands out every file, those of one folder together, by number.
    pub fn write(&self, put: Put<'_>) -> Result<(), NotExported> {
        let mut erasures = Erasures::default();
        let mut keys = Vec::new();
        file(put, layout::README, layout::READ_ME.as_bytes())?;
        for size in &self.sizes {
            if let Some(kept) = self.kept.at(*size)? {
                file(put, &layout::kept(*size), &kept.note)?;
            }
        }
        for bundle in tile::tiles(self.size(), tile::Level::Entries) {
            let bytes = self.tile(bundle)?;
            for record in tile::entries(&bytes).filter_map(Result::ok) {
                let fact = codec::recorded(&Record::parse(record.1).map_err(storage::Error::from)?)?;
                erasures.learn(&fact);
                self.learn_key(&mut keys, &fact)?;
            }
            file(put, &layout::entries(&bundle), &bytes)?;
        }
        erasures.catch_up(&self.reader)?;
        for first in layout::spans(self.size()) {
            self.words(first, &mut erasures, put)?;
        }
        file(put, layout::KEYS, self.keys(keys)?.as_bytes())?;
        file(put, layout::CHECKPOINT, self.checkpoint.note.to_text().as_bytes())?;
        for level in layout::levels(self.size()) {
            for hashes in tile::tiles(self.size(), level) {
                file(put, &layout::hashes(&hashes), &self.tile(hashes)?)?;
            }
        }
        Ok(())
    }

    fn tile(&self, tile: Tile) -> Result<Vec<u8>, NotExported> {
        // The size was compared with the head, and a log does not shrink.
        Ok(self.reader.tile(tile)?.ok_or(storage::Error::Beyond {
            sequence: self.size().saturating_sub(1),
            size: self.reader.head().size,
        })?)
    }

    /// The words beside the records of one span.
    fn words(&self, first: u64, erasures: &mut Erasures, put: Put<'_>) -> Result<(), NotExported> {
        let path = layout::words(first);
        let (mut lines, mut given) = (String::new(), false);
        let mut with_words = Vec::new();
        let mut failed = None;
        self.reader.scan(first, self.size().min(first + layout::SPAN), &mut |record| {
            match codec::recorded(&record) {
                Ok(fact) => with_words.extend(fields(&fact)),
                Err(error) => failed = Some(error),
            }
            if failed.is_none() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        failed.map_or(Ok(()), Err)?;
        for (sequence, fields) in with_words {
            // What cannot be told is missing: whoever verifies finds it so.
            let found = self.reader.words(sequence).unwrap_or_default();
            for field in fields {
                let state = words::State::of(&found, field);
                let state = erasures.apply((&self.reader, self.size()), (sequence, field), state)?;
                lines += &words::Line { sequence, field: field.to_owned(), state }.to_text();
            }
            if lines.len() >= PIECE {
                file(put, &path, lines.as_bytes())?;
                (lines, given) = (String::new(), true);
            }
        }
        if lines.is_empty() && given { Ok(()) } else { file(put, &path, lines.as_bytes()) }
    }

    fn learn_key(&self, keys: &mut Vec<String>, fact: &Recorded) -> Result<(), NotExported> {
        let Payload::KeyRotated(rotated) = &fact.event.payload else { return Ok(()) };
        let origin = &self.checkpoint.checkpoint.origin;
        let named = |key: &[u8; 32]| Verifier::ed25519(origin, key).map_err(storage::Error::from);
        if keys.is_empty() {
            keys.push(named(&rotated.old_key.0)?.to_string());
        }
        keys.push(named(&rotated.new_key.0)?.to_string());
        Ok(())
    }

    /// The keys, first to last, one a line.
    fn keys(&self, mut keys: Vec<String>) -> Result<String, NotExported> {
        if keys.is_empty() {
            keys.push(self.key.as_ref().ok_or(NotExported::NoKey)?.to_string());
        }
        Ok(keys.join("\n") + "\n")
    }
}

/// The fields of words that a record commits to, if it does.
fn fields(fact: &Recorded) -> Option<(u64, Vec<&'static str>)> {
    let fields: Vec<_> = fact.event.payload.words().into_iter().map(|(field, _)| field).collect();
    (!fields.is_empty()).then_some((fact.sequence, fields))
}

fn file(put: Put<'_>, path: &str, bytes: &[u8]) -> Result<(), NotExported> {
    if put(path, bytes).is_break() { Err(NotExported::Stopped) } else { Ok(()) }
}

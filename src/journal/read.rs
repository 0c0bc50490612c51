//! What is recorded, for readers: entries with their words, receipts, lives. Durable records only.

use std::ops::{ControlFlow, Range};
use std::sync::Arc;
use storage::{Digest, FoundWord, Reader, Record, WordState};
use uuid::Uuid;

use super::{
    Journal, Receipt, Refused, codec, keys,
    receipt::commitment,
    world::{self, unreadable},
};
use crate::domain::{
    command::Recorded,
    id::{Kind, SourceName, Subject},
    subject::{Life, State},
    value::Sha256,
};

/// What became of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordsStatus {
    /// Held, and they match their commitment.
    Held,
    /// Not there, not even where they stood.
    Missing,
    /// There, but they do not match their commitment, or their checksum.
    Altered,
    /// Overwritten where they stood.
    Erased,
}

/// One field of words of a record.
#[derive(Clone, PartialEq, Eq)]
pub struct WordsView {
    /// The payload's field.
    pub field: &'static str,
    /// What stands in the record.
    pub commitment: Sha256,
    /// What became of the words.
    pub status: WordsStatus,
    /// The words, if they are held.
    pub text: Option<String>,
}

// Words never reach a log, not even through `{:?}`.
impl std::fmt::Debug for WordsView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WordsView")
            .field("field", &self.field)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// A record as readers see it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The fact.
    pub recorded: Recorded,
    /// Its leaf hash.
    pub hash: Digest,
    /// Its words.
    pub words: Vec<WordsView>,
}

impl Journal {
    /// The entry at a sequence; none at and beyond the head.
    pub fn entry(&self, sequence: u64) -> Result<Option<Entry>, Refused> {
        if sequence >= self.head().size {
            return Ok(None);
        }
        let bytes = self.reader().read(sequence).map_err(unreadable)?;
        let record = Record::parse(&bytes).map_err(unreadable)?;
        entry(self.reader(), &record).map(Some)
    }

    /// The entries of a range, in order; the part of it that is recorded.
    pub fn entries(&self, range: Range<u64>) -> Result<Vec<Entry>, Refused> {
        let reader = self.reader();
        let mut found = Vec::new();
        let mut failed = None;
        let end = range.end.min(reader.head().size);
        if range.start >= end {
            return Ok(found);
        }
        reader
            .scan(range.start, end, &mut |record| match entry(reader, &record) {
                Ok(entry) => {
                    found.push(entry);
                    ControlFlow::Continue(())
                }
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            })
            .map_err(unreadable)?;
        failed.map_or(Ok(found), Err)
    }

    /// The entry of an event's id at its source.
    pub fn find(&self, source: &SourceName, id: Uuid) -> Result<Option<Entry>, Refused> {
        match find(self.reader(), source, id, keys::id(source, id))? {
            Some(fact) => self.entry(fact.sequence),
            None => Ok(None),
        }
    }

    /// The receipt of an entry: the one that its poster got.
    pub fn receipt(&self, entry: &Entry) -> Result<Receipt, Refused> {
        receipt(self.reader(), &entry.recorded)
    }

    /// The life of a subject, as far as it is durable.
    pub fn life(&self, subject: &Subject) -> Result<Life, Refused> {
        let facts = world::facts(self.reader(), keys::about(subject), |fact| fact.event.subject == *subject)?;
        Ok(Life::from_facts(subject.clone(), facts, self.zone()))
    }
}

impl Journal {
    /// The name of a subject's state, as readers see it. Of a commitment that a later version of its pledge closed, its
    /// own life does not know; the pledge's does.
    pub fn state_name(&self, life: &Life) -> Result<&'static str, Refused> {
        if let State::Commitment(commitment) = life.state()
            && commitment.end.is_none()
            && let State::Pledge(pledge) = self.life(&Kind::Pledge.subject(&commitment.pledge))?.state()
            && let Some(closing) = pledge.closed.get(life.subject().id())
        {
            return Ok(closing.disposition.as_str());
        }
        Ok(life.state_name())
    }
}

/// The durable fact of an event's id at its source.
pub(super) fn find(
    reader: &Reader,
    source: &SourceName,
    id: Uuid,
    fingerprint: u128,
) -> Result<Option<Recorded>, Refused> {
    for sequence in reader.by_id(fingerprint).map_err(unreadable)? {
        let fact = world::fact(reader, sequence)?;
        if fact.source == *source && fact.event.id == id {
            return Ok(Some(fact));
        }
    }
    Ok(None)
}

/// The receipt of a durable fact, made from the log: the same for ever.
pub(super) fn receipt(reader: &Reader, fact: &Recorded) -> Result<Receipt, Refused> {
    let about = world::facts(reader, keys::about(&fact.event.subject), |other| {
        other.sequence <= fact.sequence && other.event.subject == fact.event.subject
    })?;
    Ok(Receipt {
        source: fact.source.clone(),
        event_id: fact.event.id,
        sequence: fact.sequence,
        recorded_at: fact.recorded_at,
        hash: reader.leaf(fact.sequence).map_err(unreadable)?,
        subject_version: about.len() as u64,
        irregularities: fact.irregularities.clone(),
    })
}

fn entry(reader: &Reader, record: &Record<'_>) -> Result<Entry, Refused> {
    let recorded = codec::recorded(record).map_err(unreadable)?;
    let fields = recorded.event.payload.words();
    let found =
        if fields.is_empty() { Vec::new() } else { reader.words(record.sequence).map_err(unreadable)? };
    let words = fields.into_iter().map(|(field, words)| view(field, words.0, &found)).collect();
    Ok(Entry { recorded, hash: record.hash(), words })
}

fn view(field: &'static str, wanted: Sha256, found: &[FoundWord]) -> WordsView {
    let state = found.iter().find(|word| word.field == field).map(|word| &word.state);
    let status = status(wanted, state);
    let text = match state {
        Some(WordState::Held { text, .. }) if status == WordsStatus::Held => Some(text.clone()),
        _ => None,
    };
    WordsView { field, commitment: wanted, status, text }
}

fn status(wanted: Sha256, state: Option<&WordState>) -> WordsStatus {
    match state {
        None => WordsStatus::Missing,
        Some(WordState::Held { nonce, text }) if commitment(nonce, text) == wanted => WordsStatus::Held,
        Some(WordState::Held { .. } | WordState::Damaged) => WordsStatus::Altered,
        Some(WordState::Erased) => WordsStatus::Erased,
    }
}

/// The first record of a ledger, if there is one.
pub fn genesis(reader: &Reader) -> Result<Option<Arc<Recorded>>, Refused> {
    if reader.head().size == 0 {
        return Ok(None);
    }
    world::fact(reader, 0).map(|fact| Some(Arc::new(fact)))
}

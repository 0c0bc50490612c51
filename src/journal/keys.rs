//! What a record is found by: the fingerprint of its id, and of every subject and thing that it is about or mentions.
//! Computed when an event is appended, and again, the same, when an index is rebuilt from the log.

use storage::{Digest, Keys, Malformed, Record};
use uuid::Uuid;

use super::codec;
use crate::domain::{
    decide::{Mention, mentions},
    event::Event,
    id::{SourceName, Subject},
};

/// The ledger's own part of a record, in bytes, at most: fixed fields 128, a source's name 64, marks 256, rounded up.
pub const MAX_OWN_PART: usize = 512;

/// The largest stored event, in bytes.
pub const MAX_EVENT: usize = storage::MAX_RECORD - MAX_OWN_PART;

/// The keys of an event.
pub fn of(source: &SourceName, event: &Event) -> Keys {
    let mut sought = Sought::default();
    sought.event(source, event);
    let mut hashes = sought.hashes().into_iter();
    keys(&mut hashes, sought.ends.len())
}

/// The keys of a stored record: the log's way to rebuild its index.
pub fn of_record(record: &Record<'_>) -> Result<Keys, Malformed> {
    let opened =
        codec::opened(record).map_err(|_| Malformed::new("an event that this version cannot open"))?;
    Ok(of(&opened.source, &opened.event))
}

/// The keys of one event, of which the next so many hashes are: its id's, and then the others.
fn keys(hashes: &mut impl Iterator<Item = Digest>, count: usize) -> Keys {
    let id = hashes.next().map_or(0, long);
    let mut subjects: Vec<u64> = hashes.take(count.saturating_sub(1)).map(short).collect();
    subjects.sort_unstable();
    subjects.dedup();
    Keys { id, subjects }
}

/// Fingerprint of an event's id at its source: 128 bits of SHA-256. Hits are confirmed in the log.
pub fn id(source: &SourceName, id: Uuid) -> u128 {
    let mut sought = Sought::default();
    sought.id(source, id);
    long(Digest::of(&sought.bytes))
}

/// Fingerprint of a subject, for the events about it.
pub fn about(subject: &Subject) -> u64 {
    let mut sought = Sought::default();
    sought.about(subject);
    short(Digest::of(&sought.bytes))
}

/// Fingerprint of something mentioned, for the events that mention it.
pub fn mention(mention: &Mention) -> u64 {
    let mut sought = Sought::default();
    sought.mention(mention);
    short(Digest::of(&sought.bytes))
}

fn long(digest: Digest) -> u128 {
    digest.0.first_chunk().map_or(0, |front| u128::from_be_bytes(*front))
}

fn short(digest: Digest) -> u64 {
    digest.0.first_chunk().map_or(0, |front| u64::from_be_bytes(*front))
}

/// What is hashed for the keys of events, one after the other: a letter for its sort, a kind and an identifier, and what
/// stands between. Many are hashed faster together.
#[derive(Default)]
pub struct Sought {
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
    /// How many there are for each event.
    events: Vec<usize>,
}

impl Sought {
    /// One more event.
    pub fn event(&mut self, source: &SourceName, event: &Event) {
        let before = self.ends.len();
        self.id(source, event.id);
        self.about(&event.subject);
        for it in &mentions(event) {
            self.mention(it);
        }
        self.events.push(self.ends.len() - before);
    }

    fn id(&mut self, source: &SourceName, id: Uuid) {
        self.push(&[b"i", source.as_bytes(), b"\0", id.as_bytes()]);
    }

    fn about(&mut self, subject: &Subject) {
        self.push(&[b"s", subject.kind().as_str().as_bytes(), b"/", subject.id().as_bytes()]);
    }

    fn mention(&mut self, mention: &Mention) {
        match mention {
            Mention::Subject(subject) => {
                self.push(&[b"m", subject.kind().as_str().as_bytes(), b"/", subject.id().as_bytes()]);
            }
            Mention::Code { list, code } => {
                self.push(&[b"c", list.as_str().as_bytes(), b"/", code.as_bytes()]);
            }
            Mention::Document { about, sha256 } => self.push(&[
                b"d",
                about.kind().as_str().as_bytes(),
                b"/",
                about.id().as_bytes(),
                b"\0",
                &sha256.0,
            ]),
            Mention::Erasure => self.push(&[b"e"]),
        }
    }

    fn push(&mut self, parts: &[&[u8]]) {
        for part in parts {
            self.bytes.extend_from_slice(part);
        }
        self.ends.push(self.bytes.len());
    }

    /// The keys of each event, as [`of`] gives them.
    pub fn keys(&self) -> impl Iterator<Item = Keys> {
        let mut hashes = self.hashes().into_iter();
        self.events.iter().map(move |count| keys(&mut hashes, *count))
    }

    /// The hash of each.
    fn hashes(&self) -> Vec<Digest> {
        let mut from = 0;
        let messages = self.ends.iter().map(|end| &self.bytes[std::mem::replace(&mut from, *end)..*end]);
        Digest::of_each(messages)
    }
}

//! What a record is found by: the fingerprint of its id, and of every subject and thing that it is about or mentions.
//! Computed when an event is appended, and again, the same, when an index is rebuilt from the log.

use sha2::Digest as _;
use storage::{Keys, Malformed, Record};
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
    let mut subjects = vec![about(&event.subject)];
    subjects.extend(mentions(event).iter().map(mention));
    subjects.sort_unstable();
    subjects.dedup();
    Keys { id: id(source, event.id), subjects }
}

/// The keys of a stored record: the log's way to rebuild its index.
pub fn of_record(record: &Record<'_>) -> Result<Keys, Malformed> {
    let opened =
        codec::opened(record).map_err(|_| Malformed::new("an event that this version cannot open"))?;
    Ok(of(&opened.source, &opened.event))
}

/// Fingerprint of an event's id at its source: 128 bits of SHA-256. Hits are confirmed in the log.
pub fn id(source: &SourceName, id: Uuid) -> u128 {
    let digest = hash(&[b"i", source.as_str().as_bytes(), b"\0", id.as_bytes()]);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    u128::from_be_bytes(bytes)
}

/// Fingerprint of a subject, for the events about it.
pub fn about(subject: &Subject) -> u64 {
    short(&[b"s", subject.kind().as_str().as_bytes(), b"/", subject.id().as_str().as_bytes()])
}

/// Fingerprint of something mentioned, for the events that mention it.
pub fn mention(mention: &Mention) -> u64 {
    match mention {
        Mention::Subject(subject) => {
            short(&[b"m", subject.kind().as_str().as_bytes(), b"/", subject.id().as_str().as_bytes()])
        }
        Mention::Code { list, code } => {
            short(&[b"c", list.as_str().as_bytes(), b"/", code.as_str().as_bytes()])
        }
        Mention::Document { about, sha256 } => short(&[
            b"d",
            about.kind().as_str().as_bytes(),
            b"/",
            about.id().as_str().as_bytes(),
            b"\0",
            &sha256.0,
        ]),
        Mention::Erasure => short(&[b"e"]),
    }
}

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    // A kind, an identifier and what stands between: hashed at once, for there are some for every record.
    let mut room = [0; 192];
    let mut length = 0;
    for part in parts {
        let Some(place) = room.get_mut(length..length + part.len()) else { return hash_by_parts(parts) };
        place.copy_from_slice(part);
        length += part.len();
    }
    storage::Digest::of(&room[..length]).0
}

fn hash_by_parts(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = sha2::Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

fn short(parts: &[&[u8]]) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash(parts)[..8]);
    u64::from_be_bytes(bytes)
}

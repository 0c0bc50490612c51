//! A record: one MessagePack map with eight named keys in a fixed order.
//!
//! Invariant: a record has exactly one encoding; [`Record::parse`] accepts that one and
//! nothing else, and what was parsed is never encoded again. It must not know what an
//! event means.
//!
//! ```text
//! 88                                   map of 8
//! a1 'v'            01                 format version
//! a6 'source'       str                shortest head, at most 255 bytes
//! a4 'salt'         c4 10 [16]
//! a5 'event'        map                opaque, well-formed, at most 32 deep
//! a5 'flags'        array of str       shortest heads
//! a8 'sequence'     cf [u64]           ┐
//! ab 'recorded_at'  d3 [i64]           ├ 78 bytes: places constant from the end
//! a4 'prev'         c4 20 [32]         ┘
//! ```

use super::digest::{Digest, leaf_hash};
use super::msgpack::{self, Walk};
use crate::error::Malformed;
use crate::limits::{MAX_FLAG, MAX_FLAGS, MAX_RECORD, MAX_SOURCE};

const HEAD: &[u8; 11] = b"\x88\xa1v\x01\xa6source";
const SALT: &[u8; 7] = b"\xa4salt\xc4\x10";
const EVENT: &[u8; 6] = b"\xa5event";
const FLAGS: &[u8; 6] = b"\xa5flags";
/// A list of none.
const NO_FLAGS: &[u8; 1] = b"\x90";
const SEQUENCE: &[u8; 10] = b"\xa8sequence\xcf";
const RECORDED_AT: &[u8; 13] = b"\xabrecorded_at\xd3";
const PREV: &[u8; 7] = b"\xa4prev\xc4\x20";

/// Length of the fixed-width tail, in bytes.
pub const TAIL: usize = 78;
const _: () = assert!(TAIL == SEQUENCE.len() + 8 + RECORDED_AT.len() + 8 + PREV.len() + 32);

/// A record before it has its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Draft<'a> {
    /// Who posts it; at most 255 bytes.
    pub source: &'a str,
    /// Random bytes, so that the hash of a record tells nothing of its contents.
    pub salt: [u8; 16],
    /// The poster's part: exactly one MessagePack map.
    pub event: &'a [u8],
    /// Names of irregularities; at most 255 of at most 255 bytes.
    pub flags: &'a [&'a str],
    /// Microseconds since the Unix epoch.
    pub recorded_at: i64,
}

/// A record as it is stored, borrowed from its bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Record<'a> {
    /// The record whole: what is hashed, stored and served.
    pub bytes: &'a [u8],
    /// Who posted it.
    pub source: &'a str,
    /// Random bytes.
    pub salt: [u8; 16],
    /// The poster's part: exactly one MessagePack map.
    pub event: &'a [u8],
    flags: &'a [u8],
    /// Its place in the ledger, from 0.
    pub sequence: u64,
    /// Microseconds since the Unix epoch.
    pub recorded_at: i64,
    /// Leaf hash of the record before; of record 0, the hash of the origin line.
    pub prev: Digest,
}

impl<'a> Record<'a> {
    /// Parses the one canonical encoding of a record.
    ///
    /// # Errors
    ///
    /// The first rule of the format that `bytes` breaks, and where.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        if bytes.len() > MAX_RECORD {
            return Err(Malformed::at(MAX_RECORD, "the record is longer than 65,535 bytes"));
        }
        let mut walk = Walk::new(bytes);
        let (source, salt) = front(&mut walk)?;
        let event = walk.map()?;
        walk.literal(FLAGS, "`flags` is expected")?;
        let from = walk.at();
        for _ in 0..walk.array(MAX_FLAGS)? {
            walk.str(MAX_FLAG)?;
        }
        let flags = &bytes[from..walk.at()];
        let (sequence, recorded_at, prev) = tail(&mut walk)?;
        if !walk.rest().is_empty() {
            return Err(Malformed::at(walk.at(), "bytes follow the record"));
        }
        Ok(Self { bytes, source, salt, event, flags, sequence, recorded_at, prev })
    }

    /// As [`Record::parse`], but that the event is exactly one well-formed map is left to whoever opens it. `None`: not by
    /// these means; what has no flags can be had so, if it is a record. Where the event ends is certain: a flag is a text in
    /// UTF-8, so in no list of flags does 0x90 follow the letter s, and no other list ends as the empty one does.
    pub(crate) fn around_event(bytes: &'a [u8]) -> Option<Self> {
        const BEHIND: usize = FLAGS.len() + 1 + TAIL;
        let (before, behind) = bytes.split_last_chunk::<BEHIND>()?;
        let (names, behind) = behind.split_first_chunk::<{ FLAGS.len() }>()?;
        let (flags, behind) = behind.split_at_checked(1)?;
        if names != FLAGS || flags != NO_FLAGS || bytes.len() > MAX_RECORD {
            return None;
        }
        let mut walk = Walk::new(before);
        let (source, salt) = front(&mut walk).ok()?;
        let event = walk.rest();
        let (sequence, recorded_at, prev) = tail(&mut Walk::new(behind)).ok()?;
        Some(Self { bytes, source, salt, event, flags, sequence, recorded_at, prev })
    }

    /// The names of irregularities, in order.
    pub fn flags(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let mut walk = Walk::new(self.flags);
        let count = walk.array(MAX_FLAGS).unwrap_or(0);
        (0..count).map_while(move |_| walk.str(MAX_FLAG).ok())
    }

    /// Its leaf hash, computed from its bytes.
    #[must_use]
    pub fn hash(&self) -> Digest {
        leaf_hash(self.bytes)
    }
}

/// What stands before the event: source and salt.
#[inline]
fn front<'a>(walk: &mut Walk<'a>) -> Result<(&'a str, [u8; 16]), Malformed> {
    walk.literal(HEAD, "a map of 8, version 1, and `source` are expected")?;
    let source = walk.str(MAX_SOURCE)?;
    walk.literal(SALT, "`salt` of 16 bytes is expected")?;
    let salt = fixed(walk)?;
    walk.literal(EVENT, "`event` is expected")?;
    Ok((source, salt))
}

/// What stands behind the flags: sequence, time and link.
#[inline]
fn tail(walk: &mut Walk<'_>) -> Result<(u64, i64, Digest), Malformed> {
    walk.literal(SEQUENCE, "`sequence` as a 64-bit integer is expected")?;
    let sequence = u64::from_be_bytes(fixed(walk)?);
    walk.literal(RECORDED_AT, "`recorded_at` as a 64-bit integer is expected")?;
    let recorded_at = i64::from_be_bytes(fixed(walk)?);
    walk.literal(PREV, "`prev` of 32 bytes is expected")?;
    Ok((sequence, recorded_at, Digest(fixed(walk)?)))
}

fn fixed<const N: usize>(walk: &mut Walk<'_>) -> Result<[u8; N], Malformed> {
    let mut value = [0; N];
    value.copy_from_slice(walk.take(N)?);
    Ok(value)
}

/// Appends the encoding of `draft` in its place to `out`.
///
/// # Errors
///
/// The rule that `draft` breaks; `out` then has some bytes more, which the caller drops.
pub(crate) fn encode(
    out: &mut Vec<u8>,
    draft: &Draft<'_>,
    sequence: u64,
    prev: &Digest,
) -> Result<(), Malformed> {
    let start = out.len();
    if draft.source.len() > MAX_SOURCE {
        return Err(Malformed::new("the source is longer than 255 bytes"));
    }
    if draft.flags.len() > MAX_FLAGS || draft.flags.iter().any(|flag| flag.len() > MAX_FLAG) {
        return Err(Malformed::new("there are too many flags, or one is too long"));
    }
    if draft.event.len() > MAX_RECORD {
        return Err(Malformed::new("the record is longer than 65,535 bytes"));
    }
    let mut walk = Walk::new(draft.event);
    walk.map()?;
    if !walk.rest().is_empty() {
        return Err(Malformed::at(walk.at(), "bytes follow the event"));
    }
    out.extend_from_slice(HEAD);
    msgpack::put_str(out, draft.source);
    out.extend_from_slice(SALT);
    out.extend_from_slice(&draft.salt);
    out.extend_from_slice(EVENT);
    out.extend_from_slice(draft.event);
    out.extend_from_slice(FLAGS);
    msgpack::put_array(out, draft.flags.len());
    for flag in draft.flags {
        msgpack::put_str(out, flag);
    }
    out.extend_from_slice(SEQUENCE);
    out.extend_from_slice(&sequence.to_be_bytes());
    out.extend_from_slice(RECORDED_AT);
    out.extend_from_slice(&draft.recorded_at.to_be_bytes());
    out.extend_from_slice(PREV);
    out.extend_from_slice(&prev.0);
    if out.len() - start > MAX_RECORD {
        return Err(Malformed::new("the record is longer than 65,535 bytes"));
    }
    Ok(())
}

//! Erasable text under commitments: the records hold `SHA-256(nonce ‖ text)`, this holds
//! nonce and text, one file for each segment.
//!
//! Invariant: an entry is on stable storage before the group whose record commits to it,
//! and keeps its place for ever: erasing overwrites nonce, text and their checksum with
//! zeros, and the walk over the file still works. It must not know which field of which
//! event a commitment stands in.
//!
//! ```text
//!  0  4  magic "PBe1"
//!  4  8  sequence of the record
//! 12  2  length f of the field name
//! 14  4  length t of the text
//! 18  f  field name
//!  …  4  CRC-32 of everything before
//!  … 32  nonce                              ┐
//!  …  t  text                               ├ all zeros once erased
//!  …  4  CRC-32 of nonce and text           ┘
//! ```

use crate::error::Malformed;
use crate::format::{Cursor, put};
use crate::limits::{MAX_FIELD, MAX_TEXT};

const MAGIC: &[u8; 4] = b"PBe1";
const HEAD: usize = 18;
const BODY: usize = 32;

/// A word as it is handed in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Word<'a> {
    /// Name of the field whose commitment stands in the record; at most 255 bytes.
    pub field: &'a str,
    /// Random bytes that keep a short text from being guessed; not all zero.
    pub nonce: [u8; 32],
    /// The text; at most 1 MiB.
    pub text: &'a str,
}

/// A word as it is held.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeldWord {
    /// Name of the field whose commitment stands in the record.
    pub field: String,
    /// The nonce of the commitment.
    pub nonce: [u8; 32],
    /// The text.
    pub text: String,
}

/// Appends the entry of one word.
///
/// # Errors
///
/// The limit that `word` breaks; nothing is appended then.
pub(crate) fn encode(out: &mut Vec<u8>, sequence: u64, word: &Word<'_>) -> Result<(), Malformed> {
    if word.field.len() > MAX_FIELD || word.text.len() > MAX_TEXT {
        return Err(Malformed::new("a word is longer than allowed"));
    }
    if word.nonce == [0; 32] {
        return Err(Malformed::new("a word's nonce is all zero, which says that it is erased"));
    }
    let start = out.len();
    out.extend_from_slice(MAGIC);
    put::u64(out, sequence);
    put::u16(out, word.field.len() as u16);
    put::u32(out, word.text.len() as u32);
    out.extend_from_slice(word.field.as_bytes());
    let head = crc32fast::hash(&out[start..]);
    put::u32(out, head);
    let start = out.len();
    out.extend_from_slice(&word.nonce);
    out.extend_from_slice(word.text.as_bytes());
    let body = crc32fast::hash(&out[start..]);
    put::u32(out, body);
    Ok(())
}

/// One entry, borrowed from its bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) sequence: u64,
    pub(crate) field: &'a str,
    pub(crate) content: Content<'a>,
}

/// What an entry holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Content<'a> {
    Kept { nonce: [u8; 32], text: &'a str },
    Erased,
    Damaged,
}

/// Length of the entry whose first bytes are `head`, if they are that.
pub(crate) fn length(head: &[u8]) -> Option<usize> {
    let mut fields = Cursor::new(head);
    if fields.take(4)? != MAGIC {
        return None;
    }
    fields.u64()?;
    let field = usize::from(fields.u16()?);
    let text = fields.u32()? as usize;
    (field <= MAX_FIELD && text <= MAX_TEXT).then_some(HEAD + field + 4 + BODY + text + 4)
}

/// The entry at the front of `bytes` and its length; `None` when its head does not hold.
pub(crate) fn decode(bytes: &[u8]) -> Option<(Entry<'_>, usize)> {
    let length = length(bytes)?;
    let bytes = bytes.get(..length)?;
    let mut fields = Cursor::new(bytes);
    fields.take(4)?;
    let sequence = fields.u64()?;
    let field_length = usize::from(fields.u16()?);
    fields.u32()?;
    let field = std::str::from_utf8(fields.take(field_length)?).ok()?;
    if fields.u32()? != crc32fast::hash(&bytes[..HEAD + field_length]) {
        return None;
    }
    let body = &bytes[HEAD + field_length + 4..];
    let (covered, stored) = body.split_at(body.len() - 4);
    let (nonce, text) = covered.split_first_chunk::<32>()?;
    let content = if body.iter().all(|byte| *byte == 0) {
        Content::Erased
    } else if stored == crc32fast::hash(covered).to_be_bytes() && *nonce != [0; 32] {
        std::str::from_utf8(text).map_or(Content::Damaged, |text| Content::Kept { nonce: *nonce, text })
    } else {
        Content::Damaged
    };
    Some((Entry { sequence, field, content }, length))
}

/// Walks the entries in `bytes`: each with its offset; ends with `Err(offset)` at the first
/// whose head does not hold.
pub(crate) fn entries(bytes: &[u8]) -> impl Iterator<Item = Result<(usize, Entry<'_>), usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at >= bytes.len() {
            return None;
        }
        let start = at;
        if let Some((entry, length)) = decode(&bytes[start..]) {
            at += length;
            Some(Ok((start, entry)))
        } else {
            at = bytes.len();
            Some(Err(start))
        }
    })
}

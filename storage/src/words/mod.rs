//! Erasable text under commitments: the records hold `SHA-256(nonce ‖ text)`, this holds
//! nonce and text, one file for each segment.
//!
//! Invariant: an entry is on stable storage before the group whose record commits to it,
//! and keeps its place for ever: erasing overwrites their checksum, and only when that is on
//! stable storage nonce and text, with zeros, and the walk over the file still works. So an
//! erasure that was cut short is told from damage. It must not know which field of which
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
const NONCE: usize = 32;
/// Length of a checksum, in bytes: the last of an entry, and what an erasure overwrites first.
pub(crate) const CHECKSUM: usize = 4;

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

/// A word as it is found beside its record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FoundWord {
    /// Name of the field whose commitment stands in the record.
    pub field: String,
    /// What stands there.
    pub state: WordState,
}

/// What became of a word.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WordState {
    /// It is held, and has its checksum.
    Held {
        /// The nonce of the commitment.
        nonce: [u8; 32],
        /// The text.
        text: String,
    },
    /// It was erased; or its erasure has begun, and it is not shown any more.
    Erased,
    /// It does not have its checksum.
    Damaged,
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
pub struct Entry<'a> {
    /// Sequence of the record.
    pub sequence: u64,
    /// Name of the field whose commitment stands in the record.
    pub field: &'a str,
    /// What stands there.
    pub content: Content<'a>,
    /// Length of nonce, text and their checksum, in bytes.
    pub(crate) body_length: usize,
}

/// What an entry holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Content<'a> {
    /// Nonce and text, with their checksum.
    Kept {
        /// The nonce of the commitment.
        nonce: [u8; 32],
        /// The text.
        text: &'a str,
    },
    /// Zeros.
    Erased,
    /// The checksum is all zeros, and what it was of is not yet: an erasure was cut short.
    Erasing,
    /// Nonce and text are whole, but some bytes of the checksum are zero: an erasure was cut
    /// short in its first four bytes, or damage struck just these.
    Torn,
    /// Anything else.
    Damaged,
}

impl Content<'_> {
    /// Whether a crash in the middle of an erasure may have left this.
    #[must_use]
    pub const fn is_half_erased(&self) -> bool {
        matches!(self, Self::Erasing | Self::Torn)
    }
}

impl Entry<'_> {
    /// The word, as it is handed out.
    pub(crate) fn found(&self) -> FoundWord {
        let state = match self.content {
            Content::Kept { nonce, text } => WordState::Held { nonce, text: text.to_owned() },
            Content::Erased | Content::Erasing => WordState::Erased,
            Content::Torn | Content::Damaged => WordState::Damaged,
        };
        FoundWord { field: self.field.to_owned(), state }
    }

    /// How many bytes stand before the nonce.
    pub(crate) const fn body_at(&self) -> usize {
        HEAD + self.field.len() + CHECKSUM
    }
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
    (field <= MAX_FIELD && text <= MAX_TEXT).then_some(HEAD + field + CHECKSUM + NONCE + text + CHECKSUM)
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
    let body = &bytes[HEAD + field_length + CHECKSUM..];
    Some((Entry { sequence, field, content: content(body), body_length: body.len() }, length))
}

/// What nonce, text and their checksum are.
fn content(body: &[u8]) -> Content<'_> {
    let Some((covered, stored)) = body.split_last_chunk::<CHECKSUM>() else { return Content::Damaged };
    let Some((nonce, text)) = covered.split_first_chunk::<NONCE>() else { return Content::Damaged };
    if body.iter().all(|byte| *byte == 0) {
        return Content::Erased;
    }
    let right = crc32fast::hash(covered).to_be_bytes();
    if *stored == right {
        return match std::str::from_utf8(text) {
            Ok(text) if *nonce != [0; NONCE] => Content::Kept { nonce: *nonce, text },
            _ => Content::Damaged,
        };
    }
    if *stored == [0; CHECKSUM] {
        return Content::Erasing;
    }
    let in_part = stored.iter().zip(right).all(|(stored, right)| *stored == right || *stored == 0);
    if in_part && *nonce != [0; NONCE] { Content::Torn } else { Content::Damaged }
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

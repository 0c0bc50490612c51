//! The little of MessagePack that a record's frame needs.
//!
//! Invariant: strings and arrays of the frame have one encoding each, the shortest; an
//! event is checked to be one well-formed map without being interpreted. It must not
//! recurse: nesting is counted, not followed on the stack.
//! Format: the MessagePack specification (msgpack/spec.md of the msgpack project).

use crate::error::Malformed;
use crate::limits::MAX_DEPTH;

/// Appends `text` with the shortest string head (at most 65,535 bytes).
pub(crate) fn put_str(out: &mut Vec<u8>, text: &str) {
    match text.len() {
        length @ 0..32 => out.push(0xa0 | low_byte(length)),
        length @ 32..256 => out.extend_from_slice(&[0xd9, low_byte(length)]),
        length => out.extend_from_slice(&[0xda, low_byte(length >> 8), low_byte(length)]),
    }
    out.extend_from_slice(text.as_bytes());
}

/// Appends the shortest head of an array of `count` items (at most 65,535).
pub(crate) fn put_array(out: &mut Vec<u8>, count: usize) {
    match count {
        0..16 => out.push(0x90 | low_byte(count)),
        _ => out.extend_from_slice(&[0xdc, low_byte(count >> 8), low_byte(count)]),
    }
}

fn low_byte(value: usize) -> u8 {
    value.to_le_bytes()[0]
}

/// Walks over bytes, knowing where it is.
pub(crate) struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    fn fail<T>(&self, rule: &'static str) -> Result<T, Malformed> {
        Err(Malformed::at(self.at, rule))
    }

    #[inline]
    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        match self.rest().get(..length) {
            Some(taken) => {
                self.at += length;
                Ok(taken)
            }
            None => self.fail("the record ends too early"),
        }
    }

    /// The literal bytes `wanted` come next.
    #[inline]
    pub(crate) fn literal<const N: usize>(
        &mut self,
        wanted: &[u8; N],
        rule: &'static str,
    ) -> Result<(), Malformed> {
        if self.rest().first_chunk() == Some(wanted) {
            self.at += N;
            Ok(())
        } else {
            self.fail(rule)
        }
    }

    #[inline]
    fn be(&mut self, width: usize) -> Result<usize, Malformed> {
        let bytes = self.take(width)?;
        Ok(bytes.iter().fold(0, |value, byte| value << 8 | usize::from(*byte)))
    }

    /// A string under its shortest head, at most `most` bytes.
    pub(crate) fn str(&mut self, most: usize) -> Result<&'a str, Malformed> {
        let start = self.at;
        let (length, least) = match self.take(1)?[0] {
            head @ 0xa0..=0xbf => (usize::from(head & 0x1f), 0),
            0xd9 => (self.be(1)?, 32),
            0xda => (self.be(2)?, 256),
            _ => return Err(Malformed::at(start, "a string is expected")),
        };
        if length < least {
            return Err(Malformed::at(start, "a string has a longer head than it needs"));
        }
        if length > most {
            return Err(Malformed::at(start, "a string is longer than allowed"));
        }
        let text = self.take(length)?;
        std::str::from_utf8(text).map_err(|_| Malformed::at(start, "a string is not UTF-8"))
    }

    /// The head of an array under its shortest form, at most `most` items.
    pub(crate) fn array(&mut self, most: usize) -> Result<usize, Malformed> {
        let start = self.at;
        let (count, least) = match self.take(1)?[0] {
            head @ 0x90..=0x9f => (usize::from(head & 0x0f), 0),
            0xdc => (self.be(2)?, 16),
            _ => return Err(Malformed::at(start, "an array is expected")),
        };
        if count < least {
            return Err(Malformed::at(start, "an array has a longer head than it needs"));
        }
        if count > most {
            return Err(Malformed::at(start, "an array has more items than allowed"));
        }
        Ok(count)
    }

    /// One well-formed map, returned as its bytes.
    pub(crate) fn map(&mut self) -> Result<&'a [u8], Malformed> {
        let start = self.at;
        if !matches!(self.rest().first(), Some(0x80..=0x8f | 0xde | 0xdf)) {
            return self.fail("a map is expected");
        }
        // Items still to come: here, and at each level that is open around it.
        let (mut left, mut open, mut depth) = (1_usize, [0_usize; MAX_DEPTH], 0);
        loop {
            while left > 0 {
                left -= 1;
                // Most of all are short texts.
                if let Some((head @ 0xa0..=0xbf, behind)) = self.rest().split_first()
                    && let Some(text) = behind.get(..usize::from(head & 0x1f))
                    && is_ascii(text)
                {
                    self.at += 1 + text.len();
                    continue;
                }
                let nested = self.item()?;
                if nested > 0 {
                    let Some(around) = open.get_mut(depth) else {
                        return self.fail("the event is nested too deeply");
                    };
                    *around = left;
                    (left, depth) = (nested, depth + 1);
                }
            }
            if depth == 0 {
                return Ok(&self.bytes[start..self.at]);
            }
            depth -= 1;
            left = open[depth];
        }
    }

    /// Passes one head and its scalar bytes; returns how many items nest below it.
    #[inline]
    fn item(&mut self) -> Result<usize, Malformed> {
        let start = self.at;
        let head = self.take(1)?[0];
        let (scalar, nested) = match head {
            0x00..=0x7f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => (0, 0),
            0x80..=0x8f => (0, 2 * usize::from(head & 0x0f)),
            0x90..=0x9f => (0, usize::from(head & 0x0f)),
            0xa0..=0xbf => return self.text(start, usize::from(head & 0x1f)),
            0xd9..=0xdb => {
                let length = self.be(1 << (head - 0xd9))?;
                return self.text(start, length);
            }
            0xc4..=0xc6 => (self.be(1 << (head - 0xc4))?, 0),
            0xc7..=0xc9 => (self.be(1 << (head - 0xc7))? + 1, 0),
            0xca | 0xce | 0xd2 => (4, 0),
            0xcb | 0xcf | 0xd3 => (8, 0),
            0xcc | 0xd0 => (1, 0),
            0xcd | 0xd1 => (2, 0),
            0xd4..=0xd8 => ((1 << (head - 0xd4)) + 1, 0),
            0xdc | 0xdd => (0, self.be(2 << (head - 0xdc))?),
            0xde | 0xdf => (0, 2 * self.be(2 << (head - 0xde))?),
            0xc1 => return Err(Malformed::at(start, "0xc1 is not a MessagePack head")),
        };
        self.take(scalar)?;
        Ok(nested)
    }

    #[inline]
    fn text(&mut self, start: usize, length: usize) -> Result<usize, Malformed> {
        let text = self.take(length)?;
        // Nearly every text is ASCII.
        if is_ascii(text) || std::str::from_utf8(text).is_ok() {
            Ok(0)
        } else {
            Err(Malformed::at(start, "a string is not UTF-8"))
        }
    }
}

/// Whether no byte has its highest bit. Most texts are of 4 to 16 bytes: two words, which may
/// overlap, hold all of such a one.
#[inline]
fn is_ascii(text: &[u8]) -> bool {
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk())
        && text.len() <= 16
    {
        return (u64::from_ne_bytes(*first) | u64::from_ne_bytes(*last)) & 0x8080_8080_8080_8080 == 0;
    }
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk())
        && text.len() < 8
    {
        return (u32::from_ne_bytes(*first) | u32::from_ne_bytes(*last)) & 0x8080_8080 == 0;
    }
    text.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_byte_that_is_not_ascii_anywhere_when_it_is_looked_for_then_it_is_seen() {
        for length in 0..70 {
            let mut text = vec![b'a'; length];
            assert!(is_ascii(&text));
            for at in 0..length {
                for other in [0x80, 0xc3, 0xff] {
                    text[at] = other;
                    assert!(!is_ascii(&text), "{length} {at}");
                }
                text[at] = 0x7f;
                assert!(is_ascii(&text));
            }
        }
    }
}

//! What every form of signed notes is made of: printable text, names, base64, decimals, lines.
//!
//! Invariant: each of them is accepted in one form only, the one in which it is written
//! here. It must not know what a line means.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::error::Malformed;
use crate::format::digest::Digest;

/// The bytes as text without control characters but newlines (C2SP signed-note: those
/// below U+0020).
pub(super) fn printable(bytes: &[u8]) -> Result<&str, Malformed> {
    let text =
        std::str::from_utf8(bytes).map_err(|error| Malformed::at(error.valid_up_to(), "a note is UTF-8"))?;
    match bytes.iter().position(|byte| *byte < 0x20 && *byte != b'\n') {
        Some(at) => Err(Malformed::at(at, "a note has no control characters but newlines")),
        None => Ok(text),
    }
}

/// Whether `name` can be the name of a key.
pub(super) fn name(name: &str, at: usize) -> Result<(), Malformed> {
    if name.is_empty() {
        return Err(Malformed::at(at, "a key has a name"));
    }
    if name.contains(|c: char| c.is_whitespace() || c < ' ' || c == '+') {
        return Err(Malformed::at(at, "a key's name has no spaces, control characters or plus signs"));
    }
    Ok(())
}

/// `bytes` in base64: the standard alphabet (RFC 4648 §4), padded.
pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes that `text`, which stands at byte `at`, is in base64; padding is demanded,
/// and bits behind the last byte must be zero.
pub(super) fn unbase64(text: &str, at: usize) -> Result<Vec<u8>, Malformed> {
    const RULE: &str = "base64 has the standard alphabet, its padding, and no bits left over";
    STANDARD.decode(text).map_err(|_| Malformed::at(at, RULE))
}

/// The hash that `text`, which stands at byte `at`, is in base64.
pub(super) fn digest(text: &str, at: usize) -> Result<Digest, Malformed> {
    let bytes = unbase64(text, at)?.try_into();
    bytes.map(Digest).map_err(|_| Malformed::at(at, "a hash has 32 bytes"))
}

/// The number that `text`, which stands at byte `at`, is in decimal digits.
pub(super) fn decimal(text: &str, at: usize) -> Result<u64, Malformed> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || (text.len() > 1 && text.starts_with('0')) {
        return Err(Malformed::at(at, "a number has decimal digits alone, and no leading zeros"));
    }
    text.parse().map_err(|_| Malformed::at(at, "a number is below 2^64"))
}

/// The lines of a text, each without its newline, with the byte where it begins.
pub(super) struct Lines<'a> {
    rest: &'a str,
    at: usize,
}

impl<'a> Lines<'a> {
    /// The lines of `text`, which stands at byte `at`.
    pub(super) fn new(text: &'a str, at: usize) -> Self {
        Self { rest: text, at }
    }

    /// The next line; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<(usize, &'a str)>, Malformed> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let at = self.at;
        let (line, rest) =
            self.rest.split_once('\n').ok_or(Malformed::at(at, "every line ends in a newline"))?;
        self.rest = rest;
        self.at += line.len() + 1;
        Ok(Some((at, line)))
    }

    /// The next line, which must be there.
    pub(super) fn required(&mut self, rule: &'static str) -> Result<(usize, &'a str), Malformed> {
        let at = self.at;
        self.next()?.ok_or(Malformed::at(at, rule))
    }

    /// What was not taken, and where it begins.
    pub(super) fn rest(self) -> (usize, &'a str) {
        (self.at, self.rest)
    }
}

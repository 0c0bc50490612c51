//! Signed notes (C2SP `signed-note`): a text, a blank line, and lines with signatures. Pure.
//!
//! Invariant: what is accepted has one form, and comes out byte for byte as it went in. It
//! must not know files, clocks or where keys are kept, and it finds no key inside a note:
//! whoever checks one brings the keys.
//!
//! ```text
//! ledger.example/acme                              ┐
//! 3                                                │ the text: here a checkpoint
//! 2y7/5k02NSvNTCYL3g4RODEMn3e4nUxXV4ZS+bGFtjA=     ┘
//!                                                    the last blank line
//! — ledger.example/acme 7xoeOR94BA7XB53wKn9nl+…      — name base64(key id[4] ‖ signature)
//! ```
//!
//! | Module | Is |
//! |---|---|
//! | `key` | who signs, who verifies, and how each algorithm does it |
//! | `checkpoint` | the text that says: this log, this size, this root |
//! | `proof_file` | a record's index, its path, and the checkpoint it leads to |
//! | `request` | a checkpoint on its way to a witness |
//! | `text` | lines, numbers and base64, each in one form |

mod checkpoint;
mod key;
mod proof_file;
mod request;
#[cfg(test)]
mod tests;
mod text;

use std::fmt;

pub use checkpoint::{Checkpoint, SignedCheckpoint, Untrusted};
pub use key::{Algorithm, Cosigner, Signer, Verified, Verifier, cosignature_message};
pub use proof_file::ProofFile;
pub use request::AddCheckpoint;

use crate::error::Malformed;
use crate::limits::{MAX_NOTE, MAX_SIGNATURES};

/// What a line with a signature begins with: U+2014 and a space.
const DASH: &str = "— ";

/// A text and what was signed over it. Nothing is verified yet: [`Verifier::verify`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// The text, which ends in a newline; signatures are over all of it.
    pub text: String,
    /// The signatures in their order; at least one.
    pub signatures: Vec<SignatureLine>,
}

/// One signature, of whatever kind, by whatever key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignatureLine {
    /// Name of the key: not empty, without Unicode spaces, control characters or `+`.
    pub name: String,
    /// Which key of that name: the first bytes of the hash of its name and public key.
    pub key_id: [u8; 4],
    /// The signature, behind the key id; at least one byte, its form is the algorithm's.
    pub bytes: Vec<u8>,
}

impl Note {
    /// The note that `bytes` are: at most 64 KiB and 64 signatures.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        if bytes.len() > MAX_NOTE {
            return Err(Malformed::at(MAX_NOTE, "a note has at most 64 KiB"));
        }
        let whole = text::printable(bytes)?;
        // The last one: a text may have blank lines of its own.
        let blank = whole.rfind("\n\n").ok_or(Malformed::new("a blank line parts text and signatures"))?;
        let mut lines = text::Lines::new(&whole[blank + 2..], blank + 2);
        let mut signatures = Vec::new();
        while let Some((at, line)) = lines.next()? {
            if signatures.len() == MAX_SIGNATURES {
                return Err(Malformed::at(at, "a note has at most 64 signatures"));
            }
            signatures.push(SignatureLine::parse_at(line, at)?);
        }
        if signatures.is_empty() {
            return Err(Malformed::at(bytes.len(), "a note has a signature"));
        }
        Ok(Self { text: whole[..=blank].to_owned(), signatures })
    }

    /// The note as it is stored and sent: of a parsed one, the bytes that were parsed.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.to_string()
    }

    /// Where a signature stands, in bytes.
    fn place(&self, signature: usize) -> usize {
        let before = self.signatures.iter().take(signature).map(|line| line.to_string().len() + 1);
        self.text.len() + 1 + before.sum::<usize>()
    }
}

/// The note as it is stored and sent.
impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl SignatureLine {
    /// The signature that `line`, without its newline, is: what a witness answers with.
    pub fn parse(line: &str) -> Result<Self, Malformed> {
        if line.len() > MAX_NOTE {
            return Err(Malformed::at(MAX_NOTE, "a note has at most 64 KiB"));
        }
        Self::parse_at(line, 0)
    }

    fn parse_at(line: &str, at: usize) -> Result<Self, Malformed> {
        let (name, signature) = line
            .strip_prefix(DASH)
            .and_then(|rest| rest.split_once(' '))
            .ok_or(Malformed::at(at, "a signature's line is an em dash, a name and base64"))?;
        text::name(name, at + DASH.len())?;
        let at = at + DASH.len() + name.len() + 1;
        let signature = text::unbase64(signature, at)?;
        match signature.split_first_chunk() {
            Some((key_id, bytes)) if !bytes.is_empty() => {
                Ok(Self { name: name.to_owned(), key_id: *key_id, bytes: bytes.to_vec() })
            }
            _ => Err(Malformed::at(at, "a signature has a key id of 4 bytes, and bytes behind it")),
        }
    }
}

/// The line without its newline.
impl fmt::Display for SignatureLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signature = [&self.key_id[..], &self.bytes].concat();
        write!(f, "{DASH}{} {}", self.name, text::base64(&signature))
    }
}

/// For whoever makes vkeys that fit, and nobody else.
#[cfg(fuzzing)]
pub(crate) fn unbase64(text: &str) -> Result<Vec<u8>, Malformed> {
    text::unbase64(text, 0)
}

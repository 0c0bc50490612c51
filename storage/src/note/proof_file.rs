//! Proof files (C2SP `tlog-proof`): that a record is in a log, for whoever has the file, the
//! record and the log's key, and nothing else.
//!
//! Invariant: what the file says of itself proves nothing; the record, the origin and the
//! keys are brought by whoever checks it. It must not know how a path was found.
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! extra <base64>             whatever helps to find the record again; nobody has signed it
//! index <n>
//! <base64 of a hash>         the path, from the record's sibling to the root's child
//!                            a blank line
//! <signed checkpoint>
//! ```

use std::fmt;

use super::{Checkpoint, Note, SignedCheckpoint, Untrusted, Verifier, text};
use crate::error::Malformed;
use crate::format::digest::Digest;
use crate::limits::{MAX_EXTRA, MAX_PROOF, MAX_PROOF_FILE};
use crate::merkle::verify;

/// The first line: the format and its version.
const FORMAT: &str = "c2sp.org/tlog-proof@v1";

/// A record's place in a log, the path from there to a root, and who signed that root.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProofFile {
    /// What the maker added, 1 to 65,535 bytes: nobody signed it.
    pub extra: Option<Vec<u8>>,
    /// Sequence of the record.
    pub index: u64,
    /// The path (RFC 9162 §2.1.3), from the record's sibling to the root's child.
    pub hashes: Vec<Digest>,
    /// The checkpoint that the path leads to.
    pub checkpoint: Note,
}

impl ProofFile {
    /// The proof that `bytes` are: at most 64 hashes. Its note is parsed, too, but not what
    /// the note says.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        if bytes.len() > MAX_PROOF_FILE {
            return Err(Malformed::at(MAX_PROOF_FILE, "a proof file has at most 155,860 bytes"));
        }
        let mut lines = text::Lines::new(text::printable(bytes)?, 0);
        let (at, format) = lines.required("a proof file's first line is its format")?;
        if format != FORMAT {
            return Err(Malformed::at(at, "a proof file's first line is c2sp.org/tlog-proof@v1"));
        }
        let (mut at, mut line) = lines.required("a proof file has an index")?;
        let mut extra = None;
        if let Some(base64) = line.strip_prefix("extra ") {
            let bytes = text::unbase64(base64, at + 6)?;
            if bytes.is_empty() || bytes.len() > MAX_EXTRA {
                return Err(Malformed::at(
                    at,
                    "extra data has 1 to 65,535 bytes; without any there is no line",
                ));
            }
            extra = Some(bytes);
            (at, line) = lines.required("a proof file has an index")?;
        }
        let index = line.strip_prefix("index ").ok_or(Malformed::at(at, "a proof file has an index"))?;
        let index = text::decimal(index, at + 6)?;
        let mut hashes = Vec::new();
        loop {
            let (at, line) = lines.required("a blank line stands before the checkpoint")?;
            if line.is_empty() {
                break;
            }
            if hashes.len() == MAX_PROOF {
                return Err(Malformed::at(at, "a path has at most 64 hashes"));
            }
            hashes.push(text::digest(line, at)?);
        }
        let (at, note) = lines.rest();
        let checkpoint = Note::parse(note.as_bytes())
            .map_err(|malformed| Malformed::at(at + malformed.at, malformed.rule))?;
        Ok(Self { extra, index, hashes, checkpoint })
    }

    /// The checkpoint that this proves `leaf` to be under: one of the log `origin` by `keys`
    /// (see [`SignedCheckpoint::open`]), to whose root the path leads.
    ///
    /// `leaf` is [`crate::leaf_hash`] of the record that the caller has in hand, or holds
    /// from elsewhere; size and root come from the signed checkpoint and from nowhere else.
    pub fn check(&self, leaf: &Digest, origin: &str, keys: &[Verifier]) -> Result<Checkpoint, Untrusted> {
        let checkpoint = Checkpoint::parse(&self.checkpoint.text)?;
        let signed = SignedCheckpoint { checkpoint, note: self.checkpoint.clone() };
        signed.trust(origin, keys)?;
        let checkpoint = signed.checkpoint;
        verify::inclusion(leaf, self.index, checkpoint.size, &self.hashes, &checkpoint.root)?;
        Ok(checkpoint)
    }

    /// The file: of a parsed one, the bytes that were parsed.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.to_string()
    }
}

/// The file.
impl fmt::Display for ProofFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FORMAT}")?;
        if let Some(extra) = self.extra.as_ref().filter(|extra| !extra.is_empty()) {
            writeln!(f, "extra {}", text::base64(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{}", text::base64(&hash.0)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

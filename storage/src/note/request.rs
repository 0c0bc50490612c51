//! What a witness is asked (C2SP `tlog-witness`, `add-checkpoint`): to cosign a checkpoint,
//! with the path from the one that it cosigned last.
//!
//! Invariant: what is accepted has one form, and comes out byte for byte as it went in;
//! whether the path leads anywhere, and who signed, is asked of what is parsed. It must not
//! know HTTP, nor what a witness holds.
//!
//! ```text
//! old <size>                 the size that the witness cosigned last
//! <base64 of a hash>         the consistency proof (RFC 6962 §2.1.2): 0 to 63 lines
//!                            a blank line
//! <signed checkpoint>
//! ```

use std::fmt;

use super::{SignedCheckpoint, text};
use crate::error::Malformed;
use crate::format::digest::Digest;
use crate::limits::{MAX_ADD_CHECKPOINT, MAX_CONSISTENCY_PROOF};

/// A checkpoint for a witness, and why it should believe it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AddCheckpoint {
    /// The size that the witness is thought to have cosigned last; 0 of a log new to it.
    pub old: u64,
    /// The path from the tree of that size to the checkpoint's.
    pub proof: Vec<Digest>,
    /// The checkpoint with its log's signature.
    pub checkpoint: SignedCheckpoint,
}

impl AddCheckpoint {
    /// The request that `bytes` are.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        if bytes.len() > MAX_ADD_CHECKPOINT {
            return Err(Malformed::at(MAX_ADD_CHECKPOINT, "a request has at most 68,403 bytes"));
        }
        let mut lines = text::Lines::new(text::printable(bytes)?, 0);
        let (at, old) = lines.required("a request's first line is the old size")?;
        let old = old
            .strip_prefix("old ")
            .ok_or(Malformed::at(at, "a request's first line is `old`, a space and a size"))?;
        let old = text::decimal(old, at + 4)?;
        let mut proof = Vec::new();
        loop {
            let (at, line) = lines.required("a blank line stands before the checkpoint")?;
            if line.is_empty() {
                break;
            }
            if proof.len() == MAX_CONSISTENCY_PROOF {
                return Err(Malformed::at(at, "a consistency proof has at most 63 hashes"));
            }
            proof.push(text::digest(line, at)?);
        }
        let (at, note) = lines.rest();
        let checkpoint = SignedCheckpoint::parse(note.as_bytes())
            .map_err(|malformed| Malformed::at(at + malformed.at, malformed.rule))?;
        Ok(Self { old, proof, checkpoint })
    }

    /// The request as it is sent.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.to_string()
    }
}

/// The request as it is sent.
impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{}", text::base64(&hash.0)))?;
        write!(f, "\n{}", self.checkpoint.note)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECKPOINT: &str = "ledger.example/acme\n3\n2y7/5k02NSvNTCYL3g4RODEMn3e4nUxXV4ZS+bGFtjA=\n\n— ledger.example/acme \
        7xoeOR94BA7XB53wKn9nl+NQSwqdSNboDVxyDsAC5O29EVGUEzPPUPSlqx0OGn4NcRSfCVROXl94khRET0Wxxs9Ogg4=\n";
    const HASH: &str = "2y7/5k02NSvNTCYL3g4RODEMn3e4nUxXV4ZS+bGFtjA=\n";

    #[test]
    fn given_a_request_when_it_is_parsed_then_it_comes_out_as_it_went_in() {
        for (old, hashes) in [(0, 0), (2, 1), (u64::MAX, 63)] {
            let text = format!("old {old}\n{}\n{CHECKPOINT}", HASH.repeat(hashes));
            let parsed = AddCheckpoint::parse(text.as_bytes()).unwrap();
            assert_eq!((parsed.old, parsed.proof.len()), (old, hashes));
            assert_eq!(parsed.checkpoint.checkpoint.size, 3);
            assert_eq!(parsed.to_text(), text);
        }
    }

    #[test]
    fn given_what_is_no_request_when_it_is_parsed_then_the_rule_and_its_place_are_named() {
        for (text, at, rule) in [
            (String::new(), 0, "old size"),
            (format!("3\n\n{CHECKPOINT}"), 0, "`old`"),
            (format!("old  3\n\n{CHECKPOINT}"), 4, "decimal"),
            (format!("old 03\n\n{CHECKPOINT}"), 4, "leading zeros"),
            (format!("old -1\n\n{CHECKPOINT}"), 4, "decimal"),
            (format!("old 18446744073709551616\n\n{CHECKPOINT}"), 4, "2^64"),
            (format!("old 3\r\n\n{CHECKPOINT}"), 5, "control"),
            (format!("old 3\nAAAA\n\n{CHECKPOINT}"), 6, "32 bytes"),
            (format!("old 3\n{}\n{CHECKPOINT}", HASH.repeat(64)), 6 + 63 * 45, "63 hashes"),
            (format!("old 3\n{HASH}"), 6 + 45, "blank line"),
            ("old 3\n\n".to_owned(), 7, "blank line"),
            (format!("old 3\n\n{}", CHECKPOINT.replace("\n3\n", "\n03\n")), 27, "leading zeros"),
        ] {
            let malformed = AddCheckpoint::parse(text.as_bytes()).unwrap_err();
            assert!(malformed.at == at && malformed.rule.contains(rule), "{text:?}: {malformed}");
        }
        let long = format!("old 3\n\n{CHECKPOINT}{}", "x".repeat(MAX_ADD_CHECKPOINT));
        assert!(AddCheckpoint::parse(long.as_bytes()).unwrap_err().rule.contains("at most"));
    }
}

//! SHA-256 values, and the leaf hash that is chain link and Merkle leaf in one.
//!
//! Invariant: the prefixes are those of RFC 6962 §2.1 (0x00 leaf, 0x01 node), so that
//! tools which know nothing of us can check the tree. It must not know what is hashed.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// A SHA-256 value. Shown as 64 lowercase hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Ord, PartialOrd)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The hash of `bytes`, without any prefix.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The hash of an interior node (RFC 6962 §2.1): `SHA-256(0x01 ‖ left ‖ right)`.
    #[must_use]
    pub fn node(left: &Self, right: &Self) -> Self {
        let mut block = [0_u8; 65];
        block[0] = 1;
        block[1..33].copy_from_slice(&left.0);
        block[33..].copy_from_slice(&right.0);
        Self::of(&block)
    }

    /// The commitment to an erasable text: `SHA-256(nonce ‖ text)`.
    #[must_use]
    pub fn commitment(nonce: &[u8; 32], text: &str) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(nonce);
        hasher.update(text);
        Self(hasher.finalize().into())
    }
}

/// The hash of a record: `SHA-256(0x00 ‖ record)`, at once its chain hash (the `prev` of
/// the next record) and its leaf in the Merkle tree.
#[must_use]
pub fn leaf_hash(record: &[u8]) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update([0_u8]);
    hasher.update(record);
    Digest(hasher.finalize().into())
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl AsRef<[u8]> for Digest {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_rfc() {
        // RFC 6962: the leaf hash of the empty entry.
        let leaf = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
        assert_eq!(leaf_hash(b"").to_string(), leaf);
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::of(b"").to_string(), empty);
        let mut prefixed = vec![1_u8];
        prefixed.extend([7; 32]);
        prefixed.extend([9; 32]);
        assert_eq!(Digest::node(&Digest([7; 32]), &Digest([9; 32])), Digest::of(&prefixed));
        let mut nonced = vec![3_u8; 32];
        nonced.extend(b"text");
        assert_eq!(Digest::commitment(&[3; 32], "text"), Digest::of(&nonced));
    }
}

//! SHA-256 values, and the leaf hash that is chain link and Merkle leaf in one.
//!
//! Invariant: the prefixes are those of RFC 6962 §2.1 (0x00 leaf, 0x01 node), so that
//! tools which know nothing of us can check the tree. It must not know what is hashed.

use std::fmt;

use sha2::block_api::compress256;
use sha2::{Digest as _, Sha256};

/// Bytes of a block of SHA-256 (FIPS 180-4 §5.2.1).
const BLOCK: usize = 64;
/// The state before the first block (FIPS 180-4 §5.3.3).
const START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];
/// What ends every message: a bit, and the length in bits in the last 8 bytes of a block.
const END: u8 = 0x80;
const LENGTH: usize = 8;

/// SHA-256 of `front` and `rest` together. Nothing is copied but what shares a block with the
/// front or the padding: a ledger that is verified is hashed twice over, mostly in short pieces.
fn sha256<const F: usize>(front: [u8; F], rest: &[u8]) -> Digest {
    const { assert!(F < BLOCK, "what stands in front shares the first block") };
    let mut state = START;
    let bits = ((F + rest.len()) as u64).wrapping_mul(8);
    let mut last = [[0; BLOCK]; 2];
    last[0][..F].copy_from_slice(&front);
    let mut filled = F;
    let mut left = rest;
    if let Some((first, behind)) = rest.split_at_checked(BLOCK - F) {
        last[0][F..].copy_from_slice(first);
        compress256(&mut state, &last[..1]);
        let (blocks, tail) = behind.as_chunks::<BLOCK>();
        if !blocks.is_empty() {
            compress256(&mut state, blocks);
        }
        (last[0], filled, left) = ([0; BLOCK], 0, tail);
    }
    last[0][filled..filled + left.len()].copy_from_slice(left);
    filled += left.len();
    last[0][filled] = END;
    let count = 1 + usize::from(filled + 1 + LENGTH > BLOCK);
    last[count - 1][BLOCK - LENGTH..].copy_from_slice(&bits.to_be_bytes());
    compress256(&mut state, &last[..count]);
    finished(state)
}

fn finished(state: [u32; 8]) -> Digest {
    let mut digest = Digest([0; 32]);
    for (bytes, word) in digest.0.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    digest
}

/// A SHA-256 value. Shown as 64 lowercase hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Ord, PartialOrd)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The hash of `bytes`, without any prefix.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        sha256([], bytes)
    }

    /// The hash of an interior node (RFC 6962 §2.1): `SHA-256(0x01 ‖ left ‖ right)`.
    #[must_use]
    pub fn node(left: &Self, right: &Self) -> Self {
        // 65 bytes, and all the rest is known: the last byte, the end, and 520 bits.
        const MESSAGE: usize = 65;
        let mut blocks = [[0; BLOCK]; 2];
        blocks[0][0] = 1;
        blocks[0][1..33].copy_from_slice(&left.0);
        blocks[0][33..].copy_from_slice(&right.0[..31]);
        blocks[1][0] = right.0[31];
        blocks[1][1] = END;
        blocks[1][BLOCK - LENGTH..].copy_from_slice(&(8 * MESSAGE as u64).to_be_bytes());
        let mut state = START;
        compress256(&mut state, &blocks);
        finished(state)
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
    sha256([0], record)
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
    fn given_any_length_when_it_is_hashed_at_once_then_it_is_as_the_crate_hashes_it_piece_by_piece() {
        let bytes: Vec<u8> = (0..1_100_u32).map(|it| (it.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for length in 0..bytes.len() {
            let bytes = &bytes[..length];
            assert_eq!(Digest::of(bytes).0, <[u8; 32]>::from(Sha256::digest(bytes)), "{length}");
            let leaf = Sha256::new().chain_update([0]).chain_update(bytes).finalize();
            assert_eq!(leaf_hash(bytes).0, <[u8; 32]>::from(leaf), "{length}");
        }
        for pair in bytes.chunks_exact(64) {
            let (left, right) = pair.split_at(32);
            let node = Sha256::new().chain_update([1]).chain_update(pair).finalize();
            let [left, right] = [left, right].map(|it| Digest(it.try_into().unwrap()));
            assert_eq!(Digest::node(&left, &right).0, <[u8; 32]>::from(node));
        }
    }

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

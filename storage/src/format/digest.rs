//! SHA-256 values, and the leaf hash that is chain link and Merkle leaf in one.
//!
//! Invariant: the prefixes are those of RFC 6962 §2.1 (0x00 leaf, 0x01 node), so that
//! tools which know nothing of us can check the tree. It must not know what is hashed.

mod lanes;

use std::fmt;

use lanes::{Begun, LANES};
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
/// The two hashes under a node, in bytes.
const NODE: usize = 64;

/// SHA-256 of `front` and `rest` together.
fn sha256<const F: usize>(front: [u8; F], rest: &[u8]) -> Digest {
    let mut message = Message::default();
    message.set(front, rest);
    message.finish(START, 0)
}

/// SHA-256 of each of `rest`, all behind the same front: as many at once as this machine can.
fn sha256_each<'a, const F: usize>(
    front: [u8; F],
    mut rest: impl ExactSizeIterator<Item = &'a [u8]>,
    out: &mut Vec<Digest>,
) {
    out.reserve(rest.len());
    // They are set where they stand: to move a message costs as much as to hash a tenth of it.
    let mut room: Vec<Message<'_>> = Vec::new();
    room.resize_with(LANES.min(rest.len()), Message::default);
    loop {
        let mut count = 0;
        for (message, rest) in room.iter_mut().zip(&mut rest) {
            message.set(front, rest);
            count += 1;
        }
        let together = &room[..count];
        if together.is_empty() {
            return;
        }
        let begun = lanes::begin(together);
        let begun = begun.unwrap_or(Begun { words: START.map(|word| [word; LANES]), blocks: 0 });
        out.extend(together.iter().enumerate().map(|(lane, message)| {
            let state = begun.words.each_ref().map(|words| words[lane]);
            message.finish(state, begun.blocks.min(message.count()))
        }));
    }
}

/// A message as blocks. Nothing is copied but what shares a block with the front or the padding: a ledger that is
/// verified is hashed twice over, mostly in short pieces.
struct Message<'a> {
    /// The front and what shares its block; not looked at where that is the last.
    first: [u8; BLOCK],
    /// Whether it is not the last: 0 or 1.
    firsts: usize,
    middle: &'a [[u8; BLOCK]],
    /// What is left, the end and the length: one block or two.
    last: [[u8; BLOCK]; 2],
    lasts: usize,
}

impl Default for Message<'_> {
    fn default() -> Self {
        Self { first: [0; BLOCK], firsts: 0, middle: &[], last: [[0; BLOCK]; 2], lasts: 0 }
    }
}

impl<'a> Message<'a> {
    /// It is this one from now on.
    fn set<const F: usize>(&mut self, front: [u8; F], rest: &'a [u8]) {
        const { assert!(F < BLOCK, "what stands in front shares the first block") };
        let bits = ((F + rest.len()) as u64).wrapping_mul(8);
        self.last = [[0; BLOCK]; 2];
        let (filled, left) = if let Some((first, behind)) = rest.split_at_checked(BLOCK - F) {
            self.first[..F].copy_from_slice(&front);
            self.first[F..].copy_from_slice(first);
            let (middle, left) = behind.as_chunks::<BLOCK>();
            (self.firsts, self.middle) = (1, middle);
            (0, left)
        } else {
            (self.firsts, self.middle) = (0, &[]);
            self.last[0][..F].copy_from_slice(&front);
            (F, rest)
        };
        let end = filled + left.len();
        self.last[0][filled..end].copy_from_slice(left);
        self.last[0][end] = END;
        self.lasts = 1 + usize::from(end + 1 + LENGTH > BLOCK);
        self.last[self.lasts - 1][BLOCK - LENGTH..].copy_from_slice(&bits.to_be_bytes());
    }

    /// How many blocks it has.
    fn count(&self) -> usize {
        self.firsts + self.middle.len() + self.lasts
    }

    /// One of them.
    fn block(&self, at: usize) -> &[u8; BLOCK] {
        let Some(behind) = at.checked_sub(self.firsts) else { return &self.first };
        self.middle.get(behind).unwrap_or_else(|| &self.last[behind - self.middle.len()])
    }

    /// The hash, where so many blocks are in the state already.
    fn finish(&self, mut state: [u32; 8], done: usize) -> Digest {
        if done < self.firsts {
            compress256(&mut state, std::slice::from_ref(&self.first));
        }
        let done = done.saturating_sub(self.firsts);
        let middle = self.middle.get(done..).unwrap_or_default();
        if !middle.is_empty() {
            compress256(&mut state, middle);
        }
        let last = &self.last[done.saturating_sub(self.middle.len()).min(self.lasts)..self.lasts];
        if !last.is_empty() {
            compress256(&mut state, last);
        }
        finished(state)
    }
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

    /// The hash of each of `messages`, without any prefix: many short ones take half the time together.
    #[must_use]
    pub fn of_each<'a>(messages: impl ExactSizeIterator<Item = &'a [u8]>) -> Vec<Self> {
        let mut digests = Vec::new();
        sha256_each([], messages, &mut digests);
        digests
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

/// The nodes above `hashes`, two by two: half as many. One that is left over is left out.
#[must_use]
pub(crate) fn nodes(hashes: &[Digest]) -> Vec<Digest> {
    let (pairs, _) = hashes.as_chunks::<2>();
    if pairs.len() < lanes::LEAST {
        return pairs.iter().map(|[left, right]| Digest::node(left, right)).collect();
    }
    let mut children: Vec<u8> = Vec::with_capacity(NODE * pairs.len());
    pairs.as_flattened().iter().for_each(|hash| children.extend_from_slice(&hash.0));
    let mut nodes = Vec::new();
    sha256_each([1], children.chunks_exact(NODE), &mut nodes);
    nodes
}

/// The hash of a record: `SHA-256(0x00 ‖ record)`, at once its chain hash (the `prev` of
/// the next record) and its leaf in the Merkle tree.
#[must_use]
pub fn leaf_hash(record: &[u8]) -> Digest {
    sha256([0], record)
}

/// The leaf hash of each of `records`: many take half the time together.
#[must_use]
pub fn leaf_hashes<'a>(records: impl ExactSizeIterator<Item = &'a [u8]>) -> Vec<Digest> {
    let mut hashes = Vec::new();
    sha256_each([0], records, &mut hashes);
    hashes
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
    fn given_messages_of_any_lengths_together_when_they_are_hashed_then_each_is_as_alone() {
        let bytes: Vec<u8> = (0..9_000_u32).map(|it| (it.wrapping_mul(2_654_435_761) >> 11) as u8).collect();
        // Of one length, of lengths around the ends of blocks, of very different ones: fewer and more than lanes.
        let same = |length: usize| (0..40).map(move |at| (7 * at, length)).collect::<Vec<_>>();
        let near = |length: usize| (0..40).map(move |at| (at, length + at % 9)).collect::<Vec<_>>();
        let far = (0..50).map(|at| (at, [0, 1, 62, 63, 64, 5_000, 129, 470][at % 8])).collect();
        let mut batches = vec![Vec::new(), far];
        batches.extend([0, 1, 54, 55, 56, 63, 64, 65, 119, 120, 469, 4_000].map(same));
        batches.extend([0, 50, 59, 112, 118, 460].map(near));
        for batch in &batches {
            for count in (0..=20).chain([31, 32, 33, batch.len()]).filter(|it| *it <= batch.len()) {
                let messages = || batch[..count].iter().map(|(from, length)| &bytes[*from..from + length]);
                let alone: Vec<Digest> = messages().map(|it| Digest(Sha256::digest(it).into())).collect();
                assert_eq!(Digest::of_each(messages()), alone, "{count} of {batch:?}");
                let alone: Vec<Digest> = messages().map(leaf_hash).collect();
                assert_eq!(leaf_hashes(messages()), alone, "{count} of {batch:?}");
            }
        }
        let hashes: Vec<Digest> = (0..300_u32).map(|it| Digest::of(&it.to_be_bytes())).collect();
        for count in 0..=hashes.len() {
            let alone = hashes[..count].chunks_exact(2).map(|it| Digest::node(&it[0], &it[1]));
            assert_eq!(nodes(&hashes[..count]), alone.collect::<Vec<_>>(), "{count}");
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

//! The compact range: the roots of the perfect subtrees that cover the first n leaves.
//!
//! Invariant: `nodes` holds one root for each 1-bit of `size`, the largest subtree first.
//! It must not know where leaves or levels are kept.

use crate::format::digest::{Digest, nodes};

/// log2 of the width of a tile: level L+1 holds the roots of 256 hashes of level L.
pub const TILE_HEIGHT: u32 = 8;

/// Hashes in a full tile.
pub const TILE_WIDTH: u64 = 1 << TILE_HEIGHT;

/// What is needed of the first `size` leaves to go on, and to know their root.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Range {
    size: u64,
    nodes: Vec<Digest>,
}

impl Range {
    /// The range of no leaves.
    #[must_use]
    pub const fn new() -> Self {
        Self { size: 0, nodes: Vec::new() }
    }

    /// The range of `size` leaves with the given subtree roots, the largest first; `None`
    /// when their number does not fit.
    #[must_use]
    pub fn from_nodes(size: u64, nodes: Vec<Digest>) -> Option<Self> {
        (nodes.len() == size.count_ones() as usize).then_some(Self { size, nodes })
    }

    /// Leaves covered.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Roots of the perfect subtrees, the largest first.
    #[must_use]
    pub fn nodes(&self) -> &[Digest] {
        &self.nodes
    }

    /// Appends a leaf. `formed` is told of every hash of a tile level that this completes:
    /// level 0 is the leaf itself, level L the root of 256^L leaves.
    pub fn push(&mut self, leaf: Digest, formed: impl FnMut(u32, Digest)) {
        self.push_subtree(0, leaf, formed);
    }

    /// Appends the root of a perfect subtree of 2^`height` leaves. The size so far must be
    /// a multiple of that, else the tree would not be that of RFC 6962.
    pub fn push_subtree(&mut self, height: u32, root: Digest, mut formed: impl FnMut(u32, Digest)) {
        debug_assert!(self.size.trailing_zeros() >= height, "the subtree is not aligned");
        let (mut height, mut node) = (height, root);
        let mut bits = self.size >> height;
        if height.is_multiple_of(TILE_HEIGHT) {
            formed(height / TILE_HEIGHT, node);
        }
        self.size += 1 << height;
        while bits & 1 == 1 {
            let Some(left) = self.nodes.pop() else { break };
            node = Digest::node(&left, &node);
            height += 1;
            bits >>= 1;
            if height.is_multiple_of(TILE_HEIGHT) {
                formed(height / TILE_HEIGHT, node);
            }
        }
        self.nodes.push(node);
    }

    /// The Merkle root of the leaves covered.
    #[must_use]
    pub fn root(&self) -> Digest {
        let mut nodes = self.nodes.iter().rev();
        let Some(last) = nodes.next() else { return Digest::of(b"") };
        nodes.fold(*last, |right, left| Digest::node(left, &right))
    }
}

/// The root of a perfect subtree from the hashes at its foot; their number is a power of two.
#[must_use]
pub fn fold(mut hashes: Vec<Digest>) -> Digest {
    debug_assert!(hashes.len().is_power_of_two(), "not a perfect subtree");
    while hashes.len() > 1 {
        hashes = nodes(&hashes);
    }
    hashes.first().copied().unwrap_or_else(|| Digest::of(b""))
}

/// The perfect subtrees that cover the leaves `from..to` in order, as (first leaf, height):
/// those of RFC 6962's tree when `from` is 0 or was reached by them.
pub fn subtrees(from: u64, to: u64) -> impl Iterator<Item = (u64, u32)> {
    let mut at = from;
    std::iter::from_fn(move || {
        let left = to.checked_sub(at).filter(|left| *left > 0)?;
        let fits = left.ilog2();
        let height = at.trailing_zeros().min(fits);
        let subtree = (at, height);
        at += 1 << height;
        Some(subtree)
    })
}

#[cfg(test)]
mod tests {
    use super::super::reference;
    use super::*;

    fn leaf(index: u64) -> Digest {
        crate::leaf_hash(&index.to_be_bytes())
    }

    #[test]
    fn agrees_with_the_naive_twin_at_every_size() {
        let leaves: Vec<Digest> = (0..1_100).map(leaf).collect();
        let mut range = Range::new();
        let mut levels: Vec<Vec<Digest>> = vec![Vec::new(); 3];
        for size in 0..=leaves.len() {
            assert_eq!(range.root(), reference::root(&leaves[..size]), "at size {size}");
            assert_eq!(range.nodes().len(), range.size().count_ones() as usize);
            for (level, hashes) in levels.iter().enumerate() {
                let width = 1 << (8 * level);
                assert_eq!(hashes.len(), size / width, "level {level} at size {size}");
            }
            if let Some(next) = leaves.get(size) {
                range.push(*next, |level, hash| levels[level as usize].push(hash));
            }
        }
        for (index, hash) in levels[1].iter().enumerate() {
            assert_eq!(*hash, reference::root(&leaves[256 * index..256 * (index + 1)]));
        }
    }

    #[test]
    fn subtrees_rebuild_the_range_from_any_point() {
        let leaves: Vec<Digest> = (0..150).map(leaf).collect();
        for from in 0..=leaves.len() {
            let mut range = Range::new();
            for (at, height) in subtrees(0, from as u64).chain(subtrees(from as u64, 150)) {
                let at = usize::try_from(at).unwrap();
                range.push_subtree(height, fold(leaves[at..at + (1 << height)].to_vec()), |_, _| {});
            }
            assert_eq!(range.root(), reference::root(&leaves), "from {from}");
        }
    }
}

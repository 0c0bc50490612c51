//! Which nodes a proof is made of: planned first, fetched afterwards.
//!
//! Invariant: a plan is RFC 6962 §2.1.1 (PATH) or §2.1.2 (PROOF), in the order in which RFC
//! 9162 §2.1.3 and §2.1.4 send it, and is made without reading anything. It must not know
//! where nodes are kept.

use super::range;
use crate::format::digest::Digest;

/// The subtree of the RFC's tree over the leaves `from..to`: one hash of a proof.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// Its first leaf.
    pub from: u64,
    /// The leaf behind its last.
    pub to: u64,
}

impl Span {
    /// The perfect subtrees that make it up, left to right, as (first leaf, height): several
    /// only where it ends with the tree.
    pub fn nodes(self) -> impl Iterator<Item = (u64, u32)> {
        range::subtrees(self.from, self.to)
    }

    /// Leaves in its left branch: the largest power of two below their number. There must
    /// be two leaves at least.
    const fn left(self) -> u64 {
        1 << (self.to - self.from - 1).ilog2()
    }

    /// The branches.
    const fn branches(self) -> (Self, Self) {
        let middle = self.from + self.left();
        (Self { from: self.from, to: middle }, Self { from: middle, to: self.to })
    }
}

/// The inclusion proof of leaf `index` in the tree of `size` leaves, from the leaf to the
/// root; `None` when there is no such leaf.
#[must_use]
pub fn inclusion(index: u64, size: u64) -> Option<Vec<Span>> {
    if index >= size {
        return None;
    }
    let mut spans = Vec::new();
    let mut at = Span { from: 0, to: size };
    while at.to - at.from > 1 {
        let (left, right) = at.branches();
        let aside;
        (at, aside) = if index < left.to { (left, right) } else { (right, left) };
        spans.push(aside);
    }
    spans.reverse();
    Some(spans)
}

/// The consistency proof from the tree of `old` leaves to that of `new`, in the order of
/// RFC 9162 §2.1.4.1. Empty when the two are one; `None` when `old` is 0 (an empty tree is
/// the beginning of every other, and there is nothing to prove) or larger than `new`.
#[must_use]
pub fn consistency(old: u64, new: u64) -> Option<Vec<Span>> {
    if old == 0 || old > new {
        return None;
    }
    let mut spans = Vec::new();
    let mut at = Span { from: 0, to: new };
    // SUBPROOF goes down to the subtree that ends where the old tree ended.
    while at.to != old {
        let (left, right) = at.branches();
        let aside;
        (at, aside) = if old <= left.to { (left, right) } else { (right, left) };
        spans.push(aside);
    }
    // What is the whole old tree is known to whoever has its root.
    if at.from != 0 {
        spans.push(at);
    }
    spans.reverse();
    Some(spans)
}

/// The hashes of `spans`, from the roots of perfect subtrees as `node` gives them for (first
/// leaf, height).
///
/// # Errors
///
/// The first one of `node`.
pub fn fetch<E>(
    spans: &[Span],
    mut node: impl FnMut(u64, u32) -> Result<Digest, E>,
) -> Result<Vec<Digest>, E> {
    let mut hashes = Vec::with_capacity(spans.len());
    for span in spans {
        let nodes = span.nodes().map(|(first, height)| node(first, height));
        let mut nodes = nodes.collect::<Result<Vec<_>, E>>()?.into_iter().rev();
        let last = nodes.next().unwrap_or_else(|| Digest::of(b""));
        hashes.push(nodes.fold(last, |right, left| Digest::node(&left, &right)));
    }
    Ok(hashes)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::super::{reference, verify};
    use super::*;

    fn leaves(size: u64) -> Vec<Digest> {
        (0..size).map(|index| crate::leaf_hash(&index.to_be_bytes())).collect()
    }

    fn fetched(spans: &[Span], leaves: &[Digest]) -> Vec<Digest> {
        let node = |first: u64, height: u32| {
            let first = usize::try_from(first).unwrap();
            Ok::<_, Infallible>(range::fold(leaves[first..first + (1 << height)].to_vec()))
        };
        fetch(spans, node).unwrap()
    }

    #[test]
    fn given_every_small_tree_when_every_leaf_is_proved_then_the_proof_is_the_twins_and_holds() {
        let all = leaves(260);
        for size in 1..=260 {
            let leaves = &all[..size];
            let root = reference::root(leaves);
            for index in 0..size {
                let spans = inclusion(index as u64, size as u64).unwrap();
                let proof = fetched(&spans, leaves);
                assert_eq!(proof, reference::path(index, leaves), "leaf {index} of {size}");
                let held = verify::inclusion(&leaves[index], index as u64, size as u64, &proof, &root);
                assert_eq!(held, Ok(()), "leaf {index} of {size}");
            }
        }
    }

    #[test]
    fn given_every_pair_of_small_trees_when_one_grew_from_the_other_then_the_proof_is_the_twins_and_holds() {
        let all = leaves(260);
        let roots: Vec<Digest> = (0..=260).map(|size| reference::root(&all[..size])).collect();
        for new in 1..=260 {
            for old in 1..=new {
                let spans = consistency(old as u64, new as u64).unwrap();
                let proof = fetched(&spans, &all[..new]);
                assert_eq!(proof, reference::proof(old, &all[..new]), "{old} to {new}");
                let held = verify::consistency(old as u64, new as u64, &proof, &roots[old], &roots[new]);
                assert_eq!(held, Ok(()), "{old} to {new}");
            }
        }
    }

    #[test]
    fn given_what_is_no_tree_or_no_leaf_when_a_proof_is_planned_then_there_is_none() {
        for (index, size) in [(0, 0), (1, 1), (7, 7), (8, 7), (u64::MAX, u64::MAX), (u64::MAX, 1)] {
            assert_eq!(inclusion(index, size), None, "{index} of {size}");
        }
        for (old, new) in [(0, 0), (0, 1), (0, u64::MAX), (2, 1), (u64::MAX, 1)] {
            assert_eq!(consistency(old, new), None, "{old} to {new}");
        }
        assert_eq!(inclusion(0, 1), Some(Vec::new()));
        assert_eq!(consistency(5, 5), Some(Vec::new()));
        assert_eq!(consistency(u64::MAX, u64::MAX), Some(Vec::new()));
    }

    #[test]
    fn given_the_largest_trees_that_can_be_told_when_a_proof_is_planned_then_it_covers_them_once() {
        for size in [u64::MAX, u64::MAX - 1, (1 << 63) + 1, 1 << 63, (1 << 63) - 1] {
            for index in [0, 1, 255, 1 << 62, (1 << 63) - 2, size / 2, size - 1] {
                let mut spans = inclusion(index, size).unwrap();
                assert!(spans.len() <= 64);
                spans.push(Span { from: index, to: index + 1 });
                spans.sort_by_key(|span| span.from);
                assert_eq!((spans[0].from, spans[spans.len() - 1].to), (0, size));
                assert!(spans.windows(2).all(|pair| pair[0].to == pair[1].from), "{index} of {size}");
                assert!(spans.iter().all(|span| span.nodes().count() <= 64));
                assert!(consistency(index.max(1), size).unwrap().len() <= 65);
            }
        }
    }

    #[test]
    fn given_a_node_that_cannot_be_had_when_hashes_are_fetched_then_its_error_is_told() {
        let spans = inclusion(2, 7).unwrap();
        assert_eq!(fetch(&spans, |first, _| if first == 6 { Err(first) } else { Ok(leaves(1)[0]) }), Err(6));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn given_larger_trees_when_anything_is_proved_then_the_proof_is_the_twins_and_holds(
            (size, index, old) in (1..5_000_usize).prop_flat_map(|size| (Just(size), 0..size, 1..=size)),
        ) {
            let leaves = leaves(size as u64);
            let (root, old_root) = (reference::root(&leaves), reference::root(&leaves[..old]));
            let (index64, size64, old64) = (index as u64, size as u64, old as u64);
            let proof = fetched(&inclusion(index64, size64).unwrap(), &leaves);
            prop_assert_eq!(&proof, &reference::path(index, &leaves));
            prop_assert_eq!(verify::inclusion(&leaves[index], index64, size64, &proof, &root), Ok(()));
            let proof = fetched(&consistency(old64, size64).unwrap(), &leaves);
            prop_assert_eq!(&proof, &reference::proof(old, &leaves));
            prop_assert_eq!(verify::consistency(old64, size64, &proof, &old_root, &root), Ok(()));
        }
    }
}

//! Whether a proof holds: RFC 9162 §2.1.3.2 and §2.1.4.2, step by step.
//!
//! Invariant: constant memory, no recursion, at most 64 steps whatever is handed in; what is
//! accepted leads to the roots given. It must not know who made the proof, nor trust it.
//!
//! # What a proof does not say
//!
//! A proof binds leaf and root, not the numbers: `index` and the sizes tell a verifier only
//! on which side each hash goes, and different numbers may tell it the same. Leaf 0 has the
//! same sides in trees of 5, 6, 7 and 8 leaves; leaf 1 of 2 has those of leaf 4 of 5. So a
//! proof for one is accepted for the other, and for no numbers whose sides differ. *Take
//! each size from the same signed checkpoint as its root.* With the true size no two indexes
//! have the same sides, and with the true new size no two old ones: so those are proved.

use crate::format::digest::Digest;

/// What is wrong with a proof.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Defect {
    /// The tree has no such leaf.
    #[error("index {index} is not in a tree of {size} leaves: take index and size from one proof")]
    NoSuchLeaf {
        /// The index.
        index: u64,
        /// The size of the tree.
        size: u64,
    },
    /// An empty tree is the beginning of every other: nothing is proved by that.
    #[error("old size is 0: there is nothing to prove from an empty tree; begin at 1 or more")]
    OldEmpty,
    /// Trees only grow.
    #[error("old size {old} is larger than new size {new}: the log went back, or the two are swapped")]
    Shrunk {
        /// The size said to be the earlier one.
        old: u64,
        /// The size said to be the later one.
        new: u64,
    },
    /// Hashes are missing.
    #[error("the proof ends before the root: ask for the one of just these sizes")]
    TooShort,
    /// There are hashes that nothing calls for.
    #[error("the proof goes on behind the root: ask for the one of just these sizes")]
    TooLong,
    /// The hashes lead to another root than that of the tree.
    #[error("the proof leads to another root: leaf, proof and checkpoint do not belong together")]
    OtherRoot,
    /// The hashes do not give the root of the old tree.
    #[error("the proof leads to another old root: the old tree is not the beginning of the new one")]
    OtherOldRoot,
    /// The hashes give the root of the old tree, but not that of the new one.
    #[error("the proof leads to another new root: the old tree is not the beginning of the new one")]
    OtherNewRoot,
}

/// Checks that `leaf` is leaf `index` of the tree with `size` leaves and this `root` (RFC
/// 9162 §2.1.3.2). `size` and `root` must come from one checkpoint, see [above](self).
///
/// # Errors
///
/// What is wrong.
pub fn inclusion(
    leaf: &Digest,
    index: u64,
    size: u64,
    proof: &[Digest],
    root: &Digest,
) -> Result<(), Defect> {
    if index >= size {
        return Err(Defect::NoSuchLeaf { index, size });
    }
    let mut climb = Climb { node: index, last: size - 1 };
    let mut hash = *leaf;
    for sibling in proof {
        hash = match climb.step()? {
            Side::Left => Digest::node(sibling, &hash),
            Side::Right => Digest::node(&hash, sibling),
        };
    }
    climb.end()?;
    if hash == *root { Ok(()) } else { Err(Defect::OtherRoot) }
}

/// Checks that the tree with `old` leaves and `old_root` is the beginning of the one with
/// `new` leaves and `new_root` (RFC 9162 §2.1.4.2). Each size must come from one checkpoint
/// with its root, see [above](self).
///
/// # Errors
///
/// What is wrong; always for an empty old tree.
pub fn consistency(
    old: u64,
    new: u64,
    proof: &[Digest],
    old_root: &Digest,
    new_root: &Digest,
) -> Result<(), Defect> {
    if old == 0 {
        return Err(Defect::OldEmpty);
    }
    if old > new {
        return Err(Defect::Shrunk { old, new });
    }
    if old == new {
        let same = if old_root == new_root { Ok(()) } else { Err(Defect::OtherNewRoot) };
        return if proof.is_empty() { same } else { Err(Defect::TooLong) };
    }
    // The climb begins at the largest subtree that ends where the old tree ended. If that is
    // the whole old tree, its root is not sent.
    let ended = (old - 1).trailing_ones();
    let mut climb = Climb { node: (old - 1) >> ended, last: (new - 1) >> ended };
    let (first, rest) = if old.is_power_of_two() {
        (old_root, proof)
    } else {
        proof.split_first().ok_or(Defect::TooShort)?
    };
    let (mut old_hash, mut new_hash) = (*first, *first);
    for sibling in rest {
        match climb.step()? {
            Side::Left => {
                old_hash = Digest::node(sibling, &old_hash);
                new_hash = Digest::node(sibling, &new_hash);
            }
            Side::Right => new_hash = Digest::node(&new_hash, sibling),
        }
    }
    climb.end()?;
    if old_hash != *old_root {
        return Err(Defect::OtherOldRoot);
    }
    if new_hash == *new_root { Ok(()) } else { Err(Defect::OtherNewRoot) }
}

/// On which side of the node the next hash goes.
enum Side {
    Left,
    Right,
}

/// The way from a node to the root: the RFC's `fn` and `sn`, the numbers of the node and of
/// the last one at its height.
struct Climb {
    node: u64,
    last: u64,
}

impl Climb {
    /// Goes up to where the next hash is called for.
    fn step(&mut self) -> Result<Side, Defect> {
        if self.last == 0 {
            return Err(Defect::TooLong);
        }
        let odd = self.node & 1 == 1;
        if !odd && self.node != self.last {
            self.rise(1);
            return Ok(Side::Right);
        }
        if !odd {
            // The last of an odd number of nodes has no sibling, and goes up as it is until it
            // is a right one. It is not node 0: then `last` would be 0 as well.
            self.rise(self.node.trailing_zeros());
        }
        self.rise(1);
        Ok(Side::Left)
    }

    const fn rise(&mut self, heights: u32) {
        self.node >>= heights;
        self.last >>= heights;
    }

    /// Whether this is the root.
    const fn end(&self) -> Result<(), Defect> {
        if self.last == 0 { Ok(()) } else { Err(Defect::TooShort) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference;
    use super::*;

    /// Where the hashes of a proof go, by the recursion of RFC 6962 instead of by bits.
    #[derive(Clone, PartialEq, Eq, Debug)]
    struct Shape {
        /// Whether the first hash is not sent, being the root of the old tree.
        known: bool,
        /// For each further hash whether it stands to the right.
        right: Vec<bool>,
    }

    fn split(n: u64) -> u64 {
        let mut k = 1;
        while k < n - k {
            k *= 2;
        }
        k
    }

    /// PATH's shape; the leaf itself is what is known.
    fn path(m: u64, n: u64) -> Shape {
        if n == 1 {
            return Shape { known: true, right: Vec::new() };
        }
        let k = split(n);
        let mut shape = if m < k { path(m, k) } else { path(m - k, n - k) };
        shape.right.push(m < k);
        shape
    }

    /// SUBPROOF's shape.
    fn subproof(m: u64, n: u64, b: bool) -> Shape {
        if m == n {
            return Shape { known: b, right: Vec::new() };
        }
        let k = split(n);
        let mut shape = if m <= k { subproof(m, k, b) } else { subproof(m - k, n - k, false) };
        shape.right.push(m <= k);
        shape
    }

    fn leaf(index: u64) -> Digest {
        crate::leaf_hash(&index.to_be_bytes())
    }

    fn leaves(size: usize) -> Vec<Digest> {
        (0..size as u64).map(leaf).collect()
    }

    fn flipped(Digest(mut hash): Digest, bit: usize) -> Digest {
        hash[bit / 8] ^= 1 << (bit % 8);
        Digest(hash)
    }

    /// Every proof that differs from `proof` in its number of hashes.
    fn of_another_length(proof: &[Digest]) -> impl Iterator<Item = (Vec<Digest>, Defect)> {
        let shorter = (0..proof.len()).flat_map(|at| {
            let without = [&proof[..at], &proof[at + 1..]].concat();
            [(without, Defect::TooShort), (proof[..at].to_vec(), Defect::TooShort)]
        });
        let longer = (0..=proof.len()).flat_map(|at| {
            let added = proof.get(at).copied().unwrap_or_else(|| leaf(0));
            let with = |added: &[Digest]| [&proof[..at], added, &proof[at..]].concat();
            [(with(&[added]), Defect::TooLong), (with(&[leaf(999); 70]), Defect::TooLong)]
        });
        shorter.chain(longer)
    }

    #[test]
    fn given_an_inclusion_proof_when_anything_of_it_is_wrong_then_it_is_named() {
        let all = leaves(40);
        for size in 1..=40 {
            let (leaves, root) = (&all[..size], reference::root(&all[..size]));
            for index in 0..size {
                let proof = reference::path(index, leaves);
                let (own, index, size) = (leaves[index], index as u64, size as u64);
                let check = |proof: &[Digest]| inclusion(&own, index, size, proof, &root);
                let what = format!("leaf {index} of {size}");
                assert_eq!(check(&proof), Ok(()), "{what}");
                for bit in (0..256).step_by(31) {
                    let other = flipped(own, bit);
                    assert_eq!(inclusion(&other, index, size, &proof, &root), Err(Defect::OtherRoot));
                    let other = flipped(root, bit);
                    assert_eq!(inclusion(&own, index, size, &proof, &other), Err(Defect::OtherRoot));
                    for at in 0..proof.len() {
                        let mut bad = proof.clone();
                        bad[at] = flipped(bad[at], bit);
                        assert_eq!(check(&bad), Err(Defect::OtherRoot), "{what}: hash {at} bit {bit}");
                    }
                }
                for (bad, defect) in of_another_length(&proof) {
                    assert_eq!(check(&bad), Err(defect), "{what}: {} hashes", bad.len());
                }
                for at in 1..proof.len() {
                    let mut bad = proof.clone();
                    bad.swap(at - 1, at);
                    assert_eq!(check(&bad), Err(Defect::OtherRoot), "{what}: swapped at {at}");
                }
                for (index, size) in [(size, size), (size + 1, size), (u64::MAX, size), (index, 0)] {
                    let found = inclusion(&own, index, size, &proof, &root);
                    assert_eq!(found, Err(Defect::NoSuchLeaf { index, size }), "{what}");
                }
            }
        }
        let empty = Digest::of(b"");
        assert_eq!(
            inclusion(&empty, 0, 0, &[], &empty),
            Err(Defect::NoSuchLeaf { index: 0, size: 0 }),
            "an empty tree has no leaf"
        );
    }

    /// The RFC's way with numbers: a proof is taken for every leaf of every tree in which its
    /// hashes stand on the same sides, and for no other.
    #[test]
    fn given_an_inclusion_proof_when_it_is_said_to_be_of_another_leaf_or_size_then_only_the_sides_tell() {
        let all = leaves(20);
        let mut taken = 0;
        for size in 1..=20 {
            let (leaves, root) = (&all[..size], reference::root(&all[..size]));
            for index in 0..size {
                let proof = reference::path(index, leaves);
                let shape = path(index as u64, size as u64);
                for other_size in 1..=36 {
                    for other in 0..other_size {
                        let found = inclusion(&leaves[index], other, other_size, &proof, &root);
                        let same = path(other, other_size) == shape;
                        let what = format!("{index} of {size} as {other} of {other_size}");
                        assert_eq!(found.is_ok(), same, "{what}: {found:?}");
                        let itself = other == index as u64;
                        assert!(
                            !same || itself || other_size != size as u64,
                            "{what}: the size is the true one"
                        );
                        taken += usize::from(same && !itself);
                    }
                }
            }
        }
        assert!(taken > 0, "the case that the documentation warns of is among these");
        let (proof, root) = ([leaf(1)], Digest::node(&leaf(1), &leaf(0)));
        assert_eq!(inclusion(&leaf(0), 1, 2, &proof, &root), Ok(()));
        assert_eq!(inclusion(&leaf(0), 4, 5, &proof, &root), Ok(()));
    }

    #[test]
    fn given_a_consistency_proof_when_anything_of_it_is_wrong_then_it_is_named() {
        let all = leaves(40);
        let roots: Vec<Digest> = (0..=40).map(|size| reference::root(&all[..size])).collect();
        for new in 2..=40 {
            for old in 1..new {
                let proof = reference::proof(old, &all[..new]);
                let shape = subproof(old as u64, new as u64, true);
                let (old_root, new_root) = (roots[old], roots[new]);
                let (old, new) = (old as u64, new as u64);
                let check = |proof: &[Digest]| consistency(old, new, proof, &old_root, &new_root);
                let what = format!("{old} to {new}");
                assert_eq!(check(&proof), Ok(()), "{what}");
                let wrong_old = if shape.known { Defect::OtherNewRoot } else { Defect::OtherOldRoot };
                for bit in (0..256).step_by(51) {
                    let (bad_old, bad_new) = (flipped(old_root, bit), flipped(new_root, bit));
                    assert_eq!(consistency(old, new, &proof, &bad_old, &new_root), Err(wrong_old), "{what}");
                    let found = consistency(old, new, &proof, &old_root, &bad_new);
                    assert_eq!(found, Err(Defect::OtherNewRoot), "{what}");
                    for at in 0..proof.len() {
                        let mut bad = proof.clone();
                        bad[at] = flipped(bad[at], bit);
                        // What stands to the right is not of the old tree.
                        let side = (at + usize::from(shape.known)).checked_sub(1);
                        let right = side.is_some_and(|side| shape.right[side]);
                        let defect = if right { Defect::OtherNewRoot } else { Defect::OtherOldRoot };
                        assert_eq!(check(&bad), Err(defect), "{what}: hash {at} bit {bit}");
                    }
                }
                let found = consistency(old, new, &proof, &new_root, &old_root);
                assert_eq!(found, Err(wrong_old), "{what}: roots swapped");
                for (bad, defect) in of_another_length(&proof) {
                    assert_eq!(check(&bad), Err(defect), "{what}: {} hashes", bad.len());
                }
                for at in 1..proof.len() {
                    let mut bad = proof.clone();
                    bad.swap(at - 1, at);
                    let found = check(&bad);
                    let wrong = matches!(found, Err(Defect::OtherOldRoot | Defect::OtherNewRoot));
                    assert!(wrong, "{what}: swapped at {at}: {found:?}");
                }
                let shrunk = Err(Defect::Shrunk { old: new, new: old });
                assert_eq!(
                    consistency(new, old, &proof, &new_root, &old_root),
                    shrunk,
                    "{what}: sizes swapped"
                );
                assert_eq!(
                    consistency(0, new, &proof, &old_root, &new_root),
                    Err(Defect::OldEmpty),
                    "{what}"
                );
            }
        }
    }

    #[test]
    fn given_two_trees_of_one_size_when_they_are_compared_then_only_one_root_and_no_proof_hold() {
        let root = reference::root(&leaves(7));
        assert_eq!(consistency(7, 7, &[], &root, &root), Ok(()));
        assert_eq!(consistency(7, 7, &[], &root, &leaf(0)), Err(Defect::OtherNewRoot));
        assert_eq!(consistency(7, 7, &[root], &root, &root), Err(Defect::TooLong));
        assert_eq!(consistency(8, 8, &[leaf(0)], &root, &root), Err(Defect::TooLong));
        assert_eq!(consistency(0, 0, &[], &Digest::of(b""), &Digest::of(b"")), Err(Defect::OldEmpty));
        assert_eq!(consistency(0, 7, &[], &Digest::of(b""), &root), Err(Defect::OldEmpty));
        assert_eq!(consistency(8, 7, &[], &root, &root), Err(Defect::Shrunk { old: 8, new: 7 }));
    }

    #[test]
    fn given_a_consistency_proof_when_it_is_said_to_be_of_other_sizes_then_only_the_sides_tell() {
        let all = leaves(16);
        let roots: Vec<Digest> = (0..=16).map(|size| reference::root(&all[..size])).collect();
        let mut taken = 0;
        for new in 2..=16 {
            for old in 1..new {
                let proof = reference::proof(old, &all[..new]);
                let shape = subproof(old as u64, new as u64, true);
                for other_new in 1..=34 {
                    for other_old in 1..=other_new {
                        let found = consistency(other_old, other_new, &proof, &roots[old], &roots[new]);
                        let same = subproof(other_old, other_new, true) == shape;
                        let what = format!("{old} to {new} as {other_old} to {other_new}");
                        assert_eq!(found.is_ok(), same, "{what}: {found:?}");
                        taken += usize::from(same && (other_old, other_new) != (old as u64, new as u64));
                        // With the true new size, no other old one has the same sides.
                        let news = other_new == new as u64 && other_old != old as u64;
                        assert!(!(same && news), "{what}: the new size is the true one");
                    }
                }
            }
        }
        assert!(taken > 0, "the case that the documentation warns of is among these");
    }

    #[test]
    fn given_the_largest_trees_that_can_be_told_when_proofs_are_checked_then_they_hold_without_a_fault() {
        let top = 1 << 63;
        let sizes = [u64::MAX, u64::MAX - 1, top + 2, top + 1, top, top - 1, (1 << 62) + 1];
        let sibling = |at: usize| leaf(1_000 + at as u64);
        let mut lengths = Vec::new();
        for size in sizes {
            for index in [0, 1, 255, (1 << 62) - 1, 1 << 62, top - 1, top, top + 1, size - 2, size - 1] {
                if index >= size {
                    continue;
                }
                let Shape { right, .. } = path(index, size);
                let proof: Vec<Digest> = (0..right.len()).map(sibling).collect();
                let root = proof.iter().zip(&right).fold(leaf(0), |hash, (sibling, right)| {
                    if *right { Digest::node(&hash, sibling) } else { Digest::node(sibling, &hash) }
                });
                assert_eq!(inclusion(&leaf(0), index, size, &proof, &root), Ok(()), "{index} of {size}");
                for (bad, defect) in of_another_length(&proof) {
                    assert_eq!(inclusion(&leaf(0), index, size, &bad, &root), Err(defect));
                }
                lengths.push(right.len());
                let old = index.max(1);
                let Shape { known, right } = subproof(old, size, true);
                let sent: Vec<Digest> = (0..right.len() + usize::from(!known)).map(sibling).collect();
                let begin = if known { leaf(0) } else { sent[0] };
                let rest = &sent[usize::from(!known)..];
                let (mut old_root, mut new_root) = (begin, begin);
                for (sibling, right) in rest.iter().zip(&right) {
                    if *right {
                        new_root = Digest::node(&new_root, sibling);
                    } else {
                        (old_root, new_root) =
                            (Digest::node(sibling, &old_root), Digest::node(sibling, &new_root));
                    }
                }
                assert_eq!(consistency(old, size, &sent, &old_root, &new_root), Ok(()), "{old} to {size}");
                for (bad, defect) in of_another_length(&sent) {
                    assert_eq!(consistency(old, size, &bad, &old_root, &new_root), Err(defect));
                }
            }
        }
        assert_eq!(lengths.iter().max(), Some(&64), "the longest proof there is");
    }
}

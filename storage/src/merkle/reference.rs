//! The definition of RFC 6962 §2.1, word for word and slow: the twin that the fast code is
//! compared with. Only for tests. It must not share code with what it checks but the hash.

use crate::format::digest::Digest;

/// The largest power of two smaller than `n`, which is 2 or more.
fn split(n: usize) -> usize {
    let mut k = 1;
    while 2 * k < n {
        k *= 2;
    }
    k
}

/// MTH(D[n]) over leaf hashes.
pub(crate) fn root(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => Digest::of(b""),
        [leaf] => *leaf,
        _ => {
            let k = split(leaves.len());
            Digest::node(&root(&leaves[..k]), &root(&leaves[k..]))
        }
    }
}

/// PATH(m, D[n]), §2.1.1.
pub(crate) fn path(m: usize, leaves: &[Digest]) -> Vec<Digest> {
    // PATH(0, {d(0)}) = {}
    if leaves.len() == 1 {
        return Vec::new();
    }
    let k = split(leaves.len());
    if m < k {
        // PATH(m, D[n]) = PATH(m, D[0:k]) : MTH(D[k:n])
        let mut path = path(m, &leaves[..k]);
        path.push(root(&leaves[k..]));
        path
    } else {
        // PATH(m, D[n]) = PATH(m - k, D[k:n]) : MTH(D[0:k])
        let mut path = path(m - k, &leaves[k..]);
        path.push(root(&leaves[..k]));
        path
    }
}

/// PROOF(m, D[n]), §2.1.2.
pub(crate) fn proof(m: usize, leaves: &[Digest]) -> Vec<Digest> {
    // PROOF(m, D[n]) = SUBPROOF(m, D[n], true)
    subproof(m, leaves, true)
}

/// SUBPROOF(m, D[n], b), §2.1.2.
fn subproof(m: usize, leaves: &[Digest], b: bool) -> Vec<Digest> {
    if m == leaves.len() {
        // SUBPROOF(m, D[m], true) = {}; SUBPROOF(m, D[m], false) = {MTH(D[m])}
        return if b { Vec::new() } else { vec![root(leaves)] };
    }
    let k = split(leaves.len());
    if m <= k {
        // SUBPROOF(m, D[n], b) = SUBPROOF(m, D[0:k], b) : MTH(D[k:n])
        let mut proof = subproof(m, &leaves[..k], b);
        proof.push(root(&leaves[k..]));
        proof
    } else {
        // SUBPROOF(m, D[n], b) = SUBPROOF(m - k, D[k:n], false) : MTH(D[0:k])
        let mut proof = subproof(m - k, &leaves[k..], false);
        proof.push(root(&leaves[..k]));
        proof
    }
}

/// The root to which `path` leads from leaf `m` of `n`, going down as PATH does; `None` when
/// it has not just as many hashes as that takes.
#[cfg(fuzzing)]
pub(crate) fn root_of_path(m: u64, n: u64, leaf: Digest, path: &[Digest]) -> Option<Digest> {
    if n == 1 {
        return path.is_empty().then_some(leaf);
    }
    let (last, path) = path.split_last()?;
    let k = split_wide(n);
    Some(if m < k {
        Digest::node(&root_of_path(m, k, leaf, path)?, last)
    } else {
        Digest::node(last, &root_of_path(m - k, n - k, leaf, path)?)
    })
}

/// The roots of the old tree and of the new to which `proof` leads, going down as SUBPROOF
/// does; `None` when it has not just as many hashes as that takes.
#[cfg(fuzzing)]
pub(crate) fn roots_of_proof(
    m: u64,
    n: u64,
    known: Option<Digest>,
    proof: &[Digest],
) -> Option<(Digest, Digest)> {
    if m == n {
        return match (known, proof) {
            (Some(root), []) => Some((root, root)),
            (None, [root]) => Some((*root, *root)),
            _ => None,
        };
    }
    let (last, proof) = proof.split_last()?;
    let k = split_wide(n);
    if m <= k {
        let (old, new) = roots_of_proof(m, k, known, proof)?;
        Some((old, Digest::node(&new, last)))
    } else {
        let (old, new) = roots_of_proof(m - k, n - k, None, proof)?;
        Some((Digest::node(last, &old), Digest::node(last, &new)))
    }
}

/// As [`split`], for trees of any size.
#[cfg(fuzzing)]
fn split_wide(n: u64) -> u64 {
    let mut k = 1;
    while k < n - k {
        k *= 2;
    }
    k
}

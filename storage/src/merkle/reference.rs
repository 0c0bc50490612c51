//! The definition of RFC 6962 §2.1, word for word and slow: the twin that the fast code is
//! compared with. Only for tests. It must not share code with what it checks but the hash.

use crate::format::digest::Digest;

/// MTH(D[n]) over leaf hashes.
pub(crate) fn root(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => Digest::of(b""),
        [leaf] => *leaf,
        _ => {
            let mut k = 1;
            while 2 * k < leaves.len() {
                k *= 2;
            }
            Digest::node(&root(&leaves[..k]), &root(&leaves[k..]))
        }
    }
}

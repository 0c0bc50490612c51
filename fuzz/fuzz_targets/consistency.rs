//! The verifier of consistency proofs: its verdict is that of RFC 6962's recursion, whatever is done to a proof that
//! held, to the roots, and to the sizes that it is said to be of. With the tree's own size and root, only the root of its
//! true beginning holds, with the true proof.
//!
//! The input is two sizes, how they are told, which roots are given, and edits of two bytes each.

#![no_main]

use libfuzzer_sys::fuzz_target;
use storage::Digest;
use storage::fuzzing::{Twin, roots_of_proof};
use storage::merkle::verify;

fuzz_target!(|bytes: &[u8]| {
    let Some((&[new, old, told, roots], bytes)) = bytes.split_first_chunk() else { return };
    let new = 1 + usize::from(new) % 70;
    let old = 1 + usize::from(old) % new;
    let twin = Twin::new(new);
    let mut proof = twin.proof(old);
    let (numbers, edits) = bytes.split_at(bytes.len().min(16));
    let number = |at: usize| numbers.get(at..at + 8).and_then(|it| it.try_into().ok()).map(u64::from_be_bytes);
    let (mut as_old, mut as_new) = (old as u64, new as u64);
    match told % 4 {
        0 => {}
        1 => as_old = number(0).unwrap_or(0) % 128,
        2 => (as_old, as_new) = (number(0).unwrap_or(0) % 128, number(8).unwrap_or(0) % 128),
        _ => (as_old, as_new) = (number(0).unwrap_or(u64::MAX), number(8).unwrap_or(u64::MAX)),
    }
    let (mut old_root, mut new_root) = (twin.root(old), twin.root(new));
    match roots % 8 {
        1 => old_root = twin.root(usize::from(roots) % new),
        2 => (old_root, new_root) = (new_root, old_root),
        3 => old_root.0[usize::from(roots) / 8] ^= 1,
        4 => new_root.0[usize::from(roots) / 8] ^= 1,
        5 => old_root = new_root,
        _ => {}
    }
    let own = new_root == twin.root(new);
    edits.chunks_exact(2).for_each(|edit| change(&mut proof, edit[0], edit[1], &twin));
    let held = verify::consistency(as_old, as_new, &proof, &old_root, &new_root).is_ok();
    let leads = roots_of_proof(as_old, as_new, old_root, &proof) == Some((old_root, new_root));
    assert_eq!(held, leads, "the verdict is not that of the definition");
    if held && own && as_new == new as u64 {
        let at = as_old as usize;
        assert_eq!(old_root, twin.root(at), "another beginning");
        assert_eq!(proof, twin.proof(at), "another proof");
    }
});

fn change(proof: &mut Vec<Digest>, what: u8, with: u8, twin: &Twin) {
    let (count, place) = (proof.len().max(1), usize::from(what >> 3));
    let at = place % count;
    match what % 8 {
        0 if !proof.is_empty() => proof[at].0[usize::from(with) % 32] ^= 1 << (with >> 5),
        1 if !proof.is_empty() => drop(proof.remove(at)),
        2 if !proof.is_empty() => proof.swap(at, usize::from(with) % count),
        3 if !proof.is_empty() => proof.truncate(at),
        4 => proof.insert(place.min(proof.len()), twin.leaves()[usize::from(with) % twin.leaves().len()]),
        5 => proof.extend(proof.clone().into_iter().take(64)),
        6 => *proof = twin.proof(1 + usize::from(with) % twin.leaves().len()),
        _ => {}
    }
    proof.truncate(200);
}

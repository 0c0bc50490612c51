//! The verifier of inclusion proofs: its verdict is that of RFC 6962's recursion, whatever is done to a proof that
//! held, and to the numbers that it is said to be of. With the tree's own size and root, only the true proof holds.
//!
//! The input is a tree, a leaf, how the numbers are told, and edits of two bytes each.

#![no_main]

use libfuzzer_sys::fuzz_target;
use storage::Digest;
use storage::fuzzing::{Twin, root_of_path};
use storage::merkle::verify;

fuzz_target!(|bytes: &[u8]| {
    let Some((&[size, index, told, leaf], bytes)) = bytes.split_first_chunk() else { return };
    let size = 1 + usize::from(size) % 70;
    let index = usize::from(index) % size;
    let twin = Twin::new(size);
    let (mut proof, mut own, root) = (twin.path(index), twin.leaves()[index], twin.root(size));
    let (numbers, edits) = bytes.split_at(bytes.len().min(16));
    let number = |at: usize| numbers.get(at..at + 8).and_then(|it| it.try_into().ok()).map(u64::from_be_bytes);
    let (mut as_index, mut as_size) = (index as u64, size as u64);
    match told % 4 {
        0 => {}
        1 => as_index = number(0).unwrap_or(0) % 128,
        2 => (as_index, as_size) = (number(0).unwrap_or(0) % 128, number(8).unwrap_or(0) % 128),
        _ => (as_index, as_size) = (number(0).unwrap_or(u64::MAX), number(8).unwrap_or(u64::MAX)),
    }
    // A node of the tree, or another leaf, may be said to be the leaf.
    if leaf & 1 == 1 {
        own = proof.get(usize::from(leaf) / 2).copied().unwrap_or(twin.leaves()[usize::from(leaf) % size]);
    }
    edits.chunks_exact(2).for_each(|edit| change(&mut proof, edit[0], edit[1], &twin));
    let held = verify::inclusion(&own, as_index, as_size, &proof, &root).is_ok();
    let leads = root_of_path(as_index, as_size, own, &proof) == Some(root);
    assert_eq!(held, leads, "the verdict is not that of the definition");
    if held && as_size == size as u64 {
        let at = as_index as usize;
        assert_eq!(own, twin.leaves()[at], "another leaf");
        assert_eq!(proof, twin.path(at), "another proof");
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
        6 => *proof = twin.path(usize::from(with) % twin.leaves().len()),
        _ => {}
    }
    proof.truncate(200);
}

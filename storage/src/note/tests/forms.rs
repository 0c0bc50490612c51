//! One form for each value: what is made is read back, and what is read comes out as it was.
//!
//! Invariant: bytes that are guessed start from an accepted note, so that many stay accepted.
//! It must not ask for anything that a decoder may refuse for its size.

use proptest::prelude::*;

use super::*;

fn line() -> impl Strategy<Value = SignatureLine> {
    let name = "[!-*,-~é漢]{1,20}";
    (name, any::<[u8; 4]>(), prop::collection::vec(any::<u8>(), 1..90))
        .prop_map(|(name, key_id, bytes)| SignatureLine { name, key_id, bytes })
}

fn any_note() -> impl Strategy<Value = Note> {
    ("([ -~é—漢]{0,30}\n){1,6}", prop::collection::vec(line(), 1..20))
        .prop_map(|(text, signatures)| Note { text, signatures })
}

fn any_proof() -> impl Strategy<Value = ProofFile> {
    let extra = prop::option::of(prop::collection::vec(any::<u8>(), 1..50));
    let hashes = prop::collection::vec(any::<[u8; 32]>().prop_map(Digest), 0..64);
    (extra, any::<u64>(), hashes, any_note()).prop_map(|(extra, index, hashes, checkpoint)| ProofFile {
        extra,
        index,
        hashes,
        checkpoint,
    })
}

/// Changes that keep much of what they change: a byte, a piece twice, a piece gone.
fn edits() -> impl Strategy<Value = Vec<(u8, prop::sample::Index, prop::sample::Index, u8)>> {
    let byte = prop::sample::select(b"\n\n +-=/0129AZaz\xe2\x80\x94\x00\xff".to_vec());
    prop::collection::vec((0..4_u8, any::<prop::sample::Index>(), any::<prop::sample::Index>(), byte), 1..4)
}

fn edit(bytes: &mut Vec<u8>, edits: &[(u8, prop::sample::Index, prop::sample::Index, u8)]) {
    for (how, from, to, byte) in edits {
        if bytes.is_empty() {
            return;
        }
        let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
        let (from, to) = (from.min(to), from.max(to));
        match how {
            0 => bytes[from] = *byte,
            1 => bytes.insert(from, *byte),
            2 => bytes.extend_from_within(from..to),
            _ => drop(bytes.drain(from..to)),
        }
    }
}

proptest! {
    #[test]
    fn given_any_note_when_it_is_written_and_read_then_it_is_the_same(note in any_note()) {
        prop_assert_eq!(Note::parse(note.to_text().as_bytes()), Ok(note));
    }

    #[test]
    fn given_any_signature_when_its_line_is_written_and_read_then_it_is_the_same(line in line()) {
        prop_assert_eq!(SignatureLine::parse(&line.to_string()), Ok(line));
    }

    #[test]
    fn given_any_checkpoint_when_it_is_written_and_read_then_it_is_the_same(
        origin in "[ -~é漢]{1,80}", size: u64, root: [u8; 32],
    ) {
        let checkpoint = Checkpoint { origin, size, root: Digest(root) };
        prop_assert_eq!(Checkpoint::parse(&checkpoint.text()), Ok(checkpoint));
    }

    #[test]
    fn given_any_proof_file_when_it_is_written_and_read_then_it_is_the_same(proof in any_proof()) {
        prop_assert_eq!(ProofFile::parse(proof.to_text().as_bytes()), Ok(proof));
    }

    #[test]
    fn given_any_key_when_its_vkey_is_written_and_read_then_it_is_the_same(
        name in "[!-*,-~é漢]{1,60}", seed: [u8; 32],
    ) {
        let signer = Signer::new(&name, SigningKey::from_bytes(&seed)).unwrap();
        let cosigner = Cosigner::new(&name, SigningKey::from_bytes(&seed)).unwrap();
        for verifier in [signer.verifier(), cosigner.verifier()] {
            prop_assert_eq!(&Verifier::parse(&verifier.to_string()), &Ok(verifier.clone()));
        }
    }

    #[test]
    fn given_any_bytes_when_they_are_accepted_then_they_come_out_as_they_were(edits in edits()) {
        let mut bytes = NOTE.as_bytes().to_vec();
        edit(&mut bytes, &edits);
        if let Ok(note) = Note::parse(&bytes) {
            prop_assert_eq!(note.to_text().into_bytes(), bytes);
            if let Ok(checkpoint) = Checkpoint::parse(&note.text) {
                prop_assert!(note.text.starts_with(&checkpoint.text()));
            }
        }
        let proof = ProofFile { extra: Some(vec![5; 7]), index: 2, hashes: vec![Digest([3; 32])], checkpoint: note() };
        let mut bytes = proof.to_text().into_bytes();
        edit(&mut bytes, &edits);
        if let Ok(proof) = ProofFile::parse(&bytes) {
            prop_assert_eq!(proof.to_text().into_bytes(), bytes);
        }
        let mut bytes = LOG_KEY.as_bytes().to_vec();
        edit(&mut bytes, &edits);
        if let Some(verifier) = std::str::from_utf8(&bytes).ok().and_then(|vkey| Verifier::parse(vkey).ok()) {
            prop_assert_eq!(verifier.to_string(), LOG_KEY, "a vkey with another key id");
        }
    }

    #[test]
    fn given_a_signed_checkpoint_when_a_byte_of_it_changes_then_the_log_did_not_sign_it(
        at: prop::sample::Index, by in 1..=255_u8,
    ) {
        // Up to the end of the log's own line.
        let end = NOTE.find("— witness").unwrap();
        let mut bytes = NOTE.as_bytes().to_vec();
        bytes[at.index(end)] ^= by;
        prop_assert!(SignedCheckpoint::open(&bytes, ORIGIN, &[log().verifier().clone()]).is_err());
    }
}

//! The same notes in another implementation of signed notes: it must say what we say.
//!
//! Invariant: `signed_note` is a port of Go's own package and shares no line with this one.
//! It knows neither cosignatures nor checkpoints, and must not be asked about them.

use proptest::prelude::*;
use signed_note::{StandardSigner, StandardVerifier, Verifier as _, VerifierList};

use super::*;

fn theirs(vkey: &str) -> VerifierList {
    VerifierList::new(vec![Box::new(StandardVerifier::new(vkey).unwrap())])
}

#[test]
fn given_the_worked_example_when_a_peer_reads_it_then_it_verifies_the_log_and_ignores_the_witness() {
    let note = signed_note::Note::from_bytes(NOTE.as_bytes()).unwrap();
    let (verified, unverified) = note.verify(&theirs(LOG_KEY)).unwrap();
    assert_eq!(verified.iter().map(signed_note::Signature::name).collect::<Vec<_>>(), [ORIGIN]);
    assert_eq!(unverified.len(), 1);
    assert_eq!(note.to_bytes(), NOTE.as_bytes());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn given_any_text_when_one_signs_it_then_the_other_verifies_it(
        name in "[!-*,-~é漢]{1,40}", seed: [u8; 32], text in "([ -~é—漢]{0,30}\n){1,6}",
    ) {
        let ours = Signer::new(&name, SigningKey::from_bytes(&seed)).unwrap();
        let vkey = ours.verifier().to_string();
        let verifier = StandardVerifier::new(&vkey).unwrap();
        prop_assert_eq!(verifier.key_id().to_be_bytes(), ours.verifier().key_id());

        let note = Note { signatures: vec![ours.sign(&text)], text: text.clone() };
        let read = signed_note::Note::from_bytes(note.to_text().as_bytes()).unwrap();
        prop_assert_eq!(read.text(), text.as_bytes());
        prop_assert_eq!(read.verify(&theirs(&vkey)).unwrap().0.len(), 1);

        let id = u32::from_be_bytes(ours.verifier().key_id());
        let secret = super::super::text::base64(&[&[1], &seed[..]].concat());
        let signer = StandardSigner::new(&format!("PRIVATE+KEY+{name}+{id:08x}+{secret}")).unwrap();
        let mut signed = signed_note::Note::new(text.as_bytes(), &[]).unwrap();
        signed.add_sigs(&[&signer]).unwrap();
        prop_assert_eq!(&Note::parse(&signed.to_bytes()), &Ok(note.clone()));
        prop_assert_eq!(ours.verifier().verify(&note), Ok(Some(Verified { time: None })));
    }

    #[test]
    fn given_any_bytes_when_we_accept_them_then_a_peer_does_and_splits_them_as_we_do(
        at: prop::sample::Index, cut: prop::sample::Index, piece in "[ -~\n—]{0,6}",
    ) {
        let (at, cut) = (at.index(NOTE.len() + 1), cut.index(4));
        let end = (at + cut).min(NOTE.len());
        let bytes = [&NOTE.as_bytes()[..at], piece.as_bytes(), &NOTE.as_bytes()[end..]].concat();
        if let Ok(note) = Note::parse(&bytes) {
            let peer = signed_note::Note::from_bytes(&bytes).unwrap();
            prop_assert_eq!(peer.text(), note.text.as_bytes());
            prop_assert_eq!(peer.to_bytes(), bytes);
            let ours = log().verifier().verify(&note);
            let theirs = peer.verify(&theirs(LOG_KEY));
            prop_assert_eq!(matches!(ours, Ok(Some(_))), theirs.is_ok(), "{:?} {:?}", ours, theirs);
        }
    }
}

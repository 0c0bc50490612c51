//! Notes as they must be and as they must not: the worked example byte for byte, one vector
//! for every defect, and what another implementation says about the same notes.
//!
//! Invariant: a rejected vector is an accepted one with a single thing changed. It must not
//! hold a key that is used anywhere else.

mod defects;
mod forms;
mod peers;

use ed25519_dalek::SigningKey;

use super::*;
use crate::format::digest::{Digest, leaf_hash};

const ORIGIN: &str = "ledger.example/acme";
const NOTE: &str = "\
ledger.example/acme
3
2y7/5k02NSvNTCYL3g4RODEMn3e4nUxXV4ZS+bGFtjA=

— ledger.example/acme 7xoeOR94BA7XB53wKn9nl+NQSwqdSNboDVxyDsAC5O29EVGUEzPPUPSlqx0OGn4NcRSfCVROXl94khRET0Wxxs9Ogg4=
— witness.example/w1 3xwKNQAAAABpVbkAlVG9LCOCp+HZBtzlt1qZhhHIE48iRgnk0Camz6Rzn8npaUehznRh8CRJOnG3/7GmVIx/FyE5AjBSW2giZYgKDg==
";
const LOG_KEY: &str = "ledger.example/acme+ef1a1e39+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c";
const WITNESS_KEY: &str = "witness.example/w1+df1c0a35+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU";
const TIME: u64 = 0x6955_b900;

fn log() -> Signer {
    Signer::new(ORIGIN, SigningKey::from_bytes(&[1; 32])).unwrap()
}

fn witness() -> Cosigner {
    Cosigner::new("witness.example/w1", SigningKey::from_bytes(&[2; 32])).unwrap()
}

fn checkpoint() -> Checkpoint {
    let [a, b, c] = ["event-0", "event-1", "event-2"].map(|entry| leaf_hash(entry.as_bytes()));
    Checkpoint { origin: ORIGIN.to_owned(), size: 3, root: Digest::node(&Digest::node(&a, &b), &c) }
}

const FORMAT: &str = include_str!("../../../FORMAT.md");

/// The worked example, parsed.
fn note() -> Note {
    Note::parse(NOTE.as_bytes()).unwrap()
}

fn unknown(name: &str, key_id: [u8; 4]) -> SignatureLine {
    SignatureLine { name: name.to_owned(), key_id, bytes: vec![7; 64] }
}

#[test]
fn given_the_worked_example_when_it_is_made_again_then_every_byte_is_the_same() {
    let text = checkpoint().text();
    let signatures = vec![log().sign(&text), witness().cosign(&text, TIME)];
    assert_eq!(Note { text, signatures }.to_text(), NOTE);
    assert_eq!(log().verifier().to_string(), LOG_KEY);
    assert_eq!(witness().verifier().to_string(), WITNESS_KEY);
    assert_eq!(log().verifier().key_id(), [0xef, 0x1a, 0x1e, 0x39]);
    assert_eq!(witness().verifier().key_id(), [0xdf, 0x1c, 0x0a, 0x35]);
}

#[test]
fn given_the_worked_example_when_it_is_opened_then_both_keys_have_signed_it() {
    let keys = [Verifier::parse(LOG_KEY).unwrap(), Verifier::parse(WITNESS_KEY).unwrap()];
    let signed = SignedCheckpoint::open(NOTE.as_bytes(), ORIGIN, &keys[..1]).unwrap();
    assert_eq!(signed.checkpoint, checkpoint());
    assert_eq!(signed.note.to_text(), NOTE);
    assert_eq!(keys[0].verify(&signed.note), Ok(Some(Verified { time: None })));
    assert_eq!(keys[1].verify(&signed.note), Ok(Some(Verified { time: Some(TIME) })));
}

#[test]
fn given_signatures_of_unknown_keys_when_a_note_is_opened_then_they_are_ignored() {
    let key = log().verifier().clone();
    let mut note = note();
    // Of another name, of another key, of a kind that nobody knows yet; and 16 at the least.
    note.signatures.insert(0, unknown("other.example", key.key_id()));
    note.signatures.insert(0, unknown(ORIGIN, [0; 4]));
    note.signatures.extend((2..MAX_SIGNATURES - 2).map(|n| unknown(&format!("w{n}"), [n as u8; 4])));
    assert_eq!(note.signatures.len(), MAX_SIGNATURES);
    let signed = SignedCheckpoint::open(note.to_text().as_bytes(), ORIGIN, &[key]).unwrap();
    assert_eq!(signed.note, note);
}

#[test]
fn given_a_key_that_signed_twice_when_it_verifies_then_both_are_good_or_the_note_is_not() {
    let (log, witness) = (log(), witness());
    let mut note = note();
    note.signatures.push(log.sign(&note.text));
    note.signatures.push(witness.cosign(&note.text, TIME + 5));
    note.signatures.push(witness.cosign(&note.text, TIME - 5));
    assert_eq!(log.verifier().verify(&note), Ok(Some(Verified { time: None })));
    assert_eq!(witness.verifier().verify(&note), Ok(Some(Verified { time: Some(TIME + 5) })));
    for bad in [0, 2] {
        let mut note = note.clone();
        note.signatures[bad].bytes[9] ^= 1;
        let place = note.to_text().match_indices("— ").nth(bad).unwrap().0;
        assert_eq!(log.verifier().verify(&note).unwrap_err().at, place);
        assert!(witness.verifier().verify(&note).is_ok());
    }
}

#[test]
fn given_one_key_in_two_roles_when_it_verifies_then_neither_stands_for_the_other() {
    let key = || SigningKey::from_bytes(&[3; 32]);
    let (signer, cosigner) = (Signer::new("a", key()).unwrap(), Cosigner::new("a", key()).unwrap());
    assert_ne!(signer.verifier().key_id(), cosigner.verifier().key_id());
    let text = checkpoint().text();
    let note = Note { signatures: vec![cosigner.cosign(&text, TIME)], text };
    assert_eq!(signer.verifier().verify(&note), Ok(None));
    // Nor when the text is that of a cosignature, signed as a text.
    let text = String::from_utf8(cosignature_message(TIME, &checkpoint().text())).unwrap();
    let mut line = signer.sign(&text);
    line.key_id = cosigner.verifier().key_id();
    line.bytes = [&TIME.to_be_bytes()[..], &line.bytes].concat();
    assert!(cosigner.verifier().verify(&Note { text, signatures: vec![line] }).is_err());
}

#[test]
fn given_a_key_that_signs_when_it_is_shown_then_its_secret_is_not() {
    let secret = "01".repeat(32);
    for shown in [format!("{:?}", log()), format!("{:#?}", log())] {
        assert!(shown.contains(LOG_KEY), "{shown}");
        assert!(!shown.contains(&secret) && !shown.contains("1, 1, 1"), "{shown}");
    }
    assert_eq!(format!("{:?}", witness()), format!("Cosigner({WITNESS_KEY})"));
}

#[test]
fn given_a_checkpoint_with_extension_lines_when_it_is_read_then_they_are_left_out() {
    let text = format!("{}extension of somebody\nanother\n", checkpoint().text());
    assert_eq!(Checkpoint::parse(&text), Ok(checkpoint()));
    let note = Note { signatures: vec![log().sign(&text)], text: text.clone() };
    let signed =
        SignedCheckpoint::open(note.to_text().as_bytes(), ORIGIN, &[log().verifier().clone()]).unwrap();
    assert_eq!((signed.checkpoint, signed.note.text), (checkpoint(), text));
}

#[test]
fn given_the_limits_when_a_proof_file_is_as_large_as_it_may_be_then_it_is_read() {
    let mut note = note();
    let length = note.to_text().len();
    note.text.insert_str(0, &"x".repeat(MAX_NOTE - length));
    let proof = ProofFile {
        extra: Some(vec![0xff; crate::limits::MAX_EXTRA]),
        index: u64::MAX,
        hashes: vec![Digest([9; 32]); crate::limits::MAX_PROOF],
        checkpoint: note,
    };
    let text = proof.to_text();
    assert!(text.len() <= crate::limits::MAX_PROOF_FILE && text.len() + 32 > crate::limits::MAX_PROOF_FILE);
    // Not shown: it would be a quarter of a megabyte.
    assert!(ProofFile::parse(text.as_bytes()) == Ok(proof));
}

/// The proof that `event-1` is record 1 of the worked checkpoint.
fn proof() -> ProofFile {
    let hashes = ["event-0", "event-2"].map(|entry| leaf_hash(entry.as_bytes())).to_vec();
    ProofFile { extra: None, index: 1, hashes, checkpoint: note() }
}

#[test]
fn given_the_worked_forms_when_format_md_is_read_then_it_has_them_byte_for_byte() {
    for form in [NOTE, LOG_KEY, WITNESS_KEY, &proof().to_text()] {
        assert!(FORMAT.contains(form), "FORMAT.md lacks:\n{form}");
    }
}

#[test]
fn given_a_proof_file_when_the_record_is_checked_then_it_is_under_the_signed_checkpoint() {
    let keys = [log().verifier().clone()];
    assert_eq!(proof().check(&leaf_hash(b"event-1"), ORIGIN, &keys), Ok(checkpoint()));
    // Extra data is nobody's word, and changes nothing.
    let extra = ProofFile { extra: Some(b"another record".to_vec()), ..proof() };
    assert_eq!(extra.check(&leaf_hash(b"event-1"), ORIGIN, &keys), Ok(checkpoint()));
}

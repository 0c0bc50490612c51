//! Notes as they must be and as they must not: the worked example byte for byte, one vector
//! for every defect, and what another implementation says about the same notes.
//!
//! Invariant: a rejected vector is an accepted one with a single thing changed. It must not
//! hold a key that is used anywhere else.

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

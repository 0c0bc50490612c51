//! A proof file has one form; and whatever it says, it proves of the worked example's second record nothing but its
//! place in the log that signed.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use storage::leaf_hash;
use storage::note::{ProofFile, Verifier};

static LOG: LazyLock<Verifier> = LazyLock::new(|| {
    Verifier::parse("ledger.example/acme+ef1a1e39+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c").unwrap()
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(proof) = ProofFile::parse(bytes) else { return };
    assert_eq!(proof.to_text().as_bytes(), bytes, "an accepted proof file is written differently");
    let keys = std::slice::from_ref(&*LOG);
    if let Ok(checkpoint) = proof.check(&leaf_hash(b"event-1"), "ledger.example/acme", keys) {
        assert_eq!((proof.index, checkpoint.size), (1, 3), "the log never signed this");
    }
});

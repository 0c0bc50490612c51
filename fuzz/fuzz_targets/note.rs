//! A signed note has one form: what is accepted comes out byte for byte as it went in. And whatever bytes there are, the
//! worked example's log has signed nothing but its own text.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use storage::note::{Note, SignatureLine, Verified, Verifier};

const TEXT: &str = "ledger.example/acme\n3\n2y7/5k02NSvNTCYL3g4RODEMn3e4nUxXV4ZS+bGFtjA=\n";
static LOG: LazyLock<Verifier> = LazyLock::new(|| {
    Verifier::parse("ledger.example/acme+ef1a1e39+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c").unwrap()
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(note) = Note::parse(bytes) else { return };
    assert_eq!(note.to_text().as_bytes(), bytes, "an accepted note is written differently");
    for line in &note.signatures {
        assert_eq!(SignatureLine::parse(&line.to_string()).as_ref(), Ok(line));
    }
    if let Ok(Some(Verified { time: None })) = LOG.verify(&note) {
        assert_eq!(note.text, TEXT, "the log never signed this");
    }
});

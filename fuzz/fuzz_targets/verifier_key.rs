//! A vkey has one form, and an accepted one is a key that a signature can be held against.

#![no_main]

use libfuzzer_sys::fuzz_target;
use storage::Digest;
use storage::note::Verifier;

/// The vkey with the key id that its name and key call for, which guessing never finds.
fn fitting(vkey: &str) -> Option<String> {
    let (name, rest) = vkey.split_once('+')?;
    let (_, key) = rest.split_once('+')?;
    // Of any key that decodes, by way of the one place that says what the id is.
    let bytes = storage::fuzzing::base64(key)?;
    let id = Digest::of(&[name.as_bytes(), b"\n", &bytes].concat()).to_string();
    Some(format!("{name}+{}+{key}", &id[..8]))
}

fn canonical(vkey: &str) {
    if let Ok(verifier) = Verifier::parse(vkey) {
        assert_eq!(verifier.to_string(), vkey, "an accepted key is written differently");
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(vkey) = std::str::from_utf8(bytes) else { return };
    canonical(vkey);
    if let Some(vkey) = fitting(vkey) {
        canonical(&vkey);
    }
});

//! A checkpoint has one form, extension lines aside: what is accepted begins with what is written of it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use storage::note::Checkpoint;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(checkpoint) = Checkpoint::parse(text) else { return };
    let again = checkpoint.text();
    let extension = text.strip_prefix(&again).expect("an accepted checkpoint is written differently");
    assert!(!extension.contains("\n\n") && !extension.starts_with('\n'));
    assert!(extension.is_empty() || extension.ends_with('\n'));
    assert_eq!(Checkpoint::parse(&again), Ok(checkpoint));
});

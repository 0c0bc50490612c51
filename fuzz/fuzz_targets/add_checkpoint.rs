//! What a witness is asked: a request that is accepted is written again as it came, and the note in it too.

#![no_main]

use libfuzzer_sys::fuzz_target;
use storage::note::{AddCheckpoint, Checkpoint};

fuzz_target!(|bytes: &[u8]| {
    let Ok(request) = AddCheckpoint::parse(bytes) else { return };
    assert_eq!(request.to_text().as_bytes(), bytes, "an accepted request is written differently");
    let text = &request.checkpoint.note.text;
    let again = Checkpoint::parse(text).ok();
    assert_eq!(again.as_ref(), Some(&request.checkpoint.checkpoint), "the note says another checkpoint");
    assert!(text.starts_with(&request.checkpoint.checkpoint.text()), "a checkpoint is written differently");
});

//! A record has one encoding: what is accepted comes out byte for byte as it went in.
//!
//! Of an accepted record every head is then made longer than it needs to be, which guessing alone seldom does.

#![no_main]

use libfuzzer_sys::fuzz_target;

fn canonical(bytes: &[u8]) -> bool {
    let Some(again) = storage::fuzzing::record(bytes) else { return false };
    assert_eq!(again, bytes, "an accepted record is encoded differently");
    assert!(storage::fuzzing::is_split_alike(bytes), "the event ends elsewhere");
    true
}

/// The bytes with the head at `at`, if it is a short one, in its longer form.
fn widened(bytes: &[u8], at: usize) -> Option<Vec<u8>> {
    let low = bytes[at] & 0x0f;
    let head = match bytes[at] {
        0x80..=0x8f => vec![0xde, 0, low],
        0x90..=0x9f => vec![0xdc, 0, low],
        head @ 0xa0..=0xbf => vec![0xd9, head & 0x1f],
        0xd9 => vec![0xda, 0],
        _ => return None,
    };
    Some([&bytes[..at], &head, &bytes[at + 1..]].concat())
}

fuzz_target!(|bytes: &[u8]| {
    if canonical(bytes) {
        (0..bytes.len().min(1_024)).filter_map(|at| widened(bytes, at)).for_each(|wide| {
            canonical(&wide);
        });
    }
});

//! A record has one encoding: what is accepted comes out byte for byte as it went in.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some(again) = storage::fuzzing::record(bytes) {
        assert_eq!(again, bytes, "an accepted record is encoded differently");
    }
});

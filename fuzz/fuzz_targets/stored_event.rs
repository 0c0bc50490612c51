//! The poster's part of a record: what can be opened is written back to something that opens as the same event.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pledgebook::journal::codec::{decode, encode_into};

fuzz_target!(|bytes: &[u8]| {
    let Ok(event) = decode(bytes) else { return };
    let mut once = Vec::new();
    assert!(encode_into(&event, &mut once).is_ok(), "an opened event cannot be written");
    let opened = decode(&once);
    assert_eq!(opened.as_ref().ok(), Some(&event), "what was written opens as another event");
    let mut twice = Vec::new();
    assert!(encode_into(&event, &mut twice).is_ok() && once == twice, "an event has two forms");
});

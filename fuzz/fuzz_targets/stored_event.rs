//! The poster's part of a record: what can be opened is written back to something that opens as the same event; and our
//! own deserializer opens and refuses what that of the writer's crate does.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pledgebook::journal::codec::{decode, decode_by_the_writers_crate, encode_into};

fuzz_target!(|bytes: &[u8]| {
    let event = decode(bytes).ok();
    assert_eq!(event, decode_by_the_writers_crate(bytes).ok(), "two deserializers open two events");
    let Some(event) = event else { return };
    let mut once = Vec::new();
    assert!(encode_into(&event, &mut once).is_ok(), "an opened event cannot be written");
    let opened = decode(&once);
    assert_eq!(opened.as_ref().ok(), Some(&event), "what was written opens as another event");
    let mut twice = Vec::new();
    assert!(encode_into(&event, &mut twice).is_ok() && once == twice, "an event has two forms");
});

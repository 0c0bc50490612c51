//! A group's header has one encoding, and its body is the records behind their lengths and nothing else.
//!
//! The first byte says whether the checksum of the header is made to fit: no guesser finds a CRC-32.

#![no_main]

use libfuzzer_sys::fuzz_target;
use storage::fuzzing::{GROUP_HEADER, group_body, group_header};

fuzz_target!(|bytes: &[u8]| {
    let Some((how, bytes)) = bytes.split_first() else { return };
    let mut group = bytes.to_vec();
    if how & 1 == 1 && group.len() >= GROUP_HEADER {
        let checksum = crc32fast::hash(&group[..GROUP_HEADER - 4]);
        group[GROUP_HEADER - 4..GROUP_HEADER].copy_from_slice(&checksum.to_be_bytes());
    }
    if let Some(again) = group_header(&group) {
        assert_eq!(again, group[..GROUP_HEADER], "an accepted header is encoded differently");
    }
    let body = group.get(GROUP_HEADER..).unwrap_or(&group);
    if let Some(again) = group_body(body) {
        assert_eq!(again, body, "an accepted body is something else");
    }
});

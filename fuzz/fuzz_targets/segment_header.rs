//! A segment's header page has one encoding. The input stands at the front of a page whose checksum is made to fit,
//! unless its first byte says otherwise.

#![no_main]

use libfuzzer_sys::fuzz_target;

const PAGE: usize = 4096;

fuzz_target!(|bytes: &[u8]| {
    let Some((how, bytes)) = bytes.split_first() else { return };
    let mut page = bytes.to_vec();
    if how & 1 == 1 {
        page.resize(PAGE, 0);
        // Now and then something where nothing may be.
        if how & 2 == 2 {
            page[PAGE - 5] = how >> 2;
        }
        let checksum = crc32fast::hash(&page[..PAGE - 4]);
        page[PAGE - 4..].copy_from_slice(&checksum.to_be_bytes());
    }
    if let Some(again) = storage::fuzzing::segment_header(&page) {
        assert_eq!(again, page, "an accepted header is encoded differently");
    }
});

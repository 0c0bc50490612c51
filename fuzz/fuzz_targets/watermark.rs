//! A slot of the watermark has one encoding. The checksum is made to fit, unless the first byte says otherwise.

#![no_main]

use libfuzzer_sys::fuzz_target;
use storage::fuzzing::WATERMARK_SLOT;

fuzz_target!(|bytes: &[u8]| {
    let Some((how, bytes)) = bytes.split_first() else { return };
    let mut slot = bytes.to_vec();
    if how & 1 == 1 {
        slot.resize(WATERMARK_SLOT, 0);
        let checksum = crc32fast::hash(&slot[..WATERMARK_SLOT - 4]);
        slot[WATERMARK_SLOT - 4..].copy_from_slice(&checksum.to_be_bytes());
    }
    if let Some(again) = storage::fuzzing::watermark(&slot) {
        assert_eq!(again, slot, "an accepted slot is encoded differently");
    }
});

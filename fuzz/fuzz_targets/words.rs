//! The words store: what is walked over comes out byte for byte as it went in, up to where the walk gives up.
//!
//! A first byte that is odd has the checksums made to fit wherever an entry could stand.

#![no_main]

use libfuzzer_sys::fuzz_target;

const HEAD: usize = 18;

fuzz_target!(|bytes: &[u8]| {
    let Some((how, bytes)) = bytes.split_first() else { return };
    let mut bytes = bytes.to_vec();
    if how & 1 == 1 {
        fit(&mut bytes, how & 2 == 2);
    }
    let found = storage::fuzzing::words(&bytes);
    let end = found.broken_at.unwrap_or(bytes.len());
    assert_eq!(found.again, bytes[..end], "accepted words are encoded differently");
});

/// Makes the checksums fit, entry by entry; those of the contents only if `contents`.
fn fit(bytes: &mut [u8], contents: bool) {
    let mut at = 0;
    while let Some(head) = bytes.get(at..at + HEAD) {
        let field = usize::from(u16::from_be_bytes([head[12], head[13]]));
        let text = u32::from_be_bytes([head[14], head[15], head[16], head[17]]) as usize;
        let content = at + HEAD + field + 4;
        let end = content + 32 + text;
        if end + 4 > bytes.len() {
            return;
        }
        let checksum = crc32fast::hash(&bytes[at..content - 4]);
        bytes[content - 4..content].copy_from_slice(&checksum.to_be_bytes());
        let checksum = crc32fast::hash(&bytes[content..end]);
        if contents {
            bytes[end..end + 4].copy_from_slice(&checksum.to_be_bytes());
        }
        at = end + 4;
    }
}

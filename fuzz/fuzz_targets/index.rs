//! The sealed index: it answers as the live one that it was made from, and a damaged one whose checksums were made to
//! fit is refused or answers something, but never panics or runs away.
//!
//! The input is the records' keys, eight bytes each, and then edits of the file.

#![no_main]

use libfuzzer_sys::fuzz_target;
use storage::Keys;
use storage::fuzzing::{Entries, ask_live, ask_sealed, index};

const PAGE: usize = 4096;

fuzz_target!(|bytes: &[u8]| {
    let Some((count, bytes)) = bytes.split_first() else { return };
    let (keys, edits) = bytes.split_at(bytes.len().min(8 * usize::from(*count)));
    let mut entries = Entries::default();
    for (posting, key) in (0..).zip(keys.chunks_exact(8)) {
        let subjects = key[2..2 + usize::from(key[1] % 6)].iter().map(|subject| u64::from(*subject) << 40);
        entries.keys.push(Keys {
            id: u128::from(key[0]) << 100 | u128::from(key[7] & 3),
            subjects: subjects.collect(),
        });
        if key[1] & 0x80 != 0 {
            entries.worded.push(posting);
        }
    }
    let good = index(&entries);
    assert_eq!(good, index(&entries), "the same records give other bytes");
    assert_eq!(ask_sealed(&good, &entries), Some(ask_live(&entries)), "the sealed index answers differently");
    let mut bad = good;
    for edit in edits.chunks_exact(4) {
        let at = usize::from(u16::from_be_bytes([edit[0], edit[1]])) % bad.len();
        bad[at] = edit[2];
        if edit[3] & 1 == 1 {
            bad.truncate(at / PAGE * PAGE);
            if bad.is_empty() {
                return;
            }
        }
    }
    for (number, page) in (0_u32..).zip(bad.chunks_exact_mut(PAGE)) {
        let checksum = crc32fast::hash(&[&number.to_be_bytes(), &page[..PAGE - 4]].concat());
        page[PAGE - 4..].copy_from_slice(&checksum.to_be_bytes());
    }
    if let Some(answers) = ask_sealed(&bad, &entries) {
        assert_eq!(answers.ids.len(), entries.asked().count(), "a question was not answered");
    }
});

//! Every limit of the engine, each with its reason.
//!
//! Invariant: nothing read from a file is allocated for before it was compared with one of
//! these. Limits of the service (requests, connections) live with the service.

/// Longest record, in bytes: an entry bundle of the C2SP tlog-tiles format gives the
/// length of an entry in 16 bits.
pub const MAX_RECORD: usize = 65_535;

/// Longest `source` of a record, in bytes: names of machines and people, not documents.
pub const MAX_SOURCE: usize = 255;

/// Most `flags` on a record: a closed list of irregularities, each named at most once.
pub const MAX_FLAGS: usize = 255;

/// Longest single flag, in bytes: flags are short names.
pub const MAX_FLAG: usize = 255;

/// Deepest nesting of an event, its own map included: keeps every reader's stack bounded.
pub const MAX_DEPTH: usize = 32;

/// Longest origin line, in bytes, without its newline: the C2SP checkpoint's own limit.
pub const MAX_ORIGIN: usize = 255;

/// Longest signed note, in bytes: three lines and [`MAX_SIGNATURES`], with room for the
/// signatures of the coming kinds (3.3 KB a line) of the 16 that everybody must accept.
pub const MAX_NOTE: usize = 64 << 10;

/// Most signatures on a note: the log's own over a rotation, and every witness there is.
pub const MAX_SIGNATURES: usize = 64;

/// Longest name of a key that we make or trust, in bytes: the log key's is the origin.
pub const MAX_KEY_NAME: usize = MAX_ORIGIN;

/// Longest verifier key, in bytes: a name, and an ML-DSA-44 key in base64.
pub const MAX_VERIFIER_KEY: usize = MAX_KEY_NAME + 10 + 1752;

/// Most hashes of an inclusion proof: the height of a tree of 2⁶⁴ leaves.
pub const MAX_PROOF: usize = 64;

/// Most extra data of a proof file, in bytes: the record that the proof is about.
pub const MAX_EXTRA: usize = MAX_RECORD;

/// Longest proof file, in bytes: its head, the extra data, the proof and the note.
pub const MAX_PROOF_FILE: usize = 64 + MAX_EXTRA.div_ceil(3) * 4 + MAX_PROOF * 45 + MAX_NOTE;

/// Most hashes of a consistency proof that a witness is sent (C2SP `tlog-witness`).
pub const MAX_CONSISTENCY_PROOF: usize = 63;

/// Longest request to a witness, in bytes: its old size, the proof and the note.
pub const MAX_ADD_CHECKPOINT: usize = 32 + MAX_CONSISTENCY_PROOF * 45 + MAX_NOTE;

/// Longest group, header included, in bytes: bounds what one sync covers and what recovery
/// must hold in memory to judge a group.
pub const MAX_GROUP: usize = 8 << 20;

/// Most bytes of words in one group: as for [`MAX_GROUP`].
pub const MAX_GROUP_WORDS: usize = 8 << 20;

/// Longest field name of a word, in bytes.
pub const MAX_FIELD: usize = 255;

/// Longest text of a word, in bytes: a request to the service is at most 768 KiB.
pub const MAX_TEXT: usize = 1 << 20;

/// Most subject keys of one record: an event names a handful of things.
pub const MAX_SUBJECTS: usize = 255;

/// Size of a page: segment headers and index pages; what file systems write at once.
pub const PAGE: usize = 4096;

/// Smallest size of a segment, in bytes: its header and a page of groups.
pub const MIN_SEGMENT: u64 = 2 * PAGE as u64;

/// Largest size of a segment, in bytes: offsets within a segment have 31 bits, the highest
/// bit marks the first record of a group.
pub const MAX_SEGMENT: u64 = 1 << 30;

/// Size of a new ledger's first segment, in bytes. Each next one is twice as long until
/// [`crate::Options::segment_bytes`]: creating a ledger is fast and a small one stays small.
pub const FIRST_SEGMENT: u64 = 1 << 20;

/// Most records that are read for one answer in place of hashes that the level files should
/// have, and do not have yet: some 20 MB, and less than a second.
pub const MAX_UNWRITTEN: u64 = 1 << 16;

/// Most findings that an integrity report lists; it counts all.
pub const MAX_FINDINGS: usize = 1_000;

const _: () = {
    assert!(MAX_RECORD <= u16::MAX as usize);
    assert!(MAX_GROUP > MAX_RECORD + 64);
    assert!(MAX_SEGMENT + (MAX_GROUP as u64) < 1 << 31);
    assert!(MIN_SEGMENT < FIRST_SEGMENT && FIRST_SEGMENT < MAX_SEGMENT);
    assert!(MAX_ORIGIN < PAGE / 2);
    assert!(MAX_SIGNATURES >= 16 && MAX_NOTE > 16 * (MAX_KEY_NAME + 3_300));
};

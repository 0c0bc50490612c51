//! Holds what a crash left against what was acknowledged.
//!
//! Invariant: a state that was seen before is not opened again, but what is demanded of it
//! now is compared with what was found then; nothing is passed over.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use storage::{Backend, Digest, MemoryBackend};

use super::script::{Reference, next_group, open_or_create};
use super::states::Image;
use crate::ledger::{naive_root, open, served, verify};

/// States by the way in which they came about.
#[derive(Default)]
pub(crate) struct Visited {
    pub(crate) prefixes: u64,
    pub(crate) subsets: u64,
    pub(crate) torn: u64,
    pub(crate) nested: u64,
    pub(crate) rotten: u64,
}

impl Visited {
    pub(crate) const fn all(&self) -> u64 {
        self.prefixes + self.subsets + self.torn + self.nested + self.rotten
    }
}

/// What is known of all states so far.
pub(crate) struct Judge {
    pub(crate) reference: Reference,
    pub(crate) visited: Visited,
    /// For every state seen: how many records it was found to hold.
    found: HashMap<Digest, u64>,
}

impl Judge {
    pub(crate) fn new() -> Self {
        Self { reference: Reference::new(), visited: Visited::default(), found: HashMap::new() }
    }

    /// Judges one state; whether it was new.
    pub(crate) fn judge(&mut self, image: &Image, acknowledged: u64, what: &dyn fmt::Display) -> bool {
        let key = fingerprint(image);
        let seen = self.found.get(&key).copied();
        let size = seen.unwrap_or_else(|| recover(image, &self.reference, what));
        assert!(size >= acknowledged, "{what}: {acknowledged} were acknowledged, {size} are there");
        self.found.insert(key, size);
        seen.is_none()
    }

    /// States that were opened, each once.
    pub(crate) fn distinct(&self) -> usize {
        self.found.len()
    }

    /// Says how much was looked at.
    pub(crate) fn report(&self) {
        let Visited { prefixes, subsets, torn, nested, rotten } = self.visited;
        println!(
            "crash states visited: {} (prefixes {prefixes}, subsets {subsets}, torn {torn}, nested {nested}, \
             rotten {rotten}; distinct {})",
            self.visited.all(),
            self.distinct()
        );
    }
}

pub(crate) fn fingerprint(image: &Image) -> Digest {
    let mut bytes = Vec::with_capacity(image.values().map(Vec::len).sum());
    for (path, content) in image {
        bytes.extend_from_slice(path.as_bytes());
        bytes.extend_from_slice(&(content.len() as u64).to_be_bytes());
        bytes.extend_from_slice(content);
    }
    Digest::of(&bytes)
}

/// Opens a state, reads all of it in every way, opens it again, and goes on in it; returns
/// how many records it held.
fn recover(image: &Image, reference: &Reference, what: &dyn fmt::Display) -> u64 {
    let memory = MemoryBackend::restore(image);
    let backend: Arc<dyn Backend> = Arc::new(memory.clone());
    let fine = |error: storage::Error| -> ! { panic!("{what}: {error}") };
    let log = open_or_create(&backend).unwrap_or_else(|error| fine(error));
    let found = served(&log).unwrap_or_else(|error| fine(error));
    let size = found.head.size as usize;
    assert!(reference.ends.contains(&found.head.size), "{what}: groups are whole or absent, {size}");
    assert_eq!(found.records[..], reference.records[..size], "{what}: each record is what was pushed");
    assert_eq!(found.leaves[..], reference.hashes[..size], "{what}: each has its hash");
    assert_eq!(found.head.root, naive_root(&found.leaves), "{what}: the root is the RFC's");
    drop(log);
    // Once more: nothing is left to repair, and it is the same.
    let (log, recovery) = open(&backend).unwrap_or_else(|error| fine(error));
    assert!(recovery.cut_bytes == 0 && recovery.rebuilt.is_empty(), "{what}: {recovery:?}");
    assert_eq!(log.head(), found.head, "{what}: a second recovery changes nothing");
    // It goes on, in the next segment too if the group does not fit.
    let log = next_group(log, reference).unwrap_or_else(|error| panic!("{what}: {error}"));
    let end = log.head().size as usize;
    log.close().unwrap_or_else(|error| fine(error));
    let report = verify(&memory);
    assert!(report.intact() && report.records == end as u64, "{what}: {report:?}");
    assert_eq!(report.hash, reference.hashes[end - 1], "{what}: the chain goes on");
    assert_eq!(report.root, naive_root(&reference.hashes[..end]), "{what}: and the tree");
    size as u64
}

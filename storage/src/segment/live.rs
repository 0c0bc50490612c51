//! The index of a segment while it is in memory: the open one's, and a damaged one's twin.
//!
//! Invariant: entries are only added, in order of sequence; whoever reads compares with the
//! committed size. Shards are small, so that no single insert has to move many entries
//! (one map of 4 M ids stalled for 150 ms). It must not know files.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{PoisonError, RwLock};

use super::order::Room;
use crate::log::Keys;

const SHARDS: usize = 64;

/// Marks the offset of the first record of a group.
pub(crate) const GROUP_START: u32 = 1 << 31;

/// Sequences relative to the segment's first; nearly always one.
#[derive(Debug)]
enum Postings {
    One(u32),
    Many(Vec<u32>),
}

impl Postings {
    fn as_slice(&self) -> &[u32] {
        match self {
            Self::One(posting) => std::slice::from_ref(posting),
            Self::Many(postings) => postings,
        }
    }
}

type Map<K> = HashMap<K, Postings>;

fn add<K: Hash + Eq>(map: &mut Map<K>, key: K, posting: u32) {
    match map.entry(key) {
        Entry::Vacant(entry) => {
            entry.insert(Postings::One(posting));
        }
        Entry::Occupied(mut entry) => match entry.get_mut() {
            Postings::One(first) if *first == posting => {}
            Postings::One(first) => *entry.get_mut() = Postings::Many(vec![*first, posting]),
            Postings::Many(postings) if postings.last() == Some(&posting) => {}
            Postings::Many(postings) => postings.push(posting),
        },
    }
}

#[derive(Debug, Default)]
struct Shard {
    ids: Map<u128>,
    subjects: Map<u64>,
}

/// Ids, subjects, places and words of one segment.
#[derive(Debug)]
pub(crate) struct Live {
    shards: [RwLock<Shard>; SHARDS],
    offsets: RwLock<Vec<u32>>,
    words: RwLock<Vec<(u32, u32)>>,
    words_end: AtomicU32,
}

impl Live {
    pub(crate) fn new() -> Self {
        Self {
            shards: std::array::from_fn(|_| RwLock::default()),
            offsets: RwLock::default(),
            words: RwLock::default(),
            words_end: AtomicU32::new(0),
        }
    }

    fn shard(&self, key: u64) -> &RwLock<Shard> {
        // The upper bits of a product depend on all bits of the key.
        &self.shards[(key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58) as usize]
    }

    pub(crate) fn insert(&self, posting: u32, keys: &Keys) {
        let shard = self.shard(keys.id as u64 ^ (keys.id >> 64) as u64);
        add(&mut shard.write().unwrap_or_else(PoisonError::into_inner).ids, keys.id, posting);
        for subject in &keys.subjects {
            let mut shard = self.shard(*subject).write().unwrap_or_else(PoisonError::into_inner);
            add(&mut shard.subjects, *subject, posting);
        }
    }

    /// Adds places: offsets of records in the segment, the first of a group marked.
    pub(crate) fn place(&self, offsets: impl Iterator<Item = u32>) {
        self.offsets.write().unwrap_or_else(PoisonError::into_inner).extend(offsets);
    }

    /// Adds where the words of records begin, as (posting, offset in the words file).
    pub(crate) fn word(&self, words: impl Iterator<Item = (u32, u32)>, end: u32) {
        self.words_end.store(end, Ordering::Release);
        self.words.write().unwrap_or_else(PoisonError::into_inner).extend(words);
    }

    pub(crate) fn ids(&self, id: u128) -> Vec<u32> {
        let shard = self.shard(id as u64 ^ (id >> 64) as u64);
        let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
        shard.ids.get(&id).map(|found| found.as_slice().to_vec()).unwrap_or_default()
    }

    pub(crate) fn subjects(&self, subject: u64) -> Vec<u32> {
        let shard = self.shard(subject).read().unwrap_or_else(PoisonError::into_inner);
        shard.subjects.get(&subject).map(|found| found.as_slice().to_vec()).unwrap_or_default()
    }

    pub(crate) fn offset(&self, posting: u32) -> Option<u32> {
        let offsets = self.offsets.read().unwrap_or_else(PoisonError::into_inner);
        offsets.get(posting as usize).copied()
    }

    /// The place of the first record of the group that `posting` is in.
    pub(crate) fn group_start(&self, posting: u32) -> Option<u32> {
        let offsets = self.offsets.read().unwrap_or_else(PoisonError::into_inner);
        let before = offsets.get(..=posting as usize)?;
        before.iter().rev().find(|offset| **offset & GROUP_START != 0).copied()
    }

    /// Where the words of a record begin, and an end that they do not reach past.
    pub(crate) fn words(&self, posting: u32) -> Option<(u32, u32)> {
        let words = self.words.read().unwrap_or_else(PoisonError::into_inner);
        let found = words.binary_search_by_key(&posting, |(posting, _)| *posting).ok()?;
        Some((words[found].1, self.words_end.load(Ordering::Acquire)))
    }

    /// Where the words of the record after `posting` that has words begin; else where all end.
    pub(crate) fn words_after(&self, posting: u32) -> u32 {
        let words = self.words.read().unwrap_or_else(PoisonError::into_inner);
        let next = words.partition_point(|(other, _)| *other <= posting);
        words.get(next).map_or_else(|| self.words_end.load(Ordering::Acquire), |(_, start)| *start)
    }

    /// Everything, sorted, for the sealed form.
    pub(crate) fn sorted(&self) -> Sorted {
        let mut sorted = Sorted {
            offsets: self.offsets.read().unwrap_or_else(PoisonError::into_inner).clone(),
            words: self.words.read().unwrap_or_else(PoisonError::into_inner).clone(),
            ..Sorted::default()
        };
        for shard in &self.shards {
            let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
            for (id, postings) in &shard.ids {
                sorted.ids.extend(postings.as_slice().iter().map(|posting| (*id, *posting)));
            }
            for (subject, postings) in &shard.subjects {
                sorted.subjects.extend(postings.as_slice().iter().map(|at| (*subject, *at)));
            }
        }
        Room::default().sort(&mut sorted);
        sorted
    }
}

/// What an index holds, in the order of its sealed form.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Sorted {
    pub(crate) ids: Vec<(u128, u32)>,
    pub(crate) subjects: Vec<(u64, u32)>,
    pub(crate) offsets: Vec<u32>,
    pub(crate) words: Vec<(u32, u32)>,
}

impl Sorted {
    /// Nothing, and the room that it took.
    pub(crate) fn emptied(mut self) -> Self {
        self.ids.clear();
        self.subjects.clear();
        self.offsets.clear();
        self.words.clear();
        self
    }
}

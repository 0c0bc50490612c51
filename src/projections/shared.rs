//! An ordered map that is cheap to publish: a clone shares everything, and a write copies only what it touches.
//!
//! Shape: a list of leaves, each a sorted run of at most 64 entries, everything behind `Arc`. With n entries:
//! a clone is one reference count; the first write after a clone copies the list of leaves (n/64 to n/32 pointers: about
//! 0.1 ms for a million entries), one leaf (64 pointers) and one entry; every further write into the same leaf before
//! the next clone copies one entry at most.
//!
//! Invariant: keys are strictly ascending through all leaves, no leaf is empty, and each says its first key. It knows nothing
//! of events.

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, SeqAccess, Visitor},
};
use std::{fmt, marker::PhantomData, sync::Arc};

/// The most entries in one leaf. Measured in copies: a leaf is copied whole, the list of leaves has n/LEAF pointers.
const LEAF: usize = 64;

type Entry<K, V> = Arc<(K, V)>;

/// A run of entries. Its first key stands beside it: the search for a leaf then looks into none.
#[derive(Clone, Debug)]
struct Leaf<K, V> {
    first: K,
    entries: Arc<Vec<Entry<K, V>>>,
}

/// A copy-on-write ordered map.
#[derive(Debug)]
pub struct SharedMap<K, V> {
    leaves: Arc<Vec<Leaf<K, V>>>,
    len: usize,
}

impl<K, V> Clone for SharedMap<K, V> {
    fn clone(&self) -> Self {
        Self { leaves: Arc::clone(&self.leaves), len: self.len }
    }
}

impl<K, V> Default for SharedMap<K, V> {
    fn default() -> Self {
        Self { leaves: Arc::new(Vec::new()), len: 0 }
    }
}

impl<K: Ord, V> SharedMap<K, V> {
    /// How many entries there are.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no entry.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The value at a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        let leaf = &self.leaves.get(self.leaf_of(key)?)?.entries;
        let at = leaf.binary_search_by(|entry| entry.0.cmp(key)).ok()?;
        leaf.get(at).map(|entry| &entry.1)
    }

    /// The key as it stands here, and its value.
    pub fn get_entry(&self, key: &K) -> Option<(&K, &V)> {
        self.at_or_before(key).filter(|(at, _)| *at == key)
    }

    /// The entry with the greatest key that is not above `key`.
    pub fn at_or_before(&self, key: &K) -> Option<(&K, &V)> {
        let leaf = &self.leaves.get(self.leaf_of(key)?)?.entries;
        let after = leaf.partition_point(|entry| entry.0 <= *key);
        leaf.get(after.checked_sub(1)?).map(|entry| (&entry.0, &entry.1))
    }

    /// Every entry, in the order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.leaves.iter().flat_map(|leaf| leaf.entries.iter().map(|entry| (&entry.0, &entry.1)))
    }

    /// Every entry from a key on, in the order of the keys.
    pub fn from<'m>(&'m self, key: &K) -> impl Iterator<Item = (&'m K, &'m V)> + use<'m, K, V> {
        let first = self.leaf_of(key).unwrap_or(0);
        let before =
            self.leaves.get(first).map_or(0, |leaf| leaf.entries.partition_point(|entry| entry.0 < *key));
        let entries = self.leaves.iter().skip(first).flat_map(|leaf| leaf.entries.iter());
        entries.skip(before).map(|entry| (&entry.0, &entry.1))
    }

    /// Every entry up to a key, the greatest key first.
    pub fn back_from<'m>(&'m self, key: &K) -> impl Iterator<Item = (&'m K, &'m V)> + use<'m, K, V> {
        let end = self.leaf_of(key).map_or(0, |leaf| leaf + 1);
        let last = end.checked_sub(1).and_then(|last| self.leaves.get(last)).map(|leaf| &leaf.entries);
        let after = last.map_or(0, |leaf| leaf.len() - leaf.partition_point(|entry| entry.0 <= *key));
        let entries = self.leaves.iter().take(end).rev().flat_map(|leaf| leaf.entries.iter().rev());
        entries.skip(after).map(|entry| (&entry.0, &entry.1))
    }

    #[cfg(test)]
    pub(super) fn leaves(&self) -> usize {
        self.leaves.len()
    }

    /// The leaf in which the key stands if it stands anywhere: the last one that does not begin above it.
    fn leaf_of(&self, key: &K) -> Option<usize> {
        self.leaves.partition_point(|leaf| leaf.first <= *key).checked_sub(1)
    }
}

impl<K: Ord + Clone, V: Clone> SharedMap<K, V> {
    /// Changes the value at a key, which is made first if it is not there.
    pub fn change(&mut self, key: &K, make: impl FnOnce() -> V, change: impl FnOnce(&mut V)) {
        let number = self.leaf_of(key).unwrap_or(0);
        let leaves = Arc::make_mut(&mut self.leaves);
        if leaves.is_empty() {
            leaves.push(Leaf { first: key.clone(), entries: Arc::new(Vec::with_capacity(LEAF)) });
        }
        let last = number + 1 == leaves.len();
        let Some(leaf) = leaves.get_mut(number) else { return };
        match leaf.entries.binary_search_by(|entry| entry.0.cmp(key)) {
            Ok(at) => {
                if let Some(entry) = Arc::make_mut(&mut leaf.entries).get_mut(at) {
                    change(&mut Arc::make_mut(entry).1);
                }
            }
            Err(at) => {
                let mut value = make();
                change(&mut value);
                let entry = Arc::new((key.clone(), value));
                self.len += 1;
                if at == 0 {
                    leaf.first = key.clone();
                }
                if leaf.entries.len() < LEAF {
                    Arc::make_mut(&mut leaf.entries).insert(at, entry);
                } else if last && at == LEAF {
                    // Keys that only ever grow fill their leaves instead of halving them.
                    leaves.push(Leaf { first: key.clone(), entries: Arc::new(vec![entry]) });
                } else {
                    let low = Arc::make_mut(&mut leaf.entries);
                    let mut high = low.split_off(LEAF / 2);
                    if at <= LEAF / 2 {
                        low.insert(at, entry);
                    } else {
                        high.insert(at - LEAF / 2, entry);
                    }
                    let Some(first) = high.first().map(|entry| entry.0.clone()) else { return };
                    leaves.insert(number + 1, Leaf { first, entries: Arc::new(high) });
                }
            }
        }
    }

    /// Takes a key out, if it is there.
    pub fn remove(&mut self, key: &K) {
        let Some(number) = self.leaf_of(key) else { return };
        let found = self.leaves.get(number);
        let Some(at) = found.and_then(|leaf| leaf.entries.binary_search_by(|entry| entry.0.cmp(key)).ok())
        else {
            return;
        };
        let leaves = Arc::make_mut(&mut self.leaves);
        let Some(leaf) = leaves.get_mut(number) else { return };
        self.len -= 1;
        let entries = Arc::make_mut(&mut leaf.entries);
        entries.remove(at);
        match entries.first() {
            Some(first) if at == 0 => leaf.first = first.0.clone(),
            Some(_) => {}
            None => drop(leaves.remove(number)),
        }
    }

    /// Sets the value at a key.
    pub fn set(&mut self, key: &K, value: V) {
        let mut value = Some(value);
        if self.get(key).is_none() {
            if let Some(value) = value.take() {
                self.change(key, || value, |_| ());
            }
        } else if let Some(value) = value {
            let kept = value.clone();
            self.change(key, || kept, |there| *there = value);
        }
    }
}

/// A list of pairs, the keys ascending.
impl<K: Ord + Serialize, V: Serialize> Serialize for SharedMap<K, V> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let entries = self.leaves.iter().flat_map(|leaf| leaf.entries.iter());
        to.collect_seq(Counted(entries, self.len))
    }
}

/// So many items, so that their number can be written before them.
struct Counted<I>(I, usize);

impl<I: Iterator> Iterator for Counted<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.1, Some(self.1))
    }
}

impl<'de, K: Ord + Clone + Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for SharedMap<K, V> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Entries<K, V>(PhantomData<(K, V)>);
        impl<'de, K: Ord + Clone + Deserialize<'de>, V: Deserialize<'de>> Visitor<'de> for Entries<K, V> {
            type Value = SharedMap<K, V>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("pairs in the order of their keys")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let (mut leaves, mut len) = (Vec::new(), 0);
                let mut entries: Vec<Entry<K, V>> = Vec::new();
                let close = |entries: Vec<Entry<K, V>>| {
                    let first = entries.first()?.0.clone();
                    Some(Leaf { first, entries: Arc::new(entries) })
                };
                while let Some(entry) = seq.next_element::<(K, V)>()? {
                    if entries.last().is_some_and(|before| before.0 >= entry.0) {
                        return Err(A::Error::custom("keys out of order"));
                    }
                    // The last entry of a full leaf stays until the next one was compared with it.
                    if entries.len() == LEAF {
                        leaves.extend(close(std::mem::replace(&mut entries, Vec::with_capacity(LEAF))));
                    }
                    entries.push(Arc::new(entry));
                    len += 1;
                }
                leaves.extend(close(entries));
                Ok(SharedMap { leaves: Arc::new(leaves), len })
            }
        }
        from.deserialize_seq(Entries(PhantomData))
    }
}

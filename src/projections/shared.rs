//! An ordered map that is cheap to publish: a clone shares everything, and a write copies only what it touches.
//!
//! Shape: a list of leaves, each a sorted run of at most 64 keys with their values, side by side: a search looks into one
//! run of memory, and follows no pointer. With n entries: a clone is one reference count; the first write after a clone
//! copies the list of leaves (n/64 to n/32 keys and pointers: about 0.1 ms for a million entries) and one leaf; every
//! further write into the same leaf before the next clone copies nothing. Values are cloned with their leaf: one that is
//! large stands behind `Arc`.
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

/// A run of entries. Its first key stands beside it: the search for a leaf then looks into none.
#[derive(Clone, Debug)]
struct Leaf<K, V> {
    first: K,
    entries: Arc<Vec<(K, V)>>,
}

impl<K: Clone, V> Leaf<K, V> {
    fn of(entry: (K, V)) -> Self {
        let (first, mut entries) = (entry.0.clone(), Vec::with_capacity(LEAF));
        entries.push(entry);
        Self { first, entries: Arc::new(entries) }
    }
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
        self.leaves.iter().flat_map(|leaf| leaf.entries.iter().map(|(key, value)| (key, value)))
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
        match self.find(key) {
            Ok((number, at)) => {
                if let Some(value) = self.value_mut(number, at) {
                    change(value);
                }
            }
            Err((number, at)) => {
                let mut value = make();
                change(&mut value);
                self.insert(number, at, (key.clone(), value));
            }
        }
    }

    /// Sets the value at a key.
    pub fn set(&mut self, key: &K, value: V) {
        match self.find(key) {
            Ok((number, at)) => {
                if let Some(there) = self.value_mut(number, at) {
                    *there = value;
                }
            }
            Err((number, at)) => self.insert(number, at, (key.clone(), value)),
        }
    }

    /// In which leaf a key stands, and where in it; or else would stand.
    fn find(&self, key: &K) -> Result<(usize, usize), (usize, usize)> {
        let number = self.leaf_of(key).unwrap_or(0);
        let Some(leaf) = self.leaves.get(number) else { return Err((0, 0)) };
        let found = leaf.entries.binary_search_by(|entry| entry.0.cmp(key));
        found.map(|at| (number, at)).map_err(|at| (number, at))
    }

    fn value_mut(&mut self, number: usize, at: usize) -> Option<&mut V> {
        let leaf = Arc::make_mut(&mut self.leaves).get_mut(number)?;
        Arc::make_mut(&mut leaf.entries).get_mut(at).map(|(_, value)| value)
    }

    fn insert(&mut self, number: usize, at: usize, entry: (K, V)) {
        let leaves = Arc::make_mut(&mut self.leaves);
        self.len += 1;
        let last = number + 1 >= leaves.len();
        let Some(leaf) = leaves.get_mut(number) else {
            leaves.push(Leaf::of(entry));
            return;
        };
        if at == 0 {
            leaf.first = entry.0.clone();
        }
        if leaf.entries.len() < LEAF {
            Arc::make_mut(&mut leaf.entries).insert(at, entry);
        } else if last && at == LEAF {
            // Keys that only ever grow fill their leaves instead of halving them.
            leaves.push(Leaf::of(entry));
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
                let mut entries: Vec<(K, V)> = Vec::new();
                let close = |entries: Vec<(K, V)>| {
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
                    entries.push(entry);
                    len += 1;
                }
                leaves.extend(close(entries));
                Ok(SharedMap { leaves: Arc::new(leaves), len })
            }
        }
        from.deserialize_seq(Entries(PhantomData))
    }
}

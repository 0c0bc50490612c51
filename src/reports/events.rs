//! The events behind a figure: mostly one or a few, which then stand where they are used, or are shared by all the cells of
//! a row.
//!
//! Invariant: the sequences ascend, and each is there once, unless somebody else said them ([`Events::said`]). Must not know what the events say.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// So many stand where they are used.
const FEW: usize = 3;
/// So many are put in order without a place of their own.
const SOME: usize = 16;

/// Sequences of events, ascending.
#[derive(Clone)]
pub struct Events(Kept);

#[derive(Clone)]
enum Kept {
    Few(u8, [u64; FEW]),
    Some(Arc<[u64]>),
    Many(Arc<Vec<u64>>),
}

impl Events {
    /// None.
    pub const NONE: Self = Self(Kept::Few(0, [0; FEW]));

    /// These, in order, each once.
    pub fn of(numbers: impl IntoIterator<Item = u64>) -> Self {
        let (mut some, mut len) = ([0; SOME], 0);
        let mut numbers = numbers.into_iter();
        while let Some(number) = numbers.next() {
            if let Some(room) = some.get_mut(len) {
                *room = number;
                len += 1;
                continue;
            }
            let mut many = some.to_vec();
            many.push(number);
            many.extend(numbers);
            return Self(Kept::Many(Arc::new(in_order(many))));
        }
        let Some(some) = some.get_mut(..len) else { return Self::NONE };
        if !some.is_sorted() {
            some.sort_unstable();
        }
        let mut once = 0;
        for at in 0..some.len() {
            let number = some.get(at).copied().unwrap_or_default();
            if once == 0 || some.get(once - 1) != Some(&number) {
                if let Some(room) = some.get_mut(once) {
                    *room = number;
                }
                once += 1;
            }
        }
        let some = some.get(..once).unwrap_or_default();
        let mut few = [0; FEW];
        match few.get_mut(..once) {
            Some(room) => {
                room.copy_from_slice(some);
                Self(Kept::Few(once as u8, few))
            }
            None => Self(Kept::Some(some.into())),
        }
    }
}

impl Default for Events {
    fn default() -> Self {
        Self::NONE
    }
}

impl Deref for Events {
    type Target = [u64];

    fn deref(&self) -> &[u64] {
        match &self.0 {
            Kept::Few(len, few) => few.get(..usize::from(*len)).unwrap_or_default(),
            Kept::Some(some) => some,
            Kept::Many(many) => many,
        }
    }
}

impl<'e> IntoIterator for &'e Events {
    type Item = &'e u64;
    type IntoIter = std::slice::Iter<'e, u64>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl PartialEq for Events {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Events {}

impl PartialEq<Vec<u64>> for Events {
    fn eq(&self, other: &Vec<u64>) -> bool {
        **self == **other
    }
}

impl PartialEq<Events> for Vec<u64> {
    fn eq(&self, other: &Events) -> bool {
        **self == **other
    }
}

impl<const N: usize> PartialEq<[u64; N]> for Events {
    fn eq(&self, other: &[u64; N]) -> bool {
        **self == *other
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

/// A list of numbers.
impl Serialize for Events {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(to)
    }
}

/// As they were said, in whatever order that was.
impl<'de> Deserialize<'de> for Events {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Vec::deserialize(from).map(Self::said)
    }
}

impl Events {
    /// These, in order, each once: of many.
    pub(super) fn of_many(numbers: Vec<u64>) -> Self {
        if numbers.len() <= SOME { Self::of(numbers) } else { Self(Kept::Many(Arc::new(in_order(numbers)))) }
    }

    /// As somebody else said them: nothing is put in order, so that whoever compares finds what is not.
    pub(crate) fn said(numbers: Vec<u64>) -> Self {
        Self(Kept::Many(Arc::new(numbers)))
    }
}

/// The same numbers, ascending, each once.
fn in_order(mut numbers: Vec<u64>) -> Vec<u64> {
    // Behind a figure that counts a year's work stand tens of thousands of events: a bit for each event of the span is
    // set and read faster than they are sorted.
    const MANY: usize = 512;
    let least = numbers.iter().min().copied().unwrap_or(0);
    let span = numbers.iter().max().map_or(0, |most| most - least);
    if numbers.len() < MANY || span / 64 > numbers.len() as u64 {
        numbers.sort_unstable();
        numbers.dedup();
        return numbers;
    }
    let mut bits = vec![0_u64; (span / 64 + 1) as usize];
    for number in &numbers {
        if let Some(word) = bits.get_mut(((number - least) / 64) as usize) {
            *word |= 1 << ((number - least) % 64);
        }
    }
    numbers.clear();
    for (at, word) in bits.into_iter().enumerate() {
        let mut left = word;
        while left != 0 {
            numbers.push(least + at as u64 * 64 + u64::from(left.trailing_zeros()));
            left &= left - 1;
        }
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn numbers_are_put_in_order_in_either_way(numbers in prop::collection::vec(prop_oneof![0u64..9_000, any::<u64>()], 0..1_200), few in any::<bool>()) {
            let numbers: Vec<u64> = if few { numbers } else { numbers.into_iter().filter(|it| *it < 9_000).collect() };
            let naive: Vec<u64> = numbers.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
            prop_assert_eq!(&*Events::of(numbers), naive.as_slice());
        }

        #[test]
        fn given_few_or_some_when_they_are_kept_then_each_is_there_once(numbers in prop::collection::vec(0u64..20, 0..20)) {
            let naive: Vec<u64> = numbers.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
            let events = Events::of(numbers);
            prop_assert_eq!(&*events, naive.as_slice());
            let text = serde_json::to_string(&events).unwrap();
            prop_assert_eq!(&text, &serde_json::to_string(&naive).unwrap());
            prop_assert_eq!(serde_json::from_str::<Events>(&text).unwrap(), events);
        }
    }
}

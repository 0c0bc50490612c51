//! Puts the keys of a segment in order, as its sealed index holds them.
//!
//! Invariant: what comes out is what sorting gives, whatever the keys are. They are hashes, so their upper bits say nearly
//! where each belongs: it is taken there at once, and what comes together is a few. Keys that somebody chose to begin
//! alike come together, and cost what sorting costs. It must not know files.

use super::live::Sorted;

/// So many keys come together, about, where they are hashes.
const TOGETHER: usize = 8;
/// Keys are spread over at most so many places, as a power of two: what is counted for each stays near.
const MOST_BITS: u32 = 16;

/// Room to sort in: whoever has several segments to put in order needs it once.
#[derive(Default)]
pub(crate) struct Room {
    ids: Vec<(u128, u32)>,
    subjects: Vec<(u64, u32)>,
    ends: Vec<u32>,
}

impl Room {
    /// Puts ids and subjects in order.
    pub(crate) fn sort(&mut self, sorted: &mut Sorted) {
        spread(&mut sorted.ids, &mut self.ids, &mut self.ends, |(id, _)| (id >> 64) as u64);
        spread(&mut sorted.subjects, &mut self.subjects, &mut self.ends, |(subject, _)| *subject);
    }
}

/// Sorts `keys`, whose order begins with that of `front`; `room` and `ends` are left with anything.
fn spread<K: Copy + Default + Ord>(
    keys: &mut Vec<K>,
    room: &mut Vec<K>,
    ends: &mut Vec<u32>,
    front: impl Fn(&K) -> u64,
) {
    let bits = (keys.len() / TOGETHER).checked_ilog2().unwrap_or(0).clamp(1, MOST_BITS);
    let place = |key: &K| (front(key) >> (u64::BITS - bits)) as usize;
    ends.clear();
    ends.resize(1 << bits, 0);
    for key in &*keys {
        ends[place(key)] += 1;
    }
    let mut at = 0;
    for end in &mut *ends {
        // Until its keys are there, it says where the next of them goes.
        at += std::mem::replace(end, at);
    }
    room.resize(keys.len(), K::default());
    for key in &*keys {
        let next = &mut ends[place(key)];
        room[*next as usize] = *key;
        *next += 1;
    }
    std::mem::swap(keys, room);
    let mut from = 0;
    for end in &*ends {
        keys[from..*end as usize].sort_unstable();
        from = *end as usize;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Keys as they come: hashes, some again, some that begin alike, the least and the greatest.
    fn key() -> impl Strategy<Value = u64> {
        prop_oneof![any::<u64>(), 0..4_u64, (0..50_u64).prop_map(|it| it << 58), Just(u64::MAX)]
    }

    proptest! {
        #[test]
        fn given_keys_when_they_are_put_in_order_then_it_is_what_sorting_gives(
            segments in prop::collection::vec(prop::collection::vec((key(), key(), 0..1000_u32), 0..600), 1..3),
        ) {
            // The same room for each, so what is left of one must not come into the next.
            let mut room = Room::default();
            for entries in segments {
                let ids = entries.iter().map(|(high, low, at)| (u128::from(*high) << 64 | u128::from(*low), *at));
                let subjects = entries.iter().map(|(high, _, at)| (*high, *at));
                let (ids, subjects) = (ids.collect(), subjects.collect());
                let mut sorted = Sorted { ids, subjects, ..Sorted::default() };
                let mut naive = sorted.clone();
                naive.ids.sort_unstable();
                naive.subjects.sort_unstable();
                room.sort(&mut sorted);
                prop_assert_eq!(sorted, naive);
            }
        }
    }
}

//! The numbers that a source gave its events: which there are, which are missing between them, which came twice.
//!
//! Invariant: it takes room for each unbroken span, not for each number. It must not know what the numbers count.

use std::collections::BTreeMap;

/// A set of numbers, in spans.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// First number of a span → its last one, and the record that gave the first.
    spans: BTreeMap<u64, (u64, u64)>,
    count: u64,
}

/// Numbers that are missing between others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) from: u64,
    pub(super) to: u64,
    /// The record that has the number behind the gap.
    pub(super) before: u64,
}

impl Numbers {
    /// Adds the number of a record; says whether it is new.
    pub(super) fn add(&mut self, number: u64, record: u64) -> bool {
        // Nearly always it is the one behind the last.
        if let Some(mut top) = self.spans.last_entry()
            && top.get().0.checked_add(1) == Some(number)
        {
            top.get_mut().0 = number;
            self.count += 1;
            return true;
        }
        let below = self.spans.range(..=number).next_back().map(|(first, (last, _))| (*first, *last));
        if below.is_some_and(|(_, last)| number <= last) {
            return false;
        }
        self.count += 1;
        let above = number.checked_add(1).and_then(|next| self.spans.remove(&next));
        let last = above.map_or(number, |(last, _)| last);
        match below {
            Some((first, before)) if before.checked_add(1) == Some(number) => {
                if let Some(span) = self.spans.get_mut(&first) {
                    span.0 = last;
                }
            }
            _ => {
                self.spans.insert(number, (last, record));
            }
        }
        true
    }

    /// How many there are.
    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// First and last.
    pub(super) fn ends(&self) -> Option<(u64, u64)> {
        let (first, _) = self.spans.first_key_value()?;
        let (_, (last, _)) = self.spans.last_key_value()?;
        Some((*first, *last))
    }

    /// What is missing between the first and the last.
    pub(super) fn gaps(&self) -> impl Iterator<Item = Gap> {
        let behind = self.spans.iter().skip(1);
        self.spans.values().zip(behind).map(|((last, _), (first, (_, record)))| Gap {
            from: last + 1,
            to: first - 1,
            before: *record,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn given_any_numbers_when_they_are_added_then_repeats_and_gaps_are_those_of_a_plain_set(
            given in proptest::collection::vec(prop_oneof![0_u64..40, (u64::MAX - 3)..=u64::MAX], 0..60)
        ) {
            let (mut numbers, mut plain) = (Numbers::default(), BTreeSet::new());
            for (record, number) in given.iter().enumerate() {
                prop_assert_eq!(numbers.add(*number, record as u64), plain.insert(*number));
            }
            prop_assert_eq!(numbers.count(), plain.len() as u64);
            prop_assert_eq!(numbers.ends(), plain.first().copied().zip(plain.last().copied()));
            let gaps: Vec<_> = numbers.gaps().map(|gap| (gap.from, gap.to)).collect();
            let naive: Vec<_> = plain
                .iter()
                .zip(plain.iter().skip(1))
                .filter(|(one, next)| *one + 1 < **next)
                .map(|(one, next)| (one + 1, next - 1))
                .collect();
            prop_assert_eq!(gaps, naive);
        }
    }
}

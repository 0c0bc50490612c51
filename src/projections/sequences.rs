//! The sequences of the events behind something: mostly a handful, which then stand where they are used.
//!
//! Invariant: what was put in comes out, in the order in which it was put in, or, once sorted, ascending and each once.
//! Must not know what the events say.

use std::ops::Deref;

/// So many take the room of eight words, as they do where they do not fit.
const FEW: usize = 7;

/// Sequences of events.
#[derive(Clone, Debug)]
pub struct Sequences(Kept);

#[derive(Clone, Debug)]
enum Kept {
    Few(u8, [u64; FEW]),
    Many(Vec<u64>),
}

impl Sequences {
    /// One alone.
    pub const fn of(sequence: u64) -> Self {
        Self(Kept::Few(1, [sequence, 0, 0, 0, 0, 0, 0]))
    }

    /// Puts one in.
    pub fn push(&mut self, sequence: u64) {
        match &mut self.0 {
            Kept::Few(len, few) => {
                if let Some(room) = few.get_mut(usize::from(*len)) {
                    *room = sequence;
                    *len += 1;
                } else {
                    let mut many = few.to_vec();
                    many.push(sequence);
                    self.0 = Kept::Many(many);
                }
            }
            Kept::Many(many) => many.push(sequence),
        }
    }

    /// Puts them in order, each once.
    pub fn sort(&mut self) {
        if self.is_sorted_by(|one, next| one < next) {
            return;
        }
        match &mut self.0 {
            Kept::Few(len, few) => {
                let mut sorted = few.get(..usize::from(*len)).unwrap_or_default().to_vec();
                sorted.sort_unstable();
                sorted.dedup();
                *len = sorted.len() as u8;
                few.iter_mut().zip(sorted).for_each(|(room, sequence)| *room = sequence);
            }
            Kept::Many(many) => {
                many.sort_unstable();
                many.dedup();
            }
        }
    }
}

impl PartialEq for Sequences {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Sequences {}

impl Deref for Sequences {
    type Target = [u64];

    fn deref(&self) -> &[u64] {
        match &self.0 {
            Kept::Few(len, few) => few.get(..usize::from(*len)).unwrap_or_default(),
            Kept::Many(many) => many,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn given_few_or_many_when_they_are_sorted_then_each_is_there_once(numbers in prop::collection::vec(0u64..20, 1..12)) {
            let mut kept = Sequences::of(numbers[0]);
            numbers.iter().skip(1).for_each(|number| kept.push(*number));
            prop_assert_eq!(&*kept, numbers.as_slice());
            kept.sort();
            let naive: Vec<u64> = numbers.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
            prop_assert_eq!(&*kept, naive.as_slice());
            kept.push(3);
            prop_assert_eq!(kept.len(), naive.len() + 1);
        }
    }
}

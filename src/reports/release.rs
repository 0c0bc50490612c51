//! Counts about people, as they are released: worked out at release points only, small ones held back, small moves held
//! back. PURE.
//!
//! A *cut* divides some people's items into parts, each item in exactly one. At each release point, in order:
//! - At the first, every part is what it is. Parts of 1 to t−1 are hidden, and with them enough other parts that at least
//!   two are hidden and together they hold 2t or more (t: the ledger's threshold, 5 at least); so what is left of the total
//!   tells of no single part.
//! - Afterwards a part that is shown moves only by t or more, and never into 1 to t−1; otherwise it keeps its old value.
//!   One that falls below t from so many that this would be a move of t or more wherever it falls (2t−1) is released as
//!   none, which afterwards says fewer than t: if it kept its old value, those who went on to another part would be
//!   counted twice, for good.
//! - The hidden parts move together: only when their sum moves by t or more (or was itself too small to be told) do they
//!   all become what they are, and it is decided anew which of them stay hidden. So a part that comes into the open tells
//!   nothing of what it was before.
//! - A cut of which no number is told, because all of it together is too little, begins anew at the next point.
//! - The total is the sum of the parts as released, and not what it is. So no number that is published is anything but
//!   a sum of numbers that were released in this way.
//!
//! Invariant: whatever is shown, at all release points together, is compatible with more than one value of every part
//! that was hidden (`release::attack`). Must not know what is counted.

use std::collections::BTreeMap;

use super::rules::{Rule, holds};
use crate::projections::releases::Point;

/// The parts of one cut, as released at one point.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cut {
    threshold: u64,
    parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    released: u64,
    hidden: bool,
}

impl Cut {
    /// The cut at its first release point.
    pub(super) fn first(counts: &[u64], threshold: u64) -> Self {
        let parts = counts.iter().map(|count| Part { released: *count, hidden: false }).collect();
        let mut cut = Self { threshold, parts };
        cut.hide(|_| true);
        cut
    }

    /// The cut at the next release point, with as many parts.
    pub(super) fn next(&mut self, counts: &[u64], threshold: u64) {
        if !holds(Rule::SmallMoves) {
            *self = Self::first(counts, threshold);
            return;
        }
        // Thresholds are only ever raised; one that was lowered by mistake does not count.
        self.threshold = self.threshold.max(threshold);
        // Of what is too little altogether no number is told. A part that was none there is no part that was shown: if it kept
        // that value while the others move, the total would tell one day which of them were in it.
        if !self.is_safe() && self.parts.iter().all(|part| part.hidden || part.released == 0) {
            *self = Self::first(counts, self.threshold);
            return;
        }
        let moves = |from: u64, to: u64| from.abs_diff(to) >= self.threshold;
        let pool = |value: &dyn Fn((&Part, &u64)) -> u64| -> u64 {
            self.parts.iter().zip(counts).filter(|(part, _)| part.hidden).map(value).sum()
        };
        let (was, is) = (pool(&|(part, _)| part.released), pool(&|(_, count)| *count));
        // What no total told was never published, and no move of it can be seen.
        let opened = !self.is_safe() || moves(was, is);
        let was_hidden: Vec<bool> = self.parts.iter().map(|part| part.hidden).collect();
        let threshold = self.threshold;
        for (part, count) in self.parts.iter_mut().zip(counts) {
            let small = (1..threshold).contains(count);
            if part.hidden {
                part.released = if opened { *count } else { part.released };
            } else if !small && moves(part.released, *count) {
                part.released = *count;
            } else if small && part.released >= 2 * threshold - 1 {
                part.released = 0;
            }
            part.hidden &= !opened;
        }
        // What was shown before covers nothing, not even if it has moved: where it can be now is known. Where the rest is
        // too little, the total is held back.
        self.hide(|part| was_hidden.get(part).copied().unwrap_or(false));
    }

    /// Hides what is too small, and as many parts besides as that needs and `may` be hidden.
    fn hide(&mut self, may: impl Fn(usize) -> bool) {
        let threshold = self.threshold;
        for part in &mut self.parts {
            part.hidden |= (1..threshold).contains(&part.released);
        }
        while !self.is_safe() && holds(Rule::Complements) {
            let shown = self.parts.iter().enumerate().filter(|(_, part)| !part.hidden && part.released > 0);
            // The last first, and not the smallest: which parts are hidden must not tell which is larger.
            let next = shown.map(|(index, _)| index).filter(|index| may(*index)).last();
            let Some(part) = next.and_then(|index| self.parts.get_mut(index)) else { return };
            part.hidden = true;
        }
    }

    /// Whether what the hidden parts hold together tells of none of them.
    fn is_safe(&self) -> bool {
        let hidden = self.parts.iter().filter(|part| part.hidden);
        let (count, sum) = hidden.fold((0, 0), |(count, sum), part| (count + 1, sum + part.released));
        count == 0 || (count >= 2 && sum >= 2 * self.threshold)
    }

    /// A part. None: held back.
    pub(super) fn part(&self, index: usize) -> Option<u64> {
        self.sum([index])
    }

    /// Several parts together. None: held back, because some hidden parts are among them and some are not, or because
    /// what the hidden parts hold together is itself too little.
    pub(super) fn sum(&self, parts: impl IntoIterator<Item = usize>) -> Option<u64> {
        let mut within = vec![false; self.parts.len()];
        for index in parts {
            if let Some(it) = within.get_mut(index) {
                *it = true;
            }
        }
        let mut hidden =
            self.parts.iter().zip(&within).filter(|(part, _)| part.hidden).map(|(_, within)| *within);
        let covers = holds(Rule::Complements) || within.iter().filter(|within| **within).count() == 1;
        if let Some(first) = hidden.next()
            && covers
            && (hidden.any(|within| within != first) || (first && !self.is_safe()))
        {
            return None;
        }
        Some(
            self.parts
                .iter()
                .zip(&within)
                .filter(|(_, within)| **within)
                .map(|(part, _)| part.released)
                .sum(),
        )
    }

    /// Everything that a reader sees of it: each part, and the total.
    pub(super) fn seen(&self) -> (Vec<Option<u64>>, Option<u64>) {
        ((0..self.parts.len()).map(|part| self.part(part)).collect(), self.total())
    }

    /// All parts together. None: held back.
    pub(super) fn total(&self) -> Option<u64> {
        self.sum(0..self.parts.len())
    }
}

/// Cuts by name, as they are released at the last of these points. `counts` says what they hold at a point: the parts of
/// a cut are the same at every point. A cut that a point does not have begins at the first point that has it.
pub(super) fn released<K: Ord>(
    points: &[Point<'_>],
    mut threshold: impl FnMut(&Point<'_>) -> u64,
    mut counts: impl FnMut(&Point<'_>) -> BTreeMap<K, Vec<u64>>,
) -> BTreeMap<K, Cut> {
    let mut cuts: BTreeMap<K, Cut> = BTreeMap::new();
    for point in points {
        let threshold = threshold(point);
        for (name, counts) in counts(point) {
            match cuts.get_mut(&name) {
                Some(cut) => cut.next(&counts, threshold),
                None => {
                    cuts.insert(name, Cut::first(&counts, threshold));
                }
            }
        }
    }
    cuts
}

#[cfg(test)]
mod attack;

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(cut: &Cut) -> Vec<Option<u64>> {
        (0..cut.parts.len()).map(|part| cut.part(part)).collect()
    }

    #[test]
    fn given_a_small_part_when_it_is_released_then_it_is_hidden_with_another() {
        // 3 alone would be 29 − 20 − 6. With the last part they are 9, less than ten: 20 goes, too.
        let cut = Cut::first(&[3, 20, 6], 5);
        assert_eq!((shown(&cut), cut.total()), (vec![None, None, None], Some(29)));
        // With 7 they are 10.
        let cut = Cut::first(&[3, 20, 7, 0], 5);
        assert_eq!((shown(&cut), cut.total()), (vec![None, Some(20), None, Some(0)], Some(30)));
        assert_eq!((cut.sum([0, 2]), cut.sum([0, 1]), cut.sum([1, 3])), (Some(10), None, Some(20)));
    }

    #[test]
    fn given_parts_in_an_order_when_one_is_too_small_then_the_last_is_hidden_with_it() {
        // Nobody yet 9, then 16, 43, 8 and 1 at the highest level. 1 and 8 are 9, less than ten: 43 goes, too, and not 9.
        let mut cut = Cut::first(&[9, 16, 43, 8, 1], 5);
        assert_eq!(shown(&cut), [Some(9), Some(16), None, None, None]);
        // At least the second level 68, at least the third 52; above that nothing.
        assert_eq!(
            [cut.sum(1..5), cut.sum(2..5), cut.sum(3..5), cut.sum(4..5)],
            [Some(68), Some(52), None, None]
        );
        cut.next(&[9, 16, 43, 8, 5], 5);
        assert_eq!(cut.sum(2..5), Some(52));
        cut.next(&[9, 16, 44, 9, 5], 5);
        assert_eq!(shown(&cut), [Some(9), Some(16), Some(44), Some(9), Some(5)]);
    }

    #[test]
    fn given_too_few_altogether_when_they_are_released_then_the_total_is_hidden_too() {
        let cut = Cut::first(&[3, 0, 1], 5);
        assert_eq!((shown(&cut), cut.total()), (vec![None, Some(0), None], None));
        assert_eq!(Cut::first(&[0, 0], 5).total(), Some(0));
        assert_eq!(Cut::first(&[7, 0], 5).total(), Some(7));
    }

    #[test]
    fn given_a_small_move_when_it_is_released_then_the_old_value_stays() {
        let mut cut = Cut::first(&[20, 0], 5);
        cut.next(&[24, 4], 5);
        assert_eq!((shown(&cut), cut.total()), (vec![Some(20), Some(0)], Some(20)));
        cut.next(&[25, 5], 5);
        assert_eq!((shown(&cut), cut.total()), (vec![Some(25), Some(5)], Some(30)));
        // From 5 down to 2 it would become small: it stays what it was.
        cut.next(&[25, 2], 5);
        assert_eq!(shown(&cut), [Some(25), Some(5)]);
        cut.next(&[25, 0], 5);
        assert_eq!(shown(&cut), [Some(25), Some(0)]);
    }

    #[test]
    fn given_nearly_all_of_a_part_that_go_on_to_another_when_it_is_released_then_nobody_is_counted_twice() {
        // 54 of 55 are told: 1 left is fewer than five, as none is. If the 55 stayed, the total would be 109.
        let mut cut = Cut::first(&[0, 0, 55], 5);
        cut.next(&[42, 12, 1], 5);
        assert_eq!((shown(&cut), cut.total()), (vec![Some(42), Some(12), Some(0)], Some(54)));
        // Whether it is 0 or 4 moves nothing; five do.
        cut.next(&[42, 12, 4], 5);
        assert_eq!(shown(&cut), [Some(42), Some(12), Some(0)]);
        cut.next(&[42, 12, 5], 5);
        assert_eq!(shown(&cut), [Some(42), Some(12), Some(5)]);
        // From 8 to 4 is a move by 4, so one from 8 to 1 is not told, either; from 9 every one is by 5 or more.
        for (from, shown_then) in [(8, 8), (9, 0)] {
            for to in 1..=4 {
                let mut cut = Cut::first(&[20, from], 5);
                cut.next(&[20, to], 5);
                assert_eq!(shown(&cut), [Some(20), Some(shown_then)], "{from} {to}");
            }
        }
    }

    #[test]
    fn given_too_few_altogether_when_more_come_then_nothing_tells_which_part_the_few_were_in() {
        // None were in the first part, or one; then three, and ten altogether.
        let told = |few: &[u64]| {
            let mut cut = Cut::first(few, 5);
            assert_eq!(cut.total(), None);
            cut.next(&[3, 4, 3], 5);
            (shown(&cut), cut.total())
        };
        assert_eq!(told(&[0, 3, 1]), told(&[1, 2, 1]));
        assert_eq!(told(&[0, 3, 1]), (vec![None; 3], Some(10)));
    }

    #[test]
    fn given_hidden_parts_when_they_move_then_they_move_together() {
        let mut cut = Cut::first(&[20, 3, 7], 5);
        cut.next(&[20, 5, 9], 5);
        assert_eq!((shown(&cut), cut.total()), (vec![Some(20), None, None], Some(30)));
        cut.next(&[20, 6, 9], 5);
        assert_eq!((shown(&cut), cut.total()), (vec![Some(20), Some(6), Some(9)], Some(35)));
    }
}

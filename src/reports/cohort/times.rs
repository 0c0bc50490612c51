//! Times that so many of 100 items did not need more than.
//!
//! Invariant: what is not there yet stands behind everything that is, and no time of too few is worked out. Must not know
//! which step is timed.

/// A number of working days that so many of 100 did not need more than.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::reports) enum Time {
    /// Too few items.
    HeldBack,
    /// Too many are not there yet.
    NotReached,
    Days(u64),
}

/// The value at the nearest rank: the smallest of which at least so many of 100 are not above.
pub(super) fn nearest_rank(took: &[u64], of_100: usize, at_least: u64) -> Time {
    if (took.len() as u64) < at_least {
        return Time::HeldBack;
    }
    let rank = (took.len() * of_100).div_ceil(100);
    match took.get(rank.saturating_sub(1)) {
        None | Some(&u64::MAX) => Time::NotReached,
        Some(days) => Time::Days(*days),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_times_when_ranked_then_the_rank_is_the_nearest_and_what_is_open_stands_last() {
        // Of 10: the 5th and the 9th. Of 11: the 6th and the 10th.
        let took: Vec<u64> = (1..=10).collect();
        assert_eq!((nearest_rank(&took, 50, 5), nearest_rank(&took, 90, 10)), (Time::Days(5), Time::Days(9)));
        let took: Vec<u64> = (1..=9).chain([u64::MAX; 2]).collect();
        assert_eq!(
            (nearest_rank(&took, 50, 5), nearest_rank(&took, 90, 10)),
            (Time::Days(6), Time::NotReached)
        );
        assert_eq!(
            (nearest_rank(&[1, 2, 3, 4], 50, 5), nearest_rank(&took, 90, 12)),
            (Time::HeldBack, Time::HeldBack)
        );
    }
}

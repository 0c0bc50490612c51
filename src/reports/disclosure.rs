//! Disclosure control that several reports share: from which number on a count may be shown, and how a share is shown.
//!
//! Invariant: thresholds are never below those of this file, whatever a ledger's settings say, and the highest that a
//! ledger ever set stands. A value that is held back leaves no number behind. Must not know any report.

use jiff::civil::Date;

use super::rules::{Rule, holds};
use crate::projections::Views;
use crate::projections::history::Horizon;

/// Below this many, a count about people is not shown (DOMAIN §7).
const LEAST_THRESHOLD: u64 = 5;
/// Of fewer people than this, a share close to none or to all is not shown exactly (DOMAIN §7).
const FEW: u64 = 100;

/// From how many on a count about people is shown: the highest that the ledger ever set; it is never lowered.
pub(super) fn threshold(views: &Views, as_known: u64) -> u64 {
    if !holds(Rule::Threshold) {
        return 1;
    }
    let everything = Horizon { as_at: Date::MAX, as_known };
    let histories = views.ledger.settings.iter().flat_map(|(_, history)| views.seen(history, everything));
    histories.map(|fact| u64::from(fact.fact.suppress_below)).fold(LEAST_THRESHOLD, u64::max)
}

/// Below so many answers a survey's cell is not shown (DOMAIN §7).
const LEAST_SURVEY_MINIMUM: u64 = 10;

/// From how many answers on a survey's cell is shown: the highest that the ledger ever set; it is never lowered.
pub(super) fn survey_minimum(views: &Views, as_known: u64) -> u64 {
    if !holds(Rule::Threshold) {
        return 1;
    }
    let everything = Horizon { as_at: Date::MAX, as_known };
    let histories = views.ledger.settings.iter().flat_map(|(_, history)| views.seen(history, everything));
    histories.map(|fact| u64::from(fact.fact.survey_minimum)).fold(LEAST_SURVEY_MINIMUM, u64::max)
}

/// How a share may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// As it is.
    Exactly,
    /// Only as "more than 95 %".
    NearlyAll,
    /// Only as "less than 5 %".
    NearlyNone,
    /// Not at all: it, or what is left of the whole, is below the threshold and not none.
    HeldBack,
}

/// How a share of something that may be people is shown. A part that is more than the whole is shown as it is: it tells
/// of no small group.
pub(super) fn share(part: u64, whole: u64, threshold: u64) -> Shown {
    let rest = whole.saturating_sub(part);
    let small = |count: u64| (1..threshold).contains(&count);
    match () {
        () if part > whole || !holds(Rule::Threshold) => Shown::Exactly,
        () if small(part) || small(rest) || small(whole) => Shown::HeldBack,
        () if whole < FEW && 100 * part > 95 * whole => Shown::NearlyAll,
        () if whole < FEW && 100 * part < 5 * whole => Shown::NearlyNone,
        () => Shown::Exactly,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_small_part_or_rest_when_it_is_shown_then_it_is_held_back() {
        assert_eq!([share(4, 50, 5), share(46, 50, 5), share(1, 500, 5)], [Shown::HeldBack; 3]);
        assert_eq!([share(5, 50, 5), share(45, 50, 5), share(25, 50, 5)], [Shown::Exactly; 3]);
        assert_eq!((share(9, 50, 5), share(9, 50, 10)), (Shown::Exactly, Shown::HeldBack));
    }

    #[test]
    fn given_nearly_none_or_all_of_a_few_when_it_is_shown_then_it_is_rounded() {
        // Of 50: none is less than 5 %, all is more than 95 %. Of 100 either is exact.
        assert_eq!((share(0, 50, 5), share(50, 50, 5)), (Shown::NearlyNone, Shown::NearlyAll));
        assert_eq!((share(0, 100, 5), share(100, 100, 5)), (Shown::Exactly, Shown::Exactly));
        // Four people are themselves too few.
        assert_eq!(share(0, 4, 5), Shown::HeldBack);
    }
}

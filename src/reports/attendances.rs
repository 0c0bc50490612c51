//! Attendances, as they may be shown: those at one occasion, and those at several together.
//!
//! Invariant: an attendance is not a person, and is never called one. A number from 1 up to the threshold is held back,
//! and is in no sum, so that nothing can be taken from a sum to find it; how many numbers were held back, and how many
//! occasions nobody counted, is said beside the sum. Must not know what was attended.

use super::report::{Figure, FigureStatus};

/// The attendances at some occasions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Those that may be shown, together.
    pub(super) sum: u64,
    /// At so many occasions.
    pub(super) counted: u64,
    /// Occasions of which the number is too small to be shown.
    pub(super) held_back: u64,
    /// Occasions that nobody counted.
    pub(super) not_counted: u64,
}

impl Tally {
    /// Of these occasions.
    pub(super) fn of(numbers: impl IntoIterator<Item = Option<u32>>, threshold: u64) -> Self {
        let mut tally = Self::default();
        for number in numbers {
            match number.map(u64::from) {
                None => tally.not_counted += 1,
                Some(few) if (1..threshold).contains(&few) => tally.held_back += 1,
                Some(number) => {
                    tally.counted += 1;
                    tally.sum += number;
                }
            }
        }
        tally
    }

    /// In a table: the sum, and how many numbers are not in it because they are held back.
    pub(super) fn cell(self, unit: &str) -> Figure {
        match self {
            Self { counted: 0, held_back: 0, not_counted: 0, .. } => Figure::not_applicable("None held"),
            Self { counted: 0, held_back: 0, .. } => Figure::not_available("Not counted"),
            Self { counted: 0, .. } => Figure::with_status(FigureStatus::Suppressed, "few"),
            Self { sum, held_back: 0, .. } => Figure::number(sum, unit, format_args!("{sum}")),
            Self { sum, held_back, .. } => {
                Figure::number(sum, unit, format!("{sum}, and {held_back} held back"))
            }
        }
    }

    /// What is not in the sum, at the end of a sentence; nothing if all is.
    pub(super) fn left_out(self) -> String {
        let said = |number: u64, words: &str| match number {
            0 => String::new(),
            _ => format!("; {number} {words}"),
        };
        let held_back = said(self.held_back, "with very few, held back and not in the sum");
        said(self.not_counted, "not counted") + &held_back
    }
}

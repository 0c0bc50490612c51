//! Shares of people, as they may be shown, and as of which release point.
//!
//! Invariant: whatever is not shown leaves no number behind, neither in the text nor in the fields. Must not know what is
//! counted.

use super::disclosure::{Shown, share};
use super::phrases::{day, percent};
use super::report::{Figure, FigureStatus};
use crate::projections::releases::Point;

/// Why there is no figure about people yet, and what to do.
pub(super) const NO_POINT: &str = "No release point is declared by then. Figures about people are worked out at release \
     points only: declare one, and they will be as of its day.";

/// As of which point the figures are.
pub(super) fn as_of(point: &Point<'_>) -> String {
    format!("As of the release point of {}: what had happened by then, and was recorded.", day(point.on))
}

/// Held back: `[c]`.
pub(super) fn held_back() -> Figure {
    Figure::with_status(FigureStatus::Suppressed, "held back")
}

/// How many of how many, as far as it may be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// So many of so many.
    Exactly(u64, u64),
    /// More than 95 % of so many.
    NearlyAll(u64),
    /// Less than 5 % of so many.
    NearlyNone(u64),
    /// There is nobody of whom it could be a part.
    Nobody,
    /// It may not be said.
    HeldBack,
}

impl Part {
    /// Of two numbers as they were released. None: held back.
    pub(super) fn of(part: Option<u64>, whole: Option<u64>, threshold: u64) -> Self {
        let (Some(part), Some(whole)) = (part, whole) else { return Self::HeldBack };
        if whole == 0 {
            return Self::Nobody;
        }
        match share(part, whole, threshold) {
            Shown::Exactly => Self::Exactly(part, whole),
            Shown::NearlyAll => Self::NearlyAll(whole),
            Shown::NearlyNone => Self::NearlyNone(whole),
            Shown::HeldBack => Self::HeldBack,
        }
    }

    /// In whole percent, if it may be said.
    pub(super) const fn percent(self) -> Option<u64> {
        match self {
            Self::Exactly(part, whole) => Some(percent(part, whole)),
            _ => None,
        }
    }

    /// In a table. `nobody`: what it means that there is nobody.
    pub(super) fn cell(self, nobody: &str) -> Figure {
        match self {
            Self::Exactly(part, whole) => {
                let share = percent(part, whole);
                self.figure(format!("{share} % ({part} of {whole})"))
            }
            Self::NearlyAll(whole) => self.figure(format!("more than 95 % of {whole}")),
            Self::NearlyNone(whole) => self.figure(format!("less than 5 % of {whole}")),
            Self::Nobody => Figure::not_applicable(nobody),
            Self::HeldBack => held_back(),
        }
    }

    /// In a sentence: `68 of 77 staff (88 %)`. None: it may not be said, or there is nobody.
    pub(super) fn words(self, whom: &str) -> Option<String> {
        Some(match self {
            Self::Exactly(part, whole) => {
                format!("{part} of {whole} {whom} ({} %)", percent(part, whole))
            }
            Self::NearlyAll(whole) => format!("More than 95 % of {whole} {whom}"),
            Self::NearlyNone(whole) => format!("Less than 5 % of {whole} {whom}"),
            Self::Nobody | Self::HeldBack => return None,
        })
    }

    /// The figure with that text: with its numbers if they may be said.
    pub(super) fn figure(self, text: String) -> Figure {
        match self {
            Self::Exactly(part, whole) => {
                let mut figure = Figure::share(part, whole, "%", text);
                figure.number = Some(percent(part, whole) as f64);
                figure
            }
            _ => Figure::words(text),
        }
    }
}

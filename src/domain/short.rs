//! Short texts that stand where they are used: most identifiers are so short that they need no place of their own in
//! memory, and are compared without going there.
//!
//! Invariant: a text has one form only, by its length; in the rest of its room stand zeros, which no text contains. So two
//! texts are in the order of their bytes, zeros and all. Must not know what a text means.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// The longest text that stands where it is used, in bytes. With it, its length and its form a text takes 24 bytes.
const ROOM: usize = 22;

/// A text without NUL.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Short {
    /// Up to so many bytes.
    Here {
        /// How many.
        len: u8,
        /// The text, and zeros.
        bytes: [u8; ROOM],
    },
    /// Longer.
    Apart(Box<str>),
}

impl Short {
    /// A text that has no NUL in it.
    pub(super) fn of(text: &str) -> Self {
        debug_assert!(!text.contains('\0'), "a text without NUL");
        let mut bytes = [0; ROOM];
        match bytes.get_mut(..text.len()) {
            Some(room) => {
                room.copy_from_slice(text.as_bytes());
                Self::Here { len: text.len() as u8, bytes }
            }
            None => Self::Apart(text.into()),
        }
    }

    /// The text.
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Here { .. } => std::str::from_utf8(self.as_bytes()).unwrap_or_default(),
            Self::Apart(text) => text,
        }
    }

    /// Its bytes: no room, and nothing to look through.
    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Here { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Self::Apart(text) => text.as_bytes(),
        }
    }

    fn with_room(&self) -> &[u8] {
        match self {
            Self::Here { bytes, .. } => bytes,
            Self::Apart(text) => text.as_bytes(),
        }
    }
}

/// The same bytes as numbers, which are in the same order and are compared faster. The last two overlap.
fn words(bytes: &[u8; ROOM]) -> [u64; 3] {
    [0, 8, ROOM - 8].map(|at| {
        let word = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>());
        word.map_or(0, |word| u64::from_be_bytes(*word))
    })
}

impl Ord for Short {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Here { bytes, .. }, Self::Here { bytes: others, .. }) => words(bytes).cmp(&words(others)),
            // One is longer than the room of the other: zeros at an end are less than whatever stands there.
            _ => self.with_room().cmp(other.with_room()),
        }
    }
}

impl PartialOrd for Short {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Short {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn given_a_text_when_it_is_kept_then_it_takes_three_words_and_so_does_perhaps_one() {
        assert_eq!((size_of::<Short>(), size_of::<Option<Short>>()), (24, 24));
    }

    proptest! {
        #[test]
        fn given_two_texts_of_any_length_when_they_are_compared_then_they_stand_as_texts_do(
            one in "[ab-]{0,3}[-.0-9A-Za-zé]{0,40}",
            other in "[ab-]{0,3}[-.0-9A-Za-zé]{0,40}",
            cut in 0usize..44,
        ) {
            // One that begins as the other does, too.
            let begun: String = one.chars().take(cut).collect();
            for other in [&other, &begun] {
                let (a, b) = (Short::of(&one), Short::of(other));
                prop_assert_eq!((a.as_str(), b.as_str()), (one.as_str(), other.as_str()));
                prop_assert_eq!(a.cmp(&b), one.cmp(other));
                prop_assert_eq!(a == b, one == *other);
            }
        }
    }
}

//! The rules of disclosure control by name, each of which a test can leave out, to show that the attack then succeeds.
//!
//! Invariant: outside tests every rule holds, always; there is nothing that could be switched. Must not know what a rule
//! does.

/// A rule, as far as it is looked for by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Small counts are held back.
    Threshold,
    /// Others are held back with them, so that nothing follows by subtraction.
    Complements,
    /// Small moves are held back.
    SmallMoves,
    /// Single items, and how many events are about them, are for auditors.
    DrillDown,
}

/// Whether a rule holds.
#[cfg(not(test))]
pub(super) const fn holds(_: Rule) -> bool {
    true
}

#[cfg(test)]
pub(super) use self::left_out::{holds, without};

#[cfg(test)]
mod left_out {
    use super::Rule;
    use std::cell::Cell;

    thread_local! {
        static LEFT_OUT: Cell<Option<Rule>> = const { Cell::new(None) };
    }

    pub(in crate::reports) fn holds(rule: Rule) -> bool {
        LEFT_OUT.get() != Some(rule)
    }

    /// Does something as if there were no such rule, on this thread.
    pub(in crate::reports) fn without<T>(rule: Rule, act: impl FnOnce() -> T) -> T {
        struct Restored(Option<Rule>);
        impl Drop for Restored {
            fn drop(&mut self) {
                LEFT_OUT.set(self.0);
            }
        }
        let _restored = Restored(LEFT_OUT.replace(Some(rule)));
        act()
    }
}

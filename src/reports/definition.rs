//! What the words and numbers of a report mean, so that a committee can read it beside the report.
//!
//! Invariant: a definition has a version, and the version changes whenever the same facts would give another output. Must
//! not know how a report is worked out.

/// The definitions of one report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Such as `r5/2`.
    pub version: &'static str,
    /// Each word or number that needs saying what it means, and what it means; in the order in which a reader meets them.
    pub terms: &'static [(&'static str, &'static str)],
}

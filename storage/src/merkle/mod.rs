//! RFC 6962 trees over leaf hashes. Pure: what has to be read is asked for through closures.
//!
//! | Module | Is |
//! |---|---|
//! | [`range`] | the tree as it grows, and its root |
//! | [`proof`] | which nodes a proof is made of |
//! | [`verify`] | whether a proof holds |
//! | [`tile`] | how the tree is cut into files, and what they are called |

pub mod proof;
pub mod range;
#[cfg(any(test, fuzzing))]
pub(crate) mod reference;
pub mod tile;
pub mod verify;

pub use range::Range;
pub use tile::Tile;

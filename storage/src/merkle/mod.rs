//! RFC 6962 trees over leaf hashes. Pure: what has to be read is asked for through closures.

pub mod range;
#[cfg(test)]
mod reference;

pub use range::Range;

//! What a ledger may hold: events, rules, life cycles. PURE: no clock, no I/O, no async, no randomness; the same code
//! judges in the server, in the verifier and in tests.

pub mod command;
pub mod event;
pub mod id;
pub mod irregularity;
pub mod rejection;
pub mod rules;
pub mod value;

pub mod decide;
pub mod grants;
pub mod subject;

mod short;

#[cfg(test)]
mod tests;

//! The engine as its callers see it: append, read, crash, repair, refuse.
//!
//! One binary for all, so that it links once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says so by failing; the lints' own exception sees only #[test] functions"
)]

mod chain;
mod checkpoints;
mod crash;
mod damage;
mod erase;
mod faults;
mod foreign;
mod forged;
mod ledger;
mod life;
mod outcomes;
mod picky;
mod proofs;
mod repair;

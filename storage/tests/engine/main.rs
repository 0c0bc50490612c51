//! The engine as its callers see it: append, read, crash, repair, refuse.
//!
//! One binary for all, so that it links once.

mod damage;
mod faults;
mod ledger;
mod life;

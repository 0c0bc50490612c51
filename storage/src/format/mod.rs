//! Bytes ⇄ values of what is stored and hashed. Pure: no I/O, no state.

mod bytes;
pub mod digest;
mod msgpack;
pub mod record;

pub(crate) use bytes::{Cursor, put};

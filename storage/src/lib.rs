//! The log engine of Pledgebook: records in order, chained by hash, on stable storage.
//!
//! It keeps bytes and files. It knows no events, accounts, clocks, randomness or async
//! code: what is recorded, when, and by whom is decided by the caller. The normative
//! description of every byte is `FORMAT.md`.
//!
//! | Module | Is |
//! |---|---|
//! | [`mod@format`] | bytes ⇄ values of a record; pure |
//! | [`merkle`] | RFC 6962 trees over leaf hashes; pure |
//! | [`backend`] | the only I/O: files, memory, and faults on purpose |
//! | `segment` | one file of records, and its sealed index |
//! | [`log`] | segments in order: append, read, recover |
//! | [`note`] | signed notes: checkpoints, cosignatures, proof files; pure |
//! | [`words`] | erasable text under commitments |
//! | [`integrity`] | reads everything, repairs nothing |
//! | [`limits`] | every limit, with its reason |

pub mod backend;
mod error;
pub mod format;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(test)]
mod golden;
pub mod integrity;
pub mod limits;
pub mod log;
pub mod merkle;
pub mod note;
mod segment;
pub mod words;

pub use backend::{Backend, FaultBackend, FileBackend, MemoryBackend, SimulatedDisk};
pub use error::{CommitError, Error, Malformed};
pub use format::digest::{Digest, leaf_hash, leaf_hashes};
pub use format::record::{Draft, Record};
pub use limits::{MAX_RECORD, MAX_SUBJECTS};
pub use log::appender::{Group, Placed};
pub use log::checkpoints::{Checkpoints, Kept, KeptCheckpoint};
pub use log::eraser::Erasure;
pub use log::reader::Reader;
pub use log::recovery::Recovery;
pub use log::{Head, Identity, Keyer, Keys, Log, Options};
pub use words::{FoundWord, Word, WordState};

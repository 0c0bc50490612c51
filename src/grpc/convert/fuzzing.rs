//! Requests as they come from the wire, for the fuzz targets in `fuzz/` alone: compiled under `--cfg fuzzing`.
//!
//! Invariant: nothing is parsed or printed here; it goes the way of every request in, and of every record out. It must
//! not be used by anything that ships.

use prost::Message as _;
use std::sync::Arc;

use crate::domain::{command::Recorded, event::Event, id::SourceName};
use crate::grpc::wire;
use crate::journal::{
    Text,
    read::{Entry, WordsStatus, WordsView},
};

/// An event of a request that was well formed.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// As it goes to the journal.
    pub event: Arc<Event>,
    /// As a reader gets it, with its words.
    pub shown: wire::Event,
}

/// Every event of the `AppendRequest` that `bytes` are: what became of it, or nothing where it was refused.
pub fn append(bytes: &[u8]) -> Vec<Option<Accepted>> {
    let Ok(request) = wire::AppendRequest::decode(bytes) else { return Vec::new() };
    request.events.into_iter().map(accept).collect()
}

/// What becomes of one event.
pub fn accept(message: wire::Event) -> Option<Accepted> {
    let source = SourceName::parse("fuzzing").ok()?;
    let proposal = super::command(message, &source).ok()?;
    let held = |text: &Text| WordsView {
        field: text.field,
        commitment: text.commitment(),
        status: WordsStatus::Held,
        text: Some(text.text.clone()),
    };
    let event = Arc::clone(&proposal.command.event);
    let entry = Entry {
        recorded: Recorded {
            sequence: 0,
            recorded_at: jiff::Timestamp::UNIX_EPOCH,
            source,
            irregularities: Vec::new(),
            event: Arc::clone(&event),
        },
        hash: storage::Digest([0; 32]),
        words: proposal.texts.iter().map(held).collect(),
    };
    super::recorded(&entry).event.map(|shown| Accepted { event, shown })
}

//! The wire: alone knows tonic and wire messages. Requests come in through [`door`], are turned into the domain's
//! values by [`convert`], and leave as answers or as a [`status`] that a program can act on.
//!
//! | File | Is |
//! |---|---|
//! | [`door`] | every request's way in: who, until when, one line in the log |
//! | [`convert`] | wire ⇄ domain |
//! | [`status`] | refusals as google.rpc statuses |
//! | [`recorder`], [`reader`], [`audit`], [`report`], [`admin`] | the services |
//! | [`explaining`], [`issuing`], [`watching`] | what can be asked about a report beside the report |
//! | [`export`] | the stream of an export |
//! | [`proofs`] | the proofs that receipts come with |
//! | [`outlet`] | the bounded way out to a reader |
//! | [`verification`] | the stream of a verification |
//! | [`browser`] | callers that are web pages |
//! | [`aside`] | what is no gRPC, on its way to whoever answers that |
//! | [`incoming`], [`transport`] | connections and their limits |
//!
//! Invariant: a wire message goes no further inward than `convert`. It must not know files, or the web.

mod admin;
mod aside;
mod audit;
mod browser;
mod convert;
mod deadline;
mod door;
mod explaining;
mod export;
mod incoming;
mod issuing;
mod outlet;
mod proofs;
mod reader;
mod recorder;
mod report;
mod status;
mod transport;
mod verification;
mod watching;

use std::{sync::Arc, time::Duration};
use tokio::sync::{Semaphore, watch};
use tonic::{Request, Status};

use crate::auth::{Gate, Principal};
use crate::domain::id::LedgerName;
use crate::ledgers::{Ledger, Ledgers};
use crate::limits::MAX_READERS;
use deadline::Deadline;

pub use crate::auth::SOURCE_HEADER;
pub use aside::Aside;
#[cfg(fuzzing)]
#[doc(hidden)]
pub use convert::fuzzing;
pub use transport::{Failed, serve};

/// The messages, clients and servers that are generated from `proto/`.
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, reason = "generated from proto/")]
pub mod wire {
    tonic::include_proto!("pledgebook.v1");

    /// The schema itself, for reflection and for proto3 JSON.
    pub const DESCRIPTOR: &[u8] = tonic::include_file_descriptor_set!("pledgebook_descriptor");
}

/// How long we wait for a slow reader.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// … that does not take its next message.
    pub stall: Duration,
    /// … that follows live, but is so many events behind.
    pub lag: u64,
}

/// What every service of one server shares.
#[derive(Clone)]
pub struct House {
    ledgers: Ledgers,
    gate: Arc<Gate>,
    patience: Patience,
    /// True from the moment in which the server begins to stop.
    stopping: watch::Receiver<bool>,
    readers: Arc<Semaphore>,
    /// One verification at a time: each takes all cores.
    verifying: Arc<Semaphore>,
}

impl House {
    /// A house with these ledgers, that lets in whom `gate` admits, and empties when `stopping` turns true.
    pub fn new(
        ledgers: Ledgers,
        gate: Arc<Gate>,
        patience: Patience,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        Self {
            ledgers,
            gate,
            patience,
            stopping,
            readers: Arc::new(Semaphore::new(MAX_READERS)),
            verifying: Arc::new(Semaphore::new(1)),
        }
    }

    /// The ledger that a request names.
    fn ledger(&self, name: &str) -> Result<Arc<Ledger>, Status> {
        let name = LedgerName::parse(name).map_err(|why| status::field("ledger", why.rule, why.remedy))?;
        tracing::Span::current().record("ledger", name.as_str());
        self.ledgers.find(&name).ok_or_else(|| status::no_such_ledger(&name))
    }

    /// Resolves when the server stops.
    async fn stopped(&self) {
        let mut stopping = self.stopping.clone();
        // The sender goes away only with the server.
        let _ = stopping.wait_for(|stopping| *stopping).await;
    }
}

/// Who sent a request, and until when it wants its answer.
struct Caller {
    principal: Principal,
    deadline: Option<Deadline>,
}

impl Caller {
    /// What the door found out about a request.
    fn of<T>(request: &Request<T>) -> Result<Self, Status> {
        let principal = request.extensions().get::<Principal>().cloned();
        Ok(Self {
            // Only a service that was put behind no door comes here without one.
            principal: principal.ok_or_else(|| status::internal("the request came in through no door"))?,
            deadline: request.extensions().get::<Deadline>().copied(),
        })
    }
}

/// Runs what reads files on a thread that may block.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Status> {
    tokio::task::spawn_blocking(work).await.map_err(|_| status::internal("the work was given up"))
}

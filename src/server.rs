//! Everything put together: settings → ledgers → services on one port, until somebody says stop.
//!
//! Invariant: the order of an end. First no more connections, then what is being answered, then the ledgers: so
//! whatever was acknowledged is in a log that was closed after it. And nothing but this machine can reach the port.

use std::{fs::File, future::Future, io::Read as _, net::SocketAddr, sync::Arc};
use storage::note::{Algorithm, SignedCheckpoint, Verifier};
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
};

use crate::auth::{Gate, token::Tokens};
use crate::config::{Config, Limits};
use crate::domain::value::Label;
use crate::grpc::{self, Aside, House, Patience};
use crate::journal::{self, clock::Clock};
use crate::ledgers::{Ledgers, OpenError};
use crate::limits::MAX_KNOWN;
use crate::notary::outside::{Known, Outside, Trusted};
use crate::web;

/// Why there is no server (any more).
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Others could reach the port.
    #[error(
        "listen = {0}: other machines could reach this address, and there is no TLS yet, so anybody on the way could \
         read and change what is said. Listen on 127.0.0.1 or [::1], let callers in through an SSH tunnel or a \
         proxy on this machine that does TLS, and make a token first (`pledgebook token create`): without one, whoever \
         comes from this machine, a tunnel or a proxy included, may do everything"
    )]
    Exposed(SocketAddr),
    /// A setting about those outside is none.
    #[error("{key}: {why}")]
    Outside {
        /// Which setting.
        key: String,
        /// What is wrong with it.
        why: String,
    },
    /// The data directory could not be opened.
    #[error(transparent)]
    Data(#[from] OpenError),
    /// The port could not be had.
    #[error("listen = {address}: {error}; is another server running? Choose another port, or 0 for any")]
    Listen {
        /// Which port.
        address: SocketAddr,
        /// What the system said.
        error: std::io::Error,
    },
    /// The services ended by themselves.
    #[error(transparent)]
    Services(#[from] grpc::Failed),
    /// A thread that opens or closes ledgers was given up.
    #[error("a thread of the server panicked; its message stands above")]
    Thread(#[from] tokio::task::JoinError),
}

/// Serves until `stop` resolves, then ends in order. Tells `ready` where it listens (the port, if 0 was asked for).
pub async fn serve(
    config: Config,
    clock: Arc<dyn Clock>,
    ready: oneshot::Sender<SocketAddr>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Error> {
    if !config.listen.ip().to_canonical().is_loopback() {
        return Err(Error::Exposed(config.listen));
    }
    let outside = outside(&config)?;
    let ledgers = {
        let (data, limits) = (config.data.clone(), config.limits.clone());
        let open = move || Ledgers::open_watched(&data, clock, queue(&limits), log(&limits), outside);
        tokio::task::spawn_blocking(open).await??
    };
    let served = offer(&config, ledgers.clone(), ready, stop).await;
    tokio::task::spawn_blocking(move || ledgers.close()).await?;
    tracing::info!("stopped");
    served
}

/// Who and what outside holds the ledgers to their history.
fn outside(config: &Config) -> Result<Outside, Error> {
    let failed = |key: &str, why: String| Error::Outside { key: key.to_owned(), why };
    let mut witnesses = Vec::new();
    for witness in &config.witnesses {
        let key = Verifier::parse(&witness.vkey)
            .map_err(|malformed| failed("witnesses.vkey", format!("`{}`: {malformed}", witness.vkey)))?;
        if key.algorithm() != Algorithm::Cosignature {
            let why = format!(
                "`{key}`: not the key of a witness, whose type is 0x04; ask its operator for that one"
            );
            return Err(failed("witnesses.vkey", why));
        }
        let organisation = Label::parse(&witness.organisation)
            .map_err(|why| failed("witnesses.organisation", format!("{}; {}", why.rule, why.remedy)))?;
        witnesses.push(Trusted { url: witness.url.clone(), key, organisation });
    }
    let known = config.known_checkpoints.iter().map(|file| {
        let failed = |why: String| failed("known_checkpoints", format!("{}: {why}", file.display()));
        let mut bytes = Vec::new();
        let read = File::open(file).and_then(|it| it.take(MAX_KNOWN + 1).read_to_end(&mut bytes));
        read.map_err(|error| failed(error.to_string()))?;
        let signed = SignedCheckpoint::parse(&bytes).map_err(|malformed| {
            failed(format!("not a signed checkpoint: {malformed}; put the right file back, or take it out"))
        })?;
        Ok::<_, Error>(Known { file: file.clone(), signed })
    });
    Ok(Outside { witnesses, every: config.witness_every, known: known.collect::<Result<_, _>>()? })
}

fn queue(limits: &Limits) -> journal::Limits {
    let own = journal::Limits::default();
    journal::Limits {
        queued_requests: limits.queued_requests.unwrap_or(own.queued_requests),
        queued_bytes: limits.queued_bytes.unwrap_or(own.queued_bytes),
        cached_lives: limits.cached_lives.unwrap_or(own.cached_lives),
        ..own
    }
}

fn log(limits: &Limits) -> storage::Options {
    let own = storage::Options::default();
    storage::Options { segment_bytes: limits.segment_bytes.unwrap_or(own.segment_bytes), ..own }
}

async fn offer(
    config: &Config,
    ledgers: Ledgers,
    ready: oneshot::Sender<SocketAddr>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Error> {
    let failed = |error| Error::Listen { address: config.listen, error };
    let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let (begin, mut stopping) = watch::channel(false);
    let gate = Gate::new(Tokens::watch(config.tokens()));
    let gate = Arc::new(if config.public_tiles { gate.publishing() } else { gate });
    let patience = Patience { stall: config.limits.subscriber_stall, lag: config.limits.subscriber_lag };
    let pages = Aside::new(web::pages(ledgers.clone(), gate.clone(), patience.stall));
    let house = House::new(ledgers, gate, patience, stopping.clone());
    tracing::info!(%address, data = %config.data.display(), "listening");
    // Nobody may be waiting to hear it.
    let _ = ready.send(address);
    let stop = tokio::spawn(async move {
        stop.await;
        begin.send_replace(true);
        // The sender lives on, so that nobody takes its end for another sign.
        std::future::pending::<()>().await;
    });
    let late = async {
        // The sender is in a task that ends after us.
        let _ = stopping.wait_for(|stopping| *stopping).await;
        tracing::info!("stopping");
        tokio::time::sleep(config.limits.grace).await;
    };
    let served = tokio::select! {
        served = grpc::serve(house, listener, &config.web_origins, pages) => served.map_err(Error::from),
        () = late => {
            tracing::warn!("some callers did not leave in time; the ledgers are closed all the same");
            Ok(())
        }
    };
    stop.abort();
    served
}

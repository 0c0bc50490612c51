//! Checkpoint and tiles of a ledger, as C2SP `tlog-tiles` has them.
//!
//! Invariant: nothing is given that the newest signed checkpoint does not cover, and of a tile every byte was checked
//! against the root of the log before it leaves (see `Reader::tile`); so what is given once is given for ever.

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderValue, Response, Uri, header::CONTENT_LENGTH},
};
use std::{io, sync::Arc, time::Duration};
use storage::merkle::tile::{Level, Tile};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_stream::wrappers::ReceiverStream;

use super::{
    House,
    answer::{self, Keeping},
};
use crate::domain::id::LedgerName;
use crate::ledgers::Ledger;
use crate::limits::BUNDLE_PIECE;

/// What a path names: a ledger, and what stands behind it.
fn parts(path: &str) -> Option<(LedgerName, &str)> {
    let (name, rest) = path.strip_prefix("/ledgers/")?.split_once('/')?;
    Some((LedgerName::parse(name).ok()?, rest))
}

impl House {
    fn ledger(&self, name: &LedgerName) -> Option<Arc<Ledger>> {
        tracing::Span::current().record("ledger", name.as_str());
        self.ledgers.find(name)
    }

    /// Who may keep what may be public.
    fn keeping(&self) -> Keeping {
        if self.gate.publishes() { Keeping::Public } else { Keeping::Private }
    }
}

/// The newest signed checkpoint.
pub(super) async fn checkpoint(State(house): State<House>, uri: Uri) -> Response<Body> {
    let ledger = match parts(uri.path()) {
        Some((name, "checkpoint")) => house.ledger(&name),
        _ => None,
    };
    let Some(ledger) = ledger else { return answer::no_ledger() };
    match ledger.notary.latest() {
        Some(signed) => answer::checkpoint(signed.note.to_text(), house.keeping()),
        None => answer::silent(),
    }
}

/// A tile of hashes.
pub(super) async fn hashes(State(house): State<House>, uri: Uri) -> Response<Body> {
    let (ledger, tile) = match find(&house, &uri, |level| level != Level::Entries) {
        Ok(found) => found,
        Err(refusal) => return *refusal,
    };
    match read(ledger, tile).await {
        Ok(bytes) => answer::tile(bytes, house.keeping()),
        Err(refusal) => *refusal,
    }
}

/// A bundle of stored records.
pub(super) async fn entries(State(house): State<House>, uri: Uri) -> Response<Body> {
    let (ledger, tile) = match find(&house, &uri, |level| level == Level::Entries) {
        Ok(found) => found,
        Err(refusal) => return *refusal,
    };
    // The semaphore is never closed; the door sees to it that nobody waits for ever.
    let Ok(place) = house.bundles.clone().acquire_owned().await else { return answer::too_late() };
    let bytes = match read(ledger, tile).await {
        Ok(bytes) => Bytes::from(bytes),
        Err(refusal) => return *refusal,
    };
    let length = HeaderValue::from(bytes.len());
    let mut response = answer::tile(pour(bytes, house.stall, place), Keeping::Private);
    response.headers_mut().insert(CONTENT_LENGTH, length);
    response
}

/// The ledger and the tile that a path names, if the newest checkpoint reaches to its end.
fn find(
    house: &House,
    uri: &Uri,
    right: impl Fn(Level) -> bool,
) -> Result<(Arc<Ledger>, Tile), Box<Response<Body>>> {
    let (name, rest) = parts(uri.path()).ok_or_else(|| Box::new(answer::no_ledger()))?;
    let ledger = house.ledger(&name).ok_or_else(|| Box::new(answer::no_ledger()))?;
    let none = || Box::new(answer::no_tile());
    // The route was chosen by what a path means; which records it gives is said by how it is written.
    let tile = Tile::parse(rest).filter(|tile| right(tile.level)).ok_or_else(none)?;
    let signed = ledger.notary.latest().map_or(0, |signed| signed.checkpoint.size);
    let covered = tile.leaves().is_some_and(|(_, end)| end <= signed);
    if covered { Ok((ledger, tile)) } else { Err(none()) }
}

async fn read(ledger: Arc<Ledger>, tile: Tile) -> Result<Vec<u8>, Box<Response<Body>>> {
    let name = ledger.name.clone();
    let read = tokio::task::spawn_blocking(move || ledger.journal.reader().tile(tile)).await;
    let unreadable = |why: &dyn std::fmt::Display| {
        tracing::error!(ledger = %name, tile = tile.path(), %why, "a tile could not be read");
        Box::new(answer::unreadable())
    };
    match read {
        Ok(Ok(Some(bytes))) => Ok(bytes),
        Ok(Ok(None)) => Err(Box::new(answer::no_tile())),
        Ok(Err(why)) => Err(unreadable(&why)),
        Err(why) => Err(unreadable(&why)),
    }
}

/// A long page, piece by piece: whoever takes none of it for `stall` gets no more, and holds its place no longer.
fn pour(mut bytes: Bytes, stall: Duration, place: OwnedSemaphorePermit) -> Body {
    let (to, from) = mpsc::channel::<io::Result<Bytes>>(1);
    tokio::spawn(async move {
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(BUNDLE_PIECE));
            match tokio::time::timeout(stall, to.send(Ok(piece))).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => break,
                Err(_) => {
                    tracing::info!("a caller took nothing of an entry bundle, and was let go");
                    break;
                }
            }
        }
        drop(place);
    });
    Body::from_stream(ReceiverStream::new(from))
}

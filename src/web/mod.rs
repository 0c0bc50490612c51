//! Pages over plain HTTP, on the port of gRPC: what C2SP `tlog-tiles` asks of a log, for tools that we did not write.
//!
//! | Page | Is | For |
//! |---|---|---|
//! | `GET /ledgers/<name>/checkpoint` | the newest signed checkpoint | any role; everybody, if the operator says so |
//! | `GET /ledgers/<name>/tile/<L>/<N>[.p/<W>]` | a hash tile | the same |
//! | `GET /ledgers/<name>/tile/entries/<N>[.p/<W>]` | an entry bundle: stored records | auditors |
//!
//! | File | Is |
//! |---|---|
//! | [`door`] | every page's way in: who, how long, one line in the log |
//! | [`tiles`] | checkpoint and tiles |
//! | [`answer`] | pages and refusals as HTTP |
//!
//! Invariant: a page that no row of `auth::policy` names is not given to anybody, and a path is taken as it is written: what
//! is spelt otherwise (percent signs, zeros too many) is not there. It must not know gRPC.

mod answer;
mod door;
mod tiles;

use axum::{Router, middleware, routing::get};
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;

use crate::auth::Gate;
use crate::ledgers::Ledgers;
use crate::limits::MAX_BUNDLES;

/// The routes that lead to pages. Each has its row in `auth::policy`.
pub const ROUTES: [&str; 3] = [CHECKPOINT, HASHES, ENTRIES];
const CHECKPOINT: &str = "/ledgers/{ledger}/checkpoint";
const HASHES: &str = "/ledgers/{ledger}/tile/{level}/{*tile}";
const ENTRIES: &str = "/ledgers/{ledger}/tile/entries/{*tile}";

/// What every page is made from.
#[derive(Clone)]
struct House {
    ledgers: Ledgers,
    gate: Arc<Gate>,
    /// How long a caller may take nothing of a long page.
    stall: Duration,
    /// Room for long pages on their way out.
    bundles: Arc<Semaphore>,
}

/// The pages of these ledgers, for whom `gate` lets in. Whoever takes nothing of a long page for `stall` is let go.
pub fn pages(ledgers: Ledgers, gate: Arc<Gate>, stall: Duration) -> Router {
    let house = House { ledgers, gate, stall, bundles: Arc::new(Semaphore::new(MAX_BUNDLES)) };
    Router::new()
        .route(CHECKPOINT, get(tiles::checkpoint))
        .route(HASHES, get(tiles::hashes))
        .route(ENTRIES, get(tiles::entries))
        .route_layer(middleware::from_fn_with_state(house.clone(), door::enter))
        .fallback(async || answer::no_page())
        .with_state(house)
}

//! The stream of an export: files, piece by piece, as fast as its caller takes them.
//!
//! Invariant: no more than a few pieces are in memory at once, and whoever takes none is not waited for for ever. It must
//! not know which files an export has.

use std::{ops::ControlFlow, sync::Arc, time::Instant};
use tonic::Status;

use super::{
    House,
    outlet::{Outlet, Stuck},
    status,
    wire::ExportResponse,
};
use crate::export::{Export, NotExported};
use crate::ledgers::Ledger;
use crate::limits::MAX_MESSAGE_OUT;

/// Longest piece of a file in one message, in bytes.
const PIECE: usize = 1 << 20;
const _: () = assert!(PIECE + 4096 < MAX_MESSAGE_OUT);

/// An export up to the newest signed checkpoint. Reads files.
pub(super) fn of(ledger: &Ledger) -> Result<Export, Status> {
    let newest = ledger.notary.latest();
    let newest = newest.ok_or_else(|| status::unattested(&ledger.name, &ledger.notary.why_silent()))?;
    let reader = ledger.journal.reader().clone();
    let export = Export::new(reader, ledger.notary.kept().clone(), newest, Some(ledger.notary.key()));
    export.map_err(|why| super::audit::unreadable(ledger, &why))
}

/// Sends all of it, from a thread that may block.
pub(super) fn pour(
    house: &House,
    ledger: &Arc<Ledger>,
    outlet: Outlet<ExportResponse>,
    export: &Export,
    until: Option<Instant>,
) {
    let runtime = tokio::runtime::Handle::current();
    let files = export.files();
    let mut ended = None;
    let poured = export.write(&mut |path, bytes| {
        let empty: &[u8] = &[];
        let pieces = bytes.chunks(PIECE).chain(bytes.is_empty().then_some(empty));
        for content in pieces {
            let why = if *house.stopping.borrow() {
                Some(status::stopping())
            } else if until.is_some_and(|until| until <= Instant::now()) {
                Some(status::too_late())
            } else {
                let (path, content) = (path.to_owned(), content.to_vec());
                match runtime.block_on(outlet.put(ExportResponse { path, content, files })) {
                    Ok(()) => continue,
                    Err(Stuck::Left) => None,
                    Err(Stuck::Stalled) => {
                        Some(status::lagged(&ledger.name, None, "the reader took no message in time"))
                    }
                }
            };
            ended = why;
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    if let Err(why) = poured
        && !matches!(why, NotExported::Stopped)
    {
        ended = Some(super::audit::unreadable(ledger, &why));
    }
    if let Some(why) = ended {
        outlet.end(why);
    }
}

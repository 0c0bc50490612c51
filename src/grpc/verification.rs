//! The stream of a verification: how far it is, and what it comes to.
//!
//! Invariant: one ledger is verified at a time, and a caller that takes nothing, or has left, holds nobody up. What is
//! told at the end is, byte for byte, what `pledgebook verify --json` prints. It must not know what verdicts are made of.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::sync::mpsc;
use tonic::Status;

use super::{
    House,
    outlet::{Outlet, Stuck},
    status,
    wire::{VerifyProgress, VerifyResponse, verify_response::Step},
};
use crate::audit::{Given, Trust, print};
use crate::ledgers::{Ledger, verification};
use crate::reports::ReportName;

/// How often it is told how far it is.
const EVERY: Duration = Duration::from_millis(200);

/// Verifies the ledger, and tells.
pub(super) async fn pour(house: House, ledger: Arc<Ledger>, outlet: Outlet<VerifyResponse>) {
    let turn = tokio::select! {
        turn = house.verifying.clone().acquire_owned() => turn,
        () = outlet.left() => return,
        () = house.stopped() => return outlet.end(status::stopping()),
    };
    let (to, mut far) = mpsc::channel(1);
    let of = ledger.clone();
    let work = super::blocking(move || {
        let report = verified(&of, &to);
        drop(turn);
        report
    });
    let mut work = std::pin::pin!(work);
    let report = loop {
        tokio::select! {
            report = &mut work => break report,
            Some(progress) = far.recv() => {
                if !told(&ledger, &outlet, Step::Progress(progress)).await {
                    return;
                }
            }
            () = outlet.left() => return,
            () = house.stopped() => return outlet.end(status::stopping()),
        }
    };
    match report.and_then(|report| report) {
        Ok(report) => drop(told(&ledger, &outlet, Step::ReportJson(report)).await),
        Err(why) => outlet.end(why),
    }
}

/// Whether somebody still listens.
async fn told(ledger: &Ledger, outlet: &Outlet<VerifyResponse>, step: Step) -> bool {
    match outlet.put(VerifyResponse { step: Some(step) }).await {
        Ok(()) => true,
        Err(stuck) => {
            if stuck == Stuck::Stalled {
                tracing::info!(ledger = %ledger.name, "whoever asked for a verification takes nothing any more");
            }
            false
        }
    }
}

/// What it comes to. Reads files.
fn verified(ledger: &Ledger, far: &mpsc::Sender<VerifyProgress>) -> Result<String, Status> {
    let given = Given {
        now: ledger.clock.now(),
        kept: Vec::new(),
        trust: Trust::default(),
        definitions: ReportName::newest_definition,
    };
    let last = Mutex::new(Instant::now());
    let verified = verification::verify(&ledger.directory, &given, &|progress| {
        // Whoever comes while another tells has nothing new to say.
        let Ok(mut last) = last.try_lock() else { return };
        if last.elapsed() >= EVERY {
            *last = Instant::now();
            let progress = VerifyProgress { bytes: progress.bytes, total_bytes: progress.total };
            // Nobody may have taken the one before: the next one says more.
            let _ = far.try_send(progress);
        }
    });
    let (report, audited) = verified.map_err(|why| super::audit::unreadable(ledger, &why))?;
    Ok(print::json(&ledger.name.to_string(), &report, &audited))
}

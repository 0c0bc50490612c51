//! The proofs that receipts come with: waits for the notary, then reads them from the ledger's own files.
//!
//! Invariant: what a proof is asked for is durable already, and stays so whatever becomes of the proof.

use std::sync::Arc;
use tonic::Status;

use super::{blocking, status, wire::ReceiptKind};
use crate::ledgers::Ledger;

/// Whether a request wants proofs beside its receipts.
pub(super) fn are_wanted(kind: i32) -> Result<bool, Status> {
    match ReceiptKind::try_from(kind) {
        Ok(ReceiptKind::Unspecified | ReceiptKind::Plain) => Ok(false),
        Ok(ReceiptKind::Proof) => Ok(true),
        Err(_) => Err(status::field("receipt", "not a kind of receipt", "ask for PLAIN or PROOF")),
    }
}

/// The proofs of these records, in their order.
pub(super) async fn of(ledger: &Arc<Ledger>, sequences: Vec<u64>) -> Result<Vec<String>, Status> {
    let Some(last) = sequences.iter().max() else { return Ok(Vec::new()) };
    let unattested = |why| status::unattested(&ledger.name, &why);
    ledger.notary.attest(last + 1).await.map_err(unattested)?;
    let ledger = ledger.clone();
    blocking(move || {
        let proof = |sequence: u64| match ledger.notary.proof(sequence) {
            Ok(Some(proof)) => Ok(proof.to_text()),
            // It was attested above, and what is kept stays.
            Ok(None) => Err(status::internal("a kept checkpoint is not there any more")),
            Err(why) => Err(status::unattested(&ledger.name, &why)),
        };
        sequences.into_iter().map(proof).collect()
    })
    .await?
}

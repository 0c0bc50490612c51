//! The proof of a receipt: a complete tlog-proof of one record, the same for ever.
//!
//! Invariant: it rests on the smallest kept checkpoint that covers the record. Kept checkpoints only grow and are never
//! taken back, so neither a restart nor a rotation nor a rebuild gives another proof.
//! Format: c2sp.org/tlog-proof@v1; its `extra` is the stored record, so that whoever has the file and the ledger's key
//! needs nothing else.

use storage::{
    Digest, Kept, Reader,
    note::{ProofFile, SignedCheckpoint},
};

use super::Unattested;

/// The proof of the record `sequence`; none if no kept checkpoint covers it yet.
pub fn of(reader: &Reader, kept: &Kept, sequence: u64) -> Result<Option<ProofFile>, Unattested> {
    let unreadable = |error: storage::Error| Unattested::Unreadable(error.to_string());
    let Some(checkpoint) = kept.covering(sequence).map_err(unreadable)? else { return Ok(None) };
    let signed =
        SignedCheckpoint::parse(&checkpoint.note).map_err(|e| Unattested::Unreadable(e.to_string()))?;
    let hashes = reader.prove_inclusion(sequence, checkpoint.size).map_err(unreadable)?;
    let record = reader.read(sequence).map_err(unreadable)?;
    // The levels gave the path, the signature the root: the record itself must lead from one to the other.
    let leaf: Digest = storage::leaf_hash(&record);
    let root = signed.checkpoint.root;
    storage::merkle::verify::inclusion(&leaf, sequence, checkpoint.size, &hashes, &root)
        .map_err(|defect| Unattested::Unreadable(format!("record {sequence}: {defect}")))?;
    Ok(Some(ProofFile { extra: Some(record), index: sequence, hashes, checkpoint: signed.note }))
}

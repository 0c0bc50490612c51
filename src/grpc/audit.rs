//! For auditors: signed checkpoints, proofs, and the stored bytes.
//!
//! Invariant: nothing given here has to be believed. A proof was checked against the root before it leaves, so that a
//! damaged file of ours is told as what it is and not as a lie.

use futures_util::Stream;
use std::{ops::ControlFlow, pin::Pin, sync::Arc};
use storage::note::SignedCheckpoint;
use tonic::{Request, Response, Status};

use super::{
    Caller, House, blocking, convert, outlet,
    outlet::{Outlet, Stuck},
    proofs, status,
    wire::{
        AddCosignatureRequest, AddCosignatureResponse, ExportRequest, ExportResponse, GetCheckpointRequest,
        GetCheckpointResponse, GetProofRequest, GetProofResponse, LedgerKey, ListKeysRequest,
        ListKeysResponse, ProveConsistencyRequest, ProveConsistencyResponse, ProveInclusionRequest,
        ProveInclusionResponse, ReadRecordsRequest, ReadRecordsResponse, VerifyRequest, VerifyResponse,
        audit_service_server::AuditService,
    },
};
use crate::journal::Refused;
use crate::ledgers::Ledger;
use crate::limits::{MAX_MESSAGE_OUT, READ_PAGE};
use crate::notary::NotTaken;

/// Bytes of records after which a message is sent: it stays far below what a message may have.
const PIECE: usize = 1 << 20;
const _: () = assert!(PIECE + storage::MAX_RECORD + 1024 < MAX_MESSAGE_OUT);

/// The service.
#[derive(Clone)]
pub(super) struct Audit {
    house: House,
}

type Flow<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

impl Audit {
    /// The service of that house.
    pub(super) const fn new(house: House) -> Self {
        Self { house }
    }

    /// A way out for one more reader, if there is a place.
    fn outlet<T: Send + 'static>(&self) -> Result<(Outlet<T>, outlet::Flow<T>), Status> {
        let place = self.house.readers.clone().try_acquire_owned().map_err(|_| status::too_many_readers())?;
        Ok(outlet::outlet(self.house.patience.stall, place))
    }
}

/// The size that is asked for; 0 is that of the newest signed checkpoint.
fn size_of(ledger: &Ledger, field: &'static str, asked: u64) -> Result<u64, Status> {
    let size = ledger.journal.head().size;
    match asked {
        0 => ledger
            .notary
            .latest()
            .map(|signed| signed.checkpoint.size)
            .ok_or_else(|| status::unattested(&ledger.name, &ledger.notary.why_silent())),
        asked if asked > size => Err(status::beyond_head(&ledger.name, field, asked, size)),
        asked => Ok(asked),
    }
}

pub(super) fn unreadable(ledger: &Ledger, why: &dyn std::fmt::Display) -> Status {
    status::refused(&ledger.name, super::status::Place::Event, &Refused::Unreadable(why.to_string()))
}

fn checkpoint(signed: &SignedCheckpoint) -> GetCheckpointResponse {
    GetCheckpointResponse {
        checkpoint: signed.note.to_text(),
        size: signed.checkpoint.size,
        root_hash: signed.checkpoint.root.0.to_vec(),
    }
}

#[tonic::async_trait]
impl AuditService for Audit {
    type ReadRecordsStream = Flow<ReadRecordsResponse>;
    type VerifyStream = Flow<VerifyResponse>;
    type ExportStream = Flow<ExportResponse>;

    async fn get_checkpoint(
        &self,
        request: Request<GetCheckpointRequest>,
    ) -> Result<Response<GetCheckpointResponse>, Status> {
        let request = request.into_inner();
        let ledger = self.house.ledger(&request.ledger)?;
        let found = match request.size {
            0 => ledger
                .notary
                .latest()
                .ok_or_else(|| status::unattested(&ledger.name, &ledger.notary.why_silent()))?,
            size => {
                let of = ledger.clone();
                let found = blocking(move || of.notary.at(size)).await?;
                let found = found.map_err(|why| status::unattested(&ledger.name, &why))?;
                found.ok_or_else(|| status::no_such_checkpoint(&ledger.name, size))?
            }
        };
        Ok(Response::new(checkpoint(&found)))
    }

    async fn list_keys(
        &self,
        request: Request<ListKeysRequest>,
    ) -> Result<Response<ListKeysResponse>, Status> {
        let ledger = self.house.ledger(&request.into_inner().ledger)?;
        let keys = blocking(move || {
            let keys = ledger.notary.keys().map_err(|why| status::unattested(&ledger.name, &why))?;
            Ok::<_, Status>(keys.into_iter().map(key).collect())
        });
        Ok(Response::new(ListKeysResponse { keys: keys.await?? }))
    }

    async fn prove_inclusion(
        &self,
        request: Request<ProveInclusionRequest>,
    ) -> Result<Response<ProveInclusionResponse>, Status> {
        let request = request.into_inner();
        let ledger = self.house.ledger(&request.ledger)?;
        let (sequence, size) = (request.sequence, size_of(&ledger, "size", request.size)?);
        if sequence >= size {
            return Err(status::beyond_head(&ledger.name, "sequence", sequence, size));
        }
        let proof = blocking(move || {
            let reader = ledger.journal.reader();
            let prove = || {
                Ok::<_, storage::Error>(ProveInclusionResponse {
                    sequence,
                    size,
                    leaf_hash: reader.leaf(sequence)?.0.to_vec(),
                    hashes: bytes(reader.prove_inclusion(sequence, size)?),
                    root_hash: reader.root(size)?.0.to_vec(),
                })
            };
            prove().map_err(|why| unreadable(&ledger, &why))
        });
        Ok(Response::new(proof.await??))
    }

    async fn get_proof(
        &self,
        request: Request<GetProofRequest>,
    ) -> Result<Response<GetProofResponse>, Status> {
        let GetProofRequest { ledger, sequence } = request.into_inner();
        let ledger = self.house.ledger(&ledger)?;
        let size = ledger.journal.head().size;
        if sequence >= size {
            return Err(status::beyond_head(&ledger.name, "sequence", sequence, size));
        }
        let proof = proofs::of(&ledger, vec![sequence]).await?.pop();
        // One was asked for.
        let tlog_proof = proof.ok_or_else(|| status::internal("a proof is missing"))?;
        Ok(Response::new(GetProofResponse { tlog_proof }))
    }

    async fn prove_consistency(
        &self,
        request: Request<ProveConsistencyRequest>,
    ) -> Result<Response<ProveConsistencyResponse>, Status> {
        let request = request.into_inner();
        let ledger = self.house.ledger(&request.ledger)?;
        let (old, new) = (request.old_size, size_of(&ledger, "new_size", request.new_size)?);
        if old == 0 || old > new {
            let rule = "not between 1 and the new size";
            return Err(status::field("old_size", rule, "give the size of a checkpoint that you hold"));
        }
        let proof = blocking(move || {
            let reader = ledger.journal.reader();
            let prove = || {
                Ok::<_, storage::Error>(ProveConsistencyResponse {
                    old_size: old,
                    new_size: new,
                    hashes: bytes(reader.prove_consistency(old, new)?),
                    old_root_hash: reader.root(old)?.0.to_vec(),
                    new_root_hash: reader.root(new)?.0.to_vec(),
                })
            };
            prove().map_err(|why| unreadable(&ledger, &why))
        });
        Ok(Response::new(proof.await??))
    }

    async fn read_records(
        &self,
        request: Request<ReadRecordsRequest>,
    ) -> Result<Response<Self::ReadRecordsStream>, Status> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let ledger = self.house.ledger(&request.ledger)?;
        let size = ledger.journal.head().size;
        let from = request.from_sequence;
        if from > size {
            return Err(status::beyond_head(&ledger.name, "from_sequence", from, size));
        }
        let to = if request.count == 0 { size } else { from.saturating_add(request.count).min(size) };
        let until = caller.deadline.and_then(super::Deadline::of_stream);
        let (outlet, flow) = self.outlet()?;
        let house = self.house.clone();
        tokio::spawn(async move {
            if let Err(why) = pour(&house, &ledger, &outlet, from..to, until).await {
                outlet.end(why);
            }
        });
        Ok(Response::new(Box::pin(flow)))
    }

    async fn verify(&self, request: Request<VerifyRequest>) -> Result<Response<Self::VerifyStream>, Status> {
        let ledger = self.house.ledger(&request.into_inner().ledger)?;
        let (outlet, flow) = self.outlet()?;
        tokio::spawn(super::verification::pour(self.house.clone(), ledger, outlet));
        Ok(Response::new(Box::pin(flow)))
    }

    async fn export(&self, request: Request<ExportRequest>) -> Result<Response<Self::ExportStream>, Status> {
        let caller = Caller::of(&request)?;
        let ledger = self.house.ledger(&request.into_inner().ledger)?;
        let until = caller.deadline.and_then(super::Deadline::of_stream);
        let (outlet, flow) = self.outlet()?;
        let of = ledger.clone();
        let export = blocking(move || super::export::of(&of)).await??;
        let house = self.house.clone();
        tokio::task::spawn_blocking(move || {
            super::export::pour(&house, &ledger, outlet, &export, until);
        });
        Ok(Response::new(Box::pin(flow)))
    }

    async fn add_cosignature(
        &self,
        request: Request<AddCosignatureRequest>,
    ) -> Result<Response<AddCosignatureResponse>, Status> {
        let AddCosignatureRequest { ledger, cosignature, size } = request.into_inner();
        let ledger = self.house.ledger(&ledger)?;
        let taken = blocking(move || {
            let taken =
                ledger.notary.take(size, &cosignature).map_err(|why| not_taken(&ledger, size, &why))?;
            let receipt = convert::receipt(&ledger.name, &taken.receipt);
            Ok::<_, Status>(AddCosignatureResponse { receipt: Some(receipt), repeated: taken.repeated })
        });
        Ok(Response::new(taken.await??))
    }
}

fn not_taken(ledger: &Ledger, size: u64, why: &NotTaken) -> Status {
    const FIELD: &str = "cosignature";
    match why {
        NotTaken::Malformed(rule) => {
            status::field(FIELD, rule, "hand in one line as the witness gave it: em dash, name, base64")
        }
        NotTaken::Stranger => {
            let remedy =
                "have an operator configure the witness's key, or hand it in to a server that knows it";
            status::field(FIELD, "not by a witness that this server relies on", remedy)
        }
        NotTaken::Bad(rule) => status::field(
            FIELD,
            rule,
            "say the size of the checkpoint that it is over, and hand it in unchanged",
        ),
        NotTaken::NoCheckpoint => status::no_such_checkpoint(&ledger.name, size),
        NotTaken::Refused(refused) => status::refused(&ledger.name, status::Place::Event, refused),
        NotTaken::Unattested(why) => status::unattested(&ledger.name, why),
    }
}

fn bytes(hashes: Vec<storage::Digest>) -> Vec<Vec<u8>> {
    hashes.into_iter().map(|hash| hash.0.to_vec()).collect()
}

fn key(key: crate::notary::KeyInForce) -> LedgerKey {
    LedgerKey {
        vkey: key.verifier.to_string(),
        from_sequence: key.from,
        handover: key.handover.map(|note| note.to_text()).unwrap_or_default(),
    }
}

/// Sends the records of a range, some at a time.
async fn pour(
    house: &House,
    ledger: &Arc<Ledger>,
    outlet: &Outlet<ReadRecordsResponse>,
    range: std::ops::Range<u64>,
    until: Option<std::time::Instant>,
) -> Result<(), Status> {
    let mut at = range.start;
    while at < range.end {
        if *house.stopping.borrow() {
            return Err(status::stopping());
        }
        if until.is_some_and(|until| until <= std::time::Instant::now()) {
            return Err(status::too_late());
        }
        let (of, end) = (ledger.clone(), range.end.min(at + READ_PAGE as u64));
        let records = blocking(move || piece(&of, at, end)).await??;
        let next = at + records.len() as u64;
        match outlet.put(ReadRecordsResponse { sequence: at, records }).await {
            Ok(()) => at = next,
            Err(Stuck::Left) => return Ok(()),
            Err(Stuck::Stalled) => {
                return Err(status::lagged(
                    &ledger.name,
                    at.checked_sub(1),
                    "the reader took no message in time",
                ));
            }
        }
    }
    Ok(())
}

/// The stored bytes of some records: at least one.
fn piece(ledger: &Ledger, from: u64, to: u64) -> Result<Vec<Vec<u8>>, Status> {
    let (mut records, mut length) = (Vec::new(), 0);
    let scanned = ledger.journal.reader().scan(from, to, &mut |record| {
        length += record.bytes.len();
        records.push(record.bytes.to_vec());
        if length < PIECE { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    scanned.map_err(|why| unreadable(ledger, &why))?;
    Ok(records)
}

//! For operators: ledgers, and who may post to them.

use tonic::{Request, Response, Status};

use super::{
    Caller, House, blocking, convert,
    status::{self, Place},
    wire::{
        self, CorrectClockRequest, CorrectClockResponse, CreateLedgerRequest, CreateLedgerResponse,
        ListLedgersRequest, ListLedgersResponse, RotateKeyRequest, RotateKeyResponse, SetGrantsRequest,
        SetGrantsResponse, ledger_admin_service_server::LedgerAdminService,
    },
};
use crate::domain::{
    event::{ClockCorrected, GrantChanged, Payload},
    id::{LedgerName, SourceName, Subject},
    rejection::Rejection,
};
use crate::journal::{Proposal, Standing, clock::Fault};
use crate::ledgers::{CreateError, Ledger};
use crate::limits::{MAX_GRANTS, REQUEST_TIMEOUT};
use crate::notary::NotRotated;

/// The service.
#[derive(Clone)]
pub(super) struct Admin {
    house: House,
}

impl Admin {
    /// The service of that house.
    pub(super) const fn new(house: House) -> Self {
        Self { house }
    }
}

#[tonic::async_trait]
impl LedgerAdminService for Admin {
    async fn create_ledger(
        &self,
        request: Request<CreateLedgerRequest>,
    ) -> Result<Response<CreateLedgerResponse>, Status> {
        let request = request.into_inner();
        let name =
            LedgerName::parse(&request.name).map_err(|why| status::field("name", why.rule, why.remedy))?;
        tracing::Span::current().record("ledger", name.as_str());
        let opened =
            convert::opened(request.opened).map_err(|why| status::rejected(None, Place::Request, &why))?;
        let ledgers = self.house.ledgers.clone();
        let ledger = blocking(move || {
            let created = ledgers.create(&name, opened).map_err(|why| not_created(&name, &why))?;
            Ok::<_, Status>(summary(&created))
        });
        Ok(Response::new(CreateLedgerResponse { ledger: Some(ledger.await??) }))
    }

    async fn list_ledgers(
        &self,
        _: Request<ListLedgersRequest>,
    ) -> Result<Response<ListLedgersResponse>, Status> {
        let ledgers = self.house.ledgers.clone();
        let ledgers = blocking(move || ledgers.all().iter().map(|ledger| summary(ledger)).collect()).await?;
        Ok(Response::new(ListLedgersResponse { ledgers }))
    }

    async fn set_grants(
        &self,
        request: Request<SetGrantsRequest>,
    ) -> Result<Response<SetGrantsResponse>, Status> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let ledger = self.house.ledger(&request.ledger)?;
        if request.grants.is_empty() || request.grants.len() > MAX_GRANTS {
            return Err(status::field("grants", "not 1 to 100 grants", "send 1 to 100 grants in a request"));
        }
        let proposals = request
            .grants
            .into_iter()
            .enumerate()
            .map(|(index, grant)| proposal(&ledger, index, grant))
            .collect::<Result<_, _>>()
            .map_err(|why| status::rejected(Some(&ledger.name), Place::Request, &why))?;
        let deadline = caller.deadline.map_or_else(|| std::time::Instant::now() + REQUEST_TIMEOUT, |d| d.at);
        let appended = ledger.journal.append(proposals, Some(deadline)).await;
        let appended = appended.map_err(|refused| status::refused(&ledger.name, Place::Grant, &refused))?;
        let receipts = appended.iter().map(|one| convert::receipt(&ledger.name, &one.receipt)).collect();
        Ok(Response::new(SetGrantsResponse { receipts }))
    }

    async fn correct_clock(
        &self,
        request: Request<CorrectClockRequest>,
    ) -> Result<Response<CorrectClockResponse>, Status> {
        let caller = Caller::of(&request)?;
        let ledger = self.house.ledger(&request.into_inner().ledger)?;
        let Standing::ClockFault(Fault { drift_seconds, .. }) = ledger.journal.standing() else {
            return Err(status::clock_is_trusted(&ledger.name));
        };
        let proposal = said(&ledger, ledger.name.subject(), ClockCorrected { drift_seconds })
            .map_err(|why| status::rejected(Some(&ledger.name), Place::Request, &why))?;
        let deadline = caller.deadline.map_or_else(|| std::time::Instant::now() + REQUEST_TIMEOUT, |d| d.at);
        let appended = ledger.journal.append(vec![proposal], Some(deadline)).await;
        let appended =
            appended.map_err(|refused| status::refused(&ledger.name, |_| Place::Request, &refused))?;
        let receipt = appended.first().map(|one| convert::receipt(&ledger.name, &one.receipt));
        Ok(Response::new(CorrectClockResponse { receipt, drift_seconds }))
    }

    async fn rotate_key(
        &self,
        request: Request<RotateKeyRequest>,
    ) -> Result<Response<RotateKeyResponse>, Status> {
        let ledger = self.house.ledger(&request.into_inner().ledger)?;
        let rotated = ledger.notary.rotate().await.map_err(|why| match why {
            NotRotated::Refused(refused) => status::refused(&ledger.name, |_| Place::Request, &refused),
            NotRotated::Unattested(why) => status::unattested(&ledger.name, &why),
            NotRotated::Key(why) => {
                tracing::error!(ledger = %ledger.name, %why, "the key could not be rotated");
                status::not_rotated(&ledger.name)
            }
        })?;
        Ok(Response::new(RotateKeyResponse {
            receipt: Some(convert::receipt(&ledger.name, &rotated.receipt)),
            vkey: rotated.key.to_string(),
            handover: rotated.handover.to_text(),
        }))
    }
}

/// An operator's own event about that subject, at this moment.
fn said(ledger: &Ledger, subject: Subject, payload: impl Into<Payload>) -> Result<Proposal, Rejection> {
    Proposal::of_operator(subject, ledger.clock.now(), payload)
}

/// A grant, as the operator's own event.
fn proposal(ledger: &Ledger, index: usize, wire: wire::SourceGrant) -> Result<Proposal, Rejection> {
    let (source, grant): (SourceName, GrantChanged) = convert::grant(index, wire)?;
    said(ledger, source.subject(), grant)
}

fn not_created(name: &LedgerName, why: &CreateError) -> Status {
    match why {
        CreateError::AlreadyExists => status::ledger_exists(name),
        CreateError::Refused(refused) => status::refused(name, |_| Place::Opened, refused),
        CreateError::Failed(why) => {
            tracing::error!(ledger = %name, %why, "the ledger could not be created");
            status::not_created(name)
        }
    }
}

fn summary(ledger: &Ledger) -> wire::Ledger {
    let head = ledger.journal.head();
    wire::Ledger {
        name: ledger.name.to_string(),
        opened: Some(convert::opened_message(&ledger.genesis)),
        opened_at: Some(convert::field::instant(ledger.opened.recorded_at)),
        size: head.size,
        head_hash: head.hash.0.to_vec(),
        root_hash: head.root.0.to_vec(),
        read_only_because: match ledger.journal.standing() {
            Standing::Open => String::new(),
            Standing::ReadOnly(why) => why,
            Standing::ClockFault(fault) => fault.why,
        },
        vkey: ledger.notary.key().to_string(),
    }
}

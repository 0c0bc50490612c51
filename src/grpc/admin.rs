//! For operators: ledgers, and who may post to them.

use std::sync::Arc;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{
    Caller, House, blocking, convert,
    status::{self, Place},
    wire::{
        self, CorrectClockRequest, CorrectClockResponse, CreateLedgerRequest, CreateLedgerResponse,
        ListLedgersRequest, ListLedgersResponse, SetGrantsRequest, SetGrantsResponse,
        ledger_admin_service_server::LedgerAdminService,
    },
};
use crate::domain::{
    command::{Command, Expected},
    event::{ClockCorrected, Event, GrantChanged, Payload},
    id::{LedgerName, SourceName, Subject},
    rejection::Rejection,
    value::Occurred,
};
use crate::journal::{Proposal, Standing, clock::Fault};
use crate::ledgers::{CreateError, Ledger};
use crate::limits::{MAX_GRANTS, REQUEST_TIMEOUT};

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
}

/// An operator's own event about that subject, at this moment. Nobody has to choose an id for it: to say it twice is
/// to say the same twice.
fn said(ledger: &Ledger, subject: Subject, payload: impl Into<Payload>) -> Result<Proposal, Rejection> {
    let event = Event {
        id: Uuid::new_v4(),
        subject,
        occurred: Occurred::Instant(ledger.clock.now()),
        source_sequence: None,
        producer_recorded_at: None,
        actor_post: None,
        correlation_id: None,
        causation_id: None,
        payload: payload.into(),
    };
    let command = Command { source: convert::operator()?, expected: Expected::Any, event: Arc::new(event) };
    Ok(Proposal { command, texts: Vec::new() })
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
    }
}

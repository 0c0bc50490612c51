//! Answers "are we keeping our word?": chooses the position and the day, and has the report worked out.

use futures_util::Stream;
use std::{pin::Pin, sync::Arc, time::Instant};
use tonic::{Request, Response, Status};

use super::{
    Caller, House, blocking, convert, explaining, issuing,
    status::{self, Place},
    watching,
    wire::{
        ExplainFigureRequest, ExplainFigureResponse, GetReportRequest, GetReportResponse, IssueReportRequest,
        IssueReportResponse, ListDefinitionsRequest, ListDefinitionsResponse, ListIssuedRequest,
        ListIssuedResponse, TracePolicyChangeRequest, TracePolicyChangeResponse, WatchReportRequest,
        WatchReportResponse, report_service_server::ReportService,
    },
};
use crate::domain::value::Sha256;
use crate::journal::Refused;
use crate::ledgers::Ledger;
use crate::limits::REQUEST_TIMEOUT;
use crate::projections::Views;
use crate::reports::{self, NotReportable, Parameters, Period, ReportName, Stand};

/// The service.
#[derive(Clone)]
pub(super) struct Reports {
    house: House,
}

impl Reports {
    /// The service of that house.
    pub(super) const fn new(house: House) -> Self {
        Self { house }
    }
}

#[tonic::async_trait]
impl ReportService for Reports {
    type WatchReportStream = Pin<Box<dyn Stream<Item = Result<WatchReportResponse, Status>> + Send>>;

    async fn get_report(
        &self,
        request: Request<GetReportRequest>,
    ) -> Result<Response<GetReportResponse>, Status> {
        let caller = Caller::of(&request)?;
        let made = make(&self.house, &caller, request.into_inner()).await?;
        Ok(Response::new(GetReportResponse { report: Some(convert::report(made.report)) }))
    }

    async fn explain_figure(
        &self,
        request: Request<ExplainFigureRequest>,
    ) -> Result<Response<ExplainFigureResponse>, Status> {
        let caller = Caller::of(&request)?;
        explaining::explain(&self.house, &caller, request.into_inner()).await.map(Response::new)
    }

    async fn trace_policy_change(
        &self,
        request: Request<TracePolicyChangeRequest>,
    ) -> Result<Response<TracePolicyChangeResponse>, Status> {
        let caller = Caller::of(&request)?;
        explaining::trace(&self.house, &caller, request.into_inner()).await.map(Response::new)
    }

    async fn issue_report(
        &self,
        request: Request<IssueReportRequest>,
    ) -> Result<Response<IssueReportResponse>, Status> {
        let caller = Caller::of(&request)?;
        issuing::issue(&self.house, &caller, request.into_inner()).await.map(Response::new)
    }

    async fn list_issued(
        &self,
        request: Request<ListIssuedRequest>,
    ) -> Result<Response<ListIssuedResponse>, Status> {
        let caller = Caller::of(&request)?;
        issuing::list(&self.house, &caller, request.into_inner()).await.map(Response::new)
    }

    async fn watch_report(
        &self,
        request: Request<WatchReportRequest>,
    ) -> Result<Response<Self::WatchReportStream>, Status> {
        let caller = Caller::of(&request)?;
        let flow = watching::watch(&self.house, &caller, request.into_inner()).await?;
        Ok(Response::new(Box::pin(flow)))
    }

    async fn list_definitions(
        &self,
        request: Request<ListDefinitionsRequest>,
    ) -> Result<Response<ListDefinitionsResponse>, Status> {
        let names = convert::report_names(&request.get_ref().reports)
            .map_err(|why| status::rejected(None, Place::Request, &why))?;
        let definitions = names.into_iter().map(convert::definition).collect();
        Ok(Response::new(ListDefinitionsResponse { definitions }))
    }
}

/// A report, and what it was made from.
pub(super) struct Made {
    pub(super) ledger: Arc<Ledger>,
    pub(super) name: ReportName,
    pub(super) views: Arc<Views>,
    pub(super) parameters: Parameters,
    pub(super) report: reports::Report,
}

/// What is asked inside another request.
pub(super) fn asked(report: Option<GetReportRequest>) -> Result<GetReportRequest, Status> {
    report.ok_or_else(|| status::field("report", "missing", "say of which ledger, and which report"))
}

/// Works out the report that is asked for.
pub(super) async fn make(house: &House, caller: &Caller, request: GetReportRequest) -> Result<Made, Status> {
    let ledger = house.ledger(&request.ledger)?;
    let malformed = |why| status::rejected(None, Place::Request, &why);
    let name = convert::report_name(request.report).map_err(malformed)?;
    let as_at = convert::as_at(request.as_at).map_err(malformed)?.unwrap_or_else(|| today(&ledger));
    let period = match request.period.as_str() {
        "" => Period::financial_year_of(as_at),
        text => Period::parse(text).map_err(|why| status::field("period", why.rule, why.remedy))?,
    };
    let views = known(&ledger, caller, request.as_known, request.at_least).await?;
    let as_known = request.as_known.unwrap_or_else(|| views.size());
    let parameters =
        Parameters { since: request.since, days: request.days, ..Parameters::new(as_at, as_known, period) };
    let report = work_out(&ledger, name, views.clone(), parameters).await?;
    Ok(Made { ledger, name, views, parameters, report })
}

/// The day it is where the ledger is.
pub(super) fn today(ledger: &Ledger) -> jiff::civil::Date {
    ledger.journal.zone().to_datetime(ledger.clock.now()).date()
}

/// Views that hold what is asked for; without a wish: what is recorded now.
pub(super) async fn known(
    ledger: &Ledger,
    caller: &Caller,
    as_known: Option<u64>,
    at_least: Option<u64>,
) -> Result<Arc<Views>, Status> {
    let size = ledger.journal.head().size;
    match as_known {
        Some(0) => return Err(status::field("as_known", "no events", "ask for at least 1 event")),
        Some(as_known) if as_known > size => {
            return Err(status::beyond_head(&ledger.name, "as_known", as_known, size));
        }
        _ => {}
    }
    // Views that lag, or have stopped, must not pass for the present.
    let wanted = at_least.max(as_known).unwrap_or(size).max(1);
    let until = caller.deadline.map_or_else(|| Instant::now() + REQUEST_TIMEOUT, |deadline| deadline.at);
    // A little of the time is left to work out the report, and to say that it was too short.
    let patience = until.saturating_duration_since(Instant::now()).mul_f32(0.9);
    match tokio::time::timeout(patience, ledger.views.at_least(wanted)).await {
        Ok(Some(views)) => Ok(views),
        Ok(None) => Err(status::views_ended(&ledger.name)),
        Err(_) => Err(status::views_behind(&ledger.name, wanted, ledger.views.latest().size())),
    }
}

/// Works out a report from views, on a thread that may block.
pub(super) async fn work_out(
    ledger: &Arc<Ledger>,
    name: ReportName,
    views: Arc<Views>,
    parameters: Parameters,
) -> Result<reports::Report, Status> {
    let ledger = ledger.clone();
    blocking(move || {
        let stand =
            Stand { ledger: ledger.name.to_string(), root: Sha256(root(&ledger, parameters.as_known)?) };
        ledger.reports.report(name, &views, &parameters, &stand).map_err(|why| not_reportable(&ledger, &why))
    })
    .await?
}

/// The root of the first so many records. Reads files.
pub(super) fn root(ledger: &Ledger, size: u64) -> Result<[u8; 32], Status> {
    let root = ledger.journal.reader().root(size);
    let root = root
        .map_err(|why| status::refused(&ledger.name, Place::Event, &Refused::Unreadable(why.to_string())))?;
    Ok(root.0)
}

fn not_reportable(ledger: &Ledger, why: &NotReportable) -> Status {
    match why {
        NotReportable::BeyondHead { as_known, size } => {
            status::beyond_head(&ledger.name, "as_known", *as_known, *size)
        }
        NotReportable::NotOpened => status::field("as_known", "no events", "ask for at least 1 event"),
    }
}

//! Answers "are we keeping our word?": chooses the position and the day, and has the report worked out.

use std::{sync::Arc, time::Instant};
use tonic::{Request, Response, Status};

use super::{
    Caller, House, blocking, convert,
    status::{self, Place},
    wire::{GetReportRequest, GetReportResponse, report_service_server::ReportService},
};
use crate::domain::value::Sha256;
use crate::journal::Refused;
use crate::ledgers::Ledger;
use crate::limits::REQUEST_TIMEOUT;
use crate::projections::Views;
use crate::reports::{NotReportable, Parameters, Period, Stand};

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
    async fn get_report(
        &self,
        request: Request<GetReportRequest>,
    ) -> Result<Response<GetReportResponse>, Status> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let ledger = self.house.ledger(&request.ledger)?;
        let malformed = |why| status::rejected(None, Place::Request, &why);
        let name = convert::report_name(request.report).map_err(malformed)?;
        let as_at = convert::as_at(request.as_at).map_err(malformed)?;
        let as_at = as_at.unwrap_or_else(|| ledger.journal.zone().to_datetime(ledger.clock.now()).date());
        let period = match request.period.as_str() {
            "" => Period::financial_year_of(as_at),
            text => Period::parse(text).map_err(|why| status::field("period", why.rule, why.remedy))?,
        };
        let size = ledger.journal.head().size;
        match request.as_known {
            Some(0) => {
                return Err(status::field("as_known", "no events", "ask for at least 1 event"));
            }
            Some(as_known) if as_known > size => {
                return Err(status::beyond_head(&ledger.name, "as_known", as_known, size));
            }
            _ => {}
        }
        // Without a wish: what is recorded now. Views that lag, or have stopped, must not pass for the present.
        let wanted = request.at_least.max(request.as_known).unwrap_or(ledger.journal.head().size).max(1);
        let until = caller.deadline.map_or_else(|| Instant::now() + REQUEST_TIMEOUT, |deadline| deadline.at);
        let views = views(&ledger, wanted, until).await?;
        let as_known = request.as_known.unwrap_or_else(|| views.size());
        let parameters = Parameters {
            since: request.since,
            days: request.days,
            ..Parameters::new(as_at, as_known, period)
        };
        let report = blocking(move || {
            let root = ledger.journal.reader().root(as_known).map_err(|why| {
                status::refused(&ledger.name, Place::Event, &Refused::Unreadable(why.to_string()))
            })?;
            let stand = Stand { ledger: ledger.name.to_string(), root: Sha256(root.0) };
            let worked = ledger.reports.report(name, &views, &parameters, &stand);
            worked.map_err(|why| not_reportable(&ledger, &why))
        });
        Ok(Response::new(GetReportResponse { report: Some(convert::report(report.await??)) }))
    }
}

/// Views that hold at least so many events, if they get there while somebody waits.
async fn views(ledger: &Ledger, wanted: u64, until: Instant) -> Result<Arc<Views>, Status> {
    // A little of the time is left to work out the report, and to say that it was too short.
    let patience = until.saturating_duration_since(Instant::now()).mul_f32(0.9);
    match tokio::time::timeout(patience, ledger.views.at_least(wanted)).await {
        Ok(Some(views)) => Ok(views),
        Ok(None) => Err(status::views_ended(&ledger.name)),
        Err(_) => Err(status::views_behind(&ledger.name, wanted, ledger.views.latest().size())),
    }
}

fn not_reportable(ledger: &Ledger, why: &NotReportable) -> Status {
    match why {
        NotReportable::BeyondHead { as_known, size } => {
            status::beyond_head(&ledger.name, "as_known", *as_known, *size)
        }
        NotReportable::NotOpened => status::field("as_known", "no events", "ask for at least 1 event"),
    }
}

//! A report's headline figures, sent again whenever they change.
//!
//! Invariant: figures about people are worked out when the watch begins and when a release point is declared, and never
//! between: whoever watches learns nothing of when something about a person was recorded. Nobody is sent more than one
//! message a second.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tonic::Status;
use tracing::Instrument as _;

use super::{
    Caller, House, convert,
    outlet::{Flow, Outlet, Stuck, outlet},
    report::{self, Made},
    status,
    wire::{WatchReportRequest, WatchReportResponse},
};
use crate::projections::Views;
use crate::reports::{Figure, Parameters, explain::Released};

/// The least time between two messages, and between two looks.
const EVERY: Duration = Duration::from_secs(1);

/// Begins to watch.
pub(super) async fn watch(
    house: &House,
    caller: &Caller,
    request: WatchReportRequest,
) -> Result<Flow<WatchReportResponse>, Status> {
    let asked = report::asked(request.report)?;
    if asked.as_known.is_some() {
        return Err(status::field("as_known", "not for a watch", "leave it out: what is watched is now"));
    }
    // A day that is not named moves on; the period stays the one with which the watch began.
    let moving = asked.as_at.is_none();
    let made = report::make(house, caller, asked).await?;
    let place = house.readers.clone().try_acquire_owned().map_err(|_| status::too_many_readers())?;
    let (outlet, flow) = outlet(house.patience.stall, place);
    let until = caller.deadline.and_then(super::Deadline::of_stream);
    let watch = Watch { outlet, house: house.clone(), until, moving, made, sent: Vec::new() };
    tokio::spawn(watch.run().instrument(tracing::Span::current()));
    Ok(flow)
}

struct Watch {
    outlet: Outlet<WatchReportResponse>,
    house: House,
    until: Option<Instant>,
    moving: bool,
    /// The report as it was worked out last.
    made: Made,
    /// The headlines as they were sent last.
    sent: Vec<Figure>,
}

/// Why a watch ends.
enum Stop {
    Left,
    Because(Status),
}

impl From<Status> for Stop {
    fn from(why: Status) -> Self {
        Self::Because(why)
    }
}

impl Watch {
    async fn run(mut self) {
        let stop = match self.follow().await {
            Ok(never) => match never {},
            Err(stop) => stop,
        };
        if let Stop::Because(why) = stop {
            self.outlet.end(why);
        }
    }

    async fn follow(&mut self) -> Result<std::convert::Infallible, Stop> {
        self.tell().await?;
        let mut looked = self.made.views.size();
        loop {
            self.pause().await?;
            let views = self.made.ledger.views.latest();
            let as_at =
                if self.moving { report::today(&self.made.ledger) } else { self.made.parameters.as_at };
            if views.size() == looked && as_at == self.made.parameters.as_at {
                continue;
            }
            looked = views.size();
            let parameters = Parameters { as_at, as_known: views.size(), ..self.made.parameters };
            if !self.is_due(&views, &parameters) {
                continue;
            }
            let (ledger, name) = (&self.made.ledger, self.made.name);
            self.made.report = report::work_out(ledger, name, views.clone(), parameters).await?;
            self.made.views = views;
            self.made.parameters = parameters;
            self.tell().await?;
        }
    }

    /// Whether there may be something new to tell.
    fn is_due(&self, views: &Arc<Views>, parameters: &Parameters) -> bool {
        !self.made.name.is_about_people()
            || point(views, parameters) != point(&self.made.views, &self.made.parameters)
    }

    /// Sends the headlines, if one of them changed.
    async fn tell(&mut self) -> Result<(), Stop> {
        let report = &self.made.report;
        let was = |figure: &Figure| self.sent.iter().find(|sent| sent.id == figure.id);
        let changed = |figure: &&Figure| was(figure).is_none_or(|was| !is_same(was, figure));
        let changed: Vec<_> =
            report.figures.iter().filter(changed).map(|figure| figure.id.to_string()).collect();
        if changed.is_empty() && self.sent.len() == report.figures.len() && !self.sent.is_empty() {
            return Ok(());
        }
        let message = WatchReportResponse {
            ledger: report.ledger.clone(),
            example_data: report.example_data,
            code: report.code.clone(),
            definition_version: report.definition_version.clone(),
            as_at: Some(convert::field::day(report.as_at)),
            as_known: report.as_known,
            root_hash: report.root_hash.0.to_vec(),
            period: report.period.clone(),
            figures: report.figures.iter().cloned().map(convert::figure).collect(),
            changed,
            release_point: point(&self.made.views, &self.made.parameters)
                .filter(|_| self.made.name.is_about_people())
                .as_ref()
                .map(convert::point),
        };
        self.sent.clone_from(&report.figures);
        self.outlet.put(message).await.map_err(|stuck| match stuck {
            Stuck::Left => Stop::Left,
            Stuck::Stalled => {
                let why = "the reader took no message in time";
                Stop::Because(status::lagged(&self.made.ledger.name, None, why))
            }
        })
    }

    async fn pause(&self) -> Result<(), Stop> {
        let too_late = async {
            match self.until {
                Some(until) => tokio::time::sleep_until(until.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = tokio::time::sleep(EVERY) => Ok(()),
            () = self.outlet.left() => Err(Stop::Left),
            () = self.house.stopped() => Err(status::stopping().into()),
            () = too_late => Err(status::too_late().into()),
        }
    }
}

fn point(views: &Views, parameters: &Parameters) -> Option<Released> {
    views.releases.points(parameters.horizon()).last().map(Released::from)
}

/// Whether a figure says the same. Which events it rests on may have changed.
fn is_same(one: &Figure, other: &Figure) -> bool {
    let said = |it: &Figure| (it.status, it.text.clone(), it.unit.clone(), it.numerator, it.denominator);
    said(one) == said(other) && one.number == other.number
}

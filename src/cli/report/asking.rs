//! What the commands about reports take alike: which ledger, where it is, and from where and about when it is looked at.
//!
//! Invariant: what is left out here is left out on the wire, so that server and files choose the same. It must not know
//! what is asked.

use anyhow::anyhow;
use clap::Args;
use jiff::{Timestamp, civil::Date};
use std::path::PathBuf;

use crate::cli::client::{self, DEFAULT_SERVER, Server, Who};
use crate::cli::offline::Offline;
use crate::grpc::wire::GetReportRequest;
use crate::projections::Views;
use crate::reports::{Parameters, Period, ReportName};

/// Which ledger, on which server.
#[derive(Args)]
pub(in crate::cli) struct Served {
    /// The ledger's name; with --data it may be left out if there is only one.
    #[arg(long, value_name = "NAME", env = "PLEDGEBOOK_LEDGER")]
    pub(in crate::cli) ledger: Option<String>,
    /// Where the server is.
    #[arg(long, value_name = "URL", env = "PLEDGEBOOK_SERVER", default_value = DEFAULT_SERVER)]
    server: String,
    #[command(flatten)]
    who: Who,
}

/// From where it is looked at.
#[derive(Args, Clone, Default)]
pub(in crate::cli) struct Seen {
    /// What had happened by the end of this day [default: today].
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(super) as_at: Option<Date>,
    /// What the ledger held: its first N events [default: all].
    #[arg(long, value_name = "N")]
    pub(super) as_known: Option<u64>,
}

/// What a report is asked: from where, about when, and what else it takes.
#[derive(Args, Clone, Default)]
pub(in crate::cli) struct Question {
    #[command(flatten)]
    pub(super) seen: Seen,
    /// A financial year, `2025-26`, or a quarter, `2025-26 Q3` [default: the year of --as-at].
    #[arg(long, value_name = "PERIOD", value_parser = Period::parse)]
    pub(super) period: Option<Period>,
    /// For restatements: what had been known at the report before, as the ledger's first N events [default: at the last
    /// report that was issued].
    #[arg(long, value_name = "N")]
    pub(super) since: Option<u64>,
    /// For silence: after how many days without an event somebody is called silent [default: 90].
    #[arg(long, value_name = "N")]
    pub(super) days: Option<u32>,
}

impl Served {
    /// The ledger's name on the wire.
    pub(in crate::cli) fn name(&self) -> anyhow::Result<String> {
        let named = self.ledger.as_deref().filter(|name| !name.is_empty()).ok_or_else(|| {
            anyhow!("--ledger: say which ledger; `pledgebook ledger list` names those of the server")
        })?;
        client::ledger_name("--ledger", named)
    }

    /// A connection.
    pub(in crate::cli) async fn connect(&self) -> anyhow::Result<Server> {
        Server::connect(&self.server, &self.who).await
    }

    /// The ledger's files in a data directory.
    pub(in crate::cli) fn read(&self, data: &std::path::Path) -> anyhow::Result<Offline> {
        Offline::read(data, self.ledger.as_deref())
    }
}

impl Seen {
    /// The day on the wire.
    pub(in crate::cli) fn day(&self) -> Option<crate::grpc::wire::Date> {
        self.as_at.map(super::day)
    }

    /// The position on the wire.
    pub(in crate::cli) const fn position(&self) -> Option<u64> {
        self.as_known
    }

    /// Both of a ledger's files, in the year of the day.
    pub(in crate::cli) fn parameters(&self, views: &Views) -> Parameters {
        let as_at = self.as_at.unwrap_or_else(|| views.local_day(Timestamp::now()));
        let as_known = self.as_known.unwrap_or_else(|| views.size());
        Parameters::new(as_at, as_known, Period::financial_year_of(as_at))
    }
}

impl Question {
    /// The question on the wire, of the ledger of that name.
    pub(in crate::cli) fn request(&self, name: ReportName, ledger: String) -> GetReportRequest {
        GetReportRequest {
            ledger,
            report: name.number(),
            as_at: self.seen.day(),
            as_known: self.seen.position(),
            period: self.period.map(|period| period.to_string()).unwrap_or_default(),
            since: self.since,
            days: self.days,
            ..GetReportRequest::default()
        }
    }

    /// The parameters of a report of a ledger's files.
    pub(in crate::cli) fn parameters(&self, views: &Views) -> Parameters {
        let parameters = self.seen.parameters(views);
        Parameters {
            period: self.period.unwrap_or(parameters.period),
            since: self.since,
            days: self.days,
            ..parameters
        }
    }
}

/// A data directory, for what can be asked without a server.
#[derive(Args)]
pub(in crate::cli) struct Data {
    /// Read this data directory instead of asking a server.
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) data: Option<PathBuf>,
}

//! `pledgebook report`: one report, from a server or from a data directory; and what can be asked about one.

pub(super) mod asking;
pub(super) mod explain;
mod issue;
mod watch;

use anyhow::{Context as _, anyhow};
use clap::{Args, Subcommand};
use jiff::civil::Date;
use std::{fs, path::PathBuf};

use super::{
    Outcome, answer, block_on,
    client::{self, DEFAULT_SERVER, Server, Who},
    offline::Offline,
    out::{self, Align},
};
use crate::grpc::wire;
use crate::reports::{self, Format, Parameters, Period, ReportName};

/// Print a report: what people were promised, and what came of it.
///
/// With --data the report is worked out from the files, without a server and without touching them; the same ledger
/// at the same position gives the same report either way.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = "Example:
  pledgebook report lateness --data ./pledgebook-demo --as-at 2025-12-31
  pledgebook report r1 --ledger improvement-service \\
      --format html --out commitments.html
  pledgebook report list
  pledgebook report explain r2.late_against_first_due --data ./pledgebook-demo
  pledgebook report issued --ledger improvement-service")]
pub(super) struct Report {
    #[command(subcommand)]
    what: Option<What>,
    /// r1 to r12, or a report by name; `list` names them.
    #[arg(required = true)]
    name: Option<String>,
    /// The ledger's name; with --data it may be left out if there is only one.
    #[arg(long, value_name = "NAME", env = "PLEDGEBOOK_LEDGER")]
    ledger: Option<String>,
    /// Where the server is.
    #[arg(long, value_name = "URL", env = "PLEDGEBOOK_SERVER", default_value = DEFAULT_SERVER)]
    server: String,
    /// Read this data directory instead of asking a server.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// What had happened by the end of this day [default: today].
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_at: Option<Date>,
    /// What the ledger held: its first N events [default: all].
    #[arg(long, value_name = "N")]
    as_known: Option<u64>,
    /// A financial year, `2025-26`, or a quarter, `2025-26 Q3` [default: the year of --as-at].
    #[arg(long, value_name = "PERIOD", value_parser = Period::parse)]
    period: Option<Period>,
    /// For restatements: what had been known at the report before, as the ledger's first N events [default: at the last
    /// report that was issued].
    #[arg(long, value_name = "N")]
    since: Option<u64>,
    /// For silence: after how many days without an event somebody is called silent [default: 90].
    #[arg(long, value_name = "N")]
    days: Option<u32>,
    /// text, json, csv or html.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = Format::parse)]
    format: Format,
    /// The same as --format json.
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Write into this file instead of printing.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    who: Who,
}

#[derive(Subcommand)]
enum What {
    /// Show the events behind a figure.
    Explain(explain::Explain),
    /// Issue a report: record that it was, with the hash of its canonical form.
    Issue(issue::Issue),
    /// List the reports that were issued.
    Issued(issue::Issued),
    /// Follow a report's headline figures.
    Watch(watch::Watch),
}

impl Report {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        match self.what {
            Some(What::Explain(explain)) => return explain.run(),
            Some(What::Issue(issue)) => return issue.run(),
            Some(What::Issued(issued)) => return issued.run(),
            Some(What::Watch(watch)) => return watch.run(),
            None => {}
        }
        let asked = self.name.as_deref().unwrap_or_default();
        if asked == "list" {
            out::print(&list(self.json));
            return Ok(Outcome::Done);
        }
        let name = ReportName::parse(asked).map_err(|why| anyhow!("{asked}: {why}"))?;
        let report = match &self.data {
            Some(data) => self.offline(name, data)?,
            None => block_on(self.asked(name))?,
        };
        let format = if self.json { Format::Json } else { self.format };
        let text = reports::render(&report, format, out::width() as u16);
        match &self.out {
            None => out::print(&text),
            Some(file) => {
                fs::write(file, text)
                    .with_context(|| format!("--out {}: cannot be written", file.display()))?;
            }
        }
        Ok(Outcome::Done)
    }

    fn offline(&self, name: ReportName, data: &std::path::Path) -> anyhow::Result<reports::Report> {
        let ledger = Offline::read(data, self.ledger.as_deref())?;
        let as_at = self.as_at.unwrap_or_else(|| ledger.views.local_day(jiff::Timestamp::now()));
        let as_known = self.as_known.unwrap_or_else(|| ledger.views.size());
        let period = self.period.unwrap_or_else(|| Period::financial_year_of(as_at));
        let parameters =
            Parameters { since: self.since, days: self.days, ..Parameters::new(as_at, as_known, period) };
        Ok(reports::report(name, &ledger.views, &parameters, &ledger.stand(as_known)?)?)
    }

    async fn asked(&self, name: ReportName) -> anyhow::Result<reports::Report> {
        let ledger = self.ledger.as_deref().ok_or_else(|| {
            anyhow!("--ledger: say which ledger; `pledgebook ledger list` names those of the server")
        })?;
        let server = Server::connect(&self.server, &self.who).await?;
        let period = self.period.map(|period| period.to_string()).unwrap_or_default();
        let request = wire::GetReportRequest {
            ledger: client::ledger_name("--ledger", ledger)?,
            as_at: self.as_at.map(day),
            as_known: self.as_known,
            period,
            since: self.since,
            days: self.days,
            ..wire::GetReportRequest::default()
        };
        ask(&server, name, request).await
    }
}

/// Asks a server for a report of that name.
pub(super) async fn ask(
    server: &Server,
    name: ReportName,
    mut request: wire::GetReportRequest,
) -> anyhow::Result<reports::Report> {
    request.report = name.number();
    let answered = server.reports().get_report(request).await.map_err(|status| client::failed(&status))?;
    answer::report(answered.into_inner())
}

/// A day on the wire.
pub(super) fn day(day: Date) -> wire::Date {
    wire::Date { year: day.year().into(), month: day.month().into(), day: day.day().into() }
}

fn list(json: bool) -> String {
    if json {
        let rows = ReportName::ALL.map(|it| {
            serde_json::json!({"code": it.code(), "name": it.slug(), "question": it.title(),
                "definition": it.definition_version()})
        });
        return format!("{}\n", serde_json::json!({ "reports": rows }));
    }
    let columns = [("Code", Align::Left), ("Name", Align::Left), ("Question", Align::Left)];
    let row = |it: ReportName| vec![it.code().to_owned(), it.slug().to_owned(), it.title().to_owned()];
    out::table(&columns, &ReportName::ALL.map(row), out::width())
}

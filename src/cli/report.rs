//! `pledgebook report`: one report, several as one paper, what their words mean, or columns side by side; from a server or
//! from a data directory; and what can be asked about one.

pub(super) mod asking;
mod compare;
mod definitions;
pub(super) mod explain;
mod issue;
mod output;
mod watch;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use jiff::civil::Date;
use std::path::PathBuf;

use self::{asking::Question, output::Output};
use super::{
    Outcome, answer, block_on,
    client::{self, DEFAULT_SERVER, Server, Who},
    offline::Offline,
    out::{self, Align},
};
use crate::grpc::wire;
use crate::reports::{self, Content, ReportName};

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
  pledgebook report all --data ./pledgebook-demo \\
      --ledger improvement-service --format xlsx --out book.xlsx
  pledgebook report list
  pledgebook report definitions r2
  pledgebook report explain r2.late_against_first_due --data ./pledgebook-demo
  pledgebook report issued --ledger improvement-service")]
pub(super) struct Report {
    #[command(subcommand)]
    what: Option<What>,
    /// r1 to r12, or a report by name; `list` names them; `all` is all of them as one paper, book or file.
    #[arg(required = true)]
    name: Option<String>,
    /// The ledger's name; with --data it may be left out if there is only one.
    #[arg(long, value_name = "NAME", env = "PLEDGEBOOK_LEDGER")]
    ledger: Option<String>,
    #[command(flatten)]
    question: Question,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    output: Output,
}

#[derive(Subcommand)]
enum What {
    /// Say what the words and numbers of reports mean, and in which version.
    Definitions(definitions::Definitions),
    /// Set a report's headlines side by side: several periods of a ledger, or several ledgers.
    Compare(Box<compare::Compare>),
    /// Show the events behind a figure.
    Explain(explain::Explain),
    /// Issue a report: record that it was, with the hash of its canonical form.
    Issue(issue::Issue),
    /// List the reports that were issued.
    Issued(issue::Issued),
    /// Follow a report's headline figures.
    Watch(watch::Watch),
}

/// Where ledgers are.
#[derive(Args)]
struct Place {
    /// Where the server is.
    #[arg(long, value_name = "URL", env = "PLEDGEBOOK_SERVER", default_value = DEFAULT_SERVER)]
    server: String,
    /// Read this data directory instead of asking a server.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    who: Who,
}

impl Report {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        match self.what {
            Some(What::Definitions(definitions)) => return definitions.run(),
            Some(What::Compare(compare)) => return compare.run(),
            Some(What::Explain(explain)) => return explain.run(),
            Some(What::Issue(issue)) => return issue.run(),
            Some(What::Issued(issued)) => return issued.run(),
            Some(What::Watch(watch)) => return watch.run(),
            None => {}
        }
        let asked = self.name.unwrap_or_default();
        if asked == "list" {
            out::print(&list(self.output.is_json()));
            return Ok(Outcome::Done);
        }
        let names = if asked == "all" { ReportName::ALL.to_vec() } else { vec![name(&asked)?] };
        let reports = self.place.ledger(self.ledger.as_deref())?.reports(&names, &self.question)?;
        match reports.as_slice() {
            [only] => self.output.write(Content::Report(only)),
            several => self.output.write(Content::Reports(several)),
        }
    }
}

/// The report that is called so.
fn name(asked: &str) -> anyhow::Result<ReportName> {
    ReportName::parse(asked).map_err(|why| anyhow!("{asked}: {why}"))
}

/// A ledger of which reports are asked.
enum Asked<'p> {
    /// Read from its files, once.
    Files(Box<Offline>),
    /// Of that name, on the server of that place.
    Served(String, &'p Place),
}

impl Place {
    /// The ledger of that name; with --data, of none, the only one.
    fn ledger(&self, name: Option<&str>) -> anyhow::Result<Asked<'_>> {
        if let Some(data) = &self.data {
            return Ok(Asked::Files(Box::new(Offline::read(data, name)?)));
        }
        let name = name.ok_or_else(|| {
            anyhow!("--ledger: say which ledger; `pledgebook ledger list` names those of the server")
        })?;
        Ok(Asked::Served(client::ledger_name("--ledger", name)?, self))
    }
}

impl Asked<'_> {
    /// Has reports worked out, all of them on the same records.
    fn reports(&self, names: &[ReportName], question: &Question) -> anyhow::Result<Vec<reports::Report>> {
        match self {
            Self::Files(ledger) => offline(names, question, ledger),
            Self::Served(ledger, place) => block_on(asked(names, question, ledger, place)),
        }
    }

    /// Has one report worked out.
    fn report(&self, name: ReportName, question: &Question) -> anyhow::Result<reports::Report> {
        self.reports(&[name], question)?.pop().ok_or_else(|| anyhow!("there is no report"))
    }
}

/// Reports of a ledger's files.
fn offline(
    names: &[ReportName],
    question: &Question,
    ledger: &Offline,
) -> anyhow::Result<Vec<reports::Report>> {
    let parameters = question.parameters(&ledger.views);
    let stand = ledger.stand(parameters.as_known)?;
    let work = |name: &ReportName| Ok(reports::report(*name, &ledger.views, &parameters, &stand)?);
    names.iter().map(work).collect()
}

/// Reports of a ledger of that name on a server.
async fn asked(
    names: &[ReportName],
    question: &Question,
    ledger: &str,
    place: &Place,
) -> anyhow::Result<Vec<reports::Report>> {
    let server = Server::connect(&place.server, &place.who).await?;
    let mut reports: Vec<reports::Report> = Vec::with_capacity(names.len());
    for name in names {
        let mut request = question.request(*name, ledger.to_owned());
        if let Some(first) = reports.first() {
            // The ledger may grow, and midnight may pass, between one report and the next.
            request.as_known = Some(first.as_known);
            request.as_at = Some(day(first.as_at));
            request.period.clone_from(&first.period);
        }
        reports.push(ask(&server, *name, request).await?);
    }
    Ok(reports)
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

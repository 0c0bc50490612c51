//! `pledgebook report issue` and `report issued`: a report that stands for good, and which ones do.
//!
//! Invariant: the bytes that are written are those whose hash is in the record; that is checked here before they are.

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};

use super::asking::{Data, Question, Served};
use super::explain::said;
use crate::cli::{
    Outcome, block_on, client,
    out::{self, Align},
};
use crate::grpc::wire::{IssueReportRequest, IssueReportResponse, IssuedReport, ListIssuedRequest};
use crate::reports::{ReportName, render::fingerprint};

/// Issue a report: the server works it out, records that it was issued, with the SHA-256 of its canonical form, and gives
/// that form, for `pledgebook verify-report`.
///
/// Reports about people need a release point. Issuing the same report under the same id again gives the same file.
#[derive(Args)]
#[command(after_help = "Example:
  pledgebook report issue r2 --id r2-2025-q2 --as-at 2025-09-30 \\
      --ledger improvement-service --out r2-2025-q2.json
  pledgebook verify-report r2-2025-q2.json --data ./pledgebook-data")]
pub(in crate::cli) struct Issue {
    /// r1 to r12, or a report by name.
    name: String,
    /// What the issue is called; its subject is `issued-report/<ID>`.
    #[arg(long, value_name = "ID")]
    id: String,
    #[command(flatten)]
    served: Served,
    #[command(flatten)]
    question: Question,
    /// The post in whose name it is issued.
    #[arg(long, value_name = "CODE")]
    post: Option<String>,
    /// The file for the report (default: `<ID>.json`).
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Say in JSON what was issued.
    #[arg(long)]
    json: bool,
}

impl Issue {
    pub(in crate::cli) fn run(self) -> anyhow::Result<Outcome> {
        let name = ReportName::parse(&self.name).map_err(|why| anyhow!("{}: {why}", self.name))?;
        let path = self.out.clone().unwrap_or_else(|| PathBuf::from(format!("{}.json", self.id)));
        let answer = block_on(self.ask(name))?;
        let issued = answer.issued.as_ref().context("the server answered without an issue")?;
        let receipt = answer.receipt.as_ref().context("the server answered without a receipt")?;
        if fingerprint(&answer.content).0[..] != issued.sha256[..] {
            bail!("the server sent a report that has not the hash of the record; nothing was written");
        }
        fs::write(&path, &answer.content)
            .with_context(|| format!("--out {}: cannot be written; issue it again", path.display()))?;
        out::print(&if self.json {
            let mut page = shown(issued);
            page["ledger"] = json!(receipt.ledger);
            page["file"] = json!(path.display().to_string());
            page["repeated"] = json!(answer.repeated);
            format!("{page}\n")
        } else {
            let already = if answer.repeated { " (issued before; the same file again)" } else { "" };
            format!(
                "{}: {} issued as {}, record {}{already}\n  sha256 {}\n",
                path.display(),
                issued.report,
                issued.id,
                issued.sequence,
                const_hex::encode(&issued.sha256),
            )
        });
        Ok(Outcome::Done)
    }

    async fn ask(&self, name: ReportName) -> anyhow::Result<IssueReportResponse> {
        let request = IssueReportRequest {
            report: Some(self.question.request(name, self.served.name()?)),
            id: self.id.clone(),
            actor_post: self.post.clone().unwrap_or_default(),
        };
        let server = self.served.connect().await?;
        let answer = server.reports().issue_report(request).await;
        Ok(answer.map_err(|status| client::failed(&status))?.into_inner())
    }
}

/// List the reports that were issued, the newest first.
#[derive(Args)]
#[command(after_help = "Example:
  pledgebook report issued --data ./pledgebook-demo/improvement-service
  pledgebook report issued --ledger improvement-service --report r2 --json")]
pub(in crate::cli) struct Issued {
    #[command(flatten)]
    served: Served,
    #[command(flatten)]
    data: Data,
    /// Only of this report: r1 to r12, or by name.
    #[arg(long, value_name = "NAME")]
    report: Option<String>,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

impl Issued {
    pub(in crate::cli) fn run(self) -> anyhow::Result<Outcome> {
        let name = self.report.as_deref().map(|name| {
            ReportName::parse(name).map(ReportName::number).map_err(|why| anyhow!("{name}: {why}"))
        });
        let number = name.transpose()?.unwrap_or(0);
        let (ledger, issued) = match &self.data.data {
            Some(data) => self.held(number, data)?,
            None => (self.served.name()?, block_on(self.ask(number))?),
        };
        if self.json {
            let issued: Vec<_> = issued.iter().map(shown).collect();
            out::print(&format!("{}\n", json!({"ledger": ledger, "issued": issued})));
            return Ok(Outcome::Done);
        }
        if issued.is_empty() {
            out::print("No report was issued.\n");
            return Ok(Outcome::Done);
        }
        let columns = [
            ("Report", Align::Left),
            ("Issued", Align::Left),
            ("As at", Align::Left),
            ("As known", Align::Right),
            ("Record", Align::Right),
            ("Held back", Align::Right),
            ("Issue", Align::Left),
        ];
        let rows = issued.iter().map(|it| {
            let taken = it.voided_by.map(|by| format!(" (taken back by record {by})")).unwrap_or_default();
            vec![
                format!("{}/{}", it.report, it.definition_version),
                said(it.issued_on),
                said(it.as_at),
                it.as_known.to_string(),
                it.sequence.to_string(),
                it.suppressed_cells.to_string(),
                format!("{}{taken}", it.id),
            ]
        });
        out::print(&out::table(&columns, &rows.collect::<Vec<_>>(), out::width()));
        Ok(Outcome::Done)
    }

    /// Those in a data directory, and the ledger's name.
    fn held(&self, report: i32, data: &Path) -> anyhow::Result<(String, Vec<IssuedReport>)> {
        let ledger = self.served.read(data)?;
        let only = ReportName::of_number(report).map(ReportName::code);
        let views = &ledger.views;
        let facts = views
            .releases
            .issued
            .iter()
            .flat_map(|(id, history)| history.all().iter().map(move |it| (id, it)));
        let wanted = facts.filter(|(_, fact)| only.is_none_or(|code| fact.fact.report.as_str() == code));
        let mut issued: Vec<_> = wanted
            .map(|(id, fact)| IssuedReport {
                id: id.to_string(),
                report: fact.fact.report.to_string(),
                release_point: fact.fact.release_point.as_ref().map(ToString::to_string).unwrap_or_default(),
                as_at: Some(super::day(fact.fact.as_at)),
                as_known: fact.fact.as_known,
                definition_version: fact.fact.definition_version,
                sha256: fact.fact.sha256.0.to_vec(),
                suppressed_cells: fact.fact.suppressed_cells,
                sequence: fact.sequence,
                issued_on: Some(super::day(fact.effective)),
                voided_by: views.void_of(fact.sequence, views.size()).map(|void| void.sequence),
            })
            .collect();
        issued.sort_unstable_by_key(|it| std::cmp::Reverse(it.sequence));
        Ok((ledger.name.to_string(), issued))
    }

    async fn ask(&self, report: i32) -> anyhow::Result<Vec<IssuedReport>> {
        let server = self.served.connect().await?;
        let mut request = ListIssuedRequest { ledger: self.served.name()?, report, ..Default::default() };
        let mut issued = Vec::new();
        loop {
            let answer = server.reports().list_issued(request.clone()).await;
            let answer = answer.map_err(|status| client::failed(&status))?.into_inner();
            issued.extend(answer.issued);
            request.before = answer.next_before;
            if request.before.is_none() {
                return Ok(issued);
            }
        }
    }
}

fn shown(issued: &IssuedReport) -> Value {
    json!({
        "id": issued.id, "report": issued.report, "release_point": issued.release_point,
        "as_at": said(issued.as_at), "as_known": issued.as_known,
        "definition_version": issued.definition_version, "sha256": const_hex::encode(&issued.sha256),
        "suppressed_cells": issued.suppressed_cells, "sequence": issued.sequence,
        "issued_on": said(issued.issued_on), "voided_by": issued.voided_by,
    })
}

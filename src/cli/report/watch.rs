//! `pledgebook report watch`: a report's headline figures, as they change.
//!
//! Invariant: a line is printed as soon as it is known. It ends when the server does, or after as many changes as were
//! asked for.

use anyhow::anyhow;
use clap::Args;
use serde_json::{Value, json};

use super::asking::{Question, Served};
use super::explain::{digest, said};
use crate::cli::{Outcome, answer, block_on, client, out};
use crate::grpc::wire::{WatchReportRequest, WatchReportResponse};
use crate::reports::{Figure, ReportName, render::EXAMPLE_DATA};

/// Follow a report's headline figures: all of them now, and those that change as the ledger grows, at most once a second.
///
/// Figures about people change at release points only.
#[derive(Args)]
#[command(after_help = "Example:
  pledgebook report watch r2 --ledger improvement-service
  pledgebook report watch r5 --ledger improvement-service --json --changes 1")]
pub(in crate::cli) struct Watch {
    /// r1 to r12, or a report by name.
    name: String,
    #[command(flatten)]
    served: Served,
    #[command(flatten)]
    question: Question,
    /// End after so many changes; 0: print the figures, and end [default: never].
    #[arg(long, value_name = "N")]
    changes: Option<u64>,
    /// One JSON object a change.
    #[arg(long)]
    json: bool,
}

impl Watch {
    pub(in crate::cli) fn run(self) -> anyhow::Result<Outcome> {
        let name = ReportName::parse(&self.name).map_err(|why| anyhow!("{}: {why}", self.name))?;
        block_on(self.follow(name))?;
        Ok(Outcome::Done)
    }

    async fn follow(&self, name: ReportName) -> anyhow::Result<()> {
        let server = self.served.connect().await?;
        let request = WatchReportRequest { report: Some(self.question.request(name, self.served.name()?)) };
        let failed = |status: tonic::Status| client::failed(&status);
        let mut stream = server.reports().watch_report(request).await.map_err(failed)?.into_inner();
        let mut seen = 0;
        while let Some(message) = stream.message().await.map_err(failed)? {
            let page = Page::of(message)?;
            out::print(&if self.json {
                format!("{}\n", page.json())
            } else {
                page.text(seen == 0, out::width())
            });
            if self.changes.is_some_and(|changes| seen >= changes) {
                return Ok(());
            }
            seen += 1;
        }
        Ok(())
    }
}

/// The headlines at one moment.
struct Page {
    ledger: String,
    example_data: bool,
    definition: String,
    as_at: String,
    as_known: u64,
    root: storage::Digest,
    period: String,
    figures: Vec<Figure>,
    changed: Vec<String>,
}

impl Page {
    fn of(message: WatchReportResponse) -> anyhow::Result<Self> {
        Ok(Self {
            ledger: message.ledger,
            example_data: message.example_data,
            definition: message.definition_version,
            as_at: said(message.as_at),
            as_known: message.as_known,
            root: digest(&message.root_hash)?,
            period: message.period,
            figures: message.figures.into_iter().map(answer::figure).collect(),
            changed: message.changed,
        })
    }

    fn json(&self) -> Value {
        let mut page = json!({
            "ledger": self.ledger, "definition_version": self.definition, "as_at": self.as_at,
            "as_known": self.as_known, "root_hash": self.root.to_string(), "period": self.period,
            "figures": self.figures, "changed": self.changed,
        });
        if self.example_data {
            page["notice"] = json!(EXAMPLE_DATA);
        }
        page
    }

    fn text(&self, first: bool, width: usize) -> String {
        let mut page = String::new();
        if first && self.example_data {
            page += &format!("{EXAMPLE_DATA}\n\n");
        }
        let known = out::count(self.as_known, "event", "events");
        page += &format!("{}, {}: as at {}, as known {known}\n", self.ledger, self.definition, self.as_at);
        for figure in self.figures.iter().filter(|it| self.changed.iter().any(|id| it.id == *id)) {
            page += &out::paragraph("  ", &format!("{}: {}", figure.label, figure.printed()), width);
        }
        page
    }
}

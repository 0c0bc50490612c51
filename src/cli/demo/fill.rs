//! What only the running ledger can tell, put into events just before they are posted: how many records there are, the
//! root over them, the hash of a report of them, where a record stands.
//!
//! Invariant: an event's id is the one that the script gave it, whatever is filled in. An auditor's statement is written
//! here from the wire's documentation, as an auditor's own tool would, and not with the server's code.

use anyhow::Context as _;
use ed25519_dalek::Signer as _;
use jiff::civil::Date;
use std::collections::HashMap;

use super::pen::{Fill, Step, auditors_key};
use super::story::Story;
use crate::cli::client::{self, Server};
use crate::cli::report;
use crate::grpc::wire::{
    AuditOpinionRecorded, Event, GetReportRequest, Ledger, ListLedgersRequest, Receipt, ReportIssued,
    event::Payload,
};
use crate::reports::{self, ReportName, number_of};

/// What the ledger has answered so far.
#[derive(Default)]
pub(super) struct Known {
    /// How many records there are, as far as receipts tell.
    pub(super) size: u64,
    places: HashMap<(String, String), u64>,
}

impl Known {
    /// Takes in a receipt.
    pub(super) fn learn(&mut self, receipt: &Receipt) {
        self.size = self.size.max(receipt.sequence + 1);
        self.places.insert((receipt.source.clone(), receipt.event_id.clone()), receipt.sequence);
    }
}

/// A step's events, completed.
pub(super) async fn events(
    server: &Server,
    story: &Story,
    known: &Known,
    step: &Step,
) -> anyhow::Result<Vec<Event>> {
    let mut events = step.events.clone();
    for payload in events.iter_mut().filter_map(|event| event.payload.as_mut()) {
        match (&step.fill, payload) {
            (Fill::Position, Payload::ReleasePointDeclared(point)) => point.position = known.size,
            (Fill::Reference(source, id), Payload::ErasureRequested(requested)) => {
                let key = ((*source).to_owned(), id.clone());
                let sequence = *known.places.get(&key).context("an erasure of what was not recorded")?;
                requested.references.iter_mut().for_each(|one| one.sequence = sequence);
            }
            (Fill::Report(as_at), Payload::ReportIssued(issued)) => {
                issue(server, story, known, *as_at, issued).await?;
            }
            (Fill::Opinion, Payload::AuditOpinionRecorded(opinion)) => {
                sign(&ledger(server, story).await?, story.origin, opinion);
            }
            _ => {}
        }
    }
    Ok(events)
}

async fn issue(
    server: &Server,
    story: &Story,
    known: &Known,
    as_at: Date,
    issued: &mut ReportIssued,
) -> anyhow::Result<()> {
    let request = GetReportRequest {
        ledger: story.name(),
        as_at: Some(report::day(as_at)),
        as_known: Some(known.size),
        at_least: Some(known.size),
        ..GetReportRequest::default()
    };
    let name = ReportName::parse(&issued.report)?;
    let report = report::ask(server, name, request).await?;
    issued.suppressed_cells = u32::try_from(report.suppressed())?;
    issued.as_known = known.size;
    let version = number_of(&report.definition_version);
    issued.definition_version = version.context("a definition without a number")?;
    issued.sha256 = reports::canonical(&report).1.0.to_vec();
    Ok(())
}

fn sign(ledger: &Ledger, origin: &str, opinion: &mut AuditOpinionRecorded) {
    let key = auditors_key();
    opinion.end = ledger.size;
    opinion.root.clone_from(&ledger.root_hash);
    opinion.public_key = key.verifying_key().to_bytes().to_vec();
    let result = opinion.result().as_str_name();
    let statement = format!(
        "pledgebook audit opinion v1\n{origin}\n{}\n{}\n{}\n{}\n{}\n",
        opinion.first,
        opinion.end,
        const_hex::encode(&opinion.root),
        result.trim_start_matches("OPINION_RESULT_"),
        opinion.auditor,
    );
    opinion.signature = key.sign(statement.as_bytes()).to_bytes().to_vec();
}

/// The ledger as the operator sees it.
pub(super) async fn ledger(server: &Server, story: &Story) -> anyhow::Result<Ledger> {
    let listed = server.admin().list_ledgers(ListLedgersRequest {}).await;
    let ledgers = listed.map_err(|status| client::failed(&status))?.into_inner().ledgers;
    ledgers.into_iter().find(|it| it.name == story.name()).context("the ledger that was created")
}

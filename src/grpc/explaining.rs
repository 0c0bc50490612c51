//! What stands behind a figure, and behind a change: found from views, opened from the log.
//!
//! Invariant: a record is shown to a reader only if it is not about people; whoever asks with an auditor's eyes and is no
//! auditor is refused before anything is looked for. A proof is at the root that the answer names.

use jiff::civil::Date;
use std::sync::Arc;
use tonic::Status;

use super::{
    Caller, House, blocking, convert,
    report::{self, Made},
    status::{self, Place},
    wire::{
        ExplainFigureRequest, ExplainFigureResponse, ExplainedEvent, RecordProof, TracePolicyChangeRequest,
        TracePolicyChangeResponse,
    },
};
use crate::auth::Role;
use crate::ledgers::Ledger;
use crate::limits::MAX_HISTORY;
use crate::reports::{
    Parameters, Period,
    explain::{self, Explanation, Eyes, Place as At},
    trace::{self, NotTraceable, Trace},
};

/// With which eyes somebody asks.
fn eyes(caller: &Caller, auditor: bool, proofs: bool) -> Result<Eyes, Status> {
    match (auditor, proofs) {
        (true, _) if !caller.principal.is(Role::Auditor) => Err(status::for_auditors("auditor")),
        (true, _) => Ok(Eyes::Auditor),
        (false, true) => Err(status::for_auditors("proofs")),
        (false, false) => Ok(Eyes::Reader),
    }
}

/// Explains a figure.
pub(super) async fn explain(
    house: &House,
    caller: &Caller,
    request: ExplainFigureRequest,
) -> Result<ExplainFigureResponse, Status> {
    let eyes = eyes(caller, request.auditor, request.proofs)?;
    let place = place(&request)?;
    let made = report::make(house, caller, report::asked(request.report)?).await?;
    let most = match request.limit as usize {
        0 => MAX_HISTORY,
        limit => limit.min(MAX_HISTORY),
    };
    blocking(move || {
        let of = (made.name, &made.report);
        let explained = explain::explain(of, &made.views, &made.parameters, (&place, eyes));
        let explained = explained.map_err(|why| status::no_such_figure(&made.ledger.name, &why))?;
        let page = Page { after: request.after, most, eyes, proofs: request.proofs };
        let found = page.open(&made.ledger, &explained.events, made.parameters.as_known)?;
        Ok(explanation(&made, explained, found))
    })
    .await?
}

/// Which figure is meant.
fn place(request: &ExplainFigureRequest) -> Result<At, Status> {
    let ExplainFigureRequest { figure_id, table_id, row_subject, column_id, .. } = request;
    match (figure_id.as_str(), table_id.as_str()) {
        ("", "") => {
            Err(status::field("figure_id", "missing", "give a figure's id, or a table's, a row and a column"))
        }
        (id, "") => Ok(At::Headline(id.to_owned())),
        ("", table) => {
            Ok(At::Cell { table: table.to_owned(), row: row_subject.clone(), column: column_id.clone() })
        }
        _ => Err(status::field("figure_id", "beside a table", "give one of both")),
    }
}

fn explanation(made: &Made, explained: Explanation, found: Found) -> ExplainFigureResponse {
    let report = &made.report;
    ExplainFigureResponse {
        ledger: report.ledger.clone(),
        example_data: report.example_data,
        definition_version: report.definition_version.clone(),
        as_at: Some(convert::field::day(report.as_at)),
        as_known: report.as_known,
        root_hash: report.root_hash.0.to_vec(),
        period: report.period.clone(),
        terms: explained.terms.iter().map(convert::term).collect(),
        release_point: explained.point.as_ref().map(convert::point),
        held_for_auditors: explained.held_for_auditors || found.held,
        figure: Some(convert::figure(explained.figure)),
        events: found.events,
        next_after: found.next_after,
    }
}

/// Which of the events are opened.
struct Page {
    after: Option<u64>,
    most: usize,
    eyes: Eyes,
    proofs: bool,
}

/// Events that were opened.
struct Found {
    events: Vec<ExplainedEvent>,
    /// Some were passed over.
    held: bool,
    next_after: Option<u64>,
}

impl Page {
    fn open(&self, ledger: &Ledger, sequences: &[u64], as_known: u64) -> Result<Found, Status> {
        let mut found = Found { events: Vec::new(), held: false, next_after: None };
        for &sequence in sequences.iter().filter(|it| self.after.is_none_or(|after| **it > after)) {
            let entry = ledger.journal.entry(sequence);
            let entry = entry.map_err(|why| status::refused(&ledger.name, Place::Event, &why))?;
            // What a report names is recorded.
            let Some(entry) = entry else { continue };
            if self.eyes == Eyes::Reader && explain::is_of_people(&entry.recorded.event.subject) {
                found.held = true;
                continue;
            }
            if found.events.len() == self.most {
                found.next_after = found.events.last().map(|event| event.sequence);
                return Ok(found);
            }
            let mut event = convert::event(&entry.recorded, self.eyes);
            if self.proofs {
                event.proof = Some(proof(ledger, sequence, as_known)?);
            }
            found.events.push(event);
        }
        Ok(found)
    }
}

/// That a record is among the first `size`. Reads files.
fn proof(ledger: &Ledger, sequence: u64, size: u64) -> Result<RecordProof, Status> {
    let reader = ledger.journal.reader();
    let unreadable = |why| super::audit::unreadable(ledger, &why);
    let leaf_hash = reader.leaf(sequence).map_err(unreadable)?.0.to_vec();
    let hashes = reader.prove_inclusion(sequence, size).map_err(unreadable)?;
    Ok(RecordProof { leaf_hash, hashes: hashes.into_iter().map(|hash| hash.0.to_vec()).collect() })
}

/// Traces a change.
pub(super) async fn trace(
    house: &House,
    caller: &Caller,
    request: TracePolicyChangeRequest,
) -> Result<TracePolicyChangeResponse, Status> {
    let eyes = eyes(caller, request.auditor, request.proofs)?;
    let ledger = house.ledger(&request.ledger)?;
    let malformed = |why| status::rejected(None, Place::Request, &why);
    let subject = convert::subject(&request.subject).map_err(malformed)?;
    let as_at = convert::as_at(request.as_at).map_err(malformed)?;
    let as_at = as_at.unwrap_or_else(|| report::today(&ledger));
    let views = report::known(&ledger, caller, request.as_known, request.at_least).await?;
    let as_known = request.as_known.unwrap_or_else(|| views.size());
    let parameters = Parameters::new(as_at, as_known, Period::financial_year_of(as_at));
    blocking(move || {
        let found = trace::trace(&views, &parameters, &subject, eyes);
        let found = found.map_err(|why| not_traced(&ledger, &why, as_known))?;
        let example_data = views.opened().is_some_and(|opened| opened.example_data);
        traced(&ledger, &found, (as_at, as_known), (example_data, request.proofs))
    })
    .await?
}

fn not_traced(ledger: &Arc<Ledger>, why: &NotTraceable, as_known: u64) -> Status {
    match why {
        NotTraceable::ForAuditors => status::for_auditors("subject"),
        NotTraceable::BeyondHead { size } => status::beyond_head(&ledger.name, "as_known", as_known, *size),
        NotTraceable::Unknown(_) => status::not_found(&ledger.name, "such policy change or action"),
        NotTraceable::NotTraced(_) => status::field(
            "subject",
            "neither a policy change nor an action",
            "give such as policy-change/core-hours or action/rest-spaces",
        ),
    }
}

fn traced(
    ledger: &Ledger,
    found: &Trace,
    (as_at, as_known): (Date, u64),
    (example_data, proofs): (bool, bool),
) -> Result<TracePolicyChangeResponse, Status> {
    let works = found.works.iter().flat_map(|work| &work.steps);
    let steps = works.chain(found.items.iter().flat_map(|item| &item.steps));
    let mut proven = std::collections::BTreeMap::new();
    for step in steps.filter(|_| proofs) {
        proven.insert(step.sequence, proof(ledger, step.sequence, as_known)?);
    }
    let (works, items) = convert::trace(found, &|sequence| proven.get(&sequence).cloned());
    Ok(TracePolicyChangeResponse {
        ledger: ledger.name.to_string(),
        example_data,
        subject: found.from.to_string(),
        as_at: Some(convert::field::day(as_at)),
        as_known,
        root_hash: report::root(ledger, as_known)?.to_vec(),
        works,
        items,
    })
}

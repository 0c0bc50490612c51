//! Issues reports: works one out, gives its canonical form, and has it recorded that it was issued.
//!
//! Invariant: what is recorded is the hash of the bytes that are answered, and of no others. The same issue asked for
//! again is answered with the same bytes and the first receipt, or refused. Who may issue is judged as for any other
//! event; only an operator needs no name to post under.

use std::sync::Arc;
use tonic::Status;

use super::{
    Caller, House, blocking, convert,
    report::{self, Made},
    status::{self, Place},
    wire::{
        GetReportRequest, IssueReportRequest, IssueReportResponse, IssuedReport, ListIssuedRequest,
        ListIssuedResponse,
    },
};
use crate::auth::Role;
use crate::domain::{
    command::Recorded,
    event::{Payload, ReportIssued},
    id::{Code, Kind, SourceName, Subject},
    value::Sha256,
};
use crate::journal::{Proposal, Receipt};
use crate::ledgers::Ledger;
use crate::limits::{MAX_HISTORY, REQUEST_TIMEOUT};
use crate::reports;

/// Issues a report.
pub(super) async fn issue(
    house: &House,
    caller: &Caller,
    request: IssueReportRequest,
) -> Result<IssueReportResponse, Status> {
    let mut asked = report::asked(request.report)?;
    let ledger = house.ledger(&asked.ledger)?;
    let source = poster(caller)?;
    let id = Code::parse(&request.id).map_err(|why| status::field("id", why.rule, why.remedy))?;
    let actor_post = match request.actor_post.as_str() {
        "" => None,
        post => Some(Code::parse(post).map_err(|why| status::field("actor_post", why.rule, why.remedy))?),
    };
    let subject = Kind::IssuedReport.subject(&id);
    let standing = standing(&ledger, subject.clone()).await?;
    if let Some((_, issued)) = &standing {
        again(&mut asked, issued);
    }
    let made = report::make(house, caller, asked).await?;
    let (made, text, sha256) = blocking(move || {
        let (text, sha256) = reports::canonical(&made.report);
        (made, text, sha256)
    })
    .await?;
    let (receipt, issued, repeated) = match standing {
        Some((fact, issued)) if issued.sha256 == sha256 && issued.report.as_str() == made.name.code() => {
            (receipt(&ledger, fact.sequence).await?, issued, true)
        }
        Some((fact, _)) => return Err(status::already_issued(&ledger.name, &subject, fact.sequence)),
        None => {
            let issued = issued(&made, sha256)?;
            let said = said(&ledger, subject, source, actor_post, &issued)?;
            (record(&ledger, caller, said).await?, issued, false)
        }
    };
    let shown = IssuedReport {
        issued_on: Some(convert::field::day(ledger.journal.zone().to_datetime(receipt.recorded_at).date())),
        ..convert::issue(id.as_str(), receipt.sequence, &issued)
    };
    Ok(IssueReportResponse {
        receipt: Some(convert::receipt(&ledger.name, &receipt)),
        repeated,
        content: text.into_bytes(),
        issued: Some(shown),
    })
}

/// Under which name somebody issues; none: as the operator.
fn poster(caller: &Caller) -> Result<Option<SourceName>, Status> {
    match caller.principal.source() {
        Some(source) => Ok(Some(source.clone())),
        None if caller.principal.is(Role::Operator) => Ok(None),
        None => Err(status::issuing_needs_a_name()),
    }
}

/// The record of an issue of that id, if there is one.
async fn standing(
    ledger: &Arc<Ledger>,
    subject: Subject,
) -> Result<Option<(Arc<Recorded>, ReportIssued)>, Status> {
    let ledger = ledger.clone();
    blocking(move || {
        let life = ledger.journal.life(&subject);
        let life = life.map_err(|why| status::refused(&ledger.name, Place::Event, &why))?;
        let found = life.facts().iter().find_map(|fact| match &fact.event.payload {
            Payload::ReportIssued(issued) => Some((fact.clone(), issued.clone())),
            _ => None,
        });
        Ok(found)
    })
    .await?
}

/// What is not said is what it was when it was issued.
fn again(asked: &mut GetReportRequest, issued: &ReportIssued) {
    asked.as_at = asked.as_at.or(Some(convert::field::day(issued.as_at)));
    asked.as_known = asked.as_known.or(Some(issued.as_known));
}

async fn receipt(ledger: &Arc<Ledger>, sequence: u64) -> Result<Receipt, Status> {
    let ledger = ledger.clone();
    blocking(move || {
        let refused = |why| status::refused(&ledger.name, Place::Event, &why);
        let entry = ledger.journal.entry(sequence).map_err(refused)?;
        // It was found a moment ago, and records stay.
        let entry = entry.ok_or_else(|| status::internal("a record is not there any more"))?;
        ledger.journal.receipt(&entry).map_err(refused)
    })
    .await?
}

/// What is recorded of a report.
fn issued(made: &Made, sha256: Sha256) -> Result<ReportIssued, Status> {
    let Made { ledger, name, views, parameters, report } = made;
    let release_point = if name.is_about_people() {
        let points = views.releases.points(parameters.horizon());
        let last = points.last().ok_or_else(|| status::no_release_point(&ledger.name, name.code()))?;
        Some(last.id.clone())
    } else {
        None
    };
    Ok(ReportIssued {
        report: Code::parse(name.code()).map_err(|_| status::internal("a report's code is no code"))?,
        release_point,
        as_at: report.as_at,
        as_known: report.as_known,
        definition_version: name.definition_number(),
        sha256,
        suppressed_cells: u32::try_from(report.suppressed()).unwrap_or(u32::MAX),
    })
}

/// That it was issued, now.
fn said(
    ledger: &Ledger,
    subject: Subject,
    source: Option<SourceName>,
    actor_post: Option<Code>,
    issued: &ReportIssued,
) -> Result<Proposal, Status> {
    let proposal = Proposal::of_operator(subject, ledger.clock.now(), issued.clone());
    let mut proposal = proposal.map_err(|why| status::rejected(Some(&ledger.name), Place::Request, &why))?;
    Arc::make_mut(&mut proposal.command.event).actor_post = actor_post;
    if let Some(source) = source {
        proposal.command.source = source;
    }
    Ok(proposal)
}

async fn record(ledger: &Ledger, caller: &Caller, said: Proposal) -> Result<Receipt, Status> {
    let now = std::time::Instant::now();
    let deadline = caller.deadline.map_or_else(|| now + REQUEST_TIMEOUT, |deadline| deadline.at);
    let appended = ledger.journal.append(vec![said], Some(deadline)).await;
    let appended = appended.map_err(|why| status::refused(&ledger.name, |_| Place::Request, &why))?;
    // One was proposed.
    let first = appended.into_iter().next().ok_or_else(|| status::internal("a receipt is missing"))?;
    Ok(first.receipt)
}

/// What was issued, the newest first.
pub(super) async fn list(
    house: &House,
    caller: &Caller,
    request: ListIssuedRequest,
) -> Result<ListIssuedResponse, Status> {
    let ledger = house.ledger(&request.ledger)?;
    let only = match request.report {
        0 => None,
        number => {
            let name = convert::report_name(number);
            Some(name.map_err(|why| status::rejected(None, Place::Request, &why))?)
        }
    };
    let views = report::known(&ledger, caller, None, request.at_least).await?;
    let mut found = Vec::new();
    for (id, history) in views.releases.issued.iter() {
        let wanted = history.all().iter().filter(|fact| {
            only.is_none_or(|name| fact.fact.report.as_str() == name.code())
                && request.before.is_none_or(|before| fact.sequence < before)
        });
        found.extend(wanted.map(|fact| (id, fact)));
    }
    found.sort_unstable_by_key(|(_, fact)| std::cmp::Reverse(fact.sequence));
    let more = found.len() > MAX_HISTORY;
    found.truncate(MAX_HISTORY);
    let next_before = found.last().map(|(_, fact)| fact.sequence).filter(|_| more);
    let issued = found.into_iter().map(|(id, fact)| IssuedReport {
        issued_on: Some(convert::field::day(fact.effective)),
        voided_by: views.void_of(fact.sequence, views.size()).map(|void| void.sequence),
        ..convert::issue(id.as_str(), fact.sequence, &fact.fact)
    });
    Ok(ListIssuedResponse { issued: issued.collect(), next_before })
}

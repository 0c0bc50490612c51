//! `pledgebook verify-report`: works an issued report out again from a ledger's files or an export, offline, and says
//! whether it is the same.
//!
//! Invariant: nothing of the file is believed but what it says it is about (report, ledger, as at, as known, period). The
//! root is computed from the records, and the definitions are this build's. It exits as `verify` does: 0 nothing is wrong,
//! 1 something is, 2 it could not look.

mod ledger;
mod page;

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};
use storage::Digest;

use super::{Outcome, out};
use crate::domain::{event::ReportIssued, value::Sha256};
use crate::reports::{
    self, Parameters, Period, Report, ReportName, Stand,
    difference::{self, Difference},
    number_of,
    render::fingerprint,
};
use ledger::Ledger;

/// Largest report that is read, in bytes: what a server sends at most.
const MAX_REPORT: u64 = crate::limits::MAX_MESSAGE_OUT as u64;

/// Work an issued report out again, offline, and say whether it is the same.
///
/// If the ledger holds a record of the issue, the file's SHA-256 is compared with it first. Then the report is worked out
/// from the records that it counts, and compared figure by figure. An export is enough, without its words: no figure rests
/// on words. Signatures are not looked at; `pledgebook verify` does that.
#[derive(Args)]
#[command(after_help = "Example:
  pledgebook verify-report r2-2025-q2.json --data ./pledgebook-data
  pledgebook verify-report r2-2025-q2.json --export ./export --json

Exit status: 0 it is the same, 1 it is not, 2 could not look: the file is no
report, it counts records that are not here, or it was issued by definitions
that this version does not have.")]
pub(super) struct VerifyReport {
    /// The report, as `report issue` wrote it.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A server's data directory, or one ledger's.
    #[arg(long, value_name = "DIR", required_unless_present = "export", conflicts_with = "export")]
    data: Option<PathBuf>,
    /// An export, as `pledgebook export` wrote it.
    #[arg(long, value_name = "OUT")]
    export: Option<PathBuf>,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

/// What was found.
struct Verified {
    file: String,
    name: ReportName,
    report: Report,
    sha256: Sha256,
    /// What the ledger holds of its issue.
    issue: Issue,
    result: Again,
    /// What was erased since: the record, the field, the event that says so.
    erased: Vec<ledger::Erased>,
    /// Records that were read.
    size: u64,
}

/// What the ledger holds of the issue of a report.
enum Issue {
    /// No record says that it was issued.
    None,
    /// This record says so, and has the file's hash.
    Same { id: String, sequence: u64, voided_by: Option<u64> },
    /// These records say that a report of this name, day and position was issued, with another hash.
    Other(Vec<(String, u64)>),
}

/// What came of working it out again.
enum Again {
    /// The same, to the byte.
    Same,
    /// The same report, but the file is not in the canonical form.
    Form,
    /// The first difference, and whether the records themselves are others.
    Different { first: Difference, other_history: bool },
    /// It was issued by other definitions.
    OtherDefinitions { theirs: String, ours: &'static str },
}

impl VerifyReport {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let bytes = read(&self.file)?;
        let report: Report = serde_json::from_slice(&bytes).map_err(|why| {
            anyhow!("{}: not a report as `pledgebook report issue` writes it: {why}", self.file.display())
        })?;
        let ledger = match (&self.data, &self.export) {
            (Some(data), _) => Ledger::of_data(data, &report)?,
            (None, Some(export)) => Ledger::of_export(export, &report)?,
            (None, None) => bail!("give --data or --export: the ledger that the report is of"),
        };
        let verified = verify(&self.file, &bytes, report, ledger)?;
        out::print(&if self.json { verified.json() } else { verified.text(out::width()) });
        match verified.result {
            Again::OtherDefinitions { .. } if verified.is_wrong() => Ok(Outcome::FoundWrong),
            Again::OtherDefinitions { theirs, ours } => {
                bail!("issued by another definition version: {theirs}; this build has {ours}")
            }
            _ if verified.is_wrong() => Ok(Outcome::FoundWrong),
            _ => Ok(Outcome::Done),
        }
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let unreadable = || format!("{}: cannot be read", path.display());
    let mut bytes = Vec::new();
    let file = File::open(path).with_context(unreadable)?;
    file.take(MAX_REPORT + 1).read_to_end(&mut bytes).with_context(unreadable)?;
    if bytes.len() as u64 > MAX_REPORT {
        bail!("{}: longer than any report ({MAX_REPORT} bytes)", path.display());
    }
    Ok(bytes)
}

fn verify(file: &Path, bytes: &[u8], report: Report, mut ledger: Ledger) -> anyhow::Result<Verified> {
    let name = ReportName::parse(&report.code)
        .map_err(|_| anyhow!("{}: a report that this version does not know", report.code))?;
    if report.as_known == 0 {
        bail!("{}: it counts no records, so there is nothing to work it out from", file.display());
    }
    let sha256 = fingerprint(bytes);
    let issue = issue(&ledger, &report, sha256);
    let result = again(name, bytes, &report, &ledger)?;
    Ok(Verified {
        file: file.display().to_string(),
        name,
        sha256,
        issue,
        result,
        erased: ledger.erased_since(report.as_known),
        size: ledger.views.size(),
        report,
    })
}

/// Works it out again, and compares.
fn again(name: ReportName, bytes: &[u8], report: &Report, ledger: &Ledger) -> anyhow::Result<Again> {
    if report.definition_version != name.definition_version() {
        let theirs = number_of(&report.definition_version).map(|number| number.to_string());
        let theirs = theirs.unwrap_or_else(|| "one without a number".to_owned());
        return Ok(Again::OtherDefinitions { theirs, ours: name.definition_version() });
    }
    let period = Period::parse(&report.period).map_err(|why| anyhow!("period: {why}"))?;
    let root = ledger.root.context("the records that the report counts were not read")?;
    let parameters = Parameters {
        since: report.since,
        days: report.days,
        ..Parameters::new(report.as_at, report.as_known, period)
    };
    let stand = Stand { ledger: ledger.name.to_string(), root: Sha256(root.0) };
    let new = reports::report(name, &ledger.views, &parameters, &stand)?;
    let (text, _) = reports::canonical(&new);
    Ok(match difference::first(report, &new) {
        Some(first) => Again::Different { first, other_history: Digest(report.root_hash.0) != root },
        None if text.as_bytes() != bytes => Again::Form,
        None => Again::Same,
    })
}

/// What the ledger holds of its issue.
fn issue(ledger: &Ledger, report: &Report, sha256: Sha256) -> Issue {
    let is_it = |it: &ReportIssued| {
        it.report.as_str() == report.code && it.as_at == report.as_at && it.as_known == report.as_known
    };
    let mut others = Vec::new();
    for (id, history) in ledger.views.releases.issued.iter() {
        for fact in history.all().iter().filter(|fact| is_it(&fact.fact)) {
            if fact.fact.sha256 == sha256 {
                let void = ledger.views.void_of(fact.sequence, ledger.views.size());
                let voided_by = void.map(|void| void.sequence);
                return Issue::Same { id: id.to_string(), sequence: fact.sequence, voided_by };
            }
            others.push((id.to_string(), fact.sequence));
        }
    }
    if others.is_empty() { Issue::None } else { Issue::Other(others) }
}

impl Verified {
    /// Whether something is not as it should be. A report that is worked out the same, and of which another was issued on
    /// the same day at the same position (of another period, say), is not wrong.
    fn is_wrong(&self) -> bool {
        match (&self.result, &self.issue) {
            (Again::Same, _) => false,
            (Again::Form | Again::Different { .. }, _) => true,
            (Again::OtherDefinitions { .. }, issue) => matches!(issue, Issue::Other(_)),
        }
    }
}

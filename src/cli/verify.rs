//! `pledgebook verify`: every byte, every link, the tree; and plainly, what that does not show.

use anyhow::anyhow;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use storage::{FileBackend, integrity};

use super::{
    Outcome,
    offline::{keyer, ledgers},
    out,
};
use crate::domain::id::LedgerName;

/// Read every byte of a ledger, check every link and the tree, and say what does not hold. Nothing is repaired, and a
/// server may be running.
#[derive(Args)]
#[command(after_help = "Example:
  pledgebook verify ./pledgebook-demo
  pledgebook verify ./pledgebook-data/improvement-service --json")]
pub(super) struct Verify {
    /// A server's data directory (every ledger in it), or one ledger's directory.
    path: PathBuf,
    /// One JSON object a ledger.
    #[arg(long)]
    json: bool,
}

impl Verify {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let mut outcome = Outcome::Done;
        for (name, path) in ledgers(&self.path)? {
            let verified = verify(name, &path, !self.json)?;
            if !verified.report.intact() {
                outcome = Outcome::FoundWrong;
            }
            out::print(&if self.json { verified.json() } else { verified.text(out::width()) });
        }
        if !self.json {
            out::print(&limits(out::width()));
        }
        Ok(outcome)
    }
}

/// One ledger's verdict.
pub(super) struct Verified {
    pub(super) name: LedgerName,
    path: PathBuf,
    pub(super) report: integrity::Report,
    took: Duration,
}

/// Verifies one ledger's files; shows a bar if somebody watches.
pub(super) fn verify(name: LedgerName, path: &Path, bar: bool) -> anyhow::Result<Verified> {
    let bar = if bar && out::is_watched() { ProgressBar::new(0) } else { ProgressBar::hidden() };
    if let Ok(style) =
        ProgressStyle::with_template("{prefix} {bar:40} {bytes}/{total_bytes} {binary_bytes_per_sec}")
    {
        bar.set_style(style);
    }
    bar.set_prefix(name.to_string());
    let started = Instant::now();
    let report = integrity::verify(&FileBackend::new(path), keyer(), &|progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.bytes);
    });
    bar.finish_and_clear();
    let report =
        report.map_err(|error| anyhow!("{}: {error}; give a ledger that can be read", path.display()))?;
    Ok(Verified { name, path: path.to_owned(), report, took: started.elapsed() })
}

impl Verified {
    /// For people.
    pub(super) fn text(&self, width: usize) -> String {
        let report = &self.report;
        let megabytes = report.bytes as f64 / 1e6;
        let rate = megabytes / self.took.as_secs_f64().max(1e-6);
        let verdict = if report.intact() { "INTACT" } else { "NOT INTACT" };
        let records = out::count(report.records, "record", "records");
        let mut page = format!("{}  {}\n", out::strong(verdict), self.name);
        page += &format!("  Records    {records}, {megabytes:.1} MB, {rate:.0} MB/s\n");
        if report.intact() {
            page += &format!("  Head hash  {}\n  Root       {}\n", report.hash, report.root);
        } else {
            page += "  Head hash  not established\n  Root       not established\n";
        }
        for (number, finding) in report.findings.iter().enumerate() {
            let sequence = finding.sequence.map(|it| format!(", record {it}")).unwrap_or_default();
            let place = self.path.join(&finding.file);
            let lead = format!("  {}. ", number + 1);
            let text = format!("{} at byte {}{sequence}: {}", place.display(), finding.offset, finding.rule);
            page += &out::paragraph(&lead, &text, width);
            page += &out::paragraph("     expected ", &finding.expected, width);
            page += &out::paragraph("     found    ", &finding.found, width);
        }
        let listed = report.findings.len() as u64;
        if report.found > listed {
            page +=
                &format!("  … and {}\n", out::count(report.found - listed, "finding more", "findings more"));
        }
        if !report.intact() {
            let advice =
                "Nothing was changed. Keep these files as they are, and restore a copy whose root you know.";
            page += &out::paragraph("  ", advice, width);
        }
        page
    }

    /// For programs.
    pub(super) fn json(&self) -> String {
        let report = &self.report;
        let findings = report.findings.iter().map(|it| {
            json!({"file": it.file, "offset": it.offset, "sequence": it.sequence, "rule": it.rule,
                "expected": it.expected, "found": it.found})
        });
        let verdict = if report.intact() { "intact" } else { "broken" };
        let object = json!({
            "ledger": self.name.to_string(),
            "size": report.records,
            // Of records that do not hold, neither means anything.
            "root": report.intact().then(|| report.root.to_string()),
            "head": report.intact().then(|| report.hash.to_string()),
            "bytes": report.bytes,
            "verdicts": {"integrity": verdict},
            "findings": findings.collect::<Vec<_>>(),
            "found": report.found,
        });
        format!("{object}\n")
    }
}

/// What a verification of files alone cannot show.
pub(super) fn limits(width: usize) -> String {
    let text = "What this does not show: whoever can write these files could also have written the whole ledger anew, \
        and it would verify as well. Keep size and root somewhere else, with somebody else; a ledger that has the \
        same root at that size is the same ledger. Who was allowed to post, and what was erased, is not looked at \
        here.";
    format!("\n{}", out::paragraph("", text, width))
}

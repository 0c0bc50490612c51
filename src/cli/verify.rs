//! `pledgebook verify`: five verdicts on a ledger's files; and plainly, what could not be established.

mod outside;
mod page;
#[cfg(test)]
mod tests;
mod trust;

use anyhow::{anyhow, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};
use storage::{Digest, FileBackend, Malformed, integrity};

use super::{Outcome, offline::ledgers, out};
use crate::audit::{Audit, Audited, Given, Kept, Trust, Verdict};
use crate::domain::id::LedgerName;
use crate::reports::ReportName;

/// Read every byte of a ledger and give five verdicts: integrity, completeness, authorisation, freshness, erasure.
/// Nothing is repaired, and a server may be running.
#[derive(Args)]
#[command(after_help = "Each verdict holds, is broken, or is not established: nothing is wrong,
and what was given does not show it.
Exit status: 0 nothing is broken, 1 something is, 2 could not look.

Example:
  pledgebook verify ./pledgebook-demo
  pledgebook verify ./pledgebook-data/improvement-service --json
  pledgebook verify ./pledgebook-data/improvement-service --size 812 \\
      --root \"$(cat root-that-was-kept-elsewhere)\"
  pledgebook verify ./pledgebook-data/improvement-service \\
      --key \"$(cat ledger.vkey)\" --checkpoint kept-by-the-auditor.txt

Without --key no signature is looked at: whoever can write the files can write
another history that is whole in itself, and sign it with a key of their own.")]
pub(super) struct Verify {
    /// A server's data directory (every ledger in it), or one ledger's directory.
    path: PathBuf,
    /// A Merkle root of this ledger that was kept elsewhere: says whether the ledger still has it.
    #[arg(long, value_name = "HEX", requires = "size", value_parser = digest)]
    root: Option<Digest>,
    /// How many records the ledger held when it had that root.
    #[arg(long, value_name = "N", requires = "root")]
    size: Option<u64>,
    #[command(flatten)]
    trusted: trust::Trusted,
    /// What is not established counts as wrong: exit with 1 for it, too.
    #[arg(long)]
    strict: bool,
    /// One JSON object a ledger.
    #[arg(long)]
    json: bool,
}

impl Verify {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let mut outcome = Outcome::Done;
        let kept: Vec<_> =
            self.root.zip(self.size).map(|(root, size)| Kept { size, root }).into_iter().collect();
        let found = ledgers(&self.path)?;
        if !kept.is_empty() && found.len() != 1 {
            bail!("--root: it is one ledger's; give that ledger's directory, not {}", self.path.display());
        }
        let given = Given { kept, trust: self.trusted.read()?, ..nothing() };
        let mut all = Vec::new();
        for (name, path) in found {
            all.push(check(name, &path, !self.json, &given)?);
        }
        trust::used(&given.trust, &all)?;
        for (number, verified) in all.into_iter().enumerate() {
            if verified.is_broken() || (self.strict && !verified.holds()) {
                outcome = Outcome::FoundWrong;
            }
            let width = out::width();
            let gap = if number > 0 { "\n" } else { "" };
            out::print(&if self.json { verified.json() } else { format!("{gap}{}", verified.text(width)) });
        }
        Ok(outcome)
    }
}

fn digest(text: &str) -> Result<Digest, &'static str> {
    const_hex::decode_to_array(text.trim()).map(Digest).map_err(|_| "write 64 hexadecimal digits")
}

/// The verdicts on one ledger.
pub(super) struct Verified {
    pub(super) name: LedgerName,
    path: PathBuf,
    pub(super) report: integrity::Report,
    audited: Audited,
    took: Duration,
}

impl Verified {
    /// Whether something is not as it must be.
    pub(super) fn is_broken(&self) -> bool {
        self.audited.conclusions.iter().any(|it| it.verdict == Verdict::Broken)
    }

    /// Whether all that was asked is established.
    fn holds(&self) -> bool {
        self.audited.conclusions.iter().all(|it| it.verdict == Verdict::Holds)
    }
}

/// Verifies one ledger's files; shows a bar if somebody watches.
pub(super) fn verify(name: LedgerName, path: &Path, bar: bool) -> anyhow::Result<Verified> {
    check(name, path, bar, &nothing())
}

/// Nothing is held, and nothing trusted.
fn nothing() -> Given {
    Given { now: Timestamp::now(), kept: Vec::new(), trust: Trust::default(), definitions }
}

fn check(name: LedgerName, path: &Path, bar: bool, given: &Given) -> anyhow::Result<Verified> {
    let bar = if bar && out::is_watched() { ProgressBar::new(0) } else { ProgressBar::hidden() };
    if let Ok(style) =
        ProgressStyle::with_template("{prefix} {bar:40} {bytes}/{total_bytes} {binary_bytes_per_sec}")
    {
        bar.set_style(style);
    }
    bar.set_prefix(name.to_string());
    let started = Instant::now();
    let (report, audited) = look(path, given, &bar)?;
    bar.finish_and_clear();
    let took = started.elapsed();
    Ok(Verified { name, path: path.to_owned(), report, audited, took })
}

/// The newest definition of a report that this version knows.
fn definitions(report: &str) -> Option<u32> {
    let version = ReportName::parse(report).ok()?.definition_version();
    version.rsplit('/').next()?.parse().ok()
}

/// How often a ledger is looked at whose words and events do not agree.
const LOOKS: u32 = 3;

/// Looks at all of it; again, where words and events do not agree: a server may be between the one and the other.
fn look(path: &Path, given: &Given, bar: &ProgressBar) -> anyhow::Result<(integrity::Report, Audited)> {
    let unreadable =
        |error: storage::Error| anyhow!("{}: {error}; give a ledger that can be read", path.display());
    let backend = FileBackend::new(path);
    let mut looks = 1;
    loop {
        // Before the records: what a server publishes meanwhile may count more of them.
        let mut given = given.clone();
        given.trust.published = trust::published(path)?;
        let audit = Arc::new(Audit::new(given));
        let (records, words) = (Arc::clone(&audit), Arc::clone(&audit));
        // The server's keys, for which every record is opened anyhow: so nothing is read twice.
        let keyer: storage::Keyer = Arc::new(move |record| {
            records.record(record).map_err(|_| Malformed::new("an event that this version cannot open"))
        });
        let report = integrity::verify_words(&backend, keyer, &|entry| words.word(entry), &|progress| {
            bar.set_length(progress.total);
            bar.set_position(progress.bytes);
        });
        let report = report.map_err(unreadable)?;
        let mut audited = audit.settle(&report, &|size| integrity::root(&backend, size).ok().flatten());
        if audited.words.agree() || looks == LOOKS {
            audited.place(&integrity::places(&backend, &audited.unplaced()).map_err(unreadable)?);
            return Ok((report, audited));
        }
        looks += 1;
    }
}

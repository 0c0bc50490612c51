//! `pledgebook verify`: five verdicts on a ledger's files; and plainly, what could not be established.

mod page;

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
use crate::audit::{Audit, Audited, Given, Kept, Question, Verdict, Words};
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
  pledgebook verify ./pledgebook-data --only integrity
  pledgebook verify ./pledgebook-data/improvement-service --size 812 \\
      --root \"$(cat root-that-was-kept-elsewhere)\"")]
pub(super) struct Verify {
    /// A server's data directory (every ledger in it), or one ledger's directory.
    path: PathBuf,
    /// A Merkle root of this ledger that was kept elsewhere: says whether the ledger still has it.
    #[arg(long, value_name = "HEX", requires = "size", value_parser = digest)]
    root: Option<Digest>,
    /// How many records the ledger held when it had that root.
    #[arg(long, value_name = "N", requires = "root")]
    size: Option<u64>,
    /// Answer this question only, and integrity, on which every other rests; may be given several times. With
    /// `integrity` alone no event is opened, which is faster by far, and says nothing of ids and subjects in indexes.
    #[arg(long, value_name = "QUESTION", value_parser = question)]
    only: Vec<Question>,
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
        if !kept.is_empty() && !self.only.is_empty() && !self.only.contains(&Question::Freshness) {
            bail!("--root: whether the ledger still has it is told by freshness; give --only freshness, too");
        }
        let found = ledgers(&self.path)?;
        if !kept.is_empty() && found.len() != 1 {
            bail!("--root: it is one ledger's; give that ledger's directory, not {}", self.path.display());
        }
        for (number, (name, path)) in found.into_iter().enumerate() {
            let verified = check(name, &path, !self.json, kept.clone(), &self.only)?;
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

fn question(text: &str) -> Result<Question, String> {
    Question::ALL.into_iter().find(|it| it.as_str() == text).ok_or_else(|| {
        let names = Question::ALL.map(Question::as_str).join(", ");
        format!("not a question; give one of {names}")
    })
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
    check(name, path, bar, Vec::new(), &[])
}

fn check(
    name: LedgerName,
    path: &Path,
    bar: bool,
    kept: Vec<Kept>,
    only: &[Question],
) -> anyhow::Result<Verified> {
    let bar = if bar && out::is_watched() { ProgressBar::new(0) } else { ProgressBar::hidden() };
    if let Ok(style) =
        ProgressStyle::with_template("{prefix} {bar:40} {bytes}/{total_bytes} {binary_bytes_per_sec}")
    {
        bar.set_style(style);
    }
    bar.set_prefix(name.to_string());
    let started = Instant::now();
    let bytes_alone = !only.is_empty() && only.iter().all(|it| *it == Question::Integrity);
    let (report, mut audited) = if bytes_alone {
        look_unopened(path, &bar)?
    } else {
        look(path, &Given { now: Timestamp::now(), kept, definitions }, &bar)?
    };
    if !only.is_empty() {
        audited.keep_only(only);
    }
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

fn unreadable(path: &Path, error: &storage::Error) -> anyhow::Error {
    anyhow!("{}: {error}; give a ledger that can be read", path.display())
}

fn show(bar: &ProgressBar, progress: integrity::Progress) {
    bar.set_length(progress.total);
    bar.set_position(progress.bytes);
}

/// Looks at bytes, links and the tree, and at no event.
fn look_unopened(path: &Path, bar: &ProgressBar) -> anyhow::Result<(integrity::Report, Audited)> {
    let report = integrity::verify_unopened(&FileBackend::new(path), &|progress| show(bar, progress))
        .map_err(|error| unreadable(path, &error))?;
    let audited = Audited::unopened(&report);
    Ok((report, audited))
}

/// Looks at all of it; again, where words and events do not agree: a server may be between the one and the other.
fn look(path: &Path, given: &Given, bar: &ProgressBar) -> anyhow::Result<(integrity::Report, Audited)> {
    let unreadable = |error| unreadable(path, &error);
    let backend = FileBackend::new(path);
    let mut looks = 1;
    loop {
        let audit = Arc::new(Audit::new(given.clone()));
        let (records, words) = (Arc::clone(&audit), Arc::clone(&audit));
        // The server's keys, for which every record is opened anyhow: so nothing is read twice.
        let keyer: storage::Keyer = Arc::new(move |record| {
            records.record(record).map_err(|_| Malformed::new("an event that this version cannot open"))
        });
        let report = integrity::verify_words(&backend, keyer, &|entry| words.word(entry), &|progress| {
            show(bar, progress);
        });
        let report = report.map_err(unreadable)?;
        let mut audited = audit.settle(&report, &|size| integrity::root(&backend, size).ok().flatten());
        if audited.words.as_ref().is_none_or(Words::agree) || looks == LOOKS {
            audited.place(&integrity::places(&backend, &audited.unplaced()).map_err(unreadable)?);
            return Ok((report, audited));
        }
        looks += 1;
    }
}

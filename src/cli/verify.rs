//! `pledgebook verify`: five verdicts on a ledger's files, on an export, or on what was published of one; and plainly,
//! what could not be established.

mod page;
pub(super) mod source;
#[cfg(test)]
mod tests;
mod tiled;
mod trust;

use anyhow::{anyhow, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use std::{
    path::Path,
    time::{Duration, Instant},
};
use storage::{Digest, integrity};

use super::{Outcome, offline::ledgers, out};
use crate::audit::{Audited, Given, Kept, Question, Trust, Verdict};
use crate::domain::id::LedgerName;
use crate::ledgers::verification;
use crate::reports::ReportName;

/// Read every byte of a ledger and give five verdicts: integrity, completeness, authorisation, freshness, erasure.
/// Nothing is repaired, and a server may be running. An export, or a log that is published on the web, is verified
/// against a key that you hold: give it with --key.
#[derive(Args)]
#[command(after_help = "Each verdict holds, is broken, or is not established: nothing is wrong,
and what was given does not show it.
Exit status: 0 nothing is broken, 1 something is, 2 could not look.

Example:
  pledgebook verify ./pledgebook-demo
  pledgebook verify ./pledgebook-data/improvement-service --json
  pledgebook verify ./pledgebook-data --only integrity
  pledgebook verify ./pledgebook-data/improvement-service --size 812 \\
      --root \"$(cat root-that-was-kept-elsewhere)\"
  pledgebook verify ./pledgebook-data/improvement-service \\
      --key \"$(cat ledger.vkey)\" --checkpoint kept-by-the-auditor.txt
  pledgebook verify ./export --key \"$(cat ledger.vkey)\"
  pledgebook verify https://ledger.example/log --key \"$(cat ledger.vkey)\"

From the web, entries need an auditor's token in PLEDGEBOOK_TOKEN, and its
host in PLEDGEBOOK_TOKEN_HOST: it is sent nowhere else. Without entries the
hash tiles alone are verified.

Without --key no signature is looked at: whoever can write the files can write
another history that is whole in itself, and sign it with a key of their own.")]
pub(super) struct Verify {
    /// A server's data directory (every ledger in it), one ledger's directory, an export, or the URL of a tiled log.
    #[arg(value_name = "PATH or URL")]
    path: String,
    #[command(flatten)]
    trusted: trust::Trusted,
    /// An auditor's token, for the entries of a server. Better given as `PLEDGEBOOK_TOKEN`.
    #[arg(long, value_name = "TOKEN", env = "PLEDGEBOOK_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// The host that the token is for, such as `ledger.example`: it is sent to no other. A token from the environment
    /// goes nowhere but to this machine unless its host is named.
    #[arg(long, value_name = "HOST", env = "PLEDGEBOOK_TOKEN_HOST")]
    token_host: Option<String>,
    /// A Merkle root of this ledger that was kept elsewhere: says whether the ledger still has it.
    #[arg(long, value_name = "HEX", requires = "size", value_parser = digest)]
    root: Option<Digest>,
    /// How many records the ledger held when it had that root.
    #[arg(long, value_name = "N", requires = "root")]
    size: Option<u64>,
    /// Answer this question only, and integrity, on which every other rests; may be given several times. With
    /// `integrity` alone no event is opened but those that say whose keys are in force, which is faster by far, and says
    /// nothing of ids and subjects in indexes.
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
        if let Some(source) = source::Source::of(&self.path, self.token().as_ref())? {
            let (key, trust) = self.trusted.of_one(&self.path)?;
            let given = Given { kept, trust, ..nothing() };
            let mut verified = tiled::verify(&source, &key, given, !self.json)?;
            verified.keep_only(&self.only);
            return Ok(self.tell(&verified, ""));
        }
        let path = Path::new(&self.path);
        let found = ledgers(path)?;
        if !kept.is_empty() && found.len() != 1 {
            bail!("--root: it is one ledger's; give that ledger's directory, not {}", path.display());
        }
        let given = Given { kept, trust: self.trusted.read()?, ..nothing() };
        let mut all = Vec::new();
        for (name, path) in found {
            all.push(check(&name, &path, !self.json, &given, &self.only)?);
        }
        trust::used(&given.trust, &all)?;
        for (number, verified) in all.iter().enumerate() {
            if self.tell(verified, if number > 0 { "\n" } else { "" }) == Outcome::FoundWrong {
                outcome = Outcome::FoundWrong;
            }
        }
        Ok(outcome)
    }

    fn token(&self) -> Option<source::Token> {
        let secret = self.token.clone()?;
        let ambient = std::env::var("PLEDGEBOOK_TOKEN").is_ok_and(|it| it == secret);
        Some(source::Token { secret, host: self.token_host.clone(), ambient })
    }

    /// Prints it, and says what it comes to.
    fn tell(&self, verified: &Verified, gap: &str) -> Outcome {
        let width = out::width();
        out::print(&if self.json { verified.json() } else { format!("{gap}{}", verified.text(width)) });
        let wrong = verified.is_broken() || (self.strict && !verified.holds());
        if wrong { Outcome::FoundWrong } else { Outcome::Done }
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
    pub(super) name: String,
    /// Where its files are: a directory, or the front of a URL.
    at: String,
    pub(super) report: integrity::Report,
    audited: Audited,
    took: Duration,
}

impl Verified {
    /// Whether something is not as it must be.
    pub(super) fn is_broken(&self) -> bool {
        self.audited.conclusions.iter().any(|it| it.verdict == Verdict::Broken)
    }

    /// Leaves out the answers to other questions than these; with none, nothing.
    fn keep_only(&mut self, only: &[Question]) {
        if !only.is_empty() {
            self.audited.keep_only(only);
        }
    }

    /// Whether all that was asked is established.
    fn holds(&self) -> bool {
        self.audited.conclusions.iter().all(|it| it.verdict == Verdict::Holds)
    }
}

/// Verifies one ledger's files; shows a bar if somebody watches.
pub(super) fn verify(name: &LedgerName, path: &Path, bar: bool) -> anyhow::Result<Verified> {
    check(name, path, bar, &nothing(), &[])
}

/// Nothing is held, and nothing trusted.
fn nothing() -> Given {
    Given {
        now: Timestamp::now(),
        kept: Vec::new(),
        trust: Trust::default(),
        definitions: ReportName::newest_definition,
    }
}

/// With `only`, the answers to those questions. For integrity alone no event is opened but those that say whose keys are
/// in force.
fn check(
    name: &LedgerName,
    path: &Path,
    bar: bool,
    given: &Given,
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
    let progress = |progress: integrity::Progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.bytes);
    };
    let verified = if !only.is_empty() && only.iter().all(|it| *it == Question::Integrity) {
        verification::verify_integrity(path, given, &progress)
    } else {
        verification::verify(path, given, &progress)
    };
    let (report, audited) =
        verified.map_err(|error| anyhow!("{}: {error}; give a ledger that can be read", path.display()))?;
    bar.finish_and_clear();
    let took = started.elapsed();
    let (name, at) = (name.to_string(), path.display().to_string());
    let mut verified = Verified { name, at, report, audited, took };
    verified.keep_only(only);
    Ok(verified)
}

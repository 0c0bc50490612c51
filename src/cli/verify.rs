//! `pledgebook verify`: every byte, every link, the tree, the words; and plainly, what that does not show.

use anyhow::{anyhow, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::sync::{Arc, Mutex, OnceLock};
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use storage::{Digest, FileBackend, Keyer, Malformed, integrity, merkle::Range};

use super::{
    Outcome,
    offline::ledgers,
    out,
    words::{Watch, Words},
};
use crate::domain::{event::Payload, id::LedgerName};
use crate::journal::{codec, keys};

/// Read every byte of a ledger, check every link and the tree, and say what does not hold. Nothing is repaired, and a
/// server may be running.
#[derive(Args)]
#[command(after_help = "Example:
  pledgebook verify ./pledgebook-demo
  pledgebook verify ./pledgebook-data/improvement-service --json
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
    /// One JSON object a ledger.
    #[arg(long)]
    json: bool,
}

impl Verify {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let mut outcome = Outcome::Done;
        let kept = self.root.zip(self.size).map(|(root, size)| Kept { root, size });
        let found = ledgers(&self.path)?;
        if kept.is_some() && found.len() != 1 {
            bail!("--root: it is one ledger's; give that ledger's directory, not {}", self.path.display());
        }
        for (name, path) in found {
            let verified = check(name, &path, !self.json, kept)?;
            if !verified.holds() {
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

fn digest(text: &str) -> Result<Digest, &'static str> {
    const_hex::decode_to_array(text.trim()).map(Digest).map_err(|_| "write 64 hexadecimal digits")
}

/// A root that somebody kept elsewhere.
#[derive(Clone, Copy)]
struct Kept {
    root: Digest,
    size: u64,
}

/// One ledger's verdict.
pub(super) struct Verified {
    pub(super) name: LedgerName,
    path: PathBuf,
    pub(super) report: integrity::Report,
    words: Words,
    took: Duration,
    /// Everything in it is invented; nothing if its first record cannot be read.
    example: Option<bool>,
    /// The root that was kept, and whether the ledger has it.
    kept: Option<(Kept, bool)>,
}

/// Verifies one ledger's files; shows a bar if somebody watches.
pub(super) fn verify(name: LedgerName, path: &Path, bar: bool) -> anyhow::Result<Verified> {
    check(name, path, bar, None)
}

fn check(name: LedgerName, path: &Path, bar: bool, kept: Option<Kept>) -> anyhow::Result<Verified> {
    let bar = if bar && out::is_watched() { ProgressBar::new(0) } else { ProgressBar::hidden() };
    if let Ok(style) =
        ProgressStyle::with_template("{prefix} {bar:40} {bytes}/{total_bytes} {binary_bytes_per_sec}")
    {
        bar.set_style(style);
    }
    bar.set_prefix(name.to_string());
    let started = Instant::now();
    let (report, seen, words) = look(path, kept, &bar)?;
    bar.finish_and_clear();
    let took = started.elapsed();
    let kept = kept.map(|kept| (kept, seen.root(kept.size) == Some(kept.root)));
    let example = seen.example.get().copied();
    Ok(Verified { name, path: path.to_owned(), report, words, took, example, kept })
}

/// Looks at all of it; again, where words and events do not agree: a server may be between the one and the other.
fn look(
    path: &Path,
    kept: Option<Kept>,
    bar: &ProgressBar,
) -> anyhow::Result<(integrity::Report, Arc<Seen>, Words)> {
    let mut looks = 1;
    loop {
        let (seen, watch) = (Arc::new(Seen::default()), Arc::new(Watch::default()));
        let keyer = watching(&seen, &watch, kept);
        let word = |entry: &integrity::Entry<'_>| watch.word(entry);
        let report = integrity::verify_words(&FileBackend::new(path), keyer, &word, &|progress| {
            bar.set_length(progress.total);
            bar.set_position(progress.bytes);
        });
        let report =
            report.map_err(|error| anyhow!("{}: {error}; give a ledger that can be read", path.display()))?;
        let words = watch.settle();
        if words.agree() || looks == LOOKS {
            return Ok((report, seen, words));
        }
        looks += 1;
    }
}

/// How often a ledger is looked at whose words and events do not agree.
const LOOKS: u32 = 3;

/// What is seen of the records while they are verified.
#[derive(Default)]
struct Seen {
    example: OnceLock<bool>,
    leaves: Mutex<Vec<(u64, Digest)>>,
}

impl Seen {
    /// The root of the first `size` records, if all of them were seen.
    fn root(&self, size: u64) -> Option<Digest> {
        let mut leaves = self.leaves.lock().ok()?;
        leaves.sort_unstable();
        let mut range = Range::new();
        for (sequence, leaf) in leaves.iter() {
            if *sequence != range.size() {
                return None;
            }
            range.push(*leaf, |_, _| {});
        }
        (range.size() == size).then(|| range.root())
    }
}

/// The server's keys, for which every record is opened anyhow: so nothing is read twice.
fn watching(seen: &Arc<Seen>, words: &Arc<Watch>, kept: Option<Kept>) -> Keyer {
    let (seen, words) = (Arc::clone(seen), Arc::clone(words));
    let size = kept.map_or(0, |kept| kept.size);
    Arc::new(move |record| {
        if record.sequence < size
            && let Ok(mut leaves) = seen.leaves.lock()
        {
            leaves.push((record.sequence, record.hash()));
        }
        let fact =
            codec::recorded(record).map_err(|_| Malformed::new("an event that this version cannot open"))?;
        if let (0, Payload::LedgerOpened(opened)) = (record.sequence, &fact.event.payload) {
            let _ = seen.example.set(opened.example_data);
        }
        let keys = keys::of(&fact.source, &fact.event);
        words.fact(record, fact);
        Ok(keys)
    })
}

impl Verified {
    /// Whether it is intact, and the ledger that it was.
    fn holds(&self) -> bool {
        self.report.intact() && self.words.hold() && self.kept.is_none_or(|(_, same)| same)
    }

    /// For people.
    pub(super) fn text(&self, width: usize) -> String {
        let report = &self.report;
        let megabytes = report.bytes as f64 / 1e6;
        let rate = megabytes / self.took.as_secs_f64().max(1e-6);
        let verdict = if report.intact() && self.words.hold() { "INTACT" } else { "NOT INTACT" };
        let records = out::count(report.records, "record", "records");
        let example = if self.example == Some(true) { "  (EXAMPLE DATA)" } else { "" };
        let mut page = format!("{}  {}{example}\n", out::strong(verdict), self.name);
        page += &format!("  Records    {records}, {megabytes:.1} MB, {rate:.0} MB/s\n");
        if report.intact() {
            page += &format!("  Head hash  {}\n  Root       {}\n", report.hash, report.root);
        } else {
            page += "  Head hash  not established\n  Root       not established\n";
        }
        page += &self.words.text(width);
        if let Some((kept, same)) = &self.kept {
            let text = if *same {
                format!("the same as this ledger's at {}", out::count(kept.size, "record", "records"))
            } else if kept.size > report.records {
                format!("NOT THE SAME: there are fewer than {}", out::count(kept.size, "record", "records"))
            } else {
                "NOT THE SAME: what stands in these files is not what stood there when it was kept".to_owned()
            };
            page += &out::paragraph("  Kept root  ", &text, width);
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
        if !report.intact() || !self.words.hold() {
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
            "example_data": self.example,
            "size": report.records,
            // Of records that do not hold, neither means anything.
            "root": report.intact().then(|| report.root.to_string()),
            "head": report.intact().then(|| report.hash.to_string()),
            "bytes": report.bytes,
            "verdicts": {
                "integrity": verdict,
                "words": if self.words.hold() { "intact" } else { "broken" },
            },
            "words": self.words.json(),
            "kept": self.kept.map(|(kept, same)| {
                json!({"size": kept.size, "root": kept.root.to_string(), "same": same})
            }),
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
        same root at that size is the same ledger. Who was allowed to post is not looked at here, nor whether copies \
        made elsewhere still hold what was erased.";
    format!("\n{}", out::paragraph("", text, width))
}

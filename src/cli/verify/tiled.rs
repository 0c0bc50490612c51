//! Verifies an export, or a log that was published, against a key that is pinned.
//!
//! | What | Is held against |
//! |---|---|
//! | the signed checkpoint | the pinned key, and those that follow it by the records |
//! | entries and hash tiles | that checkpoint: `storage::integrity::tiled` |
//! | words | what the records commit to, and what they say is erased |
//! | kept checkpoints | keys, and the root of the records at their size |
//! | `keys`, `README.txt` | the keys that the walk gives; the texts that were ever written |
//! | every other file | nothing: there must be none |
//!
//! Invariant: origin and key come from whoever asks, and nothing that is read here decides what it is compared with. It
//! must not know what the five verdicts are made of.

use anyhow::{Context as _, anyhow, bail};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{self, BufRead as _, BufReader, Read as _},
    path::Path,
    sync::{Mutex, PoisonError},
    time::Instant,
};
use storage::{
    Malformed, Record,
    integrity::{
        Content, Finding, Report,
        tiled::{self, Tree, Watch},
    },
    note::{SignedCheckpoint, Verifier},
};

use super::{
    Verified,
    source::{self, Source},
    walk::Walk,
};
use crate::audit::{Audit, Given, Kept, Trust};
use crate::cli::out;
use crate::domain::{
    event::{EventType, KeyRotated, Payload},
    id::LedgerName,
};
use crate::export::{
    layout::{self, Place},
    words::{Line, MAX_LINE, State},
};
use crate::journal::codec;
use crate::reports::ReportName;

/// Longest `keys` and `README.txt`, in bytes.
const MAX_TEXT: usize = 1 << 20;

/// What is found on the way, on several threads.
#[derive(Default)]
struct Found {
    findings: Vec<Finding>,
    rotations: Vec<(u64, KeyRotated)>,
    name: Option<LedgerName>,
}

impl Found {
    fn note(&mut self, file: &str, offset: u64, rule: &'static str, expected: &str, found: &str) {
        let (file, expected, found) = (file.to_owned(), expected.to_owned(), found.to_owned());
        self.findings.push(Finding { file, offset, sequence: None, rule, expected, found });
    }

    /// Puts what was found into the report.
    fn into_report(self, report: &mut Report) {
        report.found += self.findings.len() as u64;
        report.findings.extend(self.findings);
        report.findings.truncate(storage::limits::MAX_FINDINGS);
    }
}

/// The verdicts on what stands there.
pub(super) fn verify(
    source: &Source,
    key: &Verifier,
    kept: Vec<Kept>,
    bar: bool,
) -> anyhow::Result<Verified> {
    let started = Instant::now();
    let Some(bytes) = source.checkpoint()? else {
        bail!("{}: there is no checkpoint; give an export, or the address of a tiled log", source.name());
    };
    let trust = Trust { shown_signed: true, ..Trust::default() };
    let given = Given { now: Timestamp::now(), kept, trust, definitions: ReportName::newest_definition };
    let audit = Audit::new(given);
    if source.export().is_none() {
        audit.without_words();
    }
    let found = Mutex::new(Found::default());
    let (mut report, tree, entries) = match opened(source, &bytes, key, &found)? {
        Some((signed, entries)) => {
            let bar = self::bar(bar, &source.name());
            let looked = Looked { source, audit: &audit, found: &found, size: signed.checkpoint.size };
            let (mut report, tree) = looked.tiles(&signed, entries, &bar)?;
            bar.finish_and_clear();
            // It is said of a file, and only here it is known which.
            let unnamed = report.findings.iter_mut().filter(|it| it.rule == "checkpoint.root");
            unnamed.for_each(|it| source.checkpoint_name().clone_into(&mut it.file));
            looked.keys(key, &signed, &tree, &mut report)?;
            (report, tree, entries)
        }
        None => (nothing(), Tree::default(), false),
    };
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    let name = found.name.take().map_or_else(|| key.name().to_owned(), |name| name.to_string());
    found.into_report(&mut report);
    let mut audited = audit.settle(&report, &|size| tree.root(source, size).ok().flatten());
    if !entries {
        audited.saw_no_records(report.records);
    }
    let mut places = BTreeMap::new();
    for sequence in audited.unplaced() {
        let place = tiled::place(source, tree.size(), sequence);
        places.extend(place.with_context(|| source.name())?.map(|place| (sequence, place)));
    }
    audited.place(&places);
    Ok(Verified { name, at: source.name(), report, audited, took: started.elapsed() })
}

/// The checkpoint, and whether entries can be had; none if there is nothing to compare with.
fn opened(
    source: &Source,
    bytes: &[u8],
    key: &Verifier,
    found: &Mutex<Found>,
) -> anyhow::Result<Option<(SignedCheckpoint, bool)>> {
    let find = |rule, offset, expected: &str, what: &str| {
        lock(found).note(source.checkpoint_name(), offset, rule, expected, what);
        Ok(None)
    };
    let signed = match SignedCheckpoint::parse(bytes) {
        Ok(signed) => signed,
        Err(fault) => return find("checkpoint.form", fault.at as u64, "a signed checkpoint", fault.rule),
    };
    if signed.checkpoint.origin != key.name() {
        let origin = signed.checkpoint.origin;
        return find("checkpoint.origin", 0, key.name(), &origin);
    }
    let at = signed.note.text.len() as u64;
    match key.verify(&signed.note) {
        Err(fault) => {
            find("checkpoint.signature", fault.at as u64, "a good signature of the pinned key", fault.rule)
        }
        Ok(by) => {
            let entries = source.has_entries(signed.checkpoint.size)?;
            if by.is_none() && !entries {
                // Only records tell whether another key has followed it.
                return find("checkpoint.signature", at, "a signature of the pinned key", "none");
            }
            Ok(Some((signed, entries)))
        }
    }
}

/// Of nothing, nothing was looked at.
fn nothing() -> Report {
    Report {
        records: 0,
        bytes: 0,
        hash: storage::Digest([0; 32]),
        root: storage::Digest([0; 32]),
        findings: Vec::new(),
        found: 0,
        checkpoints: Vec::new(),
        half_erased: 0,
    }
}

fn bar(shown: bool, name: &str) -> ProgressBar {
    let bar = if shown && out::is_watched() { ProgressBar::new(0) } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{prefix} {bar:40} {pos}/{len} records {per_sec}") {
        bar.set_style(style);
    }
    bar.set_prefix(name.to_owned());
    bar
}

fn lock(found: &Mutex<Found>) -> std::sync::MutexGuard<'_, Found> {
    // A thread that panicked ends the verification.
    found.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Looked<'a> {
    source: &'a Source,
    audit: &'a Audit,
    found: &'a Mutex<Found>,
    size: u64,
}

impl Looked<'_> {
    /// Entries, tiles and words.
    fn tiles(
        &self,
        signed: &SignedCheckpoint,
        entries: bool,
        bar: &ProgressBar,
    ) -> anyhow::Result<(Report, Tree)> {
        let watch = Watch {
            keyer: &|record| self.record(record),
            spanned: &|first, end| self.words(first, end),
            progress: &|progress| {
                bar.set_length(progress.total);
                bar.set_position(progress.bytes);
            },
        };
        let verified = tiled::verify(self.source, &signed.checkpoint, entries, &watch);
        verified.map_err(|error| {
            anyhow!("{}: {error}; nothing is known of what could not be read", self.source.name())
        })
    }

    fn record(&self, record: &Record<'_>) -> Result<storage::Keys, Malformed> {
        let opened = |_| Malformed::new("an event that this version cannot open");
        let rotation = EventType::KeyRotated.as_str().as_bytes();
        if record.sequence == 0 || record.event.windows(rotation.len()).any(|it| it == rotation) {
            let fact = codec::recorded(record).map_err(opened)?;
            let mut found = lock(self.found);
            match &fact.event.payload {
                Payload::KeyRotated(rotated) => found.rotations.push((record.sequence, rotated.clone())),
                Payload::LedgerOpened(_) => {
                    found.name = LedgerName::parse(fact.event.subject.id().as_str()).ok();
                }
                _ => {}
            }
        }
        self.audit.record(record).map_err(opened)
    }

    /// The words beside the records of a span.
    fn words(&self, first: u64, end: u64) -> Result<(), storage::Error> {
        let Some(folder) = self.source.export() else { return Ok(()) };
        let name = layout::words(first);
        let io = |source| storage::Error::Io { file: name.clone(), offset: 0, source };
        let file = match File::open(folder.join(&name)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                lock(self.found).note(&name, 0, "words.file", "the words of these records", "no file");
                return Ok(());
            }
            Err(error) => return Err(io(error)),
        };
        let (mut lines, mut at, mut last) = (BufReader::new(file), 0, first);
        loop {
            let mut line = Vec::new();
            let count = lines.by_ref().take(MAX_LINE as u64 + 1).read_until(b'\n', &mut line).map_err(io)?;
            if count == 0 {
                return Ok(());
            }
            let parsed = std::str::from_utf8(&line).ok().and_then(Line::parse);
            if let Some(line) = parsed.filter(|line| line.sequence >= last && line.sequence < end) {
                last = line.sequence;
                self.word(&line);
            } else {
                let expected = "a line of words, of these records, in order";
                lock(self.found).note(&name, at, "words.form", expected, "another");
            }
            at += count as u64;
        }
    }

    fn word(&self, line: &Line) {
        let (sequence, field) = (line.sequence, line.field.as_str());
        match &line.state {
            State::Held { nonce, text } => {
                self.audit.exported_word(sequence, field, Content::Kept { nonce: *nonce, text });
            }
            State::Erased => self.audit.exported_word(sequence, field, Content::Erased),
            State::ErasedLater => self.audit.erased_later(sequence, field),
            State::Damaged => self.audit.exported_word(sequence, field, Content::Damaged),
            // What is not given is found missing.
            State::Missing => {}
        }
    }

    /// Signatures, and what else is in an export.
    fn keys(
        &self,
        key: &Verifier,
        signed: &SignedCheckpoint,
        tree: &Tree,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        let mut rotations = std::mem::take(&mut lock(self.found).rotations);
        rotations.sort_by_key(|(sequence, _)| *sequence);
        let walk = Walk::from(key, &rotations);
        let name = self.source.checkpoint_name();
        for (sequence, why) in &walk.broken {
            let place =
                tiled::place(self.source, self.size, *sequence).with_context(|| self.source.name())?;
            let (file, offset) = place.unwrap_or_default();
            let (sequence, expected) =
                (Some(*sequence), "a rotation that the key in force signed".to_owned());
            let found = (*why).to_owned();
            lock(self.found).findings.push(Finding {
                file,
                offset,
                sequence,
                rule: "key.signature",
                expected,
                found,
            });
        }
        if let Some(why) = walk.judge(signed) {
            let at = signed.note.text.len() as u64;
            lock(self.found).note(name, at, "checkpoint.signature", "a signature of the key in force", why);
        }
        if let Some(folder) = self.source.export() {
            let names = self.files(folder)?;
            let kept = names.iter().filter_map(|place| match place {
                Place::Kept(size) => Some(*size),
                _ => None,
            });
            let kept: BTreeSet<u64> = kept.collect();
            for size in &kept {
                self.kept(folder, *size, &walk, tree, report.intact())?;
            }
            for size in walk.handovers().filter(|size| !kept.contains(size)) {
                let expected = "the checkpoint that the key before and the key after it signed";
                lock(self.found).note(&layout::kept(size), 0, "key.handover", expected, "no file");
            }
            self.text(folder, layout::KEYS, "keys.list", &[&walk.list()])?;
            self.text(folder, layout::README, "file.bytes", &[layout::READ_ME])?;
        }
        Ok(())
    }

    /// A file that must have one of these texts.
    fn text(&self, folder: &Path, name: &str, rule: &'static str, texts: &[&str]) -> anyhow::Result<()> {
        let bytes = source::read(&folder.join(name), MAX_TEXT).with_context(|| name.to_owned())?;
        let bytes = bytes.unwrap_or_default();
        if !texts.iter().any(|text| text.as_bytes() == bytes) {
            let wanted = texts.last().copied().unwrap_or_default().as_bytes();
            let same = wanted.iter().zip(&bytes).take_while(|(one, two)| one == two).count();
            lock(self.found).note(
                name,
                same as u64,
                rule,
                "what an export has there",
                "another text, or none",
            );
        }
        Ok(())
    }

    /// A kept checkpoint. Its root is compared only with records that hold.
    fn kept(&self, folder: &Path, size: u64, walk: &Walk, tree: &Tree, sound: bool) -> anyhow::Result<()> {
        let name = layout::kept(size);
        let bytes = source::read(&folder.join(&name), storage::limits::MAX_NOTE + 1);
        let bytes = bytes.with_context(|| name.clone())?.unwrap_or_default();
        let signed = match SignedCheckpoint::parse(&bytes) {
            Ok(signed) => signed,
            Err(fault) => {
                lock(self.found).note(
                    &name,
                    fault.at as u64,
                    "checkpoint.form",
                    "a signed checkpoint",
                    fault.rule,
                );
                return Ok(());
            }
        };
        let said = &signed.checkpoint;
        if said.size != size {
            let found = said.size.to_string();
            lock(self.found).note(&name, 0, "checkpoint.form", &format!("a checkpoint of {size}"), &found);
            return Ok(());
        }
        let why = if said.origin != walk.origin() {
            Some("the checkpoint of another log")
        } else if size < walk.begins() {
            None
        } else {
            walk.judge(&signed)
        };
        if let Some(why) = why {
            let at = signed.note.text.len() as u64;
            lock(self.found).note(
                &name,
                at,
                "checkpoint.signature",
                "a signature of the key in force then",
                why,
            );
        }
        if sound {
            let root = tree.root(self.source, size).with_context(|| self.source.name())?;
            let found = root.map_or("none".to_owned(), |root| root.to_string());
            if root != Some(said.root) {
                lock(self.found).note(&name, 0, "checkpoint.root", &said.root.to_string(), &found);
            }
        }
        Ok(())
    }

    /// What there is; every file that has no place there is a finding.
    fn files(&self, folder: &Path) -> anyhow::Result<Vec<Place>> {
        let mut names = Vec::new();
        collect(folder, "", &mut names).with_context(|| folder.display().to_string())?;
        let mut places = Vec::new();
        for name in names {
            match Place::of(&name).filter(|place| place.belongs(self.size)) {
                Some(place) => places.push(place),
                None => lock(self.found).note(&name, 0, "file.extra", "no such file in this export", "one"),
            }
        }
        Ok(places)
    }
}

/// Every name below a folder that is no folder itself.
fn collect(root: &Path, below: &str, names: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(below))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let inner = if below.is_empty() { name } else { format!("{below}/{name}") };
        if entry.file_type()?.is_dir() {
            collect(root, &inner, names)?;
        } else {
            names.push(inner);
        }
    }
    names.sort();
    Ok(())
}

//! Verifies an export, or a log that was published, against a key that is pinned.
//!
//! | What | Is held against |
//! |---|---|
//! | the signed checkpoint | the pinned key, and those that follow it by the records: `audit` |
//! | entries and hash tiles | that checkpoint: `storage::integrity::tiled` |
//! | words | what the records commit to, and what they say is erased |
//! | kept checkpoints | the root of the records at their size: `storage::integrity`; keys: `audit` |
//! | `keys` | the keys that the records name: `audit` |
//! | `README.txt` | the text that is always written |
//! | every other file | nothing: there must be none |
//!
//! Invariant: origin and key come from whoever asks, and nothing that is read here decides what it is compared with. It
//! must judge no signature, nor know what the five verdicts are made of.

use anyhow::{Context as _, anyhow, bail};
use indicatif::{ProgressBar, ProgressStyle};
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
        self, Content, Finding, KeptAt, Report,
        tiled::{self, Tree, Watch},
    },
    note::{SignedCheckpoint, Verifier},
};

use super::{
    Verified,
    source::{self, Source},
};
use crate::audit::{Audit, Beside, Given, Sheet, Shown};
use crate::cli::out;
use crate::domain::id::LedgerName;
use crate::export::{
    layout::{self, Place},
    words::{Line, MAX_LINE, State},
};
use crate::journal::codec;

/// Longest `keys` and `README.txt`, in bytes.
const MAX_TEXT: usize = 1 << 20;

/// What is found on the way, on several threads.
#[derive(Default)]
struct Found {
    findings: Vec<Finding>,
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

/// The verdicts on what stands there. `given` pins `key`.
pub(super) fn verify(
    source: &Source,
    key: &Verifier,
    mut given: Given,
    bar: bool,
) -> anyhow::Result<Verified> {
    let started = Instant::now();
    let Some(bytes) = source.checkpoint()? else {
        bail!("{}: there is no checkpoint; give an export, or the address of a tiled log", source.name());
    };
    let found = Mutex::new(Found::default());
    let opened = opened(source, &bytes, key, &found)?;
    given.trust.beside = beside(source, key, opened.is_some().then_some(bytes))?;
    let audit = Audit::new(given);
    if source.export().is_none() {
        audit.without_words();
    }
    let (mut report, tree, entries) = match opened {
        Some((signed, entries)) => {
            let bar = self::bar(bar, &source.name());
            let looked = Looked { source, audit: &audit, found: &found, size: signed.checkpoint.size };
            let (mut report, tree) = looked.tiles(&signed, entries, &bar)?;
            bar.finish_and_clear();
            // It is said of a file, and only here it is known which.
            let unnamed = report.findings.iter_mut().filter(|it| it.rule == "checkpoint.root");
            unnamed.for_each(|it| source.checkpoint_name().clone_into(&mut it.file));
            if let Some(folder) = source.export() {
                looked.export(folder, key.name(), &tree, &mut report)?;
            }
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

/// What stands beside the records: the checkpoint, if it is one of this log, and the list of keys of an export.
fn beside(source: &Source, key: &Verifier, checkpoint: Option<Vec<u8>>) -> anyhow::Result<Beside> {
    let sheet = |file: &str, bytes| Sheet { file: file.to_owned(), bytes };
    let keys = source.export().filter(|_| checkpoint.is_some()).map(|folder| {
        let bytes = source::read(&folder.join(layout::KEYS), MAX_TEXT).context(layout::KEYS)?;
        anyhow::Ok(sheet(layout::KEYS, bytes.unwrap_or_default()))
    });
    Ok(Beside {
        published: checkpoint.map(|bytes| sheet(source.checkpoint_name(), bytes)),
        keys: keys.transpose()?,
        shown: Shown::ByCheckpoint { origin: key.name().to_owned(), kept: source.export().is_some() },
    })
}

/// The checkpoint, and whether entries can be had; none if there is nothing to compare with. Whether the key in force
/// signed it is the audit's to judge, when the records have told of every key: here only what no record can mend.
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
        Err(fault) => return find("published.form", fault.at as u64, "a signed checkpoint", fault.rule),
    };
    if signed.checkpoint.origin != key.name() {
        let origin = signed.checkpoint.origin;
        return find("published.origin", 0, key.name(), &origin);
    }
    let at = signed.note.text.len() as u64;
    match key.verify(&signed.note) {
        Err(fault) => {
            find("published.signature", fault.at as u64, "a good signature of the pinned key", fault.rule)
        }
        Ok(by) => {
            let entries = source.has_entries(signed.checkpoint.size)?;
            if by.is_none() && !entries {
                // Only records tell whether another key has followed it.
                return find("published.signature", at, "a signature of the pinned key", "none");
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
        if record.sequence == 0 {
            let fact = codec::recorded(record).map_err(opened)?;
            lock(self.found).name = LedgerName::parse(fact.event.subject.id().as_str()).ok();
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

    /// What else is in an export: the kept checkpoints, which are handed to `report`, and files that are always the same.
    fn export(&self, folder: &Path, origin: &str, tree: &Tree, report: &mut Report) -> anyhow::Result<()> {
        let places = self.files(folder)?;
        let sizes = places.iter().filter_map(|place| match place {
            Place::Kept(size) => Some(*size),
            _ => None,
        });
        let sizes: BTreeSet<u64> = sizes.collect();
        let kept = sizes.into_iter().map(|size| kept(folder, size)).collect::<anyhow::Result<_>>()?;
        let mut root = |size| {
            let file = layout::kept(size);
            let io = |source| storage::Error::Io { file: file.clone(), offset: 0, source };
            let found = tree.root(self.source, size).map_err(io)?;
            // The records reach so far: nothing but another tile than was read before can be in the way.
            let changed = || io(io::Error::other("a hash tile changed while it was read; verify again"));
            found.ok_or_else(changed).map(Some)
        };
        integrity::hold_kept(report, kept, Some(origin), &mut root).with_context(|| self.source.name())?;
        self.text(folder, layout::README, layout::READ_ME)
    }

    /// A file that must have this text.
    fn text(&self, folder: &Path, name: &str, wanted: &str) -> anyhow::Result<()> {
        let bytes = source::read(&folder.join(name), MAX_TEXT).with_context(|| name.to_owned())?;
        let bytes = bytes.unwrap_or_default();
        if wanted.as_bytes() != bytes {
            let same = wanted.bytes().zip(&bytes).take_while(|(one, two)| one == *two).count() as u64;
            let (expected, found) = ("what an export has there", "another text, or none");
            lock(self.found).note(name, same, "file.bytes", expected, found);
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

/// The kept checkpoint of an export whose place says that size.
fn kept(folder: &Path, size: u64) -> anyhow::Result<KeptAt> {
    let file = layout::kept(size);
    let note = source::read(&folder.join(&file), storage::limits::MAX_NOTE + 1);
    let note = note.with_context(|| file.clone())?.unwrap_or_default();
    Ok(KeptAt { file, offset: 0, size, note })
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

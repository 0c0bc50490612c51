//! A ledger's files, read without a server: views and head, folded from the log.
//!
//! Invariant: nothing on the disk is written, locked or repaired, and a server may go on appending: what it may still
//! write is copied into memory first, the watermark before the records that it speaks of, and opened there ([`still`]).
//! What a crash may have left behind is mended in the copy only.

mod still;

use anyhow::{Context as _, anyhow, bail};
use std::{
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
};
use storage::{Checkpoints, Digest, Kept, Keyer, Log, Options, Reader, Record};

use crate::domain::command::Recorded;
use crate::domain::id::LedgerName;
use crate::domain::value::Sha256;
use crate::journal::{codec, keys};
use crate::ledgers::snapshot;
use crate::projections::Views;
use crate::reports::Stand;
use still::Still;

/// A ledger read from its files.
pub(super) struct Offline {
    pub(super) name: LedgerName,
    pub(super) views: Views,
    reader: Reader,
    // It owns what the reader reads.
    _log: Log,
}

impl Offline {
    /// Reads one ledger of a data directory: the one that is named, or the only one.
    pub(super) fn read(data: &Path, name: Option<&str>) -> anyhow::Result<Self> {
        let (_, path) = one(data, name)?;
        let Opened { name, reader, log, .. } = Opened::open(data, name)?;
        let views =
            fold(&path, &reader).with_context(|| format!("{}: the log cannot be read", data.display()))?;
        Ok(Self { name, views, reader, _log: log })
    }

    /// What the ledger is called, and what stood in it.
    pub(super) fn stand(&self, as_known: u64) -> anyhow::Result<Stand> {
        let root = self.reader.root(as_known.min(self.views.size()))?;
        Ok(Stand { ledger: self.name.to_string(), root: Sha256(root.0) })
    }

    /// A record, opened.
    pub(super) fn record(&self, sequence: u64) -> anyhow::Result<Recorded> {
        let bytes = self.reader.read(sequence)?;
        Ok(codec::recorded(&Record::parse(&bytes)?)?)
    }

    /// Its hash, and the proof that it is among the first `size`.
    pub(super) fn proof(&self, sequence: u64, size: u64) -> anyhow::Result<(Digest, Vec<Digest>)> {
        Ok((self.reader.leaf(sequence)?, self.reader.prove_inclusion(sequence, size)?))
    }
}

/// A ledger's log, opened where it stands.
pub(super) struct Opened {
    pub(super) name: LedgerName,
    pub(super) reader: Reader,
    pub(super) kept: Kept,
    // It owns what the reader reads.
    log: Log,
}

impl Opened {
    /// Opens one ledger of a data directory: the one that is named, or the only one.
    pub(super) fn open(data: &Path, name: Option<&str>) -> anyhow::Result<Self> {
        let (name, path) = one(data, name)?;
        let still = Still::of(&path).with_context(|| format!("{}: cannot be read", path.display()))?;
        let options = Options { background: false, ..Options::default() };
        let damaged = |error| anyhow!("{}: {error}; `pledgebook verify {0}` says more", path.display());
        let (log, recovery) = Log::open(Arc::new(still), options, keyer()).map_err(damaged)?;
        let kept = Checkpoints::open(&log, recovery.clean).map_err(damaged)?.kept();
        Ok(Self { name, reader: log.reader(), kept, log })
    }
}

/// One ledger of a data directory: the one that is named, or the only one.
pub(super) fn one(data: &Path, name: Option<&str>) -> anyhow::Result<(LedgerName, PathBuf)> {
    let found = ledgers(data)?;
    let wanted = name.map(|name| LedgerName::parse(name).map_err(|why| anyhow!("--ledger {name}: {why}")));
    let names = || found.iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>().join(", ");
    match (wanted.transpose()?, found.as_slice()) {
        (Some(wanted), _) => found
            .iter()
            .find(|(name, _)| *name == wanted)
            .cloned()
            .ok_or_else(|| anyhow!("{}: there is no {wanted} here, only {}", data.display(), names())),
        (None, [only]) => Ok(only.clone()),
        (None, _) => bail!("{}: say which ledger with --ledger: {}", data.display(), names()),
    }
}

/// The ledgers of a data directory, by name; the directory of one ledger counts as itself.
pub(super) fn ledgers(data: &Path) -> anyhow::Result<Vec<(LedgerName, PathBuf)>> {
    let named = |path: &Path| {
        let name = path.canonicalize().ok()?;
        LedgerName::parse(name.file_name()?.to_str()?).ok()
    };
    if data.join("log").is_dir()
        && let Some(name) = named(data)
    {
        return Ok(vec![(name, data.to_owned())]);
    }
    let entries = fs::read_dir(data).with_context(|| format!("{}: cannot be read", data.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("{}: cannot be read", data.display()))?.path();
        if path.join("log").is_dir()
            && let Some(name) = named(&path)
        {
            found.push((name, path));
        }
    }
    if found.is_empty() {
        bail!(
            "{}: there is no ledger here; give a server's data directory, or one ledger's directory in it",
            data.display()
        );
    }
    found.sort();
    Ok(found)
}

/// How records are found again; the same as in the server.
fn keyer() -> Keyer {
    Arc::new(keys::of_record)
}

/// The views of all records; from a snapshot on, if there is one that fits.
fn fold(directory: &Path, reader: &Reader) -> anyhow::Result<Views> {
    let mut views = snapshot::load(directory, reader).unwrap_or_default();
    let mut failed = None;
    reader.scan(views.size(), reader.head().size, &mut |record| match codec::recorded(&record) {
        Ok(fact) => {
            views.apply(&fact);
            ControlFlow::Continue(())
        }
        Err(error) => {
            failed = Some(error);
            ControlFlow::Break(())
        }
    })?;
    match failed {
        None => Ok(views),
        Some(error) => bail!("record {}: {error}", views.size()),
    }
}

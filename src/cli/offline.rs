//! A ledger's files, read without a server: views and head, folded from the log.
//!
//! Invariant: nothing on the disk is written, locked or repaired, and a server may go on appending: the files are
//! copied into memory first, the watermark before the records that it speaks of, and opened there. What a crash may
//! have left behind is mended in the copy only.

use anyhow::{Context as _, anyhow, bail};
use std::{
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
};
use storage::{Checkpoints, Kept, Keyer, Log, MemoryBackend, Options, Reader};

use crate::domain::id::LedgerName;
use crate::domain::value::Sha256;
use crate::journal::{codec, keys};
use crate::projections::Views;
use crate::reports::Stand;

/// More than this is not copied into memory: whoever has that much has a server to ask.
const MOST: u64 = 1 << 30;

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
        let (name, path) = find(data, name)?;
        let (reader, log) = open(&path)?;
        let views = fold(&reader).with_context(|| format!("{}: the log cannot be read", path.display()))?;
        Ok(Self { name, views, reader, _log: log })
    }

    /// What the ledger is called, and what stood in it.
    pub(super) fn stand(&self, as_known: u64) -> anyhow::Result<Stand> {
        let root = self.reader.root(as_known.min(self.views.size()))?;
        Ok(Stand { ledger: self.name.to_string(), root: Sha256(root.0) })
    }
}

/// A ledger's records and kept checkpoints, read from its files.
pub(super) struct Files {
    pub(super) name: LedgerName,
    pub(super) reader: Reader,
    pub(super) kept: Kept,
    _log: Log,
}

impl Files {
    /// Reads one ledger of a data directory: the one that is named, or the only one.
    pub(super) fn read(data: &Path, name: Option<&str>) -> anyhow::Result<Self> {
        let (name, path) = find(data, name)?;
        let (reader, log) = open(&path)?;
        // Whether the last run closed it is not asked: what a crash cut short is cut off in the copy.
        let checkpoints = Checkpoints::open(&log, false)
            .map_err(|error| anyhow!("{}: {error}; `pledgebook verify {0}` says more", path.display()))?;
        Ok(Self { name, reader, kept: checkpoints.kept(), _log: log })
    }
}

/// One ledger of a data directory, and where it stands: the one that is named, or the only one.
pub(super) fn find(data: &Path, name: Option<&str>) -> anyhow::Result<(LedgerName, PathBuf)> {
    let mut found = ledgers(data)?;
    let wanted = name.map(|name| LedgerName::parse(name).map_err(|why| anyhow!("--ledger {name}: {why}")));
    let names = found.iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>().join(", ");
    let place = match wanted.transpose()? {
        Some(wanted) => found
            .iter()
            .position(|(name, _)| *name == wanted)
            .ok_or_else(|| anyhow!("{}: there is no {wanted} here, only {names}", data.display()))?,
        None if found.len() == 1 => 0,
        None => bail!("{}: say which ledger with --ledger: {names}", data.display()),
    };
    Ok(found.swap_remove(place))
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

fn open(path: &Path) -> anyhow::Result<(Reader, Log)> {
    let backend = copy(path)?;
    let options = Options { background: false, ..Options::default() };
    let (log, _) = Log::open(Arc::new(backend), options, keyer())
        .map_err(|error| anyhow!("{}: {error}; `pledgebook verify {0}` says more", path.display()))?;
    Ok((log.reader(), log))
}

/// The files of a ledger, in memory.
fn copy(path: &Path) -> anyhow::Result<MemoryBackend> {
    let (mut files, mut total) = (Vec::new(), 0);
    for folder in ["log", "public"] {
        collect(path, Path::new(folder), &mut files, &mut total)
            .with_context(|| format!("{}: cannot be read", path.join(folder).display()))?;
    }
    if total > MOST {
        bail!(
            "{}: {} MiB are too much to read in one go; run `pledgebook serve` and ask it with --server",
            path.display(),
            total >> 20
        );
    }
    // A checkpoint or a watermark read after the records could speak of some that were written in between.
    files.sort_by_key(|file| (!file.ends_with("checkpoints"), !file.ends_with("watermark"), file.clone()));
    let backend = MemoryBackend::new();
    for file in files {
        match fs::read(path.join(&file)) {
            Ok(bytes) => backend.put(&file.to_string_lossy(), bytes),
            // A server may rename a file between the two looks; what it holds then has another name or is new.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(error).with_context(|| format!("{}: cannot be read", path.join(&file).display()));
            }
        }
    }
    Ok(backend)
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<PathBuf>, total: &mut u64) -> std::io::Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let inner = folder.join(entry.file_name());
        let meta = entry.metadata()?;
        if meta.is_dir() {
            collect(root, &inner, files, total)?;
        } else if entry.file_name() != "lock" {
            *total += meta.len();
            files.push(inner);
        }
    }
    Ok(())
}

fn fold(reader: &Reader) -> anyhow::Result<Views> {
    let mut views = Views::new();
    let mut failed = None;
    reader.scan(0, reader.head().size, &mut |record| match codec::recorded(&record) {
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

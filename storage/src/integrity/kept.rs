//! Kept checkpoints against the records: form, order, size and root. Signatures are for
//! whoever has keys.
//!
//! Invariant: roots are worked out from level files that were compared with the records
//! before. It must not know keys.

use std::io::ErrorKind;

use super::{Findings, KeptAt, Report};
use crate::backend::{Backend, Mode};
use crate::error::Error;
use crate::format::digest::Digest;
use crate::log::checkpoints::{CHECKPOINTS, Fault, KeptCheckpoint, scan, whole};
use crate::log::{LevelFiles, TILES};
use crate::merkle::range::{self, Range};
use crate::note::SignedCheckpoint;

/// What the file holds, read before the watermark: a server that runs keeps a checkpoint
/// only of what its watermark tells of already.
pub(super) struct Found {
    entries: Vec<KeptAt>,
    fault: Option<Fault>,
}

pub(super) fn read(backend: &dyn Backend) -> Result<Found, Error> {
    let io = |error| Error::io(CHECKPOINTS, 0, error);
    let bytes = match backend.open(CHECKPOINTS, Mode::Read) {
        Ok(file) => whole(&*file).map_err(io)?,
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(io(error)),
    };
    let scanned = scan(&bytes);
    let at = |(offset, KeptCheckpoint { size, note })| {
        let file = CHECKPOINTS.to_owned();
        KeptAt { file, offset, size, note }
    };
    let entries = scanned.entries(&bytes).map(at).collect();
    Ok(Found { entries, fault: scanned.fault })
}

impl Found {
    /// Adds to `report` what does not hold. `clean`: the last run ended with a close.
    pub(super) fn check(
        self,
        clean: bool,
        origin: Option<&str>,
        levels: &LevelFiles,
        report: &mut Report,
    ) -> Result<(), Error> {
        let mut findings = Findings::default();
        // An entry that was being written when the power went, or is at this moment.
        if let Some(fault) = self.fault.as_ref().filter(|fault| clean || !fault.torn) {
            let expected = "a whole entry, larger than the one before";
            findings.note(CHECKPOINTS.to_owned(), fault.at, "checkpoint.entry", expected, fault.rule);
        }
        let mut tree = Range::new();
        let mut root = |size| Ok(extend(&mut tree, levels, size)?.then(|| tree.root()));
        hold(report, self.entries, origin, &mut root)?;
        report.found += findings.count;
        report.findings.extend(findings.kept);
        Ok(())
    }
}

/// Holds kept checkpoints against a log of which `report` tells, and hands them to it: form,
/// origin, and the root at their size, which `root` gives, or `None` where it cannot be told.
/// They come by size; `root` is asked only if nothing else was found.
///
/// # Errors
///
/// What `root` says.
pub fn hold(
    report: &mut Report,
    kept: Vec<KeptAt>,
    origin: Option<&str>,
    root: &mut dyn FnMut(u64) -> Result<Option<Digest>, Error>,
) -> Result<(), Error> {
    let mut findings = Findings::default();
    // Of levels or records that do not hold, no root says anything.
    let sound = report.intact();
    for entry in &kept {
        let mut find = |rule, expected: &str, found: &str| {
            findings.note(entry.file.clone(), entry.offset, rule, expected, found);
        };
        let checkpoint = match SignedCheckpoint::parse(&entry.note) {
            Ok(signed) => signed.checkpoint,
            Err(fault) => {
                find("checkpoint.form", "a signed checkpoint", fault.rule);
                continue;
            }
        };
        if checkpoint.size != entry.size {
            let expected = format!("a checkpoint of {}", entry.size);
            find("checkpoint.form", &expected, &checkpoint.size.to_string());
        }
        if let Some(origin) = origin.filter(|origin| *origin != checkpoint.origin) {
            find("checkpoint.origin", origin, &checkpoint.origin);
        }
        if entry.size > report.records {
            let expected = format!("{} records or more", entry.size);
            find("checkpoint.size", &expected, &report.records.to_string());
        } else if sound
            && let Some(own) = root(entry.size)?
            && own != checkpoint.root
        {
            find("checkpoint.root", &checkpoint.root.to_string(), &own.to_string());
        }
    }
    report.found += findings.count;
    report.findings.extend(findings.kept);
    report.checkpoints = kept;
    Ok(())
}

/// Whether the level files reach so far; then the tree is extended to it.
fn extend(tree: &mut Range, levels: &LevelFiles, size: u64) -> Result<bool, Error> {
    let mut wider = tree.clone();
    for (first, height) in range::subtrees(tree.size(), size) {
        let subtree = levels.subtree(first, height).map_err(|error| Error::io(TILES, 0, error))?;
        let Some(subtree) = subtree else { return Ok(false) };
        wider.push_subtree(height, subtree, |_, _| {});
    }
    *tree = wider;
    Ok(true)
}

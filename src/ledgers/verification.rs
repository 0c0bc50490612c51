//! Verifies a ledger's own files: everything is read, and the audit sees it.
//!
//! Invariant: nothing is written or locked, and the ledger may be open: it is verified as far as its watermark says. It
//! must not judge, nor know who asks.

use std::{fs, io::ErrorKind, path::Path};
use storage::{FileBackend, Malformed, Record, integrity};

use crate::audit::{Audit, Audited, Given, Sheet, Words};

/// How often a ledger is looked at whose words and events do not agree.
const LOOKS: u32 = 3;

/// Looks at all of the ledger in that directory; again, where words and events do not agree: a server may be between the
/// one and the other. `progress` is told how far it is; on several threads.
pub fn verify(
    path: &Path,
    given: &Given,
    progress: &(dyn Fn(integrity::Progress) + Sync),
) -> Result<(integrity::Report, Audited), storage::Error> {
    let backend = FileBackend::new(path);
    let mut looks = 1;
    loop {
        // Before the records: what a server publishes meanwhile may count more of them.
        let mut given = given.clone();
        given.trust.beside.published = published(path)?;
        let audit = Audit::new(given);
        // The server's keys, for which every record is opened anyhow: so nothing is read twice.
        let keyer = |records: &[Record<'_>]| {
            let keys = audit.records(records).into_iter();
            keys.map(|it| it.map_err(|_| Malformed::new("an event that this version cannot open"))).collect()
        };
        let report = integrity::verify_words(&backend, &keyer, &|entry| audit.word(entry), progress)?;
        let mut audited = audit.settle(&report, &|size| integrity::root(&backend, size).ok().flatten());
        if audited.words.as_ref().is_none_or(Words::agree) || looks == LOOKS {
            audited.place(&integrity::places(&backend, &audited.unplaced())?);
            return Ok((report, audited));
        }
        looks += 1;
    }
}

/// Looks at bytes, links, the tree and signatures of the ledger in that directory, and opens no event but those that say
/// whose keys are in force: the one question of integrity, answered faster by far.
pub fn verify_integrity(
    path: &Path,
    given: &Given,
    progress: &(dyn Fn(integrity::Progress) + Sync),
) -> Result<(integrity::Report, Audited), storage::Error> {
    let backend = FileBackend::new(path);
    let mut given = given.clone();
    given.trust.beside.published = published(path)?;
    let audit = Audit::new(given);
    let glance = |record: &Record<'_>| {
        audit.pass(record).map_err(|_| Malformed::new("an event that this version cannot open"))
    };
    let report = integrity::verify_passing(&backend, &glance, progress)?;
    let mut audited = audit.settle_integrity(&report, &|size| integrity::root(&backend, size).ok().flatten());
    audited.place(&integrity::places(&backend, &audited.unplaced())?);
    Ok((report, audited))
}

/// What the ledger in that directory publishes.
fn published(ledger: &Path) -> Result<Option<Sheet>, storage::Error> {
    const FILE: &str = "public/checkpoint";
    match fs::read(ledger.join(FILE)) {
        Ok(bytes) => Ok(Some(Sheet { file: FILE.to_owned(), bytes })),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(storage::Error::Io { file: FILE.to_owned(), offset: 0, source }),
    }
}

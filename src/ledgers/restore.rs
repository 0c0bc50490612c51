//! Puts a copy of a ledger back into service: verified first, then recorded as what it is.
//!
//! Invariant: the copy is only read, and nothing is in the data directory before the ledger there says by its last record
//! that it was restored, how far it reached, and how far it was known to reach. Who holds a checkpoint of what is lost
//! can tell for ever; and the ledger signs nothing until it is longer than that.

use jiff::tz::TimeZone;
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};
use storage::{
    Backend as _, FileBackend, Log, Options, Reader,
    backend::LockError,
    integrity,
    note::{SignedCheckpoint, Verifier},
};

use super::{LOCK, NEW, keyer, own_directory, snapshot, sync};
use crate::domain::{
    event::{LedgerRestored, Payload},
    id::LedgerName,
    value::{Sha256, Words},
};
use crate::journal::{Appended, Journal, Limits, Proposal, Refused, Text, clock::Clock, commit::Local, read};

/// What is to be restored.
pub struct Restoration<'a> {
    /// A copy of one ledger's directory.
    pub copy: &'a Path,
    /// The server's data directory; no server runs on it.
    pub data: &'a Path,
    /// Checkpoints of this ledger that are known elsewhere, each with the file that it comes from.
    pub known: &'a [(PathBuf, SignedCheckpoint)],
    /// The ledger's keys that these may be signed with.
    pub keys: &'a [Verifier],
    /// The signing key's file, where the copy holds none.
    pub key_file: Option<&'a Path>,
    /// Why: words.
    pub reason: &'a str,
}

/// What was restored.
pub struct Restored {
    /// Its name.
    pub name: LedgerName,
    /// How many records the copy held.
    pub size: u64,
    /// The highest size known elsewhere; 0: none is.
    pub known_size: u64,
    /// Which restore it is.
    pub incarnation: u32,
    /// Where it is recorded.
    pub receipt: Appended,
}

/// Why nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// Something is not as it must be.
    #[error("{path}: {why}", path = path.display())]
    Refused {
        /// Which file or directory.
        path: PathBuf,
        /// What is wrong, and what to do.
        why: String,
    },
    /// The ledger itself refused the record.
    #[error("the restore was not recorded: {0}")]
    NotRecorded(#[from] Refused),
}

fn refuse(path: &Path, why: impl std::fmt::Display) -> RestoreError {
    RestoreError::Refused { path: path.to_owned(), why: why.to_string() }
}

/// Restores. Blocks.
pub fn restore(it: &Restoration<'_>, clock: &Arc<dyn Clock>) -> Result<Restored, RestoreError> {
    let _held = FileBackend::new(it.data).lock(LOCK).map_err(|error| match error {
        LockError::Held { pid } => {
            refuse(it.data, format!("a server (process {pid}) runs on it; stop it first"))
        }
        LockError::Io(error) => refuse(it.data, error),
    })?;
    let report = integrity::verify(&FileBackend::new(it.copy), keyer(), &|_| {})
        .map_err(|error| refuse(it.copy, error))?;
    if !report.intact() {
        let why = format!(
            "the copy is not intact ({} findings): `pledgebook verify` says what; restore another one",
            report.found
        );
        return Err(refuse(it.copy, why));
    }
    let unborn = it.data.join(format!("{NEW}restore"));
    let failed = |error: io::Error| refuse(&unborn, error);
    if unborn.exists() {
        fs::remove_dir_all(&unborn).map_err(failed)?;
    }
    copy(it.copy, &unborn).map_err(failed)?;
    if let Some(file) = it.key_file {
        put_key(file, &unborn).map_err(|error| refuse(file, error))?;
    }
    let restored = record(it, &unborn, clock);
    if restored.is_err() {
        // What is left behind is removed by the next start of a server, too.
        let _ = fs::remove_dir_all(&unborn);
    }
    restored
}

/// Opens the copy's copy, records the restore in it, and gives it its name.
fn record(it: &Restoration<'_>, unborn: &Path, clock: &Arc<dyn Clock>) -> Result<Restored, RestoreError> {
    let (log, _) = Log::open(Arc::new(FileBackend::new(unborn)), Options::default(), keyer())
        .map_err(|error| refuse(it.copy, error))?;
    let reader = log.reader();
    let known = hold_to(it, &reader)?;
    let opened = read::genesis(&reader)?.ok_or_else(|| refuse(it.copy, "the ledger has no first record"))?;
    let Payload::LedgerOpened(genesis) = &opened.event.payload else {
        return Err(refuse(it.copy, "the first record does not open a ledger"));
    };
    let name = LedgerName::parse(opened.event.subject.id().as_str()).map_err(|why| refuse(it.copy, why))?;
    let place = it.data.join(name.as_str());
    if place.exists() {
        let why = "there is a ledger here; move it away first, and keep it: it may be evidence";
        return Err(refuse(&place, why));
    }
    let zone = TimeZone::get(&genesis.time_zone).map_err(|why| refuse(it.copy, why))?;
    let access = genesis.access;
    let point = Box::new(Local::new(log));
    let journal = Journal::start(point, reader.clone(), zone, access, clock.clone(), Limits::default())
        .map_err(|error| refuse(it.copy, error))?;
    let recorded = said(it, &journal, &name, known, clock);
    journal.close();
    let (incarnation, receipt) = recorded?;
    fs::rename(unborn, &place).and_then(|()| sync(it.data)).map_err(|error| refuse(&place, error))?;
    let known_size = known.map_or(0, |(size, _)| size);
    Ok(Restored { name, size: receipt.receipt.sequence, known_size, incarnation, receipt })
}

fn said(
    it: &Restoration<'_>,
    journal: &Journal,
    name: &LedgerName,
    known: Option<(u64, Sha256)>,
    clock: &Arc<dyn Clock>,
) -> Result<(u32, Appended), RestoreError> {
    let life = journal.life(&name.subject())?;
    let before = life.facts().iter().rev().find_map(|fact| match &fact.event.payload {
        Payload::LedgerRestored(restored) => Some(restored.incarnation),
        _ => None,
    });
    let incarnation = before.unwrap_or(0) + 1;
    let text = Text { field: "reason", nonce: rand::random(), text: it.reason.to_owned() };
    let payload = LedgerRestored {
        restored_size: journal.head().size,
        known_size: known.map_or(0, |(size, _)| size),
        known_root: known.map(|(_, root)| root),
        incarnation,
        reason: Words(text.commitment()),
    };
    let mut proposal = Proposal::of_operator(name.subject(), clock.now(), payload)
        .map_err(|rejection| Refused::Rejected { index: 0, rejection })?;
    proposal.texts.push(text);
    let appended = journal.append_blocking(vec![proposal])?;
    let appended = appended.into_iter().next().ok_or(Refused::Unknown)?;
    Ok((incarnation, appended))
}

/// The largest of the checkpoints that are known elsewhere. Those that the copy reaches must be of its history.
fn hold_to(it: &Restoration<'_>, reader: &Reader) -> Result<Option<(u64, Sha256)>, RestoreError> {
    let origin = &reader.identity().origin;
    let mut largest = None::<(u64, Sha256)>;
    for (file, signed) in it.known {
        signed.trust(origin, it.keys).map_err(|why| refuse(file, why))?;
        let checkpoint = &signed.checkpoint;
        if checkpoint.size <= reader.head().size {
            let root = reader.root(checkpoint.size).map_err(|error| refuse(it.copy, error))?;
            if root != checkpoint.root {
                let why = format!(
                    "the copy has another history than this checkpoint: at {} records its root is {root}, not {}; \
                     restore a copy of the ledger that was signed",
                    checkpoint.size, checkpoint.root
                );
                return Err(refuse(file, why));
            }
        }
        if largest.is_none_or(|(size, _)| size < checkpoint.size) {
            largest = Some((checkpoint.size, Sha256(checkpoint.root.0)));
        }
    }
    Ok(largest)
}

/// Copies a ledger's directory, each file synced; not what is derived and not there, and no lock. Views that somebody else
/// folded are left behind: the log was verified, and they are folded from it.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    own_directory(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() && entry.file_name() == snapshot::FOLDER {
            continue;
        }
        if kind.is_dir() {
            copy(&entry.path(), &target)?;
        } else if kind.is_file() && entry.file_name() != "lock" {
            fs::copy(entry.path(), &target)?;
            fs::File::open(&target)?.sync_all()?;
        }
    }
    sync(to)
}

fn put_key(file: &Path, ledger: &Path) -> io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let private = ledger.join("private");
    if !private.exists() {
        own_directory(&private)?;
    }
    let mut out =
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(private.join("key"))?;
    out.write_all(&fs::read(file)?)?;
    out.sync_all()?;
    sync(&private)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::ClockCorrected;
    use crate::journal::clock::SystemClock;
    use crate::ledgers::{Ledger, Ledgers, tests as own};
    use crate::notary::Unattested;

    fn clock() -> Arc<dyn Clock> {
        Arc::new(SystemClock::new())
    }

    fn serve(data: &Path) -> Ledgers {
        Ledgers::open(data, clock(), Limits::default(), Options::default()).unwrap()
    }

    fn acme(ledgers: &Ledgers) -> Arc<Ledger> {
        ledgers.find(&LedgerName::parse("acme").unwrap()).unwrap()
    }

    /// One more record, of a kind that can be said at any time.
    fn record(ledger: &Ledger) {
        let said = ClockCorrected { drift_seconds: 0 };
        let proposal = Proposal::of_operator(ledger.name.subject(), ledger.clock.now(), said).unwrap();
        ledger.journal.append_blocking(vec![proposal]).unwrap();
    }

    fn attest(ledger: &Ledger) -> Result<(), Unattested> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(ledger.notary.attest(ledger.journal.head().size))
    }

    /// A copy of a ledger of three records, and the checkpoint that was signed when there were six.
    struct Case {
        place: tempfile::TempDir,
        known: (PathBuf, SignedCheckpoint),
        key: Verifier,
    }

    impl Case {
        fn new() -> Self {
            let place = tempfile::tempdir().unwrap();
            let data = place.path().join("data");
            let ledgers = serve(&data);
            let ledger =
                ledgers.create(&LedgerName::parse("acme").unwrap(), own::opened("ledger.example/acme"));
            let ledger = ledger.unwrap();
            record(&ledger);
            record(&ledger);
            attest(&ledger).unwrap();
            ledgers.close();
            copy(&data.join("acme"), &place.path().join("copy")).unwrap();
            let ledgers = serve(&data);
            let ledger = acme(&ledgers);
            (0..3).for_each(|_| record(&ledger));
            attest(&ledger).unwrap();
            let known = (PathBuf::from("kept.txt"), ledger.notary.latest().unwrap());
            assert_eq!(known.1.checkpoint.size, 6);
            let key = ledger.notary.key();
            ledgers.close();
            Self { place, known, key }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.place.path().join(name)
        }

        fn restore(&self, to: &str, known: &[(PathBuf, SignedCheckpoint)]) -> Result<Restored, RestoreError> {
            let (from, data) = (self.path("copy"), self.path(to));
            fs::create_dir_all(&data).unwrap();
            let keys = [self.key.clone()];
            let it = Restoration {
                copy: &from,
                data: &data,
                known,
                keys: &keys,
                key_file: None,
                reason: "The disk failed.",
            };
            restore(&it, &clock())
        }
    }

    #[test]
    fn given_a_copy_that_lacks_known_records_when_it_is_restored_then_it_says_so_and_signs_nothing_up_to_them()
     {
        let case = Case::new();
        let before = fs::read(case.path("copy/log/00000000.seg")).unwrap();
        fs::create_dir(case.path("copy/derived")).unwrap();
        fs::write(case.path("copy/derived/views.snapshot"), "views that somebody made").unwrap();
        let restored = case.restore("new", std::slice::from_ref(&case.known)).unwrap();
        assert!(!case.path("new/acme/derived").exists(), "views are folded from the log that was verified");
        assert_eq!((restored.size, restored.known_size, restored.incarnation), (3, 6, 1));
        assert_eq!(fs::read(case.path("copy/log/00000000.seg")).unwrap(), before, "the copy is only read");
        let ledgers = serve(&case.path("new"));
        let ledger = acme(&ledgers);
        let fact = ledger.journal.entry(3).unwrap().unwrap().recorded;
        let Payload::LedgerRestored(said) = &fact.event.payload else { panic!("{fact:?}") };
        assert_eq!((said.restored_size, said.known_size, said.lost()), (3, 6, 3));
        assert!(matches!(attest(&ledger), Err(Unattested::Restored { known: 6 })));
        assert!(ledger.notary.latest().is_none());
        assert!(matches!(ledger.notary.why_silent(), Unattested::Restored { known: 6 }));
        for size in 5..=6 {
            record(&ledger);
            assert!(attest(&ledger).is_err(), "at {size}");
        }
        record(&ledger);
        attest(&ledger).unwrap();
        assert_eq!(ledger.notary.latest().unwrap().checkpoint.size, 7);
        ledgers.close();
        let published = fs::read(case.path("new/acme/public/checkpoint")).unwrap();
        assert_eq!(SignedCheckpoint::parse(&published).unwrap().checkpoint.size, 7);
    }

    #[test]
    fn given_a_copy_that_holds_all_that_is_known_when_it_is_restored_then_it_goes_on_signing() {
        let case = Case::new();
        let kept = FileBackend::new(case.path("copy"));
        let known = integrity::verify(&kept, keyer(), &|_| {}).unwrap().checkpoints.remove(0);
        let known = (PathBuf::from("kept.txt"), SignedCheckpoint::parse(&known.note).unwrap());
        let restored = case.restore("new", &[known]).unwrap();
        assert_eq!((restored.size, restored.known_size), (3, 3));
        let ledgers = serve(&case.path("new"));
        attest(&acme(&ledgers)).unwrap();
        ledgers.close();
    }

    #[test]
    fn given_what_must_not_be_restored_when_it_is_tried_then_it_is_refused_and_nothing_is_left() {
        let case = Case::new();
        // There is a ledger of that name.
        let refused = case.restore("data", &[]).err().unwrap().to_string();
        assert!(refused.contains("move it away"), "{refused}");
        // A checkpoint of another history.
        let mut other = case.known.clone();
        other.1.checkpoint.size = 2;
        let refused = case.restore("new", &[other]).err().unwrap().to_string();
        assert!(refused.contains("another history"), "{refused}");
        // One that the ledger never signed.
        let mut forged = case.known.clone();
        forged.1.note.signatures[0].bytes[0] ^= 1;
        let refused = case.restore("new", &[forged]).err().unwrap().to_string();
        assert!(refused.contains("kept.txt") && refused.contains("bad"), "{refused}");
        // A damaged copy.
        let path = case.path("copy/log/00000000.seg");
        let mut bytes = fs::read(&path).unwrap();
        bytes[4_200] ^= 1;
        fs::write(&path, bytes).unwrap();
        let refused = case.restore("new", &[]).err().unwrap().to_string();
        assert!(refused.contains("not intact"), "{refused}");
        let left: Vec<_> =
            fs::read_dir(case.path("new")).unwrap().map(|it| it.unwrap().file_name()).collect();
        assert_eq!(left, [LOCK]);
    }

    #[test]
    fn given_a_server_on_the_directory_when_somebody_restores_into_it_then_it_is_refused() {
        let case = Case::new();
        let ledgers = serve(&case.path("data"));
        let refused = case.restore("data", &[]).err().unwrap().to_string();
        assert!(refused.contains(&std::process::id().to_string()), "{refused}");
        ledgers.close();
    }
}

//! The ledgers of one server: opened at the start, created, found, closed together. It puts storage, journal and views
//! together; it judges nothing.
//!
//! Layout: `DATA/<ledger>/log …`. A ledger that is being created stands in `DATA/.new-<ledger>` until its genesis record
//! is durable, and is renamed then: so a ledger either has its genesis or is not there.

mod projector;
pub mod remembered;
pub mod restore;
pub mod snapshot;
pub mod verification;

use jiff::tz::TimeZone;
use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::{Arc, RwLock},
};
use storage::{Backend as _, Checkpoints, FileBackend, Identity, Keyer, Log, Options, backend::LockError};
use uuid::Uuid;

use crate::domain::{
    command::{Command, Expected, Recorded},
    event::{Event, LedgerOpened, Payload},
    id::{LedgerName, SourceName},
    value::Occurred,
};
use crate::journal::{Journal, Limits, Proposal, Refused, clock::Clock, commit::Local, keys, read};
use crate::notary::{
    Notary,
    outside::{Known, Outside},
};
pub use projector::Projector;
pub use remembered::Remembered;

/// The file in the data directory that says which process has it.
const LOCK: &str = "lock";
/// The prefix of a directory in which a ledger is being created.
const NEW: &str = ".new-";

/// One ledger, open.
pub struct Ledger {
    /// `ledgers/<name>`.
    pub name: LedgerName,
    /// Its genesis record.
    pub opened: Arc<Recorded>,
    /// What the genesis record says.
    pub genesis: LedgerOpened,
    /// The door to its records.
    pub journal: Journal,
    /// Its views.
    pub views: Projector,
    /// Reports that were worked out of them.
    pub reports: Arc<Remembered>,
    /// Who signs for it.
    pub notary: Notary,
    /// Its time.
    pub clock: Arc<dyn Clock>,
    /// Where its files are.
    pub directory: PathBuf,
}

/// The ledgers of a server. Cheap to clone.
#[derive(Clone)]
pub struct Ledgers {
    shared: Arc<Shared>,
}

struct Shared {
    data: PathBuf,
    clock: Arc<dyn Clock>,
    limits: Limits,
    options: Options,
    outside: Outside,
    open: RwLock<BTreeMap<LedgerName, Arc<Ledger>>>,
    /// Held while a ledger is created, so that two callers cannot create the same one.
    creating: std::sync::Mutex<()>,
    /// The directory is one server's: another's clean-up would remove what is being created here.
    held: std::sync::Mutex<Option<Box<dyn Send + Sync>>>,
}

/// Why a data directory could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {why}")]
pub struct OpenError {
    /// Which directory.
    pub path: PathBuf,
    /// What happened, and what to do.
    pub why: String,
}

/// Why a ledger was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// There is one of that name.
    #[error("there is already a ledger of this name")]
    AlreadyExists,
    /// Its genesis record was refused.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Its files could not be made.
    #[error("the ledger's files could not be made: {0}")]
    Failed(String),
}

impl Ledgers {
    /// Opens every ledger in a data directory, which is made if it is not there. Blocks while logs are recovered.
    pub fn open(
        data: &Path,
        clock: Arc<dyn Clock>,
        limits: Limits,
        options: Options,
    ) -> Result<Self, OpenError> {
        Self::open_watched(data, clock, limits, options, Outside::default())
    }

    /// The same, with those who hold the ledgers to their history. A ledger that went back behind what they hold is
    /// refused, and all others with it.
    pub fn open_watched(
        data: &Path,
        clock: Arc<dyn Clock>,
        limits: Limits,
        options: Options,
        outside: Outside,
    ) -> Result<Self, OpenError> {
        let failed = |why: String| OpenError { path: data.to_owned(), why };
        make_durably(data).map_err(|e| failed(e.to_string()))?;
        let held = FileBackend::new(data).lock(LOCK).map_err(|error| match error {
            LockError::Held { pid } => failed(format!(
                "another server (process {pid}) has this directory; stop it, or choose another"
            )),
            LockError::Io(error) => failed(error.to_string()),
        })?;
        let mut open: BTreeMap<LedgerName, Arc<Ledger>> = BTreeMap::new();
        for entry in fs::read_dir(data).map_err(|e| failed(e.to_string()))? {
            let entry = entry.map_err(|e| failed(e.to_string()))?;
            let (path, file_name) = (entry.path(), entry.file_name());
            let Some(file_name) = file_name.to_str() else { continue };
            if file_name.starts_with(NEW) {
                // It never had a genesis record, so nobody was ever told of it.
                fs::remove_dir_all(&path).map_err(|e| failed(e.to_string()))?;
            } else if holds_a_log(&path).map_err(|e| OpenError { path: path.clone(), why: e.to_string() })? {
                let ledger = LedgerName::parse(file_name)
                    .map_err(|e| e.to_string())
                    .and_then(|name| {
                        open_ledger(&path, name, clock.clone(), limits, options.clone(), outside.clone())
                    })
                    .map_err(|why| OpenError { path, why })?;
                open.insert(ledger.name.clone(), Arc::new(ledger));
            }
        }
        let gone =
            |known: &&Known| !open.values().any(|it| it.genesis.origin == known.signed.checkpoint.origin);
        if let Some(Known { file, signed }) = outside.known.iter().find(gone) {
            return Err(failed(format!(
                "known_checkpoints: {}: no ledger here has the origin {}, of which it is a checkpoint; put that ledger's \
                 directory back, or take the file out",
                file.display(),
                signed.checkpoint.origin
            )));
        }
        let shared = Shared {
            data: data.to_owned(),
            clock,
            limits,
            options,
            outside,
            open: RwLock::new(open),
            creating: std::sync::Mutex::new(()),
            held: std::sync::Mutex::new(Some(held)),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The ledger of that name.
    pub fn find(&self, name: &LedgerName) -> Option<Arc<Ledger>> {
        self.shared.open.read().ok()?.get(name).cloned()
    }

    /// All of them, by name.
    pub fn all(&self) -> Vec<Arc<Ledger>> {
        self.shared.open.read().map(|open| open.values().cloned().collect()).unwrap_or_default()
    }

    /// Creates a ledger: its files, and its genesis record, durable. Blocks.
    pub fn create(&self, name: &LedgerName, opened: LedgerOpened) -> Result<Arc<Ledger>, CreateError> {
        let poisoned = || CreateError::Failed("an earlier creation panicked; restart the server".into());
        let _one_at_a_time = self.shared.creating.lock().map_err(|_| poisoned())?;
        if self.find(name).is_some() {
            return Err(CreateError::AlreadyExists);
        }
        let failed = |e: io::Error| CreateError::Failed(e.to_string());
        let (unborn, path) =
            (self.shared.data.join(format!("{NEW}{}", name.as_str())), self.shared.data.join(name.as_str()));
        if path.exists() {
            // An earlier creation may have got as far as its name, and no further: it is taken in.
            if holds_a_log(&path).map_err(failed)? {
                self.take_in(name, &path)?;
            }
            return Err(CreateError::AlreadyExists);
        }
        if unborn.exists() {
            fs::remove_dir_all(&unborn).map_err(failed)?;
        }
        own_directory(&unborn).map_err(failed)?;
        if let Err(error) = self.write_genesis(&unborn, name, opened) {
            // What is left behind is removed by the next start, too.
            let _ = fs::remove_dir_all(&unborn);
            return Err(error);
        }
        fs::rename(&unborn, &path).map_err(failed)?;
        self.take_in(name, &path)
    }

    /// Opens a ledger that has its genesis and its name, and serves it.
    fn take_in(&self, name: &LedgerName, path: &Path) -> Result<Arc<Ledger>, CreateError> {
        // The name must survive a power loss before anybody is told of it.
        sync(&self.shared.data).map_err(|e| CreateError::Failed(e.to_string()))?;
        let Shared { clock, limits, options, outside, open, .. } = &*self.shared;
        let ledger =
            open_ledger(path, name.clone(), clock.clone(), *limits, options.clone(), outside.clone())
                .map_err(CreateError::Failed)?;
        let ledger = Arc::new(ledger);
        let mut open =
            open.write().map_err(|_| CreateError::Failed("a thread panicked; restart the server".into()))?;
        open.insert(name.clone(), ledger.clone());
        Ok(ledger)
    }

    /// The first record, through the journal like every other: judged, durable, closed.
    fn write_genesis(&self, path: &Path, name: &LedgerName, opened: LedgerOpened) -> Result<(), CreateError> {
        let failed = |e: &dyn std::fmt::Display| CreateError::Failed(e.to_string());
        let zone = TimeZone::get(&opened.time_zone).map_err(|_| {
            CreateError::Refused(Refused::Rejected {
                index: 0,
                rejection: crate::domain::rejection::Rejection::malformed(
                    "ledger_opened.time_zone",
                    "not a time zone",
                    "write an IANA name, such as Europe/London",
                ),
            })
        })?;
        let access = opened.access;
        let identity = Identity { ledger: *Uuid::new_v4().as_bytes(), origin: opened.origin.clone() };
        let backend = FileBackend::new(path);
        let log = Log::create(Arc::new(backend), identity, self.shared.options.clone(), keyer())
            .map_err(|e| failed(&e))?;
        let reader = log.reader();
        let clock = self.shared.clock.clone();
        let event = genesis_event(name, opened, clock.now());
        let journal =
            Journal::start(Box::new(Local::new(log)), reader, zone, access, clock, self.shared.limits)
                .map_err(|e| failed(&e))?;
        let source = SourceName::parse(SourceName::OPERATOR).map_err(|e| failed(&e))?;
        let command = Command { source, expected: Expected::NoSubject, event: Arc::new(event) };
        let appended = journal.append_blocking(vec![Proposal { command, texts: Vec::new() }]);
        journal.close();
        appended.map(|_| ()).map_err(CreateError::Refused)
    }

    /// Finishes what waits in every ledger, and closes them all. Blocks.
    pub fn close(&self) {
        for ledger in self.all() {
            ledger.journal.close();
            // After the last record: what is signed at the end covers everything. The directory is still held.
            ledger.notary.close();
            ledger.views.stop();
        }
        if let Ok(mut held) = self.shared.held.lock() {
            held.take();
        }
    }
}

/// Whether a directory is a ledger's. A directory that cannot be looked into is not passed over.
fn holds_a_log(path: &Path) -> io::Result<bool> {
    match fs::metadata(path.join("log")) {
        Ok(found) => Ok(found.is_dir()),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Makes a directory and those above it, each name on stable storage before the next.
fn make_durably(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let above = path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_durably(above)?;
    match own_directory(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => sync(above),
    }
}

/// Makes a directory that nobody else on the machine can look into: words stand in it.
fn own_directory(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().mode(0o700).create(path)
}

fn sync(directory: &Path) -> io::Result<()> {
    fs::File::open(directory)?.sync_all()
}

fn genesis_event(name: &LedgerName, opened: LedgerOpened, now: jiff::Timestamp) -> Event {
    Event {
        id: Uuid::new_v4(),
        subject: name.subject(),
        occurred: Occurred::Instant(now),
        source_sequence: None,
        producer_recorded_at: None,
        actor_post: None,
        correlation_id: None,
        causation_id: None,
        payload: Payload::LedgerOpened(opened),
    }
}

fn keyer() -> Keyer {
    Arc::new(keys::of_record)
}

fn open_ledger(
    path: &Path,
    name: LedgerName,
    clock: Arc<dyn Clock>,
    limits: Limits,
    options: Options,
    outside: Outside,
) -> Result<Ledger, String> {
    let (log, recovery) =
        Log::open(Arc::new(FileBackend::new(path)), options, keyer()).map_err(|e| e.to_string())?;
    tracing::info!(ledger = %name, size = log.head().size, ?recovery, "ledger opened");
    let checkpoints = Checkpoints::open(&log, recovery.clean).map_err(|e| e.to_string())?;
    let reader = log.reader();
    let opened = read::genesis(&reader)
        .map_err(|e| e.to_string())?
        .ok_or("the ledger has no genesis record: it is not a ledger, or its first segment is missing")?;
    let Payload::LedgerOpened(genesis) = opened.event.payload.clone() else {
        return Err("the first record does not open a ledger".into());
    };
    if opened.event.subject != name.subject() {
        return Err(format!("this directory holds {}: give it back its name", opened.event.subject));
    }
    let zone = TimeZone::get(&genesis.time_zone).map_err(|e| e.to_string())?;
    let journal =
        Journal::start(Box::new(Local::new(log)), reader, zone, genesis.access, clock.clone(), limits)
            .map_err(|e| e.to_string())?;
    let reports = Arc::<Remembered>::default();
    let views = Projector::start(path, &journal, &reports).map_err(|e| e.to_string())?;
    let notary = Notary::start(path, name.subject(), &journal, clock.clone(), checkpoints, outside);
    let notary = notary.map_err(|why| {
        // Their threads hold the log: whoever puts the key right must find it free.
        journal.close();
        views.stop();
        why.to_string()
    })?;
    let directory = path.to_owned();
    Ok(Ledger { name, opened, genesis, journal, views, reports, notary, clock, directory })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    use crate::domain::{event::Access, value::Label};
    use crate::journal::clock::SystemClock;

    fn ledgers(data: &Path) -> Result<Ledgers, OpenError> {
        Ledgers::open(data, Arc::new(SystemClock::new()), Limits::default(), Options::default())
    }

    pub(super) fn opened(origin: &str) -> LedgerOpened {
        LedgerOpened {
            organisation: Label::parse("Acme").unwrap(),
            origin: origin.into(),
            time_zone: "Europe/London".into(),
            example_data: true,
            simulated_clock: false,
            access: Access::Open,
        }
    }

    fn acme() -> LedgerName {
        LedgerName::parse("acme").unwrap()
    }

    #[test]
    fn a_ledger_that_was_created_is_there_after_a_restart() {
        let data = tempfile::tempdir().unwrap();
        let it = ledgers(&data.path().join("deep/er")).unwrap();
        it.create(&acme(), opened("ledger.example/acme")).unwrap();
        assert!(matches!(it.create(&acme(), opened("x.example/y")), Err(CreateError::AlreadyExists)));
        let mode = fs::metadata(data.path().join("deep/er/acme")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "others on the machine could read the words");
        it.close();
        let it = ledgers(&data.path().join("deep/er")).unwrap();
        assert_eq!(it.find(&acme()).unwrap().genesis.origin, "ledger.example/acme");
        it.close();
    }

    #[test]
    fn a_second_server_on_the_same_directory_is_refused_and_removes_nothing() {
        let data = tempfile::tempdir().unwrap();
        let first = ledgers(data.path()).unwrap();
        let unborn = data.path().join(".new-acme");
        fs::create_dir(&unborn).unwrap();
        let refused = ledgers(data.path()).err().unwrap();
        assert!(refused.why.contains(&std::process::id().to_string()), "{refused}");
        assert!(unborn.exists(), "what the first server creates was removed");
        first.close();
        let second = ledgers(data.path()).unwrap();
        assert!(!unborn.exists(), "a ledger that never had a genesis is cleared away");
        second.close();
    }

    #[test]
    fn a_ledger_whose_genesis_is_refused_leaves_nothing_behind() {
        let data = tempfile::tempdir().unwrap();
        let it = ledgers(data.path()).unwrap();
        let nowhere = LedgerOpened { time_zone: "Europe/Nowhere".into(), ..opened("ledger.example/acme") };
        assert!(matches!(it.create(&acme(), nowhere), Err(CreateError::Refused(_))));
        let left: Vec<_> = fs::read_dir(data.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, [LOCK]);
        it.create(&acme(), opened("ledger.example/acme")).unwrap();
        it.close();
    }

    #[test]
    fn a_creation_that_got_as_far_as_its_name_is_taken_in_by_the_next_try() {
        let data = tempfile::tempdir().unwrap();
        let it = ledgers(data.path()).unwrap();
        it.create(&acme(), opened("ledger.example/acme")).unwrap();
        let ledger = it.shared.open.write().unwrap().remove(&acme()).unwrap();
        ledger.journal.close();
        ledger.notary.close();
        ledger.views.stop();
        drop(ledger);
        assert!(matches!(it.create(&acme(), opened("x.example/y")), Err(CreateError::AlreadyExists)));
        assert!(it.find(&acme()).is_some(), "it can be reached now");
        it.close();
    }

    #[test]
    fn a_ledger_in_another_ledgers_directory_is_refused() {
        let data = tempfile::tempdir().unwrap();
        let it = ledgers(data.path()).unwrap();
        it.create(&acme(), opened("ledger.example/acme")).unwrap();
        it.close();
        fs::rename(data.path().join("acme"), data.path().join("other")).unwrap();
        assert!(ledgers(data.path()).err().unwrap().why.contains("ledger/acme"));
    }
}

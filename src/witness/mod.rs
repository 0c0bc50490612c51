//! A witness (C2SP `tlog-witness`): it cosigns the checkpoints of logs that it was told of, as long as each goes on
//! where the one before it ended.
//!
//! | File | Is |
//! |---|---|
//! | [`client`] | the other side: asks a witness |
//! | [`http`] | the requests and replies on a port |
//! | `record` | what is held of one log, on stable storage |
//!
//! Invariant: of one log no two checkpoints are cosigned of which the smaller is not the beginning of the larger. What
//! is cosigned is on stable storage before the cosignature leaves; a witness that cannot tell what it cosigned last
//! cosigns nothing. It must not know ledgers: a log is an origin, keys, and checkpoints.

pub mod client;
pub mod http;
mod record;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};
use storage::{
    Backend as _, Digest, FileBackend, Malformed,
    backend::LockError,
    merkle::verify::{self, Defect},
    note::{AddCheckpoint, Algorithm, Checkpoint, Cosigner, Note, SignatureLine, Untrusted, Verifier},
};

use crate::keyfile::{KeyError, Keys};
use record::Record;

/// The file that says which process has the state.
const LOCK: &str = "lock";

/// Why there is no witness.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Nobody said under which name it cosigns.
    #[error(
        "--name: there is no key yet, and a key has a name; give one that is yours alone and stays, such as \
         witness.your-organisation.example/w1"
    )]
    Nameless,
    /// The key could not be had.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A key that signs no checkpoints.
    #[error(
        "--log {vkey}: this is not the key of a log (Ed25519, type 0x01); a witness's own key has type 0x04"
    )]
    NotALog {
        /// The key.
        vkey: String,
    },
    /// No log was named.
    #[error("--log: name the logs whose checkpoints are to be cosigned, each by its verifier key")]
    NoLogs,
    /// Another process has the state.
    #[error("{path}: another witness (process {pid}) has this state; two of them could each cosign another history", path = path.display())]
    Held {
        /// Which directory.
        path: PathBuf,
        /// Who has it.
        pid: u32,
    },
    /// What was cosigned last is not to be read.
    #[error(
        "{path}: {why}; without it nobody can tell what was cosigned last, and another history could be. Put the file back \
         from a copy that is as new; there is no other way to go on under this name",
        path = path.display()
    )]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The system refused.
    #[error("{path}: {error}", path = path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
}

/// Why a checkpoint was not cosigned.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It is not of the form.
    #[error("not of the form: {0}")]
    Malformed(#[from] Malformed),
    /// It has lines that nobody could verify.
    #[error("the checkpoint has extension lines; this witness cosigns origin, size and root alone")]
    Extended,
    /// The path begins behind its end.
    #[error("the old size {old} is larger than the checkpoint's, {size}")]
    OldAhead {
        /// The old size.
        old: u64,
        /// The checkpoint's.
        size: u64,
    },
    /// The log is not one of this witness's.
    #[error("this witness was not told of the log with this origin")]
    UnknownOrigin,
    /// No key of the log signed it, or one did not that is said to have.
    #[error("{0}")]
    Untrusted(Untrusted),
    /// Something else was cosigned last.
    #[error("the checkpoint that was cosigned last has the size {held}, not {old}")]
    OtherSize {
        /// The size of the one that was cosigned last.
        held: u64,
        /// The old size that was given.
        old: u64,
    },
    /// There are two histories.
    #[error("at the size {held} another root was cosigned: the log has two histories")]
    OtherRoot {
        /// That size.
        held: u64,
    },
    /// The path does not lead from one to the other.
    #[error("{0}")]
    Proof(Defect),
    /// It could not be kept.
    #[error("the checkpoint could not be kept, so it is not cosigned: {0}")]
    NotKept(String),
}

/// A witness with its key, its logs and what it holds of them.
pub struct Witness {
    cosigner: Cosigner,
    logs: BTreeMap<String, Watched>,
    /// The state is one process's.
    _lock: Box<dyn Send + Sync>,
}

/// One log.
struct Watched {
    /// Any of which may sign: a log that changes its key has two for a while.
    keys: Vec<Verifier>,
    record: Mutex<Record>,
}

impl Witness {
    /// The witness whose state is in `directory`, which is made if it is not there, with the key in it, which is made if
    /// there is none. It watches the logs to which `keys` belong: several of one origin are keys of one log.
    pub fn open(directory: &Path, name: Option<&str>, keys: Vec<Verifier>) -> Result<Self, StartError> {
        let io = |error| StartError::Io { path: directory.to_owned(), error };
        if keys.is_empty() {
            return Err(StartError::NoLogs);
        }
        make(directory).map_err(io)?;
        let lock = FileBackend::new(directory).lock(LOCK).map_err(|error| match error {
            LockError::Held { pid } => StartError::Held { path: directory.to_owned(), pid },
            LockError::Io(error) => io(error),
        })?;
        let own = Keys::name_in(directory)?;
        let name = name.map(str::to_owned).or(own).ok_or(StartError::Nameless)?;
        let cosigner = Keys::of(directory, &name).cosigner()?;
        let mut logs: BTreeMap<String, Watched> = BTreeMap::new();
        for key in keys {
            if key.algorithm() != Algorithm::Ed25519 {
                return Err(StartError::NotALog { vkey: key.to_string() });
            }
            if let Some(log) = logs.get_mut(key.name()) {
                log.keys.push(key);
                continue;
            }
            let origin = key.name().to_owned();
            let record = Record::open(directory, &origin, cosigner.verifier())?;
            logs.insert(origin, Watched { keys: vec![key], record: Mutex::new(record) });
        }
        Ok(Self { cosigner, logs, _lock: lock })
    }

    /// The key that cosigns, for those who are to trust it.
    pub fn key(&self) -> &Verifier {
        self.cosigner.verifier()
    }

    /// The logs: origin, and the size that was cosigned last, if one was.
    pub fn logs(&self) -> Vec<(&str, Option<u64>)> {
        let size = |log: &Watched| log.held().as_ref().map(|held| held.size);
        self.logs.iter().map(|(origin, log)| (origin.as_str(), size(log))).collect()
    }

    /// Cosigns a checkpoint, if it goes on where the one that was cosigned last ended. Blocks: it is on stable storage
    /// when this returns.
    pub fn add(&self, request: &[u8]) -> Result<SignatureLine, Refusal> {
        let AddCheckpoint { old, proof, checkpoint: signed } = AddCheckpoint::parse(request)?;
        let new = &signed.checkpoint;
        let log = self.logs.get(&new.origin).ok_or(Refusal::UnknownOrigin)?;
        signed.trust(&new.origin, &log.keys).map_err(Refusal::Untrusted)?;
        if new.text() != signed.note.text {
            return Err(Refusal::Extended);
        }
        if old > new.size {
            return Err(Refusal::OldAhead { old, size: new.size });
        }
        // From here to the end one request of a log at a time: what is compared is what is replaced.
        let mut record =
            log.record.lock().map_err(|_| Refusal::NotKept("an earlier request panicked".into()))?;
        goes_on(record.held(), old, &proof, new)?;
        let line = self.cosigner.cosign(&signed.note.text, now()?);
        // Of the signatures, those alone that were verified: nobody is to read others in what this witness keeps.
        let mut signatures = signed.note.signatures;
        signatures.retain(|line| log.keys.iter().any(|key| key.is_named_by(line)));
        signatures.push(line.clone());
        let note = Note { text: signed.note.text, signatures };
        record.keep(signed.checkpoint, &note).map_err(Refusal::NotKept)?;
        Ok(line)
    }
}

impl Watched {
    fn held(&self) -> Option<Checkpoint> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner).held().cloned()
    }
}

/// Whether `new` goes on from what is held, and `old` and `proof` say how.
fn goes_on(held: Option<&Checkpoint>, old: u64, proof: &[Digest], new: &Checkpoint) -> Result<(), Refusal> {
    // A log of which nothing is held is held to nothing but the empty tree.
    let (size, root) = held.map_or_else(|| (0, Digest::of(b"")), |held| (held.size, held.root));
    if old != size {
        return Err(Refusal::OtherSize { held: size, old });
    }
    if old == new.size && root != new.root {
        return Err(Refusal::OtherRoot { held: size });
    }
    match (old, proof.is_empty()) {
        (0, true) => Ok(()),
        (0, false) => Err(Refusal::Proof(Defect::TooLong)),
        _ => verify::consistency(old, new.size, proof, &root, &new.root).map_err(Refusal::Proof),
    }
}

/// Seconds since 1970.
fn now() -> Result<u64, Refusal> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map(|now| now.as_secs()).map_err(|_| Refusal::NotKept("the clock stands before 1970".into()))
}

/// Makes a directory for its user alone, durably. What is above it must be there.
fn make(directory: &Path) -> io::Result<()> {
    match fs::DirBuilder::new().mode(0o700).create(directory) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
        Ok(()) => {
            let above = directory.parent().filter(|above| !above.as_os_str().is_empty());
            fs::File::open(above.unwrap_or(Path::new(".")))?.sync_all()
        }
    }
}

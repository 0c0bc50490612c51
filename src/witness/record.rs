//! What a witness holds of one log: the checkpoint that it cosigned last, as a signed note with the log's signature and
//! its own, in `logs/<SHA-256 of the origin>`.
//!
//! Invariant: what is held is on stable storage, and the file is always a whole one, the new or the one before. Its own
//! cosignature says that the file is as it was written. It must not know what may follow on what is held.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};
use storage::{
    Digest,
    note::{Checkpoint, Note, SignedCheckpoint, Verifier},
};

use super::{StartError, make};

/// The directory in a witness's state.
const LOGS: &str = "logs";

/// What is held of one log.
pub(super) struct Record {
    directory: PathBuf,
    file: PathBuf,
    held: Option<Checkpoint>,
    /// Why nothing more can be kept: what stands on the disk is not known.
    broken: Option<String>,
}

impl Record {
    /// What the witness with this key holds of the log `origin`; its state is in `state`.
    pub(super) fn open(state: &Path, origin: &str, key: &Verifier) -> Result<Self, StartError> {
        let directory = state.join(LOGS);
        make(&directory).map_err(|error| StartError::Io { path: directory.clone(), error })?;
        let file = directory.join(Digest::of(origin.as_bytes()).to_string());
        let held = match fs::read(&file) {
            Ok(bytes) => {
                let held = read(&bytes, origin, key);
                Some(held.map_err(|why| StartError::Damaged { path: file.clone(), why })?)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(StartError::Io { path: file, error }),
        };
        Ok(Self { directory, file, held, broken: None })
    }

    /// The checkpoint that was cosigned last.
    pub(super) fn held(&self) -> Option<&Checkpoint> {
        self.held.as_ref()
    }

    /// Holds `checkpoint` from now on, with what is signed of it: on stable storage when this returns. An error says
    /// why, and that what was held is held still.
    pub(super) fn keep(&mut self, checkpoint: Checkpoint, note: &Note) -> Result<(), String> {
        if let Some(why) = &self.broken {
            return Err(why.clone());
        }
        let unfinished = self.file.with_extension("new");
        write(&unfinished, note.to_text().as_bytes())
            .map_err(|error| format!("{}: {error}", unfinished.display()))?;
        let replaced =
            fs::rename(&unfinished, &self.file).and_then(|()| fs::File::open(&self.directory)?.sync_all());
        if let Err(error) = replaced {
            // The new one may stand there, or may after the power went: a restart reads which.
            let why = format!("{}: {error}; restart the witness", self.file.display());
            self.broken = Some(why.clone());
            return Err(why);
        }
        self.held = Some(checkpoint);
        Ok(())
    }
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn read(bytes: &[u8], origin: &str, key: &Verifier) -> Result<Checkpoint, String> {
    let signed = SignedCheckpoint::parse(bytes).map_err(|malformed| malformed.to_string())?;
    if signed.checkpoint.origin != origin {
        return Err("it is another log's".into());
    }
    match key.verify(&signed.note) {
        Ok(Some(_)) => Ok(signed.checkpoint),
        Ok(None) => Err("this witness's cosignature is not on it".into()),
        Err(malformed) => Err(malformed.to_string()),
    }
}

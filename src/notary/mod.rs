//! Signs what the ledger holds: one thread a ledger, the only one that has its key.
//!
//! | File | Is |
//! |---|---|
//! | [`keys`] | the key's file |
//! | [`proof`] | the proof of a receipt |
//!
//! Invariant: what is signed is durable, and its root was computed by the writer from the bytes that it hashed and then
//! synced (after a restart: from the sealed indexes that it wrote of them, and from the records behind those, read and
//! hashed again). Before each signature the tree is shown to be an extension of the one that was signed last. A
//! checkpoint that a receipt rests on is kept, synced, before anybody sees the receipt; nothing else needs to be: what
//! was published besides can be signed again.

mod keys;
mod proof;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, RwLock, mpsc},
    thread::JoinHandle,
    time::{Duration, Instant},
};
use storage::{
    Checkpoints, Head, Kept, Reader,
    note::{Checkpoint, Note, ProofFile, SignedCheckpoint, Signer, Verifier},
};
use tokio::sync::oneshot;

use crate::journal::Journal;
pub use keys::KeyError;
use keys::Keys;

/// The most time between a record and a published checkpoint that covers it.
const PUBLISH_EVERY: Duration = Duration::from_secs(1);
/// Requests that may wait for a signature: more than the transport lets in.
const WAITING: usize = 4_096;
/// The published checkpoint, in the ledger's directory.
const PUBLISHED: &str = "public/checkpoint";

/// Why there is no attested proof. Whatever was recorded stays recorded.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Unattested {
    /// Too many wait.
    #[error("too many wait for a signed checkpoint; ask again in a moment")]
    Busy,
    /// The server is going.
    #[error("the server is stopping; connect again in a moment")]
    Stopping,
    /// The disk is full.
    #[error("there is no room on the disk to keep a checkpoint; free some space, then ask again")]
    DiskFull,
    /// A checkpoint could not be kept, or must not be signed.
    #[error("the ledger signs nothing any more: {0}")]
    Broken(String),
    /// The ledger's own files could not be read.
    #[error("the ledger could not be read: {0}")]
    Unreadable(String),
}

/// Why the thread could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The key could not be had.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There are signatures of a key that is not there.
    #[error(
        "{path}: the signing key is missing, but checkpoints are signed with it; put it back from where its copy is kept. \
         If it is lost, this ledger's origin has ended: open another ledger, and record there what this one held",
        path = path.display()
    )]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// What is kept was signed by another key.
    #[error("{path}: this is not the key that the newest kept checkpoint is signed with; put that one back", path = path.display())]
    OtherKey {
        /// The key's file.
        path: PathBuf,
    },
    /// The ledger's own files could not be read.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// The system refused a file or a thread.
    #[error("{path}: {error}", path = path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
}

/// The notary of one ledger. Cheap to clone; every clone is the same.
#[derive(Clone)]
pub struct Notary {
    shared: Arc<Shared>,
}

struct Shared {
    reader: Reader,
    kept: Kept,
    latest: RwLock<Option<SignedCheckpoint>>,
    key: RwLock<Verifier>,
    /// Taken away when it stops, so that the thread's loop ends.
    asks: RwLock<Option<mpsc::SyncSender<Ask>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What the thread is asked for.
enum Ask {
    /// A kept checkpoint of at least so many records.
    Attest { size: u64, reply: oneshot::Sender<Result<(), Unattested>> },
}

impl Notary {
    /// Starts to sign for the ledger in `directory`. Its key is made if nothing was ever signed.
    pub fn start(directory: &Path, journal: &Journal, checkpoints: Checkpoints) -> Result<Self, StartError> {
        let reader = journal.reader().clone();
        let kept = checkpoints.kept();
        let keys = Keys::of(directory, &reader.identity().origin);
        let signer = match (keys.current()?, kept.newest()?) {
            (Some(signer), newest) => {
                if let Some(newest) = newest {
                    let signed = SignedCheckpoint::parse(&newest.note).map_err(storage::Error::from)?;
                    if !matches!(signer.verifier().verify(&signed.note), Ok(Some(_))) {
                        return Err(StartError::OtherKey { path: keys.path() });
                    }
                }
                signer
            }
            (None, None) => keys.make()?,
            (None, Some(_)) => return Err(StartError::Missing { path: keys.path() }),
        };
        let (asks, waiting) = mpsc::sync_channel(WAITING);
        let shared = Arc::new(Shared {
            reader: reader.clone(),
            kept,
            latest: RwLock::new(None),
            key: RwLock::new(signer.verifier()),
            asks: RwLock::new(Some(asks)),
            thread: Mutex::new(None),
        });
        let path = directory.join(PUBLISHED);
        let mut clerk =
            Clerk { shared: shared.clone(), reader, checkpoints, signer, path, last: None, broken: None };
        // What was published last time may be behind, or was lost with the power.
        clerk.publish();
        let thread = std::thread::Builder::new()
            .name("ledger-notary".into())
            .spawn(move || clerk.run(&waiting))
            .map_err(|error| StartError::Io { path: directory.to_owned(), error })?;
        if let Ok(mut slot) = shared.thread.lock() {
            *slot = Some(thread);
        }
        Ok(Self { shared })
    }

    /// The key that signs now.
    pub fn key(&self) -> Verifier {
        self.shared.key.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// The newest signed checkpoint; none of an empty ledger, or of one that signs nothing.
    pub fn latest(&self) -> Option<SignedCheckpoint> {
        self.shared.latest.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// The kept checkpoints.
    pub fn kept(&self) -> &Kept {
        &self.shared.kept
    }

    /// Returns when a checkpoint of at least `size` records, which must be durable, is signed and kept.
    pub async fn attest(&self, size: u64) -> Result<(), Unattested> {
        let covered = size.checked_sub(1).map(|last| self.shared.kept.covering(last));
        match covered {
            None | Some(Ok(Some(_))) => return Ok(()),
            Some(Ok(None)) => {}
            Some(Err(error)) => return Err(Unattested::Unreadable(error.to_string())),
        }
        let (reply, answer) = oneshot::channel();
        let asks = self.shared.asks.read().ok().and_then(|asks| asks.clone()).ok_or(Unattested::Stopping)?;
        asks.try_send(Ask::Attest { size, reply }).map_err(|error| match error {
            mpsc::TrySendError::Full(_) => Unattested::Busy,
            mpsc::TrySendError::Disconnected(_) => Unattested::Stopping,
        })?;
        answer.await.unwrap_or(Err(Unattested::Stopping))
    }

    /// The proof of the record `sequence`: always the same. None before a kept checkpoint covers it. Reads files.
    pub fn proof(&self, sequence: u64) -> Result<Option<ProofFile>, Unattested> {
        proof::of(&self.shared.reader, &self.shared.kept, sequence)
    }

    /// Signs and publishes a last time, and ends. Blocks.
    pub fn close(&self) {
        if let Ok(mut asks) = self.shared.asks.write() {
            asks.take();
        }
        let thread = self.shared.thread.lock().ok().and_then(|mut slot| slot.take());
        if let Some(thread) = thread {
            // A panic has already been reported by its hook.
            let _ = thread.join();
        }
    }
}

/// The thread's own state.
struct Clerk {
    shared: Arc<Shared>,
    reader: Reader,
    checkpoints: Checkpoints,
    signer: Signer,
    path: PathBuf,
    /// What was signed last.
    last: Option<Checkpoint>,
    broken: Option<String>,
}

impl Clerk {
    fn run(mut self, waiting: &mpsc::Receiver<Ask>) {
        let mut published = Instant::now();
        loop {
            match waiting.recv_timeout(PUBLISH_EVERY.saturating_sub(published.elapsed())) {
                Ok(first) => self.serve(first, waiting),
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
            if published.elapsed() >= PUBLISH_EVERY {
                self.publish();
                published = Instant::now();
            }
        }
        self.publish();
    }

    /// One checkpoint for everybody who waits.
    fn serve(&mut self, first: Ask, waiting: &mpsc::Receiver<Ask>) {
        let asks: Vec<Ask> = std::iter::once(first).chain(waiting.try_iter()).collect();
        let most = asks.iter().map(|Ask::Attest { size, .. }| *size).max().unwrap_or(0);
        let attested = self.attest(most);
        for Ask::Attest { reply, .. } in asks {
            // Whoever has gone asks again.
            let _ = reply.send(attested.clone());
        }
    }

    fn attest(&mut self, size: u64) -> Result<(), Unattested> {
        let unreadable = |error: storage::Error| Unattested::Unreadable(error.to_string());
        if self.shared.kept.covering(size.saturating_sub(1)).map_err(unreadable)?.is_some() {
            return Ok(());
        }
        let head = self.reader.head();
        if head.size < size {
            return Err(Unattested::Unreadable(format!("there are {} records, not {size}", head.size)));
        }
        let signed = self.sign(&head)?;
        let kept = self.checkpoints.keep(signed.note.to_text().as_bytes());
        match kept {
            Ok(_) => Ok(()),
            Err(error @ storage::Error::Full { .. }) => {
                tracing::error!(%error, "no room to keep a checkpoint");
                Err(Unattested::DiskFull)
            }
            Err(error) => {
                Err(self.give_up(format!("a checkpoint could not be kept: {error}; a restart recovers it")))
            }
        }
    }

    /// Signs what is durable and new, and publishes it. What goes wrong here is told to whoever asks for a proof.
    fn publish(&mut self) {
        let head = self.reader.head();
        if head.size == 0 || self.broken.is_some() {
            return;
        }
        let published = self.sign(&head).and_then(|signed| {
            replace(&self.path, signed.note.to_text().as_bytes())
                .map_err(|error| Unattested::Unreadable(format!("{PUBLISHED}: {error}")))
        });
        if let Err(error) = published {
            tracing::error!(%error, "the checkpoint could not be published");
        }
    }

    fn sign(&mut self, head: &Head) -> Result<SignedCheckpoint, Unattested> {
        if let Some(why) = &self.broken {
            return Err(Unattested::Broken(why.clone()));
        }
        if let Some(last) = &self.last {
            let again = self.reader.root(last.size).map_err(|e| Unattested::Unreadable(e.to_string()))?;
            if again != last.root {
                let why =
                    format!("the first {} records have another root than when they were signed", last.size);
                return Err(self.give_up(why));
            }
        }
        let checkpoint =
            Checkpoint { origin: self.reader.identity().origin.clone(), size: head.size, root: head.root };
        let text = checkpoint.text();
        let signatures = vec![self.signer.sign(&text)];
        let signed = SignedCheckpoint { checkpoint: checkpoint.clone(), note: Note { text, signatures } };
        self.last = Some(checkpoint);
        *self.shared.latest.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(signed.clone());
        Ok(signed)
    }

    fn give_up(&mut self, why: String) -> Unattested {
        tracing::error!(%why, "the ledger signs nothing any more");
        self.broken = Some(why.clone());
        Unattested::Broken(why)
    }
}

/// Puts `bytes` in the place of the file, at once and whole. Unsynced: it is signed again after every start.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension("new");
    fs::write(&unfinished, bytes)?;
    fs::rename(&unfinished, path)
}

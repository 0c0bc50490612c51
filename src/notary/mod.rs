//! Signs what the ledger holds: one thread a ledger, the only one that has its key.
//!
//! | File | Is |
//! |---|---|
//! | [`keys`] | the key's file |
//! | [`proof`] | the proof of a receipt |
//! | [`rotation`] | how one key hands over to the next |
//!
//! Invariant: what is signed is durable, and its root was computed by the writer from the bytes that it hashed and then
//! synced (after a restart: from the sealed indexes that it wrote of them, and from the records behind those, read and
//! hashed again). Before each signature the tree is shown to be an extension of the one that was signed last. A
//! checkpoint that a receipt rests on is kept, synced, before anybody sees the receipt; nothing else needs to be: what
//! was published besides can be signed again.

mod keys;
mod proof;
mod rotation;

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

use crate::domain::{event::Payload, id::Subject};
use crate::journal::{Journal, Receipt, Refused, clock::Clock};
use keys::Keys;
pub use keys::{KeyError, public as public_key};
use rotation::Standing;

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
    /// The ledger was restored from a copy, and is not yet longer than it was known to be.
    #[error(
        "the ledger was restored from a copy that lacked records: it signs again when it holds more than the {known} that \
         were known"
    )]
    Restored {
        /// The highest size that was known.
        known: u64,
    },
    /// A checkpoint could not be kept, or must not be signed.
    #[error("the ledger signs nothing any more: {0}")]
    Broken(String),
    /// The ledger's own files could not be read.
    #[error("the ledger could not be read: {0}")]
    Unreadable(String),
}

/// Why a key was not rotated.
#[derive(Debug, thiserror::Error)]
pub enum NotRotated {
    /// The rotation was not recorded; the old key signs on.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The checkpoint that both keys sign could not be kept: a restart finishes it.
    #[error(transparent)]
    Unattested(#[from] Unattested),
    /// The new key's file could not be written; the old key signs on.
    #[error("{0}")]
    Key(String),
}

/// What a rotation gave.
#[derive(Clone, Debug)]
pub struct Rotated {
    /// Where the rotation stands.
    pub receipt: Receipt,
    /// The key that signs from now on.
    pub key: Verifier,
    /// The checkpoint that both keys signed.
    pub handover: Note,
}

/// A key that signs, or signed.
#[derive(Clone, Debug)]
pub struct KeyInForce {
    /// The key.
    pub verifier: Verifier,
    /// The record from which on it signs.
    pub from: u64,
    /// The checkpoint that the key before and this one signed; none of the first.
    pub handover: Option<Note>,
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
    /// Another key is in force.
    #[error(
        "{path}: this is not the key that is in force: the newest kept checkpoint, or the last recorded rotation, names \
         another; put that one back",
        path = path.display()
    )]
    OtherKey {
        /// The key's file.
        path: PathBuf,
    },
    /// The ledger's own files could not be read, or written.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// Its records could not be read.
    #[error(transparent)]
    Unreadable(#[from] Refused),
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
    journal: Journal,
    ledger: Subject,
    kept: Kept,
    latest: RwLock<Option<SignedCheckpoint>>,
    /// As the thread has it.
    floor: u64,
    /// Why it signs nothing any more.
    broken: RwLock<Option<String>>,
    key: RwLock<Verifier>,
    /// Taken away when it stops, so that the thread's loop ends.
    asks: RwLock<Option<mpsc::SyncSender<Ask>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What the thread is asked for.
enum Ask {
    /// A kept checkpoint of at least so many records.
    Attest { size: u64, reply: oneshot::Sender<Result<(), Unattested>> },
    /// Another key.
    Rotate { reply: oneshot::Sender<Result<Rotated, NotRotated>> },
}

impl Notary {
    /// Starts to sign for the ledger in `directory`, whose own subject is `ledger`. Its key is made if nothing was ever
    /// signed; a rotation that was recorded, but not finished, is finished.
    pub fn start(
        directory: &Path,
        ledger: Subject,
        journal: &Journal,
        clock: Arc<dyn Clock>,
        mut checkpoints: Checkpoints,
    ) -> Result<Self, StartError> {
        let reader = journal.reader().clone();
        let kept = checkpoints.kept();
        let newest = kept.newest()?;
        let floor = floor(journal, &ledger)?;
        let keys = Keys::of(directory, &reader.identity().origin);
        let rotations = rotation::all(journal, &ledger)?;
        let signer = match rotation::standing(&keys, rotations.last(), newest.is_some())? {
            Standing::InForce(key) => *key,
            Standing::HandingOver { sequence, old, new } => {
                if kept.at(sequence + 1)?.is_none() {
                    let note = rotation::handover(&reader, sequence, (&old, &new))?;
                    checkpoints.keep(note.to_text().as_bytes())?;
                }
                keys.take_over()?;
                *new
            }
        };
        if let Some(newest) = kept.newest()? {
            let note = Note::parse(&newest.note).map_err(storage::Error::from)?;
            if !matches!(signer.verifier().verify(&note), Ok(Some(_))) {
                return Err(StartError::OtherKey { path: keys.path() });
            }
        }
        let (asks, waiting) = mpsc::sync_channel(WAITING);
        let shared = Arc::new(Shared {
            journal: journal.clone(),
            ledger,
            kept,
            latest: RwLock::new(None),
            floor,
            broken: RwLock::new(None),
            key: RwLock::new(signer.verifier().clone()),
            asks: RwLock::new(Some(asks)),
            thread: Mutex::new(None),
        });
        let path = directory.join(PUBLISHED);
        let mut clerk = Clerk {
            shared: shared.clone(),
            reader,
            checkpoints,
            keys,
            signer,
            clock,
            path,
            floor,
            last: None,
            published: 0,
        };
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

    /// Why there is no newest signed checkpoint.
    pub fn why_silent(&self) -> Unattested {
        if self.shared.journal.head().size <= self.shared.floor {
            return Unattested::Restored { known: self.shared.floor };
        }
        let broken = self.shared.broken.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        Unattested::Broken(broken.unwrap_or_else(|| "nothing was signed yet".into()))
    }

    /// The keys that sign and signed, first to last. Reads files.
    pub fn keys(&self) -> Result<Vec<KeyInForce>, Unattested> {
        let unreadable = |why: &dyn std::fmt::Display| Unattested::Unreadable(why.to_string());
        let Shared { journal, ledger, kept, .. } = &*self.shared;
        let origin = &journal.reader().identity().origin;
        let rotations = rotation::all(journal, ledger).map_err(|why| unreadable(&why))?;
        let named = |key: &[u8; 32]| Verifier::ed25519(origin, key).map_err(|why| unreadable(&why));
        let first = match rotations.first() {
            Some((_, rotated)) => named(&rotated.old_key.0)?,
            None => self.key(),
        };
        let mut keys = vec![KeyInForce { verifier: first, from: 0, handover: None }];
        for (sequence, rotated) in &rotations {
            let kept = kept.at(sequence + 1).map_err(|why| unreadable(&why))?;
            let note =
                kept.map(|kept| Note::parse(&kept.note)).transpose().map_err(|why| unreadable(&why))?;
            let verifier = named(&rotated.new_key.0)?;
            keys.push(KeyInForce { verifier, from: *sequence, handover: note });
        }
        Ok(keys)
    }

    /// Returns when a checkpoint of at least `size` records, which must be durable, is signed and kept.
    pub async fn attest(&self, size: u64) -> Result<(), Unattested> {
        if size == 0 || self.shared.kept.covers(size - 1) {
            return Ok(());
        }
        let (reply, answer) = oneshot::channel();
        self.ask(Ask::Attest { size, reply })?;
        answer.await.unwrap_or(Err(Unattested::Stopping))
    }

    /// Makes a new key, records that it takes over, and has both sign the checkpoint behind that record.
    pub async fn rotate(&self) -> Result<Rotated, NotRotated> {
        let (reply, answer) = oneshot::channel();
        self.ask(Ask::Rotate { reply })?;
        answer.await.unwrap_or(Err(Unattested::Stopping.into()))
    }

    fn ask(&self, ask: Ask) -> Result<(), Unattested> {
        let asks = self.shared.asks.read().ok().and_then(|asks| asks.clone()).ok_or(Unattested::Stopping)?;
        asks.try_send(ask).map_err(|error| match error {
            mpsc::TrySendError::Full(_) => Unattested::Busy,
            mpsc::TrySendError::Disconnected(_) => Unattested::Stopping,
        })
    }

    /// The proof of the record `sequence`: always the same. None before a kept checkpoint covers it. Reads files.
    pub fn proof(&self, sequence: u64) -> Result<Option<ProofFile>, Unattested> {
        proof::of(self.shared.journal.reader(), &self.shared.kept, sequence)
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
    keys: Keys,
    signer: Signer,
    clock: Arc<dyn Clock>,
    /// Of the published checkpoint.
    path: PathBuf,
    /// The highest size that the ledger was known to have when it was restored: nothing is signed up to it.
    floor: u64,
    /// What was signed last.
    last: Option<Checkpoint>,
    /// Size of the published checkpoint; 0 at first: what an earlier run published may be anything.
    published: u64,
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
        let (mut most, mut replies) = (0, Vec::new());
        for ask in std::iter::once(first).chain(waiting.try_iter()) {
            match ask {
                Ask::Attest { size, reply } => {
                    most = most.max(size);
                    replies.push(reply);
                }
                Ask::Rotate { reply } => {
                    let _ = reply.send(self.rotate());
                }
            }
        }
        let attested = if replies.is_empty() { Ok(()) } else { self.attest(most) };
        for reply in replies {
            // Whoever has gone asks again.
            let _ = reply.send(attested.clone());
        }
    }

    fn rotate(&mut self) -> Result<Rotated, NotRotated> {
        self.check()?;
        if self.reader.head().size <= self.floor {
            return Err(Unattested::Restored { known: self.floor }.into());
        }
        let key = |error: keys::KeyError| NotRotated::Key(error.to_string());
        let new = self.keys.make_next().map_err(key)?;
        let origin = self.reader.identity().origin.clone();
        let ledger = self.shared.ledger.clone();
        let proposal = rotation::proposal(ledger, &origin, self.clock.now(), (&self.signer, &new))
            .map_err(|rejection| Refused::Rejected { index: 0, rejection })?;
        let appended = match self.shared.journal.append_blocking(vec![proposal]) {
            Ok(appended) => appended,
            // Whether it is recorded is known after a restart only: both keys must be there then.
            Err(Refused::Unknown) => {
                self.give_up(
                    "it is not known whether a key's rotation is recorded; a restart finds out".into(),
                );
                return Err(Refused::Unknown.into());
            }
            Err(refused) => {
                self.keys.drop_next().map_err(key)?;
                return Err(refused.into());
            }
        };
        let receipt = appended.into_iter().next().map(|it| it.receipt).ok_or(Refused::Unknown)?;
        let handover = rotation::handover(&self.reader, receipt.sequence, (&self.signer, &new));
        let kept = handover.and_then(|note| self.checkpoints.keep(note.to_text().as_bytes()).map(|_| note));
        let note = kept
            .map_err(|error| self.give_up(format!("{error}; a restart finishes the rotation of the key")))?;
        if let Err(error) = self.keys.take_over() {
            return Err(self.give_up(format!("{error}; a restart finishes the rotation of the key")).into());
        }
        self.signer = new;
        let verifier = self.signer.verifier().clone();
        *self.shared.key.write().unwrap_or_else(std::sync::PoisonError::into_inner) = verifier.clone();
        tracing::info!(sequence = receipt.sequence, key = %verifier, "the key was rotated");
        self.publish();
        Ok(Rotated { receipt, key: verifier, handover: note })
    }

    fn attest(&mut self, size: u64) -> Result<(), Unattested> {
        if self.shared.kept.covers(size.saturating_sub(1)) {
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
        if head.size <= self.floor || head.size <= self.published || self.check().is_err() {
            return;
        }
        let published = self.sign(&head).and_then(|signed| {
            replace(&self.path, signed.note.to_text().as_bytes())
                .map_err(|error| Unattested::Unreadable(format!("{PUBLISHED}: {error}")))
        });
        match published {
            Ok(()) => self.published = head.size,
            Err(error) => tracing::error!(%error, "the checkpoint could not be published"),
        }
    }

    fn sign(&mut self, head: &Head) -> Result<SignedCheckpoint, Unattested> {
        self.check()?;
        if head.size <= self.floor {
            return Err(Unattested::Restored { known: self.floor });
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

    fn check(&self) -> Result<(), Unattested> {
        let broken = self.shared.broken.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        broken.map_or(Ok(()), |why| Err(Unattested::Broken(why)))
    }

    fn give_up(&self, why: String) -> Unattested {
        tracing::error!(%why, "the ledger signs nothing any more");
        *self.shared.broken.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(why.clone());
        Unattested::Broken(why)
    }
}

/// The highest size that was known when the ledger was restored; 0 if it never was.
fn floor(journal: &Journal, ledger: &Subject) -> Result<u64, Refused> {
    let life = journal.life(ledger)?;
    let known = life.facts().iter().map(|fact| match &fact.event.payload {
        Payload::LedgerRestored(restored) => restored.known_size,
        _ => 0,
    });
    Ok(known.max().unwrap_or(0))
}

/// Puts `bytes` in the place of the file, at once and whole. Unsynced: it is signed again after every start.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension("new");
    fs::write(&unfinished, bytes)?;
    fs::rename(&unfinished, path)
}

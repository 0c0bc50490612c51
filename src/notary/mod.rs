//! Signs what the ledger holds: one thread a ledger, the only one that has its key.
//!
//! | File | Is |
//! |---|---|
//! | [`clerk`] | the thread that signs |
//! | [`errors`] | why it does not do what it was asked for |
//! | [`outside`] | what is held of the ledger elsewhere, and when it contradicts |
//! | [`proof`] | the proof of a receipt |
//! | [`rotation`] | how one key hands over to the next |
//! | [`witnesses`] | asks witnesses, and records what they sign |
//!
//! Invariant: what is signed is durable, and its root was computed by the writer from the bytes that it hashed and then
//! synced (after a restart: from the sealed indexes that it wrote of them, and from the records behind those, read and
//! hashed again). Before each signature the tree is shown to be an extension of the one that was signed last. A
//! checkpoint that a receipt rests on is kept, synced, before anybody sees the receipt; nothing else needs to be: what
//! was published besides can be signed again.

mod clerk;
mod errors;
pub mod outside;
mod proof;
mod rotation;
#[cfg(test)]
mod tests;
mod witnesses;

use std::{
    path::Path,
    sync::{Arc, Mutex, RwLock, mpsc},
    thread::JoinHandle,
};
use storage::{
    Checkpoints, Kept,
    note::{Checkpoint, Note, ProofFile, SignatureLine, SignedCheckpoint, Verifier},
};
use tokio::sync::oneshot;

use crate::domain::{event::Payload, id::Subject};
use crate::journal::{Appended, Journal, Receipt, Refused, clock::Clock};
use crate::keyfile::Keys;
pub use crate::keyfile::{KeyError, public_key};
use crate::witness::client::Client;
use clerk::Clerk;
pub use errors::{NotRotated, NotTaken, StartError, Unattested};
use outside::{Lost, Outside};
pub use proof::of as proof_of;
use rotation::Standing;
use witnesses::{Asker, Cosigned};

/// Requests that may wait for a signature: more than the transport lets in.
const WAITING: usize = 4_096;
/// The published checkpoint, in the ledger's directory.
const PUBLISHED: &str = "public/checkpoint";

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
    clock: Arc<dyn Clock>,
    outside: Outside,
    /// The thread that asks witnesses, and what ends it.
    asking: Mutex<Option<(mpsc::Sender<()>, JoinHandle<()>)>>,
}

/// What the thread is asked for.
enum Ask {
    /// A kept checkpoint of at least so many records.
    Attest { size: u64, reply: oneshot::Sender<Result<(), Unattested>> },
    /// A kept checkpoint of everything, for witnesses.
    Offer { reply: oneshot::Sender<Result<SignedCheckpoint, Unattested>> },
    /// A witness's signature, verified.
    Cosigned { checkpoint: Checkpoint, line: SignatureLine },
    /// Another key.
    Rotate { reply: oneshot::Sender<Result<Rotated, NotRotated>> },
}

impl Notary {
    /// Starts to sign for the ledger in `directory`, whose own subject is `ledger`. Its key is made if nothing was ever
    /// signed; a rotation that was recorded, but not finished, is finished. What is held `outside` is asked for first:
    /// a ledger that went back behind it is refused. Blocks for as long as witnesses take.
    pub fn start(
        directory: &Path,
        ledger: Subject,
        journal: &Journal,
        clock: Arc<dyn Clock>,
        mut checkpoints: Checkpoints,
        outside: Outside,
    ) -> Result<Self, StartError> {
        let reader = journal.reader().clone();
        let kept = checkpoints.kept();
        let newest = kept.newest()?;
        let lost = lost(journal, &ledger)?;
        let floor = lost.floor();
        let keys = Keys::of(directory, &reader.identity().origin);
        let rotations = rotation::all(journal, &ledger)?;
        // What was only published is somebody's by now, too: another key must not quietly take its signer's place.
        let used = newest.is_some() || directory.join(PUBLISHED).exists();
        let signer = match rotation::standing(&keys, rotations.last(), used)? {
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
            clock: clock.clone(),
            outside,
            asking: Mutex::new(None),
        });
        let notary = Self { shared };
        let known: Vec<_> = notary.keys()?.into_iter().map(|key| key.verifier).collect();
        outside::check(&reader, &known, &notary.shared.outside.known, &lost)?;
        let path = directory.join(PUBLISHED);
        let shared = notary.shared.clone();
        let clerk = Clerk {
            shared,
            reader,
            checkpoints,
            keys,
            signer,
            clock,
            path,
            floor,
            last: None,
            published: 0,
            cosigned: None,
        };
        notary.begin(clerk, waiting, directory, &lost)?;
        Ok(notary)
    }

    /// Has witnesses say that nothing is missing, and starts the threads.
    fn begin(
        &self,
        mut clerk: Clerk,
        waiting: mpsc::Receiver<Ask>,
        directory: &Path,
        lost: &Lost,
    ) -> Result<(), StartError> {
        let Outside { witnesses, every, .. } = &self.shared.outside;
        let client = Client::new();
        let mut askers: Vec<_> =
            witnesses.iter().map(|it| Asker::new(it.clone(), client.clone(), lost.clone())).collect();
        if !askers.is_empty() && clerk.reader.head().size > clerk.floor {
            let (signed, reader) = (clerk.offer()?, clerk.reader.clone());
            let asked = std::thread::scope(|scope| {
                let threads: Vec<_> = askers
                    .iter_mut()
                    .map(|asker| scope.spawn(|| asker.first(&reader, &signed, *every)))
                    .collect();
                // A panic has been reported by its hook; that witness is asked again later.
                threads.into_iter().map(|thread| thread.join().unwrap_or(Ok(None))).collect::<Vec<_>>()
            });
            for cosigned in asked {
                if let Some(Cosigned { signed, line, .. }) = cosigned? {
                    clerk.cosigned(signed.checkpoint, line);
                }
            }
        }
        // What was published last time may be behind, or was lost with the power.
        clerk.publish();
        let io = |error| StartError::Io { path: directory.to_owned(), error };
        let thread = std::thread::Builder::new()
            .name("ledger-notary".into())
            .spawn(move || clerk.run(&waiting))
            .map_err(io)?;
        if let Ok(mut slot) = self.shared.thread.lock() {
            *slot = Some(thread);
        }
        if askers.is_empty() {
            return Ok(());
        }
        let (stop, stopped) = mpsc::channel();
        let (notary, every) = (self.clone(), *every);
        let thread = std::thread::Builder::new()
            .name("ledger-witnesses".into())
            .spawn(move || witnesses::run(&notary, askers, every, &stopped))
            .map_err(io)?;
        if let Ok(mut slot) = self.shared.asking.lock() {
            *slot = Some((stop, thread));
        }
        Ok(())
    }

    /// The key that signs now.
    pub fn key(&self) -> Verifier {
        self.shared.key.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// The newest signed checkpoint; none of an empty ledger, or of one that signs nothing.
    pub fn latest(&self) -> Option<SignedCheckpoint> {
        self.shared.latest()
    }

    /// The kept checkpoints.
    pub fn kept(&self) -> &Kept {
        &self.shared.kept
    }

    /// The checkpoint of exactly `size` records, which is the newest or a kept one, with what witnesses signed of it.
    /// Reads files.
    pub fn at(&self, size: u64) -> Result<Option<SignedCheckpoint>, Unattested> {
        let unreadable = |why: &dyn std::fmt::Display| Unattested::Unreadable(why.to_string());
        let latest = self.latest().filter(|latest| latest.checkpoint.size == size);
        let mut signed = match (latest, self.shared.kept.at(size).map_err(|why| unreadable(&why))?) {
            (Some(latest), _) => latest,
            (None, Some(kept)) => SignedCheckpoint::parse(&kept.note).map_err(|why| unreadable(&why))?,
            (None, None) => return Ok(None),
        };
        for trusted in &self.shared.outside.witnesses {
            let line =
                witnesses::line(&self.shared.journal, trusted, &signed).map_err(|why| unreadable(&why))?;
            let lines = &mut signed.note.signatures;
            lines.extend(line.filter(|_| !lines.iter().any(|line| trusted.key.is_named_by(line))));
        }
        Ok(Some(signed))
    }

    /// Takes a witness's signature over the checkpoint of `size` records, and records it; or finds it recorded. Blocks.
    pub fn take(&self, size: u64, line: &str) -> Result<Appended, NotTaken> {
        let line = line.strip_suffix('\n').unwrap_or(line);
        let line = SignatureLine::parse(line).map_err(|malformed| NotTaken::Malformed(malformed.rule))?;
        let witnesses = &self.shared.outside.witnesses;
        let trusted = witnesses.iter().find(|it| it.key.is_named_by(&line)).ok_or(NotTaken::Stranger)?;
        let signed = self.at(size)?.ok_or(NotTaken::NoCheckpoint)?;
        let time = witnesses::verify(trusted, &signed, &line).ok_or(NotTaken::Stranger)?;
        let cosigned = Cosigned { signed, line, time: time.map_err(NotTaken::Bad)? };
        self.cosigned(&cosigned);
        Ok(witnesses::record(self, trusted, &cosigned)?)
    }

    /// A kept checkpoint of everything. Blocks.
    fn offer(&self) -> Result<SignedCheckpoint, Unattested> {
        let (reply, answer) = oneshot::channel();
        self.ask(Ask::Offer { reply })?;
        answer.blocking_recv().unwrap_or(Err(Unattested::Stopping))
    }

    /// Serves a cosignature as long as nothing newer is signed.
    fn cosigned(&self, cosigned: &Cosigned) {
        let Cosigned { signed, line, .. } = cosigned;
        // If too many wait, the record says it all the same.
        let _ = self.ask(Ask::Cosigned { checkpoint: signed.checkpoint.clone(), line: line.clone() });
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
        let asking = self.shared.asking.lock().ok().and_then(|mut slot| slot.take());
        if let Some((stop, thread)) = asking {
            drop(stop);
            // It may be in the middle of a question, which takes seconds at most.
            let _ = thread.join();
        }
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

impl Shared {
    fn latest(&self) -> Option<SignedCheckpoint> {
        self.latest.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn give_up(&self, why: String) -> Unattested {
        tracing::error!(%why, "the ledger signs nothing any more");
        *self.broken.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(why.clone());
        Unattested::Broken(why)
    }
}

/// What restores of the ledger say is lost.
fn lost(journal: &Journal, ledger: &Subject) -> Result<Lost, Refused> {
    let life = journal.life(ledger)?;
    let restores = life.facts().iter().filter_map(|fact| match &fact.event.payload {
        Payload::LedgerRestored(restored) => Some((restored.restored_size, restored.known_size)),
        _ => None,
    });
    Ok(Lost(restores.collect()))
}

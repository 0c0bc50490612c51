//! The thread that signs: one a ledger, the only one that has its key.
//!
//! Invariant: before each signature the tree is shown to be an extension of the one that was signed last, and nothing is
//! signed between the record of a rotation and the checkpoint that both keys sign. It must not know who asks.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};
use storage::{
    Checkpoints, Head, Reader,
    note::{Checkpoint, Note, SignatureLine, SignedCheckpoint, Signer},
};

use super::{Ask, NotRotated, PUBLISHED, Rotated, Shared, Unattested, rotation, witnesses};
use crate::journal::{Refused, clock::Clock};
use crate::keyfile::{KeyError, Keys};

/// The most time between a record and a published checkpoint that covers it.
const PUBLISH_EVERY: Duration = Duration::from_secs(1);

/// The thread's own state.
pub(super) struct Clerk {
    pub(super) shared: Arc<Shared>,
    pub(super) reader: Reader,
    pub(super) checkpoints: Checkpoints,
    pub(super) keys: Keys,
    pub(super) signer: Signer,
    pub(super) clock: Arc<dyn Clock>,
    /// Of the published checkpoint.
    pub(super) path: PathBuf,
    /// The highest size that the ledger was known to have when it was restored: nothing is signed up to it.
    pub(super) floor: u64,
    /// What was signed last.
    pub(super) last: Option<Checkpoint>,
    /// Size of the published checkpoint; 0 at first: what an earlier run published may be anything.
    pub(super) published: u64,
    /// What witnesses signed last.
    pub(super) cosigned: Option<(Checkpoint, Vec<SignatureLine>)>,
}

impl Clerk {
    pub(super) fn run(mut self, waiting: &mpsc::Receiver<Ask>) {
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
        self.end();
    }

    /// Keeps a checkpoint of everything: whoever has the closed files can prove every record from them.
    fn end(&mut self) {
        let size = self.reader.head().size;
        if size > self.floor
            && let Err(error) = self.attest(size)
        {
            tracing::error!(%error, "no checkpoint of the end could be kept");
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
                Ask::Offer { reply } => {
                    let _ = reply.send(self.offer());
                }
                Ask::Cosigned { checkpoint, line } => self.cosigned(checkpoint, line),
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
        let key = |error: KeyError| NotRotated::Key(error.to_string());
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

    /// A kept checkpoint of everything.
    pub(super) fn offer(&mut self) -> Result<SignedCheckpoint, Unattested> {
        self.check()?;
        self.attest(self.reader.head().size)?;
        let unreadable = |why: &dyn std::fmt::Display| Unattested::Unreadable(why.to_string());
        let newest = self.shared.kept.newest().map_err(|why| unreadable(&why))?;
        let newest = newest.ok_or_else(|| unreadable(&"nothing is kept"))?;
        SignedCheckpoint::parse(&newest.note).map_err(|why| unreadable(&why))
    }

    /// Shows a witness's signature behind the ledger's, if that checkpoint is the newest still.
    pub(super) fn cosigned(&mut self, checkpoint: Checkpoint, line: SignatureLine) {
        let by = |it: &SignatureLine| (it.name.clone(), it.key_id);
        match &mut self.cosigned {
            Some((of, lines)) if *of == checkpoint => {
                lines.retain(|it| by(it) != by(&line));
                lines.push(line);
            }
            Some((of, _)) if of.size > checkpoint.size => return,
            cosigned => *cosigned = Some((checkpoint, vec![line])),
        }
        if self.last.is_some() && self.last.as_ref() == self.cosigned.as_ref().map(|(of, _)| of) {
            let shown = self.sign_again();
            self.write(shown);
        }
    }

    /// Signs what is durable and new, and publishes it. What goes wrong here is told to whoever asks for a proof.
    pub(super) fn publish(&mut self) {
        let head = self.reader.head();
        if head.size <= self.floor || head.size <= self.published || self.check().is_err() {
            return;
        }
        // What is cosigned stays the newest until something else is recorded than that it is.
        if let Some(last) = self.last.as_ref().filter(|_| self.published > 0)
            && self.cosigned.as_ref().is_some_and(|(of, _)| of == last)
            && witnesses::only_cosignatures(&self.shared.journal, last.size).unwrap_or(false)
        {
            return;
        }
        let shown = self.sign(&head).map(|_| ());
        let shown = shown.and_then(|()| self.shared.latest().ok_or(Unattested::Stopping));
        self.write(shown);
    }

    /// The newest checkpoint, with what has come to stand behind it.
    fn sign_again(&mut self) -> Result<SignedCheckpoint, Unattested> {
        let last = self.last.clone().ok_or(Unattested::Stopping)?;
        self.sign(&Head { size: last.size, root: last.root, ..self.reader.head() })?;
        self.shared.latest().ok_or(Unattested::Stopping)
    }

    fn write(&mut self, shown: Result<SignedCheckpoint, Unattested>) {
        let written = shown.and_then(|shown| {
            replace(&self.path, shown.note.to_text().as_bytes())
                .map(|()| shown.checkpoint.size)
                .map_err(|error| Unattested::Unreadable(format!("{PUBLISHED}: {error}")))
        });
        match written {
            Ok(size) => self.published = size,
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
        let mut shown = signed.clone();
        if let Some((_, lines)) = self.cosigned.as_ref().filter(|(of, _)| *of == checkpoint) {
            shown.note.signatures.extend_from_slice(lines);
        }
        self.last = Some(checkpoint);
        *self.shared.latest.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(shown);
        Ok(signed)
    }

    fn check(&self) -> Result<(), Unattested> {
        let broken = self.shared.broken.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        broken.map_or(Ok(()), |why| Err(Unattested::Broken(why)))
    }

    fn give_up(&self, why: String) -> Unattested {
        self.shared.give_up(why)
    }
}

/// Puts `bytes` in the place of the file, at once and whole. Unsynced: it is signed again after every start.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension("new");
    fs::write(&unfinished, bytes)?;
    fs::rename(&unfinished, path)
}

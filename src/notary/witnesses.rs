//! Shows the ledger's checkpoints to witnesses, and keeps what they sign: one thread a ledger, which no append waits
//! for.
//!
//! Invariant: a cosignature is recorded and served only after it was verified over that very checkpoint with the key
//! that an operator configured. A round is due only when something else than cosignatures was recorded since the one
//! before it, so that what witnesses say never keeps itself going. A witness that holds what the ledger does not have
//! ends the signing. It must not know HTTP.

use std::{sync::mpsc, time::Duration, time::Instant};
use storage::{
    Digest, Reader,
    note::{AddCheckpoint, Note, SignatureLine, SignedCheckpoint},
};

use super::{
    Notary, Unattested,
    outside::{Contradiction, Lost, Trusted},
};
use crate::domain::{
    event::{CosignatureRecorded, Payload},
    id::{Code, Kind, Subject},
    rejection::Rejection,
    value::{KeyName, PublicKey, Sha256, Signature},
};
use crate::journal::{Appended, Journal, Proposal, Refused};
use crate::witness::client::{Client, Reply};

/// Between two looks whether a round is due.
const LOOK: Duration = Duration::from_millis(250);
/// Times that a witness is asked in one round: it says what it holds, and then has a proof from there.
const TRIES: usize = 3;
/// Cosignatures at the end of the ledger that are looked through: there is one of each witness, and what auditors
/// handed in since.
const MOST_AT_THE_END: u64 = 10_000;

/// A good cosignature.
#[derive(Clone)]
pub(super) struct Cosigned {
    /// Over this.
    pub(super) signed: SignedCheckpoint,
    /// It.
    pub(super) line: SignatureLine,
    /// When it was made, in seconds since 1970.
    pub(super) time: u64,
}

/// What came of asking.
enum Asked {
    Cosigned(Cosigned),
    /// Nothing, this time.
    Not(String),
    Contradicted(Contradiction),
}

/// One witness, as it is asked for one ledger.
pub(super) struct Asker {
    trusted: Trusted,
    client: Client,
    /// The size that it is thought to hold.
    held: u64,
    /// Not asked before.
    next: Instant,
    /// What it signed before the thread ran.
    pending: Option<Cosigned>,
    /// The size at which nothing was due.
    idle_at: u64,
    lost: Lost,
}

impl Asker {
    pub(super) fn new(trusted: Trusted, client: Client, lost: Lost) -> Self {
        Self { trusted, client, held: 0, next: Instant::now(), pending: None, idle_at: 0, lost }
    }

    fn who(&self) -> String {
        format!("the witness {} ({})", self.trusted.key.name(), self.trusted.organisation)
    }

    /// The first question, before the ledger takes appends: whether the witness holds more than is here. One that
    /// cannot be reached is asked again later.
    pub(super) fn first(
        &mut self,
        reader: &Reader,
        signed: &SignedCheckpoint,
        every: Duration,
    ) -> Result<Option<Cosigned>, Contradiction> {
        self.next = Instant::now() + every;
        match self.ask(reader, signed) {
            Asked::Cosigned(cosigned) => {
                self.pending = Some(cosigned.clone());
                Ok(Some(cosigned))
            }
            Asked::Not(why) => {
                let witness = self.trusted.key.name();
                tracing::warn!(witness, %why, "not asked whether the ledger went back: the witness gave no answer");
                Ok(None)
            }
            Asked::Contradicted(contradiction) => Err(contradiction),
        }
    }

    fn ask(&mut self, reader: &Reader, signed: &SignedCheckpoint) -> Asked {
        let size = signed.checkpoint.size;
        for _ in 0..TRIES {
            let old = self.held;
            if old > size {
                return Asked::Not(format!("it holds {old} records, a newer checkpoint than this of {size}"));
            }
            let proof = if old == 0 { Ok(Vec::new()) } else { reader.prove_consistency(old, size) };
            let proof = match proof {
                Ok(proof) => proof,
                Err(error) => return Asked::Not(error.to_string()),
            };
            let request = AddCheckpoint { old, proof, checkpoint: signed.clone() };
            match self.client.add(&self.trusted.url, &request) {
                Err(why) | Ok(Reply::Other(why)) => return Asked::Not(why),
                Ok(Reply::Lines(lines)) => {
                    self.held = size;
                    return self.verified(signed, &lines);
                }
                Ok(Reply::NotConsistent) if old == 0 => {
                    return Asked::Not("it wants a proof from nothing".into());
                }
                // The proof was checked before it was sent: it is not of the tree that the witness holds.
                Ok(Reply::NotConsistent) => return self.other_history(reader, old),
                Ok(Reply::OtherRoot) if old == size => return self.other_history(reader, old),
                Ok(Reply::OtherRoot) => {
                    return Asked::Not("it holds another size, and does not say which".into());
                }
                Ok(Reply::Holds(theirs)) => {
                    // Read after the reply: whatever was signed is durable, so nobody can hold more.
                    let ours = reader.head().size;
                    if theirs > ours && self.lost.explain(theirs) {
                        return self.of_what_is_lost(theirs);
                    }
                    if theirs > ours {
                        let who = self.who();
                        return Asked::Contradicted(Contradiction::Shrunk { who, theirs, ours });
                    }
                    if theirs == old && old == size {
                        return self.other_history(reader, old);
                    }
                    self.held = theirs;
                }
            }
        }
        Asked::Not("it says each time that it holds another size".into())
    }

    /// It holds the ledger to what a restore says is lost, and never signs again what came after: only the organisation
    /// that runs it can decide to begin anew.
    fn of_what_is_lost(&self, theirs: u64) -> Asked {
        let who = self.who();
        Asked::Not(format!(
            "{who} holds a checkpoint of {theirs} records, of which a restore of this ledger says that some are lost; it will \
             not sign what came after unless the organisation that runs it begins this ledger anew"
        ))
    }

    fn other_history(&self, reader: &Reader, theirs: u64) -> Asked {
        if self.lost.explain(theirs) {
            return self.of_what_is_lost(theirs);
        }
        let (who, ours) = (self.who(), reader.head().size);
        Asked::Contradicted(Contradiction::OtherHistory { who, theirs, ours })
    }

    /// The cosignature among the lines, if it is good.
    fn verified(&self, signed: &SignedCheckpoint, lines: &str) -> Asked {
        for line in lines.lines() {
            let Ok(line) = SignatureLine::parse(line) else {
                return Asked::Not("its answer is not a signature's line".into());
            };
            match verify(&self.trusted, signed, &line) {
                Some(Ok(time)) => return Asked::Cosigned(Cosigned { signed: signed.clone(), line, time }),
                Some(Err(rule)) => return Asked::Not(format!("its signature is bad: {rule}")),
                None => {}
            }
        }
        Asked::Not("it did not sign with the configured key".into())
    }
}

/// When the witness made this line over this checkpoint; none if the line is somebody else's.
pub(super) fn verify(
    trusted: &Trusted,
    signed: &SignedCheckpoint,
    line: &SignatureLine,
) -> Option<Result<u64, &'static str>> {
    if !trusted.key.is_named_by(line) {
        return None;
    }
    let note = Note { text: signed.checkpoint.text(), signatures: vec![line.clone()] };
    Some(match trusted.key.verify(&note) {
        Ok(Some(verified)) => verified.time.ok_or("it has no time"),
        Ok(None) => Err("it is not this key's"),
        Err(malformed) => Err(malformed.rule),
    })
}

/// Asks, as long as nobody says stop.
pub(super) fn run(notary: &Notary, mut askers: Vec<Asker>, every: Duration, stop: &mpsc::Receiver<()>) {
    loop {
        for asker in &mut askers {
            round(notary, asker, every);
            if !matches!(stop.try_recv(), Err(mpsc::TryRecvError::Empty)) {
                return;
            }
        }
        if !matches!(stop.recv_timeout(LOOK), Err(mpsc::RecvTimeoutError::Timeout)) {
            return;
        }
    }
}

fn round(notary: &Notary, asker: &mut Asker, every: Duration) {
    let journal = &notary.shared.journal;
    let witness = asker.trusted.key.name().to_owned();
    let size = journal.head().size;
    if asker.idle_at == size || (asker.pending.is_none() && asker.next > Instant::now()) {
        return;
    }
    match is_due(journal, &asker.trusted) {
        Ok(true) => {}
        Ok(false) => {
            asker.idle_at = size;
            asker.pending = None;
            return;
        }
        Err(why) => {
            asker.next = Instant::now() + every;
            return tracing::error!(%why, "the ledger's end could not be read");
        }
    }
    let cosigned = if let Some(cosigned) = asker.pending.take() {
        cosigned
    } else {
        asker.next = Instant::now() + every;
        let signed = match notary.offer() {
            Ok(signed) => signed,
            // A restart is needed, or the server goes; either is told elsewhere.
            Err(Unattested::Broken(_) | Unattested::Stopping) => return,
            Err(why) => return tracing::warn!(witness, %why, "there is no checkpoint to cosign"),
        };
        match asker.ask(journal.reader(), &signed) {
            Asked::Cosigned(cosigned) => cosigned,
            Asked::Not(why) => return tracing::warn!(witness, %why, "the witness did not cosign"),
            Asked::Contradicted(contradiction) => {
                notary.shared.give_up(contradiction.to_string());
                return;
            }
        }
    };
    notary.cosigned(&cosigned);
    match record(notary, &asker.trusted, &cosigned) {
        Ok(appended) => {
            let sequence = appended.receipt.sequence;
            tracing::info!(witness, size = cosigned.signed.checkpoint.size, sequence, "cosigned");
        }
        Err(why) => tracing::warn!(witness, %why, "a cosignature was not recorded"),
    }
}

/// Whether something else than cosignatures was recorded since the witness's last that is recorded.
fn is_due(journal: &Journal, trusted: &Trusted) -> Result<bool, Refused> {
    let mut end = journal.head().size;
    let mut newest = 0;
    for _ in 0..MOST_AT_THE_END {
        let Some(sequence) = end.checked_sub(1) else { break };
        let Some(entry) = journal.entry(sequence)? else { break };
        let Payload::CosignatureRecorded(said) = &entry.recorded.event.payload else { break };
        if said.public_key.0 == trusted.key.public_key() && said.witness.as_str() == trusted.key.name() {
            newest = newest.max(said.size);
        }
        end = sequence;
    }
    Ok(newest < end)
}

/// Whether the ledger's records from that one on are cosignatures, all of them.
pub(super) fn only_cosignatures(journal: &Journal, from: u64) -> Result<bool, Refused> {
    for sequence in from..journal.head().size {
        match journal.entry(sequence)? {
            Some(entry) if matches!(entry.recorded.event.payload, Payload::CosignatureRecorded(_)) => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}

/// What the witness says of a checkpoint; its signature is not there yet.
fn unsigned(trusted: &Trusted, size: u64, root: Digest) -> Result<CosignatureRecorded, Rejection> {
    let witness = KeyName::parse(trusted.key.name())
        .map_err(|why| Rejection::malformed("cosignature_recorded.witness", why.rule, why.remedy))?;
    Ok(CosignatureRecorded {
        witness,
        organisation: trusted.organisation.clone(),
        // A cosigner's key has 32 bytes; the domain refuses the key of zeros.
        public_key: PublicKey(trusted.key.public_key().try_into().unwrap_or([0; 32])),
        size,
        root: Sha256(root.0),
        time: 0,
        signature: Signature([0; 64]),
    })
}

fn subject(said: &CosignatureRecorded) -> Result<Subject, Rejection> {
    let id = Code::parse(&said.subject_id())
        .map_err(|why| Rejection::malformed("subject", why.rule, why.remedy))?;
    Ok(Kind::Cosignature.subject(&id))
}

/// Records a cosignature that was verified; of what the same key said of the same size before, its receipt.
pub(super) fn record(notary: &Notary, trusted: &Trusted, it: &Cosigned) -> Result<Appended, Refused> {
    let journal = &notary.shared.journal;
    let refused = |rejection| Refused::Rejected { index: 0, rejection };
    let checkpoint = &it.signed.checkpoint;
    let mut said = unsigned(trusted, checkpoint.size, checkpoint.root).map_err(refused)?;
    let subject = subject(&said).map_err(refused)?;
    if let Some(before) = recorded(journal, &subject)? {
        return Ok(before);
    }
    said.time = it.time;
    // A cosignature is 8 bytes of time and 64 of signature; it was verified.
    said.signature = Signature(it.line.bytes[8..].try_into().unwrap_or([0; 64]));
    let proposal =
        Proposal::of_operator(subject.clone(), notary.shared.clock.now(), said).map_err(refused)?;
    match journal.append_blocking(vec![proposal]) {
        Ok(appended) => appended.into_iter().next().ok_or(Refused::Unknown),
        // Somebody else was first.
        Err(why) => recorded(journal, &subject)?.ok_or(why),
    }
}

fn recorded(journal: &Journal, subject: &Subject) -> Result<Option<Appended>, Refused> {
    let life = journal.life(subject)?;
    let Some(fact) = life.facts().first() else { return Ok(None) };
    let Some(entry) = journal.entry(fact.sequence)? else { return Ok(None) };
    Ok(Some(Appended { receipt: journal.receipt(&entry)?, repeated: true }))
}

/// The line of what the witness said of that checkpoint, if it is recorded.
pub(super) fn line(
    journal: &Journal,
    trusted: &Trusted,
    signed: &SignedCheckpoint,
) -> Result<Option<SignatureLine>, Refused> {
    let checkpoint = &signed.checkpoint;
    let refused = |rejection| Refused::Rejected { index: 0, rejection };
    let unsigned = unsigned(trusted, checkpoint.size, checkpoint.root).map_err(refused)?;
    let life = journal.life(&subject(&unsigned).map_err(refused)?)?;
    Ok(life.facts().iter().find_map(|fact| match &fact.event.payload {
        Payload::CosignatureRecorded(said) => Some(SignatureLine {
            name: trusted.key.name().to_owned(),
            key_id: trusted.key.key_id(),
            bytes: [&said.time.to_be_bytes()[..], &said.signature.0].concat(),
        }),
        _ => None,
    }))
}

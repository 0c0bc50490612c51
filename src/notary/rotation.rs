//! How one key hands over to the next: what is recorded, what both sign, and what a start finishes.
//!
//! The order, each step durable before the next: the new key's file; a `KeyRotated` that the old key signed; the
//! checkpoint at exactly that record's sequence + 1, signed by both, kept; the new key's file in the place of the old
//! one. Nothing is signed in between: the thread that signs is the one that rotates.
//!
//! Invariant: a start after any of these steps knows from record and files which key is in force.

use jiff::Timestamp;
use storage::{
    Reader,
    note::{Checkpoint, Note, Signer, Verifier},
};

use super::StartError;
use crate::domain::{
    event::{KeyRotated, Payload},
    id::Subject,
    rejection::Rejection,
    value::{PublicKey, Signature},
};
use crate::journal::{Journal, Proposal, Refused};
use crate::keyfile::Keys;

/// A rotation that is recorded, at its sequence.
pub(super) type Recorded = (u64, KeyRotated);

/// The rotations of the ledger, in order.
pub(super) fn all(journal: &Journal, ledger: &Subject) -> Result<Vec<Recorded>, Refused> {
    let life = journal.life(ledger)?;
    let rotated = life.facts().iter().filter_map(|fact| match &fact.event.payload {
        Payload::KeyRotated(rotated) => Some((fact.sequence, rotated.clone())),
        _ => None,
    });
    Ok(rotated.collect())
}

/// What a start finds to be done about keys.
pub(super) enum Standing {
    /// This key is in force.
    InForce(Box<Signer>),
    /// A rotation is recorded, but not finished.
    HandingOver {
        /// The record's sequence.
        sequence: u64,
        /// The key before.
        old: Box<Signer>,
        /// The key from then on.
        new: Box<Signer>,
    },
}

/// Which key is in force.
pub(super) fn standing(keys: &Keys, last: Option<&Recorded>, signed: bool) -> Result<Standing, StartError> {
    let (current, next) = (keys.current()?, keys.next()?);
    let Some((sequence, rotated)) = last else {
        // A key that was to take over, and whose rotation was never recorded.
        keys.drop_next()?;
        return match current {
            Some(key) => Ok(Standing::InForce(Box::new(key))),
            None if signed => Err(StartError::Missing { path: keys.path() }),
            None => Ok(Standing::InForce(Box::new(keys.make()?))),
        };
    };
    let is = |signer: &Signer, key: &PublicKey| signer.verifier().public_key() == key.0;
    match (current, next) {
        (None, _) => Err(StartError::Missing { path: keys.path() }),
        (Some(current), _) if is(&current, &rotated.new_key) => {
            keys.drop_next()?;
            Ok(Standing::InForce(Box::new(current)))
        }
        (Some(old), Some(new)) if is(&old, &rotated.old_key) && is(&new, &rotated.new_key) => {
            Ok(Standing::HandingOver { sequence: *sequence, old: Box::new(old), new: Box::new(new) })
        }
        _ => Err(StartError::OtherKey { path: keys.path() }),
    }
}

/// The event by which one key hands over to the other.
pub(super) fn proposal(
    ledger: Subject,
    origin: &str,
    now: Timestamp,
    (old, new): (&Signer, &Signer),
) -> Result<Proposal, Rejection> {
    let unsigned = KeyRotated {
        old_key: public(old.verifier()),
        new_key: public(new.verifier()),
        signature: Signature([0; 64]),
    };
    let line = old.sign(&unsigned.statement(origin));
    let signature = line.bytes.try_into().map_or(unsigned.signature, Signature);
    Proposal::of_operator(ledger, now, KeyRotated { signature, ..unsigned })
}

fn public(key: &Verifier) -> PublicKey {
    // An Ed25519 key has 32 bytes; the domain refuses the key of zeros.
    PublicKey(key.public_key().try_into().unwrap_or([0; 32]))
}

/// The checkpoint that both sign: at the record of the rotation, and nothing behind it.
pub(super) fn handover(
    reader: &Reader,
    sequence: u64,
    (old, new): (&Signer, &Signer),
) -> Result<Note, storage::Error> {
    let size = sequence + 1;
    let origin = reader.identity().origin.clone();
    let text = Checkpoint { origin, size, root: reader.root(size)? }.text();
    let signatures = vec![old.sign(&text), new.sign(&text)];
    Ok(Note { text, signatures })
}

//! From the key that is pinned to those that follow it: each rotation that the records tell of, by the signature of the
//! key before.
//!
//! Invariant: a key is trusted because one that was trusted signed for it, and never because it stands somewhere. It must
//! not know where records come from, nor whether they hold: whoever asks compares the root first.

use storage::note::{Note, SignatureLine, SignedCheckpoint, Verifier};

use crate::domain::event::KeyRotated;

/// The keys of a log from the pinned one on.
pub(super) struct Walk {
    /// Whose keys they are.
    origin: String,
    /// Each key, and how many records there were when it began to sign.
    keys: Vec<(u64, Verifier)>,
    /// Rotations that do not follow: where, and why.
    pub(super) broken: Vec<(u64, &'static str)>,
    /// The keys before the pinned one, which nobody vouches for here.
    before: Vec<Verifier>,
}

impl Walk {
    /// The walk from `pinned` over the rotations of the log of that origin, in order.
    pub(super) fn from(pinned: &Verifier, rotations: &[(u64, KeyRotated)]) -> Self {
        let origin = pinned.name();
        let mut walk =
            Self { origin: origin.to_owned(), keys: Vec::new(), broken: Vec::new(), before: Vec::new() };
        // A ledger whose first key this is; or one that came to it later.
        let later = rotations.iter().any(|(_, it)| it.new_key.0 == pinned.public_key());
        let first = rotations.first().is_none_or(|(_, it)| it.old_key.0 == pinned.public_key());
        if first || !later {
            walk.keys.push((0, pinned.clone()));
        }
        for (sequence, rotated) in rotations {
            let named = |key: &[u8; 32]| Verifier::ed25519(origin, key).ok();
            let (Some(old), Some(new)) = (named(&rotated.old_key.0), named(&rotated.new_key.0)) else {
                walk.broken.push((*sequence, "a key under which nothing can be signed"));
                continue;
            };
            match walk.keys.last() {
                None if new == *pinned => {
                    walk.before.push(old);
                    walk.keys.push((*sequence + 1, new));
                }
                None => walk.before.push(old),
                Some((_, current)) if *current != old => {
                    walk.broken.push((*sequence, "a key that is not in force"));
                }
                Some(_) if !is_signed(&old, rotated) => {
                    walk.broken.push((*sequence, "a signature that is not of the key before"));
                }
                Some(_) => walk.keys.push((*sequence + 1, new)),
            }
        }
        walk
    }

    /// What is wrong with the signatures of a checkpoint; nothing if the keys in force then, and no other, signed it.
    /// Of a size before the pinned key nothing can be said.
    pub(super) fn judge(&self, signed: &SignedCheckpoint) -> Option<&'static str> {
        let size = signed.checkpoint.size;
        for (number, (from, key)) in self.keys.iter().enumerate() {
            let next = self.keys.get(number + 1).map(|(next, _)| *next);
            // At the rotation itself both sign.
            let in_force = size >= *from && next.is_none_or(|next| size <= next);
            match key.verify(&signed.note) {
                Err(_) => return Some("a signature of the key that is not good"),
                Ok(None) if in_force => return Some("no signature of the key in force"),
                Ok(Some(_)) if !in_force => return Some("a signature of a key that was not in force"),
                Ok(_) => {}
            }
        }
        None
    }

    /// Whose keys they are.
    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    /// From which size on signatures are judged.
    pub(super) fn begins(&self) -> u64 {
        self.keys.first().map_or(0, |(from, _)| *from)
    }

    /// The sizes at which a key that is trusted handed over to the next: both sign there.
    pub(super) fn handovers(&self) -> impl Iterator<Item = u64> {
        self.keys.iter().skip(1).map(|(from, _)| *from)
    }

    /// All keys, first to last, one a line.
    pub(super) fn list(&self) -> String {
        self.before.iter().chain(self.keys.iter().map(|(_, key)| key)).map(|key| format!("{key}\n")).collect()
    }
}

fn is_signed(old: &Verifier, rotated: &KeyRotated) -> bool {
    let line = SignatureLine {
        name: old.name().to_owned(),
        key_id: old.key_id(),
        bytes: rotated.signature.0.to_vec(),
    };
    let note = Note { text: rotated.statement(old.name()), signatures: vec![line] };
    matches!(old.verify(&note), Ok(Some(_)))
}

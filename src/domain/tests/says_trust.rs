//! The words for what lets others hold the ledger to its history: cosignatures, keys, restores.
//!
//! Invariant: what these say on their own is acceptable on the ground; each test bends one thing.

use ed25519_dalek::{Signer, SigningKey};

use super::root_at;
use super::says::*;
use crate::domain::event::*;
use crate::domain::value::{KeyName, PublicKey, Sha256, Signature};

/// The origin of the ground's ledger.
pub(super) const ORIGIN: &str = "ledger.example/acme";

/// The day that it is on the ground.
pub(super) const TODAY: &str = "2026-06-15";

/// The key whose seed is 32 times that number.
pub(super) fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub(super) fn public(seed: u8) -> PublicKey {
    PublicKey(key(seed).verifying_key().to_bytes())
}

/// What the witness of the worked example in the transparency log's specifications says of that size, in its second.
pub(super) fn cosignature(size: u64) -> CosignatureRecorded {
    cosign(CosignatureRecorded {
        witness: KeyName::parse("witness.example/w1").unwrap(),
        organisation: label("Outside Witnesses"),
        public_key: public(2),
        size,
        root: root_at(size),
        time: 1_767_225_600,
        signature: Signature([0; 64]),
    })
}

/// The same, signed with the key of seed 2 as it stands now.
pub(super) fn cosign(unsigned: CosignatureRecorded) -> CosignatureRecorded {
    let signature = key(2).sign(unsigned.statement(ORIGIN).as_bytes());
    CosignatureRecorded { signature: Signature(signature.to_bytes()), ..unsigned }
}

pub(super) fn cosigned(said: CosignatureRecorded) -> Said {
    on(TODAY, &format!("cosignature/{}", said.subject_id()), said).from("operator")
}

/// From the key of one seed to that of another.
pub(super) fn rotation(old: u8, new: u8) -> KeyRotated {
    let unsigned = KeyRotated { old_key: public(old), new_key: public(new), signature: Signature([0; 64]) };
    let signature = key(old).sign(unsigned.statement(ORIGIN).as_bytes());
    KeyRotated { signature: Signature(signature.to_bytes()), ..unsigned }
}

pub(super) fn rotated(when: &str, rotation: KeyRotated) -> Said {
    on(when, "ledger/acme", rotation).from("operator")
}

/// A restore of so many records, of which nobody knows a checkpoint.
pub(super) fn restore(restored_size: u64, incarnation: u32) -> LedgerRestored {
    LedgerRestored { restored_size, known_size: 0, known_root: None, incarnation, reason: words() }
}

pub(super) fn knowing(size: u64, root: Option<Sha256>, mut restore: LedgerRestored) -> LedgerRestored {
    (restore.known_size, restore.known_root) = (size, root);
    restore
}

pub(super) fn restored(when: &str, restore: LedgerRestored) -> Said {
    on(when, "ledger/acme", restore).from("operator")
}

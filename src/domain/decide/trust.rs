//! Rules of what lets others hold the ledger to its history: auditors' opinions, witnesses' cosignatures, the ledger's own
//! keys, restores.
//!
//! Invariant: whatever is said with a root is said of the root that this ledger's records have, and whatever is signed is
//! signed by the key that it names; keys and restores follow each other by sequence in one line. It must not know where
//! private keys are.

use ed25519_dalek::VerifyingKey;
use std::sync::Arc;

use super::envelope::CLOCK_TOLERANCE;
use super::operation::held_by_the_day;
use super::{Case, Judged, Stop, World, governance};
use crate::domain::command::Recorded;
use crate::domain::event::{AuditOpinionRecorded, CosignatureRecorded, KeyRotated, LedgerRestored, Payload};
use crate::domain::rejection::Rejection;
use crate::domain::rules::{self, Form};
use crate::domain::value::{PublicKey, Sha256, Signature};

/// An opinion is its key holder's own, and about the history that this ledger holds.
pub(super) fn audit_opinion<W: World>(
    case: &mut Case<'_, W>,
    opinion: &AuditOpinionRecorded,
) -> Judged<(), W> {
    if opinion.end <= opinion.first {
        return Err(rules::OPINION_RANGE_EMPTY.at("audit_opinion_recorded.end").into());
    }
    held_by_the_day(case, opinion.end, "audit_opinion_recorded.end")?;
    opinion_is_signed(opinion, &origin(case, "audit_opinion_recorded.signature")?)?;
    has_root(case, opinion.end, opinion.root, "audit_opinion_recorded.root")
}

pub(super) fn cosignature<W: World>(
    case: &mut Case<'_, W>,
    cosignature: &CosignatureRecorded,
) -> Judged<(), W> {
    if case.subject().id().as_str() != cosignature.subject_id() {
        return Err(rules::COSIGNATURE_SUBJECT.at("subject").into());
    }
    held_by_the_day(case, cosignature.size, "cosignature_recorded.size")?;
    let latest = case.world.now().as_second().saturating_add(CLOCK_TOLERANCE.as_secs());
    if i64::try_from(cosignature.time).map_or(true, |time| time > latest) {
        return Err(rules::COSIGNATURE_AHEAD.at("cosignature_recorded.time").into());
    }
    has_root(case, cosignature.size, cosignature.root, "cosignature_recorded.root")?;
    Ok(cosignature_is_signed(cosignature, &origin(case, "cosignature_recorded.signature")?)?)
}

/// Whether an opinion about the ledger of that origin is signed by the key that it names.
pub fn opinion_is_signed(opinion: &AuditOpinionRecorded, origin: &str) -> Result<(), Rejection> {
    let key = relied_on(&opinion.public_key)
        .ok_or_else(|| rules::OPINION_KEY.at("audit_opinion_recorded.public_key"))?;
    let field = "audit_opinion_recorded.signature";
    signed(&key, &opinion.statement(origin), &opinion.signature, &rules::OPINION_SIGNATURE, field)
}

/// Whether a cosignature of a checkpoint of the ledger of that origin is by the key that it names.
pub fn cosignature_is_signed(cosignature: &CosignatureRecorded, origin: &str) -> Result<(), Rejection> {
    let key = relied_on(&cosignature.public_key)
        .ok_or_else(|| rules::KEY_UNRELIABLE.at("cosignature_recorded.public_key"))?;
    let field = "cosignature_recorded.signature";
    let statement = cosignature.statement(origin);
    signed(&key, &statement, &cosignature.signature, &rules::COSIGNATURE_SIGNATURE, field)
}

/// Whether a rotation of the key of the ledger of that origin is signed by the key before, and to a key with which
/// something can be verified.
pub fn rotation_is_signed(rotated: &KeyRotated, origin: &str) -> Result<(), Rejection> {
    let (old, _) = keys_of(rotated)?;
    let field = "key_rotated.signature";
    signed(&old, &rotated.statement(origin), &rotated.signature, &rules::ROTATION_SIGNATURE, field)
}

/// The key before and the key from then on.
fn keys_of(rotated: &KeyRotated) -> Result<(VerifyingKey, VerifyingKey), Rejection> {
    let old = relied_on(&rotated.old_key).ok_or_else(|| rules::KEY_UNRELIABLE.at("key_rotated.old_key"))?;
    // Nothing could be verified with it from now on.
    let new = relied_on(&rotated.new_key).ok_or_else(|| rules::KEY_UNRELIABLE.at("key_rotated.new_key"))?;
    Ok((old, new))
}

pub(super) fn key_rotated<W: World>(case: &mut Case<'_, W>, rotated: &KeyRotated) -> Judged<(), W> {
    governance::of_an_open_ledger(case)?;
    keys_of(rotated)?;
    if rotated.new_key == rotated.old_key {
        return Err(rules::KEY_UNCHANGED.at("key_rotated.new_key").into());
    }
    let mut earlier = said_before(case, |payload| match payload {
        Payload::KeyRotated(earlier) => Some(earlier.clone()),
        _ => None,
    });
    if let Some((sequence, last)) = earlier.last()
        && last.new_key != rotated.old_key
    {
        return Err(rules::KEY_NOT_IN_FORCE.refusal(Some(*sequence)).into());
    }
    // Whoever got hold of a key that was given up could otherwise bring it back.
    earlier.retain(|(_, one)| [one.old_key, one.new_key].contains(&rotated.new_key));
    if let Some((sequence, _)) = earlier.first() {
        return Err(rules::KEY_USED_BEFORE.refusal(Some(*sequence)).into());
    }
    Ok(rotation_is_signed(rotated, &origin(case, "key_rotated.signature")?)?)
}

/// A known size below the restored one is no contradiction: not every record stands under a checkpoint that somebody
/// kept, and then nothing is known to be lost. But what was known must be what the copy holds: a copy with another root
/// there is another history, and going on from it would be hiding that.
pub(super) fn restored<W: World>(case: &mut Case<'_, W>, restored: &LedgerRestored) -> Judged<(), W> {
    governance::of_an_open_ledger(case)?;
    let place = case.world.size();
    if let Some(place) = place.filter(|place| *place != restored.restored_size) {
        // What was recorded where this should stand.
        let standing = (restored.restored_size < place).then_some(restored.restored_size);
        return Err(rules::RESTORE_NOT_FIRST.refusal(standing).into());
    }
    let earlier = said_before(case, |payload| match payload {
        Payload::LedgerRestored(earlier) => Some(earlier.incarnation),
        _ => None,
    });
    let last = earlier.last();
    let next = last.map_or(0, |(_, incarnation)| u64::from(*incarnation)) + 1;
    if u64::from(restored.incarnation) != next {
        return Err(rules::INCARNATION_NOT_NEXT.refusal(last.map(|(sequence, _)| *sequence)).into());
    }
    let field = "ledger_restored.known_root";
    match restored.known_root {
        Some(root) if (1..=restored.restored_size).contains(&restored.known_size) => {
            has_root(case, restored.known_size, root, field)
        }
        known if known.is_some() != (restored.known_size > 0) => Err(rules::KNOWN_ROOT.at(field).into()),
        _ => Ok(()),
    }
}

/// What was said of the subject before, by sequence, with its sequence. What is asked for here is never voided or
/// corrected.
fn said_before<W: World, T>(case: &Case<'_, W>, of: impl Fn(&Payload) -> Option<T>) -> Vec<(u64, T)> {
    let one = |fact: &Arc<Recorded>| of(&fact.event.payload).map(|said| (fact.sequence, said));
    case.life.facts().iter().filter_map(one).collect()
}

/// The key, unless it is none, or one for which anybody can sign.
fn relied_on(key: &PublicKey) -> Option<VerifyingKey> {
    VerifyingKey::from_bytes(&key.0).ok().filter(|key| !key.is_weak())
}

fn signed(
    key: &VerifyingKey,
    statement: &str,
    signature: &Signature,
    form: &Form,
    field: &str,
) -> Result<(), Rejection> {
    let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
    key.verify_strict(statement.as_bytes(), &signature).map_err(|_| form.at(field))
}

fn has_root<W: World>(case: &mut Case<'_, W>, size: u64, root: Sha256, field: &str) -> Judged<(), W> {
    match case.world.root(size).map_err(Stop::World)? {
        Some(own) if own == root => Ok(()),
        _ => Err(rules::ROOT_IS_ANOTHER.at(field).into()),
    }
}

/// The ledger's name in what is signed about it, from its first record.
fn origin<W: World>(case: &mut Case<'_, W>, field: &str) -> Judged<String, W> {
    let genesis = case.world.fact(0).map_err(Stop::World)?;
    match genesis.as_ref().map(|fact| &fact.event.payload) {
        Some(Payload::LedgerOpened(opened)) => Ok(opened.origin.clone()),
        _ => Err(Rejection::unknown(field, "opening as record 0").into()),
    }
}

//! What lets others hold the ledger to its history: cosignatures, the ledger's keys, restores, and the roots in them all.

use super::corrections::correct;
use super::says::*;
use super::says_operation::{concluded, opinion};
use super::says_trust::*;
use super::{Given, given, root_at};
use crate::domain::event::*;
use crate::domain::irregularity::Irregularity::LateRecorded;
use crate::domain::rules::*;
use crate::domain::value::{KeyName, PublicKey, Signature};

const YESTERDAY: &str = "2026-06-14";

/// The neutral element, for which anybody can sign, and what is no point of the curve.
fn unreliable() -> [PublicKey; 2] {
    [1, 2].map(|first| {
        let mut bytes = [0; 32];
        bytes[0] = first;
        PublicKey(bytes)
    })
}

fn flipped(Signature(mut bytes): Signature) -> Signature {
    bytes[40] ^= 1;
    Signature(bytes)
}

/// What the ground holds: the size of the copy that a restore goes on from.
fn copy() -> (Given, u64) {
    let copy = given([]);
    let size = copy.size();
    (copy, size)
}

#[test]
fn cosignature_already_recorded() {
    let was = || given([cosigned(cosignature(3))]);
    let later = || cosign(CosignatureRecorded { time: 1_767_312_000, ..cosignature(3) });
    was().when(cosigned(later())).then_refused(&COSIGNATURE_ALREADY_RECORDED).because_of(0);
    let named = CosignatureRecorded { witness: KeyName::parse("witness.example/w2").unwrap(), ..later() };
    was().when(cosigned(named)).then_accepted();
    was().when(cosigned(cosignature(2))).then_accepted();
    let mut other_key = CosignatureRecorded { public_key: public(4), ..later() };
    let signature = ed25519_dalek::Signer::sign(&key(4), other_key.statement(ORIGIN).as_bytes());
    other_key.signature = Signature(signature.to_bytes());
    was().when(cosigned(other_key)).then_accepted();
}

#[test]
fn cosignature_subject() {
    // The same bytes under the id of another size, of another key, and under one that is nobody's.
    let other_key = CosignatureRecorded { public_key: public(4), ..cosignature(3) };
    for id in [cosignature(2).subject_id(), other_key.subject_id(), "one".to_owned()] {
        given([])
            .when(on(TODAY, &format!("cosignature/{id}"), cosignature(3)).from("operator"))
            .then_malformed(&COSIGNATURE_SUBJECT, "subject");
    }
    assert_eq!(cosignature(3).subject_id(), "fa61bcf7e2605583c9dcccd664fdd1e1");
}

#[test]
fn given_a_checkpoint_when_the_ledger_does_not_hold_so_many_records_then_its_cosignature_is_refused() {
    let (ledger, size) = copy();
    ledger.when(cosigned(cosignature(size + 1))).then_refused(&RECORDS_NOT_HELD);
    given([]).when(cosigned(cosignature(size))).then_accepted();
    given([]).when(cosigned(cosignature(0))).then_malformed(&COUNT_IS_ZERO, "cosignature_recorded.size");
}

#[test]
fn cosignature_ahead() {
    // It is noon, and clocks may differ by five minutes.
    let now: jiff::Timestamp = "2026-06-15T12:00:00Z".parse().unwrap();
    let at = |time| cosigned(cosign(CosignatureRecorded { time, ..cosignature(3) }));
    let now = now.as_second().cast_unsigned();
    given([]).when(at(now + 300)).then_accepted();
    for ahead in [now + 301, i64::MAX.cast_unsigned() + 1, u64::MAX] {
        given([]).when(at(ahead)).then_malformed(&COSIGNATURE_AHEAD, "cosignature_recorded.time");
    }
}

#[test]
fn key_unreliable() {
    for key in unreliable() {
        let witness = CosignatureRecorded { public_key: key, ..cosignature(3) };
        let old = KeyRotated { old_key: key, ..rotation(1, 3) };
        let new = KeyRotated { new_key: key, ..rotation(1, 3) };
        given([]).when(cosigned(witness)).then_malformed(&KEY_UNRELIABLE, "cosignature_recorded.public_key");
        given([]).when(rotated(TODAY, old)).then_malformed(&KEY_UNRELIABLE, "key_rotated.old_key");
        given([]).when(rotated(TODAY, new)).then_malformed(&KEY_UNRELIABLE, "key_rotated.new_key");
    }
}

#[test]
fn root_is_another() {
    let signed = cosign(CosignatureRecorded { root: root_at(2), ..cosignature(3) });
    given([]).when(cosigned(signed)).then_malformed(&ROOT_IS_ANOTHER, "cosignature_recorded.root");
    let mut said = AuditOpinionRecorded { root: root_at(2), ..opinion(0, 3) };
    let signature = ed25519_dalek::Signer::sign(&key(7), said.statement(ORIGIN).as_bytes());
    said.signature = Signature(signature.to_bytes());
    given([]).when(concluded(TODAY, said)).then_malformed(&ROOT_IS_ANOTHER, "audit_opinion_recorded.root");
    let (ledger, size) = copy();
    ledger
        .when(restored(TODAY, knowing(3, Some(root_at(2)), restore(size, 1))))
        .then_malformed(&ROOT_IS_ANOTHER, "ledger_restored.known_root");
    given([])
        .when(restored(TODAY, knowing(size, Some(root_at(3)), restore(size, 1))))
        .then_malformed(&ROOT_IS_ANOTHER, "ledger_restored.known_root");
}

#[test]
fn cosignature_signature() {
    let good = || cosignature(3);
    let bent = [
        CosignatureRecorded { time: good().time - 1, ..good() },
        CosignatureRecorded { signature: cosignature(2).signature, ..good() },
        CosignatureRecorded { public_key: public(4), ..good() },
        CosignatureRecorded { signature: flipped(good().signature), ..good() },
        CosignatureRecorded { signature: Signature([0; 64]), ..good() },
    ];
    for cosignature in bent {
        given([])
            .when(cosigned(cosignature))
            .then_malformed(&COSIGNATURE_SIGNATURE, "cosignature_recorded.signature");
    }
}

/// The worked example of the transparency log's specifications, signed by another implementation.
#[test]
fn given_a_cosignature_made_elsewhere_when_recorded_then_it_is_accepted() {
    const KEY: &str = "8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394";
    const SIGNATURE: &str = concat!(
        "9551bd2c2382a7e1d906dce5b75a998611c8138f224609e4d026a6cfa4739fc9",
        "e96947a1ce7461f024493a71b7ffb1a6548c7f1721390230525b682265880a0e"
    );
    let golden = CosignatureRecorded {
        public_key: PublicKey(const_hex::decode_to_array(KEY).unwrap()),
        signature: Signature(const_hex::decode_to_array(SIGNATURE).unwrap()),
        ..cosignature(3)
    };
    assert_eq!(
        golden.statement(ORIGIN),
        "cosignature/v1\ntime 1767225600\nledger.example/acme\n3\n\
         2y7/5k02NSvNTCYL3g4RODEMn3e4nUxXV4ZS+bGFtjA=\n"
    );
    let subject = format!("cosignature/{}", golden.subject_id());
    given([]).when(cosigned(golden)).then_accepted().and_state(&subject, "RECORDED");
}

#[test]
fn given_a_text_when_it_cannot_name_a_key_in_a_note_then_it_is_no_key_name() {
    for text in ["", "two words", "a+b", "line\nbreak", "no\u{a0}break", "bell\u{7}", &"x".repeat(256)] {
        assert!(KeyName::parse(text).is_err(), "{text:?}");
    }
    for text in ["witness.example/w1", "umlaut-ö", &"x".repeat(255)] {
        assert_eq!(KeyName::parse(text).unwrap().as_str(), text);
    }
}

#[test]
fn key_not_in_force() {
    let was = || given([rotated(TODAY, rotation(1, 3)), rotated(TODAY, rotation(3, 4))]);
    was().when(rotated(TODAY, rotation(4, 5))).then_accepted().and_state("ledger/acme", "OPENED");
    was().when(rotated(TODAY, rotation(3, 5))).then_refused(&KEY_NOT_IN_FORCE).because_of(1);
    was().when(rotated(TODAY, rotation(6, 5))).then_refused(&KEY_NOT_IN_FORCE).because_of(1);
}

#[test]
fn given_a_key_when_it_was_rotated_then_that_holds_from_its_record_on_whatever_the_day() {
    let was = || given([rotated(TODAY, rotation(1, 3))]);
    was().when(rotated(YESTERDAY, rotation(3, 4))).then_flagged(&[LateRecorded]);
    was().when(rotated(YESTERDAY, rotation(1, 4))).then_refused(&KEY_NOT_IN_FORCE).because_of(0);
    // Under a clock that was ahead when the ledger was opened, today may lie before its opening.
    given([]).when(rotated("2024-12-31", rotation(1, 3))).then_flagged(&[LateRecorded]);
}

#[test]
fn key_used_before() {
    let was = || given([rotated(TODAY, rotation(1, 3)), rotated(TODAY, rotation(3, 4))]);
    was().when(rotated(TODAY, rotation(4, 1))).then_refused(&KEY_USED_BEFORE).because_of(0);
    was().when(rotated(TODAY, rotation(4, 3))).then_refused(&KEY_USED_BEFORE).because_of(0);
}

#[test]
fn key_unchanged() {
    given([]).when(rotated(TODAY, rotation(1, 1))).then_malformed(&KEY_UNCHANGED, "key_rotated.new_key");
}

#[test]
fn rotation_signature() {
    let good = || rotation(1, 3);
    let mut of_another_ledger = good();
    let statement = of_another_ledger.statement("ledger.example/other");
    let signature = ed25519_dalek::Signer::sign(&key(1), statement.as_bytes());
    of_another_ledger.signature = Signature(signature.to_bytes());
    let mut by_the_new_key = good();
    let signature = ed25519_dalek::Signer::sign(&key(3), good().statement(ORIGIN).as_bytes());
    by_the_new_key.signature = Signature(signature.to_bytes());
    let bent = [
        of_another_ledger,
        by_the_new_key,
        KeyRotated { old_key: public(5), ..good() },
        KeyRotated { new_key: public(5), ..good() },
        KeyRotated { signature: flipped(good().signature), ..good() },
        KeyRotated { signature: Signature([0; 64]), ..good() },
    ];
    for rotation in bent {
        given([]).when(rotated(TODAY, rotation)).then_malformed(&ROTATION_SIGNATURE, "key_rotated.signature");
    }
}

/// Signed by another implementation (pyca/cryptography) over the statement written out here.
#[test]
fn given_a_rotation_signed_elsewhere_when_recorded_then_it_is_accepted() {
    const OLD: &str = "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c";
    const NEW: &str = "ed4928c628d1c2c6eae90338905995612959273a5c63f93636c14614ac8737d1";
    const SIGNATURE: &str = concat!(
        "9563d69f5c6b6922de60956ae1f4e8dec12c2c9faed58f685e42733f6fec7ab1",
        "dac3f5d835e91879e6a8dd600de62dc1f356b5018f0bf8da8b903a47fa8afd0a"
    );
    let golden = KeyRotated {
        old_key: PublicKey(const_hex::decode_to_array(OLD).unwrap()),
        new_key: PublicKey(const_hex::decode_to_array(NEW).unwrap()),
        signature: Signature(const_hex::decode_to_array(SIGNATURE).unwrap()),
    };
    assert_eq!(
        golden.statement(ORIGIN),
        "pledgebook.key-rotation/v1\nledger.example/acme\n\
         iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=\n\
         7UkoxijRwsbq6QM4kFmVYSlZJzpcY/k2NsFGFKyHN9E=\n"
    );
    given([]).when(rotated(TODAY, golden)).then_accepted();
}

#[test]
fn restore_not_first() {
    let (ledger, size) = copy();
    ledger.when(restored(TODAY, restore(size, 1))).then_accepted().and_state("ledger/acme", "OPENED");
    // Something was recorded after the copy: that stands where this should.
    given([received("2025-05-01", 1)])
        .when(restored(TODAY, restore(size, 1)))
        .then_refused(&RESTORE_NOT_FIRST)
        .because_of(0);
    let beyond = restored(TODAY, restore(size + 1, 1));
    given([]).when(beyond).then_refused(&RESTORE_NOT_FIRST).because_of_nothing();
}

#[test]
fn incarnation_not_next() {
    let (_, size) = copy();
    let was = || given([restored(TODAY, restore(size, 1))]);
    for wrong in [0, 2, u32::MAX] {
        let first = restored(TODAY, restore(size, wrong));
        given([]).when(first).then_refused(&INCARNATION_NOT_NEXT).because_of_nothing();
    }
    for wrong in [0, 1, 3] {
        let said = restored(TODAY, restore(size + 1, wrong));
        was().when(said).then_refused(&INCARNATION_NOT_NEXT).because_of(0);
    }
    was().when(restored(TODAY, restore(size + 1, 2))).then_accepted();
    was().when(restored(YESTERDAY, restore(size + 1, 2))).then_flagged(&[LateRecorded]);
}

#[test]
fn known_root() {
    let (_, size) = copy();
    for (known_size, root) in [(0, Some(root_at(3))), (3, None), (size + 5, None)] {
        given([])
            .when(restored(TODAY, knowing(known_size, root, restore(size, 1))))
            .then_malformed(&KNOWN_ROOT, "ledger_restored.known_root");
    }
}

#[test]
fn given_a_known_checkpoint_when_a_ledger_is_restored_then_what_is_lost_is_what_the_copy_lacks() {
    let (_, size) = copy();
    let of = |known_size| knowing(known_size, Some(root_at(known_size)), restore(size, 1));
    // Not every record stands under a checkpoint: a copy may hold more than was known outside.
    for (known_size, lost) in [(3, 0), (size, 0), (size + 1, 1), (u64::MAX, u64::MAX - size)] {
        assert_eq!(of(known_size).lost(), lost);
        given([]).when(restored(TODAY, of(known_size))).then_accepted();
    }
    assert_eq!(restore(size, 1).lost(), 0);
}

fn each() -> [Said; 3] {
    let (_, size) = copy();
    [cosigned(cosignature(3)), rotated(TODAY, rotation(1, 3)), restored(TODAY, restore(size, 1))]
}

#[test]
fn given_a_ledger_that_was_never_opened_when_its_key_or_its_copy_is_spoken_of_then_that_is_refused() {
    let (_, size) = copy();
    given([])
        .when(on(TODAY, "ledger/other", rotation(1, 3)).from("operator"))
        .then_refused(&LEDGER_NOT_OPENED);
    given([])
        .when(on(TODAY, "ledger/other", restore(size, 1)).from("operator"))
        .then_refused(&LEDGER_NOT_OPENED);
}

#[test]
fn given_what_the_server_alone_says_when_anybody_else_does_then_it_is_not_granted() {
    for said in each() {
        let name = said.event.payload.event_type().as_str();
        let denied = format!("type {name}");
        given([]).when(said.clone().from("register")).then_not_granted(&denied);
        given([grant("tracker", &["*"], &["*"], &["*"])])
            .when(said.from("tracker"))
            .then_not_granted(&denied);
        given([]).when(grant("x", &[name], &[], &[])).then_malformed(&GRANT_TYPE, "grant_changed.types[0]");
    }
}

#[test]
fn given_what_others_hold_the_ledger_to_when_voided_or_corrected_then_that_is_refused() {
    for said in each() {
        given([said.clone()])
            .when(void(TODAY, &said).from("operator"))
            .then_refused(&VOID_OF_OPERATION)
            .because_of(0);
        given([said.clone()])
            .when(correct(TODAY, &said, |_| {}).from("operator"))
            .then_refused(&CORRECTION_OF_OPERATION)
            .because_of(0);
    }
}

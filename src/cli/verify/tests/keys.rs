//! Exports and published logs whose key was rotated: whoever pins one key follows it to those after it, and nobody else.

use storage::note::Cosigner;

use super::*;
use crate::audit::{Holder, tests::ledger::smuggled};
use crate::domain::{
    event::{KeyRotated, Payload},
    value::{PublicKey, Signature},
};

/// A rotation as its statement and signature say it, whoever signs.
fn rotated(old: &Signer, new: &Signer, by: &Signer) -> KeyRotated {
    let public = |signer: &Signer| PublicKey(signer.verifier().public_key().try_into().unwrap());
    let unsigned = KeyRotated { old_key: public(old), new_key: public(new), signature: Signature([0; 64]) };
    let line = by.sign(&unsigned.statement(ORIGIN));
    KeyRotated { signature: Signature(line.bytes.try_into().unwrap()), ..unsigned }
}

/// An honest ledger whose first key hands over to its second, with one record behind it; and the size at which both sign.
fn handed(by: &Signer) -> (Arc<MemoryBackend>, u64) {
    let backend = honest();
    hand_over(&backend, &signer(1), &signer(2), by);
    let size = head(&backend).size;
    smuggled(&backend, "tracker", &post("later"));
    (backend, size)
}

fn hand_over(backend: &Arc<MemoryBackend>, old: &Signer, new: &Signer, by: &Signer) {
    let event = said::event("ledger/test", Payload::KeyRotated(rotated(old, new, by)));
    smuggled(backend, "operator", &said::proposal(event));
}

fn at(backend: &Arc<MemoryBackend>, size: u64, by: &[&Signer]) -> SignedCheckpoint {
    checkpoint(size, root(backend, size).root, by)
}

#[test]
fn given_a_key_that_handed_over_when_the_first_is_pinned_then_it_is_followed_by_what_both_signed() {
    let (one, two, three) = (signer(1), signer(2), signer(3));
    let (backend, size) = handed(&one);
    let kept: [(u64, &[&Signer]); 2] = [(4, &[&one]), (size, &[&one, &two])];
    let export = Exported::signed(&backend, &[&two], &kept);
    let verified = export.verified(&[]);
    assert_eq!((verdicts(&verified)[0], rules(&verified)), (Holds, vec![]), "{}", verified.json());
    let signed = verified.audited.signed.as_ref().unwrap();
    assert_eq!((signed.keys, signed.kept, signed.to), (2, 2, size + 1));
    // What both signed must be there.
    let lacking = Exported::signed(&backend, &[&two], &kept[..1]);
    assert_eq!(rules(&lacking.verified(&[])), ["key.handover"]);
    // Pinned later: what was signed before is not judged.
    let verified = self::verified(export.folder.path(), two.verifier(), &[]);
    assert_eq!((verdicts(&verified)[0], rules(&verified)), (Holds, vec![]), "{}", verified.json());
    // A key that was given up, or never in force, signs nothing any more: not beside the one in force, either.
    for by in [&[&one][..], &[&three], &[&two, &one]] {
        let export = Exported::signed(&backend, by, &kept);
        let verified = export.verified(&[]);
        assert_eq!((rules(&verified), verdicts(&verified)), (vec!["published.signature"], DAMAGED));
    }
    let export = Exported::signed(&backend, &[&two], &[(4, &[&one]), (size, &[&two])]);
    assert_eq!(rules(&export.verified(&[])), ["key.handover"], "a handover has both");
    let export = Exported::signed(&backend, &[&two], &[(4, &[&two]), (size, &[&one, &two])]);
    let verified = export.verified(&[]);
    let file = "auditors/checkpoints/4".to_owned();
    assert_eq!(found(&verified), [("checkpoint.signature", file, Some(3))], "not in force then");
    // The list of keys is what the records name, and nothing else.
    let export = Exported::signed(&backend, &[&two], &kept);
    export.change("keys", |bytes| bytes.truncate(bytes.len() / 2));
    assert_eq!(found(&export.verified(&[])), [("keys.list", "keys".to_owned(), None)]);
}

#[test]
fn given_rotations_that_do_not_follow_when_an_export_is_verified_then_the_first_is_found_and_nothing_rests_on_it()
 {
    let (one, two, three) = (signer(1), signer(2), signer(3));
    // One that the key before did not sign.
    let (backend, size) = handed(&two);
    let kept: [(u64, &[&Signer]); 2] = [(4, &[&one]), (size, &[&one, &two])];
    let verified = Exported::signed(&backend, &[&two], &kept).verified(&[]);
    assert_eq!((rules(&verified), verdicts(&verified)), (vec!["key.signature"], DAMAGED));
    let file = layout::entries(&Tile { level: tile::Level::Entries, index: 0, width: 14 });
    assert_eq!(found(&verified)[0], ("key.signature", file, Some(size - 1)));
    // Back to a key that was given up, and by a key that is not in force.
    for (old, new, by, rule) in [(&two, &one, &two, "key.reused"), (&one, &three, &one, "key.in_force")] {
        let (backend, size) = handed(&one);
        hand_over(&backend, old, new, by);
        let again = head(&backend).size;
        let kept: [(u64, &[&Signer]); 2] = [(size, &[&one, &two]), (again, &[old, new])];
        let verified = Exported::signed(&backend, &[new], &kept).verified(&[]);
        assert_eq!((rules(&verified), verdicts(&verified)), (vec![rule], DAMAGED));
    }
}

#[test]
fn given_checkpoints_by_later_keys_when_they_are_held_against_an_export_then_they_are_followed_and_compared()
{
    let (one, two) = (signer(1), signer(2));
    let (backend, size) = handed(&one);
    let export = Exported::signed(&backend, &[&two], &[(size, &[&one, &two])]);
    let ask = |held: &[&SignedCheckpoint]| audited(export.folder.path(), pinning(&key(), held));
    for held in [at(&backend, size + 1, &[&two]), at(&backend, size, &[&two]), at(&backend, 4, &[&one])] {
        let verified = ask(&[&held]);
        assert_eq!((rules(&verified), verdicts(&verified)), (vec![], [Holds; 5]), "{}", verified.json());
        assert_eq!(verified.audited.elsewhere[0].same, Some(true));
    }
    // Not in force then: it is nobody's word.
    for held in [at(&backend, size + 1, &[&one]), at(&backend, 4, &[&two]), at(&backend, 4, &[&signer(7)])] {
        let verified = ask(&[&held]);
        assert_eq!((rules(&verified), verdicts(&verified)), (vec![], ALONE));
        assert!(verified.audited.elsewhere[0].untrusted.is_some());
    }
    // Of another history, and of a longer one.
    let mut other = at(&backend, size + 1, &[]).checkpoint;
    other.root.0[0] ^= 1;
    let verified = ask(&[&checkpoint(size + 1, other.root, &[&two])]);
    assert_eq!((rules(&verified), verdicts(&verified)[0]), (vec!["elsewhere.root"], Broken));
    let verified = ask(&[&checkpoint(size + 9, other.root, &[&two])]);
    assert_eq!((rules(&verified), verdicts(&verified)[0]), (vec!["elsewhere.size"], Broken));
}

#[test]
fn given_witnesses_that_are_pinned_when_an_export_is_verified_then_they_alone_count() {
    let witness = |seed| Cosigner::new("witness.example/w1", SigningKey::from_bytes(&[seed; 32])).unwrap();
    let backend = honest();
    let export = Exported::of(&backend);
    let held = at(&backend, head(&backend).size, &[&signer(1)]);
    let ask = |held: &[&SignedCheckpoint], seed| {
        let mut given = pinning(&key(), held);
        given.trust.witnesses = vec![witness(seed).verifier().clone()];
        audited(export.folder.path(), given)
    };
    let by = Holder::Witness { name: "witness.example/w1".into(), organisation: None, pinned: true };
    let row = |verified: &Verified| {
        let outside = verified.audited.outside.iter();
        outside.filter(|it| it.holder == by).map(|it| (it.size, it.at.as_second())).collect::<Vec<_>>()
    };
    let verified = ask(&[&held], 9);
    assert_eq!(row(&verified), []);
    // In a copy that somebody kept, and in the published one.
    let mut cosigned = held.clone();
    cosigned.note.signatures.push(witness(9).cosign(&held.note.text, 1_700_000_000));
    let verified = ask(&[&cosigned], 9);
    assert_eq!(
        (verdicts(&verified), row(&verified)),
        ([Holds; 5], vec![(held.checkpoint.size, 1_700_000_000)])
    );
    fs::write(export.at("public/checkpoint"), cosigned.note.to_text()).unwrap();
    let verified = ask(&[], 9);
    assert_eq!(
        (verdicts(&verified), row(&verified)),
        ([Holds; 5], vec![(held.checkpoint.size, 1_700_000_000)])
    );
    // Another key of that name is another witness; a bad signature in its name shows nothing, and is told.
    let verified = ask(&[], 8);
    assert_eq!((verdicts(&verified), row(&verified)), (ALONE, vec![]));
    cosigned.note.signatures[1].bytes[20] ^= 1;
    fs::write(export.at("public/checkpoint"), cosigned.note.to_text()).unwrap();
    let verified = ask(&[], 9);
    assert_eq!((verdicts(&verified), row(&verified)), (ALONE, vec![]));
    assert!(told(&verified, Question::Integrity).contains("in the name of the witness witness.example/w1"));
}

#[test]
fn given_a_published_log_that_rotated_its_key_when_it_is_verified_then_it_is_followed_as_far_as_records_tell()
{
    let (one, two) = (signer(1), signer(2));
    let (backend, size) = handed(&one);
    let export = Exported::signed(&backend, &[&two], &[(size, &[&one, &two])]);
    let path = export.folder.path().to_owned();
    let url = web::serve(move |name, token| web::honestly(&path, name, token));
    let held = at(&backend, size + 1, &[&two]);
    let ask = |key: &Verifier, token: Option<&str>, held: &[&SignedCheckpoint]| {
        let token = token.map(web::given_beside);
        verify(&Source::of(&url, token.as_ref()).unwrap().unwrap(), key, pinning(key, held), false).unwrap()
    };
    let verified = ask(&key(), Some("pbk_auditor"), &[&held]);
    assert_eq!(rules(&verified), Vec::<&str>::new(), "{}", verified.json());
    assert_eq!(verdicts(&verified), [Holds, Holds, Holds, Holds, NotEstablished]);
    assert!(told(&verified, Question::Integrity).contains("kept checkpoints are published nowhere"));
    // Without records nobody tells of the second key: whoever has it pins it.
    assert_eq!(rules(&ask(&key(), None, &[&held])), ["published.signature"]);
    let verified = ask(two.verifier(), None, &[&held]);
    assert_eq!((rules(&verified), verdicts(&verified)), (vec![], [NotEstablished; 5]), "{}", verified.json());
    assert_eq!(verified.audited.elsewhere[0].same, Some(true));
    // What is published first after a handover is of its size, and signed by the new key.
    let first = at(&backend, size, &[&two]);
    let cut = rewritten(&backend, |sequence, _| sequence < size);
    let export = Exported::signed(&cut, &[&one, &two], &[(size, &[&one, &two])]);
    fs::write(export.at("public/checkpoint"), first.note.to_text()).unwrap();
    let verified = export.verified(&[]);
    assert_eq!((verdicts(&verified)[0], rules(&verified)), (Holds, vec![]), "{}", verified.json());
}

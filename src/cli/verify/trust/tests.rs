//! A sceptic's tests of signatures: ledgers that the server's own parts kept and signed, each with exactly one thing wrong.

mod ledger;

use std::fs;
use storage::note::{Algorithm, Checkpoint, Signer, Verifier};

use super::{Trusted, used};
use crate::audit::{
    Holder, Question, Trust,
    Verdict::{self, Broken, Holds, NotEstablished},
};
use crate::domain::event::Payload;
use ledger::{
    ORIGIN, Place, foreign, keep, kept_anew, pinned, secret, signed, smuggled, told, verify, witness,
};

/// Of a ledger of which nobody outside holds anything.
const ALONE: [Verdict; 5] = [Holds, Holds, Holds, NotEstablished, Holds];
/// Somebody holds something.
const HELD: [Verdict; 5] = [Holds; 5];

/// With another answer to one question.
fn but(question: Question, verdict: Verdict, mut verdicts: [Verdict; 5]) -> [Verdict; 5] {
    verdicts[question as usize] = verdict;
    verdicts
}

fn broken(otherwise: [Verdict; 5]) -> [Verdict; 5] {
    but(Question::Integrity, Broken, otherwise)
}

#[test]
fn given_a_ledger_that_rotated_its_key_when_the_first_is_pinned_then_all_that_it_signed_is_followed() {
    let (place, it) = Place::new();
    let first = it.key();
    it.record(1).attest();
    let rotated = it.rotate();
    let held = it.record(2).attest();
    let second = it.key();
    it.record(1);
    it.end();
    let path = place.ledger("data");
    let (verified, rules, verdicts) = verify(&path, pinned(&first, &[&held]));
    assert_eq!((rules, verdicts), (vec![], HELD), "{:#?}", verified.audited);
    let signed = verified.audited.signed.as_ref().unwrap();
    let kept = verified.report.checkpoints.len() as u64;
    assert_eq!((signed.from, signed.keys, signed.kept), (0, 2, kept));
    assert!(kept >= 3, "{kept}");
    assert_eq!((signed.to, signed.published), (verified.report.records, Some(verified.report.records)));
    assert_eq!(verified.audited.elsewhere[0].same, Some(true));
    assert!(told(&verified, Question::Freshness).contains("a copy made here just now"));

    let (verified, rules, verdicts) = verify(&path, pinned(&second, &[&held]));
    assert_eq!((rules, verdicts), (vec![], HELD), "{:#?}", verified.audited);
    assert_eq!(verified.audited.signed.as_ref().unwrap().from, rotated + 1);
    assert!(told(&verified, Question::Integrity).contains("pin the first"), "{:#?}", verified.audited);

    let (verified, rules, verdicts) = verify(&path, Trust::default());
    assert_eq!((rules, verdicts), (vec![], ALONE));
    assert_eq!(verified.audited.signed, None);
    assert!(told(&verified, Question::Integrity).contains("no signature was looked at"));
}

#[test]
fn given_a_key_that_was_never_the_ledgers_when_it_is_pinned_then_integrity_alone_is_broken() {
    let (place, it) = Place::new();
    it.record(1).attest();
    it.end();
    let stranger = Signer::new(ORIGIN, foreign()).unwrap().verifier().clone();
    let (_, rules, verdicts) = verify(&place.ledger("data"), pinned(&stranger, &[]));
    assert_eq!((rules, verdicts), (vec!["published.signature", "checkpoint.signature"], broken(ALONE)));
    let it = place.serve("data");
    it.rotate();
    it.end();
    let (_, rules, verdicts) = verify(&place.ledger("data"), pinned(&stranger, &[]));
    assert_eq!((rules, verdicts), (vec!["key.pinned"], broken(ALONE)));
}

#[test]
fn given_a_key_file_that_was_swapped_when_the_ledgers_key_is_pinned_then_what_is_signed_since_is_found() {
    let (place, it) = Place::new();
    let key = it.key();
    it.record(1);
    it.end();
    let path = place.ledger("data");
    // Where nothing is signed, a server takes any key, and makes one if there is none.
    fs::remove_file(path.join("private/key")).unwrap();
    fs::remove_file(path.join("public/checkpoint")).unwrap();
    kept_anew(&path, |_| None);
    let it = place.serve("data");
    assert_ne!(it.key().to_string(), key.to_string());
    it.record(1);
    it.end();
    kept_anew(&path, |_| None);
    let (_, rules, verdicts) = verify(&path, pinned(&key, &[]));
    assert_eq!((rules, verdicts), (vec!["published.signature"], broken(ALONE)));
    let it = place.serve("data");
    it.attest();
    it.end();
    let (_, rules, verdicts) = verify(&path, pinned(&key, &[]));
    assert_eq!((rules, verdicts), (vec!["published.signature", "checkpoint.signature"], broken(ALONE)));
}

#[test]
fn given_a_kept_checkpoint_that_another_key_signed_when_it_is_verified_then_it_is_found_with_its_place() {
    let (place, it) = Place::new();
    let key = it.key();
    it.record(1).attest();
    it.record(1);
    it.end();
    let path = place.ledger("data");
    kept_anew(&path, |note| Some(note).filter(|note| Checkpoint::parse(&note.text).unwrap().size == 2));
    let first = fs::read(path.join("log/checkpoints")).unwrap();
    let at = first.iter().rposition(|byte| *byte != 0).unwrap() as u64 + 1;
    let before = |signers: &[ed25519_dalek::SigningKey]| {
        fs::write(path.join("log/checkpoints"), &first).unwrap();
        let mut note = signed(&path, 3, signers).note;
        // A witness's besides is nobody's harm.
        note.signatures.push(witness().cosign(&note.text, 1_700_000_000));
        keep(&path, std::iter::once(note));
        verify(&path, pinned(&key, &[]))
    };
    let own = secret(&path);
    let (_, rules, verdicts) = before(std::slice::from_ref(&own));
    assert_eq!((rules, verdicts), (vec![], ALONE));
    let (verified, rules, verdicts) = before(&[foreign()]);
    assert_eq!((rules, verdicts), (vec!["checkpoint.signature"], broken(ALONE)));
    let finding = &verified.audited.conclusions[0].findings[0];
    assert_eq!(finding.sequence, Some(2));
    let (file, offset) = finding.place.as_ref().unwrap();
    assert_eq!(file, "log/checkpoints");
    // A checksum may end in zeros.
    assert!(
        (at..at + 4).contains(offset)
            && fs::read(path.join(file)).unwrap()[*offset as usize..].starts_with(b"PBc1")
    );
    let (verified, rules, verdicts) = before(&[own, foreign()]);
    assert_eq!((rules, verdicts), (vec!["checkpoint.signature"], broken(ALONE)));
    assert!(verified.audited.conclusions[0].findings[0].found.contains("besides"));
}

#[test]
fn given_a_handover_that_one_key_did_not_sign_when_it_is_verified_then_integrity_alone_is_broken() {
    let (place, it) = Place::new();
    let key = it.key();
    it.record(1).attest();
    let rotated = it.rotate();
    it.record(1).attest();
    it.end();
    let path = place.ledger("data");
    let whole = fs::read(path.join("log/checkpoints")).unwrap();
    for (missing, said) in [(0, "no signature"), (1, "no signature"), (2, "none")] {
        fs::write(path.join("log/checkpoints"), &whole).unwrap();
        kept_anew(&path, |mut note| match (note.signatures.len(), missing) {
            (2, 2) => None,
            (2, missing) => {
                note.signatures.remove(missing);
                Some(note)
            }
            _ => Some(note),
        });
        let (verified, rules, verdicts) = verify(&path, pinned(&key, &[]));
        assert_eq!((rules, verdicts), (vec!["key.handover"], broken(ALONE)), "{missing}");
        let finding = &verified.audited.conclusions[0].findings[0];
        assert_eq!(finding.sequence, Some(rotated));
        assert!(finding.found.contains(said) && finding.place.is_some(), "{finding:?}");
    }
}

#[test]
fn given_a_rotation_that_was_cut_short_when_it_is_verified_then_it_is_told_and_nothing_is_broken() {
    let (place, it) = Place::new();
    let key = it.key();
    it.record(1);
    it.rotate();
    it.end();
    let path = place.ledger("data");
    fs::remove_file(path.join("log/checkpoints")).unwrap();
    fs::remove_file(path.join("public/checkpoint")).unwrap();
    let (verified, rules, verdicts) = verify(&path, pinned(&key, &[]));
    assert_eq!((rules, verdicts), (vec![], but(Question::Integrity, NotEstablished, ALONE)));
    assert!(told(&verified, Question::Integrity).contains("next start"), "{:#?}", verified.audited);
}

#[test]
fn given_a_rotation_that_was_forged_when_it_is_verified_then_the_walk_ends_there() {
    let (place, it) = Place::new();
    let key = it.key();
    it.record(1).attest();
    it.end();
    place.copied("data", "true");
    let path = place.ledger("data");
    let (own, other) = (secret(&path), foreign());
    // Whoever writes to the files has not the key before, and signs on with another.
    smuggled(&path, (&own, &other), &other);
    keep(&path, std::iter::once(signed(&path, 3, std::slice::from_ref(&other)).note));
    let (verified, rules, verdicts) = verify(&path, pinned(&key, &[]));
    assert_eq!((rules, verdicts), (vec!["key.signature"], broken(ALONE)));
    let finding = &verified.audited.conclusions[0].findings[0];
    assert_eq!(finding.sequence, Some(2));
    assert!(finding.place.as_ref().unwrap().0.contains("log/"), "{finding:?}");
    // What the true key signed elsewhere of as many records is believed, and shows it.
    let it = place.serve("true");
    let held = it.record(1).attest();
    it.end();
    let (_, rules, _) = verify(&path, pinned(&key, &[&held]));
    assert_eq!(rules, ["key.signature", "elsewhere.root"]);
}

#[test]
fn given_rotations_that_do_not_follow_each_other_when_they_are_verified_then_the_first_such_is_found() {
    let (place, it) = Place::new();
    let key = it.key();
    it.record(1);
    it.end();
    let first = secret(&place.ledger("data"));
    let it = place.serve("data");
    it.rotate();
    it.end();
    let second = secret(&place.ledger("data"));
    place.copied("data", "again");
    // By the key that was given up.
    let path = place.ledger("data");
    smuggled(&path, (&first, &foreign()), &first);
    let (_, rules, verdicts) = verify(&path, pinned(&key, &[]));
    assert_eq!((rules, verdicts), (vec!["key.in_force"], broken(ALONE)));
    // Back to the key that was given up.
    let path = place.ledger("again");
    smuggled(&path, (&second, &first), &second);
    let (_, rules, verdicts) = verify(&path, pinned(&key, &[]));
    assert_eq!((rules, verdicts), (vec!["key.reused"], broken(ALONE)));
}

#[test]
fn given_a_ledger_that_was_written_anew_and_signed_by_its_writer_when_it_is_verified_then_key_and_kept_show_it()
 {
    let (place, it) = Place::new();
    let key = it.key();
    let held = it.record(2).attest();
    it.end();
    place.rewritten("data", "anew", |sequence, event| {
        if let (1, Payload::ClockCorrected(said)) = (sequence, &mut event.payload) {
            said.drift_seconds = 7;
        }
        true
    });
    let path = place.ledger("anew");
    // Nothing in it is signed by the ledger, and nothing is wrong with it.
    let (verified, rules, verdicts) = verify(&path, pinned(&key, &[]));
    assert_eq!((rules, verdicts), (vec![], but(Question::Integrity, NotEstablished, ALONE)));
    assert!(told(&verified, Question::Integrity).contains("no checkpoint here is signed by it"));
    let (_, rules, verdicts) = verify(&path, pinned(&key, &[&held]));
    assert_eq!((rules, verdicts), (vec!["elsewhere.root"], broken(ALONE)));
    let it = place.serve("anew");
    it.record(1).attest();
    it.end();
    assert_eq!(verify(&path, Trust::default()).2, ALONE, "whole in itself");
    let (_, rules, verdicts) = verify(&path, pinned(&key, &[]));
    assert_eq!((rules, verdicts), (vec!["published.signature", "checkpoint.signature"], broken(ALONE)));
}

#[test]
fn given_a_ledger_that_was_cut_short_by_whoever_has_its_key_when_it_is_verified_then_what_is_kept_shows_it() {
    let (place, it) = Place::new();
    let key = it.key();
    let held = it.record(3).attest();
    it.end();
    place.rewritten("data", "cut", |sequence, _| sequence < 3);
    let path = place.ledger("cut");
    fs::create_dir_all(path.join("private")).unwrap();
    fs::copy(place.ledger("data").join("private/key"), path.join("private/key")).unwrap();
    place.serve("cut").end();
    assert_eq!(verify(&path, pinned(&key, &[])).2, ALONE, "signed, and whole in itself");
    let (verified, rules, verdicts) = verify(&path, pinned(&key, &[&held]));
    assert_eq!((rules, verdicts), (vec!["elsewhere.size"], broken(ALONE)));
    let finding = &verified.audited.conclusions[0].findings[0];
    assert!(finding.remedy.unwrap().contains("behind a checkpoint"), "{finding:?}");
    // The files as they were, and the published checkpoint of later.
    fs::write(path.join("public/checkpoint"), held.note.to_text()).unwrap();
    let (_, rules, verdicts) = verify(&path, pinned(&key, &[]));
    assert_eq!((rules, verdicts), (vec!["published.size"], broken(ALONE)));
}

#[test]
fn given_a_published_checkpoint_that_is_none_or_of_another_history_when_it_is_verified_then_it_is_found() {
    let (place, it) = Place::new();
    let key = it.key();
    it.record(2);
    it.end();
    let path = place.ledger("data");
    let mut note = signed(&path, 3, &[]);
    note.checkpoint.root.0[0] ^= 1;
    let text = note.checkpoint.text();
    let line = Signer::new(ORIGIN, secret(&path)).unwrap().sign(&text);
    for (bytes, rule) in
        [(format!("{text}\n{line}\n"), "published.root"), ("of no form".into(), "published.form")]
    {
        fs::write(path.join("public/checkpoint"), bytes).unwrap();
        let (verified, rules, verdicts) = verify(&path, pinned(&key, &[]));
        assert_eq!((rules, verdicts), (vec![rule], broken(ALONE)));
        assert_eq!(verified.audited.conclusions[0].findings[0].place, Some(("public/checkpoint".into(), 0)));
    }
}

#[test]
fn given_a_ledger_that_was_restored_with_loss_when_it_is_verified_then_completeness_is_broken_and_says_why() {
    let (place, it) = Place::new();
    let key = it.key();
    it.record(2).attest();
    it.end();
    place.copied("data", "copy");
    let it = place.serve("data");
    let held = it.record(3).attest();
    it.end();
    place.restored("copy", "new", std::slice::from_ref(&held), &key);
    let path = place.ledger("new");
    let lost = but(Question::Completeness, Broken, ALONE);
    let (verified, rules, verdicts) = verify(&path, pinned(&key, &[]));
    assert_eq!((rules, verdicts), (vec!["completeness.lost"], lost), "{:#?}", verified.audited);
    let finding = &verified.audited.conclusions[1].findings[0];
    assert!(finding.sequence == Some(3) && finding.found.contains("3 records are lost"), "{finding:?}");
    // What was kept of what is lost: a finding, and explained.
    let explained = |rule: &'static str| {
        let (verified, rules, verdicts) = verify(&path, pinned(&key, &[&held]));
        assert_eq!((rules, verdicts), (vec![rule, "completeness.lost"], broken(lost)));
        assert_eq!(verified.audited.elsewhere[0].explained_by, Some(3));
        assert!(verified.audited.conclusions[0].findings[0].found.contains("record 3 explains it"));
    };
    explained("elsewhere.size");
    let it = place.serve("new");
    it.record(3).attest();
    it.end();
    explained("elsewhere.root");
}

#[test]
fn given_a_restore_that_lost_nothing_known_when_it_is_verified_then_it_is_told_and_nothing_is_broken() {
    let (place, it) = Place::new();
    let key = it.key();
    let held = it.record(2).attest();
    it.end();
    place.restored("data", "new", std::slice::from_ref(&held), &key);
    place.restored("data", "blind", &[], &key);
    let (verified, rules, verdicts) = verify(&place.ledger("new"), pinned(&key, &[&held]));
    assert_eq!((rules, verdicts), (vec![], HELD));
    assert!(told(&verified, Question::Completeness).contains("all 3 that were known"));
    let (verified, rules, verdicts) = verify(&place.ledger("blind"), pinned(&key, &[&held]));
    assert_eq!((rules, verdicts), (vec![], HELD));
    assert!(told(&verified, Question::Completeness).contains("nobody's checkpoint was known"));
}

#[test]
fn given_checkpoints_that_are_not_the_ledgers_word_when_they_are_held_against_it_then_they_show_nothing() {
    let (place, it) = Place::new();
    let key = it.key();
    it.record(1);
    it.end();
    let path = place.ledger("data");
    let retired = secret(&path);
    let it = place.serve("data");
    it.rotate();
    it.record(1).attest();
    it.end();
    let by_stranger = signed(&path, 2, &[foreign()]);
    let too_late = signed(&path, 4, std::slice::from_ref(&retired));
    let mut altered = signed(&path, 2, &[retired]);
    altered.note.signatures[0].bytes[3] ^= 1;
    let (verified, rules, verdicts) = verify(&path, pinned(&key, &[&by_stranger, &too_late, &altered]));
    assert_eq!((rules, verdicts), (vec![], ALONE));
    let why: Vec<_> = verified.audited.elsewhere.iter().map(|it| it.untrusted.as_deref().unwrap()).collect();
    assert!(
        why[0].contains("none of the") && why[1].contains("not in force") && why[2].contains("bad"),
        "{why:?}"
    );
    assert!(told(&verified, Question::Freshness).contains("wholly rewritten"), "they are not held");
}

#[test]
fn given_a_cosigned_copy_when_its_witness_is_pinned_then_it_is_told_who_holds_what_and_since_when() {
    let (place, it) = Place::new();
    let key = it.key();
    let mut held = it.record(1).attest();
    it.record(1);
    it.end();
    held.note.signatures.push(witness().cosign(&held.note.text, 1_700_000_000));
    let path = place.ledger("data");
    let trust = Trust { witnesses: vec![witness().verifier().clone()], ..pinned(&key, &[&held]) };
    let (verified, rules, verdicts) = verify(&path, trust.clone());
    assert_eq!((rules, verdicts), (vec![], HELD));
    let name = "witness.example/w1".to_owned();
    assert_eq!(verified.audited.elsewhere[0].cosigned, [(name.clone(), 1_700_000_000)]);
    let holder = Holder::Witness { name, organisation: None, pinned: true };
    let row = verified.audited.outside.iter().find(|it| it.holder == holder).unwrap();
    assert_eq!((row.size, row.at.as_second()), (2, 1_700_000_000));
    let json: serde_json::Value = serde_json::from_str(&verified.json()).unwrap();
    assert_eq!(json["outside"].as_array().unwrap().len(), 2);
    assert_eq!(json["signatures"]["key"], key.to_string());
    let mut trust = trust;
    trust.elsewhere[0].signed.note.signatures[1].bytes[20] ^= 1;
    let (verified, rules, verdicts) = verify(&path, trust);
    assert_eq!((rules, verdicts), (vec![], ALONE));
    assert!(
        told(&verified, Question::Freshness).contains("in the name of the witness witness.example/w1 is bad")
    );
}

#[test]
fn given_recorded_cosignatures_when_they_lie_then_freshness_alone_is_broken_and_only_pinned_witnesses_count()
{
    let (place, it) = Place::new();
    it.record(1).cosigned("witness.example/w1", "Harbour Trust");
    it.end();
    let path = place.ledger("data");
    let (verified, rules, verdicts) = verify(&path, Trust::default());
    assert_eq!((rules, verdicts), (vec![], HELD), "{:#?}", verified.audited);
    let text = told(&verified, Question::Freshness);
    assert!(text.contains("Harbour Trust") && text.contains("no witness was pinned"), "{text}");
    let by = |witness: &Verifier| Trust { witnesses: vec![witness.clone()], ..Trust::default() };
    assert_eq!(verify(&path, by(witness().verifier())).2, HELD);
    let key = foreign().verifying_key().to_bytes();
    let other = Verifier::cosigner("witness.example/w1", &key).unwrap();
    let (verified, rules, verdicts) = verify(&path, by(&other));
    assert_eq!((rules, verdicts), (vec![], ALONE));
    assert!(told(&verified, Question::Freshness).contains("not counted"));
    // Of another checkpoint than the witness signed.
    place.rewritten("data", "forged", |_, event| {
        if let Payload::CosignatureRecorded(said) = &mut event.payload {
            said.time += 60;
        }
        true
    });
    let (_, rules, verdicts) = verify(&place.ledger("forged"), Trust::default());
    assert_eq!((rules, verdicts), (vec!["freshness.signature"], but(Question::Freshness, Broken, ALONE)));
    // What the witness signed was written anew.
    place.rewritten("data", "anew", |_, event| {
        if let Payload::ClockCorrected(said) = &mut event.payload {
            said.drift_seconds = 7;
        }
        true
    });
    let (_, rules, verdicts) = verify(&place.ledger("anew"), Trust::default());
    assert_eq!((rules, verdicts), (vec!["freshness.cosignature"], but(Question::Freshness, Broken, ALONE)));
}

/// What the command line takes.
#[derive(clap::Parser)]
struct Line {
    #[command(flatten)]
    trusted: Trusted,
}

fn trusted(arguments: &[&str]) -> Result<Trusted, String> {
    use clap::Parser as _;
    Line::try_parse_from(std::iter::once(&"verify").chain(arguments))
        .map(|line| line.trusted)
        .map_err(|why| why.to_string())
}

#[test]
fn given_keys_and_files_on_the_command_line_when_they_do_not_fit_then_nothing_is_passed_over() {
    let (place, it) = Place::new();
    let key = it.key().to_string();
    let held = it.record(1).attest();
    let proof = it.ledger.notary.proof(1).unwrap().unwrap();
    it.end();
    let path = place.ledger("data");
    let verified = [verify(&path, Trust::default()).0];
    let files =
        [("note.txt", held.note.to_text()), ("r.tlog-proof", proof.to_text()), ("other.txt", "x".into())];
    let [note, proof, other] = files.map(|(name, text)| {
        let path = place.data(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    });
    let fits = trusted(&["--key", &key, "--checkpoint", &note, "--checkpoint", &proof]).unwrap();
    let trust = fits.read().unwrap();
    assert_eq!(trust.elsewhere.len(), 2);
    assert!(trust.elsewhere.iter().all(|it| it.signed == held));
    used(&trust, &verified).unwrap();
    assert_eq!(verify(&path, trust).2, HELD);
    let why = trusted(&["--key", &key, "--checkpoint", &other]).unwrap().read().unwrap_err().to_string();
    assert!(why.contains("other.txt") && why.contains("not a signed checkpoint"), "{why}");
    let why = trusted(&["--key", &key, "--key", &key]).unwrap().read().unwrap_err().to_string();
    assert!(why.contains("two keys"), "{why}");
    assert!(trusted(&["--checkpoint", &note]).unwrap_err().contains("--key"));
    let cosigner = witness().verifier().clone();
    assert_eq!(cosigner.algorithm(), Algorithm::Cosignature);
    assert!(trusted(&["--key", &cosigner.to_string()]).unwrap_err().contains("another kind"));
    assert!(trusted(&["--witness", &key]).unwrap_err().contains("another kind"));
    // Of an export or a published log, all of it counts the same way; but there is one log, and its key must be given.
    let by = cosigner.to_string();
    let of_log = trusted(&["--key", &key, "--checkpoint", &note, "--witness", &by]).unwrap();
    let (one, trust) = of_log.of_one("https://ledger.example").unwrap();
    assert_eq!((one.to_string(), trust.elsewhere.len(), trust.witnesses.len()), (key.clone(), 1, 1));
    let why = trusted(&[]).unwrap().of_one("https://ledger.example").unwrap_err().to_string();
    assert!(why.contains("--key"), "{why}");
    let elsewhere = Signer::new("ledger.example/other", foreign()).unwrap().verifier().to_string();
    let strange = trusted(&["--key", &elsewhere, "--checkpoint", &note]).unwrap();
    let why = strange.of_one("https://ledger.example").unwrap_err().to_string();
    assert!(
        why.contains("note.txt") && why.contains(ORIGIN) && why.contains("ledger.example/other"),
        "{why}"
    );
    let strange = trusted(&["--key", &elsewhere]).unwrap();
    let why = used(&strange.read().unwrap(), &verified).unwrap_err().to_string();
    assert!(why.contains("ledger.example/other") && why.contains(ORIGIN), "{why}");
}

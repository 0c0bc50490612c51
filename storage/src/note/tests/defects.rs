//! One vector for each way of being wrong, named by its defect and by the rule that it breaks.
//!
//! Invariant: every vector is the worked example with one thing changed. It must not accept
//! a refusal for another reason than the one that it is there for.

use ed25519_dalek::VerifyingKey;

use super::*;
use crate::limits::{MAX_EXTRA, MAX_PROOF, MAX_PROOF_FILE, MAX_VERIFIER_KEY};
use crate::merkle::verify::Defect;

/// Every vector must be refused, and by the rule that its second text is a part of.
fn refused<T: std::fmt::Debug>(
    vectors: &[(&str, Vec<u8>, &str)],
    parse: impl Fn(&[u8]) -> Result<T, Malformed>,
) {
    for (defect, bytes, rule) in vectors {
        match parse(bytes) {
            Err(malformed) => {
                assert!(malformed.rule.contains(rule), "{defect}: refused because {malformed}");
                assert!(malformed.at <= bytes.len(), "{defect}: {malformed} of {}", bytes.len());
            }
            Ok(value) => panic!("{defect}: accepted as {value:?}"),
        }
    }
}

/// The worked note with the first `from` made `to`.
fn with(from: &str, to: &str) -> Vec<u8> {
    assert!(NOTE.contains(from), "{from}");
    NOTE.replacen(from, to, 1).into_bytes()
}

fn with_byte(from: &str, to: &[u8]) -> Vec<u8> {
    let at = NOTE.find(from).unwrap();
    [&NOTE.as_bytes()[..at], to, &NOTE.as_bytes()[at + from.len()..]].concat()
}

#[test]
fn given_a_note_with_a_defect_when_it_is_parsed_then_the_rule_is_named() {
    let line = "— a AAAAAAA=\n";
    let long = format!("{}{NOTE}", "x".repeat(MAX_NOTE + 1 - NOTE.len()));
    refused(
        &[
            ("nothing at all", vec![], "blank line"),
            ("not UTF-8", with_byte("acme", b"\xff"), "UTF-8"),
            ("an overlong encoding", with_byte("acme", b"\xc1\xa1"), "UTF-8"),
            ("a carriage return", with("acme\n", "acme\r\n"), "control characters"),
            ("a tab", with("acme", "ac\tme"), "control characters"),
            ("a NUL", with("acme", "ac\0me"), "control characters"),
            ("no blank line", with("\n\n", "\n"), "blank line"),
            ("no text", NOTE.as_bytes()[NOTE.find('—').unwrap()..].to_vec(), "blank line"),
            ("no signature", b"text\n\n".to_vec(), "has a signature"),
            ("a blank line at the end", format!("{NOTE}\n").into_bytes(), "has a signature"),
            ("no newline at the end", NOTE.trim_end().as_bytes().to_vec(), "ends in a newline"),
            ("a text behind the signatures", format!("{NOTE}text\n").into_bytes(), "em dash"),
            ("a hyphen for the dash", with("— l", "- l"), "em dash"),
            ("a dash without its space", with("— l", "—l"), "em dash"),
            ("two spaces behind the dash", with("— l", "—  l"), "has a name"),
            ("two spaces behind the name", with("acme 7", "acme  7"), "base64"),
            ("a name alone", with(" 7xoeOR9", "7xoeOR9"), "em dash"),
            ("no name", with("— ledger.example/acme", "— "), "has a name"),
            ("a no-break space in a name", with("— ledger", "— led\u{a0}ger"), "no spaces"),
            ("an em space in a name", with("— ledger", "— led\u{2003}ger"), "no spaces"),
            ("a next-line in a name", with("— ledger", "— led\u{85}ger"), "no spaces"),
            ("a plus in a name", with("— ledger", "— led+ger"), "no spaces"),
            ("base64 without its padding", with("Ogg4=", "Ogg4"), "base64"),
            ("base64 with bits left over", with("Ogg4=", "Ogg5="), "base64"),
            ("base64 with a space", with("7xoe", "7x oe"), "base64"),
            ("base64 of the URL's alphabet", with("l+NQ", "l-NQ"), "base64"),
            ("a key id alone", format!("text\n\n{}", "— a AAAAAA==\n").into_bytes(), "4 bytes"),
            ("half a key id", format!("text\n\n{}", "— a AAA=\n").into_bytes(), "4 bytes"),
            ("65 signatures", format!("text\n\n{}", line.repeat(65)).into_bytes(), "64 signatures"),
            ("64 KiB and a byte", long.into_bytes(), "64 KiB"),
        ],
        Note::parse,
    );
    assert!(Note::parse(format!("text\n\n{}", line.repeat(64)).as_bytes()).is_ok());
    refused(
        &[
            ("a newline behind it", line.as_bytes().to_vec(), "base64"),
            ("two of them", format!("{line}{line}").into_bytes(), "base64"),
            ("longer than any note", vec![b'x'; MAX_NOTE + 1], "64 KiB"),
        ],
        |bytes| SignatureLine::parse(std::str::from_utf8(bytes).unwrap()),
    );
}

#[test]
fn given_a_checkpoint_with_a_defect_when_it_is_parsed_then_the_rule_is_named() {
    let text = checkpoint().text();
    let changed = |from: &str, to: &str| text.replacen(from, to, 1).into_bytes();
    let size = |size: &str| changed("\n3\n", &format!("\n{size}\n"));
    refused(
        &[
            ("nothing at all", vec![], "first line"),
            ("an origin alone", b"origin\n".to_vec(), "second line"),
            ("no root", b"origin\n3\n".to_vec(), "third line"),
            ("no newline at the end", text.trim_end().as_bytes().to_vec(), "newline"),
            ("no origin", changed(ORIGIN, ""), "origin has 1 to 255"),
            ("an origin of 256 bytes", changed(ORIGIN, &"o".repeat(256)), "origin has 1 to 255"),
            ("a control character", changed(ORIGIN, "a\tb"), "control"),
            ("a carriage return", changed("\n3", "\r\n3"), "control"),
            ("no size", size(""), "decimal"),
            ("a leading zero", size("03"), "decimal"),
            ("two zeros", size("00"), "decimal"),
            ("a plus", size("+3"), "decimal"),
            ("a minus", size("-3"), "decimal"),
            ("a space before", size(" 3"), "decimal"),
            ("a space behind", size("3 "), "decimal"),
            ("another digit three", size("٣"), "decimal"),
            ("hexadecimal", size("0x3"), "decimal"),
            ("2^64", size("18446744073709551616"), "below 2^64"),
            ("a root of 31 bytes", changed("FtjA=", "Ftg=="), "32 bytes"),
            ("a root of 33 bytes", changed("FtjA=", "FtjAA"), "32 bytes"),
            ("a root of 30 bytes", changed("FtjA=", ""), "base64"),
            ("a root with bits left over", changed("FtjA=", "FtjB="), "base64"),
            ("a root without padding", changed("FtjA=", "FtjA"), "base64"),
            ("an empty line behind", format!("{text}\n").into_bytes(), "empty lines"),
            ("an empty line between", format!("{text}x\n\ny\n").into_bytes(), "empty lines"),
            ("64 KiB and a byte", format!("{text}{}\n", "x".repeat(MAX_NOTE)).into_bytes(), "64 KiB"),
        ],
        |bytes| Checkpoint::parse(std::str::from_utf8(bytes).unwrap()),
    );
    assert!(
        Checkpoint::parse(&format!("{}\n18446744073709551615\n{}", "o".repeat(255), &text[22..])).is_ok()
    );
}

#[test]
fn given_a_vkey_with_a_defect_when_it_is_parsed_then_the_rule_is_named() {
    let key = |algorithm: u8, public: &[u8]| {
        let bytes = [&[algorithm], public].concat();
        let id = Digest::of(&[b"a\n".as_slice(), &bytes].concat()).to_string();
        format!("a+{}+{}", &id[..8], super::text::base64(&bytes)).into_bytes()
    };
    let of = |from: &str, to: &str| LOG_KEY.replacen(from, to, 1).into_bytes();
    let good = log().verifier().public_key().to_vec();
    let mut identity = [0; 32];
    identity[0] = 1;
    let off_curve = (2..=u8::MAX)
        .map(|y| std::array::from_fn(|at| if at == 0 { y } else { 0 }))
        .find(|bytes| VerifyingKey::from_bytes(bytes).is_err())
        .unwrap();
    // p + y, where p = 2^255 - 19: the second encoding of a point of that small a height.
    let second = (0..19)
        .map(|y| {
            let mut bytes = [0xff; 32];
            (bytes[0], bytes[31]) = (0xed + y, 0x7f);
            bytes
        })
        .find(|bytes| VerifyingKey::from_bytes(bytes).is_ok_and(|key| !key.is_weak()))
        .unwrap();
    refused(
        &[
            ("nothing at all", vec![], "a vkey is"),
            ("a name alone", b"name".to_vec(), "a vkey is"),
            ("no key", b"name+ef1a1e39".to_vec(), "a vkey is"),
            ("an empty key", b"name+ef1a1e39+".to_vec(), "a vkey is"),
            ("no name", of(ORIGIN, ""), "has a name"),
            ("a space in the name", of("ledger", "led ger"), "no spaces"),
            ("a newline in the name", of("ledger", "led\nger"), "no spaces"),
            ("a name of 256 bytes", of(ORIGIN, &"n".repeat(256)), "255 bytes"),
            ("another name", of("acme", "acne"), "the key id is"),
            ("another key id", of("ef1a1e39", "ef1a1e38"), "the key id is"),
            ("a key id in capitals", of("ef1a1e39", "EF1A1E39"), "lowercase"),
            ("a key id of 9 digits", of("ef1a1e39", "0ef1a1e39"), "8 lowercase"),
            ("a key id with a sign", of("ef1a1e39", "-f1a1e39"), "lowercase"),
            ("bits left over", of("D29c", "D29d"), "the key id is"),
            ("a newline at the end", format!("{LOG_KEY}\n").into_bytes(), "base64"),
            ("an algorithm of somebody else", key(2, &good), "algorithm"),
            ("the witness's key id for the log's", of("AYqI", "BIqI"), "the key id is"),
            ("31 bytes", key(1, &good[..31]), "32 bytes"),
            ("33 bytes", key(4, &[&good[..], &[0]].concat()), "32 bytes"),
            ("1,311 bytes of ML-DSA-44", key(6, &[1; ML_DSA_44 - 1]), "1,312 bytes"),
            ("no point of the curve", key(1, &off_curve), "on the curve"),
            ("the neutral point", key(1, &identity), "low order"),
            ("a point of order four", key(4, &[0; 32]), "low order"),
            ("the second encoding of a point", key(1, &second), "one encoding"),
            ("longer than any", vec![b'x'; MAX_VERIFIER_KEY + 1], "2,017 bytes"),
        ],
        |bytes| Verifier::parse(std::str::from_utf8(bytes).unwrap()),
    );
    for made in [Verifier::ed25519("a", &identity), Verifier::cosigner("a", &identity)] {
        assert!(made.unwrap_err().rule.contains("low order"));
    }
    assert!(Signer::new("with space", SigningKey::from_bytes(&[1; 32])).is_err());
    assert!(Cosigner::new("", SigningKey::from_bytes(&[1; 32])).is_err());
}

const ML_DSA_44: usize = 1_312;

#[test]
fn given_a_bad_signature_of_a_known_key_when_a_note_is_opened_then_it_is_rejected() {
    let (log, witness) = (log(), witness());
    let keys = [log.verifier().clone(), witness.verifier().clone()];
    let changed = |change: &dyn Fn(&mut Note)| {
        let mut note = note();
        change(&mut note);
        note
    };
    // S + L, the second form of the same signature (RFC 8032 §5.1.7).
    let order: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let malleable = |note: &mut Note| {
        let mut carry = 0;
        for (byte, add) in note.signatures[0].bytes[32..].iter_mut().zip(order) {
            let sum = u16::from(*byte) + u16::from(add) + carry;
            (*byte, carry) = (sum as u8, sum >> 8);
        }
    };
    for (defect, note, rule) in [
        ("another size", changed(&|note| note.text = note.text.replacen('3', "4", 1)), "not this key's"),
        ("a line more", changed(&|note| note.text.push_str("x\n")), "not this key's"),
        ("a bit of the log's", changed(&|note| note.signatures[0].bytes[0] ^= 1), "not this key's"),
        ("a bit of the witness's", changed(&|note| note.signatures[1].bytes[8] ^= 1), "not this key's"),
        ("the witness's time", changed(&|note| note.signatures[1].bytes[7] ^= 1), "not this key's"),
        ("a time of 2^63", changed(&|note| note.signatures[1].bytes[0] = 0x80), "below 2^63"),
        ("63 bytes", changed(&|note| note.signatures[0].bytes.truncate(63)), "64 bytes"),
        ("65 bytes", changed(&|note| note.signatures[0].bytes.push(0)), "64 bytes"),
        (
            "a cosignature without its time",
            changed(&|note| drop(note.signatures[1].bytes.drain(..8))),
            "8 bytes",
        ),
        ("the second form of the signature", changed(&malleable), "not this key's"),
        ("another's signature", changed(&|note| note.signatures[0].bytes = vec![0; 64]), "not this key's"),
    ] {
        match SignedCheckpoint::open(note.to_text().as_bytes(), ORIGIN, &keys) {
            Err(Untrusted::Signature { rule: malformed, .. }) => {
                assert!(malformed.rule.contains(rule), "{defect}: {malformed}");
            }
            other => panic!("{defect}: {other:?}"),
        }
    }
}

#[test]
fn given_a_signature_that_only_lenient_verifiers_take_when_a_note_is_opened_then_it_is_rejected() {
    // Over the worked text, by the log's own key, with the neutral point for R and S = SHA-512(R ‖ A ‖ text) · a.
    let line = SignatureLine::parse(concat!(
        "— ledger.example/acme ",
        "7xoeOQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA1id2XdFwJi8Oaq7dlwqmqGBkJK0yofGcL4R2fHhqqgA=",
    ))
    .unwrap();
    let note = Note { signatures: vec![line], ..note() };
    let key = VerifyingKey::from_bytes(log().verifier().public_key().try_into().unwrap()).unwrap();
    let signature = ed25519_dalek::Signature::from_slice(&note.signatures[0].bytes).unwrap();
    let leniently = ed25519_dalek::Verifier::verify(&key, note.text.as_bytes(), &signature);
    assert!(leniently.is_ok(), "or this vector shows nothing");
    assert!(log().verifier().verify(&note).is_err());
}

#[test]
fn given_a_checkpoint_that_nobody_expected_when_it_is_opened_then_it_is_not_trusted() {
    let (log, witness) = (log(), witness());
    let open = |origin: &str, keys: &[Verifier]| SignedCheckpoint::open(NOTE.as_bytes(), origin, keys);
    let key = log.verifier().clone();
    let expected = "ledger.example/acne".to_owned();
    assert_eq!(open(&expected, std::slice::from_ref(&key)), Err(Untrusted::Origin { expected }));
    assert_eq!(open(ORIGIN, &[]), Err(Untrusted::Unsigned { keys: 0 }));
    let stranger = Signer::new(ORIGIN, SigningKey::from_bytes(&[9; 32])).unwrap();
    // A key that nobody knows, and the log's own in another role.
    let role = Cosigner::new(ORIGIN, SigningKey::from_bytes(&[1; 32])).unwrap();
    let strangers = [stranger.verifier().clone(), role.verifier().clone()];
    assert_eq!(open(ORIGIN, &strangers), Err(Untrusted::Unsigned { keys: 2 }));
    // Before and after a rotation: one of two is enough.
    assert!(open(ORIGIN, &[stranger.verifier().clone(), key.clone()]).is_ok());
    // Signed by the log, but no checkpoint.
    let text = "ledger.example/acme\n".to_owned();
    let note = Note { signatures: vec![log.sign(&text), witness.cosign(&text, TIME)], text };
    let opened = SignedCheckpoint::open(note.to_text().as_bytes(), ORIGIN, &[key]);
    assert!(matches!(opened, Err(Untrusted::Malformed(_))), "{opened:?}");
}

#[test]
fn given_an_ml_dsa_key_when_it_verifies_then_it_says_that_it_cannot() {
    let bytes = [&[6_u8][..], &[5; ML_DSA_44]].concat();
    let hash = Digest::of(&[b"a\n".as_slice(), &bytes].concat()).to_string();
    let vkey = format!("a+{}+{}", &hash[..8], super::text::base64(&bytes));
    let key = Verifier::parse(&vkey).unwrap();
    assert_eq!((key.algorithm(), key.to_string()), (Algorithm::MlDsa44, vkey));
    let mut note = note();
    assert_eq!(key.verify(&note), Ok(None));
    note.signatures.push(unknown("a", key.key_id()));
    assert!(key.verify(&note).unwrap_err().rule.contains("not supported here"));
}

#[test]
fn given_a_proof_file_with_a_defect_when_it_is_parsed_then_the_rule_is_named() {
    let proof = ProofFile {
        extra: Some(vec![1, 2, 3, 4]),
        index: 1,
        hashes: vec![Digest([7; 32]), Digest([8; 32])],
        checkpoint: note(),
    };
    let text = proof.to_text();
    assert_eq!(ProofFile::parse(text.as_bytes()), Ok(proof));
    let of = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1).into_bytes()
    };
    let hash = format!("{}\n", super::text::base64(&[7; 32]));
    let extra = |bytes: usize| format!("extra {}", super::text::base64(&vec![0; bytes]));
    refused(
        &[
            ("nothing at all", vec![], "first line"),
            ("another version", of("@v1", "@v2"), "first line"),
            ("a line before", format!("\n{text}").into_bytes(), "first line"),
            ("a carriage return", of("@v1", "@v1\r"), "control"),
            ("the format alone", b"c2sp.org/tlog-proof@v1\n".to_vec(), "index"),
            ("no index", of("index 1\n", ""), "index"),
            ("an index without its number", of("index 1", "index"), "index"),
            ("an index in hexadecimal", of("index 1", "index 0x1"), "decimal"),
            ("an index with a leading zero", of("index 1", "index 01"), "decimal"),
            ("an index of 2^64", of("index 1", "index 18446744073709551616"), "2^64"),
            ("extra data twice", of("extra", "extra AA==\nextra"), "index"),
            (
                "extra data behind the index",
                of("extra AQIDBA==\nindex 1\n", "index 1\nextra AQIDBA==\n"),
                "base64",
            ),
            ("extra data of nothing", of("extra AQIDBA==", "extra "), "extra data has"),
            ("extra data of 65,536 bytes", of("extra AQIDBA==", &extra(MAX_EXTRA + 1)), "extra data has"),
            ("extra data that is no base64", of("AQIDBA==", "AQIDBA"), "base64"),
            ("a hash of 31 bytes", of(&hash, &format!("{}\n", super::text::base64(&[7; 31]))), "32 bytes"),
            ("a hash with a space", of(&hash, &format!(" {hash}")), "base64"),
            ("65 hashes", of(&hash, &hash.repeat(MAX_PROOF)), "64 hashes"),
            ("no blank line", of("\n\nledger", "\nledger"), "base64"),
            (
                "two blank lines before no note",
                b"c2sp.org/tlog-proof@v1\nindex 1\n\n\n".to_vec(),
                "blank line parts",
            ),
            ("no checkpoint", text.as_bytes()[..text.find("\n\n").unwrap() + 2].to_vec(), "blank line parts"),
            ("a defect of the note", of("— led", "- led"), "em dash"),
            ("longer than any", vec![b'x'; MAX_PROOF_FILE + 1], "155,860 bytes"),
        ],
        ProofFile::parse,
    );
    let broken = of("— led", "- led");
    let at = ProofFile::parse(&broken).unwrap_err().at;
    assert!(broken[at..].starts_with(b"- led"), "a place is counted from the file's first byte");
}

#[test]
fn given_a_proof_that_proves_something_else_when_it_is_checked_then_it_is_not_trusted() {
    let leaf = leaf_hash(b"event-1");
    let keys = [log().verifier().clone()];
    let check = |proof: &ProofFile, leaf: &Digest| proof.check(leaf, ORIGIN, &keys);
    let changed = |change: &dyn Fn(&mut ProofFile)| {
        let mut proof = proof();
        change(&mut proof);
        check(&proof, &leaf)
    };
    let defect = |checked: Result<Checkpoint, Untrusted>| match checked {
        Err(Untrusted::Proof(defect)) => defect,
        other => panic!("{other:?}"),
    };
    assert_eq!(defect(check(&proof(), &leaf_hash(b"event-x"))), Defect::OtherRoot);
    assert_eq!(defect(changed(&|proof| proof.index = 0)), Defect::OtherRoot);
    assert_eq!(defect(changed(&|proof| proof.index = 3)), Defect::NoSuchLeaf { index: 3, size: 3 });
    assert_eq!(defect(changed(&|proof| proof.hashes.swap(0, 1))), Defect::OtherRoot);
    assert_eq!(defect(changed(&|proof| proof.hashes.truncate(1))), Defect::TooShort);
    assert_eq!(defect(changed(&|proof| proof.hashes.push(Digest([0; 32])))), Defect::TooLong);
    // A proof that leads somewhere is worth what the signature on that root is worth.
    let forged = Checkpoint { size: 1, root: leaf, ..checkpoint() }.text();
    let forge = |proof: &mut ProofFile| {
        (proof.index, proof.hashes) = (0, vec![]);
        proof.checkpoint.text.clone_from(&forged);
    };
    assert!(matches!(changed(&forge), Err(Untrusted::Signature { .. })));
    let stranger = Signer::new(ORIGIN, SigningKey::from_bytes(&[9; 32])).unwrap();
    let by_stranger = |proof: &mut ProofFile| {
        forge(proof);
        proof.checkpoint.signatures = vec![stranger.sign(&forged)];
    };
    assert_eq!(changed(&by_stranger), Err(Untrusted::Unsigned { keys: 1 }));
    let expected = "ledger.example/other".to_owned();
    assert_eq!(proof().check(&leaf, &expected, &keys), Err(Untrusted::Origin { expected }));
}

//! Rotations that were cut short, and keys that are not what they should be: each state is prepared in the files, as the
//! process would have left it, and a start must finish it or refuse it.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};
use storage::{
    Options, leaf_hash,
    note::{Checkpoint, Note, Verifier},
};

use super::{KeyInForce, Rotated};
use crate::domain::{
    command::{Command, Expected},
    event::{Access, Event, LedgerOpened, Payload, PostRegistered},
    id::{Kind, LedgerName, SourceName},
    value::{Label, Occurred},
};
use crate::journal::{Limits, Proposal, clock::SystemClock};
use crate::ledgers::{Ledger, Ledgers};

const ORIGIN: &str = "ledger.example/acme";

/// The files of a server with the ledger `acme`.
struct Files {
    data: tempfile::TempDir,
}

impl Files {
    fn new() -> Self {
        let files = Self { data: tempfile::tempdir().unwrap() };
        let ledgers = files.open().unwrap();
        let opened = LedgerOpened {
            organisation: Label::parse("Acme").unwrap(),
            origin: ORIGIN.into(),
            time_zone: "Europe/London".into(),
            example_data: true,
            simulated_clock: false,
            access: Access::Open,
        };
        ledgers.create(&acme(), opened).unwrap();
        ledgers.close();
        files
    }

    fn open(&self) -> Result<Ledgers, String> {
        let clock = Arc::new(SystemClock::new());
        Ledgers::open(self.data.path(), clock, Limits::default(), Options::default()).map_err(|why| why.why)
    }

    /// Starts, does something with the ledger, and ends in order.
    fn with<T>(&self, work: impl FnOnce(&Ledger) -> T) -> T {
        let ledgers = self.open().unwrap();
        let done = work(&ledgers.find(&acme()).unwrap());
        ledgers.close();
        done
    }

    fn refused(&self) -> String {
        self.open().err().expect("it starts")
    }

    fn at(&self, file: &str) -> PathBuf {
        self.data.path().join("acme").join(file)
    }

    fn read(&self, file: &str) -> Option<Vec<u8>> {
        match fs::read(self.at(file)) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => panic!("{file}: {error}"),
        }
    }

    /// Puts a secret, or any file, where it stands while a rotation is on its way.
    fn put(&self, file: &str, bytes: Option<&[u8]>) {
        let path = self.at(file);
        match bytes {
            Some(bytes) => {
                fs::write(&path, bytes).unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            }
            None => drop(fs::remove_file(path)),
        }
    }
}

fn acme() -> LedgerName {
    LedgerName::parse("acme").unwrap()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn post(ledger: &Ledger, code: &str) -> u64 {
    let day = jiff::civil::date(2024, 1, 1);
    let event = Event {
        id: uuid::Uuid::new_v4(),
        subject: Kind::Post.subject(&crate::domain::id::Code::parse(code).unwrap()),
        occurred: Occurred::Day(day),
        source_sequence: None,
        producer_recorded_at: None,
        actor_post: None,
        correlation_id: None,
        causation_id: None,
        payload: Payload::PostRegistered(PostRegistered {
            title: Label::parse("Post").unwrap(),
            valid_from: day,
            valid_to: None,
            held_with: Vec::new(),
        }),
    };
    let source = SourceName::parse("governance").unwrap();
    let command = Command { source, expected: Expected::Any, event: Arc::new(event) };
    let appended = ledger.journal.append_blocking(vec![Proposal { command, texts: Vec::new() }]).unwrap();
    appended[0].receipt.sequence
}

/// Files before a rotation, files after it, and what it was.
struct Rotation {
    files: Files,
    old: Vec<u8>,
    new: Vec<u8>,
    /// The kept checkpoints before.
    kept: Option<Vec<u8>>,
    rotated: Rotated,
    before: Verifier,
}

/// A ledger whose key was rotated; `proven` says whether a receipt rests on the old key.
fn rotated(proven: bool) -> Rotation {
    let files = Files::new();
    if proven {
        files.with(|ledger| block_on(ledger.notary.attest(1)).unwrap());
    } else {
        // As of a process that never closed it.
        files.put("log/checkpoints", None);
    }
    let (old, kept) = (files.read("private/key").unwrap(), files.read("log/checkpoints"));
    assert_eq!(kept.is_some(), proven);
    let (rotated, before) = files.with(|ledger| {
        let before = ledger.notary.key();
        (block_on(ledger.notary.rotate()).unwrap(), before)
    });
    let new = files.read("private/key").unwrap();
    assert_ne!(old, new);
    Rotation { files, old, new, kept, rotated, before }
}

/// The rotation is finished: one key in force, the handover by both at exactly that record, and proofs go on.
fn is_finished(rotation: &Rotation) {
    let Rotation { files, rotated, before, new, .. } = rotation;
    let size = rotated.receipt.sequence + 1;
    let keys: Vec<KeyInForce> = files.with(|ledger| {
        assert_eq!(ledger.notary.key().to_string(), rotated.key.to_string());
        let sequence = post(ledger, "after");
        block_on(ledger.notary.attest(sequence + 1)).unwrap();
        let proof = ledger.notary.proof(sequence).unwrap().unwrap();
        let leaf = leaf_hash(proof.extra.as_ref().unwrap());
        proof.check(&leaf, ORIGIN, std::slice::from_ref(&rotated.key)).unwrap();
        ledger.notary.keys().unwrap()
    });
    assert_eq!(keys.len(), 2);
    assert_eq!((keys[0].verifier.to_string(), keys[1].from), (before.to_string(), size - 1));
    let handover: &Note = keys[1].handover.as_ref().expect("no handover is kept");
    assert_eq!(handover, &rotated.handover, "another handover than the one that was told");
    assert_eq!(Checkpoint::parse(&handover.text).unwrap().size, size);
    assert_eq!(handover.signatures.len(), 2);
    for key in [before, &rotated.key] {
        assert!(key.verify(handover).unwrap().is_some(), "{key} has not signed the handover");
    }
    assert_eq!(files.read("private/key").as_ref(), Some(new));
    assert_eq!(files.read("private/key.next"), None);
    let mode = fs::metadata(files.at("private/key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn given_a_process_that_ended_at_any_step_of_a_rotation_when_it_starts_again_then_the_rotation_is_finished() {
    for proven in [true, false] {
        // The record is there; the handover is not kept.
        let rotation = rotated(proven);
        let Rotation { files, old, new, kept, .. } = &rotation;
        files.put("private/key", Some(old));
        files.put("private/key.next", Some(new));
        files.put("log/checkpoints", kept.as_deref());
        is_finished(&rotation);

        // Kept it is; the new key has not taken the old one's place.
        let rotation = rotated(proven);
        let Rotation { files, old, new, .. } = &rotation;
        files.put("private/key", Some(old));
        files.put("private/key.next", Some(new));
        is_finished(&rotation);

        // It has.
        is_finished(&rotated(proven));
    }
}

#[test]
fn given_records_behind_an_unfinished_rotation_when_it_is_finished_then_the_handover_is_at_its_own_record() {
    let rotation = rotated(true);
    let Rotation { files, old, new, kept, .. } = &rotation;
    // Others post while the key is rotated: their records stand behind it before the handover is kept.
    files.with(|ledger| {
        for number in 0..3 {
            post(ledger, &format!("p{number}"));
        }
    });
    files.put("private/key", Some(old));
    files.put("private/key.next", Some(new));
    files.put("log/checkpoints", kept.as_deref());
    is_finished(&rotation);
}

#[test]
fn given_a_new_key_whose_rotation_was_never_recorded_when_it_starts_again_then_the_old_one_signs_on() {
    for proven in [true, false] {
        let files = Files::new();
        if !proven {
            files.put("log/checkpoints", None);
        }
        let old = files.read("private/key").unwrap();
        let foreign = Files::new().read("private/key").unwrap();
        files.put("private/key.next", Some(&foreign));
        // A file that was being written when the process ended is none.
        files.put("private/key.new", Some(b"PRIVATE+KEY+led"));
        let keys = files.with(|ledger| ledger.notary.keys().unwrap());
        assert_eq!(keys.len(), 1);
        assert_eq!((files.read("private/key").unwrap(), files.read("private/key.next")), (old, None));
        // And it can be rotated.
        files.with(|ledger| block_on(ledger.notary.rotate()).unwrap());
        assert_eq!(files.with(|ledger| ledger.notary.keys().unwrap()).len(), 2);
    }
}

#[test]
fn given_a_key_that_is_gone_when_something_was_signed_with_it_then_the_start_is_refused_and_says_what_to_do()
{
    let files = Files::new();
    files.with(|ledger| block_on(ledger.notary.attest(1)).unwrap());
    let key = files.read("private/key").unwrap();
    files.put("private/key", None);
    let why = files.refused();
    assert!(
        why.contains("private/key") && why.contains("put it back") && why.contains("origin has ended"),
        "{why}"
    );
    assert!(files.read("private/key").is_none(), "another key was made in its place");
    files.put("private/key", Some(&key));
    files.with(|ledger| assert!(ledger.notary.latest().is_some()));

    // A checkpoint that was published, and on which no receipt rests, was signed with it all the same.
    let files = Files::new();
    files.put("log/checkpoints", None);
    assert!(files.read("log/checkpoints").is_none() && files.read("public/checkpoint").is_some());
    files.put("private/key", None);
    assert!(files.refused().contains("put it back"));
    assert!(files.read("private/key").is_none());

    // In the middle of a rotation, neither key will do alone.
    let rotation = rotated(true);
    let Rotation { files, old, new, kept, .. } = &rotation;
    files.put("log/checkpoints", kept.as_deref());
    files.put("private/key", None);
    files.put("private/key.next", Some(new));
    assert!(files.refused().contains("put it back"));
    files.put("private/key", Some(old));
    files.put("private/key.next", None);
    let why = files.refused();
    assert!(why.contains("not the key that is in force"), "{why}");
    files.put("private/key.next", Some(new));
    is_finished(&rotation);
}

#[test]
fn given_a_key_that_others_may_read_when_it_is_found_then_the_start_is_refused_and_says_what_to_do() {
    for (file, mode) in [("private/key", 0o644), ("private/key", 0o640), ("private/key.next", 0o604)] {
        let files = Files::new();
        if file.ends_with("next") {
            files.put(file, Some(&files.read("private/key").unwrap()));
        }
        let path = files.at(file);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let why = files.refused();
        assert!(
            why.contains(file) && why.contains(&format!("{mode:03o}")) && why.contains("chmod 600"),
            "{why}"
        );
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode, "it was covered up");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        files.with(|ledger| assert!(ledger.notary.latest().is_some()));
    }
}

#[test]
fn given_the_key_of_another_ledger_or_another_time_when_it_is_found_then_the_start_is_refused() {
    // Another one of the same name, where a receipt rests on the right one.
    let files = Files::new();
    files.with(|ledger| block_on(ledger.notary.attest(1)).unwrap());
    let foreign = Files::new().read("private/key").unwrap();
    files.put("private/key", Some(&foreign));
    let why = files.refused();
    assert!(why.contains("not the key that is in force"), "{why}");

    // The one before, after a rotation; and one that no rotation names.
    let rotation = rotated(true);
    for wrong in [&rotation.old, &foreign] {
        rotation.files.put("private/key", Some(wrong));
        let why = rotation.files.refused();
        assert!(why.contains("not the key that is in force"), "{why}");
    }

    // One of another name, and none at all.
    for bytes in [&b"PRIVATE+KEY+ledger.example/other+00000000+AQ==\n"[..], b"", b"\xff"] {
        let files = Files::new();
        files.put("private/key", Some(bytes));
        let why = files.refused();
        assert!(why.contains(&*files.at("private/key").to_string_lossy()), "{why}");
    }
    assert!(Path::new(rotation.files.data.path()).exists());
}

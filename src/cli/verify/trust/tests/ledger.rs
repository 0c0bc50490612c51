//! A ledger in a directory, kept and signed by the server's own parts; and somebody who has its files, and writes to them.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signer as _, SigningKey};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use storage::{
    Checkpoints, Draft, FileBackend, Identity, Log, Options, Record, integrity,
    note::{Checkpoint, Cosigner, Note, SignedCheckpoint, Signer, Verifier},
};

use crate::audit::{Elsewhere, Given, Question, Trust, Verdict};
use crate::cli::verify::{Verified, check, nothing};
use crate::domain::{
    event::{Access, ClockCorrected, CosignatureRecorded, Event, KeyRotated, LedgerOpened, Payload},
    id::{LedgerName, SourceName, Subject},
    value::{KeyName, Label, PublicKey, Sha256, Signature},
};
use crate::journal::{
    Limits, Proposal,
    clock::{Clock, SystemClock},
    codec, keys,
};
use crate::ledgers::{
    Ledger, Ledgers,
    restore::{Restoration, restore},
};

pub(super) const ORIGIN: &str = "ledger.example/acme";

/// A directory of servers' data directories.
pub(super) struct Place(tempfile::TempDir);

impl Place {
    /// A server with a new ledger of one record in `data`.
    pub(super) fn new() -> (Self, Served) {
        let place = Self(tempfile::tempdir().unwrap());
        let ledgers = ledgers(&place.data("data"));
        let opened = LedgerOpened {
            organisation: Label::parse("Acme").unwrap(),
            origin: ORIGIN.into(),
            time_zone: "Europe/London".into(),
            example_data: true,
            simulated_clock: false,
            access: Access::Open,
        };
        let ledger = ledgers.create(&acme(), opened).unwrap();
        (place, Served { ledgers, ledger })
    }

    pub(super) fn data(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The ledger's directory in that data directory.
    pub(super) fn ledger(&self, name: &str) -> PathBuf {
        self.data(name).join("acme")
    }

    pub(super) fn serve(&self, name: &str) -> Served {
        let ledgers = ledgers(&self.data(name));
        let ledger = ledgers.find(&acme()).unwrap();
        Served { ledgers, ledger }
    }

    /// A copy of the ledger as it is now, in another data directory.
    pub(super) fn copied(&self, from: &str, to: &str) {
        copy(&self.ledger(from), &self.ledger(to));
    }

    /// Puts the copy back into service, knowing of these checkpoints.
    pub(super) fn restored(&self, copy: &str, to: &str, known: &[SignedCheckpoint], key: &Verifier) {
        let known: Vec<_> = known.iter().map(|it| (PathBuf::from("kept.txt"), it.clone())).collect();
        fs::create_dir_all(self.data(to)).unwrap();
        let it = Restoration {
            copy: &self.ledger(copy),
            data: &self.data(to),
            known: &known,
            keys: std::slice::from_ref(key),
            key_file: None,
            reason: "The disk failed.",
        };
        restore(&it, &clock()).unwrap();
    }

    /// Writes the ledger anew into another data directory, whole in itself and without a signature. What `change` says
    /// no to is left out.
    pub(super) fn rewritten(&self, from: &str, to: &str, change: impl Fn(u64, &mut Event) -> bool) {
        let old = open(&self.ledger(from));
        let reader = old.reader();
        fs::create_dir_all(self.ledger(to)).unwrap();
        let backend = Arc::new(FileBackend::new(self.ledger(to)));
        let identity = Identity { ledger: [7; 16], origin: ORIGIN.into() };
        let mut log = Log::create(backend, identity, options(), Arc::new(keys::of_record)).unwrap();
        for sequence in 0..old.head().size {
            let bytes = reader.read(sequence).unwrap();
            let record = Record::parse(&bytes).unwrap();
            let mut event = codec::decode(record.event).unwrap();
            if change(sequence, &mut event) {
                log = commit(log, record.source, &event, record.recorded_at);
            }
        }
        log.close().unwrap();
        old.close().unwrap();
    }
}

/// A server on a ledger.
pub(super) struct Served {
    ledgers: Ledgers,
    pub(super) ledger: Arc<Ledger>,
}

impl Served {
    /// So many records more.
    pub(super) fn record(&self, count: usize) -> &Self {
        for _ in 0..count {
            self.say(self.ledger.name.subject(), ClockCorrected { drift_seconds: 0 });
        }
        self
    }

    pub(super) fn say(&self, subject: Subject, payload: impl Into<Payload>) {
        let proposal = Proposal::of_operator(subject, self.ledger.clock.now(), payload).unwrap();
        self.ledger.journal.append_blocking(vec![proposal]).unwrap();
    }

    /// A checkpoint of all there is, which the ledger keeps.
    pub(super) fn attest(&self) -> SignedCheckpoint {
        wait(self.ledger.notary.attest(self.ledger.journal.head().size)).unwrap();
        let kept = self.ledger.notary.kept().newest().unwrap().unwrap();
        SignedCheckpoint::parse(&kept.note).unwrap()
    }

    pub(super) fn rotate(&self) -> u64 {
        wait(self.ledger.notary.rotate()).unwrap().receipt.sequence
    }

    pub(super) fn key(&self) -> Verifier {
        self.ledger.notary.key()
    }

    /// What a witness says of all there is, recorded.
    pub(super) fn cosigned(&self, witness: &str, organisation: &str) {
        let head = self.ledger.journal.head();
        let key = SigningKey::from_bytes(&[9; 32]);
        let mut said = CosignatureRecorded {
            witness: KeyName::parse(witness).unwrap(),
            organisation: Label::parse(organisation).unwrap(),
            public_key: PublicKey(key.verifying_key().to_bytes()),
            size: head.size,
            root: Sha256(head.root.0),
            time: u64::try_from(self.ledger.clock.now().as_second()).unwrap(),
            signature: Signature([0; 64]),
        };
        said.signature = Signature(key.sign(said.statement(ORIGIN).as_bytes()).to_bytes());
        self.say(Subject::parse(&format!("cosignature/{}", said.subject_id())).unwrap(), said);
    }

    /// Ends; everything is signed and published a last time.
    pub(super) fn end(self) {
        self.ledgers.close();
    }
}

fn wait<T>(of: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(of)
}

fn acme() -> LedgerName {
    LedgerName::parse("acme").unwrap()
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock::new())
}

fn options() -> Options {
    Options { background: false, ..Options::default() }
}

fn ledgers(data: &Path) -> Ledgers {
    Ledgers::open(data, clock(), Limits::default(), Options::default()).unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The log of a ledger that nobody serves.
pub(super) fn open(ledger: &Path) -> Log {
    Log::open(Arc::new(FileBackend::new(ledger)), options(), Arc::new(keys::of_record)).unwrap().0
}

fn commit(log: Log, source: &str, event: &Event, recorded_at: i64) -> Log {
    let mut bytes = Vec::new();
    codec::encode_into(event, &mut bytes).unwrap();
    let draft = Draft { source, salt: [0; 16], event: &bytes, flags: &[], recorded_at };
    let mut group = log.group();
    group.push(&draft, &[], keys::of(&SourceName::parse(source).unwrap(), event)).unwrap();
    log.commit(group).unwrap()
}

/// A rotation that no journal judged, behind all that is there.
pub(super) fn smuggled(ledger: &Path, (old, new): (&SigningKey, &SigningKey), by: &SigningKey) {
    let public = |key: &SigningKey| PublicKey(key.verifying_key().to_bytes());
    let mut said = KeyRotated { old_key: public(old), new_key: public(new), signature: Signature([0; 64]) };
    said.signature = Signature(by.sign(said.statement(ORIGIN).as_bytes()).to_bytes());
    let proposal = Proposal::of_operator(acme().subject(), clock().now(), said).unwrap();
    let now = clock().now().as_microsecond();
    commit(open(ledger), SourceName::OPERATOR, &proposal.command.event, now).close().unwrap();
}

/// The key that signs for the ledger: its keeper has it.
pub(super) fn secret(ledger: &Path) -> SigningKey {
    let text = fs::read_to_string(ledger.join("private/key")).unwrap();
    let key = BASE64_STANDARD.decode(text.trim().splitn(5, '+').last().unwrap()).unwrap();
    SigningKey::from_bytes(key[1..].try_into().unwrap())
}

pub(super) fn foreign() -> SigningKey {
    SigningKey::from_bytes(&[42; 32])
}

/// The checkpoint of the first `size` records, signed by these.
pub(super) fn signed(ledger: &Path, size: u64, by: &[SigningKey]) -> SignedCheckpoint {
    let log = open(ledger);
    let checkpoint = Checkpoint { origin: ORIGIN.into(), size, root: log.reader().root(size).unwrap() };
    log.close().unwrap();
    let text = checkpoint.text();
    let signatures = by.iter().map(|key| Signer::new(ORIGIN, key.clone()).unwrap().sign(&text)).collect();
    SignedCheckpoint { checkpoint, note: Note { text, signatures } }
}

/// The kept checkpoints are others now: what `change` gives of each.
pub(super) fn kept_anew(ledger: &Path, change: impl Fn(Note) -> Option<Note>) {
    let backend = FileBackend::new(ledger);
    let report = integrity::verify(&backend, Arc::new(keys::of_record), &|_| {}).unwrap();
    // There may be none.
    let _ = fs::remove_file(ledger.join("log/checkpoints"));
    let notes = report.checkpoints.iter().map(|kept| Note::parse(&kept.note).unwrap());
    keep(ledger, notes.filter_map(change));
}

/// More kept checkpoints.
pub(super) fn keep(ledger: &Path, notes: impl Iterator<Item = Note>) {
    let log = open(ledger);
    let mut checkpoints = Checkpoints::open(&log, true).unwrap();
    notes.for_each(|note| {
        checkpoints.keep(note.to_text().as_bytes()).unwrap();
    });
    log.close().unwrap();
}

pub(super) fn witness() -> Cosigner {
    Cosigner::new("witness.example/w1", SigningKey::from_bytes(&[9; 32])).unwrap()
}

/// What is pinned, and what somebody holds.
pub(super) fn pinned(key: &Verifier, held: &[&SignedCheckpoint]) -> Trust {
    let one = |it: &&SignedCheckpoint| Elsewhere { by: "kept.txt".into(), signed: (*it).clone() };
    Trust { keys: vec![key.clone()], elsewhere: held.iter().map(one).collect(), ..Trust::default() }
}

/// What the command finds: by which rules, and the verdicts in the order of the questions.
pub(super) fn verify(ledger: &Path, trust: Trust) -> (Verified, Vec<&'static str>, [Verdict; 5]) {
    let given = Given { trust, ..nothing() };
    let verified = check(&acme(), ledger, false, &given, &[]).unwrap();
    // The question of integrity alone is answered in the same way by whoever passes most records by.
    let alone = check(&acme(), ledger, false, &given, &[Question::Integrity]).unwrap();
    let [alone] = &alone.audited.conclusions[..] else { panic!("{:#?}", alone.audited) };
    let integrity = &verified.audited.conclusions[0];
    assert_eq!((alone.verdict, &alone.findings), (integrity.verdict, &integrity.findings));
    let findings = verified.audited.conclusions.iter().flat_map(|it| &it.findings);
    let rules = findings.map(|it| it.rule).collect();
    let verdicts = std::array::from_fn(|at| verified.audited.conclusions[at].verdict);
    (verified, rules, verdicts)
}

/// What is told beside a verdict.
pub(super) fn told(verified: &Verified, question: Question) -> String {
    let it = &verified.audited.conclusions[question as usize];
    it.notes.iter().chain(&it.limits).chain([&it.summary]).cloned().collect::<Vec<_>>().join("\n")
}

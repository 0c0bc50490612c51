//! A ledger that the real journal wrote, and somebody who writes it anew: every later hash, level, index and watermark
//! comes out right, because the log engine itself makes them.

use ed25519_dalek::{Signer, SigningKey};
use jiff::{Timestamp, civil::date, tz::TimeZone};
use std::sync::Arc;
use storage::{
    Backend, Digest, Draft, Identity, Log, Malformed, MemoryBackend, Record, Word, WordState, integrity,
};

use crate::audit::{Audit, Audited, Given, Kept, Trust, Verdict};
use crate::domain::{
    decide::digest_of_ids,
    event::{
        Access, AuditOpinionRecorded, ContentErased, ErasureGround, ErasureReference, ErasureRequested,
        Event, GrantChanged, OpinionResult, Payload, SourceStatement,
    },
    id::SourceName,
    value::{Label, Occurred, PublicKey, Sha256, Signature},
};
use crate::journal::{
    Journal, Limits, Proposal, clock::SimulatedClock, codec, commit::Local, keys, tests as said,
};

pub(crate) use crate::domain::event::OpinionResult::Unqualified;
pub(crate) use crate::journal::tests::{action, code, event, post, proposal};

/// A day after the end of the month in which everything was recorded.
const JUNE: &str = "2025-06-02T12:00:00Z";

/// Where the first cancellation with words stands, and the second.
pub(crate) const CANCELLED: [u64; 2] = [7, 9];
/// Where the last event of May stands; nothing refers to it.
pub(crate) const SPARE: u64 = 10;

/// A ledger that is being written.
pub(crate) struct Writing {
    backend: Arc<MemoryBackend>,
    clock: Arc<SimulatedClock>,
    journal: Journal,
    number: Option<u64>,
}

impl Writing {
    /// A ledger on which the tracker was granted everything, if grants are asked for.
    pub(crate) fn begin(access: Access) -> Self {
        let backend = Arc::new(MemoryBackend::new());
        let log = said::new_log(backend.clone());
        let (clock, reader) = (Arc::new(SimulatedClock::at(said::noon())), log.reader());
        let (zone, point) = (TimeZone::get("Europe/London").unwrap(), Box::new(Local::new(log)));
        let journal = Journal::start(point, reader, zone, access, clock.clone(), Limits::default()).unwrap();
        let it = Self { backend, clock, journal, number: None };
        let mut opened = said::opened();
        if let Payload::LedgerOpened(opened) = &mut opened.payload {
            opened.access = access;
        }
        it.by(SourceName::OPERATOR, proposal(opened));
        if access == Access::Granted {
            it.by(SourceName::OPERATOR, granted("tracker", &["*"]));
        }
        it
    }

    pub(crate) fn by(&self, source: &str, mut proposal: Proposal) {
        proposal.command.source = said::source(source);
        self.journal.append_blocking(vec![proposal]).unwrap();
    }

    /// Posted by the tracker; with its next number, if it counts.
    pub(crate) fn add(&mut self, mut proposal: Proposal) {
        if let Some(number) = &mut self.number {
            *number += 1;
            Arc::make_mut(&mut proposal.command.event).source_sequence = Some(*number);
        }
        self.by("tracker", proposal);
    }

    /// From now on the tracker numbers its events, from the next after this on.
    pub(crate) fn count_from(&mut self, number: u64) {
        self.number = Some(number);
    }

    /// May: groundwork, two actions that are cancelled with words, and something that nothing refers to.
    pub(crate) fn may(mut self) -> Self {
        for it in said::groundwork() {
            self.add(it);
        }
        for (name, words) in [("a", "The room is needed."), ("b", "The office closed.")] {
            self.add(action(name));
            self.add(said::cancelled(name, uuid::Uuid::new_v4(), 7, words));
        }
        self.add(post("spare"));
        self
    }

    /// It is June; the tracker states what it posted in May, give or take.
    pub(crate) fn stated(mut self, more: u64) -> Self {
        self.clock.set(JUNE.parse().unwrap());
        let mut ids = Vec::new();
        self.journal
            .reader()
            .scan(0, self.journal.head().size, &mut |record| {
                if record.source == "tracker" {
                    ids.push(codec::recorded(&record).unwrap().event.id);
                }
                std::ops::ControlFlow::Continue(())
            })
            .unwrap();
        let statement = SourceStatement {
            period_from: date(2025, 5, 1),
            period_to: date(2025, 5, 31),
            count: ids.len() as u64 + more,
            digest: digest_of_ids(&mut ids),
        };
        self.add(proposal(event("source/tracker", statement)));
        self
    }

    /// An auditor's opinion on all there is.
    pub(crate) fn audited(mut self, result: OpinionResult) -> Self {
        let key = SigningKey::from_bytes(&[3; 32]);
        let head = self.journal.head();
        let mut opinion = AuditOpinionRecorded {
            first: 0,
            end: head.size,
            root: Sha256(head.root.0),
            result,
            auditor: Label::parse("Fernhill Assurance").unwrap(),
            public_key: PublicKey(key.verifying_key().to_bytes()),
            signature: Signature([0; 64]),
        };
        opinion.signature =
            Signature(key.sign(opinion.statement("test.example/ledger").as_bytes()).to_bytes());
        let mut event = event("audit-opinion/half-year", opinion);
        event.occurred = Occurred::Day(date(2025, 6, 2));
        self.add(proposal(event));
        self
    }

    /// The first cancellation's words are erased, as an event says.
    pub(crate) fn erased(mut self) -> Self {
        let references = vec![ErasureReference { sequence: CANCELLED[0], field: Some(code("reason")) }];
        let requested = ErasureRequested { references, ground: ErasureGround::Identifying };
        self.add(proposal(event("erasure/e", requested)));
        let erased = ContentErased { backups_expire_on: date(2025, 7, 1), attested_by: code("head") };
        self.add(proposal(event("erasure/e", erased)));
        self
    }

    pub(crate) fn end(self) -> Arc<MemoryBackend> {
        self.journal.close();
        self.backend
    }
}

/// Tracker's grants, or another's.
pub(crate) fn granted(source: &str, types: &[&str]) -> Proposal {
    let all = || vec!["*".to_owned()];
    let types = types.iter().map(|it| (*it).to_owned()).collect();
    let grant = GrantChanged { types, subjects: all(), posts: all() };
    proposal(event(&format!("source/{source}"), grant))
}

/// A ledger in which all that can be asked is established, given its own root.
pub(crate) fn honest() -> Arc<MemoryBackend> {
    Writing::begin(Access::Granted).may().stated(0).end()
}

/// One record, as somebody who writes a ledger anew may change it.
pub(crate) struct Draftable {
    pub(crate) source: String,
    salt: [u8; 16],
    pub(crate) event: Vec<u8>,
    flags: Vec<String>,
    recorded_at: i64,
    pub(crate) words: Vec<(String, [u8; 32], String)>,
}

impl Draftable {
    /// Says something else.
    pub(crate) fn say(&mut self, change: impl FnOnce(&mut Event)) {
        let mut event = codec::decode(&self.event).unwrap();
        change(&mut event);
        self.event.clear();
        codec::encode_into(&event, &mut self.event).unwrap();
    }

    pub(crate) fn flag(&mut self, flag: &str) {
        self.flags.push(flag.to_owned());
    }
}

/// The ledger, written anew: what `change` says no to is left out.
pub(crate) fn rewritten(
    backend: &Arc<MemoryBackend>,
    change: impl Fn(u64, &mut Draftable) -> bool,
) -> Arc<MemoryBackend> {
    let (old, _) = Log::open(backend.clone(), said::options(), said::keyer()).unwrap();
    let reader = old.reader();
    let anew = Arc::new(MemoryBackend::new());
    let identity = Identity { ledger: [7; 16], origin: "test.example/ledger".into() };
    let mut log = Log::create(anew.clone(), identity, said::options(), said::keyer()).unwrap();
    for sequence in 0..old.head().size {
        let bytes = reader.read(sequence).unwrap();
        let record = Record::parse(&bytes).unwrap();
        let held = |word: storage::FoundWord| match word.state {
            WordState::Held { nonce, text } => (word.field, nonce, text),
            other => panic!("{other:?} cannot be written anew"),
        };
        let mut it = Draftable {
            source: record.source.to_owned(),
            salt: record.salt,
            event: record.event.to_vec(),
            flags: record.flags().map(str::to_owned).collect(),
            recorded_at: record.recorded_at,
            words: reader.words(sequence).unwrap().into_iter().map(held).collect(),
        };
        if change(sequence, &mut it) {
            log = commit(log, &it);
        }
    }
    log.close().unwrap();
    anew
}

/// What no journal judged, behind all that is there.
pub(crate) fn smuggled(backend: &Arc<MemoryBackend>, source: &str, proposal: &Proposal) {
    let (log, _) = Log::open(backend.clone(), said::options(), said::keyer()).unwrap();
    let mut event = Vec::new();
    codec::encode_into(&proposal.command.event, &mut event).unwrap();
    let recorded_at = JUNE.parse::<Timestamp>().unwrap().as_microsecond();
    let (flags, words) = (Vec::new(), Vec::new());
    let it = Draftable { source: source.into(), salt: [0; 16], event, flags, recorded_at, words };
    commit(log, &it).close().unwrap();
}

fn commit(log: Log, it: &Draftable) -> Log {
    let flags: Vec<_> = it.flags.iter().map(String::as_str).collect();
    let (source, salt, recorded_at) = (it.source.as_str(), it.salt, it.recorded_at);
    let draft = Draft { source, salt, event: &it.event, flags: &flags, recorded_at };
    let word = |(field, nonce, text)| Word { field, nonce, text };
    let words: Vec<_> = it.words.iter().map(|(f, n, t)| word((f.as_str(), *n, t.as_str()))).collect();
    let keys = keys::of(&said::source(&it.source), &codec::decode(&it.event).unwrap());
    let mut group = log.group();
    group.push(&draft, &words, keys).unwrap();
    log.commit(group).unwrap()
}

/// The ledger's own size and root.
pub(crate) fn head(backend: &Arc<MemoryBackend>) -> Kept {
    let (log, _) = Log::open(backend.clone(), said::options(), said::keyer()).unwrap();
    let head = log.head();
    log.close().unwrap();
    Kept { size: head.size, root: head.root }
}

/// What an audit of the files comes to, and the verdicts in the order of the questions.
pub(crate) fn audit(backend: &MemoryBackend, kept: &[Kept]) -> (Audited, [Verdict; 5]) {
    let definitions = |report: &str| (report == "R2").then_some(2);
    let now = "2025-06-20T00:00:00Z".parse().unwrap();
    let given = Given { now, kept: kept.to_vec(), trust: Trust::default(), definitions };
    let audit = Audit::new(given);
    let keyer = |records: &[Record<'_>]| {
        audit.records(records).into_iter().map(|it| it.map_err(|_| Malformed::new("not opened"))).collect()
    };
    let report = integrity::verify_words(backend, &keyer, &|entry| audit.word(entry), &|_| {}).unwrap();
    let root = |size| -> Option<Digest> { integrity::root(backend, size).unwrap() };
    let mut audited = audit.settle(&report, &root);
    audited.place(&integrity::places(backend, &audited.unplaced()).unwrap());
    let verdicts = std::array::from_fn(|at| audited.conclusions[at].verdict);
    if report.intact() {
        assert_placed(backend, &audited, report.records);
    }
    (audited, verdicts)
}

/// What is found where every record is passed by.
pub(crate) fn passed(backend: &MemoryBackend) -> (integrity::Report, Audited) {
    let now = "2025-06-20T00:00:00Z".parse().unwrap();
    let trust = Trust::default();
    let audit = Audit::new(Given { now, kept: Vec::new(), trust, definitions: |_| None });
    let glance = |record: &Record<'_>| audit.pass(record).map_err(|_| Malformed::new("not opened"));
    let report = integrity::verify_passing(backend, &glance, &|_| {}).unwrap();
    let root = |size| -> Option<Digest> { integrity::root(backend, size).unwrap() };
    let audited = audit.settle_integrity(&report, &root);
    (report, audited)
}

/// Whoever reads what was found is told where, of each record that is there.
fn assert_placed(backend: &MemoryBackend, audited: &Audited, records: u64) {
    let files = backend.dump();
    for finding in audited.conclusions.iter().flat_map(|it| &it.findings) {
        let Some(sequence) = finding.sequence.filter(|it| *it < records) else { continue };
        let (file, offset) = finding.place.as_ref().unwrap();
        let (length, record) = files[file][usize::try_from(*offset).unwrap() - 2..].split_at(2);
        let length = u16::from_be_bytes(length.try_into().unwrap());
        assert_eq!(Record::parse(&record[..usize::from(length)]).unwrap().sequence, sequence);
    }
}

/// A ledger's files as a backend again, after some were changed.
pub(crate) fn tampered(
    backend: &MemoryBackend,
    change: impl FnOnce(&mut std::collections::BTreeMap<String, Vec<u8>>),
) -> Arc<MemoryBackend> {
    let mut files = backend.dump();
    change(&mut files);
    Arc::new(MemoryBackend::restore(&files))
}

/// Words are erased behind the ledger's back.
pub(crate) fn erase_silently(backend: &Arc<MemoryBackend>, sequence: u64) {
    let shared: Arc<dyn Backend> = backend.clone();
    let (log, _) = Log::open(shared, said::options(), said::keyer()).unwrap();
    log.erase(&[storage::Erasure { sequence, field: None }]).unwrap().close().unwrap();
}

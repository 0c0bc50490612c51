//! The journal over a log in memory, and over a commit point that the test holds in its hand.

mod codec;
mod envelopes;
mod erasures;
mod faults;
mod judged;
mod model;
mod order;
mod repeats;

use jiff::{Timestamp, civil::date, tz::TimeZone};
use std::sync::{Arc, mpsc};
use storage::{Backend, Erasure, Group, Identity, Keyer, Log, MemoryBackend, Options, Reader};
use uuid::Uuid;

use super::{
    Appended, Journal, Judgement, Limits, Proposal, Refused, Text,
    clock::{Clock, SimulatedClock},
    commit::{CommitPoint, Local, Outcome},
    keys,
};
use crate::domain::{
    command::{Command, Expected},
    event::{
        Access, ActionCancelled, ActionPlanned, CodeListAdopted, CodeListEntry, CommitmentKind,
        CommitmentMade, Event, LedgerOpened, Origin, Payload, PledgePublished, PostRegistered,
    },
    id::{Code, SourceName, Subject},
    value::{Label, Occurred, Sha256, Words},
};

/// Midday of 1 May 2025: when the test ledger's clock starts.
pub(crate) fn noon() -> Timestamp {
    "2025-05-01T12:00:00Z".parse().unwrap()
}

pub(crate) fn code(text: &str) -> Code {
    Code::parse(text).unwrap()
}

fn label(text: &str) -> Label {
    Label::parse(text).unwrap()
}

pub(crate) fn source(name: &str) -> SourceName {
    SourceName::parse(name).unwrap()
}

pub(crate) fn event(subject: &str, payload: impl Into<Payload>) -> Event {
    Event {
        id: Uuid::new_v4(),
        subject: Subject::parse(subject).unwrap(),
        occurred: Occurred::Day(date(2025, 5, 1)),
        source_sequence: None,
        producer_recorded_at: None,
        actor_post: None,
        correlation_id: None,
        causation_id: None,
        payload: payload.into(),
    }
}

pub(crate) fn proposal(event: Event) -> Proposal {
    Proposal {
        command: Command { source: source("tracker"), expected: Expected::Any, event: Arc::new(event) },
        texts: Vec::new(),
    }
}

/// A post of that code: the simplest event that depends on nothing.
pub(crate) fn post(name: &str) -> Proposal {
    proposal(event(
        &format!("post/{name}"),
        PostRegistered {
            title: label("A post"),
            valid_from: date(2020, 1, 1),
            valid_to: None,
            held_with: Vec::new(),
        },
    ))
}

/// Something that the journal refuses: the same post again.
pub(super) fn impossible(name: &str) -> Proposal {
    post(name)
}

pub(crate) fn opened() -> Event {
    event(
        "ledger/test",
        LedgerOpened {
            organisation: label("Test"),
            origin: "test.example/ledger".into(),
            time_zone: "Europe/London".into(),
            example_data: true,
            simulated_clock: true,
            access: Access::Open,
        },
    )
}

/// What an action needs before it can be planned: post, audience, pledge, commitment.
pub(crate) fn groundwork() -> Vec<Proposal> {
    let text = "We pledge to listen.";
    let entry = CodeListEntry {
        code: code("staff"),
        title: label("Staff"),
        valid_from: None,
        valid_to: None,
        aliases: Vec::new(),
    };
    vec![
        post("head"),
        proposal(event("code-list/audience", CodeListAdopted { entries: vec![entry] })),
        proposal(event(
            "pledge/p",
            PledgePublished {
                title: label("Pledge"),
                version: 1,
                text: text.into(),
                sha256: Sha256(<sha2::Sha256 as sha2::Digest>::digest(text).into()),
                principles: Vec::new(),
                values: Vec::new(),
                dispositions: Vec::new(),
            },
        )),
        proposal(event(
            "commitment/C1",
            CommitmentMade {
                title: label("Listen"),
                pledge: code("p"),
                pledge_version: 1,
                quote: "to listen".into(),
                span_start: 10,
                span_end: 19,
                kind: CommitmentKind::Continuing,
                owner_post: code("head"),
                audience: vec![code("staff")],
                principles: Vec::new(),
                delivers: Vec::new(),
            },
        )),
    ]
}

pub(crate) fn action(name: &str) -> Proposal {
    proposal(event(
        &format!("action/{name}"),
        ActionPlanned {
            title: label("Quiet room"),
            commitments: vec![code("C1")],
            owner_post: code("head"),
            first_due: date(2025, 6, 30),
            origin: Origin::Review,
            feedback: Vec::new(),
            replaces: None,
        },
    ))
}

/// A cancellation with its words.
pub(crate) fn cancelled(name: &str, id: Uuid, nonce: u8, words: &str) -> Proposal {
    let text = Text { field: "reason", nonce: [nonce; 32], text: words.into() };
    let mut event = event(&format!("action/{name}"), ActionCancelled { reason: Words(text.commitment()) });
    event.id = id;
    Proposal { texts: vec![text], ..proposal(event) }
}

pub(crate) fn keyer() -> Keyer {
    Arc::new(keys::of_record)
}

/// A ledger in memory, with its journal.
pub(super) struct Given {
    pub(super) backend: Arc<MemoryBackend>,
    pub(super) clock: Arc<SimulatedClock>,
    pub(super) journal: Journal,
}

pub(crate) fn options() -> Options {
    Options { background: false, ..Options::default() }
}

pub(super) fn start(
    point: Box<dyn CommitPoint>,
    reader: Reader,
    clock: Arc<dyn Clock>,
    limits: Limits,
) -> Journal {
    Journal::start(point, reader, TimeZone::get("Europe/London").unwrap(), Access::Open, clock, limits)
        .unwrap()
}

pub(crate) fn new_log(backend: Arc<dyn Backend>) -> Log {
    let identity = Identity { ledger: [7; 16], origin: "test.example/ledger".into() };
    Log::create(backend, identity, options(), keyer()).unwrap()
}

/// A ledger that has only been opened.
pub(super) fn given() -> Given {
    let backend = Arc::new(MemoryBackend::new());
    let log = new_log(backend.clone());
    let (clock, reader) = (Arc::new(SimulatedClock::at(noon())), log.reader());
    let journal = start(Box::new(Local::new(log)), reader, clock.clone(), Limits::default());
    let mut genesis = proposal(opened());
    genesis.command.source = source(SourceName::OPERATOR);
    journal.append_blocking(vec![genesis]).unwrap();
    Given { backend, clock, journal }
}

impl Given {
    /// The same ledger after its server was stopped and started.
    pub(super) fn restarted(self) -> Self {
        self.journal.close();
        let Self { backend, clock, journal } = self;
        drop(journal);
        let (log, _) = Log::open(backend.clone(), options(), keyer()).unwrap();
        let reader = log.reader();
        let journal = start(Box::new(Local::new(log)), reader, clock.clone(), Limits::default());
        Self { backend, clock, journal }
    }

    /// Appends; but first it asks what would come of it, which must leave no trace, and must be what comes of it.
    pub(super) fn append(&self, proposals: Vec<Proposal>) -> Result<Vec<Appended>, Refused> {
        let before = self.backend.dump();
        let judged = self.judge(proposals.clone());
        assert!(self.backend.dump() == before, "a judgement changed what is stored");
        let appended = self.journal.append_blocking(proposals);
        assert_same_verdict(&judged, &appended);
        appended
    }

    pub(super) fn judge(&self, proposals: Vec<Proposal>) -> Result<Vec<Judgement>, Refused> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(self.journal.judge(proposals, None))
    }

    pub(super) fn size(&self) -> u64 {
        self.journal.head().size
    }
}

/// What was said would come of a request is what came of it.
pub(super) fn assert_same_verdict(
    judged: &Result<Vec<Judgement>, Refused>,
    appended: &Result<Vec<Appended>, Refused>,
) {
    let (judged, appended) = match (judged, appended) {
        (Ok(judged), Ok(appended)) => (judged, appended),
        (Err(judged), Err(refused)) => return assert_eq!(format!("{judged:?}"), format!("{refused:?}")),
        other => panic!("another verdict: {other:?}"),
    };
    assert_eq!(judged.len(), appended.len());
    for (judged, appended) in judged.iter().zip(appended) {
        let receipt = &appended.receipt;
        match judged {
            Judgement::Repeat(first) => assert!(appended.repeated && first == receipt, "{first:?}"),
            Judgement::Recordable { subject_version, irregularities } => {
                assert!(!appended.repeated);
                assert_eq!(
                    (subject_version, irregularities),
                    (&receipt.subject_version, &receipt.irregularities)
                );
            }
        }
    }
}

/// A commit point that waits at the gate until the test lets it pass.
pub(super) struct Gate {
    pub(super) point: Local,
    /// Says how many records stand at the gate.
    pub(super) arrived: mpsc::Sender<usize>,
    /// Hears whether they may pass, or what happened instead.
    pub(super) passes: mpsc::Receiver<Verdict>,
    /// Whether words are erased; if not, that fails as if the process had ended before it.
    pub(super) erasures: bool,
}

/// What the test decides at the gate.
pub(super) enum Verdict {
    /// Commit.
    Pass,
    /// Another writer was first, with these.
    Superseded(Vec<Proposal>),
    /// As if the disk were full.
    Full,
    /// As if something else had stood in the way before the write.
    NotWritten,
    /// As if a write had failed.
    Poisoned,
}

impl CommitPoint for Gate {
    fn group(&self) -> Option<Group> {
        self.point.group()
    }

    fn commit(&mut self, group: Group) -> Outcome {
        self.arrived.send(group.len()).unwrap();
        match self.passes.recv().unwrap() {
            Verdict::Pass => self.point.commit(group),
            Verdict::Superseded(others) => {
                let mut group = self.point.group().unwrap();
                for proposal in others {
                    push(&mut group, &proposal);
                }
                assert!(matches!(self.point.commit(group), Outcome::Committed));
                Outcome::Superseded
            }
            Verdict::Full => Outcome::Full("no space".into()),
            Verdict::NotWritten => Outcome::NotWritten("no file descriptor".into()),
            Verdict::Poisoned => Outcome::Poisoned("EIO".into()),
        }
    }

    fn erase(&mut self, erasures: &[Erasure]) -> Result<(), String> {
        if self.erasures { self.point.erase(erasures) } else { Err("EIO".into()) }
    }

    fn close(self: Box<Self>) -> Result<(), String> {
        Box::new(self.point).close()
    }
}

fn push(group: &mut Group, proposal: &Proposal) {
    let Command { source, event, .. } = &proposal.command;
    let mut bytes = Vec::new();
    super::codec::encode_into(event, &mut bytes).unwrap();
    let draft = storage::Draft {
        source: source.as_str(),
        salt: [0; 16],
        event: &bytes,
        flags: &[],
        recorded_at: noon().as_microsecond(),
    };
    group.push(&draft, &[], keys::of(source, event)).unwrap();
}

/// A ledger behind a gate, with the test's ends of it.
pub(super) struct Gated {
    pub(super) journal: Journal,
    pub(super) arrived: mpsc::Receiver<usize>,
    pub(super) pass: mpsc::Sender<Verdict>,
}

pub(super) fn gated(limits: Limits) -> Gated {
    let log = new_log(Arc::new(MemoryBackend::new()));
    let reader = log.reader();
    let (arrive, arrived) = mpsc::channel();
    let (pass, passes) = mpsc::channel();
    let gate = Gate { point: Local::new(log), arrived: arrive, passes, erasures: true };
    let journal = start(Box::new(gate), reader, Arc::new(SimulatedClock::at(noon())), limits);
    Gated { journal, arrived, pass }
}

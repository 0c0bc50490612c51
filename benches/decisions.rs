//! Decisions a second on a ledger of 100,000 events in memory: the usual events, and those whose rules read most.
//!
//! ```text
//! cargo bench --bench decisions
//! ```
//!
//! Each event is judged by the journal itself, in a request whose last event is always refused: so everything is judged
//! and nothing is written. What the queue and that refusal take stands in the first row, and is in every other.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a benchmark stops at the first thing that is not as it must be"
)]
#![allow(
    clippy::wildcard_imports,
    clippy::too_many_lines,
    reason = "it says a little of every type, one after the other"
)]

use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, civil::date, tz::TimeZone};
use pledgebook::domain::{
    command::{Command, Expected},
    event::*,
    id::{Code, SourceName, Subject},
    value::{Label, Occurred, Sha256, Words},
};
use pledgebook::journal::{Journal, Limits, Proposal, Refused, clock::SimulatedClock, commit::Local, keys};
use sha2::Digest as _;
use std::{sync::Arc, time::Instant};
use uuid::Uuid;

const EVENTS: u64 = 100_000;
const POSTS: usize = 100;
const COMMITMENTS: usize = 200;
const CHANGES: usize = 200;
const POINTS: usize = 40;
const IN_MONTH: usize = 10_000;

fn code(text: &str) -> Code {
    Code::parse(text).unwrap()
}

fn label(text: &str) -> Label {
    Label::parse(text).unwrap()
}

fn hash(text: &str) -> Sha256 {
    Sha256(sha2::Sha256::digest(text).into())
}

fn said(by: &str, on: Date, subject: &str, payload: impl Into<Payload>) -> Proposal {
    let event = Event {
        id: Uuid::new_v4(),
        subject: Subject::parse(subject).unwrap(),
        occurred: Occurred::Day(on),
        source_sequence: None,
        producer_recorded_at: None,
        actor_post: None,
        correlation_id: None,
        causation_id: None,
        payload: payload.into(),
    };
    let source = SourceName::parse(by).unwrap();
    Proposal {
        command: Command { source, expected: Expected::Any, event: Arc::new(event) },
        texts: Vec::new(),
    }
}

struct Ledger {
    journal: Journal,
    clock: Arc<SimulatedClock>,
    now: Timestamp,
}

impl Ledger {
    fn today(&self) -> Date {
        self.journal.zone().to_datetime(self.now).date()
    }

    fn pass(&mut self, days: i64) {
        self.now += SignedDuration::from_hours(24 * days);
        self.clock.set(self.now);
    }

    fn record(&self, all: Vec<Proposal>) {
        let mut all = all.into_iter().peekable();
        while all.peek().is_some() {
            self.journal.append_blocking(all.by_ref().take(500).collect()).unwrap();
        }
    }
}

fn post(held_with: Vec<Code>) -> PostRegistered {
    PostRegistered { title: label("A post"), valid_from: date(2020, 1, 1), valid_to: None, held_with }
}

fn planned(commitment: &str) -> ActionPlanned {
    ActionPlanned {
        title: label("Rest spaces"),
        commitments: vec![code(commitment)],
        owner_post: code("p0"),
        first_due: date(2035, 1, 1),
        origin: Origin::Review,
        feedback: Vec::new(),
        replaces: None,
    }
}

fn published(version: u32, kept: usize) -> PledgePublished {
    let text = "We pledge to listen.";
    let keep =
        |n| CommitmentDisposition { commitment: code(&format!("C{n}")), disposition: Disposition::Kept };
    PledgePublished {
        title: label("Our pledge"),
        version,
        text: text.into(),
        sha256: hash(text),
        principles: Vec::new(),
        values: Vec::new(),
        dispositions: (0..kept).map(keep).collect(),
    }
}

fn list(codes: impl IntoIterator<Item = String>) -> CodeListAdopted {
    let entry = |text: String| CodeListEntry {
        code: code(&text),
        title: label("A code"),
        valid_from: None,
        valid_to: None,
        aliases: Vec::new(),
    };
    CodeListAdopted { entries: codes.into_iter().map(entry).collect() }
}

fn received() -> FeedbackReceived {
    FeedbackReceived {
        round: None,
        respondents: Respondents::Staff,
        themes: vec![code("t0")],
        policies: Vec::new(),
        channel: code("box"),
        anonymity: Anonymity::Confidential,
        contact: Contact::None,
        content_commitment: None,
        receipt_code_hash: None,
    }
}

fn changed(on: Date, document: usize) -> PolicyChanged {
    PolicyChanged {
        policy: code("flex"),
        version: code("2"),
        effective_on: on,
        document_sha256: hash(&document.to_string()),
        what_changed: Words(hash("words")),
    }
}

fn attached(about: &str, document: &str) -> EvidenceAttached {
    EvidenceAttached {
        about: Subject::parse(about).unwrap(),
        sha256: hash(document),
        size_bytes: 1_000,
        media_type: "application/pdf".into(),
        kind: code("minutes"),
        uri: None,
    }
}

fn commitment_made() -> CommitmentMade {
    CommitmentMade {
        title: label("Listen"),
        pledge: code("main"),
        pledge_version: 1,
        quote: "to listen".into(),
        span_start: 10,
        span_end: 19,
        kind: CommitmentKind::Continuing,
        owner_post: code("p0"),
        audience: Vec::new(),
        principles: Vec::new(),
        delivers: Vec::new(),
    }
}

fn statement(from: Date, to: Date) -> SourceStatement {
    SourceStatement { period_from: from, period_to: to, count: 0, digest: hash("") }
}

/// The ledger, and the month in which the source `box` posted most.
fn built() -> (Ledger, Date) {
    let origin = "bench.example/ledger";
    let backend = Arc::new(storage::MemoryBackend::new());
    let identity = storage::Identity { ledger: [7; 16], origin: origin.into() };
    let keyer: storage::Keyer = Arc::new(keys::of_record);
    let log = storage::Log::create(backend, identity, storage::Options::default(), keyer).unwrap();
    let now: Timestamp = "2021-01-04T12:00:00Z".parse().unwrap();
    let (clock, reader) = (Arc::new(SimulatedClock::at(now)), log.reader());
    let zone = TimeZone::get("Europe/London").unwrap();
    let journal = Journal::start(
        Box::new(Local::new(log)),
        reader,
        zone,
        Access::Open,
        clock.clone(),
        Limits::default(),
    )
    .unwrap();
    let mut it = Ledger { journal, clock, now };
    let on = it.today();
    let opened = LedgerOpened {
        organisation: label("Bench"),
        origin: origin.into(),
        time_zone: "Europe/London".into(),
        example_data: true,
        simulated_clock: true,
        access: Access::Open,
    };
    it.record(vec![said("operator", on, "ledger/bench", opened)]);
    let mut all = Vec::new();
    for n in 0..POSTS {
        let before = if n == 0 { Vec::new() } else { vec![code(&format!("p{}", n - 1))] };
        all.push(said("register", on, &format!("post/p{n}"), post(before)));
    }
    let lists = [("channel", vec!["box".to_owned()]), ("evidence-kind", vec!["minutes".to_owned()])];
    all.extend(lists.map(|(name, codes)| said("register", on, &format!("code-list/{name}"), list(codes))));
    all.push(said("register", on, "code-list/theme", list((0..500).map(|n| format!("t{n}")))));
    all.push(said("register", on, "pledge/main", published(1, 0)));
    all.extend(
        (0..COMMITMENTS).map(|n| said("register", on, &format!("commitment/C{n}"), commitment_made())),
    );
    let policy = PolicyRegistered {
        title: label("Flexible working"),
        owner_post: code("p0"),
        version: code("1"),
        document_sha256: hash("first"),
        review_due: date(2035, 1, 1),
    };
    all.push(said("register", on, "policy/flex", policy));
    for n in 0..CHANGES {
        let proposed = PolicyChangeProposed {
            title: label("Rest breaks"),
            policy: code("flex"),
            origin: Origin::Review,
            feedback: Vec::new(),
            commitments: Vec::new(),
            nature: ChangeNature::Substantive,
        };
        all.push(said("register", on, &format!("policy-change/c{n}"), proposed));
        all.push(said("register", on, &format!("policy-change/c{n}"), changed(on, n)));
    }
    it.record(all);
    for n in 0..POINTS {
        it.pass(28);
        let point = said(
            "register",
            it.today(),
            &format!("release-point/r{n}"),
            ReleasePointDeclared { position: 9 },
        );
        it.record(vec![point]);
    }
    it.pass(40);
    let month = it.today();
    let items =
        (0..IN_MONTH).map(|_| said("box", month, &format!("feedback/{}", Uuid::new_v4()), received()));
    it.record(items.collect());
    it.pass(40);
    let left = EVENTS - it.journal.head().size;
    let on = it.today();
    let work = (0..left / 2).flat_map(|n| {
        let action = format!("action/a{n}");
        let plan = said("register", on, &action, planned(&format!("C{}", n as usize % COMMITMENTS)));
        [plan, said("register", on, &action, ActionCompleted { evidence: Vec::new() })]
    });
    it.record(work.collect());
    let proof = vec![
        said("register", on, "evidence/e", attached("action/a0", "proof")),
        said(
            "register",
            on,
            "policy-change/new",
            PolicyChangeProposed {
                title: label("Rest breaks"),
                policy: code("flex"),
                origin: Origin::Review,
                feedback: Vec::new(),
                commitments: Vec::new(),
                nature: ChangeNature::Substantive,
            },
        ),
    ];
    it.record(proof);
    (it, month)
}

/// Has it judged for a second or two, and prints how long one takes in the middle.
fn measure(it: &Ledger, what: &str, event: impl Fn() -> Option<Proposal>) {
    let refused = || said("register", it.today(), "post/p0", post(Vec::new()));
    let mut times = Vec::new();
    let begun = Instant::now();
    while times.len() < 5 || (times.len() < 2_000 && begun.elapsed().as_millis() < 1_000) {
        let event = event();
        let own = usize::from(event.is_some());
        let request: Vec<_> = event.into_iter().chain([refused()]).collect();
        let asked = Instant::now();
        match it.journal.append_blocking(request) {
            // Where the rule itself refuses, that is what is measured.
            Err(Refused::Rejected { index, .. }) if index == own || what.ends_with("refused") => {}
            other => panic!("{what}: {other:?}"),
        }
        times.push(asked.elapsed());
    }
    times.sort_unstable();
    let middle = times[times.len() / 2];
    println!("{:>12.0}/s  {:>10.1?}  {what}", 1.0 / middle.as_secs_f64(), middle);
}

fn main() {
    let (it, month) = built();
    let on = it.today();
    let fresh = || Uuid::new_v4().to_string();
    println!("{} events; one decision and the queue, median:", it.journal.head().size);
    measure(&it, "nothing: the queue and a refusal", || None);
    measure(&it, "post.registered", || {
        Some(said("register", on, &format!("post/{}", fresh()), post(Vec::new())))
    });
    measure(&it, "action.planned", || {
        Some(said("register", on, &format!("action/{}", fresh()), planned("C7")))
    });
    measure(&it, "action.reopened", || {
        Some(said("register", on, "action/a7", ActionReopened { reason: Words(hash("words")) }))
    });
    measure(&it, "action.verified, by a post held with the owner through 99 others", || {
        let verified = ActionVerified { verifier_post: code("p99"), evidence: vec![code("e")] };
        Some(said("auditor", on, "action/a0", verified))
    });
    measure(&it, "feedback.received", || Some(said("box", on, &format!("feedback/{}", fresh()), received())));
    measure(&it, "evidence.attached", || {
        Some(said("register", on, &format!("evidence/{}", fresh()), attached("action/a0", "another")))
    });
    measure(&it, "commitment.made", || {
        Some(said("register", on, &format!("commitment/{}", fresh()), commitment_made()))
    });
    measure(&it, "code_list.adopted, 499 of 500 codes dropped that are not in use", || {
        Some(said("register", on, "code-list/theme", list(["t0".to_owned()])))
    });
    measure(&it, "code_list.adopted, a code dropped that 10,000 use: refused", || {
        Some(said("register", on, "code-list/theme", list((1..500).map(|n| format!("t{n}")))))
    });
    measure(&it, "pledge.published, 200 commitments disposed of", || {
        Some(said("register", on, "pledge/main", published(2, COMMITMENTS)))
    });
    measure(&it, "policy_change.changed, 200 changes of the policy in force", || {
        Some(said("register", on, "policy-change/new", changed(on, CHANGES)))
    });
    measure(&it, "release_point.declared, 40 points before it", || {
        let point = ReleasePointDeclared { position: 99 };
        Some(said("register", on, &format!("release-point/{}", fresh()), point))
    });
    measure(&it, "source.stated, a month of 10,000 events", || {
        let (from, to) = (month.first_of_month(), month.last_of_month());
        Some(said("box", on, "source/box", statement(from, to)))
    });
    measure(&it, "source.stated, a year of 11,000 events", || {
        let (from, to) = (on.checked_sub(300.days()).unwrap(), on.yesterday().unwrap());
        Some(said("box", on, "source/box", statement(from, to)))
    });
    it.journal.close();
}

//! How fast a ledger is verified: integrity alone, the same with the keys of every event for the indexes, and all five
//! verdicts; beside what SHA-256 alone reaches over as many bytes on as many threads
//! in the same run.
//!
//! ```text
//! cargo bench --bench audit -- DIR [RECORDS] [GROUP]
//! ```
//!
//! What an earlier run left in DIR is measured again. GROUP records are committed together, 1,000 unless told. The records are of some 500 bytes, numbered by seven sources with grants, which state
//! each month what they posted; they are written by the log engine itself, as no journal could write them so fast.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a benchmark stops at the first thing that is not as it must be"
)]

use jiff::{Timestamp, civil::date, tz::TimeZone};
use pledgebook::audit::{Audit, Given, Trust, Verdict};
use pledgebook::domain::{
    decide::digest_of_ids,
    event::{Access, ActionPlanned, Event, GrantChanged, LedgerOpened, Origin, Payload, SourceStatement},
    id::{Code, SourceName, Subject},
    value::{Label, Occurred},
};
use pledgebook::journal::{codec, keys};
use sha2::Digest as _;
use std::{collections::BTreeMap, sync::Arc, time::Instant};
use storage::{
    Backend as _, Draft, FileBackend, Group, Identity, Keyer, Log, Malformed, Options, Record, integrity,
};
use uuid::Uuid;

// As the command has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SOURCES: [&str; 7] = ["register", "tracker", "lms", "hr", "survey-tool", "policies", "diary"];
/// So many records a second: a million of them take a year and a half.
const PACE: i64 = 50_000_000;
const ROUNDS: usize = 5;

fn event(subject: &str, payload: impl Into<Payload>) -> Event {
    Event {
        id: Uuid::new_v4(),
        subject: Subject::parse(subject).unwrap(),
        occurred: Occurred::Day(date(2024, 1, 1)),
        source_sequence: None,
        producer_recorded_at: None,
        actor_post: None,
        correlation_id: None,
        causation_id: None,
        payload: payload.into(),
    }
}

fn opened() -> LedgerOpened {
    LedgerOpened {
        organisation: Label::parse("Bench").unwrap(),
        origin: "bench.example/audit".into(),
        time_zone: "Europe/London".into(),
        example_data: true,
        simulated_clock: true,
        access: Access::Granted,
    }
}

fn granted() -> GrantChanged {
    let all = || vec!["*".to_owned()];
    GrantChanged { types: vec!["action.*".into(), "source.*".into()], subjects: all(), posts: all() }
}

fn planned() -> ActionPlanned {
    let code = |text: &str| Code::parse(text).unwrap();
    ActionPlanned {
        title: Label::parse("Rest spaces in every building, agreed with those who use them, and kept open")
            .unwrap(),
        commitments: vec![code("C9"), code("C10")],
        owner_post: code("head-of-people"),
        first_due: date(2026, 3, 31),
        origin: Origin::Review,
        feedback: Vec::new(),
        replaces: None,
    }
}

/// Writes a ledger, record after record.
struct Writer {
    at: Timestamp,
    zone: TimeZone,
    bytes: Vec<u8>,
    /// What each source posted this month.
    month: BTreeMap<&'static str, Vec<Uuid>>,
    numbers: BTreeMap<&'static str, u64>,
}

impl Writer {
    fn push(&mut self, group: &mut Group, source: &str, event: &Event) {
        self.bytes.clear();
        codec::encode_into(event, &mut self.bytes).unwrap();
        let recorded_at = self.at.as_microsecond();
        let draft = Draft { source, salt: [1; 16], event: &self.bytes, flags: &[], recorded_at };
        group.push(&draft, &[], keys::of(&SourceName::parse(source).unwrap(), event)).unwrap();
    }

    fn post(&mut self, group: &mut Group, source: &'static str, mut event: Event) {
        let number = self.numbers.entry(source).or_default();
        *number += 1;
        event.source_sequence = Some(*number);
        self.month.entry(source).or_default().push(event.id);
        self.push(group, source, &event);
    }

    /// Time goes on; where a month ends, each source states it.
    fn tick(&mut self, group: &mut Group) {
        let before = self.zone.to_datetime(self.at).date();
        self.at = Timestamp::from_microsecond(self.at.as_microsecond() + PACE).unwrap();
        if before.month() == self.zone.to_datetime(self.at).date().month() {
            return;
        }
        for (source, mut ids) in std::mem::take(&mut self.month) {
            let statement = SourceStatement {
                period_from: before.first_of_month(),
                period_to: before.last_of_month(),
                count: ids.len() as u64,
                digest: digest_of_ids(&mut ids),
            };
            self.post(group, source, event(&format!("source/{source}"), statement));
        }
    }
}

fn write(backend: &Arc<FileBackend>, records: u64, together: usize) {
    let identity = Identity { ledger: [1; 16], origin: "bench.example/audit".into() };
    let keyer: Keyer = Arc::new(keys::of_record);
    let mut log = Log::create(backend.clone(), identity, Options::default(), keyer).unwrap();
    let at = "2024-01-01T09:00:00Z".parse().unwrap();
    let zone = TimeZone::get("Europe/London").unwrap();
    let (month, numbers) = (BTreeMap::new(), BTreeMap::new());
    let mut writer = Writer { at, zone, bytes: Vec::new(), month, numbers };
    let mut group = log.group();
    writer.push(&mut group, SourceName::OPERATOR, &event("ledger/bench", opened()));
    for source in SOURCES {
        writer.push(&mut group, SourceName::OPERATOR, &event(&format!("source/{source}"), granted()));
    }
    while group.next_sequence() < records {
        let number = group.next_sequence();
        let source = SOURCES[(number % 7) as usize];
        let event = event(&format!("action/{}", Uuid::new_v4()), planned());
        writer.post(&mut group, source, event);
        writer.tick(&mut group);
        if group.len() >= together {
            log = log.commit(group).unwrap();
            group = log.group();
        }
    }
    log.commit(group).unwrap().close().unwrap();
}

fn new_audit() -> Audit {
    let now = "2030-01-01T00:00:00Z".parse().unwrap();
    Audit::new(Given { now, kept: Vec::new(), trust: Trust::default(), definitions: |_| None })
}

/// Integrity: bytes, links, tree and keys, as `verify --only integrity` has it.
fn integrity_alone(backend: &FileBackend) {
    let audit = new_audit();
    let glance = |record: &Record<'_>| audit.pass(record).map_err(|_| Malformed::new("not opened"));
    let report = integrity::verify_passing(backend, &glance, &|_| {}).unwrap();
    let audited = audit.settle_integrity(&report, &|size| integrity::root(backend, size).unwrap());
    assert!(report.intact() && audited.conclusions[0].verdict != Verdict::Broken);
}

/// Bytes, links, tree and indexes, with the server's keys.
fn with_keys(backend: &FileBackend) -> integrity::Report {
    let report = integrity::verify(backend, Arc::new(keys::of_record), &|_| {}).unwrap();
    assert!(report.intact());
    report
}

fn five_verdicts(backend: &FileBackend) {
    let audit = new_audit();
    let keyer = |records: &[Record<'_>]| {
        audit.records(records).into_iter().map(|it| it.map_err(|_| Malformed::new("not opened"))).collect()
    };
    let report = integrity::verify_words(backend, &keyer, &|entry| audit.word(entry), &|_| {}).unwrap();
    let audited = audit.settle(&report, &|size| integrity::root(backend, size).unwrap());
    for conclusion in &audited.conclusions {
        assert!(conclusion.verdict != Verdict::Broken, "{conclusion:?}");
    }
}

/// SHA-256 over so many bytes, 512 at a time, on all cores.
fn hashes_alone(bytes: u64) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut block = [7_u8; 512];
                for _ in 0..bytes / threads / 512 {
                    let hash = sha2::Sha256::digest(block);
                    block[..32].copy_from_slice(&hash);
                }
                std::hint::black_box(block);
            });
        }
    });
}

fn seconds(work: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    work();
    begun.elapsed().as_secs_f64()
}

fn main() {
    let mut given = std::env::args().skip(1).filter(|it| it != "--bench");
    let Some(directory) = given.next() else {
        println!("usage: cargo bench --bench audit -- DIR [RECORDS] [GROUP]");
        return;
    };
    let records = given.next().map_or(1_000_000, |it| it.parse().unwrap());
    let together = given.next().map_or(1_000, |it| it.parse().unwrap());
    let backend = Arc::new(FileBackend::new(&directory));
    if backend.list("log").unwrap_or_default().is_empty() {
        println!("written in {:.1} s", seconds(|| write(&backend, records, together)));
    }
    let report = with_keys(&backend);
    let rate = |seconds: f64| report.bytes as f64 / 1e6 / seconds;
    println!("{} records, {:.0} MB", report.records, report.bytes as f64 / 1e6);
    for _ in 0..ROUNDS {
        let hashes = rate(seconds(|| hashes_alone(report.bytes)));
        let alone = rate(seconds(|| integrity_alone(&backend)));
        let keys = rate(seconds(|| drop(with_keys(&backend))));
        let all = rate(seconds(|| five_verdicts(&backend)));
        println!(
            "sha256 MB/s={hashes:.0} integrity MB/s={alone:.0} ({:.2}) with keys MB/s={keys:.0} ({:.2}) \
             five verdicts MB/s={all:.0} ({:.2})",
            alone / hashes,
            keys / hashes,
            all / hashes
        );
    }
}

//! How fast views are rebuilt from a ledger, how much memory they take, and how fast reports are worked out of them: of
//! the present, and as known a year ago.
//!
//! ```text
//! cargo bench --bench reports -- [EVENTS] [CALLS] [REPORTS]
//! ```
//!
//! Of CALLS, 200 if nothing is said, the middle, the 99th of a hundred and the slowest are told, on the wall and in time that
//! this thread worked (`cpu`): what other processes do on the machine is in the first alone.
//!
//! Two figures a report: `call=first`, worked out with nothing remembered, each time; and `call=served`, as the server
//! answers: each time at a position that nobody asked for before, after it worked ahead at the last release point. What that
//! working ahead takes stands in the line `ahead`. REPORTS, such as `R3,R4`, asks for these alone.
//!
//! The ledger is ten years of an invented organisation, of mixed types of events (`reports/ledger.rs`). It is written by
//! the log engine itself into a temporary directory, as no journal could write it so fast.
#![allow(clippy::unwrap_used, reason = "a benchmark stops at the first thing that is not as it must be")]
#![allow(clippy::wildcard_imports, reason = "a mixed ledger has events of nearly every type")]
#![allow(
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "numbers of days and of subjects of ten years fit all of these types"
)]

#[path = "reports/ledger.rs"]
mod ledger;

use jiff::{Timestamp, ToSpan as _, civil::Date};
use pledgebook::domain::{
    event::{Access, Event, LedgerOpened},
    id::{SourceName, Subject},
    value::{Label, Occurred, Sha256},
};
use pledgebook::journal::{codec, keys};
use pledgebook::ledgers::{Remembered, snapshot};
use pledgebook::projections::Views;
use pledgebook::reports::{Parameters, Period, Report, ReportName, Stand, report};
use std::{ops::ControlFlow, sync::Arc, time::Instant};
use storage::{Draft, FileBackend, Identity, Keyer, Log, Options};
use uuid::Uuid;

// As in the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ORIGIN: &str = "bench.example/reports";
/// Events folded between two looks at the clock.
const STRIDE: usize = 4_096;

fn genesis() -> Event {
    let opened = LedgerOpened {
        organisation: Label::parse("Bench").unwrap(),
        origin: ORIGIN.into(),
        time_zone: "Europe/London".into(),
        example_data: true,
        simulated_clock: true,
        access: Access::Open,
    };
    Event {
        id: Uuid::from_u128(u128::MAX),
        subject: Subject::parse("ledger/bench").unwrap(),
        occurred: Occurred::Day(ledger::FIRST_DAY),
        source_sequence: None,
        producer_recorded_at: None,
        actor_post: None,
        correlation_id: None,
        causation_id: None,
        payload: opened.into(),
    }
}

/// Noon of a day, and as many milliseconds as make every record's time its own.
fn recorded_at(day: i32, number: u64) -> i64 {
    let noon = ledger::FIRST_DAY.checked_add(day.days()).unwrap().at(12, 0, 0, 0).in_tz("UTC").unwrap();
    noon.timestamp().as_microsecond() + (number as i64 % 10_000_000)
}

fn write(directory: &std::path::Path, events: u64) -> Log {
    let identity = Identity { ledger: [1; 16], origin: ORIGIN.into() };
    let keyer: Keyer = Arc::new(keys::of_record);
    let backend = Arc::new(FileBackend::new(directory));
    let mut log = Log::create(backend, identity, Options::default(), keyer).unwrap();
    let mut group = log.group();
    let operator = SourceName::parse(SourceName::OPERATOR).unwrap();
    let all = std::iter::once(ledger::Posted { source: operator, day: 0, event: genesis() });
    for (number, posted) in all.chain(ledger::posted(events)).enumerate() {
        let mut bytes = Vec::new();
        codec::encode_into(&posted.event, &mut bytes).unwrap();
        let recorded_at = recorded_at(posted.day, number as u64);
        let source = posted.source.as_str();
        let draft = Draft { source, salt: [1; 16], event: &bytes, flags: &[], recorded_at };
        group.push(&draft, &[], keys::of(&posted.source, &posted.event)).unwrap();
        if group.len() >= 1_000 {
            log = log.commit(group).unwrap();
            group = log.group();
        }
    }
    log.commit(group).unwrap()
}

/// Bytes of memory that the process has.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 4_096
}

/// Seconds that this thread has worked: what other processes do on the machine is not in it.
fn worked() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Folds the whole log; gives back the views and the seconds of work that the folds alone took.
fn rebuild(log: &Log) -> (Views, f64) {
    let (mut views, mut folds, mut waiting) = (Views::new(), 0.0, Vec::with_capacity(STRIDE));
    let mut fold = |waiting: &mut Vec<_>| {
        let begun = worked();
        for fact in waiting.iter() {
            views.apply(fact);
        }
        folds += worked() - begun;
        waiting.clear();
    };
    let scan = log.reader().scan(0, u64::MAX, &mut |record| {
        waiting.push(codec::recorded(&record).unwrap());
        if waiting.len() == STRIDE {
            fold(&mut waiting);
        }
        ControlFlow::Continue(())
    });
    scan.unwrap();
    fold(&mut waiting);
    (views, folds)
}

/// Milliseconds at the middle, at the 99th of a hundred, by nearest rank, and at the slowest.
fn ranks(mut times: Vec<f64>) -> [f64; 3] {
    times.sort_by(f64::total_cmp);
    let at = |share: usize| times[(times.len() * share).div_ceil(100).max(1) - 1] * 1e3;
    [50, 99, 100].map(at)
}

fn stand() -> Stand {
    Stand { ledger: "ledgers/bench".into(), root: Sha256([0; 32]) }
}

/// Asks so many times, and says how long it took.
fn ask(call: &str, parameters: &Parameters, calls: usize, mut work: impl FnMut(u64) -> Report) {
    let (mut times, mut works) = (Vec::with_capacity(calls), Vec::with_capacity(calls));
    let mut last = None;
    for number in 0..calls {
        let (begun, before) = (Instant::now(), worked());
        last = Some(work(number as u64));
        times.push(begun.elapsed().as_secs_f64());
        works.push(worked() - before);
    }
    let last = last.unwrap();
    let rows: usize = last.tables.iter().map(|table| table.rows.len()).sum();
    let ([middle, most, slowest], [work, most_work, slowest_work]) = (ranks(times), ranks(works));
    println!(
        "report={} call={call} as_at={} as_known={} p50_ms={middle:.2} p99_ms={most:.2} \
         max_ms={slowest:.2} cpu_p50_ms={work:.2} cpu_p99_ms={most_work:.2} cpu_max_ms={slowest_work:.2} figures={} rows={rows}",
        last.code,
        parameters.as_at,
        parameters.as_known,
        last.figures.len(),
    );
}

fn first(views: &Views, name: ReportName, parameters: &Parameters, calls: usize) {
    ask("first", parameters, calls, |_| report(name, views, parameters, &stand()).unwrap());
}

/// As the server answers, which remembers what stands still.
fn served(remembered: &Remembered, views: &Views, name: ReportName, parameters: &Parameters, calls: usize) {
    ask("served", parameters, calls, |number| {
        let parameters = Parameters { as_known: parameters.as_known - number, ..*parameters };
        remembered.report(name, views, &parameters, &stand()).unwrap()
    });
}

/// How long a start takes from a snapshot, and how large that is.
fn snapshots(directory: &std::path::Path, log: &Log, views: &Views) {
    let (begun, so_far) = (Instant::now(), worked());
    snapshot::save(directory, views, &log.reader()).unwrap();
    let (written, writing) = (begun.elapsed().as_secs_f64(), worked() - so_far);
    let (begun, so_far) = (Instant::now(), worked());
    let again = snapshot::load(directory, &log.reader()).unwrap();
    println!(
        "snapshot bytes_per_event={:.0} write_s={written:.2} write_cpu_s={writing:.2} load_s={:.2} load_cpu_s={:.2}",
        std::fs::metadata(directory.join("derived/views.snapshot")).unwrap().len() as f64
            / again.size() as f64,
        begun.elapsed().as_secs_f64(),
        worked() - so_far,
    );
}

/// How many events had been recorded by the end of a day.
fn known_by(views: &Views, day: Date) -> u64 {
    let (mut low, mut high) = (1, views.size());
    let end: Timestamp = day.at(23, 59, 59, 0).in_tz("UTC").unwrap().timestamp();
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if views.known_until_at(middle).is_some_and(|at| at <= end) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

fn main() {
    let mut given = std::env::args().skip(1).filter(|it| it != "--bench");
    let events = given.next().map_or(1_000_000, |it| it.parse().unwrap());
    let calls = given.next().map_or(200, |it| it.parse().unwrap());
    let only = given.next();
    let directory = tempfile::tempdir().unwrap();
    let log = write(directory.path(), events);
    let size = log.head().size;

    let (before, begun, so_far) = (resident(), Instant::now(), worked());
    let (views, folds) = rebuild(&log);
    let (whole, work) = (begun.elapsed().as_secs_f64(), worked() - so_far);
    println!(
        "events={size} rebuild_events/s={:.0} a_cpu_second={:.0} folds_alone_a_cpu_second={:.0} \
         bytes_per_event={:.0}",
        size as f64 / whole,
        size as f64 / work,
        size as f64 / folds,
        (resident() - before) as f64 / size as f64,
    );
    snapshots(directory.path(), &log, &views);
    let parameters =
        |as_at: Date, as_known: u64| Parameters::new(as_at, as_known, Period::financial_year_of(as_at));
    let today = ledger::FIRST_DAY.checked_add((ledger::DAYS - 1).days()).unwrap();
    let chosen =
        |name: &ReportName| only.as_ref().is_none_or(|only| only.split(',').any(|it| it == name.code()));
    for name in ReportName::ALL.into_iter().filter(chosen) {
        first(&views, name, &parameters(today, size), calls);
    }
    let remembered = Remembered::default();
    let (begun, so_far) = (Instant::now(), worked());
    remembered.work_ahead(&views, || true);
    println!("ahead s={:.3} cpu_s={:.3}", begun.elapsed().as_secs_f64(), worked() - so_far);
    for name in ReportName::ALL.into_iter().filter(chosen) {
        served(&remembered, &views, name, &parameters(today, size), calls);
    }
    let year_ago = today.checked_sub(1.year()).unwrap();
    let dated = [ReportName::Commitments, ReportName::Lateness, ReportName::PolicyChanges];
    for name in dated.into_iter().filter(chosen) {
        let parameters = parameters(year_ago, known_by(&views, year_ago));
        first(&views, name, &parameters, calls);
        served(&remembered, &views, name, &parameters, calls);
    }
}

//! The real journal under the model: tiny segments, a cache of a few lives, a disk that can lose power, and a turnstile
//! before the writer that says which requests come into one group.
//!
//! Invariant: everything that happens here follows from the history's number, so that a failure can be had again.

use jiff::tz::TimeZone;
use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, Condvar, Mutex},
    task::{Context, Poll, Waker},
    time::Duration,
};
use storage::{Group, Log, Options, SimulatedDisk, backend::Keep};

use super::dice::Dice;
use crate::domain::{command::Recorded, event::Access};
use crate::journal::tests::{keyer, noon};
use crate::journal::{
    Appended, Journal, Limits, Proposal, Refused,
    clock::{Clock, SimulatedClock},
    codec,
    commit::{CommitPoint, Local, Outcome},
    keys,
};

pub(super) type Answer = Result<Vec<Appended>, Refused>;
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// Segments that hold a dozen events.
pub(super) fn tiny() -> Options {
    Options { segment_bytes: 8 << 10, background: false }
}

/// How often it is looked whether a request was answered without a group.
const MOMENT: Duration = Duration::from_millis(20);

#[derive(Default)]
struct Bar {
    held: bool,
    /// A group stands before the bar.
    arrived: bool,
    /// Somebody who writes first, once.
    rival: Option<Recorded>,
}

/// Stops the writer before it judges a group, while others gather behind it.
#[derive(Clone, Default)]
struct Turnstile(Arc<(Mutex<Bar>, Condvar)>);

impl Turnstile {
    fn change<T>(&self, change: impl FnOnce(&mut Bar) -> T) -> T {
        let changed = change(&mut self.0.0.lock().unwrap());
        self.0.1.notify_all();
        changed
    }

    fn wait(&self, while_: impl FnMut(&mut Bar) -> bool) {
        drop(self.0.1.wait_while(self.0.0.lock().unwrap(), while_).unwrap());
    }

    /// Waits a moment for a group; whether there is one.
    fn has_arrived(&self) -> bool {
        let waited =
            self.0.1.wait_timeout_while(self.0.0.lock().unwrap(), MOMENT, |bar| !bar.arrived).unwrap();
        waited.0.arrived
    }
}

struct Point {
    local: Local,
    turnstile: Turnstile,
}

impl CommitPoint for Point {
    fn group(&self) -> Option<Group> {
        self.turnstile.change(|bar| bar.arrived = true);
        self.turnstile.wait(|bar| bar.held);
        self.local.group()
    }

    fn commit(&mut self, group: Group) -> Outcome {
        let Some(rival) = self.turnstile.change(|bar| bar.rival.take()) else {
            return self.local.commit(group);
        };
        let mut first = self.local.group().unwrap();
        let mut event = Vec::new();
        codec::encode_into(&rival.event, &mut event).unwrap();
        let flags: Vec<_> = rival.irregularities.iter().map(|mark| mark.as_str()).collect();
        let draft = storage::Draft {
            source: rival.source.as_str(),
            salt: [0; 16],
            event: &event,
            flags: &flags,
            recorded_at: rival.recorded_at.as_microsecond(),
        };
        first.push(&draft, &[], keys::of(&rival.source, &rival.event)).unwrap();
        assert!(matches!(self.local.commit(first), Outcome::Committed));
        Outcome::Superseded
    }

    fn erase(&mut self, erasures: &[storage::Erasure]) -> Result<(), String> {
        self.local.erase(erasures)
    }

    fn close(self: Box<Self>) -> Result<(), String> {
        Box::new(self.local).close()
    }
}

pub(super) struct Engine {
    pub(super) disk: SimulatedDisk,
    pub(super) clock: Arc<SimulatedClock>,
    pub(super) journal: Journal,
    pub(super) access: Access,
    turnstile: Turnstile,
    runtime: tokio::runtime::Runtime,
}

impl Engine {
    pub(super) fn new(access: Access) -> Self {
        let disk = SimulatedDisk::new(u64::MAX);
        let identity = storage::Identity { ledger: [7; 16], origin: "test.example/ledger".into() };
        let log = Log::create(Arc::new(disk.clone()), identity, tiny(), keyer()).unwrap();
        Self::on(disk, log, Arc::new(SimulatedClock::at(noon())), access).unwrap()
    }

    /// A start finishes what erasures a crash has left; on a disk that fails under that, it fails.
    fn on(
        disk: SimulatedDisk,
        log: Log,
        clock: Arc<SimulatedClock>,
        access: Access,
    ) -> std::io::Result<Self> {
        let (turnstile, reader) = (Turnstile::default(), log.reader());
        let point = Point { local: Local::new(log), turnstile: turnstile.clone() };
        let limits = Limits { cached_lives: 4, ..Limits::default() };
        let zone = TimeZone::get("Europe/London").unwrap();
        let clock_of_journal: Arc<dyn Clock> = clock.clone();
        let journal = Journal::start(Box::new(point), reader, zone, access, clock_of_journal, limits)?;
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Ok(Self { disk, clock, journal, access, turnstile, runtime })
    }

    /// Has the first request come alone into a group, and all others into the next one. The answers, in order; and the
    /// rival that did not come to write.
    pub(super) fn burst(
        &self,
        requests: &[Vec<Proposal>],
        rival: Option<Recorded>,
    ) -> (Vec<Answer>, Option<Recorded>) {
        self.turnstile.change(|bar| *bar = Bar { held: true, arrived: false, rival });
        let mut appends: Vec<_> =
            requests.iter().map(|request| Box::pin(self.journal.append(request.clone(), None))).collect();
        let mut early: Vec<Option<Answer>> = Vec::new();
        for append in &mut appends {
            // The first poll puts it into the queue.
            let mut answer = poll(append);
            // A writer that trusts nothing any more answers without a group.
            while early.is_empty() && answer.is_none() && !self.turnstile.has_arrived() {
                answer = poll(append);
            }
            early.push(answer);
        }
        self.turnstile.change(|bar| bar.held = false);
        let answers = appends
            .into_iter()
            .zip(early)
            .map(|(append, early)| early.unwrap_or_else(|| self.runtime.block_on(append)))
            .collect();
        (answers, self.turnstile.change(|bar| bar.rival.take()))
    }

    fn stop(self) -> (SimulatedDisk, Arc<SimulatedClock>, Access) {
        self.journal.close();
        (self.disk, self.clock, self.access)
    }

    /// Stopped in order, and started again.
    pub(super) fn restarted(self) -> Self {
        let (disk, clock, access) = self.stop();
        let (log, _) = Log::open(Arc::new(disk.clone()), tiny(), keyer()).unwrap();
        Self::on(disk, log, clock, access).unwrap()
    }

    /// Loses its power now, with chance deciding what of the unsynced was kept; and is started again on a disk whose
    /// power lasts for so many operations.
    pub(super) fn crashed(self, dice: &mut Dice, power: u64) -> Self {
        // A crash of the machine does not wait for the writer to close the log: the files are those of this moment.
        let mut files = lost(&self.disk, dice);
        let (_, clock, access) = self.stop();
        let mut power = power;
        loop {
            let disk = SimulatedDisk::holding(&files, power);
            let opened = Log::open(Arc::new(disk.clone()), tiny(), keyer()).map_err(|why| why.to_string());
            let started = opened.and_then(|(log, _)| {
                Self::on(disk.clone(), log, clock.clone(), access).map_err(|why| why.to_string())
            });
            match started {
                Ok(engine) => return engine,
                Err(error) => {
                    assert!(power < u64::MAX, "the ledger does not open after a crash: {error}");
                    files = lost(&disk, dice);
                    power = u64::MAX;
                }
            }
        }
    }
}

fn poll<T>(future: &mut Pin<Box<impl Future<Output = T>>>) -> Option<T> {
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    }
}

fn lost(disk: &SimulatedDisk, dice: &mut Dice) -> Files {
    disk.crash(|length| match dice.below(4) {
        0 => Keep::All,
        1 => Keep::Nothing,
        2 => Keep::Front(dice.below(length as u64 + 1) as usize),
        _ => Keep::Back(dice.below(length as u64 + 1) as usize),
    })
}

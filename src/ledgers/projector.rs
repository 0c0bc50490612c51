//! Follows one ledger's feed and publishes its views: folds are pure, so the thread that runs them stands here. It begins
//! where the last snapshot of the views ends, if that fits the log.
//!
//! A second thread works out ahead what reports will be asked for ([`Remembered::work_ahead`]), so that nobody waits for it:
//! neither a reader nor the next state of the views.
//!
//! Invariant: a live record reaches the views the way a replayed one does, by a scan of the durable log; and what is
//! published is one immutable state at one position.

use std::{
    ops::ControlFlow,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tokio::sync::watch;

use super::remembered::Remembered;
use super::snapshot::Keeper;
use crate::journal::{Journal, codec};
use crate::projections::Views;

/// The least time between two publications.
const PUBLISH_EVERY: Duration = Duration::from_millis(20);
/// The same when a storm of records comes in: each publication makes the next change of every part copy it, and the
/// processor is then better left to the writer.
const PUBLISH_EVERY_IN_A_STORM: Duration = Duration::from_millis(200);
/// Records since the last publication from which on it is a storm.
const STORM: u64 = 1_000;
/// The time between two looks at a record that could not be read.
const RETRY: Duration = Duration::from_secs(1);
/// The time between two looks whether there is something to work out ahead. What is recorded late may make R10 anew each
/// time, which takes a tenth of that.
const LOOK_AHEAD_EVERY: Duration = Duration::from_secs(1);
/// The time between two looks whether to stop.
const LOOK_UP_EVERY: Duration = Duration::from_millis(50);
/// Records folded at most between two publications.
const STRIDE: u64 = 65_536;

/// One ledger's views, kept up to date.
pub struct Projector {
    published: watch::Receiver<Arc<Views>>,
    stop: Arc<AtomicBool>,
    threads: std::sync::Mutex<Vec<JoinHandle<()>>>,
}

impl Projector {
    /// Starts to follow the journal of the ledger in `directory`.
    pub fn start(directory: &Path, journal: &Journal, reports: &Arc<Remembered>) -> std::io::Result<Self> {
        let (publish, published) = watch::channel(Arc::new(Views::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let (stopping, following) = (stop.clone(), journal.clone());
        let keeper = Keeper::new(directory.to_owned(), journal.reader().clone());
        let thread = std::thread::Builder::new()
            .name("ledger-views".into())
            .spawn(move || follow(&following, keeper, &publish, &stopping))?;
        let this = Self { published, stop, threads: std::sync::Mutex::new(vec![thread]) };
        let (stopping, journal, reports) = (this.stop.clone(), journal.clone(), reports.clone());
        let published = this.published.clone();
        let ahead = std::thread::Builder::new()
            .name("ledger-reports".into())
            .spawn(move || look_ahead(&journal, &published, &reports, &stopping))?;
        if let Ok(mut threads) = this.threads.lock() {
            threads.push(ahead);
        }
        Ok(this)
    }

    /// The newest published views.
    pub fn latest(&self) -> Arc<Views> {
        self.published.borrow().clone()
    }

    /// Views that hold at least the first `size` records, when they are there; none if the projector has ended.
    pub async fn at_least(&self, size: u64) -> Option<Arc<Views>> {
        let mut published = self.published.clone();
        let views = published.wait_for(|views| views.size() >= size).await.ok()?;
        Some(views.clone())
    }

    /// Ends following. Blocks for at most a stride or one report, and while a snapshot is written.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        let threads = self.threads.lock().map(|mut threads| std::mem::take(&mut *threads));
        for thread in threads.unwrap_or_default() {
            // A panic of the projector was reported by its hook; the log is untouched by it.
            let _ = thread.join();
        }
    }
}

fn follow(journal: &Journal, mut keeper: Keeper, publish: &watch::Sender<Arc<Views>>, stop: &AtomicBool) {
    let mut views = keeper.load();
    if views.size() > 0 {
        publish.send_replace(Arc::new(views.clone()));
    }
    while !stop.load(Ordering::Relaxed) {
        let durable = journal.head().size;
        if views.size() >= durable {
            // Polled, not woken: one wake-up an interval, however many groups were committed in it.
            std::thread::sleep(PUBLISH_EVERY / 4);
            continue;
        }
        let begin = views.size();
        let end = durable.min(begin + STRIDE);
        if let Err(why) = fold(journal, &mut views, end) {
            // Readers who ask for the present wait for it and are told so; `apply` passes over what it has, so the next
            // look goes on from here.
            tracing::error!(%why, position = views.size(), "the views wait here");
            std::thread::sleep(RETRY);
            continue;
        }
        let published = Arc::new(views.clone());
        keeper.published(&published);
        publish.send_replace(published);
        if end == durable {
            let storm = end - begin >= STORM;
            std::thread::sleep(if storm { PUBLISH_EVERY_IN_A_STORM } else { PUBLISH_EVERY });
        }
    }
    keeper.close(&views);
}

/// Works out ahead what stands still, whenever the views have caught up with the log.
fn look_ahead(
    journal: &Journal,
    published: &watch::Receiver<Arc<Views>>,
    reports: &Remembered,
    stop: &AtomicBool,
) {
    let mut seen = 0;
    while !stop.load(Ordering::Relaxed) {
        let views = published.borrow().clone();
        // On the way through a long ledger each of its release points would be worked out for nobody.
        let has_caught_up = journal.head().size.saturating_sub(views.size()) < STORM;
        if views.size() > seen && has_caught_up {
            seen = views.size();
            reports.work_ahead(&views, || !stop.load(Ordering::Relaxed));
        }
        drop(views);
        let looked = Instant::now();
        while looked.elapsed() < LOOK_AHEAD_EVERY && !stop.load(Ordering::Relaxed) {
            std::thread::sleep(LOOK_UP_EVERY);
        }
    }
}

/// Folds the records up to `end`.
fn fold(journal: &Journal, views: &mut Views, end: u64) -> Result<(), String> {
    let mut failed = None;
    journal
        .reader()
        .scan(views.size(), end, &mut |record| match codec::recorded(&record) {
            Ok(fact) => {
                views.apply(&fact);
                ControlFlow::Continue(())
            }
            Err(error) => {
                failed = Some(error.to_string());
                ControlFlow::Break(())
            }
        })
        .map_err(|error| error.to_string())?;
    failed.map_or(Ok(()), Err)
}

impl Drop for Projector {
    fn drop(&mut self) {
        self.stop();
    }
}

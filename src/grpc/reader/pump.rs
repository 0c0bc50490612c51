//! Brings what a reader wants from the log to them, page by page, as they take it.
//!
//! Invariant: what is served has no gaps among what is wanted, and a reader that is let go is told why and where to go on.
//! A page is read when there is room for it: not before, and not for whoever has left.

use std::{sync::Arc, time::Instant};
use tonic::Status;

use super::refused;
use crate::grpc::{
    House, blocking,
    convert::{self, Filter},
    outlet::{Outlet, Stuck},
    status,
    wire::{self, CaughtUp, ReadResponse, RecordedEvent, SubscribeResponse, subscribe_response::Item},
};
use crate::journal::{Refused, keys, read::Entry};
use crate::ledgers::Ledger;
use crate::limits::READ_PAGE;

/// Where a reader's events come from.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) ledger: Arc<Ledger>,
    pub(super) filter: Arc<Filter>,
}

impl Source {
    /// What the reader wants of a page of the log.
    async fn page(&self, first: u64, end: u64) -> Result<Vec<RecordedEvent>, Status> {
        let source = self.clone();
        blocking(move || {
            let entries = source.ledger.journal.entries(first..end);
            entries.map(|entries| source.wanted(&entries)).map_err(|why| refused(&source.ledger, &why))
        })
        .await?
    }

    /// What the reader wants of some places in the log.
    async fn places(&self, sequences: Vec<u64>) -> Result<Vec<RecordedEvent>, Status> {
        let source = self.clone();
        blocking(move || {
            let entries = sequences.into_iter().map(|sequence| source.ledger.journal.entry(sequence));
            let entries =
                entries.collect::<Result<Vec<_>, _>>().map_err(|why| refused(&source.ledger, &why))?;
            Ok(source.wanted(&entries.into_iter().flatten().collect::<Vec<_>>()))
        })
        .await?
    }

    /// Where the events of single subjects stand, if single subjects are all that is wanted.
    async fn known_places(&self, first: u64, end: u64) -> Result<Option<Vec<u64>>, Status> {
        let Some(subjects) = self.filter.single_subjects() else { return Ok(None) };
        let source = self.clone();
        blocking(move || {
            let mut places = Vec::new();
            for subject in &subjects {
                let found = source.ledger.journal.reader().by_subject(keys::about(subject));
                let found =
                    found.map_err(|why| refused(&source.ledger, &Refused::Unreadable(why.to_string())))?;
                places.extend(found.into_iter().filter(|place| (first..end).contains(place)));
            }
            places.sort_unstable();
            places.dedup();
            Ok(Some(places))
        })
        .await?
    }

    fn wanted(&self, entries: &[Entry]) -> Vec<RecordedEvent> {
        let wanted = entries.iter().filter(|entry| self.filter.admits(&entry.recorded));
        wanted.map(convert::recorded).collect()
    }
}

/// Brings events from the log to one reader.
pub(super) struct Pump<T> {
    pub(super) source: Source,
    pub(super) outlet: Outlet<T>,
    pub(super) house: House,
    pub(super) until: Option<Instant>,
    /// The last sequence that the reader has been served, or that it did not want.
    pub(super) position: Option<u64>,
}

/// Why a pump stops.
enum Stop {
    /// All is said.
    Done,
    /// The reader must be told why.
    Because(Status),
}

impl From<Status> for Stop {
    fn from(why: Status) -> Self {
        Self::Because(why)
    }
}

impl<T> Pump<T> {
    async fn put(&self, message: T) -> Result<(), Stop> {
        tokio::select! {
            put = self.outlet.put(message) => put.map_err(|stuck| match stuck {
                Stuck::Left => Stop::Done,
                Stuck::Stalled => self.lagged("the reader took no message in time"),
            }),
            why = self.interrupted() => Err(Stop::Because(why)),
        }
    }

    fn lagged(&self, why: &str) -> Stop {
        Stop::Because(status::lagged(&self.source.ledger.name, self.position, why))
    }

    /// Resolves when the server stops or the caller's time is up.
    async fn interrupted(&self) -> Status {
        let too_late = async {
            match self.until {
                Some(until) => tokio::time::sleep_until(until.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.house.stopped() => status::stopping(),
            () = too_late => status::too_late(),
        }
    }

    /// Looked at before every page: where nothing matches the filter, nothing is put, and nobody would notice that the
    /// reader has left, that its time is up, or that the server stops.
    fn wanted_still(&self) -> Result<(), Stop> {
        if self.outlet.is_left() {
            return Err(Stop::Done);
        }
        if *self.house.stopping.borrow() {
            return Err(Stop::Because(status::stopping()));
        }
        if self.until.is_some_and(|until| until <= Instant::now()) {
            return Err(Stop::Because(status::too_late()));
        }
        Ok(())
    }

    fn finish(self, stop: Stop) {
        match stop {
            Stop::Done => {}
            Stop::Because(why) => self.outlet.end(why),
        }
    }
}

impl Pump<ReadResponse> {
    pub(super) async fn read(mut self, first: u64, end: u64, backwards: bool, limit: u64) {
        let stop = self.pages(first, end, backwards, limit).await;
        self.finish(stop.err().unwrap_or(Stop::Done));
    }

    async fn pages(&mut self, first: u64, end: u64, backwards: bool, mut left: u64) -> Result<(), Stop> {
        let page = READ_PAGE as u64;
        self.wanted_still()?;
        if let Some(mut places) = self.source.known_places(first, end).await? {
            if backwards {
                places.reverse();
            }
            for places in places.chunks(READ_PAGE) {
                self.wanted_still()?;
                let events = self.source.places(places.to_vec()).await?;
                self.serve(events, &mut left).await?;
            }
            return Ok(());
        }
        let (mut low, mut high) = (first, end);
        while low < high {
            self.wanted_still()?;
            let mut events;
            if backwards {
                let from = high.saturating_sub(page).max(low);
                events = self.source.page(from, high).await?;
                events.reverse();
                high = from;
            } else {
                let to = (low + page).min(high);
                events = self.source.page(low, to).await?;
                low = to;
            }
            self.serve(events, &mut left).await?;
        }
        Ok(())
    }

    async fn serve(&mut self, events: Vec<RecordedEvent>, left: &mut u64) -> Result<(), Stop> {
        for event in events {
            let sequence = event.sequence;
            self.put(ReadResponse { event: Some(event) }).await?;
            self.position = Some(sequence);
            *left -= 1;
            if *left == 0 {
                return Err(Stop::Done);
            }
        }
        Ok(())
    }
}

impl Pump<SubscribeResponse> {
    pub(super) async fn subscribe(mut self) {
        let stop = match self.follow().await {
            Ok(never) => match never {},
            Err(stop) => stop,
        };
        self.finish(stop);
    }

    async fn follow(&mut self) -> Result<std::convert::Infallible, Stop> {
        let journal = self.source.ledger.journal.clone();
        // What wakes us is told after the acknowledgements. So the head says where the ledger stands: who was
        // acknowledged and subscribes must not be called caught up before its own event. The signal is marked as seen
        // first, so that a head that moves after we read it wakes us.
        let mut committed = journal.committed();
        let asked = journal.head().size;
        while self.next() < asked {
            self.page(asked).await?;
        }
        self.put(item(Item::CaughtUp(CaughtUp { size: asked }))).await?;
        loop {
            committed.mark_unchanged();
            let size = journal.head().size;
            if size.saturating_sub(self.next()) > self.house.patience.lag {
                return Err(self.lagged("the reader is too far behind what is being recorded"));
            }
            if self.next() < size {
                self.page(size).await?;
                continue;
            }
            tokio::select! {
                // The journal has closed: the server is going.
                changed = committed.changed() => changed.map_err(|_| Stop::Because(status::stopping()))?,
                () = self.outlet.left() => return Err(Stop::Done),
                why = self.interrupted() => return Err(Stop::Because(why)),
            }
        }
    }

    fn next(&self) -> u64 {
        self.position.map_or(0, |position| position + 1)
    }

    /// Serves the next page, up to `end` at most.
    async fn page(&mut self, end: u64) -> Result<(), Stop> {
        self.wanted_still()?;
        let first = self.next();
        let end = end.min(first + READ_PAGE as u64);
        for event in self.source.page(first, end).await? {
            let sequence = event.sequence;
            self.put(item(Item::Event(event))).await?;
            self.position = Some(sequence);
        }
        self.position = end.checked_sub(1);
        Ok(())
    }
}

fn item(item: Item) -> SubscribeResponse {
    wire::SubscribeResponse { item: Some(item) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{Gate, token::Tokens};
    use crate::domain::{
        event::{Access, LedgerOpened},
        id::LedgerName,
        value::Label,
    };
    use crate::grpc::outlet::{Flow, outlet};
    use crate::journal::clock::SystemClock;
    use crate::ledgers::Ledgers;
    use futures_util::StreamExt as _;
    use std::time::Duration;
    use tokio::sync::{Semaphore, watch};

    /// A ledger with a genesis, and a reader that wants nothing of it.
    struct Wanting {
        _data: tempfile::TempDir,
        ledgers: Ledgers,
        house: House,
        stop: watch::Sender<bool>,
    }

    impl Wanting {
        /// On a thread of its own: opening and closing ledgers blocks, which the runtime's threads must not.
        fn new() -> Self {
            std::thread::spawn(Self::build).join().unwrap()
        }

        fn build() -> Self {
            let data = tempfile::tempdir().unwrap();
            let clock = Arc::new(SystemClock::new());
            let ledgers = Ledgers::open(
                data.path(),
                clock,
                crate::journal::Limits::default(),
                storage::Options::default(),
            )
            .unwrap();
            let opened = LedgerOpened {
                organisation: Label::parse("Acme").unwrap(),
                origin: "ledger.example/acme".into(),
                time_zone: "Europe/London".into(),
                example_data: true,
                simulated_clock: false,
                access: Access::Open,
            };
            ledgers.create(&LedgerName::parse("acme").unwrap(), opened).unwrap();
            let (stop, stopping) = watch::channel(false);
            let gate = Gate::new(Tokens::watch(data.path().join("tokens.json")));
            let patience = crate::grpc::Patience { stall: Duration::from_secs(1), lag: 1 };
            let house = House::new(ledgers.clone(), Arc::new(gate), patience, stopping);
            Self { _data: data, ledgers, house, stop }
        }

        fn pump<T>(&self, until: Option<Instant>) -> (Pump<T>, Flow<T>) {
            let filter = wire::Filter { types: vec!["action.*".into()], ..Default::default() };
            let filter = Arc::new(Filter::parse(Some(filter), None).unwrap());
            let ledger = self.house.ledger("ledgers/acme").unwrap();
            let place = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
            let (outlet, flow) = outlet(Duration::from_secs(1), place);
            let source = Source { ledger, filter };
            (Pump { source, outlet, house: self.house.clone(), until, position: None }, flow)
        }
    }

    impl Drop for Wanting {
        fn drop(&mut self) {
            let ledgers = self.ledgers.clone();
            std::thread::spawn(move || ledgers.close()).join().unwrap();
        }
    }

    #[tokio::test]
    async fn given_a_filter_that_nothing_matches_when_the_time_is_up_then_a_read_ends_as_too_late() {
        let it = Wanting::new();
        for backwards in [false, true] {
            let (pump, flow) = it.pump::<ReadResponse>(Some(Instant::now()));
            pump.read(0, 1, backwards, u64::MAX).await;
            let got: Vec<_> = flow.collect().await;
            assert!(matches!(&got[..], [Err(why)] if why.code() == tonic::Code::DeadlineExceeded), "{got:?}");
        }
        let (pump, flow) = it.pump::<SubscribeResponse>(Some(Instant::now()));
        pump.subscribe().await;
        let got: Vec<_> = flow.collect().await;
        assert!(matches!(&got[..], [Err(why)] if why.code() == tonic::Code::DeadlineExceeded), "{got:?}");
    }

    #[tokio::test]
    async fn given_a_filter_that_nothing_matches_when_the_caller_leaves_then_no_page_is_read() {
        let it = Wanting::new();
        let (mut pump, flow) = it.pump::<ReadResponse>(None);
        drop(flow);
        assert!(matches!(pump.pages(0, 1, false, u64::MAX).await, Err(Stop::Done)));
        let (mut pump, flow) = it.pump::<SubscribeResponse>(None);
        drop(flow);
        assert!(matches!(pump.page(1).await, Err(Stop::Done)));
        assert_eq!(pump.position, None);
    }

    #[tokio::test]
    async fn given_a_filter_that_nothing_matches_when_the_server_stops_then_a_read_says_so() {
        let it = Wanting::new();
        let (mut pump, _flow) = it.pump::<ReadResponse>(None);
        assert!(pump.pages(0, 1, false, u64::MAX).await.is_ok());
        it.stop.send_replace(true);
        let stop = pump.pages(0, 1, false, u64::MAX).await;
        assert!(matches!(stop, Err(Stop::Because(why)) if why.code() == tonic::Code::Unavailable));
    }
}

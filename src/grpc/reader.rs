//! What is recorded, for auditors; posting systems see their own events.
//!
//! Invariant: a reader gets a range without gaps, or is told where to go on. Records are pulled page by page as the
//! reader takes them: what one reader costs in memory does not depend on the ledger.

use prost::Message as _;
use std::{sync::Arc, time::Instant};
use tokio::sync::OwnedSemaphorePermit;
use tonic::{Request, Response, Status};
use tracing::Instrument as _;

use super::{
    Caller, House, blocking,
    convert::{self, Filter},
    outlet::{Flow, Outlet, Stuck, outlet},
    status::{self, Place},
    wire::{
        self, CaughtUp, CorrectedEvent, GetEventRequest, GetEventResponse, GetSubjectRequest,
        GetSubjectResponse, MarkCount, ReadRequest, ReadResponse, RecordedEvent, SubscribeRequest,
        SubscribeResponse, VoidedEvent, get_event_request::Key, reader_service_server::ReaderService,
        subscribe_response::Item,
    },
};
use crate::auth::{Principal, Role};
use crate::domain::{command::Recorded, id::SourceName, irregularity::Irregularity, rejection::Rejection};
use crate::journal::{Refused, keys, read::Entry};
use crate::ledgers::Ledger;
use crate::limits::{MAX_ANSWER, MAX_HISTORY, READ_PAGE};

/// The service.
#[derive(Clone)]
pub(super) struct Reader {
    house: House,
}

impl Reader {
    /// The service of that house.
    pub(super) const fn new(house: House) -> Self {
        Self { house }
    }

    fn place(&self) -> Result<OwnedSemaphorePermit, Status> {
        self.house.readers.clone().try_acquire_owned().map_err(|_| status::too_many_readers())
    }
}

/// Whose events a caller may see; none: everybody's.
fn only(principal: &Principal) -> Result<Option<SourceName>, Status> {
    if principal.is(Role::Auditor) {
        return Ok(None);
    }
    principal.source().cloned().map(Some).ok_or_else(status::others_events)
}

fn malformed(why: &Rejection) -> Status {
    status::rejected(None, Place::Request, why)
}

fn refused(ledger: &Ledger, why: &Refused) -> Status {
    status::refused(&ledger.name, Place::Event, why)
}

#[tonic::async_trait]
impl ReaderService for Reader {
    type ReadStream = Flow<ReadResponse>;
    type SubscribeStream = Flow<SubscribeResponse>;

    async fn get_event(
        &self,
        request: Request<GetEventRequest>,
    ) -> Result<Response<GetEventResponse>, Status> {
        let caller = Caller::of(&request)?;
        let only = only(&caller.principal)?;
        let request = request.into_inner();
        let ledger = self.house.ledger(&request.ledger)?;
        let key = request.key.ok_or_else(|| status::field("key", "missing", "give sequence, or id"))?;
        let wanted = match key {
            Key::Sequence(sequence) => Wanted::At(sequence),
            Key::Id(key) => match convert::key(&key.source, &key.event_id).map_err(|why| malformed(&why))? {
                (Some(source), id) => Wanted::By(source, id),
                (None, _) => return Err(status::field("id.source", "missing", "say which source posted it")),
            },
        };
        let event = blocking(move || {
            let found = match wanted {
                Wanted::At(sequence) => ledger.journal.entry(sequence),
                Wanted::By(source, id) => ledger.journal.find(&source, id),
            };
            let entry = found.map_err(|why| refused(&ledger, &why))?;
            let seen = entry.filter(|entry| only.is_none_or(|only| only == entry.recorded.source));
            seen.map(|entry| convert::recorded(&entry))
                .ok_or_else(|| status::not_found(&ledger.name, "such event"))
        });
        Ok(Response::new(GetEventResponse { event: Some(event.await??) }))
    }

    async fn read(&self, request: Request<ReadRequest>) -> Result<Response<Flow<ReadResponse>>, Status> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let ledger = self.house.ledger(&request.ledger)?;
        let filter =
            Filter::parse(request.filter, only(&caller.principal)?).map_err(|why| malformed(&why))?;
        let size = ledger.journal.head().size;
        let (first, end) = match (request.from, request.backwards) {
            (Some(from), _) if from > size || (request.backwards && from == size) => {
                return Err(status::beyond_head(&ledger.name, "from", from, size));
            }
            (from, false) => (from.unwrap_or(0), size),
            (from, true) => (0, from.map_or(size, |from| from + 1)),
        };
        let (outlet, flow) = outlet(self.house.patience.stall, self.place()?);
        let until = caller.deadline.and_then(super::Deadline::of_stream);
        let source = Source { ledger, filter: Arc::new(filter) };
        let pump = Pump { source, outlet, house: self.house.clone(), until, position: None };
        let limit = if request.limit == 0 { u64::MAX } else { request.limit };
        let work = pump.read(first, end, request.backwards, limit);
        tokio::spawn(work.instrument(tracing::Span::current()));
        Ok(Response::new(flow))
    }

    async fn subscribe(
        &self,
        request: Request<SubscribeRequest>,
    ) -> Result<Response<Flow<SubscribeResponse>>, Status> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let ledger = self.house.ledger(&request.ledger)?;
        let filter =
            Filter::parse(request.filter, only(&caller.principal)?).map_err(|why| malformed(&why))?;
        let size = ledger.journal.head().size;
        if let Some(after) = request.after.filter(|after| *after >= size) {
            // Whoever has seen more than there is follows another ledger, or this one before it was restored.
            return Err(status::beyond_head(&ledger.name, "after", after, size));
        }
        let (outlet, flow) = outlet(self.house.patience.stall, self.place()?);
        let until = caller.deadline.and_then(super::Deadline::of_stream);
        let source = Source { ledger, filter: Arc::new(filter) };
        let pump = Pump { source, outlet, house: self.house.clone(), until, position: request.after };
        tokio::spawn(pump.subscribe().instrument(tracing::Span::current()));
        Ok(Response::new(flow))
    }

    async fn get_subject(
        &self,
        request: Request<GetSubjectRequest>,
    ) -> Result<Response<GetSubjectResponse>, Status> {
        let caller = Caller::of(&request)?;
        let only = only(&caller.principal)?;
        let request = request.into_inner();
        let ledger = self.house.ledger(&request.ledger)?;
        let subject = convert::subject(&request.subject).map_err(|why| malformed(&why))?;
        let answer = blocking(move || {
            // The size first: what is told is at least as new as the position that it is said to be from.
            let as_known = ledger.journal.head().size;
            let life = ledger.journal.life(&subject).map_err(|why| refused(&ledger, &why))?;
            let is_seen = |source: &SourceName| only.as_ref().is_none_or(|only| only == source);
            let seen: Vec<_> = life.facts().iter().filter(|fact| is_seen(&fact.source)).collect();
            // A subject that only others wrote about is none to a poster: its state and version are theirs.
            if seen.is_empty() {
                return Err(status::not_found(&ledger.name, "such subject"));
            }
            let asked = seen.iter().map(|fact| fact.sequence);
            let asked =
                asked.filter(|sequence| request.after.is_none_or(|after| *sequence > after)).collect();
            let most = if request.limit == 0 { MAX_HISTORY } else { MAX_HISTORY.min(request.limit as usize) };
            let (history, is_whole) = history(&ledger, asked, most)?;
            let shown = |by: u64| seen.iter().any(|fact| fact.sequence == by).then_some(by);
            let voided = history.iter().filter_map(|event| {
                let by = life.voided_by(event.sequence)?;
                Some(VoidedEvent { sequence: event.sequence, by: shown(by) })
            });
            let corrected = history.iter().filter_map(|event| {
                let by = life.corrected_by(event.sequence)?;
                Some(CorrectedEvent { sequence: event.sequence, by: shown(by) })
            });
            let state = ledger.journal.state_name(&life).map_err(|why| refused(&ledger, &why))?;
            Ok(GetSubjectResponse {
                subject: subject.to_string(),
                version: life.version(),
                state: state.to_owned(),
                voided: voided.collect(),
                corrected: corrected.collect(),
                marks: marks(&seen),
                next_after: history.last().map(|event| event.sequence).filter(|_| !is_whole),
                history,
                as_known,
                read_at: Some(convert::field::instant(ledger.clock.now())),
            })
        });
        Ok(Response::new(answer.await??))
    }
}

/// As many events as one answer holds, and whether these are all of them. Counted as they are read: the longest would be
/// some 64 MiB.
fn history(ledger: &Ledger, sequences: Vec<u64>, most: usize) -> Result<(Vec<RecordedEvent>, bool), Status> {
    let mut bytes = 0;
    let mut history = Vec::with_capacity(sequences.len().min(most));
    for sequence in sequences {
        if history.len() == most {
            return Ok((history, false));
        }
        let entry = ledger.journal.entry(sequence).map_err(|why| refused(ledger, &why))?;
        let Some(event) = entry.as_ref().map(convert::recorded) else { continue };
        bytes += event.encoded_len() + PER_EVENT;
        // The first always fits: a record is far smaller than an answer.
        if bytes > MAX_ANSWER - FOR_THE_REST && !history.is_empty() {
            return Ok((history, false));
        }
        history.push(event);
    }
    Ok((history, true))
}

/// Room in an answer for what stands beside the history: where as many events were taken back as a page may have, and
/// every mark there is.
const FOR_THE_REST: usize = 32 << 10;

/// The marks of some events, in the order in which marks are declared.
fn marks(seen: &[&Arc<Recorded>]) -> Vec<MarkCount> {
    let count = |mark: &Irregularity| {
        let mut of = seen.iter().filter(|fact| fact.irregularities.contains(mark)).map(|fact| fact.sequence);
        let first = of.next()?;
        let (more, last) = of.fold((0, first), |(more, _), sequence| (more + 1, sequence));
        Some(MarkCount { irregularity: mark.to_string(), events: 1 + more, first, last })
    };
    Irregularity::ALL.iter().filter_map(count).collect()
}

/// What a message costs inside another, beside itself: its key and its length.
const PER_EVENT: usize = 8;

/// One event that is asked for.
enum Wanted {
    At(u64),
    By(SourceName, uuid::Uuid),
}

/// Where a reader's events come from.
#[derive(Clone)]
struct Source {
    ledger: Arc<Ledger>,
    filter: Arc<Filter>,
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
struct Pump<T> {
    source: Source,
    outlet: Outlet<T>,
    house: House,
    until: Option<Instant>,
    /// The last sequence that the reader has been served, or that it did not want.
    position: Option<u64>,
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
    async fn read(mut self, first: u64, end: u64, backwards: bool, limit: u64) {
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
    async fn subscribe(mut self) {
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
            let patience = super::super::Patience { stall: Duration::from_secs(1), lag: 1 };
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

//! What is recorded, for auditors; posting systems see their own events.
//!
//! Invariant: a reader gets a range without gaps, or is told where to go on. Records are pulled page by page as the
//! reader takes them: what one reader costs in memory does not depend on the ledger.

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
        self, CaughtUp, GetEventRequest, GetEventResponse, GetSubjectRequest, GetSubjectResponse,
        ReadRequest, ReadResponse, RecordedEvent, SubscribeRequest, SubscribeResponse,
        get_event_request::Key, reader_service_server::ReaderService, subscribe_response::Item,
    },
};
use crate::auth::{Principal, Role};
use crate::domain::{id::SourceName, rejection::Rejection};
use crate::journal::{Refused, keys, read::Entry};
use crate::ledgers::Ledger;
use crate::limits::{MAX_HISTORY, READ_PAGE};

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
            if life.version() == 0 {
                return Err(status::not_found(&ledger.name, "such subject"));
            }
            if life.facts().len() > MAX_HISTORY {
                return Err(status::long_history(&ledger.name, life.version(), MAX_HISTORY));
            }
            let seen =
                life.facts().iter().filter(|fact| only.as_ref().is_none_or(|only| *only == fact.source));
            let history = seen.map(|fact| ledger.journal.entry(fact.sequence));
            let history = history.collect::<Result<Vec<_>, _>>().map_err(|why| refused(&ledger, &why))?;
            Ok(GetSubjectResponse {
                subject: subject.to_string(),
                version: life.version(),
                state: life.state_name().to_owned(),
                history: history.iter().flatten().map(convert::recorded).collect(),
                as_known,
                read_at: Some(convert::field::instant(ledger.clock.now())),
            })
        });
        Ok(Response::new(answer.await??))
    }
}

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
        if let Some(mut places) = self.source.known_places(first, end).await? {
            if backwards {
                places.reverse();
            }
            for places in places.chunks(READ_PAGE) {
                let events = self.source.places(places.to_vec()).await?;
                self.serve(events, &mut left).await?;
            }
            return Ok(());
        }
        let (mut low, mut high) = (first, end);
        while low < high {
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

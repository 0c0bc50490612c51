//! What is recorded, for auditors; posting systems see their own events.
//!
//! Invariant: a reader gets a range without gaps, or is told where to go on. Records are pulled page by page as the
//! reader takes them: what one reader costs in memory does not depend on the ledger.

mod pump;

use prost::Message as _;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use tonic::{Request, Response, Status};
use tracing::Instrument as _;

use self::pump::{Pump, Source};
use super::{
    Caller, House, blocking,
    convert::{self, Filter},
    outlet::{Flow, outlet},
    status::{self, Place},
    wire::{
        CorrectedEvent, GetEventRequest, GetEventResponse, GetSubjectRequest, GetSubjectResponse, MarkCount,
        ReadRequest, ReadResponse, RecordedEvent, SubscribeRequest, SubscribeResponse, VoidedEvent,
        get_event_request::Key, reader_service_server::ReaderService,
    },
};
use crate::auth::{Principal, Role};
use crate::domain::{command::Recorded, id::SourceName, irregularity::Irregularity, rejection::Rejection};
use crate::journal::Refused;
use crate::ledgers::Ledger;
use crate::limits::{MAX_ANSWER, MAX_HISTORY};

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

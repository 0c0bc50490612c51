//! Where posting systems record: parse, hand to the journal, answer when it is durable.
//!
//! Invariant: what the writer took is recorded or refused whether or not the caller is still there; nothing here takes
//! it back. On a stream, requests reach the writer in the order in which they came.

use futures_util::{Stream, StreamExt as _, future, stream};
use prost::Message as _;
use std::{pin::Pin, time::Instant};
use tonic::{Request, Response, Status, Streaming};

use super::{
    Caller, House, blocking, convert, proofs,
    status::{self, Place},
    wire::{
        AppendRequest, AppendResponse, AppendResult, AppendStreamRequest, AppendStreamResponse,
        GetReceiptRequest, GetReceiptResponse, Receipt, Refusal, append_stream_response::Outcome,
        recorder_service_server::RecorderService,
    },
};
use crate::auth::Role;
use crate::domain::id::SourceName;
use crate::limits::{MAX_APPEND, MAX_BATCH, MAX_PIPELINED, REQUEST_TIMEOUT};

/// The service.
#[derive(Clone)]
pub(super) struct Recorder {
    house: House,
}

type Answers = Pin<Box<dyn Stream<Item = Result<AppendStreamResponse, Status>> + Send>>;

impl Recorder {
    /// The service of that house.
    pub(super) const fn new(house: House) -> Self {
        Self { house }
    }

    async fn record(
        &self,
        request: AppendRequest,
        source: &SourceName,
        deadline: Instant,
    ) -> Result<AppendResponse, Status> {
        let ledger = self.house.ledger(&request.ledger)?;
        let proving = proofs::are_wanted(request.receipt)?;
        let events = request.events;
        if events.is_empty() || events.len() > MAX_BATCH {
            return Err(status::field(
                "events",
                "not 1 to 1,000 events",
                "send 1 to 1,000 events in a request",
            ));
        }
        if events.iter().map(prost::Message::encoded_len).sum::<usize>() > MAX_APPEND {
            return Err(status::too_large("events", MAX_APPEND));
        }
        let refuse =
            |(index, rejection)| status::rejected(Some(&ledger.name), Place::Event(index), &rejection);
        let proposals = events
            .into_iter()
            .enumerate()
            .map(|(index, event)| convert::command(event, source).map_err(|why| (index, why)))
            .collect::<Result<_, _>>()
            .map_err(refuse)?;
        let refuse = |refused| status::refused(&ledger.name, Place::Event, &refused);
        if request.validate_only {
            let judged = ledger.journal.judge(proposals, Some(deadline)).await.map_err(refuse)?;
            let judgements = judged.iter().map(|it| convert::judgement(&ledger.name, it)).collect();
            return Ok(AppendResponse { results: Vec::new(), judgements });
        }
        let appended = ledger.journal.append(proposals, Some(deadline)).await.map_err(refuse)?;
        let mut results: Vec<AppendResult> = appended
            .iter()
            .map(|appended| AppendResult {
                receipt: Some(convert::receipt(&ledger.name, &appended.receipt)),
                repeated: appended.repeated,
                tlog_proof: String::new(),
            })
            .collect();
        if proving {
            let sequences = appended.iter().map(|appended| appended.receipt.sequence).collect();
            for (result, proof) in results.iter_mut().zip(proofs::of(&ledger, sequences).await?) {
                result.tlog_proof = proof;
            }
        }
        Ok(AppendResponse { results, judgements: Vec::new() })
    }

    /// The answer to one request of a stream: a refusal, too, is an answer.
    async fn answer(
        &self,
        request: AppendStreamRequest,
        source: &SourceName,
        deadline: Option<Instant>,
    ) -> AppendStreamResponse {
        let deadline = deadline.unwrap_or_else(|| Instant::now() + REQUEST_TIMEOUT);
        let recorded = async {
            let append =
                request.append.ok_or_else(|| status::field("append", "missing", "give the request"))?;
            let recorded = self.record(append, source, deadline);
            tokio::time::timeout_at(deadline.into(), recorded)
                .await
                .unwrap_or_else(|_| Err(status::too_late()))
        };
        let outcome = match recorded.await {
            Ok(appended) => Outcome::Appended(appended),
            Err(status) => Outcome::Refused(refusal(&status)),
        };
        AppendStreamResponse { correlation: request.correlation, outcome: Some(outcome) }
    }
}

fn refusal(status: &Status) -> Refusal {
    let mut details = status.details().to_vec();
    if details.is_empty() {
        // Our own statuses carry theirs; this is for one that tonic made.
        let bare = tonic_types::pb::Status {
            code: status.code().into(),
            message: status.message().to_owned(),
            details: Vec::new(),
        };
        details = bare.encode_to_vec();
    }
    Refusal { code: status.code().into(), message: status.message().to_owned(), status: details }
}

fn source(caller: &Caller) -> Result<SourceName, Status> {
    let named = caller.principal.source().cloned();
    // The door lets nobody without a name come so far.
    named.ok_or_else(|| status::internal("a posting system without a name"))
}

#[tonic::async_trait]
impl RecorderService for Recorder {
    type AppendStreamStream = Answers;

    async fn append(&self, request: Request<AppendRequest>) -> Result<Response<AppendResponse>, Status> {
        let caller = Caller::of(&request)?;
        let deadline =
            caller.deadline.map_or_else(|| Instant::now() + REQUEST_TIMEOUT, |deadline| deadline.at);
        self.record(request.into_inner(), &source(&caller)?, deadline).await.map(Response::new)
    }

    async fn append_stream(
        &self,
        request: Request<Streaming<AppendStreamRequest>>,
    ) -> Result<Response<Answers>, Status> {
        let caller = Caller::of(&request)?;
        let source = source(&caller)?;
        let deadline = caller.deadline.and_then(super::Deadline::of_stream);
        let (recorder, house) = (self.clone(), self.house.clone());
        let requests = request.into_inner().take_until(async move { house.stopped().await });
        // `buffered` polls first what came first, and a request is in the writer's queue after its first poll: so the
        // order of the stream is the order of the ledger.
        let answers = requests.map(move |request| {
            let (recorder, source) = (recorder.clone(), source.clone());
            async move { Ok(recorder.answer(request?, &source, deadline).await) }
        });
        let stopping = self.house.stopping.clone();
        let end = stream::once(future::lazy(move |_| *stopping.borrow()));
        let end = end.filter_map(|stopping| future::ready(stopping.then(|| Err(status::stopping()))));
        Ok(Response::new(Box::pin(answers.buffered(MAX_PIPELINED).chain(end))))
    }

    async fn get_receipt(
        &self,
        request: Request<GetReceiptRequest>,
    ) -> Result<Response<GetReceiptResponse>, Status> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let ledger = self.house.ledger(&request.ledger)?;
        let proving = proofs::are_wanted(request.receipt)?;
        let key = convert::key(&request.source, &request.event_id)
            .map_err(|why| status::rejected(None, Place::Request, &why))?;
        let (asked, id) = key;
        let source = asked.or_else(|| caller.principal.source().cloned());
        let source =
            source.ok_or_else(|| status::field("source", "missing", "say which source posted the event"))?;
        if caller.principal.source() != Some(&source) && !caller.principal.is(Role::Auditor) {
            return Err(status::others_events());
        }
        let of = ledger.clone();
        let receipt: Receipt = blocking(move || {
            let ledger = of;
            let refuse = |refused| status::refused(&ledger.name, Place::Event, &refused);
            let entry = ledger.journal.find(&source, id).map_err(refuse)?;
            let entry = entry
                .ok_or_else(|| status::not_found(&ledger.name, "event with this id, from this source,"))?;
            let receipt = ledger.journal.receipt(&entry).map_err(refuse)?;
            Ok::<_, Status>(convert::receipt(&ledger.name, &receipt))
        })
        .await??;
        let proofs = if proving { proofs::of(&ledger, vec![receipt.sequence]).await? } else { Vec::new() };
        let tlog_proof = proofs.into_iter().next().unwrap_or_default();
        Ok(Response::new(GetReceiptResponse { receipt: Some(receipt), tlog_proof }))
    }
}

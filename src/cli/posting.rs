//! Events on their way to a server: which go together in a request, many in flight, and again when it was busy.
//!
//! Invariant: the order of the file is kept. Once the server was too busy for a request, nothing that follows is sent
//! before that request is sent again; what was in flight is waited for, and what was recorded of it is counted.

use prost::Message as _;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::client::{self, Refusal, Server};
use crate::grpc::wire::{
    Anonymity, AppendRequest, AppendResponse, AppendStreamRequest, AppendStreamResponse, Event, ReceiptKind,
    append_stream_response::Outcome, event::Payload,
};
use crate::limits::{MAX_APPEND, MAX_BATCH, MAX_PIPELINED};

/// How often in a row a server may be too busy for the same request.
const PATIENCE: u32 = 6;
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(5);

/// One request, and the places in the file that its events come from.
#[derive(Clone, Default)]
pub(super) struct Request {
    pub(super) lines: Vec<usize>,
    pub(super) events: Vec<Event>,
    pub(super) bytes: usize,
}

impl Request {
    fn add(&mut self, line: usize, event: Event) {
        self.bytes += event.encoded_len();
        self.lines.push(line);
        self.events.push(event);
    }
}

/// Puts events into requests. Anonymous neighbours go together, whatever `batch` says: a release of too few is refused.
pub(super) fn requests(events: Vec<(usize, Event)>, batch: usize) -> Vec<Request> {
    let mut requests: Vec<Request> = Vec::new();
    let mut release = Vec::new();
    let mut joined = false;
    for (line, event) in events {
        if is_anonymous(&event) {
            release.push((line, event));
            joined = false;
            continue;
        }
        requests.extend(split(std::mem::take(&mut release)));
        let bytes = event.encoded_len();
        let fits = |last: &Request| joined && last.events.len() < batch && last.bytes + bytes <= MAX_APPEND;
        if !requests.last().is_some_and(fits) {
            requests.push(Request::default());
        }
        if let Some(last) = requests.last_mut() {
            last.add(line, event);
        }
        joined = true;
    }
    requests.extend(split(release));
    requests
}

/// Splits a release evenly into as few requests as hold it: a small rest would be refused.
fn split(release: Vec<(usize, Event)>) -> Vec<Request> {
    let count = release.len();
    let sizes: Vec<usize> = release.iter().map(|(_, event)| event.encoded_len()).collect();
    // Part p of n ends before this item.
    let end = |part: usize, parts: usize| part * count / parts;
    let fits = |parts: usize| {
        (0..parts).all(|part| {
            let items = end(part, parts)..end(part + 1, parts);
            items.len() <= MAX_BATCH && sizes[items].iter().sum::<usize>() <= MAX_APPEND
        })
    };
    let parts = (1..=count).find(|parts| fits(*parts)).unwrap_or(count);
    let mut items = release.into_iter();
    let mut requests = Vec::with_capacity(parts);
    for part in 0..parts {
        let mut request = Request::default();
        for (line, event) in items.by_ref().take(end(part + 1, parts) - end(part, parts)) {
            request.add(line, event);
        }
        requests.push(request);
    }
    requests
}

pub(super) fn is_anonymous(event: &Event) -> bool {
    matches!(&event.payload, Some(Payload::FeedbackReceived(it)) if it.anonymity() == Anonymity::Anonymous)
}

/// Who is told what became of each request.
pub(super) trait Told {
    /// These are recorded; or, in a dry run, would be.
    fn answered(&mut self, lines: &[usize], answer: AppendResponse);
    /// These will not be.
    fn refused(&mut self, lines: &[usize], refusal: &Refusal);
    /// How people find a place in the file.
    fn place(&self, line: usize) -> String;
}

/// Posts requests, and tells why it did not come to the end, if it did not.
pub(super) async fn post(
    server: &Server,
    ledger: &str,
    requests: Vec<Request>,
    kind: ReceiptKind,
    told: &mut impl Told,
) -> anyhow::Result<Option<String>> {
    let requests: Arc<[Request]> = requests.into();
    let mut waiting: Vec<usize> = (0..requests.len()).collect();
    let mut patience = PATIENCE;
    while !waiting.is_empty() {
        let before = waiting.len();
        let ended = match round(server, (ledger, kind), &requests, &mut waiting, told).await {
            Ok(ended) => ended,
            // In the first round, nothing has been done yet.
            Err(status) if before == requests.len() => return Err(client::failed(&status)),
            Err(status) => return Ok(Some(format!("{:#}", client::failed(&status)))),
        };
        match ended {
            Ended::Whole => {}
            Ended::Stopped(why) => return Ok(Some(why)),
            Ended::Busy { why, pause } => {
                patience = if waiting.len() < before { PATIENCE } else { patience - 1 };
                if patience == 0 {
                    return Ok(Some(why));
                }
                let longer = pause.saturating_mul(1 << (PATIENCE - patience));
                tokio::time::sleep(longer.min(LONGEST)).await;
            }
        }
    }
    Ok(None)
}

/// How a round ended.
enum Ended {
    /// Everything was answered.
    Whole,
    /// The server was too busy for a request; that one and those behind it may be sent again.
    Busy { why: String, pause: Duration },
    /// Nothing more would fare better.
    Stopped(String),
}

/// Sends what waits, until it is all answered or the server is too busy. What is settled then waits no longer.
async fn round(
    server: &Server,
    asked: (&str, ReceiptKind),
    requests: &Arc<[Request]>,
    waiting: &mut Vec<usize>,
    told: &mut impl Told,
) -> Result<Ended, Status> {
    let enough = Arc::new(AtomicBool::new(false));
    let stream = send(asked, requests, waiting, &enough);
    let mut answers = server.recorder().append_stream(stream).await?.into_inner();
    let mut settled = vec![false; requests.len()];
    let mut ended = None;
    let mut left = waiting.len();
    while left > 0 {
        let answer = match answers.message().await {
            Ok(Some(answer)) => answer,
            Ok(None) => {
                let early = "the server ended the stream before it had answered everything";
                ended.get_or_insert_with(|| Ended::Stopped(early.into()));
                break;
            }
            Err(status) => {
                ended.get_or_insert_with(|| Ended::Stopped(format!("{:#}", client::failed(&status))));
                break;
            }
        };
        let index = usize::try_from(answer.correlation).unwrap_or(usize::MAX);
        let Some(request) = requests.get(index).filter(|_| !settled[index]) else { continue };
        left -= 1;
        match judge(answer) {
            Answer::Recorded(appended) => {
                settled[index] = true;
                told.answered(&request.lines, appended);
            }
            // It may be refused only because what it builds on was not recorded.
            Answer::Refused(_) if ended.is_some() => {}
            Answer::Refused(refusal) if refusal.passing || refusal.hopeless => {
                let place = request.lines.first().map(|line| told.place(*line)).unwrap_or_default();
                let why = format!("stopped at {place}: {}", refusal.message);
                ended = Some(match refusal.pause.filter(|_| refusal.passing) {
                    Some(pause) => Ended::Busy { why, pause },
                    None => Ended::Stopped(why),
                });
            }
            Answer::Refused(refusal) => {
                settled[index] = true;
                told.refused(&request.lines, &refusal);
            }
            Answer::Unknown => {
                let why = "the server answered in a way that this version does not know";
                ended.get_or_insert_with(|| Ended::Stopped(why.into()));
            }
        }
        if ended.is_some() {
            // What is in flight is still answered; then the server ends the stream.
            enough.store(true, Ordering::Relaxed);
        }
    }
    waiting.retain(|index| !settled[*index]);
    Ok(ended.unwrap_or(Ended::Whole))
}

/// The requests that wait, in their order, until it is enough.
fn send(
    (ledger, kind): (&str, ReceiptKind),
    requests: &Arc<[Request]>,
    waiting: &[usize],
    enough: &Arc<AtomicBool>,
) -> ReceiverStream<AppendStreamRequest> {
    let (send, stream) = mpsc::channel(MAX_PIPELINED);
    let (ledger, requests, waiting) = (ledger.to_owned(), Arc::clone(requests), waiting.to_vec());
    let enough = Arc::clone(enough);
    tokio::spawn(async move {
        for index in waiting {
            let events = requests[index].events.clone();
            let receipt = kind.into();
            let append =
                Some(AppendRequest { ledger: ledger.clone(), events, validate_only: false, receipt });
            let request = AppendStreamRequest { correlation: index as u64, append };
            // Room first: while we waited for it, it may have become enough.
            let Ok(room) = send.reserve().await else { return };
            if enough.load(Ordering::Relaxed) {
                return;
            }
            room.send(request);
        }
    });
    ReceiverStream::new(stream)
}

enum Answer {
    Recorded(AppendResponse),
    Refused(Refusal),
    Unknown,
}

fn judge(answer: AppendStreamResponse) -> Answer {
    match answer.outcome {
        Some(Outcome::Appended(appended)) => Answer::Recorded(appended),
        Some(Outcome::Refused(refused)) => {
            let code = tonic::Code::from_i32(refused.code);
            let status = Status::with_details(code, refused.message, refused.status.into());
            Answer::Refused(Refusal::of(&status))
        }
        None => Answer::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grpc::wire::{ActionStarted, FeedbackReceived};

    fn event(anonymous: bool) -> Event {
        let payload = if anonymous {
            let anonymity = Anonymity::Anonymous.into();
            Payload::FeedbackReceived(FeedbackReceived { anonymity, ..FeedbackReceived::default() })
        } else {
            Payload::ActionStarted(ActionStarted {})
        };
        Event { payload: Some(payload), ..Event::default() }
    }

    #[test]
    fn each_line_is_a_request_but_anonymous_neighbours_go_together() {
        let kinds = [false, false, true, true, true, false, true];
        let events: Vec<_> = (1..).zip(kinds.map(event)).collect();
        let lines =
            |batch| requests(events.clone(), batch).into_iter().map(|it| it.lines).collect::<Vec<_>>();
        assert_eq!(lines(1), [vec![1], vec![2], vec![3, 4, 5], vec![6], vec![7]]);
        assert_eq!(lines(10), [vec![1, 2], vec![3, 4, 5], vec![6], vec![7]]);
    }

    #[test]
    fn a_large_release_leaves_no_small_rest() {
        for count in [5, 999, 1_000, 1_001, 1_004, 1_005, 2_001, 3_333] {
            let events: Vec<_> = (1..=count).map(|line| (line, event(true))).collect();
            let requests = requests(events, 1);
            let lines: Vec<usize> = requests.iter().flat_map(|it| it.lines.clone()).collect();
            assert_eq!(lines, (1..=count).collect::<Vec<_>>());
            assert!(requests.iter().all(|it| (5..=MAX_BATCH).contains(&it.lines.len())), "{count}");
            assert_eq!(requests.len(), count.div_ceil(MAX_BATCH));
        }
    }

    #[test]
    fn a_release_of_large_items_is_split_by_its_bytes() {
        let large = Event { subject: "x".repeat(60_000), ..event(true) };
        let events: Vec<_> = (1..=30).map(|line| (line, large.clone())).collect();
        let requests = requests(events, 1);
        assert!(requests.iter().all(|it| it.bytes <= MAX_APPEND && it.lines.len() >= 5));
    }
}

//! Fifty times killed under load: nothing acknowledged is lost, nothing stands twice, nothing is there that nobody sent,
//! no batch is half there, and a retry gets the first receipt.

use pledgebook::grpc::wire::{
    self, AppendResult, Event, GetReceiptRequest, reader_service_client::ReaderServiceClient,
    recorder_service_client::RecorderServiceClient,
};
use rand::{Rng as _, SeedableRng as _};
use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tonic::{Code, service::interceptor::InterceptedService, transport::Channel};

use crate::binary::Program;
use crate::seed::{append, post};
use crate::server::{LEDGER, Who, endpoint};

/// How often the program is killed.
const KILLS: u64 = 50;
/// Closed loops of callers.
const CALLERS: usize = 8;

type Recorder = RecorderServiceClient<InterceptedService<Channel, Who>>;

/// One request: its events, and what the caller heard.
struct Sent {
    events: Vec<Event>,
    answer: Option<Vec<AppendResult>>,
}

async fn recorder(address: SocketAddr) -> Recorder {
    let channel = endpoint(address).connect().await.unwrap();
    RecorderServiceClient::with_interceptor(channel, Who::Source("governance"))
}

/// Sends one request after another until the server is gone; the last one was never answered.
async fn call_until_gone(address: SocketAddr, number: Arc<AtomicUsize>, largest: usize) -> Vec<Sent> {
    let mut recorder = recorder(address).await;
    let mut sent = Vec::new();
    loop {
        let first = number.fetch_add(largest, Ordering::Relaxed);
        let events: Vec<_> = (first..first + largest).map(|n| post(format!("p-{n}"))).collect();
        let answer = recorder.append(append(events.clone())).await;
        match answer {
            Ok(answer) => sent.push(Sent { events, answer: Some(answer.into_inner().results) }),
            Err(status) => {
                let gone = matches!(
                    status.code(),
                    Code::Unavailable | Code::Unknown | Code::Cancelled | Code::Internal
                );
                assert!(gone, "{status:?}");
                sent.push(Sent { events, answer: None });
                return sent;
            }
        }
    }
}

/// What is known of a request after the restart, before anybody retries it.
async fn is_there(recorder: &mut Recorder, event: &Event) -> bool {
    let request =
        GetReceiptRequest { ledger: LEDGER.into(), event_id: event.event_id.clone(), source: String::new() };
    match recorder.get_receipt(request).await {
        Ok(_) => true,
        Err(status) if status.code() == Code::NotFound => false,
        Err(status) => panic!("{status:?}"),
    }
}

/// Checks one round's requests against the restarted server, and retries them all.
async fn check(recorder: &mut Recorder, round: Vec<Sent>) -> Vec<Event> {
    let mut all = Vec::new();
    for sent in round {
        let mut there = Vec::new();
        for event in &sent.events {
            there.push(is_there(recorder, event).await);
        }
        assert!(there.iter().all(|t| *t == there[0]), "a batch is half there: {there:?}");
        assert!(there[0] || sent.answer.is_none(), "an acknowledged event is lost");
        let again = recorder.append(append(sent.events.clone())).await.unwrap().into_inner().results;
        assert!(again.iter().all(|result| result.repeated == there[0]));
        if let Some(first) = sent.answer {
            for (first, again) in first.iter().zip(&again) {
                assert_eq!(first.receipt, again.receipt, "a retry got another receipt");
            }
        }
        all.extend(sent.events);
    }
    all
}

async fn everything(address: SocketAddr) -> Vec<wire::RecordedEvent> {
    let mut reader = ReaderServiceClient::new(endpoint(address).connect().await.unwrap());
    let request = wire::ReadRequest { ledger: LEDGER.into(), ..Default::default() };
    let mut stream = reader.read(request).await.unwrap().into_inner();
    let mut events = Vec::new();
    while let Some(answer) = stream.message().await.unwrap() {
        events.push(answer.event.unwrap());
    }
    events
}

#[tokio::test(flavor = "multi_thread")]
async fn given_callers_when_the_program_is_killed_fifty_times_then_the_ledger_is_exactly_what_was_acknowledged_or_retried()
 {
    let data = tempfile::tempdir().unwrap();
    let seed = rand::random();
    println!("seed {seed}");
    let mut dice = rand::rngs::StdRng::seed_from_u64(seed);
    let mut program = Program::start(data.path());
    program.create().await;
    let number = Arc::new(AtomicUsize::new(0));
    let (mut posted, mut restarts, mut unanswered) = (HashMap::new(), Vec::new(), 0);
    for _ in 0..KILLS {
        let callers: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let largest = [1, 1, 1, 1, 1, 3, 7, 20][caller];
                tokio::spawn(call_until_gone(program.address, number.clone(), largest))
            })
            .collect();
        tokio::time::sleep(Duration::from_micros(dice.random_range(5_000..150_000))).await;
        program.kill();
        let mut round = Vec::new();
        for caller in callers {
            round.extend(caller.await.unwrap());
        }
        unanswered += round.iter().filter(|sent| sent.answer.is_none()).count();
        let began = Instant::now();
        program = Program::start(data.path());
        restarts.push(began.elapsed());
        for event in check(&mut recorder(program.address).await, round).await {
            posted.insert(event.event_id.clone(), event);
        }
    }
    let held = everything(program.address).await;
    let mut seen = HashSet::new();
    for (place, recorded) in held.iter().enumerate() {
        assert_eq!(recorded.sequence, place as u64, "a gap");
        let event = recorded.event.as_ref().unwrap();
        assert!(seen.insert(&event.event_id), "{} stands twice", event.event_id);
        if place > 0 {
            let sent = posted.get(&event.event_id).expect("an event that nobody sent");
            assert_eq!(event.payload, sent.payload, "an event that was altered");
        }
    }
    assert_eq!(held.len(), posted.len() + 1, "an event is lost");
    assert!(program.terminate().success());
    let verified = std::process::Command::new(env!("CARGO_BIN_EXE_pledgebook"))
        .args(["verify", "--json"])
        .arg(data.path())
        .output()
        .unwrap();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    restarts.sort();
    println!(
        "{KILLS} kills, {} events, {unanswered} requests without an answer, restart median {:?}, longest {:?}",
        posted.len(),
        restarts[restarts.len() / 2],
        restarts[restarts.len() - 1],
    );
}

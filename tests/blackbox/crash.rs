//! Fifty times killed under load: nothing acknowledged is lost, nothing stands twice, nothing is there that nobody sent,
//! no batch is half there, and a retry gets the first receipt.

use pledgebook::grpc::wire::Event;
use rand::{Rng as _, SeedableRng as _};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tonic::Code;

use crate::binary::Program;
use crate::machine::script::{Caller, Recorder, recorder, verify};
use crate::seed::post;

/// How often the program is killed.
const KILLS: u64 = 50;
/// Closed loops of callers.
const CALLERS: usize = 8;

/// One request: its events, and whether the caller heard of them.
struct Sent {
    events: Vec<Event>,
    answered: bool,
}

/// Sends one request after another until the server is gone; the last one was never answered.
async fn call_until_gone(
    caller: Caller,
    address: SocketAddr,
    number: Arc<AtomicUsize>,
    largest: usize,
) -> Vec<Sent> {
    let mut recorder = recorder(address).await;
    let mut sent = Vec::new();
    loop {
        let first = number.fetch_add(largest, Ordering::Relaxed);
        let events: Vec<_> = (first..first + largest).map(|n| post(format!("p-{n}"))).collect();
        match caller.append(&mut recorder, events.clone()).await {
            Ok(_) => sent.push(Sent { events, answered: true }),
            Err(status) => {
                let gone = matches!(
                    status.code(),
                    Code::Unavailable | Code::Unknown | Code::Cancelled | Code::Internal
                );
                assert!(gone, "{status:?}");
                sent.push(Sent { events, answered: false });
                return sent;
            }
        }
    }
}

/// Checks one round's requests against the restarted server, and retries them all.
async fn check(caller: &Caller, recorder: &mut Recorder, round: Vec<Sent>) {
    for sent in round {
        let mut there = Vec::new();
        for event in &sent.events {
            there.push(caller.look(recorder, event).await);
        }
        assert!(there.iter().all(|t| *t == there[0]), "a batch is half there: {there:?}");
        assert!(there[0] || !sent.answered, "an acknowledged event is lost");
        let again = caller.append(recorder, sent.events).await.unwrap();
        assert!(again.iter().all(|result| result.repeated == there[0]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_callers_when_the_program_is_killed_fifty_times_then_the_ledger_is_exactly_what_was_acknowledged_or_retried()
 {
    let data = tempfile::tempdir().unwrap();
    let seed = rand::random();
    println!("seed {seed}");
    let mut dice = rand::rngs::StdRng::seed_from_u64(seed);
    let mut program = Program::start(data.path());
    let number = Arc::new(AtomicUsize::new(0));
    let (caller, mut restarts, mut unanswered) = (Caller::default(), Vec::new(), 0);
    caller.create(program.address).await.unwrap();
    for _ in 0..KILLS {
        let callers: Vec<_> = (0..CALLERS)
            .map(|nth| {
                let largest = [1, 1, 1, 1, 1, 3, 7, 20][nth];
                tokio::spawn(call_until_gone(caller.clone(), program.address, number.clone(), largest))
            })
            .collect();
        tokio::time::sleep(Duration::from_micros(dice.random_range(5_000..150_000))).await;
        program.kill();
        let mut round = Vec::new();
        for calls in callers {
            round.extend(calls.await.unwrap());
        }
        unanswered += round.iter().filter(|sent| !sent.answered).count();
        let began = Instant::now();
        program = Program::start(data.path());
        restarts.push(began.elapsed());
        check(&caller, &mut recorder(program.address).await, round).await;
        caller.head(program.address).await.unwrap();
    }
    let held = caller.read(program.address).await.unwrap();
    caller.history.check(&held).unwrap();
    let posted = caller.history.sent().len();
    assert_eq!(held.len(), posted + 1, "an event is lost");
    assert!(program.terminate().success());
    verify(data.path());
    restarts.sort();
    println!(
        "{KILLS} kills, {} events, {unanswered} requests without an answer, restart median {:?}, longest {:?}",
        posted,
        restarts[restarts.len() / 2],
        restarts[restarts.len() - 1],
    );
}

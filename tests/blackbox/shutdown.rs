//! Stopping: nothing that was acknowledged is lost, and everybody is told.

use pledgebook::grpc::wire::{
    AppendStreamRequest, SubscribeRequest, append_stream_response::Outcome, subscribe_response::Item,
};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;

use crate::seed::{append, post, posts};
use crate::server::{LEDGER, Server, reason};

#[tokio::test(flavor = "multi_thread")]
async fn given_busy_posters_when_the_server_stops_then_every_acknowledged_event_is_there_afterwards() {
    let mut server = Server::start().await;
    let posters = (0..16).map(|poster| {
        let mut recorder = server.recorder("governance");
        tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            for number in 0.. {
                let event = post(format!("p{poster}-{number}"));
                match recorder.append(append(vec![event.clone()])).await {
                    Ok(_) => acknowledged.push(event.event_id),
                    Err(_) => break,
                }
            }
            acknowledged
        })
    });
    let posters: Vec<_> = posters.collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    server.begin_to_stop();
    let mut acknowledged = Vec::new();
    for poster in posters {
        acknowledged.extend(poster.await.unwrap());
    }
    assert!(acknowledged.len() > 16, "{}", acknowledged.len());
    let server = server.restart().await;
    let held: std::collections::BTreeSet<_> =
        server.everything().await.into_iter().map(|recorded| recorded.event.unwrap().event_id).collect();
    let lost: Vec<_> = acknowledged.iter().filter(|id| !held.contains(*id)).collect();
    assert!(lost.is_empty(), "{} of {} are lost", lost.len(), acknowledged.len());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_subscriber_and_an_idle_stream_when_the_server_stops_then_both_are_told_and_it_ends_soon() {
    let server = Server::start().await;
    let request = SubscribeRequest { ledger: LEDGER.into(), after: None, filter: None };
    let mut subscription = server.reader().subscribe(request).await.unwrap().into_inner();
    assert!(matches!(subscription.message().await.unwrap().unwrap().item, Some(Item::Event(_))));
    assert!(matches!(subscription.message().await.unwrap().unwrap().item, Some(Item::CaughtUp(_))));
    let (send, requests) = mpsc::channel(1);
    send.send(AppendStreamRequest { correlation: 1, append: Some(append(vec![post("x")])) }).await.unwrap();
    let stream = server.recorder("governance").append_stream(ReceiverStream::new(requests)).await;
    let mut stream = stream.unwrap().into_inner();
    let answer = stream.message().await.unwrap().unwrap();
    assert!(matches!(answer.outcome, Some(Outcome::Appended(_))));
    assert!(matches!(subscription.message().await.unwrap().unwrap().item, Some(Item::Event(_))));

    let began = Instant::now();
    let stopped = tokio::spawn(server.stop());
    for ended in [subscription.message().await.map(drop), stream.message().await.map(drop)] {
        let status = ended.unwrap_err();
        assert_eq!((status.code(), reason(&status).1.as_str()), (Code::Unavailable, "STOPPING"));
    }
    drop((stream, send));
    stopped.await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_caller_that_never_leaves_when_the_server_stops_then_it_ends_after_its_grace() {
    let server = Server::with(|config| config.limits.grace = Duration::from_millis(500)).await;
    let mut raw = crate::transport::Raw::connect(&server).await;
    // A body that never ends; its answer's head shows that the server has taken the call in.
    let path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    let (answer, _body) = raw.begin(path, &[]).await;
    let _open = tokio::time::timeout(Duration::from_secs(30), answer).await.unwrap().unwrap();
    let began = Instant::now();
    server.stop().await;
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(400) && took < Duration::from_secs(5), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_restart_when_the_ledger_is_read_then_the_chain_is_the_same() {
    let server = Server::start().await;
    server.append("governance", posts("a", 500)).await.unwrap();
    let before = server.everything().await;
    let server = server.restart().await;
    assert_eq!(server.everything().await, before);
    server.append("governance", posts("b", 10)).await.unwrap();
    assert_eq!(server.size(LEDGER).await, 511);
    server.stop().await;
}

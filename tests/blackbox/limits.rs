//! What is too much.

use pledgebook::grpc::wire::{Event, GetSubjectRequest, PledgePublished, event::Payload};
use pledgebook::limits::{MAX_APPEND, MAX_BATCH};
use sha2::Digest as _;
use tonic::Code;

use crate::seed::{append, date, event, posts};
use crate::server::{LEDGER, Server, field, reason};

fn long(bytes: usize) -> Event {
    let text = "x".repeat(bytes);
    let payload = PledgePublished { title: "Long".into(), version: 1, text, ..Default::default() };
    event("pledge/long", date(2024, 1, 1), Payload::PledgePublished(payload))
}

#[tokio::test(flavor = "multi_thread")]
async fn given_more_events_than_a_batch_may_have_when_they_are_appended_then_they_are_refused() {
    let server = Server::start().await;
    assert!(server.append("governance", posts("a", MAX_BATCH)).await.is_ok());
    let refused = server.append("governance", posts("b", MAX_BATCH + 1)).await.unwrap_err();
    assert_eq!((refused.code(), field(&refused).as_str()), (Code::InvalidArgument, "events"));
    assert_eq!(server.size(LEDGER).await, MAX_BATCH as u64 + 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_request_above_its_size_when_it_is_appended_then_it_is_refused_before_and_after_decoding() {
    let server = Server::start().await;
    let above = (0..=MAX_APPEND / 60_000).map(|_| long(60_000)).collect();
    let refused = server.append("governance", above).await.unwrap_err();
    assert_eq!(reason(&refused).1, "REQUEST_TOO_LARGE");
    // What is longer than a message may be is not decoded at all.
    let far_above = (0..20).map(|_| long(60_000)).collect();
    let refused = server.append("governance", far_above).await.unwrap_err();
    assert_eq!(reason(&refused).0, Code::InvalidArgument);
    assert_eq!(reason(&refused).1, "REQUEST_TOO_LARGE");
    let refused = server.append("governance", vec![long(60_001)]).await.unwrap_err();
    assert_eq!(field(&refused), "events[0].pledge_published.text");
    assert_eq!(server.size(LEDGER).await, 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_history_above_one_answer_when_it_is_asked_for_then_it_comes_in_several() {
    let server = Server::start().await;
    let text = "x".repeat(60_000);
    let version = |version| {
        let payload = PledgePublished {
            title: "Long".into(),
            version,
            sha256: sha2::Sha256::digest(&text).to_vec(),
            text: text.clone(),
            ..Default::default()
        };
        event("pledge/long", date(2024, 1, 1), Payload::PledgePublished(payload))
    };
    let about =
        GetSubjectRequest { ledger: LEDGER.into(), subject: "pledge/long".into(), ..Default::default() };
    for first in (1..=60).step_by(10) {
        server.append("governance", (first..first + 10).map(version).collect()).await.unwrap();
    }
    let answer = server.reader().get_subject(about.clone()).await.unwrap().into_inner();
    assert_eq!((answer.history.len(), answer.next_after), (60, None));
    server.append("governance", (61..=71).map(version).collect()).await.unwrap();
    // A client that nobody told to take more takes it.
    let first = server.reader().get_subject(about.clone()).await.unwrap().into_inner();
    assert!((60..71).contains(&first.history.len()), "{}", first.history.len());
    let rest = GetSubjectRequest { after: first.next_after, ..about };
    let rest = server.reader().get_subject(rest).await.unwrap().into_inner();
    assert_eq!((first.history.len() + rest.history.len(), rest.next_after), (71, None));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_queue_that_is_full_when_more_comes_then_it_is_told_at_once_and_a_retry_succeeds() {
    let server = Server::with(|config| config.limits.queued_requests = Some(1)).await;
    server.create("acme", pledgebook::grpc::wire::Access::Open).await.unwrap();
    let calls = (0..64).map(|number| {
        let mut recorder = server.recorder("governance");
        tokio::spawn(async move {
            let request = append(posts(&format!("q{number}"), 50));
            let mut refused = 0;
            loop {
                match recorder.append(request.clone()).await {
                    Ok(_) => return refused,
                    Err(status) => {
                        assert_eq!(reason(&status).1, "QUEUE_FULL");
                        refused += 1;
                        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                    }
                }
            }
        })
    });
    let mut refused = 0;
    for call in calls.collect::<Vec<_>>() {
        refused += call.await.unwrap();
    }
    assert!(refused > 0, "the queue was never full");
    assert_eq!(server.size(LEDGER).await, 64 * 50 + 1);
    server.stop().await;
}

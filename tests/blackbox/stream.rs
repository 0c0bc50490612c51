//! Appending on one stream: many requests in flight, each with its own answer.

use pledgebook::grpc::wire::{
    AppendRequest, AppendStreamRequest, Event, Expected, append_stream_response::Outcome,
    expected::Condition, recorder_service_client::RecorderServiceClient,
};
use pledgebook::limits::MAX_PIPELINED;
use prost::Message as _;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;

use crate::seed::{append, post, posts, term};
use crate::server::{LEDGER, Server, Who, endpoint};

fn request(correlation: u64, events: Vec<Event>) -> AppendStreamRequest {
    AppendStreamRequest { correlation, append: Some(append(events)) }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_requests_that_depend_on_one_another_when_they_are_pipelined_then_their_order_holds() {
    let server = Server::start().await;
    let requests: Vec<_> = (0..300_u64)
        .map(|number| {
            let mut event = term("chief", 1500 + number as i32);
            event.expected = Some(Expected { condition: Some(Condition::Version(number)) });
            request(number + 1_000, vec![event])
        })
        .collect();
    let mut answers =
        server.recorder("governance").append_stream(tokio_stream::iter(requests)).await.unwrap().into_inner();
    for number in 0..300 {
        let answer = answers.message().await.unwrap().unwrap();
        assert_eq!(answer.correlation, number + 1_000);
        let Some(Outcome::Appended(appended)) = answer.outcome else { panic!("refused: {answer:?}") };
        assert_eq!(appended.results[0].receipt.as_ref().unwrap().sequence, number + 1);
    }
    assert!(answers.message().await.unwrap().is_none());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_refused_request_when_others_follow_then_it_ends_alone_and_says_why() {
    let server = Server::start().await;
    let mut bad = post("b");
    bad.event_id = "x".into();
    let elsewhere =
        AppendRequest { ledger: "ledgers/nobody".into(), events: vec![post("c")], ..Default::default() };
    let requests = vec![
        request(1, vec![post("a")]),
        request(2, vec![bad]),
        AppendStreamRequest { correlation: 3, append: Some(elsewhere) },
        AppendStreamRequest { correlation: 4, append: None },
        request(5, vec![post("a")]),
        request(6, vec![post("d")]),
    ];
    let mut answers =
        server.recorder("governance").append_stream(tokio_stream::iter(requests)).await.unwrap().into_inner();
    let mut outcomes = Vec::new();
    while let Some(answer) = answers.message().await.unwrap() {
        let code = match answer.outcome.unwrap() {
            Outcome::Appended(_) => Code::Ok,
            Outcome::Refused(refusal) => {
                let status = tonic_types::pb::Status::decode(refusal.status.as_slice()).unwrap();
                assert_eq!((status.code, &status.message), (refusal.code, &refusal.message));
                assert!(!status.details.is_empty());
                Code::from_i32(refusal.code)
            }
        };
        outcomes.push((answer.correlation, code));
    }
    assert_eq!(
        outcomes,
        [
            (1, Code::Ok),
            (2, Code::InvalidArgument),
            (3, Code::NotFound),
            (4, Code::InvalidArgument),
            (5, Code::FailedPrecondition),
            (6, Code::Ok),
        ]
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_stream_that_breaks_off_when_it_is_sent_again_then_nothing_stands_twice_and_nothing_is_missing()
 {
    let server = Server::start().await;
    let events = posts("a", 200);
    let (send, requests) = mpsc::channel(200);
    for (number, event) in events.iter().enumerate() {
        send.send(request(number as u64, vec![event.clone()])).await.unwrap();
    }
    let mut answers = server
        .recorder("governance")
        .append_stream(ReceiverStream::new(requests))
        .await
        .unwrap()
        .into_inner();
    let first = answers.message().await.unwrap().unwrap();
    assert!(matches!(first.outcome, Some(Outcome::Appended(_))));
    // The caller dies in the middle of it.
    drop((answers, send));

    let results = server.append("governance", events.clone()).await.unwrap();
    assert!(results[0].repeated);
    assert_eq!(server.size(LEDGER).await, 201);
    let ids: std::collections::BTreeSet<_> =
        server.everything().await.into_iter().map(|recorded| recorded.event.unwrap().event_id).collect();
    assert!(events.iter().all(|event| ids.contains(&event.event_id)));
    server.stop().await;
}

/// What the transport on both sides may hold of answers that nobody takes: our window below, and what the server's own
/// HTTP/2 keeps of one stream before it waits, with room for headers.
const HELD: usize = 65_535 + (512 << 10);

#[tokio::test(flavor = "multi_thread")]
async fn given_a_caller_that_reads_no_answers_when_it_sends_on_then_it_is_held_back_and_others_are_served() {
    let server = Server::start().await;
    let (send, requests) = mpsc::channel(1);
    let narrow = endpoint(server.address).initial_stream_window_size(65_535).connect_lazy();
    let mut recorder = RecorderServiceClient::with_interceptor(narrow, Who::Source("greedy"));
    let mut answers = recorder.append_stream(ReceiverStream::new(requests)).await.unwrap().into_inner();
    let sender = tokio::spawn(async move {
        let mut sent = 0_u64;
        while sent < 100_000 {
            let request = request(sent, vec![post(format!("g-{sent}"))]);
            if tokio::time::timeout(std::time::Duration::from_secs(2), send.send(request)).await.is_err() {
                return (send, sent);
            }
            sent += 1;
        }
        (send, sent)
    });
    assert!(server.append("governance", posts("a", 10)).await.is_ok());
    let (send, sent) = sender.await.unwrap();
    assert!(sent < 100_000, "nothing held it back");
    // What it had recorded is what its answers had room for, and the window of requests: the rest waits in what the
    // transport may hold of requests, and in nothing of ours.
    let recorded = server.size(LEDGER).await - 11;
    let first = answers.message().await.unwrap().unwrap();
    let answer = first.encoded_len() + 5;
    let most = HELD / answer + 2 * MAX_PIPELINED;
    assert!((recorded as usize) <= most, "{recorded} were recorded unread, {most} are the most");
    // When it reads on, everything is answered, in order.
    drop(send);
    let mut next = 1;
    while let Some(answer) = answers.message().await.unwrap() {
        assert_eq!(answer.correlation, next);
        assert!(matches!(answer.outcome, Some(Outcome::Appended(_))));
        next += 1;
    }
    assert!(next == sent || next == sent + 1, "{next} answers of {sent}");
    server.stop().await;
}

//! Judging without writing, from outside. That every append of `Server::append` is judged first, with the same verdict
//! and the same refusal, is seen to there.

use pledgebook::grpc::wire::{
    Access, AppendRequest, AppendStreamRequest, Event, Judgement, SetGrantsRequest,
    append_stream_response::Outcome, judgement::Verdict,
};
use pledgebook::limits::{MAX_APPEND, MAX_BATCH};
use tonic::{Code, Status};

use crate::seed::{action, cancelled, completed, date, pledged, post, posts};
use crate::server::{LEDGER, Server, assert_same_verdict, field, reason};

fn judging(events: Vec<Event>) -> AppendRequest {
    AppendRequest { ledger: LEDGER.into(), events, validate_only: true, ..Default::default() }
}

async fn judge(server: &Server, source: &'static str, events: Vec<Event>) -> Result<Vec<Judgement>, Status> {
    let answer = server.recorder(source).append(judging(events)).await?.into_inner();
    assert!(answer.results.is_empty(), "a judgement is no receipt");
    Ok(answer.judgements)
}

#[tokio::test(flavor = "multi_thread")]
async fn given_events_when_they_are_judged_then_each_verdict_is_told_and_nothing_is_there_across_restarts_too()
 {
    let server = pledged().await;
    let (size, everything) = (server.size(LEDGER).await, server.everything().await);
    let planned = action("rest", date(2025, 6, 1));
    let events =
        vec![planned.clone(), cancelled("rest", "The office closed."), action("b", date(2025, 6, 1))];
    let judged = judge(&server, "tracker", events.clone()).await.unwrap();
    let versions: Vec<_> = judged
        .iter()
        .map(|it| match it.verdict.as_ref().unwrap() {
            Verdict::Recordable(it) => it.subject_version,
            Verdict::Repeat(it) => panic!("{it:?}"),
        })
        .collect();
    assert_eq!(versions, [1, 2, 1]);
    assert_eq!((server.size(LEDGER).await, server.everything().await), (size, everything.clone()));
    let server = server.restart().await;
    assert_eq!((server.size(LEDGER).await, server.everything().await), (size, everything));

    let results = server.append("tracker", vec![planned.clone()]).await.unwrap();
    let receipt = results[0].receipt.clone().unwrap();
    assert_eq!(receipt.sequence, size, "a judgement took a sequence");
    let again = judge(&server, "tracker", vec![planned]).await.unwrap();
    assert!(matches!(&again[0].verdict, Some(Verdict::Repeat(first)) if *first == receipt));
    let done = judge(&server, "tracker", vec![completed("rest")]).await.unwrap();
    let Some(Verdict::Recordable(done)) = &done[0].verdict else { panic!("{done:?}") };
    assert_eq!(done.irregularities, ["NO_EVIDENCE"]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_requests_that_are_no_requests_when_they_are_judged_then_they_are_refused_as_appends_are() {
    let server = pledged().await;
    let same = |events: Vec<Event>| {
        let mut recorder = server.recorder("tracker");
        async move {
            let judged = recorder.append(judging(events.clone())).await.map(tonic::Response::into_inner);
            let request = AppendRequest { validate_only: false, ..judging(events) };
            let appended = recorder.append(request).await.map(tonic::Response::into_inner);
            assert_same_verdict(&judged, &appended);
            judged.unwrap_err()
        }
    };
    let twice = post("x");
    assert_eq!(field(&same(vec![twice.clone(), twice]).await), "events[1].event_id");
    assert_eq!(field(&same(Vec::new()).await), "events");
    assert_eq!(field(&same(posts("a", MAX_BATCH + 1)).await), "events");
    let mut long = cancelled("rest", "x");
    long.subject = "x".repeat(MAX_APPEND);
    assert_eq!(reason(&same(vec![long]).await).1, "REQUEST_TOO_LARGE");
    let nowhere = AppendRequest { ledger: "ledgers/nobody".into(), ..judging(vec![post("x")]) };
    let refused = server.recorder("tracker").append(nowhere).await.unwrap_err();
    assert_eq!(reason(&refused).1, "NO_SUCH_LEDGER");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_source_without_a_grant_when_its_event_is_judged_then_it_is_refused_as_its_append_is() {
    let server = Server::empty().await;
    server.create("acme", Access::Granted).await.unwrap();
    let refused = server.append("tracker", vec![post("x")]).await.unwrap_err();
    assert_eq!(reason(&refused).1, "NOT_GRANTED");
    let none = SetGrantsRequest { ledger: LEDGER.into(), grants: Vec::new() };
    assert_eq!(server.admin().set_grants(none).await.unwrap_err().code(), Code::InvalidArgument);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_stream_when_some_of_its_requests_only_judge_then_they_leave_no_trace_for_those_behind_them()
{
    let server = Server::start().await;
    let event = post("a");
    let request = |correlation, validate_only| AppendStreamRequest {
        correlation,
        append: Some(AppendRequest { validate_only, ..judging(vec![event.clone()]) }),
    };
    let requests =
        [request(1, true), request(2, true), request(3, false), request(4, true), request(5, false)];
    let stream = server.recorder("governance").append_stream(tokio_stream::iter(requests)).await.unwrap();
    let mut answers = stream.into_inner();
    let mut told = Vec::new();
    while let Some(answer) = answers.message().await.unwrap() {
        let Some(Outcome::Appended(appended)) = answer.outcome else { panic!("refused: {answer:?}") };
        told.push(
            match (appended.results.first(), appended.judgements.first().map(|it| it.verdict.as_ref())) {
                (None, Some(Some(Verdict::Recordable(_)))) => "recordable",
                (None, Some(Some(Verdict::Repeat(_)))) => "repeat",
                (Some(result), None) if result.repeated => "repeated",
                (Some(_), None) => "recorded",
                _ => "neither",
            },
        );
    }
    assert_eq!(told, ["recordable", "recordable", "recorded", "repeat", "repeated"]);
    assert_eq!(server.size(LEDGER).await, 2);
    server.stop().await;
}

//! Appending: receipts, repeats, conflicts, batches.

use pledgebook::grpc::wire::{
    Access, Event, Expected, GetEventRequest, GetReceiptRequest, GetSubjectRequest, WordsStatus,
    event::Payload, expected::Condition, get_event_request::Key,
};
use tonic::Code;

use crate::seed::{self, action, append, cancelled, completed, date, pledge, pledged, post, posts, term};
use crate::server::{LEDGER, Server, Who, field, reason};

fn expecting(mut event: Event, condition: Condition) -> Event {
    event.expected = Some(Expected { condition: Some(condition) });
    event
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_ledger_when_events_are_appended_then_each_has_a_receipt_and_can_be_read() {
    let server = Server::start().await;
    let events = posts("a", 3);
    let results = server.append("governance", events.clone()).await.unwrap();
    for (index, result) in results.iter().enumerate() {
        let receipt = result.receipt.as_ref().unwrap();
        assert!(!result.repeated);
        assert_eq!(receipt.ledger, LEDGER);
        assert_eq!(receipt.source, "governance");
        assert_eq!(receipt.event_id, events[index].event_id);
        assert_eq!(receipt.sequence, index as u64 + 1);
        assert_eq!(receipt.subject_version, 1);
        assert_eq!(receipt.hash.len(), 32);
        let request = GetEventRequest { ledger: LEDGER.into(), key: Some(Key::Sequence(receipt.sequence)) };
        let read = server.reader().get_event(request).await.unwrap().into_inner().event.unwrap();
        assert_eq!(read.event.as_ref(), Some(&events[index]));
        assert_eq!(read.hash, receipt.hash);
        assert_eq!(read.recorded_at, receipt.recorded_at);
        assert_eq!(read.source, "governance");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_recorded_event_when_it_is_sent_again_then_the_same_receipt_comes_across_restarts_too() {
    let server = pledged().await;
    let planned = action("rest", date(2025, 6, 1));
    let words = cancelled("rest", "The office closed.");
    let first = server.append("tracker", vec![planned.clone(), words.clone()]).await.unwrap();
    assert!(first.iter().all(|result| !result.repeated));

    let again = server.append("tracker", vec![planned.clone(), words.clone()]).await.unwrap();
    assert!(again.iter().all(|result| result.repeated));
    let server = server.restart().await;
    let later = server.append("tracker", vec![words.clone(), planned.clone()]).await.unwrap();
    assert!(later.iter().all(|result| result.repeated));
    for answers in [&again, &later.iter().rev().cloned().collect()] {
        for (one, other) in first.iter().zip(answers) {
            assert_eq!(one.receipt, other.receipt);
        }
    }
    let request =
        GetReceiptRequest { ledger: LEDGER.into(), event_id: planned.event_id.clone(), ..Default::default() };
    let receipt = server.recorder("tracker").get_receipt(request).await.unwrap().into_inner().receipt;
    assert_eq!(receipt, first[0].receipt);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_recorded_event_when_its_id_comes_with_other_content_then_it_is_refused_and_says_where() {
    let server = pledged().await;
    let words = cancelled("rest", "The office closed.");
    server.append("tracker", vec![action("rest", date(2025, 6, 1)), words.clone()]).await.unwrap();
    let mut other = words.clone();
    other.payload = cancelled("rest", "Something else.").payload;
    let refused = server.append("tracker", vec![other]).await.unwrap_err();
    let (code, reason, metadata) = reason(&refused);
    assert_eq!((code, reason.as_str()), (Code::AlreadyExists, "ID_TAKEN"));
    assert_eq!(metadata["sequence"], "9");
    assert_eq!(metadata["index"], "0");
    assert_eq!(metadata["ledger"], LEDGER);
    assert!(!refused.message().contains("office"));
    // Another source may use the same id.
    let mut elsewhere = post("x");
    elsewhere.event_id = words.event_id;
    assert!(server.append("governance", vec![elsewhere]).await.is_ok());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_stale_expectation_when_it_is_appended_then_it_says_what_was_expected_and_what_stands() {
    let server = Server::start().await;
    server
        .append("governance", vec![expecting(term("chief", 2020), Condition::NoSubject(true))])
        .await
        .unwrap();
    server.append("governance", vec![expecting(term("chief", 2021), Condition::Version(1))]).await.unwrap();
    server
        .append("governance", vec![expecting(term("chief", 2022), Condition::SubjectExists(true))])
        .await
        .unwrap();
    for (condition, expected) in
        [(Condition::Version(1), "version 1"), (Condition::NoSubject(true), "no_subject")]
    {
        let refused =
            server.append("governance", vec![expecting(term("chief", 2023), condition)]).await.unwrap_err();
        let (code, reason, metadata) = reason(&refused);
        assert_eq!((code, reason.as_str()), (Code::Aborted, "EXPECTATION_FAILED"));
        assert_eq!(metadata["expected"], expected);
        assert_eq!(metadata["actual_version"], "3");
        assert_eq!(metadata["subject"], "post/chief");
    }
    let refused =
        server.append("governance", vec![expecting(post("new"), Condition::SubjectExists(true))]).await;
    assert_eq!(refused.unwrap_err().code(), Code::Aborted);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_batch_with_one_wrong_event_when_it_is_appended_then_none_of_it_is_recorded() {
    let server = Server::start().await;
    let before = server.size(LEDGER).await;
    let mut batch = posts("a", 5);
    batch[3] = post("a-1");
    let refused = server.append("governance", batch.clone()).await.unwrap_err();
    let (code, reason, metadata) = reason(&refused);
    assert_eq!((code, reason.as_str()), (Code::FailedPrecondition, "POST_OVERLAP"));
    assert_eq!(metadata["index"], "3");
    assert_eq!(server.size(LEDGER).await, before);
    // What was recorded before returns its receipt; the rest is new, and atomic.
    server.append("governance", vec![batch[0].clone()]).await.unwrap();
    batch.remove(3);
    let results = server.append("governance", batch).await.unwrap();
    let repeated: Vec<_> = results.iter().map(|result| result.repeated).collect();
    assert_eq!(repeated, [true, false, false, false]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_something_that_cannot_be_true_when_it_is_appended_then_the_event_in_the_way_is_named() {
    let server = pledged().await;
    server.append("tracker", vec![action("rest", date(2025, 6, 1)), completed("rest")]).await.unwrap();
    let refused = server.append("tracker", vec![completed("rest")]).await.unwrap_err();
    let (code, reason, metadata) = reason(&refused);
    assert_eq!((code, reason.as_str()), (Code::FailedPrecondition, "ACTION_ALREADY_CLOSED"));
    assert_eq!(metadata["sequence"], "9");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_malformed_events_when_they_are_appended_then_the_field_is_named_with_its_place_in_the_batch() {
    let server = pledged().await;
    let mut bad_id = post("x");
    bad_id.event_id = "not-a-uuid".into();
    let mut no_payload = post("x");
    no_payload.payload = None;
    let mut bad_enum = action("x", date(2025, 6, 1));
    if let Some(Payload::ActionPlanned(planned)) = &mut bad_enum.payload {
        planned.origin = 77;
    }
    let bad_date = action("x", date(2025, 13, 1));
    let mut wrong_kind = post("x");
    wrong_kind.subject = "action/x".into();
    let contact = cancelled("x", "Ask jo@example.org");
    for (event, at) in [
        (bad_id, "events[1].event_id"),
        (no_payload, "events[1].payload"),
        (bad_enum, "events[1].action_planned.origin"),
        (bad_date, "events[1].action_planned.first_due.month"),
        (wrong_kind, "events[1].subject"),
        (contact, "events[1].action_cancelled.reason"),
    ] {
        let refused = server.append("tracker", vec![post("fine"), event]).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert_eq!(field(&refused), at);
        assert!(!format!("{refused:?}").contains("example.org"));
    }
    let mut unknown = action("x", date(2025, 6, 1));
    if let Some(Payload::ActionPlanned(planned)) = &mut unknown.payload {
        planned.commitments = vec!["C99".into()];
    }
    let refused = server.append("tracker", vec![unknown]).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    assert_eq!(field(&refused), "events[0].action_planned.commitments[0]");
    let mut future = post("x");
    future.occurred = Some(pledgebook::grpc::wire::Occurred {
        precision: Some(pledgebook::grpc::wire::occurred::Precision::Day(date(9000, 1, 1))),
    });
    assert_eq!(server.append("tracker", vec![future]).await.unwrap_err().code(), Code::OutOfRange);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_no_such_ledger_when_it_is_posted_to_then_it_is_not_found_and_a_bad_name_is_malformed() {
    let server = Server::start().await;
    let refused = server.append_to("ledgers/nobody", "governance", vec![post("x")]).await.unwrap_err();
    assert_eq!(reason(&refused).1, "NO_SUCH_LEDGER");
    let refused = server.append_to("../acme", "governance", vec![post("x")]).await.unwrap_err();
    assert_eq!((refused.code(), field(&refused).as_str()), (Code::InvalidArgument, "ledger"));
    let refused = server.append("governance", Vec::new()).await.unwrap_err();
    assert_eq!(field(&refused), "events");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_several_ledgers_when_they_are_posted_to_then_each_has_its_own_order() {
    let server = Server::start().await;
    server.create("other", Access::Open).await.unwrap();
    let event = post("x");
    let here = server.append("governance", vec![event.clone()]).await.unwrap();
    let there = server.append_to("ledgers/other", "governance", vec![event]).await.unwrap();
    let (here, there) = (here[0].receipt.clone().unwrap(), there[0].receipt.clone().unwrap());
    assert_eq!((here.sequence, there.sequence), (1, 1));
    assert_ne!(here.hash, there.hash);
    assert!(!there.irregularities.contains(&"x".into()) && there.ledger == "ledgers/other");
    let refused = server.create("other", Access::Open).await.unwrap_err();
    assert_eq!(reason(&refused).1, "LEDGER_EXISTS");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_words_when_they_are_read_then_they_stand_beside_their_commitment() {
    let server = pledged().await;
    let words = cancelled("rest", "The office closed.");
    server.append("tracker", vec![action("rest", date(2025, 6, 1)), words.clone()]).await.unwrap();
    let server = server.restart().await;
    let request =
        GetSubjectRequest { ledger: LEDGER.into(), subject: "action/rest".into(), ..Default::default() };
    let subject = server.reader().get_subject(request).await.unwrap().into_inner();
    assert_eq!((subject.version, subject.state.as_str()), (2, "CANCELLED"));
    assert_eq!(subject.history.len(), 2);
    let recorded = &subject.history[1];
    assert_eq!(recorded.event.as_ref(), Some(&words));
    assert_eq!(recorded.words[0].field, "reason");
    assert_eq!(recorded.words[0].status(), WordsStatus::Held);
    assert_eq!(recorded.words[0].commitment.len(), 32);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_release_of_anonymous_items_when_it_is_smaller_than_five_then_it_is_refused() {
    let server = Server::start().await;
    server.append("governance", pledge()).await.unwrap();
    let mut items = seed::anonymous();
    let small = items.split_off(1);
    let refused = server.append("survey", small.clone()).await.unwrap_err();
    assert_eq!(reason(&refused).1, "ANONYMOUS_RELEASE_TOO_SMALL");
    items.extend(small);
    let results = server.append("survey", items.clone()).await.unwrap();
    for (item, result) in items.iter().zip(&results) {
        assert_eq!(result.receipt.as_ref().unwrap().event_id, item.event_id);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_many_clients_with_one_id_when_all_retry_then_there_is_one_record_and_one_receipt() {
    let server = Server::start().await;
    let event = post("once");
    let calls = (0..200).map(|_| {
        let mut recorder = server.recorder_as(Who::Source("governance"));
        let request = append(vec![event.clone()]);
        tokio::spawn(async move { recorder.append(request).await.unwrap().into_inner().results.remove(0) })
    });
    let mut receipts = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        receipts.push(call.await.unwrap());
    }
    assert_eq!(receipts.iter().filter(|result| !result.repeated).count(), 1);
    assert!(receipts.iter().all(|result| result.receipt == receipts[0].receipt));
    assert_eq!(server.size(LEDGER).await, 2);
    server.stop().await;
}

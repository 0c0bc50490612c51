//! Reading: single events, ranges, subscriptions.

use pledgebook::auth::{Role, Roles, token::Book};
use pledgebook::grpc::wire::{
    ActionStarted, CommitmentDisposition, CorrectionMade, Disposition, Event, EventKey, EventVoided, Filter,
    GetEventRequest, GetSubjectRequest, GetSubjectResponse, Occurred, PledgePublished, ReadRequest,
    RecordedEvent, SubscribeRequest, SubscribeResponse, VoidGround, event::Payload, get_event_request::Key,
    occurred::Precision, reader_service_client::ReaderServiceClient, subscribe_response::Item,
};
use sha2::Digest as _;
use std::time::Duration;
use tonic::{Code, Status, Streaming};

use crate::seed::{PLEDGE, action, cancelled, completed, date, event, pledged, post, posts, term};
use crate::server::{Calls, LEDGER, Server, Who, endpoint, field, reason};

async fn read(server: &Server, request: ReadRequest) -> Vec<u64> {
    let request = ReadRequest { ledger: LEDGER.into(), ..request };
    let mut stream = server.reader().read(request).await.unwrap().into_inner();
    let mut sequences = Vec::new();
    while let Some(answer) = stream.message().await.unwrap() {
        sequences.push(answer.event.unwrap().sequence);
    }
    sequences
}

async fn subscribe(
    server: &Server,
    after: Option<u64>,
    filter: Option<Filter>,
) -> Streaming<SubscribeResponse> {
    let request = SubscribeRequest { ledger: LEDGER.into(), after, filter };
    server.reader().subscribe(request).await.unwrap().into_inner()
}

/// A subscriber whose connection holds little: what it does not take soon stays with the server.
async fn subscribe_narrowly(server: &Server) -> Streaming<SubscribeResponse> {
    let narrow =
        endpoint(server.address).initial_stream_window_size(65_535).initial_connection_window_size(65_535);
    let request = SubscribeRequest { ledger: LEDGER.into(), after: None, filter: None };
    ReaderServiceClient::new(narrow.connect_lazy()).subscribe(request).await.unwrap().into_inner()
}

async fn next(stream: &mut Streaming<SubscribeResponse>) -> Result<Item, Status> {
    let next = tokio::time::timeout(Duration::from_secs(10), stream.message());
    next.await.expect("nothing came").map(|message| message.expect("it ended").item.unwrap())
}

fn sequence(item: Item) -> u64 {
    match item {
        Item::Event(RecordedEvent { sequence, .. }) => sequence,
        Item::CaughtUp(caught_up) => panic!("not an event: {caught_up:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_more_than_a_page_when_it_is_read_then_every_range_and_direction_is_exact() {
    let server = Server::start().await;
    server.append("governance", posts("a", 400)).await.unwrap();
    let all: Vec<u64> = (0..=400).collect();
    let back: Vec<u64> = (0..=400).rev().collect();
    assert_eq!(read(&server, ReadRequest::default()).await, all);
    assert_eq!(read(&server, ReadRequest { backwards: true, ..Default::default() }).await, back);
    assert_eq!(
        read(&server, ReadRequest { from: Some(130), limit: 150, ..Default::default() }).await,
        all[130..280]
    );
    let some = ReadRequest { from: Some(130), limit: 2, backwards: true, ..Default::default() };
    assert_eq!(read(&server, some).await, [130, 129]);
    assert_eq!(read(&server, ReadRequest { from: Some(401), ..Default::default() }).await, [0; 0]);
    let beyond = ReadRequest { ledger: LEDGER.into(), from: Some(402), ..Default::default() };
    let refused = server.reader().read(beyond).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).2["size"].as_str()), (Code::OutOfRange, "401"));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_filters_when_the_ledger_is_read_then_only_what_they_name_comes() {
    let server = pledged().await;
    let mut related = action("x", date(2025, 6, 1));
    related.correlation_id = uuid::Uuid::new_v4().to_string();
    server.append("tracker", vec![action("y", date(2025, 6, 1)), related.clone()]).await.unwrap();
    server.append("governance", vec![term("z", 2020), term("z", 2021)]).await.unwrap();
    let filter = |types: &[&str], subjects: &[&str], correlation: &str| ReadRequest {
        filter: Some(Filter {
            types: types.iter().map(ToString::to_string).collect(),
            subjects: subjects.iter().map(ToString::to_string).collect(),
            correlation_id: correlation.into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    assert_eq!(read(&server, filter(&["action.*"], &[], "")).await, [8, 9]);
    assert_eq!(read(&server, filter(&["action.planned"], &["action/x"], "")).await, [9]);
    assert_eq!(read(&server, filter(&[], &["post/z", "action/y"], "")).await, [8, 10, 11]);
    let backwards = ReadRequest { backwards: true, limit: 2, ..filter(&[], &["post/z", "action/y"], "") };
    assert_eq!(read(&server, backwards).await, [11, 10]);
    assert_eq!(read(&server, filter(&[], &["commitment/*"], "")).await, [7]);
    assert_eq!(read(&server, filter(&[], &[], &related.correlation_id)).await, [9]);
    let of = |sources: &[&str], marks: &[&str]| ReadRequest {
        filter: Some(Filter {
            sources: sources.iter().map(ToString::to_string).collect(),
            irregularities: marks.iter().map(ToString::to_string).collect(),
            ..Default::default()
        }),
        ..Default::default()
    };
    assert_eq!(read(&server, of(&["tracker", "nobody"], &[])).await, [8, 9]);
    server.append("tracker", vec![completed("y"), term("z", 2019)]).await.unwrap();
    assert_eq!(read(&server, of(&[], &["NO_EVIDENCE"])).await, [12]);
    assert_eq!(read(&server, of(&["tracker"], &["NO_EVIDENCE", "LATE_RECORDED"])).await, [12, 13]);
    assert_eq!(read(&server, of(&["governance"], &["*"])).await, [0; 0]);
    let bad = ReadRequest { ledger: LEDGER.into(), ..of(&[], &["LATE"]) };
    assert_eq!(field(&server.reader().read(bad).await.unwrap_err()), "filter.irregularities[0]");
    let bad = ReadRequest { ledger: LEDGER.into(), ..of(&["a b"], &[]) };
    assert_eq!(field(&server.reader().read(bad).await.unwrap_err()), "filter.sources[0]");
    let bad = ReadRequest { ledger: LEDGER.into(), ..filter(&["acton.*"], &[], "") };
    assert_eq!(field(&server.reader().read(bad).await.unwrap_err()), "filter.types[0]");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_an_event_when_it_is_asked_for_by_id_or_place_then_it_is_found_or_said_to_be_missing() {
    let server = Server::start().await;
    let event = post("x");
    server.append("governance", vec![event.clone()]).await.unwrap();
    let get = |key| GetEventRequest { ledger: LEDGER.into(), key };
    let by_id =
        |source: &str| Some(Key::Id(EventKey { source: source.into(), event_id: event.event_id.clone() }));
    let mut reader = server.reader();
    let found = reader.get_event(get(by_id("governance"))).await.unwrap().into_inner().event.unwrap();
    assert_eq!(found.sequence, 1);
    let code = |status: Status| status.code();
    assert_eq!(reader.get_event(get(by_id("tracker"))).await.map_err(code).unwrap_err(), Code::NotFound);
    assert_eq!(
        reader.get_event(get(Some(Key::Sequence(2)))).await.map_err(code).unwrap_err(),
        Code::NotFound
    );
    assert_eq!(reader.get_event(get(by_id(""))).await.map_err(code).unwrap_err(), Code::InvalidArgument);
    assert_eq!(reader.get_event(get(None)).await.map_err(code).unwrap_err(), Code::InvalidArgument);
    let subject =
        GetSubjectRequest { ledger: LEDGER.into(), subject: "post/nobody".into(), ..Default::default() };
    assert_eq!(reader.get_subject(subject).await.map_err(code).unwrap_err(), Code::NotFound);
    server.stop().await;
}

/// The pages of a subject's history.
async fn pages(
    reader: &mut ReaderServiceClient<Calls>,
    subject: &str,
    limit: u32,
) -> Vec<GetSubjectResponse> {
    let mut request =
        GetSubjectRequest { ledger: LEDGER.into(), subject: subject.into(), limit, ..Default::default() };
    let mut pages: Vec<GetSubjectResponse> = Vec::new();
    loop {
        let page = reader.get_subject(request.clone()).await.unwrap().into_inner();
        request.after = page.next_after;
        pages.push(page);
        if request.after.is_none() {
            return pages;
        }
    }
}

fn sequences(page: &GetSubjectResponse) -> Vec<u64> {
    page.history.iter().map(|event| event.sequence).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_long_history_when_it_is_asked_for_then_it_comes_page_by_page_and_each_says_what_stands() {
    let server = Server::start().await;
    for first in (700..1900).step_by(600) {
        server
            .append("governance", (first..first + 600).map(|year| term("chief", year)).collect())
            .await
            .unwrap();
    }
    let mut reader = server.reader();
    let all = pages(&mut reader, "post/chief", 0).await;
    assert_eq!(all.iter().map(|page| page.history.len()).collect::<Vec<_>>(), [1_000, 200]);
    assert_eq!(all.iter().flat_map(sequences).collect::<Vec<_>>(), (1..=1_200).collect::<Vec<_>>());
    assert!(
        all.iter().all(|page| page.version == 1_200 && page.as_known == 1_201),
        "each page says what stands"
    );
    assert_eq!(pages(&mut reader, "post/chief", 500).await.len(), 3);
    let exact = pages(&mut reader, "post/chief", 600).await;
    assert_eq!(exact.len(), 2, "a page that ends with the history is the last");
    // More than one answer holds is no more than one answer.
    assert_eq!(pages(&mut reader, "post/chief", u32::MAX).await[0].history.len(), 1_000);
    let ahead = GetSubjectRequest {
        ledger: LEDGER.into(),
        subject: "post/chief".into(),
        after: Some(u64::MAX),
        ..Default::default()
    };
    let ahead = reader.get_subject(ahead).await.unwrap().into_inner();
    assert_eq!((ahead.history.len(), ahead.next_after, ahead.version), (0, None, 1_200));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_marks_and_voids_when_a_subject_is_asked_for_then_it_says_which_and_a_poster_sees_its_own_part()
{
    let server = pledged().await;
    let done = completed("x");
    let started = event("action/x", date(2025, 2, 1), Payload::ActionStarted(ActionStarted {}));
    server.append("tracker", vec![action("x", date(2025, 6, 1)), done.clone(), started]).await.unwrap();
    let void = |source: &str, target: &str| {
        let payload = EventVoided {
            target_event_id: target.into(),
            target_source: source.into(),
            ground: VoidGround::Test.into(),
            approver_post: "chief".into(),
        };
        event("action/x", date(2025, 4, 1), Payload::EventVoided(payload))
    };
    server.append("assessor", vec![void("tracker", &done.event_id)]).await.unwrap();
    let again = completed("x");
    server.append("tracker", vec![again.clone()]).await.unwrap();
    server.append("tracker", vec![void("", &again.event_id)]).await.unwrap();

    let whole = pages(&mut server.reader(), "action/x", 0).await.remove(0);
    assert_eq!((whole.version, whole.state.as_str()), (6, "IN_PROGRESS"));
    assert_eq!(sequences(&whole), [8, 9, 10, 11, 12, 13]);
    let voided: Vec<_> = whole.voided.iter().map(|it| (it.sequence, it.by)).collect();
    assert_eq!(voided, [(9, Some(11)), (12, Some(13))]);
    let marks = |page: &GetSubjectResponse| {
        let marks = page.marks.iter().map(|it| (it.irregularity.clone(), it.events, it.first, it.last));
        marks.collect::<Vec<_>>()
    };
    let none = ("NO_EVIDENCE".to_owned(), 2, 9, 12);
    assert!(marks(&whole).contains(&none), "{:?}", whole.marks);
    for mark in &whole.marks {
        let events = whole.history.iter().filter(|event| event.irregularities.contains(&mark.irregularity));
        let events: Vec<_> = events.map(|event| event.sequence).collect();
        let (first, last) = (*events.first().unwrap(), *events.last().unwrap());
        assert_eq!((events.len() as u64, first, last), (mark.events, mark.first, mark.last));
    }
    // Of a page, its own voids, wherever they stand; and the marks of all.
    let paged = pages(&mut server.reader(), "action/x", 2).await;
    assert_eq!(paged[0].voided[0].by, Some(11));
    assert!(paged.iter().all(|page| page.marks == whole.marks));

    let mut book = Book::default();
    let mut token = |source: &str| {
        let secret = book.issue(source, Some(source), Roles::of(&[Role::Poster]), "2026-01-01").unwrap();
        Who::Token(secret.reveal().to_owned())
    };
    let (poster, stranger) = (token("tracker"), token("stranger"));
    book.save(&server.path().join("tokens.json")).unwrap();
    tokio::time::sleep(2 * pledgebook::limits::TOKEN_RELOAD).await;
    let own = pages(&mut server.reader_as(poster), "action/x", 0).await.remove(0);
    assert_eq!((own.version, own.state.as_str()), (6, "IN_PROGRESS"), "the whole subject's");
    assert_eq!(sequences(&own), [8, 9, 10, 12, 13]);
    // That it was taken back is about its own event; by which of somebody else's is not.
    let voided: Vec<_> = own.voided.iter().map(|it| (it.sequence, it.by)).collect();
    assert_eq!(voided, [(9, None), (12, Some(13))]);
    let about = GetSubjectRequest { ledger: LEDGER.into(), subject: "action/x".into(), ..Default::default() };
    let refused = server.reader_as(stranger).get_subject(about).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_subscriber_that_wants_only_irregular_events_when_some_come_then_it_gets_those() {
    let server = pledged().await;
    let filter =
        Filter { irregularities: vec!["*".into()], sources: vec!["tracker".into()], ..Default::default() };
    let mut stream = subscribe(&server, None, Some(filter)).await;
    assert!(matches!(next(&mut stream).await.unwrap(), Item::CaughtUp(_)));
    server.append("tracker", vec![action("x", date(2025, 6, 1)), completed("x")]).await.unwrap();
    assert_eq!(sequence(next(&mut stream).await.unwrap()), 9);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_subscriber_when_it_has_caught_up_then_it_is_told_and_then_gets_what_comes() {
    let server = Server::start().await;
    server.append("governance", posts("a", 300)).await.unwrap();
    let mut stream = subscribe(&server, Some(99), None).await;
    for expected in 100..=300 {
        assert_eq!(sequence(next(&mut stream).await.unwrap()), expected);
    }
    let Item::CaughtUp(caught_up) = next(&mut stream).await.unwrap() else { panic!("not caught up") };
    assert_eq!(caught_up.size, 301);
    for (number, event) in posts("b", 20).into_iter().enumerate() {
        server.append("governance", vec![event]).await.unwrap();
        assert_eq!(sequence(next(&mut stream).await.unwrap()), 301 + number as u64);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_an_acknowledged_event_when_its_poster_subscribes_at_once_then_it_comes_before_the_marker() {
    let server = Server::start().await;
    for (number, event) in (1..200).zip(posts("a", 200)) {
        server.append("governance", vec![event]).await.unwrap();
        let mut stream = subscribe(&server, Some(number - 1), None).await;
        assert_eq!(sequence(next(&mut stream).await.unwrap()), number);
        let Item::CaughtUp(caught_up) = next(&mut stream).await.unwrap() else { panic!("not caught up") };
        assert_eq!(caught_up.size, number + 1);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_filter_when_nothing_matches_then_the_subscriber_is_caught_up_and_waits() {
    let server = pledged().await;
    let filter = Filter { types: vec!["action.*".into()], ..Default::default() };
    let mut stream = subscribe(&server, None, Some(filter)).await;
    assert!(matches!(next(&mut stream).await.unwrap(), Item::CaughtUp(_)));
    server.append("governance", posts("a", 5)).await.unwrap();
    server.append("tracker", vec![action("x", date(2025, 6, 1))]).await.unwrap();
    assert_eq!(sequence(next(&mut stream).await.unwrap()), 13);
    let ahead = SubscribeRequest { ledger: LEDGER.into(), after: Some(14), filter: None };
    assert_eq!(reason(&server.reader().subscribe(ahead).await.unwrap_err()).1, "BEYOND_HEAD");
    server.stop().await;
}

/// Enough that neither the windows of the connection nor what is read ahead holds it all.
async fn fill(server: &Server, prefix: &str) {
    for number in 0..12 {
        server.append("governance", posts(&format!("{prefix}{number}"), 1_000)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_subscriber_that_takes_nothing_when_it_stalls_then_it_is_told_where_to_resume_and_misses_nothing()
 {
    let server = Server::with(|config| config.limits.subscriber_stall = Duration::from_millis(300)).await;
    server.create("acme", pledgebook::grpc::wire::Access::Open).await.unwrap();
    fill(&server, "a").await;
    let mut stream = subscribe_narrowly(&server).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (mut seen, lag) = drain(&mut stream).await;
    let (code, reason, metadata) = reason(&lag);
    assert_eq!((code, reason.as_str()), (Code::ResourceExhausted, "SUBSCRIBER_LAGGED"));
    let resume_after: u64 = metadata["resume_after"].parse().unwrap();
    assert_eq!(seen.last(), Some(&resume_after));

    let mut stream = subscribe(&server, Some(resume_after), None).await;
    while let Item::Event(event) = next(&mut stream).await.unwrap() {
        seen.push(event.sequence);
    }
    assert_eq!(seen, (0..=12_000).collect::<Vec<_>>());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_live_subscriber_when_it_falls_behind_then_it_is_told_where_to_resume_and_misses_nothing() {
    let server = Server::with(|config| config.limits.subscriber_lag = 2_000).await;
    server.create("acme", pledgebook::grpc::wire::Access::Open).await.unwrap();
    let mut stream = subscribe_narrowly(&server).await;
    let mut seen = vec![sequence(next(&mut stream).await.unwrap())];
    assert!(matches!(next(&mut stream).await.unwrap(), Item::CaughtUp(_)));
    fill(&server, "a").await;
    let (more, lag) = drain(&mut stream).await;
    seen.extend(more);
    assert_eq!(reason(&lag).1, "SUBSCRIBER_LAGGED");
    let resume_after: u64 = reason(&lag).2["resume_after"].parse().unwrap();
    assert_eq!(seen.last(), Some(&resume_after));
    let mut stream = subscribe(&server, Some(resume_after), None).await;
    while let Item::Event(event) = next(&mut stream).await.unwrap() {
        seen.push(event.sequence);
    }
    assert_eq!(seen, (0..=12_000).collect::<Vec<_>>());
    server.stop().await;
}

async fn drain(stream: &mut Streaming<SubscribeResponse>) -> (Vec<u64>, Status) {
    let mut seen = Vec::new();
    loop {
        match next(stream).await {
            Ok(Item::Event(event)) => seen.push(event.sequence),
            Ok(Item::CaughtUp(_)) => {}
            Err(status) => return (seen, status),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_as_many_readers_as_there_may_be_when_one_leaves_then_its_place_is_free_at_once() {
    let server = Server::start().await;
    let mut streams = Vec::new();
    // One connection has 256 streams at most; each call here has its own.
    for _ in 0..pledgebook::limits::MAX_READERS {
        streams.push(subscribe(&server, None, None).await);
    }
    let request = SubscribeRequest { ledger: LEDGER.into(), after: None, filter: None };
    let refused = server.reader().subscribe(request.clone()).await.unwrap_err();
    assert_eq!(reason(&refused).1, "TOO_MANY_READERS");
    streams.pop();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(server.reader().subscribe(request).await.is_ok());
    drop(streams);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_correction_when_its_subject_is_asked_for_then_both_are_shown_and_it_counts_as_said_anew() {
    let server = pledged().await;
    let was = cancelled("x", "The office closed in May.");
    server.append("tracker", vec![action("x", date(2025, 6, 1)), was.clone()]).await.unwrap();
    let corrected = Event { occurred: cancelled_on(2025, 5, 1), expected: None, ..was.clone() };
    let correct = |corrected: Event| {
        let made = CorrectionMade {
            corrected: Some(Box::new(corrected)),
            approver_post: "chief".into(),
            reason: "The day was wrong.".into(),
            ..Default::default()
        };
        event("action/x", date(2025, 6, 2), Payload::CorrectionMade(Box::new(made)))
    };
    let made = correct(corrected.clone());
    let recorded = server.append("tracker", vec![made.clone()]).await.unwrap();
    let again = server.append("tracker", vec![made]).await.unwrap().remove(0);
    assert!(again.repeated);
    assert_eq!(again.receipt, recorded[0].receipt);
    let page = pages(&mut server.reader(), "action/x", 0).await.remove(0);
    assert_eq!((page.version, page.state.as_str()), (3, "CANCELLED"));
    let corrections: Vec<_> = page.corrected.iter().map(|it| (it.sequence, it.by)).collect();
    assert_eq!(corrections, [(9, Some(10))]);
    // What was said first, and what is said now, word for word.
    assert_eq!(page.history[1].event.as_ref().unwrap().payload, was.payload);
    let Some(Payload::CorrectionMade(shown)) = &page.history[2].event.as_ref().unwrap().payload else {
        panic!("{:?}", page.history[2])
    };
    assert_eq!(shown.reason, "The day was wrong.");
    assert_eq!(shown.corrected.as_deref(), Some(&corrected));
    let words: Vec<_> = page.history[2].words.iter().map(|words| words.field.as_str()).collect();
    assert_eq!(words, ["corrected.reason", "reason"]);
    // The path of a wrong field leads into the event that is said anew.
    let nameless = correct(Event { actor_post: "two words".into(), ..corrected });
    let refused = server.append("tracker", vec![nameless]).await.unwrap_err();
    assert_eq!(field(&refused), "events[0].correction_made.corrected.actor_post");
}

fn cancelled_on(year: i32, month: i32, day: i32) -> Option<Occurred> {
    Some(Occurred { precision: Some(Precision::Day(date(year, month, day))) })
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_new_version_of_a_pledge_when_a_commitment_is_asked_for_then_it_says_how_that_ended_it() {
    let server = pledged().await;
    let published = PledgePublished {
        title: "Our pledge".into(),
        version: 2,
        text: PLEDGE.into(),
        sha256: sha2::Sha256::digest(PLEDGE).to_vec(),
        dispositions: vec![CommitmentDisposition {
            commitment: "C1".into(),
            disposition: Disposition::Withdrawn.into(),
        }],
        ..Default::default()
    };
    let second = event("pledge/ours", date(2025, 1, 2), Payload::PledgePublished(published));
    server.append("governance", vec![second]).await.unwrap();
    let page = pages(&mut server.reader(), "commitment/C1", 0).await.remove(0);
    assert_eq!((page.version, page.state.as_str()), (1, "WITHDRAWN"));
}

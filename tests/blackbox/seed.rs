//! Events that make sense.

use pledgebook::grpc::wire::{
    self, ActionPlanned, CodeListAdopted, CodeListEntry, CommitmentMade, Date, Event, Month, Occurred,
    PledgePublished, PostRegistered, event::Payload, occurred::Precision,
};
use sha2::Digest as _;
use uuid::Uuid;

use crate::server::{LEDGER, Server};

pub const PLEDGE: &str = "We will listen. We will act on what we hear.";

pub fn date(year: i32, month: i32, day: i32) -> Date {
    Date { year, month, day }
}

pub fn event(subject: impl Into<String>, day: Date, payload: Payload) -> Event {
    Event {
        event_id: Uuid::new_v4().to_string(),
        subject: subject.into(),
        occurred: Some(Occurred { precision: Some(Precision::Day(day)) }),
        payload: Some(payload),
        ..Event::default()
    }
}

pub fn post(code: impl std::fmt::Display) -> Event {
    let payload = PostRegistered {
        title: format!("Post {code}"),
        valid_from: Some(date(2024, 1, 1)),
        ..Default::default()
    };
    event(format!("post/{code}"), date(2024, 1, 1), Payload::PostRegistered(payload))
}

/// Posts one after another, each of its own.
pub fn posts(prefix: &str, count: usize) -> Vec<Event> {
    (0..count).map(|number| post(format!("{prefix}-{number}"))).collect()
}

/// One year of a post: several of them are one life of one subject.
pub fn term(code: &str, year: i32) -> Event {
    let payload = PostRegistered {
        title: format!("Post {code}"),
        valid_from: Some(date(year, 1, 1)),
        valid_to: Some(date(year, 12, 31)),
        held_with: Vec::new(),
    };
    event(format!("post/{code}"), date(year, 1, 1), Payload::PostRegistered(payload))
}

fn list(name: &str, codes: &[&str]) -> Event {
    let entry =
        |code: &&str| CodeListEntry { code: (*code).into(), title: (*code).into(), ..Default::default() };
    let payload = CodeListAdopted { entries: codes.iter().map(entry).collect() };
    event(format!("code-list/{name}"), date(2024, 1, 1), Payload::CodeListAdopted(payload))
}

/// A pledge with one commitment, `C1`, and whom it takes.
pub fn pledge() -> Vec<Event> {
    let published = PledgePublished {
        title: "Our pledge".into(),
        version: 1,
        text: PLEDGE.into(),
        sha256: sha2::Sha256::digest(PLEDGE).to_vec(),
        principles: vec!["Trust".into()],
        ..Default::default()
    };
    let made = CommitmentMade {
        title: "Listen".into(),
        pledge: "ours".into(),
        pledge_version: 1,
        quote: "We will listen.".into(),
        span_start: 0,
        span_end: 15,
        kind: wire::CommitmentKind::Continuing.into(),
        owner_post: "chief".into(),
        audience: vec!["staff".into()],
        principles: vec!["Trust".into()],
        delivers: Vec::new(),
    };
    vec![
        post("chief"),
        post("people"),
        list("audience", &["staff", "leaders"]),
        list("theme", &["leave"]),
        list("channel", &["survey"]),
        event("pledge/ours", date(2024, 1, 2), Payload::PledgePublished(published)),
        event("commitment/C1", date(2024, 1, 2), Payload::CommitmentMade(made)),
    ]
}

/// A pledge whose text is as long as one may be.
pub fn long_pledge(number: usize) -> Event {
    let text = format!("{number} {}", "We will listen. ".repeat(3_600));
    let published = PledgePublished {
        title: format!("Pledge {number}"),
        version: 1,
        sha256: sha2::Sha256::digest(&text).to_vec(),
        text,
        principles: vec!["Trust".into()],
        ..Default::default()
    };
    event(format!("pledge/long-{number}"), date(2024, 1, 2), Payload::PledgePublished(published))
}

pub fn action(id: &str, due: Date) -> Event {
    let planned = ActionPlanned {
        title: format!("Action {id}"),
        commitments: vec!["C1".into()],
        owner_post: "people".into(),
        first_due: Some(due),
        origin: wire::Origin::Review.into(),
        ..Default::default()
    };
    event(format!("action/{id}"), date(2025, 1, 10), Payload::ActionPlanned(planned))
}

pub fn cancelled(id: &str, reason: &str) -> Event {
    let cancelled = wire::ActionCancelled { reason: reason.into() };
    event(format!("action/{id}"), date(2025, 2, 1), Payload::ActionCancelled(cancelled))
}

pub fn completed(id: &str) -> Event {
    let completed = wire::ActionCompleted { evidence: Vec::new() };
    event(format!("action/{id}"), date(2025, 3, 1), Payload::ActionCompleted(completed))
}

/// An anonymous release of five items.
pub fn anonymous() -> Vec<Event> {
    let item = || {
        let received = wire::FeedbackReceived {
            respondents: wire::Respondents::Staff.into(),
            themes: vec!["leave".into()],
            channel: "survey".into(),
            anonymity: wire::Anonymity::Anonymous.into(),
            contact: wire::Contact::None.into(),
            ..Default::default()
        };
        let mut event = event(
            format!("feedback/{}", Uuid::new_v4()),
            date(2025, 1, 1),
            Payload::FeedbackReceived(received),
        );
        event.occurred = Some(Occurred { precision: Some(Precision::Month(Month { year: 2025, month: 1 })) });
        event
    };
    (0..5).map(|_| item()).collect()
}

/// A server whose ledger has a pledge.
pub async fn pledged() -> Server {
    let server = Server::start().await;
    server.append("governance", pledge()).await.unwrap();
    server
}

pub fn append(events: Vec<Event>) -> wire::AppendRequest {
    wire::AppendRequest { ledger: LEDGER.into(), events, ..Default::default() }
}

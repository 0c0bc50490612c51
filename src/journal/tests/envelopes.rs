//! The envelope, through the journal, for every type of event that there is: whoever adds a type is held to these
//! without writing a line here.

use jiff::{ToSpan, tz::TimeZone};
use std::sync::Arc;
use uuid::Uuid;

use super::{code, given, new_log, noon, opened, proposal, source};
use crate::domain::{
    command::Expected,
    event::{Access, Event, EventType},
    id::{Kind, SourceName, Subject},
    rejection::Rejection,
    rules,
    value::Occurred,
};
use crate::journal::{Journal, Limits, Proposal, Refused, clock::SimulatedClock, codec, commit::Local};

/// What is the operator's own, and nobody else's.
const OWN: [EventType; 6] = [
    EventType::LedgerOpened,
    EventType::GrantChanged,
    EventType::ClockCorrected,
    EventType::CosignatureRecorded,
    EventType::KeyRotated,
    EventType::LedgerRestored,
];

/// The pinned sample of a type, about a subject of its own kind, on the day of the test's clock, with nothing in its
/// envelope that could be refused.
fn sample(event_type: EventType) -> Proposal {
    let stored = include_str!("stored.txt");
    let line = stored
        .lines()
        .rfind(|line| line.split(' ').next() == Some(event_type.as_str()))
        .unwrap_or_else(|| panic!("stored.txt has no {}", event_type.as_str()));
    let event = codec::decode(&const_hex::decode(line.rsplit(' ').next().unwrap()).unwrap()).unwrap();
    assert_eq!(event.payload.event_type(), event_type);
    let kind = event_type.kind().unwrap_or(Kind::Action);
    let id = match kind {
        Kind::Feedback => Uuid::new_v4().to_string(),
        Kind::Settings => "reports".to_owned(),
        _ => "one".to_owned(),
    };
    let today = TimeZone::get("Europe/London").unwrap().to_datetime(noon()).date();
    let event = Event {
        id: Uuid::new_v4(),
        subject: kind.subject(&code(&id)),
        occurred: Occurred::Day(today),
        source_sequence: None,
        producer_recorded_at: None,
        actor_post: None,
        correlation_id: None,
        causation_id: None,
        payload: event.payload,
    };
    let mut proposal = proposal(event);
    if OWN.contains(&event_type) {
        proposal.command.source = source(SourceName::OPERATOR);
    }
    proposal
}

fn with(mut proposal: Proposal, change: impl FnOnce(&mut Event)) -> Proposal {
    let mut event = (*proposal.command.event).clone();
    change(&mut event);
    proposal.command.event = event.into();
    proposal
}

/// Has each type, bent, judged by a ledger that holds its genesis alone; nothing of it may stay.
fn each(
    journal: &Journal,
    bend: impl Fn(Proposal) -> Option<Proposal>,
    expected: impl Fn(&Event) -> Rejection,
) {
    let mut judged = 0;
    for event_type in EventType::ALL {
        let Some(proposal) = bend(sample(*event_type)) else { continue };
        let wanted = expected(&proposal.command.event);
        match journal.append_blocking(vec![proposal]) {
            Err(Refused::Rejected { index: 0, rejection }) => {
                assert_eq!(rejection, wanted, "{}", event_type.as_str());
            }
            other => panic!("{}: {other:?}", event_type.as_str()),
        }
        judged += 1;
    }
    assert!(judged + 2 >= EventType::ALL.len(), "only {judged} types were judged");
    assert_eq!(journal.head().size, 1, "a refusal left a record");
}

#[test]
fn given_every_type_when_it_lies_in_the_future_then_in_future() {
    let tomorrow = |event: &mut Event| {
        let day = event.occurred.effective(&TimeZone::UTC).checked_add(1.day()).unwrap();
        event.occurred = Occurred::Day(day);
    };
    each(&given().journal, |one| Some(with(one, tomorrow)), |_| Rejection::InFuture);
}

#[test]
fn given_every_type_when_its_source_holds_no_grant_then_not_granted() {
    let log = new_log(Arc::new(storage::MemoryBackend::new()));
    let (reader, clock) = (log.reader(), Arc::new(SimulatedClock::at(noon())));
    let zone = TimeZone::get("Europe/London").unwrap();
    let limits = Limits::default();
    let journal =
        Journal::start(Box::new(Local::new(log)), reader, zone, Access::Granted, clock, limits).unwrap();
    let mut genesis = proposal(opened());
    genesis.command.source = source(SourceName::OPERATOR);
    journal.append_blocking(vec![genesis]).unwrap();
    let by_stranger = |mut one: Proposal| {
        one.command.source = source("stranger");
        Some(one)
    };
    each(&journal, by_stranger, |event| {
        let event_type = event.payload.event_type();
        let what = if OWN.contains(&event_type) {
            format!("type {}", event_type.as_str())
        } else {
            "anything on this ledger".to_owned()
        };
        Rejection::NotGranted { source_name: source("stranger"), what }
    });
}

#[test]
fn given_every_type_when_its_poster_expects_another_version_then_expectation_failed() {
    for expected in [Expected::Version(7), Expected::SubjectExists] {
        let expecting = |mut one: Proposal| {
            one.command.expected = expected;
            Some(one)
        };
        each(&given().journal, expecting, |event| Rejection::Conflict {
            subject: event.subject.clone(),
            expected,
            actual: 0,
        });
    }
}

#[test]
fn given_every_type_when_it_is_about_another_kind_then_subject_kind() {
    let elsewhere = |one: Proposal| {
        let event_type = one.command.event.payload.event_type();
        // Anything may be taken back or said anew; an owner has only what can be owned.
        if [EventType::EventVoided, EventType::CorrectionMade].contains(&event_type) {
            assert_eq!(event_type.kind(), None);
            return None;
        }
        assert!(event_type.kind().is_some() || event_type == EventType::OwnerReassigned);
        let other = if event_type.kind() == Some(Kind::Calendar) { "unit/x" } else { "calendar/x" };
        Some(with(one, |event| event.subject = Subject::parse(other).unwrap()))
    };
    each(&given().journal, elsewhere, |_| rules::SUBJECT_KIND.at("subject"));
}

#[test]
fn given_every_type_when_an_unknown_post_acted_then_unknown_reference() {
    // Of what a respondent does, no post is ever told.
    let own = |event: &Event| {
        matches!(event.payload.event_type(), EventType::FeedbackReceived | EventType::FeedbackWithdrawn)
    };
    let by_nobody = |one: Proposal| {
        let told = !own(&one.command.event);
        told.then(|| with(one, |event| event.actor_post = Some(code("nobody"))))
    };
    each(&given().journal, by_nobody, |_| Rejection::unknown("actor_post", "post/nobody"));
}

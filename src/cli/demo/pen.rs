//! What the script is written with: days, ids and events in few words. Pure: the same words give the same bytes.
//!
//! Invariant: nothing here is random and nothing reads a clock. Ids are hashes of what they name, so that the demo can
//! be posted twice and the second time changes nothing. It must not know what the year is about.

use jiff::civil::{Date, DateTime};
use prost::Message as _;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::grpc::wire::{self, Event, event::Payload, occurred::Precision};

/// The namespace of the demo's ids: random once, fixed since.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f2c_8f0e_51d7_4b0b_9a3e_7d4c_21b6_e508);

/// A day of the financial year 2025–26: April to December lie in 2025, January to March in 2026.
pub(super) const fn day(month: i8, day: i8) -> Date {
    Date::constant(if month >= 4 { 2025 } else { 2026 }, month, day)
}

/// A day of April to June 2026, after the year.
pub(super) const fn after(month: i8, day: i8) -> Date {
    Date::constant(2026, month, day)
}

/// What the poster meant to happen with a step. The demo compares it with what did happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// All of it is recorded.
    Record,
    /// It had been recorded before: the poster tries again, as after a lost connection.
    Repeat,
    /// It is refused, for this reason; the second text says in a few words what was tried.
    Refuse(&'static str, &'static str),
}

/// One request of one posting system.
#[derive(Clone, Debug)]
pub struct Step {
    /// When it is posted, in the ledger's time zone.
    pub at: DateTime,
    /// Who posts.
    pub source: &'static str,
    /// What is meant to happen.
    pub intent: Intent,
    /// What is said, in one request.
    pub events: Vec<Event>,
}

/// The steps of a year, in the order in which they were written down.
#[derive(Default)]
pub(super) struct Year {
    steps: Vec<Step>,
}

impl Year {
    /// One request on a day. Requests of a day follow each other in the order in which they are written.
    pub(super) fn post(&mut self, on: Date, source: &'static str, events: Vec<Event>) {
        self.step(on, source, Intent::Record, events);
    }

    /// The same, with something else meant to happen.
    pub(super) fn step(&mut self, on: Date, source: &'static str, intent: Intent, events: Vec<Event>) {
        let earlier = self.steps.iter().filter(|step| step.at.date() == on).count() as i8;
        // From 09:00 on, eleven minutes apart: no day of the script comes near to six in the evening.
        let minutes = 11 * i16::from(earlier.min(48));
        let at = on.at(9 + (minutes / 60) as i8, (minutes % 60) as i8, 0, 0);
        self.steps.push(Step { at, source, intent, events });
    }

    /// The steps in the order in which they are posted.
    pub(super) fn in_order(mut self) -> Vec<Step> {
        self.steps.sort_by_key(|step| step.at);
        self.steps
    }
}

/// An event of a day.
pub(super) fn event(on: Date, subject: &str, post: &str, payload: Payload) -> Event {
    named(Event {
        event_id: String::new(),
        subject: subject.to_owned(),
        occurred: Some(wire::Occurred { precision: Some(Precision::Day(date(on))) }),
        source_sequence: None,
        producer_recorded_at: None,
        actor_post: post.to_owned(),
        correlation_id: String::new(),
        causation_id: String::new(),
        expected: None,
        payload: Some(payload),
    })
}

/// The event under the id that its content gives it. Events about feedback get one that looks random, as the ledger
/// asks of them.
pub(super) fn named(mut event: Event) -> Event {
    event.event_id.clear();
    let content = event.encode_to_vec();
    let id = if event.subject.starts_with("feedback/") {
        looks_random(&content)
    } else {
        Uuid::new_v5(&NAMESPACE, &content)
    };
    event.event_id = id.to_string();
    event
}

/// The id of an item of feedback.
pub(super) fn feedback_id(item: &str) -> String {
    looks_random(item.as_bytes()).to_string()
}

/// A UUID of version 4 whose "random" bits are a hash: right for invented data, wrong for anything else.
fn looks_random(name: &[u8]) -> Uuid {
    let mut bits = [0; 16];
    bits.copy_from_slice(&hash(name)[..16]);
    uuid::Builder::from_random_bytes(bits).into_uuid()
}

/// The SHA-256 of an invented document.
pub(super) fn document(name: &str) -> Vec<u8> {
    hash(name.as_bytes())
}

fn hash(name: &[u8]) -> Vec<u8> {
    Sha256::new()
        .chain_update(b"EXAMPLE DATA of the pledgebook demo: ")
        .chain_update(name)
        .finalize()
        .to_vec()
}

pub(super) use crate::cli::report::day as date;

/// Texts as the wire has them.
pub(super) fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

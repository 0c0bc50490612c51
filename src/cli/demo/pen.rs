//! What the script is written with: days, ids and events in few words. Pure: the same words give the same bytes.
//!
//! Invariant: nothing here is random and nothing reads a clock. Ids are hashes of what they name, so that the demo can
//! be posted twice and the second time changes nothing. It must not know what the year is about.

use jiff::civil::{Date, DateTime};
use prost::Message as _;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::domain::id::SourceName;
use crate::grpc::wire::{self, Event, SourceStatement, event::Payload, occurred::Precision};

/// Whoever runs the server: no posting system.
pub(super) const OPERATOR: &str = SourceName::OPERATOR;

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

/// What of a step only the running ledger can tell: how many records it holds, its root, a report of it. The id of the
/// event does not depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fill {
    /// Nothing: it is posted as it is written.
    Nothing,
    /// How many records a release point counts.
    Position,
    /// The sequence of the event with that id from that source: what is to be erased.
    Reference(&'static str, String),
    /// How many records a report counts, and the hash of its HTML.
    Report(Date),
    /// The root that an auditor found, and their signature.
    Opinion,
    /// No event: the operator says that the ledger's clock is right.
    Clock,
    /// Nothing: the operator has the ledger sign with another key from now on.
    Key,
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
    /// What is added to it when it is posted.
    pub fill: Fill,
    /// By how many seconds the machine's clock is ahead of the time, by a fault of the machine.
    pub clock_ahead: i64,
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
        self.push(on, source, intent, events, Fill::Nothing, 0);
    }

    /// One event that is completed from what the ledger holds by then.
    pub(super) fn filled(&mut self, on: Date, source: &'static str, fill: Fill, event: Event) {
        self.push(on, source, Intent::Record, vec![event], fill, 0);
    }

    /// The machine's clock jumps, what is posted then is refused, and the operator sets it right.
    pub(super) fn clock_jumps(&mut self, on: Date, seconds: i64, source: &'static str, refused: Vec<Event>) {
        let intent = Intent::Refuse("READ_ONLY", "an event, while the ledger's clock was not trusted");
        self.push(on, source, intent, refused, Fill::Nothing, seconds);
        self.push(on, OPERATOR, Intent::Record, Vec::new(), Fill::Clock, 0);
    }

    /// The operator has the ledger sign with another key.
    pub(super) fn key_rotates(&mut self, on: Date) {
        self.push(on, OPERATOR, Intent::Record, Vec::new(), Fill::Key, 0);
    }

    fn push(
        &mut self,
        on: Date,
        source: &'static str,
        intent: Intent,
        events: Vec<Event>,
        fill: Fill,
        clock_ahead: i64,
    ) {
        let earlier = self.steps.iter().filter(|step| step.at.date() == on).count() as i8;
        // From 09:00 on, eleven minutes apart: no day of the script comes near to six in the evening.
        let minutes = 11 * i16::from(earlier.min(48));
        let at = on.at(9 + (minutes / 60) as i8, (minutes % 60) as i8, 0, 0);
        self.steps.push(Step { at, source, intent, events, fill, clock_ahead });
    }

    /// The event about a subject that was written down first and that the test names; it must have been.
    pub(super) fn said(&self, subject: &str, is_it: impl Fn(&Payload) -> bool) -> Event {
        let mut said = self.steps.iter().filter(|step| step.intent == Intent::Record);
        let it = |event: &&Event| event.subject == subject && event.payload.as_ref().is_some_and(&is_it);
        said.find_map(|step| step.events.iter().find(it)).cloned().unwrap_or_else(|| {
            unreachable!("invariant: the script says something of {subject} before it names it")
        })
    }

    /// The ids of what a source got recorded on the days of a span, as far as it is written down.
    pub(super) fn posted(&self, source: &str, from: Date, to: Date) -> Vec<Uuid> {
        let recorded = |step: &&Step| {
            step.source == source && step.intent == Intent::Record && (from..=to).contains(&step.at.date())
        };
        let events = self.steps.iter().filter(recorded).flat_map(|step| &step.events);
        events.filter_map(|event| Uuid::parse_str(&event.event_id).ok()).collect()
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
        occurred: Some(occurred(on)),
        source_sequence: None,
        producer_recorded_at: None,
        actor_post: post.to_owned(),
        correlation_id: String::new(),
        causation_id: String::new(),
        expected: None,
        payload: Some(payload),
    })
}

/// A day, as events have it.
pub(super) fn occurred(on: Date) -> wire::Occurred {
    wire::Occurred { precision: Some(Precision::Day(date(on))) }
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

/// An event said anew, and why. It keeps its id.
pub(super) fn corrected(on: Date, by: &str, anew: Event, approver: &str, reason: &str) -> Event {
    let subject = anew.subject.clone();
    let correction = wire::CorrectionMade {
        corrected: Some(Box::new(anew)),
        target_source: String::new(),
        approver_post: approver.to_owned(),
        reason: reason.to_owned(),
    };
    event(on, &subject, by, Payload::CorrectionMade(Box::new(correction)))
}

/// A source's word about what it got recorded in a period: how many events, and which.
pub(super) fn stated(on: Date, source: &str, (from, to): (Date, Date), mut ids: Vec<Uuid>) -> Event {
    ids.sort_unstable();
    let digest = ids.iter().fold(Sha256::new(), |hash, id| hash.chain_update(id.as_bytes()));
    let statement = SourceStatement {
        period_from: Some(date(from)),
        period_to: Some(date(to)),
        count: ids.len() as u64,
        digest: digest.finalize().to_vec(),
    };
    event(on, &format!("source/{source}"), "", Payload::SourceStatement(statement))
}

/// A fixed key of an invented auditor: right for a demo, wrong for anything else.
pub(super) fn auditors_key() -> ed25519_dalek::SigningKey {
    let mut seed = [0; 32];
    seed.copy_from_slice(&hash(b"the auditor's key"));
    ed25519_dalek::SigningKey::from_bytes(&seed)
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

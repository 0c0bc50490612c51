//! Documents that support commitments and changes directly, from the people team and the diary of events. Invented.

use jiff::civil::Date;

use super::super::cast::{DIARY, PEOPLE};
use super::super::pen::{Year, day, document, event};
use crate::grpc::wire::{Event, EvidenceAttached, event::Payload};

/// Who attaches, on, evidence id, about, kind, by which post.
const ATTACHED: [(&str, Date, &str, &str, &str, &str); 12] = [
    (PEOPLE, day(4, 30), "wellbeing-plan", "commitment/C9", "published-document", "head-of-people"),
    (DIARY, day(5, 21), "webinar-1", "commitment/C2", "session-record", "head-of-partnerships"),
    (DIARY, day(6, 12), "webinar-2", "commitment/C2", "session-record", "head-of-partnerships"),
    (DIARY, day(6, 26), "learning-lunch", "commitment/C4", "session-record", "head-of-learning"),
    (PEOPLE, day(8, 5), "core-hours-paper", "policy-change/core-hours", "minutes", "head-of-people"),
    (DIARY, day(9, 11), "partner-conference", "commitment/C5", "session-record", "head-of-partnerships"),
    (DIARY, day(10, 9), "mental-health-day", "commitment/C15", "session-record", "head-of-learning"),
    (PEOPLE, day(11, 5), "support-poster", "commitment/C16", "published-document", "people-adviser"),
    (
        DIARY,
        day(11, 20),
        "elected-members-seminar",
        "commitment/C2",
        "session-record",
        "head-of-partnerships",
    ),
    (PEOPLE, day(1, 16), "pulse-summary", "commitment/C10", "published-document", "head-of-people"),
    (DIARY, day(2, 5), "leaders-breakfast", "commitment/C7", "session-record", "head-of-learning"),
    (DIARY, day(3, 12), "network-day", "commitment/C12", "session-record", "head-of-partnerships"),
];

pub(super) fn write(year: &mut Year) {
    for &(source, on, id, about, kind, by) in &ATTACHED {
        year.post(on, source, vec![attached(on, id, about, kind, by)]);
    }
}

/// A document about something.
pub(super) fn attached(on: Date, id: &str, about: &str, kind: &str, by: &str) -> Event {
    let attached = EvidenceAttached {
        about: about.into(),
        sha256: document(id),
        size_bytes: 18_000 + 977 * id.len() as u64,
        media_type: "application/pdf".into(),
        kind: kind.into(),
        uri: format!("https://www.example.org/evidence/{id}"),
    };
    event(on, &format!("evidence/{id}"), by, Payload::EvidenceAttached(attached))
}

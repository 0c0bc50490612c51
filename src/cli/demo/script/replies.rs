//! The loop of feedback to its end: what was acknowledged, considered, linked, told, taken back; and rounds that close.
//! Invented.
//!
//! Invariant: nobody who gave no way to be answered is answered directly. Some loops stay open: one change was made and
//! nobody told whoever had asked for it, one item was acknowledged and nothing more, one round never got its response.

use jiff::civil::Date;

use super::super::cast::{POLICIES, SURVEY};
use super::super::pen::{Year, day, event};
use super::feedback::{answered, subject};
use crate::grpc::wire::{
    FeedbackAcknowledged, FeedbackConsidered, FeedbackLinked, FeedbackReopened, FeedbackRoundClosed,
    FeedbackTold, FeedbackUnlinked, FeedbackWithdrawn, ResponseMode, ResponseOutcome, RoundResponsePublished,
    WithdrawalScope, event::Payload,
};

/// Holding replies: which item, on. One came after more than the five working days that were promised.
const ACKNOWLEDGED: [(&str, Date); 11] = [
    ("f01", day(5, 14)),
    ("f02", day(5, 15)),
    ("f04", day(5, 22)),
    ("f03", day(5, 23)),
    ("f05", day(5, 28)),
    ("f08", day(8, 1)),
    ("f09", day(9, 5)),
    ("f10", day(9, 19)),
    ("f11", day(10, 24)),
    ("f13", day(1, 22)),
    ("f15", day(2, 9)),
];

/// Being considered: which item, on.
const CONSIDERED: [(&str, Date); 2] = [("f13", day(2, 2)), ("f11", day(11, 4))];

/// Told what came of it: which item, on.
const TOLD: [(&str, Date); 10] = [
    ("f07", day(6, 18)),
    ("a5", day(6, 18)),
    ("f06", day(6, 6)),
    ("f01", day(8, 6)),
    ("f02", day(8, 6)),
    ("f03", day(11, 6)),
    ("f12", day(11, 27)),
    ("f11", day(12, 17)),
    ("f04", day(12, 19)),
    ("f14", day(2, 16)),
];

/// Rounds: which, its last day, when that was recorded, how many answered, when what came of it was published.
const ROUNDS: [(&str, Date, Date, u32, Option<Date>); 4] = [
    ("spring-2025", day(5, 30), day(6, 2), 57, Some(day(7, 31))),
    // The link was passed on.
    ("partners-2025", day(9, 26), day(9, 29), 124, Some(day(11, 28))),
    ("drop-in-2025", day(10, 31), day(11, 3), 9, None),
    ("winter-2026", day(2, 6), day(2, 9), 59, Some(day(3, 20))),
];

pub(super) fn write(year: &mut Year) {
    let mode = ResponseMode::Direct.into();
    for &(id, on) in &ACKNOWLEDGED {
        let payload = Payload::FeedbackAcknowledged(FeedbackAcknowledged { mode });
        year.post(on, SURVEY, vec![event(on, &subject(id), "people-adviser", payload)]);
    }
    for &(id, on) in &CONSIDERED {
        post(year, on, id, Payload::FeedbackConsidered(FeedbackConsidered { mode }));
    }
    for &(id, on) in &TOLD {
        told(year, on, id);
    }
    reopened(year);
    mislinked(year);
    taken_back(year);
    for &(id, on, recorded, responses, published) in &ROUNDS {
        let round = format!("round/{id}");
        let payload = Payload::FeedbackRoundClosed(FeedbackRoundClosed { responses });
        year.post(recorded, SURVEY, vec![event(on, &round, "people-adviser", payload)]);
        if let Some(on) = published {
            let url = format!("https://www.example.org/you-said/{id}");
            let payload = Payload::RoundResponsePublished(RoundResponsePublished { url });
            year.post(on, POLICIES, vec![event(on, &round, "governance-lead", payload)]);
        }
    }
}

/// Closed in June because something else was planned; when that was planned, it was taken up after all.
fn reopened(year: &mut Year) {
    post(year, day(9, 10), "f06", Payload::FeedbackReopened(FeedbackReopened {}));
    link(year, day(9, 10), "f06", "action/team-agreements");
    let on = day(9, 18);
    year.post(on, POLICIES, vec![answered("f06", on, ResponseOutcome::ChangeAgreed)]);
    told(year, day(1, 22), "f06");
}

/// Linked to one piece of work, and later to the one that it was really about; and a change that was agreed without a
/// link, told in March.
fn mislinked(year: &mut Year) {
    link(year, day(10, 3), "f09", "action/partner-principles");
    let from = "action/partner-principles".into();
    post(year, day(2, 3), "f09", Payload::FeedbackUnlinked(FeedbackUnlinked { from }));
    link(year, day(2, 3), "f09", "action/facilitator-network");
    told(year, day(3, 5), "f08");
}

/// Taken back: once only the way to be answered, once the whole. No reason is asked for, so none stands here.
fn taken_back(year: &mut Year) {
    for (id, on, scope) in
        [("f03", day(11, 10), WithdrawalScope::Contact), ("f15", day(3, 9), WithdrawalScope::Whole)]
    {
        let payload = Payload::FeedbackWithdrawn(FeedbackWithdrawn { scope: scope.into() });
        year.post(on, SURVEY, vec![event(on, &subject(id), "", payload)]);
    }
}

fn link(year: &mut Year, on: Date, id: &str, to: &str) {
    post(year, on, id, Payload::FeedbackLinked(FeedbackLinked { to: to.into() }));
}

fn told(year: &mut Year, on: Date, id: &str) {
    let mode = if matches!(id, "f07" | "a5") { ResponseMode::Public } else { ResponseMode::Direct };
    post(year, on, id, Payload::FeedbackTold(FeedbackTold { mode: mode.into() }));
}

fn post(year: &mut Year, on: Date, id: &str, payload: Payload) {
    year.post(on, POLICIES, vec![event(on, &subject(id), "governance-lead", payload)]);
}

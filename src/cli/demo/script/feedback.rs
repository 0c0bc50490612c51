//! What staff and partners were asked, what they said, what they were answered. Invented, and without a word of what
//! anybody wrote: that stands in a vault, and the ledger holds its commitment only.
//!
//! Invariant: anonymous items carry a month and come at least five in one request. Themes name policy issues.

use jiff::civil::Date;

use super::super::cast::{POLICIES, SURVEY};
use super::super::pen::{Year, date, day, document, event, feedback_id, named, texts};
use crate::grpc::wire::{
    self, Anonymity, Contact, Event, FeedbackClosedWithoutChange, FeedbackReceived, FeedbackResponded,
    FeedbackSought, Month, Respondents, ResponseMode, ResponseOutcome, event::Payload, occurred::Precision,
};

/// A round of asking: id, title, announced, opens, closes, invited, whom, and whether there is an anonymous route.
type Round = (&'static str, &'static str, [Date; 3], u32, Respondents, bool);

const ROUNDS: [Round; 4] = [
    (
        "spring-2025",
        "Policies and practice, spring 2025",
        [day(5, 7), day(5, 12), day(5, 30)],
        74,
        Respondents::Staff,
        true,
    ),
    (
        "partners-2025",
        "Working with us, partners, autumn 2025",
        [day(8, 28), day(9, 1), day(9, 26)],
        118,
        Respondents::Partners,
        true,
    ),
    // Drop-in sessions only: nobody could speak without being seen. The ledger takes it and marks it.
    (
        "drop-in-2025",
        "Drop-in sessions, October 2025",
        [day(10, 14), day(10, 20), day(10, 31)],
        76,
        Respondents::Staff,
        false,
    ),
    (
        "winter-2026",
        "Policies and practice, winter 2026",
        [day(1, 13), day(1, 19), day(2, 6)],
        77,
        Respondents::Staff,
        true,
    ),
];

/// An item that somebody did not give anonymously.
struct Item {
    id: &'static str,
    on: Date,
    round: &'static str,
    theme: &'static str,
    policy: &'static str,
    channel: &'static str,
    named: bool,
    contact: Contact,
}

const fn item(
    id: &'static str,
    on: Date,
    (round, channel): (&'static str, &'static str),
    (theme, policy): (&'static str, &'static str),
    named: bool,
    contact: Contact,
) -> Item {
    Item { id, on, round, theme, policy, channel, named, contact }
}

use Contact::{Direct, None as Nobody, ReplyToken};

pub(super) const SPRING: (&str, &str) = ("spring-2025", "survey");
pub(super) const PARTNERS: (&str, &str) = ("partners-2025", "online-form");
pub(super) const DROP_IN: (&str, &str) = ("drop-in-2025", "drop-in");
pub(super) const WINTER: (&str, &str) = ("winter-2026", "survey");
pub(super) const UNASKED: (&str, &str) = ("", "mailbox");

const ITEMS: [Item; 16] = [
    item("f01", day(5, 13), SPRING, ("flexible-hours", "flexible-working"), false, Direct),
    item("f02", day(5, 14), SPRING, ("flexible-hours", "flexible-working"), true, Direct),
    item("f03", day(5, 15), SPRING, ("absence-procedure", "absence"), false, ReplyToken),
    item("f04", day(5, 20), SPRING, ("workspace", "workspace"), false, Direct),
    item("f05", day(5, 22), SPRING, ("recruitment-process", "recruitment"), false, ReplyToken),
    item("f06", day(5, 27), SPRING, ("meeting-practice", ""), true, Direct),
    item("f07", day(5, 29), SPRING, ("travel-expenses", "expenses"), false, Nobody),
    item("f08", day(7, 15), UNASKED, ("supervision", "supervision"), false, Direct),
    item("f09", day(9, 4), PARTNERS, ("partnership-working", ""), true, Direct),
    item("f10", day(9, 18), PARTNERS, ("supervision", "supervision"), false, Direct),
    item("f11", day(10, 22), DROP_IN, ("absence-procedure", "absence"), true, Direct),
    item("f12", day(10, 29), DROP_IN, ("training-access", ""), false, Direct),
    item("f13", day(1, 21), WINTER, ("workspace", "workspace"), false, ReplyToken),
    item("f14", day(1, 28), WINTER, ("communication-of-change", ""), true, Direct),
    item("f15", day(2, 3), WINTER, ("induction", "induction"), false, Direct),
    // Nobody has answered this one by the end of the year.
    item("f16", day(3, 17), UNASKED, ("training-access", ""), false, Direct),
];

/// Anonymous releases: recorded on, month, round, and each item's id, theme and policy.
type Release = (Date, Month, &'static str, &'static [(&'static str, &'static str, &'static str)]);

const RELEASES: [Release; 2] = [
    (
        day(6, 3),
        Month { year: 2025, month: 5 },
        "spring-2025",
        &[
            ("a1", "flexible-hours", "flexible-working"),
            ("a2", "absence-procedure", "absence"),
            ("a3", "absence-procedure", "absence"),
            ("a4", "meeting-practice", ""),
            ("a5", "travel-expenses", "expenses"),
            ("a6", "workspace", "workspace"),
        ],
    ),
    (
        day(2, 10),
        Month { year: 2026, month: 2 },
        "winter-2026",
        &[
            ("b1", "workspace", "workspace"),
            ("b2", "workspace", "workspace"),
            ("b3", "communication-of-change", ""),
            ("b4", "induction", "induction"),
            ("b5", "supervision", "supervision"),
        ],
    ),
];

use ResponseOutcome::{ChangeAgreed, ChangeConsidered, NoChange};

/// Answers: which item, on, what. Whoever can be reached is answered directly, everybody else in public.
const ANSWERS: [(&str, Date, ResponseOutcome); 18] = [
    ("f06", day(6, 4), NoChange),
    ("f04", day(6, 10), ChangeAgreed),
    ("f01", day(6, 12), ChangeConsidered),
    ("f02", day(6, 12), ChangeConsidered),
    ("f07", day(6, 16), NoChange),
    ("a5", day(6, 16), NoChange),
    ("f05", day(6, 27), ChangeConsidered),
    ("f01", day(7, 29), ChangeAgreed),
    ("f02", day(7, 29), ChangeAgreed),
    ("f03", day(9, 1), ChangeConsidered),
    ("f08", day(8, 6), ChangeConsidered),
    ("f09", day(10, 2), ChangeConsidered),
    ("f03", day(11, 4), ChangeAgreed),
    ("f11", day(11, 19), ChangeAgreed),
    ("f12", day(11, 25), NoChange),
    ("f14", day(2, 12), NoChange),
    ("f13", day(2, 24), ChangeConsidered),
    ("f08", day(3, 3), ChangeAgreed),
];

/// Closed without a change: which item, on, reason, and why in words about the decision.
const CLOSED: [(&str, Date, &str, &str); 5] = [
    (
        "f06",
        day(6, 5),
        "already-in-place",
        "Team agreements, planned for this year, will cover how meetings are run.",
    ),
    ("f07", day(6, 17), "cost", "A higher rate would have to be taken from training, which matters more."),
    ("a5", day(6, 17), "cost", "A higher rate would have to be taken from training, which matters more."),
    (
        "f12",
        day(11, 26),
        "outside-remit",
        "The course belongs to a national provider; the request was passed on.",
    ),
    (
        "f14",
        day(2, 13),
        "decided-otherwise",
        "Changes stay announced by teams first; a written note now follows.",
    ),
];

pub(super) fn write(year: &mut Year) {
    for round in &ROUNDS {
        year.post(round.2[0], SURVEY, vec![sought(round)]);
    }
    for item in &ITEMS {
        let about = (item.id, item.theme, item.policy);
        let payload = received(about, item.round, item.channel, anonymity(item), item.contact);
        year.post(item.on, SURVEY, vec![event(item.on, &subject(item.id), "", payload)]);
    }
    for release in &RELEASES {
        year.post(release.0, SURVEY, released(release));
    }
    for &(id, on, outcome) in &ANSWERS {
        year.post(on, POLICIES, vec![answered(id, on, outcome)]);
    }
    for &(id, on, code, reason) in &CLOSED {
        let closed = FeedbackClosedWithoutChange { reason_code: code.into(), reason: reason.into() };
        let payload = Payload::FeedbackClosedWithoutChange(closed);
        year.post(on, POLICIES, vec![event(on, &subject(id), "governance-lead", payload)]);
    }
}

/// The spring release, as a survey tool would send it again after a lost connection.
pub(super) fn first_release() -> (Date, Vec<Event>) {
    (RELEASES[0].0, released(&RELEASES[0]))
}

/// One anonymous item of its own: less than a release.
pub(super) fn single_anonymous() -> Event {
    let (_, month, round, _) = RELEASES[1];
    anonymous(month, round, ("b6", "supervision", "supervision"))
}

/// An item about a theme that no list holds.
pub(super) fn unknown_theme(on: Date) -> Event {
    let payload = received(("f17", "car-parking", ""), "", "mailbox", Anonymity::Confidential, Direct);
    event(on, &subject("f17"), "", payload)
}

/// Closing an item that a live proposal rests on.
pub(super) fn closing_live(on: Date) -> Event {
    let reason = "The proposal is still open.".into();
    let closed = FeedbackClosedWithoutChange { reason_code: "decided-otherwise".into(), reason };
    event(on, &subject("f13"), "governance-lead", Payload::FeedbackClosedWithoutChange(closed))
}

/// A round that was announced by mistake while the tool was tried out.
pub(super) fn test_round(on: Date) -> Event {
    sought_on(&("trial", "Trial of the tool", [on, on, on], 3, Respondents::Staff, true))
}

fn sought(round: &Round) -> Event {
    sought_on(round)
}

fn sought_on(&(id, title, [on, opens, closes], invited, respondents, anonymous): &Round) -> Event {
    let mut options = vec![Anonymity::Confidential.into(), Anonymity::Named.into()];
    if anonymous {
        options.insert(0, Anonymity::Anonymous.into());
    }
    let sought = FeedbackSought {
        title: title.into(),
        respondents: respondents.into(),
        opens: Some(date(opens)),
        closes: Some(date(closes)),
        invited: Some(invited),
        channels: if anonymous { texts(&["survey", "online-form"]) } else { texts(&["drop-in"]) },
        anonymity_options: options,
        support_url: "https://www.example.org/support".into(),
        commitments: match respondents {
            Respondents::Partners => texts(&["C12"]),
            _ => texts(&["C10", "C14"]),
        },
    };
    event(on, &format!("round/{id}"), "people-adviser", Payload::FeedbackSought(sought))
}

fn released(&(_, month, round, items): &Release) -> Vec<Event> {
    items.iter().map(|&item| anonymous(month, round, item)).collect()
}

pub(super) fn anonymous(month: Month, round: &str, item: (&str, &str, &str)) -> Event {
    let payload = received(item, round, "survey", Anonymity::Anonymous, Contact::None);
    let mut event = event(Date::ZERO, &subject(item.0), "", payload);
    event.occurred = Some(wire::Occurred { precision: Some(Precision::Month(month)) });
    named(event)
}

pub(super) fn received(
    (id, theme, policy): (&str, &str, &str),
    round: &str,
    channel: &str,
    anonymity: Anonymity,
    contact: Contact,
) -> Payload {
    Payload::FeedbackReceived(FeedbackReceived {
        round: round.into(),
        respondents: if round == PARTNERS.0 { Respondents::Partners } else { Respondents::Staff }.into(),
        themes: texts(&[theme]),
        policies: if policy.is_empty() { Vec::new() } else { texts(&[policy]) },
        channel: channel.into(),
        anonymity: anonymity.into(),
        contact: contact.into(),
        content_commitment: document(&format!("content of {id}")),
        receipt_code_hash: document(&format!("receipt code of {id}")),
    })
}

/// An answer, in public where nobody can be reached.
pub(super) fn answered(id: &str, on: Date, outcome: ResponseOutcome) -> Event {
    let contact = ITEMS.iter().find(|item| item.id == id).map_or(Contact::None, |item| item.contact);
    let public = contact == Contact::None;
    let answer = FeedbackResponded {
        outcome: outcome.into(),
        mode: if public { ResponseMode::Public } else { ResponseMode::Direct }.into(),
        response_url: if public { "https://www.example.org/you-said".into() } else { String::new() },
    };
    event(on, &subject(id), "governance-lead", Payload::FeedbackResponded(answer))
}

fn anonymity(item: &Item) -> Anonymity {
    if item.named { Anonymity::Named } else { Anonymity::Confidential }
}

/// The subject of an item.
pub(super) fn subject(id: &str) -> String {
    format!("feedback/{}", feedback_id(id))
}

//! What many said in the year, beside those whose way `feedback` and `replies` tell one by one: a table of batches, and one
//! pattern by which each item of a batch is received, acknowledged, answered, acted on and told. Invented.
//!
//! Invariant: the days follow from the table and an item's number alone. Nobody who left no way to reply is answered
//! directly. What is linked to a piece of work is linked after that was proposed or planned. It must not know what reports
//! make of it.

use jiff::civil::Date;
use std::collections::BTreeMap;

use super::super::cast::{POLICIES, SURVEY};
use super::super::pen::{Year, day, event};
use super::feedback::{DROP_IN, PARTNERS, SPRING, UNASKED, WINTER, anonymous, received, subject};
use super::founding::is_day_off;
use crate::grpc::wire::{
    Anonymity, Contact, Event, FeedbackAcknowledged, FeedbackClosedWithoutChange, FeedbackLinked,
    FeedbackResponded, FeedbackTold, FeedbackWithdrawn, Month, ResponseMode, ResponseOutcome,
    WithdrawalScope, event::Payload,
};

/// Items about one thing, and what came of them.
struct Batch {
    id: &'static str,
    /// Round and channel.
    asked: (&'static str, &'static str),
    /// Theme and policy.
    about: (&'static str, &'static str),
    /// The days on which they came, in turn.
    days: &'static [Date],
    count: usize,
    /// As many more that were anonymous: recorded on, of that month.
    anonymous: Option<(usize, Date, Month)>,
    /// The first was answered so many working days after it came, the last twelve days later.
    answered_after: usize,
    fate: Fate,
}

/// What came of a batch.
#[derive(Clone, Copy)]
enum Fate {
    /// Linked to a piece of work, on; told on.
    Changed(&'static str, Date, Date),
    /// Closed when it was answered: reason, and why in words about the decision.
    Closed(&'static str, &'static str),
    /// Answered, and still open.
    Considered,
    /// Acknowledged, and nothing more.
    Acknowledged,
    Untouched,
}

use Fate::{Acknowledged, Changed, Closed, Considered, Untouched};

const fn batch(
    id: &'static str,
    (asked, about): ((&'static str, &'static str), (&'static str, &'static str)),
    (days, count): (&'static [Date], usize),
    answered_after: usize,
    fate: Fate,
) -> Batch {
    Batch { id, asked, about, days, count, anonymous: None, answered_after, fate }
}

impl Batch {
    const fn and_anonymous(self, count: usize, recorded: Date, month: Month) -> Self {
        Self { anonymous: Some((count, recorded, month)), ..self }
    }
}

const IN_SPRING: &[Date] = &[day(5, 13), day(5, 16), day(5, 21), day(5, 23), day(5, 28)];
const AT_PARTNERS: &[Date] = &[day(9, 3), day(9, 10), day(9, 17), day(9, 24)];
const IN_WINTER: &[Date] = &[day(1, 26), day(1, 29), day(2, 2), day(2, 5)];
const MAY: Month = Month { year: 2025, month: 5 };
const SEPTEMBER: Month = Month { year: 2025, month: 9 };
const FEBRUARY: Month = Month { year: 2026, month: 2 };

const HOURS: (&str, &str) = ("flexible-hours", "flexible-working");
const ABSENCE: (&str, &str) = ("absence-procedure", "absence");
const SPACE: (&str, &str) = ("workspace", "workspace");
const TRAVEL: (&str, &str) = ("travel-expenses", "expenses");
const MEETINGS: (&str, &str) = ("meeting-practice", "");
const TRAINING: (&str, &str) = ("training-access", "");
const NEWS: (&str, &str) = ("communication-of-change", "");
const HIRING: (&str, &str) = ("recruitment-process", "recruitment");
const INDUCTION: (&str, &str) = ("induction", "induction");
const PARTNERSHIP: (&str, &str) = ("partnership-working", "");
const SUPERVISION: (&str, &str) = ("supervision", "supervision");

const BATCHES: [Batch; 21] = [
    batch(
        "hours",
        (SPRING, HOURS),
        (IN_SPRING, 40),
        7,
        Changed("policy-change/core-hours", day(6, 18), day(8, 6)),
    )
    .and_anonymous(12, day(6, 3), MAY),
    batch(
        "return",
        (SPRING, ABSENCE),
        (IN_SPRING, 22),
        14,
        Changed("policy-change/return-conversation", day(8, 27), day(11, 6)),
    ),
    batch("quiet", (SPRING, SPACE), (IN_SPRING, 18), 8, Changed("action/rest-spaces", day(6, 12), day(1, 8))),
    batch(
        "mileage",
        (SPRING, TRAVEL),
        (IN_SPRING, 16),
        9,
        Closed("cost", "A higher rate would have to be taken from training, which matters more."),
    ),
    batch(
        "meetings",
        (SPRING, MEETINGS),
        (IN_SPRING, 14),
        7,
        Closed("already-in-place", "The guide to meetings says so since last year; it was sent round again."),
    ),
    batch(
        "courses",
        (SPRING, TRAINING),
        (IN_SPRING, 4),
        10,
        Closed("outside-remit", "The courses belong to a national provider; the request was passed on."),
    )
    .and_anonymous(8, day(6, 3), MAY),
    batch("desks", (SPRING, SPACE), (IN_SPRING, 15), 12, Considered),
    batch(
        "news",
        (UNASKED, NEWS),
        (&[day(6, 24), day(7, 3), day(7, 8), day(7, 15)], 12),
        20,
        Closed("decided-otherwise", "Changes stay announced by teams first; a written note follows."),
    ),
    batch("classes", (UNASKED, TRAINING), (&[day(6, 30), day(7, 14)], 7), 0, Untouched),
    batch(
        "interviews",
        (UNASKED, HIRING),
        (&[day(8, 12), day(8, 27), day(9, 9)], 16),
        10,
        Changed("policy-change/questions-ahead", day(10, 8), day(1, 14)),
    ),
    batch(
        "workload",
        (UNASKED, MEETINGS),
        (&[day(7, 22), day(8, 7), day(9, 2)], 12),
        8,
        Changed("action/team-agreements", day(9, 18), day(1, 21)),
    ),
    batch("first-days", (UNASKED, INDUCTION), (&[day(8, 19), day(9, 16), day(10, 7)], 8), 0, Acknowledged),
    batch("letters", (DROP_IN, ABSENCE), (&[day(10, 21), day(10, 27), day(10, 30)], 12), 9, Considered),
    batch(
        "rooms",
        (DROP_IN, SPACE),
        (&[day(10, 21), day(10, 23), day(10, 28)], 12),
        6,
        Closed("decided-otherwise", "The lease ends next year; the next offices are chosen with staff."),
    ),
    batch("notices", (UNASKED, NEWS), (&[day(11, 6), day(11, 13), day(12, 4)], 9), 0, Acknowledged),
    batch("new-year", (UNASKED, HOURS), (&[day(1, 7), day(1, 13), day(1, 15)], 8), 0, Untouched),
    batch(
        "joint",
        (PARTNERS, PARTNERSHIP),
        (AT_PARTNERS, 32),
        8,
        Changed("action/council-webinars", day(10, 1), day(11, 13)),
    ),
    batch(
        "others",
        (PARTNERS, SUPERVISION),
        (AT_PARTNERS, 10),
        6,
        Closed("outside-remit", "Each partner decides on its own supervision; what was asked was passed on."),
    )
    .and_anonymous(12, day(10, 1), SEPTEMBER),
    batch("drafts", (PARTNERS, PARTNERSHIP), (AT_PARTNERS, 32), 12, Considered),
    batch("booking", (WINTER, SPACE), (IN_WINTER, 24), 8, Considered).and_anonymous(12, day(2, 10), FEBRUARY),
    batch(
        "clearer",
        (WINTER, NEWS),
        (IN_WINTER, 14),
        6,
        Closed("already-in-place", "The written note came in the autumn; it was shown again."),
    ),
];

/// Taken back whole: which items of which batch, on.
const TAKEN_BACK: [(&str, usize, Date); 2] = [("desks", 6, day(9, 24)), ("drafts", 6, day(11, 12))];

pub(super) fn write(year: &mut Year) {
    for batch in &BATCHES {
        batch.write(year);
    }
    for (batch, count, on) in TAKEN_BACK {
        let whole = || FeedbackWithdrawn { scope: WithdrawalScope::Whole.into() };
        let withdrawn = (0..count)
            .map(|number| event(on, &subject(&name(batch, number)), "", Payload::FeedbackWithdrawn(whole())));
        year.post(on, SURVEY, withdrawn.collect());
    }
}

/// The items of which their words are to be erased, too.
pub(super) fn taken_back() -> impl Iterator<Item = String> {
    let [(batch, count, _), _] = TAKEN_BACK;
    (0..count).map(move |number| name(batch, number))
}

fn name(batch: &str, number: usize) -> String {
    format!("{batch}-{number}")
}

/// The n-th working day after one.
fn later(on: Date, n: usize) -> Date {
    let days = std::iter::successors(on.tomorrow().ok(), |on| on.tomorrow().ok());
    days.filter(|on| !is_day_off(*on)).nth(n.saturating_sub(1)).unwrap_or(on)
}

/// Events by the day of their request.
#[derive(Default)]
struct ByDay(BTreeMap<Date, Vec<Event>>);

impl ByDay {
    fn say(&mut self, on: Date, id: &str, by: &str, payload: Payload) {
        self.0.entry(on).or_default().push(event(on, &subject(id), by, payload));
    }

    fn post(self, year: &mut Year, source: &'static str) {
        for (on, events) in self.0 {
            year.post(on, source, events);
        }
    }
}

impl Batch {
    fn write(&self, year: &mut Year) {
        let (mut heard, mut acknowledged, mut links, mut answers, mut tellings) =
            (ByDay::default(), ByDay::default(), ByDay::default(), ByDay::default(), ByDay::default());
        let about = |id: &str| (id.to_owned(), self.about.0, self.about.1);
        let mut items = Vec::new();
        for (number, on) in (0..self.count).zip(self.days.iter().copied().cycle()) {
            let id = name(self.id, number);
            let anonymity = if number % 5 == 4 { Anonymity::Named } else { Anonymity::Confidential };
            let (name, theme, policy) = about(&id);
            heard.say(
                on,
                &id,
                "",
                received((&name, theme, policy), self.asked.0, self.asked.1, anonymity, Contact::Direct),
            );
            if !matches!(self.fate, Untouched) {
                let mode = ResponseMode::Direct.into();
                let payload = Payload::FeedbackAcknowledged(FeedbackAcknowledged { mode });
                acknowledged.say(later(on, 1 + 4 * number % 7), &id, "people-adviser", payload);
            }
            items.push((id, on, number, ResponseMode::Direct));
        }
        heard.post(year, SURVEY);
        if let Some((count, recorded, month)) = self.anonymous {
            let ids: Vec<_> = (self.count..self.count + count).map(|number| name(self.id, number)).collect();
            let released =
                ids.iter().map(|id| anonymous(month, self.asked.0, (id, self.about.0, self.about.1)));
            year.post(recorded, SURVEY, released.collect());
            items.extend(
                ids.into_iter().zip(0..).map(|(id, number)| (id, recorded, number, ResponseMode::Public)),
            );
        }
        acknowledged.post(year, SURVEY);
        for (id, on, number, mode) in &items {
            let answered = later(*on, self.answered_after + 11 * number % 13);
            self.end(id, answered, *mode, (&mut links, &mut answers, &mut tellings));
        }
        for said in [links, answers, tellings] {
            said.post(year, POLICIES);
        }
    }

    /// What came of one item.
    fn end(
        &self,
        id: &str,
        answered: Date,
        mode: ResponseMode,
        (links, answers, tellings): (&mut ByDay, &mut ByDay, &mut ByDay),
    ) {
        let by = "governance-lead";
        let answer = |outcome: ResponseOutcome| {
            let public = mode == ResponseMode::Public;
            Payload::FeedbackResponded(FeedbackResponded {
                outcome: outcome.into(),
                mode: mode.into(),
                response_url: if public { "https://www.example.org/you-said".into() } else { String::new() },
            })
        };
        let told = || Payload::FeedbackTold(FeedbackTold { mode: mode.into() });
        match self.fate {
            Changed(work, linked, told_on) => {
                links.say(linked, id, by, Payload::FeedbackLinked(FeedbackLinked { to: work.into() }));
                answers.say(answered, id, by, answer(ResponseOutcome::ChangeAgreed));
                tellings.say(told_on, id, by, told());
            }
            Closed(code, reason) => {
                let closed = FeedbackClosedWithoutChange { reason_code: code.into(), reason: reason.into() };
                answers.say(answered, id, by, answer(ResponseOutcome::NoChange));
                answers.say(answered, id, by, Payload::FeedbackClosedWithoutChange(closed));
                tellings.say(later(answered, 1), id, by, told());
            }
            Considered => answers.say(answered, id, by, answer(ResponseOutcome::ChangeConsidered)),
            Acknowledged | Untouched => {}
        }
    }
}

//! What happens to feedback from its receipt to its end, and what steers the figures about it: calendars, reasons, release
//! points.
//!
//! Invariant: as of the chronicle: it writes down whatever it is told. Only for tests.

use uuid::Uuid;

use super::{Chronicle, code, codes, label, on, words};
use crate::domain::event::*;

impl Chronicle {
    /// One item, so anonymous; gives back its id and the sequence of its receipt.
    pub(crate) fn voice(
        &mut self,
        occurred: &str,
        respondents: Respondents,
        anonymity: Anonymity,
    ) -> (Uuid, u64) {
        let id = Uuid::from_u128(0xfeed_0000_0000 + self.facts.len() as u128);
        let received = FeedbackReceived {
            round: None,
            respondents,
            themes: codes(&["flexible-working"]),
            policies: vec![],
            channel: code("web"),
            anonymity,
            contact: Contact::ReplyToken,
            content_commitment: None,
            receipt_code_hash: None,
        };
        (id, self.say(&format!("feedback/{id}"), occurred, received))
    }

    pub(crate) fn acknowledge(&mut self, item: Uuid, occurred: &str) -> u64 {
        self.say(&format!("feedback/{item}"), occurred, FeedbackAcknowledged { mode: ResponseMode::Direct })
    }

    pub(crate) fn consider(&mut self, item: Uuid, occurred: &str) -> u64 {
        self.say(&format!("feedback/{item}"), occurred, FeedbackConsidered { mode: ResponseMode::Direct })
    }

    pub(crate) fn respond(&mut self, item: Uuid, occurred: &str, outcome: ResponseOutcome) -> u64 {
        let responded = FeedbackResponded { outcome, mode: ResponseMode::Direct, response_url: None };
        self.say(&format!("feedback/{item}"), occurred, responded)
    }

    pub(crate) fn close(&mut self, item: Uuid, occurred: &str, reason: &str) -> u64 {
        let closed = FeedbackClosedWithoutChange { reason_code: code(reason), reason: words() };
        self.say(&format!("feedback/{item}"), occurred, closed)
    }

    pub(crate) fn tell(&mut self, item: Uuid, occurred: &str) -> u64 {
        self.say(&format!("feedback/{item}"), occurred, FeedbackTold { mode: ResponseMode::Direct })
    }

    pub(crate) fn open_again(&mut self, item: Uuid, occurred: &str) -> u64 {
        self.say(&format!("feedback/{item}"), occurred, FeedbackReopened {})
    }

    /// A plan that names the feedback that led to it.
    pub(crate) fn plan_for(&mut self, id: &str, occurred: &str, feedback: &[Uuid]) -> u64 {
        let plan = ActionPlanned {
            title: label(&format!("Action {id}")),
            commitments: codes(&["C14"]),
            owner_post: code("people"),
            first_due: on("2026-03-31"),
            origin: Origin::Feedback,
            feedback: feedback.to_vec(),
            replaces: None,
        };
        self.say(&format!("action/{id}"), occurred, plan)
    }

    pub(crate) fn reasons(&mut self, occurred: &str, reasons: &[(&str, &str)]) -> u64 {
        let entry = |(reason, title): &(&str, &str)| CodeListEntry {
            code: code(reason),
            title: label(title),
            valid_from: None,
            valid_to: None,
            aliases: vec![],
        };
        let adopted = CodeListAdopted { entries: reasons.iter().map(entry).collect() };
        self.say("code-list/no-change-reason", occurred, adopted)
    }

    /// The calendar that the settings name.
    pub(crate) fn calendar(&mut self, occurred: &str, (from, to): (&str, &str), off: &[&str]) -> u64 {
        let holiday =
            |day: &&str| Holiday { on: on(day), title: label("A day off"), kind: HolidayKind::Public };
        let adopted = CalendarAdopted {
            covers_from: on(from),
            covers_to: on(to),
            holidays: off.iter().map(holiday).collect(),
        };
        self.say("calendar/scotland", occurred, adopted)
    }

    /// Settings with these targets in working days.
    pub(crate) fn targets(
        &mut self,
        occurred: &str,
        [acknowledge, respond, change]: [u32; 3],
        suppress_below: u32,
    ) -> u64 {
        let settings = ReportSettingsAdopted {
            calendar: code("scotland"),
            acknowledge_within: acknowledge,
            respond_within: respond,
            change_within: change,
            suppress_below,
            survey_minimum: 10,
            release_interval: 28,
        };
        self.say("settings/reports", occurred, settings)
    }

    /// A release point on that day, of everything that is known so far.
    pub(crate) fn release(&mut self, id: &str, occurred: &str) -> u64 {
        let position = self.facts.len() as u64;
        self.say(&format!("release-point/{id}"), occurred, ReleasePointDeclared { position })
    }
}

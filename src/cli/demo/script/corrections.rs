//! What was said wrongly and said anew. Invented.
//!
//! Invariant: a correction repeats the whole event under the id that it has, and the first word stays visible. A day of
//! completion moves only because somebody agreed who neither acted nor owns the action. What is corrected twice is
//! corrected in its first event both times: the last correction stands.

use jiff::civil::Date;

use super::super::cast::{LMS, TRACKER};
use super::super::pen::{Year, corrected, day, occurred};
use super::learning;
use crate::grpc::wire::{Event, event::Payload};

pub(super) fn write(year: &mut Year) {
    let on = day(2, 11);
    let mut plan = year.said("action/annual-section", |payload| matches!(payload, Payload::ActionPlanned(_)));
    if let Some(Payload::ActionPlanned(planned)) = &mut plan.payload {
        planned.title = "A section on the pledge in the annual report 2025-26".into();
    }
    let title = corrected(on, "head-of-communications", plan, "", "The year was missing from the title.");
    year.post(on, TRACKER, vec![title]);

    let on = day(10, 22);
    let reason = "The letters went out a day earlier than the tracker said.";
    let earlier = corrected(on, "head-of-people", letters_done(year, day(10, 2)), "governance-lead", reason);
    year.post(on, TRACKER, vec![earlier]);

    for (on, attendances, reason) in [
        (day(9, 15), 15, "One registration was counted twice."),
        (day(9, 22), 14, "Another was, too: the sheet was counted again by hand."),
    ] {
        let mut anew = learning::held_again(day(9, 9), attendances);
        let said = year.said(&anew.subject, |payload| matches!(payload, Payload::LearningDelivered(_)));
        anew.event_id = said.event_id;
        year.post(on, LMS, vec![corrected(on, "head-of-learning", anew, "", reason)]);
    }
}

/// The completion of the absence letters, said of another day.
pub(super) fn letters_done(year: &Year, on: Date) -> Event {
    let is_done = |payload: &Payload| matches!(payload, Payload::ActionCompleted(_));
    let mut done = year.said("action/absence-letters", is_done);
    done.occurred = Some(occurred(on));
    done
}

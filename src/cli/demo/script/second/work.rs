//! What was done about Northmoor's promises, and how six of them ended. Invented.
//!
//! Invariant: each promise ends once: fulfilled (one of them with nothing to show), merged, superseded, withdrawn, or by
//! the second version of the pledge. An action that is given up is replaced, and what was late stays late.

use jiff::civil::Date;

use super::super::super::pen::{Intent, Year, after, date, day, event, texts};
use super::{CLERK, OPENING, PROJECTS, REGISTER, attached, pledge};
use crate::grpc::wire::{
    ActionCancelled, ActionCompleted, ActionPlanned, ActionStarted, ActionVerified, CommitmentFulfilled,
    CommitmentMerged, CommitmentReviewed, CommitmentSuperseded, CommitmentWithdrawn, DeadlineRevised, Event,
    Origin, ReviewOutcome, event::Payload,
};

pub(super) fn write(year: &mut Year) {
    ramp(year);
    garden(year);
    sundays(year);
    languages(year);
    fees(year);
    reviews(year);
}

/// Planned, late, done, verified; and the promise is fulfilled.
fn ramp(year: &mut Year) {
    planned(year, day(4, 8), "harbour-ramp", ("A ramp at Harbour Library", "N3"), day(6, 30), "");
    action(year, day(5, 12), "harbour-ramp", Payload::ActionStarted(ActionStarted {}));
    let on = day(6, 23);
    let moved = DeadlineRevised {
        old_due: Some(date(day(6, 30))),
        new_due: Some(date(day(8, 29))),
        approver_post: CLERK.into(),
        reason: "The stone for the landing is delivered in July.".into(),
    };
    action(year, on, "harbour-ramp", Payload::DeadlineRevised(moved));
    let on = day(9, 4);
    let photographs = attached(on, "ramp-built", "action/harbour-ramp", "photographs", "estates-lead");
    let completed = Payload::ActionCompleted(ActionCompleted { evidence: texts(&["ramp-built"]) });
    let completed = event(on, "action/harbour-ramp", "estates-lead", completed);
    year.post(on, PROJECTS, vec![photographs, completed]);
    let on = day(9, 16);
    let visit = attached(on, "ramp-visit", "action/harbour-ramp", "minutes", CLERK);
    let verified = ActionVerified { verifier_post: CLERK.into(), evidence: texts(&["ramp-visit"]) };
    let verified = event(on, "action/harbour-ramp", CLERK, Payload::ActionVerified(verified));
    year.post(on, PROJECTS, vec![visit, verified]);
    let on = day(9, 18);
    let minutes = attached(on, "ramp-minutes", "commitment/N3", "minutes", CLERK);
    year.post(on, REGISTER, vec![minutes, fulfilled(on, "N3", &["ramp-minutes"])]);
}

/// Given up: the promise is withdrawn with its reason, and what was planned for it is cancelled.
fn garden(year: &mut Year) {
    planned(year, day(4, 22), "kirk-garden", ("A garden at Kirk Street", "N8"), day(9, 30), "");
    let on = day(10, 15);
    let reason = "The ground belongs to the road works until 2028; the committee gave the garden up.".into();
    let payload = Payload::CommitmentWithdrawn(CommitmentWithdrawn { reason });
    year.post(on, REGISTER, vec![event(on, "commitment/N8", CLERK, payload)]);
    let reason = "The promise was withdrawn.".into();
    action(year, day(10, 16), "kirk-garden", Payload::ActionCancelled(ActionCancelled { reason }));
    let on = day(11, 18);
    let tried = "a new action for a promise that was withdrawn";
    let again = plan(on, "kirk-garden-2", ("A garden after all", "N8"), day(3, 31), "");
    year.step(on, PROJECTS, Intent::Refuse("COMMITMENT_CLOSED", tried), vec![again]);
}

/// The first action is replaced, the promise goes on in another of the second version, and the work is open.
fn sundays(year: &mut Year) {
    planned(year, day(4, 22), "sunday-survey", ("Ask who would come on Sundays", "N4"), day(7, 31), "");
    action(year, day(5, 27), "sunday-survey", Payload::ActionStarted(ActionStarted {}));
    let reason = "One trial tells more than many answers.".into();
    action(year, day(9, 23), "sunday-survey", Payload::ActionCancelled(ActionCancelled { reason }));
    let trial = ("A trial of four Sundays at Kirk Street", "N4");
    planned(year, day(9, 23), "sunday-trial", trial, day(12, 19), "sunday-survey");
    action(year, day(11, 3), "sunday-trial", Payload::ActionStarted(ActionStarted {}));
    let on = day(1, 13);
    let tried = "a second version that forgets a promise";
    year.step(
        on,
        REGISTER,
        Intent::Refuse("COMMITMENT_WITHOUT_DISPOSITION", tried),
        vec![pledge::forgetful(on)],
    );
    let on = day(1, 21);
    let reason = "The committee promised the opening itself, so the plan for it is no end of its own.".into();
    let superseded = CommitmentSuperseded { by: "N9".into(), reason };
    let payload = Payload::CommitmentSuperseded(superseded);
    year.post(on, REGISTER, vec![event(on, "commitment/N4", CLERK, payload)]);
    planned(year, day(2, 3), "sunday-rota", ("Rotas for two libraries on Sundays", "N9"), day(3, 31), "");
}

fn languages(year: &mut Year) {
    let on = day(11, 5);
    let reason = "Hours and quiet hours stand on the same sheet; one promise covers both.".into();
    let payload = Payload::CommitmentMerged(CommitmentMerged { into: "N1".into(), reason });
    year.post(on, REGISTER, vec![event(on, "commitment/N2", CLERK, payload)]);
}

/// Said to be fulfilled, with nothing to show: the ledger takes it and marks it.
fn fees(year: &mut Year) {
    let on = day(3, 11);
    year.post(on, REGISTER, vec![fulfilled(on, "N7", &[])]);
    let on = day(3, 12);
    let tried = "a promise without an end, said to be fulfilled";
    let never = fulfilled(on, "N6", &[]);
    year.step(on, REGISTER, Intent::Refuse("COMMITMENT_NOT_MILESTONE", tried), vec![never]);
}

/// A milestone is started up to complete; what continues is kept or not.
fn reviews(year: &mut Year) {
    use ReviewOutcome::{Complete, Limited, NotKept, NotStarted, Partly, Substantial};
    let half = (OPENING, day(9, 30));
    let found = [
        ("N1", Partly),
        ("N3", Complete),
        ("N4", Limited),
        ("N5", Partly),
        ("N7", Substantial),
        ("N8", NotStarted),
    ];
    for (id, outcome) in found {
        reviewed(year, day(10, 9), id, half, outcome);
    }
    for (id, outcome) in [("N1", Partly), ("N6", NotKept), ("N9", Limited)] {
        reviewed(year, after(4, 8), id, (day(10, 1), day(3, 31)), outcome);
    }
}

fn reviewed(year: &mut Year, on: Date, id: &str, (from, to): (Date, Date), outcome: ReviewOutcome) {
    let (mut events, mut evidence) = (Vec::new(), Vec::new());
    let subject = format!("commitment/{id}");
    if outcome == ReviewOutcome::Complete {
        let note = format!("review-{}", id.to_lowercase());
        events.push(attached(on, &note, &subject, "minutes", CLERK));
        evidence.push(note);
    }
    let reviewed = CommitmentReviewed {
        period_from: Some(date(from)),
        period_to: Some(date(to)),
        outcome: outcome.into(),
        rubric_version: "1".into(),
        assessor_post: CLERK.into(),
        evidence,
    };
    events.push(event(on, &subject, CLERK, Payload::CommitmentReviewed(reviewed)));
    year.post(on, REGISTER, events);
}

fn fulfilled(on: Date, id: &str, evidence: &[&str]) -> Event {
    let payload = Payload::CommitmentFulfilled(CommitmentFulfilled { evidence: texts(evidence) });
    event(on, &format!("commitment/{id}"), CLERK, payload)
}

fn planned(year: &mut Year, on: Date, id: &str, what: (&str, &str), due: Date, replaces: &str) {
    year.post(on, PROJECTS, vec![plan(on, id, what, due, replaces)]);
}

fn plan(on: Date, id: &str, (title, commitment): (&str, &str), due: Date, replaces: &str) -> Event {
    let owner = owner(id);
    let planned = ActionPlanned {
        title: title.into(),
        commitments: texts(&[commitment]),
        owner_post: owner.into(),
        first_due: Some(date(due)),
        origin: Origin::Other.into(),
        feedback: Vec::new(),
        replaces: replaces.into(),
    };
    event(on, &format!("action/{id}"), owner, Payload::ActionPlanned(planned))
}

fn action(year: &mut Year, on: Date, id: &str, payload: Payload) {
    year.post(on, PROJECTS, vec![event(on, &format!("action/{id}"), owner(id), payload)]);
}

fn owner(id: &str) -> &'static str {
    if id.starts_with("sunday") { "library-lead" } else { "estates-lead" }
}

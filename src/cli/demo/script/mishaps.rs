//! What goes wrong in a year: retries, duplicates, tests that reached the register, and requests that the ledger
//! refuses. Invented.
//!
//! Invariant: a refusal says why it is meant to be refused, and nothing of it is recorded; a retry repeats an event to
//! the byte. Voids take back an event of the same subject, and it stays visible.

use jiff::civil::Date;

use super::super::cast::{AUDIT, DIARY, GOVERNANCE, LMS, PEOPLE, POLICIES, SURVEY, TRACKER};
use super::super::pen::{Intent, Year, corrected, date, day, document, event, named, stated};
use super::{corrections, evidence, feedback, learning, operation, surveys};
use crate::grpc::wire::{
    ActionCancelled, ActionCompleted, ActionPlanned, ActionStarted, ActionVerified, CommitmentKind,
    CommitmentMade, DeadlineRevised, Event, EventVoided, Expected, FeedbackConsidered, LearningDelivered,
    Origin, PolicyChangeApproved, PolicyChanged, ResponseMode, ResponseOutcome, VoidGround, event::Payload,
    expected::Condition,
};

pub(super) fn write(year: &mut Year) {
    voids(year);
    retries(year);
    refused_forms(year);
    refused_rights(year);
    refused_untruths(year);
    refused_about_people(year);
    refused_steering(year);
}

fn voids(year: &mut Year) {
    // Planned a second time under another name by a colleague who did not see the first.
    let (on, noticed) = (day(7, 1), day(7, 3));
    let duplicate = planned(on, "quiet-rooms", "Quiet rooms in the offices", "C9", day(8, 29));
    let void = voided(noticed, &duplicate, VoidGround::Duplicate);
    year.post(on, TRACKER, vec![duplicate]);
    year.post(noticed, TRACKER, vec![void]);
    let trial = feedback::test_round(day(4, 24));
    let void = voided(day(4, 24), &trial, VoidGround::Test);
    year.post(day(4, 24), SURVEY, vec![trial]);
    year.post(day(4, 24), SURVEY, vec![void]);
    let on = day(12, 16);
    let misfiled =
        evidence::attached(on, "seminar-notes", "commitment/C1", "minutes", "head-of-partnerships");
    let void = voided(day(12, 17), &misfiled, VoidGround::WrongSubject);
    let refiled = evidence::attached(
        day(12, 17),
        "seminar-notes-2",
        "commitment/C2",
        "minutes",
        "head-of-partnerships",
    );
    year.post(on, DIARY, vec![misfiled]);
    year.post(day(12, 17), DIARY, vec![void, refiled]);
}

fn retries(year: &mut Year) {
    // The whole release once more: the connection was lost before the answer came.
    let (on, release) = feedback::first_release();
    year.step(on, SURVEY, Intent::Repeat, release);
    // A tracker that sends its day twice, every time it restarts.
    let started = |on, id: &str, by: &str| {
        event(on, &format!("action/{id}"), by, Payload::ActionStarted(ActionStarted {}))
    };
    year.step(
        day(5, 7),
        TRACKER,
        Intent::Repeat,
        vec![started(day(5, 6), "benefits-briefing", "head-of-learning")],
    );
    let two = vec![
        started(day(10, 7), "policy-language", "head-of-people"),
        started(day(9, 29), "partner-principles", "head-of-partnerships"),
    ];
    year.step(day(10, 8), TRACKER, Intent::Repeat, two);
    let webinar = evidence::attached(
        day(6, 12),
        "webinar-2",
        "commitment/C2",
        "session-record",
        "head-of-partnerships",
    );
    year.step(day(6, 13), DIARY, Intent::Repeat, vec![webinar]);
}

fn refused_forms(year: &mut Year) {
    let on = day(4, 2);
    let wrong_quote = CommitmentMade {
        title: "Resources for trauma-informed work".into(),
        pledge: "trauma-informed".into(),
        pledge_version: 1,
        quote: "commit to funding a trauma-informed approach".into(),
        span_start: 844,
        span_end: 888,
        kind: CommitmentKind::Continuing.into(),
        owner_post: "chief-executive".into(),
        audience: vec!["staff".into()],
        principles: Vec::new(),
        delivers: Vec::new(),
    };
    let payload = Payload::CommitmentMade(wrong_quote);
    refuse(
        year,
        on,
        GOVERNANCE,
        ("MALFORMED", "a promise that the pledge does not make"),
        vec![event(on, "commitment/C17", "governance-lead", payload)],
    );
    let on = day(10, 17);
    let reason = "Questions to the team at support@example.org, please.".into();
    let payload = Payload::ActionCancelled(ActionCancelled { reason });
    refuse(
        year,
        on,
        TRACKER,
        ("MALFORMED", "an e-mail address in a reason"),
        vec![event(on, "action/leaders-programme", "head-of-learning", payload)],
    );
    let on = day(11, 24);
    refuse(
        year,
        on,
        SURVEY,
        ("MALFORMED", "feedback under a theme that no list holds"),
        vec![feedback::unknown_theme(on)],
    );
    let on = day(12, 19);
    let unproven = ActionVerified { verifier_post: "internal-auditor".into(), evidence: Vec::new() };
    let payload = Payload::ActionVerified(unproven);
    refuse(
        year,
        on,
        AUDIT,
        ("MALFORMED", "verified, but nothing shows it"),
        vec![event(on, "action/workload-review", "internal-auditor", payload)],
    );
}

fn refused_rights(year: &mut Year) {
    let on = day(9, 16);
    let by_post = "chief-executive".to_owned();
    let approved = Payload::PolicyChangeApproved(PolicyChangeApproved { by_post });
    refuse(
        year,
        on,
        SURVEY,
        ("NOT_GRANTED", "a survey tool approves a policy"),
        vec![event(on, "policy-change/mileage-rates", "chief-executive", approved)],
    );
    let on = day(1, 9);
    let verified = ActionVerified { verifier_post: "internal-auditor".into(), evidence: Vec::new() };
    refuse(
        year,
        on,
        PEOPLE,
        ("NOT_GRANTED", "the people team speaks for the auditor"),
        vec![event(on, "action/workload-review", "internal-auditor", Payload::ActionVerified(verified))],
    );
    let on = day(11, 3);
    let mut stale = moved(on, "leaders-programme", day(12, 19), day(2, 27));
    stale.expected = Some(Expected { condition: Some(Condition::Version(2)) });
    refuse(
        year,
        on,
        TRACKER,
        ("EXPECTATION_FAILED", "a decision on an old state of the action"),
        vec![stale],
    );
    let on = day(5, 8);
    let mut other = event(
        day(5, 6),
        "action/benefits-briefing",
        "head-of-learning",
        Payload::ActionStarted(ActionStarted {}),
    );
    other.occurred = event(on, "", "", Payload::ActionStarted(ActionStarted {})).occurred;
    refuse(year, on, TRACKER, ("ID_TAKEN", "another day under an id already used"), vec![other]);
}

fn refused_untruths(year: &mut Year) {
    let on = day(7, 15);
    let completed = || Payload::ActionCompleted(ActionCompleted { evidence: Vec::new() });
    let again = event(on, "action/practice-circles", "programme-manager", completed());
    refuse(year, on, TRACKER, ("ACTION_ALREADY_CLOSED", "the same action completed twice"), vec![again]);
    let on = day(3, 27);
    let ahead = event(day(3, 31), "action/manager-toolkit", "practice-lead", completed());
    refuse(year, on, TRACKER, ("IN_FUTURE", "done, but next Tuesday"), vec![ahead]);
    let on = day(1, 27);
    let forgotten = moved(on, "partner-principles", day(1, 30), day(3, 31));
    refuse(
        year,
        on,
        TRACKER,
        ("DEADLINE_NOT_CURRENT", "a deadline moved from where it was"),
        vec![forgotten],
    );
    let on = day(2, 11);
    let alone = vec![feedback::single_anonymous()];
    refuse(year, on, SURVEY, ("ANONYMOUS_RELEASE_TOO_SMALL", "one anonymous item alone"), alone);
    let on = day(3, 5);
    let live = vec![feedback::closing_live(on)];
    refuse(year, on, POLICIES, ("LINKED_WORK_IS_LIVE", "closed, though a proposal rests on it"), live);
    let on = day(3, 16);
    let unchanged = PolicyChanged {
        policy: "workspace".into(),
        version: "1.1".into(),
        effective_on: Some(date(on)),
        document_sha256: document("workspace 1.0"),
        what_changed: "Quiet rooms are left out of the booking system.".into(),
    };
    let payload = Payload::PolicyChanged(unchanged);
    refuse(
        year,
        on,
        POLICIES,
        ("DOCUMENT_UNCHANGED", "a change that changes nothing"),
        vec![event(on, "policy-change/quiet-room-booking", "governance-lead", payload)],
    );
    let on = day(2, 4);
    let homeless = planned(on, "new-logo", "A new logo", "C17", day(3, 31));
    refuse(year, on, TRACKER, ("UNKNOWN_REFERENCE", "an action for a promise nobody made"), vec![homeless]);
}

fn refused_about_people(year: &mut Year) {
    let on = day(6, 6);
    let delivered = LearningDelivered { minutes: 90, attendances: Some(30) };
    let payload = Payload::LearningDelivered(delivered);
    let twice = event(day(6, 5), "session/essentials-june", "head-of-learning", payload);
    refuse(year, on, LMS, ("SESSION_ALREADY_DELIVERED", "the same session delivered twice"), vec![twice]);
    let on = day(1, 30);
    let reached = ([76, 60, 65, 4, 1], [9, 9, 6, 1, 0]);
    let uneven = vec![learning::covered(on, "whole", &reached)];
    refuse(year, on, LMS, ("MALFORMED", "more people skilled than informed"), uneven);
    let on = day(2, 20);
    let tried = "a count of eight people, where ten are the least";
    refuse(year, on, SURVEY, ("MALFORMED", tried), vec![surveys::too_few(on)]);
    let on = day(6, 13);
    let direct = FeedbackConsidered { mode: ResponseMode::Direct.into() };
    let payload = Payload::FeedbackConsidered(direct);
    let unreachable = event(on, &feedback::subject("f07"), "governance-lead", payload);
    let tried = "a direct reply to somebody who left no way to reply";
    refuse(year, on, POLICIES, ("FEEDBACK_NOT_CONTACTABLE", tried), vec![unreachable]);
    let on = day(3, 12);
    let answer = feedback::answered("f15", on, ResponseOutcome::NoChange);
    let tried = "an answer to feedback that was taken back";
    refuse(year, on, POLICIES, ("FEEDBACK_WITHDRAWN", tried), vec![answer]);
}

fn refused_steering(year: &mut Year) {
    let on = day(7, 31);
    let early = vec![operation::release_point(on, "summer")];
    let tried = "figures about people released after two weeks";
    refuse(year, on, GOVERNANCE, ("RELEASE_POINT_TOO_SOON", tried), early);
    let on = day(6, 30);
    let ahead = stated(on, AUDIT, (day(6, 1), on), Vec::new());
    let tried = "a statement of a month that is not over";
    refuse(year, on, AUDIT, ("STATED_PERIOD_NOT_OVER", tried), vec![ahead]);
    // The day of completion would move: nobody agreed, and then nobody but the owner.
    let on = day(10, 21);
    for (approver, reason, tried) in [
        ("", "MALFORMED", "a day of completion corrected without anybody's agreement"),
        ("head-of-people", "APPROVER_NOT_INDEPENDENT", "the same, agreed by whoever owns the action"),
    ] {
        let anew = corrections::letters_done(year, day(9, 26));
        let moved = corrected(on, "head-of-people", anew, approver, "It was done earlier.");
        refuse(year, on, TRACKER, (reason, tried), vec![moved]);
    }
}

fn refuse(
    year: &mut Year,
    on: Date,
    source: &'static str,
    why: (&'static str, &'static str),
    events: Vec<Event>,
) {
    year.step(on, source, Intent::Refuse(why.0, why.1), events);
}

fn planned(on: Date, id: &str, title: &str, commitment: &str, due: Date) -> Event {
    let planned = ActionPlanned {
        title: title.into(),
        commitments: vec![commitment.into()],
        owner_post: "workplace-lead".into(),
        first_due: Some(date(due)),
        origin: Origin::Other.into(),
        feedback: Vec::new(),
        replaces: String::new(),
    };
    event(on, &format!("action/{id}"), "workplace-lead", Payload::ActionPlanned(planned))
}

fn moved(on: Date, id: &str, from: Date, to: Date) -> Event {
    let revised = DeadlineRevised {
        old_due: Some(date(from)),
        new_due: Some(date(to)),
        approver_post: "chief-executive".into(),
        reason: "More time is needed.".into(),
    };
    event(on, &format!("action/{id}"), "governance-lead", Payload::DeadlineRevised(revised))
}

fn voided(on: Date, target: &Event, ground: VoidGround) -> Event {
    let void = EventVoided {
        target_event_id: target.event_id.clone(),
        target_source: String::new(),
        ground: ground.into(),
        approver_post: "governance-lead".into(),
    };
    named(event(on, &target.subject, "governance-lead", Payload::EventVoided(void)))
}

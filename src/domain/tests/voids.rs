//! Voids: an event is taken back, and the rest of its subject's life must still be true.

use super::given;
use super::says::*;
use crate::domain::event::*;
use crate::domain::irregularity::Irregularity::*;
use crate::domain::rules::*;

#[test]
fn what_is_voided_no_longer_counts() {
    let done = completed("2025-04-03", &[]);
    given([planned("2025-04-01"), done.clone()])
        .when(void("2025-04-04", &done))
        .then_accepted()
        .and_state("action/a", "PLANNED");
    let plan = planned("2025-04-01");
    given([plan.clone()]).when(void("2025-04-04", &plan)).then_accepted().and_state("action/a", "NONE");
}

#[test]
fn a_voided_plan_can_be_made_again() {
    let plan = planned("2025-04-01");
    given([plan.clone(), void("2025-04-02", &plan)])
        .when(planned("2025-04-03"))
        .then_accepted()
        .and_state("action/a", "PLANNED");
}

#[test]
fn a_void_is_refused_while_something_rests_on_its_target() {
    let plan = planned("2025-04-01");
    let start = started("2025-04-02");
    let was = || given([plan.clone(), start.clone()]);
    was().when(void("2025-04-03", &plan)).then_refused(&ACTION_NOT_PLANNED).because_of(1);
    was().and([void("2025-04-03", &start)]).when(void("2025-04-04", &plan)).then_accepted();
}

#[test]
fn a_void_of_a_publication_with_a_successor_is_refused() {
    use Disposition::Kept;
    let first = pledge("2025-03-01", 2, &[("C1", Kept), ("C2", Kept)]);
    let second = pledge("2025-04-01", 3, &[("C1", Kept), ("C2", Kept)]);
    given([first.clone(), second])
        .when(void("2025-05-01", &first))
        .then_refused(&PLEDGE_VERSION_OUT_OF_STEP)
        .because_of(1);
}

#[test]
fn a_backdated_void_is_marked() {
    let start = started("2025-05-01");
    given([planned("2025-04-01"), start.clone(), revised("2025-05-20", "2025-06-30", "2025-07-31")])
        .when(void("2025-05-10", &start))
        .then_flagged(&[LateRecorded]);
}

#[test]
fn void_target_unknown() {
    let plan = planned("2025-04-01");
    let named =
        |source: &str, subject: &str| format!("event {} from {source} about {subject}", plan.event.id);
    let at = "event_voided.target_event_id";
    given([]).when(void("2025-04-02", &plan)).then_unknown(at, &named("register", "action/a"));
    // Of another subject.
    let elsewhere = void("2025-04-02", &plan).with(|event| event.subject = commitment("C1").event.subject);
    given([plan.clone()]).when(elsewhere).then_unknown(at, &named("register", "commitment/C1"));
    // From another source; without a source, the poster's own is meant.
    let own = |source: &str| {
        void("2025-04-02", &plan).from(source).with(|event| {
            if let Payload::EventVoided(void) = &mut event.payload {
                void.target_source = None;
            }
        })
    };
    given([plan.clone()]).when(own("tracker")).then_unknown(at, &named("tracker", "action/a"));
    given([plan.clone()]).when(own("register")).then_accepted();
    given([plan.clone()]).when(void("2025-04-02", &plan).from("tracker")).then_accepted();
}

#[test]
fn already_voided() {
    let plan = planned("2025-04-01");
    given([plan.clone(), void("2025-04-02", &plan)])
        .when(void("2025-04-03", &plan))
        .then_refused(&ALREADY_VOIDED)
        .because_of(1);
}

#[test]
fn void_of_void() {
    let plan = planned("2025-04-01");
    let undone = void("2025-04-02", &plan);
    given([plan, undone.clone()]).when(void("2025-04-03", &undone)).then_refused(&VOID_OF_VOID).because_of(1);
}

#[test]
fn void_of_operation() {
    let granted = grant("tracker", &["*"], &["*"], &["*"]);
    given([granted.clone()])
        .when(void("2025-04-03", &granted))
        .then_refused(&VOID_OF_OPERATION)
        .because_of(0);
    let opening = opened();
    super::given_nothing()
        .and([opening.clone(), post("assessor", "2020-01-01", None, &[])])
        .when(void("2025-04-03", &opening))
        .then_refused(&VOID_OF_OPERATION)
        .because_of(0);
}

#[test]
fn a_void_is_agreed_by_a_valid_post() {
    let plan = planned("2025-04-01");
    let by = |post: &str| {
        void("2025-04-02", &plan).with(|event| {
            if let Payload::EventVoided(void) = &mut event.payload {
                void.approver_post = code(post);
            }
        })
    };
    given([plan.clone()]).when(by("past")).then_refused(&POST_NOT_VALID);
    given([plan.clone()]).when(by("nobody")).then_unknown("event_voided.approver_post", "post/nobody");
}

#[test]
fn a_void_that_could_hide_lateness_needs_somebody_independent() {
    let done = completed("2025-07-10", &[]);
    let by = |post: &str| {
        let post = code(post);
        void("2025-07-11", &done).with(|event| match &mut event.payload {
            Payload::EventVoided(void) => void.approver_post = post,
            other => panic!("{other:?}"),
        })
    };
    let was = || given([planned("2025-04-01"), done.clone()]);
    was().when(by("head")).then_refused(&APPROVER_NOT_INDEPENDENT).because_of(1);
    was().when(by("deputy")).then_refused(&APPROVER_NOT_INDEPENDENT).because_of(1);
    was().when(by("assessor")).then_accepted();
}

#[test]
fn void_of_withdrawal() {
    let gone = on("2025-05-02", &item(1), FeedbackWithdrawn { scope: WithdrawalScope::Whole });
    let was = || given([received("2025-05-01", 1), gone.clone()]);
    was().when(void("2025-05-03", &gone).from("tracker")).then_refused(&VOID_OF_WITHDRAWAL).because_of(1);
    was().when(void("2025-05-03", &gone)).then_accepted();
}

#[test]
fn subject_full() {
    use crate::domain::decide::MAX_AMENDMENTS;
    let plan = planned("2025-04-01");
    let mut was = given([plan.clone()]);
    for _ in 0..MAX_AMENDMENTS / 2 {
        let start = started("2025-04-02");
        was = was.and([start.clone(), void("2025-04-03", &start), started("2025-04-02")]);
        let second = was.ledger.facts.last().unwrap().event.clone();
        let again = Said { event: (*second).clone(), source: plan.source.clone(), expected: plan.expected };
        was = was.and([void("2025-04-03", &again)]);
    }
    let start = started("2025-04-02");
    was.and([start.clone()]).when(void("2025-04-03", &start)).then_refused(&SUBJECT_FULL);
}

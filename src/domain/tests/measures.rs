//! Measures: agreed, revised, reported for periods; and how far the work on an action is said to be.

use super::given;
use super::says::*;
use super::says_commitments::*;
use crate::domain::event::*;
use crate::domain::irregularity::Irregularity::*;
use crate::domain::rules::*;

fn agreed(when: &str, change: impl FnOnce(&mut MeasureAgreed)) -> Said {
    let mut payload = measure_agreed();
    change(&mut payload);
    on(when, "measure/m", payload)
}

fn revised_to(when: &str, change: impl FnOnce(&mut MeasureRevised)) -> Said {
    let mut payload = measure_revised();
    change(&mut payload);
    on(when, "measure/m", payload)
}

/// April, told in May.
fn april(when: &str) -> Said {
    reported(when, "2025-04-01", "2025-04-30", Some(40))
}

#[test]
fn a_measure_is_agreed_revised_and_reported() {
    given([measure("2025-03-01"), april("2025-05-01"), remeasured("2025-05-02")])
        .when(reported("2025-06-01", "2025-05-01", "2025-05-31", None))
        .then_accepted()
        .and_state("measure/m", "AGREED");
}

#[test]
fn measure_already_agreed() {
    given([measure("2025-03-01")])
        .when(measure("2025-03-02"))
        .then_refused(&MEASURE_ALREADY_AGREED)
        .because_of(0);
}

#[test]
fn measure_not_agreed() {
    given([]).when(april("2025-05-01")).then_refused(&MEASURE_NOT_AGREED);
    given([]).when(remeasured("2025-05-01")).then_refused(&MEASURE_NOT_AGREED);
    given([measure("2025-05-02")]).when(april("2025-05-01")).then_refused(&MEASURE_NOT_AGREED).because_of(0);
    given([measure("2025-05-01")]).when(april("2025-05-01")).then_accepted();
}

#[test]
fn a_measure_is_of_a_commitment_that_is_made_and_open_that_day() {
    given([])
        .when(agreed("2025-05-01", |m| m.commitment = code("C9")))
        .then_unknown("measure_agreed.commitment", "commitment/C9");
    given([commitment("C3")])
        .when(agreed("2025-01-31", |m| m.commitment = code("C3")))
        .then_refused(&COMMITMENT_NOT_YET_MADE)
        .because_of(0);
    let second = pledge("2025-05-01", 2, &[("C1", Disposition::Withdrawn), ("C2", Disposition::Kept)]);
    for end in [given_up("2025-05-01", "C1"), second] {
        let was = || given([end.clone()]);
        was().when(measure("2025-05-01")).then_refused(&COMMITMENT_CLOSED).because_of(0);
        was().when(measure("2025-04-30")).then_accepted();
        let measured = || was().and([measure("2025-03-01")]);
        measured().when(remeasured("2025-05-01")).then_refused(&COMMITMENT_CLOSED).because_of(0);
        measured().when(remeasured("2025-04-30")).then_accepted();
    }
}

#[test]
fn a_value_of_a_closed_commitment_is_of_a_period_that_began_before_it_closed() {
    let was = || given([measure("2025-03-01"), given_up("2025-05-01", "C1")]);
    was().when(reported("2025-06-30", "2025-04-30", "2025-06-30", Some(40))).then_accepted();
    was()
        .when(reported("2025-06-30", "2025-05-01", "2025-06-30", Some(40)))
        .then_refused(&COMMITMENT_CLOSED)
        .because_of(1);
}

#[test]
fn due_before_agreed() {
    let due = |on: &str| agreed("2025-05-01", |m| m.due = Some(day(on)));
    given([]).when(due("2025-04-30")).then_malformed(&DUE_BEFORE_AGREED, "measure_agreed.due");
    given([]).when(due("2025-05-01")).then_accepted();
    let again = |on: &str| revised_to("2025-06-01", |m| m.due = Some(day(on)));
    let was = || given([measure("2025-05-01")]);
    was().when(again("2025-04-30")).then_malformed(&DUE_BEFORE_AGREED, "measure_revised.due");
    was().when(again("2025-05-01")).then_accepted();
}

#[test]
fn every_post_of_a_measure_is_valid_on_its_day() {
    let owner = |post: &str| agreed("2025-04-01", |m| m.owner_post = code(post));
    given([]).when(owner("nobody")).then_unknown("measure_agreed.owner_post", "post/nobody");
    given([]).when(owner("past")).then_refused(&POST_NOT_VALID);
    let by = |post: &str| revised_to("2025-04-01", |m| m.approver_post = code(post));
    let was = || given([measure("2025-03-01")]);
    was().when(by("nobody")).then_unknown("measure_revised.approver_post", "post/nobody");
    was().when(by("past")).then_refused(&POST_NOT_VALID);
}

#[test]
fn denominator_not_agreed() {
    let was = || given([measure("2025-03-01")]);
    let without = |when| reported(when, "2025-04-01", "2025-04-30", None);
    was().when(without("2025-05-01")).then_refused(&DENOMINATOR_NOT_AGREED).because_of(0);
    let then = || was().and([remeasured("2025-05-10")]);
    then().when(april("2025-05-10")).then_refused(&DENOMINATOR_NOT_AGREED).because_of(1);
    then().when(without("2025-05-10")).then_accepted();
    // On the day before, the first measure was in force.
    then().when(april("2025-05-09")).then_flagged(&[LateRecorded]);
    then().when(without("2025-05-09")).then_refused(&DENOMINATOR_NOT_AGREED).because_of(0);
}

#[test]
fn denominator_not_agreed_once_a_revision_came_before_a_report() {
    given([measure("2025-03-01"), april("2025-05-10")])
        .when(remeasured("2025-05-01"))
        .then_refused(&DENOMINATOR_NOT_AGREED)
        .because_of(1);
    let undone = remeasured("2025-05-01");
    given([measure("2025-03-01"), undone.clone(), reported("2025-05-10", "2025-04-01", "2025-04-30", None)])
        .when(void("2025-05-11", &undone))
        .then_refused(&DENOMINATOR_NOT_AGREED)
        .because_of(2);
}

#[test]
fn denominator_zero() {
    given([measure("2025-03-01")])
        .when(reported("2025-05-01", "2025-04-01", "2025-04-30", Some(0)))
        .then_malformed(&DENOMINATOR_ZERO, "measure_reported.denominator");
}

#[test]
fn period_not_over() {
    let was = || given([measure("2025-03-01")]);
    let at = "measure_reported.period_to";
    was().when(april("2025-04-29")).then_malformed(&PERIOD_NOT_OVER, at);
    was().when(april("2025-04-30")).then_accepted();
    was()
        .when(reported("2025-05-01", "2025-04-30", "2025-04-29", Some(40)))
        .then_malformed(&TERM_BACKWARDS, at);
    was().when(reported("2025-05-01", "2025-04-30", "2025-04-30", Some(40))).then_accepted();
}

#[test]
fn period_already_reported() {
    let first = april("2025-05-01");
    let was = || given([measure("2025-03-01"), first.clone()]);
    was().when(april("2025-05-02")).then_refused(&PERIOD_ALREADY_REPORTED).because_of(1);
    // Backdated, it would leave the first one without a place.
    was().when(april("2025-04-30")).then_refused(&PERIOD_ALREADY_REPORTED).because_of(1);
    was()
        .and([remeasured("2025-05-02")])
        .when(reported("2025-05-03", "2025-04-01", "2025-04-30", None))
        .then_refused(&PERIOD_ALREADY_REPORTED)
        .because_of(1);
    for (from, to) in
        [("2025-04-01", "2025-05-01"), ("2025-04-02", "2025-04-30"), ("2025-03-01", "2025-05-31")]
    {
        was().when(reported("2025-06-01", from, to, Some(40))).then_accepted();
    }
    was().and([void("2025-05-02", &first)]).when(april("2025-05-03")).then_accepted();
}

fn tracked() -> super::Given {
    given([list("progress", &["on-track", "stuck"]), planned("2025-04-01")])
}

#[test]
fn percent_form() {
    tracked()
        .when(progressed("2025-04-02", 101))
        .then_malformed(&PERCENT_FORM, "action_progress_reported.percent");
    tracked().when(progressed("2025-04-02", 0)).then_accepted();
}

#[test]
fn progress_never_changes_what_the_action_is() {
    tracked().when(progressed("2025-04-02", 100)).then_accepted().and_state("action/a", "PLANNED");
    tracked()
        .and([started("2025-04-02"), progressed("2025-04-03", 100)])
        .when(progressed("2025-04-04", 40))
        .then_accepted()
        .and_state("action/a", "IN_PROGRESS");
    tracked()
        .and([completed("2025-04-02", &[]), reopened("2025-04-03")])
        .when(progressed("2025-04-04", 40))
        .then_accepted()
        .and_state("action/a", "REOPENED");
}

#[test]
fn progress_is_made_on_an_action_that_is_planned_and_open() {
    tracked().when(progressed("2025-03-31", 10)).then_refused(&ACTION_NOT_PLANNED).because_of(1);
    let done = tracked().and([completed("2025-04-02", &[])]);
    done.when(progressed("2025-04-03", 10)).then_refused(&ACTION_ALREADY_CLOSED).because_of(2);
    let gone = tracked().and([cancelled("2025-04-02")]);
    gone.when(progressed("2025-04-03", 10)).then_refused(&ACTION_ALREADY_CLOSED).because_of(2);
    let late = tracked().and([completed("2025-04-10", &[])]);
    late.when(progressed("2025-04-09", 90)).then_flagged(&[LateRecorded]);
}

#[test]
fn progress_is_a_code_of_its_list() {
    let say = |progress: &str| {
        on("2025-04-02", "action/a", ActionProgressReported { progress: code(progress), percent: 10 })
    };
    tracked().when(say("soon")).then_malformed(&CODE_UNKNOWN, "action_progress_reported.progress");
    tracked()
        .and([say("stuck")])
        .when(list("progress", &["on-track"]))
        .then_refused(&CODE_IN_USE)
        .because_of(2);
}

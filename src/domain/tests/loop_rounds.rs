//! Rounds: their end, what came of them, and the feedback that names them.

use super::given;
use super::says::*;
use super::says_loop::*;
use crate::domain::event::*;
use crate::domain::irregularity::Irregularity::*;
use crate::domain::rules::*;

#[test]
fn a_round_is_closed_and_its_response_published() {
    let was = || given([sought(|_| ())]);
    was().when(round_closed("2025-04-30", 10)).then_accepted().and_state("round/spring", "CLOSED");
    was()
        .and([round_closed("2025-04-30", 4)])
        .when(published("2025-05-20"))
        .then_accepted()
        .and_state("round/spring", "RESPONSE_PUBLISHED");
}

#[test]
fn round_not_sought() {
    given([]).when(round_closed("2025-04-30", 4)).then_refused(&ROUND_NOT_SOUGHT);
    given([]).when(published("2025-04-30")).then_refused(&ROUND_NOT_SOUGHT);
    // It was announced on 20 March.
    given([sought(|_| ())]).when(round_closed("2025-03-19", 4)).then_refused(&ROUND_NOT_SOUGHT).because_of(0);
}

#[test]
fn round_not_yet_open() {
    let was = || given([sought(|_| ())]);
    was().when(round_closed("2025-03-31", 0)).then_refused(&ROUND_NOT_YET_OPEN).because_of(0);
    was().when(round_closed("2025-04-01", 0)).then_accepted();
}

#[test]
fn round_already_closed() {
    let was = || given([sought(|_| ()), round_closed("2025-04-20", 4)]);
    was().when(round_closed("2025-04-30", 5)).then_refused(&ROUND_ALREADY_CLOSED).because_of(1);
    was()
        .and([published("2025-05-01")])
        .when(round_closed("2025-05-02", 5))
        .then_refused(&ROUND_ALREADY_CLOSED)
        .because_of(1);
    // Earlier on the calendar, later in the ledger: then the other close could not be true.
    was().when(round_closed("2025-04-10", 5)).then_refused(&ROUND_ALREADY_CLOSED).because_of(1);
}

#[test]
fn round_not_closed() {
    let was = || given([sought(|_| ())]);
    was().when(published("2025-05-01")).then_refused(&ROUND_NOT_CLOSED).because_of(0);
    let end = round_closed("2025-04-30", 4);
    let over = || was().and([end.clone()]);
    over().when(published("2025-04-29")).then_refused(&ROUND_NOT_CLOSED).because_of(0);
    over().when(published("2025-04-30")).then_accepted();
    // A published response rests on the close.
    over()
        .and([published("2025-05-01")])
        .when(void("2025-05-02", &end))
        .then_refused(&ROUND_NOT_CLOSED)
        .because_of(2);
}

#[test]
fn round_response_already_published() {
    given([sought(|_| ()), round_closed("2025-04-30", 4), published("2025-05-01")])
        .when(published("2025-05-02"))
        .then_refused(&ROUND_RESPONSE_ALREADY_PUBLISHED)
        .because_of(2);
}

#[test]
fn a_close_can_be_voided_and_said_again() {
    let end = round_closed("2025-04-30", 4);
    let was = || given([sought(|_| ()), end.clone(), void("2025-05-02", &end)]);
    was().when(round_closed("2025-05-02", 5)).then_accepted().and_state("round/spring", "CLOSED");
    was().when(published("2025-05-02")).then_refused(&ROUND_NOT_CLOSED).because_of(0);
}

#[test]
fn more_responses_than_invited() {
    let was = |invited| given([sought(|round| round.invited = invited)]);
    was(Some(10)).when(round_closed("2025-04-30", 11)).then_flagged(&[MoreResponsesThanInvited]);
    was(Some(10)).when(round_closed("2025-04-30", 10)).then_accepted();
    // How many were asked was not counted.
    was(None).when(round_closed("2025-04-30", 11)).then_accepted();
}

#[test]
fn feedback_outside_round() {
    let was = || given([sought(|_| ())]);
    was().when(answer_to_round("2025-03-31", 1)).then_refused(&FEEDBACK_OUTSIDE_ROUND).because_of(0);
    was().when(answer_to_round("2025-04-01", 1)).then_accepted();
    was().when(answer_to_round("2025-04-30", 1)).then_accepted();
    was().when(answer_to_round("2025-05-01", 1)).then_refused(&FEEDBACK_OUTSIDE_ROUND).because_of(0);
}

#[test]
fn feedback_outside_round_of_which_a_month_is_known() {
    let was = |opens: &str, closes: &str| {
        given([sought(|round| (round.opens, round.closes) = (day(opens), day(closes)))])
    };
    let april = || anonymous_to_round("2025-04", 1);
    // One day in common is enough.
    was("2025-04-30", "2025-05-31").when(april()).then_accepted();
    was("2025-03-25", "2025-04-01").when(april()).then_accepted();
    was("2025-05-01", "2025-05-31").when(april()).then_refused(&FEEDBACK_OUTSIDE_ROUND).because_of(0);
    was("2025-03-25", "2025-03-31").when(april()).then_refused(&FEEDBACK_OUTSIDE_ROUND).because_of(0);
}

#[test]
fn a_round_that_closed_early_takes_no_more_feedback() {
    let end = round_closed("2025-04-20", 4);
    let was = || given([sought(|_| ()), end.clone()]);
    was().when(answer_to_round("2025-04-20", 1)).then_accepted();
    was().when(answer_to_round("2025-04-21", 1)).then_refused(&FEEDBACK_OUTSIDE_ROUND).because_of(1);
    was().and([void("2025-04-22", &end)]).when(answer_to_round("2025-04-21", 1)).then_accepted();
    // A close that is recorded later than announced only counts.
    given([sought(|_| ()), round_closed("2025-05-09", 4)])
        .when(answer_to_round("2025-05-01", 1))
        .then_refused(&FEEDBACK_OUTSIDE_ROUND)
        .because_of(0);
}

#[test]
fn feedback_is_not_judged_again_when_its_round_closes() {
    given([sought(|_| ()), answer_to_round("2025-04-25", 1)])
        .when(round_closed("2025-04-20", 4))
        .then_accepted()
        .and_state(&item(1), "RECEIVED");
    given([sought(|_| ()), round_closed("2025-04-30", 4)])
        .and([answer_to_round("2025-04-25", 1)])
        .when(published("2025-05-01"))
        .then_accepted();
}

#[test]
fn round_not_anonymous() {
    let round = |change: fn(&mut FeedbackSought)| {
        let mut sought = feedback_sought();
        change(&mut sought);
        on("2025-03-15", "round/r", sought)
    };
    let named = |item: Said| {
        item.with(|event| match &mut event.payload {
            Payload::FeedbackReceived(received) => received.round = Some(code("r")),
            other => panic!("{other:?}"),
        })
    };
    let few = round(|sought| sought.invited = Some(9));
    let asked_by_name = round(|sought| sought.anonymity_options = vec![Anonymity::Confidential]);
    for sought in [few, asked_by_name] {
        let was = || given([sought.clone()]);
        was().when(named(anonymous("2025-04", 1))).then_refused(&ROUND_NOT_ANONYMOUS).because_of(0);
        was().when(named(received("2025-04-02", 1))).then_accepted();
    }
    given([round(|_| {})]).when(named(anonymous("2025-04", 1))).then_accepted();
}

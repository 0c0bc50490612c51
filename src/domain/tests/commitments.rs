//! Commitments after they were made: how they end, and what can be said of one that has ended.

use super::given;
use super::says::*;
use super::says_commitments::*;
use crate::domain::event::*;
use crate::domain::rules::*;

#[test]
fn commitment_not_made() {
    given([]).when(given_up("2025-05-01", "C9")).then_refused(&COMMITMENT_NOT_MADE);
    given([commitment("C3")])
        .when(given_up("2025-01-31", "C3"))
        .then_refused(&COMMITMENT_NOT_MADE)
        .because_of(0);
    given([commitment("C3")])
        .when(given_up("2025-02-01", "C3"))
        .then_accepted()
        .and_state("commitment/C3", "WITHDRAWN");
}

#[test]
fn commitment_not_milestone() {
    given([commitment("C3")])
        .when(fulfilled("2025-05-01", "C3", &[]))
        .then_refused(&COMMITMENT_NOT_MILESTONE)
        .because_of(0);
    given([milestone()])
        .when(fulfilled("2025-05-01", "C3", &[]))
        .then_accepted()
        .and_state("commitment/C3", "FULFILLED");
}

/// What is done for C1 from one day on.
fn work(when: &str) -> [Said; 3] {
    [planned(when), on(when, "round/r", feedback_sought()), proposed(when)]
}

#[test]
fn commitment_closed() {
    for said in work("2025-05-01") {
        given([policy(), given_up("2025-05-01", "C1")])
            .when(said)
            .then_refused(&COMMITMENT_CLOSED)
            .because_of(1);
    }
    for said in work("2025-04-30") {
        given([policy(), given_up("2025-05-01", "C1")]).when(said).then_accepted();
    }
    for said in [given_up("2025-05-02", "C1"), merged("2025-05-02", "C1", "C2")] {
        given([given_up("2025-05-01", "C1")]).when(said).then_refused(&COMMITMENT_CLOSED).because_of(0);
    }
}

#[test]
fn commitment_closed_by_a_new_version_of_its_pledge() {
    use Disposition::{Kept, Withdrawn};
    let second = pledge("2025-05-01", 2, &[("C1", Withdrawn), ("C2", Kept)]);
    let was = || given([policy(), second.clone()]);
    for said in work("2025-05-01") {
        was().when(said).then_refused(&COMMITMENT_CLOSED).because_of(1);
    }
    for said in work("2025-04-30").into_iter().chain(work("2025-05-01").map(for_the_other)) {
        was().when(said).then_accepted();
    }
    // The version is taken back, and with it what it closed.
    for said in work("2025-05-01") {
        was().and([void("2025-05-02", &second)]).when(said).then_accepted();
    }
}

/// The same work, done for C2.
fn for_the_other(said: Said) -> Said {
    said.with(|event| match &mut event.payload {
        Payload::ActionPlanned(planned) => planned.commitments = codes(&["C2"]),
        Payload::FeedbackSought(sought) => sought.commitments = codes(&["C2"]),
        Payload::PolicyChangeProposed(proposed) => proposed.commitments = codes(&["C2"]),
        other => panic!("no work: {other:?}"),
    })
}

//! Links between feedback and what came of it: made and taken back by the feedback's own events, made by plans and
//! proposals, and asked over both.

use super::Given;
use super::given;
use super::says::*;
use super::says_loop::*;
use crate::domain::event::*;
use crate::domain::id::Subject;
use crate::domain::rules::*;
use crate::domain::subject::State;

const CHANGE: &str = "policy-change/p";
const ACTION: &str = "action/a";

/// A policy, an item, a proposal and a plan that name nothing.
fn ground() -> Given {
    given([policy(), received("2025-05-01", 1), proposed("2025-05-02"), planned("2025-05-02")])
}

/// The same, but the proposal and the plan name the item.
fn named() -> Given {
    given([policy(), received("2025-05-01", 1), proposed_for("2025-05-02"), planned_for("2025-05-02")])
}

fn is_linked(given: &Given, work: &str) -> bool {
    let (own, work) = (Subject::parse(&item(1)).unwrap(), given.ledger.life_of(work));
    match given.ledger.life_of(&item(1)).state() {
        State::Feedback(feedback) => feedback.is_linked(&own, &work),
        other => panic!("no feedback: {other:?}"),
    }
}

#[test]
fn links_are_made_and_taken_back_from_either_side() {
    for work in [CHANGE, ACTION] {
        let link = linked("2025-05-10", work);
        assert!(!is_linked(&ground(), work));
        assert!(is_linked(&ground().and([link.clone()]), work));
        assert!(is_linked(&named(), work));
        assert!(!is_linked(&named().and([unlinked("2025-05-10", work)]), work));
        let back = [link.clone(), unlinked("2025-05-11", work)];
        assert!(!is_linked(&ground().and(back.clone()), work));
        assert!(is_linked(&ground().and(back).and([linked("2025-05-12", work)]), work));
        let again = named().and([unlinked("2025-05-10", work), linked("2025-05-11", work)]);
        assert!(is_linked(&again, work));
        assert!(!is_linked(&ground().and([link.clone(), void("2025-05-11", &link)]), work));
    }
}

#[test]
fn a_link_of_a_voided_plan_is_gone_but_a_link_of_its_own_stays() {
    let plan = planned_for("2025-05-02");
    let was = || given([received("2025-05-01", 1), plan.clone()]);
    assert!(!is_linked(&was().and([void("2025-05-03", &plan)]), ACTION));
    let other = planned("2025-05-02");
    let broken = || {
        given([received("2025-05-01", 1), other.clone(), linked("2025-05-03", ACTION)])
            .and([void("2025-05-04", &other)])
    };
    assert!(is_linked(&broken(), ACTION));
    broken().when(unlinked("2025-05-05", ACTION)).then_accepted();
    broken().when(linked("2025-05-05", "action/b")).then_unknown("feedback_linked.to", "action/b");
    broken()
        .and([unlinked("2025-05-05", ACTION)])
        .when(linked("2025-05-06", ACTION))
        .then_unknown("feedback_linked.to", ACTION);
}

#[test]
fn what_was_unlinked_stays_so_when_the_plan_is_made_again() {
    let plan = planned_for("2025-05-02");
    let was = given([received("2025-05-01", 1), plan.clone(), unlinked("2025-05-03", ACTION)])
        .and([void("2025-05-04", &plan), planned_for("2025-05-05")]);
    assert!(!is_linked(&was, ACTION));
    assert!(is_linked(&was.and([linked("2025-05-06", ACTION)]), ACTION));
}

#[test]
fn a_link_that_is_backdated_or_voided_is_judged_on_its_day() {
    let was = || ground().and([linked("2025-05-10", ACTION), unlinked("2025-05-20", ACTION)]);
    was().when(unlinked("2025-05-15", ACTION)).then_refused(&FEEDBACK_NOT_LINKED).because_of(5);
    was().when(linked("2025-05-05", ACTION)).then_refused(&FEEDBACK_ALREADY_LINKED).because_of(4);
    was().when(unlinked("2025-05-05", ACTION)).then_refused(&FEEDBACK_NOT_LINKED);
    assert!(is_linked(&was().and([linked("2025-05-25", ACTION)]), ACTION));
}

#[test]
fn link_kind() {
    ground().when(linked("2025-05-10", "policy/flex")).then_malformed(&LINK_KIND, "feedback_linked.to");
    ground()
        .when(unlinked("2025-05-10", "commitment/C1"))
        .then_malformed(&LINK_KIND, "feedback_unlinked.from");
}

#[test]
fn a_link_names_what_is_there() {
    ground().when(linked("2025-05-10", "action/b")).then_unknown("feedback_linked.to", "action/b");
    ground().when(unlinked("2025-05-10", "action/b")).then_unknown("feedback_unlinked.from", "action/b");
}

#[test]
fn feedback_already_linked() {
    ground()
        .and([linked("2025-05-10", CHANGE)])
        .when(linked("2025-05-11", CHANGE))
        .then_refused(&FEEDBACK_ALREADY_LINKED)
        .because_of(4);
    named().when(linked("2025-05-10", CHANGE)).then_refused(&FEEDBACK_ALREADY_LINKED).because_of(2);
    named().when(linked("2025-05-10", ACTION)).then_refused(&FEEDBACK_ALREADY_LINKED).because_of(3);
}

#[test]
fn feedback_not_linked() {
    ground().when(unlinked("2025-05-10", CHANGE)).then_refused(&FEEDBACK_NOT_LINKED);
    ground()
        .and([linked("2025-05-10", CHANGE), unlinked("2025-05-11", CHANGE)])
        .when(unlinked("2025-05-12", CHANGE))
        .then_refused(&FEEDBACK_NOT_LINKED)
        .because_of(5);
    named()
        .and([unlinked("2025-05-11", CHANGE)])
        .when(unlinked("2025-05-12", CHANGE))
        .then_refused(&FEEDBACK_NOT_LINKED)
        .because_of(4);
    // The proposal made the link on 2 May.
    named().when(unlinked("2025-05-01", CHANGE)).then_refused(&FEEDBACK_NOT_LINKED).because_of(2);
    named().when(unlinked("2025-05-02", CHANGE)).then_accepted();
}

#[test]
fn link_before_work() {
    ground().when(linked("2025-05-01", CHANGE)).then_refused(&LINK_BEFORE_WORK).because_of(2);
    ground().when(linked("2025-05-01", ACTION)).then_refused(&LINK_BEFORE_WORK).because_of(3);
    ground().when(linked("2025-05-02", CHANGE)).then_accepted();
}

#[test]
fn link_to_ended_work() {
    let change = |end: Said| ground().and([end]);
    change(declined("2025-05-03"))
        .when(linked("2025-05-10", CHANGE))
        .then_refused(&LINK_TO_ENDED_WORK)
        .because_of(4);
    change(abandoned("2025-05-03"))
        .when(linked("2025-05-10", CHANGE))
        .then_refused(&LINK_TO_ENDED_WORK)
        .because_of(4);
    change(cancelled("2025-05-03"))
        .when(linked("2025-05-10", ACTION))
        .then_refused(&LINK_TO_ENDED_WORK)
        .because_of(4);
    ground()
        .and([changed("2025-05-03", "second"), reversed("2025-05-04")])
        .when(linked("2025-05-10", CHANGE))
        .then_refused(&LINK_TO_ENDED_WORK)
        .because_of(5);
    // What is in force or claimed came to something.
    ground().and([changed("2025-05-03", "second")]).when(linked("2025-05-10", CHANGE)).then_accepted();
    ground().and([completed("2025-05-03", &[])]).when(linked("2025-05-10", ACTION)).then_accepted();
}

#[test]
fn a_link_can_be_taken_back_after_the_end() {
    named().and([declined("2025-05-03")]).when(unlinked("2025-05-10", CHANGE)).then_accepted();
}

#[test]
fn linking_leaves_the_stage_alone() {
    let own = item(1);
    ground().when(linked("2025-05-10", CHANGE)).then_accepted().and_state(&own, "RECEIVED");
    // Closed and told items are live.
    ground()
        .and([closed("2025-05-03", 1)])
        .when(linked("2025-05-10", CHANGE))
        .then_accepted()
        .and_state(&own, "CLOSED_WITHOUT_CHANGE");
    ground()
        .and([answered("2025-05-03", ResponseOutcome::ChangeAgreed)])
        .and([told("2025-05-04", ResponseMode::Direct)])
        .when(linked("2025-05-10", CHANGE))
        .then_accepted()
        .and_state(&own, "TOLD");
}

#[test]
fn linked_work_is_live_whichever_side_linked_it() {
    let say = || closed("2025-06-01", 1);
    let refused = |was: Given, index| {
        was.when(say()).then_refused(&LINKED_WORK_IS_LIVE).because_of(index);
    };
    refused(ground().and([linked("2025-05-10", CHANGE)]), 4);
    refused(ground().and([linked("2025-05-10", ACTION)]), 4);
    refused(ground().and([linked("2025-05-10", ACTION), completed("2025-05-11", &[])]), 4);
    refused(named(), 2);
    // A link is judged as the ledger holds it, on whatever day it was made.
    refused(ground().and([linked("2025-06-10", CHANGE)]), 4);
    ground().when(say()).then_accepted();
    named().and([unlinked("2025-05-10", CHANGE), unlinked("2025-05-10", ACTION)]).when(say()).then_accepted();
    refused(named().and([unlinked("2025-05-10", CHANGE)]), 3);
    let back = [linked("2025-05-10", CHANGE), unlinked("2025-05-11", CHANGE)];
    ground().and(back).when(say()).then_accepted();
}

#[test]
fn work_that_ended_does_not_keep_feedback_open() {
    let own = |end: Vec<Said>| ground().and([linked("2025-05-10", CHANGE)]).and(end);
    let other =
        |end: Vec<Said>| given([policy(), received("2025-05-01", 1), proposed_for("2025-05-02")]).and(end);
    for end in [
        vec![declined("2025-05-20")],
        vec![approved("2025-05-19"), abandoned("2025-05-20")],
        vec![changed("2025-05-19", "second"), reversed("2025-05-20")],
    ] {
        own(end.clone()).when(closed("2025-06-01", 1)).then_accepted();
        other(end).when(closed("2025-06-01", 1)).then_accepted();
    }
    ground()
        .and([linked("2025-05-10", ACTION), cancelled("2025-05-20")])
        .when(closed("2025-06-01", 1))
        .then_accepted();
    // In force and not reversed, it changed something.
    own(vec![changed("2025-05-19", "second")])
        .when(closed("2025-06-01", 1))
        .then_refused(&LINKED_WORK_IS_LIVE)
        .because_of(4);
}

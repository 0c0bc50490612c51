//! Feedback on its way: acknowledged, considered, told, reopened, withdrawn.

use super::given;
use super::says::*;
use super::says_loop::*;
use crate::domain::event::ResponseMode::{Direct, Public};
use crate::domain::event::ResponseOutcome::{ChangeAgreed, ChangeConsidered, NoChange};
use crate::domain::event::WithdrawalScope::{Contact, Whole};
use crate::domain::event::*;
use crate::domain::irregularity::Irregularity::*;
use crate::domain::rules::*;

fn heard() -> super::Given {
    given([received("2025-05-01", 1)])
}

/// Received and closed without change.
fn shut() -> super::Given {
    heard().and([closed("2025-05-10", 1)])
}

/// Agreed, and told.
fn done() -> super::Given {
    heard().and([answered("2025-05-05", ChangeAgreed), told("2025-05-10", Direct)])
}

#[test]
fn a_whole_loop_is_accepted() {
    let own = item(1);
    let after = |events: &[Said], said: Said, name: &str| {
        heard().and(events.iter().cloned()).when(said).then_accepted().and_state(&own, name);
    };
    let steps = [
        (acknowledged("2025-05-02", Direct), "ACKNOWLEDGED"),
        (considered("2025-05-03", Public), "CONSIDERING"),
        (answered("2025-05-04", ChangeAgreed), "CHANGE_AGREED"),
        (told("2025-05-05", Direct), "TOLD"),
        (heard_again("2025-05-06"), "CONSIDERING"),
        (closed("2025-05-07", 1), "CLOSED_WITHOUT_CHANGE"),
        (told("2025-05-08", Public), "TOLD"),
        (heard_again("2025-05-09"), "CONSIDERING"),
        (withdrawn("2025-05-10", Whole), "WITHDRAWN"),
    ];
    let events: Vec<_> = steps.iter().map(|(said, _)| said.clone()).collect();
    for (index, (said, name)) in steps.into_iter().enumerate() {
        after(&events[..index], said, name);
    }
}

#[test]
fn nothing_comes_before_the_receipt() {
    let steps = || {
        [
            acknowledged("2025-04-30", Public),
            considered("2025-04-30", Public),
            told("2025-04-30", Public),
            heard_again("2025-04-30"),
            withdrawn("2025-04-30", Whole),
            withdrawn("2025-04-30", Contact),
        ]
    };
    for said in steps() {
        given([]).when(said).then_refused(&FEEDBACK_NOT_RECEIVED);
    }
    for said in steps() {
        heard().when(said).then_refused(&FEEDBACK_NOT_RECEIVED).because_of(0);
    }
}

#[test]
fn a_holding_reply_never_takes_a_step_back() {
    let own = item(1);
    let after = |said: Said| heard().and([said]).when(acknowledged("2025-05-20", Public)).then_accepted();
    after(acknowledged("2025-05-02", Direct)).and_state(&own, "ACKNOWLEDGED");
    after(considered("2025-05-02", Direct)).and_state(&own, "CONSIDERING");
    after(answered("2025-05-02", ChangeAgreed)).and_state(&own, "CHANGE_AGREED");
}

#[test]
fn what_was_agreed_can_be_thought_over_again() {
    heard()
        .and([answered("2025-05-02", ChangeAgreed)])
        .when(considered("2025-05-20", Public))
        .then_accepted()
        .and_state(&item(1), "CONSIDERING");
}

#[test]
fn steps_are_judged_on_their_own_day() {
    let agreed = answered("2025-05-10", ChangeAgreed);
    let was = || heard().and([agreed.clone()]);
    was()
        .when(considered("2025-05-05", Direct))
        .then_flagged(&[LateRecorded])
        .and_state(&item(1), "CHANGE_AGREED");
    was().when(told("2025-05-09", Direct)).then_refused(&FEEDBACK_NOT_DECIDED).because_of(0);
    was().when(told("2025-05-10", Direct)).then_accepted();
    // The telling rests on the answer.
    was()
        .and([told("2025-05-11", Direct)])
        .when(void("2025-05-12", &agreed))
        .then_refused(&FEEDBACK_NOT_DECIDED)
        .because_of(2);
}

#[test]
fn feedback_not_contactable_whatever_is_said() {
    let steps =
        || [acknowledged("2025-06-01", Direct), considered("2025-06-01", Direct), told("2025-06-01", Direct)];
    for said in steps() {
        given([anonymous("2025-05", 1)]).when(said).then_refused(&FEEDBACK_NOT_CONTACTABLE).because_of(0);
    }
    // In public, anybody can be told.
    given([anonymous("2025-05", 1)]).when(acknowledged("2025-06-01", Public)).then_accepted();
    given([anonymous("2025-05", 1)]).when(considered("2025-06-01", Public)).then_accepted();
}

#[test]
fn feedback_not_decided() {
    heard().when(told("2025-05-02", Direct)).then_refused(&FEEDBACK_NOT_DECIDED).because_of(0);
    for undecided in [
        acknowledged("2025-05-02", Direct),
        considered("2025-05-02", Direct),
        answered("2025-05-02", ChangeConsidered),
        // It has an outcome, but no reason yet: closing gives it one.
        answered("2025-05-02", NoChange),
    ] {
        heard()
            .and([undecided])
            .when(told("2025-05-03", Direct))
            .then_refused(&FEEDBACK_NOT_DECIDED)
            .because_of(1);
    }
}

#[test]
fn somebody_may_be_told_twice() {
    done().when(told("2025-05-12", Public)).then_accepted().and_state(&item(1), "TOLD");
    shut()
        .and([told("2025-05-11", Public)])
        .when(told("2025-05-12", Direct))
        .then_accepted()
        .and_state(&item(1), "TOLD");
}

#[test]
fn feedback_already_closed_leaves_no_way_but_reopening() {
    shut().when(acknowledged("2025-05-11", Direct)).then_refused(&FEEDBACK_ALREADY_CLOSED).because_of(1);
    shut().when(considered("2025-05-11", Direct)).then_refused(&FEEDBACK_ALREADY_CLOSED).because_of(1);
    shut().and([heard_again("2025-05-11")]).when(considered("2025-05-12", Direct)).then_accepted();
}

#[test]
fn feedback_already_told() {
    for said in [
        acknowledged("2025-05-11", Direct),
        considered("2025-05-11", Direct),
        answered("2025-05-11", NoChange),
        answered("2025-05-11", ChangeConsidered),
        closed("2025-05-11", 1),
    ] {
        done().when(said).then_refused(&FEEDBACK_ALREADY_TOLD).because_of(2);
    }
    // The same, once more, is not something else.
    done().when(answered("2025-05-11", ChangeAgreed)).then_accepted().and_state(&item(1), "TOLD");
    shut()
        .and([told("2025-05-11", Direct)])
        .when(answered("2025-05-12", NoChange))
        .then_accepted()
        .and_state(&item(1), "TOLD");
    done().and([heard_again("2025-05-11")]).when(closed("2025-05-12", 1)).then_accepted();
}

#[test]
fn feedback_not_closed() {
    heard().when(heard_again("2025-05-02")).then_refused(&FEEDBACK_NOT_CLOSED).because_of(0);
    for open in [
        acknowledged("2025-05-02", Direct),
        considered("2025-05-02", Direct),
        answered("2025-05-02", ChangeAgreed),
    ] {
        heard().and([open]).when(heard_again("2025-05-03")).then_refused(&FEEDBACK_NOT_CLOSED).because_of(1);
    }
    shut()
        .and([heard_again("2025-05-11")])
        .when(heard_again("2025-05-12"))
        .then_refused(&FEEDBACK_NOT_CLOSED)
        .because_of(2);
}

#[test]
fn feedback_withdrawn() {
    let gone = || heard().and([withdrawn("2025-05-20", Whole)]);
    for said in [
        acknowledged("2025-05-21", Public),
        considered("2025-05-21", Public),
        told("2025-05-21", Public),
        answered("2025-05-21", NoChange),
        closed("2025-05-21", 1),
        heard_again("2025-05-21"),
        linked("2025-05-21", "action/a"),
        unlinked("2025-05-21", "action/a"),
        withdrawn("2025-05-21", Contact),
        withdrawn("2025-05-21", Whole),
    ] {
        gone().when(said).then_refused(&FEEDBACK_WITHDRAWN).because_of(1);
    }
    gone().when(received("2025-05-21", 1)).then_refused(&FEEDBACK_ALREADY_RECEIVED).because_of(0);
}

#[test]
fn any_item_can_be_withdrawn() {
    let own = item(1);
    for was in [heard(), shut(), done(), shut().and([told("2025-05-11", Direct)])] {
        was.when(withdrawn("2025-06-01", Whole)).then_accepted().and_state(&own, "WITHDRAWN");
    }
    given([anonymous("2025-05", 1)])
        .when(withdrawn("2025-05-20", Whole))
        .then_accepted()
        .and_state(&own, "WITHDRAWN");
}

#[test]
fn what_happened_before_a_withdrawal_can_be_recorded_after_it() {
    let gone = || heard().and([withdrawn("2025-05-20", Whole)]);
    gone()
        .when(acknowledged("2025-05-19", Direct))
        .then_flagged(&[LateRecorded])
        .and_state(&item(1), "WITHDRAWN");
    // And a withdrawal before what stands would take the ground from under it.
    heard()
        .and([acknowledged("2025-05-19", Direct)])
        .when(withdrawn("2025-05-18", Whole))
        .then_refused(&FEEDBACK_WITHDRAWN)
        .because_of(1);
}

#[test]
fn a_withdrawal_that_was_recorded_by_mistake_can_be_voided() {
    let mistake = withdrawn("2025-05-20", Whole);
    heard()
        .and([mistake.clone(), void("2025-05-21", &mistake)])
        .when(acknowledged("2025-05-22", Direct))
        .then_accepted()
        .and_state(&item(1), "ACKNOWLEDGED");
}

#[test]
fn feedback_contact_already_withdrawn() {
    let mute = || heard().and([withdrawn("2025-05-20", Contact)]);
    mute()
        .when(withdrawn("2025-05-21", Contact))
        .then_refused(&FEEDBACK_CONTACT_ALREADY_WITHDRAWN)
        .because_of(1);
    mute().when(withdrawn("2025-05-21", Whole)).then_accepted().and_state(&item(1), "WITHDRAWN");
    // Who never gave a contact does not have to remember that.
    given([anonymous("2025-05", 1)]).when(withdrawn("2025-05-20", Contact)).then_accepted();
}

#[test]
fn without_its_contact_the_item_stays_live() {
    let mute = || heard().and([withdrawn("2025-05-20", Contact)]);
    mute().when(acknowledged("2025-05-21", Public)).then_accepted().and_state(&item(1), "ACKNOWLEDGED");
    mute().when(planned_for("2025-05-21")).then_accepted();
    for said in [
        acknowledged("2025-05-21", Direct),
        considered("2025-05-21", Direct),
        answered("2025-05-21", NoChange),
        told("2025-05-21", Direct),
    ] {
        mute().when(said).then_refused(&FEEDBACK_NOT_CONTACTABLE).because_of(1);
    }
    // Until then it could be answered in person.
    mute().when(acknowledged("2025-05-19", Direct)).then_flagged(&[LateRecorded]);
    heard()
        .and([acknowledged("2025-05-21", Direct)])
        .when(withdrawn("2025-05-20", Contact))
        .then_refused(&FEEDBACK_NOT_CONTACTABLE)
        .because_of(1);
}

#[test]
fn feedback_not_live_when_it_is_withdrawn() {
    let gone = || given([policy(), received("2025-05-01", 1), withdrawn("2025-05-20", Whole)]);
    gone().when(planned_for("2025-05-21")).then_refused(&FEEDBACK_NOT_LIVE).because_of(2);
    gone().when(proposed_for("2025-05-21")).then_refused(&FEEDBACK_NOT_LIVE).because_of(2);
    // A link is judged when it is made, whenever the proposal was.
    gone().when(proposed_for("2025-05-10")).then_refused(&FEEDBACK_NOT_LIVE).because_of(2);
}

#[test]
fn an_action_that_comes_from_feedback_names_some() {
    let mut payload = action_planned();
    payload.origin = Origin::Feedback;
    heard()
        .when(on("2025-05-02", "action/a", payload))
        .then_malformed(&ORIGIN_WITHOUT_FEEDBACK, "action_planned.feedback");
    heard().when(planned_for("2025-05-02")).then_accepted();
}

#[test]
fn what_is_done_about_an_anonymous_item_is_ordinary() {
    let was = || given([anonymous("2025-05", 1)]);
    was().when(acknowledged("2025-05-07T09:00:00Z", Public).acted("head")).then_accepted();
    was().when(linked("2025-05-07", "action/a").acted("head")).then_unknown("feedback_linked.to", "action/a");
    was().and([planned("2025-05-06")]).when(linked("2025-05-07", "action/a").acted("head")).then_accepted();
}

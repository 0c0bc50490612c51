//! Who may post what.

use super::says::*;
use super::{Given, given};
use crate::domain::rules::*;

fn only(types: &[&str], subjects: &[&str], posts: &[&str]) -> Given {
    given([grant("tracker", types, subjects, posts)])
}

fn plan() -> Said {
    planned("2025-04-01").from("tracker")
}

#[test]
fn an_open_ledger_takes_anything_from_a_source_without_a_grant() {
    given([]).when(plan()).then_accepted();
    given([]).granted_only().when(plan()).then_not_granted("anything on this ledger");
}

#[test]
fn a_source_with_a_grant_is_held_to_it_on_an_open_ledger_too() {
    only(&["feedback.*"], &["*"], &["*"]).when(plan()).then_not_granted("type action.planned");
    only(&[], &[], &[]).when(plan()).then_not_granted("type action.planned");
    only(&["feedback.*"], &["*"], &["*"]).granted_only().when(plan()).then_not_granted("type action.planned");
}

#[test]
fn types_are_granted_by_name_family_or_all() {
    for pattern in ["action.planned", "action.*", "*"] {
        only(&[pattern], &["*"], &["*"]).granted_only().when(plan()).then_accepted();
    }
    only(&["action.completed"], &["*"], &["*"]).when(plan()).then_not_granted("type action.planned");
}

#[test]
fn subjects_are_granted_by_name_kind_or_all() {
    for pattern in ["action/a", "action/*", "*"] {
        only(&["*"], &[pattern], &["*"]).when(plan()).then_accepted();
    }
    for pattern in ["action/b", "policy/*"] {
        only(&["*"], &[pattern], &["*"]).when(plan()).then_not_granted("subject action/a");
    }
    // `policy/*` is not `policy-change/*`.
    only(&["*"], &["policy/*"], &["*"])
        .when(proposed("2025-03-01").from("tracker"))
        .then_not_granted("subject policy-change/p");
}

#[test]
fn posts_spoken_for_are_granted() {
    let was = || only(&["*"], &["*"], &["head"]);
    was().when(plan().acted("head")).then_accepted();
    was().when(plan().acted("assessor")).then_not_granted("post assessor");
    let moved = revised("2025-04-02", "2025-06-30", "2025-07-31").from("tracker").acted("head");
    was().and([planned("2025-04-01")]).when(moved).then_not_granted("post assessor");
    let proof = evidence("e", "action/a", "m");
    was()
        .and([planned("2025-04-01"), proof, completed("2025-04-20", &["e"]).from("other")])
        .when(verified("2025-04-21", "assessor", &["e"]).from("tracker"))
        .then_not_granted("post assessor");
    let first = planned("2025-04-01");
    was()
        .and([first.clone()])
        .when(void("2025-04-02", &first).from("tracker"))
        .then_not_granted("post assessor");
    only(&["*"], &["*"], &["assessor"])
        .and([policy(), proposed("2025-03-01")])
        .when(approved("2025-03-02").from("tracker"))
        .then_not_granted("post head");
    // An owner is spoken of, not for.
    only(&["*"], &["*"], &[]).when(plan()).then_accepted();
}

#[test]
fn the_last_grant_stands_from_its_record_on() {
    let backdated = grant("tracker", &["feedback.*"], &["*"], &["*"]).with(|event| {
        event.occurred = crate::domain::value::Occurred::Day(day("2025-01-01"));
    });
    only(&["*"], &["*"], &["*"]).and([backdated]).when(plan()).then_not_granted("type action.planned");
}

#[test]
fn the_operator_alone_opens_and_grants() {
    given([])
        .when(grant("x", &["*"], &["*"], &["*"]).from("register"))
        .then_not_granted("type grant.changed");
    given([]).when(opened().from("register")).then_not_granted("type ledger.opened");
    only(&["*"], &["*"], &["*"])
        .when(grant("tracker", &["*"], &["*"], &["*"]).from("tracker"))
        .then_not_granted("type grant.changed");
    given([]).granted_only().when(grant("x", &["*"], &["*"], &["*"])).then_accepted();
    given([]).granted_only().when(planned("2025-04-01").from("operator")).then_accepted();
}

#[test]
fn grant_type() {
    for text in ["action.finished", "actions.*", "action*", "", "grant.*", "ledger.opened", "grant.changed"] {
        given([])
            .when(grant("x", &["*", text], &[], &[]))
            .then_malformed(&GRANT_TYPE, "grant_changed.types[1]");
    }
    given([]).when(grant("x", &["action.*", "policy_change.changed"], &[], &[])).then_accepted();
}

#[test]
fn grant_subject() {
    for text in ["actions/*", "action", "action/", "action/a*", ""] {
        given([])
            .when(grant("x", &[], &[text], &[]))
            .then_malformed(&GRANT_SUBJECT, "grant_changed.subjects[0]");
    }
    given([]).when(grant("x", &[], &["policy-change/*", "commitment/C14"], &[])).then_accepted();
}

#[test]
fn grant_post() {
    given([]).when(grant("x", &[], &[], &["head of"])).then_malformed(&GRANT_POST, "grant_changed.posts[0]");
}

#[test]
fn grant_to_operator() {
    given([]).when(grant("operator", &[], &[], &[])).then_malformed(&GRANT_TO_OPERATOR, "subject");
}

#[test]
fn a_grant_is_judged_before_what_is_expected() {
    let said = plan().expecting(crate::domain::command::Expected::Version(9));
    only(&["feedback.*"], &["*"], &["*"]).when(said.clone()).then_not_granted("type action.planned");
    only(&["*"], &["*"], &["*"]).when(said).then_conflict(0);
}

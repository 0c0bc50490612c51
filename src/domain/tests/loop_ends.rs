//! How changes of policies end, and how policies are reviewed.

use super::says::*;
use super::says_loop::*;
use super::{Given, given};
use crate::domain::event::*;
use crate::domain::irregularity::Irregularity::*;
use crate::domain::rules::*;
use crate::domain::subject::State;

const CHANGE: &str = "policy-change/p";

fn asked() -> Given {
    given([policy(), proposed("2025-03-01")])
}

/// In the register on 3 March, in force from 10 March.
fn coming() -> Given {
    asked().and([approved("2025-03-02"), on("2025-03-03", CHANGE, policy_changed("2025-03-10", "second"))])
}

#[test]
fn a_change_is_declined_or_abandoned_before_it_is_in_the_register() {
    asked().when(declined("2025-03-02")).then_accepted().and_state(CHANGE, "DECLINED");
    asked().when(abandoned("2025-03-02")).then_accepted().and_state(CHANGE, "ABANDONED");
    let agreed = || asked().and([approved("2025-03-02")]);
    agreed().when(declined("2025-03-03")).then_accepted().and_state(CHANGE, "DECLINED");
    agreed().when(abandoned("2025-03-03")).then_accepted().and_state(CHANGE, "ABANDONED");
    for said in [declined("2025-04-01"), abandoned("2025-04-01")] {
        coming().when(said).then_refused(&CHANGE_ALREADY_IN_FORCE).because_of(3);
    }
}

#[test]
fn an_end_needs_a_proposal() {
    for said in [declined("2025-02-28"), abandoned("2025-02-28"), reversed("2025-02-28")] {
        given([policy()]).when(said.clone()).then_refused(&CHANGE_NOT_PROPOSED);
        asked().when(said).then_refused(&CHANGE_NOT_PROPOSED).because_of(1);
    }
}

#[test]
fn change_already_ended() {
    let steps = || {
        [
            approved("2025-05-01"),
            changed("2025-05-01", "third"),
            declined("2025-05-01"),
            abandoned("2025-05-01"),
            reversed("2025-05-01"),
        ]
    };
    for end in [declined("2025-03-02"), abandoned("2025-03-02")] {
        for said in steps() {
            asked().and([end.clone()]).when(said).then_refused(&CHANGE_ALREADY_ENDED).because_of(2);
        }
    }
    for said in steps() {
        coming().and([reversed("2025-04-01")]).when(said).then_refused(&CHANGE_ALREADY_ENDED).because_of(4);
    }
}

#[test]
fn an_end_that_was_recorded_by_mistake_can_be_voided() {
    let mistake = declined("2025-03-02");
    asked()
        .and([mistake.clone(), void("2025-03-03", &mistake)])
        .when(approved("2025-03-04"))
        .then_accepted()
        .and_state(CHANGE, "APPROVED");
    // What was approved later stands in the way of a decision before it.
    asked()
        .and([approved("2025-03-10")])
        .when(declined("2025-03-09"))
        .then_refused(&CHANGE_ALREADY_ENDED)
        .because_of(2);
}

#[test]
fn change_not_in_force() {
    asked().when(reversed("2025-03-02")).then_refused(&CHANGE_NOT_IN_FORCE).because_of(1);
    asked()
        .and([approved("2025-03-02")])
        .when(reversed("2025-03-03"))
        .then_refused(&CHANGE_NOT_IN_FORCE)
        .because_of(1);
    coming().when(reversed("2025-03-09")).then_refused(&CHANGE_NOT_IN_FORCE).because_of(3);
    coming().when(reversed("2025-03-10")).then_accepted().and_state(CHANGE, "REVERSED");
    // A reversal rests on the entry in the register.
    let entry = changed("2025-03-10", "second");
    asked()
        .and([entry.clone(), reversed("2025-03-20")])
        .when(void("2025-03-21", &entry))
        .then_refused(&CHANGE_NOT_IN_FORCE)
        .because_of(3);
}

#[test]
fn ends_are_decided_by_a_valid_post() {
    let nobody = "post/nobody";
    asked().when(declined_by("2025-04-01", "past")).then_refused(&POST_NOT_VALID);
    asked().when(declined_by("2025-04-01", "nobody")).then_unknown("policy_change_declined.by_post", nobody);
    asked()
        .when(abandoned_by("2025-04-01", "nobody"))
        .then_unknown("policy_change_abandoned.by_post", nobody);
    coming().when(reversed_by("2025-04-01", "nobody")).then_unknown("policy_change_reversed.by_post", nobody);
}

#[test]
fn ends_speak_for_the_post_that_decided() {
    let only = |was: Given| was.and([grant("register", &["*"], &["*"], &["assessor"])]);
    for said in [declined("2025-04-01"), abandoned("2025-04-01")] {
        only(asked()).when(said).then_not_granted("post head");
    }
    only(coming()).when(reversed("2025-04-01")).then_not_granted("post head");
    only(asked()).when(declined_by("2025-04-01", "assessor")).then_accepted();
}

/// A second change of the same policy.
fn second(effective_on: &str, document: &str) -> Said {
    on("2025-05-01", "policy-change/q", policy_changed(effective_on, document))
}

#[test]
fn document_unchanged_looks_past_reversed_changes() {
    let was = || {
        asked()
            .and([approved("2025-03-02"), changed("2025-03-10", "second"), reversed("2025-04-01")])
            .and([on("2025-03-01", "policy-change/q", change_proposed())])
            .and([on("2025-03-02", "policy-change/q", PolicyChangeApproved { by_post: code("head") })])
    };
    // The first document is in force again, from the day of the reversal on.
    was().when(second("2025-05-01", "first")).then_refused(&DOCUMENT_UNCHANGED).because_of(0);
    was().when(second("2025-04-01", "first")).then_refused(&DOCUMENT_UNCHANGED).because_of(0);
    was().when(second("2025-05-01", "second")).then_accepted();
    // The day before, the second still was.
    was().when(second("2025-03-31", "second")).then_refused(&DOCUMENT_UNCHANGED).because_of(3);
    was().when(second("2025-03-31", "first")).then_accepted();
}

#[test]
fn a_reversal_brings_back_the_change_before() {
    // First, second, third; the third is reversed: the second is in force, not the first.
    let q = |when, payload: Payload| on(when, "policy-change/q", payload);
    let was = || {
        asked()
            .and([approved("2025-03-02"), changed("2025-03-10", "second")])
            .and([q("2025-03-01", change_proposed().into())])
            .and([q("2025-04-01", policy_changed("2025-04-01", "third").into())])
            .and([q("2025-04-15", PolicyChangeReversed { by_post: code("head"), reason: words() }.into())])
            .and([on("2025-04-16", "policy-change/r", change_proposed())])
    };
    let r = |document| on("2025-05-01", "policy-change/r", policy_changed("2025-05-01", document));
    was().when(r("second")).then_refused(&DOCUMENT_UNCHANGED).because_of(3);
    was().when(r("first")).then_flagged(&[Unapproved]);
    was().when(r("third")).then_flagged(&[Unapproved]);
}

fn review_due(given: &Given) -> jiff::civil::Date {
    match given.ledger.life_of("policy/flex").state() {
        State::Policy(policy) => policy.review_due,
        other => panic!("no policy: {other:?}"),
    }
}

#[test]
fn a_review_says_when_the_next_one_is() {
    let next = |when, due| reviewed(when, |review| review.next_due = day(due));
    let was = || given([policy(), next("2025-06-01", "2026-06-01")]);
    assert_eq!(review_due(&was()), day("2026-06-01"));
    assert_eq!(review_due(&was().and([next("2026-05-01", "2027-05-01")])), day("2027-05-01"));
    // The later review counts, whichever was recorded first.
    assert_eq!(review_due(&was().and([next("2025-03-01", "2028-01-01")])), day("2026-06-01"));
    let mistake = next("2026-05-01", "2027-05-01");
    assert_eq!(review_due(&was().and([mistake.clone(), void("2026-05-02", &mistake)])), day("2026-06-01"));
    was().when(next("2026-05-01", "2027-05-01")).then_accepted().and_state("policy/flex", "REGISTERED");
}

#[test]
fn policy_not_registered() {
    given([]).when(reviewed("2025-03-01", |_| ())).then_refused(&POLICY_NOT_REGISTERED);
    given([policy()]).when(reviewed("2025-01-31", |_| ())).then_refused(&POLICY_NOT_REGISTERED).because_of(0);
}

#[test]
fn review_due_not_ahead() {
    let due = |due| reviewed("2025-06-01", |review| review.next_due = day(due));
    let was = || given([policy()]);
    was().when(due("2025-06-01")).then_malformed(&REVIEW_DUE_NOT_AHEAD, "policy_reviewed.next_due");
    was().when(due("2025-06-02")).then_accepted();
}

#[test]
fn review_without_change() {
    let silent = reviewed("2025-06-01", |review| review.outcome = PolicyReviewOutcome::ChangeProposed);
    given([policy()]).when(silent).then_malformed(&REVIEW_WITHOUT_CHANGE, "policy_reviewed.change");
}

#[test]
fn review_names_change() {
    let said = reviewed("2025-06-01", |review| review.change = Some(code("p")));
    asked().when(said).then_malformed(&REVIEW_NAMES_CHANGE, "policy_reviewed.change");
}

#[test]
fn a_review_names_a_change_of_its_policy_that_is_not_ended() {
    let say = || reviewed_with("2025-06-01", "p");
    let at = "policy_reviewed.change";
    given([policy()]).when(say()).then_unknown(at, CHANGE);
    asked().when(say()).then_accepted();
    coming().when(say()).then_accepted();
    asked().and([declined("2025-03-02")]).when(say()).then_refused(&CHANGE_ALREADY_ENDED).because_of(2);
    coming().and([reversed("2025-04-01")]).when(say()).then_refused(&CHANGE_ALREADY_ENDED).because_of(4);
    let mut pay = policy();
    pay.event.subject = crate::domain::id::Subject::parse("policy/pay").unwrap();
    let mut payload = change_proposed();
    payload.policy = code("pay");
    given([policy(), pay, on("2025-03-01", CHANGE, payload)]).when(say()).then_malformed(&OTHER_POLICY, at);
}

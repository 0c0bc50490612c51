//! Owners: who answers for a commitment, an action, a policy or a measure changes hands; and in whose name is spoken.

use super::given;
use super::says::*;
use super::says_commitments::*;
use crate::domain::event::*;
use crate::domain::irregularity::Irregularity::*;
use crate::domain::rules::*;

/// One thing of each kind that can be owned, each owned by `head`.
fn owned() -> super::Given {
    given([planned("2025-03-01"), policy(), measure("2025-03-01")])
}

const OWNED: [&str; 4] = ["commitment/C1", "action/a", "policy/flex", "measure/m"];

#[test]
fn an_owner_hands_over() {
    for subject in OWNED {
        owned()
            .and([reassigned("2025-05-01", subject, "head", "assessor")])
            .when(reassigned("2025-05-02", subject, "assessor", "deputy"))
            .then_accepted();
    }
}

#[test]
fn handing_over_changes_nothing_else() {
    for (subject, state) in OWNED.into_iter().zip(["ACTIVE", "PLANNED", "REGISTERED", "AGREED"]) {
        owned()
            .when(reassigned("2025-05-01", subject, "head", "assessor"))
            .then_accepted()
            .and_state(subject, state);
    }
}

#[test]
fn owner_not_current() {
    for subject in OWNED {
        owned()
            .when(reassigned("2025-05-01", subject, "deputy", "assessor"))
            .then_refused(&OWNER_NOT_CURRENT);
        owned()
            .and([reassigned("2025-05-01", subject, "head", "assessor")])
            .when(reassigned("2025-05-02", subject, "head", "deputy"))
            .then_refused(&OWNER_NOT_CURRENT)
            .because_of(3);
    }
    given([planned("2025-03-01")])
        .when(reassigned("2025-05-01", "action/a", "deputy", "assessor"))
        .then_refused(&OWNER_NOT_CURRENT)
        .because_of(0);
}

#[test]
fn owner_not_current_between_two_hands() {
    let handed = || owned().and([reassigned("2025-05-10", "action/a", "head", "assessor")]);
    // It fits on its day, but whoever handed over later would then not have been the owner.
    handed()
        .when(reassigned("2025-05-01", "action/a", "head", "deputy"))
        .then_refused(&OWNER_NOT_CURRENT)
        .because_of(3);
    handed()
        .when(reassigned("2025-05-09", "action/a", "head", "assessor"))
        .then_refused(&OWNER_NOT_CURRENT)
        .because_of(3);
    handed().when(reassigned("2025-05-11", "action/a", "assessor", "deputy")).then_accepted();
}

#[test]
fn a_handing_over_is_not_voided_while_the_next_rests_on_it() {
    let first = reassigned("2025-05-01", "measure/m", "head", "assessor");
    let second = reassigned("2025-05-02", "measure/m", "assessor", "deputy");
    owned()
        .and([first.clone(), second.clone()])
        .when(void("2025-05-03", &first))
        .then_refused(&OWNER_NOT_CURRENT)
        .because_of(4);
    owned()
        .and([first.clone(), second.clone(), void("2025-05-03", &second)])
        .when(void("2025-05-04", &first))
        .then_accepted();
}

#[test]
fn owner_unchanged() {
    owned()
        .when(reassigned("2025-05-01", "action/a", "head", "head"))
        .then_malformed(&OWNER_UNCHANGED, "owner_reassigned.to_post");
}

#[test]
fn the_new_owner_is_a_post_of_that_day_and_the_old_one_need_not_be() {
    owned()
        .when(reassigned("2025-05-01", "action/a", "head", "nobody"))
        .then_unknown("owner_reassigned.to_post", "post/nobody");
    owned().when(reassigned("2025-04-01", "action/a", "head", "past")).then_refused(&POST_NOT_VALID);
    owned()
        .and([reassigned("2025-03-31", "action/a", "head", "past")])
        .when(reassigned("2025-05-01", "action/a", "past", "head"))
        .then_accepted();
}

#[test]
fn nothing_to_own() {
    for subject in ["commitment/C9", "action/b", "policy/pay", "measure/n"] {
        owned().when(reassigned("2025-05-01", subject, "head", "assessor")).then_refused(&NOTHING_TO_OWN);
    }
    given([planned("2025-03-01")])
        .when(reassigned("2025-02-28", "action/a", "head", "assessor"))
        .then_refused(&NOTHING_TO_OWN)
        .because_of(0);
}

#[test]
fn only_what_has_an_owner_changes_hands() {
    let proof = evidence("e", "action/a", "m");
    for subject in ["evidence/e", "evidence/x", "pledge/main", "post/head", "settings/reports", "ledger/acme"]
    {
        owned()
            .and([proof.clone()])
            .when(reassigned("2025-05-01", subject, "head", "assessor"))
            .then_malformed(&SUBJECT_KIND, "subject");
    }
}

#[test]
fn a_new_owner_is_whom_a_verifier_is_compared_with() {
    let done = || {
        given([planned("2025-03-01"), evidence("e", "action/a", "m")])
            .and([reassigned("2025-04-20", "action/a", "head", "assessor"), completed("2025-04-20", &["e"])])
    };
    done().when(verified("2025-04-21", "assessor", &["e"])).then_flagged(&[SelfVerified]);
    done().when(verified("2025-04-21", "head", &["e"])).then_accepted();
}

#[test]
fn who_agrees_assesses_doubts_and_decides_is_spoken_for() {
    let was = |posts: &[&str]| {
        owned()
            .and([evidence("e", "action/a", "m"), evidence("f", "action/a", "n")])
            .and([challenged("2025-04-16", "f"), grant("tracker", &["*"], &["*"], posts)])
    };
    let said = [
        (remeasured("2025-05-01"), "assessor"),
        (reviewed("2025-07-01", "C1", ReviewOutcome::NotKept, &[]), "assessor"),
        (challenged("2025-05-01", "e"), "deputy"),
        (upheld("2025-05-01", "f", "assessor"), "assessor"),
        (rejected("2025-05-01", "f"), "assessor"),
    ];
    for (said, post) in said {
        was(&["head"]).when(said.clone().from("tracker")).then_not_granted(&format!("post {post}"));
        was(&[post]).when(said.from("tracker")).then_accepted();
    }
    // Owners, old and new, are spoken of, not for.
    was(&[]).when(reassigned("2025-05-01", "action/a", "head", "assessor").from("tracker")).then_accepted();
    let second = on("2025-05-01", "measure/n", measure_agreed());
    was(&[]).when(second.from("tracker")).then_accepted();
}

//! Policies, their changes, and evidence.

use super::given;
use super::says::*;
use crate::domain::event::*;
use crate::domain::id::Subject;
use crate::domain::irregularity::Irregularity::*;
use crate::domain::rules::*;

/// A second change of the same policy, in the register and in force from one day.
fn second(when: &str, document: &str) -> [Said; 3] {
    let subject = "policy-change/q";
    [
        on("2025-03-01", subject, change_proposed()),
        on("2025-03-01", subject, PolicyChangeApproved { by_post: code("head") }),
        on(when, subject, policy_changed(when, document)),
    ]
}

#[test]
fn a_change_comes_into_force() {
    given([policy(), proposed("2025-03-01"), approved("2025-03-02")])
        .when(changed("2025-04-01", "second"))
        .then_accepted()
        .and_state("policy-change/p", "IN_FORCE")
        .and_state("policy/flex", "REGISTERED");
}

#[test]
fn policy_already_registered() {
    given([policy()]).when(policy()).then_refused(&POLICY_ALREADY_REGISTERED).because_of(0);
}

#[test]
fn a_policy_has_an_owner_that_is_a_post() {
    let mut said = policy();
    if let Payload::PolicyRegistered(policy) = &mut said.event.payload {
        policy.owner_post = code("nobody");
    }
    given([]).when(said).then_unknown("policy_registered.owner_post", "post/nobody");
}

#[test]
fn change_already_proposed() {
    given([policy(), proposed("2025-03-01")])
        .when(proposed("2025-03-02"))
        .then_refused(&CHANGE_ALREADY_PROPOSED)
        .because_of(1);
}

#[test]
fn origin_without_feedback() {
    let mut payload = change_proposed();
    payload.origin = Origin::Feedback;
    given([policy()])
        .when(on("2025-03-01", "policy-change/p", payload))
        .then_malformed(&ORIGIN_WITHOUT_FEEDBACK, "policy_change_proposed.feedback");
}

#[test]
fn a_proposal_names_what_is_there() {
    given([]).when(proposed("2025-03-01")).then_unknown("policy_change_proposed.policy", "policy/flex");
    let mut payload = change_proposed();
    payload.commitments = codes(&["C9"]);
    given([policy()])
        .when(on("2025-03-01", "policy-change/p", payload))
        .then_unknown("policy_change_proposed.commitments[0]", "commitment/C9");
}

#[test]
fn change_not_proposed() {
    given([policy()]).when(approved("2025-03-01")).then_refused(&CHANGE_NOT_PROPOSED);
    given([policy()]).when(changed("2025-03-01", "second")).then_refused(&CHANGE_NOT_PROPOSED);
    given([policy(), proposed("2025-03-02")])
        .when(approved("2025-03-01"))
        .then_refused(&CHANGE_NOT_PROPOSED)
        .because_of(1);
}

#[test]
fn change_already_approved() {
    given([policy(), proposed("2025-03-01"), approved("2025-03-02")])
        .when(approved("2025-03-03"))
        .then_refused(&CHANGE_ALREADY_APPROVED)
        .because_of(2);
}

#[test]
fn approval_is_given_by_a_valid_post() {
    let by = |post| on("2025-04-01", "policy-change/p", PolicyChangeApproved { by_post: code(post) });
    let was = || given([policy(), proposed("2025-03-01")]);
    was().when(by("past")).then_refused(&POST_NOT_VALID);
    was().when(by("nobody")).then_unknown("policy_change_approved.by_post", "post/nobody");
}

#[test]
fn change_already_in_force() {
    let was = || given([policy(), proposed("2025-03-01"), changed("2025-03-03", "second")]);
    was().when(changed("2025-03-04", "third")).then_refused(&CHANGE_ALREADY_IN_FORCE).because_of(2);
    was().when(approved("2025-03-04")).then_refused(&CHANGE_ALREADY_IN_FORCE).because_of(2);
    // Same day: sequence decides.
    was().when(approved("2025-03-03")).then_refused(&CHANGE_ALREADY_IN_FORCE).because_of(2);
    was().when(approved("2025-03-02")).then_flagged(&[LateRecorded]).and_state("policy-change/p", "IN_FORCE");
}

#[test]
fn unapproved() {
    given([policy(), proposed("2025-03-01")])
        .when(changed("2025-03-03", "second"))
        .then_flagged(&[Unapproved]);
}

#[test]
fn unapproved_on_the_day_from_which_it_is_in_force() {
    let from = |day| on("2025-03-10", "policy-change/p", policy_changed(day, "second"));
    let was = || given([policy(), proposed("2025-03-01"), approved("2025-03-05")]);
    was().when(from("2025-03-04")).then_flagged(&[Unapproved]);
    was().when(from("2025-03-05")).then_accepted();
}

#[test]
fn a_backdated_change_is_judged_by_the_approval_that_stood_on_its_day() {
    let was = || given([policy(), proposed("2025-03-01"), approved("2025-03-05")]);
    was().when(changed("2025-03-05", "second")).then_accepted();
    // It would be in force before its approval: then the approval, which stands, could not be true.
    was().when(changed("2025-03-04", "second")).then_refused(&CHANGE_ALREADY_IN_FORCE).because_of(2);
}

#[test]
fn other_policy() {
    let mut payload = policy_changed("2025-03-03", "second");
    payload.policy = code("pay");
    given([policy(), proposed("2025-03-01"), approved("2025-03-02")])
        .when(on("2025-03-03", "policy-change/p", payload))
        .then_malformed(&OTHER_POLICY, "policy_changed.policy");
}

#[test]
fn document_unchanged() {
    let was = || given([policy(), proposed("2025-03-01"), approved("2025-03-02")]);
    was().when(changed("2025-04-01", "first")).then_refused(&DOCUMENT_UNCHANGED).because_of(0);
    let then = || was().and(second("2025-04-01", "second"));
    then().when(changed("2025-05-01", "second")).then_refused(&DOCUMENT_UNCHANGED).because_of(5);
    then().when(changed("2025-04-01", "second")).then_refused(&DOCUMENT_UNCHANGED).because_of(5);
    // Going back to the first document is a change; and before the second came, the first was in force.
    then().when(changed("2025-05-01", "first")).then_accepted();
    then().when(changed("2025-03-31", "first")).then_refused(&DOCUMENT_UNCHANGED).because_of(0);
    then().when(changed("2025-03-31", "second")).then_accepted();
}

#[test]
fn document_unchanged_looks_past_voided_changes() {
    let others = second("2025-04-01", "second");
    let undone = void("2025-04-02", &others[2]);
    given([policy(), proposed("2025-03-01"), approved("2025-03-02")])
        .and(others)
        .and([undone])
        .when(changed("2025-05-01", "second"))
        .then_accepted();
}

fn attached(id: &str, change: impl FnOnce(&mut EvidenceAttached)) -> Said {
    evidence(id, "commitment/C1", "minutes").with(|event| {
        if let Payload::EvidenceAttached(attached) = &mut event.payload {
            change(attached);
        }
    })
}

#[test]
fn evidence_is_attached() {
    given([]).when(attached("e", |_| ())).then_accepted().and_state("evidence/e", "ATTACHED");
    given([])
        .when(attached("e", |e| e.about = Subject::parse("action/a").unwrap()))
        .then_unknown("evidence_attached.about", "action/a");
    given([])
        .when(attached("e", |e| e.kind = code("rumour")))
        .then_malformed(&CODE_UNKNOWN, "evidence_attached.kind");
}

#[test]
fn evidence_already_attached() {
    given([attached("e", |_| ())])
        .when(attached("e", |e| e.sha256 = hash("other")))
        .then_refused(&EVIDENCE_ALREADY_ATTACHED)
        .because_of(0);
}

#[test]
fn document_already_attached() {
    let first = attached("e", |_| ());
    let was = || given([first.clone()]);
    was().when(attached("f", |_| ())).then_refused(&DOCUMENT_ALREADY_ATTACHED).because_of(0);
    was().when(attached("f", |e| e.about = Subject::parse("commitment/C2").unwrap())).then_accepted();
    was().and([void("2025-04-16", &first)]).when(attached("f", |_| ())).then_accepted();
}

#[test]
fn media_type_form() {
    for text in ["", "pdf", "application/", "/pdf", "a b/c", "text/plain; charset=utf-8", "a/b/c"] {
        given([])
            .when(attached("e", |e| e.media_type = text.into()))
            .then_malformed(&MEDIA_TYPE_FORM, "evidence_attached.media_type");
    }
    given([]).when(attached("e", |e| e.media_type = "image/svg+xml".into())).then_accepted();
}

#[test]
fn evidence_empty() {
    given([])
        .when(attached("e", |e| e.size_bytes = 0))
        .then_malformed(&EVIDENCE_EMPTY, "evidence_attached.size_bytes");
}

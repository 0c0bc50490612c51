//! Rounds and feedback.

use super::given;
use super::says::*;
use crate::domain::event::*;
use crate::domain::irregularity::Irregularity::*;
use crate::domain::rules::*;

fn sought(change: impl FnOnce(&mut FeedbackSought)) -> Said {
    let mut payload = feedback_sought();
    change(&mut payload);
    on("2025-03-20", "round/spring", payload)
}

fn heard(change: impl FnOnce(&mut FeedbackReceived)) -> Said {
    let mut payload = feedback_received(Anonymity::Confidential, Contact::Direct);
    change(&mut payload);
    on("2025-05-01", &item(1), payload)
}

fn planned_for(number: u8, when: &str) -> Said {
    let mut payload = action_planned();
    payload.feedback = vec![uuid(number)];
    on(when, "action/a", payload)
}

fn proposed_for(number: u8, nature: ChangeNature) -> Said {
    let mut payload = change_proposed();
    payload.origin = Origin::Feedback;
    payload.feedback = vec![uuid(number)];
    payload.nature = nature;
    on("2025-05-02", "policy-change/p", payload)
}

#[test]
fn a_round_is_accepted() {
    given([]).when(sought(|_| ())).then_accepted().and_state("round/spring", "OPEN");
    given([]).when(sought(|r| r.closes = r.opens)).then_accepted();
}

#[test]
fn round_already_sought() {
    given([sought(|_| ())]).when(sought(|_| ())).then_refused(&ROUND_ALREADY_SOUGHT).because_of(0);
}

#[test]
fn round_backwards() {
    given([])
        .when(sought(|r| r.closes = day("2025-03-31")))
        .then_malformed(&ROUND_BACKWARDS, "feedback_sought.closes");
}

#[test]
fn no_anonymous_route() {
    given([])
        .when(sought(|r| r.anonymity_options = vec![Anonymity::Confidential, Anonymity::Named]))
        .then_flagged(&[NoAnonymousRoute]);
    // Among nine no route is anonymous, whatever it is called; how many were asked may be unknown.
    given([]).when(sought(|r| r.invited = Some(9))).then_flagged(&[NoAnonymousRoute]);
    given([]).when(sought(|r| r.invited = None)).then_accepted();
}

#[test]
fn a_round_names_what_is_there() {
    given([])
        .when(sought(|r| r.channels = codes(&["survey", "pigeon"])))
        .then_malformed(&CODE_UNKNOWN, "feedback_sought.channels[1]");
    given([])
        .when(sought(|r| r.commitments = codes(&["C9"])))
        .then_unknown("feedback_sought.commitments[0]", "commitment/C9");
    given([])
        .when(sought(|r| r.anonymity_options = vec![Anonymity::Named, Anonymity::Named]))
        .then_malformed(&NAMED_TWICE, "feedback_sought.anonymity_options[1]");
}

#[test]
fn feedback_names_what_is_there() {
    given([policy(), sought(|r| r.closes = day("2025-05-31"))])
        .when(heard(|f| {
            f.round = Some(code("spring"));
            f.policies = codes(&["flex"]);
        }))
        .then_accepted()
        .and_state(&item(1), "RECEIVED");
    given([])
        .when(heard(|f| f.round = Some(code("spring"))))
        .then_unknown("feedback_received.round", "round/spring");
    given([])
        .when(heard(|f| f.policies = codes(&["flex"])))
        .then_unknown("feedback_received.policies[0]", "policy/flex");
    given([])
        .when(heard(|f| f.channel = code("pigeon")))
        .then_malformed(&CODE_UNKNOWN, "feedback_received.channel");
}

#[test]
fn code_unknown() {
    given([])
        .when(heard(|f| f.themes = codes(&["rest", "heating"])))
        .then_malformed(&CODE_UNKNOWN, "feedback_received.themes[1]");
}

#[test]
fn code_not_valid() {
    let rotas = |when| {
        let mut payload = feedback_received(Anonymity::Confidential, Contact::Direct);
        payload.themes = codes(&["rotas"]);
        on(when, &item(1), payload)
    };
    given([]).when(rotas("2025-03-31")).then_refused(&CODE_NOT_VALID);
    given([]).when(rotas("2025-04-01")).then_accepted();
    given([]).when(rotas("2025-06-30")).then_accepted();
    given([]).when(rotas("2025-07-01")).then_refused(&CODE_NOT_VALID);
}

#[test]
fn anonymous_contact() {
    let said = |contact| on("2025-05", &item(1), feedback_received(Anonymity::Anonymous, contact));
    given([]).when(said(Contact::Direct)).then_malformed(&ANONYMOUS_CONTACT, "feedback_received.contact");
    given([]).when(said(Contact::ReplyToken)).then_accepted();
    given([]).when(said(Contact::None)).then_accepted();
}

#[test]
fn feedback_already_received() {
    given([received("2025-05-01", 1)])
        .when(received("2025-05-02", 1))
        .then_refused(&FEEDBACK_ALREADY_RECEIVED)
        .because_of(0);
}

#[test]
fn feedback_not_received() {
    let answer = |when| responded(when, 1, ResponseOutcome::NoChange);
    given([]).when(answer("2025-05-01")).then_refused(&FEEDBACK_NOT_RECEIVED);
    given([]).when(closed("2025-05-01", 1)).then_refused(&FEEDBACK_NOT_RECEIVED);
    let was = || given([received("2025-05-01", 1)]);
    was().when(answer("2025-04-30")).then_refused(&FEEDBACK_NOT_RECEIVED).because_of(0);
    was().when(answer("2025-05-01")).then_accepted();
}

#[test]
fn an_anonymous_item_counts_from_the_first_of_its_month() {
    let was = || given([anonymous("2025-05", 1)]);
    was().when(responded("2025-05-01", 1, ResponseOutcome::NoChange)).then_accepted();
    was().when(responded("2025-04-30", 1, ResponseOutcome::NoChange)).then_refused(&FEEDBACK_NOT_RECEIVED);
}

#[test]
fn answers_lead_where_they_say() {
    use ResponseOutcome::{ChangeAgreed, ChangeConsidered, NoChange};
    let was = || given([received("2025-05-01", 1)]);
    let after = |outcome| was().when(responded("2025-05-02", 1, outcome)).then_accepted();
    after(NoChange).and_state(&item(1), "ACKNOWLEDGED");
    after(ChangeConsidered).and_state(&item(1), "CONSIDERING");
    after(ChangeAgreed).and_state(&item(1), "CHANGE_AGREED");
}

#[test]
fn feedback_already_closed() {
    let was = || given([received("2025-05-01", 1), closed("2025-05-02", 1)]);
    was().when(closed("2025-05-03", 1)).then_refused(&FEEDBACK_ALREADY_CLOSED).because_of(1);
    let answer = |outcome| responded("2025-05-03", 1, outcome);
    was().when(answer(ResponseOutcome::ChangeAgreed)).then_refused(&FEEDBACK_ALREADY_CLOSED).because_of(1);
    was()
        .when(answer(ResponseOutcome::NoChange))
        .then_accepted()
        .and_state(&item(1), "CLOSED_WITHOUT_CHANGE");
}

#[test]
fn an_answer_does_not_close_anew() {
    given([received("2025-05-01", 1), closed("2025-05-02", 1)])
        .and([responded("2025-05-03", 1, ResponseOutcome::NoChange)])
        .when(closed("2025-05-04", 1))
        .then_refused(&FEEDBACK_ALREADY_CLOSED)
        .because_of(1);
}

#[test]
fn feedback_not_contactable() {
    let direct = || {
        on(
            "2025-06-01",
            &item(1),
            FeedbackResponded {
                outcome: ResponseOutcome::NoChange,
                mode: ResponseMode::Direct,
                response_url: None,
            },
        )
    };
    given([anonymous("2025-05", 1)]).when(direct()).then_refused(&FEEDBACK_NOT_CONTACTABLE).because_of(0);
    given([received("2025-05-01", 1)]).when(direct()).then_accepted();
}

#[test]
fn public_without_url() {
    let said = on(
        "2025-06-01",
        &item(1),
        FeedbackResponded {
            outcome: ResponseOutcome::NoChange,
            mode: ResponseMode::Public,
            response_url: None,
        },
    );
    given([received("2025-05-01", 1)])
        .when(said)
        .then_malformed(&PUBLIC_WITHOUT_URL, "feedback_responded.response_url");
}

#[test]
fn the_reason_for_no_change_is_a_code() {
    let mut payload = closed("2025-05-02", 1);
    payload.event.payload = FeedbackClosedWithoutChange { reason_code: code("whim"), reason: words() }.into();
    given([received("2025-05-01", 1)])
        .when(payload)
        .then_malformed(&CODE_UNKNOWN, "feedback_closed_without_change.reason_code");
}

#[test]
fn linked_work_is_live() {
    let was = || given([policy(), received("2025-05-01", 1)]);
    let refused = |given: super::Given| {
        given.when(closed("2025-06-01", 1)).then_refused(&LINKED_WORK_IS_LIVE).because_of(2);
    };
    refused(was().and([planned_for(1, "2025-05-02")]));
    refused(was().and([planned_for(1, "2025-05-02"), completed("2025-05-03", &[])]));
    refused(was().and([proposed_for(1, ChangeNature::Editorial)]));
    refused(was().and([proposed_for(1, ChangeNature::Substantive), changed("2025-05-03", "second")]));
}

#[test]
fn work_that_came_to_nothing_does_not_keep_feedback_open() {
    let was = || given([policy(), received("2025-05-01", 1)]);
    let accepted = |given: super::Given| given.when(closed("2025-06-01", 1)).then_accepted();
    accepted(was().and([planned_for(1, "2025-05-02"), cancelled("2025-05-03")]));
    accepted(was().and([proposed_for(1, ChangeNature::Editorial), changed("2025-05-03", "second")]));
    let plan = planned_for(1, "2025-05-02");
    accepted(was().and([plan.clone(), void("2025-05-03", &plan)]));
    // Planned again without the link.
    accepted(was().and([plan.clone(), void("2025-05-03", &plan), planned("2025-05-04")]));
}

#[test]
fn linked_feedback_is_known_once() {
    given([]).when(planned_for(1, "2025-05-02")).then_unknown("action_planned.feedback[0]", &item(1));
    given([policy()])
        .when(proposed_for(1, ChangeNature::Editorial))
        .then_unknown("policy_change_proposed.feedback[0]", &item(1));
    let mut payload = action_planned();
    payload.feedback = vec![uuid(1), uuid(1)];
    given([received("2025-05-01", 1)])
        .when(on("2025-05-02", "action/a", payload))
        .then_malformed(&NAMED_TWICE, "action_planned.feedback[1]");
}

#[test]
fn feedback_not_live() {
    let said = received("2025-05-01", 1);
    let gone = || given([policy(), said.clone(), void("2025-05-01", &said)]);
    gone().when(planned_for(1, "2025-05-02")).then_refused(&FEEDBACK_NOT_LIVE).because_of(2);
    gone().when(proposed_for(1, ChangeNature::Editorial)).then_refused(&FEEDBACK_NOT_LIVE).because_of(2);
}

#[test]
fn link_before_feedback() {
    let was = || given([received("2025-05-02", 1)]);
    was().when(planned_for(1, "2025-05-01")).then_refused(&LINK_BEFORE_FEEDBACK);
    was().when(planned_for(1, "2025-05-02")).then_accepted();
}

//! Sessions of learning, practice support, awareness, signposting.

use super::given;
use super::says::*;
use super::says_people::*;
use crate::domain::decide::{Mention, mentions};
use crate::domain::event::*;
use crate::domain::irregularity::Irregularity::*;
use crate::domain::rules::*;

#[test]
fn given_an_offer_when_it_is_delivered_or_cancelled_then_that_is_its_end() {
    given_people([]).when(offered("2025-04-01")).then_accepted().and_state("session/s", "OFFERED");
    given_people([offered("2025-04-01")])
        .when(delivered("2025-05-10", Some(20)))
        .then_accepted()
        .and_state("session/s", "DELIVERED");
    given_people([offered("2025-04-01")])
        .when(not_held("2025-05-01"))
        .then_accepted()
        .and_state("session/s", "CANCELLED");
}

#[test]
fn session_already_offered() {
    given_people([offered("2025-04-01")])
        .when(offered("2025-04-02"))
        .then_refused(&SESSION_ALREADY_OFFERED)
        .because_of(0);
}

#[test]
fn session_not_offered() {
    given_people([]).when(delivered("2025-05-10", None)).then_refused(&SESSION_NOT_OFFERED);
    given_people([]).when(not_held("2025-05-10")).then_refused(&SESSION_NOT_OFFERED);
    given_people([offered("2025-04-01")])
        .when(delivered("2025-03-31", None))
        .then_refused(&SESSION_NOT_OFFERED)
        .because_of(0);
    let offer = offered("2025-04-01");
    given_people([offer.clone(), delivered("2025-05-10", None)])
        .when(void("2025-05-11", &offer))
        .then_refused(&SESSION_NOT_OFFERED)
        .because_of(1);
}

#[test]
fn session_already_delivered() {
    let was = || given_people([offered("2025-04-01"), delivered("2025-05-10", Some(12))]);
    was().when(delivered("2025-05-11", Some(12))).then_refused(&SESSION_ALREADY_DELIVERED).because_of(1);
    was().when(not_held("2025-05-11")).then_refused(&SESSION_ALREADY_DELIVERED).because_of(1);
    // A backdated delivery would make the one that stands the second.
    was().when(delivered("2025-05-09", Some(12))).then_refused(&SESSION_ALREADY_DELIVERED).because_of(1);
}

#[test]
fn session_already_cancelled() {
    let cancellation = not_held("2025-05-01");
    let was = || given_people([offered("2025-04-01"), cancellation.clone()]);
    was().when(delivered("2025-05-10", None)).then_refused(&SESSION_ALREADY_CANCELLED).because_of(1);
    was().when(not_held("2025-05-02")).then_refused(&SESSION_ALREADY_CANCELLED).because_of(1);
    was()
        .and([void("2025-05-03", &cancellation)])
        .when(delivered("2025-05-10", None))
        .then_accepted()
        .and_state("session/s", "DELIVERED");
}

#[test]
fn over_capacity() {
    let was = || given_people([offered("2025-04-01")]);
    was().when(delivered("2025-05-10", Some(21))).then_flagged(&[OverCapacity]);
    was().when(delivered("2025-05-10", Some(20))).then_accepted();
    was().when(delivered("2025-05-10", None)).then_accepted();
    let unlimited = on("2025-04-01", "session/s", LearningOffered { capacity: None, ..learning_offered() });
    given_people([unlimited]).when(delivered("2025-05-10", Some(900))).then_accepted();
}

#[test]
fn held_before_offered() {
    given_people([]).when(offered("2025-05-10")).then_accepted();
    given_people([])
        .when(offered("2025-05-11"))
        .then_malformed(&HELD_BEFORE_OFFERED, "learning_offered.held_on");
}

#[test]
fn count_is_zero() {
    let offer = |change: fn(&mut LearningOffered)| {
        let mut offer = learning_offered();
        change(&mut offer);
        given_people([]).when(on("2025-04-01", "session/s", offer))
    };
    offer(|offer| offer.minutes = 0).then_malformed(&COUNT_IS_ZERO, "learning_offered.minutes");
    offer(|offer| offer.capacity = Some(0)).then_malformed(&COUNT_IS_ZERO, "learning_offered.capacity");
    let nothing = on("2025-05-10", "session/s", LearningDelivered { minutes: 0, attendances: Some(0) });
    given_people([offered("2025-04-01")])
        .when(nothing)
        .then_malformed(&COUNT_IS_ZERO, "learning_delivered.minutes");
    // Nobody came: that happens.
    given_people([offered("2025-04-01")]).when(delivered("2025-05-10", Some(0))).then_accepted();
    given_people([])
        .when(supported(PracticeSupportProvided { sessions: 0, ..practice_support_provided() }))
        .then_malformed(&COUNT_IS_ZERO, "practice_support_provided.sessions");
    given_people([])
        .when(answered(SurveyResultRecorded { population: 0, ..survey_result() }))
        .then_malformed(&COUNT_IS_ZERO, "survey_result_recorded.population");
}

#[test]
fn given_activities_when_recorded_then_each_is_accepted() {
    given_people([])
        .when(supported(practice_support_provided()))
        .then_accepted()
        .and_state("practice-support/p", "RECORDED");
    given_people([])
        .when(held("2025-03-01", awareness_held()))
        .then_accepted()
        .and_state("awareness/a", "RECORDED");
    given_people([])
        .when(signposted(support_signposted()))
        .then_accepted()
        .and_state("signposting/s", "RECORDED");
    given_people([]).when(answered(survey_result())).then_accepted().and_state("survey-result/r", "RECORDED");
}

#[test]
fn already_recorded() {
    let once = [
        supported(practice_support_provided()),
        held("2025-03-01", awareness_held()),
        signposted(support_signposted()),
        answered(survey_result()),
    ];
    for said in once {
        let again = || said.clone().with_id(uuid(9));
        given_people([said.clone()]).when(again()).then_refused(&ALREADY_RECORDED).because_of(0);
        given_people([said.clone(), void("2025-06-01", &said)]).when(again()).then_flagged(&[LateRecorded]);
    }
}

/// What serves commitments, said with these.
fn serving(commitments: &[&str]) -> [(Said, &'static str); 4] {
    let commitments = || codes(commitments);
    let offer = LearningOffered { commitments: commitments(), ..learning_offered() };
    let support = PracticeSupportProvided { commitments: commitments(), ..practice_support_provided() };
    let activity = AwarenessActivityHeld { commitments: commitments(), ..awareness_held() };
    let signpost = SupportSignposted { commitments: commitments(), ..support_signposted() };
    [
        (on("2025-04-01", "session/s", offer), "learning_offered.commitments"),
        (supported(support), "practice_support_provided.commitments"),
        (held("2025-03-01", activity), "awareness_activity_held.commitments"),
        (signposted(signpost), "support_signposted.commitments"),
    ]
}

#[test]
fn given_what_is_done_when_it_serves_no_commitment_that_stands_then_it_is_refused() {
    for (said, field) in serving(&[]) {
        given_people([]).when(said).then_malformed(&COMMITMENT_MISSING, field);
    }
    for (said, field) in serving(&["C1", "C9"]) {
        given_people([]).when(said).then_unknown(&format!("{field}[1]"), "commitment/C9");
    }
    for (said, field) in serving(&["C1", "C1"]) {
        given_people([]).when(said).then_malformed(&NAMED_TWICE, &format!("{field}[1]"));
    }
}

#[test]
fn given_codes_when_their_list_does_not_hold_them_then_they_are_unknown() {
    let audience = || codes(&["staff", "x"]);
    let wrong = [
        (
            on("2025-04-01", "session/s", LearningOffered { audience: audience(), ..learning_offered() }),
            "learning_offered.audience[1]",
        ),
        (
            supported(PracticeSupportProvided { kind: code("x"), ..practice_support_provided() }),
            "practice_support_provided.kind",
        ),
        (
            supported(PracticeSupportProvided { audience: audience(), ..practice_support_provided() }),
            "practice_support_provided.audience[1]",
        ),
        (
            held("2025-03-01", AwarenessActivityHeld { audience: audience(), ..awareness_held() }),
            "awareness_activity_held.audience[1]",
        ),
        (
            held("2025-03-01", AwarenessActivityHeld { councils: codes(&["x"]), ..awareness_held() }),
            "awareness_activity_held.councils[0]",
        ),
        (
            held("2025-03-01", AwarenessActivityHeld { partners: codes(&["x"]), ..awareness_held() }),
            "awareness_activity_held.partners[0]",
        ),
        (
            signposted(SupportSignposted { route: code("x"), ..support_signposted() }),
            "support_signposted.route",
        ),
        (
            signposted(SupportSignposted { channel: code("x"), ..support_signposted() }),
            "support_signposted.channel",
        ),
    ];
    for (said, field) in wrong {
        given_people([]).when(said).then_malformed(&CODE_UNKNOWN, field);
    }
}

#[test]
fn given_a_council_that_ended_when_it_is_named_later_then_the_code_is_not_valid() {
    let old = || AwarenessActivityHeld { councils: codes(&["ABE", "OLD"]), ..awareness_held() };
    given_people([]).when(held("2025-03-31", old())).then_accepted();
    given_people([]).when(held("2025-04-01", old())).then_refused(&CODE_NOT_VALID);
    let twice = AwarenessActivityHeld { councils: codes(&["ABE", "ABE"]), ..awareness_held() };
    given_people([])
        .when(held("2025-03-01", twice))
        .then_malformed(&NAMED_TWICE, "awareness_activity_held.councils[1]");
}

#[test]
fn given_codes_in_use_when_their_lists_lose_them_then_the_lists_are_refused() {
    let using = [
        ("audience", supported(practice_support_provided())),
        ("audience", offered("2025-04-01")),
        ("audience", held("2025-03-01", awareness_held())),
        ("support-kind", supported(practice_support_provided())),
        ("council", held("2025-03-01", awareness_held())),
        ("partner", held("2025-03-01", awareness_held())),
        ("support-route", signposted(support_signposted())),
        ("channel", signposted(support_signposted())),
    ];
    for (name, said) in using {
        let kept = match name {
            "audience" => entry("partners", None, None),
            _ => entry("survey", None, None),
        };
        let code = mentions(&said.event)
            .into_iter()
            .any(|mention| matches!(mention, Mention::Code { list, .. } if list.as_str() == name));
        assert!(code, "{name} is not mentioned");
        let was = given_people([said]);
        let without = list_of("2025-06-01", name, vec![kept]);
        // The ground's commitments used the audience first; who used a channel first is not told.
        let refused = was.when(without).then_refused(&CODE_IN_USE);
        if !matches!(name, "audience" | "channel") {
            refused.because_of(0);
        }
    }
}

#[test]
fn given_no_lists_when_activities_draw_from_them_then_their_codes_are_unknown() {
    given([])
        .when(supported(practice_support_provided()))
        .then_malformed(&CODE_UNKNOWN, "practice_support_provided.kind");
}

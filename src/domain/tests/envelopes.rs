//! The envelope: kinds, ids, precision, the future, posts, expectations.

use super::given;
use super::says::*;
use crate::domain::command::Expected;
use crate::domain::event::*;
use crate::domain::id::Subject;
use crate::domain::irregularity::Irregularity::*;
use crate::domain::rules::*;

fn about(said: Said, subject: &str) -> Said {
    said.with(|event| event.subject = Subject::parse(subject).unwrap())
}

#[test]
fn subject_kind() {
    given([]).when(about(planned("2025-04-01"), "policy/a")).then_malformed(&SUBJECT_KIND, "subject");
    given([]).when(about(policy(), "policy-change/a")).then_malformed(&SUBJECT_KIND, "subject");
}

#[test]
fn settings_subject() {
    given([])
        .when(about(settings("2025-06-01", 5, 10, 28), "settings/colours"))
        .then_malformed(&SETTINGS_SUBJECT, "subject");
}

#[test]
fn feedback_id() {
    let v5 = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, b"x");
    for id in [
        "box-1".to_owned(),
        v5.to_string(),
        uuid(1).simple().to_string(),
        uuid(0xaa).to_string().to_uppercase(),
    ] {
        given([])
            .when(about(received("2025-05-01", 1), &format!("feedback/{id}")))
            .then_malformed(&FEEDBACK_ID, "subject");
    }
}

#[test]
fn feedback_event_id() {
    let v5 = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, b"x");
    given([]).when(received("2025-05-01", 1).with_id(v5)).then_malformed(&FEEDBACK_EVENT_ID, "event_id");
    given([]).when(planned("2025-05-01").with_id(v5)).then_accepted();
}

#[test]
fn feedback_correlation() {
    let was = || given([received("2025-05-01", 1)]);
    for said in [received("2025-05-01", 2), closed("2025-05-02", 1)] {
        let correlated = said.clone().with(|event| event.correlation_id = Some(uuid(7)));
        was().when(correlated).then_malformed(&FEEDBACK_CORRELATION, "correlation_id");
        let caused = said.with(|event| event.causation_id = Some(uuid(7)));
        was().when(caused).then_malformed(&FEEDBACK_CORRELATION, "causation_id");
    }
    given([]).when(planned("2025-05-01").with(|event| event.correlation_id = Some(uuid(7)))).then_accepted();
}

#[test]
fn feedback_actor() {
    given([]).when(received("2025-05-01", 1).acted("head")).then_malformed(&FEEDBACK_ACTOR, "actor_post");
    let withdrawn = |when| on(when, &item(1), FeedbackWithdrawn { scope: WithdrawalScope::Whole });
    let was = || given([received("2025-05-01", 1)]);
    was().when(withdrawn("2025-05-02").acted("head")).then_malformed(&FEEDBACK_ACTOR, "actor_post");
    was().when(withdrawn("2025-05-02T09:30:00Z")).then_malformed(&FEEDBACK_DAY, "occurred");
    was().when(withdrawn("2025-05-02")).then_accepted();
}

#[test]
fn anonymous_trace() {
    let written = |event: &mut Event| event.producer_recorded_at = "2025-05-07T09:00:00Z".parse().ok();
    let counted = |event: &mut Event| event.source_sequence = Some(7);
    given([])
        .when(anonymous("2025-05", 1).with(written))
        .then_malformed(&ANONYMOUS_TRACE, "producer_recorded_at");
    given([]).when(anonymous("2025-05", 1).with(counted)).then_malformed(&ANONYMOUS_TRACE, "source_sequence");
    given([]).when(anonymous("2025-05", 1).acted("head")).then_malformed(&ANONYMOUS_TRACE, "actor_post");
    given([]).when(received("2025-05-01", 1).with(written).with(counted)).then_accepted();
    // What is done about an anonymous item later is done by somebody, on a day.
    given([anonymous("2025-05", 1)])
        .when(closed("2025-06-03", 1).with(written).with(counted).acted("head"))
        .then_accepted();
}

#[test]
fn anonymous_month() {
    given([]).when(anonymous("2025-05", 1)).then_accepted();
    given([]).when(anonymous("2025-05-01", 1)).then_malformed(&ANONYMOUS_MONTH, "occurred");
    given([]).when(anonymous("2025-05-01T09:00:00Z", 1)).then_malformed(&ANONYMOUS_MONTH, "occurred");
}

#[test]
fn month_only_for_anonymous() {
    given([]).when(received("2025-05", 1)).then_malformed(&MONTH_ONLY_FOR_ANONYMOUS, "occurred");
    given([]).when(planned("2025-05")).then_malformed(&MONTH_ONLY_FOR_ANONYMOUS, "occurred");
    given([anonymous("2025-05", 1)])
        .when(closed("2025-06", 1))
        .then_malformed(&MONTH_ONLY_FOR_ANONYMOUS, "occurred");
}

#[test]
fn feedback_day() {
    given([]).when(received("2025-05-01T09:00:00Z", 1)).then_malformed(&FEEDBACK_DAY, "occurred");
    given([received("2025-05-01", 1)]).when(closed("2025-05-01T09:00:00Z", 1)).then_accepted();
}

#[test]
fn the_future_begins_five_minutes_ahead() {
    let was = || given([]).at("2025-06-01T12:00:00Z");
    was().when(planned("2025-06-01T12:05:00Z")).then_accepted();
    was().when(planned("2025-06-01T12:05:00.000001Z")).then_in_future();
}

#[test]
fn days_and_months_begin_at_midnight_in_the_ledgers_zone() {
    // London is an hour ahead of UTC: the second of June begins at 23:00 UTC, within tolerance from 22:55.
    given([]).at("2025-06-01T22:54:59Z").when(planned("2025-06-02")).then_in_future();
    given([]).at("2025-06-01T22:55:00Z").when(planned("2025-06-02")).then_accepted();
    given([]).at("2025-05-31T22:54:59Z").when(anonymous("2025-06", 1)).then_in_future();
    given([]).at("2025-05-31T22:55:00Z").when(anonymous("2025-06", 1)).then_accepted();
    // In winter it is not.
    given([]).at("2025-12-01T23:54:59Z").when(received("2025-12-02", 1)).then_in_future();
    given([]).at("2025-12-01T23:55:00Z").when(received("2025-12-02", 1)).then_accepted();
}

#[test]
fn an_instant_counts_on_its_local_day() {
    // 23:30 UTC on 31 March is half past midnight on 1 April in London.
    given([planned("2025-04-01")])
        .when(started("2025-03-31T23:30:00Z"))
        .then_accepted()
        .and_state("action/a", "IN_PROGRESS");
    given([planned("2025-04-01")]).when(started("2025-03-31T22:30:00Z")).then_refused(&ACTION_NOT_PLANNED);
}

#[test]
fn post_not_valid() {
    given([]).when(planned("2025-03-31").acted("past")).then_accepted();
    given([]).when(planned("2025-04-01").acted("past")).then_refused(&POST_NOT_VALID);
    given([]).when(planned("2019-12-31").acted("head")).then_refused(&POST_NOT_VALID);
    given([]).when(planned("2025-04-01").acted("nobody")).then_unknown("actor_post", "post/nobody");
}

#[test]
fn what_is_expected_is_compared_with_everything_recorded() {
    let plan = planned("2025-04-01");
    let was = || given([plan.clone(), void("2025-04-01", &plan)]);
    let again = |expected| planned("2025-04-02").expecting(expected);
    was().when(again(Expected::Version(2))).then_accepted();
    was().when(again(Expected::SubjectExists)).then_accepted();
    was().when(again(Expected::Any)).then_accepted();
    was().when(again(Expected::Version(0))).then_conflict(2);
    was().when(again(Expected::Version(3))).then_conflict(2);
    was().when(again(Expected::NoSubject)).then_conflict(2);
    given([]).when(again(Expected::SubjectExists)).then_conflict(0);
    given([]).when(again(Expected::NoSubject)).then_accepted();
    given([]).when(again(Expected::Version(0))).then_accepted();
}

#[test]
fn what_is_expected_is_judged_before_the_rules() {
    given([]).when(started("2025-04-01").expecting(Expected::Version(1))).then_conflict(0);
}

#[test]
fn late_recorded() {
    let was = || given([planned("2025-04-01"), revised("2025-04-10", "2025-06-30", "2025-07-31")]);
    was().when(started("2025-04-10")).then_accepted();
    was().when(started("2025-04-09")).then_flagged(&[LateRecorded]);
    was().when(completed("2025-04-09", &[])).then_refused(&ACTION_ALREADY_CLOSED).because_of(1);
}

#[test]
fn late_recorded_counts_voids_but_not_what_they_took_back() {
    let start = started("2025-05-01");
    given([planned("2025-04-01"), start.clone(), void("2025-04-15", &start)])
        .when(started("2025-04-20"))
        .then_accepted();
    given([planned("2025-04-01"), start.clone(), void("2025-05-15", &start)])
        .when(started("2025-04-20"))
        .then_flagged(&[LateRecorded]);
}

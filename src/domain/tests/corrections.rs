//! Corrections: an event is said anew, whole, and the rest of its subject's life must still be true.

use super::says::*;
use super::{Given, given};
use crate::domain::event::*;
use crate::domain::irregularity::Irregularity::*;
use crate::domain::rules::*;
use crate::domain::subject::State;
use crate::domain::value::Occurred;

/// The correction of an event, recorded on a day: as it was said, but for what is changed.
pub(super) fn correct(when: &str, target: &Said, change: impl FnOnce(&mut Corrected)) -> Said {
    let mut corrected = Corrected {
        subject: target.event.subject.clone(),
        occurred: target.event.occurred,
        actor_post: target.event.actor_post.clone(),
        payload: Box::new(target.event.payload.clone()),
    };
    change(&mut corrected);
    let made = CorrectionMade {
        target_event_id: target.event.id,
        target_source: None,
        corrected,
        approver_post: None,
        reason: words(),
    };
    on(when, &target.event.subject.to_string(), made).from(target.source.as_str())
}

fn agreed(said: Said, post: &str) -> Said {
    said.with(|event| match &mut event.payload {
        Payload::CorrectionMade(made) => made.approver_post = Some(code(post)),
        other => panic!("{other:?}"),
    })
}

fn naming(said: Said, change: impl FnOnce(&mut CorrectionMade)) -> Said {
    said.with(|event| match &mut event.payload {
        Payload::CorrectionMade(made) => change(made),
        other => panic!("{other:?}"),
    })
}

fn dated(when: &str) -> impl FnOnce(&mut Corrected) {
    let occurred = Occurred::parse(when).unwrap();
    move |corrected| corrected.occurred = occurred
}

fn titled(title: &str) -> impl FnOnce(&mut Corrected) {
    let title = label(title);
    move |corrected| match &mut *corrected.payload {
        Payload::ActionPlanned(planned) => planned.title = title,
        other => panic!("{other:?}"),
    }
}

fn due(first_due: &str) -> impl FnOnce(&mut Corrected) {
    let first_due = day(first_due);
    move |corrected| match &mut *corrected.payload {
        Payload::ActionPlanned(planned) => planned.first_due = first_due,
        other => panic!("{other:?}"),
    }
}

fn owned_by(post: &str) -> impl FnOnce(&mut Corrected) {
    let post = code(post);
    move |corrected| match &mut *corrected.payload {
        Payload::ActionPlanned(planned) => planned.owner_post = post,
        other => panic!("{other:?}"),
    }
}

/// Whose the action is.
fn owner(given: &Given) -> String {
    match given.ledger.life_of("action/a").state() {
        State::Action(action) => action.owner_post.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_corrected_event_counts_as_it_is_said_anew_in_the_place_that_it_has() {
    let plan = planned("2025-04-01");
    let life = given([plan.clone(), completed("2025-04-03", &[])])
        .and([correct("2025-04-04", &plan, owned_by("deputy"))])
        .ledger
        .life_of("action/a");
    let first = life.facts()[0].sequence;
    assert_eq!(life.state_name(), "CLAIMED_COMPLETE");
    assert_eq!((life.corrected_by(first), life.version()), (Some(first + 2), 3));
    let stands = life.as_it_stands(first).unwrap();
    assert_eq!((stands.sequence, stands.event.id), (first, plan.event.id));
    match &stands.event.payload {
        Payload::ActionPlanned(planned) => assert_eq!(planned.owner_post.as_str(), "deputy"),
        other => panic!("{other:?}"),
    }
    // What was said first is still there.
    assert_eq!(life.facts()[0].event.payload, plan.event.payload);
}

#[test]
fn a_correction_of_a_correction_is_a_correction_of_the_event() {
    let plan = planned("2025-04-01");
    let first = correct("2025-04-02", &plan, owned_by("deputy"));
    let second = correct("2025-04-03", &plan, owned_by("assessor"));
    let back = |when: &str, target: &Said| {
        void(when, target).with(|event| match &mut event.payload {
            Payload::EventVoided(void) => void.approver_post = code("auditor"),
            other => panic!("{other:?}"),
        })
    };
    let twice =
        given([post("auditor", "2020-01-01", None, &[]), plan.clone(), first.clone(), second.clone()]);
    assert_eq!(owner(&twice), "assessor");
    // The last one is taken back: the one before it stands again; then what was said first.
    let once = twice.and([back("2025-04-04", &second)]);
    assert_eq!(owner(&once), "deputy");
    assert_eq!(owner(&once.and([back("2025-04-05", &first)])), "head");
}

#[test]
fn a_void_takes_the_event_away_with_its_corrections() {
    let plan = planned("2025-04-01");
    let correction = correct("2025-04-02", &plan, titled("Rest rooms"));
    given([plan.clone(), correction])
        .when(void("2025-04-03", &plan))
        .then_accepted()
        .and_state("action/a", "NONE");
}

#[test]
fn a_correction_is_refused_if_the_event_could_then_not_be_true() {
    let done = completed("2025-04-03", &[]);
    given([planned("2025-04-01"), done.clone()])
        .when(agreed(correct("2025-05-01", &done, dated("2025-03-01")), "assessor"))
        .then_refused(&ACTION_NOT_PLANNED);
}

#[test]
fn a_correction_is_refused_if_a_later_event_could_then_not_be_true() {
    let plan = planned("2025-04-01");
    given([plan.clone(), completed("2025-04-03", &[])])
        .when(correct("2025-05-01", &plan, dated("2025-04-10")))
        .then_refused(&ACTION_NOT_PLANNED)
        .because_of(1);
}

#[test]
fn a_corrected_event_passes_every_rule_of_its_type() {
    let plan = planned("2025-04-01");
    let at = |field: &str| format!("correction_made.corrected.{field}");
    given([plan.clone()])
        .when(agreed(correct("2025-05-01", &plan, due("2025-03-01")), "assessor"))
        .then_malformed(&DUE_BEFORE_PLANNED, &at("action_planned.first_due"));
    given([plan.clone()])
        .when(correct("2025-05-01", &plan, owned_by("nobody")))
        .then_unknown(&at("action_planned.owner_post"), "post/nobody");
    given([plan.clone()])
        .when(correct("2025-05-01", &plan, |c| c.actor_post = Some(code("nobody"))))
        .then_unknown(&at("actor_post"), "post/nobody");
    given([plan.clone()]).when(correct("2025-05-01", &plan, dated("2026-07-01"))).then_in_future();
}

#[test]
fn a_correction_carries_the_marks_of_what_it_makes() {
    let (plan, done) = (planned("2025-04-01"), completed("2025-04-10", &["e"]));
    let history = [plan, evidence("e", "action/a", "minutes"), done.clone()];
    let bare = correct("2025-05-01", &done, |c| *c.payload = ActionCompleted { evidence: vec![] }.into());
    given(history).when(bare).then_flagged(&[NoEvidence]);
}

#[test]
fn a_day_of_completion_moves_only_if_somebody_agreed() {
    let done = completed("2025-07-10", &[]);
    let earlier = || correct("2025-07-20", &done, dated("2025-06-29"));
    let was = || given([planned("2025-04-01"), done.clone()]);
    was().when(earlier()).then_malformed(&APPROVER_MISSING, "correction_made.approver_post");
    was().when(agreed(earlier(), "assessor")).then_flagged(&[NoEvidence]);
}

#[test]
fn approver_missing() {
    let plan = planned("2025-04-01");
    let moved = revised("2025-05-01", "2025-06-30", "2025-07-31");
    let field = "correction_made.approver_post";
    given([plan.clone()])
        .when(correct("2025-05-02", &plan, due("2025-07-31")))
        .then_malformed(&APPROVER_MISSING, field);
    given([plan, moved.clone()])
        .when(correct("2025-05-02", &moved, |c| match &mut *c.payload {
            Payload::DeadlineRevised(revised) => revised.new_due = day("2025-12-31"),
            other => panic!("{other:?}"),
        }))
        .then_malformed(&APPROVER_MISSING, field);
    let policy = policy();
    given([policy.clone()])
        .when(correct("2025-05-02", &policy, |c| match &mut *c.payload {
            Payload::PolicyRegistered(policy) => policy.review_due = day("2027-01-01"),
            other => panic!("{other:?}"),
        }))
        .then_malformed(&APPROVER_MISSING, field);
}

#[test]
fn approver_not_independent() {
    let plan =
        planned("2025-04-01").acted("past").with(|e| e.occurred = Occurred::parse("2025-03-30").unwrap());
    let moved = || correct("2025-05-02", &plan, due("2025-07-31"));
    let was = || given([plan.clone()]);
    // The owner; the owner's other post; who acted then, who acts now.
    was().when(agreed(moved(), "head")).then_refused(&APPROVER_NOT_INDEPENDENT).because_of(0);
    was().when(agreed(moved(), "deputy")).then_refused(&APPROVER_NOT_INDEPENDENT);
    was().when(agreed(moved().acted("assessor"), "assessor")).then_refused(&APPROVER_NOT_INDEPENDENT);
    was().when(agreed(moved().acted("head"), "assessor")).then_accepted();
    was().when(agreed(moved(), "nobody")).then_unknown("correction_made.approver_post", "post/nobody");
}

#[test]
fn correction_target_unknown() {
    let plan = planned("2025-04-01");
    let other =
        naming(correct("2025-04-02", &plan, titled("Rest rooms")), |made| made.target_event_id = uuid(9));
    given([plan.clone()]).when(other).then_unknown(
        "correction_made.corrected.event_id",
        &format!("event {} from register about action/a", uuid(9)),
    );
    // Nothing later than the correction, nothing of another source's.
    let of_tracker = correct("2025-04-02", &plan, titled("Rest rooms")).from("tracker");
    given([plan]).when(of_tracker.clone()).then_unknown(
        "correction_made.corrected.event_id",
        &match &of_tracker.event.payload {
            Payload::CorrectionMade(made) => {
                format!("event {} from tracker about action/a", made.target_event_id)
            }
            other => panic!("{other:?}"),
        },
    );
}

#[test]
fn correction_of_amendment() {
    let (plan, start) = (planned("2025-04-01"), started("2025-04-02"));
    let correction = correct("2025-04-03", &plan, titled("Rest rooms"));
    let again = naming(correct("2025-04-04", &plan, titled("Quiet rooms")), |made| {
        made.target_event_id = correction.event.id;
    });
    given([plan.clone(), correction]).when(again).then_refused(&CORRECTION_OF_AMENDMENT).because_of(1);
    let taken_back = void("2025-04-03", &start);
    let of_void = naming(correct("2025-04-04", &plan, titled("Quiet rooms")), |made| {
        made.target_event_id = taken_back.event.id;
    });
    given([plan, start, taken_back]).when(of_void).then_refused(&CORRECTION_OF_AMENDMENT).because_of(2);
}

#[test]
fn correction_of_voided() {
    let plan = planned("2025-04-01");
    given([plan.clone(), void("2025-04-02", &plan)])
        .when(correct("2025-04-03", &plan, titled("Rest rooms")))
        .then_refused(&CORRECTION_OF_VOIDED)
        .because_of(1);
}

#[test]
fn correction_of_operation() {
    let list = list("theme", &["rest", "rotas", "spare"]);
    given([list.clone()])
        .when(correct("2025-04-03", &list, |c| match &mut *c.payload {
            Payload::CodeListAdopted(list) => list.entries.clear(),
            other => panic!("{other:?}"),
        }))
        .then_refused(&CORRECTION_OF_OPERATION)
        .because_of(0);
}

#[test]
fn correction_by_other() {
    let plan = planned("2025-04-01");
    let theirs = naming(correct("2025-04-02", &plan, titled("Rest rooms")), |made| {
        made.target_source = Some(plan.source.clone());
    });
    given([plan.clone()]).when(theirs.from("tracker")).then_refused(&CORRECTION_BY_OTHER).because_of(0);
}

#[test]
fn the_successor_of_a_system_corrects_what_that_one_posted() {
    let plan = planned("2025-04-01");
    let theirs = || {
        naming(correct("2025-04-03", &plan, titled("Rest rooms")), |made| {
            made.target_source = Some(plan.source.clone());
        })
    };
    let succession = super::says_operation::succeeded("2025-04-02", "register", "board");
    let was = || given([plan.clone(), succession.clone()]);
    was().when(theirs().from("board")).then_accepted();
    was().when(theirs().from("tracker")).then_refused(&CORRECTION_BY_OTHER);
}

#[test]
fn correction_changes_type() {
    let start = started("2025-04-02");
    given([planned("2025-04-01"), start.clone()])
        .when(correct("2025-04-03", &start, |c| {
            *c.payload = ActionCancelled { reason: words() }.into();
        }))
        .then_refused(&CORRECTION_CHANGES_TYPE)
        .because_of(1);
}

#[test]
fn correction_changes_subject() {
    let plan = planned("2025-04-01");
    given([plan.clone()])
        .when(correct("2025-04-02", &plan, |c| c.subject = commitment("C1").event.subject))
        .then_malformed(&CORRECTION_CHANGES_SUBJECT, "correction_made.corrected.subject");
}

#[test]
fn correction_changes_nothing() {
    let plan = planned("2025-04-01");
    let first = correct("2025-04-02", &plan, titled("Rest rooms"));
    given([plan.clone()])
        .when(correct("2025-04-03", &plan, |_| {}))
        .then_malformed(&CORRECTION_CHANGES_NOTHING, "correction_made.corrected");
    // Back to what was said first is a change of what stands.
    given([plan.clone(), first]).when(correct("2025-04-03", &plan, |_| {})).then_accepted();
}

#[test]
fn whoever_is_granted_a_type_may_correct_it_and_nothing_else() {
    let plan = planned("2025-04-01");
    let grant = grant("register", &["action.planned"], &["*"], &["*"]);
    let start = started("2025-04-02");
    let was = || given([plan.clone(), start.clone(), grant.clone()]);
    was().when(correct("2025-04-03", &plan, titled("Rest rooms"))).then_accepted();
    was().when(correct("2025-04-03", &start, dated("2025-04-03"))).then_not_granted("type action.started");
}

#[test]
fn what_an_event_said_first_does_not_stand_in_the_way_of_its_correction() {
    let put = changed("2025-04-10", "second");
    let renamed = |corrected: &mut Corrected| match &mut *corrected.payload {
        Payload::PolicyChanged(changed) => changed.version = code("2.0"),
        other => panic!("{other:?}"),
    };
    given([policy(), proposed("2025-04-01"), approved("2025-04-02"), put.clone()])
        .when(correct("2025-05-01", &put, renamed))
        .then_accepted();
    let document = evidence("e", "action/a", "minutes");
    let resized = |corrected: &mut Corrected| match &mut *corrected.payload {
        Payload::EvidenceAttached(attached) => attached.size_bytes = 2_000,
        other => panic!("{other:?}"),
    };
    given([planned("2025-04-01"), document.clone()])
        .when(correct("2025-05-01", &document, resized))
        .then_accepted();
    // Its old document is free for other evidence, its new one is not.
    let other_document = |corrected: &mut Corrected| match &mut *corrected.payload {
        Payload::EvidenceAttached(attached) => attached.sha256 = hash("photo"),
        other => panic!("{other:?}"),
    };
    let was =
        || given([planned("2025-04-01"), document.clone(), correct("2025-05-01", &document, other_document)]);
    was().when(evidence("f", "action/a", "minutes")).then_accepted();
    was().when(evidence("f", "action/a", "photo")).then_refused(&DOCUMENT_ALREADY_ATTACHED);
}

#[test]
fn a_link_that_broke_later_is_not_held_against_a_correction() {
    let withdrawn =
        |when: &str, number| on(when, &item(number), FeedbackWithdrawn { scope: WithdrawalScope::Whole });
    let ended =
        |id: &str| on("2025-05-21", &format!("commitment/{id}"), CommitmentWithdrawn { reason: words() });
    let plan = on(
        "2025-05-02",
        "action/a",
        ActionPlanned { feedback: vec![uuid(1)], origin: Origin::Feedback, ..action_planned() },
    );
    let retitled = || correct("2025-06-02", &plan, titled("Rest rooms"));
    let was = || given([received("2025-05-01", 1), received("2025-05-01", 2), plan.clone()]);
    let gone = || was().and([withdrawn("2025-05-20", 1), withdrawn("2025-05-20", 2)]);
    gone().when(retitled()).then_accepted();
    let closed = || gone().and([ended("C1"), ended("C2")]);
    closed().when(retitled()).then_accepted();
    // A new link is made with an event of its own.
    let to_other = correct("2025-06-02", &plan, |corrected| match &mut *corrected.payload {
        Payload::ActionPlanned(planned) => planned.feedback = vec![uuid(1), uuid(2)],
        other => panic!("{other:?}"),
    });
    gone().when(to_other).then_refused(&CORRECTION_CHANGES_BELONGING).because_of(2);
}

#[test]
fn correction_changes_belonging() {
    let proposal = proposed("2025-04-01");
    let elsewhere = correct("2025-05-01", &proposal, |corrected| match &mut *corrected.payload {
        Payload::PolicyChangeProposed(proposed) => proposed.feedback = vec![uuid(1)],
        other => panic!("{other:?}"),
    });
    given([policy(), received("2025-03-01", 1), proposal])
        .when(elsewhere)
        .then_refused(&CORRECTION_CHANGES_BELONGING)
        .because_of(2);
    let made = commitment("C3");
    let milestone = correct("2025-05-01", &made, |corrected| match &mut *corrected.payload {
        Payload::CommitmentMade(made) => made.kind = CommitmentKind::Milestone,
        other => panic!("{other:?}"),
    });
    given([made]).when(milestone).then_refused(&CORRECTION_CHANGES_BELONGING).because_of(0);
}

#[test]
fn correction_of_what_was_given() {
    let as_said = |change: fn(&mut FeedbackReceived)| {
        move |corrected: &mut Corrected| match &mut *corrected.payload {
            Payload::FeedbackReceived(received) => change(received),
            other => panic!("{other:?}"),
        }
    };
    let (known, hidden) = (received("2025-05-01", 1), anonymous("2025-05", 2));
    let was = || given([known.clone(), hidden.clone()]);
    for change in [
        |received: &mut FeedbackReceived| received.anonymity = Anonymity::Named,
        |received: &mut FeedbackReceived| received.receipt_code_hash = Some(hash("another code")),
        |received: &mut FeedbackReceived| received.content_commitment = Some(hash("another content")),
    ] {
        for target in [&known, &hidden] {
            was()
                .when(correct("2025-06-01", target, as_said(change)))
                .then_refused(&CORRECTION_OF_WHAT_WAS_GIVEN);
        }
    }
    was().when(correct("2025-06-01", &hidden, dated("2025-04"))).then_refused(&CORRECTION_OF_WHAT_WAS_GIVEN);
    // A theme may be put right; of an anonymous item, without a trace of who did it when.
    let themed = || correct("2025-06-01", &hidden, as_said(|received| received.themes = codes(&["spare"])));
    was().when(themed()).then_accepted();
    was().when(themed().acted("head")).then_malformed(&ANONYMOUS_TRACE, "actor_post");
    // Days from which somebody's wait is counted move only if somebody agreed.
    was()
        .when(correct("2025-06-01", &known, dated("2025-05-20")))
        .then_malformed(&APPROVER_MISSING, "correction_made.approver_post");
}

#[test]
fn correction_of_withdrawal() {
    let whole = on("2025-05-02", &item(1), FeedbackWithdrawn { scope: WithdrawalScope::Contact });
    let said = received("2025-05-01", 1);
    let of_withdrawal = correct("2025-06-01", &whole, dated("2025-05-03"));
    given([said.clone(), whole]).when(of_withdrawal).then_refused(&CORRECTION_OF_WITHDRAWAL).because_of(1);
    let gone = on("2025-05-02", &item(1), FeedbackWithdrawn { scope: WithdrawalScope::Whole });
    let again = correct("2025-06-01", &said, |corrected| match &mut *corrected.payload {
        Payload::FeedbackReceived(received) => received.themes = codes(&["spare"]),
        other => panic!("{other:?}"),
    });
    given([said.clone(), gone]).when(again).then_refused(&FEEDBACK_WITHDRAWN).because_of(1);
}

#[test]
fn what_was_noticed_when_it_was_said_stays_noticed() {
    let put = changed("2025-04-10", "second");
    let reworded = correct("2025-05-01", &put, |corrected| match &mut *corrected.payload {
        Payload::PolicyChanged(changed) => changed.version = code("2.0"),
        other => panic!("{other:?}"),
    });
    // Approved afterwards, with a day before: the correction does not make it look so.
    given([policy(), proposed("2025-04-01"), put, approved("2025-04-09")])
        .when(reworded)
        .then_flagged(&[Unapproved]);
}

#[test]
fn an_end_is_corrected_although_it_is_an_end() {
    let end = on("2025-05-01", "commitment/C1", CommitmentWithdrawn { reason: words() });
    given([end.clone()])
        .when(correct("2025-06-01", &end, dated("2025-05-02")))
        .then_accepted()
        .and_state("commitment/C1", "WITHDRAWN");
}

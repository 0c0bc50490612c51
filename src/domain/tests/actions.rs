//! Actions: their life cycle, deadlines, replacement, verification.

use super::given;
use super::says::*;
use crate::domain::event::*;
use crate::domain::irregularity::Irregularity::*;
use crate::domain::rules::*;

fn action(id: &str, when: &str, change: impl FnOnce(&mut ActionPlanned)) -> Said {
    let mut payload = action_planned();
    change(&mut payload);
    on(when, &format!("action/{id}"), payload)
}

#[test]
fn a_whole_life_is_accepted() {
    given([planned("2025-04-01")])
        .when(started("2025-04-02"))
        .then_accepted()
        .and_state("action/a", "IN_PROGRESS");
    given([planned("2025-04-01"), started("2025-04-02"), evidence("e", "action/a", "minutes")])
        .and([completed("2025-05-01", &["e"])])
        .and([verified("2025-05-02", "assessor", &["e"])])
        .and([reopened("2025-05-03"), started("2025-05-04"), completed("2025-05-05", &["e"])])
        .when(verified("2025-05-06", "assessor", &["e"]))
        .then_accepted()
        .and_state("action/a", "VERIFIED");
}

#[test]
fn planned_to_claimed_complete_is_legal() {
    given([planned("2025-04-01"), evidence("e", "action/a", "m")])
        .when(completed("2025-04-02", &["e"]))
        .then_accepted()
        .and_state("action/a", "CLAIMED_COMPLETE");
}

#[test]
fn reopened_leads_to_work_or_to_a_new_claim() {
    let again = || given([planned("2025-04-01"), completed("2025-04-02", &[]), reopened("2025-04-03")]);
    again().when(started("2025-04-04")).then_accepted();
    again().when(completed("2025-04-04", &[])).then_flagged(&[NoEvidence]);
    again().when(cancelled("2025-04-04")).then_accepted().and_state("action/a", "CANCELLED");
}

#[test]
fn what_was_claimed_is_reopened() {
    given([planned("2025-04-01"), completed("2025-04-03", &[])])
        .when(reopened("2025-04-04"))
        .then_accepted()
        .and_state("action/a", "REOPENED");
}

#[test]
fn action_already_planned() {
    given([planned("2025-04-01")])
        .when(planned("2025-04-02"))
        .then_refused(&ACTION_ALREADY_PLANNED)
        .because_of(0);
}

#[test]
fn action_not_planned() {
    given([]).when(started("2025-04-01")).then_refused(&ACTION_NOT_PLANNED);
    given([]).when(completed("2025-04-01", &[])).then_refused(&ACTION_NOT_PLANNED);
}

#[test]
fn action_not_planned_on_the_day_before_its_plan() {
    let was = || given([planned("2025-04-01")]);
    was().when(completed("2025-03-31", &[])).then_refused(&ACTION_NOT_PLANNED).because_of(0);
    was().when(completed("2025-04-01", &[])).then_flagged(&[NoEvidence]);
}

#[test]
fn action_already_started() {
    given([planned("2025-04-01"), started("2025-04-02")])
        .when(started("2025-04-03"))
        .then_refused(&ACTION_ALREADY_STARTED)
        .because_of(1);
}

#[test]
fn action_already_closed() {
    let claimed = || given([planned("2025-04-01"), completed("2025-04-02", &[])]);
    let gone = || given([planned("2025-04-01"), cancelled("2025-04-02")]);
    for said in [
        started("2025-04-03"),
        completed("2025-04-03", &[]),
        cancelled("2025-04-03"),
        revised("2025-04-03", "2025-06-30", "2025-07-31"),
    ] {
        claimed().when(said.clone()).then_refused(&ACTION_ALREADY_CLOSED).because_of(1);
        gone().when(said).then_refused(&ACTION_ALREADY_CLOSED).because_of(1);
    }
}

#[test]
fn cancelled_is_final() {
    let gone = || given([planned("2025-04-01"), cancelled("2025-04-02")]);
    gone().when(reopened("2025-04-03")).then_refused(&ACTION_NOT_DONE).because_of(1);
    let proof = evidence("e", "action/a", "m");
    gone()
        .and([proof])
        .when(verified("2025-04-20", "assessor", &["e"]))
        .then_refused(&ACTION_NOT_CLAIMED)
        .because_of(1);
}

#[test]
fn action_not_claimed() {
    let proof = || evidence("e", "action/a", "m");
    let say = || verified("2025-05-03", "assessor", &["e"]);
    given([planned("2025-04-01"), proof()]).when(say()).then_refused(&ACTION_NOT_CLAIMED).because_of(0);
    given([planned("2025-04-01"), proof(), completed("2025-05-01", &["e"]), say()])
        .when(say())
        .then_refused(&ACTION_NOT_CLAIMED)
        .because_of(3);
}

#[test]
fn action_not_done() {
    given([planned("2025-04-01")]).when(reopened("2025-04-02")).then_refused(&ACTION_NOT_DONE).because_of(0);
    given([planned("2025-04-01"), started("2025-04-02")])
        .when(reopened("2025-04-03"))
        .then_refused(&ACTION_NOT_DONE)
        .because_of(1);
}

#[test]
fn commitment_missing() {
    given([])
        .when(action("a", "2025-04-01", |a| a.commitments.clear()))
        .then_malformed(&COMMITMENT_MISSING, "action_planned.commitments");
}

#[test]
fn an_action_serves_known_commitments_each_once() {
    given([])
        .when(action("a", "2025-04-01", |a| a.commitments = codes(&["C1", "C9"])))
        .then_unknown("action_planned.commitments[1]", "commitment/C9");
    given([])
        .when(action("a", "2025-04-01", |a| a.commitments = codes(&["C1", "C1"])))
        .then_malformed(&NAMED_TWICE, "action_planned.commitments[1]");
}

#[test]
fn due_before_planned() {
    given([]).when(planned("2025-06-30")).then_accepted();
    given([]).when(planned("2025-07-01")).then_malformed(&DUE_BEFORE_PLANNED, "action_planned.first_due");
    given([planned("2025-04-01")])
        .when(revised("2025-04-02", "2025-06-30", "2025-03-31"))
        .then_malformed(&DUE_BEFORE_PLANNED, "deadline_revised.new_due");
    given([planned("2025-04-01")])
        .at("2025-04-02T12:00:00Z")
        .when(revised("2025-04-02", "2025-06-30", "2025-04-01"))
        .then_accepted();
}

#[test]
fn deadline_not_current() {
    given([planned("2025-04-01")])
        .when(revised("2025-04-02", "2025-06-29", "2025-07-31"))
        .then_refused(&DEADLINE_NOT_CURRENT)
        .because_of(0);
    given([planned("2025-04-01"), revised("2025-04-02", "2025-06-30", "2025-07-31")])
        .when(revised("2025-04-03", "2025-06-30", "2025-08-31"))
        .then_refused(&DEADLINE_NOT_CURRENT)
        .because_of(1);
}

#[test]
fn deadline_not_current_between_two_moves() {
    // It fits before the first move, but the first move would then no longer name the deadline that stood.
    given([planned("2025-04-01"), revised("2025-04-10", "2025-06-30", "2025-07-31")])
        .when(revised("2025-04-05", "2025-06-30", "2025-08-31"))
        .then_refused(&DEADLINE_NOT_CURRENT)
        .because_of(1);
}

#[test]
fn deadline_unmoved() {
    given([planned("2025-04-01")])
        .when(revised("2025-04-02", "2025-06-30", "2025-06-30"))
        .then_malformed(&DEADLINE_UNMOVED, "deadline_revised.new_due");
}

#[test]
fn reason_missing() {
    let silent = revised("2025-04-02", "2025-06-30", "2025-07-31").with(|event| {
        if let Payload::DeadlineRevised(revised) = &mut event.payload {
            revised.reason = None;
        }
    });
    given([planned("2025-04-01")]).when(silent).then_malformed(&REASON_MISSING, "deadline_revised.reason");
}

#[test]
fn backdated_deadline() {
    let moved = || revised("2025-04-02", "2025-06-30", "2025-07-31");
    let was = |now| given([planned("2025-04-01")]).at(now);
    // British Summer Time: the day ends at 23:00 UTC.
    was("2025-04-02T22:59:59Z").when(moved()).then_accepted();
    was("2025-04-02T23:00:00Z").when(moved()).then_flagged(&[BackdatedDeadline]);
}

#[test]
fn no_evidence() {
    given([planned("2025-04-01")]).when(completed("2025-04-02", &[])).then_flagged(&[NoEvidence]);
}

#[test]
fn evidence_missing() {
    given([planned("2025-04-01"), completed("2025-04-02", &[])])
        .when(verified("2025-04-03", "assessor", &[]))
        .then_malformed(&EVIDENCE_MISSING, "action_verified.evidence");
}

#[test]
fn evidence_is_known() {
    given([planned("2025-04-01"), completed("2025-04-02", &[])])
        .when(verified("2025-04-03", "assessor", &["e"]))
        .then_unknown("action_verified.evidence[0]", "evidence/e");
    given([planned("2025-04-01")])
        .when(completed("2025-04-02", &["e"]))
        .then_unknown("action_completed.evidence[0]", "evidence/e");
}

#[test]
fn evidence_about_other() {
    let was = || given([planned("2025-04-01"), evidence("e", "commitment/C1", "m")]);
    was().when(completed("2025-04-20", &["e"])).then_refused(&EVIDENCE_ABOUT_OTHER).because_of(1);
    was()
        .and([completed("2025-04-20", &[])])
        .when(verified("2025-04-21", "assessor", &["e"]))
        .then_refused(&EVIDENCE_ABOUT_OTHER)
        .because_of(1);
}

fn claimed() -> super::Given {
    let proof = evidence("e", "action/a", "m");
    given([planned("2025-04-01"), proof, completed("2025-04-20", &["e"])])
}

#[test]
fn self_verified() {
    claimed().when(verified("2025-04-21", "head", &["e"])).then_flagged(&[SelfVerified]);
    claimed().when(verified("2025-04-21", "assessor", &["e"])).then_accepted();
}

#[test]
fn same_holder() {
    // `deputy` says that the same person is `head`, who owns the action.
    claimed().when(verified("2025-04-21", "deputy", &["e"])).then_flagged(&[SameHolder]);
}

#[test]
fn same_holder_when_the_owner_says_so() {
    let mut owned = action_planned();
    owned.owner_post = code("deputy");
    given([on("2025-04-01", "action/a", owned), evidence("e", "action/a", "m")])
        .and([completed("2025-04-20", &["e"])])
        .when(verified("2025-04-21", "head", &["e"]))
        .then_flagged(&[SameHolder]);
}

#[test]
fn same_holder_through_a_third_post_on_that_day_only() {
    let third = |from: &str, to| post("third", from, to, &["deputy"]);
    claimed()
        .and([third("2025-01-01", None)])
        .when(verified("2025-04-21", "third", &["e"]))
        .then_flagged(&[SameHolder]);
    // On the day of verification another person holds `third`.
    claimed()
        .and([third("2025-01-01", Some("2025-04-20")), post("third", "2025-04-21", None, &[])])
        .when(verified("2025-04-21", "third", &["e"]))
        .then_accepted();
}

#[test]
fn same_source() {
    claimed().when(verified("2025-04-21", "assessor", &["e"]).from("tracker")).then_flagged(&[SameSource]);
    claimed()
        .when(verified("2025-04-21", "head", &["e"]).from("tracker"))
        .then_flagged(&[SelfVerified, SameSource]);
}

#[test]
fn a_backdated_event_is_compared_with_what_stood_before_it_on_its_day() {
    claimed()
        .and([reopened("2025-04-25")])
        .when(verified("2025-04-20", "assessor", &["e"]).from("tracker"))
        .then_flagged(&[LateRecorded, SameSource])
        .and_state("action/a", "REOPENED");
}

#[test]
fn replaces_itself() {
    given([])
        .when(action("a", "2025-04-01", |a| a.replaces = Some(code("a"))))
        .then_malformed(&REPLACES_ITSELF, "action_planned.replaces");
}

#[test]
fn the_replaced_action_is_known_and_open_or_cancelled() {
    let new = || action("b", "2025-05-01", |a| a.replaces = Some(code("a")));
    given([]).when(new()).then_unknown("action_planned.replaces", "action/a");
    given([planned("2025-04-01")]).when(new()).then_accepted();
    given([planned("2025-04-01"), cancelled("2025-04-02")]).when(new()).then_accepted();
}

#[test]
fn replaces_done_action() {
    let new = || action("b", "2025-05-01", |a| a.replaces = Some(code("a")));
    claimed().when(new()).then_refused(&REPLACES_DONE_ACTION).because_of(2);
    claimed()
        .and([verified("2025-04-21", "assessor", &["e"])])
        .when(new())
        .then_refused(&REPLACES_DONE_ACTION)
        .because_of(3);
}

#[test]
fn replacement_circle() {
    let first = planned("2025-04-01");
    let back = |to: &str| action("a", "2025-04-03", |a| a.replaces = Some(code(to)));
    let chain = |id: &str, to: &str| action(id, "2025-04-02", |a| a.replaces = Some(code(to)));
    let was = || given([first.clone(), chain("b", "a"), chain("c", "b")]).and([void("2025-04-02", &first)]);
    was().when(back("c")).then_refused(&REPLACEMENT_CIRCLE);
    was().and([action("d", "2025-04-02", |_| ())]).when(back("d")).then_accepted();
}

#[test]
fn every_post_of_an_action_is_valid_on_its_day() {
    let owned = |when, owner| action("a", when, |a| a.owner_post = code(owner));
    given([]).when(owned("2025-04-01", "nobody")).then_unknown("action_planned.owner_post", "post/nobody");
    given([]).when(owned("2025-03-31", "past")).then_accepted();
    given([]).when(owned("2025-04-01", "past")).then_refused(&POST_NOT_VALID);
    given([planned("2025-03-01")])
        .when(revised("2025-04-01", "2025-06-30", "2025-07-31").with(|event| {
            if let Payload::DeadlineRevised(revised) = &mut event.payload {
                revised.approver_post = code("past");
            }
        }))
        .then_refused(&POST_NOT_VALID);
    claimed().when(verified("2025-04-21", "past", &["e"])).then_refused(&POST_NOT_VALID);
}

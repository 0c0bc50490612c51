//! By hand, in all three reports: who answers for what; and in R2, that no correction clears lateness.

use super::{ask, ask_known, cell, figure, share};
use crate::domain::event::{ActionPlanned, DeadlineRevised, Payload};
use crate::projections::chronicle::{Chronicle, code, on, words};
use crate::reports::{Report, ReportName};

fn ledger() -> Chronicle {
    let mut ledger = Chronicle::opened(false);
    ledger.post("people", "Head of People");
    ledger.post("chief", "Chief Executive");
    ledger
}

fn r2(ledger: &Chronicle, as_at: &str) -> Report {
    ask(ReportName::Lateness, ledger, as_at)
}

fn late(report: &Report, action: &str) -> (String, String) {
    let subject = format!("action/{action}");
    (cell(report, &subject, "late_first"), cell(report, &subject, "late_current"))
}

fn plan_of(ledger: &Chronicle, sequence: u64) -> ActionPlanned {
    let Payload::ActionPlanned(plan) = &ledger.facts[sequence as usize].event.payload else {
        panic!("no plan")
    };
    plan.clone()
}

#[test]
fn given_an_action_when_it_changes_hands_then_it_is_listed_under_the_new_owner() {
    let mut ledger = ledger();
    let plan = ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    let handed = ledger.reassign("action/a", "2025-07-01", "people", "chief");
    let owner = |report: &Report| cell(report, "action/a", "owner");
    assert_eq!(owner(&r2(&ledger, "2025-06-30")), "Head of People");
    let report = r2(&ledger, "2025-07-02");
    assert_eq!(owner(&report), "Chief Executive, since 1 Jul 2025");
    // 1 June to 2 July is 31 days: handing over does not start the clock anew.
    assert_eq!(late(&report, "a").0, "Late by 31 days");
    assert_eq!(figure(&report, "r2.late_against_first_due").events, [plan, handed]);
    let row = &report.tables[0].rows[0];
    assert_eq!(row.cells.iter().find(|it| it.id == "owner").unwrap().events, [plan, handed]);
    // As known before, said anew, and taken back.
    assert_eq!(owner(&ask_known(ReportName::Lateness, &ledger, "2025-07-02", handed)), "Head of People");
    ledger.void(handed, "2025-07-03");
    assert_eq!(owner(&r2(&ledger, "2025-07-03")), "Head of People");
}

#[test]
fn given_a_post_when_it_has_ended_then_its_work_is_shown_as_its_work() {
    let mut ledger = ledger();
    ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    let ended = ledger.retire("people", "2025-06-10", "2025-06-30");
    let owner = |ledger: &Chronicle, as_at: &str| cell(&r2(ledger, as_at), "action/a", "owner");
    assert_eq!(owner(&ledger, "2025-06-30"), "Head of People");
    assert_eq!(owner(&ledger, "2025-07-01"), "Head of People (post ended 30 Jun 2025)");
    ledger.void(ended, "2025-07-02");
    assert_eq!(owner(&ledger, "2025-07-01"), "Head of People");
}

#[test]
fn given_commitments_measures_and_policies_when_they_change_hands_then_reports_name_the_new_owner() {
    let mut ledger = ledger();
    ledger.commitment("C1", "A line", "a line of the pledge", &[]);
    ledger.measure("m", "2025-04-01", "C1", ("days", None), Some("10"));
    ledger.policy("leave", "2025-04-01", "2025-05-01");
    for subject in ["commitment/C1", "measure/m", "policy/leave"] {
        let report = |ledger: &Chronicle, as_at: &str| match subject {
            "policy/leave" => ask(ReportName::PolicyChanges, ledger, as_at),
            _ => ask(ReportName::Commitments, ledger, as_at),
        };
        assert_eq!(cell(&report(&ledger, "2025-07-01"), subject, "owner"), "Head of People", "{subject}");
        ledger.reassign(subject, "2025-06-01", "people", "chief");
        let owner = cell(&report(&ledger, "2025-07-01"), subject, "owner");
        assert_eq!(owner, "Chief Executive, since 1 Jun 2025", "{subject}");
        assert_eq!(cell(&report(&ledger, "2025-05-31"), subject, "owner"), "Head of People", "{subject}");
    }
}

#[test]
fn given_a_replacement_when_it_is_said_anew_without_it_then_lateness_is_inherited_all_the_same() {
    let mut ledger = ledger();
    ledger.plan("old", "2025-04-01", "2025-06-01", &["C1"]);
    ledger.cancel("old", "2025-05-20");
    let new = ledger.plan_replacing("new", "2025-05-20", "2025-10-01", &["C1"], Some("old"));
    // 1 June to 1 July is 30 days.
    assert_eq!(late(&r2(&ledger, "2025-07-01"), "new").0, "Late by 30 days");
    let anew = ActionPlanned { replaces: None, ..plan_of(&ledger, new) };
    ledger.correct(new, "2025-05-20", anew);
    let report = r2(&ledger, "2025-07-01");
    assert_eq!(late(&report, "new"), ("Late by 30 days".into(), "[z] Not due yet".into()));
    assert_eq!(cell(&report, "action/new", "state"), "Not started; was first said to replace old");
    // The old one is not replaced any more, so it counts by itself: cancelled before it was due. 1 of 2 is late.
    assert_eq!(share(&report, "r2.late_against_first_due"), (1, 2));
    assert_eq!(late(&report, "old").0, "[z] Cancelled before it was due");
}

#[test]
fn given_a_chain_when_a_deadline_at_its_beginning_is_corrected_then_the_first_date_stays() {
    let mut ledger = ledger();
    let old = ledger.plan("old", "2025-04-01", "2025-06-01", &["C1"]);
    ledger.plan_replacing("mid", "2025-05-01", "2025-08-01", &["C1"], Some("old"));
    ledger.plan_replacing("new", "2025-05-20", "2025-10-01", &["C1"], Some("mid"));
    let anew = ActionPlanned { first_due: on("2025-12-31"), ..plan_of(&ledger, old) };
    let correction = ledger.correct(old, "2025-04-01", anew);
    for _ in 0..2 {
        let report = r2(&ledger, "2025-07-01");
        assert_eq!(cell(&report, "action/new", "first_due"), "1 Jun 2025");
        assert_eq!(late(&report, "new").0, "Late by 30 days");
        // And again when the correction has been taken back.
        ledger.void(correction, "2025-09-02");
    }
}

#[test]
fn given_a_move_when_it_is_corrected_to_a_later_day_then_the_earlier_day_was_given_all_the_same() {
    let mut ledger = ledger();
    ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    let moved = ledger.moved("a", "2025-04-10", "2025-06-01", "2025-05-01", false);
    let anew = DeadlineRevised {
        old_due: on("2025-06-01"),
        new_due: on("2025-07-01"),
        approver_post: code("chief"),
        reason: Some(words()),
    };
    let correction = ledger.correct(moved, "2025-04-10", anew.clone());
    // 1 May to 3 June is 33 days; it is due on 1 July now.
    assert_eq!(late(&r2(&ledger, "2025-06-03"), "a"), ("Late by 33 days".into(), "[z] Not due yet".into()));
    // Both taken back: the day was given all the same. The date is what it was, and 1 to 3 June is 2 days.
    ledger.void(correction, "2025-09-02");
    ledger.void(moved, "2025-09-03");
    assert_eq!(late(&r2(&ledger, "2025-06-03"), "a"), ("Late by 33 days".into(), "Late by 2 days".into()));
}

#[test]
fn given_a_verified_action_when_its_evidence_falls_then_that_is_said() {
    let mut ledger = ledger();
    ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    ledger.evidence("photo", "2025-05-20", "action/a");
    ledger.complete("a", "2025-05-20");
    ledger.verify("a", "2025-05-21");
    ledger.reject("photo", "2025-06-01");
    let state = |as_at: &str| cell(&r2(&ledger, as_at), "action/a", "state");
    assert_eq!(state("2025-05-31"), "Done 20 May 2025, verified");
    assert_eq!(state("2025-06-01"), "Done 20 May 2025, verified, but its evidence has fallen since");
}

#[test]
fn given_a_successor_when_it_takes_back_or_says_anew_what_the_old_system_posted_then_that_counts() {
    let mut ledger = ledger();
    let plan = ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
    let handed = ledger.reassign("action/a", "2025-05-01", "people", "chief");
    ledger.by("operator").noise(2, "2025-05-10");
    // Both name the source of their target: its id alone is not unique.
    ledger.by("register2").void(handed, "2025-05-11");
    let anew = ActionPlanned { first_due: on("2025-07-01"), ..plan_of(&ledger, plan) };
    let correction = ledger.correct(plan, "2025-04-01", anew);
    let report = r2(&ledger, "2025-07-01");
    assert_eq!(cell(&report, "action/a", "owner"), "Head of People");
    assert_eq!(late(&report, "a"), ("Late by 30 days".into(), "[z] Not due yet".into()));
    // The correction is the successor's own event, and taken back as such.
    ledger.void(correction, "2025-09-02");
    assert_eq!(late(&r2(&ledger, "2025-07-01"), "a").1, "Late by 30 days");
}

//! R5, by hand: which feedback a change answers, whichever side made the link, and what became of it since.

use uuid::Uuid;

use super::{ask, cell, share};
use crate::domain::event::{ChangeNature, FeedbackLinked, Origin, Respondents, WithdrawalScope};
use crate::domain::id::Subject;
use crate::projections::chronicle::Chronicle;
use crate::reports::{FigureStatus, Format, Report, ReportName, render};

const LAW: (Origin, ChangeNature) = (Origin::Law, ChangeNature::Substantive);
const HEARD: (Origin, ChangeNature) = (Origin::Feedback, ChangeNature::Substantive);
const CHANGE: &str = "policy-change/x";

fn r5(ledger: &Chronicle, as_at: &str) -> Report {
    ask(ReportName::PolicyChanges, ledger, as_at)
}

/// A change that was proposed on 1 May because of what is given, and six items that were received before it.
fn proposed(why: (Origin, ChangeNature), named: usize) -> (Chronicle, Vec<Uuid>, u64) {
    let mut ledger = Chronicle::opened(false);
    ledger.policy("leave", "2025-03-01", "2026-03-31");
    let items = ledger.feedback("2025-04-01", Respondents::Staff, 6);
    let proposal = ledger.propose("x", "2025-05-01", "leave", why, &items[..named]);
    (ledger, items, proposal)
}

/// Approved on 1 June, in force from 1 July.
fn decided(ledger: &mut Chronicle) -> u64 {
    let approval = ledger.approve("x", "2025-06-01");
    ledger.change("x", "2025-06-02", "leave", "2025-07-01", true);
    approval
}

fn answering(report: &Report) -> u64 {
    share(report, "r5.provenance_share").0
}

fn linked(report: &Report) -> String {
    cell(report, CHANGE, "linked")
}

#[test]
fn given_a_link_of_its_own_when_it_is_made_by_the_approval_then_it_counts() {
    // On the day of approval, recorded before it: in time. A day later: too late.
    for (day, counts, words) in [("2025-06-01", 1, "Yes"), ("2025-06-02", 0, "No: linked too late")] {
        let (mut ledger, items, _) = proposed(LAW, 0);
        ledger.link(items[0], day, CHANGE);
        decided(&mut ledger);
        ledger.release("summer", "2025-07-01");
        let report = r5(&ledger, "2025-07-01");
        assert_eq!((answering(&report), linked(&report)), (counts, words.to_owned()), "{day}");
        assert_eq!(cell(&report, CHANGE, "because"), "The law; linked to staff feedback");
        assert_eq!(cell(&report, CHANGE, "items"), "[c]");
    }
}

#[test]
fn given_a_link_on_the_day_of_approval_when_it_is_recorded_after_it_then_it_is_too_late() {
    let (mut ledger, items, _) = proposed(LAW, 0);
    decided(&mut ledger);
    ledger.link(items[0], "2025-06-01", CHANGE);
    assert_eq!(linked(&r5(&ledger, "2025-07-01")), "No: linked too late");
    // Backdated to the day before, it counts by its day; that it was recorded afterwards is said.
    ledger.link(items[1], "2025-05-31", CHANGE);
    let report = r5(&ledger, "2025-07-01");
    assert_eq!((answering(&report), linked(&report)), (1, "Yes, but recorded after the approval".to_owned()));
}

#[test]
fn given_no_approval_when_the_link_is_made_before_the_first_day_in_force_then_it_counts() {
    for (day, counts) in [("2025-06-30", 1), ("2025-07-01", 0)] {
        let (mut ledger, items, _) = proposed(LAW, 0);
        ledger.change("x", "2025-06-02", "leave", "2025-07-01", false);
        ledger.link(items[0], day, CHANGE);
        assert_eq!(answering(&r5(&ledger, "2025-07-01")), counts, "{day}");
    }
}

#[test]
fn given_a_link_when_it_is_taken_back_then_it_does_not_count_from_that_day_on() {
    // Made by the proposal, and by the item itself.
    for named in [1, 0] {
        let (mut ledger, items, _) = proposed(LAW, named);
        if named == 0 {
            ledger.link(items[0], "2025-05-10", CHANGE);
        }
        decided(&mut ledger);
        let unlinked = ledger.unlink(items[0], "2025-08-01", CHANGE);
        assert_eq!(answering(&r5(&ledger, "2025-07-31")), 1);
        let report = r5(&ledger, "2025-08-01");
        assert_eq!((answering(&report), linked(&report)), (0, "No: the link was taken back".to_owned()));
        assert_eq!(cell(&report, CHANGE, "items"), "[z] None linked");
        // Made again, it is as old as its making again: after the approval.
        ledger.link(items[0], "2025-08-10", CHANGE);
        assert_eq!(linked(&r5(&ledger, "2025-08-10")), "No: linked too late");
        // That it was ever taken back is taken back.
        ledger.void(unlinked, "2025-09-01");
        assert_eq!(answering(&r5(&ledger, "2025-09-01")), 1);
    }
}

#[test]
fn given_a_link_when_its_feedback_is_withdrawn_later_then_it_counts_and_is_marked() {
    let (mut ledger, items, _) = proposed(HEARD, 6);
    decided(&mut ledger);
    // The way to be answered alone changes nothing.
    ledger.take_back(items[1], "2025-07-20", WithdrawalScope::Contact);
    assert_eq!(linked(&r5(&ledger, "2025-07-31")), "Yes");
    let withdrawn = ledger.take_back(items[0], "2025-08-01", WithdrawalScope::Whole);
    assert_eq!(linked(&r5(&ledger, "2025-07-31")), "Yes");
    let report = r5(&ledger, "2025-08-01");
    assert_eq!(answering(&report), 1);
    assert_eq!(linked(&report), "Yes; some or all of that feedback was withdrawn since");
    // Whose it was, and how many did, is in no form of the report.
    let cells = report.tables.iter().flat_map(|table| &table.rows).flat_map(|row| &row.cells);
    assert!(cells.chain(&report.figures).all(|figure| !figure.events.contains(&withdrawn)));
    for format in Format::ALL {
        assert!(items.iter().all(|id| !render(&report, format, 120).contains(&id.to_string())));
    }
}

#[test]
fn given_a_link_when_it_is_corrected_to_another_change_then_it_counts_for_that_one() {
    let (mut ledger, items, _) = proposed(LAW, 0);
    ledger.propose("y", "2025-05-01", "leave", LAW, &[]);
    let link = ledger.link(items[0], "2025-05-10", "policy-change/y");
    decided(&mut ledger);
    assert_eq!(linked(&r5(&ledger, "2025-07-01")), "No");
    let to = Subject::parse(CHANGE).unwrap();
    let anew = ledger.correct(link, "2025-05-10", FeedbackLinked { to });
    let report = r5(&ledger, "2025-07-01");
    // It has its place of 10 May, and was said after the approval.
    assert_eq!((answering(&report), linked(&report)), (1, "Yes, but recorded after the approval".to_owned()));
    ledger.void(anew, "2025-09-02");
    assert_eq!(linked(&r5(&ledger, "2025-09-02")), "No");
}

#[test]
fn given_a_proposal_when_a_correction_adds_feedback_after_the_approval_then_that_is_said() {
    let (mut ledger, items, proposal) = proposed(LAW, 0);
    decided(&mut ledger);
    ledger.correct_feedback(proposal, &items);
    ledger.release("summer", "2025-07-01");
    let report = r5(&ledger, "2025-07-01");
    assert_eq!((answering(&report), linked(&report)), (1, "Yes, but recorded after the approval".to_owned()));
    assert_eq!(cell(&report, CHANGE, "items"), "6");
}

#[test]
fn given_a_link_to_an_action_when_changes_are_counted_then_it_is_no_link_to_a_change() {
    let (mut ledger, items, _) = proposed(LAW, 0);
    ledger.plan("x", "2025-05-01", "2025-06-01", &["C1"]);
    ledger.link(items[0], "2025-05-10", "action/x");
    decided(&mut ledger);
    assert_eq!(linked(&r5(&ledger, "2025-07-01")), "No");
    let none = r5(&ledger, "2025-06-30");
    assert_eq!(super::figure(&none, "r5.provenance_share").status, FigureStatus::NotApplicable);
}

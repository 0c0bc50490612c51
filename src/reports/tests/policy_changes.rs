//! R5, by hand.

use super::{ask, ask_known, cell, figure, number, share, subjects};
use crate::domain::event::{ChangeNature, Origin, Respondents};
use crate::projections::chronicle::Chronicle;
use crate::reports::{FigureStatus, Format, Report, ReportName, render};

const HEARD: (Origin, ChangeNature) = (Origin::Feedback, ChangeNature::Substantive);
const LAW: (Origin, ChangeNature) = (Origin::Law, ChangeNature::Substantive);
const WORDING: (Origin, ChangeNature) = (Origin::Other, ChangeNature::Editorial);

fn r5(ledger: &Chronicle, as_at: &str) -> Report {
    ask(ReportName::PolicyChanges, ledger, as_at)
}

fn ledger() -> Chronicle {
    let mut ledger = Chronicle::opened(false);
    ledger.post("chief", "Chief Executive");
    ledger.policy("leave", "2025-03-01", "2026-03-31");
    ledger
}

fn of(report: &Report, change: &str, column: &str) -> String {
    cell(report, &format!("policy-change/{change}"), column)
}

#[test]
fn the_share_is_of_substantive_changes_in_force_in_the_period() {
    let mut ledger = ledger();
    let six = ledger.feedback("2025-04-01", Respondents::Staff, 6);
    // heard: linked before approval. law: no link. late: linked after approval. wording: editorial. next: next year.
    for (id, why, linked) in [("heard", HEARD, &six[..]), ("law", LAW, &[]), ("wording", WORDING, &six[..])] {
        ledger.propose(id, "2025-05-01", "leave", why, linked);
        ledger.approve(id, "2025-06-01");
        ledger.change(id, "2025-06-10", "leave", "2025-07-01", true);
    }
    ledger.approve("late", "2025-06-01");
    ledger.propose("late", "2025-06-02", "leave", HEARD, &six);
    ledger.change("late", "2025-06-10", "leave", "2025-08-01", true);
    ledger.propose("next", "2025-05-01", "leave", HEARD, &six);
    ledger.change("next", "2025-06-10", "leave", "2026-04-01", true);
    let report = r5(&ledger, "2026-03-31");
    // heard, law and late are in force and substantive; of them only heard was linked in time: 1 of 3.
    assert_eq!(share(&report, "r5.provenance_share"), (1, 3));
    assert_eq!(number(&report, "r5.provenance_share"), 33);
    assert_eq!(
        figure(&report, "r5.provenance_share").text,
        "1 of 3 policy changes that came into force (33 %) was linked to feedback before the decision."
    );
    assert_eq!((number(&report, "r5.changes"), number(&report, "r5.editorial")), (3, 1));
    assert_eq!((number(&report, "r5.origin.feedback"), number(&report, "r5.origin.law")), (2, 1));
    assert_eq!((number(&report, "r5.origin.audit"), number(&report, "r5.to_come")), (0, 1));
    let changes = ["policy-change/heard", "policy-change/law", "policy-change/late"];
    assert_eq!(subjects(&report, "r5.changes"), changes);
    assert_eq!(subjects(&report, "r5.editorial"), ["policy-change/wording"]);
    assert_eq!(subjects(&report, "r5.to_come"), ["policy-change/next"]);
    assert_eq!(of(&report, "heard", "approval"), "1 Jun 2025 by Chief Executive");
    assert_eq!(of(&report, "heard", "linked"), "Yes");
    assert_eq!(of(&report, "late", "linked"), "No: linked too late");
    assert_eq!(of(&report, "law", "linked"), "No");
    assert_eq!(of(&report, "next", "state"), "In the register, in force from 1 Apr 2026");
}

#[test]
fn a_change_that_takes_effect_later_is_still_to_come() {
    let mut ledger = ledger();
    ledger.propose("x", "2025-05-01", "leave", LAW, &[]);
    ledger.approve("x", "2025-05-02");
    ledger.change("x", "2025-05-03", "leave", "2025-07-01", true);
    assert_eq!(of(&r5(&ledger, "2025-05-01"), "x", "state"), "Proposed 1 May 2025");
    assert_eq!(of(&r5(&ledger, "2025-05-02"), "x", "state"), "Approved 2 May 2025");
    let before = r5(&ledger, "2025-06-30");
    assert_eq!((number(&before, "r5.changes"), number(&before, "r5.to_come")), (0, 1));
    assert_eq!(figure(&before, "r5.provenance_share").status, FigureStatus::NotApplicable);
    assert_eq!(number(&r5(&ledger, "2025-07-01"), "r5.changes"), 1);
    // As known before it was in the register.
    let known = ask_known(ReportName::PolicyChanges, &ledger, "2025-07-01", 5);
    assert_eq!(number(&known, "r5.changes"), 0);
}

#[test]
fn approval_after_the_first_day_in_force_came_too_late() {
    let mut ledger = ledger();
    let six = ledger.feedback("2025-04-01", Respondents::Staff, 6);
    ledger.propose("x", "2025-05-01", "leave", HEARD, &six);
    ledger.change("x", "2025-05-10", "leave", "2025-05-10", false);
    let before = r5(&ledger, "2025-05-31");
    assert_eq!(of(&before, "x", "approval"), "IRREGULAR: came into force without approval");
    ledger.approve("x", "2025-06-01");
    let report = r5(&ledger, "2025-06-30");
    assert_eq!(
        of(&report, "x", "approval"),
        "IRREGULAR: came into force without approval; approval recorded later: 1 Jun 2025 by Chief Executive"
    );
    assert_eq!(number(&report, "r5.unapproved"), 1);
    // Linked on 1 May, before the first day in force.
    assert_eq!(share(&report, "r5.provenance_share"), (1, 1));
}

#[test]
fn without_approval_a_link_on_the_first_day_in_force_is_too_late() {
    let mut ledger = ledger();
    let six = ledger.feedback("2025-04-01", Respondents::Staff, 6);
    ledger.propose("x", "2025-05-10", "leave", HEARD, &six);
    ledger.change("x", "2025-05-10", "leave", "2025-05-10", false);
    assert_eq!(share(&r5(&ledger, "2025-05-31"), "r5.provenance_share"), (0, 1));
}

#[test]
fn below_the_threshold_feedback_is_a_word() {
    let mut ledger = ledger();
    let four = ledger.feedback("2025-04-01", Respondents::Staff, 4);
    let five = ledger.feedback("2025-04-01", Respondents::Partners, 5);
    let mixed: Vec<_> = four.iter().chain(&five).copied().collect();
    for (id, linked) in [("four", &four), ("five", &five), ("mixed", &mixed)] {
        ledger.propose(id, "2025-05-01", "leave", HEARD, linked);
        ledger.approve(id, "2025-05-02");
        ledger.change(id, "2025-05-03", "leave", "2025-05-03", true);
    }
    // Before the first release point nothing is said but that it is feedback.
    let before = r5(&ledger, "2025-06-30");
    assert_eq!(
        (of(&before, "five", "because"), of(&before, "five", "items")),
        ("Feedback".into(), "[x] No release point yet".into())
    );
    ledger.release("summer", "2025-06-20");
    let report = r5(&ledger, "2025-06-30");
    assert_eq!(
        (of(&report, "four", "because"), of(&report, "four", "items")),
        ("Staff feedback".into(), "[c]".into())
    );
    assert_eq!(
        (of(&report, "five", "because"), of(&report, "five", "items")),
        ("Partner feedback".into(), "5".into())
    );
    // Four of the nine are staff: too few to be told apart.
    assert_eq!(
        (of(&report, "mixed", "because"), of(&report, "mixed", "items")),
        ("Feedback".into(), "9".into())
    );
    // No event of feedback stands behind any figure, and no id of an item in any output.
    let first_change = 3 + 9;
    let cells = report.tables.iter().flat_map(|table| &table.rows).flat_map(|row| &row.cells);
    assert!(cells.chain(&report.figures).flat_map(|it| &it.events).all(|it| *it < 3 || *it >= first_change));
    for format in Format::ALL {
        let text = render(&report, format, 120);
        assert!(mixed.iter().all(|id| !text.contains(&id.to_string())));
    }
}

#[test]
fn given_feedback_that_is_linked_between_release_points_when_it_is_reported_then_the_number_does_not_move() {
    let mut ledger = ledger();
    let items = ledger.feedback("2025-04-01", Respondents::Staff, 12);
    let partner = ledger.feedback("2025-04-01", Respondents::Partners, 1);
    ledger.propose("x", "2025-05-01", "leave", HEARD, &items[..6]);
    ledger.approve("x", "2025-05-02");
    ledger.change("x", "2025-05-03", "leave", "2025-05-03", true);
    ledger.release("first", "2025-06-01");
    let read = |ledger: &Chronicle| {
        let report = r5(ledger, "2025-09-30");
        (of(&report, "x", "because"), of(&report, "x", "items"))
    };
    assert_eq!(read(&ledger), ("Staff feedback".into(), "6".into()));
    // Six more and a partner's: the same until the next point, and then by six or more or not at all.
    for item in items[6..].iter().chain(&partner) {
        ledger.link(*item, "2025-06-02", "policy-change/x");
    }
    assert_eq!(read(&ledger), ("Staff feedback".into(), "6".into()));
    ledger.release("second", "2025-07-01");
    assert_eq!(read(&ledger), ("Feedback".into(), "13".into()));
    ledger.unlink(items[0], "2025-07-02", "policy-change/x");
    ledger.release("third", "2025-08-01");
    assert_eq!(read(&ledger), ("Feedback".into(), "13".into()));
}

#[test]
fn the_threshold_can_only_be_raised() {
    let mut ledger = ledger();
    let six = ledger.feedback("2025-04-01", Respondents::Staff, 6);
    ledger.propose("x", "2025-05-01", "leave", HEARD, &six);
    ledger.approve("x", "2025-05-02");
    ledger.change("x", "2025-05-03", "leave", "2025-05-03", true);
    ledger.settings(2);
    ledger.release("first", "2025-06-10");
    assert_eq!(of(&r5(&ledger, "2025-06-30"), "x", "items"), "6");
    ledger.settings(7);
    ledger.settings(5);
    ledger.release("second", "2025-06-20");
    assert_eq!(of(&r5(&ledger, "2025-06-30"), "x", "items"), "[c]");
}

#[test]
fn given_a_policy_when_its_day_has_passed_then_only_a_review_clears_it() {
    let mut ledger = ledger();
    ledger.policy("pay", "2025-03-01", "2025-06-01");
    assert_eq!(share(&r5(&ledger, "2025-06-01"), "r5.reviews_overdue"), (0, 2));
    let report = r5(&ledger, "2025-06-11");
    assert_eq!(share(&report, "r5.reviews_overdue"), (1, 2));
    assert_eq!(cell(&report, "policy/pay", "late"), "Late by 10 days");
    // A change is not a review.
    ledger.propose("rise", "2025-06-02", "pay", LAW, &[]);
    ledger.change("rise", "2025-06-03", "pay", "2025-06-03", false);
    assert_eq!(share(&r5(&ledger, "2025-06-11"), "r5.reviews_overdue"), (1, 2));
    // Looked at on 12 June, and due again on 1 September: 1 to 11 September is 10 days.
    let review = ledger.review_policy("pay", "2025-06-12", "2025-09-01");
    assert_eq!(share(&r5(&ledger, "2025-06-11"), "r5.reviews_overdue"), (1, 2));
    assert_eq!(share(&r5(&ledger, "2025-09-01"), "r5.reviews_overdue"), (0, 2));
    assert_eq!(cell(&r5(&ledger, "2025-09-11"), "policy/pay", "late"), "Late by 10 days");
    assert_eq!(figure(&r5(&ledger, "2025-09-11"), "r5.reviews_overdue").events, [review]);
    // A review that was taken back is none: 1 June to 11 September is 102 days.
    ledger.void(review, "2025-09-10");
    assert_eq!(cell(&r5(&ledger, "2025-09-11"), "policy/pay", "late"), "Late by 102 days");
}

#[test]
fn given_a_change_in_force_when_it_is_reversed_then_it_counts_and_is_shown_with_the_day() {
    let mut ledger = ledger();
    let six = ledger.feedback("2025-04-01", Respondents::Staff, 6);
    for (id, linked) in [("gone", &six[..]), ("stays", &[])] {
        ledger.propose(id, "2025-05-01", "leave", HEARD, linked);
        ledger.approve(id, "2025-05-02");
        ledger.change(
            id,
            "2025-05-03",
            "leave",
            if id == "gone" { "2025-06-01" } else { "2025-05-03" },
            true,
        );
    }
    let reversed = ledger.reverse("gone", "2025-07-15");
    let before = r5(&ledger, "2025-07-14");
    assert_eq!(of(&before, "gone", "state"), "In force");
    // The later of the two took the place of the earlier one while it was in force.
    assert_eq!(
        of(&before, "stays", "in_force"),
        "3 May 2025; superseded 1 Jun 2025 by \u{201c}Change gone\u{201d}"
    );
    assert_eq!(number(&before, "r5.reversed"), 0);
    let report = r5(&ledger, "2025-07-15");
    assert_eq!(of(&report, "gone", "in_force"), "1 Jun 2025; reversed 15 Jul 2025");
    assert_eq!(
        (of(&report, "gone", "state"), of(&report, "stays", "state")),
        ("Reversed".into(), "In force".into())
    );
    // It came into force in the period, and was linked in time: 1 of 2, reversed or not.
    assert_eq!((share(&report, "r5.provenance_share"), number(&report, "r5.reversed")), ((1, 2), 1));
    assert_eq!(subjects(&report, "r5.reversed"), ["policy-change/gone"]);
    assert!(figure(&report, "r5.reversed").events.contains(&reversed));
    ledger.void(reversed, "2025-08-01");
    assert_eq!(of(&r5(&ledger, "2025-08-01"), "gone", "state"), "In force");
}

#[test]
fn given_a_proposal_when_it_is_declined_or_abandoned_then_it_counts_nowhere_else() {
    let mut ledger = ledger();
    for id in ["no", "never", "wait"] {
        ledger.propose(id, "2025-05-01", "leave", LAW, &[]);
    }
    ledger.approve("never", "2025-05-05");
    let declined = ledger.decline("no", "2025-06-01");
    ledger.abandon("never", "2025-06-02");
    assert_eq!(number(&r5(&ledger, "2025-05-31"), "r5.to_come"), 3);
    let report = r5(&ledger, "2025-06-02");
    assert_eq!((number(&report, "r5.to_come"), number(&report, "r5.given_up")), (1, 2));
    assert_eq!(
        figure(&report, "r5.given_up").text,
        "1 proposal was declined and 1 abandoned in 2025-26, and counted nowhere else."
    );
    assert_eq!(subjects(&report, "r5.to_come"), ["policy-change/wait"]);
    ledger.void(declined, "2025-07-01");
    assert_eq!(number(&r5(&ledger, "2025-07-01"), "r5.to_come"), 2);
}

#[test]
fn a_voided_entry_in_the_register_is_no_change() {
    let mut ledger = ledger();
    ledger.propose("x", "2025-05-01", "leave", LAW, &[]);
    let changed = ledger.change("x", "2025-05-03", "leave", "2025-05-03", false);
    let void = ledger.void(changed, "2025-06-01");
    assert_eq!(number(&ask_known(ReportName::PolicyChanges, &ledger, "2025-06-30", void), "r5.changes"), 1);
    let report = r5(&ledger, "2025-06-30");
    assert_eq!((number(&report, "r5.changes"), number(&report, "r5.to_come")), (0, 1));
}

#[test]
fn the_first_day_in_force_decides_the_period() {
    let mut ledger = ledger();
    for (id, from) in [("before", "2025-03-31"), ("within", "2026-03-31"), ("after", "2026-04-01")] {
        ledger.propose(id, "2025-03-01", "leave", LAW, &[]);
        ledger.change(id, "2025-03-02", "leave", from, false);
    }
    assert_eq!(subjects(&r5(&ledger, "2026-06-30"), "r5.changes"), ["policy-change/within"]);
}

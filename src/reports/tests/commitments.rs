//! R1, by hand.

use super::{ask, ask_known, cell, figure, number, share, subjects};
use crate::domain::event::{
    ChangeNature, CommitmentFulfilled, Disposition, LearningOffered, Origin, Payload, ReviewOutcome,
};
use crate::domain::irregularity::Irregularity;
use crate::projections::chronicle::{Chronicle, codes};
use crate::reports::{Report, ReportName};

fn r1(ledger: &Chronicle, as_at: &str) -> Report {
    ask(ReportName::Commitments, ledger, as_at)
}

fn ledger() -> Chronicle {
    let mut ledger = Chronicle::opened(false);
    ledger.post("people", "Head of People");
    ledger.pledge(1, "2025-03-01", &[]);
    ledger.commitment("C10", "Safe and valued", "our staff feel safe, supported and valued", &["C2"]);
    ledger.commitment("C2", "Awareness", "raise awareness", &[]);
    ledger
}

fn last(report: &Report, commitment: &str) -> String {
    cell(report, &format!("commitment/{commitment}"), "last_evidence")
}

#[test]
fn lines_stand_in_the_order_in_which_people_read() {
    let report = r1(&ledger(), "2025-06-01");
    assert_eq!(subjects(&report, "r1.commitments"), ["commitment/C2", "commitment/C10"]);
    let of = |column: &str| cell(&report, "commitment/C10", column);
    assert_eq!(of("quote"), "\u{201c}our staff feel safe, supported and valued\u{201d}");
    assert_eq!(of("owner"), "Head of People");
    assert_eq!(of("kind"), "Continuing: kept or not kept in a period");
    assert_eq!(of("measure"), "[x] None agreed");
    assert_eq!(of("review"), "[x] Not yet reviewed");
    assert_eq!(of("open"), "[x] No action");
    assert_eq!(of("lineage"), "Version 1 of pledge, characters 10–20; delivers C2 (the pledge says so)");
    assert_eq!(
        cell(&report, "commitment/C2", "lineage"),
        "Version 1 of pledge, characters 10–20; delivered by C10"
    );
}

#[test]
fn silence_is_counted_as_silence() {
    let mut ledger = ledger();
    ledger.plan("a", "2025-03-20", "2025-06-01", &["C2"]);
    let report = r1(&ledger, "2025-06-01");
    assert_eq!(last(&report, "C10"), "[x] Nothing recorded");
    // C2 was named on 20 March, which is in the year before: silent in the period, not altogether.
    assert_eq!((share(&report, "r1.silent"), share(&report, "r1.silent_in_period")), ((1, 2), (2, 2)));
    assert_eq!(
        figure(&report, "r1.silent").text,
        "1 of 2 commitments has no evidence of any activity on record."
    );
    assert_eq!((share(&report, "r1.reviewed"), share(&report, "r1.measured")), ((0, 2), (0, 2)));
    assert_eq!(
        figure(&report, "r1.reviewed").text,
        "No commitment has been reviewed for 2025-26, so none can be called kept."
    );
}

#[test]
fn the_last_evidence_is_the_latest_day_that_has_come() {
    let mut ledger = ledger();
    // A plan, a round, a proposed change, evidence about the commitment, evidence about an action that serves it.
    ledger.plan("a", "2025-04-01", "2025-06-01", &["C10"]);
    assert_eq!(last(&r1(&ledger, "2025-12-31"), "C10"), "1 Apr 2025 (274 days before)");
    ledger.round("spring", "2025-05-01", &["C10"]);
    assert_eq!(last(&r1(&ledger, "2025-05-31"), "C10"), "1 May 2025 (30 days before)");
    let direct = ledger.evidence("minutes", "2025-06-01", "commitment/C10");
    let through = ledger.evidence("photo", "2025-07-01", "action/a");
    assert_eq!(last(&r1(&ledger, "2025-07-01"), "C10"), "1 Jul 2025 (the as-at day)");
    // As at an earlier day, and as known earlier.
    assert_eq!(last(&r1(&ledger, "2025-06-30"), "C10"), "1 Jun 2025 (29 days before)");
    let known = ask_known(ReportName::Commitments, &ledger, "2025-07-01", direct);
    assert_eq!(last(&known, "C10"), "1 May 2025 (61 days before)");
    // Taken back.
    ledger.void(through, "2025-07-02");
    assert_eq!(last(&r1(&ledger, "2025-07-01"), "C10"), "1 Jun 2025 (30 days before)");
    // Completing an action does not name a commitment.
    ledger.complete("a", "2025-06-20");
    assert_eq!(last(&r1(&ledger, "2025-07-01"), "C10"), "1 Jun 2025 (30 days before)");
    assert_eq!(last(&r1(&ledger, "2025-07-01"), "C2"), "[x] Nothing recorded");
}

#[test]
fn a_proposed_change_is_activity() {
    let mut ledger = Chronicle::opened(false);
    ledger.commitment("C1", "Listen", "we will listen", &[]);
    ledger.propose("x", "2025-05-01", "leave", (Origin::Law, ChangeNature::Substantive), &[]);
    assert_eq!(last(&r1(&ledger, "2025-05-02"), "C1"), "1 May 2025 (1 day before)");
}

#[test]
fn evidence_through_a_voided_plan_does_not_count() {
    let mut ledger = ledger();
    let plan = ledger.plan("a", "2025-04-01", "2025-06-01", &["C10"]);
    ledger.evidence("photo", "2025-05-01", "action/a");
    ledger.void(plan, "2025-05-02");
    let report = r1(&ledger, "2025-06-01");
    assert_eq!(last(&report, "C10"), "[x] Nothing recorded");
    assert_eq!(cell(&report, "commitment/C10", "open"), "[x] No action");
}

#[test]
fn actions_are_counted_by_where_they_stand() {
    let mut ledger = ledger();
    for id in ["open", "claimed", "verified", "cancelled"] {
        ledger.plan(id, "2025-04-01", "2025-06-01", &["C2", "C10"]);
    }
    ledger.complete("claimed", "2025-05-01");
    ledger.complete("verified", "2025-05-01");
    ledger.verify("verified", "2025-05-10");
    ledger.cancel("cancelled", "2025-05-01");
    let counts = |as_at: &str| {
        let report = r1(&ledger, as_at);
        ["open", "claimed", "verified"].map(|column| cell(&report, "commitment/C2", column))
    };
    assert_eq!(counts("2025-04-30"), ["4", "0", "0"]);
    assert_eq!(counts("2025-05-09"), ["1", "2", "0"]);
    assert_eq!(counts("2025-05-10"), ["1", "1", "1"]);
}

#[test]
fn what_a_later_version_gave_up_stays_listed_and_is_not_counted() {
    let mut ledger = ledger();
    ledger.pledge(2, "2025-09-01", &[("C2", Disposition::Withdrawn), ("C10", Disposition::Kept)]);
    let before = r1(&ledger, "2025-08-31");
    assert_eq!(share(&before, "r1.silent"), (2, 2));
    let after = r1(&ledger, "2025-09-01");
    assert_eq!(share(&after, "r1.silent"), (1, 1));
    assert!(cell(&after, "commitment/C2", "lineage").ends_with("; delivered by C10"));
    assert_eq!(cell(&after, "commitment/C2", "state"), "Withdrawn by version 2 of pledge 1 Sep 2025");
    assert_eq!(cell(&after, "commitment/C10", "state"), "Stands");
    assert!(cell(&after, "commitment/C10", "lineage").ends_with("; kept in version 2"));
}

#[test]
fn a_commitment_that_was_taken_back_stays_listed() {
    let mut ledger = ledger();
    ledger.void(3, "2025-04-01");
    let report = r1(&ledger, "2025-06-01");
    assert_eq!(cell(&report, "commitment/C10", "state"), "Taken back 1 Mar 2025: recorded in error");
    assert_eq!(share(&report, "r1.silent"), (1, 1));
    assert_eq!(cell(&report, "commitment/C2", "lineage"), "Version 1 of pledge, characters 10–20");
}

#[test]
fn given_what_is_done_once_when_it_names_a_commitment_then_it_is_activity() {
    // Learning, practice support, awareness, signposting, a survey result; and an agreed measure.
    for which in 0..5 {
        let mut ledger = ledger();
        ledger.activity(which, "x", "2025-05-02", &["C10"]);
        // 2 May to 1 June is 30 days.
        assert_eq!(last(&r1(&ledger, "2025-06-01"), "C10"), "2 May 2025 (30 days before)", "{which}");
        assert_eq!(last(&r1(&ledger, "2025-06-01"), "C2"), "[x] Nothing recorded");
    }
    let mut ledger = ledger();
    ledger.measure("m", "2025-05-02", "C10", ("days", None), None);
    assert_eq!(last(&r1(&ledger, "2025-05-03"), "C10"), "2 May 2025 (1 day before)");
}

#[test]
fn given_a_session_when_it_is_said_anew_for_another_commitment_then_it_is_activity_for_that_one() {
    let mut ledger = ledger();
    let offered = ledger.activity(0, "x", "2025-05-02", &["C10"]);
    ledger.evidence("photo", "2025-05-20", "session/x");
    assert_eq!(last(&r1(&ledger, "2025-06-01"), "C10"), "20 May 2025 (12 days before)");
    let Payload::LearningOffered(said) = ledger.facts[offered as usize].event.payload.clone() else {
        panic!("no session")
    };
    let anew = ledger.correct(offered, "2025-05-03", LearningOffered { commitments: codes(&["C2"]), ..said });
    let report = r1(&ledger, "2025-05-19");
    assert_eq!(
        (last(&report, "C10"), last(&report, "C2")),
        ("[x] Nothing recorded".into(), "3 May 2025 (16 days before)".into())
    );
    // The evidence goes with the session: 20 May to 1 June is 12 days.
    assert_eq!(last(&r1(&ledger, "2025-06-01"), "C2"), "20 May 2025 (12 days before)");
    // Without the correction it is as it was.
    ledger.void(anew, "2025-09-02");
    assert_eq!(last(&r1(&ledger, "2025-06-01"), "C10"), "20 May 2025 (12 days before)");
    assert_eq!(last(&r1(&ledger, "2025-06-01"), "C2"), "[x] Nothing recorded");
}

#[test]
fn given_evidence_when_it_is_rejected_or_withdrawn_then_it_shows_nothing_from_that_day_on() {
    for reject in [true, false] {
        let mut ledger = ledger();
        ledger.evidence("minutes", "2025-05-01", "commitment/C10");
        let fell = if reject {
            ledger.reject("minutes", "2025-06-01")
        } else {
            ledger.withdraw_evidence("minutes", "2025-06-01")
        };
        assert_eq!(last(&r1(&ledger, "2025-05-31"), "C10"), "1 May 2025 (30 days before)");
        assert_eq!(last(&r1(&ledger, "2025-06-01"), "C10"), "[x] Nothing recorded");
        ledger.void(fell, "2025-07-01");
        assert_eq!(last(&r1(&ledger, "2025-06-01"), "C10"), "1 May 2025 (31 days before)");
    }
}

#[test]
fn given_reviews_when_they_tell_of_the_period_then_the_one_of_the_latest_time_counts() {
    let mut ledger = ledger();
    ledger.post("audit", "Internal Audit");
    ledger.evidence("minutes", "2025-06-20", "commitment/C10");
    let q1 = ("2025-04-01", "2025-06-30");
    let q2 = ("2025-07-01", "2025-09-30");
    ledger.review("C10", "2025-07-10", q1, ReviewOutcome::Kept, &["minutes"], &[]);
    let kept = "Kept for 1 Apr 2025 to 30 Jun 2025 (reviewed 10 Jul 2025 by Internal Audit)";
    let of = |report: &Report| cell(report, "commitment/C10", "review");
    assert_eq!(of(&r1(&ledger, "2025-07-09")), "[x] Not yet reviewed");
    assert_eq!(of(&r1(&ledger, "2025-07-10")), kept);
    // The second quarter is later time, and stays so when the first is looked at once more.
    let marks = [Irregularity::SelfAssessed];
    let second = ledger.review("C10", "2025-10-10", q2, ReviewOutcome::NotKept, &[], &marks);
    ledger.review("C10", "2025-11-10", q1, ReviewOutcome::Partly, &[], &[]);
    let report = r1(&ledger, "2026-03-31");
    assert_eq!(
        of(&report),
        "Not kept for 1 Jul 2025 to 30 Sep 2025 (reviewed 10 Oct 2025 by Internal Audit, IRREGULAR: who looked is who \
         answers for it)"
    );
    assert_eq!(share(&report, "r1.reviewed"), (1, 2));
    assert_eq!(
        figure(&report, "r1.reviewed").text,
        "1 of 2 commitments was reviewed for 2025-26; by its latest review: 1 not kept."
    );
    // What is known of the first quarter's evidence does not matter; of the second there was none to fall.
    ledger.reject("minutes", "2025-11-20");
    assert!(!figure(&r1(&ledger, "2026-03-31"), "r1.reviewed").text.contains("fallen"));
    let first = r1(&ledger, "2025-09-30");
    assert!(figure(&first, "r1.reviewed").text.ends_with(": 1 kept."));
    // Without it, the last word on the first quarter.
    ledger.void(second, "2025-12-01");
    assert!(of(&r1(&ledger, "2026-03-31")).starts_with("Partly kept for 1 Apr 2025 to 30 Jun 2025"));
}

#[test]
fn given_a_review_of_another_time_when_the_period_has_none_then_it_is_not_yet_reviewed() {
    let mut ledger = ledger();
    ledger.evidence("minutes", "2025-03-20", "commitment/C10");
    let before = ("2025-03-01", "2025-03-31");
    ledger.review("C10", "2025-04-10", before, ReviewOutcome::Kept, &["minutes"], &[]);
    ledger.reject("minutes", "2025-05-01");
    let report = r1(&ledger, "2025-06-01");
    // The review stands, and what it rested on has fallen. Asked about its own year, the headline says so.
    let year = super::parameters("2025-06-01", ledger.facts.len() as u64, "2024-25");
    let then =
        crate::reports::report(ReportName::Commitments, &ledger.views(), &year, &super::stand()).unwrap();
    assert_eq!(
        figure(&then, "r1.reviewed").text,
        "1 of 2 commitments was reviewed for 2024-25; by its latest review: 1 kept. All the evidence of 1 of these has fallen since."
    );
    assert_eq!(
        cell(&report, "commitment/C10", "review"),
        "[x] Not yet reviewed for 2025-26; of another time: Kept for 1 Mar 2025 to 31 Mar 2025 (reviewed 10 Apr 2025 by \
         audit), but its evidence has fallen since"
    );
    assert_eq!(share(&report, "r1.reviewed"), (0, 2));
}

#[test]
fn given_ends_by_their_own_events_when_they_count_then_state_and_lineage_say_so() {
    let mut ledger = ledger();
    ledger.milestone("M1", "A plan");
    for id in ["C3", "C4", "C5"] {
        ledger.commitment(id, "A line", "a line of the pledge", &[]);
    }
    ledger.evidence("plan", "2025-05-01", "commitment/M1");
    let fulfilled = ledger.fulfil("M1", "2025-05-02", &["plan"]);
    ledger.merge("C3", "2025-06-01", "C2");
    ledger.supersede("C4", "2025-06-02", "C10");
    ledger.withdraw("C5", "2025-06-03");
    let before = r1(&ledger, "2025-05-01");
    // Of C2, C3, C4, C5, C10 and M1 all stand; in June four of the six have ended.
    assert_eq!((share(&before, "r1.silent").1, number(&before, "r1.ended")), (6, 0));
    let report = r1(&ledger, "2025-06-03");
    assert_eq!((share(&report, "r1.silent").1, number(&report, "r1.ended")), (2, 4));
    assert_eq!(
        figure(&report, "r1.ended").text,
        "4 commitments do not stand any more: 1 fulfilled, 1 merged into another, 1 superseded, 1 withdrawn."
    );
    let state = |report: &Report, id: &str| cell(report, &format!("commitment/{id}"), "state");
    assert_eq!(
        ["M1", "C3", "C4", "C5", "C2"].map(|id| state(&report, id)),
        [
            "Fulfilled 2 May 2025",
            "Merged into C2 1 Jun 2025",
            "Superseded by C10 2 Jun 2025",
            "Withdrawn 3 Jun 2025",
            "Stands"
        ]
    );
    assert!(cell(&report, "commitment/C2", "lineage").ends_with("; delivered by C10; takes in C3"));
    assert!(cell(&report, "commitment/C10", "lineage").ends_with("; takes the place of C4"));
    // A later version of the pledge that gives C3 up comes too late: it had been merged before.
    ledger.pledge(2, "2025-07-01", &[("C3", Disposition::Withdrawn), ("C2", Disposition::Superseded)]);
    let later = r1(&ledger, "2025-07-01");
    assert_eq!(state(&later, "C3"), "Merged into C2 1 Jun 2025");
    assert_eq!(state(&later, "C2"), "Superseded by version 2 of pledge 1 Jul 2025");
    // Said anew without evidence, on another day; and taken back.
    let anew = ledger.correct(fulfilled, "2025-05-09", CommitmentFulfilled { evidence: vec![] });
    assert_eq!(state(&r1(&ledger, "2025-05-08"), "M1"), "Stands");
    assert_eq!(state(&r1(&ledger, "2025-05-09"), "M1"), "Fulfilled 9 May 2025, without evidence");
    assert_eq!(
        state(&ask_known(ReportName::Commitments, &ledger, "2025-05-09", anew), "M1"),
        "Fulfilled 2 May 2025"
    );
    ledger.void(fulfilled, "2025-08-01");
    assert_eq!(state(&r1(&ledger, "2025-08-01"), "M1"), "Stands");
}

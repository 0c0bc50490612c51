//! Evidence after it was attached: challenged, upheld, rejected, withdrawn; and what may still rest on it.

use super::given;
use super::says::*;
use super::says_commitments::*;
use crate::domain::event::*;
use crate::domain::irregularity::Irregularity::*;
use crate::domain::rules::*;

fn attached() -> super::Given {
    given([planned("2025-04-01"), evidence("e", "action/a", "m")])
}

fn doubted() -> super::Given {
    attached().and([challenged("2025-04-16", "e")])
}

#[test]
fn evidence_is_doubted_and_stands_or_falls() {
    attached().when(challenged("2025-04-16", "e")).then_accepted().and_state("evidence/e", "CHALLENGED");
    doubted().when(rejected("2025-04-17", "e")).then_accepted().and_state("evidence/e", "REJECTED");
    doubted().when(upheld("2025-04-17", "e", "assessor")).then_accepted().and_state("evidence/e", "UPHELD");
    doubted()
        .and([upheld("2025-04-17", "e", "assessor"), challenged("2025-04-18", "e")])
        .when(rejected("2025-04-19", "e"))
        .then_accepted()
        .and_state("evidence/e", "REJECTED");
}

#[test]
fn evidence_is_withdrawn_while_it_stands() {
    let gone = || evidence_withdrawn("2025-04-20", "e");
    for was in [attached(), doubted(), doubted().and([upheld("2025-04-17", "e", "assessor")])] {
        was.when(gone()).then_accepted().and_state("evidence/e", "WITHDRAWN");
    }
}

#[test]
fn evidence_not_attached() {
    let every = |when: &str| {
        [
            challenged(when, "e"),
            upheld(when, "e", "assessor"),
            rejected(when, "e"),
            evidence_withdrawn(when, "e"),
        ]
    };
    for said in every("2025-04-16") {
        given([]).when(said).then_refused(&EVIDENCE_NOT_ATTACHED);
    }
    for said in every("2025-04-14") {
        attached().when(said).then_refused(&EVIDENCE_NOT_ATTACHED).because_of(1);
    }
}

#[test]
fn evidence_already_challenged() {
    doubted().when(challenged("2025-04-17", "e")).then_refused(&EVIDENCE_ALREADY_CHALLENGED).because_of(2);
}

#[test]
fn evidence_not_challenged() {
    let settled = || doubted().and([upheld("2025-04-17", "e", "assessor")]);
    for said in [upheld("2025-04-18", "e", "assessor"), rejected("2025-04-18", "e")] {
        attached().when(said.clone()).then_refused(&EVIDENCE_NOT_CHALLENGED).because_of(1);
        settled().when(said).then_refused(&EVIDENCE_NOT_CHALLENGED).because_of(3);
    }
}

#[test]
fn evidence_fallen() {
    let fell = || doubted().and([rejected("2025-04-17", "e")]);
    let gone = || doubted().and([evidence_withdrawn("2025-04-17", "e")]);
    for said in [
        challenged("2025-04-18", "e"),
        upheld("2025-04-18", "e", "assessor"),
        rejected("2025-04-18", "e"),
        evidence_withdrawn("2025-04-18", "e"),
    ] {
        fell().when(said.clone()).then_refused(&EVIDENCE_FALLEN).because_of(3);
        gone().when(said).then_refused(&EVIDENCE_FALLEN).because_of(3);
    }
}

#[test]
fn evidence_fallen_carries_nothing_any_more() {
    for fall in [rejected("2025-04-17", "e"), evidence_withdrawn("2025-04-17", "e")] {
        let was = || doubted().and([fall.clone()]);
        was().when(completed("2025-04-20", &["e"])).then_refused(&EVIDENCE_FALLEN).because_of(3);
        // It is judged by what the ledger holds when the link is made, whatever day the claim names.
        was().when(completed("2025-04-16", &["e"])).then_refused(&EVIDENCE_FALLEN).because_of(3);
        was()
            .and([completed("2025-04-20", &[])])
            .when(verified("2025-04-21", "assessor", &["e"]))
            .then_refused(&EVIDENCE_FALLEN)
            .because_of(3);
        // What rested on it before stays, and the fall taken back lets it carry again.
        doubted()
            .and([completed("2025-04-16", &["e"])])
            .when(fall.clone())
            .then_accepted()
            .and_state("action/a", "CLAIMED_COMPLETE");
        was().and([void("2025-04-18", &fall)]).when(completed("2025-04-20", &["e"])).then_accepted();
    }
    for (id, said) in [
        ("C1", reviewed("2025-07-01", "C1", ReviewOutcome::Kept, &["e"])),
        ("C3", fulfilled("2025-07-01", "C3", &["e"])),
    ] {
        let was = || given([milestone(), evidence("e", &format!("commitment/{id}"), "m")]);
        was().and([challenged("2025-04-16", "e")]).when(said.clone()).then_accepted();
        was()
            .and([evidence_withdrawn("2025-04-16", "e")])
            .when(said)
            .then_refused(&EVIDENCE_FALLEN)
            .because_of(2);
    }
}

#[test]
fn a_backdated_step_is_refused_where_it_would_leave_another_without_a_place() {
    doubted()
        .and([upheld("2025-04-18", "e", "assessor")])
        .when(evidence_withdrawn("2025-04-17", "e"))
        .then_refused(&EVIDENCE_FALLEN)
        .because_of(3);
    let doubt = challenged("2025-04-16", "e");
    attached()
        .and([doubt.clone(), upheld("2025-04-18", "e", "assessor")])
        .when(void("2025-04-19", &doubt))
        .then_refused(&EVIDENCE_NOT_CHALLENGED)
        .because_of(3);
    attached()
        .and([evidence_withdrawn("2025-04-18", "e")])
        .when(challenged("2025-04-17", "e"))
        .then_flagged(&[LateRecorded])
        .and_state("evidence/e", "WITHDRAWN");
}

#[test]
fn a_document_whose_evidence_was_withdrawn_is_attached_again_under_another_id() {
    let again = |id: &str| evidence(id, "action/a", "m");
    attached().when(again("f")).then_refused(&DOCUMENT_ALREADY_ATTACHED).because_of(1);
    doubted().when(again("f")).then_refused(&DOCUMENT_ALREADY_ATTACHED).because_of(1);
    let was = || doubted().and([evidence_withdrawn("2025-04-17", "e")]);
    was().when(again("e")).then_refused(&EVIDENCE_ALREADY_ATTACHED);
    was().when(again("f")).then_accepted().and_state("evidence/f", "ATTACHED");
    was().and([again("f")]).when(again("g")).then_refused(&DOCUMENT_ALREADY_ATTACHED).because_of(4);
    // What was rejected does not come again under another name.
    doubted()
        .and([rejected("2025-04-17", "e")])
        .when(again("f"))
        .then_refused(&DOCUMENT_ALREADY_ATTACHED)
        .because_of(1);
}

#[test]
fn evidence_about_feedback() {
    given([received("2025-04-01", 1)])
        .when(evidence("e", &item(1), "m"))
        .then_malformed(&EVIDENCE_ABOUT_FEEDBACK, "evidence_attached.about");
}

#[test]
fn self_upheld() {
    let by_head = || {
        given([planned("2025-04-01"), evidence("e", "action/a", "m").acted("head")])
            .and([challenged("2025-04-16", "e")])
    };
    by_head().when(upheld("2025-04-17", "e", "head")).then_flagged(&[SelfUpheld]);
    by_head().when(upheld("2025-04-17", "e", "assessor")).then_accepted();
    // One person holds `deputy` and `head`.
    by_head().when(upheld("2025-04-17", "e", "deputy")).then_flagged(&[SameHolder]);
    // Nobody said which post attached it.
    doubted().when(upheld("2025-04-17", "e", "head")).then_accepted();
    // Falling by one's own hand serves nobody.
    by_head()
        .when(on("2025-04-17", "evidence/e", EvidenceRejected { by_post: code("head"), reason: words() }))
        .then_accepted();
}

#[test]
fn whoever_doubts_and_decides_is_a_post_of_that_day() {
    let (when, subject) = ("2025-04-17", "evidence/e");
    let doubt = |post: &str| on(when, subject, EvidenceChallenged { by_post: code(post), reason: words() });
    let fall = |post: &str| on(when, subject, EvidenceRejected { by_post: code(post), reason: words() });
    attached().when(doubt("past")).then_refused(&POST_NOT_VALID);
    attached().when(doubt("nobody")).then_unknown("evidence_challenged.by_post", "post/nobody");
    doubted().when(fall("past")).then_refused(&POST_NOT_VALID);
    doubted().when(fall("nobody")).then_unknown("evidence_rejected.by_post", "post/nobody");
    doubted().when(upheld(when, "e", "past")).then_refused(&POST_NOT_VALID);
    doubted().when(upheld(when, "e", "nobody")).then_unknown("evidence_upheld.by_post", "post/nobody");
}

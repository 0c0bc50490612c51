//! Commitments after they were made: how they are reviewed, how they end, and what can be said of one that has ended.

use std::sync::Arc;

use super::given;
use super::says::*;
use super::says_commitments::*;
use crate::domain::command::Recorded;
use crate::domain::event::*;
use crate::domain::irregularity::Irregularity::*;
use crate::domain::rules::*;

#[test]
fn commitment_not_made() {
    given([]).when(given_up("2025-05-01", "C9")).then_refused(&COMMITMENT_NOT_MADE);
    given([commitment("C3")])
        .when(given_up("2025-01-31", "C3"))
        .then_refused(&COMMITMENT_NOT_MADE)
        .because_of(0);
    given([commitment("C3")])
        .when(given_up("2025-02-01", "C3"))
        .then_accepted()
        .and_state("commitment/C3", "WITHDRAWN");
}

#[test]
fn commitment_not_milestone() {
    given([commitment("C3")])
        .when(fulfilled("2025-05-01", "C3", &[]))
        .then_refused(&COMMITMENT_NOT_MILESTONE)
        .because_of(0);
    given([milestone()])
        .when(fulfilled("2025-05-01", "C3", &[]))
        .then_flagged(&[NoEvidence])
        .and_state("commitment/C3", "FULFILLED");
}

/// What is done for C1 from one day on.
fn work(when: &str) -> [Said; 3] {
    [planned(when), on(when, "round/r", feedback_sought()), proposed(when)]
}

#[test]
fn commitment_closed() {
    for said in work("2025-05-01") {
        given([policy(), given_up("2025-05-01", "C1")])
            .when(said)
            .then_refused(&COMMITMENT_CLOSED)
            .because_of(1);
    }
    for said in work("2025-04-30") {
        given([policy(), given_up("2025-05-01", "C1")]).when(said).then_accepted();
    }
    for said in [given_up("2025-05-02", "C1"), merged("2025-05-02", "C1", "C2")] {
        given([given_up("2025-05-01", "C1")]).when(said).then_refused(&COMMITMENT_CLOSED).because_of(0);
    }
}

#[test]
fn commitment_closed_by_a_new_version_of_its_pledge() {
    use Disposition::{Kept, Withdrawn};
    let second = pledge("2025-05-01", 2, &[("C1", Withdrawn), ("C2", Kept)]);
    let was = || given([policy(), second.clone()]);
    for said in work("2025-05-01") {
        was().when(said).then_refused(&COMMITMENT_CLOSED).because_of(1);
    }
    for said in work("2025-04-30").into_iter().chain(work("2025-05-01").map(for_the_other)) {
        was().when(said).then_accepted();
    }
    // The version is taken back, and with it what it closed.
    for said in work("2025-05-01") {
        was().and([void("2025-05-02", &second)]).when(said).then_accepted();
    }
}

/// The same work, done for C2.
fn for_the_other(said: Said) -> Said {
    said.with(|event| match &mut event.payload {
        Payload::ActionPlanned(planned) => planned.commitments = codes(&["C2"]),
        Payload::FeedbackSought(sought) => sought.commitments = codes(&["C2"]),
        Payload::PolicyChangeProposed(proposed) => proposed.commitments = codes(&["C2"]),
        other => panic!("no work: {other:?}"),
    })
}

#[test]
fn each_end_has_its_name_and_is_the_last() {
    let proof = || evidence("e", "commitment/C3", "m");
    for (end, name) in [
        (fulfilled("2025-05-01", "C3", &["e"]), "FULFILLED"),
        (merged("2025-05-01", "C3", "C2"), "MERGED"),
        (superseded("2025-05-01", "C3", "C2"), "SUPERSEDED"),
        (given_up("2025-05-01", "C3"), "WITHDRAWN"),
    ] {
        let was = || given([milestone(), proof()]);
        was().when(end.clone()).then_accepted().and_state("commitment/C3", name);
        for second in [
            fulfilled("2025-05-02", "C3", &["e"]),
            merged("2025-05-02", "C3", "C1"),
            superseded("2025-05-02", "C3", "C1"),
            given_up("2025-05-02", "C3"),
        ] {
            was().and([end.clone()]).when(second).then_refused(&COMMITMENT_CLOSED).because_of(2);
        }
        // An end before that end would make it untrue.
        was()
            .and([end.clone()])
            .when(given_up("2025-04-30", "C3"))
            .then_refused(&COMMITMENT_CLOSED)
            .because_of(2);
        // Taken back, it leaves the promise as it was.
        was()
            .and([end.clone()])
            .when(void("2025-05-02", &end))
            .then_accepted()
            .and_state("commitment/C3", "ACTIVE");
    }
}

#[test]
fn a_making_is_not_voided_while_its_end_stands() {
    let making = commitment("C3");
    given([making.clone(), given_up("2025-05-01", "C3")])
        .when(void("2025-05-02", &making))
        .then_refused(&COMMITMENT_NOT_MADE)
        .because_of(1);
}

#[test]
fn an_end_is_refused_where_a_version_of_the_pledge_disposed_of_the_commitment() {
    use Disposition::{Kept, Superseded};
    let second = pledge("2025-05-01", 2, &[("C1", Superseded), ("C2", Kept), ("C3", Superseded)]);
    for when in ["2025-04-30", "2025-05-01", "2025-05-02"] {
        for end in [
            given_up(when, "C1"),
            merged(when, "C1", "C2"),
            superseded(when, "C1", "C2"),
            fulfilled(when, "C3", &[]),
        ] {
            given([milestone(), second.clone()]).when(end).then_refused(&COMMITMENT_CLOSED).because_of(1);
        }
    }
    let kept = given([second.clone().with(|event| {
        if let Payload::PledgePublished(published) = &mut event.payload {
            published.dispositions.pop();
        }
    })]);
    kept.when(given_up("2025-05-02", "C2")).then_accepted();
}

#[test]
fn a_version_of_the_pledge_does_not_dispose_of_what_an_end_closed() {
    use Disposition::{Kept, Withdrawn};
    let was = || given([given_up("2025-05-01", "C1")]);
    let version = |when, c1: Option<Disposition>| {
        let c1 = c1.map(|disposition| ("C1", disposition));
        pledge(when, 2, &c1.into_iter().chain([("C2", Kept)]).collect::<Vec<_>>())
    };
    for when in ["2025-05-01", "2025-06-01"] {
        was().when(version(when, None)).then_accepted();
        for again in [Kept, Withdrawn] {
            was().when(version(when, Some(again))).then_refused(&COMMITMENT_ALREADY_CLOSED).because_of(0);
        }
    }
    // On the day before it was open: it was kept, but it did not end twice.
    let before = "2025-04-30";
    was().when(version(before, Some(Kept))).then_accepted();
    was().when(version(before, Some(Withdrawn))).then_refused(&COMMITMENT_ALREADY_CLOSED).because_of(0);
    was().when(version(before, None)).then_refused(&COMMITMENT_WITHOUT_DISPOSITION);
}

#[test]
fn goes_on_in_itself() {
    given([])
        .when(merged("2025-05-01", "C1", "C1"))
        .then_malformed(&GOES_ON_IN_ITSELF, "commitment_merged.into");
    given([])
        .when(superseded("2025-05-01", "C1", "C1"))
        .then_malformed(&GOES_ON_IN_ITSELF, "commitment_superseded.by");
}

#[test]
fn a_commitment_goes_on_in_one_that_is_known_and_open_that_day() {
    given([]).when(merged("2025-05-01", "C1", "C9")).then_unknown("commitment_merged.into", "commitment/C9");
    given([])
        .when(superseded("2025-05-01", "C1", "C9"))
        .then_unknown("commitment_superseded.by", "commitment/C9");
    let was = || given([given_up("2025-05-01", "C2")]);
    for end in [merged("2025-05-01", "C1", "C2"), superseded("2025-05-02", "C1", "C2")] {
        was().when(end).then_refused(&COMMITMENT_CLOSED).because_of(0);
    }
    was().when(merged("2025-04-30", "C1", "C2")).then_accepted();
    let second = pledge("2025-05-01", 2, &[("C1", Disposition::Kept), ("C2", Disposition::Withdrawn)]);
    given([second]).when(merged("2025-05-01", "C1", "C2")).then_refused(&COMMITMENT_CLOSED).because_of(0);
}

#[test]
fn commitment_not_yet_made() {
    let later = || commitment("C3").with(|event| event.occurred = planned("2025-06-01").event.occurred);
    for early in [superseded("2025-05-31", "C1", "C3"), merged("2025-05-31", "C1", "C3")] {
        given([later()]).when(early).then_refused(&COMMITMENT_NOT_YET_MADE).because_of(0);
    }
    given([later()]).when(superseded("2025-06-01", "C1", "C3")).then_accepted();
}

#[test]
fn succession_circle() {
    let chain =
        || given([commitment("C3"), merged("2025-05-01", "C3", "C2"), superseded("2025-05-02", "C2", "C1")]);
    chain().when(merged("2025-05-03", "C1", "C2")).then_refused(&SUCCESSION_CIRCLE).because_of(2);
    chain().when(merged("2025-05-03", "C1", "C3")).then_refused(&SUCCESSION_CIRCLE).because_of(2);
    // Before that day they were open; it would lead back all the same.
    chain().when(superseded("2025-04-30", "C1", "C3")).then_refused(&SUCCESSION_CIRCLE).because_of(2);
    chain().and([commitment("C4")]).when(merged("2025-05-03", "C1", "C4")).then_accepted();
}

#[test]
fn delivery_circle() {
    let delivering = |id: &str, to: &[&str]| {
        let mut payload = commitment_made();
        let delivery = |id: &&str| Delivery { commitment: code(id), basis: DeliveryBasis::Stated };
        payload.delivers = to.iter().map(delivery).collect();
        on("2025-02-01", &format!("commitment/{id}"), payload)
    };
    let first = delivering("C3", &[]);
    let was = || {
        given([first.clone(), delivering("C4", &["C1", "C3"]), delivering("C5", &["C2", "C4"])])
            .and([void("2025-02-01", &first)])
    };
    was().when(delivering("C3", &["C4"])).then_refused(&DELIVERY_CIRCLE).because_of(1);
    was().when(delivering("C3", &["C1", "C5"])).then_refused(&DELIVERY_CIRCLE).because_of(1);
    was().when(delivering("C3", &["C1", "C2"])).then_accepted();
}

fn proven() -> super::Given {
    given([
        milestone(),
        evidence("e", "commitment/C1", "m"),
        evidence("f", "commitment/C3", "m"),
        planned("2025-02-01"),
        evidence("g", "action/a", "m"),
    ])
}

#[test]
fn outcome_of_other_kind() {
    use ReviewOutcome::{Complete, Kept, Limited, NotKept, NotStarted, Partly, Substantial};
    let say = |id: &str, outcome, proof: &str| reviewed("2025-07-01", id, outcome, &[proof]);
    for outcome in [Kept, Partly, NotKept, ReviewOutcome::NoEvidence] {
        proven().when(say("C1", outcome, "e")).then_accepted().and_state("commitment/C1", "ACTIVE");
    }
    for outcome in [NotStarted, Limited, Substantial, Complete, ReviewOutcome::NoEvidence] {
        proven().when(say("C3", outcome, "f")).then_accepted().and_state("commitment/C3", "ACTIVE");
    }
    for outcome in [NotStarted, Limited, Substantial, Complete] {
        proven().when(say("C1", outcome, "e")).then_refused(&OUTCOME_OF_OTHER_KIND);
    }
    for outcome in [Kept, Partly, NotKept] {
        proven().when(say("C3", outcome, "f")).then_refused(&OUTCOME_OF_OTHER_KIND).because_of(0);
    }
}

#[test]
fn what_is_kept_or_complete_rests_on_evidence_about_it() {
    use ReviewOutcome::{Complete, Kept, NotKept, Substantial};
    let at = "commitment_reviewed.evidence";
    let say = |id: &str, outcome, proof: &[&str]| reviewed("2025-07-01", id, outcome, proof);
    proven().when(say("C1", Kept, &[])).then_malformed(&EVIDENCE_MISSING, at);
    proven().when(say("C3", Complete, &[])).then_malformed(&EVIDENCE_MISSING, at);
    proven().when(say("C1", NotKept, &[])).then_accepted();
    proven().when(say("C3", Substantial, &[])).then_accepted();
    proven().when(say("C1", Kept, &["e", "g"])).then_refused(&EVIDENCE_ABOUT_OTHER).because_of(4);
    proven().when(say("C1", Kept, &["f"])).then_refused(&EVIDENCE_ABOUT_OTHER).because_of(2);
    proven().when(say("C1", Kept, &["x"])).then_unknown(&format!("{at}[0]"), "evidence/x");
    proven().when(say("C1", Kept, &["e", "e"])).then_malformed(&NAMED_TWICE, &format!("{at}[1]"));
    proven().when(fulfilled("2025-07-01", "C3", &["f"])).then_accepted();
    proven().when(fulfilled("2025-07-01", "C3", &["e"])).then_refused(&EVIDENCE_ABOUT_OTHER).because_of(1);
}

fn review_of(from: &str, to: &str) -> impl FnOnce(&mut CommitmentReviewed) {
    let (from, to) = (day(from), day(to));
    move |review| (review.period_from, review.period_to) = (from, to)
}

fn review(when: &str, change: impl FnOnce(&mut CommitmentReviewed)) -> Said {
    let mut payload = commitment_reviewed(ReviewOutcome::NotKept, &[]);
    change(&mut payload);
    on(when, "commitment/C1", payload)
}

#[test]
fn a_review_is_of_a_period_that_runs_forwards_and_is_over() {
    let at = "commitment_reviewed.period_to";
    let say = |from, to| given([]).when(review("2025-07-01", review_of(from, to)));
    say("2025-05-02", "2025-05-01").then_malformed(&TERM_BACKWARDS, at);
    say("2025-05-02", "2025-07-02").then_malformed(&PERIOD_NOT_OVER, at);
    say("2025-07-01", "2025-07-01").then_accepted();
}

#[test]
fn a_closed_commitment_is_reviewed_for_a_period_that_began_before_it_closed() {
    let second = pledge("2025-05-01", 2, &[("C1", Disposition::Withdrawn), ("C2", Disposition::Kept)]);
    for end in [given_up("2025-05-01", "C1"), second] {
        let say = |from, to| given([end.clone()]).when(review("2025-07-01", review_of(from, to)));
        say("2025-04-30", "2025-06-30").then_accepted();
        say("2025-05-01", "2025-06-30").then_refused(&COMMITMENT_CLOSED).because_of(0);
        say("2025-05-02", "2025-06-30").then_refused(&COMMITMENT_CLOSED).because_of(0);
    }
    // An end that is backdated would leave a review of days on which there was no promise.
    given([review("2025-07-01", review_of("2025-05-02", "2025-06-30"))])
        .when(given_up("2025-05-01", "C1"))
        .then_refused(&COMMITMENT_CLOSED)
        .because_of(0);
}

#[test]
fn self_assessed() {
    let by = |when: &str, post: &str| review(when, |review| review.assessor_post = code(post));
    given([]).when(by("2025-07-01", "head")).then_flagged(&[SelfAssessed]);
    given([]).when(by("2025-07-01", "assessor")).then_accepted();
    // One person holds `deputy` and `head`.
    given([]).when(by("2025-07-01", "deputy")).then_flagged(&[SameHolder]);
    given([]).when(by("2025-07-01", "past")).then_refused(&POST_NOT_VALID);
    given([])
        .when(by("2025-07-01", "nobody"))
        .then_unknown("commitment_reviewed.assessor_post", "post/nobody");
    // Whoever owned it on that day counts, not whoever owns it now.
    let was = || given([reassigned("2025-07-10", "commitment/C1", "head", "assessor")]);
    was().when(by("2025-07-10", "assessor")).then_flagged(&[SelfAssessed]);
    was().when(by("2025-07-09", "assessor")).then_flagged(&[LateRecorded]);
    was().when(by("2025-07-09", "head")).then_flagged(&[LateRecorded, SelfAssessed]);
    was().when(by("2025-07-10", "head")).then_accepted();
}

#[test]
fn none_of_these_fits_another_kind_of_subject() {
    // No judged ledger holds this; a damaged one may, and it must not stop the fold.
    let life = given([]).ledger.life_of("post/head");
    for said in [
        reassigned("2025-05-01", "post/head", "head", "assessor"),
        measure("2025-05-01"),
        remeasured("2025-05-01"),
        reported("2025-05-01", "2025-04-01", "2025-04-30", None),
        review("2025-07-01", |_| ()),
        fulfilled("2025-05-01", "C1", &[]),
        merged("2025-05-01", "C1", "C2"),
        superseded("2025-05-01", "C1", "C2"),
        given_up("2025-05-01", "C1"),
        progressed("2025-05-01", 10),
        challenged("2025-05-01", "e"),
        upheld("2025-05-01", "e", "assessor"),
        rejected("2025-05-01", "e"),
        evidence_withdrawn("2025-05-01", "e"),
    ] {
        let fact = Arc::new(Recorded {
            sequence: 99,
            recorded_at: "2026-06-15T12:00:00Z".parse().unwrap(),
            source: said.source.clone(),
            irregularities: Vec::new(),
            event: Arc::new(said.event),
        });
        assert_eq!(life.state().after(&fact, day("2025-07-01")).unwrap_err().rule, &WRONG_KIND);
    }
}

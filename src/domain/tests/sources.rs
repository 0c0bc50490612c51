//! Posting systems: what they say that they posted, and which one goes on where another ended.

use super::says::*;
use super::says_operation::*;
use super::{Given, given};
use crate::domain::event::*;
use crate::domain::irregularity::Irregularity::*;
use crate::domain::rules::*;

const JUNE: (&str, &str) = ("2026-06-01", "2026-06-30");
const JULY: &str = "2026-07-01T09:00:00Z";

/// Two plans that the tracker posted in June, and a day after June.
fn june() -> (Given, [Said; 2]) {
    let plans = ["action/a", "action/b"].map(|id| on("2025-04-01", id, action_planned()).from("tracker"));
    (given(plans.clone()).at(JULY), plans)
}

fn june_of(source: &str, posted: &[&Said]) -> Said {
    stated(source, "2026-07-01", statement(JUNE.0, JUNE.1, posted))
}

/// Something that the tracker posts after it was succeeded.
fn plan() -> Said {
    on("2026-06-02", "action/a", ActionPlanned { first_due: day("2026-12-31"), ..action_planned() })
        .from("tracker")
}

#[test]
fn given_what_the_ledger_holds_when_stated_then_nothing_is_marked() {
    let (was, [one, two]) = june();
    was.when(june_of("tracker", &[&two, &one])).then_accepted().and_state("source/tracker", "POSTING");
}

#[test]
fn given_nothing_posted_when_nothing_is_stated_then_it_is_right() {
    let nil = june_of("survey", &[]);
    let Payload::SourceStatement(said) = &nil.event.payload else { panic!("a statement") };
    assert_eq!(said.digest.to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    june().0.when(nil).then_accepted();
}

#[test]
fn statement_mismatch() {
    let (mut was, [one, two]) = june();
    let unposted = planned("2025-04-01");
    let wrong: [&[&Said]; 4] = [&[], &[&one], &[&one, &two, &unposted], &[&one, &unposted]];
    for posted in wrong {
        was = was.when(june_of("tracker", posted)).then_flagged(&[StatementMismatch]).given;
    }
    // The right ids, miscounted.
    let miscounted = SourceStatement { count: 3, ..statement(JUNE.0, JUNE.1, &[&one, &two]) };
    was.when(stated("tracker", "2026-07-01", miscounted)).then_flagged(&[StatementMismatch]);
}

#[test]
fn given_a_period_without_a_sources_events_when_it_states_them_then_it_is_marked() {
    let (was, [one, two]) = june();
    let may = statement("2026-05-01", "2026-06-14", &[&one, &two]);
    was.when(stated("tracker", "2026-07-01", may)).then_flagged(&[StatementMismatch]);
}

#[test]
fn given_the_day_of_recording_when_it_is_an_end_of_the_period_then_it_belongs_to_it() {
    let (was, [one, two]) = june();
    let day = statement("2026-06-15", "2026-06-15", &[&one, &two]);
    was.when(stated("tracker", "2026-07-01", day)).then_accepted();
}

#[test]
fn given_a_statement_when_the_period_is_stated_again_then_the_later_record_stands() {
    let (was, [one, two]) = june();
    let (wrong, right) = (june_of("tracker", &[&one]), june_of("tracker", &[&one, &two]));
    let life = was.and([wrong, right.clone()]).ledger.life_of("source/tracker");
    let crate::domain::subject::State::Source(source) = life.state() else { panic!("a source") };
    let last = life.facts().last().map(|fact| fact.sequence);
    assert_eq!(source.statements.get(&(day(JUNE.0), day(JUNE.1))).copied(), last);
}

#[test]
fn given_a_statement_when_a_backdated_one_follows_then_the_later_record_stands_too() {
    let (was, [one, two]) = june();
    let backdated = stated("tracker", "2026-06-30", statement(JUNE.0, JUNE.1, &[&one, &two]));
    let outcome = was.and([june_of("tracker", &[&one])]).when(backdated).then_flagged(&[LateRecorded]);
    let life = outcome.given.ledger.life_of("source/tracker");
    let crate::domain::subject::State::Source(source) = life.state() else { panic!("a source") };
    let last = life.facts().last().map(|fact| fact.sequence);
    assert_eq!(source.statements.values().copied().next_back(), last);
}

#[test]
fn statement_too_long() {
    let over = |from, to| june().0.when(stated("survey", "2026-07-01", statement(from, to, &[])));
    over("2025-06-30", "2026-06-30").then_accepted();
    over("2025-06-29", "2026-06-30").then_malformed(&STATEMENT_TOO_LONG, "source_statement.period_to");
    over("2026-06-30", "2026-06-30").then_accepted();
    over("2026-06-30", "2026-06-29").then_malformed(&TERM_BACKWARDS, "source_statement.period_to");
}

#[test]
fn stated_period_not_over() {
    let (was, [one, two]) = june();
    let said = || stated("tracker", "2026-06-30", statement("2026-06-01", "2026-06-30", &[&one, &two]));
    // Midnight in London, which is an hour ahead of UTC in June.
    let was = was.at("2026-06-30T22:59:59Z");
    was.when(said()).then_refused(&STATED_PERIOD_NOT_OVER);
    june().0.and([]).at("2026-06-30T23:00:00Z").when(said()).then_flagged(&[StatementMismatch]);
}

#[test]
fn statement_of_other_source() {
    let (was, [one, two]) = june();
    let of_tracker = june_of("tracker", &[&one, &two]);
    was.when(of_tracker.clone().from("board")).then_refused(&STATEMENT_OF_OTHER_SOURCE);
    // Who succeeded it may state what it posted, however many went before; it may not state for its successors.
    let was = || {
        let (was, plans) = june();
        was.and([succeeded("2026-07-01", "tracker", "board"), succeeded("2026-07-01", "board", "desk")])
            .when(june_of("tracker", &[&plans[0], &plans[1]]).from("desk"))
            .then_accepted()
            .given
    };
    was().when(june_of("desk", &[]).from("board")).then_refused(&STATEMENT_OF_OTHER_SOURCE);
    was().when(june_of("desk", &[]).from("tracker")).then_refused(&STATEMENT_OF_OTHER_SOURCE);
}

#[test]
fn given_a_succession_when_voided_then_the_new_source_states_for_itself_alone() {
    let (was, [one, two]) = june();
    let succession = succeeded("2026-07-01", "tracker", "board");
    was.and([succession.clone(), void("2026-07-01", &succession)])
        .when(june_of("tracker", &[&one, &two]).from("board"))
        .then_refused(&STATEMENT_OF_OTHER_SOURCE);
}

#[test]
fn given_a_succession_when_the_old_source_posts_on_then_it_is_taken() {
    given([succeeded("2026-06-01", "tracker", "board")])
        .when(plan())
        .then_accepted()
        .and_state("source/tracker", "SUCCEEDED");
}

#[test]
fn source_already_succeeded() {
    let first = succeeded("2026-06-01", "tracker", "board");
    let was = || given([first.clone()]);
    let again = || succeeded("2026-06-02", "tracker", "desk");
    was().when(again()).then_refused(&SOURCE_ALREADY_SUCCEEDED).because_of(0);
    was()
        .when(succeeded("2026-05-01", "tracker", "desk"))
        .then_refused(&SOURCE_ALREADY_SUCCEEDED)
        .because_of(0);
    was().and([void("2026-06-02", &first)]).when(again()).then_accepted();
}

#[test]
fn source_succession_circle() {
    let was = || given([succeeded("2026-06-01", "a", "b"), succeeded("2026-06-01", "b", "c")]);
    was().when(succeeded("2026-06-02", "c", "a")).then_refused(&SOURCE_SUCCESSION_CIRCLE).because_of(1);
    given([succeeded("2026-06-01", "a", "b")])
        .when(succeeded("2026-06-02", "b", "a"))
        .then_refused(&SOURCE_SUCCESSION_CIRCLE)
        .because_of(0);
    was().when(succeeded("2026-06-02", "c", "d")).then_accepted();
    // Two systems may become one.
    was().when(succeeded("2026-06-02", "x", "c")).then_accepted();
}

#[test]
fn succeeds_itself() {
    given([])
        .when(succeeded("2026-06-01", "tracker", "tracker"))
        .then_malformed(&SUCCEEDS_ITSELF, "source_succeeded.to");
}

#[test]
fn operator_succeeded() {
    given([])
        .when(succeeded("2026-06-01", "operator", "tracker"))
        .then_malformed(&OPERATOR_SUCCEEDED, "subject");
    given([])
        .when(succeeded("2026-06-01", "tracker", "operator"))
        .then_malformed(&OPERATOR_SUCCEEDED, "source_succeeded.to");
}

#[test]
fn given_a_grant_when_the_source_states_and_is_succeeded_then_the_grant_stands() {
    let was = given([grant("tracker", &["action.*", "source.*"], &["*"], &["*"])])
        .and([
            stated("tracker", "2026-06-01", statement("2026-05-01", "2026-05-31", &[])),
            succeeded("2026-06-01", "tracker", "board"),
        ])
        .granted_only();
    was.when(plan())
        .then_accepted()
        .given
        .when(policy().from("tracker"))
        .then_not_granted("type policy.registered");
}

#[test]
fn given_statements_alone_when_grants_are_asked_for_then_there_is_none() {
    let said = stated("tracker", "2026-06-01", statement("2026-05-01", "2026-05-31", &[]));
    given([said.clone()]).when(plan()).then_accepted();
    given([said]).granted_only().when(plan()).then_not_granted("anything on this ledger");
}

#[test]
fn given_a_succession_when_a_grant_follows_then_both_are_held() {
    given([
        succeeded("2026-06-01", "tracker", "board"),
        grant("tracker", &["action.*", "source.*"], &["*"], &["*"]),
    ])
    .when(plan())
    .then_accepted()
    .and_state("source/tracker", "SUCCEEDED");
}

#[test]
fn succession_by_successor() {
    let usurped = || succeeded("2026-06-01", "tracker", "board").from("board");
    given([]).when(usurped()).then_refused(&SUCCESSION_BY_SUCCESSOR);
    given([]).when(usurped().from("governance")).then_accepted();
    given([]).when(usurped().from("tracker")).then_accepted();
    // Nor through one that it will succeed.
    given([succeeded("2026-05-01", "board", "desk")])
        .when(usurped().from("desk"))
        .then_refused(&SUCCESSION_BY_SUCCESSOR);
}

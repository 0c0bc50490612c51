//! Posts that end, units, and what is counted in them.

use super::given;
use super::says::*;
use super::says_people::*;
use crate::domain::irregularity::Irregularity::*;
use crate::domain::rules::*;

#[test]
fn given_a_post_when_it_is_retired_then_it_is_valid_to_its_last_day() {
    let was = || given([retired("2025-04-01", "head", "2025-03-31")]);
    let acted = |when| on(when, "action/a", action_planned()).acted("head");
    given([])
        .when(retired("2025-04-01", "head", "2025-03-31"))
        .then_accepted()
        .and_state("post/head", "RETIRED");
    was().when(acted("2025-04-01")).then_refused(&POST_NOT_VALID);
    let until = on("2025-03-31", "policy/p", policy().event.payload).acted("head");
    was().when(until).then_accepted();
}

#[test]
fn given_a_retired_post_when_it_is_registered_again_then_it_begins_later() {
    let was = || given([retired("2025-01-05", "head", "2025-03-31")]);
    let again = |from| {
        post("head", from, None, &[]).with(|event| {
            event.occurred = crate::domain::value::Occurred::Day(day("2025-01-06"));
        })
    };
    was().when(again("2025-03-31")).then_refused(&POST_OVERLAP);
    was().when(again("2025-04-01")).then_accepted().and_state("post/head", "REGISTERED");
    // The new term ends as the old one did.
    was()
        .and([again("2025-06-01")])
        .when(retired("2025-07-01", "head", "2025-06-30"))
        .then_accepted()
        .and_state("post/head", "RETIRED");
}

#[test]
fn given_a_retirement_when_it_is_voided_then_the_post_goes_on_unless_it_began_again() {
    let retirement = retired("2025-01-05", "head", "2025-03-31");
    given([retirement.clone()])
        .when(void("2025-01-07", &retirement))
        .then_accepted()
        .and_state("post/head", "REGISTERED");
    let again = post("head", "2025-06-01", None, &[]).with(|event| {
        event.occurred = crate::domain::value::Occurred::Day(day("2025-01-06"));
    });
    given([retirement.clone(), again])
        .when(void("2025-01-07", &retirement))
        .then_refused(&POST_OVERLAP)
        .because_of(1);
}

#[test]
fn given_a_retired_post_when_an_older_term_is_recorded_then_it_stays_retired() {
    let older = post("new", "2024-01-01", Some("2024-12-31"), &[]).with(|event| {
        event.occurred = crate::domain::value::Occurred::Day(day("2025-05-01"));
    });
    given([post("new", "2025-01-10", None, &[]), retired("2025-04-01", "new", "2025-03-31"), older])
        .when(retired("2025-05-02", "new", "2025-04-30"))
        .then_refused(&POST_ALREADY_RETIRED)
        .because_of(1)
        .and_state("post/new", "RETIRED");
}

#[test]
fn post_not_registered() {
    given([]).when(retired("2025-04-01", "nobody", "2025-03-31")).then_refused(&POST_NOT_REGISTERED);
    let was = || given([post("new", "2025-01-10", Some("2025-01-20"), &[])]);
    // Before it began; after its known end; on its known end, which says nothing new.
    was().when(retired("2025-02-01", "new", "2025-01-09")).then_refused(&POST_NOT_REGISTERED).because_of(0);
    was().when(retired("2025-02-01", "new", "2025-01-21")).then_refused(&POST_NOT_REGISTERED).because_of(0);
    was().when(retired("2025-02-01", "new", "2025-01-20")).then_accepted();
    was().when(retired("2025-02-01", "new", "2025-01-10")).then_accepted();
    // Before anybody knew the post.
    given([]).when(retired("2024-12-31", "head", "2025-03-31")).then_refused(&POST_NOT_REGISTERED);
}

#[test]
fn post_already_retired() {
    let was = || given([retired("2025-04-01", "head", "2025-03-31")]);
    for last_day in ["2025-03-01", "2025-03-31", "2025-05-01"] {
        was().when(retired("2025-05-02", "head", last_day)).then_refused(&POST_ALREADY_RETIRED).because_of(0);
    }
    // A backdated one would make the one that stands the second.
    was().when(retired("2025-02-01", "head", "2025-05-01")).then_refused(&POST_ALREADY_RETIRED).because_of(0);
}

#[test]
fn unit_overlap() {
    let was = || given([unit("u", "2025-01-01", Some("2025-03-31"), None)]);
    was().when(unit("u", "2025-03-31", None, None)).then_refused(&UNIT_OVERLAP).because_of(0);
    was().when(unit("u", "2024-01-01", None, None)).then_refused(&UNIT_OVERLAP).because_of(0);
    was().when(unit("u", "2024-01-01", Some("2025-01-01"), None)).then_refused(&UNIT_OVERLAP);
    was().when(unit("u", "2025-04-01", None, None)).then_accepted().and_state("unit/u", "REGISTERED");
    was().when(unit("u", "2024-01-01", Some("2024-12-31"), None)).then_accepted();
}

#[test]
fn given_a_unit_when_its_term_is_backwards_then_it_is_malformed() {
    given([])
        .when(unit("u", "2025-01-02", Some("2025-01-01"), None))
        .then_malformed(&TERM_BACKWARDS, "unit_registered.valid_to");
    given([]).when(unit("u", "2025-01-02", Some("2025-01-02"), None)).then_accepted();
}

#[test]
fn part_of_itself() {
    given([])
        .when(unit("u", "2025-01-01", None, Some("u")))
        .then_malformed(&PART_OF_ITSELF, "unit_registered.part_of");
    given([])
        .when(unit("u", "2025-01-01", None, Some("nothing")))
        .then_unknown("unit_registered.part_of", "unit/nothing");
}

#[test]
fn unit_circle() {
    let was = || {
        given([
            unit("c", "2025-01-01", Some("2025-03-31"), None),
            unit("b", "2025-01-01", None, Some("c")),
            unit("a", "2025-01-01", Some("2025-06-30"), Some("b")),
        ])
    };
    was().when(unit("c", "2025-04-01", None, Some("a"))).then_refused(&UNIT_CIRCLE).because_of(1);
    was().when(unit("c", "2025-06-30", None, Some("a"))).then_refused(&UNIT_CIRCLE).because_of(1);
    // From that day on, `a` is a part of nothing.
    was().when(unit("c", "2025-07-01", None, Some("a"))).then_accepted();
    was().when(unit("c", "2025-04-01", None, Some("b"))).then_refused(&UNIT_CIRCLE).because_of(1);
    was().when(unit("d", "2025-04-01", None, Some("a"))).then_accepted();
}

#[test]
fn given_two_units_when_their_order_is_turned_around_then_no_day_has_a_circle() {
    given([
        unit("small", "2024-01-01", Some("2024-12-31"), None),
        unit("big", "2024-01-01", Some("2024-12-31"), Some("small")),
        unit("big", "2025-01-01", None, None),
    ])
    .when(unit("small", "2025-01-01", None, Some("big")))
    .then_accepted();
}

#[test]
fn given_parts_on_days_that_never_meet_when_they_lead_back_then_no_day_has_a_circle() {
    let was = |b_in_c_from: &str| {
        given([
            unit("c", "2024-01-01", Some("2024-12-31"), None),
            unit("b", b_in_c_from, None, Some("c")),
            unit("a", "2025-01-01", Some("2025-03-31"), Some("b")),
        ])
    };
    let turned = || unit("c", "2025-01-01", None, Some("a"));
    was("2025-04-01").when(turned()).then_accepted();
    was("2025-03-31").when(turned()).then_refused(&UNIT_CIRCLE).because_of(1);
}

#[test]
fn given_a_unit_when_its_people_are_counted_then_it_is_accepted_once_a_day() {
    given_people([])
        .when(baseline("2025-04-01", "care", 30, 4))
        .then_accepted()
        .given
        .when(baseline("2025-04-02", "care", 31, 4))
        .then_accepted()
        .given
        .when(coverage("2025-04-02", "care", [30, 20, 10, 5, 1], [4, 4, 2, 1, 0]))
        .then_accepted();
}

#[test]
fn baseline_already_recorded() {
    let first = baseline("2025-04-01", "care", 30, 4);
    let again = || baseline("2025-04-01", "care", 31, 4);
    given_people([first.clone()]).when(again()).then_refused(&BASELINE_ALREADY_RECORDED).because_of(0);
    given_people([first.clone(), void("2025-04-02", &first)]).when(again()).then_flagged(&[LateRecorded]);
}

#[test]
fn coverage_already_recorded() {
    let said = || coverage("2025-04-01", "care", [30, 20, 10, 5, 1], [4, 4, 2, 1, 0]);
    given_people([said()]).when(said()).then_refused(&COVERAGE_ALREADY_RECORDED).because_of(0);
}

#[test]
fn unit_not_valid() {
    let was = || given_people([unit("u", "2025-03-01", Some("2025-04-30"), None)]);
    was().when(baseline("2025-03-01", "u", 30, 4)).then_accepted();
    was().when(baseline("2025-04-30", "u", 30, 4)).then_accepted();
    was().when(baseline("2025-02-28", "u", 30, 4)).then_refused(&UNIT_NOT_VALID).because_of(0);
    was().when(baseline("2025-05-01", "u", 30, 4)).then_refused(&UNIT_NOT_VALID).because_of(0);
    was()
        .when(coverage("2025-05-01", "u", [30, 20, 10, 5, 1], [4, 4, 2, 1, 0]))
        .then_refused(&UNIT_NOT_VALID)
        .because_of(0);
}

#[test]
fn given_no_unit_when_its_people_are_counted_then_it_is_unknown() {
    given([]).when(baseline("2025-04-01", "nothing", 30, 4)).then_unknown("subject", "unit/nothing");
    given([])
        .when(coverage("2025-04-01", "nothing", [1, 0, 0, 0, 0], [0, 0, 0, 0, 0]))
        .then_unknown("subject", "unit/nothing");
}

#[test]
fn given_a_unit_registered_late_when_its_past_is_counted_then_it_is_accepted_and_marked() {
    // Registered on 1 February 2025, for the time since 2024.
    given_people([]).when(baseline("2024-06-30", "care", 28, 4)).then_flagged(&[LateRecorded]);
}

#[test]
fn unit_in_use() {
    let registration = unit("u", "2025-01-01", None, None);
    let was = || given([registration.clone()]);
    was().when(void("2025-06-01", &registration)).then_accepted();
    let count = baseline("2025-04-01", "u", 30, 4);
    was()
        .and([count.clone()])
        .when(void("2025-06-01", &registration))
        .then_refused(&UNIT_IN_USE)
        .because_of(1);
    was()
        .and([coverage("2025-04-01", "u", [1, 0, 0, 0, 0], [0, 0, 0, 0, 0])])
        .when(void("2025-06-01", &registration))
        .then_refused(&UNIT_IN_USE)
        .because_of(1);
    // Another term does not cover that day.
    was()
        .and([unit("u", "2024-01-01", Some("2024-12-31"), None), count.clone()])
        .when(void("2025-06-01", &registration))
        .then_refused(&UNIT_IN_USE)
        .because_of(2);
    was()
        .and([count.clone(), void("2025-05-01", &count)])
        .when(void("2025-06-01", &registration))
        .then_accepted();
}

#[test]
fn leaders_above_staff() {
    given_people([])
        .when(baseline("2025-04-01", "care", 4, 5))
        .then_malformed(&LEADERS_ABOVE_STAFF, "workforce_baseline_recorded.leaders");
    given_people([]).when(baseline("2025-04-01", "care", 4, 4)).then_accepted();
    given_people([]).when(baseline("2025-04-01", "care", 0, 0)).then_accepted();
    given_people([]).when(coverage("2025-04-01", "care", [4; 5], [4; 5])).then_accepted();
    let names = ["people", "informed", "skilled", "enhanced", "specialist"];
    for (level, name) in names.into_iter().enumerate() {
        let mut leaders = [4; 5];
        leaders[..=level].fill(5);
        let mut staff = [5; 5];
        staff[level..].fill(4);
        given_people([])
            .when(coverage("2025-04-01", "care", staff, leaders))
            .then_malformed(&LEADERS_ABOVE_STAFF, &format!("learning_coverage_recorded.leaders.{name}"));
    }
}

#[test]
fn levels_not_nested() {
    let names = ["people", "informed", "skilled", "enhanced", "specialist"];
    for level in 1..5 {
        let mut counts = [3; 5];
        counts[level] = 4;
        given_people([]).when(coverage("2025-04-01", "care", counts, [0; 5])).then_malformed(
            &LEVELS_NOT_NESTED,
            &format!("learning_coverage_recorded.staff.{}", names[level]),
        );
        given_people([]).when(coverage("2025-04-01", "care", [9; 5], counts)).then_malformed(
            &LEVELS_NOT_NESTED,
            &format!("learning_coverage_recorded.leaders.{}", names[level]),
        );
    }
}

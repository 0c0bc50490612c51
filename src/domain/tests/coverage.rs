//! Every rule and every mark has a test that carries its name.

use crate::domain::decide::{Mention, mentions};
use crate::domain::irregularity::Irregularity;
use crate::domain::rules::{FORMS, RULES};

pub(super) const TESTS: &[&str] = &[
    include_str!("actions.rs"),
    include_str!("batches.rs"),
    include_str!("corrections.rs"),
    include_str!("commitments.rs"),
    include_str!("envelopes.rs"),
    include_str!("evidence.rs"),
    include_str!("feedback.rs"),
    include_str!("governance.rs"),
    include_str!("grants.rs"),
    include_str!("measures.rs"),
    include_str!("owners.rs"),
    include_str!("links.rs"),
    include_str!("loop_ends.rs"),
    include_str!("loop_feedback.rs"),
    include_str!("loop_replay.rs"),
    include_str!("loop_rounds.rs"),
    include_str!("learning.rs"),
    include_str!("operation.rs"),
    include_str!("people.rs"),
    include_str!("pledges.rs"),
    include_str!("policies.rs"),
    include_str!("replay.rs"),
    include_str!("sources.rs"),
    include_str!("surveys.rs"),
    include_str!("trust.rs"),
    include_str!("voids.rs"),
];

#[test]
fn every_rule_and_mark_has_a_test_of_its_name() {
    let rules = RULES.iter().map(|rule| rule.name).chain(FORMS.iter().map(|form| form.name));
    // The clock is the writer's: no judgement here marks it.
    let marks = Irregularity::ALL.iter().filter(|mark| **mark != Irregularity::ClockBehind);
    for name in rules.chain(marks.map(|mark| mark.as_str())) {
        let test = format!("fn {}()", name.to_lowercase());
        assert!(TESTS.iter().any(|file| file.contains(&test)), "no test is called {test}");
    }
}

#[test]
fn names_are_unique_and_explanations_short() {
    let mut names: Vec<_> =
        RULES.iter().map(|rule| rule.name).chain(FORMS.iter().map(|form| form.name)).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    assert!(RULES.iter().all(|rule| rule.explanation.len() <= 120));
}

#[test]
fn events_mention_what_rules_look_up() {
    use super::says::*;
    let subjects = |said: &Said| -> Vec<String> {
        let one = |mention: Mention| match mention {
            Mention::Subject(subject) => subject.to_string(),
            Mention::Code { list, code } => format!("code {list}/{code}"),
            Mention::Document { about, .. } => format!("document of {about}"),
            Mention::Erasure => "erasure".into(),
        };
        mentions(&said.event).into_iter().map(one).collect()
    };
    assert_eq!(subjects(&commitment("C1")), ["pledge/main", "code audience/staff"]);
    assert_eq!(subjects(&post("deputy", "2020-01-01", None, &["head"])), ["post/head"]);
    assert_eq!(subjects(&received("2025-05-01", 1)), ["code theme/rest", "code channel/box"]);
    assert_eq!(
        subjects(&evidence("e", "action/a", "m")),
        ["document of action/a", "code evidence-kind/minutes"]
    );
    assert_eq!(subjects(&proposed("2025-05-01")), ["policy/flex"]);
    assert_eq!(subjects(&changed("2025-05-01", "second")), ["policy/flex"]);
    assert_eq!(subjects(&closed("2025-05-01", 1)), ["code no-change-reason/cost"]);
    assert!(subjects(&planned("2025-05-01")).is_empty());
}

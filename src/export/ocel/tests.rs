//! What a log says of a ledger, looked up by hand; and that nothing in it leads nowhere.

use serde_json::Value;
use std::collections::BTreeSet;

use super::{Contents, Ocel};
use crate::domain::event::EventType;
use crate::projections::chronicle::Chronicle;

fn log(ledger: &Chronicle) -> (Value, Contents) {
    let mut ocel = Ocel::default();
    let mut text = ocel.begin().to_owned();
    for fact in &ledger.facts {
        text += &ocel.event(fact);
    }
    let (end, contents) = ocel.end();
    (serde_json::from_str(&(text + &end)).unwrap(), contents)
}

#[test]
fn given_an_action_with_what_it_serves_when_it_is_written_then_it_is_related_to_each_as_what_it_is() {
    let mut ledger = Chronicle::opened(false);
    ledger.at("2025-04-07T10:00:00Z").plan("old", "2025-04-07", "2025-08-29", &["C10"]);
    ledger.plan_replacing("new", "2025-04-07", "2025-09-30", &["C9", "C10"], Some("old"));
    let (log, contents) = log(&ledger);
    let planned = log["events"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (planned["type"].as_str(), planned["time"].as_str()),
        (Some("action.planned"), Some("2025-04-07T10:00:00Z"))
    );
    let related: BTreeSet<(&str, &str)> = planned["relationships"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["objectId"].as_str().unwrap(), it["qualifier"].as_str().unwrap()))
        .collect();
    for expected in [
        ("action/new", "about"),
        ("commitment/C9", "serves"),
        ("commitment/C10", "serves"),
        ("action/old", "replaces"),
    ] {
        assert!(related.contains(&expected), "{expected:?} in {related:?}");
    }
    assert_eq!(contents.events, ledger.facts.len() as u64);
}

/// A ledger with every kind of thing in it: whatever is named is there, whatever has a type has a declared one, and no
/// title is anywhere.
#[test]
fn given_a_years_events_when_they_are_written_then_every_relationship_leads_somewhere_and_no_words_are_told()
{
    let ledger = crate::reports::sample();
    let (log, contents) = log(&ledger);
    let names = |list: &str, key: &str| -> BTreeSet<String> {
        log[list].as_array().unwrap().iter().map(|it| it[key].as_str().unwrap().to_owned()).collect()
    };
    let (objects, kinds, types) =
        (names("objects", "id"), names("objectTypes", "name"), names("eventTypes", "name"));
    assert_eq!((objects.len() as u64, ledger.facts.len() as u64), (contents.objects, contents.events));
    let mut relationships = 0;
    for event in log["events"].as_array().unwrap() {
        assert!(types.contains(event["type"].as_str().unwrap()));
        for related in event["relationships"].as_array().unwrap() {
            relationships += 1;
            assert!(objects.contains(related["objectId"].as_str().unwrap()), "{related}");
        }
    }
    assert_eq!(relationships, contents.relationships);
    assert!(names("objects", "type").is_subset(&kinds));
    let text = log.to_string();
    for words in ["Head of People", "safe, supported", "Internal Audit", "wellbeing plan", "trauma"] {
        assert!(!text.contains(words), "{words}");
    }
    // Who answers for what, whom it came from, and what was marked.
    for expected in ["\"owner\"", "\"feedback\"", "\"of policy\"", "UNAPPROVED", "\"pledge/"] {
        assert!(text.contains(expected), "{expected}");
    }
}

/// Nothing else makes whoever adds a type of event say which subjects it names.
#[test]
fn given_a_new_type_of_event_when_this_fails_then_links_must_say_what_it_names() {
    assert_eq!(
        EventType::ALL.len(),
        76,
        "say in ocel/links.rs which subjects the new type names, then count it here"
    );
}

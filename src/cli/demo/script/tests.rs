//! What must hold of the script, whatever story it tells.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    mem::discriminant,
};

use super::super::pen::{Fill, Intent, Step};
use super::{founding, pledge, second, year};
use crate::domain::event::EventType;
use crate::grpc::wire::{Event, event::Payload, occurred::Precision};
use prost::Message as _;

/// What no step of the script says, and why.
const NOT_IN_THE_SCRIPT: &[(EventType, &str)] = &[
    (EventType::LedgerOpened, "the stage opens the ledgers"),
    (EventType::GrantChanged, "the stage grants"),
    (EventType::ClockCorrected, "a step of its own says it, without an event in the script"),
    (EventType::CosignatureRecorded, "the server records it when a witness has signed its checkpoint"),
    (EventType::KeyRotated, "a step of its own says it: the server alone has the ledger's signing key"),
    (EventType::LedgerRestored, "only a ledger that goes on from a copy says it, as its first word"),
];

fn years() -> [Vec<Step>; 2] {
    [year(), second::year()]
}

fn events() -> impl Iterator<Item = (Step, Event)> {
    events_of(year())
}

fn events_of(steps: Vec<Step>) -> impl Iterator<Item = (Step, Event)> {
    let with = |step: Step| step.events.clone().into_iter().map(move |event| (step.clone(), event));
    steps.into_iter().flat_map(with)
}

#[test]
fn the_script_is_the_same_twice() {
    assert_eq!(format!("{:?}", years()), format!("{:?}", years()));
}

#[test]
fn every_type_of_event_there_is_is_recorded_in_one_of_the_two_ledgers() {
    let steps: Vec<_> = years().into_iter().flatten().collect();
    let corrects_clock = steps.iter().any(|step| step.fill == Fill::Clock);
    let rotates_key = steps.iter().any(|step| step.fill == Fill::Key);
    let recorded = events_of(steps).filter(|(step, _)| step.intent == Intent::Record);
    let types: HashSet<_> = recorded.filter_map(|(_, event)| Some(discriminant(&event.payload?))).collect();
    assert!(corrects_clock && rotates_key);
    assert_eq!(types.len() + NOT_IN_THE_SCRIPT.len(), EventType::ALL.len());
}

#[test]
fn the_first_ledger_alone_has_all_but_what_the_real_pledge_cannot_bring() {
    let of = |steps: Vec<Step>| -> HashSet<_> {
        let recorded = events_of(steps).filter(|(step, _)| step.intent == Intent::Record);
        recorded.filter_map(|(_, event)| Some(discriminant(&event.payload?))).collect()
    };
    let [first, second] = years().map(of);
    // Fulfilled, merged, superseded, withdrawn; a source that another one succeeds.
    assert_eq!(second.difference(&first).count(), 5);
}

#[test]
fn the_second_story_is_read_in_a_few_minutes() {
    let recorded = events_of(second::year()).filter(|(step, _)| step.intent == Intent::Record);
    assert!((30..=80).contains(&recorded.count()));
}

#[test]
fn the_pledge_is_the_published_one_and_every_commitment_quotes_it_exactly() {
    use sha2::Digest as _;
    let sha256 = const_hex::encode(sha2::Sha256::digest(pledge::TEXT));
    assert_eq!(sha256, "27eb70d2531b0713ec5662d71112b047ca729c3ea52ae5ed4487440f3e6ca1fc");
    assert_eq!(pledge::TEXT.chars().count(), 2_077);
    let mut made = BTreeMap::new();
    for (step, event) in events() {
        if let (Intent::Record, Some(Payload::CommitmentMade(it))) = (step.intent, event.payload) {
            assert_eq!(it.quote, pledge::quote(it.span_start, it.span_end));
            assert!(!it.quote.starts_with(' ') && !it.quote.ends_with([' ', ',', '.']), "{}", it.quote);
            made.insert(event.subject, it);
        }
    }
    assert_eq!(made.len(), 16);
    assert_eq!(made["commitment/C14"].delivers.len(), 2);
    assert_eq!(made["commitment/C6"].delivers.len(), 5);
    assert!(made["commitment/C16"].quote.ends_with("how to access further support"));
}

#[test]
fn ids_are_unique_but_for_retries_and_one_collision_that_is_meant() {
    years().into_iter().for_each(ids_are_unique);
}

fn ids_are_unique(steps: Vec<Step>) {
    let mut seen: BTreeMap<(&str, String), Vec<u8>> = BTreeMap::new();
    for (step, event) in events_of(steps) {
        let (key, bytes) = ((step.source, event.event_id.clone()), event.encode_to_vec());
        match (step.intent, seen.get(&key)) {
            (Intent::Record, known) => assert!(known.is_none(), "{} {}", event.subject, event.event_id),
            (Intent::Repeat, known) => assert_eq!(known, Some(&bytes), "{}", event.subject),
            (Intent::Refuse("ID_TAKEN", _), known) => assert!(known.is_some_and(|known| *known != bytes)),
            // Sent again when the clock was right.
            (Intent::Refuse("READ_ONLY", _), _) => {}
            (Intent::Refuse(..), known) => assert!(known.is_none(), "{}", event.subject),
        }
        if step.intent == Intent::Record {
            seen.insert(key, bytes);
        }
    }
}

#[test]
fn events_about_feedback_have_ids_that_look_random_and_the_others_are_named() {
    for (_, event) in years().into_iter().flat_map(events_of) {
        let version = uuid::Uuid::parse_str(&event.event_id).unwrap().get_version_num();
        assert_eq!(version, if event.subject.starts_with("feedback/") { 4 } else { 5 }, "{}", event.subject);
    }
}

#[test]
fn nothing_is_posted_on_a_day_off_or_at_night_and_the_clock_never_goes_back() {
    for year in years() {
        assert!(year.is_sorted_by_key(|step| step.at));
        let off: BTreeSet<_> =
            year.iter().map(|step| step.at.date()).filter(|on| founding::is_day_off(*on)).collect();
        assert!(off.is_empty(), "days off: {off:?}");
        assert!(year.iter().all(|step| (9..18).contains(&step.at.hour())));
    }
}

#[test]
fn anonymous_items_tell_a_month_and_come_five_at_a_time() {
    for step in year() {
        let months = step.events.iter().filter(|event| {
            event.occurred.as_ref().is_some_and(|it| matches!(it.precision, Some(Precision::Month(_))))
        });
        let months = months.count();
        assert!(months == 0 || months >= 5 || matches!(step.intent, Intent::Refuse(..)), "{}", step.at);
    }
}

#[test]
fn there_are_thirty_two_councils_and_several_of_everything_that_goes_wrong() {
    assert_eq!(founding::council_codes(), 32);
    let steps: Vec<_> = years().into_iter().flatten().collect();
    let refused: BTreeSet<_> = steps
        .iter()
        .filter_map(|step| match step.intent {
            Intent::Refuse(reason, _) => Some(reason),
            _ => None,
        })
        .collect();
    assert!(refused.len() >= 20, "{refused:?}");
    assert!(steps.iter().filter(|step| step.intent == Intent::Repeat).count() >= 3);
}

#[test]
fn one_line_of_the_pledge_is_silent_all_year() {
    let about_c3 = events().filter(|(step, event)| {
        step.intent == Intent::Record
            && event.subject != "commitment/C3"
            && format!("{event:?}").contains("\"C3\"")
            && !matches!(event.payload, Some(Payload::CommitmentMade(_)))
    });
    assert_eq!(about_c3.count(), 0);
    let evidence = events().filter(|(_, event)| {
        matches!(&event.payload, Some(Payload::EvidenceAttached(it)) if it.about == "commitment/C3")
    });
    assert_eq!(evidence.count(), 0);
}

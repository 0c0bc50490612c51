//! The stored form: pinned bytes, and every form of damage refused.

use jiff::civil::date;
use proptest::prelude::*;
use sha2::Digest as _;
use uuid::Uuid;

use super::{action, cancelled, code, event, groundwork, opened};
use crate::domain::{
    event::{ActionCompleted, Alias, Event, EventType, Payload},
    value::Occurred,
};
use crate::journal::{codec, keys};

fn encoded(event: &Event) -> Vec<u8> {
    let mut bytes = Vec::new();
    codec::encode_into(event, &mut bytes).unwrap();
    bytes
}

fn fixed() -> Event {
    Event {
        id: Uuid::from_u128(0x0123_4567_89ab_4def_8123_4567_89ab_cdef),
        occurred: Occurred::Day(date(2025, 9, 30)),
        source_sequence: Some(41),
        actor_post: Some(code("head")),
        ..event("action/rest-spaces", ActionCompleted { evidence: vec![code("photo-1")] })
    }
}

#[test]
fn the_stored_form_of_schema_1_is_pinned() {
    let bytes = encoded(&fixed());
    assert_eq!(
        const_hex::encode(&bytes),
        concat!(
            "88a26964c4100123456789ab4def8123456789abcdef",
            "a474797065b0616374696f6e2e636f6d706c65746564",
            "a6736368656d6101",
            "a77375626a656374b2616374696f6e2f726573742d737061636573",
            "a86f63637572726564aa323032352d30392d3330",
            "af736f757263655f73657175656e636529",
            "aa6163746f725f706f7374a468656164",
            "a77061796c6f616481a865766964656e636591a770686f746f2d31",
        )
    );
}

#[test]
fn every_event_of_the_groundwork_is_read_back_as_it_was_written() {
    let mut events: Vec<Event> = groundwork().iter().map(|p| (*p.command.event).clone()).collect();
    events.extend([opened(), fixed(), (*action("a").command.event).clone()]);
    events.push((*cancelled("a", Uuid::new_v4(), 1, "No longer needed").command.event).clone());
    for event in events {
        assert_eq!(codec::decode(&encoded(&event)).unwrap(), event);
    }
}

#[test]
fn a_fingerprint_is_pinned_because_it_is_stored() {
    let source = super::source("tracker");
    let keys = keys::of(&source, &fixed());
    let digest = sha2::Sha256::digest(format!("{:032x} {:016x?}", keys.id, keys.subjects).as_bytes());
    assert_eq!(const_hex::encode(&digest[..8]), "e675ab9043996887");
}

#[test]
fn an_unknown_type_schema_or_field_is_refused() {
    let bytes = encoded(&fixed());
    let swapped = |from: &[u8], to: &[u8]| {
        let at = bytes.windows(from.len()).position(|w| w == from).unwrap();
        let mut bytes = bytes.clone();
        bytes[at..at + to.len()].copy_from_slice(to);
        codec::decode(&bytes)
    };
    assert!(swapped(b"action.completed", b"action.complexed").is_err());
    assert!(swapped(b"schema\x01", b"schema\x02").is_err());
    assert!(swapped(b"actor_post", b"actor_past").is_err());
    assert!(swapped(b"evidence", b"evidense").is_err());
}

/// A line a type and version, as `type schema hex`; that the lines are today's forms is tested where the samples are.
#[test]
fn every_version_of_every_type_that_there_ever_was_is_read() {
    let mut read = std::collections::BTreeMap::<(EventType, u16), usize>::new();
    for line in include_str!("stored.txt").lines() {
        let mut parts = line.split(' ');
        let event_type = EventType::parse(parts.next().unwrap()).unwrap();
        let schema: u16 = parts.next().unwrap().parse().unwrap();
        let bytes = const_hex::decode(parts.next().unwrap()).unwrap();
        let event = codec::decode(&bytes).unwrap();
        assert_eq!(event.payload.event_type(), event_type);
        // What is read is written in today's form, and read again as the same.
        let today = encoded(&event);
        assert_eq!(codec::decode(&today).unwrap(), event);
        assert_eq!(today == bytes, schema == event_type.schema(), "{line}");
        *read.entry((event_type, schema)).or_default() += 1;
    }
    for event_type in EventType::ALL {
        for schema in 1..=event_type.schema() {
            assert_eq!(read.get(&(*event_type, schema)), Some(&1), "{} {schema}", event_type.as_str());
        }
    }
}

#[test]
fn the_one_alias_of_schema_1_is_an_alias_for_all_days() {
    let line =
        include_str!("stored.txt").lines().find(|line| line.starts_with("code_list.adopted 1 ")).unwrap();
    let bytes = const_hex::decode(line.rsplit(' ').next().unwrap()).unwrap();
    let Payload::CodeListAdopted(list) = codec::decode(&bytes).unwrap().payload else { panic!("{line}") };
    let alias = Alias { code: code("S12000033"), valid_from: None, valid_to: None };
    assert_eq!(list.entries[0].aliases, [alias]);
}

proptest! {
    #[test]
    fn damaged_bytes_never_panic(at in 0_usize..160, with: u8, cut in 0_usize..200) {
        let mut bytes = encoded(&fixed());
        let at = at % bytes.len();
        bytes[at] = with;
        bytes.truncate(cut.max(1));
        // Either it is refused, or it is an event that is written back the same way or shorter: never a panic.
        if let Ok(event) = codec::decode(&bytes) {
            let _ = encoded(&event);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
        let _ = codec::decode(&bytes);
    }
}

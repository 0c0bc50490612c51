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

/// Every pinned form of every type.
fn pinned() -> Vec<Vec<u8>> {
    let lines = include_str!("stored.txt").lines();
    lines.map(|line| const_hex::decode(line.rsplit(' ').next().unwrap()).unwrap()).collect()
}

#[test]
fn given_a_stored_form_when_its_type_alone_is_asked_for_then_it_is_that_of_the_event() {
    for bytes in pinned() {
        let event = codec::decode(&bytes).unwrap();
        assert_eq!(codec::type_of(&bytes), Some(event.payload.event_type().as_str()));
        // Cut within what is asked for, there is none; cut behind it, the rest is not looked at.
        let asked = bytes
            .windows(9)
            .position(|it| it == b"\xa6schema\x01\xa7" || it == b"\xa6schema\x02\xa7")
            .unwrap();
        assert!((0..asked).all(|at| codec::type_of(&bytes[..at]).is_none()));
        assert!(codec::type_of(&bytes[..asked]).is_some());
    }
}

/// Both deserializers open the same event, or both none; which, if any.
fn opened_by_both(bytes: &[u8]) -> Option<Event> {
    let (own, theirs) = (codec::decode(bytes), codec::decode_by_the_writers_crate(bytes));
    assert_eq!(own.as_ref().ok(), theirs.as_ref().ok(), "{own:?} {theirs:?} {}", const_hex::encode(bytes));
    own.ok()
}

#[test]
fn given_a_stored_form_with_any_one_byte_changed_or_cut_when_it_is_opened_then_both_deserializers_say_the_same()
 {
    // Every head of MessagePack but those that hold a short length or number, of which the ends; and some that are none.
    let heads = (0xc0..=0xdf).chain([0, 1, b'-', b'/', b'a', 0x7f, 0x80, 0x81, 0x8f, 0x90, 0x91, 0x9f, 0xa0]);
    let heads: Vec<u8> = heads.chain([0xa1, 0xbf, 0xe0, 0xff]).collect();
    for bytes in pinned() {
        let whole = opened_by_both(&bytes);
        assert!(whole.is_some());
        for at in 0..bytes.len() {
            assert_eq!(opened_by_both(&bytes[..at]), None);
            let mut changed = bytes.clone();
            for with in heads.iter().copied().chain([bytes[at] ^ 1, bytes[at] ^ 0x80]) {
                changed[at] = with;
                opened_by_both(&changed);
            }
        }
    }
}

/// A value of MessagePack that may stand in the place of another, of every form.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let number = (
        any::<u64>(),
        prop_oneof![
            Just((0xcc_u8, 1_usize)),
            Just((0xcd, 2)),
            Just((0xce, 4)),
            Just((0xcf, 8)),
            Just((0xd0, 1)),
            Just((0xd1, 2)),
            Just((0xd2, 4)),
            Just((0xd3, 8)),
            Just((0xca, 4)),
            Just((0xcb, 8))
        ],
    );
    let number =
        number.prop_map(|(value, (head, width))| [&[head][..], &value.to_be_bytes()[8 - width..]].concat());
    let text = (
        "[ -~é]{0,40}",
        prop_oneof![Just(0xa0_u8), Just(0xd9), Just(0xda), Just(0xdb), Just(0xc4), Just(0xc5), Just(0xc6)],
    );
    let text = text.prop_map(|(text, head)| {
        let length = (text.len() as u32).to_be_bytes();
        let head = match head {
            0xa0 => vec![0xa0 | (text.len() as u8).min(31)],
            0xd9 | 0xc4 => vec![head, length[3]],
            0xda | 0xc5 => vec![head, length[2], length[3]],
            _ => [&[head][..], &length].concat(),
        };
        [&head[..], text.as_bytes()].concat()
    });
    let bytes = proptest::collection::vec(any::<u8>(), 0..34)
        .prop_map(|bytes| [&[0xc4, bytes.len() as u8][..], &bytes].concat());
    let small =
        any::<u8>().prop_filter("a head alone", |head| !matches!(head, 0x80..=0xbf | 0xc1 | 0xc4..=0xdf));
    let leaf = prop_oneof![number, text, bytes, small.prop_map(|head| vec![head])];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let items = proptest::collection::vec(inner, 0..4);
        (items, any::<bool>(), any::<bool>()).prop_map(|(items, map, wide)| {
            let count = if map { items.len() / 2 } else { items.len() } as u8;
            let head = match (map, wide) {
                (false, false) => vec![0x90 | count],
                (false, true) => vec![0xdc, 0, count],
                (true, false) => vec![0x80 | count],
                (true, true) => vec![0xde, 0, count],
            };
            let taken = if map { 2 * usize::from(count) } else { items.len() };
            [head, items[..taken].concat()].concat()
        })
    })
}

/// Where the value at `at` ends.
fn end(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    let (head, one) = (rest[0], usize::from(*rest.get(1).unwrap_or(&0)));
    let items = |from: usize, count: usize| (0..count).fold(from, |at, _| end(bytes, at));
    match head {
        0xa0..=0xbf => at + 1 + usize::from(head & 0x1f),
        0xd9 | 0xc4 => at + 2 + one,
        0xda | 0xc5 => at + 3 + 256 * one + usize::from(rest[2]),
        0x90..=0x9f => items(at + 1, usize::from(head & 0x0f)),
        0x80..=0x8f => items(at + 1, 2 * usize::from(head & 0x0f)),
        0xdc => items(at + 3, usize::from(rest[2])),
        0xcc | 0xd0 => at + 2,
        0xcd | 0xd1 => at + 3,
        0xca | 0xce | 0xd2 => at + 5,
        0xcb | 0xcf | 0xd3 => at + 9,
        _ => at + 1,
    }
}

/// Where the values of a map begin, at every depth.
fn values(bytes: &[u8], at: usize, found: &mut Vec<usize>) {
    let (count, each) = match bytes[at] {
        head @ 0x80..=0x8f => (usize::from(head & 0x0f), 2),
        head @ 0x90..=0x9f => (usize::from(head & 0x0f), 1),
        _ => return,
    };
    let mut at = at + 1;
    for _ in 0..count {
        let value = if each == 2 { end(bytes, at) } else { at };
        found.push(value);
        values(bytes, value, found);
        at = end(bytes, value);
    }
}

proptest! {
    #[test]
    fn given_a_stored_form_with_another_value_in_it_when_it_is_opened_then_both_deserializers_say_the_same(
        line in any::<prop::sample::Index>(), place in any::<prop::sample::Index>(), other in value()
    ) {
        let forms = pinned();
        let bytes = &forms[line.index(forms.len())];
        let mut places = Vec::new();
        values(bytes, 0, &mut places);
        let at = places[place.index(places.len())];
        let exchanged = [&bytes[..at], &other, &bytes[end(bytes, at)..]].concat();
        opened_by_both(&exchanged);
    }

    #[test]
    fn damaged_bytes_never_panic(at in 0_usize..160, with: u8, cut in 0_usize..200) {
        let mut bytes = encoded(&fixed());
        let at = at % bytes.len();
        bytes[at] = with;
        bytes.truncate(cut.max(1));
        // Either it is refused, or it is an event that is written back the same way or shorter: never a panic.
        if let Some(event) = opened_by_both(&bytes) {
            let _ = encoded(&event);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
        opened_by_both(&bytes);
    }
}

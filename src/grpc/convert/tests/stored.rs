//! The stored form of every type in every version, pinned in `src/journal/tests/stored.txt`: a line holds a type, its
//! schema and the event's bytes. A sample has every field, so a payload that gains one no longer gives its line: the
//! type's schema then goes up by one, the old line stays, and `PLEDGEBOOK_BLESS=1` adds the new one.

use std::fmt::Write as _;
use std::path::Path;
use uuid::Uuid;

use super::{event, parsed, samples};
use crate::domain::event::Event;
use crate::domain::value::{Sha256, Words};
use crate::journal::codec;

/// The sample as it would be stored, with words whose nonce is not random.
fn stored(number: usize, message: super::Message) -> (String, Vec<u8>) {
    let mut event: Event = (*parsed(event(message)).command.event).clone();
    event.id = Uuid::from_u128(0x0b9e_1f4c_6f0e_4a53_9f5e_0000_0000_0000 + number as u128);
    for (_, words) in event.payload.words_mut() {
        *words = Words(Sha256([0xa5; 32]));
    }
    let event_type = event.payload.event_type();
    let mut bytes = Vec::new();
    codec::encode_into(&event, &mut bytes).unwrap();
    assert_eq!(codec::decode(&bytes).unwrap(), event, "{}", event_type.as_str());
    (format!("{} {}", event_type.as_str(), event_type.schema()), bytes)
}

#[test]
fn the_stored_form_of_every_type_is_pinned() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/journal/tests/stored.txt");
    let mut pinned = std::fs::read_to_string(&path).unwrap_or_default();
    for (number, sample) in samples().into_iter().enumerate() {
        let (name, bytes) = stored(number, sample);
        let line = format!("{name} {}", const_hex::encode(bytes));
        if pinned.lines().any(|pinned| pinned == line) {
            continue;
        }
        let known = pinned.lines().any(|pinned| pinned.starts_with(&format!("{name} ")));
        assert!(!known, "{name} is stored in another form than before: its schema must go up by one");
        assert!(std::env::var_os("PLEDGEBOOK_BLESS").is_some(), "{name} is not pinned: bless it");
        writeln!(pinned, "{line}").unwrap();
        std::fs::write(&path, &pinned).unwrap();
    }
}

/// A poster may send again what an earlier version of the ledger took: it is then the same event, and a repeat.
#[test]
fn what_was_posted_under_an_older_schema_is_the_same_when_it_is_posted_again() {
    let pinned = include_str!("../../../journal/tests/stored.txt");
    let line = pinned.lines().find(|line| line.starts_with("code_list.adopted 1 ")).unwrap();
    let recorded = codec::decode(&const_hex::decode(line.rsplit(' ').next().unwrap()).unwrap()).unwrap();
    let posted = samples().into_iter().find_map(|sample| match sample {
        super::Message::CodeListAdopted(mut list) => {
            list.entries[0].aliases.clear();
            list.entries[0].alias = "S12000033".into();
            Some(list)
        }
        _ => None,
    });
    let mut again = event(super::Message::CodeListAdopted(posted.unwrap()));
    again.event_id = recorded.id.to_string();
    assert_eq!(*parsed(again).command.event, recorded);
}

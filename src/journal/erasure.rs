//! What a recorded erasure asks of the words store.
//!
//! Invariant: words are erased only because a committed `ContentErased` says so, and exactly those that its request
//! names, as it stood then; whatever is committed and not yet erased is found again at the next start. It must not know
//! how words are erased.

use jiff::tz::TimeZone;
use std::sync::Arc;
use storage::{Erasure, Reader};

use super::{Refused, keys, world};
use crate::domain::{
    command::Recorded,
    decide::Mention,
    event::Payload,
    id::{Code, Subject},
    subject::Life,
};

/// The words that a `ContentErased` about `subject` says are erased, when `before` are the facts about the subject that
/// were recorded before it: those that the request names, by its last correction if it was corrected by then.
/// References to content that stands elsewhere name no words.
pub fn named(subject: &Subject, before: Vec<Arc<Recorded>>) -> Vec<Erasure> {
    // Which request stands does not depend on where days begin.
    let life = Life::from_facts(subject.clone(), before, &TimeZone::UTC);
    let standing = life.facts().iter().filter_map(|fact| life.as_it_stands(fact.sequence));
    let requested = standing.filter_map(|fact| match &fact.event.payload {
        Payload::ErasureRequested(requested) => Some(&requested.references),
        _ => None,
    });
    let erasure = |sequence, field: Option<&str>| Erasure { sequence, field: field.map(str::to_owned) };
    requested.flatten().map(|it| erasure(it.sequence, it.field.as_ref().map(Code::as_str))).collect()
}

/// The words that any `ContentErased` that was committed at or after `first` says are erased, found through the index.
pub(super) fn since(reader: &Reader, first: u64) -> Result<Vec<Erasure>, Refused> {
    let is_late = |fact: &Recorded| fact.sequence >= first;
    each(reader, &world::facts(reader, keys::mention(&Mention::Erasure), is_late)?)
}

/// The words that the committed `ContentErased` among `facts` say are erased.
pub(super) fn each(reader: &Reader, facts: &[Arc<Recorded>]) -> Result<Vec<Erasure>, Refused> {
    let mut erasures = Vec::new();
    // A correction of one says nothing new about words.
    for fact in facts.iter().filter(|fact| matches!(fact.event.payload, Payload::ContentErased(_))) {
        let subject = &fact.event.subject;
        let before = world::facts(reader, keys::about(subject), |other| {
            other.sequence < fact.sequence && other.event.subject == *subject
        })?;
        erasures.extend(named(subject, before));
    }
    Ok(erasures)
}

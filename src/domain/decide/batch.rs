//! What only a whole request can show.
//!
//! Invariant: both functions read the commands alone, and an index always means the place in the request.

use std::collections::BTreeSet;

use crate::domain::command::Command;
use crate::domain::event::{Anonymity, Payload};
use crate::domain::rejection::Rejection;
use crate::domain::rules;

/// The fewest anonymous items in one request: among fewer, the poster's own log would tell who spoke.
pub const ANONYMOUS_RELEASE: usize = 5;

/// Judges what only a whole request can show: the index and the refusal. Give it the events that are *new*: a repeat
/// in the request would otherwise help a single anonymous item through.
pub fn judge_batch(commands: &[Command]) -> Result<(), (usize, Rejection)> {
    let mut ids = BTreeSet::new();
    for (index, command) in commands.iter().enumerate() {
        if !ids.insert((&command.source, command.event.id)) {
            return Err((index, rules::ID_TWICE_IN_REQUEST.at("event_id")));
        }
    }
    let mut anonymous = commands.iter().enumerate().filter(|(_, command)| is_anonymous(command));
    match anonymous.next() {
        Some((first, _)) if 1 + anonymous.count() < ANONYMOUS_RELEASE => {
            Err((first, rules::ANONYMOUS_RELEASE_TOO_SMALL.refusal(None)))
        }
        _ => Ok(()),
    }
}

/// The order in which a request is recorded: as posted, but anonymous feedback takes its places ordered by its random
/// ids, so that the ledger does not tell the order in which people spoke. Returns indices into `commands`.
pub fn recording_order(commands: &[Command]) -> Vec<usize> {
    let places: Vec<usize> = (0..commands.len()).filter(|&index| is_anonymous(&commands[index])).collect();
    let mut by_id = places.clone();
    by_id.sort_by_key(|&index| (&commands[index].event.subject, commands[index].event.id));
    let mut order: Vec<usize> = (0..commands.len()).collect();
    for (place, index) in places.into_iter().zip(by_id) {
        order[place] = index;
    }
    order
}

fn is_anonymous(command: &Command) -> bool {
    matches!(&command.event.payload, Payload::FeedbackReceived(f) if f.anonymity == Anonymity::Anonymous)
}

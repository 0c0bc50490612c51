//! The words for what keeps the ledger itself honest: sources, erasures, release points, reports, opinions, the clock.
//!
//! Invariant: what these say on their own is acceptable on the ground; each test bends one thing.

use sha2::Digest;

use super::says::*;
use crate::domain::event::*;
use crate::domain::id::SourceName;
use crate::domain::value::Sha256;

/// A statement that these events, and no others, were posted.
pub(super) fn statement(from: &str, to: &str, posted: &[&Said]) -> SourceStatement {
    let mut ids: Vec<_> = posted.iter().map(|said| said.event.id.into_bytes()).collect();
    ids.sort_unstable();
    SourceStatement {
        period_from: day(from),
        period_to: day(to),
        count: ids.len() as u64,
        digest: Sha256(sha2::Sha256::digest(ids.concat()).into()),
    }
}

/// Said by that source of itself.
pub(super) fn stated(source: &str, when: &str, statement: SourceStatement) -> Said {
    on(when, &format!("source/{source}"), statement).from(source)
}

pub(super) fn succeeded(when: &str, old: &str, new: &str) -> Said {
    on(when, &format!("source/{old}"), SourceSucceeded { to: SourceName::parse(new).unwrap() })
}

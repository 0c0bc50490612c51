//! Rules of what posting systems say of themselves: what they posted, and which one goes on where another ended.
//!
//! Invariant: a period is stated by the system that posted in it or by one that succeeded it, when the period is over
//! and nothing can be added to it; successions lead forward to an end.

use sha2::Digest;
use std::collections::BTreeSet;
use uuid::Uuid;

use super::{Case, Judged, Stop, World};
use crate::domain::event::{SourceStatement, SourceSucceeded};
use crate::domain::id::SourceName;
use crate::domain::irregularity::Irregularity;
use crate::domain::rules;
use crate::domain::subject::State;
use crate::domain::value::Sha256;

/// The longest period that one statement covers, in days: a leap year.
pub(super) const LONGEST_STATEMENT: i32 = 366;

pub(super) fn stated<W: World>(case: &mut Case<'_, W>, statement: &SourceStatement) -> Judged<(), W> {
    let (from, to) = (statement.period_from, statement.period_to);
    if to < from {
        return Err(rules::TERM_BACKWARDS.at("source_statement.period_to").into());
    }
    if (to - from).get_days() >= LONGEST_STATEMENT {
        return Err(rules::STATEMENT_TOO_LONG.at("source_statement.period_to").into());
    }
    let today = case.world.zone().to_datetime(case.world.now()).date();
    if to >= today {
        return Err(rules::STATED_PERIOD_NOT_OVER.refusal(None).into());
    }
    let stated = named_by_subject(case)?;
    let poster = case.fact.source.clone();
    if !case.is_or_succeeds(&poster, &stated)? {
        return Err(rules::STATEMENT_OF_OTHER_SOURCE.refusal(None).into());
    }
    let mut ids = case.world.posted(&stated, from, to).map_err(Stop::World)?;
    if !statement_matches(statement, ids.len(), || digest_of_ids(&mut ids)) {
        case.marks.push(Irregularity::StatementMismatch);
    }
    Ok(())
}

/// Whether a statement is what the ledger holds: so many events of the stated source were recorded in the period, with
/// that digest, which is asked for only where the number is right.
pub fn statement_matches(statement: &SourceStatement, held: usize, digest: impl FnOnce() -> Sha256) -> bool {
    held as u64 == statement.count && digest() == statement.digest
}

/// The digest of a statement: SHA-256 over the 16 bytes of each event id, in ascending order. Leaves them sorted.
pub fn digest_of_ids(ids: &mut [Uuid]) -> Sha256 {
    // Compared as numbers, which are in the order of their bytes.
    ids.sort_unstable_by_key(Uuid::as_u128);
    let bytes: Vec<[u8; 16]> = ids.iter().map(|id| *id.as_bytes()).collect();
    Sha256(sha2::Sha256::digest(bytes.as_flattened()).into())
}

/// What the old system posts after that day is taken as before: retries arrive late, and the record says who posted
/// it and when.
pub(super) fn succeeded<W: World>(case: &mut Case<'_, W>, succeeded: &SourceSucceeded) -> Judged<(), W> {
    let old = named_by_subject(case)?;
    if old.as_str() == SourceName::OPERATOR {
        return Err(rules::OPERATOR_SUCCEEDED.at("subject").into());
    }
    if succeeded.to.as_str() == SourceName::OPERATOR {
        return Err(rules::OPERATOR_SUCCEEDED.at("source_succeeded.to").into());
    }
    if succeeded.to == old {
        return Err(rules::SUCCEEDS_ITSELF.at("source_succeeded.to").into());
    }
    let circle = successors(case, &succeeded.to)?.into_iter().find(|(to, _)| *to == old);
    if let Some((_, sequence)) = circle {
        return Err(rules::SOURCE_SUCCESSION_CIRCLE.refusal(Some(sequence)).into());
    }
    // Otherwise a system could take the place of another by itself, and correct what that one said.
    let poster = case.fact.source.clone();
    if case.is_or_succeeds(&poster, &succeeded.to)? {
        return Err(rules::SUCCESSION_BY_SUCCESSOR.refusal(None).into());
    }
    Ok(())
}

/// The source that the event's subject names.
fn named_by_subject<W: World>(case: &Case<'_, W>) -> Judged<SourceName, W> {
    // A subject's identifier and a source's name have the same form, so there is always a name.
    SourceName::parse(case.subject().id().as_str()).map_err(|_| rules::SUBJECT_KIND.at("subject").into())
}

/// The systems that went on where that one ended, in order, each with the event that says so.
fn successors<W: World>(case: &mut Case<'_, W>, source: &SourceName) -> Judged<Vec<(SourceName, u64)>, W> {
    let (mut found, mut seen) = (Vec::new(), BTreeSet::from([source.clone()]));
    let mut life = case.life(&source.subject())?;
    while let State::Source(source) = life.state()
        && let Some(next) = &source.successor
        && seen.insert(next.to.clone())
    {
        found.push((next.to.clone(), next.sequence));
        life = case.life(&next.to.subject())?;
    }
    Ok(found)
}

impl<W: World> Case<'_, W> {
    /// Whether a source is the original itself, or went on where it ended, directly or through others. Judged by what
    /// the ledger holds at the event's own place.
    pub(super) fn is_or_succeeds(&mut self, source: &SourceName, original: &SourceName) -> Judged<bool, W> {
        Ok(source == original || successors(self, original)?.iter().any(|(to, _)| to == source))
    }
}

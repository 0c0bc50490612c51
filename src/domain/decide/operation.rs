//! Rules of what keeps the ledger itself honest: erasures, release points, issued reports.
//!
//! Invariant: a position that an event names was held by the ledger on the event's day; release points lie at least
//! the release interval apart, whatever the order in which they are recorded.

use std::collections::{BTreeMap, BTreeSet};

use super::envelope::CLOCK_TOLERANCE;
use super::mention::settings_subject;
use super::{Case, Judged, Mention, Stop, World};
use crate::domain::event::{
    ContentErased, ErasureReference, ErasureRequested, Payload, ReleasePointDeclared, ReportIssued,
};
use crate::domain::id::Kind;
use crate::domain::rejection::Rejection;
use crate::domain::rules;
use crate::domain::subject::{State, operation::ReleasePoint};

/// The reports that there are, R1 to R12.
pub const REPORTS: [&str; 12] = ["R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9", "R10", "R11", "R12"];

pub(super) fn erasure_requested<W: World>(
    case: &mut Case<'_, W>,
    requested: &ErasureRequested,
) -> Judged<(), W> {
    if requested.references.is_empty() {
        return Err(rules::ERASURE_OF_NOTHING.at("erasure_requested.references").into());
    }
    let mut named = BTreeMap::<u64, BTreeSet<_>>::new();
    for (index, reference) in requested.references.iter().enumerate() {
        let field = format!("erasure_requested.references[{index}]");
        let fields = named.entry(reference.sequence).or_default();
        // Everything of a record names each of its fields.
        let everything_twice = reference.field.is_none() && !fields.is_empty() || fields.contains(&None);
        if everything_twice || !fields.insert(reference.field.clone()) {
            return Err(rules::NAMED_TWICE.at(field).into());
        }
        erasable(case, reference, &field)?;
    }
    Ok(())
}

/// The record exists and committed to what is to be erased.
fn erasable<W: World>(case: &mut Case<'_, W>, reference: &ErasureReference, at: &str) -> Judged<(), W> {
    let Some(fact) = case.world.fact(reference.sequence).map_err(Stop::World)? else {
        let missing = format_args!("record {}", reference.sequence);
        return Err(Rejection::unknown(format!("{at}.sequence"), missing).into());
    };
    let payload = &fact.event.payload;
    let words = payload.words();
    let content = matches!(payload, Payload::FeedbackReceived(item) if item.content_commitment.is_some());
    match &reference.field {
        Some(field) if words.iter().any(|(name, _)| *name == field.as_str()) => Ok(()),
        Some(_) => Err(rules::NO_WORDS_IN_FIELD.at(format!("{at}.field")).into()),
        None if content || !words.is_empty() => Ok(()),
        None => Err(rules::NOTHING_BESIDE_RECORD.at(format!("{at}.sequence")).into()),
    }
}

pub(super) fn content_erased<W: World>(case: &mut Case<'_, W>, erased: &ContentErased) -> Judged<(), W> {
    if erased.backups_expire_on < case.day {
        return Err(rules::BACKUPS_EXPIRE_BEFORE.at("content_erased.backups_expire_on").into());
    }
    case.post(&erased.attested_by, "content_erased.attested_by")
}

/// Points are found through the settings that say how far apart they lie. They follow each other by day as they do by
/// sequence: what a later one released has been read, and one for an earlier day would take it back. They cannot be
/// voided, so a point that follows the last one fits for good.
pub(super) fn release_point<W: World>(
    case: &mut Case<'_, W>,
    declared: &ReleasePointDeclared,
) -> Judged<(), W> {
    held_by_the_day(case, declared.position, "release_point_declared.position")?;
    let [_, _, interval] = case.thresholds()?;
    let Some(last) = last_release_point(case)? else { return Ok(()) };
    let standing = Some(last.sequence);
    if case.day < last.on {
        return Err(rules::RELEASE_POINT_OVERTAKEN.refusal(standing).into());
    }
    if i64::from((case.day - last.on).get_days()) < i64::from(interval) {
        return Err(rules::RELEASE_POINT_TOO_SOON.refusal(standing).into());
    }
    if declared.position < last.position {
        return Err(rules::RELEASE_POINT_BACKWARDS.refusal(standing).into());
    }
    Ok(())
}

/// The release point of the latest day. A ledger that was written before they had to follow each other may have some
/// that were declared in another order.
fn last_release_point<W: World>(case: &mut Case<'_, W>) -> Judged<Option<ReleasePoint>, W> {
    let mut last = None::<ReleasePoint>;
    let Some(settings) = settings_subject() else { return Ok(last) };
    for fact in case.mentioned_by(&Mention::Subject(settings))? {
        let State::ReleasePoint(point) = *case.life(&fact.event.subject)?.state() else { continue };
        last = last.filter(|other| point.on < other.on).or(Some(point));
    }
    Ok(last)
}

pub(super) fn report_issued<W: World>(case: &mut Case<'_, W>, issued: &ReportIssued) -> Judged<(), W> {
    if !REPORTS.contains(&issued.report.as_str()) {
        return Err(rules::REPORT_UNKNOWN.at("report_issued.report").into());
    }
    if issued.definition_version == 0 {
        return Err(rules::COUNT_IS_ZERO.at("report_issued.definition_version").into());
    }
    if issued.as_at > case.day {
        return Err(rules::AS_AT_AFTER_ISSUE.at("report_issued.as_at").into());
    }
    held_by_the_day(case, issued.as_known, "report_issued.as_known")?;
    let Some(id) = &issued.release_point else { return Ok(()) };
    let life = case.known(&Kind::ReleasePoint.subject(id), "report_issued.release_point")?;
    match life.state() {
        State::ReleasePoint(point) if point.position > issued.as_known || point.on > case.day => {
            Err(rules::RELEASE_POINT_AFTER_REPORT.refusal(Some(point.sequence)).into())
        }
        _ => Ok(()),
    }
}

/// The ledger held so many records on the event's day, as far as clocks agree.
pub(super) fn held_by_the_day<W: World>(case: &mut Case<'_, W>, count: u64, field: &str) -> Judged<(), W> {
    let Some(last) = count.checked_sub(1) else { return Err(rules::COUNT_IS_ZERO.at(field).into()) };
    let Some(fact) = case.world.fact(last).map_err(Stop::World)? else {
        return Err(rules::RECORDS_NOT_HELD.refusal(None).into());
    };
    let recorded = fact.recorded_at.checked_sub(CLOCK_TOLERANCE).unwrap_or(fact.recorded_at);
    if case.day < case.world.zone().to_datetime(recorded).date() {
        return Err(rules::RECORDS_NOT_HELD.refusal(Some(last)).into());
    }
    Ok(())
}

//! Rules of units, learning, awareness and support, beyond their life cycle.
//!
//! Invariant: what is counted is counted in a unit that exists on that day, and its parts are no larger than their
//! whole; no day has a unit that is a part of itself. Nothing here could say who was counted.

use jiff::civil::Date;
use std::collections::BTreeSet;

use super::mention::list;
use super::{Case, Judged, World};
use crate::domain::event::{
    AwarenessActivityHeld, Coverage, LearningCoverageRecorded, LearningDelivered, LearningOffered,
    PracticeSupportProvided, SupportSignposted, UnitRegistered, WorkforceBaselineRecorded,
};
use crate::domain::id::{Code, Kind};
use crate::domain::irregularity::Irregularity;
use crate::domain::rejection::Rejection;
use crate::domain::rules;
use crate::domain::subject::{State, governance::Span};

pub(super) fn unit<W: World>(case: &mut Case<'_, W>, unit: &UnitRegistered) -> Judged<(), W> {
    if unit.valid_to.is_some_and(|to| to < unit.valid_from) {
        return Err(rules::TERM_BACKWARDS.at("unit_registered.valid_to").into());
    }
    // A registration that is corrected may cover fewer days than before.
    counts_keep_their_unit(case)?;
    let Some(whole) = &unit.part_of else { return Ok(()) };
    if whole == case.subject().id() {
        return Err(rules::PART_OF_ITSELF.at("unit_registered.part_of").into());
    }
    case.known(&Kind::Unit.subject(whole), "unit_registered.part_of")?;
    no_circle(case, whole, Span { from: Some(unit.valid_from), to: unit.valid_to })
}

/// Organisations are turned around: what is a part today may be the whole tomorrow. A circle is one on the same day.
fn no_circle<W: World>(case: &mut Case<'_, W>, whole: &Code, span: Span) -> Judged<(), W> {
    let own = case.subject().id().clone();
    let (mut seen, mut open) = (BTreeSet::new(), vec![(whole.clone(), span)]);
    while let Some((id, span)) = open.pop() {
        if !seen.insert((id.clone(), span.from, span.to)) {
            continue;
        }
        let life = case.life(&Kind::Unit.subject(&id))?;
        let State::Unit(unit) = life.state() else { continue };
        for term in &unit.terms {
            let (Some(part_of), Some(common)) = (&term.part_of, term.span.common(&span)) else { continue };
            if *part_of == own {
                return Err(rules::UNIT_CIRCLE.refusal(Some(term.sequence)).into());
            }
            open.push((part_of.clone(), common));
        }
    }
    Ok(())
}

pub(super) fn baseline<W: World>(
    case: &mut Case<'_, W>,
    baseline: &WorkforceBaselineRecorded,
) -> Judged<(), W> {
    if baseline.leaders > baseline.headcount {
        return Err(rules::LEADERS_ABOVE_STAFF.at("workforce_baseline_recorded.leaders").into());
    }
    counted_while_valid(case)
}

pub(super) fn coverage<W: World>(
    case: &mut Case<'_, W>,
    recorded: &LearningCoverageRecorded,
) -> Judged<(), W> {
    let (staff, leaders) = (levels(&recorded.staff), levels(&recorded.leaders));
    for (who, levels) in [("staff", &staff), ("leaders", &leaders)] {
        for ((_, wider), (name, deeper)) in levels.iter().zip(&levels[1..]) {
            if deeper > wider {
                let field = format!("learning_coverage_recorded.{who}.{name}");
                return Err(rules::LEVELS_NOT_NESTED.at(field).into());
            }
        }
    }
    for ((_, all), (name, among)) in staff.iter().zip(&leaders) {
        if among > all {
            let field = format!("learning_coverage_recorded.leaders.{name}");
            return Err(rules::LEADERS_ABOVE_STAFF.at(field).into());
        }
    }
    counted_while_valid(case)
}

/// Each level holds those below it.
const fn levels(coverage: &Coverage) -> [(&'static str, u32); 5] {
    [
        ("people", coverage.people),
        ("informed", coverage.informed),
        ("skilled", coverage.skilled),
        ("enhanced", coverage.enhanced),
        ("specialist", coverage.specialist),
    ]
}

/// The unit that was counted exists on the event's day.
fn counted_while_valid<W: World>(case: &Case<'_, W>) -> Judged<(), W> {
    let State::Unit(unit) = &case.place.after else { return Ok(()) };
    match unit.terms.last() {
        _ if unit.on(case.day).is_some() => Ok(()),
        Some(last) => Err(rules::UNIT_NOT_VALID.refusal(Some(last.sequence)).into()),
        None => Err(Rejection::unknown("subject", case.subject()).into()),
    }
}

/// Judges that no count is left behind without its unit.
pub(super) fn counts_keep_their_unit<W: World>(case: &Case<'_, W>) -> Judged<(), W> {
    match &case.place.after {
        State::Unit(unit) => match unit.count_outside() {
            Some(count) => Err(rules::UNIT_IN_USE.refusal(Some(count)).into()),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// A unit that exists on some day of a span.
pub(super) fn unit_between<W: World>(
    case: &mut Case<'_, W>,
    id: &Code,
    from: Date,
    to: Date,
    field: &str,
) -> Judged<(), W> {
    let life = case.known(&Kind::Unit.subject(id), field)?;
    let State::Unit(unit) = life.state() else { return Ok(()) };
    let span = Span { from: Some(from), to: Some(to) };
    if unit.terms.iter().any(|term| term.span.common(&span).is_some()) {
        return Ok(());
    }
    Err(rules::UNIT_NOT_VALID.refusal(unit.terms.last().map(|term| term.sequence)).into())
}

pub(super) fn offered<W: World>(case: &mut Case<'_, W>, offered: &LearningOffered) -> Judged<(), W> {
    counts(offered.minutes, "learning_offered.minutes")?;
    if offered.capacity == Some(0) {
        return Err(rules::COUNT_IS_ZERO.at("learning_offered.capacity").into());
    }
    if offered.held_on < case.day {
        return Err(rules::HELD_BEFORE_OFFERED.at("learning_offered.held_on").into());
    }
    case.codes(list::AUDIENCE, &offered.audience, "learning_offered.audience")?;
    serves(case, &offered.commitments, "learning_offered.commitments")
}

pub(super) fn delivered<W: World>(case: &mut Case<'_, W>, delivered: &LearningDelivered) -> Judged<(), W> {
    counts(delivered.minutes, "learning_delivered.minutes")?;
    if let State::Session(session) = &case.place.before
        && let Some((attendances, capacity)) = delivered.attendances.zip(session.capacity)
        && attendances > capacity
    {
        case.marks.push(Irregularity::OverCapacity);
    }
    Ok(())
}

pub(super) fn practice_support<W: World>(
    case: &mut Case<'_, W>,
    support: &PracticeSupportProvided,
) -> Judged<(), W> {
    counts(support.sessions, "practice_support_provided.sessions")?;
    case.code(list::SUPPORT_KIND, &support.kind, "practice_support_provided.kind")?;
    case.codes(list::AUDIENCE, &support.audience, "practice_support_provided.audience")?;
    serves(case, &support.commitments, "practice_support_provided.commitments")
}

pub(super) fn awareness<W: World>(case: &mut Case<'_, W>, held: &AwarenessActivityHeld) -> Judged<(), W> {
    case.codes(list::AUDIENCE, &held.audience, "awareness_activity_held.audience")?;
    case.codes(list::COUNCIL, &held.councils, "awareness_activity_held.councils")?;
    case.codes(list::PARTNER, &held.partners, "awareness_activity_held.partners")?;
    serves(case, &held.commitments, "awareness_activity_held.commitments")
}

pub(super) fn signposted<W: World>(case: &mut Case<'_, W>, said: &SupportSignposted) -> Judged<(), W> {
    case.code(list::SUPPORT_ROUTE, &said.route, "support_signposted.route")?;
    case.code(list::CHANNEL, &said.channel, "support_signposted.channel")?;
    serves(case, &said.commitments, "support_signposted.commitments")
}

/// What is done serves at least one commitment that stands.
fn serves<W: World>(case: &mut Case<'_, W>, commitments: &[Code], field: &str) -> Judged<(), W> {
    if commitments.is_empty() {
        return Err(rules::COMMITMENT_MISSING.at(field).into());
    }
    case.open_commitments(commitments, field)
}

/// A number of which there is at least one.
pub(super) fn counts(number: u32, field: &str) -> Result<(), Rejection> {
    if number == 0 { Err(rules::COUNT_IS_ZERO.at(field)) } else { Ok(()) }
}

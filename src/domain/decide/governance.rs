//! Rules of the events by which an organisation steers its ledger.
//!
//! Invariant: what hides people (thresholds) and what gives old records their meaning (codes in use) is never taken
//! away: not by a new adoption, not by one that is backdated, not by a void.

use super::links::unique;
use super::mention::list;
use super::mention::settings_subject;
use super::{Case, Judged, Mention, Stop, World, people};
use crate::domain::event::{
    CalendarAdopted, CodeListAdopted, LedgerOpened, PostRegistered, ReportSettingsAdopted,
};
use crate::domain::id::Kind;
use crate::domain::rejection::Rejection;
use crate::domain::rules;
use crate::domain::subject::{State, governance::CodeList};

/// The lowest disclosure thresholds: counts of people, survey cells, days between release points.
pub(super) const FLOORS: [u32; 3] = [5, 10, 28];

pub(super) fn ledger<W: World>(case: &mut Case<'_, W>, opened: &LedgerOpened) -> Judged<(), W> {
    if case.world.size().is_some_and(|size| size > 0) {
        return Err(rules::LEDGER_ALREADY_OPENED.refusal(Some(0)).into());
    }
    let origin = opened.origin.as_bytes();
    let good = origin.iter().all(|&byte| byte.is_ascii_graphic() && byte != b'+');
    if !good || origin.is_empty() || origin.len() > 255 {
        return Err(rules::ORIGIN_FORM.at("ledger_opened.origin").into());
    }
    Ok(())
}

/// On whatever day: the ledger may have been opened under the wrong clock.
pub(super) fn of_an_open_ledger<W: World>(case: &Case<'_, W>) -> Judged<(), W> {
    match case.place.after {
        State::Ledger(_) => Ok(()),
        _ => Err(rules::LEDGER_NOT_OPENED.refusal(None).into()),
    }
}

pub(super) fn post<W: World>(case: &mut Case<'_, W>, post: &PostRegistered) -> Judged<(), W> {
    if post.valid_to.is_some_and(|to| to < post.valid_from) {
        return Err(rules::TERM_BACKWARDS.at("post_registered.valid_to").into());
    }
    if let Some(index) = post.held_with.iter().position(|other| other == case.subject().id()) {
        return Err(rules::HELD_WITH_ITSELF.at(format!("post_registered.held_with[{index}]")).into());
    }
    case.all_known(Kind::Post, &post.held_with, "post_registered.held_with")
}

pub(super) fn code_list<W: World>(case: &mut Case<'_, W>, list: &CodeListAdopted) -> Judged<(), W> {
    let codes: Vec<_> = list.entries.iter().map(|entry| &entry.code).collect();
    unique(&codes, "code_list_adopted.entries")?;
    let backwards = |from: Option<_>, to: Option<_>| from.zip(to).is_some_and(|(from, to)| to < from);
    if let Some(index) = list.entries.iter().position(|entry| backwards(entry.valid_from, entry.valid_to)) {
        return Err(rules::TERM_BACKWARDS.at(format!("code_list_adopted.entries[{index}].valid_to")).into());
    }
    still_holds(case)
}

pub(super) fn calendar(calendar: &CalendarAdopted) -> Result<(), Rejection> {
    if calendar.covers_to < calendar.covers_from {
        return Err(rules::TERM_BACKWARDS.at("calendar_adopted.covers_to"));
    }
    let covered = calendar.covers_from..=calendar.covers_to;
    if let Some(index) = calendar.holidays.iter().position(|holiday| !covered.contains(&holiday.on)) {
        return Err(rules::HOLIDAY_OUTSIDE.at(format!("calendar_adopted.holidays[{index}].on")));
    }
    let days: Vec<_> = calendar.holidays.iter().map(|holiday| holiday.on).collect();
    unique(&days, "calendar_adopted.holidays")
}

pub(super) fn settings<W: World>(case: &mut Case<'_, W>, settings: &ReportSettingsAdopted) -> Judged<(), W> {
    let names = ["suppress_below", "survey_minimum", "release_interval"];
    for ((value, floor), name) in thresholds(settings).into_iter().zip(FLOORS).zip(names) {
        if value < floor {
            return Err(rules::THRESHOLD_FLOOR.at(format!("report_settings_adopted.{name}")).into());
        }
    }
    case.known(&Kind::Calendar.subject(&settings.calendar), "report_settings_adopted.calendar")?;
    Ok(())
}

/// Judges what an adoption or a void would take away from the subject as it stands.
pub(super) fn still_holds<W: World>(case: &mut Case<'_, W>) -> Judged<(), W> {
    match case.life.state() {
        State::CodeList(list) => codes_in_use_stay(case, list),
        State::Settings(settings) => {
            let then = match &case.place.after {
                State::Settings(settings) => thresholds(&settings.adopted),
                _ => FLOORS,
            };
            let lowered = thresholds(&settings.adopted).into_iter().zip(then).any(|(now, then)| then < now);
            if lowered {
                return Err(rules::THRESHOLD_LOWERED.refusal(Some(settings.sequence)).into());
            }
            Ok(())
        }
        State::Unit(_) => people::counts_keep_their_unit(case),
        _ => Ok(()),
    }
}

fn codes_in_use_stay<W: World>(case: &mut Case<'_, W>, list: &CodeList) -> Judged<(), W> {
    let kept = |code| match &case.place.after {
        State::CodeList(then) => then.entries.contains_key(code),
        _ => false,
    };
    let dropped: Vec<_> = list.entries.keys().filter(|code| !kept(code)).collect();
    for code in dropped {
        let mention = Mention::Code { list: case.subject().id().clone(), code: code.clone() };
        if case.world.is_mentioned(&mention).map_err(Stop::World)? {
            // Which record used it first is nobody's business where that may be an item of feedback: with one question a
            // code, anybody who may adopt lists would learn who spoke of what, and when.
            let of_feedback = [list::THEME, list::CHANNEL, list::NO_CHANGE_REASON];
            let standing = if of_feedback.contains(&case.subject().id().as_str()) {
                None
            } else {
                case.world.first_mention(&mention).map_err(Stop::World)?
            };
            return Err(rules::CODE_IN_USE.refusal(standing).into());
        }
    }
    Ok(())
}

impl<W: World> Case<'_, W> {
    /// The thresholds in force: fewest people shown, fewest answers shown, days between release points. The floors
    /// hold where nothing was adopted. They are only ever raised, so those held now are the strictest there were.
    pub(super) fn thresholds(&mut self) -> Judged<[u32; 3], W> {
        let Some(subject) = settings_subject() else { return Ok(FLOORS) };
        match self.life(&subject)?.state() {
            State::Settings(settings) => Ok(thresholds(&settings.adopted)),
            _ => Ok(FLOORS),
        }
    }
}

const fn thresholds(settings: &ReportSettingsAdopted) -> [u32; 3] {
    [settings.suppress_below, settings.survey_minimum, settings.release_interval]
}

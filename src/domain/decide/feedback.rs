//! Rules of rounds and feedback, beyond their life cycle.
//!
//! Invariant: feedback is closed without change only while no live work is linked to it, whichever side made the link;
//! and it is linked and unlinked only by what was true on that day.

use super::links::unique;
use super::mention::list;
use super::{Case, Judged, Mention, World};
use crate::domain::event::{
    Anonymity, ChangeNature, Contact, FeedbackClosedWithoutChange, FeedbackReceived, FeedbackResponded,
    FeedbackRoundClosed, FeedbackSought, Payload, ResponseMode,
};
use crate::domain::id::{Code, Kind, Subject};
use crate::domain::irregularity::Irregularity;
use crate::domain::rejection::Rejection;
use crate::domain::rules;
use crate::domain::subject::{Life, State, action::Stage, feedback::is_anonymous_route};
use crate::domain::value::Occurred;

pub(super) fn sought<W: World>(case: &mut Case<'_, W>, sought: &FeedbackSought) -> Judged<(), W> {
    if sought.closes < sought.opens {
        return Err(rules::ROUND_BACKWARDS.at("feedback_sought.closes").into());
    }
    unique(&sought.anonymity_options, "feedback_sought.anonymity_options")?;
    case.codes(list::CHANNEL, &sought.channels, "feedback_sought.channels")?;
    case.open_commitments(&sought.commitments, "feedback_sought.commitments")?;
    if !is_anonymous_route(sought) {
        case.marks.push(Irregularity::NoAnonymousRoute);
    }
    Ok(())
}

pub(super) fn received<W: World>(case: &mut Case<'_, W>, received: &FeedbackReceived) -> Judged<(), W> {
    if received.anonymity == Anonymity::Anonymous && received.contact == Contact::Direct {
        return Err(rules::ANONYMOUS_CONTACT.at("feedback_received.contact").into());
    }
    // What a correction leaves as it was has been judged when it was said.
    let said_before = case.standing.as_ref().is_some_and(|fact| {
        fact.event.occurred == case.fact.event.occurred
            && matches!(&fact.event.payload, Payload::FeedbackReceived(old) if old.round == received.round)
    });
    if let Some(round) = received.round.as_ref().filter(|_| !said_before) {
        within_round(case, round, received.anonymity)?;
    }
    case.codes(list::THEME, &received.themes, "feedback_received.themes")?;
    case.all_known(Kind::Policy, &received.policies, "feedback_received.policies")?;
    case.code(list::CHANNEL, &received.channel, "feedback_received.channel")
}

/// Received while the round took feedback, as it is held now; of a month, one day in common is enough. What becomes of
/// the round later is not held against the feedback.
fn within_round<W: World>(case: &mut Case<'_, W>, round: &Code, anonymity: Anonymity) -> Judged<(), W> {
    let life = case.known(&Kind::Round.subject(round), "feedback_received.round")?;
    let State::Round(round) = life.state() else { return Ok(()) };
    if anonymity == Anonymity::Anonymous && !round.anonymous_route {
        return Err(rules::ROUND_NOT_ANONYMOUS.refusal(Some(round.sequence)).into());
    }
    let last = match case.fact.event.occurred {
        Occurred::Month(..) => case.day.last_of_month(),
        Occurred::Day(_) | Occurred::Instant(_) => case.day,
    };
    if last < round.opens {
        return Err(rules::FEEDBACK_OUTSIDE_ROUND.refusal(Some(round.sequence)).into());
    }
    if round.last_day() < case.day {
        let end = round.closed.filter(|end| end.on < round.closes);
        let standing = end.map_or(round.sequence, |end| end.sequence);
        return Err(rules::FEEDBACK_OUTSIDE_ROUND.refusal(Some(standing)).into());
    }
    Ok(())
}

pub(super) fn round_closed<W: World>(case: &mut Case<'_, W>, closed: &FeedbackRoundClosed) {
    if let State::Round(round) = &case.place.before
        && round.invited.is_some_and(|invited| invited < closed.responses)
    {
        case.marks.push(Irregularity::MoreResponsesThanInvited);
    }
}

pub(super) fn linked<W: World>(case: &mut Case<'_, W>, to: &Subject) -> Judged<(), W> {
    is_work(to, "feedback_linked.to")?;
    let work = case.known(to, "feedback_linked.to")?;
    if let Some(end) = ended(work.state()) {
        return Err(rules::LINK_TO_ENDED_WORK.refusal(Some(end)).into());
    }
    if begun_after(case, &work) {
        return Err(rules::LINK_BEFORE_WORK.refusal(beginning(&work)).into());
    }
    // That its own events link it already, the replay has refused: what is left is what the work itself names.
    match &case.place.before {
        State::Feedback(item) if item.is_linked(case.subject(), &work) => {
            Err(rules::FEEDBACK_ALREADY_LINKED.refusal(beginning(&work)).into())
        }
        _ => Ok(()),
    }
}

/// The work may be ended, or taken back: a link to it can still be wrong.
pub(super) fn unlinked<W: World>(case: &mut Case<'_, W>, from: &Subject) -> Judged<(), W> {
    is_work(from, "feedback_unlinked.from")?;
    let work = case.life(from)?;
    if work.version() == 0 {
        return Err(Rejection::unknown("feedback_unlinked.from", from).into());
    }
    let State::Feedback(item) = &case.place.before else { return Ok(()) };
    if item.links.contains_key(from) {
        // Its own word, and the replay found that it links.
        return Ok(());
    }
    if !item.is_linked(case.subject(), &work) {
        return Err(rules::FEEDBACK_NOT_LINKED.refusal(None).into());
    }
    if begun_after(case, &work) {
        return Err(rules::FEEDBACK_NOT_LINKED.refusal(beginning(&work)).into());
    }
    Ok(())
}

fn is_work(subject: &Subject, field: &str) -> Result<(), Rejection> {
    match subject.kind() {
        Kind::PolicyChange | Kind::Action => Ok(()),
        _ => Err(rules::LINK_KIND.at(field)),
    }
}

/// The event that ended a piece of work. What is in force, claimed or verified came to something, and is not ended.
fn ended(work: &State) -> Option<u64> {
    match work {
        State::Action(action) if action.stage == Stage::Cancelled => Some(action.since),
        State::Change(change) => change.end.map(|end| end.sequence),
        _ => None,
    }
}

/// Whether the work was planned or proposed later than the event's day.
fn begun_after<W: World>(case: &Case<'_, W>, work: &Life) -> bool {
    match work.state() {
        State::Action(action) => case.day < action.planned_on,
        State::Change(change) => case.day < change.proposed_on,
        _ => false,
    }
}

/// The plan or the proposal that stands.
fn beginning(work: &Life) -> Option<u64> {
    let begins =
        |payload: &Payload| matches!(payload, Payload::ActionPlanned(_) | Payload::PolicyChangeProposed(_));
    let mut facts = work.facts().iter();
    facts.find(|fact| begins(&fact.event.payload) && !work.is_voided(fact.sequence)).map(|fact| fact.sequence)
}

pub(super) fn responded(answer: &FeedbackResponded) -> Result<(), Rejection> {
    if answer.mode == ResponseMode::Public && answer.response_url.is_none() {
        return Err(rules::PUBLIC_WITHOUT_URL.at("feedback_responded.response_url"));
    }
    Ok(())
}

pub(super) fn closed<W: World>(
    case: &mut Case<'_, W>,
    closed: &FeedbackClosedWithoutChange,
) -> Judged<(), W> {
    let field = "feedback_closed_without_change.reason_code";
    case.code(list::NO_CHANGE_REASON, &closed.reason_code, field)?;
    if case.standing.is_some() {
        // Links that were made since are no matter of what was decided then.
        return Ok(());
    }
    let State::Feedback(item) = &case.place.after else { return Ok(()) };
    let own = case.subject().clone();
    for fact in case.mentioned_by(&Mention::Subject(own.clone()))? {
        let work = case.life(&fact.event.subject)?;
        if !work.is_voided(fact.sequence) && item.is_linked(&own, &work) && is_live_or_changed(work.state()) {
            return Err(rules::LINKED_WORK_IS_LIVE.refusal(Some(fact.sequence)).into());
        }
    }
    for (work, link) in item.links.iter().filter(|(_, link)| link.stands) {
        if is_live_or_changed(case.life(work)?.state()) {
            return Err(rules::LINKED_WORK_IS_LIVE.refusal(Some(link.sequence)).into());
        }
    }
    Ok(())
}

/// Work that may still change something, or that did. What is ended and an editorial change changed nothing.
fn is_live_or_changed(work: &State) -> bool {
    match work {
        State::Action(_) => ended(work).is_none(),
        State::Change(change) => {
            ended(work).is_none() && (change.force.is_none() || change.nature == ChangeNature::Substantive)
        }
        _ => false,
    }
}

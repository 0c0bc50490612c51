//! Rules of rounds and feedback, beyond their life cycle.
//!
//! Invariant: feedback is closed without change only while nothing that stands is linked to it.

use super::links::unique;
use super::mention::list;
use super::{Case, Judged, Mention, World};
use crate::domain::event::{
    Anonymity, ChangeNature, Contact, FeedbackClosedWithoutChange, FeedbackReceived, FeedbackResponded,
    FeedbackSought, ResponseMode,
};
use crate::domain::id::Kind;
use crate::domain::irregularity::Irregularity;
use crate::domain::rejection::Rejection;
use crate::domain::rules;
use crate::domain::subject::{State, action::Stage};

/// Among fewer people no route is anonymous: it is called confidential.
pub(super) const ANONYMOUS_AMONG: u32 = 10;

pub(super) fn sought<W: World>(case: &mut Case<'_, W>, sought: &FeedbackSought) -> Judged<(), W> {
    if sought.closes < sought.opens {
        return Err(rules::ROUND_BACKWARDS.at("feedback_sought.closes").into());
    }
    unique(&sought.anonymity_options, "feedback_sought.anonymity_options")?;
    case.codes(list::CHANNEL, &sought.channels, "feedback_sought.channels")?;
    case.open_commitments(&sought.commitments, "feedback_sought.commitments")?;
    let among_few = sought.invited.is_some_and(|invited| invited < ANONYMOUS_AMONG);
    if among_few || !sought.anonymity_options.contains(&Anonymity::Anonymous) {
        case.marks.push(Irregularity::NoAnonymousRoute);
    }
    Ok(())
}

pub(super) fn received<W: World>(case: &mut Case<'_, W>, received: &FeedbackReceived) -> Judged<(), W> {
    if received.anonymity == Anonymity::Anonymous && received.contact == Contact::Direct {
        return Err(rules::ANONYMOUS_CONTACT.at("feedback_received.contact").into());
    }
    if let Some(round) = &received.round {
        case.known(&Kind::Round.subject(round), "feedback_received.round")?;
    }
    case.codes(list::THEME, &received.themes, "feedback_received.themes")?;
    case.all_known(Kind::Policy, &received.policies, "feedback_received.policies")?;
    case.code(list::CHANNEL, &received.channel, "feedback_received.channel")
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
    let mention = Mention::Subject(case.subject().clone());
    for fact in case.mentioned_by(&mention)? {
        let life = case.life(&fact.event.subject)?;
        if !life.is_voided(fact.sequence) && is_live_or_changed(life.state()) {
            return Err(rules::LINKED_WORK_IS_LIVE.refusal(Some(fact.sequence)).into());
        }
    }
    Ok(())
}

/// Work that may still change something, or that did. A cancelled action and an editorial change changed nothing.
fn is_live_or_changed(state: &State) -> bool {
    match state {
        State::Action(action) => action.stage != Stage::Cancelled,
        State::Change(change) => change.force.is_none() || change.nature == ChangeNature::Substantive,
        _ => false,
    }
}

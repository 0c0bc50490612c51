//! Rules of evidence: what may be attached, who decides about it, and what may rest on it.
//!
//! Invariant: a claim, a verification, a review or a fulfilment rests on evidence about its own subject that stands
//! when it is recorded. What becomes of that evidence later is shown by reports and changes nothing here.

use super::mention::list;
use super::{Case, Judged, Mention, World, holder};
use crate::domain::event::{EvidenceAttached, EvidenceUpheld};
use crate::domain::id::{Code, Kind};
use crate::domain::irregularity::Irregularity;
use crate::domain::rules;
use crate::domain::subject::{State, evidence::Stage};

pub(super) fn attached<W: World>(case: &mut Case<'_, W>, attached: &EvidenceAttached) -> Judged<(), W> {
    if !is_media_type(&attached.media_type) {
        return Err(rules::MEDIA_TYPE_FORM.at("evidence_attached.media_type").into());
    }
    if attached.size_bytes == 0 {
        return Err(rules::EVIDENCE_EMPTY.at("evidence_attached.size_bytes").into());
    }
    if attached.about.kind() == Kind::Feedback {
        return Err(rules::EVIDENCE_ABOUT_FEEDBACK.at("evidence_attached.about").into());
    }
    case.known(&attached.about, "evidence_attached.about")?;
    case.code(list::EVIDENCE_KIND, &attached.kind, "evidence_attached.kind")?;
    let mention = Mention::Document { about: attached.about.clone(), sha256: attached.sha256 };
    // Evidence that was voided, withdrawn, or is about something else by a correction leaves room for the document; what
    // was rejected does not come again under another name.
    for fact in case.mentioned_by(&mention)? {
        if let State::Evidence(other) = case.life(&fact.event.subject)?.state()
            && fact.event.subject != *case.subject()
            && (&other.about, other.sha256) == (&attached.about, attached.sha256)
            && other.stage != Stage::Withdrawn
        {
            return Err(rules::DOCUMENT_ALREADY_ATTACHED.refusal(Some(fact.sequence)).into());
        }
    }
    Ok(())
}

pub(super) fn upheld<W: World>(case: &mut Case<'_, W>, upheld: &EvidenceUpheld) -> Judged<(), W> {
    case.post(&upheld.by_post, "evidence_upheld.by_post")?;
    match &case.place.before {
        State::Evidence(evidence) => match evidence.attached_by.clone() {
            Some(post) => holder::mark(case, &upheld.by_post, &post, Irregularity::SelfUpheld),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// Judges the evidence on which an event rests: each piece stands, and is about the event's own subject.
pub(super) fn named<W: World>(case: &mut Case<'_, W>, ids: &[Code], field: &str) -> Judged<(), W> {
    case.all_known(Kind::Evidence, ids, field)?;
    for id in ids {
        let life = case.life(&Kind::Evidence.subject(id))?;
        let State::Evidence(evidence) = life.state() else { continue };
        if evidence.about != *case.subject() {
            return Err(rules::EVIDENCE_ABOUT_OTHER.refusal(Some(evidence.sequence)).into());
        }
        if evidence.has_fallen() && !case.was_linked(Kind::Evidence, id) {
            return Err(rules::EVIDENCE_FALLEN.refusal(Some(evidence.since)).into());
        }
    }
    Ok(())
}

/// `type/subtype` by RFC 6838, without parameters: there is no room in it for words.
fn is_media_type(text: &str) -> bool {
    let part = |part: &str| {
        (1..=63).contains(&part.len())
            && part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    text.split_once('/').is_some_and(|(kind, subtype)| part(kind) && part(subtype))
}

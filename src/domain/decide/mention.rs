//! What an event mentions besides its own subject: what the ledger's index must find again.
//!
//! Invariant: every look-up that a rule makes is answered by something here, and nothing here is without such a rule; but
//! for erasures, which whoever holds the words looks up to finish them.

use uuid::Uuid;

use crate::domain::event::{Event, Payload};
use crate::domain::id::{Code, Kind, Subject};
use crate::domain::value::Sha256;

/// The names of the code lists that this version's events draw from.
pub(crate) mod list {
    pub(crate) const AUDIENCE: &str = "audience";
    pub(crate) const CHANNEL: &str = "channel";
    pub(crate) const COUNCIL: &str = "council";
    pub(crate) const EVIDENCE_KIND: &str = "evidence-kind";
    pub(crate) const NO_CHANGE_REASON: &str = "no-change-reason";
    pub(crate) const PROGRESS: &str = "progress";
    pub(crate) const PARTNER: &str = "partner";
    pub(crate) const SUPPORT_KIND: &str = "support-kind";
    pub(crate) const SUPPORT_ROUTE: &str = "support-route";
    pub(crate) const THEME: &str = "theme";
}

/// What an event mentions besides its own subject, by which the ledger can find it again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Mention {
    /// Another subject.
    Subject(Subject),
    /// A code in use.
    Code {
        /// Of which list.
        list: Code,
        /// Which.
        code: Code,
    },
    /// A document that supports something.
    Document {
        /// What it supports.
        about: Subject,
        /// The document's hash.
        sha256: Sha256,
    },
    /// Words that are erased, whichever.
    Erasure,
}

/// Everything that some rule looks up: a pledge's commitments; work that links to feedback; a policy's changes; posts
/// held with others; codes in use; documents. And erasures, all of them under one key.
pub fn mentions(event: &Event) -> Vec<Mention> {
    let mut found = Found(Vec::new());
    // A correction mentions what the event mentions that it says anew.
    let payload = match &event.payload {
        Payload::CorrectionMade(made) => &*made.corrected.payload,
        payload => payload,
    };
    match payload {
        Payload::PostRegistered(post) => found.subjects(Kind::Post, &post.held_with),
        Payload::CommitmentMade(made) => {
            found.subjects(Kind::Pledge, [&made.pledge]);
            found.codes(list::AUDIENCE, &made.audience);
        }
        Payload::ActionPlanned(planned) => found.feedback(&planned.feedback),
        Payload::FeedbackSought(sought) => found.codes(list::CHANNEL, &sought.channels),
        Payload::FeedbackReceived(received) => {
            found.codes(list::THEME, &received.themes);
            found.codes(list::CHANNEL, [&received.channel]);
        }
        Payload::FeedbackClosedWithoutChange(closed) => {
            found.codes(list::NO_CHANGE_REASON, [&closed.reason_code]);
        }
        Payload::PolicyChangeProposed(proposed) => {
            found.subjects(Kind::Policy, [&proposed.policy]);
            found.feedback(&proposed.feedback);
        }
        Payload::PolicyChanged(changed) => found.subjects(Kind::Policy, [&changed.policy]),
        Payload::EvidenceAttached(evidence) => {
            found.0.push(Mention::Document { about: evidence.about.clone(), sha256: evidence.sha256 });
            found.codes(list::EVIDENCE_KIND, [&evidence.kind]);
        }
        Payload::ActionProgressReported(progress) => found.codes(list::PROGRESS, [&progress.progress]),
        Payload::LearningOffered(offered) => found.codes(list::AUDIENCE, &offered.audience),
        Payload::PracticeSupportProvided(support) => {
            found.codes(list::SUPPORT_KIND, [&support.kind]);
            found.codes(list::AUDIENCE, &support.audience);
        }
        Payload::AwarenessActivityHeld(held) => {
            found.codes(list::AUDIENCE, &held.audience);
            found.codes(list::COUNCIL, &held.councils);
            found.codes(list::PARTNER, &held.partners);
        }
        Payload::SupportSignposted(said) => {
            found.codes(list::SUPPORT_ROUTE, [&said.route]);
            found.codes(list::CHANNEL, [&said.channel]);
        }
        // All of them by the settings that say how far apart they lie.
        Payload::ReleasePointDeclared(_) => found.0.extend(settings_subject().map(Mention::Subject)),
        Payload::ContentErased(_) => found.0.push(Mention::Erasure),
        // Nothing here is looked up by what it mentions: the rest is found from the other side, where states hold it.
        _ => {}
    }
    found.0
}

struct Found(Vec<Mention>);

impl Found {
    fn subjects<'a>(&mut self, kind: Kind, ids: impl IntoIterator<Item = &'a Code>) {
        self.0.extend(ids.into_iter().map(|id| Mention::Subject(kind.subject(id))));
    }

    fn codes<'a>(&mut self, list: &str, codes: impl IntoIterator<Item = &'a Code>) {
        if let Ok(list) = Code::parse(list) {
            self.0.extend(
                codes.into_iter().map(|code| Mention::Code { list: list.clone(), code: code.clone() }),
            );
        }
    }

    fn feedback(&mut self, ids: &[Uuid]) {
        self.0.extend(ids.iter().filter_map(feedback_subject).map(Mention::Subject));
    }
}

/// The subject of the settings, of which there is one. Its name is an identifier, so this is never `None`.
pub(crate) fn settings_subject() -> Option<Subject> {
    Code::parse("reports").ok().map(|id| Kind::Settings.subject(&id))
}

/// The subject of the feedback with that id. A UUID is always an identifier, so this is never `None`.
pub(crate) fn feedback_subject(id: &Uuid) -> Option<Subject> {
    Code::parse(&id.to_string()).ok().map(|id| Kind::Feedback.subject(&id))
}

//! Who may post what: the grants of a source, judged at the record's own place.
//!
//! Invariant: the operator alone opens ledgers, changes grants, sets clocks, rotates keys, restores, and says who cosigned,
//! whatever the access, and needs no grant itself.
//! This file must not know how a source proved who it is.

use super::event::{Access, Event, EventType, GrantChanged, Payload};
use super::id::{Code, Kind, SourceName, Subject};
use super::rejection::Rejection;
use super::rules;
use super::subject::{Life, State, governance::Grant, source::Source};

/// What an event claims the right to say. It borrows, so that whoever judges many of them keeps no event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim<'a> {
    /// The type of the event itself.
    pub event_type: EventType,
    /// The type that a grant must cover: whoever may say something may say it anew.
    pub said: EventType,
    /// What it is about.
    pub subject: &'a Subject,
    /// The posts in whose name it speaks.
    pub posts: Vec<&'a Code>,
}

impl<'a> Claim<'a> {
    /// The claim of an event.
    pub fn of(event: &'a Event) -> Self {
        let event_type = event.payload.event_type();
        let said = match &event.payload {
            Payload::CorrectionMade(made) => made.corrected.payload.event_type(),
            _ => event_type,
        };
        Self { event_type, said, subject: &event.subject, posts: posts_spoken_for(event).collect() }
    }
}

/// Judges whether a source may post an event. `holder` is the life of [`SourceName::subject`].
pub fn judge(access: Access, holder: &Life, source: &SourceName, event: &Event) -> Result<(), Rejection> {
    judge_claim(access, holder, source, &Claim::of(event)).map(|_| ())
}

/// Why a claim is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entitlement {
    /// The operator needs no grant.
    Operator,
    /// A grant covers it.
    Granted,
    /// The ledger is open, and the source was never granted anything: so nothing was asked of it.
    Open,
}

/// Judges a claim, and says by what it is good. `holder` is the life of [`SourceName::subject`] as it stood just before
/// the event's own place.
pub fn judge_claim(
    access: Access,
    holder: &Life,
    source: &SourceName,
    claim: &Claim<'_>,
) -> Result<Entitlement, Rejection> {
    if source.as_str() == SourceName::OPERATOR {
        return Ok(Entitlement::Operator);
    }
    let denied = |what: String| Err(Rejection::NotGranted { source_name: source.clone(), what });
    if is_operators_own(claim.event_type) {
        return denied(format!("type {}", claim.event_type.as_str()));
    }
    let grant = match (holder.state(), access) {
        (State::Source(Source { grant: Some(grant), .. }), _) => grant,
        (_, Access::Open) => return Ok(Entitlement::Open),
        (_, Access::Granted) => return denied("anything on this ledger".into()),
    };
    if !grant.allows_type(claim.said) {
        return denied(format!("type {}", claim.said.as_str()));
    }
    if !grant.allows_subject(claim.subject) {
        return denied(format!("subject {}", claim.subject));
    }
    match claim.posts.iter().find(|post| !grant.allows_post(post)) {
        Some(post) => denied(format!("post {post}")),
        None => Ok(Entitlement::Granted),
    }
}

impl Grant {
    /// Whether it covers that type of event.
    pub fn allows_type(&self, event_type: EventType) -> bool {
        self.types.iter().any(|pattern| covers(pattern, event_type.as_str(), '.'))
    }

    /// Whether it covers that subject.
    pub fn allows_subject(&self, subject: &Subject) -> bool {
        // `*`, `kind/*` or the subject itself, without writing it out: this is asked of every record.
        self.subjects.iter().any(|pattern| {
            pattern == "*"
                || pattern.split_once('/').is_some_and(|(kind, id)| {
                    kind == subject.kind().as_str() && (id == "*" || id == subject.id().as_str())
                })
        })
    }

    /// Whether its holder may speak for that post.
    pub fn allows_post(&self, post: &Code) -> bool {
        self.posts.iter().any(|pattern| pattern == "*" || pattern == post.as_str())
    }
}

/// `*`, the name itself, or `family` + separator + `*`.
fn covers(pattern: &str, name: &str, separator: char) -> bool {
    pattern == "*"
        || pattern == name
        || pattern
            .strip_suffix('*')
            .is_some_and(|family| family.ends_with(separator) && name.starts_with(family))
}

/// The posts in whose name an event speaks: who acted, agreed, approved or verified. An owner is spoken *of*.
fn posts_spoken_for(event: &Event) -> impl Iterator<Item = &Code> {
    let (said_anew, inside) = match &event.payload {
        Payload::CorrectionMade(made) => (
            made.approver_post.as_ref(),
            made.corrected.actor_post.as_ref().into_iter().chain(spoken_for_in(&made.corrected.payload)),
        ),
        payload => (None, None.into_iter().chain(spoken_for_in(payload))),
    };
    event.actor_post.iter().chain(said_anew).chain(inside)
}

/// Who agreed, approved, verified or decided.
fn spoken_for_in(payload: &Payload) -> Option<&Code> {
    match payload {
        Payload::DeadlineRevised(revised) => Some(&revised.approver_post),
        Payload::ActionVerified(verified) => Some(&verified.verifier_post),
        Payload::PolicyChangeApproved(approved) => Some(&approved.by_post),
        Payload::MeasureRevised(revised) => Some(&revised.approver_post),
        Payload::CommitmentReviewed(reviewed) => Some(&reviewed.assessor_post),
        Payload::EvidenceChallenged(challenged) => Some(&challenged.by_post),
        Payload::EvidenceUpheld(upheld) => Some(&upheld.by_post),
        Payload::EvidenceRejected(rejected) => Some(&rejected.by_post),
        Payload::EventVoided(void) => Some(&void.approver_post),
        Payload::PolicyChangeDeclined(declined) => Some(&declined.by_post),
        Payload::PolicyChangeAbandoned(abandoned) => Some(&abandoned.by_post),
        Payload::PolicyChangeReversed(reversed) => Some(&reversed.by_post),
        Payload::ContentErased(erased) => Some(&erased.attested_by),
        _ => None,
    }
}

const fn is_operators_own(event_type: EventType) -> bool {
    matches!(
        event_type,
        EventType::LedgerOpened
            | EventType::GrantChanged
            | EventType::ClockCorrected
            | EventType::CosignatureRecorded
            | EventType::KeyRotated
            | EventType::LedgerRestored
    )
}

/// Judges the patterns of a grant, so that a slip of the pen does not silently grant nothing.
pub(super) fn judge_form(grant: &GrantChanged, subject: &Subject) -> Result<(), Rejection> {
    if subject.id().as_str() == SourceName::OPERATOR {
        return Err(rules::GRANT_TO_OPERATOR.at("subject"));
    }
    let grantable = || EventType::ALL.iter().filter(|one| !is_operators_own(**one));
    let is_type = |text: &str| text == "*" || grantable().any(|one| covers(text, one.as_str(), '.'));
    let is_subject = |text: &str| {
        let is_kind = |kind: &Kind| text.strip_suffix("/*") == Some(kind.as_str());
        text == "*" || Kind::ALL.iter().any(is_kind) || Subject::parse(text).is_ok()
    };
    let is_post = |text: &str| text == "*" || Code::parse(text).is_ok();
    all(&grant.types, "types", is_type, &rules::GRANT_TYPE)?;
    all(&grant.subjects, "subjects", is_subject, &rules::GRANT_SUBJECT)?;
    all(&grant.posts, "posts", is_post, &rules::GRANT_POST)
}

fn all(
    texts: &[String],
    field: &str,
    good: impl Fn(&str) -> bool,
    form: &rules::Form,
) -> Result<(), Rejection> {
    match texts.iter().position(|text| !good(text)) {
        Some(index) => Err(form.at(format!("grant_changed.{field}[{index}]"))),
        None => Ok(()),
    }
}

//! The only translator between the wire and the domain, one file a family of events.
//!
//! Invariant: what comes in has been parsed into values that passed their rules, or is refused with the path of the
//! field; wire messages go no further inward than this. It must not know what is legal: only what is well formed.

mod action;
mod closed;
mod envelope;
mod evidence;
mod feedback;
pub(super) mod field;
mod filter;
mod ledger;
mod pledge;
mod policy;
mod report;
#[cfg(test)]
mod tests;

use uuid::Uuid;

use crate::domain::{
    event::{GrantChanged, LedgerOpened, Payload},
    id::{SourceName, Subject},
    rejection::Rejection,
};
use crate::grpc::wire::{self, event::Payload as Message};
use field::{Held, Path, Texts};

pub(super) use envelope::{command, judgement, receipt, recorded};
pub(super) use filter::Filter;
pub(super) use report::{as_at, report, report_name};

/// A payload, here and on the wire.
trait Wire: Sized {
    /// Its message.
    type Message;
    /// Parses the message that stands at a path.
    fn parse(at: &Path<'_>, message: Self::Message, texts: &mut Texts) -> Result<Self, Rejection>;
    /// The message, with its words as far as they are held.
    fn print(&self, held: &Held<'_>) -> Self::Message;
}

macro_rules! payloads {
    ($($name:ident = $field:literal),+ $(,)?) => {
        fn parse(message: Message, texts: &mut Texts) -> Result<Payload, Rejection> {
            Ok(match message {
                $(Message::$name(message) => Payload::$name(Wire::parse(&Path::root($field), message, texts)?)),+
            })
        }

        fn print(payload: &Payload, held: &Held<'_>) -> Message {
            match payload { $(Payload::$name(payload) => Message::$name(payload.print(held))),+ }
        }
    };
}

payloads! {
    LedgerOpened = "ledger_opened",
    GrantChanged = "grant_changed",
    PostRegistered = "post_registered",
    CodeListAdopted = "code_list_adopted",
    CalendarAdopted = "calendar_adopted",
    ReportSettingsAdopted = "report_settings_adopted",
    PledgePublished = "pledge_published",
    CommitmentMade = "commitment_made",
    ActionPlanned = "action_planned",
    ActionStarted = "action_started",
    DeadlineRevised = "deadline_revised",
    ActionCompleted = "action_completed",
    ActionVerified = "action_verified",
    ActionReopened = "action_reopened",
    ActionCancelled = "action_cancelled",
    FeedbackSought = "feedback_sought",
    FeedbackReceived = "feedback_received",
    FeedbackResponded = "feedback_responded",
    FeedbackClosedWithoutChange = "feedback_closed_without_change",
    PolicyRegistered = "policy_registered",
    PolicyChangeProposed = "policy_change_proposed",
    PolicyChangeApproved = "policy_change_approved",
    PolicyChanged = "policy_changed",
    EvidenceAttached = "evidence_attached",
    EventVoided = "event_voided",
}

/// A ledger's genesis, as an operator asks for it in the request's field `opened`.
pub(super) fn opened(message: Option<wire::LedgerOpened>) -> Result<LedgerOpened, Rejection> {
    let at = Path::root("opened");
    let message = message.ok_or_else(|| at.missing("say whose ledger it is"))?;
    LedgerOpened::parse(&at, message, &mut Texts::default())
}

/// A ledger's genesis, as it is shown.
pub(super) fn opened_message(opened: &LedgerOpened) -> wire::LedgerOpened {
    opened.print(&Held(&[]))
}

/// The grant of the request's field `grants[index]`, and whose it is.
pub(super) fn grant(index: usize, wire: wire::SourceGrant) -> Result<(SourceName, GrantChanged), Rejection> {
    let at = Path::root("grants").item(index);
    let source = SourceName::parse(&wire.source).map_err(|why| at.field("source").invalid(&why))?;
    let grant = at.field("grant");
    let message = wire.grant.ok_or_else(|| grant.missing("say what the source may post"))?;
    Ok((source, GrantChanged::parse(&grant, message, &mut Texts::default())?))
}

/// The name under which operators' events are recorded.
pub(super) fn operator() -> Result<SourceName, Rejection> {
    SourceName::parse(SourceName::OPERATOR).map_err(|why| Path::root("source").invalid(&why))
}

/// By what an event is found: its source, if it is named, and its id.
pub(super) fn key(source: &str, event_id: &str) -> Result<(Option<SourceName>, Uuid), Rejection> {
    let source = field::optional_source(&Path::root("source"), source)?;
    Ok((source, field::uuid(&Path::root("event_id"), event_id)?))
}

/// The subject of the request's field `subject`.
pub(super) fn subject(text: &str) -> Result<Subject, Rejection> {
    field::subject(&Path::root("subject"), text)
}

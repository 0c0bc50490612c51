//! Corrections: the corrected event comes and goes as the event that it is.

use super::Wire;
use super::envelope;
use super::field::{
    Held, Path, Texts, optional_code, optional_source, optional_uuid, shown, shown_or_empty, subject, uuid,
};
use crate::domain::{
    event::{Corrected, CorrectionMade, Payload},
    rejection::Rejection,
};
use crate::grpc::wire;

impl Wire for CorrectionMade {
    type Message = Box<wire::CorrectionMade>;

    fn parse(at: &Path<'_>, wire: Box<wire::CorrectionMade>, texts: &mut Texts) -> Result<Self, Rejection> {
        let inside = at.field("corrected");
        let event =
            wire.corrected.ok_or_else(|| inside.missing("say the event as it should have been said"))?;
        bare(&inside, &event)?;
        let target_event_id = uuid(&inside.field("event_id"), &event.event_id)?;
        let subject = subject(&inside.field("subject"), &event.subject)?;
        let occurred = envelope::occurred(&inside.field("occurred"), event.occurred)?;
        let actor_post = optional_code(&inside.field("actor_post"), &event.actor_post)?;
        let message =
            event.payload.ok_or_else(|| inside.field("payload").missing("say what happened, whole"))?;
        let mut own = Texts::default();
        let payload = super::parse(Some(&inside), message, &mut own)?;
        if matches!(payload, Payload::CorrectionMade(_) | Payload::EventVoided(_)) {
            return Err(inside.field("payload").refuse(
                "corrections and voids are not corrected",
                "correct the first event again: its last correction stands",
            ));
        }
        texts.nest(own);
        Ok(Self {
            target_event_id,
            target_source: optional_source(&at.field("target_source"), &wire.target_source)?,
            corrected: Corrected { subject, occurred, actor_post, payload: Box::new(payload) },
            approver_post: optional_code(&at.field("approver_post"), &wire.approver_post)?,
            reason: texts.words(at, "reason", wire.reason)?,
        })
    }

    fn print(&self, held: &Held<'_>) -> Box<wire::CorrectionMade> {
        Box::new(wire::CorrectionMade {
            corrected: Some(Box::new(wire::Event {
                event_id: shown(&self.target_event_id),
                subject: shown(&self.corrected.subject),
                occurred: Some(envelope::occurred_message(self.corrected.occurred)),
                actor_post: shown_or_empty(self.corrected.actor_post.as_ref()),
                payload: Some(super::print(&self.corrected.payload, &held.nested())),
                ..wire::Event::default()
            })),
            target_source: shown_or_empty(self.target_source.as_ref()),
            approver_post: shown_or_empty(self.approver_post.as_ref()),
            reason: held.text("reason"),
        })
    }
}

/// What the ledger knows an event by, and what its poster kept beside it, is not corrected.
fn bare(at: &Path<'_>, event: &wire::Event) -> Result<(), Rejection> {
    let empty = |name| {
        at.field(name).refuse("a correction does not carry this field", "leave it empty inside `corrected`")
    };
    if event.source_sequence.is_some() {
        return Err(empty("source_sequence"));
    }
    if event.producer_recorded_at.is_some() {
        return Err(empty("producer_recorded_at"));
    }
    if event.expected.is_some() {
        return Err(empty("expected"));
    }
    if optional_uuid(&at.field("correlation_id"), &event.correlation_id)?.is_some() {
        return Err(empty("correlation_id"));
    }
    if optional_uuid(&at.field("causation_id"), &event.causation_id)?.is_some() {
        return Err(empty("causation_id"));
    }
    Ok(())
}

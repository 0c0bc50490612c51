//! What the folds need of one record, taken out where it was opened.
//!
//! Invariant: it is small, whatever the event says: a fold waits for the records before it, and what waits is held in
//! memory. An event is kept whole only of the few kinds that say something about the ledger itself. It must not judge.

use jiff::Timestamp;
use std::sync::Arc;
use uuid::Uuid;

use crate::domain::{
    command::Recorded,
    event::{Event, EventType, Payload},
    grants::Claim,
    id::{Code, Kind, SourceName, Subject},
};

/// One record, for the folds.
pub(super) struct Fact {
    pub(super) sequence: u64,
    pub(super) recorded_at: Timestamp,
    pub(super) source: SourceName,
    pub(super) id: Uuid,
    /// The poster's own counter.
    pub(super) number: Option<u64>,
    event_type: EventType,
    said: EventType,
    subject: Subject,
    posts: Box<[Code]>,
    /// The record whole, where it is about the ledger itself, a source, a report, an opinion or a cosignature.
    pub(super) whole: Option<Arc<Recorded>>,
}

impl Fact {
    /// What is kept of a record.
    pub(super) fn of(recorded: Recorded) -> Self {
        let Claim { event_type, said, posts, .. } = Claim::of(&recorded.event);
        let posts = posts.into_iter().cloned().collect();
        let kept = matches!(
            recorded.event.subject.kind(),
            Kind::Ledger | Kind::Source | Kind::IssuedReport | Kind::AuditOpinion | Kind::Cosignature
        );
        let whole = kept.then(|| Arc::new(recorded.clone()));
        let Recorded { sequence, recorded_at, source, event, .. } = recorded;
        let (id, number) = (event.id, event.source_sequence);
        let subject = Arc::try_unwrap(event).map_or_else(|shared| shared.subject.clone(), into_subject);
        Self { sequence, recorded_at, source, id, number, event_type, said, subject, posts, whole }
    }

    /// What it claims the right to say.
    pub(super) fn claim(&self) -> Claim<'_> {
        Claim {
            event_type: self.event_type,
            said: self.said,
            subject: &self.subject,
            posts: self.posts.iter().collect(),
        }
    }

    /// What it says, where it was kept whole.
    pub(super) fn payload(&self) -> Option<&Payload> {
        self.whole.as_ref().map(|recorded| &recorded.event.payload)
    }
}

fn into_subject(event: Event) -> Subject {
    event.subject
}

//! What the folds need of one record, taken out where it was opened.
//!
//! Invariant: it is small, whatever the event says: a fold waits for the records before it, and what waits is held in
//! memory. An event is kept whole only of the few kinds that say something about the ledger itself. It must not judge.

use jiff::Timestamp;
use std::sync::Arc;
use uuid::Uuid;

use crate::domain::{
    command::Recorded,
    event::{EventType, Payload},
    grants::Claim,
    id::{Code, Kind, SourceName, Subject},
};
use crate::journal::codec::Opened;

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
    /// The record whole, where it is about the ledger itself, a source, an erasure, a report, an opinion or a cosignature.
    pub(super) whole: Option<Arc<Recorded>>,
}

impl Fact {
    /// What is kept of a record.
    #[inline]
    pub(super) fn of(sequence: u64, opened: Opened) -> Self {
        let Opened { recorded_at, source, irregularities, event } = opened;
        let Claim { event_type, said, posts, .. } = Claim::of(&event);
        let posts = posts.into_iter().cloned().collect();
        let (id, number) = (event.id, event.source_sequence);
        let is_kept = matches!(
            event.subject.kind(),
            Kind::Ledger
                | Kind::Source
                | Kind::Erasure
                | Kind::IssuedReport
                | Kind::AuditOpinion
                | Kind::Cosignature
        );
        let (subject, whole) = if is_kept {
            let (source, subject, event) = (source.clone(), event.subject.clone(), Arc::from(event));
            (subject, Some(Arc::new(Recorded { sequence, recorded_at, source, irregularities, event })))
        } else {
            (event.subject, None)
        };
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

    /// Whether it is about the system that posted it.
    pub(super) fn is_about_its_source(&self) -> bool {
        self.subject.kind() == Kind::Source && self.subject.id().as_str() == self.source.as_str()
    }

    /// What it says, where it was kept whole.
    pub(super) fn payload(&self) -> Option<&Payload> {
        self.whole.as_ref().map(|recorded| &recorded.event.payload)
    }
}

//! What the ledger marked when it took it, and what was taken back or said anew: which records, and about what.
//!
//! Invariant: a mark is about the record and stays, whatever becomes of the event. One entry for a mark, a void or a
//! correction; a record without any costs nothing. What is about somebody's feedback is told apart and names nothing.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::Views;
use super::shared::SharedMap;
use crate::domain::command::Recorded;
use crate::domain::event::Payload;
use crate::domain::id::{Kind, Subject};
use crate::domain::irregularity::Irregularity;

/// What was noticed of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Notice {
    /// The ledger marked it.
    Marked(Irregularity),
    /// It says an earlier event anew.
    Corrects,
    /// It takes an earlier event back.
    Voids,
}

/// A record of which something was noticed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noticed {
    /// What it is about. None: somebody's feedback, or a request to erase.
    pub about: Option<Arc<Subject>>,
    /// The day on which it counts.
    pub effective: Date,
    /// The day on which it was recorded.
    pub recorded_on: Date,
}

/// The view. Entries are shared on cloning; see [`SharedMap`] for the cost.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct IrregularitiesView {
    all: SharedMap<(Notice, u64), Noticed>,
}

impl IrregularitiesView {
    pub(super) fn note(&mut self, fact: &Recorded, effective: impl Fn() -> Date, recorded_on: Date) {
        let amends = match fact.event.payload {
            Payload::EventVoided(_) => Some(Notice::Voids),
            Payload::CorrectionMade(_) => Some(Notice::Corrects),
            _ => None,
        };
        let marks = fact.irregularities.iter().copied().map(Notice::Marked);
        for notice in marks.chain(amends) {
            let subject = &fact.event.subject;
            let about = (!is_about_people(subject)).then(|| Arc::new(subject.clone()));
            let noticed = Noticed { about, effective: effective(), recorded_on };
            self.all.set(&(notice, fact.sequence), noticed);
        }
    }

    /// What was noticed of the first `as_known` events, by what it was, then by sequence.
    pub fn known(&self, as_known: u64) -> impl Iterator<Item = (Notice, u64, &Noticed)> {
        let known = self.all.iter().filter(move |((_, sequence), _)| *sequence < as_known);
        known.map(|((notice, sequence), noticed)| (*notice, *sequence, noticed))
    }
}

/// Whether to say what happened to it would be to say what somebody did.
pub(crate) fn is_about_people(subject: &Subject) -> bool {
    matches!(subject.kind(), Kind::Feedback | Kind::Erasure)
}

impl Views {
    /// What of a record is kept whatever it says: who posted it on which day, and what was noticed of it.
    pub(super) fn keep_record(&mut self, fact: &Recorded, source: u32) {
        let today = self.recorded_on(fact.sequence);
        self.posters.posted(fact, source, today);
        if !fact.irregularities.is_empty()
            || matches!(fact.event.payload, Payload::EventVoided(_) | Payload::CorrectionMade(_))
        {
            let zone = self.zone();
            self.irregularities.note(fact, || fact.event.occurred.effective(&zone), today);
        }
    }
}

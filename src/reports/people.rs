//! Words about who answers for what, and about what a judgement rests on, that several reports share.
//!
//! Invariant: a post is named, never a person. A post that has ended is said to have ended: work without anybody who
//! answers for it is not hidden behind a title. Must not know any report.

use super::phrases::short_day;
use super::report::Figure;
use super::text::Text;
use crate::projections::Views;
use crate::projections::history::Horizon;
use crate::projections::owner::Owner;

/// Who answers for something: `Head of People`, `Chief Executive, since 3 May 2025`, `Clerk (post ended 30 Jun 2025)`.
pub(super) fn owner_cell(views: &Views, horizon: Horizon, owner: &Owner<'_>) -> Figure {
    let term = views.ledger.term(views, owner.post, horizon);
    let mut words = Text::from(term.map_or_else(|| owner.post.as_str(), |term| term.title.as_str()));
    if let Some(since) = owner.since {
        words = format!("{words}, since {}", short_day(since)).into();
    }
    if let Some(ended) = term.and_then(|term| term.to).filter(|last| *last < horizon.as_at) {
        words = format!("{words} (post ended {})", short_day(ended)).into();
    }
    Figure::words(words).from_events(owner.events())
}

/// What there is to add about a judgement of which so many pieces of evidence have fallen. Nothing if none has.
pub(super) fn fallen_words(fallen: u64, of: u64) -> String {
    match (fallen, of) {
        (0, _) => String::new(),
        (1, 1) => ", but its evidence has fallen since".to_owned(),
        (fallen, of) if fallen == of => ", but all its evidence has fallen since".to_owned(),
        (fallen, of) => {
            let has = if fallen == 1 { "has" } else { "have" };
            format!(", but {fallen} of its {of} pieces of evidence {has} fallen since")
        }
    }
}

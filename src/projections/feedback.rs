//! Rounds of asking, and which feedback there is: as much as the reports need, and no more.
//!
//! Invariant: of an item of feedback this view keeps its id, its place and who was speaking (staff or partners). No
//! theme, channel, contact, content or answer is here, so that no report can give one away.

use std::sync::Arc;
use uuid::Uuid;

use super::history::History;
use super::shared::SharedMap;
use crate::domain::event::Respondents;
use crate::domain::id::Code;

/// The view. Entries are shared on cloning; see [`SharedMap`] for the cost.
#[derive(Clone, Debug, Default)]
pub struct FeedbackView {
    /// The commitments that each round served, by round id.
    pub rounds: SharedMap<Code, History<Arc<[Code]>>>,
    /// Who spoke, by feedback id.
    pub received: SharedMap<Uuid, History<Respondents>>,
}

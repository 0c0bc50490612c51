//! What a code of a list means from a horizon: what it is called, when it may be used, and what else it was called.
//!
//! Invariant: the list that counts is the last that was adopted by then, by effective day, then sequence. Must not know
//! who uses the code.

use super::Views;
use super::history::Horizon;
use super::ledger::LedgerView;
use crate::domain::event::CodeListEntry;
use crate::domain::id::Code;

impl LedgerView {
    /// The entries of the list of that name, and the event that adopted it. None: no such list is adopted.
    pub fn list<'v>(
        &'v self,
        views: &Views,
        name: &str,
        horizon: Horizon,
    ) -> Option<(&'v [CodeListEntry], u64)> {
        let history = self.code_lists.get(&Code::parse(name).ok()?)?;
        let adopted = views.latest(history, horizon)?;
        Some((&adopted.fact.entries, adopted.sequence))
    }

    /// What a code of a list is called: its title, or the code itself if the list does not have it.
    pub fn title_of<'v>(&'v self, views: &Views, name: &str, code: &'v Code, horizon: Horizon) -> &'v str {
        let entries = self.list(views, name, horizon).map(|(entries, _)| entries).unwrap_or_default();
        let entry = entries.iter().find(|entry| entry.code == *code);
        entry.map_or_else(|| code.as_str(), |entry| entry.title.as_str())
    }
}

//! Which councils there are on the day as at, and which of them were reached.
//!
//! Invariant: a council is one, under whatever code it was said: the list's aliases, with their days, tell which code is
//! an earlier name of which. Must not know what was held.

use jiff::civil::Date;
use std::collections::BTreeMap;

use crate::domain::event::CodeListEntry;
use crate::domain::id::Code;
use crate::projections::Views;
use crate::projections::history::Horizon;

/// The list that councils are named by.
const LIST: &str = "council";

/// A council, and the days on which it was reached, with the events that say so.
pub(super) struct Council<'v> {
    pub(super) title: &'v str,
    pub(super) visits: Vec<(Date, u64)>,
}

/// The councils.
pub(super) struct Councils<'v> {
    /// Valid on the day as at.
    pub(super) valid: BTreeMap<&'v Code, Council<'v>>,
    /// Reached, and not valid on the day as at.
    pub(super) ceased: BTreeMap<&'v Code, Council<'v>>,
    adopted: u64,
}

impl<'v> Councils<'v> {
    /// From who was said to be reached, on which day, by which event. None: no list is adopted.
    pub(super) fn of(
        views: &'v Views,
        horizon: Horizon,
        visits: impl IntoIterator<Item = (&'v Code, Date, u64)>,
    ) -> Option<Self> {
        let (entries, adopted) = views.ledger.list(views, LIST, horizon)?;
        let as_at = horizon.as_at;
        let council = |code: &Code| Council {
            title: entries.iter().find(|it| it.code == *code).map_or("", |it| it.title.as_str()),
            visits: Vec::new(),
        };
        // Of most lists nearly none: each visit looks through these alone.
        let renamed = entries.iter().filter(|it| !it.aliases.is_empty() && is_valid(it, as_at));
        let renamed: Vec<&'v CodeListEntry> = renamed.collect();
        let mut valid: BTreeMap<&'v Code, Council<'v>> = BTreeMap::new();
        for entry in entries.iter().filter(|entry| is_valid(entry, as_at)) {
            let code = called_now(&renamed, &entry.code, as_at);
            valid.entry(code).or_insert_with(|| council(code));
        }
        let mut ceased = BTreeMap::new();
        for (said, on, sequence) in visits {
            let code = called_now(&renamed, said, on);
            let council = match valid.get_mut(code) {
                Some(council) => council,
                None => ceased.entry(code).or_insert_with(|| council(code)),
            };
            council.visits.push((on, sequence));
        }
        Some(Self { valid, ceased, adopted })
    }

    /// How many of the valid ones were reached.
    pub(super) fn reached(&self) -> u64 {
        self.valid.values().filter(|council| !council.visits.is_empty()).count() as u64
    }

    /// The list, and everything by which one that counts was reached.
    pub(super) fn events(&self) -> impl Iterator<Item = u64> {
        let visits = self.valid.values().flat_map(|council| &council.visits);
        visits.map(|(_, sequence)| *sequence).chain([self.adopted])
    }
}

fn within(day: Date, from: Option<Date>, to: Option<Date>) -> bool {
    from.is_none_or(|from| from <= day) && to.is_none_or(|to| day <= to)
}

fn is_valid(entry: &CodeListEntry, day: Date) -> bool {
    within(day, entry.valid_from, entry.valid_to)
}

/// The code by which the list knows, on the day as at, what was called `said` on `day`: that of the entry, valid on the day
/// as at, that gives it as a name of that day; or else the code itself.
fn called_now<'v>(renamed: &[&'v CodeListEntry], said: &'v Code, day: Date) -> &'v Code {
    let mut others = renamed.iter().filter(|entry| entry.code != *said);
    let now = others.find(|entry| {
        let mut names = entry.aliases.iter();
        names.any(|alias| alias.code == *said && within(day, alias.valid_from, alias.valid_to))
    });
    now.map_or(said, |entry| &entry.code)
}

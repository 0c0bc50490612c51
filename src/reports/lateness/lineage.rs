//! Which action replaces which, and what that makes of dates and counts.
//!
//! Invariant: a replacement inherits, and never clears; each piece of work is counted once, whatever was replaced, taken
//! back or cancelled. Must not know how lateness is worded.

use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

use crate::domain::id::Code;
use crate::projections::actions::{ActionState, Standing};

/// Actions, and which of them replaces which.
pub(super) struct Lineage<'v> {
    standings: BTreeMap<&'v Code, Standing<'v>>,
    /// The replacements of each action that were not taken back. No circle is left in it.
    replacements: BTreeMap<&'v Code, Vec<&'v Code>>,
    /// Those that a replacement stands for: one that is not cancelled, or that is itself stood for.
    carried: BTreeSet<&'v Code>,
}

/// As what an action is counted in the shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CountedAs<'v> {
    /// As nothing: it was taken back, or a replacement stands for it.
    Nothing,
    /// As itself.
    Itself,
    /// Its replacements were all cancelled: as the last of them, together with it.
    With(&'v Code),
}

impl<'v> CountedAs<'v> {
    /// The other action together with which it is counted.
    pub(super) const fn other(self) -> Option<&'v Code> {
        match self {
            Self::With(other) => Some(other),
            _ => None,
        }
    }
}

/// Whether an action is listed for its own sake: it was not closed before that day.
pub(super) fn is_listed(standing: &Standing<'_>, period_begins: Date) -> bool {
    standing.closed_on.max(standing.cancelled_late).is_none_or(|closed| closed >= period_begins)
}

/// What an action inherits.
pub(super) struct Inherited {
    /// The first date that was given, to it or to an action that it replaces.
    pub(super) first: Date,
    /// The events of those that it replaces from which that follows.
    pub(super) events: Vec<u64>,
    /// How often the deadlines of those that it replaces were moved in a way that counts.
    pub(super) moved: u32,
}

impl Inherited {
    /// What an action inherits that never replaced another.
    pub(super) fn nothing(standing: &Standing<'_>) -> Self {
        Self { first: standing.earliest_due.0, events: Vec::new(), moved: 0 }
    }
}

impl<'v> Lineage<'v> {
    pub(super) fn of(standings: BTreeMap<&'v Code, Standing<'v>>) -> Self {
        let mut replaces: BTreeMap<&'v Code, &'v Code> = BTreeMap::new();
        for (id, standing) in &standings {
            if standing.state != ActionState::Voided
                && let Some(replaced) = &standing.plan.replaces
            {
                replaces.insert(id, replaced);
            }
        }
        open_circles(&mut replaces, |id| standings.get(id).map_or(0, |it| it.planned));
        let mut replacements: BTreeMap<&'v Code, Vec<&'v Code>> = BTreeMap::new();
        let mut carried = BTreeSet::new();
        for (id, replaced) in &replaces {
            replacements.entry(replaced).or_default().push(id);
            if standings.get(id).is_some_and(|it| it.state == ActionState::Cancelled) {
                continue;
            }
            let mut next = Some(replaced);
            while let Some(replaced) = next.filter(|replaced| carried.insert(**replaced)) {
                next = replaces.get(replaced);
            }
        }
        Self { standings, replacements, carried }
    }

    /// Which actions are listed: what is not closed before that day, and whatever a listed one ever replaced.
    pub(super) fn listed(&self, period_begins: Date) -> BTreeSet<&'v Code> {
        let mut listed = BTreeSet::new();
        for standing in self.standings.values() {
            if is_listed(standing, period_begins) {
                // Stops at what is already listed, so a circle of replacements ends, too.
                let mut next = vec![standing];
                while let Some(standing) = next.pop() {
                    if listed.insert(standing.id) {
                        next.extend(standing.replaces().into_iter().filter_map(|it| self.standings.get(it)));
                    }
                }
            }
        }
        listed
    }

    /// What an action inherits, through everything that it or one of those ever replaced.
    pub(super) fn inherited(&self, id: &Code) -> Option<Inherited> {
        let own = self.standings.get(id)?;
        let mut inherited = Inherited::nothing(own);
        let (mut seen, mut next) = (vec![own.id], vec![own]);
        while let Some(standing) = next.pop() {
            let (earliest, by) = standing.earliest_due;
            inherited.first = inherited.first.min(earliest);
            if standing.id != id {
                inherited.events.extend(standing.events.iter().chain([&by]));
                inherited.moved += standing.moved;
            }
            for replaced in standing.replaces().into_iter().filter_map(|it| self.standings.get(it)) {
                if !seen.contains(&replaced.id) {
                    seen.push(replaced.id);
                    next.push(replaced);
                }
            }
        }
        Some(inherited)
    }

    /// The replacement of an action, and whether it stands for it. One that does goes before one that was cancelled.
    pub(super) fn replacement(&self, id: &Code) -> Option<(&'v Code, bool)> {
        let all = self.replacements.get(id)?;
        let stands = |by: &Code| {
            let cancelled = self.standings.get(by).is_some_and(|it| it.state == ActionState::Cancelled);
            !cancelled || self.carried.contains(by)
        };
        let standing = all.iter().find(|by| stands(by)).map(|by| (*by, true));
        standing.or_else(|| all.first().map(|by| (*by, false)))
    }

    /// As what an action is counted in the shares.
    pub(super) fn counted_as(&self, id: &'v Code, listed: &BTreeSet<&'v Code>) -> CountedAs<'v> {
        let taken_back = self.standings.get(id).is_none_or(|it| it.state == ActionState::Voided);
        if taken_back || self.carried.contains(id) {
            return CountedAs::Nothing;
        }
        let mut last = id;
        // Ends: there is no circle.
        while let Some((by, _)) = self.replacement(last).filter(|(by, _)| listed.contains(by)) {
            last = by;
        }
        if last == id { CountedAs::Itself } else { CountedAs::With(last) }
    }

    /// The actions themselves.
    pub(super) fn into_standings(self) -> BTreeMap<&'v Code, Standing<'v>> {
        self.standings
    }
}

/// Opens each circle of replacements where the action that was planned last would be replaced: it is the one that goes
/// on. The ledger refuses circles; a report must not be led round by one all the same.
fn open_circles<'v>(replaces: &mut BTreeMap<&'v Code, &'v Code>, planned: impl Fn(&Code) -> u64) {
    let mut seen: BTreeSet<&Code> = BTreeSet::new();
    let mut opened = Vec::new();
    for start in replaces.keys().copied() {
        let (mut path, mut at) = (Vec::new(), start);
        while seen.insert(at) {
            path.push(at);
            let Some(next) = replaces.get(at) else { break };
            at = next;
            let Some(from) = path.iter().position(|id| *id == at) else { continue };
            let circle = path.get(from..).unwrap_or_default();
            let last = circle.iter().max_by_key(|id| planned(id));
            opened.extend(circle.iter().filter(|id| replaces.get(*id) == last).copied());
        }
    }
    for id in opened {
        replaces.remove(id);
    }
}

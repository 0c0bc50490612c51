//! The subjects by which an organisation steers its ledger: the ledger itself, grants, posts, code lists, calendars,
//! settings.
//!
//! Invariant: where one adoption replaces another, the last by (effective day, sequence) stands, except for grants:
//! they hold *from their record on*, so the last by sequence stands, whatever day it names (`source` sees to it).

use jiff::civil::Date;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::State;
use crate::domain::command::Recorded;
use crate::domain::event::{
    Access, CodeListAdopted, LedgerOpened, Payload, PostRegistered, PostRetired, ReportSettingsAdopted,
};
use crate::domain::id::Code;
use crate::domain::rules::{self, Breach};

/// A ledger that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Sequence of the opening.
    pub sequence: u64,
    /// Who may post without a grant.
    pub access: Access,
    /// Everything in it is invented.
    pub example_data: bool,
}

impl Opening {
    pub(super) fn after(state: &State, opened: &LedgerOpened, at: u64) -> Result<Self, Breach> {
        match state {
            State::None => {
                Ok(Self { sequence: at, access: opened.access, example_data: opened.example_data })
            }
            State::Ledger(ledger) => Err(Breach::of(&rules::LEDGER_ALREADY_OPENED, Some(ledger.sequence))),
            _ => Err(Breach::of(&rules::WRONG_KIND, None)),
        }
    }

    /// It is said of the ledger, and changes nothing about how it was opened. A clock that was ahead when the ledger was
    /// opened is set right on a day before the opening, and other things may be said on such a day, too. Keys and restores
    /// hold from their record on, whatever day they name, so they are judged by sequence, elsewhere.
    pub(super) fn unchanged(state: &State) -> Result<State, Breach> {
        match state {
            State::Ledger(_) | State::None => Ok(state.clone()),
            _ => Err(Breach::of(&rules::WRONG_KIND, None)),
        }
    }
}

/// What a source may post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Sequence of the grant.
    pub sequence: u64,
    /// Event types, families (`action.*`) or `*`.
    pub types: Arc<[String]>,
    /// Subjects, kinds (`action/*`) or `*`.
    pub subjects: Arc<[String]>,
    /// Posts that it may speak for, or `*`.
    pub posts: Arc<[String]>,
}

/// A span of days, both ends in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First day; none: since ever.
    pub from: Option<Date>,
    /// Last day; none: open-ended.
    pub to: Option<Date>,
}

impl Span {
    /// Whether the day lies in it.
    pub fn contains(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }

    /// The days that lie in both.
    pub fn common(&self, other: &Self) -> Option<Self> {
        // The later beginning; the earlier end, where none is later than any.
        let from = self.from.max(other.from);
        let to = self.to.into_iter().chain(other.to).min();
        let backwards = from.zip(to).is_some_and(|(from, to)| to < from);
        (!backwards).then_some(Self { from, to })
    }
}

/// One registration of a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Sequence of the registration.
    pub sequence: u64,
    /// The days for which it holds.
    pub span: Span,
    /// Other posts that the same person holds on those days.
    pub held_with: Vec<Code>,
    /// Sequence of the retirement that ended it, if one did.
    pub retired: Option<u64>,
}

/// A post, in all its terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// Its terms, by their first days; no two meet.
    pub terms: Vec<Term>,
}

impl Post {
    /// Its name, as readers see it.
    pub const fn name(&self) -> &'static str {
        match self.terms.as_slice() {
            [.., Term { retired: Some(_), .. }] => "RETIRED",
            _ => "REGISTERED",
        }
    }

    pub(super) fn after(state: &State, post: &PostRegistered, at: u64) -> Result<Self, Breach> {
        let mut terms = match state {
            State::None => Vec::new(),
            State::Post(post) => post.terms.clone(),
            _ => return Err(Breach::of(&rules::WRONG_KIND, None)),
        };
        let span = Span { from: Some(post.valid_from), to: post.valid_to };
        if let Some(term) = terms.iter().find(|term| term.span.common(&span).is_some()) {
            return Err(Breach::of(&rules::POST_OVERLAP, Some(term.sequence)));
        }
        terms.push(Term { sequence: at, span, held_with: post.held_with.clone(), retired: None });
        terms.sort_by_key(|term| term.span.from);
        Ok(Self { terms })
    }

    pub(super) fn retired(state: &State, retired: &PostRetired, at: u64) -> Result<Self, Breach> {
        let mut terms = match state {
            State::None => return Err(Breach::of(&rules::POST_NOT_REGISTERED, None)),
            State::Post(post) => post.terms.clone(),
            _ => return Err(Breach::of(&rules::WRONG_KIND, None)),
        };
        let last_day = retired.last_day;
        // The term that had begun by then: the one that holds that day, or that a retirement ended before it.
        let begun = terms.iter_mut().rev().find(|term| term.span.from.is_none_or(|from| from <= last_day));
        match begun {
            Some(Term { retired: Some(standing), .. }) => {
                return Err(Breach::of(&rules::POST_ALREADY_RETIRED, Some(*standing)));
            }
            Some(term) if term.span.contains(last_day) => {
                term.span.to = Some(last_day);
                term.retired = Some(at);
            }
            Some(Term { sequence, .. }) => {
                return Err(Breach::of(&rules::POST_NOT_REGISTERED, Some(*sequence)));
            }
            None => {
                let first = terms.first().map(|term| term.sequence);
                return Err(Breach::of(&rules::POST_NOT_REGISTERED, first));
            }
        }
        Ok(Self { terms })
    }

    /// The term that holds on that day.
    pub fn on(&self, day: Date) -> Option<&Term> {
        self.terms.iter().find(|term| term.span.contains(day))
    }
}

/// A list of codes, as last adopted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeList {
    /// Sequence of the adoption.
    pub sequence: u64,
    /// Its codes, and when each may be used.
    pub entries: Arc<BTreeMap<Code, Span>>,
}

impl CodeList {
    pub(super) fn after(state: &State, list: &CodeListAdopted, at: u64) -> Result<Self, Breach> {
        match state {
            State::None | State::CodeList(_) => {
                let entry = |e: &crate::domain::event::CodeListEntry| {
                    (e.code.clone(), Span { from: e.valid_from, to: e.valid_to })
                };
                Ok(Self { sequence: at, entries: Arc::new(list.entries.iter().map(entry).collect()) })
            }
            _ => Err(Breach::of(&rules::WRONG_KIND, None)),
        }
    }
}

/// A calendar, with everything that was adopted for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// The adoptions, in the order in which they count: for a day that two cover, the last holds.
    pub adopted: Vec<Arc<Recorded>>,
}

impl Calendar {
    pub(super) fn after(state: &State, fact: &Arc<Recorded>) -> Result<Self, Breach> {
        let mut adopted = match (state, &fact.event.payload) {
            (State::None, Payload::CalendarAdopted(_)) => Vec::new(),
            (State::Calendar(calendar), Payload::CalendarAdopted(_)) => calendar.adopted.clone(),
            _ => return Err(Breach::of(&rules::WRONG_KIND, None)),
        };
        adopted.push(fact.clone());
        Ok(Self { adopted })
    }
}

/// What steers the reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Sequence of the adoption.
    pub sequence: u64,
    /// What was adopted.
    pub adopted: ReportSettingsAdopted,
}

impl Settings {
    pub(super) fn after(state: &State, adopted: &ReportSettingsAdopted, at: u64) -> Result<Self, Breach> {
        let next = Self { sequence: at, adopted: adopted.clone() };
        match state {
            State::Settings(old) if next.lowers(old) => {
                Err(Breach::of(&rules::THRESHOLD_LOWERED, Some(old.sequence)))
            }
            State::None | State::Settings(_) => Ok(next),
            _ => Err(Breach::of(&rules::WRONG_KIND, None)),
        }
    }

    /// Whether this would show what the other hides.
    pub fn lowers(&self, other: &Self) -> bool {
        let (new, old) = (&self.adopted, &other.adopted);
        new.suppress_below < old.suppress_below
            || new.survey_minimum < old.survey_minimum
            || new.release_interval < old.release_interval
    }
}

//! What is known of a posting system: what it may post, what it says that it posted, and which system goes on where
//! it ended.
//!
//! Invariant: a grant holds *from its record on*, and a statement replaces what was stated of the same period before
//! it was recorded: of both the last by sequence stands, whatever day it names. One system alone succeeds another.
//! Whether a statement is right, and whether successions run in a circle, is judged across subjects, elsewhere.

use jiff::civil::Date;
use std::collections::BTreeMap;

use super::State;
use super::governance::Grant;
use crate::domain::event::{GrantChanged, SourceStatement, SourceSucceeded};
use crate::domain::id::SourceName;
use crate::domain::rules::{self, Breach};

/// A posting system.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Source {
    /// What it may post. None: it was never granted anything.
    pub grant: Option<Grant>,
    /// Which system goes on where it ended.
    pub successor: Option<Succession>,
    /// First and last day of each period of which it stated what it posted → sequence of the statement that stands.
    pub statements: BTreeMap<(Date, Date), u64>,
}

/// Another system goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Succession {
    /// Sequence of the event that says so.
    pub sequence: u64,
    /// The day from which it does.
    pub on: Date,
    /// Which system.
    pub to: SourceName,
}

impl Source {
    /// Its name, as readers see it.
    pub const fn name(&self) -> &'static str {
        match (&self.successor, &self.grant) {
            (Some(_), _) => "SUCCEEDED",
            (None, Some(_)) => "GRANTED",
            (None, None) => "POSTING",
        }
    }

    pub(super) fn granted(state: &State, grant: &GrantChanged, at: u64) -> Result<Self, Breach> {
        let mut source = Self::known(state)?;
        if source.grant.as_ref().is_none_or(|standing| standing.sequence < at) {
            source.grant = Some(Grant {
                sequence: at,
                types: grant.types.as_slice().into(),
                subjects: grant.subjects.as_slice().into(),
                posts: grant.posts.as_slice().into(),
            });
        }
        Ok(source)
    }

    pub(super) fn stated(state: &State, statement: &SourceStatement, at: u64) -> Result<Self, Breach> {
        let mut source = Self::known(state)?;
        let standing = source.statements.entry((statement.period_from, statement.period_to)).or_insert(at);
        *standing = at.max(*standing);
        Ok(source)
    }

    pub(super) fn succeeded(
        state: &State,
        succeeded: &SourceSucceeded,
        at: u64,
        day: Date,
    ) -> Result<Self, Breach> {
        let source = Self::known(state)?;
        if let Some(standing) = &source.successor {
            return Err(Breach::of(&rules::SOURCE_ALREADY_SUCCEEDED, Some(standing.sequence)));
        }
        let successor = Succession { sequence: at, on: day, to: succeeded.to.clone() };
        Ok(Self { successor: Some(successor), ..source })
    }

    /// A system may post, and so speak of itself, before anything was said of it.
    fn known(state: &State) -> Result<Self, Breach> {
        match state {
            State::None => Ok(Self::default()),
            State::Source(source) => Ok(source.clone()),
            _ => Err(Breach::of(&rules::WRONG_KIND, None)),
        }
    }
}

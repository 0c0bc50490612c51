//! The sources of a ledger, and the life of each as the domain folds it: its grant, its statements, its successor.
//!
//! Invariant: a life holds what was recorded before the fact that is judged, as the ledger's writer saw it then. It
//! must not judge.

use jiff::{civil::Date, tz::TimeZone};
use std::collections::BTreeMap;

use super::fact::Fact;
use crate::domain::{
    event::{GrantChanged, Payload},
    id::{Kind, SourceName},
    subject::Life,
};

/// All sources, numbered as they come up.
#[derive(Default)]
pub(super) struct Sources {
    numbers: BTreeMap<SourceName, usize>,
    all: Vec<Source>,
    /// Who posted last: mostly the same again.
    last: Option<usize>,
}

/// One source.
pub(super) struct Source {
    pub(super) name: SourceName,
    pub(super) life: Life,
    /// The day on which it was first granted anything.
    pub(super) granted: Option<Date>,
}

impl Sources {
    /// The number of a source.
    pub(super) fn poster(&mut self, name: &SourceName) -> usize {
        if let Some(last) = self.last.filter(|last| self.all[*last].name == *name) {
            return last;
        }
        let number = self.numbers.get(name).copied().unwrap_or_else(|| {
            let life = Life::empty(name.subject());
            self.all.push(Source { name: name.clone(), life, granted: None });
            self.numbers.insert(name.clone(), self.all.len() - 1);
            self.all.len() - 1
        });
        self.last = Some(number);
        number
    }

    /// The life of the source of that number.
    pub(super) fn life(&self, number: usize) -> &Life {
        &self.all[number].life
    }

    /// All of them, by number.
    pub(super) fn all(&self) -> &[Source] {
        &self.all
    }

    /// What a record says of a source.
    pub(super) fn learn(&mut self, fact: &Fact, zone: &TimeZone) {
        let Some(recorded) = fact.whole.as_ref().filter(|it| it.event.subject.kind() == Kind::Source) else {
            return;
        };
        // A subject's identifier and a source's name have the same form.
        let Ok(name) = SourceName::parse(recorded.event.subject.id().as_str()) else { return };
        let number = self.poster(&name);
        let source = &mut self.all[number];
        if matches!(recorded.event.payload, Payload::GrantChanged(GrantChanged { .. })) {
            source.granted.get_or_insert(zone.to_datetime(recorded.recorded_at).date());
        }
        let life = std::mem::replace(&mut source.life, Life::empty(name.subject()));
        source.life = life.followed_by(recorded.clone(), zone);
    }
}

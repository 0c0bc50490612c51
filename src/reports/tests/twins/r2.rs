//! The twin of R2.

use super::{Headlines, Said, Twin, days, london};
use crate::domain::event::Payload;
use crate::domain::id::Kind;
use crate::domain::irregularity::Irregularity;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// One action, as the twin sees it.
pub(super) struct Work {
    pub(super) word: &'static str,
    /// What its standing plan replaces.
    replaces: Option<String>,
    /// What any of its plans ever replaced.
    replaced: BTreeSet<String>,
    earliest: Date,
    current: Date,
    moved: bool,
    done: Option<Date>,
    closed: Option<Date>,
}

fn is_backdated(said: &Said<'_>) -> bool {
    said.marks.contains(&Irregularity::BackdatedDeadline)
}

impl Twin<'_> {
    pub(super) fn work(&self) -> BTreeMap<String, Work> {
        let mut all = BTreeMap::new();
        for id in self.ids(Kind::Action) {
            let subject = format!("action/{id}");
            let ever = self.ever(&subject);
            let facts = self.about(&subject);
            let plans = || ever.iter().filter(|said| matches!(said.payload, Payload::ActionPlanned(_)));
            let live = facts.iter().rev().find(|said| matches!(said.payload, Payload::ActionPlanned(_)));
            let mut taken_back: Vec<_> = plans().filter(|said| self.void_of(said.root).is_some()).collect();
            taken_back.sort_by_key(|said| self.said_at(said));
            let Some(planned) = live.or(taken_back.last().copied()) else { continue };
            let Payload::ActionPlanned(plan) = planned.payload else { continue };
            let mut work = Work {
                word: "open",
                replaces: plan.replaces.as_ref().map(ToString::to_string),
                replaced: BTreeSet::new(),
                earliest: plan.first_due,
                current: plan.first_due,
                moved: false,
                done: None,
                closed: None,
            };
            for said in &ever {
                match said.payload {
                    Payload::ActionPlanned(plan) => {
                        work.earliest = work.earliest.min(plan.first_due);
                        work.replaced.extend(plan.replaces.as_ref().map(ToString::to_string));
                    }
                    // A move that was corrected away had been given all the same.
                    Payload::DeadlineRevised(to) if !said.voided && !is_backdated(said) => {
                        work.earliest = work.earliest.min(to.new_due);
                    }
                    _ => {}
                }
            }
            for said in &facts {
                work.step(said);
            }
            if live.is_none() {
                let void = self.void_of(planned.root).unwrap();
                let recorded = london().to_datetime(void.recorded_at).date();
                (work.word, work.done, work.closed) = ("voided", None, Some(recorded));
            }
            all.insert(id, work);
        }
        all
    }

    /// The sequence of the record that says it so.
    fn said_at(&self, said: &Said<'_>) -> u64 {
        let same = |payload: &crate::domain::event::Payload| std::ptr::eq(payload, said.payload);
        let by = self.known().find(|fact| match &fact.event.payload {
            Payload::CorrectionMade(made) => same(&made.corrected.payload),
            payload => same(payload),
        });
        by.unwrap().sequence
    }

    pub(crate) fn r2(&self) -> Headlines {
        let all = self.work();
        if all.is_empty() {
            return Headlines::new();
        }
        // Everything that it replaces, directly or through others, and itself.
        let chain = |id: &String| {
            let mut chain = BTreeSet::from([id.clone()]);
            loop {
                let more: Vec<_> = chain
                    .iter()
                    .flat_map(|id| all[id].replaced.iter().cloned())
                    .filter(|id| all.contains_key(id) && !chain.contains(id))
                    .collect();
                if more.is_empty() {
                    return chain;
                }
                chain.extend(more);
            }
        };
        let mut listed: BTreeSet<String> = BTreeSet::new();
        for (id, work) in &all {
            if work.closed.is_none_or(|closed| closed >= self.first_day) {
                listed.extend(chain(id));
            }
        }
        let late = |work: &Work, due: Date| match work.word {
            "open" => days(due, self.as_at) > 0,
            "claimed" | "verified" => work.done.is_some_and(|done| days(due, done) > 0),
            "cancelled" => days(due, work.closed.unwrap()) > 0,
            _ => false,
        };
        let replaced = |id: &String| {
            all.values().any(|other| other.word != "voided" && other.replaces.as_ref() == Some(id))
        };
        let mut said = Headlines::new();
        for word in ["open", "claimed", "verified", "cancelled", "voided"] {
            let n = listed.iter().filter(|id| all[*id].word == word).count();
            said.insert(format!("r2.{word}"), (n as u64, None));
        }
        let (mut of, mut first, mut current, mut open, mut moved) = (0, 0, 0, 0, 0);
        for id in listed.iter().filter(|id| all[*id].word != "voided" && !replaced(id)) {
            let work = &all[id];
            let due = chain(id).iter().map(|id| all[id].earliest).min().unwrap();
            of += 1;
            first += u64::from(late(work, due));
            current += u64::from(late(work, work.current));
            open += u64::from(late(work, due) && work.word == "open");
            moved += u64::from(work.moved);
        }
        if of > 0 {
            said.insert("r2.late_against_first_due".into(), (first, Some(of)));
            said.insert("r2.late_against_current_due".into(), (current, Some(of)));
            said.insert("r2.open_and_late".into(), (open, Some(of)));
            said.insert("r2.moved".into(), (moved, Some(of)));
        }
        said
    }
}

impl Work {
    fn step(&mut self, said: &Said<'_>) {
        match said.payload {
            Payload::ActionStarted(_) | Payload::ActionReopened(_) => {
                (self.word, self.done, self.closed) = ("open", None, None);
            }
            Payload::ActionCompleted(_) => {
                (self.word, self.done, self.closed) = ("claimed", Some(said.day), None);
            }
            Payload::ActionVerified(_) => (self.word, self.closed) = ("verified", Some(said.day)),
            Payload::ActionCancelled(_) => {
                (self.word, self.done, self.closed) = ("cancelled", None, Some(said.day));
            }
            Payload::DeadlineRevised(to) if !is_backdated(said) => {
                self.moved = true;
                self.current = to.new_due;
            }
            _ => {}
        }
    }
}

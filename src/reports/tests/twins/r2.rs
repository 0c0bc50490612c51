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
    /// What its standing plan serves.
    commitments: Vec<String>,
    /// What its standing plan replaces.
    replaces: Option<String>,
    /// What any of its plans ever replaced.
    replaced: BTreeSet<String>,
    /// The record that says the plan as it stands.
    planned_at: u64,
    earliest: Date,
    current: Date,
    moved: bool,
    done: Option<Date>,
    closed: Option<Date>,
    /// The day on which whatever closed it, or says that it is done, was first recorded.
    heard: Option<Date>,
    /// The same of its plan.
    planned_heard: Date,
}

fn local(fact: &crate::domain::command::Recorded) -> Date {
    london().to_datetime(fact.recorded_at).date()
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
            let first_plan = self.known().find(|fact| {
                matches!(fact.event.payload, Payload::ActionPlanned(_))
                    && fact.event.subject.to_string() == subject
            });
            let mut work = Work {
                word: "open",
                commitments: plan.commitments.iter().map(ToString::to_string).collect(),
                replaces: plan.replaces.as_ref().map(ToString::to_string),
                replaced: BTreeSet::new(),
                planned_at: self.said_at(planned),
                heard: None,
                planned_heard: local(first_plan.unwrap()),
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
                    // Whatever became of a move, it had been given.
                    Payload::DeadlineRevised(to) if !is_backdated(said) => {
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

    /// R1's cells of actions that serve a commitment: open, claimed, verified in the period. None: no action serves it.
    pub(crate) fn actions_of(&self, commitment: &str) -> Option<[usize; 3]> {
        let all = self.work();
        let serves =
            |work: &&Work| work.word != "voided" && work.commitments.iter().any(|it| it == commitment);
        let serving: Vec<&Work> = all.values().filter(serves).collect();
        let of = |word: &str| serving.iter().filter(|work| work.word == word).count();
        let verified = serving.iter().filter(|work| work.word == "verified");
        let verified = verified.filter(|work| work.closed.is_some_and(|on| self.in_period(on))).count();
        (!serving.is_empty()).then(|| [of("open"), of("claimed"), verified])
    }

    /// Of each action that is done, how many days later the ledger learned of it; None: it is not done.
    pub(crate) fn lags(&self) -> BTreeMap<String, Option<i64>> {
        let lag = |work: Work| work.done.zip(work.heard).map(|(done, heard)| days(done, heard).max(0));
        self.work().into_iter().map(|(id, work)| (id, lag(work))).collect()
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
            if work.stopped().is_none_or(|stopped| stopped >= self.first_day) {
                listed.extend(chain(id));
            }
        }
        let late = |work: &Work, due: Date| match work.word {
            "open" => days(due, self.as_at) > 0,
            "claimed" | "verified" => work.done.is_some_and(|done| days(due, done) > 0),
            "cancelled" => days(due, work.stopped().unwrap().min(self.as_at)) > 0,
            _ => false,
        };
        let mut said = Headlines::new();
        for word in ["open", "claimed", "verified", "cancelled", "voided"] {
            let n = listed.iter().filter(|id| all[*id].word == word).count();
            said.insert(format!("r2.{word}"), (n as u64, None));
        }
        // What each counted action is counted as, and the tests that any action counted as that passes.
        let mut counted: BTreeMap<String, [bool; 4]> = BTreeMap::new();
        for id in &listed {
            let Some(counted_as) = counted_as(&all, &listed, id) else { continue };
            let work = &all[id];
            let due = chain(id).iter().map(|id| all[id].earliest).min().unwrap();
            let passed = [
                late(work, due),
                late(work, work.current),
                late(work, due) && work.word == "open",
                chain(id).iter().any(|id| all[id].moved),
            ];
            let so_far = counted.entry(counted_as).or_default();
            for (so_far, passed) in so_far.iter_mut().zip(passed) {
                *so_far |= passed;
            }
        }
        let of = counted.len() as u64;
        let [first, current, open, moved] =
            [0, 1, 2, 3].map(|test| counted.values().filter(|passed| passed[test]).count() as u64);
        if of > 0 {
            said.insert("r2.late_against_first_due".into(), (first, Some(of)));
            said.insert("r2.late_against_current_due".into(), (current, Some(of)));
            said.insert("r2.open_and_late".into(), (open, Some(of)));
            said.insert("r2.moved".into(), (moved, Some(of)));
        }
        said
    }
}

/// Whom an action is replaced by; not by one that it replaces itself, round a circle, if it was planned last of all there.
fn replacers(all: &BTreeMap<String, Work>, id: &String) -> Vec<String> {
    let next = |id: &String| all.get(id).filter(|work| work.word != "voided")?.replaces.clone();
    let mut circle = vec![id.clone()];
    while let Some(other) = next(circle.last().unwrap()).filter(|_| circle.len() <= all.len()) {
        circle.push(other);
    }
    let back = circle.iter().skip(1).position(|other| other == id);
    circle.truncate(back.map_or(0, |back| back + 1));
    let latest = circle.iter().max_by_key(|id| all[*id].planned_at);
    let goes_on = latest == Some(id);
    let mut by: Vec<String> = all.keys().filter(|other| next(other).as_ref() == Some(id)).cloned().collect();
    by.retain(|other| !(goes_on && circle.contains(other)));
    by
}

fn stands_for(all: &BTreeMap<String, Work>, by: &String) -> bool {
    all[by].word != "cancelled" || replacers(all, by).iter().any(|other| stands_for(all, other))
}

fn counted_as(all: &BTreeMap<String, Work>, listed: &BTreeSet<String>, id: &String) -> Option<String> {
    let by = replacers(all, id);
    if all[id].word == "voided" || by.iter().any(|other| stands_for(all, other)) {
        return None;
    }
    match by.first() {
        Some(other) if listed.contains(other) => counted_as(all, listed, other),
        _ => Some(id.clone()),
    }
}

impl Work {
    /// Until when it was open in the ledger, if it is closed.
    fn stopped(&self) -> Option<Date> {
        let closed = self.closed?;
        match self.heard {
            Some(heard) if self.word == "cancelled" && heard != self.planned_heard => Some(closed.max(heard)),
            _ => Some(closed),
        }
    }

    fn step(&mut self, said: &Said<'_>) {
        match said.payload {
            Payload::ActionStarted(_) | Payload::ActionReopened(_) => {
                (self.word, self.done, self.closed) = ("open", None, None);
            }
            Payload::ActionCompleted(_) => {
                (self.word, self.done, self.closed) = ("claimed", Some(said.day), None);
                self.heard = Some(local(said.root));
            }
            Payload::ActionVerified(_) => (self.word, self.closed) = ("verified", Some(said.day)),
            Payload::ActionCancelled(_) => {
                (self.word, self.done, self.closed) = ("cancelled", None, Some(said.day));
                self.heard = Some(local(said.root));
            }
            Payload::DeadlineRevised(to) if !is_backdated(said) => {
                self.moved = true;
                self.current = to.new_due;
            }
            _ => {}
        }
    }
}

//! What names a commitment, by commitment and month: so that the latest evidence of activity is found without looking at
//! all that ever happened.
//!
//! Invariant: this is an index and never an answer. Whatever ever named a commitment is here, whether or not it was taken
//! back or said anew since; and a piece of evidence is here for every commitment that what it is about ever named. What
//! counts from a horizon, the facts themselves tell each time. Must not know what a reader makes of it.

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::sync::Arc;

use super::Views;
use super::actions::ActionFact;
use super::commitments::{CommitmentsView, Support};
use super::history::{Dated, History, Horizon, day_number, day_of};
use super::measures::{MeasureFact, measured};
use super::policies::ChangeFact;
use super::shared::SharedMap;
use crate::domain::id::{Code, Kind, Subject};

/// One fact that names a commitment.
#[derive(Clone, Debug)]
struct Naming {
    on: Date,
    sequence: u64,
    subject: Subject,
}

/// A piece of evidence, and the day and the event of its being attached.
type Attached = (Code, Date, u64);

/// The index.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct NamingIndex {
    /// The number that stands for each commitment.
    numbers: SharedMap<Code, u32>,
    /// By number of the commitment, and month.
    namings: SharedMap<(u32, i32), Arc<Vec<Naming>>>,
    /// The evidence that was ever attached to what is no commitment itself.
    evidence: SharedMap<Subject, Arc<Vec<Attached>>>,
}

/// Months since year 0.
fn month(day: Date) -> i32 {
    i32::from(day.year()) * 12 + i32::from(day.month())
}

impl NamingIndex {
    fn note(&mut self, commitment: &Code, naming: Naming) {
        let number = self.numbers.get(commitment).copied().unwrap_or_else(|| {
            let number = self.numbers.len() as u32;
            self.numbers.set(commitment, number);
            number
        });
        self.namings
            .change(&(number, month(naming.on)), Arc::default, |namings| Arc::make_mut(namings).push(naming));
    }

    /// A subject's fact names commitments.
    pub(super) fn names(&mut self, subject: &Subject, commitments: &[Code], on: Date, sequence: u64) {
        let attached = self.evidence.get(subject).cloned().unwrap_or_default();
        for commitment in commitments {
            self.note(commitment, Naming { on, sequence, subject: subject.clone() });
            for (evidence, on, sequence) in attached.iter() {
                let subject = Kind::Evidence.subject(evidence);
                self.note(commitment, Naming { on: *on, sequence: *sequence, subject });
            }
        }
    }
}

impl Views {
    /// Takes in that a piece of evidence was attached.
    pub(super) fn attached(&mut self, evidence: &Code, about: &Subject, on: Date, sequence: u64) {
        let naming = || Naming { on, sequence, subject: Kind::Evidence.subject(evidence) };
        if about.kind() == Kind::Commitment {
            self.naming.note(about.id(), naming());
            return;
        }
        let entry = (evidence.clone(), on, sequence);
        self.naming.evidence.change(about, Arc::default, |attached| Arc::make_mut(attached).push(entry));
        for commitment in self.ever_named(about) {
            self.naming.note(&commitment, naming());
        }
    }

    /// The commitments that a subject ever named.
    fn ever_named(&self, subject: &Subject) -> Vec<Code> {
        let code = subject.id();
        let mut named: Vec<&Code> = Vec::new();
        match subject.kind() {
            Kind::Action => named.extend(all(self.actions.facts.get(code)).flat_map(|fact| match fact {
                ActionFact::Planned(plan) => plan.commitments.as_slice(),
                _ => &[],
            })),
            Kind::Measure => named.extend(all(self.measures.facts.get(code)).filter_map(|fact| match fact {
                MeasureFact::Agreed { commitment, .. } => Some(commitment),
                _ => None,
            })),
            Kind::PolicyChange => {
                named.extend(all(self.policies.changes.get(code)).flat_map(|fact| match fact {
                    ChangeFact::Proposed(proposed) => proposed.commitments.as_slice(),
                    _ => &[],
                }));
            }
            _ => named.extend(
                all(self.commitments.activity.get(subject)).flat_map(super::commitments::Named::commitments),
            ),
        }
        named.sort_unstable();
        named.dedup();
        named.into_iter().cloned().collect()
    }

    /// The commitments that a subject names from the horizon.
    fn named_by(&self, subject: &Subject, horizon: Horizon) -> &[Code] {
        let code = subject.id();
        match subject.kind() {
            Kind::Action => self.standing_plan(code, horizon).map_or(&[], |(_, plan)| &plan.commitments),
            Kind::Measure => {
                let history = self.measures.facts.get_entry(code);
                let measured = history.and_then(|(id, history)| measured(self, id, history, horizon));
                measured.map_or(&[], |it| std::slice::from_ref(it.commitment))
            }
            Kind::PolicyChange => {
                let history = self.policies.changes.get(code);
                let proposal = |fact: &ChangeFact| matches!(fact, ChangeFact::Proposed(_));
                let last = history.and_then(|history| self.latest_of(history, horizon, proposal));
                match last.map(|fact| &fact.fact) {
                    Some(ChangeFact::Proposed(proposed)) => &proposed.commitments,
                    _ => &[],
                }
            }
            _ => {
                let history = self.commitments.activity.get(subject);
                let last = history.and_then(|history| self.latest(history, horizon));
                last.map_or(&[], |fact| fact.fact.commitments())
            }
        }
    }

    /// Whether a naming counts from the horizon.
    fn counts(&self, naming: &Naming, commitment: &Code, horizon: Horizon) -> bool {
        let (subject, code) = (&naming.subject, naming.subject.id());
        match subject.kind() {
            Kind::Action => self.standing_plan(code, horizon).is_some_and(|(planned, plan)| {
                planned == naming.sequence && plan.commitments.contains(commitment)
            }),
            Kind::Measure => {
                let history = self.measures.facts.get_entry(code);
                history
                    .and_then(|(id, history)| measured(self, id, history, horizon))
                    .is_some_and(|it| it.agreed.sequence == naming.sequence && it.commitment == commitment)
            }
            Kind::PolicyChange => self.sees_at(self.policies.changes.get(code), naming.sequence, horizon),
            Kind::Evidence => {
                let history = self.commitments.evidence.get(code);
                match history.and_then(|it| CommitmentsView::support(self, it, horizon)) {
                    Some(Support::Stands(about, _, sequence)) => {
                        sequence == naming.sequence
                            && if about.kind() == Kind::Commitment {
                                about.id() == commitment
                            } else {
                                self.named_by(about, horizon).contains(commitment)
                            }
                    }
                    _ => false,
                }
            }
            _ => self.sees_at(self.commitments.activity.get(subject), naming.sequence, horizon),
        }
    }

    fn sees_at<F>(&self, history: Option<&History<F>>, sequence: u64, horizon: Horizon) -> bool {
        let mut facts = history.into_iter().flat_map(History::all);
        facts.find(|fact| fact.sequence == sequence).is_some_and(|fact| self.sees(fact, horizon))
    }

    /// The last fact of that sort that counts from the horizon.
    fn latest_of<'v, F>(
        &self,
        history: &'v History<F>,
        horizon: Horizon,
        sort: impl Fn(&F) -> bool,
    ) -> Option<&'v Dated<F>> {
        let facts = history.all().iter().filter(|fact| sort(&fact.fact) && self.sees(fact, horizon));
        facts.max_by_key(|fact| (fact.effective, fact.place))
    }

    /// What names a commitment, a month at a time, the latest first.
    fn namings<'v>(
        &'v self,
        commitment: &Code,
        until: Date,
    ) -> impl Iterator<Item = (i32, &'v [Naming])> + use<'v> {
        let number = self.naming.numbers.get(commitment).copied();
        let months = self.naming.namings.back_from(&(number.unwrap_or(0), month(until)));
        months
            .take_while(move |((of, _), _)| Some(*of) == number)
            .map(|((_, month), namings)| (*month, namings.as_slice()))
    }

    /// The latest day on which something happened that names a commitment and counts from the horizon, and the events.
    pub fn last_named(&self, commitment: &Code, horizon: Horizon) -> Option<(Date, Vec<u64>)> {
        for (_, namings) in self.namings(commitment, horizon.as_at) {
            let mut days: Vec<Date> =
                namings.iter().map(|it| it.on).filter(|on| *on <= horizon.as_at).collect();
            days.sort_unstable();
            days.dedup();
            for day in days.into_iter().rev() {
                let of_day = namings.iter().filter(|it| it.on == day);
                let counting = of_day.filter(|it| self.counts(it, commitment, horizon));
                let events: Vec<u64> = counting.map(|it| it.sequence).collect();
                if !events.is_empty() {
                    return Some((day, events));
                }
            }
        }
        None
    }

    /// Whether something happened from the first to the last of these days that names a commitment and counts from the
    /// horizon.
    pub fn is_named(&self, commitment: &Code, horizon: Horizon, first: Date, last: Date) -> bool {
        let months = self.namings(commitment, last.min(horizon.as_at));
        let mut months = months.take_while(|(at, _)| *at >= month(first));
        months.any(|(_, namings)| {
            let mut within = namings.iter().rev().filter(|it| first <= it.on && it.on <= last);
            within.any(|it| self.counts(it, commitment, horizon))
        })
    }

    /// Whether any action ever named a commitment, and counts from the horizon.
    pub fn has_action(&self, commitment: &Code, horizon: Horizon) -> bool {
        let mut months = self.namings(commitment, horizon.as_at);
        months.any(|(_, namings)| {
            let mut actions = namings.iter().filter(|it| it.subject.kind() == Kind::Action);
            actions.any(|it| self.counts(it, commitment, horizon))
        })
    }
}

fn all<F>(history: Option<&History<F>>) -> impl Iterator<Item = &F> {
    history.into_iter().flat_map(History::all).map(|fact| &fact.fact)
}

/// A list, without names: there are as many as events that name commitments.
impl Serialize for Naming {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        (day_number(self.on), self.sequence, &self.subject).serialize(to)
    }
}

impl<'de> Deserialize<'de> for Naming {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (on, sequence, subject) = Deserialize::deserialize(from)?;
        let on = day_of(on).ok_or_else(|| D::Error::custom("not a day"))?;
        Ok(Self { on, sequence, subject })
    }
}

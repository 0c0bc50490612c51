//! The twin of R5.

use super::{Headlines, Said, Twin};
use crate::domain::event::{ChangeNature, Origin, Payload};
use crate::domain::id::Kind;
use crate::domain::irregularity::Irregularity;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// One change, as the twin sees it.
#[derive(Default)]
struct Change<'f> {
    proposed: Option<Said<'f>>,
    approved: Option<Said<'f>>,
    changed: Option<Said<'f>>,
    end: Option<(&'static str, Date)>,
    /// When each link that stands was made.
    links: Vec<(Date, u64)>,
}

impl Change<'_> {
    fn from(&self) -> Option<Date> {
        match self.changed?.payload {
            Payload::PolicyChanged(it) => Some(it.effective_on),
            _ => None,
        }
    }

    fn policy(&self) -> String {
        match self.changed.unwrap().payload {
            Payload::PolicyChanged(it) => it.policy.to_string(),
            _ => unreachable!(),
        }
    }

    fn in_time(&self) -> Option<Said<'_>> {
        self.approved.filter(|it| Some(it.day) <= self.from())
    }

    fn origin(&self) -> Origin {
        match self.proposed.map(|it| it.payload) {
            Some(Payload::PolicyChangeProposed(it)) => it.origin,
            _ => Origin::Other,
        }
    }

    fn counts(&self) -> bool {
        match self.proposed.map(|it| it.payload) {
            Some(Payload::PolicyChangeProposed(it)) => it.nature == ChangeNature::Substantive,
            _ => true,
        }
    }
}

impl<'f> Twin<'f> {
    fn change(&self, id: &str) -> Change<'f> {
        let mut change = Change::default();
        for said in self.about(&format!("policy-change/{id}")) {
            match said.payload {
                Payload::PolicyChangeProposed(_) => change.proposed = Some(said),
                Payload::PolicyChangeApproved(_) if change.approved.is_none() => change.approved = Some(said),
                Payload::PolicyChanged(_) if change.end.is_none() => change.changed = Some(said),
                Payload::PolicyChangeDeclined(_) | Payload::PolicyChangeAbandoned(_)
                    if change.changed.is_none() && change.end.is_none() =>
                {
                    change.end = Some(("given up", said.day));
                }
                Payload::PolicyChangeReversed(_)
                    if change.end.is_none() && change.from().is_some_and(|from| from <= said.day) =>
                {
                    change.end = Some(("reversed", said.day));
                }
                _ => {}
            }
        }
        let mut items: BTreeSet<String> = self.ids(Kind::Feedback);
        let named: BTreeSet<String> = match change.proposed.map(|it| it.payload) {
            Some(Payload::PolicyChangeProposed(it)) => it.feedback.iter().map(ToString::to_string).collect(),
            _ => BTreeSet::new(),
        };
        items.extend(named.iter().cloned());
        for item in items {
            let proposal = change.proposed.filter(|_| named.contains(&item)).map(|it| it.order());
            change.links.extend(self.link(&item, id, proposal));
        }
        change
    }

    fn link(&self, item: &str, change: &str, proposal: Option<(Date, u64)>) -> Option<(Date, u64)> {
        let work = format!("policy-change/{change}");
        let own: Vec<(bool, (Date, u64))> = self
            .about(&format!("feedback/{item}"))
            .iter()
            .filter_map(|said| match said.payload {
                Payload::FeedbackLinked(it) if it.to.to_string() == work => Some((true, said.order())),
                Payload::FeedbackUnlinked(it) if it.from.to_string() == work => Some((false, said.order())),
                _ => None,
            })
            .collect();
        match own.iter().rposition(|(linked, _)| !linked) {
            Some(last) => own.get(last + 1).map(|(_, order)| *order),
            None => own.first().map(|(_, order)| *order).into_iter().chain(proposal).min(),
        }
    }

    /// What each change that came into force by as at is now.
    pub(crate) fn standings(&self) -> BTreeMap<String, &'static str> {
        let ids = self.ids(Kind::PolicyChange);
        let all: Vec<_> = ids.into_iter().map(|id| (self.change(&id), id)).collect();
        let in_force: Vec<_> =
            all.iter().filter(|(it, _)| it.from().is_some_and(|from| from <= self.as_at)).collect();
        let state = |it: &Change<'_>| {
            let later = |other: &Change<'_>| {
                let order = |it: &Change<'_>| (it.from(), it.changed.unwrap().root.sequence);
                other.end.is_none() && other.policy() == it.policy() && order(other) > order(it)
            };
            match it.end {
                Some(_) => "Reversed",
                None if in_force.iter().any(|(other, _)| later(other)) => "Superseded",
                None => "In force",
            }
        };
        in_force.iter().map(|(it, id)| (id.clone(), state(it))).collect()
    }

    fn policies(&self) -> (u64, u64) {
        let (mut policies, mut overdue) = (0, 0);
        for id in self.ids(Kind::Policy) {
            let mut due = None;
            for said in self.about(&format!("policy/{id}")) {
                match said.payload {
                    Payload::PolicyRegistered(it) => due = Some(it.review_due),
                    Payload::PolicyReviewed(it) => due = due.map(|_| it.next_due),
                    _ => {}
                }
            }
            policies += u64::from(due.is_some());
            overdue += u64::from(due.is_some_and(|due| due < self.as_at));
        }
        (policies, overdue)
    }

    pub(crate) fn r5(&self) -> Headlines {
        let mut said = Headlines::new();
        let counted = ["changes", "editorial", "unapproved", "to_come", "reversed", "given_up"];
        let mut numbers: BTreeMap<&str, u64> = counted.iter().map(|it| (*it, 0)).collect();
        let mut origins: BTreeMap<&str, u64> = Origin::ALL.iter().map(|it| (it.as_str(), 0)).collect();
        let (mut answering, mut any) = (0, false);
        for id in self.ids(Kind::PolicyChange) {
            let it = self.change(&id);
            let known =
                it.proposed.is_some() || it.approved.is_some() || it.changed.is_some() || it.end.is_some();
            any |= known;
            let mut add = |what: &str, yes: bool| *numbers.get_mut(what).unwrap() += u64::from(yes);
            let ended = |how: &str| it.end.is_some_and(|(how_, on)| how_ == how && self.in_period(on));
            add("reversed", ended("reversed"));
            add("given_up", ended("given up"));
            let Some(from) = it.from().filter(|from| *from <= self.as_at) else {
                add("to_come", known && it.end.is_none());
                continue;
            };
            if !self.in_period(from) {
                continue;
            }
            let marked = it.changed.unwrap().marks.contains(&Irregularity::Unapproved);
            add("unapproved", it.in_time().is_none() || marked);
            add(if it.counts() { "changes" } else { "editorial" }, true);
            if it.counts() {
                *origins.get_mut(it.origin().as_str()).unwrap() += 1;
                let in_time = |made: &(Date, u64)| match it.in_time() {
                    Some(approved) => *made <= approved.order(),
                    None => made.0 < from,
                };
                answering += u64::from(it.links.iter().any(in_time));
            }
        }
        let (policies, overdue) = self.policies();
        if policies > 0 {
            said.insert("r5.reviews_overdue".into(), (overdue, Some(policies)));
        }
        if !any && policies == 0 {
            return said;
        }
        let substantive = numbers["changes"];
        said.extend(numbers.into_iter().map(|(what, n)| (format!("r5.{what}"), (n, None))));
        if substantive > 0 {
            said.insert("r5.provenance_share".into(), (answering, Some(substantive)));
            for (origin, n) in origins {
                said.insert(format!("r5.origin.{}", origin.to_lowercase()), (n, None));
            }
        }
        said
    }
}

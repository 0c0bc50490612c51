//! Naive twins: each report's headline figures, worked out by plain loops over the whole list of facts. They share no
//! code with views or reports, keep nothing between questions, and are slow on purpose.

use jiff::{civil::Date, tz::TimeZone};
use std::collections::{BTreeMap, BTreeSet};

use crate::domain::command::Recorded;
use crate::domain::event::{ChangeNature, Disposition, Origin, Payload};
use crate::domain::id::Kind;
use crate::domain::irregularity::Irregularity;

/// Figure id → (number or numerator, denominator). A figure without a value is not there.
pub(super) type Headlines = BTreeMap<String, (u64, Option<u64>)>;

/// The list of all facts, and from where it is looked at.
pub(super) struct Twin<'f> {
    pub(super) facts: &'f [Recorded],
    pub(super) as_at: Date,
    pub(super) as_known: u64,
    pub(super) first_day: Date,
    pub(super) last_day: Date,
}

impl Twin<'_> {
    fn day(fact: &Recorded) -> Date {
        fact.event.occurred.effective(&TimeZone::get("Europe/London").unwrap())
    }

    fn known(&self) -> impl Iterator<Item = &Recorded> {
        self.facts.iter().filter(|fact| fact.sequence < self.as_known)
    }

    /// Known and effective, voided or not.
    fn within(&self) -> impl Iterator<Item = &Recorded> {
        self.known().filter(|fact| Self::day(fact) <= self.as_at)
    }

    fn void_of(&self, fact: &Recorded) -> Option<&Recorded> {
        if matches!(fact.event.payload, Payload::EventVoided(_)) {
            return None;
        }
        self.known().find(|other| match &other.event.payload {
            Payload::EventVoided(void) => {
                void.target_event_id == fact.event.id
                    && *void.target_source.as_ref().unwrap_or(&other.source) == fact.source
                    && other.event.subject == fact.event.subject
                    && fact.sequence < other.sequence
            }
            _ => false,
        })
    }

    fn visible(&self) -> Vec<&Recorded> {
        let mut facts: Vec<_> = self.within().filter(|fact| self.void_of(fact).is_none()).collect();
        facts.sort_by_key(|fact| (Self::day(fact), fact.sequence));
        facts
    }

    fn ids(&self, kind: Kind) -> BTreeSet<String> {
        let of_kind = self.within().filter(|fact| fact.event.subject.kind() == kind);
        of_kind.map(|fact| fact.event.subject.id().to_string()).collect()
    }

    fn about(&self, kind: Kind, id: &str) -> Vec<&Recorded> {
        let mut facts = self.visible();
        facts.retain(|fact| !matches!(fact.event.payload, Payload::EventVoided(_)));
        facts.retain(|fact| fact.event.subject.kind() == kind && fact.event.subject.id().as_str() == id);
        facts
    }
}

fn days(from: Date, to: Date) -> i64 {
    i64::from((to - from).get_days())
}

/// One action, as the twin sees it.
struct Work {
    word: &'static str,
    replaces: Option<String>,
    earliest: Date,
    current: Date,
    moved: bool,
    done: Option<Date>,
    closed: Option<Date>,
}

impl Twin<'_> {
    fn work(&self) -> BTreeMap<String, Work> {
        let mut all = BTreeMap::new();
        for id in self.ids(Kind::Action) {
            let plans: Vec<_> = self
                .within()
                .filter(|fact| fact.event.subject.to_string() == format!("action/{id}"))
                .filter_map(|fact| match &fact.event.payload {
                    Payload::ActionPlanned(plan) => Some((fact, plan)),
                    _ => None,
                })
                .collect();
            let mut live: Vec<_> = plans.iter().filter(|(fact, _)| self.void_of(fact).is_none()).collect();
            live.sort_by_key(|(fact, _)| (Self::day(fact), fact.sequence));
            let Some((planned, plan)) = live.last().copied().or(plans.last()) else { continue };
            let mut work = Work {
                word: "open",
                replaces: plan.replaces.as_ref().map(ToString::to_string),
                earliest: plans.iter().map(|(_, plan)| plan.first_due).min().unwrap(),
                current: plan.first_due,
                moved: false,
                done: None,
                closed: None,
            };
            for fact in self.about(Kind::Action, &id) {
                let day = Self::day(fact);
                match &fact.event.payload {
                    Payload::ActionStarted(_) | Payload::ActionReopened(_) => {
                        (work.word, work.done, work.closed) = ("open", None, None);
                    }
                    Payload::ActionCompleted(_) => {
                        (work.word, work.done, work.closed) = ("claimed", Some(day), None);
                    }
                    Payload::ActionVerified(_) => (work.word, work.closed) = ("verified", Some(day)),
                    Payload::ActionCancelled(_) => {
                        (work.word, work.done, work.closed) = ("cancelled", None, Some(day));
                    }
                    Payload::DeadlineRevised(to)
                        if !fact.irregularities.contains(&Irregularity::BackdatedDeadline) =>
                    {
                        work.moved = true;
                        work.current = to.new_due;
                        work.earliest = work.earliest.min(to.new_due);
                    }
                    _ => {}
                }
            }
            if let (true, Some(void)) = (live.is_empty(), self.void_of(planned)) {
                let recorded = TimeZone::get("Europe/London").unwrap().to_datetime(void.recorded_at).date();
                (work.word, work.done, work.closed) = ("voided", None, Some(recorded));
            }
            all.insert(id, work);
        }
        all
    }

    pub(super) fn r2(&self) -> Headlines {
        let all = self.work();
        if all.is_empty() {
            return Headlines::new();
        }
        let before = |id: &str| {
            let mut chain = vec![];
            let mut next = all.get(id).and_then(|work| work.replaces.clone());
            while let Some(id) =
                next.filter(|next| next != id && !chain.contains(next) && all.contains_key(next))
            {
                next = all[&id].replaces.clone();
                chain.push(id);
            }
            chain
        };
        let mut listed: BTreeSet<String> = BTreeSet::new();
        for (id, work) in &all {
            if work.closed.is_none_or(|closed| closed >= self.first_day) {
                listed.insert(id.clone());
                listed.extend(before(id));
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
            let due = before(id).iter().map(|id| all[id].earliest).fold(work.earliest, Date::min);
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

    pub(super) fn r1(&self) -> Headlines {
        let (mut of, mut silent, mut silent_in_period) = (0, 0, 0);
        for id in self.ids(Kind::Commitment) {
            let Some(made) = self.about(Kind::Commitment, &id).pop() else { continue };
            let Payload::CommitmentMade(made) = &made.event.payload else { continue };
            let mut fate = None;
            for fact in self.about(Kind::Pledge, made.pledge.as_str()) {
                if let Payload::PledgePublished(pledge) = &fact.event.payload
                    && pledge.version > made.pledge_version
                {
                    let said = pledge.dispositions.iter().find(|it| it.commitment.as_str() == id);
                    fate = said.map(|it| it.disposition).or(fate);
                }
            }
            if fate.is_some_and(|fate| fate != Disposition::Kept) {
                continue;
            }
            let names =
                |commitments: &[crate::domain::id::Code]| commitments.iter().any(|it| it.as_str() == id);
            let plans = |action: &str| {
                self.about(Kind::Action, action).into_iter().rev().find_map(|fact| {
                    match &fact.event.payload {
                        Payload::ActionPlanned(plan) => Some((fact.sequence, plan)),
                        _ => None,
                    }
                })
            };
            let mut last = None;
            let mut last_in_period = None;
            for fact in self.visible() {
                let counts = match &fact.event.payload {
                    // Of several plans of one action only the one that stands.
                    Payload::ActionPlanned(plan) => {
                        names(&plan.commitments)
                            && plans(fact.event.subject.id().as_str()).unwrap().0 == fact.sequence
                    }
                    Payload::FeedbackSought(sought) => names(&sought.commitments),
                    Payload::PolicyChangeProposed(proposed) => names(&proposed.commitments),
                    Payload::EvidenceAttached(it) if it.about.kind() == Kind::Action => {
                        plans(it.about.id().as_str()).is_some_and(|(_, plan)| names(&plan.commitments))
                    }
                    Payload::EvidenceAttached(it) => it.about.to_string() == format!("commitment/{id}"),
                    _ => false,
                };
                let day = Self::day(fact);
                if counts {
                    last = Some(day);
                    if day >= self.first_day && day <= self.last_day {
                        last_in_period = Some(day);
                    }
                }
            }
            of += 1;
            silent += u64::from(last.is_none());
            silent_in_period += u64::from(last_in_period.is_none());
        }
        if of == 0 {
            return Headlines::new();
        }
        Headlines::from([
            ("r1.commitments".into(), (of, None)),
            ("r1.silent".into(), (silent, Some(of))),
            ("r1.silent_in_period".into(), (silent_in_period, Some(of))),
        ])
    }

    pub(super) fn r5(&self) -> Headlines {
        let (mut substantive, mut editorial, mut unapproved, mut to_come, mut answering) = (0, 0, 0, 0, 0);
        let mut origins: BTreeMap<&str, u64> = Origin::ALL.iter().map(|it| (it.as_str(), 0)).collect();
        let mut later_versions: Vec<(String, Date)> = Vec::new();
        let mut any = false;
        for id in self.ids(Kind::PolicyChange) {
            let (mut proposed, mut approved, mut changed) = (None, None, None);
            for fact in self.about(Kind::PolicyChange, &id) {
                match &fact.event.payload {
                    Payload::PolicyChangeProposed(it) => {
                        proposed = Some((Self::day(fact), fact.sequence, it));
                    }
                    Payload::PolicyChangeApproved(_) if approved.is_none() => {
                        approved = Some((Self::day(fact), fact.sequence));
                    }
                    Payload::PolicyChanged(it) => changed = Some((fact, it)),
                    _ => {}
                }
            }
            any |= proposed.is_some() || approved.is_some() || changed.is_some();
            let counts = proposed.is_none_or(|(.., it)| it.nature == ChangeNature::Substantive);
            let Some((entry, change)) = changed.filter(|(_, it)| it.effective_on <= self.as_at) else {
                to_come += u64::from(proposed.is_some() || approved.is_some() || changed.is_some());
                continue;
            };
            if counts {
                later_versions.push((change.policy.to_string(), change.effective_on));
            }
            if change.effective_on < self.first_day || change.effective_on > self.last_day {
                continue;
            }
            let in_time = approved.filter(|(day, _)| *day <= change.effective_on);
            unapproved +=
                u64::from(in_time.is_none() || entry.irregularities.contains(&Irregularity::Unapproved));
            if !counts {
                editorial += 1;
                continue;
            }
            substantive += 1;
            *origins.get_mut(proposed.map_or("OTHER", |(.., it)| it.origin.as_str())).unwrap() += 1;
            answering += u64::from(proposed.is_some_and(|(day, sequence, it)| {
                !it.feedback.is_empty()
                    && in_time.map_or(day < change.effective_on, |approved| (day, sequence) <= approved)
            }));
        }
        let (mut policies, mut overdue) = (0, 0);
        for id in self.ids(Kind::Policy) {
            let Some(fact) = self.about(Kind::Policy, &id).pop() else { continue };
            let Payload::PolicyRegistered(policy) = &fact.event.payload else { continue };
            policies += 1;
            let renewed = later_versions.iter().any(|(of, from)| *of == id && *from > Self::day(fact));
            overdue += u64::from(policy.review_due < self.as_at && !renewed);
        }
        let mut said = Headlines::new();
        if policies > 0 {
            said.insert("r5.reviews_overdue".into(), (overdue, Some(policies)));
        }
        if !any && policies == 0 {
            return said;
        }
        said.insert("r5.changes".into(), (substantive, None));
        said.insert("r5.editorial".into(), (editorial, None));
        said.insert("r5.unapproved".into(), (unapproved, None));
        said.insert("r5.to_come".into(), (to_come, None));
        if substantive > 0 {
            said.insert("r5.provenance_share".into(), (answering, Some(substantive)));
            for (origin, n) in origins {
                said.insert(format!("r5.origin.{}", origin.to_lowercase()), (n, None));
            }
        }
        said
    }
}

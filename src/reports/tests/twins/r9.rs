//! The twin of R9. What is held back is decided by the one `Cut` that there is; what is counted is counted anew.

use jiff::{ToSpan as _, civil::Date};
use std::collections::BTreeMap;

use super::{Headlines, Twin, days};
use crate::domain::event::{Anonymity, FeedbackSought, Payload, Respondents};
use crate::domain::id::Kind;
use crate::reports::release::Cut;

impl Twin<'_> {
    /// Each round as it stands, with its sequence.
    pub(super) fn rounds(&self) -> BTreeMap<String, FeedbackSought> {
        let mut rounds = BTreeMap::new();
        for said in self.visible() {
            if let Payload::FeedbackSought(it) = said.payload {
                rounds.insert(said.subject().id().to_string(), it.clone());
            }
        }
        rounds
    }

    pub(crate) fn r9(&self, whole_year: bool) -> Headlines {
        let mut said = Headlines::new();
        let mut rounds = self.rounds();
        rounds.retain(|_, it| it.opens <= self.as_at);
        let end = self.as_at.min(self.last_day);
        let asked: Vec<_> =
            rounds.values().filter(|it| it.opens <= end && self.first_day <= it.closes).collect();
        if !asked.is_empty() {
            let of = Some(asked.len() as u64);
            let is_small = |it: &FeedbackSought| it.invited.is_some_and(|n| n < 10);
            let anonymous = asked
                .iter()
                .filter(|it| it.anonymity_options.contains(&Anonymity::Anonymous) && !is_small(it));
            said.insert("r9.anonymous_route".into(), (anonymous.count() as u64, of));
            let small = asked.iter().filter(|it| is_small(it));
            said.insert("r9.confidential".into(), (small.count() as u64, of));
        }
        if !rounds.is_empty() && self.first_day <= end {
            self.day_by_day(&rounds, end, &mut said);
        }
        if whole_year {
            self.people(&mut said);
        }
        said
    }

    /// Every day is looked at.
    fn day_by_day(&self, rounds: &BTreeMap<String, FeedbackSought>, end: Date, said: &mut Headlines) {
        let is_open = |day: Date| rounds.values().any(|it| it.opens <= day && day <= it.closes);
        let (mut open, mut whole, mut day) = (0, 0, self.first_day);
        while day <= end {
            (open, whole) = (open + u64::from(is_open(day)), whole + 1);
            day = day.checked_add(1.day()).unwrap();
        }
        said.insert("r9.open_days".into(), (open, Some(whole)));
        let proper = rounds.values().filter(|it| it.opens <= it.closes);
        let Some(first) = proper.map(|it| it.opens).min().filter(|first| *first <= end) else { return };
        let (mut longest, mut run, mut touches, mut day) = (0, 0, false, first);
        while day <= self.as_at {
            if is_open(day) {
                (run, touches) = (0, false);
            } else {
                (run, touches) = (run + 1, touches || (self.first_day <= day && day <= end));
            }
            // A run that touches only later is as long as it then is.
            if touches {
                longest = longest.max(run);
            }
            day = day.checked_add(1.day()).unwrap();
        }
        said.insert("r9.longest_gap".into(), (longest, None));
    }

    fn people(&self, said: &mut Headlines) {
        let points = self.points();
        let mut cuts: BTreeMap<&str, Cut> = BTreeMap::new();
        let (mut median, mut released) = (None, None);
        for (on, position) in points {
            let then = Twin { as_at: on, as_known: position, ..*self };
            let threshold = self.threshold(position);
            for (name, counts) in then.cohort() {
                match cuts.get_mut(name) {
                    Some(cut) => cut.next(&counts, threshold),
                    None if counts.iter().sum::<u64>() == 0 => {}
                    None => drop(cuts.insert(name, Cut::first(&counts, threshold))),
                }
            }
            let now = cuts.get("erased").map(|cut| cut.sum([0, 2]));
            if now != released {
                (released, median) = (now, then.median());
            }
        }
        let threshold = self.threshold(self.as_known);
        let given = self.given();
        for (who, id) in
            [(Respondents::Staff, "r9.choices_staff"), (Respondents::Partners, "r9.choices_partners")]
        {
            let Some(Some([Some(n), Some(whole), _])) = given.get(&who).copied() else { continue };
            let small = |n: u64| n > 0 && n < threshold;
            let extreme = whole < 100 && (100 * n > 95 * whole || 100 * n < 5 * whole);
            if n == 0 || small(n) || small(whole - n) || small(whole) || extreme {
                continue;
            }
            said.insert(id.into(), (super::released::percent(n, whole), None));
        }
        let withdrawn: Option<Vec<u64>> = given.values().map(|it| it.and_then(|it| it[2])).collect();
        if let Some(withdrawn) = withdrawn.filter(|_| !given.is_empty()) {
            said.insert("r9.withdrawn".into(), (withdrawn.iter().sum(), None));
        }
        if let (Some(Some(Some(1..))), Some(days)) = (Some(released), median) {
            said.insert("r9.days_to_erase".into(), (days, None));
        }
    }

    fn in_year(&self, day: Date) -> bool {
        self.first_day <= day && day <= self.last_day
    }

    fn cohort(&self) -> BTreeMap<&'static str, Vec<u64>> {
        let mut counts: BTreeMap<_, _> = [("erased", vec![0; 3])].into();
        for (_, end) in self.requests() {
            let part = match end {
                Some((true, _)) => 0,
                Some((false, _)) => 1,
                None => 2,
            };
            counts.get_mut("erased").unwrap()[part] += 1;
        }
        counts
    }

    /// The requests of the year: the day, and whether it was erased or refused, and when.
    fn requests(&self) -> Vec<(Date, Option<(bool, Date)>)> {
        let mut all = Vec::new();
        for id in self.ids(Kind::Erasure) {
            let (mut asked, mut end) = (None, None);
            for said in self.about(&format!("erasure/{id}")) {
                match said.payload {
                    Payload::ErasureRequested(_) => asked = asked.or(Some(said.day)),
                    Payload::ContentErased(_) if asked.is_some() => end = end.or(Some((true, said.day))),
                    Payload::ErasureRefused(_) if asked.is_some() => end = end.or(Some((false, said.day))),
                    _ => {}
                }
            }
            all.extend(asked.filter(|day| self.in_year(*day)).map(|day| (day, end)));
        }
        all
    }

    /// Nearest rank of one half; open ones are later than all others.
    fn median(&self) -> Option<u64> {
        let mut waits: Vec<u64> = Vec::new();
        for (asked, end) in self.requests() {
            match end {
                Some((true, on)) => waits.push(super::trust::whole(days(asked, on))),
                Some((false, _)) => {}
                None => waits.push(u64::MAX),
            }
        }
        waits.sort_unstable();
        let rank = (1..=waits.len()).find(|rank| 2 * rank >= waits.len())?;
        Some(waits[rank - 1]).filter(|wait| *wait != u64::MAX)
    }
}

//! The twin of R3 and R4: every cell, the rules of release written down once more as plain loops.

mod print;
mod slices;

use self::print::{FIXED, Group, STEPS, silent_r3, silent_r4, way};
use self::slices::{Slices, Times};
use super::{Said, Twin, days};
use crate::domain::event::{
    Anonymity, CalendarAdopted, ChangeNature, Payload, ReportSettingsAdopted, Respondents,
};
use crate::domain::id::Kind;
use jiff::civil::{Date, Weekday};
use std::collections::{BTreeMap, BTreeSet};

/// Figure id, or `row|column` → `3`, `3/20`, `[c]`, or words.
pub(crate) type Cells = BTreeMap<String, String>;

/// One item, as the twin sees it.
#[derive(Clone)]
struct Voice {
    who: Respondents,
    anonymous: bool,
    /// Anonymously, so called among few, confidentially, with a name.
    given: usize,
    received: Date,
    acknowledged: Option<Date>,
    answered: Option<Date>,
    policy: Option<Date>,
    practice: Option<Date>,
    closed: Option<String>,
    told: bool,
    withdrawn: Option<Date>,
}

const WHO: [(Respondents, &str); 2] = [(Respondents::Staff, "staff"), (Respondents::Partners, "partners")];

/// What the last that still says so says about a link; `named` where nothing is said.
fn is_linked(own: &[&Said<'_>], work: &str, named: bool) -> bool {
    let mut linked = named;
    for said in own {
        match said.payload {
            Payload::FeedbackLinked(it) if it.to.to_string() == work => linked = true,
            Payload::FeedbackUnlinked(it) if it.from.to_string() == work => linked = false,
            _ => {}
        }
    }
    linked
}

/// A piece of work that is done: `action/…` or `policy-change/…`, when, and the items that its plan names.
type Done = (String, Date, BTreeSet<String>);

fn names(ids: &[uuid::Uuid]) -> BTreeSet<String> {
    ids.iter().map(ToString::to_string).collect()
}

impl<'f> Twin<'f> {
    fn done(&self, all: &[Said<'f>]) -> (Vec<Done>, Vec<Done>) {
        let (mut policies, mut actions) = (Vec::new(), Vec::new());
        let of = |subject: &str| -> Vec<&Said<'f>> {
            all.iter().filter(|said| said.subject().to_string() == subject).collect()
        };
        for id in self.ids(Kind::PolicyChange) {
            let subject = format!("policy-change/{id}");
            let (mut from, mut over, mut counts, mut named) = (None, false, true, BTreeSet::new());
            for said in of(&subject) {
                match said.payload {
                    Payload::PolicyChangeProposed(it) => {
                        (counts, named) = (it.nature == ChangeNature::Substantive, names(&it.feedback));
                    }
                    Payload::PolicyChanged(it) if !over => from = Some(it.effective_on),
                    Payload::PolicyChangeDeclined(_) | Payload::PolicyChangeAbandoned(_) => {
                        over |= from.is_none();
                    }
                    Payload::PolicyChangeReversed(_) => over |= from.is_some_and(|from| from <= said.day),
                    _ => {}
                }
            }
            if let Some(from) = from.filter(|from| *from <= self.as_at && !over && counts) {
                policies.push((subject, from, named));
            }
        }
        for id in self.ids(Kind::Action) {
            let subject = format!("action/{id}");
            let (mut planned, mut verified) = (None, None);
            for said in of(&subject) {
                match said.payload {
                    Payload::ActionPlanned(it) => planned = Some(names(&it.feedback)),
                    Payload::ActionVerified(_) => verified = Some(said.day),
                    Payload::ActionStarted(_)
                    | Payload::ActionCompleted(_)
                    | Payload::ActionReopened(_)
                    | Payload::ActionCancelled(_) => verified = None,
                    _ => {}
                }
            }
            if let (Some(named), Some(on)) = (planned, verified) {
                actions.push((subject, on, named));
            }
        }
        (policies, actions)
    }

    fn voices(&self) -> Vec<Voice> {
        let all = self.visible();
        let rounds = self.rounds();
        let (policies, actions) = self.done(&all);
        let mut voices = Vec::new();
        for id in self.ids(Kind::Feedback) {
            let own: Vec<&Said<'f>> = all
                .iter()
                .filter(|it| it.subject().kind() == Kind::Feedback && it.subject().id().as_str() == id)
                .collect();
            let Some((how, received)) = own.iter().find_map(|said| match said.payload {
                Payload::FeedbackReceived(how) => Some((how, said.day)),
                _ => None,
            }) else {
                continue;
            };
            let last = |done: &[Done]| {
                let linked =
                    done.iter().filter(|(work, _, named)| is_linked(&own, work, named.contains(&id)));
                linked.map(|(_, on, _)| *on).max().filter(|on| *on >= received)
            };
            let mut voice = Voice {
                who: how.respondents,
                anonymous: how.anonymity == Anonymity::Anonymous,
                given: match how.anonymity {
                    Anonymity::Anonymous => {
                        let round = how.round.as_ref().and_then(|id| rounds.get(id.as_str()));
                        usize::from(round.and_then(|it| it.invited).is_some_and(|invited| invited < 10))
                    }
                    Anonymity::Confidential => 2,
                    Anonymity::Named => 3,
                },
                received,
                acknowledged: None,
                answered: None,
                policy: last(&policies),
                practice: last(&actions),
                closed: None,
                told: false,
                withdrawn: None,
            };
            for said in own {
                voice.hear(said);
            }
            if self.in_period(received) {
                voices.push(voice);
            }
        }
        voices
    }

    fn settings(&self) -> Option<ReportSettingsAdopted> {
        let all = self.visible();
        all.iter().rev().find_map(|said| match said.payload {
            Payload::ReportSettingsAdopted(it) => Some(it.clone()),
            _ => None,
        })
    }

    fn voices_least(&self) -> u64 {
        let whenever = Twin { as_at: Date::MAX, ..*self };
        let all = whenever.visible();
        let said = all.iter().filter_map(|said| match said.payload {
            Payload::ReportSettingsAdopted(it) => Some(u64::from(it.suppress_below)),
            _ => None,
        });
        said.max().unwrap_or(0).max(5)
    }

    /// The calendars that were adopted under the name that the settings give, the last one last.
    fn calendars(&self) -> Vec<&'f CalendarAdopted> {
        let Some(settings) = self.settings() else { return Vec::new() };
        let calendar = format!("calendar/{}", settings.calendar);
        let all = self.visible();
        let of_name = all.iter().filter(|said| said.subject().to_string() == calendar);
        let adopted = of_name.filter_map(|said| match said.payload {
            Payload::CalendarAdopted(it) => Some(it),
            _ => None,
        });
        adopted.collect()
    }

    fn reasons(&self, as_known: u64) -> Vec<String> {
        let known = Twin { as_known, as_at: Date::MAX, ..*self };
        let mut reasons = BTreeSet::new();
        for said in known.all() {
            match said.payload {
                Payload::FeedbackClosedWithoutChange(it) => {
                    reasons.insert(it.reason_code.to_string());
                }
                Payload::CodeListAdopted(it) if said.subject().id().as_str() == "no-change-reason" => {
                    reasons.extend(it.entries.iter().map(|entry| entry.code.to_string()));
                }
                _ => {}
            }
        }
        reasons.into_iter().collect()
    }

    fn at(&self, (as_at, as_known): (Date, u64)) -> Twin<'f> {
        Twin { as_at, as_known, ..*self }
    }

    fn groups(&self, reasons: &[String]) -> BTreeMap<Respondents, Group> {
        let mut groups: BTreeMap<Respondents, Group> = BTreeMap::new();
        for point in self.points() {
            let then = self.at(point);
            let (voices, least) = (then.voices(), then.voices_least());
            let (targets, calendars) = (then.targets(), then.calendars());
            let covered = working_days(self.first_day, then.as_at, &calendars).1;
            for (who, _) in WHO {
                let of: Vec<&Voice> = voices.iter().filter(|voice| voice.who == who).collect();
                let mut outcomes = vec![0; FIXED.len() + reasons.len()];
                let (mut anonymity, mut withdrawn) = ([0; 4], [0; 8]);
                for voice in &of {
                    if voice.withdrawn.is_some() {
                        let missed = |step: usize| usize::from(voice.left_before(step));
                        withdrawn[missed(0) + 2 * missed(1) + 4 * missed(2)] += 1;
                    } else {
                        outcomes[voice.part(then.as_at, reasons)] += 1;
                        anonymity[voice.given] += 1;
                    }
                }
                let clocks: Vec<Vec<u64>> = (0..3).map(|step| Self::took(&of, step, &calendars)).collect();
                let split = |step: usize| {
                    let target = targets[step]?;
                    let within =
                        clocks[step].iter().filter(|days| **days <= u64::from(target)).count() as u64;
                    Some((target, [within, clocks[step].len() as u64 - within]))
                };
                let live: u64 = anonymity.iter().sum();
                let coarse = groups.get(&who).map_or(live < 100, |group| group.coarse);
                if coarse {
                    outcomes = print::three(&outcomes);
                }
                if let Some(group) = groups.get_mut(&who) {
                    group.again = true;
                    let seen =
                        |group: &Group| (0..3).map(|step| group.share(step, least)).collect::<Vec<_>>();
                    let (before, shares) = (group.outcomes.printed(), seen(group));
                    group.outcomes.step(&outcomes, least);
                    group.anonymity.step(&anonymity, least);
                    group.withdrawn.step(&withdrawn, least);
                    for step in 0..3 {
                        group.within[step] = match (group.within[step].take(), split(step)) {
                            (Some((old, mut slices)), Some((target, counts))) if old == target => {
                                slices.step(&counts, least);
                                Some((old, slices))
                            }
                            (_, now) => now.map(|(target, counts)| (target, Slices::new(&counts, least))),
                        };
                    }
                    for (step, took) in clocks.iter().enumerate() {
                        let ((target, share), (now, share_now)) = (&shares[step], &group.share(step, least));
                        if group.outcomes.printed() != before || target == now && share != share_now {
                            group.times[step] = Times::of(took, least, covered);
                        }
                    }
                } else if live >= 2 * least {
                    let within =
                        |step| split(step).map(|(target, counts)| (target, Slices::new(&counts, least)));
                    let group = Group {
                        again: false,
                        coarse,
                        outcomes: Slices::new(&outcomes, least),
                        anonymity: Slices::new(&anonymity, least),
                        withdrawn: Slices::new(&withdrawn, least),
                        times: clocks.iter().map(|took| Times::of(took, least, covered)).collect(),
                        within: (0..3).map(within).collect(),
                    };
                    groups.insert(who, group);
                }
            }
        }
        groups
    }

    fn targets(&self) -> [Option<u32>; 3] {
        let Some(it) = self.settings() else { return [None; 3] };
        [it.acknowledge_within, it.respond_within, it.change_within].map(Some)
    }

    /// Working days to a step, in order; what is not there is more than any number.
    fn took(of: &[&Voice], step: usize, calendars: &[&CalendarAdopted]) -> Vec<u64> {
        let mut took = Vec::new();
        for voice in of {
            if !voice.anonymous && !voice.left_before(step) {
                let on = voice.step(step);
                took.push(on.map_or(u64::MAX, |on| working_days(voice.received, on, calendars).0));
            }
        }
        took.sort_unstable();
        took
    }

    /// Of everybody who was heard: given anonymously, all that were given, withdrawn. None: held back whole.
    pub(super) fn given(&self) -> BTreeMap<Respondents, Option<[Option<u64>; 3]>> {
        let points = self.points();
        let Some(last) = points.last() else { return BTreeMap::new() };
        let reasons = self.reasons(points.iter().map(|(_, position)| *position).max().unwrap());
        let mut all: BTreeMap<_, _> = self.at(*last).voices().iter().map(|voice| (voice.who, None)).collect();
        for (who, group) in self.groups(&reasons) {
            let withdrawn = group.told(group.withdrawn.total()).parse().ok();
            all.insert(who, Some([group.anonymity.sum(&[0]), group.anonymity.total(), withdrawn]));
        }
        all
    }

    /// Every cell of R3 and R4 but words; none of them if there is no release point.
    pub(crate) fn of_voices(&self, whole_year: bool) -> Option<[Cells; 2]> {
        let points = self.points();
        let last = *points.last().filter(|_| whole_year)?;
        let reasons = self.reasons(points.iter().map(|(_, position)| *position).max()?);
        let groups = self.groups(&reasons);
        let (mut r3, mut r4) = (Cells::new(), Cells::new());
        let heard = self.at(last).voices();
        let tables = !groups.is_empty();
        let detail = groups.values().any(|group| !group.coarse);
        for (who, name) in WHO {
            let group = groups.get(&who);
            let silence = match group {
                Some(_) => None,
                None if heard.iter().all(|voice| voice.who != who) => Some("[x]"),
                None => Some("[c]"),
            };
            match (silence, group) {
                (None, Some(group)) => {
                    r3.extend(group.r3(name, &reasons, detail));
                    r4.extend(group.r4(name, self.at(last).voices_least()));
                }
                (mark, _) => {
                    let ways = (0..3)
                        .filter(|_| tables)
                        .map(|step| (format!("{name}/{}|way", STEPS[step]), way(name, step)));
                    r4.extend(ways);
                    let mark = mark.unwrap_or_default().to_owned();
                    r3.extend(
                        silent_r3(name, &reasons, (tables, detail))
                            .into_iter()
                            .map(|key| (key, mark.clone())),
                    );
                    r4.extend(silent_r4(name, tables).into_iter().map(|key| (key, mark.clone())));
                }
            }
        }
        Some([r3, r4])
    }
}

/// Working days, and whether all are in some calendar: day by day.
fn working_days(from: Date, to: Date, adopted: &[&CalendarAdopted]) -> (u64, bool) {
    let (mut count, mut covered, mut day) = (0, true, from);
    while days(day, to) > 0 {
        day = day.tomorrow().unwrap();
        if matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
            continue;
        }
        let calendar = adopted.iter().rev().find(|it| it.covers_from <= day && day <= it.covers_to);
        covered &= calendar.is_some();
        count += u64::from(calendar.is_none_or(|it| it.holidays.iter().all(|off| off.on != day)));
    }
    (count, covered)
}

impl Voice {
    fn hear(&mut self, said: &Said<'_>) {
        let day = Some(said.day);
        match said.payload {
            Payload::FeedbackAcknowledged(_) | Payload::FeedbackConsidered(_) => {
                self.acknowledged = self.acknowledged.or(day);
            }
            Payload::FeedbackResponded(_) => {
                self.acknowledged = self.acknowledged.or(day);
                self.answered = self.answered.or(day);
            }
            Payload::FeedbackClosedWithoutChange(it) => self.closed = Some(it.reason_code.to_string()),
            Payload::FeedbackReopened(_) => (self.closed, self.told) = (None, false),
            Payload::FeedbackTold(_) => self.told = true,
            Payload::FeedbackWithdrawn(it) if it.scope == crate::domain::event::WithdrawalScope::Whole => {
                self.withdrawn = self.withdrawn.or(day);
            }
            _ => {}
        }
    }

    fn step(&self, step: usize) -> Option<Date> {
        [self.acknowledged, self.answered, self.policy.max(self.practice)][step]
    }

    fn left_before(&self, step: usize) -> bool {
        match (self.withdrawn, self.step(step)) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(left), Some(came)) => left < came,
        }
    }

    fn part(&self, on: Date, reasons: &[String]) -> usize {
        let changed = self.policy.is_some() || self.practice.is_some();
        let name = match (changed, &self.closed) {
            (true, _) if self.answered.is_none() => "changed_not_answered",
            (true, _) if !self.told => "changed_not_told",
            (true, _) if self.policy.is_some() => "policy_changed",
            (true, _) => "practice_changed",
            (false, Some(_)) if self.answered.is_none() => "closed_not_answered",
            (false, Some(_)) if !self.told => "closed_not_told",
            (false, Some(reason)) => {
                return FIXED.len() + reasons.iter().position(|it| it == reason).unwrap();
            }
            (false, None) if self.answered.is_some() => "answered_open",
            (false, None) => match days(self.received, on) {
                ..=30 => "waiting.up_to_30",
                31..=90 => "waiting.31_to_90",
                91..=180 => "waiting.91_to_180",
                _ => "waiting.over_180",
            },
        };
        FIXED.iter().position(|it| *it == name).unwrap()
    }
}

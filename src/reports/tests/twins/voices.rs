//! The twin of R3 and R4: every cell, the rules of release written down once more as plain loops.

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
    received: Date,
    acknowledged: Option<Date>,
    answered: Option<Date>,
    policy: Option<Date>,
    practice: Option<Date>,
    closed: Option<String>,
    told: bool,
    withdrawn: Option<Date>,
}

/// A cut, as the twin sees it.
#[derive(Clone)]
struct Slices {
    least: u64,
    shown: Vec<u64>,
    hidden: Vec<bool>,
}

/// Times of a step: of how many, how many came to it, and what is told of them.
#[derive(Clone)]
struct Times {
    of: u64,
    came: u64,
    median: String,
    ninetieth: String,
    covered: bool,
}

struct Group {
    outcomes: Slices,
    anonymity: Slices,
    withdrawn: Slices,
    times: Vec<Times>,
    within: Vec<Option<(u32, Slices)>>,
}

const FIXED: [&str; 11] = [
    "policy_changed",
    "practice_changed",
    "changed_not_told",
    "changed_not_answered",
    "closed_not_told",
    "closed_not_answered",
    "answered_open",
    "waiting.up_to_30",
    "waiting.31_to_90",
    "waiting.91_to_180",
    "waiting.over_180",
];
const STEPS: [&str; 3] = ["acknowledged", "answered", "changed"];
const WHO: [(Respondents, &str); 2] = [(Respondents::Staff, "staff"), (Respondents::Partners, "partners")];

impl Slices {
    fn new(counts: &[u64], least: u64) -> Self {
        let mut it = Self { least, shown: counts.to_vec(), hidden: vec![false; counts.len()] };
        it.cover(&vec![false; counts.len()]);
        it
    }

    fn step(&mut self, counts: &[u64], least: u64) {
        self.least = self.least.max(least);
        let was_hidden = self.hidden.clone();
        let (mut pool_was, mut pool_is) = (0, 0);
        for part in 0..counts.len() {
            if self.hidden[part] {
                pool_was += self.shown[part];
                pool_is += counts[part];
            }
        }
        let opens = pool_was.abs_diff(pool_is) >= self.least;
        for part in 0..counts.len() {
            if self.hidden[part] {
                if opens {
                    self.shown[part] = counts[part];
                    self.hidden[part] = false;
                }
            } else if self.shown[part].abs_diff(counts[part]) >= self.least
                && (counts[part] == 0 || counts[part] >= self.least)
            {
                self.shown[part] = counts[part];
            }
        }
        self.cover(&was_hidden);
    }

    fn pool(&self) -> (u64, u64) {
        let (mut parts, mut sum) = (0, 0);
        for part in 0..self.shown.len() {
            if self.hidden[part] {
                parts += 1;
                sum += self.shown[part];
            }
        }
        (parts, sum)
    }

    fn is_safe(&self) -> bool {
        let (parts, sum) = self.pool();
        parts == 0 || (parts > 1 && sum >= 2 * self.least)
    }

    fn cover(&mut self, rather: &[bool]) {
        for part in 0..self.shown.len() {
            if self.shown[part] > 0 && self.shown[part] < self.least {
                self.hidden[part] = true;
            }
        }
        while !self.is_safe() {
            let mut next: Option<usize> = None;
            for part in 0..self.shown.len() {
                if self.hidden[part] || self.shown[part] == 0 {
                    continue;
                }
                next = match next {
                    None => Some(part),
                    Some(best) if rather[part] && !rather[best] => Some(part),
                    Some(best) if rather[part] == rather[best] && self.shown[part] < self.shown[best] => {
                        Some(part)
                    }
                    best => best,
                };
            }
            match next {
                Some(part) => self.hidden[part] = true,
                None => return,
            }
        }
    }

    fn sum(&self, parts: &[usize]) -> Option<u64> {
        let (hidden, _) = self.pool();
        let among = parts.iter().filter(|part| self.hidden[**part]).count() as u64;
        if among > 0 && (among < hidden || !self.is_safe()) {
            return None;
        }
        Some(parts.iter().map(|part| self.shown[*part]).sum())
    }

    fn total(&self) -> Option<u64> {
        self.sum(&(0..self.shown.len()).collect::<Vec<_>>())
    }
}

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
                received,
                acknowledged: None,
                answered: None,
                policy: last(&policies),
                practice: last(&actions),
                closed: None,
                told: false,
                withdrawn: None,
            };
            own.iter().for_each(|said| voice.hear(said));
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

    fn least(&self) -> u64 {
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

    /// Day and position of each release point, in the order of declaration; voided or corrected or not.
    fn points(&self) -> Vec<(Date, u64)> {
        let mut points = Vec::new();
        for fact in self.known() {
            if let Payload::ReleasePointDeclared(it) = &fact.event.payload {
                let day = fact.event.occurred.effective(&super::london());
                if day <= self.as_at {
                    points.push((day, it.position));
                }
            }
        }
        points
    }

    fn at(&self, (as_at, as_known): (Date, u64)) -> Twin<'f> {
        Twin { as_at, as_known, ..*self }
    }

    fn groups(&self, reasons: &[String]) -> BTreeMap<Respondents, Group> {
        let mut groups: BTreeMap<Respondents, Group> = BTreeMap::new();
        for point in self.points() {
            let then = self.at(point);
            let (voices, least) = (then.voices(), then.least());
            let (targets, calendars) = (then.targets(), then.calendars());
            let covered = working_days(self.first_day, then.as_at, &calendars).1;
            for (who, _) in WHO {
                let of: Vec<&Voice> = voices.iter().filter(|voice| voice.who == who).collect();
                let mut outcomes = vec![0; FIXED.len() + reasons.len()];
                let (mut anonymity, mut withdrawn) = ([0; 2], [0; 8]);
                for voice in &of {
                    if voice.withdrawn.is_some() {
                        let missed = |step: usize| usize::from(voice.left_before(step));
                        withdrawn[missed(0) + 2 * missed(1) + 4 * missed(2)] += 1;
                    } else {
                        outcomes[voice.part(then.as_at, reasons)] += 1;
                        anonymity[usize::from(!voice.anonymous)] += 1;
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
                if let Some(group) = groups.get_mut(&who) {
                    group.outcomes.step(&outcomes, least);
                    group.anonymity.step(&anonymity, least);
                    group.withdrawn.step(&withdrawn, least);
                    for (step, took) in clocks.iter().enumerate() {
                        let now = Times::of(took, least, covered);
                        let old = &group.times[step];
                        if old.of.abs_diff(now.of) >= least || old.came.abs_diff(now.came) >= least {
                            group.times[step] = now;
                        }
                        group.within[step] = match (group.within[step].take(), split(step)) {
                            (Some((old, mut slices)), Some((target, counts))) if old == target => {
                                slices.step(&counts, least);
                                Some((old, slices))
                            }
                            (_, now) => now.map(|(target, counts)| (target, Slices::new(&counts, least))),
                        };
                    }
                } else if live >= 2 * least {
                    let within =
                        |step| split(step).map(|(target, counts)| (target, Slices::new(&counts, least)));
                    let group = Group {
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

    /// Every cell of R3 and R4 but words; none of them if there is no release point.
    pub(crate) fn of_voices(&self, whole_year: bool) -> Option<[Cells; 2]> {
        let points = self.points();
        let last = *points.last().filter(|_| whole_year)?;
        let reasons = self.reasons(points.iter().map(|(_, position)| *position).max()?);
        let groups = self.groups(&reasons);
        let (mut r3, mut r4) = (Cells::new(), Cells::new());
        let heard = self.at(last).voices();
        let is_told = |group: &Group| group.outcomes.total().is_some();
        let tables = groups.values().any(is_told);
        for (who, name) in WHO {
            let group = groups.get(&who);
            let silence = match group {
                Some(group) if is_told(group) => None,
                None if heard.iter().all(|voice| voice.who != who) => Some("[x]"),
                _ => Some("[c]"),
            };
            match (silence, group) {
                (None, Some(group)) => {
                    r3.extend(group.r3(name, &reasons));
                    r4.extend(group.r4(name, &reasons, self.at(last).least()));
                }
                (mark, _) => {
                    let ways = (0..3)
                        .filter(|_| tables)
                        .map(|step| (format!("{name}/{}|way", STEPS[step]), way(name, step)));
                    r4.extend(ways);
                    let mark = mark.unwrap_or_default().to_owned();
                    r3.extend(silent_r3(name, &reasons, tables).into_iter().map(|key| (key, mark.clone())));
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

fn silent_r3(name: &str, reasons: &[String], tables: bool) -> Vec<String> {
    let figures = ["changed", "no_change", "open", "answered", "loop_closed", "withdrawn"];
    let mut keys: Vec<String> = figures.iter().map(|it| format!("r3.{name}_{it}")).collect();
    if tables {
        keys.extend(FIXED.iter().map(|it| format!("outcome/{it}|{name}")));
        keys.extend(reasons.iter().map(|it| format!("outcome/no_change.{it}|{name}")));
    }
    keys
}

fn way(name: &str, step: usize) -> String {
    let whose = if name == "staff" { "Staff" } else { "Partner" };
    format!("{whose} feedback: {}", ["acknowledged", "answered", "followed by a change"][step])
}

fn silent_r4(name: &str, tables: bool) -> Vec<String> {
    let mut keys: Vec<String> = STEPS.iter().map(|it| format!("r4.{name}_{it}")).collect();
    if tables {
        for step in STEPS {
            let columns = ["median", "ninetieth", "within", "target"];
            keys.extend(columns.iter().map(|column| format!("{name}/{step}|{column}")));
            keys.push(format!("{name}|before_{step}"));
        }
        keys.push(format!("{name}|anonymous"));
    }
    keys
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

impl Times {
    fn of(took: &[u64], least: u64, covered: bool) -> Self {
        let rank = |of_100: usize, at_least: u64| {
            if (took.len() as u64) < at_least {
                return "[c]".to_owned();
            }
            // The first of which at least so many of 100 are not above.
            let found = took.iter().find(|days| {
                let not_above = took.iter().filter(|other| other <= days).count();
                100 * not_above >= of_100 * took.len()
            });
            match found {
                Some(days) if *days < u64::MAX => days.to_string(),
                _ => "[x]".to_owned(),
            }
        };
        Self {
            of: took.len() as u64,
            came: took.iter().filter(|days| **days < u64::MAX).count() as u64,
            median: rank(50, least),
            ninetieth: rank(90, 2 * least),
            covered,
        }
    }
}

fn or_held_back(number: Option<u64>) -> String {
    number.map_or_else(|| "[c]".to_owned(), |number| number.to_string())
}

impl Group {
    /// The parts of those names, and of every reason if `reasons`.
    fn parts(&self, of: &[&str], reasons: bool) -> Vec<usize> {
        let fixed = of.iter().map(|name| FIXED.iter().position(|it| it == name).unwrap());
        let rest = (FIXED.len()..self.outcomes.shown.len()).filter(|_| reasons);
        fixed.chain(rest).collect()
    }

    fn changed(&self) -> Option<u64> {
        self.outcomes.sum(&self.parts(&FIXED[..4], false))
    }

    fn answered(&self) -> Option<u64> {
        let answered = [FIXED[0], FIXED[1], FIXED[2], FIXED[4], FIXED[6]];
        self.outcomes.sum(&self.parts(&answered, true))
    }

    fn r3(&self, name: &str, reasons: &[String]) -> Cells {
        let whole = self.outcomes.total().unwrap();
        let figures = [
            ("changed", self.changed()),
            ("no_change", self.outcomes.sum(&self.parts(&FIXED[4..6], true))),
            ("open", self.outcomes.sum(&self.parts(&FIXED[6..], false))),
            ("answered", self.answered()),
            ("loop_closed", self.outcomes.sum(&self.parts(&FIXED[..2], true))),
        ];
        let mut cells = Cells::new();
        for (id, part) in figures {
            let said = match part {
                _ if whole == 0 => "[z]".to_owned(),
                None => "[c]".to_owned(),
                Some(part) => format!("{part}/{whole}"),
            };
            cells.insert(format!("r3.{name}_{id}"), said);
        }
        cells.insert(format!("r3.{name}_withdrawn"), or_held_back(self.withdrawn.total()));
        let rows = FIXED.iter().map(|it| (*it).to_owned());
        let rows = rows.chain(reasons.iter().map(|it| format!("no_change.{it}")));
        for (part, row) in rows.enumerate() {
            cells.insert(format!("outcome/{row}|{name}"), or_held_back(self.outcomes.sum(&[part])));
        }
        cells
    }

    fn r4(&self, name: &str, _reasons: &[String], least: u64) -> Cells {
        let mut cells = Cells::new();
        for (step, words) in STEPS.iter().enumerate() {
            let Times { median, ninetieth, covered, .. } = &self.times[step];
            let mark = if *covered { "" } else { " (some days in no calendar)" };
            cells.insert(format!("{name}/{words}|way"), format!("{}{mark}", way(name, step)));
            cells.insert(format!("r4.{name}_{words}"), median.clone());
            cells.insert(format!("{name}/{words}|median"), median.clone());
            cells.insert(format!("{name}/{words}|ninetieth"), ninetieth.clone());
            let target = self.within[step].as_ref().map(|(target, _)| target.to_string());
            cells.insert(format!("{name}/{words}|target"), target.unwrap_or_else(|| "[x]".to_owned()));
            cells.insert(format!("{name}/{words}|within"), self.within(step, least));
            let missed: Vec<usize> = (0..8).filter(|set| set >> step & 1 == 1).collect();
            cells.insert(format!("{name}|before_{words}"), or_held_back(self.withdrawn.sum(&missed)));
        }
        cells.insert(format!("{name}|anonymous"), or_held_back(self.anonymity.sum(&[0])));
        cells
    }

    fn within(&self, step: usize, least: u64) -> String {
        let Some((_, slices)) = &self.within[step] else { return "[x]".to_owned() };
        let apart = [Some(0), self.answered(), self.changed()][step];
        let (Some(within), Some(of), Some(_)) = (slices.sum(&[0]), slices.total(), apart) else {
            return "[c]".to_owned();
        };
        let few = |count: u64| count > 0 && count < least;
        if of == 0 || few(within) || few(of - within) || few(of) {
            "[c]".to_owned()
        } else if of < 100 && within * 100 > of * 95 {
            "more than 95 %".to_owned()
        } else if of < 100 && within * 100 < of * 5 {
            "less than 5 %".to_owned()
        } else {
            // Whole percent, half rounded up.
            (0..=100)
                .rev()
                .find(|share| (2 * share - 1) * of as i64 <= 200 * within as i64)
                .unwrap()
                .to_string()
        }
    }
}

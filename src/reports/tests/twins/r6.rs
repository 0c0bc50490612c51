//! The twin of R6.

use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

use super::released::{Cells, Moment, Shown, attendances, attended, day, is_exact, share};
use super::{Headlines, Twin};
use crate::domain::event::{Coverage, Level, Payload};
use crate::domain::id::Kind;

/// A unit that exists at a point.
#[derive(Clone, Default)]
struct Unit {
    title: String,
    part_of: Option<String>,
    /// Day, all and leaders.
    baseline: Option<(Date, u64, u64)>,
    /// Day; all and at least each level, of staff and of leaders.
    learned: Option<(Date, [u64; 5], [u64; 5])>,
}

/// A session at a point.
struct Session {
    title: String,
    level: Option<Level>,
    came: Came,
    on: Date,
}

enum Came {
    Unsaid,
    Cancelled,
    /// With attendances, or without a count.
    Held(Option<u32>),
}

/// The counts of some people at every point, each with the threshold.
type Counts = Vec<(Vec<u64>, u64)>;
/// Attendances at the sessions of a row, and how many were cancelled.
type Row = (Vec<Option<u32>>, u64);

fn numbers(it: &Coverage) -> [u64; 5] {
    [it.people, it.informed, it.skilled, it.enhanced, it.specialist].map(u64::from)
}

fn alone(it: [u64; 5]) -> Vec<u64> {
    let next = [it[1], it[2], it[3], it[4], 0];
    (0..5).map(|level| it[level].saturating_sub(next[level])).collect()
}

const LEVELS: [&str; 4] = ["informed", "skilled", "enhanced", "specialist"];

impl Twin<'_> {
    fn units(&self) -> BTreeMap<String, Unit> {
        let mut units = BTreeMap::new();
        for id in self.ids(Kind::Unit) {
            let (mut unit, mut exists) = (Unit::default(), false);
            for said in self.about(&format!("unit/{id}")) {
                match said.payload {
                    Payload::UnitRegistered(it)
                        if it.valid_from <= self.as_at && it.valid_to.is_none_or(|to| to >= self.as_at) =>
                    {
                        exists = true;
                        unit.title = it.title.to_string();
                        unit.part_of = it.part_of.as_ref().map(ToString::to_string);
                    }
                    Payload::WorkforceBaselineRecorded(it) => {
                        unit.baseline = Some((said.day, it.headcount.into(), it.leaders.into()));
                    }
                    Payload::LearningCoverageRecorded(it) => {
                        unit.learned = Some((said.day, numbers(&it.staff), numbers(&it.leaders)));
                    }
                    _ => {}
                }
            }
            if exists {
                units.insert(id, unit);
            }
        }
        units
    }

    fn session_list(&self) -> BTreeMap<String, Session> {
        let mut sessions = BTreeMap::new();
        for id in self.ids(Kind::Session) {
            let (mut offer, mut end) = (None, None);
            for said in self.about(&format!("session/{id}")) {
                match said.payload {
                    Payload::LearningOffered(it) => offer = Some(it),
                    Payload::LearningDelivered(it) => end = Some((said.day, Came::Held(it.attendances))),
                    Payload::LearningCancelled(_) => end = Some((said.day, Came::Cancelled)),
                    _ => {}
                }
            }
            let Some(on) = end.as_ref().map(|(on, _)| *on).or(offer.map(|it| it.held_on)) else { continue };
            let session = Session {
                title: offer.map_or_else(|| id.clone(), |it| it.title.to_string()),
                level: offer.map(|it| it.level),
                came: end.map_or(Came::Unsaid, |(_, came)| came),
                on,
            };
            sessions.insert(id, session);
        }
        sessions
    }

    pub(in crate::reports::tests) fn r6(&self) -> (Headlines, Cells) {
        let (mut said, mut cells) = (Headlines::new(), Cells::new());
        let moments = self.moments();
        let Some(last) = moments.last().copied() else { return (said, cells) };
        self.coverage(&moments, &mut said, &mut cells);
        self.flow(last, &mut said, &mut cells);
        (said, cells)
    }

    fn coverage(&self, moments: &[Moment], said: &mut Headlines, cells: &mut Cells) {
        // Unit, and whom → the counts at every point at which it was shown.
        let mut counts: BTreeMap<(String, u8), Counts> = BTreeMap::new();
        let mut chosen: BTreeSet<String> = BTreeSet::new();
        let (mut units, mut least) = (BTreeMap::new(), 0);
        for moment in moments {
            units = self.from(*moment).units();
            least = self.least(moment.sequence).0;
            chosen = choose(&units, &chosen);
            for id in &chosen {
                let unit = &units[id];
                let (_, staff, leaders) = unit.learned.unwrap();
                let (staff, leaders) = (alone(staff), alone(leaders));
                let others = (0..5).map(|it| staff[it].saturating_sub(leaders[it])).collect();
                let mut add = |who, parts| counts.entry((id.clone(), who)).or_default().push((parts, least));
                add(0, staff);
                add(1, leaders);
                add(2, others);
                if let Some((_, people, leaders)) = unit.baseline {
                    add(3, vec![leaders, people.saturating_sub(leaders)]);
                }
            }
        }
        let released = |id: &String, who| counts.get(&(id.clone(), who)).map(|counts| Shown::of(counts));
        let at_least = |id: &String, who: u8, level: usize| {
            let parts: Vec<usize> = (level..5).collect();
            let own = released(id, who).unwrap().sum(&parts);
            let beside = who == 0 || released(id, 2).unwrap().sum(&parts).is_some();
            // None that were released is not said to be none: a few may have come.
            let whole = released(id, who).unwrap().sum(&[0, 1, 2, 3, 4]);
            own.filter(|own| beside && (*own > 0 || level == 0 || whole == Some(0)))
        };
        for (who, table, nobody) in [(0, "staff", "Nobody"), (1, "leaders", "No leaders")] {
            for id in &chosen {
                let unit = &units[id];
                let (on, _, _) = unit.learned.unwrap();
                let all = at_least(id, who, 0);
                let mut cell = |column: &str, text: String| {
                    cells.insert(format!("r6.coverage_{table}|unit/{id}|{column}"), text);
                };
                cell("unit", unit.title.clone());
                for (level, name) in LEVELS.iter().enumerate() {
                    cell(name, share(at_least(id, who, level + 1), all, least, nobody));
                }
                cell("people", all.map_or_else(|| "[c] held back".into(), |all| all.to_string()));
                cell("on", day(on));
                let beside = unit.baseline.map(|(on, _, _)| {
                    let cut = released(id, 3).unwrap();
                    let works = if who == 0 { cut.sum(&[0, 1]) } else { cut.sum(&[0]) };
                    let on = day(on);
                    match (all, works) {
                        (Some(all), Some(works)) if works.max(all) - works.min(all) < least => {
                            format!("Fewer than {least} apart, on {on}")
                        }
                        (Some(_), Some(works)) => format!("DIFFERS: {works}, on {on}"),
                        _ => "[c] held back".to_owned(),
                    }
                });
                cell("baseline", beside.unwrap_or_else(|| "[x] None recorded".into()));
            }
            let sum = |level| chosen.iter().map(|id| at_least(id, who, level)).sum::<Option<u64>>();
            for (level, name) in LEVELS.iter().enumerate() {
                let (part, whole) = (sum(level + 1), sum(0));
                if !chosen.is_empty() && is_exact(&share(part, whole, least, nobody)) {
                    said.insert(format!("r6.coverage_{table}_{name}"), (part.unwrap(), whole));
                }
            }
        }
        let (mut told, mut differ) = (0, 0);
        for id in chosen.iter().filter(|id| units[*id].baseline.is_some() && units[*id].learned.is_some()) {
            let cut = released(id, 3).unwrap();
            let far =
                |one: Option<u64>, other: Option<u64>| Some(one?.max(other?) - one?.min(other?) >= least);
            let staff = far(at_least(id, 0, 0), cut.sum(&[0, 1]));
            let leaders = far(at_least(id, 1, 0), cut.sum(&[0]));
            if let Some(staff) = staff {
                told += 1;
                differ += u64::from(staff || leaders == Some(true));
            }
        }
        if told > 0 {
            said.insert("r6.denominators".into(), (differ, Some(told)));
        }
        for (id, unit) in units.iter().filter(|(id, _)| !chosen.contains(*id)) {
            let above = above(&units, id).into_iter().find(|it| chosen.contains(it));
            let below = chosen.iter().find(|it| super::r6::above(&units, it).contains(id));
            let why = match (&unit.learned, above) {
                (None, _) => "[x] Nobody recorded how many have learned".to_owned(),
                (_, Some(above)) => format!("A part of {}, which is shown", units[&above].title),
                _ => format!(
                    "{}, which is a part of it, is shown, and was before",
                    units[below.unwrap()].title
                ),
            };
            cells.insert(format!("r6.not_shown|unit/{id}|unit"), unit.title.clone());
            cells.insert(format!("r6.not_shown|unit/{id}|why"), why);
        }
    }

    fn flow(&self, last: Moment, said: &mut Headlines, cells: &mut Cells) {
        if last.on < self.first_day {
            // The tables have no rows then, either: nothing of the period had happened by the point.
            return;
        }
        let (then, floor) = (self.from(last), self.least(last.sequence).0);
        let all = then.session_list();
        let (mut held, mut cancelled, mut unsaid) = (Vec::new(), 0, 0);
        let mut rows: BTreeMap<(String, &str), Row> = BTreeMap::new();
        for (id, session) in all.iter().filter(|(_, session)| self.in_period(session.on)) {
            let month = (session.on.month() + 8) % 12;
            let year = i32::from(session.on.year()) - i32::from(session.on.month() < 4);
            let quarter = format!("{year}-{:02} Q{}", (year + 1) % 100, month / 3 + 1);
            let level = session.level.map_or("unknown", Level::as_str);
            match session.came {
                Came::Unsaid if session.on < last.on => {
                    unsaid += 1;
                    let word = session.level.map_or_else(|| "[x] Not known".into(), capital);
                    let row = format!("r6.unsaid|session/{id}");
                    cells.insert(format!("{row}|session"), session.title.clone());
                    cells.insert(format!("{row}|level"), word);
                    cells.insert(format!("{row}|on"), day(session.on));
                }
                Came::Unsaid => {}
                Came::Cancelled => {
                    cancelled += 1;
                    rows.entry((quarter, level)).or_default().1 += 1;
                }
                Came::Held(attendances) => {
                    held.push(attendances);
                    rows.entry((quarter, level)).or_default().0.push(attendances);
                }
            }
        }
        for ((quarter, level), (held, cancelled)) in rows {
            let mut cell = |column: &str, text: String| {
                cells.insert(format!("r6.sessions|{quarter}/{level}|{column}"), text);
            };
            let of_level = Level::ALL.iter().find(|it| it.as_str() == level);
            cell("quarter", quarter.clone());
            cell("level", of_level.map_or_else(|| "[x] Not known".into(), |it| capital(*it)));
            cell("held", held.len().to_string());
            cell("attendances", attended(&held, floor));
            cell("not_counted", held.iter().filter(|it| it.is_none()).count().to_string());
            cell("cancelled", cancelled.to_string());
        }
        if !all.is_empty() {
            said.insert("r6.sessions".into(), (held.len() as u64, None));
            said.insert("r6.cancelled".into(), (cancelled, None));
            said.insert("r6.unsaid".into(), (unsaid, None));
            said.insert(
                "r6.not_counted".into(),
                (held.iter().filter(|it| it.is_none()).count() as u64, None),
            );
            if let Some(sum) = attendances(&held, floor) {
                said.insert("r6.attendances".into(), (sum, None));
            }
        }
        then.practice_support(self, said, cells);
    }

    fn practice_support(&self, asked: &Self, said: &mut Headlines, cells: &mut Cells) {
        let (mut any, mut all) = (false, 0);
        let mut kinds: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        for id in self.ids(Kind::PracticeSupport) {
            let about = self.about(&format!("practice-support/{id}"));
            let Some(last) = about.last() else { continue };
            any = true;
            if let (Payload::PracticeSupportProvided(it), true) = (last.payload, asked.in_period(last.day)) {
                let kind = kinds.entry(it.kind.to_string()).or_default();
                *kind = (kind.0 + u64::from(it.sessions), kind.1 + 1);
                all += u64::from(it.sessions);
            }
        }
        if any {
            said.insert("r6.support".into(), (all, None));
        }
        for (kind, (sessions, times)) in kinds {
            let row = format!("r6.support|support-kind/{kind}");
            cells.insert(format!("{row}|kind"), kind);
            cells.insert(format!("{row}|sessions"), sessions.to_string());
            cells.insert(format!("{row}|times"), times.to_string());
        }
    }
}

fn capital(level: Level) -> String {
    let word = level.as_str();
    format!("{}{}", &word[..1], word[1..].to_lowercase())
}

fn above(units: &BTreeMap<String, Unit>, id: &str) -> Vec<String> {
    let mut above: Vec<String> = Vec::new();
    let mut at = id.to_owned();
    while let Some(whole) = units.get(&at).and_then(|unit| unit.part_of.clone()) {
        if above.contains(&whole) {
            break;
        }
        above.push(whole.clone());
        at = whole;
    }
    above
}

fn choose(units: &BTreeMap<String, Unit>, before: &BTreeSet<String>) -> BTreeSet<String> {
    let mut chosen: BTreeSet<String> = BTreeSet::new();
    for turn in [true, false] {
        for depth in 0..10 {
            for (id, unit) in units {
                let mine = before.contains(id) == turn && above(units, id).len() == depth;
                let related = |it: &String| above(units, id).contains(it) || above(units, it).contains(id);
                if mine && unit.learned.is_some() && !chosen.iter().any(related) {
                    chosen.insert(id.clone());
                }
            }
        }
    }
    chosen
}

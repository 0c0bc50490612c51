//! The twin of R8.

use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

use super::released::{Cells, Moment, Shown, day, is_exact, percent, share};
use super::{Headlines, Twin};
use crate::domain::event::{Payload, Respondents, SurveyResultRecorded};
use crate::domain::id::Kind;

/// One result at a point.
#[derive(Clone)]
struct Result<'f> {
    id: String,
    said: &'f SurveyResultRecorded,
    sequence: u64,
    /// Agree, do not, do not know.
    parts: [u64; 3],
    why: Option<&'static str>,
}

impl Result<'_> {
    fn answers(&self) -> u64 {
        self.parts.iter().sum()
    }

    fn with(&self, other: &Self) -> bool {
        let (a, b) = (self.said, other.said);
        let same =
            a.instrument == b.instrument && a.instrument_version == b.instrument_version && a.item == b.item;
        let round = a.round.is_some() && a.round == b.round;
        same && (round || !(a.period_to < b.period_from || b.period_to < a.period_from))
    }

    fn alike(&self, other: &Self) -> bool {
        let (a, b) = (self.said, other.said);
        a.instrument == b.instrument && a.item == b.item && a.unit == b.unit
    }
}

fn parts(it: &SurveyResultRecorded) -> [u64; 3] {
    let mut parts = [0; 3];
    for option in it.options.iter().filter(|_| !it.withheld) {
        let part = if it.agree_options.contains(&option.option) {
            0
        } else if it.dont_know_options.contains(&option.option) {
            2
        } else {
            1
        };
        parts[part] += u64::from(option.count);
    }
    parts
}

impl<'f> Twin<'f> {
    /// The unit that each was a part of on a day.
    fn tree(&self, on: Date) -> BTreeMap<String, String> {
        let mut tree = BTreeMap::new();
        for id in self.ids(Kind::Unit) {
            for said in self.about(&format!("unit/{id}")) {
                if let Payload::UnitRegistered(it) = said.payload
                    && it.valid_from <= on
                    && it.valid_to.is_none_or(|to| to >= on)
                {
                    tree.remove(&id);
                    if let Some(whole) = &it.part_of {
                        tree.insert(id.clone(), whole.to_string());
                    }
                }
            }
        }
        tree
    }

    fn is_inside(&self, part: &Result<'_>, whole: &Result<'_>) -> bool {
        let (Some(part_unit), Some(whole)) = (&part.said.unit, &whole.said.unit) else { return false };
        let tree = self.tree(part.said.period_to);
        let (mut at, mut steps) = (part_unit.to_string(), 0);
        while let Some(next) = tree.get(&at).filter(|_| steps < 10) {
            if next == whole.as_str() {
                return true;
            }
            at = next.clone();
            steps += 1;
        }
        false
    }

    fn depth(&self, it: &Result<'_>) -> usize {
        let tree = self.tree(it.said.period_to);
        let (mut at, mut seen) = (it.said.unit.as_ref().unwrap().to_string(), BTreeSet::new());
        while let Some(next) = tree.get(&at).filter(|next| !seen.contains(*next)) {
            seen.insert(next.clone());
            at = next.clone();
        }
        seen.len()
    }

    /// Every result at a point, and why it is not shown.
    fn judged(&self, minimum: u64) -> Vec<Result<'f>> {
        let mut all = Vec::new();
        for id in self.ids(Kind::SurveyResult) {
            let about = self.about(&format!("survey-result/{id}"));
            let Some(last) = about.last() else { continue };
            let Payload::SurveyResultRecorded(said) = last.payload else { continue };
            let mut result = Result { id, said, sequence: last.by, parts: parts(said), why: None };
            if said.withheld || result.answers() < minimum {
                result.why = Some("few");
            }
            all.push(result);
        }
        let few = |count: u64| count > 0 && count < minimum;
        for unit in 0..all.len() {
            for whole in all.clone() {
                let it = &all[unit];
                let is_whole = whole.said.unit.is_none() && whole.why.is_none() && it.said.unit.is_some();
                let left = whole.answers().max(it.answers()) - whole.answers().min(it.answers());
                if is_whole && it.why.is_none() && it.with(&whole) && few(left) {
                    all[unit].why = Some("beside");
                }
            }
        }
        let mut order: Vec<usize> = (0..all.len()).filter(|it| all[*it].said.unit.is_some()).collect();
        order.sort_by_key(|it| (self.depth(&all[*it]), all[*it].id.clone()));
        for unit in order {
            let beside = all.iter().any(|other| {
                other.why.is_none() && all[unit].with(other) && self.is_inside(&all[unit], other)
            });
            if all[unit].why.is_none() && beside {
                all[unit].why = Some("beside");
            }
        }
        for whole in all.clone() {
            while whole.said.unit.is_none() && whole.why.is_none() {
                let units = beside(&all, &whole);
                let left = whole.answers().saturating_sub(units.iter().map(|it| all[*it].answers()).sum());
                if units.is_empty() || !few(left) {
                    break;
                }
                let smallest = units.iter().min_by_key(|it| (all[**it].answers(), all[**it].id.clone()));
                all[*smallest.unwrap()].why = Some("beside");
            }
        }
        all
    }

    pub(in crate::reports::tests) fn r8(&self) -> (Headlines, Cells) {
        let (mut said, mut cells) = (Headlines::new(), Cells::new());
        let moments = self.moments();
        let Some(last) = moments.last().copied() else { return (said, cells) };
        let mut courses = Courses::new();
        let (mut all, mut open) = (Vec::new(), Open::new());
        for moment in &moments {
            let (people, minimum) = self.least(moment.sequence);
            all = self.from(*moment).judged(minimum);
            open = opened(&all, &mut courses, (moment.sequence, people));
        }
        let shown = |it: &Result<'f>, which: &[usize]| -> Option<u64> {
            let may = open.get(&it.id)?[which.len() - 1];
            course(&courses, &format!("own {}", it.id)).sum(which).filter(|_| may)
        };
        let floors = self.least(last.sequence);
        let mut table = Tables { twin: self, last, floors, all: &all, shown: &shown };
        table.cells(&mut cells);
        table.headlines(&mut said);
        (said, cells)
    }
}

/// The units that are shown beside a whole.
fn beside(all: &[Result<'_>], whole: &Result<'_>) -> Vec<usize> {
    let is = |it: &Result<'_>| it.said.unit.is_some() && it.why.is_none() && it.with(whole);
    (0..all.len()).filter(|it| is(&all[*it])).collect()
}

/// The group → its counts, and the fewest people that may be told of, at every point at which it could be known.
type Courses = BTreeMap<String, BTreeMap<u64, (Vec<u64>, u64)>>;

/// The result → whether it is told how many agree, how many knew, how many answered.
type Open = BTreeMap<String, [bool; 3]>;

/// What is asked of a result: the parts that are counted.
const ASKED: [&[usize]; 3] = [&[0], &[0, 1], &[0, 1, 2]];

fn course(courses: &Courses, group: &str) -> Shown {
    Shown::of(&courses[group].values().cloned().collect::<Vec<_>>())
}

fn both(one: [bool; 3], other: [bool; 3]) -> [bool; 3] {
    [0, 1, 2].map(|it| one[it] && other[it])
}

/// What may be told of units if whoever is left of the whole must not be known: only what could be subtracted counts.
fn may(
    courses: &mut Courses,
    (whole, units): (&Result<'_>, &[&Result<'_>]),
    known: [bool; 3],
    (at, people): (u64, u64),
) -> [bool; 3] {
    let mut names: Vec<_> = units.iter().map(|unit| unit.id.as_str()).collect();
    names.sort_unstable();
    let group = format!("{} without {names:?}, of which {known:?}", whole.id);
    // Those who agree, those who do not, those who do not know: in one with their neighbours where they cannot be told from them.
    let places: [usize; 3] = match known {
        [true, true, _] => [0, 1, 2],
        [true, false, _] => [0, 1, 1],
        [false, true, _] => [0, 0, 1],
        [false, false, _] => [0, 0, 0],
    };
    let mut counts = vec![0; places[2] + 1];
    for part in 0..3 {
        let gone: u64 = units.iter().map(|it| it.parts[part]).sum();
        counts[places[part]] += whole.parts[part].saturating_sub(gone);
    }
    courses.entry(group.clone()).or_default().insert(at, (counts, people));
    let left = course(courses, &group);
    [
        !known[0] || left.sum(&[0]).is_some(),
        !known[1] || left.sum(if known[0] { &[0, 1] } else { &[0] }).is_some(),
        left.sum(&(0..=places[2]).collect::<Vec<_>>()).is_some(),
    ]
}

/// Nobody is told how many agree if not how many knew, and those who are left are fewer than twice the fewest.
fn enough(unit: &Result<'_>, [agree, knew, answered]: [bool; 3], people: u64) -> [bool; 3] {
    let others = unit.parts[1] + unit.parts[2];
    [agree && (knew || others == 0 || others >= 2 * people), knew, answered]
}

/// What is told of every result at a point.
fn opened(all: &[Result<'_>], courses: &mut Courses, now: (u64, u64)) -> Open {
    let mut open = Open::new();
    for it in all.iter().filter(|it| it.why.is_none()) {
        let own = format!("own {}", it.id);
        courses.entry(own.clone()).or_default().insert(now.0, (it.parts.to_vec(), now.1));
        open.insert(it.id.clone(), ASKED.map(|which| course(courses, &own).sum(which).is_some()));
    }
    for whole in all.iter().filter(|it| it.why.is_none() && it.said.unit.is_none()) {
        let units: Vec<&Result<'_>> = beside(all, whole).into_iter().map(|it| &all[it]).collect();
        for unit in &units {
            let own = open[&unit.id];
            let alone = may(courses, (whole, &[unit]), both(own, open[&whole.id]), now);
            open.insert(unit.id.clone(), enough(unit, both(own, alone), now.1));
        }
        let together = [0, 1, 2].map(|number: usize| {
            let those: Vec<_> = units.iter().copied().filter(|unit| open[&unit.id][number]).collect();
            let known = those.iter().fold(open[&whole.id], |known, unit| both(known, open[&unit.id]));
            may(courses, (whole, &those), known, now)[number]
        });
        for unit in units {
            open.insert(unit.id.clone(), enough(unit, both(open[&unit.id], together), now.1));
        }
    }
    open
}

struct Tables<'t, 'f> {
    twin: &'t Twin<'f>,
    last: Moment,
    /// Fewest people, fewest answers.
    floors: (u64, u64),
    all: &'t [Result<'f>],
    shown: &'t dyn Fn(&Result<'f>, &[usize]) -> Option<u64>,
}

impl<'f> Tables<'_, 'f> {
    fn agree(&self, it: &Result<'f>) -> String {
        share((self.shown)(it, &[0]), (self.shown)(it, &[0, 1, 2]), self.floors.0, "Nobody")
    }

    fn agree_percent(&self, it: &Result<'f>) -> Option<u64> {
        let (part, whole) = ((self.shown)(it, &[0])?, (self.shown)(it, &[0, 1, 2])?);
        is_exact(&self.agree(it)).then(|| percent(part, whole))
    }

    fn response(&self, it: &Result<'f>) -> String {
        let asked = Some(u64::from(it.said.population));
        share((self.shown)(it, &[0, 1, 2]), asked, self.floors.0, "Nobody was asked")
    }

    /// The round as it stands: who was asked, and how many.
    fn round(&self, it: &Result<'f>) -> Option<(Respondents, Option<u32>)> {
        let then = self.twin.from(self.last);
        let mut round = None;
        for said in then.about(&format!("round/{}", it.said.round.as_ref()?)) {
            if let Payload::FeedbackSought(it) = said.payload {
                round = Some((it.respondents, it.invited));
            }
        }
        round
    }

    /// Words, points, and the sequence of what came before.
    fn since(&self, it: &Result<'f>) -> (String, Option<i64>) {
        let partners = |it: &Result<'f>| self.round(it).is_some_and(|(who, _)| who == Respondents::Partners);
        let mut before: Vec<_> = self
            .all
            .iter()
            .filter(|b| b.alike(it) && partners(b) == partners(it) && b.said.period_to < it.said.period_to)
            .collect();
        before.sort_by_key(|it| (it.said.period_to, it.sequence));
        let version = &it.said.instrument_version;
        let Some(last) = before.iter().rfind(|b| b.said.instrument_version == *version) else {
            let words = match before.last() {
                None => "[z] Asked for the first time".to_owned(),
                Some(b) => {
                    format!("[z] Not comparable: version {} was asked before", b.said.instrument_version)
                }
            };
            return (words, None);
        };
        let (Some(now), Some(then)) = (self.agree_percent(it), self.agree_percent(last)) else {
            return ("[c] held back".to_owned(), None);
        };
        let points = now.cast_signed() - then.cast_signed();
        let words = match points {
            0 => format!("The same ({then} % before)"),
            1 => format!("1 point more ({then} % before)"),
            -1 => format!("1 point less ({then} % before)"),
            more if more > 0 => format!("{more} points more ({then} % before)"),
            less => format!("{} points less ({then} % before)", -less),
        };
        (words, Some(points))
    }

    fn principles(&self, it: &Result<'f>) -> Vec<String> {
        let then = self.twin.from(self.last);
        let mut principles: Vec<String> = Vec::new();
        for commitment in &it.said.commitments {
            let mut of = Vec::new();
            for said in then.about(&format!("commitment/{commitment}")) {
                if let Payload::CommitmentMade(made) = said.payload {
                    of = made.principles.iter().map(ToString::to_string).collect();
                }
            }
            principles.extend(of);
        }
        let own = |it_: &&String| it_.to_lowercase() == it.said.item.as_str().to_lowercase();
        match principles.iter().find(own) {
            Some(own) => vec![own.clone()],
            None => principles,
        }
    }

    fn cells(&mut self, cells: &mut Cells) {
        for it in self.all.iter().filter(|it| self.twin.in_period(it.said.period_to)) {
            let partners = self.round(it).is_some_and(|(who, _)| who == Respondents::Partners);
            let suffix = if partners { " (partners)" } else { "" };
            let mut row = vec![("question", format!("{}{suffix}", plain(it.said.item.as_str())))];
            let held_back = match it.why {
                Some("few") => Some(format!("[c] fewer than {}, or recorded without counts", self.floors.1)),
                Some(_) => Some("[c] next to few".to_owned()),
                None => None,
            };
            let knew = (self.shown)(it, &[0, 1]);
            let answers = (self.shown)(it, &[0, 1, 2]);
            let mut response = self.response(it);
            if is_exact(&response) && answers.is_some_and(|answers| answers > u64::from(it.said.population)) {
                response += ", IRREGULAR: more answered than were asked";
            }
            if let (Some((_, Some(invited))), None) = (self.round(it), &it.said.unit)
                && invited != it.said.population
            {
                let few = u64::from(invited.max(it.said.population) - invited.min(it.said.population))
                    < self.floors.0;
                let say = if is_exact(&response) && !few {
                    format!("{invited} invited")
                } else {
                    "another number invited".into()
                };
                response = format!("{response}; {say}");
            }
            let since = self.since(it).0;
            let or = |text: String| if held_back.is_some() { "[c]".to_owned() } else { text };
            row.push(("agree", held_back.clone().unwrap_or_else(|| self.agree(it))));
            row.push(("agree_known", or(share((self.shown)(it, &[0]), knew, self.floors.0, "Nobody knew"))));
            row.push(("answers", or(answers.map_or_else(|| "[c] held back".into(), |n| n.to_string()))));
            row.push(("response", or(response)));
            row.push(("since", or(since)));
            row.push(("until", day(it.said.period_to)));
            let survey =
                format!("{}, version {}", plain(it.said.instrument.as_str()), it.said.instrument_version);
            row.push(("survey", survey));
            row.push((
                "asked",
                match self.round(it) {
                    Some((Respondents::Staff, _)) => "Staff".into(),
                    Some((Respondents::Partners, _)) => "Partners".into(),
                    None => "[x] Not stated".into(),
                },
            ));
            let table = if it.said.unit.is_some() { "r8.units" } else { "r8.whole" };
            for (column, text) in &row {
                cells.insert(format!("{table}|survey-result/{}|{column}", it.id), text.clone());
            }
            if let Some(unit) = &it.said.unit {
                cells.insert(format!("{table}|survey-result/{}|unit", it.id), self.title(unit.as_str()));
                continue;
            }
            for principle in self.principles(it) {
                let subject = format!("r8.principles|principle/{principle}/survey-result/{}", it.id);
                cells.insert(format!("{subject}|principle"), plain(&principle));
                for (column, text) in row.iter().filter(|(column, _)| {
                    ["question", "agree", "since", "until", "survey", "asked"].contains(column)
                }) {
                    cells.insert(format!("{subject}|{column}"), text.clone());
                }
            }
        }
    }

    fn title(&self, unit: &str) -> String {
        let mut title = unit.to_owned();
        for said in self.twin.from(self.last).about(&format!("unit/{unit}")) {
            if let Payload::UnitRegistered(it) = said.payload {
                title = it.title.to_string();
            }
        }
        title
    }

    fn headlines(&self, said: &mut Headlines) {
        let listed: Vec<_> = self.all.iter().filter(|it| self.twin.in_period(it.said.period_to)).collect();
        if listed.is_empty() {
            return;
        }
        let all = listed.len() as u64;
        said.insert("r8.results".into(), (all, None));
        let held_back = listed.iter().filter(|it| (self.shown)(it, &[0, 1, 2]).is_none()).count() as u64;
        said.insert("r8.held_back".into(), (held_back, Some(all)));
        let is_staff = |it: &&&Result<'f>| {
            it.said.unit.is_none() && self.round(it).is_none_or(|(who, _)| who != Respondents::Partners)
        };
        let staff: Vec<_> = listed.iter().filter(is_staff).collect();
        let newest = |it: &&&&Result<'f>| {
            let order = |it: &Result<'f>| (it.said.period_to, it.sequence);
            !staff.iter().any(|other| other.alike(it) && order(other) > order(it))
        };
        let newest: Vec<_> = staff.iter().filter(newest).collect();
        let points: Vec<i64> = newest.iter().filter_map(|it| self.since(it).1).collect();
        if !points.is_empty() {
            let count = |is: fn(&&i64) -> bool| points.iter().filter(is).count() as u64;
            said.insert("r8.risen".into(), (count(|it| **it > 0), Some(points.len() as u64)));
            said.insert("r8.fallen".into(), (count(|it| **it < 0), Some(points.len() as u64)));
        }
    }
}

fn plain(code: &str) -> String {
    let spaced = code.replace('-', " ");
    format!("{}{}", spaced[..1].to_uppercase(), &spaced[1..])
}

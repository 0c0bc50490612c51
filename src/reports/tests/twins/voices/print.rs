//! The cells of R3 and R4 from what the twin releases.

use super::Cells;
use super::slices::{Slices, Times};

pub(super) struct Group {
    /// It was released before.
    pub(super) again: bool,
    /// There were fewer than a hundred at first: changed, closed, open.
    pub(super) coarse: bool,
    pub(super) outcomes: Slices,
    pub(super) anonymity: Slices,
    pub(super) withdrawn: Slices,
    pub(super) times: Vec<Times>,
    pub(super) within: Vec<Option<(u32, Slices)>>,
}

pub(super) const FIXED: [&str; 11] = [
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
pub(super) const STEPS: [&str; 3] = ["acknowledged", "answered", "changed"];
const STANDS: [&str; 3] = ["changed", "no_change", "open"];

/// Changed, closed, open.
pub(super) fn three(outcomes: &[u64]) -> Vec<u64> {
    let mut three = vec![0; 3];
    for (part, count) in outcomes.iter().enumerate() {
        let stands = match FIXED.get(part).copied() {
            Some("policy_changed" | "practice_changed" | "changed_not_told" | "changed_not_answered") => 0,
            Some("closed_not_told" | "closed_not_answered") | None => 1,
            Some(_) => 2,
        };
        three[stands] += count;
    }
    three
}

pub(super) fn silent_r3(name: &str, reasons: &[String], (tables, detail): (bool, bool)) -> Vec<String> {
    let figures = ["changed", "no_change", "open", "answered", "loop_closed", "withdrawn"];
    let mut keys: Vec<String> = figures.iter().map(|it| format!("r3.{name}_{it}")).collect();
    if tables {
        keys.extend(STANDS.iter().map(|it| format!("outcome/{it}|{name}")));
    }
    if detail {
        keys.extend(FIXED.iter().map(|it| format!("outcome/{it}|{name}")));
        keys.extend(reasons.iter().map(|it| format!("outcome/no_change.{it}|{name}")));
    }
    keys
}

pub(super) fn way(name: &str, step: usize) -> String {
    let whose = if name == "staff" { "Staff" } else { "Partner" };
    format!("{whose} feedback: {}", ["acknowledged", "answered", "followed by a change"][step])
}

pub(super) fn silent_r4(name: &str, tables: bool) -> Vec<String> {
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

impl Group {
    /// Nobody knows of a none that was said before whether it still is one.
    pub(super) fn told(&self, number: Option<u64>) -> String {
        let told = number.filter(|number| *number > 0 || !self.again);
        told.map_or_else(|| "[c]".to_owned(), |number| number.to_string())
    }

    /// The parts of those names, and of every reason if `reasons`.
    fn parts(&self, of: &[&str], reasons: bool) -> Vec<usize> {
        let fixed = of.iter().map(|name| FIXED.iter().position(|it| it == name).unwrap());
        let rest = (FIXED.len()..self.outcomes.shown.len()).filter(|_| reasons);
        fixed.chain(rest).collect()
    }

    fn changed(&self) -> Option<u64> {
        if self.coarse { self.outcomes.sum(&[0]) } else { self.outcomes.sum(&self.parts(&FIXED[..4], false)) }
    }

    fn closed(&self) -> Option<u64> {
        if self.coarse { self.outcomes.sum(&[1]) } else { self.outcomes.sum(&self.parts(&FIXED[4..6], true)) }
    }

    fn open(&self) -> Option<u64> {
        if self.coarse { self.outcomes.sum(&[2]) } else { self.outcomes.sum(&self.parts(&FIXED[6..], false)) }
    }

    fn answered(&self) -> Option<u64> {
        if self.coarse {
            return None;
        }
        let answered = [FIXED[0], FIXED[1], FIXED[2], FIXED[4], FIXED[6]];
        self.outcomes.sum(&self.parts(&answered, true))
    }

    fn loop_closed(&self) -> Option<u64> {
        if self.coarse { None } else { self.outcomes.sum(&self.parts(&FIXED[..2], true)) }
    }

    pub(super) fn r3(&self, name: &str, reasons: &[String], detail: bool) -> Cells {
        let whole = self.outcomes.total();
        let figures = [
            ("changed", self.changed()),
            ("no_change", self.closed()),
            ("open", self.open()),
            ("answered", self.answered()),
            ("loop_closed", self.loop_closed()),
        ];
        let mut cells = Cells::new();
        for (id, part) in figures {
            let said = match part {
                _ if whole == Some(0) => "[z]".to_owned(),
                None => "[c]".to_owned(),
                Some(0) if self.again => "[c]".to_owned(),
                Some(part) => whole.map_or_else(|| part.to_string(), |whole| format!("{part}/{whole}")),
            };
            cells.insert(format!("r3.{name}_{id}"), said);
        }
        cells.insert(format!("r3.{name}_withdrawn"), self.told(self.withdrawn.total()));
        for (row, number) in STANDS.iter().zip([self.changed(), self.closed(), self.open()]) {
            cells.insert(format!("outcome/{row}|{name}"), self.told(number));
        }
        let rows = FIXED.iter().map(|it| (*it).to_owned());
        let rows = rows.chain(reasons.iter().map(|it| format!("no_change.{it}")));
        for (part, row) in rows.enumerate().filter(|_| detail) {
            let number = if self.coarse { None } else { self.outcomes.sum(&[part]) };
            cells.insert(format!("outcome/{row}|{name}"), self.told(number));
        }
        cells
    }

    pub(super) fn r4(&self, name: &str, least: u64) -> Cells {
        let mut cells = Cells::new();
        for (step, words) in STEPS.iter().enumerate() {
            let Times { median, ninetieth, covered } = &self.times[step];
            let mark = if *covered { "" } else { " (some days in no calendar)" };
            cells.insert(format!("{name}/{words}|way"), format!("{}{mark}", way(name, step)));
            cells.insert(format!("r4.{name}_{words}"), median.clone());
            cells.insert(format!("{name}/{words}|median"), median.clone());
            cells.insert(format!("{name}/{words}|ninetieth"), ninetieth.clone());
            let target = self.within[step].as_ref().map(|(target, _)| target.to_string());
            cells.insert(format!("{name}/{words}|target"), target.unwrap_or_else(|| "[x]".to_owned()));
            cells.insert(format!("{name}/{words}|within"), self.within(step, least));
            let missed: Vec<usize> = (0..8).filter(|set| set >> step & 1 == 1).collect();
            cells.insert(format!("{name}|before_{words}"), self.told(self.withdrawn.sum(&missed)));
        }
        cells.insert(format!("{name}|anonymous"), self.told(self.anonymity.sum(&[0, 1])));
        cells
    }

    /// The target, and which share is within it.
    pub(super) fn share(&self, step: usize, least: u64) -> (Option<u32>, String) {
        (self.within[step].as_ref().map(|(target, _)| *target), self.within(step, least))
    }

    fn within(&self, step: usize, least: u64) -> String {
        let Some((_, slices)) = &self.within[step] else { return "[x]".to_owned() };
        // Of three parts none says who was answered.
        let answered = if self.coarse { Some(0) } else { self.answered() };
        let apart = [Some(0), answered, self.changed()][step];
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
                .find(|share: &u64| (2 * share).saturating_sub(1) * of <= 200 * within)
                .unwrap()
                .to_string()
        }
    }
}

//! The rules of release, transcribed: what `release.rs` says in words, by loops over lists of counts.

use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

use super::Twin;
use crate::domain::event::Payload;

/// Table, row, column → the cell as printed.
pub(in crate::reports::tests) type Cells = BTreeMap<String, String>;

/// A release point: day, position, sequence.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) on: Date,
    pub(super) position: u64,
    pub(super) sequence: u64,
}

/// Parts, as they were released.
#[derive(Clone)]
pub(super) struct Shown {
    least: u64,
    said: Vec<u64>,
    secret: Vec<bool>,
}

impl Shown {
    /// From the counts at each point, with the threshold of that point.
    pub(super) fn of(counts: &[(Vec<u64>, u64)]) -> Self {
        let (first, least) = &counts[0];
        let mut shown = Self { least: *least, said: first.clone(), secret: vec![false; first.len()] };
        shown.keep_secret(&vec![true; first.len()]);
        for (now, least) in &counts[1..] {
            shown.least = shown.least.max(*least);
            // As long as nothing but nones is said, each point is the first.
            if !shown.enough() && (0..now.len()).all(|part| shown.secret[part] || shown.said[part] == 0) {
                shown = Self::of(&[(now.clone(), shown.least)]);
                continue;
            }
            let (mut was, mut is) = (0, 0);
            for (part, now) in now.iter().enumerate() {
                if shown.secret[part] {
                    was += shown.said[part];
                    is += now;
                }
            }
            let open = !shown.enough() || was.max(is) - was.min(is) >= shown.least;
            let before = shown.secret.clone();
            for (part, now) in now.iter().copied().enumerate() {
                let far = shown.said[part].max(now) - shown.said[part].min(now) >= shown.least;
                if before[part] {
                    if open {
                        shown.said[part] = now;
                        shown.secret[part] = false;
                    }
                } else if now == 0 || now >= shown.least {
                    shown.said[part] = if far { now } else { shown.said[part] };
                } else if shown.said[part] + 1 >= 2 * shown.least {
                    // Nearly all are gone: fewer than the least are left, as if it were none.
                    shown.said[part] = 0;
                }
            }
            shown.keep_secret(&before);
        }
        shown
    }

    fn keep_secret(&mut self, first: &[bool]) {
        for part in 0..self.said.len() {
            if self.said[part] > 0 && self.said[part] < self.least {
                self.secret[part] = true;
            }
        }
        while !self.enough() {
            let free = |part: &usize| !self.secret[*part] && self.said[*part] > 0;
            let mut free: Vec<usize> = (0..self.said.len()).filter(free).collect();
            free.reverse();
            let next = free.iter().find(|part| first[**part]);
            let Some(next) = next.copied() else { return };
            self.secret[next] = true;
        }
    }

    fn enough(&self) -> bool {
        let (mut how_many, mut together) = (0, 0);
        for part in 0..self.said.len() {
            if self.secret[part] {
                how_many += 1;
                together += self.said[part];
            }
        }
        how_many == 0 || (how_many > 1 && together >= 2 * self.least)
    }

    /// The parts of these numbers, together.
    pub(super) fn sum(&self, of: &[usize]) -> Option<u64> {
        let (mut inside, mut outside, mut sum) = (0, 0, 0);
        for part in 0..self.said.len() {
            let within = of.contains(&part);
            sum += if within { self.said[part] } else { 0 };
            inside += u64::from(within && self.secret[part]);
            outside += u64::from(!within && self.secret[part]);
        }
        if inside > 0 && (outside > 0 || !self.enough()) { None } else { Some(sum) }
    }
}

impl Twin<'_> {
    /// The release points that are known and past, as they were declared.
    pub(super) fn moments(&self) -> Vec<Moment> {
        let (mut moments, mut declared) = (Vec::new(), BTreeSet::new());
        for fact in self.known() {
            if let Payload::ReleasePointDeclared(it) = &fact.event.payload {
                let on = fact.event.occurred.effective(&super::london());
                // Said again, which the domain refuses, it is what it was at first.
                if declared.insert(&fact.event.subject) && on <= self.as_at {
                    moments.push(Moment { on, position: it.position, sequence: fact.sequence });
                }
            }
        }
        moments
    }

    /// The same facts, seen from a release point.
    pub(super) fn from(&self, moment: Moment) -> Self {
        Self { as_at: moment.on, as_known: moment.position, ..*self }
    }

    /// The highest that the settings ever asked for: fewest people, fewest answers.
    pub(super) fn least(&self, as_known: u64) -> (u64, u64) {
        let (mut people, mut answers) = (5, 10);
        for said in (Self { as_at: Date::MAX, as_known, ..*self }).visible() {
            if let Payload::ReportSettingsAdopted(it) = said.payload {
                people = people.max(u64::from(it.suppress_below));
                answers = answers.max(u64::from(it.survey_minimum));
            }
        }
        (people, answers)
    }
}

pub(super) fn day(day: Date) -> String {
    day.strftime("%-d %b %Y").to_string()
}

pub(super) fn percent(part: u64, whole: u64) -> u64 {
    (part * 1000 / whole + 5) / 10
}

/// A share of people as a cell.
pub(super) fn share(part: Option<u64>, whole: Option<u64>, least: u64, nobody: &str) -> String {
    let (Some(part), Some(whole)) = (part, whole) else { return "[c] held back".into() };
    let exact = format!("{} % ({part} of {whole})", if whole > 0 { percent(part, whole) } else { 0 });
    let few = |count: u64| count > 0 && count < least;
    if whole == 0 {
        format!("[z] {nobody}")
    } else if part > whole {
        exact
    } else if few(part) || few(whole - part) || few(whole) {
        "[c] held back".into()
    } else if whole < 100 && part * 20 > whole * 19 {
        format!("more than 95 % of {whole}")
    } else if whole < 100 && part * 20 < whole {
        format!("less than 5 % of {whole}")
    } else {
        exact
    }
}

/// Whether a share is printed with its numbers.
pub(super) fn is_exact(cell: &str) -> bool {
    cell.contains(" % (")
}

/// Attendances at several occasions as a cell.
pub(super) fn attended(numbers: &[Option<u32>], least: u64) -> String {
    let (mut sum, mut counted, mut few) = (0, 0, 0);
    for number in numbers.iter().flatten() {
        let number = u64::from(*number);
        if number > 0 && number < least {
            few += 1;
        } else {
            counted += 1;
            sum += number;
        }
    }
    if counted > 0 && few > 0 {
        format!("{sum}, and {few} held back")
    } else if counted > 0 {
        sum.to_string()
    } else if few > 0 {
        "[c] few".into()
    } else if numbers.is_empty() {
        "[z] None held".into()
    } else {
        "[x] Not counted".into()
    }
}

/// The sum of those attendances that are shown; none if none is.
pub(super) fn attendances(numbers: &[Option<u32>], least: u64) -> Option<u64> {
    let shown = |number: &u64| *number == 0 || *number >= least;
    let shown: Vec<u64> = numbers.iter().flatten().map(|it| u64::from(*it)).filter(shown).collect();
    if shown.is_empty() { None } else { Some(shown.iter().sum()) }
}

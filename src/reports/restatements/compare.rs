//! Two positions of the same reports, figure by figure and cell by cell.
//!
//! Invariant: a figure is found again by its id, a cell by its table, the row's subject and the column. What is held back
//! at either position is passed by. Must not know what a figure is about.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::super::events::Events;
use super::super::report::{Figure, FigureStatus, Row, Table};
use super::super::{Body, Memory, Parameters, ReportName};
use super::words;
use crate::projections::Views;
use crate::projections::since::Change;

/// The reports that are not about people.
pub(super) const COMPARED: [ReportName; 4] =
    [ReportName::Commitments, ReportName::Lateness, ReportName::PolicyChanges, ReportName::Reach];

/// Cells that count people's items, wherever they stand.
const ABOUT_PEOPLE: [&str; 1] = ["items"];

/// How many events are named as the reason; the others are numbers behind it.
const NAMED: usize = 3;

/// A figure that reads otherwise.
pub(super) struct Restated {
    /// The figure's id; of a cell: table, row and column.
    pub(super) subject: String,
    pub(super) label: String,
    pub(super) old: Figure,
    pub(super) new: Figure,
    pub(super) why: String,
    /// The changes that are the reason.
    pub(super) events: Vec<u64>,
}

pub(super) fn restated(
    views: &Views,
    [then, now]: [&Parameters; 2],
    changes: &[Change],
    memory: &Memory,
) -> Vec<Restated> {
    let mut found = Vec::new();
    for name in COMPARED {
        let (old, new) = (memory.earlier(name, views, then), memory.earlier(name, views, now));
        if Arc::ptr_eq(&old, &new) {
            // Nothing came between that is about a day up to then.
            continue;
        }
        let mut comparison = Comparison { name, changes, found: Vec::new(), moved: BTreeSet::new() };
        let olds: BTreeMap<&str, &Table> =
            old.tables.iter().map(|table| (table.id.as_str(), table)).collect();
        for table in &new.tables {
            comparison.table(olds.get(table.id.as_str()).copied(), table);
        }
        let cells = std::mem::take(&mut comparison.found);
        comparison.figures(&old, &new);
        found.extend(comparison.found);
        found.extend(cells);
    }
    found
}

struct Comparison<'c> {
    name: ReportName,
    changes: &'c [Change],
    found: Vec<Restated>,
    /// The changes by which rows came or went: whatever counts rows counts otherwise because of these.
    moved: BTreeSet<u64>,
}

/// What a reader sees of a figure.
fn reads(figure: &Figure) -> (FigureStatus, &str, Option<f64>, Option<u64>, Option<u64>) {
    (figure.status, &figure.text, figure.number, figure.numerator, figure.denominator)
}

fn is_held_back(figure: &Figure) -> bool {
    figure.status == FigureStatus::Suppressed
}

/// Rows by subject; of several with one subject each by its number. In the order of the table.
fn rows(table: &Table) -> Vec<((&str, usize), &Row)> {
    let mut seen: HashMap<&str, usize> = HashMap::with_capacity(table.rows.len());
    let numbered = table.rows.iter().map(|row| {
        let number = seen.entry(row.subject.as_str()).or_default();
        *number += 1;
        ((row.subject.as_str(), *number), row)
    });
    numbered.collect()
}

impl Comparison<'_> {
    fn figures(&mut self, old: &Body, new: &Body) {
        let olds: BTreeMap<&str, &Figure> = old.figures.iter().map(|it| (it.id.as_str(), it)).collect();
        for new in &new.figures {
            let Some(old) = olds.get(new.id.as_str()) else { continue };
            let code = self.name.code();
            self.compare(|| (new.id.to_string(), format!("{code}: {}", new.label)), old, new, None);
        }
    }

    fn table(&mut self, old: Option<&Table>, new: &Table) {
        let (olds, news) = (old.map(rows).unwrap_or_default(), rows(new));
        let mut left: HashMap<(&str, usize), &Row> = olds.iter().copied().collect();
        // In the order of the report as it reads now; what is gone comes last.
        for (key, row) in news {
            match left.remove(&key) {
                Some(old) => self.row(new, old, row),
                None => self.came_or_went(new, row, true),
            }
        }
        let mut gone: Vec<_> = left.into_iter().collect();
        gone.sort_unstable_by_key(|(key, _)| *key);
        for (_, row) in gone {
            self.came_or_went(new, row, false);
        }
    }

    fn row(&mut self, table: &Table, old: &Row, new: &Row) {
        for (old, cell) in old.cells.iter().zip(&new.cells) {
            if ABOUT_PEOPLE.contains(&cell.id.as_str()) {
                continue;
            }
            let code = self.name.code();
            let named = || {
                let label = format!("{code}: {}, {}", new.subject, cell.label);
                (format!("{} {} {}", table.id, new.subject, cell.id), label)
            };
            self.compare(named, old, cell, Some(&new.subject));
        }
    }

    fn came_or_went(&mut self, table: &Table, row: &Row, came: bool) {
        let heading = row.cells.first().map(Figure::printed).unwrap_or_default();
        let (absent, there) =
            (Figure::not_applicable("Not listed"), Figure::words(format!("Listed: {heading}")));
        let label = format!("{}: {}, in \"{}\"", self.name.code(), row.subject, table.title);
        let events: BTreeSet<u64> = row.cells.iter().flat_map(|cell| cell.events.iter().copied()).collect();
        let (why, events) = self.why(&events, Some(&row.subject), false);
        self.moved.extend(&events);
        let (old, new) = if came { (absent, there) } else { (there, absent) };
        let subject = format!("{} {}", table.id, row.subject);
        self.found.push(Restated { subject, label, old, new, why, events });
    }

    fn compare(
        &mut self,
        named: impl FnOnce() -> (String, String),
        old: &Figure,
        new: &Figure,
        about: Option<&str>,
    ) {
        if reads(old) == reads(new) || is_held_back(old) || is_held_back(new) {
            return;
        }
        let behind: BTreeSet<u64> = old.events.iter().chain(&new.events).copied().collect();
        let counts_rows = about.is_none() && old.denominator != new.denominator;
        let (why, events) = self.why(&behind, about, counts_rows);
        let (subject, label) = named();
        let plain = |figure: &Figure| Figure { events: Events::NONE, ..figure.clone() };
        self.found.push(Restated { subject, label, old: plain(old), new: plain(new), why, events });
    }

    /// The changes that are behind a figure, or about what its row is about; of a figure that counts rows, those by which
    /// rows came or went, too. If there is none, the changes about what the events behind it are about.
    fn why(&self, behind: &BTreeSet<u64>, about: Option<&str>, counts_rows: bool) -> (String, Vec<u64>) {
        let is_behind = |it: &&Change| {
            behind.contains(&it.sequence)
                || behind.contains(&it.target)
                || about.is_some_and(|about| it.subject.to_string() == about)
                || counts_rows && self.moved.contains(&it.sequence)
        };
        let mut reasons: Vec<_> = self.changes.iter().filter(is_behind).collect();
        if reasons.is_empty() {
            let is_beside = |it: &&Change| it.beside.iter().any(|event| behind.contains(event));
            reasons = self.changes.iter().filter(is_beside).collect();
        }
        let mut named: Vec<_> = reasons.iter().take(NAMED).map(|it| reason(it)).collect();
        match reasons.len() {
            0 => named.push(ELSEWHERE.to_owned()),
            n if n > NAMED => named.push(format!("and {} more", n - NAMED)),
            _ => {}
        }
        (named.join("; "), reasons.iter().map(|it| it.sequence).collect())
    }
}

const ELSEWHERE: &str = "Follows from other events of the lists, or from events about feedback";

fn reason(change: &Change) -> String {
    use crate::projections::since::How;
    let how = match change.how {
        How::Late => "Recorded late",
        How::Corrected => "Said anew",
        How::Voided => "Taken back",
    };
    format!("{how} (record {}): {}", change.sequence, words(change))
}

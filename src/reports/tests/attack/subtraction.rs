//! Subtraction: a reader puts every number of every report, as printed at one release point, into equations, and solves them.
//!
//! Unknown are the parts that reports divide people's items into. What is printed of them, and of their sums, are equations;
//! "more than 95 %" is an inequality. Bounds are drawn tighter until nothing moves any more.
//!
//! Invariant: reads figures and cells alone, as any reader could. Must not know the ledger.

use std::collections::BTreeMap;

use crate::reports::{Figure, FigureStatus, Report, Row};

/// More than any count here.
const MANY: i64 = 1 << 32;

/// Unknown whole numbers, none below 0, and what is known of their sums.
#[derive(Default)]
pub(super) struct System {
    names: BTreeMap<String, usize>,
    bounds: Vec<(i64, i64)>,
    sums: Vec<Sum>,
}

/// The unknowns with what each is multiplied by, and between which numbers their sum lies.
type Sum = (Vec<(usize, i64)>, i64, i64);

impl System {
    pub(super) fn unknown(&mut self, name: &str) -> usize {
        let next = self.bounds.len();
        let at = *self.names.entry(name.to_owned()).or_insert(next);
        if at == next {
            self.bounds.push((0, MANY));
        }
        at
    }

    pub(super) fn lies(&mut self, terms: &[(String, i64)], low: i64, high: i64) {
        let terms = terms.iter().map(|(name, times)| (self.unknown(name), *times)).collect();
        self.sums.push((terms, low, high));
    }

    fn sum(&mut self, names: &[String], value: u64) {
        let terms: Vec<_> = names.iter().map(|name| (name.clone(), 1)).collect();
        self.lies(&terms, value.cast_signed(), value.cast_signed());
    }

    /// Tightens bounds until nothing moves.
    fn solve(&mut self) {
        let mut moved = true;
        while std::mem::take(&mut moved) {
            for (terms, low, high) in &self.sums {
                let least: i64 = terms.iter().map(|term| ends(&self.bounds, *term).0).sum();
                let most: i64 = terms.iter().map(|term| ends(&self.bounds, *term).1).sum();
                let before = self.bounds.clone();
                for &(at, times) in terms {
                    let (own_least, own_most) = ends(&before, (at, times));
                    // What is left for it if the others are as large, or as small, as they can be.
                    let (from, to) = (low - (most - own_most), high - (least - own_least));
                    let (from, to) = if times > 0 { (from, to) } else { (-to, -from) };
                    let tight = (self.bounds[at].0.max(from), self.bounds[at].1.min(to));
                    if tight != self.bounds[at] && tight.0 <= tight.1 {
                        self.bounds[at] = tight;
                        moved = true;
                    }
                }
            }
        }
    }

    /// The unknowns that are told, and are 1 to 4.
    pub(super) fn recovered(&mut self) -> Vec<(String, i64)> {
        self.solve();
        let told =
            |at: &usize| self.bounds.get(*at).filter(|(low, high)| low == high && (1..5).contains(low));
        self.names.iter().filter_map(|(name, at)| Some((name.clone(), told(at)?.0))).collect()
    }

    /// What a cell says of these unknowns: exactly so many, or nearly all or none of so many.
    fn cell(&mut self, cell: &Figure, names: &[String]) {
        let terms: Vec<_> = names.iter().map(|name| (name.clone(), 1)).collect();
        let whole = || cell.text.rsplit(' ').next().and_then(|it| it.parse::<i64>().ok());
        match (cell.status, cell.numerator, cell.number) {
            (FigureStatus::Given, Some(n), _) => self.sum(names, n),
            (FigureStatus::Given, None, Some(n)) => self.sum(names, (n as i64).cast_unsigned()),
            (FigureStatus::Given, ..) if cell.text.starts_with("more than 95 %") => {
                let whole = whole().unwrap_or(0);
                self.lies(&terms, whole * 95 / 100, MANY);
            }
            (FigureStatus::Given, ..) if cell.text.starts_with("less than 5 %") => {
                let whole = whole().unwrap_or(MANY);
                self.lies(&terms, 0, whole * 5 / 100);
            }
            // Released as none; what it is now may be a few, but no sum holds these.
            (FigureStatus::Suppressed, ..) if cell.text.starts_with("fewer than") && names.len() == 1 => {
                self.sum(names, 0);
            }
            _ => {}
        }
    }
}

/// Between which numbers an unknown lies, times something.
fn ends(bounds: &[(i64, i64)], (at, times): (usize, i64)) -> (i64, i64) {
    let (one, other) = (bounds[at].0 * times, bounds[at].1 * times);
    (one.min(other), one.max(other))
}

fn rows<'r>(report: &'r Report, table: &str) -> &'r [Row] {
    report.tables.iter().find(|it| it.id == table).map(|it| it.rows.as_slice()).unwrap_or_default()
}

pub(super) fn column<'r>(row: &'r Row, id: &str) -> &'r Figure {
    row.cells.iter().find(|cell| cell.id == id).unwrap()
}

fn figure<'r>(report: &'r Report, id: &str) -> Option<&'r Figure> {
    report.figures.iter().find(|figure| figure.id == id)
}

/// Of which sums of R3 an outcome is a part.
fn is_part(outcome: &str, of: &str) -> bool {
    let name = outcome.strip_prefix("outcome/").unwrap_or(outcome);
    let is_reason = name.starts_with("no_change");
    match of {
        "changed" => name.contains("changed"),
        "no_change" => is_reason || name.starts_with("closed"),
        "open" => name.contains("open") || name.starts_with("waiting"),
        "answered" => !name.ends_with("not_answered") && !name.starts_with("waiting"),
        "loop_closed" => is_reason || ["policy_changed", "practice_changed"].contains(&name),
        _ => true,
    }
}

/// What R3 says of staff or of partners. Where outcomes are told further apart, the three parts are sums of those.
pub(super) fn outcomes(system: &mut System, report: &Report, whom: &str) {
    let part = |row: &Row| format!("R3 {whom} {}", row.subject);
    let is_fine = |row: &&Row| column(row, whom).text != "not told apart";
    let fine: Vec<_> = rows(report, "r3.detail").iter().filter(is_fine).collect();
    let coarse: Vec<_> = rows(report, "r3.outcomes").iter().collect();
    let leaves = if fine.is_empty() { &coarse } else { &fine };
    for row in leaves {
        let cell = column(row, whom);
        system.cell(cell, &[part(row)]);
        if cell.status == FigureStatus::Suppressed && !cell.text.starts_with("fewer") {
            // Nobody hides what is none.
            system.lies(&[(part(row), 1)], 1, MANY);
        }
    }
    if leaves.is_empty() {
        return;
    }
    let of = |sum: &str| {
        leaves.iter().filter(|row| is_part(&row.subject, sum)).map(|row| part(row)).collect::<Vec<_>>()
    };
    for row in coarse.iter().filter(|_| !fine.is_empty()) {
        let sum = row.subject.strip_prefix("outcome/").unwrap_or(&row.subject);
        system.cell(column(row, whom), &of(sum));
    }
    for sum in ["changed", "no_change", "open", "answered", "loop_closed"] {
        let Some(figure) = figure(report, &format!("r3.{whom}_{sum}")) else { continue };
        if figure.status != FigureStatus::Given {
            continue;
        }
        if let Some(n) = figure.numerator.or(figure.number.map(|n| (n as i64).cast_unsigned())) {
            system.sum(&of(sum), n);
        }
        if let Some(whole) = figure.denominator {
            system.sum(&of("all"), whole);
            system.sum(&[format!("R3 {whom} all")], whole);
        }
    }
    let withdrawn = figure(report, &format!("r3.{whom}_withdrawn"));
    if let Some(figure) = withdrawn {
        system.cell(figure, &[format!("{whom} withdrawn")]);
    }
}

/// What R9 says of the same items, in shares, and R4 of those without a name; and, if both are released for the first
/// time, that together they are as many as in R3.
pub(super) fn choices(system: &mut System, r9: &Report, r4: &Report, whom: &str, is_first: bool) {
    let parts = ["anonymous", "confidential", "named"];
    let name = |part: &str| format!("R9 {whom} {part}");
    let row = |report, table| rows(report, table).iter().find(|row| row.subject.ends_with(whom));
    if let Some(row) = row(r4, "r4.apart") {
        system.cell(column(row, "anonymous"), &[name("anonymous")]);
    }
    let Some(row) = row(r9, "r9.choices") else { return };
    let mut is_shown = false;
    for part in parts {
        let cell = column(row, part);
        let (low, high) = match (cell.status, cell.number) {
            (FigureStatus::Given, Some(share)) => (2 * share as i64 - 1, 2 * share as i64 + 1),
            (FigureStatus::Given, None) if cell.text.starts_with("More") => (190, 200),
            (FigureStatus::Given, None) if cell.text.starts_with("Less") => (0, 10),
            _ => continue,
        };
        is_shown = true;
        // Rounded to whole percent of all three.
        let against = |times: i64| -> Vec<_> {
            parts.iter().map(|it| (name(it), if *it == part { 200 - times } else { -times })).collect()
        };
        system.lies(&against(low), 0, MANY);
        system.lies(&against(high), -MANY, 0);
    }
    if is_shown && is_first {
        let mut terms: Vec<_> = parts.iter().map(|part| (name(part), 1)).collect();
        terms.push((format!("R3 {whom} all"), -1));
        system.lies(&terms, 0, 0);
    }
}

const LEVELS: [&str; 4] = ["informed", "skilled", "enhanced", "specialist"];

/// What R6 says of each unit: staff, leaders; and, where it is shown for the first time, the others among the staff.
pub(super) fn coverage(system: &mut System, report: &Report, is_first: impl Fn(&str) -> bool) {
    for whom in ["staff", "leaders"] {
        for row in rows(report, &format!("r6.coverage_{whom}")) {
            let part = |level: usize| format!("R6 {whom} {} {level}", row.subject);
            for (level, id) in LEVELS.iter().enumerate() {
                system.cell(column(row, id), &(level + 1..5).map(part).collect::<Vec<_>>());
            }
            system.cell(column(row, "people"), &(0..5).map(part).collect::<Vec<_>>());
        }
    }
    for row in rows(report, "r6.coverage_staff").iter().filter(|row| is_first(&row.subject)) {
        for level in 0..5 {
            let of = |whom: &str, times| (format!("R6 {whom} {} {level}", row.subject), times);
            system.lies(&[of("staff", 1), of("leaders", -1), of("others", -1)], 0, 0);
        }
    }
}

/// What R8 says of each result; and of whoever is left of the whole without a unit, or without all that are shown.
pub(super) fn surveys(system: &mut System, report: &Report) {
    let answers = ["agree", "other", "unknown"];
    let name = |row: &Row, part: &str| format!("R8 {} {part}", row.subject);
    for table in ["r8.whole", "r8.units"] {
        for row in rows(report, table) {
            let parts = |some: &[&str]| some.iter().map(|part| name(row, part)).collect::<Vec<_>>();
            system.cell(column(row, "agree"), &parts(&answers[..1]));
            for (id, some) in
                [("agree_known", &answers[..2]), ("agree", &answers[..]), ("answers", &answers[..])]
            {
                let cell = column(row, id);
                let whole = if id == "answers" {
                    cell.number.map(|n| (n as i64).cast_unsigned())
                } else {
                    cell.denominator
                };
                if let (FigureStatus::Given, Some(whole)) = (cell.status, whole) {
                    system.sum(&parts(some), whole);
                }
            }
        }
    }
    let beside = |one: &Row, other: &Row| {
        ["question", "until", "survey"].iter().all(|id| column(one, id).text == column(other, id).text)
    };
    for whole in rows(report, "r8.whole") {
        let units: Vec<_> = rows(report, "r8.units")
            .iter()
            .filter(|unit| beside(whole, unit) && column(unit, "answers").status == FigureStatus::Given)
            .collect();
        let mut groups: Vec<Vec<&Row>> = units.iter().map(|unit| vec![*unit]).collect();
        groups.push(units);
        for (number, group) in groups.iter().enumerate().filter(|(_, group)| !group.is_empty()) {
            for part in answers {
                let mut terms =
                    vec![(name(whole, part), -1), (format!("{} rest {number}", name(whole, part)), 1)];
                terms.extend(group.iter().map(|unit| (name(unit, part), 1)));
                system.lies(&terms, 0, 0);
            }
        }
    }
}

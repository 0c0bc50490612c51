//! Where two reports differ first, in the order in which they are read. PURE.
//!
//! Invariant: none is found only of two reports that are equal in every field. Must not know why they differ.

use super::report::{Figure, Report, Table};

/// The first difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where: a figure's id; a table's id, a row's subject and a column's id; or a field of the report.
    pub place: String,
    /// What the first says there.
    pub old: String,
    /// What the second says there.
    pub new: String,
}

/// The first difference between two reports.
pub fn first(old: &Report, new: &Report) -> Option<Difference> {
    if old == new {
        return None;
    }
    let figures = figures("", &old.figures, &new.figures);
    let found = figures.or_else(|| tables(&old.tables, &new.tables)).or_else(|| rest(old, new));
    // Whatever is compared nowhere above differs, too.
    found.or_else(|| said("report", &format!("{old:?}"), &format!("{new:?}")))
}

fn said(place: &str, old: &str, new: &str) -> Option<Difference> {
    (old != new).then(|| Difference { place: place.to_owned(), old: old.to_owned(), new: new.to_owned() })
}

fn rest(old: &Report, new: &Report) -> Option<Difference> {
    let known = |report: &Report| report.known_until.map_or_else(String::new, |time| time.to_string());
    let fields = [
        ("root_hash", old.root_hash.to_string(), new.root_hash.to_string()),
        ("ledger", old.ledger.clone(), new.ledger.clone()),
        ("organisation", old.organisation.clone(), new.organisation.clone()),
        ("example_data", old.example_data.to_string(), new.example_data.to_string()),
        ("title", old.title.clone(), new.title.clone()),
        ("known_until", known(old), known(new)),
        ("notes", old.notes.join("\n"), new.notes.join("\n")),
    ];
    fields.iter().find_map(|(place, old, new)| said(place, old, new))
}

const NOTHING: &str = "nothing";

fn figures(above: &str, old: &[Figure], new: &[Figure]) -> Option<Difference> {
    let place = |figure: &Figure| format!("{above}{}", figure.id);
    for index in 0..old.len().max(new.len()) {
        match (old.get(index), new.get(index)) {
            (Some(one), Some(other)) if one.id == other.id => {
                if let Some(found) = figure(&place(one), one, other) {
                    return Some(found);
                }
            }
            (Some(one), Some(other)) => return said(&place(one), &one.id, &other.id),
            (Some(one), None) => return said(&place(one), &one.printed(), NOTHING),
            (None, Some(other)) => return said(&place(other), NOTHING, &other.printed()),
            (None, None) => {}
        }
    }
    None
}

fn figure(place: &str, old: &Figure, new: &Figure) -> Option<Difference> {
    if old == new {
        return None;
    }
    let number = |figure: &Figure| match (figure.number, figure.numerator, figure.denominator) {
        (Some(number), Some(part), Some(whole)) => format!("{number} {} ({part} of {whole})", figure.unit),
        (Some(number), ..) => format!("{number} {}", figure.unit),
        (None, ..) => "no number".to_owned(),
    };
    let events = |figure: &Figure| format!("events {:?}", figure.events);
    said(place, &old.printed(), &new.printed())
        .or_else(|| said(place, &number(old), &number(new)))
        .or_else(|| said(place, &events(old), &events(new)))
        .or_else(|| said(place, &old.label, &new.label))
}

fn tables(old: &[Table], new: &[Table]) -> Option<Difference> {
    for index in 0..old.len().max(new.len()) {
        let found = match (old.get(index), new.get(index)) {
            (Some(one), Some(other)) => table(one, other),
            (Some(one), None) => said(&one.id, &one.title, NOTHING),
            (None, other) => other.and_then(|other| said(&other.id, NOTHING, &other.title)),
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

fn table(old: &Table, new: &Table) -> Option<Difference> {
    let columns = |table: &Table| {
        table.columns.iter().map(|it| format!("{} ({})", it.id, it.label)).collect::<Vec<_>>().join(", ")
    };
    let heads = said(&old.id, &old.id, &new.id)
        .or_else(|| said(&old.id, &old.title, &new.title))
        .or_else(|| said(&old.id, &columns(old), &columns(new)))
        .or_else(|| said(&old.id, &old.when_empty, &new.when_empty));
    if heads.is_some() {
        return heads;
    }
    for index in 0..old.rows.len().max(new.rows.len()) {
        let found = match (old.rows.get(index), new.rows.get(index)) {
            (Some(one), Some(other)) if one.subject == other.subject => {
                figures(&format!("{} {} ", old.id, one.subject), &one.cells, &other.cells)
            }
            (Some(one), Some(other)) => {
                said(&format!("{} row {}", old.id, index + 1), &one.subject, &other.subject)
            }
            (Some(one), None) => said(&format!("{} row {}", old.id, index + 1), &one.subject, NOTHING),
            (None, other) => other
                .and_then(|other| said(&format!("{} row {}", old.id, index + 1), NOTHING, &other.subject)),
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

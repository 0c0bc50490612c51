//! The first difference between two reports.

use super::ask;
use super::golden::sample;
use crate::reports::difference::first;
use crate::reports::{Events, Report, ReportName};

#[test]
fn given_equal_reports_when_they_are_compared_then_there_is_no_difference() {
    for name in ReportName::ALL {
        let report = ask(name, &sample(), "2026-03-31");
        assert_eq!(first(&report, &report.clone()), None);
    }
}

#[test]
fn given_one_thing_that_differs_when_they_are_compared_then_it_is_found_at_its_place() {
    let report = ask(ReportName::Lateness, &sample(), "2026-03-31");
    let changed = |change: fn(&mut Report)| {
        let mut other = report.clone();
        change(&mut other);
        let found = first(&report, &other).unwrap();
        assert_ne!(found.old, found.new);
        let back = first(&other, &report).unwrap();
        assert_eq!((&back.place, &back.old, &back.new), (&found.place, &found.new, &found.old));
        found
    };
    let found = changed(|it| it.figures[1].text = "None.".into());
    assert_eq!((found.place.as_str(), found.new.as_str()), (report.figures[1].id.as_str(), "None."));
    assert_eq!(changed(|it| it.figures[0].number = Some(99.0)).place, report.figures[0].id);
    assert_eq!(changed(|it| it.figures[0].events = Events::NONE).new, "events []");
    assert_eq!(changed(|it| drop(it.figures.pop())).new, "nothing");
    let row = &report.tables[0].rows[0];
    let found = changed(|it| it.tables[0].rows[0].cells[1].text = "X".into());
    assert_eq!(found.place, format!("{} {} {}", report.tables[0].id, row.subject, row.cells[1].id));
    assert!(changed(|it| drop(it.tables[0].rows.pop())).place.contains(" row "));
    assert!(changed(|it| drop(it.tables.pop())).new == "nothing");
    assert_eq!(changed(|it| it.notes.clear()).place, "notes");
    assert_eq!(changed(|it| it.root_hash.0[0] ^= 1).place, "root_hash");
    assert_eq!(changed(|it| it.days = Some(3)).place, "report");
}

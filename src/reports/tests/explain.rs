//! Explanations by hand.

use super::{parameters, stand};
use crate::domain::event::{ChangeNature, Origin, Respondents, WithdrawalScope};
use crate::domain::id::Subject;
use crate::projections::chronicle::Chronicle;
use crate::reports::explain::{Explanation, Eyes, NotExplained, Place, explain, is_of_people};
use crate::reports::{FigureStatus, ReportName, report};

fn ledger() -> Chronicle {
    let mut ledger = Chronicle::opened(false);
    ledger.post("chief", "Chief Executive");
    ledger.plan("rest", "2025-04-10", "2025-06-01", &["C1"]);
    ledger.complete("rest", "2025-06-05");
    ledger.plan("quiet", "2025-04-10", "2026-06-01", &["C1"]);
    ledger
}

fn ask(ledger: &Chronicle, name: ReportName, place: &Place, eyes: Eyes) -> Result<Explanation, NotExplained> {
    let parameters = parameters("2026-03-31", ledger.facts.len() as u64, "2025-26");
    let views = ledger.views();
    let report = report(name, &views, &parameters, &stand()).unwrap();
    explain((name, &report), &views, &parameters, (place, eyes))
}

fn cell(table: &str, row: &str, column: &str) -> Place {
    Place::Cell { table: table.into(), row: row.into(), column: column.into() }
}

#[test]
fn given_a_figure_when_it_is_explained_then_its_events_are_those_that_the_report_names() {
    let ledger = ledger();
    let late = Place::Headline("r2.late_against_first_due".into());
    for eyes in [Eyes::Reader, Eyes::Auditor] {
        let explained = ask(&ledger, ReportName::Lateness, &late, eyes).unwrap();
        // Planned by 2, completed by 3; 4 days late. Whether the other is late, its plan (4) tells.
        assert!(explained.events.contains(&2) && explained.events.contains(&3), "{:?}", explained.events);
        assert_eq!(explained.events, explained.figure.events);
        assert_eq!((explained.point.clone(), explained.held_for_auditors), (None, false));
    }
    let by_name = cell("r2.actions", "action/rest", "completed");
    let column = match ask(&ledger, ReportName::Lateness, &by_name, Eyes::Reader) {
        Ok(_) => "completed".to_owned(),
        Err(NotExplained::NoColumn { known, .. }) => known.split(", ").next().unwrap().to_owned(),
        Err(other) => panic!("{other}"),
    };
    let by_name =
        ask(&ledger, ReportName::Lateness, &cell("r2.actions", "action/rest", &column), Eyes::Reader);
    let report = report(
        ReportName::Lateness,
        &ledger.views(),
        &parameters("2026-03-31", ledger.facts.len() as u64, "2025-26"),
        &stand(),
    );
    let rows = &report.unwrap().tables[0].rows;
    let number = 1 + rows.iter().position(|row| row.subject == "action/rest").unwrap();
    let by_number =
        ask(&ledger, ReportName::Lateness, &cell("r2.actions", &format!("#{number}"), &column), Eyes::Reader);
    assert_eq!(by_name.unwrap(), by_number.unwrap());
}

#[test]
fn given_what_a_report_does_not_have_when_it_is_explained_then_the_refusal_says_what_it_has() {
    let ledger = ledger();
    let refused =
        |place: Place| ask(&ledger, ReportName::Lateness, &place, Eyes::Reader).unwrap_err().to_string();
    assert!(refused(Place::Headline("r2.none".into())).contains("r2.late_against_first_due"));
    assert!(refused(cell("none", "x", "y")).contains("r2.actions"));
    assert!(refused(cell("r2.actions", "action/rest", "none")).contains("it has "));
    let column = {
        let refused = refused(cell("r2.actions", "x", "none"));
        refused.rsplit("it has ").next().unwrap().split(", ").next().unwrap().to_owned()
    };
    for row in ["action/none", "#0", "#9", "#x"] {
        assert!(refused(cell("r2.actions", row, &column)).contains("no row"), "{row}");
    }
}

#[test]
fn given_a_figure_about_people_when_it_is_explained_then_readers_are_held_off_and_auditors_have_its_groups_events()
 {
    let mut ledger = ledger();
    let staff = ledger.feedback("2025-04-20", Respondents::Staff, 12);
    ledger.feedback("2025-04-21", Respondents::Partners, 11);
    // Received in another financial year.
    ledger.feedback("2025-03-20", Respondents::Staff, 1);
    ledger.at("2025-07-31T10:00:00Z").release("first", "2025-07-31");
    ledger.take_back(staff[0], "2025-08-02", WithdrawalScope::Whole);
    // The staff's twelve from 5 on, the partners' eleven after them; as they were known at the release point, 29.
    let (staff, partners): (Vec<u64>, Vec<u64>) = ((5..17).collect(), (17..28).collect());
    for (name, place, items) in [
        (ReportName::Feedback, Place::Headline("r3.staff_open".into()), &staff),
        (ReportName::Feedback, Place::Headline("r3.partners_open".into()), &partners),
        (ReportName::Feedback, cell("r3.outcomes", "outcome/open", "partners"), &partners),
        (ReportName::ResponseTimes, Place::Headline("r4.staff_answered".into()), &staff),
        (ReportName::ResponseTimes, cell("r4.times", "partners/answered", "median"), &partners),
        (ReportName::Choice, Place::Headline("r9.choices_staff".into()), &staff),
        (ReportName::Choice, Place::Headline("r9.withdrawn".into()), &[&staff[..], &partners[..]].concat()),
    ] {
        let reader = ask(&ledger, name, &place, Eyes::Reader).unwrap();
        assert_eq!((reader.events.len(), reader.held_for_auditors), (0, true), "{place}");
        let point = reader.point.unwrap();
        assert_eq!((point.id.as_str(), point.position, point.sequence), ("first", 29, 29));
        let auditor = ask(&ledger, name, &place, Eyes::Auditor).unwrap();
        let found: Vec<u64> = auditor.events.into_iter().filter(|event| *event != 29).collect();
        assert_eq!((&found, auditor.held_for_auditors), (items, false), "{place}");
    }
}

#[test]
fn given_requests_to_erase_when_their_time_is_explained_then_an_auditor_has_them_and_no_item_of_feedback() {
    let mut ledger = ledger();
    ledger.feedback("2025-04-20", Respondents::Staff, 12);
    let asked = ledger.ask_to_erase("one", "2025-05-02");
    ledger.ask_to_erase("before", "2025-03-02");
    let done = ledger.erase("one", "2025-05-09");
    ledger.at("2025-07-31T10:00:00Z").release("first", "2025-07-31");
    let place = Place::Headline("r9.days_to_erase".into());
    let auditor = ask(&ledger, ReportName::Choice, &place, Eyes::Auditor).unwrap();
    let point = auditor.point.unwrap().sequence;
    let found: Vec<u64> = auditor.events.into_iter().filter(|event| *event != point).collect();
    assert_eq!(found, [asked, done]);
    let reader = ask(&ledger, ReportName::Choice, &place, Eyes::Reader).unwrap();
    assert_eq!((reader.events.len(), reader.held_for_auditors), (0, true));
    // How many cells are held back is a number about reports: nothing of anybody is behind it.
    let place = Place::Headline("r9.held_back".into());
    let reader = ask(&ledger, ReportName::Choice, &place, Eyes::Reader).unwrap();
    assert_eq!((reader.events.len(), reader.held_for_auditors), (0, false));
}

#[test]
fn given_a_figure_that_is_held_back_when_a_reader_asks_then_there_is_no_event_in_any_report() {
    let mut ledger = ledger();
    ledger.policy("leave", "2025-03-01", "2026-03-31");
    let items = ledger.feedback("2025-04-20", Respondents::Staff, 3);
    ledger.propose("hours", "2025-05-01", "leave", (Origin::Feedback, ChangeNature::Substantive), &items);
    ledger.approve("hours", "2025-06-01");
    ledger.change("hours", "2025-06-10", "leave", "2025-07-01", true);
    ledger.release("summer", "2025-07-20");
    let place = cell("r5.changes", "policy-change/hours", "items");
    let explained = ask(&ledger, ReportName::PolicyChanges, &place, Eyes::Reader).unwrap();
    assert_eq!(explained.figure.status, FigureStatus::Suppressed);
    assert_eq!((explained.events.len(), explained.held_for_auditors), (0, true));
}

#[test]
fn given_subjects_when_they_are_sorted_then_those_of_people_are_feedback_and_erasures() {
    let of_people = |text: &str| is_of_people(&Subject::parse(text).unwrap());
    assert!(of_people("feedback/00000000-0000-0000-0000-000000000001") && of_people("erasure/x"));
    assert!(!of_people("action/x") && !of_people("round/x") && !of_people("policy-change/x"));
}

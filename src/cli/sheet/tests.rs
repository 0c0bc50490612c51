//! Sheets and mappings, read.

use super::*;
use crate::grpc::wire::{event::Payload, occurred::Precision};

const MAPPING: &str = r#"
[sheet]
dates = "%d/%m/%Y"
empty = ["n/a", "-"]

[values.Owner]
"Head of HR" = "head-hr"
"Chief Exec" = "chief"

[values.Why]
Staff = "FEEDBACK"
Review = "REVIEW"

[[event]]
type = "action.planned"
id = ["Ref"]
subject = "action/{Ref}"
occurred = "{Agreed}"
actor_post = "{Owner}"
[event.fields]
title = "{What we will do}"
commitments = { from = "C{Commitments}", split = "," }
owner_post = { from = "{Owner}", default = "chief" }
first_due = "{Due}"
origin = "{Why}"

[[event]]
type = "action.completed"
id = ["Ref", "Completed on"]
when.filled = ["Completed on"]
when.is.Status = ["Done", "closed"]
subject = "action/{Ref}"
occurred = "{Completed on}"
[event.fields]
evidence = "{Evidence}"
"#;

const HEADER: &str = "Ref,What we will do,Commitments,Owner,Agreed,Due,Why,Status,Completed on,Evidence\n";

fn try_read(mapping: &str, sheet: &str) -> anyhow::Result<(Sheet, Columns)> {
    let whose = Whose { ledger: "ledgers/acme", source: Some("tracker") };
    read(sheet.as_bytes().to_vec(), ("map.toml", mapping), &whose, &Parser::new().unwrap())
}

fn rows(rows: &str) -> Sheet {
    try_read(MAPPING, &format!("{HEADER}{rows}")).unwrap().0
}

fn misfit(mapping: &str) -> String {
    format!("{:#}", try_read(mapping, HEADER).map(|_| ()).unwrap_err())
}

#[test]
fn given_a_tracker_when_it_is_read_then_each_row_says_what_its_conditions_hold_for() {
    let sheet = rows(
        "A1,\"Rest, and quiet\",\"1, 3\",head of  HR,09/06/2025,1/9/2025,staff,Open,,\n\
         A2,Listen,2,n/a,10/06/2025,01/10/2025,Review,DONE,30/09/2025,photo-1;minutes-2\n",
    );
    assert!(sheet.wrong.is_empty(), "{}", sheet.wrong[0].why);
    let types: Vec<_> = sheet.said.iter().map(|it| (it.row, it.event_type.as_str())).collect();
    assert_eq!(types, [(2, "action.planned"), (3, "action.planned"), (3, "action.completed")]);
    let event = &sheet.said[0].event;
    assert_eq!((event.subject.as_str(), event.actor_post.as_str()), ("action/A1", "head-hr"));
    let Some(Payload::ActionPlanned(planned)) = &event.payload else { panic!("{event:?}") };
    assert_eq!(planned.title, "Rest, and quiet");
    assert_eq!(planned.commitments, ["C1", "C3"]);
    assert_eq!((planned.owner_post.as_str(), planned.origin), ("head-hr", 1));
    let due = planned.first_due.unwrap();
    assert_eq!((due.year, due.month, due.day), (2025, 9, 1));
    let second = &sheet.said[1].event;
    assert_eq!(second.actor_post, "", "what stands for nothing is left out");
    let Some(Payload::ActionPlanned(planned)) = &second.payload else { panic!("{second:?}") };
    assert_eq!(planned.owner_post, "chief", "the default stands in for it");
    let done = &sheet.said[2].event;
    assert!(matches!(done.occurred.unwrap().precision, Some(Precision::Day(day)) if day.day == 30));
    assert!(
        matches!(&done.payload, Some(Payload::ActionCompleted(it)) if it.evidence == ["photo-1", "minutes-2"])
    );
}

#[test]
fn given_a_sheet_when_it_is_read_again_then_ids_are_the_same_and_elsewhere_they_are_others() {
    let row = "A1,Rest,1,Head of HR,09/06/2025,01/09/2025,Staff,Done,30/09/2025,\n";
    let ids = |sheet: Sheet| sheet.said.into_iter().map(|it| it.event.event_id).collect::<Vec<_>>();
    let first = ids(rows(row));
    // Another place in the sheet, other columns beside it, another title: still the same event.
    let moved = rows(&format!("A0,x,1,Chief Exec,09/06/2025,01/09/2025,Staff,Open,,\n,,,\n{row}"));
    assert_eq!(ids(moved)[1..], first);
    assert_ne!(first[0], first[1]);
    assert_eq!(first[0], "d23ff121-aac3-54aa-9b68-62240a63c63d", "ids must never change");
    let text = format!("{HEADER}{row}");
    for whose in [
        Whose { ledger: "ledgers/other", source: Some("tracker") },
        Whose { ledger: "ledgers/acme", source: Some("tracker-2") },
    ] {
        let other =
            read(text.clone().into_bytes(), ("m", MAPPING), &whose, &Parser::new().unwrap()).unwrap().0;
        assert!(ids(other).iter().all(|id| !first.contains(id)));
    }
    assert_ne!(
        derived("l", "s", EventType::ActionStarted, &["ab", "c"]),
        derived("l", "s", EventType::ActionStarted, &["a", "bc"])
    );
}

#[test]
fn given_many_wrong_cells_when_a_sheet_is_read_then_all_are_told_and_nothing_of_what_stood_there() {
    let sheet = rows(
        "A1,Rest,1,Jo Bloggs,45817,soon,Staff,Open,,\n\
         A2,Rest,1,Chief Exec,09/06/2025,01/09/2025,#REF!,Done,13/31/2025,\n\
         A3,Rest,1,Chief Exec,09/06/2025,01/09/2025,Staff,Open,,\n\
         ,Rest,1,Chief Exec,09/06/2025,01/09/2025,Staff,Open,,\n\
         A3,Rest,1,Chief Exec,09/06/2025,01/09/2025,Staff,Open,,,secret\n\
         A3,Rest,1,Chief Exec,09/06/2025,01/09/2025,Staff,Open,,\n",
    );
    let told: Vec<_> = sheet.wrong.iter().map(|it| (it.row, it.reason)).collect();
    assert_eq!(
        told,
        [
            (2, "NOT_IN_TABLE"),
            (2, "EXCEL_SERIAL"),
            (2, "NOT_A_DATE"),
            (3, "SPREADSHEET_ERROR"),
            (3, "NOT_A_DATE"),
            (5, "EMPTY"),
            (6, "TOO_MANY_CELLS"),
            (7, "ID_TWICE"),
        ]
    );
    assert_eq!(
        sheet.said.iter().map(|it| it.row).collect::<Vec<_>>(),
        [4],
        "a row with a wrong cell says nothing"
    );
    for it in &sheet.wrong {
        assert!(
            ["Bloggs", "45817", "soon", "secret", "13/31"].iter().all(|word| !it.why.contains(word)),
            "{}",
            it.why
        );
    }
    assert!(sheet.wrong[0].why.contains("\"Owner\"") && sheet.wrong[0].why.contains("Chief Exec"));
    assert!(sheet.wrong[7].why.contains("row 4"), "{}", sheet.wrong[7].why);
}

#[test]
fn given_a_mapping_that_does_not_fit_when_a_sheet_is_read_then_everything_that_does_not_is_told_at_once() {
    let wrong = MAPPING
        .replace("action.completed", "action.finished")
        .replace("{Due}", "{Deadline}")
        .replace("actor_post", "actor")
        .replace("title =", "titel =")
        .replace("occurred = \"{Agreed}\"", "");
    let why = misfit(&wrong);
    for says in [
        "action.finished",
        "action.completed",
        "\"Deadline\"",
        "Completed on",
        "actor",
        "titel",
        "occurred is missing",
    ] {
        assert!(why.contains(says), "{says}: {why}");
    }
    let origin = misfit(&MAPPING.replace("origin = \"{Why}\"", "origin = \"GOSSIP\""));
    assert!(origin.contains("FEEDBACK, AUDIT, REVIEW, LAW, OTHER"), "{origin}");
    assert!(misfit(&MAPPING.replace("id = [\"Ref\"]\n", "")).contains("id = [\"Ref\"]"));
    assert!(misfit(&MAPPING.replace("split = \",\"", "separator = \",\"")).contains("separator"));
}

#[test]
fn given_feedback_when_its_ids_would_be_made_from_columns_then_it_is_refused_and_a_column_of_ids_is_taken() {
    let mapping = "[sheet]\ndates = \"%d/%m/%Y\"\n[[event]]\ntype = \"feedback.received\"\nid = [\"Ref\"]\n\
                   subject = \"feedback/{Ref}\"\noccurred = { from = \"{Agreed}\", precision = \"month\" }\n";
    let why = misfit(mapping);
    assert!(why.contains("random UUID") && why.contains("id_column"), "{why}");
    let mapping = mapping.replace("id = [\"Ref\"]", "id_column = \"Ref\"");
    let id = "0b54ac09-f9a6-4a1f-9b5c-2f5f0d6c9a01";
    let (sheet, _) = try_read(&mapping, &format!("{HEADER}{id},,,,09/06/2025\nx,,,,09/06/2025\n")).unwrap();
    assert_eq!(sheet.said[0].event.event_id, id);
    assert!(
        matches!(sheet.said[0].event.occurred.unwrap().precision, Some(Precision::Month(it)) if it.month == 6)
    );
    assert_eq!(sheet.wrong[0].reason, "NOT_A_UUID");
}

#[test]
fn given_parts_within_parts_when_they_are_mapped_then_what_a_row_leaves_empty_is_left_out() {
    let mapping = r#"
[[event]]
type = "commitment.made"
id = ["Ref"]
subject = "commitment/{Ref}"
occurred = 2025-04-01
expected = { no_subject = true }
[event.fields]
title = "{What we will do}"
pledge = "main"
pledge_version = 1
quote = "{{literal}}"
span_start = 0
span_end = 9
kind = "CONTINUING"
owner_post = "chief"
audience = ["staff", "{Owner}"]
delivers = [{ commitment = "{Commitments}", basis = "STATED" }]
"#;
    let (sheet, _) = try_read(mapping, &format!("{HEADER}C1,Listen,C2,leaders\nC2,Act,,\n")).unwrap();
    let made = |index: usize| match &sheet.said[index].event.payload {
        Some(Payload::CommitmentMade(made)) => made.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        (made(0).audience, made(1).audience),
        (vec!["staff".into(), "leaders".into()], vec!["staff".into()])
    );
    assert_eq!((made(0).delivers.len(), made(1).delivers.len()), (1, 0));
    assert_eq!((made(0).quote.as_str(), made(0).delivers[0].basis), ("{literal}", 1));
    assert!(sheet.said[0].event.expected.is_some());
}

#[test]
fn given_a_refusal_of_the_ledger_when_it_names_a_field_then_its_columns_are_found() {
    let row = "A1,Rest,1,Head of HR,09/06/2025,01/09/2025,Staff,Open,,\n";
    let (sheet, columns) = try_read(MAPPING, &format!("{HEADER}{row}")).unwrap();
    let of = |refusal| columns.of(sheet.said[0].block, refusal);
    assert_eq!(of("action_planned.title: too long; shorten it"), Some("\"What we will do\""));
    assert_eq!(
        of("action_planned.commitments[0]: the ledger holds no commitment/C1"),
        Some("\"Commitments\"")
    );
    assert_eq!(of("action_planned.first_due.month: not a month; x"), Some("\"Due\""));
    assert_eq!(of("ACTION_EXISTS: there is one"), None);
}

#[test]
fn given_no_name_of_the_source_when_ids_are_to_be_made_then_it_is_asked_for() {
    let whose = Whose { ledger: "ledgers/acme", source: None };
    let refused = read(HEADER.as_bytes().to_vec(), ("m", MAPPING), &whose, &Parser::new().unwrap());
    assert!(refused.map(|_| ()).unwrap_err().to_string().contains("--source"));
}

#[test]
fn given_the_page_about_posting_when_its_mapping_is_read_then_it_fits() {
    let page = include_str!("../../../docs/posting.md");
    let mapping = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let sheet = "Ref,Owner,Completed on,Evidence\nA1,HR,09/06/2025,a; b\nA2,HR,,\n";
    let (sheet, _) = try_read(mapping, sheet).unwrap();
    assert_eq!((sheet.said.len(), sheet.silent, sheet.wrong.len()), (1, 1, 0));
    assert!(
        matches!(&sheet.said[0].event.payload, Some(Payload::ActionCompleted(it)) if it.evidence == ["a", "b"])
    );
}

/// Whatever stands in a sheet: it is read or refused, never a panic, and no cell's content in a refusal.
#[test]
fn given_rubbish_when_it_is_read_then_nothing_panics() {
    use proptest::prelude::*;
    proptest!(|(rubbish in "(?s).{0,300}")| {
        if let Ok((sheet, _)) = try_read(MAPPING, &format!("{HEADER}{rubbish}")) {
            prop_assert!(sheet.rows >= sheet.silent);
        }
        let _ = try_read(&rubbish, HEADER);
    });
}

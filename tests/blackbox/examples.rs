//! The worked examples of docs/posting.md: each is asked about and then posted, as the page says, and recorded whole.
//! Beside them, what `append` says of a sheet that is not right.

use jiff::{ToSpan as _, Zoned};
use std::{net::SocketAddr, path::Path, process::Command};

use pledgebook::grpc::wire::{Access, RecordedEvent};

use crate::machine::{
    fault::Library,
    memory,
    script::{Caller, launch},
};
use crate::server::{LEDGER, Server};

/// Every example, in an order in which each finds what it speaks of: file, mapping, source, events.
const EXAMPLES: &[(&str, Option<&str>, &str, u64)] = &[
    ("governance.ndjson", None, "governance-register", 17),
    ("action-tracker.csv", Some("action-tracker.toml"), "action-tracker", 8),
    ("policy-register.ndjson", None, "policy-register", 4),
    ("survey.ndjson", None, "survey-tool", 8),
    ("hr-workforce.csv", Some("hr-workforce.toml"), "hr-system", 4),
    ("hr-signposting.csv", Some("hr-signposting.toml"), "hr-system", 4),
    ("hr-corrections.ndjson", None, "hr-system", 2),
    ("learning-sessions.csv", Some("learning-sessions.toml"), "learning-system", 9),
    ("learning-coverage.csv", Some("learning-coverage.toml"), "learning-system", 2),
    ("awareness.csv", Some("awareness.toml"), "events-calendar", 3),
];

/// Makes a source's monthly statement.
const STATEMENT: &str = "source-statement.py";

struct Said {
    code: i32,
    stdout: String,
    stderr: String,
}

/// Runs `append` in a process of its own, in the folder of the examples.
async fn append(server: &Server, arguments: &[&str]) -> Said {
    append_at(server.address, arguments).await
}

async fn append_at(address: SocketAddr, arguments: &[&str]) -> Said {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/examples");
    let mut command = Command::new(env!("CARGO_BIN_EXE_pledgebook"));
    command.arg("append").args(arguments).current_dir(examples);
    command.args(["--ledger", "acme", "--server", &format!("http://{address}")]);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

async fn json(server: &Server, arguments: &[&str]) -> (i32, serde_json::Value) {
    let said = append(server, &[arguments, &["--json"]].concat()).await;
    (
        said.code,
        serde_json::from_str(&said.stdout).unwrap_or_else(|_| panic!("{}{}", said.stdout, said.stderr)),
    )
}

fn example<'a>(file: &'a str, mapping: Option<&'a str>, source: &'a str) -> Vec<&'a str> {
    let mut arguments = vec![file, "--source", source];
    arguments.extend(mapping.into_iter().flat_map(|mapping| ["--mapping", mapping]));
    arguments
}

#[tokio::test(flavor = "multi_thread")]
async fn given_the_examples_when_they_are_tried_posted_and_posted_again_then_they_are_recorded_once_and_whole()
 {
    let server = Server::empty().await;
    server.create("acme", Access::Open).await.unwrap();
    let mut size = 1;
    for (file, mapping, source, count) in EXAMPLES {
        let arguments = example(file, *mapping, source);
        let (code, tried) = json(&server, &[&arguments[..], &["--dry-run"]].concat()).await;
        assert_eq!(
            (code, &tried["would_record"], &tried["refused"]),
            (0, &(*count).into(), &serde_json::json!([]))
        );
        assert_eq!((&tried["dry_run"], tried.get("recorded")), (&true.into(), None), "{tried}");
        assert_eq!(server.size(LEDGER).await, size, "{file}: a dry run recorded something");
        let (code, posted) = json(&server, &arguments).await;
        assert_eq!(
            (code, &posted["recorded"], &posted["repeated"]),
            (0, &(*count).into(), &0.into()),
            "{posted}"
        );
        assert_eq!(posted["marks"], tried["marks"], "{file}");
        // One session of the example had more attendances than seats.
        assert!(*file != "learning-sessions.csv" || posted["marks"]["OVER_CAPACITY"] == 1, "{posted}");
        size += count;
        assert_eq!(server.size(LEDGER).await, size);
        let (_, again) = json(&server, &arguments).await;
        assert_eq!((&again["recorded"], &again["repeated"]), (&0.into(), &(*count).into()), "{again}");
        let (_, tried) = json(&server, &[&arguments[..], &["--dry-run"]].concat()).await;
        assert_eq!(
            (&tried["would_record"], &tried["would_repeat"]),
            (&0.into(), &(*count).into()),
            "{tried}"
        );
    }
    server.stop().await;
}

/// What a program says on stdout, run in the folder of the examples.
fn python(script: &str, arguments: &[&str]) -> String {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/examples");
    let output =
        Command::new("python3").arg(script).args(arguments).current_dir(examples).output().expect("python3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The marks of the newest event of that type.
fn marks(held: &[RecordedEvent], subject: &str) -> Vec<String> {
    let last = held.iter().rfind(|it| it.event.as_ref().unwrap().subject == subject);
    last.unwrap().irregularities.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn given_receipts_of_a_month_when_the_script_makes_its_statement_then_the_ledger_finds_it_right() {
    let Some(library) = Library::compile() else { return };
    let home = memory();
    let path = |name: &str| home.path().join(name).to_str().unwrap().to_owned();
    let (data, log, clock) = (home.path().join("data"), home.path().join("calls"), home.path().join("clock"));
    let start = || library.fault(None).clock(&clock).into(launch(&data), home.path(), &log).start().unwrap();
    // What is posted on this server is recorded 40 days ago: in a month that is over.
    std::fs::write(&clock, (-40 * 24 * 3_600).to_string()).unwrap();
    let (program, caller) = (start(), Caller::default());
    caller.create(program.address).await.unwrap();
    let (kept, others) = (path("hr-receipts.ndjson"), path("others.ndjson"));
    let mut receipts = 0;
    for (file, mapping, source, count) in EXAMPLES {
        let file_of_receipts = if *source == "hr-system" { &kept } else { &others };
        let arguments = [&example(file, *mapping, source)[..], &["--receipts", file_of_receipts]].concat();
        // A run is interrupted within a line: the next one makes the file whole, and nothing stands there twice.
        for _ in 0..2 {
            let said = append_at(program.address, &arguments).await;
            assert_eq!(said.code, 0, "{file}: {}{}", said.stdout, said.stderr);
            let text = std::fs::read_to_string(file_of_receipts).unwrap();
            std::fs::write(file_of_receipts, &text[..text.len() - 20]).unwrap();
        }
        assert_eq!(append_at(program.address, &arguments).await.code, 0);
        receipts += if *source == "hr-system" { *count } else { 0 };
    }
    assert_eq!(std::fs::read_to_string(&kept).unwrap().lines().count() as u64, receipts);
    assert!(program.terminate().success());

    std::fs::write(&clock, "0").unwrap();
    let program = start();
    let zoned = Zoned::now().in_tz("Europe/London").unwrap().checked_sub(40.days()).unwrap();
    let month = zoned.strftime("%Y-%m").to_string();
    let state = |name: &str, source: &str, receipts: &str| {
        let statement = python(STATEMENT, &[source, &month, receipts]);
        std::fs::write(path(name), &statement).unwrap();
        statement
    };
    let said = state("statement.ndjson", "hr-system", &kept);
    assert!(said.contains(&format!("\"count\": {receipts},")), "{said}");
    // Others' receipts in the same file are no matter; a receipt that was lost is.
    let text = std::fs::read_to_string(&kept).unwrap();
    std::fs::write(path("lost.ndjson"), text.split_once('\n').unwrap().1).unwrap();
    assert!(state("nil.ndjson", "vacant-system", &others).contains("\"count\": 0,"));
    state("wrong.ndjson", "hr-system", &path("lost.ndjson"));
    for (file, source, found) in [
        ("wrong.ndjson", "hr-system", vec!["STATEMENT_MISMATCH"]),
        ("statement.ndjson", "hr-system", vec![]),
        ("nil.ndjson", "vacant-system", vec![]),
    ] {
        let said = append_at(program.address, &[&path(file), "--source", source]).await;
        assert_eq!(said.code, 0, "{file}: {}{}", said.stdout, said.stderr);
        let held = caller.read(program.address).await.unwrap();
        assert_eq!(marks(&held, &format!("source/{source}")), found, "{file}");
    }
    assert!(program.terminate().success());
}

#[test]
fn given_the_folder_of_examples_when_it_is_looked_at_then_every_example_is_tested() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/examples");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let mut tested: Vec<_> = EXAMPLES
        .iter()
        .flat_map(|(file, mapping, ..)| [Some(*file), *mapping])
        .flatten()
        .chain([STATEMENT])
        .map(str::to_owned)
        .collect();
    tested.sort();
    assert_eq!(files, tested);
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/posting.md");
    let page = std::fs::read_to_string(page).unwrap();
    for file in tested {
        assert!(page.contains(&file), "docs/posting.md does not speak of {file}");
    }
}

/// A ledger to which the governance register has posted.
async fn governed() -> Server {
    let server = Server::empty().await;
    server.create("acme", Access::Open).await.unwrap();
    let (code, _) = json(&server, &example("governance.ndjson", None, "governance-register")).await;
    assert_eq!(code, 0);
    server
}

fn tracker(folder: &Path, change: impl FnOnce(String) -> String) -> String {
    let sheet = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/examples/action-tracker.csv");
    let file = folder.join("tracker.csv");
    std::fs::write(&file, change(std::fs::read_to_string(sheet).unwrap())).unwrap();
    file.to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_sheet_with_wrong_cells_when_it_is_posted_then_nothing_is_and_all_of_them_are_listed() {
    let server = governed().await;
    let size = server.size(LEDGER).await;
    let folder = tempfile::tempdir().unwrap();
    let file = tracker(folder.path(), |sheet| {
        sheet
            .replace("30/09/2025,,,,Done", "45930,,,,Done")
            .replace("1,HR,23/06/2025,31/12", "1,Housing,23/06/2025,31/12")
    });
    let arguments = example(&file, Some("action-tracker.toml"), "action-tracker");
    let said = append(&server, &arguments).await;
    assert_eq!(said.code, 1, "{}", said.stderr);
    for says in
        ["nothing was posted", "EXCEL_SERIAL", "row 2", "\"Due\"", "NOT_IN_TABLE", "row 7", "HR, Property"]
    {
        assert!(said.stdout.contains(says), "{says}: {}", said.stdout);
    }
    assert!(!said.stdout.contains("45930") && !said.stdout.contains("Housing"), "{}", said.stdout);
    assert_eq!(server.size(LEDGER).await, size);
    let (code, tried) = json(&server, &[&arguments[..], &["--dry-run"]].concat()).await;
    assert_eq!((code, &tried["would_record"], &tried["rows"]), (1, &5.into(), &5.into()), "{tried}");
    assert_eq!(
        tried["refused"].as_array().unwrap().iter().map(|it| it["row"].as_u64().unwrap()).collect::<Vec<_>>(),
        [2, 7]
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_rows_that_the_ledger_refuses_when_they_are_tried_then_it_says_what_posting_them_then_says() {
    let server = governed().await;
    let folder = tempfile::tempdir().unwrap();
    // A commitment that is not there, with what follows from that; a title with an address; a date that lies ahead.
    let file = tracker(folder.path(), |sheet| {
        sheet
            .replace("ground floor\",2", "ground floor\",9")
            .replace("Ask staff twice", "Mail jo@example.org twice")
            .replace("1,HR,23/06/2025,31/12/2025", "1,HR,23/06/2199,31/12/2199")
    });
    let arguments = example(&file, Some("action-tracker.toml"), "action-tracker");
    let (code, tried) = json(&server, &[&arguments[..], &["--dry-run"]].concat()).await;
    let refused = |it: &serde_json::Value| {
        let refused = it["refused"].as_array().unwrap().clone();
        refused
            .iter()
            .map(|it| (it["row"].as_u64(), it["type"].clone(), it["reason"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!((code, refused(&tried).len()), (1, 4), "{tried}");
    let said = tried.to_string();
    assert!(said.contains("column \\\"Commitment\\\"") && !said.contains("example.org"), "{said}");
    let (code, posted) = json(&server, &arguments).await;
    assert_eq!((code, &posted["recorded"]), (1, &tried["would_record"]), "{posted}");
    assert_eq!(refused(&posted), refused(&tried));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_row_that_was_changed_after_it_was_recorded_when_the_sheet_is_posted_then_it_says_how_to_go_on()
 {
    let server = governed().await;
    let arguments = example("action-tracker.csv", Some("action-tracker.toml"), "action-tracker");
    assert_eq!(append(&server, &arguments).await.code, 0);
    let folder = tempfile::tempdir().unwrap();
    let file = tracker(folder.path(), |sheet| sheet.replace("Publish what we heard", "Publish what we did"));
    let said = append(&server, &example(&file, Some("action-tracker.toml"), "action-tracker")).await;
    assert_eq!(said.code, 1);
    assert!(said.stdout.contains("ID_TAKEN: the row says something else"), "{}", said.stdout);
    assert!(said.stdout.contains("7  repeated") && said.stdout.contains("row 7"), "{}", said.stdout);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_long_file_when_it_is_tried_then_what_was_judged_apart_is_told_and_too_many_refusals_end_it()
{
    let server = governed().await;
    let size = server.size(LEDGER).await;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, count: usize, owner: &dyn Fn(usize) -> &'static str| {
        let mut sheet = "Ref,Title,Owner,On\n".to_owned();
        for number in 0..count {
            sheet += &format!("L{number},Title {number},{},2025-06-09\n", owner(number));
        }
        let file = folder.path().join(name);
        std::fs::write(&file, sheet).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let mapping = folder.path().join("map.toml");
    std::fs::write(
        &mapping,
        "[[event]]\ntype = \"action.planned\"\nid = [\"Ref\"]\nsubject = \"action/{Ref}\"\noccurred = \"{On}\"\n\
         [event.fields]\ntitle = \"{Title}\"\ncommitments = [\"C1\"]\nowner_post = \"{Owner}\"\n\
         first_due = 2026-01-31\norigin = \"OTHER\"\n",
    )
    .unwrap();
    let mapping = mapping.to_str().unwrap();
    let long = write("long.csv", 2_500, &|number| if number % 500 == 7 { "nobody" } else { "head-hr" });
    let arguments = ["--mapping", mapping, "--source", "tracker", "--dry-run"];
    let (code, tried) = json(&server, &[&[long.as_str()], &arguments[..]].concat()).await;
    assert_eq!((code, &tried["would_record"], &tried["unjudged"]), (1, &2_495.into(), &0.into()), "{tried}");
    assert_eq!(tried["judged_apart_from"], serde_json::json!([1_002, 2_002]));
    let said = append(&server, &[&[long.as_str()], &arguments[..]].concat()).await;
    let flat = said.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("What begins at row 1002, 2002 was judged"), "{flat}");
    let wrong = write("wrong.csv", 600, &|_| "nobody");
    let (code, tried) = json(&server, &[&[wrong.as_str()], &arguments[..]].concat()).await;
    assert_eq!((code, &tried["would_record"], &tried["unjudged"]), (1, &0.into(), &400.into()));
    assert_eq!((tried["refused"].as_array().unwrap().len(), &tried["complete"]), (200, &false.into()));
    assert_eq!(server.size(LEDGER).await, size);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_anonymous_releases_and_ids_twice_when_a_file_is_tried_then_no_release_helps_another_through() {
    let server = governed().await;
    let folder = tempfile::tempdir().unwrap();
    let survey = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/examples/survey.ndjson");
    let survey = std::fs::read_to_string(survey).unwrap();
    let lines: Vec<&str> = survey.lines().collect();
    // The round; three of its five; the round again; the other two; the round under its id with another title.
    let other = lines[0].replace("Spring survey", "Another survey");
    let order = [lines[0], lines[1], lines[2], lines[3], lines[0], lines[4], lines[5], &other];
    let file = folder.path().join("apart.ndjson");
    std::fs::write(&file, order.join("\n")).unwrap();
    let arguments = example(file.to_str().unwrap(), None, "survey-tool");
    let (code, tried) = json(&server, &[&arguments[..], &["--dry-run"]].concat()).await;
    let (_, posted) = json(&server, &arguments).await;
    assert_eq!(code, 1);
    let reasons = |it: &serde_json::Value| {
        it["refused"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| (it["line"].clone(), it["reason"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(reasons(&tried), reasons(&posted), "{tried}");
    assert_eq!((&tried["would_record"], &tried["would_repeat"]), (&1.into(), &1.into()));
    assert_eq!((&posted["recorded"], &posted["repeated"]), (&1.into(), &1.into()));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_files_that_cannot_be_read_when_they_are_posted_then_the_command_says_what_to_do() {
    let server = Server::empty().await;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let file = folder.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let said = append(&server, &["action-tracker.csv", "--source", "x"]).await;
    assert_eq!((said.code, said.stderr.contains("--mapping")), (2, true), "{}", said.stderr);
    let latin = write("latin.csv", b"Ref,Caf\xe9\n");
    let said = append(&server, &example(&latin, Some("action-tracker.toml"), "x")).await;
    assert_eq!((said.code, said.stderr.contains("CSV UTF-8")), (2, true), "{}", said.stderr);
    let other = write("other.csv", b"Reference;Title\nA1;x\n");
    let said = append(&server, &example(&other, Some("action-tracker.toml"), "x")).await;
    assert!(
        said.code == 2 && said.stderr.contains("no column \"Ref\"; it has Reference, Title"),
        "{}",
        said.stderr
    );
    let said = append(&server, &["action-tracker.csv", "--mapping", "action-tracker.toml"]).await;
    assert_eq!((said.code, said.stderr.contains("--source")), (2, true), "{}", said.stderr);
    // What the sheet says, without a server.
    let said = append(
        &server,
        &[&example("action-tracker.csv", Some("action-tracker.toml"), "x")[..], &["--print"]].concat(),
    )
    .await;
    assert_eq!((said.code, said.stdout.lines().count()), (0, 8), "{}", said.stderr);
    server.stop().await;
}

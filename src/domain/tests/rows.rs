//! The table of rules, `docs/RULES.md`: one row for each event type, outcome and test that shows it.
//!
//! Invariant: a test that shows what is not in the table fails, and so does a row whose test is gone or a type, rule,
//! form or mark without a row. `PLEDGEBOOK_BLESS=1 cargo test --lib domain` writes the table anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Mutex;

use super::coverage::TESTS;
use crate::domain::event::EventType;
use crate::domain::irregularity::Irregularity;
use crate::domain::rules::{FORMS, RULES};

type Rows = BTreeSet<(usize, String, String)>;

/// The table as it is being written anew, and the tests that have shown a row since.
static BLESSED: Mutex<(Rows, BTreeSet<String>)> = Mutex::new((BTreeSet::new(), BTreeSet::new()));

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/RULES.md")
}

fn blessing() -> bool {
    std::env::var_os("PLEDGEBOOK_BLESS").is_some()
}

/// The test that runs shows that an event of that type has that outcome.
#[track_caller]
pub(super) fn show(event_type: EventType, outcome: &str) {
    let thread = std::thread::current();
    let Some((_, test)) = thread.name().unwrap_or_default().rsplit_once("::") else { return };
    let number = EventType::ALL.iter().position(|one| *one == event_type).unwrap();
    let row = (number, outcome.to_owned(), test.to_owned());
    if blessing() {
        let mut blessed = BLESSED.lock().unwrap();
        let (all, seen) = &mut *blessed;
        if seen.is_empty() {
            // A run of some tests leaves the rows of the others alone, unless those tests are gone.
            all.extend(rows().into_iter().filter(|(_, _, test)| is_there(test)));
        }
        if seen.insert(test.to_owned()) {
            all.retain(|(_, _, by)| by != test);
        }
        if all.insert(row) {
            std::fs::write(path(), page(all)).unwrap();
        }
        return;
    }
    let rows = rows();
    assert!(rows.contains(&row), "docs/RULES.md has no row for {} {outcome} {test}", event_type.as_str());
}

fn page(rows: &Rows) -> String {
    let mut page = "# Every rule, by event, with the test that shows it\n\n\
        Written by the tests themselves: a row is an outcome that a test of `src/domain/tests` has shown. What each rule \
        says, and\nwhat to do about it, stands in `src/domain/rules.rs`; what each mark means in \
        `src/domain/irregularity.rs`.\n"
        .to_owned();
    let mut by_type = BTreeMap::<usize, BTreeMap<&str, Vec<&str>>>::new();
    for (number, outcome, test) in rows {
        by_type.entry(*number).or_default().entry(outcome).or_default().push(test);
    }
    for (number, outcomes) in by_type {
        let name = EventType::ALL[number].as_str();
        writeln!(page, "\n## {name}\n\n| Outcome | Shown by |\n|---|---|").unwrap();
        for (outcome, tests) in outcomes {
            let tests: Vec<_> = tests.iter().map(|test| format!("`{test}`")).collect();
            writeln!(page, "| {outcome} | {} |", tests.join(", ")).unwrap();
        }
    }
    page
}

fn rows() -> Rows {
    let page = std::fs::read_to_string(path()).unwrap_or_default();
    let mut number = 0;
    let mut rows = Rows::new();
    for line in page.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            let event_type = EventType::parse(name).unwrap_or_else(|| panic!("docs/RULES.md names {name}"));
            number = EventType::ALL.iter().position(|one| *one == event_type).unwrap();
        } else if let Some((outcome, tests)) = line
            .strip_prefix("| ")
            .and_then(|line| line.strip_suffix(" |"))
            .and_then(|line| line.split_once(" | "))
            && tests.starts_with('`')
        {
            rows.extend(
                tests.split(", ").map(|test| (number, outcome.to_owned(), test.trim_matches('`').to_owned())),
            );
        }
    }
    rows
}

#[test]
fn the_table_of_rules_has_no_empty_cell() {
    if blessing() {
        return;
    }
    let rows = rows();
    for (number, event_type) in EventType::ALL.iter().enumerate() {
        let accepted = rows.iter().any(|row| row.0 == number && row.1 == "accepted");
        assert!(accepted, "{} is never accepted", event_type.as_str());
        let refused = rows.iter().any(|row| row.0 == number && row.1 != "accepted");
        assert!(refused, "{} is never refused", event_type.as_str());
    }
    let shown: BTreeSet<&str> = rows.iter().map(|row| row.1.as_str()).collect();
    let outcomes = RULES.iter().map(|rule| format!("refused {}", rule.name));
    let outcomes = outcomes.chain(FORMS.iter().map(|form| format!("malformed {}", form.name)));
    let marks = Irregularity::ALL.iter().filter(|mark| **mark != Irregularity::ClockBehind);
    for outcome in outcomes.chain(marks.map(|mark| format!("flagged {mark}"))) {
        assert!(shown.contains(outcome.as_str()) || by_other_means(&outcome), "no row shows {outcome}");
    }
    for (_, _, test) in &rows {
        assert!(is_there(test), "docs/RULES.md names {test}, which is gone");
    }
}

fn is_there(test: &str) -> bool {
    let test = format!("fn {test}()");
    TESTS.iter().any(|file| file.contains(&test))
}

/// What a whole request or a damaged ledger shows, and not one judgement: their tests ask other functions.
fn by_other_means(outcome: &str) -> bool {
    let names = [
        "ANONYMOUS_RELEASE_TOO_SMALL",
        "ID_TWICE_IN_REQUEST",
        "WRONG_KIND",
        "CORRECTION_TARGET_UNKNOWN",
        "VOID_TARGET_UNKNOWN",
    ];
    names.iter().any(|name| outcome.ends_with(name))
}

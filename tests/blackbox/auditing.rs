//! The auditor's page of the README, run line by line as it stands there: from nothing to a verified ledger, a checked
//! receipt and three caught forgeries.

use std::{os::unix::fs::symlink, path::Path, process::Command};

/// The commands of the page, in order.
fn page() -> String {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(readme).unwrap();
    let section = text.split("### An auditor").nth(1).unwrap().split("\n### ").next().unwrap();
    let blocks = section.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap());
    blocks.collect()
}

#[test]
fn given_the_auditors_page_when_a_stranger_runs_it_line_by_line_then_the_forgeries_are_caught() {
    let place = tempfile::tempdir().unwrap();
    let bin = place.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    symlink(env!("CARGO_BIN_EXE_pledgebook"), bin.join("pledgebook")).unwrap();
    let path = std::env::var("PATH").unwrap();
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &page()])
        .current_dir(place.path())
        .env("PATH", format!("{}:{path}", bin.display()))
        .env_remove("PLEDGEBOOK_TOKEN")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complaints}");
    // A record, a receipt, a whole ledger: each found, and nothing else that was looked at is broken.
    assert_eq!(said.matches("caught: 1").count(), 3, "{said}\n{complaints}");
    let verdict =
        |word: &str| said.lines().filter(|line| line.starts_with("INTEGRITY") && line.contains(word)).count();
    assert_eq!((verdict("holds"), verdict("BROKEN")), (3, 2), "{said}");
    let receipt = |begin: &str| said.lines().filter(|line| line.starts_with(begin)).count();
    assert_eq!((receipt("HOLDS"), receipt("DOES NOT HOLD")), (1, 1), "{said}");
    for rule in ["record.keys", "tile.hash", "checkpoint.root", "key.pinned"] {
        assert!(said.contains(rule), "{rule} was not found: {said}");
    }
}

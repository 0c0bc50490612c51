//! The house rules as tests: import arrows, openings, sizes, leftovers, links, words. Each rule is a small pure function
//! of a path and a text, tested on a planted violation that it must find and on a good sample that it must pass; the
//! tests of this file run the rules over the tree.

mod arrows;
mod docs;
mod shape;
mod source;
mod words;

use source::Source;
use std::{
    collections::BTreeSet,
    fmt, fs,
    path::{Path, PathBuf},
};

/// Folders that hold nothing of ours.
const FOREIGN: &[&str] = &["target", "node_modules", "venv", "__pycache__"];

/// Endings of files that are read as text; those without an ending are, too.
const TEXTS: &[&str] =
    &["rs", "md", "toml", "yaml", "yml", "proto", "py", "sh", "json", "ndjson", "txt", "html", "css"];

/// Documents that a reader is promised.
const DOCUMENTS: &[&str] =
    &["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "SECURITY.md", "storage/FORMAT.md"];

/// A breach of a rule.
#[derive(Debug)]
pub(crate) struct Finding {
    path: String,
    line: usize,
    what: String,
}

impl Finding {
    pub(crate) fn new(path: &str, line: usize, what: String) -> Self {
        Self { path: path.to_owned(), line, what }
    }

    pub(crate) fn at(source: &Source, line: usize, what: String) -> Self {
        Self::new(&source.path, line, what)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

/// The root of the tree that is being tested: asked for at run time, since a copy may be tested by the same binary.
fn root() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from("."), PathBuf::from)
}

/// Every text file of the tree, by its path from the root.
fn texts() -> Vec<(String, String)> {
    let mut files = Vec::new();
    walk(&root(), "", &mut files);
    assert!(files.len() > 50, "only {} files below {}", files.len(), root().display());
    files
}

fn walk(folder: &Path, prefix: &str, files: &mut Vec<(String, String)>) {
    let mut entries: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let hidden = name.starts_with('.') && name != ".ci" && name != ".config";
        let path = format!("{prefix}{name}");
        if entry.path().is_dir() {
            if !hidden && !FOREIGN.contains(&name.as_str()) {
                walk(&entry.path(), &format!("{path}/"), files);
            }
            continue;
        }
        let ending = entry.path().extension().map(|ending| ending.to_string_lossy().into_owned());
        if ending.is_none_or(|ending| TEXTS.contains(&ending.as_str()))
            && let Ok(text) = fs::read_to_string(entry.path())
        {
            files.push((path, text));
        }
    }
}

/// Every Rust file of the tree.
fn sources() -> Vec<Source> {
    let sources: Vec<Source> = texts()
        .iter()
        .filter(|(path, _)| docs::ends_in(path, "rs"))
        .map(|(path, text)| Source::new(path, text))
        .collect();
    let for_tests: Vec<String> = sources.iter().flat_map(Source::test_modules).collect();
    let belongs = |path: &str| {
        for_tests.iter().any(|module| {
            path.strip_prefix(module.as_str()).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        })
    };
    sources
        .into_iter()
        .map(|source| if belongs(&source.path) { source.only_for_tests() } else { source })
        .collect()
}

fn tree(texts: &[(String, String)]) -> docs::Tree {
    docs::Tree::new(texts.iter().map(|(path, text)| (path.as_str(), text.as_str())))
}

fn none(found: &[Finding]) {
    let list: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(list.is_empty(), "{} found:\n{}", list.len(), list.join("\n"));
}

fn hold(rule: fn(&Source) -> Vec<Finding>) {
    none(&sources().iter().flat_map(rule).collect::<Vec<_>>());
}

#[test]
fn imports_point_inward() {
    hold(arrows::check);
}

#[test]
fn every_file_says_what_it_is() {
    hold(shape::header);
}

#[test]
fn files_and_functions_are_small() {
    hold(shape::sizes);
}

#[test]
fn nothing_is_left_behind() {
    hold(shape::leftovers);
}

#[test]
fn every_allowance_has_a_reason() {
    hold(shape::allowances);
}

#[test]
fn documents_lead_somewhere() {
    let texts = texts();
    let tree = tree(&texts);
    let mut found = Vec::new();
    for document in DOCUMENTS {
        match texts.iter().find(|(path, _)| path == document) {
            Some((path, text)) => found.extend(docs::dead_ends(&tree, path, text)),
            None => found.push(Finding::new(document, 1, "is not there".into())),
        }
    }
    for (path, text) in
        texts.iter().filter(|(path, _)| !path.starts_with("tests/tidy/") && !docs::ends_in(path, "md"))
    {
        found.extend(docs::dead_names(&tree, path, text));
    }
    none(&found);
}

#[test]
fn every_invariant_names_its_test() {
    let texts = texts();
    let tree = tree(&texts);
    let mut functions: BTreeSet<String> =
        sources().iter().flat_map(|source| docs::functions(&source.code)).collect();
    for (_, text) in texts.iter().filter(|(path, _)| docs::ends_in(path, "py")) {
        functions.extend(docs::functions(text));
    }
    let map = texts.iter().find(|(path, _)| path == "ARCHITECTURE.md");
    none(&map.map_or_else(
        || vec![Finding::new("ARCHITECTURE.md", 1, "is not there".into())],
        |(path, text)| docs::missing_tests(&tree, &functions, path, text),
    ));
}

#[test]
fn the_project_speaks_of_itself() {
    none(&texts().iter().flat_map(|(path, text)| words::check(path, text)).collect::<Vec<_>>());
}

//! The documents: what they point at is there, and every invariant names a test that is there.

use super::Finding;
use super::source::{is_word, line_of, words};
use std::collections::BTreeSet;

/// Endings by which a word in backticks is taken for the name of a file of ours. Settings and data have other endings:
/// a document may name those of a running server.
const ENDINGS: &[&str] = &["rs", "md", "proto", "py"];

/// Folders by which a word in backticks is taken for a path.
const FOLDERS: &[&str] = &["src", "storage", "proto", "tests", "benches", ".ci"];

/// From where a path may be named.
const BASES: &[&str] = &["", "src/", "storage/", "storage/src/", "proto/pledgebook/v1/"];

/// The heading of the column that names tests.
const TEST_COLUMN: &str = "Test";

/// Everything in the repository: files and folders, by their paths, and all headings of its documents.
pub(crate) struct Tree {
    pub(crate) paths: BTreeSet<String>,
    /// `path#anchor`.
    pub(crate) anchors: BTreeSet<String>,
}

impl Tree {
    /// A tree of these files; the text counts for documents only.
    pub(crate) fn new<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let (mut paths, mut anchors) = (BTreeSet::new(), BTreeSet::new());
        for (path, text) in files {
            let mut path = path.to_owned();
            if is_document(&path) {
                anchors.extend(headings(text).into_iter().map(|anchor| format!("{path}#{anchor}")));
            }
            while let Some(cut) = path.rfind('/') {
                let above = path[..cut].to_owned();
                paths.insert(std::mem::replace(&mut path, above));
            }
            paths.insert(path);
        }
        Self { paths, anchors }
    }

    fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        path.is_empty() || self.paths.contains(path)
    }
}

fn is_document(path: &str) -> bool {
    ends_in(path, "md")
}

/// Whether the name of a file has this ending.
pub(crate) fn ends_in(path: &str, ending: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, found)| found == ending)
}

/// Links, and paths in backticks, that lead nowhere.
pub(crate) fn dead_ends(tree: &Tree, path: &str, text: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    let folder = path.rfind('/').map_or("", |cut| &path[..=cut]);
    for (at, target) in links(text) {
        let (file, anchor) =
            target.split_once('#').map_or((target, None), |(file, anchor)| (file, Some(anchor)));
        let whole = if file.is_empty() { path.to_owned() } else { join(folder, file) };
        let alive = tree.has(&whole)
            && anchor.is_none_or(|anchor| tree.anchors.contains(&format!("{whole}#{anchor}")));
        if !alive {
            found.push(Finding::new(path, line_of(text, at), format!("the link `{target}` leads nowhere")));
        }
    }
    for (at, span) in spans(text) {
        let name = span.trim_end_matches('/');
        if !looks_like_a_path(name) {
            continue;
        }
        let bases = BASES.iter().copied().chain([folder]);
        let somewhere = bases.map(|base| join(base, name)).any(|whole| tree.has(&whole));
        let by_name =
            !name.contains('/') && tree.paths.iter().any(|path| path.ends_with(&format!("/{name}")));
        if !somewhere && !by_name {
            found.push(Finding::new(path, line_of(text, at), format!("`{span}` is not in the repository")));
        }
    }
    found
}

/// Documents (`NAME.md`) that a file other than a document names, and that are not there.
pub(crate) fn dead_names(tree: &Tree, path: &str, text: &str) -> Vec<Finding> {
    text.match_indices(".md")
        .filter_map(|(end, _)| {
            let name = text[..end].rsplit(|c: char| !is_word(c) && c != '-').next().unwrap_or_default();
            let shouted =
                name.len() > 2 && name.chars().all(|c| c.is_ascii_uppercase() || c == '_' || c == '-');
            let file = format!("{name}.md");
            let there = tree.paths.iter().any(|path| *path == file || path.ends_with(&format!("/{file}")));
            (shouted && !there)
                .then(|| Finding::new(path, line_of(text, end), format!("`{file}` is not in the repository")))
        })
        .collect()
}

/// Tests that the document's tables name, with their lines.
pub(crate) fn tests_named(text: &str) -> Vec<(usize, String)> {
    let mut named = Vec::new();
    let mut column = None;
    for (index, line) in text.lines().enumerate() {
        let Some(row) = line.trim().strip_prefix('|') else {
            column = None;
            continue;
        };
        let cells: Vec<&str> = row.trim_end_matches('|').split('|').map(str::trim).collect();
        match column {
            None => column = Some(cells.iter().position(|cell| *cell == TEST_COLUMN || *cell == "Tests")),
            Some(Some(column)) => {
                let cell = cells.get(column).copied().unwrap_or_default();
                named.extend(spans(cell).into_iter().map(|(_, span)| (index + 1, span.to_owned())));
                if !cell.contains('`') && !cell.chars().all(|c| "-: ".contains(c)) {
                    named.push((index + 1, cell.to_owned()));
                }
            }
            Some(None) => {}
        }
    }
    named
}

/// Invariants whose test is not there. `functions` holds every name that follows a `fn` or a `def`; a whole suite is
/// named by its folder below `tests/`.
pub(crate) fn missing_tests(
    tree: &Tree,
    functions: &BTreeSet<String>,
    path: &str,
    text: &str,
) -> Vec<Finding> {
    let named = tests_named(text);
    if named.is_empty() {
        return vec![Finding::new(
            path,
            1,
            format!("no table with a column \"{TEST_COLUMN}\" that names tests"),
        )];
    }
    named
        .into_iter()
        .filter(|(_, name)| !(name.starts_with("tests/") && tree.has(name)))
        .filter(|(_, name)| !functions.contains(name.rsplit("::").next().unwrap_or(name)))
        .map(|(line, name)| Finding::new(path, line, format!("no test is called `{name}`")))
        .collect()
}

/// The names of all functions in a file of Rust or Python.
pub(crate) fn functions(code: &str) -> Vec<String> {
    ["fn", "def"]
        .into_iter()
        .flat_map(|keyword| words(code, keyword).into_iter().map(move |at| at + keyword.len()))
        .map(|at| code[at..].trim_start().chars().take_while(|&c| is_word(c)).collect::<String>())
        .filter(|name| !name.is_empty())
        .collect()
}

fn looks_like_a_path(span: &str) -> bool {
    let plain = span.chars().all(|c| is_word(c) || "./-".contains(c));
    let first = span.split('/').next().unwrap_or(span);
    let ending = span.rsplit_once('.').map_or("", |(_, ending)| ending);
    let file = ENDINGS.contains(&ending) && !span.starts_with('.');
    plain && (file || span.contains('/') && FOLDERS.contains(&first))
}

/// `folder` and `path`, with `.` and `..` taken out.
fn join(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

/// The targets of links that stay in the repository.
fn links(text: &str) -> Vec<(usize, &str)> {
    text.match_indices("](")
        .filter_map(|(at, _)| {
            let target = text[at + 2..].split([')', '\n']).next()?.split(' ').next()?;
            (!target.contains("://") && !target.starts_with("mailto:")).then_some((at, target))
        })
        .collect()
}

/// What stands between backticks, outside fenced blocks.
fn spans(text: &str) -> Vec<(usize, &str)> {
    let (mut found, mut offset, mut fenced) = (Vec::new(), 0, false);
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            let mut at = offset;
            for (index, part) in line.trim_end().split('`').enumerate() {
                if index % 2 == 1 && !part.is_empty() {
                    found.push((at, part));
                }
                at += part.len() + 1;
            }
        }
        offset += line.len();
    }
    found
}

/// The anchors of a document's headings.
fn headings(text: &str) -> Vec<String> {
    let mut fenced = false;
    text.lines()
        .filter_map(|line| {
            fenced ^= line.trim_start().starts_with("```");
            let title = line.trim_start_matches('#');
            let is_heading = !fenced && title.len() < line.len() && title.starts_with(' ');
            is_heading.then(|| {
                let kept = |c: &char| is_word(*c) || *c == ' ' || *c == '-';
                title
                    .trim()
                    .to_lowercase()
                    .chars()
                    .filter(kept)
                    .map(|c| if c == ' ' { '-' } else { c })
                    .collect()
            })
        })
        .collect()
}

mod tests {
    use super::*;

    fn tree() -> Tree {
        Tree::new([
            ("README.md", "# Title\n## Life of an append\n"),
            ("storage/FORMAT.md", "# The log, byte by byte\n"),
            ("src/journal/writer.rs", ""),
            (".ci/run", ""),
            ("tests/tidy/main.rs", ""),
        ])
    }

    #[test]
    fn a_dead_link_is_found() {
        for text in [
            "[x](MISSING.md)",
            "[x](src/journal/reader.rs)",
            "[x](README.md#no-such-heading)",
            "[x](#no-such-heading)",
            "see `src/journal/reader.rs`",
            "see `reader.rs`",
            "see `storage/tests/`",
            "see `STYLE.md`",
        ] {
            assert_eq!(dead_ends(&tree(), "README.md", text).len(), 1, "{text}");
        }
        assert_eq!(dead_ends(&tree(), "storage/FORMAT.md", "[x](README.md)").len(), 1);
    }

    #[test]
    fn a_live_link_passes() {
        for text in [
            "[x](storage/FORMAT.md) and [y](src/journal/) and [z](https://example.org/a.md)",
            "[x](#life-of-an-append) and [y](storage/FORMAT.md#the-log-byte-by-byte)",
            "`src/journal/writer.rs` or `journal/writer.rs` or `writer.rs` or `src/journal/`, run by `.ci/run`",
            "`DATA/<ledger>/log/` and `and/or` and `cargo run -- demo`\n```\nsrc/nowhere.rs `src/nowhere.rs`\n```\n",
        ] {
            assert!(dead_ends(&tree(), "README.md", text).is_empty(), "{text}");
        }
        assert!(dead_ends(&tree(), "storage/FORMAT.md", "[x](../README.md#title)").is_empty());
    }

    #[test]
    fn a_document_that_is_not_here_is_found() {
        assert_eq!(dead_names(&tree(), "src/a.rs", "//! See MISSING.md and `storage/FORMAT.md`.").len(), 1);
        assert!(dead_names(&tree(), "src/a.rs", "//! See README.md, FORMAT.md.\nlet a = b.md;").is_empty());
    }

    #[test]
    fn an_invariant_without_its_test_is_found() {
        let text = "| Invariant | Test |\n|---|---|\n| a | `holds_a` |\n| b | `engine::faults::holds_b`, `holds_c` |\n| d | by hand |\n| e | `tests/tidy` |\n";
        let have = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let all = have(&["holds_a", "holds_b", "holds_c", "by hand"]);
        assert!(missing_tests(&tree(), &all, "ARCHITECTURE.md", text).is_empty());
        assert_eq!(missing_tests(&tree(), &have(&["holds_a", "holds_b"]), "ARCHITECTURE.md", text).len(), 2);
        let elsewhere = text.replace("tests/tidy", "tests/nowhere");
        assert_eq!(missing_tests(&tree(), &all, "ARCHITECTURE.md", &elsewhere).len(), 1);
        assert_eq!(
            missing_tests(&tree(), &all, "ARCHITECTURE.md", "| a | b |\n|---|---|\n| `x` | `y` |\n").len(),
            1
        );
        assert_eq!(functions("fn a() {} async fn b<T>() {}\n    def c(self):\n// often"), ["a", "b", "c"]);
    }
}

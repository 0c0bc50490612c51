//! The shape of a file: its opening, its size, what was left behind in it, and what it lets pass.

use super::Finding;
use super::source::{Source, closing, words};

/// The longest file and the longest function, in lines, tests not counted. Beyond it, look for the seam.
const MAX_FILE: usize = 600;
const MAX_FUNCTION: usize = 100;

/// Macros that stand for work that is not done.
const UNDONE: &[&str] = &["todo!", "unimplemented!", "dbg!"];

/// Notes to oneself. Put together here, so that this file does not hold them.
const NOTES: &[&str] = &[concat!("FIX", "ME"), concat!("XX", "X"), concat!("TO", "DO")];

/// The one file that may hold `unsafe`, each with a `SAFETY:` before it.
const UNSAFE: &str = "storage/src/format/digest/lanes.rs";

/// Every file says first what it is.
pub(crate) fn header(source: &Source) -> Vec<Finding> {
    let opens = source.text.strip_prefix("//! ").and_then(|rest| rest.lines().next());
    match opens {
        Some(line) if line.trim().len() >= 10 => Vec::new(),
        _ => vec![Finding::at(source, 1, "opens without a `//!` line that says what it is".into())],
    }
}

/// Files and functions that have outgrown their place.
pub(crate) fn sizes(source: &Source) -> Vec<Finding> {
    let mut found = Vec::new();
    let shipped = source.shipped.trim_end().lines().count();
    // What ships may stand before and behind tests: count the lines that tests do not take.
    let tests = lines_of_tests(source, shipped);
    let lines = shipped - tests;
    if lines > MAX_FILE {
        found.push(Finding::at(source, 1, format!("{lines} lines; at most {MAX_FILE}")));
    }
    for (at, name, lines) in functions(&source.shipped) {
        if lines > MAX_FUNCTION {
            let line = source.line(at);
            found.push(Finding::at(
                source,
                line,
                format!("`{name}` has {lines} lines; at most {MAX_FUNCTION}"),
            ));
        }
    }
    found
}

/// Lines among the first `upto` that hold code, but none that ships.
fn lines_of_tests(source: &Source, upto: usize) -> usize {
    let blank = |line: &str| line.trim().is_empty();
    source
        .code
        .lines()
        .zip(source.shipped.lines())
        .take(upto)
        .filter(|(code, shipped)| !blank(code) && blank(shipped))
        .count()
}

/// Every function with a body: where it begins, its name, and its lines.
fn functions(code: &str) -> Vec<(usize, String, usize)> {
    words(code, "fn")
        .into_iter()
        .filter_map(|at| {
            let name: String =
                code[at + 2..].trim_start().chars().take_while(|&c| super::source::is_word(c)).collect();
            let body = body(code, at)?;
            let lines = code[at..closing(code, body)].lines().count();
            (!name.is_empty()).then_some((at, name, lines))
        })
        .collect()
}

/// Where the body of the function at `at` opens; none if it has none.
fn body(code: &str, at: usize) -> Option<usize> {
    let mut depth = 0_i32;
    for (offset, byte) in code[at..].bytes().enumerate() {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b'{' if depth == 0 => return Some(at + offset),
            b';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// What was left behind: undone work, notes to oneself, tests that do not run, and `unwrap` in what ships.
pub(crate) fn leftovers(source: &Source) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut note = |at: usize, what: String| found.push(Finding::at(source, source.line(at), what));
    for mark in UNDONE {
        for at in words(&source.code, mark.trim_end_matches('!')) {
            if source.code[at..].starts_with(mark) {
                note(at, format!("`{mark}` left behind"));
            }
        }
    }
    for mark in NOTES {
        for at in words(&source.unquoted, mark) {
            note(at, format!("{mark} left behind"));
        }
    }
    for (at, _) in source.code.match_indices("#[ignore") {
        note(at, "a test that does not run".into());
    }
    for (at, _) in source.shipped.match_indices(".unwrap()") {
        note(at, "`.unwrap()` outside tests".into());
    }
    for (at, call) in source.shipped.match_indices(".expect(\"") {
        if !source.text[at + call.len()..].starts_with("invariant: ") {
            note(at, "`.expect` outside tests, without an \"invariant: …\" that says why it holds".into());
        }
    }
    for at in words(&source.code, "unsafe") {
        let line = source.line(at);
        let reason = source.text.lines().take(line - 1).last().is_some_and(|it| it.contains("// SAFETY: "));
        if source.path != UNSAFE || !reason {
            note(at, format!("`unsafe` outside {UNSAFE}, or without a `// SAFETY:` on the line before"));
        }
    }
    found
}

/// Lints that are let pass without a reason.
pub(crate) fn allowances(source: &Source) -> Vec<Finding> {
    let mut found = Vec::new();
    for attribute in ["allow(", "expect("] {
        for (at, _) in source.code.match_indices(attribute) {
            let before = source.code[..at].trim_end();
            let in_attribute = before.ends_with("#[") || before.ends_with("#![") || in_cfg_attr(before);
            let open = at + attribute.len() - 1;
            if in_attribute && !source.code[open..closing(&source.code, open)].contains("reason =") {
                found.push(Finding::at(
                    source,
                    source.line(at),
                    format!("`{attribute}…)` without `reason = …`"),
                ));
            }
        }
    }
    found
}

/// Whether what stands before is `#[cfg_attr(…,`.
fn in_cfg_attr(before: &str) -> bool {
    before.ends_with(',') && before.rfind("cfg_attr(").is_some_and(|from| !before[from..].contains(']'))
}

mod tests {
    use super::*;

    fn found(rule: fn(&Source) -> Vec<Finding>, path: &str, text: &str) -> usize {
        rule(&Source::new(path, text)).len()
    }

    #[test]
    fn a_file_without_a_header_is_found() {
        for text in
            ["", "use std::fmt;", "//!\nfn f() {}", "// what it is, but not said to rustdoc", "//! short"]
        {
            assert_eq!(found(header, "src/a.rs", text), 1, "{text}");
        }
        assert_eq!(found(header, "src/a.rs", "//! What this file is.\n\nfn f() {}"), 0);
    }

    #[test]
    fn a_file_that_is_too_long_is_found() {
        let lines = |count: usize| "const A: u8 = 1;\n".repeat(count);
        assert_eq!(found(sizes, "src/a.rs", &lines(MAX_FILE)), 0);
        assert_eq!(found(sizes, "src/a.rs", &lines(MAX_FILE + 1)), 1);
        let tested = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", lines(MAX_FILE), lines(MAX_FILE));
        assert_eq!(found(sizes, "src/a.rs", &tested), 0);
        let between = format!("#[cfg(test)]\nmod tests {{\n{}}}\n{}", lines(50), lines(MAX_FILE));
        assert_eq!(found(sizes, "src/a.rs", &between), 0);
        assert_eq!(found(sizes, "tests/a.rs", &lines(MAX_FILE * 2)), 0);
    }

    #[test]
    fn a_function_that_is_too_long_is_found() {
        let function =
            |lines: usize| format!("fn f(a: [u8; 2]) -> u8 {{\n{}}}\n", "    g();\n".repeat(lines - 2));
        assert_eq!(found(sizes, "src/a.rs", &function(MAX_FUNCTION)), 0);
        assert_eq!(found(sizes, "src/a.rs", &function(MAX_FUNCTION + 1)), 1);
        assert_eq!(found(sizes, "src/a.rs", &format!("trait T {{ fn f(&self); }}\n{}", "\n".repeat(200))), 0);
    }

    #[test]
    fn what_was_left_behind_is_found() {
        let note = format!("// {}: later", NOTES[0]);
        for text in [
            "fn f() { todo!() }",
            "fn f() { unimplemented!(\"later\") }",
            "fn f() { dbg!(1); }",
            "fn f() { a.unwrap(); }",
            "fn f() { a.expect(\"it works\"); }",
            "// SAFETY: none\nunsafe fn f() {}",
            "#[cfg(test)]\nmod tests {\n    #[test]\n    #[ignore]\n    fn t() {}\n}",
            note.as_str(),
        ] {
            assert_eq!(found(leftovers, "src/a.rs", text), 1, "{text}");
        }
    }

    #[test]
    fn what_may_stay_passes() {
        for text in [
            "fn f() { a.expect(\"invariant: a record has a head\"); }",
            "#[cfg(test)]\nmod tests { fn t() { a.unwrap(); b.expect(\"x\"); } }",
            "fn f() { parser.expect(Token::End); a.unwrap_or_default(); }",
            "// A word such as unwrap() in a comment, or todo! in \"quotes\".",
            "fn f() -> &'static str { \"dbg!(1) .unwrap()\" }",
        ] {
            assert_eq!(found(leftovers, "src/a.rs", text), 0, "{text}");
        }
        assert_eq!(found(leftovers, "tests/a.rs", "fn f() { a.unwrap(); }"), 0);
        assert_eq!(found(leftovers, UNSAFE, "// SAFETY: it was asked\nunsafe { f() }"), 0);
        assert_eq!(found(leftovers, UNSAFE, "unsafe { f() }"), 1);
    }

    #[test]
    fn an_allowance_without_a_reason_is_found() {
        for text in [
            "#[allow(dead_code)]\nfn f() {}",
            "#![allow(clippy::all)]",
            "#[expect(unused)]\nfn f() {}",
            "#[cfg_attr(test, allow(unused))]\nfn f() {}",
        ] {
            assert_eq!(found(allowances, "src/a.rs", text), 1, "{text}");
        }
        for text in [
            "#[allow(dead_code, reason = \"read by the tests\")]\nfn f() {}",
            "#[allow(\n    dead_code,\n    reason = \"read by the tests\"\n)]\nfn f() {}",
            "fn f() { a.expect(\"x\"); b.allow(1); }",
        ] {
            assert_eq!(found(allowances, "src/a.rs", text), 0, "{text}");
        }
    }
}

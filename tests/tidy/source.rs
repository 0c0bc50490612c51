//! A source file as the rules see it: the text, the code without comments and literals, and the code that ships.
//!
//! Every view has the length and the lines of the text, so that a place in one is the same place in the others. It is
//! a lexer of a few states, not a parser: enough to tell code from what only looks like code.

use std::ops::Range;

/// One file: its path from the root of the repository, with `/`, and its text in several views.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
    /// Comments and the insides of literals blanked.
    pub(crate) code: String,
    /// The insides of literals blanked, comments kept.
    pub(crate) unquoted: String,
    /// `code` without what is compiled for tests only.
    pub(crate) shipped: String,
    /// All of the file is compiled for tests only.
    pub(crate) is_test: bool,
}

/// A path such as `crate::domain::id`, and the line on which it is named.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) line: usize,
    pub(crate) path: String,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let (code, unquoted) = views(text);
        let mut shipped = code.clone().into_bytes();
        for region in test_regions(&code) {
            blank(&mut shipped, region);
        }
        let is_test = lives_with_tests(path);
        if is_test {
            let all = 0..shipped.len();
            blank(&mut shipped, all);
        }
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            code,
            unquoted,
            shipped: String::from_utf8_lossy(&shipped).into_owned(),
            is_test,
        }
    }

    /// Marks the file as compiled for tests only: its parent says `#[cfg(test)] mod …;`.
    pub(crate) fn only_for_tests(mut self) -> Self {
        self.is_test = true;
        self.shipped = self.shipped.chars().map(|c| if c == '\n' { c } else { ' ' }).collect();
        self
    }

    /// The files (without `.rs`) and folders that this file declares by `#[cfg(test)] mod name;`.
    pub(crate) fn test_modules(&self) -> Vec<String> {
        let (folder, file) = self.path.rsplit_once('/').unwrap_or(("", &self.path));
        let stem = file.trim_end_matches(".rs");
        let base = match stem {
            "mod" | "lib" | "main" => folder.to_owned(),
            _ => format!("{folder}/{stem}"),
        };
        test_regions(&self.code)
            .into_iter()
            .filter_map(|region| {
                let item = self.code[region].trim_end().strip_suffix(';')?;
                let name = item.rsplit_once("mod ")?.1.trim();
                name.chars().all(is_word).then(|| format!("{base}/{name}"))
            })
            .collect()
    }

    /// The line of a place, from 1.
    pub(crate) fn line(&self, at: usize) -> usize {
        line_of(&self.text, at)
    }

    /// Every path that the shipped code names: those of `use` taken apart, and those in expressions and types.
    pub(crate) fn names(&self) -> Vec<Named> {
        let mut rest = self.shipped.clone().into_bytes();
        let mut names = Vec::new();
        for region in uses(&self.shipped) {
            let line = self.line(region.start);
            let tree = self.shipped[region.clone()].trim_start_matches("use").trim_end_matches(';');
            let mut leaves = Vec::new();
            unfold("", tree, &mut leaves);
            names.extend(leaves.into_iter().map(|path| Named { line, path }));
            blank(&mut rest, region);
        }
        let rest = String::from_utf8_lossy(&rest).into_owned();
        names.extend(chains(&rest).into_iter().map(|(at, path)| Named { line: self.line(at), path }));
        names.sort_by_key(|named| named.line);
        names
    }
}

/// Every place at which `word` stands by itself.
pub(crate) fn words(text: &str, word: &str) -> Vec<usize> {
    let before = |at: usize| text[..at].chars().next_back().is_some_and(is_word);
    let after = |at: usize| text[at..].chars().next().is_some_and(is_word);
    text.match_indices(word).map(|(at, _)| at).filter(|&at| !before(at) && !after(at + word.len())).collect()
}

/// The place behind the bracket that closes the one at `open`.
pub(crate) fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    code.len()
}

pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|&byte| byte == b'\n').count() + 1
}

pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether the place of a file says that it is a test.
fn lives_with_tests(path: &str) -> bool {
    let mut parts: Vec<&str> = path.split('/').collect();
    let file = parts.pop().unwrap_or_default();
    file == "tests.rs" || parts.iter().any(|part| ["tests", "benches", "fuzz"].contains(part))
}

fn blank(bytes: &mut [u8], region: Range<usize>) {
    for byte in &mut bytes[region] {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
}

/// `text` without comments and insides of literals, and without insides of literals alone.
fn views(text: &str) -> (String, String) {
    let (mut code, mut unquoted) = (text.as_bytes().to_vec(), text.as_bytes().to_vec());
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("//") {
            let end = at + rest.find('\n').unwrap_or(rest.len());
            blank(&mut code, at..end);
            at = end;
        } else if rest.starts_with("/*") {
            let end = at + block_comment(rest);
            blank(&mut code, at..end);
            at = end;
        } else if let Some((start, end, len)) = literal(text, at) {
            blank(&mut code, at + start..at + end);
            blank(&mut unquoted, at + start..at + end);
            at += len;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    (String::from_utf8_lossy(&code).into_owned(), String::from_utf8_lossy(&unquoted).into_owned())
}

/// The length of the nested block comment that `rest` begins with.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// The literal that begins at `at`: where its inside begins and ends, and its length, all counted from `at`.
fn literal(text: &str, at: usize) -> Option<(usize, usize, usize)> {
    let rest = &text[at..];
    if let Some(inside) = rest.strip_prefix('\'') {
        let len = match inside.chars().next()? {
            '\\' => 2 + inside.get(2..)?.find('\'')?,
            c => c.len_utf8(),
        };
        return inside.get(len..)?.starts_with('\'').then_some((1, 1 + len, 2 + len));
    }
    if text[..at].chars().next_back().is_some_and(is_word) && !rest.starts_with('"') {
        return None;
    }
    let prefix = ["br", "cr", "r", "b", "c", ""].into_iter().find(|prefix| {
        rest.strip_prefix(prefix).is_some_and(|rest| rest.trim_start_matches('#').starts_with('"'))
    })?;
    let body = &rest[prefix.len()..];
    let hashes = body.len() - body.trim_start_matches('#').len();
    let start = prefix.len() + hashes + 1;
    if prefix.ends_with('r') {
        let close = format!("\"{}", "#".repeat(hashes));
        let end = start + rest[start..].find(&close).unwrap_or(rest.len() - start);
        return Some((start, end, (end + close.len()).min(rest.len())));
    }
    if hashes > 0 {
        return None;
    }
    let mut escaped = false;
    let end = rest[start..].bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    });
    let end = start + end.unwrap_or(rest.len() - start);
    Some((start, end, (end + 1).min(rest.len())))
}

/// The items that are compiled for tests only: from `#[cfg(test)]` to the end of what follows it.
fn test_regions(code: &str) -> Vec<Range<usize>> {
    let mut regions: Vec<Range<usize>> = Vec::new();
    for start in
        ["#[cfg(test)]", "#[cfg(all(test", "#[test]"].iter().flat_map(|mark| code.match_indices(mark))
    {
        let start = start.0;
        let mut at = start;
        while code[at..].starts_with("#[") {
            at = closing(code, at + 1);
            at += code[at..].len() - code[at..].trim_start().len();
        }
        let end = code[at..].find(['{', ';']).map_or(code.len(), |found| at + found);
        let end = if code[end..].starts_with('{') { closing(code, end) } else { (end + 1).min(code.len()) };
        regions.push(start..end);
    }
    regions
}

/// Every `use …;`.
fn uses(code: &str) -> Vec<Range<usize>> {
    words(code, "use")
        .into_iter()
        .filter_map(|start| code[start..].find(';').map(|end| start..start + end + 1))
        .collect()
}

/// Takes a tree of `use` apart into the paths of its leaves.
fn unfold(prefix: &str, tree: &str, leaves: &mut Vec<String>) {
    let tree = tree.trim();
    if tree.is_empty() {
        return;
    }
    if let Some(open) = tree.find('{') {
        let close = closing(tree, open) - 1;
        let prefix = format!("{prefix}{}", tree[..open].trim());
        let (inside, mut from, mut depth) = (&tree[open + 1..close], 0, 0_usize);
        for (at, c) in inside.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    unfold(&prefix, &inside[from..at], leaves);
                    from = at + 1;
                }
                _ => {}
            }
        }
        unfold(&prefix, &inside[from..], leaves);
        return;
    }
    let leaf = tree.split(" as ").next().unwrap_or(tree).trim();
    let path = format!("{prefix}{leaf}");
    leaves.push(path.trim_start_matches("::").trim_end_matches("::self").to_owned());
}

/// Every chain of two words or more joined by `::`.
fn chains(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = code[at..].find(is_word).map(|offset| at + offset) {
        let mut end = start;
        loop {
            end += code[end..].len() - code[end..].trim_start_matches(is_word).len();
            let next = code[end..].strip_prefix("::").and_then(|rest| rest.chars().next());
            if !next.is_some_and(is_word) {
                break;
            }
            end += 2;
        }
        let chain = &code[start..end];
        if chain.contains("::") {
            found.push((start, chain.to_owned()));
        }
        at = end;
    }
    found
}

mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        Source::new("src/a.rs", text).names().into_iter().map(|named| named.path).collect()
    }

    #[test]
    fn code_is_told_from_comments_and_literals() {
        let text =
            "a /* x /* y */ x */ b // x\n\"x\\\"x\" r#\"x\"x\"# 'x' '\\'' b\"x\" fn f<'l>(v: &'l str) { c }";
        let source = Source::new("src/a.rs", text);
        assert!(!source.code.contains('x'), "{}", source.code);
        for kept in ["a ", " b ", "<'l>", "&'l str", "{ c }"] {
            assert!(source.code.contains(kept), "{kept} in {}", source.code);
        }
        assert_eq!(source.code.len(), text.len());
        assert_eq!(source.unquoted.matches('x').count(), 3, "{}", source.unquoted);
    }

    #[test]
    fn what_ships_is_told_from_tests() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() { { } }\n}\nfn c() {}\n#[cfg(test)]\nmod given;\nfn d() {}\n";
        let source = Source::new("src/x/mod.rs", text);
        assert!(
            ["fn a", "fn c", "fn d"].iter().all(|kept| source.shipped.contains(kept)),
            "{}",
            source.shipped
        );
        assert!(!source.shipped.contains("fn b"));
        assert_eq!(source.test_modules(), ["src/x/given"]);
        assert_eq!(Source::new("src/x/y.rs", "#[cfg(test)]\nmod z;").test_modules(), ["src/x/y/z"]);
        assert!(Source::new("src/x/tests/y.rs", text).shipped.trim().is_empty());
        assert!(source.only_for_tests().shipped.trim().is_empty());
    }

    #[test]
    fn names_are_found_in_imports_and_in_code() {
        assert_eq!(
            paths(
                "use crate::{a::{self, B}, c as d};\nuse std::fs;\nfn f() { tokio::spawn(::rand::random::<u8>()) }"
            ),
            ["crate::a", "crate::a::B", "crate::c", "std::fs", "tokio::spawn", "rand::random"]
        );
        assert_eq!(paths("// crate::x::y\nlet s = \"crate::x\";"), [""; 0]);
    }
}

//! Words that do not belong: the project speaks of itself, not of the machine or the desk it was written at.

use super::Finding;
use super::source::line_of;

/// Paths and hosts of particular machines. Put together here, so that this file does not hold them.
const STRANGERS: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/tmp/", "ws-"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("registry", ".npmjs"),
    concat!("py", "pi.org"),
    concat!("pythonhosted", ".org"),
    concat!("index.crates", ".io"),
    concat!("static.crates", ".io"),
    concat!("deb.debian", ".org"),
];

/// Words that do not belong.
pub(crate) fn check(path: &str, text: &str) -> Vec<Finding> {
    let lower = text.to_lowercase();
    STRANGERS
        .iter()
        .flat_map(|word| lower.match_indices(word))
        .map(|(at, word)| Finding::new(path, line_of(&lower, at), format!("`{word}` does not belong here")))
        .collect()
}

mod tests {
    use super::*;

    #[test]
    fn a_word_that_does_not_belong_is_found() {
        for word in STRANGERS {
            assert_eq!(check("README.md", &format!("fine\nsee {word}somewhere")).len(), 1, "{word}");
        }
        assert_eq!(check("a", &STRANGERS[4].to_uppercase()).len(), 1);
        assert!(
            check("README.md", "network/ teamwork, homework/school, /tmp/pledgebook, the root of the tree")
                .is_empty()
        );
    }
}

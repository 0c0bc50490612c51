//! What is said about what the words of the reports mean.

use super::golden::sample_report;
use crate::reports::ReportName;

/// A report that says anything says what it means by it.
#[test]
fn given_a_report_with_figures_when_its_definition_is_asked_for_then_it_has_terms_in_whole_sentences() {
    for name in ReportName::ALL {
        let report = sample_report(name);
        let definition = name.definition();
        assert!(report.figures.is_empty() || !definition.terms.is_empty(), "{} has no terms", name.code());
        let mut seen = std::collections::BTreeSet::new();
        for (term, meaning) in definition.terms {
            assert!(seen.insert(term.to_lowercase()), "{}: {term} stands twice", name.code());
            assert!(meaning.ends_with('.') && !meaning.contains("  "), "{}: {term}", name.code());
            assert!(!term.is_empty() && meaning.len() > term.len(), "{}: {term}", name.code());
        }
    }
}

//! `pledgebook report definitions`: what the words and numbers of reports mean, in this program's version.

use clap::Args;
use serde_json::json;
use std::collections::BTreeSet;

use super::name;
use crate::cli::{Outcome, out};
use crate::reports::ReportName;

/// Say what the words and numbers of reports mean, and in which version.
///
/// A version changes whenever the same facts would give another output. A server says its own with
/// `ReportService/ListDefinitions`.
#[derive(Args)]
#[command(after_help = "Example:
  pledgebook report definitions
  pledgebook report definitions r2 policy-changes --json")]
pub(super) struct Definitions {
    /// r1 to r12, or reports by name [default: all].
    names: Vec<String>,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

impl Definitions {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let asked = self.names.iter().map(|asked| name(asked)).collect::<anyhow::Result<BTreeSet<_>>>()?;
        let names = if asked.is_empty() { ReportName::ALL.into() } else { asked };
        out::print(&if self.json { program(&names) } else { page(&names, out::width()) });
        Ok(Outcome::Done)
    }
}

fn program(names: &BTreeSet<ReportName>) -> String {
    let term = |(term, meaning): &(&str, &str)| json!({"term": term, "meaning": meaning});
    let definition = |name: &ReportName| {
        let terms: Vec<_> = name.definition().terms.iter().map(term).collect();
        json!({"code": name.code(), "name": name.slug(), "question": name.title(),
            "version": name.definition_version(), "terms": terms})
    };
    let definitions: Vec<_> = names.iter().map(definition).collect();
    format!("{:#}\n", json!({ "definitions": definitions }))
}

fn page(names: &BTreeSet<ReportName>, width: usize) -> String {
    let mut page = String::new();
    for name in names {
        let heading = format!("{} {} ({})", name.code(), name.title(), name.definition_version());
        page += &out::heading(&heading);
        for (term, meaning) in name.definition().terms {
            page.push('\n');
            page += &out::paragraph("", &out::strong(term), width);
            page += &out::paragraph("    ", meaning, width);
        }
    }
    page.trim_start_matches('\n').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_reports_when_their_definitions_are_printed_then_each_term_stands_there_and_fits() {
        let names = BTreeSet::from([ReportName::Lateness, ReportName::Commitments]);
        let page = page(&names, 80);
        assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
        assert!(page.find("R1 ").unwrap() < page.find("R2 ").unwrap());
        let read: serde_json::Value = serde_json::from_str(&program(&names)).unwrap();
        for (index, name) in names.iter().enumerate() {
            let definition = &read["definitions"][index];
            assert_eq!(definition["version"], name.definition_version());
            assert_eq!(definition["terms"].as_array().unwrap().len(), name.definition().terms.len());
            for (term, _) in name.definition().terms {
                assert!(page.contains(term), "{term}");
            }
        }
    }
}

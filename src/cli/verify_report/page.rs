//! What was found about a report, for people and for programs.
//!
//! Invariant: both say the same. It must not judge.

use serde_json::{Value, json};

use super::{Again, Issue, Verified};
use crate::cli::out;
use crate::reports::render::EXAMPLE_DATA;

impl Verified {
    /// One word for it.
    const fn word(&self) -> &'static str {
        match self.result {
            Again::Same => "same",
            Again::Form => "not_canonical",
            Again::Different { .. } => "different",
            Again::OtherDefinitions { .. } => "other_definitions",
        }
    }

    /// For people.
    pub(super) fn text(&self, width: usize) -> String {
        let report = &self.report;
        let mut page = if report.example_data { format!("{EXAMPLE_DATA}\n\n") } else { String::new() };
        let known = out::count(report.as_known, "event", "events");
        page += &format!("{}: {}\n", self.file, out::strong(self.name.title()));
        page += &format!(
            "  {} of {}, {}, as at {}, as known {known}\n  sha256 {}\n\n",
            report.code, report.ledger, report.period, report.as_at, self.sha256
        );
        page += &out::paragraph("Issued     ", &self.issued(), width);
        page += &out::paragraph("Worked out ", &self.worked_out(), width);
        if let Again::Different { first, .. } = &self.result {
            page += &out::paragraph("  in the file  ", &plain(&first.old), width);
            page += &out::paragraph("  worked out   ", &plain(&first.new), width);
        }
        page += &out::paragraph("Erased     ", &self.erasures(), width);
        page
    }

    fn issued(&self) -> String {
        match &self.issue {
            Issue::Same { id, sequence, voided_by } => {
                let taken = voided_by.map(|by| format!("; record {by} took that back")).unwrap_or_default();
                format!("as {id}, by record {sequence}, which has this file's SHA-256{taken}")
            }
            Issue::Other(others) => {
                let others: Vec<_> =
                    others.iter().map(|(id, sequence)| format!("record {sequence} ({id})")).collect();
                format!(
                    "NOT THIS FILE: {} says that this report, as at this day and as known then, was issued with another \
                     SHA-256",
                    others.join(", ")
                )
            }
            Issue::None => format!(
                "no record among the {} that were read says that it was issued",
                out::thousands(self.size)
            ),
        }
    }

    fn worked_out(&self) -> String {
        match &self.result {
            Again::Same => "same: the records give the file, byte for byte".to_owned(),
            Again::Form => {
                "the figures are the same, but the file is not in the form in which reports are issued: \
                             somebody wrote it anew"
                    .to_owned()
            }
            Again::Different { first, other_history: false } => {
                format!("DIFFERENT, first at {}", plain(&first.place))
            }
            Again::Different { first, other_history: true } => format!(
                "DIFFERENT, first at {}; and the file has another root hash: it was made from other records",
                plain(&first.place)
            ),
            Again::OtherDefinitions { theirs, ours } => format!(
                "not worked out again: issued by another definition version, {theirs}; this build has {ours}"
            ),
        }
    }

    fn erasures(&self) -> String {
        if self.erased.is_empty() {
            return "nothing of what it counts was erased since".to_owned();
        }
        let each: Vec<_> = self
            .erased
            .iter()
            .map(|it| {
                let what = it.field.as_ref().map_or_else(|| "all words".to_owned(), Clone::clone);
                format!("{what} of record {} (by record {})", it.sequence, it.by)
            })
            .collect();
        format!("since then: {}. No figure rests on words, so none is missing here.", each.join(", "))
    }

    /// For programs.
    pub(super) fn json(&self) -> String {
        let issue = match &self.issue {
            Issue::Same { id, sequence, voided_by } => {
                json!({"id": id, "sequence": sequence, "same_sha256": true, "voided_by": voided_by})
            }
            Issue::Other(others) => {
                let others = others.iter();
                let others: Vec<Value> =
                    others.map(|(id, sequence)| json!({"id": id, "sequence": sequence})).collect();
                json!({"same_sha256": false, "others": others})
            }
            Issue::None => Value::Null,
        };
        let first = match &self.result {
            Again::Different { first, .. } => {
                json!({"place": first.place, "file": first.old, "worked_out": first.new})
            }
            _ => Value::Null,
        };
        let definitions = match &self.result {
            Again::OtherDefinitions { theirs, ours } => json!({"file": theirs, "this_build": ours}),
            _ => Value::Null,
        };
        let erased: Vec<_> = self
            .erased
            .iter()
            .map(|it| json!({"sequence": it.sequence, "field": it.field, "by": it.by}))
            .collect();
        let page = json!({
            "file": self.file, "ledger": self.report.ledger, "report": self.report.code,
            "as_at": self.report.as_at.to_string(), "as_known": self.report.as_known, "size": self.size,
            "sha256": self.sha256.to_string(), "result": self.word(), "issue": issue, "first_difference": first,
            "other_definitions": definitions, "erased_since": erased,
        });
        format!("{page}\n")
    }
}

/// A text out of the file, as a terminal may be shown it: whoever wrote the file must not steer the terminal.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn given_a_text_that_would_steer_a_terminal_when_it_is_shown_then_it_does_not() {
        assert_eq!(super::plain("4 of 21\u{1b}[2J\r\n"), "4 of 21\u{fffd}[2J\u{fffd}\u{fffd}");
    }
}

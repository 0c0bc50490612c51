//! Reports for programs: their fields as they stand in [`Report`] and [`Comparison`], in their order; hashes in lower-case
//! hex, days and instants in ISO 8601. `docs/report.schema.json` is the law for this form.
//!
//! Invariant: reading it back gives the same report. If the activity is invented, the field `notice` comes first and
//! says so in words, beside `example_data`. Must not leave anything out.

use serde::Serialize;

use super::{Content, EXAMPLE_DATA};
use crate::reports::compare::Comparison;
use crate::reports::report::Report;

#[derive(Serialize)]
struct Document<T> {
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<&'static str>,
    #[serde(flatten)]
    content: T,
}

#[derive(Serialize)]
struct Several<'r> {
    reports: &'r [Report],
}

pub(super) fn render(content: Content<'_>) -> String {
    let notice = |example: bool| example.then_some(EXAMPLE_DATA);
    match content {
        Content::Report(report) => {
            written(&Document { notice: notice(report.example_data), content: report })
        }
        Content::Reports(reports) => {
            let example = reports.iter().any(|report| report.example_data);
            written(&Document { notice: notice(example), content: Several { reports } })
        }
        Content::Comparison(comparison) => written::<Document<&Comparison>>(&Document {
            notice: notice(comparison.example_data),
            content: comparison,
        }),
    }
}

fn written<T: Serialize>(document: &T) -> String {
    // Writing strings and numbers to memory cannot fail; were it to, the failure is what must be seen.
    serde_json::to_string_pretty(document)
        .map_or_else(|error| format!("{{\"error\": \"{error}\"}}\n"), |text| text + "\n")
}

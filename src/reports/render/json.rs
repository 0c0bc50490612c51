//! A report for programs: its fields as they stand in [`Report`], in their order; hashes in lower-case hex, days and
//! instants in ISO 8601.
//!
//! Invariant: reading it back gives the same report. If the activity is invented, the field `notice` comes first and
//! says so in words, beside `example_data`. Must not leave anything out.

use serde::Serialize;

use super::EXAMPLE_DATA;
use crate::reports::report::Report;

#[derive(Serialize)]
struct Document<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<&'static str>,
    #[serde(flatten)]
    report: &'r Report,
}

pub(super) fn render(report: &Report) -> String {
    let document = Document { notice: report.example_data.then_some(EXAMPLE_DATA), report };
    // Writing strings and numbers to memory cannot fail; were it to, the failure is what must be seen.
    serde_json::to_string_pretty(&document)
        .map_or_else(|error| format!("{{\"error\": \"{error}\"}}\n"), |text| text + "\n")
}

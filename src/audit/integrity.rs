//! Integrity: every byte, link, node and index, as `storage::integrity` found them.
//!
//! Invariant: nothing is judged anew here, and no finding is left out of the count. It must not read.

use storage::integrity::Report;

use super::finding::{Conclusion, Finding, Findings, Question, Verdict, count};

/// Whether the records themselves are whole: what was found, if anything, is found of what is derived from them, or of
/// the words beside them.
pub(super) fn records_hold(report: &Report) -> bool {
    let beside = ["index.", "level.", "words.", "watermark.slot"];
    report.found == report.findings.len() as u64
        && report.findings.iter().all(|it| beside.iter().any(|rule| it.rule.starts_with(rule)))
}

/// What was not looked at where events were not opened.
const UNOPENED: &str = "Whether each event can be opened, and whether the indexes find each by its id and its subjects: \
                        events were not opened. An index is made from the records, and can be made again.";

/// `opened`: whether the events were opened, and gave the keys for which the indexes were asked.
pub(super) fn settle(report: &Report, opened: bool) -> Conclusion {
    let mut findings = Findings::about(Question::Integrity);
    for it in &report.findings {
        findings.push(Finding {
            question: Question::Integrity,
            rule: it.rule,
            place: Some((it.file.clone(), it.offset)),
            sequence: it.sequence,
            expected: it.expected.clone(),
            found: it.found.clone(),
            remedy: None,
        });
    }
    findings.count_more(report.found.saturating_sub(findings.count()));
    let looked = count(report.records, "record", "records");
    let megabytes = report.bytes as f64 / 1e6;
    let summary = if report.intact() {
        let what = if opened { "link, node and index entry" } else { "link and node" };
        format!("{looked}, {megabytes:.1} MB: every byte, {what} is what the records give")
    } else {
        format!("{} in {looked}, {megabytes:.1} MB", count(report.found, "place", "places"))
    };
    let notes = if report.intact() {
        Vec::new()
    } else {
        let advice =
            "Nothing was changed. Keep these files as they are, and restore a copy whose root you know.";
        vec![advice.to_owned()]
    };
    let limits = if opened { Vec::new() } else { vec![UNOPENED.to_owned()] };
    findings.conclude(Verdict::Holds, summary, notes, limits)
}

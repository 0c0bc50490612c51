//! Integrity: every byte, link, node and index, as `storage::integrity` found them, and what signatures show.
//!
//! Invariant: nothing is judged anew here, and no finding is left out of the count. It must not read.

use storage::integrity::Report;

use super::finding::{Conclusion, Finding, Findings, Question, Verdict, count, thousands};
use super::signatures::Signatures;

/// Whether the records themselves are whole: what was found, if anything, is found of what is derived from them, or of
/// the words beside them.
pub(super) fn records_hold(report: &Report) -> bool {
    // What is wrong with a kept checkpoint itself, and not with the records by what it says.
    let kept = ["checkpoint.entry", "checkpoint.form", "checkpoint.origin"];
    let beside = ["index.", "level.", "words.", "watermark.slot", "tile.", "file.", "published."];
    only(report, &[&kept[..], &beside[..]].concat())
}

/// Whether every record that is there was read and follows the one before: they may be others than those that were
/// signed, or fewer, but what they say can be told.
pub(super) fn can_be_read(report: &Report) -> bool {
    let rules = ["index.", "level.", "words.", "watermark.", "checkpoint.", "tile.", "file.", "published."];
    only(report, &rules)
}

/// Whether the levels give the roots that the records give.
pub(super) fn roots_hold(report: &Report) -> bool {
    only(report, &["index.", "words.", "watermark.", "checkpoint.", "file."])
}

/// Whether nothing was found but by rules that begin so.
fn only(report: &Report, rules: &[&str]) -> bool {
    report.found == report.findings.len() as u64
        && report.findings.iter().all(|it| rules.iter().any(|rule| it.rule.starts_with(rule)))
}

/// What was not looked at where events were not opened.
const UNOPENED: &str = "Whether each event can be opened, and whether the indexes find each by its id and its subjects: \
                        events were not opened, but for those that say whose keys are in force. An index is made from \
                        the records, and can be made again.";

/// `opened`: whether the events were opened, and gave the keys for which the indexes were asked.
pub(super) fn settle(report: &Report, signatures: Signatures, opened: bool) -> Conclusion {
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
    let Signatures { findings: signed, notes: told, mut limits, established, signed: by, .. } = signatures;
    let wrong = findings.count() + signed.count();
    findings.append(signed);
    let looked = count(report.records, "record", "records");
    let megabytes = report.bytes as f64 / 1e6;
    let summary = if wrong == 0 {
        let by = by
            .filter(|by| by.to > 0)
            .map_or_else(String::new, |by| format!("; signed up to {}", thousands(by.to)));
        let what = if opened { "link, node and index entry" } else { "link and node" };
        format!("{looked}, {megabytes:.1} MB: every byte, {what} is what the records give{by}")
    } else {
        format!("{} in {looked}, {megabytes:.1} MB", count(wrong, "place", "places"))
    };
    let mut notes = if wrong == 0 {
        Vec::new()
    } else {
        let advice =
            "Nothing was changed. Keep these files as they are, and restore a copy whose root you know.";
        vec![advice.to_owned()]
    };
    notes.extend(told);
    if !opened {
        limits.push(UNOPENED.to_owned());
    }
    findings.conclude(Verdict::holds_if(established), summary, notes, limits)
}

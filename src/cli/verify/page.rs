//! How the verdicts are printed: for people a line each, then what was found and what could not be established; for
//! programs one object.
//!
//! Invariant: what people read and what programs read say the same. It must not judge.

use serde_json::json;

use super::Verified;
use crate::audit::{Conclusion, Finding, Question, Verdict};
use crate::cli::out;

/// Findings of one question that people are shown; programs get all that are listed.
const SHOWN: usize = 20;

/// Where the text of a verdict begins.
const NAME: usize = 16;
const VERDICT: usize = 16;

impl Verified {
    /// For people.
    pub(in crate::cli) fn text(&self, width: usize) -> String {
        let mut page = self.heading();
        for conclusion in &self.audited.conclusions {
            page += &line(conclusion, width);
        }
        let notes: Vec<_> = self.audited.conclusions.iter().flat_map(|it| &it.notes).collect();
        if !notes.is_empty() {
            page += "\nWorth knowing\n";
            page += &notes.into_iter().map(|note| out::paragraph("  - ", note, width)).collect::<String>();
        }
        page += &self.findings(width);
        let limits: Vec<_> = self.audited.conclusions.iter().flat_map(|it| &it.limits).collect();
        if !limits.is_empty() {
            page += "\nWhat this could not establish\n";
            page += &limits.into_iter().map(|limit| out::paragraph("  - ", limit, width)).collect::<String>();
        }
        page
    }

    fn heading(&self) -> String {
        let example = if self.example() == Some(true) { "  (EXAMPLE DATA)" } else { "" };
        let mut page = format!("{}{example}\n", out::strong(&self.name.to_string()));
        let rate = self.report.bytes as f64 / 1e6 / self.took.as_secs_f64().max(1e-6);
        let records = out::count(self.report.records, "record", "records");
        page += &format!("  Size       {records}, read at {rate:.0} MB/s\n");
        if self.report.intact() {
            let integrity = &self.report;
            page += &format!("  Head hash  {}\n  Root       {}\n\n", integrity.hash, integrity.root);
        } else {
            page += "  Head hash  not established\n  Root       not established\n\n";
        }
        page
    }

    fn findings(&self, width: usize) -> String {
        let (mut page, mut number) = (String::new(), 0);
        for conclusion in &self.audited.conclusions {
            for finding in conclusion.findings.iter().take(SHOWN) {
                number += 1;
                page += &self.finding(number, finding, width);
            }
            let shown = conclusion.findings.len().min(SHOWN) as u64;
            if conclusion.found > shown {
                let more = out::count(conclusion.found - shown, "finding more", "findings more");
                page += &format!("  … and {more} of {}\n", conclusion.question.as_str());
            }
        }
        if page.is_empty() { page } else { format!("\nWhat was found\n{page}") }
    }

    fn finding(&self, number: usize, finding: &Finding, width: usize) -> String {
        let lead = format!("{number:>3}. ");
        let mut place = Vec::new();
        if let Some(sequence) = finding.sequence {
            place.push(format!("record {sequence}"));
        }
        if let Some((file, offset)) = &finding.place {
            place.push(format!("{} at byte {offset}", self.path.join(file).display()));
        }
        let place = if place.is_empty() { String::new() } else { format!(": {}", place.join(", ")) };
        let mut page = out::paragraph(&lead, &format!("{}{place}", finding.rule), width);
        page += &out::paragraph("     expected  ", &finding.expected, width);
        page += &out::paragraph("     found     ", &finding.found, width);
        if let Some(remedy) = finding.remedy {
            page += &out::paragraph("     to do     ", remedy, width);
        }
        page
    }

    fn example(&self) -> Option<bool> {
        self.audited.opened.as_ref().map(|opened| opened.example_data)
    }

    /// For programs.
    pub(in crate::cli) fn json(&self) -> String {
        let (report, audited) = (&self.report, &self.audited);
        let name = |question: Question| question.as_str().to_owned();
        let each = |value: &dyn Fn(&Conclusion) -> serde_json::Value| -> serde_json::Map<_, _> {
            audited.conclusions.iter().map(|it| (name(it.question), value(it))).collect()
        };
        let findings = audited.conclusions.iter().flat_map(|it| &it.findings).map(|it| {
            json!({"verdict": it.question.as_str(), "rule": it.rule,
                "file": it.place.as_ref().map(|(file, _)| file), "offset": it.place.as_ref().map(|(_, at)| at),
                "sequence": it.sequence, "expected": it.expected, "found": it.found, "remedy": it.remedy})
        });
        let kept = audited
            .kept
            .first()
            .map(|(kept, same)| json!({"size": kept.size, "root": kept.root.to_string(), "same": same}));
        let object = json!({
            "ledger": self.name.to_string(),
            "example_data": self.example(),
            "size": report.records,
            // Of records that do not hold, neither means anything.
            "root": report.intact().then(|| report.root.to_string()),
            "head": report.intact().then(|| report.hash.to_string()),
            "bytes": report.bytes,
            "verdicts": each(&|it| it.verdict.as_str().into()),
            "summaries": each(&|it| it.summary.as_str().into()),
            "notes": each(&|it| it.notes.clone().into()),
            "not_established": each(&|it| it.limits.clone().into()),
            "words": self.words(),
            "kept": kept,
            "findings": findings.collect::<Vec<_>>(),
            "found": audited.conclusions.iter().map(|it| it.found).sum::<u64>(),
        });
        format!("{object}\n")
    }

    fn words(&self) -> Option<serde_json::Value> {
        let words = self.audited.words.as_ref()?;
        let erasures = words.erasures.iter().map(|it| {
            json!({"sequence": it.sequence, "on": it.on.to_string(), "attested_by": it.by.as_str(),
                "fields": it.fields})
        });
        Some(json!({
            "held": words.held, "erased": words.erased, "half_erased": words.half_erased,
            "missing": words.missing, "altered": words.altered, "erased_unexplained": words.unexplained,
            "held_though_erased": words.not_erased, "erasures": erasures.collect::<Vec<_>>(),
        }))
    }
}

/// `COMPLETENESS   holds   …`.
fn line(conclusion: &Conclusion, width: usize) -> String {
    let name = conclusion.question.as_str().to_uppercase();
    let verdict = match conclusion.verdict {
        Verdict::Holds => "holds",
        Verdict::Broken => "BROKEN",
        Verdict::NotEstablished => "not established",
    };
    out::paragraph(&format!("{name:<NAME$}{verdict:<VERDICT$} "), &conclusion.summary, width)
}

//! Authorisation: was the source of each record granted that type, subject and post *then*?
//!
//! Invariant: the judgement is the domain's own, on the life of the source as it stood just before the record; nothing
//! here decides who may post what. It must not know how a source proved who it is: that left no trace in a ledger.

use super::fact::Fact;
use super::finding::{Conclusion, Findings, Question, Verdict, count};
use crate::domain::{
    event::Access,
    grants::{Entitlement, judge_claim},
    rejection::Rejection,
    subject::Life,
};

const REMEDY: &str =
    "no server writes such a record: ask who could write these files, and hold them against a copy";

/// The fold.
pub(super) struct Authorisation {
    findings: Findings,
    granted: u64,
    operator: u64,
    open: u64,
}

impl Default for Authorisation {
    fn default() -> Self {
        Self { findings: Findings::about(Question::Authorisation), granted: 0, operator: 0, open: 0 }
    }
}

impl Authorisation {
    /// Judges one record. Without an opening nothing is known of access, and nothing is granted.
    pub(super) fn record(&mut self, access: Option<Access>, holder: &Life, fact: &Fact) {
        let access = access.unwrap_or(Access::Granted);
        match judge_claim(access, holder, &fact.source, &fact.claim()) {
            Ok(Entitlement::Granted) => self.granted += 1,
            Ok(Entitlement::Operator) => self.operator += 1,
            Ok(Entitlement::Open) => self.open += 1,
            Err(rejection) => {
                self.findings.add("authorisation.grant", Some(fact.sequence), Some(REMEDY), || {
                    let what = match &rejection {
                        Rejection::NotGranted { what, .. } => what.clone(),
                        other => other.to_string(),
                    };
                    let expected = format!("a grant to {} that stood at its record: {what}", fact.source);
                    (expected, "none that covers it".to_owned())
                });
            }
        }
    }

    pub(super) fn settle(self, access: Option<Access>) -> Conclusion {
        let Self { findings, granted, operator, open } = self;
        let mut parts = vec![format!("{} granted then", count(granted, "record", "records"))];
        parts.push(format!("{operator} by the operator"));
        if open > 0 {
            parts.push(format!("{open} by sources that needed no grant"));
        }
        if findings.count() > 0 {
            parts.push(format!("{} NOT GRANTED", findings.count()));
        }
        let mut limits = Vec::new();
        if open > 0 {
            limits.push(format!(
                "Who posted {}: this ledger was opened without accounts, so anybody who could reach the port could \
                 post under any name.",
                count(open, "record", "records")
            ));
        }
        if access.is_none() {
            limits.push("Who might post at all: record 0 does not open a ledger.".to_owned());
        }
        if access == Some(Access::Granted) {
            limits.push(
                "Whether each call came from the source that the record names: that was proven to the server, and \
                 left no proof behind; and the operator needs no grant."
                    .to_owned(),
            );
        }
        let otherwise = Verdict::holds_if(open == 0 && access.is_some());
        findings.conclude(otherwise, parts.join(", "), Vec::new(), limits)
    }
}

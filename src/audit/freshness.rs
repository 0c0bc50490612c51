//! Freshness: what does somebody outside hold, does this ledger still have it, and how much came since?
//!
//! Invariant: a root counts only if the records give it at its size; an opinion counts only with its signature. A chain
//! that only its keeper holds proves nothing against its keeper: without anything from outside nothing is established.
//! It must not know how a root was kept.

use jiff::Timestamp;
use storage::{Digest, integrity::Report};

use super::Kept;
use super::fact::Fact;
use super::finding::{Conclusion, Findings, Question, Verdict, count};
use crate::domain::{
    decide::opinion_is_signed,
    event::{AuditOpinionRecorded, LedgerOpened, Payload},
};

const REWRITTEN: &str = "what stands in these files is not what stood there when it was kept: find out which is right, \
                         and restore a copy that has that root";
const ASK_AUDITOR: &str = "ask that auditor which root they signed, at which size";

/// The fold.
pub(super) struct Freshness {
    kept: Vec<(Kept, Option<Timestamp>)>,
    opinions: Vec<Opinion>,
}

struct Opinion {
    sequence: u64,
    recorded_at: Timestamp,
    said: AuditOpinionRecorded,
}

/// What the ledger came to.
pub(super) struct Head<'a> {
    pub(super) report: &'a Report,
    pub(super) opened: Option<&'a LedgerOpened>,
    /// When the last record was recorded.
    pub(super) last: Option<Timestamp>,
    pub(super) now: Timestamp,
    /// The root of so many first records, where that can be told.
    pub(super) root: &'a dyn Fn(u64) -> Option<Digest>,
}

/// What somebody outside holds, and the ledger has.
struct Held {
    size: u64,
    at: Timestamp,
    by: String,
}

impl Freshness {
    pub(super) fn new(kept: &[Kept]) -> Self {
        Self { kept: kept.iter().map(|kept| (*kept, None)).collect(), opinions: Vec::new() }
    }

    pub(super) fn record(&mut self, fact: &Fact) {
        for (kept, at) in &mut self.kept {
            if fact.sequence + 1 == kept.size {
                *at = Some(fact.recorded_at);
            }
        }
        if let Some(Payload::AuditOpinionRecorded(said)) = fact.payload() {
            let (sequence, recorded_at) = (fact.sequence, fact.recorded_at);
            self.opinions.push(Opinion { sequence, recorded_at, said: said.clone() });
        }
    }

    pub(super) fn settle(self, head: &Head<'_>) -> (Conclusion, Vec<(Kept, Option<bool>)>) {
        let mut findings = Findings::about(Question::Freshness);
        let (mut outside, mut compared) = (Vec::new(), Vec::new());
        for (kept, at) in &self.kept {
            let same = same(kept, head, &mut findings);
            compared.push((*kept, same));
            if let (Some(true), Some(at)) = (same, at) {
                outside.push(Held { size: kept.size, at: *at, by: "whoever kept the root".to_owned() });
            }
        }
        let opinions = self.opinions.len();
        for opinion in self.opinions {
            outside.extend(opinion.settle(head, &mut findings));
        }
        let newest = outside.iter().max_by_key(|held: &&Held| held.size);
        let mut limits = Vec::new();
        if self.kept.is_empty() {
            limits.push(
                "That this is the ledger that it was: no root that was kept elsewhere was given, and without one, a \
                 wholly rewritten ledger also verifies. Keep size and root with somebody else, and give them the next \
                 time."
                    .to_owned(),
            );
        }
        if opinions > 0 {
            limits.push(
                "Whether the key of an audit opinion is that auditor's: the ledger holds the key that was sent to it. \
                 Ask the auditor."
                    .to_owned(),
            );
        }
        let summary = newest.map_or_else(
            || "nobody outside is known to hold a checkpoint".to_owned(),
            |newest| newest.summary(head),
        );
        let otherwise = Verdict::holds_if(newest.is_some());
        (findings.conclude(otherwise, summary, Vec::new(), limits), compared)
    }
}

/// Whether the ledger has a root that was kept; nothing if that could not be looked at.
fn same(kept: &Kept, head: &Head<'_>, findings: &mut Findings) -> Option<bool> {
    if !head.report.intact() {
        return None;
    }
    let found = match (head.root)(kept.size) {
        Some(root) if root == kept.root => return Some(true),
        Some(root) => root.to_string(),
        None => format!("{} only", count(head.report.records, "record", "records")),
    };
    let last = kept.size.checked_sub(1);
    findings.add("freshness.kept", last, Some(REWRITTEN), || {
        (format!("at {} the root {}", count(kept.size, "record", "records"), kept.root), found)
    });
    Some(false)
}

impl Opinion {
    /// What its auditor holds, if the records give it.
    fn settle(self, head: &Head<'_>, findings: &mut Findings) -> Option<Held> {
        let Self { sequence, recorded_at, said } = self;
        let origin = &head.opened?.origin;
        if opinion_is_signed(&said, origin).is_err() {
            findings.add("freshness.signature", Some(sequence), Some(ASK_AUDITOR), || {
                let expected = "the signature of the key that the opinion names".to_owned();
                (expected, "another, or over another opinion".to_owned())
            });
            return None;
        }
        if !head.report.intact() {
            return None;
        }
        let found = match (head.root)(said.end).filter(|_| said.end <= sequence) {
            Some(root) if root.0 == said.root.0 => {
                let by = format!("{} (an audit opinion, record {sequence})", said.auditor);
                return Some(Held { size: said.end, at: recorded_at, by });
            }
            Some(root) => root.to_string(),
            None => format!("{} before it", count(sequence, "record", "records")),
        };
        findings.add("freshness.opinion", Some(sequence), Some(ASK_AUDITOR), || {
            (format!("at {} the root {}", count(said.end, "record", "records"), said.root), found)
        });
        None
    }
}

impl Held {
    fn summary(&self, head: &Head<'_>) -> String {
        let since = head.report.records.saturating_sub(self.size);
        let days = |to: Timestamp| to.duration_since(self.at).as_hours().max(0) / 24;
        let age = |days: i64| count(days.unsigned_abs(), "day", "days");
        let size = count(head.report.records, "record", "records");
        let mut parts = vec![format!("{} of {size} held outside, by {}", self.size, self.by)];
        if since > 0 {
            parts.push(format!("{since} came since, the last {} later", age(head.last.map_or(0, days))));
        }
        if head.opened.is_none_or(|opened| !opened.simulated_clock) {
            parts.push(format!("{} ago", age(days(head.now))));
        }
        parts.join("; ")
    }
}

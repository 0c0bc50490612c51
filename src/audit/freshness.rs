//! Freshness: what does somebody outside hold, does this ledger still have it, and how much came since?
//!
//! Invariant: a root counts only if the records give it at its size; an opinion or a cosignature counts only with its
//! signature, and where witnesses are pinned, theirs alone count. A chain that only its keeper holds proves nothing
//! against its keeper: without anything from outside nothing is established. It must not know how a root was kept.

use jiff::Timestamp;
use std::collections::BTreeMap;
use storage::{Digest, integrity::Report, note::Verifier};

use super::fact::Fact;
use super::finding::{Conclusion, Findings, Question, Verdict, count, thousands};
use super::trust::{Compared, Holder, Outside};
use super::{Given, Kept};
use crate::domain::{
    decide::{cosignature_is_signed, opinion_is_signed},
    event::{AuditOpinionRecorded, CosignatureRecorded, LedgerOpened, Payload},
};

const REWRITTEN: &str = "what stands in these files is not what stood there when it was kept: find out which is right, \
                         and restore a copy that has that root";
const ASK_AUDITOR: &str = "ask that auditor which root they signed, at which size";
const ASK_WITNESS: &str = "ask that witness which checkpoint of this ledger it cosigned last";

const ALONE: &str = "That this is the ledger that it was: nothing that was kept elsewhere was given, and without that, a \
                     wholly rewritten ledger also verifies. Keep a signed checkpoint, or size and root, with somebody \
                     else, and give it the next time.";
const WHERE_KEPT: &str = "Whether a checkpoint that was given was kept elsewhere, and by whom: a copy made here just now \
                          looks the same. Whoever gives it knows.";
const WHOSE_AUDITOR: &str = "Whether the key of an audit opinion is that auditor's: the ledger holds the key that was sent \
                             to it. Ask the auditor.";
const WHOSE_WITNESS: &str = "Whether a witness is who the ledger says: it holds the keys and the organisations that were \
                             sent to it, and no witness was pinned. Get the witnesses' keys from them, and pin those.";

/// How many of those who hold something people are told of in one line.
const TOLD: usize = 5;

/// The fold.
pub(super) struct Freshness {
    kept: Vec<Kept>,
    /// When the last record was recorded of what is held elsewhere, by size.
    times: BTreeMap<u64, Option<Timestamp>>,
    opinions: Vec<Said<AuditOpinionRecorded>>,
    cosignatures: Vec<Said<CosignatureRecorded>>,
}

/// What a record says.
struct Said<T> {
    sequence: u64,
    recorded_at: Timestamp,
    what: T,
}

/// What the ledger came to.
pub(super) struct Head<'a> {
    pub(super) report: &'a Report,
    /// Whether roots can be told.
    pub(super) told: bool,
    pub(super) opened: Option<&'a LedgerOpened>,
    /// When the last record was recorded.
    pub(super) last: Option<Timestamp>,
    pub(super) now: Timestamp,
    /// The root of so many first records, where that can be told.
    pub(super) root: &'a dyn Fn(u64) -> Option<Digest>,
}

/// What of the ledger is held outside by a signature of its own.
pub(super) struct Held<'a> {
    /// The checkpoints that were kept elsewhere.
    pub(super) elsewhere: &'a [Compared],
    /// The size of the published one, if it is believed, and the pinned witnesses that cosigned it.
    pub(super) published: Option<&'a (u64, Vec<(String, u64)>)>,
}

/// What it comes to.
pub(super) struct Settled {
    pub(super) conclusion: Conclusion,
    /// The bare roots, and whether the ledger has them.
    pub(super) compared: Vec<(Kept, Option<bool>)>,
    /// Who outside holds what.
    pub(super) outside: Vec<Outside>,
}

impl Freshness {
    pub(super) fn new(given: &Given) -> Self {
        let held = given.trust.elsewhere.iter().map(|it| it.signed.checkpoint.size);
        let sizes = given.kept.iter().map(|kept| kept.size).chain(held);
        let times = sizes.map(|size| (size, None)).collect();
        Self { kept: given.kept.clone(), times, opinions: Vec::new(), cosignatures: Vec::new() }
    }

    pub(super) fn record(&mut self, fact: &Fact) {
        if let Some(time) = self.times.get_mut(&(fact.sequence + 1)) {
            *time = Some(fact.recorded_at);
        }
        let (sequence, recorded_at) = (fact.sequence, fact.recorded_at);
        match fact.payload() {
            Some(Payload::AuditOpinionRecorded(said)) => {
                self.opinions.push(Said { sequence, recorded_at, what: said.clone() });
            }
            Some(Payload::CosignatureRecorded(said)) => {
                self.cosignatures.push(Said { sequence, recorded_at, what: said.clone() });
            }
            _ => {}
        }
    }

    pub(super) fn settle(self, head: &Head<'_>, witnesses: &[Verifier], outside: &Held<'_>) -> Settled {
        let Held { elsewhere, published } = *outside;
        let mut findings = Findings::about(Question::Freshness);
        let (mut rows, mut compared) = (Vec::new(), Vec::new());
        for kept in &self.kept {
            let same = same(kept, head, &mut findings);
            compared.push((*kept, same));
            let at = self.times.get(&kept.size).copied().flatten();
            if let (Some(true), Some(at)) = (same, at) {
                rows.push(Outside { holder: Holder::Root, size: kept.size, at, sequence: None });
            }
        }
        for it in elsewhere.iter().filter(|it| it.same == Some(true)) {
            let at = self.times.get(&it.size).copied().flatten();
            rows.extend(at.into_iter().flat_map(|at| of_file(it, at)));
        }
        if let Some((size, cosigned)) = published {
            rows.extend(cosigned.iter().filter_map(|it| of_witness(it, *size, None)));
        }
        let (opinions, cosignatures) = (self.opinions.len(), self.cosignatures.len());
        rows.extend(self.opinions.into_iter().filter_map(|it| opinion(it, head, &mut findings)));
        rows.extend(
            self.cosignatures.into_iter().filter_map(|it| cosignature(it, head, witnesses, &mut findings)),
        );
        let outside = newest_of_each(rows);
        let newest = outside
            .iter()
            .filter(|it| witnesses.is_empty() || it.holder.counts())
            .max_by_key(|it| (it.size, it.at));
        let mut limits = Vec::new();
        let cosigned = published.is_some_and(|(_, by)| !by.is_empty());
        if self.kept.is_empty() && !cosigned && !elsewhere.iter().any(|it| it.untrusted.is_none()) {
            limits.push(ALONE.to_owned());
        }
        limits.extend(elsewhere.iter().filter_map(shows_nothing));
        if elsewhere.iter().any(|it| it.same == Some(true)) {
            limits.push(WHERE_KEPT.to_owned());
        }
        if opinions > 0 {
            limits.push(WHOSE_AUDITOR.to_owned());
        }
        if cosignatures > 0 && witnesses.is_empty() {
            limits.push(WHOSE_WITNESS.to_owned());
        }
        let summary = newest.map_or_else(
            || "nobody outside is known to hold a checkpoint".to_owned(),
            |newest| summary(newest, head),
        );
        let otherwise = Verdict::holds_if(newest.is_some());
        let notes = told(&outside, witnesses.is_empty()).into_iter().collect();
        Settled { conclusion: findings.conclude(otherwise, summary, notes, limits), compared, outside }
    }
}

/// Whether the ledger has a root that was kept; nothing if that could not be looked at.
fn same(kept: &Kept, head: &Head<'_>, findings: &mut Findings) -> Option<bool> {
    if !head.told {
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

/// Whoever has the file holds it, and the pinned witnesses that cosigned it do.
fn of_file(it: &Compared, at: Timestamp) -> Vec<Outside> {
    let size = it.size;
    let mut held = vec![Outside { holder: Holder::File(it.by.clone()), size, at, sequence: None }];
    held.extend(it.cosigned.iter().filter_map(|it| of_witness(it, size, Some(at))));
    held
}

/// What a pinned witness cosigned, at its own time, or at `otherwise` where it tells none that there is.
fn of_witness((name, time): &(String, u64), size: u64, otherwise: Option<Timestamp>) -> Option<Outside> {
    let at = i64::try_from(*time).ok().and_then(|time| Timestamp::from_second(time).ok()).or(otherwise)?;
    let holder = Holder::Witness { name: name.clone(), organisation: None, pinned: true };
    Some(Outside { holder, size, at, sequence: None })
}

/// Why it shows nothing, if it does not.
fn shows_nothing(it: &Compared) -> Option<String> {
    match &it.untrusted {
        Some(why) => Some(format!(
            "Anything from {}: it is not shown to be this ledger's word, and was not held against it ({why}). If the \
             key was rotated in records that are missing here, pin the newer key.",
            it.by
        )),
        None if it.same.is_none() => {
            Some(format!("Whether the ledger has the root that {} has: roots cannot be told here.", it.by))
        }
        None => None,
    }
}

/// What an auditor holds, if the records give it.
fn opinion(it: Said<AuditOpinionRecorded>, head: &Head<'_>, findings: &mut Findings) -> Option<Outside> {
    let Said { sequence, recorded_at: at, what: said } = it;
    if opinion_is_signed(&said, &head.opened?.origin).is_err() {
        findings.add("freshness.signature", Some(sequence), Some(ASK_AUDITOR), || {
            let expected = "the signature of the key that the opinion names".to_owned();
            (expected, "another, or over another opinion".to_owned())
        });
        return None;
    }
    let has = head.gives(said.end, &said.root.0, sequence)?;
    if let Err(found) = has {
        findings.add("freshness.opinion", Some(sequence), Some(ASK_AUDITOR), || {
            (format!("at {} the root {}", count(said.end, "record", "records"), said.root), found)
        });
        return None;
    }
    let holder = Holder::Auditor(said.auditor.to_string());
    Some(Outside { holder, size: said.end, at, sequence: Some(sequence) })
}

/// What a witness holds, if the records give it.
fn cosignature(
    it: Said<CosignatureRecorded>,
    head: &Head<'_>,
    witnesses: &[Verifier],
    findings: &mut Findings,
) -> Option<Outside> {
    let Said { sequence, recorded_at, what: said } = it;
    if cosignature_is_signed(&said, &head.opened?.origin).is_err() {
        findings.add("freshness.signature", Some(sequence), Some(ASK_WITNESS), || {
            let expected = "the signature of the witness's key that the record names".to_owned();
            (expected, "another, or over another checkpoint".to_owned())
        });
        return None;
    }
    let has = head.gives(said.size, &said.root.0, sequence)?;
    if let Err(found) = has {
        findings.add("freshness.cosignature", Some(sequence), Some(ASK_WITNESS), || {
            (format!("at {} the root {}", count(said.size, "record", "records"), said.root), found)
        });
        return None;
    }
    let pinned = witnesses
        .iter()
        .any(|key| key.name() == said.witness.as_str() && key.public_key() == said.public_key.0);
    let time = i64::try_from(said.time).ok().and_then(|time| Timestamp::from_second(time).ok());
    // The witness's own clock says when, but never that it was after the ledger knew of it.
    let at = time.map_or(recorded_at, |time| time.min(recorded_at));
    let organisation = Some(said.organisation.to_string());
    let holder = Holder::Witness { name: said.witness.to_string(), organisation, pinned };
    Some(Outside { holder, size: said.size, at, sequence: Some(sequence) })
}

/// The newest for each who holds something; the largest first.
fn newest_of_each(held: Vec<Outside>) -> Vec<Outside> {
    let mut newest = BTreeMap::<Holder, Outside>::new();
    for it in held {
        let known = newest.entry(it.holder.clone()).or_insert_with(|| it.clone());
        if (known.size, known.at) < (it.size, it.at) {
            *known = it;
        }
    }
    let mut outside: Vec<_> = newest.into_values().collect();
    outside.sort_by_key(|it| std::cmp::Reverse(it.size));
    outside
}

/// Who holds what, in a line.
fn told(outside: &[Outside], all_count: bool) -> Option<String> {
    if outside.len() < 2 && outside.first().is_none_or(|it| all_count || it.holder.counts()) {
        // The summary says it.
        return None;
    }
    let one = |it: &Outside| {
        let aside = if all_count || it.holder.counts() { "" } else { ", not pinned: not counted" };
        format!("{} {}{aside}", it.by(), thousands(it.size))
    };
    let mut told: Vec<_> = outside.iter().take(TOLD).map(one).collect();
    if outside.len() > TOLD {
        told.push(format!("and {} more", outside.len() - TOLD));
    }
    Some(format!("Held outside, with how many records: {}.", told.join("; ")))
}

impl Holder {
    /// Whether it counts where witnesses are pinned.
    const fn counts(&self) -> bool {
        !matches!(self, Self::Witness { pinned: false, .. })
    }
}

impl Outside {
    fn by(&self) -> String {
        let record =
            |what: &str| self.sequence.map_or_else(String::new, |it| format!(" ({what}, record {it})"));
        match &self.holder {
            Holder::Root => "whoever kept the root".to_owned(),
            Holder::File(file) => format!("whoever keeps {file}"),
            Holder::Auditor(name) => format!("{name}{}", record("an audit opinion")),
            Holder::Witness { name, organisation: Some(by), .. } => {
                format!("{by} as the witness {name}{}", record("a cosignature"))
            }
            Holder::Witness { name, .. } => format!("the witness {name}"),
        }
    }
}

impl Head<'_> {
    /// Whether the records before `sequence` give that root at that size, or what they give; nothing if that cannot be
    /// told.
    fn gives(&self, size: u64, root: &[u8; 32], sequence: u64) -> Option<Result<(), String>> {
        if !self.told {
            return None;
        }
        Some(match (self.root)(size).filter(|_| size <= sequence) {
            Some(own) if own.0 == *root => Ok(()),
            Some(own) => Err(own.to_string()),
            None => Err(format!("{} before it", count(sequence, "record", "records"))),
        })
    }
}

fn summary(newest: &Outside, head: &Head<'_>) -> String {
    let since = head.report.records.saturating_sub(newest.size);
    let days = |to: Timestamp| to.duration_since(newest.at).as_hours().max(0) / 24;
    let age = |days: i64| count(days.unsigned_abs(), "day", "days");
    let size = count(head.report.records, "record", "records");
    let outside = thousands(newest.size);
    let mut parts = vec![format!("{outside} of {size} held outside, by {}", newest.by())];
    if since > 0 {
        parts.push(format!(
            "{} came since, the last {} later",
            thousands(since),
            age(head.last.map_or(0, days))
        ));
    }
    if head.opened.is_none_or(|opened| !opened.simulated_clock) {
        parts.push(format!("{} ago", age(days(head.now))));
    }
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_thousands_of_records_when_it_is_summed_up_then_every_count_of_them_reads_alike() {
        let hash = Digest([0; 32]);
        let (findings, checkpoints) = (Vec::new(), Vec::new());
        let report = Report {
            records: 5_600,
            bytes: 0,
            hash,
            root: hash,
            findings,
            found: 0,
            checkpoints,
            half_erased: 0,
        };
        let now = Timestamp::from_second(1_764_547_200).unwrap();
        let head = Head { report: &report, told: true, opened: None, last: Some(now), now, root: &|_| None };
        let newest = Outside { holder: Holder::Root, size: 4_500, at: now, sequence: None };
        let by = newest.by();
        let all = [newest.clone(), Outside { size: 1_200, ..newest.clone() }];
        let expected = format!("Held outside, with how many records: {by} 4,500; {by} 1,200.");
        assert_eq!(told(&all, true), Some(expected));
        assert_eq!(
            summary(&newest, &head),
            format!(
                "4,500 of 5,600 records held outside, by {by}; 1,100 came since, the last 0 days later; 0 days ago"
            )
        );
    }
}

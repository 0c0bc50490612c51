//! Completeness: is anything missing that somebody else counted?
//!
//! Invariant: the ledger's own count (its sequence) shows nothing to somebody who thinks that it was written anew; what
//! does are the counts of others: the numbers that a source gave its events, the statements of what it posted, the
//! reports that say how many records they counted, and the ledger's own word that it was restored from a copy that
//! lacked records that somebody knew. A statement is judged as the domain judged it when it was taken; the two
//! judgements must agree, because a day that is over gains no event. What nobody counted is *silent*: that is told, and
//! is not wrong. It must not know where records come from.

use jiff::{ToSpan as _, civil::Date};
use std::collections::HashMap;
use uuid::Uuid;

use super::fact::Fact;
use super::finding::{Conclusion, Findings, Question, Verdict, count, thousands};
use super::numbers::Numbers;
use super::sources::{Source, Sources};
use super::trust::Restore;
use crate::domain::{
    decide::{REPORTS, digest_of_ids, statement_matches},
    event::{Payload, SourceStatement},
    id::{Code, SourceName},
    irregularity::Irregularity,
    subject::State,
    value::Sha256,
};

const GAP: &str =
    "ask that system what it posted under these numbers, and whether it was told that it was refused";
const REPEAT: &str = "ask that system which of the two events it gave that number";
const STATEMENT: &str =
    "the ledger held something else when it took the statement: hold it against that system's receipts";
const REPORT: &str = "no server takes such a record: hold the report as it was issued against this ledger";

const LOST: &str = "get them from whoever posted them, by their receipts, and have them posted again; the ledger will \
                    always have lost what it held under these sequences";

/// The fold.
pub(super) struct Completeness {
    findings: Findings,
    records: u64,
    posted: Vec<Posted>,
    issued: Vec<(u64, Code, u32)>,
}

/// What one source posted.
#[derive(Default)]
struct Posted {
    /// Each day on which something was recorded, and the ids of that.
    days: Vec<(Date, Vec<Uuid>)>,
    numbers: Numbers,
    /// Of each period that the source stated itself: how many ids it had by then, and their digest. So it is worked out
    /// while other records are read, and not when there are no others.
    digests: HashMap<(Date, Date), (usize, Sha256)>,
}

impl Default for Completeness {
    fn default() -> Self {
        let findings = Findings::about(Question::Completeness);
        Self { findings, records: 0, posted: Vec::new(), issued: Vec::new() }
    }
}

impl Completeness {
    /// One record, of the source of that number, recorded on that day.
    pub(super) fn record(&mut self, source: usize, day: Date, fact: &Fact) {
        self.records += 1;
        if self.posted.len() <= source {
            self.posted.resize_with(source + 1, Posted::default);
        }
        let posted = &mut self.posted[source];
        if posted.days.last().is_none_or(|(last, _)| *last < day) {
            posted.days.push((day, Vec::new()));
        }
        if let Some(Payload::SourceStatement(SourceStatement { period_from, period_to, .. })) = fact.payload()
            && fact.is_about_its_source()
        {
            let period = (*period_from, *period_to);
            posted.digests.insert(period, posted.digest(period));
        }
        if let Some((_, ids)) = posted.days.last_mut() {
            ids.push(fact.id);
        }
        if let Some(number) = fact.number
            && !posted.numbers.add(number, fact.sequence)
        {
            self.findings.add("completeness.repeat", Some(fact.sequence), Some(REPEAT), || {
                let expected = format!("a number that {} had not given before", fact.source);
                (expected, format!("{number}, which an earlier record has"))
            });
        }
        if let Some(Payload::ReportIssued(issued)) = fact.payload() {
            if issued.as_known > fact.sequence {
                self.findings.add("completeness.report", Some(fact.sequence), Some(REPORT), || {
                    let expected = format!("a report over at most the {} records before it", fact.sequence);
                    (expected, format!("one over {}", issued.as_known))
                });
            }
            if REPORTS.contains(&issued.report.as_str()) {
                self.issued.push((fact.sequence, issued.report.clone(), issued.definition_version));
            } else {
                self.findings.add("completeness.report", Some(fact.sequence), Some(REPORT), || {
                    ("a report that there is".to_owned(), "another name".to_owned())
                });
            }
        }
    }

    pub(super) fn settle(
        mut self,
        sources: &Sources,
        restores: &[Restore],
        today: Date,
        definitions: fn(&str) -> Option<u32>,
    ) -> Conclusion {
        let mut told = Told::default();
        for restore in restores {
            restored(restore, &mut self.findings, &mut told.notes);
        }
        for (number, source) in sources.all().iter().enumerate() {
            let posted = self.posted.get_mut(number).map(std::mem::take).unwrap_or_default();
            counted(&posted.numbers, &source.name, &mut self.findings);
            told.numbered += posted.numbers.count();
            told.statements(source, &posted, today, &mut self.findings);
        }
        let unknown = |(_, report, version): &&(u64, Code, u32)| {
            definitions(report.as_str()).is_none_or(|newest| *version == 0 || *version > newest)
        };
        for (sequence, report, version) in self.issued.iter().filter(unknown) {
            told.undefined += 1;
            told.notes.push(format!(
                "Record {sequence} is the issue of a report {report} by its definition {version}, which this version \
                 does not know."
            ));
        }
        let summary = told.summary(self.records);
        let otherwise = Verdict::holds_if(told.disputed + told.undefined == 0 && !told.silent);
        let limits = told.limits();
        self.findings.conclude(otherwise, summary, told.notes, limits)
    }
}

/// A restore from which records are missing breaks completeness, for ever, however honestly it was said.
///
/// The question is whether anything is missing that somebody says was recorded, and here the ledger itself says so;
/// whether the keeper hid it is another question. If saying it were enough to hold, cutting a ledger short and calling it
/// a restore would be the way to lose a record without a verdict. Posting the events again does not mend it: their
/// receipts and places are gone. Where nothing is known to be missing, others' counts decide, as they always do: whether
/// the copy lacked records that nobody held a checkpoint of can show in nothing else.
fn restored(it: &Restore, findings: &mut Findings, notes: &mut Vec<String>) {
    let Restore { sequence, at, incarnation, restored_size, known_size } = *it;
    if it.lost() > 0 {
        findings.add("completeness.lost", Some(sequence), Some(LOST), || {
            let expected = format!("the {known_size} records that were known before the restore");
            let found = format!(
                "{restored_size} of them: {} lost, as record {sequence} says (incarnation {incarnation}, {at})",
                count(it.lost(), "record is", "records are")
            );
            (expected, found)
        });
        return;
    }
    let known = if known_size == 0 {
        "nobody's checkpoint was known, so whether records were lost is not".to_owned()
    } else {
        format!("it held all {known_size} that were known; what nobody held a checkpoint of may be lost")
    };
    notes.push(format!(
        "Record {sequence}: the ledger was restored from a copy of {restored_size} records (incarnation {incarnation}, \
         {at}): {known}."
    ));
}

/// What is told of sources.
#[derive(Default)]
struct Told {
    numbered: u64,
    /// Statements that the ledger matches.
    matched: u64,
    /// Statements that it did not match when it took them, and marked.
    disputed: u64,
    /// Statements that it matches otherwise than when it took them.
    broken: u64,
    undefined: u64,
    silent: bool,
    notes: Vec<String>,
}

/// The numbers of a source are without a gap.
fn counted(numbers: &Numbers, source: &SourceName, findings: &mut Findings) {
    let Some((first, last)) = numbers.ends() else { return };
    for gap in numbers.gaps() {
        findings.add("completeness.gap", Some(gap.before), Some(GAP), || {
            let expected = format!("each number of {source} from {first} to {last}");
            let found = if gap.from == gap.to {
                format!("none with {}", gap.from)
            } else {
                format!("none with {} to {}", gap.from, gap.to)
            };
            (expected, found)
        });
    }
}

impl Told {
    /// The statements of one source, and the months without any.
    fn statements(&mut self, source: &Source, posted: &Posted, today: Date, findings: &mut Findings) {
        let mut periods = Vec::new();
        if let State::Source(known) = source.life.state() {
            for (period, sequence) in &known.statements {
                let Some(standing) = source.life.as_it_stands(*sequence) else { continue };
                let Payload::SourceStatement(statement) = &standing.event.payload else { continue };
                periods.push(*period);
                // A correction was judged, and marked, at its own record.
                let said_by = source.life.corrected_by(*sequence).unwrap_or(*sequence);
                let said = source.life.facts().iter().find(|fact| fact.sequence == said_by);
                let marked =
                    said.is_some_and(|it| it.irregularities.contains(&Irregularity::StatementMismatch));
                self.statement(&source.name, said_by, statement, marked, posted, findings);
            }
        }
        let months = silent_months(source, posted, &periods, today);
        if let Some(months) = months {
            self.silent = true;
            self.notes
                .push(format!("{} is silent: no statement of what it posted in {months}.", source.name));
        }
    }

    fn statement(
        &mut self,
        source: &SourceName,
        sequence: u64,
        statement: &SourceStatement,
        marked: bool,
        posted: &Posted,
        findings: &mut Findings,
    ) {
        let SourceStatement { period_from: from, period_to: to, count: stated, digest } = statement;
        let held = posted.between(*from, *to).count();
        let own = || posted.digest((*from, *to)).1;
        match (statement_matches(statement, held, own), marked) {
            (true, false) => self.matched += 1,
            (false, true) => {
                self.disputed += 1;
                self.notes.push(format!(
                    "{source} stated {} for {from} to {to}; the ledger holds {held}{}, and marked that when it took \
                     the statement (record {sequence}).",
                    count(*stated, "event", "events"),
                    if *stated == held as u64 { " others" } else { "" },
                ));
            }
            (false, false) => {
                self.broken += 1;
                findings.add("completeness.statement", Some(sequence), Some(STATEMENT), || {
                    let expected = format!(
                        "{stated} of {source} recorded {from} to {to}, of digest {digest}, as it stated"
                    );
                    (expected, format!("{held}, of digest {}", own()))
                });
            }
            (true, true) => {
                self.broken += 1;
                findings.add("completeness.statement", Some(sequence), Some(STATEMENT), || {
                    let expected =
                        format!("other events of {source} than it stated for {from} to {to}, as is marked");
                    (expected, format!("just those: {held}"))
                });
            }
        }
    }

    fn summary(&self, records: u64) -> String {
        let Self { numbered, matched, disputed, broken, .. } = self;
        let mut parts = vec![format!("{} without a gap", count(records, "record", "records"))];
        if *numbered > 0 {
            parts.push(format!("{} numbered by their sources", thousands(*numbered)));
        }
        if matched + disputed + broken == 0 {
            parts.push("no statement of any source".to_owned());
        } else {
            parts.push(format!("{} matched", count(*matched, "statement", "statements")));
        }
        if *disputed > 0 {
            parts.push(format!("{disputed} marked as not matched"));
        }
        if *broken > 0 {
            parts.push(format!("{broken} NOT AS IT WAS TAKEN"));
        }
        parts.join(", ")
    }

    fn limits(&self) -> Vec<String> {
        let mut limits = Vec::new();
        if self.silent {
            limits.push(
                "Whether the ledger holds all that its sources posted: not every source stated it for every month \
                 (the notes say which)."
                    .to_owned(),
            );
        }
        if self.disputed > 0 {
            limits.push(
                "Which of the two counts is right where a source's statement and the ledger did not agree from the \
                 beginning: ask that source."
                    .to_owned(),
            );
        }
        limits
    }
}

impl Posted {
    /// The ids of what was recorded on these days, both ends in it.
    fn between(&self, from: Date, to: Date) -> impl Iterator<Item = Uuid> {
        let first = self.days.partition_point(|(day, _)| *day < from);
        let behind = self.days.partition_point(|(day, _)| *day <= to);
        self.days.get(first..behind).unwrap_or_default().iter().flat_map(|(_, ids)| ids.iter().copied())
    }

    /// How many ids it has in a period, and their digest. Ids are only ever added: where there are as many as there were,
    /// they are the same.
    fn digest(&self, period: (Date, Date)) -> (usize, Sha256) {
        let count = self.between(period.0, period.1).count();
        let known = self.digests.get(&period).filter(|(then, _)| *then == count);
        let anew = || (count, digest_of_ids(&mut self.between(period.0, period.1).collect::<Vec<_>>()));
        known.copied().unwrap_or_else(anew)
    }
}

/// The months that are over, from the source's first grant or event on, of which some day lies in no statement:
/// `2025-04 to 2025-06, 2025-09`.
fn silent_months(source: &Source, posted: &Posted, periods: &[(Date, Date)], today: Date) -> Option<String> {
    if source.name.as_str() == SourceName::OPERATOR {
        return None;
    }
    let first_event = posted.days.first().map(|(day, _)| *day);
    let begins = source.granted.into_iter().chain(first_event).min()?;
    let last_event = posted.days.last().map(|(day, _)| *day);
    // A system that another one succeeded posts no more: what it said last is the end.
    let ended = match source.life.state() {
        State::Source(known) => known.successor.as_ref().map(|next| last_event.max(Some(next.on))),
        _ => None,
    };
    let mut silent: Vec<(Date, Date)> = Vec::new();
    let mut month = begins.first_of_month();
    while month.last_of_month() < today && ended.flatten().is_none_or(|end| month <= end) {
        let last = ended.flatten().map_or(month.last_of_month(), |end| end.min(month.last_of_month()));
        if !covered(month.max(begins), last, periods) {
            let joins = silent.last().and_then(|(_, to)| to.checked_add(1.month()).ok()) == Some(month);
            match silent.last_mut() {
                Some(run) if joins => run.1 = month,
                _ => silent.push((month, month)),
            }
        }
        month = month.checked_add(1.month()).ok()?;
    }
    let name = |month: &Date| format!("{:04}-{:02}", month.year(), month.month());
    let runs: Vec<_> = silent
        .iter()
        .map(|(from, to)| if from == to { name(from) } else { format!("{} to {}", name(from), name(to)) })
        .collect();
    (!runs.is_empty()).then(|| runs.join(", "))
}

/// Whether every day of the span lies in a period. They are sorted by their first days.
fn covered(from: Date, to: Date, periods: &[(Date, Date)]) -> bool {
    let mut next = from;
    for (first, last) in periods {
        if *first <= next && next <= *last {
            match last.tomorrow() {
                Ok(day) => next = day,
                Err(_) => return true,
            }
        }
    }
    next > to
}

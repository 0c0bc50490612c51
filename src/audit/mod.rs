//! Five verdicts on a ledger: what its records, and what is held elsewhere, show to somebody who trusts neither the
//! ledger nor its keeper.
//!
//! | Question | Asks | File |
//! |---|---|---|
//! | integrity | is every byte, link and node what the records give? | `integrity` (found by `storage::integrity`) |
//! | completeness | is anything missing that somebody says was recorded? | `completeness` |
//! | authorisation | was each source granted what it posted, *then*? | `authorisation` |
//! | freshness | what does somebody outside hold, and how old is it? | `freshness` |
//! | erasure | are words there, or erased by an event that says so? | `erasure` |
//!
//! Invariant: a verdict is a fold of the records in order; it reads no clock and no file, so the same records give the
//! same verdicts in the command, in a server and in tests. What cannot be known is called *not established*, never
//! *holds*. It must not know where records come from (files, tiles, an export), nor how a verdict is printed.

mod authorisation;
mod completeness;
mod erasure;
mod fact;
mod finding;
mod freshness;
mod integrity;
mod numbers;
mod order;
mod sources;
#[cfg(test)]
mod tests;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use std::collections::{BTreeMap, BTreeSet};
use storage::{Digest, Keys, Record, integrity::Entry};

use crate::domain::event::{LedgerOpened, Payload};
use crate::journal::{codec, keys};

pub use erasure::{Attested, Words};
pub use finding::{Conclusion, Finding, Question, Verdict};

use fact::Fact;
use sources::Sources;

/// What an audit is given beside the records.
#[derive(Clone, Debug)]
pub struct Given {
    /// When it is made.
    pub now: Timestamp,
    /// What was kept elsewhere of this ledger.
    pub kept: Vec<Kept>,
    /// The newest version of the definitions of a report, by its code, as far as whoever asks knows them.
    pub definitions: fn(&str) -> Option<u32>,
}

/// A root that somebody kept elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// How many records the ledger held when it had that root.
    pub size: u64,
    /// The root.
    pub root: Digest,
}

/// An audit under way. Records and words may be shown to it on all cores, in any order.
pub struct Audit {
    given: Given,
    folds: order::Line<Folds>,
    words: erasure::Watch,
}

/// What an audit comes to.
#[derive(Debug)]
pub struct Audited {
    /// What the first record says of the ledger; nothing if it cannot be read.
    pub opened: Option<LedgerOpened>,
    /// One on each question that was asked, in the order of [`Question::ALL`].
    pub conclusions: Vec<Conclusion>,
    /// What became of the words; nothing where events were not opened.
    pub words: Option<Words>,
    /// The roots that were kept, and whether the ledger has them; nothing where that could not be looked at.
    pub kept: Vec<(Kept, Option<bool>)>,
}

impl Audit {
    /// Begins.
    pub fn new(given: Given) -> Self {
        let folds = Folds::new(&given);
        Self { given, folds: order::Line::new(folds), words: erasure::Watch::default() }
    }

    /// A record was read. Its keys are what the index must find it by.
    pub fn record(&self, record: &Record<'_>) -> Result<Keys, codec::Unreadable> {
        let recorded = codec::recorded(record)?;
        let keys = keys::of(&recorded.source, &recorded.event);
        self.words.record(&recorded);
        self.folds.give(Fact::of(recorded));
        Ok(keys)
    }

    /// Words were read; after the records of their group.
    pub fn word(&self, entry: &Entry<'_>) {
        self.words.word(entry);
    }

    /// What it comes to when everything was shown. `report` is what was found of bytes, links and the tree, and `root`
    /// gives the root of so many first records, where the ledger has it; it is asked only if the report is intact.
    pub fn settle(
        &self,
        report: &storage::integrity::Report,
        root: &dyn Fn(u64) -> Option<Digest>,
    ) -> Audited {
        let Folds { opened, zone, sources, completeness, authorisation, freshness, last, .. } =
            self.folds.settle(Folds::new(&self.given));
        let simulated = opened.as_ref().is_some_and(|opened| opened.simulated_clock);
        // A ledger whose times were not read from a clock is as old as its last record.
        let now = last.filter(|_| simulated).unwrap_or(self.given.now);
        let words = self.words.settle();
        let root = |size| if report.intact() && size <= report.records { root(size) } else { None };
        let (freshness, kept) =
            freshness.settle(&freshness::Head { report, opened: opened.as_ref(), last, now, root: &root });
        let mut conclusions = vec![
            integrity::settle(report, true),
            completeness.settle(&sources, zone.to_datetime(now).date(), self.given.definitions),
            authorisation.settle(opened.as_ref().map(|opened| opened.access)),
            freshness,
            words.conclude(),
        ];
        if !integrity::records_hold(report) {
            conclusions.iter_mut().skip(1).for_each(Conclusion::rests_on_damaged_records);
        }
        Audited { opened, conclusions, words: Some(words), kept }
    }
}

impl Audited {
    /// What a look at bytes, links and the tree alone comes to: the one question that needs no event opened.
    pub fn unopened(report: &storage::integrity::Report) -> Self {
        let conclusions = vec![integrity::settle(report, false)];
        Self { opened: None, conclusions, words: None, kept: Vec::new() }
    }

    /// Leaves the answers to these questions, and integrity, on which each of them rests.
    pub fn keep_only(&mut self, questions: &[Question]) {
        let asked = |it: Question| it == Question::Integrity || questions.contains(&it);
        self.conclusions.retain(|it| asked(it.question));
    }

    /// The records that findings are about, and of which nobody has said yet where they stand.
    pub fn unplaced(&self) -> BTreeSet<u64> {
        let findings = self.conclusions.iter().flat_map(|it| &it.findings);
        findings.filter(|it| it.place.is_none()).filter_map(|it| it.sequence).collect()
    }

    /// Says where they stand: file and byte.
    pub fn place(&mut self, places: &BTreeMap<u64, (String, u64)>) {
        let findings = self.conclusions.iter_mut().flat_map(|it| &mut it.findings);
        for finding in findings.filter(|it| it.place.is_none()) {
            finding.place = finding.sequence.and_then(|sequence| places.get(&sequence)).cloned();
        }
    }
}

/// All folds over the records in order, and what they share.
struct Folds {
    opened: Option<LedgerOpened>,
    zone: TimeZone,
    days: Days,
    sources: Sources,
    completeness: completeness::Completeness,
    authorisation: authorisation::Authorisation,
    freshness: freshness::Freshness,
    /// When the last record was recorded.
    last: Option<Timestamp>,
}

impl Folds {
    fn new(given: &Given) -> Self {
        Self {
            opened: None,
            zone: TimeZone::UTC,
            days: Days::default(),
            sources: Sources::default(),
            completeness: completeness::Completeness::default(),
            authorisation: authorisation::Authorisation::default(),
            freshness: freshness::Freshness::new(&given.kept),
            last: None,
        }
    }
}

impl order::Fold for Folds {
    fn record(&mut self, fact: Fact) {
        if let (0, Some(Payload::LedgerOpened(opened))) = (fact.sequence, fact.payload()) {
            self.zone = TimeZone::get(&opened.time_zone).unwrap_or(TimeZone::UTC);
            self.opened = Some(opened.clone());
        }
        let day = self.days.of(fact.recorded_at, &self.zone);
        let access = self.opened.as_ref().map(|opened| opened.access);
        let poster = self.sources.poster(&fact.source);
        self.authorisation.record(access, self.sources.life(poster), &fact);
        self.completeness.record(poster, day, &fact);
        self.freshness.record(&fact);
        self.last = self.last.max(Some(fact.recorded_at));
        // Last: a grant holds from the record after it.
        self.sources.learn(&fact, &self.zone);
    }
}

/// The day of recorded times that never decrease: looked up once a day.
#[derive(Default)]
struct Days(Option<(Date, Timestamp, Timestamp)>);

impl Days {
    fn of(&mut self, at: Timestamp, zone: &TimeZone) -> Date {
        if let Some((day, from, to)) = self.0
            && (from..to).contains(&at)
        {
            return day;
        }
        let day = zone.to_datetime(at).date();
        let begins = |day: Date| day.to_zoned(zone.clone()).ok().map(|it| it.timestamp());
        let ends = day.tomorrow().ok().and_then(begins);
        self.0 = begins(day).zip(ends).map(|(from, to)| (day, from, to));
        day
    }
}

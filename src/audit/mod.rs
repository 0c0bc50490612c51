//! Five verdicts on a ledger: what its records, and what is held elsewhere, show to somebody who trusts neither the
//! ledger nor its keeper.
//!
//! | Question | Asks | File |
//! |---|---|---|
//! | integrity | is every byte, link and node what the records give, and signed by the ledger's keys? | `integrity` (found by `storage::integrity`), `signatures`, `keys`, `elsewhere` |
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
mod elsewhere;
mod erasure;
mod fact;
mod finding;
mod freshness;
mod integrity;
mod keys;
mod numbers;
mod order;
pub mod print;
mod signatures;
mod sources;
#[cfg(test)]
pub(crate) mod tests;
mod trust;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use std::collections::{BTreeMap, BTreeSet};
use storage::{
    Digest, Keys, Record,
    integrity::{Content, Entry},
};

use crate::domain::event::{EventType, LedgerOpened, Payload};
use crate::journal::{codec, keys as journal_keys};

pub use erasure::{Attested, Words};
pub use finding::{Conclusion, Finding, Question, Verdict, count, thousands};
pub use trust::{Beside, Compared, Elsewhere, Holder, Outside, Restore, Sheet, Shown, Signed, Trust};

use fact::Fact;
use sources::Sources;

/// What an audit is given beside the records.
#[derive(Clone, Debug)]
pub struct Given {
    /// When it is made.
    pub now: Timestamp,
    /// What was kept elsewhere of this ledger, and is not signed.
    pub kept: Vec<Kept>,
    /// The keys that are pinned, and what is signed.
    pub trust: Trust,
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
    /// What signatures show; nothing if no key was pinned, or the keys could not be followed.
    pub signed: Option<Signed>,
    /// The signed checkpoints of this ledger that were kept elsewhere.
    pub elsewhere: Vec<Compared>,
    /// Who outside holds what: the newest for each.
    pub outside: Vec<Outside>,
    /// The restores that the ledger recorded.
    pub restores: Vec<Restore>,
    /// Whether records were looked at: of a log that is published there may be hashes alone.
    pub saw_records: bool,
}

impl Audit {
    /// Begins.
    pub fn new(given: Given) -> Self {
        let folds = Folds::new(&given);
        Self { given, folds: order::Line::new(folds), words: erasure::Watch::default() }
    }

    /// Records were read, one after the other. Their keys are what the index must find each by.
    pub fn records(&self, records: &[Record<'_>]) -> Vec<Result<Keys, codec::Unreadable>> {
        let mut sought = journal_keys::Sought::default();
        let (mut facts, mut unreadable) = (Vec::with_capacity(records.len()), Vec::new());
        for record in records {
            match codec::opened(record) {
                Ok(opened) => {
                    sought.event(&opened.source, &opened.event);
                    facts.push(self.fact(record.sequence, opened));
                }
                Err(why) => unreadable.push((facts.len(), why)),
            }
        }
        self.folds.give(facts);
        let mut told: Vec<_> = sought.keys().map(Ok).collect();
        // The last first: so the others still stand where they belong.
        for (place, why) in unreadable.into_iter().rev() {
            told.insert(place, Err(why));
        }
        told
    }

    /// A record was read, alone.
    pub fn record(&self, record: &Record<'_>) -> Result<Keys, codec::Unreadable> {
        let opened = codec::opened(record)?;
        let keys = journal_keys::of(&opened.source, &opened.event);
        self.folds.give(vec![self.fact(record.sequence, opened)]);
        Ok(keys)
    }

    /// What the folds need of a record; the words that it commits to are awaited from now on.
    #[inline]
    fn fact(&self, sequence: u64, opened: codec::Opened) -> Fact {
        let words = opened.event.payload.words();
        let fact = Fact::of(sequence, opened);
        self.words.record(&fact, words);
        fact
    }

    /// A record is passed by: it is opened only if it says whose keys are in force, or if what it is cannot be seen.
    pub fn pass(&self, record: &Record<'_>) -> Result<(), codec::Unreadable> {
        const TOLD: [&str; 3] = [
            EventType::LedgerOpened.as_str(),
            EventType::KeyRotated.as_str(),
            EventType::LedgerRestored.as_str(),
        ];
        if codec::type_of(record.event).is_none_or(|name| TOLD.contains(&name)) {
            self.folds.give(vec![Fact::of(record.sequence, codec::opened(record)?)]);
        }
        Ok(())
    }

    /// Words were read; after the records of their group.
    pub fn word(&self, entry: &Entry<'_>) {
        self.words.word(entry.sequence, entry.field, entry.content);
    }

    /// Words were read elsewhere than in the ledger's own files; after their records.
    pub fn exported_word(&self, sequence: u64, field: &str, content: Content<'_>) {
        self.words.word(sequence, field, content);
    }

    /// There are no words to look at, only records.
    pub fn without_words(&self) {
        self.words.none();
    }

    /// Words are said to be erased by an event behind what is looked at.
    pub fn erased_later(&self, sequence: u64, field: &str) {
        self.words.erased_later(sequence, field);
    }

    /// What it comes to when everything was shown. `report` is what was found of bytes, links and the tree, and `root`
    /// gives the root of so many first records, where the ledger has it; it is asked only if the report is intact.
    pub fn settle(
        &self,
        report: &storage::integrity::Report,
        root: &dyn Fn(u64) -> Option<Digest>,
    ) -> Audited {
        let Folds {
            opened,
            zone,
            sources,
            completeness,
            authorisation,
            freshness,
            rotations,
            restores,
            last,
            ..
        } = self.folds.settle(Folds::new(&self.given));
        let Given { now, trust, definitions, .. } = &self.given;
        let simulated = opened.as_ref().is_some_and(|opened| opened.simulated_clock);
        // A ledger whose times were not read from a clock is as old as its last record.
        let now = last.filter(|_| simulated).unwrap_or(*now);
        let words = self.words.settle();
        let told = integrity::roots_hold(report);
        let root = |size| if told && size <= report.records { root(size) } else { None };
        let (signatures, elsewhere) = signed(trust, opened.as_ref(), &rotations, &restores, report, &root);
        let signed = signatures.signed.clone();
        let head = freshness::Head { report, told, opened: opened.as_ref(), last, now, root: &root };
        let signed_outside =
            freshness::Held { elsewhere: &elsewhere, published: signatures.cosigned.as_ref() };
        let freshness = freshness.settle(&head, &trust.witnesses, &signed_outside);
        let nobodys = signatures.nobodys(trust);
        let mut conclusions = vec![
            integrity::settle(report, signatures, true),
            completeness.settle(&sources, &restores, zone.to_datetime(now).date(), *definitions),
            authorisation.settle(opened.as_ref().map(|opened| opened.access)),
            freshness.conclusion,
            words.conclude(),
        ];
        let why = if !integrity::records_hold(report) {
            Some("records are damaged or missing")
        } else if nobodys {
            Some("the checkpoint by which the records are shown is not signed by the key in force")
        } else {
            None
        };
        if let Some(why) = why {
            conclusions.iter_mut().skip(1).for_each(|it| it.rests_on(why));
        }
        let (kept, outside) = (freshness.compared, freshness.outside);
        let (saw_records, words) = (true, Some(words));
        Audited { opened, conclusions, words, kept, signed, elsewhere, outside, restores, saw_records }
    }

    /// What it comes to when every record was passed by: the one question that needs no other event opened than those.
    pub fn settle_integrity(
        &self,
        report: &storage::integrity::Report,
        root: &dyn Fn(u64) -> Option<Digest>,
    ) -> Audited {
        let Folds { opened, rotations, restores, .. } = self.folds.settle(Folds::new(&self.given));
        let told = integrity::roots_hold(report);
        let root = |size| if told && size <= report.records { root(size) } else { None };
        let (signatures, elsewhere) =
            signed(&self.given.trust, opened.as_ref(), &rotations, &restores, report, &root);
        let signed = signatures.signed.clone();
        Audited {
            opened,
            conclusions: vec![integrity::settle(report, signatures, false)],
            words: None,
            kept: Vec::new(),
            signed,
            elsewhere,
            outside: Vec::new(),
            restores,
            saw_records: true,
        }
    }
}

/// What signatures show: the ledger's own, and those of what was kept elsewhere.
fn signed(
    trust: &Trust,
    opened: Option<&LedgerOpened>,
    rotations: &keys::Rotations,
    restores: &[Restore],
    report: &storage::integrity::Report,
    root: &dyn Fn(u64) -> Option<Digest>,
) -> (signatures::Signatures, Vec<Compared>) {
    let origin = trust.origin(opened.map(|opened| opened.origin.as_str()));
    let mut signatures = signatures::settle(rotations, trust, origin, report, root);
    let walk = signatures.walk.take();
    let elsewhere = origin.map_or_else(Vec::new, |origin| {
        let against = elsewhere::Against { report, origin, walk: walk.as_ref(), restores, root };
        elsewhere::compare(trust, &against, &mut signatures.findings)
    });
    (signatures, elsewhere)
}

impl Audited {
    /// There were hash tiles alone: what was found wrong stands, and nothing else is established.
    pub fn saw_no_records(&mut self, size: u64) {
        self.saw_records = false;
        for conclusion in &mut self.conclusions {
            conclusion.saw_no_records(size);
        }
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
    rotations: keys::Rotations,
    restores: Vec<Restore>,
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
            freshness: freshness::Freshness::new(given),
            rotations: keys::Rotations::default(),
            restores: Vec::new(),
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
        self.rotations.record(&fact);
        if let Some(Payload::LedgerRestored(said)) = fact.payload() {
            let (sequence, at, incarnation) = (fact.sequence, fact.recorded_at, said.incarnation);
            let (restored_size, known_size) = (said.restored_size, said.known_size);
            self.restores.push(Restore { sequence, at, incarnation, restored_size, known_size });
        }
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

//! The ledger that a report is worked out from again: its records read in order, from a data directory or an export.
//!
//! Invariant: the root of the records that the report counts is computed from their bytes, and each record is linked to
//! the one before. Words are never read. It must not know what is in a report but which ledger it is of and how many
//! records it counts.

use anyhow::{Context as _, anyhow, bail};
use std::{collections::BTreeMap, ops::ControlFlow, path::Path, sync::Arc};
use storage::{
    Digest, Record,
    integrity::tiled::MAX_BUNDLE,
    merkle::{
        Range,
        tile::{self, Level},
    },
    note::SignedCheckpoint,
};

use crate::cli::{offline, verify::source};
use crate::domain::{
    command::Recorded,
    event::Payload,
    id::{Kind, LedgerName, Subject},
};
use crate::export::layout;
use crate::journal::{codec, erasure};
use crate::projections::Views;
use crate::reports::Report;

/// Words that an event says are erased.
pub(super) struct Erased {
    /// Beside which record.
    pub(super) sequence: u64,
    /// Which field. None: all of them.
    pub(super) field: Option<String>,
    /// The event.
    pub(super) by: u64,
}

/// A ledger, read.
pub(super) struct Ledger {
    pub(super) name: LedgerName,
    pub(super) views: Views,
    /// The root of the records that the report counts.
    pub(super) root: Option<Digest>,
    erased: Vec<Erased>,
}

impl Ledger {
    /// The ledger of a report, in a data directory.
    pub(super) fn of_data(data: &Path, report: &Report) -> anyhow::Result<Self> {
        let wanted = report.ledger.strip_prefix("ledgers/").unwrap_or(&report.ledger);
        let opened = offline::Opened::open(data, Some(wanted))?;
        let mut reading = Reading::upto(report.as_known);
        let mut failed = None;
        opened.reader.scan(0, opened.reader.head().size, &mut |record| match reading.take(&record) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        })?;
        failed.map_or(Ok(()), Err).with_context(|| data.display().to_string())?;
        reading.done(report, data)
    }

    /// The ledger of an export.
    pub(super) fn of_export(folder: &Path, report: &Report) -> anyhow::Result<Self> {
        let name = layout::CHECKPOINT;
        let at = |name: &str| format!("{}/{name}", folder.display());
        let bytes = source::read(&folder.join(name), storage::limits::MAX_NOTE + 1);
        let bytes = bytes.with_context(|| at(name))?;
        let bytes = bytes.ok_or_else(|| anyhow!("{}: there is none; give an export", at(name)))?;
        let signed = SignedCheckpoint::parse(&bytes).map_err(|why| anyhow!("{}: {why}", at(name)))?;
        let size = signed.checkpoint.size;
        let mut reading = Reading::upto(report.as_known);
        for tile in tile::tiles(size, Level::Entries) {
            let name = layout::entries(&tile);
            let bundle = source::read(&folder.join(&name), MAX_BUNDLE + 1).with_context(|| at(&name))?;
            let bundle = bundle.ok_or_else(|| anyhow!("{}: missing; the export is not whole", at(&name)))?;
            for entry in tile::entries(&bundle) {
                let (offset, bytes) =
                    entry.map_err(|offset| anyhow!("{} at byte {offset}: cut short", at(&name)))?;
                let place = || format!("{} at byte {offset}", at(&name));
                let record = Record::parse(bytes).map_err(|why| anyhow!("{}: {why}", place()))?;
                reading.take(&record).with_context(place)?;
            }
        }
        if reading.range.size() != size || reading.range.root() != signed.checkpoint.root {
            bail!(
                "{}: its records do not give the root of its checkpoint; `pledgebook verify` says what is wrong with it",
                folder.display()
            );
        }
        reading.done(report, folder)
    }

    /// The words beside the first `size` records that were erased later.
    pub(super) fn erased_since(&mut self, size: u64) -> Vec<Erased> {
        std::mem::take(&mut self.erased)
            .into_iter()
            .filter(|it| it.sequence < size && it.by >= size)
            .collect()
    }
}

/// Records in their order.
struct Reading {
    views: Views,
    range: Range,
    last: Option<Digest>,
    wanted: u64,
    root: Option<Digest>,
    name: Option<LedgerName>,
    /// All that is recorded about each request to erase.
    requests: BTreeMap<Subject, Vec<Arc<Recorded>>>,
    erased: Vec<Erased>,
}

impl Reading {
    fn upto(wanted: u64) -> Self {
        Self {
            views: Views::new(),
            range: Range::new(),
            last: None,
            wanted,
            root: None,
            name: None,
            requests: BTreeMap::new(),
            erased: Vec::new(),
        }
    }

    fn take(&mut self, record: &Record<'_>) -> anyhow::Result<()> {
        let next = self.range.size();
        if record.sequence != next {
            bail!("record {}: it stands where record {next} should", record.sequence);
        }
        if self.last.is_some_and(|last| last != record.prev) {
            bail!("record {next}: it is not linked to the record before");
        }
        let fact = codec::recorded(record)?;
        if next == 0 {
            self.name = LedgerName::parse(fact.event.subject.id().as_str()).ok();
        }
        let hash = record.hash();
        self.last = Some(hash);
        self.range.push(hash, |_, _| {});
        if self.range.size() == self.wanted {
            self.root = Some(self.range.root());
        }
        self.views.apply(&fact);
        self.erasures(fact);
        Ok(())
    }

    fn erasures(&mut self, fact: Recorded) {
        if fact.event.subject.kind() != Kind::Erasure {
            return;
        }
        let before = self.requests.entry(fact.event.subject.clone()).or_default();
        if matches!(fact.event.payload, Payload::ContentErased(_)) {
            for it in erasure::named(&fact.event.subject, before.clone()) {
                self.erased.push(Erased { sequence: it.sequence, field: it.field, by: fact.sequence });
            }
        }
        before.push(Arc::new(fact));
    }

    fn done(self, report: &Report, place: &Path) -> anyhow::Result<Ledger> {
        let place = place.display();
        let name = self.name.ok_or_else(|| anyhow!("{place}: its first record names no ledger"))?;
        if name.to_string() != report.ledger {
            bail!("{place}: it is {name}, and the report is of {}", report.ledger);
        }
        let size = self.views.size();
        if size < report.as_known {
            bail!(
                "{place}: it holds {size} records, and the report counts {}; give a copy or an export that is as new as \
                 the report",
                report.as_known
            );
        }
        Ok(Ledger { name, views: self.views, root: self.root, erased: self.erased })
    }
}

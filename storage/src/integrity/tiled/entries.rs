//! Entry bundles of a tiled log: their form, and each record in them.
//!
//! Invariant: every byte of a bundle belongs to a record that is judged, or is a finding. What
//! needs the records before a span's first is left to the merge. It must not know what is in a
//! record.

use std::io;

use super::{Begins, MAX_BUNDLE, SPAN, Span, Tiles, Work};
use crate::error::Error;
use crate::format::digest::{Digest, leaf_hashes};
use crate::format::record::Record;
use crate::integrity::Finding;
use crate::merkle::range::TILE_WIDTH;
use crate::merkle::tile::{self, Level, Tile};

impl Work<'_> {
    /// The leaf hashes of an entry bundle, whose records are judged by the way. `None` unless it
    /// has as many as it should.
    pub(super) fn entries(&self, tile: Tile, span: &mut Span) -> Result<Option<Vec<Digest>>, Error> {
        let name = self.tiles.name(tile);
        let wanted = format!("{} records", tile.width);
        let Some(bundle) = self.fetch(tile, MAX_BUNDLE)? else {
            span.missing += 1;
            span.findings.note(name, 0, "entry.missing", &wanted, "no entry bundle");
            return Ok(None);
        };
        let first = tile.index * TILE_WIDTH;
        let (mut records, mut fault) = (Vec::with_capacity(usize::from(tile.width)), None);
        for entry in tile::entries(&bundle) {
            match entry {
                Ok(entry) if records.len() < usize::from(tile.width) => records.push(entry),
                Ok((at, _)) => fault = fault.or(Some((at - 2, "bytes behind its last record"))),
                Err(at) => fault = fault.or(Some((at, "a record that is cut short"))),
            }
        }
        let leaves = leaf_hashes(records.iter().map(|(_, bytes)| *bytes));
        for (sequence, ((at, bytes), hash)) in (first..).zip(records.iter().zip(&leaves)) {
            self.record(&name, *at as u64, sequence, bytes, *hash, span);
        }
        if fault.is_none() && leaves.len() < usize::from(tile.width) {
            fault = Some((bundle.len(), "fewer"));
        }
        span.bytes += bundle.len() as u64;
        if let Some((at, found)) = fault {
            span.findings.note(name, at as u64, "entry.form", &wanted, found);
        }
        Ok((leaves.len() == usize::from(tile.width)).then_some(leaves))
    }

    fn record(&self, file: &str, at: u64, sequence: u64, bytes: &[u8], hash: Digest, span: &mut Span) {
        span.records += 1;
        let findings = &mut span.findings;
        let mut find = |at, rule, expected: String, found: String| {
            let (file, sequence) = (file.to_owned(), Some(sequence));
            findings.add(Finding { file, offset: at, sequence, rule, expected, found });
        };
        let record = match Record::parse(bytes) {
            Ok(record) => record,
            Err(fault) => {
                find(
                    at + fault.at as u64,
                    "record.form",
                    "the canonical form".to_owned(),
                    fault.rule.to_owned(),
                );
                // What follows is linked to these bytes, or is not.
                let time = span.ends.map_or(i64::MIN, |(_, time)| time);
                span.ends = Some((hash, time));
                return;
            }
        };
        if record.sequence != sequence {
            find(at, "record.sequence", sequence.to_string(), record.sequence.to_string());
        }
        if let Some((before, time)) = span.ends {
            if record.prev != before {
                find(at, "record.link", before.to_string(), record.prev.to_string());
            }
            if record.recorded_at < time {
                find(at, "record.time", format!("{time} or later"), record.recorded_at.to_string());
            }
        }
        if let Err(fault) = (self.watch.keyer)(&record) {
            find(at, "record.keys", "keys".to_owned(), fault.to_string());
        }
        if span.ends.is_none() && sequence.is_multiple_of(SPAN) {
            let (prev, recorded_at, file) = (record.prev, record.recorded_at, file.to_owned());
            span.begins = Some(Begins { sequence, prev, recorded_at, file, offset: at });
        }
        let time = span.ends.map_or(record.recorded_at, |(_, time)| time.max(record.recorded_at));
        span.ends = Some((hash, time));
    }
}

/// Where a record stands: its bundle's file, and the byte in it; `None` where it is not found.
///
/// # Errors
///
/// What `tiles` says.
pub fn place(tiles: &dyn Tiles, size: u64, sequence: u64) -> io::Result<Option<(String, u64)>> {
    if sequence >= size {
        return Ok(None);
    }
    let index = sequence / TILE_WIDTH;
    let width = (size - index * TILE_WIDTH).min(TILE_WIDTH) as u16;
    let tile = Tile { level: Level::Entries, index, width };
    let bundle = tiles.fetch(tile, MAX_BUNDLE)?.unwrap_or_default();
    let entry = tile::entries(&bundle).nth((sequence % TILE_WIDTH) as usize);
    Ok(entry.and_then(Result::ok).map(|(at, _)| (tiles.name(tile), at as u64)))
}

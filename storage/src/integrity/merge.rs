//! The segments in order: links across their boundaries, the tree over all, the watermark.
//!
//! Invariant: the root it reports is computed from the records alone. It must not read
//! segments again.

use super::examine::{Examination, Examined};
use super::{Finding, Findings, Report};
use crate::backend::Mode;
use crate::error::Error;
use crate::format::digest::Digest;
use crate::limits::PAGE;
use crate::log::{Identity, TILES, WATERMARK};
use crate::merkle::Range;
use crate::segment::index::set_nodes;
use crate::segment::{index_path, path};

/// What is known at the boundary between two segments.
struct Merge {
    identity: Option<Identity>,
    next: u64,
    hash: Option<Digest>,
    recorded_at: i64,
    records: u64,
    bytes: u64,
    whole: bool,
    range: Range,
    /// Hashes of the levels above 0, as the records give them.
    levels: Vec<Vec<u8>>,
    findings: Findings,
}

pub(super) fn merge(
    on: &Examination<'_>,
    examined: Vec<Examined>,
    findings: Findings,
) -> Result<Report, Error> {
    let identity =
        on.plan.segments.iter().find_map(|segment| Some(segment.header.as_ref()?.identity.clone()));
    let mut merge = Merge {
        hash: identity.as_ref().map(Identity::hash),
        identity,
        next: 0,
        recorded_at: i64::MIN,
        records: 0,
        bytes: 0,
        whole: true,
        range: Range::new(),
        levels: Vec::new(),
        findings,
    };
    let half_erased = examined.iter().map(|segment| segment.half_erased).sum();
    for (planned, segment) in on.plan.segments.iter().zip(examined) {
        if let Some(header) = &planned.header {
            merge.header(header);
        }
        let told = planned.header.as_ref().map(|header| header.prev);
        merge.segment(on, told, segment)?;
    }
    if merge.whole {
        merge.levels(on)?;
    }
    merge.watermark(on);
    let Findings { mut kept, count } = merge.findings;
    kept.sort_by(|one, two| (&one.file, one.offset).cmp(&(&two.file, two.offset)));
    Ok(Report {
        records: merge.records,
        bytes: merge.bytes,
        hash: merge.hash.unwrap_or(Digest([0; 32])),
        root: merge.range.root(),
        findings: kept,
        found: count,
        checkpoints: Vec::new(),
        half_erased,
    })
}

impl Merge {
    fn header(&mut self, header: &crate::segment::header::SegmentHeader) {
        let mut find = |expected: String, found: String| {
            self.findings.note(path(header.number), 0, "segment.header", &expected, &found);
        };
        if self.identity.as_ref() != Some(&header.identity) {
            find("the identity of the ledger".to_owned(), header.identity.origin.clone());
        }
        if self.whole && self.next != header.first {
            find(format!("first sequence {}", self.next), header.first.to_string());
        }
        if let Some(hash) = self.hash.filter(|hash| self.whole && *hash != header.prev) {
            find(format!("previous hash {hash}"), header.prev.to_string());
        }
    }

    /// `told`: what the segment's header says stands before it, which its first record was held against.
    fn segment(
        &mut self,
        on: &Examination<'_>,
        told: Option<Digest>,
        segment: Examined,
    ) -> Result<(), Error> {
        self.bytes += segment.bytes;
        self.findings.append(segment.findings);
        self.whole &= segment.whole;
        let Some((first, prev, recorded_at)) = segment.begins else { return Ok(()) };
        let mut find = |rule, expected: String, found: String| {
            let (file, offset, sequence) = (path(segment.number), PAGE as u64, Some(first));
            self.findings.add(Finding { file, offset, sequence, rule, expected, found });
        };
        if first != self.next {
            find("record.sequence", self.next.to_string(), first.to_string());
            self.whole = false;
        } else if let Some(hash) = self.hash.filter(|hash| *hash != prev && Some(*hash) != told) {
            find("record.link", hash.to_string(), prev.to_string());
        }
        if recorded_at < self.recorded_at {
            find("record.time", format!("{} or later", self.recorded_at), recorded_at.to_string());
        }
        self.records += segment.subtrees.iter().map(|(height, _)| 1_u64 << height).sum::<u64>();
        (self.next, self.hash) = (segment.next, segment.hash.or(self.hash));
        self.recorded_at = self.recorded_at.max(segment.recorded_at);
        if !self.whole {
            return Ok(());
        }
        for (height, root) in segment.subtrees {
            let levels = &mut self.levels;
            self.range.push_subtree(height, root, |level, hash| {
                if level > 0 {
                    levels.resize(levels.len().max(level as usize), Vec::new());
                    levels[level as usize - 1].extend_from_slice(&hash.0);
                }
            });
        }
        let Some(mut page) = segment.index else { return Ok(()) };
        set_nodes(&mut page, &self.range);
        let name = index_path(segment.number);
        let io = |error| Error::io(&name, 0, error);
        let mut stored = vec![0; PAGE];
        on.backend.open(&name, Mode::Read).map_err(io)?.read_at(&mut stored, 0).map_err(io)?;
        if page != stored {
            self.findings.note(name, 0, "index.bytes", "what the records give", "another page");
        }
        Ok(())
    }

    /// Compares the levels above 0, and how long all of them are.
    fn levels(&mut self, on: &Examination<'_>) -> Result<(), Error> {
        let leaves = self.range.size();
        let lengths: Vec<u64> =
            (0..8).map(|level| leaves >> (8 * level)).take_while(|count| *count > 0).collect();
        for (level, count) in lengths.iter().enumerate() {
            let name = format!("{TILES}/{level}");
            let io = |error| Error::io(&name, 0, error);
            let length =
                on.levels.file(level).map(|file| file.length()).transpose().map_err(io)?.unwrap_or(0);
            let wanted = count * 32;
            // A server, or a crash, may have added what is not committed.
            if length < wanted || (on.plan.clean() && length > wanted) {
                let (expected, found) = (format!("{wanted} bytes"), format!("{length} bytes"));
                self.findings.note(name.clone(), length.min(wanted), "level.length", &expected, &found);
            }
            let Some(wanted) = level.checked_sub(1).and_then(|level| self.levels.get(level)) else {
                continue;
            };
            let stored = on.levels.hashes(level, 0, wanted.len() / 32).map_err(io)?;
            for (index, (hash, wanted)) in stored.iter().zip(wanted.chunks(32)).enumerate() {
                if hash.0 != wanted {
                    let offset = 32 * index as u64;
                    let expected = "the root of the tile below";
                    self.findings.note(name.clone(), offset, "level.hash", expected, &hash.to_string());
                }
            }
        }
        Ok(())
    }

    fn watermark(&mut self, on: &Examination<'_>) {
        let Some(mark) = on.plan.mark else { return };
        let mut find = |rule, expected: String, found: String| {
            self.findings.note(WATERMARK.to_owned(), 0, rule, &expected, &found);
        };
        if self.identity.as_ref().is_some_and(|identity| identity.ledger != mark.ledger) {
            find("watermark.ledger", "this ledger's".to_owned(), "another's".to_owned());
        }
        if mark.size != self.next {
            find("watermark.size", mark.size.to_string(), self.next.to_string());
        } else if self.whole {
            if let Some(hash) = self.hash.filter(|hash| *hash != mark.hash) {
                find("watermark.hash", mark.hash.to_string(), hash.to_string());
            }
            if mark.root != self.range.root() {
                find("watermark.root", mark.root.to_string(), self.range.root().to_string());
            }
        }
    }
}

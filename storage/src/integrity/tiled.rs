//! A tiled log that somebody published or handed over (C2SP `tlog-tiles`), against a checkpoint:
//! every entry, link and hash, from the entries up to the root. Nothing in a tile is believed.
//!
//! Invariant: the root is computed from the entries alone; where there are none it is computed
//! from level 0, and nothing is said of records. What is held in memory is a hash for each 256
//! records, and what the threads are at. Whoever gave the checkpoint has judged its signature.
//! It must not know where tiles come from, nor what is in a record.
//!
//! | Rule | Holds when |
//! |---|---|
//! | `entry.missing`, `entry.form` | an entry bundle is there, and is as many whole records as it should be |
//! | `record.form`, `record.sequence`, `record.link`, `record.time`, `record.keys` | as in the [parent](super) |
//! | `tile.missing`, `tile.length` | a hash tile is there, and as long as its width says |
//! | `tile.hash` | each hash is that of its entry, or the root of its 256 children |
//! | `checkpoint.root` | the entries give the root of the checkpoint |

mod entries;

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::{Finding, Findings, Progress, Report};
use crate::error::{Error, Malformed};
use crate::format::digest::Digest;
use crate::format::record::Record;
use crate::limits::{MAX_FINDINGS, MAX_RECORD};
use crate::log::{Identity, Keys};
use crate::merkle::Range;
use crate::merkle::range::{TILE_WIDTH, fold, subtrees};
use crate::merkle::tile::{Level, Tile};
use crate::note::Checkpoint;
pub use entries::place;

/// Records that are shown together: 16 entry bundles.
pub const SPAN: u64 = 16 * TILE_WIDTH;
/// Longest entry bundle, in bytes.
pub const MAX_BUNDLE: usize = TILE_WIDTH as usize * (2 + MAX_RECORD);
/// Length of a full hash tile, in bytes.
pub const MAX_TILE: usize = 32 * TILE_WIDTH as usize;

/// Where tiles are had from.
pub trait Tiles: Sync {
    /// The bytes of a tile, cut off behind `most`; `None` when there is no such tile.
    ///
    /// # Errors
    ///
    /// When it cannot be known whether there is one, or what it holds.
    fn fetch(&self, tile: Tile, most: usize) -> io::Result<Option<Vec<u8>>>;

    /// What its file is called, for whoever has to look at it.
    fn name(&self, tile: Tile) -> String;

    /// How many may be fetched at once.
    fn at_once(&self) -> usize;
}

/// Whoever looks on.
pub struct Watch<'a> {
    /// Takes each record; what it gives is not needed. On all threads, in no order.
    pub keyer: &'a (dyn Fn(&Record<'_>) -> Result<Keys, Malformed> + Sync),
    /// Called when the records of a span were shown, with its first and the one behind its last.
    pub spanned: &'a (dyn Fn(u64, u64) -> Result<(), Error> + Sync),
    /// How many records were looked at, of how many.
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

/// The tree that was found, in memory but for most of its leaves.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    size: u64,
    /// Level 1 and those above: all their hashes.
    levels: Vec<Vec<Digest>>,
    /// The leaves behind the last full tile.
    last: Vec<Digest>,
}

/// Verifies the log that `checkpoint` is of. `entries` says whether its entry bundles can be
/// had; without them hash tiles alone are verified.
///
/// # Errors
///
/// `Io` when a tile cannot be fetched, and what `watch` gives.
pub fn verify(
    tiles: &dyn Tiles,
    checkpoint: &Checkpoint,
    entries: bool,
    watch: &Watch<'_>,
) -> Result<(Report, Tree), Error> {
    let Checkpoint { origin, size, root } = checkpoint;
    let work = Work { tiles, size: *size, entries, watch, done: AtomicU64::new(0) };
    let (missing, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let spans = in_parallel(size.div_ceil(SPAN), tiles.at_once(), &stop, |number| {
        let span = work.span(number)?;
        // What is not there at all may be as much as a checkpoint cares to say.
        if missing.fetch_add(span.missing, Ordering::Relaxed) + span.missing >= MAX_FINDINGS as u64 {
            stop.store(true, Ordering::Relaxed);
        }
        Ok(span)
    })?;
    let mut merge = Merge::new(entries.then(|| Identity { ledger: [0; 16], origin: origin.clone() }.hash()));
    for span in spans {
        merge.span(span);
    }
    if merge.range.size() == *size {
        merge.upper(&work)?;
        if merge.range.root() != *root {
            let found = merge.range.root().to_string();
            merge.findings.note("checkpoint".to_owned(), 0, "checkpoint.root", &root.to_string(), &found);
        }
    }
    Ok(merge.report(*size, entries))
}

struct Work<'a> {
    tiles: &'a dyn Tiles,
    size: u64,
    entries: bool,
    watch: &'a Watch<'a>,
    done: AtomicU64,
}

/// What some tiles next to each other turned out to be.
#[derive(Default)]
struct Span {
    /// Sequence, `prev` and time of the first record, and where it stands.
    begins: Option<Begins>,
    /// Hash and time of the last.
    ends: Option<(Digest, i64)>,
    records: u64,
    bytes: u64,
    /// A hash for each full tile.
    full: Vec<Digest>,
    /// The leaves behind them.
    last: Vec<Digest>,
    missing: u64,
    findings: Findings,
}

struct Begins {
    sequence: u64,
    prev: Digest,
    recorded_at: i64,
    file: String,
    offset: u64,
}

impl Work<'_> {
    fn span(&self, number: u64) -> Result<Span, Error> {
        let (first, end) = (number * SPAN, self.size.min((number + 1).saturating_mul(SPAN)));
        let mut span = Span::default();
        let mut at = first;
        while at < end {
            let width = (end - at).min(TILE_WIDTH);
            let leaves = self.leaves(
                Tile { level: Level::Hashes(0), index: at / TILE_WIDTH, width: width as u16 },
                &mut span,
            )?;
            match leaves {
                Some(leaves) if width == TILE_WIDTH => span.full.push(fold(leaves)),
                Some(leaves) => span.last = leaves,
                // The tree cannot be made any more.
                None => break,
            }
            at += width;
        }
        if self.entries {
            (self.watch.spanned)(first, end)?;
        }
        let done = self.done.fetch_add(end - first, Ordering::Relaxed) + (end - first);
        (self.watch.progress)(Progress { bytes: done, total: self.size });
        Ok(span)
    }

    /// The leaves of one tile: of its entries, compared with its hashes. `None` where neither is
    /// there.
    fn leaves(&self, tile: Tile, span: &mut Span) -> Result<Option<Vec<Digest>>, Error> {
        let hashes = self.hashes(tile, span)?;
        if !self.entries {
            return Ok(hashes);
        }
        let bundle = Tile { level: Level::Entries, ..tile };
        let Some(leaves) = self.entries(bundle, span)? else {
            // What the tile says stands in for them, so that the rest can be looked at; it is
            // found that they are not there, and so nothing is intact.
            span.ends = None;
            return Ok(hashes);
        };
        for (index, (leaf, hash)) in leaves.iter().zip(hashes.iter().flatten()).enumerate() {
            if leaf != hash {
                span.findings.add(Finding {
                    file: self.tiles.name(tile),
                    offset: 32 * index as u64,
                    sequence: Some(tile.index * TILE_WIDTH + index as u64),
                    rule: "tile.hash",
                    expected: leaf.to_string(),
                    found: hash.to_string(),
                });
            }
        }
        Ok(Some(leaves))
    }

    /// The hashes of a tile, if it is there and as long as it should be.
    fn hashes(&self, tile: Tile, span: &mut Span) -> Result<Option<Vec<Digest>>, Error> {
        let (name, wanted) = (self.tiles.name(tile), 32 * usize::from(tile.width));
        let Some(bytes) = self.fetch(tile, wanted)? else {
            span.missing += 1;
            span.findings.note(name, 0, "tile.missing", &format!("{wanted} bytes"), "no tile");
            return Ok(None);
        };
        if bytes.len() != wanted {
            let found = if bytes.len() > wanted { "more" } else { "fewer" };
            let offset = bytes.len().min(wanted) as u64;
            span.findings.note(name, offset, "tile.length", &format!("{wanted} bytes"), found);
        }
        let mut hashes = bytes.chunks_exact(32).map(|hash| {
            let mut digest = Digest([0; 32]);
            digest.0.copy_from_slice(hash);
            digest
        });
        let hashes: Vec<_> = hashes.by_ref().take(usize::from(tile.width)).collect();
        Ok((hashes.len() == usize::from(tile.width)).then_some(hashes))
    }

    fn fetch(&self, tile: Tile, most: usize) -> Result<Option<Vec<u8>>, Error> {
        // One byte more: so that what is too long is seen to be.
        let fetched = self.tiles.fetch(tile, most + 1);
        fetched.map_err(|error| Error::io(&self.tiles.name(tile), 0, error))
    }
}

/// The spans in order.
struct Merge {
    /// Hash and time of the last record, where they are known.
    ends: Option<(Digest, i64)>,
    records: u64,
    bytes: u64,
    range: Range,
    /// Whether a span's tree could not be made.
    broken: bool,
    tree: Tree,
    findings: Findings,
}

impl Merge {
    /// `origin` is what the first record is linked to, where records are looked at.
    fn new(origin: Option<Digest>) -> Self {
        Self {
            ends: origin.map(|hash| (hash, i64::MIN)),
            records: 0,
            bytes: 0,
            range: Range::new(),
            broken: false,
            tree: Tree::default(),
            findings: Findings::default(),
        }
    }

    fn span(&mut self, span: Option<Span>) {
        // One that was not looked at any more: what is missing was found before.
        let Some(span) = span else {
            (self.broken, self.ends) = (true, None);
            return;
        };
        self.findings.append(span.findings);
        self.records += span.records;
        self.bytes += span.bytes;
        if let (Some(begins), Some((hash, time))) = (&span.begins, self.ends) {
            let mut find = |rule, expected: String, found: String| {
                let (file, offset, sequence) = (begins.file.clone(), begins.offset, Some(begins.sequence));
                self.findings.add(Finding { file, offset, sequence, rule, expected, found });
            };
            if begins.prev != hash {
                find("record.link", hash.to_string(), begins.prev.to_string());
            }
            if begins.recorded_at < time {
                find("record.time", format!("{time} or later"), begins.recorded_at.to_string());
            }
        }
        self.ends = span.ends;
        if self.broken {
            return;
        }
        let leaves = span.full.len() as u64 * TILE_WIDTH + span.last.len() as u64;
        let levels = &mut self.tree.levels;
        let mut formed = |level: u32, hash: Digest| {
            if level > 0 {
                levels.resize(levels.len().max(level as usize), Vec::new());
                levels[level as usize - 1].push(hash);
            }
        };
        for hash in span.full {
            self.range.push_subtree(TILE_WIDTH.ilog2(), hash, &mut formed);
        }
        for leaf in &span.last {
            self.range.push(*leaf, &mut formed);
        }
        self.tree.last = span.last;
        // Behind a hole, or the end.
        self.broken = leaves < SPAN;
    }

    /// Compares the levels above 0.
    fn upper(&mut self, work: &Work<'_>) -> Result<(), Error> {
        for (number, wanted) in (1_u8..).zip(&self.tree.levels) {
            let tiles = wanted.len().div_ceil(TILE_WIDTH as usize) as u64;
            let never = AtomicBool::new(false);
            let found = in_parallel(tiles, work.tiles.at_once(), &never, |index| {
                let from = (index * TILE_WIDTH) as usize;
                let wanted = &wanted[from..wanted.len().min(from + TILE_WIDTH as usize)];
                let tile = Tile { level: Level::Hashes(number), index, width: wanted.len() as u16 };
                let mut span = Span::default();
                let hashes = work.hashes(tile, &mut span)?;
                for (at, (wanted, hash)) in wanted.iter().zip(hashes.iter().flatten()).enumerate() {
                    if wanted != hash {
                        let expected = format!("{wanted}, the root of its children");
                        let found = hash.to_string();
                        let name = work.tiles.name(tile);
                        span.findings.note(name, 32 * at as u64, "tile.hash", &expected, &found);
                    }
                }
                Ok(span.findings)
            })?;
            found.into_iter().flatten().for_each(|findings| self.findings.append(findings));
        }
        Ok(())
    }

    fn report(mut self, size: u64, entries: bool) -> (Report, Tree) {
        self.tree.size = self.range.size();
        let Findings { mut kept, count } = self.findings;
        kept.sort_by(|one, two| (&one.file, one.offset).cmp(&(&two.file, two.offset)));
        let report = Report {
            records: if entries { self.records } else { size },
            bytes: self.bytes,
            hash: self.ends.map_or(Digest([0; 32]), |(hash, _)| hash),
            root: self.range.root(),
            findings: kept,
            found: count,
            checkpoints: Vec::new(),
            half_erased: 0,
        };
        (report, self.tree)
    }
}

impl Tree {
    /// How many leaves it was made of.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the first `size` records; `None` where there are not so many, or where the
    /// tile that they end in is not what it was any more.
    ///
    /// # Errors
    ///
    /// What `tiles` says.
    pub fn root(&self, tiles: &dyn Tiles, size: u64) -> io::Result<Option<Digest>> {
        if size > self.size {
            return Ok(None);
        }
        let mut leaves = None;
        let mut nodes = Vec::new();
        for (first, height) in subtrees(0, size) {
            let (level, count) = (height / 8, 1 << (height % 8));
            let from = (first >> (8 * level)) as usize;
            let hashes = if let Some(above) = level.checked_sub(1) {
                &self.levels[above as usize]
            } else {
                if leaves.is_none() {
                    leaves = self.leaves(tiles, first / TILE_WIDTH)?;
                }
                let Some(leaves) = &leaves else { return Ok(None) };
                leaves
            };
            let from = if level == 0 { from % TILE_WIDTH as usize } else { from };
            let node = hashes[from..from + count].to_vec();
            nodes.push(fold(node));
        }
        Ok(Range::from_nodes(size, nodes).map(|range| range.root()))
    }

    /// The leaves of a tile. It is fetched again, and compared with what it was.
    fn leaves(&self, tiles: &dyn Tiles, index: u64) -> io::Result<Option<Vec<Digest>>> {
        let Some(wanted) = self.levels.first().and_then(|level| level.get(index as usize)) else {
            return Ok(Some(self.last.clone()));
        };
        let tile = Tile { level: Level::Hashes(0), index, width: TILE_WIDTH as u16 };
        let bytes = tiles.fetch(tile, MAX_TILE)?.unwrap_or_default();
        let hashes = bytes.chunks_exact(32).map(|hash| {
            let mut digest = Digest([0; 32]);
            digest.0.copy_from_slice(hash);
            digest
        });
        let hashes: Vec<_> = hashes.collect();
        Ok((hashes.len() == TILE_WIDTH as usize && fold(hashes.clone()) == *wanted).then_some(hashes))
    }
}

/// Runs `work` for 0 to `count` on so many threads until `stop`; the results are in order, up to
/// the last that was begun; one that was passed over is `None`.
fn in_parallel<T: Send>(
    count: u64,
    threads: usize,
    stop: &AtomicBool,
    work: impl Fn(u64) -> Result<T, Error> + Sync,
) -> Result<Vec<Option<T>>, Error> {
    let next = AtomicU64::new(0);
    let done = Mutex::new(Vec::new());
    let threads = threads.clamp(1, usize::try_from(count.max(1)).unwrap_or(usize::MAX));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count {
                        break;
                    }
                    let result = work(index);
                    if result.is_err() {
                        stop.store(true, Ordering::Relaxed);
                    }
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((index, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(index, _)| *index);
    let mut results = Vec::new();
    for (index, result) in done {
        results.resize_with(index as usize, || None);
        results.push(Some(result?));
    }
    if stop.load(Ordering::Relaxed) {
        results.push(None);
    }
    Ok(results)
}

#[cfg(test)]
mod tests;

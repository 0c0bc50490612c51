//! A log's own tiles, over the boundaries of tiles and spans, and another log's in their place.

use std::sync::Arc;

use super::*;
use crate::{Draft, Log, MemoryBackend, Options, Reader};

const ORIGIN: &str = "test.example/tiled";

/// A log of so many records; `salt` makes it another history from the first record on.
fn log(size: u64, salt: u8) -> Log {
    let backend = Arc::new(MemoryBackend::new());
    let identity = Identity { ledger: [salt; 16], origin: ORIGIN.to_owned() };
    let options = Options { background: false, ..Options::default() };
    let keys = || Keys { id: 0, subjects: Vec::new() };
    let mut log = Log::create(backend, identity, options, Arc::new(move |_| Ok(keys()))).unwrap();
    let mut sequence = 0;
    while sequence < size {
        let mut group = log.group();
        let end = size.min(sequence + 500);
        for number in sequence..end {
            // An empty map: what is in an event is nobody's business here.
            let recorded_at = number.cast_signed();
            let draft = Draft { source: "s", salt: [salt; 16], event: &[0x80], flags: &[], recorded_at };
            group.push(&draft, &[], keys()).unwrap();
        }
        sequence = end;
        log = log.commit(group).unwrap();
    }
    log
}

/// Tiles of one log, but for one that is of another.
struct Mixed {
    reader: Reader,
    other: Option<(Tile, Reader)>,
}

impl Tiles for Mixed {
    fn fetch(&self, tile: Tile, most: usize) -> io::Result<Option<Vec<u8>>> {
        let other = self.other.as_ref().filter(|(changed, _)| *changed == tile);
        let reader = other.map_or(&self.reader, |(_, reader)| reader);
        let bytes = reader.tile(tile).map_err(io::Error::other)?;
        Ok(bytes.map(|bytes| bytes[..bytes.len().min(most)].to_vec()))
    }

    fn name(&self, tile: Tile) -> String {
        tile.path()
    }

    fn at_once(&self) -> usize {
        3
    }
}

fn look(tiles: &Mixed, size: u64, entries: bool) -> (Report, Tree, u64) {
    let root = tiles.reader.root(size).unwrap();
    let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size, root };
    let (seen, spans) = (AtomicU64::new(0), AtomicU64::new(0));
    let keyer = |record: &Record<'_>| {
        seen.fetch_add(record.sequence + 1, Ordering::Relaxed);
        Ok(Keys { id: 0, subjects: Vec::new() })
    };
    let spanned = |first, end| {
        spans.fetch_add(end - first, Ordering::Relaxed);
        Ok(())
    };
    let watch = Watch { keyer: &keyer, spanned: &spanned, progress: &|_| {} };
    let (report, tree) = verify(tiles, &checkpoint, entries, &watch).unwrap();
    assert_eq!(spans.into_inner(), if entries { size } else { 0 });
    (report, tree, seen.into_inner())
}

#[test]
fn given_a_log_of_any_size_when_its_tiles_are_verified_then_they_hold_and_give_every_earlier_root() {
    let log = log(2 * SPAN + 300, 1);
    let tiles = Mixed { reader: log.reader(), other: None };
    for size in [0, 1, 2, 255, 256, 257, 513, SPAN - 1, SPAN, SPAN + 1, 2 * SPAN, 2 * SPAN + 300] {
        let (report, tree, seen) = look(&tiles, size, true);
        assert!(report.intact(), "{size}: {report:?}");
        assert_eq!((report.records, seen), (size, size * (size + 1) / 2), "each is shown once");
        assert_eq!(report.root, tiles.reader.root(size).unwrap());
        for earlier in [0, 1, 3, 255, 256, 300, 4_000, SPAN, SPAN + 77, size] {
            let root = tree.root(&tiles, earlier).unwrap();
            let wanted = (earlier <= size).then(|| tiles.reader.root(earlier).unwrap());
            assert_eq!(root, wanted, "{earlier} of {size}");
        }
        let (report, _, seen) = look(&tiles, size, false);
        assert!(report.intact() && seen == 0 && report.root == tiles.reader.root(size).unwrap());
    }
}

#[test]
fn given_another_histories_tile_in_the_place_of_one_when_it_is_verified_then_links_and_hashes_tell() {
    let (one, two) = (log(2 * SPAN + 300, 1), log(2 * SPAN + 300, 2));
    let size = 2 * SPAN + 300;
    let of = |level, index, width| Tile { level, index, width };
    let mixed = |tile| Mixed { reader: one.reader(), other: Some((tile, two.reader())) };
    // The first bundle of the second span: its link leads over the boundary between two threads' work.
    let (report, ..) = look(&mixed(of(Level::Entries, 16, 256)), size, true);
    let at =
        |rule| report.findings.iter().filter(|it| it.rule == rule).map(|it| it.sequence).collect::<Vec<_>>();
    assert_eq!(at("record.link"), [Some(SPAN), Some(SPAN + 256)]);
    assert_eq!((at("tile.hash").len(), at("checkpoint.root")), (257, vec![None]));
    for (tile, hashes) in [
        (of(Level::Hashes(0), 16, 256), 256),
        (of(Level::Hashes(0), 33, 44), 44),
        (of(Level::Hashes(1), 0, 33), 33),
    ] {
        let (report, ..) = look(&mixed(tile), size, true);
        assert!(
            report.findings.iter().all(|it| it.rule == "tile.hash" && it.file == tile.path()),
            "{report:?}"
        );
        assert_eq!(report.found, hashes);
    }
}

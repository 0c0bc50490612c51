//! The path of a tile: whatever is accepted is the one way to write it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use storage::merkle::Tile;
use storage::merkle::tile::tiles;

fuzz_target!(|bytes: &[u8]| {
    let Ok(path) = std::str::from_utf8(bytes) else { return };
    let Some(tile) = Tile::parse(path) else { return };
    assert_eq!(tile.path(), path, "an accepted path is written differently");
    // The last tile of the smallest tree that has it is just this one.
    if let Some((first, end)) = tile.leaves() {
        assert!(first < end, "a tile without leaves");
        if end < 1 << 20 {
            assert_eq!(tiles(end, tile.level).last(), Some(tile));
        }
    }
});

//! Which files an export has, and what they are called.
//!
//! ```text
//! README.txt                        what this is
//! auditors/checkpoints/<size>       kept checkpoints: signed notes, as they are
//! auditors/tile/entries/<N>[.p/<W>] entry bundles (C2SP tlog-tiles)
//! auditors/words/<first>.ndjson     words beside the records from <first> on
//! keys                              the keys, first to last, one a line
//! public/checkpoint                 the signed checkpoint that all of this is of
//! public/tile/<L>/<N>[.p/<W>]       hash tiles of exactly that size
//! ```
//!
//! Invariant: every size has one set of paths, told without reading anything; a path that is not among them is no part
//! of an export, and leads nowhere outside it. It must not know what stands in a file.

use storage::{
    integrity::tiled,
    merkle::{Tile, tile::Level},
};

/// What this is, for people.
pub const README: &str = "README.txt";
/// The keys, for comparison with the one that is pinned; never to be trusted by themselves.
pub const KEYS: &str = "keys";
/// The signed checkpoint.
pub const CHECKPOINT: &str = "public/checkpoint";
/// What may be published.
pub const PUBLIC: &str = "public";
/// What auditors alone may have.
pub const AUDITORS: &str = "auditors";

/// Records whose words stand in one file.
pub const SPAN: u64 = tiled::SPAN;

/// The text of [`README`]: a text that was ever written is known for ever, so that a changed one is found.
pub const READ_ME: &str = include_str!("README.txt");

/// Where the kept checkpoint of that size stands.
pub fn kept(size: u64) -> String {
    format!("{AUDITORS}/checkpoints/{size}")
}

/// Where the words beside the records from `first` on stand.
pub fn words(first: u64) -> String {
    format!("{AUDITORS}/words/{first}.ndjson")
}

/// Where an entry bundle stands.
pub fn entries(tile: &Tile) -> String {
    format!("{AUDITORS}/{}", tile.path())
}

/// Where a hash tile stands.
pub fn hashes(tile: &Tile) -> String {
    format!("{PUBLIC}/{}", tile.path())
}

/// The levels of hash tiles that a tree of that size has.
pub fn levels(size: u64) -> impl Iterator<Item = Level> {
    (0..8).map(Level::Hashes).take_while(move |level| size >> level.height() > 0)
}

/// The first records of the spans of words.
pub fn spans(size: u64) -> impl Iterator<Item = u64> {
    (0..size.div_ceil(SPAN)).map(|span| span * SPAN)
}

/// How many tiles of that level there are.
pub fn count(size: u64, level: Level) -> u64 {
    (size >> level.height()).div_ceil(u64::from(u8::MAX) + 1)
}

/// What a path of an export stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// [`README`].
    ReadMe,
    /// [`KEYS`].
    Keys,
    /// [`CHECKPOINT`].
    Checkpoint,
    /// The kept checkpoint of that size.
    Kept(u64),
    /// Words from that record on.
    Words(u64),
    /// An entry bundle or a hash tile.
    Tile(Tile),
}

impl Place {
    /// What stands at that path; none unless an export of some size has it.
    pub fn of(path: &str) -> Option<Self> {
        let found = match path.split_once('/') {
            None if path == README => Self::ReadMe,
            None if path == KEYS => Self::Keys,
            Some((PUBLIC, "checkpoint")) => Self::Checkpoint,
            Some((PUBLIC | AUDITORS, rest)) if rest.starts_with("tile/") => Self::Tile(Tile::parse(rest)?),
            Some((AUDITORS, rest)) => match rest.split_once('/')? {
                ("checkpoints", size) => Self::Kept(size.parse().ok()?),
                ("words", name) => Self::Words(name.strip_suffix(".ndjson")?.parse().ok()?),
                _ => return None,
            },
            _ => return None,
        };
        (found.path() == path).then_some(found)
    }

    /// Its path.
    pub fn path(&self) -> String {
        match self {
            Self::ReadMe => README.to_owned(),
            Self::Keys => KEYS.to_owned(),
            Self::Checkpoint => CHECKPOINT.to_owned(),
            Self::Kept(size) => kept(*size),
            Self::Words(first) => words(*first),
            Self::Tile(tile) if tile.level == Level::Entries => entries(tile),
            Self::Tile(tile) => hashes(tile),
        }
    }

    /// Whether an export of so many records has it.
    pub fn belongs(&self, size: u64) -> bool {
        match self {
            Self::ReadMe | Self::Keys | Self::Checkpoint => true,
            Self::Kept(kept) => (1..=size).contains(kept),
            Self::Words(first) => *first < size && first.is_multiple_of(SPAN),
            Self::Tile(it) => {
                let (full, rest) = ((size >> it.level.height()) / 256, (size >> it.level.height()) % 256);
                let wanted = if it.index < full { 256 } else { rest };
                it.index <= full && u64::from(it.width) == wanted
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use storage::merkle::tile;

    #[test]
    fn given_a_size_when_its_tiles_are_counted_then_it_is_as_many_as_are_listed() {
        for size in [0, 1, 255, 256, 257, 65_535, 65_536, 65_537, 70_000] {
            for level in levels(size).chain([Level::Entries]) {
                let listed: Vec<_> = tile::tiles(size, level).collect();
                assert_eq!(count(size, level), listed.len() as u64, "{size} {level:?}");
                for tile in listed {
                    let place = Place::Tile(tile);
                    assert_eq!(Place::of(&place.path()), Some(place));
                    assert!(place.belongs(size), "{size} {tile:?}");
                    // What is not full yet is another tile as soon as one more is in it.
                    let grown = size + (1 << level.height());
                    assert!(tile.is_full() || !place.belongs(grown), "{size} {tile:?}");
                }
            }
        }
    }

    #[test]
    fn given_a_path_that_no_export_has_when_it_is_looked_at_then_it_is_none() {
        for path in [
            "",
            "/",
            "..",
            "../keys",
            "/etc/passwd",
            "keys/",
            "public",
            "public/",
            "public/../keys",
            "public/keys",
            "public/tile/entries/000",
            "auditors/tile/0/000",
            "auditors/checkpoints/01",
            "auditors/checkpoints/+1",
            "auditors/checkpoints/",
            "auditors/words/0",
            "auditors/words/00.ndjson",
            "auditors/words/../0.ndjson",
            "auditors/checkpoint",
            "checkpoint",
            "tile/0/000",
        ] {
            assert_eq!(Place::of(path), None, "{path}");
        }
        assert!(!Place::Words(1).belongs(5_000) && !Place::Words(8_192).belongs(8_192));
        assert!(!Place::Kept(0).belongs(3) && !Place::Kept(4).belongs(3));
    }
}

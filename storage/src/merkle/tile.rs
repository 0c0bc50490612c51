//! Tiles: how C2SP `tlog-tiles` cuts a tree and its entries into files, and names them.
//!
//! Invariant: a tile has one path, and only that is understood. It must not know where its
//! bytes come from.

use super::range::{TILE_HEIGHT, TILE_WIDTH};

/// Highest level with a path of its own.
const TOP: u8 = 63;

/// What a tile holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Level {
    /// Entries: `u16 length ‖ record`, one behind the other (an entry bundle).
    Entries,
    /// Hashes of this level, 0 to 63: hash i of level L is the root of the leaves
    /// i·256^L … (i+1)·256^L−1.
    Hashes(u8),
}

impl Level {
    /// log2 of the leaves that one of its hashes or entries covers.
    #[must_use]
    pub const fn height(self) -> u32 {
        match self {
            Self::Entries => 0,
            Self::Hashes(level) => TILE_HEIGHT * level as u32,
        }
    }
}

/// A tile: up to 256 hashes, or entries.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Tile {
    /// What it holds.
    pub level: Level,
    /// Its place among those of its level, from 0.
    pub index: u64,
    /// How much of it there is: 1 to 256, of which 256 is a full tile.
    pub width: u16,
}

impl Tile {
    /// Its path below a log's prefix: `tile/0/x001/067.p/8`, `tile/entries/000`.
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = match self.level {
            Level::Entries => "tile/entries".to_owned(),
            Level::Hashes(level) => format!("tile/{level}"),
        };
        let digits = self.index.to_string();
        let digits = format!("{}{digits}", "0".repeat((3 - digits.len() % 3) % 3));
        for at in (0..digits.len()).step_by(3) {
            path.push_str(if at + 3 < digits.len() { "/x" } else { "/" });
            path.push_str(&digits[at..at + 3]);
        }
        if self.is_full() { path } else { format!("{path}.p/{}", self.width) }
    }

    /// The tile with this path; `None` unless it is just what [`Tile::path`] gives.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let (level, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let level = match level {
            "entries" => Level::Entries,
            level => Level::Hashes(number(level).filter(|level| *level <= u64::from(TOP))? as u8),
        };
        let (rest, width) = match rest.split_once(".p/") {
            None => (rest, TILE_WIDTH as u16),
            Some((rest, width)) => {
                (rest, number(width).filter(|width| (1..TILE_WIDTH).contains(width))? as u16)
            }
        };
        let mut index = 0_u64;
        let mut groups = rest.split('/').peekable();
        let mut begun = false;
        while let Some(group) = groups.next() {
            let last = groups.peek().is_none();
            let digits = if last { group } else { group.strip_prefix('x')? };
            if digits.len() != 3 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
                return None;
            }
            // A first group of zeros is one too many, unless it is the only one.
            if !begun && !last && digits == "000" {
                return None;
            }
            begun = true;
            index = index.checked_mul(1_000)?.checked_add(digits.parse().ok()?)?;
        }
        Some(Self { level, index, width })
    }

    /// Whether it is complete, and will never have another path.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.width as u64 == TILE_WIDTH
    }

    /// The leaves that it covers, as (first, the one behind the last); `None` when it is
    /// none (no width, or more than 256), or no tree is that large.
    #[must_use]
    pub fn leaves(&self) -> Option<(u64, u64)> {
        let width = u64::from(self.width);
        if !(1..=TILE_WIDTH).contains(&width) {
            return None;
        }
        let each = 1_u64.checked_shl(self.level.height())?;
        let first = self.index.checked_mul(TILE_WIDTH)?;
        Some((first.checked_mul(each)?, first.checked_add(width)?.checked_mul(each)?))
    }
}

/// A number in decimal digits, without zeros in front.
fn number(digits: &str) -> Option<u64> {
    let plain = digits.bytes().all(|digit| digit.is_ascii_digit());
    let canonical = plain && (digits == "0" || !digits.starts_with('0'));
    if canonical { digits.parse().ok() } else { None }
}

/// The tiles of one level of the tree with `size` leaves, in order: full ones, and at the
/// end what there is of the next. None is empty.
pub fn tiles(size: u64, level: Level) -> impl Iterator<Item = Tile> {
    let count = size.checked_shr(level.height()).unwrap_or(0);
    let (full, rest) = (count / TILE_WIDTH, (count % TILE_WIDTH) as u16);
    let partial = (rest > 0).then_some(Tile { level, index: full, width: rest });
    (0..full).map(move |index| Tile { level, index, width: TILE_WIDTH as u16 }).chain(partial)
}

/// The entries of a bundle (`u16 length ‖ record`), each with the byte at which it begins behind
/// its length; ends with `Err(byte)` at the first that is not whole.
pub fn entries(bundle: &[u8]) -> impl Iterator<Item = Result<(usize, &[u8]), usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = bundle.get(at..).filter(|rest| !rest.is_empty())?;
        let begins = at;
        let whole = rest.split_first_chunk().and_then(|(length, rest)| {
            let length = usize::from(u16::from_be_bytes(*length));
            rest.get(..length)
        });
        at = whole.map_or(bundle.len(), |entry| begins + 2 + entry.len());
        Some(whole.map(|entry| (begins + 2, entry)).ok_or(begins))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn hashes(level: u8, index: u64, width: u16) -> Tile {
        Tile { level: Level::Hashes(level), index, width }
    }

    #[test]
    fn given_tiles_when_they_are_named_then_the_paths_are_those_of_the_specification() {
        let entries = |index, width| Tile { level: Level::Entries, index, width };
        for (tile, path) in [
            (hashes(0, 0, 256), "tile/0/000"),
            (hashes(0, 0, 1), "tile/0/000.p/1"),
            (hashes(0, 999, 255), "tile/0/999.p/255"),
            (hashes(1, 1_000, 256), "tile/1/x001/000"),
            (hashes(0, 1_067, 8), "tile/0/x001/067.p/8"),
            (hashes(63, 1_234_067, 256), "tile/63/x001/x234/067"),
            (hashes(2, 1_000_000, 256), "tile/2/x001/x000/000"),
            (hashes(0, u64::MAX, 256), "tile/0/x018/x446/x744/x073/x709/x551/615"),
            (entries(0, 256), "tile/entries/000"),
            (entries(1_234_067, 17), "tile/entries/x001/x234/067.p/17"),
        ] {
            assert_eq!(tile.path(), path);
            assert_eq!(Tile::parse(path), Some(tile), "{path}");
        }
    }

    #[test]
    fn given_any_other_way_to_write_a_path_when_it_is_parsed_then_it_is_none() {
        for path in [
            "",
            "tile",
            "tile/",
            "tile/0",
            "tile/0/",
            "tile/0/0",
            "tile/0/00",
            "tile/0/0000",
            "/tile/0/000",
            "tile//0/000",
            "tile/0/000/",
            "tile/0//000",
            "tile/00/000",
            "tile/01/000",
            "tile/64/000",
            "tile/256/000",
            "tile/-1/000",
            "tile/+1/000",
            "tile/x/000",
            "tile/data/000",
            "tile/Entries/000",
            "tile/8/0/000",
            "tile/0/x000/001",
            "tile/0/x000/000",
            "tile/0/x001",
            "tile/0/001/067",
            "tile/0/x1/067",
            "tile/0/x0001/067",
            "tile/0/X001/067",
            "tile/0/xx01/067",
            "tile/0/x001/x067",
            "tile/0/1067",
            "tile/0/+12",
            "tile/0/ 12",
            "tile/0/12a",
            "tile/0/000.p",
            "tile/0/000.p/",
            "tile/0/000.p/0",
            "tile/0/000.p/00",
            "tile/0/000.p/01",
            "tile/0/000.p/+1",
            "tile/0/000.p/256",
            "tile/0/000.p/257",
            "tile/0/000.p/65537",
            "tile/0/000.p/1/",
            "tile/0/000.p/1.p/1",
            "tile/0/x001.p/1/067",
            "tile/0/000.P/1",
            "tile/0/000p/1",
            "tile/0/000?",
            "tile/0/٠٠٠",
            "tile/0/x018/x446/x744/x073/x709/x551/616",
            "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
            "tile/entries",
            "tile/entries/",
            "tile/entries/0",
            "../tile/0/000",
            "tile/0/../000",
        ] {
            assert_eq!(Tile::parse(path), None, "{path}");
        }
    }

    #[test]
    fn given_a_size_when_its_tiles_are_listed_then_they_cover_it_once_and_none_is_empty() {
        for (size, level, widths) in [
            (0, Level::Entries, &[][..]),
            (1, Level::Entries, &[1]),
            (255, Level::Hashes(0), &[255]),
            (256, Level::Hashes(0), &[256]),
            (257, Level::Hashes(0), &[256, 1]),
            (255, Level::Hashes(1), &[]),
            (256, Level::Hashes(1), &[1]),
            (70_000, Level::Hashes(1), &[256, 17]),
            (70_000, Level::Hashes(2), &[1]),
            (70_000, Level::Hashes(3), &[]),
            (u64::MAX, Level::Hashes(7), &[255]),
            (u64::MAX, Level::Hashes(8), &[]),
            (u64::MAX, Level::Hashes(63), &[]),
        ] {
            let found: Vec<Tile> = tiles(size, level).collect();
            assert_eq!(found.iter().map(|tile| tile.width).collect::<Vec<_>>(), widths, "{size} {level:?}");
            let mut at = 0;
            for (index, tile) in (0..).zip(&found) {
                assert_eq!((tile.level, tile.index), (level, index));
                let (first, end) = tile.leaves().unwrap();
                assert_eq!((first, end > first, end <= size), (at, true, true));
                at = end;
            }
        }
    }

    #[test]
    fn given_a_bundle_when_it_is_cut_anywhere_then_the_entries_before_the_cut_are_there_and_the_cut_is_told()
    {
        let bundle = [&[0, 1][..], b"a", &[0, 0], &[0, 3], b"bcd"].concat();
        let all: Vec<_> = entries(&bundle).collect();
        assert_eq!(all, [Ok((2, &b"a"[..])), Ok((5, &b""[..])), Ok((7, &b"bcd"[..]))]);
        for cut in 0..bundle.len() {
            let found: Vec<_> = entries(&bundle[..cut]).collect();
            let begins = [0, 3, 5].into_iter().filter(|at| *at < cut).collect::<Vec<usize>>();
            let whole = begins.len() - usize::from(!begins.is_empty() && ![3, 5].contains(&cut));
            assert_eq!(found.iter().filter(|it| it.is_ok()).count(), whole, "{cut}");
            assert_eq!(found.last().is_some_and(Result::is_err), whole < begins.len(), "{cut}");
        }
    }

    #[test]
    fn given_what_no_tree_has_when_its_leaves_are_asked_for_then_there_are_none() {
        for tile in [
            hashes(0, 0, 0),
            hashes(0, 0, 257),
            hashes(8, 0, 1),
            hashes(63, 0, 1),
            hashes(7, 0, 256),
            hashes(0, u64::MAX, 1),
            hashes(0, u64::MAX / 256, 256),
        ] {
            assert_eq!(tile.leaves(), None, "{tile:?}");
        }
        assert_eq!(hashes(7, 0, 255).leaves(), Some((0, 255 << 56)));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn given_any_tile_when_it_is_named_and_parsed_then_it_is_the_same(
            level in prop_oneof![Just(Level::Entries), (0..=63_u8).prop_map(Level::Hashes)],
            index in prop_oneof![any::<u64>(), 0..5_000_u64],
            width in 1..=256_u16,
        ) {
            let tile = Tile { level, index, width };
            prop_assert_eq!(Tile::parse(&tile.path()), Some(tile));
        }

        #[test]
        fn given_any_text_when_it_is_parsed_then_what_is_accepted_has_that_path(
            text in "tile/(entries|[0-9]{1,2})(/x?[0-9]{1,4}){1,3}(\\.p/[0-9]{1,3})?",
        ) {
            if let Some(tile) = Tile::parse(&text) {
                prop_assert_eq!(tile.path(), text);
            }
        }
    }
}

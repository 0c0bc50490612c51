//! What a crash may leave: every prefix, every subset, every tear of what was not synced.
//!
//! Invariant: the states of a disk follow from the disk alone, in the same order each time.

use std::collections::BTreeMap;

use storage::SimulatedDisk;
use storage::backend::{Keep, Unsynced};

use crate::ledger::is_a;

pub(crate) type Image = BTreeMap<String, Vec<u8>>;

/// So many unsynced changes are taken in every subset: a life never has more at once.
pub(crate) const WINDOW: usize = 11;

/// Keeps the changes whose bit is set.
pub(crate) fn subset(disk: &SimulatedDisk, kept: u64) -> Image {
    let mut index = 0;
    disk.crash(|_| {
        index += 1;
        if kept >> (index - 1) & 1 == 1 { Keep::All } else { Keep::Nothing }
    })
}

fn low(bits: usize) -> u64 {
    if bits >= 64 { u64::MAX } else { (1 << bits) - 1 }
}

/// Every prefix of the unsynced changes, in the order in which they were made.
pub(crate) fn prefixes(disk: &SimulatedDisk) -> Vec<u64> {
    let count = disk.unsynced().len();
    assert!(count <= 64, "{count} unsynced changes have more subsets than a word has");
    (0..=count).map(low).collect()
}

/// Every subset of up to `window` unsynced changes. Of more, every subset of the newest so
/// many with all the older kept and with all of them lost, and every subset of the oldest.
pub(crate) fn subsets(disk: &SimulatedDisk, window: usize) -> Vec<u64> {
    let count = disk.unsynced().len();
    assert!(count <= 64, "{count} unsynced changes have more subsets than a word has");
    let free = count.min(window);
    let rest = count - free;
    let mut masks: Vec<u64> = (0..1 << free)
        .flat_map(|chosen: u64| {
            let newest = chosen.checked_shl(rest as u32).unwrap_or(0);
            let oldest = chosen | (low(count) & !low(free));
            [newest | low(rest), newest, chosen, oldest]
        })
        .collect();
    masks.sort_unstable();
    masks.dedup();
    masks
}

/// A torn write: which of the unsynced changes, and what is left of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tear {
    pub(crate) index: usize,
    pub(crate) keep: Keep,
}

/// Every way to tear the newest write, which alone can be under way in part when all older
/// ones are done: at every byte of a group's or an entry's head and around every sector's
/// boundary, at every 16th byte of the rest, from the front and from the back; and every
/// subset of its sectors.
pub(crate) fn tears(disk: &SimulatedDisk) -> Vec<Tear> {
    let unsynced = disk.unsynced();
    let Some((index, write)) = unsynced.iter().enumerate().next_back() else { return Vec::new() };
    if write.length == 0 {
        return Vec::new();
    }
    let mut tears: Vec<Tear> = Vec::new();
    for cut in cuts(write) {
        tears.extend([Keep::Front(cut), Keep::Back(cut)].map(|keep| Tear { index, keep }));
    }
    let sectors = (write.offset % 512 + write.length as u64).div_ceil(512);
    // A segment's zeros and header are more sectors than that, and synced before they count.
    if sectors <= 7 {
        tears.extend((1..(1 << sectors) - 1).map(|kept| Tear { index, keep: Keep::Sectors(kept) }));
    }
    tears
}

fn cuts(write: &Unsynced) -> Vec<usize> {
    let records = is_a(&write.path, "seg") || is_a(&write.path, "words");
    let (head, stride) = if records { (48, 16) } else { (8, 128) };
    let near_sector = |cut: &usize| (write.offset as usize + cut + 1) % 512 <= 2;
    let near_end = |cut: &usize| cut + 4 >= write.length;
    let chosen = |cut: &usize| *cut < head || near_sector(cut) || near_end(cut) || cut.is_multiple_of(stride);
    (1..write.length).filter(chosen).collect()
}

/// What is left when one write is torn; of the others all are kept, or none.
pub(crate) fn torn(disk: &SimulatedDisk, tear: Tear, others: Keep) -> Image {
    let mut index = 0;
    disk.crash(|_| {
        index += 1;
        if index == tear.index + 1 { tear.keep } else { others }
    })
}

//! Power lost at every operation of a life, in every state that it may leave.
//!
//! Each test takes its part of the states, so that they run side by side, and prints how many
//! it visited. What is claimed of them all stands in `judge`. Where a product explodes, a
//! part of it is drawn by the fingerprint of the state: always the same part.

mod eio;
mod erase;
mod judge;
mod script;
mod states;

use std::collections::HashSet;
use std::sync::Arc;

use storage::backend::Keep;
use storage::{Backend, Digest, MemoryBackend, SimulatedDisk};

use crate::ledger::{is_a, open, served};
use judge::Judge;
pub(crate) use judge::fingerprint;
use script::{live, next_group, open_or_create};
pub(crate) use states::{Image, WINDOW, prefixes, subset, subsets, tears, torn};

/// Operations of a life in which nothing fails.
fn operations(judge: &Judge) -> u64 {
    let disk = SimulatedDisk::new(u64::MAX);
    let backend: Arc<dyn Backend> = Arc::new(disk.clone());
    let life: u64 =
        script::LIFE.iter().map(|step| if let script::Step::Group(n) = step { *n as u64 } else { 0 }).sum();
    assert_eq!(live(&backend, &judge.reference), life);
    let segments = disk.crash(|_| Keep::All).keys().filter(|path| is_a(path, "seg")).count();
    assert!(segments >= 3, "{segments} segments are too few for a life");
    disk.operations()
}

/// A life whose power goes after so many operations, and what was known to be kept then.
fn cut_short(power: u64, judge: &Judge) -> (SimulatedDisk, u64) {
    let disk = SimulatedDisk::new(power);
    let backend: Arc<dyn Backend> = Arc::new(disk.clone());
    let acknowledged = live(&backend, &judge.reference);
    (disk, acknowledged)
}

fn every_prefix_and_subset(part: u64, parts: u64) {
    let mut judge = Judge::new();
    for power in (0..=operations(&judge)).filter(|power| power % parts == part) {
        let (disk, acknowledged) = cut_short(power, &judge);
        let unsynced = disk.unsynced().len();
        assert!(unsynced <= WINDOW, "of {unsynced} unsynced changes not every subset is visited");
        for kept in prefixes(&disk) {
            judge.visited.prefixes += 1;
            let what = format!("power {power}, the first changes {kept:#b} kept");
            judge.judge(&subset(&disk, kept), acknowledged, &what);
        }
        for kept in subsets(&disk, WINDOW) {
            judge.visited.subsets += 1;
            let what = format!("power {power}, changes {kept:#b} kept");
            judge.judge(&subset(&disk, kept), acknowledged, &what);
        }
    }
    judge.report();
    assert!(judge.visited.subsets > 5_000 / parts && judge.distinct() as u64 > 500 / parts);
}

#[test]
fn given_power_lost_at_any_operation_when_any_subset_is_kept_then_nothing_acknowledged_is_lost() {
    every_prefix_and_subset(0, 2);
}

#[test]
fn given_power_lost_at_any_other_operation_when_any_subset_is_kept_then_nothing_acknowledged_is_lost() {
    every_prefix_and_subset(1, 2);
}

#[test]
fn given_a_torn_write_when_opened_then_its_group_is_absent_and_all_before_it_there() {
    let mut judge = Judge::new();
    for power in 0..=operations(&judge) {
        let (disk, acknowledged) = cut_short(power, &judge);
        for tear in tears(&disk) {
            for others in [Keep::All, Keep::Nothing] {
                judge.visited.torn += 1;
                let what = format!("power {power}, {tear:?}, of the others {others:?}");
                judge.judge(&torn(&disk, tear, others), acknowledged, &what);
            }
        }
    }
    judge.report();
    assert!(judge.visited.torn > 5_000 && judge.distinct() > 1_000);
}

/// A number below `sides` that follows from an image and a salt.
fn draw(image: &Image, salt: u8, sides: u64) -> u64 {
    let Digest(hash) = Digest::of(&[&fingerprint(image).0[..], &[salt]].concat());
    u64::from_be_bytes(hash[..8].try_into().unwrap()) % sides
}

/// The recovery of an image whose power goes after so many operations, and how many records
/// were shown if it came to its end.
fn recovery_cut_short(image: &Image, power: u64) -> (SimulatedDisk, u64) {
    let disk = SimulatedDisk::holding(image, power);
    let backend: Arc<dyn Backend> = Arc::new(disk.clone());
    let shown = open_or_create(&backend).map_or(0, |log| log.head().size);
    (disk, shown)
}

/// Operations that the recovery of an image takes.
fn recovery_operations(image: &Image) -> u64 {
    recovery_cut_short(image, u64::MAX).0.operations()
}

/// Three crashes in a row, each in the recovery from the one before, drawn by the state.
fn chain(judge: &mut Judge, image: &Image, acknowledged: u64, what: &str) {
    let (mut image, mut known) = (image.clone(), acknowledged);
    for depth in 1..=3 {
        let power = draw(&image, 0, recovery_operations(&image) + 1);
        let (disk, shown) = recovery_cut_short(&image, power);
        known = known.max(shown);
        let masks = subsets(&disk, WINDOW);
        let kept = masks[draw(&image, 1, masks.len() as u64) as usize];
        image = subset(&disk, kept);
        judge.visited.nested += 1;
        judge.judge(&image, known, &format!("{what}; depth {depth}: power {power}, changes {kept:#b} kept"));
    }
}

/// The states of a disk, each once: those of its subsets, and those of its tears.
fn states(disk: &SimulatedDisk) -> (Vec<Image>, Vec<Image>) {
    let mut seen = HashSet::new();
    let mut once = |images: Vec<Image>| -> Vec<Image> {
        images.into_iter().filter(|image| seen.insert(fingerprint(image))).collect()
    };
    let whole = once(subsets(disk, WINDOW).iter().map(|kept| subset(disk, *kept)).collect());
    let tears = tears(disk).into_iter().flat_map(|tear| [(tear, Keep::All), (tear, Keep::Nothing)]);
    (whole, once(tears.map(|(tear, others)| torn(disk, tear, others)).collect()))
}

fn crashes_in_recovery(part: u64, parts: u64) {
    let mut judge = Judge::new();
    let mut starts = HashSet::new();
    for power in (0..=operations(&judge)).filter(|power| power % parts == part) {
        let (disk, acknowledged) = cut_short(power, &judge);
        let (whole, torn) = states(&disk);
        // The tears of one write are recovered much alike: one in two of them is drawn.
        let drawn = torn.into_iter().filter(|image| draw(image, 2, 2) == 0);
        for image in whole.into_iter().chain(drawn) {
            if starts.insert(fingerprint(&image)) {
                chain(&mut judge, &image, acknowledged, &format!("power {power}"));
            }
        }
    }
    judge.report();
    assert!(judge.visited.nested > 6_000 / parts, "{}", judge.visited.nested);
}

#[test]
fn given_a_crash_in_the_recovery_of_a_state_when_it_happens_thrice_then_it_is_no_worse() {
    crashes_in_recovery(0, 2);
}

#[test]
fn given_a_crash_in_the_recovery_of_another_state_when_it_happens_thrice_then_it_is_no_worse() {
    crashes_in_recovery(1, 2);
}

#[test]
fn given_a_crash_at_every_operation_of_a_recovery_when_any_subset_is_kept_then_it_is_no_worse() {
    let mut judge = Judge::new();
    for power in 0..=operations(&judge) {
        let (disk, acknowledged) = cut_short(power, &judge);
        let (whole, torn) = states(&disk);
        // One state of each kind at each operation, drawn; its recovery is cut short everywhere.
        for images in [whole, torn].iter().filter(|images| !images.is_empty()) {
            let drawn = draw(&images[0], 3, images.len() as u64);
            let image = &images[drawn as usize];
            for again in 0..=recovery_operations(image) {
                let (disk, shown) = recovery_cut_short(image, again);
                for kept in subsets(&disk, WINDOW) {
                    let inner = subset(&disk, kept);
                    let known = acknowledged.max(shown);
                    judge.visited.nested += 1;
                    let what = format!("power {power}, state {drawn}, then {again}, changes {kept:#b} kept");
                    if judge.judge(&inner, known, &what) && draw(&inner, 4, 4) == 0 {
                        chain(&mut judge, &inner, known, &what);
                    }
                }
            }
        }
    }
    judge.report();
    assert!(judge.visited.nested > 2_000, "{}", judge.visited.nested);
}

/// A process killed after so many operations and started again, on the same cache, until the
/// power goes after so many more. What was known then is acknowledged, or was shown; and
/// whether the power has gone.
fn killed(operations: u64, power: u64, judge: &Judge) -> (SimulatedDisk, u64, bool) {
    let (disk, mut known) = cut_short(operations, judge);
    disk.repower(power);
    let end = disk.operations() + power;
    let backend: Arc<dyn Backend> = Arc::new(disk.clone());
    if let Ok(log) = open_or_create(&backend) {
        known = known.max(log.head().size);
        known = next_group(log, &judge.reference).map_or(known, |log| log.head().size);
    }
    let gone = disk.operations() > end;
    (disk, known, gone)
}

#[test]
fn given_a_process_killed_at_any_operation_when_the_power_goes_later_then_what_it_showed_is_there() {
    let mut judge = Judge::new();
    for operations in 0..=operations(&judge) {
        for power in 0.. {
            let (disk, known, gone) = killed(operations, power, &judge);
            // At the end in every subset; on the way in fewer.
            for kept in subsets(&disk, if gone { 3 } else { WINDOW }) {
                judge.visited.nested += 1;
                let what = format!("killed at {operations}, power {power}, changes {kept:#b} kept");
                judge.judge(&subset(&disk, kept), known, &what);
            }
            if !gone {
                break;
            }
        }
    }
    judge.report();
    assert!(judge.visited.nested > 10_000, "{}", judge.visited.nested);
}

#[test]
fn given_a_crash_and_rot_in_the_open_segment_when_opened_then_the_last_group_alone_can_pass_for_torn() {
    let mut judge = Judge::new();
    for power in 0..=operations(&judge) {
        let (disk, acknowledged) = cut_short(power, &judge);
        let image = disk.crash(|_| Keep::Nothing);
        // What is sealed is judged by whoever reads it.
        let Some(path) = image.keys().rfind(|path| is_a(path, "seg")).cloned() else { continue };
        // Behind the last acknowledged group nothing at all is known, if the watermark is lost.
        let ends = &judge.reference.ends;
        let before = ends.iter().rfind(|end| **end < acknowledged).copied().unwrap_or(0);
        for at in (4096..image[&path].len()).step_by(61).filter(|at| image[&path][*at] != 0) {
            let mut rotten = image.clone();
            rotten.get_mut(&path).unwrap()[at] ^= 0x10;
            judge.visited.rotten += 1;
            let backend: Arc<dyn Backend> = Arc::new(MemoryBackend::restore(&rotten));
            if let Ok((log, _)) = open(&backend) {
                let size = log.head().size;
                assert!(
                    size >= before,
                    "power {power}, byte {at}: {acknowledged} were acknowledged, {size} shown"
                );
                let found = served(&log).unwrap();
                assert_eq!(
                    found.records[..],
                    judge.reference.records[..size as usize],
                    "power {power}, byte {at}"
                );
            }
        }
    }
    judge.report();
    assert!(judge.visited.rotten > 1_000, "{}", judge.visited.rotten);
}

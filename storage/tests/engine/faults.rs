//! Scripted errors, and power that goes off at every single operation.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::sync::Arc;

use storage::backend::{Act, Fault, Keep};
use storage::{Backend, CommitError, Error, FaultBackend, Log, MemoryBackend, SimulatedDisk};

use crate::ledger::{append, create, open, push, served};

/// The records of the reference run: what every other run must be a prefix of.
fn reference(groups: &[usize]) -> Vec<Vec<u8>> {
    let backend: Arc<dyn Backend> = Arc::new(MemoryBackend::new());
    let mut log = create(&backend).unwrap();
    for count in groups {
        log = append(log, *count, 300).unwrap();
    }
    served(&log).unwrap().records
}

/// Sizes at which a group ends.
fn ends(groups: &[usize]) -> Vec<u64> {
    let mut size = 0;
    let sums = groups.iter().map(|count| {
        size += *count as u64;
        size
    });
    std::iter::once(0).chain(sums).collect()
}

/// Makes a ledger and appends, until something fails or all is done. Returns what was
/// acknowledged.
fn run(backend: &Arc<dyn Backend>, groups: &[usize]) -> Option<u64> {
    let mut log = match open(backend) {
        Ok((log, _)) => log,
        Err(Error::Absent { .. }) => create(backend).ok()?,
        Err(_) => return None,
    };
    let ends = ends(groups);
    let mut acknowledged = log.head().size;
    let done = ends.iter().position(|end| *end == acknowledged).expect("groups are whole");
    for count in &groups[done..] {
        match append(log, *count, 300) {
            Ok(next) => log = next,
            Err(_) => return Some(acknowledged),
        }
        acknowledged = log.head().size;
    }
    // The size stands whatever becomes of the close.
    let _ = log.close();
    Some(acknowledged)
}

const GROUPS: [usize; 7] = [1, 3, 9, 8, 2, 12, 5];

/// A small generator (xorshift64*), so that a failure can be had again from its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % sides
    }

    fn keep(&mut self, length: usize) -> Keep {
        match self.roll(4) {
            0 => Keep::All,
            1 => Keep::Nothing,
            2 => Keep::Front(self.roll(length + 1)),
            _ => Keep::Back(self.roll(length + 1)),
        }
    }
}

/// Images that a crash of `disk` may leave: all, nothing, each pending change alone lost
/// and alone kept, and some at random.
fn images(disk: &SimulatedDisk, seed: u64) -> Vec<BTreeMap<String, Vec<u8>>> {
    let mut images = vec![disk.crash(|_| Keep::All), disk.crash(|_| Keep::Nothing)];
    for alone in 0..disk.unsynced().len().min(6) {
        for (one, others) in
            [(Keep::Nothing, Keep::All), (Keep::All, Keep::Nothing), (Keep::Front(100), Keep::All)]
        {
            let mut index = 0;
            images.push(disk.crash(|_| {
                index += 1;
                if index == alone + 1 { one } else { others }
            }));
        }
    }
    let mut dice = Dice(seed);
    for _ in 0..6 {
        images.push(disk.crash(|length| dice.keep(length)));
    }
    images
}

/// Opens an image and holds it against what was acknowledged.
fn judge(image: &BTreeMap<String, Vec<u8>>, acknowledged: u64, all: &[Vec<u8>], what: &str) {
    let backend: Arc<dyn Backend> = Arc::new(MemoryBackend::restore(image));
    let log = match open(&backend) {
        Ok((log, _)) => log,
        Err(Error::Absent { .. }) => {
            assert_eq!(acknowledged, 0, "{what}: nothing that was acknowledged is absent");
            create(&backend).unwrap_or_else(|error| panic!("{what}: {error}"))
        }
        Err(error) => panic!("{what}: {error}"),
    };
    let found = served(&log).unwrap_or_else(|error| panic!("{what}: {error}"));
    let size = found.head.size;
    assert!(size >= acknowledged, "{what}: {acknowledged} were acknowledged, {size} are there");
    assert!(ends(&GROUPS).contains(&size), "{what}: groups are whole or absent, {size}");
    assert_eq!(found.records[..], all[..size as usize], "{what}");
    assert_eq!(
        log.reader().root(size / 2).unwrap(),
        crate::ledger::naive_root(&found.leaves[..size as usize / 2])
    );
    log.close().unwrap();
    let report = crate::ledger::verify(&*backend);
    assert!(report.intact() && report.records == size, "{what}: {report:?}");
}

#[test]
fn power_lost_at_every_operation_keeps_what_was_acknowledged() {
    let all = reference(&GROUPS);
    let disk = SimulatedDisk::new(u64::MAX);
    let backend: Arc<dyn Backend> = Arc::new(disk.clone());
    assert_eq!(run(&backend, &GROUPS), Some(40));
    let operations = disk.operations();
    assert!(operations > 80, "{operations}");
    let mut judged = 0;
    for power in 0..operations {
        let disk = SimulatedDisk::new(power);
        let backend: Arc<dyn Backend> = Arc::new(disk.clone());
        let acknowledged = run(&backend, &GROUPS).unwrap_or(0);
        for (index, image) in images(&disk, power + 1).iter().enumerate() {
            judge(image, acknowledged, &all, &format!("power {power}, image {index}"));
            judged += 1;
        }
    }
    assert!(judged > 1_000, "{judged}");
}

#[test]
fn power_lost_again_during_recovery_is_no_worse() {
    let all = reference(&GROUPS);
    let mut judged = 0;
    for power in (25..110).step_by(4) {
        let disk = SimulatedDisk::new(power);
        let backend: Arc<dyn Backend> = Arc::new(disk.clone());
        let acknowledged = run(&backend, &GROUPS).unwrap_or(0);
        let mut dice = Dice(1_000 + power);
        for _ in 0..2 {
            let image = disk.crash(|length| dice.keep(length));
            for again in 0..14 {
                let disk = SimulatedDisk::holding(&image, again);
                let backend: Arc<dyn Backend> = Arc::new(disk.clone());
                let later = run(&backend, &GROUPS).unwrap_or(0).max(acknowledged);
                let what = format!("power {power}, then {again}");
                judge(&disk.crash(|length| dice.keep(length)), later, &all, &what);
                judge(&disk.crash(|_| Keep::Nothing), later, &all, &what);
                judged += 2;
            }
        }
    }
    assert!(judged > 1_000, "{judged}");
}

#[test]
fn a_backend_that_does_not_sync_is_found_out() {
    // The proof that the tests above can fail: the same, with syncs that do nothing.
    let lost = [Act::Sync, Act::SyncDir].map(|act| {
        let disk = SimulatedDisk::new(u64::MAX);
        let deaf: Arc<dyn Backend> = Arc::new(Deaf { disk: disk.clone(), act });
        let acknowledged = run(&deaf, &GROUPS).unwrap_or(0);
        let backend: Arc<dyn Backend> = Arc::new(disk.crashed(|_| Keep::Nothing));
        acknowledged > open(&backend).map_or(0, |(log, _)| log.head().size)
    });
    assert_eq!(lost, [true, true]);
}

/// A disk whose syncs say yes and do nothing.
struct Deaf {
    disk: SimulatedDisk,
    act: Act,
}

struct DeafFile(Arc<dyn storage::backend::File>);

impl storage::backend::File for DeafFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
        self.0.read_at(buffer, offset)
    }
    fn write_at(&self, bytes: &[u8], offset: u64) -> std::io::Result<()> {
        self.0.write_at(bytes, offset)
    }
    fn length(&self) -> std::io::Result<u64> {
        self.0.length()
    }
    fn set_length(&self, length: u64) -> std::io::Result<()> {
        self.0.set_length(length)
    }
    fn reserve(&self, length: u64) -> std::io::Result<()> {
        self.0.reserve(length)
    }
    fn sync(&self) -> std::io::Result<()> {
        Ok(())
    }
    fn evict(&self) -> std::io::Result<()> {
        self.0.evict()
    }
}

impl Backend for Deaf {
    fn open(
        &self,
        path: &str,
        mode: storage::backend::Mode,
    ) -> std::io::Result<Arc<dyn storage::backend::File>> {
        let file = self.disk.open(path, mode)?;
        Ok(if self.act == Act::Sync { Arc::new(DeafFile(file)) } else { file })
    }
    fn list(&self, path: &str) -> std::io::Result<Vec<String>> {
        self.disk.list(path)
    }
    fn rename(&self, from: &str, to: &str) -> std::io::Result<()> {
        self.disk.rename(from, to)
    }
    fn remove(&self, path: &str) -> std::io::Result<()> {
        self.disk.remove(path)
    }
    fn make_dir(&self, path: &str) -> std::io::Result<()> {
        self.disk.make_dir(path)
    }
    fn sync_dir(&self, path: &str) -> std::io::Result<()> {
        if self.act == Act::SyncDir { Ok(()) } else { self.disk.sync_dir(path) }
    }
    fn lock(&self, path: &str) -> Result<Box<dyn Send + Sync>, storage::backend::LockError> {
        self.disk.lock(path)
    }
}

#[test]
fn an_error_at_every_write_and_every_sync_loses_nothing() {
    let all = reference(&GROUPS);
    let acts = [Act::Write, Act::Sync, Act::SyncDir, Act::Create, Act::Rename];
    let faults = [Fault::Error(ErrorKind::Other), Fault::Error(ErrorKind::StorageFull), Fault::Short];
    let mut struck = 0;
    for (act, fault) in acts.into_iter().flat_map(|act| faults.map(|fault| (act, fault))) {
        for nth in 1.. {
            let memory = MemoryBackend::new();
            let inner: Arc<dyn Backend> = Arc::new(memory.clone());
            let broken = FaultBackend::new(inner, act, nth, fault, false);
            let backend: Arc<dyn Backend> = Arc::new(broken.clone());
            let acknowledged = run(&backend, &GROUPS).unwrap_or(0);
            judge(&memory.dump(), acknowledged, &all, &format!("{act:?} {nth} {fault:?}"));
            if !broken.struck() {
                break;
            }
            struck += 1;
        }
    }
    assert!(struck > 200, "{struck}");
}

#[test]
fn no_room_for_a_segment_gives_the_log_back_until_there_is_some() {
    let memory: Arc<dyn Backend> = Arc::new(MemoryBackend::new());
    create(&memory).unwrap().close().unwrap();
    // The first spare segment after the first is refused its zeros, once.
    let broken = FaultBackend::new(memory, Act::Create, 3, Fault::Error(ErrorKind::StorageFull), false);
    let backend: Arc<dyn Backend> = Arc::new(broken.clone());
    let (mut log, _) = open(&backend).unwrap();
    let mut refused = 0;
    while log.head().size < 60 {
        log = match append(log, 4, 400) {
            Ok(log) => log,
            Err(CommitError::Full { log, error: Error::Full { file, .. } }) => {
                assert!(crate::ledger::is_a(&file, "seg"), "{file}");
                refused += 1;
                *log
            }
            Err(other) => panic!("{other:?}"),
        };
    }
    assert_eq!(refused, 1);
    served(&log).unwrap();
}

#[test]
fn a_failed_sync_takes_the_handle_and_leaves_the_readers() {
    let inner: Arc<dyn Backend> = Arc::new(MemoryBackend::new());
    let backend: Arc<dyn Backend> =
        Arc::new(FaultBackend::new(inner, Act::Sync, 9, Fault::Error(ErrorKind::Other), false));
    let mut log: Log = create(&backend).unwrap();
    let reader = log.reader();
    for size in 0_u64.. {
        let mut group = log.group();
        push(&mut group, 9).unwrap();
        log = match log.commit(group) {
            Ok(log) => log,
            Err(CommitError::Poisoned(Error::Io { file, .. })) => {
                assert_eq!(file, "log/00000000.seg");
                assert_eq!(reader.head().size, size);
                return;
            }
            Err(other) => panic!("{other:?}"),
        };
        reader.read(size).unwrap();
    }
}

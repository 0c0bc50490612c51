//! The run whose every operation loses power: a life of a ledger in small segments.
//!
//! Invariant: the records follow from their sequence alone, so that whatever was lost comes
//! back the same, and a run can go on where a crash left it.

use std::sync::Arc;

use storage::{Backend, CommitError, Error, Log};

use crate::ledger::{append, create, open, served};

/// Bytes of filler in a record: three to five groups fill a segment of 8 KiB.
const FILLER: usize = 230;

/// What is done between two ends of a life of the process.
pub(crate) enum Step {
    /// Appends this many records as one group.
    Group(usize),
    /// Closes the log and opens it again.
    Close,
    /// Drops the log, as a killed process does, and opens it again.
    Kill,
}

use Step::{Close, Group, Kill};

/// Records 3, 8, 13 and so on have words, two each.
pub(crate) const LIFE: &[Step] = &[
    Group(2),
    Group(3),
    Group(1),
    Group(3),
    // Does not fit any more: the segment is sealed behind it.
    Group(4),
    Group(1),
    Close,
    Group(2),
    Kill,
    Group(3),
    Group(4),
    Group(2),
    Close,
];

/// The records of a life in which nothing fails, and the sizes at which a group ends.
pub(crate) struct Reference {
    pub(crate) records: Vec<Vec<u8>>,
    pub(crate) hashes: Vec<storage::Digest>,
    pub(crate) ends: Vec<u64>,
}

impl Reference {
    /// As many records as the life has, and a few more groups of one.
    pub(crate) fn new() -> Self {
        let backend: Arc<dyn Backend> = Arc::new(storage::MemoryBackend::new());
        let mut log = create(&backend).unwrap();
        let mut ends = vec![0];
        let groups = LIFE.iter().filter_map(|step| if let Group(count) = step { Some(*count) } else { None });
        for count in groups.chain([1, 1, 1]) {
            log = append(log, count, FILLER).unwrap();
            ends.push(log.head().size);
        }
        let served = served(&log).unwrap();
        Self { records: served.records, hashes: served.leaves, ends }
    }
}

/// Opens the ledger, or makes it if there is none.
pub(crate) fn open_or_create(backend: &Arc<dyn Backend>) -> Result<Log, Error> {
    match open(backend) {
        Ok((log, _)) => Ok(log),
        Err(Error::Absent { .. }) => create(backend),
        Err(error) => Err(error),
    }
}

/// Appends the next group of the life.
pub(crate) fn next_group(log: Log, reference: &Reference) -> Result<Log, CommitError> {
    let size = log.head().size;
    let end = reference.ends.iter().find(|end| **end > size).expect("the reference goes on");
    append(log, (end - size) as usize, FILLER)
}

/// Lives the life, or what is left of it, until something fails. Returns how many records
/// were acknowledged, or shown by an open that succeeded, the last time that anything was.
pub(crate) fn live(backend: &Arc<dyn Backend>, reference: &Reference) -> u64 {
    let Ok(log) = open_or_create(backend) else { return 0 };
    let mut known = log.head().size;
    let _ = go_on(backend, reference, log, &mut known);
    known
}

fn go_on(backend: &Arc<dyn Backend>, reference: &Reference, mut log: Log, known: &mut u64) -> Result<(), ()> {
    let mut at = 0;
    for step in LIFE {
        if let Group(count) = step {
            at += *count as u64;
            if at > log.head().size {
                log = next_group(log, reference).map_err(|_| ())?;
                *known = log.head().size;
            }
            continue;
        }
        // What is behind us was lived before the crash.
        if at < log.head().size {
            continue;
        }
        match step {
            Close => log.close().map_err(|_| ())?,
            _ => drop(log),
        }
        log = open(backend).map_err(|_| ())?.0;
        *known = log.head().size;
    }
    Ok(())
}

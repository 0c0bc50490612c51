//! Makes segments: the spare one ahead of use, and the step that gives it its name.
//!
//! Invariant: a file has a segment's name only after all its zeros and its header are on
//! stable storage, so a header is never torn and a segment never short. It must not know
//! records.

use std::io;
use std::sync::Arc;

use super::header::SegmentHeader;
use crate::backend::{Backend, File, Mode};

/// Path of the spare segment: zeros, without a place yet.
pub(crate) const SPARE: &str = "log/spare";

const STRIDE: usize = 1 << 20;
/// Zeros between two syncs, in strides: a single sync of a whole segment would hold up the
/// appender's own syncs behind it.
const STRIDES_PER_SYNC: u64 = 8;

/// Writes a spare segment of `capacity` zeros, so that later syncs write no metadata. On
/// failure the file is removed: what it took may be what others lack.
pub(crate) fn prepare(backend: &dyn Backend, capacity: u64) -> io::Result<()> {
    if let Ok(file) = backend.open(SPARE, Mode::Read)
        && file.length()? == capacity
    {
        return Ok(());
    }
    let written = write_zeros(backend, capacity);
    if written.is_err() {
        // The first error is the one to report.
        let _ = backend.remove(SPARE);
    }
    written
}

fn write_zeros(backend: &dyn Backend, capacity: u64) -> io::Result<()> {
    let file = backend.open(SPARE, Mode::Create)?;
    // On a full disk every group that waits comes here again: it must not cost megabytes of
    // zeros each time to learn that there is still no room for them.
    file.reserve(capacity)?;
    let zeros = vec![0; STRIDE.min(usize::try_from(capacity).unwrap_or(STRIDE))];
    let mut at = 0;
    let mut strides = 0;
    while at < capacity {
        let length = (zeros.len() as u64).min(capacity - at);
        file.write_at(&zeros[..usize::try_from(length).unwrap_or(STRIDE)], at)?;
        at += length;
        strides += 1;
        if strides % STRIDES_PER_SYNC == 0 {
            file.sync()?;
        }
    }
    file.sync()
}

/// Why the spare did not become a segment.
pub(crate) enum Unplaced {
    /// Nothing changed; it may be tried again.
    Before(io::Error),
    /// The name was given, but it is not known whether it will last.
    After(io::Error),
}

/// Gives the spare its header and its name.
pub(crate) fn place(backend: &dyn Backend, header: &SegmentHeader) -> Result<Arc<dyn File>, Unplaced> {
    let named = || -> io::Result<Arc<dyn File>> {
        let file = backend.open(SPARE, Mode::Write)?;
        file.write_at(&header.encode(), 0)?;
        file.sync()?;
        backend.rename(SPARE, &super::path(header.number))?;
        Ok(file)
    };
    let file = named().map_err(Unplaced::Before)?;
    // Groups go into it only once its name is kept: else a crash would take them along.
    backend.sync_dir("log").map_err(Unplaced::After)?;
    Ok(file)
}

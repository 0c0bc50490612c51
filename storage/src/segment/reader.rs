//! Walks the groups of a segment in order, in large reads.
//!
//! Invariant: a group is handed out only when both its checksums hold; lengths are checked
//! before anything is allocated for them. It must not judge what damage means: that is
//! recovery's and integrity's business.

use std::io;

use super::header::{GROUP_HEADER, GROUP_MAGIC, GroupHeader};
use crate::backend::File;
use crate::limits::PAGE;

const FIRST_READ: usize = 64 << 10;
const LARGEST_READ: usize = 1 << 20;

/// What stands at a place in a segment.
pub(crate) enum Step<'a> {
    /// A whole group.
    Group { at: u64, header: GroupHeader, body: &'a [u8] },
    /// A head whose body does not have its checksum.
    TornBody { at: u64, header: GroupHeader },
    /// No head at all.
    NoHeader { at: u64 },
    /// The end of the segment: no room for another head.
    End,
}

/// A buffered walk over the groups of one segment.
pub(crate) struct Walk<'f> {
    file: &'f dyn File,
    /// Where the next group begins.
    at: u64,
    end: u64,
    window: Vec<u8>,
    window_at: u64,
    read: usize,
}

impl<'f> Walk<'f> {
    /// Walks from `at` to `end`, the segment's capacity.
    pub(crate) fn new(file: &'f dyn File, at: u64, end: u64) -> Self {
        Self { file, at, end, window: Vec::new(), window_at: at, read: FIRST_READ }
    }

    /// Walks from behind the segment's header.
    pub(crate) fn whole(file: &'f dyn File, capacity: u64) -> Self {
        Self::new(file, PAGE as u64, capacity)
    }

    /// Where the next group begins.
    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    /// Goes on at `at` instead.
    pub(crate) fn seek(&mut self, at: u64) {
        self.at = at;
    }

    /// What stands at the present place; steps over it if it is a whole group.
    pub(crate) fn step(&mut self) -> io::Result<Step<'_>> {
        let at = self.at;
        if self.end.saturating_sub(at) < GROUP_HEADER as u64 {
            return Ok(Step::End);
        }
        let header = GroupHeader::decode(self.bytes(at, GROUP_HEADER)?);
        let Some(header) = header.filter(|header| at + header.span() <= self.end) else {
            return Ok(Step::NoHeader { at });
        };
        let whole = self.bytes(at, GROUP_HEADER + header.length as usize)?;
        let body = whole.get(GROUP_HEADER..).unwrap_or_default();
        if crc32fast::hash(body) != header.checksum {
            return Ok(Step::TornBody { at, header });
        }
        self.at = at + header.span();
        // Borrowed again: the checker does not see that the arm above has ended.
        let body = self.held(at + GROUP_HEADER as u64, header.length as usize);
        Ok(Step::Group { at, header, body })
    }

    fn held(&self, at: u64, length: usize) -> &[u8] {
        let from = usize::try_from(at - self.window_at).unwrap_or(usize::MAX);
        self.window.get(from..).and_then(|rest| rest.get(..length)).unwrap_or_default()
    }

    /// `length` bytes at `at`, fewer only where the file is shorter.
    fn bytes(&mut self, at: u64, length: usize) -> io::Result<&[u8]> {
        let held = at.checked_sub(self.window_at).and_then(|from| usize::try_from(from).ok());
        let covered = held.is_some_and(|from| from + length <= self.window.len());
        if !covered {
            let room = usize::try_from(self.end - at).unwrap_or(usize::MAX);
            self.window.resize(self.read.max(length).min(room), 0);
            let count = self.file.read_at(&mut self.window, at)?;
            self.window.truncate(count);
            self.window_at = at;
            self.read = (4 * self.read).min(LARGEST_READ);
        }
        Ok(self.held(at, length.min(self.window.len())))
    }
}

/// What stands behind a place where the groups end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Tail {
    /// End of the last byte that is not zero; `None` when all are.
    pub(crate) used: Option<u64>,
    /// The largest number of records that a group header found there says were on stable
    /// storage before it, or that a whole group found there shows to have been.
    pub(crate) durable: u64,
}

/// Looks through everything from `at` to `end`, for headers from `search` on.
pub(crate) fn tail(file: &dyn File, at: u64, search: u64, end: u64) -> io::Result<Tail> {
    let mut found = Tail::default();
    let mut from = at;
    // Windows overlap by a header, so that none is missed at a boundary.
    let mut window = vec![0; window_for(end.saturating_sub(at))];
    while from < end {
        let room = usize::try_from(end - from).unwrap_or(usize::MAX);
        let wanted = window.len().min(room);
        let count = file.read_at(&mut window[..wanted], from)?;
        let bytes = &window[..count];
        let own = &bytes[..count.min(LARGEST_READ)];
        let used = used(own);
        if used > 0 {
            found.used = Some(from + used as u64);
            let starts = own[..used].iter().enumerate().filter(|(_, byte)| **byte == GROUP_MAGIC[0]);
            for (index, _) in starts.filter(|(index, _)| from + *index as u64 >= search) {
                if let Some(header) = GroupHeader::decode(&bytes[index..]) {
                    found.durable = found.durable.max(header.durable);
                    let place = from + index as u64;
                    if let Step::Group { header, .. } = Walk::new(file, place, end).step()? {
                        found.durable = found.durable.max(header.end());
                    }
                }
            }
        }
        if count < wanted {
            break;
        }
        from += LARGEST_READ as u64;
    }
    Ok(found)
}

fn window_for(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX).min(LARGEST_READ + GROUP_HEADER)
}

/// Where the zeros begin that `bytes` end with.
fn used(bytes: &[u8]) -> usize {
    let zeros = [0; 512];
    let mut end = bytes.len();
    // In blocks first: nearly all of what is looked through is zeros.
    while let Some(start) = end.checked_sub(zeros.len()).filter(|start| bytes[*start..end] == zeros) {
        end = start;
    }
    let least = end.saturating_sub(zeros.len());
    bytes[least..end].iter().rposition(|byte| *byte != 0).map_or(least, |last| least + last + 1)
}

/// The first place from `from` on where a whole group begins.
pub(crate) fn next_group(file: &dyn File, from: u64, end: u64) -> io::Result<Option<u64>> {
    let mut window = vec![0; window_for(end.saturating_sub(from))];
    let mut at = from;
    while at < end {
        let room = usize::try_from(end - at).unwrap_or(usize::MAX);
        let wanted = window.len().min(room);
        let count = file.read_at(&mut window[..wanted], at)?;
        let own = &window[..count.min(LARGEST_READ)];
        let own = &own[..used(own)];
        for (index, _) in own.iter().enumerate().filter(|(_, byte)| **byte == GROUP_MAGIC[0]) {
            let place = at + index as u64;
            let whole = GroupHeader::decode(&window[index..count]).is_some();
            if whole && matches!(Walk::new(file, place, end).step()?, Step::Group { .. }) {
                return Ok(Some(place));
            }
        }
        if count < wanted {
            break;
        }
        at += LARGEST_READ as u64;
    }
    Ok(None)
}

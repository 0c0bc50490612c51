//! Walks the groups of a segment in order, in large reads.
//!
//! Invariant: a group is handed out only when both its checksums hold; lengths are checked
//! before anything is allocated for them. It must not judge what damage means: that is
//! recovery's and integrity's business.

use std::io;
use std::ops::Deref;

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

/// A buffered walk over the groups of one segment. `F` is how its file is held.
pub(crate) struct Walk<F> {
    file: F,
    /// Where the next group begins.
    at: u64,
    end: u64,
    window: Window,
    read: usize,
}

/// Bytes of a segment that were read.
#[derive(Default)]
pub(crate) struct Window {
    /// As long as the longest read so far: nothing is made zero to be read over.
    room: Vec<u8>,
    held: usize,
    /// Where they begin in the segment.
    at: u64,
}

impl Window {
    /// So many bytes of the segment, fewer or none where they are not all held.
    pub(crate) fn bytes(&self, at: u64, length: usize) -> &[u8] {
        let held = &self.room[..self.held];
        let from = at.checked_sub(self.at).and_then(|from| usize::try_from(from).ok());
        let rest = from.and_then(|from| held.get(from..)).unwrap_or_default();
        &rest[..length.min(rest.len())]
    }

    fn covers(&self, at: u64, length: usize) -> bool {
        self.bytes(at, length).len() == length
    }

    /// Reads on, until so many bytes from `at` on are held, or the file ends.
    fn fill(&mut self, file: &(impl File + ?Sized), at: u64, length: usize) -> io::Result<()> {
        let kept = self.bytes(at, usize::MAX).len();
        self.room.copy_within(self.held - kept..self.held, 0);
        (self.held, self.at) = (kept, at);
        if self.room.len() < length {
            self.room.resize(length.next_power_of_two(), 0);
        }
        if let Some(room) = self.room.get_mut(kept..length) {
            self.held += file.read_at(room, at + kept as u64)?;
        }
        Ok(())
    }
}

impl<F: Deref<Target: File>> Walk<F> {
    /// Walks from `at` to `end`, the segment's capacity.
    pub(crate) fn new(file: F, at: u64, end: u64) -> Self {
        Self { file, at, end, window: Window { at, ..Window::default() }, read: FIRST_READ }
    }

    /// Walks from behind the segment's header.
    pub(crate) fn whole(file: F, capacity: u64) -> Self {
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
        let body = self.window.bytes(at + GROUP_HEADER as u64, header.length as usize);
        Ok(Step::Group { at, header, body })
    }

    /// Whether the next step needs nothing to be read.
    pub(crate) fn holds_next(&self) -> bool {
        GroupHeader::decode(self.window.bytes(self.at, GROUP_HEADER))
            .is_some_and(|header| self.window.covers(self.at, GROUP_HEADER + header.length as usize))
    }

    /// What was read.
    pub(crate) fn window(&self) -> &Window {
        &self.window
    }

    /// Walks in `room`.
    pub(crate) fn within(mut self, room: Window) -> Self {
        self.window = Window { held: 0, at: self.at, ..room };
        self
    }

    /// The room that it walked in.
    pub(crate) fn into_window(self) -> Window {
        self.window
    }

    /// `length` bytes at `at`, fewer only where the file is shorter.
    fn bytes(&mut self, at: u64, length: usize) -> io::Result<&[u8]> {
        if !self.window.covers(at, length) {
            let room = usize::try_from(self.end - at).unwrap_or(usize::MAX);
            let kept = self.window.bytes(at, usize::MAX).len();
            self.window.fill(&*self.file, at, (kept + self.read).max(length).min(room))?;
            self.read = (4 * self.read).min(LARGEST_READ);
        }
        Ok(self.window.bytes(at, length))
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

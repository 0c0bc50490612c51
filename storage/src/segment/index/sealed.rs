//! Asks a sealed index.
//!
//! Invariant: a page that does not hold is never answered from. It must not write.

use std::io;
use std::sync::Arc;

use super::{
    PAYLOAD, PLACE, Section, Summary, id_seed, is_sealed, probes, sections, subject_seed, take_summary,
};
use crate::backend::{Backend, File, Mode};
use crate::format::Cursor;
use crate::limits::PAGE;
use crate::segment::index_path;
use crate::segment::live::GROUP_START;

/// Why an index file is not believed.
#[derive(Debug)]
pub(crate) enum IndexFault {
    /// A page that does not hold; its offset.
    Damaged(u64),
    Io(io::Error),
}

impl From<io::Error> for IndexFault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A sealed index, open to be asked: its filter in memory, the rest in its file.
pub(crate) struct Sealed {
    file: Arc<dyn File>,
    pub(crate) summary: Summary,
    filter: Vec<u8>,
    ids: Section,
    subjects: Section,
    places: Section,
    words: Section,
}

impl Sealed {
    /// Opens the index of segment `number`, checking its first page, its filter, and that
    /// its length is what the first page says.
    pub(crate) fn open(backend: &dyn Backend, number: u32) -> Result<Self, IndexFault> {
        let file = backend.open(&index_path(number), Mode::Read)?;
        let page = read_page(&*file, 0)?;
        let (summary, counts) = take_summary(&page).ok_or(IndexFault::Damaged(0))?;
        let filter_pages = counts[0];
        let [ids, subjects, places, words] = sections(&summary, counts);
        let page = words.page + words.pages();
        // Without a page the filter has no bit that a question could fall on.
        let none = filter_pages == 0;
        if none || summary.number != number || file.length()? != (page * PAGE) as u64 {
            return Err(IndexFault::Damaged(0));
        }
        let mut filter = Vec::with_capacity(filter_pages * PAYLOAD);
        for page in 1..=filter_pages {
            filter.extend_from_slice(&read_page(&*file, page)?);
        }
        Ok(Self { file, summary, filter, ids, subjects, places, words })
    }

    fn may_hold(&self, seed: u64) -> bool {
        let mut probes = probes(self.filter.len(), seed);
        probes.all(|(byte, bit)| self.filter[byte] & bit != 0)
    }

    pub(crate) fn ids(&self, id: u128) -> Result<Vec<u32>, IndexFault> {
        if !self.may_hold(id_seed(id)) {
            return Ok(Vec::new());
        }
        self.postings(self.ids, &id.to_be_bytes())
    }

    pub(crate) fn subjects(&self, subject: u64) -> Result<Vec<u32>, IndexFault> {
        if !self.may_hold(subject_seed(subject)) {
            return Ok(Vec::new());
        }
        self.postings(self.subjects, &subject.to_be_bytes())
    }

    pub(crate) fn offset(&self, posting: u32) -> Result<Option<u32>, IndexFault> {
        let places = PAYLOAD / PLACE;
        if posting as usize >= self.places.count {
            return Ok(None);
        }
        let page = read_page(&*self.file, self.places.page + posting as usize / places)?;
        let mut entry = Cursor::new(&page[posting as usize % places * PLACE..]);
        Ok(entry.u32())
    }

    /// The place of the first record of the group that `posting` is in.
    pub(crate) fn group_start(&self, posting: u32) -> Result<Option<u32>, IndexFault> {
        let places = PAYLOAD / PLACE;
        let mut last = (posting as usize).checked_sub(self.places.count).map_or(posting as usize, |_| 0);
        loop {
            let page = read_page(&*self.file, self.places.page + last / places)?;
            let before = page[..(last % places + 1) * PLACE].as_chunks::<PLACE>().0;
            let starts = before.iter().rev().map(|place| u32::from_be_bytes(*place));
            if let Some(start) = starts.into_iter().find(|place| place & GROUP_START != 0) {
                return Ok(Some(start));
            }
            match (last / places * places).checked_sub(1) {
                Some(before) => last = before,
                None => return Ok(None),
            }
        }
    }

    /// Where the words of a record begin, and an end that they do not reach past.
    pub(crate) fn words(&self, posting: u32) -> Result<Option<(u32, u32)>, IndexFault> {
        let found = self.postings(self.words, &posting.to_be_bytes())?;
        Ok(found.first().map(|start| (*start, self.summary.words_end)))
    }

    /// Where the words of the record after `posting` that has words begin; else where all end.
    pub(crate) fn words_after(&self, posting: u32) -> Result<u32, IndexFault> {
        let (section, end) = (self.words, self.summary.words_end);
        let Some(next) = posting.checked_add(1).map(u32::to_be_bytes) else { return Ok(end) };
        let page = self.first_page(section, &next)?;
        if page == section.pages() {
            return Ok(end);
        }
        let content = read_page(&*self.file, section.page + page)?;
        let entries = content.chunks_exact(section.width).take(section.entries(page));
        let after = entries.map(|entry| entry.split_at(next.len())).find(|(key, _)| *key >= &next[..]);
        Ok(after.and_then(|(_, start)| Cursor::new(start).u32()).unwrap_or(end))
    }

    /// The first page of a section whose last entry is not before `key`.
    fn first_page(&self, section: Section, key: &[u8]) -> Result<usize, IndexFault> {
        let (mut low, mut high) = (0, section.pages());
        while low < high {
            let middle = low.midpoint(high);
            let page = read_page(&*self.file, section.page + middle)?;
            let last = &page[(section.entries(middle) - 1) * section.width..];
            if &last[..key.len()] < key { low = middle + 1 } else { high = middle }
        }
        Ok(low)
    }

    /// The last four bytes of every entry that begins with `key`, in order.
    fn postings(&self, section: Section, key: &[u8]) -> Result<Vec<u32>, IndexFault> {
        let low = self.first_page(section, key)?;
        let mut found = Vec::new();
        for page in low..section.pages() {
            let content = read_page(&*self.file, section.page + page)?;
            for entry in content.chunks_exact(section.width).take(section.entries(page)) {
                let (entry_key, rest) = entry.split_at(key.len());
                if entry_key > key {
                    return Ok(found);
                }
                if entry_key == key {
                    found.extend(Cursor::new(rest).u32());
                }
            }
        }
        Ok(found)
    }
}

fn read_page(file: &dyn File, number: usize) -> Result<Vec<u8>, IndexFault> {
    let at = (number * PAGE) as u64;
    let mut page = vec![0; PAGE];
    if file.read_at(&mut page, at)? != PAGE {
        return Err(IndexFault::Damaged(at));
    }
    if !is_sealed(number, &page) {
        return Err(IndexFault::Damaged(at));
    }
    page.truncate(PAYLOAD);
    Ok(page)
}

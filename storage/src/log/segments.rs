//! What appender and readers share: the segments in order, and the committed head.
//!
//! Invariant: `head` is moved forward only after everything it covers is on stable storage
//! and can be found. It must not know how groups are built.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::tidy::Seal;
use super::{Head, Identity, Keyer, LevelFiles, recovery};
use crate::backend::{Backend, File, Mode};
use crate::error::Error;
use crate::segment::index::{IndexFault, Sealed};
use crate::segment::live::Live;
use crate::segment::{index_path, words_path};

/// What a segment is searched with.
#[derive(Clone)]
pub(super) enum Index {
    Live(Arc<Live>),
    Sealed(Arc<Sealed>),
}

/// One segment, open to read.
pub(super) struct Segment {
    pub(super) number: u32,
    pub(super) first: u64,
    pub(super) capacity: u64,
    pub(super) file: Arc<dyn File>,
    pub(super) index: RwLock<Index>,
    words: Mutex<Option<Arc<dyn File>>>,
}

impl Segment {
    pub(super) fn new(number: u32, first: u64, capacity: u64, file: Arc<dyn File>, index: Index) -> Self {
        let index = RwLock::new(index);
        Self { number, first, capacity, file, index, words: Mutex::new(None) }
    }

    pub(super) fn index(&self) -> Index {
        self.index.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_index(&self, index: Index) {
        *self.index.write().unwrap_or_else(PoisonError::into_inner) = index;
    }

    /// Its words file, opened when first asked for; `None` when it has no words.
    pub(super) fn words(&self, backend: &dyn Backend, mode: Mode) -> Result<Option<Arc<dyn File>>, Error> {
        let mut words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        if words.is_none() || mode == Mode::Create {
            let path = words_path(self.number);
            match backend.open(&path, mode) {
                Ok(file) => *words = Some(file),
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(Error::room(&path, 0, error)),
            }
        }
        Ok(words.clone())
    }

    pub(super) fn fault(&self, fault: IndexFault) -> Error {
        let file = index_path(self.number);
        match fault {
            IndexFault::Damaged(offset) => Error::Damaged {
                file,
                offset,
                sequence: self.first,
                rule: "an index page does not have its checksum",
            },
            IndexFault::Io(error) => Error::io(&file, 0, error),
        }
    }
}

/// What appender and readers share.
pub(super) struct Shared {
    pub(super) backend: Arc<dyn Backend>,
    pub(super) identity: Identity,
    pub(super) keyer: Keyer,
    pub(super) levels: Arc<LevelFiles>,
    head: Mutex<Head>,
    /// Held while an index is made again, so that it is done once.
    healing: Mutex<()>,
    /// Indexes that were made again, until the owner of the log seals them.
    healed: Mutex<Vec<Seal>>,
    segments: RwLock<BTreeMap<u64, Arc<Segment>>>,
}

impl Shared {
    pub(super) fn new(
        backend: Arc<dyn Backend>,
        identity: Identity,
        keyer: Keyer,
        levels: LevelFiles,
    ) -> Self {
        let head = Mutex::new(Head::empty(&identity));
        Self {
            backend,
            identity,
            keyer,
            levels: Arc::new(levels),
            head,
            healing: Mutex::default(),
            healed: Mutex::default(),
            segments: RwLock::default(),
        }
    }

    pub(super) fn head(&self) -> Head {
        *self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets readers see everything up to `head`.
    pub(super) fn publish(&self, head: Head) {
        *self.head.lock().unwrap_or_else(PoisonError::into_inner) = head;
    }

    pub(super) fn add(&self, segment: Arc<Segment>) {
        self.segments.write().unwrap_or_else(PoisonError::into_inner).insert(segment.first, segment);
    }

    /// The segment that holds `sequence`, if any does.
    pub(super) fn segment(&self, sequence: u64) -> Option<Arc<Segment>> {
        let segments = self.segments.read().unwrap_or_else(PoisonError::into_inner);
        segments.range(..=sequence).next_back().map(|(_, segment)| Arc::clone(segment))
    }

    pub(super) fn segments(&self) -> Vec<Arc<Segment>> {
        let segments = self.segments.read().unwrap_or_else(PoisonError::into_inner);
        segments.values().cloned().collect()
    }

    /// Asks the index of `segment`. A sealed one that turns out to be damaged is made again
    /// from the log, in memory, and asked instead: it is derived, and no reason to refuse.
    pub(super) fn ask<T>(
        &self,
        segment: &Arc<Segment>,
        ask: impl Fn(&Index) -> Result<T, IndexFault>,
    ) -> Result<T, Error> {
        let index = segment.index();
        let answer = match (ask(&index), &index) {
            (Err(IndexFault::Damaged(_)), Index::Sealed(sealed)) => ask(&self.heal(segment, sealed)?),
            (answer, _) => answer,
        };
        answer.map_err(|fault| segment.fault(fault))
    }

    fn heal(&self, segment: &Arc<Segment>, sealed: &Sealed) -> Result<Index, Error> {
        let _one = self.healing.lock().unwrap_or_else(PoisonError::into_inner);
        let index = segment.index();
        if matches!(index, Index::Live(_)) {
            // Somebody was faster.
            return Ok(index);
        }
        let summary = sealed.summary.clone();
        let live = Arc::new(recovery::reindex(self, segment, &summary)?);
        let index = Index::Live(Arc::clone(&live));
        segment.set_index(index.clone());
        // A reader must not write: it may outlive the log, whose lock somebody else has then.
        let mut healed = self.healed.lock().unwrap_or_else(PoisonError::into_inner);
        healed.push(Seal { segment: Arc::clone(segment), live, summary });
        Ok(index)
    }

    /// The indexes that were made again since this was last asked.
    pub(super) fn take_healed(&self) -> Vec<Seal> {
        std::mem::take(&mut self.healed.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

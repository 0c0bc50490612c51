//! What need not happen within a commit: preparing the next segment, sealing the last.
//!
//! Invariant: nothing here is needed for a record to be safe; a failure costs time at the
//! next open and nothing else. It must not touch the open segment.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::levels;
use super::segments::{Index, Segment, Shared};
use crate::backend::{Backend, Mode};
use crate::error::Error;
use crate::segment::index::{self, IndexFault, Sealed, Summary};
use crate::segment::live::Live;
use crate::segment::{index_path, writer};

/// A segment to be sealed.
pub(super) struct Seal {
    pub(super) segment: Arc<Segment>,
    pub(super) live: Arc<Live>,
    pub(super) summary: Summary,
}

enum Job {
    Prepare(u64),
    Seal,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Spare {
    None,
    Preparing,
    Ready(u64),
}

struct State {
    backend: Arc<dyn Backend>,
    spare: Mutex<Spare>,
    changed: Condvar,
    seals: Mutex<VecDeque<Seal>>,
    /// A sync of the levels has failed. The next one may succeed without having kept what
    /// this one lost, so nothing is sealed any more: an open writes the levels anew from
    /// where the sealed indexes end.
    unkept: AtomicBool,
}

/// The thread that prepares and seals, or its place when there is none.
pub(super) struct Tidy {
    state: Arc<State>,
    thread: Option<(Sender<Job>, JoinHandle<()>)>,
}

impl Tidy {
    /// Seals within the call until the thread is started.
    pub(super) fn new(backend: Arc<dyn Backend>) -> Self {
        let (spare, changed, seals) = (Mutex::new(Spare::None), Condvar::new(), Mutex::default());
        let unkept = AtomicBool::new(false);
        Self { state: Arc::new(State { backend, spare, changed, seals, unkept }), thread: None }
    }

    /// Starts the thread if it is wanted and can be had.
    pub(super) fn start(&mut self, background: bool) {
        if background {
            let (sender, jobs) = channel();
            let state = Arc::clone(&self.state);
            let named = std::thread::Builder::new().name("storage-tidy".to_owned());
            let thread = named.spawn(move || Worker { state, jobs: Some(jobs) }.work());
            self.thread = thread.ok().map(|thread| (sender, thread));
        }
    }

    /// Has a spare segment made ahead of use.
    pub(super) fn prepare(&self, capacity: u64) {
        if let Some((jobs, _)) = &self.thread {
            *self.state.spare.lock().unwrap_or_else(PoisonError::into_inner) = Spare::Preparing;
            if jobs.send(Job::Prepare(capacity)).is_err() {
                self.state.set_spare(Spare::None);
            }
        }
    }

    /// A spare of at least `capacity` bytes: the one made ahead, else one made now.
    pub(super) fn spare(&self, capacity: u64) -> io::Result<u64> {
        let mut spare = self.state.spare.lock().unwrap_or_else(PoisonError::into_inner);
        while *spare == Spare::Preparing {
            spare = self.state.changed.wait(spare).unwrap_or_else(PoisonError::into_inner);
        }
        match std::mem::replace(&mut *spare, Spare::None) {
            Spare::Ready(ready) if ready >= capacity => Ok(ready),
            _ => writer::prepare(&*self.state.backend, capacity).map(|()| capacity),
        }
    }

    /// Has a segment sealed; those before it come first.
    pub(super) fn seal(&mut self, seal: Seal) {
        self.state.seals().push_back(seal);
        let sent = self.thread.as_ref().map(|(jobs, _)| jobs.send(Job::Seal));
        if !matches!(sent, Some(Ok(()))) {
            // Tried again with the next one and at the close.
            let _ = self.state.seal_all();
        }
    }

    /// Ends the thread after what it has to do, and seals what it could not.
    pub(super) fn finish(&mut self, shared: &Shared) -> Result<(), Error> {
        self.stop();
        self.state.seal_all().map_err(|(number, fault)| match fault {
            IndexFault::Io(error) => Error::room(&index_path(number), 0, error),
            IndexFault::Damaged(offset) => Error::Damaged {
                file: index_path(number),
                offset,
                sequence: shared.head().size,
                rule: "an index was not read back as it was written",
            },
        })
    }

    fn stop(&mut self) {
        if let Some((jobs, thread)) = self.thread.take() {
            drop(jobs);
            // A panic there has lost nothing but time.
            let _ = thread.join();
        }
    }
}

impl Drop for Tidy {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What the thread works with.
struct Worker {
    state: Arc<State>,
    jobs: Option<Receiver<Job>>,
}

impl Worker {
    fn work(&self) {
        for job in self.jobs.iter().flatten() {
            match job {
                Job::Prepare(capacity) => {
                    let made = writer::prepare(&*self.state.backend, capacity);
                    self.state.set_spare(if made.is_ok() { Spare::Ready(capacity) } else { Spare::None });
                }
                Job::Seal => {
                    let _ = self.state.seal_all();
                }
            }
        }
    }
}

impl Drop for Worker {
    /// However the thread ends, nobody may go on waiting for it. The queue goes first: what
    /// is sent after that fails, and what was sent before it is answered here.
    fn drop(&mut self) {
        drop(self.jobs.take());
        self.state.set_spare(Spare::None);
    }
}

impl State {
    fn set_spare(&self, spare: Spare) {
        *self.spare.lock().unwrap_or_else(PoisonError::into_inner) = spare;
        self.changed.notify_all();
    }

    /// Seals in order, and stops at the first that fails.
    fn seal_all(&self) -> Result<(), (u32, IndexFault)> {
        loop {
            // A statement of its own: the queue must not be held while a segment is sealed.
            let next = self.seals().pop_front();
            let Some(seal) = next else { return Ok(()) };
            match self.seal_one(&seal) {
                Ok(sealed) => seal.segment.set_index(Index::Sealed(Arc::new(sealed))),
                Err(fault) => {
                    let number = seal.summary.number;
                    self.seals().push_front(seal);
                    return Err((number, fault));
                }
            }
        }
    }

    fn seals(&self) -> MutexGuard<'_, VecDeque<Seal>> {
        self.seals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seal_one(&self, seal: &Seal) -> Result<Sealed, IndexFault> {
        if self.unkept.load(Ordering::SeqCst) {
            return Err(io::Error::other("an earlier sync of the levels failed").into());
        }
        let backend = &*self.backend;
        // The index tells the next open that the levels can be taken from its end on.
        let files = levels::all(backend)?;
        levels::sync_all(backend, &files).inspect_err(|_| self.unkept.store(true, Ordering::SeqCst))?;
        let path = index_path(seal.summary.number);
        let unfinished = format!("{path}.new");
        let file = backend.open(&unfinished, Mode::Create)?;
        file.write_at(&index::encode(&seal.summary, &seal.live.sorted()), 0)?;
        file.sync()?;
        backend.rename(&unfinished, &path)?;
        backend.sync_dir("log")?;
        Sealed::open(backend, seal.summary.number)
    }
}

//! The only door to storage: one [`Journal`] a ledger takes proposals, has them judged in order by one writer thread,
//! makes them durable in groups, and only then answers.
//!
//! | File | Is |
//! |---|---|
//! | [`receipt`] | what goes into the queue and comes out of it |
//! | [`codec`] | stored events, opened here and nowhere else |
//! | [`keys`] | what a record is found by |
//! | [`clock`] | the ledger's time, and when not to trust it |
//! | [`world`] | the state that decisions are made on: cache, group, request |
//! | [`commit`] | the commit point: today the local disk |
//! | [`erasure`] | which words a recorded erasure is of |
//! | [`writer`] | the thread: take, judge, commit, answer |
//! | [`read`] | what is recorded, for readers |

pub mod clock;
pub mod codec;
pub mod commit;
pub mod erasure;
pub mod keys;
pub mod read;
pub mod receipt;
mod world;
mod writer;

#[cfg(test)]
pub(crate) mod tests;

use jiff::tz::TimeZone;
use std::{
    sync::{
        Arc, Mutex, RwLock,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread::JoinHandle,
    time::Instant,
};
use storage::{Head, Reader};
use tokio::sync::{oneshot, watch};

use crate::domain::{
    event::{Access, Payload},
    rejection::Rejection,
};
use clock::Clock;
use commit::CommitPoint;
pub use receipt::{Appended, Judgement, Proposal, Receipt, Refused, Text};

const NAMES: &str = "the event names more things than one record can be found by: 254, its lists together";
const FEWER: &str = "say it in several events";

/// The largest request, in bytes of stored events and words with the ledger's own part of each record.
const MAX_REQUEST: usize = 2 << 20;

/// Bytes after which a group takes no more requests.
const GROUP_BYTES: usize = 4 << 20;

// A group that was not yet full, and the largest request on top of it, fit into one group of the log.
const _: () = assert!(GROUP_BYTES + MAX_REQUEST <= storage::limits::MAX_GROUP);

/// Bounds of the queue before the writer.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Requests that may wait. More are refused at once.
    pub queued_requests: usize,
    /// Bytes of events that may wait. More are refused at once.
    pub queued_bytes: usize,
    /// Bytes of records that one group may hold: it bounds how long the first of a group waits for the last.
    pub group_bytes: usize,
    /// Lives of subjects that the writer keeps in memory.
    pub cached_lives: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queued_requests: 4_096,
            queued_bytes: 64 << 20,
            group_bytes: GROUP_BYTES,
            cached_lives: 32_768,
        }
    }
}

/// One ledger's journal. Cheap to clone; every clone is the same journal.
#[derive(Clone)]
pub struct Journal {
    shared: Arc<Shared>,
}

struct Shared {
    /// Taken away when the journal closes, so that the writer's loop ends.
    queue: RwLock<Option<mpsc::SyncSender<Request>>>,
    queued_bytes: AtomicUsize,
    limits: Limits,
    reader: Reader,
    committed: watch::Receiver<u64>,
    standing: watch::Receiver<Standing>,
    writer: Mutex<Option<JoinHandle<()>>>,
    zone: TimeZone,
}

/// Whether the ledger takes appends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It does.
    Open,
    /// It does not, and why. Reads go on.
    ReadOnly(String),
    /// It does not, for its clock is not trusted, until an operator's `ClockCorrected`. Reads go on.
    ClockFault(clock::Fault),
}

/// What waits in the queue.
struct Request {
    proposals: Vec<Encoded>,
    bytes: usize,
    deadline: Option<Instant>,
    reply: Reply,
}

/// What a caller wants, and where it hears of it.
enum Reply {
    /// To have it recorded.
    Append(oneshot::Sender<Result<Vec<Appended>, Refused>>),
    /// To know what would come of it.
    Judge(oneshot::Sender<Result<Vec<Judgement>, Refused>>),
}

impl Request {
    fn corrects_clock(&self) -> bool {
        self.proposals.iter().all(|encoded| corrects_clock(&encoded.proposal))
    }
}

/// A proposal with its event already in stored form.
struct Encoded {
    proposal: Proposal,
    bytes: Vec<u8>,
    keys: storage::Keys,
}

impl Journal {
    /// Starts the writer over a commit point that stands at the end of what `reader` reads.
    ///
    /// `zone` is the time zone and `access` the access that the genesis record names. Before anybody is served, the words
    /// that the ledger says are erased are: a process may have ended between the record and the erasure. An error says
    /// that this, or the thread, could not be had; nothing is served then.
    pub fn start(
        mut point: Box<dyn CommitPoint>,
        reader: Reader,
        zone: TimeZone,
        access: Access,
        clock: Arc<dyn Clock>,
        limits: Limits,
    ) -> std::io::Result<Self> {
        finish_erasures(point.as_mut(), &reader)?;
        let (queue, waiting) = mpsc::sync_channel(limits.queued_requests);
        let (committed_tx, committed) = watch::channel(reader.head().size);
        let (standing_tx, standing) = watch::channel(Standing::Open);
        let shared = Arc::new(Shared {
            queue: RwLock::new(Some(queue)),
            queued_bytes: AtomicUsize::new(0),
            limits,
            reader: reader.clone(),
            committed,
            standing,
            writer: Mutex::new(None),
            zone: zone.clone(),
        });
        let writer = writer::Writer::new(
            point,
            world::Base::new(reader, zone, access, limits.cached_lives),
            clock,
            writer::Wires { committed: committed_tx, standing: standing_tx },
            limits,
        );
        let weak = Arc::downgrade(&shared);
        let thread = std::thread::Builder::new().name("ledger-writer".into()).spawn(move || {
            writer.run(&waiting, &|bytes| {
                if let Some(shared) = weak.upgrade() {
                    shared.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
                }
            });
        })?;
        if let Ok(mut slot) = shared.writer.lock() {
            *slot = Some(thread);
        }
        Ok(Self { shared })
    }

    /// Has the proposals judged and recorded, all of them or none. Returns when they are on stable storage, with one
    /// answer for each, in their order; or when they were refused, after everything that the refusal was judged on is
    /// on stable storage.
    ///
    /// Dropping the future does not take the request back.
    pub async fn append(
        &self,
        proposals: Vec<Proposal>,
        deadline: Option<Instant>,
    ) -> Result<Vec<Appended>, Refused> {
        self.check_open(&proposals)?;
        let (answer, answered) = oneshot::channel();
        self.enqueue(encode(proposals, deadline, Reply::Append(answer))?)?;
        // A writer that is gone without an answer may have written: the caller must ask again.
        answered.await.unwrap_or(Err(Refused::Unknown))
    }

    /// Has the proposals judged at their own place in the queue, exactly as [`Journal::append`] would have them judged,
    /// and leaves no trace of them: what it says is what the append would have got, and nothing is recorded. Whatever
    /// was recorded for others before it is on stable storage when it answers.
    pub async fn judge(
        &self,
        proposals: Vec<Proposal>,
        deadline: Option<Instant>,
    ) -> Result<Vec<Judgement>, Refused> {
        self.check_open(&proposals)?;
        let (answer, answered) = oneshot::channel();
        self.enqueue(encode(proposals, deadline, Reply::Judge(answer))?)?;
        answered.await.unwrap_or(Err(Refused::Unknown))
    }

    fn check_open(&self, proposals: &[Proposal]) -> Result<(), Refused> {
        if self.is_closed() {
            return Err(Refused::Stopping);
        }
        match self.standing() {
            Standing::ReadOnly(why) => Err(Refused::ReadOnly(why)),
            Standing::ClockFault(fault) if !proposals.iter().all(corrects_clock) => {
                Err(Refused::ReadOnly(fault.why))
            }
            Standing::Open | Standing::ClockFault(_) => Ok(()),
        }
    }

    /// [`Journal::append`] for a thread of its own: blocks until the answer is there.
    pub fn append_blocking(&self, proposals: Vec<Proposal>) -> Result<Vec<Appended>, Refused> {
        let (answer, answered) = oneshot::channel();
        self.enqueue(encode(proposals, None, Reply::Append(answer))?)?;
        answered.blocking_recv().unwrap_or(Err(Refused::Unknown))
    }

    fn enqueue(&self, request: Request) -> Result<(), Refused> {
        let bytes = request.bytes;
        let before = self.shared.queued_bytes.fetch_add(bytes, Ordering::Relaxed);
        let sent = if before + bytes > self.shared.limits.queued_bytes {
            Err(Refused::QueueFull)
        } else {
            match self.shared.queue.read().ok().and_then(|queue| queue.clone()) {
                None => Err(Refused::Stopping),
                Some(queue) => queue.try_send(request).map_err(|error| match error {
                    mpsc::TrySendError::Full(_) => Refused::QueueFull,
                    mpsc::TrySendError::Disconnected(_) => Refused::Unknown,
                }),
            }
        };
        if sent.is_err() {
            self.shared.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
        }
        sent
    }

    /// Where the ledger stands: size, chain head, Merkle root. Durable records only.
    pub fn head(&self) -> Head {
        self.shared.reader.head()
    }

    /// Whether it takes appends.
    pub fn standing(&self) -> Standing {
        let standing = self.shared.standing.borrow().clone();
        // The sender lives in the writer: without it nobody serves the queue.
        match (self.shared.standing.has_changed(), standing) {
            (Err(_), Standing::Open) => Standing::ReadOnly("its writer has ended; restart the server".into()),
            (_, standing) => standing,
        }
    }

    fn is_closed(&self) -> bool {
        self.shared.queue.read().is_ok_and(|queue| queue.is_none())
    }

    /// Follows the number of durable records.
    pub fn committed(&self) -> watch::Receiver<u64> {
        self.shared.committed.clone()
    }

    /// The time zone in which the ledger counts days.
    pub fn zone(&self) -> &TimeZone {
        &self.shared.zone
    }

    /// The stored records.
    pub fn reader(&self) -> &Reader {
        &self.shared.reader
    }

    /// Takes no more requests, finishes those that wait, and closes the log. Blocks.
    pub fn close(&self) {
        if let Ok(mut queue) = self.shared.queue.write() {
            queue.take();
        }
        let writer = self.shared.writer.lock().ok().and_then(|mut slot| slot.take());
        if let Some(writer) = writer {
            // A panic of the writer has already been reported by its hook, and the ledger is closed either way.
            let _ = writer.join();
        }
    }
}

fn finish_erasures(point: &mut dyn CommitPoint, reader: &Reader) -> std::io::Result<()> {
    let erasures = erasure::since(reader, 0).map_err(|error| error.to_string());
    erasures.and_then(|erasures| if erasures.is_empty() { Ok(()) } else { point.erase(&erasures) }).map_err(
        |why| {
            let why = format!(
                "words that the ledger says are erased cannot be: {why}; look at the disk, then start again"
            );
            std::io::Error::other(why)
        },
    )
}

/// Whether it is what a ledger takes while its clock is not trusted.
fn corrects_clock(proposal: &Proposal) -> bool {
    matches!(proposal.command.event.payload, Payload::ClockCorrected(_))
}

/// Encodes each event once, before it waits: what the writer needs from then on is done.
fn encode(proposals: Vec<Proposal>, deadline: Option<Instant>, reply: Reply) -> Result<Request, Refused> {
    let mut total = 0;
    let encoded = proposals
        .into_iter()
        .enumerate()
        .map(|(index, proposal)| {
            let mut bytes = Vec::with_capacity(512);
            codec::encode_into(&proposal.command.event, &mut bytes)
                .map_err(|error| Refused::Unreadable(error.to_string()))?;
            if bytes.len() > keys::MAX_EVENT {
                return Err(Refused::TooLarge { index });
            }
            total +=
                keys::MAX_OWN_PART + bytes.len() + proposal.texts.iter().map(|t| t.text.len()).sum::<usize>();
            let keys = keys::of(&proposal.command.source, &proposal.command.event);
            if keys.subjects.len() > storage::MAX_SUBJECTS {
                return Err(Refused::Rejected {
                    index,
                    rejection: Rejection::malformed("payload", NAMES, FEWER),
                });
            }
            Ok(Encoded { proposal, bytes, keys })
        })
        .collect::<Result<_, _>>()?;
    if total > MAX_REQUEST {
        return Err(Refused::RequestTooLarge { bytes: total, most: MAX_REQUEST });
    }
    Ok(Request { proposals: encoded, bytes: total, deadline, reply })
}

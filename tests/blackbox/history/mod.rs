//! The checker for histories: every call with when it began and when its answer came, held against what the ledger
//! holds at the end.
//!
//! The ledger only grows, so each answer says something about when a record came to be. With positions from 1, `lb[s]`
//! is the earliest moment at which record s can have come, `ub[s]` the latest. A first receipt for s puts both; whatever
//! was found at s puts `ub[s]`; an id that was not found, and is at s in the end, puts `lb[s]`; a size h puts `ub[h]`
//! and `lb[h + 1]`. There is an order of events that explains all answers if and only if no record can have come later
//! than one behind it must have come.
//!
//! It must not know how calls are made.

mod tests;

use pledgebook::grpc::wire::{AppendResult, Event, Receipt, RecordedEvent};
use sha2::{Digest as _, Sha256};
use std::{
    collections::{HashMap, HashSet},
    sync::{LazyLock, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Time since this process first asked.
pub fn now() -> Duration {
    BEGAN.elapsed()
}

/// What became of an append.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Recorded(Vec<AppendResult>),
    /// Definitely not recorded, and the reason that a program goes by.
    Refused(String),
    /// Perhaps recorded.
    Unknown(String),
}

impl Outcome {
    pub fn of(answer: Result<Vec<AppendResult>, Status>) -> Self {
        let status = match answer {
            Ok(results) => return Self::Recorded(results),
            Err(status) => status,
        };
        let reason = status.get_error_details().error_info().map(|info| info.reason.clone());
        // Without a reason it was not the service that answered.
        let reason = reason.unwrap_or_else(|| format!("{:?}: {}", status.code(), status.message()));
        let unknown =
            matches!(reason.as_str(), "OUTCOME_UNKNOWN" | "DEADLINE_PASSED" | "STOPPING" | "INTERNAL");
        let ours = status.get_error_details().error_info().is_some();
        if !ours || unknown || status.code() == Code::DeadlineExceeded {
            Self::Unknown(reason)
        } else {
            Self::Refused(reason)
        }
    }
}

/// A call and its answer.
#[derive(Clone, Debug)]
pub enum Call {
    Append {
        events: Vec<Event>,
        outcome: Outcome,
    },
    /// One event looked for by its id.
    Look {
        event_id: String,
        found: Option<Receipt>,
    },
    /// The ledger's size and, if it was told, its Merkle root.
    Head {
        size: u64,
        root: Vec<u8>,
    },
    /// Records read in order, from a sequence on: by `Read`, or by `Subscribe`.
    Read {
        from: u64,
        events: Vec<RecordedEvent>,
    },
}

/// A call, and when.
#[derive(Clone, Debug)]
pub struct Entry {
    pub invoked: Duration,
    pub returned: Duration,
    pub call: Call,
}

/// What many callers saw.
#[derive(Default)]
pub struct History(Mutex<Vec<Entry>>);

impl History {
    /// Keeps a call that began at `invoked` and has just been answered.
    pub fn keep(&self, invoked: Duration, call: Call) {
        let entry = Entry { invoked, returned: now(), call };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }

    /// A copy, to go on from here alone.
    pub fn again(&self) -> Self {
        Self(Mutex::new(self.entries()))
    }

    pub fn entries(&self) -> Vec<Entry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Every append, in the order of their answers.
    pub fn appends(&self) -> Vec<(Vec<Event>, Outcome)> {
        let entries = self.entries().into_iter();
        entries
            .filter_map(|entry| match entry.call {
                Call::Append { events, outcome } => Some((events, outcome)),
                _ => None,
            })
            .collect()
    }

    /// Every event that was ever sent, once.
    pub fn sent(&self) -> Vec<Event> {
        let mut seen = HashSet::new();
        let sent = self.appends().into_iter().flat_map(|(events, _)| events);
        sent.filter(|event| seen.insert(event.event_id.clone())).collect()
    }

    /// How many events were acknowledged as new.
    pub fn acknowledged(&self) -> usize {
        let results = self.appends().into_iter().filter_map(|(_, outcome)| match outcome {
            Outcome::Recorded(results) => Some(results.iter().filter(|result| !result.repeated).count()),
            _ => None,
        });
        results.sum()
    }

    pub fn check(&self, held: &[RecordedEvent]) -> Result<(), String> {
        check(&self.entries(), held)
    }
}

/// Whether the ledger that is held in the end explains every answer. Record 0 is the ledger's own.
pub fn check(history: &[Entry], held: &[RecordedEvent]) -> Result<(), String> {
    let ledger = Ledger::of(held)?;
    let mut bounds = Bounds::new(held.len());
    let mut attempts: HashMap<&str, Attempts<'_>> = HashMap::new();
    for entry in history {
        match &entry.call {
            Call::Append { events, outcome } => {
                let results = match outcome {
                    Outcome::Recorded(results) if results.len() != events.len() => {
                        return Err(format!("{} results for {} events", results.len(), events.len()));
                    }
                    Outcome::Recorded(results) => Some(results),
                    _ => None,
                };
                for (index, event) in events.iter().enumerate() {
                    let tried = attempts.entry(&event.event_id).or_insert_with(|| Attempts::of(event));
                    tried.take(event, entry, outcome)?;
                    let Some(result) = results.map(|results| &results[index]) else { continue };
                    let at = ledger.receipted(result.receipt.as_ref().ok_or("no receipt")?)?;
                    tried.receipt(result)?;
                    bounds.came_by(at, entry.returned);
                    if !result.repeated {
                        bounds.came_after(at, entry.invoked);
                    }
                }
            }
            Call::Look { event_id, found: Some(receipt) } => {
                if receipt.event_id != *event_id {
                    return Err(format!("{event_id} was looked for, and another was found"));
                }
                bounds.came_by(ledger.receipted(receipt)?, entry.returned);
            }
            Call::Look { event_id, found: None } => {
                if let Some(at) = ledger.places.get(event_id.as_str()) {
                    bounds.came_after(*at, entry.invoked);
                }
            }
            Call::Head { size, root } => {
                ledger.root(*size, root)?;
                bounds.came_by(*size as usize, entry.returned);
                bounds.came_after(*size as usize + 1, entry.invoked);
            }
            Call::Read { from, events } => {
                let from = *from as usize;
                if held.get(from..from + events.len()) != Some(events) {
                    return Err(format!("what was read from {from} on is not what stands there"));
                }
                bounds.came_by(from + events.len(), entry.returned);
            }
        }
    }
    for (at, recorded) in held.iter().enumerate().skip(1) {
        let event = recorded.event.as_ref().ok_or("a record without an event")?;
        let tried =
            attempts.get(event.event_id.as_str()).ok_or_else(|| format!("record {at} was never sent"))?;
        if tried.event != event {
            return Err(format!("record {at} is not what was sent"));
        }
        // Refused each time, and there nevertheless: then no attempt can have made it.
        let earliest = tried.earliest.ok_or_else(|| format!("record {at} was refused, and is there"))?;
        bounds.came_after(at + 1, earliest);
    }
    bounds.hold()
}

/// What the ledger holds.
struct Ledger<'a> {
    held: &'a [RecordedEvent],
    /// Positions, from 1, by id.
    places: HashMap<&'a str, usize>,
    roots: Vec<[u8; 32]>,
}

impl<'a> Ledger<'a> {
    fn of(held: &'a [RecordedEvent]) -> Result<Self, String> {
        let mut places = HashMap::new();
        let (mut stack, mut roots): (Vec<(usize, [u8; 32])>, _) =
            (Vec::new(), vec![Sha256::digest(b"").into()]);
        let mut before = None;
        for (at, recorded) in held.iter().enumerate() {
            if recorded.sequence != at as u64 {
                return Err(format!("a gap: {} stands at {at}", recorded.sequence));
            }
            let time = recorded.recorded_at.map(|time| (time.seconds, time.nanos));
            if time < before {
                return Err(format!("the recorded time goes back at {at}"));
            }
            before = time;
            let event = recorded.event.as_ref().ok_or("a record without an event")?;
            if places.insert(event.event_id.as_str(), at + 1).is_some() {
                return Err(format!("{} stands twice", event.event_id));
            }
            let hash = recorded.hash.as_slice().try_into().map_err(|_| "a hash that is none".to_owned())?;
            stack.push((1, hash));
            while let [.., (left, one), (right, other)] = stack[..]
                && left == right
            {
                stack.truncate(stack.len() - 2);
                stack.push((left + right, node(one, other)));
            }
            let parts = stack.iter().rev().map(|(_, hash)| *hash);
            roots.push(parts.reduce(|right, left| node(left, right)).unwrap_or_default());
        }
        Ok(Self { held, places, roots })
    }

    /// The position that a receipt tells of, if what it says of it is so.
    fn receipted(&self, receipt: &Receipt) -> Result<usize, String> {
        let (id, at) = (&receipt.event_id, receipt.sequence);
        let Some(recorded) = self.held.get(at as usize) else {
            return Err(format!("{id} was acknowledged at {at}, and the ledger holds {}", self.held.len()));
        };
        let same = self.places.get(id.as_str()) == Some(&(at as usize + 1))
            && receipt.hash == recorded.hash
            && receipt.recorded_at == recorded.recorded_at
            && receipt.irregularities == recorded.irregularities;
        if same {
            Ok(at as usize + 1)
        } else {
            Err(format!("{id} was acknowledged at {at}, where it is not"))
        }
    }

    fn root(&self, size: u64, root: &[u8]) -> Result<(), String> {
        match self.roots.get(size as usize) {
            None => Err(format!("a size of {size} was told, and the ledger holds {}", self.held.len())),
            Some(own) if !root.is_empty() && own != root => Err(format!("another root was told at {size}")),
            Some(_) => Ok(()),
        }
    }
}

/// RFC 6962, 2.1.
fn node(left: [u8; 32], right: [u8; 32]) -> [u8; 32] {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// All attempts at one id.
struct Attempts<'a> {
    event: &'a Event,
    /// The first attempt that can have recorded it.
    earliest: Option<Duration>,
    receipt: Option<&'a Receipt>,
    first: bool,
}

impl<'a> Attempts<'a> {
    fn of(event: &'a Event) -> Self {
        Self { event, earliest: None, receipt: None, first: false }
    }

    fn take(&mut self, event: &Event, entry: &Entry, outcome: &Outcome) -> Result<(), String> {
        if event != self.event {
            return Err(format!("{} was sent with two contents: the history is no good", event.event_id));
        }
        if !matches!(outcome, Outcome::Refused(_)) {
            self.earliest = Some(self.earliest.map_or(entry.invoked, |before| before.min(entry.invoked)));
        }
        Ok(())
    }

    fn receipt(&mut self, result: &'a AppendResult) -> Result<(), String> {
        let receipt = result.receipt.as_ref();
        if self.receipt.is_some() && self.receipt != receipt {
            return Err(format!("{}: a retry got another receipt", self.event.event_id));
        }
        self.receipt = receipt;
        if !result.repeated && std::mem::replace(&mut self.first, true) {
            return Err(format!("{} was recorded as new twice", self.event.event_id));
        }
        Ok(())
    }
}

/// When each position can have come to be.
struct Bounds {
    earliest: Vec<Duration>,
    latest: Vec<Duration>,
}

impl Bounds {
    fn new(size: usize) -> Self {
        Self { earliest: vec![Duration::ZERO; size + 2], latest: vec![Duration::MAX; size + 2] }
    }

    fn came_by(&mut self, at: usize, returned: Duration) {
        self.latest[at] = self.latest[at].min(returned);
    }

    fn came_after(&mut self, at: usize, invoked: Duration) {
        self.earliest[at] = self.earliest[at].max(invoked);
    }

    fn hold(&self) -> Result<(), String> {
        let mut after = Duration::ZERO;
        let last = self.earliest.len() - 2;
        for at in 1..=last {
            after = after.max(self.earliest[at]);
            if after > self.latest[at] {
                return Err(format!(
                    "record {} was there before it, or one before it, can have been",
                    at - 1
                ));
            }
        }
        Ok(())
    }
}

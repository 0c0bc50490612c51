//! The writer: one thread a ledger. It takes everything that waits, reads the clock once, judges each request on what
//! came before it, commits the group, and only then answers.
//!
//! Invariant: nobody hears anything, not even a refusal, before what it was decided on is durable, and nobody hears that
//! words are erased before they are.

use jiff::Timestamp;
use rand::RngCore as _;
use std::{
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};
use storage::{Draft, Group, Word, WordState};
use tokio::sync::watch;

use super::{
    Appended, Encoded, Judgement, Limits, Receipt, Refused, Reply, Request, Standing,
    clock::{Clock, Fault, Guard},
    commit::{CommitPoint, Outcome},
    erasure,
    receipt::{Text, commitment},
    world::{self, Base, Layer, Placed, View},
};
use crate::domain::{
    command::{Command, Recorded},
    decide::{Mention, decide, judge_batch, recording_order},
    event::Event,
    irregularity::Irregularity,
    rejection::Rejection,
};

/// Requests in a group from which on it waits a moment for more: fewer callers than this would only wait for each other.
const CROWD: usize = 8;
/// That moment. Two rounds on a busy machine, 256 callers of one event each: 15,978 events/s without it, 19,831 with it.
const LINGER: Duration = Duration::from_micros(300);

/// What the writer tells the rest of the journal.
pub(super) struct Wires {
    pub(super) committed: watch::Sender<u64>,
    pub(super) standing: watch::Sender<Standing>,
}

/// The writer's state.
pub(super) struct Writer {
    point: Box<dyn CommitPoint>,
    base: Base,
    clock: Arc<dyn Clock>,
    wires: Wires,
    limits: Limits,
    guard: Option<Guard>,
}

type Answer = Result<Answered, Refused>;

/// What a request asked for.
#[derive(Clone)]
enum Answered {
    Recorded(Vec<Appended>),
    Judged(Vec<Judgement>),
}

impl Writer {
    pub(super) fn new(
        point: Box<dyn CommitPoint>,
        base: Base,
        clock: Arc<dyn Clock>,
        wires: Wires,
        limits: Limits,
    ) -> Self {
        let mut writer = Self { point, base, clock, wires, limits, guard: None };
        match Guard::new(writer.clock.as_ref(), writer.last_recorded()) {
            Ok(guard) => writer.guard = Some(guard),
            Err(fault) => writer.distrust_clock(fault),
        }
        writer
    }

    /// Serves requests until the queue is closed and empty, then closes the log. `taken` hears how many bytes left the
    /// queue.
    pub(super) fn run(mut self, waiting: &mpsc::Receiver<Request>, taken: &dyn Fn(usize)) {
        while let Ok(first) = waiting.recv() {
            let requests = gather(first, waiting, self.limits.group_bytes);
            taken(requests.iter().map(|r| r.bytes).sum());
            self.serve(requests);
        }
        if let Err(error) = self.point.close() {
            tracing::error!(%error, "the log could not be closed in order; the next start recovers it");
        }
    }

    /// Judges, commits, answers. Decides anew as often as another writer was first.
    fn serve(&mut self, mut requests: Vec<Request>) {
        loop {
            let standing = self.wires.standing.borrow().clone();
            let now = match (standing, self.guard.as_ref().map(|guard| guard.read(self.clock.as_ref()))) {
                (Standing::ReadOnly(why), _) => return answer_all(requests, &Refused::ReadOnly(why)),
                (Standing::Open, Some(Ok(now))) => now,
                (Standing::Open, Some(Err(fault))) => {
                    self.distrust_clock(fault);
                    continue;
                }
                (Standing::Open, None) => return answer_all(requests, &Refused::Unknown),
                (Standing::ClockFault(fault), _) => {
                    let (corrections, rest) = requests.into_iter().partition(Request::corrects_clock);
                    answer_all(rest, &Refused::ReadOnly(fault.why));
                    requests = corrections;
                    if requests.is_empty() {
                        return;
                    }
                    self.clock.now()
                }
            };
            let Some(mut group) = self.point.group() else {
                self.stop_writing("an earlier write failed; a restart recovers the ledger".into());
                continue;
            };
            let (answers, layer) = match self.judge_all(&requests, &mut group, now) {
                Ok(judged) => judged,
                Err(Broken(why)) => return answer_all(requests, &Refused::Unreadable(why)),
            };
            let first = self.base.reader().head().size;
            if group.is_empty() {
                // Everything these answers rest on was durable before.
                return answer_each(requests, answers);
            }
            match self.point.commit(group) {
                Outcome::Committed => {
                    let erased = self.erase(layer.mentioning(&Mention::Erasure));
                    self.base.absorb(layer);
                    let size = self.base.reader().head().size;
                    // Whoever hears of its record, and then asks, finds it in the feed.
                    self.wires.committed.send_replace(size);
                    if let Err(why) = erased {
                        let why = format!("words could not be erased: {why}; a restart finishes it");
                        self.stop_writing(why);
                        return answer_all(requests, &Refused::Unknown);
                    }
                    self.trust_clock();
                    return answer_each(requests, answers);
                }
                Outcome::Superseded => {
                    self.base.forget();
                    if let Err(why) = self.erase_since(first) {
                        self.stop_writing(format!("words could not be erased: {why}; a restart finishes it"));
                        return answer_all(requests, &Refused::Unknown);
                    }
                }
                Outcome::Full(why) => {
                    tracing::error!(%why, "no room for the next records");
                    return answer_all(requests, &Refused::DiskFull);
                }
                Outcome::NotWritten(why) => {
                    tracing::error!(%why, "the next records could not be written");
                    return answer_all(requests, &Refused::NotWritten);
                }
                Outcome::Poisoned(why) => {
                    self.stop_writing(format!("a write failed: {why}; a restart recovers the ledger"));
                    return answer_all(requests, &Refused::Unknown);
                }
            }
        }
    }

    fn judge_all(
        &mut self,
        requests: &[Request],
        group: &mut Group,
        now: Timestamp,
    ) -> Result<(Vec<Answer>, Layer), Broken> {
        let mut layer = Layer::default();
        let stamp = Stamp::new(now, self.last_recorded());
        let mut answers = Vec::with_capacity(requests.len());
        for request in requests {
            if request.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                answers.push(Err(Refused::DeadlinePassed));
                continue;
            }
            let next = group.next_sequence();
            // What is judged is judged as of the time that its record gets: whoever judges it again has no other.
            let now = stamp.recorded_at;
            let mut view = View { base: &mut self.base, group: &layer, request: Layer::default(), now, next };
            let answer = match judge(request, &mut view, &stamp) {
                Err(refused) => Err(refused),
                // Its layer is dropped as a refused one's is: nobody after it sees anything of it.
                Ok(judged) if matches!(request.reply, Reply::Judge(_)) => {
                    Ok(Answered::Judged(judgements(judged)))
                }
                Ok(judged) => {
                    let answer = put_all(request, judged, &mut view, group)?;
                    let accepted = view.request;
                    layer.merge(accepted);
                    Ok(Answered::Recorded(answer))
                }
            };
            answers.push(answer);
        }
        Ok((answers, layer))
    }

    /// Erases the words that what another writer committed from that sequence on says are erased.
    fn erase_since(&mut self, first: u64) -> Result<(), String> {
        let erasures = erasure::since(self.base.reader(), first).map_err(|error| error.to_string())?;
        if erasures.is_empty() { Ok(()) } else { self.point.erase(&erasures) }
    }

    /// Erases the words that these committed facts say are erased.
    fn erase(&mut self, facts: &[Arc<Recorded>]) -> Result<(), String> {
        if facts.is_empty() {
            return Ok(());
        }
        let erasures = erasure::each(self.base.reader(), facts).map_err(|error| error.to_string())?;
        self.point.erase(&erasures)
    }

    fn last_recorded(&self) -> Timestamp {
        let head = self.base.reader().head();
        if head.size == 0 {
            return Timestamp::MIN;
        }
        Timestamp::from_microsecond(head.recorded_at).unwrap_or(Timestamp::MAX)
    }

    /// Takes nothing but an operator's word about the clock from here on.
    fn distrust_clock(&mut self, fault: Fault) {
        tracing::error!(why = %fault.why, "the ledger is read-only");
        self.guard = None;
        self.wires.standing.send_replace(Standing::ClockFault(fault));
    }

    /// What was committed while the clock was not trusted is an operator's word that it is right now.
    fn trust_clock(&mut self) {
        if matches!(*self.wires.standing.borrow(), Standing::ClockFault(_)) {
            self.guard = Some(Guard::afresh(self.clock.as_ref()));
            self.wires.standing.send_replace(Standing::Open);
            tracing::info!("an operator corrected the clock; the ledger takes appends again");
        }
    }

    fn stop_writing(&mut self, why: String) {
        tracing::error!(%why, "the ledger is read-only");
        self.wires.standing.send_replace(Standing::ReadOnly(why));
    }
}

/// The time that a group's records get.
struct Stamp {
    recorded_at: Timestamp,
    behind: bool,
}

impl Stamp {
    fn new(now: Timestamp, last: Timestamp) -> Self {
        Self { recorded_at: now.max(last), behind: now < last }
    }
}

/// Takes what waits, up to a group's size. Where many wait, many more are on their way.
fn gather(first: Request, waiting: &mpsc::Receiver<Request>, most: usize) -> Vec<Request> {
    let mut bytes = first.bytes;
    let mut requests = vec![first];
    let mut drain = |requests: &mut Vec<Request>| {
        while bytes < most {
            let Ok(next) = waiting.try_recv() else { break };
            bytes += next.bytes;
            requests.push(next);
        }
    };
    drain(&mut requests);
    if requests.len() > CROWD {
        std::thread::sleep(LINGER);
        drain(&mut requests);
    }
    requests
}

fn answer_all(requests: Vec<Request>, refused: &Refused) {
    for request in requests {
        request.reply.tell(Err(refused.clone()));
    }
}

fn answer_each(requests: Vec<Request>, answers: Vec<Answer>) {
    for (request, answer) in requests.into_iter().zip(answers) {
        request.reply.tell(answer);
    }
}

impl Reply {
    /// Tells the caller. One that has gone does not hear it; it asks again with the same ids.
    fn tell(self, answer: Answer) {
        let _ = match (self, answer) {
            (Self::Append(to), Ok(Answered::Recorded(appended))) => to.send(Ok(appended)).is_ok(),
            (Self::Judge(to), Ok(Answered::Judged(judgements))) => to.send(Ok(judgements)).is_ok(),
            (Self::Append(to), Err(refused)) => to.send(Err(refused)).is_ok(),
            (Self::Judge(to), Err(refused)) => to.send(Err(refused)).is_ok(),
            // Each is answered in its own kind by `judge_all`; whoever was not would hear that the outcome is unknown.
            (Self::Append(_), Ok(Answered::Judged(_))) | (Self::Judge(_), Ok(Answered::Recorded(_))) => false,
        };
    }
}

/// A record could not be put into its group, which may hold half a request now: the group is given up.
struct Broken(String);

/// A request that was judged and accepted: for each of its events the answer, if it was recorded before, or its place.
struct Judged {
    repeats: Vec<Option<Appended>>,
    /// In the order in which they are recorded: the event's index in the request, and its place.
    new: Vec<(usize, Placed)>,
}

/// Judges one request on everything before it. A refusal leaves no trace but in `view.request`, which is dropped with
/// it.
fn judge(request: &Request, view: &mut View<'_>, stamp: &Stamp) -> Result<Judged, Refused> {
    let mut repeats = Vec::with_capacity(request.proposals.len());
    let mut places = Vec::new();
    for (index, encoded) in request.proposals.iter().enumerate() {
        let repeated = repeat(encoded, view, index)?;
        if repeated.is_none() {
            places.push(index);
        }
        repeats.push(repeated);
    }
    let commands: Vec<Command> =
        places.iter().map(|&i| request.proposals[i].proposal.command.clone()).collect();
    judge_batch(&commands).map_err(|(nth, rejection)| Refused::Rejected { index: places[nth], rejection })?;
    let mut new = Vec::with_capacity(commands.len());
    for nth in recording_order(&commands) {
        let (index, command) = (places[nth], &commands[nth]);
        let mut irregularities = decide(view, command)?
            .map_err(|rejection| Refused::Rejected { index, rejection })?
            .irregularities;
        if stamp.behind {
            irregularities.push(Irregularity::ClockBehind);
        }
        let fact = Recorded {
            sequence: view.next,
            recorded_at: stamp.recorded_at,
            source: command.source.clone(),
            irregularities,
            event: command.event.clone(),
        };
        let encoded = &request.proposals[index];
        let texts = encoded.proposal.texts.clone();
        new.push((index, view.accept(encoded.keys.id, Arc::new(fact), texts)?));
    }
    Ok(Judged { repeats, new })
}

/// What would come of a request that was judged and accepted.
fn judgements(judged: Judged) -> Vec<Judgement> {
    let mut answers: Vec<Option<Judgement>> =
        judged.repeats.into_iter().map(|repeat| repeat.map(|it| Judgement::Repeat(it.receipt))).collect();
    for (index, placed) in judged.new {
        let irregularities = placed.fact.irregularities.clone();
        answers[index] = Some(Judgement::Recordable { subject_version: placed.version, irregularities });
    }
    // Every event is a repeat or was accepted, so nothing is left out here.
    answers.into_iter().flatten().collect()
}

/// Puts an accepted request into the group, and writes its answers.
fn put_all(
    request: &Request,
    judged: Judged,
    view: &mut View<'_>,
    group: &mut Group,
) -> Result<Vec<Appended>, Broken> {
    let mut answers = judged.repeats;
    for (index, placed) in judged.new {
        let hash = put(&request.proposals[index], &placed, group)?;
        answers[index] = Some(Appended { receipt: receipt(&placed, hash), repeated: false });
        view.hashed(request.proposals[index].keys.id, hash);
    }
    // Every event is a repeat or was accepted, so nothing is left out here.
    Ok(answers.into_iter().flatten().collect())
}

/// Puts an accepted event into the group.
fn put(encoded: &Encoded, placed: &Placed, group: &mut Group) -> Result<storage::Digest, Broken> {
    let mut salt = [0; 16];
    rand::rng().fill_bytes(&mut salt);
    let flags: Vec<&str> = placed.fact.irregularities.iter().map(|i| i.as_str()).collect();
    let texts = &encoded.proposal.texts;
    let words: Vec<Word<'_>> =
        texts.iter().map(|t| Word { field: t.field, nonce: t.nonce, text: &t.text }).collect();
    let draft = Draft {
        source: placed.fact.source.as_str(),
        salt,
        event: &encoded.bytes,
        flags: &flags,
        recorded_at: placed.fact.recorded_at.as_microsecond(),
    };
    let put = group.push(&draft, &words, encoded.keys.clone()).map_err(|error| Broken(error.to_string()))?;
    if put.sequence == placed.fact.sequence {
        Ok(put.hash)
    } else {
        Err(Broken(format!("record {} would have stood at {}", placed.fact.sequence, put.sequence)))
    }
}

fn receipt(placed: &Placed, hash: storage::Digest) -> Receipt {
    Receipt {
        source: placed.fact.source.clone(),
        event_id: placed.fact.event.id,
        sequence: placed.fact.sequence,
        recorded_at: placed.fact.recorded_at,
        hash,
        subject_version: placed.version,
        irregularities: placed.fact.irregularities.clone(),
    }
}

/// The answer to an event that has been recorded before; a refusal if the id was used for another.
fn repeat(encoded: &Encoded, view: &View<'_>, index: usize) -> Result<Option<Appended>, Refused> {
    let Command { source, event, .. } = &encoded.proposal.command;
    let in_group = view.group.by_id(encoded.keys.id, source, event.id);
    if let Some(placed) = in_group {
        // Its words wait in the same group, so they are compared as they are, not by their commitment.
        return if same_facts(event, &placed.fact.event) && same_texts(&encoded.proposal.texts, &placed.texts)
        {
            Ok(Some(Appended { receipt: receipt(placed, placed.hash), repeated: true }))
        } else {
            Err(taken(index, placed.fact.sequence))
        };
    }
    let reader = view.base.reader();
    let Some(fact) = super::read::find(reader, source, event.id, encoded.keys.id)? else { return Ok(None) };
    if !same(event, &encoded.proposal.texts, &fact, reader)? {
        return Err(taken(index, fact.sequence));
    }
    let receipt = super::read::receipt(reader, &fact)?;
    Ok(Some(Appended { receipt, repeated: true }))
}

fn taken(index: usize, sequence: u64) -> Refused {
    Refused::Rejected { index, rejection: Rejection::IdTaken { sequence } }
}

fn same_texts(new: &[Text], old: &[Text]) -> bool {
    new.len() == old.len() && new.iter().zip(old).all(|(n, o)| n.field == o.field && n.text == o.text)
}

/// Whether two events say the same, words apart.
fn same_facts(new: &Event, old: &Event) -> bool {
    let mut new = new.clone();
    let commitments = old.payload.words();
    for (field, words) in new.payload.words_mut() {
        if let Some((_, old)) = commitments.iter().find(|(name, _)| *name == field) {
            *words = *old;
        }
    }
    new == *old
}

/// Whether an event says what a stored one says. Its words are hashed with the stored nonce; words that are no longer
/// held cannot be compared, and are taken to be the same.
fn same(new: &Event, texts: &[Text], old: &Recorded, reader: &storage::Reader) -> Result<bool, Refused> {
    if !same_facts(new, &old.event) {
        return Ok(false);
    }
    let held =
        if texts.is_empty() { Vec::new() } else { reader.words(old.sequence).map_err(world::unreadable)? };
    let differs = old.event.payload.words().into_iter().any(|(field, words)| {
        let text = texts.iter().find(|t| t.field == field);
        let state = held.iter().find(|h| h.field == field).map(|h| &h.state);
        matches!((text, state), (Some(text), Some(WordState::Held { nonce, .. }))
            if commitment(nonce, &text.text) != words.0)
    });
    Ok(!differs)
}

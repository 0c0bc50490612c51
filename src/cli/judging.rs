//! A dry run: what would come of a file, asked of the server with `validate_only`.
//!
//! Invariant: nothing is recorded. Events that would be requests of their own are judged together, so that each sees
//! those before it; one that is refused is taken out, as its request would have been, and the rest is judged again. What
//! does not fit one request is judged apart, and said to be.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::Duration,
};

use super::{
    client::{self, Refusal, Server},
    posting::{Request, Told, is_anonymous},
};
use crate::grpc::wire::{AppendRequest, AppendResponse, Event, Judgement, Receipt, judgement::Verdict};
use crate::limits::{MAX_APPEND, MAX_BATCH};

/// Refusals after which no more are looked for: each costs a request, and people correct the first ones first.
const MAX_REFUSED: usize = 200;
/// How often in a row a server may be too busy.
const PATIENCE: u32 = 6;
/// The pause if the server names none.
const PAUSE: Duration = Duration::from_millis(100);

/// How a dry run went.
#[derive(Default)]
pub(super) struct Judged {
    /// The first place of every request but the first: it was judged as if nothing above had been recorded.
    pub(super) apart: Vec<usize>,
    /// Events that were not judged, because too many had been refused.
    pub(super) unjudged: usize,
    /// Why it did not come to the end.
    pub(super) stopped: Option<String>,
}

/// Has the requests judged in their order.
pub(super) async fn judge(
    server: &Server,
    ledger: &str,
    requests: Vec<Request>,
    told: &mut impl Told,
) -> anyhow::Result<Judged> {
    let mut run = Run { server, ledger, left: MAX_REFUSED, known: HashMap::new(), judged: Judged::default() };
    let mut waiting: VecDeque<Request> = requests.into();
    let mut first = true;
    while !waiting.is_empty() {
        let units = run.next(&mut waiting, told);
        if units.is_empty() {
            continue;
        }
        if !first {
            run.judged.apart.extend(units[0].lines.first());
        }
        let again = match run.units(units, told).await {
            Ok(again) => again,
            // Nothing has been said yet, so there is nothing to show.
            Err(error) if first => return Err(error),
            Err(error) => {
                run.judged.stopped = Some(format!("{error:#}"));
                break;
            }
        };
        for unit in again.into_iter().rev() {
            waiting.push_front(unit);
        }
        first = false;
        if run.left == 0 {
            run.judged.unjudged += waiting.iter().map(|unit| unit.events.len()).sum::<usize>();
            break;
        }
    }
    Ok(run.judged)
}

struct Run<'a> {
    server: &'a Server,
    ledger: &'a str,
    /// Refusals that may still come.
    left: usize,
    /// Events that would be recorded, by their ids: what comes again under one of them is not judged, it is known.
    known: HashMap<String, Event>,
    judged: Judged,
}

impl Run<'_> {
    /// The next requests that can be judged as one: not too many, not two releases of anonymous feedback, of which one
    /// would help the other through, and no id twice.
    fn next(&self, waiting: &mut VecDeque<Request>, told: &mut impl Told) -> Vec<Request> {
        let mut units: Vec<Request> = Vec::new();
        let (mut events, mut bytes, mut released) = (0, 0, false);
        let mut ids = HashSet::new();
        while let Some(unit) = waiting.pop_front() {
            if self.is_known(&unit, told) {
                continue;
            }
            let release = unit.events.iter().any(is_anonymous);
            let fits = events + unit.events.len() <= MAX_BATCH && bytes + unit.bytes <= MAX_APPEND;
            let twice = unit.events.iter().any(|event| ids.contains(&event.event_id));
            if !units.is_empty() && (!fits || twice || release && released) {
                waiting.push_front(unit);
                break;
            }
            events += unit.events.len();
            bytes += unit.bytes;
            released |= release;
            ids.extend(unit.events.iter().map(|event| event.event_id.clone()));
            units.push(unit);
        }
        units
    }

    /// Tells what becomes of a single event whose id an earlier one of the file has.
    fn is_known(&self, unit: &Request, told: &mut impl Told) -> bool {
        let [event] = unit.events.as_slice() else { return false };
        let Some(earlier) = self.known.get(&event.event_id) else { return false };
        if earlier == event {
            let verdict = Some(Verdict::Repeat(Receipt::default()));
            let judgements = vec![Judgement { verdict }];
            told.answered(&unit.lines, AppendResponse { results: Vec::new(), judgements });
        } else {
            let message = "another event of this file has the same id; give each event an id of its own";
            told.refused(&unit.lines, &refusal("ID_TAKEN", message, Some(0)));
        }
        true
    }

    /// Has some requests judged as one; takes out what is refused. Returns what must be judged apart.
    async fn units(&mut self, mut units: Vec<Request>, told: &mut impl Told) -> anyhow::Result<Vec<Request>> {
        let mut later = Vec::new();
        while !units.is_empty() {
            let refusal = match self.ask(&units).await? {
                Ok(answer) => {
                    self.tell(units, answer, told);
                    return Ok(later);
                }
                Err(refusal) => refusal,
            };
            let Some((guilty, index)) = refusal.index.and_then(|index| place(&units, index)) else {
                if units.len() > 1 {
                    // It is about all of them together, such as their size.
                    later.splice(0..0, units.split_off(units.len() / 2));
                    continue;
                }
                let lines = units.pop().map(|unit| unit.lines).unwrap_or_default();
                self.refused(&lines, &refusal, told);
                return Ok(later);
            };
            let taken = units.remove(guilty);
            let what = refusal.what().to_owned();
            self.refused(&taken.lines, &Refusal { index: Some(index), message: what, ..refusal }, told);
            if self.left == 0 {
                // Those before it have been accepted.
                later.splice(0..0, units.split_off(guilty));
            }
        }
        Ok(later)
    }

    fn refused(&mut self, lines: &[usize], refusal: &Refusal, told: &mut impl Told) {
        self.left = self.left.saturating_sub(1);
        told.refused(lines, refusal);
    }

    fn tell(&mut self, units: Vec<Request>, answer: AppendResponse, told: &mut impl Told) {
        let mut judgements = answer.judgements.into_iter();
        for unit in units {
            let judgements = judgements.by_ref().take(unit.events.len()).collect();
            told.answered(&unit.lines, AppendResponse { results: Vec::new(), judgements });
            self.known.extend(unit.events.into_iter().map(|event| (event.event_id.clone(), event)));
        }
    }

    /// Asks until the server has time for it.
    async fn ask(&self, units: &[Request]) -> anyhow::Result<Result<AppendResponse, Refusal>> {
        let events: Vec<Event> = units.iter().flat_map(|unit| unit.events.iter().cloned()).collect();
        let request =
            AppendRequest { ledger: self.ledger.to_owned(), events, validate_only: true, receipt: 0 };
        for patience in (0..PATIENCE).rev() {
            let status = match self.server.recorder().append(request.clone()).await {
                Ok(answer) => return Ok(Ok(answer.into_inner())),
                Err(status) => status,
            };
            let refusal = Refusal::of(&status);
            match refusal.pause.filter(|_| refusal.passing && patience > 0) {
                Some(pause) => tokio::time::sleep(pause.max(PAUSE)).await,
                None if refusal.passing || refusal.hopeless => return Err(client::failed(&status)),
                None => return Ok(Err(refusal)),
            }
        }
        anyhow::bail!("the server was too busy; try again later")
    }
}

/// The request, and the place in it, of an event's place among all of them.
fn place(units: &[Request], mut index: usize) -> Option<(usize, usize)> {
    for (number, unit) in units.iter().enumerate() {
        if index < unit.events.len() {
            return Some((number, index));
        }
        index -= unit.events.len();
    }
    None
}

fn refusal(reason: &str, message: &str, index: Option<usize>) -> Refusal {
    let (reason, message) = (reason.to_owned(), message.to_owned());
    Refusal { reason, message, index, passing: false, hopeless: false, pause: None }
}

//! However accepted requests are delivered — in whatever groups, repeated, doubled, taken apart, between restarts and
//! crashes — the ledger holds the same.
//!
//! Invariant: what is delivered was accepted by the naive ledger in that order; only the delivery is chance.

use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

use super::{
    dice::Dice,
    engine::Engine,
    history::ground,
    naive::Naive,
    said::{Focus, Speaker},
    whole,
};
use crate::domain::event::Access;
use crate::journal::tests::noon;
use crate::journal::{Proposal, Receipt, Refused};

/// How the next part of the requests comes to the ledger.
#[derive(Clone, Debug)]
enum Step {
    /// So many new requests in one burst, each followed at once by itself if they are doubled.
    Deliver {
        requests: usize,
        doubled: bool,
    },
    /// Everything delivered so far that lies at multiples of this is sent again, last first.
    Again(usize),
    Restart,
    /// The power goes, and what comes back lasts for so many operations; 0: for good.
    Crash {
        power: u64,
        keep: u64,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (1..5_usize, any::<bool>()).prop_map(|(requests, doubled)| Step::Deliver { requests, doubled }),
        2 => (1..4_usize).prop_map(Step::Again),
        1 => Just(Step::Restart),
        2 => (0..60_u64, any::<u64>()).prop_map(|(power, keep)| Step::Crash { power, keep }),
    ];
    proptest::collection::vec(step, 1..14)
}

/// Requests that are accepted in this order, and the ledger that they make.
fn accepted(seed: u64) -> (Vec<Vec<Proposal>>, Naive) {
    let mut dice = Dice::new(seed);
    let focus = Focus::new(&mut dice);
    let mut naive = Naive::new(noon(), Access::Open);
    let mut requests = Vec::new();
    let mut rest = ground(Access::Open);
    let opening: Vec<_> = rest.drain(..1).collect();
    for request in [opening, rest] {
        naive.post(&request).unwrap();
        requests.push(request);
    }
    for _ in 0..45 {
        let facts = naive.facts();
        let mut speaker = Speaker { dice: &mut dice, facts, naive: &naive, focus: &focus };
        let mut request = Vec::new();
        for _ in 0..=speaker.dice.below(3) {
            let event = speaker.event();
            let mut proposal = speaker.proposal(event);
            // How many events a subject has had is not changed by delivery, so expectations stay.
            proposal.command.source = crate::journal::tests::source("register");
            speaker.take(&proposal, noon());
            request.push(proposal);
        }
        if naive.post(&request).is_ok() {
            requests.push(request);
        }
    }
    (requests, naive)
}

/// The ledger under delivery.
struct Delivery {
    engine: Option<Engine>,
    lasts: bool,
    /// The receipts that posters hold.
    receipts: BTreeMap<String, Receipt>,
}

impl Delivery {
    /// Sends a burst until everybody has an answer; a ledger whose power went is started again, and asked again.
    fn send(&mut self, requests: &[Vec<Proposal>]) {
        let (answers, _) = self.engine.as_ref().unwrap().burst(requests, None);
        let mut unanswered = Vec::new();
        for (request, answer) in requests.iter().zip(answers) {
            match answer {
                Ok(appended) => {
                    for (one, proposal) in appended.iter().zip(request) {
                        let key = format!("{} {}", proposal.command.source, proposal.command.event.id);
                        let known = self.receipts.insert(key, one.receipt.clone());
                        assert!(
                            known.is_none_or(|known| known == one.receipt),
                            "a retry got another receipt"
                        );
                    }
                }
                // It rests on one before it, which a disk that fails has not taken: its poster asks again, too.
                Err(Refused::Rejected { .. }) if !unanswered.is_empty() => unanswered.push(request.clone()),
                Err(Refused::Rejected { index, rejection }) => {
                    panic!("event {index} of {request:#?}: {rejection}")
                }
                Err(refused) => {
                    assert!(!self.lasts, "{refused:?} on a disk that works");
                    unanswered.push(request.clone());
                }
            }
        }
        if !unanswered.is_empty() {
            self.crash(0, 17);
            self.send(&unanswered);
        }
    }

    fn crash(&mut self, power: u64, keep: u64) {
        let power = if power == 0 { u64::MAX } else { power };
        let engine = self.engine.take().unwrap().crashed(&mut Dice::new(keep), power);
        (self.engine, self.lasts) = (Some(engine), power == u64::MAX);
    }

    fn take(&mut self, step: &Step, requests: &[Vec<Proposal>], delivered: &mut usize) {
        match *step {
            Step::Deliver { requests: count, doubled } => {
                let new = &requests[*delivered..requests.len().min(*delivered + count)];
                let times = if doubled { 2 } else { 1 };
                let burst: Vec<_> =
                    new.iter().flat_map(|request| std::iter::repeat_n(request.clone(), times)).collect();
                if !burst.is_empty() {
                    self.send(&burst);
                }
                *delivered += new.len();
            }
            Step::Again(every) => {
                let again: Vec<_> =
                    requests[..*delivered].iter().rev().step_by(every).take(6).cloned().collect();
                if !again.is_empty() {
                    self.send(&again);
                }
            }
            Step::Restart if self.lasts => self.engine = self.engine.take().map(Engine::restarted),
            Step::Restart => self.crash(0, 3),
            Step::Crash { power, keep } => self.crash(power, keep),
        }
    }
}

/// The first requests of a burst are not written, and another is judged without them.
#[test]
fn given_a_disk_that_fails_between_requests_when_the_later_rests_on_the_earlier_then_both_are_taken_in_the_end()
 {
    let crash = |power, keep| Step::Crash { power, keep };
    let deliver_now = |requests, doubled| Step::Deliver { requests, doubled };
    let steps = [
        crash(6, 11_030_586_168_030_981_409),
        crash(20, 17_031_015_020_410_890_450),
        crash(26, 16_218_985_951_305_003_707),
        deliver_now(1, true),
        crash(17, 18_359_810_286_956_442_276),
        deliver_now(2, false),
        Step::Again(2),
    ];
    let (requests, naive) = accepted(37_570);
    deliver(&requests, &naive, &steps);
}

/// Delivers everything so; the ledger then holds what the naive one holds.
fn deliver(requests: &[Vec<Proposal>], naive: &Naive, steps: &[Step]) {
    let mut it = Delivery { engine: Some(Engine::new(Access::Open)), lasts: true, receipts: BTreeMap::new() };
    let mut delivered = 0;
    for step in steps.iter().cycle().take(80) {
        it.take(step, requests, &mut delivered);
    }
    while delivered < requests.len() {
        it.take(&Step::Deliver { requests: 3, doubled: false }, requests, &mut delivered);
    }
    // Whoever asks at the end gets the receipt that was given first.
    for request in requests {
        it.send(std::slice::from_ref(request));
    }
    let hashes = it.receipts.values().map(|receipt| (receipt.sequence, receipt.hash)).collect();
    whole::same(it.engine.as_ref().unwrap(), naive, &hashes);
    let ids: BTreeSet<_> =
        naive.kept.iter().map(|kept| (kept.fact.source.clone(), kept.fact.event.id)).collect();
    assert_eq!((ids.len(), it.receipts.len()), (naive.kept.len(), naive.kept.len()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn given_accepted_requests_when_delivered_anyhow_then_the_ledger_is_the_same(
        seed: u64, steps in steps()
    ) {
        let (requests, naive) = accepted(seed);
        deliver(&requests, &naive, &steps);
    }

    /// The events of a request one by one make the ledger that the request makes.
    #[test]
    fn given_accepted_requests_when_taken_apart_then_the_ledger_is_the_same(seed: u64, steps in steps()) {
        let (requests, naive) = accepted(seed);
        let single: Vec<_> = requests.into_iter().flatten().map(|one| vec![one]).collect();
        deliver(&single, &naive, &steps);
    }
}

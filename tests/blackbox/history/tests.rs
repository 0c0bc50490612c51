//! The checker itself: good histories pass, and each way to spoil one is found.

use pledgebook::grpc::wire::{AppendResult, Receipt, RecordedEvent};
use prost_types::Timestamp;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use std::time::Duration;

use super::{Call, Entry, Ledger, Outcome, check};
use crate::seed::post;

/// A ledger that never errs, in time of its own, and callers who see it.
struct Model {
    dice: StdRng,
    at: u64,
    held: Vec<RecordedEvent>,
    history: Vec<Entry>,
}

impl Model {
    fn of(seed: u64) -> Self {
        let mut model =
            Self { dice: StdRng::seed_from_u64(seed), at: 1, held: Vec::new(), history: Vec::new() };
        model.record(post("genesis"));
        for number in 0..40 {
            model.step(number);
        }
        // One of each, whatever the dice say.
        model.append(vec![post("last")], false);
        model.look(1);
        model.head();
        model
    }

    fn tick(&mut self) -> Duration {
        self.at += self.dice.random_range(1..50);
        Duration::from_nanos(self.at)
    }

    fn record(&mut self, event: pledgebook::grpc::wire::Event) -> Receipt {
        let sequence = self.held.len() as u64;
        let (hash, recorded_at) =
            (self.dice.random::<[u8; 32]>().to_vec(), Some(Timestamp { seconds: 1, nanos: sequence as i32 }));
        let event_id = event.event_id.clone();
        let event = Some(event);
        self.held.push(RecordedEvent {
            sequence,
            hash: hash.clone(),
            recorded_at,
            event,
            ..Default::default()
        });
        Receipt { sequence, hash, recorded_at, event_id, ..Default::default() }
    }

    fn step(&mut self, number: u64) {
        let events: Vec<_> =
            (0..self.dice.random_range(1..4)).map(|n| post(format!("{number}-{n}"))).collect();
        match self.dice.random_range(0..7) {
            0..=1 => self.append(events, false),
            2 => self.append(events, true),
            3 => {
                let invoked = self.tick();
                let outcome = Outcome::Refused("DISK_FULL".into());
                self.keep(invoked, Call::Append { events, outcome });
            }
            4 => self.look(self.held.len() - 1),
            5 => self.head(),
            _ => {
                let invoked = self.tick();
                let from = self.dice.random_range(0..self.held.len());
                let events = self.held[from..].to_vec();
                self.keep(invoked, Call::Read { from: from as u64, events });
            }
        }
    }

    fn keep(&mut self, invoked: Duration, call: Call) {
        let returned = self.tick();
        self.history.push(Entry { invoked, returned, call });
    }

    fn append(&mut self, events: Vec<pledgebook::grpc::wire::Event>, lost: bool) {
        let invoked = self.tick();
        let result =
            |receipt, repeated| AppendResult { receipt: Some(receipt), repeated, ..Default::default() };
        let receipts: Vec<_> = events.iter().map(|event| self.record(event.clone())).collect();
        let first = receipts.iter().map(|receipt| result(receipt.clone(), false)).collect();
        let outcome = if lost { Outcome::Unknown("gone".into()) } else { Outcome::Recorded(first) };
        self.keep(invoked, Call::Append { events: events.clone(), outcome });
        let invoked = self.tick();
        let again = receipts.into_iter().map(|receipt| result(receipt, true)).collect();
        self.keep(invoked, Call::Append { events, outcome: Outcome::Recorded(again) });
    }

    fn look(&mut self, at: usize) {
        let recorded = &self.held[at];
        let event_id = recorded.event.as_ref().unwrap().event_id.clone();
        let found = Receipt {
            sequence: recorded.sequence,
            hash: recorded.hash.clone(),
            recorded_at: recorded.recorded_at,
            event_id: event_id.clone(),
            ..Default::default()
        };
        let invoked = self.tick();
        self.keep(invoked, Call::Look { event_id, found: Some(found) });
    }

    fn head(&mut self) {
        let size = self.held.len();
        let root = Ledger::of(&self.held).unwrap().roots[size].to_vec();
        let invoked = self.tick();
        self.keep(invoked, Call::Head { size: size as u64, root });
    }

    /// Results of the last append: a retry, whose first answer was heard.
    fn last_results(&mut self) -> &mut Vec<AppendResult> {
        let results = self.history.iter_mut().rev().find_map(|entry| match &mut entry.call {
            Call::Append { outcome: Outcome::Recorded(results), .. } => Some(results),
            _ => None,
        });
        results.unwrap()
    }

    /// Results of some append that was acknowledged.
    fn results(&mut self) -> &mut Vec<AppendResult> {
        let heard = self.history.iter_mut().filter_map(|entry| match &mut entry.call {
            Call::Append { outcome: Outcome::Recorded(results), .. } => Some(results),
            _ => None,
        });
        let mut heard: Vec<_> = heard.collect();
        let index = self.dice.random_range(0..heard.len());
        heard.swap_remove(index)
    }
}

type Spoil = fn(&mut Model);

/// Ways to spoil a good history, or the ledger at its end.
const SPOILS: &[(&str, Spoil)] = &[
    ("the last record is lost", |it| drop(it.held.pop())),
    ("a record in the middle is lost", |it| drop(it.held.remove(it.held.len() / 2))),
    ("a record is lost, and the rest closed up", |it| {
        it.held.remove(it.held.len() / 2);
        (0..).zip(&mut it.held).for_each(|(at, recorded)| recorded.sequence = at);
    }),
    ("two records have changed places", |it| {
        let last = it.held.len() - 1;
        it.held.swap(last, last - 1);
        (0..).zip(&mut it.held).for_each(|(at, recorded)| recorded.sequence = at);
    }),
    ("a record stands twice", |it| {
        let mut again = it.held.last().unwrap().clone();
        again.sequence += 1;
        it.held.push(again);
    }),
    ("a record that nobody sent", |it| drop(it.record(post("invented")))),
    ("a record that was altered", |it| it.held.last_mut().unwrap().event = Some(post("altered"))),
    ("another content under the same id", |it| {
        it.held.last_mut().unwrap().event.as_mut().unwrap().subject = "post/other".into();
    }),
    ("another hash", |it| it.held.last_mut().unwrap().hash[0] ^= 1),
    ("the recorded time goes back", |it| it.held.last_mut().unwrap().recorded_at = None),
    ("what was refused is there", |it| {
        let event = post("refused");
        it.record(event.clone());
        let invoked = it.tick();
        it.keep(invoked, Call::Append { events: vec![event], outcome: Outcome::Refused("DISK_FULL".into()) });
    }),
    ("a receipt for another place", |it| it.results()[0].receipt.as_mut().unwrap().sequence += 1),
    ("a retry with another receipt", |it| {
        // The last append's, whose first answer was heard.
        it.last_results()[0].receipt.as_mut().unwrap().subject_version += 1;
    }),
    ("new twice", |it| {
        it.last_results()[0].repeated = false;
    }),
    ("fewer results than events", |it| drop(it.results().pop())),
    ("an acknowledged record is not found later", |it| {
        let event_id = it.held[1].event.as_ref().unwrap().event_id.clone();
        let invoked = it.tick();
        it.keep(invoked, Call::Look { event_id, found: None });
    }),
    ("the size goes back", |it| {
        let size = it.held.len() as u64 - 1;
        let invoked = it.tick();
        it.keep(invoked, Call::Head { size, root: Vec::new() });
    }),
    ("a size that was never reached", |it| {
        let size = it.held.len() as u64 + 1;
        let invoked = it.tick();
        it.keep(invoked, Call::Head { size, root: Vec::new() });
    }),
    ("another root at the same size", |it| {
        let size = it.held.len() as u64;
        let invoked = it.tick();
        it.keep(invoked, Call::Head { size, root: vec![7; 32] });
    }),
    ("a reader that misses one", |it| {
        let mut events = it.held[1..].to_vec();
        events.remove(0);
        let invoked = it.tick();
        it.keep(invoked, Call::Read { from: 1, events });
    }),
    ("read before it was sent", |it| {
        let events = it.held.clone();
        it.history.push(Entry {
            invoked: Duration::from_nanos(0),
            returned: Duration::from_nanos(1),
            call: Call::Read { from: 0, events },
        });
    }),
    ("recorded before its turn", |it| {
        // Its answer was there before the one in front of it was even sent.
        let last = it.held.last().unwrap().event.as_ref().unwrap().event_id.clone();
        for entry in &mut it.history {
            if matches!(&entry.call, Call::Append { events, .. } if events[0].event_id == last) {
                (entry.invoked, entry.returned) = (Duration::from_nanos(1), Duration::from_nanos(2));
            }
        }
    }),
];

#[test]
fn given_histories_without_fault_when_they_are_checked_then_they_hold() {
    for seed in 0..200 {
        let model = Model::of(seed);
        check(&model.history, &model.held).unwrap_or_else(|why| panic!("seed {seed}: {why}"));
    }
}

#[test]
fn given_a_good_history_when_it_is_spoilt_in_any_way_then_the_checker_finds_it() {
    for (what, spoil) in SPOILS {
        for seed in 0..50 {
            let mut model = Model::of(seed);
            spoil(&mut model);
            assert!(check(&model.history, &model.held).is_err(), "not found with seed {seed}: {what}");
        }
    }
    println!("{} ways to spoil a history, each found in 50 of 50", SPOILS.len());
}

#[test]
fn given_the_root_of_some_leaves_when_it_is_folded_then_it_is_that_of_the_recursive_definition() {
    fn root(leaves: &[[u8; 32]]) -> [u8; 32] {
        match leaves {
            [one] => *one,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                super::node(root(left), root(right))
            }
        }
    }
    let model = Model::of(7);
    let leaves: Vec<[u8; 32]> = model.held.iter().map(|it| it.hash.as_slice().try_into().unwrap()).collect();
    let ledger = Ledger::of(&model.held).unwrap();
    for size in 1..=leaves.len() {
        assert_eq!(ledger.roots[size], root(&leaves[..size]), "{size}");
    }
}

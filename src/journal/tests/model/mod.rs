//! The model: random histories on the real engine and on a naive ledger, decision by decision.
//!
//! `PLEDGEBOOK_HISTORIES=100000 cargo test --release --lib journal::tests::model -- --nocapture` runs as many histories
//! and tells what happened in them; `PLEDGEBOOK_HISTORY=17` runs the one of that number alone.

#![allow(
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "dice and days are small numbers above zero"
)]

mod cycles;
mod dice;
mod engine;
mod fill;
mod groups;
mod history;
mod lives;
mod naive;
mod properties;
mod said;
mod whole;

use std::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering},
};

use crate::domain::event::EventType;
use history::{Counts, History};

/// How many histories are run where nobody asks for a number.
const HISTORIES: u64 = 100;

fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Tells the number of the history that failed.
struct Numbered(&'static str, u64);

impl Drop for Numbered {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{} {} failed: PLEDGEBOOK_HISTORY={} has it again", self.0, self.1, self.1);
        }
    }
}

/// Runs every number asked for, on two threads; what was counted.
fn every(what: &'static str, default: u64, run: impl Fn(u64, &mut Counts) + Sync) -> Counts {
    let (first, end) = match asked("PLEDGEBOOK_HISTORY") {
        Some(one) => (one, one + 1),
        None => (0, asked("PLEDGEBOOK_HISTORIES").unwrap_or(default)),
    };
    let (next, total, begun) = (AtomicU64::new(first), Mutex::new(Counts::new()), std::time::Instant::now());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut counts = Counts::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= end {
                        break;
                    }
                    let _numbered = Numbered(what, number);
                    run(number, &mut counts);
                }
                for (name, count) in counts {
                    *total.lock().unwrap().entry(name).or_default() += count;
                }
            });
        }
    });
    let total = total.into_inner().unwrap();
    println!("{what}: {} in {:.1?}", end - first, begun.elapsed());
    for (name, count) in &total {
        println!("{count:>12}  {name}");
    }
    total
}

#[test]
fn given_random_histories_when_judged_then_journal_and_model_agree() {
    let counts = every("histories", HISTORIES, |number, counts| History::begin(number, counts).run());
    if asked("PLEDGEBOOK_HISTORY").is_some() {
        return;
    }
    // A model that was never asked says nothing.
    for what in ["repeats", "restarts", "crashes while idle", "crashes while writing"] {
        assert!(counts.contains_key(what), "no {what}");
    }
    let silent: Vec<_> = EventType::ALL
        .iter()
        .map(|one| one.as_str())
        .filter(|name| counts.get(&format!("type {name}")).is_none_or(|count| *count == 0))
        .collect();
    assert!(silent.len() < 12, "never accepted: {silent:?}");
}

//! Posts the script to a real server through real gRPC clients, one for each posting system, and keeps the tally.
//!
//! Invariant: the simulated clock is set before each step and never goes back. Whatever happens otherwise than the
//! script means it to is a surprise, and a surprise is a defect: of the script or of the service.

use anyhow::Context as _;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

use super::cast;
use super::pen::{Intent, Step};
use crate::cli::client::{Refusal, Server, Who};
use crate::grpc::wire::{AppendRequest, AppendResponse, recorder_service_client::RecorderServiceClient};
use crate::journal::clock::SimulatedClock;

/// What became of one posting system's year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) recorded: u64,
    pub(super) repeated: u64,
    /// Requests, not events: a request is refused whole.
    pub(super) refused: u64,
    pub(super) flagged: u64,
}

/// A refusal, as its poster sees it.
pub(super) struct Told {
    pub(super) source: &'static str,
    /// What was tried, in the script's words.
    pub(super) tried: &'static str,
    pub(super) reason: String,
    pub(super) message: String,
}

/// What became of the year.
#[derive(Default)]
pub(super) struct Played {
    pub(super) tallies: BTreeMap<&'static str, Tally>,
    pub(super) refusals: Vec<Told>,
    /// How often each mark was set.
    pub(super) marks: BTreeMap<String, u64>,
    pub(super) surprises: Vec<String>,
}

type Recorder = RecorderServiceClient<crate::cli::client::Calls>;

/// Posts every step at its own time.
pub(super) async fn play(
    server: &Server,
    ledger: &str,
    clock: &SimulatedClock,
    zone: &TimeZone,
    steps: Vec<Step>,
) -> anyhow::Result<Played> {
    let mut recorders: BTreeMap<&str, Recorder> = BTreeMap::new();
    for (source, ..) in &cast::SOURCES {
        let who = Who { source: Some((*source).to_owned()), token: None };
        recorders.insert(source, server.calling_as(&who)?.recorder());
    }
    let mut played = Played::default();
    for step in steps {
        clock.set(zone.to_timestamp(step.at).context("a time of the script")?);
        let recorder = recorders.get_mut(step.source).context("a source of the script")?;
        let request =
            AppendRequest { ledger: ledger.to_owned(), events: step.events.clone(), ..Default::default() };
        match recorder.append(request).await {
            Ok(answer) => played.recorded(&step, &answer.into_inner()),
            Err(status) => played.refused(&step, &Refusal::of(&status)),
        }
    }
    Ok(played)
}

impl Played {
    fn recorded(&mut self, step: &Step, answer: &AppendResponse) {
        let tally = self.tallies.entry(step.source).or_default();
        for result in &answer.results {
            if result.repeated {
                tally.repeated += 1;
                continue;
            }
            tally.recorded += 1;
            let marks = result.receipt.as_ref().map_or(&[][..], |receipt| &receipt.irregularities);
            tally.flagged += u64::from(!marks.is_empty());
            for mark in marks {
                *self.marks.entry(mark.clone()).or_default() += 1;
            }
        }
        let repeated = answer.results.iter().filter(|result| result.repeated).count();
        let meant = match step.intent {
            Intent::Record => repeated == 0,
            Intent::Repeat => repeated == answer.results.len(),
            Intent::Refuse(..) => false,
        };
        if !meant {
            self.surprise(step, &format!("{repeated} of {} repeated, none refused", answer.results.len()));
        }
    }

    fn refused(&mut self, step: &Step, refusal: &Refusal) {
        self.tallies.entry(step.source).or_default().refused += 1;
        match step.intent {
            Intent::Refuse(reason, tried) if reason == refusal.reason => self.refusals.push(Told {
                source: step.source,
                tried,
                reason: refusal.reason.clone(),
                message: refusal.what().to_owned(),
            }),
            _ => self.surprise(step, &format!("{}: {}", refusal.reason, refusal.message)),
        }
    }

    fn surprise(&mut self, step: &Step, what: &str) {
        let subject = step.events.first().map_or("nothing", |event| event.subject.as_str());
        self.surprises
            .push(format!("{} {} {subject}: meant {:?}, but {what}", step.at, step.source, step.intent));
    }
}

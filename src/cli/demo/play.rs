//! Posts the script to a real server through real gRPC clients, one for each posting system, and keeps the tally.
//!
//! Invariant: the simulated clock is set before each step. Whatever happens otherwise than the
//! script means it to is a surprise, and a surprise is a defect: of the script or of the service.

use anyhow::Context as _;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

use super::fill::{self, Known};
use super::pen::{Fill, Intent, OPERATOR, Step};
use super::stage::StageClock;
use super::story::Story;
use crate::cli::client::{self, Refusal, Server, Who};
use crate::grpc::wire::{
    AppendRequest, AppendResponse, CorrectClockRequest, Receipt, RotateKeyRequest,
    recorder_service_client::RecorderServiceClient,
};

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
    story: &Story,
    clock: &StageClock,
    zone: &TimeZone,
) -> anyhow::Result<Played> {
    let mut recorders: BTreeMap<&str, Recorder> = BTreeMap::new();
    for (source, ..) in story.sources {
        let who = Who { source: Some((*source).to_owned()), token: None };
        recorders.insert(source, server.calling_as(&who)?.recorder());
    }
    let (mut played, mut known) = (Played::default(), Known::default());
    for step in &story.steps {
        clock.set(zone.to_timestamp(step.at).context("a time of the script")?, step.clock_ahead);
        if let Some(receipt) = operated(server, story, &step.fill).await? {
            known.learn(&receipt);
            played.tallies.entry(OPERATOR).or_default().recorded += 1;
            continue;
        }
        let recorder = recorders.get_mut(step.source).context("a source of the script")?;
        let events = fill::events(server, story, &known, step).await?;
        match recorder.append(AppendRequest { ledger: story.name(), events, ..Default::default() }).await {
            Ok(answer) => {
                let answer = answer.into_inner();
                answer.results.iter().filter_map(|it| it.receipt.as_ref()).for_each(|it| known.learn(it));
                played.recorded(step, &answer);
            }
            Err(status) => played.refused(step, &Refusal::of(&status)),
        }
    }
    Ok(played)
}

/// What an operator does, who posts no events of their own making.
async fn operated(server: &Server, story: &Story, fill: &Fill) -> anyhow::Result<Option<Receipt>> {
    let ledger = story.name();
    let failed = |status| client::failed(&status);
    let receipt = match fill {
        Fill::Clock => {
            let answer = server.admin().correct_clock(CorrectClockRequest { ledger }).await;
            answer.map_err(failed)?.into_inner().receipt
        }
        Fill::Key => {
            let answer = server.admin().rotate_key(RotateKeyRequest { ledger }).await;
            answer.map_err(failed)?.into_inner().receipt
        }
        _ => return Ok(None),
    };
    receipt.context("the operator got no receipt").map(Some)
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

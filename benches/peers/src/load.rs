//! A closed loop: each client sends a batch, waits for its durable acknowledgement, sends the next. The same loop, the
//! same connections, the same client settings for every peer.

use anyhow::{Context as _, Result, bail};
use hdrhistogram::Histogram;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tonic::transport::{Channel, Endpoint};
use umadb_dcb::{DcbEvent, DcbEventStoreAsync as _};
use uuid::Uuid;

use crate::{
    limit::wire as limit,
    wire::{self, event::Payload},
};

/// Connections at most; clients share them.
const CONNECTIONS: usize = 8;
/// The ledger that is written to.
const LEDGER: &str = "ledgers/bench";
/// Bytes of an item's body at the peers that take bytes: what an `ActionPlanned` is on the wire, rounded up.
const BODY: usize = 256;

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// The least work.
    Limit,
    /// This project.
    Pledgebook,
    /// This project, each event with its proof: signed, kept and synced before the answer.
    Proof,
    /// UmaDB.
    Umadb,
}

/// What one run measured.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// Events a second that were acknowledged as durable.
    pub rate: f64,
    /// Median time to the acknowledgement, in microseconds.
    pub p50: u64,
    /// 99th percentile, in microseconds.
    pub p99: u64,
}

#[derive(Clone)]
enum Target {
    Limit(limit::limit_service_client::LimitServiceClient<Channel>),
    Pledgebook(wire::recorder_service_client::RecorderServiceClient<Channel>, wire::ReceiptKind),
    Umadb(Arc<umadb_client::AsyncUmaDbClient>),
}

/// Runs `clients` loops of `batch` events for `seconds`, after a tenth of that as a warm-up.
pub async fn run(kind: Kind, url: &str, clients: usize, batch: usize, seconds: f64) -> Result<Measured> {
    let mut targets = Vec::new();
    for _ in 0..clients.min(CONNECTIONS) {
        targets.push(connect(kind, url).await?);
    }
    let start = Instant::now() + Duration::from_secs_f64(seconds / 10.0);
    let end = start + Duration::from_secs_f64(seconds);
    let loops: Vec<_> = (0..clients)
        .map(|client| {
            let mut target = targets[client % targets.len()].clone();
            tokio::spawn(async move {
                let mut times = Histogram::<u64>::new(3)?;
                loop {
                    let sent = Instant::now();
                    if sent >= end {
                        return anyhow::Ok(times);
                    }
                    append(&mut target, batch).await?;
                    if sent >= start {
                        times.record(sent.elapsed().as_micros() as u64)?;
                    }
                }
            })
        })
        .collect();
    let mut times = Histogram::<u64>::new(3)?;
    for client in loops {
        times.add(client.await??)?;
    }
    let events = times.len() as f64 * batch as f64;
    Ok(Measured {
        rate: events / seconds,
        p50: times.value_at_quantile(0.5),
        p99: times.value_at_quantile(0.99),
    })
}

async fn channel(url: &str) -> Result<Channel> {
    Ok(Endpoint::from_shared(url.to_owned())?.tcp_nodelay(true).connect().await?)
}

async fn connect(kind: Kind, url: &str) -> Result<Target> {
    Ok(match kind {
        Kind::Limit => Target::Limit(limit::limit_service_client::LimitServiceClient::new(channel(url).await?)),
        Kind::Pledgebook | Kind::Proof => {
            let receipt =
                if kind == Kind::Proof { wire::ReceiptKind::Proof } else { wire::ReceiptKind::Plain };
            let client = wire::recorder_service_client::RecorderServiceClient::new(channel(url).await?);
            Target::Pledgebook(client, receipt)
        }
        Kind::Umadb => Target::Umadb(Arc::new(
            umadb_client::UmaDbClient::new(url.to_owned()).connect_async().await.context("UmaDB")?,
        )),
    })
}

async fn append(target: &mut Target, batch: usize) -> Result<()> {
    match target {
        Target::Limit(client) => {
            let items = (0..batch)
                .map(|i| limit::Item {
                    kind: format!("action.planned commitment:{}", i % 50),
                    id: Uuid::new_v4().to_string(),
                    body: vec![7; BODY],
                })
                .collect();
            client.put(limit::PutRequest { items }).await?;
        }
        Target::Pledgebook(client, receipt) => {
            let events = (0..batch).map(|_| action_planned()).collect();
            let (ledger, receipt) = (LEDGER.into(), (*receipt).into());
            let request = wire::AppendRequest { ledger, events, receipt, ..Default::default() };
            client.append(from_tracker(request)).await?;
        }
        Target::Umadb(client) => {
            let events = (0..batch)
                .map(|i| {
                    DcbEvent::default()
                        .event_type("action.planned")
                        .tags([format!("commitment:{}", i % 50)])
                        .data(vec![7; BODY])
                        .uuid(Uuid::new_v4())
                })
                .collect();
            client.append(events, None, None).await?;
        }
    }
    Ok(())
}

fn from_tracker<T>(message: T) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    request
        .metadata_mut()
        .insert("pledgebook-source", tonic::metadata::MetadataValue::from_static("action-tracker"));
    request
}

/// The named event of the figures: an `ActionPlanned` as an action tracker posts it, on a new subject.
fn action_planned() -> wire::Event {
    let id = Uuid::new_v4();
    event(
        id,
        format!("action/{id}"),
        Payload::ActionPlanned(wire::ActionPlanned {
            title: "Quiet room on every floor, bookable without giving a reason".into(),
            commitments: vec!["C10".into(), "C9".into()],
            owner_post: "head-of-people".into(),
            first_due: Some(day(2030, 3, 31)),
            origin: wire::Origin::Review.into(),
            ..Default::default()
        }),
    )
}

fn day(year: i32, month: i32, day: i32) -> wire::Date {
    wire::Date { year, month, day }
}

fn event(id: Uuid, subject: String, payload: Payload) -> wire::Event {
    wire::Event {
        event_id: id.to_string(),
        subject,
        occurred: Some(wire::Occurred { precision: Some(wire::occurred::Precision::Day(day(2025, 4, 1))) }),
        payload: Some(payload),
        ..Default::default()
    }
}

/// Opens the ledger, with the post, the pledge and the two commitments that the events name.
pub async fn prepare(url: &str) -> Result<()> {
    let mut admin = wire::ledger_admin_service_client::LedgerAdminServiceClient::new(channel(url).await?);
    let opened = wire::LedgerOpened {
        organisation: "Benchmark".into(),
        origin: "bench.example/ledger".into(),
        time_zone: "Europe/London".into(),
        example_data: true,
        simulated_clock: false,
        access: wire::Access::Open.into(),
    };
    admin
        .create_ledger(wire::CreateLedgerRequest { name: LEDGER.into(), opened: Some(opened) })
        .await
        .context("creating the ledger")?;
    let text = "We pledge to listen, and to act on what we hear.";
    let commitment = |id: &str, quote: &str, start: u32| {
        Payload::CommitmentMade(wire::CommitmentMade {
            title: format!("Commitment {id}"),
            pledge: "bench".into(),
            pledge_version: 1,
            quote: quote.into(),
            span_start: start,
            span_end: start + quote.chars().count() as u32,
            kind: wire::CommitmentKind::Continuing.into(),
            owner_post: "head-of-people".into(),
            audience: vec!["staff".into()],
            principles: Vec::new(),
            delivers: Vec::new(),
        })
    };
    let payloads = [
        ("post/head-of-people", Payload::PostRegistered(wire::PostRegistered {
            title: "Head of People".into(),
            valid_from: Some(day(2020, 1, 1)),
            ..Default::default()
        })),
        ("code-list/audience", Payload::CodeListAdopted(wire::CodeListAdopted {
            entries: vec![wire::CodeListEntry { code: "staff".into(), title: "Staff".into(), ..Default::default() }],
        })),
        ("pledge/bench", Payload::PledgePublished(wire::PledgePublished {
            title: "A pledge".into(),
            version: 1,
            text: text.into(),
            sha256: <sha2::Sha256 as sha2::Digest>::digest(text).to_vec(),
            ..Default::default()
        })),
        ("commitment/C9", commitment("C9", "to listen", 10)),
        ("commitment/C10", commitment("C10", "to act on what we hear", 25)),
    ];
    let events = payloads
        .into_iter()
        .map(|(subject, payload)| event(Uuid::new_v4(), subject.into(), payload))
        .collect::<Vec<_>>();
    let mut recorder = wire::recorder_service_client::RecorderServiceClient::new(channel(url).await?);
    let answer = recorder.append(from_tracker(wire::AppendRequest { ledger: LEDGER.into(), events, ..Default::default() })).await?;
    if answer.into_inner().results.len() != 5 {
        bail!("the ledger could not be prepared");
    }
    Ok(())
}

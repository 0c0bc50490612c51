//! `pledgebook append`: posts a file of events, in its order, many in flight, and says what was refused and why.
//!
//! Invariant: each event is a request of its own, so that one refusal costs one event; but anonymous feedback is
//! recorded in releases, so neighbouring anonymous items go together. The stream keeps the order of the file. A sheet of
//! which a cell cannot be read is not posted at all: what is wrong with one row is often wrong with all.

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use prost::Message as _;
use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    time::Instant,
};

use super::{
    Outcome, block_on,
    client::{self, DEFAULT_SERVER, Refusal, Server, Who},
    judging,
    ndjson::Parser,
    out,
    posting::{self, Told},
    proofs::Proofs,
    receipts::Receipts,
    sheet::{self, Whose},
    summary::{OfSheet, Origin, Refused, Summary},
};
use crate::domain::event::EventType;
use crate::grpc::wire::{AppendResponse, Event, ReceiptKind};
use crate::limits::{MAX_APPEND, MAX_BATCH};

/// Post events from a file: a spreadsheet's CSV with a mapping, or proto3 JSON, one event a line (see
/// proto/pledgebook/v1/event.proto).
///
/// It can be run again after any interruption: an event that is recorded already is answered with its first receipt
/// and recorded no second time.
#[derive(Args)]
#[command(after_help = "Example:
  pledgebook append tracker.csv --mapping tracker.toml --dry-run \\
      --ledger improvement-service --source action-tracker
  pledgebook append events.ndjson \\
      --ledger improvement-service --source action-tracker
  generate-events | pledgebook append - --json \\
      --ledger improvement-service --source action-tracker

An event, which in the file is one line:
  {\"eventId\": \"7b0c6f0e-58a5-4b5f-a9a6-0d1c3b9f2f11\",
   \"subject\": \"action/rest-spaces\",
   \"occurred\": {\"day\": {\"year\": 2025, \"month\": 6, \"day\": 9}},
   \"actionStarted\": {}}

How to write a mapping for a spreadsheet: docs/posting.md")]
pub(super) struct Append {
    /// The file; `-` reads from stdin.
    file: PathBuf,
    /// How the columns of a CSV file become events: a TOML file.
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// The ledger's name.
    #[arg(long, value_name = "NAME", env = "PLEDGEBOOK_LEDGER")]
    ledger: String,
    /// Where the server is.
    #[arg(long, value_name = "URL", env = "PLEDGEBOOK_SERVER", default_value = DEFAULT_SERVER)]
    server: String,
    #[command(flatten)]
    who: Who,
    /// Events in one request: they are recorded all together, or none of them is.
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=MAX_BATCH as i64))]
    batch: u16,
    /// Ask what would be recorded, repeated and refused, and record nothing.
    ///
    /// The ledger judges every event as it would if the file were posted now, up to 1,000 together, each on those
    /// before it; of a longer file, it says which rows were judged without those above them.
    #[arg(long)]
    dry_run: bool,
    /// Print a sheet's events as the lines of an NDJSON file, and ask no server.
    #[arg(long, requires = "mapping", conflicts_with_all = ["dry_run", "json"])]
    print: bool,
    /// Keep the receipts in that file, one JSON object a line, each once: for the monthly statement.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["dry_run", "print"])]
    receipts: Option<PathBuf>,
    /// Ask for proofs, and put them into that directory, one `<event id>.tlog-proof` each (see `check`).
    ///
    /// A proof is complete: whoever has it and the ledger's key needs no server to see that the event is recorded.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["dry_run", "print"])]
    proofs: Option<PathBuf>,
    /// Print the summary as JSON.
    #[arg(long)]
    json: bool,
}

impl Append {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let ledger = client::ledger_name("--ledger", &self.ledger)?;
        let mut summary = Summary::default();
        let events = match &self.mapping {
            Some(mapping) => self.sheet(mapping, &ledger, &mut summary)?,
            None => self.lines(&mut summary)?,
        };
        let outcome = |summary: &Summary| {
            if summary.refused.is_empty() { Outcome::Done } else { Outcome::FoundWrong }
        };
        if self.print && summary.refused.is_empty() {
            return Ok(Outcome::Done);
        }
        summary.held_back = summary.sheet.is_some() && !self.dry_run && !summary.refused.is_empty();
        let started = Instant::now();
        if !summary.held_back {
            self.ask(&ledger, events, &mut summary)?;
        }
        summary.in_order();
        let from = if self.file == Path::new("-") { "stdin".into() } else { self.file.display().to_string() };
        let page = if self.json {
            summary.json(&ledger)
        } else {
            summary.text(&from, &ledger, started.elapsed().as_secs_f64())
        };
        if self.print {
            // What stands on stdout is for the next program.
            out::complain(page.trim_end());
        } else {
            out::print(&page);
        }
        if let Some(why) = &summary.stopped {
            bail!("{why}; run the same command again: what is recorded already is not recorded twice");
        }
        Ok(outcome(&summary))
    }

    /// Has them recorded, or judged.
    fn ask(&self, ledger: &str, events: Vec<(usize, Event)>, summary: &mut Summary) -> anyhow::Result<()> {
        let mut receipts = self.receipts.as_deref().map(Receipts::open).transpose()?;
        let mut proofs = self.proofs.as_deref().map(Proofs::open).transpose()?;
        let kind = if proofs.is_some() { ReceiptKind::Proof } else { ReceiptKind::Plain };
        let bar = bar(events.len());
        let requests = posting::requests(events, usize::from(self.batch));
        block_on(async {
            let server = Server::connect(&self.server, &self.who).await?;
            if !requests.is_empty() {
                summary.example = client::is_example(&server, ledger).await;
            }
            let mut told =
                Watched { summary, bar: &bar, receipts: receipts.as_mut(), proofs: proofs.as_mut() };
            if self.dry_run {
                let judged = judging::judge(&server, ledger, requests, &mut told).await?;
                summary.stopped.clone_from(&judged.stopped);
                summary.dry = Some(judged);
            } else {
                let stopped = posting::post(&server, ledger, requests, kind, &mut told).await?;
                summary.stopped = stopped;
            }
            anyhow::Ok(())
        })?;
        bar.finish_and_clear();
        receipts.map_or(Ok(()), Receipts::close)?;
        proofs.map_or(Ok(()), Proofs::close)
    }

    /// The events of an NDJSON file.
    fn lines(&self, summary: &mut Summary) -> anyhow::Result<Vec<(usize, Event)>> {
        if self.file.extension().is_some_and(|it| it.eq_ignore_ascii_case("csv")) {
            bail!(
                "{}: a CSV file needs a mapping, which says how its columns become events: give one with --mapping; \
                 docs/posting.md shows how to write it",
                self.file.display()
            );
        }
        let text = String::from_utf8(read(&self.file)?);
        let text = text.map_err(|_| anyhow!("{}: cannot be read as UTF-8 text", self.file.display()))?;
        // Some editors begin a file with a mark of its encoding.
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let mut events = Vec::new();
        let refused = |number, reason: &str, why| Refused {
            number,
            event_type: None,
            reason: reason.into(),
            why,
            unread: true,
        };
        for line in Parser::new()?.events(text) {
            match line {
                Ok((number, event)) if event.encoded_len() > MAX_APPEND => {
                    summary.refused.push(refused(number, "TOO_LARGE", TOO_LARGE.into()));
                }
                Ok((number, event)) => {
                    events.push((summary.origins.len(), event));
                    summary.origins.push(Origin { number, of_row: None });
                }
                Err(bad) => summary.refused.push(refused(bad.line, "UNREADABLE", bad.why)),
            }
        }
        Ok(events)
    }

    /// The events of a sheet.
    fn sheet(
        &self,
        mapping: &Path,
        ledger: &str,
        summary: &mut Summary,
    ) -> anyhow::Result<Vec<(usize, Event)>> {
        let name = mapping.display().to_string();
        let text =
            fs::read_to_string(mapping).with_context(|| format!("{name}: cannot be read as UTF-8 text"))?;
        let whose = Whose { ledger, source: self.who.source.as_deref() };
        let (read, columns) = sheet::read(read(&self.file)?, (&name, &text), &whose, &Parser::new()?)
            .with_context(|| self.file.display().to_string())?;
        let wrong = read.wrong.into_iter().map(|it| Refused {
            number: it.row,
            event_type: it.event_type.map(EventType::as_str),
            reason: it.reason.into(),
            why: it.why,
            unread: true,
        });
        summary.refused.extend(wrong);
        let mut events = Vec::new();
        for said in read.said {
            let event_type = said.event_type.as_str();
            if said.event.encoded_len() > MAX_APPEND {
                let (number, reason, why) = (said.row, "TOO_LARGE".into(), TOO_LARGE.into());
                let event_type = Some(event_type);
                summary.refused.push(Refused { number, event_type, reason, why, unread: true });
                continue;
            }
            if self.print {
                out::print(&format!("{}\n", said.json));
            }
            events.push((summary.origins.len(), said.event));
            summary.origins.push(Origin { number: said.row, of_row: Some((event_type, said.block)) });
        }
        let (rows, silent, given_up_at) = (read.rows, read.silent, read.given_up_at);
        summary.sheet = Some(OfSheet { columns, rows, silent, given_up_at });
        Ok(events)
    }
}

const TOO_LARGE: &str = "the event is larger than a request may be; shorten it";

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).context("stdin: cannot be read")?;
        return Ok(bytes);
    }
    fs::read(file).with_context(|| format!("{}: cannot be read", file.display()))
}

fn bar(events: usize) -> ProgressBar {
    let bar = if out::is_watched() { ProgressBar::new(events as u64) } else { ProgressBar::hidden() };
    match ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} events, {per_sec}, {eta} to go") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// A summary that moves a bar, and the receipts if they are kept.
struct Watched<'a> {
    summary: &'a mut Summary,
    bar: &'a ProgressBar,
    receipts: Option<&'a mut Receipts>,
    proofs: Option<&'a mut Proofs>,
}

impl Told for Watched<'_> {
    fn answered(&mut self, lines: &[usize], answer: AppendResponse) {
        self.bar.inc(lines.len() as u64);
        if let Some(receipts) = &mut self.receipts {
            receipts.keep(&answer);
        }
        if let Some(proofs) = &mut self.proofs {
            proofs.keep(&answer);
        }
        self.summary.take(answer);
    }

    fn refused(&mut self, lines: &[usize], refusal: &Refusal) {
        self.bar.inc(lines.len() as u64);
        self.summary.refuse(lines, refusal);
    }

    fn place(&self, line: usize) -> String {
        self.summary.place(line)
    }
}

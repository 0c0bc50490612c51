//! `pledgebook append`: posts a file of events, in its order, many in flight, and says what was refused and why.
//!
//! Invariant: each line is a request of its own, so that one refusal costs one event; but anonymous feedback is
//! recorded in releases, so neighbouring anonymous items go together. The stream keeps the order of the file.

use anyhow::{Context as _, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use prost::Message as _;
use std::{
    collections::BTreeSet,
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    time::Instant,
};

use super::{
    Outcome, block_on,
    client::{self, DEFAULT_SERVER, Refusal, Server, Who},
    ndjson::Parser,
    out,
    posting::{self, Told},
};
use crate::grpc::wire::AppendResponse;
use crate::limits::{MAX_APPEND, MAX_BATCH};

/// Lines that are listed of one reason.
const LISTED: usize = 12;
/// Different explanations of one reason that are shown.
const EXPLAINED: usize = 3;

/// Post events from a file: proto3 JSON, one event a line (see proto/pledgebook/v1/event.proto).
///
/// It can be run again after any interruption: an event that is recorded already is answered with its first receipt
/// and recorded no second time.
#[derive(Args)]
#[command(after_help = "Example:
  pledgebook append events.ndjson \\
      --ledger improvement-service --source action-tracker
  generate-events | pledgebook append - --json \\
      --ledger improvement-service --source action-tracker

An event, which in the file is one line:
  {\"eventId\": \"7b0c6f0e-58a5-4b5f-a9a6-0d1c3b9f2f11\",
   \"subject\": \"action/rest-spaces\",
   \"occurred\": {\"day\": {\"year\": 2025, \"month\": 6, \"day\": 9}},
   \"actionStarted\": {}}")]
pub(super) struct Append {
    /// The file; `-` reads from stdin.
    file: PathBuf,
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
    /// Print the summary as JSON.
    #[arg(long)]
    json: bool,
}

impl Append {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let ledger = client::ledger_name("--ledger", &self.ledger)?;
        let text = read(&self.file)?;
        let mut summary = Summary::default();
        let mut events = Vec::new();
        for line in Parser::new()?.events(&text) {
            match line {
                Ok((line, event)) if event.encoded_len() > MAX_APPEND => {
                    let why = "the event is larger than a request may be; shorten it".into();
                    summary.refused.push(Refused { line, reason: "TOO_LARGE".into(), why });
                }
                Ok(event) => events.push(event),
                Err(bad) => summary.refused.push(Refused {
                    line: bad.line,
                    reason: "UNREADABLE".into(),
                    why: bad.why,
                }),
            }
        }
        let bar = bar(events.len());
        let requests = posting::requests(events, usize::from(self.batch));
        let started = Instant::now();
        block_on(async {
            let server = Server::connect(&self.server, &self.who).await?;
            if !requests.is_empty() {
                summary.example = client::is_example(&server, &ledger).await;
            }
            let mut told = Watched { summary: &mut summary, bar: &bar };
            let stopped = posting::post(&server, &ledger, requests, &mut told).await?;
            summary.stopped = stopped;
            anyhow::Ok(())
        })?;
        bar.finish_and_clear();
        summary.refused.sort_by_key(|refused| refused.line);
        let seconds = started.elapsed().as_secs_f64();
        out::print(&if self.json {
            summary.json(&ledger)
        } else {
            summary.text(&self.file, &ledger, seconds)
        });
        if let Some(why) = &summary.stopped {
            bail!("{why}; run the same command again: what is recorded already is not recorded twice");
        }
        Ok(if summary.refused.is_empty() { Outcome::Done } else { Outcome::FoundWrong })
    }
}

fn read(file: &Path) -> anyhow::Result<String> {
    if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("stdin: cannot be read as UTF-8 text")?;
        return Ok(text);
    }
    fs::read_to_string(file).with_context(|| format!("{}: cannot be read as UTF-8 text", file.display()))
}

fn bar(events: usize) -> ProgressBar {
    let bar = if out::is_watched() { ProgressBar::new(events as u64) } else { ProgressBar::hidden() };
    match ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} events, {per_sec}, {eta} to go") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// What became of a file.
#[derive(Default)]
struct Summary {
    recorded: u64,
    repeated: u64,
    flagged: u64,
    refused: Vec<Refused>,
    /// Everything in the ledger is invented; nothing if that is not known.
    example: Option<bool>,
    /// Why it did not come to the end.
    stopped: Option<String>,
}

/// A line that was not recorded.
struct Refused {
    line: usize,
    reason: String,
    why: String,
}

/// A summary that moves a bar.
struct Watched<'a> {
    summary: &'a mut Summary,
    bar: &'a ProgressBar,
}

impl Told for Watched<'_> {
    fn recorded(&mut self, lines: &[usize], appended: AppendResponse) {
        self.bar.inc(lines.len() as u64);
        self.summary.take(appended);
    }

    fn refused(&mut self, lines: &[usize], refusal: &Refusal) {
        self.bar.inc(lines.len() as u64);
        self.summary.refuse(lines, refusal);
    }
}

impl Summary {
    fn take(&mut self, appended: AppendResponse) {
        for result in appended.results {
            let marks = result.receipt.is_some_and(|receipt| !receipt.irregularities.is_empty());
            self.repeated += u64::from(result.repeated);
            self.recorded += u64::from(!result.repeated);
            self.flagged += u64::from(!result.repeated && marks);
        }
    }

    fn refuse(&mut self, lines: &[usize], refusal: &Refusal) {
        let guilty = refusal.index.and_then(|index| lines.get(index)).copied();
        for &line in lines {
            let why = match guilty {
                Some(guilty) if guilty != line => {
                    format!("in one request with line {guilty}, which was refused")
                }
                _ => refusal.what().to_owned(),
            };
            self.refused.push(Refused { line, reason: refusal.reason.clone(), why });
        }
    }

    fn json(&self, ledger: &str) -> String {
        let refused: Vec<_> = self
            .refused
            .iter()
            .map(|it| serde_json::json!({"line": it.line, "reason": it.reason, "message": it.why}))
            .collect();
        let object = serde_json::json!({"ledger": ledger, "recorded": self.recorded, "repeated": self.repeated,
            "flagged": self.flagged, "refused": refused, "complete": self.stopped.is_none(),
            "example_data": self.example});
        format!("{object}\n")
    }

    fn text(&self, file: &Path, ledger: &str, seconds: f64) -> String {
        let width = out::width();
        let from = if file == Path::new("-") { "stdin".into() } else { file.display().to_string() };
        let example = if self.example == Some(true) { " (EXAMPLE DATA)" } else { "" };
        let mut page = format!("{from} -> {ledger}{example}, {seconds:.1} s\n");
        let flagged = format!("recorded, {} of them flagged", out::thousands(self.flagged));
        for (number, what) in [
            (self.recorded, flagged.as_str()),
            (self.repeated, "repeated: recorded before, and not recorded again"),
            (self.refused.len() as u64, "refused"),
        ] {
            page += &format!("{:>10}  {what}\n", out::thousands(number));
        }
        page += &self.reasons(width);
        if !self.refused.is_empty() {
            let advice =
                "Correct these lines and post the file again: what is recorded is not recorded twice.";
            page += &format!("\n{}", out::paragraph("", advice, width));
        }
        page
    }

    /// Each reason once, with its lines and a few of its explanations: a file of a million lines must not print a
    /// million.
    fn reasons(&self, width: usize) -> String {
        let mut reasons: Vec<(&str, Vec<&Refused>)> = Vec::new();
        for it in &self.refused {
            match reasons.iter_mut().find(|(reason, _)| *reason == it.reason) {
                Some((_, lines)) => lines.push(it),
                None => reasons.push((&it.reason, vec![it])),
            }
        }
        let mut page = String::new();
        for (reason, refused) in reasons {
            let mut lines =
                refused.iter().take(LISTED).map(|it| it.line.to_string()).collect::<Vec<_>>().join(", ");
            if refused.len() > LISTED {
                lines += &format!(" and {} more", out::thousands((refused.len() - LISTED) as u64));
            }
            let label = if refused.len() == 1 { "line" } else { "lines" };
            page += &format!("\n{}\n", out::strong(reason));
            page += &out::paragraph(&format!("  {label} "), &lines, width);
            let mut seen = BTreeSet::new();
            for it in refused.iter().filter(|it| seen.insert(&it.why)).take(EXPLAINED) {
                let lead = if refused.len() == 1 { "  ".to_owned() } else { format!("  line {}: ", it.line) };
                page += &out::paragraph(&lead, &it.why, width);
            }
        }
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_full_of_refusals_is_summed_up() {
        let refused = |line| Refused { line, reason: "ID_TAKEN".into(), why: format!("at sequence {line}") };
        let summary = Summary { refused: (1..=5_000).map(refused).collect(), ..Summary::default() };
        let page = summary.text(Path::new("x.ndjson"), "ledgers/acme", 0.1);
        assert!(page.lines().count() < 20, "{page}");
        assert!(page.contains("and 4,988 more"), "{page}");
    }

    #[test]
    fn a_refused_request_names_the_line_that_was_judged() {
        let mut summary = Summary::default();
        let refusal = Refusal {
            reason: "MALFORMED".into(),
            message: "events[1].subject: not a subject".into(),
            index: Some(1),
            passing: false,
            hopeless: false,
            pause: None,
        };
        summary.refuse(&[7, 8], &refusal);
        assert!(summary.refused[0].why.contains("line 8"));
        assert_eq!(summary.refused[1].why, "subject: not a subject");
    }
}

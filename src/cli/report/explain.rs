//! `pledgebook report explain`: the events behind a figure, from a server or from a data directory.
//!
//! Invariant: what is about people is shown only to whoever asks with --auditor, offline, too, so that it does not get
//! into a paper by accident. A proof that is printed was checked here.

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};
use storage::{Digest, merkle::verify};

use super::asking::{Data, Question, Served};
use crate::cli::{
    Outcome, answer, block_on, client,
    out::{self, Align},
};
use crate::domain::command::Recorded;
use crate::grpc::wire::{self, ExplainFigureRequest, ExplainFigureResponse};
use crate::reports::{
    self, Figure, ReportName,
    explain::{self, Eyes, Place},
    render::EXAMPLE_DATA,
};

/// Events that are asked for in one go.
const AT_ONCE: u32 = 1_000;

/// Show the events behind a figure: what was said, when it happened, and when the ledger learned of it.
///
/// A figure is named by its id, as `--format json` prints it; a cell of a table by the table's id, the row's subject (or
/// #3, the third row) and the column's id. Figures about people are given with their definition and their release point;
/// the events behind them are for auditors.
#[derive(Args)]
#[command(after_help = "Example:
  pledgebook report explain r2.late_against_first_due \\
      --data ./pledgebook-demo --ledger improvement-service
  pledgebook report explain r2.actions action/rest-spaces first_due \\
      --ledger improvement-service --as-at 2025-12-31
  pledgebook report explain r5.changes --ledger improvement-service \\
      --auditor --proofs --json")]
pub(in crate::cli) struct Explain {
    /// A figure's id; or a table's id, a row's subject and a column's id.
    #[arg(required = true, num_args = 1..=3, value_name = "ID")]
    place: Vec<String>,
    #[command(flatten)]
    served: Served,
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    question: Question,
    /// With an auditor's eyes: events about people, too, and of each its source and marks. Needs an auditor's token.
    #[arg(long)]
    auditor: bool,
    /// Prove of each event that it is among those that the report counts.
    #[arg(long, requires = "auditor")]
    proofs: bool,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

/// What was found, from wherever.
struct Found {
    ledger: String,
    example_data: bool,
    definition: String,
    as_at: String,
    as_known: u64,
    root: Digest,
    period: String,
    figure: Figure,
    terms: Vec<(String, String)>,
    /// The release point's id, its day, and how many events it counts.
    point: Option<(String, String, u64)>,
    held: bool,
    events: Vec<Event>,
}

struct Event {
    sequence: u64,
    kind: String,
    subject: String,
    occurred: String,
    recorded: Option<Timestamp>,
    source: String,
    marks: Vec<String>,
    proof: Option<(Digest, Vec<Digest>)>,
}

impl Explain {
    pub(in crate::cli) fn run(self) -> anyhow::Result<Outcome> {
        let first = self.place.first().map(String::as_str).unwrap_or_default();
        let code = first.split('.').next().unwrap_or_default();
        let name = ReportName::parse(code).map_err(|_| {
            anyhow!("{first}: it begins with no report's code; write such as r2.late_against_first_due")
        })?;
        let place = match self.place.as_slice() {
            [id] => Place::Headline(id.clone()),
            [table, row, column] => {
                Place::Cell { table: table.clone(), row: row.clone(), column: column.clone() }
            }
            _ => bail!("{first}: give a table's id together with a row's subject and a column's id"),
        };
        let found = match &self.data.data {
            Some(data) => self.offline(name, &place, data)?,
            None => block_on(self.asked(name, &place))?,
        };
        for event in &found.events {
            if let Some((leaf, hashes)) = &event.proof {
                verify::inclusion(leaf, event.sequence, found.as_known, hashes, &found.root)
                    .map_err(|why| anyhow!("record {}: its proof does not hold: {why}", event.sequence))?;
            }
        }
        out::print(&if self.json {
            format!("{}\n", found.json(&place))
        } else {
            found.text(&place, out::width(), self.auditor)
        });
        Ok(Outcome::Done)
    }

    fn offline(&self, name: ReportName, place: &Place, data: &std::path::Path) -> anyhow::Result<Found> {
        let ledger = self.served.read(data)?;
        let parameters = self.question.parameters(&ledger.views);
        let stand = ledger.stand(parameters.as_known)?;
        let report = reports::report(name, &ledger.views, &parameters, &stand)?;
        let eyes = if self.auditor { Eyes::Auditor } else { Eyes::Reader };
        let explained = explain::explain((name, &report), &ledger.views, &parameters, (place, eyes))?;
        let (mut events, mut held) = (Vec::new(), explained.held_for_auditors);
        for sequence in explained.events {
            let fact = ledger.record(sequence)?;
            if eyes == Eyes::Reader && explain::is_of_people(&fact.event.subject) {
                held = true;
                continue;
            }
            let proof = self.proofs.then(|| ledger.proof(sequence, parameters.as_known)).transpose()?;
            events.push(Event::of(&fact, eyes, proof));
        }
        Ok(Found {
            ledger: report.ledger,
            example_data: report.example_data,
            definition: report.definition_version,
            as_at: report.as_at.to_string(),
            as_known: report.as_known,
            root: Digest(report.root_hash.0),
            period: report.period,
            figure: explained.figure,
            terms: explained.terms.iter().map(|(term, said)| ((*term).into(), (*said).into())).collect(),
            point: explained.point.map(|it| (it.id, it.on.to_string(), it.position)),
            held,
            events,
        })
    }

    async fn asked(&self, name: ReportName, place: &Place) -> anyhow::Result<Found> {
        let server = self.served.connect().await?;
        let mut request = ExplainFigureRequest {
            report: Some(self.question.request(name, self.served.name()?)),
            auditor: self.auditor,
            proofs: self.proofs,
            limit: AT_ONCE,
            ..ExplainFigureRequest::default()
        };
        match place {
            Place::Headline(id) => request.figure_id.clone_from(id),
            Place::Cell { table, row, column } => {
                request.table_id.clone_from(table);
                request.row_subject.clone_from(row);
                request.column_id.clone_from(column);
            }
        }
        let mut found: Option<Found> = None;
        loop {
            let asked = server.reports().explain_figure(request.clone()).await;
            let answer = asked.map_err(|status| client::failed(&status))?.into_inner();
            request.after = answer.next_after;
            // The next page is of the same report, whatever is recorded meanwhile.
            if let Some(report) = &mut request.report {
                report.as_known = Some(answer.as_known);
                report.as_at = answer.as_at;
            }
            let page = Found::of(answer)?;
            match &mut found {
                None => found = Some(page),
                Some(found) => {
                    found.held |= page.held;
                    found.events.extend(page.events);
                }
            }
            if request.after.is_none() {
                return found.context("the server answered without an explanation");
            }
        }
    }
}

impl Event {
    fn of(fact: &Recorded, eyes: Eyes, proof: Option<(Digest, Vec<Digest>)>) -> Self {
        let auditor = eyes == Eyes::Auditor;
        Self {
            sequence: fact.sequence,
            kind: fact.event.payload.event_type().as_str().to_owned(),
            subject: fact.event.subject.to_string(),
            occurred: fact.event.occurred.to_string(),
            recorded: Some(fact.recorded_at),
            source: if auditor { fact.source.to_string() } else { String::new() },
            marks: if auditor {
                fact.irregularities.iter().map(ToString::to_string).collect()
            } else {
                vec![]
            },
            proof,
        }
    }

    fn answered(event: wire::ExplainedEvent) -> anyhow::Result<Self> {
        use wire::occurred::Precision;
        let occurred = match event.occurred.and_then(|it| it.precision) {
            Some(Precision::Day(day)) => said(Some(day)),
            Some(Precision::Month(month)) => format!("{:04}-{:02}", month.year, month.month),
            Some(Precision::Instant(at)) => instant(Some(at)).map(|it| it.to_string()).unwrap_or_default(),
            None => String::new(),
        };
        let proof = event.proof.map(|proof| {
            let hashes: anyhow::Result<Vec<_>> = proof.hashes.iter().map(|hash| digest(hash)).collect();
            anyhow::Ok((digest(&proof.leaf_hash)?, hashes?))
        });
        Ok(Self {
            sequence: event.sequence,
            kind: event.r#type,
            subject: event.subject,
            occurred,
            recorded: instant(event.recorded_at),
            source: event.source,
            marks: event.irregularities,
            proof: proof.transpose()?,
        })
    }

    fn json(&self) -> Value {
        let mut event = json!({
            "sequence": self.sequence, "type": self.kind, "subject": self.subject,
            "occurred": self.occurred, "recorded_at": self.recorded.map(|it| it.to_string()),
        });
        if !self.source.is_empty() {
            event["source"] = json!(self.source);
            event["irregularities"] = json!(self.marks);
        }
        if let Some((leaf, hashes)) = &self.proof {
            let hashes: Vec<_> = hashes.iter().map(ToString::to_string).collect();
            event["proof"] = json!({"leaf_hash": leaf.to_string(), "hashes": hashes});
        }
        event
    }
}

/// A day of the wire.
pub(in crate::cli) fn said(day: Option<wire::Date>) -> String {
    day.map(|day| format!("{:04}-{:02}-{:02}", day.year, day.month, day.day)).unwrap_or_default()
}

fn instant(at: Option<prost_types::Timestamp>) -> Option<Timestamp> {
    at.and_then(|at| Timestamp::new(at.seconds, at.nanos).ok())
}

/// A hash of the wire.
pub(in crate::cli) fn digest(bytes: &[u8]) -> anyhow::Result<Digest> {
    let bytes = <[u8; 32]>::try_from(bytes);
    bytes.map(Digest).map_err(|_| anyhow!("the server sent a hash that has not 32 bytes"))
}

impl Found {
    fn of(answer: ExplainFigureResponse) -> anyhow::Result<Self> {
        let figure = answer.figure.context("the server answered without a figure")?;
        let events: anyhow::Result<Vec<_>> = answer.events.into_iter().map(Event::answered).collect();
        Ok(Self {
            ledger: answer.ledger,
            example_data: answer.example_data,
            definition: answer.definition_version,
            as_at: said(answer.as_at),
            as_known: answer.as_known,
            root: digest(&answer.root_hash)?,
            period: answer.period,
            figure: answer::figure(figure),
            terms: answer.terms.into_iter().map(|term| (term.term, term.meaning)).collect(),
            point: answer.release_point.map(|it| (it.id, said(it.on), it.position)),
            held: answer.held_for_auditors,
            events: events?,
        })
    }

    fn json(&self, place: &Place) -> Value {
        let terms: Vec<_> =
            self.terms.iter().map(|(term, meaning)| json!({"term": term, "meaning": meaning})).collect();
        let point = self.point.as_ref();
        let point = point.map(|(id, on, position)| json!({"id": id, "on": on, "position": position}));
        let mut page = json!({
            "ledger": self.ledger, "figure_id": place.to_string(), "figure": self.figure,
            "definition": {"version": self.definition, "terms": terms},
            "as_at": self.as_at, "as_known": self.as_known, "root_hash": self.root.to_string(),
            "period": self.period, "release_point": point, "held_for_auditors": self.held,
            "events": self.events.iter().map(Event::json).collect::<Vec<_>>(),
        });
        if self.example_data {
            page["notice"] = json!(EXAMPLE_DATA);
        }
        page
    }

    fn text(&self, place: &Place, width: usize, auditor: bool) -> String {
        let mut page = if self.example_data { format!("{EXAMPLE_DATA}\n\n") } else { String::new() };
        page += &format!("{}\n", out::strong(&self.figure.label));
        page += &out::paragraph("  ", &self.figure.printed(), width);
        page += &format!("\n  Figure      {place}\n  Definition  {}\n", self.definition);
        page += &format!("  Ledger      {}\n  Period      {}\n", self.ledger, self.period);
        let known = out::count(self.as_known, "event", "events");
        page += &format!("  As at       {}, as known {known}\n  Root        {}\n", self.as_at, self.root);
        if let Some((id, on, position)) = &self.point {
            let known = out::count(*position, "event", "events");
            page += &format!("  Released    {id}: as at {on}, as known {known}\n");
        }
        for (term, meaning) in &self.terms {
            page += &out::paragraph("\n  ", &format!("{term}: {meaning}"), width);
        }
        // Where all of them are held, none that are shown are not none.
        if !self.events.is_empty() || !self.held {
            page += &format!("\n{}\n", out::count(self.events.len() as u64, "event", "events"));
        }
        if !self.events.is_empty() {
            page += &self.table(width, auditor);
        }
        if self.point.is_some() && self.events.iter().any(|event| event.subject.starts_with("feedback/")) {
            let whole = "A released number rests on every item of its group: what is shown, and what keeps an old value, is \
                         decided over all of them. So these are all of the group's events in the year, as they were known at \
                         the release point. What came of one item, `pledgebook trace feedback/ID --auditor` says.";
            page += &out::paragraph("\n", whole, width);
        }
        if self.held {
            page += &out::paragraph("\n", "What is about people is held for auditors.", width);
        }
        if !self.events.is_empty() && self.events.iter().all(|event| event.proof.is_some()) {
            let proven = "Each of them was proven to be among the events that the root above stands for.";
            page += &out::paragraph("\n", proven, width);
        }
        page
    }

    fn table(&self, width: usize, auditor: bool) -> String {
        let mut columns = vec![
            ("No", Align::Right),
            ("Happened", Align::Left),
            ("Recorded", Align::Left),
            ("Event", Align::Left),
        ];
        if auditor {
            columns.extend([("Source", Align::Left), ("Marks", Align::Left)]);
        }
        columns.push(("Subject", Align::Left));
        let row = |event: &Event| {
            let recorded = event.recorded.map(|it| it.strftime("%Y-%m-%d").to_string()).unwrap_or_default();
            let mut row =
                vec![event.sequence.to_string(), event.occurred.clone(), recorded, event.kind.clone()];
            if auditor {
                row.extend([event.source.clone(), event.marks.join(", ")]);
            }
            row.push(event.subject.clone());
            row
        };
        out::table(&columns, &self.events.iter().map(row).collect::<Vec<_>>(), width)
    }
}

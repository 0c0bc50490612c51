//! `pledgebook ocel`: a whole ledger as an object-centric event log, for an auditor's process-mining tool.
//!
//! Invariant: the file is there whole or not at all: it is written beside its name, synced, and renamed. Must not know what
//! an event names.

use anyhow::{Context as _, anyhow};
use clap::Args;
use serde_json::json;
use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use super::{Outcome, offline::Opened, out};
use crate::export::ocel::{Contents, Ocel};
use crate::journal::codec;

/// Write a ledger as an object-centric event log (OCEL 2.0, JSON): subjects are objects, records are events.
///
/// It holds facts only (types, times, sources, marks, and which subject each event names as what), no words and no
/// content; but single items of feedback are in it, so it is for auditors. It is written from files alone: no call of the
/// API gives it.
#[derive(Args)]
#[command(after_help = "Example:
  pledgebook ocel ./pledgebook-data --ledger improvement-service \\
      --out ledger.ocel.json
  python3 -c 'import pm4py; print(pm4py.read_ocel2_json(\"ledger.ocel.json\"))'")]
pub(super) struct ToOcel {
    /// The data directory. Nothing in it is changed, and a server may be running.
    #[arg(value_name = "DIR")]
    data: PathBuf,
    /// Which ledger, where there are several.
    #[arg(long, value_name = "NAME")]
    ledger: Option<String>,
    /// The file to be written.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

impl ToOcel {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let ledger = Opened::open(&self.data, self.ledger.as_deref())?;
        let file = self.out.display();
        let contents = whole(&self.out, |to| write(&ledger, to)).with_context(|| format!("--out {file}"))?;
        let (name, Contents { events, objects, relationships }) = (&ledger.name, contents);
        out::print(&if self.json {
            let answer = json!({"ledger": name.to_string(), "file": file.to_string(), "events": events,
                "objects": objects, "relationships": relationships});
            format!("{answer}\n")
        } else {
            let [events, objects, relationships] = [
                out::count(events, "event", "events"),
                out::count(objects, "object", "objects"),
                out::count(relationships, "relationship", "relationships"),
            ];
            format!("{file}: {name}, {events}, {objects}, {relationships}\n")
        });
        Ok(Outcome::Done)
    }
}

/// Writes a file so that it is there whole, or not at all.
fn whole<T>(file: &Path, write: impl FnOnce(&mut dyn Write) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(".part");
    let beside = PathBuf::from(beside);
    let written = File::create(&beside).context("cannot be written").and_then(|opened| {
        let mut to = BufWriter::new(opened);
        let answer = write(&mut to)?;
        let opened = to.into_inner().map_err(|error| anyhow!("cannot be written: {}", error.error()))?;
        opened.sync_all()?;
        fs::rename(&beside, file)?;
        Ok(answer)
    });
    if written.is_err() {
        // Where it cannot be taken away either, its name says what it is.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn write(ledger: &Opened, to: &mut dyn Write) -> anyhow::Result<Contents> {
    let mut ocel = Ocel::default();
    to.write_all(ocel.begin().as_bytes())?;
    let mut failed = None;
    ledger.reader.scan(0, ledger.reader.head().size, &mut |record| {
        let written = codec::recorded(&record)
            .map_err(anyhow::Error::from)
            .and_then(|fact| Ok(to.write_all(ocel.event(&fact).as_bytes())?));
        match written {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        }
    })?;
    failed.map_or(Ok(()), Err)?;
    let (end, contents) = ocel.end();
    to.write_all(end.as_bytes())?;
    Ok(contents)
}

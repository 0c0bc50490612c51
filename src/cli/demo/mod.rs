//! `pledgebook demo`: the main job in one command on a bare machine.
//!
//! | File | Is |
//! |---|---|
//! | [`pen`] | days, ids and events in few words |
//! | [`cast`] | posts, posting systems, grants |
//! | [`mod@script`] | the year, by family of events |
//! | [`stage`] | the directory, and the server on a simulated clock |
//! | [`play`] | posts the script, keeps the tally |
//! | [`page`] | what is printed |
//!
//! Invariant: the pledge is real and everything else is invented; every output says EXAMPLE DATA. The same events are
//! posted every time; the ledger adds random bytes to each record, so hashes differ from run to run.

mod cast;
mod page;
mod pen;
mod play;
mod script;
mod stage;

use clap::Args;
use std::{net::SocketAddr, path::PathBuf};

use super::{
    Outcome, block_on, out,
    serve::{DEFAULT_LISTEN, Serve},
    verify,
};
pub use pen::{Intent, Step};

/// The demo's ledger.
pub const LEDGER: &str = "improvement-service";

/// Everything that the demo posts, in order: deterministic, ids included. For tests.
pub fn script() -> Vec<Step> {
    script::year()
}

/// Publish a real pledge, post an invented year of realistic events through gRPC, print the reports a chief executive
/// would ask for, and verify the files. Needs nothing but this program and takes seconds.
#[derive(Args)]
#[command(after_help = "Example:
  pledgebook demo
  pledgebook demo --data /tmp/pledgebook-demo --serve")]
pub(super) struct Demo {
    /// Where the ledger is kept. An earlier demo there is replaced; anything else is left alone.
    #[arg(long, value_name = "DIR", default_value = "./pledgebook-demo")]
    data: PathBuf,
    /// Keep a server running on it afterwards, on the machine's own clock.
    #[arg(long)]
    serve: bool,
    /// Where that server listens.
    #[arg(long, value_name = "ADDRESS", requires = "serve", default_value_t = DEFAULT_LISTEN)]
    listen: SocketAddr,
    /// Print one JSON object instead: what was posted, the reports, the verdict.
    #[arg(long)]
    json: bool,
}

impl Demo {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let started = std::time::Instant::now();
        let replaced = stage::prepare(&self.data)?;
        let year = block_on(stage::perform(self.data.clone()))?;
        let verified =
            verify::verify(crate::domain::id::LedgerName::parse(LEDGER)?, &self.data.join(LEDGER), false)?;
        let page = page::Page {
            data: &self.data,
            replaced,
            year: &year,
            verified: &verified,
            served: self.serve.then_some(self.listen),
        };
        out::print(&if self.json { page.json() } else { page.text(out::width(), started.elapsed()) });
        if !year.played.surprises.is_empty() || !verified.report.intact() {
            return Ok(Outcome::FoundWrong);
        }
        if !self.serve {
            return Ok(Outcome::Done);
        }
        let (data, listen) = (Some(self.data), Some(self.listen));
        Serve { data, listen, config: None, log_level: Some("warn".into()), json: self.json }.run()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_year_goes_as_the_script_means_it_and_the_files_are_intact() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("demo");
        stage::prepare(&data).unwrap();
        let year = block_on(stage::perform(data.clone())).unwrap();
        assert_eq!(year.played.surprises, Vec::<String>::new());
        assert_eq!(year.reports.iter().map(|it| it.code.as_str()).collect::<Vec<_>>(), ["R1", "R2", "R5"]);
        assert!(year.reports.iter().all(|it| it.example_data));
        let name = crate::domain::id::LedgerName::parse(LEDGER).unwrap();
        let verified = verify::verify(name, &data.join(LEDGER), false).unwrap();
        assert!(verified.report.intact());
        let page =
            page::Page { data: &data, replaced: false, year: &year, verified: &verified, served: None };
        let text = page.text(80, std::time::Duration::from_millis(1));
        assert!(text.contains("EXAMPLE DATA") && text.contains("INTACT") && text.contains("Try next"));
        let path = data.display().to_string();
        let wide: Vec<_> =
            text.lines().filter(|line| line.chars().count() > 80 && !line.contains(&path)).collect();
        assert!(wide.is_empty(), "{wide:?}");
        let json: serde_json::Value = serde_json::from_str(&page.json()).unwrap();
        assert_eq!(json["verification"]["verdicts"]["integrity"], "intact");
    }
}

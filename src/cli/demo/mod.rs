//! `pledgebook demo`: the main job in one command on a bare machine.
//!
//! | File | Is |
//! |---|---|
//! | [`pen`] | days, ids and events in few words |
//! | [`cast`] | posts, posting systems, grants |
//! | [`mod@script`] | the year, by family of events |
//! | [`story`] | the two ledgers: whose, who posts, what |
//! | [`stage`] | the directory, and the server on a simulated clock |
//! | [`play`] | posts the script, keeps the tally |
//! | [`fill`] | what only the running ledger can tell: sizes, roots, hashes |
//! | [`page`] | what is printed |
//!
//! Invariant: the first ledger's pledge is real and everything else is invented; every output says EXAMPLE DATA. The
//! same events are posted every time, but for what they say of the ledger's own root and reports; the ledger adds random
//! bytes to each record, so hashes differ from run to run.

mod cast;
mod fill;
mod page;
mod pen;
mod play;
mod script;
mod stage;
mod story;

use clap::Args;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use super::{
    Outcome, block_on, out,
    serve::{DEFAULT_LISTEN, Serve},
    verify,
};
use crate::domain::id::LedgerName;
pub use pen::{Fill, Intent, Step};

/// The demo's first ledger.
pub const LEDGER: &str = "improvement-service";
/// The demo's second ledger, in which the pledge is invented as well.
pub const SECOND: &str = "northmoor-council";

/// Everything that the demo posts to its first ledger, in order: deterministic, ids included. For tests.
pub fn script() -> Vec<Step> {
    script::year()
}

/// Publish a real pledge and an invented one, post an invented year of realistic events about each through gRPC, print
/// the reports a chief executive would ask for, and verify the files. Needs nothing but this program and takes seconds.
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
        let years = block_on(stage::perform(self.data.clone()))?;
        let verified = verified(&self.data)?;
        let page = page::Page {
            data: &self.data,
            replaced,
            years: &years,
            verified: &verified,
            served: self.serve.then_some(self.listen),
        };
        out::print(&if self.json { page.json() } else { page.text(out::width(), started.elapsed()) });
        let as_meant = years.iter().all(|year| year.played.surprises.is_empty());
        if !as_meant || verified.iter().any(verify::Verified::is_broken) {
            return Ok(Outcome::FoundWrong);
        }
        if !self.serve {
            return Ok(Outcome::Done);
        }
        let (data, listen) = (Some(self.data), Some(self.listen));
        Serve {
            data,
            listen,
            config: None,
            known_checkpoints: Vec::new(),
            log_level: Some("warn".into()),
            json: self.json,
        }
        .run()
    }
}

/// Both ledgers, verified.
fn verified(data: &Path) -> anyhow::Result<Vec<verify::Verified>> {
    let check = |name: &str| verify::verify(&LedgerName::parse(name)?, &data.join(name), false);
    [LEDGER, SECOND].into_iter().map(check).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::irregularity::Irregularity;
    use crate::reports::ReportName;
    use std::collections::BTreeSet;

    #[test]
    fn the_years_go_as_the_script_means_them_and_the_files_are_intact() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("demo");
        stage::prepare(&data).unwrap();
        let years = block_on(stage::perform(data.clone())).unwrap();
        let surprises: Vec<_> = years.iter().flat_map(|year| &year.played.surprises).collect();
        assert_eq!(surprises, Vec::<&String>::new());
        let codes: Vec<_> = years[0].reports.iter().map(|it| it.code.as_str()).collect();
        assert_eq!(codes, ReportName::ALL.map(ReportName::code));
        assert!(years.iter().flat_map(|year| &year.reports).all(|it| it.example_data));
        let verified = verified(&data).unwrap();
        assert!(verified.len() == 2 && !verified.iter().any(verify::Verified::is_broken));
        every_mark_that_a_poster_can_cause_was_set(&years);
        let page =
            page::Page { data: &data, replaced: false, years: &years, verified: &verified, served: None };
        for width in [80, 100] {
            let text = page.text(width, std::time::Duration::from_millis(1));
            assert!(
                text.contains("EXAMPLE DATA")
                    && text.contains("INTEGRITY       holds")
                    && text.contains("Try next")
            );
            let path = data.display().to_string();
            let wide: Vec<_> =
                text.lines().filter(|line| line.chars().count() > width && !line.contains(&path)).collect();
            assert!(wide.is_empty(), "{wide:?}");
        }
        let json: serde_json::Value = serde_json::from_str(&page.json()).unwrap();
        for ledger in json["ledgers"].as_array().unwrap() {
            assert_eq!(ledger["verification"]["verdicts"]["integrity"], "holds");
        }
    }

    fn every_mark_that_a_poster_can_cause_was_set(years: &[stage::Year]) {
        let set: BTreeSet<_> = years.iter().flat_map(|year| year.played.marks.keys().cloned()).collect();
        // The ledger's own clock causes that one, whatever anybody posts.
        let own = Irregularity::ClockBehind;
        let all = Irregularity::ALL.iter().filter(|mark| **mark != own);
        let missing: Vec<_> = all.filter(|mark| !set.contains(mark.as_str())).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}

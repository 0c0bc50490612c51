//! Where the demo plays: its directory, and the real server in this process on a simulated clock.
//!
//! Invariant: nothing is removed but what an earlier demo made, and nothing at all while a server holds it.

use anyhow::{Context as _, anyhow, bail};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use std::{
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use storage::{Backend as _, FileBackend, backend::LockError};
use tokio::sync::oneshot;

use super::{
    LEDGER, SECOND, cast, fill,
    pen::{after, day},
    play::{self, Played},
    story::{self, Story},
};
use crate::cli::client::{self, Server, Who};
use crate::cli::report;
use crate::config::Config;
use crate::grpc::wire::{Access, CreateLedgerRequest, GetReportRequest, LedgerOpened, SetGrantsRequest};
use crate::journal::clock::{Clock, SimulatedClock};
use crate::reports::{Report, ReportName};
use crate::server;

/// The file by which a demo's directory is known.
const MARK: &str = "EXAMPLE-DATA.txt";
const MARK_TEXT: &str = "EXAMPLE DATA: the activity in this directory is invented.\n\
    `pledgebook demo` made this directory and replaces it the next time.\n";

const ZONE: &str = "Europe/London";
/// The day as at which the reports are made: the end of the financial year.
pub(super) const AS_AT: Date = day(3, 31);

/// What came of one story.
pub(super) struct Year {
    pub(super) story: Story,
    pub(super) played: Played,
    /// All of the first ledger, R1 of the second.
    pub(super) reports: Vec<Report>,
}

/// A simulated clock whose wall can run ahead of the time that passes, as a machine's clock that was set wrong.
pub(super) struct StageClock {
    passing: SimulatedClock,
    ahead: AtomicI64,
}

impl StageClock {
    fn at(now: Timestamp) -> Self {
        Self { passing: SimulatedClock::at(now), ahead: AtomicI64::new(0) }
    }

    /// Sets the time, and by how many seconds the wall is ahead of it.
    pub(super) fn set(&self, now: Timestamp, ahead: i64) {
        self.passing.set(now);
        self.ahead.store(ahead, Ordering::SeqCst);
    }
}

impl Clock for StageClock {
    fn now(&self) -> Timestamp {
        self.passing.now() + SignedDuration::from_secs(self.ahead.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        self.passing.monotonic()
    }
}

/// Makes the directory ready. Whether an earlier demo was replaced.
pub(super) fn prepare(data: &Path) -> anyhow::Result<bool> {
    let failed = || format!("--data {}", data.display());
    if !data.exists() {
        fs::create_dir_all(data).with_context(failed)?;
        fs::write(data.join(MARK), MARK_TEXT).with_context(failed)?;
        return Ok(false);
    }
    let is_ours = data.join(MARK).is_file();
    for entry in fs::read_dir(data).with_context(failed)? {
        let path = entry.with_context(failed)?.path();
        // Somebody's own ledger would not survive a replacement, and tokens would keep the demo out.
        let is_demos = path.ends_with(LEDGER) || path.ends_with(SECOND);
        let is_own = path.join("log").is_dir() && !is_demos || path.ends_with("tokens.json");
        if is_own || !is_ours {
            bail!(
                "{}: no demo made this, and it is left alone; choose another directory with --data",
                path.display()
            );
        }
    }
    let earlier: Vec<_> =
        [LEDGER, SECOND].iter().map(|name| data.join(name)).filter(|it| it.exists()).collect();
    let mut replaced = false;
    for ledger in earlier.iter().filter(|it| it.join("log").is_dir()) {
        replaced = true;
        check_unlocked(ledger)?;
    }
    for ledger in &earlier {
        fs::remove_dir_all(ledger).with_context(failed)?;
    }
    fs::write(data.join(MARK), MARK_TEXT).with_context(failed)?;
    Ok(replaced)
}

fn check_unlocked(ledger: &Path) -> anyhow::Result<()> {
    match FileBackend::new(ledger).lock("log/lock") {
        Ok(_) => Ok(()),
        Err(LockError::Held { pid }) => bail!(
            "{}: a running server (process {pid}) holds this ledger; stop it, or choose another directory with --data",
            ledger.display()
        ),
        Err(LockError::Io(error)) => Err(error).with_context(|| ledger.display().to_string()),
    }
}

/// Starts a server, plays each story, asks for its reports, stops the server.
pub(super) async fn perform(data: PathBuf) -> anyhow::Result<Vec<Year>> {
    let zone = TimeZone::get(ZONE).with_context(|| format!("the time zone {ZONE}"))?;
    let time =
        |day: Date, hour| -> anyhow::Result<Timestamp> { Ok(zone.to_timestamp(day.at(hour, 0, 0, 0))?) };
    let clock = Arc::new(StageClock::at(time(day(4, 1), 8)?));
    let config = Config { listen: (Ipv4Addr::LOCALHOST, 0).into(), data, ..Config::default() };
    let (ready, address) = oneshot::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(server::serve(config, clock.clone(), ready, async move {
        // Whoever drops the other end wants it to stop as well.
        let _ = stopped.await;
    }));
    let Ok(address) = address.await else {
        serving.await?.map_err(|error| anyhow!("{error}"))?;
        bail!("the demo's server did not start");
    };
    let performed = async {
        let server = Server::connect(&format!("http://{address}"), &Who::default()).await?;
        let mut years = Vec::new();
        for story in story::all() {
            // Each story begins a year earlier than the one before ended: the time goes back, in another ledger.
            clock.set(time(day(4, 1), 8)?, 0);
            open(&server, &story).await?;
            let played = play::play(&server, &story, &clock, &zone).await?;
            clock.set(time(after(4, 10), 17)?, 0);
            let reports = reports(&server, &story).await?;
            years.push(Year { story, played, reports });
        }
        anyhow::Ok(years)
    }
    .await;
    // It may have ended by itself; then joining it says why.
    let _ = stop.send(());
    serving.await?.map_err(|error| anyhow!("{error}"))?;
    performed
}

/// The reports, from views that hold everything that was posted: all of the first ledger, of the second how its promises
/// stand.
async fn reports(server: &Server, story: &Story) -> anyhow::Result<Vec<Report>> {
    let request = GetReportRequest {
        ledger: story.name(),
        as_at: Some(report::day(AS_AT)),
        at_least: Some(fill::ledger(server, story).await?.size),
        ..GetReportRequest::default()
    };
    let mut reports = Vec::new();
    for name in ReportName::ALL {
        if story.ledger == LEDGER || name == ReportName::Commitments {
            reports.push(report::ask(server, name, request.clone()).await?);
        }
    }
    Ok(reports)
}

async fn open(server: &Server, story: &Story) -> anyhow::Result<()> {
    let opened = LedgerOpened {
        organisation: story.organisation.into(),
        origin: story.origin.into(),
        time_zone: ZONE.into(),
        example_data: true,
        simulated_clock: true,
        access: Access::Granted.into(),
    };
    let request = CreateLedgerRequest { name: story.name(), opened: Some(opened) };
    server.admin().create_ledger(request).await.map_err(|status| client::failed(&status))?;
    let request = SetGrantsRequest { ledger: story.name(), grants: cast::grants(story.sources) };
    server.admin().set_grants(request).await.map_err(|status| client::failed(&status))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_no_demo_made_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("letters.txt"), "dear").unwrap();
        let error = prepare(dir.path()).unwrap_err().to_string();
        assert!(error.contains("left alone"), "{error}");
        assert!(dir.path().join("letters.txt").exists());
    }

    #[test]
    fn an_earlier_demo_is_replaced_and_what_else_is_there_stays() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("demo");
        assert!(!prepare(&data).unwrap());
        fs::create_dir_all(data.join(LEDGER).join("log")).unwrap();
        fs::write(data.join("notes.txt"), "mine").unwrap();
        assert!(prepare(&data).unwrap());
        assert!(!data.join(LEDGER).exists() && data.join("notes.txt").exists());
        fs::create_dir_all(data.join("acme").join("log")).unwrap();
        assert!(prepare(&data).unwrap_err().to_string().contains("acme"));
        assert!(data.join("acme").exists());
    }

    #[test]
    fn a_ledger_that_somebody_holds_is_not_removed() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("demo");
        prepare(&data).unwrap();
        let ledger = data.join(LEDGER);
        fs::create_dir_all(ledger.join("log")).unwrap();
        let _held = FileBackend::new(&ledger).lock("log/lock").unwrap();
        assert!(prepare(&data).unwrap_err().to_string().contains("running server"));
        assert!(ledger.exists());
    }
}

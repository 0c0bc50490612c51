//! Where the demo plays: its directory, and the real server in this process on a simulated clock.
//!
//! Invariant: nothing is removed but what an earlier demo made, and nothing at all while a server holds it.

use anyhow::{Context as _, anyhow, bail};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use std::{fs, net::Ipv4Addr, path::Path, path::PathBuf, sync::Arc};
use storage::{Backend as _, FileBackend, backend::LockError};
use tokio::sync::oneshot;

use super::{
    LEDGER, cast,
    pen::{after, day},
    play::{self, Played},
    script,
};
use crate::cli::client::{self, Server, Who};
use crate::cli::report;
use crate::config::Config;
use crate::grpc::wire::{
    Access, CreateLedgerRequest, GetReportRequest, LedgerOpened, ListLedgersRequest, SetGrantsRequest,
};
use crate::journal::clock::SimulatedClock;
use crate::reports::{Report, ReportName};
use crate::server;

/// The file by which a demo's directory is known.
const MARK: &str = "EXAMPLE-DATA.txt";
const MARK_TEXT: &str = "EXAMPLE DATA: the activity in this directory is invented.\n\
    `pledgebook demo` made this directory and replaces it the next time.\n";

const ZONE: &str = "Europe/London";
/// The day as at which the reports are made: the end of the financial year.
pub(super) const AS_AT: Date = day(3, 31);

/// What came of the performance.
pub(super) struct Year {
    pub(super) played: Played,
    /// R1, R2, R5.
    pub(super) reports: Vec<Report>,
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
        let is_own = path.join("log").is_dir() && !path.ends_with(LEDGER) || path.ends_with("tokens.json");
        if is_own || !is_ours {
            bail!(
                "{}: no demo made this, and it is left alone; choose another directory with --data",
                path.display()
            );
        }
    }
    let earlier = data.join(LEDGER);
    let replaced = earlier.join("log").is_dir();
    if replaced {
        check_unlocked(&earlier)?;
    }
    if earlier.exists() {
        fs::remove_dir_all(&earlier).with_context(failed)?;
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

/// Starts a server, plays the year, asks for the reports, stops the server.
pub(super) async fn perform(data: PathBuf) -> anyhow::Result<Year> {
    let zone = TimeZone::get(ZONE).with_context(|| format!("the time zone {ZONE}"))?;
    let time =
        |day: Date, hour| -> anyhow::Result<Timestamp> { Ok(zone.to_timestamp(day.at(hour, 0, 0, 0))?) };
    let clock = Arc::new(SimulatedClock::at(time(day(4, 1), 8)?));
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
        let ledger = open(&server).await?;
        let played = play::play(&server, &ledger, &clock, &zone, script::year()).await?;
        clock.set(time(after(4, 10), 17)?);
        let reports = reports(&server, &ledger).await?;
        anyhow::Ok(Year { played, reports })
    }
    .await;
    // It may have ended by itself; then joining it says why.
    let _ = stop.send(());
    serving.await?.map_err(|error| anyhow!("{error}"))?;
    performed
}

/// The reports, from views that hold everything that was posted.
async fn reports(server: &Server, ledger: &str) -> anyhow::Result<Vec<Report>> {
    let listed = server.admin().list_ledgers(ListLedgersRequest {}).await;
    let ledgers = listed.map_err(|status| client::failed(&status))?.into_inner().ledgers;
    let size = ledgers.iter().find(|it| it.name == ledger).map(|it| it.size);
    let request = GetReportRequest {
        ledger: ledger.to_owned(),
        as_at: Some(report::day(AS_AT)),
        at_least: size,
        ..GetReportRequest::default()
    };
    let mut reports = Vec::new();
    for name in ReportName::ALL {
        reports.push(report::ask(server, name, request.clone()).await?);
    }
    Ok(reports)
}

async fn open(server: &Server) -> anyhow::Result<String> {
    let opened = LedgerOpened {
        organisation: "Improvement Service".into(),
        origin: "pledgebook.example/improvement-service".into(),
        time_zone: ZONE.into(),
        example_data: true,
        simulated_clock: true,
        access: Access::Granted.into(),
    };
    let name = client::ledger_name("NAME", LEDGER)?;
    let request = CreateLedgerRequest { name: name.clone(), opened: Some(opened) };
    server.admin().create_ledger(request).await.map_err(|status| client::failed(&status))?;
    let request = SetGrantsRequest { ledger: name.clone(), grants: cast::grants() };
    server.admin().set_grants(request).await.map_err(|status| client::failed(&status))?;
    Ok(name)
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

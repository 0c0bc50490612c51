//! Durable appends of Pledgebook beside the limit server and UmaDB: interleaved rounds in one run, medians and ratios.
//!
//! ```text
//! cargo build --release && cd benches/peers && cargo run --release -- compare --pledgebook ../../target/release/pledgebook
//! ```

mod limit;
mod load;
pub mod wire {
    //! Pledgebook's own wire, generated.
    #![allow(missing_docs, clippy::all, clippy::pedantic, reason = "generated")]
    tonic::include_proto!("pledgebook.v1");
}

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use load::{Kind, Measured};

/// Clients and events a call, as the figures are asked for.
const POINTS: [(usize, usize); 6] = [(1, 1), (8, 1), (64, 1), (256, 1), (8, 100), (64, 100)];

#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    run: Run,
}

#[derive(Subcommand)]
enum Run {
    /// The limit server, until it is killed.
    ServeLimit { port: u16, file: PathBuf },
    /// One closed loop against a running server.
    Load {
        kind: Kind,
        url: String,
        #[arg(long, default_value_t = 64)]
        clients: usize,
        #[arg(long, default_value_t = 1)]
        batch: usize,
        #[arg(long, default_value_t = 4.0)]
        seconds: f64,
        /// First open the ledger that the load needs.
        #[arg(long)]
        prepare: bool,
    },
    /// Every point, every peer, in interleaved rounds.
    Compare {
        /// The `pledgebook` binary.
        #[arg(long)]
        pledgebook: PathBuf,
        /// The `umadb` binary (`cargo install umadb --version 0.7.8`); left out if not given.
        #[arg(long)]
        umadb: Option<PathBuf>,
        #[arg(long, default_value_t = 5)]
        rounds: usize,
        #[arg(long, default_value_t = 2.0)]
        seconds: f64,
        /// Where the servers write; it must be a real disk.
        #[arg(long, default_value = ".")]
        scratch: PathBuf,
    },
}

/// A server that ends when this is dropped.
struct Server {
    child: Child,
    url: String,
    _data: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It is our own child, and nothing that it holds is wanted any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    match Args::parse().run {
        Run::ServeLimit { port, file } => limit::serve(port, &file).await,
        Run::Load { kind, url, clients, batch, seconds, prepare } => {
            if prepare {
                load::prepare(&url).await?;
            }
            let Measured { rate, p50, p99 } = load::run(kind, &url, clients, batch, seconds).await?;
            println!("{kind:?} clients={clients} batch={batch} events/s={rate:.0} p50={p50}us p99={p99}us");
            Ok(())
        }
        Run::Compare { pledgebook, umadb, rounds, seconds, scratch } => {
            compare(&pledgebook, umadb.as_deref(), rounds, seconds, &scratch).await
        }
    }
}

async fn compare(
    pledgebook: &Path,
    umadb: Option<&Path>,
    rounds: usize,
    seconds: f64,
    scratch: &Path,
) -> Result<()> {
    let mut peers = vec![
        (Kind::Limit, std::env::current_exe()?),
        (Kind::Pledgebook, pledgebook.to_owned()),
        (Kind::Proof, pledgebook.to_owned()),
    ];
    peers.extend(umadb.map(|path| (Kind::Umadb, path.to_owned())));
    println!("events/s, median of {rounds} interleaved rounds of {seconds} s (p50 / p99 in microseconds)");
    for (clients, batch) in POINTS {
        let mut rows: Vec<(Kind, Vec<Measured>)> = peers.iter().map(|(kind, _)| (*kind, Vec::new())).collect();
        for _ in 0..rounds {
            for ((kind, binary), row) in peers.iter().zip(&mut rows) {
                let server = start(*kind, binary, scratch).await?;
                if matches!(kind, Kind::Pledgebook | Kind::Proof) {
                    load::prepare(&server.url).await?;
                }
                row.1.push(load::run(*kind, &server.url, clients, batch, seconds).await?);
            }
        }
        print_point(clients, batch, &mut rows);
    }
    Ok(())
}

fn print_point(clients: usize, batch: usize, rows: &mut [(Kind, Vec<Measured>)]) {
    let mut limit = None;
    for (kind, measured) in rows {
        measured.sort_by(|a, b| a.rate.total_cmp(&b.rate));
        let middle = measured[measured.len() / 2];
        let (least, most) = (measured[0].rate, measured[measured.len() - 1].rate);
        let limit = *limit.get_or_insert(middle.rate);
        let Measured { rate, p50, p99 } = middle;
        println!(
            "{clients:>3} x {batch:<3} {:<10} {rate:>9.0}  ({least:.0} to {most:.0})  {:.2} x limit  p50 {p50} p99 {p99}",
            format!("{kind:?}").to_lowercase(),
            rate / limit,
        );
    }
}

async fn start(kind: Kind, binary: &Path, scratch: &Path) -> Result<Server> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let data = tempfile::tempdir_in(scratch)?;
    let mut command = Command::new(binary);
    match kind {
        Kind::Limit => command.args(["serve-limit", &port.to_string()]).arg(data.path().join("limit.log")),
        Kind::Pledgebook | Kind::Proof => {
            command.args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--data"]).arg(data.path().join("data"))
        }
        Kind::Umadb => command
            .args(["--listen", &format!("127.0.0.1:{port}"), "--db-path"])
            .arg(data.path().join("uma.db")),
    };
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("starting {}", binary.display()))?;
    let server = Server { child, url: format!("http://127.0.0.1:{port}"), _data: data };
    for _ in 0..100 {
        if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return Ok(server);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("{} did not start", binary.display())
}

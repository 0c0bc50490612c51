//! `pledgebook serve`: the service, until somebody says stop.

use anyhow::anyhow;
use clap::Args;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::{
    env,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};

use super::{Outcome, block_on, out};
use crate::config::{Config, Flags, LogFormat};
use crate::journal::clock::SystemClock;
use crate::{server, telemetry};

/// The signal for a file that would exceed its limit, on Linux.
const SIGXFSZ: i32 = 25;

/// Where a server keeps everything, if nobody says otherwise.
pub(super) const DEFAULT_DATA: &str = "./pledgebook-data";
/// Where a server listens, if nobody says otherwise.
pub(super) const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8420);

/// Run the service. It ends in order on Ctrl-C or SIGTERM: what was acknowledged stays recorded.
///
/// What is not said here is taken from `PLEDGEBOOK_…` in the environment, then from the configuration file.
#[derive(Args)]
#[command(after_help = "Example:
  pledgebook serve --data ./pledgebook-data --listen 127.0.0.1:8420")]
pub(super) struct Serve {
    /// Where everything is kept; made if it is not there [default: ./pledgebook-data].
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
    /// Where to listen: this machine only [default: 127.0.0.1:8420].
    #[arg(long, value_name = "ADDRESS")]
    pub(super) listen: Option<SocketAddr>,
    /// Further settings, in TOML.
    #[arg(long, value_name = "FILE", env = "PLEDGEBOOK_CONFIG")]
    pub(super) config: Option<PathBuf>,
    /// A signed checkpoint of a ledger here that was kept elsewhere: a ledger that went back behind it is refused; may be
    /// repeated.
    #[arg(long = "known-checkpoint", value_name = "FILE")]
    pub(super) known_checkpoints: Vec<PathBuf>,
    /// What is logged, such as `info`, or `warn,pledgebook=debug`.
    #[arg(long, value_name = "LEVEL")]
    pub(super) log_level: Option<String>,
    /// Log in JSON, one object a line.
    #[arg(long)]
    pub(super) json: bool,
}

impl Serve {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let (config_file, json) = (self.config.clone(), self.json);
        let config = Config::load(config_file.as_deref(), self.flags())?;
        telemetry::start(&config.log.level, config.log.format == LogFormat::Json)?;
        raise_descriptors();
        block_on(async move {
            let (ready, address) = oneshot::channel();
            let (data, open) = (config.data.clone(), !config.tokens().exists());
            tokio::spawn(async move {
                // Without an address there is an error, which is told when the server returns it.
                if let Ok(address) = address.await {
                    out::print(&greeting(address, &data, open, json));
                }
            });
            // With a handler, a limit on the size of files is an error that the log can name, and not the end of the process.
            let _file_too_large = signal(SignalKind::from_raw(SIGXFSZ))?;
            let stop = stop()?;
            let served = server::serve(config, Arc::new(SystemClock::new()), ready, stop).await;
            served.map_err(|error| anyhow!("{error}"))?;
            Ok(Outcome::Done)
        })
    }

    fn flags(self) -> Flags {
        // A default of the command must not stand over what a file or the environment says.
        let unsaid = |name: &str| self.config.is_none() && env::var_os(name).is_none();
        let listen = self.listen.or_else(|| unsaid("PLEDGEBOOK_LISTEN").then_some(DEFAULT_LISTEN));
        let data = self.data.clone().or_else(|| unsaid("PLEDGEBOOK_DATA").then(|| DEFAULT_DATA.into()));
        Flags {
            listen,
            data,
            log_level: self.log_level,
            log_format: self.json.then_some(LogFormat::Json),
            known_checkpoints: self.known_checkpoints,
        }
    }
}

/// Takes as many descriptors as the system allows: what it gives unasked (often 1,024) is for programs that use
/// `select`, and each segment of each ledger holds one.
fn raise_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })
    {
        tracing::warn!(%error, "the limit on open files stays as it is");
    }
}

fn greeting(address: SocketAddr, data: &Path, open: bool, json: bool) -> String {
    if json {
        let object = serde_json::json!({"address": format!("http://{address}"), "data": data.display().to_string(),
            "open": open});
        return format!("{object}\n");
    }
    let width = out::width();
    let mut page =
        format!("Pledgebook serves {} at {}\n", data.display(), out::strong(&format!("http://{address}")));
    if open {
        let notice = "Open mode: there are no tokens, so every program on this machine may post under the name that \
            it gives, and read everything. `pledgebook token create` makes the first token; from then on nobody is \
            let in without one.";
        page += &out::paragraph("", notice, width);
    }
    page += "Ctrl-C stops it.\n";
    page
}

/// Resolves when somebody says stop.
pub(super) fn stop() -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
        }
    })
}

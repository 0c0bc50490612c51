//! `pledgebook witness`: holds the logs of others to their history, until somebody says stop.

use anyhow::{Context as _, bail};
use clap::Args;
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};
use storage::note::Verifier;
use tokio::net::TcpListener;

use super::{Outcome, block_on, out, serve::stop};
use crate::{
    telemetry,
    witness::{Witness, http},
};

/// Where a witness listens, if nobody says otherwise.
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8421);

/// Cosign the checkpoints of other organisations' ledgers, as long as each goes on where the one before it ended (C2SP
/// tlog-witness). Its key is made at the first start.
#[derive(Args)]
#[command(after_help = "Example:
  pledgebook witness --state ./witness --name witness.example/w1 \\
      --log \"$(cat ledger.vkey)\"")]
pub(super) struct Serve {
    /// Where its key is kept, and what it cosigned last; made if it is not there. Never run a copy of it.
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    /// Where to listen: this machine only.
    #[arg(long, value_name = "ADDRESS", default_value_t = DEFAULT_LISTEN)]
    listen: SocketAddr,
    /// The verifier key of a log, from its operator by a way that you trust; may be repeated. While a log changes its key,
    /// give both.
    #[arg(long = "log", value_name = "VKEY", required = true, value_parser = vkey)]
    logs: Vec<Verifier>,
    /// The name that it cosigns under, such as witness.example/w1; needed at the first start.
    #[arg(long)]
    name: Option<String>,
    /// Let other machines reach the address: a proxy in front of it does TLS, and lets nobody go around it.
    #[arg(long)]
    behind_proxy: bool,
    /// What is logged, such as `info`, or `warn,pledgebook=debug`.
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    log_level: String,
    /// Answer and log in JSON, one object a line.
    #[arg(long)]
    json: bool,
}

fn vkey(text: &str) -> Result<Verifier, String> {
    Verifier::parse(text).map_err(|malformed| malformed.to_string())
}

impl Serve {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        if !self.behind_proxy && !self.listen.ip().to_canonical().is_loopback() {
            bail!(
                "--listen {}: other machines could reach this address, and there is no TLS of its own. Listen on \
                 127.0.0.1 or [::1] behind a proxy on this machine that does TLS; or, if a proxy elsewhere does it and \
                 nobody can go around that one, say so: --behind-proxy",
                self.listen
            );
        }
        telemetry::start(&self.log_level, self.json)?;
        let witness = Witness::open(&self.state, self.name.as_deref(), self.logs.clone())?;
        block_on(async move {
            let listener = TcpListener::bind(self.listen)
                .await
                .with_context(|| format!("--listen {}: choose another port, or 0 for any", self.listen))?;
            let address = listener.local_addr()?;
            let stop = stop()?;
            out::print(&self.greeting(&witness, address));
            http::serve(Arc::new(witness), listener, stop).await;
            tracing::info!("stopped");
            Ok(Outcome::Done)
        })
    }

    fn greeting(&self, witness: &Witness, address: SocketAddr) -> String {
        let url = format!("http://{address}");
        let logs = witness.logs();
        if self.json {
            let logs: Vec<_> = logs
                .into_iter()
                .map(|(origin, size)| serde_json::json!({"origin": origin, "cosigned_size": size}))
                .collect();
            let object = serde_json::json!({"address": url, "vkey": witness.key().to_string(), "logs": logs});
            return format!("{object}\n");
        }
        let mut page = format!("Witness at {}\n", out::strong(&url));
        page += &format!("Its key, for the logs and for whoever relies on it:\n  {}\n", witness.key());
        for (origin, size) in logs {
            let held = match size {
                Some(size) => format!("cosigned up to {size} records"),
                None => "nothing cosigned yet".into(),
            };
            page += &format!("{origin}: {held}\n");
        }
        page + "Ctrl-C stops it.\n"
    }
}

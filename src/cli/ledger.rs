//! `pledgebook ledger`: create and list the ledgers of a server.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::{
    Outcome, block_on,
    client::{self, DEFAULT_SERVER, Server, Who},
    out::{self, Align},
};
use crate::grpc::wire::{self, CorrectClockRequest, CreateLedgerRequest, LedgerOpened, ListLedgersRequest};

/// Create and list ledgers: one an organisation.
#[derive(Args)]
#[command(after_help = "Example:
  pledgebook ledger create improvement-service \\
      --organisation 'Improvement Service' \\
      --origin ledger.example/improvement-service
  pledgebook ledger list")]
pub(super) struct Ledger {
    #[command(subcommand)]
    what: What,
    /// Where the server is.
    #[arg(long, global = true, value_name = "URL", env = "PLEDGEBOOK_SERVER", default_value = DEFAULT_SERVER)]
    server: String,
    /// Answer in JSON.
    #[arg(long, global = true)]
    json: bool,
    /// An operator's token.
    #[arg(long, global = true, value_name = "TOKEN", env = "PLEDGEBOOK_TOKEN", hide_env_values = true)]
    token: Option<String>,
}

#[derive(Subcommand)]
enum What {
    /// Create a ledger.
    Create(Create),
    /// List the ledgers of a server.
    #[command(after_help = "Example:\n  pledgebook ledger list --json")]
    List,
    /// Say that the machine's clock is right now, for a ledger that is read-only because it was not.
    #[command(after_help = "Example:\n  pledgebook ledger correct-clock improvement-service")]
    CorrectClock {
        /// The ledger's name.
        name: String,
    },
}

#[derive(Args)]
#[command(after_help = "Example:
  pledgebook ledger create acme --organisation 'Acme Council' \\
      --origin ledger.example/acme --access granted")]
struct Create {
    /// Its name: lower-case letters, digits, hyphens.
    name: String,
    /// Whose ledger it is.
    #[arg(long)]
    organisation: String,
    /// Names the log for ever, such as `ledger.example/acme`.
    #[arg(long)]
    origin: String,
    /// The time zone in which days are counted.
    #[arg(long, default_value = "Europe/London")]
    time_zone: String,
    /// Everything in it will be invented, and every output says so.
    #[arg(long)]
    example_data: bool,
    /// Who may post without a grant: anybody (to try it out), or nobody.
    #[arg(long, value_enum, default_value_t = Access::Open)]
    access: Access,
}

#[derive(Clone, Copy, ValueEnum)]
enum Access {
    Open,
    Granted,
}

impl Ledger {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        // A wrong name is told without a server, too.
        if let What::Create(Create { name, .. }) | What::CorrectClock { name } = &self.what {
            client::ledger_name("NAME", name)?;
        }
        block_on(async {
            let who = Who { source: None, token: self.token.clone() };
            let server = Server::connect(&self.server, &who).await?;
            let page = match &self.what {
                What::Create(create) => created(&server, create, self.json).await?,
                What::List => listed(&server, self.json).await?,
                What::CorrectClock { name } => corrected(&server, name, self.json).await?,
            };
            out::print(&page);
            Ok(Outcome::Done)
        })
    }
}

async fn created(server: &Server, create: &Create, json: bool) -> anyhow::Result<String> {
    let access = match create.access {
        Access::Open => wire::Access::Open,
        Access::Granted => wire::Access::Granted,
    };
    let opened = LedgerOpened {
        organisation: create.organisation.clone(),
        origin: create.origin.clone(),
        time_zone: create.time_zone.clone(),
        example_data: create.example_data,
        simulated_clock: false,
        access: access.into(),
    };
    let request =
        CreateLedgerRequest { name: client::ledger_name("NAME", &create.name)?, opened: Some(opened) };
    let answered = server.admin().create_ledger(request).await.map_err(|status| client::failed(&status))?;
    let ledger = answered.into_inner().ledger.unwrap_or_default();
    if json {
        return Ok(format!("{}\n", object(&ledger)));
    }
    let mut page = format!("Created {}.\n", ledger.name);
    if ledger.opened.as_ref().is_some_and(|opened| opened.example_data) {
        page += "EXAMPLE DATA: everything in it is invented, and every output says so.\n";
    }
    page += match create.access {
        Access::Open => {
            "Any source on this machine may post to it; `pledgebook grant set` holds a source to its part.\n"
        }
        Access::Granted => "Nobody may post to it yet; `pledgebook grant set` says who may post what.\n",
    };
    Ok(page)
}

async fn corrected(server: &Server, name: &str, json: bool) -> anyhow::Result<String> {
    let ledger = client::ledger_name("NAME", name)?;
    let answered = server.admin().correct_clock(CorrectClockRequest { ledger: ledger.clone() }).await;
    let answer = answered.map_err(|status| client::failed(&status))?.into_inner();
    let sequence = answer.receipt.unwrap_or_default().sequence;
    let drift = answer.drift_seconds;
    if json {
        return Ok(format!("{}\n", json!({"ledger": ledger, "sequence": sequence, "drift_seconds": drift})));
    }
    let how = match drift {
        0.. => format!("{drift} s ahead"),
        _ => format!("{} s behind", drift.unsigned_abs()),
    };
    Ok(format!("{ledger} takes appends again; record {sequence} says that its clock was {how}.\n"))
}

async fn listed(server: &Server, json: bool) -> anyhow::Result<String> {
    let answered = server.admin().list_ledgers(ListLedgersRequest {}).await;
    let ledgers = answered.map_err(|status| client::failed(&status))?.into_inner().ledgers;
    if json {
        return Ok(ledgers.iter().map(|ledger| format!("{}\n", object(ledger))).collect());
    }
    if ledgers.is_empty() {
        return Ok("This server has no ledger yet; `pledgebook ledger create` makes one.\n".to_owned());
    }
    let columns =
        [("Ledger", Align::Left), ("Events", Align::Right), ("Root", Align::Left), ("Whose", Align::Left)];
    let row = |ledger: &wire::Ledger| {
        let opened = ledger.opened.clone().unwrap_or_default();
        let mut whose = opened.organisation;
        if opened.example_data {
            whose += " (EXAMPLE DATA)";
        }
        if !ledger.read_only_because.is_empty() {
            whose += &format!("; read-only: {}", ledger.read_only_because);
        }
        let root = const_hex::encode(&ledger.root_hash).chars().take(16).collect();
        vec![ledger.name.clone(), out::thousands(ledger.size), root, whose]
    };
    Ok(out::table(&columns, &ledgers.iter().map(row).collect::<Vec<_>>(), out::width()))
}

fn object(ledger: &wire::Ledger) -> serde_json::Value {
    let opened = ledger.opened.clone().unwrap_or_default();
    json!({
        "name": ledger.name,
        "organisation": opened.organisation,
        "origin": opened.origin,
        "time_zone": opened.time_zone,
        "example_data": opened.example_data,
        "access": opened.access().as_str_name().trim_start_matches("ACCESS_").to_lowercase(),
        "size": ledger.size,
        "head": const_hex::encode(&ledger.head_hash),
        "root": const_hex::encode(&ledger.root_hash),
        "read_only_because": ledger.read_only_because,
    })
}

//! `pledgebook key`: the keys that sign for a ledger: to be pinned, and to be rotated.
//!
//! Invariant: what is shown is public. The secret stays in its file, and no argument, page or error holds it.

use anyhow::{anyhow, bail};
use clap::{Args, Subcommand};
use serde_json::json;
use std::path::{Path, PathBuf};

use super::{
    Outcome, block_on,
    client::{self, DEFAULT_SERVER, Server, Who},
    offline, out,
};
use crate::grpc::wire::{ListKeysRequest, RotateKeyRequest};
use crate::notary;

/// Show the keys that sign for a ledger, and rotate them.
///
/// Whoever is to check proofs pins the key: it is given to them once, by another way than the proofs. It is public, and
/// says nothing of the secret.
#[derive(Args)]
#[command(after_help = "Example:
  pledgebook key show --ledger improvement-service
  pledgebook key show --data ./pledgebook-data/improvement-service
  pledgebook key rotate --ledger improvement-service")]
pub(super) struct Key {
    #[command(subcommand)]
    what: What,
    /// The ledger's name; required, unless --data has only one.
    #[arg(long, global = true, value_name = "NAME", env = "PLEDGEBOOK_LEDGER")]
    ledger: Option<String>,
    /// Where the server is.
    #[arg(long, global = true, value_name = "URL", env = "PLEDGEBOOK_SERVER", default_value = DEFAULT_SERVER)]
    server: String,
    /// Answer in JSON.
    #[arg(long, global = true)]
    json: bool,
    /// A token: any to show, an operator's to rotate.
    #[arg(long, global = true, value_name = "TOKEN", env = "PLEDGEBOOK_TOKEN", hide_env_values = true)]
    token: Option<String>,
}

#[derive(Subcommand)]
enum What {
    /// Show the keys, first to last; the last one signs now.
    #[command(after_help = "Example:\n  pledgebook key show --ledger acme --json")]
    Show {
        /// Ask no server: show the key in the files of this data directory, or of one ledger in it.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
    /// Make a new key, have the old one sign that it takes over, and sign the checkpoint behind that with both.
    ///
    /// For a key that nobody else has seen. One that somebody may have copied ends the ledger's origin instead: they
    /// could rotate as well.
    #[command(after_help = "Example:\n  pledgebook key rotate --ledger acme")]
    Rotate,
}

impl Key {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let page = match &self.what {
            What::Show { data: Some(data) } => self.held(data)?,
            What::Show { data: None } => block_on(self.shown())?,
            What::Rotate => block_on(self.rotated())?,
        };
        out::print(&page);
        Ok(Outcome::Done)
    }

    async fn server(&self) -> anyhow::Result<(Server, String)> {
        let ledger = self.ledger.as_deref().filter(|name| !name.is_empty()).ok_or_else(|| {
            anyhow!(
                "--ledger is missing: say which ledger; `pledgebook ledger list` names those of the server"
            )
        })?;
        let ledger = client::ledger_name("--ledger", ledger)?;
        let who = Who { source: None, token: self.token.clone() };
        Ok((Server::connect(&self.server, &who).await?, ledger))
    }

    async fn shown(&self) -> anyhow::Result<String> {
        let (server, ledger) = self.server().await?;
        let answer = server.audit().list_keys(ListKeysRequest { ledger: ledger.clone() }).await;
        let keys = answer.map_err(|status| client::failed(&status))?.into_inner().keys;
        if self.json {
            let line = |key: &crate::grpc::wire::LedgerKey| {
                let handover = (!key.handover.is_empty()).then_some(&key.handover);
                let object = json!({"ledger": ledger, "vkey": key.vkey, "from_sequence": key.from_sequence,
                    "handover": handover});
                format!("{object}\n")
            };
            return Ok(keys.iter().map(line).collect());
        }
        let mut page = String::new();
        for (number, key) in keys.iter().enumerate() {
            let from = match key.from_sequence {
                0 => "from the first record on".to_owned(),
                sequence => format!("from record {} on", out::thousands(sequence)),
            };
            let now = if number + 1 == keys.len() { ", and signs now" } else { "" };
            // A key is copied: it stands on a line of its own, whole.
            page += &format!("{}\n  {from}{now}\n", key.vkey);
        }
        Ok(page)
    }

    /// The key in a ledger's files.
    fn held(&self, data: &Path) -> anyhow::Result<String> {
        let (name, path) = offline::one(data, self.ledger.as_deref())?;
        let Some(key) = notary::public_key(&path)? else {
            bail!("{name}: there is no key in {}: a server makes one when it starts on it", path.display());
        };
        Ok(if self.json {
            format!("{}\n", json!({"ledger": name.to_string(), "vkey": key.to_string()}))
        } else {
            format!("{key}\n")
        })
    }

    async fn rotated(&self) -> anyhow::Result<String> {
        let (server, ledger) = self.server().await?;
        let answer = server.admin().rotate_key(RotateKeyRequest { ledger: ledger.clone() }).await;
        let rotated = answer.map_err(|status| client::failed(&status))?.into_inner();
        let sequence = rotated.receipt.map(|receipt| receipt.sequence).unwrap_or_default();
        if self.json {
            let object = json!({"ledger": ledger, "vkey": rotated.vkey, "sequence": sequence,
                "handover": rotated.handover});
            return Ok(format!("{object}\n"));
        }
        let advice = format!(
            "{ledger} is signed for with this key from record {} on; the old one signed that, and both signed the \
             checkpoint behind it. Publish it where the old one is published. Whoever pinned the old one follows the \
             handover: `pledgebook key show --json` has it. Proofs of before are checked with the old key, for ever.",
            out::thousands(sequence)
        );
        Ok(format!("{}\n{}", rotated.vkey, out::paragraph("", &advice, out::width())))
    }
}

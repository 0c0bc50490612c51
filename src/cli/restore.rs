//! `pledgebook restore`: puts a copy of a ledger back into service, and has the ledger say so.

use anyhow::Context as _;
use clap::Args;
use serde_json::json;
use std::{fs, path::PathBuf, sync::Arc};
use storage::note::{SignedCheckpoint, Verifier};

use super::{Outcome, out, serve::DEFAULT_DATA};
use crate::domain::value::check_words;
use crate::journal::clock::{Clock, SystemClock};
use crate::ledgers::restore::{Restoration, restore};

/// Put a copy of a ledger back into service. The copy is verified first, and only read. What it lacks is lost, and the
/// ledger says so: its next record is the restore, with the highest size that anybody is known to hold a checkpoint of.
/// It signs nothing before it is longer than that.
#[derive(Args)]
#[command(after_help = "Example:
  pledgebook restore /backups/improvement-service --data ./pledgebook-data \\
      --checkpoint kept-by-the-auditor.txt --key \"$(cat ledger.vkey)\" \\
      --reason 'The disk of the server failed on 3 March.'

Give every checkpoint of this ledger that you can get: from auditors, from
witnesses, from receipts.")]
pub(super) struct Restore {
    /// A copy of one ledger's directory: of a server that was stopped, or a snapshot.
    copy: PathBuf,
    /// The server's data directory. No server may run on it.
    #[arg(long, value_name = "DIR", env = "PLEDGEBOOK_DATA", default_value = DEFAULT_DATA)]
    data: PathBuf,
    /// A signed checkpoint of this ledger that somebody holds; may be repeated.
    #[arg(long = "checkpoint", value_name = "FILE", requires = "keys")]
    checkpoints: Vec<PathBuf>,
    /// A key of the ledger that these are signed with; may be repeated.
    #[arg(long = "key", value_name = "VKEY", id = "keys", value_parser = vkey)]
    keys: Vec<Verifier>,
    /// The signing key's file, where the copy holds none.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Why it is restored: at most 500 characters, without names of people.
    #[arg(long, value_name = "WORDS")]
    reason: String,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

fn vkey(text: &str) -> Result<Verifier, String> {
    Verifier::parse(text.trim())
        .map_err(|why| format!("{why}; give the ledger's key as `pledgebook key show` prints it"))
}

impl Restore {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        check_words(&self.reason).map_err(|why| anyhow::anyhow!("--reason: {}; {}", why.rule, why.remedy))?;
        let known = self.checkpoints.iter().map(|file| {
            let bytes = fs::read(file).with_context(|| format!("{}: cannot be read", file.display()))?;
            let signed = SignedCheckpoint::parse(&bytes)
                .with_context(|| format!("{}: not a signed checkpoint", file.display()))?;
            Ok((file.clone(), signed))
        });
        let known = known.collect::<anyhow::Result<Vec<_>>>()?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let restored = restore(
            &Restoration {
                copy: &self.copy,
                data: &self.data,
                known: &known,
                keys: &self.keys,
                key_file: self.key_file.as_deref(),
                reason: &self.reason,
            },
            &clock,
        )?;
        let lost = restored.known_size.saturating_sub(restored.size);
        if self.json {
            let object = json!({
                "ledger": restored.name.to_string(),
                "restored_size": restored.size,
                "known_size": restored.known_size,
                "known_lost": lost,
                "incarnation": restored.incarnation,
                "sequence": restored.receipt.receipt.sequence,
            });
            out::print(&format!("{object}\n"));
            return Ok(Outcome::Done);
        }
        let held = out::count(restored.size, "record", "records");
        let mut page = format!("{}  {} from {held}\n", out::strong("RESTORED"), restored.name);
        let text = match (restored.known_size, lost) {
            (0, _) => "Nobody's checkpoint was given: whether records are missing is not known.".to_owned(),
            (known, 0) => {
                format!("It holds everything that was known: {}.", out::count(known, "record", "records"))
            }
            (known, lost) => format!(
                "{} {} LOST: {} were known elsewhere. Receipts and checkpoints of them will not agree with this ledger, \
                 and it signs nothing until it holds more than {known}.",
                out::count(lost, "record", "records"),
                if lost == 1 { "IS" } else { "ARE" },
                out::count(known, "record", "records"),
            ),
        };
        page += &out::paragraph("  ", &text, out::width());
        page += &format!(
            "  Recorded   as event {} of this ledger, restore number {}\n",
            restored.receipt.receipt.sequence, restored.incarnation
        );
        out::print(&page);
        Ok(Outcome::Done)
    }
}

//! `pledgebook prove`: the proof of a record, from a server or from a ledger's files.
//!
//! Invariant: it is the kept proof, the same that the poster gets with its receipt. From files alone there is one only if
//! a kept checkpoint covers the record: this command has no key, and signs nothing.

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
};
use storage::note::{ProofFile, SignedCheckpoint};

use super::{
    Outcome, block_on,
    client::{self, DEFAULT_SERVER, Server, Who},
    offline, out, proofs,
};
use crate::grpc::wire::GetProofRequest;
use crate::notary;

/// Write the proof of a record: a C2SP tlog-proof with the stored record in it, which whoever has the ledger's key can
/// check without this server (`pledgebook check`).
///
/// It is the same for ever, and the same that the posting system can have with its receipt.
#[derive(Args)]
#[command(after_help = "Example:
  pledgebook prove 812 --ledger improvement-service --out 812.tlog-proof
  pledgebook prove 812 813 --ledger improvement-service --out proofs/
  pledgebook prove 0 --data ./pledgebook-data --ledger improvement-service")]
pub(super) struct Prove {
    /// Which records, by their sequence.
    #[arg(required = true, value_name = "SEQUENCE")]
    sequences: Vec<u64>,
    /// The ledger's name; of a data directory with one ledger, that one.
    #[arg(long, value_name = "NAME", env = "PLEDGEBOOK_LEDGER")]
    ledger: Option<String>,
    /// Where the server is.
    #[arg(long, value_name = "URL", env = "PLEDGEBOOK_SERVER", default_value = DEFAULT_SERVER)]
    server: String,
    /// Ask no server: read the files of this data directory, or of one ledger in it.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The file for it; of several records, the directory, for one `<sequence>.tlog-proof` each [default: stdout].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// An auditor's token.
    #[arg(long, value_name = "TOKEN", env = "PLEDGEBOOK_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Say in JSON what was written, one object a proof.
    #[arg(long, requires = "out")]
    json: bool,
}

impl Prove {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        if self.out.is_none() && self.sequences.len() > 1 {
            bail!(
                "--out is missing: say into which directory the proofs of {} records go",
                self.sequences.len()
            );
        }
        let found = match &self.data {
            Some(data) => self.held(data)?,
            None => block_on(self.served())?,
        };
        let Some(to) = &self.out else {
            for (_, text) in &found {
                out::print(text);
            }
            return Ok(Outcome::Done);
        };
        let folder = self.sequences.len() > 1 || to.is_dir();
        if folder {
            fs::create_dir_all(to).with_context(|| format!("--out {}: cannot be made", to.display()))?;
        }
        for (sequence, text) in &found {
            let path = if folder { to.join(format!("{sequence}.{}", proofs::ENDING)) } else { to.clone() };
            let proof = ProofFile::parse(text.as_bytes());
            let size = proof.and_then(|proof| SignedCheckpoint::parse(proof.checkpoint.to_text().as_bytes()));
            let size = size
                .map_err(|why| anyhow!("record {sequence}: what came is no proof: {why}"))?
                .checkpoint
                .size;
            proofs::put(&path, text)
                .with_context(|| format!("--out {}: cannot be written", path.display()))?;
            let path = path.display().to_string();
            out::print(&if self.json {
                format!("{}\n", json!({"sequence": sequence, "size": size, "file": path}))
            } else {
                let records = out::count(size, "record", "records");
                format!("{path}: record {sequence}, under the signed checkpoint of {records}\n")
            });
        }
        Ok(Outcome::Done)
    }

    async fn served(&self) -> anyhow::Result<Vec<(u64, String)>> {
        let ledger = self.ledger.as_deref().filter(|name| !name.is_empty()).ok_or_else(|| {
            anyhow!(
                "--ledger is missing: say which ledger; `pledgebook ledger list` names those of the server"
            )
        })?;
        let ledger = client::ledger_name("--ledger", ledger)?;
        let server = Server::connect(&self.server, &Who { source: None, token: self.token.clone() }).await?;
        let mut found = Vec::new();
        for &sequence in &self.sequences {
            let request = GetProofRequest { ledger: ledger.clone(), sequence };
            let answer = server.audit().get_proof(request).await.map_err(|status| client::failed(&status))?;
            found.push((sequence, answer.into_inner().tlog_proof));
        }
        Ok(found)
    }

    fn held(&self, data: &Path) -> anyhow::Result<Vec<(u64, String)>> {
        let files = offline::Opened::open(data, self.ledger.as_deref())?;
        let size = files.reader.head().size;
        let mut found = Vec::new();
        for &sequence in &self.sequences {
            if sequence >= size {
                bail!("{}: it holds {size} records, so there is no record {sequence}", files.name);
            }
            let proof = notary::proof_of(&files.reader, &files.kept, sequence)
                .map_err(|why| anyhow!("{}: record {sequence}: {why}", files.name))?;
            let proof = proof.ok_or_else(|| {
                anyhow!(
                    "{}: no kept checkpoint covers record {sequence}, so there is no proof of it yet, and only the \
                     server has the key to sign one: start it with `pledgebook serve`, and ask it with `pledgebook prove \
                     {sequence} --ledger {}`",
                    files.name,
                    files.name.as_str()
                )
            })?;
            found.push((sequence, proof.to_text()));
        }
        Ok(found)
    }
}

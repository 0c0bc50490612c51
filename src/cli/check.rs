//! `pledgebook check`: whether proofs hold, by a key that was pinned beforehand; without a server, without a ledger.
//!
//! Invariant: which ledger a proof should be of is said by the key, and never read from the proof. What is said of the
//! record is read from the bytes that the proof leads to; words do not stand there, and nothing of its payload is shown.

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};
use storage::{
    Record, leaf_hash,
    note::{Checkpoint, ProofFile, Untrusted, Verifier},
};

use super::{Outcome, out};
use crate::domain::command::Recorded;
use crate::journal::codec;

/// Check proofs (`.tlog-proof`) with a key of the ledger, and say which record each one proves. Nothing else is needed: the
/// stored record stands in the proof, and no server is asked.
///
/// Take the key from where it was published, and not from whoever gave you the proof. After the ledger's key was
/// rotated, give the older keys, too: a proof keeps the signature that it has.
#[derive(Args)]
#[command(after_help = "Example:
  pledgebook check 812.tlog-proof --key \"$(cat acme.vkey)\"
  pledgebook check proofs/*.tlog-proof --key \"$(cat acme.vkey)\" --json

Exit status: 0 all of them hold, 1 one does not, 2 one cannot be read.")]
pub(super) struct Check {
    /// The proofs.
    #[arg(required = true, value_name = "PROOF")]
    proofs: Vec<PathBuf>,
    /// A key of the ledger, as `key show` prints it; may be repeated, for the keys before it.
    #[arg(long = "key", value_name = "VKEY", required = true, value_parser = key)]
    keys: Vec<Verifier>,
    /// One JSON object a proof.
    #[arg(long)]
    json: bool,
}

fn key(text: &str) -> Result<Verifier, String> {
    Verifier::parse(text.trim()).map_err(|why| format!("{why}; give it as `pledgebook key show` prints it"))
}

impl Check {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        // A ledger's key has the ledger's origin for its name.
        let origin = self.keys.first().map(Verifier::name).unwrap_or_default();
        if self.keys.iter().any(|key| key.name() != origin) {
            bail!(
                "--key: these are keys of different ledgers; check the proofs of each ledger by themselves"
            );
        }
        let mut outcome = Outcome::Done;
        for path in &self.proofs {
            let bytes = fs::read(path).with_context(|| format!("{}: cannot be read", path.display()))?;
            let judged = judge(&bytes, origin, &self.keys);
            if judged.is_err() {
                outcome = Outcome::FoundWrong;
            }
            out::print(&if self.json { object(path, &judged) } else { page(path, &judged) });
        }
        Ok(outcome)
    }
}

/// What a proof proves.
struct Proven {
    checkpoint: Checkpoint,
    record: Recorded,
}

/// What the proof proves; or what is wrong with it, in words.
fn judge(bytes: &[u8], origin: &str, keys: &[Verifier]) -> Result<Proven, String> {
    let proof = ProofFile::parse(bytes)
        .map_err(|why| format!("this is no proof, or no whole one: {why}; ask for it again"))?;
    let bare = "there is no record in it, so nobody can say what it proves; ask a Pledgebook server for it";
    let stored = proof.extra.as_deref().ok_or(bare)?;
    let checkpoint =
        proof.check(&leaf_hash(stored), origin, keys).map_err(|why| plainly(&proof, origin, &why))?;
    let unreadable = |why: String| {
        format!(
            "it holds, but what it proves is no record that this version can open: {why}; use a newer one"
        )
    };
    let record = Record::parse(stored).map_err(|why| unreadable(why.to_string()))?;
    if record.sequence != proof.index {
        let (says, stands) = (record.sequence, proof.index);
        return Err(format!(
            "the ledger contradicts itself: record {says} stands in the place of record {stands}"
        ));
    }
    let record = codec::recorded(&record).map_err(|why| unreadable(why.to_string()))?;
    Ok(Proven { checkpoint, record })
}

/// Why nobody should believe it, and what to do.
fn plainly(proof: &ProofFile, origin: &str, why: &Untrusted) -> String {
    match why {
        Untrusted::Origin { .. } => {
            let other = proof.checkpoint.text.lines().next().unwrap_or_default();
            format!("it is a proof of another ledger, {other}: the key is one of {origin}; give that ledger's key")
        }
        Untrusted::Unsigned { .. } => {
            "its checkpoint is not signed by the key that was given: if the ledger's key was rotated, give the key of \
             then, too (`pledgebook key show` lists them all); otherwise it is not this ledger's"
                .into()
        }
        Untrusted::Signature { .. } => {
            "its checkpoint was changed after it was signed, or the signature was; ask for it again".into()
        }
        Untrusted::Proof(defect) => {
            format!("the record in it does not lead to what was signed ({defect}): the one or the other was changed")
        }
        Untrusted::Malformed(rule) => format!("its checkpoint is none: {rule}; ask for it again"),
    }
}

fn marks(record: &Recorded) -> Vec<&'static str> {
    record.irregularities.iter().map(|mark| mark.as_str()).collect()
}

fn page(path: &Path, judged: &Result<Proven, String>) -> String {
    let width = out::width();
    let path = path.display();
    let Proven { checkpoint, record } = match judged {
        Ok(proven) => proven,
        Err(why) => {
            let verdict = format!("{}  {path}\n", out::strong("DOES NOT HOLD"));
            return verdict + &out::paragraph("  ", why, width);
        }
    };
    let mut page = format!("{}  {path}\n", out::strong("HOLDS"));
    let size = out::count(checkpoint.size, "record", "records");
    let mut line =
        |label: &str, value: &str| page += &out::paragraph(&format!("  {label:<14}"), value, width);
    line("Ledger", &checkpoint.origin);
    line("Record", &format!("{} of the first {size}", out::thousands(record.sequence)));
    line("Posted by", &record.source.to_string());
    line("Type", record.event.payload.event_type().as_str());
    line("Subject", &record.event.subject.to_string());
    line("Event id", &record.event.id.to_string());
    line("Recorded", &format!("{:.6}", record.recorded_at));
    let marks = marks(record);
    line("Marked", &if marks.is_empty() { "none".to_owned() } else { marks.join(", ") });
    page
}

fn object(path: &Path, judged: &Result<Proven, String>) -> String {
    let mut object = json!({"file": path.display().to_string(), "holds": judged.is_ok()});
    match judged {
        Err(why) => object["why"] = why.as_str().into(),
        Ok(Proven { checkpoint, record }) => {
            let marks: Vec<Value> = marks(record).into_iter().map(Value::from).collect();
            let said = json!({"origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.to_string(),
                "sequence": record.sequence, "source": record.source.to_string(),
                "type": record.event.payload.event_type().as_str(), "subject": record.event.subject.to_string(),
                "event_id": record.event.id.to_string(), "recorded_at": format!("{:.6}", record.recorded_at),
                "irregularities": marks});
            if let (Some(object), Value::Object(said)) = (object.as_object_mut(), said) {
                object.extend(said);
            }
        }
    }
    format!("{object}\n")
}

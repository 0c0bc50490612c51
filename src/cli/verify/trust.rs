//! What whoever verifies trusts and holds, from the command line: keys, witnesses, checkpoints that were kept elsewhere.
//!
//! Invariant: nothing that was given is passed over in silence: a key or a checkpoint of which there is no ledger here is
//! an error. It must not judge.

#[cfg(test)]
mod tests;

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use std::{
    fs,
    path::{Path, PathBuf},
};
use storage::note::{Algorithm, Checkpoint, Note, ProofFile, SignedCheckpoint, Verifier};

use super::Verified;
use crate::audit::{Elsewhere, Trust};

/// What a proof file begins with.
const PROOF: &[u8] = b"c2sp.org/tlog-proof@";
/// More than this is no checkpoint, and no proof of one.
const MOST: u64 = 1 << 20;

/// What is pinned, and what is held.
#[derive(Args, Debug)]
pub(super) struct Trusted {
    /// The ledger's key, got from somebody else than its keeper: every signature is followed from it. May be repeated,
    /// once for each ledger.
    #[arg(long = "key", value_name = "VKEY", id = "key", value_parser = key)]
    keys: Vec<Verifier>,
    /// A signed checkpoint that was kept elsewhere: a note, a witness's cosigned copy, or a `.tlog-proof`. May be
    /// repeated.
    #[arg(long = "checkpoint", value_name = "FILE", requires = "key")]
    checkpoints: Vec<PathBuf>,
    /// A witness's key, got from that witness: then no other witness counts. May be repeated.
    #[arg(long = "witness", value_name = "VKEY", value_parser = witness)]
    witnesses: Vec<Verifier>,
}

fn key(text: &str) -> Result<Verifier, String> {
    of(text, Algorithm::Ed25519, "give the ledger's key as `pledgebook key show` prints it")
}

fn witness(text: &str) -> Result<Verifier, String> {
    of(text, Algorithm::Cosignature, "give the witness's key as the witness publishes it")
}

fn of(text: &str, algorithm: Algorithm, remedy: &str) -> Result<Verifier, String> {
    let key = Verifier::parse(text.trim()).map_err(|why| format!("{why}; {remedy}"))?;
    if key.algorithm() == algorithm {
        return Ok(key);
    }
    Err(format!("it is a key of another kind ({:?}, not {algorithm:?}); {remedy}", key.algorithm()))
}

impl Trusted {
    /// As the audit takes it. Reads the files.
    pub(super) fn read(&self) -> anyhow::Result<Trust> {
        for (number, key) in self.keys.iter().enumerate() {
            if self.keys[..number].iter().any(|other| other.name() == key.name()) {
                bail!("--key: there are two keys of {}; pin one, the later ones follow from it", key.name());
            }
        }
        let elsewhere = self.checkpoints.iter().map(|file| held(file)).collect::<anyhow::Result<_>>()?;
        Ok(Trust {
            keys: self.keys.clone(),
            witnesses: self.witnesses.clone(),
            elsewhere,
            ..Trust::default()
        })
    }

    /// The one key that a log must be signed with, and all that is trusted.
    pub(super) fn of_one(&self, log: &str) -> anyhow::Result<(Verifier, Trust)> {
        let [key] = self.keys.as_slice() else {
            bail!(
                "{log}: say with --key which key this log must be signed with, one; have it from its keeper by another way \
                 than the log, and never from the log itself"
            );
        };
        let trust = self.read()?;
        let strange = trust.elsewhere.iter().find(|it| it.signed.checkpoint.origin != key.name());
        if let Some(it) = strange {
            let origin = &it.signed.checkpoint.origin;
            bail!("{}: it is a checkpoint of {origin}, and --key is a key of {}", it.by, key.name());
        }
        Ok((key.clone(), trust))
    }
}

/// Whether each key and each checkpoint found its ledger.
pub(super) fn used(trust: &Trust, verified: &[Verified]) -> anyhow::Result<()> {
    let opened: Vec<_> = verified.iter().map(|it| it.audited.opened.as_ref()).collect();
    // A ledger whose first record cannot be read is broken, and may be the one that is meant.
    if opened.iter().any(Option::is_none) {
        return Ok(());
    }
    let origins: Vec<&str> = opened.iter().flatten().map(|opened| opened.origin.as_str()).collect();
    let here = origins.join(", ");
    if let Some(key) = trust.keys.iter().find(|key| !origins.contains(&key.name())) {
        bail!(
            "--key: it is a key of {}, and that ledger is not here, only {here}: is this the right ledger?",
            key.name()
        );
    }
    let strange = trust.elsewhere.iter().find(|it| !origins.contains(&it.signed.checkpoint.origin.as_str()));
    if let Some(it) = strange {
        let origin = &it.signed.checkpoint.origin;
        bail!("{}: it is a checkpoint of {origin}, and that ledger is not here, only {here}", it.by);
    }
    Ok(())
}

fn held(file: &Path) -> anyhow::Result<Elsewhere> {
    let by = file.display().to_string();
    let length = fs::metadata(file).with_context(|| format!("{by}: cannot be read"))?.len();
    if length > MOST {
        bail!("{by}: it has {length} bytes; give a signed checkpoint, or a .tlog-proof");
    }
    let bytes = fs::read(file).with_context(|| format!("{by}: cannot be read"))?;
    let note = if bytes.starts_with(PROOF) {
        ProofFile::parse(&bytes).map(|proof| proof.checkpoint)
    } else {
        Note::parse(&bytes)
    };
    let signed =
        note.and_then(|note| Ok(SignedCheckpoint { checkpoint: Checkpoint::parse(&note.text)?, note }));
    let signed =
        signed.map_err(|why| anyhow!("{by}: not a signed checkpoint: {why}; give it as it was kept"))?;
    Ok(Elsewhere { by, signed })
}

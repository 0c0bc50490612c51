//! What the ledger signed, as far as it can be believed: the kept checkpoints and the published one.
//!
//! Invariant: with no key pinned no signature is looked at, and that is said; a signature by a key that the ledger itself
//! names shows nothing. The published checkpoint is derived and may be behind; it may never be ahead, or another's. It
//! must not know files.

use storage::{
    Digest,
    integrity::Report,
    note::{SignedCheckpoint, Verifier},
};

use super::finding::{Finding, Findings, Question, count};
use super::integrity;
use super::keys::{Rotations, Walk};
use super::trust::{Signed, Trust};

/// Where the ledger publishes its newest checkpoint.
const PUBLISHED: &str = "public/checkpoint";
const REPUBLISH: &str =
    "start the server with the ledger's own key: it publishes again; and find out who wrote the file";

const UNPINNED: &str = "That the ledger's own key signed any of this: no key was pinned, so no signature was looked at. \
                        Whoever can write these files can write another history that is whole in itself, and sign it \
                        with a key of their own. Get the ledger's key from somebody else than its keeper, and pin it.";
const DAMAGED: &str =
    "What is signed: records are damaged or missing, and the ledger's keys are followed through them.";
const NOTHING: &str = "That the ledger's own key signed any of this: no checkpoint here is signed by it.";

/// What signatures come to.
pub(super) struct Signatures {
    /// The keys that are believed; nothing if none is pinned.
    pub(super) walk: Option<Walk>,
    pub(super) signed: Option<Signed>,
    pub(super) findings: Findings,
    pub(super) notes: Vec<String>,
    pub(super) limits: Vec<String>,
    /// Whether what was asked of signatures is established.
    pub(super) established: bool,
}

/// Follows the keys and looks at every signature. `root` gives the root of so many first records.
pub(super) fn settle(
    rotations: &Rotations,
    trust: &Trust,
    origin: Option<&str>,
    report: &Report,
    root: &dyn Fn(u64) -> Option<Digest>,
) -> Signatures {
    let findings = Findings::about(Question::Integrity);
    let (mut notes, mut limits) = (Vec::new(), Vec::new());
    if trust.shown_signed {
        notes.push("What is signed was held against the pinned key, and those that follow it.".to_owned());
        return Signatures { walk: None, signed: None, findings, notes, limits, established: true };
    }
    let Some(pinned) = origin.and_then(|origin| trust.key(origin)) else {
        limits.push(UNPINNED.to_owned());
        return Signatures { walk: None, signed: None, findings, notes, limits, established: true };
    };
    if !integrity::can_be_read(report) {
        limits.push(DAMAGED.to_owned());
        return Signatures { walk: None, signed: None, findings, notes, limits, established: false };
    }
    let published = trust.published.as_deref().filter(|bytes| !bytes.is_empty()).map(SignedCheckpoint::parse);
    let said = published.as_ref().and_then(|it| it.as_ref().ok()).map_or(0, |it| it.checkpoint.size);
    let signed_to = report.checkpoints.last().map_or(0, |kept| kept.size).max(said);
    let (walk, found) = rotations.walk(pinned, report, signed_to);
    let mut it = Signatures { walk: None, signed: None, findings, notes, limits, established: true };
    for finding in found {
        it.findings.push(finding);
    }
    let (kept, most) = walk.kept(report, |finding| it.findings.push(finding));
    let published = match published {
        Some(parsed) => {
            let parsed =
                parsed.map_err(|why| ("published.form", "a signed checkpoint".to_owned(), why.to_string()));
            match parsed.and_then(|signed| believe(&signed, &walk, report, root)) {
                Ok(size) => size,
                Err((rule, expected, found)) => {
                    it.findings.push(about(rule, expected, found));
                    None
                }
            }
        }
        None => None,
    };
    let to = most.max(published.unwrap_or(0));
    let (pinned, from, keys) = (pinned.to_string(), walk.from(), walk.len());
    it.signed = Some(Signed { pinned, from, keys, kept, to, published });
    it.tell(&walk, report);
    it.walk = Some(walk);
    it
}

/// The size of the published checkpoint, if the key in force signed it and the ledger has its root; or the rule that
/// does not hold, what should be, and what is. Nothing where the walk of keys does not reach.
fn believe(
    signed: &SignedCheckpoint,
    walk: &Walk,
    report: &Report,
    root: &dyn Fn(u64) -> Option<Digest>,
) -> Result<Option<u64>, (&'static str, String, String)> {
    let checkpoint = &signed.checkpoint;
    let size = checkpoint.size;
    let keys: Vec<Verifier> = walk.at(size).into_iter().cloned().collect();
    let Some(key) = keys.last().filter(|_| size <= walk.ends) else { return Ok(None) };
    signed
        .trust(key.name(), &keys)
        .map_err(|why| ("published.signature", format!("a checkpoint signed by {key}"), why.to_string()))?;
    if size > report.records {
        let found = format!("{} only", count(report.records, "record", "records"));
        return Err(("published.size", format!("at least the {size} records that it counts"), found));
    }
    match root(size) {
        Some(own) if own != checkpoint.root => {
            let expected = format!("at {} the root {}", count(size, "record", "records"), checkpoint.root);
            Err(("published.root", expected, own.to_string()))
        }
        own => Ok(own.map(|_| size)),
    }
}

impl Signatures {
    fn tell(&mut self, walk: &Walk, report: &Report) {
        let Some(signed) = &self.signed else { return };
        let (keys, kept) =
            (count(signed.keys, "key", "keys"), count(signed.kept, "checkpoint", "checkpoints"));
        self.notes.push(format!(
            "Signed up to {} of {}, by the walk of {keys} from the pinned one on; {kept} that receipts rest on looked at.",
            signed.to,
            count(report.records, "record", "records"),
        ));
        if let Some(size) = signed.published {
            let behind = report.records.saturating_sub(size);
            self.notes.push(format!(
                "The published checkpoint counts {}, {}.",
                count(size, "record", "records"),
                if behind == 0 { "all there are".to_owned() } else { format!("{behind} behind") }
            ));
        }
        if signed.from > 0 {
            self.limits.push(format!(
                "Who signed what was kept before record {}: the pinned key came into force with that record. What it \
                 signed covers the records before it, too; to follow the keys before it, pin the first.",
                signed.from - 1
            ));
        }
        if let Some(sequence) = walk.unfinished {
            self.limits.push(format!(
                "Whether the key was handed over by record {sequence}: no checkpoint that both keys sign was kept yet, \
                 and nothing was signed since. The server's next start signs it."
            ));
            self.established = false;
        }
        if signed.to == 0 {
            self.limits.push(NOTHING.to_owned());
            self.established = false;
        } else if signed.to < report.records {
            let behind = count(report.records - signed.to, "record", "records");
            self.limits.push(format!(
                "That {behind} behind the last signed checkpoint will stay: nothing is signed over them."
            ));
        }
    }
}

fn about(rule: &'static str, expected: String, found: String) -> Finding {
    let place = Some((PUBLISHED.to_owned(), 0));
    let remedy = Some(REPUBLISH);
    Finding { question: Question::Integrity, rule, place, sequence: None, expected, found, remedy }
}

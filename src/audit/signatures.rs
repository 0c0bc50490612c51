//! What the ledger signed, as far as it can be believed: the kept checkpoints and the published one.
//!
//! Invariant: with no key pinned no signature is looked at, and that is said; a signature by a key that the ledger itself
//! names shows nothing. The published checkpoint of a ledger's own files is derived and may be behind; it may never be
//! ahead, or another's. Records that are shown *by* a published checkpoint are nobody's word if it is not signed by the
//! key in force. It must not know files.

use storage::{
    Digest,
    integrity::Report,
    note::{SignedCheckpoint, Verifier},
};

use super::elsewhere::cosigned_by;
use super::finding::{Finding, Findings, Question, count, thousands};
use super::integrity;
use super::keys::{Rotations, Walk};
use super::trust::{Sheet, Signed, Trust};

const REPUBLISH: &str =
    "start the server with the ledger's own key: it publishes again; and find out who wrote the file";
const UNSHOWN: &str = "do not rely on what is here: ask the log's keeper, by another way than this one, for its key, and \
                       for what that key signed";
const KEYS: &str =
    "nothing rests on this file: the keys were followed through the records. Find out who wrote it";

const UNPINNED: &str = "That the ledger's own key signed any of this: no key was pinned, so no signature was looked at. \
                        Whoever can write these files can write another history that is whole in itself, and sign it \
                        with a key of their own. Get the ledger's key from somebody else than its keeper, and pin it.";
const DAMAGED: &str =
    "What is signed: records are damaged or missing, and the ledger's keys are followed through them.";
const NOTHING: &str = "That the ledger's own key signed any of this: no checkpoint here is signed by it.";
const NOT_KEPT: &str = "Whether both keys signed the checkpoint at each record by which one key handed over to the next: \
                        kept checkpoints are published nowhere. An export has them.";

/// What signatures come to.
pub(super) struct Signatures {
    /// The keys that are believed; nothing if none is pinned.
    pub(super) walk: Option<Walk>,
    pub(super) signed: Option<Signed>,
    /// The published checkpoint, if it is believed: its size, and the pinned witnesses that cosigned it.
    pub(super) cosigned: Option<(u64, Vec<(String, u64)>)>,
    pub(super) findings: Findings,
    pub(super) notes: Vec<String>,
    pub(super) limits: Vec<String>,
    /// Whether what was asked of signatures is established.
    pub(super) established: bool,
}

/// Follows the keys and looks at every signature. `origin` is whose records these are; `root` gives the root of so many
/// first records.
pub(super) fn settle(
    rotations: &Rotations,
    trust: &Trust,
    origin: Option<&str>,
    report: &Report,
    root: &dyn Fn(u64) -> Option<Digest>,
) -> Signatures {
    let mut it = Signatures {
        walk: None,
        signed: None,
        cosigned: None,
        findings: Findings::about(Question::Integrity),
        notes: Vec::new(),
        limits: Vec::new(),
        established: true,
    };
    let Some(pinned) = origin.and_then(|origin| trust.key(origin)) else {
        it.limits.push(UNPINNED.to_owned());
        return it;
    };
    if !integrity::can_be_read(report) {
        it.limits.push(DAMAGED.to_owned());
        it.established = false;
        return it;
    }
    let shown = &trust.beside.shown;
    let published = trust.beside.published.as_ref().filter(|sheet| !sheet.bytes.is_empty());
    let published = published.map(|sheet| (sheet, SignedCheckpoint::parse(&sheet.bytes)));
    let said = published.as_ref().and_then(|(_, it)| it.as_ref().ok()).map_or(0, |it| it.checkpoint.size);
    let signed_to = report.checkpoints.last().map_or(0, |kept| kept.size).max(said);
    let (walk, found) = rotations.walk(pinned, report, (signed_to, shown.with_kept()));
    for finding in found {
        it.findings.push(finding);
    }
    let (kept, most) = walk.kept(report, |finding| it.findings.push(finding));
    if let Some((sheet, parsed)) = published {
        let believing = Believing { walk: &walk, report, root, by_checkpoint: shown.by_checkpoint() };
        it.publish(sheet, parsed.map_err(|why| why.to_string()), &believing, &trust.witnesses);
    }
    if let Some(sheet) = trust.beside.keys.as_ref().filter(|_| walk.ends == u64::MAX) {
        it.list(sheet, &rotations.list(pinned));
    }
    let published = it.cosigned.as_ref().map(|(size, _)| *size);
    let to = most.max(published.unwrap_or(0));
    let (pinned, from, keys) = (pinned.to_string(), walk.from(), walk.len());
    it.signed = Some(Signed { pinned, from, keys, kept, to, published });
    it.tell(&walk, report, trust);
    it.walk = Some(walk);
    it
}

/// The rule that does not hold, what should be, and what is.
type Wrong = (&'static str, String, String);

/// What a published checkpoint is held against.
struct Believing<'a> {
    walk: &'a Walk,
    report: &'a Report,
    root: &'a dyn Fn(u64) -> Option<Digest>,
    /// Whether the records were shown by that checkpoint: then its root was compared when they were read.
    by_checkpoint: bool,
}

impl Believing<'_> {
    /// The size of the published checkpoint, if the key in force signed it and the ledger has its root. Nothing where the
    /// walk of keys does not reach.
    fn size(&self, signed: &SignedCheckpoint) -> Result<Option<u64>, Wrong> {
        let (walk, report, checkpoint) = (self.walk, self.report, &signed.checkpoint);
        let size = checkpoint.size;
        let keys: Vec<Verifier> = walk.at(size).into_iter().cloned().collect();
        let Some(key) = keys.last().filter(|_| size <= walk.ends) else { return Ok(None) };
        let wrong = |why| ("published.signature", format!("a checkpoint signed by {key}"), why);
        signed.trust(key.name(), &keys).map_err(|why| wrong(why.to_string()))?;
        let given_up = walk.keys().find(|key| {
            !keys.contains(key) && signed.note.signatures.iter().any(|line| key.is_named_by(line))
        });
        if let Some(other) = given_up {
            return Err(wrong(format!("a signature besides by {other}, which is not in force at that size")));
        }
        if self.by_checkpoint {
            return Ok(Some(size));
        }
        if size > report.records {
            let found = format!("{} only", count(report.records, "record", "records"));
            return Err(("published.size", format!("at least the {size} records that it counts"), found));
        }
        match (self.root)(size) {
            Some(own) if own != checkpoint.root => {
                let expected =
                    format!("at {} the root {}", count(size, "record", "records"), checkpoint.root);
                Err(("published.root", expected, own.to_string()))
            }
            own => Ok(own.map(|_| size)),
        }
    }
}

impl Signatures {
    /// Whether records that are shown by a checkpoint are nobody's word: it is not signed by the key in force.
    pub(super) fn nobodys(&self, trust: &Trust) -> bool {
        trust.beside.shown.by_checkpoint() && self.cosigned.is_none()
    }

    /// Looks at the published checkpoint.
    fn publish(
        &mut self,
        sheet: &Sheet,
        parsed: Result<SignedCheckpoint, String>,
        believing: &Believing<'_>,
        witnesses: &[Verifier],
    ) {
        let parsed = parsed.map_err(|why| ("published.form", "a signed checkpoint".to_owned(), why));
        match parsed.and_then(|signed| Ok(believing.size(&signed)?.map(|size| (size, signed)))) {
            Ok(None) => {}
            Ok(Some((size, signed))) => match cosigned_by(&signed, witnesses) {
                Ok(cosigned) => self.cosigned = Some((size, cosigned)),
                Err(why) => {
                    self.limits.push(format!("What witnesses signed of the published checkpoint: {why}."));
                    self.cosigned = Some((size, Vec::new()));
                }
            },
            Err(wrong) => {
                let remedy = if believing.by_checkpoint { UNSHOWN } else { REPUBLISH };
                self.findings.push(about(sheet, 0, wrong, remedy));
            }
        }
    }

    /// Compares the list of keys that an export has with what the records name.
    fn list(&mut self, sheet: &Sheet, wanted: &str) {
        if sheet.bytes == wanted.as_bytes() {
            return;
        }
        let same = wanted.bytes().zip(&sheet.bytes).take_while(|(one, two)| one == *two).count();
        let (expected, found) =
            ("the keys that the records name".to_owned(), "another text, or none".to_owned());
        self.findings.push(about(sheet, same as u64, ("keys.list", expected, found), KEYS));
    }

    fn tell(&mut self, walk: &Walk, report: &Report, trust: &Trust) {
        let Some(signed) = &self.signed else { return };
        let (keys, kept) =
            (count(signed.keys, "key", "keys"), count(signed.kept, "checkpoint", "checkpoints"));
        self.notes.push(format!(
            "Signed up to {} of {}, by the walk of {keys} from the pinned one on; {kept} that receipts rest on looked at.",
            thousands(signed.to),
            count(report.records, "record", "records"),
        ));
        if let Some(size) = signed.published.filter(|_| !trust.beside.shown.by_checkpoint()) {
            let behind = report.records.saturating_sub(size);
            self.notes.push(format!(
                "The published checkpoint counts {}, {}.",
                count(size, "record", "records"),
                if behind == 0 {
                    "all there are".to_owned()
                } else {
                    format!("{} behind", thousands(behind))
                }
            ));
        }
        if signed.from > 0 {
            self.limits.push(format!(
                "Who signed what was kept before record {}: the pinned key came into force with that record. What it \
                 signed covers the records before it, too; to follow the keys before it, pin the first.",
                signed.from - 1
            ));
        }
        if signed.keys > 1 && !trust.beside.shown.with_kept() {
            self.limits.push(NOT_KEPT.to_owned());
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

fn about(sheet: &Sheet, at: u64, (rule, expected, found): Wrong, remedy: &'static str) -> Finding {
    let place = Some((sheet.file.clone(), at));
    let (question, remedy) = (Question::Integrity, Some(remedy));
    Finding { question, rule, place, sequence: None, expected, found, remedy }
}

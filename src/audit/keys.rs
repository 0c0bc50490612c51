//! The walk of keys: from the pinned one over every rotation, and whether what the ledger signed is signed by the key
//! that was in force.
//!
//! Invariant: a key is believed because it was pinned, or because the key before it signed for it; never because it
//! stands in the ledger. Each rotation is signed by the key before, and both keys sign the checkpoint at exactly the
//! rotation's record, and nothing behind it. Where a rotation does not hold, the walk ends: what comes behind is a
//! consequence, and is not judged. Roots are not its business: `storage::integrity` holds those of kept checkpoints
//! against the records. It must not know files.

use storage::{
    integrity::Report,
    note::{Note, Verifier},
};

use super::fact::Fact;
use super::finding::{Finding, Question};
use crate::domain::{
    decide::rotation_is_signed,
    event::{KeyRotated, Payload},
    value::PublicKey,
};

const OTHER_KEY: &str = "whoever can write these files can write another history and sign it with a key of their own: ask \
                         whoever gave you the key, and hold the ledger against checkpoints that were kept elsewhere";
const FORGED: &str =
    "no server takes such a record: what follows it was written by somebody who does not have the key before";
const HANDOVER: &str = "get the kept checkpoint from a copy of log/checkpoints, or from another export; a receipt that \
                        rests on it shows the right one";
const FOREIGN: &str =
    "no server keeps such a checkpoint: find out who wrote to that file, and hold receipts against it";

/// The rotations that the ledger recorded, in order.
#[derive(Default)]
pub(super) struct Rotations(Vec<(u64, KeyRotated)>);

/// The keys that are believed, each with the sizes that it signs.
pub(super) struct Walk {
    spans: Vec<Span>,
    /// The key that handed over to the pinned one, as the ledger says: its signature is not missed and does no harm.
    before: Option<Verifier>,
    /// What is larger is not judged.
    pub(super) ends: u64,
    /// The record of a rotation to which no checkpoint was signed yet.
    pub(super) unfinished: Option<u64>,
}

struct Span {
    key: Verifier,
    from: u64,
    to: u64,
}

impl Rotations {
    pub(super) fn record(&mut self, fact: &Fact) {
        if let Some(Payload::KeyRotated(rotated)) = fact.payload() {
            self.0.push((fact.sequence, rotated.clone()));
        }
    }

    /// Walks from the pinned key on. `signed_to` is the largest size that the ledger says to have signed; `kept`:
    /// whether kept checkpoints were to be had.
    pub(super) fn walk(
        &self,
        pinned: &Verifier,
        report: &Report,
        (signed_to, kept): (u64, bool),
    ) -> (Walk, Vec<Finding>) {
        let mut findings = Vec::new();
        let Some((from, before, rest)) = self.from(pinned) else {
            let sequence = self.0.first().map(|(sequence, _)| *sequence);
            let found = "a first rotation by another key, and no rotation to the pinned one".to_owned();
            findings.push(about("key.pinned", sequence, format!("{pinned} as a key of this ledger"), found));
            return (Walk::of(pinned, 0, None, 0), findings);
        };
        let mut walk = Walk::of(pinned, from, before, u64::MAX);
        for (at, (sequence, _)) in self.0.iter().enumerate().skip(rest) {
            let new = match self.step(at, walk.last(), pinned.name()) {
                Ok(new) => new,
                Err((rule, expected, found)) => {
                    findings.push(about(rule, Some(*sequence), expected, found));
                    walk.ends = *sequence;
                    break;
                }
            };
            let size = sequence + 1;
            if signed_to < size {
                walk.unfinished = Some(*sequence);
            } else if kept {
                findings.extend(handover(report, *sequence, [walk.last(), &new]));
            }
            walk.hand_over(new, size);
        }
        (walk, findings)
    }

    /// The keys of `origin` as the records name them, first to last, one a line; of a ledger that never rotated its
    /// key, the pinned one.
    pub(super) fn list(&self, pinned: &Verifier) -> String {
        let named = |key: &PublicKey| Verifier::ed25519(pinned.name(), &key.0).ok();
        let first = self.0.first().map_or(Some(pinned.clone()), |(_, first)| named(&first.old_key));
        let later = self.0.iter().map(|(_, rotated)| named(&rotated.new_key));
        let keys = [first].into_iter().chain(later).flatten();
        keys.flat_map(|key| [key.to_string(), "\n".to_owned()]).collect()
    }

    /// The smallest size that the key signs, the key before it, and the first rotation behind it.
    fn from(&self, pinned: &Verifier) -> Option<(u64, Option<Verifier>, usize)> {
        if self.0.first().is_none_or(|(_, first)| pinned.public_key() == first.old_key.0) {
            return Some((0, None, 0));
        }
        let at = self.0.iter().position(|(_, rotated)| pinned.public_key() == rotated.new_key.0)?;
        let (sequence, rotated) = &self.0[at];
        let before = Verifier::ed25519(pinned.name(), &rotated.old_key.0).ok();
        Some((sequence + 1, before, at + 1))
    }

    /// The key that one rotation hands over to; or the rule that does not hold, what should be, and what is.
    fn step(
        &self,
        at: usize,
        in_force: &Verifier,
        origin: &str,
    ) -> Result<Verifier, (&'static str, String, String)> {
        let (_, rotated) = &self.0[at];
        if in_force.public_key() != rotated.old_key.0 {
            let expected = format!("a rotation by the key in force, {in_force}");
            return Err(("key.in_force", expected, "one by another key".to_owned()));
        }
        let earlier = self.0.iter().take(at).flat_map(|(_, one)| [one.old_key, one.new_key]);
        if earlier.chain([rotated.old_key]).any(|key| key == rotated.new_key) {
            let found = "one that this ledger had before, and gave up".to_owned();
            return Err(("key.reused", "a new key".to_owned(), found));
        }
        if rotation_is_signed(rotated, origin).is_err() {
            let expected = format!("the signature of the key before, {in_force}, over the rotation");
            return Err(("key.signature", expected, "another, or over another rotation".to_owned()));
        }
        Verifier::ed25519(origin, &rotated.new_key.0)
            .map_err(|why| ("key.form", "an Ed25519 key that can be relied on".to_owned(), why.to_string()))
    }
}

/// What is wrong with the checkpoint that both keys sign, at exactly the rotation's record.
fn handover(report: &Report, sequence: u64, keys: [&Verifier; 2]) -> Option<Finding> {
    let size = sequence + 1;
    let found = report.checkpoints.iter().find(|kept| kept.size == size);
    let (place, why) = match found {
        Some(kept) => {
            let note = Note::parse(&kept.note).ok()?;
            (Some((kept.file.clone(), kept.offset)), judge(&note, &keys, None).err()?)
        }
        None => (None, "none".to_owned()),
    };
    let expected = format!("a kept checkpoint of {size} records, signed by {} and by {}", keys[0], keys[1]);
    let mut finding = about("key.handover", Some(sequence), expected, why);
    finding.place = place;
    finding.remedy = Some(HANDOVER);
    Some(finding)
}

impl Walk {
    fn of(pinned: &Verifier, from: u64, before: Option<Verifier>, ends: u64) -> Self {
        let spans = vec![Span { key: pinned.clone(), from, to: u64::MAX }];
        Self { spans, before, ends, unfinished: None }
    }

    fn last(&self) -> &Verifier {
        // The pinned key is there from the beginning, and none is ever taken away.
        &self.spans[self.spans.len() - 1].key
    }

    fn hand_over(&mut self, key: Verifier, size: u64) {
        if let Some(last) = self.spans.last_mut() {
            last.to = size;
        }
        self.spans.push(Span { key, from: size, to: u64::MAX });
    }

    /// The smallest size that the pinned key signs.
    pub(super) fn from(&self) -> u64 {
        self.spans.first().map_or(0, |span| span.from)
    }

    /// How many keys there are.
    pub(super) fn len(&self) -> u64 {
        self.spans.len() as u64
    }

    /// The keys that sign a checkpoint of that size: one; both at a handover; none before the pinned one.
    pub(super) fn at(&self, size: u64) -> Vec<&Verifier> {
        let spans = self.spans.iter().filter(|span| (span.from..=span.to).contains(&size));
        spans.map(|span| &span.key).collect()
    }

    /// All of them.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Verifier> {
        self.spans.iter().map(|span| &span.key)
    }

    /// Holds every kept checkpoint against the key in force at its size. Handovers were looked at in the walk. Gives how
    /// many are as they must be, and the largest of those.
    pub(super) fn kept(&self, report: &Report, mut wrong: impl FnMut(Finding)) -> (u64, u64) {
        let (mut good, mut most) = (0, 0);
        // Of more records than there are, it is found already that they are not there.
        let to = self.ends.min(report.records);
        for kept in report.checkpoints.iter().filter(|kept| (self.from()..=to).contains(&kept.size)) {
            let Ok(note) = Note::parse(&kept.note) else { continue };
            let keys = self.at(kept.size);
            let allowed = self.before.as_ref().filter(|_| kept.size == self.from());
            match judge(&note, &keys, allowed) {
                Ok(()) => (good, most) = (good + 1, kept.size),
                Err(_) if keys.len() > 1 => {}
                Err(found) => {
                    let expected =
                        format!("the signature of {}, and of no other key of this name", self.name(&keys));
                    let mut finding =
                        about("checkpoint.signature", kept.size.checked_sub(1), expected, found);
                    finding.place = Some((kept.file.clone(), kept.offset));
                    finding.remedy = Some(FOREIGN);
                    wrong(finding);
                }
            }
        }
        (good, most)
    }

    fn name(&self, keys: &[&Verifier]) -> String {
        keys.first().map_or_else(|| self.last().to_string(), ToString::to_string)
    }
}

/// Whether all of these keys signed the note, and no other of their name.
fn judge(note: &Note, keys: &[&Verifier], allowed: Option<&Verifier>) -> Result<(), String> {
    for key in keys {
        match key.verify(note) {
            Ok(Some(_)) => {}
            Ok(None) => return Err(format!("no signature by the key {}", hex(key.key_id()))),
            Err(why) => {
                return Err(format!("a bad signature by the key {}: {}", hex(key.key_id()), why.rule));
            }
        }
    }
    let name = keys.first().map_or("", |key| key.name());
    let ours = |line| keys.iter().copied().chain(allowed).any(|key| key.is_named_by(line));
    match note.signatures.iter().find(|line| line.name == name && !ours(line)) {
        Some(line) => Err(format!("a signature besides, by the key {}", hex(line.key_id))),
        None => Ok(()),
    }
}

fn hex(id: [u8; 4]) -> String {
    format!("{:08x}", u32::from_be_bytes(id))
}

fn about(rule: &'static str, sequence: Option<u64>, expected: String, found: String) -> Finding {
    let remedy = Some(if rule == "key.pinned" { OTHER_KEY } else { FORGED });
    Finding { question: Question::Integrity, rule, place: None, sequence, expected, found, remedy }
}

//! Checkpoints that were kept elsewhere, held against the ledger.
//!
//! Invariant: one is the ledger's own word only if a key of the walk signed it that was in force at its size; then the
//! records must give its root, and there must be as many. What is not the ledger's word shows nothing for it or against
//! it: anybody can write a file. It must not know files.

use storage::{
    Digest,
    integrity::Report,
    note::{SignedCheckpoint, Untrusted, Verifier},
};

use super::finding::{Finding, Findings, Question, count};
use super::integrity;
use super::keys::Walk;
use super::trust::{Compared, Elsewhere, Restore, Trust};

const BEHIND: &str = "the ledger is behind a checkpoint that was kept elsewhere: it was cut short, or rolled back. Keep \
                      these files, and look for a copy that reaches so far";
const REWRITTEN: &str = "what stands in these files is not what the ledger signed: find out which is right, and restore a \
                         copy that has that root";

/// What they are held against.
pub(super) struct Against<'a> {
    pub(super) report: &'a Report,
    pub(super) origin: &'a str,
    pub(super) walk: Option<&'a Walk>,
    pub(super) restores: &'a [Restore],
    /// The root of so many first records, where that can be told.
    pub(super) root: &'a dyn Fn(u64) -> Option<Digest>,
}

/// Compares all of them that are of this ledger.
pub(super) fn compare(trust: &Trust, against: &Against<'_>, findings: &mut Findings) -> Vec<Compared> {
    let own = trust.elsewhere.iter().filter(|it| it.signed.checkpoint.origin == against.origin);
    own.map(|it| against.one(it, &trust.witnesses, findings)).collect()
}

impl Against<'_> {
    fn one(&self, it: &Elsewhere, witnesses: &[Verifier], findings: &mut Findings) -> Compared {
        let checkpoint = &it.signed.checkpoint;
        let (size, root) = (checkpoint.size, checkpoint.root);
        let explained_by = self.restores.iter().find(|restore| restore.explains(size)).map(|it| it.sequence);
        let (by, cosigned) = (it.by.clone(), Vec::new());
        let mut compared = Compared { by, size, root, untrusted: None, same: None, cosigned, explained_by };
        let believed = self.believe(&it.signed).and_then(|()| cosigned_by(&it.signed, witnesses));
        match believed {
            Ok(cosigned) => compared.cosigned = cosigned,
            Err(why) => {
                compared.untrusted = Some(why);
                return compared;
            }
        }
        let found = if size > self.report.records {
            // Of damaged records it is not known how many there were.
            if !integrity::can_be_read(self.report) {
                return compared;
            }
            Some((
                "elsewhere.size",
                format!("{} only", count(self.report.records, "record", "records")),
                BEHIND,
            ))
        } else {
            match (self.root)(size) {
                None => return compared,
                Some(own) if own == root => None,
                Some(own) => Some(("elsewhere.root", format!("the root {own}"), REWRITTEN)),
            }
        };
        compared.same = Some(found.is_none());
        if let Some((rule, found, remedy)) = found {
            findings.push(self.finding(rule, &compared, found, remedy));
        }
        compared
    }

    /// Whether it is this ledger's word.
    fn believe(&self, signed: &SignedCheckpoint) -> Result<(), String> {
        let Some(walk) = self.walk else { return Err("the ledger's keys could not be followed".to_owned()) };
        let clone = |keys: Vec<&Verifier>| keys.into_iter().cloned().collect::<Vec<_>>();
        match signed.trust(self.origin, &clone(walk.at(signed.checkpoint.size))) {
            Ok(()) => Ok(()),
            Err(Untrusted::Unsigned { .. })
                if signed.trust(self.origin, &clone(walk.keys().collect())).is_ok() =>
            {
                Err("it is signed by a key of the ledger that was not in force at its size".to_owned())
            }
            Err(why) => Err(why.to_string()),
        }
    }

    fn finding(&self, rule: &'static str, it: &Compared, mut found: String, remedy: &'static str) -> Finding {
        let explained =
            it.explained_by.and_then(|by| self.restores.iter().find(|restore| restore.sequence == by));
        if let Some(Restore { sequence, at, incarnation, restored_size, known_size }) = explained {
            let why = format!(
                "; record {sequence} explains it: the ledger was restored (incarnation {incarnation}, {at}) from \
                 {restored_size} records when {known_size} were known"
            );
            found.push_str(&why);
        }
        let size = count(it.size, "record", "records");
        let expected = format!("at {size} the root {}, as {} has it, signed by the ledger", it.root, it.by);
        let sequence = it.size.checked_sub(1).filter(|sequence| *sequence < self.report.records);
        let (question, remedy) = (Question::Integrity, Some(remedy));
        Finding { question, rule, place: None, sequence, expected, found, remedy }
    }
}

/// The pinned witnesses that cosigned it, with their times.
pub(super) fn cosigned_by(
    signed: &SignedCheckpoint,
    witnesses: &[Verifier],
) -> Result<Vec<(String, u64)>, String> {
    let mut cosigned = Vec::new();
    for witness in witnesses {
        let verified = witness.verify(&signed.note).map_err(|why| {
            format!("a signature in the name of the witness {} is bad: {}", witness.name(), why.rule)
        })?;
        if let Some(verified) = verified {
            cosigned.extend(verified.time.map(|time| (witness.name().to_owned(), time)));
        }
    }
    Ok(cosigned)
}

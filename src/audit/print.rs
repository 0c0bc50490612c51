//! What an audit came to, for programs: one object, the same whoever asks (`pledgebook verify --json`, and a server's
//! `AuditService.Verify`).
//!
//! Invariant: a field that was ever written keeps its name and meaning. It must not judge, nor know where the records
//! came from.

use serde_json::{Map, Value, json};
use storage::integrity::Report;

use super::{Audited, Conclusion, Holder, Question, Words};

/// The object, with its line feed. `report` is what the audit was settled with.
pub fn json(ledger: &str, report: &Report, audited: &Audited) -> String {
    let name = |question: Question| question.as_str().to_owned();
    let each = |value: &dyn Fn(&Conclusion) -> Value| -> Map<_, _> {
        audited.conclusions.iter().map(|it| (name(it.question), value(it))).collect()
    };
    let findings = audited.conclusions.iter().flat_map(|it| &it.findings).map(|it| {
        json!({"verdict": it.question.as_str(), "rule": it.rule,
            "file": it.place.as_ref().map(|(file, _)| file), "offset": it.place.as_ref().map(|(_, at)| at),
            "sequence": it.sequence, "expected": it.expected, "found": it.found, "remedy": it.remedy})
    });
    let kept = audited
        .kept
        .first()
        .map(|(kept, same)| json!({"size": kept.size, "root": kept.root.to_string(), "same": same}));
    let mut object = json!({
        "ledger": ledger,
        "example_data": audited.opened.as_ref().map(|opened| opened.example_data),
        "size": report.records,
        // Of records that do not hold, neither means anything.
        "root": report.intact().then(|| report.root.to_string()),
        "head": (report.intact() && audited.saw_records).then(|| report.hash.to_string()),
        "bytes": report.bytes,
        "verdicts": each(&|it| it.verdict.as_str().into()),
        "summaries": each(&|it| it.summary.as_str().into()),
        "notes": each(&|it| it.notes.clone().into()),
        "not_established": each(&|it| it.limits.clone().into()),
        "words": audited.words.as_ref().map(words),
        "kept": kept,
        "findings": findings.collect::<Vec<_>>(),
        "found": audited.conclusions.iter().map(|it| it.found).sum::<u64>(),
    });
    add(&mut object, audited);
    format!("{object}\n")
}

fn words(words: &Words) -> Value {
    let erasures = words.erasures.iter().map(|it| {
        json!({"sequence": it.sequence, "on": it.on.to_string(), "attested_by": it.by.as_str(),
            "fields": it.fields})
    });
    json!({
        "held": words.held, "erased": words.erased, "half_erased": words.half_erased,
        "missing": words.missing, "altered": words.altered, "erased_unexplained": words.unexplained,
        "held_though_erased": words.not_erased, "erasures": erasures.collect::<Vec<_>>(),
    })
}

/// What signatures show, and who outside holds what.
fn add(object: &mut Value, audited: &Audited) {
    let signed = audited.signed.as_ref().map(|it| {
        json!({"key": it.pinned, "from": it.from, "to": it.to, "keys": it.keys, "kept": it.kept,
            "published": it.published})
    });
    let checkpoints = audited.elsewhere.iter().map(|it| {
        let cosigned = it.cosigned.iter().map(|(name, time)| json!({"witness": name, "time": time}));
        json!({"file": it.by, "size": it.size, "root": it.root.to_string(), "untrusted": it.untrusted,
            "same": it.same, "cosigned": cosigned.collect::<Vec<_>>(), "explained_by": it.explained_by})
    });
    let outside = audited.outside.iter().map(|it| {
        let (kind, name, organisation, pinned) = match &it.holder {
            Holder::Root => ("root", None, None, None),
            Holder::File(file) => ("checkpoint", Some(file), None, None),
            Holder::Witness { name, organisation, pinned } => {
                ("witness", Some(name), organisation.as_ref(), Some(*pinned))
            }
            Holder::Auditor(name) => ("auditor", Some(name), None, None),
        };
        json!({"kind": kind, "name": name, "organisation": organisation, "pinned": pinned, "size": it.size,
            "at": it.at.to_string(), "sequence": it.sequence})
    });
    let restores = audited.restores.iter().map(|it| {
        json!({"sequence": it.sequence, "at": it.at.to_string(), "incarnation": it.incarnation,
            "restored_size": it.restored_size, "known_size": it.known_size, "known_lost": it.lost()})
    });
    object["signatures"] = signed.unwrap_or(Value::Null);
    object["checkpoints"] = checkpoints.collect();
    object["outside"] = outside.collect();
    object["restores"] = restores.collect();
}

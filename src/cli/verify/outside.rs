//! What signatures show and who outside holds what, for programs.
//!
//! Invariant: it says what the audit found, and judges nothing.

use serde_json::{Value, json};

use crate::audit::{Audited, Holder};

/// Adds it to the object of a ledger.
pub(super) fn add(object: &mut Value, audited: &Audited) {
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

//! What keeps the ledger itself honest: sources, erasures, release points, reports, opinions, keys,
//! cosignatures, restores, the clock.

use super::Wire;
use super::field::{
    Held, Path, Texts, closed, code, date, day, key_name, label, list, number, optional_code,
    optional_sha256, public_key, sha256, shown, shown_or_empty, signature, source,
};
use crate::domain::{
    event::{
        AuditOpinionRecorded, ClockCorrected, ContentErased, CosignatureRecorded, ErasureReference,
        ErasureRefused, ErasureRequested, KeyRotated, LedgerRestored, ReleasePointDeclared, ReportIssued,
        SourceStatement, SourceSucceeded,
    },
    rejection::Rejection,
};
use crate::grpc::wire;
use crate::limits::MAX_LINKS;

impl Wire for SourceStatement {
    type Message = wire::SourceStatement;

    fn parse(at: &Path<'_>, wire: wire::SourceStatement, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            period_from: date(&at.field("period_from"), wire.period_from)?,
            period_to: date(&at.field("period_to"), wire.period_to)?,
            count: wire.count,
            digest: sha256(&at.field("digest"), &wire.digest)?,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::SourceStatement {
        wire::SourceStatement {
            period_from: Some(day(self.period_from)),
            period_to: Some(day(self.period_to)),
            count: self.count,
            digest: self.digest.0.to_vec(),
        }
    }
}

impl Wire for SourceSucceeded {
    type Message = wire::SourceSucceeded;

    fn parse(at: &Path<'_>, wire: wire::SourceSucceeded, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self { to: source(&at.field("to"), &wire.to)? })
    }

    fn print(&self, _: &Held<'_>) -> wire::SourceSucceeded {
        wire::SourceSucceeded { to: shown(&self.to) }
    }
}

impl Wire for ErasureRequested {
    type Message = wire::ErasureRequested;

    fn parse(at: &Path<'_>, wire: wire::ErasureRequested, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            references: list(&at.field("references"), MAX_LINKS, &wire.references, erasure_reference)?,
            ground: closed(&at.field("ground"), wire.ground)?,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::ErasureRequested {
        wire::ErasureRequested {
            references: self.references.iter().map(erasure_reference_message).collect(),
            ground: number(self.ground),
        }
    }
}

impl Wire for ErasureRefused {
    type Message = wire::ErasureRefused;

    fn parse(at: &Path<'_>, wire: wire::ErasureRefused, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self { ground: closed(&at.field("ground"), wire.ground)? })
    }

    fn print(&self, _: &Held<'_>) -> wire::ErasureRefused {
        wire::ErasureRefused { ground: number(self.ground) }
    }
}

impl Wire for ContentErased {
    type Message = wire::ContentErased;

    fn parse(at: &Path<'_>, wire: wire::ContentErased, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            backups_expire_on: date(&at.field("backups_expire_on"), wire.backups_expire_on)?,
            attested_by: code(&at.field("attested_by"), &wire.attested_by)?,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::ContentErased {
        wire::ContentErased {
            backups_expire_on: Some(day(self.backups_expire_on)),
            attested_by: shown(&self.attested_by),
        }
    }
}

impl Wire for ReleasePointDeclared {
    type Message = wire::ReleasePointDeclared;

    fn parse(_: &Path<'_>, wire: wire::ReleasePointDeclared, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self { position: wire.position })
    }

    fn print(&self, _: &Held<'_>) -> wire::ReleasePointDeclared {
        wire::ReleasePointDeclared { position: self.position }
    }
}

impl Wire for ReportIssued {
    type Message = wire::ReportIssued;

    fn parse(at: &Path<'_>, wire: wire::ReportIssued, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            report: code(&at.field("report"), &wire.report)?,
            release_point: optional_code(&at.field("release_point"), &wire.release_point)?,
            as_at: date(&at.field("as_at"), wire.as_at)?,
            as_known: wire.as_known,
            definition_version: wire.definition_version,
            sha256: sha256(&at.field("sha256"), &wire.sha256)?,
            suppressed_cells: wire.suppressed_cells,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::ReportIssued {
        wire::ReportIssued {
            report: shown(&self.report),
            release_point: shown_or_empty(self.release_point.as_ref()),
            as_at: Some(day(self.as_at)),
            as_known: self.as_known,
            definition_version: self.definition_version,
            sha256: self.sha256.0.to_vec(),
            suppressed_cells: self.suppressed_cells,
        }
    }
}

impl Wire for AuditOpinionRecorded {
    type Message = wire::AuditOpinionRecorded;

    fn parse(at: &Path<'_>, wire: wire::AuditOpinionRecorded, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            first: wire.first,
            end: wire.end,
            root: sha256(&at.field("root"), &wire.root)?,
            result: closed(&at.field("result"), wire.result)?,
            auditor: label(&at.field("auditor"), &wire.auditor)?,
            public_key: public_key(&at.field("public_key"), &wire.public_key)?,
            signature: signature(&at.field("signature"), &wire.signature)?,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::AuditOpinionRecorded {
        wire::AuditOpinionRecorded {
            first: self.first,
            end: self.end,
            root: self.root.0.to_vec(),
            result: number(self.result),
            auditor: shown(&self.auditor),
            public_key: self.public_key.0.to_vec(),
            signature: self.signature.0.to_vec(),
        }
    }
}

impl Wire for ClockCorrected {
    type Message = wire::ClockCorrected;

    fn parse(_: &Path<'_>, wire: wire::ClockCorrected, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self { drift_seconds: wire.drift_seconds })
    }

    fn print(&self, _: &Held<'_>) -> wire::ClockCorrected {
        wire::ClockCorrected { drift_seconds: self.drift_seconds }
    }
}

impl Wire for CosignatureRecorded {
    type Message = wire::CosignatureRecorded;

    fn parse(at: &Path<'_>, wire: wire::CosignatureRecorded, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            witness: key_name(&at.field("witness"), &wire.witness)?,
            organisation: label(&at.field("organisation"), &wire.organisation)?,
            public_key: public_key(&at.field("public_key"), &wire.public_key)?,
            size: wire.size,
            root: sha256(&at.field("root"), &wire.root)?,
            time: wire.time,
            signature: signature(&at.field("signature"), &wire.signature)?,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::CosignatureRecorded {
        wire::CosignatureRecorded {
            witness: shown(&self.witness),
            organisation: shown(&self.organisation),
            public_key: self.public_key.0.to_vec(),
            size: self.size,
            root: self.root.0.to_vec(),
            time: self.time,
            signature: self.signature.0.to_vec(),
        }
    }
}

impl Wire for KeyRotated {
    type Message = wire::KeyRotated;

    fn parse(at: &Path<'_>, wire: wire::KeyRotated, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            old_key: public_key(&at.field("old_key"), &wire.old_key)?,
            new_key: public_key(&at.field("new_key"), &wire.new_key)?,
            signature: signature(&at.field("signature"), &wire.signature)?,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::KeyRotated {
        wire::KeyRotated {
            old_key: self.old_key.0.to_vec(),
            new_key: self.new_key.0.to_vec(),
            signature: self.signature.0.to_vec(),
        }
    }
}

impl Wire for LedgerRestored {
    type Message = wire::LedgerRestored;

    fn parse(at: &Path<'_>, wire: wire::LedgerRestored, texts: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            restored_size: wire.restored_size,
            known_size: wire.known_size,
            known_root: optional_sha256(&at.field("known_root"), &wire.known_root)?,
            incarnation: wire.incarnation,
            reason: texts.words(at, "reason", wire.reason)?,
        })
    }

    fn print(&self, held: &Held<'_>) -> wire::LedgerRestored {
        wire::LedgerRestored {
            restored_size: self.restored_size,
            known_size: self.known_size,
            known_root: self.known_root.map(|root| root.0.to_vec()).unwrap_or_default(),
            incarnation: self.incarnation,
            reason: held.text("reason"),
        }
    }
}

fn erasure_reference(at: &Path<'_>, wire: &wire::ErasureReference) -> Result<ErasureReference, Rejection> {
    Ok(ErasureReference { sequence: wire.sequence, field: optional_code(&at.field("field"), &wire.field)? })
}

fn erasure_reference_message(of: &ErasureReference) -> wire::ErasureReference {
    wire::ErasureReference { sequence: of.sequence, field: shown_or_empty(of.field.as_ref()) }
}

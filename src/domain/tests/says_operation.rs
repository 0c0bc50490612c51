//! The words for what keeps the ledger itself honest: sources, erasures, release points, reports, opinions, the clock.
//!
//! Invariant: what these say on their own is acceptable on the ground; each test bends one thing.

use ed25519_dalek::{Signer, SigningKey};
use sha2::Digest;

use super::says::*;
use crate::domain::event::*;
use crate::domain::id::SourceName;
use crate::domain::value::{PublicKey, Sha256, Signature};

/// A statement that these events, and no others, were posted.
pub(super) fn statement(from: &str, to: &str, posted: &[&Said]) -> SourceStatement {
    let mut ids: Vec<_> = posted.iter().map(|said| said.event.id.into_bytes()).collect();
    ids.sort_unstable();
    SourceStatement {
        period_from: day(from),
        period_to: day(to),
        count: ids.len() as u64,
        digest: Sha256(sha2::Sha256::digest(ids.concat()).into()),
    }
}

/// Said by that source of itself.
pub(super) fn stated(source: &str, when: &str, statement: SourceStatement) -> Said {
    on(when, &format!("source/{source}"), statement).from(source)
}

pub(super) fn succeeded(when: &str, old: &str, new: &str) -> Said {
    on(when, &format!("source/{old}"), SourceSucceeded { to: SourceName::parse(new).unwrap() }).from(old)
}

/// Asks that these be erased: a record's sequence, and a field of words or everything.
pub(super) fn asked(when: &str, references: &[(u64, Option<&str>)]) -> Said {
    let reference = |(sequence, field): &(u64, Option<&str>)| ErasureReference {
        sequence: *sequence,
        field: field.map(code),
    };
    let references = references.iter().map(reference).collect();
    on(when, "erasure/e", ErasureRequested { references, ground: ErasureGround::Identifying })
}

pub(super) fn not_erased(when: &str) -> Said {
    on(when, "erasure/e", ErasureRefused { ground: RefusalGround::LegalDuty })
}

pub(super) fn erased(when: &str, backups_expire_on: &str) -> Said {
    let payload = ContentErased { backups_expire_on: day(backups_expire_on), attested_by: code("assessor") };
    on(when, "erasure/e", payload)
}

pub(super) fn release_point(id: &str, when: &str, position: u64) -> Said {
    on(when, &format!("release-point/{id}"), ReleasePointDeclared { position })
}

pub(super) fn report_issued() -> ReportIssued {
    ReportIssued {
        report: code("R5"),
        release_point: None,
        as_at: day("2026-06-15"),
        as_known: 3,
        definition_version: 1,
        sha256: hash("output"),
        suppressed_cells: 2,
    }
}

pub(super) fn issued(when: &str, report: ReportIssued) -> Said {
    on(when, "issued-report/r", report)
}

/// An opinion signed with the key whose seed is 32 times 7.
pub(super) fn opinion(first: u64, end: u64) -> AuditOpinionRecorded {
    let key = SigningKey::from_bytes(&[7; 32]);
    let unsigned = AuditOpinionRecorded {
        first,
        end,
        root: super::root_at(end),
        result: OpinionResult::Unqualified,
        auditor: label("Outside Auditors"),
        public_key: PublicKey(key.verifying_key().to_bytes()),
        signature: Signature([0; 64]),
    };
    let signature = key.sign(unsigned.statement("ledger.example/acme").as_bytes());
    AuditOpinionRecorded { signature: Signature(signature.to_bytes()), ..unsigned }
}

pub(super) fn concluded(when: &str, opinion: AuditOpinionRecorded) -> Said {
    on(when, "audit-opinion/o", opinion)
}

pub(super) fn clock(when: &str, ledger: &str, drift_seconds: i64) -> Said {
    on(when, &format!("ledger/{ledger}"), ClockCorrected { drift_seconds }).from("operator")
}

//! What keeps the ledger itself honest: sources, erasures, release points, reports, opinions, the clock.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::event::codes::{ErasureGround, OpinionResult, RefusalGround};
use crate::domain::id::{Code, SourceName};
use crate::domain::value::{Label, PublicKey, Sha256, Signature};

payload! {
    /// What is to be erased: the words, or the content, that one record committed to.
    ErasureReference {
        /// Which record.
        sequence: u64,
        /// Which field of words; none: everything that the record committed to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        field: Option<Code>,
    }
}
payload! {
    /// What a source says that it, or one that it succeeded, posted in a period that is over, of at most 366 days. A later
    /// statement of the same period replaces it.
    SourceStatement {
        /// First day, by the time of recording in the ledger's zone.
        period_from: Date,
        /// Last day.
        period_to: Date,
        /// How many events of the source were recorded in the period.
        count: u64,
        /// SHA-256 over the 16 bytes of each event id, in ascending order.
        digest: Sha256,
    }
}
payload! {
    /// Another system goes on where this one ended.
    SourceSucceeded {
        /// The new system's name.
        to: SourceName,
    }
}
payload! {
    /// Somebody asks that words or content be erased.
    ErasureRequested {
        /// What is to be erased.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        references: Vec<ErasureReference>,
        /// Why.
        ground: ErasureGround,
    }
}
payload! {
    /// They are not erased.
    ErasureRefused {
        /// Why.
        ground: RefusalGround,
    }
}
payload! {
    /// They are erased.
    ContentErased {
        /// When the last backup that holds them is gone.
        backups_expire_on: Date,
        /// The post that attests it for the store.
        attested_by: Code,
    }
}
payload! {
    /// Figures about people are taken at this position. Release points lie at least the release interval of the settings
    /// apart (28 days without settings), and a later one counts no fewer records than an earlier one.
    ReleasePointDeclared {
        /// How many records the figures count.
        position: u64,
    }
}
payload! {
    /// A report was issued.
    ReportIssued {
        /// Which, such as `R5`.
        report: Code,
        /// The release point of its figures about people. It counts no more records than the report.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        release_point: Option<Code>,
        /// What had happened by that day.
        as_at: Date,
        /// How many records it counts.
        as_known: u64,
        /// The version of its definitions.
        definition_version: u32,
        /// SHA-256 of the output.
        sha256: Sha256,
        /// How many cells are not shown.
        suppressed_cells: u32,
    }
}
payload! {
    /// An auditor says what they found. Whoever verifies the ledger compares the root; recording it does not.
    AuditOpinionRecorded {
        /// First record looked at.
        first: u64,
        /// One past the last record looked at.
        end: u64,
        /// The tree's root over the first `end` records.
        root: Sha256,
        /// What was found.
        result: OpinionResult,
        /// Who looked: an organisation.
        auditor: Label,
        /// The auditor's Ed25519 public key, 32 bytes.
        public_key: PublicKey,
        /// Ed25519 (RFC 8032) over the opinion's statement, 64 bytes.
        signature: Signature,
    }
}
impl AuditOpinionRecorded {
    /// What the auditor signs about the ledger of that origin: in UTF-8, each line ended by one line feed,
    ///
    /// ```text
    /// pledgebook audit opinion v1
    /// <the ledger's origin>
    /// <first, decimal>
    /// <end, decimal>
    /// <root, 64 lower-case hexadecimal digits>
    /// <result, such as UNQUALIFIED>
    /// <auditor>
    /// ```
    ///
    /// No field holds a line break, so no two opinions have the same statement.
    pub fn statement(&self, origin: &str) -> String {
        let Self { first, end, root, result, auditor, .. } = self;
        let result = result.as_str();
        format!("pledgebook audit opinion v1\n{origin}\n{first}\n{end}\n{root}\n{result}\n{auditor}\n")
    }
}
payload! {
    /// An operator set the ledger's clock right.
    ClockCorrected {
        /// How far the clock was ahead before (behind: negative), in seconds.
        drift_seconds: i64,
    }
}
